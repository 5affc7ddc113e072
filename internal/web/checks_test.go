package web_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

// CHK-5, VOI-3, VOI-5: a Payer opens a print run, confirms what came out and was mailed, gives a spoiled sheet a new
// number, and answers for the bank; who only reads is offered none of it.
func TestChecks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "vera@northwind.example", org.Payer)
		x.member(x.a, "axel@northwind.example", org.Auditor)
		x.write(x.a.who, func(tx *db.Tx) error {
			own, err := org.Load(tx)
			if err != nil {
				return err
			}
			own.Preferences.CheckPrinting = "people"
			if err := org.Save(tx, own); err != nil {
				return err
			}
			for i, n := range []string{"C-1", "C-2"} {
				b, err := newBill(tx, x.a.vendor, n, 1_000, "2026-12-10")
				if err == nil {
					_, err = payment.Pay(tx, payment.Request{BillID: b, Amount: 1_000 - int64(i), ProcessDate: civil.MustDate("2026-11-24")})
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		step := func(at time.Time) {
			t.Helper()
			s.Clock.Set(at)
			if err := x.engine.Step(context.Background(), x.a.who.Org, at); err != nil {
				t.Fatal(err)
			}
		}
		step(civil.MustDate("2026-11-24").At(1, 0, civil.Pacific))
		vera, axel := x.signedIn("vera@northwind.example"), x.signedIn("axel@northwind.example")
		run := func() (id string) {
			t.Helper()
			x.write(x.a.who, func(tx *db.Tx) error {
				all, err := payment.PrintRuns(tx, "")
				if err == nil {
					id = "/checks/runs/" + string(all[0].ID)
				}
				return err
			})
			return id
		}
		page := run()
		vera.get("/payments").want(t, 200, `href="/checks"`)
		vera.get("/checks").want(t, 200, "10001 to 10002", page, "To print")
		vera.get(page).want(t, 200, "Open the sheets", "Old Mill Bakery", "issued")
		if r := axel.get(page); r.status != 200 || strings.Contains(r.body, "Open the sheets") {
			t.Error("an auditor is offered to print", r.status)
		}
		axel.post(page+"/open").want(t, 403)
		axel.post(page+"/printed", "from", "10001", "to", "10002").want(t, 403)
		x.signedIn("otto@other.example").get(page).want(t, 404)
		vera.post(page+"/printed", "from", "10001", "to", "10002").want(t, 409, "No check with such a number waits")
		pdf := vera.post(page + "/open")
		if pdf.status != 200 || !strings.HasPrefix(pdf.body, "%PDF-") || pdf.header.Get("Content-Type") != "application/pdf" {
			t.Fatal(pdf.status, pdf.header)
		}
		vera.post(page+"/printed", "from", "x", "to", "10002").want(t, 422, "Write the numbers")
		vera.post(page+"/spoiled", "number", "10002", "reason", " ").want(t, 422, "say what happened")
		vera.post(page+"/spoiled", "number", "77", "reason", "torn").want(t, 422, `value="77"`, `value="torn"`)
		if r := vera.post(page+"/spoiled", "number", "10002", "reason", "paper jam"); r.location() != page+"?notice=spoiled" {
			t.Fatal(r.status, r.location(), r.body)
		}
		vera.get(page).want(t, 200, "Spoiled", "paper jam; replaced by 10003")
		if r := vera.post(page+"/printed", "from", "10001", "to", "10001"); r.location() != page+"?notice=printed" {
			t.Fatal(r.status, r.location(), r.body)
		}
		if r := vera.post(page+"/mailed", "from", "10001", "to", "10001"); r.location() != page+"?notice=mailed" {
			t.Fatal(r.status, r.location(), r.body)
		}
		vera.get(page+"?notice=mailed").want(t, 200, "Their payments are sent.", "Done")
		step(civil.MustDate("2026-11-24").At(1, 10, civil.Pacific))
		if again := run(); again == page {
			t.Error("XO-4: the new number has no print run")
		}

		var paid ids.ID
		x.write(x.a.who, func(tx *db.Tx) error {
			all, err := payment.Register(tx, payment.Listing{State: payment.CheckMailed})
			if err != nil {
				return err
			}
			paid = all[0].PaymentID
			_, err = payment.Void(tx, payment.Voiding{PaymentID: paid, Type: payment.VoidAndCredit, Reason: "lost"})
			return err
		})
		if !payment.CanDraw() {
			t.Error("no pdftoppm; scripts/deps.sh names what the tests need")
		}
		vera.get("/payments/"+string(paid)).want(t, 200, `src="/payments/`+string(paid)+`/check.png"`, `alt="Check 10001 as it was printed"`, `href="#check"`)
		if png := vera.get("/payments/" + string(paid) + "/check.png"); png.status != 200 || !strings.HasPrefix(png.body, "\x89PNG") {
			t.Error("the check is not drawn", png.status)
		}
		axel.get("/payments/"+string(paid)+"/check.png").want(t, 403)
		if r := axel.get("/payments/" + string(paid)); r.status != 200 || strings.Contains(r.body, "check.png") {
			t.Error("an auditor sees the check with the number of our account", r.status)
		}
		x.signedIn("otto@other.example").get("/payments/"+string(paid)+"/check.png").want(t, 404)
		vera.get("/checks/register").want(t, 200, "10001", "10003", "Stop asked for")
		vera.get("/checks/register?state=stop_requested").want(t, 200, "It is stopped", "lost; stopped until")
		vera.post("/checks/returned-mail", "number", "10001", "back", "yes").want(t, 409)
		if r := vera.post("/checks/stops/"+string(paid), "stopped", "yes"); r.location() != "/checks/register?notice=stopped" {
			t.Fatal(r.status, r.location(), r.body)
		}
		vera.post("/checks/stops/"+string(paid), "stopped", "yes").want(t, 409)
		s.Clock.Set(civil.MustDate("2027-05-20").At(9, 0, civil.Pacific))
		vera, ana := x.signedIn("vera@northwind.example"), x.signedIn("ana@northwind.example")
		vera.get("/checks/register").want(t, 200, "Stop orders that end within ten days", "Renew")
		vera.get("/checks").want(t, 200, "longer than three business days", "Confirmation overdue")
		ana.get("/").want(t, 200, "1 check is not confirmed as mailed")
		var account ids.ID
		x.write(x.a.who, func(tx *db.Tx) error {
			all, err := payment.ExpiringStops(tx)
			account = all[0].AccountID
			return err
		})
		if r := vera.post("/checks/renew-stop", "account", string(account), "number", "10001"); r.location() != "/checks/register?notice=renewed" {
			t.Fatal(r.status, r.location(), r.body)
		}
		if r := vera.get("/checks/register"); strings.Contains(r.body, "Stop orders that end") {
			t.Error("VOI-5: a renewed stop order is still listed")
		}
	})
}

// CHK-7, VOI-8: what the bank asks is answered on its page by who may pay; a void asks for a reason and says what it does.
func TestExceptionsAndVoid(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "axel@northwind.example", org.Auditor)
		var paid ids.ID
		x.write(x.a.who, func(tx *db.Tx) error {
			p, err := payment.Pay(tx, payment.Request{BillID: x.a.bill, Amount: 1_250_00, ProcessDate: civil.MustDate("2026-11-24")})
			if err == nil {
				paid = p.PaymentID
			}
			return err
		})
		at := civil.MustDate("2026-11-24").At(1, 0, civil.Pacific)
		s.Clock.Set(at)
		in := filepath.Join(x.dir, "bank", string(x.a.who.Org), "in")
		if err := os.MkdirAll(in, 0o750); err != nil {
			t.Fatal(err)
		}
		const list = "reference,account,serial,amount,payee,presented,reason,deadline\nr1,1000007777,10001,12500.00,Old Mill Bakery,2026-11-24,AMOUNT,2026-11-24T19:00:00Z\n"
		if err := os.WriteFile(filepath.Join(in, "1-exceptions.csv"), []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // released, then asked about
			if err := x.engine.Step(context.Background(), x.a.who.Org, at); err != nil {
				t.Fatal(err)
			}
		}
		ana, axel := x.signedIn("ana@northwind.example"), x.signedIn("axel@northwind.example")
		page := ana.get("/checks/exceptions")
		page.want(t, 200, "Check 10001 over $12,500.00", "answer by", "Pay it", "Return it")
		if r := axel.get("/checks/exceptions"); r.status != 200 || strings.Contains(r.body, "Pay it") {
			t.Error("an auditor is offered to decide", r.status)
		}
		var id ids.ID
		x.write(x.a.who, func(tx *db.Tx) error {
			all, err := payment.Exceptions(tx, true)
			id = all[0].ID
			return err
		})
		axel.post("/checks/exceptions/"+string(id), "decision", "pay").want(t, 403)
		ana.post("/checks/exceptions/"+string(id), "decision", "maybe").want(t, 400)
		if r := ana.post("/checks/exceptions/"+string(id), "decision", "return"); r.location() != "/checks/exceptions?notice=answered" {
			t.Fatal(r.status, r.location(), r.body)
		}
		ana.post("/checks/exceptions/"+string(id), "decision", "pay").want(t, 409, "This has been decided")
		ana.get("/checks/exceptions").want(t, 200, "Nothing waits for an answer", "Return", "ana@northwind.example")

		void := "/payments/" + string(paid) + "/void"
		ana.get("/payments/"+string(paid)).want(t, 200, void)
		ana.get(void).want(t, 200, "The bank is asked to stop it", "wrong address")
		if r := axel.get("/payments/" + string(paid)); strings.Contains(r.body, void) {
			t.Error("an auditor is offered to void")
		}
		axel.get(void).want(t, 403)
		axel.post(void, "reason", "lost").want(t, 403)
		ana.post(void, "reason", "because").want(t, 422, "Choose why")
		ana.post(void, "reason", "other", "other", " ").want(t, 422, "Say in up to 180")
		if r := ana.post(void, "reason", "other", "other", "the dog ate it", "reissue", "yes"); r.location() != "/payments/"+string(paid)+"?notice=voided" {
			t.Fatal(r.status, r.location(), r.body)
		}
		ana.get("/payments/"+string(paid)).want(t, 200, "Void requested", "other: the dog ate it")
		ana.get(void).want(t, 409)
	})
}
