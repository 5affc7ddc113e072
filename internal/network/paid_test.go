package network_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/banksim"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/document"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/sending"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/verify"
)

// pair is a payer and a payee that are linked: books, funding accounts, and the payer's engine and bank.
type pair struct {
	*house
	payee          *house
	vault          *secret.Vault
	engine         *payment.Engine
	sim            *banksim.Sim
	vendor         ids.ID // of the payer
	customer       ids.ID // of the payee
	spare, account ids.ID // of the payee: its default account, and the one it chose
	dir            string
}

func newPair(t *testing.T, s *dbtest.Store, number string) *pair {
	t.Helper()
	vault, err := secret.CreateVault(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{house: found(t, s, "Acme", true), payee: found(t, s, "Harbor", true), vault: vault, dir: t.TempDir()}
	fund := func(h *house, number string) (id ids.ID) {
		sealed, err := bank.Seal(vault, h.who.Org, number)
		if err != nil {
			t.Fatal(err)
		}
		sealed.Name, sealed.BankName, sealed.Routing, sealed.Verified = "Operating "+number, "Sandbox Bank", "990000013", true
		h.do(func(tx *db.Tx) (err error) { id, err = bank.Add(tx, sealed); return err })
		return id
	}
	for _, h := range []*house{p.house, p.payee} {
		h.do(func(tx *db.Tx) error { dimension.SetUp(tx); return nil })
	}
	fund(p.house, "000117777")
	p.spare, p.account = fund(p.payee, "000220000"), fund(p.payee, number)
	var company string
	p.do(func(tx *db.Tx) error {
		o, err := org.Load(tx)
		company = o.ACHID
		return err
	})
	p.vendor, p.customer = p.house.vendor("Harbor Supplies"), p.payee.customer("Acme Inc")
	if _, err := p.invite(p.vendor); err != nil {
		t.Fatal(err)
	}
	_, code := p.mails()
	if err := network.Accept(ctx, s.DB, p.payee.who, network.Answer{Code: code, RecordID: p.customer, Account: p.account}); err != nil {
		t.Fatal(err)
	}
	p.engine = payment.NewEngine(s.DB, vault, p.dir, slog.New(slog.DiscardHandler))
	p.sim = banksim.New(filepath.Join(p.dir, string(p.who.Org)), []banksim.Account{{CompanyID: company, Routing: "990000013",
		Number: "000117777", Opening: 5_000_000, Since: civil.MustDate("2026-11-01")}})
	return p
}

// invoice makes the payee's invoice, and the payer's bill with its number.
func (p *pair) invoice(number, amount string, minor int64) (theirs, ours ids.ID) {
	l := invoice.Lines.New().(*invoice.Line)
	l.Price = money.MustDecimal(amount)
	i := invoice.Invoices.New().(*invoice.Invoice)
	i.CustomerID, i.InvoiceNumber, i.Lines = p.customer, number, []*invoice.Line{l}
	i.InvoiceDate, i.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
	p.payee.do(func(tx *db.Tx) error { return invoice.Create(tx, i) })
	b := bill.Bills.New().(*bill.Bill)
	b.VendorID, b.InvoiceNumber, b.Amount, b.InvoiceDate, b.DueDate = p.vendor, number, minor, i.InvoiceDate, i.DueDate
	p.do(func(tx *db.Tx) error { return bill.Create(tx, b) })
	return i.ID, b.ID
}

func (p *pair) pay(b ids.ID, amount int64, day string) (id ids.ID) {
	p.t.Helper()
	p.do(func(tx *db.Tx) error {
		part, err := payment.Pay(tx, payment.Request{BillID: b, Amount: amount, ProcessDate: civil.MustDate(day)})
		if err == nil {
			id = part.PaymentID
		}
		return err
	})
	return id
}

// tell does the work that waits.
func (p *pair) tell() {
	p.t.Helper()
	run := job.New(p.s.DB, map[string]job.Handler{payment.NetworkKind: network.Paid(p.s.DB)}, slog.Default())
	if err := run.Due(ctx, p.s.Clock.Now()); err != nil {
		p.t.Fatal(err)
	}
}

// until lets engine and bank work up to an instant, and tells the payee after each step.
func (p *pair) until(day string) {
	p.t.Helper()
	last, now := civil.MustDate(day).At(6, 0, civil.NewYork), p.s.Clock.Now()
	for range 1000 {
		due, ok := p.engine.Due(ctx, p.who.Org, now)
		if at, answers := p.sim.NextDue(now); answers && (!ok || at.Before(due)) {
			due, ok = at, true
		}
		if !ok || due.After(last) {
			p.s.Clock.Set(last)
			return
		}
		now = due
		p.s.Clock.Set(now)
		if _, err := p.sim.Run(now); err != nil {
			p.t.Fatal(err)
		}
		if err := p.engine.Step(ctx, p.who.Org, now); err != nil {
			p.t.Fatal(err)
		}
		p.tell()
	}
	p.t.Fatal("what is due does not come to an end")
}

// receipt is the payee's of a payment.
func (p *pair) receipt(id ids.ID) (r *receipt.Receipt) {
	p.t.Helper()
	p.payee.do(func(tx *db.Tx) (err error) { r, err = receipt.OfPeer(tx, p.who.Org, id); return err })
	return r
}

// books are the payee's: open on its customer, and what has come to the chosen account.
func (p *pair) books() (open, cash int64) {
	p.t.Helper()
	p.payee.do(func(tx *db.Tx) (err error) {
		if open, err = ledger.RoleBalance(tx, ledger.AR); err != nil {
			return err
		}
		a, err := bank.Accounts.Load(tx, p.account)
		if err != nil {
			return err
		}
		return tx.Row(`SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM postings WHERE org_id = $1 AND account_id = $2`, string(tx.Org()),
			string(a.LedgerAccountID)).Scan(&cash)
	})
	return open, cash
}

// sent are the bytes of a file as it lies with the bank.
func (p *pair) sent(file string) string {
	p.t.Helper()
	found, err := filepath.Glob(filepath.Join(p.dir, string(p.who.Org), "out", "*"+file+"*"))
	if err != nil || len(found) != 1 {
		p.t.Fatalf("files %v, %v", found, err)
	}
	content, err := os.ReadFile(found[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return string(content)
}

func (p *pair) verified() {
	p.t.Helper()
	blobs, err := blob.New(p.t.TempDir(), p.vault)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := verify.Store(ctx, p.s.DB, blobs, p.vault)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range r.Findings {
		p.t.Errorf("verify: %s %s %s", f.Org, f.Rule, f.Detail)
	}
}

func TestNET3_PaymentArrives(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		p := newPair(t, s, "000334455")
		theirs, ours := p.invoice("H-1", "125.00", 125_00)
		var plan payment.Plan
		p.do(func(tx *db.Tx) error {
			b, err := bill.Bills.Load(tx, ours)
			if err != nil {
				return err
			}
			plan, err = payment.PlanFor(tx, b)
			return err
		})
		if plan.Rail != payment.ACH || plan.AccountTail != "" {
			t.Errorf("NET-4: the plan is %+v", plan)
		}
		id := p.pay(ours, 100_00, "2026-11-25")
		p.tell()
		r := p.receipt(id)
		if r.Status != receipt.StatusScheduled || r.PaymentDate != civil.MustDate("2026-11-25") || r.Amount != 100_00 || r.CustomerID != p.customer ||
			r.PayToBankAccountID != p.account || len(r.Pays) != 1 || r.Pays[0].InvoiceID != theirs || r.Pays[0].Amount != 100_00 || r.UnappliedAmount != 0 {
			t.Errorf("NET-3: scheduled, the receipt is %+v", r)
		}
		if open, cash := p.books(); open != 125_00 || cash != 0 {
			t.Errorf("before it settles: open %d, cash %d", open, cash)
		}
		if err := p.payee.try(func(tx *db.Tx) error { _, err := receipt.Void(tx, r.ID); return err }); err == nil {
			t.Error("the payee could void what the payer scheduled")
		}
		again := network.Paid(s.DB) // a crash before the work was ended: it runs once more
		if err := again(ctx, job.Item{Org: p.who.Org, Kind: payment.NetworkKind, Key: string(id)}, s.Clock.Now()); err == nil {
			t.Error("work without a claim was ended")
		}
		p.until("2026-12-04")
		if r = p.receipt(id); r.Status != receipt.StatusPaid || r.State != receipt.Credited {
			t.Errorf("NET-3: settled, the receipt is %+v", r)
		}
		if open, cash := p.books(); open != 25_00 || cash != 100_00 {
			t.Errorf("settled: open %d, cash %d", open, cash)
		}
		var tail string
		p.do(func(tx *db.Tx) error {
			m, err := payment.Payments.Load(tx, id)
			if err != nil || m.PeerID != p.payee.who.Org || m.State != payment.Cleared {
				t.Errorf("the payment is %+v, %v", m, err)
			}
			d, err := payment.Detail(tx, m.ID)
			if err == nil {
				tail = d.Disbursement.AccountTail
			}
			return err
		})
		if tail != "" {
			t.Errorf("NET-4: the payer sees %q of the payee's account", tail)
		}
		p.verified()

		// What went to the payee and is not its payer's: the tie breaks, and verify says so.
		p.do(func(tx *db.Tx) error {
			tx.Exec(`UPDATE payments SET peer_id = $1 WHERE id = $2`, string(p.who.Org), string(id))
			return nil
		})
		found := false
		blobs, err := blob.New(t.TempDir(), p.vault)
		if err != nil {
			t.Fatal(err)
		}
		res, err := verify.Store(ctx, s.DB, blobs, p.vault)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range res.Findings {
			found = found || f.Rule == "NET-3"
		}
		if !found {
			t.Error("verify does not miss the receipt")
		}
	})
}

// TestNET3_PaymentFails: one payment is cancelled, one comes back after it had settled, and one waits when the link ends.
func TestNET3_PaymentFails(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		p := newPair(t, s, "000330003") // R03
		_, first := p.invoice("H-1", "10.00", 10_00)
		_, second := p.invoice("H-2", "20.00", 20_00)
		_, third := p.invoice("H-3", "40.00", 40_00)
		canceled, failed, late := p.pay(first, 10_00, "2026-11-30"), p.pay(second, 20_00, "2026-11-25"), p.pay(third, 40_00, "2026-12-14")
		p.tell()
		p.do(func(tx *db.Tx) error { return payment.Cancel(tx, canceled) })
		p.tell()
		if r := p.receipt(canceled); r.Status != receipt.StatusCanceled {
			t.Errorf("cancelled: %+v", r)
		}
		p.until("2026-12-01") // it has settled, its return is on the way
		if r := p.receipt(failed); r.Status != receipt.StatusPaid {
			t.Errorf("settled: %+v", r)
		}
		p.until("2026-12-02")
		if r := p.receipt(failed); r.Status != receipt.StatusVoid || r.ReasonCode != "R03" {
			t.Errorf("returned: %+v", r)
		}
		p.do(func(tx *db.Tx) error {
			var kept string
			err := tx.Row(`SELECT payee FROM disbursements WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), string(failed)).Scan(&kept)
			if strings.Contains(kept, "990000013") || strings.Contains(kept, "0003") {
				t.Errorf("NET-4: the payer keeps %s", kept)
			}
			return err
		})
		if open, cash := p.books(); open != 70_00 || cash != 0 {
			t.Errorf("returned: open %d, cash %d", open, cash)
		}
		p.do(func(tx *db.Tx) error { return network.Unlink(tx, p.vendor) })
		p.until("2026-12-15")
		p.do(func(tx *db.Tx) error {
			m, err := payment.Payments.Load(tx, late)
			if err == nil && (m.State != payment.OnHold || m.HoldReason != "The vendor is no longer linked.") {
				t.Errorf("NET-2: a payment of an ended link is %s %q", m.State, m.HoldReason)
			}
			return err
		})
		p.do(func(tx *db.Tx) error { return payment.Cancel(tx, late) })
		p.tell()
		if r := p.receipt(late); r.Status != receipt.StatusCanceled {
			t.Errorf("cancelled after the link: %+v", r)
		}
		p.verified()
	})
}

// NET-2: a payer whose customer was set inactive gets one new customer, not one for each payment.
func TestNET2_InactiveCustomer(t *testing.T) {
	t.Parallel()
	p := newPair(t, dbtest.SQLite(t), "000334455")
	var bills [2]ids.ID
	for i := range bills { // of which the payee knows no invoices
		b := bill.Bills.New().(*bill.Bill)
		b.VendorID, b.InvoiceNumber, b.Amount, b.InvoiceDate, b.DueDate = p.vendor, string(rune('A'+i)), 10_00, civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
		p.do(func(tx *db.Tx) error { return bill.Create(tx, b) })
		bills[i] = b.ID
	}
	p.payee.do(func(tx *db.Tx) error {
		c, err := customer.Customers.LoadForUpdate(tx, p.customer)
		if err != nil {
			return err
		}
		after := *c
		after.Active = record.Inactive
		return customer.Update(tx, c, &after)
	})
	a, b := p.pay(bills[0], 10_00, "2026-11-30"), p.pay(bills[1], 10_00, "2026-12-01")
	p.tell()
	if x, y := p.receipt(a), p.receipt(b); x.CustomerID != y.CustomerID || x.CustomerID == p.customer {
		t.Errorf("receipts of %s and %s, of %s before", x.CustomerID, y.CustomerID, p.customer)
	}
	p.do(func(tx *db.Tx) error { return payment.Cancel(tx, a) })
	p.tell()
	if r := p.receipt(a); r.ReasonText != "The payer cancelled the payment." {
		t.Errorf("the payee is told %q", r.ReasonText)
	}
}

// NET-5: a large biller whose account stands in the directory is paid by ACH, with our number in the entry; nothing of its
// account is kept here. One without is paid by check.
func TestNET5_BillerByACH(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		p := newPair(t, s, "000334455")
		gas, err := network.Listed{Name: "Pacific Gas", Address1: "Box 1", City: "Sacramento", Region: "CA", Zip: "95899", Country: "USA"}.
			WithAccount(p.vault, "990000013", "77001002")
		if err != nil {
			t.Fatal(err)
		}
		wrong := gas
		wrong.Name, wrong.Routing = "Wrong Gas", "021000021"
		water := network.Listed{Name: "Bay Water", Address1: "Box 2", City: "Oakland", Region: "CA", Zip: "94601", Country: "USA"}
		billers := map[string]ids.ID{}
		err = s.Write(ctx, db.Caller{Channel: "command"}, func(tx *db.Tx) error {
			if _, err := network.AddListed(tx, wrong); !errors.Is(err, fault.ErrValue) {
				t.Errorf("SIM-1: %v", err)
			}
			for _, l := range []network.Listed{gas, water} {
				id, err := network.AddListed(tx, l)
				if err != nil {
					return err
				}
				billers[l.Name] = id
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		paid := map[string]*payment.Payment{}
		for name, biller := range billers {
			v := p.house.vendor(name)
			p.do(func(tx *db.Tx) error {
				before, err := vendor.Vendors.LoadForUpdate(tx, v)
				if err != nil {
					return err
				}
				after := *before
				after.AccountNumber = "CUST-4711"
				if err := vendor.Update(tx, before, &after); err != nil {
					return err
				}
				return network.Link(tx, v, biller)
			})
			b := bill.Bills.New().(*bill.Bill)
			b.VendorID, b.InvoiceNumber, b.Amount = v, "1", 50_00
			b.InvoiceDate, b.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
			p.do(func(tx *db.Tx) error { return bill.Create(tx, b) })
			id := p.pay(b.ID, 50_00, "2026-11-25")
			p.do(func(tx *db.Tx) (err error) { paid[name], err = payment.Payments.Load(tx, id); return err })
		}
		if x, y := paid["Pacific Gas"], paid["Bay Water"]; x.Rail != payment.ACH || x.PaymentType != 1 || y.Rail != payment.Check || y.PaymentType != 0 {
			t.Errorf("paid by %s (%d) and %s (%d)", x.Rail, x.PaymentType, y.Rail, y.PaymentType)
		}
		p.until("2026-11-27")
		var file, kept string
		p.do(func(tx *db.Tx) error {
			return tx.Row(`SELECT f.id, d.payee FROM disbursements d JOIN bank_files f ON f.org_id = d.org_id AND f.batch_id = d.batch_id
				WHERE d.org_id = $1 AND d.payment_id = $2`, string(tx.Org()), string(paid["Pacific Gas"].ID)).Scan(&file, &kept)
		})
		if strings.Contains(kept, "990000013") || strings.Contains(kept, "1002") || !strings.Contains(kept, "CUST-4711") {
			t.Errorf("NET-5: the payer keeps %s", kept)
		}
		content := p.sent(file)
		if !strings.Contains(content, "62299000001377001002         0000005000CUST-4711      PACIFIC GAS") {
			t.Errorf("NET-5: the entry is not in\n%s", content)
		}
		p.verified()
	})
}

// TestNET3_EBill: an invoice that is sent to a linked customer is a bill of the payer, once, and its payment finds it; also
// where the payer has closed the month, and has a bill whose number differs in punctuation only.
func TestNET3_EBill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		p := newPair(t, s, "000334455")
		i := invoice.Invoices.New().(*invoice.Invoice)
		for _, x := range []struct{ what, price string }{{"Rope", "80.00"}, {"Tar", "20.50"}} {
			l := invoice.Lines.New().(*invoice.Line)
			l.Description, l.Price = x.what, money.MustDecimal(x.price)
			i.Lines = append(i.Lines, l)
		}
		i.CustomerID, i.InvoiceNumber = p.customer, "H-77"
		i.InvoiceDate, i.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
		p.payee.do(func(tx *db.Tx) error { return invoice.Create(tx, i) })
		b := bill.Bills.New().(*bill.Bill)
		b.VendorID, b.InvoiceNumber, b.Amount, b.InvoiceDate, b.DueDate = p.vendor, "H77", 1, i.InvoiceDate, i.DueDate
		p.do(func(tx *db.Tx) error {
			if err := bill.Create(tx, b); err != nil {
				return err
			}
			ledger.ClosePeriod(tx, "2026-11")
			return nil
		})
		typed := b.ID
		desk := sending.Desk{Vault: p.vault, PublicURL: "https://due.example"}
		blobs, err := blob.New(t.TempDir(), p.vault)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // sent again, it is the same bill
			p.payee.do(func(tx *db.Tx) error {
				return desk.Send(tx, sending.Message{Invoice: i.ID, To: []string{"ap@acme.example"}})
			})
			run := job.New(s.DB, map[string]job.Handler{sending.NetworkKind: network.Bills(s.DB, desk, blobs)}, slog.Default())
			if err := run.Due(ctx, s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
		var all []*bill.Bill
		p.do(func(tx *db.Tx) error {
			return bill.Bills.List(tx, record.Query{}, func(b *bill.Bill) error {
				if b.ID != typed {
					all = append(all, b)
				}
				return nil
			})
		})
		if len(all) != 1 {
			t.Fatalf("%d bills, want 1", len(all))
		}
		p.do(func(tx *db.Tx) error {
			if b, err = bill.Bills.Load(tx, all[0].ID); err != nil {
				return err
			}
			docs, err := document.ForRecord(tx, b.ID)
			if len(docs) != 1 || docs[0].FileName != "Invoice-H-77.pdf" || docs[0].MediaType != "application/pdf" || docs[0].Source != network.Channel {
				t.Errorf("documents %+v", docs)
			}
			return err
		})
		if b.VendorID != p.vendor || b.InvoiceNumber != "H-77" || b.Amount != 100_50 || b.Channel != network.Channel || b.DueDate != i.DueDate || b.GLPostingDate.String() != "2026-12-01" ||
			len(b.Lines) != 2 || b.Lines[0].Description != "Rope" || b.Lines[0].Amount != 80_00 || b.Lines[1].Amount != 20_50 || !b.Lines[0].ChartOfAccountID.IsNull() {
			t.Errorf("the bill is %+v with %+v", b, b.Lines)
		}
		id := p.pay(b.ID, 100_50, "2026-11-25")
		p.tell()
		if r := p.receipt(id); len(r.Pays) != 1 || r.Pays[0].InvoiceID != i.ID || r.Pays[0].Amount != 100_50 {
			t.Errorf("the payment goes to %+v", r.Pays)
		}
	})
}

// VEN-6, SEC-5: linking a vendor that is about to be paid sends its money elsewhere, so another person of the payer's than who
// invited it has to approve that; what waits to be paid is held. An invitation is accepted for one record only.
func TestVEN6_LinkOfPaidVendor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		p := newPair(t, s, "000331111")
		bo := p.who
		p.do(func(tx *db.Tx) (err error) {
			if bo.User, err = org.AddUser(tx, "bo@x.example", "Bo", "-"); err != nil {
				return err
			}
			return org.SetMembership(tx, bo.User, org.Administrator, true)
		})
		v := p.house.vendor("Paid by check")
		b := bill.Bills.New().(*bill.Bill)
		b.VendorID, b.InvoiceNumber, b.Amount = v, "77", 5_000
		b.InvoiceDate, b.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
		p.do(func(tx *db.Tx) error { return bill.Create(tx, b) })
		paid := p.pay(b.ID, 5_000, "2026-11-30")
		if _, err := p.invite(v); err != nil {
			t.Fatal(err)
		}
		_, code := p.mails()
		if err := network.Accept(ctx, s.DB, p.payee.who, network.Answer{Code: code, RecordID: p.customer}); err != nil {
			t.Fatal(err)
		}
		wants(t, "for another customer", network.Accept(ctx, s.DB, p.payee.who, network.Answer{Code: code, RecordID: p.payee.customer("Other")}), network.ErrOver)
		var changes []vendor.Change
		p.do(func(tx *db.Tx) (err error) {
			if changes, err = vendor.Changes(tx, v); err != nil {
				return err
			}
			got, err := payment.Payments.Load(tx, paid)
			if err == nil && got.State != payment.OnHold {
				t.Errorf("what waited is %s", got.State)
			}
			return err
		})
		if len(changes) != 1 || changes[0].Kind != vendor.ChangeBank || changes[0].ChangedBy != p.who.User {
			t.Fatalf("changes %+v", changes)
		}
		decide := func(who db.Caller) error {
			return s.Write(ctx, who, func(tx *db.Tx) error { return vendor.DecideChange(tx, changes[0].ID, true) })
		}
		wants(t, "who invited", decide(p.who), vendor.ErrChangeSamePerson)
		if err := decide(bo); err != nil {
			t.Errorf("another person: %v", err)
		}
	})
}
