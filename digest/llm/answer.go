package llm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The shape of an answer.
const (
	longestAnswer = 8 << 10 // bytes
	mostSentences = 4
	mostSpans     = 12
)

// answer is what a model says of a story.
type answer struct {
	Sentences []claim `json:"sentences"`
	Title     string  `json:"title"`
}

// claim is one sentence, with what it rests on.
type claim struct {
	Text    string   `json:"text"`
	Members []string `json:"members"`
	Spans   []string `json:"spans"`
}

// parse reads an answer: one JSON object of just that shape. A fence of three backticks around it, which models
// like to put there, is allowed.
func parse(content string) (answer, error) {
	var a answer
	if len(content) > longestAnswer {
		return a, fmt.Errorf("its answer has more than %d bytes", longestAnswer)
	}
	content = strings.TrimSpace(content)
	if inner, ok := strings.CutPrefix(content, "```"); ok {
		inner, closed := strings.CutSuffix(strings.TrimPrefix(inner, "json"), "```")
		if !closed {
			return a, errors.New("its answer breaks off")
		}
		content = inner
	}
	d := json.NewDecoder(strings.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return answer{}, errors.New("its answer is not the JSON that was asked for")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return answer{}, errors.New("its answer goes on behind the JSON that was asked for")
	}
	if len(a.Sentences) > mostSentences {
		return answer{}, fmt.Errorf("its answer has %d sentences", len(a.Sentences))
	}
	for _, c := range a.Sentences {
		if len(c.Members) > mostMembers || len(c.Spans) > mostSpans {
			return answer{}, errors.New("a sentence of its answer names too many articles")
		}
	}
	return a, nil
}
