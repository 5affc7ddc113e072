package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

// fetchPause is the time between two looks at which hosts of banks are due for a visit.
const fetchPause = time.Minute

// fetchAll visits the hosts of banks that are due. It stands apart from the other work, so that a slow host keeps nothing
// waiting. One that fails does not keep the others from being visited.
func (a *App) fetchAll(ctx context.Context) error {
	var due []string
	var now time.Time
	err := a.DB.Read(ctx, db.Caller{}, func(tx *db.Tx) (err error) {
		now = tx.Now()
		due, err = payment.Hosts(tx, now)
		return err
	})
	for _, o := range due {
		if e := a.Engine.Fetch(ctx, ids.ID(o), now); e != nil {
			err = errors.Join(err, fmt.Errorf("organisation %s: %w", o, e))
		}
	}
	return err
}

// screen looks for parties of all organisations on the sanctions lists, as far as they or a list changed.
func (a *App) screen(ctx context.Context) error {
	var all []org.Organisation
	var now time.Time
	err := a.DB.Read(ctx, db.Caller{}, func(tx *db.Tx) (err error) {
		now = tx.Now()
		all, err = org.List(tx)
		return err
	})
	for _, o := range all {
		n, e := a.Engine.Screen(ctx, o.ID, now)
		if e != nil {
			err = errors.Join(err, fmt.Errorf("organisation %s: %w", o.ID, e))
		}
		if n > 0 {
			a.Log.WarnContext(ctx, "names resemble some on a sanctions list; a person has to look", "org", o.ID, "hits", n)
		}
	}
	return err
}
