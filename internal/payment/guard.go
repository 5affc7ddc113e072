package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/rail/ach"
)

// sameFile is a file about to be made that looks like one of the same day.
type sameFile struct{ id ids.ID }

func (s sameFile) Error() string {
	return "a file with the same totals was made today: " + string(s.id)
}

// guard fails with sameFile if the originator has another file of credits of the New York day of now with the same number of
// batches, entry hash and totals, that the bank has not rejected; else it marks the new file with them. Rule XO-7.
func guard(tx *db.Tx, id ids.ID, originator string, now time.Time, t ach.Totals) error {
	control := fmt.Sprintf("%s %s %d %010d %d %d", originator, civil.Of(now, civil.NewYork), t.Batches, t.Hash, t.Debits, t.Credits)
	var other string
	err := tx.Row(`SELECT id FROM bank_files WHERE org_id = $1 AND control = $2 AND control <> '' AND state <> 'rejected' ORDER BY id LIMIT 1`,
		string(tx.Org()), control).Scan(&other)
	switch {
	case err == nil:
		return sameFile{ids.ID(other)}
	case !errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("look for a file with the same totals: %w", err)
	}
	tx.ExecOne(`UPDATE bank_files SET control = $3 WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(id), control)
	return nil
}

// stopRun holds the payments of a run whose file looks like another of the same day, so that a person finds out whether they
// are the same payments again. Who lifts the hold sends them with a file of another day.
func (e *Engine) stopRun(ctx context.Context, org ids.ID, at time.Time, r run, same sameFile) error {
	e.log.ErrorContext(ctx, "a release run stops: its file looks like another of today", "org", org, "file", same.id)
	return e.db.WriteAt(ctx, caller(org), at, func(tx *db.Tx) error {
		payments, err := r.waiting(tx)
		if err != nil {
			return err
		}
		var name string
		if err := tx.Row(`SELECT name FROM bank_files WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(same.id)).Scan(&name); err != nil {
			return err
		}
		if name == "" {
			name = string(same.id)
		}
		for _, p := range payments {
			if err := p.move(tx, OnHold, change{note: "The file would have the totals of " + name + " of today. Make sure that they are not the same payments again."}); err != nil {
				return err
			}
		}
		tx.Audit("stop release", "bankFile", same.id, fmt.Sprintf(`{"members":%d,"at":%d}`, len(payments), int64(clock.FromTime(tx.Now()))))
		return nil
	})
}
