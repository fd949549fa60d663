package feed

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// tracking names the query parameters that tell where a reader came from and never what is read. A name
// that ends in an asterisk stands for all that begin so. What a site might use for its content (id, p,
// page, ref, source) is not here: two addresses of one article are a smaller evil than one of two.
//
//nolint:gochecknoglobals // a table, made once and never written
var tracking = trackers(`
	utm_* mtm_* pk_* piwik_* matomo_* hsa_* ga_* at_* vero_* oly_* trk_* itm_* wt_* __hs* _hs* __s
	fbclid gclid gclsrc dclid gbraid wbraid msclkid twclid ttclid yclid ysclid igshid igsh li_fat_id mc_cid
	mc_eid mkt_tok srsltid rdt_cid epik ir_clickid irclickid irgwc s_cid s_kwcid ef_id cmpid campaign_id
	campaignid ns_campaign ns_source ns_mchannel ns_linkname ns_fee xtor spm wickedid sr_share guccounter
	guce_referrer guce_referrer_sig mkevt mkcid mkrid toolid ncid cvid ocid oicd sfmc_id sfmc_sub
	ref_src ref_url feature_source share_source sharetype smid smtyp tdsourcetag traffic_source ftag
	fb_action_ids fb_action_types fb_source fb_ref action_object_map action_type_map action_ref_map
	rss_id partner_code maca wtmc icid intcmp _openstat __twitter_impression amp_js_v amp_gsa usqp
`)

// trackers splits the list above into exact names and beginnings.
func trackers(list string) map[string]bool {
	names := map[string]bool{}
	for _, n := range strings.Fields(list) {
		names[n] = true
	}
	return names
}

// ampViewer is a copy of a page in somebody's AMP cache or viewer; the groups are "s" for https, and
// the address of the original without its scheme.
var ampViewer = pattern(`(?i)^https?://(?:(?:www\.)?google\.[a-z.]+/amp|[^/]+\.cdn\.ampproject\.org/[cv])/(s/)?([^/?#]+\.[^/?#]+(?:[/?#].*)?)$`)

// Canonical returns the address by which an article is known whatever way led to it: without fragment
// (but "#!…" says what is shown and stays), tracking parameters, default port and AMP's additions, with
// scheme and host in lower case and the host in ASCII. The order of what remains is not touched. An
// address that is not absolute http or https comes back as it is, only trimmed. Canonical of its own
// result changes nothing.
//
// Hosts as m. and mobile. stay: whether the other host has the same page cannot be known from the name.
func Canonical(raw string) string {
	if raw = strings.TrimSpace(raw); len(raw) > maxAddress {
		return raw
	}
	cut := raw
	for range maxCuts { // what a cut leaves may need another one
		once := strings.TrimSpace(canonicalOnce(cut))
		if once == cut {
			return cut
		}
		cut = once
	}
	return raw
}

// maxCuts is how many times an address may have to be cut; what needs more is made to cost time.
const maxCuts = 20

// maxAddress is how long an address may be to be looked at, in bytes; servers take hardly more.
const maxAddress = 8 << 10

// viewed matches the address of an AMP viewer's copy; hardly any is one, and the pattern is dear.
func viewed(raw string) []string {
	if !strings.Contains(strings.ToLower(raw), "amp") {
		return nil
	}
	return ampViewer().FindStringSubmatch(raw)
}

func canonicalOnce(raw string) string {
	if m := viewed(raw); m != nil {
		scheme := "http://"
		if m[1] != "" {
			scheme = "https://"
		}
		raw = scheme + m[2]
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return raw
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return raw
	}
	if u.Host = canonicalHost(u.Scheme, u.Host); u.Host == "" {
		return raw
	}
	if !strings.HasPrefix(u.Fragment, "!") {
		u.Fragment, u.RawFragment = "", ""
	}
	query, amp := canonicalQuery(u.RawQuery)
	u.RawQuery, u.ForceQuery = query, false
	if path, cut := withoutAMP(u.EscapedPath(), amp); cut {
		if plain, err := url.PathUnescape(path); err == nil {
			u.Path, u.RawPath = plain, path
		}
	}
	return u.String()
}

// canonicalHost lower-cases a host, spells it in ASCII and drops the port that its scheme implies.
func canonicalHost(scheme, host string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, ""
	}
	name = strings.ToLower(strings.TrimRight(name, "."))
	if strings.IndexFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		if ascii, err := idna.Lookup.ToASCII(name); err == nil && ascii != "" {
			name = ascii
		}
	}
	if port == "" || scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		if strings.Contains(name, ":") && !strings.HasPrefix(name, "[") {
			return "[" + name + "]"
		}
		return name
	}
	return net.JoinHostPort(strings.Trim(name, "[]"), port)
}

// canonicalQuery drops tracking parameters; amp tells whether one of the dropped asked for the AMP page.
func canonicalQuery(raw string) (kept string, amp bool) {
	var keep []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name = strings.ToLower(name)
		switch {
		case pair == "" || isTracker(name):
		case name == "amp" && (value == "" || value == "1" || value == "true"),
			name == "outputtype" && strings.EqualFold(value, "amp"):
			amp = true
		default:
			keep = append(keep, pair)
		}
	}
	return strings.Join(keep, "&"), amp
}

// isTracker looks a name up as it is and by its beginning up to the first underscores.
func isTracker(name string) bool {
	if tracking[name] {
		return true
	}
	for i, r := range name {
		if r == '_' && tracking[name[:i+1]+"*"] {
			return true
		}
	}
	return strings.HasPrefix(name, "__hs") || strings.HasPrefix(name, "_hs")
}

// withoutAMP cuts the last step of a path that asks for the AMP page. A path that is nothing else stays,
// for it may be the page about amplifiers.
func withoutAMP(path string, asked bool) (string, bool) {
	for _, end := range []string{"/amp/", "/amp"} {
		if rest, ok := strings.CutSuffix(path, end); ok && strings.Count(rest, "/") > 0 && len(rest) > 1 {
			if end == "/amp/" {
				return rest + "/", true
			}
			return rest, true
		}
	}
	if rest, ok := strings.CutSuffix(path, ".amp.html"); ok && !strings.HasSuffix(rest, "/") {
		return rest + ".html", true
	}
	if rest, ok := strings.CutSuffix(path, ".amp"); ok && asked && !strings.HasSuffix(rest, "/") {
		return rest, true
	}
	return path, false
}

// linkKey is what two addresses of one article have in common: host and path without what a server answers
// alike in practice, which is scheme, www, the mobile and AMP hosts, a slash at the end, and the order of the
// query. "" for no address, and for the front page of a site, which is no article's own.
func linkKey(canonical string) string {
	u, err := url.Parse(canonical)
	if err != nil || u.Host == "" {
		return canonical
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	if path == "" && u.RawQuery == "" && u.Fragment == "" {
		return ""
	}
	labels := strings.Split(u.Host, ".")
	for i := 0; i < len(labels) && len(labels) > 2; {
		switch labels[i] {
		case "www", "m", "mobile", "amp":
			labels = slices.Delete(labels, i, i+1)
		default:
			i++
		}
	}
	query := strings.Split(u.RawQuery, "&")
	slices.Sort(query)
	key := strings.Join(labels, ".") + path
	if u.RawQuery != "" {
		key += "?" + strings.Join(query, "&")
	}
	if u.Fragment != "" {
		key += "#" + u.Fragment
	}
	return key
}
