package mailin

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first asked: most commands see no mail that comes in.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
