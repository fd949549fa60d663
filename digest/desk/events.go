package desk

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// events tells a page of changes since the revision it shows, at once if there was one already. A comment
// now and then finds out whether the page is still there.
func (d *Desk) events(w http.ResponseWriter, r *http.Request) {
	since, err := strconv.Atoi(r.FormValue("since"))
	if err != nil {
		since = d.state().revision
	}
	stream := http.NewResponseController(w)
	_ = stream.SetWriteDeadline(time.Time{}) // where the server cannot do without, the page asks again
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "retry: 500\n\n")
	pulse := time.NewTicker(20 * time.Second)
	defer pulse.Stop()
	for {
		if err := stream.Flush(); err != nil {
			return
		}
		now := d.state()
		if now.revision != since {
			since = now.revision
			fmt.Fprintf(w, "data: %d\n\n", since)
			continue
		}
		select {
		case <-now.changed:
		case <-pulse.C:
			fmt.Fprint(w, ": still here\n\n")
		case <-r.Context().Done():
			return
		}
	}
}
