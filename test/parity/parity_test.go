// Package parity tells one story of a business over generation 1, over generation 2 and over both in turns, and wants
// the same rows and the same ledger of each.
package parity

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/server"
	"github.com/duebook/duebook/internal/verify"
)

const (
	email    = "ana@acme.example"
	password = "orchard-lantern-42-quay"
)

// fields are the members of a record, by the names of generation 2; a list holds the lines.
type fields map[string]any

// client is a program of one generation. What is refused fails the test.
type client interface {
	create(object string, f fields) (id string)
	update(object, id string, f fields)
	pay(bill, amount, date string)
	payOffline(bill, amount, date string)
}

// old speaks generation 1.
type old struct {
	t                  testing.TB
	base, key, session string
}

func (c *old) send(inner string) string {
	c.t.Helper()
	body := post(c.t, c.base+"/crudApi", url.Values{"request": {fmt.Sprintf(`<request version="1.0" applicationkey=%q>%s</request>`, c.key, inner)}})
	if err := xml.Unmarshal([]byte(body), new(struct{})); err != nil || strings.Contains(body, "<errorcode>") {
		c.t.Fatalf("%s\nanswers %s (%v)", inner, body, err)
	}
	return body
}

func (c *old) login(orgID string) {
	c.t.Helper()
	body := c.send("<login>" + tag("username", email) + tag("password", password) + tag("orgID", orgID) + "</login>")
	c.session = inside(body, "sessionId")
}

// operation runs one operation and gives the id of its result.
func (c *old) operation(inner string) string {
	c.t.Helper()
	return inside(c.send(fmt.Sprintf(`<operation transactionId="1" sessionId=%q>%s</operation>`, c.session, inner)), "id")
}

func (c *old) create(object string, f fields) string {
	c.t.Helper()
	return c.operation("<create_" + strings.ToLower(object) + ">" + element(object, f) + "</create_" + strings.ToLower(object) + ">")
}

func (c *old) update(object, id string, f fields) {
	c.t.Helper()
	f = maps.Clone(f)
	f["id"] = id
	c.operation("<update_" + strings.ToLower(object) + ">" + element(object, f) + "</update_" + strings.ToLower(object) + ">")
}

func (c *old) pay(bill, amount, date string) {
	c.t.Helper()
	c.operation("<pay_bill>" + tag("billId", bill) + tag("amount", amount) + tag("processDate", american(date)) + "</pay_bill>")
}

func (c *old) payOffline(bill, amount, date string) {
	c.t.Helper()
	c.operation("<create_offlinepayment>" + tag("billId", bill) + tag("amount", amount) + tag("processDate", american(date)) + "</create_offlinepayment>")
}

// element writes a record as generation 1 has it. There the amount of a document is sent; here it is the lines' sum.
func element(object string, f fields) string {
	name := strings.ToLower(object[:1]) + object[1:]
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(f)) {
		switch v := f[k].(type) {
		case string:
			if strings.HasSuffix(k, "Date") {
				v = american(v)
			}
			b.WriteString(tag(k, v))
		case []fields:
			b.WriteString("<" + k + ">")
			var sum int64
			for _, l := range v {
				b.WriteString(element(strings.TrimSuffix(k, "s"), l))
				if s, ok := l["amount"].(string); ok {
					n, err := money.ParseMinor(s, 2)
					if err != nil {
						panic(err)
					}
					sum += n
				}
			}
			b.WriteString("</" + k + ">")
			if object != "Invoice" {
				b.WriteString(tag("amount", money.FormatMinor(sum, 2)))
			}
		}
	}
	return "<" + name + ">" + b.String() + "</" + name + ">"
}

func american(date string) string { return date[5:7] + "/" + date[8:] + "/" + date[:4] }

func tag(name, value string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(value))
	return "<" + name + ">" + b.String() + "</" + name + ">"
}

func inside(body, name string) string {
	_, rest, _ := strings.Cut(body, "<"+name+">")
	value, _, _ := strings.Cut(rest, "</"+name+">")
	return value
}

// young speaks generation 2.
type young struct {
	t                  testing.TB
	base, key, session string
}

func (c *young) call(path string, form url.Values) map[string]any {
	c.t.Helper()
	form.Set("devKey", c.key)
	var answer struct {
		Status int            `json:"response_status"`
		Data   map[string]any `json:"response_data"`
	}
	body := post(c.t, c.base+"/api/v2/"+path+".json", form)
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Status != 0 {
		c.t.Fatalf("%s %v\nanswers %s (%v)", path, form, body, err)
	}
	return answer.Data
}

func (c *young) login(orgID string) {
	c.t.Helper()
	c.session = c.call("Login", url.Values{"userName": {email}, "password": {password}, "orgId": {orgID}})["sessionId"].(string)
}

func (c *young) do(path string, data any) map[string]any {
	c.t.Helper()
	text, err := json.Marshal(data)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.call(path, url.Values{"sessionId": {c.session}, "data": {string(text)}})
}

func (c *young) create(object string, f fields) string {
	c.t.Helper()
	return c.do("Crud/Create/"+object, map[string]any{"obj": f})["id"].(string)
}

func (c *young) update(object, id string, f fields) {
	c.t.Helper()
	f = maps.Clone(f)
	f["id"] = id
	c.do("Crud/Update/"+object, map[string]any{"obj": f})
}

func (c *young) pay(bill, amount, date string) {
	c.t.Helper()
	c.do("PayBills", map[string]any{"processDate": date, "billPays": []fields{{"billId": bill, "amount": amount}}})
}

func (c *young) payOffline(bill, amount, date string) {
	c.t.Helper()
	c.do("RecordAPPayment", map[string]any{"processDate": date, "billPays": []fields{{"billId": bill, "amount": amount}}})
}

func post(t testing.TB, address string, form url.Values) string {
	t.Helper()
	resp, err := http.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v\n%s", address, resp.Status, err, body)
	}
	return string(body)
}

// house is a running sandbox with an organisation and a client of each generation.
type house struct {
	app   *server.App
	base  string
	org   string
	old   *old
	young *young
}

func open(t *testing.T, database string) *house {
	t.Helper()
	ctx := context.Background()
	app, err := server.Open(ctx, server.Config{Dir: t.TempDir(), DB: database, Sandbox: true, Listen: "127.0.0.1:0",
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	orgID, _, err := app.CreateOrg(ctx, "Acme", email, password, true)
	if err != nil {
		t.Fatal(err)
	}
	var key string
	if err := app.DB.Write(ctx, db.Caller{Org: orgID, Perms: org.All, Channel: "command"}, func(tx *db.Tx) error {
		key, _, err = org.IssueKey(tx, "parity", "dev@x.example", "exempt")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	running, err := app.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Stop() })
	h := &house{app: app, base: running.URL(), org: string(orgID)}
	h.at(t, "2026-11-23T17:00:00Z")
	h.old, h.young = &old{t: t, base: h.base, key: key}, &young{t: t, base: h.base, key: key}
	h.logIn()
	return h
}

func (h *house) logIn() {
	h.old.login(h.org)
	h.young.login(h.org)
}

// at moves the sandbox's clock and has everything done that is due then.
func (h *house) at(t *testing.T, now string) {
	t.Helper()
	for _, r := range [][2]string{{"/sandbox/clock", `{"now":"` + now + `"}`}, {"/sandbox/settle", ""}} {
		resp, err := http.Post(h.base+r[0], "application/json", strings.NewReader(r[1]))
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(r, resp, err)
		}
		_ = resp.Body.Close()
	}
}

// story is the business: lists, vendors and bills, payments through the bank and beside it, customers and invoices. turn
// gives the client of each step.
func story(t *testing.T, h *house, turn func() client) {
	t.Helper()
	account := turn().create("ChartOfAccount", fields{"name": "Tool rental", "accountNumber": "6210", "accountType": "7"})
	income := turn().create("ChartOfAccount", fields{"name": "Mooring", "accountNumber": "4010", "accountType": "9"})
	department := turn().create("Department", fields{"name": "Service", "description": "In the field"})
	turn().update("Department", department, fields{"name": "Field service"})
	location := turn().create("Location", fields{"name": "Pier 9"})
	job := turn().create("Job", fields{"name": "Dock 4", "description": "New planks"})
	customer := turn().create("Customer", fields{"name": "Lakeside Marina", "email": "office@lakeside.example", "billAddress1": "1 Shore Road",
		"billAddressCity": "Chelan", "billAddressState": "WA", "billAddressZip": "98816"})
	turn().update("Customer", customer, fields{"phone": "509 555 0100"})
	item := turn().create("Item", fields{"type": "1", "name": "Mooring, a day", "price": "42.50", "chartOfAccountId": income})
	tax := turn().create("Item", fields{"type": "6", "name": "Sales tax", "percentage": "8.1"})
	vendor := turn().create("Vendor", fields{"name": "Harbor Tool Rental", "email": "billing@harbortool.example", "address1": "14 Dock Street",
		"addressCity": "Seattle", "addressState": "WA", "addressZip": "98101", "nameOnCheck": "Harbor Tools"}) // generation 2 fills the name in (3.1)
	turn().update("Vendor", vendor, fields{"phone": "206 555 0100", "accNumber": "A-77"})
	first := turn().create("Bill", fields{"vendorId": vendor, "invoiceNumber": "INV-1001", "invoiceDate": "2026-11-20", "dueDate": "2026-12-20",
		"description": "November", "billLineItems": []fields{
			{"amount": "1000.00", "chartOfAccountId": account, "jobId": job, "locationId": location, "description": "Lift"},
			{"amount": "250.25", "departmentId": department, "customerId": customer, "jobBillable": "1"},
		}})
	second := turn().create("Bill", fields{"vendorId": vendor, "invoiceNumber": "INV-1002", "invoiceDate": "2026-11-21", "dueDate": "2026-12-21",
		"glPostingDate": "2026-11-30", "billLineItems": []fields{{"amount": "80.10", "chartOfAccountId": account}}})
	turn().create("VendorCredit", fields{"vendorId": vendor, "refNumber": "CR-7", "creditDate": "2026-11-21",
		"vendorCreditLineItems": []fields{{"amount": "75.00", "chartOfAccountId": account}}})
	turn().create("Invoice", fields{"customerId": customer, "invoiceNumber": "2026-17", "invoiceDate": "2026-11-23", "dueDate": "2026-12-23",
		"itemSalesTax": tax, "invoiceLineItems": []fields{
			{"itemId": item, "quantity": "3", "price": "42.50", "taxable": "1"},
			{"price": "19.99", "description": "Ice"},
			{"ratePercent": "-10"},
		}})
	turn().pay(first, "1000.25", "2026-11-25")
	turn().payOffline(second, "80.10", "2026-11-21")
	h.at(t, "2026-12-07T17:00:00Z")
	h.logIn()
	turn().pay(first, "250.00", "2026-12-09")
	h.at(t, "2026-12-21T17:00:00Z")
}

// TestParity tells the story three times.
func TestParity(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"sqlite", "postgres"} {
		if store == "postgres" && os.Getenv("TEST_POSTGRES_URL") == "" {
			continue
		}
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			dumps := map[string]string{}
			for name, turns := range map[string]func(h *house) func() client{
				"generation 1": func(h *house) func() client { return func() client { return h.old } },
				"generation 2": func(h *house) func() client { return func() client { return h.young } },
				"mixed": func(h *house) func() client {
					n := 0
					return func() client {
						n++
						if n%2 == 0 {
							return h.old
						}
						return h.young
					}
				},
			} {
				database := ""
				if store == "postgres" {
					database = dbtest.Postgres(t).Options.URL
				}
				h := open(t, database)
				story(t, h, turns(h))
				dumps[name] = h.dump(t)
				h.verify(t)
			}
			if dumps["generation 1"] == "" {
				t.Fatal("nothing was written")
			}
			for _, other := range []string{"generation 2", "mixed"} {
				compare(t, other, dumps["generation 1"], dumps[other])
			}
		})
	}
}

func (h *house) verify(t *testing.T) {
	t.Helper()
	r, err := verify.Store(context.Background(), h.app.DB, h.app.Blobs, h.app.Vault)
	if err != nil || len(r.Findings) > 0 {
		t.Errorf("verify: %v %v", r.Findings, err)
	}
}

func compare(t *testing.T, name, want, got string) {
	t.Helper()
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "", ""
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			t.Errorf("%s differs from generation 1 in row %d: %s", name, i, difference(x, y))
		}
	}
}

// difference names the columns in which two rows differ.
func difference(x, y string) string {
	a, b := strings.Fields(x), strings.Fields(y)
	if len(a) != len(b) {
		return "\n  " + x + "\n  " + y
	}
	out := a[0]
	for i := range a {
		if a[i] != b[i] {
			out += "\n  " + a[i] + " and " + b[i]
		}
	}
	return out
}

// apart are the columns that may differ: who wrote a row and when, what only one generation has, and numbers drawn by
// chance or sealed.
var apart = regexp.MustCompile(`^(created_time|updated_time|created|at|scheduled_at|ready_at|delivered|clear_due|channel|entered_by|created_by|extras|txn_number|bytes|sha256|content|payee)$`)

var tables = []string{"chart_of_accounts", "departments", "locations", "jobs", "customers", "items", "vendors", "bills", "bill_lines",
	"vendor_credits", "vendor_credit_lines", "invoices", "invoice_lines", "payments", "payment_steps", "bill_pays", "bill_credits",
	"money_movements", "disbursements", "checks", "journal_entries", "postings"}

// dump writes every row of the records and the ledger, with ids as the number of their first appearance.
func (h *house) dump(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := h.app.DB.Read(context.Background(), db.Caller{Org: "", Perms: org.All, Channel: "command"}, func(tx *db.Tx) error {
		for _, table := range tables {
			if err := dumpTable(tx, &b, table); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	return regexp.MustCompile(`\b[0-9a-z]{3}01[A-Z]{10}[0-9a-z]{5}\b`).ReplaceAllStringFunc(b.String(), func(id string) string {
		if seen[id] == 0 {
			seen[id] = len(seen) + 1
		}
		return fmt.Sprintf("%s-%d", id[:3], seen[id])
	})
}

func dumpTable(tx *db.Tx, b *strings.Builder, table string) error {
	rows, err := tx.Query("SELECT * FROM " + table)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	order := "id"
	for _, c := range []string{"entry_id", "payment_id", "serial"} {
		if c != "payment_id" && slices.Contains(columns, c) || c == "payment_id" && table == "payment_steps" {
			order = c
		}
	}
	type row struct{ order, text string }
	var out []row
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		r := row{text: table}
		for i, c := range columns {
			if c == order || c == "line" {
				r.order += fmt.Sprintf("%20s", values[i].String)
			}
			if !apart.MatchString(c) {
				r.text += " " + c + "=" + values[i].String
			}
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b row) int { return cmp.Compare(a.order, b.order) })
	for _, r := range out {
		b.WriteString(r.text + "\n")
	}
	return rows.Err()
}
