package view

import (
	"net/url"
	"strconv"

	"github.com/duebook/duebook/internal/civil"
)

// PrintRunsPage is Payments > Print checks: the print runs, newest first.
type PrintRunsPage struct {
	Page
	Runs     []PrintRun
	Late     int  // checks that wait too long to be confirmed
	ByHand   bool // whether people confirm what was printed and mailed
	Currency string
}

// PrintRun is a print run with what became of its sheets.
type PrintRun struct {
	ID, Account                string
	State                      string // drawing, waiting, opened, done, superseded
	Issued                     civil.Date
	Created, Opened            string
	First, Last                int64
	Checks                     int
	Minor                      int64
	Unprinted, Printed, Mailed int
	Spoiled, Voided            int
	Late                       bool
}

func (r PrintRun) numbers() string {
	if r.First == r.Last {
		return number(r.First)
	}
	return number(r.First) + " to " + number(r.Last)
}

// badge says what the run waits for.
func (r PrintRun) badge() Badge {
	switch {
	case r.State == "drawing":
		return Badge{Go, "Being drawn"}
	case r.State == "done":
		return Badge{Good, "Mailed"}
	case r.Late:
		return Badge{Bad, "Confirmation overdue"}
	case r.State == "waiting":
		return Badge{Wait, "To print"}
	case r.Unprinted > 0:
		return Badge{Wait, "Confirm the printing"}
	case r.Printed > 0:
		return Badge{Wait, "To mail"}
	}
	return Badge{Good, "Done"}
}

// PrintRunPage is one print run with its sheets.
type PrintRunPage struct {
	Page
	Run      PrintRun
	Checks   []Check
	CanPrint bool
	Currency string

	Number, Reason string // of a spoiled number, as typed
}

// RegisterPage is Payments > Print checks > Register.
type RegisterPage struct {
	Page
	Query    RegisterQuery
	Checks   []Check
	Expiring []Check // stop orders that end soon
	Next     int64   // only smaller numbers follow; 0: none
	CanPrint bool
	CanStop  bool
	Currency string
}

// Check is a number of the register.
type Check struct {
	AccountID, Account string
	Serial             int64
	State, Reason      string
	Minor              int64
	Payee, PaymentID   string
	Issued, StopUntil  civil.Date
	Replacement        int64
	IssueTold          bool
	VoidTold           bool
}

// told says what the bank knows of the number.
func (c Check) told() string {
	switch {
	case c.VoidTold:
		return "void"
	case c.IssueTold:
		return "issued"
	}
	return "nothing yet"
}

// note is what else there is to say of it.
func (c Check) note() string {
	switch {
	case c.Replacement != 0:
		return c.Reason + "; replaced by " + number(c.Replacement)
	case !c.StopUntil.IsZero():
		return c.Reason + "; stopped until " + Date(c.StopUntil)
	}
	return c.Reason
}

// RegisterQuery is what the register shows.
type RegisterQuery struct {
	State  string
	Before int64
}

// CheckStates are the states of the register to choose from.
var CheckStates = []Tab{{"", "All"}, {"mailed", "Out"}, {"stop_requested", "Stop asked for"}, {"returned_mail", "Back by mail"}, {"voided", "Voided"},
	{"spoiled", "Spoiled"}, {"cleared", "Cleared"}, {"returned", "Given back"}}

// ParseRegisterQuery reads the address of the register.
func ParseRegisterQuery(v url.Values) RegisterQuery {
	q := RegisterQuery{}
	for _, t := range CheckStates {
		if t.Key == v.Get("state") {
			q.State = t.Key
		}
	}
	if n, err := strconv.ParseInt(v.Get("before"), 10, 64); err == nil && n > 0 {
		q.Before = n
	}
	return q
}

func registerTab(state string) string { return CheckRegisterURL + parameters("state", state) }

func (v RegisterPage) nextURL() string {
	if v.Next == 0 {
		return ""
	}
	return CheckRegisterURL + parameters("state", v.Query.State, "before", number(v.Next))
}

func (v RegisterPage) firstURL() string {
	if v.Query.Before == 0 {
		return ""
	}
	return registerTab(v.Query.State)
}

// CheckBadge names the state of a check (domain spec CHK-4).
func CheckBadge(state string) Badge {
	switch state {
	case "allocated":
		return Badge{Wait, "To print"}
	case "printed":
		return Badge{Wait, "Printed"}
	case "mailed":
		return Badge{Go, "Mailed"}
	case "cleared":
		return Badge{Good, "Cleared"}
	case "returned":
		return Badge{Bad, "Given back"}
	case "spoiled":
		return Badge{Quiet, "Spoiled"}
	case "stop_requested":
		return Badge{Wait, "Stop asked for"}
	case "voided":
		return Badge{Bad, "Voided"}
	case "stale":
		return Badge{Bad, "Stale"}
	case "returned_mail":
		return Badge{Wait, "Back by mail"}
	}
	return Badge{Quiet, "Unknown"}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// ExceptionsPage is Payments > Print checks > Exceptions: what the bank asks about checks.
type ExceptionsPage struct {
	Page
	Waiting, Decided []CheckException
	CanDecide        bool
	Currency         string
}

// CheckException is a check that the bank asks about, or has paid though it is not what was issued.
type CheckException struct {
	ID, Account   string
	Serial        int64
	Minor, Issued int64 // as presented; as issued, 0 if the number is not ours
	Payee, Reason string
	State         string // of the number in the register
	PaymentID     string
	Presented     civil.Date
	Deadline      string // "" if the bank has paid
	Decision      string
	Decided       string // when and by whom
}

// why says what is wrong with the check.
func (x CheckException) why(currency string) string {
	switch x.Reason {
	case "AMOUNT":
		return "issued for " + Amount(x.Issued, currency)
	case "SERIAL":
		return "no check of ours has this number"
	case "PAYEE":
		return "made out to somebody else than it was issued to"
	case "VOIDED", "STALE":
		return "this number is void"
	case "DUPLICATE":
		return "this number has been paid before"
	}
	return "the bank says " + x.Reason
}

// outcome says what was decided.
func (x CheckException) outcome() Badge {
	switch x.Decision {
	case "pay":
		return Badge{Good, "Pay"}
	case "seen":
		return Badge{Quiet, "Taken note of"}
	}
	return Badge{Bad, "Return"}
}

// VoidPage asks why and how to void a payment that has left.
type VoidPage struct {
	Page
	ID, Payee, Currency string
	Minor               int64
	Recorded            bool // made elsewhere: voided without more
	Mailed              bool // the bank has to stop it first
	Reasons             []string
	Reason, Other       string
	Reissue             bool
	Errors              FieldErrors
}
