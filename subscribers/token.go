package subscribers

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"strings"
	"sync"
	"time"
)

// Purpose is what a token lets its bearer do; a token of one purpose is worth nothing for another.
type Purpose string

// The purposes. A token for leaving is valid for ever; one for managing for seven days, and one for returning
// for thirty: those are only for who has just shown that the mailbox is his, since letters are forwarded. Those for bounces and complaints name a delivery and not a subscriber. A confirmation has no
// signed token but a random one.
const (
	ToLeave    Purpose = "leave"
	ToManage   Purpose = "manage"
	ToReturn   Purpose = "return"
	ToBounce   Purpose = "bounce"
	ToComplain Purpose = "complain"
)

// TokenLength is the length of every token, so that a letter can be filled in where it stands.
const TokenLength = 32

// Tokens signs and opens the tokens in readers' links and addresses.
//
// A token is 20 octets in base32, lower-case without padding: 32 characters from a–z and 2–7, fit for a
// URL and for the local part of an address, where mail systems fold case. The octets, big-endian:
//
//	0–4    the subscriber's id (below 2⁴⁰)
//	5–7    hours since 1970 when it was made; zero in a token for leaving, which so is always the same
//	8–19   the first 96 bits of HMAC-SHA-256 over "tidings/", the purpose, a zero octet and octets 0–7
//
// In a token for a bounce or a complaint octets 0–7 are the delivery's id. It stores nothing: a token is valid
// because it is signed. A new key voids all tokens that are out. The token of a confirmation looks the same
// and is 160 random bits; the store knows it by its hash.
type Tokens struct {
	signers *sync.Pool // of [*signer]: a letter has three tokens, and to begin with a key is half the work of one
}

// signer makes HMACs under the key, one after the other.
type signer struct {
	hash.Hash
	in, sum []byte // used again and again
}

// NewTokens returns the tokens of a secret key, which has at least 32 octets.
func NewTokens(key []byte) (Tokens, error) {
	if len(key) < 32 {
		return Tokens{}, errors.New("the key that signs tokens needs at least 32 octets")
	}
	key = bytes.Clone(key)
	return Tokens{&sync.Pool{New: func() any { return &signer{Hash: hmac.New(sha256.New, key)} }}}, nil
}

var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Sign makes the token for the subscriber, or the delivery, with this id; at matters only for those that
// expire.
func (t Tokens) Sign(p Purpose, id int64, at time.Time) string {
	head := uint64(id)
	switch p {
	case ToLeave:
		head <<= 24
	case ToManage, ToReturn:
		head = head<<24 | uint64(at.Unix()/3600)&(1<<24-1)
	}
	var token [20]byte
	binary.BigEndian.PutUint64(token[:8], head)
	mac := t.mac(p, [8]byte(token[:8]))
	copy(token[8:], mac[:])
	var written [TokenLength]byte
	alphabet.Encode(written[:], token[:])
	return string(written[:])
}

// Open returns whose token it is and, of one that expires, the hour in which it was made. The error is
// [ErrToken], and does not tell a forged token from an expired one.
func (t Tokens) Open(p Purpose, token string, now time.Time) (id int64, made time.Time, err error) {
	raw, err := decode(token)
	if err != nil {
		return 0, time.Time{}, ErrToken
	}
	if mac := t.mac(p, [8]byte(raw)); !hmac.Equal(raw[8:], mac[:]) {
		return 0, time.Time{}, ErrToken
	}
	head := binary.BigEndian.Uint64(raw)
	switch p {
	case ToBounce, ToComplain:
		return int64(head), time.Time{}, nil
	case ToManage, ToReturn:
		lasts := manageFor
		if p == ToReturn {
			lasts = undoFor
		}
		made = time.Unix(int64(head&(1<<24-1))*3600, 0)
		if now.Sub(made) > lasts+time.Hour {
			return 0, time.Time{}, ErrToken
		}
	}
	return int64(head >> 24), made, nil
}

// TokenHash is what the store knows the token of a confirmation by. What has not the form of a token is
// [ErrToken].
func TokenHash(token string) ([32]byte, error) {
	raw, err := decode(token)
	if err != nil {
		return [32]byte{}, err
	}
	return sha256.Sum256(raw), nil
}

// decode reads a token's octets, in whatever case it came back.
func decode(token string) ([]byte, error) {
	raw, err := alphabet.DecodeString(strings.ToLower(strings.TrimSpace(token)))
	if err != nil || len(raw) != 20 {
		return nil, ErrToken
	}
	return raw, nil
}

// Trace is a keyed hash of a normalised address: what is remembered of it where the address must not be.
func (t Tokens) Trace(email string) string {
	sum := t.sum("trace", email)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// mac is the signature in a token.
func (t Tokens) mac(p Purpose, head [8]byte) [12]byte {
	sum := t.sum(string(p), string(head[:]))
	return [12]byte(sum[:])
}

// sum is the HMAC-SHA-256 of what is said for a purpose.
func (t Tokens) sum(purpose, said string) [sha256.Size]byte {
	s := t.signers.Get().(*signer)
	defer t.signers.Put(s)
	s.in = append(append(append(append(s.in[:0], "tidings/"...), purpose...), 0), said...)
	s.Reset()
	s.Write(s.in)
	s.sum = s.Sum(s.sum[:0])
	return [sha256.Size]byte(s.sum)
}
