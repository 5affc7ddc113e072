package web_test

import (
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
)

// PAY-2: the page of a vendor shows what is open of its credits and what they are set off against, that of a payment what it
// uses of them.
func TestCreditsShown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		var paid ids.ID
		x.write(x.a.who, func(tx *db.Tx) error {
			for _, n := range []string{"CR-UNUSED", "CR-7"} {
				c := credit.Credits.New().(*credit.Credit)
				c.VendorID, c.RefNumber, c.CreditDate = x.a.vendor, n, civil.MustDate("2026-11-12")
				l := credit.Lines.New().(*credit.Line)
				l.Amount = 75_00
				c.Lines = append(c.Lines, l)
				c.Amount = l.Amount
				if err := credit.Create(tx, c, false); err != nil || n != "CR-7" {
					if err != nil {
						return err
					}
					continue
				}
				made, err := payment.PayBills(tx, payment.Order{Bills: []payment.Portion{{BillID: x.a.bill, Amount: 1_000_00}},
					Credits: []payment.Offset{{BillID: x.a.bill, CreditID: c.ID, Amount: 25_50}}})
				if err != nil {
					return err
				}
				paid = made[0].ID
			}
			return nil
		})
		ana := x.signedIn("ana@northwind.example")
		vendor := "/vendors/" + string(x.a.vendor)
		ana.get(vendor).want(t, 200, `id="credits"`, "CR-UNUSED", "Nothing yet", "CR-7", ">49.50<", "INV-1", " 25.50")
		ana.get("/payments/"+string(paid)).want(t, 200, ">25.50<", ">1,000.00<")
		ana.post("/payments/"+string(paid)+"/cancel").want(t, 303)
		ana.get(vendor).want(t, 200, "CR-7", ">75.00<")
	})
}
