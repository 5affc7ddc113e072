package limit_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/limit"
)

var ctx = context.Background()

// V2-036, SEC-10: the 201st login of a clock hour is refused; the next hour is a new one, and so is another key.
func TestV2_036_LoginsPerHour(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	l := limit.New(s.DB, limit.Origin)
	s.Clock.Advance(59 * time.Minute)
	for i := range 200 {
		if err := l.Login("key"); err != nil {
			t.Fatalf("login %d: %v", i+1, err)
		}
		if i == 100 {
			if err := l.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	err := l.Login("key")
	if f := fault.From(err); !errors.Is(err, limit.ErrHour) || !slices.Equal(f.Args, []string{"200 logins an hour"}) {
		t.Errorf("login 201: %v", err)
	}
	if wait := l.RetryAfter(err); wait != 60 {
		t.Errorf("the hour ends in %d seconds", wait)
	}
	if err := l.Login("another"); err != nil {
		t.Errorf("another key: %v", err)
	}
	if err := l.Call("key"); err != nil {
		t.Errorf("a call that is no login: %v", err)
	}
	s.Clock.Advance(time.Minute)
	if err := l.Login("key"); err != nil {
		t.Errorf("the next hour: %v", err)
	}
}

// SEC-10: what one node counted the others know after a second, and a node that starts again.
func TestHoursOverNodes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		d, err := db.Open(ctx, s.Options)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		set := limit.Settings{CallsPerHour: 10}
		a, b := limit.New(s.DB, set), limit.New(d, set)
		flush := func(l *limit.Limiter) {
			t.Helper()
			if err := l.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { _ = a.Call("key") })
			wg.Go(func() { _ = b.Call("key") })
		}
		wg.Wait()
		flush(a)
		flush(b)
		for i := range 3 {
			if err := b.Call("key"); (err == nil) != (i < 2) {
				t.Errorf("call %d: %v", 9+i, err)
			}
		}
		flush(b)
		again := limit.New(s.DB, set)
		_ = again.Call("key")
		flush(again)
		if err := again.Call("key"); !errors.Is(err, limit.ErrHour) {
			t.Errorf("after a new start: %v", err)
		}
		s.Clock.Advance(72 * time.Hour)
		flush(again)
		flush(again)
		err = s.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
			var n int64
			if err := tx.Row(`SELECT count(*) FROM call_counts`).Scan(&n); err != nil || n != 0 {
				t.Errorf("%d old counts, %v", n, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// V2-037: of four calls at once the fourth is refused after 250 ms, or let in when another ends before.
func TestV2_037_InFlight(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	l := limit.New(s.DB, limit.Origin)
	var leave [3]func()
	for i := range leave {
		var err error
		if leave[i], err = l.Enter(ctx, "key", "a"); err != nil {
			t.Fatal(err)
		}
	}
	if other, err := l.Enter(ctx, "key", "b"); err != nil {
		t.Errorf("another organisation: %v", err)
	} else {
		other()
	}
	begin := time.Now()
	if _, err := l.Enter(ctx, "key", "a"); !errors.Is(err, limit.ErrCalls) || time.Since(begin) < limit.Patience {
		t.Errorf("the fourth: %v after %s", err, time.Since(begin))
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.Enter(gone, "key", "a"); !errors.Is(err, limit.ErrCalls) {
		t.Errorf("one that hung up: %v", err)
	}
	time.AfterFunc(20*time.Millisecond, leave[0])
	fourth, err := l.Enter(ctx, "key", "a")
	if err != nil {
		t.Fatalf("one ends in time: %v", err)
	}
	fourth()
}

// SEC-10: messages a minute, and 0 switches a limit off.
func TestMailsAndNoLimits(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	l := limit.New(s.DB, limit.Origin)
	for i := range 6 {
		if err := l.Mail("ana"); (err == nil) != (i < 5) || err != nil && !strings.Contains(err.Error(), "5 messages a minute") {
			t.Errorf("mail %d: %v", i+1, err)
		}
	}
	if err := l.Mail("ben"); err != nil {
		t.Errorf("another user: %v", err)
	}
	s.Clock.Advance(time.Minute)
	if err := l.Mail("ana"); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	for _, l := range []*limit.Limiter{nil, limit.New(s.DB, limit.Settings{})} {
		for range 100 {
			_, err := l.Enter(ctx, "key", "a")
			if err := errors.Join(err, l.Call("key"), l.Login("key"), l.Mail("ana")); err != nil {
				t.Fatal(err)
			}
		}
	}
}
