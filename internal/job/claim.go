package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

// The queue is one for all organisations, so the statements of this file are the ones of the ground that do not name
// one.
var worker = db.Caller{Channel: "job"}

// claim takes the earliest item that is due at limit, of one organisation, or with any of all. A zero limit is now.
func (r *Runner) claim(ctx context.Context, org ids.ID, all bool, limit time.Time) (it Item, now time.Time, ok bool, err error) {
	err = r.db.Write(ctx, worker, func(tx *db.Tx) error {
		it, now, ok = Item{}, tx.Now(), false
		if limit.IsZero() {
			limit = now
		}
		args := append([]any{limit.UnixMicro()}, r.kinds...)
		where := ""
		if !all {
			args = append(args, string(org))
			where = fmt.Sprintf(" AND org_id = $%d", len(args))
		}
		var due int64
		err := tx.Row(`SELECT org_id, kind, key, due, attempts FROM work WHERE state = 'ready' AND due <= $1 AND kind IN (`+r.in+`)`+where+
			` ORDER BY due, org_id, kind, key LIMIT 1`+tx.SkipLocked(), args...).Scan(&it.Org, &it.Kind, &it.Key, &due, &it.Attempt)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		it.Due, it.Attempt, it.holder, ok = clock.Instant(due).Time(), it.Attempt+1, secret.NewToken(secret.Alphanumeric, 20), true
		tx.ExecOne(`UPDATE work SET state = 'running', attempts = attempts + 1, lease = $4, holder = $5
			WHERE org_id = $1 AND kind = $2 AND key = $3`, string(it.Org), it.Kind, it.Key, r.leaseEnd(), it.holder)
		return nil
	})
	if err != nil {
		return Item{}, now, false, fmt.Errorf("claim work: %w", err)
	}
	return it, now, ok, nil
}

// leaseEnd is when a lease taken now runs out, in microseconds of real time.
func (r *Runner) leaseEnd() int64 { return r.real.Now().Add(r.lease).UnixMicro() }

// reclaim readies the items whose lease has run out. An item that ends its runner every time dies too.
func (r *Runner) reclaim(ctx context.Context) error {
	now := r.real.Now().UnixMicro()
	var n int64
	err := r.db.Read(ctx, worker, func(tx *db.Tx) error {
		return tx.Row(`SELECT count(*) FROM work WHERE state = 'running' AND lease < $1`, now).Scan(&n)
	})
	if err == nil && n > 0 {
		err = r.db.Write(ctx, worker, func(tx *db.Tx) error {
			tx.Exec(`UPDATE work SET state = CASE WHEN attempts >= $2 THEN 'dead' ELSE 'ready' END, lease = 0, holder = '', error = $3
				WHERE state = 'running' AND lease < $1`, now, MaxAttempts, errLost.Error())
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("reclaim work: %w", err)
	}
	return nil
}

// finish records the outcome of an attempt. A zero at is now. What another runner has taken over meanwhile is left to
// it.
func (r *Runner) finish(ctx context.Context, it Item, at time.Time, outcome error) error {
	who := worker
	who.Org = it.Org
	err := r.db.WriteAt(ctx, who, at, func(tx *db.Tx) error {
		switch {
		case outcome == nil:
			_, err := end(tx, it)
			return err
		case it.Attempt >= MaxAttempts:
			tx.Exec(`UPDATE work SET state = 'dead', again = 0, lease = 0, holder = '', error = $5
				WHERE org_id = $1 AND kind = $2 AND key = $3 AND holder = $4`,
				string(it.Org), it.Kind, it.Key, it.holder, text(outcome))
		default:
			tx.Exec(`UPDATE work SET state = 'ready', due = $6, lease = 0, holder = '', error = $5
				WHERE org_id = $1 AND kind = $2 AND key = $3 AND holder = $4`,
				string(it.Org), it.Kind, it.Key, it.holder, text(outcome), tx.Now().Add(pause(it.Attempt)).UnixMicro())
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("finish %s %s: %w", it.Kind, it.Key, err)
	}
	return nil
}

// release hands an item back that a stopping process did not finish; the attempt does not count.
func (r *Runner) release(ctx context.Context, it Item) error {
	who := worker
	who.Org = it.Org
	return r.db.Write(ctx, who, func(tx *db.Tx) error {
		tx.Exec(`UPDATE work SET state = 'ready', attempts = attempts - 1, lease = 0, holder = ''
			WHERE org_id = $1 AND kind = $2 AND key = $3 AND holder = $4`, string(it.Org), it.Kind, it.Key, it.holder)
		return nil
	})
}

// renew moves the lease of it and reports whether it still held.
func (r *Runner) renew(ctx context.Context, it Item) (held bool, err error) {
	err = r.db.Write(ctx, worker, func(tx *db.Tx) error {
		n, err := tx.ExecNow(`UPDATE work SET lease = $5 WHERE org_id = $1 AND kind = $2 AND key = $3 AND holder = $4`,
			string(it.Org), it.Kind, it.Key, it.holder, r.leaseEnd())
		held = n == 1
		return err
	})
	return held, err
}

// text is what is kept of an error.
func text(err error) string {
	const most = 2000
	s := []rune(err.Error())
	return string(s[:min(len(s), most)])
}
