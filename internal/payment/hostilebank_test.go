package payment_test

import (
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/banksim"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
)

// TestHostileBank: SIM-9, XO-8, REC-1. Whatever the bank does to the time, number and order of its answers, payments and
// books end where those of a calm bank do, with nothing parked; what could not be read is a task.
func TestHostileBank(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for _, r := range []banksim.Rules{{Seed: 1, Late: 50, Reorder: 50}, {Seed: 3, Late: 40, Duplicate: 40, Reorder: 40, Garble: 40}} {
			s.Clock.Set(dbtest.Start)
			o := newOffice(t, s, vaultIn(t), t.TempDir())
			if err := o.sim.SetRules(pacific("2026-11-23", 9, 0), r); err != nil {
				t.Fatal(err)
			}
			fine, back := o.vendor("Fine", nil), o.vendor("Back", nil)
			o.account(fine, "5551234")
			o.account(back, "88880003")
			o.until(pacific("2026-11-24", 9, 0))
			var paid, failed []ids.ID
			for _, day := range []string{"2026-11-25", "2026-11-30", "2026-12-01"} {
				paid = append(paid, o.mustPay(o.bill(fine, 1_000), 1_000, day), o.mustPay(o.bill(o.vendor("Paper "+day, nil), 500), 500, day))
			}
			failed = append(failed, o.mustPay(o.bill(back, 200), 200, "2026-11-25"))
			o.until(pacific("2027-01-15", 9, 0))
			for _, p := range paid {
				o.wantState(p, payment.Cleared)
			}
			for _, p := range failed {
				o.wantState(p, payment.Failed)
			}
			o.wantBalances("all has arrived", 0, -200, 5_000_000-3*1_500)
			o.read(func(tx *db.Tx) error {
				parked, err := payment.ParkedStatements(tx)
				if err != nil || len(parked) > 0 {
					t.Errorf("parked: %+v, %v", parked, err)
				}
				open, err := payment.OpenLines(tx, o.bank, 100)
				if len(open) > 0 {
					t.Errorf("movements that wait for a person: %+v", open)
				}
				tasks, taskErr := payment.Tasks(tx, "")
				refused := 0
				for _, task := range tasks {
					if strings.Join(task.Acts, "") == payment.ActRead {
						refused++
					}
				}
				if (r.Garble > 0) != (refused > 0) {
					t.Errorf("%d files to read again, garbled at %d percent; %v", refused, r.Garble, taskErr)
				}
				return err
			})
			o.verified()
		}
	})
}
