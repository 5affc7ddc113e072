// Package demo runs the product's main job end to end through its public API and tells every step: an accounting
// system moves its lists, a vendor and a bill with its document in, the bill is paid, a bank file and a cheque leave,
// the bank answers, the system reads the outcome back, and the books balance.
package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/server"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/verify"
)

// Who signs in to the demo.
const (
	Email    = "ana@harborworks.example"
	Password = "orchard-lantern-42-quay"
)

// Begin is when the story begins: Monday 23 November 2026, 09:00 Pacific.
var Begin = civil.MustDate("2026-11-23").At(9, 0, civil.Pacific)

// story is a demo while it is told.
type story struct {
	ctx   context.Context
	out   io.Writer
	app   *server.App
	base  string
	org   ids.ID
	c     *client
	steps int

	browser *http.Client // the administrator's

	// what the client knows of its records
	account, department, job string
	checkVendor, achVendor   string
	checkBill, achBill       string
	achPayment               string
	lastRead                 string
}

// The day both bills are paid, as the wire and as people write it.
const (
	processDate   = "2026-11-25"
	processDateUS = "11/25/2026"
)

// Run tells the story on a running server of a fresh sandbox.
func Run(ctx context.Context, out io.Writer, app *server.App, base string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	s := &story{ctx: ctx, out: out, app: app, base: base}
	s.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, chapter := range []func() error{s.setUp, s.logIn, s.moveIn, s.pay, s.release, s.outcome, s.books} {
		if err := chapter(); err != nil {
			return fmt.Errorf("step %d: %w", s.steps, err)
		}
	}
	return nil
}

func (s *story) step(format string, args ...any) {
	s.steps++
	fmt.Fprintf(s.out, "\n%2d. %s\n", s.steps, fmt.Sprintf(format, args...))
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.out, "    "+format+"\n", args...) }

// setUp makes the organisation, as the operator would on the command line.
func (s *story) setUp() error {
	s.step("The operator creates an organisation and issues an application key (duebook org create, duebook appkey issue)")
	if err := s.clock(Begin); err != nil {
		return err
	}
	orgID, _, err := s.app.CreateOrg(s.ctx, "Harbor Works, Inc.", Email, Password, false)
	if err != nil {
		return err
	}
	s.org = orgID
	var key string
	err = s.write(func(tx *db.Tx) (err error) {
		key, _, err = org.IssueKey(tx, "Ledger Bridge", "dev@ledgerbridge.example", "exempt")
		return err
	})
	if err != nil {
		return err
	}
	s.c = &client{base: s.base, key: key, tell: s.exchange}
	s.say("organisation %s, key ...%s, clock at %s", orgID, key[len(key)-4:], Begin.Format("Mon 2 Jan 2006 15:04 MST"))
	return nil
}

// secrets are masked in what is shown.
var secrets = regexp.MustCompile(`(<password>|<sessionId>|sessionId="|<document>)[^<"]+`)

// exchange shows one request and its answer.
func (s *story) exchange(sent, answered string) {
	answered = strings.TrimPrefix(answered, `<?xml version="1.0" encoding="UTF-8"?>`)
	for _, x := range []struct{ mark, text string }{{">", sent}, {"<", answered}} {
		t := secrets.ReplaceAllString(x.text, "${1}***")
		if len(t) > 700 {
			t = t[:700] + fmt.Sprintf(" ... (%d bytes)", len(x.text))
		}
		s.say("%s %s", x.mark, t)
	}
}

func (s *story) logIn() error {
	s.step("login: refused while the organisation does not allow API access")
	if err := expect(s.c.login(Email, Password, string(s.org)), "BDCE001"); err != nil {
		return err
	}
	s.step("The administrator allows it: gear > Settings > Overview > Profile > Edit > Allow API Access > Save")
	if err := s.page("/signin", url.Values{"email": {Email}, "password": {Password}}); err != nil {
		return err
	}
	err := s.page("/settings/profile/edit", url.Values{"name": {"Harbor Works, Inc."}, "address1": {"1 Pier Road"}, "city": {"Oakland"},
		"state": {"CA"}, "zip": {"94607"}, "country": {"US"}, "allowApiAccess": {"yes"}})
	if err != nil {
		return err
	}
	s.step("getorglist, login")
	if _, err := s.c.send("<getorglist>" + tag("username", Email) + tag("password", Password) + "</getorglist>"); err != nil {
		return err
	}
	return s.c.login(Email, Password, string(s.org))
}

func (s *story) moveIn() (err error) {
	s.step("create_chartofaccount, create_department, create_job, create_location: the accounting system's lists")
	for _, x := range []struct {
		to  *string
		xml string
	}{
		{&s.account, `<create_chartofaccount><chartOfAccount><name>Tools and supplies</name><accountNumber>6100</accountNumber><accountType>7</accountType></chartOfAccount></create_chartofaccount>`},
		{&s.department, `<create_department><department><name>Yard</name></department></create_department>`},
		{&s.job, `<create_job><job><name>Pier 7 repair</name></job></create_job>`},
		{new(string), `<create_location><location><name>Oakland</name><shortName>OAK</shortName></location></create_location>`},
	} {
		if *x.to, err = s.c.do(x.xml); err != nil {
			return err
		}
	}
	s.step("create_vendor: one paid by check, one to be paid by ACH")
	if s.checkVendor, err = s.c.do(`<create_vendor><vendor><name>Harbor Tool Rental</name><address1>14 Dock Street</address1><addressCity>Seattle</addressCity><addressState>WA</addressState><addressZip>98101</addressZip><externalId>V-1001</externalId></vendor></create_vendor>`); err != nil {
		return err
	}
	if s.achVendor, err = s.c.do(`<create_vendor><vendor><name>Łódź Rope &amp; Sail</name><email>pay@ropeandsail.example</email><externalId>V-1002</externalId></vendor></create_vendor>`); err != nil {
		return err
	}
	s.step("A person adds the second vendor's bank account on the web; a prenote will test it, live entries wait two business days")
	if err := s.vendorBank(); err != nil {
		return err
	}
	s.step("create_bill: splits that do not add up are refused, nothing is stored")
	bill := func(vendorID, number, amount string, splits ...string) string {
		b := `<create_bill><bill>` + tag("vendorId", vendorID) + tag("invoiceNumber", number) + tag("invoiceDate", "11/20/2026") +
			tag("dueDate", "12/20/2026") + tag("amount", amount) + `<billLineItems>`
		for i, a := range splits {
			b += `<billLineItem>` + tag("amount", a) + tag("chartOfAccountId", s.account) + tag("departmentId", s.department)
			if i == 0 {
				b += tag("jobId", s.job)
			}
			b += `</billLineItem>`
		}
		return b + `</billLineItems></bill></create_bill>`
	}
	_, err = s.c.do(bill(s.checkVendor, "INV-1001", "1250.00", "1000.00", "249.99"))
	if err := expect(err, "BDCE051"); err != nil {
		return err
	}
	s.step("create_bill: with splits that do")
	if s.checkBill, err = s.c.do(bill(s.checkVendor, "INV-1001", "1250.00", "1000.00", "250.00")); err != nil {
		return err
	}
	if s.achBill, err = s.c.do(bill(s.achVendor, "B-77", "970.00", "500.00", "469.99", "0.01")); err != nil {
		return err
	}
	if err := s.posted("after both bills"); err != nil {
		return err
	}
	s.step("upload_document: the vendor's invoice as a PDF on the first bill")
	pdf, err := invoicePDF()
	if err != nil {
		return err
	}
	_, err = s.c.do(`<upload_document>` + tag("billId", s.checkBill) + tag("filename", "INV-1001.pdf") +
		tag("document", base64.StdEncoding.EncodeToString(pdf)) + `</upload_document>`)
	return err
}

// invoicePDF makes the vendor's invoice.
func invoicePDF() ([]byte, error) {
	p := fpdf.New("P", "mm", "Letter", "")
	p.SetCreationDate(Begin)
	p.AddPage()
	p.SetFont("Helvetica", "B", 20)
	p.Cell(0, 12, "Harbor Tool Rental")
	p.Ln(14)
	p.SetFont("Helvetica", "", 12)
	for _, line := range []string{"Invoice INV-1001", "20 November 2026", "", "Crane, two weeks      1,000.00", "Slings and shackles      250.00", "Total due 20 December 2026      USD 1,250.00"} {
		p.Cell(0, 8, line)
		p.Ln(8)
	}
	var b bytes.Buffer
	err := p.Output(&b)
	return b.Bytes(), err
}

func (s *story) vendorBank() error {
	err := s.page("/vendors/"+s.achVendor+"/bank-account", url.Values{"routingNumber": {"990000026"}, "accountNumber": {"55501234"},
		"holderName": {"Lodz Rope and Sail"}, "accountType": {fmt.Sprint(vendor.Checking)}, "holderType": {fmt.Sprint(vendor.Business)}})
	s.say("routing 990000026, account ****1234, sealed in the vault")
	return err
}

// page posts a form of the web application and wants to be sent on to a page.
func (s *story) page(path string, form url.Values) error {
	s.say("> POST %s", path)
	resp, err := s.browser.PostForm(s.base+path, form)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("POST %s: %s", path, resp.Status)
	}
	s.say("< %d, on to %s", resp.StatusCode, resp.Header.Get("Location"))
	return nil
}

func (s *story) pay() (err error) {
	s.step("getcurrenttime: the program notes when it last read")
	e, err := s.c.send(fmt.Sprintf(`<getcurrenttime sessionId=%q></getcurrenttime>`, s.c.session))
	if err != nil {
		return err
	}
	s.lastRead = e.text("currentTime")
	pay := func(bill, amount, date string) string {
		return `<pay_bill>` + tag("billId", bill) + tag("amount", amount) + tag("processDate", date) + `</pay_bill>`
	}
	s.step("pay_bill: today is too early, a Saturday is no business day, more than is due is refused")
	for _, x := range []struct{ amount, date, code string }{{"1250.00", "11/23/2026", "BDCE046"}, {"1250.00", "11/28/2026", "BDCE013"}, {"1250.01", "11/25/2026", "BDCE045"}} {
		_, err := s.c.do(pay(s.checkBill, x.amount, x.date))
		if err := expect(err, x.code); err != nil {
			return err
		}
	}
	s.step("pay_bill: both bills, for Wednesday 25 November")
	if _, err = s.c.do(pay(s.checkBill, "1250.00", processDateUS)); err != nil {
		return err
	}
	if s.achPayment, err = s.c.do(pay(s.achBill, "970.00", processDateUS)); err != nil {
		return err
	}
	s.step("get_list: the bills are scheduled (paymentStatus 4)")
	return s.expectStatus("bill", s.checkBill, "4")
}

// expectStatus lists one record and wants that paymentStatus.
func (s *story) expectStatus(object, id, status string) error {
	e, err := s.c.list(object, "id", "=", id)
	if err != nil {
		return err
	}
	if got := e.text("paymentStatus"); got != status {
		return fmt.Errorf("%s %s has paymentStatus %s, expected %s", object, id, got, status)
	}
	return nil
}

func (s *story) release() error {
	s.step("The clock moves to %s, 06:00 Pacific; what is due runs (POST /sandbox/clock, /sandbox/settle)", processDateUS)
	if err := s.advance(civil.MustDate(processDate).At(6, 0, civil.Pacific)); err != nil {
		return err
	}
	if err := s.expectStatus("billpay", s.achPayment, "2"); err != nil {
		return err
	}
	if err := s.posted("after the release: payables are settled, the money is in Money Out Clearing"); err != nil {
		return err
	}
	s.step("What left for the bank")
	dir := filepath.Join(s.app.Dir, "bank", string(s.org))
	return filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.Contains(path, string(filepath.Separator)+"in"+string(filepath.Separator)) {
			return err
		}
		s.say("%s", path)
		if strings.HasSuffix(path, ".pdf") {
			return nil
		}
		raw, err := os.ReadFile(path)
		for _, line := range strings.Split(strings.TrimRight(string(raw), "\r\n"), "\n") {
			s.say("  | %s", strings.TrimRight(line, "\r"))
		}
		return err
	})
}

func (s *story) outcome() error {
	s.step("The clock moves past settlement and clearing, to Mon 7 December 09:00; the bank's answers come in")
	if err := s.advance(civil.MustDate("2026-12-07").At(9, 0, civil.Pacific)); err != nil {
		return err
	}
	in, err := os.ReadDir(filepath.Join(s.app.Dir, "bank", string(s.org), "in"))
	if err != nil {
		return err
	}
	var names []string
	for _, e := range in {
		names = append(names, e.Name())
	}
	sort.Strings(names)
	for _, n := range names {
		s.say("%s", n)
	}
	s.step("get_list: everything changed since the program last read; its session died meanwhile, so it logs in again and repeats")
	for _, object := range []string{"bill", "billpay"} {
		e, err := s.c.list(object, "updatedTime", ">=", s.lastRead)
		if err != nil {
			return err
		}
		for _, r := range e.all(object) {
			s.say("%s %s: paymentStatus %s", object, r.text("id"), r.text("paymentStatus"))
		}
	}
	if err := s.expectStatus("bill", s.checkBill, "0"); err != nil {
		return err
	}
	return s.expectStatus("bill", s.achBill, "0")
}

func (s *story) books() error {
	s.step("The trial balance")
	if err := s.posted("at the end: clearing is back to zero, the bank account has paid"); err != nil {
		return err
	}
	s.step("duebook verify")
	r, err := verify.Store(s.ctx, s.app.DB, s.app.Blobs, s.app.Vault)
	if err != nil {
		return err
	}
	s.say("%d bills, %d payments, %d journal entries, %d documents: %d findings", r.Bills, r.Payments, r.Entries, r.Documents, len(r.Findings))
	if len(r.Findings) > 0 {
		return fmt.Errorf("the store breaks an invariant: %+v", r.Findings[0])
	}
	return nil
}

// posted shows the trial balance.
func (s *story) posted(when string) error {
	var rows []ledger.Balance
	err := s.app.DB.Read(s.ctx, s.caller(), func(tx *db.Tx) (err error) {
		rows, err = ledger.TrialBalance(tx, civil.Date{})
		return err
	})
	if err != nil {
		return err
	}
	s.say("ledger %s:", when)
	var debit, credit int64
	for _, r := range rows {
		s.say("  %-6s %-28s %12s %12s", r.Number, r.Name, figure(r.Debit), figure(r.Credit))
		debit, credit = debit+r.Debit, credit+r.Credit
	}
	s.say("  %-35s %12s %12s", "", figure(debit), figure(credit))
	if debit != credit {
		return errors.New("the trial balance does not balance")
	}
	return nil
}

func figure(minor int64) string {
	if minor == 0 {
		return ""
	}
	return money.FormatMinor(minor, 2)
}

func (s *story) caller() db.Caller {
	return db.Caller{Org: s.org, Perms: org.All, Channel: "command"}
}

func (s *story) write(fn func(*db.Tx) error) error { return s.app.DB.Write(s.ctx, s.caller(), fn) }

// clock sets the sandbox's clock over HTTP.
func (s *story) clock(t time.Time) error {
	body, err := json.Marshal(map[string]time.Time{"now": t})
	if err != nil {
		return err
	}
	return s.post("/sandbox/clock", body)
}

// advance moves the clock and runs what is due.
func (s *story) advance(t time.Time) error {
	if err := s.clock(t); err != nil {
		return err
	}
	return s.post("/sandbox/settle", nil)
}

func (s *story) post(path string, body []byte) error {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %s", path, resp.Status, answer)
	}
	return err
}
