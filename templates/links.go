package templates

import "strconv"

// numbered is a link of the plain text, told at its end.
type numbered struct {
	Ref int
	URL string
}

// links are the links of one letter. They are numbered as the plain text refers to them, so that the numbers ascend
// and none is told that was not referred to, whatever a template leaves out.
type links struct {
	refs map[string]*reference
	told []numbered
}

// reference is a link to be referred to; printed, it is its number.
type reference struct {
	url string
	n   int // 0 as long as nothing refers to it
	in  *links
}

// of returns the reference to an address, the same one everywhere; none to no address.
func (l *links) of(url string) *reference {
	if url == "" {
		return nil
	}
	if l.refs[url] == nil {
		l.refs[url] = &reference{url: url, in: l}
	}
	return l.refs[url]
}

// String is the number.
func (r *reference) String() string {
	if r.n == 0 {
		r.n = len(r.in.told) + 1
		r.in.told = append(r.in.told, numbered{r.n, r.url})
	}
	return strconv.Itoa(r.n)
}

// MarshalText is the number, for the example.
func (r *reference) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
