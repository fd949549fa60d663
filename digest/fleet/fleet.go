// Package fleet lets any number of daemons on one PostgreSQL share the work, as jobs of River.
//
// A job says that something may have to be done and nothing more: that a digest may be due, that a host may have
// something new, that letters may be owed. Who takes it up calls the very function that a single daemon calls, and that
// asks the store what there is to do. So the store alone is believed. Slots tell which editions are sealed, marks tell
// which sources are due, and the ledger's claims, leases and fences tell whose a letter is. A job that is lost is made
// again within a moment, as periodic jobs look for what was missed; a job that runs twice finds nothing to do the second
// time. Neither loses a letter nor sends one twice.
//
// It promises that one job of a name is under way at a time, so that a host is asked by one daemon, and a mailbox read
// by one; that what a dead daemon was at is taken up by another within a minute; that a seal and the news of it are
// one transaction; and that a daemon which cannot do what it takes up rests before it takes up more, so that those who
// can are left something.
//
// It refuses to know what is done. Which rooms of the house do the work is told by [Orders].
//
// It stores jobs in River's tables, beside the store's. A job's arguments are a few words of JSON, to which later
// versions may only add; a kind of job that a daemon does not know stays for one that does. So daemons of two versions
// can work side by side while the newer takes over. A job of an unknown kind whose worker died may be thrown away; the
// periodic jobs of the newer daemons make it again.
//
// # How far it goes
//
// Computed, not measured, from what one letter costs: one row of a ledger (about 120 bytes, and 60 in the primary key's
// index), and three changes to it (claimed, handed over, settled; the last two share a commit with their neighbours on
// the other connections). Each change writes a new version of the row, and about 300 bytes of WAL.
//
//	readers a day                           1 million     10 million     100 million
//	rows a day, with index                  0.2 GB        2 GB           20 GB
//	changes a second, over two hours        420           4,200          42,000
//	WAL a day                               1 GB          10 GB          100 GB
//	letters a second, over two hours        140           1,400          14,000
//	at 50 KB                                7 MB/s        70 MB/s        0.7 GB/s
//	connections, at 0.2 s a letter          28            280            2,800
//	daemons, at 500 connections             1             1              6
//	jobs of delivery an edition             up to 32, whatever the number of readers
//
// Ten million readers are within reach of one PostgreSQL server of the ordinary kind (8 cores, 32 GB, a disk that
// commits within a millisecond) as it stands, with three settings: wal_compression, max_wal_size of 16 GB or more so that
// checkpoints do not follow one another, and for the table of deliveries autovacuum_vacuum_scale_factor of 0.02 with
// fillfactor 70. Every change of state is a change of an indexed column for the two partial indexes of what is due, so
// no update is in place (HOT) until the letter has left them; the index of what is due is at most as large as what is
// still owed, and vacuum has three dead versions a letter to clear away, 30 million a day. Sealing inserts one row a
// reader in one statement: about a minute for ten million, in which the edition is not there yet and nothing waits but
// another seal.
//
// A hundred million need more than settings, and this package does not have it. The sealing statement would run for ten
// minutes, so it would have to be cut into ranges of readers; 42,000 changes a second are beyond one table that vacuum
// must keep up with, so deliveries would be partitioned by edition (the letter's number, which is the first column of
// the primary key already) and an edition's partition dropped once it has ended, when only its counts are kept; all
// claims meet at the head of one index, so each daemon would claim from a range of readers of its own; and 0.7 GB/s of
// letters ask for many relays in several places. Of the jobs nothing would have to change.
package fleet

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// Orders are what a daemon of the fleet does, and when. All of them are required, but for what is told.
type Orders struct {
	// Make makes the digest's newest edition if that is due.
	Make func(ctx context.Context, digest string) error
	// Ripe names the hosts that may have something new.
	Ripe func(ctx context.Context) ([]string, error)
	// Gather reads what is ripe at a host.
	Gather func(ctx context.Context, host string) error
	// Deliver delivers what is owed for a turn, of half a minute or so; more says that the turn was over before
	// the work.
	Deliver func(ctx context.Context) (more bool, err error)
	// Mailbox takes in the mail of a mailbox until ctx ends; nil: there is none.
	Mailbox func(ctx context.Context) error
	// Sweep throws away what is kept no longer.
	Sweep func(ctx context.Context) error

	Editions map[string]Schedule // when each digest appears
	Looks    time.Duration       // how often it is looked for what was missed
	Polls    time.Duration       // how often it is looked for ripe hosts

	Gathers  int  // how many hosts this daemon reads at a time; 0: it gathers nothing and makes no edition
	Delivers bool // it delivers
	Mails    bool // it reads the mailbox

	Now func() time.Time
	Log *slog.Logger
}

// Schedule tells when something comes next; never, if that is zero.
type Schedule interface {
	Next(after time.Time) time.Time
}

// Port is where a fleet meets: a handle to the database, a session for its messages, and a way to have nobody else
// build tables meanwhile.
type Port interface {
	Handles() (*sql.DB, *pgxpool.Pool)
	Build(ctx context.Context, do func() error) error
}

// Fleet is one daemon's part in it.
type Fleet struct {
	orders Orders
	client *river.Client[*sql.Tx]
	db     *sql.DB
}

// How soon a daemon that has died is known to be dead: it has not been heard of for so long, which is looked at every
// half a minute (River's own interval), and what it was at is handed out within five seconds more.
const (
	silence = 20 * time.Second
	pulse   = 5 * time.Second
)

// kept is for how long jobs that are done are kept, to be looked at.
const kept = time.Hour

// Join makes a daemon part of the fleet that meets at a port, and brings River's tables there up to date. It does
// nothing until [Fleet.Run], but may be told of what is owed.
func Join(ctx context.Context, port Port, o Orders) (*Fleet, error) {
	db, listen := port.Handles()
	driver := riverdatabasesql.NewWithPgxListener(db, listen)
	log := slog.New(quiet{o.Log.Handler()})
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log})
	if err != nil {
		return nil, fmt.Errorf("tables of jobs: %w", err)
	}
	err = port.Build(ctx, func() error {
		_, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("bring the tables of jobs up to date: %w", err)
	}
	f := &Fleet{orders: o, db: db}
	workers, err := f.workers()
	if err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	config := &river.Config{
		Workers: workers, Queues: f.queues(), Middleware: []rivertype.Middleware{river.WorkerMiddlewareFunc(f.alive)},
		FetchOnlyKnownKinds: true, FetchPollInterval: time.Second,
		JobTimeout: silence, RescueStuckJobsAfter: silence, JobStuckThreshold: 24 * time.Hour, RetryPolicy: again{},
		CompletedJobRetentionPeriod: kept, CancelledJobRetentionPeriod: kept, DiscardedJobRetentionPeriod: kept,
		Logger: log,
	}
	if len(config.Queues) > 0 {
		config.PeriodicJobs = f.watches()
	}
	if f.client, err = river.NewClient(driver, config); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	return f, nil
}

// Run takes up jobs until ctx ends, then lets go of those under way, and returns when they have ended. A daemon with
// nothing to do only waits.
func (f *Fleet) Run(ctx context.Context) error {
	if len(f.queues()) == 0 {
		<-ctx.Done()
		return nil
	}
	lasting := context.WithoutCancel(ctx)
	if err := f.client.Start(lasting); err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	<-ctx.Done()
	lasting, cancel := context.WithTimeout(lasting, time.Minute)
	defer cancel()
	if err := f.client.StopAndCancel(lasting); err != nil {
		return fmt.Errorf("fleet: the jobs under way did not end: %w", err)
	}
	return nil
}

// Owe tells the fleet that letters may be owed.
func (f *Fleet) Owe(ctx context.Context) error {
	_, err := f.client.Insert(ctx, deliver{}, nil)
	if err != nil {
		return fmt.Errorf("tell the fleet that letters are owed: %w", err)
	}
	return nil
}

// Sealed tells the fleet, within the transaction of a seal, how many letters that owes.
func (f *Fleet) Sealed(ctx context.Context, tx *sql.Tx, owed int) error {
	if _, err := f.client.InsertManyTx(ctx, tx, shares(owed)); err != nil {
		return fmt.Errorf("tell the fleet that letters are owed: %w", err)
	}
	return nil
}
