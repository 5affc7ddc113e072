package payment_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

// printed is the text of each sheet in the only print run that has left.
func (o *office) printed(t *testing.T) []string {
	t.Helper()
	names := o.names("checks")
	if len(names) != 1 {
		t.Fatalf("print runs %q, want one", names)
	}
	out, err := exec.Command("pdftotext", "-layout", filepath.Join(o.dir, string(o.who.Org), "checks", names[0]), "-").Output()
	if err != nil {
		t.Fatalf("pdftotext of poppler-utils: %v", err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
}

func (o *office) mustVoid(id ids.ID, kind int64, reason string) (p *payment.Payment) {
	o.t.Helper()
	o.write(func(tx *db.Tx) (err error) {
		p, err = payment.Void(tx, payment.Voiding{PaymentID: id, Type: kind, Reason: reason})
		return err
	})
	return p
}

// set changes a setting of the organisation.
func (o *office) set(key, value string) {
	o.t.Helper()
	o.write(func(tx *db.Tx) error {
		own, err := org.Load(tx)
		if err == nil {
			err = own.Set(key, value)
		}
		if err != nil {
			return err
		}
		return org.Save(tx, own)
	})
}

// runs reads the print runs, newest first.
func (o *office) runs() (all []payment.PrintRun) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) {
		all, err = payment.PrintRuns(tx, "")
		return err
	})
	return all
}

// register is the register as "number state" in the order of the numbers.
func (o *office) register() string {
	o.t.Helper()
	var lines []string
	o.read(func(tx *db.Tx) error {
		all, err := payment.Register(tx, payment.Listing{})
		for _, r := range all {
			lines = append(lines, fmt.Sprintf("%d %s", r.Serial, r.State))
		}
		return err
	})
	slices.Reverse(lines)
	return strings.Join(lines, ", ")
}

// marks are the lines of all positive-pay files, as "number mark", in the order they left.
func (o *office) marks() string {
	o.t.Helper()
	var all []string
	for _, n := range o.names("out") {
		if strings.HasSuffix(n, "-positivepay.csv") {
			for _, line := range strings.Split(strings.TrimSpace(o.content("out", n)), "\r\n")[1:] {
				all = append(all, strings.Split(line, ",")[1]+" "+line[len(line)-1:])
			}
		}
	}
	return strings.Join(all, ", ")
}

// CHK-6: the bank of an account gets its lists in the form it asks for, in the release and in a void; here a bank that knows
// only lines of 100 columns takes them, pays the check that stands and does not pay the one that was voided.
func TestPositivePayTemplate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		var account ids.ID
		o.read(func(tx *db.Tx) error {
			a, err := bank.Default(tx)
			account = a.ID
			return err
		})
		if err := o.try(func(tx *db.Tx) error { return bank.SetPositivePay(tx, account, "{}") }); !errors.Is(err, fault.ErrValue) {
			t.Errorf("an empty template: got %v", err)
		}
		carl := o.who
		carl.Perms = 0
		if err := o.as(carl, func(tx *db.Tx) error { return bank.SetPositivePay(tx, account, "fixed") }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("by who does not manage banks: got %v", err)
		}
		o.write(func(tx *db.Tx) error { return bank.SetPositivePay(tx, account, " fixed\n") })
		kept := o.mustPay(o.bill(o.vendor("Keeps GmbH", nil), 125_000), 125_000, "2026-11-24")
		lost := o.mustPay(o.bill(o.vendor("Loses Ltd SIM-NEVER", nil), 4_00), 4_00, "2026-11-24")
		o.until(pacific("2026-11-24", 9, 0))
		o.mustVoid(lost, payment.VoidAndCredit, "lost")
		o.until(pacific("2026-12-03", 12, 0))
		o.wantState(kept, payment.Cleared)
		o.wantState(lost, payment.Voided)
		var lines []string
		for _, n := range o.names("out") {
			if strings.HasSuffix(n, "-positivepay.txt") {
				lines = append(lines, strings.Split(strings.TrimSuffix(o.content("out", n), "\r\n"), "\r\n")...)
			}
			if strings.HasSuffix(n, "-positivepay.csv") {
				t.Errorf("%s is of the generic form", n)
			}
		}
		if len(lines) != 5 {
			t.Fatalf("got %q, want two issues and their sums, a void and its sums", lines)
		}
		for i, want := range []string{"I", "I", "T", "V", "T"} {
			if len(lines[i]) != 100 || lines[i][:1] != want {
				t.Errorf("line %d: got %q, want 100 columns and %s", i+1, lines[i], want)
			}
		}
		if got := strings.TrimSpace(lines[3][28:]); got != "000000040020261124LOSES LTD SIM-NEVER" {
			t.Errorf("the void says %q", got)
		}
		o.verified()
	})
}

// CHK-4, CHK-5, CHK-6, XO-4: people open the print run, confirm what came out right and what was mailed; a spoiled number
// is used up, its payment gets the next one in a run of its own, and the bank hears of both.
func TestPrintRun(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		ctx := context.Background()
		o.set("checkPrinting", "people")
		var paid []ids.ID
		for i := range 4 {
			v := o.vendor(fmt.Sprintf("Payee %d", i+1), nil)
			paid = append(paid, o.mustPay(o.bill(v, 1_000), 1_000, "2026-11-24"))
		}
		o.until(civil.MustDate("2026-11-24").At(9, 0, civil.Pacific))
		if got := o.names("checks"); len(got) != 0 {
			t.Errorf("CHK-5: %q left without a person", got)
		}
		run := o.runs()[0].ID
		act := func(what string, want error, f func(tx *db.Tx) error) {
			t.Helper()
			if err := o.try(f); !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", what, err, want)
			}
		}
		printed := func(run ids.ID, from, to int64) func(*db.Tx) error {
			return func(tx *db.Tx) error { return payment.ConfirmPrinted(tx, run, from, to) }
		}
		mailed := func(run ids.ID, from, to int64) func(*db.Tx) error {
			return func(tx *db.Tx) error { return payment.ConfirmMailed(tx, run, from, to) }
		}
		spoil := func(serial int64) func(*db.Tx) error {
			return func(tx *db.Tx) error { _, err := payment.Spoil(tx, o.bank, serial, "paper jam"); return err }
		}
		act("not open", payment.ErrCheckState, printed(run, 10001, 10004))
		act("spoiled before it is printed", payment.ErrCheckState, spoil(10001))
		for range 2 {
			f, err := o.engine.OpenRun(ctx, o.who, run)
			if err != nil || !strings.HasPrefix(string(f.Content), "%PDF-") {
				t.Fatalf("open: %v, %d bytes", err, len(f.Content))
			}
		}
		o.read(func(tx *db.Tx) error {
			var opened, again int64
			err := tx.Row(`SELECT (SELECT count(*) FROM audit_events WHERE org_id = $1 AND record_id = $2 AND action = 'open'),
				(SELECT count(*) FROM audit_events WHERE org_id = $1 AND record_id = $2 AND action = 'open again')`, string(o.who.Org), string(run)).Scan(&opened, &again)
			if err != nil || opened != 1 || again != 1 {
				t.Errorf("CHK-5: audited %d and %d times, %v", opened, again, err)
			}
			return nil
		})
		act("no such run", fault.ErrNotFound, printed(ids.New(ids.BankFile), 1, 2))
		act("no range", fault.ErrValue, printed(run, 3, 2))
		act("other numbers", payment.ErrCheckState, printed(run, 1, 10000))
		act("printed", nil, printed(run, 10001, 10002))
		act("mailed before it is printed", payment.ErrCheckState, mailed(run, 10003, 10004))
		act("spoiled", nil, spoil(10003))
		act("spoiled again", payment.ErrCheckState, spoil(10003))
		act("spoiled without a reason", fault.ErrMissing, func(tx *db.Tx) error { _, err := payment.Spoil(tx, o.bank, 10004, ""); return err })
		act("no such number", fault.ErrNotFound, spoil(99))
		act("mailed", nil, mailed(run, 10001, 10004))
		act("spoiled after it is printed", nil, spoil(10004))
		act("spoiled after it is mailed", payment.ErrCheckState, spoil(10001))
		o.wantState(paid[0], payment.Sent)
		o.wantState(paid[2], payment.InFile)
		o.verified()
		o.until(civil.MustDate("2026-11-24").At(10, 0, civil.Pacific))
		if got, want := o.marks(), "10001 I, 10002 I, 10003 I, 10004 I, 10003 V, 10004 V, 10005 I, 10006 I"; got != want {
			t.Errorf("CHK-6: the bank was told %s, want %s", got, want)
		}
		o.mustVoid(paid[3], payment.VoidAndCredit, "duplicate") // drawn in the second run, which nobody has opened
		o.until(civil.MustDate("2026-11-24").At(10, 30, civil.Pacific))
		again := o.runs()[0]
		if again.Checks != 2 || again.First != 10005 || again.Last != 10006 || again.State != "waiting" || again.Voided != 1 {
			t.Fatalf("XO-4: the second run is %+v", again)
		}
		late := func(day string, want int) {
			t.Helper()
			o.at(day, "12:00:00")
			o.read(func(tx *db.Tx) error {
				n, err := payment.Unconfirmed(tx)
				if err != nil || n != int64(want) || o.runs()[0].Late != (want > 0) {
					t.Errorf("CHK-5: on %s %d late, %v, %v, want %d", day, n, o.runs()[0].Late, err, want)
				}
				return nil
			})
		}
		late("2026-11-30", 0) // 25, 27 and 30 November are the three days
		late("2026-12-01", 1)
		o.at("2026-11-24", "11:00:00")
		if _, err := o.engine.OpenRun(ctx, o.who, again.ID); err != nil {
			t.Fatal(err)
		}
		act("printed", nil, printed(again.ID, 10005, 10006))
		o.until(civil.MustDate("2026-12-07").At(9, 0, civil.Pacific)) // the bank pays 10005 though nobody said that it was mailed
		if got, want := o.register(), "10001 cleared, 10002 cleared, 10003 spoiled, 10004 spoiled, 10005 cleared, 10006 voided"; got != want {
			t.Errorf("CHK-4: the register is %s, want %s", got, want)
		}
		act("mailed after it is paid", payment.ErrCheckState, mailed(again.ID, 10005, 10006))
		o.wantBalances("end", 0, -1_000, 4_997_000)
		o.verified()
	})
}

// CHK-6: no sheet counts as mailed before its positive-pay file has left; who may not print confirms nothing.
func TestMailedOnceAnnounced(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		ctx := context.Background()
		o.set("checkPrinting", "people")
		o.mustPay(o.bill(o.vendor("Payee", nil), 1_000), 1_000, "2026-11-24")
		at := o.at("2026-11-24", "01:00:00")
		if err := o.engine.Release(ctx, o.who.Org, at); err != nil {
			t.Fatal(err)
		}
		run := o.runs()[0].ID
		if _, err := o.engine.OpenRun(ctx, o.who, run); !errors.Is(err, payment.ErrCheckState) {
			t.Errorf("not drawn: got %v", err)
		}
		out := filepath.Join(o.dir, string(o.who.Org), "out")
		if err := errors.Join(os.MkdirAll(filepath.Dir(out), 0o750), os.WriteFile(out, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		if err := o.engine.Deliver(ctx, o.who.Org, at); err == nil {
			t.Fatal("delivered into a file")
		}
		clerk := o.who
		clerk.Perms = db.Of(org.ViewBanks, org.PayApproved)
		if _, err := o.engine.OpenRun(ctx, clerk, run); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without PrintChecks: got %v", err)
		}
		if _, err := o.engine.OpenRun(ctx, o.who, run); err != nil {
			t.Fatal(err)
		}
		o.write(func(tx *db.Tx) error { return payment.ConfirmPrinted(tx, run, 10001, 10001) })
		mailed := func(tx *db.Tx) error { return payment.ConfirmMailed(tx, run, 10001, 10001) }
		if err := o.try(mailed); !errors.Is(err, payment.ErrNotAnnounced) {
			t.Errorf("CHK-6: got %v", err)
		}
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
		if err := o.engine.Deliver(ctx, o.who.Org, at); err != nil {
			t.Fatal(err)
		}
		o.write(mailed)
		o.verified()
	})
}

// CHK-4, XO-4: a cheque voided before it is printed, or before its print run has left, comes out as a sheet that says
// VOID; its number stays used and the bank is told with one void line.
func TestVoidBeforePrint(t *testing.T) {
	t.Parallel()
	for _, drawn := range []bool{false, true} {
		dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
			o := newOffice(t, s, vaultIn(t), t.TempDir())
			ctx := context.Background()
			first := o.mustPay(o.bill(o.vendor("Kept, Inc.", nil), 1_000), 1_000, "2026-11-24")
			second := o.mustPay(o.bill(o.vendor("Voided, Inc.", nil), 2_000), 2_000, "2026-11-24")
			at := o.at("2026-11-24", "01:00:00")
			if err := o.engine.Release(ctx, o.who.Org, at); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(o.dir, string(o.who.Org), "out")
			if drawn { // the file for the bank cannot leave, so the sheets are drawn and wait
				if err := os.MkdirAll(filepath.Dir(out), 0o750); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(out, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := o.engine.Deliver(ctx, o.who.Org, at); err == nil {
					t.Fatal("delivered into a file")
				}
			}
			o.mustVoid(second, payment.VoidAndCredit, "lost")
			if drawn {
				if err := os.Remove(out); err != nil {
					t.Fatal(err)
				}
			}
			o.until(civil.MustDate("2026-11-24").At(3, 0, civil.Pacific))
			sheets := o.printed(t)
			if len(sheets) != 2 {
				t.Fatalf("got %d sheets, want 2", len(sheets))
			}
			for i, payee := range []string{"Kept, Inc.", "Voided, Inc."} {
				void := strings.Contains(sheets[i], "VOID") && !strings.Contains(sheets[i], "DOLLARS")
				if !strings.Contains(sheets[i], payee) || void != (i == 1) {
					t.Errorf("CHK-4: sheet %d is\n%s", i+1, sheets[i])
				}
			}
			o.wantState(first, payment.Sent)
			o.wantState(second, payment.Voided)
			var lines []string
			for _, n := range o.names("out") {
				for line := range strings.Lines(o.content("out", n)) {
					if strings.HasSuffix(line, ",V\r\n") {
						lines = append(lines, line)
					}
				}
			}
			if len(lines) != 1 || !strings.Contains(lines[0], ",10002,2026-11-24,20.00,") {
				t.Errorf("CHK-6: void lines %q", lines)
			}
			o.verified()
		})
	}
}

// CHK-4, XO-4: a number that its payment does not explain is found.
func TestVerifyChecks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.mustPay(o.bill(o.vendor("Payee", nil), 1_000), 1_000, "2026-11-24")
		o.until(civil.MustDate("2026-11-24").At(9, 0, civil.Pacific))
		for _, x := range []struct {
			change string
			want   int
		}{
			{`UPDATE checks SET state = 'mailed'`, 0}, {`UPDATE checks SET state = 'voided'`, 1}, {`UPDATE checks SET state = 'spoiled'`, 2},
			{`UPDATE checks SET state = 'mailed', amount = 999`, 1}, {`UPDATE checks SET amount = 1000`, 0}, {`UPDATE checks SET state = 'cleared'`, 1},
		} {
			o.write(func(tx *db.Tx) error { tx.Exec(x.change); return nil })
			o.read(func(tx *db.Tx) error {
				all, err := payment.Verify(tx, o.vault)
				found := 0
				for _, v := range all {
					if v.Rule == "CHK-4" {
						found++
					}
				}
				if err != nil || found != x.want {
					t.Errorf("%s: found %v, %v, want %d of CHK-4", x.change, all, err, x.want)
				}
				return nil
			})
		}
	})
}
