package feed

import (
	"strings"
)

// Entities that a document declares of others are the billion laughs (CVE-2003-1564): no feed has a use for
// them. None is ever expanded; what refers to one is taken out, lest a headline read "&lol9;".
var (
	nestedEntity = pattern(`<!ENTITY\s[^>]*&[A-Za-z_:][\w:.-]*;`)
	entityName   = pattern(`<!ENTITY\s+(?:%\s+)?([A-Za-z_:][\w:.-]*)`)
)

// mostEntities are looked at; hundreds of declarations are no feed's either.
const mostEntities = 256

// withoutNested takes the references to a document's own entities out of it if any of these is made of others, and
// says whether one is.
func withoutNested(s string) (string, bool) {
	head := s[:min(len(s), rootWindow)]
	if !strings.Contains(head, "<!ENTITY") || !nestedEntity().MatchString(head) {
		return s, false
	}
	var pairs []string
	for _, m := range entityName().FindAllStringSubmatch(head, mostEntities) {
		pairs = append(pairs, "&"+m[1]+";", "")
	}
	return strings.NewReplacer(pairs...).Replace(s), true
}
