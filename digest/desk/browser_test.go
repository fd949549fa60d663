package desk_test

import (
	"context"
	"flag"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tidings/digest"
	"tidings/digest/desk"
	"tidings/templates"
)

var screenshots = flag.String("screenshots", "", "a folder to put pictures of the desk in, to be looked at")

// editor is a person at a browser.
type editor struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // in chromedp a browser is its context
	base string
}

// sit opens a desk in a real browser, whose complaints are faults.
func sit(t *testing.T, base string) *editor {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true))
	ctx, cancel = chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(func(event any) {
		if thrown, ok := event.(*runtime.EventExceptionThrown); ok {
			t.Errorf("the script fails: %v", thrown.ExceptionDetails)
		}
	}))
	t.Cleanup(cancel)
	e := &editor{t, ctx, base}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(base)); err != nil { // the browser lives as long as its first context
		t.Fatal(err)
	}
	return e
}

func (e *editor) do(actions ...chromedp.Action[chromedp.Void]) {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.ctx, 60*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		e.t.Fatal(err)
	}
}

// keys presses keys, one after the other, wherever the editor is.
func (e *editor) keys(keys ...string) {
	e.t.Helper()
	for _, key := range keys {
		press := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key}
		if len(key) == 1 {
			press.Text = key
		}
		_, err := chromedp.Call(e.ctx, input.DispatchKeyEvent, press)
		if press.Type, press.Text = input.DispatchKeyEventTypeKeyUp, ""; err == nil {
			_, err = chromedp.Call(e.ctx, input.DispatchKeyEvent, press)
		}
		if err != nil {
			e.t.Fatal(err)
		}
	}
}

// says evaluates an expression of the page.
func (e *editor) says(expression string) string {
	e.t.Helper()
	got, err := chromedp.Run(e.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		e.t.Fatalf("%s: %v", expression, err)
	}
	return got
}

// until waits for a sentence on the page that an act leads to.
func (e *editor) until(words string) {
	e.t.Helper()
	for range 600 {
		got, err := chromedp.Run(e.ctx, chromedp.Evaluate[string](`document.readyState === "complete" ? document.body.innerText + (document.querySelector("iframe") ? "(a letter)" : "") : ""`))
		if err == nil && strings.Contains(got, words) { // an error: the page is on its way
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	e.t.Fatalf("%q does not appear on: %s", words, e.says(`document.body.innerText`))
}

// lay opens a real desk over articles, with its files.
func lay(t *testing.T, articles int) (e *editor, n *newsdesk, folder desk.Folder, overlay string) {
	t.Helper()
	n, folder, overlay = open(articles), desk.Folder{Dir: t.TempDir()}, t.TempDir()
	n.press.Editor = folder
	h := desk.Handler(desk.Options{
		Newsroom: n, Decisions: folder, Reader: templates.Reader{Leave: "https://letters.example/u/x"},
		Templates: func() (*templates.Set, error) { return templates.Load(os.DirFS(overlay)) },
	})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- desk.Watch(ctx, []string{overlay}, h.Changed) }()
	go func() { ended <- desk.Watch(ctx, []string{folder.Dir}, h.Decided) }()
	t.Cleanup(func() { stop(); <-ended; <-ended })
	return sit(t, server.URL), n, folder, overlay
}

// An editor works with the keyboard alone: every key of the list of keys, and all of it undone.
func TestBrowserKeys(t *testing.T) {
	e, n, folder, _ := lay(t, 12)
	second := `document.querySelectorAll(".story .headline")[1].textContent`
	title := e.says(second)
	e.keys("j", "j")
	if at := e.says(`document.activeElement.querySelector(".headline").textContent`); at != title {
		t.Fatalf("j goes to %q, not to %q", at, title)
	}
	e.keys("o")
	if open := e.says(`String(document.activeElement.querySelector(".why").open)`); open != "true" {
		t.Error("o does not show why")
	}
	e.keys("m")
	e.do(chromedp.SetValue(chromedp.CSS(".move select:focus"), "chips"))
	e.keys("Enter")
	e.until("Moved “" + title[:40])
	if at := e.says(`[...document.querySelectorAll(".rundown section")].find(s => s.querySelector("h2").textContent.startsWith("Chips")).querySelector(".headline").textContent`); at != title {
		t.Errorf("%q stands in its new section", at)
	}
	if open := e.says(`String(document.activeElement.querySelector(".why").open)`); open != "true" {
		t.Error("what was open is closed after a decision")
	}
	e.keys("u")
	e.until("Taken back: Moved")
	e.keys("o", "p")
	e.until("Pinned “" + title[:40])
	if open := e.says(`String(document.activeElement.querySelector(".why").open)`); open != "false" {
		t.Error("o does not hide why")
	}
	e.keys("l")
	e.until("” leads.")
	e.keys("e")
	e.do(chromedp.SendKeys(chromedp.CSS(".title [name=title]:focus"), "Words of an editor"+kb.Enter))
	e.until("Changed the headline")
	if lead := e.says(`document.querySelector(".story .headline").textContent`); !strings.Contains(lead, "Words of an editor") {
		t.Errorf("the lead is %q", lead)
	}
	e.keys("s")
	e.do(chromedp.SendKeys(chromedp.CSS(".summary textarea:focus"), "What is new."))
	e.keys("Escape")
	e.keys("d")
	e.do(chromedp.SendKeys(chromedp.CSS(".drop [name=reason]:focus"), "a doubt"+kb.Enter))
	e.until("Dropped “")
	d, err := folder.Read(n.slot.Key())
	if err != nil || len(d.Stories) != 1 || !d.Stories[0].Pin || !d.Stories[0].Lead || d.Stories[0].Drop != "a doubt" || d.Stories[0].Title != "Words of an editor" {
		t.Fatalf("%+v, %v", d, err)
	}
	for _, undone := range []string{"Dropped", "Changed the headline", "“", "Pinned"} {
		e.keys("u")
		e.until("Taken back: " + undone)
	}
	if d, err := folder.Read(n.slot.Key()); err != nil || len(d.Stories) != 0 {
		t.Errorf("not all is taken back: %+v, %v", d, err)
	}
	e.keys("j", "x", "j", "x")
	e.keys("?")
	if e.says(`String(document.querySelector("#keys").open)`) != "true" {
		t.Error("? does not show the keys")
	}
	e.keys("?")
	e.do(chromedp.Click(chromedp.CSS("button.merge"), chromedp.NodeVisible))
	e.until("Merged the marked stories")
	e.until("2 articles")
}

// Clicks do the same; what others change is shown within a second, and never at the price of what is being written.
func TestBrowserClicks(t *testing.T) {
	e, n, folder, overlay := lay(t, 12)
	change := func(note string) {
		t.Helper()
		if err := folder.Change(t.Context(), n.slot.Key(), func(d *desk.Decisions) error { d.Note = note; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	e.do(chromedp.Click(chromedp.CSS(".story .edit > summary"), chromedp.NodeVisible))
	e.do(chromedp.SetValue(chromedp.CSS(".story .move select"), "chips"), chromedp.Click(chromedp.CSS(".story .move button"), chromedp.NodeVisible))
	e.until("Moved “")
	e.until("moved here")
	change("Another editor says so.")
	e.until("Note •")
	write(t, filepath.Join(overlay, "letter", "foot.txt"), "\n{{.Nonsense}}")
	e.until("letter/foot.txt:2:")
	write(t, filepath.Join(overlay, "letter", "foot.txt"), "Mended {{.Leave}}")
	e.until("(a letter)")
	e.do(chromedp.Click(chromedp.CSS(".tool > summary"), chromedp.NodeVisible), chromedp.SendKeys(chromedp.CSS("[name=note]"), " And I add."))
	change("Somebody was quicker.")
	e.until("Something has changed.")
	if note := e.says(`document.querySelector("[name=note]").value`); !strings.Contains(note, "And I add.") {
		t.Errorf("what was written is lost: %q", note)
	}
}

// busy is a desk that shows all that a desk can show.
func busy(t *testing.T) *httptest.Server {
	t.Helper()
	r := &room{edition: draft()}
	r.edition.Open = []digest.Omitted{{Article: "gone", Title: "It is gone", Why: "no story of this edition has this article any more"}}
	r.edition.Lead.Decided = &digest.Override{Pin: true, Lead: true, Title: "Senators listen"}
	r.edition.Dropped = []digest.Story{{ID: "s7", Lead: article("Advert", "en", "Buy this model", "https://advert.example/"), Decided: &digest.Override{Drop: "an advertisement"}}}
	return decide(t, r, func(o *desk.Options) {
		o.Gate, o.Test = &gate{}, func(context.Context, digest.Edition, string) (string, error) { return "", nil }
		o.Lint = func(digest.Edition, templates.Letter) []string {
			return []string{"Outlook for Windows does not know max-width."}
		}
	})
}

// panes are the ways of looking at the letter.
func panes() []string { return []string{"desktop", "phone", "dark", "text", "source", "mail", "lint"} }

// light makes the screen light or dark.
func (e *editor) light(which string) {
	e.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: which}}}
	if _, err := chromedp.Call(e.ctx, emulation.SetEmulatedMedia, media); err != nil {
		e.t.Fatal(err)
	}
}

// Whoever edits with other means than eyes and a mouse finds no hindrance that axe-core knows, in both lights. AXE names
// the script axe.min.js of the npm package axe-core.
func TestAccessible(t *testing.T) {
	script, err := os.ReadFile(os.Getenv("AXE"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("AXE names no axe.min.js of axe-core")
		}
		t.Skip("AXE names no axe.min.js of axe-core")
	}
	server := busy(t)
	e := sit(t, server.URL)
	const find = `axe.run(document, {resultTypes: ["violations"], iframes: false}).then(r => r.violations.map(v => v.id + " (" + v.help + "): " +
		v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + n.failureSummary).join(" | ")))`
	for _, pane := range panes() {
		for _, light := range []string{"light", "dark"} {
			e.light(light)
			e.do(chromedp.Navigate(server.URL+"/?view="+pane), chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = !d.matches(".menu")); undefined`))
			found, err := chromedp.Run(e.ctx, chromedp.Evaluate[bool](string(script)+";true"))
			if err != nil || !found {
				t.Fatal(err)
			}
			all, err := chromedp.Run(e.ctx, chromedp.Evaluate[[]string](find, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range all {
				t.Errorf("%s, %s: %s", pane, light, v)
			}
		}
	}
}

// TestPictures takes pictures of the desk for people to look at: go test ./digest/desk -run Pictures -screenshots
// FOLDER. What no phone may do, scroll sideways, is checked.
func TestPictures(t *testing.T) {
	if *screenshots == "" {
		t.Skip("nobody wants to look: no -screenshots")
	}
	if err := os.MkdirAll(*screenshots, 0o700); err != nil {
		t.Fatal(err)
	}
	server := busy(t)
	real, _, _, _ := lay(t, 60)
	shots := map[string]string{"many": real.base}
	for _, pane := range panes() {
		shots[pane] = server.URL + "/?view=" + pane
	}
	for name, address := range shots {
		for _, width := range []int64{360, 1280} {
			for _, light := range []string{"light", "dark"} {
				real.light(light)
				real.do(chromedp.EmulateViewport(width, 800), chromedp.Navigate(address))
				if name == "desktop" {
					real.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".edit").open = document.querySelector(".why").open = true; undefined`))
				}
				if wide := real.says(`String(document.documentElement.scrollWidth)`); wide != strconv.FormatInt(width, 10) {
					t.Errorf("%s is %s pixels wide on a screen of %d", name, wide, width)
				}
				png, err := chromedp.Run(real.ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(*screenshots, strings.Join([]string{name, strconv.FormatInt(width, 10), light}, "-")+".png"), png, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
