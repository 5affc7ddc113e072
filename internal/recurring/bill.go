package recurring

import (
	"slices"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// Bill is the template of bills of a vendor.
type Bill struct {
	record.Base
	Schedule
	VendorID ids.ID
	Lines    []*BillLine
}

// BillLine is what each bill has on a line.
type BillLine struct {
	record.Base
	RecurringBillID  ids.ID
	Position         int64
	Amount           int64 // minor units
	ChartOfAccountID ids.ID
	DepartmentID     ids.ID
	LocationID       ids.ID
	JobID            ids.ID
	CustomerID       ids.ID
	ItemID           ids.ID
	EmployeeID       ids.ID
	ClassID          ids.ID
	JobBillable      bool
	Description      string
	LineType         int64 // 1 expense, 2 item
	Quantity         money.Decimal
	UnitPrice        money.Decimal
}

// BillLines describes the lines of recurring bills.
var BillLines = record.Describe[BillLine]("recurringBillLineItem", ids.RecurringBillLine, "recurring_bill_lines",
	record.Owner("recurringBillId", func(l *BillLine) *ids.ID { return &l.RecurringBillID }),
	record.Number("position", func(l *BillLine) *int64 { return &l.Position }),
	record.Amount("amount", func(l *BillLine) *int64 { return &l.Amount }),
	record.Reference("chartOfAccountId", func() *record.Type { return dimension.Accounts.Type }, func(l *BillLine) *ids.ID { return &l.ChartOfAccountID }),
	record.Reference("departmentId", func() *record.Type { return dimension.Departments.Type }, func(l *BillLine) *ids.ID { return &l.DepartmentID }),
	record.Reference("locationId", func() *record.Type { return dimension.Locations.Type }, func(l *BillLine) *ids.ID { return &l.LocationID }),
	record.Reference("jobId", func() *record.Type { return dimension.Jobs.Type }, func(l *BillLine) *ids.ID { return &l.JobID }),
	record.Reference("customerId", nil, func(l *BillLine) *ids.ID { return &l.CustomerID }),
	record.Reference("itemId", func() *record.Type { return dimension.Items.Type }, func(l *BillLine) *ids.ID { return &l.ItemID }),
	record.Reference("employeeId", func() *record.Type { return dimension.Employees.Type }, func(l *BillLine) *ids.ID { return &l.EmployeeID }),
	record.Reference("actgClassId", func() *record.Type { return dimension.Classes.Type }, func(l *BillLine) *ids.ID { return &l.ClassID }),
	record.Flag("jobBillable", func(l *BillLine) *bool { return &l.JobBillable }),
	record.String("description", 4000, func(l *BillLine) *string { return &l.Description }),
	record.Choice("lineType", map[int64]string{1: "EXPENSE", 2: "ITEM"}, func(l *BillLine) *int64 { return &l.LineType }),
	record.Decimal("quantity", func(l *BillLine) *money.Decimal { return &l.Quantity }),
	record.Decimal("unitPrice", func(l *BillLine) *money.Decimal { return &l.UnitPrice }),
)

// Bills describes recurring bills.
var Bills = record.Describe[Bill]("recurringBill", ids.RecurringBill, "recurring_bills", slices.Concat(
	[]record.Fact{record.Reference("vendorId", func() *record.Type { return vendor.Vendors.Type }, func(b *Bill) *ids.ID { return &b.VendorID })},
	scheduleFacts(func(b *Bill) *Schedule { return &b.Schedule }),
	[]record.Fact{record.WithLines("lines", BillLines, "recurringBillId", func(b *Bill) *[]*BillLine { return &b.Lines })})...)

// CreateBill stores a new template; its bills are made by the clock. It needs ManageBills and fails as bill.Create does
// for a bill of it, with fault.ErrMissing also without lines, and with fault.ErrValue for a schedule out of bounds.
func CreateBill(tx *db.Tx, t *Bill) error {
	if err := tx.Require(org.ManageBills); err != nil {
		return err
	}
	t.CreatedBy = tx.Caller().User
	if err := t.check(tx, nil); err != nil {
		return err
	}
	Bills.Insert(tx, t)
	return nil
}

// UpdateBill stores a changed template and starts one that was stopped again; what it has made stays. It fails as
// CreateBill does.
func UpdateBill(tx *db.Tx, before, t *Bill) error {
	if err := tx.Require(org.ManageBills); err != nil {
		return err
	}
	if err := t.check(tx, before); err != nil {
		return err
	}
	Bills.Save(tx, before, t)
	return nil
}

func (t *Bill) check(tx *db.Tx, before *Bill) error {
	var was *Schedule
	if before != nil {
		was = &before.Schedule
	}
	if len(t.Lines) == 0 {
		return fault.ErrMissing.On("lines")
	}
	if err := t.Schedule.check(was, t.Active == record.Active); err != nil {
		return err
	}
	if t.Active != record.Active {
		return nil
	}
	b := t.bill()
	b.TemplateID = "" // which is no record yet
	if err := bill.Preview(tx, b); err != nil {
		return err
	}
	for i, l := range b.Lines {
		t.Lines[i].LineType = l.LineType
	}
	return nil
}

// bill is the bill of the next due date: numbered by it, and dated the day it is made.
func (t *Bill) bill() *bill.Bill {
	b := bill.Bills.New().(*bill.Bill)
	b.VendorID, b.TemplateID, b.Description = t.VendorID, t.ID, t.Description
	b.InvoiceNumber, b.DueDate, b.InvoiceDate = t.NextDueDate.String(), t.NextDueDate, t.made()
	for _, l := range t.Lines {
		n := bill.Lines.New().(*bill.Line)
		n.Amount, n.ChartOfAccountID, n.DepartmentID, n.LocationID, n.JobID = l.Amount, l.ChartOfAccountID, l.DepartmentID, l.LocationID, l.JobID
		n.CustomerID, n.ItemID, n.EmployeeID, n.ClassID, n.JobBillable = l.CustomerID, l.ItemID, l.EmployeeID, l.ClassID, l.JobBillable
		n.Description, n.LineType, n.Quantity, n.UnitPrice = l.Description, l.LineType, l.Quantity, l.UnitPrice
		b.Lines = append(b.Lines, n)
		b.Amount += l.Amount
	}
	return b
}

// makeBill makes the bill of the template's next due date, with the approvers of the one before it, and moves the
// template on.
func makeBill(tx *db.Tx, id ids.ID, due func(*Schedule) bool, _ Mailer) error {
	t, err := Bills.LoadForUpdate(tx, id)
	if err != nil || !due(&t.Schedule) {
		return err
	}
	err = once(tx, id, t.NextDueDate, func(previous ids.ID) (ids.ID, error) {
		b := t.bill()
		if b.GLPostingDate, err = ledger.OpenDay(tx, b.InvoiceDate); err != nil {
			return "", err
		}
		if err := bill.Create(tx, b); err != nil || previous.IsNull() {
			return b.ID, err
		}
		return b.ID, bill.Approvals.Inherit(tx, b.ID, previous)
	})
	if err != nil {
		return err
	}
	after := *t
	after.advance()
	Bills.SaveAs(tx, "generate", t, &after)
	return nil
}
