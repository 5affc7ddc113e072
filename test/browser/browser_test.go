// Package browser drives a real browser through the pages that people were promised, against a whole server.
//
// The pictures of the documentation come from here too:
//
//	go test ./test/browser -run Pictures -args -pictures $PWD/docs/pictures
package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/document"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/server"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/test/chromium"
)

var pictures = flag.String("pictures", "", "folder that TestPictures writes the documentation's pictures to")

const (
	email    = "ana@northwind.example"
	password = "violet harbour 71 lantern moss"
)

// house is a server with an organisation, and a clock that the test owns.
type house struct {
	t     *testing.T
	app   *server.App
	url   string
	clock *clock.Manual
	who   db.Caller
	key   string
}

func open(t *testing.T, start time.Time) *house {
	t.Helper()
	h := &house{t: t, clock: clock.NewManual(start)}
	ctx := context.Background()
	var log bytes.Buffer
	app, err := server.Open(ctx, server.Config{Dir: t.TempDir(), Sandbox: true, Listen: "127.0.0.1:0", Clock: h.clock, Version: "0.1.0",
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	h.app = app
	orgID, user, err := app.CreateOrg(ctx, "Northwind Property Services", email, password, false)
	if err != nil {
		t.Fatal(err)
	}
	h.who = db.Caller{Org: orgID, User: user, Perms: org.All, Channel: org.KindXML}
	h.write(func(tx *db.Tx) (err error) {
		h.key, _, err = org.IssueKey(tx, "Ledger Bridge", "dev@bridge.example", "exempt")
		return err
	})
	running, err := app.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h.url = running.URL()
	t.Cleanup(func() {
		if err := running.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return h
}

func (h *house) write(fn func(*db.Tx) error) {
	h.t.Helper()
	if err := h.app.DB.Write(context.Background(), h.who, fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) vendor(tx *db.Tx, name, street, city, region, zip string) (ids.ID, error) {
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name, v.Address1, v.City, v.Region, v.Zip, v.Country = name, street, city, region, zip, "USA"
	return v.ID, vendor.Create(tx, v)
}

func (h *house) bill(tx *db.Tx, to ids.ID, number string, amount int64, date, due string, lines ...*bill.Line) (ids.ID, error) {
	b := bill.Bills.New().(*bill.Bill)
	b.VendorID, b.InvoiceNumber, b.Amount, b.Lines = to, number, amount, lines
	b.InvoiceDate, b.DueDate = civil.MustDate(date), civil.MustDate(due)
	return b.ID, bill.Create(tx, b)
}

// login signs in through generation 1 as a program does, and gives the code of the refusal, "" if there is none.
func (h *house) login() string {
	h.t.Helper()
	doc := fmt.Sprintf(`<request version="1.0" applicationkey="%s"><login><username>%s</username><password>%s</password><orgID>%s</orgID></login></request>`,
		h.key, email, password, h.who.Org)
	r, err := http.PostForm(h.url+"/crudApi", url.Values{"request": {doc}})
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	code := regexp.MustCompile(`<errorcode>(\w*)</errorcode>`).FindSubmatch(body)
	if code != nil {
		return string(code[1])
	}
	if err := xml.Unmarshal(body, new(struct{})); err != nil || !bytes.Contains(body, []byte("<sessionId>")) {
		h.t.Fatalf("login answers %s", body)
	}
	return ""
}

// settle moves the clock and runs what is due.
func (h *house) settle(at time.Time) {
	h.t.Helper()
	h.clock.Set(at)
	r, err := http.Post(h.url+"/sandbox/settle", "application/json", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(r.Body)
		h.t.Fatalf("settle: %s %s", r.Status, body)
	}
}

// screen is a tab of a real browser.
type screen struct {
	t   *testing.T
	ctx context.Context
}

func newScreen(t *testing.T, more ...chromedp.ExecAllocatorOption) *screen {
	t.Helper()
	return &screen{t, chromium.Open(t, more...)}
}

// do runs steps, which together have thirty seconds.
func (s *screen) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	chromium.Do(s.t, s.ctx, what, steps...)
}

// heading waits until the page with that heading is shown.
func (s *screen) heading(text string) {
	s.t.Helper()
	s.do("wait for the page "+text, chromedp.WaitVisible(fmt.Sprintf(`//h1[normalize-space()=%q]`, text)))
}

// click follows the link, or presses the button, that reads as text.
func (s *screen) click(text string) {
	s.t.Helper()
	x := fmt.Sprintf(`(//main//a[normalize-space()=%[1]q] | //main//button[starts-with(normalize-space(), %[1]q)] | //header//a[normalize-space()=%[1]q])[1]`, text)
	s.do("click "+text, chromedp.Click(x, chromedp.NodeVisible))
}

// fill types into the field with that id, in place of what stands there.
func (s *screen) fill(id, text string) {
	s.t.Helper()
	s.do("fill "+id, chromedp.Clear(chromedp.ID(id)), chromedp.SendKeys(chromedp.ID(id), text))
}

func (s *screen) text() string {
	s.t.Helper()
	text, err := chromedp.Run(s.ctx, chromedp.Text("main"))
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

func (s *screen) signIn(h *house, password string) {
	s.t.Helper()
	s.do("open", chromedp.Navigate(h.url+"/signin"))
	s.heading("Sign in")
	s.fill("email", email)
	s.fill("password", password)
	s.click("Sign in")
}

// picture keeps what the tab shows, for who looks at failures and for the documentation.
func (s *screen) picture(path string) {
	s.t.Helper()
	png, err := chromedp.Run(s.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		s.t.Fatal(err)
	}
	if len(png) > 200_000 {
		s.t.Errorf("%s has %d bytes", path, len(png))
	}
	if err := os.WriteFile(path, png, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// TestPromises clicks through what users were promised by name: the switch for API access where it has always stood,
// paying a bill, and the way out of a locked login.
func TestPromises(t *testing.T) {
	t.Parallel()
	h := open(t, time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC))
	var owed ids.ID
	h.write(func(tx *db.Tx) error {
		v, err := h.vendor(tx, "Old Mill Bakery", "1 Mill Road", "Salem", "OR", "97301")
		if err != nil {
			return err
		}
		owed, err = h.bill(tx, v, "INV-20881", 1_250_00, "2026-11-10", "2026-12-10")
		return err
	})
	s := newScreen(t)

	if code := h.login(); code != "BDCE001" {
		t.Fatalf("before the switch is set, a login through the API answers %q", code)
	}
	s.signIn(h, password)
	s.heading("Home")
	s.click("Settings") // the gear
	s.heading("Settings")
	if !strings.Contains(s.text(), "Overview") {
		t.Error("Settings does not begin with Overview")
	}
	s.click("Profile")
	s.heading("Profile")
	s.click("Edit")
	s.heading("Edit profile")
	s.do("Allow API Access: Yes", chromedp.Click(chromedp.ID("api-yes")))
	s.click("Save")
	s.heading("Profile")
	if text := s.text(); !strings.Contains(text, "Saved.") || !strings.Contains(text, "Yes") {
		t.Errorf("after Save the profile says:\n%s", text)
	}
	if code := h.login(); code != "" {
		t.Errorf("after the switch is set, a login through the API answers %q", code)
	}
	s.do("the older path", chromedp.Navigate(h.url+"/setup/company/preferences"))
	s.heading("Preferences")
	s.click("Change it there")
	s.heading("Edit profile")

	s.do("bills", chromedp.Click(`//nav//a[normalize-space()="Bills"]`))
	s.heading("Bills")
	s.do("the bill", chromedp.Click(`//table//a[contains(., "INV-20881")]`))
	s.heading("Old Mill Bakery")
	s.click("Pay $1,250.00")
	s.heading("Pay Old Mill Bakery")
	if date, err := chromedp.Run(s.ctx, chromedp.Value(chromedp.ID("processDate"))); err != nil || date != "2026-11-24" {
		t.Errorf("the form proposes %q, %v", date, err) // PAY-3
	}
	s.fill("amount", "1250.01")
	s.click("Review the payment")
	s.do("the refusal", chromedp.WaitVisible(chromedp.CSS(".problems")))
	if text := s.text(); !strings.Contains(text, "BDCE045") {
		t.Errorf("the refusal does not name the API's code:\n%s", text)
	}
	s.fill("amount", "1250.00")
	s.click("Review the payment")
	s.heading("Confirm the payment")
	s.click("Confirm: pay $1,250.00")
	s.heading("Payment scheduled")
	s.click("See the payment")
	s.heading("Old Mill Bakery")
	if text := s.text(); !strings.Contains(text, "Scheduled") || !strings.Contains(text, "INV-20881") {
		t.Errorf("the payment says:\n%s", text)
	}
	var scheduled int64
	if err := h.app.DB.Read(context.Background(), h.who, func(tx *db.Tx) error {
		b, err := bill.Bills.Load(tx, owed)
		scheduled = b.ScheduledAmount
		return err
	}); err != nil || scheduled != 1_250_00 {
		t.Errorf("%d is scheduled, %v", scheduled, err)
	}

	s.do("the account menu", chromedp.Click(chromedp.CSS("summary.switch")), chromedp.Click(`//button[normalize-space()="Sign out"]`))
	s.heading("Sign in")
	for range 5 { // LOG-3
		s.signIn(h, "wrong")
		s.do("the refusal", chromedp.WaitVisible(chromedp.CSS(".problems")))
	}
	s.signIn(h, password)
	s.do("the lock", chromedp.WaitVisible(`//strong[normalize-space()="This login is locked"]`))
	if code := h.login(); code != "BDCE016" {
		t.Errorf("locked, a login through the API answers %q", code)
	}
	s.click("Set a new password")
	s.heading("Forgotten password")
	s.fill("email", email)
	s.click("Send the link")
	s.heading("Look into your mail")
	s.do("the link", chromedp.Navigate(h.link()))
	s.heading("Set a new password")
	const fresh = "fresh walnut orbit 88 quilt"
	s.fill("password", fresh)
	s.fill("again", fresh)
	s.click("Save and sign in")
	s.heading("Home")
	if text := s.text(); !strings.Contains(text, "Your new password is set.") {
		t.Errorf("after the reset:\n%s", text)
	}
}

// link is the address in the last mail, as the sandbox shows it.
func (h *house) link() string {
	h.t.Helper()
	r, err := http.Get(h.url + "/sandbox/mail")
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	var mails []struct{ Body string }
	if err := json.NewDecoder(r.Body).Decode(&mails); err != nil || len(mails) == 0 {
		h.t.Fatalf("no mail was caught: %v", err)
	}
	return regexp.MustCompile(`http://\S+/reset-password\?token=\w+`).FindString(mails[0].Body)
}

// TestPictures makes a month of business and looks at the pages; with -pictures it keeps three for the documentation.
func TestPictures(t *testing.T) {
	if *pictures == "" {
		t.Skip("only with -pictures")
	}
	h := open(t, time.Date(2026, 11, 16, 17, 0, 0, 0, time.UTC))
	shown := h.month()
	s := newScreen(t)
	s.signIn(h, password)
	s.heading("Home")
	all := map[string]string{"home": "/", "bill": "/bills/" + string(shown.bill), "payment": "/payments/" + string(shown.payment)}
	for name, path := range all {
		s.do("open "+path, chromedp.Navigate(h.url+path), chromedp.WaitVisible(chromedp.CSS("h1")))
		s.picture(filepath.Join(*pictures, name+".png"))
	}
}

// shown names records worth a picture.
type shown struct {
	bill, open                     ids.ID
	payment, check, failed         ids.ID
	vendor, other, departmentAdmin ids.ID
}

// month is ten days of business: eight vendors, two dozen bills, payments in every state.
func (h *house) month() (out shown) {
	h.t.Helper()
	ctx := context.Background()
	type house struct{ name, street, city, region, zip, account string }
	people := []house{
		{"Old Mill Bakery", "1 Mill Road", "Salem", "OR", "97301", "5550001234"},
		{"Hartwell Supply Co.", "48 Depot Street", "Portland", "OR", "97209", ""},
		{"Blue Ridge Electric", "900 Ridge Avenue", "Bend", "OR", "97701", "5550004821"},
		{"Pacific Gas", "77 Harbor Way", "Eugene", "OR", "97401", "5550007310"},
		{"Harbor Insurance Agency", "3 Quay", "Astoria", "OR", "97103", ""},
		{"Green Leaf Landscaping", "12 Fern Lane", "Corvallis", "OR", "97330", "5550000003"},
		{"Northside Plumbing", "5 Tap Street", "Portland", "OR", "97217", "5550006655"},
		{"Crystal Window Cleaning", "60 Pane Road", "Gresham", "OR", "97030", ""},
	}
	vendors := map[string]ids.ID{}
	bills := map[string]ids.ID{}
	accounts := map[string]ids.ID{}
	make := func(tx *db.Tx, t *record.Type, rec record.Record) error { return dimension.Create(tx, t, rec) }
	h.write(func(tx *db.Tx) error {
		for _, n := range []string{"Repairs and maintenance", "Utilities", "Insurance", "Office and supplies"} {
			a := dimension.Accounts.New().(*dimension.Account)
			a.Name, a.AccountType = n, dimension.TypeExpense
			if err := make(tx, dimension.Accounts.Type, a); err != nil {
				return err
			}
			accounts[n] = a.ID
		}
		d := dimension.Departments.New().(*dimension.Department)
		d.Name = "Riverside House"
		if err := make(tx, dimension.Departments.Type, d); err != nil {
			return err
		}
		out.departmentAdmin = d.ID
		for _, p := range people {
			id, err := h.vendor(tx, p.name, p.street, p.city, p.region, p.zip)
			if err != nil {
				return err
			}
			vendors[p.name] = id
		}
		return nil
	})
	for _, p := range people {
		if p.account == "" {
			continue
		}
		n, err := vendor.SealBankAccount(h.app.Vault, h.who.Org, p.account)
		if err != nil {
			h.t.Fatal(err)
		}
		n.VendorID, n.Routing, n.AccountType, n.HolderType = vendors[p.name], "990000026", vendor.Checking, vendor.Business
		h.write(func(tx *db.Tx) error { _, err := vendor.AddBankAccount(tx, n); return err })
	}
	line := func(account, text string, minor int64, department bool) *bill.Line {
		l := bill.Lines.New().(*bill.Line)
		l.Amount, l.ChartOfAccountID, l.Description = minor, accounts[account], text
		if department {
			l.DepartmentID = out.departmentAdmin
		}
		return l
	}
	h.write(func(tx *db.Tx) error {
		for _, b := range []struct {
			vendor, number, date, due, account, text string
			minor                                    int64
		}{
			{"Old Mill Bakery", "OMB-3301", "2026-11-02", "2026-11-18", "Office and supplies", "Breakfast for tenants' day", 96_40},
			{"Old Mill Bakery", "OMB-3349", "2026-11-14", "2026-12-01", "Office and supplies", "Coffee and rolls", 212_00},
			{"Hartwell Supply Co.", "88120", "2026-10-28", "2026-11-20", "Repairs and maintenance", "Boiler parts", 2_400_00},
			{"Hartwell Supply Co.", "88177", "2026-11-12", "2026-12-12", "Repairs and maintenance", "Door closers", 640_00},
			{"Blue Ridge Electric", "INV-20881", "2026-11-05", "2026-12-05", "Utilities", "", 3_180_55},
			{"Blue Ridge Electric", "INV-20714", "2026-10-05", "2026-11-13", "Utilities", "Electricity in October", 2_911_20},
			{"Pacific Gas", "PG-11-26", "2026-11-10", "2026-11-30", "Utilities", "Gas", 1_884_10},
			{"Pacific Gas", "PG-10-26", "2026-10-10", "2026-11-19", "Utilities", "Gas", 1_217_85},
			{"Harbor Insurance Agency", "2026-Q4", "2026-11-01", "2026-12-15", "Insurance", "Property insurance, 4th quarter", 3_124_00},
			{"Green Leaf Landscaping", "GL-778", "2026-11-08", "2026-11-20", "Repairs and maintenance", "Leaves and gutters", 860_00},
			{"Northside Plumbing", "NP-4410", "2026-11-11", "2026-11-27", "Repairs and maintenance", "Riser repair", 1_475_00},
			{"Northside Plumbing", "NP-4432", "2026-11-15", "2026-12-08", "Repairs and maintenance", "Two new valves", 318_75},
			{"Crystal Window Cleaning", "1107", "2026-11-07", "2026-12-03", "Repairs and maintenance", "All houses", 990_00},
			{"Crystal Window Cleaning", "1061", "2026-10-07", "2026-11-06", "Repairs and maintenance", "All houses", 990_00},
		} {
			lines := []*bill.Line{line(b.account, b.text, b.minor, false)}
			if b.number == "INV-20881" {
				lines = []*bill.Line{line("Utilities", "Electricity, common areas", 2_480_55, true), line("Repairs and maintenance", "Meter replaced", 700_00, true)}
			}
			id, err := h.bill(tx, vendors[b.vendor], b.number, b.minor, b.date, b.due, lines...)
			if err != nil {
				return err
			}
			bills[b.number] = id
		}
		return nil
	})
	pdf := []byte("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n" + strings.Repeat("% invoice\n", 40_000))
	u, err := document.Store(ctx, h.app.Blobs, "Blue Ridge Electric INV-20881.pdf", int64(len(pdf)), bytes.NewReader(pdf))
	if err != nil {
		h.t.Fatal(err)
	}
	payments := map[string]ids.ID{}
	pay := func(number string, minor int64, day string) {
		h.t.Helper()
		h.who.Channel = org.KindWeb
		h.write(func(tx *db.Tx) error {
			p, err := payment.Pay(tx, payment.Request{BillID: bills[number], Amount: minor, ProcessDate: civil.MustDate(day)})
			if err == nil {
				payments[number] = p.PaymentID
			}
			return err
		})
	}
	h.write(func(tx *db.Tx) error { _, err := document.Attach(tx, bills["INV-20881"], u); return err })
	pay("OMB-3301", 96_40, "2026-11-18")
	pay("PG-10-26", 1_217_85, "2026-11-18")
	pay("GL-778", 860_00, "2026-11-19")
	pay("88120", 2_400_00, "2026-11-19")
	pay("INV-20881", 1_180_55, "2026-11-20")
	for day := 17; day <= 25; day++ {
		h.settle(time.Date(2026, 11, day, 18, 0, 0, 0, time.UTC))
		if day == 23 {
			pay("NP-4410", 1_475_00, "2026-11-25")
			pay("INV-20881", 1_000_00, "2026-11-27")
		}
		if day == 24 {
			pay("PG-11-26", 1_884_10, "2026-11-27")
			pay("1107", 990_00, "2026-11-30")
		}
	}
	if code := h.login(); code != "BDCE001" {
		h.t.Fatal(code)
	}
	out.bill, out.open, out.vendor, out.other = bills["INV-20881"], bills["2026-Q4"], vendors["Blue Ridge Electric"], vendors["Hartwell Supply Co."]
	out.payment, out.check, out.failed = payments["INV-20881"], payments["88120"], payments["GL-778"]
	if cleared := payments["PG-10-26"]; cleared != "" {
		out.payment = cleared
	}
	return out
}
