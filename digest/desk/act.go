package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"

	"tidings/digest"
)

// steps are what was done at the desk since it was opened, for telling and taking back.
type steps struct {
	mu   sync.Mutex
	last int
	kept []step // the newest last
}

// step is one act.
type step struct {
	id    string // none of another desk, or of this one before it was started anew, means another act
	key   string // the edition that it was about
	said  string
	fault bool
	taken Step // zero: nothing to take back
}

// mostSteps bounds how far back acts can be taken.
const mostSteps = 200

// add remembers an act and returns its number.
func (s *steps) add(one step) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %q %q %q", s.last, one.key, one.said, one.taken.before, one.taken.after))
	one.id = hex.EncodeToString(sum[:8])
	if len(s.kept) == mostSteps {
		s.kept = slices.Delete(s.kept, 0, 1)
	}
	s.kept = append(s.kept, one)
	return one.id
}

// get returns the act with a number, as a page names it.
func (s *steps) get(id string) (step, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.kept, func(one step) bool { return one.id == id })
	if i < 0 {
		return step{}, false
	}
	return s.kept[i], true
}

// newest returns the last act on an edition that can be taken back.
func (s *steps) newest(key string) (step, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range slices.Backward(s.kept) {
		if one.key == key && one.taken.key != "" {
			return one, true
		}
	}
	return step{}, false
}

// settle says that an act was taken back, or cannot be.
func (s *steps) settle(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.kept {
		if s.kept[i].id == id {
			s.kept[i].taken = Step{}
		}
	}
}

// acts are what an editor does.
type acts struct {
	*board
	steps *steps
}

// form reads a form and the edition that it is about. It answers itself, and returns false, where that is none on
// which anything can be decided.
func (a acts) form(w http.ResponseWriter, r *http.Request) (proof, bool) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read; it may be too large.", http.StatusBadRequest)
		return proof{}, false
	}
	key := r.PostForm.Get("edition")
	if !editionKey.MatchString(key) {
		http.Error(w, "The form names no edition.", http.StatusBadRequest)
		return proof{}, false
	}
	p, _ := a.current(r.Context(), key, false)
	if errors.Is(p.fault, ErrNoEdition) {
		http.Error(w, p.fault.Error(), http.StatusNotFound)
		return proof{}, false
	}
	return p, true
}

// decide carries out an editor's order.
func (a acts) decide(w http.ResponseWriter, r *http.Request) {
	p, ok := a.form(w, r)
	if !ok {
		return
	}
	done := step{key: r.PostForm.Get("edition")}
	o := newOrder(r.PostForm, p)
	var err error
	switch {
	case a.Decisions.Dir == "":
		err = errors.New("nothing can be decided here")
	case p.sealed:
		err = errors.New("the edition is sealed; nothing of it can be changed any more")
	case o.verb == "add":
		done.taken, done.said, err = a.addPage(r.Context(), o, done.key)
	default:
		done.taken, done.said, err = a.record(r.Context(), o, done.key)
	}
	a.back(w, r, done, o.article, err)
}

// record carries out an order that changes decisions alone.
func (a acts) record(ctx context.Context, o order, key string) (Step, string, error) {
	change, said, err := o.change()
	if err != nil {
		return Step{}, "", err
	}
	taken, err := a.Decisions.Record(ctx, key, change)
	return taken, said, err
}

// addPage reads a page and makes it a story of the edition.
func (a acts) addPage(ctx context.Context, o order, key string) (Step, string, error) {
	page, err := o.written("page", mostAddress)
	if err != nil {
		return Step{}, "", err
	}
	if u, err := url.Parse(page); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return Step{}, "", errors.New("a story is added by the address of its page, which begins with https://")
	}
	article, err := a.Newsroom.Read(ctx, key, page)
	if err != nil {
		return Step{}, "", fmt.Errorf("the page cannot be read: %w", err)
	}
	taken, err := a.Decisions.Record(ctx, key, func(all *Decisions) error {
		s := all.Story(article.ID, article.Title)
		s.Add, s.Pin, s.Drop = page, true, ""
		return nil
	})
	return taken, fmt.Sprintf("Added “%s”.", shortened(article.Title)), err
}

// undo takes the last decision back.
func (a acts) undo(w http.ResponseWriter, r *http.Request) {
	if _, ok := a.form(w, r); !ok {
		return
	}
	done := step{key: r.PostForm.Get("edition")}
	last, ok := a.steps.newest(done.key)
	var err error
	switch {
	case !ok:
		err = errors.New("there is nothing to take back of what was done since the desk was started")
	case last.id != r.PostForm.Get("step"):
		err = errors.New("something else was decided meanwhile; look again what would be taken back")
	default:
		err = a.Decisions.Undo(r.Context(), last.taken)
		if err == nil || errors.Is(err, ErrChanged) {
			a.steps.settle(last.id)
		}
		done.said = "Taken back: " + last.said
	}
	a.back(w, r, done, "", err)
}

// hold keeps an edition, or what of a sealed one has not gone out.
func (a acts) hold(w http.ResponseWriter, r *http.Request) {
	if _, ok := a.form(w, r); ok {
		a.pass(w, r, func(ctx context.Context, g Gate, key string) (string, error) { return g.Hold(ctx, key) })
	}
}

// approve lets an edition go, if it is still what the editor looked at.
func (a acts) approve(w http.ResponseWriter, r *http.Request) {
	if _, ok := a.form(w, r); !ok {
		return
	}
	a.pass(w, r, func(ctx context.Context, g Gate, key string) (string, error) {
		p, _ := a.current(ctx, key, true)
		switch {
		case p.fault != nil:
			return "", p.fault
		case !p.sealed && p.mark() != r.PostForm.Get("mark"):
			return "", errors.New("the edition is another one by now; look at it once more and approve it then")
		}
		return g.Approve(ctx, key)
	})
}

// pass goes to the gate.
func (a acts) pass(w http.ResponseWriter, r *http.Request, act func(context.Context, Gate, string) (string, error)) {
	done := step{key: r.PostForm.Get("edition")}
	err := errors.New("editions are not held or approved here")
	if a.Gate != nil {
		done.said, err = act(r.Context(), a.Gate, done.key)
	}
	a.back(w, r, done, "", err)
}

// test sends the letter to one address.
func (a acts) test(w http.ResponseWriter, r *http.Request) {
	p, ok := a.form(w, r)
	if !ok {
		return
	}
	done := step{key: r.PostForm.Get("edition")}
	address := strings.TrimSpace(r.PostForm.Get("to"))
	_, err := mail.ParseAddress(address)
	switch {
	case a.Test == nil:
		err = errors.New("no test can be sent: smtp.url names no mail server")
	case err != nil:
		err = fmt.Errorf("%q is no mail address", address)
	case p.fault != nil:
		err = p.fault
	case p.quiet:
		err = digest.ErrQuiet
	default:
		done.said, err = a.Test(r.Context(), p.edition, address)
	}
	a.back(w, r, done, "", err)
}

// back tells what came of an act, on the page where it was asked for.
func (a acts) back(w http.ResponseWriter, r *http.Request, done step, article string, err error) {
	if err != nil {
		done.said, done.fault = capital(err.Error())+".", true
	}
	a.mu.Lock()
	a.stamp = a.Decisions.stamp()
	a.mu.Unlock()
	a.redraft()
	to := url.Values{"edition": {done.key}, "view": {view(r.PostForm.Get("view"))}, "told": {a.steps.add(done)}}
	address := "/?" + to.Encode()
	if article != "" {
		address += "#" + anchor(article)
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// capital writes a sentence's first letter large.
func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
