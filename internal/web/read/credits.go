package read

import (
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/web/view"
)

// CreditsOfVendor gives the active credits of a vendor, the newest first, at most limit, with the bills that each is set off
// against.
func CreditsOfVendor(tx *db.Tx, vendor ids.ID, limit int) ([]view.CreditRow, error) {
	if err := tx.Require(org.ViewBills); err != nil {
		return nil, err
	}
	where, args := "c.org_id = $1 AND c.vendor_id = $2 AND c.is_active = 1", []any{string(tx.Org()), string(vendor)}
	own, more, err := credit.Approvals.Own(tx, "c.id", len(args)+1)
	if err != nil {
		return nil, err
	}
	if own != "" {
		where, args = where+" AND "+own, append(args, more...)
	}
	where += fmt.Sprintf(" ORDER BY c.credit_date DESC, c.id DESC LIMIT %d", limit)
	rows, err := tx.Query(`SELECT c.id, c.ref_number, c.credit_date, c.currency, c.amount, c.amount - c.applied_amount - c.reserved_amount, c.approval_status
		FROM vendor_credits c WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list the credits of vendor %s: %w", vendor, err)
	}
	defer rows.Close()
	var all []view.CreditRow
	at := map[string]int{}
	for rows.Next() {
		var r view.CreditRow
		if err := rows.Scan(&r.ID, &r.Number, &r.Date, &r.Currency, &r.Amount, &r.Open, &r.Approval); err != nil {
			return nil, err
		}
		at[r.ID] = len(all)
		all = append(all, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(all) == 0 {
		return nil, err
	}
	used, err := tx.Query(`SELECT u.vendor_credit_id, b.id, b.invoice_number, CAST(sum(u.amount) AS BIGINT) FROM bill_credits u
		JOIN bills b ON b.org_id = u.org_id AND b.id = u.bill_id
		WHERE u.org_id = $1 AND u.state <> 'freed' AND u.vendor_credit_id IN (SELECT c.id FROM vendor_credits c WHERE c.org_id = $1 AND c.vendor_id = $2)
		GROUP BY u.vendor_credit_id, b.id, b.invoice_number ORDER BY b.id`, string(tx.Org()), string(vendor))
	if err != nil {
		return nil, fmt.Errorf("list what the credits of vendor %s are set off against: %w", vendor, err)
	}
	defer used.Close()
	for used.Next() {
		var id string
		var u view.CreditUse
		if err := used.Scan(&id, &u.BillID, &u.Number, &u.Minor); err != nil {
			return nil, err
		}
		if i, shown := at[id]; shown {
			all[i].Uses = append(all[i].Uses, u)
		}
	}
	return all, errors.Join(used.Err(), used.Close())
}
