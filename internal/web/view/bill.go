package view

import "github.com/duebook/duebook/internal/civil"

// BillPage is everything about one bill, amounts in the minor unit of Currency.
type BillPage struct {
	Page
	Errors             FieldErrors // of a decision that was sent
	Comment            string      // of that decision
	ID, Vendor, Number string
	VendorID           string
	Currency           string
	Amount, Open       int64
	Credits            int64 // vendor credits applied; a line of the totals unless 0
	Paid, Scheduled    int64 // lines of the totals unless 0
	Date, Due          civil.Date
	DaysLate           int
	Approval, Payment  int    // the numbers of domain spec 4.3
	Terms, PO          string // "" is not shown
	Description        string
	EnteredBy, Entered string // who or which program, and the Instant

	// CanPay shows the one primary action. Otherwise WhyNot says, in words, what has to happen first; "" when there is
	// nothing to pay.
	CanPay bool
	WhyNot string

	Approvers []Approver // in their order
	CanDecide bool       // it is the user's turn
	CanAsk    bool       // the user may set approvers, and has reason to
	Ask       string     // whom to ask, one e-mail address to a line
	Learned   bool       // they are proposed: those of the vendor's last bill
	Seen      string     // marks the bill as it is shown, for who decides

	Lines     []BillLine
	Attempts  []Attempt // newest first
	Documents []Document
	CanUpload bool
	History   []Change // newest first; nil for who may not see it
}

// BillLine is one line item. Empty dimensions are fine; a dimension that no line has makes no column.
type BillLine struct {
	Account, Department, Job, Location, Customer string
	Description                                  string
	Minor                                        int64
}

// Approver is one of those who are asked to approve, and where that stands (api-v2 3.19).
type Approver struct {
	Name   string
	Status int
	When   string // Instant of the decision
}

// Attempt is one payment of the bill, or the part of a payment that goes to it.
type Attempt struct {
	PaymentID string
	State     string // internal state, domain spec 5.5
	Method    string // "ACH", "Check 10001"
	Minor     int64
	Steps     []Step
}

// Document is a file that belongs to the record.
type Document struct {
	Name  string
	Bytes int64
	Pages int // 0 when not counted
	Added string
	URL   string
}

// Change is one entry of the audit trail.
type Change struct {
	When, Who string
	Via       string // "API, Ledger Bridge"; "" for the web application
	What      string // "Created", "Approved", "Changed"
	Fields    []FieldChange
}

// FieldChange is a field of a Change as the user knows it. Secrets arrive masked.
type FieldChange struct{ Field, Before, After string }

// dimensions are the optional columns of the line items that at least one line fills.
func (v BillPage) dimensions() []dimension {
	var used []dimension
	for _, d := range []dimension{
		{"Department", func(l BillLine) string { return l.Department }},
		{"Job", func(l BillLine) string { return l.Job }},
		{"Location", func(l BillLine) string { return l.Location }},
		{"Customer", func(l BillLine) string { return l.Customer }},
	} {
		for _, l := range v.Lines {
			if d.of(l) != "" {
				used = append(used, d)
				break
			}
		}
	}
	return used
}

type dimension struct {
	label string
	of    func(BillLine) string
}

func (v BillPage) linesTotal() int64 {
	var sum int64
	for _, l := range v.Lines {
		sum += l.Minor
	}
	return sum
}
