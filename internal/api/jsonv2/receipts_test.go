package jsonv2_test

import (
	"fmt"
	"testing"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/receipt"
)

// owing is a customer with an invoice of 100.00.
func owing(h *house) (customerID, invoiceID ids.ID) {
	h.t.Helper()
	c := customer.Customers.New().(*customer.Customer)
	c.Name = "Hartwell Hotel"
	l := invoice.Lines.New().(*invoice.Line)
	l.Price = money.MustDecimal("100")
	i := invoice.Invoices.New().(*invoice.Invoice)
	i.InvoiceNumber, i.InvoiceDate, i.DueDate, i.Lines = "1", civil.MustDate("2026-11-01"), civil.MustDate("2026-11-30"), []*invoice.Line{l}
	h.write(func(tx *db.Tx) error {
		if err := customer.Create(tx, c); err != nil {
			return err
		}
		i.CustomerID = c.ID
		return invoice.Create(tx, i)
	})
	return c.ID, i.ID
}

// due checks an invoice's amount due and status.
func due(h *house, id ids.ID, amount, status int64) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		i, err := invoice.Invoices.Load(tx, id)
		if err == nil && (i.Due() != amount || i.PaymentStatus != status) {
			h.t.Errorf("due %d, status %d; want %d, %d", i.Due(), i.PaymentStatus, amount, status)
		}
		return err
	})
}

func TestReceivedPayments(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		c, i := owing(h)
		part := func(amount string) string {
			return fmt.Sprintf(`"invoicePays":[{"invoiceId":%q,"amount":%s}]`, i, amount)
		}
		body := func(amount, more string) string {
			return fmt.Sprintf(`{"customerId":%q,"paymentDate":"2026-11-20","paymentType":"1","amount":%s,"refNumber":"4711",%s}`, c, amount, more)
		}
		var id string
		h.run("V2-121 the rest is unapplied", func(h *house) {
			a := h.ok("RecordARPayment", body("75.30", part("56.50")))
			id = a.text("id")
			for name, want := range map[string]string{"customerId": string(c), "status": "0", "isOnline": "false", "paymentType": "1",
				"paymentDate": "2026-11-20", "amount": "75.30", "unappliedAmount": "18.80", "refNumber": "4711", "description": "null",
				"convFeeAmount": "0.00", "invoicePays.0.invoiceId": string(i), "invoicePays.0.amount": "56.50", "invoicePays.0.receivedPayId": id,
				"entity": "ReceivedPay", "invoicePays.0.entity": "InvoicePay"} {
				if got := a.text(name); got != want {
					h.t.Errorf("%s %q, want %q", name, got, want)
				}
			}
			if fees, ok := a.at("rPConvFee").([]any); !ok || len(fees) != 0 {
				h.t.Errorf("3.12: rPConvFee %v", a.at("rPConvFee"))
			}
			due(h, i, 43_50, invoice.PartiallyPaid)
			if rows := h.list("InvoicePay", "invoiceId", "=", `"`+string(i)+`"`); len(rows) != 1 || rows[0].text("amount") != "56.50" {
				h.t.Errorf("%d InvoicePays", len(rows))
			}
		})
		h.run("V2-122 more applied than received", func(h *house) {
			h.refused("RecordARPayment", body("10", part("10.01")), "BDC_9045")
			h.refused("RecordARPayment", body("0", part("1")), "BDC_9045")
		})
		h.run("5.5 what is refused", func(h *house) {
			h.refused("RecordARPayment", body("100", part("43.51")), "BDC_1159")
			h.refused("RecordARPayment", `{}`, "BDC_1117", "customerId", "paymentDate", "paymentType", "amount")
			h.refused("RecordARPayment", body("1", `"paymentType":"9"`), "BDC_1119", "paymentType, 9")
			stranger, _ := owing(h)
			h.refused("RecordARPayment", fmt.Sprintf(`{"customerId":%q,"paymentDate":"2026-11-20","paymentType":1,"amount":1,%s}`, stranger, part("1")),
				"BDC_1119", string(i))
			h.refused("Crud/Create/ReceivedPay", `{"obj":{}}`, "BDC_1116")
			h.refused("Crud/Create/InvoicePay", `{"obj":{}}`, "BDC_1116")
			h.as("payer").refused("RecordARPayment", body("1", `"description":"x"`), "BDC_9006")
			due(h, i, 43_50, invoice.PartiallyPaid)
		})
		h.run("V2-123 void", func(h *house) {
			h.refused("VoidARPayment", `{"id":"`+string(ids.New(ids.ReceivedPay))+`"}`, "BDC_1119")
			a := h.ok("VoidARPayment", `{"id":"`+id+`"}`)
			if a.text("status") != "1" || a.text("invoicePays.0.amount") != "56.50" {
				h.t.Errorf("%s", a.raw)
			}
			due(h, i, 100_00, invoice.Open)
			h.refused("VoidARPayment", `{"id":"`+id+`"}`, "BDC_9108")
			if rows := h.list("ReceivedPay", "status", "=", `"1"`); len(rows) != 1 || rows[0].text("id") != id {
				h.t.Errorf("AR-21: %d voided", len(rows))
			}
		})
		h.run("3.12 fees", func(h *house) {
			r := receipt.Receipts.New().(*receipt.Receipt)
			r.CustomerID, r.PaymentDate, r.Amount, r.ConvFeeAmount = c, civil.MustDate("2026-11-20"), 10_00, 35
			h.write(func(tx *db.Tx) error { return receipt.Record(tx, r) })
			a := h.read("ReceivedPay", string(r.ID))
			if a.text("convFeeAmount") != "0.35" || a.text("rPConvFee.0.amount") != "0.35" || a.text("rPConvFee.0.paymentDate") != "2026-11-20" {
				h.t.Errorf("%s", a.raw)
			}
			if rows := h.list("RPConvFee", "paymentDate", "=", `"2026-11-20"`); len(rows) != 1 {
				h.t.Errorf("%d fees", len(rows))
			}
		})
	})
}

func TestV2_124(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		c, i := owing(h)
		h.write(func(tx *db.Tx) error {
			_, err := bank.Add(tx, bank.NewAccount{ID: ids.New(ids.BankAccount), Name: "Operating", BankName: "First", Routing: "990000013",
				SealedAccount: "x", Tail: "0001", Hash: "h", Verified: true})
			return err
		})
		account := h.ok("Crud/Create/CustomerBankAccount", fmt.Sprintf(`{"agreedWithTOS":true,"obj":{"customerId":%q,"nameOnAccount":"Hartwell Hotel",
			"routingNumber":"990000026","accountNumber":"5551234"}}`, c)).text("id")
		body := fmt.Sprintf(`{"customerId":%q,"paymentType":"3","paymentAccountId":%q,"Memo":"November","invoicePays":[{"invoiceId":%q,"amount":40}]}`,
			c, account, i)
		h.refused("ChargeCustomer", body, "BDC_9109")
		h.ok("SetCustomerAuthorization", fmt.Sprintf(`{"customerId":%q}`, c))
		a := h.ok("ChargeCustomer", body)
		for name, want := range map[string]string{"status": "2", "isOnline": "true", "paymentType": "3", "amount": "40.00", "description": "November",
			"paymentDate": "2026-11-24"} {
			if got := a.text("chargedReceivedPay." + name); got != want {
				h.t.Errorf("%s %q, want %q", name, got, want)
			}
		}
		due(h, i, 100_00, invoice.Scheduled)
		h.refused("Crud/Delete/CustomerBankAccount", `{"id":"`+account+`"}`, "BDC_9105")
		h.refused("ChargeCustomer", `{}`, "BDC_1117", "customerId", "paymentType", "paymentAccountId")
		h.refused("ChargeCustomer", fmt.Sprintf(`{"customerId":%q,"paymentType":"1","paymentAccountId":%q}`, c, account), "BDC_1119", "paymentType, 1")
		h.refused("ChargeCustomer", fmt.Sprintf(`{"customerId":%q,"paymentType":"3","paymentAccountId":%q,"amount":1}`, c, ids.New(ids.CustomerBankAccount)), "BDC_9104")
		h.as("clerk").refused("ChargeCustomer", body, "BDC_9006")
		if v := h.ok("VoidARPayment", `{"id":"`+a.text("chargedReceivedPay.id")+`"}`); v.text("status") != "3" {
			h.t.Errorf("AR-13: a charge that has not left is cancelled: %s", v.raw)
		}
		due(h, i, 100_00, invoice.Open)
		h.ok("Crud/Delete/CustomerBankAccount", `{"id":"`+account+`"}`)
		h.refused("ChargeCustomer", body, "BDC_9104")
	})
}
