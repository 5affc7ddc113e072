package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
)

var (
	ctx = context.Background()
	who = db.Caller{Org: "00801AAAAAAAAAA00000", Channel: "test"}
)

// bump moves a counter of the organisation; counters are the smallest table there is.
func bump(tx *db.Tx, name string) {
	tx.Exec(`INSERT INTO counters (org_id, name, value) VALUES ($1, $2, 1)
		ON CONFLICT (org_id, name) DO UPDATE SET value = counters.value + 1`, string(tx.Org()), name)
}

func value(tx *db.Tx, name string) (n int64, err error) {
	err = tx.Row(`SELECT value FROM counters WHERE org_id = $1 AND name = $2`, string(tx.Org()), name).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

func valueOf(t *testing.T, d *db.DB, name string) (n int64) {
	t.Helper()
	if err := d.Read(ctx, who, func(tx *db.Tx) (err error) { n, err = value(tx, name); return err }); err != nil {
		t.Fatal(err)
	}
	return n
}

// together lets the closures wait in one group: the first keeps the writer until the others are queued.
func together(t *testing.T, d *db.DB, fns ...func(*db.Tx) error) []error {
	t.Helper()
	gate, started := make(chan struct{}), make(chan struct{})
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = d.Write(ctx, who, func(*db.Tx) error { close(started); <-gate; return nil })
	})
	<-started
	for i, fn := range fns {
		wg.Go(func() { errs[i] = d.Write(ctx, who, fn) })
		time.Sleep(2 * time.Millisecond) // they queue in this order; nothing else depends on it
	}
	close(gate)
	wg.Wait()
	return errs
}

func TestOneMemberOfAGroupFails(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		good := func(tx *db.Tx) error { bump(tx, "good"); return nil }
		woken := 0
		errs := together(t, s.DB,
			good,
			func(tx *db.Tx) error { bump(tx, "bad"); tx.AfterCommit(func() { woken++ }); return boom },
			good,
			func(tx *db.Tx) error { bump(tx, "bad"); panic("a bug") },
			good,
			func(tx *db.Tx) error { bump(tx, "bad"); tx.Exec(`INSERT INTO nowhere (x) VALUES (1)`); return nil },
			good,
		)
		for i, want := range []bool{true, false, true, false, true, false, true} {
			if (errs[i] == nil) != want {
				t.Errorf("member %d: %v", i, errs[i])
			}
		}
		if !errors.Is(errs[1], boom) {
			t.Errorf("the member's own error: %v", errs[1])
		}
		if g, b := valueOf(t, s.DB, "good"), valueOf(t, s.DB, "bad"); g != 4 || b != 0 || woken != 0 {
			t.Errorf("good %d, bad %d, woken %d; want 4, 0, 0", g, b, woken)
		}
	})
}

func TestCancelledBeforeItStarts(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	gate, started := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Write(ctx, who, func(*db.Tx) error { close(started); <-gate; return nil }) })
	<-started
	c, cancel := context.WithCancel(ctx)
	var err1, err2 error
	wg.Go(func() { err1 = s.Write(c, who, func(tx *db.Tx) error { bump(tx, "n"); return nil }) })
	wg.Go(func() {
		err2 = s.Write(ctx, who, func(tx *db.Tx) error { cancel(); bump(tx, "n"); return nil })
	})
	time.Sleep(5 * time.Millisecond)
	cancel()
	close(gate)
	wg.Wait()
	if !errors.Is(err1, context.Canceled) || err2 != nil {
		t.Errorf("cancelled: %v, the other: %v", err1, err2)
	}
	if n := valueOf(t, s.DB, "n"); n != 1 {
		t.Errorf("%d ran, want 1", n)
	}
	if err := s.Write(c, who, func(*db.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled request wrote: %v", err)
	}
}

// A closure that ends the transaction itself takes its group with it, and nobody else.
func TestBrokenTransaction(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	good := func(tx *db.Tx) error { bump(tx, "n"); return nil }
	errs := together(t, s.DB, good, func(tx *db.Tx) error { _, err := tx.ExecNow("ROLLBACK"); return err }, good)
	if !db.IsBusy(errs[1]) {
		t.Errorf("a broken transaction: %v; want busy", errs[1])
	}
	want := int64(0)
	for _, err := range []error{errs[0], errs[2]} { // on a busy machine either may come into another group
		switch {
		case err == nil:
			want++
		case !db.IsBusy(err):
			t.Errorf("the group of a broken transaction: %v; want busy", err)
		}
	}
	if n := valueOf(t, s.DB, "n"); n != want {
		t.Errorf("%d stand of a group that was told to repeat", n)
	}
	if err := s.Write(ctx, who, good); err != nil {
		t.Errorf("the writer did not recover: %v", err)
	}
}

// A failure that the closure passes over still rolls back: PostgreSQL would answer COMMIT with ROLLBACK and no error.
func TestFailurePassedOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for name, fn := range map[string]func(*db.Tx){
			"ExecNow": func(tx *db.Tx) { _, _ = tx.ExecNow(`INSERT INTO nowhere (x) VALUES (1)`) },
			"Query":   func(tx *db.Tx) { _ = tx.Row(`SELECT x FROM nowhere`).Scan(new(int64)) },
			"flush":   func(tx *db.Tx) { tx.Exec(`INSERT INTO nowhere (x) VALUES (1)`); _, _ = value(tx, "n") },
			"ExecOne": func(tx *db.Tx) {
				tx.ExecOne(`UPDATE counters SET value = 1 WHERE org_id = $1 AND name = $2`, string(tx.Org()), "none")
				_, _ = value(tx, "n")
			},
		} {
			err := s.Write(ctx, who, func(tx *db.Tx) error { bump(tx, "n"); fn(tx); return nil })
			if err == nil {
				t.Errorf("%s: committed", name)
			}
		}
		if n := valueOf(t, s.DB, "n"); n != 0 {
			t.Errorf("%d rows of failed transactions", n)
		}
	})
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		add := func() {
			if err := s.Write(ctx, who, func(tx *db.Tx) error { bump(tx, "n"); return nil }); err != nil {
				t.Error(err)
			}
		}
		add()
		err := s.Read(ctx, who, func(tx *db.Tx) error {
			for range 3 {
				n, err := value(tx, "n")
				if err != nil || n != 1 {
					t.Errorf("inside the snapshot: %d, %v", n, err)
				}
				add()
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if n := valueOf(t, s.DB, "n"); n != 4 {
			t.Errorf("after: %d, want 4", n)
		}
		err = s.Read(ctx, who, func(tx *db.Tx) error { bump(tx, "n"); return nil })
		if err == nil {
			t.Error("a reading transaction wrote")
		}
		err = s.Read(ctx, who, func(tx *db.Tx) error {
			var n int64
			return tx.Row(`UPDATE counters SET value = 9 WHERE org_id = $1 RETURNING value`, string(tx.Org())).Scan(&n)
		})
		if err == nil || valueOf(t, s.DB, "n") != 4 {
			t.Errorf("a reading transaction wrote by RETURNING: %v", err)
		}
	})
}

func TestQueuedWrites(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		err := s.Write(ctx, who, func(tx *db.Tx) error {
			bump(tx, "n")
			bump(tx, "n")
			if n, err := value(tx, "n"); n != 2 || err != nil {
				t.Errorf("a query before what was queued: %d, %v", n, err)
			}
			bump(tx, "n")
			n, err := tx.ExecNow(`UPDATE counters SET value = value * 10 WHERE org_id = $1`, string(tx.Org()))
			if n != 1 || err != nil {
				t.Errorf("ExecNow touched %d, %v", n, err)
			}
			tx.ExecOne(`UPDATE counters SET value = value + 1 WHERE org_id = $1`, string(tx.Org()))
			return nil
		})
		if err != nil || valueOf(t, s.DB, "n") != 31 {
			t.Errorf("%v, value %d, want 31", err, valueOf(t, s.DB, "n"))
		}
		err = s.Write(ctx, who, func(tx *db.Tx) error {
			bump(tx, "n")
			tx.ExecOne(`UPDATE counters SET value = 0 WHERE org_id = $1 AND name = $2`, string(tx.Org()), "none")
			return nil
		})
		if !errors.Is(err, fault.ErrConflict) || valueOf(t, s.DB, "n") != 31 {
			t.Errorf("ExecOne without a row: %v", err)
		}
	})
}

func TestNextHasNoGaps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		var mu sync.Mutex
		var got []int64
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := range 10 {
					err := s.Write(ctx, who, func(tx *db.Tx) error {
						n, err := tx.Next("check", 1001)
						if err != nil || (w+i)%3 == 0 {
							return errors.Join(err, errors.New("rolled back"))
						}
						tx.AfterCommit(func() { mu.Lock(); got = append(got, n); mu.Unlock() })
						return nil
					})
					_ = err
				}
			})
		}
		wg.Wait()
		slices.Sort(got)
		for i, n := range got {
			if n != int64(1001+i) {
				t.Fatalf("numbers %v", got)
			}
		}
		if len(got) < 40 {
			t.Errorf("only %d numbers", len(got))
		}
	})
}

// live opens the store of s again on the running clock: stamps on PostgreSQL are the server's.
func live(t *testing.T, s *dbtest.Store) *db.DB {
	t.Helper()
	o := s.Options
	o.Clock = nil
	d, err := db.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// G-35, SYN-1: whoever polls by the greatest stamp seen, or by the time told, misses nothing. Writers are spread over
// two nodes; some of them stamp early and commit late, some fail.
func TestPollMissesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		nodes := []*db.DB{live(t, s), live(t, s)}
		span := 2 * time.Second
		if os.Getenv("SOAK") != "" {
			span = time.Minute
		}
		end := time.Now().Add(span)
		var mu sync.Mutex
		written := map[string]bool{}
		var wg sync.WaitGroup
		for w := range 16 {
			wg.Go(func() {
				for i := 0; time.Now().Before(end); i++ {
					id := fmt.Sprintf("%d-%d", w, i)
					err := nodes[w%2].Write(ctx, who, func(tx *db.Tx) error {
						tx.Audit("create", "thing", ids.ID(id), "")
						if i%5 == w%5 {
							if _, err := value(tx, "n"); err != nil { // flushes: stamped now, committed later
								return err
							}
							time.Sleep(time.Duration(i%4) * time.Millisecond)
						}
						if i%7 == 3 {
							return fault.ErrValue
						}
						return nil
					})
					if err == nil {
						mu.Lock()
						written[id] = true
						mu.Unlock()
					} else if !errors.Is(err, fault.ErrValue) {
						t.Error(err)
						return
					}
				}
			})
		}
		poll := func(d *db.DB, from int64, seen map[string]bool) (greatest, told int64) {
			greatest = from
			err := d.Poll(ctx, who, func(tx *db.Tx) error {
				told = int64(clock.FromTime(tx.Now()))
				rows, err := tx.Query(`SELECT record_id, stamp FROM audit_events WHERE org_id = $1 AND stamp >= $2 AND record_type = 'thing'`,
					string(tx.Org()), from)
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					var id string
					var stamp int64
					if err := rows.Scan(&id, &stamp); err != nil {
						return err
					}
					if stamp > told {
						t.Errorf("%s is stamped %d, after the time told, %d", id, stamp, told)
					}
					seen[id] = true
					greatest = max(greatest, stamp)
				}
				return rows.Err()
			})
			if err != nil {
				t.Error(err)
			}
			return greatest, told
		}
		byStamp, byTime := map[string]bool{}, map[string]bool{}
		var polls atomic.Int64
		for k, seen := range []map[string]bool{byStamp, byTime} {
			wg.Go(func() {
				from := int64(0)
				for last := false; ; {
					greatest, told := poll(nodes[k], from, seen)
					polls.Add(1)
					if last {
						return
					}
					if from = greatest; k == 1 {
						from = told
					}
					if !time.Now().Before(end) {
						time.Sleep(200 * time.Millisecond) // let the last writers end, then look once more
						last = true
					}
				}
			})
		}
		wg.Wait()
		for name, seen := range map[string]map[string]bool{"greatest stamp": byStamp, "time told": byTime} {
			missed := 0
			for id := range written {
				if !seen[id] {
					missed++
				}
			}
			for id := range seen {
				if !written[id] {
					t.Errorf("polling by %s showed %s, which was rolled back", name, id)
				}
			}
			if missed > 0 {
				t.Errorf("polling by %s missed %d of %d", name, missed, len(written))
			}
		}
		t.Logf("%d changes, %d polls", len(written), polls.Load())
	})
}

// Stamps of one organisation never go down in commit order, and on SQLite not even when the machine's clock steps back.
func TestStampsAscend(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		d, step := s.DB, s.Clock.Advance
		if s.Options.URL != "" {
			d, step = live(t, s), func(time.Duration) time.Time { return time.Time{} } // the server's clock is not ours to move
		}
		var last, told clock.Instant
		for i := range 20 {
			step([]time.Duration{time.Second, -time.Minute, 0, 2 * time.Hour}[i%4])
			err := d.Write(ctx, who, func(tx *db.Tx) error {
				at, err := tx.StampNow()
				if again, _ := tx.StampNow(); again != at {
					t.Errorf("two stamps in one transaction: %v, %v", at, again)
				}
				if at < last || at < told {
					t.Errorf("stamp %v after %v and after %v was told", at, last, told)
				}
				last = at
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			step(-time.Second)
			if err := d.Poll(ctx, who, func(tx *db.Tx) error { told = clock.FromTime(tx.Now()); return nil }); err != nil {
				t.Fatal(err)
			}
			if told < last {
				t.Errorf("told %v after the stamp %v", told, last)
			}
		}
	})
}

func TestSandboxClock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		second, err := db.Open(ctx, s.Options)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		for _, to := range []time.Time{
			time.Date(2027, 2, 28, 1, 2, 3, 456_789_000, time.UTC),
			time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), // back: allowed before the first payment
		} {
			if err := s.Write(ctx, who, func(tx *db.Tx) error { return db.SetClock(tx, to) }); err != nil {
				t.Fatal(err)
			}
			for i, d := range []*db.DB{s.DB, second} {
				var stamp time.Time
				if err := d.Write(ctx, who, func(tx *db.Tx) error {
					at, err := tx.StampNow()
					stamp = at.Time()
					return err
				}); err != nil {
					t.Fatal(err)
				}
				var told time.Time
				if err := d.Poll(ctx, who, func(tx *db.Tx) error { told = tx.Now(); return nil }); err != nil {
					t.Fatal(err)
				}
				now, err := d.Now(ctx)
				if err != nil || !now.Equal(to) || !stamp.Equal(to) || !told.Equal(to) || !d.RoughNow().Equal(to) {
					t.Errorf("node %d: now %v, stamp %v, told %v, rough %v (%v); want %v", i, now, stamp, told, d.RoughNow(), err, to)
				}
			}
		}
		due := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
		if err := s.WriteAt(ctx, who, due, func(tx *db.Tx) error {
			if !tx.Now().Equal(due) {
				t.Errorf("WriteAt: now is %v", tx.Now())
			}
			if at, _ := tx.StampNow(); at.Time().Equal(due) {
				t.Error("WriteAt stamps from the running clock")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// Two nodes write beside each other: processes on one SQLite folder take turns by write.lock.
func TestTwoNodesWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		second, err := db.Open(ctx, s.Options)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		var wg sync.WaitGroup
		for w := range 8 {
			d := []*db.DB{s.DB, second}[w%2]
			wg.Go(func() {
				for range 15 {
					if err := d.Write(ctx, who, func(tx *db.Tx) error { bump(tx, "n"); return nil }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if a, b := valueOf(t, s.DB, "n"), valueOf(t, second, "n"); a != 120 || b != 120 {
			t.Errorf("%d and %d, want 120", a, b)
		}
		before := version(t, second)
		if err := s.Write(ctx, who, func(tx *db.Tx) error { tx.Invalidate(); return nil }); err != nil {
			t.Fatal(err)
		}
		if after := version(t, second); after != before+1 {
			t.Errorf("version on the other node: %d after %d", after, before)
		}
	})
}

// One node of a PostgreSQL store at a time; under SQLite nobody else is there.
func TestAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		second, err := db.Open(ctx, s.Options)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		boom := errors.New("boom")
		ran, err := s.Alone(ctx, "work", func() error {
			if other, err := second.Alone(ctx, "other work", func() error { return nil }); !other || err != nil {
				t.Errorf("other work: %t, %v", other, err)
			}
			meanwhile, err := second.Alone(ctx, "work", func() error { return nil })
			if want := s.Options.URL == ""; meanwhile != want || err != nil {
				t.Errorf("the second node meanwhile: %t, %v", meanwhile, err)
			}
			return boom
		})
		if !ran || !errors.Is(err, boom) {
			t.Errorf("the first node: %t, %v", ran, err)
		}
		if ran, err := second.Alone(ctx, "work", func() error { return nil }); !ran || err != nil {
			t.Errorf("the second node afterwards: %t, %v", ran, err)
		}
	})
}

func version(t *testing.T, d *db.DB) (v int64) {
	t.Helper()
	if err := d.Read(ctx, who, func(tx *db.Tx) error { v = tx.Version(); return nil }); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestInvalidateInAGroup(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	var versions []int64
	see := func(tx *db.Tx) error { versions = append(versions, tx.Version()); return nil }
	together(t, s.DB, see, func(tx *db.Tx) error { tx.Invalidate(); return nil }, see,
		func(tx *db.Tx) error { tx.Invalidate(); return fault.ErrValue }, see)
	if len(versions) != 3 || versions[1] != versions[0]+1 || versions[2] != versions[1] {
		t.Errorf("versions seen by the members of a group: %v", versions)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		if !s.Sandbox() {
			t.Error("the store was made as a sandbox")
		}
		o := s.Options
		o.Sandbox = false
		d, err := db.Open(ctx, o)
		if err != nil || !d.Sandbox() {
			t.Fatalf("a sandbox stays one without the flag: %v", err)
		}
		_ = d.Close()

		if err := s.Write(ctx, who, func(tx *db.Tx) error { tx.Exec(`UPDATE store SET kind = 'live'`); return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Open(ctx, s.Options); !errors.Is(err, db.ErrNotSandbox) {
			t.Errorf("--sandbox on a live store: %v", err)
		}
		d, err = db.Open(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Write(ctx, who, func(tx *db.Tx) error { return db.SetClock(tx, time.Now()) }); !errors.Is(err, db.ErrNotSandbox) {
			t.Errorf("the clock of a live store moved: %v", err)
		}
		_ = d.Close()

		if err := s.Write(ctx, who, func(tx *db.Tx) error {
			tx.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, $1)`, true)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Open(ctx, o); err == nil {
			t.Error("a store of a newer program was opened")
		}
	})
}

// Several processes may create one store at once; all end with the same.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := s.Options
		if o.URL == "" {
			o.Dir = t.TempDir()
		} else if err := s.Write(ctx, who, func(tx *db.Tx) error {
			_, err := tx.ExecNow(`DROP SCHEMA public CASCADE`)
			if err == nil {
				_, err = tx.ExecNow(`CREATE SCHEMA public`)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		o.Readers = 3
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				d, err := db.Open(ctx, o)
				if err != nil {
					t.Error(err)
					return
				}
				defer d.Close()
				if err := d.Write(ctx, who, func(tx *db.Tx) error { bump(tx, "n"); return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		d, err := db.Open(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if n := valueOf(t, d, "n"); n != 4 {
			t.Errorf("%d, want 4", n)
		}
	})
}

// A copy made while others write opens and holds whole transactions only.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := s.Write(ctx, who, func(tx *db.Tx) error { bump(tx, "a"); bump(tx, "b"); return nil }); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 3 {
		dir := t.TempDir()
		to := filepath.Join(dir, "duebook.db")
		if err := s.Backup(ctx, to); err != nil {
			t.Fatal(err)
		}
		if err := s.Backup(ctx, to); err == nil {
			t.Error("a copy was written over a file")
		}
		o := s.Options
		o.Dir = dir
		d, err := db.Open(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := valueOf(t, d, "a"), valueOf(t, d, "b"); a != b {
			t.Errorf("copy %d is torn: %d and %d", i, a, b)
		}
		_ = d.Close()
	}
	close(stop)
	wg.Wait()
}

func TestClose(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		var wg sync.WaitGroup
		var done atomic.Int64
		for range 8 {
			wg.Go(func() { // everybody is answered, and who is told yes has written
				for range 50 {
					if err := s.Write(ctx, who, func(tx *db.Tx) error { bump(tx, "n"); return nil }); err != nil {
						return
					}
					done.Add(1)
				}
			})
		}
		for done.Load() < 20 {
			time.Sleep(time.Millisecond)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if err := s.Read(ctx, who, func(*db.Tx) error { return nil }); err == nil {
			t.Error("a closed store was read")
		}
		if err := s.Write(ctx, who, func(*db.Tx) error { return nil }); err == nil {
			t.Error("a closed store was written")
		}
		_ = s.Close()
		d, err := db.Open(ctx, s.Options)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if n := valueOf(t, d, "n"); n != done.Load() {
			t.Errorf("%d written, %d told", n, done.Load())
		}
	})
}

func TestWake(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	woken := 0
	stop := s.OnWake(func() { woken++ })
	_ = s.Write(ctx, who, func(tx *db.Tx) error { tx.Wake(); return fault.ErrValue })
	_ = s.Write(ctx, who, func(tx *db.Tx) error { tx.Wake(); return nil })
	stop()
	_ = s.Write(ctx, who, func(tx *db.Tx) error { tx.Wake(); return nil })
	if woken != 1 {
		t.Errorf("woken %d times, want once", woken)
	}
}

// A store whose readers hold all connections still says that it is there: /readyz hung on this once.
func TestPing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Ping(ctx); err != nil {
			t.Fatal(err)
		}
	})
}
