package payment_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bankhost"
	"github.com/duebook/duebook/internal/bankhost/hosttest"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
)

// hosted is an office whose bank has a host.
func hosted(t *testing.T, s *dbtest.Store) (*office, *hosttest.Bank) {
	t.Helper()
	o := newOffice(t, s, vaultIn(t), t.TempDir())
	// The key of ours that hosttest lets in is its own: the server's is told to the bank.
	b := hosttest.Start(t)
	h, err := o.engine.SetHost(context.Background(), o.who, b.Settings)
	if err != nil {
		t.Fatal(err)
	}
	b.Admit(h.PublicKey)
	return o, b
}

// files are the files to the bank: names to states.
func (o *office) files() map[string]string {
	o.t.Helper()
	out := map[string]string{}
	o.read(func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT kind, name, state FROM bank_files WHERE org_id = $1 AND direction = 'out' AND kind = 'ach'`, string(o.who.Org))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var kind, name, state string
			if err := rows.Scan(&kind, &name, &state); err != nil {
				return err
			}
			out[name] = state
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	return out
}

// released has a file made and delivered: its name, and what the bank has.
func (o *office) released(b *hosttest.Bank) (name string, content []byte) {
	o.t.Helper()
	v := o.vendor("Harbor Tool Rental", nil)
	o.at("2026-11-20", "9:00:00")
	o.account(v, "123451234")
	o.at("2026-11-24", "10:00:00")
	o.mustPay(o.bill(v, 970_00), 970_00, "2026-11-25")
	if err := o.engine.Step(context.Background(), o.who.Org, o.at("2026-11-25", "1:00:00")); err != nil {
		o.t.Fatal(err)
	}
	for name = range o.files() {
		content, _ = os.ReadFile(filepath.Join(b.Out, name))
	}
	return name, content
}

// again has the engine forget that it delivered the file, as a crash before that was stored does.
func (o *office) again(name string, placed bool) {
	o.t.Helper()
	o.write(func(tx *db.Tx) error {
		tx.ExecOne(`UPDATE bank_files SET state = 'ready', delivered = 0 WHERE org_id = $1 AND name = $2`, string(o.who.Org), name)
		if !placed {
			tx.ExecOne(`UPDATE bank_files SET placed = 0 WHERE org_id = $1 AND name = $2`, string(o.who.Org), name)
		}
		return nil
	})
}

// XO-2: wherever a delivery over SFTP was cut short, the bank has the file once, with the stored bytes, or a person is asked.
func TestXO2_Host(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for _, c := range []struct {
			name   string
			placed bool // that the file is about to be placed was noted before the crash
			cut    func(t *testing.T, final, staged string, content []byte)
			state  string
		}{
			{"before anything left", false, func(t *testing.T, final, _ string, _ []byte) { remove(t, final) }, "delivered"},
			{"half of it staged", false, func(t *testing.T, final, staged string, content []byte) {
				remove(t, final)
				write(t, staged, content[:len(content)/2])
			}, "delivered"},
			{"staged and noted", true, func(t *testing.T, final, staged string, _ []byte) {
				if err := os.Rename(final, staged); err != nil {
					t.Fatal(err)
				}
			}, "delivered"},
			{"placed, not stored", true, func(*testing.T, string, string, []byte) {}, "delivered"},
			{"placed, and the bank took it away", true, func(t *testing.T, final, _ string, _ []byte) { remove(t, final) }, "delivery_unknown"},
			{"another file stands there", false, func(t *testing.T, final, _ string, _ []byte) { write(t, final, []byte("other")) }, "delivery_unknown"},
		} {
			t.Run(c.name, func(t *testing.T) { // one after the other: they share the store's clock
				o, b := hosted(t, s)
				name, content := o.released(b)
				if o.files()[name] != "delivered" || len(content) == 0 {
					t.Fatalf("%v, the bank has %d bytes", o.files(), len(content))
				}
				if local, _ := os.ReadDir(filepath.Join(o.dir, string(o.who.Org), "out")); len(local) > 0 {
					t.Errorf("%d files lie in the folder", len(local))
				}
				o.again(name, c.placed)
				c.cut(t, filepath.Join(b.Out, name), filepath.Join(b.Out, "."+name+".part"), content)
				if err := o.engine.Deliver(context.Background(), o.who.Org, o.at("2026-11-25", "1:01:00")); err != nil {
					t.Fatal(err)
				}
				if got := o.files()[name]; got != c.state {
					t.Errorf("the file is %s, not %s", got, c.state)
				}
				all, err := filepath.Glob(filepath.Join(b.Out, "*.ach"))
				there, _ := os.ReadFile(filepath.Join(b.Out, name))
				if c.state == "delivered" && (err != nil || len(all) != 2 || !bytes.Equal(there, content)) { // the other is the test entry
					t.Errorf("the bank has %d files, %v", len(all), err)
				}
			})
		}
	})
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// E24: while the bank's host is down files wait; then each leaves once. Work that is due does not ask for the host all the
// time.
func TestE24_HostDown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o, b := hosted(t, s)
		b.Shut()
		name, _ := o.released(b)
		if got := o.files()[name]; got != "ready" {
			t.Fatalf("the file is %q", got)
		}
		now := s.Clock.Now()
		due, ok := o.engine.Due(context.Background(), o.who.Org, now)
		if !ok || due.Sub(now) != 5*time.Minute {
			t.Errorf("due at %s, %t; it is %s", due, ok, now)
		}
		b.Open()
		if err := o.engine.Step(context.Background(), o.who.Org, o.at("2026-11-25", "1:04:00")); err != nil || o.files()[name] != "ready" {
			t.Errorf("after four minutes: %v, %v", o.files(), err)
		}
		for _, clock := range []string{"9:00:00", "9:01:00"} {
			if err := o.engine.Step(context.Background(), o.who.Org, o.at("2026-11-25", clock)); err != nil {
				t.Fatal(err)
			}
			var all []string
			for n, state := range o.files() {
				if n == "" || state != "delivered" {
					t.Errorf("%s is %s", n, state)
				}
				all = append(all, n)
			}
			if there, _ := filepath.Glob(filepath.Join(b.Out, "*.ach")); len(all) != 1 || len(there) != 2 {
				t.Errorf("%d files, the bank has %d", len(all), len(there))
			}
		}
		o.read(func(tx *db.Tx) error {
			h, err := payment.LoadHost(tx)
			if h.Failure != "" || h.RetryAt != 0 {
				t.Errorf("the host is noted as %q until %d", h.Failure, h.RetryAt)
			}
			return err
		})
	})
}

// XO-8 over SFTP: what the bank leaves for us is fetched once, also under a name used before, and taken in.
func TestXO8_Fetch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o, b := hosted(t, s)
		ctx := context.Background()
		fetched := func() (names []string) {
			t.Helper()
			if err := o.engine.Fetch(ctx, o.who.Org, s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			files, err := os.ReadDir(filepath.Join(o.dir, string(o.who.Org), "in"))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				names = append(names, f.Name())
			}
			return names
		}
		write(t, filepath.Join(b.In, "statement.bai"), []byte("no statement at all"))
		if got := fetched(); len(got) != 1 || got[0] != "statement.bai" {
			t.Errorf("fetched %q", got)
		}
		remove(t, filepath.Join(o.dir, string(o.who.Org), "in", "statement.bai"))
		if got := fetched(); len(got) != 0 {
			t.Errorf("fetched %q again", got)
		}
		write(t, filepath.Join(o.dir, string(o.who.Org), "in", "statement.bai"), []byte("no statement at all"))
		write(t, filepath.Join(b.In, "statement.bai"), []byte("another one"))
		if got := fetched(); len(got) != 2 {
			t.Errorf("of a name used again: %q", got)
		}
		if err := o.engine.TakeIn(ctx, o.who.Org, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		var refused int64
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*) FROM bank_files WHERE org_id = $1 AND direction = 'in' AND state = 'refused'`, string(o.who.Org)).Scan(&refused)
		})
		if refused != 2 {
			t.Errorf("%d files were looked at", refused)
		}
		due := func(after time.Duration) (n int) {
			o.read(func(tx *db.Tx) error {
				all, err := payment.Hosts(tx, s.Clock.Now().Add(after))
				n = len(all)
				return err
			})
			return n
		}
		if due(0) != 0 || due(payment.FetchEvery-time.Second) != 0 || due(payment.FetchEvery) != 1 {
			t.Error("the inbox is not read every quarter of an hour")
		}
	})
}

// Settings of the host are for whoever manages banks, and never show our key.
func TestHostSettings(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		ctx := context.Background()
		_, line, err := bankhost.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		set := bankhost.Settings{Address: "sftp.bank.example:22", User: "northwind", HostKey: line, Outbox: "/out", Inbox: "/in"}
		other := o.who
		other.Perms, other.User = 0, ids.New(ids.User)
		if _, err := o.engine.SetHost(ctx, other, set); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("by a stranger: %v", err)
		}
		first, err := o.engine.SetHost(ctx, o.who, set)
		if err != nil {
			t.Fatal(err)
		}
		set.Outbox = "/to-bank"
		second, err := o.engine.SetHost(ctx, o.who, set)
		if err != nil || second.PublicKey != first.PublicKey || second.Outbox != "/to-bank" || second.Key != nil {
			t.Errorf("changed to %+v, %v", second, err)
		}
		o.write(payment.RemoveHost)
		third, err := o.engine.SetHost(ctx, o.who, set)
		if err != nil || third.PublicKey == first.PublicKey {
			t.Errorf("a new host has the old key: %v", err)
		}
	})
}
