package view

import (
	"strconv"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/money"
)

// PayManyPage is the form that pays many bills at once.
type PayManyPage struct {
	Page
	Query          PayManyQuery
	Rows           []ToPayRow
	Next, Previous string          // cursors as in BillsPage
	Chosen         map[string]bool // by id of the bill
	ProcessDate    string          // as typed, the earliest date to begin with; YYYY-MM-DD
	Earliest       civil.Date
	Latest         civil.Date
	Cutoff         Cutoff
	Accounts       []Funds
	Account        string // chosen id
	Key            string // idempotency key, made once when the form is first shown
	Errors         FieldErrors
}

// ToPayRow is a bill that can be chosen. Open is what is paid of it.
type ToPayRow struct {
	BillHead
	Approval int
	DaysLate int
	Method   string
}

// Cutoff is the deadline of an earliest date: in words, "18:00 Pacific today", and how long that is from now.
type Cutoff struct {
	Text string
	Left time.Duration
}

// LeftInWords is how long is left, in hours and minutes.
func (c Cutoff) LeftInWords() string {
	hours, minutes := int(c.Left.Hours()), int(c.Left.Minutes())%60
	switch {
	case hours == 0:
		return Count(minutes, "minute", "minutes")
	case minutes == 0:
		return Count(hours, "hour", "hours")
	}
	return Count(hours, "hour", "hours") + " " + Count(minutes, "minute", "minutes")
}

func (c Cutoff) seconds() string { return strconv.Itoa(int(c.Left.Seconds())) }

// Funds is one of our bank accounts with what the books say is on it, and what is to leave it already, in minor units of the
// dollar. Known says whether the user may see that.
type Funds struct {
	FundingAccount
	Known              bool
	Balance, Committed int64
}

// Left is what can be paid from the account.
func (f Funds) Left() int64 { return f.Balance - f.Committed }

func (f Funds) option() string {
	if !f.Known {
		return f.label()
	}
	return f.label() + ", " + Amount(f.Left(), "USD") + " left"
}

func (f Funds) leftMinor() string {
	if !f.Known {
		return ""
	}
	return strconv.FormatInt(f.Left(), 10)
}

func (v PayManyPage) previousURL() string {
	if v.Previous == "" {
		return ""
	}
	return PayManyQuery{Search: v.Query.Search, Before: v.Previous}.URL()
}

func (v PayManyPage) nextURL() string {
	if v.Next == "" {
		return ""
	}
	return PayManyQuery{Search: v.Query.Search, After: v.Next}.URL()
}

func (v PayManyPage) allURL() string {
	q := v.Query
	q.All = true
	return q.URL()
}

func (v PayManyPage) chosen(r ToPayRow) bool { return v.Query.All || v.Chosen[r.ID] }

// PaidTogether is one payment, of one bill or of several of its vendor.
type PaidTogether struct {
	PaymentID, Vendor, State, Method string
	Minor                            int64 // dollars
	Withheld                         int64 // kept back for the tax office, beside Minor (posting 10)
	ProcessDate, Arrival             civil.Date
	Bills                            []PaidBill
}

// ChosenBill is what is asked for one bill, in minor units of the dollar.
type ChosenBill struct {
	ID              string
	Minor, Discount int64
}

func (b ChosenBill) amount() string   { return money.FormatMinor(b.Minor, 2) }
func (b ChosenBill) discount() string { return money.FormatMinor(b.Discount, 2) }

// PaidManyPage says bill by bill what paying many of them does or, once it is confirmed, has done.
type PaidManyPage struct {
	Page
	ProcessDate civil.Date
	From        Funds
	Key         string
	Bills       []ChosenBill
	Paid        []PaidTogether
	Refused     []RefusedPayment
}

// Total is the sum of the payments.
func (v PaidManyPage) Total() (minor int64) {
	for _, p := range v.Paid {
		minor += p.Minor
	}
	return minor
}

func (v PaidManyPage) withheld() (minor int64) {
	for _, p := range v.Paid {
		minor += p.Withheld
	}
	return minor
}

func (v PaidManyPage) discounts() (minor int64) {
	for _, b := range v.payable() {
		minor += b.Discount
	}
	return minor
}

// payable are the bills asked for without those that are refused.
func (v PaidManyPage) payable() []ChosenBill {
	refused := map[string]bool{}
	for _, r := range v.Refused {
		refused[r.Bill.ID] = true
	}
	var all []ChosenBill
	for _, b := range v.Bills {
		if !refused[b.ID] {
			all = append(all, b)
		}
	}
	return all
}

// missing is what the account does not have for the payments; 0 if it suffices or is not known.
func (v PaidManyPage) missing() int64 {
	if !v.From.Known {
		return 0
	}
	return max(0, v.Total()-v.From.Left())
}

func (v PaidManyPage) late() []PaidBill {
	var all []PaidBill
	for _, p := range v.Paid {
		for _, b := range p.Bills {
			if !b.Bill.Due.IsZero() && p.Arrival.After(b.Bill.Due) {
				all = append(all, b)
			}
		}
	}
	return all
}

// Heading says how many payments there are.
func (v PaidManyPage) Heading() string {
	if len(v.Paid) == 0 {
		return "Nothing was scheduled"
	}
	return Count(len(v.Paid), "payment", "payments") + " scheduled"
}
