package vendor

import (
	"errors"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/record"
)

// What generations 2 and 3 ask of vendors beyond generation 1.

// CheckName fails with ErrNameTaken when v takes a name, by being made, renamed or made active, that another active
// vendor has. Two that ask at once about one name wait for each other. Generation 1 accepts and flags such a vendor
// (domain 2.7).
func CheckName(tx *db.Tx, before, v *Vendor) error {
	folded := strings.ToLower(v.Name)
	if v.Active != record.Active || before != nil && before.Active == record.Active && before.NameFolded == folded {
		return nil
	}
	if err := tx.Lock("vendor name " + folded); err != nil {
		return err
	}
	var n int64
	err := tx.Row(`SELECT count(*) FROM (SELECT 1 FROM vendors WHERE org_id = $1 AND name_folded = $2 AND is_active = 1 AND id <> $3
		LIMIT 1) x`, string(tx.Org()), folded, string(v.ID)).Scan(&n)
	if err != nil {
		return fmt.Errorf("look for vendors of that name: %w", err)
	}
	if n > 0 {
		return ErrNameTaken.On("name")
	}
	return nil
}

// checkTerm fails with fault.ErrReference for a payment term that is none. What a vendor is linked to is no reference that
// a client names.
func checkTerm(tx *db.Tx, before, v *Vendor) error {
	if v.PaymentTermID.IsNull() || before != nil && before.PaymentTermID == v.PaymentTermID {
		return nil
	}
	return Vendors.CheckReferences(tx, nil, &Vendor{PaymentTermID: v.PaymentTermID})
}

// Fill adds to vendors about to be shown what is open on their bills, what is left of their credits, the status of their
// bank account and the date they were last paid, in one query each.
func Fill(tx *db.Tx, vendors []*Vendor) error {
	if len(vendors) == 0 {
		return nil
	}
	byID := make(map[ids.ID]*Vendor, len(vendors))
	list := make([]ids.ID, len(vendors))
	for i, v := range vendors {
		byID[v.ID], list[i] = v, v.ID
		v.Balance, v.AvailableCredit, v.AccountStatus, v.LastPaid = 0, 0, -1, civil.Date{}
	}
	in, args := record.InIDs(2, list)
	args = append([]any{string(tx.Org())}, args...)
	for _, part := range []struct {
		query string
		to    func(v *Vendor, n int64)
	}{
		{`SELECT vendor_id, CAST(sum(amount - credit_amount - paid_amount) AS BIGINT) FROM bills
			WHERE org_id = $1 AND payment_status <> 0 AND is_active = 1 AND vendor_id` + in + ` GROUP BY vendor_id`,
			func(v *Vendor, n int64) { v.Balance = n }},
		{`SELECT vendor_id, CAST(sum(amount - applied_amount - reserved_amount) AS BIGINT) FROM vendor_credits
			WHERE org_id = $1 AND credit_status <> 0 AND is_active = 1 AND vendor_id` + in + ` GROUP BY vendor_id`,
			func(v *Vendor, n int64) { v.AvailableCredit = n }},
		{`SELECT vendor_id, status FROM vendor_bank_accounts WHERE org_id = $1 AND is_active = 1 AND vendor_id` + in,
			func(v *Vendor, n int64) { v.AccountStatus = n }},
	} {
		err := numbers(tx, part.query, args, func(id ids.ID, n int64) { part.to(byID[id], n) })
		if err != nil {
			return fmt.Errorf("add up what vendors are owed: %w", err)
		}
	}
	rows, err := tx.Query(`SELECT vendor_id, max(process_date) FROM payments WHERE org_id = $1 AND status = 2 AND vendor_id`+in+
		` GROUP BY vendor_id`, args...)
	if err != nil {
		return fmt.Errorf("look for the last payments of vendors: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id ids.ID
		var day civil.Date
		if err := rows.Scan(&id, &day); err != nil {
			return err
		}
		byID[id].LastPaid = day
	}
	return rows.Err()
}

// numbers runs a query for a number of each vendor.
func numbers(tx *db.Tx, query string, args []any, to func(ids.ID, int64)) error {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id ids.ID
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		to(id, n)
	}
	return errors.Join(rows.Err(), rows.Close())
}
