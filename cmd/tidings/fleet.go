package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tidings/digest"
	"tidings/digest/fleet"
	"tidings/digest/outbox"
	"tidings/digest/store"
)

// inFleet is how long a claim holds where daemons share the work, and so the most that one letter may take: what a dead
// one had claimed is free for the others after that.
const inFleet = time.Minute

// apart is how far a clock may be from the database's before that is told, see [fleet].
const apart = 3 * time.Second

// compareClocks tells when this machine's clock differs from the database's, and so maybe from other daemons'.
func (h daemon) compareClocks(ctx context.Context, annexe *store.Annexe) error {
	theirs, err := annexe.Now(ctx)
	if err != nil {
		return err
	}
	if off := h.now().Sub(theirs); off.Abs() > apart {
		h.log.Warn("this machine's clock and PostgreSQL's differ; set both by NTP, for daemons whose clocks differ may send a letter twice", "by", off.Round(time.Second))
	}
	return nil
}

// fleet makes the daemon one of those that share the work on one PostgreSQL, and returns its parts in that.
func (h daemon) fleet(ctx context.Context, annexe *store.Annexe, o *outbox.Outbox, box func(context.Context) error, owed <-chan struct{}) ([]func(context.Context) error, error) {
	o.Lease = inFleet
	if err := h.compareClocks(ctx, annexe); err != nil {
		return nil, err
	}
	desk, reviews := editor{h.house}, earliest{}
	orders := fleet.Orders{
		Make: func(ctx context.Context, digest string) error { h.makeDue(ctx, digest); return nil },
		Edit: func(ctx context.Context) error { desk.approved(ctx); desk.reviews(ctx); return nil },
		Ripe: h.ripeHosts, Gather: h.gatherHost, Deliver: stints(o), Mailbox: box, Sweep: h.store.Sweep,
		Editions: map[string]fleet.Schedule{}, Looks: look, Polls: h.pollEvery(),
		Delivers: h.roles.deliver, Mails: h.roles.mail, Now: h.now, Log: h.log,
	}
	if h.roles.gather {
		orders.Gathers = max(1, h.config.Gather.Hosts)
	}
	for i, d := range h.digests {
		schedule, err := ParseSchedule(d.Schedule, d.Location)
		if err != nil {
			return nil, err
		}
		orders.Editions[d.Name] = schedule
		reviews = append(reviews, ahead{schedule, h.config.Digest[i].Review})
	}
	orders.Reviews = reviews
	f, err := fleet.Join(ctx, annexe, orders)
	if err != nil {
		return nil, fmt.Errorf("join the daemons that share this store: %w", err)
	}
	h.store.AtSeal(f.Sealed)
	parts := []func(context.Context) error{f.Run, func(ctx context.Context) error { return h.signal(ctx, f, owed) }}
	if h.roles.gather {
		parts = append(parts, func(ctx context.Context) error { return h.decided(ctx, f) })
	}
	return parts, nil
}

// earliest comes when any of its schedules does.
type earliest []fleet.Schedule

// Next implements [fleet.Schedule].
func (e earliest) Next(after time.Time) (first time.Time) {
	for _, s := range e {
		if at := s.Next(after); first.IsZero() || !at.IsZero() && at.Before(first) {
			first = at
		}
	}
	return first
}

// decided tells the fleet when a file of decisions changes here.
func (h daemon) decided(ctx context.Context, f *fleet.Fleet) error {
	editor{h.house}.watch(ctx, func() {
		if err := f.Decided(ctx); err != nil && ctx.Err() == nil {
			h.log.Warn("what was decided is looked at a little later", "err", err)
		}
	})
	<-ctx.Done() // where files cannot be watched
	return nil
}

// signal tells the fleet whenever something is owed here. What could not be told is found by the clock.
func (h daemon) signal(ctx context.Context, f *fleet.Fleet, owed <-chan struct{}) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-owed:
			if err := f.Owe(ctx); err != nil && ctx.Err() == nil {
				h.log.Warn("a letter may leave a little later", "err", err)
			}
		}
	}
}

// stint is a ledger that owes nothing more once its time is up, so that a drain of millions ends now and then.
type stint struct {
	outbox.Ledger
	over, left atomic.Bool
}

// aStint is how long one lasts.
const aStint = 30 * time.Second

// stints makes an outbox deliver by stints. They follow one another.
func stints(o *outbox.Outbox) func(context.Context) (more bool, err error) {
	t := &stint{Ledger: o.Ledger}
	o.Ledger = t
	return func(ctx context.Context) (bool, error) {
		t.over.Store(false)
		t.left.Store(false)
		defer time.AfterFunc(aStint, func() { t.over.Store(true) }).Stop()
		_, err := o.Drain(ctx)
		return t.left.Load(), err
	}
}

// Claim implements [outbox.Ledger].
func (t *stint) Claim(ctx context.Context, n int, now, until time.Time) ([]digest.Delivery, error) {
	if t.over.Load() {
		t.left.Store(true)
		return nil, nil
	}
	return t.Ledger.Claim(ctx, n, now, until)
}

// ripeHosts names the hosts that may have something new: addresses of sources stay out of what is handed around, since
// some have keys in them.
func (h daemon) ripeHosts(ctx context.Context) ([]string, error) {
	ripe, err := h.feeds.Ripe(ctx, allSources(h.digests))
	if err != nil {
		return nil, err
	}
	var hosts []string
	for _, s := range ripe {
		hosts = append(hosts, hostOf(s))
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), nil
}

// gatherHost reads what is ripe by now at a host.
func (h daemon) gatherHost(ctx context.Context, host string) error {
	all := slices.DeleteFunc(allSources(h.digests), func(s digest.Source) bool { return hostOf(s) != host })
	ripe, err := h.feeds.Ripe(ctx, all)
	if err != nil || len(ripe) == 0 {
		return err
	}
	_, err = h.press.Gather(ctx, ripe)
	return err
}

// hostOf names the host of a source. Documents of a machine's own are a host of their own.
func hostOf(s digest.Source) string {
	if u, err := url.Parse(s.URL); err == nil && u.Host != "" {
		return strings.ToLower(u.Hostname())
	}
	return "file:"
}
