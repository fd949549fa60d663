package outbox

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

func TestReplies(t *testing.T) {
	for said, want := range map[string]struct {
		code int
		text string
	}{
		"250 ok\r\n":               {250, "ok\n"},
		"250\r\n":                  {250, "\n"},
		"250-2.0.0 one\n250 two\n": {250, "2.0.0 one\ntwo\n"},
		"250-a\r\n250\r\n":         {250, "a\n\n"},
		"250-a\r\n251 b\r\n":       {},
		"250ok\r\n":                {},
		"25\r\n":                   {},
		"\r\n":                     {},
		"150 hm\r\n":               {},
		"600 hm\r\n":               {},
		"+50 ok\r\n":               {},
		"250 ok":                   {},
		"550-" + strings.Repeat("x", 5000) + "\r\n":   {},
		strings.Repeat("250-on and on\r\n", 101):      {},
		strings.Repeat("250-a\r\n", 99) + "250 b\r\n": {250, strings.Repeat("a\n", 99) + "b\n"},
	} {
		a := replies{r: bufio.NewReader(strings.NewReader(said))}
		code, err := a.next()
		if code != want.code || (err == nil) != (want.code != 0) || err == nil && string(a.text) != want.text {
			t.Errorf("%.40q: %d %q, %v", said, code, a.text, err)
		}
	}
}

func FuzzReplies(f *testing.F) {
	for _, seed := range []string{"250 ok\r\n", "250-a\r\n250 b\r\n", "554-5.7.1 you\r\n554 5.7.1 are bad\r\n", "hello\r\n", "354 go", "250-\x00\xff\n250 \n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		a := replies{r: bufio.NewReader(bytes.NewReader(said))}
		for {
			code, err := a.next()
			if err != nil {
				return
			}
			if code < 200 || code > 599 || len(a.text) > maxReplyWords {
				t.Fatalf("%d, %d bytes", code, len(a.text))
			}
			if r := refusal("dot", code, string(a.text)); strings.ContainsAny(line(r.Error()), "\r\n") {
				t.Fatalf("%q", r.Error())
			}
		}
	})
}

func TestStuffing(t *testing.T) {
	for letter, want := range map[string]string{
		"": "", "a\r\n": "a\r\n", ".\r\n": "..\r\n", "a\r\n.\r\n": "a\r\n..\r\n", ".a\r\n..b\r\n.c.\r\n": "..a\r\n...b\r\n..c.\r\n", "\n.\n.": "\n..\n..",
	} {
		if got := string(appendStuffed(nil, []byte(letter))); got != want {
			t.Errorf("%q: %q, want %q", letter, got, want)
		}
	}
}
