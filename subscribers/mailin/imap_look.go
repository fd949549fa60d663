package mailin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// kept is what is remembered of a folder. Most of the time that is nothing, since what was dealt with is no longer
// there. UIDs mean something only as long as the folder's UIDVALIDITY is the same (RFC 9051, section 2.3.1.1).
type kept struct {
	Validity uint32           `json:"validity"`
	Tried    map[imap.UID]try `json:"tried,omitempty"`
	Handled  []imap.UID       `json:"handled,omitempty"` // and not moved away yet
}

// try is what is known of a mail that could not be dealt with.
type try struct {
	Times int   `json:"times"`
	After int64 `json:"after"` // not to be tried again before, in seconds since 1970
}

func (k kept) clone() kept {
	k.Tried, k.Handled = maps.Clone(k.Tried), slices.Clone(k.Handled)
	return k
}

func (k kept) same(o kept) bool {
	return k.Validity == o.Validity && maps.Equal(k.Tried, o.Tried) && slices.Equal(k.Handled, o.Handled)
}

// name is under what the mailbox is remembered.
func (m *Mailbox) name() string { return m.Account.User + "@" + m.Account.Host + "/" + m.Folder }

// enter opens the folder and recalls what is known of it. When the folder was made anew, its UIDs are others' and
// all is forgotten; mails that were handled before will be known again by the handler. It is opened for each look:
// who keeps open a folder that was made anew may look for ever at the one that is no more (seen in Dovecot).
func (v *visit) enter(ctx context.Context) error {
	var data *imap.SelectData
	err := v.within(ctx, func() (err error) {
		data, err = v.client.Select(v.Folder, nil).Wait()
		return err
	})
	if err != nil {
		return fmt.Errorf("the folder %q cannot be opened: %w", v.Folder, err)
	}
	text, err := v.Memory.Mailbox(ctx, v.name())
	if err != nil {
		return err
	}
	v.kept = kept{Validity: data.UIDValidity}
	if known := (kept{}); json.Unmarshal([]byte(text), &known) == nil && known.Validity == data.UIDValidity {
		v.kept = known
	}
	v.stored = v.kept.clone()
	return nil
}

// keep remembers what has changed.
func (v *visit) keep(ctx context.Context) error {
	if v.kept.same(v.stored) {
		return nil
	}
	text, err := json.Marshal(v.kept)
	if err != nil {
		return err
	}
	if err := v.Memory.KeepMailbox(ctx, v.name(), string(text)); err != nil {
		return err
	}
	v.stored = v.kept.clone()
	return nil
}

// look takes all mails that are there, the oldest first, and moves away what is done with.
func (v *visit) look(ctx context.Context) error {
	select {
	case <-v.news: // told before we look
	default:
	}
	if err := v.enter(ctx); err != nil {
		return err
	}
	all, err := v.waiting(ctx)
	if err != nil {
		return err
	}
	v.kept.forgetOthers(all)
	for some := range slices.Chunk(all, batch) {
		taken := v.takeSome(ctx, some)
		// What was handled is moved even when we are told to stop, so that it need not be known again.
		if err := errors.Join(taken, v.tidy(context.WithoutCancel(ctx))); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return v.keep(ctx)
}

// waiting returns the mails in the folder. Marked as deleted are those that were copied where nothing can be moved.
func (v *visit) waiting(ctx context.Context) (all []imap.UID, err error) {
	err = v.within(ctx, func() error {
		found, err := v.client.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}, nil).Wait()
		if err != nil {
			return fmt.Errorf("the folder %q cannot be searched: %w", v.Folder, err)
		}
		all = found.AllUIDs()
		slices.Sort(all)
		return nil
	})
	return all, err
}

// forgetOthers forgets mails that are no longer there.
func (k *kept) forgetOthers(there []imap.UID) {
	gone := func(uid imap.UID) bool { _, found := slices.BinarySearch(there, uid); return !found }
	maps.DeleteFunc(k.Tried, func(uid imap.UID, _ try) bool { return gone(uid) })
	k.Handled = slices.DeleteFunc(k.Handled, gone)
}

// takeSome hands mails over. One that the handler fails on does not stop the others.
func (v *visit) takeSome(ctx context.Context, some []imap.UID) error {
	for _, uid := range some {
		if ctx.Err() != nil {
			return nil
		}
		if slices.Contains(v.kept.Handled, uid) || v.Now().Unix() < v.kept.Tried[uid].After || v.kept.Tried[uid].Times >= mostTries {
			continue
		}
		raw, there, err := v.fetch(ctx, uid)
		if err != nil {
			return fmt.Errorf("mail %d cannot be fetched: %w", uid, err)
		}
		if !there {
			continue // another program has moved it
		}
		err = v.Handle.safely(ctx, Incoming{Raw: raw, Way: ByIMAP, Received: v.Now()})
		if err == nil || refused(err) != nil { // whom a refusal is for does not listen here
			v.kept.Handled = append(v.kept.Handled, uid)
			delete(v.kept.Tried, uid)
			continue
		}
		if err := v.failedOn(ctx, uid, err); err != nil {
			return err
		}
	}
	return nil
}

// failedOn counts a failure. While the store is away none is counted, so an outage of ours is not held against the
// mails: only what can be remembered is.
func (v *visit) failedOn(ctx context.Context, uid imap.UID, cause error) error {
	t := v.kept.Tried[uid]
	wait := v.every() << t.Times
	t = try{Times: t.Times + 1, After: v.Now().Add(wait).Unix()}
	if v.kept.Tried == nil {
		v.kept.Tried = map[imap.UID]try{}
	}
	v.kept.Tried[uid] = t
	if err := v.keep(ctx); err != nil {
		return errors.Join(cause, err)
	}
	if t.Times >= mostTries {
		v.Log.Error("mail given up", "uid", uid, "moved_to", v.failed, "tries", t.Times, "err", cause)
		return nil
	}
	v.Log.Warn("mail not dealt with, it stays where it is", "uid", uid, "tries", t.Times, "again_in", wait.String(), "err", cause)
	return nil
}

// fetch returns a mail, cut at [MaxSize]: its beginning says what it means. It stays unread for those who look at
// the folder.
func (v *visit) fetch(ctx context.Context, uid imap.UID) (raw []byte, there bool, err error) {
	err = v.within(ctx, func() error {
		body := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: MaxSize}}
		cmd := v.client.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{body}})
		for mail := cmd.Next(); mail != nil; mail = cmd.Next() {
			for item := mail.Next(); item != nil; item = mail.Next() {
				section, ok := item.(imapclient.FetchItemDataBodySection)
				if !ok || section.Literal == nil {
					continue
				}
				if raw, err = io.ReadAll(io.LimitReader(section.Literal, MaxSize)); err != nil {
					return errors.Join(err, cmd.Close())
				}
				there = true
			}
		}
		return cmd.Close()
	})
	return raw, there, err
}

// tidy moves away what was handled and what is given up. What cannot be moved now is remembered, so that it is
// not handled again.
func (v *visit) tidy(ctx context.Context) error {
	var hopeless []imap.UID
	for uid, t := range v.kept.Tried {
		if t.Times >= mostTries {
			hopeless = append(hopeless, uid)
		}
	}
	if err := v.move(ctx, v.kept.Handled, v.Done); err != nil {
		return errors.Join(err, v.keep(ctx))
	}
	v.kept.Handled = nil
	if err := v.move(ctx, hopeless, v.failed); err != nil {
		return errors.Join(err, v.keep(ctx))
	}
	for _, uid := range hopeless {
		delete(v.kept.Tried, uid)
	}
	return nil
}

// move puts mails into another folder.
func (v *visit) move(ctx context.Context, mails []imap.UID, folder string) error {
	if len(mails) == 0 {
		return nil
	}
	err := v.within(ctx, func() error {
		if v.client.Caps().Has(imap.CapMove) {
			_, err := v.client.Move(imap.UIDSetNum(mails...), folder).Wait()
			return err
		}
		return v.copyAway(imap.UIDSetNum(mails...), folder)
	})
	if err != nil {
		return fmt.Errorf("%d mails cannot be moved to the folder %q: %w", len(mails), folder, err)
	}
	return nil
}

// copyAway is for servers that cannot move: mails are copied, only then marked as deleted, and of all that are
// marked just they are removed. Without UIDPLUS nobody can say which, so they stay, marked. (The library's own way
// marks also what was not copied, and then removes whatever is marked.)
func (v *visit) copyAway(mails imap.UIDSet, folder string) error {
	if _, err := v.client.Copy(mails, folder).Wait(); err != nil {
		return err
	}
	mark := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := v.client.Store(mails, mark, nil).Close(); err != nil {
		return err
	}
	if v.client.Caps().Has(imap.CapUIDPlus) {
		return v.client.UIDExpunge(mails).Close()
	}
	return nil
}

// every is how often a folder is looked at.
func (m *Mailbox) every() time.Duration {
	if m.Poll <= 0 {
		return 5 * time.Minute
	}
	return min(m.Poll, longestIdle)
}
