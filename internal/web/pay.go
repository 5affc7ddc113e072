package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

// intention is what the pay form asks for, as it was typed and as it was understood.
type intention struct {
	bill                             ids.ID
	amount, processDate, account, by string
	discount                         string
	payment.Request
}

// intention reads the pay form. What cannot be read is told at its field.
func (c *call) intention(id ids.ID) (intention, view.FieldErrors, error) {
	if err := c.form(); err != nil {
		return intention{}, nil, err
	}
	in := intention{bill: id, amount: c.field("amount"), processDate: c.field("processDate"), account: c.field("account"), by: c.field("key"),
		discount: c.field("discount")}
	in.Request = payment.Request{BillID: id, BankAccountID: ids.ID(in.account), SameDay: c.field("sameDay") == "yes"}
	var wrong view.FieldErrors
	var err error
	if in.Amount, err = money.ParseMinor(in.amount, 2); err != nil || in.Amount <= 0 {
		wrong = append(wrong, view.FieldError{Field: "amount", Message: "Enter an amount such as 1250.00.", Code: "BDCE045"})
	}
	if in.ProcessDate, err = civil.Parse(in.processDate); err != nil || in.ProcessDate.IsZero() {
		wrong = append(wrong, view.FieldError{Field: "processDate", Message: "Enter a date.", Code: "BDCE013"})
	}
	if in.discount != "" {
		if in.Discount, err = money.ParseMinor(in.discount, 2); err != nil || in.Discount <= 0 {
			wrong = append(wrong, view.FieldError{Field: "discount", Message: "Open this form anew from the bill."})
		}
	}
	return in, wrong, nil
}

func (h *handler) payForm(c *call) error {
	id, err := c.id("id", ids.Bill)
	if err != nil {
		return err
	}
	return c.showPayForm(http.StatusOK, intention{bill: id, by: secret.NewToken(secret.Alphanumeric, 32)}, nil, true)
}

// showPayForm renders the form. A fresh one proposes all that is open, on the earliest date, from the default account.
func (c *call) showPayForm(status int, in intention, wrong view.FieldErrors, fresh bool) error {
	page := view.PayPage{Amount: in.amount, ProcessDate: in.processDate, Account: in.account, Key: in.by, SameDay: in.SameDay}
	err := c.read(func(tx *db.Tx) error {
		b, v, err := billAndVendor(tx, in.bill)
		if err != nil {
			return err
		}
		plan, err := payment.PlanFor(tx, b)
		if err != nil {
			return err
		}
		if page.Accounts, err = fundingAccounts(tx); err != nil {
			return err
		}
		from, err := bank.Default(tx)
		if err != nil && !errors.Is(err, bank.ErrNoAccount) {
			return err
		}
		page.Bill = head(b, v)
		page.Method, page.Earliest, page.Latest, page.Arrival = method(plan, v), plan.Earliest, plan.Latest, plan.Arrival(plan.Earliest)
		page.SameDayFrom, page.AccountFrom = plan.SameDay, plan.AccountFrom
		if plan.Discount > 0 {
			page.Discount, page.DiscountUntil, page.TakesDiscount = plan.Discount, plan.DiscountUntil, fresh || in.discount != ""
		}
		if fresh {
			page.Amount, page.ProcessDate = money.FormatMinor(b.Payable()-plan.Discount, money.Digits(b.Currency)), plan.Earliest.String()
			if from != nil {
				page.Account = string(from.ID)
			}
			why, err := whyNot(tx, b)
			if err != nil {
				return err
			}
			if why == "" && b.Payable() <= 0 {
				why = "Nothing is left to pay on this bill."
			}
			wrong = nil
			if why != "" {
				wrong = view.FieldErrors{{Message: why}}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Page, page.Cutoff, page.Errors = c.page("Pay "+page.Bill.Vendor, view.BillsURL), cutoff(c.now), wrong
	return c.render(status, view.Pay(page))
}

// cutoff is until when the earliest process date of now holds.
func cutoff(now time.Time) view.Cutoff {
	end := bank.Days.CutOff(now)
	day := "today"
	switch d := civil.Of(end, civil.Pacific); d.Sub(civil.Of(now, civil.Pacific)) {
	case 0:
	case 1:
		day = "tomorrow"
	default:
		day = "on " + view.Date(d)
	}
	return view.Cutoff{Text: "18:00 Pacific " + day, Left: end.Sub(now)}
}

func head(b *bill.Bill, v *vendor.Vendor) view.BillHead {
	return view.BillHead{ID: string(b.ID), Vendor: v.Name, Number: b.InvoiceNumber, Currency: b.Currency, Amount: b.Amount, Open: b.Payable(), Due: b.DueDate}
}

// method says how a payment would go and where to.
func method(p payment.Plan, v *vendor.Vendor) string {
	if p.Rail == payment.ACH {
		return "ACH to the account ending " + p.AccountTail
	}
	if p.Rail == payment.Wire {
		return "Wire to the account ending " + p.AccountTail
	}
	if v.City == "" {
		return "Check by mail"
	}
	return "Check by mail to " + v.City
}

// fundingAccounts are the accounts that payments can draw on.
func fundingAccounts(tx *db.Tx) ([]view.FundingAccount, error) {
	all, err := bank.List(tx)
	out := []view.FundingAccount{}
	for _, a := range all {
		if a.Usable() {
			out = append(out, view.FundingAccount{ID: string(a.ID), Name: a.Name, Last4: a.AccountTail})
		}
	}
	return out, err
}

// errTried ends a transaction that only tried whether a payment would be taken.
var errTried = errors.New("tried, not meant")

func (h *handler) reviewPayment(c *call) error {
	id, err := c.id("id", ids.Bill)
	if err != nil {
		return err
	}
	in, wrong, err := c.intention(id)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return c.showPayForm(http.StatusUnprocessableEntity, in, wrong, false)
	}
	err = c.write(func(tx *db.Tx) error {
		if _, _, err := billAndVendor(tx, id); err != nil {
			return err
		}
		if _, err := payment.Pay(tx, in.Request); err != nil {
			return err
		}
		return errTried
	})
	if !errors.Is(err, errTried) {
		return c.refusePayment(in, err)
	}
	page := view.ReviewPage{Minor: in.Amount, Discount: in.Discount, SameDay: in.SameDay, ProcessDate: in.ProcessDate, Key: in.by}
	err = c.read(func(tx *db.Tx) error {
		b, v, err := billAndVendor(tx, id)
		if err != nil {
			return err
		}
		plan, err := payment.PlanFor(tx, b)
		if err != nil {
			return err
		}
		if page.Withheld, err = payment.Withheld(v, in.Amount); err != nil {
			return err
		}
		page.Bill, page.Method, page.Arrival = head(b, v), method(plan, v), plan.Arrival(in.ProcessDate)
		if in.SameDay {
			page.Method, page.Arrival = "Same-day "+page.Method, in.ProcessDate
		}
		funds, err := read.Funds(tx)
		for _, a := range funds {
			if a.ID != in.account {
				continue
			}
			page.Account = a.FundingAccount
			if missing := in.Amount - page.Withheld - a.Left(); a.Known && missing > 0 {
				page.Warnings = []string{"By your books " + view.Amount(a.Left(), "USD") + " is left on this account, " + view.Amount(missing, "USD") +
					" less than this payment needs. Make sure that the money is there on " + view.Date(in.ProcessDate) + "."}
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if !page.Bill.Due.IsZero() && page.Arrival.After(page.Bill.Due) {
		page.Warnings = append(page.Warnings, "The money arrives on "+view.Date(page.Arrival)+", after the bill is due on "+view.Date(page.Bill.Due)+".")
	}
	if page.Remains() > 0 {
		page.Warnings = append(page.Warnings, "This pays a part: "+view.Amount(page.Remains(), page.Bill.Currency)+" stay to be paid.")
	}
	page.Page = c.page("Confirm the payment", view.BillsURL)
	return c.render(http.StatusOK, view.Review(page))
}

// backToForm answers who reloads a page that was an answer to a form.
func (h *handler) backToForm(c *call) error {
	c.redirect(view.PayURL(c.r.PathValue("id")))
	return nil
}

func (h *handler) confirmPayment(c *call) error {
	id, err := c.id("id", ids.Bill)
	if err != nil {
		return err
	}
	in, wrong, err := c.intention(id)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return c.showPayForm(http.StatusUnprocessableEntity, in, wrong, false)
	}
	var made *payment.BillPay
	err = c.write(func(tx *db.Tx) (err error) {
		if _, _, err = billAndVendor(tx, id); err != nil {
			return err
		}
		made, err = payment.PayOnce(tx, in.by, in.Request)
		return err
	})
	if err != nil {
		return c.refusePayment(in, err)
	}
	c.redirect(view.ScheduledURL(string(made.PaymentID)))
	return nil
}

var (
	payFields = map[string]string{"amount": "amount", "processDate": "processDate", "sameDay": "sameDay"}
	payWords  = map[string]string{
		"process_date_invalid":  "That is no banking day. Choose a weekday that is no bank holiday.",
		"reference_invalid":     "The vendor is inactive. Make it active before paying it.",
		"amount_not_allowed":    "Enter an amount between 0.01 and what is still to pay.",
		"payment_amount":        "Enter an amount between 0.01 and what is still to pay.",
		"vendor_address":        "A check cannot be mailed: complete the vendor's address, or add a bank account.",
		"no_bank_account":       "There is no active, verified bank account to pay from.",
		"discount_not_given":    "The discount is for paying the whole bill in time: choose an earlier date, or leave it out and enter the full amount.",
		"changed_meanwhile":     "This form was sent before with other figures. Open it anew from the bill.",
		"field_missing":         "Open this form anew from the bill.",
		"international_limit":   "A payment to a vendor outside the US is at most $10,000.00.",
		"process_date_too_late": "The process date is more than a year ahead.",
	}
)

// refusePayment shows the form again with why the payment was refused.
func (c *call) refusePayment(in intention, err error) error {
	wrong, ok := refusal(err, payFields, payWords)
	if !ok || fault.From(err).Code == bill.ErrNoBill.Code {
		return err
	}
	return c.showPayForm(http.StatusUnprocessableEntity, in, wrong, false)
}
