package payment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// PAY-10: what was scheduled before 15:00 Pacific of the business day before leaves with the first pickup, the rest with the
// second; each has its own file and its own debit of the bank.
func TestPickups(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("V1", nil)
		o.account(v, "5551234") // usable from Wednesday
		b := o.bill(v, 1_000_000)
		want := map[ids.ID]int64{}
		for _, c := range []struct {
			day, at string
			pickup  int64
		}{
			{"2026-11-24", "14:59:59", 1}, {"2026-11-25", "14:59:59", 1}, // Thursday 26 is no business day
			{"2026-11-25", "15:00:00", 2}, {"2026-11-25", "17:59:59", 2}, {"2026-11-26", "10:00:00", 2},
		} {
			o.at(c.day, c.at)
			want[o.mustPay(b, 1_000, "2026-11-27")] = c.pickup
		}
		o.until(civil.MustDate("2026-11-27").At(2, 0, civil.Pacific))
		movements := map[ids.ID]int64{}
		for p, pickup := range want {
			got := o.payment(p)
			if got.Pickup != pickup || got.State != payment.Sent {
				t.Errorf("payment of %v: pickup %d, %s; want %d", got.ScheduledAt.Time(), got.Pickup, got.State, pickup)
			}
			movements[got.MoneyMovementID]++
		}
		if len(movements) != 2 {
			t.Errorf("the money leaves in %d movements, want one for each pickup", len(movements))
		}
		o.read(func(tx *db.Tx) error {
			var sums []int64
			err := payment.Movements.List(tx, record.Query{}, func(m *payment.Movement) error {
				sums = append(sums, m.Amount)
				return nil
			})
			slices.Sort(sums)
			if fmt.Sprint(sums) != "[-3000 -2000]" {
				t.Errorf("the movements are of %v", sums)
			}
			return err
		})
		files := 0
		for _, name := range o.names("out") {
			if strings.HasSuffix(name, ".ach") && strings.Contains(o.content("out", name), "0000001000") {
				files++
			}
		}
		if files != 2 {
			t.Errorf("%d files of credits, want one for each pickup", files)
		}
		o.until(civil.MustDate("2026-12-05").At(12, 0, civil.Pacific))
		for p := range want {
			o.wantState(p, payment.Cleared)
		}
		o.wantBalances("both debits on the statement", 0, -995_000, 5_000_000-5_000)
		o.verified()
	})
}

// PAY-12: what the payee is called and where it lives counts as it stood at 00:01 Pacific on the process date.
func TestPayeeTakenDown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Old Name", nil)
		p := o.mustPay(o.bill(v, 1_000), 1_000, "2026-11-24")
		edit := func(change func(*vendor.Vendor)) {
			o.write(func(tx *db.Tx) error {
				v, err := vendor.Vendors.Load(tx, v)
				if err != nil {
					return err
				}
				after := *v
				change(&after)
				if err := vendor.Update(tx, v, &after); err != nil {
					return err
				}
				tx.Exec(`UPDATE vendor_changes SET live_from = '2026-11-01' WHERE org_id = $1`, string(o.who.Org)) // VEN-6 has tests of its own
				return nil
			})
		}
		payee := func() (text string) {
			o.read(func(tx *db.Tx) error {
				return tx.Row(`SELECT payee FROM disbursements WHERE org_id = $1 AND payment_id = $2`, string(o.who.Org), string(p)).Scan(&text)
			})
			return text
		}
		o.until(civil.MustDate("2026-11-24").At(0, 0, civil.Pacific))
		edit(func(v *vendor.Vendor) { v.Name, v.NameOnCheck = "In Time", "In Time" })
		o.until(civil.MustDate("2026-11-24").At(0, 1, civil.Pacific))
		edit(func(v *vendor.Vendor) {
			v.Name, v.NameOnCheck, v.Address1, v.Zip = "Too Late", "Too Late", "2 Other Street", ""
		})
		o.until(civil.MustDate("2026-11-24").At(1, 0, civil.Pacific))
		o.wantState(p, payment.Sent)
		if got := payee(); !strings.Contains(got, "In Time") || !strings.Contains(got, "1 Main Street") || strings.Contains(got, "Too Late") {
			t.Errorf("the payee is %s", got)
		}

		// What may not be paid any more is held all the same, and taken down anew when the hold is lifted.
		edit(func(v *vendor.Vendor) { v.Zip = "62701" })
		p = o.mustPay(o.bill(v, 2_000), 2_000, "2026-11-25")
		o.until(civil.MustDate("2026-11-25").At(0, 30, civil.Pacific))
		o.write(func(tx *db.Tx) error {
			tx.Exec(`UPDATE vendors SET is_active = 2 WHERE org_id = $1 AND id = $2`, string(o.who.Org), string(v))
			return nil
		})
		o.until(civil.MustDate("2026-11-25").At(1, 0, civil.Pacific))
		o.wantState(p, payment.OnHold)
		o.write(func(tx *db.Tx) error {
			tx.Exec(`UPDATE vendors SET is_active = 1 WHERE org_id = $1 AND id = $2`, string(o.who.Org), string(v))
			return nil
		})
		edit(func(v *vendor.Vendor) { v.NameOnCheck = "Third Name" })
		if err := o.lift(o.colleague("bo"), p); err != nil {
			t.Fatal(err)
		}
		o.until(civil.MustDate("2026-11-27").At(1, 0, civil.Pacific))
		if got := payee(); !strings.Contains(got, "Third Name") {
			t.Errorf("lifted: the payee is %s", got)
		}
		o.verified()
	})
}
