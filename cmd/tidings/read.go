package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"tidings/digest"
	"tidings/digest/feed"
)

func readCommand(p *program) *cobra.Command {
	var base string
	var headers []string
	c := &cobra.Command{
		Use: `read [--url BASE] [--header "K: V"]… FILE|URL…`, Short: "what a document is read as", Args: atLeast(1, "a file or an address"),
		Long: "Prints one JSON object for each article: all of a feed's, or the one that a web page or a plain text is.\n" +
			"A document that cannot be read is told in a line; the others are still read, and the exit code is 1.",
		RunE: func(c *cobra.Command, args []string) error { return p.read(c.Context(), base, headers, args) },
	}
	c.Flags().StringVar(&base, "url", "", "the address a file was fetched from: relative links start there")
	c.Flags().StringArrayVar(&headers, "header", nil, "an HTTP header the file came with, as `\"K: V\"`; of an address: one to send")
	return c
}

func (p *program) read(ctx context.Context, base string, headers, places []string) error {
	header, err := parseHeaders(headers)
	if err != nil {
		return usageError{err}
	}
	config, err := p.load()
	if err != nil {
		return err
	}
	h := &house{program: p, config: config, log: p.logger(config)}
	reader, err := h.reader(forgetful{})
	if err != nil {
		return err
	}
	failed := false
	for _, place := range places {
		articles, err := readOne(ctx, reader, place, base, header)
		if err != nil {
			fmt.Fprintf(p.err, "%s: %v\n", asTyped(place), err)
			failed = true
			continue
		}
		for _, a := range articles {
			if err := p.json(a); err != nil {
				return err
			}
		}
	}
	if failed {
		return errTold
	}
	return nil
}

// readOne reads a file or an address.
func readOne(ctx context.Context, reader *feed.Reader, place, base string, header http.Header) ([]digest.Article, error) {
	if strings.HasPrefix(place, "http://") || strings.HasPrefix(place, "https://") {
		doc, err := reader.Fetch(ctx, place, header)
		if err != nil {
			return nil, err
		}
		return feed.Parse(doc)
	}
	body, err := readFile(strings.TrimPrefix(place, "file:"), reader.MaxBytes)
	switch {
	case err != nil && webLike.MatchString(place):
		return nil, fmt.Errorf("%w; if it is an address of the web, write it with https://", err)
	case err != nil:
		return nil, err
	}
	return feed.Parse(feed.Document{Body: body, URL: base, Header: header, Name: place})
}

// webLike is what a person may type for an address and is none without its scheme.
var webLike = regexp.MustCompile(`^[\pL\pN-]+(?:\.[\pL\pN-]+)+(?::\d+)?/`)

// asTyped is what a person named, without the keys that an address may have in it.
func asTyped(place string) string {
	if strings.Contains(place, "://") {
		return public(place)
	}
	return place
}

// readFile reads a file of bounded size; its error does not name the path, which the caller does.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %s", reason(err))
	case info.IsDir():
		return nil, fmt.Errorf("is a folder; name the documents in it")
	case limit > 0 && info.Size() > limit:
		return nil, fmt.Errorf("is larger than the limit of %d bytes", limit)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %s", reason(err))
	}
	return body, nil
}

// parseHeaders reads "K: V" flags.
func parseHeaders(flags []string) (http.Header, error) {
	header := http.Header{}
	for _, f := range flags {
		k, v, ok := strings.Cut(f, ":")
		if !ok || strings.TrimSpace(k) == "" {
			return nil, fmt.Errorf(`--header must be written "K: V", not %q`, f)
		}
		header.Add(strings.TrimSpace(k), strings.TrimSpace(v))
	}
	return header, nil
}
