// Package codes provokes every error code of generations 1 and 2 over HTTP, and sends every endpoint of generation 2
// what a hostile program would.
package codes

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/limit"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/schema"
	"github.com/duebook/duebook/internal/server"
	"github.com/duebook/duebook/internal/vendor"
)

const password = "orchard-lantern-42-quay"

// sandbox is a running server.
type sandbox struct {
	app  *server.App
	base string
	orgs int
}

// stores runs fn against a server on each database.
func stores(t *testing.T, fn func(t *testing.T, database string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { fn(t, "") })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Run("postgres", func(t *testing.T) { fn(t, dbtest.Postgres(t).Options.URL) })
	}
}

// open starts a server whose clock stands at Monday 23 November 2026, 09:00 Pacific.
func open(t testing.TB, database string, limits limit.Settings) *sandbox {
	t.Helper()
	ctx := context.Background()
	app, err := server.Open(ctx, server.Config{Dir: t.TempDir(), DB: database, Sandbox: true, Listen: "127.0.0.1:0", Limits: limits,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	running, err := app.Start(ctx)
	if err != nil {
		_ = app.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Stop() })
	s := &sandbox{app: app, base: running.URL()}
	s.at(t, "2026-11-23T17:00:00Z")
	return s
}

// at moves the clock and has everything done that is due then. Sessions may be over afterwards.
func (s *sandbox) at(t testing.TB, now string) {
	t.Helper()
	for _, r := range [][2]string{{"/sandbox/clock", `{"now":"` + now + `"}`}, {"/sandbox/settle", ""}} {
		resp, err := http.Post(s.base+r[0], "application/json", strings.NewReader(r[1]))
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(r, resp, err)
		}
		_ = resp.Body.Close()
	}
}

// settled has everything done that is due by now.
func (h *house) settled() {
	h.t.Helper()
	a, err := h.request("POST", "/sandbox/settle", "application/json", "")
	if err != nil || a.status != http.StatusOK {
		h.t.Fatal(a, err)
	}
}

// house is an organisation of the server with a key and a session of its administrator in each generation.
type house struct {
	t *testing.T
	*sandbox
	code     string // what the test provokes
	status   int    // of the answers
	org      ids.ID
	user     ids.ID
	email    string
	key      string
	old, now string // sessions of generation 1 and 2
	gone     string // a table that is away
}

// settle founds an organisation.
func (s *sandbox) settle(t *testing.T, code string) *house {
	t.Helper()
	s.orgs++
	h := &house{t: t, sandbox: s, code: code, status: http.StatusOK, email: fmt.Sprintf("ana@%d.example", s.orgs)}
	var err error
	h.org, h.user, err = org.Create(context.Background(), s.app.DB, "command", org.NewOrganisation{Name: fmt.Sprint("Acme ", s.orgs), AdminEmail: h.email,
		PasswordHash: dbtest.PasswordHash(password), APIAccess: true, SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	h.key = h.newKey("exempt")
	h.again()
	return h
}

// again logs in anew: in generation 1 only where its codes are tested.
func (h *house) again() {
	h.t.Helper()
	if strings.HasPrefix(h.code, "BDCE") {
		if h.old = h.send1(h.login1()).text; h.old == "" {
			h.t.Fatal("no session of generation 1")
		}
	}
	if h.now = h.form("Login", h.login2()...).at("sessionId"); h.now == "" {
		h.t.Fatal("no session of generation 2")
	}
}

// other is another organisation of the server, with the same key.
func (h *house) other() *house {
	h.t.Helper()
	return h.settle(h.t, h.code)
}

// as is the house as a new member in that role sees it, in generation 2.
func (h *house) as(role string) *house {
	h.t.Helper()
	o := *h
	o.email = fmt.Sprintf("%s@%s", role, h.email[4:])
	o.user = h.member(o.email, role)
	o.now = o.form("Login", o.login2()...).at("sessionId")
	if o.now == "" {
		h.t.Fatal("no session")
	}
	return &o
}

func (h *house) member(email, role string) (id ids.ID) {
	h.t.Helper()
	h.write(func(tx *db.Tx) (err error) {
		if id, err = org.AddUser(tx, email, email, dbtest.PasswordHash(password)); err != nil {
			return err
		}
		return org.SetMembership(tx, id, role, true)
	})
	return id
}

func (h *house) newKey(mfa string) (key string) {
	h.write(func(tx *db.Tx) (err error) {
		key, _, err = org.IssueKey(tx, "test", "dev@x.example", mfa)
		return err
	})
	return key
}

// keyed is the house with another key and sessions opened by it.
func (h *house) keyed(mfa string) *house {
	o := *h
	o.key = h.newKey(mfa)
	o.again()
	return &o
}

func (h *house) set(pairs ...string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		o, err := org.Load(tx)
		if err != nil {
			return err
		}
		for i := 0; i < len(pairs); i += 2 {
			if err := o.Set(pairs[i], pairs[i+1]); err != nil {
				return err
			}
		}
		return org.Save(tx, o)
	})
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.app.DB.Write(context.Background(), db.Caller{Org: h.org, User: h.user, Perms: org.All, Channel: "command"}, fn); err != nil {
		h.t.Fatal(err)
	}
}

// fund gives the organisation a verified bank account.
func (h *house) fund() string {
	h.t.Helper()
	id, err := h.app.AddBank(context.Background(), h.org, "Operating", "990000013", "4455667788", true)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(id)
}

// answer is an answer of either generation.
type answer struct {
	status  int
	header  http.Header
	raw     string
	code    string // "" if it worked
	message string
	text    string // of generation 1: the session id or the id
	data    any    // of generation 2
}

// at is a member of the data by its path, "" if there is none.
func (a answer) at(path string) string {
	at := a.data
	for _, p := range strings.Split(path, ".") {
		switch v := at.(type) {
		case map[string]any:
			at = v[p]
		case []any:
			i := 0
			if _, err := fmt.Sscan(p, &i); err != nil || i >= len(v) {
				return ""
			}
			at = v[i]
		default:
			return ""
		}
	}
	if at == nil {
		return ""
	}
	return fmt.Sprint(at)
}

// request sends bytes and gives the answer unread.
func (h *house) request(method, path, contentType, body string) (answer, error) {
	r, err := http.NewRequest(method, h.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, raw: string(b)}, err
}

const formType = "application/x-www-form-urlencoded"

// Generation 1.

func (h *house) login1() string {
	return "<login>" + tags("username", h.email, "password", password, "orgID", string(h.org)) + "</login>"
}

// send1 posts what stands inside of a request.
func (h *house) send1(inner string) answer {
	h.t.Helper()
	return h.document(fmt.Sprintf(`<request version="1.0" applicationkey="%s">%s</request>`, h.key, inner))
}

func (h *house) document(doc string) answer {
	h.t.Helper()
	a, err := h.request("POST", "/crudApi", "text/xml", doc)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.parse1(a)
}

// parse1 reads an answer of generation 1: well-formed, one response element, and with each code its message.
func (h *house) parse1(a answer) answer {
	h.t.Helper()
	d := xml.NewDecoder(strings.NewReader(a.raw))
	var path []string
	texts := map[string][]string{}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			h.t.Fatalf("%v: %s", err, a.raw)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			path = append(path, x.Name.Local)
		case xml.CharData:
			if len(path) > 0 {
				texts[path[len(path)-1]] = append(texts[path[len(path)-1]], string(x))
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
	codes, messages := texts["errorcode"], texts["errormessage"]
	if !strings.Contains(a.raw, "<response>") || len(codes) != len(messages) || !strings.HasPrefix(a.header.Get("Content-Type"), "text/xml") ||
		a.header.Get("Cache-Control") != "no-store" {
		h.t.Errorf("no answer of generation 1: %s %v", a.raw, a.header)
	}
	if len(codes) > 0 {
		a.code, a.message = codes[0], messages[0]
	}
	for _, name := range []string{"id", "sessionId"} {
		if v := texts[name]; len(v) > 0 {
			a.text = v[0]
		}
	}
	if v := texts["id"]; len(v) > 0 {
		a.text = v[0]
	}
	return a
}

func (h *house) operation(op string) string {
	return fmt.Sprintf(`<operation transactionId="t" sessionId="%s">%s</operation>`, h.old, op)
}

// made1 runs an operation that must succeed.
func (h *house) made1(op string) string {
	h.t.Helper()
	a := h.send1(h.operation(op))
	if a.code != "" || a.text == "" {
		h.t.Fatalf("%.300s: %s %s", op, a.code, a.message)
	}
	return a.text
}

// op provokes the code by an operation.
func (h *house) op(way, op string, naming ...string) {
	h.t.Helper()
	h.sent(way, h.operation(op), naming...)
}

// sent provokes the code by what stands inside of a request of generation 1.
func (h *house) sent(way, inner string, naming ...string) {
	h.t.Helper()
	h.expect(way, func() answer { return h.send1(inner) }, naming...)
}

// tags are elements given as names and texts.
func tags(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteString("<" + pairs[i] + ">")
		_ = xml.EscapeText(&b, []byte(pairs[i+1]))
		b.WriteString("</" + pairs[i] + ">")
	}
	return b.String()
}

func create(object string, pairs ...string) string {
	name := strings.ToLower(object)
	return "<create_" + name + "><" + object + ">" + tags(pairs...) + "</" + object + "></create_" + name + ">"
}

func update(object string, pairs ...string) string {
	name := strings.ToLower(object)
	return "<update_" + name + "><" + object + ">" + tags(pairs...) + "</" + object + "></update_" + name + ">"
}

func newBill(vendor, number, amount string, lines ...string) string {
	inside := tags("vendorId", vendor, "invoiceNumber", number, "invoiceDate", "10/01/12", "dueDate", "10/31/12", "amount", amount)
	if len(lines) > 0 {
		inside += "<billLineItems>"
		for _, l := range lines {
			inside += "<billLineItem>" + tags("amount", l) + "</billLineItem>"
		}
		inside += "</billLineItems>"
	}
	return "<create_bill><bill>" + inside + "</bill></create_bill>"
}

func getList(object string, expressions ...string) string {
	var b strings.Builder
	for i := 0; i+2 < len(expressions); i += 3 {
		b.WriteString("<expression>" + tags("field", expressions[i], "operator", expressions[i+1], "value", expressions[i+2]) + "</expression>")
	}
	return `<get_list object="` + object + `"><filter>` + b.String() + `</filter></get_list>`
}

func pay(bill, amount, date string) string {
	return "<pay_bill>" + tags("billId", bill, "amount", amount, "processDate", date) + "</pay_bill>"
}

func offline(bill, amount, date string) string {
	return "<create_offlinepayment>" + tags("billId", bill, "amount", amount, "processDate", date) + "</create_offlinepayment>"
}

// payee makes a vendor that a cheque can be mailed to.
func (h *house) payee() string {
	h.t.Helper()
	return h.made("Vendor", fmt.Sprintf(`{"name":"Harbor %s","address1":"1 Pier Road","addressCity":"Oakland","addressState":"CA","addressZip":"94607"}`,
		ids.New(ids.Vendor)))
}

// owed makes a bill of a new payee.
func (h *house) owed(amount string) string {
	h.t.Helper()
	return h.bill(h.payee(), "1", amount)
}

// bill makes a bill of one line.
func (h *house) bill(vendor, number, amount string) string {
	h.t.Helper()
	return h.made("Bill", fmt.Sprintf(`{"vendorId":%q,"invoiceNumber":%q,"invoiceDate":"2026-11-20","dueDate":"2026-12-20","billLineItems":[{"amount":%s}]}`,
		vendor, number, amount))
}

// banked gives a vendor a bank account.
func (h *house) banked(vendorID string) {
	h.t.Helper()
	n, err := vendor.SealBankAccount(h.app.Vault, h.org, "5551234")
	if err != nil {
		h.t.Fatal(err)
	}
	n.VendorID, n.Routing, n.AccountType, n.HolderType = ids.ID(vendorID), "990000026", vendor.Checking, vendor.Business
	h.write(func(tx *db.Tx) error { _, err := vendor.AddBankAccount(tx, n); return err })
}

// Generation 2.

func (h *house) login2(edit ...string) []string {
	v := []string{"userName", h.email, "password", password, "orgId", string(h.org), "devKey", h.key}
	for i := 0; i+1 < len(edit); i += 2 {
		if at := slices.Index(v, edit[i]); at >= 0 {
			v[at+1] = edit[i+1]
		} else {
			v = append(v, edit[i], edit[i+1])
		}
	}
	return v
}

// form posts form fields given as names and values.
func (h *house) form(path string, pairs ...string) answer {
	h.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return h.post("/api/v2/"+path+".json", v.Encode())
}

func (h *house) post(path, body string) answer {
	h.t.Helper()
	a, err := h.request("POST", path, formType, body)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.parse2(a)
}

// call posts data to an endpoint.
func (h *house) call(path, data string) answer {
	h.t.Helper()
	return h.form(path, "devKey", h.key, "sessionId", h.now, "data", data)
}

var (
	success = regexp.MustCompile(`^{"response_status":0,"response_message":"Success","response_data":`)
	failure = regexp.MustCompile(`^{"response_status":1,"response_message":"Error","response_data":{"error_code":"BDC_\d{4}","error_message":".*"}}$`)
)

// parse2 reads an answer of generation 2 and holds it against 1.3: exactly three members in their order, and of a
// refusal exactly two.
func (h *house) parse2(a answer) answer {
	h.t.Helper()
	a, err := parse2(a)
	if err != nil {
		h.t.Fatalf("%v: %.500s", err, a.raw)
	}
	return a
}

func parse2(a answer) (answer, error) {
	if a.header.Get("Content-Type") != "application/json;charset=UTF-8" || a.header.Get("Cache-Control") != "no-store" {
		return a, fmt.Errorf("headers %v", a.header)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(a.raw), &members); err != nil {
		return a, err
	}
	if success.MatchString(a.raw) {
		d := json.NewDecoder(bytes.NewReader(members["response_data"]))
		d.UseNumber()
		if err := d.Decode(&a.data); err != nil {
			return a, err
		}
		if len(members) != 3 && !strings.Contains(a.raw, `"requestId"`) {
			return a, fmt.Errorf("%d members", len(members))
		}
		return a, nil
	}
	var refusal map[string]string
	if err := json.Unmarshal(members["response_data"], &refusal); err != nil {
		return a, err
	}
	if !failure.MatchString(a.raw) || len(members) != 3 || len(refusal) != 2 || refusal["error_message"] == "" {
		return a, errors.New("no refusal of generation 2")
	}
	a.code, a.message = refusal["error_code"], refusal["error_message"]
	return a, nil
}

// ok is call for what must succeed.
func (h *house) ok(path, data string) answer {
	h.t.Helper()
	a := h.call(path, data)
	if a.code != "" {
		h.t.Fatalf("%s %.300s: %s %s", path, data, a.code, a.message)
	}
	return a
}

// made creates a record.
func (h *house) made(entity, obj string) string {
	h.t.Helper()
	return h.ok("Crud/Create/"+entity, `{"obj":`+obj+`}`).at("id")
}

// refused provokes the code by a call.
func (h *house) refused(way, path, data string, naming ...string) {
	h.t.Helper()
	h.expect(way, func() answer { return h.call(path, data) }, naming...)
}

// signOn provokes the code by a login that differs from the right one by edit.
func (h *house) signOn(way string, edit ...string) {
	h.t.Helper()
	h.expect(way, func() answer { return h.form("Login", h.login2(edit...)...) })
}

// with is the house expecting another HTTP status.
func (h *house) with(status int) *house {
	o := *h
	o.status = status
	return &o
}

// expect sends a request that must be refused with the house's code, in the words of the catalogue, and change nothing.
func (h *house) expect(way string, send func() answer, naming ...string) {
	h.t.Helper()
	before := h.rows()
	a := send()
	if a.code != h.code || a.status != h.status {
		h.t.Errorf("%s: HTTP %d, %s %q; want HTTP %d, %s: %.300s", way, a.status, a.code, a.message, h.status, h.code, a.raw)
		return
	}
	c, _ := problem.Find(h.code)
	for _, piece := range append(fixed(c.Message), naming...) {
		if !strings.Contains(a.message, piece) {
			h.t.Errorf("%s: message %q does not hold %q", way, a.message, piece)
		}
	}
	if strings.Contains(a.message, "{") {
		h.t.Errorf("%s: message %q is not filled in", way, a.message)
	}
	h.same(way, before)
}

// fixed are the pieces of a message that are always there.
func fixed(message string) []string {
	return regexp.MustCompile(`{\w+}`).Split(message, -1)
}

// same fails the test if rows have changed.
func (h *house) same(way string, before map[string]string) {
	h.t.Helper()
	after := h.rows()
	for table, was := range before {
		if after[table] != was {
			h.t.Errorf("%s: a refused call has changed %s:\n%.2000s\nwas\n%.2000s", way, table, after[table], was)
		}
	}
}

// tables are all tables of the store, by the migrations, and whether their rows belong to an organisation each.
var tables = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	err := fs.WalkDir(schema.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := schema.Files.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\)`).FindAllSubmatch(text, -1) {
			out[string(m[1])] = bytes.Contains(m[2], []byte("\torg_id "))
		}
		return err
	})
	if err != nil {
		panic(err)
	}
	return out
})

// restless are the tables that change without a call having changed anything: sessions are used, calls are counted,
// jobs run.
var restless = []string{"sessions", "call_counts", "work", "store", "mfa_challenges", "second_factors", "audit_links", "audit_anchors", "screening_marks"}

// contents are the tables whose rows are compared and not only counted.
var contents = []string{"organisations", "memberships", "app_keys", "vendors", "vendor_bank_accounts", "bills", "bill_lines", "vendor_credits", "vendor_credit_lines",
	"payments", "bill_pays", "bill_credits", "customers", "customer_bank_accounts", "invoices", "invoice_lines", "credit_memos", "invoice_credits", "received_pays",
	"invoice_pays", "chart_of_accounts", "departments", "locations", "jobs", "items", "bill_approvers", "network_requests", "documents", "postings"}

// rows is what the store holds: how many rows a table has, or of its contents the rows of the house's organisation.
// Refused passwords and tokens are noted, and may be.
func (h *house) rows() map[string]string {
	h.t.Helper()
	out := map[string]string{}
	err := h.app.DB.Read(context.Background(), db.Caller{Org: h.org, Perms: org.All, Channel: "command"}, func(tx *db.Tx) error {
		if err := counts(tx, out, h.gone); err != nil {
			return err
		}
		for _, table := range contents {
			if table == h.gone {
				continue
			}
			if err := content(tx, out, table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

// countAll counts the rows of all tables but the restless ones, where they belong to organisations those of one.
func countAll(gone string) string {
	var parts []string
	for _, table := range slices.Sorted(maps.Keys(tables())) { // in one order, so that the statement is prepared once
		from := "SELECT '" + table + "' AS name, count(*) AS n FROM " + table
		switch {
		case slices.Contains(restless, table) || table == gone:
			continue
		case tables()[table]:
			from += " WHERE org_id = $1"
		}
		if table == "audit_events" {
			from += " AND action NOT IN ('sign in refused', 'second factor refused')"
		}
		parts = append(parts, from)
	}
	return strings.Join(parts, " UNION ALL ")
}

func counts(tx *db.Tx, out map[string]string, gone string) error {
	rows, err := tx.Query(countAll(gone), string(tx.Org()))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, n string
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		out["the number of "+name] = n
	}
	return rows.Err()
}

func content(tx *db.Tx, out map[string]string, table string) error {
	query, args := "SELECT * FROM "+table+" WHERE org_id = $1", []any{string(tx.Org())}
	switch table {
	case "organisations":
		query = "SELECT * FROM organisations WHERE id = $1"
	case "app_keys":
		query, args = "SELECT * FROM app_keys", nil
	}
	rows, err := tx.Query(query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	var lines []string
	for rows.Next() {
		values := make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		lines = append(lines, fmt.Sprint(values...))
	}
	slices.Sort(lines)
	out[table] = strings.Join(lines, "\n")
	return rows.Err()
}
