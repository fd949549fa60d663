package web_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tidings/subscribers"
	"tidings/subscribers/web"
)

// What becomes of an address that is written in a form is told to its owner alone: on the page all answers are
// the same, to the octet, and take the same time but for what a machine's mood makes of it.
func TestAnswersTellNothing(t *testing.T) {
	const beat = 150 * time.Millisecond
	h := move(t, func(o *web.Options) { o.Beat = beat })
	pages := h.pages.Config.Handler
	people := peopled(t, h)
	for _, path := range []string{"/join", "/link"} {
		answers := map[string]string{}
		var times []time.Duration
		for kind, email := range people {
			form := filled(t, pages, path, "email", email)
			r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			from := time.Now()
			pages.ServeHTTP(w, r)
			took := time.Since(from)
			if times = append(times, took); took < beat {
				t.Errorf("%s: %s answered after %s", path, kind, took)
			}
			if w.Code != http.StatusOK {
				t.Errorf("%s: %s is answered %d", path, kind, w.Code)
			}
			var all strings.Builder
			if err := w.Result().Header.Write(&all); err != nil {
				t.Fatal(err)
			}
			answers[all.String()+w.Body.String()] += kind + " "
		}
		if len(answers) != 1 {
			t.Errorf("%s answers in %d ways: %v", path, len(answers), answers)
		}
		slices.Sort(times) // the quickest and the middle one: what is slow may be the machine
		if times[len(times)/2]-times[0] > beat {
			t.Errorf("%s: the times differ: %v", path, times)
		}
	}
}

// peopled puts people of all kinds on the list, and returns an address of each.
func peopled(t *testing.T, h household) map[string]string {
	t.Helper()
	people := map[string]string{"unknown": "unknown@example.org", "disposable": "x@sub.throwaway.example"}
	confirmed := func(kind string) subscribers.Subscriber {
		email := kind + "@example.org"
		people[kind] = email
		must(t, h.Join(t.Context(), subscribers.Request{Email: email, Proof: subscribers.Proof{How: "page"}}))
		s, err := h.Confirm(t.Context(), h.confirmation(t, email), subscribers.Proof{How: "page"})
		must(t, err)
		h.mailed(t)
		return s
	}
	confirmed("active")
	_, err := h.Leave(t.Context(), h.LeaveToken(confirmed("left").ID))
	must(t, err)
	until := h.Now().Add(24 * time.Hour)
	_, err = h.Prefer(t.Context(), h.ManageToken(confirmed("paused").ID), subscribers.Changes{Pause: &until})
	must(t, err)
	must(t, subscribers.Operator{List: h.List}.Erase(t.Context(), confirmed("erased").Email))
	for _, kind := range []string{"waiting", "blocked"} {
		people[kind] = kind + "@example.org"
		must(t, h.Join(t.Context(), subscribers.Request{Email: people[kind]}))
	}
	must(t, h.Disown(t.Context(), h.confirmation(t, people["blocked"])))
	return people
}

// confirmation is the token that was mailed to an address just now.
func (h household) confirmation(t *testing.T, email string) string {
	t.Helper()
	for _, d := range h.mailed(t) {
		if d.To == email && d.Notice == string(subscribers.Confirm) {
			return d.Token
		}
	}
	t.Fatalf("%s was not asked to confirm", email)
	return ""
}

// One click is answered 200 also for who left, who was erased and who says twice that it was not he.
func TestOneClickForWhoIsGone(t *testing.T) {
	h := move(t, nil)
	people := peopled(t, h)
	click := func(path string) int {
		r := httptest.NewRequest("POST", path, strings.NewReader("List-Unsubscribe=One-Click"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.pages.Config.Handler.ServeHTTP(w, r)
		return w.Code
	}
	must(t, h.Join(t.Context(), subscribers.Request{Email: "bruno@example.org"}))
	active := h.reader(t, people["active"]).Entry.ID
	forged := "a" + h.LeaveToken(active)[1:31] + "q"
	for path, want := range map[string]int{
		"/u/" + h.LeaveToken(active):                                                        200,
		"/u/" + h.LeaveToken(h.reader(t, people["left"]).Entry.ID):                          200,
		"/u/" + h.LeaveToken(1<<30):                                                         200, // whom we know no more
		"/u/" + strings.ToUpper(h.LeaveToken(h.reader(t, people["paused"]).Entry.ID)) + "/": 200,
		"/u/" + forged: 404,
		"/u/" + h.ReportToken(subscribers.ToBounce, active): 404,
		"/n/" + h.confirmation(t, "bruno@example.org"):      200,
		"/n/" + h.LeaveToken(active):                        404,
	} {
		for range 2 {
			if got := click(path); got != want {
				t.Errorf("%s is answered %d, want %d", path, got, want)
			}
		}
	}
	for _, kind := range []string{"active", "paused", "left"} {
		if got := h.reader(t, people[kind]).Entry.State; got != subscribers.Left {
			t.Errorf("%s is %s", kind, got)
		}
	}
}
