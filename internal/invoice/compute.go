package invoice

import (
	"errors"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/money"
)

// base says which lines a percentage line counts.
type base uint8

const (
	otherLines base = iota // of an invoice: every line that is no percentage
	linesAbove             // of a credit memo: every line above it
)

// one is the quantity of a line that names none.
var one = money.MustDecimal("1")

// compute fills in what the client left to us and computes the lines, the sales tax and the total (AR-2 to AR-4). The
// tax is rounded once, half away from zero. It fails with fault.ErrMissing for a line without price and percentage,
// fault.ErrValue for one with both, ErrPayToTwo, ErrNegative, fault.ErrTooLong, bill.ErrTooManyRows.
func (d *Document) compute(tx *db.Tx, lines []*Item, counts base) error {
	if len(lines) > bill.MaxLines {
		return bill.ErrTooManyRows
	}
	if !d.PayToBankAccountID.IsNull() && !d.PayToAccountID.IsNull() {
		return ErrPayToTwo.On("payToBankAccountId")
	}
	if d.Currency == "" {
		d.Currency = "USD"
	}
	for _, l := range lines {
		switch {
		case l.Price.IsSet() && l.RatePercent.IsSet():
			return fault.ErrValue.On("price")
		case !l.Price.IsSet() && !l.RatePercent.IsSet():
			return fault.ErrMissing.On("price")
		}
		if !l.Quantity.IsSet() {
			l.Quantity = one
		}
		if l.Taxable == Unsaid {
			l.Taxable = Untaxed
		}
	}
	err := d.total(lines, counts)
	switch {
	case errors.Is(err, money.ErrOverflow), err == nil && d.Amount > bill.MaxAmount:
		return fault.ErrTooLong.On("amount")
	case err == nil && d.Amount < 0:
		return ErrNegative.On("amount")
	}
	return err
}

// total computes amounts of lines, the sales tax and the document's amount. It fails with money.ErrOverflow.
func (d *Document) total(lines []*Item, counts base) (err error) {
	digits := money.Digits(d.Currency)
	var plain, above, all, taxed int64
	for _, l := range lines {
		if l.RatePercent.IsSet() {
			continue
		}
		if l.Amount, err = money.Multiply(l.Quantity, l.Price, digits); err != nil {
			return err
		}
		if plain, err = money.Sum(plain, l.Amount); err != nil {
			return err
		}
	}
	for _, l := range lines {
		if l.RatePercent.IsSet() {
			of := plain
			if counts == linesAbove {
				of = above
			}
			if l.Amount, err = money.PercentOf(of, l.RatePercent); err != nil {
				return err
			}
		}
		if all, err = money.Sum(all, l.Amount); err != nil {
			return err
		}
		above = all
		if l.Taxable == Taxable {
			if taxed, err = money.Sum(taxed, l.Amount); err != nil {
				return err
			}
		}
	}
	if d.SalesTaxTotal, err = money.PercentOf(taxed, d.SalesTaxPercentage); err != nil {
		return err
	}
	d.Amount, err = money.Sum(all, d.SalesTaxTotal)
	return err
}
