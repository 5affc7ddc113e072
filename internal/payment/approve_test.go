package payment_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// colleague adds a user with all permissions.
func (o *office) colleague(name string) db.Caller {
	o.t.Helper()
	who := o.who
	o.write(func(tx *db.Tx) (err error) {
		if who.User, err = org.AddUser(tx, name+string(o.who.Org)+"@x.example", name, "x"); err != nil {
			return err
		}
		return org.SetMembership(tx, who.User, org.Administrator, true)
	})
	return who
}

// prefs changes the organisation's preferences.
func (o *office) prefs(f func(*org.Preferences)) {
	o.t.Helper()
	o.write(func(tx *db.Tx) error {
		own, err := org.Load(tx)
		if err != nil {
			return err
		}
		f(&own.Preferences)
		return org.Save(tx, own)
	})
}

// as runs f for somebody.
func (o *office) as(who db.Caller, f func(*db.Tx) error) error {
	own := o.who
	o.who = who
	defer func() { o.who = own }()
	return o.try(f)
}

func (o *office) approve(who db.Caller, id ids.ID) error {
	return o.as(who, func(tx *db.Tx) error { _, err := payment.Approve(tx, id); return err })
}

func (o *office) lift(who db.Caller, id ids.ID) error {
	return o.as(who, func(tx *db.Tx) error { _, err := payment.Lift(tx, id); return err })
}

func (o *office) wantStatus(when string, id, billID ids.ID, state string, status, billStatus int64, process string) {
	o.t.Helper()
	p, b := o.payment(id), o.load(billID)
	if p.State != state || p.Status != status || b.PaymentStatus != billStatus || p.ProcessDate.String() != process {
		o.t.Errorf("%s: payment is %s, status %d, on %s; bill %d; want %s, %d, %s; %d", when, p.State, p.Status, p.ProcessDate, b.PaymentStatus,
			state, status, process, billStatus)
	}
	for _, a := range o.attempts(billID) {
		if a.PaymentID == id && a.ProcessDate.String() != process {
			o.t.Errorf("%s: the attempt is on %s, want %s", when, a.ProcessDate, process)
		}
	}
}

// PAY-8: a payment that reaches the threshold waits for another user; one approved after its cut-off leaves on the
// earliest date of that moment. Numbers of 5.5.1.
func TestPaymentApproval(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		bo := o.colleague("bo")
		o.prefs(func(p *org.Preferences) { p.PaymentApprovalThreshold = 100_000 })
		v := o.vendor("V1", nil)
		below, at, late, denied := o.bill(v, 99_999), o.bill(v, 100_000), o.bill(v, 500_000), o.bill(v, 200_000)

		o.wantStatus("below", o.mustPay(below, 99_999, "2026-11-24"), below, payment.Scheduled, 1, bill.Scheduled, "2026-11-24")
		p := o.mustPay(at, 100_000, "2026-11-24")
		o.wantStatus("at the threshold", p, at, payment.AwaitingApproval, 0, bill.Pending, "2026-11-24")
		if err := o.approve(o.who, p); !errors.Is(err, payment.ErrSamePerson) {
			t.Errorf("its maker: got %v", err)
		}
		clerk := bo
		clerk.Perms = db.Of(org.ViewBills)
		if err := o.approve(clerk, p); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a clerk: got %v", err)
		}
		if err := o.approve(bo, p); err != nil {
			t.Fatal(err)
		}
		o.wantStatus("approved in time", p, at, payment.Scheduled, 1, bill.Scheduled, "2026-11-24")
		if got := o.payment(p); got.ApprovedBy != bo.User {
			t.Errorf("approved by %s", got.ApprovedBy)
		}
		if err := o.approve(bo, p); !errors.Is(err, payment.ErrNotWaiting) {
			t.Errorf("again: got %v", err)
		}

		p = o.mustPay(late, 300_000, "2026-11-24")
		o.until(civil.MustDate("2026-11-24").At(9, 0, civil.Pacific))
		o.wantStatus("nobody approved it in time", p, late, payment.AwaitingApproval, 0, bill.Pending, "2026-11-24")
		if got := o.load(late); got.ScheduledAmount != 300_000 || got.Payable() != 200_000 {
			t.Errorf("its bill has %d scheduled, %d payable", got.ScheduledAmount, got.Payable())
		}
		second := o.mustPay(late, 50_000, "2026-11-25")
		o.wantStatus("beside it", second, late, payment.Scheduled, 1, bill.Pending, "2026-11-25")
		o.at("2026-11-24", "18:00:00")
		o.read(func(tx *db.Tx) error {
			d, err := o.payment(p).Decide(tx)
			if d.May || d.LeavesOn.String() != "2026-11-27" {
				t.Errorf("its maker is shown %+v", d)
			}
			return err
		})
		if err := o.approve(bo, p); err != nil {
			t.Fatal(err)
		}
		o.wantStatus("approved after the cut-off", p, late, payment.Scheduled, 1, bill.Scheduled, "2026-11-27")
		if got := o.payment(p).ArrivalDate.String(); got != "2026-12-04" {
			t.Errorf("PAY-14: it arrives on %s", got)
		}
		o.until(civil.MustDate("2026-11-27").At(2, 0, civil.Pacific))
		o.wantState(p, payment.Sent)

		p = o.mustPay(denied, 200_000, "2026-11-30")
		if err := o.as(bo, func(tx *db.Tx) error { return payment.Deny(tx, p, " ") }); !errors.Is(err, fault.ErrMissing) {
			t.Errorf("denied without a reason: got %v", err)
		}
		if err := o.as(bo, func(tx *db.Tx) error { return payment.Deny(tx, p, "not this month") }); err != nil {
			t.Fatal(err)
		}
		o.wantStatus("denied", p, denied, payment.Canceled, 3, bill.Open, "2026-11-30")
		if a := o.attempts(denied)[0]; a.Outcome != "CANCELED" || a.Steps[len(a.Steps)-1].Note != "not this month" {
			t.Errorf("denied: %+v", a)
		}
		var letter outbox.Mail
		o.read(func(tx *db.Tx) error {
			all, err := outbox.About(tx, p)
			if err == nil && len(all) == 1 {
				letter = all[0]
			}
			return err
		})
		if letter.Kind != "denied" || letter.To == "bo"+string(o.who.Org)+"@x.example" || !strings.Contains(letter.Body, "bo has denied") ||
			!strings.Contains(letter.Body, "2000.00 USD") || !strings.Contains(letter.Body, "Reason: not this month") {
			t.Errorf("PAY-8: its maker is told %+v", letter)
		}
		p = o.mustPay(denied, 200_000, "2026-11-30")
		o.write(func(tx *db.Tx) error { return payment.Cancel(tx, p) })
		o.wantStatus("cancelled by its maker", p, denied, payment.Canceled, 3, bill.Open, "2026-11-30")
		o.verified()
	})
}

// SEC-5: with one eligible user that one approves, and the payment leaves two business days later.
func TestPaymentApprovalAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.prefs(func(p *org.Preferences) { p.PaymentApprovalThreshold = 1 })
		o.write(func(tx *db.Tx) error {
			root, err := org.AddUser(tx, "root@x.example", "Root", "x")
			if err == nil {
				org.SetOperator(tx, root, true)
			}
			return err
		})
		b := o.bill(o.vendor("V1", nil), 100)
		p := o.mustPay(b, 100, "2026-11-24")
		if err := o.approve(o.who, p); err != nil {
			t.Fatal(err)
		}
		o.wantStatus("alone", p, b, payment.Scheduled, 1, bill.Scheduled, "2026-11-25")
		var told []string // the administrator, and who runs the server
		o.read(func(tx *db.Tx) error {
			rows, err := tx.Query(`SELECT recipient FROM mails WHERE org_id = $1 AND kind = 'act alone' ORDER BY recipient`, string(o.who.Org))
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var to string
				if err := rows.Scan(&to); err != nil {
					return err
				}
				told = append(told, to)
			}
			return rows.Err()
		})
		if len(told) != 2 || !slices.Contains(told, "root@x.example") {
			t.Errorf("SEC-5: told %v", told)
		}
	})
}

// 5.5, SEC-5: a payment on hold is let go by somebody other than who caused it, leaves on the earliest date then, and is
// cancelled after ten business days.
func TestHoldLifted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		bo := o.colleague("bo")
		v := o.vendor("V1", nil)
		lifted, left := o.bill(v, 1_000), o.bill(v, 2_000)
		p1, p2 := o.mustPay(lifted, 1_000, "2026-11-24"), o.mustPay(left, 2_000, "2026-11-24")
		zip := func(zip string) {
			o.write(func(tx *db.Tx) error {
				v, err := vendor.Vendors.Load(tx, v)
				if err != nil {
					return err
				}
				after := *v
				after.Zip = zip
				return vendor.Update(tx, v, &after)
			})
		}
		zip("")
		o.until(civil.MustDate("2026-11-24").At(2, 0, civil.Pacific))
		o.wantStatus("held by the run", p1, lifted, payment.OnHold, 1, bill.Scheduled, "2026-11-24")
		if got := o.payment(p1).HoldReason; got == "" {
			t.Error("no reason")
		}
		zip("62701")
		if err := o.lift(o.who, p1); !errors.Is(err, payment.ErrSamePerson) {
			t.Errorf("its maker: got %v", err)
		}
		if err := o.approve(bo, p1); !errors.Is(err, payment.ErrNotWaiting) {
			t.Errorf("approved: got %v", err)
		}
		o.at("2026-11-25", "10:00:00")
		if err := o.lift(bo, p1); err != nil {
			t.Fatal(err)
		}
		o.wantStatus("lifted", p1, lifted, payment.Scheduled, 1, bill.Scheduled, "2026-11-27")
		if got := o.payment(p1); got.HoldReason != "" || got.HoldUntil != 0 {
			t.Errorf("lifted: %q until %v", got.HoldReason, got.HoldUntil)
		}
		end := civil.MustDate("2026-12-09").At(18, 0, civil.Pacific) // Thanksgiving is none
		o.until(end.Add(-time.Second))
		o.wantState(p1, payment.Cleared)
		o.wantState(p2, payment.OnHold)
		o.until(end)
		o.wantStatus("ten business days", p2, left, payment.Canceled, 3, bill.Open, "2026-11-24")
		o.verified()
	})
}
