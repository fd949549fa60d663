// Package llm is the only place that speaks with a language model: at an endpoint that the operator names and
// that answers as OpenAI's does (POST /v1/chat/completions and /v1/embeddings, in JSON).
//
// It promises that what a model says is taken for a claim and not for a fact. Before a sentence of it comes
// into an edition, the sentence must name the articles that it rests on and quote them, and every number,
// name, date and quotation in it must stand in them; what fails is dropped, and the articles' own sentences
// stay as they were. A model that lies so, stalls or breaks off changes nothing but a line in the log. Neither
// the time nor the calls nor the tokens of an edition exceed their budget. What no program here can tell is
// whether the right one did it to the right other: that is why every sentence is labelled.
//
// It refuses to let articles give orders: they go out as data in a fenced envelope, without invisible
// characters, links and markup, and one that speaks to machines does not go out at all. It follows no
// redirect, offers the model no tool, and sends nothing but published words: no reader, no address of a
// source, no setting.
//
// It stores what the model answered, by a hash of what it was asked, in the [Memory] that it is given, so
// that an edition made again asks nothing again. The answers are checked anew each time.
package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The most that is read of an answer, in bytes: of a text, and of a batch of vectors.
const (
	longestChat       = 1 << 20
	longestEmbeddings = 32 << 20
)

// Client speaks with one endpoint. [NewClient] makes one; it may be used by several at once.
type Client struct {
	base string // without the slash and the v1 at its end
	host string
	key  string
	http *http.Client
}

// NewClient returns a client of the endpoint at an http or https address, which may end in /v1. The key is sent
// as a bearer token; empty: none is. The address may lie in a private network or on this machine: the operator
// has named it.
func NewClient(address, key string) (*Client, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the address of a language model must be http://HOST or https://HOST, perhaps with a path, and without user, key or question mark")
	}
	base := strings.TrimSuffix(strings.TrimRight(u.String(), "/"), "/v1")
	return &Client{base: base, host: u.Host, key: key, http: &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
			TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 2,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// post sends a question and reads the answer, of which it takes at most limit bytes. Its errors name the
// endpoint's host and what to do, and never what was sent or answered.
func (c *Client) post(ctx context.Context, path string, question any, limit int64, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/v1/"+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the language model at %s cannot be asked", c.host)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	response, err := c.http.Do(r)
	if err != nil {
		return c.fault(ctx, "does not answer", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the language model at %s answers %s", c.host, status(response.StatusCode))
	}
	read, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return c.fault(ctx, "breaks off in mid-answer", err)
	case int64(len(read)) > limit:
		return fmt.Errorf("the language model at %s answers more than %d bytes", c.host, limit)
	}
	if err := json.Unmarshal(read, answer); err != nil {
		return fmt.Errorf("the language model at %s does not answer in the JSON of /v1/%s; check the address", c.host, path)
	}
	return nil
}

// fault says what went wrong on the wire, without the address, in which a path may be secret.
func (c *Client) fault(ctx context.Context, what string, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("the language model at %s takes too long", c.host)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("the language model at %s %s: %w", c.host, what, err)
}

// status tells a refusal and what to do about it.
func status(code int) string {
	told := fmt.Sprintf("%d %s", code, http.StatusText(code))
	switch {
	case code >= 300 && code < 400:
		return told + ", and redirects are not followed; set llm.url to where it leads"
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return told + "; check llm.key"
	case code == http.StatusNotFound:
		return told + "; check llm.url and the model's name"
	case code == http.StatusTooManyRequests:
		return told + "; it is asked too often, or nothing is left to spend there"
	}
	return told
}

// message is one turn of a conversation.
type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// chat asks for a text.
type chat struct {
	Model       string    `json:"model"`
	Messages    []message `json:"messages"`
	Temperature float64   `json:"temperature"`
	MaxTokens   int       `json:"max_tokens"`
}

// chatted is the answer to that, as far as it is looked at.
type chatted struct {
	Choices []struct {
		Message struct {
			Content string `json:"content"`
		} `json:"message"`
	} `json:"choices"`
	Usage struct {
		Total int `json:"total_tokens"`
	} `json:"usage"`
}

// say asks for a text, and tells how many tokens the endpoint says that it took. No field asks for JSON: the
// endpoints agree on none, so the words of the question ask for it.
func (c *Client) say(ctx context.Context, q chat) (string, int, error) {
	var a chatted
	if err := c.post(ctx, "chat/completions", q, longestChat, &a); err != nil {
		return "", 0, err
	}
	if len(a.Choices) == 0 {
		return "", 0, fmt.Errorf("the language model at %s answers without a choice", c.host)
	}
	return a.Choices[0].Message.Content, a.Usage.Total, nil
}

// Check asks a model for a word, and so finds out whether address, key and name are right.
func (c *Client) Check(ctx context.Context, model string) error {
	_, _, err := c.say(ctx, chat{Model: model, Messages: []message{{"user", "Say OK."}}, MaxTokens: 8})
	return err
}
