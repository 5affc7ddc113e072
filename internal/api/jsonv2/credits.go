package jsonv2

import (
	"slices"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/jsondoc"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// credits serves vendor credits (3.5).
func (h *Handler) credits() area {
	positive := func(c *credit.Credit) error {
		if c.Amount <= 0 {
			return fault.ErrAmount.On("amount")
		}
		return nil
	}
	return area{entities: []entity{{
		shape: creditShape(), ops: crud, view: db.Of(org.ViewBills), manage: db.Of(org.ManageBills),
		scope: func(tx *db.Tx, q *record.Query) error { return credit.Approvals.Scope(tx, q, "id") },
		form:  creditForm,
		create: func(tx *db.Tx, r record.Record, _ options) error {
			c := r.(*credit.Credit)
			if err := positive(c); err != nil {
				return err
			}
			return credit.Create(tx, c, false)
		},
		update: func(tx *db.Tx, a, r record.Record, _ options) error {
			c := r.(*credit.Credit)
			if err := positive(c); err != nil {
				return err
			}
			return credit.Update(tx, a.(*credit.Credit), c, false)
		},
	}}}
}

func creditShape() *shape.Shape {
	x, l := fields{credit.Credits.Type}, fields{credit.Lines.Type}
	also := func(e shape.Entry, alias string) shape.Entry {
		e.Aliases = []string{alias} // a client uses the words of bills
		return e
	}
	rate := record.Pass("exchangeRate", record.Quantity, 0, func(c *credit.Credit) *money.Decimal { return &c.ExchangeRate })
	ignored := record.Pass("dueDate", record.Date, 0, func(*credit.Credit) *civil.Date { return new(civil.Date) }) // a bill's
	return shape.New("VendorCredit", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("vendorId", "vendorId", 0),
		also(x.req("refNumber", "refNumber", 100), "invoiceNumber"),
		also(x.req("creditDate", "creditDate", 0), "invoiceDate"),
		x.opt("glPostingDate", "glPostingDate", 0),
		x.shown("amount", "amount"),
		x.opt("description", "description", 4000),
		x.opt("poNumber", "poNumber", 50),
		x.shown("approvalStatus", "approvalStatus"),
		x.shown("creditStatus", "creditStatus"),
		x.shown("appliedAmount", "usedAmount"),
		x.opt("applyToBankAccountId", "applyToBankAccountId", 0),
		x.opt("applyToChartOfAccountId", "applyToChartOfAccountId", 0),
		{Path: "exchangeRate", Field: rate},
		{Path: "dueDate", Field: ignored, Use: shape.Hidden},
	})...).WithLines("vendorCreditLineItems", shape.New("VendorCreditLineItem", l.t, slices.Concat([]shape.Entry{
		l.shown("id", "id"),
		l.shown("vendorCreditId", "vendorCreditId"),
	}, l.coding(), []shape.Entry{
		l.shown("lineType", "lineType"),
		l.opt("quantity", "quantity", 0),
		priced(l.opt("unitPrice", "unitPrice", 0)),
		l.lineOrder(),
		l.shown("createdTime", "createdTime"),
		l.shown("updatedTime", "updatedTime"),
	})...))
}

// creditForm computes the amounts of lines and of the credit, as a bill's are.
func creditForm(rec record.Record, o options) {
	c, obj := rec.(*credit.Credit), o.value.Get("obj")
	if c.ExchangeRate.IsSet() && c.ExchangeRate.String() != "1" {
		o.found.currency = "exchangeRate"
	}
	list := obj.Get("vendorCreditLineItems")
	sent := list != nil && list.Kind == jsondoc.List && len(list.Items) == len(c.Lines)
	if len(c.Lines) == 0 {
		add(&o.found.missing, "vendorCreditLineItems")
	}
	c.Amount = 0
	for i, l := range c.Lines {
		if sent {
			as := &bill.Line{Base: l.Base, Amount: l.Amount, ItemID: l.ItemID, ChartOfAccountID: l.ChartOfAccountID, Quantity: l.Quantity,
				UnitPrice: l.UnitPrice}
			lineForm(as, &list.Items[i], o)
			l.Amount = as.Amount
		}
		c.Amount += l.Amount // bounded by their number and size
	}
	if c.Amount > bill.MaxAmount {
		add(&o.found.tooLong, "amount")
	}
}
