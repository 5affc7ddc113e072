package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/duebook/duebook/internal/server"
	"github.com/duebook/duebook/internal/verify"
)

type verifyCmd struct{}

var errFindings = errors.New("the store breaks invariants; see above")

// Run checks the store and fails when something is wrong.
func (*verifyCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		r, err := verify.Store(c.ctx, app.DB, app.Blobs, app.Vault)
		if err != nil {
			return err
		}
		err = c.print(r, func(w io.Writer) { printVerified(w, r) })
		if err == nil && len(r.Findings) > 0 {
			err = errFindings
		}
		return err
	})
}

func printVerified(w io.Writer, r verify.Result) {
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%s  %s  %s\n", f.Org, f.Rule, f.Detail)
	}
	state := "clean"
	if n := len(r.Findings); n > 0 {
		state = fmt.Sprintf("%d findings", n)
	}
	fmt.Fprintf(w, "%d organisations, %d bills, %d payments, %d journal entries, %d documents: %s\n",
		r.Organisations, r.Bills, r.Payments, r.Entries, r.Documents, state)
}

type backupCmd struct {
	To string `arg:"" help:"Folder for the backup; must not exist or be empty." type:"path"`
}

// Run copies the store; a running server goes on.
func (b *backupCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		if err := app.Backup(c.ctx, b.To); err != nil {
			return err
		}
		return c.done("Backup in %s. Keep it as safe as the store: the master key is in it.", b.To)
	})
}

type restoreCmd struct {
	From string `arg:"" help:"Folder of a backup." type:"path"`
}

// Run fills the empty data folder from a backup and verifies the result.
func (r *restoreCmd) Run(c *call) error {
	if err := server.Restore(c.ctx, r.From, c.config()); err != nil {
		return err
	}
	return (&verifyCmd{}).Run(c)
}
