package payment_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// BIL-11: under 2/10 net 30 a bill of 1,000.00 of 20 November is closed by 980.00 until 30 November. Posting 9 stands from
// release on and goes when the payment comes back.
func TestEarlyDiscount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		term := &dimension.Term{Name: "2/10", DueDays: 30, DiscountDays: 10, DiscountPercent: money.MustDecimal("2")}
		term.Active = 1
		o.write(func(tx *db.Tx) error { dimension.Terms.Insert(tx, term); return nil })
		v := o.vendor("V1", func(v *vendor.Vendor) { v.PaymentTermID = term.ID })
		o.account(v, "88880003") // SIM-4: what is sent there comes back
		b, plain := o.bill(v, 100_000), o.bill(o.vendor("V2", nil), 100_000)
		want := func(when string, discounts int64) {
			t.Helper()
			o.read(func(tx *db.Tx) error {
				got, err := ledger.RoleBalance(tx, ledger.DiscountsTaken)
				if got != -discounts {
					t.Errorf("%s: discounts taken are %d, want %d", when, -got, discounts)
				}
				return err
			})
		}
		order := func(bill ids.ID, amount, discount int64, date string) (*payment.Payment, error) {
			made, err := o.order(payment.Order{ProcessDate: civil.MustDate(date), Bills: []payment.Portion{{BillID: bill, Amount: amount}},
				Credits: []payment.Offset{{BillID: bill, Amount: discount, Discount: true}}})
			if err != nil {
				return nil, err
			}
			return made[0], nil
		}
		o.read(func(tx *db.Tx) error {
			for day, most := range map[string]int64{"2026-11-30": 2_000, "2026-12-01": 0} {
				got, until, err := payment.Discount(tx, o.load(b), civil.MustDate(day))
				if err != nil || got != most || until.String() != "2026-11-30" {
					t.Errorf("on %s: got %d until %s, %v", day, got, until, err)
				}
			}
			return nil
		})
		for _, c := range []struct {
			name             string
			bill             ids.ID
			amount, discount int64
			date             string
		}{
			{"too late", b, 98_000, 2_000, "2026-12-01"},
			{"too much", b, 97_999, 2_001, "2026-11-30"},
			{"not the whole bill", b, 50_000, 2_000, "2026-11-30"},
			{"no term", plain, 98_000, 2_000, "2026-11-30"},
		} {
			if _, err := order(c.bill, c.amount, c.discount, c.date); !errors.Is(err, payment.ErrDiscount) {
				t.Errorf("%s: got %v", c.name, err)
			}
		}

		p, err := order(b, 98_000, 2_000, "2026-11-30")
		if err != nil {
			t.Fatal(err)
		}
		o.wantBill("scheduled", b, 98_000, 0, 2_000, 0, bill.Scheduled)
		want("scheduled", 0)
		o.write(func(tx *db.Tx) error { return payment.Cancel(tx, p.ID) })
		o.wantBill("cancelled", b, 0, 0, 0, 0, bill.Open)
		if p, err = order(b, 98_000, 2_000, "2026-11-30"); err != nil {
			t.Fatal(err)
		}
		o.until(civil.MustDate("2026-11-30").At(2, 0, civil.Pacific))
		o.wantBill("released", b, 0, 98_000, 0, 2_000, bill.PaidInFull)
		want("released", 2_000)
		var payee string
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT payee FROM disbursements WHERE org_id = $1 AND payment_id = $2`, string(o.who.Org), string(p.ID)).Scan(&payee)
		})
		if !strings.Contains(payee, `"Discount":2000`) {
			t.Errorf("the remittance is %s", payee)
		}
		o.verified()
		o.until(civil.MustDate("2026-12-10").At(12, 0, civil.Pacific))
		o.wantState(p.ID, payment.Failed)
		o.wantBill("returned", b, 0, 0, 0, 0, bill.Open)
		want("returned", 0)
		o.wantBalances("returned", 0, -200_000, 5_000_000)
		o.verified()
	})
}
