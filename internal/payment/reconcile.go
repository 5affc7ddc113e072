package payment

import (
	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// ParkedStatements are the statements that wait for the one before them, or for a person, oldest first (REC-1).
func ParkedStatements(tx *db.Tx) ([]Statement, error) {
	if err := tx.Require(org.ViewBanks); err != nil {
		return nil, err
	}
	return statements(tx, `state = 'parked' ORDER BY as_of, id`)
}

// AcceptStatement takes a parked statement although it does not follow the one before: what is missing between them shows
// as a difference when the account is reconciled. It fails with fault.ErrNotFound for one that is not parked.
func AcceptStatement(tx *db.Tx, id ids.ID) error {
	st, err := parked(tx, id)
	if err != nil {
		return err
	}
	own, err := bank.Accounts.LoadForUpdate(tx, st.BankAccount)
	if err != nil {
		return err
	}
	moved := map[ids.ID]bool{}
	if err := takeParked(tx, own, st, moved); err != nil {
		return err
	}
	tx.Audit("accept", "bankStatement", id, "")
	if err := unpark(tx, own, moved); err != nil {
		return err
	}
	return settleMovements(tx, moved)
}

// RefuseStatement puts a parked statement away: its movements have no effect. Errors as AcceptStatement.
func RefuseStatement(tx *db.Tx, id ids.ID) error {
	if _, err := parked(tx, id); err != nil {
		return err
	}
	tx.ExecOne(`UPDATE bank_statements SET state = 'refused' WHERE org_id = $1 AND id = $2 AND state = 'parked'`, string(tx.Org()), string(id))
	tx.Audit("refuse", "bankStatement", id, "")
	return nil
}

func parked(tx *db.Tx, id ids.ID) (Statement, error) {
	if err := tx.Require(org.ManageBanks); err != nil {
		return Statement{}, err
	}
	found, err := statements(tx, `id = $2 AND state = 'parked'`+tx.ForUpdate(), string(id))
	if err != nil {
		return Statement{}, err
	}
	if len(found) == 0 {
		return Statement{}, fault.ErrNotFound.With(string(id))
	}
	return found[0], nil
}
