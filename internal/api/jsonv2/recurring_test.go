package jsonv2_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/recurring"
)

// tick makes what recurs up to so many days after now; sessions outlive that.
func (h *house) tick(days int) {
	h.t.Helper()
	e := recurring.NewEngine(h.store.DB, nil, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err := e.Step(context.Background(), h.org, h.store.Clock.Now().AddDate(0, 0, days)); err != nil {
		h.t.Fatal(err)
	}
}

// A recurring bill makes bills that name it, with the approvers of the one before (3.4).
func TestRecurringBill(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		vendor := h.made("Vendor", `{"name":"Harbor Tool Rental"}`)
		obj := func(more string) string {
			return fmt.Sprintf(`{"entity":"RecurringBill","vendorId":%q,"timePeriod":"2","frequencyPerTimePeriod":1,"nextDueDate":"2026-11-30",
				"daysInAdvance":10,"recurringBillLineItems":[{"entity":"RecurringBillLineItem","amount":100},{"quantity":2,"unitPrice":25}]%s}`, vendor, more)
		}
		r := h.create("RecurringBill", obj(`,"description":"rent"`))
		id := r.text("id")
		for path, want := range map[string]string{"timePeriod": "2", "frequencyPerTimePeriod": "1", "nextDueDate": "2026-11-30", "endDate": "null",
			"daysInAdvance": "10", "description": "rent", "recurringBillLineItems.0.amount": "100.00", "recurringBillLineItems.1.amount": "50.00",
			"recurringBillLineItems.1.recurringBillId": id, "recurringBillLineItems.0.lineType": "1", "isActive": "1"} {
			if got := r.text(path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		if !strings.HasPrefix(id, "btp") || !strings.HasPrefix(r.text("recurringBillLineItems.0.id"), "btl") {
			t.Errorf("ids %s", r.raw)
		}
		h.tick(0)
		bills := h.list("Bill")
		if len(bills) != 1 || bills[0].text("billTemplateId") != id || bills[0].text("invoiceNumber") != "2026-11-30" || bills[0].text("amount") != "150.00" {
			t.Fatalf("made %v", bills)
		}
		h.ok("SetApprovers", approvers("Bill", bills[0].text("id"), h))
		h.tick(60)
		bills = h.list("Bill")
		if got := fmt.Sprint(column(bills, "invoiceNumber"), column(bills, "approvalStatus")); got != "[2026-11-30 2026-12-30 2027-01-30] [1 1 1]" {
			t.Errorf("made %s", got)
		}
		if got := h.read("RecurringBill", id).text("nextDueDate"); got != "2027-02-28" {
			t.Errorf("next due %s", got)
		}
		again := h.read("RecurringBill", id)
		if got := h.ok("Crud/Update/RecurringBill", `{"obj":`+strings.TrimSuffix(again.raw[strings.Index(again.raw, `"response_data":`)+len(`"response_data":`):], "}")+`}`); got.text("updatedTime") != again.text("updatedTime") {
			t.Errorf("sent back as it was read, it changed: %s", got.raw)
		}
		if got := h.ok("Crud/Delete/RecurringBill", `{"id":"`+id+`"}`).text("isActive"); got != "2" {
			t.Errorf("deleted: isActive %s", got)
		}
		h.tick(120)
		if n := len(h.list("Bill")); n != 3 {
			t.Errorf("%d bills after the template was deleted", n)
		}
		h.refused("Crud/Create/RecurringBill", `{"obj":{"entity":"RecurringBill"}}`, "BDC_1117", "vendorId", "timePeriod", "frequencyPerTimePeriod", "nextDueDate",
			"daysInAdvance", "recurringBillLineItems")
		h.refused("Crud/Create/RecurringBill", `{"obj":`+strings.Replace(obj(""), `"timePeriod":"2"`, `"timePeriod":"4"`, 1)+`}`, "BDC_1119", "timePeriod")
		h.refused("Crud/Create/RecurringBill", `{"obj":`+strings.Replace(obj(""), `"frequencyPerTimePeriod":1`, `"frequencyPerTimePeriod":0`, 1)+`}`, "BDC_1143", "frequencyPerTimePeriod")
		h.refused("Crud/Create/RecurringBillLineItem", `{"obj":{}}`, "BDC_1116")
	})
}

// A recurring invoice makes invoices that name it (3.10).
func TestRecurringInvoice(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		customer := h.made("Customer", `{"name":"Juniper Cafe"}`)
		item := h.made("Item", `{"name":"Advice","type":"1","price":40,"taxable":true}`)
		r := h.create("RecurringInvoice", fmt.Sprintf(`{"entity":"RecurringInvoice","customerId":%q,"timePeriod":"1","frequencyPerTimePeriod":2,
			"nextDueDate":"2026-11-25","daysInAdvance":7,"poNumber":"PO7","isToBeEmailed":true,"recurringInvoiceLineItems":[
			{"itemId":%q,"quantity":2},{"amount":30},{"ratePercent":-10}]}`, customer, item))
		id := r.text("id")
		for path, want := range map[string]string{"subtotal": "99.00", "taxableAmount": "80.00", "recurringInvoiceLineItems.0.amount": "80.00",
			"recurringInvoiceLineItems.1.price": "30.00", "recurringInvoiceLineItems.2.amount": "-11.00", "fromUserId": null, "poNumber": "PO7", "isToBeEmailed": "true"} {
			if got := r.text(path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		if !strings.HasPrefix(id, "rit") || !strings.HasPrefix(r.text("recurringInvoiceLineItems.0.id"), "ril") {
			t.Errorf("ids %s", r.raw)
		}
		h.tick(14)
		made := h.list("Invoice")
		got := fmt.Sprint(column(made, "invoiceNumber"), column(made, "invoiceDate"), column(made, "amount"), column(made, "recInvoiceTemplateId"), column(made, "poNumber"))
		want := fmt.Sprintf("[2026-11-25 2026-12-09] [2026-11-18 2026-12-02] [99.00 99.00] [%[1]s %[1]s] [PO7 PO7]", id)
		if got != want {
			t.Errorf("made %s\nwant %s", got, want)
		}
		h.refused("Crud/Create/RecurringInvoice", `{"obj":{"entity":"RecurringInvoice"}}`, "BDC_1117", "customerId", "timePeriod", "frequencyPerTimePeriod",
			"nextDueDate", "daysInAdvance", "recurringInvoiceLineItems")
		h.refused("Crud/Create/RecurringInvoice", fmt.Sprintf(`{"obj":{"customerId":%q,"timePeriod":"1","frequencyPerTimePeriod":2,
			"nextDueDate":"2026-11-25","daysInAdvance":7,"isToBeAutoEmailed":true,"recurringInvoiceLineItems":[{"amount":1}]}}`, customer), "BDC_1117", "fromUserId")
	})
}
