package feed

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// product is the token by which a robots.txt names us.
const product = "Tidings"

// Bounds on what a robots.txt may ask of us: half a mebibyte is the least that RFC 9309, 2.5, wants to be
// read, and longer than ten seconds nobody waits between two pages.
const (
	maxRobots = 500 << 10
	maxDelay  = 10 * time.Second
)

// robots are what a robots.txt says to one robot (RFC 9309).
type robots struct {
	list  []robotsRule
	delay time.Duration // Crawl-delay: not of the RFC, and asked for by many
}

// robotsRule is one path and what may be done with it; "*" stands for anything, "$" at the end for the end.
type robotsRule struct {
	path  string // spelt by [octets]
	allow bool
}

// parseRobots reads what a robots.txt says to the robot of that token: the groups that name it, else those
// for all (RFC 9309, 2.2.1). Lines of no meaning to us part no group and spoil nothing (2.2.4).
func parseRobots(body, token string) robots {
	var ours, others robots
	var named, toUs, toAll, begun bool // begun: the group has rules, so another robot's name begins the next
	if len(body) > maxRobots {         // half a rule would forbid more than the whole
		body = body[:strings.LastIndexAny(body[:maxRobots], "\r\n")+1]
	}
	body = strings.TrimPrefix(body, "\uFEFF")
	for line := range strings.FieldsFuncSeq(body, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line, _, _ = strings.Cut(line, "#")
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		add := func(change func(*robots)) {
			if toUs {
				change(&ours)
			}
			if toAll {
				change(&others)
			}
		}
		switch key = strings.ToLower(strings.TrimSpace(key)); key {
		case "user-agent":
			if begun {
				toUs, toAll, begun = false, false, false
			}
			us := strings.EqualFold(tokenOf(value), token)
			named, toUs, toAll = named || us, toUs || us, toAll || strings.HasPrefix(value, "*")
		case "allow", "disallow":
			begun = true
			if value != "" {
				add(func(r *robots) { r.list = append(r.list, robotsRule{octets(value), key == "allow"}) })
			}
		case "crawl-delay":
			if n, err := strconv.ParseFloat(value, 64); err == nil && n > 0 {
				add(func(r *robots) { r.delay = time.Duration(min(n, maxDelay.Seconds()) * float64(time.Second)) })
			}
		}
	}
	if named {
		return ours
	}
	return others
}

// tokenOf is the part of a User-agent line that is compared: letters, hyphens and underscores, up to a
// version or anything else.
func tokenOf(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return (r|0x20 < 'a' || r|0x20 > 'z') && r != '-' && r != '_' }); i >= 0 {
		return s[:i]
	}
	return s
}

// String writes the rules as a robots.txt that says the same.
func (r robots) String() string {
	if len(r.list) == 0 && r.delay == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("User-agent: " + product + "\n")
	for _, one := range r.list {
		if one.allow {
			b.WriteString("Allow: " + one.path + "\n")
		} else {
			b.WriteString("Disallow: " + one.path + "\n")
		}
	}
	if r.delay > 0 {
		b.WriteString("Crawl-delay: " + strconv.FormatFloat(r.delay.Seconds(), 'g', -1, 64) + "\n")
	}
	return b.String()
}

// allows tells whether an address may be asked for: the longest path that fits decides, and of two of one
// length the kinder (RFC 9309, 2.2.2).
func (r robots) allows(u *url.URL) bool {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	target := strings.NewReplacer("*", "%2A", "$", "%24").Replace(octets(path))
	longest, allowed := -1, true
	for _, one := range r.list {
		if n := len(one.path); (n > longest || n == longest && one.allow) && one.fits(target) {
			longest, allowed = n, one.allow
		}
	}
	return allowed
}

// fits compares from the first octet on. Each piece between two asterisks is looked for once, from left to
// right, so that no rule can make it slow.
func (r robotsRule) fits(target string) bool {
	path, whole := strings.CutSuffix(r.path, "$")
	first, rest, more := strings.Cut(path, "*")
	target, ok := strings.CutPrefix(target, first)
	if !ok || !more {
		return ok && (!whole || target == "")
	}
	for {
		piece, after, more := strings.Cut(rest, "*")
		if !more && whole {
			return strings.HasSuffix(target, piece)
		}
		i := strings.Index(target, piece)
		if i < 0 || !more {
			return i >= 0
		}
		target, rest = target[i+len(piece):], after
	}
}

// octets spells a path in the one way in which two are compared: what need not be encoded is not, and all
// else is, in capitals (RFC 9309, 2.2.2). Its own result it does not change.
func octets(path string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' && i+2 < len(path) {
			if n, err := strconv.ParseUint(path[i+1:i+3], 16, 8); err == nil {
				if i += 2; isUnreserved(byte(n)) {
					b.WriteByte(byte(n))
				} else {
					b.WriteString("%" + string(hex[n>>4]) + string(hex[n&15]))
				}
				continue
			}
		}
		if c <= ' ' || c >= 0x7f || c == '#' {
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// isUnreserved tells the octets that mean the same encoded or not (RFC 3986, 2.3).
func isUnreserved(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
