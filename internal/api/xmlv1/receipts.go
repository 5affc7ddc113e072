package xmlv1

import (
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/receipt"
)

// receiptShapes are received payments, which this generation only reads (6.12).
func receiptShapes() []*shape.Shape { return []*shape.Shape{receivedPayShape(), convFeeShape()} }

func receivedPayShape() *shape.Shape {
	x, p := fields{receipt.Receipts.Type}, fields{receipt.InvoicePays.Type}
	return shape.New("receivedPay", x.t,
		x.id(), x.created(), x.updated(),
		filtered(zeros(x.shown("customerId", "customerId"))),
		filtered(x.shown("status", "status")),
		filtered(x.shown("paymentDate", "paymentDate")),
		x.shown("amount", "amount"),
		filtered(x.shown("depositToAccountId", "depositToAccountId")),
		filtered(x.shown("paymentType", "paymentType")),
		filtered(x.shown("isOnline", "isOnline")),
		x.shown("description", "description"),
		x.shown("refNumber", "refNumber"),
		x.shown("convFeeAmount", "convFeeAmount"),
		x.synced(), x.export(), x.external(), x.integration(),
	).WithLines("paidTransactions", shape.New("paidTransaction", p.t,
		p.shown("id", "id"),
		p.shown("invoiceId", "invoiceId"),
		p.shown("externalId", "externalId"),
		p.shown("amount", "amount"),
	))
}

func convFeeShape() *shape.Shape {
	x := fields{receipt.Fees.Type}
	return shape.New("convFee", x.t,
		x.id(), x.created(),
		x.shown("refNumber", "refNumber"),
		x.shown("amount", "amount"),
		filtered(x.shown("paymentDate", "paymentDate")),
		filtered(x.shown("chartOfAccountId", "chartOfAccountId")),
		x.synced(), x.export(), x.external(), x.integration(),
	)
}
