package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The queues, one for each kind of work that a daemon may or may not do.
const (
	press   = "press"
	sources = "sources"
	letters = "letters"
	mail    = "mail"
)

// queues returns the queues that this daemon works on, and how many jobs of each at a time. Letters are one job,
// because the connections are all of its; so is the press, because it needs the memory.
func (f *Fleet) queues() map[string]river.QueueConfig {
	o, q := f.orders, map[string]river.QueueConfig{}
	if o.Gathers > 0 {
		q[press], q[sources] = river.QueueConfig{MaxWorkers: 1}, river.QueueConfig{MaxWorkers: o.Gathers}
	}
	if o.Delivers {
		q[letters] = river.QueueConfig{MaxWorkers: 1}
	}
	if o.Mails && o.Mailbox != nil {
		q[mail] = river.QueueConfig{MaxWorkers: 1}
	}
	return q
}

// The kinds of jobs. Their names and arguments are stored, and read by other versions of this program: they may be
// added to, and never change.
type (
	// edition: a digest may be due.
	edition struct {
		Digest string `json:"digest"`
	}
	// desk: the editor may have decided something, or have to be told.
	desk struct{}
	// poll: hosts may be ripe.
	poll struct{}
	// gather: this host is.
	gather struct {
		Host string `json:"host"`
	}
	// deliver: letters may be owed. All shares are alike; there are several so that several daemons take part.
	deliver struct {
		Share int `json:"share"`
	}
	// mailbox: somebody is to read the mailbox.
	mailbox struct{}
	// sweep: something may be kept too long.
	sweep struct{}
)

func (edition) Kind() string { return "edition" }
func (desk) Kind() string    { return "desk" }
func (poll) Kind() string    { return "poll" }
func (gather) Kind() string  { return "gather" }
func (deliver) Kind() string { return "deliver" }
func (mailbox) Kind() string { return "mailbox" }
func (sweep) Kind() string   { return "sweep" }

// InsertOpts implements [river.JobArgsWithInsertOpts], here and below.
func (edition) InsertOpts() river.InsertOpts { return one(press) }
func (desk) InsertOpts() river.InsertOpts    { return one(press) }
func (poll) InsertOpts() river.InsertOpts    { return one(sources) }
func (gather) InsertOpts() river.InsertOpts  { return one(sources) }
func (deliver) InsertOpts() river.InsertOpts { return one(letters) }
func (mailbox) InsertOpts() river.InsertOpts { return one(mail) }
func (sweep) InsertOpts() river.InsertOpts   { return one(press) }

// one job of a name is waiting or under way at a time.
func one(queue string) river.InsertOpts {
	return river.InsertOpts{Queue: queue, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

// most is how many daemons deliver at a time at most, and fair is how many letters are worth another one.
const (
	most = 32
	fair = 500
)

// shares returns the jobs that deliver so many letters.
func shares(owed int) []river.InsertManyParams {
	jobs := make([]river.InsertManyParams, min(most, (owed+fair-1)/fair))
	for i := range jobs {
		jobs[i].Args = deliver{Share: i}
	}
	return jobs
}

// watches are the jobs that come by the clock, at whoever leads the fleet. They also come when the lead changes, for
// what was missed meanwhile; but not polls, since an edition that was missed reads all anyway. No two are alike: River
// cannot take the same job twice at one time.
func (f *Fleet) watches() []*river.PeriodicJob {
	o := f.orders
	var all []*river.PeriodicJob
	add := func(s river.PeriodicSchedule, job river.JobArgs) {
		all = append(all, river.NewPeriodicJob(s, func() (river.JobArgs, *river.InsertOpts) { return job, nil },
			&river.PeriodicJobOpts{RunOnStart: job != river.JobArgs(poll{})}))
	}
	for name, schedule := range o.Editions {
		add(soonest{schedule, o.Looks}, edition{Digest: name})
	}
	add(soonest{o.Reviews, o.Looks}, desk{})
	add(river.PeriodicInterval(o.Polls), poll{})
	add(river.PeriodicInterval(o.Looks), sweep{})
	add(river.PeriodicInterval(rest/2), deliver{})
	add(river.PeriodicInterval(rest), deliver{Share: most}) // for while a dead daemon seems to be at the other
	if o.Mailbox != nil {
		add(river.PeriodicInterval(rest), mailbox{})
	}
	return all
}

// soonest is a schedule, and now and then in between.
type soonest struct {
	Schedule
	every time.Duration
}

// Next implements [river.PeriodicSchedule].
func (s soonest) Next(after time.Time) time.Time {
	look := after.Add(s.every)
	if at := s.Schedule.Next(after); !at.IsZero() && at.Before(look) {
		return at
	}
	return look
}

// rest is for how long a daemon takes up no more of what it could not do.
const rest = 30 * time.Second

// watch is for how long one daemon reads the mailbox before it lets another.
const watch = 10 * time.Minute

// worker does one kind of job by a function. What that could not do is told and left: it comes again by the clock.
type worker[A river.JobArgs] struct {
	river.WorkerDefaults[A]
	fleet *Fleet
	do    func(ctx context.Context, args A) (again bool, err error)
}

// Work implements [river.Worker].
func (w worker[A]) Work(ctx context.Context, job *river.Job[A]) error {
	ctx = lasting(ctx)
	// The clock of who leads may be ahead of ours, and a digest is not due before its time.
	sleep(ctx, min(job.ScheduledAt.Sub(w.fleet.orders.Now()), time.Minute))
	again, err := w.do(ctx, job.Args)
	if ctx.Err() != nil {
		return river.JobSnooze(0) // let others have it at once
	}
	if err != nil {
		w.fleet.complain(ctx, job.Kind, err)
		sleep(ctx, rest)
	}
	if again {
		return river.JobSnooze(0)
	}
	return nil
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// workers are who does which kind. All are known to every daemon, whatever its queues: who leads the fleet takes care
// of the jobs of all.
func (f *Fleet) workers() (*river.Workers, error) {
	o, all := f.orders, river.NewWorkers()
	return all, errors.Join(
		river.AddWorkerSafely(all, worker[edition]{fleet: f, do: func(ctx context.Context, a edition) (bool, error) {
			return false, o.Make(ctx, a.Digest)
		}}),
		river.AddWorkerSafely(all, worker[desk]{fleet: f, do: func(ctx context.Context, _ desk) (bool, error) {
			return false, o.Edit(ctx)
		}}),
		river.AddWorkerSafely(all, worker[poll]{fleet: f, do: func(ctx context.Context, _ poll) (bool, error) {
			return false, f.poll(ctx)
		}}),
		river.AddWorkerSafely(all, worker[gather]{fleet: f, do: func(ctx context.Context, a gather) (bool, error) {
			return false, o.Gather(ctx, a.Host)
		}}),
		river.AddWorkerSafely(all, worker[deliver]{fleet: f, do: func(ctx context.Context, _ deliver) (bool, error) {
			return f.deliver(ctx)
		}}),
		river.AddWorkerSafely(all, worker[mailbox]{fleet: f, do: func(ctx context.Context, _ mailbox) (bool, error) {
			return f.mailbox(ctx)
		}}),
		river.AddWorkerSafely(all, worker[sweep]{fleet: f, do: func(ctx context.Context, _ sweep) (bool, error) {
			return false, o.Sweep(ctx)
		}}),
	)
}

// poll hands out the hosts that are ripe.
func (f *Fleet) poll(ctx context.Context) error {
	hosts, err := f.orders.Ripe(ctx)
	if err != nil || len(hosts) == 0 {
		return err
	}
	jobs := make([]river.InsertManyParams, len(hosts))
	for i, host := range hosts {
		jobs[i].Args = gather{Host: host}
	}
	_, err = f.client.InsertMany(ctx, jobs)
	return err
}

// deliver delivers for a turn. Where that was not enough, it calls all hands: much has fallen due at once, or those who
// were told of it have died. A share that failed is not lost either.
func (f *Fleet) deliver(ctx context.Context) (again bool, err error) {
	more, err := f.orders.Deliver(ctx)
	if more && err == nil {
		_, err = f.client.InsertMany(ctx, shares(most*fair))
	}
	return more || err != nil, err
}

// mailbox reads the mailbox for a watch, and hands it on.
func (f *Fleet) mailbox(ctx context.Context) (again bool, err error) {
	if f.orders.Mailbox == nil {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, watch)
	defer cancel()
	return true, f.orders.Mailbox(ctx)
}
