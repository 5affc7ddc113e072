package web

import (
	"errors"
	"net/http"
	"slices"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

// chosen is a bill that is to be paid with others, in full less the discount for paying early.
type chosen struct {
	head             view.BillHead
	vendor           ids.ID
	amount, discount int64
}

// payMany is what the form for many bills asks for, as it was typed and as it was understood.
type payMany struct {
	processDate, account, key string
	day                       civil.Date
	bills                     []chosen // of one vendor beside each other
}

func (h *handler) payManyForm(c *call) error {
	return c.showPayMany(http.StatusOK, view.PayManyPage{Query: view.ParsePayManyQuery(c.r.URL.Query()),
		Key: secret.NewToken(secret.Alphanumeric, 32)})
}

// backToMany answers who reloads a page that was an answer to a form.
func (h *handler) backToMany(c *call) error {
	c.redirect(view.PayManyURL)
	return nil
}

// showPayMany renders the list of bills to choose from. A fresh one proposes the earliest date and the default account.
func (c *call) showPayMany(status int, page view.PayManyPage) error {
	err := c.read(func(tx *db.Tx) error {
		if !c.mayPay() {
			return fault.ErrForbidden
		}
		rows, at, err := read.ToPay(tx, page.Query.Search, page.Query.After, page.Query.Before, c.today)
		if err != nil {
			return err
		}
		page.Rows, page.Next, page.Previous = rows, at.Next, at.Previous
		if page.Accounts, err = read.Funds(tx); err != nil {
			return err
		}
		page.Earliest, page.Latest = bank.Days.EarliestProcessDate(c.now), civil.Of(c.now, civil.Pacific).AddDays(bank.MaxAhead)
		if page.ProcessDate != "" || page.Account != "" {
			return nil
		}
		page.ProcessDate = page.Earliest.String()
		from, err := bank.Default(tx)
		if errors.Is(err, bank.ErrNoAccount) {
			return nil
		}
		if err == nil {
			page.Account = string(from.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Cutoff = c.page("Pay bills", view.BillsURL), cutoff(c.now)
	return c.render(status, view.PayMany(page))
}

// mayPay reports whether the user can pay some bill.
func (c *call) mayPay() bool {
	return c.may(org.PayApproved) || c.may(org.PayUnassigned) || c.may(org.PayUnapproved)
}

// chosenBills reads the form: the bills and, where they stand in it, their amounts. What cannot be read is told at its field.
func (c *call) chosenBills() (payMany, view.FieldErrors, error) {
	if err := c.form(); err != nil {
		return payMany{}, nil, err
	}
	in := payMany{processDate: c.field("processDate"), account: c.field("account"), key: c.field("key")}
	var wrong view.FieldErrors
	var err error
	if in.day, err = civil.Parse(in.processDate); err != nil || in.day.IsZero() {
		wrong = append(wrong, view.FieldError{Field: "processDate", Message: "Enter a date.", Code: "BDCE013"})
	}
	named := c.r.PostForm["bill"]
	if len(named) == 0 || len(named) > payment.MaxBills {
		return in, append(wrong, view.FieldError{Field: "list", Message: "Choose the bills to pay, " + view.Count(payment.MaxBills, "bill", "bills") + " at most."}), nil
	}
	for _, name := range named {
		b := chosen{head: view.BillHead{ID: name}}
		if !ids.ID(name).Is(ids.Bill) || slices.ContainsFunc(in.bills, func(o chosen) bool { return o.head.ID == name }) {
			return in, nil, fault.ErrNotFound.With(name)
		}
		for field, to := range map[string]*int64{"amount-": &b.amount, "discount-": &b.discount} {
			if text := c.field(field + name); text != "" {
				if *to, err = money.ParseMinor(text, 2); err != nil {
					return in, nil, fault.ErrNotFound.With(name)
				}
			}
		}
		in.bills = append(in.bills, b)
	}
	return in, wrong, nil
}

// describe reads what is known of the chosen bills and brings those of one vendor together. A bill that has no amount yet
// is to be paid in full, less what the terms give for paying early.
func (c *call) describe(tx *db.Tx, in *payMany) error {
	byVendor := map[ids.ID][]chosen{}
	var order []ids.ID
	for _, b := range in.bills {
		rec, v, err := billAndVendor(tx, ids.ID(b.head.ID))
		if err != nil {
			return err
		}
		b.head, b.vendor = head(rec, v), v.ID
		if b.amount == 0 {
			if b.discount, _, err = payment.Discount(tx, rec, in.day); err != nil {
				return err
			}
			b.amount = b.head.Open - b.discount
		}
		if byVendor[v.ID] == nil {
			order = append(order, v.ID)
		}
		byVendor[v.ID] = append(byVendor[v.ID], b)
	}
	in.bills = nil
	for _, id := range order {
		in.bills = append(in.bills, byVendor[id]...)
	}
	return nil
}

// pay pays the chosen bills, each vendor's in a transaction of its own: a bill that is refused keeps no other from being
// paid. With try nothing is kept, and the answer tells what would happen.
func (c *call) pay(in payMany, try bool) (paid []view.PaidTogether, refused []view.RefusedPayment, err error) {
	for rest := in.bills; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(b chosen) bool { return b.vendor != rest[0].vendor })
		if n < 0 {
			n = len(rest)
		}
		one, two, err := c.payVendor(in, rest[:n], try)
		if err != nil {
			return nil, nil, err
		}
		paid, refused, rest = append(paid, one...), append(refused, two...), rest[n:]
	}
	return paid, refused, nil
}

// payVendor pays the bills of one vendor: together or, where that is refused, without those that are refused alone.
func (c *call) payVendor(in payMany, bills []chosen, try bool) (paid []view.PaidTogether, refused []view.RefusedPayment, err error) {
	paid, why, err := c.payTogether(in, bills, try)
	if why == nil || err != nil {
		return paid, nil, err
	}
	var good []chosen
	for _, b := range bills {
		alone := why
		if len(bills) > 1 {
			if _, alone, err = c.payTogether(in, []chosen{b}, true); err != nil {
				return nil, nil, err
			}
		}
		if alone == nil {
			good = append(good, b)
			continue
		}
		refused = append(refused, view.RefusedPayment{Bill: b.head, Why: alone.Message, Code: alone.Code})
	}
	if len(good) == 0 {
		return nil, refused, nil
	}
	if paid, why, err = c.payTogether(in, good, try); why != nil {
		for _, b := range good {
			refused = append(refused, view.RefusedPayment{Bill: b.head, Why: why.Message, Code: why.Code})
		}
	}
	return paid, refused, err
}

// payTogether pays bills of one vendor as one order; why is a refusal.
func (c *call) payTogether(in payMany, bills []chosen, try bool) (paid []view.PaidTogether, why *view.FieldError, err error) {
	o := payment.Order{BankAccountID: ids.ID(in.account), ProcessDate: in.day}
	heads, discounts := map[ids.ID]view.BillHead{}, map[ids.ID]int64{}
	for _, b := range bills {
		id := ids.ID(b.head.ID)
		heads[id], discounts[id] = b.head, b.discount
		o.Bills = append(o.Bills, payment.Portion{BillID: id, Amount: b.amount})
		if b.discount > 0 {
			o.Credits = append(o.Credits, payment.Offset{BillID: id, Amount: b.discount, Discount: true})
		}
	}
	var made []*payment.Payment
	err = c.write(func(tx *db.Tx) error {
		for id := range heads {
			if err := bill.Approvals.See(tx, id); err != nil {
				return err
			}
		}
		var err error
		if made, err = payment.PayBillsOnce(tx, in.key, o); err == nil && try {
			err = errTried
		}
		return err
	})
	switch {
	case err == nil, errors.Is(err, errTried):
	case errors.Is(err, fault.ErrForbidden):
		return nil, &view.FieldError{Message: "Your role does not include paying this bill."}, nil
	default:
		wrong, ok := refusal(err, payFields, payManyWords)
		if !ok {
			return nil, nil, err
		}
		return nil, &wrong[0], nil
	}
	for _, p := range made {
		one := view.PaidTogether{PaymentID: string(p.ID), State: p.State, Method: read.Method(p.Rail, 0), Minor: p.Amount, ProcessDate: p.ProcessDate, Arrival: p.ArrivalDate,
			Withheld: p.CreditAmount} // what these orders set off beside discounts
		for _, part := range p.Parts {
			one.Bills = append(one.Bills, view.PaidBill{Bill: heads[part.BillID], Paid: part.Amount})
			one.Vendor = heads[part.BillID].Vendor
			one.Withheld -= discounts[part.BillID]
		}
		paid = append(paid, one)
	}
	return paid, nil, nil
}

// payManyWords are payWords for somebody who does not look at the form of one bill.
var payManyWords = func() map[string]string {
	words := map[string]string{
		"bill_not_payable":   "This bill cannot be paid at present: it is paid or scheduled already, waits for approval or was denied.",
		"amount_not_allowed": "Less is still to pay on this bill than is asked for: it was paid or changed meanwhile.",
		"payment_amount":     "Less is still to pay on this bill than is asked for: it was paid or changed meanwhile.",
		"discount_not_given": "The discount for paying early is not given on that date.",
		"changed_meanwhile":  "This form was sent before with other figures. Choose this bill anew.",
	}
	for code, text := range payWords {
		if words[code] == "" {
			words[code] = text
		}
	}
	return words
}()

func (h *handler) reviewMany(c *call) error { return h.many(c, true) }

func (h *handler) confirmMany(c *call) error { return h.many(c, false) }

// many answers the form for many bills: with what would happen or, once that is confirmed, with what has. Sent again, the
// confirmation is answered in the same way and pays nothing twice.
func (h *handler) many(c *call, try bool) error {
	in, wrong, err := c.chosenBills()
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		page := view.PayManyPage{Query: view.PayManyQuery{Search: c.field("q")}, ProcessDate: in.processDate, Account: in.account, Key: in.key, Errors: wrong, Chosen: map[string]bool{}}
		for _, b := range in.bills {
			page.Chosen[b.head.ID] = true
		}
		return c.showPayMany(http.StatusUnprocessableEntity, page)
	}
	page := view.PaidManyPage{ProcessDate: in.day, Key: in.key}
	err = c.read(func(tx *db.Tx) error {
		if !c.mayPay() {
			return fault.ErrForbidden
		}
		asked := in
		asked.bills = slices.Clone(in.bills)
		if err := c.describe(tx, &asked); err != nil {
			return err
		}
		in = asked
		funds, err := read.Funds(tx)
		for _, a := range funds {
			if a.ID == in.account {
				page.From = a
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if page.Paid, page.Refused, err = c.pay(in, try); err != nil {
		return err
	}
	for _, b := range in.bills {
		page.Bills = append(page.Bills, view.ChosenBill{ID: b.head.ID, Minor: b.amount, Discount: b.discount})
	}
	if try {
		page.Page = c.page("Confirm the payments", view.BillsURL)
		return c.render(http.StatusOK, view.ReviewMany(page))
	}
	page.Page = c.page(page.Heading(), view.BillsURL)
	return c.render(http.StatusOK, view.PaidMany(page))
}
