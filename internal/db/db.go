// Package db is the one way to the store: transactions that know their caller, on SQLite and on PostgreSQL.
//
// A *Tx is bound to one organisation, one caller and one clock. Writes are queued in it and flushed in few round
// trips; the audit trail is written through it; records' stamps are given at flush, so that a client that polls by
// updatedTime misses nothing (Poll). On SQLite one goroutine writes: the closures that wait share one commit, each
// in a savepoint. On PostgreSQL every closure has its own transaction and its statements leave as one pipeline.
package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/secret"
)

// Options open a store.
type Options struct {
	Dir        string // data folder: the SQLite file, the write lock
	URL        string // postgres://... ; empty means SQLite in Dir
	Migrations fs.FS  // numbered files under common/, sqlite/ and postgres/
	Clock      clock.Clock
	Sandbox    bool // a store created by this call is a sandbox
	Readers    int  // SQLite read connections or PostgreSQL connections; 0 chooses
	Log        *slog.Logger

	// Interrupt lets a test end a process where it may die: it is asked before a transaction, before its commit and after
	// it, and its error takes the place of what would have come.
	Interrupt func() error
}

// ErrNotSandbox refuses --sandbox on a live store: a store is born as one or the other.
var ErrNotSandbox = errors.New("this is a live store; a sandbox is decided by the command that creates the store")

// DB is an open store.
type DB struct {
	store   store
	dir     string
	clk     clock.Clock
	sandbox bool
	log     *slog.Logger
	offset  atomic.Int64 // the sandbox clock's, as last seen, in microseconds
	wakers  wakers
	cache   cache
	audited audited
	vault   atomic.Pointer[secret.Vault]

	interrupt func() error
}

// store is what the two databases do differently.
type store interface {
	write(ctx context.Context, d *DB, who Caller, at time.Time, fn func(*Tx) error) error
	read(ctx context.Context, d *DB, who Caller, poll bool, fn func(*Tx) error) error
	dialect() dialect
	alone(ctx context.Context, what string, fn func()) (ran bool, err error)
	ping(ctx context.Context) error
	backup(ctx context.Context, to string) error
	rewrite(ctx context.Context, table string) error
	close() error
}

type dialect uint8

const (
	sqlite dialect = iota
	postgres
)

// Open opens the store, creates and migrates it if needed.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("create data folder: %w", err)
	}
	d := &DB{dir: o.Dir, clk: o.Clock, log: o.Log, interrupt: o.Interrupt}
	var err error
	switch {
	case o.URL == "" || strings.HasPrefix(o.URL, "sqlite:"):
		path := strings.TrimPrefix(o.URL, "sqlite:")
		if path == "" {
			path = filepath.Join(o.Dir, "duebook.db")
		}
		d.store, err = openSQLite(ctx, path, o)
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		d.store, err = openPostgres(ctx, o)
	default:
		return nil, fmt.Errorf("the database URL must start with postgres:// or sqlite:, not %q", o.URL)
	}
	if err != nil {
		return nil, err
	}
	if err := d.settle(ctx, o.Sandbox); err != nil {
		_ = d.store.close()
		return nil, err
	}
	return d, nil
}

// settle reads, or at creation decides, whether the store is a sandbox.
func (d *DB) settle(ctx context.Context, sandbox bool) error {
	return d.Write(ctx, Caller{Channel: "command"}, func(tx *Tx) error {
		kind := "live"
		if sandbox {
			kind = "sandbox"
		}
		tx.Exec(`INSERT INTO store (id, kind, clock_offset, worked_until) VALUES (1, $1, 0, $2) ON CONFLICT (id) DO NOTHING`,
			kind, int64(clock.FromTime(tx.Now())))
		if err := tx.Row(`SELECT kind FROM store WHERE id = 1`).Scan(&kind); err != nil { // of whoever was first
			return fmt.Errorf("read the kind of store: %w", err)
		}
		if kind != "sandbox" && sandbox {
			return ErrNotSandbox
		}
		d.sandbox = kind == "sandbox"
		return nil
	})
}

// Sandbox reports whether the store is a sandbox: bank simulator, movable clock, caught mail.
func (d *DB) Sandbox() bool { return d.sandbox }

// Dir is the data folder.
func (d *DB) Dir() string { return d.dir }

// Write runs fn in a transaction that commits when fn returns nil. fn may share its commit with others and may be
// run while others wait: no network, hashing, rendering or waiting inside. A cancelled ctx counts only before fn
// starts.
func (d *DB) Write(ctx context.Context, who Caller, fn func(*Tx) error) error {
	return d.write(ctx, who, time.Time{}, fn)
}

// WriteAt is Write with Now() at the instant a piece of work fell due, for work a sandbox clock jumped over.
// Stamps still come from the running clock.
func (d *DB) WriteAt(ctx context.Context, who Caller, at time.Time, fn func(*Tx) error) error {
	return d.write(ctx, who, at, fn)
}

func (d *DB) write(ctx context.Context, who Caller, at time.Time, fn func(*Tx) error) error {
	if d.interrupt == nil {
		return d.store.write(ctx, d, who, at, fn)
	}
	if err := d.interrupt(); err != nil {
		return err
	}
	err := d.store.write(ctx, d, who, at, func(tx *Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return d.interrupt()
	})
	if err != nil {
		return err
	}
	return d.interrupt()
}

// Read runs fn on one consistent snapshot. fn must not keep it while it streams to a client.
func (d *DB) Read(ctx context.Context, who Caller, fn func(*Tx) error) error {
	if d.interrupt != nil {
		if err := d.interrupt(); err != nil {
			return err
		}
	}
	return d.store.read(ctx, d, who, false, fn)
}

// Poll is Read for answers a client polls by: filters on updatedTime, and every answer that tells the server's
// time. It first waits out the writers that have already stamped, so whatever commits later has a later stamp.
func (d *DB) Poll(ctx context.Context, who Caller, fn func(*Tx) error) error {
	return d.store.read(ctx, d, who, true, fn)
}

// Alone runs fn, unless another process that shares the store is in an Alone of the same name: then it reports false
// and has run nothing. It holds no transaction, so fn may take its time. A process that dies lets others in at once;
// one whose connection breaks may meet another, so that fn must not lean on it for what may happen only once. On
// SQLite, where one server runs a store, fn always runs.
func (d *DB) Alone(ctx context.Context, what string, fn func() error) (ran bool, err error) {
	var failed error
	ran, err = d.store.alone(ctx, what, func() { failed = fn() })
	return ran, errors.Join(err, failed)
}

// Ping reports whether the database can be reached.
func (d *DB) Ping(ctx context.Context) error { return d.store.ping(ctx) }

// Backup writes a consistent copy of the database to the file to.
func (d *DB) Backup(ctx context.Context, to string) error { return d.store.backup(ctx, to) }

// Rewrite writes a table's part of the database anew, so that nothing stays of what its rows held before. Writers wait.
func (d *DB) Rewrite(ctx context.Context, table string) error {
	if err := d.store.rewrite(ctx, table); err != nil {
		return fmt.Errorf("write %s anew: %w", table, err)
	}
	return nil
}

// Close stops the writers and closes the database.
func (d *DB) Close() error { return d.store.close() }

// Now is the store's time: the clock of this node plus the sandbox's offset.
func (d *DB) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := d.Read(ctx, Caller{}, func(tx *Tx) error {
		now = tx.Now()
		return nil
	})
	return now, err
}

// RoughNow is the store's time by the offset this node has last seen: enough for the date of an
// answer, not for rules.
func (d *DB) RoughNow() time.Time {
	return d.clk.Now().Add(time.Duration(d.offset.Load()) * time.Microsecond)
}

// SetClock moves the sandbox clock so that it now shows t. The caller decides whether that is allowed.
func SetClock(tx *Tx, t time.Time) error {
	if !tx.db.sandbox {
		return ErrNotSandbox
	}
	offset := t.Sub(tx.db.clk.Now()).Microseconds()
	tx.stateChanged = true
	tx.Exec(`UPDATE store SET clock_offset = $1, worked_until = CASE WHEN worked_until > $2 THEN $2 ELSE worked_until END WHERE id = 1`,
		offset, int64(clock.FromTime(t)))
	return nil
}

// run calls fn and turns a panic into an error, so that one caller's bug does not take the writer down.
func run(tx *Tx, fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			tx.db.log.Error("panic in a transaction", "panic", p, "stack", stack())
			err = fmt.Errorf("panic in a transaction: %v", p)
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.flush(); err != nil {
		return err
	}
	return tx.failed
}

// IsBusy reports whether the store refused for a moment only.
func IsBusy(err error) bool { return errors.Is(err, fault.ErrBusy) }
