package sending

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/paper"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/record"
)

// Channel is how whoever holds a pay link comes.
const Channel = "paylink"

// Holder is the caller that a pay link makes of whoever holds it: one who sees and pays what the link is for. The
// permissions are those that the rooms below ask for; Page and Pay give no way to anything else.
func Holder(orgID ids.ID, address string) db.Caller {
	return db.Caller{Org: orgID, Perms: db.Of(org.ViewReceivables, org.ManageReceivables, org.ChargeCustomers), Channel: Channel, Address: address}
}

// Page is what a pay link shows. Amounts are minor units of the invoice's currency.
type Page struct {
	Org      org.Organisation
	Customer *customer.Customer
	Invoice  *invoice.Invoice
	Sheet    paper.Invoice
	Others   []Other    // what else the customer owes, the oldest due date first
	More     bool       // there are more
	Account  string     // last digits of the bank account on file that can be charged; empty: none
	Replace  bool       // another account can be entered
	Online   bool       // it can be paid here
	Day      civil.Date // of a debit of the account on file, or of the earliest of any
	NewDay   civil.Date // of a debit of an account that is entered now (AR-12)
}

// Other is another open invoice of the customer.
type Other struct {
	Number string
	Due    civil.Date
	Amount int64 // still due
	Link   string
}

// maxOthers is how many other invoices are shown.
const maxOthers = 50

// Page reads what the link of an invoice shows. It fails with ErrNoLink where the organisation is closed.
func (d Desk) Page(tx *db.Tx, id ids.ID) (p Page, err error) {
	if p.Org, err = org.Load(tx); err != nil {
		return p, err
	}
	if p.Org.State == org.StateInactive {
		return p, ErrNoLink
	}
	if p.Invoice, err = invoice.Invoices.Load(tx, id); err != nil {
		return p, err
	}
	if p.Customer, err = customer.Customers.Load(tx, p.Invoice.CustomerID); err != nil {
		return p, err
	}
	link, err := d.Known(tx, id)
	if err != nil {
		return p, err
	}
	if p.Sheet, err = sheet(tx, p.Invoice, p.Customer, link); err != nil {
		return p, err
	}
	if err := d.others(tx, &p); err != nil {
		return p, err
	}
	p.Day, p.NewDay = bank.Days.EarliestProcessDate(tx.Now()), customer.ValidatedFrom(tx.Now())
	_, err = bank.Default(tx)
	if err != nil && !errors.Is(err, bank.ErrNoAccount) {
		return p, err
	}
	p.Online = err == nil && p.Invoice.Active == record.Active && p.Invoice.Payable() > 0 && p.Invoice.Currency == "USD" &&
		p.Customer.Active == record.Active && p.Org.State == org.StateActive
	a, err := onFile(tx, p.Customer.ID)
	if err == nil && (a == nil || !a.Usable()) {
		p.Day = p.NewDay
	}
	switch {
	case err != nil:
		return p, err
	case a == nil:
		p.Replace = true
	default:
		if a.Usable() {
			p.Account, p.Day = a.AccountTail, receipt.Earliest(tx.Now(), a)
		}
		p.Replace = a.EnteredBy.IsNull()
	}
	return p, nil
}

// others reads what else the customer owes.
func (d Desk) others(tx *db.Tx, p *Page) error {
	t := invoice.Invoices
	q := record.Query{Limit: maxOthers + 1, Order: []record.Key{{Field: t.Must("dueDate")}, {Field: t.Must("id")}}, Filters: []record.Filter{
		{Field: t.Must("customerId"), Op: record.Eq, Values: []any{string(p.Customer.ID)}},
		{Field: t.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}},
		{Field: t.Must("paymentStatus"), Op: record.In, Values: []any{int64(invoice.Open), int64(invoice.PartiallyPaid), int64(invoice.Scheduled)}},
		{Field: t.Must("id"), Op: record.Ne, Values: []any{string(p.Invoice.ID)}}}}
	var found []*invoice.Invoice
	if err := t.List(tx, q, func(i *invoice.Invoice) error { found = append(found, i); return nil }); err != nil {
		return err
	}
	if len(found) > maxOthers {
		found, p.More = found[:maxOthers], true
	}
	for _, i := range found {
		link, err := d.Known(tx, i.ID)
		if err != nil {
			return err
		}
		p.Others = append(p.Others, Other{Number: i.InvoiceNumber, Due: i.DueDate, Amount: i.Due(), Link: link})
	}
	return nil
}

// onFile is the customer's bank account, nil for none.
func onFile(tx *db.Tx, customerID ids.ID) (*customer.BankAccount, error) {
	a, err := customer.ActiveBankAccount(tx, customerID)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, nil
	}
	return a, err
}

// WordingVersion is the number of Wording's text; it moves with every change of the text.
const WordingVersion = 1

// Wording is what a customer agrees to (AR-12): one debit, of the amount and the account given on the same form.
func Wording(company, number string, day civil.Date) string {
	return fmt.Sprintf("I authorise %s to debit the bank account named here once, for the amount entered here, on or after %s, as payment of invoice %s. "+
		"I may use this account and confirm that the amount is due. If the debit is returned unpaid, it may be tried again up to two times. "+
		"This authorisation ends with the payment. I can revoke it until 4:00 pm Pacific time on the business day before the debit by telling %s.",
		company, american(day), number, company)
}

// Payment is what a customer pays at a pay link.
type Payment struct {
	Invoice ids.ID
	Amount  int64
	Day     civil.Date            // that the wording named, Page.Day; the debit is never before it
	Name    string                // of who agrees to the debit
	Account *customer.BankAccount // sealed before; nil: the one on file
	Form    string                // names the form: it pays once
}

// Faults of paying at a link.
var (
	ErrFormOther   = fault.New(fault.Conflict, "pay_form_used", "This form has been used for another payment: open the link again.")
	ErrAccountKept = fault.New(fault.Conflict, "pay_account_kept", "This customer's bank account is kept by the company; it cannot be changed here.")
)

// Pay debits the customer's bank account for an invoice, all of what is due or a part, and takes down what was agreed to
// (AR-7, AR-12). An account that is entered here is tested before its first debit, which is dated after the test. The same form gives the same receipt again. A new account replaces one that was entered at a pay link.
// It fails with fault.ErrMissing, ErrFormOther, ErrAccountKept, and as customer.AddBankAccount and receipt.Charge do.
func Pay(tx *db.Tx, p Payment) (*receipt.Receipt, error) {
	if strings.TrimSpace(p.Name) == "" {
		return nil, fault.ErrMissing.On("name")
	}
	if p.Form == "" {
		return nil, fault.ErrMissing.On("form")
	}
	i, err := invoice.ForPayment(tx, p.Invoice)
	if err != nil {
		return nil, err
	}
	if r, err := paid(tx, p); r != nil || err != nil {
		return r, err
	}
	o, err := org.Load(tx)
	if err != nil {
		return nil, err
	}
	if o.State != org.StateActive {
		return nil, org.ErrOrgInactive
	}
	account, err := debited(tx, i, p)
	if err != nil {
		return nil, err
	}
	r := receipt.Receipts.New().(*receipt.Receipt)
	part := receipt.InvoicePays.New().(*receipt.InvoicePay)
	part.InvoiceID, part.Amount = i.ID, p.Amount
	r.CustomerID, r.PaymentAccountID, r.Amount, r.Currency, r.Description = i.CustomerID, account.ID, p.Amount, i.Currency, "Paid online"
	r.Pays = []*receipt.InvoicePay{part}
	if p.Day.After(receipt.Earliest(tx.Now(), account)) {
		r.PaymentDate = p.Day
	}
	if err := receipt.ChargeOnce(tx, r); err != nil {
		return nil, err
	}
	if p.Day.IsZero() {
		p.Day = r.PaymentDate
	}
	sec := "CCD"
	if account.Person {
		sec = "WEB"
	}
	tx.Exec(`INSERT INTO debit_authorizations (org_id, id, customer_id, bank_account_id, received_pay_id, kind, sec, cap, version, wording, name, address,
		created, revoked, form) VALUES ($1, $2, $3, $4, $5, 'single', $6, $7, $8, $9, $10, $11, $12, 0, $13)`,
		string(tx.Org()), string(ids.New("dau")), string(i.CustomerID), string(account.ID), string(r.ID), sec, p.Amount, int64(WordingVersion),
		Wording(o.Name, i.InvoiceNumber, p.Day), strings.TrimSpace(p.Name), tx.Caller().Address, int64(clock.FromTime(tx.Now())), p.Form)
	tx.Audit("agree to debit", "receivedPay", r.ID, `{}`)
	return r, nil
}

// paid is the receipt that the form has made already, nil for none.
func paid(tx *db.Tx, p Payment) (*receipt.Receipt, error) {
	var id string
	var amount int64
	err := tx.Row(`SELECT received_pay_id, cap FROM debit_authorizations WHERE org_id = $1 AND form = $2`, string(tx.Org()), p.Form).Scan(&id, &amount)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the form: %w", err)
	}
	r, err := receipt.Receipts.Load(tx, ids.ID(id))
	if err != nil {
		return nil, err
	}
	if amount != p.Amount || len(r.Pays) != 1 || r.Pays[0].InvoiceID != p.Invoice {
		return nil, ErrFormOther
	}
	return r, nil
}

// debited is the account to debit: the one on file, or a new one in its place.
func debited(tx *db.Tx, i *invoice.Invoice, p Payment) (*customer.BankAccount, error) {
	old, err := onFile(tx, i.CustomerID)
	if err != nil {
		return nil, err
	}
	if p.Account == nil {
		if old == nil {
			return nil, fault.ErrMissing.On("accountNumber")
		}
		return old, nil
	}
	switch {
	case old == nil:
	case old.AccountHash == p.Account.AccountHash && old.Routing == p.Account.Routing && old.Usable():
		return old, nil
	case !old.EnteredBy.IsNull():
		return nil, ErrAccountKept
	default:
		if err := customer.RemoveBankAccount(tx, old.ID); err != nil {
			return nil, err
		}
	}
	p.Account.CustomerID, p.Account.NameOnAccount = i.CustomerID, strings.TrimSpace(p.Name)
	p.Account.Untested(tx.Now())
	return p.Account, customer.AddBankAccount(tx, p.Account)
}
