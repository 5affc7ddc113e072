package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/duebook/duebook/internal/bankhost"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/server"
)

type bankhostCmd struct {
	Set    bankhostSetCmd    `cmd:"" help:"Exchange an organisation's bank files with an SFTP host. Prints the public key to give to the bank."`
	Show   bankhostShowCmd   `cmd:"" help:"Show an organisation's host, the key to give to the bank, and how the last visit went."`
	Test   bankhostTestCmd   `cmd:"" help:"Visit an organisation's host and tell what lies there."`
	Remove bankhostRemoveCmd `cmd:"" help:"Put bank files into the organisation's folder again."`
}

type bankhostSetCmd struct {
	Org     string `help:"Organisation id." required:""`
	Address string `help:"Where the host is." placeholder:"HOST:PORT" required:""`
	User    string `help:"User name at the host." required:""`
	HostKey string `help:"File with the one key that the host may have, a line such as 'ssh-ed25519 AAAA...' that the bank has confirmed." type:"existingfile" placeholder:"FILE" required:""`
	Outbox  string `help:"Folder on the host for files to the bank." required:""`
	Inbox   string `help:"Folder on the host for files from the bank." required:""`
}

// hostRow is a host as scripts read it.
type hostRow struct {
	Address   string `json:"address"`
	User      string `json:"user"`
	HostKey   string `json:"hostKey"`
	Outbox    string `json:"outbox"`
	Inbox     string `json:"inbox"`
	PublicKey string `json:"publicKey"`
	Failure   string `json:"failure"`
}

func showHost(c *call, h payment.Host) error {
	row := hostRow{h.Address, h.User, h.HostKey, h.Outbox, h.Inbox, h.PublicKey, h.Failure}
	return c.print(row, func(w io.Writer) {
		fmt.Fprintf(w, "Host %s as %s, files to the bank in %s, from it in %s.\nOur public key, for the bank:\n%s\n", row.Address, row.User, row.Outbox, row.Inbox, row.PublicKey)
		if row.Failure != "" {
			fmt.Fprintf(w, "The last visit failed: %s\n", row.Failure)
		}
	})
}

// Run stores the host; from the next file on it is used.
func (b *bankhostSetCmd) Run(c *call) error {
	key, err := os.ReadFile(b.HostKey)
	if err != nil {
		return err
	}
	return c.existing(func(app *server.App) error {
		h, err := app.Engine.SetHost(c.ctx, command(ids.ID(b.Org)), bankhost.Settings{Address: b.Address, User: b.User,
			HostKey: strings.TrimSpace(string(key)), Outbox: b.Outbox, Inbox: b.Inbox})
		if err != nil {
			return err
		}
		return showHost(c, h)
	})
}

var errNoHost = errors.New("this organisation has no host; its files go through its folder")

func loadHost(c *call, app *server.App, org string) (h payment.Host, err error) {
	err = app.DB.Read(c.ctx, command(ids.ID(org)), func(tx *db.Tx) (err error) { h, err = payment.LoadHost(tx); return err })
	if errors.Is(err, sql.ErrNoRows) {
		err = errNoHost
	}
	return h, err
}

type bankhostShowCmd struct {
	Org string `help:"Organisation id." required:""`
}

// Run shows the host.
func (b *bankhostShowCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		h, err := loadHost(c, app, b.Org)
		if err != nil {
			return err
		}
		return showHost(c, h)
	})
}

type bankhostTestCmd struct {
	Org string `help:"Organisation id." required:""`
}

// Run visits the host and fetches nothing.
func (b *bankhostTestCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		if _, err := loadHost(c, app, b.Org); err != nil {
			return err
		}
		files, err := app.Engine.VisitHost(c.ctx, ids.ID(b.Org))
		if err != nil {
			return err
		}
		return c.print(map[string]int{"filesFromBank": len(files)}, func(w io.Writer) {
			fmt.Fprintf(w, "The host lets us in and has the key it may have. %d files lie there for us.\n", len(files))
		})
	})
}

type bankhostRemoveCmd struct {
	Org string `help:"Organisation id." required:""`
}

// Run forgets the host.
func (b *bankhostRemoveCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		if _, err := loadHost(c, app, b.Org); err != nil {
			return err
		}
		if err := app.DB.Write(c.ctx, command(ids.ID(b.Org)), payment.RemoveHost); err != nil {
			return err
		}
		return c.print(map[string]bool{"removed": true}, func(w io.Writer) { fmt.Fprintln(w, "Bank files go through the organisation's folder again.") })
	})
}
