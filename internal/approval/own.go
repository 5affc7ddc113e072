package approval

import (
	"fmt"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Own is the SQL condition, with its arguments from $n on, by which a caller who sees no other documents than those it is
// or was asked about sees the one whose id stands in the column: for itself, or as a delegate of today. It is empty for a
// caller who sees all (domain 2.3).
func (k Kind) Own(tx *db.Tx, column string, n int) (where string, args []any, err error) {
	if !tx.Caller().Perms.Has(org.OwnQueue) {
		return "", nil, nil
	}
	day, err := today(tx)
	if err != nil {
		return "", nil, err
	}
	user := string(tx.Caller().User)
	return fmt.Sprintf(`%[1]s IN (SELECT q.object_id FROM %[2]s q WHERE q.org_id = $%[3]d AND (q.is_active = 1 OR q.status = %[6]d)
			AND (q.user_id = $%[4]d OR q.acted_by = $%[4]d OR q.user_id IN (SELECT d.user_id FROM approval_delegations d
				WHERE d.org_id = $%[3]d AND d.delegate_id = $%[4]d AND d.ended = 0 AND d.from_day <= $%[5]d AND d.to_day >= $%[5]d)))`,
		column, k.Approvers.Table, n, n+1, n+2, HasApproved), []any{string(tx.Org()), user, day.String()}, nil
}

// Scope narrows a list of documents, or of their approvers, to what the caller may see.
func (k Kind) Scope(tx *db.Tx, q *record.Query, column string) error {
	n := len(q.Args) + 1
	where, args, err := k.Own(tx, column, n)
	if err != nil || where == "" {
		return err
	}
	if q.Search != "" {
		where = "(" + q.Search + ") AND " + where
	}
	q.Search, q.Args = where, append(q.Args, args...)
	return nil
}

// See fails with fault.ErrNotFound for a document that the caller may not see.
func (k Kind) See(tx *db.Tx, id ids.ID) error {
	where, args, err := k.Own(tx, "d.id", 3)
	if err != nil || where == "" {
		return err
	}
	var found int64
	err = tx.Row(`SELECT count(*) FROM `+k.Documents.Table+` d WHERE d.org_id = $1 AND d.id = $2 AND `+where,
		append([]any{string(tx.Org()), string(id)}, args...)...).Scan(&found)
	if err != nil {
		return fmt.Errorf("look whether %s is the caller's: %w", id, err)
	}
	if found == 0 {
		return fault.ErrNotFound.With(string(id))
	}
	return nil
}
