package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tidings/.ci/sink"
)

// rate sends beside smtp-source, which has 16 sessions at least, its best.
func (b *bench) rate(connections int, plain bool) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		s := &sink.Sink{Plain: plain}
		address, err := s.Listen()
		if err != nil {
			return "", err
		}
		defer s.Close()
		var ratios, rates, cpus, memories []float64
		for range b.rounds {
			before, err := b.rival(ctx, s, address, 16)
			if err != nil {
				return "", err
			}
			got, err := b.sendFresh(ctx, s, address, connections)
			if err != nil {
				return "", err
			}
			after, err := b.rival(ctx, s, address, connections)
			if err != nil {
				return "", err
			}
			rival := (before.Rate() + after.Rate()) / 2
			if connections > 16 {
				rival = max(before.Rate(), after.Rate())
			}
			ratios, rates = append(ratios, got.Rate()/rival), append(rates, got.Rate())
			cpus, memories = append(cpus, got.perThousand()), append(memories, got.memory)
		}
		return fmt.Sprintf("%.2f; %.0f /s; %.3f s CPU per 1,000 (≤ 0.08); %.0f MB (≤ 40)",
			median(ratios), median(rates), median(cpus), median(memories)), nil
	}
}

// sendFresh sends what a fresh copy of the model house owes.
func (b *bench) sendFresh(ctx context.Context, s *sink.Sink, address string, connections int, more ...string) (sent, error) {
	h, err := b.fresh(address)
	if err != nil {
		return sent{}, err
	}
	defer h.remove()
	h.more = more
	return b.send(ctx, h, s, connections)
}

// far sends to somebody far away.
func (b *bench) far(ctx context.Context) (string, error) {
	s := &sink.Sink{RoundTrip: 20 * time.Millisecond}
	address, err := s.Listen()
	if err != nil {
		return "", err
	}
	defer s.Close()
	var rates []float64
	for range b.rounds {
		got, err := b.sendFresh(ctx, s, address, 64)
		if err != nil {
			return "", err
		}
		rates = append(rates, got.Rate())
	}
	return fmt.Sprintf("%.0f /s", median(rates)), nil
}

// million seals an edition for a million and sends it, as far as the patience goes.
func (b *bench) million(ctx context.Context) (string, error) {
	s := &sink.Sink{}
	address, err := s.Listen()
	if err != nil {
		return "", err
	}
	defer s.Close()
	// What composing takes besides is told by a house with one reader.
	few := house{program: b.program, dir: filepath.Join(b.dir, "few"), relay: address, store: "sqlite:tidings.db"}
	composing, err := b.seal(ctx, few, 1)
	if err != nil {
		return "", err
	}
	h := house{program: b.program, dir: filepath.Join(b.dir, "million"), relay: address, store: "sqlite:tidings.db"}
	sealing, err := b.seal(ctx, h, 1_000_000)
	if err != nil {
		return "", err
	}
	defer h.remove()
	fmt.Fprintf(os.Stderr, "    sealing took %v, of which %v for one reader, and %.0f MB\n", sealing.wall, composing.wall, sealing.memory)
	got, err := b.send(ctx, h, s, 16)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.1f s, %.0f MB; sending %d: %.0f MB, %.0f /s",
		(sealing.wall - composing.wall).Seconds(), sealing.memory, got.Letters, got.memory, got.Rate()), nil
}
