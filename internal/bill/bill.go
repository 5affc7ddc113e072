// Package bill keeps what the organisation owes: bills with their lines, coded to accounts, departments, jobs and
// locations, and what has been credited, scheduled and paid of each.
//
// A bill posts to the ledger when it is entered: its lines are debited, accounts payable is credited. Payments change
// a bill only through Schedule, Unschedule, Release, Reopen and their siblings for credits here, so that its amounts
// and states have one home.
package bill

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
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

// Approval states (domain 4.3).
const (
	Unassigned = approval.Unassigned
	Assigned   = approval.Assigned
	Approved   = approval.Approved
	Approving  = approval.Approving
	Denied     = approval.Denied
)

// Payment states (domain 4.3).
const (
	PaidInFull    = 0
	Open          = 1
	PartiallyPaid = 2
	Scheduled     = 4
	Pending       = 5 // a payment waits for approval
)

// Bill is an invoice received from a vendor. Amounts are minor units of Currency.
type Bill struct {
	record.Base
	VendorID        ids.ID
	InvoiceNumber   string
	NumberKey       string // as duplicates are found by it (BIL-6)
	ApprovalStatus  int64
	PaymentStatus   int64
	Amount          int64
	CreditAmount    int64 // vendor credits applied
	ReservedCredit  int64 // vendor credits in payments not yet released
	ScheduledAmount int64 // in payments not yet released
	PaidAmount      int64 // released and not undone, offline payments included
	Currency        string
	InvoiceDate     civil.Date
	DueDate         civil.Date
	GLPostingDate   civil.Date
	Description     string
	PONumber        string
	Duplicate       bool // suspected: another active bill of the vendor has this number
	Channel         string
	CreatedBy       ids.ID
	PostingVersion  int64 // version of the entry that stands in the ledger
	Lines           []*Line

	// What the later generations know besides. The coding of the header has no effect on that of the lines.
	PaymentTermID        ids.ID
	ChartOfAccountID     ids.ID
	DepartmentID         ids.ID
	LocationID           ids.ID
	ClassID              ids.ID
	PayFromBankAccountID ids.ID     // of the last payment
	PayFromAccountID     ids.ID     // the ledger account of a payment recorded from elsewhere
	TemplateID           ids.ID     // the recurring bill that made it
	Extras               string     // api/shape.Extras
	PendingPayments      int64      // payments of it that wait for approval
	LastPaid, FullyPaid  civil.Date // filled in by Fill
}

// Due is what is not yet paid or credited.
func (b *Bill) Due() int64 { return b.Amount - b.CreditAmount - b.PaidAmount }

// Payable is what can still be scheduled; generations 2 and 3 call it dueAmount (BIL-7).
func (b *Bill) Payable() int64 { return b.Due() - b.ScheduledAmount - b.ReservedCredit }

// Line is a split of a bill: an amount coded to an account or item.
type Line struct {
	record.Base
	BillID           ids.ID
	Position         int64
	Amount           int64
	ChartOfAccountID ids.ID
	DepartmentID     ids.ID
	LocationID       ids.ID
	JobID            ids.ID
	CustomerID       ids.ID
	ItemID           ids.ID
	JobBillable      bool
	Description      string
	LineType         int64 // 1 expense, 2 item
	Quantity         money.Decimal
	UnitPrice        money.Decimal
	ClassID          ids.ID
	EmployeeID       ids.ID
	Extras           string // api/shape.Extras
}

// Lines describes bill lines.
var Lines = record.Describe[Line]("billLineItem", ids.BillLine, "bill_lines",
	record.Owner("billId", func(l *Line) *ids.ID { return &l.BillID }),
	record.Number("position", func(l *Line) *int64 { return &l.Position }),
	record.Amount("amount", func(l *Line) *int64 { return &l.Amount }),
	record.Reference("chartOfAccountId", func() *record.Type { return dimension.Accounts.Type }, func(l *Line) *ids.ID { return &l.ChartOfAccountID }),
	record.Reference("departmentId", func() *record.Type { return dimension.Departments.Type }, func(l *Line) *ids.ID { return &l.DepartmentID }),
	record.Reference("locationId", func() *record.Type { return dimension.Locations.Type }, func(l *Line) *ids.ID { return &l.LocationID }),
	record.Reference("jobId", func() *record.Type { return dimension.Jobs.Type }, func(l *Line) *ids.ID { return &l.JobID }),
	record.Reference("customerId", func() *record.Type { return customer.Customers.Type }, func(l *Line) *ids.ID { return &l.CustomerID }),
	record.Reference("itemId", func() *record.Type { return dimension.Items.Type }, func(l *Line) *ids.ID { return &l.ItemID }),
	record.Flag("jobBillable", func(l *Line) *bool { return &l.JobBillable }),
	record.String("description", 4000, func(l *Line) *string { return &l.Description }),
	record.Choice("lineType", map[int64]string{1: "EXPENSE", 2: "ITEM"}, func(l *Line) *int64 { return &l.LineType }),
	record.Decimal("quantity", func(l *Line) *money.Decimal { return &l.Quantity }),
	record.Decimal("unitPrice", func(l *Line) *money.Decimal { return &l.UnitPrice }),
	record.Reference("actgClassId", func() *record.Type { return dimension.Classes.Type }, func(l *Line) *ids.ID { return &l.ClassID }),
	record.Reference("employeeId", func() *record.Type { return dimension.Employees.Type }, func(l *Line) *ids.ID { return &l.EmployeeID }),
	record.String("extras", 0, func(l *Line) *string { return &l.Extras }),
)

// Bills describes bills.
var Bills = record.Describe[Bill]("bill", ids.Bill, "bills",
	record.Reference("vendorId", func() *record.Type { return vendor.Vendors.Type }, func(b *Bill) *ids.ID { return &b.VendorID }),
	record.String("invoiceNumber", 100, func(b *Bill) *string { return &b.InvoiceNumber }),
	record.String("numberKey", 0, func(b *Bill) *string { return &b.NumberKey }),
	record.Choice("approvalStatus", map[int64]string{Unassigned: "UNASSIGNED", Assigned: "ASSIGNED", Approved: "APPROVED",
		Approving: "APPROVING", Denied: "DENIED"}, func(b *Bill) *int64 { return &b.ApprovalStatus }),
	record.Choice("paymentStatus", map[int64]string{PaidInFull: "PAID", Open: "UNPAID", PartiallyPaid: "PARTIALLY_PAID",
		Scheduled: "SCHEDULED", Pending: "IN_PROCESS"}, func(b *Bill) *int64 { return &b.PaymentStatus }),
	record.Amount("amount", func(b *Bill) *int64 { return &b.Amount }),
	record.Amount("creditAmount", func(b *Bill) *int64 { return &b.CreditAmount }),
	record.Amount("reservedCredit", func(b *Bill) *int64 { return &b.ReservedCredit }),
	record.Amount("scheduledAmount", func(b *Bill) *int64 { return &b.ScheduledAmount }),
	record.Amount("paidAmount", func(b *Bill) *int64 { return &b.PaidAmount }),
	record.ComputedBy("dueAmount", "amount - credit_amount - paid_amount", (*Bill).Due),
	record.ComputedBy("payableAmount", "amount - credit_amount - paid_amount - scheduled_amount - reserved_credit", (*Bill).Payable),
	record.String("currency", 3, func(b *Bill) *string { return &b.Currency }),
	record.Day("invoiceDate", func(b *Bill) *civil.Date { return &b.InvoiceDate }),
	record.Day("dueDate", func(b *Bill) *civil.Date { return &b.DueDate }),
	record.Day("glPostingDate", func(b *Bill) *civil.Date { return &b.GLPostingDate }),
	record.String("description", 4000, func(b *Bill) *string { return &b.Description }),
	record.String("poNumber", 50, func(b *Bill) *string { return &b.PONumber }),
	record.Number("pendingPayments", func(b *Bill) *int64 { return &b.PendingPayments }),
	record.Flag("duplicate", func(b *Bill) *bool { return &b.Duplicate }),
	record.String("channel", 20, func(b *Bill) *string { return &b.Channel }),
	record.Reference("createdBy", func() *record.Type { return org.Members.Type }, func(b *Bill) *ids.ID { return &b.CreatedBy }),
	record.Number("postingVersion", func(b *Bill) *int64 { return &b.PostingVersion }),
	record.Reference("paymentTermId", func() *record.Type { return dimension.Terms.Type }, func(b *Bill) *ids.ID { return &b.PaymentTermID }),
	record.Reference("chartOfAccountId", func() *record.Type { return dimension.Accounts.Type }, func(b *Bill) *ids.ID { return &b.ChartOfAccountID }),
	record.Reference("departmentId", func() *record.Type { return dimension.Departments.Type }, func(b *Bill) *ids.ID { return &b.DepartmentID }),
	record.Reference("locationId", func() *record.Type { return dimension.Locations.Type }, func(b *Bill) *ids.ID { return &b.LocationID }),
	record.Reference("actgClassId", func() *record.Type { return dimension.Classes.Type }, func(b *Bill) *ids.ID { return &b.ClassID }),
	record.Reference("payFromBankAccountId", func() *record.Type { return bank.Accounts.Type }, func(b *Bill) *ids.ID { return &b.PayFromBankAccountID }),
	record.Reference("payFromChartOfAccountId", func() *record.Type { return dimension.Accounts.Type }, func(b *Bill) *ids.ID { return &b.PayFromAccountID }),
	record.Reference("billTemplateId", nil, func(b *Bill) *ids.ID { return &b.TemplateID }),
	record.String("extras", 0, func(b *Bill) *string { return &b.Extras }),
	record.WithLines("lines", Lines, "billId", func(b *Bill) *[]*Line { return &b.Lines }),
)

// Faults of this room.
var (
	ErrSplits      = fault.New(fault.Invalid, "bill_splits", "The bill's amount is not the sum of its lines.")
	ErrNotPayable  = fault.New(fault.Forbidden, "bill_not_payable", "The bill is denied or still under approval.")
	ErrOverpaid    = fault.New(fault.Invalid, "payment_amount", "The amount is not positive, not in whole cents, or more than is still due.")
	ErrNoBill      = fault.New(fault.NotFound, "bill_unknown", "There is no such active bill.")
	ErrMoneyOn     = fault.New(fault.Conflict, "bill_money_attached", "Something is scheduled, paid or credited on this bill.")
	ErrTooManyRows = fault.New(fault.Limit, "too_many_lines", "A document has at most 5,000 lines.")
)

// MaxLines is how many lines a bill may have (api-v1 T-10).
const MaxLines = 5000

// MaxAmount is the largest amount of a document in minor units (api-v1 2.5).
const MaxAmount = 99_999_999_999

// Create checks and stores a new bill and posts it. A bill without lines gets one uncoded line of the whole amount
// (BIL-1). It fails with fault.ErrMissing, fault.ErrValue (also for a posting date in a closed period, GL-8),
// fault.ErrReference, ErrSplits, ErrTooManyRows; nothing is stored then.
func Create(tx *db.Tx, b *Bill) error {
	if err := tx.Require(org.ManageBills); err != nil {
		return err
	}
	if b.Active != record.Active {
		return fault.ErrValue.On("isActive")
	}
	if err := check(b); err != nil {
		return err
	}
	template := b.TemplateID
	b.Channel, b.CreatedBy, b.TemplateID = tx.Caller().Channel, "", "" // named by us, not by the client
	b.NumberKey = NumberKey(b.InvoiceNumber)
	err := Bills.CheckReferences(tx, nil, b)
	if err == nil {
		err = splits(b)
	}
	if err != nil {
		return err
	}
	b.CreatedBy, b.TemplateID = tx.Caller().User, template
	if b.Duplicate, err = duplicate(tx, b); err != nil {
		return err
	}
	if open, err := ledger.Open(tx, b.GLPostingDate); err != nil {
		return err
	} else if !open {
		return fault.ErrValue.On("glPostingDate")
	}
	if b.ID == "" { // the web names a bill by its form, so that it is entered once
		b.ID = ids.New(ids.Bill)
	}
	if b.ApprovalStatus, err = Approvals.Submit(tx, b); err != nil {
		return err
	}
	b.settle()
	b.PostingVersion = 1
	Bills.Insert(tx, b)
	return post(tx, b)
}

func check(b *Bill) error {
	var missing []string
	for _, f := range []struct {
		name  string
		empty bool
	}{{"vendorId", b.VendorID.IsNull()}, {"invoiceNumber", b.InvoiceNumber == ""},
		{"invoiceDate", b.InvoiceDate.IsZero()}, {"dueDate", b.DueDate.IsZero()}} {
		if f.empty {
			missing = append(missing, f.name)
		}
	}
	if missing != nil {
		return fault.ErrMissing.On(missing...)
	}
	if b.Amount < 0 || b.Amount > MaxAmount {
		return fault.ErrValue.On("amount")
	}
	if len(b.Lines) > MaxLines {
		return ErrTooManyRows
	}
	if b.Currency == "" {
		b.Currency = "USD"
	}
	if b.GLPostingDate.IsZero() {
		b.GLPostingDate = b.InvoiceDate
	}
	if len(b.Lines) == 0 {
		l := Lines.New().(*Line)
		l.Amount = b.Amount
		b.Lines = []*Line{l}
	}
	for _, l := range b.Lines {
		l.LineType = 1
		if !l.ItemID.IsNull() {
			l.LineType = 2
		}
	}
	return nil
}

// splits fails with ErrSplits unless the lines add up to the amount (BIL-4). That is asked after the references (api-v1 3.3).
func splits(b *Bill) error {
	var sum int64
	for _, l := range b.Lines {
		sum += l.Amount
	}
	if sum != b.Amount {
		return ErrSplits.On("amount")
	}
	return nil
}

// NumberKey is an invoice number as duplicates are found by it: upper case, letters and digits only, no leading
// zeros (BIL-6).
func NumberKey(number string) string {
	k := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, number)
	switch t := strings.TrimLeft(k, "0"); {
	case t != "":
		return t
	case k != "":
		return "0"
	default: // nothing but punctuation: then that is the number
		return strings.TrimSpace(number)
	}
}

func duplicate(tx *db.Tx, b *Bill) (bool, error) {
	var n int64
	err := tx.Row(`SELECT count(*) FROM (SELECT 1 FROM bills WHERE org_id = $1 AND vendor_id = $2 AND number_key = $3 AND is_active = 1
		AND id <> $4 LIMIT 1) x`, string(tx.Org()), string(b.VendorID), b.NumberKey, string(b.ID)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for the same number: %w", err)
	}
	return n > 0, nil
}

// settle derives the payment status from the amounts (domain 4.3). A bill of 0.00 has nothing due and is paid.
func (b *Bill) settle() {
	switch {
	case b.Due() == 0:
		b.PaymentStatus = PaidInFull
	case b.PendingPayments > 0:
		b.PaymentStatus = Pending
	case b.ScheduledAmount+b.ReservedCredit > 0:
		b.PaymentStatus = Scheduled
	case b.PaidAmount+b.CreditAmount > 0:
		b.PaymentStatus = PartiallyPaid
	default:
		b.PaymentStatus = Open
	}
}

// post writes event 1: each line's account is debited, accounts payable credited with the total.
func post(tx *db.Tx, b *Bill) error {
	e := ledger.Entry{Date: b.GLPostingDate, Event: ledger.BillEntered, Source: b.ID, Version: b.PostingVersion, Currency: b.Currency,
		Memo: "Bill " + b.InvoiceNumber}
	for _, l := range b.Lines {
		p := ledger.Posting{Account: l.ChartOfAccountID, Amount: l.Amount, Department: l.DepartmentID, Location: l.LocationID,
			Job: l.JobID, Customer: l.CustomerID}
		if p.Account.IsNull() {
			p.Account, p.Role = "", ledger.Uncoded
		}
		e.Postings = append(e.Postings, p)
	}
	if b.Amount != 0 {
		e.Postings = append(e.Postings, ledger.Posting{Role: ledger.AP, Amount: -b.Amount, Party: b.VendorID})
	}
	_, err := ledger.Post(tx, e)
	return err
}

// ForPayment loads an active bill and locks it until the transaction ends. It fails with ErrNoBill.
func ForPayment(tx *db.Tx, id ids.ID) (*Bill, error) {
	b, err := Bills.LoadForUpdate(tx, id)
	if f := fault.From(err); f != nil && f.Kind == fault.NotFound || err == nil && b.Active != record.Active {
		return nil, ErrNoBill.With(string(id)).On("billId")
	}
	return b, err
}

// CheckPayable fails with ErrNotPayable when the bill is denied, waits for approval, or was not given the approvers that
// a policy asks for, unless the caller may pay unapproved bills here (APR-16, settled in spec/README 7).
func (b *Bill) CheckPayable(tx *db.Tx) error {
	blocked, err := Approvals.Blocked(tx, b)
	switch {
	case err != nil:
		return err
	case b.ApprovalStatus == Approved:
		return tx.Require(org.PayApproved)
	case !blocked:
		return tx.Require(org.PayUnassigned)
	case b.ApprovalStatus == Denied:
		return ErrNotPayable.On("billId")
	}
	prefs, err := org.Prefs(tx)
	if err != nil {
		return err
	}
	if !prefs.AllowPayUnapproved || !tx.Caller().Perms.Has(org.PayUnapproved) {
		return ErrNotPayable.On("billId")
	}
	return nil
}

// change applies f to the bill's amounts, derives its status and stores it under that verb.
func change(tx *db.Tx, verb string, b *Bill, f func(*Bill)) error {
	after := *b
	f(&after)
	after.settle()
	if min(after.ScheduledAmount, after.PaidAmount, after.CreditAmount, after.ReservedCredit, after.Payable()) < 0 {
		return ErrOverpaid.On("amount")
	}
	Bills.SaveAs(tx, verb, b, &after)
	*b = after
	return nil
}

// Schedule reserves amount for a payment. It fails with ErrOverpaid when amount is not positive or more than is
// payable.
func Schedule(tx *db.Tx, b *Bill, amount int64) error {
	return ScheduleFrom(tx, b, amount, b.PayFromBankAccountID)
}

// ScheduleFrom is Schedule for a payment from that bank account, which the bill shows from then on.
func ScheduleFrom(tx *db.Tx, b *Bill, amount int64, bankAccount ids.ID) error {
	if amount <= 0 {
		return ErrOverpaid.On("amount")
	}
	return change(tx, "schedule payment", b, func(b *Bill) { b.ScheduledAmount += amount; b.PayFromBankAccountID = bankAccount })
}

// Unschedule gives a reserved amount free again: the payment was cancelled.
func Unschedule(tx *db.Tx, b *Bill, amount int64) error {
	return change(tx, "cancel payment", b, func(b *Bill) { b.ScheduledAmount -= amount })
}

// Await counts n more payments of the bill that wait for approval, or fewer (PAY-8).
func Await(tx *db.Tx, b *Bill, n int64) error {
	return change(tx, "await payment approval", b, func(b *Bill) { b.PendingPayments += n })
}

// Release turns a reserved amount into a paid one: the payment left.
func Release(tx *db.Tx, b *Bill, amount int64) error {
	return change(tx, "release payment", b, func(b *Bill) { b.ScheduledAmount -= amount; b.PaidAmount += amount })
}

// Reopen takes back a paid amount: the payment failed, was returned or voided.
func Reopen(tx *db.Tx, b *Bill, amount int64) error {
	return change(tx, "reopen", b, func(b *Bill) { b.PaidAmount -= amount })
}

// ReserveCredit sets a vendor credit aside for a payment of the bill. It fails with ErrOverpaid when amount is not
// positive or more than is payable.
func ReserveCredit(tx *db.Tx, b *Bill, amount int64) error {
	if amount <= 0 {
		return ErrOverpaid.On("amount")
	}
	return change(tx, "reserve credit", b, func(b *Bill) { b.ReservedCredit += amount })
}

// UnreserveCredit gives a reserved credit free again: the payment was cancelled.
func UnreserveCredit(tx *db.Tx, b *Bill, amount int64) error {
	return change(tx, "unreserve credit", b, func(b *Bill) { b.ReservedCredit -= amount })
}

// ApplyCredit turns a reserved credit into an applied one: the payment left.
func ApplyCredit(tx *db.Tx, b *Bill, amount int64) error {
	return change(tx, "apply credit", b, func(b *Bill) { b.ReservedCredit -= amount; b.CreditAmount += amount })
}

// ReleaseCredit takes back an applied credit: the payment failed, was returned or voided.
func ReleaseCredit(tx *db.Tx, b *Bill, amount int64) error {
	return change(tx, "release credit", b, func(b *Bill) { b.CreditAmount -= amount })
}

// PayOffline counts a payment made elsewhere.
func PayOffline(tx *db.Tx, b *Bill, amount int64) error {
	return PayOfflineFrom(tx, b, amount, b.PayFromAccountID)
}

// PayOfflineFrom is PayOffline for a payment from that ledger account, which the bill shows from then on.
func PayOfflineFrom(tx *db.Tx, b *Bill, amount int64, account ids.ID) error {
	if amount <= 0 {
		return ErrOverpaid.On("amount")
	}
	return change(tx, "record payment", b, func(b *Bill) { b.PaidAmount += amount; b.PayFromAccountID = account })
}

// Delete makes a bill inactive and reverses its posting (BIL-9). It fails with ErrMoneyOn while something is
// scheduled, paid or credited. Deleting a deleted bill changes nothing.
func Delete(tx *db.Tx, id ids.ID) error {
	if err := tx.Require(org.ManageBills); err != nil {
		return err
	}
	b, err := Bills.LoadForUpdate(tx, id)
	if err != nil || b.Active != record.Active {
		return err
	}
	if b.ScheduledAmount+b.PaidAmount+b.CreditAmount+b.ReservedCredit != 0 {
		return ErrMoneyOn.On("billId")
	}
	after := *b
	after.Active = record.Inactive
	after.PostingVersion = b.PostingVersion + 1
	Bills.SaveAs(tx, "delete", b, &after)
	_, err = ledger.Reverse(tx, b.ID, ledger.BillEntered, b.PostingVersion, b.GLPostingDate, ledger.BillEntered, after.PostingVersion,
		"Bill "+b.InvoiceNumber+" deleted")
	return err
}
