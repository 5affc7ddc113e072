package payment_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
)

func TestACH5_SameDay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-19", "09:00:00")
		v := o.vendor("Quick", nil)
		o.account(v, "5551234")
		slow := o.vendor("Cheque", nil)
		same := func(b ids.ID, amount int64, date string) (*payment.Payment, error) {
			var made []*payment.Payment
			err := o.try(func(tx *db.Tx) (err error) {
				made, err = payment.PayBills(tx, payment.Order{ProcessDate: civil.MustDate(date), SameDay: true, Bills: []payment.Portion{{BillID: b, Amount: amount}}})
				return err
			})
			if err != nil {
				return nil, err
			}
			return made[0], nil
		}
		o.at("2026-11-23", "09:00:00") // 12:00 New York
		b := o.bill(v, 100_00)
		if _, err := same(b, 100_00, "2026-11-23"); !errors.Is(err, payment.ErrSameDay) {
			t.Errorf("ACH-5: the bank takes none, and one was made: %v", err)
		}
		for _, lead := range []int64{-1, 481} {
			if err := o.try(func(tx *db.Tx) error { return bank.SetSameDay(tx, o.bank, true, lead) }); !errors.Is(err, fault.ErrValue) {
				t.Errorf("lead %d: %v", lead, err)
			}
		}
		o.write(func(tx *db.Tx) error { return bank.SetSameDay(tx, o.bank, true, 30) })
		for what, err := range map[string]error{
			"a cheque":               second(same(o.bill(slow, 1_00), 1_00, "2026-11-23")),
			"LIM-3: above a million": second(same(o.bill(v, 1_000_000_01), 1_000_000_01, "2026-11-23")),
		} {
			if !errors.Is(err, payment.ErrSameDay) && !errors.Is(err, payment.ErrAddress) {
				t.Errorf("ACH-5: %s: %v", what, err)
			}
		}
		p, err := same(b, 100_00, "2026-11-23")
		if err != nil || p.ArrivalDate.String() != "2026-11-23" {
			t.Fatalf("ACH-5: %+v, %v", p, err)
		}
		most, err := same(o.bill(v, 1_000_000_00), 1_000_000_00, "2026-11-24")
		if err != nil {
			t.Fatalf("LIM-3: %v", err)
		}
		usual := o.mustPay(o.bill(v, 7_00), 7_00, "2026-11-24")
		o.until(o.at("2026-11-23", "09:30:00"))
		files := o.outWith("SD1700")
		if len(files) != 1 || !strings.Contains(files[0], "VENDOR PMTSD1700261123") || !strings.Contains(files[0], "0000010000") {
			t.Fatalf("ACH-5: files %q", files)
		}
		o.until(civil.MustDate("2026-11-24").At(6, 0, civil.NewYork))
		if got := o.payment(p.ID); got.State != payment.Settled {
			t.Errorf("ACH-5: it is %s on the statement of the same day", got.State)
		}
		o.until(civil.MustDate("2026-11-25").At(6, 0, civil.NewYork))
		if got := o.payment(most.ID); got.State != payment.Settled || len(o.outWith("SD1300261124")) != 1 {
			t.Errorf("ACH-5: scheduled for a later day: %s", got.State)
		}
		if got := o.payment(usual); got.State != payment.Sent || got.ArrivalDate.String() != "2026-11-25" {
			t.Errorf("ACH-5: one that was not asked for settled early: %s, %s", got.State, got.ArrivalDate)
		}
		late := o.bill(v, 5_00)
		o.at("2026-11-25", "13:15:00") // 16:15 New York: half an hour before the last window
		if _, err := same(late, 1_00, "2026-11-25"); err != nil {
			t.Errorf("ACH-5: at the last minute: %v", err)
		}
		o.until(o.at("2026-11-25", "13:15:30"))
		o.at("2026-11-25", "13:16:00")
		if _, err := same(late, 1_00, "2026-11-25"); !errors.Is(err, payment.ErrSameDay) {
			t.Errorf("ACH-5: after the last window: %v", err)
		}
		if _, err := same(late, 1_00, "2026-11-24"); !errors.Is(err, payment.ErrTooEarly) {
			t.Errorf("PAY-3: yesterday: %v", err)
		}
		o.verified()
	})
}

func second[T any](_ T, err error) error { return err }
