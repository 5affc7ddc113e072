package xmlv1_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/api/xmlv1"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

const password = "orchard-lantern-42-quay"

// house is a store with an organisation, a key and the door of generation 1 before it.
type house struct {
	t        testing.TB
	store    *dbtest.Store
	sessions *org.Sessions
	handler  http.Handler
	blobs    string // folders
	spools   string
	org      ids.ID
	user     ids.ID
	email    string
	key      string
	session  string
	version  string
}

// each runs fn before the door on both databases, logged in.
func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) { fn(t, newHouse(t, s)) })
}

func newHouse(t testing.TB, s *dbtest.Store) *house {
	t.Helper()
	h := &house{t: t, store: s, version: "1.0", blobs: t.TempDir(), spools: t.TempDir()}
	h.open()
	h.key = h.newKey()
	return h.settle("Acme", "ana@acme.example")
}

// sqliteHouse is for what does not depend on the database.
func sqliteHouse(t testing.TB) *house {
	t.Helper()
	return newHouse(t, dbtest.SQLite(t))
}

// forget puts a fresh door before the store, as another node would be: what sessions were last used at is written,
// and nothing is kept in memory.
func (h *house) forget() {
	h.t.Helper()
	if err := h.sessions.Flush(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	h.open()
}

func (h *house) open() {
	blobs, err := blob.New(h.blobs, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.sessions = org.NewSessions(h.store.DB)
	h.handler = xmlv1.New(h.store.DB, h.sessions, blobs, h.spools, slog.New(failOnError{slog.NewTextHandler(io.Discard, nil), h.t}))
}

// run is a subtest in the same house.
func (h *house) run(name string, fn func(h *house)) {
	h.t.(*testing.T).Run(name, func(t *testing.T) {
		o := *h
		o.t = t
		fn(&o)
	})
}

// settle founds an organisation with its administrator, who logs in.
func (h *house) settle(name, email string) *house {
	h.t.Helper()
	var err error
	h.email = email
	h.org, h.user, err = org.Create(context.Background(), h.store.DB, "command", org.NewOrganisation{Name: name, AdminEmail: email,
		PasswordHash: dbtest.PasswordHash(password), APIAccess: true, SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		h.t.Fatal(err)
	}
	h.session = h.login().text("sessionId")
	if h.session == "" {
		h.t.Fatal("no session")
	}
	return h
}

// other is another organisation behind the same door.
func (h *house) other() *house {
	o := *h
	return o.settle("Bolt", "bo@bolt.example")
}

// newKey issues an application key.
func (h *house) newKey() (key string) {
	h.write(func(tx *db.Tx) (err error) {
		key, _, err = org.IssueKey(tx, "test", "dev@x.example", "exempt")
		return err
	})
	return key
}

// set changes settings of the organisation, given as names and values.
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

// member makes a further user of the organisation in that role.
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

// failOnError fails the test when the door logs a failure of ours: no request may provoke one.
type failOnError struct {
	slog.Handler
	t testing.TB
}

func (f failOnError) Enabled(context.Context, slog.Level) bool { return true }

func (f failOnError) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		var b strings.Builder
		r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value); return true })
		f.t.Errorf("logged: %s%s", r.Message, b.String())
	}
	return nil
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.store.Write(context.Background(), db.Caller{Org: h.org, Perms: org.All, Channel: "command"}, fn); err != nil {
		h.t.Fatal(err)
	}
}

// login logs the administrator in.
func (h *house) login() element { return h.loginAs(h.email, password, string(h.org)) }

func (h *house) loginAs(email, password, org string) element {
	h.t.Helper()
	return h.send(`<login><username>` + email + `</username><password>` + password + `</password><orgID>` + org + `</orgID></login>`)
}

// with is the house as seen with another session.
func (h *house) with(session string) *house {
	o := *h
	o.session = session
	return &o
}

// raw posts a request's inside and gives the answer's bytes.
func (h *house) raw(inner string) string {
	h.t.Helper()
	return h.document(fmt.Sprintf(`<request version="%s" applicationkey="%s">%s</request>`, h.version, h.key, inner))
}

// document posts a whole document, encoded as a form.
func (h *house) document(doc string) string {
	h.t.Helper()
	return h.post("application/x-www-form-urlencoded", url.Values{"request": {doc}}.Encode())
}

// stream posts a document and lets the answer go to w.
func (h *house) stream(doc string, w io.Writer) {
	r := httptest.NewRequest("POST", "/crudApi", strings.NewReader(doc))
	r.Header.Set("Content-Type", "text/xml")
	h.handler.ServeHTTP(plainWriter{http.Header{}, w}, r)
}

type plainWriter struct {
	header http.Header
	io.Writer
}

func (p plainWriter) Header() http.Header { return p.header }
func (p plainWriter) WriteHeader(int)     {}

// auditEvents counts the audit events of a record.
func (h *house) auditEvents(id string) (n int64) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		return tx.Row(`SELECT count(*) FROM audit_events WHERE org_id = $1 AND record_id = $2`, string(h.org), id).Scan(&n)
	})
	return n
}

// serve posts a body and gives the recorded answer.
func (h *house) serve(contentType string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/crudApi", body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

func (h *house) post(contentType, body string) string {
	h.t.Helper()
	w := h.serve(contentType, strings.NewReader(body))
	if w.Code != 200 {
		h.t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func (h *house) send(inner string) element {
	h.t.Helper()
	return h.parse(h.raw(inner))
}

// parse reads an answer and holds it against section 4 of the specification.
func (h *house) parse(raw string) element {
	h.t.Helper()
	e, err := parse(raw)
	if err == nil {
		err = checkAnswer(raw, e)
	}
	if err != nil {
		h.t.Fatalf("%v\n%s", err, raw)
	}
	return e
}

// op runs one operation.
func (h *house) op(operation string) element {
	h.t.Helper()
	return h.send(fmt.Sprintf(`<operation transactionId="t" sessionId="%s">%s</operation>`, h.session, operation))
}

// made runs an operation that must succeed and gives the id.
func (h *house) made(operation string) string {
	h.t.Helper()
	e := h.op(operation)
	id := e.text("id")
	if id == "" {
		h.t.Fatalf("%.300s: %s %s", operation, e.text("errorcode"), e.text("errormessage"))
	}
	return id
}

// refused runs an operation that must fail with that code, naming the given texts in its message.
func (h *house) refused(operation, code string, naming ...string) {
	h.t.Helper()
	e := h.op(operation)
	got, message := e.text("errorcode"), e.text("errormessage")
	if got != code {
		h.t.Errorf("%.300s: got %q %q, want %s", operation, got, message, code)
		return
	}
	for _, n := range naming {
		if !strings.Contains(message, n) {
			h.t.Errorf("%.300s: message %q does not name %q", operation, message, n)
		}
	}
}

// list lists the objects that match the expressions, each given as field, operator, value.
func (h *house) list(object string, expressions ...string) []element {
	h.t.Helper()
	e := h.op(getList(object, expressions...))
	data := e.find("data")
	if data == nil {
		h.t.Fatalf("list %s %q: %s %s", object, expressions, e.text("errorcode"), e.text("errormessage"))
	}
	return data.Children
}

// one lists the only record of that id.
func (h *house) one(object, id string) element {
	h.t.Helper()
	rows := h.list(object, "id", "=", id)
	if len(rows) != 1 {
		h.t.Fatalf("%s %s: %d rows", object, id, len(rows))
	}
	return rows[0]
}

func getList(object string, expressions ...string) string {
	var b strings.Builder
	for i := 0; i+2 < len(expressions); i += 3 {
		b.WriteString("<expression>" + tag("field", expressions[i]) + tag("operator", expressions[i+1]) + tag("value", expressions[i+2]) + "</expression>")
	}
	return `<get_list object="` + object + `"><filter>` + b.String() + `</filter></get_list>`
}

// tag is an element around a text.
func tag(name, text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return "<" + name + ">" + b.String() + "</" + name + ">"
}

// tags are elements given as names and texts.
func tags(pairs ...string) string {
	out := ""
	for i := 0; i+1 < len(pairs); i += 2 {
		out += tag(pairs[i], pairs[i+1])
	}
	return out
}

// create is a create operation with fields given as names and texts.
func create(object string, pairs ...string) string {
	return "<create_" + strings.ToLower(object) + "><" + object + ">" + tags(pairs...) + "</" + object + "></create_" + strings.ToLower(object) + ">"
}

// update is an update operation.
func update(object string, pairs ...string) string {
	return "<update_" + strings.ToLower(object) + "><" + object + ">" + tags(pairs...) + "</" + object + "></update_" + strings.ToLower(object) + ">"
}

// newBill is a create_bill with that amount and lines of these amounts.
func newBill(vendor, number, amount string, lines ...string) string {
	inside := tags("vendorId", vendor, "invoiceNumber", number, "invoiceDate", "10/01/12", "dueDate", "10/31/12", "amount", amount)
	if len(lines) > 0 {
		inside += "<billLineItems>"
		for _, l := range lines {
			inside += "<billLineItem>" + tag("amount", l) + "</billLineItem>"
		}
		inside += "</billLineItems>"
	}
	return "<create_bill><bill>" + inside + "</bill></create_bill>"
}

func BenchmarkCreateBill(b *testing.B) {
	s := dbtest.SQLite(b)
	if os.Getenv("BENCH_PG") != "" {
		s = dbtest.Postgres(b)
	}
	h := newHouse(b, s)
	v := h.made(`<create_vendor><vendor><name>Harbor Tool Rental</name></vendor></create_vendor>`)
	d := h.made(`<create_department><department><name>Yard</name></department></create_department>`)
	b.ResetTimer()
	begin := time.Now()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		i := 0
		for pb.Next() {
			i++
			h.made(`<create_bill><bill><vendorId>` + v + `</vendorId><invoiceNumber>` + fmt.Sprint(i) + `</invoiceNumber><invoiceDate>10/01/12</invoiceDate><dueDate>10/31/12</dueDate><amount>5.0</amount>
			<billLineItems><billLineItem><amount>2</amount><departmentId>` + d + `</departmentId></billLineItem><billLineItem><amount>2</amount></billLineItem><billLineItem><amount>1</amount></billLineItem></billLineItems></bill></create_bill>`)
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(begin).Seconds(), "bills/s")
}
