package invoice

import (
	"errors"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
)

// base says which lines a percentage line counts.
type base uint8

const (
	otherLines base = iota // of an invoice: every line that is no percentage
	linesAbove             // of a credit memo: every line above it
)

// one is the quantity of a line that names none.
var one = money.MustDecimal("1")

// catalogue are the items that a document names.
type catalogue map[ids.ID]*dimension.Item

// catalogueOf reads the items that the documents and their lines name.
func catalogueOf(tx *db.Tx, taxes []ids.ID, lines ...[]*Item) (catalogue, error) {
	c := catalogue{}
	var keys []any
	want := func(id ids.ID) {
		if _, asked := c[id]; !id.IsNull() && !asked {
			c[id] = nil
			keys = append(keys, string(id))
		}
	}
	for _, id := range taxes {
		want(id)
	}
	for _, some := range lines {
		for _, l := range some {
			want(l.ItemID)
		}
	}
	if keys == nil {
		return c, nil
	}
	q := record.Query{Filters: []record.Filter{{Field: dimension.Items.Must("id"), Op: record.In, Values: keys}}}
	return c, dimension.Items.List(tx, q, func(i *dimension.Item) error { c[i.ID] = i; return nil })
}

// complete fills in what the client left to the items: a line's price or percentage, description of a new line, and
// whether it is taxed. What an item of discounts gives lowers the total, whatever its sign. It fails with
// fault.ErrMissing for a line that has no price and no percentage then, and fault.ErrValue for one that has both.
func (c catalogue) complete(l *Item, isNew bool) error {
	item := c[l.ItemID]
	if item != nil && !l.Price.IsSet() && !l.RatePercent.IsSet() {
		l.Price, l.RatePercent = item.Price, item.Percentage
		if item.Type == discountItem {
			l.Price, l.RatePercent = lowering(l.Price), lowering(l.RatePercent)
		}
	}
	switch {
	case l.Price.IsSet() && l.RatePercent.IsSet():
		return fault.ErrValue.On("price")
	case !l.Price.IsSet() && !l.RatePercent.IsSet():
		return fault.ErrMissing.On("price")
	}
	if isNew && l.Description == "" && item != nil {
		l.Description = item.Description
	}
	if !l.Quantity.IsSet() {
		l.Quantity = one
	}
	if l.Taxable == Unsaid {
		l.Taxable = Untaxed
		if item != nil && item.Taxable {
			l.Taxable = Taxable
		}
	}
	return nil
}

// Fix gives a new line that amount, whatever else it names: its price follows from the amount and the quantity, and where
// no price does, the line is one piece of the whole amount.
func (l *Item) Fix(amount int64) {
	const digits = 2
	amounts := func(price money.Decimal) bool {
		n, err := money.Multiply(l.Quantity, price, digits)
		return price.IsSet() && err == nil && n == amount
	}
	l.RatePercent = money.Decimal{}
	if !l.Quantity.IsSet() {
		l.Quantity = one
	}
	if amounts(l.Price) {
		return
	}
	if price, err := money.Divide(amount, l.Quantity, digits); err == nil && amounts(price) {
		l.Price = price
		return
	}
	l.Quantity = one
	l.Price, _ = money.Divide(amount, one, digits)
}

// discountItem is the type of an item that stands for a discount (api-v1 6.3).
const discountItem = 5

// lowering is d with a minus sign.
func lowering(d money.Decimal) money.Decimal {
	if d.Sign() > 0 {
		return money.MustDecimal("-" + d.String())
	}
	return d
}

// compute completes the lines and computes their amounts, the sales tax and the total (AR-2 to AR-4). before is nil for
// a new document. The rate of the sales tax is its item's unless the client names one; an exempt customer pays none. It
// fails as complete, with fault.ErrReference for a sales tax that is none, ErrPayToTwo, ErrNegative, fault.ErrTooLong,
// bill.ErrTooManyRows.
func (d *Document) compute(tx *db.Tx, before *Document, c catalogue, lines []*Item, counts base) error {
	if len(lines) > bill.MaxLines {
		return bill.ErrTooManyRows
	}
	if !d.PayToBankAccountID.IsNull() && !d.PayToAccountID.IsNull() {
		return ErrPayToTwo.On("payToBankAccountId")
	}
	if d.Currency == "" {
		d.Currency = "USD"
	}
	if before != nil && before.ItemSalesTaxID != d.ItemSalesTaxID && before.SalesTaxPercentage == d.SalesTaxPercentage {
		d.SalesTaxPercentage = money.Decimal{}
	}
	if d.ItemSalesTaxID.IsNull() && d.SalesTaxPercentage.IsZero() {
		d.SalesTaxPercentage = money.Decimal{} // as generation 2 sends back that there is none
	}
	if !d.ItemSalesTaxID.IsNull() {
		tax := c[d.ItemSalesTaxID]
		if tax == nil || tax.Type != dimension.TypeSalesTax {
			return fault.ErrReference.On("itemSalesTaxId")
		}
		if !d.SalesTaxPercentage.IsSet() {
			d.SalesTaxPercentage = tax.Percentage
		}
	}
	err := d.total(lines, counts)
	if err == nil && d.SalesTaxTotal != 0 {
		var payer *customer.Customer
		if payer, err = customer.Customers.Load(tx, d.CustomerID); err == nil && payer.TaxExempt {
			d.Amount, d.SalesTaxTotal = d.Amount-d.SalesTaxTotal, 0
		}
	}
	switch {
	case errors.Is(err, money.ErrOverflow), err == nil && d.Amount > bill.MaxAmount:
		return fault.ErrTooLong.On("amount")
	case err == nil && d.Amount < 0:
		return ErrNegative.On("amount")
	}
	return err
}

// total computes amounts of lines, the sales tax and the document's amount. It fails with money.ErrOverflow, also for a
// line beyond bill.MaxAmount: lines that cancel out would still stand in the ledger, whose sums must not overflow.
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
		if l.Amount > bill.MaxAmount || l.Amount < -bill.MaxAmount {
			return money.ErrOverflow
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
