package jsonv2

import (
	"slices"
	"strconv"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/record"
)

// receipts serves received payments: they are made and undone by calls (3.12, 5.4, 5.5).
func (h *Handler) receipts() area {
	view := db.Of(org.ViewReceivables)
	return area{
		entities: []entity{
			{shape: receivedPayShape(), ops: readOnly, view: view, fill: receipt.LoadFees},
			{shape: invoicePayShape(), ops: readOnly, view: view},
			{shape: convFeeShape(), ops: readOnly, view: view},
		},
		calls: map[string]call{
			"RecordARPayment": {needs: db.Of(org.RecordReceipts), run: h.recordARPayment},
			"ChargeCustomer":  {needs: db.Of(org.ChargeCustomers), run: h.chargeCustomer},
			"VoidARPayment":   {run: h.voidARPayment},
		},
	}
}

func receivedPayShape() *shape.Shape {
	x := fields{receipt.Receipts.Type}
	return shape.New("ReceivedPay", x.t, slices.Concat(x.head(), []shape.Entry{
		x.shown("customerId", "customerId"),
		x.shown("status", "status"),
		x.shown("paymentDate", "paymentDate"),
		x.shown("depositToAccountId", "depositToAccountId"),
		x.shown("isOnline", "isOnline"),
		x.shown("paymentType", "paymentType"),
		x.shown("amount", "amount"),
		x.shown("unappliedAmount", "unappliedAmount"),
		x.shown("description", "description"),
		x.shown("refNumber", "refNumber"),
		x.shown("convFeeAmount", "convFeeAmount"),
		x.shown("payToBankAccountId", "payToBankAccountId"),
	})...).WithList("rPConvFee", convFeeShape(), func(r record.Record) []record.Record {
		fees := r.(*receipt.Receipt).Fees
		rows := make([]record.Record, len(fees))
		for i, f := range fees {
			rows[i] = f
		}
		return rows
	}).WithLines("invoicePays", invoicePayShape())
}

func invoicePayShape() *shape.Shape {
	x := fields{receipt.InvoicePays.Type}
	return shape.New("InvoicePay", x.t, slices.Concat(x.head(), []shape.Entry{
		x.shown("receivedPayId", "receivedPayId"),
		x.shown("invoiceId", "invoiceId"),
		x.shown("amount", "amount"),
		x.shown("description", "description"),
	})...)
}

func convFeeShape() *shape.Shape {
	x := fields{receipt.Fees.Type}
	return shape.New("RPConvFee", x.t, slices.Concat(x.head(), []shape.Entry{
		x.shown("refNumber", "refNumber"),
		x.shown("amount", "amount"),
		x.shown("paymentDate", "paymentDate"),
		x.shown("chartOfAccountId", "chartOfAccountId"),
	})...)
}

// invoicePays reads the parts of a receipt.
func invoicePays(in *args) []*receipt.InvoicePay {
	var out []*receipt.InvoicePay
	for _, p := range in.list("invoicePays", optional) {
		part := receipt.InvoicePays.New().(*receipt.InvoicePay)
		part.InvoiceID, part.Amount, part.Description = p.ref("invoiceId", required), p.money("amount", required), atMost(p, "description", 4000)
		out = append(out, part)
	}
	return out
}

func (h *Handler) recordARPayment(q *request, in *args) (any, error) {
	r := receipt.Receipts.New().(*receipt.Receipt)
	r.CustomerID = in.ref("customerId", required)
	r.PaymentDate = in.date("paymentDate", required)
	r.PaymentType = choice(in, "paymentType", receipt.Types)
	r.Amount = in.money("amount", required)
	r.DepositToAccountID = in.ref("depositToAccountId", optional)
	r.Description = atMost(in, "description", 4000)
	r.RefNumber = atMost(in, "refNumber", 100)
	r.Pays = invoicePays(in)
	if err := in.err(); err != nil {
		return nil, err
	}
	var out raw
	err := q.write(func(tx *db.Tx) (err error) {
		if err := receipt.Record(tx, r); err != nil {
			return err
		}
		out, err = q.receivedPay(tx, r)
		return err
	})
	return out, err
}

func (h *Handler) chargeCustomer(q *request, in *args) (any, error) {
	r := receipt.Receipts.New().(*receipt.Receipt)
	r.CustomerID = in.ref("customerId", required)
	choice(in, "paymentType", map[int64]string{receipt.TypeACH: receipt.Types[receipt.TypeACH]})
	r.PaymentAccountID = in.ref("paymentAccountId", required)
	r.PaymentDate = in.date("paymentDate", optional)
	r.Description = atMost(in, "memo", 4000)
	if !in.has("memo") {
		r.Description = atMost(in, "Memo", 4000)
	}
	r.Amount = in.money("amount", optional)
	r.Pays = invoicePays(in)
	if err := in.err(); err != nil {
		return nil, err
	}
	var out struct {
		Charged raw `json:"chargedReceivedPay"`
	}
	err := q.write(func(tx *db.Tx) (err error) {
		if err := receipt.Charge(tx, r); err != nil {
			return err
		}
		out.Charged, err = q.receivedPay(tx, r)
		return err
	})
	return out, err
}

func (h *Handler) voidARPayment(q *request, in *args) (any, error) {
	id := in.ref("id", required)
	if err := in.err(); err != nil {
		return nil, err
	}
	var out raw
	err := q.write(func(tx *db.Tx) error {
		r, err := receipt.Void(tx, id)
		if err != nil {
			return onID(id, err)
		}
		out, err = q.receivedPay(tx, r)
		return err
	})
	return out, err
}

// choice reads a required number of the table.
func choice(in *args, name string, words map[int64]string) int64 {
	n := in.int(name, required, 0)
	if _, known := words[n]; !known {
		in.found.choices = append(in.found.choices, name)
		in.found.choiceTexts = append(in.found.choiceTexts, strconv.FormatInt(n, 10))
	}
	return n
}

// atMost reads an optional text of at most max characters.
func atMost(in *args, name string, max int) string {
	s := in.text(name, optional)
	if longer(s, max) {
		add(&in.found.tooLong, name)
	}
	return s
}

// receivedPay shows a receipt as it is stored by now: its times are those of the commit.
func (q *request) receivedPay(tx *db.Tx, r *receipt.Receipt) (raw, error) {
	stored, err := receipt.Receipts.Load(tx, r.ID)
	if err != nil {
		return nil, err
	}
	return q.show(tx, "ReceivedPay", stored)
}
