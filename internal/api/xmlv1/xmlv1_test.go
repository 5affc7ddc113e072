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
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/api/xmlv1"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/secret"
)

const password = "orchard-lantern-42-quay"

// passwordHash is made once; hashing is slow by design.
var passwordHash = sync.OnceValue(func() string {
	h, err := secret.HashPassword(context.Background(), password)
	if err != nil {
		panic(err)
	}
	return h
})

// house is a store with an organisation, a key and the door of generation 1 before it.
type house struct {
	t       testing.TB
	store   *dbtest.Store
	handler http.Handler
	org     ids.ID
	user    ids.ID
	key     string
	session string
	version string
}

// each runs fn before the door on both databases, logged in.
func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) { fn(t, newHouse(t, s)) })
}

func newHouse(t testing.TB, s *dbtest.Store) *house {
	t.Helper()
	ctx := context.Background()
	h := &house{t: t, store: s, version: "1.0"}
	blobs, err := blob.New(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	h.handler = xmlv1.New(s.DB, org.NewSessions(s.DB), blobs, t.TempDir(), slog.New(slog.NewTextHandler(io.Discard, nil)))
	h.org, h.user, err = org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "ana@acme.example",
		PasswordHash: passwordHash(), APIAccess: true, SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	h.write(func(tx *db.Tx) (err error) {
		h.key, _, err = org.IssueKey(tx, "test", "dev@x.example", "exempt")
		return err
	})
	h.session = h.login().text("sessionId")
	if h.session == "" {
		t.Fatal("no session")
	}
	return h
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.store.Write(context.Background(), db.Caller{Org: h.org, Perms: org.All, Channel: "command"}, fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) login() element {
	return h.send(`<login><username>ana@acme.example</username><password>` + password + `</password><orgID>` + string(h.org) + `</orgID></login>`)
}

type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

func (e element) text(name string) string {
	for _, c := range e.Children {
		if c.XMLName.Local == name {
			return c.Text
		}
		if t := c.text(name); t != "" {
			return t
		}
	}
	return ""
}

func (e element) all(name string) (out []element) {
	for _, c := range e.Children {
		if c.XMLName.Local == name {
			out = append(out, c)
		}
		out = append(out, c.all(name)...)
	}
	return out
}

// raw posts a request's inside and gives the answer's bytes.
func (h *house) raw(inner string) string {
	h.t.Helper()
	doc := fmt.Sprintf(`<request version="%s" applicationkey="%s">%s</request>`, h.version, h.key, inner)
	return h.post("application/x-www-form-urlencoded", url.Values{"request": {doc}}.Encode())
}

func (h *house) post(contentType, body string) string {
	h.t.Helper()
	r := httptest.NewRequest("POST", "/crudApi", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	if w.Code != 200 {
		h.t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func (h *house) send(inner string) element {
	h.t.Helper()
	raw := h.raw(inner)
	var e element
	if err := xml.Unmarshal([]byte(raw), &e); err != nil {
		h.t.Fatalf("answer is no XML: %v\n%s", err, raw)
	}
	return e
}

// op runs one operation.
func (h *house) op(operation string) element {
	h.t.Helper()
	return h.send(fmt.Sprintf(`<operation transactionId="t" sessionId="%s">%s</operation>`, h.session, operation))
}

// made runs a create operation that must succeed and gives the id.
func (h *house) made(operation string) string {
	h.t.Helper()
	e := h.op(operation)
	id := e.text("id")
	if id == "" {
		h.t.Fatalf("%s: %s %s", operation, e.text("errorcode"), e.text("errormessage"))
	}
	return id
}

func TestSmoke(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.made(`<create_vendor><vendor><name>Harbor Tool Rental</name></vendor></create_vendor>`)
		d := h.made(`<create_department><department><name>Yard</name></department></create_department>`)
		b := h.made(`<create_bill><bill><vendorId>` + v + `</vendorId><invoiceNumber>1</invoiceNumber><invoiceDate>10/01/12</invoiceDate><dueDate>10/31/12</dueDate><amount>5.0</amount>
			<billLineItems><billLineItem><amount>2</amount><departmentId>` + d + `</departmentId></billLineItem><billLineItem><amount>3</amount></billLineItem></billLineItems></bill></create_bill>`)
		e := h.op(`<get_list object="bill"><filter><expression><field>updatedTime</field><operator>&gt;=</operator><value>11/23/2026 09:00:00</value></expression></filter></get_list>`)
		if n := len(e.all("bill")); n != 1 || e.all("bill")[0].text("id") != b {
			t.Errorf("list: %+v", e)
		}
		if testing.Verbose() {
			t.Log(h.raw(fmt.Sprintf(`<operation sessionId="%s"><get_list object="bill"></get_list></operation>`, h.session)))
			t.Log(h.raw(fmt.Sprintf(`<getcurrenttime sessionId="%s"/>`, h.session)))
		}
	})
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
