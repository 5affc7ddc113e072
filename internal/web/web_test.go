package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web"
)

const password = "violet harbour 71 lantern moss"

// site is a server over a fresh store with two organisations.
type site struct {
	t      *testing.T
	s      *dbtest.Store
	server *httptest.Server
	engine *payment.Engine
	vault  *secret.Vault
	dir    string // of data
	key    string // of the application that logs in
	log    *bytes.Buffer

	a, b tenant
}

// tenant is an organisation with one vendor and one bill of 1,250.00.
type tenant struct {
	who          db.Caller
	vendor, bill ids.ID
}

// open serves the pages over the store.
func open(t *testing.T, s *dbtest.Store) *site {
	t.Helper()
	dir := t.TempDir()
	vault, err := secret.CreateVault(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.New(filepath.Join(dir, "blobs"), vault)
	if err != nil {
		t.Fatal(err)
	}
	x := &site{t: t, s: s, vault: vault, dir: dir, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(x.log, nil))
	x.engine = payment.NewEngine(s.DB, vault, filepath.Join(dir, "bank"), log)
	x.server = httptest.NewUnstartedServer(nil)
	sessions := org.NewSessions(s.DB)
	sessions.UseSecondFactor(vault, nil)
	h, err := web.New(web.Deps{DB: s.DB, Sessions: sessions, Vault: vault, Blobs: blobs, Engine: x.engine, Dir: dir,
		PublicURL: "http://" + x.server.Listener.Addr().String(), Version: "test", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	x.server.Config.Handler = h
	x.server.Start()
	t.Cleanup(x.server.Close)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(x.log.String())
		}
	})
	x.a, x.b = x.tenant("Northwind Property Services", "ana@northwind.example", vault), x.tenant("Other LLC", "otto@other.example", vault)
	return x
}

func (x *site) tenant(name, email string, vault *secret.Vault) tenant {
	x.t.Helper()
	ctx := context.Background()
	orgID, user, err := org.Create(ctx, x.s.DB, "command", org.NewOrganisation{Name: name, AdminEmail: email, PasswordHash: dbtest.PasswordHash(password),
		SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		x.t.Fatal(err)
	}
	n := tenant{who: db.Caller{Org: orgID, User: user, Perms: org.All, Channel: org.KindXML}}
	account, err := bank.Seal(vault, orgID, "1000007777")
	if err != nil {
		x.t.Fatal(err)
	}
	account.Name, account.BankName, account.Routing, account.Verified = "Operating", "Operating", "990000013", true
	x.write(n.who, func(tx *db.Tx) error {
		if _, err := bank.Add(tx, account); err != nil {
			return err
		}
		v := vendor.Vendors.New().(*vendor.Vendor)
		v.Name, v.Address1, v.City, v.Region, v.Zip, v.TaxID = "Old Mill Bakery", "1 Mill Road", "Salem", "OR", "97301", "123456789"
		if err := vendor.Create(tx, v); err != nil {
			return err
		}
		n.vendor = v.ID
		b, err := newBill(tx, v.ID, "INV-1", 1_250_00, "2026-12-10")
		n.bill = b
		return err
	})
	return n
}

func newBill(tx *db.Tx, to ids.ID, number string, amount int64, due string) (ids.ID, error) {
	b := bill.Bills.New().(*bill.Bill)
	b.VendorID, b.InvoiceNumber, b.Amount = to, number, amount
	b.InvoiceDate, b.DueDate = civil.MustDate("2026-11-10"), civil.MustDate(due)
	err := bill.Create(tx, b)
	return b.ID, err
}

func (x *site) write(who db.Caller, fn func(*db.Tx) error) {
	x.t.Helper()
	if err := x.s.Write(context.Background(), who, fn); err != nil {
		x.t.Fatal(err)
	}
}

// member adds a user with a role to the organisation of n.
func (x *site) member(n tenant, email, role string) {
	x.t.Helper()
	x.write(n.who, func(tx *db.Tx) error {
		id, err := org.AddUser(tx, email, email, dbtest.PasswordHash(password))
		if err != nil {
			return err
		}
		return org.SetMembership(tx, id, role, true)
	})
}

// browser keeps cookies and does not follow redirects by itself.
type browser struct {
	x *site
	c *http.Client
}

func (x *site) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{x, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// signedIn is a browser in which a user has signed in.
func (x *site) signedIn(email string) *browser {
	x.t.Helper()
	b := x.browser()
	r := b.post("/signin", "email", email, "password", password)
	if r.status != http.StatusSeeOther {
		x.t.Fatalf("sign in %s: %d %s", email, r.status, r.body)
	}
	return b
}

type reply struct {
	status int
	body   string
	header http.Header
}

func (r reply) location() string { return r.header.Get("Location") }

func (b *browser) do(r *http.Request) reply {
	b.x.t.Helper()
	a, err := b.c.Do(r)
	if err != nil {
		b.x.t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		b.x.t.Fatal(err)
	}
	return reply{a.StatusCode, string(body), a.Header}
}

func (b *browser) get(path string) reply {
	b.x.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.x.server.URL+path, nil)
	if err != nil {
		b.x.t.Fatal(err)
	}
	return b.do(r)
}

// post sends a form as a browser does, from a page of the site.
func (b *browser) post(path string, pairs ...string) reply {
	b.x.t.Helper()
	return b.postFrom("same-origin", path, pairs...)
}

func (b *browser) postFrom(site, path string, pairs ...string) reply {
	b.x.t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, b.x.server.URL+path, strings.NewReader(v.Encode()))
	if err != nil {
		b.x.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", site)
	return b.do(r)
}

func (b *browser) upload(path, name string, content []byte) reply {
	b.x.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
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

func (r reply) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, want %d: %s %s", r.status, status, r.location(), r.body)
	}
	for _, s := range texts {
		if !strings.Contains(r.body, s) {
			_, main, _ := strings.Cut(r.body, "<main")
			t.Errorf("%q is not in the page:\n%s", s, regexp.MustCompile(`(<[^>]*>\s*)+`).ReplaceAllString(main, " | "))
		}
	}
}

// TestPages opens every page as an administrator, signed out, with ids of another organisation, and as a role that
// may not.
func TestPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "carl@northwind.example", org.Accountant)
		pay := func(n tenant) (p *payment.BillPay) {
			x.write(n.who, func(tx *db.Tx) (err error) {
				id, err := newBill(tx, n.vendor, "INV-PAID", 99_00, "2026-12-01")
				if err != nil {
					return err
				}
				p, err = payment.Pay(tx, payment.Request{BillID: id, Amount: 99_00})
				return err
			})
			return p
		}
		x.a.who.Channel, x.b.who.Channel = org.KindWeb, org.KindWeb
		paid, foreign := pay(x.a), pay(x.b)
		ana, carl, out := x.signedIn("ana@northwind.example"), x.signedIn("carl@northwind.example"), x.browser()

		for _, p := range []struct {
			path    string // %s: an id
			id      ids.ID // ours
			foreign ids.ID
			text    string
			carl    int // what an accountant gets
		}{
			{"/", "", "", "What needs you now", 200},
			{"/bills", "", "", "Old Mill Bakery", 200},
			{"/bills?tab=paid", "", "", "No bill matches", 200},
			{"/bills.csv", "", "", "INV-1,2026-11-10,2026-12-10,USD,1250.00", 200},
			{"/bills/%s", x.a.bill, x.b.bill, "Pay $1,250.00", 200},
			{"/bills/%s/pay", x.a.bill, x.b.bill, "Review the payment", 200},
			{"/payments", "", "", "Old Mill Bakery", 200},
			{"/payments/%s", paid.PaymentID, foreign.PaymentID, "Where the money is", 200},
			{"/payments/%s/scheduled", paid.PaymentID, foreign.PaymentID, "Payment scheduled", 200},
			{"/vendors", "", "", "Salem, OR", 200},
			{"/vendors/%s", x.a.vendor, x.b.vendor, "···· 6789", 200},
			{"/vendors/%s/bank-account", x.a.vendor, x.b.vendor, "Routing number", 403},
			{"/settings", "", "", "Profile", 200},
			{"/settings/profile", "", "", "Allow API Access", 200},
			{"/settings/profile/edit", "", "", "Save", 403},
			{"/settings/security", "", "", "Programs that use the API", 403},
			{"/setup/company/preferences", "", "", "Allow API Access", 200},
		} {
			own := p.path
			if p.id != "" {
				own = fmt.Sprintf(p.path, p.id)
			}
			r := ana.get(own)
			r.want(t, 200, p.text)
			if r.header.Get("Content-Security-Policy") == "" || r.header.Get("X-Content-Type-Options") != "nosniff" ||
				r.header.Get("Referrer-Policy") != "same-origin" {
				t.Errorf("%s: headers %v", own, r.header)
			}
			if c := carl.get(own); c.status != p.carl {
				t.Errorf("%s as an accountant: %d, want %d", own, c.status, p.carl)
			}
			signedOut := out.get(own)
			signedOut.want(t, 303)
			if !strings.HasPrefix(signedOut.location(), "/signin") {
				t.Errorf("%s signed out leads to %s", own, signedOut.location())
			}
			if p.foreign != "" {
				ana.get(fmt.Sprintf(p.path, p.foreign)).want(t, 404, "There is nothing here")
				ana.get(fmt.Sprintf(p.path, "00n%3B")).want(t, 404)
			}
		}
		for _, p := range []string{"/nothing", "/payments/" + string(paid.PaymentID) + "/checks.pdf", "/bills/" + string(x.a.bill) + "/documents/0du00000000000000000"} {
			ana.get(p).want(t, 404)
		}
		out.get("/developers/errors").want(t, 200, "BDCE001", "BDCE057")
		found := out.get("/developers/errors?q=bdce001")
		found.want(t, 200, "BDCE001")
		if strings.Contains(found.body, "BDCE057") {
			t.Error("the search for BDCE001 shows BDCE057")
		}
		out.get("/forgot-password").want(t, 200, "Send the link")
		out.get("/reset-password?token=x").want(t, 200, "This link no longer works")
	})
}

// TestForeignActs sends every form with ids of another organisation, from another site, and signed out: nothing
// changes.
func TestForeignActs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		ana, out := x.signedIn("ana@northwind.example"), x.browser()
		pay := []string{"amount", "10.00", "processDate", "2026-11-24", "key", "k"}
		for _, f := range []struct {
			path   string
			fields []string
		}{
			{"/bills/" + string(x.b.bill) + "/pay/review", pay},
			{"/bills/" + string(x.b.bill) + "/pay/confirm", pay},
			{"/bills/" + string(x.b.bill) + "/approve", nil},
			{"/bills/" + string(x.b.bill) + "/deny", []string{"comment", "no"}},
			{"/bills/" + string(x.b.bill) + "/documents", nil},
			{"/payments/stp00000000000000000/cancel", nil},
			{"/vendors/" + string(x.b.vendor) + "/bank-account", []string{"routingNumber", "990000026", "accountNumber", "12345678", "accountType", "1", "holderType", "1"}},
			{"/vendors/" + string(x.b.vendor) + "/bank-account/remove", nil},
			{"/vendors/" + string(x.b.vendor) + "/bank-account/remittance", []string{"entry", "ctx"}},
			{"/settings/security", []string{"user", string(x.b.who.User), "key", "key00000000000000000"}},
			{"/organisations", []string{"org", string(x.b.who.Org)}},
		} {
			ana.post(f.path, f.fields...).want(t, 404)
			ana.postFrom("cross-site", f.path, f.fields...).want(t, 403, "did not come from a page of this server")
			if r := out.post(f.path, f.fields...); r.status != 303 || r.location() != "/signin" {
				t.Errorf("%s signed out: %d %s", f.path, r.status, r.location())
			}
		}
		var paid int
		if err := s.Read(context.Background(), x.b.who, func(tx *db.Tx) error {
			return tx.Row(`SELECT (SELECT count(*) FROM payments) + (SELECT count(*) FROM vendor_bank_accounts)`).Scan(&paid)
		}); err != nil || paid != 0 {
			t.Errorf("%d payments and accounts were made, %v", paid, err)
		}
		large := ana.post("/settings/profile/edit", "name", strings.Repeat("x", 100_000))
		large.want(t, 413)
	})
}

// TestSignIn: LOG-3 (five wrong passwords lock, a reset unlocks), the way to a page that was asked for, signing out.
func TestSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		b := x.browser()
		b.get("/signin?next=/bills").want(t, 200, `name="next" value="/bills"`)
		wrong := b.post("/signin", "email", "ana@northwind.example", "password", "no")
		wrong.want(t, 422, "do not belong together", "ana@northwind.example")
		unknown := b.post("/signin", "email", "nobody@northwind.example", "password", "no")
		unknown.want(t, 422, "do not belong together")
		right := b.post("/signin", "email", "ana@northwind.example", "password", password, "next", "/bills?tab=paid")
		if right.status != 303 || right.location() != "/bills?tab=paid" {
			t.Fatalf("%d %s", right.status, right.location())
		}
		set := right.header.Get("Set-Cookie")
		if !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Lax") {
			t.Errorf("cookie %s", set)
		}
		for _, next := range []string{"https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
			if r := x.browser().post("/signin", "email", "ana@northwind.example", "password", password, "next", next); r.location() != "/" {
				t.Errorf("next %q leads to %s", next, r.location())
			}
		}
		if r := b.post("/signout"); r.status != 303 || r.location() != "/signin" {
			t.Fatalf("sign out: %d %s", r.status, r.location())
		}
		if r := b.get("/bills"); r.location() != "/signin?next=%2Fbills" {
			t.Errorf("after signing out: %d %s", r.status, r.location())
		}

		for range 5 {
			b.post("/signin", "email", "ana@northwind.example", "password", "no").want(t, 422)
		}
		b.post("/signin", "email", "ana@northwind.example", "password", password).want(t, 403, "This login is locked")
		b.post("/forgot-password", "email", "ana@").want(t, 200)
		b.post("/forgot-password", "email", "nonsense").want(t, 422, "Enter an e-mail address")
		b.post("/forgot-password", "email", "nobody@northwind.example").want(t, 200, "Look into your mail")
		b.post("/forgot-password", "email", "Ana@northwind.example").want(t, 200, "Look into your mail")
		link := x.resetLink("ana@northwind.example")
		b.get(link).want(t, 200, `value="ana@northwind.example"`)
		token := strings.TrimPrefix(link, "/reset-password?token=")
		b.post("/reset-password", "token", token, "password", "short", "again", "short").want(t, 422, "at least 12")
		b.post("/reset-password", "token", token, "password", "fresh walnut orbit 88 quilt", "again", "other").want(t, 422, "differs")
		b.post("/reset-password", "token", token, "password", "Password2026!!", "again", "Password2026!!").want(t, 422, "easy to guess")
		done := b.post("/reset-password", "token", token, "password", "fresh walnut orbit 88 quilt", "again", "fresh walnut orbit 88 quilt")
		if done.status != 303 || done.location() != "/?notice=password" {
			t.Fatalf("reset: %d %s %s", done.status, done.location(), done.body)
		}
		b.get("/?notice=password").want(t, 200, "Your new password is set.")
		b.post("/reset-password", "token", token, "password", "another walnut orbit 88 quilt", "again", "another walnut orbit 88 quilt").want(t, 422, "no longer works")
	})
}

// TestPayAtOnce: XO-5: the same form sent by many at the same instant pays once, and everybody is led to that payment; as
// does a form opened in two windows once the first has taken all that is open.
func TestPayAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		ana := x.signedIn("ana@northwind.example")
		confirm := func(key string) map[string]int {
			answers := map[string]int{}
			var mu sync.Mutex
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					r := ana.post("/bills/"+string(x.a.bill)+"/pay/confirm", "amount", "1000.00", "processDate", "2026-11-24", "key", key)
					mu.Lock()
					defer mu.Unlock()
					answers[fmt.Sprint(r.status, " ", r.location())]++
				})
			}
			wg.Wait()
			return answers
		}
		first := confirm("one form")
		if len(first) != 1 {
			t.Errorf("answers %v", first)
		}
		for a := range first {
			if !strings.HasPrefix(a, "303 /payments/") {
				t.Errorf("answers %v", first)
			}
		}
		second := confirm("another form") // 250.00 are left
		if second["422 "] != 10 {
			t.Errorf("answers %v", second)
		}
		var payments, parts, scheduled int64
		if err := s.Read(context.Background(), x.a.who, func(tx *db.Tx) error {
			return tx.Row(`SELECT (SELECT count(*) FROM payments WHERE org_id = $1), (SELECT count(*) FROM pay_keys WHERE org_id = $1),
				(SELECT scheduled_amount FROM bills WHERE org_id = $1 AND id = $2)`, string(x.a.who.Org), string(x.a.bill)).Scan(&payments, &parts, &scheduled)
		}); err != nil || payments != 1 || parts != 1 || scheduled != 1_000_00 {
			t.Errorf("%d payments, %d keys, %d scheduled, %v", payments, parts, scheduled, err)
		}
	})
}

// TestCookie: the session travels by https only once people reach the server by https, and a program in the page never
// sees it.
func TestCookie(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	open(t, s)
	for public, secure := range map[string]bool{"https://books.example": true, "http://books.example": false} {
		h, err := web.New(web.Deps{DB: s.DB, Sessions: org.NewSessions(s.DB), PublicURL: public, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		post := func(path string, cookies []*http.Cookie, pairs string) *http.Cookie {
			r := httptest.NewRequest(http.MethodPost, public+path, strings.NewReader(pairs))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", public)
			for _, c := range cookies {
				r.AddCookie(c)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			set := w.Result().Cookies()
			if w.Code != http.StatusSeeOther || len(set) != 1 {
				t.Fatalf("%s%s: %d, cookies %v", public, path, w.Code, set)
			}
			return set[0]
		}
		in := post("/signin", nil, url.Values{"email": {"ana@northwind.example"}, "password": {password}}.Encode())
		out := post("/signout", []*http.Cookie{in}, "")
		for _, c := range []*http.Cookie{in, out} {
			if c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("%s: %v", public, c)
			}
		}
		if out.MaxAge >= 0 {
			t.Errorf("signing out leaves %v", out)
		}
	}
}

// TestSignInThrottled: SEC-10, T-12: the sixty-first failed login of a minute answers 429; so many mails to reset a
// password and no more.
func TestSignInThrottled(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		b := x.browser()
		for range 7 {
			b.post("/forgot-password", "email", "otto@other.example").want(t, 200, "Look into your mail")
		}
		mails := 0
		if err := s.Read(context.Background(), db.Caller{}, func(tx *db.Tx) error {
			all, err := outbox.List(tx)
			mails = len(all)
			return err
		}); err != nil || mails != 5 {
			t.Errorf("%d mails, %v", mails, err)
		}
		for range 60 {
			if r := b.post("/signin", "email", "otto@other.example", "password", "no"); r.status != 422 && r.status != 403 {
				t.Fatal(r.status, r.body)
			}
		}
		r := b.post("/signin", "email", "ana@northwind.example", "password", password)
		r.want(t, 429, "Too many failed logins", `value="ana@northwind.example"`)
		if r.header.Get("Retry-After") != "60" {
			t.Error(r.header)
		}
		s.Clock.Advance(time.Minute)
		b.post("/signin", "email", "ana@northwind.example", "password", password).want(t, 303)
	})
}

// resetLink is the path of the last link that was mailed to an address.
func (x *site) resetLink(to string) string {
	x.t.Helper()
	var found string
	err := x.s.Read(context.Background(), db.Caller{}, func(tx *db.Tx) error {
		all, err := outbox.List(tx)
		for _, m := range all {
			if m.To == to {
				found = regexp.MustCompile(`/reset-password\?token=\w+`).FindString(m.Body)
			}
		}
		return err
	})
	if err != nil || found == "" {
		x.t.Fatalf("no link was mailed: %v", err)
	}
	return found
}

// TestOrganisations: who works in two organisations chooses, and sees only the chosen one's.
func TestOrganisations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.b, "ana@northwind.example", org.Auditor)
		b := x.browser()
		r := b.post("/signin", "email", "ana@northwind.example", "password", password, "next", "/bills")
		if r.location() != "/organisations?next=%2Fbills" {
			t.Fatal(r.location())
		}
		if r := b.get("/bills"); r.location() != "/organisations?next=%2Fbills" {
			t.Fatal(r.location())
		}
		b.get("/organisations?next=/bills").want(t, 200, "Northwind Property Services", "Other LLC")
		if r := b.post("/organisations", "org", string(x.b.who.Org), "next", "/bills"); r.location() != "/bills" {
			t.Fatal(r.status, r.location())
		}
		b.get("/bills/"+string(x.b.bill)).want(t, 200)
		b.get("/bills/"+string(x.a.bill)).want(t, 404)
		b.get("/bills/"+string(x.b.bill)+"/pay").want(t, 200, "whose role includes paying") // an auditor reads
		b.post("/bills/"+string(x.b.bill)+"/pay/confirm", "amount", "1.00", "processDate", "2026-11-24", "key", "k").want(t, 403)
		b.post("/organisations", "org", string(x.a.who.Org))
		b.get("/bills/"+string(x.a.bill)).want(t, 200)

		x.write(x.b.who, func(tx *db.Tx) error { // ORG-1: a closed organisation
			o, err := org.Load(tx)
			o.State = org.StateInactive
			if err != nil {
				return err
			}
			return org.Save(tx, o)
		})
		b.get("/organisations").want(t, 200, "closed")
		b.post("/organisations", "org", string(x.b.who.Org)).want(t, 403)
		b.get("/bills/"+string(x.a.bill)).want(t, 200)
		otto := x.browser() // whose only organisation it is
		otto.post("/signin", "email", "otto@other.example", "password", password)
		if r := otto.get("/bills"); r.location() != "/organisations?next=%2Fbills" {
			t.Error(r.status, r.location())
		}
		otto.get("/organisations").want(t, 200, "Other LLC", "closed")

		x.write(x.a.who, func(tx *db.Tx) error { // the one she stands in, too
			o, err := org.Load(tx)
			o.State = org.StateInactive
			if err != nil {
				return err
			}
			return org.Save(tx, o)
		})
		if r := b.get("/bills"); r.location() != "/organisations?next=%2Fbills" {
			t.Error(r.status, r.location())
		}
		b.get("/organisations").want(t, 200, "Northwind Property Services")
		x.write(x.b.who, func(tx *db.Tx) error {
			o, err := org.Load(tx)
			o.State = org.StateActive
			if err != nil {
				return err
			}
			return org.Save(tx, o)
		})
		if r := b.post("/organisations", "org", string(x.b.who.Org), "next", "/bills"); r.location() != "/bills" {
			t.Error("another organisation after the closed one", r.status, r.location())
		}
		b.get("/bills/"+string(x.b.bill)).want(t, 200)
	})
}

// TestSettings: the switch of ORG-4 through the form, errors at their fields, the trail of the switch.
func TestSettings(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		ana := x.signedIn("ana@northwind.example")
		login := func() error {
			_, err := org.NewSessions(s.DB).Login(context.Background(), "ana@northwind.example", password, x.a.who.Org, x.appKey(), "")
			return err
		}
		if err := login(); !errors.Is(err, org.ErrAPIAccess) {
			t.Fatalf("before: %v", err)
		}
		ana.post("/settings/profile/edit", "name", "", "zip", strings.Repeat("9", 30), "city", "Salem").
			want(t, 422, "3 things to correct", "Enter the company&#39;s name.", "Shorten the ZIP code to 20 characters.", "Choose Yes or No.", `value="Salem"`)
		r := ana.post("/settings/profile/edit", "name", "Northwind", "city", "Salem", "allowApiAccess", "yes")
		if r.location() != "/settings/profile?notice=saved" {
			t.Fatal(r.status, r.location(), r.body)
		}
		ana.get(r.location()).want(t, 200, "Saved.", "Salem", "<strong>Yes</strong>", "Set 23", "ana@northwind.example")
		if err := login(); err != nil {
			t.Fatalf("after: %v", err)
		}

		security := ana.get("/settings/security") // LOG-5
		security.want(t, 200, "Ledger Bridge", "May not pay until somebody confirms it here.")
		key := regexp.MustCompile(`name="key" value="(\w+)"`).FindStringSubmatch(security.body)
		if r := ana.post("/settings/security", "user", string(x.a.who.User), "key", key[1]); r.location() != "/settings/security?notice=confirmed" {
			t.Fatal(r.status, r.location(), r.body)
		}
		ana.get("/settings/security").want(t, 200, "May pay, confirmed 23")
	})
}

// appKey is the key of an application, made once.
func (x *site) appKey() string {
	if x.key == "" {
		x.write(db.Caller{Channel: "command"}, func(tx *db.Tx) (err error) {
			x.key, _, err = org.IssueKey(tx, "Ledger Bridge", "dev@bridge.example", "required")
			return err
		})
	}
	return x.key
}

// TestPay: the form proposes the earliest date, refusals stand at their fields with the API's code, a key pays once
// (XO-5), and the payment can be cancelled and followed to the bank's file.
func TestPay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		ana := x.signedIn("ana@northwind.example")
		bill, vendor := "/bills/"+string(x.a.bill), "/vendors/"+string(x.a.vendor)

		for _, w := range []struct {
			name   string
			fields []string
			texts  []string
		}{
			{"no routing number", []string{"routingNumber", "990000027", "accountNumber", "123456789"}, []string{"That is no routing number", `value="990000027"`, "BDCE040"}},
			{"SIM-1: a real bank's in a sandbox", []string{"routingNumber", "021000021", "accountNumber", "123456789"}, []string{"That is no routing number"}},
			{"VEN-3: account number", []string{"routingNumber", "990000026", "accountNumber", "12"}, []string{"Enter 4 to 17"}},
		} {
			t.Run(w.name, func(t *testing.T) {
				ana.post(vendor+"/bank-account", append(w.fields, "accountType", "1", "holderType", "1")...).want(t, 422, w.texts...)
			})
		}
		r := ana.post(vendor+"/bank-account", "routingNumber", "990000026", "accountNumber", "5550001234", "accountType", "1", "holderType", "1")
		if r.location() != vendor+"?notice=bank" {
			t.Fatal(r.status, r.body)
		}
		page := ana.get(r.location())
		page.want(t, 200, "···· 1234", "Verified", "ACH ···· 1234", "Bank account: created")
		if strings.Contains(page.body, "5550001234") {
			t.Error("the page of the vendor shows the account number")
		}
		page.want(t, 200, "One line", "Send full remittance (CTX)") // ACH-2
		if r := ana.post(vendor+"/bank-account/remittance", "entry", "ctx"); r.location() != vendor+"?notice=saved" {
			t.Fatal(r.status, r.location())
		}
		ana.get(vendor).want(t, 200, "Full (CTX)", "Send one line of remittance")
		s.Clock.Set(dbtest.Start.Add(4 * 24 * time.Hour)) // a Friday after a holiday; the account is usable (VEN-4)
		ana = x.signedIn("ana@northwind.example")
		form := ana.get(bill + "/pay")
		form.want(t, 200, `value="1250.00"`, `value="2026-11-30"`, "ACH to the account ending 1234", "Operating ···· 7777", "18:00 Pacific today, ", ">in 9 hours<")
		key := regexp.MustCompile(`name="key" value="(\w+)"`).FindStringSubmatch(form.body)[1]
		account := regexp.MustCompile(`<option value="(\w+)" selected`).FindStringSubmatch(form.body)[1]

		for _, w := range []struct {
			name, amount, date string
			texts              []string
		}{
			{"not a number", "a lot", "2026-11-30", []string{"Enter an amount such as", "BDCE045", `value="a lot"`}},
			{"PAY-2: more than is due", "1250.01", "2026-11-30", []string{"still to pay", "BDCE045"}},
			{"PAY-3: too early", "10.00", "2026-11-27", []string{"BDCE046", "the earliest is 30\u00a0Nov\u00a02026."}},
			{"PAY-3: no banking day", "10.00", "2026-12-05", []string{"no banking day", "BDCE013"}},
			{"PAY-4: too late", "10.00", "2029-11-30", []string{"more than a year", "BDCE040"}},
			{"no date", "10.00", "soon", []string{"Enter a date."}},
		} {
			t.Run(w.name, func(t *testing.T) {
				for _, step := range []string{"/pay/review", "/pay/confirm"} {
					ana.post(bill+step, "amount", w.amount, "processDate", w.date, "account", account, "key", key).want(t, 422, w.texts...)
				}
			})
		}

		fields := []string{"amount", "1000", "processDate", "2026-11-30", "account", account, "key", key}
		ana.post(bill+"/pay/review", fields...).want(t, 200, "Confirm: pay $1,000.00", "$250.00 stay to be paid", `value="1000.00"`)
		ana.get(bill).want(t, 200, "Pay $1,250.00") // nothing happened yet
		fields[1] = "1000.00"
		paid := ana.post(bill+"/pay/confirm", fields...)
		paid.want(t, 303)
		if again := ana.post(bill+"/pay/confirm", fields...); again.location() != paid.location() {
			t.Errorf("XO-5: sent twice leads to %s and %s", paid.location(), again.location())
		}
		other := []string{"amount", "1.00", "processDate", "2026-11-30", "account", account, "key", key}
		ana.post(bill+"/pay/confirm", other...).want(t, 422, "sent before with other figures")
		ana.get(paid.location()).want(t, 200, "Payment scheduled", "$1,000.00 to")
		ana.get(bill).want(t, 200, "Pay $250.00", "$1,000.00 by ACH", "Released", "on 30", "Payment scheduled")
		ana.get("/bills?tab=scheduled").want(t, 200, "INV-1")
		ana.get("/bills.csv?tab=topay").want(t, 200)

		payment := strings.TrimSuffix(paid.location(), "/scheduled")
		ana.get(payment).want(t, 200, "Cancel this payment")
		ana.get(payment+"/cancel").want(t, 200, "Cancel the payment to", "$1,000.00", "Keep it")
		if r := ana.post(payment + "/cancel"); r.location() != payment+"?notice=canceled" {
			t.Fatal(r.status, r.location())
		}
		ana.get(payment).want(t, 200, "Cancelled")
		ana.post(payment+"/cancel").want(t, 409, "can no longer be cancelled")
		ana.get(payment+"/cancel").want(t, 409, "can no longer be cancelled")
		ana.get(bill).want(t, 200, "Pay $1,250.00")

		fields[len(fields)-1] = "another key"
		paid = ana.post(bill+"/pay/confirm", fields...)
		paid.want(t, 303)
		payment = strings.TrimSuffix(paid.location(), "/scheduled")
		s.Clock.Set(time.Date(2026, 11, 30, 9, 30, 0, 0, time.UTC))
		if err := x.engine.Step(context.Background(), x.a.who.Org, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		ana = x.signedIn("ana@northwind.example")
		released := ana.get(payment)
		released.want(t, 200, "Trace number", "Excerpt of", "*1234", "Sent to the bank", "<mark>6")
		if strings.Contains(released.body, "5550001234") {
			t.Error("the excerpt shows the account number")
		}
		ana.get("/payments?tab=flight").want(t, 200, "Old Mill Bakery")
	})
}

// TestCheck: a vendor without account is paid by cheque, whose PDF can be downloaded.
func TestCheck(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		ana := x.signedIn("ana@northwind.example")
		bill := "/bills/" + string(x.a.bill)
		ana.get(bill+"/pay").want(t, 200, "Check by mail to Salem")
		paid := ana.post(bill+"/pay/confirm", "amount", "1250.00", "processDate", "2026-11-24", "key", "k")
		paid.want(t, 303)
		s.Clock.Set(time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC))
		for range 2 {
			if err := x.engine.Step(context.Background(), x.a.who.Org, s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
		ana = x.signedIn("ana@northwind.example")
		payment := strings.TrimSuffix(paid.location(), "/scheduled")
		ana.get(payment).want(t, 200, "Check 10001", "Printed check", "Check printed and mailed")
		pdf := ana.get(payment + "/checks.pdf")
		if pdf.status != 200 || !strings.HasPrefix(pdf.body, "%PDF-") || !strings.HasPrefix(pdf.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%d %v %.20q", pdf.status, pdf.header, pdf.body)
		}
		x.browser().get(payment+"/checks.pdf").want(t, 303)
		x.signedIn("otto@other.example").get(payment+"/checks.pdf").want(t, 404)
	})
}

// TestDocuments: DOC-1, DOC-2 on the web, and a download that a browser does not interpret.
func TestDocuments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		ana, otto := x.signedIn("ana@northwind.example"), x.signedIn("otto@other.example")
		bill := "/bills/" + string(x.a.bill)
		content := []byte("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n")
		name := `Rechnung "Mühle" 42.pdf`
		if r := ana.upload(bill+"/documents", name, content); r.location() != bill+"?notice=attached" {
			t.Fatal(r.status, r.location(), r.body)
		}
		ana.upload(bill+"/documents", "virus.exe", []byte("MZ...")).want(t, 422, "file name is not allowed")
		ana.upload(bill+"/documents", "page.pdf", []byte("<html>")).want(t, 422, "file name is not allowed")
		ana.upload(bill+"/documents", "empty.pdf", nil).want(t, 422, "empty")
		ana.post(bill+"/documents").want(t, 422, "Choose a file first.")
		ana.upload("/bills/"+string(x.b.bill)+"/documents", name, content).want(t, 404)

		page := ana.get(bill + "?notice=attached")
		page.want(t, 200, "The document is added.", "Mühle", "Document added")
		link := regexp.MustCompile(`href="(/bills/\w+/documents/\w+)"`).FindStringSubmatch(page.body)
		if link == nil {
			t.Fatal(page.body)
		}
		d := ana.get(link[1])
		if d.status != 200 || d.body != string(content) || d.header.Get("Content-Type") != "application/pdf" ||
			!strings.HasPrefix(d.header.Get("Content-Disposition"), "attachment;") || d.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%d %v %q", d.status, d.header, d.body)
		}
		otto.get(link[1]).want(t, 404)
		otto.get(strings.Replace(link[1], string(x.a.bill), string(x.b.bill), 1)).want(t, 404)
		x.browser().get(link[1]).want(t, 303)
	})
}
