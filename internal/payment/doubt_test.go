package payment_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

// file is the last file of a kind, and its state.
func (o *office) file(kind string) (id ids.ID, state string) {
	o.t.Helper()
	o.read(func(tx *db.Tx) error {
		return tx.Row(`SELECT id, state FROM bank_files WHERE org_id = $1 AND kind = $2 ORDER BY id DESC LIMIT 1`, string(o.who.Org), kind).
			Scan((*string)(&id), &state)
	})
	return id, state
}

// acts are what can be done about the open tasks of a subject.
func (o *office) acts(subject ids.ID) (acts string) {
	o.t.Helper()
	o.read(func(tx *db.Tx) error {
		all, err := payment.Tasks(tx, subject)
		for _, t := range all {
			acts += strings.Join(append(t.Acts, t.Said), " ")
		}
		return err
	})
	return strings.TrimSpace(acts)
}

// inDoubt has a payment's file stand in doubt: another file lies under its name.
func (o *office) inDoubt(t *testing.T, name string) (p, file ids.ID) {
	t.Helper()
	ctx := context.Background()
	v := o.vendor(name, nil)
	o.account(v, "5551234")
	o.until(pacific("2026-11-24", 9, 0))
	p = o.mustPay(o.bill(v, 200), 200, "2026-11-25")
	if err := o.engine.Release(ctx, o.who.Org, o.at("2026-11-25", "01:00:00")); err != nil {
		t.Fatal(err)
	}
	file, _ = o.file("ach")
	const there = "20261125T090000Z-taken.ach"
	o.write(func(tx *db.Tx) error {
		tx.ExecOne(`UPDATE bank_files SET name = $3 WHERE org_id = $1 AND id = $2`, string(o.who.Org), string(file), there)
		return nil
	})
	put(t, filepath.Join(o.dir, string(o.who.Org), "out"), there, "something else")
	if err := o.engine.Deliver(ctx, o.who.Org, o.s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(o.dir, string(o.who.Org), "out", there)); err != nil {
		t.Fatal(err)
	}
	if _, state := o.file("ach"); state != "delivery_unknown" {
		t.Fatalf("the file is %s", state)
	}
	return p, file
}

// say says a word of a file in doubt.
func (o *office) say(who db.Caller, file ids.ID, word string) (counts bool, err error) {
	err = o.as(who, func(tx *db.Tx) (err error) { counts, err = payment.ResolveDelivery(tx, file, word); return err })
	return counts, err
}

// TestXO2ResolveDelivery: what became of a file that the bank may have is said by two people; one that is missing leaves
// again, one that is there does not (SEC-5).
func TestXO2ResolveDelivery(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		bo := o.colleague("bo")
		p, file := o.inDoubt(t, "Two people")
		clerk := o.who
		clerk.Perms = db.Of(org.ViewBanks)
		if _, err := o.say(clerk, file, payment.FileMissing); fault.From(err) == nil || fault.From(err).Kind != fault.Forbidden {
			t.Errorf("without permission: %v", err)
		}
		if _, err := o.say(o.who, file, "perhaps"); !errors.Is(err, fault.ErrValue) {
			t.Errorf("another word: %v", err)
		}
		if _, err := o.say(o.who, ids.New(ids.BankFile), payment.FileThere); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("no file: %v", err)
		}
		o.wantErr("closed before it is known", payment.ErrDeliveryOpen, func(tx *db.Tx) error {
			all, err := payment.Tasks(tx, file)
			if err != nil {
				return err
			}
			return payment.FinishTask(tx, all[0].Number, "Whatever.")
		})
		if counts, err := o.say(o.who, file, payment.FileThere); counts || err != nil {
			t.Fatal(counts, err)
		}
		if got := o.acts(file); got != "deliver there" {
			t.Errorf("what can be done: %q", got)
		}
		if counts, err := o.say(bo, file, payment.FileMissing); counts || err != nil { // another word begins anew
			t.Fatal(counts, err)
		}
		if _, err := o.say(bo, file, payment.FileMissing); !errors.Is(err, payment.ErrSamePerson) {
			t.Errorf("SEC-5: the same person twice: %v", err)
		}
		if counts, err := o.say(o.who, file, payment.FileMissing); !counts || err != nil {
			t.Fatal(counts, err)
		}
		o.wantState(p, payment.InFile)
		o.until(civil.MustDate("2026-12-02").At(6, 0, civil.NewYork))
		o.wantState(p, payment.Cleared)
		if got := o.acts(file) + o.audited(file, "resolve delivery"); got != `{"word":"missing"}` {
			t.Errorf("tasks and audit: %q", got)
		}
		o.verified()
	})
}

// TestXO2NotMissing: two people called a file missing that the bank has. If the bank says so before it left again, it does not
// leave again; if it says so later, a person has one of the two taken back, and the rejection of the second as a duplicate
// fails nobody's payment.
func TestXO2NotMissing(t *testing.T) {
	t.Parallel()
	for _, leaves := range []bool{false, true} {
		t.Run(fmt.Sprint("leaves again ", leaves), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, s *dbtest.Store) { notMissing(t, s, leaves) })
		})
	}
}

func notMissing(t *testing.T, s *dbtest.Store, leaves bool) {
	t.Helper()
	o := newOffice(t, s, vaultIn(t), t.TempDir())
	p, file := o.inDoubt(t, "Found again")
	for _, who := range []db.Caller{o.who, o.colleague("bo")} {
		if _, err := o.say(who, file, payment.FileMissing); err != nil {
			t.Fatal(err)
		}
	}
	earlier := "20261125T090001Z-" + string(file) + ".ach"
	if leaves {
		if err := o.engine.Deliver(context.Background(), o.who.Org, o.s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	var sha, second string
	o.read(func(tx *db.Tx) error {
		return tx.Row(`SELECT sha256, name FROM bank_files WHERE org_id = $1 AND id = $2`, string(o.who.Org), string(file)).Scan(&sha, &second)
	})
	in := filepath.Join(o.dir, string(o.who.Org), "in")
	if err := os.MkdirAll(in, 0o750); err != nil {
		t.Fatal(err)
	}
	before := len(o.names("out"))
	put(t, in, string(file)+"-1.ack", "FILE "+earlier+"\nSHA256 "+sha+"\nSTATUS ACCEPTED\n")
	if leaves {
		put(t, in, string(file)+"-2.ack", "FILE "+second+"\nSHA256 "+sha+"\nSTATUS REJECTED duplicate of "+earlier+"\n")
	}
	if err := o.engine.Step(context.Background(), o.who.Org, o.s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	o.wantState(p, payment.Sent)
	if got := len(o.names("out")); got != before {
		t.Errorf("%d files, %d before", got, before)
	}
	if got := o.tasks(file); (got == "operator twice") != leaves {
		t.Errorf("tasks %q", got)
	}
	o.verified()
}

// TestXO2ResolveDeliveryAlone: where nobody else may say it, one person says it twice, two banking days apart (SEC-5).
func TestXO2ResolveDeliveryAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		p, file := o.inDoubt(t, "Alone")
		before := len(o.names("out"))
		for _, day := range []string{"2026-11-25", "2026-11-26", "2026-11-27"} { // the 26th is Thanksgiving
			o.at(day, "10:00:00")
			counts, err := o.say(o.who, file, payment.FileThere)
			if first := day == "2026-11-25"; counts || first && err != nil || !first && !errors.Is(err, payment.ErrSamePerson) {
				t.Errorf("SEC-5: on %s: %v, %v", day, counts, err)
			}
		}
		o.at("2026-11-30", "10:00:00")
		if counts, err := o.say(o.who, file, payment.FileThere); !counts || err != nil {
			t.Fatal(counts, err)
		}
		o.wantState(p, payment.Sent)
		o.until(pacific("2026-11-30", 11, 0))
		if got := len(o.names("out")); got != before {
			t.Errorf("the file left again: %d files, %d before", got, before)
		}
	})
}

// TestReplace: a file with lines for positive pay, or a list of entries to be sent back, that the bank rejects is written
// anew once, when a person asks for it (CHK-6, VOI-2).
func TestReplace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Entry", nil)
		o.account(v, "5551234")
		o.until(pacific("2026-11-24", 9, 0))
		spoiled := o.mustPay(o.bill(o.vendor("Paper", nil), 1_000), 1_000, "2026-11-25")
		entry := o.mustPay(o.bill(v, 2_000), 2_000, "2026-11-25")
		reject := func(kind string) ids.ID {
			t.Helper()
			var id ids.ID
			var name, sha string
			o.read(func(tx *db.Tx) error {
				return tx.Row(`SELECT id, name, sha256 FROM bank_files WHERE org_id = $1 AND kind = $2 AND state IN ('delivered', 'accepted') ORDER BY id DESC LIMIT 1`,
					string(o.who.Org), kind).Scan((*string)(&id), &name, &sha)
			})
			o.write(func(tx *db.Tx) error { // the simulated bank has taken it already
				tx.ExecOne(`UPDATE bank_files SET state = 'delivered' WHERE org_id = $1 AND id = $2`, string(o.who.Org), string(id))
				return nil
			})
			o.byHand++
			put(t, filepath.Join(o.dir, string(o.who.Org), "in"), fmt.Sprintf("rejected-%d.ack", o.byHand),
				"FILE "+name+"\nSHA256 "+sha+"\nSTATUS REJECTED not set up yet\n")
			if err := o.engine.TakeIn(ctx, o.who.Org, o.s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			if got := o.tasks(id) + ", " + o.acts(id); got != "operator, replace" {
				t.Fatalf("tasks of the rejected %s: %q", kind, got)
			}
			return id
		}
		replace := func(kind string, id ids.ID, lines string) {
			t.Helper()
			weak := o.who
			weak.Perms = db.Of(org.ViewBanks)
			if _, err := o.engine.Replace(ctx, weak, id); fault.From(err) == nil || fault.From(err).Kind != fault.Forbidden {
				t.Errorf("without permission: %v", err)
			}
			made, err := o.engine.Replace(ctx, o.who, id)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := o.engine.Replace(ctx, o.who, id); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s is replaced twice: %v", kind, err)
			}
			f, err := o.engine.File(ctx, o.who, made)
			if err != nil || f.Kind != kind || !strings.Contains(string(f.Content), lines) {
				t.Errorf("the new %s: %v %q, want %q in it", f.Kind, err, f.Content, lines)
			}
			o.until(o.s.Clock.Now().Add(time.Minute))
			if _, state := o.file(kind); state != "delivered" || o.acts(id) != "" {
				t.Errorf("the new %s is %s; tasks %q", kind, state, o.acts(id))
			}
		}
		o.until(pacific("2026-11-25", 1, 1))
		o.wantState(spoiled, payment.Sent)
		replace("positivepay", reject("positivepay"), "10001,2026-11-25,10.00,Paper,I")

		o.mustVoid(entry, payment.VoidAndCredit, "twice")
		o.until(o.s.Clock.Now().Add(time.Minute))
		replace("recall", reject("recall"), ",20.00,2026-11-27,twice")

		o.write(func(tx *db.Tx) error { return payment.ReturnMail(tx, o.bank, 10001, true) })
		o.mustVoid(spoiled, payment.VoidAndCredit, "returned mail")
		o.until(o.s.Clock.Now().Add(time.Minute))
		id := reject("stops")
		replace("stops", id, "10001,2026-11-25,10.00,Paper,V")
		o.verified()
	})
}

// TestREC1OneDayTwice: two statements of one day, in whatever order and on whatever footing they come, leave the account
// where the later one closed.
func TestREC1OneDayTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		fee := func(n int64) bai2.Line { return bai2.Line{Type: bai2.Fees, Amount: n, Text: "FEE"} }
		for _, c := range []struct {
			name   string
			before bool // there is a statement of the day before
			first  int64
		}{{"in order, first of all", false, 100}, {"reversed, first of all", false, 99}, {"in order", true, 100}, {"reversed", true, 99}} {
			t.Run(c.name, func(t *testing.T) {
				o := newOffice(t, s, vaultIn(t), t.TempDir())
				o.at("2026-11-20", "09:00:00")
				if c.before {
					o.statement(t, "2026-11-16", 101, 100, fee(1))
				}
				o.statement(t, "2026-11-17", c.first, c.first-1, fee(1))
				o.statement(t, "2026-11-17", 199-c.first, 198-c.first, fee(1))
				o.statement(t, "2026-11-18", 98, 97, fee(1))
				for _, got := range o.statements() {
					if !strings.HasSuffix(got, " taken") {
						t.Errorf("REC-1: %s", got)
					}
				}
				if r := o.reconcile("2026-11-17"); r.Statement != 98 {
					t.Errorf("REC-5: the day closes with %d, want 98", r.Statement)
				}
			})
		}
	})
}

// TestSuspenseInParts: a movement of two returns of nobody knows what goes to suspense in two parts, and each part to the
// payment it was (posting 17); not to one of another account.
func TestSuspenseInParts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Back", nil)
		o.account(v, "88880003")
		o.until(pacific("2026-11-24", 9, 0))
		p1, p2 := o.mustPay(o.bill(v, 300), 300, "2026-11-25"), o.mustPay(o.bill(v, 500), 500, "2026-11-25")
		o.until(pacific("2026-12-01", 23, 0)) // the entries are back, their statement is not
		o.wantState(p1, payment.Failed)
		o.statement(t, "2026-12-01", 4_999_200, 5_000_000, bai2.Line{Type: 699, Amount: 0, Text: "NOTHING"},
			bai2.Line{Type: 301, Amount: 800, Text: "RETURNS"})
		all := o.open()
		line := all[len(all)-1].ID
		if err := o.match(line, payment.Item{Kind: payment.ItemSuspense, Amount: 300}, payment.Item{Kind: payment.ItemSuspense, Amount: 500}); err != nil {
			t.Fatal(err)
		}
		var parts []payment.SuspendedLine
		o.read(func(tx *db.Tx) (err error) { parts, err = payment.SuspendedLines(tx, o.bank); return err })
		if len(parts) != 2 || parts[0].Amount != 300 || parts[1].Amount != 500 || len(parts[1].Payments) != 1 || parts[1].Payments[0].Target != p2 {
			t.Fatalf("parts: %+v", parts)
		}
		elsewhere := func(account string) {
			o.write(func(tx *db.Tx) error {
				tx.Exec(`UPDATE payments SET bank_account_id = $3 WHERE org_id = $1 AND id = $2`, string(o.who.Org), string(p2), account)
				return nil
			})
		}
		elsewhere(string(ids.New(ids.BankAccount)))
		o.wantErr("of another account", payment.ErrNotOpen, func(tx *db.Tx) error { return payment.ClearSuspense(tx, line, p2) })
		elsewhere(string(o.bank))
		for _, p := range []ids.ID{p2, p1} {
			o.write(func(tx *db.Tx) error { return payment.ClearSuspense(tx, line, p) })
		}
		o.wantErr("all is cleared", fault.ErrNotFound, func(tx *db.Tx) error { return payment.ClearSuspense(tx, line, p1) })
		if got := o.role(ledger.ReturnsSuspense); got != 0 {
			t.Errorf("posting 17: suspense is %d", got)
		}
		o.wantBalances("posting 17", 0, -800, 5_000_000)
	})
}

// TestRefusedFile: a garbled file, or one that a rule of ours keeps out, becomes a task and stops nothing; once it can be
// read, it is, and once.
func TestRefusedFile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-20", "09:00:00")
		if err := os.MkdirAll(filepath.Join(o.dir, string(o.who.Org), "in"), 0o750); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(o.dir, string(o.who.Org), "in"), "aa-garbled.bai", "01,X,Y,2611\x00")
		o.statement(t, "2026-11-17", 100, 99, bai2.Line{Type: bai2.Fees, Amount: 1, Text: "FEE"}) // takes both in
		if got := strings.Join(o.statements(), ""); got != "2026-11-17 taken" {
			t.Errorf("behind the garbled file: %q", got)
		}
		garbled, state := o.file("statement")
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT id, state FROM bank_files WHERE org_id = $1 AND name = 'aa-garbled.bai'`, string(o.who.Org)).Scan((*string)(&garbled), &state)
		})
		if got := state + " " + o.acts(garbled); got != "refused read" {
			t.Fatal(got)
		}
		if f, err := o.engine.File(ctx, o.who, garbled); err != nil || string(f.Content) != "01,X,Y,2611\x00" {
			t.Errorf("the file is not kept: %q, %v", f.Content, err)
		}
		weak := o.who
		weak.Perms = db.Of(org.ViewBanks)
		if err := o.engine.ReadAgain(ctx, weak, garbled); fault.From(err) == nil || fault.From(err).Kind != fault.Forbidden {
			t.Errorf("without permission: %v", err)
		}
		if err := o.engine.ReadAgain(ctx, o.who, garbled); !errors.Is(err, payment.ErrUnreadable) {
			t.Errorf("still garbled: %v", err)
		}
		if got := o.acts(garbled); got != "read" {
			t.Errorf("the task went: %q", got)
		}

		// Returns of an entry whose account nobody finds: what they say is not lost, and counts once it is found.
		v := o.vendor("Back", nil)
		account := o.account(v, "88880003")
		o.until(pacific("2026-11-24", 9, 0))
		p := o.mustPay(o.bill(v, 300), 300, "2026-11-25")
		points := func(to ids.ID) {
			o.write(func(tx *db.Tx) error {
				tx.ExecOne(`UPDATE disbursements SET bank_account = $3 WHERE org_id = $1 AND payment_id = $2`, string(o.who.Org), string(p), string(to))
				return nil
			})
		}
		o.until(pacific("2026-11-25", 23, 0))
		points(ids.New(ids.VendorBankAccount))
		o.until(pacific("2026-12-01", 23, 0))
		o.wantState(p, payment.Sent) // the statements do not follow the one above
		back, state := o.file("returns")
		if got := state + " " + o.acts(back); got != "refused read" {
			t.Fatal(got)
		}
		points(account)
		if err := o.engine.ReadAgain(ctx, o.who, back); err != nil {
			t.Fatal(err)
		}
		if err := o.engine.ReadAgain(ctx, o.who, back); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("read twice: %v", err)
		}
		o.wantState(p, payment.Failed)
		if _, state := o.file("returns"); state != "taken" || o.acts(back) != "" {
			t.Errorf("the returns are %s, tasks %q", state, o.acts(back))
		}
	})
}
