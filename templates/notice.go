package templates

import (
	"fmt"
	"strings"
)

// Notice is what a transactional mail tells. Nothing in it was written by a stranger: a confirmation goes
// to somebody who may never have asked for it.
type Notice struct {
	Title   string // of the digest, or of the house when it has several
	Lang    string // BCP 47
	Confirm string // absolute address of the page to confirm; kind confirm
	Leave   string // absolute address of the page to leave; kind welcome
	Return  string // absolute address of the page to take leaving back; kind goodbye
	Archive string // absolute address of past editions; kind welcome; may be empty
	Reply   bool   // an answer to the mail confirms as well; kind confirm
}

// Notice renders a notice; kind is "confirm", "welcome" or "goodbye".
func (s *Set) Notice(kind string, n Notice) (Letter, error) {
	t, known := s.notices[kind]
	if !known {
		return Letter{}, fmt.Errorf("there is no notice %q", kind)
	}
	view := noticeView{
		Words:   s.in(n.Lang),
		Title:   clean(n.Title, longestName),
		Confirm: link(n.Confirm),
		Leave:   link(n.Leave),
		Return:  link(n.Return),
		Archive: link(n.Archive),
		Reply:   n.Reply,
	}
	var err error
	if view.Subject, err = view.Say(kind+".subject", view.Title); err != nil {
		return Letter{}, err
	}
	letter := Letter{Subject: view.Subject}
	var out strings.Builder
	if err := t.ExecuteTemplate(&out, "notice/base.html", view); err != nil {
		return Letter{}, plainly(err)
	}
	letter.HTML = out.String()
	out.Reset()
	if err := s.twins.ExecuteTemplate(&out, "notice/"+kind+".txt", view); err != nil {
		return Letter{}, plainly(err)
	}
	letter.Text = fold(out.String())
	return letter, nil
}

// noticeView is what the templates of notices see.
type noticeView struct {
	Words
	Subject, Title                  string
	Confirm, Leave, Return, Archive string // addresses, or nothing
	Reply                           bool
}
