package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
)

// postgresStore gives every closure a transaction of its own.
type postgresStore struct {
	pool *pgxpool.Pool
	sql  *sql.DB
	url  string
}

func openPostgres(ctx context.Context, o Options) (*postgresStore, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	cfg.MaxConns = int32(o.Readers)
	if cfg.MaxConns == 0 {
		cfg.MaxConns = int32(max(16, 4*runtime.NumCPU()))
	}
	p := cfg.ConnConfig.RuntimeParams
	p["application_name"] = "duebook"
	p["timezone"] = "UTC"
	p["statement_timeout"] = "120000"
	p["idle_in_transaction_session_timeout"] = "120000"
	p["lock_timeout"] = "30000"
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	s := &postgresStore{pool: pool, sql: stdlib.OpenDBFromPool(pool), url: o.URL}
	// Both bounds are the pool's: beyond it database/sql would wait for the pool to get a connection back that it
	// keeps idle itself.
	s.sql.SetMaxOpenConns(int(cfg.MaxConns))
	s.sql.SetMaxIdleConns(int(cfg.MaxConns))
	if err := migrate(ctx, postgres, s.sql, o.Migrations); err != nil {
		_ = s.close()
		return nil, err
	}
	return s, nil
}

func (s *postgresStore) dialect() dialect { return postgres }

// lockKey is the advisory lock of an organisation.
func lockKey(org ids.ID) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(org))
	return int64(h.Sum64() | 1) // never 0
}

// begin starts a transaction and reads the store's row, which fixes the snapshot; then it gives back the lock that a
// poll holds (0: none).
func (s *postgresStore) begin(ctx context.Context, d *DB, c *conn, how string, locked int64) (time.Time, int64, error) {
	var micros, version int64
	err := c.sql.Raw(func(dc any) error {
		b := &pgx.Batch{}
		b.Queue(how)
		b.Queue(`SELECT clock_offset, version FROM store WHERE id = 1`)
		if locked != 0 {
			b.Queue(`SELECT pg_advisory_unlock($1)`, locked)
		}
		res := dc.(*stdlib.Conn).Conn().SendBatch(ctx, b)
		if _, err := res.Exec(); err != nil {
			return errors.Join(err, res.Close())
		}
		if err := res.QueryRow().Scan(&micros, &version); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return errors.Join(err, res.Close())
		}
		return res.Close()
	})
	if err == nil {
		d.offset.Store(micros)
	}
	now := d.clk.Now().Add(time.Duration(micros) * time.Microsecond)
	return now.UTC().Truncate(time.Microsecond), version, translate(err)
}

func (s *postgresStore) write(ctx context.Context, d *DB, who Caller, at time.Time, fn func(*Tx) error) error {
	c, err := s.conn(ctx)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // from here on the work is bounded by the statement time-out
	defer c.sql.Close()
	now, version, err := s.begin(ctx, d, c, "BEGIN", 0)
	if err != nil {
		return s.rollback(ctx, c, err)
	}
	if !at.IsZero() {
		now = at.UTC().Truncate(time.Microsecond)
	}
	tx := &Tx{db: d, who: who, now: now, conn: c, ctx: ctx, version: version}
	tx.stamp = func(*Tx) (clock.Instant, error) {
		return lockedClock(ctx, d.clk, c, `SELECT pg_advisory_xact_lock_shared($1)`, lockKey(who.Org))
	}
	if err := run(tx, fn); err != nil {
		return s.rollback(ctx, c, err)
	}
	if err := commit(ctx, c); err != nil {
		return s.rollback(ctx, c, translate(err))
	}
	tx.committed()
	return nil
}

// commit fails too when the server answers with a rollback, as it does where a statement failed unseen.
func commit(ctx context.Context, c *conn) error {
	return c.sql.Raw(func(dc any) error {
		tag, err := dc.(*stdlib.Conn).Conn().Exec(ctx, "COMMIT")
		if err == nil && tag.String() != "COMMIT" {
			err = errors.New("the database rolled the transaction back")
		}
		return err
	})
}

func (s *postgresStore) rollback(ctx context.Context, c *conn, err error) error {
	if _, e := c.sql.ExecContext(ctx, "ROLLBACK"); e != nil {
		drop(ctx, c)
	}
	return err
}

// drop closes a connection that the pool must not give to others.
func drop(ctx context.Context, c *conn) {
	_ = c.sql.Raw(func(dc any) error {
		_ = dc.(*stdlib.Conn).Conn().Close(ctx)
		return driver.ErrBadConn
	})
}

func (s *postgresStore) conn(ctx context.Context) (*conn, error) {
	c, err := s.sql.Conn(ctx)
	if err != nil {
		return nil, fault.ErrBusy.Because(fmt.Errorf("take a connection: %w", err)) // down, stopping, or all in use too long
	}
	return &conn{sql: c, dialect: postgres}, nil
}

func (s *postgresStore) read(ctx context.Context, d *DB, who Caller, poll bool, fn func(*Tx) error) error {
	c, err := s.conn(ctx)
	if err != nil {
		return err
	}
	defer c.sql.Close()
	ctx = context.WithoutCancel(ctx)
	var told clock.Instant
	var key int64
	if poll {
		// Exclusive until the snapshot stands: whoever holds the shared lock has stamped and not yet committed, and
		// whoever stamps later does not stamp earlier than the time told here. Given back before the snapshot, a
		// later stamp could be in it and an earlier one not.
		key = lockKey(who.Org)
		if told, err = lockedClock(ctx, d.clk, c, `SELECT pg_advisory_lock($1)`, key); err != nil {
			drop(ctx, c) // it may hold the lock
			return err
		}
	}
	now, version, err := s.begin(ctx, d, c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", key)
	if err != nil {
		if poll {
			drop(ctx, c)
			return err
		}
		return s.rollback(ctx, c, err)
	}
	if poll {
		now = told.Time()
	}
	tx := &Tx{db: d, who: who, now: now, conn: c, ctx: ctx, readonly: true, version: version}
	tx.stamp = func(*Tx) (clock.Instant, error) { return 0, errors.New("a reading transaction has no stamp") }
	return s.rollback(ctx, c, run(tx, fn))
}

// lockedClock takes a lock and then reads the database's clock, which all nodes share, sandbox offset applied, in one
// round trip. A clock that a test sets by hand takes its place.
func lockedClock(ctx context.Context, clk clock.Clock, c *conn, lock string, key int64) (clock.Instant, error) {
	var micros, offset int64
	err := c.sql.Raw(func(dc any) error {
		b := &pgx.Batch{}
		b.Queue(lock, key)
		b.Queue(`SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, clock_offset FROM store WHERE id = 1`)
		res := dc.(*stdlib.Conn).Conn().SendBatch(ctx, b)
		if _, err := res.Exec(); err != nil {
			return errors.Join(err, res.Close())
		}
		if err := res.QueryRow().Scan(&micros, &offset); err != nil {
			return errors.Join(err, res.Close())
		}
		return res.Close()
	})
	if m, ok := clk.(*clock.Manual); ok {
		micros = m.Now().UnixMicro()
	}
	return clock.Instant(micros + offset), translate(err)
}

// alone holds an advisory lock of the session, which ends with the process.
func (s *postgresStore) alone(ctx context.Context, what string, fn func()) (ran bool, err error) {
	c, err := s.conn(ctx)
	if err != nil {
		return false, err
	}
	defer c.sql.Close()
	ctx = context.WithoutCancel(ctx)
	key := lockKey(ids.ID("alone " + what))
	if err := c.sql.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&ran); err != nil {
		drop(ctx, c) // it may hold the lock
		return false, fmt.Errorf("ask for the lock of %s: %w", what, translate(err))
	}
	if !ran {
		return false, nil
	}
	defer func() {
		if _, e := c.sql.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, key); e != nil {
			drop(ctx, c)
		}
	}()
	fn()
	return true, nil
}

func (s *postgresStore) ping(ctx context.Context) error { return s.sql.PingContext(ctx) }

// backup leaves the copy to pg_dump, in its own format, which pg_restore reads.
func (s *postgresStore) backup(ctx context.Context, to string) error {
	return PostgresTool(ctx, s.url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file="+to)
}

// PostgresTool runs one of PostgreSQL's own programs on the database of a URL. The password goes through the
// environment: arguments can be read by every user of the machine.
func PostgresTool(ctx context.Context, dbURL, program string, args ...string) error {
	u, err := url.Parse(dbURL)
	if err != nil {
		return errors.New("the database URL cannot be read")
	}
	env := os.Environ()
	if password, ok := u.User.Password(); ok {
		env = append(env, "PGPASSWORD="+password)
		u.User = url.User(u.User.Username())
	}
	cmd := exec.CommandContext(ctx, program, append(args, "--dbname="+u.String())...)
	cmd.Env, cmd.Stderr = env, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	return nil
}

func (s *postgresStore) rewrite(ctx context.Context, table string) error {
	_, err := s.sql.ExecContext(ctx, "VACUUM FULL "+table)
	return err
}

func (s *postgresStore) close() error {
	err := s.sql.Close()
	s.pool.Close()
	return err
}
