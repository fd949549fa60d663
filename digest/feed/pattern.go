package feed

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first asked. There are a hundred in this package,
// which together cost more than all else that the program does at its start, and most commands need none of them.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
