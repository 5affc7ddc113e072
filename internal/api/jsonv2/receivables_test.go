package jsonv2_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// newInvoice is an invoice to the customer with that number and these lines.
func newInvoice(customer, number string, lines ...string) string {
	return `{"entity":"Invoice","customerId":"` + customer + `","invoiceNumber":"` + number +
		`","invoiceDate":"2026-11-02","dueDate":"2026-12-01","invoiceLineItems":[` + strings.Join(lines, ",") + `]}`
}

// with adds members to an object.
func with(obj, members string) string { return strings.TrimSuffix(obj, "}") + "," + members + "}" }

func TestCustomers(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		h.run("3.7: the members", func(h *house) {
			c := h.create("Customer", `{"name":"Hartwell Hotel","email":"ap@hotel.example"}`)
			for path, want := range map[string]string{"entity": "Customer", "isActive": "1", "shortName": "null", "parentCustomerId": null, "companyName": "null",
				"billAddress1": "null", "shipAddressZip": "null", "email": "ap@hotel.example", "printAs": "null", "mergedIntoId": null,
				"hasAuthorizedToCharge": "false", "accountType": "0", "paymentTermId": null, "invoiceCurrency": "null", "balance": "0.00", "availCredit": "0.00",
				"hasBankAccount": "false", "defaultDeliveryMethod": "null", "isTaxLiable": "false", "hasNetBankAccount": "false", "hasBankAccountAutoPay": "false",
				"hasCreditCard": "false", "hasCreditCardAutoPay": "false", "isAutoChargeDismissed": "false", "creationSource": "0",
				"enabledInvoiceFinancing": "false", "hasCustomerCard": "false", "enabledAutoInvoiceFinancing": "false"} {
				if got := c.text(path); got != want {
					h.t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
			if !strings.HasPrefix(c.text("id"), "0cu") || len(h.list("CustomerContact")) != 0 {
				h.t.Errorf("id %s, contacts %d", c.text("id"), len(h.list("CustomerContact")))
			}
			h.made("Customer", `{"name":"Hartwell Hotel"}`)
			if n := len(h.list("Customer", "name", "=", `"hartwell HOTEL"`)); n != 2 {
				h.t.Errorf("4.3: %d found by name", n)
			}
		})
		h.run("what a customer takes", func(h *house) {
			h.refused("Crud/Create/Customer", `{"obj":{}}`, "BDC_1117", "name")
			h.refused("Crud/Create/Customer", `{"obj":{"name":"x","email":"x"}}`, "BDC_1143", "email: ")
			h.refused("Crud/Create/Customer", `{"obj":{"name":"x","billAddress1":"`+strings.Repeat("a", 101)+`"}}`, "BDC_1143", "billAddress1: ")
			h.refused("Crud/Create/Customer", `{"obj":{"name":"x","invoiceCurrency":"EUR"}}`, "BDC_1143", "invoiceCurrency: ")
			h.refused("Crud/Create/Customer", `{"obj":{"name":"x","parentCustomerId":"0cu01AAAAAAAAAA00000"}}`, "BDC_1119", "parentCustomerId")
			h.refused("Crud/Create/Customer", `{"obj":{"name":"x","paymentTermId":"00p01AAAAAAAAAA00000"}}`, "BDC_1119", "paymentTermId")
			a := h.made("Customer", `{"name":"A","hasAuthorizedToCharge":true,"balance":5,"invoiceCurrency":"USD"}`)
			b := h.made("Customer", `{"name":"B","parentCustomerId":"`+a+`"}`)
			h.refused("Crud/Update/Customer", `{"obj":{"id":"`+a+`","parentCustomerId":"`+b+`"}}`, "BDC_1143", "parentCustomerId: ")
			if got := h.read("Customer", a); got.text("hasAuthorizedToCharge") != "false" || got.text("balance") != "0.00" {
				h.t.Error(got.raw)
			}
		})
		h.run("V2-062: deleted and restored; not while something is due", func(h *house) {
			c := h.made("Customer", `{"name":"Debtor"}`)
			i := h.made("Invoice", newInvoice(c, "D-1", `{"price":5}`))
			h.refused("Crud/Delete/Customer", `{"id":"`+c+`"}`, "BDC_9105")
			h.ok("Crud/Delete/Invoice", `{"id":"`+i+`"}`)
			if got := h.ok("Crud/Delete/Customer", `{"id":"`+c+`"}`); got.text("isActive") != "2" {
				h.t.Error(got.raw)
			}
			h.refused("Crud/Create/Invoice", `{"obj":`+newInvoice(c, "D-2", `{"price":5}`)+`}`, "BDC_1119", "customerId")
			h.ok("Crud/Undelete/Customer", `{"id":"`+c+`"}`)
		})
		h.run("SetCustomerAuthorization", func(h *house) {
			c := h.made("Customer", `{"name":"Payer"}`)
			for _, x := range []struct{ members, want string }{{``, "true"}, {`,"hasAuthorizedToCharge":false`, "false"}, {`,"authorizedToCharge":"1"`, "true"}} {
				if got := h.ok("SetCustomerAuthorization", `{"customerId":"`+c+`"`+x.members+`}`); got.text("hasAuthorizedToCharge") != x.want || got.text("entity") != "Customer" {
					h.t.Errorf("%s: %s", x.members, got.raw)
				}
			}
			h.refused("SetCustomerAuthorization", `{}`, "BDC_1117", "customerId")
			h.refused("SetCustomerAuthorization", `{"customerId":"0cu01AAAAAAAAAA00000"}`, "BDC_1119", "customerId, 0cu01AAAAAAAAAA00000")
		})
		h.run("3.8: contacts", func(h *house) {
			c := h.made("Customer", `{"name":"Contacts"}`)
			h.refused("Crud/Create/CustomerContact", `{"obj":{}}`, "BDC_1117", "customerId, name")
			k := h.create("CustomerContact", `{"customerId":"`+c+`","name":"Ana Bell","firstName":"Ana","email":"ana@x.example","title":"Clerk"}`)
			if !strings.HasPrefix(k.text("id"), "0cc") || k.text("title") != "Clerk" {
				h.t.Error(k.raw)
			}
			h.ok("Crud/Delete/CustomerContact", `{"id":"`+k.text("id")+`"}`)
			if n := len(h.list("CustomerContact", "customerId", "=", `"`+c+`"`, "isActive", "=", `"1"`)); n != 0 {
				h.t.Errorf("%d active contacts", n)
			}
		})
	})
}

func TestCustomerBankAccounts(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		c := h.made("Customer", `{"name":"Hotel"}`)
		obj := `{"customerId":"` + c + `","nameOnAccount":"Hotel LLC","routingNumber":"990000026","accountNumber":"123456789","isSavings":true}`
		h.run("V2-126: without agreedWithTOS", func(h *house) {
			h.refused("Crud/Create/CustomerBankAccount", `{"obj":`+obj+`}`, "BDC_1117", "agreedWithTOS")
			h.refused("Crud/Create/CustomerBankAccount", `{"obj":`+obj+`,"agreedWithTOS":false}`, "BDC_1117", "agreedWithTOS")
		})
		h.run("3.8: one active account, masked", func(h *house) {
			a := h.ok("Crud/Create/CustomerBankAccount", `{"obj":`+obj+`,"agreedWithTOS":true}`)
			for path, want := range map[string]string{"accountNumber": "*****6789", "routingNumber": "*****0026", "status": "1", "isSavings": "true", "isPrivate": "false",
				"nickname": "null", "cpUserId": null, "rndDepExpireDate": "null", "customerId": c} {
				if got := a.text(path); got != want {
					h.t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
			h.refused("Crud/Create/CustomerBankAccount", `{"obj":`+obj+`,"agreedWithTOS":true}`, "BDC_9104")
			h.refused("Crud/Create/CustomerBankAccount", `{"obj":`+strings.Replace(obj, "990000026", "990000027", 1)+`,"agreedWithTOS":true}`, "BDC_1143", "routingNumber: ")
			h.refused("Crud/Create/CustomerBankAccount", `{"obj":`+strings.Replace(obj, "123456789", "123", 1)+`,"agreedWithTOS":true}`, "BDC_1143", "accountNumber: ")
			h.refused("Crud/Update/CustomerBankAccount", `{"obj":{"id":"`+a.text("id")+`"}}`, "BDC_1116")
			if got := h.read("Customer", c).text("hasBankAccount"); got != "true" {
				h.t.Errorf("hasBankAccount %s", got)
			}
			if strings.Contains(h.list("CustomerBankAccount")[0].text("accountNumber"), "12345") {
				h.t.Error("the list shows the number")
			}
			h.ok("Crud/Delete/CustomerBankAccount", `{"id":"`+a.text("id")+`"}`)
			if got := h.read("Customer", c).text("hasBankAccount"); got != "false" {
				h.t.Errorf("hasBankAccount %s", got)
			}
			h.ok("Crud/Create/CustomerBankAccount", `{"obj":`+obj+`,"agreedWithTOS":true}`)
		})
	})
}

func TestInvoices(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		c := h.made("Customer", `{"name":"Hotel"}`)
		work := h.made("Item", `{"name":"Work","type":"1","price":50,"description":"by the hour","taxable":true}`)
		tax := h.made("Item", `{"name":"County","type":"6","percentage":6}`)
		h.run("V2-118: a percentage of the other lines", func(h *house) {
			i := h.create("Invoice", newInvoice(c, "A-1", `{"entity":"InvoiceLineItem","price":50,"quantity":1}`, `{"price":"25","quantity":2}`, `{"ratePercent":-20}`))
			for path, want := range map[string]string{"amount": "80.00", "amountDue": "80.00", "paymentStatus": "1", "invoiceLineItems.2.amount": "-20.00",
				"invoiceLineItems.2.ratePercent": "-20", "invoiceLineItems.2.price": "null", "invoiceLineItems.1.price": "25.00", "invoiceLineItems.1.quantity": "2",
				"invoiceLineItems.0.taxCode": "Non", "invoiceLineItems.1.lineOrder": "1", "invoiceLineItems.0.taxable": "false",
				"invoiceLineItems.0.invoiceId": i.text("id"), "glPostingDate": "2026-11-02", "salesTaxPercentage": "0", "salesTaxTotal": "0.00", "itemSalesTax": null,
				"createdBy": string(h.user), "hasAutoPay": "false", "source": "0", "emailDeliveryOption": "1", "mailDeliveryOption": "0", "creditAmount": "0.00",
				"scheduledAmount": "0.00", "recInvoiceTemplateId": null, "quickbooksId": "null", "financingStatus": "0", "netBillId": null, "netOrgId": null,
				"stylingId": "null", "stylingRevision": "null", "financingModelStatus": "null", "financingErrorType": "0", "invoiceAdjustments": "[]",
				"invoiceCustomFields": "[]", "lastSentTime": "null", "exchangeRate": "null", "localAmount": "null", "FOB": "null", "shipDate": "null",
				"isToBePrinted": "false", "invoiceTemplateId": null, "actgClassId": null} {
				if got := i.text(path); got != want {
					h.t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
		})
		h.run("V2-119: price and percentage", func(h *house) {
			h.refused("Crud/Create/Invoice", `{"obj":`+newInvoice(c, "A-2", `{"price":50,"ratePercent":5}`)+`}`, "BDC_1143", "price: ")
		})
		h.run("V2-120: the tax, rounded once", func(h *house) {
			i := h.create("Invoice", with(newInvoice(c, "A-3", `{"price":0.09,"taxable":true}`, `{"price":0.09,"taxable":"1"}`, `{"itemId":"`+work+`","quantity":2}`, `{"price":7}`),
				`"itemSalesTax":"`+tax+`"`))
			for path, want := range map[string]string{"salesTaxPercentage": "6", "salesTaxTotal": "6.01", "amount": "113.19", "invoiceLineItems.2.taxCode": "Tax",
				"invoiceLineItems.2.description": "by the hour", "invoiceLineItems.2.price": "50.00"} {
				if got := i.text(path); got != want {
					h.t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
			i = h.ok("Crud/Update/Invoice", `{"obj":{"id":"`+i.text("id")+`","salesTaxPercentage":"8.25"}}`)
			if i.text("salesTaxTotal") != "8.26" || i.text("amount") != "115.44" {
				h.t.Error(i.raw)
			}
			h.refused("Crud/Create/Invoice", `{"obj":`+with(newInvoice(c, "A-4", `{"price":1}`), `"itemSalesTax":"`+work+`"`)+`}`, "BDC_1119", "itemSalesTax")
		})
		h.run("3.9: an amount where no price is", func(h *house) {
			i := h.create("Invoice", newInvoice(c, "A-5", `{"amount":10,"quantity":4}`, `{"amount":99,"price":1,"quantity":3}`, `{"amount":"0"}`))
			if i.text("invoiceLineItems.0.price") != "2.50" || i.text("invoiceLineItems.1.amount") != "3.00" || i.text("amount") != "13.00" {
				h.t.Error(i.raw)
			}
			h.refused("Crud/Create/Invoice", `{"obj":`+newInvoice(c, "A-6", `{"quantity":4}`)+`}`, "BDC_1117", "price")
		})
		h.run("what an invoice takes", func(h *house) {
			h.refused("Crud/Create/Invoice", `{"obj":{}}`, "BDC_1117", "customerId, invoiceNumber, invoiceDate, dueDate, invoiceLineItems")
			h.refused("Crud/Create/Invoice", `{"obj":`+newInvoice(c, "A-6")+`}`, "BDC_1117", "invoiceLineItems")
			h.refused("Crud/Create/Invoice", `{"obj":`+newInvoice(c, strings.Repeat("9", 22), `{"price":1}`)+`}`, "BDC_1143", "invoiceNumber: ")
			h.refused("Crud/Create/Invoice", `{"obj":`+newInvoice(c, "A-6", `{"price":-1}`)+`}`, "BDC_9045")
			h.refused("Crud/Create/Invoice", `{"obj":`+with(newInvoice(c, "A-6", `{"price":1}`), `"exchangeRate":1.1`)+`}`, "BDC_1143", "exchangeRate: ")
			h.refused("Crud/Create/Invoice", `{"obj":`+newInvoice(c, "A-6", `{"entity":"Invoice","price":1}`)+`}`, "BDC_1118")
			account := h.made("ChartOfAccount", `{"name":"Sales","accountType":"9"}`)
			h.refused("Crud/Create/Invoice", `{"obj":`+with(newInvoice(c, "A-6", `{"price":1}`), `"payToChartOfAccountId":"`+account+`","payToBankAccountId":"bac01AAAAAAAAAA00000"`)+`}`, "BDC_1119")
			h.create("Invoice", with(newInvoice(c, "A-6", `{"price":1,"chartOfAccountId":"`+account+`"}`), `"payToChartOfAccountId":"`+account+`","exchangeRate":1`))
		})
		h.run("AR-1: a number twice", func(h *house) {
			one := h.made("Invoice", newInvoice(c, "N-1", `{"price":1}`))
			h.refused("Crud/Create/Invoice", `{"obj":`+newInvoice(c, "N-1", `{"price":1}`)+`}`, "BDC_1171", "uplicate")
			h.ok("Crud/Delete/Invoice", `{"id":"`+one+`"}`)
			h.refused("Crud/Create/Invoice", `{"obj":`+newInvoice(c, "N-1", `{"price":1}`)+`}`, "BDC_1171")
			two := h.made("Invoice", newInvoice(c, "N-2", `{"price":1}`))
			h.refused("Crud/Update/Invoice", `{"obj":{"id":"`+two+`","invoiceNumber":"N-1"}}`, "BDC_1171")
			h.ok("Crud/Undelete/Invoice", `{"id":"`+one+`"}`)
			if n := len(h.list("Invoice", "invoiceNumber", "sw", `"n-"`)); n != 2 {
				h.t.Errorf("%d found by number", n)
			}
		})
		h.run("V2-059: sent back whole; lines as those of bills", func(h *house) {
			i := h.create("Invoice", with(newInvoice(c, "U-1", `{"itemId":"`+work+`","quantity":2}`, `{"ratePercent":-10}`, `{"price":7.5,"serviceDate":"2026-11-01"}`),
				`"itemSalesTax":"`+tax+`","FOB":"Reno","shipDate":"2026-11-05","terms":"Net 30"`))
			plain := h.create("Invoice", newInvoice(c, "U-2", `{"price":7.5}`))
			h.store.Clock.Advance(time.Minute)
			for _, a := range []answer{i, plain} {
				whole, _ := json.Marshal(a.data)
				if after := h.ok("Crud/Update/Invoice", `{"obj":`+string(whole)+`}`); after.raw != a.raw {
					h.t.Errorf("\n%s\n%s", a.raw, after.raw)
				}
			}
			id, l0, l2 := i.text("id"), i.text("invoiceLineItems.0.id"), i.text("invoiceLineItems.2.id")
			after := h.ok("Crud/Update/Invoice", `{"obj":{"id":"`+id+`","invoiceLineItems":[{"id":"`+l2+`","quantity":2},{"price":5}]}}`)
			if after.text("invoiceLineItems.0.id") != l2 || after.text("amount") != "20.00" || after.text("salesTaxTotal") != "0.00" {
				h.t.Error(after.raw)
			}
			h.refused("Crud/Update/Invoice", `{"obj":{"id":"`+id+`","invoiceLineItems":[{"id":"`+l0+`","price":1}]}}`, "BDC_1119", l0)
			h.refused("Crud/Update/Invoice", `{"obj":{"id":"`+id+`","invoiceLineItems":[]}}`, "BDC_1117", "invoiceLineItems")
		})
		h.run("what a clerk without rights may", func(h *house) {
			a := h.as("approver")
			a.refused("List/Invoice", `{}`, "BDC_9006")
			a.refused("Crud/Create/Invoice", `{"obj":`+newInvoice(c, "P-1", `{"price":1}`)+`}`, "BDC_9006")
			a.refused("GetARSummary", `{}`, "BDC_9006")
		})
	})
}

func TestCreditMemos(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		c := h.made("Customer", `{"name":"Hotel"}`)
		memo := func(number string, lines ...string) string {
			return `{"entity":"CreditMemo","customerId":"` + c + `","refNumber":"` + number + `","creditDate":"2026-11-03","creditMemoLineItems":[` + strings.Join(lines, ",") + `]}`
		}
		m := h.create("CreditMemo", memo("CM-1", `{"price":40}`, `{"ratePercent":10}`, `{"price":60}`))
		h.run("3.11: a percentage counts the lines above it", func(h *house) {
			for path, want := range map[string]string{"amount": "104.00", "creditStatus": "1", "appliedAmount": "0.00", "salesTaxTotal": "0.00",
				"creditMemoLineItems.1.amount": "4.00", "creditMemoLineItems.0.creditMemoId": m.text("id"), "exchangeRate": "null", "glPostingDate": "2026-11-03"} {
				if got := m.text(path); got != want {
					h.t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
			if got := h.read("Customer", c).text("availCredit"); got != "104.00" {
				h.t.Errorf("availCredit %s", got)
			}
			h.refused("Crud/Create/CreditMemo", `{"obj":{}}`, "BDC_1117", "customerId, refNumber, creditDate, creditMemoLineItems")
			h.refused("Crud/Create/CreditMemo", `{"obj":`+memo("CM-1", `{"price":1}`)+`}`, "BDC_9102", "refNumber")
			h.refused("Crud/Create/CreditMemo", `{"obj":`+memo("CM-2", `{"price":1,"ratePercent":1}`)+`}`, "BDC_1143", "price: ")
			h.store.Clock.Advance(time.Minute)
			whole, _ := json.Marshal(m.data)
			if after := h.ok("Crud/Update/CreditMemo", `{"obj":`+string(whole)+`}`); after.raw != m.raw {
				h.t.Errorf("V2-059:\n%s\n%s", m.raw, after.raw)
			}
		})
		h.run("5.5: ApplyCreditMemo", func(h *house) {
			i := h.made("Invoice", newInvoice(c, "I-1", `{"price":100}`))
			apply := func(invoice, amount string) string {
				return `{"creditMemoId":"` + m.text("id") + `","invoicePays":[{"invoiceId":"` + invoice + `","amount":` + amount + `}]}`
			}
			h.refused("ApplyCreditMemo", `{}`, "BDC_1117", "creditMemoId, invoicePays")
			h.refused("ApplyCreditMemo", apply(i, "100.01"), "BDC_1159")
			h.refused("ApplyCreditMemo", apply("00e01AAAAAAAAAA00000", "1"), "BDC_1119", "invoiceId, 00e01AAAAAAAAAA00000")
			h.refused("ApplyCreditMemo", strings.Replace(apply(i, "1"), m.text("id"), "ccr01AAAAAAAAAA00000", 1), "BDC_1119", "creditMemoId")
			if got := h.ok("ApplyCreditMemo", apply(i, `"30"`)); got.text("creditStatus") != "2" || got.text("appliedAmount") != "30.00" {
				h.t.Error(got.raw)
			}
			if got := h.read("Invoice", i); got.text("amountDue") != "70.00" || got.text("creditAmount") != "30.00" || got.text("paymentStatus") != "2" {
				h.t.Error(got.raw)
			}
			rows := h.list("InvoiceCredit", "invoiceId", "=", `"`+i+`"`)
			if len(rows) != 1 || rows[0].text("amount") != "30.00" || rows[0].text("creditMemoId") != m.text("id") || rows[0].text("receivedPayId") != null {
				h.t.Errorf("%v", rows)
			}
			for _, x := range []struct {
				field, op, value string
				want             int
			}{{"amountDue", "=", "70", 1}, {"amountDue", ">", `"70.00"`, 0}, {"paymentStatus", "=", `"2"`, 1}, {"creditAmount", ">=", "30", 1},
				{"customerId", "=", `"` + c + `"`, 1}, {"dueDate", "<", `"2026-12-02"`, 1}, {"invoiceNumber", "=", `"i-1"`, 1}} {
				if got := h.list("Invoice", x.field, x.op, x.value); len(got) != x.want {
					h.t.Errorf("4.3.9: %s %s %s: %d rows, want %d", x.field, x.op, x.value, len(got), x.want)
				}
			}
			if got := h.read("Customer", c); got.text("balance") != "70.00" || got.text("availCredit") != "74.00" {
				h.t.Errorf("balance %s, credit %s", got.text("balance"), got.text("availCredit"))
			}
			h.refused("Crud/Delete/CreditMemo", `{"id":"`+m.text("id")+`"}`, "BDC_9105")
			h.refused("Crud/Delete/Invoice", `{"id":"`+i+`"}`, "BDC_9105")
			h.refused("Crud/Create/InvoiceCredit", `{"obj":{}}`, "BDC_1116")
			h.ok("ApplyCreditMemo", apply(i, "70"))
			if got := h.read("Invoice", i).text("paymentStatus"); got != "0" {
				h.t.Errorf("status %s", got)
			}
		})
	})
}

func TestV2_127(t *testing.T) {
	each(t, func(t *testing.T, h *house) { // the day is Monday 23 November 2026
		c, v := h.made("Customer", `{"name":"Hotel"}`), h.made("Vendor", `{"name":"Harbor"}`)
		for i, due := range []string{"2026-11-22", "2026-11-23", "2026-11-24", "2026-11-30", "2026-12-01"} {
			n := fmt.Sprint(i)
			h.made("Invoice", strings.Replace(newInvoice(c, n, `{"price":1234.56}`), "2026-12-01", due, 1))
			h.made("Bill", strings.Replace(bill(v, n, `{"amount":10.5}`), "2026-12-01", due, 1))
		}
		gone := h.made("Invoice", newInvoice(c, "gone", `{"price":1}`))
		h.ok("Crud/Delete/Invoice", `{"id":"`+gone+`"}`)
		h.ok("RecordARPayment", `{"customerId":"`+c+`","paymentDate":"2026-11-23","paymentType":"1","amount":1234567.89}`)
		h.ok("RecordARPayment", `{"customerId":"`+c+`","paymentDate":"2026-10-31","paymentType":"1","amount":1}`)
		ar, ap := h.ok("GetARSummary", `{}`), h.ok("GetAPSummary", `{}`)
		for path, want := range map[string]string{"invoices.overdueCount": "1", "invoices.overdueTotal": "$1,234.56", "invoices.dueTodayTotal": "$1,234.56",
			"invoices.due7DaysCount": "2", "invoices.due7DaysTotal": "$2,469.12", "invoices.due7PlusDaysCount": "1", "invoices.allCount": "5",
			"invoices.allTotal": "$6,172.80", "payments.todayTotal": "$1,234,567.89", "payments.currentMonthCount": "1", "payments.lastMonthTotal": "$1.00",
			"payments.last7DaysTotal": "$0.00", "payments.next7DaysCount": "0", "payments.futureTotal": "$0.00"} {
			if got := ar.text(path); got != want {
				t.Errorf("GetARSummary %s is %q, want %q", path, got, want)
			}
		}
		if _, isText := ar.at("invoices.allTotal").(string); !isText {
			t.Errorf("totals of receivables are texts: %s", ar.raw)
		}
		for path, want := range map[string]string{"bills.overdueCount": "1", "bills.overdueTotal": "10.50", "bills.due7DaysTotal": "21.00", "bills.allCount": "5",
			"bills.allTotal": "52.50", "approvals.allCount": "0", "approvals.allTotal": "0.00"} {
			if got := ap.text(path); got != want {
				t.Errorf("GetAPSummary %s is %q, want %q", path, got, want)
			}
		}
		if _, isNumber := ap.at("bills.allTotal").(json.Number); !isNumber {
			t.Errorf("totals of payables are numbers: %s", ap.raw)
		}
	})
}
