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
// Limits of connections and rates are each daemon's own: three daemons open three times as many. A warm-up is all
// theirs together, as the ledger counts what has left.
//
// The daemons' clocks should agree, as those of machines with NTP do. A claim ends by its owner's clock, and by that of
// who takes it over; the database's is not asked. An owner begins no letter in the last quarter of a claim's minute and
// breaks one off in the last tenth, as measured and not as the clock is set. So clocks that are six seconds apart never
// make two daemons send one letter, and those that are a quarter of a minute apart do so only with letters that take
// longer than nine seconds. Beyond that a fence keeps the ledger right, and a reader may get a letter twice.
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
// Computed from what one letter was seen to cost on PostgreSQL 15: a row of 110 bytes in pages that are filled to three
// fifths, and 36 in the primary key's index;
// three changes to it (claimed, handed over, settled; the last two share a commit with their neighbours on the other
// connections), each of which leaves a dead version of the row and two of them dead entries; 250 bytes of WAL when it is
// sealed and 770 for the three changes, besides the images of whole pages that follow a checkpoint.
//
//	readers a day                           1 million     10 million     100 million
//	rows a day, with index                  0.22 GB       2.2 GB         22 GB
//	changes a second, over two hours        420           4,200          42,000
//	dead versions a day                     3 million     30 million     300 million
//	WAL a day                               1.0 GB        10 GB          100 GB
//	letters a second, over two hours        140           1,400          14,000
//	at 50 KB                                7 MB/s        70 MB/s        0.7 GB/s
//	connections to relays, 0.2 s a letter   28            280            2,800
//	daemons, of 500 such connections        1             1              6
//	jobs that deliver an edition            at most 32, whatever the number of readers
//
// Ten million readers are within reach of one PostgreSQL of the ordinary kind (8 cores, 32 GB, a disk that commits
// within a millisecond) as it stands. It wants max_wal_size of 16 GB or more, so that checkpoints are rare and whole
// pages seldom written, and wal_compression. The store sees to the table of deliveries: its pages have room, so that the
// handing over is made in place (HOT), and it is vacuumed when a fiftieth of it is dead. The other two changes move the
// row in the index of what is due, which holds only what has not ended. A seal owes everything in one statement, at 25,000
// to 200,000 rows a second; for its minutes the edition is not there yet, and nothing waits for it but another seal. A
// daemon takes up to 18 sessions, so that the 100 which PostgreSQL allows by default are enough for five.
//
// A hundred million want more than settings, and the store does not have it. The sealing statement would run for ten
// minutes to an hour, so it would be cut into ranges of readers. Deliveries would be partitioned by edition (its number
// is the first column of the primary key already), so that vacuum looks at what is being sent only, and a partition
// would be dropped, and its counts kept, when its edition has ended: a year of rows is 8 TB. All claims meet at the head
// of one index, where daemons pass over each other's rows; each would claim from a range of readers of its own. And
// 0.7 GB/s of letters want many relays in several places. Of the jobs nothing would change.
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
	// Edit does what the editor decided of editions to come, and tells him of them.
	Edit func(ctx context.Context) error
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
	Reviews  Schedule            // when the editor is to be told
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
	said   complaints
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
	f := &Fleet{orders: o, db: db, said: complaints{last: map[string]complaint{}}}
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
	if _, err := f.client.Insert(ctx, deliver{}, nil); err != nil {
		return fmt.Errorf("tell the fleet that letters are owed: %w", err)
	}
	return nil
}

// Decided tells the fleet that an editor has decided something.
func (f *Fleet) Decided(ctx context.Context) error {
	jobs := []river.InsertManyParams{{Args: desk{}}}
	for name := range f.orders.Editions {
		jobs = append(jobs, river.InsertManyParams{Args: edition{Digest: name}})
	}
	if _, err := f.client.InsertMany(ctx, jobs); err != nil {
		return fmt.Errorf("tell the fleet what was decided: %w", err)
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
