package job

import (
	"context"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/db"
)

// Due works on everything that is due up to until, one item after the other in due order, including what becomes due
// meanwhile, and returns when nothing is left. In a sandbox each item runs, and if it fails pauses, at the instant it
// fell due, so that a clock that jumped leaves the same as one that ticked; Due also waits for what other runners have
// in hand. In a live store the instant is now. A handler's failure is no failure of Due: the item waits or is dead, as
// List shows. Run claims nothing meanwhile. Due fails when the store does or ctx ends.
func (r *Runner) Due(ctx context.Context, until time.Time) error {
	r.claiming.Lock()
	defer r.claiming.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.reclaim(ctx); err != nil {
			return err
		}
		if r.db.Sandbox() {
			busy, err := r.busy(ctx, until)
			if err != nil {
				return err
			}
			if busy {
				if err := sleep(ctx, 10*time.Millisecond); err != nil {
					return err
				}
				continue
			}
		}
		it, at, ok, err := r.claim(ctx, "", true, until)
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		var finished time.Time
		if r.db.Sandbox() {
			at, finished = it.Due, it.Due
		}
		r.attempt(ctx, it, at, finished)
	}
}

// busy reports whether anything due by until is in the hands of a runner.
func (r *Runner) busy(ctx context.Context, until time.Time) (bool, error) {
	var n int64
	err := r.db.Read(ctx, worker, func(tx *db.Tx) error {
		return tx.Row(`SELECT count(*) FROM work WHERE state = 'running' AND due <= $1 AND kind IN (`+r.in+`)`,
			append([]any{until.UnixMicro()}, r.kinds...)...).Scan(&n)
	})
	if err != nil {
		return false, fmt.Errorf("look for running work: %w", err)
	}
	return n > 0, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
