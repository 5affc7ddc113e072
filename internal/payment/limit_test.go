package payment_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// LIM-3: what one same-day entry carries depends on its settlement day.
func TestSameDayLimit(t *testing.T) {
	t.Parallel()
	for day, want := range map[string]int64{"2026-11-24": 100_000_000, "2027-09-16": 100_000_000, "2027-09-17": 1_000_000_000} {
		if got := payment.SameDayLimit(civil.MustDate(day)); got != want {
			t.Errorf("%s: got %d, want %d", day, got, want)
		}
	}
}

// LIM-1, E7: two payments of 6,000.00 to one vendor in Canada on one day are made, apart, and the second is flagged.
func TestE7(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.prefs(func(p *org.Preferences) { p.InternationalPayments, p.InternationalOn = true, true })
		v := o.vendor("Maple", func(v *vendor.Vendor) { v.Country, v.Region, v.Zip = "CA", "", "" })
		a, b := o.bill(v, 600_000), o.bill(v, 600_000)
		made := o.mustOrder(payment.Order{Bills: []payment.Portion{{BillID: a, Amount: 600_000}, {BillID: b, Amount: 600_000}}})
		if len(made) != 2 || made[0].Review != "" || !strings.Contains(made[1].Review, "12000.00 together") {
			t.Fatalf("got %d payments, %q", len(made), made[len(made)-1].Review)
		}
		if got := o.payment(made[1].ID); got.State != payment.Scheduled || got.Review != made[1].Review {
			t.Errorf("stored: %s, %q", got.State, got.Review)
		}
		c := o.bill(v, 100_000)
		if p := o.payment(o.mustPay(c, 100_000, "2026-11-25")); p.Review != "" {
			t.Errorf("on another day: %q", p.Review)
		}
		o.until(civil.MustDate("2026-11-24").At(2, 0, civil.Pacific))
		var checks int64
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*) FROM checks WHERE org_id = $1`, string(o.who.Org)).Scan(&checks)
		})
		if checks != 2 {
			t.Errorf("%d cheques", checks)
		}
	})
}

// LIM-4: a payment above a ceiling of the day goes on hold for a second person; one that waits for approval anyway tells
// the approver. LIM-5: no cheque and no entry is of more than 99,999,999.99.
func TestCeilings(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		bo := o.colleague("bo")
		v, w := o.vendor("V1", nil), o.vendor("V2", nil)
		b, c := o.bill(v, 10_000_000), o.bill(w, 10_000_000)
		o.prefs(func(p *org.Preferences) { p.VendorCeiling, p.UserCeiling, p.DailyCeiling = 1_000, 1_500, 2_000 })
		pay := func(who db.Caller, bill ids.ID, amount int64) (p *payment.Payment) {
			t.Helper()
			if err := o.as(who, func(tx *db.Tx) error {
				made, err := payment.Pay(tx, payment.Request{BillID: bill, Amount: amount, ProcessDate: civil.MustDate("2026-12-01")})
				if err == nil {
					p, err = payment.Payments.Load(tx, made.PaymentID)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return p
		}
		want := func(when string, p *payment.Payment, hold string) {
			t.Helper()
			state := payment.Scheduled
			if hold != "" {
				state = payment.OnHold
			}
			if p.State != state || !strings.Contains(p.HoldReason, hold) || hold == "" && p.HoldReason != "" {
				t.Errorf("%s: %s, %q", when, p.State, p.HoldReason)
			}
		}
		want("equal to the vendor's", pay(o.who, b, 1_000), "")
		first := pay(o.who, b, 1)
		want("above the vendor's", first, "to this vendor")
		want("the user's", pay(o.who, c, 499), "")
		want("above the user's", pay(o.who, c, 1), "of one user")
		want("another user", pay(bo, c, 499), "")
		held := pay(bo, b, 1)
		want("above the vendor's again", held, "to this vendor")
		o.write(func(tx *db.Tx) error { return payment.Cancel(tx, held.ID) })
		want("above the organisation's", pay(bo, o.bill(o.vendor("V3", nil), 500), 1), "of the organisation")
		if err := o.lift(o.who, first.ID); !errors.Is(err, payment.ErrSamePerson) {
			t.Errorf("its maker lifts it: %v", err)
		}
		if err := o.lift(bo, first.ID); err != nil {
			t.Error(err)
		}
		o.prefs(func(p *org.Preferences) { p.PaymentApprovalThreshold = 100 })
		if p := pay(o.who, b, 100); p.State != payment.AwaitingApproval || !strings.Contains(p.Review, "to this vendor") {
			t.Errorf("with a threshold: %s, %q", p.State, p.Review)
		}
		o.at("2026-11-24", "10:00:00")
		want("the next day", pay(o.who, b, 99), "")

		huge := o.bill(v, 10_000_000_000)
		if _, err := o.pay(huge, 10_000_000_000, "2026-12-01"); !errors.Is(err, bill.ErrOverpaid) {
			t.Errorf("LIM-5: got %v", err)
		}
		if _, err := o.pay(huge, 9_999_999_999, "2026-12-01"); err != nil {
			t.Errorf("LIM-5: the most: %v", err)
		}
		o.verified()
	})
}

// LIM-4: two payments at once do not both pass below a ceiling.
func TestCeilingAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.prefs(func(p *org.Preferences) { p.DailyCeiling = 1_000 })
		bills := make([]ids.ID, 4)
		for i := range bills {
			bills[i] = o.bill(o.vendor(string(rune('A'+i)), nil), 600)
		}
		made := make(chan ids.ID, len(bills))
		for _, b := range bills {
			go func() {
				p, err := o.pay(b, 600, "2026-12-01")
				if err != nil {
					t.Error(err)
				}
				made <- p
			}()
		}
		scheduled := 0
		for range bills {
			if o.payment(<-made).State == payment.Scheduled {
				scheduled++
			}
		}
		if scheduled != 1 {
			t.Errorf("%d payments passed", scheduled)
		}
	})
}

// APR-10: who approved a bill does not schedule, record or approve its payment where duties are separated.
func TestSeparatedDuties(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		bo, cy := o.colleague("bo"), o.colleague("cy")
		b := o.bill(o.vendor("V1", nil), 1_000)
		o.write(func(tx *db.Tx) error { return bill.Approvals.Set(tx, b, []ids.ID{bo.User}) })
		if err := o.as(bo, func(tx *db.Tx) error { return bill.Approvals.Approve(tx, b, "") }); err != nil {
			t.Fatal(err)
		}
		o.prefs(func(p *org.Preferences) { p.SoDMode, p.PaymentApprovalThreshold = "enforce", 1 })
		pay := func(who db.Caller) (id ids.ID, err error) {
			err = o.as(who, func(tx *db.Tx) error {
				p, err := payment.Pay(tx, payment.Request{BillID: b, Amount: 100, ProcessDate: civil.MustDate("2026-12-01")})
				if err == nil {
					id = p.PaymentID
				}
				return err
			})
			return id, err
		}
		refused := func(what string, err error) {
			t.Helper()
			if f := fault.From(err); !errors.Is(err, approval.ErrApproverPays) || len(f.Fields) == 0 {
				t.Errorf("%s: got %v on %v", what, err, f)
			}
		}
		_, err := pay(bo)
		refused("schedules", err)
		refused("records", o.as(bo, func(tx *db.Tx) error {
			_, err := payment.RecordOffline(tx, payment.Offline{BillID: b, Amount: 100, Date: civil.MustDate("2026-11-23")})
			return err
		}))
		p, err := pay(cy)
		if err != nil {
			t.Fatal(err)
		}
		refused("approves", o.approve(bo, p))
		if err := o.approve(o.who, p); err != nil {
			t.Error(err)
		}
	})
}
