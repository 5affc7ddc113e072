package payment_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// tasks are the open tasks about a subject as "kind code".
func (o *office) tasks(subject ids.ID) string {
	o.t.Helper()
	var out []string
	o.read(func(tx *db.Tx) error {
		all, err := payment.Tasks(tx, subject)
		for _, t := range all {
			out = append(out, strings.TrimSpace(t.Kind+" "+t.Code))
		}
		return err
	})
	return strings.Join(out, ",")
}

func (o *office) held(v ids.ID) (reason string) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) {
		reason, err = vendor.Held(tx, v)
		return err
	})
	return reason
}

// TestReturnCodes sends every return code R01 to R85 through files of the simulator and compares what becomes of the
// payment, the account, the vendor and who has to look with the table of 5.8.
func TestReturnCodes(t *testing.T) {
	t.Parallel()
	type want struct {
		state   string
		invalid bool
		held    bool
		task    string
	}
	rows := map[string]want{ // any other code: failed, and a task of the operator
		"R06": {state: payment.Failed}, "R31": {state: payment.Failed},
		"R14": {state: payment.Failed, held: true}, "R15": {state: payment.Failed, held: true},
		"R16": {payment.Failed, false, true, "compliance R16"}, "R17": {payment.Failed, false, true, "fraud R17"},
		"R23": {payment.Failed, false, false, "contact R23"}, "R24": {payment.Cleared, false, false, "operator R24"},
	}
	for _, code := range []string{"R02", "R03", "R04", "R12", "R13", "R20", "R28", "R34"} {
		rows[code] = want{state: payment.Failed, invalid: true}
	}
	undefined := map[int]bool{48: true, 49: true, 54: true, 55: true, 56: true, 57: true, 58: true, 59: true, 60: true, 63: true, 64: true,
		65: true, 66: true, 78: true, 79: true}
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		type payee struct{ vendor, account, payment, bill, waiting ids.ID }
		var payees [86]payee
		for n := 1; n <= 85; n++ {
			p := &payees[n]
			p.vendor = o.vendor(fmt.Sprintf("Payee %02d", n), nil)
			p.account = o.account(p.vendor, fmt.Sprintf("55500%02d", n))
			p.bill = o.bill(p.vendor, 1_000)
			p.payment = o.mustPay(p.bill, 1_000, "2026-11-25")
			p.waiting = o.mustPay(o.bill(p.vendor, 7), 7, "2026-12-14")
		}
		o.until(civil.MustDate("2026-12-02").At(6, 0, civil.NewYork))
		failed := int64(0)
		for n := 1; n <= 85; n++ {
			p, code := payees[n], fmt.Sprintf("R%02d", n)
			w, special := rows[code]
			switch {
			case undefined[n]:
				w = want{state: payment.Cleared} // the simulator returns no code that Nacha does not define
			case !special:
				w = want{state: payment.Failed, task: "operator " + code}
			}
			o.wantState(p.payment, w.state)
			if w.state == payment.Failed {
				failed++
				if a := o.attempts(p.bill)[0]; a.ReasonCode != code || a.ReasonText == "" {
					t.Errorf("%s: attempt has %q %q", code, a.ReasonCode, a.ReasonText)
				}
				if b := o.load(p.bill); b.PaymentStatus != bill.Open {
					t.Errorf("%s: the bill has status %d, want open", code, b.PaymentStatus)
				}
			}
			o.read(func(tx *db.Tx) error {
				a, err := vendor.BankAccounts.Load(tx, p.account)
				if err != nil {
					return err
				}
				v, err := vendor.Vendors.Load(tx, p.vendor)
				if invalid := a.Status == vendor.AccountInvalid; err == nil && (invalid != w.invalid || (v.PayBy == vendor.PayByCheck) != w.invalid) {
					t.Errorf("%s: account has status %d, payBy is %d; want invalid %v", code, a.Status, v.PayBy, w.invalid)
				}
				return err
			})
			if held := o.held(p.vendor) != ""; held != w.held {
				t.Errorf("%s: the vendor is held %v, want %v", code, held, w.held)
			}
			if got := o.tasks(p.payment); got != w.task {
				t.Errorf("%s: tasks %q, want %q", code, got, w.task)
			}
			if hold := o.payment(p.waiting).State == payment.OnHold; hold != (w.held || w.invalid) {
				t.Errorf("%s: the next payment is held %v", code, hold)
			}
		}
		if failed != 69 {
			t.Errorf("%d payments failed, want 69", failed) // 70 codes are defined; R24 stands
		}
		o.verified()

		// R24: the person finds that it failed after all. The bank's credit has come before.
		r24 := payees[24]
		if err := o.try(func(tx *db.Tx) error { return payment.ConfirmReturn(tx, r24.payment, "") }); !errors.Is(err, fault.ErrMissing) {
			t.Errorf("without a note: %v", err)
		}
		for i, want := range []error{nil, fault.ErrNotFound} {
			err := o.try(func(tx *db.Tx) error {
				return payment.ConfirmReturn(tx, r24.payment, "The bank says it was sent once.")
			})
			if !errors.Is(err, want) {
				t.Errorf("confirm %d: %v, want %v", i, err, want)
			}
		}
		o.wantState(r24.payment, payment.Failed)
		if got := o.tasks(r24.payment); got != "" {
			t.Errorf("R24: open tasks %q", got)
		}

		// A held vendor is paid again once a person lets it go.
		held := payees[16]
		o.write(func(tx *db.Tx) error { return vendor.LiftHold(tx, held.vendor) })
		if o.held(held.vendor) != "" {
			t.Error("the hold is not lifted")
		}
		late := payees[17]
		again := o.mustPay(late.bill, 1_000, "2026-12-07")
		o.until(civil.MustDate("2026-12-07").At(2, 0, civil.Pacific))
		o.wantState(again, payment.OnHold)
	})
}

// TestR24Twin: a duplicate of which another payment is under way has failed.
func TestR24Twin(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Twice", nil)
		o.account(v, "5550024")
		first := o.mustPay(o.bill(v, 1_000), 1_000, "2026-11-25")
		second := o.mustPay(o.bill(v, 1_000), 1_000, "2026-11-27")
		o.until(civil.MustDate("2026-12-01").At(8, 0, civil.NewYork))
		o.wantState(first, payment.Failed) // the second is live
		o.until(civil.MustDate("2026-12-02").At(8, 0, civil.NewYork))
		o.wantState(second, payment.Settled) // no other one is: a person looks
		if got := o.tasks(second); got != "operator R24" {
			t.Errorf("tasks %q", got)
		}
	})
}

// TestE17_ReturnTwice: the file of a return again, under another name; its entry in a new file; and the bank returning the
// same original with another trace: one failure, one posting, one task.
func TestE17_ReturnTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Gone", nil)
		o.account(v, "5550023")
		p := o.mustPay(o.bill(v, 1_000), 1_000, "2026-11-25")
		o.until(civil.MustDate("2026-12-01").At(8, 0, civil.NewYork))
		o.wantState(p, payment.Failed)
		steps := len(o.attempts(o.billOf(p))[0].Steps)
		in := filepath.Join(o.dir, string(o.who.Org), "in")
		returns := o.content("in", "20261201T130000Z-returns.ach")
		put(t, in, "20261201T140000Z-returns.ach", returns)
		put(t, in, "20261201T150000Z-returns.ach", strings.Replace(returns, "0800A094101", "0900B094101", 1))
		trace := strings.Split(returns, "\n")[2][79:94]
		put(t, in, "20261201T160000Z-returns.ach", strings.ReplaceAll(returns, trace+"\n", trace[:8]+"7654321\n"))
		o.until(civil.MustDate("2026-12-01").At(12, 0, civil.NewYork))
		if err := o.engine.Step(context.Background(), o.who.Org, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		o.wantBalances("E17", 1_000, -1_000, 5_000_000-1_000)
		if got := len(o.attempts(o.billOf(p))[0].Steps); got != steps {
			t.Errorf("%d steps, want %d", got, steps)
		}
		if got := o.tasks(p); got != "contact R23" {
			t.Errorf("tasks %q", got)
		}
		var refused int64
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*) FROM bank_files WHERE org_id = $1 AND state = 'refused'`, string(o.who.Org)).Scan(&refused)
		})
		if refused != 0 {
			t.Errorf("%d files were refused instead of taken in twice", refused)
		}
		o.verified()
	})
}

// billOf is the bill of a payment of one.
func (o *office) billOf(p ids.ID) (id ids.ID) {
	o.t.Helper()
	o.read(func(tx *db.Tx) error {
		return tx.Row(`SELECT bill_id FROM bill_pays WHERE org_id = $1 AND payment_id = $2`, string(o.who.Org), string(p)).Scan((*string)(&id))
	})
	return id
}

// TestE18_ReturnAfterReissue: the entry of a payment that was sent back at our request and reissued comes back again, with
// another code: it stays with the first payment, the money is expected once, the reissued payment goes on.
func TestE18_ReturnAfterReissue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Recalled", nil)
		o.account(v, "5551234")
		p := o.mustPay(o.bill(v, 1_000), 1_000, "2026-11-25")
		o.until(o.at("2026-11-25", "10:00:00"))
		o.write(func(tx *db.Tx) error {
			_, err := payment.Void(tx, payment.Voiding{PaymentID: p, Type: payment.VoidAndReissue, Reason: "duplicate"})
			return err
		})
		o.until(civil.MustDate("2026-12-01").At(8, 0, civil.NewYork))
		o.wantState(p, payment.Voided) // R06 with a void requested
		next := o.payment(p).ReplacedBy
		in := filepath.Join(o.dir, string(o.who.Org), "in")
		returns := o.content("in", "20261201T130000Z-returns.ach")
		trace := strings.Split(returns, "\n")[2][79:94]
		put(t, in, "20261201T160000Z-returns.ach", strings.NewReplacer("799R06", "799R03", trace+"\n", trace[:8]+"7654321\n").Replace(returns))
		o.until(civil.MustDate("2026-12-01").At(12, 0, civil.NewYork))
		if err := o.engine.Step(context.Background(), o.who.Org, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		var matched string
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT matched FROM bank_returns WHERE org_id = $1 AND code = 'R03'`, string(o.who.Org)).Scan(&matched)
		})
		if matched != string(p) {
			t.Errorf("the return belongs to %q, want %s", matched, p)
		}
		o.wantState(p, payment.Voided)
		o.until(civil.MustDate("2026-12-09").At(15, 0, civil.Pacific))
		o.wantState(next, payment.Cleared)
		o.wantBalances("E18", 0, 0, 5_000_000-1_000)
		o.verified()
	})
}
