package xmlv1

import (
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/xmldoc"
)

// receivableShapes are customers and invoices.
func receivableShapes() []*shape.Shape { return []*shape.Shape{customerShape(), invoiceShape()} }

// receivableOperations serve customers and invoices.
func (h *Handler) receivableOperations() map[string]operation {
	return map[string]operation{
		"create_customer": h.create("customer", func(tx *db.Tx, r record.Record) error { return customer.Create(tx, r.(*customer.Customer)) }),
		"update_customer": h.update("customer", func(tx *db.Tx, a, b record.Record) error {
			return customer.Update(tx, a.(*customer.Customer), b.(*customer.Customer))
		}),
		"create_invoice": {shape: h.shapes["invoice"], fields: []string{"invoice"}, prepare: h.createInvoice},
	}
}

// createInvoice stores an invoice. A line's amount wins over its price and percentage (5.5).
func (h *Handler) createInvoice(q *request, n *xmldoc.Node, r *result) (work, error) {
	given := givenAmounts(n)
	return h.create("invoice", func(tx *db.Tx, rec record.Record) error {
		i := rec.(*invoice.Invoice)
		for at, l := range i.Lines {
			if given[at] {
				l.Fix(l.Amount)
			}
		}
		return invoice.Create(tx, i)
	}).prepare(q, n, r)
}

// givenAmounts tells of each line of the invoice in n whether it has an amount.
func givenAmounts(n *xmldoc.Node) (given []bool) {
	for _, name := range []string{"invoice", "invoiceLineItems"} {
		if n = n.Child(name); n == nil {
			return nil
		}
	}
	for c := range n.Children() {
		if c.Name == "invoiceLineItem" {
			given = append(given, text(c, "amount") != "")
		}
	}
	return given
}

func customerShape() *shape.Shape {
	x := fields{customer.Customers.Type}
	parent := filtered(x.opt("parentCustomerID", "parentId", 0))
	parent.Aliases = []string{"parentCustomerId"}
	address := func(kind string) []shape.Entry {
		return []shape.Entry{
			x.opt(kind+"Address1", kind+"Address1", 500), x.opt(kind+"Address2", kind+"Address2", 500),
			x.opt(kind+"Address3", kind+"Address3", 500), x.opt(kind+"Address4", kind+"Address4", 500),
			x.opt(kind+"AddressCity", kind+"City", 255), x.opt(kind+"AddressState", kind+"Region", 255),
			x.opt(kind+"AddressCountry", kind+"Country", 255), x.opt(kind+"AddressZip", kind+"Zip", 20),
		}
	}
	entries := []shape.Entry{
		x.id(), x.active(), x.created(), x.updated(),
		x.req("name", "name", 100),
		parent,
		x.integration(), x.external(),
		x.opt("taxId", "taxId", 16),
	}
	entries = append(append(entries, address("bill")...), address("ship")...)
	return shape.New("customer", x.t, append(entries,
		x.opt("email", "email", 100),
		x.opt("phone", "phone", 40),
		x.opt("altPhone", "altPhone", 40),
		x.opt("fax", "fax", 40),
		x.opt("accNumber", "accountNumber", 100),
		x.opt("description", "description", 4000),
		x.synced(), x.export(),
		x.opt("companyName", "companyName", 250),
		x.opt("contactFirstName", "contactFirstName", 100),
		x.opt("contactLastName", "contactLastName", 100),
	)...)
}

func invoiceShape() *shape.Shape {
	x, l := fields{invoice.Invoices.Type}, fields{invoice.Lines.Type}
	price := l.opt("price", "price", 0)
	price.Scale = 2
	taxable := l.opt("taxable", "taxable", 0)
	taxable.Truth = [2]int64{invoice.Untaxed, invoice.Taxable}
	return shape.New("invoice", x.t,
		x.id(), x.active(), x.created(), x.updated(),
		filtered(x.req("customerId", "customerId", 0)),
		filtered(x.opt("jobId", "jobId", 0)),
		x.req("invoiceNumber", "invoiceNumber", 100),
		filtered(x.req("invoiceDate", "invoiceDate", 0)),
		filtered(x.req("dueDate", "dueDate", 0)),
		x.shown("amount", "amount"),
		x.shown("amountDue", "dueAmount"),
		filtered(x.shown("paymentStatus", "paymentStatus")),
		x.opt("description", "description", 4000),
		x.opt("poNumber", "poNumber", 40),
		filtered(x.opt("isToBePrinted", "toBePrinted", 0)),
		filtered(x.opt("isToBeEmailed", "toBeEmailed", 0)),
		filtered(x.opt("itemSalesTax", "itemSalesTaxId", 0)),
		x.shown("salesTaxPercentage", "salesTaxPercentage"),
		x.shown("salesTaxTotal", "salesTaxTotal"),
		x.opt("terms", "terms", 100),
		x.opt("salesRep", "salesRep", 40),
		x.opt("FOB", "fob", 40),
		filtered(x.opt("shipDate", "shipDate", 0)),
		x.opt("shipMethod", "shipMethod", 40),
		filtered(x.opt("departmentId", "departmentId", 0)),
		x.integration(), x.synced(), x.export(), x.external(),
	).WithLines("invoiceLineItems", shape.New("invoiceLineItem", l.t,
		l.shown("id", "id"),
		l.shown("createdTime", "createdTime"),
		l.shown("updatedTime", "updatedTime"),
		l.shown("invoiceId", "invoiceId"),
		l.opt("itemId", "itemId", 0),
		l.opt("quantity", "quantity", 0),
		l.opt("amount", "amount", 0),
		price,
		l.opt("serviceDate", "serviceDate", 0),
		l.opt("ratePercent", "ratePercent", 0),
		l.opt("departmentId", "departmentId", 0),
		l.opt("description", "description", 4000),
		taxable,
		l.opt("integrationId", "integrationId", 100),
		l.opt("lastSyncTime", "lastSyncTime", 0),
		l.opt("externalId", "externalId", 100),
	))
}
