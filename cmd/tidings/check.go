package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidings/digest/outbox"
	"tidings/digest/store"
	"tidings/subscribers"
)

func checkCommand(p *program) *cobra.Command {
	var spam bool
	c := &cobra.Command{
		Use: "check [--spam]", Short: "configuration, templates, store, SMTP login, incoming mail, DNS and language model; says what to do next", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := p.load()
			if err != nil {
				return err
			}
			return checkup{&house{program: p, config: config, log: p.logger(config)}, spam}.all(c.Context())
		},
	}
	c.Flags().BoolVar(&spam, "spam", false, "ask SpamAssassin what it thinks of the letters")
	return c
}

// checkup looks at each thing that a morning needs. Its house is only configured: what the rooms need to
// open is what is looked at.
type checkup struct {
	*house
	spam bool // SpamAssassin is asked
}

// all tells how each thing is, every one of them, and fails if any is not ready.
func (h checkup) all(ctx context.Context) error {
	failed := false
	each := func(look func(context.Context, string) (string, error)) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) { return h.eachDomain(ctx, look) }
	}
	for _, look := range []struct {
		at   string
		what func(context.Context) (string, error)
	}{
		{"config", h.file}, {"digests", h.slots}, {"sources", h.sources}, {"templates", h.templates},
		{"store", h.readers}, {"providers", h.providers}, {"smtp", h.relay}, {"mail", h.incoming}, {"pages", h.reachable},
		{"subscribe", h.confirmations}, {"llm", h.model},
		{"mx", each(h.mx)}, {"spf", each(h.spf)}, {"dkim", h.keys}, {"dmarc", each(h.dmarc)},
	} {
		state := "ok  "
		told, err := look.what(ctx)
		var w warning
		switch {
		case errors.As(err, &w):
			state, told = "warn", err.Error()
		case err != nil:
			state, told, failed = "FAIL", err.Error(), true
		}
		if _, err := fmt.Fprintf(h.out, "%s  %-10s %s\n", state, look.at, told); err != nil {
			return err
		}
	}
	if failed {
		return errTold
	}
	return nil
}

func (h checkup) file(context.Context) (string, error) {
	if h.config.File == "" {
		return "the built-in one; `tidings init` writes it to config.toml for you to change", nil
	}
	return h.config.File, nil
}

// slots tells when each digest appears next.
func (h checkup) slots(context.Context) (string, error) {
	digests, err := h.config.digests()
	if err != nil {
		return "", err
	}
	if len(digests) == 0 {
		return "", errors.New("there is no [[digest]]; add one")
	}
	var out []string
	for _, d := range digests {
		s, err := ParseSchedule(d.Schedule, d.Location)
		if err != nil {
			return "", err
		}
		out = append(out, fmt.Sprintf("%s next at %s", d.Name, s.Next(h.now()).Format("Mon 2006-01-02 15:04 MST")))
	}
	return strings.Join(out, "; "), nil
}

func (h checkup) sources(context.Context) (string, error) {
	n := len(h.config.Source)
	if n == 0 {
		return "", errors.New("there is no [[source]]; add one")
	}
	told := count(n, "source") + "; `tidings sources check` fetches each once"
	if strings.HasPrefix(h.config.contact(), "http://localhost") {
		told += "; no publisher can reach you until [gather] contact or [web] url says where"
	}
	return told, nil
}

func (h checkup) readers(ctx context.Context) (string, error) {
	s, err := store.Open(ctx, h.config.Store.URL, h.now)
	if err != nil {
		return "", err
	}
	counts, err := s.Count(ctx)
	if err := errors.Join(err, s.Close()); err != nil {
		return "", err
	}
	if n := counts[subscribers.Active]; n > 0 {
		return "opened; " + count(n, "active subscriber"), nil
	}
	return "opened; nobody is subscribed yet: `tidings subscribers add ADDRESS`", nil
}

// providers tells who refuses letters because of us.
func (h checkup) providers(ctx context.Context) (string, error) {
	s, err := store.Open(ctx, h.config.Store.URL, h.now)
	if err != nil {
		return "", errors.New("not known while the store cannot be opened")
	}
	seen, err := s.Providers(ctx, h.now().Add(-7*24*time.Hour))
	if err := errors.Join(err, s.Close()); err != nil {
		return "", err
	}
	var blocking []string
	for _, p := range seen {
		if p.Alarm() {
			blocking = append(blocking, fmt.Sprintf("%s refused %d of %d letters of %s because of us", p.Domain, p.Blocked, p.Letters, p.Edition))
		}
	}
	if len(blocking) > 0 {
		return "", errors.New(strings.Join(blocking, "; ") + ": read its answers in the log, and look at SPF, DKIM and DMARC of your domain")
	}
	return "none blocked us in the last seven days", nil
}

// model asks the language model for a word, and for a vector.
func (h checkup) model(ctx context.Context) (string, error) {
	c := h.config.LLM
	vectors, writer, err := h.llm(nil)
	if err != nil || c.URL == "" {
		return "none is configured: summaries are the sources' own sentences", err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var told []string
	if writer != nil {
		if err := writer.Client.Check(ctx, c.Model); err != nil {
			return "", err
		}
		told = append(told, c.Model+" answers")
	}
	if vectors != nil {
		n, err := vectors.Check(ctx)
		if err != nil {
			return "", err
		}
		told = append(told, fmt.Sprintf("%s gives vectors of %d numbers", c.Embeddings, n))
	}
	if told == nil {
		return "asked for nothing: summaries and translate are both off", nil
	}
	return strings.Join(told, "; "), nil
}

// relay logs in to each mail server and leaves again.
func (h checkup) relay(ctx context.Context) (string, error) {
	switch {
	case h.config.SMTP.URL == direct:
		return "none is configured: letters go to the mail servers of their readers' domains, on port 25", nil
	case h.config.SMTP.URL == "" && len(h.config.Relay) == 0:
		return "none is configured: letters become files in " + ways(h.config).maildrop(), nil
	}
	relays, err := ways(h.config).relays()
	if err != nil {
		return "", err
	}
	var faults []error
	for _, lane := range relays {
		faults = append(faults, greet(ctx, lane))
	}
	if err := errors.Join(faults...); err != nil {
		return "", err
	}
	if len(relays) > 1 {
		return fmt.Sprintf("greeted and let in by all %d mail servers", len(relays)), nil
	}
	return "greeted and let in by the mail server", nil
}

// greet opens a connection and closes it.
func greet(ctx context.Context, lane *outbox.Lane) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	carrier, err := lane.Open(ctx)
	if err != nil {
		return err
	}
	return carrier.Close()
}

// incoming looks at the mailbox that is read. It leaves a place to listen at alone, since the daemon may be there.
func (h checkup) incoming(ctx context.Context) (string, error) {
	c := h.config.Mail
	var told []string
	if c.Listen != "" {
		told = append(told, "the daemon takes it at "+c.Listen)
	}
	if c.IMAP.URL != "" {
		box, err := h.mailbox(nil, forgetful{})
		if err != nil {
			return "", err
		}
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		n, err := box.Check(ctx)
		if err != nil {
			return "", err
		}
		told = append(told, fmt.Sprintf("let in to the mailbox; %s in %s", count(n, "mail"), c.IMAP.Folder))
	}
	if c.Pipe {
		told = append(told, "a pipe brings it to `tidings mail receive`")
	}
	if told == nil {
		return "none gets in, so readers subscribe on the pages, and what bounces later is not noticed; [mail] says how it could", nil
	}
	return strings.Join(told, "; "), nil
}

// reachable tells whether readers can reach the pages that stand in every letter.
func (h checkup) reachable(context.Context) (string, error) {
	u, err := url.Parse(h.config.Web.URL)
	if err != nil {
		return "", fmt.Errorf("web.url: %w", err)
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	inside := ip != nil && ip.IsPrivate() || !strings.Contains(u.Hostname(), ".")
	switch {
	case here:
		return "at " + h.config.Web.URL + ", which this machine alone can open; set [web] url before letters go out to others", nil
	case inside:
		return "at " + h.config.Web.URL + ", which your own network alone can open", nil
	case u.Scheme != "https":
		return "", fmt.Errorf("web.url is %s: without https anybody on the way can read readers' links, and mail providers show no button to unsubscribe (RFC 8058, 3.1); put a proxy that speaks TLS before the pages and write https", h.config.Web.URL)
	}
	return "at " + h.config.Web.URL, nil
}

// confirmations tells how many are mailed at most, and who is refused.
func (h checkup) confirmations(context.Context) (string, error) {
	s := h.config.Subscribe
	return fmt.Sprintf("at most %s an hour; %s refused", count(s.PerHour, "confirmation"), count(len(s.Refuse), "domain")), nil
}
