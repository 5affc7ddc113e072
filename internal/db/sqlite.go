package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
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
	path            string
	lock            *os.File // DIR/write.lock: every writer of every process holds it around BEGIN..COMMIT

	// polling is held by the writer from before the first stamp of a group until its commit is visible. A poll takes
	// it for an instant, and so starts its snapshot after whatever was stamped before.
	polling sync.RWMutex
	pollers sync.Mutex // pollers share one open lock file, so they take it one after the other
	last    time.Time  // the latest reading of the clock that a stamp or a poll was given, without the sandbox's offset
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

// sqliteURI names a file to SQLite. What has a meaning in a URI is escaped: a folder may have a # in its name.
func sqliteURI(path string) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

func sqliteDSN(path, more string) string {
	return sqliteURI(path) + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=recursive_triggers(1)&_pragma=foreign_keys(1)&_pragma=temp_store(2)&_pragma=mmap_size(1073741824)&_pragma=cache_size(-65536)" + more
}

func openSQLite(ctx context.Context, path string, o Options) (*sqliteStore, error) {
	lock, err := os.OpenFile(filepath.Join(filepath.Dir(path), "write.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the write lock: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite would let everybody read it
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), lock.Close())
	}
	if err := file.Close(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s := &sqliteStore{
		path:     path,
		lock:     lock,
		requests: make(chan *writeRequest, 4*groupMembers),
		stopping: make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	w, err := s.open(ctx, o)
	if err != nil {
		return nil, errors.Join(err, s.release())
	}
	go s.writer(w)
	return s, nil
}

// open migrates the store and opens its readers and its writer.
func (s *sqliteStore) open(ctx context.Context, o Options) (writer *conn, err error) {
	// temp_store(0): what a savepoint would restore goes to a file once it is large. In memory SQLite walks all of it after
	// every statement, and a run that releases thousands of payments took four times as long.
	if s.writeDB, err = sql.Open("sqlite", sqliteDSN(s.path, "&_pragma=wal_autocheckpoint(4000)&_pragma=temp_store(0)")); err != nil {
		return nil, err
	}
	s.writeDB.SetMaxOpenConns(1)
	if err := s.locked(func() error { return migrate(ctx, sqlite, s.writeDB, o.Migrations) }); err != nil {
		return nil, err
	}
	if s.readDB, err = sql.Open("sqlite", sqliteDSN(s.path, "&_pragma=query_only(1)")); err != nil {
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
	return s.openWriter(ctx)
}

func (s *sqliteStore) openWriter(ctx context.Context) (*conn, error) {
	w, err := s.writeDB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the writer: %w", err)
	}
	return &conn{sql: w, dialect: sqlite}, nil
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
	select {
	case err := <-r.done:
		return err
	case <-s.stopped: // accepted in the instant in which the writer went
		select {
		case err := <-r.done:
			return err
		default:
			return fault.ErrBusy
		}
	}
}

// writer is the one goroutine that writes.
func (s *sqliteStore) writer(c *conn) {
	defer func() {
		_ = c.sql.Close()
		close(s.stopped)
	}()
	group := make([]*writeRequest, 0, groupMembers)
	for {
		var first *writeRequest
		select {
		case first = <-s.requests:
		case <-s.stopping:
			select { // what was accepted is still done
			case first = <-s.requests:
			default:
				return
			}
		}
		var sound bool
		if group, sound = s.commit(c, first, group[:0]); !sound {
			c = s.replace(c)
		}
		for _, r := range group {
			if r.err == nil && r.tx != nil {
				r.tx.committed()
			}
			r.done <- r.err
		}
		clear(group)
	}
}

// replace gives a new connection for one that may be broken, or the old one where none can be had.
func (s *sqliteStore) replace(c *conn) *conn {
	for _, st := range c.stmts {
		_ = st.Close()
	}
	clear(c.stmts)
	_ = c.sql.Raw(func(any) error { return driver.ErrBadConn }) // closes it for good
	if n, err := s.openWriter(context.Background()); err == nil {
		return n
	}
	return c
}

// commit runs first and whoever else is waiting in one transaction and returns them with their outcomes. sound is
// false when the transaction failed as a whole: nothing of it stands, and the connection is not to be trusted.
func (s *sqliteStore) commit(c *conn, first *writeRequest, group []*writeRequest) (_ []*writeRequest, sound bool) {
	ctx := context.Background() // a request's context would make SQLite roll back the whole group
	group = append(group, first)
	fail := func(err error) ([]*writeRequest, bool) {
		for _, r := range group {
			if r.err == nil {
				r.err = fault.ErrBusy.Because(err)
			}
		}
		_, _ = c.exec(ctx, "ROLLBACK", nil)
		return group, false
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
	return group, true
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
		return clock.FromTime(s.tick(r.d).Add(st.offset)), nil
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
		if c == nil {
			return fault.ErrBusy // closed
		}
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
	if err != nil {
		return time.Time{}, 0, err
	}
	d.offset.Store(st.offset.Microseconds())
	now := d.clk.Now()
	if poll {
		now = s.tick(d)
	}
	return now.Add(st.offset).UTC().Truncate(time.Microsecond), st.version, nil
}

// tick reads the clock for a stamp or a poll: never earlier than the one before, should the machine's clock step
// back. The caller holds polling, and pollers besides where it only shares polling.
func (s *sqliteStore) tick(d *DB) time.Time {
	if now := d.clk.Now(); now.After(s.last) {
		s.last = now
	}
	return s.last
}

func (s *sqliteStore) alone(_ context.Context, _ string, fn func()) (bool, error) {
	fn()
	return true, nil
}

// ping asks one of the readers: they hold every connection of their pool, so the pool itself would wait for ever.
func (s *sqliteStore) ping(ctx context.Context) error {
	select {
	case c := <-s.readers:
		defer func() { s.readers <- c }()
		_, err := c.exec(context.Background(), "SELECT 1", nil)
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stopping:
		return fault.ErrBusy
	}
}

func (s *sqliteStore) backup(ctx context.Context, to string) error {
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // SQLite fills an empty file
	if err != nil {
		return fmt.Errorf("make the copy: %w", err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	src, err := sql.Open("sqlite", sqliteURI(s.path)+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer src.Close()
	if _, err := src.ExecContext(ctx, `VACUUM INTO $1`, to); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return nil
}

// rewrite copies the whole database: SQLite knows no less. The log, which has the old pages, is emptied.
func (s *sqliteStore) rewrite(ctx context.Context, _ string) error {
	own, err := sql.Open("sqlite", sqliteDSN(s.path, ""))
	if err != nil {
		return err
	}
	defer own.Close()
	return s.locked(func() error {
		for _, q := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
			if _, err := own.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *sqliteStore) close() error {
	s.stopOnce.Do(func() { close(s.stopping) })
	<-s.stopped
	for range cap(s.readers) { // waits for who still reads
		c, ok := <-s.readers
		if !ok {
			return nil // closed before
		}
		_ = c.sql.Close()
	}
	close(s.readers)
	return s.release()
}

// release gives back what is open.
func (s *sqliteStore) release() error {
	var errs []error
	for _, d := range []*sql.DB{s.readDB, s.writeDB} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	return errors.Join(append(errs, s.lock.Close())...)
}
