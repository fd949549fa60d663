//go:build unix

package feed

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"
)

// recorded returns the files of a recorded archive whose path begins with prefix, by their names. It lies
// beside the tree and may be absent.
func recorded(tb testing.TB, archive, prefix string) map[string][]byte {
	tb.Helper()
	f, err := os.Open("../../../shared/data/" + archive)
	if err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatal(err)
		}
		tb.Skip("no recorded documents: ", err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			tb.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !strings.HasPrefix(h.Name, prefix) {
			continue
		}
		if files[path.Base(h.Name)], err = io.ReadAll(r); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkParse reads recorded feeds, first with gofeed alone and then with Parse, so that one run tells
// what all that is ours costs: bytes and feeds a second, and processor seconds for a thousand feeds.
func BenchmarkParse(b *testing.B) {
	feeds := recorded(b, "feeds/olshansk/feeds.tar.gz", "latest/")
	size := int64(0)
	for _, body := range feeds {
		size += int64(len(body))
	}
	for _, reader := range []struct {
		name string
		read func(name string, body []byte) error
	}{
		{"gofeed", func(_ string, body []byte) error {
			p := gofeed.NewParser()
			p.RSSTranslator = &gofeed.DefaultRSSTranslator{DisableContentImageScan: true}
			_, err := p.ParseString(string(body))
			return err
		}},
		{"Parse", func(name string, body []byte) error {
			_, err := Parse(Document{Body: body, URL: "https://example.org/" + name})
			return err
		}},
	} {
		b.Run(reader.name, func(b *testing.B) {
			b.SetBytes(size)
			start, spent, n := time.Now(), processorTime(), 0
			for b.Loop() {
				for name, body := range feeds {
					if err := reader.read(name, body); err != nil {
						b.Fatal(name, err)
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/time.Since(start).Seconds(), "feeds/s")
			b.ReportMetric((processorTime()-spent).Seconds()*1000/float64(n), "core-s/1000feeds")
		})
	}
}

// BenchmarkPage reads recorded web pages, extraction included.
func BenchmarkPage(b *testing.B) {
	pages := recorded(b, "extraction/scrapinghub/html.tar.gz", "")
	spent, n := processorTime(), 0
	for b.Loop() {
		for name, body := range pages {
			if _, err := Parse(Document{Body: body, URL: "https://example.org/" + name}); err != nil && !errors.As(err, new(*NotArticle)) {
				b.Fatal(name, err)
			}
			n++
		}
	}
	b.ReportMetric((processorTime()-spent).Seconds()*1000/float64(n), "core-ms/page")
}

// processorTime is what this process has had of the processor, its garbage collector included: a measure
// that other programs on the machine disturb less than the clock.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
