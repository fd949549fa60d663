package fleet

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/riverqueue/river/rivertype"
)

// alive does a job, and meanwhile shows that its worker lives. River holds whoever has had a job for long for dead, and
// ends his context; our jobs take as long as they take. So what River believes to be when the job was taken up is when
// its worker was last heard of, and the context that River will end is replaced by the one that it came from.
//
// Who was held for dead and is not goes on with a job that another has taken up. That is no harm, see the package.
func (f *Fleet) alive(ctx context.Context, job *rivertype.JobRow, do func(context.Context) error) error {
	beating, stop := context.WithCancel(ctx)
	defer stop()
	go f.beat(beating, job.ID)
	return do(context.WithValue(ctx, unhurried{}, ctx))
}

// beat renews the time of a job while it is ours. A beat that fails is made up for by the next.
func (f *Fleet) beat(ctx context.Context, job int64) {
	const query = `UPDATE river_job SET attempted_at = now()
		WHERE id = $1 AND state = 'running' AND attempted_by[cardinality(attempted_by)] = $2`
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := f.db.ExecContext(ctx, query, job, f.client.ID()); err != nil && ctx.Err() == nil {
			f.orders.Log.Debug("sign of life not given", "err", err)
		}
	}
}

// unhurried finds, in the context of a job, the one without River's deadline.
type unhurried struct{}

func lasting(ctx context.Context) context.Context {
	if whole, ok := ctx.Value(unhurried{}).(context.Context); ok {
		return whole
	}
	return ctx
}

// complaints are what was said last of each kind of job, and when.
type complaints struct {
	mu   sync.Mutex
	last map[string]complaint
}

type complaint struct {
	words string
	at    time.Time
}

// complain tells what could not be done: as an error when it is another fault than before, and once an hour. Numbers
// make no other fault, for a broken connection tells its port.
func (f *Fleet) complain(ctx context.Context, kind string, err error) {
	f.said.mu.Lock()
	defer f.said.mu.Unlock()
	now := complaint{strings.Join(strings.FieldsFunc(err.Error(), unicode.IsDigit), ""), f.orders.Now()}
	level := slog.LevelDebug
	if was := f.said.last[kind]; was.words != now.words || now.at.Sub(was.at) >= time.Hour {
		level, f.said.last[kind] = slog.LevelError, now
	}
	f.orders.Log.Log(ctx, level, "not done, it will be tried again", "job", kind, "err", err)
}

// again is River's policy for jobs that ended badly: that of a dead worker, who has been silent long enough, is free at
// once, and one that panicked after as long a while.
type again struct{}

// NextRetry implements [river.ClientRetryPolicy].
func (again) NextRetry(job *rivertype.JobRow) time.Time {
	if job.AttemptedAt == nil {
		return job.ScheduledAt
	}
	return job.AttemptedAt.Add(silence)
}

// quiet makes what River tells of its every move a matter of debugging.
type quiet struct{ slog.Handler }

// Enabled implements [slog.Handler].
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return q.Handler.Enabled(ctx, softer(level))
}

// Handle implements [slog.Handler].
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = softer(r.Level)
	return q.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements [slog.Handler].
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }

func softer(level slog.Level) slog.Level {
	if level == slog.LevelInfo {
		return slog.LevelDebug
	}
	return level
}
