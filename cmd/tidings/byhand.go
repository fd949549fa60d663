package main

import (
	"context"
	"errors"
	"fmt"

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
			fmt.Fprintf(h.err, "%s: %v\n", public(page), err)
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
		fmt.Fprintf(h.err, "kept for the next edition: %s\n", a.Title)
	}
	if len(harvest.Articles) < len(pages) {
		return errTold
	}
	return nil
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
