package read

import (
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// WaitingOn counts the payments that have not left yet and draw on an account of ours, and gives their sum.
func WaitingOn(tx *db.Tx, account ids.ID) (n int, minor int64, err error) {
	if err := tx.Require(org.ManageBanks); err != nil {
		return 0, 0, err
	}
	err = tx.Row(`SELECT count(*), CAST(coalesce(sum(amount), 0) AS BIGINT) FROM payments
		WHERE org_id = $1 AND bank_account_id = $2 AND state IN ('awaiting_approval', 'scheduled', 'on_hold')`,
		string(tx.Org()), string(account)).Scan(&n, &minor)
	return n, minor, err
}
