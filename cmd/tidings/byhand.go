package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/digest"
	"tidings/digest/feed"
)

// byHand keeps single pages that an editor wants to see in an edition.
type byHand struct{ *house }

// add reads pages and keeps each as an article, for one digest or for all. A page that cannot be read is told
// and does not stop the others.
func (h byHand) add(ctx context.Context, name string, pages []string, asJSON bool) error {
	if name != "" {
		if _, err := h.one(name); err != nil {
			return err
		}
	}
	var harvest digest.Harvest
	for _, page := range pages {
		a, err := h.page(ctx, page)
		if err != nil {
			fmt.Fprintf(h.err, "%s: %v\n", asTyped(page), err)
			continue
		}
		a.Feed = digest.ByHand + name
		harvest.Articles = append(harvest.Articles, a)
	}
	kept, err := h.store.Keep(ctx, harvest)
	if err != nil {
		return fmt.Errorf("keep articles: %w", err)
	}
	if asJSON {
		if err := h.news(kept); err != nil {
			return err
		}
	}
	for _, a := range harvest.Articles {
		fate, err := h.fate(ctx, name, a)
		if err != nil {
			return err
		}
		fmt.Fprintf(h.err, "%s: %s\n", fate, a.Title)
	}
	if len(harvest.Articles) < len(pages) {
		return errTold
	}
	return nil
}

// fate tells what comes of an article: no digest prints one twice.
func (h byHand) fate(ctx context.Context, name string, a digest.Article) (string, error) {
	chosen := h.digests
	if name != "" {
		d, err := h.one(name)
		if err != nil {
			return "", err
		}
		chosen = []digest.Digest{d}
	}
	var open []string
	for _, d := range chosen {
		left, err := h.store.Unprinted(ctx, d.Name, []string{a.Feed}, time.Time{}, h.now())
		if err != nil {
			return "", err
		}
		if slices.ContainsFunc(left, func(o digest.Article) bool { return o.ID == a.ID }) {
			open = append(open, d.Name)
		}
	}
	switch {
	case len(open) == len(chosen):
		return "kept for the next edition", nil
	case len(open) == 0:
		return "kept, but for no edition, as it was printed before", nil
	}
	return "kept for the next edition of " + strings.Join(open, ", ") + ", as the others have printed it", nil
}

// keep reads a page and keeps it as an article for one digest.
func (h byHand) keep(ctx context.Context, name, page string) (digest.Article, error) {
	a, err := h.page(ctx, page)
	if err != nil {
		return digest.Article{}, err
	}
	a.Feed = digest.ByHand + name
	if _, err := h.store.Keep(ctx, digest.Harvest{Articles: []digest.Article{a}}); err != nil {
		return digest.Article{}, fmt.Errorf("keep articles: %w", err)
	}
	return a, nil
}

// page reads the article that one address holds.
func (h byHand) page(ctx context.Context, address string) (digest.Article, error) {
	articles, err := readOne(ctx, h.feeds, address, "", nil)
	switch {
	case errors.Is(err, feed.ErrEmpty), len(articles) > 1:
		return digest.Article{}, errors.New("this is a feed and no article; tidings sources add takes it among the sources")
	case err != nil:
		return digest.Article{}, err
	case articles[0].Title == "":
		return digest.Article{}, errors.New("the page has no title")
	}
	return articles[0], nil
}
