package web_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
	"tidings/subscribers/web"
)

// household is the real thing: pages, rules and store, and a clock that goes on three seconds whenever it is
// looked at.
type household struct {
	*subscribers.List
	store *store.Store
	pages *httptest.Server
}

func move(t testing.TB, change func(*web.Options)) household {
	t.Helper()
	var looks atomic.Int64
	now := func() time.Time { return noon.Add(3 * time.Second * time.Duration(looks.Add(1))) }
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "tidings.db"), now)
	must(t, err)
	o, _ := options(t)
	tokens, err := subscribers.NewTokens(o.Key)
	must(t, err)
	l := &subscribers.List{
		Store: s, Tokens: tokens, Now: now, Random: rand.NewChaCha8([32]byte{}),
		Limits: subscribers.Limits{Domain: 1e6, Network: 1e6, All: 1e6, Refuse: []string{"throwaway.example"}},
		Known:  subscribers.Known{Digests: []string{"daily", "giorno"}, Standard: []string{"daily"}, Topics: []string{"models", "chips", "policy"}},
	}
	o.Entrance, o.Exit, o.Choosing, o.Now, o.Archive = l, l, l, now, nil
	if change != nil {
		change(&o)
	}
	h := household{l, s, httptest.NewServer(web.Handler(o))}
	t.Cleanup(func() { h.pages.Close(); must(t, s.Close()) })
	return h
}

// mailed carries what is owed, and returns it.
func (h household) mailed(t testing.TB) (out []digest.Delivery) {
	t.Helper()
	claimed, err := h.store.Claim(t.Context(), 100, h.Now(), h.Now().Add(time.Hour))
	must(t, err)
	for _, d := range claimed {
		if err := h.store.Hand(t.Context(), d); errors.Is(err, digest.ErrGone) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		must(t, h.store.Settle(t.Context(), digest.Outcome{ID: d.ID, Fence: d.Fence, State: digest.Sent}))
		out = append(out, d)
	}
	return out
}

// reader is what is known of an address.
func (h household) reader(t testing.TB, email string) subscribers.Person {
	t.Helper()
	p, err := h.Store.Look(t.Context(), subscribers.Who{Email: email, Trace: h.Tokens.Trace})
	must(t, err)
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// browse starts a real browser that runs no scripts.
func browse(t *testing.T, within time.Duration) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	t.Cleanup(cancel)
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("accept-lang", "en"))
	ctx, cancel = chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	_, err = chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	must(t, err)
	return ctx
}

// visitor is a person at a browser.
type visitor struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // in chromedp a browser is its context
	base string
}

func (v *visitor) do(actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		v.t.Fatal(err)
	}
}

func (v *visitor) open(path string) { v.t.Helper(); v.do(chromedp.Navigate(v.base + path)) }

func (v *visitor) click(field chromedp.CSS) {
	v.t.Helper()
	v.do(chromedp.Click(field, chromedp.NodeVisible))
}

// write fills in a field, whatever stood there.
func (v *visitor) write(field chromedp.CSS, text string) {
	v.t.Helper()
	v.do(chromedp.Clear(field), chromedp.SendKeys(field, text, chromedp.NodeVisible))
}

// press clicks a button and waits for the page that comes of it.
func (v *visitor) press(button chromedp.CSS) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, 20*time.Second)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(button, chromedp.NodeVisible)); err != nil {
		v.t.Fatalf("%s: %v", button, err)
	}
}

// sees checks what the page says, and that a phone shows it without scrolling sideways.
func (v *visitor) sees(words ...string) {
	v.t.Helper()
	text, err := chromedp.Run(v.ctx, chromedp.Text(chromedp.CSS("body")))
	must(v.t, err)
	for _, word := range words {
		if !strings.Contains(text, word) {
			v.t.Errorf("%q is not on the page: %s", word, text)
		}
	}
	v.do(chromedp.EmulateViewport(360, 640, chromedp.EmulateMobile))
	wide, err := chromedp.Run(v.ctx, chromedp.Evaluate[int]("document.documentElement.scrollWidth"))
	must(v.t, err)
	if wide > 360 {
		v.t.Errorf("the page is %d pixels wide on a phone", wide)
	}
	v.do(chromedp.EmulateViewport(1024, 768))
}

// A reader joins, confirms, chooses, rests, leaves and comes back, with a mouse and without any script.
func TestBrowserWithoutScript(t *testing.T) {
	h := move(t, nil)
	v := &visitor{t: t, ctx: browse(t, 2*time.Minute), base: h.pages.URL}
	const email = "ada@example.org"

	v.open("/")
	v.sees("What would you like to get?", "IA ogni giorno")
	v.write("#email", "ada@example")
	v.click("summary")
	v.click("input[value=policy]")
	v.press("#send")
	v.sees("does not look like an e-mail address")
	v.write("#email", email)
	v.press("#send")
	v.sees("Check your inbox")

	mails := h.mailed(t)
	if len(mails) != 1 || mails[0].To != email || mails[0].Notice != string(subscribers.Confirm) {
		t.Fatalf("mailed %+v", mails)
	}
	v.open("/n/" + mails[0].Token)
	v.sees("This was not you?")
	v.open("/c/" + mails[0].Token)
	v.sees("Confirm your subscription")
	if got := h.reader(t, email).Entry.State; got != "" {
		t.Errorf("looking made him %s", got)
	}
	v.press("button")
	v.sees("You are subscribed")
	reader := h.reader(t, email).Entry
	if reader.State != subscribers.Active || strings.Join(reader.Topics, " ") != "chips models" || reader.ConsentText == "" {
		t.Errorf("he is %+v", reader)
	}

	v.open("/p/" + h.ManageToken(reader.ID))
	v.sees(email)
	v.click("input[value=models]")
	v.click("input[value=text]")
	v.write("#timezone", "Asia/Tokyo")
	v.press("button[value=save]")
	v.sees("Saved.")
	v.write("#timezone", "Mars")
	v.press("button[value=save]")
	v.sees("do not know this time zone")
	v.press("button[value=pause]")
	v.sees("until Monday 7 December 2026")
	if reader = h.reader(t, email).Entry; reader.State != subscribers.Paused || strings.Join(reader.Topics, " ") != "chips" || !reader.Text || reader.Timezone != "Asia/Tokyo" {
		t.Errorf("he is %+v", reader)
	}
	v.press("button[value=resume]")
	v.sees("The pause is over.")
	v.press("form[action^='/u/'] button")
	v.sees("You have left")
	if got := h.reader(t, email).Entry.State; got != subscribers.Left {
		t.Errorf("he is %s", got)
	}
	v.press("form[action^='/r/'] button")
	v.sees("You are back")
	if got := h.reader(t, email).Entry.State; got != subscribers.Active {
		t.Errorf("he is %s", got)
	}

	v.open("/u/" + h.LeaveToken(reader.ID))
	v.sees("Press the button")
	v.open("/p/nonsense")
	v.sees("This link is not valid")
	v.open("/link?lang=it")
	v.sees("Le tue preferenze", "English")
	v.write("#email", email)
	v.press("#send")
	v.sees("Controlla la posta")
}
