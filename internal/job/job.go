// Package job is the queue of work that waits to be done: the table work, over both databases.
//
// A transaction leaves work behind with Enqueue, and it is there if and only if the transaction commits. A Runner
// claims a row, calls the handler of its kind outside any transaction, and deletes the row when the handler returns
// nil. A handler that fails is called again after a pause that grows; after MaxAttempts calls the item is dead and
// waits for an operator with its error. Claims are leases in real time, renewed while the handler runs: the work of a
// process that dies is taken over when the lease runs out. So an item is never lost, and a handler may see it twice;
// what it does carries a key of its own, or ends with Done in the transaction of its effect, which then happens once.
//
// Due times and pauses follow the store's clock, leases the machine's. What is due at a date stays data of its room;
// an item is the work that has come of it.
package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
)

// MaxAttempts is how often a handler is called for one item before the item is dead. With the pauses between, that
// takes a little over a day.
const MaxAttempts = 20

// Item is one piece of work.
type Item struct {
	Org     ids.ID // empty for work of the server itself
	Kind    string // names the handler
	Key     string // names the work within kind and organisation: the id of a record, a day
	Due     time.Time
	Attempt int // 1 for the first call

	holder string // token of the claim
}

// Handler does the work of it, or fails and is called again. It runs outside any transaction and opens its own with
// db.WriteAt and the given instant, which is now, or in a sandbox that catches up the instant at which the work fell
// due. It returns soon after ctx ends: the process stops, the lease is lost, or it took longer than any work should.
type Handler func(ctx context.Context, it Item, at time.Time) error

// Enqueue queues work of the transaction's organisation that runs from due on, or now if due is past. Work of that
// kind and key that waits already is kept, with the earlier due time. If it is running, it runs once more afterwards,
// for it may have looked before this transaction. If it is dead it stays dead until Retry.
func Enqueue(tx *db.Tx, kind, key string, due time.Time) {
	if due.Before(tx.Now()) {
		due = tx.Now()
	}
	tx.Exec(`INSERT INTO work (org_id, kind, key, due, again, state, attempts, lease, holder, error)
		VALUES ($1, $2, $3, $4, 0, 'ready', 0, 0, '', '')
		ON CONFLICT (org_id, kind, key) DO UPDATE SET
			due = CASE WHEN work.state = 'ready' AND excluded.due < work.due THEN excluded.due ELSE work.due END,
			again = CASE WHEN work.state = 'running' AND (work.again = 0 OR excluded.due < work.again)
				THEN excluded.due ELSE work.again END`,
		string(tx.Org()), kind, key, due.UnixMicro())
	if !due.After(tx.Now()) {
		tx.Wake()
	}
}

// Done ends it in the transaction of its effect: both commit or neither does. It fails with fault.ErrConflict if the
// lease was lost, so that the effect of a second runner stays the only one. The transaction is of the item's
// organisation, and Done comes after what the handler queues under the same kind and key.
func Done(tx *db.Tx, it Item) error {
	ended, err := end(tx, it)
	if err == nil && !ended {
		err = fault.ErrConflict
	}
	return err
}

// end deletes the item, or readies it if it was queued again while it ran. It reports whether the claim still held.
func end(tx *db.Tx, it Item) (bool, error) {
	// In this order: whoever queues again between the two statements either waits for the deletion or prevents it.
	n, err := tx.ExecNow(`DELETE FROM work WHERE org_id = $1 AND kind = $2 AND key = $3 AND holder = $4 AND again = 0`,
		string(it.Org), it.Kind, it.Key, it.holder)
	if err != nil || n == 1 {
		return n == 1, err
	}
	n, err = tx.ExecNow(`UPDATE work SET state = 'ready', due = again, again = 0, attempts = 0, lease = 0, holder = '', error = ''
		WHERE org_id = $1 AND kind = $2 AND key = $3 AND holder = $4`, string(it.Org), it.Kind, it.Key, it.holder)
	if n == 1 {
		tx.Wake()
	}
	return n == 1, err
}

// States of an Entry.
const (
	Ready   = "ready" // waits for its due time or a runner
	Running = "running"
	Dead    = "dead" // failed MaxAttempts times; Retry revives it
)

// Entry is an item as an operator sees it.
type Entry struct {
	Item
	State string
	Error string    // of the last attempt
	Lease time.Time // until when a running one is held, by the machine's clock
}

// List gives the items of the transaction's organisation, by due time; a transaction without organisation lists all.
func List(tx *db.Tx) ([]Entry, error) {
	rows, err := tx.Query(`SELECT org_id, kind, key, due, attempts, state, error, lease FROM work
		WHERE (org_id = $1 OR CAST($1 AS ctext) = '') ORDER BY due, org_id, kind, key`, string(tx.Org()))
	if err != nil {
		return nil, fmt.Errorf("list the work: %w", err)
	}
	defer rows.Close()
	var out []Entry
	for rows.Next() {
		var e Entry
		var due, lease int64
		if err := rows.Scan(&e.Org, &e.Kind, &e.Key, &due, &e.Attempt, &e.State, &e.Error, &lease); err != nil {
			return nil, fmt.Errorf("list the work: %w", err)
		}
		e.Due, e.Lease = clock.Instant(due).Time(), clock.Instant(lease).Time()
		out = append(out, e)
	}
	return out, rows.Err()
}

// Retry revives dead work of the transaction's organisation; it runs now. It fails with fault.ErrNotFound if there is
// no such dead item. Who may is the caller's to check.
func Retry(tx *db.Tx, kind, key string) error {
	n, err := tx.ExecNow(`UPDATE work SET state = 'ready', due = $4, attempts = 0 WHERE org_id = $1 AND kind = $2 AND key = $3 AND state = 'dead'`,
		string(tx.Org()), kind, key, tx.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("retry %s %s: %w", kind, key, err)
	}
	if n == 0 {
		return fault.ErrNotFound.With(key)
	}
	tx.Wake()
	return nil
}

// pause is the time between the end of a failed attempt and the next: 2 s, 4 s, 8 s ... and at most 4 hours.
func pause(attempt int) time.Duration {
	const most = 4 * time.Hour
	if attempt > 12 {
		return most
	}
	return min(most, time.Second<<attempt)
}

// errLost is what List shows of items whose runner did not come back.
var errLost = errors.New("its runner ended before it was done")
