package view

import (
	"net/url"

	"github.com/duebook/duebook/internal/civil"
)

// PayLinkURL is what a customer sees who holds the link of an invoice: GET, POST amount, from ("file" or "new"), name,
// routingNumber, accountNumber, accountType, holderType, agree, day, form.
func PayLinkURL(token string) string { return "/pay/" + url.PathEscape(token) }

// PayLinkPDF is the invoice behind a pay link as a PDF (GET).
func PayLinkPDF(token string) string { return PayLinkURL(token) + "/invoice.pdf" }

// PayLinkPage is an invoice as its customer sees it, with the form to pay. Amounts are minor units of Currency.
type PayLinkPage struct {
	Title    string
	Token    string
	Company  string
	Reach    []string // address and telephone of the company
	Customer string
	Number   string
	Date     civil.Date
	Due      civil.Date
	Currency string
	Lines    []PayLinkLine
	Subtotal int64
	Tax      int64
	TaxName  string
	Total    int64
	Paid     int64
	Credits  int64
	Waiting  int64 // in payments under way
	Open     int64 // due, with what is under way
	Void     bool
	Note     string
	Remit    []string
	Others   []PayLinkOther
	More     bool        // there are more others
	Refused  FieldErrors // of a form that is no longer there
	Done     string      // what has just been arranged, in a sentence; "" for nothing
	Form     *PayLinkForm
}

// Payable is what can still be paid.
func (v PayLinkPage) Payable() int64 { return v.Open - v.Waiting }

func (v PayLinkPage) state() Badge {
	switch {
	case v.Void:
		return Badge{Bad, "Cancelled"}
	case v.Open == 0:
		return Badge{Good, "Paid"}
	case v.Payable() == 0:
		return Badge{Go, "Payment under way"}
	case v.Paid+v.Credits > 0:
		return Badge{Quiet, "Partly paid"}
	}
	return Badge{Quiet, "Open"}
}

// PayLinkLine is a line of the invoice.
type PayLinkLine struct {
	Item, Text, Quantity, Price string
	Minor                       int64
}

// PayLinkOther is another open invoice of the customer.
type PayLinkOther struct {
	Number string
	Due    civil.Date
	Minor  int64
	URL    string // "" if it has no link
}

// PayLinkForm pays by a debit of the customer's bank account. What was typed comes back, except the account number.
type PayLinkForm struct {
	Account string     // last digits of the account on file, "" for none
	Replace bool       // another account may be entered
	Wording string     // what the customer agrees to
	Day     string     // that the wording names
	NewDay  civil.Date // on which an account that is entered now is debited
	Key     string     // names the form: it pays once
	Sandbox bool

	Amount, From, Name, Routing, AccountType, HolderType string
	Agreed                                               bool
	Errors                                               FieldErrors
}

// enters reports whether the fields of a new account are there.
func (f *PayLinkForm) enters() bool { return f.Account == "" || f.Replace }
