package main

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"tidings/.ci/sink"
)

// rsa sends letters signed by a key of 2048 bits, beside that key's signing and nothing else.
func (b *bench) rsa(ctx context.Context) (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	var rates, costs []float64
	signed, err := b.signed(ctx, key, func() (float64, error) {
		rate, cost, err := signing(key)
		rates, costs = append(rates, rate), append(costs, cost)
		return rate, err
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; bare %.0f /s, %.3f s CPU per 1,000", signed, median(rates), median(costs)), nil
}

// ed25519 sends letters signed by the faster key, beside letters that are not signed.
func (b *bench) ed25519(ctx context.Context) (string, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	s := &sink.Sink{}
	address, err := s.Listen()
	if err != nil {
		return "", err
	}
	defer s.Close()
	return b.signed(ctx, key, func() (float64, error) {
		unsigned, err := b.sendFresh(ctx, s, address, 16)
		return unsigned.Rate(), err
	})
}

// signed sends letters signed by a key, beside something else in each round.
func (b *bench) signed(ctx context.Context, key crypto.Signer, beside func() (rate float64, err error)) (string, error) {
	s := &sink.Sink{}
	address, err := s.Listen()
	if err != nil {
		return "", err
	}
	defer s.Close()
	var ratios, rates, cpus []float64
	for range b.rounds {
		other, err := beside()
		if err != nil {
			return "", err
		}
		h, err := b.fresh(address)
		if err == nil {
			err = h.sign(key)
		}
		if err != nil {
			return "", err
		}
		got, err := b.send(ctx, h, s, 16)
		h.remove()
		if err != nil {
			return "", err
		}
		ratios, rates, cpus = append(ratios, got.Rate()/other), append(rates, got.Rate()), append(cpus, got.perThousand())
	}
	return fmt.Sprintf("%.2f; %.0f /s; %.3f s CPU per 1,000", median(ratios), median(rates), median(cpus)), nil
}

// sign lets a house sign its letters.
func (h house) sign(key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	file := filepath.Join(h.dir, "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return err
	}
	config, err := os.OpenFile(filepath.Join(h.dir, "demo.toml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer config.Close()
	_, err = config.WriteString("\n[[dkim]]\nselector = \"bench\"\nkey_file = \"key.pem\"\n")
	return err
}

// signing signs on all cores for some seconds, and returns how many a second, and the CPU for a thousand in seconds. Where
// others use the cores too, only the CPU tells.
func signing(key *rsa.PrivateKey) (rate, cost float64, err error) {
	const long = 5 * time.Second
	digest := sha256.Sum256([]byte("a letter's headers"))
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var cores sync.WaitGroup
	began, before := time.Now(), ourCPU()
	for range runtime.GOMAXPROCS(0) {
		cores.Go(func() {
			for time.Since(began) < long {
				if _, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:]); err != nil {
					failed.Store(&err)
				}
				done.Add(1)
			}
		})
	}
	cores.Wait()
	if err := failed.Load(); err != nil {
		return 0, 0, *err
	}
	n := float64(done.Load())
	return n / time.Since(began).Seconds(), (ourCPU() - before).Seconds() / n * 1000, nil
}
