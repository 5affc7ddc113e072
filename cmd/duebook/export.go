package main

import (
	"github.com/duebook/duebook/internal/connect"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/server"
)

type exportCmd struct {
	Journal exportJournalCmd `cmd:"" help:"Print the ledger of an organisation as a plain-text journal."`
}

type exportJournalCmd struct {
	Org    string `help:"Organisation id." required:"" placeholder:"ID"`
	Format string `help:"Program that reads it: hledger, ledger or beancount." default:"hledger" enum:"hledger,ledger,beancount"`
}

// Run prints the journal.
func (e *exportJournalCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		return app.DB.Read(c.ctx, command(ids.ID(e.Org)), func(tx *db.Tx) error { return connect.Journal(tx, e.Format, c.out) })
	})
}
