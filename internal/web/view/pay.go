package view

import "github.com/duebook/duebook/internal/civil"

// PayPage is the form that pays one bill. What was typed stays as it was typed, so that errors show beside it.
type PayPage struct {
	Page
	Bill        BillHead
	Amount      string // as typed, "1250.00" to begin with
	ProcessDate string // as typed, the earliest date to begin with; YYYY-MM-DD
	Earliest    civil.Date
	Latest      civil.Date
	Arrival     civil.Date // when the money arrives if it leaves on the earliest date
	AccountFrom civil.Date // from when the vendor's new account can be paid to, where that decides Earliest
	Cutoff      Cutoff     // until when Earliest holds otherwise
	Method      string     // how and to where: "ACH to the account ending 1234"
	Accounts    []FundingAccount
	Account     string // chosen id
	Key         string // idempotency key, made once when the form is first shown

	Discount      int64      // for paying the whole bill early; 0: none
	DiscountUntil civil.Date // the last process date it is given for
	TakesDiscount bool

	SameDayFrom civil.Date // the earliest process date that the payment can settle on; zero: it is not offered
	SameDay     bool

	Errors FieldErrors
}

// earliest is the first date that the form takes.
func (v PayPage) earliest() civil.Date {
	if !v.SameDayFrom.IsZero() && v.SameDayFrom.Before(v.Earliest) {
		return v.SameDayFrom
	}
	return v.Earliest
}

// why says what decides the earliest date.
func (v PayPage) why() string {
	if !v.AccountFrom.IsZero() {
		return "The earliest process date: the vendor’s bank account is new and can be paid to from then, whenever you confirm."
	}
	return "The earliest process date."
}

func (v PayPage) discountLabel() string {
	return "Take the discount of " + Amount(v.Discount, v.Bill.Currency) + " for paying the whole bill by " + Date(v.DiscountUntil)
}

// BillHead names a bill on the pages that pay it.
type BillHead struct {
	ID, Vendor, Number string
	Currency           string
	Amount, Open       int64
	Due                civil.Date
}

// FundingAccount is one of our bank accounts, its number masked to Last4.
type FundingAccount struct{ ID, Name, Last4 string }

func (a FundingAccount) label() string { return a.Name + " ···· " + a.Last4 }

// ReviewPage says what will happen before it happens. The fields go on, unchanged, in hidden inputs.
type ReviewPage struct {
	Page
	Bill        BillHead
	Minor       int64
	Discount    int64 // taken beside Minor
	Withheld    int64 // of Minor: the vendor does not get it (posting 10)
	SameDay     bool  // it settles on ProcessDate
	ProcessDate civil.Date
	Arrival     civil.Date
	Method      string
	Account     FundingAccount
	Key         string
	Warnings    []string // what a careful colleague would mention: arrives after the due date, part payment
}

// Remains is what stays to be paid on the bill.
func (v ReviewPage) Remains() int64 { return v.Bill.Open - v.Minor - v.Discount }

// PaidPage is the result of paying, bill by bill.
type PaidPage struct {
	Page
	Scheduled []ScheduledPayment
	Refused   []RefusedPayment
}

// ScheduledPayment is a bill whose payment was accepted. Waits says that another person has to approve it first.
type ScheduledPayment struct {
	PaymentID            string
	Bill                 BillHead
	Minor                int64
	ProcessDate, Arrival civil.Date
	Method               string
	Waits                bool
	CancelUntil          string // Instant, or ""
}

// RefusedPayment is a bill that was not paid, why, and the API's code for it.
type RefusedPayment struct {
	Bill      BillHead
	Why, Code string
}

func (v PaidPage) heading() string {
	n := len(v.Scheduled)
	switch {
	case n == 0:
		return "Nothing was scheduled"
	case n == 1 && v.Scheduled[0].Waits:
		return "Payment waits for approval"
	case n == 1:
		return "Payment scheduled"
	}
	return Count(n, "payment", "payments") + " scheduled"
}
