package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

// Runner works on the queue of one store with the handlers it was given; work of other kinds waits for a runner that
// knows them. Several Runners, in one process or many, share the work.
type Runner struct {
	db       *db.DB
	handlers map[string]Handler
	log      *slog.Logger
	kinds    []any  // of the handlers
	in       string // their placeholders, from $2

	workers  int           // items at a time
	perOrg   int           // of them of one organisation
	poll     time.Duration // between looks at the queue that nobody asked for
	lease    time.Duration // after which others take an item over that was not renewed
	longest  time.Duration // an attempt may take
	real     clock.Clock   // of leases
	wake     chan struct{}
	claiming sync.Mutex // held by Due throughout, by Run while it claims

	mu      sync.Mutex
	orgs    []ids.ID // with due work, in turn
	visits  int      // until the list is read again
	running map[ids.ID]int
}

// visitsPerOrg is how many items an organisation gets, one by one in turn with the others, before the list of those
// with due work is read again. Reading it costs as much as there are due items.
const visitsPerOrg = 8

// New makes a runner; Run or Due sets it to work.
func New(d *db.DB, handlers map[string]Handler, log *slog.Logger) *Runner {
	r := &Runner{
		db: d, handlers: handlers, log: log,
		workers: 8, perOrg: 4, poll: time.Second, lease: 30 * time.Second, longest: 10 * time.Minute,
		real: clock.System{}, wake: make(chan struct{}, 1), running: map[ids.ID]int{},
	}
	var names, places []string
	for k := range handlers {
		names = append(names, k)
	}
	slices.Sort(names)
	for i, k := range names {
		r.kinds = append(r.kinds, k)
		places = append(places, fmt.Sprintf("$%d", i+2))
	}
	r.in = strings.Join(places, ", ")
	if len(places) == 0 {
		r.in = "''"
	}
	return r
}

// Run works on what is due until ctx ends, and returns when its handlers have returned. New work of this process
// starts at once, that of others within a second. While the clock of a sandbox has been set and what fell due was not
// yet settled, Run rests.
func (r *Runner) Run(ctx context.Context) {
	defer r.db.OnWake(r.awake)()
	var work sync.WaitGroup
	defer work.Wait()
	slots := make(chan struct{}, r.workers)
	poll := time.NewTicker(r.poll)
	defer poll.Stop()
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		it, at, ok, err := r.next(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "no work could be claimed", "error", err)
		}
		if ok {
			work.Go(func() {
				defer func() {
					<-slots
					r.leave(it.Org)
					r.awake()
				}()
				r.attempt(ctx, it, at, time.Time{})
			})
			continue
		}
		<-slots
		select {
		case <-r.wake:
		case <-poll.C:
		case <-ctx.Done():
			return
		}
	}
}

func (r *Runner) awake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// next claims an item of the organisation whose turn it is.
func (r *Runner) next(ctx context.Context) (it Item, at time.Time, ok bool, err error) {
	r.claiming.Lock()
	defer r.claiming.Unlock()
	if r.visits <= 0 || len(r.orgs) == 0 {
		if err := r.readTurns(ctx); err != nil {
			return it, at, false, err
		}
	}
	for tries := len(r.orgs); tries > 0; tries-- {
		org := r.orgs[0]
		r.orgs = r.orgs[1:]
		r.visits--
		if !r.enter(org) {
			r.orgs = append(r.orgs, org)
			continue
		}
		it, at, ok, err = r.claim(ctx, org, false, time.Time{})
		if ok {
			r.orgs = append(r.orgs, org)
			return it, at, true, nil
		}
		r.leave(org)
		if err != nil {
			return it, at, false, err
		}
	}
	r.visits = 0
	return it, at, false, nil
}

// enter counts an item of org as running unless it has its share.
func (r *Runner) enter(org ids.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running[org] >= r.perOrg {
		return false
	}
	r.running[org]++
	return true
}

func (r *Runner) leave(org ids.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running[org]--; r.running[org] == 0 {
		delete(r.running, org)
	}
}

// readTurns lists the organisations with due work.
func (r *Runner) readTurns(ctx context.Context) error {
	r.orgs = nil
	if err := r.reclaim(ctx); err != nil {
		return err
	}
	err := r.db.Read(ctx, worker, func(tx *db.Tx) error {
		var rests bool
		if err := tx.Row(`SELECT clock_offset <> settled_offset FROM store WHERE id = 1`).Scan(&rests); err != nil || rests {
			return err
		}
		rows, err := tx.Query(`SELECT DISTINCT org_id FROM work WHERE state = 'ready' AND due <= $1 AND kind IN (`+r.in+`) ORDER BY org_id`,
			append([]any{tx.Now().UnixMicro()}, r.kinds...)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var org ids.ID
			if err := rows.Scan(&org); err != nil {
				return err
			}
			r.orgs = append(r.orgs, org)
		}
		return rows.Err()
	})
	r.visits = visitsPerOrg * len(r.orgs)
	if err != nil {
		return fmt.Errorf("look for due work: %w", err)
	}
	return nil
}

// attempt calls the handler with the lease kept alive and records the outcome, at finished, which if zero is now.
func (r *Runner) attempt(ctx context.Context, it Item, at, finished time.Time) {
	acting, cancel := context.WithTimeout(ctx, r.longest)
	var beat sync.WaitGroup
	beat.Go(func() { r.heartbeat(acting, cancel, it) })
	err := r.call(acting, it, at)
	cancel()
	beat.Wait()

	lasting := context.WithoutCancel(ctx) // what was done is recorded though the process stops
	if err != nil && ctx.Err() != nil {
		err = r.release(lasting, it)
	} else {
		if err != nil {
			r.log.WarnContext(ctx, "work failed", "org", it.Org, "kind", it.Kind, "key", it.Key, "attempt", it.Attempt,
				"dead", it.Attempt >= MaxAttempts, "error", err)
		}
		err = r.finish(lasting, it, finished, err)
	}
	if err != nil {
		r.log.ErrorContext(ctx, "the outcome of work could not be recorded; it runs again", "kind", it.Kind, "key", it.Key, "error", err)
	}
}

// heartbeat renews the lease of it until ctx ends, and calls lost when it is another's. A renewal that fails is tried
// again at the next beat; there are three to a lease.
func (r *Runner) heartbeat(ctx context.Context, lost func(), it Item) {
	t := time.NewTicker(r.lease / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		held, err := r.renew(ctx, it)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.log.WarnContext(ctx, "a lease could not be renewed", "kind", it.Kind, "key", it.Key, "error", err)
		case !held:
			lost() // also after Done: the work is over
			return
		}
	}
}

// call calls the handler; its panic is a failure like others.
func (r *Runner) call(ctx context.Context, it Item, at time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.ErrorContext(ctx, "panic in a handler", "kind", it.Kind, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if err := r.handlers[it.Kind](ctx, it, at); err != nil {
		if errors.Is(err, context.DeadlineExceeded) && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("it took longer than %s: %w", r.longest, err)
		}
		return err
	}
	return nil
}
