package months

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/banksim"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/vendor"
)

// house is an organisation with its people, its bank and what it has made so far, oldest first.
type house struct {
	*world
	id     ids.ID
	people []db.Caller // all of them administrators; no rule here asks for less
	bank   ids.ID
	bankLink

	vendors, bills, credits, payments []ids.ID
	customers                         []debtor
	invoices, receipts                []ids.ID
	made                              int
}

// debtor is a customer whose account may be charged.
type debtor struct{ id, account ids.ID }

const (
	routing = "990000013"
	number  = "000117777"
	opening = 50_000_00
)

// open makes an organisation. strict asks for two people wherever the product can.
func (w *world) open(strict bool) *house {
	w.t.Helper()
	h := &house{world: w}
	d := w.nodes[0].db
	var err error
	email := fmt.Sprintf("ana%d@x.example", len(w.houses))
	var user ids.ID
	h.id, user, err = org.Create(ctx, d, "command", org.NewOrganisation{Name: fmt.Sprintf("Northwind %d", len(w.houses)), AdminEmail: email, PasswordHash: "x",
		SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		w.t.Fatal(err)
	}
	ana := db.Caller{Org: h.id, User: user, Perms: org.All, Channel: "json2"}
	h.people = []db.Caller{ana}
	sealed, err := bank.Seal(w.vault, h.id, number)
	if err != nil {
		w.t.Fatal(err)
	}
	sealed.Name, sealed.BankName, sealed.Routing, sealed.Verified = "Operating", "Sandbox Bank", routing, true
	var companyID string
	err = d.Write(ctx, ana, func(tx *db.Tx) error {
		for _, name := range []string{"ben", "cleo"} {
			id, err := org.AddUser(tx, name+email, name, "x")
			if err != nil {
				return err
			}
			if err := org.SetMembership(tx, id, org.Administrator, true); err != nil {
				return err
			}
			who := ana
			who.User = id
			h.people = append(h.people, who)
		}
		if h.bank, err = bank.Add(tx, sealed); err != nil {
			return err
		}
		a, err := bank.Accounts.Load(tx, h.bank)
		if err != nil {
			return err
		}
		own, err := org.Load(tx)
		if err != nil {
			return err
		}
		companyID = own.ACHID
		own.Preferences.CheckPrinting = "automatic"
		if strict {
			own.Preferences.PaymentApprovalThreshold = 150_00
			own.Preferences.CheckPrinting = "people"
		}
		if err := org.Save(tx, own); err != nil {
			return err
		}
		_, err = ledger.Post(tx, ledger.Entry{Date: civil.MustDate("2026-11-01"), Event: ledger.ManualJournal, Source: h.bank, Version: 1,
			Postings: []ledger.Posting{{Account: a.LedgerAccountID, Amount: opening}, {Role: ledger.Equity, Amount: -opening}}})
		if err != nil || !strict {
			return err
		}
		p := approval.Policies.New().(*approval.Policy)
		p.For, p.AmountThreshold, p.MinNumApprovers = approval.ForBills, 100_00, 1
		if err := approval.CreatePolicy(tx, p); err != nil {
			return err
		}
		for i, who := range h.people[1:] {
			a := approval.PolicyApprovers.New().(*approval.PolicyApprover)
			a.ApprovalPolicyID, a.UserID, a.SortOrder = p.ID, who.User, int64(i+1)
			if err := approval.CreatePolicyApprover(tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	folder, theirs := filepath.Join(w.dir, string(h.id)), filepath.Join(w.dir, "bank-"+string(h.id))
	if err := errors.Join(os.MkdirAll(filepath.Join(folder, "out"), 0o750), os.MkdirAll(theirs, 0o750),
		os.Symlink(filepath.Join(folder, "out"), filepath.Join(theirs, "out"))); err != nil {
		w.t.Fatal(err)
	}
	h.bankLink = bankLink{from: filepath.Join(theirs, "in"), to: filepath.Join(folder, "in"), carried: map[string]bool{}, late: map[string]time.Time{},
		sim: banksim.New(theirs, []banksim.Account{{CompanyID: companyID, Routing: routing, Number: number, Opening: opening, Since: civil.MustDate("2026-11-01")}})}
	w.houses = append(w.houses, h)
	for i, name := range []string{"Paper", "Altered SIM-ALTERED", "Soon SIM-D1", "Never SIM-NEVER", "Back SIM-RTS"} {
		h.vendor(name, i)
	}
	for i, ending := range []string{"1234", "7001", "7002", "0003", "0023", "0024", "0101", "0103", "0200", "0400", "0500"} {
		h.account(h.vendor("ACH "+ending, 10+i), "555"+ending)
	}
	for i, ending := range []string{"1234", "7001", "0001", "0002", "0010", "0300"} {
		h.customer("Customer "+ending, fmt.Sprintf("88%d%s", i, ending))
	}
	return h
}

// try has one of the people do something at one of the processes. What the domain refuses is fine, and so is a database
// that asks to be tried again; nothing else is.
func (h *house) try(what string, f func(tx *db.Tx) error) bool {
	h.t.Helper()
	return h.as(pick(h.world, h.people), what, f)
}

func (h *house) as(who db.Caller, what string, f func(tx *db.Tx) error) bool {
	h.t.Helper()
	n := h.node()
	dies := h.chance(3)
	if dies {
		n.life(h.rng.IntN(3))
	}
	err := n.db.Write(ctx, who, f)
	n.life(-1)
	switch {
	case err == nil:
		h.note("%s", what)
		h.tally[what]++
		return true
	case fault.From(err) != nil, db.IsBusy(err):
		h.note("%s: %v", what, err)
		h.tally[what+", refused"]++
	case errors.Is(err, errDied):
		h.note("%s: died", what)
		h.tally["people's processes died"]++
		w := h.world
		w.start(n)
	default:
		h.fail("%s: %v", what, err)
	}
	return false
}

// must is for what has to be there before the play begins.
func (h *house) must(f func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.nodes[0].db.Write(ctx, h.people[0], f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) vendor(name string, i int) ids.ID {
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name, v.Address1, v.City, v.Region, v.Zip = name, fmt.Sprint(i, " Main Street"), "Springfield", "IL", "62701"
	h.must(func(tx *db.Tx) error { return vendor.Create(tx, v) })
	h.vendors = append(h.vendors, v.ID)
	return v.ID
}

func (h *house) newAccount(v ids.ID, number string) vendor.NewBankAccount {
	n, err := vendor.SealBankAccount(h.vault, h.id, number)
	if err != nil {
		h.fail("seal: %v", err)
	}
	n.VendorID, n.Routing, n.AccountType, n.HolderType = v, "990000026", vendor.Checking, vendor.Business
	return n
}

func (h *house) account(v ids.ID, number string) {
	n := h.newAccount(v, number)
	h.must(func(tx *db.Tx) error { _, err := vendor.AddBankAccount(tx, n); return err })
}

func (h *house) customer(name, number string) {
	who := customer.Customers.New().(*customer.Customer)
	who.Name = name
	a := customer.BankAccounts.New().(*customer.BankAccount)
	a.NameOnAccount, a.Routing = name, "990000026"
	if err := customer.SealBankAccount(h.vault, h.id, a, number); err != nil {
		h.t.Fatal(err)
	}
	h.must(func(tx *db.Tx) error {
		if err := customer.Create(tx, who); err != nil {
			return err
		}
		a.CustomerID = who.ID
		if err := customer.AddBankAccount(tx, a); err != nil {
			return err
		}
		_, err := customer.SetAuthorization(tx, who.ID, true)
		return err
	})
	h.customers = append(h.customers, debtor{who.ID, a.ID})
}

// act is something that people do. It gets none of what is not there yet.
type act struct {
	often int
	do    func(h *house)
}

var acts = []act{
	{12, (*house).enterBill}, {3, (*house).changeBill}, {2, (*house).dropBill}, {3, (*house).enterCredit}, {8, (*house).decideBill},
	{14, (*house).payBill}, {6, (*house).payMany}, {3, (*house).book}, {4, (*house).cancel}, {5, (*house).void}, {12, (*house).decidePayment},
	{2, (*house).changeAccount}, {3, (*house).decideChange}, {5, (*house).sheets}, {2, (*house).reverse},
	{4, (*house).enterInvoice}, {5, (*house).charge}, {2, (*house).receive}, {2, (*house).undoReceipt}, {2, (*house).answerBank},
	{1, (*house).acceptStatements},
}

func (h *house) amount() int64 {
	if h.chance(10) {
		return 1 + h.rng.Int64N(900_00)
	}
	return 1 + h.rng.Int64N(300_00)
}

func (h *house) enterBill() {
	h.made++
	b := bill.Bills.New().(*bill.Bill)
	today := day(h.clock.Now())
	b.VendorID, b.InvoiceNumber, b.Amount = pick(h.world, h.vendors), fmt.Sprintf("INV-%05d", h.made), h.amount()
	b.InvoiceDate, b.DueDate = today, today.AddDays(30)
	if h.try("enter a bill", func(tx *db.Tx) error { b.ID = ""; return bill.Create(tx, b) }) {
		h.bills = append(h.bills, b.ID)
	}
}

// recent is one of many, more often a late one.
func recent(h *house, all []ids.ID) (ids.ID, bool) {
	if len(all) == 0 {
		return "", false
	}
	if n := len(all); n > 30 && h.chance(80) {
		all = all[n-30:]
	}
	return pick(h.world, all), true
}

func (h *house) changeBill() {
	id, ok := recent(h, h.bills)
	if !ok {
		return
	}
	amount := h.amount()
	h.try("change a bill", func(tx *db.Tx) error {
		before, err := bill.Bills.LoadForUpdate(tx, id)
		if err != nil {
			return err
		}
		after := *before
		after.Amount = amount
		return bill.Update(tx, before, &after)
	})
}

func (h *house) dropBill() {
	if id, ok := recent(h, h.bills); ok {
		h.try("delete a bill", func(tx *db.Tx) error { return bill.Delete(tx, id) })
	}
}

func (h *house) enterCredit() {
	h.made++
	c := credit.Credits.New().(*credit.Credit)
	c.VendorID, c.RefNumber, c.Amount, c.CreditDate = pick(h.world, h.vendors), fmt.Sprintf("CR-%05d", h.made), 1+h.rng.Int64N(90_00), day(h.clock.Now())
	if h.try("enter a credit", func(tx *db.Tx) error { c.ID = ""; return credit.Create(tx, c, false) }) {
		h.credits = append(h.credits, c.ID)
	}
}

func (h *house) decideBill() {
	id, ok := recent(h, h.bills)
	if !ok {
		return
	}
	approve := h.chance(90)
	h.try("decide on a bill", func(tx *db.Tx) error {
		if approve {
			return bill.Approvals.Approve(tx, id, "")
		}
		return bill.Approvals.Deny(tx, id, "not ours")
	})
}

// left is what can be paid of a bill, as one reads it before paying.
func (h *house) left(id ids.ID) (b *bill.Bill) {
	err := h.nodes[0].db.Read(ctx, h.people[0], func(tx *db.Tx) (err error) {
		b, err = bill.Bills.Load(tx, id)
		return err
	})
	if err != nil {
		h.fail("read bill %s: %v", id, err)
	}
	return b
}

func (h *house) payBill() {
	id, ok := recent(h, h.bills)
	if !ok {
		return
	}
	amount := h.left(id).Payable()
	if h.chance(30) {
		amount = h.amount()
	}
	var made *payment.BillPay
	if h.try("pay a bill", func(tx *db.Tx) (err error) {
		made, err = payment.Pay(tx, payment.Request{BillID: id, Amount: amount})
		return err
	}) {
		h.payments = append(h.payments, made.PaymentID)
	}
}

func (h *house) payMany() {
	var o payment.Order
	taken := map[ids.ID]bool{}
	for range 1 + h.rng.IntN(5) {
		id, ok := recent(h, h.bills)
		if !ok || taken[id] {
			continue
		}
		taken[id] = true
		b := h.left(id)
		left := b.Payable()
		for _, c := range h.credits {
			if left <= 0 || taken[c] || !h.chance(40) {
				continue
			}
			err := h.nodes[0].db.Read(ctx, h.people[0], func(tx *db.Tx) error {
				has, err := credit.Credits.Load(tx, c)
				if err == nil && has.VendorID == b.VendorID && has.Left() > 0 {
					use := min(has.Left(), left)
					o.Credits = append(o.Credits, payment.Offset{BillID: id, CreditID: c, Amount: use})
					left -= use
					taken[c] = true
				}
				return err
			})
			if err != nil {
				h.fail("read credit %s: %v", c, err)
			}
		}
		o.Bills = append(o.Bills, payment.Portion{BillID: id, Amount: left})
	}
	if len(o.Bills) == 0 {
		return
	}
	var made []*payment.Payment
	if h.try("pay bills", func(tx *db.Tx) (err error) { made, err = payment.PayBills(tx, o); return err }) {
		for _, p := range made {
			h.payments = append(h.payments, p.ID)
		}
	}
}

func (h *house) book() {
	id, ok := recent(h, h.bills)
	if !ok {
		return
	}
	amount, when := min(h.left(id).Payable(), h.amount()), day(h.clock.Now())
	var made *payment.BillPay
	if h.try("book a payment", func(tx *db.Tx) (err error) {
		made, err = payment.RecordOffline(tx, payment.Offline{BillID: id, Amount: amount, Date: when})
		return err
	}) {
		h.payments = append(h.payments, made.PaymentID)
	}
}

func (h *house) cancel() {
	if id, ok := recent(h, h.payments); ok {
		h.try("cancel a payment", func(tx *db.Tx) error { return payment.Cancel(tx, id) })
	}
}

func (h *house) void() {
	id, ok := recent(h, h.payments)
	if !ok {
		return
	}
	v := payment.Voiding{PaymentID: id, Type: payment.VoidAndCredit, Reason: "lost"}
	if h.chance(50) {
		v.Type = payment.VoidAndReissue
	}
	var got *payment.Payment
	if h.try("void a payment", func(tx *db.Tx) (err error) { got, err = payment.Void(tx, v); return err }) && !got.ReplacedBy.IsNull() {
		h.payments = append(h.payments, got.ReplacedBy)
	}
}

func (h *house) decidePayment() {
	id, ok := recent(h, h.payments)
	if !ok {
		return
	}
	switch h.rng.IntN(10) {
	case 0:
		h.try("deny a payment", func(tx *db.Tx) error { return payment.Deny(tx, id, "not now") })
	case 1, 2, 3:
		h.try("lift a hold", func(tx *db.Tx) error { _, err := payment.Lift(tx, id); return err })
	default:
		h.try("approve a payment", func(tx *db.Tx) error { _, err := payment.Approve(tx, id); return err })
	}
}

func (h *house) reverse() {
	id, ok := recent(h, h.payments)
	if !ok {
		return
	}
	if h.chance(50) {
		h.try("ask for a reversal", func(tx *db.Tx) error { return payment.AskReversal(tx, id, "duplicate", "") })
		return
	}
	h.try("approve a reversal", func(tx *db.Tx) error { return payment.ApproveReversal(tx, id) })
}

func (h *house) changeAccount() {
	v := pick(h.world, h.vendors)
	if h.chance(40) {
		h.try("remove a vendor's account", func(tx *db.Tx) error { return vendor.RemoveBankAccount(tx, v) })
		return
	}
	n := h.newAccount(v, fmt.Sprintf("55%04d%s", h.rng.IntN(10_000), pick(h.world, []string{"1234", "7003", "0002", "0102"})))
	h.try("add a vendor's account", func(tx *db.Tx) error { _, err := vendor.AddBankAccount(tx, n); return err })
}

func (h *house) decideChange() {
	v, approve := pick(h.world, h.vendors), h.chance(80)
	h.try("decide on a change", func(tx *db.Tx) error {
		all, err := vendor.Changes(tx, v)
		for _, c := range all {
			err = errors.Join(err, vendor.DecideChange(tx, c.ID, approve))
		}
		return err
	})
}

// sheets is what people do with a print run, where they print.
func (h *house) sheets() {
	var runs []payment.PrintRun
	err := h.nodes[0].db.Read(ctx, h.people[0], func(tx *db.Tx) (err error) { runs, err = payment.PrintRuns(tx, ""); return err })
	if err != nil {
		h.fail("read print runs: %v", err)
	}
	if len(runs) == 0 {
		return
	}
	r := runs[h.rng.IntN(min(len(runs), 4))]
	switch h.rng.IntN(6) {
	case 0, 1:
		if _, err := h.node().engine.OpenRun(ctx, h.people[0], r.ID); err != nil && fault.From(err) == nil && !db.IsBusy(err) {
			h.fail("open a print run: %v", err)
		}
	case 2, 3:
		h.try("confirm printing", func(tx *db.Tx) error { return payment.ConfirmPrinted(tx, r.ID, r.First, r.Last) })
	case 4:
		h.try("confirm mailing", func(tx *db.Tx) error { return payment.ConfirmMailed(tx, r.ID, r.First, r.Last) })
	default:
		if r.First > 0 {
			serial := r.First + h.rng.Int64N(r.Last-r.First+1)
			h.try("spoil a sheet", func(tx *db.Tx) error { _, err := payment.Spoil(tx, h.bank, serial, "torn"); return err })
		}
	}
}

func (h *house) answerBank() {
	h.try("answer the bank", func(tx *db.Tx) error {
		all, err := payment.Exceptions(tx, true)
		for _, e := range all {
			err = errors.Join(err, payment.Decide(tx, e.ID, pick(h.world, []string{"pay", "return", "return"})))
		}
		return err
	})
}

// acceptStatements takes what waits for a statement that may never come.
func (h *house) acceptStatements() {
	h.try("accept statements", func(tx *db.Tx) error {
		all, err := payment.ParkedStatements(tx)
		for _, s := range all {
			err = errors.Join(err, payment.AcceptStatement(tx, s.ID))
		}
		return err
	})
}

func (h *house) enterInvoice() {
	h.made++
	l := invoice.Lines.New().(*invoice.Line)
	l.Price = money.MustDecimal(fmt.Sprintf("%d.%02d", 1+h.rng.IntN(400), h.rng.IntN(100)))
	i := invoice.Invoices.New().(*invoice.Invoice)
	today := day(h.clock.Now())
	i.CustomerID = pick(h.world, h.customers).id
	i.InvoiceNumber, i.InvoiceDate, i.DueDate, i.Lines = fmt.Sprint("S-", h.made), today, today.AddDays(30), []*invoice.Line{l}
	if h.try("enter an invoice", func(tx *db.Tx) error { i.ID, l.ID = "", ""; return invoice.Create(tx, i) }) {
		h.invoices = append(h.invoices, i.ID)
	}
}

// receiptFor is money of an invoice's customer for it, with the account it may be charged to.
func (h *house) receiptFor() (*receipt.Receipt, bool) {
	id, ok := recent(h, h.invoices)
	if !ok {
		return nil, false
	}
	var i *invoice.Invoice
	err := h.nodes[0].db.Read(ctx, h.people[0], func(tx *db.Tx) (err error) { i, err = invoice.Invoices.Load(tx, id); return err })
	if err != nil {
		h.fail("read invoice %s: %v", id, err)
	}
	r := receipt.Receipts.New().(*receipt.Receipt)
	r.CustomerID = i.CustomerID
	p := receipt.InvoicePays.New().(*receipt.InvoicePay)
	p.InvoiceID, p.Amount = id, i.Due()
	if h.chance(40) {
		p.Amount = 1 + h.rng.Int64N(max(i.Due(), 1))
	}
	r.Pays = []*receipt.InvoicePay{p}
	for _, c := range h.customers {
		if c.id == i.CustomerID {
			r.PaymentAccountID = c.account
		}
	}
	return r, true
}

func (h *house) charge() {
	r, ok := h.receiptFor()
	if ok && h.try("charge a customer", func(tx *db.Tx) error { return receipt.Charge(tx, r) }) {
		h.receipts = append(h.receipts, r.ID)
	}
}

func (h *house) receive() {
	r, ok := h.receiptFor()
	if !ok {
		return
	}
	r.PaymentAccountID, r.PaymentDate, r.Amount = "", day(h.clock.Now()), r.Pays[0].Amount
	if h.try("record money received", func(tx *db.Tx) error { return receipt.Record(tx, r) }) {
		h.receipts = append(h.receipts, r.ID)
	}
}

func (h *house) undoReceipt() {
	if id, ok := recent(h, h.receipts); ok {
		h.try("void money received", func(tx *db.Tx) error { _, err := receipt.Void(tx, id); return err })
	}
}
