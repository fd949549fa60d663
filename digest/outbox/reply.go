package outbox

import (
	"bufio"
	"errors"
	"fmt"
)

// What a server may say in one answer. RFC 5321 (4.5.3.1.5) allows a line 512 octets; the line is bounded
// by its reader's buffer, and of the words only the first are kept.
const (
	maxReplyLines = 100
	maxReplyWords = 2000
)

// replies reads a server's answers, one after the other, without making new strings of them.
type replies struct {
	r    *bufio.Reader
	text []byte // of the last answer, its lines ended by \n; good until the next
}

// next reads one answer and returns its code, from 200 to 599 (RFC 5321, 4.2). After an error nothing more
// can be made of the connection.
func (a *replies) next() (code int, err error) {
	a.text = a.text[:0]
	for range maxReplyLines {
		line, err := a.r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return 0, fmt.Errorf("the server's answer is one line of more than %d bytes", len(line))
		case err != nil:
			return 0, err
		}
		said, more, words := replyLine(line)
		if said == 0 || code != 0 && said != code {
			return 0, fmt.Errorf("the server's answer makes no sense: %.60q", line)
		}
		code = said
		if len(a.text)+len(words) < maxReplyWords {
			a.text = append(append(a.text, words...), '\n')
		}
		if !more {
			return code, nil
		}
	}
	return 0, fmt.Errorf("the server's answer has more than %d lines", maxReplyLines)
}

// replyLine takes one line of an answer apart; the code is 0 if it is none.
func replyLine(line []byte) (code int, more bool, words []byte) {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return 0, false, nil
	}
	for _, digit := range line[:3] {
		if digit < '0' || digit > '9' {
			return 0, false, nil
		}
		code = 10*code + int(digit-'0')
	}
	if code < 200 || code > 599 {
		return 0, false, nil
	}
	if len(line) == 3 {
		return code, false, nil
	}
	return code, line[3] == '-', line[4:]
}
