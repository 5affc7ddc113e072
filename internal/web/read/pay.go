package read

import (
	"errors"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/web/view"
)

// ToPay gives one page of the bills that nothing but a payment is missing to, what is due first standing first: open, in
// dollars, neither denied nor waiting for approval. search is part of a vendor's name or an invoice number.
func ToPay(tx *db.Tx, search, after, before string, today civil.Date) ([]view.ToPayRow, Cursors, error) {
	if err := tx.Require(org.ViewBills); err != nil {
		return nil, Cursors{}, err
	}
	l := list{
		columns: "b.id, v.name, b.invoice_number, b.due_date, " + open + ", b.approval_status, v.pay_by, coalesce(a.account_tail, '')",
		from: `bills b JOIN vendors v ON v.org_id = b.org_id AND v.id = b.vendor_id
			LEFT JOIN vendor_bank_accounts a ON a.org_id = v.org_id AND a.vendor_id = v.id AND a.is_active = 1 AND a.status = 1`,
		where: fmt.Sprintf("b.org_id = $1 AND b.is_active = 1 AND b.payment_status IN (1, 2) AND b.currency = 'USD' AND b.approval_status IN (%d, %d) AND %s > 0",
			bill.Unassigned, bill.Approved, open),
		args: []any{string(tx.Org())},
		key:  "b.due_date", id: "b.id",
		after: after, before: before, limit: PageSize,
	}
	if err := l.ownBills(tx); err != nil {
		return nil, Cursors{}, err
	}
	l.findBills(search)
	var rows []view.ToPayRow
	c, err := l.run(tx, func(read func(...any) error) error {
		r := view.ToPayRow{BillHead: view.BillHead{Currency: "USD"}}
		var by int64
		var tail string
		err := read(&r.ID, &r.Vendor, &r.Number, &r.Due, &r.Open, &r.Approval, &by, &tail)
		r.Method, r.DaysLate = PaidBy(by, tail), DaysLate(r.Due, today, r.Open)
		rows = append(rows, r)
		return err
	})
	return page(rows, before, PageSize), c, err
}

// Committed gives, for each account of ours, what is to leave it and has not: payments that are scheduled or wait, and those
// that left which the bank has not yet debited, in minor units.
func Committed(tx *db.Tx) (map[ids.ID]int64, error) {
	rows, err := tx.Query(`SELECT p.bank_account_id, CAST(sum(p.amount) AS BIGINT) FROM payments p
		LEFT JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
		WHERE p.org_id = $1 AND p.state IN ('awaiting_approval', 'scheduled', 'on_hold', 'in_file', 'sent', 'void_requested') AND p.bank_account_id <> ''
			AND (p.state IN ('awaiting_approval', 'scheduled', 'on_hold') OR d.state IN ('released', 'sent'))
		GROUP BY p.bank_account_id`, string(tx.Org()))
	if err != nil {
		return nil, fmt.Errorf("sum what is to leave the bank accounts: %w", err)
	}
	defer rows.Close()
	all := map[ids.ID]int64{}
	for rows.Next() {
		var id ids.ID
		var minor int64
		if err := rows.Scan((*string)(&id), &minor); err != nil {
			return nil, err
		}
		all[id] = minor
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// Funds are the accounts that payments can draw on, with what the books say is on them for who may view bank accounts.
func Funds(tx *db.Tx) ([]view.Funds, error) {
	all, err := bank.List(tx)
	if err != nil {
		return nil, err
	}
	known := tx.Caller().Perms.Has(org.ViewBanks)
	balances, committed := map[ids.ID]int64{}, map[ids.ID]int64{}
	if known {
		sums, err := bank.Balances(tx)
		if err != nil {
			return nil, err
		}
		for _, b := range sums {
			balances[b.ID] = b.Minor
		}
		if committed, err = Committed(tx); err != nil {
			return nil, err
		}
	}
	out := []view.Funds{}
	for _, a := range all {
		if a.Usable() {
			out = append(out, view.Funds{FundingAccount: view.FundingAccount{ID: string(a.ID), Name: a.Name, Last4: a.AccountTail}, Known: known,
				Balance: balances[a.ID], Committed: committed[a.ID]})
		}
	}
	return out, nil
}

// ownBills narrows a list of bills b to those that the caller may see.
func (l *list) ownBills(tx *db.Tx) error {
	own, args, err := bill.Approvals.Own(tx, "b.id", len(l.args)+1)
	if own != "" {
		l.where += " AND " + own
		l.args = append(l.args, args...)
	}
	return err
}

// findBills narrows a list of bills b to those whose vendor's name or number contains s.
func (l *list) findBills(s string) {
	if s = strings.TrimSpace(s); s == "" {
		return
	}
	n := len(l.args)
	l.where += fmt.Sprintf(" AND (b.vendor_id IN (SELECT id FROM vendors WHERE org_id = $1 AND name_folded LIKE $%d ESCAPE '!')", n+1)
	l.args = append(l.args, contains(strings.ToLower(s)))
	if key := bill.NumberKey("x" + s)[1:]; key != "" { // with its leading zeros, which stand inside of longer numbers
		l.where += fmt.Sprintf(" OR b.number_key LIKE $%d ESCAPE '!' OR b.number_key = $%d", n+2, n+3)
		l.args = append(l.args, contains(key), bill.NumberKey(s))
	}
	l.where += ")"
}
