package payment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/sanction"
	"github.com/duebook/duebook/internal/secret"
)

// Engine moves the payments of all organisations on: release, delivery, what the bank answers, clearing. Each of its
// methods does what is due at an instant and nothing twice, however often it runs and in however many processes.
type Engine struct {
	db    *db.DB
	vault *secret.Vault
	dir   string
	log   *slog.Logger
	read  sync.Map // path of a file of the bank to its mark

	screener sanction.Screener
}

// NewEngine makes the engine of a store. dir has a folder for each organisation: out/ and in/ lead to and from its bank,
// checks/ takes the cheques to print.
func NewEngine(d *db.DB, vault *secret.Vault, dir string, log *slog.Logger) *Engine {
	return &Engine{db: d, vault: vault, dir: dir, log: log}
}

// Step does what is due at the instant at: first what the bank says, then test entries, release, voids, charges,
// delivery, settlement, clearing. A part that fails does not keep the others from their work; the errors come joined.
func (e *Engine) Step(ctx context.Context, org ids.ID, at time.Time) error {
	return errors.Join(
		e.TakeIn(ctx, org, at),
		e.prenote(ctx, org, at),
		e.sendTests(ctx, org, at),
		e.expire(ctx, org, at),
		e.takeDown(ctx, org, at),
		e.Release(ctx, org, at),
		e.Lapse(ctx, org, at),
		e.tell(ctx, org, at),
		e.Answer(ctx, org, at),
		e.reverse(ctx, org, at),
		e.Retry(ctx, org, at),
		e.Collect(ctx, org, at),
		e.Deliver(ctx, org, at),
		e.SettleDebits(ctx, org, at),
		e.Clear(ctx, org, at),
		e.confirmReversals(ctx, org, at),
	)
}

// Due is the first instant at or after the given one at which Step has work of our own: the given one itself if work
// waits already. What the bank will send is not foreseen. A store that cannot be read counts as work that waits, so
// that the next Step tells what is wrong.
func (e *Engine) Due(ctx context.Context, org ids.ID, after time.Time) (next time.Time, ok bool) {
	note := func(t time.Time) {
		if t.Before(after) {
			t = after
		}
		if !ok || t.Before(next) {
			next, ok = t, true
		}
	}
	err := e.db.Read(ctx, caller(org), func(tx *db.Tx) error {
		var waiting, settled, held, voids int64
		var process, untaken string
		err := tx.Row(`SELECT (SELECT CAST(coalesce(min(created), 0) AS BIGINT) FROM bank_files WHERE org_id = $1 AND state IN ('unprinted', 'ready')),
				(SELECT coalesce(min(process_date), '') FROM payments WHERE org_id = $1 AND state = 'scheduled'),
				(SELECT coalesce(min(process_date), '') FROM payments p WHERE org_id = $1 AND state = 'scheduled'
					AND NOT EXISTS (SELECT 1 FROM payment_payees x WHERE x.org_id = p.org_id AND x.payment_id = p.id)),
				(SELECT CAST(coalesce(min(clear_due), 0) AS BIGINT) FROM payments WHERE org_id = $1 AND state IN ('settled', 'void_requested') AND clear_due > 0),
				(SELECT CAST(coalesce(min(hold_until), 0) AS BIGINT) FROM payments WHERE org_id = $1 AND hold_until > 0),
				(SELECT count(*) FROM checks WHERE org_id = $1 AND `+untold+`) +
				(SELECT count(*) FROM payments p JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
					WHERE p.org_id = $1 AND p.state = 'void_requested' AND d.recalled = 0 AND d.rail <> 'check')`, string(org)).
			Scan(&waiting, &process, &untaken, &settled, &held, &voids)
		if err != nil {
			return fmt.Errorf("look for due payments: %w", err)
		}
		if voids > 0 {
			note(after)
		}
		if waiting, err = atHost(tx, waiting); err != nil {
			return err
		}
		if waiting > 0 {
			note(clock.Instant(waiting).Time())
		}
		for _, d := range []struct {
			day  string
			when func(civil.Date) time.Time
		}{{process, releaseTime}, {untaken, takeDownTime}} {
			if d.day == "" {
				continue
			}
			day, err := civil.Parse(d.day)
			if err != nil {
				return fmt.Errorf("read the process date %q: %w", d.day, err)
			}
			note(d.when(day))
		}
		for _, t := range []int64{settled, held} {
			if t > 0 {
				note(clock.Instant(t).Time())
			}
		}
		reversals, err := reversalsDue(tx)
		if err != nil {
			return err
		}
		if !reversals.IsZero() {
			note(reversals)
		}
		leaves, settles, err := debitsDue(tx)
		if err != nil {
			return err
		}
		if !leaves.IsZero() {
			note(leaves)
		}
		if !settles.IsZero() {
			note(settles)
		}
		deadline, answers, err := exceptionsDue(tx)
		if err != nil {
			return err
		}
		if answers > 0 {
			note(after)
		}
		if deadline > 0 {
			note(deadline.Time())
		}
		stale, err := lapses(tx)
		if err != nil {
			return err
		}
		if !stale.IsZero() {
			note(stale)
		}
		since, err := prenoteWaits(tx)
		if err != nil {
			return err
		}
		tests, err := testsDue(tx)
		if err != nil {
			return err
		}
		for _, since := range []clock.Instant{since, tests} {
			if since == 0 {
				continue
			}
			leave, err := testTime(tx, latestTime(since.Time(), after))
			if err != nil {
				return err
			}
			note(leave)
		}
		return nil
	})
	if err != nil {
		if ctx.Err() == nil {
			e.log.ErrorContext(ctx, "cannot tell what is due", "org", org, "error", err)
		}
		return after, true
	}
	return next, ok
}

// Clear takes payments whose return window is over from settled to cleared: their attempt has succeeded (5.5), also where
// their return was asked for.
func (e *Engine) Clear(ctx context.Context, org ids.ID, at time.Time) error {
	due, err := e.find(ctx, org, `SELECT id FROM payments WHERE org_id = $1 AND state IN ('settled', 'void_requested')
		AND clear_due > 0 AND clear_due <= $2 ORDER BY id`,
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
			if p.ClearDue == 0 || p.ClearDue > clock.FromTime(at) {
				continue
			}
			var c change
			switch p.State {
			case Settled:
			case VoidRequested: // asked for and not sent back
				c.void = voidRefused
			default:
				continue
			}
			if err := p.move(tx, Cleared, c); err != nil {
				return err
			}
			setDisbursement(tx, p.ID, "cleared")
		}
		return nil
	})
}

// releaseTime is when the run of a process date is (appendix B).
func releaseTime(process civil.Date) time.Time { return process.At(1, 0, civil.Pacific) }

// releaseDay is the last day whose run is due at the instant at.
func releaseDay(at time.Time) civil.Date {
	day := civil.Of(at, civil.Pacific)
	if at.Before(releaseTime(day)) {
		return day.AddDays(-1)
	}
	return day
}

// caller is who the engine acts as.
func caller(o ids.ID) db.Caller { return db.Caller{Org: o, Perms: org.All, Channel: "job"} }

// folder is one of the organisation's: out, in, checks.
func (e *Engine) folder(org ids.ID, name string) string {
	return filepath.Join(e.dir, string(org), name)
}

// find reads the ids that a query outside a transaction of ours gives.
func (e *Engine) find(ctx context.Context, org ids.ID, query string, args ...any) (found []string, err error) {
	err = e.db.Read(ctx, caller(org), func(tx *db.Tx) error {
		found, err = texts(tx, query, args...)
		return err
	})
	return found, err
}

// setDisbursement moves the payment's disbursement on.
func setDisbursement(tx *db.Tx, payment ids.ID, state string) {
	tx.ExecOne(`UPDATE disbursements SET state = $3 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), string(payment), state)
}

func latestTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Screen looks for the organisation's vendors and customers on the sanctions lists, as far as they or a list changed, and
// gives how many new hits wait for a person (SEC-8).
func (e *Engine) Screen(ctx context.Context, org ids.ID, at time.Time) (int, error) {
	return e.screener.Rescreen(ctx, e.db, org, at)
}
