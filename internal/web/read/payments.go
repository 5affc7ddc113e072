package read

import (
	"strconv"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/web/view"
)

var paymentTabs = map[string]string{
	"":          "",
	"waiting":   " AND p.state IN ('awaiting_approval', 'on_hold')",
	"scheduled": " AND p.state IN ('scheduled', 'awaiting_approval', 'on_hold')",
	"flight":    " AND p.state IN ('in_file', 'sent', 'settled')",
	"cleared":   " AND p.state = 'cleared'",
	"failed":    " AND p.state IN ('failed', 'funding_failed', 'voided')",
	"open":      " AND p.state IN ('scheduled', 'awaiting_approval', 'on_hold', 'in_file', 'sent', 'settled')", // for Home
}

// Payments gives one page of the payments that q asks for, newest process date first.
func Payments(tx *db.Tx, q view.PaymentQuery) ([]view.PaymentRow, Cursors, error) {
	return payments(tx, q, PageSize)
}

func payments(tx *db.Tx, q view.PaymentQuery, limit int) ([]view.PaymentRow, Cursors, error) {
	if err := tx.Require(org.ViewBills); err != nil {
		return nil, Cursors{}, err
	}
	l := list{
		columns: `p.id, v.name, p.rail, coalesce(d.serial, 0), p.process_date, p.arrival_date, p.currency, p.amount, p.state,
			(SELECT count(*) FROM bill_pays x WHERE x.org_id = p.org_id AND x.payment_id = p.id)`,
		from: `payments p JOIN vendors v ON v.org_id = p.org_id AND v.id = p.vendor_id
			LEFT JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id`,
		where: "p.org_id = $1" + paymentTabs[q.Tab],
		args:  []any{string(tx.Org())},
		key:   "p.process_date", id: "p.id", desc: true,
		after: q.After, before: q.Before, limit: limit,
	}
	var rows []view.PaymentRow
	c, err := l.run(tx, func(read func(...any) error) error {
		var r view.PaymentRow
		var rail string
		var check int64
		err := read(&r.ID, &r.Payee, &rail, &check, &r.ProcessDate, &r.Arrival, &r.Currency, &r.Minor, &r.State, &r.Bills)
		r.Method = Method(rail, check)
		rows = append(rows, r)
		return err
	})
	return page(rows, q.Before, limit), c, err
}

// Method names a rail, with the number of the cheque if there is one yet.
func Method(rail string, check int64) string {
	switch {
	case rail == payment.ACH:
		return "ACH"
	case rail == payment.Wire:
		return "Wire"
	case rail == payment.Booked:
		return "Recorded"
	case rail == payment.Credits:
		return "Credit"
	case check > 0:
		return "Check " + strconv.FormatInt(check, 10)
	}
	return "Check"
}

// HasPayments tells an empty book from an empty search.
func HasPayments(tx *db.Tx) (yes bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM payments WHERE org_id = $1)`, string(tx.Org())).Scan(&yes)
	return yes, err
}

// PaidBills gives the bills that a payment pays.
func PaidBills(tx *db.Tx, id ids.ID) ([]view.PaidBill, error) {
	if err := tx.Require(org.ViewBills); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT b.id, v.name, b.invoice_number, b.currency, b.amount, `+open+`, b.due_date, x.amount,
			(SELECT CAST(coalesce(sum(u.amount), 0) AS BIGINT) FROM bill_credits u WHERE u.org_id = x.org_id AND u.payment_id = x.payment_id AND u.bill_id = x.bill_id)
		FROM bill_pays x JOIN bills b ON b.org_id = x.org_id AND b.id = x.bill_id
		JOIN vendors v ON v.org_id = b.org_id AND v.id = b.vendor_id
		WHERE x.org_id = $1 AND x.payment_id = $2 ORDER BY x.id`, string(tx.Org()), string(id))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []view.PaidBill
	for rows.Next() {
		var p view.PaidBill
		h := &p.Bill
		if err := rows.Scan(&h.ID, &h.Vendor, &h.Number, &h.Currency, &h.Amount, &h.Open, &h.Due, &p.Paid, &p.Credits); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// Trouble is a payment that needs a person.
type Trouble struct {
	ID, Payee, Currency, State string
	Minor                      int64
	Why                        string
}
