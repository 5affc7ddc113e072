package read

import (
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/web/view"
)

// open is what can still be scheduled of a bill: bill.Payable.
const open = "(b.amount - b.credit_amount - b.paid_amount - b.scheduled_amount)"

var billKeys = map[string]string{"vendor": "v.name_folded", "number": "b.invoice_number", "date": "b.invoice_date", "due": "b.due_date", "amount": "b.amount"}

var billTabs = map[string]string{
	"":          "",
	"topay":     " AND b.payment_status IN (1, 2)",
	"scheduled": " AND b.payment_status IN (4, 5)",
	"paid":      " AND b.payment_status = 0",
}

// Bills gives one page of the active bills that q asks for; without a column to sort by, what is due first stands first
// among the bills to pay, and last elsewhere.
func Bills(tx *db.Tx, q view.BillQuery, today civil.Date) ([]view.BillRow, Cursors, error) {
	return bills(tx, q, "", today, PageSize)
}

// ManyBills is Bills in larger pages, for a file.
func ManyBills(tx *db.Tx, q view.BillQuery, today civil.Date) ([]view.BillRow, Cursors, error) {
	return bills(tx, q, "", today, 1000)
}

// BillsOfVendor gives the bills of a vendor that are due last, at most limit.
func BillsOfVendor(tx *db.Tx, vendor ids.ID, today civil.Date, limit int) ([]view.BillRow, error) {
	rows, _, err := bills(tx, view.BillQuery{}, vendor, today, limit)
	return rows, err
}

func bills(tx *db.Tx, q view.BillQuery, vendor ids.ID, today civil.Date, limit int) ([]view.BillRow, Cursors, error) {
	if err := tx.Require(org.ViewBills); err != nil {
		return nil, Cursors{}, err
	}
	l := list{
		columns: "b.id, v.name, b.invoice_number, b.invoice_date, b.due_date, b.currency, b.amount, " + open + ", b.approval_status, b.payment_status",
		from:    "bills b JOIN vendors v ON v.org_id = b.org_id AND v.id = b.vendor_id",
		where:   "b.org_id = $1 AND b.is_active = 1" + billTabs[q.Tab],
		args:    []any{string(tx.Org())},
		key:     billKeys[q.Sort], id: "b.id", number: q.Sort == "amount", desc: q.Desc,
		after: q.After, before: q.Before, limit: limit,
	}
	if l.key == "" {
		l.key, l.desc = "b.due_date", q.Tab != "topay"
	}
	if vendor != "" {
		l.where += " AND b.vendor_id = $2"
		l.args = append(l.args, string(vendor))
	}
	if err := l.ownBills(tx); err != nil {
		return nil, Cursors{}, err
	}
	l.findBills(q.Search)
	var rows []view.BillRow
	c, err := l.run(tx, func(read func(...any) error) error {
		var r view.BillRow
		if err := read(&r.ID, &r.Vendor, &r.Number, &r.Date, &r.Due, &r.Currency, &r.Amount, &r.Open, &r.Approval, &r.Payment); err != nil {
			return err
		}
		r.DaysLate = DaysLate(r.Due, today, r.Open)
		rows = append(rows, r)
		return nil
	})
	return page(rows, q.Before, limit), c, err
}

// DaysLate is for how many days a bill is past due; 0 when nothing is left to pay.
func DaysLate(due, today civil.Date, open int64) int {
	if due.IsZero() || open <= 0 || !due.Before(today) {
		return 0
	}
	return today.Sub(due)
}

// HasBills tells an empty book from an empty search.
func HasBills(tx *db.Tx) (yes bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM bills WHERE org_id = $1)`, string(tx.Org())).Scan(&yes)
	return yes, err
}

// BillLines gives the lines of a bill with the names that they are coded to.
func BillLines(tx *db.Tx, id ids.ID) ([]view.BillLine, error) {
	if err := tx.Require(org.ViewBills); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT coalesce(a.name, ''), coalesce(d.name, ''), coalesce(j.name, ''), coalesce(p.name, ''), l.description, l.amount
		FROM bill_lines l
		LEFT JOIN chart_of_accounts a ON a.org_id = l.org_id AND a.id = l.chart_of_account_id
		LEFT JOIN departments d ON d.org_id = l.org_id AND d.id = l.department_id
		LEFT JOIN jobs j ON j.org_id = l.org_id AND j.id = l.job_id
		LEFT JOIN locations p ON p.org_id = l.org_id AND p.id = l.location_id
		WHERE l.org_id = $1 AND l.bill_id = $2 ORDER BY l.position`, string(tx.Org()), string(id))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var lines []view.BillLine
	for rows.Next() {
		var l view.BillLine
		if err := rows.Scan(&l.Account, &l.Department, &l.Job, &l.Location, &l.Description, &l.Minor); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, rows.Err()
}
