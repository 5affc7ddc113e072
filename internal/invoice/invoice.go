package invoice

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Payment states (domain 4.3).
const (
	PaidInFull    = 0
	Open          = 1
	PartiallyPaid = 2
	Scheduled     = 4
)

// Invoice is a demand on a customer.
type Invoice struct {
	record.Base
	Document
	InvoiceNumber   string
	InvoiceDate     civil.Date
	DueDate         civil.Date
	PaymentStatus   int64
	CreditAmount    int64 // credit memos applied
	ScheduledAmount int64 // in charges and portal payments under way
	PaidAmount      int64 // received and not undone
	PONumber        string
	ToBePrinted     bool
	ToBeEmailed     bool
	LastSentTime    clock.Instant
	Terms           string
	SalesRep        string
	FOB             string
	ShipDate        civil.Date
	ShipMethod      string
	TemplateID      ids.ID
	RecurringID     ids.ID // the template that made it
	Lines           []*Line
}

// Due is what is not yet received or credited (AR-5).
func (i *Invoice) Due() int64 { return i.Amount - i.CreditAmount - i.PaidAmount }

// Payable is what can still be scheduled, received or credited.
func (i *Invoice) Payable() int64 { return i.Due() - i.ScheduledAmount }

// Line is a line of an invoice.
type Line struct {
	record.Base
	InvoiceID ids.ID
	Item
}

// Lines describes invoice lines.
var Lines = record.Describe[Line]("invoiceLineItem", ids.InvoiceLine, "invoice_lines", slices.Concat(
	[]record.Fact{record.Owner("invoiceId", func(l *Line) *ids.ID { return &l.InvoiceID })},
	itemFacts(func(l *Line) *Item { return &l.Item }))...)

// Invoices describes invoices.
var Invoices = record.Describe[Invoice]("invoice", ids.Invoice, "invoices", slices.Concat(
	documentFacts(func(i *Invoice) *Document { return &i.Document }), []record.Fact{
		record.String("invoiceNumber", 100, func(i *Invoice) *string { return &i.InvoiceNumber }),
		record.Day("invoiceDate", func(i *Invoice) *civil.Date { return &i.InvoiceDate }),
		record.Day("dueDate", func(i *Invoice) *civil.Date { return &i.DueDate }),
		record.Choice("paymentStatus", map[int64]string{PaidInFull: "PAID_IN_FULL", Open: "OPEN", PartiallyPaid: "PARTIAL_PAYMENT",
			Scheduled: "SCHEDULED"}, func(i *Invoice) *int64 { return &i.PaymentStatus }),
		record.Amount("creditAmount", func(i *Invoice) *int64 { return &i.CreditAmount }),
		record.Amount("scheduledAmount", func(i *Invoice) *int64 { return &i.ScheduledAmount }),
		record.Amount("paidAmount", func(i *Invoice) *int64 { return &i.PaidAmount }),
		record.ComputedBy("dueAmount", "amount - credit_amount - paid_amount", (*Invoice).Due),
		record.String("poNumber", 50, func(i *Invoice) *string { return &i.PONumber }),
		record.Flag("toBePrinted", func(i *Invoice) *bool { return &i.ToBePrinted }),
		record.Flag("toBeEmailed", func(i *Invoice) *bool { return &i.ToBeEmailed }),
		record.Moment("lastSentTime", func(i *Invoice) *clock.Instant { return &i.LastSentTime }),
		record.String("terms", 100, func(i *Invoice) *string { return &i.Terms }),
		record.String("salesRep", 40, func(i *Invoice) *string { return &i.SalesRep }),
		record.String("fob", 40, func(i *Invoice) *string { return &i.FOB }),
		record.Day("shipDate", func(i *Invoice) *civil.Date { return &i.ShipDate }),
		record.String("shipMethod", 40, func(i *Invoice) *string { return &i.ShipMethod }),
		record.Reference("templateId", nil, func(i *Invoice) *ids.ID { return &i.TemplateID }),
		record.Reference("recurringId", nil, func(i *Invoice) *ids.ID { return &i.RecurringID }),
		record.WithLines("lines", Lines, "invoiceId", func(i *Invoice) *[]*Line { return &i.Lines }),
	})...)

// Faults of this room.
var (
	ErrNoInvoice = fault.New(fault.NotFound, "invoice_unknown", "There is no such active invoice.")
	ErrOverpaid  = fault.New(fault.Invalid, "invoice_amount", "The amount is not positive, or more than is due on the invoice or left on the credit memo.")
	ErrNegative  = fault.New(fault.Invalid, "invoice_negative", "The document's total is below zero.")
	ErrMoneyOn   = fault.New(fault.Conflict, "invoice_money_attached", "Something is scheduled, received or credited on this document.")
	ErrPayToTwo  = fault.New(fault.Invalid, "pay_to_two", "Money can be directed to a bank account or to an account, not to both.")
)

// Create checks, computes and stores a new invoice and posts it (event 25). Without a due date the customer's terms give
// it (AR-5), items what lines leave out. A number that another invoice has, inactive ones included, is accepted and flagged in Duplicate; doors that
// refuse it look there (AR-1). It fails with fault.ErrMissing, fault.ErrValue (also for a posting date in a closed
// period, GL-8, and for a line with both price and percentage), fault.ErrReference, ErrNegative, ErrPayToTwo,
// bill.ErrTooManyRows.
func Create(tx *db.Tx, i *Invoice) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	if i.Active != record.Active {
		return fault.ErrValue.On("isActive")
	}
	i.CreditAmount, i.ScheduledAmount, i.PaidAmount, i.PostingVersion = 0, 0, 0, 0
	template := i.RecurringID
	i.Channel, i.CreatedBy, i.RecurringID = tx.Caller().Channel, "", "" // named by us, not by the client
	c, err := check(tx, nil, i)
	if err != nil {
		return err
	}
	i.CreatedBy, i.RecurringID = tx.Caller().User, template
	i.settle()
	e := i.entry(c)
	if err := refuseClosed(tx, e.Date); err != nil {
		return err
	}
	i.PostingVersion = 1
	Invoices.Insert(tx, i)
	customer.Move(tx, i.CustomerID, i.Due(), 0)
	e.Source, e.Version = i.ID, i.PostingVersion
	_, err = ledger.Post(tx, e)
	return err
}

// Update computes anew and stores the difference between before, as loaded, and i, and posts what it changes: the
// opposite of the standing entry, and the new one. Making it inactive voids it (AR-18). Errors as Create; ErrMoneyOn when
// an invoice with something on it changes its customer, falls below what is on it, or becomes inactive.
func Update(tx *db.Tx, before, i *Invoice) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	c, err := check(tx, before, i)
	if err != nil {
		return err
	}
	i.settle()
	if on := i.CreditAmount + i.ScheduledAmount + i.PaidAmount; on != 0 {
		switch {
		case i.Active != before.Active:
			return ErrMoneyOn.On("isActive")
		case i.CustomerID != before.CustomerID:
			return ErrMoneyOn.On("customerId")
		case i.Payable() < 0:
			return ErrMoneyOn.On("amount")
		}
	}
	i.PostingVersion, err = repost(tx, &before.Base, &i.Base, before.PostingVersion, before.entry(c), i.entry(c))
	if err != nil {
		return err
	}
	Invoices.SaveAs(tx, verb(before.Active, i.Active), before, i)
	if i.CustomerID == before.CustomerID {
		customer.Move(tx, i.CustomerID, i.open()-before.open(), 0)
		return nil
	}
	customer.Move(tx, before.CustomerID, -before.open(), 0)
	customer.Move(tx, i.CustomerID, i.open(), 0)
	return nil
}

// open is what the invoice adds to its customer's balance.
func (i *Invoice) open() int64 {
	if i.Active != record.Active {
		return 0
	}
	return i.Due()
}

// Delete voids an invoice (AR-18). It fails with fault.ErrNotFound and ErrMoneyOn. Deleting a deleted one changes
// nothing.
func Delete(tx *db.Tx, id ids.ID) error { return setActive(tx, id, record.Inactive) }

// Restore opens a voided invoice again.
func Restore(tx *db.Tx, id ids.ID) error { return setActive(tx, id, record.Active) }

func setActive(tx *db.Tx, id ids.ID, active int64) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	before, err := Invoices.LoadForUpdate(tx, id)
	if err != nil || before.Active == active {
		return err
	}
	after := Invoices.Copy(before).(*Invoice)
	after.Active = active
	return Update(tx, before, after)
}

// items are the contents of the lines.
func (i *Invoice) items() []*Item {
	items := make([]*Item, len(i.Lines))
	for n, l := range i.Lines {
		items[n] = &l.Item
	}
	return items
}

// check holds an invoice to the rules and computes it. It gives the items it names, and those that before named.
func check(tx *db.Tx, before, i *Invoice) (catalogue, error) {
	if i.DueDate.IsZero() {
		if err := i.dueByTerms(tx); err != nil {
			return nil, err
		}
	}
	var missing []string
	for _, f := range []struct {
		name  string
		empty bool
	}{{"customerId", i.CustomerID.IsNull()}, {"invoiceNumber", strings.TrimSpace(i.InvoiceNumber) == ""},
		{"invoiceDate", i.InvoiceDate.IsZero()}, {"dueDate", i.DueDate.IsZero()}, {"lines", len(i.Lines) == 0}} {
		if f.empty {
			missing = append(missing, f.name)
		}
	}
	if missing != nil {
		return nil, fault.ErrMissing.On(missing...)
	}
	if i.GLPostingDate.IsZero() {
		i.GLPostingDate = i.InvoiceDate
	}
	items, taxes := [][]*Item{i.items()}, []ids.ID{i.ItemSalesTaxID}
	var oldRecord record.Record
	var oldDocument *Document
	if before != nil {
		oldRecord, oldDocument = before, &before.Document
		items, taxes = append(items, before.items()), append(taxes, before.ItemSalesTaxID)
	}
	if err := Invoices.CheckReferences(tx, oldRecord, i); err != nil {
		return nil, err
	}
	c, err := catalogueOf(tx, taxes, items...)
	if err != nil {
		return nil, err
	}
	for _, l := range i.Lines {
		if err := c.complete(&l.Item, l.ID == ""); err != nil {
			return nil, err
		}
	}
	if err := i.compute(tx, oldDocument, c, items[0], otherLines); err != nil {
		return nil, err
	}
	if before == nil || before.InvoiceNumber != i.InvoiceNumber {
		i.Duplicate, err = taken(tx, Invoices.Table, "invoice_number", i.InvoiceNumber, i.ID)
	}
	return c, err
}

// dueByTerms sets the due date that the customer's terms give (AR-5). Without customer or terms it stays open.
func (i *Invoice) dueByTerms(tx *db.Tx) error {
	if i.CustomerID.IsNull() {
		return nil
	}
	c, err := customer.Customers.Load(tx, i.CustomerID)
	if errors.Is(err, fault.ErrNotFound) {
		return fault.ErrReference.On("customerId")
	}
	if err != nil || c.PaymentTermID.IsNull() {
		return err
	}
	t, err := dimension.Terms.Load(tx, c.PaymentTermID)
	if err == nil {
		i.DueDate = dimension.DueDate(t, i.InvoiceDate)
	}
	return err
}

// taken reports whether another document of the table, active or not, has the number. No other writer takes it before
// this transaction ends.
func taken(tx *db.Tx, table, column, number string, self ids.ID) (bool, error) {
	if err := tx.Lock(table + " " + number); err != nil {
		return false, err
	}
	var n int64
	err := tx.Row(`SELECT count(*) FROM (SELECT 1 FROM `+table+` WHERE org_id = $1 AND `+column+` = $2 AND id <> $3 LIMIT 1) x`,
		string(tx.Org()), number, string(self)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for the same number: %w", err)
	}
	return n > 0, nil
}

// settle derives the payment status from the amounts (domain 4.3). An invoice of 0.00 has nothing due and is paid.
func (i *Invoice) settle() {
	switch {
	case i.Due() == 0:
		i.PaymentStatus = PaidInFull
	case i.ScheduledAmount > 0:
		i.PaymentStatus = Scheduled
	case i.PaidAmount+i.CreditAmount > 0:
		i.PaymentStatus = PartiallyPaid
	default:
		i.PaymentStatus = Open
	}
}

// entry is event 25.
func (i *Invoice) entry(c catalogue) ledger.Entry {
	return i.Document.entry(c, ledger.InvoiceOpened, "Invoice "+i.InvoiceNumber, 1, i.items())
}

// ForPayment loads an active invoice and locks it until the transaction ends. It fails with ErrNoInvoice.
func ForPayment(tx *db.Tx, id ids.ID) (*Invoice, error) {
	i, err := Invoices.LoadForUpdate(tx, id)
	if f := fault.From(err); f != nil && f.Kind == fault.NotFound || err == nil && i.Active != record.Active {
		return nil, ErrNoInvoice.With(string(id)).On("invoiceId")
	}
	return i, err
}

// change applies f to the invoice's amounts, derives its status and stores it under that verb.
func change(tx *db.Tx, verb string, i *Invoice, f func(*Invoice)) error {
	after := *i
	f(&after)
	after.settle()
	if after.ScheduledAmount < 0 || after.PaidAmount < 0 || after.CreditAmount < 0 || after.Payable() < 0 {
		return ErrOverpaid.On("amount")
	}
	Invoices.SaveAs(tx, verb, i, &after)
	customer.Move(tx, i.CustomerID, after.Due()-i.Due(), 0)
	*i = after
	return nil
}

// Schedule reserves amount for a charge under way. It fails with ErrOverpaid when amount is not positive or more than is
// payable.
func Schedule(tx *db.Tx, i *Invoice, amount int64) error {
	if amount <= 0 {
		return ErrOverpaid.On("amount")
	}
	return change(tx, "schedule receipt", i, func(i *Invoice) { i.ScheduledAmount += amount })
}

// Unschedule gives a reserved amount free again: the charge was cancelled or failed before it settled.
func Unschedule(tx *db.Tx, i *Invoice, amount int64) error {
	return change(tx, "cancel receipt", i, func(i *Invoice) { i.ScheduledAmount -= amount })
}

// Settle turns a reserved amount into a received one: the charge settled.
func Settle(tx *db.Tx, i *Invoice, amount int64) error {
	return change(tx, "settle receipt", i, func(i *Invoice) { i.ScheduledAmount -= amount; i.PaidAmount += amount })
}

// Apply counts an amount received. It fails with ErrOverpaid when amount is not positive or more than is payable.
func Apply(tx *db.Tx, i *Invoice, amount int64) error {
	if amount <= 0 {
		return ErrOverpaid.On("amount")
	}
	return change(tx, "apply receipt", i, func(i *Invoice) { i.PaidAmount += amount })
}

// Unapply takes back an amount received: the receipt was voided or returned.
func Unapply(tx *db.Tx, i *Invoice, amount int64) error {
	return change(tx, "reopen", i, func(i *Invoice) { i.PaidAmount -= amount })
}
