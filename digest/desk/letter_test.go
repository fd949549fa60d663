package desk_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/desk"
	"tidings/templates"
)

// What a letter has no room for is not in the one that is shown, and the desk tells which stories these are.
func TestLetterThatIsTooLarge(t *testing.T) {
	r := &room{edition: draft()}
	all := len(r.edition.Stories())
	last := r.edition.Stories()[all-1]
	server := decide(t, r, func(o *desk.Options) { o.Fit = func(e digest.Edition) (int, error) { return e.Shortest(), nil } })
	front, _ := get(t, server.URL, 200, "larger than delivery.max_letter allows", "for want of room</span>", last.Lead.Title)
	if n := strings.Count(front, "for want of room</span>"); n != all-1 {
		t.Errorf("%d of %d stories are said to be short of room", n, all)
	}
	letter, _ := get(t, server.URL+"/letter.html", 200)
	if strings.Contains(letter, last.Lead.Title) {
		t.Error("the letter tells what it has no room for")
	}
	server = decide(t, r, func(o *desk.Options) { o.Fit = func(digest.Edition) (int, error) { return 0, nil } })
	if front, _ := get(t, server.URL, 200); strings.Contains(front, "want of room") {
		t.Error("a letter with room is said to have none")
	}
	server = decide(t, r, func(o *desk.Options) {
		o.Fit = func(digest.Edition) (int, error) { return 0, errors.New("the key for DKIM is gone") }
	})
	get(t, server.URL, 500, "the key for DKIM is gone")
}

// Where the web has no archive no letter links there.
func TestLetterWithoutArchive(t *testing.T) {
	r := &room{edition: draft()}
	for _, archive := range []string{"", "https://letters.example/e/"} {
		server := decide(t, r, func(o *desk.Options) { o.Reader.Archive = archive })
		letter, _ := get(t, server.URL+"/letter.html", 200)
		if linked := strings.Contains(letter, r.edition.Key); linked != (archive != "") {
			t.Errorf("archive %q: linked is %v", archive, linked)
		}
	}
}

// A spam filter is asked once about the same mail.
func TestSpam(t *testing.T) {
	r, asked := &room{edition: draft()}, 0
	server := decide(t, r, func(o *desk.Options) {
		o.Lint = func(digest.Edition, templates.Letter) []string { return nil }
		o.Spam = func(_ context.Context, mail []byte) (string, error) {
			asked++
			if !strings.Contains(string(mail), "List-Id") {
				return "", errors.New("this is no mail")
			}
			return "It has 0.3 points.", nil
		}
	})
	get(t, server.URL+"/?view=lint", 200, `href="/spam?edition=`)
	for range 2 {
		get(t, server.URL+"/spam", 200, "It has 0.3 points.")
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	get(t, decide(t, r, nil).URL+"/spam", 404, "No spam filter")
}

// A page that was opened before the desk was started anew takes nothing back that was done since.
func TestUndoOfAnotherDay(t *testing.T) {
	r, folder := &room{edition: draft()}, desk.Folder{Dir: t.TempDir()}
	start := func() *httptest.Server {
		return decide(t, r, func(o *desk.Options) { o.Decisions = folder })
	}
	step := func(server *httptest.Server, order string) string {
		front := post(t, server.URL+"/decide", url.Values{"edition": {r.edition.Key}, "do": {order}, "note": {"Good morning"}})
		_, step, _ := strings.Cut(front, `name="step" value="`)
		step, _, _ = strings.Cut(step, `"`)
		return step
	}
	yesterday := step(start(), "pin harbour-gazette")
	again := start()
	undo := func(step string) string {
		return post(t, again.URL+"/undo", url.Values{"edition": {r.edition.Key}, "step": {step}})
	}
	if page := undo(yesterday); !strings.Contains(page, "nothing to take back of what was done since the desk was started") {
		t.Error("what was done before is not told apart from nothing")
	}
	today := step(again, "note")
	if page := undo(yesterday); !strings.Contains(page, "something else was decided meanwhile") && !strings.Contains(page, "Something else was decided meanwhile") {
		t.Error("a page of before takes back what was done since")
	}
	if page := undo(today); !strings.Contains(page, "Taken back: The note") {
		t.Error("what was done since is not taken back")
	}
	if d, err := folder.Read(r.edition.Key); err != nil || len(d.Stories) != 1 || d.Note != "" {
		t.Errorf("%+v, %v", d, err)
	}
}

// slow is a room that drafts when it is told to.
type slow struct {
	*room
	draft chan error
}

func (s slow) Edition(ctx context.Context, key string) (digest.Edition, bool, error) {
	if err := <-s.draft; err != nil {
		return digest.Edition{}, false, err
	}
	return s.room.Edition(ctx, key)
}

// While a draft takes its time the head of its page is there, and the rest follows.
func TestSlowDraft(t *testing.T) {
	for _, fault := range []error{nil, errors.New("the disk is full")} {
		r := slow{&room{edition: draft()}, make(chan error)}
		server := decide(t, r, func(o *desk.Options) { o.Patience = time.Millisecond })
		answer, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		page := bufio.NewReader(answer.Body)
		head := ""
		for err == nil && !strings.Contains(head, "being drafted") {
			var line string
			line, err = page.ReadString('\n')
			head += line
		}
		if err != nil || answer.StatusCode != 200 || !strings.Contains(head, ">AI Daily</h1>") {
			t.Fatalf("%s\n%v", head, err)
		}
		r.draft <- fault
		rest, err := io.ReadAll(page)
		if err != nil || strings.Contains(string(rest), "<h1") || !strings.HasSuffix(string(rest), "</html>\n") {
			t.Errorf("%v after the head comes %s", err, rest)
		}
		want := "Senators hear Microsoft"
		if fault != nil {
			want = fault.Error()
		}
		if !strings.Contains(string(rest), want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

// What feeds write into titles stays text of one line, and no link leads into a script.
func TestHostileTitles(t *testing.T) {
	r := &room{edition: draft()}
	lead := r.edition.Lead
	lead.Lead.Title, lead.Lead.URL = "Gemini \u202egnp.exe\u202c <script>alert(1)</script>\u0007 "+strings.Repeat("very ", 600), "javascript:alert(1)"
	lead.Near[0].Title = "\u2066<b>near</b>"
	r.edition.Brief = append(r.edition.Brief, digest.Story{ID: "none", Topic: digest.Brief})
	r.edition.Open = []digest.Omitted{{Article: "gone", Title: "\u202egone", Why: "no story of this edition has this article any more"}}
	r.edition.Left = []digest.Omitted{{Article: "left", Title: "\u202eleft " + strings.Repeat("x", 3000), Why: "it is too long"}}
	server := decide(t, r, nil)
	front, _ := get(t, server.URL, 200, "Gemini gnp.exe &lt;script&gt;alert(1)&lt;/script&gt; very", "Untitled", "&lt;b&gt;near", "very…</span>")
	for _, no := range []string{"\u202e", "\u2066", "\u0007", "javascript:", "<script>alert", strings.Repeat("x", 400), "ZgotmplZ"} {
		if strings.Contains(front, no) {
			t.Errorf("%q is on the page", no)
		}
	}
	page := post(t, server.URL+"/decide", url.Values{"edition": {r.edition.Key}, "do": {"pin " + lead.Lead.ID}})
	if strings.Contains(page, "\u202e") || !strings.Contains(page, "Pinned “Gemini gnp.exe") {
		t.Error("a title turns the sentence that tells of it")
	}
}
