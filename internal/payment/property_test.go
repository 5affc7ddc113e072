package payment_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/payment/paytest"
)

// TestMain keeps the property short but in a soak.
func TestMain(m *testing.M) {
	if os.Getenv("SOAK") == "" {
		_ = flag.Set("rapid.checks", "6") // before the command line is read, which may say otherwise
	}
	os.Exit(m.Run())
}

// TestMoney: random payments with credits, cancellations, recorded payments, voids, days that pass and entries that come
// back. After every action: each entry balances and the trial balance sums to zero (GL-1, GL-6), AP is what the open bills
// have due less the credits not applied (GL-4), Money Out Clearing is what was released and not yet matched (GL-5), no bill
// is paid and no credit used beyond its amount, and both say what their payments do.
func TestMoney(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		vault, dir := vaultIn(t), t.TempDir()
		rapid.Check(t, func(r *rapid.T) {
			s.Clock.Set(dbtest.Start)
			o := newOffice(r, s, vault, dir)
			var payments []ids.ID
			payees := []ids.ID{o.vendor("Cheque", nil), o.vendor("Altered SIM-ALTERED", nil), o.vendor("Soon SIM-D1", nil)}
			for _, account := range []string{"5551234", "5550003", "5550023", "5550400", "5550101", "5550200", "5550500", "5550600"} {
				v := o.vendor("ACH "+account, nil)
				o.account(v, account)
				payees = append(payees, v)
			}
			var bills, creds []ids.ID
			for _, v := range payees {
				bills = append(bills, o.bill(v, rapid.Int64Range(1, 30_000).Draw(r, "amount")))
				creds = append(creds, o.credit(v, rapid.Int64Range(1, 9_000).Draw(r, "credit")))
			}
			known := func(err error, of ...error) bool {
				return err == nil || slices.ContainsFunc(of, func(f error) bool { return errors.Is(err, f) })
			}
			for range rapid.IntRange(5, 25).Draw(r, "actions") {
				b := rapid.SampledFrom(bills).Draw(r, "bill")
				switch rapid.IntRange(0, 13).Draw(r, "action") {
				case 0, 1, 2, 3:
					amount := rapid.Int64Range(1, 30_000).Draw(r, "pay")
					var made *payment.BillPay
					err := o.try(func(tx *db.Tx) (err error) {
						if rapid.Bool().Draw(r, "all") {
							if is, err := bill.Bills.Load(tx, b); err != nil || is.Payable() == 0 {
								return err
							} else {
								amount = is.Payable()
							}
						}
						made, err = payment.Pay(tx, payment.Request{BillID: b, Amount: amount})
						return err
					})
					if err != nil && !errors.Is(err, bill.ErrOverpaid) && !errors.Is(err, payment.ErrAccountNew) {
						r.Fatalf("pay: %v", err)
					}
					if made != nil && err == nil {
						payments = append(payments, made.PaymentID)
					}
				case 4:
					err := o.try(func(tx *db.Tx) error {
						made, err := payment.RecordOffline(tx, payment.Offline{BillID: b, Amount: rapid.Int64Range(1, 9_000).Draw(r, "recorded"),
							Date: civil.Of(tx.Now(), civil.Pacific)})
						if err == nil {
							payments = append(payments, made.PaymentID)
						}
						return err
					})
					if err != nil && fault.From(err) == nil {
						r.Fatalf("record: %v", err)
					}
				case 5:
					if len(payments) > 0 {
						p := rapid.SampledFrom(payments).Draw(r, "cancel")
						err := o.try(func(tx *db.Tx) error { return payment.Cancel(tx, p) })
						if err != nil && !errors.Is(err, payment.ErrNotCancelable) {
							r.Fatalf("cancel: %v", err)
						}
					}
				case 6:
					bills = append(bills, o.bill(rapid.SampledFrom(payees).Draw(r, "payee"), rapid.Int64Range(1, 30_000).Draw(r, "amount")))
				case 7, 8: // an order of some bills with some credits, of which it asks too much now and then
					var or payment.Order
					var named []ids.ID
					for range rapid.IntRange(1, 3).Draw(r, "bills") {
						id := rapid.SampledFrom(bills).Draw(r, "of")
						if slices.Contains(named, id) {
							continue
						}
						named = append(named, id)
						is := o.load(id)
						left := is.Payable()
						for _, c := range creds {
							has := o.loadCredit(c)
							if has.VendorID == is.VendorID && has.Left() > 0 && left > 0 && rapid.Bool().Draw(r, "use") {
								use := min(has.Left(), left)
								or.Credits = append(or.Credits, payment.Offset{BillID: id, CreditID: c, Amount: use})
								left -= use
							}
						}
						or.Bills = append(or.Bills, payment.Portion{BillID: id, Amount: left + rapid.SampledFrom([]int64{0, 0, 0, 1}).Draw(r, "more")})
					}
					made, err := o.order(or)
					if !known(err, bill.ErrOverpaid, payment.ErrAccountNew, fault.ErrAmount, credit.ErrLeft) {
						r.Fatalf("order: %v", err)
					}
					for _, m := range made {
						payments = append(payments, m.ID)
					}
				case 9, 10:
					if len(payments) == 0 {
						continue
					}
					p := rapid.SampledFrom(payments).Draw(r, "void")
					kind := rapid.Int64Range(1, 2).Draw(r, "type")
					err := o.try(func(tx *db.Tx) error {
						got, err := payment.Void(tx, payment.Voiding{PaymentID: p, Type: kind, Reason: "other"})
						if err == nil && !got.ReplacedBy.IsNull() {
							payments = append(payments, got.ReplacedBy)
						}
						return err
					})
					if !known(err, payment.ErrNotVoidable) {
						r.Fatalf("void: %v", err)
					}
				default:
					hours := rapid.IntRange(1, 100).Draw(r, "hours")
					o.until(s.Clock.Now().Add(time.Duration(hours) * time.Hour))
				}
				o.verify(r)
			}
			o.until(s.Clock.Now().AddDate(0, 2, 0))
			o.verify(r)
			for _, p := range payments { // nothing stays under way but a cheque that was altered
				got := o.payment(p)
				if got.State == payment.Sent && got.VendorID == payees[1] {
					continue
				}
				if !slices.Contains([]string{payment.Cleared, payment.Failed, payment.FundingFailed, payment.Canceled, payment.OnHold, payment.Voided}, got.State) {
					r.Errorf("two months later %s is %s", got.ID, got.State)
				}
			}
		})
	})
}

// verify checks the invariants of the organisation's books.
func (o *office) verify(r *rapid.T) {
	r.Helper()
	err := o.s.Read(context.Background(), o.who, func(tx *db.Tx) error {
		bad, err := payment.Verify(tx, o.vault)
		if err != nil || len(bad) > 0 {
			return errors.Join(err, fmt.Errorf("verify: %v", bad))
		}
		return paytest.Books(tx)
	})
	if err != nil {
		r.Fatalf("at %v: %v", o.s.Clock.Now(), err)
	}
}
