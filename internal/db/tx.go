package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
)

// Tx is one transaction of one caller. It is not safe for concurrent use, and ends with the closure it was given to.
type Tx struct {
	db       *DB
	who      Caller
	now      time.Time
	conn     *conn
	ctx      context.Context
	queue    []stmt
	stamped  clock.Instant
	stamp    func(*Tx) (clock.Instant, error)
	after    []func()
	readonly bool
	version  int64
	failed   error // the first statement that failed: the transaction cannot commit any more

	stateChanged bool // the store's row was written: the clock or the version
	audited      bool // an event was added to the audit trail
}

type stmt struct {
	query string
	args  []any
	want  int64 // rows it must touch; below 0: any
}

// stampArg stands in a queued statement for the stamp that the flush will give.
type stampArg struct{}

// Stamp is the argument that becomes the transaction's updatedTime when the statement is flushed.
var Stamp any = stampArg{}

// Org is the organisation whose rows this transaction sees.
func (tx *Tx) Org() ids.ID { return tx.who.Org }

// Caller is who acts.
func (tx *Tx) Caller() Caller { return tx.who }

// Now is the transaction's time, UTC microseconds, sandbox offset applied.
func (tx *Tx) Now() time.Time { return tx.now }

// Sandbox reports whether the store is a sandbox.
func (tx *Tx) Sandbox() bool { return tx.db.sandbox }

// Require fails with fault.ErrForbidden unless the caller holds p.
func (tx *Tx) Require(p Permission) error {
	if !tx.who.Perms.Has(p) {
		return fault.ErrForbidden
	}
	return nil
}

// Version is the version of what is cached across requests, as this transaction sees it.
func (tx *Tx) Version() int64 { return tx.version }

// Invalidate moves the version, so that every node reads keys, roles, sessions and switches again.
func (tx *Tx) Invalidate() {
	tx.stateChanged = true
	tx.Exec(`UPDATE store SET version = version + 1 WHERE id = 1`)
}

// Try runs one member of a batch and flushes what it queued, so that a failure is known to be the member's.
func (tx *Tx) Try(fn func(*Tx) error) error {
	if err := fn(tx); err != nil {
		return err
	}
	return tx.flush()
}

// Exec queues a statement. It is sent with the others when the transaction flushes: before the next query, or at
// the end. A failure surfaces there and rolls the transaction back, even when the closure passes over it.
func (tx *Tx) Exec(query string, args ...any) {
	tx.queue = append(tx.queue, stmt{query, args, -1})
}

// ExecOne queues a statement that must touch exactly one row; otherwise the transaction fails with
// fault.ErrConflict.
func (tx *Tx) ExecOne(query string, args ...any) {
	tx.queue = append(tx.queue, stmt{query, args, 1})
}

// ExecNow runs a statement at once and returns the number of rows it touched.
func (tx *Tx) ExecNow(query string, args ...any) (int64, error) {
	if err := tx.flush(); err != nil {
		return 0, err
	}
	if tx.readonly {
		return 0, errors.New("a write in a reading transaction")
	}
	args, err := tx.resolve(args)
	if err != nil {
		return 0, err
	}
	n, err := tx.conn.exec(tx.ctx, query, args)
	return n, tx.fail(err)
}

// fail remembers the first statement that failed.
func (tx *Tx) fail(err error) error {
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

// Query runs a query after flushing what is queued. The caller closes the rows.
func (tx *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	if err := tx.flush(); err != nil {
		return nil, err
	}
	rows, err := tx.conn.query(tx.ctx, query, args)
	return rows, tx.fail(err)
}

// Explain gives the lines of the plan that the database makes for a query, without running it.
func (tx *Tx) Explain(query string, args ...any) (lines []string, err error) {
	how := "EXPLAIN "
	if tx.conn.dialect == sqlite {
		how = "EXPLAIN QUERY PLAN "
	}
	rows, err := tx.Query(how+query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		dest := []any{&line}
		if tx.conn.dialect == sqlite {
			dest = []any{new(int), new(int), new(int), &line}
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, rows.Err()
}

// Row is the result of a query for at most one row.
type Row struct {
	rows *sql.Rows
	err  error
}

// Row runs a query for one row.
func (tx *Tx) Row(query string, args ...any) Row {
	rows, err := tx.Query(query, args...)
	return Row{rows, err}
}

// Scan reads the row into dest. It fails with sql.ErrNoRows if there is none.
func (r Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return r.rows.Close()
}

// ForUpdate is the suffix that locks the rows a query reads, where the database has more than one writer.
func (tx *Tx) ForUpdate() string {
	if tx.conn.dialect == postgres && !tx.readonly {
		return " FOR UPDATE"
	}
	return ""
}

// SkipLocked is the suffix that locks the rows a query reads and passes over those another writer has locked, where
// the database has more than one writer.
func (tx *Tx) SkipLocked() string {
	if tx.conn.dialect == postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// Lock keeps other writers of the organisation that lock the same text waiting until this transaction ends, where the
// database has more than one writer: what is read afterwards about it stays true until the commit.
func (tx *Tx) Lock(what string) error {
	if tx.conn.dialect != postgres || tx.readonly {
		return nil
	}
	_, err := tx.ExecNow(`SELECT pg_advisory_xact_lock($1)`, lockKey(tx.Org()+" "+ids.ID(what)))
	return err
}

// AfterCommit runs f once the transaction is durable: to wake a worker, never to do business.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// committed does what follows the commit.
func (tx *Tx) committed() {
	if tx.audited {
		tx.db.audited.add(tx.who.Org)
	}
	for _, f := range tx.after {
		f()
	}
}

// StampNow gives the transaction's stamp, taking it if no write has taken it yet.
func (tx *Tx) StampNow() (clock.Instant, error) {
	if tx.stamped == 0 {
		s, err := tx.stamp(tx)
		if err != nil {
			return 0, tx.fail(fmt.Errorf("take the transaction's stamp: %w", err))
		}
		tx.stamped = s
	}
	return tx.stamped, nil
}

func (tx *Tx) resolve(args []any) ([]any, error) {
	for i, a := range args {
		if _, ok := a.(stampArg); ok {
			s, err := tx.StampNow()
			if err != nil {
				return nil, err
			}
			args[i] = int64(s)
		}
	}
	return args, nil
}

func (tx *Tx) flush() error {
	if len(tx.queue) == 0 {
		return nil
	}
	q := tx.queue
	tx.queue = nil
	if tx.readonly {
		return tx.fail(errors.New("a write in a reading transaction"))
	}
	for i := range q {
		args, err := tx.resolve(q[i].args)
		if err != nil {
			return tx.fail(err)
		}
		q[i].args = args
	}
	if err := tx.conn.batch(tx.ctx, q); err != nil {
		return tx.fail(err)
	}
	clear(q) // the arguments are not kept
	if tx.queue == nil {
		tx.queue = q[:0]
	}
	return nil
}

func stack() string { return string(debug.Stack()) }
