package payment

import (
	"context"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

// holdDays is how many banking days a payment stays on hold before it is cancelled (5.5).
const holdDays = 10

// holdUntil is when a payment is cancelled that goes on hold at that instant: at the cut-off of the tenth banking day after.
func holdUntil(since time.Time) time.Time {
	return banking.Add(civil.Of(since, civil.Pacific), holdDays).At(18, 0, civil.Pacific)
}

// cause is who may not let the payment go: who made it while it waits, who caused the hold; whoever made it where the
// server found the cause.
func (p *Payment) cause() ids.ID {
	if p.State == OnHold && !p.HeldBy.IsNull() {
		return p.HeldBy
	}
	return p.CreatedBy
}

// Lift lets a payment leave that is on hold, and gives it as it is then: on its process date, or the earliest possible now
// if that is later. The release run checks it again. It fails with fault.ErrNotFound, ErrNotWaiting, or ErrSamePerson for
// who caused the hold; where nobody else could lift it, it leaves two banking days later at the earliest. Rule SEC-5.
func Lift(tx *db.Tx, id ids.ID) (*Payment, error) {
	p, err := waiting(tx, id, OnHold)
	if err != nil {
		return nil, err
	}
	return p, p.letGo(tx, change{verb: "lift hold"})
}

// expire cancels payments that have been on hold for too long.
func (e *Engine) expire(ctx context.Context, org ids.ID, at time.Time) error {
	due, err := e.find(ctx, org, `SELECT id FROM payments WHERE org_id = $1 AND hold_until > 0 AND hold_until <= $2 ORDER BY id`,
		string(org), int64(clock.FromTime(at)))
	if err != nil || len(due) == 0 {
		return err
	}
	return e.db.WriteAt(ctx, caller(org), at, func(tx *db.Tx) error {
		for _, id := range due {
			p, err := lock(tx, id)
			if err != nil {
				return err
			}
			if p.State != OnHold || p.HoldUntil > clock.FromTime(at) {
				continue
			}
			if err := p.move(tx, Canceled, change{verb: "expire", note: "Ten business days on hold: " + firstRunes(p.HoldReason, 160)}); err != nil {
				return err
			}
		}
		return nil
	})
}
