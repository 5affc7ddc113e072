package jsonv2_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/api/jsonv2"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/secret"
)

const (
	password = "orchard-lantern-42-quay"
	null     = "00000000000000000000"
)

// house is a store with an organisation, a key and the door of generation 2 before it.
type house struct {
	t        testing.TB
	store    *dbtest.Store
	sessions *org.Sessions
	vault    *secret.Vault
	handler  http.Handler
	dir      string
	org      ids.ID
	user     ids.ID
	email    string
	key      string
	session  string
}

// each runs fn before the door on both databases, logged in as an administrator.
func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) { fn(t, newHouse(t, s)) })
}

// sqliteHouse is for what does not depend on the database.
func sqliteHouse(t testing.TB) *house {
	t.Helper()
	return newHouse(t, dbtest.SQLite(t))
}

func newHouse(t testing.TB, s *dbtest.Store) *house {
	t.Helper()
	h := &house{t: t, store: s, dir: t.TempDir()}
	var err error
	if h.vault, err = secret.CreateVault(filepath.Join(h.dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	h.open()
	h.key = h.newKey("exempt")
	return h.settle("Acme", "ana@acme.example")
}

// open puts a fresh door before the store, as another node would be.
func (h *house) open() {
	blobs, err := blob.New(filepath.Join(h.dir, "blobs"), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.sessions = org.NewSessions(h.store.DB)
	h.handler = jsonv2.New(jsonv2.Deps{DB: h.store.DB, Sessions: h.sessions, Vault: h.vault, Blobs: blobs, SpoolDir: h.dir,
		Log: slog.New(failOnError{slog.NewTextHandler(io.Discard, nil), h.t})})
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
	h.session = h.login(email)
	return h
}

// other is another organisation behind the same door.
func (h *house) other() *house {
	o := *h
	return o.settle("Bolt", "bo@bolt.example")
}

// login opens a session of the user in the house's organisation.
func (h *house) login(email string) string {
	h.t.Helper()
	a := h.form("Login.json", "userName", email, "password", password, "orgId", string(h.org), "devKey", h.key)
	s := a.text("sessionId")
	if s == "" {
		h.t.Fatalf("no session: %s", a.raw)
	}
	return s
}

// as is the house as a new member in that role sees it.
func (h *house) as(role string) *house {
	h.t.Helper()
	email := role + "@acme.example"
	h.member(email, role)
	o := *h
	o.session = h.login(email)
	return &o
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

// newKey issues an application key; mfa is required or exempt.
func (h *house) newKey(mfa string) (key string) {
	h.write(func(tx *db.Tx) (err error) {
		key, _, err = org.IssueKey(tx, "test", "dev@x.example", mfa)
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

func (h *house) write(fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.store.Write(context.Background(), db.Caller{Org: h.org, User: h.user, Perms: org.All, Channel: "command"}, fn); err != nil {
		h.t.Fatal(err)
	}
}

// answer is an answer of the door, held against 1.3.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	raw    string
	failed bool
	data   any
	code   string // of a failure
	what   string
}

// text is a member of the data by its path: "billLineItems.0.amount". Numbers are as written, null is "null", an absent
// member is "".
func (a answer) text(path string) string {
	at := a.at(path)
	switch v := at.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return strings.Trim(fmt.Sprint(at), `"`)
}

// null is what at gives for a JSON null.
type jsonNull struct{}

func (jsonNull) String() string { return "null" }

// at is a member of the data by its path; nil where there is none.
func (a answer) at(path string) any {
	at := a.data
	if path != "" {
		for _, p := range strings.Split(path, ".") {
			switch v := at.(type) {
			case map[string]any:
				w, ok := v[p]
				if !ok {
					return nil
				}
				if at = w; w == nil {
					at = jsonNull{}
				}
			case []any:
				i := 0
				if _, err := fmt.Sscan(p, &i); err != nil || i >= len(v) {
					return nil
				}
				at = v[i]
			default:
				return nil
			}
		}
	}
	return at
}

// rows are the data of a list.
func (a answer) rows() []answer {
	a.t.Helper()
	list, ok := a.data.([]any)
	if !ok {
		a.t.Fatalf("no list: %s", a.raw)
	}
	out := make([]answer, len(list))
	for i, v := range list {
		out[i] = answer{t: a.t, data: v}
	}
	return out
}

// serve sends a request.
func (h *house) serve(r *http.Request) answer {
	h.t.Helper()
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return parse(h.t, w)
}

// parse reads an answer and checks its envelope: three members in their order, status a number (V2-005, V2-006, V2-007).
func parse(t testing.TB, w *httptest.ResponseRecorder) answer {
	t.Helper()
	a := answer{t: t, status: w.Code, header: w.Header(), raw: w.Body.String()}
	d := json.NewDecoder(strings.NewReader(a.raw))
	d.UseNumber()
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		t.Fatalf("%v: %s", err, a.raw)
	}
	var got []string
	t.Helper()
	d = json.NewDecoder(strings.NewReader(a.raw))
	depth := 0
	for {
		tok, err := d.Token()
		if err != nil {
			break
		}
		if s, ok := tok.(string); ok && depth == 1 {
			got = append(got, s)
			var skip json.RawMessage
			if err := d.Decode(&skip); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if tok == json.Delim('{') {
			depth++
		}
	}
	if strings.Join(got, " ") != "response_status response_message response_data" && !strings.Contains(a.raw, `"requestId"`) {
		t.Errorf("members %v: %s", got, a.raw)
	}
	status := tree["response_status"]
	a.failed = status == json.Number("1")
	want := map[any]string{json.Number("0"): "Success", json.Number("1"): "Error"}[status]
	if tree["response_message"] != want || want == "" {
		t.Errorf("status %v, message %v", status, tree["response_message"])
	}
	if ct := a.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", a.header)
	}
	a.data = tree["response_data"]
	if a.failed {
		a.code, a.what = a.text("error_code"), a.text("error_message")
		if m, ok := a.data.(map[string]any); !ok || len(m) != 2 || a.what == "" {
			t.Errorf("failure %s", a.raw)
		}
	}
	return a
}

// form posts form fields given as names and values.
func (h *house) form(path string, pairs ...string) answer {
	h.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest("POST", "/api/v2/"+path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return h.serve(r)
}

// call posts data, a JSON text, to an endpoint as the house's session.
func (h *house) call(path, data string) answer {
	h.t.Helper()
	if !strings.HasSuffix(path, ".json") {
		path += ".json"
	}
	return h.form(path, "devKey", h.key, "sessionId", h.session, "data", data)
}

// ok is call for what must succeed.
func (h *house) ok(path, data string) answer {
	h.t.Helper()
	a := h.call(path, data)
	if a.failed || a.status != 200 {
		h.t.Fatalf("%s %.300s: %d %s %s", path, data, a.status, a.code, a.what)
	}
	return a
}

// refused is call for what must fail with that code, its message holding the given texts.
func (h *house) refused(path, data, code string, naming ...string) answer {
	h.t.Helper()
	a := h.call(path, data)
	if a.code != code || a.status != 200 {
		h.t.Errorf("%s %.300s: got %d %q %q, want %s", path, data, a.status, a.code, a.what, code)
		return a
	}
	for _, n := range naming {
		if !strings.Contains(a.what, n) {
			h.t.Errorf("%s %.300s: message %q does not hold %q", path, data, a.what, n)
		}
	}
	return a
}

// create makes a record from the members of obj, a JSON text, and gives it.
func (h *house) create(entity, obj string) answer {
	h.t.Helper()
	return h.ok("Crud/Create/"+entity, `{"obj":`+obj+`}`)
}

// made is create that gives the id.
func (h *house) made(entity, obj string) string {
	h.t.Helper()
	return h.create(entity, obj).text("id")
}

// read reads a record.
func (h *house) read(entity, id string) answer {
	h.t.Helper()
	return h.ok("Crud/Read/"+entity, `{"id":"`+id+`"}`)
}

// list lists an entity by the conditions given as field, operator and value (a JSON text).
func (h *house) list(entity string, conditions ...string) []answer {
	h.t.Helper()
	return h.ok("List/"+entity, `{"filters":[`+filters(conditions...)+`]}`).rows()
}

func filters(conditions ...string) string {
	var b bytes.Buffer
	for i := 0; i+2 < len(conditions); i += 3 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"field":%q,"op":%q,"value":%s}`, conditions[i], conditions[i+1], conditions[i+2])
	}
	return b.String()
}

// column is one member of all rows.
func column(rows []answer, path string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.text(path)
	}
	return out
}

// payable is what stands in the ledger for accounts payable.
func (h *house) payable() string {
	h.t.Helper()
	var minor int64
	h.write(func(tx *db.Tx) (err error) {
		minor, err = ledger.RoleBalance(tx, ledger.AP)
		return err
	})
	return money.FormatMinor(minor, 2)
}
