package xmlv1_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/ids"
)

// newInvoice is a create_invoice with one line for each text: the pairs of its elements, separated by blanks.
func newInvoice(customer, number string, lines []string, more ...string) string {
	inside := tags("customerId", customer, "invoiceNumber", number, "invoiceDate", "10/01/12", "dueDate", "10/31/12") + tags(more...)
	if lines != nil {
		inside += "<invoiceLineItems>"
		for _, l := range lines {
			inside += "<invoiceLineItem>" + tags(strings.Fields(l)...) + "</invoiceLineItem>"
		}
		inside += "</invoiceLineItems>"
	}
	return "<create_invoice><invoice>" + inside + "</invoice></create_invoice>"
}

func TestCustomers(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		h.run("V1-061 what changes of a customer and what stays", func(h *house) {
			id := h.made(create("customer", "name", "Hartwell Hotel", "phone", "1", "billAddress1", "1 Main St", "isActive", "1"))
			if !ids.ID(id).Is(ids.Customer) {
				h.t.Errorf("id %s", id)
			}
			before := h.one("customer", id)
			h.made(update("customer", "id", id, "phone", "2", "billAddress1", ""))
			got := h.one("customer", id)
			if got.child("phone") != "2" || got.child("billAddress1") != "" || got.child("name") != before.child("name") {
				h.t.Errorf("%+v", got)
			}
			h.made(update("customer", "id", id, "isActive", "2"))
			h.made(update("customer", "id", id, "isActive", "1"))
		})
		h.run("5.2 what a customer takes", func(h *house) {
			h.refused(create("customer"), "BDCE009", "name")
			h.refused(create("customer", "name", "x", "isActive", "2"), "BDCE040", "isActive")
			h.refused(create("customer", "name", "x", "email", "x"), "BDCE040", "email")
			h.refused(create("customer", "name", strings.Repeat("x", 101), "taxId", strings.Repeat("1", 17)), "BDCE048", "name, taxId")
			h.refused(update("customer", "name", "x"), "BDCE009", "id")
			h.made(create("customer", "name", "Twice"))
			h.made(create("customer", "name", "Twice"))
		})
		h.run("V1-063 customers in a ring", func(h *house) {
			a := h.made(create("customer", "name", "A"))
			b := h.made(create("customer", "name", "B", "parentCustomerId", a))
			if got := h.one("customer", b).child("parentCustomerID"); got != a {
				h.t.Errorf("parent %s", got)
			}
			h.refused(update("customer", "id", a, "parentCustomerID", b), "BDCE040", "parentCustomerID")
			h.refused(update("customer", "id", a, "parentCustomerID", a), "BDCE040", "parentCustomerID")
			h.refused(create("customer", "name", "C", "parentCustomerID", h.made(create("vendor", "name", "V"))), "BDCE007", "parentCustomerID")
			if got := h.list("customer", "parentCustomerID", "=", a); len(got) != 1 {
				h.t.Errorf("%d below A", len(got))
			}
		})
		h.run("6.2 the record, in order", func(h *house) {
			pairs := []string{"name", "Full", "parentCustomerID", h.made(create("customer", "name", "Top")), "integrationId", "i", "externalId", "e", "taxId", "12-3456789"}
			for _, kind := range []string{"bill", "ship"} {
				for _, f := range []string{"Address1", "Address2", "Address3", "Address4", "AddressCity", "AddressState", "AddressCountry", "AddressZip"} {
					pairs = append(pairs, kind+f, kind+f)
				}
			}
			pairs = append(pairs, "email", "ap@full.example", "phone", "1", "altPhone", "2", "fax", "3", "accNumber", "A-1", "description", "d",
				"lastSyncTime", "09/18/12 03:27 PM", "allowExport", "0", "companyName", "Full Inc", "contactFirstName", "Ana", "contactLastName", "Bell")
			id := h.made(create("customer", pairs...))
			got := h.one("customer", id)
			want := []string{"id", "isActive", "createdTime", "updatedTime"}
			for i := 0; i < len(pairs); i += 2 {
				want = append(want, pairs[i])
				if got.child(pairs[i]) != pairs[i+1] {
					h.t.Errorf("%s %q, sent %q", pairs[i], got.child(pairs[i]), pairs[i+1])
				}
			}
			if !slices.Equal(got.names(), want) {
				h.t.Errorf("elements %v\nwant     %v", got.names(), want)
			}
			h.made(update("customer", append([]string{"id", id}, pairs...)...))
			if again := h.one("customer", id); again.child("updatedTime") != got.child("updatedTime") {
				h.t.Error("V1-059: posted back, the record has changed")
			}
		})
		h.run("V1-061 a customer that owes something stays", func(h *house) {
			id := h.made(create("customer", "name", "Debtor"))
			h.made(newInvoice(id, "D-1", []string{"amount 5"}))
			h.refused(update("customer", "id", id, "isActive", "2"), "BDCE040", "isActive")
		})
		h.run("5.3 a bill line names a customer", func(h *house) {
			c, v := h.made(create("customer", "name", "C")), h.made(create("vendor", "name", "V"))
			id := h.made(strings.Replace(newBill(v, "c1", "5", "5"), "</billLineItem>", tag("customerId", c)+"</billLineItem>", 1))
			if got := h.one("bill", id).find("billLineItem").child("customerId"); got != c {
				h.t.Errorf("customer %s", got)
			}
			if got := h.list("bill", "customerId", "=", c); len(got) != 1 {
				h.t.Errorf("%d bills for the customer", len(got))
			}
		})
	})
}

func TestInvoices(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		c := h.made(create("customer", "name", "Hartwell Hotel"))
		work := h.made(create("item", "type", "1", "name", "Work", "price", "50", "description", "by the hour", "taxable", "1"))
		tax := h.made(create("item", "type", "6", "name", "County", "percentage", "6"))
		h.run("V1-072 lines", func(h *house) {
			for number, x := range map[string]struct {
				lines         []string
				total, amount string // of the invoice, of its last line
			}{
				"price by quantity":      {[]string{"price 10 quantity 3"}, "30.00", "30.00"},
				"a price alone":          {[]string{"price 10"}, "10.00", "10.00"},
				"20 % off":               {[]string{"price 100", "ratePercent -20"}, "80.00", "-20.00"},
				"the percentage first":   {[]string{"ratePercent -20", "price 100"}, "80.00", "100.00"},
				"amount alone":           {[]string{"amount 12.34"}, "12.34", "12.34"},
				"amount and quantity":    {[]string{"amount 10 quantity 3"}, "10.00", "10.00"},
				"amount wins over price": {[]string{"amount 7 price 10 quantity 3"}, "7.00", "7.00"},
				"amount over percentage": {[]string{"price 100", "amount 5 ratePercent 20"}, "105.00", "5.00"},
				"amount 0":               {[]string{"price 100", "amount 0"}, "100.00", "0.00"},
				"a negative line":        {[]string{"price 100", "amount -1"}, "99.00", "-1.00"},
				"the item's price":       {[]string{"itemId " + work + " quantity 2"}, "100.00", "100.00"},
				"no amount divides":      {[]string{"amount 0.01 quantity 9999999"}, "0.01", "0.01"},
			} {
				got := h.one("invoice", h.made(newInvoice(c, number, x.lines)))
				lines := got.all("invoiceLineItem")
				if got.child("amount") != x.total || got.child("amountDue") != x.total || got.child("paymentStatus") != "1" || len(lines) != len(x.lines) ||
					lines[len(lines)-1].child("amount") != x.amount {
					h.t.Errorf("%s: %s, due %s, %+v", number, got.child("amount"), got.child("amountDue"), lines)
				}
			}
			before := len(h.list("invoice"))
			h.refused(newInvoice(c, "x", nil), "BDCE009", "invoiceLineItems")
			h.refused(newInvoice(c, "x", []string{}), "BDCE009", "invoiceLineItems")
			h.refused(newInvoice(c, "x", []string{"quantity 3"}), "BDCE009", "price")
			h.refused(newInvoice(c, "x", []string{"price 5 ratePercent 5"}), "BDCE040", "price")
			h.refused(newInvoice(c, "x", []string{"price -0.01"}), "BDCE040", "amount")
			h.refused(create("invoice"), "BDCE009", "customerId, invoiceNumber, invoiceDate, dueDate")
			h.refused(newInvoice(string(ids.New(ids.Customer)), "x", []string{"price 5"}), "BDCE007", "customerId")
			if after := len(h.list("invoice")); after != before {
				h.t.Errorf("%d invoices, before %d", after, before)
			}
		})
		h.run("V1-072 the tax", func(h *house) {
			id := h.made(newInvoice(c, "t1", []string{"itemId " + work + " quantity 2", "price 0.09 taxable 1", "price 10 taxable 0", "price 5"}, "itemSalesTax", tax,
				"salesTaxPercentage", "99", "salesTaxTotal", "99", "amount", "99", "paymentStatus", "0"))
			got := h.one("invoice", id)
			if got.child("salesTaxTotal") != "6.01" || got.child("salesTaxPercentage") != "6" || got.child("amount") != "121.10" || got.child("paymentStatus") != "1" {
				h.t.Errorf("tax %s of %s %%, total %s", got.child("salesTaxTotal"), got.child("salesTaxPercentage"), got.child("amount"))
			}
			var taxable []string
			for _, l := range got.all("invoiceLineItem") {
				taxable = append(taxable, l.child("taxable"))
			}
			if !slices.Equal(taxable, []string{"1", "1", "0", "0"}) || got.find("invoiceLineItem").child("description") != "by the hour" {
				h.t.Errorf("taxable %v, %+v", taxable, got.find("invoiceLineItem"))
			}
			h.refused(newInvoice(c, "t2", []string{"price 5"}, "itemSalesTax", work), "BDCE007", "itemSalesTax")
			h.refused(newInvoice(c, "t2", []string{"price 5 taxable maybe"}), "BDCE040", "taxable")
		})
		h.run("5.3 a repeat of a number is accepted", func(h *house) {
			h.made(newInvoice(c, "again", []string{"price 5"}))
			h.made(newInvoice(c, "again", []string{"price 5"}))
		})
		h.run("6.10 the record, in order", func(h *house) {
			job, dep := h.made(create("job", "name", "Lobby")), h.made(create("department", "name", "Yard"))
			pairs := []string{"jobId", job, "description", "thanks", "poNumber", "P-1", "isToBePrinted", "1", "isToBeEmailed", "0", "itemSalesTax", tax, "terms", "Net 30",
				"salesRep", "Bo", "FOB", "Oakland", "shipDate", "10/02/12", "shipMethod", "truck", "departmentId", dep, "integrationId", "i",
				"lastSyncTime", "09/18/12 03:27 PM", "allowExport", "1", "externalId", "e"}
			got := h.one("invoice", h.made(newInvoice(c, "full", []string{"itemId " + work + " quantity 2 price 25.5 serviceDate 10/02/2012 departmentId " + dep +
				" description x taxable 1 integrationId i lastSyncTime 09/18/2012 externalId e", "ratePercent -10"}, pairs...)))
			want := []string{"id", "isActive", "createdTime", "updatedTime", "customerId", "jobId", "invoiceNumber", "invoiceDate", "dueDate", "amount", "amountDue",
				"paymentStatus", "description", "poNumber", "isToBePrinted", "isToBeEmailed", "itemSalesTax", "salesTaxPercentage", "salesTaxTotal", "terms", "salesRep",
				"FOB", "shipDate", "shipMethod", "departmentId", "integrationId", "lastSyncTime", "allowExport", "externalId", "invoiceLineItems"}
			if !slices.Equal(got.names(), want) {
				h.t.Errorf("elements %v\nwant     %v", got.names(), want)
			}
			for i := 0; i < len(pairs); i += 2 {
				if got.child(pairs[i]) != pairs[i+1] {
					h.t.Errorf("%s %q, sent %q", pairs[i], got.child(pairs[i]), pairs[i+1])
				}
			}
			lines := got.all("invoiceLineItem")
			if want := []string{"id", "createdTime", "updatedTime", "invoiceId", "itemId", "quantity", "amount", "price", "serviceDate", "departmentId", "description",
				"taxable", "integrationId", "lastSyncTime", "externalId"}; !slices.Equal(lines[0].names(), want) {
				h.t.Errorf("elements of a line %v\nwant               %v", lines[0].names(), want)
			}
			if lines[0].child("quantity") != "2" || lines[0].child("price") != "25.50" || lines[1].child("ratePercent") != "-10" || lines[1].child("amount") != "-5.10" {
				h.t.Errorf("lines %+v", lines)
			}
			for field, value := range map[string]string{"customerId": c, "jobId": job, "invoiceDate": "10/01/2012", "paymentStatus": "1", "isToBePrinted": "1",
				"itemSalesTax": tax, "shipDate": "10/02/2012", "departmentId": dep, "externalId": "e"} {
				if got := h.list("invoice", field, "=", value); len(got) == 0 {
					h.t.Errorf("7.2: nothing found by %s", field)
				}
			}
		})
	})
}

// receivables is the part of the story that customers and invoices have in it.
var receivables = []step{
	{name: "create_customer", inner: op(create("customer", "name", "Hartwell Hotel", "externalId", "c-1", "taxId", "12-3456789", "billAddress1", "1 Main St", "billAddressCity", "Reno",
		"billAddressState", "NV", "billAddressCountry", "USA", "billAddressZip", "89501", "shipAddress1", "2 Dock Road", "email", "ap@hotel.example", "phone", "775 555 0100",
		"accNumber", "H-7", "companyName", "Hartwell LLC", "contactFirstName", "Ana", "contactLastName", "Bell"))},
	{name: "create_customer-child", inner: op(create("customer", "name", "Hartwell Bar", "parentCustomerID", "{create_customer}"))},
	{name: "update_customer", inner: op(update("customer", "id", "{create_customer}", "phone", "775 555 0199", "accNumber", ""))},
	{name: "update_customer-ring", inner: op(update("customer", "id", "{create_customer}", "parentCustomerID", "{create_customer-child}"))},
	{name: "create_item-tax", inner: op(create("item", "type", "6", "name", "County tax", "percentage", "6"))},
	{name: "create_item-work", inner: op(create("item", "type", "1", "name", "Work", "price", "50", "taxable", "1", "description", "by the hour"))},
	{name: "create_invoice", inner: op(newInvoice("{create_customer}", "1001", []string{"itemId {create_item-work} quantity 2", "price 0.09 taxable 1", "ratePercent -20"},
		"itemSalesTax", "{create_item-tax}", "terms", "Net 30", "FOB", "Reno", "isToBePrinted", "1"))},
	{name: "create_invoice-no-lines", inner: op(newInvoice("{create_customer}", "1002", nil))},
	{name: "create_invoice-below-zero", inner: op(newInvoice("{create_customer}", "1002", []string{"price -1"}))},
	{name: "update_customer-owes", inner: op(update("customer", "id", "{create_customer}", "isActive", "2"))},
	{name: "get_list-customer", inner: op(getList("customer"))},
	{name: "get_list-invoice", inner: op(getList("invoice", "customerId", "=", "{create_customer}"))},
}

// TestGoldenReceivables tells the story of customers and invoices and compares it with testdata/receivables.
func TestGoldenReceivables(t *testing.T) {
	dir := filepath.Join("testdata", "receivables")
	each(t, func(t *testing.T, h *house) {
		n := &names{known: map[string]string{h.key: "KEY", h.session: "SESSION"}, count: map[string]int{}}
		tell(t, h, dir, receivables, map[string]string{"key": h.key, "session": h.session}, n)
	})
}
