package xmlv1

import (
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/record"
)

// listShapes are items; the other lists stand with the payables.
func listShapes() []*shape.Shape { return []*shape.Shape{itemShape()} }

// listOperations serve items.
func (h *Handler) listOperations() map[string]operation {
	t := dimension.Items.Type
	return map[string]operation{
		"create_item": h.create("item", func(tx *db.Tx, r record.Record) error { return dimension.Create(tx, t, r) }),
		"update_item": h.update("item", func(tx *db.Tx, a, b record.Record) error { return dimension.Update(tx, t, a, b) }),
	}
}

func itemShape() *shape.Shape {
	x := fields{dimension.Items.Type}
	cents := func(e shape.Entry) shape.Entry {
		e.Scale = 2
		return e
	}
	return shape.New("item", x.t,
		x.id(), x.active(),
		filtered(x.req("type", "type", 0)),
		x.req("name", "name", 100),
		filtered(x.opt("chartOfAccountId", "chartOfAccountId", 0)),
		x.opt("description", "description", 4000),
		cents(x.opt("price", "price", 0)),
		x.opt("percentage", "percentage", 0),
		filtered(x.opt("parentItemId", "parentId", 0)),
		x.created(), x.updated(), x.integration(), x.external(), x.export(),
		filtered(x.shown("hasPurInfo", "hasPurInfo")),
		filtered(x.opt("expenseAccount", "expenseAccountId", 0)),
		x.opt("purDescription", "purDescription", 4000),
		cents(x.opt("purCost", "purCost", 0)),
		filtered(x.opt("taxable", "taxable", 0)),
		x.synced(),
		x.opt("shortName", "shortName", 40),
	)
}
