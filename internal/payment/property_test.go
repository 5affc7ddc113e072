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
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
)

// TestMain keeps the property short but in a soak.
func TestMain(m *testing.M) {
	if os.Getenv("SOAK") == "" {
		_ = flag.Set("rapid.checks", "12") // before the command line is read, which may say otherwise
	}
	os.Exit(m.Run())
}

// TestMoney: random payments, cancellations, recorded payments, days that pass and entries that come back. After every
// action: each entry balances and the trial balance sums to zero (GL-1, GL-6), AP is what the open bills have due
// (GL-4), Money Out Clearing is what was released and not yet matched (GL-5), and no bill is paid beyond its amount.
func TestMoney(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		vault, dir := vaultIn(t), t.TempDir()
		rapid.Check(t, func(r *rapid.T) {
			s.Clock.Set(dbtest.Start)
			o := newOffice(r, s, vault, dir)
			var payments []ids.ID
			payees := []ids.ID{o.vendor("Cheque", nil), o.vendor("Altered SIM-ALTERED", nil), o.vendor("Soon SIM-D1", nil)}
			for _, account := range []string{"5551234", "5550003", "5550023", "5550400", "5550101", "5550200", "5550500"} {
				v := o.vendor("ACH "+account, nil)
				o.account(v, account)
				payees = append(payees, v)
			}
			var bills []ids.ID
			for _, v := range payees {
				bills = append(bills, o.bill(v, rapid.Int64Range(1, 30_000).Draw(r, "amount")))
			}
			for range rapid.IntRange(5, 25).Draw(r, "actions") {
				b := rapid.SampledFrom(bills).Draw(r, "bill")
				switch rapid.IntRange(0, 9).Draw(r, "action") {
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
						_, err := payment.RecordOffline(tx, payment.Offline{BillID: b, Amount: rapid.Int64Range(1, 9_000).Draw(r, "recorded"),
							Date: civil.Of(tx.Now(), civil.Pacific)})
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
				if !slices.Contains([]string{payment.Cleared, payment.Failed, payment.FundingFailed, payment.Canceled, payment.OnHold}, got.State) {
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
		var due, unbalanced, released int64
		err := bill.Bills.List(tx, record.Query{}, func(b *bill.Bill) error {
			due += b.Due()
			if b.PaidAmount < 0 || b.ScheduledAmount < 0 || b.Payable() < 0 {
				return fmt.Errorf("bill %s of %d: paid %d, scheduled %d", b.ID, b.Amount, b.PaidAmount, b.ScheduledAmount)
			}
			return nil
		})
		if err != nil {
			return err
		}
		org := string(o.who.Org)
		if err := tx.Row(`SELECT count(*) FROM (SELECT entry_id FROM postings WHERE org_id = $1 GROUP BY entry_id HAVING sum(amount) <> 0) x`, org).
			Scan(&unbalanced); err != nil {
			return err
		}
		// Released and not matched; a return not yet credited turns the sign once its settlement was matched.
		if err := tx.Row(`SELECT CAST(coalesce(sum(CASE
				WHEN d.state IN ('released', 'sent') THEN d.amount
				WHEN d.state = 'returned' AND d.settled_on <> '' THEN -d.amount
				ELSE 0 END), 0) AS BIGINT) FROM disbursements d WHERE d.org_id = $1`, org).Scan(&released); err != nil {
			return err
		}
		ap, err := ledger.RoleBalance(tx, ledger.AP)
		if err != nil {
			return err
		}
		moc, err := ledger.RoleBalance(tx, ledger.MoneyOut)
		if err != nil {
			return err
		}
		if unbalanced != 0 || ap != -due || moc != -released {
			return fmt.Errorf("%d entries do not balance; AP is %d with %d due; MOC is %d with %d under way", unbalanced, ap, due, moc, released)
		}
		var twice int64
		if err := tx.Row(`SELECT count(*) FROM (SELECT payment_id FROM disbursements WHERE org_id = $1 GROUP BY payment_id HAVING count(*) > 1) x`, org).
			Scan(&twice); err != nil || twice > 0 {
			return errors.Join(err, fmt.Errorf("%d payments left twice", twice))
		}
		return nil
	})
	if err != nil {
		r.Fatalf("at %v: %v", o.s.Clock.Now(), err)
	}
}
