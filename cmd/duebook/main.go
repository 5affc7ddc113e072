// Command duebook is the whole product: the server, its demo, and the commands that set it up and look after it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/limit"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/server"
)

var version = "dev" // set by the linker

// cli is the command line; DESIGN's contract, others script against it.
type cli struct {
	Data     string           `help:"Data folder." default:"./data" env:"DUEBOOK_DATA" type:"path"`
	DB       string           `help:"Database URL: postgres://... (default: SQLite in the data folder)." env:"DUEBOOK_DB"`
	Blobs    string           `help:"Bucket for documents: s3://BUCKET[/PREFIX][?endpoint=URL][&region=NAME] (default: a folder in the data folder)." env:"DUEBOOK_BLOBS"`
	Sandbox  bool             `help:"Create the store as a sandbox: bank simulator, movable clock, caught mail." env:"DUEBOOK_SANDBOX"`
	JSON     bool             `help:"Print results as JSON." env:"DUEBOOK_JSON"`
	SMTP     string           `help:"Mail server, [user:password@]host:port." env:"DUEBOOK_SMTP"`
	MailFrom string           `help:"Sender of mails." env:"DUEBOOK_MAIL_FROM" default:"duebook@localhost.localdomain"`
	URL      string           `help:"How people reach this server, for links in mails." env:"DUEBOOK_URL" name:"public-url"`
	Version  kong.VersionFlag `help:"Print the version."`

	Serve     serveCmd     `cmd:"" help:"Run the server."`
	Demo      demoCmd      `cmd:"" help:"Run the main job end to end on a fresh sandbox and show every step; then stay up."`
	Org       orgCmd       `cmd:"" help:"Organisations: create, list, set."`
	User      userCmd      `cmd:"" help:"Users: add, unlock."`
	Operator  operatorCmd  `cmd:"" help:"Operators, who run the server and review applications."`
	Bank      bankCmd      `cmd:"" help:"Funding bank accounts: add, list, verify, deactivate; files in doubt: delivery."`
	Appkey    appkeyCmd    `cmd:"" help:"Application keys: issue, list, deactivate, reactivate."`
	Bankhost  bankhostCmd  `cmd:"" help:"The SFTP host of an organisation's bank: set, show, test, remove."`
	Network   networkCmd   `cmd:"" help:"Connections between organisations of this server: list, accept, decline."`
	Biller    billerCmd    `cmd:"" help:"The directory of large billers: add, list."`
	Sanctions sanctionsCmd `cmd:"" help:"Sanctions lists that payees are screened against: import, list, remove."`
	Report    reportCmd    `cmd:"" help:"Print a report as text, CSV, JSON or PDF; without a name, the list of reports."`
	Export    exportCmd    `cmd:"" help:"What goes to accounting systems: journal."`
	Verify    verifyCmd    `cmd:"" help:"Check every invariant of the store."`
	Audit     auditCmd     `cmd:"" help:"The audit trail: checkpoint, key."`
	Keys      keysCmd      `cmd:"" help:"The keys that bank and tax numbers are sealed with: rotate, status."`
	Backup    backupCmd    `cmd:"" help:"Copy the store to a folder while the server runs."`
	Restore   restoreCmd   `cmd:"" help:"Put a backup into an empty data folder."`
	Migrate   migrateCmd   `cmd:"" help:"Bring the store's schema up to this program."`
	Bench     benchCmd     `cmd:"" help:"Measure this machine and print the table of docs/benchmarks.md."`
}

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300) // a server's live heap is a few megabytes: collecting it less often costs little room
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "duebook: "+explain(err))
		os.Exit(1)
	}
}

// explain says what is wrong in a person's words: of a refusal its message, fields and rule.
func explain(err error) string {
	f := fault.From(err)
	if f == nil {
		return err.Error()
	}
	about := strings.Join(slices.Concat([]string{strings.Join(f.Fields, ", ")}, f.Args), ": ")
	if about = strings.TrimPrefix(about, ": "); about == "" {
		return f.Message
	}
	return f.Message + " (" + about + ")"
}

// call is what every command gets: the global flags, where to print, and how to open the store.
type call struct {
	*cli
	ctx      context.Context
	out, err io.Writer
	log      *slog.Logger
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var c cli
	parser, err := kong.New(&c, kong.Name("duebook"), kong.Writers(stdout, stderr), kong.UsageOnError(),
		kong.Description("The book of what an organisation owes and is owed: accounts payable and receivable, self-hosted."),
		kong.Vars{"version": "duebook " + version})
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{ReplaceAttr: secret.MaskAttr}))
	return k.Run(&call{cli: &c, ctx: ctx, out: stdout, err: stderr, log: log})
}

func (c *call) config() server.Config {
	return server.Config{Dir: c.Data, DB: c.DB, Blobs: c.Blobs, Sandbox: c.Sandbox, SMTP: c.SMTP, MailFrom: c.MailFrom, PublicURL: c.URL,
		Log: c.log, Version: version, Limits: limit.Default}
}

// with opens the store for one command and closes it again.
func (c *call) with(f func(*server.App) error) error {
	app, err := server.Open(c.ctx, c.config())
	if err != nil {
		return err
	}
	return errors.Join(f(app), app.Close())
}

// existing is with for commands that never create a store.
func (c *call) existing(f func(*server.App) error) error {
	if _, err := os.Stat(filepath.Join(c.Data, "master.key")); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no store in %s; `duebook org create` makes one", c.Data)
	}
	return c.with(f)
}

// print shows a result: as JSON, or in the words of text.
func (c *call) print(v any, text func(io.Writer)) error {
	if c.JSON {
		e := json.NewEncoder(c.out)
		e.SetEscapeHTML(false)
		return e.Encode(v)
	}
	text(c.out)
	return nil
}

// done says that a command which has no result has done its work.
func (c *call) done(format string, args ...any) error {
	s := fmt.Sprintf(format, args...)
	return c.print(map[string]string{"done": s}, func(w io.Writer) { fmt.Fprintln(w, s) })
}

type serveCmd struct {
	Listen  string   `help:"Address to listen on." default:"127.0.0.1:8080" env:"DUEBOOK_LISTEN"`
	Proxies []string `help:"Addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed." env:"DUEBOOK_TRUSTED_PROXIES" name:"trusted-proxies" placeholder:"ADDRESS"`
	Limits  string   `help:"What programs may ask: default, or origin with the numbers of the published service." enum:"default,origin" default:"default" env:"DUEBOOK_LIMITS"`
	Limit   struct {
		CallsPerHour      *int `help:"Calls of a key in a clock hour; 0 for any number, here and below." env:"CALLS_PER_HOUR"`
		LoginsPerHour     *int `help:"Logins and lists of organisations of a key in a clock hour." env:"LOGINS_PER_HOUR"`
		InFlight          *int `help:"Calls of a key and organisation at one time." env:"IN_FLIGHT"`
		MailsPerMinute    *int `help:"Calls of a user that send a message, in a minute." env:"MAILS_PER_MINUTE"`
		FailuresPerMinute *int `help:"Failed logins of a network address in a minute." env:"FAILURES_PER_MINUTE"`
	} `embed:"" prefix:"limit-" envprefix:"DUEBOOK_LIMIT_"`
}

// limits are those of the profile, but for the ones that are set.
func (s *serveCmd) limits() limit.Settings {
	l := limit.Default
	if s.Limits == "origin" {
		l = limit.Origin
	}
	for _, o := range []struct{ to, from *int }{{&l.CallsPerHour, s.Limit.CallsPerHour}, {&l.LoginsPerHour, s.Limit.LoginsPerHour},
		{&l.InFlight, s.Limit.InFlight}, {&l.MailsPerMinute, s.Limit.MailsPerMinute}, {&l.FailuresPerMinute, s.Limit.FailuresPerMinute}} {
		if o.from != nil {
			*o.to = max(*o.from, 0)
		}
	}
	return l
}

// Run serves until the process is told to stop; calls under way are finished.
func (s *serveCmd) Run(c *call) error {
	cfg := c.config()
	cfg.Listen, cfg.TrustedProxies, cfg.Limits = s.Listen, s.Proxies, s.limits()
	app, err := server.Open(c.ctx, cfg)
	if err != nil {
		return err
	}
	r, err := app.Start(c.ctx)
	if err != nil {
		return errors.Join(err, app.Close())
	}
	c.log.Info("serving", "address", r.URL(), "data", c.Data, "sandbox", app.DB.Sandbox())
	select {
	case <-c.ctx.Done():
	case err = <-r.Failed():
	}
	return errors.Join(err, r.Stop())
}

type migrateCmd struct{}

// Run opens the store, which migrates it.
func (*migrateCmd) Run(c *call) error {
	return c.existing(func(*server.App) error {
		return c.done("The store is up to date.")
	})
}
