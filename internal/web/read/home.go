package read

import (
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/web/view"
)

// Overview is what Home shows.
type Overview struct {
	Late       int64 // minor units past due and not yet scheduled, of LateBills
	LateBills  int
	OldestDays int
	Soon       int64 // due within the next seven days, of SoonBills
	SoonBills  int
	Cash       view.CashRequired
	Ageing     view.Ageing
	InFlight   []view.PaymentRow
	Troubles   []Trouble

	BankTasks         int64 // answers of the bank that a person has to look at
	UnconfirmedChecks int64 // waiting too long to be confirmed as mailed (CHK-5)
}

// cashDays is how far CashRequired looks ahead.
const cashDays = 30

// Home reads the overview of the caller's organisation on a day, in its currency.
func Home(tx *db.Tx, currency string, today civil.Date) (Overview, error) {
	o := Overview{
		Cash:   view.CashRequired{Currency: currency, Days: make([]view.CashDay, cashDays)},
		Ageing: view.Ageing{Currency: currency, Buckets: []view.AgeingBucket{{Label: "Not yet due"}, {Label: "1–30 days", Late: true}, {Label: "31–60 days", Late: true}, {Label: "61–90 days", Late: true}, {Label: "Over 90 days", Late: true}}},
	}
	if err := tx.Require(org.ViewBills); err != nil {
		return o, err
	}
	for i := range o.Cash.Days {
		o.Cash.Days[i].Date = today.AddDays(i)
	}
	// Grouped by status first, as the index of open bills is; the days meet again in add.
	rows, err := tx.Query(`SELECT b.due_date, CAST(sum(`+open+`) AS BIGINT), count(*) FROM bills b
		WHERE b.org_id = $1 AND b.is_active = 1 AND b.payment_status IN (1, 2, 4, 5) AND b.currency = $2 AND `+open+` > 0
		GROUP BY b.payment_status, b.due_date`, string(tx.Org()), currency)
	if err != nil {
		return o, err
	}
	defer rows.Close()
	for rows.Next() {
		var due civil.Date
		var minor int64
		var n int
		if err := rows.Scan(&due, &minor, &n); err != nil {
			return o, err
		}
		o.add(due, today, minor, n)
	}
	if err := rows.Err(); err != nil {
		return o, err
	}
	if err := rows.Close(); err != nil {
		return o, err
	}
	if o.InFlight, _, err = payments(tx, view.PaymentQuery{Tab: "open"}, 5); err != nil {
		return o, err
	}
	o.Troubles, err = troubles(tx)
	return o, err
}

// add counts n bills that are due on a day.
func (o *Overview) add(due, today civil.Date, minor int64, n int) {
	late := 0
	if !due.IsZero() {
		late = today.Sub(due)
	}
	bucket := 0
	if late > 0 {
		bucket = min((late-1)/30+1, len(o.Ageing.Buckets)-1)
		o.Late, o.LateBills, o.OldestDays = o.Late+minor, o.LateBills+n, max(o.OldestDays, late)
		o.Cash.Late += minor
	}
	o.Ageing.Buckets[bucket].Bills += n
	o.Ageing.Buckets[bucket].Minor += minor
	if ahead := -late; ahead >= 0 && ahead < cashDays && !due.IsZero() {
		o.Cash.Days[ahead].Minor += minor
		o.Cash.Days[ahead].Bills += n
		if ahead < 7 {
			o.Soon, o.SoonBills = o.Soon+minor, o.SoonBills+n
		}
	}
}

// troubles are payments on hold, and those that came back in the last fortnight; at most five.
func troubles(tx *db.Tx) ([]Trouble, error) {
	rows, err := tx.Query(`SELECT p.id, v.name, p.currency, p.amount, p.state,
			CASE WHEN p.state = 'on_hold' THEN p.hold_reason ELSE coalesce((SELECT max(x.reason_code || ' ' || x.reason_text) FROM bill_pays x
				WHERE x.org_id = p.org_id AND x.payment_id = p.id), '') END
		FROM payments p JOIN vendors v ON v.org_id = p.org_id AND v.id = p.vendor_id
		WHERE p.org_id = $1 AND (p.state = 'on_hold' OR p.state IN ('failed', 'funding_failed') AND p.updated_time >= $2)
		ORDER BY p.updated_time DESC, p.id LIMIT 5`, string(tx.Org()), int64(clock.FromTime(tx.Now().Add(-14*24*time.Hour))))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Trouble
	for rows.Next() {
		var t Trouble
		if err := rows.Scan(&t.ID, &t.Payee, &t.Currency, &t.Minor, &t.State, &t.Why); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

// Waiting counts what the menu shows: bills past due that can be paid, payments on hold.
func Waiting(tx *db.Tx, today civil.Date) (bills, payments int, err error) {
	if tx.Require(org.ViewBills) != nil {
		return 0, 0, nil
	}
	err = tx.Row(`SELECT (SELECT count(*) FROM bills WHERE org_id = $1 AND is_active = 1 AND payment_status IN (1, 2) AND due_date < $2 AND due_date <> ''),
		(SELECT count(*) FROM payments WHERE org_id = $1 AND state = 'on_hold')`, string(tx.Org()), today.String()).Scan(&bills, &payments)
	return bills, payments, err
}
