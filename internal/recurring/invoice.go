package recurring

import (
	"errors"

	"slices"

	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Invoice is the template of invoices to a customer.
type Invoice struct {
	record.Base
	Schedule
	CustomerID      ids.ID
	PONumber        string
	SalesRep        string
	Terms           string
	DepartmentID    ids.ID
	LocationID      ids.ID
	ClassID         ids.ID
	JobID           ids.ID
	ItemSalesTaxID  ids.ID
	ToBePrinted     bool
	ToBeEmailed     bool
	ToBeAutoEmailed bool
	ToBeAutoMailed  bool
	FromUserID      ids.ID // in whose name it is mailed
	TaxableAmount   int64  // computed, minor units
	Subtotal        int64  // computed: the lines without sales tax
	Lines           []*InvoiceLine
}

// InvoiceLine is what each invoice has on a line.
type InvoiceLine struct {
	record.Base
	RecurringInvoiceID ids.ID
	Position           int64
	ItemID             ids.ID
	Quantity           money.Decimal
	Price              money.Decimal
	RatePercent        money.Decimal
	Amount             int64 // computed
	Description        string
	Taxable            int64 // as invoice.Item
	ChartOfAccountID   ids.ID
	DepartmentID       ids.ID
	LocationID         ids.ID
	ClassID            ids.ID
	JobID              ids.ID
}

func accounts() *record.Type    { return dimension.Accounts.Type }
func departments() *record.Type { return dimension.Departments.Type }
func locations() *record.Type   { return dimension.Locations.Type }
func classes() *record.Type     { return dimension.Classes.Type }
func jobs() *record.Type        { return dimension.Jobs.Type }
func items() *record.Type       { return dimension.Items.Type }

// InvoiceLines describes the lines of recurring invoices.
var InvoiceLines = record.Describe[InvoiceLine]("recurringInvoiceLineItem", ids.RecurringInvoiceLine, "recurring_invoice_lines",
	record.Owner("recurringInvoiceId", func(l *InvoiceLine) *ids.ID { return &l.RecurringInvoiceID }),
	record.Number("position", func(l *InvoiceLine) *int64 { return &l.Position }),
	record.Reference("itemId", items, func(l *InvoiceLine) *ids.ID { return &l.ItemID }),
	record.Decimal("quantity", func(l *InvoiceLine) *money.Decimal { return &l.Quantity }),
	record.Decimal("price", func(l *InvoiceLine) *money.Decimal { return &l.Price }),
	record.Decimal("ratePercent", func(l *InvoiceLine) *money.Decimal { return &l.RatePercent }),
	record.Amount("amount", func(l *InvoiceLine) *int64 { return &l.Amount }),
	record.String("description", 4000, func(l *InvoiceLine) *string { return &l.Description }),
	record.Choice("taxable", map[int64]string{invoice.Unsaid: "UNSAID", invoice.Taxable: "TAXABLE", invoice.Untaxed: "NOT_TAXABLE"},
		func(l *InvoiceLine) *int64 { return &l.Taxable }),
	record.Reference("chartOfAccountId", accounts, func(l *InvoiceLine) *ids.ID { return &l.ChartOfAccountID }),
	record.Reference("departmentId", departments, func(l *InvoiceLine) *ids.ID { return &l.DepartmentID }),
	record.Reference("locationId", locations, func(l *InvoiceLine) *ids.ID { return &l.LocationID }),
	record.Reference("classId", classes, func(l *InvoiceLine) *ids.ID { return &l.ClassID }),
	record.Reference("jobId", jobs, func(l *InvoiceLine) *ids.ID { return &l.JobID }),
)

// Invoices describes recurring invoices.
var Invoices = record.Describe[Invoice]("recurringInvoice", ids.RecurringInvoice, "recurring_invoices", slices.Concat(
	[]record.Fact{record.Reference("customerId", func() *record.Type { return customer.Customers.Type }, func(i *Invoice) *ids.ID { return &i.CustomerID })},
	scheduleFacts(func(i *Invoice) *Schedule { return &i.Schedule }),
	[]record.Fact{
		record.String("poNumber", 50, func(i *Invoice) *string { return &i.PONumber }),
		record.String("salesRep", 40, func(i *Invoice) *string { return &i.SalesRep }),
		record.String("terms", 100, func(i *Invoice) *string { return &i.Terms }),
		record.Reference("departmentId", departments, func(i *Invoice) *ids.ID { return &i.DepartmentID }),
		record.Reference("locationId", locations, func(i *Invoice) *ids.ID { return &i.LocationID }),
		record.Reference("classId", classes, func(i *Invoice) *ids.ID { return &i.ClassID }),
		record.Reference("jobId", jobs, func(i *Invoice) *ids.ID { return &i.JobID }),
		record.Reference("itemSalesTaxId", items, func(i *Invoice) *ids.ID { return &i.ItemSalesTaxID }),
		record.Flag("toBePrinted", func(i *Invoice) *bool { return &i.ToBePrinted }),
		record.Flag("toBeEmailed", func(i *Invoice) *bool { return &i.ToBeEmailed }),
		record.Flag("toBeAutoEmailed", func(i *Invoice) *bool { return &i.ToBeAutoEmailed }),
		record.Flag("toBeAutoMailed", func(i *Invoice) *bool { return &i.ToBeAutoMailed }),
		record.Reference("fromUserId", nil, func(i *Invoice) *ids.ID { return &i.FromUserID }),
		record.Amount("taxableAmount", func(i *Invoice) *int64 { return &i.TaxableAmount }),
		record.Amount("subtotal", func(i *Invoice) *int64 { return &i.Subtotal }),
		record.WithLines("lines", InvoiceLines, "recurringInvoiceId", func(i *Invoice) *[]*InvoiceLine { return &i.Lines }),
	})...)

// CreateInvoice stores a new template; its invoices are made by the clock. It needs ManageReceivables and fails as
// invoice.Create does for an invoice of it, and with fault.ErrValue for a schedule out of bounds.
func CreateInvoice(tx *db.Tx, t *Invoice) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	t.CreatedBy = tx.Caller().User
	if err := t.check(tx, nil); err != nil {
		return err
	}
	Invoices.Insert(tx, t)
	return nil
}

// UpdateInvoice stores a changed template and starts one that was stopped again; what it has made stays. It fails as
// CreateInvoice does.
func UpdateInvoice(tx *db.Tx, before, t *Invoice) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	if err := t.check(tx, before); err != nil {
		return err
	}
	Invoices.Save(tx, before, t)
	return nil
}

func (t *Invoice) check(tx *db.Tx, before *Invoice) error {
	var was *Schedule
	var from ids.ID
	if before != nil {
		was, from = &before.Schedule, before.FromUserID
	}
	if t.ToBeAutoEmailed && t.FromUserID.IsNull() {
		return fault.ErrMissing.On("fromUserId")
	}
	if !t.FromUserID.IsNull() && t.FromUserID != from {
		if known, err := org.Holds(tx, t.FromUserID, org.ViewReceivables); err != nil {
			return err
		} else if !known {
			return fault.ErrReference.On("fromUserId").With(string(t.FromUserID))
		}
	}
	if err := t.Schedule.check(was, t.Active == record.Active); err != nil {
		return err
	}
	if t.Active != record.Active {
		return nil
	}
	i := t.invoice()
	i.RecurringID = "" // which is no record yet
	if err := invoice.Preview(tx, i); err != nil {
		return err
	}
	t.Subtotal, t.TaxableAmount = i.Amount-i.SalesTaxTotal, 0
	for n, l := range i.Lines {
		t.Lines[n].Amount = l.Amount
		if l.Taxable == invoice.Taxable {
			t.TaxableAmount += l.Amount
		}
	}
	return nil
}

// invoice is the invoice of the next due date: numbered by it, and dated the day it is made. What lines leave to their
// item, each invoice takes from the item as it is then.
func (t *Invoice) invoice() *invoice.Invoice {
	i := invoice.Invoices.New().(*invoice.Invoice)
	i.CustomerID, i.RecurringID, i.Description = t.CustomerID, t.ID, t.Description
	i.InvoiceNumber, i.DueDate, i.InvoiceDate = t.NextDueDate.String(), t.NextDueDate, t.made()
	i.PONumber, i.SalesRep, i.Terms = t.PONumber, t.SalesRep, t.Terms
	i.DepartmentID, i.LocationID, i.ClassID, i.JobID, i.ItemSalesTaxID = t.DepartmentID, t.LocationID, t.ClassID, t.JobID, t.ItemSalesTaxID
	i.ToBePrinted, i.ToBeEmailed = t.ToBePrinted || t.ToBeAutoMailed, t.ToBeEmailed || t.ToBeAutoEmailed
	for _, l := range t.Lines {
		n := invoice.Lines.New().(*invoice.Line)
		n.ItemID, n.Quantity, n.Price, n.RatePercent, n.Description, n.Taxable = l.ItemID, l.Quantity, l.Price, l.RatePercent, l.Description, l.Taxable
		n.ChartOfAccountID, n.DepartmentID, n.LocationID, n.ClassID, n.JobID = l.ChartOfAccountID, l.DepartmentID, l.LocationID, l.ClassID, l.JobID
		i.Lines = append(i.Lines, n)
	}
	return i
}

// makeInvoice makes the invoice of the template's next due date, mails it if the template asks for that, and moves the
// template on. An invoice with nobody to be mailed to stays marked as one to mail.
func makeInvoice(tx *db.Tx, id ids.ID, due func(*Schedule) bool, mail Mailer) error {
	t, err := Invoices.LoadForUpdate(tx, id)
	if err != nil || !due(&t.Schedule) {
		return err
	}
	err = once(tx, id, t.NextDueDate, func(ids.ID) (ids.ID, error) {
		i := t.invoice()
		if i.GLPostingDate, err = ledger.OpenDay(tx, i.InvoiceDate); err != nil {
			return "", err
		}
		if err := invoice.Create(tx, i); err != nil || !t.ToBeAutoEmailed {
			return i.ID, err
		}
		if err := mail(tx, i.ID, t.FromUserID); err != nil && !errors.Is(err, fault.ErrMissing) {
			return "", err
		}
		return i.ID, nil
	})
	if err != nil {
		return err
	}
	after := *t
	after.advance()
	Invoices.SaveAs(tx, "generate", t, &after)
	return nil
}
