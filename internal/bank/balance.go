package bank

import (
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

// Balance is what the ledger says is on an account, in minor units.
type Balance struct {
	ID    ids.ID
	Minor int64
}

// Balances gives the ledger's balance of every active account, oldest first.
func Balances(tx *db.Tx) ([]Balance, error) {
	rows, err := tx.Query(`SELECT a.id, CAST(coalesce(sum(p.amount), 0) AS BIGINT) FROM bank_accounts a
		LEFT JOIN postings p ON p.org_id = a.org_id AND p.account_id = a.ledger_account_id
		WHERE a.org_id = $1 AND a.is_active = 1 GROUP BY a.id, a.created_time ORDER BY a.created_time, a.id`, string(tx.Org()))
	if err != nil {
		return nil, fmt.Errorf("sum the bank accounts: %w", err)
	}
	defer rows.Close()
	var all []Balance
	for rows.Next() {
		var b Balance
		if err := rows.Scan((*string)(&b.ID), &b.Minor); err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}
