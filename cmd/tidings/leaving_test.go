package main

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"testing"
)

// TestLeavingByOneClick follows a reader whose mail program offers to unsubscribe him, with what it finds in the letter
// that came through Postfix and lay in Dovecot (RFC 8058): by the web, then by mail. Each time he is told, and takes it
// back.
func TestLeavingByOneClick(t *testing.T) {
	w := newByMail(t, "imap", "ada")
	w.serve()
	w.tidings("subscribers", "add", w.reader)
	w.prints(kestrel)
	letter := awaitMail(t, w.imap, w.reader, w.password, 1)[0]
	web, byMail := waysOut(t, letter)

	if page := awaitAnswer(t, web); !strings.Contains(page, `method="post"`) {
		t.Errorf("there is no button on the page:\n%s", page)
	}
	w.isListed("active")
	form, kind := url.Values{"List-Unsubscribe": {"One-Click"}}.Encode(), "application/x-www-form-urlencoded"
	first := click(t, web, kind, form)
	w.isListed("left")
	if again := click(t, web, kind, form); again != first {
		t.Errorf("the second click is answered %q, the first %q", again, first)
	}
	parts, kind := multipartForm(t)
	if again := click(t, web, kind, parts); again != first {
		t.Errorf("a click in parts is answered %q, another %q", again, first)
	}
	w.isListed("left")
	back := w.tokens("r", 1)
	w.returns(back[0])

	// By mail, as the letter says: with its subject, an empty body, and from an address that is nobody's.
	to, query, _ := strings.Cut(strings.TrimPrefix(byMail, "mailto:"), "?")
	asked, err := url.ParseQuery(query)
	if err != nil || asked.Get("subject") != "unsubscribe" {
		t.Errorf("%s asks for the subject %q, %v", byMail, asked.Get("subject"), err)
	}
	for _, id := range []string{"1", "2"} {
		w.hand("program@mail.readers.test", to, "From: program@mail.readers.test\r\nTo: "+to+"\r\nSubject: "+asked.Get("subject")+"\r\nMessage-ID: <"+id+"."+w.reader+">\r\n\r\n")
	}
	w.awaitSaid("act=unsubscribe", 2)
	w.isListed("left")
	back = w.tokens("r", 2)
	if len(back) != 2 {
		t.Errorf("%d goodbyes for two leaves", len(back))
	}
	w.returns(back[1])
}

// waysOut returns where a mail program leads who wants to leave: to the web, and by mail.
func waysOut(t *testing.T, letter *mail.Message) (web, byMail string) {
	t.Helper()
	if got := letter.Header.Get("List-Unsubscribe-Post"); got != "List-Unsubscribe=One-Click" {
		t.Errorf("List-Unsubscribe-Post is %q", got)
	}
	for _, way := range strings.Split(letter.Header.Get("List-Unsubscribe"), ",") {
		way = strings.Trim(strings.TrimSpace(way), "<>")
		switch {
		case strings.HasPrefix(way, "http"):
			web = way
		case strings.HasPrefix(way, "mailto:"):
			byMail = way
		}
	}
	if web == "" || byMail == "" {
		t.Fatalf("List-Unsubscribe is %q", letter.Header.Get("List-Unsubscribe"))
	}
	return web, byMail
}

// click posts as a mail program does, which has no cookies and follows nobody, and returns what is answered.
func click(t *testing.T, address, kind, form string) string {
	t.Helper()
	program := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("a mail program follows nobody") }}
	answer, err := program.Post(address, kind, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || len(answer.Cookies()) > 0 {
		t.Errorf("the click is answered %s, with the cookies %v, %v", answer.Status, answer.Cookies(), err)
	}
	return string(body)
}

// multipartForm is the other form of a click.
func multipartForm(t *testing.T) (form, kind string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if err := errors.Join(w.WriteField("List-Unsubscribe", "One-Click"), w.Close()); err != nil {
		t.Fatal(err)
	}
	return body.String(), w.FormDataContentType()
}

// returns takes a leave back by the button of the page that the goodbye leads to.
func (w byMail) returns(token string) {
	w.t.Helper()
	awaitAnswer(w.t, w.pages+"/r/"+token)
	w.isListed("left")
	click(w.t, w.pages+"/r/"+token, "application/x-www-form-urlencoded", "")
	w.isListed("active")
}
