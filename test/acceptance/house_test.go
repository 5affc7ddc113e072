package acceptance

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/server"
	"github.com/duebook/duebook/internal/verify"
)

const password = "orchard-lantern-42-quay"

// house is a running sandbox with one organisation, its users, and a clock that the test owns. It is the common set-up
// of domain section 15.
type house struct {
	t      *testing.T
	app    *server.App
	config server.Config
	base   string
	clock  *clock.Manual
	org    ids.ID
	bank   ids.ID // the funding account Operating, ending 7777
	key    string
	ana    *person // the administrator
}

// each runs fn in a house on each database, from Monday 23 November 2026, 09:00 Pacific.
func each(t *testing.T, fn func(h *house)) {
	t.Helper()
	from(t, dbtest.Start, fn)
}

// from runs fn in a house on each database, from that time on.
func from(t *testing.T, start time.Time, fn func(h *house)) {
	t.Parallel()
	for _, store := range []string{"sqlite", "postgres"} {
		if store == "postgres" && os.Getenv("TEST_POSTGRES_URL") == "" {
			continue
		}
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			h := open(t, store, start)
			fn(h)
			h.proved()
		})
	}
}

func open(t *testing.T, store string, start time.Time) *house {
	t.Helper()
	ctx := context.Background()
	config := server.Config{Sandbox: true, Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if store == "postgres" {
		config.DB, config.Dir = dbtest.Postgres(t).Options.URL, t.TempDir()
	} else {
		config.Dir = dbtest.SQLite(t).Options.Dir
	}
	h := &house{t: t, clock: clock.NewManual(start)}
	config.Clock = h.clock
	h.config = config
	var err error
	if h.app, err = server.Open(ctx, config); err != nil {
		t.Fatal(err)
	}
	running, err := h.app.Start(ctx)
	if err != nil {
		_ = h.app.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Stop() })
	h.base = running.URL()
	h.found("Northwind LLC")
	return h
}

// found makes the organisation with its administrator, funding account and opening journal, and a key.
func (h *house) found(name string) {
	h.t.Helper()
	ctx := context.Background()
	email := fmt.Sprintf("ana@%s.example", ids.New(ids.User))
	var err error
	h.org, _, err = org.Create(ctx, h.app.DB, "command", org.NewOrganisation{Name: name, AdminEmail: email, APIAccess: true,
		PasswordHash: dbtest.PasswordHash(password), SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err == nil {
		h.bank, err = h.app.AddBank(ctx, h.org, "Operating", "990000013", "1000007777", true)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(func(tx *db.Tx) (err error) {
		h.key, _, err = org.IssueKey(tx, "acceptance", "dev@bridge.example", "exempt")
		return err
	})
	h.ana = &person{house: h, email: email}
	account := h.ana.read("BankAccount", string(h.bank)).str("chartOfAccountId")
	h.write(func(tx *db.Tx) error { // there is no door for a journal by hand yet
		_, err := ledger.Post(tx, ledger.Entry{Date: civil.MustDate("2026-11-01"), Event: ledger.ManualJournal, Source: h.bank, Version: 1,
			Memo: "Opening balance", Postings: []ledger.Posting{{Account: ids.ID(account), Amount: 5_000_000}, {Role: ledger.Equity, Amount: -5_000_000}}})
		return err
	})
}

// write does what an operator does with a command.
func (h *house) write(fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.app.DB.Write(context.Background(), db.Caller{Org: h.org, Perms: org.All, Channel: "command"}, fn); err != nil {
		h.t.Fatal(err)
	}
}

// set changes preferences of the organisation, as `duebook org set` does.
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

// hire gives the organisation a user in a role.
func (h *house) hire(name, role string) *person {
	h.t.Helper()
	p := &person{house: h, email: name + strings.TrimPrefix(h.ana.email, "ana")}
	h.write(func(tx *db.Tx) (err error) {
		if p.id, err = org.AddUser(tx, p.email, name, dbtest.PasswordHash(password)); err != nil {
			return err
		}
		return org.SetMembership(tx, p.id, role, true)
	})
	return p
}

// step runs one step of a scenario; the next ones need it.
func (h *house) step(name string, fn func()) {
	t := h.t
	t.Helper()
	if !t.Run(name, func(s *testing.T) { h.t = s; fn() }) {
		t.FailNow()
	}
	h.t = t
}

// pacific is a time of day in the zone of the cut-off.
func pacific(date, clockTime string) time.Time { return in(civil.Pacific, date, clockTime) }

// newYork is a time of day in the zone of the banks.
func newYork(date, clockTime string) time.Time { return in(civil.NewYork, date, clockTime) }

func in(zone *time.Location, date, clockTime string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05.999", date+" "+clockTime, zone)
	if err != nil {
		panic(err)
	}
	return t
}

// at moves the clock and has everything done that is due then.
func (h *house) at(when time.Time) {
	h.t.Helper()
	h.clock.Set(when)
	resp, err := http.Post(h.base+"/sandbox/settle", "application/json", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(resp.Body)
		h.t.Fatalf("settle: %s %s", resp.Status, body)
	}
}

// proved is the last line of 15.5: entries balance (GL-1), control accounts equal sub-ledgers (GL-4), the audit chain
// verifies (AUD-2), and whatever else can be proved of a store.
func (h *house) proved() {
	h.t.Helper()
	if h.t.Failed() {
		return
	}
	r, err := verify.Store(context.Background(), h.app.DB, h.app.Blobs, h.app.Vault)
	if err != nil || len(r.Findings) > 0 {
		h.t.Errorf("verify: %v %v", r.Findings, err)
	}
	if r.Entries == 0 || r.Events == 0 {
		h.t.Errorf("verify saw %d entries and %d events", r.Entries, r.Events)
	}
}

// files are the names of the organisation's files to ("out") or from ("in") the bank, or of its check runs ("checks"),
// that end in suffix, in order.
func (h *house) files(folder, suffix string) []string {
	h.t.Helper()
	all, err := os.ReadDir(filepath.Join(h.app.Dir, "bank", string(h.org), folder))
	if err != nil && !os.IsNotExist(err) {
		h.t.Fatal(err)
	}
	var out []string
	for _, f := range all {
		if strings.HasSuffix(f.Name(), suffix) {
			out = append(out, f.Name())
		}
	}
	slices.Sort(out)
	return out
}

// put leaves a file of the bank, or of the test in its place, for the organisation.
func (h *house) put(name, content string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.app.Dir, "bank", string(h.org), "in", name), []byte(content), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) file(folder, name string) string {
	h.t.Helper()
	b, err := os.ReadFile(filepath.Join(h.app.Dir, "bank", string(h.org), folder, name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

// person is a user with a session of each generation and one of the web, which are opened when they are first needed and
// again when they have rested for too long.
type person struct {
	*house
	id       ids.ID
	email    string
	old, now string // sessions of generation 1 and 2
	oldSince time.Time
	nowSince time.Time
	browser  *http.Client
	webSince time.Time
}

// rests is below the 35 minutes of LOG-4.
const rests = 20 * time.Minute

func (p *person) stale(since *time.Time) bool {
	now := p.clock.Now()
	defer func() { *since = now }()
	return since.IsZero() || now.Sub(*since) > rests || now.Before(*since)
}

// record is a record of generation 2, or what is sent to make one.
type record map[string]any

// str is a member as text; "" if there is none.
func (r record) str(name string) string {
	if r[name] == nil {
		return ""
	}
	return fmt.Sprint(r[name])
}

// list is a member that holds records.
func (r record) list(name string) []record {
	all, _ := r[name].([]any)
	return records(all)
}

func records(all []any) []record {
	var out []record
	for _, x := range all {
		if m, ok := x.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// answer is what a call got: a code of the generation, "" if it worked, and the data or the XML.
type answer struct {
	code, message string
	data          any    // of generation 2
	xml           string // of generation 1
	header        http.Header
}

func (a answer) record() record { m, _ := a.data.(map[string]any); return m }

// field is the text of the first element of that name in an answer of generation 1.
func (a answer) field(name string) string { return inside(a.xml, name) }

func inside(body, name string) string {
	_, rest, _ := strings.Cut(body, "<"+name+">")
	value, _, found := strings.Cut(rest, "</"+name+">")
	if !found {
		return ""
	}
	return value
}

func (h *house) post(path string, form url.Values) (string, http.Header) {
	h.t.Helper()
	resp, err := http.PostForm(h.base+path, form)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		h.t.Fatalf("%s: %s %v\n%s", path, resp.Status, err, body)
	}
	return string(body), resp.Header
}

// send1 posts what stands inside of a request of generation 1.
func (h *house) send1(inner string) answer {
	h.t.Helper()
	body, header := h.post("/crudApi", url.Values{"request": {fmt.Sprintf(`<request version="1.0" applicationkey=%q>%s</request>`, h.key, inner)}})
	if err := xml.Unmarshal([]byte(body), new(struct{})); err != nil {
		h.t.Fatalf("%v: %s", err, body)
	}
	return answer{code: inside(body, "errorcode"), message: inside(body, "errormessage"), xml: body, header: header}
}

func (p *person) login1() answer {
	p.t.Helper()
	return p.send1("<login>" + tags("username", p.email, "password", password, "orgID", string(p.org)) + "</login>")
}

// try1 runs an operation of generation 1.
func (p *person) try1(operation string) answer {
	p.t.Helper()
	if p.stale(&p.oldSince) {
		if p.old = p.login1().field("sessionId"); p.old == "" {
			p.t.Fatalf("%s gets no session of generation 1", p.email)
		}
	}
	return p.send1(fmt.Sprintf(`<operation transactionId="1" sessionId=%q>%s</operation>`, p.old, operation))
}

// do1 is try1 for what must work. It gives the id of the result.
func (p *person) do1(operation string) string {
	p.t.Helper()
	a := p.try1(operation)
	if a.code != "" {
		p.t.Fatalf("%.300s: %s %s", operation, a.code, a.message)
	}
	return a.field("id")
}

// refused1 is try1 for what must be refused with the code, in a message that holds text.
func (p *person) refused1(operation, code, text string) {
	p.t.Helper()
	if a := p.try1(operation); a.code != code || !strings.Contains(a.message, text) {
		p.t.Errorf("%.200s: %s %q, want %s %q", operation, a.code, a.message, code, text)
	}
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

// bill1 is an operation that makes a bill; lines are pairs of an amount and the id of an account.
func bill1(vendor, number, amount string, lines ...string) string {
	b := tags("vendorId", vendor, "invoiceNumber", number, "amount", amount, "invoiceDate", "11/20/2026", "dueDate", "12/20/2026")
	if len(lines) > 0 {
		b += "<billLineItems>"
		for i := 0; i+1 < len(lines); i += 2 {
			b += "<billLineItem>" + tags("amount", lines[i])
			if lines[i+1] != "" {
				b += tags("chartOfAccountId", lines[i+1])
			}
			b += "</billLineItem>"
		}
		b += "</billLineItems>"
	}
	return "<create_bill><bill>" + b + "</bill></create_bill>"
}

// pay1 is an operation that schedules a payment.
func pay1(bill, amount, date string) string {
	return "<pay_bill>" + tags("billId", bill, "amount", amount, "processDate", date) + "</pay_bill>"
}

func (h *house) form(path string, pairs ...string) answer {
	h.t.Helper()
	form := url.Values{"devKey": {h.key}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	body, header := h.post("/api/v2/"+path+".json", form)
	var envelope struct {
		Status int `json:"response_status"`
		Data   any `json:"response_data"`
	}
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber() // money is compared as it was written
	if err := d.Decode(&envelope); err != nil {
		h.t.Fatalf("%s: %v\n%s", path, err, body)
	}
	a := answer{data: envelope.Data, header: header}
	if envelope.Status != 0 {
		a.code, a.message = a.record().str("error_code"), a.record().str("error_message")
	}
	return a
}

func (p *person) login2() answer {
	p.t.Helper()
	return p.form("Login", "userName", p.email, "password", password, "orgId", string(p.org))
}

// try2 makes a call of generation 2.
func (p *person) try2(path string, data any) answer {
	p.t.Helper()
	if p.stale(&p.nowSince) {
		if p.now = p.login2().record().str("sessionId"); p.now == "" {
			p.t.Fatalf("%s gets no session of generation 2", p.email)
		}
	}
	text, err := json.Marshal(data)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.form(path, "sessionId", p.now, "data", string(text))
}

// do2 is try2 for what must work.
func (p *person) do2(path string, data any) answer {
	p.t.Helper()
	a := p.try2(path, data)
	if a.code != "" {
		p.t.Fatalf("%s %v: %s %s", path, data, a.code, a.message)
	}
	return a
}

// refused2 is try2 for what must be refused with the code.
func (p *person) refused2(path string, data any, code string) {
	p.t.Helper()
	if a := p.try2(path, data); a.code != code {
		p.t.Errorf("%s %v: %q %s, want %s", path, data, a.code, a.message, code)
	}
}

// make creates a record.
func (p *person) make(entity string, r record) string {
	p.t.Helper()
	return p.do2("Crud/Create/"+entity, record{"obj": r}).record().str("id")
}

func (p *person) read(entity, id string) record {
	p.t.Helper()
	return p.do2("Crud/Read/"+entity, record{"id": id}).record()
}

// all are the records of a kind that the filters let through, each a field, an operator and a value.
func (p *person) all(entity string, filters ...[3]string) []record {
	p.t.Helper()
	list := []record{}
	for _, f := range filters {
		list = append(list, record{"field": f[0], "op": f[1], "value": f[2]})
	}
	a := p.do2("List/"+entity, record{"start": 0, "max": 999, "filters": list, "sort": []record{{"field": "updatedTime", "asc": "true"}}})
	out, ok := a.data.([]any)
	if !ok {
		p.t.Fatalf("List/%s answers %v", entity, a.data)
	}
	return records(out)
}

// vendor makes a vendor in the US, with a bank account if its number is not empty.
func (p *person) vendor(name, account string, more ...record) string {
	p.t.Helper()
	r := record{"name": name, "address1": "1 Pier Road", "addressCity": "Oakland", "addressState": "CA", "addressZip": "94607"}
	for _, m := range more {
		for k, v := range m {
			r[k] = v
		}
	}
	id := p.make("Vendor", r)
	if account != "" {
		p.account(id, account)
	}
	return id
}

func (p *person) account(vendor, number string) string {
	p.t.Helper()
	return p.make("VendorBankAccount", record{"vendorId": vendor, "accountNumber": number, "routingNumber": "990000026", "nameOnAcct": "Payee"})
}

// bill makes a bill; its lines are pairs of an amount and the id of an account, "" for none.
func (p *person) bill(vendor, number string, lines ...string) string {
	p.t.Helper()
	return p.make("Bill", newBill(vendor, number, lines...))
}

func newBill(vendor, number string, lines ...string) record {
	var items []record
	for i := 0; i+1 < len(lines); i += 2 {
		l := record{"amount": json.Number(lines[i])}
		if lines[i+1] != "" {
			l["chartOfAccountId"] = lines[i+1]
		}
		items = append(items, l)
	}
	return record{"vendorId": vendor, "invoiceNumber": number, "invoiceDate": "2026-11-20", "dueDate": "2026-12-20", "billLineItems": items}
}

// order asks for payment of one bill.
func order(bill, amount, date string) record {
	return record{"processDate": date, "billPays": []record{{"billId": bill, "amount": json.Number(amount)}}}
}

// pay schedules a payment of one bill and gives its id.
func (p *person) pay(bill, amount, date string) string {
	p.t.Helper()
	return p.paid(p.do2("PayBills", order(bill, amount, date)))
}

// paid is the first payment in the answer of PayBills.
func (p *person) paid(a answer) string {
	p.t.Helper()
	for _, r := range a.record().list("sentPays") {
		return r.str("id")
	}
	p.t.Fatalf("no payment in %v", a.data)
	return ""
}

// other is another organisation of the server, as its administrator sees it.
func (h *house) other(name string) *house {
	h.t.Helper()
	o := *h
	o.found(name)
	return &o
}

// status wants a payment to have this status on the wire of generation 2.
func (h *house) status(payment, want string) record {
	h.t.Helper()
	r := h.ana.read("SentPay", payment)
	if got := r.str("status"); got != want {
		h.t.Errorf("payment of %s: status %s, want %s", r.str("amount"), got, want)
	}
	return r
}

// fields wants members of a record to read so, given as names and texts.
func (h *house) fields(entity, id string, pairs ...string) {
	h.t.Helper()
	r := h.ana.read(entity, id)
	for i := 0; i+1 < len(pairs); i += 2 {
		if got := r.str(pairs[i]); got != pairs[i+1] {
			h.t.Errorf("%s %s: %s is %q, want %q", entity, name(r), pairs[i], got, pairs[i+1])
		}
	}
}

// name is how people call a record.
func name(r record) string {
	for _, n := range []string{"invoiceNumber", "refNumber", "name"} {
		if s := r.str(n); s != "" {
			return s
		}
	}
	return r.str("id")
}

// The web, without a browser: what is read there.

func (p *person) get(path string) string {
	p.t.Helper()
	p.signedIn()
	resp, err := p.browser.Get(p.base + path)
	return p.page(path, resp, err)
}

func (p *person) signedIn() {
	p.t.Helper()
	if p.stale(&p.webSince) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			p.t.Fatal(err)
		}
		p.browser = &http.Client{Jar: jar}
		resp, err := p.browser.PostForm(p.base+"/signin", url.Values{"email": {p.email}, "password": {password}})
		p.page("/signin", resp, err)
	}
}

// submit sends a form, whose fields are given as names and values, and gives the page that follows.
func (p *person) submit(path string, pairs ...string) string {
	p.t.Helper()
	resp, err := p.send(path, pairs...)
	return p.page(path, resp, err)
}

func (p *person) send(path string, pairs ...string) (*http.Response, error) {
	p.t.Helper()
	p.signedIn()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return p.browser.PostForm(p.base+path, form)
}

// denied is submit for what must be refused with that status; with 0 either is right.
func (p *person) denied(path string, status int, pairs ...string) string {
	p.t.Helper()
	resp, err := p.send(path, pairs...)
	if err != nil {
		p.t.Fatal(err)
	}
	if status != 0 && resp.StatusCode != status {
		p.t.Errorf("%s: %s, want %d", path, resp.Status, status)
	}
	return p.body(resp, nil)
}

// field is the value of a form's field, or of all fields whose names the pattern matches.
func field(t *testing.T, page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page has no field %s:\n%s", name, page)
	}
	return m[1]
}

// body is what an answer holds, whatever its status.
func (h *house) body(resp *http.Response, err error) string {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

func (p *person) page(path string, resp *http.Response, err error) string {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Request.URL.Path == "/signin" {
		p.t.Fatalf("%s: %s at %s %v\n%.2000s", path, resp.Status, resp.Request.URL, err, b)
	}
	return string(b)
}

// report is a report as CSV, without its header.
func (p *person) report(name string, pairs ...string) [][]string {
	p.t.Helper()
	q := url.Values{"format": {"csv"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	body := p.get("/reports/" + name + "?" + q.Encode())
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(rows) == 0 {
		p.t.Fatalf("%s: %v\n%s", name, err, body)
	}
	return rows
}

// balances wants the trial balance of a date to hold these accounts, given as number and amount: "97.00" is a debit,
// "-97.00" a credit, "0.00" is an account that the trial balance leaves out. Both sides must be equal.
func (h *house) balances(date string, pairs ...string) {
	h.t.Helper()
	got, sum := map[string]string{}, int64(0)
	for _, r := range h.ana.report("trial-balance", "as-of", date)[1:] {
		n := minor(h.t, r[2]) - minor(h.t, r[3])
		got[r[0]] = money.FormatMinor(n, 2)
		sum += n
	}
	if sum != 0 {
		h.t.Errorf("trial balance of %s: the sides differ by %d", date, sum)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if is := cmp.Or(got[pairs[i]], "0.00"); is != pairs[i+1] {
			h.t.Errorf("account %s on %s: %s, want %s (of %v)", pairs[i], date, is, pairs[i+1], got)
		}
	}
}

func minor(t *testing.T, s string) int64 {
	t.Helper()
	if s == "" {
		return 0
	}
	n, err := money.ParseMinor(s, 2)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The numbers of the standard accounts (9.1) and of the first funding account.
const (
	accBank       = "1000"
	accPayable    = "2000"
	accReceivable = "1100"
	accMoneyOut   = "1050"
	accEquity     = "3000"
)
