package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/fault"
)

// sqliteStore has one writer goroutine that commits the waiting closures together, and a few readers.
type sqliteStore struct {
	readDB, writeDB *sql.DB
	readers         chan *conn
	requests        chan *writeRequest
	stopped         chan struct{}
	stopping        chan struct{}
	stopOnce        sync.Once
	lock            *os.File // DIR/write.lock: every writer of every process holds it around BEGIN..COMMIT

	// polling is held by the writer from before the first stamp of a group until its commit is visible. A poll takes
	// it for an instant, and so starts its snapshot after whatever was stamped before.
	polling sync.RWMutex
	pollers sync.Mutex    // pollers share one open lock file, so they take it one after the other
	last    clock.Instant // the latest stamp given, kept by the writer
}

type writeRequest struct {
	d    *DB
	ctx  context.Context
	who  Caller
	at   time.Time
	fn   func(*Tx) error
	done chan error
	err  error
	tx   *Tx
}

// A group ends after so many closures or so much time, so that nobody waits for ever behind a long queue.
const (
	groupMembers = 256
	groupTime    = 50 * time.Millisecond
)

func sqliteDSN(path, more string) string {
	return "file:" + path + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=temp_store(2)&_pragma=mmap_size(1073741824)&_pragma=cache_size(-65536)" + more
}

func openSQLite(ctx context.Context, path string, o Options) (*sqliteStore, error) {
	lock, err := os.OpenFile(filepath.Join(filepath.Dir(path), "write.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the write lock: %w", err)
	}
	s := &sqliteStore{
		lock:     lock,
		requests: make(chan *writeRequest, 4*groupMembers),
		stopping: make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	if s.writeDB, err = sql.Open("sqlite", sqliteDSN(path, "&_pragma=wal_autocheckpoint(4000)")); err != nil {
		return nil, err
	}
	s.writeDB.SetMaxOpenConns(1)
	if err := s.locked(func() error { return migrate(ctx, sqlite, s.writeDB, o.Migrations) }); err != nil {
		_ = s.writeDB.Close()
		return nil, err
	}
	if s.readDB, err = sql.Open("sqlite", sqliteDSN(path, "&_pragma=query_only(1)")); err != nil {
		return nil, err
	}
	n := o.Readers
	if n == 0 {
		n = max(4, runtime.NumCPU())
	}
	s.readDB.SetMaxOpenConns(n)
	s.readers = make(chan *conn, n)
	for range n {
		c, err := s.readDB.Conn(ctx)
		if err != nil {
			return nil, fmt.Errorf("open a reader: %w", err)
		}
		s.readers <- &conn{sql: c, dialect: sqlite}
	}
	w, err := s.writeDB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the writer: %w", err)
	}
	go s.writer(&conn{sql: w, dialect: sqlite})
	return s, nil
}

func (s *sqliteStore) dialect() dialect { return sqlite }

// locked holds the lock between processes while f runs.
func (s *sqliteStore) locked(f func() error) error {
	if err := flock(s.lock, unix.LOCK_EX); err != nil {
		return fmt.Errorf("take the write lock: %w", err)
	}
	defer func() { _ = flock(s.lock, unix.LOCK_UN) }()
	return f()
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func (s *sqliteStore) write(ctx context.Context, d *DB, who Caller, at time.Time, fn func(*Tx) error) error {
	r := &writeRequest{d: d, ctx: ctx, who: who, at: at, fn: fn, done: make(chan error, 1)}
	select {
	case <-s.stopping:
		return fault.ErrBusy
	default:
	}
	select {
	case s.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stopping:
		return fault.ErrBusy
	}
	return <-r.done
}

// writer is the one goroutine that writes.
func (s *sqliteStore) writer(c *conn) {
	defer close(s.stopped)
	group := make([]*writeRequest, 0, groupMembers)
	for {
		var first *writeRequest
		select {
		case first = <-s.requests:
		case <-s.stopping:
			select { // what was accepted is still done
			case first = <-s.requests:
			default:
				_ = c.sql.Close()
				return
			}
		}
		group = s.commit(c, first, group[:0])
		for _, r := range group {
			if r.err == nil && r.tx != nil {
				for _, f := range r.tx.after {
					f()
				}
			}
			r.done <- r.err
		}
		clear(group)
	}
}

// commit runs first and whoever else is waiting in one transaction and returns them with their outcomes.
func (s *sqliteStore) commit(c *conn, first *writeRequest, group []*writeRequest) []*writeRequest {
	ctx := context.Background() // a request's context would make SQLite roll back the whole group
	group = append(group, first)
	fail := func(err error) []*writeRequest {
		for _, r := range group {
			if r.err == nil {
				r.err = fault.ErrBusy.Because(err)
			}
		}
		_, _ = c.exec(ctx, "ROLLBACK", nil)
		return group
	}
	s.polling.Lock()
	defer s.polling.Unlock()
	if err := flock(s.lock, unix.LOCK_EX); err != nil {
		return fail(err)
	}
	defer func() { _ = flock(s.lock, unix.LOCK_UN) }()
	if _, err := c.exec(ctx, "BEGIN IMMEDIATE", nil); err != nil {
		return fail(err)
	}
	started := time.Now()
	st, err := c.state(ctx)
	if err != nil {
		return fail(err)
	}
	first.d.offset.Store(st.offset.Microseconds())
	for i := 0; ; i++ {
		alive, err := s.member(ctx, c, group[i], st)
		if alive && group[i].tx != nil && group[i].tx.stateChanged {
			st, err = c.state(ctx)
			alive = err == nil
		}
		if !alive {
			return fail(err)
		}
		if i+1 >= groupMembers || time.Since(started) > groupTime {
			break
		}
		select {
		case r := <-s.requests:
			group = append(group, r)
			continue
		default:
		}
		break
	}
	if _, err := c.exec(ctx, "COMMIT", nil); err != nil {
		return fail(err)
	}
	return group
}

// member runs one closure in its savepoint. alive is false when the transaction itself is gone.
func (s *sqliteStore) member(ctx context.Context, c *conn, r *writeRequest, st state) (alive bool, err error) {
	if r.ctx.Err() != nil {
		r.err = r.ctx.Err()
		return true, nil
	}
	if _, err := c.exec(ctx, "SAVEPOINT member", nil); err != nil {
		return false, err
	}
	now := r.at
	if now.IsZero() {
		now = r.d.clk.Now().Add(st.offset)
	}
	r.tx = &Tx{db: r.d, who: r.who, now: now.UTC().Truncate(time.Microsecond), conn: c, ctx: ctx, version: st.version}
	r.tx.stamp = func(*Tx) (clock.Instant, error) {
		s.last = max(s.last, clock.FromTime(r.d.clk.Now().Add(st.offset)))
		return s.last, nil
	}
	if r.err = run(r.tx, r.fn); r.err != nil {
		r.tx.after = nil
		if _, err := c.exec(ctx, "ROLLBACK TO member", nil); err != nil {
			return false, err
		}
	}
	if _, err := c.exec(ctx, "RELEASE member", nil); err != nil { // also tells whether the transaction still exists
		return false, err
	}
	return true, nil
}

// state is the store's one row: the sandbox clock's distance from real time and the version of what is cached.
// Another process may have moved either.
type state struct {
	offset  time.Duration
	version int64
}

func (c *conn) state(ctx context.Context) (state, error) {
	rows, err := c.query(ctx, `SELECT clock_offset, version FROM store WHERE id = 1`, nil)
	if err != nil {
		return state{}, err
	}
	defer rows.Close()
	var micros, version int64
	if rows.Next() {
		if err := rows.Scan(&micros, &version); err != nil {
			return state{}, err
		}
	}
	return state{time.Duration(micros) * time.Microsecond, version}, rows.Err()
}

func (s *sqliteStore) read(ctx context.Context, d *DB, who Caller, poll bool, fn func(*Tx) error) error {
	var c *conn
	select {
	case c = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stopping:
		return fault.ErrBusy
	}
	defer func() { s.readers <- c }()
	now, version, err := s.snapshot(d, c, poll)
	defer func() { _, _ = c.exec(context.Background(), "ROLLBACK", nil) }()
	if err != nil {
		return err
	}
	tx := &Tx{db: d, who: who, now: now, conn: c, ctx: context.Background(), readonly: true, version: version}
	tx.stamp = func(*Tx) (clock.Instant, error) { return 0, errors.New("a reading transaction has no stamp") }
	return run(tx, fn)
}

// snapshot begins a reading transaction and tells its time. With poll, no writer holds a stamp while both happen:
// what was stamped before is in the snapshot, what is stamped later is not earlier than the time told.
func (s *sqliteStore) snapshot(d *DB, c *conn, poll bool) (time.Time, int64, error) {
	ctx := context.Background() // cancelling costs a goroutine per statement, and what we read is bounded
	if poll {
		s.polling.RLock()
		defer s.polling.RUnlock()
		s.pollers.Lock()
		defer s.pollers.Unlock()
		if err := flock(s.lock, unix.LOCK_SH); err != nil { // another process may be writing
			return time.Time{}, 0, fmt.Errorf("wait for the writers: %w", err)
		}
		defer func() { _ = flock(s.lock, unix.LOCK_UN) }()
	}
	if _, err := c.exec(ctx, "BEGIN", nil); err != nil {
		return time.Time{}, 0, err
	}
	st, err := c.state(ctx) // the first read fixes the snapshot
	d.offset.Store(st.offset.Microseconds())
	return d.clk.Now().Add(st.offset).UTC().Truncate(time.Microsecond), st.version, err
}

func (s *sqliteStore) ping(ctx context.Context) error { return s.readDB.PingContext(ctx) }

func (s *sqliteStore) backup(ctx context.Context, to string) error {
	if _, err := os.Stat(to); err == nil {
		return fmt.Errorf("%s exists already", to)
	}
	src, err := sql.Open("sqlite", s.path())
	if err != nil {
		return err
	}
	defer src.Close()
	if _, err := src.ExecContext(ctx, `VACUUM INTO $1`, to); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return nil
}

// path reads the file's name back from SQLite itself.
func (s *sqliteStore) path() string {
	var seq int
	var name, file string
	c := <-s.readers
	defer func() { s.readers <- c }()
	_ = c.sql.QueryRowContext(context.Background(), `PRAGMA database_list`).Scan(&seq, &name, &file)
	return "file:" + file + "?_pragma=busy_timeout(10000)"
}

func (s *sqliteStore) close() error {
	s.stopOnce.Do(func() { close(s.stopping) })
	<-s.stopped
	return errors.Join(s.readDB.Close(), s.writeDB.Close(), s.lock.Close())
}
