package xmlv1_test

import (
	"slices"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/receipt"
)

func TestReceivedPayments(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		c := customer.Customers.New().(*customer.Customer)
		c.Name = "Hartwell Hotel"
		l := invoice.Lines.New().(*invoice.Line)
		l.Price = money.MustDecimal("100")
		i := invoice.Invoices.New().(*invoice.Invoice)
		i.InvoiceNumber, i.InvoiceDate, i.DueDate, i.Lines = "1", civil.MustDate("2026-11-01"), civil.MustDate("2026-11-30"), []*invoice.Line{l}
		r := receipt.Receipts.New().(*receipt.Receipt)
		r.PaymentDate, r.PaymentType, r.Amount, r.RefNumber, r.ConvFeeAmount = civil.MustDate("2026-11-20"), 1, 75_30, "4711", 1_50
		p := receipt.InvoicePays.New().(*receipt.InvoicePay)
		p.Amount = 56_50
		r.Pays = []*receipt.InvoicePay{p}
		h.write(func(tx *db.Tx) error {
			if err := customer.Create(tx, c); err != nil {
				return err
			}
			i.CustomerID, r.CustomerID = c.ID, c.ID
			if err := invoice.Create(tx, i); err != nil {
				return err
			}
			p.InvoiceID = i.ID
			return receipt.Record(tx, r)
		})
		h.run("6.12 the record", func(h *house) {
			e := h.one("receivedPay", string(r.ID))
			want := []string{"id", "createdTime", "updatedTime", "customerId", "status", "paymentDate", "amount", "depositToAccountId",
				"paymentType", "isOnline", "refNumber", "convFeeAmount", "allowExport", "paidTransactions"}
			if !slices.Equal(e.names(), want) {
				h.t.Errorf("elements %v\nwant     %v", e.names(), want)
			}
			for name, want := range map[string]string{"customerId": string(c.ID), "status": "0", "paymentDate": "11/20/26", "amount": "75.30",
				"paymentType": "1", "isOnline": "0", "convFeeAmount": "1.50"} {
				if got := e.child(name); got != want {
					h.t.Errorf("%s %q, want %q", name, got, want)
				}
			}
			paid := e.find("paidTransaction")
			if paid == nil || !slices.Equal(paid.names(), []string{"id", "invoiceId", "amount"}) || paid.child("invoiceId") != string(i.ID) ||
				paid.child("amount") != "56.50" {
				h.t.Errorf("paidTransaction %+v", paid)
			}
			fee := h.list("convfee", "paymentDate", "=", "11/20/2026")
			if len(fee) != 1 || fee[0].child("amount") != "1.50" || fee[0].child("refNumber") != "4711" || fee[0].child("chartOfAccountId") == "" {
				h.t.Errorf("convFee %+v", fee)
			}
		})
		h.run("AR-21 a client polls, and sees the void", func(h *house) {
			h.made("<set_external_id>" + tags("id", string(r.ID), "externalId", "r-1") + "</set_external_id>")
			h.made("<set_external_id>" + tags("id", string(p.ID), "externalId", "p-1") + "</set_external_id>")
			h.write(func(tx *db.Tx) error { _, err := receipt.Void(tx, r.ID); return err })
			rows := h.list("receivedpay", "updatedTime", ">", "2026-11-20T00:00:00Z", "status", "=", "1", "externalId", "=", "r-1")
			if len(rows) != 1 || rows[0].find("paidTransaction").child("externalId") != "p-1" {
				h.t.Errorf("%+v", rows)
			}
		})
	})
}
