package payment

import (
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// ErrDiscount refuses a discount that the terms of the bill do not give.
var ErrDiscount = fault.New(fault.Invalid, "discount_not_given", "The terms give no such discount: it is for paying the whole bill in time.")

// Discount is what paying all that is payable of b on that process date saves, in minor units of its currency, and until
// when: the percentage of its payment term, or its vendor's, up to so many days after the invoice date. Zero if there is
// none. Rule BIL-11.
func Discount(tx *db.Tx, b *bill.Bill, process civil.Date) (amount int64, until civil.Date, err error) {
	term := b.PaymentTermID
	if term.IsNull() {
		v, err := vendor.Vendors.Load(tx, b.VendorID)
		if err != nil {
			return 0, until, err
		}
		if term = v.PaymentTermID; term.IsNull() {
			return 0, until, nil
		}
	}
	t, err := dimension.Terms.Load(tx, term)
	if err != nil || t.DiscountPercent.Sign() <= 0 || b.Payable() <= 0 {
		return 0, until, err
	}
	until = b.InvoiceDate.AddDays(int(t.DiscountDays))
	if process.After(until) {
		return 0, until, nil
	}
	amount, err = money.PercentOf(b.Payable(), t.DiscountPercent)
	return amount, until, err
}

// checkDiscount fails with ErrDiscount unless the discount taken is given on that date and closes the bill with the money
// and the credits beside it.
func (d *due) checkDiscount(tx *db.Tx, process civil.Date) error {
	if d.discount == 0 {
		return nil
	}
	most, _, err := Discount(tx, d.bill, process)
	if err == nil && (d.discount > most || d.amount == 0 || d.amount+d.credits() != d.bill.Payable()) {
		err = ErrDiscount.On("amount")
	}
	return err
}

// take reserves the discount of a new payment on its bill, or what it keeps back.
func (p *Payment) take(tx *db.Tx, b *bill.Bill, amount int64, withheld bool) (*BillCredit, error) {
	if err := bill.ReserveCredit(tx, b, amount); err != nil {
		return nil, err
	}
	c := &BillCredit{Base: record.Base{Active: record.Active, AllowExport: true}, BillID: b.ID, PaymentID: p.ID, Amount: amount, State: Reserved,
		Withheld: withheld}
	BillCredits.Insert(tx, c)
	return c, nil
}

// postShare posts event 9, or 10 for what is withheld, when the payment leaves, and its reversal when it comes to nothing
// after that.
func (p *Payment) postShare(tx *db.Tx, c *BillCredit, to string) (err error) {
	event, role, memo := ledger.EarlyDiscount, ledger.DiscountsTaken, "Discount for early payment "+p.Confirmation
	if c.Withheld {
		event, role, memo = ledger.BackupWithheld, ledger.Withheld, "Withheld from payment "+p.Confirmation
	}
	switch to {
	case InFile:
		if c.Withheld {
			if err := dimension.NeedWithheld(tx); err != nil {
				return err
			}
		}
		_, err = ledger.Post(tx, ledger.Entry{Date: p.ProcessDate, Event: event, Source: c.ID, Version: 1, Currency: p.Currency, Memo: memo,
			Postings: []ledger.Posting{
				{Role: ledger.AP, Amount: c.Amount, Party: p.VendorID},
				{Role: role, Amount: -c.Amount},
			}})
	case Failed, FundingFailed, Voided:
		_, err = ledger.Reverse(tx, c.ID, event, 1, civil.Of(tx.Now(), civil.Pacific), event, 2, memo+" taken back")
	}
	return err
}

// discounts are the discounts of a payment by bill.
func (p *Payment) discounts(tx *db.Tx) (map[ids.ID]int64, error) {
	if p.CreditAmount == 0 {
		return nil, nil
	}
	all, err := creditsOf(tx, p.ID)
	by := map[ids.ID]int64{}
	for _, c := range all {
		if c.VendorCreditID.IsNull() && !c.Withheld {
			by[c.BillID] = c.Amount
		}
	}
	return by, err
}
