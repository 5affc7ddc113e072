// Package report sums up what the other rooms keep: what is due, what has come in and what will.
package report

import (
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/org"
)

// Sum is a number of documents and their total in minor units.
type Sum struct{ Count, Total int64 }

// Due sums up open documents by their due date: before today, today, in the seven days after today, later, and all.
type Due struct{ Overdue, Today, Next7, Later, All Sum }

// Receipts sums up received payments, scheduled ones included, by their date: in the calendar month before this one, in
// this one, in the seven days before today, today, in the seven days after today, and later.
type Receipts struct{ LastMonth, ThisMonth, Last7, Today, Next7, Later Sum }

// The first and the last day that a date can be.
const (
	first = "0001-01-01"
	last  = "9999-12-31"
)

// OpenBills sums up what is due on active bills.
func OpenBills(tx *db.Tx, today civil.Date) (Due, error) {
	if err := tx.Require(org.ViewBills); err != nil {
		return Due{}, err
	}
	return due(tx, today, `SELECT due_date AS day, amount - credit_amount - paid_amount AS n FROM bills
		WHERE org_id = $1 AND is_active = 1 AND payment_status <> 0`)
}

// BillsToApprove sums up what is due on active bills that wait for the caller.
func BillsToApprove(tx *db.Tx, today civil.Date) (Due, error) {
	if err := tx.Require(org.ViewBills); err != nil {
		return Due{}, err
	}
	return due(tx, today, `SELECT b.due_date AS day, b.amount - b.credit_amount - b.paid_amount AS n FROM bills b
		WHERE b.org_id = $1 AND b.is_active = 1 AND b.id IN (SELECT object_id FROM `+approval.BillApprovers.Table+`
			WHERE org_id = $1 AND user_id = $2 AND is_active = 1 AND status IN ($3, $4))`,
		string(tx.Caller().User), approval.Waiting, approval.Viewed)
}

// OpenInvoices sums up what is due on active invoices.
func OpenInvoices(tx *db.Tx, today civil.Date) (Due, error) {
	if err := tx.Require(org.ViewReceivables); err != nil {
		return Due{}, err
	}
	return due(tx, today, `SELECT due_date AS day, amount - credit_amount - paid_amount AS n FROM invoices
		WHERE org_id = $1 AND is_active = 1 AND payment_status <> 0`)
}

// ReceivedPayments sums up what customers paid or will pay.
func ReceivedPayments(tx *db.Tx, today civil.Date) (r Receipts, err error) {
	if err := tx.Require(org.ViewReceivables); err != nil {
		return Receipts{}, err
	}
	firstOfMonth := today.AddDays(1 - today.Day())
	firstOfNext := firstOfMonth.AddDays(31)
	firstOfNext = firstOfNext.AddDays(1 - firstOfNext.Day())
	lastOfLast := firstOfMonth.AddDays(-1)
	err = sums(tx, `SELECT payment_date AS day, amount AS n FROM received_pays WHERE org_id = $1 AND status IN (0, 2)`, nil, []span{
		{&r.LastMonth, lastOfLast.AddDays(1 - lastOfLast.Day()).String(), lastOfLast.String()},
		{&r.ThisMonth, firstOfMonth.String(), firstOfNext.AddDays(-1).String()},
		{&r.Last7, today.AddDays(-7).String(), today.AddDays(-1).String()},
		{&r.Today, today.String(), today.String()},
		{&r.Next7, today.AddDays(1).String(), today.AddDays(7).String()},
		{&r.Later, today.AddDays(8).String(), last},
	})
	return r, err
}

func due(tx *db.Tx, today civil.Date, rows string, args ...any) (d Due, err error) {
	err = sums(tx, rows, args, []span{
		{&d.Overdue, first, today.AddDays(-1).String()},
		{&d.Today, today.String(), today.String()},
		{&d.Next7, today.AddDays(1).String(), today.AddDays(7).String()},
		{&d.Later, today.AddDays(8).String(), last},
		{&d.All, first, last},
	})
	return d, err
}

// span is where the rows of some days, both included, are summed up.
type span struct {
	to          *Sum
	from, until string
}

// sums fills spans from rows of a day and an amount n, in one pass. args follow the organisation.
func sums(tx *db.Tx, rows string, args []any, spans []span) error {
	args = append([]any{string(tx.Org())}, args...)
	var columns []string
	var to []any
	for _, s := range spans {
		args = append(args, s.from, s.until)
		in := fmt.Sprintf("CASE WHEN day >= $%d AND day <= $%d THEN ", len(args)-1, len(args))
		columns = append(columns, "CAST(coalesce(sum("+in+"1 ELSE 0 END), 0) AS BIGINT)", "CAST(coalesce(sum("+in+"n ELSE 0 END), 0) AS BIGINT)")
		to = append(to, &s.to.Count, &s.to.Total)
	}
	if err := tx.Row("SELECT "+strings.Join(columns, ", ")+" FROM ("+rows+") x", args...).Scan(to...); err != nil {
		return fmt.Errorf("sum up by date: %w", err)
	}
	return nil
}
