// Package credit keeps what vendors owe the organisation: vendor credits with their lines, and how much of each has been
// set off against bills.
//
// A credit posts when it is entered: accounts payable is debited, its lines are credited (domain 9.2, event 5). Setting
// it off posts nothing: a payment reserves its amount (Reserve), the payment's release applies it (Apply), and what
// undoes the payment frees it again (Unreserve, Free). The bill's side of the same is bill.ReserveCredit and its
// siblings.
package credit

import (
	"fmt"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
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

// States of use (domain 4.3). Amounts in payments not yet released count as applied.
const (
	Used       = 0
	Unused     = 1
	PartlyUsed = 2
)

// Credit is a document that reduces what is owed to a vendor. Amounts are minor units of Currency.
type Credit struct {
	record.Base
	VendorID                ids.ID
	RefNumber               string
	NumberKey               string // as duplicates are found by it
	ApprovalStatus          int64  // as a bill's
	CreditStatus            int64
	Amount                  int64
	AppliedAmount           int64 // on bills, by payments that were released or recorded
	ReservedAmount          int64 // by payments not yet released
	Currency                string
	CreditDate              civil.Date
	GLPostingDate           civil.Date
	Description             string
	PONumber                string
	ApplyToBankAccountID    ids.ID
	ApplyToChartOfAccountID ids.ID
	Duplicate               bool // another active credit of the vendor has this number
	Channel                 string
	CreatedBy               ids.ID
	PostingVersion          int64 // version of the entry that stands in the ledger
	Lines                   []*Line

	ExchangeRate money.Decimal // as it was sent, not stored: one currency is kept here
}

// Left is what can still be set off.
func (c *Credit) Left() int64 { return c.Amount - c.used() }

func (c *Credit) used() int64 { return c.AppliedAmount + c.ReservedAmount }

// Line is a split of a credit: an amount coded to an account or item.
type Line struct {
	record.Base
	VendorCreditID   ids.ID
	Position         int64
	Amount           int64
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

// Lines describes lines of vendor credits.
var Lines = record.Describe[Line]("vendorCreditLineItem", ids.VendorCreditLine, "vendor_credit_lines",
	record.Owner("vendorCreditId", func(l *Line) *ids.ID { return &l.VendorCreditID }),
	record.Number("position", func(l *Line) *int64 { return &l.Position }),
	record.Amount("amount", func(l *Line) *int64 { return &l.Amount }),
	record.Reference("chartOfAccountId", func() *record.Type { return dimension.Accounts.Type }, func(l *Line) *ids.ID { return &l.ChartOfAccountID }),
	record.Reference("departmentId", func() *record.Type { return dimension.Departments.Type }, func(l *Line) *ids.ID { return &l.DepartmentID }),
	record.Reference("locationId", func() *record.Type { return dimension.Locations.Type }, func(l *Line) *ids.ID { return &l.LocationID }),
	record.Reference("jobId", func() *record.Type { return dimension.Jobs.Type }, func(l *Line) *ids.ID { return &l.JobID }),
	record.Reference("customerId", targetOf("customerId"), func(l *Line) *ids.ID { return &l.CustomerID }),
	record.Reference("itemId", targetOf("itemId"), func(l *Line) *ids.ID { return &l.ItemID }),
	record.Reference("employeeId", targetOf("employeeId"), func(l *Line) *ids.ID { return &l.EmployeeID }),
	record.Reference("actgClassId", targetOf("actgClassId"), func(l *Line) *ids.ID { return &l.ClassID }),
	record.Flag("jobBillable", func(l *Line) *bool { return &l.JobBillable }),
	record.String("description", 4000, func(l *Line) *string { return &l.Description }),
	record.Choice("lineType", map[int64]string{1: "EXPENSE", 2: "ITEM"}, func(l *Line) *int64 { return &l.LineType }),
	record.Decimal("quantity", func(l *Line) *money.Decimal { return &l.Quantity }),
	record.Decimal("unitPrice", func(l *Line) *money.Decimal { return &l.UnitPrice }),
)

// targetOf is what the field of that name on a bill's line refers to: a credit's lines are coded as a bill's are.
func targetOf(name string) func() *record.Type {
	return func() *record.Type {
		if f := bill.Lines.Field(name); f != nil && f.Target != nil {
			return f.Target()
		}
		return nil
	}
}

// Credits describes vendor credits.
var Credits = record.Describe[Credit]("vendorCredit", ids.VendorCredit, "vendor_credits",
	record.Reference("vendorId", func() *record.Type { return vendor.Vendors.Type }, func(c *Credit) *ids.ID { return &c.VendorID }),
	record.String("refNumber", 100, func(c *Credit) *string { return &c.RefNumber }),
	record.String("numberKey", 0, func(c *Credit) *string { return &c.NumberKey }),
	record.Choice("approvalStatus", map[int64]string{bill.Unassigned: "UNASSIGNED", bill.Assigned: "ASSIGNED", bill.Approved: "APPROVED",
		bill.Approving: "APPROVING", bill.Denied: "DENIED"}, func(c *Credit) *int64 { return &c.ApprovalStatus }),
	record.Choice("creditStatus", map[int64]string{Used: "APPLIED", Unused: "NOT_APPLIED", PartlyUsed: "PARTIALLY_APPLIED"},
		func(c *Credit) *int64 { return &c.CreditStatus }),
	record.Amount("amount", func(c *Credit) *int64 { return &c.Amount }),
	record.Amount("appliedAmount", func(c *Credit) *int64 { return &c.AppliedAmount }),
	record.Amount("reservedAmount", func(c *Credit) *int64 { return &c.ReservedAmount }),
	record.ComputedBy("usedAmount", "applied_amount + reserved_amount", (*Credit).used),
	record.Computed("availableAmount", (*Credit).Left),
	record.String("currency", 3, func(c *Credit) *string { return &c.Currency }),
	record.Day("creditDate", func(c *Credit) *civil.Date { return &c.CreditDate }),
	record.Day("glPostingDate", func(c *Credit) *civil.Date { return &c.GLPostingDate }),
	record.String("description", 4000, func(c *Credit) *string { return &c.Description }),
	record.String("poNumber", 50, func(c *Credit) *string { return &c.PONumber }),
	record.Reference("applyToBankAccountId", func() *record.Type { return bank.Accounts.Type }, func(c *Credit) *ids.ID { return &c.ApplyToBankAccountID }),
	record.Reference("applyToChartOfAccountId", func() *record.Type { return dimension.Accounts.Type }, func(c *Credit) *ids.ID { return &c.ApplyToChartOfAccountID }),
	record.Flag("duplicate", func(c *Credit) *bool { return &c.Duplicate }),
	record.String("channel", 20, func(c *Credit) *string { return &c.Channel }),
	record.Reference("createdBy", func() *record.Type { return org.Members.Type }, func(c *Credit) *ids.ID { return &c.CreatedBy }),
	record.Number("postingVersion", func(c *Credit) *int64 { return &c.PostingVersion }),
	record.WithLines("lines", Lines, "vendorCreditId", func(c *Credit) *[]*Line { return &c.Lines }),
)

// Faults of this room.
var (
	ErrSplits    = fault.New(fault.Invalid, "credit_splits", "The credit's amount is not the sum of its lines.")
	ErrDuplicate = fault.New(fault.Invalid, "credit_duplicate", "Another credit of this vendor has this reference number.")
	ErrMoneyOn   = fault.New(fault.Conflict, "credit_in_use", "Part of this credit is set off against a bill or reserved for one.")
	ErrLeft      = fault.New(fault.Invalid, "credit_exceeded", "The credit does not have that much left.")
	ErrDenied    = fault.New(fault.Forbidden, "credit_not_usable", "The credit is denied or still under approval.")
)

// Create checks and stores a new credit and posts it. A credit without lines gets one uncoded line of the whole amount,
// as a bill does. repeat accepts a reference number that another active credit of the vendor has, and flags it. It fails
// with fault.ErrMissing, fault.ErrValue (also for a posting date in a closed period, GL-8), fault.ErrReference,
// ErrSplits, bill.ErrTooManyRows, ErrDuplicate.
func Create(tx *db.Tx, c *Credit, repeat bool) error {
	if err := tx.Require(org.ManageBills); err != nil {
		return err
	}
	if c.Active != record.Active {
		return fault.ErrValue.On("isActive")
	}
	if err := check(c); err != nil {
		return err
	}
	c.Channel, c.CreatedBy = tx.Caller().Channel, "" // named by us, not by the client
	if err := Credits.CheckReferences(tx, nil, c); err != nil {
		return err
	}
	if err := splits(c); err != nil {
		return err
	}
	c.CreatedBy = tx.Caller().User
	if err := checkNumber(tx, c, repeat); err != nil {
		return err
	}
	if err := checkOpen(tx, c.GLPostingDate); err != nil {
		return err
	}
	c.ID = ids.New(ids.VendorCredit)
	var err error
	if c.ApprovalStatus, err = Approvals.Submit(tx, c); err != nil {
		return err
	}
	c.AppliedAmount, c.ReservedAmount = 0, 0
	c.settle()
	c.PostingVersion = 1
	Credits.Insert(tx, c)
	return post(tx, c)
}

// check judges a credit by itself and completes it.
func check(c *Credit) error {
	var missing []string
	for _, f := range []struct {
		name  string
		empty bool
	}{{"vendorId", c.VendorID.IsNull()}, {"refNumber", c.RefNumber == ""}, {"creditDate", c.CreditDate.IsZero()}} {
		if f.empty {
			missing = append(missing, f.name)
		}
	}
	if missing != nil {
		return fault.ErrMissing.On(missing...)
	}
	if c.Amount <= 0 || c.Amount > bill.MaxAmount {
		return fault.ErrValue.On("amount")
	}
	if !c.ApplyToBankAccountID.IsNull() && !c.ApplyToChartOfAccountID.IsNull() {
		return fault.ErrValue.On("applyToBankAccountId", "applyToChartOfAccountId")
	}
	if len(c.Lines) > bill.MaxLines {
		return bill.ErrTooManyRows
	}
	if c.Currency == "" {
		c.Currency = "USD"
	}
	if c.GLPostingDate.IsZero() {
		c.GLPostingDate = c.CreditDate
	}
	c.NumberKey = bill.NumberKey(c.RefNumber)
	if len(c.Lines) == 0 {
		l := Lines.New().(*Line)
		l.Amount = c.Amount
		c.Lines = []*Line{l}
	}
	for _, l := range c.Lines {
		l.LineType = 1
		if !l.ItemID.IsNull() {
			l.LineType = 2
		}
	}
	return nil
}

// splits fails with ErrSplits unless the lines add up to the amount. That is asked after the references (api-v1 3.3).
func splits(c *Credit) error {
	var sum int64
	for _, l := range c.Lines {
		sum += l.Amount
	}
	if sum != c.Amount {
		return ErrSplits.On("amount")
	}
	return nil
}

// checkNumber flags a reference number that another active credit of the vendor has; without repeat it fails with
// ErrDuplicate.
func checkNumber(tx *db.Tx, c *Credit, repeat bool) error {
	var n int64
	err := tx.Row(`SELECT count(*) FROM (SELECT 1 FROM vendor_credits WHERE org_id = $1 AND vendor_id = $2 AND number_key = $3 AND is_active = 1
		AND id <> $4 LIMIT 1) x`, string(tx.Org()), string(c.VendorID), c.NumberKey, string(c.ID)).Scan(&n)
	if err != nil {
		return fmt.Errorf("look for the same reference number: %w", err)
	}
	if n > 0 && !repeat {
		return ErrDuplicate.On("refNumber")
	}
	c.Duplicate = n > 0
	return nil
}

// checkOpen fails with fault.ErrValue for a posting date in a closed period (GL-8).
func checkOpen(tx *db.Tx, day civil.Date) error {
	open, err := ledger.Open(tx, day)
	if err == nil && !open {
		return fault.ErrValue.On("glPostingDate")
	}
	return err
}

// settle derives the state of use.
func (c *Credit) settle() {
	switch {
	case c.Left() == 0:
		c.CreditStatus = Used
	case c.used() > 0:
		c.CreditStatus = PartlyUsed
	default:
		c.CreditStatus = Unused
	}
}

// post writes event 5: accounts payable is debited with the total, each line's account credited.
func post(tx *db.Tx, c *Credit) error {
	e := ledger.Entry{Date: c.GLPostingDate, Event: ledger.VendorCreditEntered, Source: c.ID, Version: c.PostingVersion, Currency: c.Currency,
		Memo: "Vendor credit " + c.RefNumber, Postings: []ledger.Posting{{Role: ledger.AP, Amount: c.Amount, Party: c.VendorID}}}
	for _, l := range c.Lines {
		p := ledger.Posting{Account: l.ChartOfAccountID, Amount: -l.Amount, Department: l.DepartmentID, Location: l.LocationID,
			Job: l.JobID, Customer: l.CustomerID}
		if p.Account.IsNull() {
			p.Account, p.Role = "", ledger.Uncoded
		}
		e.Postings = append(e.Postings, p)
	}
	_, err := ledger.Post(tx, e)
	return err
}

// unpost reverses the entry that stands and counts the reversal in c.
func unpost(tx *db.Tx, before, c *Credit, why string) error {
	c.PostingVersion = before.PostingVersion + 1
	_, err := ledger.Reverse(tx, before.ID, ledger.VendorCreditEntered, before.PostingVersion, before.GLPostingDate, ledger.VendorCreditEntered,
		c.PostingVersion, "Vendor credit "+before.RefNumber+" "+why)
	return err
}

// Update stores the difference between before, as loaded for update, and c; lines that c does not have any more are
// removed. What is posted otherwise is reversed and posted anew. isActive changes as by Delete and Undelete. It fails as
// Create, and with ErrMoneyOn for another vendor once anything is set off, or an amount below that.
func Update(tx *db.Tx, before, c *Credit, repeat bool) error {
	if err := tx.Require(org.ManageBills); err != nil {
		return err
	}
	if err := check(c); err != nil {
		return err
	}
	if err := Credits.CheckReferences(tx, before, c); err != nil {
		return err
	}
	if err := splits(c); err != nil {
		return err
	}
	if before.used() != 0 {
		switch {
		case c.Active != before.Active:
			return ErrMoneyOn.On("isActive")
		case c.VendorID != before.VendorID:
			return ErrMoneyOn.On("vendorId")
		case c.Amount < before.used():
			return ErrMoneyOn.On("amount")
		}
	}
	if c.Active == record.Active && (c.Active != before.Active || c.NumberKey != before.NumberKey || c.VendorID != before.VendorID) {
		if err := checkNumber(tx, c, repeat); err != nil {
			return err
		}
	}
	if c.GLPostingDate != before.GLPostingDate {
		if err := checkOpen(tx, c.GLPostingDate); err != nil {
			return err
		}
	}
	var err error
	if c.ApprovalStatus, err = Approvals.Edited(tx, before, c); err != nil {
		return err
	}
	c.settle()
	reposts := c.Active == record.Active && before.Active == record.Active && posting(before) != posting(c)
	if before.Active == record.Active && (reposts || c.Active != before.Active) {
		why := "changed"
		if c.Active != before.Active {
			why = "deleted"
		}
		if err := unpost(tx, before, c, why); err != nil {
			return err
		}
	}
	again := reposts || c.Active == record.Active && before.Active != record.Active
	if again {
		c.PostingVersion = max(c.PostingVersion, before.PostingVersion) + 1
	}
	Credits.SaveAs(tx, verb(before, c), before, c)
	if again {
		return post(tx, c)
	}
	return nil
}

// verb names a change in the audit trail.
func verb(before, c *Credit) string {
	switch {
	case c.Active == before.Active:
		return "update"
	case c.Active == record.Active:
		return "undelete"
	}
	return "delete"
}

// posting is what of a credit its entry says, to be compared.
func posting(c *Credit) string {
	s := fmt.Sprint(c.VendorID, c.GLPostingDate, c.Currency, c.Amount)
	for _, l := range c.Lines {
		s += fmt.Sprint("|", l.Amount, l.ChartOfAccountID, " ", l.DepartmentID, " ", l.LocationID, " ", l.JobID, " ", l.CustomerID)
	}
	return s
}

// Delete makes a credit inactive and reverses its posting. It fails with ErrMoneyOn while any of it is set off or
// reserved. Deleting a deleted credit changes nothing.
func Delete(tx *db.Tx, id ids.ID) error { return setActive(tx, id, record.Inactive) }

// Undelete takes a deleted credit back and posts it again, on the first open day. Repeating it changes nothing.
func Undelete(tx *db.Tx, id ids.ID) error { return setActive(tx, id, record.Active) }

func setActive(tx *db.Tx, id ids.ID, active int64) error {
	before, err := Credits.LoadForUpdate(tx, id)
	if err != nil {
		return err
	}
	c := Credits.Copy(before).(*Credit)
	c.Active = active
	if c.Active == before.Active {
		return tx.Require(org.ManageBills)
	}
	return Update(tx, before, c, true)
}

// Amounts set off.

// ForUse loads an active credit that may be set off and locks it until the transaction ends. It fails with
// fault.ErrReference where there is none, or ErrDenied (APR-15).
func ForUse(tx *db.Tx, id ids.ID) (*Credit, error) {
	c, err := Credits.LoadForUpdate(tx, id)
	if f := fault.From(err); f != nil && f.Kind == fault.NotFound || err == nil && c.Active != record.Active {
		return nil, fault.ErrReference.On("vendorCreditId")
	}
	if err != nil {
		return nil, err
	}
	if blocked, err := Approvals.Blocked(tx, c); err != nil {
		return nil, err
	} else if blocked {
		return nil, ErrDenied.On("vendorCreditId")
	}
	return c, nil
}

// change applies f to the amounts set off, derives the state and stores it under that verb.
func change(tx *db.Tx, verb string, c *Credit, f func(*Credit)) error {
	after := *c
	f(&after)
	after.settle()
	if after.AppliedAmount < 0 || after.ReservedAmount < 0 || after.Left() < 0 {
		return ErrLeft.On("amount")
	}
	Credits.SaveAs(tx, verb, c, &after)
	*c = after
	return nil
}

// Reserve sets amount aside for a payment. It fails with ErrLeft when amount is not positive or more than is left.
func Reserve(tx *db.Tx, c *Credit, amount int64) error {
	if amount <= 0 {
		return ErrLeft.On("amount")
	}
	return change(tx, "reserve", c, func(c *Credit) { c.ReservedAmount += amount })
}

// Unreserve gives a reserved amount free again: the payment was cancelled.
func Unreserve(tx *db.Tx, c *Credit, amount int64) error {
	return change(tx, "unreserve", c, func(c *Credit) { c.ReservedAmount -= amount })
}

// Apply uses a reserved amount: the payment left.
func Apply(tx *db.Tx, c *Credit, amount int64) error {
	return change(tx, "apply", c, func(c *Credit) { c.ReservedAmount -= amount; c.AppliedAmount += amount })
}

// Free takes back an applied amount: the payment failed, was returned or voided.
func Free(tx *db.Tx, c *Credit, amount int64) error {
	return change(tx, "free", c, func(c *Credit) { c.AppliedAmount -= amount })
}
