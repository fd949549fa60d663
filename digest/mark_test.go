package digest

import (
	"testing"
	"time"
)

// TestState tells how a source does. Of several things that are true the worst is told.
func TestState(t *testing.T) {
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	for name, c := range map[string]struct {
		mark  Mark
		state State
		since time.Time
	}{
		"never visited":                {Mark{}, Unread, time.Time{}},
		"well":                         {Mark{Checked: now, Newest: ago(3)}, Fine, time.Time{}},
		"with a remark":                {Mark{Checked: now, Newest: ago(3), Fault: "1 of 3 files could not be read"}, Fine, time.Time{}},
		"undated, with news":           {Mark{Checked: now, Changed: ago(29)}, Fine, time.Time{}},
		"undated, without":             {Mark{Checked: now, Changed: ago(30)}, Silent, ago(30)},
		"old articles, new to us":      {Mark{Checked: now, Changed: now, Newest: ago(400)}, Silent, ago(400)},
		"never had anything":           {Mark{Checked: now}, Silent, time.Time{}},
		"moved":                        {Mark{Checked: now, Newest: ago(3), Address: "https://lab.example/new"}, Moved, time.Time{}},
		"moved and silent":             {Mark{Checked: now, Newest: ago(60), Address: "https://lab.example/new"}, Silent, ago(60)},
		"said to move, not believed":   {Mark{Checked: now, Newest: ago(3), Moving: "https://lab.example/new", Moves: 2}, Fine, time.Time{}},
		"failing":                      {Mark{Checked: now, Failures: 2, Failing: ago(2), Fault: "no answer"}, Failing, ago(2)},
		"failing, silent and moved":    {Mark{Checked: now, Failures: 1, Failing: ago(1), Newest: ago(99), Address: "x"}, Failing, ago(1)},
		"behind a wall":                {Mark{Checked: now, Failures: 1, Failing: ago(1), Wall: true}, Walled, ago(1)},
		"the wall was there, and fell": {Mark{Checked: now, Newest: ago(1), Wall: true}, Fine, time.Time{}},
	} {
		if state, since := c.mark.State(now); state != c.state || !since.Equal(c.since) {
			t.Errorf("%s: %s since %s, want %s since %s", name, state, since, c.state, c.since)
		}
	}
}
