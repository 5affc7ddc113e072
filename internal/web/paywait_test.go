package web_test

import (
	"context"
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
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// PAY-8, SEC-5: the page of a payment that waits shows what for, and lets a second person approve or deny it, or lift the
// hold; its maker is told that somebody else has to.
func TestPaymentWaits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "vera@northwind.example", org.Payer)
		ana, vera := x.signedIn("ana@northwind.example"), x.signedIn("vera@northwind.example")
		x.write(x.a.who, func(tx *db.Tx) error {
			own, err := org.Load(tx)
			if err != nil {
				return err
			}
			own.Preferences.PaymentApprovalThreshold = 1
			return org.Save(tx, own)
		})
		pay := func() (id ids.ID) {
			x.write(x.a.who, func(tx *db.Tx) error {
				p, err := payment.Pay(tx, payment.Request{BillID: x.a.bill, Amount: 100, ProcessDate: civil.MustDate("2026-12-01")})
				if err == nil {
					id = p.PaymentID
				}
				return err
			})
			return id
		}
		id := pay()
		page := "/payments/" + string(id)
		vera.get("/payments?tab=waiting").want(t, 200, page, "Waiting for approval")
		if r := ana.get(page); r.status != 200 || strings.Contains(r.body, page+"/approve") || !strings.Contains(r.body, "Somebody else has to decide") {
			t.Error("its maker is offered to approve it", r.status)
		}
		ana.post(page+"/approve").want(t, 409, "Somebody other than who caused this")
		vera.get(page).want(t, 200, "Waits for a second person", "If you approve it now, it is processed on", page+"/approve", page+"/deny")
		vera.post(page+"/deny", "reason", " ").want(t, 422, "Say why you deny", `aria-invalid="true"`)
		if r := vera.post(page + "/approve"); r.location() != page+"?notice=letgo" {
			t.Fatal(r.status, r.location(), r.body)
		}
		vera.get(page+"?notice=letgo").want(t, 200, "The payment is scheduled.", "Approved by")
		vera.post(page+"/lift-hold").want(t, 409, "no longer waits")
		page = "/payments/" + string(pay())
		if r := vera.post(page+"/deny", "reason", "not this month"); r.location() != page+"?notice=paydenied" {
			t.Fatal(r.status, r.location(), r.body)
		}
		ana.get(page).want(t, 200, "Cancelled", "not this month")
	})
}

// PAY-8, LIM-4: an administrator sets from which amount on a payment needs a second person, and the ceilings of a day.
func TestPaymentRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "vera@northwind.example", org.Payer)
		ana, vera := x.signedIn("ana@northwind.example"), x.signedIn("vera@northwind.example")
		const page = "/settings/payments"
		form := func(pairs ...string) []string {
			return append(pairs, "user", "", "day", "", "combine", "no")
		}
		vera.get(page).want(t, 403)
		vera.post(page, form("threshold", "1", "vendor", "")...).want(t, 403)
		ana.post(page, form("threshold", "much", "vendor", "-1")...).want(t, 422, "Enter an amount such as 10000.00", "much")
		if r := ana.post(page, form("threshold", "10000", "vendor", "2500.50")...); r.location() != page+"?notice=saved" {
			t.Fatal(r.status, r.location(), r.body)
		}
		if r := ana.get(page); !strings.Contains(r.body, `value="10000.00"`) || !strings.Contains(r.body, `value="2500.50"`) {
			t.Error("what was saved is not shown")
		}
		x.write(x.a.who, func(tx *db.Tx) error {
			p, err := org.Prefs(tx)
			if p.PaymentApprovalThreshold != 1_000_000 || p.VendorCeiling != 250_050 || p.UserCeiling != 0 || p.CombinePayments != "separate" {
				t.Errorf("got %+v", p)
			}
			return err
		})

		ana.post(page, form("threshold", "", "vendor", "", "test", "coins")...).want(t, 422, "Choose one of the list")
		ana.post(page, form("threshold", "", "vendor", "", "odd", "many")...).want(t, 422, "Enter points up to 200", "many")
		ana.post(page, form("threshold", "", "vendor", "", "odd", "80")...).want(t, 303)
		ana.get(page).want(t, 200, `value="80"`)
		ana.post(page, form("threshold", "", "vendor", "", "test", "micro", "wait", "nacha")...).want(t, 303)
		ana.get(page).want(t, 200, `value="micro" selected`, `value="nacha" selected`)
		var v ids.ID // VEN-5: what the vendor says about two small credits
		x.write(x.a.who, func(tx *db.Tx) error {
			who := vendor.Vendors.New().(*vendor.Vendor)
			who.Name = "Told"
			err := vendor.Create(tx, who)
			v = who.ID
			return err
		})
		at := "/vendors/" + string(v)
		ana.post(at+"/bank-account", "routingNumber", "990000026", "accountNumber", "5551234", "accountType", "1", "holderType", "1", "holder", "Told").want(t, 303)
		ana.get(at).want(t, 200, "Not verified", "two small credits leave with the next run")
		ana.post(at+"/bank-account/confirm", "first", "0.11", "second", "0.23").want(t, 409, "has not left")
		if err := x.engine.Step(context.Background(), x.a.who.Org, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		ana.get(at).want(t, 200, "First amount", "Second amount")
		ana.post(at+"/bank-account/confirm", "first", "", "second", "0.23").want(t, 422, "Enter two amounts")
		ana.post(at+"/bank-account/confirm", "first", "0.12", "second", "0.23").want(t, 422, "can be told 2 more times")
		vera.post(at+"/bank-account/confirm", "first", "0.23", "second", "0.11").want(t, 403)
		ana.post(at+"/bank-account/confirm", "first", "0.23", "second", "0.11").want(t, 303)
		ana.get(at).want(t, 200, "Verified", "two small credits, confirmed")
	})
}

// BIL-11: the pay form proposes the discount for paying early, and what is confirmed closes the bill.
func TestPayEarly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		ana := x.signedIn("ana@northwind.example")
		var b ids.ID
		x.write(x.a.who, func(tx *db.Tx) error {
			term := &dimension.Term{Name: "5/30", DueDays: 60, DiscountDays: 30, DiscountPercent: money.MustDecimal("5")}
			term.Active = record.Active
			dimension.Terms.Insert(tx, term)
			old, err := bill.Bills.Load(tx, x.a.bill)
			if err != nil {
				return err
			}
			n := bill.Bills.New().(*bill.Bill)
			n.VendorID, n.InvoiceNumber, n.Amount, n.PaymentTermID = old.VendorID, "EARLY", 100_000, term.ID
			n.InvoiceDate, n.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2027-01-19")
			err = bill.Create(tx, n)
			b = n.ID
			return err
		})
		page := "/bills/" + string(b) + "/pay"
		form := ana.get(page)
		form.want(t, 200, "Take the discount of")
		if !strings.Contains(form.body, `value="950.00"`) || !strings.Contains(form.body, `value="50.00"`) {
			t.Error("the form does not propose 950.00 and 50.00")
		}
		var account ids.ID
		x.write(x.a.who, func(tx *db.Tx) error {
			a, err := bank.Default(tx)
			if err == nil {
				account = a.ID
			}
			return err
		})
		fields := func(date string) []string {
			return []string{"key", "early" + date, "amount", "950.00", "processDate", date, "account", string(account), "discount", "50.00"}
		}
		ana.post(page+"/review", fields("2026-12-21")...).want(t, 422, "The discount is for paying the whole bill in time")
		ana.post(page+"/review", fields("2026-11-24")...).want(t, 200, "Discount for paying early", "Remains to pay", "$0.00")
		if r := ana.post(page+"/confirm", fields("2026-11-24")...); r.status != 303 {
			t.Fatal(r.status, r.body)
		}
		x.write(x.a.who, func(tx *db.Tx) error {
			got, err := bill.Bills.Load(tx, b)
			if err == nil && (got.ScheduledAmount != 95_000 || got.ReservedCredit != 5_000 || got.Payable() != 0) {
				t.Errorf("scheduled %d, discount %d", got.ScheduledAmount, got.ReservedCredit)
			}
			return err
		})
	})
}

// ACH-5: the pay form offers a payment of the same day where the bank of an account takes them.
func TestPaySameDay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		n, err := vendor.SealBankAccount(x.vault, x.a.who.Org, "5551111")
		if err != nil {
			t.Fatal(err)
		}
		n.Routing, n.AccountType, n.HolderType = "990000026", vendor.Checking, vendor.Business
		var b, account ids.ID
		x.write(x.a.who, func(tx *db.Tx) error {
			v := vendor.Vendors.New().(*vendor.Vendor)
			v.Name = "Quick"
			if err := vendor.Create(tx, v); err != nil {
				return err
			}
			n.VendorID = v.ID
			if _, err := vendor.AddBankAccount(tx, n); err != nil {
				return err
			}
			if b, err = newBill(tx, v.ID, "QUICK", 500_00, "2027-01-19"); err != nil {
				return err
			}
			a, err := bank.Default(tx)
			if err == nil {
				account = a.ID
			}
			return err
		})
		page := "/bills/" + string(b) + "/pay"
		if got := x.signedIn("ana@northwind.example").get(page); !strings.Contains(got.body, "bank account is new and can be paid to from then") ||
			strings.Contains(got.body, "data-countdown") {
			t.Errorf("VEN-4: the form does not say that the new account decides the date: %s", got.body)
		}
		s.Clock.Set(civil.MustDate("2026-12-02").At(9, 0, civil.Pacific))
		ana := x.signedIn("ana@northwind.example")
		ana.get(page).want(t, 200, "if you confirm by 18:00 Pacific today", `data-countdown="32400"`)
		if got := ana.get(page); strings.Contains(got.body, "Same-day") {
			t.Error("ACH-5: offered where no bank takes it")
		}
		form := []string{"key", "same", "amount", "500.00", "processDate", "2026-12-02", "account", string(account), "sameDay", "yes"}
		ana.post(page+"/review", form...).want(t, 422, "Same-day payment is for ACH in the US")
		x.write(x.a.who, func(tx *db.Tx) error { return bank.SetSameDay(tx, account, true, 0) })
		ana.get(page).want(t, 200, "Same-day: it arrives on the process date", `min="2026-12-02"`)
		ana.post(page+"/review", form...).want(t, 200, "less than this payment needs", "Same-day ACH to the account ending 1111", `name="sameDay" value="yes"`)
		if r := ana.post(page+"/confirm", form...); r.status != 303 {
			t.Fatal(r.status, r.body)
		}
		x.write(x.a.who, func(tx *db.Tx) error {
			var same, arrives string
			err := tx.Row(`SELECT CAST(same_day AS TEXT), arrival_date FROM payments WHERE org_id = $1`, string(tx.Org())).Scan(&same, &arrives)
			if err == nil && (same != "1" || arrives != "2026-12-02") {
				t.Errorf("ACH-5: same day %s, arrives %s", same, arrives)
			}
			return err
		})
	})
}
