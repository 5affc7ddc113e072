// Package dbtest gives tests a fresh store on each database, with a clock that the test owns.
package dbtest

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/schema"
	"github.com/duebook/duebook/internal/secret"
)

// Start is where a test's clock begins: Monday 23 November 2026, 09:00 Pacific, as in the acceptance scenarios.
var Start = time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC)

// Store is a fresh store and what it was opened with, so that a test can open it a second time.
type Store struct {
	*db.DB
	Clock   *clock.Manual
	Options db.Options
}

// Each runs fn on a fresh sandbox store of each database: SQLite always, PostgreSQL where TEST_POSTGRES_URL names a
// server (always in make test).
func Each(t *testing.T, fn func(t *testing.T, s *Store)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, SQLite(t))
	})
	if os.Getenv("TEST_POSTGRES_URL") == "" {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, Postgres(t))
	})
}

// SQLite opens a fresh sandbox store in a folder of the test.
func SQLite(t testing.TB) *Store {
	t.Helper()
	dir := t.TempDir()
	from, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "duebook.db"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, db.Options{Dir: dir})
}

// Postgres opens a fresh sandbox store in a database of its own, which is dropped when the test ends.
func Postgres(t testing.TB) *Store {
	t.Helper()
	base := os.Getenv("TEST_POSTGRES_URL")
	template, err := postgresTemplate()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("t_%d_%d", os.Getpid(), next())
	if err := admin(base, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY", name, template)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin(base, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return open(t, db.Options{Dir: t.TempDir(), URL: withDatabase(base, name), Readers: 8})
}

func open(t testing.TB, o db.Options) *Store {
	t.Helper()
	c := clock.NewManual(Start)
	o.Clock, o.Migrations, o.Sandbox = c, schema.Files, true
	d, err := db.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	v, err := vault()
	if err != nil {
		t.Fatal(err)
	}
	d.UseVault(v)
	return &Store{DB: d, Clock: c, Options: o}
}

var (
	counter struct {
		sync.Mutex
		n int
	}
	vault = sync.OnceValues(func() (*secret.Vault, error) {
		dir, err := os.MkdirTemp("", "duebook-vault")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		return secret.CreateVault(filepath.Join(dir, "key"))
	})
	sqliteTemplate = sync.OnceValues(func() (string, error) {
		return template("sqlite", func() (string, error) {
			dir, err := os.MkdirTemp("", "duebook-template")
			if err != nil {
				return "", err
			}
			d, err := db.Open(context.Background(), db.Options{Dir: dir, Migrations: schema.Files, Sandbox: true})
			if err != nil {
				return "", err
			}
			to := filepath.Join(dir, "template.db")
			if err := d.Backup(context.Background(), to); err != nil {
				return "", err
			}
			return to, d.Close()
		})
	})
	postgresTemplate = sync.OnceValues(func() (string, error) {
		return template("postgres", func() (string, error) {
			base := os.Getenv("TEST_POSTGRES_URL")
			name := fmt.Sprintf("template_%d", os.Getpid())
			if err := admin(base, "CREATE DATABASE "+name); err != nil {
				return "", err
			}
			dir, err := os.MkdirTemp("", "duebook-template")
			if err != nil {
				return "", err
			}
			d, err := db.Open(context.Background(), db.Options{Dir: dir, URL: withDatabase(base, name), Migrations: schema.Files, Sandbox: true, Readers: 2})
			if err != nil {
				return "", err
			}
			return name, d.Close()
		})
	})
)

// template names an empty store that tests copy. It is made once for each process; once for all that name the same folder in
// DUEBOOK_TEMPLATES, as the processes of one run of make test do: every migration for every package costs minutes.
func template(kind string, create func() (string, error)) (string, error) {
	dir := os.Getenv("DUEBOOK_TEMPLATES")
	if dir == "" {
		return create()
	}
	f, err := os.OpenFile(filepath.Join(dir, kind), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	defer f.Close() // gives the lock back
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	there, err := io.ReadAll(f)
	if err != nil || len(there) > 0 {
		return string(there), err
	}
	name, err := create()
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(name)
	return name, err
}

func next() int {
	counter.Lock()
	defer counter.Unlock()
	counter.n++
	return counter.n
}

func withDatabase(base, name string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	u.Path = "/" + name
	return u.String()
}

// creating serialises CREATE DATABASE, which copies a template that nobody may be connected to.
var creating sync.Mutex

func admin(url, statement string) error {
	creating.Lock()
	defer creating.Unlock()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, statement)
	return err
}
