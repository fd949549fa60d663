package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// roles are what a daemon does of all that there is to do.
type roles struct{ web, mail, gather, deliver bool }

func allRoles() []string { return []string{"web", "mail", "gather", "deliver"} }

// parseRoles reads what follows --roles.
func parseRoles(names []string) (roles, error) {
	for _, name := range names {
		if !slices.Contains(allRoles(), name) {
			return roles{}, usageError{fmt.Errorf("--roles: there is no role %q; there are: %s", name, strings.Join(allRoles(), ", "))}
		}
	}
	has := func(name string) bool { return slices.Contains(names, name) }
	r := roles{web: has("web"), mail: has("mail"), gather: has("gather"), deliver: has("deliver")}
	if r == (roles{}) {
		return r, usageError{fmt.Errorf("--roles: name at least one of: %s", strings.Join(allRoles(), ", "))}
	}
	return r, nil
}

// parts are what a daemon does side by side, each until its context ends, and what is let go of when all have ended.
type parts struct {
	run  []func(context.Context) error
	ends []func() error
}

func (p *parts) add(run ...func(context.Context) error) { p.run = append(p.run, run...) }

// close lets go of everything, the last first. What was closed on the way is none the worse for it.
func (p *parts) close() {
	for _, end := range slices.Backward(p.ends) {
		_ = end()
	}
}

// parts opens what the daemon's roles need. What can go wrong at once goes wrong here.
func (h daemon) parts(ctx context.Context) (*parts, error) {
	p, owed := &parts{}, make(chan struct{}, 1)
	room := newMailroom(h.house, owed)
	pages, err := h.addPages(ctx, p, owed)
	if err == nil && h.roles.mail {
		err = addDoor(ctx, p, room)
	}
	if err == nil {
		err = h.addWork(ctx, p, room, owed)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	h.log.Info("serving", "version", version(), "pages", pages, "digests", len(h.digests), "sources", len(allSources(h.digests)))
	return p, nil
}

// addPages opens the readers' pages and returns where they are.
func (h daemon) addPages(ctx context.Context, p *parts, owed chan<- struct{}) (string, error) {
	if !h.roles.web {
		return "", nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.config.Web.Listen)
	if err != nil {
		return "", fmt.Errorf("web.listen: cannot listen on %s: %w", h.config.Web.Listen, err)
	}
	p.ends = append(p.ends, listener.Close)
	p.add(func(ctx context.Context) error { return h.pages(ctx, listener, owed) })
	return "http://" + listener.Addr().String(), nil
}

// addDoor opens the door for mail.
func addDoor(ctx context.Context, p *parts, room mailroom) error {
	door, err := room.door(ctx)
	if door != nil {
		p.add(door)
	}
	return err
}

// heed is how soon the daemon delivers what another process has made owed, such as `tidings run` by hand.
const heed = 2 * time.Second

// addWork adds what comes by the clock: shared with the other daemons on PostgreSQL, all here on SQLite.
func (h daemon) addWork(ctx context.Context, p *parts, room mailroom, owed chan struct{}) error {
	o, err := h.outbox(h.store)
	if err != nil {
		return err
	}
	box, err := room.box()
	if err != nil {
		return err
	}
	annexe, err := h.store.Annexe(ctx)
	if err != nil {
		return err
	}
	if annexe != nil {
		p.ends = append(p.ends, func() error { annexe.Close(); return nil })
		run, err := h.fleet(ctx, annexe, o, box, owed)
		p.add(run...)
		return err
	}
	if box != nil && h.roles.mail {
		p.add(box)
	}
	if h.roles.gather {
		p.add(func(ctx context.Context) error { return h.mornings(ctx, owed) }, h.polls)
	}
	if o.Wake, o.Poll = owed, heed; h.roles.deliver {
		p.add(o.Run)
	}
	return nil
}
