package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/digest/outbox"
	"tidings/templates"
)

// templates tells whether each template renders, and what mail programs and spam filters think of the letters.
func (h checkup) templates(ctx context.Context) (string, error) {
	set, err := loadTemplates(h.config)
	if err != nil {
		return "", err
	}
	told := []string{"every one renders with sample data"}
	var faults []string
	for _, d := range h.config.Digest {
		e, letter, err := set.Sample(d.Name, d.Lang)
		if err != nil {
			return "", err
		}
		for _, w := range templates.Lint(e, letter) {
			switch {
			case w.Grave && !slices.Contains(faults, w.Told):
				faults = append(faults, w.Told)
			case !w.Grave && !slices.Contains(told, w.Told):
				told = append(told, w.Told)
			}
		}
		if h.spam {
			score, err := h.scoreOf(ctx, d, letter)
			if err != nil {
				return "", err
			}
			told = append(told, fmt.Sprintf("SpamAssassin gives a letter of %s %.1f of the 5 points that make spam", d.Name, score))
		}
	}
	if len(faults) > 0 {
		return "", errors.New(strings.Join(faults, "; "))
	}
	return strings.Join(told, "; "), nil
}

// scoreOf is the spam score of a digest's letter.
func (h checkup) scoreOf(ctx context.Context, d DigestConfig, l templates.Letter) (float64, error) {
	envelope, err := outbox.Render(outbox.Letter{
		Label: outbox.Label{Key: d.Name + "/sample", To: "reader@readers.example", Date: h.now()},
		From:  d.From, Subject: l.Subject, HTML: l.HTML, Text: l.Text,
		Headers: map[string]string{"List-Unsubscribe": "<" + h.config.Web.URL + "/u/sample>", "Precedence": "bulk"},
	})
	if err != nil {
		return 0, err
	}
	return spamScore(ctx, envelope.AppendTo(nil))
}

var spamPoints = regexp.MustCompile(`Content analysis details:\s+\((-?[\d.]+) points`)

// spamScore asks SpamAssassin, without the network, what it thinks of a mail.
func spamScore(ctx context.Context, mail []byte) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "spamassassin", "--local", "--test-mode", "--nocreate-prefs")
	c.Stdin = bytes.NewReader(mail)
	out, err := c.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return 0, errors.New("SpamAssassin is not installed; install it, or leave --spam away")
	}
	if err != nil {
		return 0, fmt.Errorf("SpamAssassin: %w", err)
	}
	found := spamPoints.FindSubmatch(out)
	if found == nil {
		return 0, errors.New("SpamAssassin gave no points; does it run by hand?")
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
