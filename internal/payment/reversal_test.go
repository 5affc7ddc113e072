package payment_test

import (
	"errors"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

func (o *office) ask(p ids.ID, reason string) error {
	return o.try(func(tx *db.Tx) error { return payment.AskReversal(tx, p, reason, "seen in the list") })
}

func (o *office) reversal(p ids.ID) (r payment.Reversal) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) {
		r, err = payment.ReversalOf(tx, p)
		return err
	})
	return r
}

// TestVOI_4_Reversal: a settled credit is taken back by a debit that another person approves; it is voided once the debit
// stands, and stands itself if the receiving bank sends the debit back (R11, R17).
func TestVOI_4_Reversal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		bo := o.colleague("bo")
		approve := func(who db.Caller, p ids.ID) error {
			return o.as(who, func(tx *db.Tx) error { return payment.ApproveReversal(tx, p) })
		}
		var pays, bills [4]ids.ID
		for i, account := range []string{"5551234", "5550611", "5550617", "5551237"} {
			v := o.vendor("Payee "+account, nil)
			o.account(v, account)
			bills[i] = o.bill(v, 1_000)
			pays[i] = o.mustPay(bills[i], 1_000, "2026-11-25")
		}
		o.until(o.at("2026-11-25", "02:00:00"))
		if err := o.ask(pays[0], "duplicate"); !errors.Is(err, payment.ErrNotReversible) {
			t.Errorf("sent, not settled: %v", err)
		}
		o.until(civil.MustDate("2026-12-01").At(17, 0, civil.NewYork)) // settled on 27 November, cleared
		for reason, want := range map[string]error{"funding": fault.ErrValue, "": fault.ErrValue} {
			if err := o.ask(pays[0], reason); !errors.Is(err, want) {
				t.Errorf("reason %q: %v", reason, err)
			}
		}
		for i, reason := range []string{"duplicate", "amount", "receiver", "date"} {
			if err := o.ask(pays[i], reason); err != nil {
				t.Fatalf("%s: %v", reason, err)
			}
			if err := o.ask(pays[i], reason); !errors.Is(err, payment.ErrNotReversible) {
				t.Errorf("asked twice: %v", err)
			}
		}
		if r := o.reversal(pays[0]); r.State != "asked" || r.Amount != 1_000 || r.Latest.String() != "2026-12-04" || r.AskedBy != o.who.User {
			t.Errorf("got %+v", r)
		}
		if err := approve(o.who, pays[0]); !errors.Is(err, payment.ErrSamePerson) {
			t.Errorf("who asked: %v", err)
		}
		clerk := bo
		clerk.Perms = db.Of(org.CancelPayments)
		if err := approve(clerk, pays[0]); fault.From(err) == nil || fault.From(err).Kind != fault.Forbidden {
			t.Errorf("without permission: %v", err)
		}
		if err := o.as(bo, func(tx *db.Tx) error { return payment.DenyReversal(tx, pays[3]) }); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if err := approve(bo, pays[i]); err != nil {
				t.Fatal(err)
			}
			if err := approve(bo, pays[i]); !errors.Is(err, payment.ErrNotWaiting) {
				t.Errorf("approved twice: %v", err)
			}
			o.wantState(pays[i], payment.VoidRequested)
		}
		o.wantState(pays[3], payment.Cleared)
		o.until(civil.MustDate("2026-12-01").At(18, 0, civil.NewYork))
		all, found := o.entries(), 0
		for _, e := range all {
			if e.Credit() {
				continue
			}
			found++
			if e.Code != 27 || e.Batch.Description != "REVERSAL" || e.Batch.Class != 225 || e.Batch.SEC != "CCD" || e.Amount != 1_000 ||
				e.Batch.CompanyID != all[0].Batch.CompanyID || e.Batch.Effective.String() != "2026-12-02" || e.Trace != o.reversal(pays[found-1]).Trace {
				t.Errorf("VOI-4: got %+v in %+v", e, e.Batch)
			}
		}
		if found != 3 {
			t.Fatalf("%d debits, want 3", found)
		}
		o.until(civil.MustDate("2026-12-03").At(6, 0, civil.NewYork)) // the statement of 2 December
		o.wantBalances("settled", -3_000, 0, 5_000_000-4_000+3_000)
		o.verified()
		o.until(civil.MustDate("2026-12-04").At(8, 0, civil.NewYork)) // returned
		o.wantState(pays[1], payment.Cleared)
		o.wantState(pays[2], payment.Cleared)
		o.verified()
		o.until(civil.MustDate("2026-12-04").At(17, 0, civil.NewYork))
		o.wantState(pays[0], payment.Voided)
		if b := o.load(bills[0]); b.PaymentStatus != bill.Open {
			t.Errorf("the bill has status %d, want open", b.PaymentStatus)
		}
		for i, want := range []string{"confirmed", "returned", "returned", "denied"} {
			if r := o.reversal(pays[i]); r.State != want {
				t.Errorf("reversal %d is %s, want %s", i, r.State, want)
			}
		}
		o.until(civil.MustDate("2026-12-07").At(6, 0, civil.NewYork)) // the statement of 4 December
		o.wantBalances("in the end", 0, -1_000, 5_000_000-3_000)
		o.verified()
		var unmatched int64
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT (SELECT count(*) FROM statement_lines WHERE org_id = $1 AND matched = '') +
				(SELECT count(*) FROM bank_returns WHERE org_id = $1 AND matched = '')`, string(o.who.Org)).Scan(&unmatched)
		})
		if unmatched != 0 {
			t.Errorf("%d lines and returns match nothing", unmatched)
		}
		if err := o.ask(pays[3], "date"); !errors.Is(err, payment.ErrNotReversible) { // effective 8 December, five days end on the 4th
			t.Errorf("too late: %v", err)
		}
	})
}

// TestVOI_4_ReversalRejected: the bank rejects the file of a reversal: the payment stands, and it may be asked for again. Where
// nobody else could approve it, who asked may, two banking days later (SEC-5).
func TestVOI_4_ReversalRejected(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Payee", nil)
		o.account(v, "5551234")
		p := o.mustPay(o.bill(v, 1_000), 1_000, "2026-11-25")
		o.until(civil.MustDate("2026-11-30").At(10, 0, civil.Pacific))
		o.wantState(p, payment.Settled)
		companyID := func(id string) {
			o.write(func(tx *db.Tx) error {
				tx.ExecOne(`UPDATE bank_accounts SET company_id = $3 WHERE org_id = $1 AND id = $2`, string(o.who.Org), string(o.bank), id)
				return nil
			})
		}
		companyID("1MISTYPED0")
		if err := o.ask(p, "duplicate"); err != nil {
			t.Fatal(err)
		}
		o.write(func(tx *db.Tx) error { return payment.ApproveReversal(tx, p) }) // alone
		o.until(civil.MustDate("2026-12-02").At(0, 59, civil.Pacific))
		if r := o.reversal(p); r.State != "approved" {
			t.Errorf("SEC-5: the reversal is %s", r.State)
		}
		o.until(civil.MustDate("2026-12-02").At(2, 0, civil.Pacific))
		o.wantState(p, payment.Cleared)
		if r := o.reversal(p); r.State != "denied" {
			t.Errorf("rejected: the reversal is %s", r.State)
		}
		companyID("")
		bo := o.colleague("bo")
		if err := o.ask(p, "duplicate"); err != nil {
			t.Fatal(err)
		}
		if err := o.as(bo, func(tx *db.Tx) error { return payment.ApproveReversal(tx, p) }); err != nil {
			t.Fatal(err)
		}
		o.until(civil.MustDate("2026-12-08").At(6, 0, civil.NewYork))
		o.wantState(p, payment.Voided)
		o.wantBalances("reversed", 0, -1_000, 5_000_000)
		o.verified()
	})
}

// TestVOI_2_Window: an entry is asked back until 13:00 Pacific of the banking day before its deposit, not at 13:00.
func TestVOI_2_Window(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Payee", nil)
		o.account(v, "5551234")
		early := o.mustPay(o.bill(v, 1_000), 1_000, "2026-11-25") // deposited on Friday 27: Thursday is a holiday
		late := o.mustPay(o.bill(v, 2_000), 2_000, "2026-11-25")
		o.until(civil.MustDate("2026-11-25").At(13, 0, civil.Pacific).Add(-time.Second))
		void := func(p ids.ID) error {
			return o.try(func(tx *db.Tx) error {
				_, err := payment.Void(tx, payment.Voiding{PaymentID: p, Type: payment.VoidAndCredit, Reason: "duplicate"})
				return err
			})
		}
		if err := void(early); err != nil {
			t.Errorf("at 12:59:59: %v", err)
		}
		o.until(o.s.Clock.Now())
		o.until(o.at("2026-11-25", "13:00:00"))
		if err := void(late); !errors.Is(err, payment.ErrNotVoidable) {
			t.Errorf("at 13:00:00: %v", err)
		}
		o.until(civil.MustDate("2026-12-02").At(6, 0, civil.NewYork))
		o.wantState(early, payment.Voided)
		o.wantState(late, payment.Cleared)
	})
}
