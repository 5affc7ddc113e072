package view

import "github.com/duebook/duebook/internal/civil"

// PaymentsPage is the list of payments.
type PaymentsPage struct {
	Page
	Query          PaymentQuery
	Currency       string
	Rows           []PaymentRow
	Next, Previous string // cursors as in BillsPage
	Exists         bool
	Checks         bool // whether the user may see the print runs of checks
}

// PaymentRow is one payment in a list.
type PaymentRow struct {
	ID, Payee            string
	Method               string // "ACH", "Check 10001"
	ProcessDate, Arrival civil.Date
	Currency             string
	Minor                int64
	Bills                int
	State                string // internal state, domain spec 5.5
}

// PaymentPage is everything about one payment.
type PaymentPage struct {
	Page
	ID, Payee            string
	Currency             string
	Minor                int64
	State                string
	Method               string
	ProcessDate, Arrival civil.Date
	Account              FundingAccount
	Confirmation         string
	CreatedBy, Created   string
	CanCancel            bool
	CanVoid              bool     // it has left and may still be void
	Waiting              *Waiting // for a person; nil if it does not
	Unclaimed            *Unclaimed
	Review               string // what a person should look at
	ApprovedBy           string
	Steps                []Step
	Bills                []PaidBill
	Disbursement         *Disbursement // nil before release
	History              []Change      // newest first; nil for who may not see it
	Reversal             *Reversal     // nil if none can be asked for and none was
	Errors               FieldErrors   // of the form that was sent
}

// Waiting is a payment that waits for a second person, or is on hold.
type Waiting struct {
	Held      bool
	Reason    string     // of the hold
	Until     string     // an Instant: a payment on hold is cancelled then
	LeavesOn  civil.Date // if it is let go now
	Typed     string     // the reason, as it was typed
	CanDecide bool
	Alone     bool // nobody else could: it leaves two business days later then
}

func (w *Waiting) act() string {
	if w.Held {
		return "If you lift the hold"
	}
	return "If you approve it"
}

// Unclaimed is a payment whose stale check's money is kept for the payee (VOI-7).
type Unclaimed struct {
	From, Today string // YYYY-MM-DD: the days between which it was paid to a state
	Day         string // as typed
	CanDecide   bool
}

// PaidBill is the part of the payment that goes to one bill, with the credits used on it.
type PaidBill struct {
	Bill          BillHead
	Paid, Credits int64
}

// Disbursement is the movement of money behind a payment.
type Disbursement struct {
	Facts  []Fact // "Trace number", "Check number", "File", "Effective date", "To account"
	Check  Link   // the cheque as PDF, or the zero Link
	Image  string // address of a picture of check Number, or ""
	Number int64
	File   string // name of the bank file the excerpt is from
	Lines  []FileLine
}

// Fact is a label with a value.
type Fact struct{ Label, Value string }

// FileLine is one record of a bank file. The handler masks the account numbers. Ours marks the records of this payment.
type FileLine struct {
	Number int
	Text   string
	Ours   bool
}

func (v PaymentsPage) previousURL() string {
	if v.Previous == "" {
		return ""
	}
	return PaymentQuery{Tab: v.Query.Tab, Before: v.Previous}.URL()
}

func (v PaymentsPage) nextURL() string {
	if v.Next == "" {
		return ""
	}
	return PaymentQuery{Tab: v.Query.Tab, After: v.Next}.URL()
}

func paymentTab(key string) string { return PaymentQuery{Tab: key}.URL() }
