package web_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// multipart sends a form with a file as a browser does.
func (b *browser) multipart(path, name string, content []byte, pairs ...string) reply {
	b.x.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(pairs); i += 2 {
		if err := w.WriteField(pairs[i], pairs[i+1]); err != nil {
			b.x.t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		b.x.t.Fatal(err)
	}
	_, _ = part.Write(content)
	_ = w.Close()
	r, err := http.NewRequest(http.MethodPost, b.x.server.URL+path, &body)
	if err != nil {
		b.x.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// hidden is the value of a hidden field.
func (r reply) hidden(t *testing.T, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(r.body)
	if m == nil {
		t.Fatalf("no field %s in %s", name, r.body)
	}
	return m[1]
}

// form is a set of fields of which single ones are changed.
type form []string

func (f form) with(pairs ...string) []string {
	out := append(form{}, f...)
next:
	for i := 0; i < len(pairs); i += 2 {
		for j := 0; j < len(out); j += 2 {
			if out[j] == pairs[i] {
				out[j+1] = pairs[i+1]
				continue next
			}
		}
		out = append(out, pairs[i], pairs[i+1])
	}
	return out
}

// TestEnterBill: a bill is entered line by line without scripts, BIL-1, BIL-4, BIL-6, GL-8; sent twice it is there once.
func TestEnterBill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "carl@northwind.example", org.Auditor)
		var account, department ids.ID
		x.write(x.a.who, func(tx *db.Tx) error {
			a := dimension.Accounts.New().(*dimension.Account)
			a.Name, a.AccountType = "Office and supplies", dimension.TypeExpense
			d := dimension.Departments.New().(*dimension.Department)
			d.Name = "Riverside House"
			err := errors.Join(dimension.Create(tx, dimension.Accounts.Type, a), dimension.Create(tx, dimension.Departments.Type, d))
			account, department = a.ID, d.ID
			return err
		})
		ana, carl := x.signedIn("ana@northwind.example"), x.signedIn("carl@northwind.example")
		carl.get("/bills/new").want(t, 403)
		carl.get("/bills/new?vendor="+string(x.a.vendor)).want(t, 403)
		carl.post("/bills/new", "id", string(ids.New(ids.Bill)), "vendor", string(x.a.vendor), "act", "save", "invoiceNumber", "X", "invoiceDate",
			"2026-11-20", "dueDate", "2026-12-20", "amount", "1.00").want(t, 403)
		ana.get("/bills/new?vendor="+string(x.b.vendor)).want(t, 404)
		ana.get("/bills/new?q=nobody").want(t, 200, "No vendor matches", "“<bdi>nobody</bdi>”")
		ana.get("/bills/new?q=mill").want(t, 200, "Whose bill is it?", "/bills/new?vendor="+string(x.a.vendor))

		empty := ana.get("/bills/new?vendor=" + string(x.a.vendor))
		empty.want(t, 200, "Old Mill Bakery", `value="2026-11-23"`, `value="2026-12-23"`, "Office and supplies", "Riverside House", "Line 1", "Uncoded expense")
		if strings.Contains(empty.body, "Accounts payable") || strings.Contains(empty.body, `id="job-1"`) {
			t.Error("the form offers the ledger's own accounts, or a list without entries")
		}
		f := form{"id", empty.hidden(t, "id"), "vendor", string(x.a.vendor), "accepted", "", "invoiceNumber", "OMB-7", "invoiceDate", "2026-11-20", "dueDate",
			"2026-12-20", "amount", "100.00", "poNumber", "PO 4", "description", "Rolls", "act", "save",
			"account-1", string(account), "department-1", string(department), "description-1", "Breakfast", "amount-1", "90.00"}
		more := ana.post("/bills/new", f.with("act", "line")...)
		more.want(t, 200, "Line 2", "$90.00: $10.00 of the bill are on no line yet.", `value="OMB-7"`, `value="Breakfast"`)
		ana.post("/bills/new", f.with("act", "sum", "amount", "80")...).want(t, 200, "$10.00 more than the bill")
		ana.post("/bills/new", f.with("act", "sum", "amount", "90")...).want(t, 200, "as the bill does")
		ana.post("/bills/new", f.with("act", "sum", "amount", "")...).want(t, 200, "The lines add up to $90.00.")
		for _, w := range []struct {
			name  string
			pairs []string
			texts []string
		}{
			{"BIL-4: the sum", nil, []string{"BDCE051", "$10.00 of the bill are on no line yet"}},
			{"BIL-1: number", []string{"invoiceNumber", ""}, []string{"Enter the number that the invoice bears."}},
			{"BIL-1: dates", []string{"invoiceDate", "", "dueDate", "31/12/2026"}, []string{"2 things to correct", "Enter the invoice date.", "Enter the due date."}},
			{"amounts", []string{"amount", "1,000.00", "amount-1", "ninety"}, []string{"2 things to correct", `value="1,000.00"`, `value="ninety"`, `href="#amount-1"`}},
			{"BIL-3: a negative total", []string{"amount", "", "amount-1", "-1.00"}, []string{"at most 999,999,999.99"}},
			{"no amount at all", []string{"amount", "", "amount-1", "", "account-1", "", "department-1", "", "description-1", ""}, []string{"Enter the amount."}},
			{"BIL-2: somebody else's account", []string{"amount", "90", "account-1", string(ids.New(ids.Account))}, []string{"no longer active"}},
			{"no id at all", []string{"amount", "90", "account-1", "rubbish"}, []string{"no longer active"}},
			{"too long", []string{"amount", "90", "invoiceNumber", strings.Repeat("9", 101)}, []string{"Shorten the invoice number to 100 characters."}},
		} {
			ana.post("/bills/new", f.with(w.pairs...)...).want(t, 422, w.texts...)
		}
		ana.post("/bills/new", f.with("amount", "90", "invoiceNumber", "\xff")...).want(t, 400)
		ana.post("/bills/new", f.with("id", "rubbish")...).want(t, 404)
		ana.post("/bills/new", f.with("vendor", string(x.b.vendor), "amount", "90")...).want(t, 404)

		// Saved with a file, ten times at once.
		good := f.with("amount-2", "10.00", "account-2", "", "department-2", "", "description-2", "")
		pdf := []byte("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n")
		bill1 := "/bills/" + f[1]
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				r := ana.post("/bills/new", good...)
				if i == 0 {
					r = ana.multipart("/bills/new", "invoice.pdf", pdf, good...)
				}
				if r.location() != bill1+"?notice=entered" {
					t.Errorf("%d %s %s", r.status, r.location(), r.body)
				}
			})
		}
		wg.Wait()
		ana.get(bill1+"?notice=entered").want(t, 200, "The bill is entered.", "OMB-7", "Breakfast", "Riverside House", "90.00", "10.00", "PO 4", "Rolls", "Pay $100.00", "invoice.pdf")
		list := ana.get("/bills?q=OMB-7")
		list.want(t, 200, "1 bill on this page")

		second := ana.get("/bills/new?vendor="+string(x.a.vendor)).hidden(t, "id")
		again := ana.post("/bills/new", f.with("id", second, "amount", "", "invoiceNumber", "omb 7")...)
		again.want(t, 409, "has a bill with this number already", "OMB-7", bill1)
		saved := ana.post("/bills/new", f.with("id", second, "amount", "", "invoiceNumber", "omb 7", "accepted", again.hidden(t, "accepted"))...)
		saved.want(t, 303)
		third := ana.get("/bills/new?vendor="+string(x.a.vendor)).hidden(t, "id")
		ana.post("/bills/new", f.with("id", third, "invoiceNumber", "OMB-8", "amount-1", "")...).want(t, 303) // one line takes the whole
		ana.get("/bills/"+third).want(t, 200, "Breakfast", "Pay $100.00")
		fourth := ana.get("/bills/new?vendor="+string(x.a.vendor)).hidden(t, "id")
		refused := ana.multipart("/bills/new", "program.exe", []byte("MZ\x90\x00"), f.with("id", fourth, "invoiceNumber", "OMB-9", "amount", "90.00")...)
		refused.want(t, 422, "OMB-9", "note bad") // the bill is there, and says why its document is not
	})
}

// TestVendorForm: a vendor is added and changed; what is wrong stands at its field, what somebody else changed meanwhile is
// not overwritten unseen.
func TestVendorForm(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "carl@northwind.example", org.Approver)
		ana, carl := x.signedIn("ana@northwind.example"), x.signedIn("carl@northwind.example")
		carl.get("/vendors/new").want(t, 403)
		carl.post("/vendors/new", "name", "X").want(t, 403)
		carl.get("/vendors/"+string(x.a.vendor)+"/edit").want(t, 403)
		carl.post("/vendors/"+string(x.a.vendor)+"/edit", "name", "X").want(t, 403)
		ana.get("/vendors/"+string(x.b.vendor)+"/edit").want(t, 404)
		ana.post("/vendors/"+string(x.b.vendor)+"/edit", "name", "X").want(t, 404)

		ana.get("/vendors/new").want(t, 200, "Add a vendor", `value="USA"`)
		f := form{"name", "Harbor Insurance", "email", "bills@harbor.example", "address1", "3 Quay", "city", "Astoria", "state", "OR", "zip", "97103", "country", "USA", "taxId", "987654321"}
		ana.post("/vendors/new", f.with("name", "")...).want(t, 422, "Enter the vendor&#39;s name.", `value="Astoria"`)
		ana.post("/vendors/new", f.with("email", "nobody")...).want(t, 422, "Enter an e-mail address", `href="#email"`)
		ana.post("/vendors/new", f.with("zip", strings.Repeat("9", 21))...).want(t, 422, "Shorten the ZIP code to 20 characters.", `href="#zip"`)
		made := ana.post("/vendors/new", f...)
		made.want(t, 303)
		page, _, _ := strings.Cut(made.location(), "?")
		ana.get(made.location()).want(t, 200, "The vendor is added.", "Harbor Insurance", "3 Quay", "Astoria, OR 97103", "···· 4321")

		form1 := ana.get(page + "/edit")
		form1.want(t, 200, `value="Harbor Insurance"`, "Stored: ···· 4321", `id="active-yes" type="radio" name="active" value="yes" checked`)
		if strings.Contains(form1.body, "987654321") {
			t.Error("the form shows the tax number")
		}
		seen := form1.hidden(t, "seen")
		f = f.with("taxId", "", "active", "yes", "phone", "503 555 0100")
		s.Clock.Advance(time.Second)
		ana.post(page+"/edit", f.with("seen", seen)...).want(t, 303)
		ana.get(page).want(t, 200, "503 555 0100", "···· 4321")
		stale := ana.post(page+"/edit", f.with("seen", seen, "phone", "1")...)
		stale.want(t, 422, "Somebody changed this vendor", `value="1"`)
		ana.post(page+"/edit", f.with("seen", stale.hidden(t, "seen"), "active", "no")...).want(t, 303)
		ana.get(page).want(t, 200, "Inactive")
		ana.get("/bills/new?vendor="+strings.TrimPrefix(page, "/vendors/")).want(t, 404)

		x.a.who.Channel = org.KindWeb // a vendor whose payment waits stays active
		x.write(x.a.who, func(tx *db.Tx) error {
			_, err := payment.Pay(tx, payment.Request{BillID: x.a.bill, Amount: 1_00})
			return err
		})
		busy := "/vendors/" + string(x.a.vendor) + "/edit"
		ana.post(busy, "name", "Old Mill Bakery", "active", "no", "seen", ana.get(busy).hidden(t, "seen")).want(t, 422, "payments that have not left", `href="#active"`)
		x.write(x.a.who, func(tx *db.Tx) error { // VEN-9
			before, err := vendor.Vendors.LoadForUpdate(tx, x.a.vendor)
			if err != nil {
				return err
			}
			after := *before
			after.LinkedTo = ids.New(ids.Vendor)
			vendor.Vendors.Save(tx, before, &after)
			return nil
		})
		ana.post(busy, "name", "Old Mill Bakery", "active", "yes", "zip", "11111", "seen", ana.get(busy).hidden(t, "seen")).want(t, 422, "maintains this itself", `href="#zip"`)
	})
}

// TestFundingAccounts: FND-6: an account added on the web waits for the operator and pays nothing until then; SIM-1; an
// account is deactivated once it was said what waits on it.
func TestFundingAccounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "carl@northwind.example", org.Clerk)
		x.member(x.a, "vera@northwind.example", org.Approver)
		ana, carl, vera := x.signedIn("ana@northwind.example"), x.signedIn("carl@northwind.example"), x.signedIn("vera@northwind.example")
		all := carl.get("/settings/bank-accounts")
		all.want(t, 200, "Operating", "···· 7777", "Verified")
		if strings.Contains(all.body, "Deactivate") || strings.Contains(all.body, "/settings/bank-accounts/new") {
			t.Error("a clerk is offered what a clerk may not do")
		}
		vera.get("/settings/bank-accounts").want(t, 403)
		carl.get("/settings/bank-accounts/new").want(t, 403)
		f := form{"name", "Payroll", "routingNumber", "990000026", "accountNumber", "20-4455-66"}
		carl.post("/settings/bank-accounts/new", f...).want(t, 403)

		ana.get("/settings/bank-accounts/new").want(t, 200, "A test deposit of less than a dollar goes to the account")
		for _, w := range []struct{ name, field, value, text string }{
			{"no name", "name", "", "Enter what you call the account."},
			{"a long name", "name", strings.Repeat("n", 101), "Shorten the name to 100 characters."},
			{"SIM-1", "routingNumber", "021000021", "That is no routing number"},
			{"VEN-3", "accountNumber", "12", "Enter 4 to 17 digits and hyphens."},
			{"VEN-3: letters", "accountNumber", "12AB56", "Enter 4 to 17 digits and hyphens."},
		} {
			r := ana.post("/settings/bank-accounts/new", f.with(w.field, w.value)...)
			r.want(t, 422, w.text, `href="#`+w.field+`"`)
			if strings.Contains(r.body, "20-4455-66") {
				t.Errorf("%s: the account number comes back", w.name)
			}
		}
		ana.post("/settings/bank-accounts/new", f.with("routingNumber", "990000013", "accountNumber", "1000007777")...).want(t, 422, "is there already")
		r := ana.post("/settings/bank-accounts/new", f...)
		if r.location() != "/settings/bank-accounts?notice=funding" {
			t.Fatal(r.status, r.location(), r.body)
		}
		ana.get(r.location()).want(t, 200, "Payroll", "Pending", "Waits for the amount of its test deposit", "5-66")
		if pay := ana.get("/bills/" + string(x.a.bill) + "/pay"); strings.Contains(pay.body, "Payroll") {
			t.Error("an account that waits is offered to pay from")
		}
		var waiting, first ids.ID
		if err := s.Read(context.Background(), x.a.who, func(tx *db.Tx) error {
			accounts, err := bank.List(tx)
			first, waiting = accounts[0].ID, accounts[1].ID
			return err
		}); err != nil {
			t.Fatal(err)
		}
		refused := ana.post("/bills/"+string(x.a.bill)+"/pay/confirm", "amount", "1.00", "processDate", "2026-11-24", "account", string(waiting), "key", "k")
		refused.want(t, 422)
		tell := "/settings/bank-accounts/" + string(waiting) + "/confirm" // FND-6
		ana.get(tell).want(t, 404)
		if err := x.engine.Step(context.Background(), x.a.who.Org, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		carl.get(tell).want(t, 403)
		ana.get("/settings/bank-accounts").want(t, 200, "Enter the test amount", tell)
		ana.get(tell).want(t, 200, "ACCTVERIFY", "3 tries are left")
		ana.post(tell, "amount", "1.50").want(t, 422, "under a dollar")
		ana.post(tell, "amount", "0.49").want(t, 422, "not the amount of the deposit", "2 tries are left")
		if r := ana.post(tell, "amount", "0.50"); r.location() != "/settings/bank-accounts?notice=proved" {
			t.Fatal(r.status, r.location(), r.body)
		}
		ana.get(tell).want(t, 404)
		approve := strings.TrimSuffix(tell, "confirm") + "approve" // SEC-5
		ana.get("/settings/bank-accounts").want(t, 200, "waits for another person", approve)
		carl.post(approve).want(t, 403)
		if r := ana.post(approve); r.location() != "/settings/bank-accounts?notice=second" {
			t.Fatal(r.status, r.location(), r.body)
		}
		x.member(x.a, "mona@northwind.example", org.Administrator)
		if r := x.signedIn("mona@northwind.example").post(approve); r.location() != "/settings/bank-accounts?notice=verified" {
			t.Fatal(r.status, r.location(), r.body)
		}
		ana.get("/bills/"+string(x.a.bill)+"/pay").want(t, 200, "Payroll ···· 5-66")

		ana.post("/bills/"+string(x.a.bill)+"/pay/confirm", "amount", "1.00", "processDate", "2026-11-24", "account", string(first), "key", "k").want(t, 303)
		files := "/settings/bank-accounts/" + string(first) + "/files" // FND-4, ACH-3
		carl.get(files).want(t, 403)
		carl.post(files, "style", "balanced").want(t, 403)
		ana.get(files).want(t, 200, "Credits only", `value="unbalanced" checked`)
		ana.post(files, "style", "both").want(t, 422, "Choose one of the two.")
		ana.post(files, "style", "balanced", "entryDescription", "PAYROLL").want(t, 422, "no word that the ACH rules reserve", `value="balanced" checked`)
		if r := ana.post(files, "style", "balanced", "entryDescription", "rebate"); r.location() != "/settings/bank-accounts?notice=saved" {
			t.Fatal(r.status, r.location())
		}
		ana.get(files).want(t, 200, `value="balanced" checked`, `value="REBATE"`)
		ana.post(files, "style", "balanced", "sameDay", "yes", "sameDayLead", "481").want(t, 422, "Enter a number of minutes", `name="sameDay" value="yes" checked`)
		ana.post(files, "style", "balanced", "sameDay", "yes", "sameDayLead", "30").want(t, 303) // ACH-5
		ana.get(files).want(t, 200, `name="sameDay" value="yes" checked`, `value="30"`)
		ana.post(files, "style", "balanced", "positivePay", `{"form":"xml"}`).want(t, 422, "This is no template: form is neither", "&#34;xml&#34;") // CHK-6
		ana.post(files, "style", "balanced", "positivePay", "fixed").want(t, 303)
		ana.get(files).want(t, 200, ">fixed</textarea>")
		path := "/settings/bank-accounts/" + string(first) + "/deactivate"
		carl.get(path).want(t, 403)
		carl.post(path).want(t, 403)
		ana.get("/settings/bank-accounts/"+string(ids.New(ids.BankAccount))+"/deactivate").want(t, 404)
		ana.get(path).want(t, 200, "1 payment over <strong>$1.00</strong> waits on it")
		if r := ana.post(path); r.location() != "/settings/bank-accounts?notice=closed" {
			t.Fatal(r.status, r.location())
		}
		ana.get("/settings/bank-accounts").want(t, 200, "Inactive")
		ana.get(path).want(t, 404)
		if pay := ana.get("/bills/" + string(x.a.bill) + "/pay"); strings.Contains(pay.body, "Operating ····") {
			t.Error("a deactivated account is offered to pay from")
		}
		ana.get("/settings/bank-accounts/"+string(waiting)+"/deactivate").want(t, 200, "No payment waits on it.", "only account")
	})
}

// TestExport: the file has every bill once, in the list's order, however many pages it takes.
func TestExport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		const n = 1003
		x.write(x.a.who, func(tx *db.Tx) error {
			for i := range n {
				if _, err := newBill(tx, x.a.vendor, fmt.Sprintf("=E-%04d", i), int64(i), fmt.Sprintf("2027-01-%02d", i%28+1)); err != nil {
					return err
				}
			}
			return nil
		})
		ana := x.signedIn("ana@northwind.example")
		for _, sort := range []string{"", "?sort=amount&dir=desc", "?sort=number", "?q=E-"} {
			r := ana.get("/bills.csv" + sort)
			rows, err := csv.NewReader(strings.NewReader(r.body)).ReadAll()
			if err != nil || r.status != 200 {
				t.Fatal(r.status, err)
			}
			seen := map[string]bool{}
			for _, row := range rows[1:] {
				seen[row[2]] = true
			}
			want := n + 1
			if sort == "?q=E-" {
				want = n
			}
			if len(rows) != want+1 || len(seen) != want || !seen["'=E-0000"] {
				t.Errorf("%s: %d rows, %d different, want %d", sort, len(rows)-1, len(seen), want)
			}
		}
	})
}
