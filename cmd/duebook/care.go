package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/duebook/duebook/internal/audit"
	"github.com/duebook/duebook/internal/server"
	"github.com/duebook/duebook/internal/verify"
)

type verifyCmd struct {
	Checkpoint []string `help:"Checkpoint kept outside the store; the audit trails must begin with what it says. May be repeated." type:"existingfile" placeholder:"FILE"`
	PublicKey  string   `help:"Public key the checkpoints are signed with, as audit key wrote it (default: this store's)." type:"existingfile" placeholder:"FILE"`
}

var errFindings = errors.New("the store breaks invariants; see above")

// Run checks the store and fails when something is wrong.
func (v *verifyCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		kept, err := v.checkpoints(app.Vault.PublicKey())
		if err != nil {
			return err
		}
		r, err := verify.Store(c.ctx, app.DB, app.Blobs, app.Vault, kept...)
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

func (v *verifyCmd) checkpoints(key ed25519.PublicKey) ([]audit.Checkpoint, error) {
	if v.PublicKey != "" {
		raw, err := os.ReadFile(v.PublicKey)
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(raw)
		if block == nil {
			return nil, fmt.Errorf("%s holds no key", v.PublicKey)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		var ok bool
		if key, ok = parsed.(ed25519.PublicKey); err != nil || !ok {
			return nil, fmt.Errorf("%s holds no Ed25519 public key", v.PublicKey)
		}
	}
	var all []audit.Checkpoint
	for _, path := range v.Checkpoint {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		kept, err := audit.ReadCheckpoint(raw, key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, kept)
	}
	return all, nil
}

type auditCmd struct {
	Checkpoint auditCheckpointCmd `cmd:"" help:"Sign how far the audit trails go, to be kept outside the store; verify --checkpoint compares later."`
	Key        auditKeyCmd        `cmd:"" help:"Print the public key that checkpoints and daily anchors are signed with."`
}

type auditCheckpointCmd struct {
	Out string `help:"File to write; it must not exist." required:"" type:"path" placeholder:"FILE"`
}

// Run writes the checkpoint.
func (a *auditCheckpointCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		trails, err := audit.Trails(c.ctx, app.DB)
		if err != nil {
			return err
		}
		p, err := audit.TakeCheckpoint(c.ctx, app.DB, app.Vault, trails...)
		if err != nil {
			return err
		}
		raw, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			return err
		}
		f, err := os.OpenFile(a.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) // no secret
		if err != nil {
			return err
		}
		_, err = f.Write(append(raw, '\n'))
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
		return c.done("Checkpoint of %d audit trails in %s. Keep it where nobody who can change the store can change it.", len(p.Marks), a.Out)
	})
}

type auditKeyCmd struct{}

// Run prints the key.
func (*auditKeyCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		der, err := x509.MarshalPKIXPublicKey(app.Vault.PublicKey())
		if err != nil {
			return err
		}
		text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		return c.print(map[string]string{"publicKey": text}, func(w io.Writer) { fmt.Fprint(w, text) })
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
	fmt.Fprintf(w, "%d organisations, %d bills, %d payments, %d journal entries, %d documents, %d audit events: %s\n",
		r.Organisations, r.Bills, r.Payments, r.Entries, r.Documents, r.Events, state)
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
