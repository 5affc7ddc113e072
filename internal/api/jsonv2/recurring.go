package jsonv2

import (
	"slices"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/jsondoc"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/recurring"
)

// recurring serves the templates of bills and invoices that come again (3.4, 3.10). The clock makes the documents.
func (h *Handler) recurring() area {
	return area{entities: []entity{{
		shape: recurringBillShape(), ops: crud, view: db.Of(org.ViewBills), manage: db.Of(org.ManageBills), form: recurringBillForm,
		create: func(tx *db.Tx, r record.Record, _ options) error {
			return recurring.CreateBill(tx, r.(*recurring.Bill))
		},
		update: func(tx *db.Tx, a, b record.Record, _ options) error {
			return recurring.UpdateBill(tx, a.(*recurring.Bill), b.(*recurring.Bill))
		},
	}, {
		shape: recurringInvoiceShape(), ops: crud, view: db.Of(org.ViewReceivables), manage: db.Of(org.ManageReceivables), form: recurringInvoiceForm,
		create: func(tx *db.Tx, r record.Record, _ options) error {
			return recurring.CreateInvoice(tx, r.(*recurring.Invoice))
		},
		update: func(tx *db.Tx, a, b record.Record, _ options) error {
			return recurring.UpdateInvoice(tx, a.(*recurring.Invoice), b.(*recurring.Invoice))
		},
	}}}
}

// schedule are the members that say when something comes again.
func (x fields) schedule() []shape.Entry {
	return []shape.Entry{
		x.req("timePeriod", "timePeriod", 0),
		x.req("frequencyPerTimePeriod", "frequencyPerTimePeriod", 0),
		x.req("nextDueDate", "nextDueDate", 0),
		x.opt("endDate", "endDate", 0),
		x.req("daysInAdvance", "daysInAdvance", 0),
		x.opt("description", "description", 4000),
	}
}

func recurringBillShape() *shape.Shape {
	x, l := fields{recurring.Bills.Type}, fields{recurring.BillLines.Type}
	return shape.New("RecurringBill", x.t, slices.Concat(x.head(), []shape.Entry{x.req("vendorId", "vendorId", 0)}, x.schedule())...).
		WithLines("recurringBillLineItems", shape.New("RecurringBillLineItem", l.t, slices.Concat([]shape.Entry{
			l.shown("id", "id"),
			l.shown("recurringBillId", "recurringBillId"),
		}, l.coding(), []shape.Entry{
			l.opt("quantity", "quantity", 0),
			priced(l.opt("unitPrice", "unitPrice", 0)),
			l.opt("lineType", "lineType", 0),
			l.lineOrder(),
			l.shown("createdTime", "createdTime"),
			l.shown("updatedTime", "updatedTime"),
		})...))
}

// recurringBillForm gives the lines their amounts, as those of a bill get them.
func recurringBillForm(rec record.Record, o options) {
	t, list := rec.(*recurring.Bill), o.value.Get("obj").Get("recurringBillLineItems")
	if len(t.Lines) == 0 {
		add(&o.found.missing, "recurringBillLineItems")
	}
	if list == nil || list.Kind != jsondoc.List || len(list.Items) != len(t.Lines) {
		return
	}
	for i, l := range t.Lines {
		as := &bill.Line{Base: l.Base, Amount: l.Amount, ItemID: l.ItemID, ChartOfAccountID: l.ChartOfAccountID, Quantity: l.Quantity,
			UnitPrice: l.UnitPrice}
		lineForm(as, &list.Items[i], o)
		l.Amount = as.Amount
	}
}

func recurringInvoiceShape() *shape.Shape {
	x, l := fields{recurring.Invoices.Type}, fields{recurring.InvoiceLines.Type}
	taxable := l.opt("taxable", "taxable", 0)
	taxable.Truth = [2]int64{invoice.Untaxed, invoice.Taxable}
	return shape.New("RecurringInvoice", x.t, slices.Concat(x.head(), []shape.Entry{x.req("customerId", "customerId", 0)}, x.schedule(), []shape.Entry{
		x.opt("poNumber", "poNumber", 50),
		x.opt("salesRep", "salesRep", 40),
		x.opt("terms", "terms", 100),
		x.opt("departmentId", "departmentId", 0),
		x.opt("locationId", "locationId", 0),
		x.opt("actgClassId", "classId", 0),
		x.opt("jobId", "jobId", 0),
		x.opt("itemSalesTax", "itemSalesTaxId", 0),
		x.opt("isToBePrinted", "toBePrinted", 0),
		x.opt("isToBeEmailed", "toBeEmailed", 0),
		x.opt("isToBeAutoEmailed", "toBeAutoEmailed", 0),
		x.opt("isToBeAutoMailed", "toBeAutoMailed", 0),
		x.opt("fromUserId", "fromUserId", 0),
		x.shown("taxableAmount", "taxableAmount"),
		x.shown("subtotal", "subtotal"),
	})...).WithLines("recurringInvoiceLineItems", shape.New("RecurringInvoiceLineItem", l.t, []shape.Entry{
		l.shown("id", "id"),
		l.shown("recurringInvoiceId", "recurringInvoiceId"),
		l.opt("itemId", "itemId", 0),
		l.opt("quantity", "quantity", 0),
		priced(l.opt("price", "price", 0)),
		l.opt("ratePercent", "ratePercent", 0),
		l.opt("amount", "amount", 0),
		l.opt("description", "description", 4000),
		taxable,
		l.opt("chartOfAccountId", "chartOfAccountId", 0),
		l.opt("departmentId", "departmentId", 0),
		l.opt("locationId", "locationId", 0),
		l.opt("actgClassId", "classId", 0),
		l.opt("jobId", "jobId", 0),
		l.lineOrder(),
		l.shown("createdTime", "createdTime"),
		l.shown("updatedTime", "updatedTime"),
	}...))
}

// recurringInvoiceForm asks for lines and gives those with nothing but an amount a price, as an invoice's (3.9).
func recurringInvoiceForm(rec record.Record, o options) {
	t, list := rec.(*recurring.Invoice), o.value.Get("obj").Get("recurringInvoiceLineItems")
	if len(t.Lines) == 0 {
		add(&o.found.missing, "recurringInvoiceLineItems")
	}
	if list == nil || list.Kind != jsondoc.List || len(list.Items) != len(t.Lines) {
		return
	}
	for i, l := range t.Lines {
		if l.ID == "" && !l.Price.IsSet() && !l.RatePercent.IsSet() && !list.Items[i].Get("amount").IsNone() {
			as := invoice.Item{Quantity: l.Quantity}
			as.Fix(l.Amount)
			l.Quantity, l.Price = as.Quantity, as.Price
		}
	}
}
