package payment_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/payment"
)

// XO-5: without a key an identical request is refused, unless the bill has payable amount for both.
func TestXO5(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		b := o.bill(o.vendor("V1", nil), 1_000)
		o.mustPay(b, 400, "2026-12-01")
		o.mustPay(b, 400, "2026-12-01")
		if _, err := o.pay(b, 400, "2026-12-01"); !errors.Is(err, bill.ErrOverpaid) {
			t.Errorf("the third: got %v", err)
		}
	})
}

// XO-6: the 37th file to a bank on a day waits for the next one.
func TestXO6(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("V1", nil)
		o.account(v, "5551234")
		p := o.mustPay(o.bill(v, 1_000), 1_000, "2026-11-25")
		o.until(civil.MustDate("2026-11-25").At(0, 30, civil.Pacific))
		o.write(func(tx *db.Tx) error {
			_, err := tx.NextN("file 99000001 261125", 0, 36)
			return err
		})
		at := o.at("2026-11-25", "01:00:00")
		if err := o.engine.Step(context.Background(), o.who.Org, at); err == nil || !strings.Contains(err.Error(), "36 files") {
			t.Errorf("got %v", err)
		}
		o.wantState(p, payment.Scheduled)
		if err := o.engine.Step(context.Background(), o.who.Org, o.at("2026-11-26", "01:00:00")); err != nil {
			t.Error(err)
		}
		o.wantState(p, payment.Sent)
		o.verified()
	})
}

// XO-7: a file with the totals of another one of the day is not made; its payments wait for a person, who lets them leave
// with a file of another day.
func TestXO7(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("V1", nil)
		o.account(v, "5551234")
		b := o.bill(v, 10_000)
		first := o.mustPay(b, 1_000, "2026-11-25")
		o.at("2026-11-24", "15:00:00")
		again := o.mustPay(b, 1_000, "2026-11-25")
		o.until(civil.MustDate("2026-11-25").At(2, 0, civil.Pacific))
		o.wantState(first, payment.Sent)
		o.wantState(again, payment.OnHold)
		if got := o.payment(again).HoldReason; !strings.Contains(got, ".ach") && !strings.Contains(got, "totals of") {
			t.Errorf("the reason is %q", got)
		}
		var traces, disbursements int64
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT (SELECT count(*) FROM disbursements WHERE org_id = $1), (SELECT count(*) FROM disbursements WHERE org_id = $1 AND trace <> '')`,
				string(o.who.Org)).Scan(&disbursements, &traces)
		})
		if disbursements != 1 || traces != 1 {
			t.Errorf("%d disbursements, %d traces", disbursements, traces)
		}
		if err := o.lift(o.colleague("bo"), again); err != nil {
			t.Fatal(err)
		}
		o.until(civil.MustDate("2026-12-05").At(12, 0, civil.Pacific))
		o.wantState(first, payment.Cleared)
		o.wantState(again, payment.Cleared)
		o.wantBalances("both", 0, -8_000, 5_000_000-2_000)
		o.verified()
	})
}
