// Package server puts the parts together: it opens a store with everything that works on it, wires the doors, runs
// what falls due, and stops in order.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/limit"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/recurring"
	"github.com/duebook/duebook/internal/schema"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/sending"
	"github.com/duebook/duebook/internal/vendor"
)

// Config is what the command line and the environment decide.
type Config struct {
	Dir       string // data folder
	DB        string // database URL; empty for SQLite in Dir
	Blobs     string // bucket for documents, as blob.NewBucket reads it; empty for a folder in Dir
	Sandbox   bool
	Listen    string // address for Serve
	PublicURL string // how people reach the server, for links in mails; derived from Listen if empty
	SMTP      string // host:port, with user:password@ before it if needed; empty: mails wait
	MailFrom  string
	Clock     clock.Clock // of this node; the system's if nil
	Log       *slog.Logger
	Version   string

	TrustedProxies []string       // addresses and networks whose word about the client is taken
	Limits         limit.Settings // of what programs may ask; all 0: none
}

// App is an open store with what works on it. Commands use it beside a running server.
type App struct {
	Config
	DB       *db.DB
	Vault    *secret.Vault
	Blobs    *blob.Store
	Sessions *org.Sessions
	Limiter  *limit.Limiter
	Engine   *payment.Engine
	Recurs   *recurring.Engine
	Work     *job.Runner
	serving  io.Closer
}

// Open opens or creates the store in c.Dir.
func Open(ctx context.Context, c Config) (*App, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{ReplaceAttr: secret.MaskAttr}))
	}
	c.MailFrom = cmp.Or(c.MailFrom, "duebook@localhost.localdomain")
	if err := os.MkdirAll(filepath.Join(c.Dir, "tmp"), 0o700); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", err)
	}
	d, err := db.Open(ctx, db.Options{Dir: c.Dir, URL: c.DB, Migrations: schema.Files, Clock: c.Clock, Sandbox: c.Sandbox, Log: c.Log})
	if err != nil {
		return nil, err
	}
	vault, err := openVault(ctx, d, filepath.Join(c.Dir, "master.key"))
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	d.UseVault(vault)
	if err := sealClear(ctx, d); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	blobs, err := c.openBlobs(vault)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	a := &App{Config: c, DB: d, Vault: vault, Blobs: blobs}
	a.Sessions = org.NewSessions(d)
	a.Sessions.UseSecondFactor(vault, sendCode)
	a.Sessions.LimitFailures(c.Limits.FailuresPerMinute)
	a.Limiter = limit.New(d, c.Limits)
	a.Engine = payment.NewEngine(d, vault, filepath.Join(c.Dir, "bank"), c.Log)
	a.Recurs = recurring.NewEngine(d, a.mailInvoice, c.Log)
	handlers, err := a.handlers()
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	a.Work = job.New(d, handlers, c.Log)
	return a, nil
}

// mailInvoice is a recurring.Mailer.
func (a *App) mailInvoice(tx *db.Tx, invoice, from ids.ID) error {
	return sending.Desk{Vault: a.Vault, PublicURL: a.PublicURL}.Send(tx, sending.Message{Invoice: invoice, From: from})
}

// openBlobs opens the documents, in the bucket or in the data folder. The vault may be nil.
func (c Config) openBlobs(vault *secret.Vault) (*blob.Store, error) {
	if c.Blobs != "" {
		return blob.NewBucket(c.Blobs, filepath.Join(c.Dir, "tmp"), os.Getenv, vault)
	}
	return blob.New(filepath.Join(c.Dir, "blobs"), vault)
}

// openVault opens the master key. Only a store without organisations gets a new one: over a filled store it would
// hide that the old one is lost.
func openVault(ctx context.Context, d *db.DB, path string) (*secret.Vault, error) {
	v, err := secret.OpenVault(path)
	if !errors.Is(err, os.ErrNotExist) {
		return v, err
	}
	var filled bool
	err = d.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
		return tx.Row(`SELECT EXISTS (SELECT 1 FROM organisations)`).Scan(&filled)
	})
	if err != nil {
		return nil, err
	}
	if filled {
		return nil, fmt.Errorf("the master key %s is missing, and this store has data sealed with it: put it back", path)
	}
	return secret.CreateVault(path)
}

// sealClear seals the tax ids that a store from before they were sealed holds in clear, once, and has the database write
// its tables anew, so that nothing of them stays in its files.
func sealClear(ctx context.Context, d *db.DB) error {
	const mark = `SELECT EXISTS (SELECT 1 FROM counters WHERE org_id = '' AND name = 'tax ids are sealed')`
	var done bool
	if err := d.Read(ctx, db.Caller{}, func(tx *db.Tx) error { return tx.Row(mark).Scan(&done) }); err != nil || done {
		return err
	}
	for _, t := range []*record.Type{vendor.Vendors.Type, customer.Customers.Type} {
		n, err := t.SealStored(ctx, d)
		if err == nil && n > 0 {
			err = d.Rewrite(ctx, t.Table)
		}
		if err != nil {
			return err
		}
	}
	return d.Write(ctx, db.Caller{Channel: "command"}, func(tx *db.Tx) error {
		_, err := tx.Next("tax ids are sealed", 1)
		return err
	})
}

// Close closes the store.
func (a *App) Close() error {
	err := a.Sessions.Flush(context.Background())
	if a.serving != nil {
		err = errors.Join(err, a.serving.Close())
	}
	return errors.Join(err, a.Blobs.Close(), a.DB.Close())
}

// ErrServed refuses a second server on one SQLite store; several nodes need PostgreSQL.
var ErrServed = errors.New("another server runs on this data folder; several nodes share a PostgreSQL store instead")

// claim makes this process the one server of a SQLite store.
func (a *App) claim() error {
	if a.Config.DB != "" && !strings.HasPrefix(a.Config.DB, "sqlite:") {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(a.Dir, "serve.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return ErrServed
		}
		return fmt.Errorf("lock the data folder: %w", err)
	}
	a.serving = f
	return nil
}
