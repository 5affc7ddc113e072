package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
)

var quiet = slog.New(slog.DiscardHandler)

func enqueue(t *testing.T, d *db.DB, org ids.ID, kind, key string, due time.Time) {
	t.Helper()
	err := d.Write(context.Background(), db.Caller{Org: org}, func(tx *db.Tx) error {
		Enqueue(tx, kind, key, due)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, d *db.DB, org ids.ID) (out []Entry) {
	t.Helper()
	err := d.Read(context.Background(), db.Caller{Org: org}, func(tx *db.Tx) (err error) {
		out, err = List(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// diary is a handler that notes what it saw.
type diary struct {
	sync.Mutex
	lines []string
	fails map[string]int // calls that fail, by key
}

func (d *diary) handle(_ context.Context, it Item, at time.Time) error {
	d.Lock()
	defer d.Unlock()
	d.lines = append(d.lines, fmt.Sprintf("%s/%s@%s", it.Org, it.Key, at.Sub(dbtest.Start)))
	if d.fails[it.Key] > 0 {
		d.fails[it.Key]--
		return errors.New("the bank is closed")
	}
	return nil
}

func (d *diary) read() []string {
	d.Lock()
	defer d.Unlock()
	return slices.Clone(d.lines)
}

// start runs r until stop, which waits for its end.
func start(r *Runner) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	return func() { cancel(); wg.Wait() }
}

// until waits for what another goroutine brings about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestEnqueue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		in := func(d time.Duration) time.Time { return dbtest.Start.Add(d) }
		for _, e := range []struct {
			key string
			due time.Duration
		}{
			{"once", time.Hour}, {"earlier wins", time.Hour}, {"earlier wins", time.Minute}, {"later does not", time.Minute},
			{"later does not", time.Hour}, {"past is now", -time.Hour},
		} {
			enqueue(t, s.DB, "a", "k", e.key, in(e.due))
		}
		enqueue(t, s.DB, "b", "k", "once", in(2*time.Hour))
		want := map[string]time.Duration{"once": time.Hour, "earlier wins": time.Minute, "later does not": time.Minute, "past is now": 0}
		got := list(t, s.DB, "a")
		if len(got) != len(want) {
			t.Fatalf("List = %+v, want %d items", got, len(want))
		}
		for _, e := range got {
			if e.Due != in(want[e.Key]) || e.State != Ready {
				t.Errorf("%s: due %s, %s; want %s, ready", e.Key, e.Due, e.State, in(want[e.Key]))
			}
		}
		if n := len(list(t, s.DB, "")); n != 5 {
			t.Errorf("List without organisation gives %d items, want 5", n)
		}
		boom := errors.New("no")
		err := s.Write(context.Background(), db.Caller{Org: "c"}, func(tx *db.Tx) error {
			Enqueue(tx, "k", "rolled back", tx.Now())
			return boom
		})
		if !errors.Is(err, boom) || len(list(t, s.DB, "c")) != 0 {
			t.Errorf("a transaction that rolls back leaves work behind: %v", err)
		}
	})
}

func TestDue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		d := &diary{fails: map[string]int{"2 fails twice": 2}}
		chain := func(ctx context.Context, it Item, at time.Time) error {
			if err := d.handle(ctx, it, at); err != nil {
				return err
			}
			return s.WriteAt(ctx, db.Caller{Org: it.Org}, at, func(tx *db.Tx) error {
				if at.Before(dbtest.Start.Add(72 * time.Hour)) {
					Enqueue(tx, it.Kind, it.Key, at.Add(24*time.Hour)) // itself, for tomorrow
				}
				Enqueue(tx, "note", "of "+it.Key+at.Format(" 02"), at)
				return nil
			})
		}
		r := New(s.DB, map[string]Handler{"note": d.handle, "daily": chain}, quiet)
		enqueue(t, s.DB, "a", "note", "3", dbtest.Start.Add(50*time.Hour))
		enqueue(t, s.DB, "b", "note", "2 fails twice", dbtest.Start.Add(30*time.Hour))
		enqueue(t, s.DB, "a", "daily", "1", dbtest.Start.Add(24*time.Hour))
		enqueue(t, s.DB, "a", "note", "too late", dbtest.Start.Add(80*time.Hour))
		enqueue(t, s.DB, "a", "unknown", "nobody's", dbtest.Start)
		s.Clock.Advance(73 * time.Hour)
		if err := r.Due(ctx, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"a/1@24h0m0s", "a/of 1 24@24h0m0s", "b/2 fails twice@30h0m0s", "b/2 fails twice@30h0m2s", "b/2 fails twice@30h0m6s",
			"a/1@48h0m0s", "a/of 1 25@48h0m0s", "a/3@50h0m0s", "a/1@72h0m0s", "a/of 1 26@72h0m0s",
		}
		if got := d.read(); !slices.Equal(got, want) {
			t.Errorf("Due ran\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if got := list(t, s.DB, ""); len(got) != 2 || got[0].Key != "nobody's" || got[1].Key != "too late" {
			t.Errorf("left behind: %+v", got)
		}
	})
}

func TestDeadAndRetry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		d := &diary{fails: map[string]int{"x": MaxAttempts}}
		panics := func(context.Context, Item, time.Time) error { panic("bug") }
		r := New(s.DB, map[string]Handler{"k": d.handle, "panics": panics}, quiet)
		enqueue(t, s.DB, "a", "k", "x", dbtest.Start)
		enqueue(t, s.DB, "a", "panics", "y", dbtest.Start)
		if err := r.Due(ctx, dbtest.Start.Add(20*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := list(t, s.DB, "a"); len(got) != 2 || got[0].State != Ready || got[0].Error == "" {
			t.Fatalf("20 hours later: %+v, want waiting with the error", got)
		}
		if err := r.Due(ctx, dbtest.Start.Add(48*time.Hour)); err != nil {
			t.Fatal(err)
		}
		got := list(t, s.DB, "a")
		if len(got) != 2 || got[0].State != Dead || got[0].Error != "the bank is closed" || got[1].Error != "panic: bug" || len(d.read()) != MaxAttempts {
			t.Fatalf("two days later: %+v after %d calls, want both dead", got, len(d.read()))
		}
		enqueue(t, s.DB, "a", "k", "x", dbtest.Start)
		if got := list(t, s.DB, "a"); got[0].State != Dead {
			t.Errorf("queued again: %s, want dead", got[0].State)
		}
		retry := func(key string) error {
			return s.Write(ctx, db.Caller{Org: "a"}, func(tx *db.Tx) error { return Retry(tx, "k", key) })
		}
		if err := retry("z"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("Retry of nothing = %v", err)
		}
		if err := retry("x"); err != nil {
			t.Fatal(err)
		}
		if err := r.Due(ctx, dbtest.Start.Add(48*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := list(t, s.DB, "a"); len(got) != 1 {
			t.Errorf("after Retry: %+v, want x done", got)
		}
	})
}

// TestLease kills a runner in the middle: it claims and never comes back.
func TestLease(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		d := &diary{}
		machine := clock.NewManual(dbtest.Start)
		killed := New(s.DB, map[string]Handler{"k": d.handle}, quiet)
		heir := New(s.DB, map[string]Handler{"k": d.handle}, quiet)
		killed.real, heir.real = machine, machine
		enqueue(t, s.DB, "a", "k", "x", dbtest.Start)
		held, _, ok, err := killed.claim(ctx, "a", false, time.Time{})
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		machine.Advance(heir.lease)
		if _, _, ok, err := heir.next(ctx); ok || err != nil {
			t.Fatalf("next while the lease holds = %v, %v", ok, err)
		}
		if still, err := killed.renew(ctx, held); !still || err != nil {
			t.Fatalf("renew = %v, %v", still, err)
		}
		machine.Advance(heir.lease)
		if _, _, ok, err := heir.next(ctx); ok || err != nil {
			t.Fatalf("next while the renewed lease holds = %v, %v", ok, err)
		}
		machine.Advance(time.Microsecond)
		it, _, ok, err := heir.next(ctx)
		if !ok || err != nil || it.Key != "x" || it.Attempt != 2 {
			t.Fatalf("next after the lease = %+v, %v, %v", it, ok, err)
		}
		// The killed one was only slow: nothing it does counts any more.
		if still, err := killed.renew(ctx, held); still || err != nil {
			t.Errorf("renew of a lost lease = %v, %v", still, err)
		}
		if err := s.Write(ctx, db.Caller{Org: "a"}, func(tx *db.Tx) error { return Done(tx, held) }); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("Done with a lost lease = %v, want ErrConflict", err)
		}
		for _, outcome := range []error{nil, errors.New("late")} {
			if err := killed.finish(ctx, held, time.Time{}, outcome); err != nil {
				t.Fatal(err)
			}
		}
		if got := list(t, s.DB, "a"); len(got) != 1 || got[0].State != Running {
			t.Fatalf("the late runner touched the heir's item: %+v", got)
		}
		if err := s.Write(ctx, db.Caller{Org: "a"}, func(tx *db.Tx) error { return Done(tx, it) }); err != nil {
			t.Errorf("Done = %v", err)
		}
		if got := list(t, s.DB, "a"); len(got) != 0 {
			t.Errorf("left behind: %+v", got)
		}
	})
}

// TestHeartbeat runs a handler for longer than its lease beside a second runner that looks for work.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		const lease = 600 * time.Millisecond
		var calls sync.Map
		slow := func(ctx context.Context, it Item, _ time.Time) error {
			calls.Store(it.Attempt, true)
			select {
			case <-time.After(3 * lease):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		for range 2 {
			r := New(s.DB, map[string]Handler{"k": slow}, quiet)
			r.lease, r.poll = lease, lease/10
			defer start(r)()
		}
		enqueue(t, s.DB, "a", "k", "x", dbtest.Start)
		until(t, "the end of the work", func() bool { return len(list(t, s.DB, "a")) == 0 })
		if _, twice := calls.Load(2); twice {
			t.Error("the item was taken over though its lease was renewed")
		}
	})
}

// TestQueuedWhileRunning: work that is queued again while it runs, runs again.
func TestQueuedWhileRunning(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		d := &diary{}
		r := New(s.DB, map[string]Handler{"k": d.handle}, quiet)
		claimed := func() Item {
			it, _, ok, err := r.claim(ctx, "a", false, time.Time{})
			if !ok || err != nil {
				t.Fatalf("claim = %v, %v", ok, err)
			}
			return it
		}
		enqueue(t, s.DB, "a", "k", "x", dbtest.Start)
		it := claimed()
		enqueue(t, s.DB, "a", "k", "x", dbtest.Start.Add(time.Hour))
		enqueue(t, s.DB, "a", "k", "x", dbtest.Start)
		if err := r.finish(ctx, it, time.Time{}, nil); err != nil {
			t.Fatal(err)
		}
		it = claimed()
		if it.Attempt != 1 {
			t.Errorf("the second run begins with attempt %d", it.Attempt)
		}
		enqueue(t, s.DB, "a", "k", "x", dbtest.Start.Add(time.Hour))
		if err := r.finish(ctx, it, time.Time{}, errors.New("no")); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(pause(1))
		if err := r.finish(ctx, claimed(), time.Time{}, nil); err != nil {
			t.Fatal(err)
		}
		if got := list(t, s.DB, "a"); len(got) != 1 || got[0].Due != dbtest.Start.Add(time.Hour) || got[0].State != Ready {
			t.Errorf("left: %+v, want what was queued for an hour later", got)
		}
	})
}

// TestFair: an organisation with much work does not keep another's waiting, and cannot take all workers.
func TestFair(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		for i := range 40 {
			enqueue(t, s.DB, "big", "k", fmt.Sprintf("%02d", i), dbtest.Start)
		}
		s.Clock.Advance(time.Second)
		for i := range 3 {
			enqueue(t, s.DB, "small", "k", fmt.Sprintf("%02d", i), s.Clock.Now())
		}
		r := New(s.DB, map[string]Handler{"k": nil}, quiet)
		var order []string
		for range 10 {
			it, _, ok, err := r.next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				order = append(order, string(it.Org))
			}
		}
		if got, want := strings.Join(order, " "), "big small big small big small big"; got != want {
			t.Errorf("order = %s\nwant    %s (and then big has its share of workers)", got, want)
		}
		r.leave("big")
		if it, _, ok, err := r.next(ctx); !ok || err != nil || it.Org != "big" {
			t.Errorf("next with a worker free again = %v, %v, %v", it, ok, err)
		}
	})
}

// TestRunners has two runners with two connections to one store do 300 items while more are queued: none is lost and
// none done twice.
func TestRunners(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		second := s.DB
		if os.Getenv("TEST_POSTGRES_URL") != "" && strings.HasPrefix(s.Options.URL, "postgres") {
			var err error
			if second, err = db.Open(context.Background(), s.Options); err != nil {
				t.Fatal(err)
			}
			defer second.Close()
		}
		var mu sync.Mutex
		seen := map[string]int{}
		handle := func(_ context.Context, it Item, _ time.Time) error {
			mu.Lock()
			defer mu.Unlock()
			seen[string(it.Org)+it.Key]++
			return nil
		}
		for _, d := range []*db.DB{s.DB, second} {
			r := New(d, map[string]Handler{"k": handle}, quiet)
			r.poll = 20 * time.Millisecond
			defer start(r)()
		}
		const each, orgs = 60, 5
		var wg sync.WaitGroup
		for o := range orgs {
			wg.Go(func() {
				for i := range each {
					err := s.Write(context.Background(), db.Caller{Org: ids.ID(fmt.Sprintf("org%d", o))}, func(tx *db.Tx) error {
						Enqueue(tx, "k", fmt.Sprint(i), tx.Now())
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		until(t, "an empty queue", func() bool { return len(list(t, s.DB, "")) == 0 })
		mu.Lock()
		defer mu.Unlock()
		if len(seen) != each*orgs {
			t.Errorf("%d items done, want %d", len(seen), each*orgs)
		}
		for k, n := range seen {
			if n != 1 {
				t.Errorf("%s done %d times", k, n)
			}
		}
	})
}

// TestStop: a runner that stops hands back what it could not finish, and the attempt does not count.
func TestStop(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		began := make(chan struct{})
		r := New(s.DB, map[string]Handler{"k": func(ctx context.Context, _ Item, _ time.Time) error {
			close(began)
			<-ctx.Done()
			return ctx.Err()
		}}, quiet)
		stop := start(r)
		enqueue(t, s.DB, "a", "k", "x", dbtest.Start)
		<-began
		stop()
		if got := list(t, s.DB, "a"); len(got) != 1 || got[0].State != Ready || got[0].Attempt != 0 || got[0].Error != "" {
			t.Errorf("after the stop: %+v, want ready as before", got)
		}
	})
}

// TestRests: setting a sandbox's clock runs nothing; Due at the due instants does.
func TestRests(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		d := &diary{}
		r := New(s.DB, map[string]Handler{"k": d.handle}, quiet)
		enqueue(t, s.DB, "a", "k", "x", dbtest.Start.Add(time.Hour))
		set := func(tx *db.Tx) error { return db.SetClock(tx, dbtest.Start.Add(24*time.Hour)) }
		if err := s.Write(ctx, db.Caller{}, set); err != nil {
			t.Fatal(err)
		}
		if it, _, ok, err := r.next(ctx); ok || err != nil {
			t.Errorf("next after the clock was set = %+v, %v", it, err)
		}
		if err := r.Due(ctx, dbtest.Start.Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got, want := d.read(), []string{"a/x@1h0m0s"}; !slices.Equal(got, want) {
			t.Errorf("Due ran %v, want %v", got, want)
		}
	})
}

func TestPause(t *testing.T) {
	t.Parallel()
	var sum time.Duration
	for n := 1; n < MaxAttempts; n++ {
		if pause(n) < pause(n-1) || pause(n) > 4*time.Hour {
			t.Errorf("pause(%d) = %s after %s", n, pause(n), pause(n-1))
		}
		sum += pause(n)
	}
	if sum < 24*time.Hour || sum > 36*time.Hour {
		t.Errorf("an item dies after %s, want a little over a day", sum)
	}
}
