package jsonv2

import (
	"slices"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// payables serves vendors, their bank accounts and bills (3.1 to 3.3).
func (h *Handler) payables() area {
	return area{entities: []entity{{
		shape: vendorShape(), ops: crud, view: db.Of(org.ViewVendors), manage: db.Of(org.ManageVendors),
		create: func(tx *db.Tx, r record.Record, _ options) error { return vendor.Create(tx, r.(*vendor.Vendor)) },
		update: func(tx *db.Tx, a, b record.Record, _ options) error {
			return vendor.Update(tx, a.(*vendor.Vendor), b.(*vendor.Vendor))
		},
	}, {
		shape: billShape(), ops: crud, view: db.Of(org.ViewBills), manage: db.Of(org.ManageBills),
		create: func(tx *db.Tx, r record.Record, _ options) error { return bill.Create(tx, r.(*bill.Bill)) },
	}}}
}

func vendorShape() *shape.Shape {
	x := fields{vendor.Vendors.Type}
	return shape.New("Vendor", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("name", "name", 100),
		x.opt("shortName", "shortName", 40),
	})...)
}

func billShape() *shape.Shape {
	x, l := fields{bill.Bills.Type}, fields{bill.Lines.Type}
	return shape.New("Bill", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("vendorId", "vendorId", 0),
		x.req("invoiceNumber", "invoiceNumber", 21),
		x.req("invoiceDate", "invoiceDate", 0),
		x.req("dueDate", "dueDate", 0),
	})...).WithLines("billLineItems", shape.New("BillLineItem", l.t, slices.Concat(l.head(), []shape.Entry{
		l.opt("amount", "amount", 0),
	})...))
}
