package web_test

import (
	"context"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)

// sendsOn are the hidden fields of a page after the form with that action begins, as a browser sends them on.
func (r reply) sendsOn(action string) (pairs []string) {
	_, fields, _ := strings.Cut(r.body, `action="`+action+`"`)
	for _, m := range hiddenField.FindAllStringSubmatch(fields, -1) {
		pairs = append(pairs, m[1], html.UnescapeString(m[2]))
	}
	return pairs
}

// PAY-1, PAY-9, XO-5, BIL-11, TAX-3: many bills are paid at once: one payment for a vendor's bills, discounts for paying early are
// taken, a bill that is refused keeps no other from being paid, and a form sent twice pays once.
func TestPayMany(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "carl@northwind.example", org.Accountant)
		ana, carl := x.signedIn("ana@northwind.example"), x.signedIn("carl@northwind.example")
		var second, early, nowhere, account ids.ID
		x.write(x.a.who, func(tx *db.Tx) error {
			own, err := org.Load(tx)
			if err != nil {
				return err
			}
			own.Preferences.PaymentApprovalThreshold = 180_000
			if err := org.Save(tx, own); err != nil {
				return err
			}
			if second, err = newBill(tx, x.a.vendor, "INV-2", 600_00, "2026-11-20"); err != nil {
				return err
			}
			v := vendor.Vendors.New().(*vendor.Vendor)
			v.Name = "No Address"
			if err := vendor.Create(tx, v); err != nil {
				return err
			}
			if nowhere, err = newBill(tx, v.ID, "NOWHERE", 5_00, "2026-12-10"); err != nil {
				return err
			}
			term := &dimension.Term{Name: "5/30", DueDays: 60, DiscountDays: 30, DiscountPercent: money.MustDecimal("5")}
			term.Active = record.Active
			dimension.Terms.Insert(tx, term)
			w := vendor.Vendors.New().(*vendor.Vendor)
			w.Name, w.Address1, w.City, w.Region, w.Zip = "Early", "1 Road", "Salem", "OR", "97301"
			w.BackupWithholding = true
			if err := vendor.Create(tx, w); err != nil {
				return err
			}
			b := bill.Bills.New().(*bill.Bill)
			b.VendorID, b.InvoiceNumber, b.Amount, b.PaymentTermID = w.ID, "EARLY", 100_000, term.ID
			b.InvoiceDate, b.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2027-01-19")
			if err := bill.Create(tx, b); err != nil {
				return err
			}
			early = b.ID
			a, err := bank.Default(tx)
			if err == nil {
				account = a.ID
			}
			return err
		})

		ana.get("/bills").want(t, 200, `href="/bills/pay"`)
		if r := carl.get("/bills"); strings.Contains(r.body, "/bills/pay\"") {
			t.Error("who cannot pay is led to paying")
		}
		carl.get("/bills/pay").want(t, 403)
		list := ana.get("/bills/pay")
		list.want(t, 200, "INV-1", "INV-2", "EARLY", "NOWHERE", "Operating ···· 7777, $0.00 left", "data-countdown=")
		if got := strings.Count(list.body, `name="bill"`); got != 4 || strings.Contains(list.body, " checked") {
			t.Errorf("%d bills to choose, or one is chosen", got)
		}
		if all := ana.get("/bills/pay?all=yes"); strings.Count(all.body, " checked") != 4 {
			t.Error("not all are chosen")
		}
		ana.get("/bills/pay?q=old+mill").want(t, 200, "INV-1")
		ana.get("/bills/pay?q=nobody").want(t, 200, "No bill to pay matches")

		fields := func(date string, bills ...ids.ID) []string {
			pairs := []string{"key", "many", "processDate", date, "account", string(account)}
			for _, id := range bills {
				pairs = append(pairs, "bill", string(id))
			}
			return pairs
		}
		const review, confirm = "/bills/pay/review", "/bills/pay/confirm"
		ana.post(review, fields("2026-11-24")...).want(t, 422, "Choose the bills to pay")
		if r := ana.post(review, fields("soon", early)...); r.status != 422 || strings.Count(r.body, " checked") != 1 {
			t.Error("what was chosen is lost with a bad date", r.status)
		}
		ana.post(review, fields("2026-11-24", early, early)...).want(t, 404)
		ana.post(review, fields("2026-11-24", x.b.bill)...).want(t, 404)
		ana.post(review, fields("2026-11-26", early)...).want(t, 200, "That is no banking day", "None of these bills can be paid", "BDCE013")

		r := ana.post(review, fields("2026-11-24", x.a.bill, early, second, nowhere)...)
		r.want(t, 200, "2 payments of 3 bills", "$2,572.00", "Discounts for paying early", "Backup withholding", "$228.00", "A check cannot be mailed", "Cannot be paid: 1 bill",
			"Waiting for approval", "less than these payments need", "Confirm: pay $2,572.00")
		asked := r.sendsOn(confirm)
		count := func(want int) {
			t.Helper()
			x.write(x.a.who, func(tx *db.Tx) error {
				var n int
				err := tx.Row(`SELECT count(*) FROM payments WHERE org_id = $1`, string(tx.Org())).Scan(&n)
				if n != want {
					t.Errorf("%d payments, want %d", n, want)
				}
				return err
			})
		}
		count(0)
		carl.post(confirm, asked...).want(t, 403)
		count(0)
		ana.post(confirm, append(asked, "bill", string(nowhere), "amount-"+string(nowhere), "5.00")...).want(t, 200, "2 payments scheduled", "$2,572.00", "Not paid: 1 bill", "A check cannot be mailed")
		count(2)
		ana.post(confirm, asked...).want(t, 200, "2 payments scheduled", "$2,572.00")
		count(2)
		x.write(x.a.who, func(tx *db.Tx) error {
			for id, want := range map[ids.ID]int64{x.a.bill: 1_250_00, second: 600_00, early: 722_00, nowhere: 0} {
				b, err := bill.Bills.Load(tx, id)
				if err != nil {
					return err
				}
				if b.ScheduledAmount != want {
					t.Errorf("%s: %d scheduled, want %d", b.InvoiceNumber, b.ScheduledAmount, want)
				}
			}
			return nil
		})
		ana.get("/bills/pay").want(t, 200, "NOWHERE", "−$2,572.00 left")
		other := append(form{}, asked...).with("amount-"+string(early), "949.00")
		ana.post(confirm, other...).want(t, 200, "1 payment scheduled", "Not paid: 1 bill", "sent before with other figures")
		count(2)
		asked[1] = "another key" // the same bills meant anew
		ana.post(confirm, asked...).want(t, 200, "Nothing was scheduled", "Not paid: 3 bills", "it was paid or changed meanwhile")
		if r := ana.get(confirm); r.location() != "/bills/pay" {
			t.Error(r.status, r.location())
		}

		// What has left counts until the bank has debited it.
		released := civil.MustDate("2026-11-24").At(1, 0, civil.Pacific)
		s.Clock.Set(released)
		if err := x.engine.Step(context.Background(), x.a.who.Org, released); err != nil {
			t.Fatal(err)
		}
		x.write(x.a.who, func(tx *db.Tx) error {
			var n int
			err := tx.Row(`SELECT count(*) FROM disbursements WHERE org_id = $1 AND state IN ('released', 'sent')`, string(tx.Org())).Scan(&n)
			if n != 1 {
				t.Errorf("%d disbursements under way, want 1", n)
			}
			return err
		})
		x.signedIn("ana@northwind.example").get("/bills/pay").want(t, 200, "−$2,572.00 left")
	})
}
