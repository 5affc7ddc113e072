package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// Two approvers in turn, one late; an own bill approved, a number used twice, a payment above a ceiling; a changed bank
// account that a second person approves and that is paid to: the reports on controls tell each, with who and how long.
func TestBIL6_APR12_VEN6_Controls(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		start := civil.MustDate("2026-11-02").At(9, 0, civil.Pacific)
		s.Clock.Set(start)
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.prefer(func(p *org.Preferences) { p.SoDMode, p.VendorCeiling = "warn", 500_00 })
		people := map[string]db.Caller{}
		for _, name := range []string{"Anna", "Ben"} {
			o.write(func(tx *db.Tx) error {
				id, err := org.AddUser(tx, name+string(o.who.Org)+"@acme.example", name, "x")
				people[name] = db.Caller{Org: o.who.Org, User: id, Perms: org.All, Channel: "test"}
				if err != nil {
					return err
				}
				return org.SetMembership(tx, id, org.Administrator, true)
			})
		}
		v := o.vendor("Acme", nil)
		day := civil.MustDate("2026-11-30")
		first, second, own := o.bill(v, 100_00, o.today(), day), o.bill(v, 200_00, o.today(), day), o.bill(v, 300_00, o.today(), o.today())
		as := func(who db.Caller, hours int, f func(tx *db.Tx) error) {
			t.Helper()
			s.Clock.Set(start.Add(time.Duration(hours) * time.Hour))
			if err := s.Write(t.Context(), who, f); err != nil {
				t.Fatal(err)
			}
		}
		for _, b := range []ids.ID{first, second} {
			as(o.who, 0, func(tx *db.Tx) error {
				return bill.Approvals.Set(tx, b, []ids.ID{people["Anna"].User, people["Ben"].User})
			})
		}
		as(o.who, 0, func(tx *db.Tx) error { return bill.Approvals.Set(tx, own, []ids.ID{o.who.User, people["Ben"].User}) })
		approve := func(id ids.ID) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { return bill.Approvals.Approve(tx, id, "") }
		}
		as(o.who, 1, approve(own))
		as(people["Anna"], 2, approve(first))
		as(people["Ben"], 10, approve(first))
		as(people["Anna"], 30, approve(second))
		as(people["Ben"], 40, approve(second))
		o.offline(v, 1_00, "2026-11-03", "") // another bill, without approvals, paid on the next day
		november := []string{"from", "2026-11-01", "to", "2026-11-30"}
		with := func(more ...string) []string { return append(append([]string{}, november...), more...) }
		wants(t, "by bill", cells(o.run("approval-turnaround", with("by", "bill")...), 3, 4, 5), "2 10 <nil>", "30 40 <nil>", "1 <nil> <nil>", "<nil> <nil> 0")
		wants(t, "by vendor", cells(o.run("approval-turnaround", november...), 0, 1, 2, 3, 4, 5, 6, 7, 8), "Acme 4 2 2 30 10 40 0 0")
		byApprover := o.run("approval-turnaround", with("by", "approver")...)
		wants(t, "by approver", cells(byApprover, 0, 1, 2, 3, 4, 5)[1:], "Anna 2 0 0 2 30", "Ben 2 0 1 8 10")

		wants(t, "queue", cells(o.run("approval-queue"), 1, 3, 6), "N-0003 Ben the bill")
		s.Clock.Set(civil.MustDate("2026-11-09").At(12, 0, civil.Pacific)) // five business days on
		wants(t, "APR-12", cells(o.run("approval-queue", "show", "overdue"), 1, 3, 6), "N-0003 Ben the approval, the bill")

		twice := bill.Bills.New().(*bill.Bill)
		twice.VendorID, twice.InvoiceNumber, twice.Amount, twice.InvoiceDate, twice.DueDate = v, "n0001", 900_00, o.today(), day
		o.write(func(tx *db.Tx) error { return bill.Create(tx, twice) })
		var held ids.ID
		o.write(func(tx *db.Tx) error {
			p, err := payment.Pay(tx, payment.Request{BillID: twice.ID, Amount: 900_00})
			if err == nil {
				held = p.PaymentID
			}
			return err
		})
		if err := s.Write(t.Context(), people["Ben"], func(tx *db.Tx) error { _, err := payment.Lift(tx, held); return err }); err != nil {
			t.Fatal(err)
		}
		me := o.run("exceptions", november...).Rows[0].Cells[3].(string)
		wants(t, "BIL-6", cells(o.run("exceptions", with("show", "duplicates")...), 0, 2), "Bill n0001 Acme Number used before")
		wants(t, "APR-10", cells(o.run("exceptions", with("show", "separation")...), 0, 2, 3, 4), "Bill N-0003 Acme Separation of duties overridden "+me+" own document")
		holds := o.run("exceptions", with("show", "holds")...)
		if got := cells(holds, 2, 3); len(got) < 1 || got[len(got)-1] != "Hold lifted Ben" {
			t.Errorf("holds: %q", got)
		}
		if all := o.run("exceptions", november...); len(all.Rows) != len(holds.Rows)+2 {
			t.Errorf("all exceptions: %q", rows(all))
		}

		o.account(v, "5551234")
		o.until(civil.MustDate("2026-11-12").At(9, 0, civil.Pacific))
		var change ids.ID
		o.read(func(tx *db.Tx) error {
			all, err := vendor.Changes(tx, v)
			if len(all) > 0 {
				change = all[0].ID
			}
			return err
		})
		if change != "" {
			if err := s.Write(t.Context(), people["Ben"], func(tx *db.Tx) error { return vendor.DecideChange(tx, change, true) }); err != nil {
				t.Fatal(err)
			}
		}
		o.until(civil.MustDate("2026-11-17").At(9, 0, civil.Pacific))
		o.pay(v, 10_00, "2026-11-20")
		o.until(civil.MustDate("2026-11-24").At(9, 0, civil.Pacific))
		changes := o.run("vendor-bank-changes")
		wants(t, "VEN-6", cells(changes, 0, 1, 2, 3, 4, 5, 6, 7), fmt.Sprintf("Acme 2026-11-09 Entered ends in 1234 %s approved by Ben 2026-11-20 11", me))
		if got := o.run("vendor-bank-changes", "as-of", "2026-11-08"); len(got.Rows) != 0 {
			t.Errorf("before the change: %q", rows(got))
		}
		if got := o.run("vendor-bank-changes", "as-of", "2027-11-10"); len(got.Rows) != 0 {
			t.Errorf("a year later: %q", rows(got))
		}
		if !strings.Contains(o.run("exceptions", november...).Subtitle(), "2026-11-01 to 2026-11-30") {
			t.Error("subtitle")
		}
	})
}
