package acceptance

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/bankhost/hosttest"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/server"
)

// The hard cases of 15.5 about what happens between the organisation and its bank.

// paidOn makes a vendor with that bank account, and a payment of a bill of it that leaves on 25 November.
func (h *house) paidOn(name, account, amount string) (vendor, bill, payment string) {
	h.t.Helper()
	vendor = h.ana.vendor(name, account)
	bill = h.ana.bill(vendor, "INV-1", amount, "")
	if h.clock.Now().Before(pacific("2026-11-24", "09:00:00")) {
		h.at(pacific("2026-11-24", "09:00:00"))
	}
	return vendor, bill, h.ana.pay(bill, amount, "2026-11-25")
}

func (h *house) inState(payment, want string) {
	h.t.Helper()
	if got := h.ana.state(payment); got != want {
		h.t.Errorf("the payment is %q, want %q", got, want)
	}
}

// found1 is what the pattern finds in a page.
func found1(t *testing.T, page, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page has nothing like %s:\n%s", pattern, page)
	}
	return m[len(m)-1]
}

func TestE16_BankDataChanged(t *testing.T) {
	each(t, func(h *house) {
		vera := h.hire("vera", "payer")
		v := h.ana.vendor("Harbor Tool Rental", "", record{"email": "old@harbor.example"})
		b := h.ana.bill(v, "1", "100.00", "")
		h.ana.do2("SetApprovers", record{"entity": "Bill", "objectId": b, "approvers": []string{string(h.hire("pia", "approver").id)}})
		(&person{house: h, email: strings.Replace(h.ana.email, "ana", "pia", 1)}).do2("Approve", record{"entity": "Bill", "objectId": b})
		p := h.ana.pay(b, "100.00", "2026-11-25")
		h.ana.account(v, "123451234")
		h.inState(p, "On hold")
		h.fields("Bill", b, "approvalStatus", "3")
		change := found1(h.t, vera.get("/vendors/"+v), `/vendors/`+v+`/changes/(\w+)/approve`)
		h.ana.denied("/vendors/"+v+"/changes/"+change+"/approve", http.StatusConflict)
		h.at(pacific("2026-11-25", "02:00:00"))
		h.inState(p, "On hold")
		if len(h.files("checks", "")) != 0 {
			h.t.Error("a check was made from the old data")
		}
		vera.submit("/vendors/" + v + "/changes/" + change + "/approve")
		vera.submit("/payments/" + p + "/lift-hold")
		h.at(pacific("2026-11-27", "10:00:00"))
		h.inState(p, "On hold") // two business days after the approval, and Thanksgiving lies between
		vera.submit("/payments/" + p + "/lift-hold")
		h.at(pacific("2026-11-30", "02:00:00"))
		h.inState(p, "Sent")
		h.balances("2026-11-30", accMoneyOut, "-100.00", accPayable, "0.00")
	})
}

func TestE17_ReturnedTwice(t *testing.T) {
	each(t, func(h *house) {
		_, b, p := h.paidOn("Harbor Tool Rental", "88880003", "100.00")
		h.at(newYork("2026-12-01", "08:00:00"))
		h.status(p, "4")
		returns := h.file("in", h.only("in", "-returns.ach"))
		if !strings.Contains(returns, "A094101") {
			h.t.Fatalf("no file id in\n%s", returns)
		}
		h.put("20261201T140000Z-returns.ach", returns)
		h.put("20261201T150000Z-returns.ach", strings.Replace(returns, "A094101", "B094101", 1))
		h.at(newYork("2026-12-01", "12:00:00"))
		h.status(p, "4")
		h.balances("2026-12-01", accMoneyOut, "100.00", accPayable, "-100.00", accBank, "49900.00")
		h.fields("Bill", b, "dueAmount", "100.00", "paymentStatus", "1")
		h.at(newYork("2026-12-02", "06:00:00"))
		h.balances("2026-12-02", accMoneyOut, "0.00", accBank, "50000.00")
	})
}

func TestE18_ReturnAfterReissue(t *testing.T) {
	each(t, func(h *house) {
		_, b, p := h.paidOn("Recalled", "5551234", "100.00")
		h.at(pacific("2026-11-25", "10:00:00"))
		h.ana.do2("VoidAPPayment", record{"sentPayId": p, "voidRequestType": "2", "reason": "duplicate"})
		h.at(newYork("2026-12-01", "08:00:00"))
		h.inState(p, "Voided")
		var next string
		for _, m := range regexp.MustCompile(`/payments/(stp\w+)"`).FindAllStringSubmatch(h.ana.get("/bills/"+b), -1) { // generation 2 shows both as one
			if m[1] != p {
				next = m[1]
			}
		}
		returns := h.file("in", h.only("in", "-returns.ach"))
		trace := strings.Split(returns, "\n")[2][79:94]
		h.put("20261201T160000Z-returns.ach", strings.NewReplacer("799R06", "799R03", trace+"\n", trace[:8]+"7654321\n").Replace(returns))
		h.at(newYork("2026-12-01", "12:00:00"))
		h.inState(p, "Voided")
		h.at(newYork("2026-12-10", "18:00:00"))
		h.inState(p, "Voided")
		h.inState(next, "Cleared")
		h.balances("2026-12-10", accBank, "49900.00", accMoneyOut, "0.00", accPayable, "0.00")
		h.fields("Bill", b, "paidAmount", "100.00", "paymentStatus", "0")
	})
}

func TestE19_CorrectionOfAReplacedAccount(t *testing.T) {
	each(t, func(h *house) {
		v, _, p := h.paidOn("Harbor Tool Rental", "5550103", "100.00")
		h.at(pacific("2026-11-25", "10:00:00"))
		for _, a := range h.ana.all("VendorBankAccount", [3]string{"vendorId", "=", v}) {
			h.ana.do2("Crud/Delete/VendorBankAccount", record{"id": a.str("id")})
		}
		next := h.ana.account(v, "5559876")
		before := h.ana.read("VendorBankAccount", next)
		h.at(newYork("2026-12-01", "09:00:00"))
		if names := h.files("in", ".ach"); len(names) == 0 || !strings.Contains(h.file("in", names[len(names)-1]), "798C03") {
			h.t.Fatalf("no correction came: %v", names)
		}
		h.at(newYork("2026-12-02", "12:00:00"))
		after := h.ana.read("VendorBankAccount", next)
		for _, member := range []string{"accountNumber", "routingNumber", "status", "isActive"} {
			if before.str(member) != after.str(member) {
				h.t.Errorf("%s of the new account was %q and is %q", member, before.str(member), after.str(member))
			}
		}
		h.inState(p, "Cleared")
	})
}

func TestE20_VoidCheckPresented(t *testing.T) {
	each(t, func(h *house) {
		_, _, lost := h.paidOn("Lost SIM-D4", "", "100.00")
		h.at(pacific("2026-11-25", "09:00:00"))
		h.ana.do2("VoidAPPayment", record{"sentPayId": lost, "voidRequestType": "2", "reason": "lost"})
		h.at(newYork("2026-12-02", "08:00:00"))
		page := h.ana.get("/checks/exceptions")
		if !strings.Contains(page, "10001") || !strings.Contains(page, "void") {
			h.t.Errorf("the bank asks about something else:\n%s", page)
		}
		h.balances("2026-12-02", accBank, "50000.00", accMoneyOut, "-100.00", accPayable, "0.00")
		h.ana.submit(found1(h.t, page, `action="(/checks/exceptions/[^"]+)"`), "decision", "return")
		h.at(newYork("2026-12-03", "12:00:00"))
		var told []string
		for _, n := range h.files("out", "-decisions.csv") {
			told = append(told, strings.Split(h.file("out", n), "\r\n")[1])
		}
		if len(told) != 1 || !strings.Contains(told[0], "10001") || !strings.HasSuffix(told[0], "return") {
			h.t.Errorf("the bank was told %q", told)
		}
		h.inState(lost, "Voided")
		h.at(newYork("2026-12-10", "12:00:00")) // the second one is paid
		h.balances("2026-12-10", accBank, "49900.00", accMoneyOut, "0.00", accPayable, "0.00")
	})
}

func TestE21_StaleCheck(t *testing.T) {
	each(t, func(h *house) {
		_, b, p := h.paidOn("Sleepy SIM-NEVER", "", "1250.00")
		h.at(pacific("2027-02-23", "23:59:59")) // day 90 after 25 November
		h.inState(p, "Sent")
		h.fields("Bill", b, "paidAmount", "1250.00")
		h.at(pacific("2027-02-24", "00:01:00"))
		h.inState(p, "Voided")
		h.fields("Bill", b, "paidAmount", "", "dueAmount", "1250.00", "paymentStatus", "1")
		h.balances("2027-02-24", accMoneyOut, "0.00", accPayable, "-1250.00", accBank, "50000.00")
		h.at(pacific("2027-02-24", "09:00:00"))
		var marks []string
		for _, n := range h.files("out", "-positivepay.csv") {
			for _, l := range strings.Split(strings.TrimSpace(h.file("out", n)), "\r\n")[1:] {
				marks = append(marks, l[len(l)-1:])
			}
		}
		if strings.Join(marks, "") != "IV" {
			h.t.Errorf("the bank was told %v", marks)
		}
	})
}

func TestE22_AnotherAmount(t *testing.T) {
	each(t, func(h *house) {
		_, _, p := h.paidOn("Sleepy SIM-NEVER", "", "1250.00")
		h.at(pacific("2026-11-25", "10:00:00"))
		var st strings.Builder
		err := bai2.Write(&st, bai2.File{Sender: "990000013", Receiver: "1000007777", Created: newYork("2026-11-27", "06:00:00").UTC(), FileID: "1",
			Groups: []bai2.Group{{Originator: "990000013", AsOf: civil.MustDate("2026-11-25"), Accounts: []bai2.Account{{Number: "1000007777", Currency: "USD",
				Opening: 5_000_000, Closing: 4_874_999, Lines: []bai2.Line{{Type: bai2.CheckPaid, Amount: 125_001, CustomerRef: "10001"}}}}}}})
		if err != nil {
			h.t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(h.app.Dir, "bank", string(h.org), "in"), 0o700); err != nil {
			h.t.Fatal(err)
		}
		h.put("20261127T110000Z-statement.bai", st.String())
		h.at(newYork("2026-11-27", "07:00:00"))
		h.inState(p, "Sent")
		h.balances("2026-11-27", accBank, "50000.00", accMoneyOut, "-1250.00")
		if page := h.ana.get("/settings/bank-accounts/" + string(h.bank) + "/statements"); !strings.Contains(page, "1,250.01") {
			h.t.Errorf("the line does not wait for a person:\n%s", page)
		}
		if page := h.ana.get("/checks/exceptions"); !strings.Contains(page, "1,250.01") {
			h.t.Errorf("it is no exception:\n%s", page)
		}
	})
}

// E23: of two servers on one SQLite store the second exits; on PostgreSQL both run and one of them releases.
func TestE23_ReleasedTwice(t *testing.T) {
	each(t, func(h *house) {
		var all []string
		paper, wire := h.ana.vendor("Paper", ""), h.ana.vendor("Wire", "5551234")
		h.at(pacific("2026-11-24", "09:00:00"))
		for _, n := range []string{"1", "2", "3"} {
			all = append(all, h.ana.pay(h.ana.bill(paper, n, "1.00", ""), "1.00", "2026-11-25"), h.ana.pay(h.ana.bill(wire, n, "2.00", ""), "2.00", "2026-11-25"))
		}
		ctx := context.Background()
		app, err := server.Open(ctx, h.config)
		if err != nil {
			h.t.Fatal(err)
		}
		second, err := app.Start(ctx)
		if h.config.DB == "" {
			if !errors.Is(err, server.ErrServed) {
				h.t.Fatalf("a second server: %v", err)
			}
			_ = app.Close()
			h.at(pacific("2026-11-25", "01:30:00"))
		} else {
			if err != nil {
				h.t.Fatal(err)
			}
			defer func() { _ = second.Stop() }()
			other := *h
			other.base = second.URL()
			h.clock.Set(pacific("2026-11-25", "01:30:00"))
			var both sync.WaitGroup
			for _, x := range []*house{h, &other, h, &other} {
				both.Go(func() { x.at(pacific("2026-11-25", "01:30:00")) })
			}
			both.Wait()
		}
		for _, p := range all {
			h.inState(p, "Sent")
		}
		if out, sheets := h.files("out", ".ach"), h.files("checks", ".pdf"); len(out) != 2 || len(sheets) != 1 { // with the test entry
			h.t.Errorf("files %v and %v", out, sheets)
		}
		pays := h.file("out", h.only("out", "-positivepay.csv"))
		if strings.Count(pays, ",I\r\n") != 3 || !strings.Contains(pays, ",10001,") || !strings.Contains(pays, ",10003,") {
			h.t.Errorf("checks:\n%s", pays)
		}
		h.balances("2026-11-25", accMoneyOut, "-9.00", accPayable, "0.00")
	})
}

func TestE24_HostDown(t *testing.T) {
	each(t, func(h *house) {
		h.hostDown(pacific("2026-11-25", "09:00:00"), "2026-11-27")
		if page := h.ana.get("/bank-tasks"); strings.Contains(page, "too late") {
			h.t.Errorf("somebody is told:\n%s", page)
		}
	})
}

// E24 where the last window of the effective date was missed: the payments arrive on the next banking day, and people are told.
func TestE24_HostDownTooLong(t *testing.T) {
	each(t, func(h *house) {
		h.hostDown(newYork("2026-11-27", "16:46:00"), "2026-11-30")
		if page := h.ana.get("/bank-tasks"); !strings.Contains(page, "too late for 2026-11-27: its payments arrive on 2026-11-30") {
			h.t.Errorf("nobody is told:\n%s", page)
		}
	})
}

// hostDown has a file wait for the bank's host until that time. Its payments arrive on that day; the bytes stay.
func (h *house) hostDown(until time.Time, arrives string) {
	h.t.Helper()
	b := hosttest.Start(h.t)
	host, err := h.app.Engine.SetHost(context.Background(), db.Caller{Org: h.org, Perms: org.All, Channel: "command"}, b.Settings)
	if err != nil {
		h.t.Fatal(err)
	}
	b.Admit(host.PublicKey)
	_, _, p := h.paidOn("Harbor Tool Rental", "5551234", "970.00")
	there := func() []string {
		all, err := filepath.Glob(filepath.Join(b.Out, "*.ach"))
		if err != nil {
			h.t.Fatal(err)
		}
		return all
	}
	b.Shut()
	h.at(pacific("2026-11-25", "01:00:00"))
	h.inState(p, "Released")
	h.at(until.Add(-time.Minute))
	h.inState(p, "Released")
	if len(there()) != 1 { // the test entry
		h.t.Errorf("the bank has %v", there())
	}
	b.Open()
	for range 2 {
		h.at(h.clock.Now().Add(6 * time.Minute))
	}
	h.inState(p, "Sent")
	if len(there()) != 2 {
		h.t.Fatalf("the bank has %v", there())
	}
	content, err := os.ReadFile(there()[1])
	if err != nil {
		h.t.Fatal(err)
	}
	if _, entries := h.nacha(string(content)); len(entries) != 1 || entries[0].Batch.Effective != civil.MustDate("2026-11-27") || entries[0].Amount != 97000 {
		h.t.Errorf("entries %+v", entries)
	}
	if got := h.ana.do2("GetDisbursementData", record{"sentPayId": p}).record()["achData"].(map[string]any)["depositDate"]; got != arrives {
		h.t.Errorf("the deposit is expected on %v, want %s", got, arrives)
	}
}

// E25: the bank knows the company id that the file does not have, and so refuses its form.
func TestE25_RejectedForItsForm(t *testing.T) {
	each(t, func(h *house) {
		company := func(id string) {
			h.write(func(tx *db.Tx) error {
				tx.ExecOne(`UPDATE bank_accounts SET company_id = $3 WHERE org_id = $1 AND id = $2`, string(h.org), string(h.bank), id)
				return nil
			})
		}
		_, b, p := h.paidOn("Patient", "5551234", "30.00")
		company("1MISTYPED0")
		h.at(pacific("2026-11-25", "02:00:00"))
		h.inState(p, "Released")
		h.fields("Bill", b, "paidAmount", "30.00", "paymentStatus", "0")
		h.balances("2026-11-25", accMoneyOut, "-30.00", accPayable, "0.00")
		company("")
		page := h.ana.get("/bank-tasks")
		h.ana.submit(found1(h.t, page, `formaction="(/bank-tasks/\d+/write)"`))
		h.at(pacific("2026-11-25", "11:00:00"))
		h.inState(p, "Sent")
		files := h.files("out", ".ach")
		if len(files) != 3 { // the test entry, the rejected file, the new one
			h.t.Fatalf("files %v", files)
		}
		_, old := h.nacha(h.file("out", files[1]))
		_, now := h.nacha(h.file("out", files[2]))
		if len(old) != 1 || len(now) != 1 || old[0].Amount != now[0].Amount || old[0].Trace == now[0].Trace || now[0].Account != "5551234" {
			h.t.Errorf("entries %+v and %+v", old, now)
		}
		h.at(newYork("2026-12-02", "12:00:00"))
		h.inState(p, "Cleared")
		h.balances("2026-12-02", accBank, "49970.00", accMoneyOut, "0.00", accPayable, "0.00")
	})
}

func TestE30_ReturnIntoAClosedMonth(t *testing.T) {
	from(t, pacific("2026-11-16", "09:00:00"), func(h *house) {
		v := h.ana.vendor("Returned", "5550003")
		h.at(pacific("2026-11-20", "09:00:00"))
		b := h.ana.bill(v, "1", "500.00", "")
		p := h.ana.pay(b, "500.00", "2026-11-24")
		h.at(pacific("2026-11-30", "00:30:00"))
		before := h.ana.report("ap-ageing", "as-of", "2026-11-30")
		h.write(func(tx *db.Tx) error { ledger.ClosePeriod(tx, "2026-11"); return nil }) // closing has no door yet
		h.at(pacific("2026-12-02", "12:00:00"))
		h.status(p, "4")
		h.balances("2026-11-30", accPayable, "0.00")
		h.balances("2026-12-01", accPayable, "-500.00")
		if after := h.ana.report("ap-ageing", "as-of", "2026-11-30"); len(before) != len(after) {
			h.t.Errorf("the ageing of 30 November was %v and is %v", before, after)
		}
		h.ageing("2026-12-01", "500.00")
		var original string
		err := h.app.DB.Read(context.Background(), db.Caller{Org: h.org, Perms: org.All, Channel: "command"}, func(tx *db.Tx) error {
			return tx.Row(`SELECT original_date FROM journal_entries WHERE org_id = $1 AND event = $2`, string(h.org), int64(ledger.PaymentReturned)).Scan(&original)
		})
		if err != nil || original != "2026-11-30" {
			h.t.Errorf("the return keeps the date %q, %v", original, err)
		}
	})
}
