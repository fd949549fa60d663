package subscribers

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var purposes = []Purpose{ToLeave, ToManage, ToReturn, ToBounce, ToComplain}

func newTokens(t testing.TB) Tokens {
	t.Helper()
	tokens, err := NewTokens(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestTokens(t *testing.T) {
	tokens := newTokens(t)
	for _, id := range []int64{0, 1, 42, 1<<32 - 1, 1<<40 - 1} {
		for _, p := range purposes {
			token := tokens.Sign(p, id, noon)
			if len(token) != TokenLength || token != strings.ToLower(token) {
				t.Errorf("token %q", token)
			}
			got, made, err := tokens.Open(p, "  "+strings.ToUpper(token)+"\n", noon.Add(time.Hour))
			if err != nil || got != id || p == ToManage && !made.Equal(noon) {
				t.Errorf("%s %d: %d, %v, %v", p, id, got, made, err)
			}
		}
		for _, p := range purposes {
			for _, other := range purposes {
				if _, _, err := tokens.Open(other, tokens.Sign(p, id, noon), noon); p != other && !errors.Is(err, ErrToken) {
					t.Errorf("a token to %s is taken for one to %s: %v", p, other, err)
				}
			}
		}
	}
	if got := tokens.Sign(ToLeave, 42, noon); got != tokens.Sign(ToLeave, 42, noon.Add(time.Hour)) || got != "aaaaaabkaaaabqmpyztrpkgr5vbuc5kf" {
		t.Errorf("the token that is out in old letters was another: %s", got)
	}
	if _, _, err := tokens.Open(ToLeave, tokens.Sign(ToLeave, 42, noon), noon.AddDate(100, 0, 0)); err != nil {
		t.Errorf("a token for leaving expired: %v", err)
	}
	if _, err := NewTokens([]byte("short")); err == nil {
		t.Error("a short key is taken")
	}
}

// One character changed anywhere voids a token.
func TestTokenForged(t *testing.T) {
	tokens := newTokens(t)
	token := tokens.Sign(ToLeave, 42, noon)
	for i := range token {
		for _, c := range "ab7" {
			forged := token[:i] + string(c) + token[i+1:]
			if _, _, err := tokens.Open(ToLeave, forged, noon); err == nil && forged != token {
				t.Errorf("%s is taken for %s", forged, token)
			}
		}
	}
	other, _ := NewTokens(bytes.Repeat([]byte("o"), 32))
	if _, _, err := other.Open(ToLeave, token, noon); !errors.Is(err, ErrToken) {
		t.Errorf("another key opens it: %v", err)
	}
}

// Any number sign at a time.
func TestTokensTogether(t *testing.T) {
	tokens := newTokens(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for id := range int64(200) {
				if got, _, err := tokens.Open(ToBounce, tokens.Sign(ToBounce, id, noon), noon); err != nil || got != id {
					t.Errorf("%d: %d, %v", id, got, err)
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkSign(b *testing.B) {
	tokens := newTokens(b)
	b.ReportAllocs()
	for b.Loop() {
		tokens.Sign(ToLeave, 42, noon)
	}
}

func FuzzToken(f *testing.F) {
	tokens := newTokens(f)
	f.Add(tokens.Sign(ToLeave, 42, noon))
	f.Add(tokens.Sign(ToManage, 42, noon))
	f.Add("")
	f.Add(strings.Repeat("a", 32))
	f.Add(strings.Repeat("a\n", 32))
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range purposes {
			id, made, err := tokens.Open(p, s, noon)
			if err == nil && tokens.Sign(p, id, made) != strings.ToLower(strings.TrimSpace(s)) {
				t.Errorf("%q opens as %s %d, and is not its token", s, p, id)
			}
		}
	})
}
