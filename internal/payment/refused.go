package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// ErrUnreadable is a file of the bank that still cannot be taken in.
var ErrUnreadable = fault.New(fault.Conflict, "bank_file_unreadable", "The file still cannot be taken in: ask the bank to send it again.")

// refusal is why a file is not taken in, for a person to look at: it does not have its form, or a rule of ours forbids what
// it says. Nil for other errors, which go by themselves or stop the server's work until they are repaired.
func refusal(err error) error {
	var broken *unreadable
	if errors.As(err, &broken) {
		return err
	}
	if f := fault.From(err); f != nil && (f.Kind == fault.Invalid || f.Kind == fault.Conflict || f.Kind == fault.NotFound) {
		return err
	}
	return nil
}

// refuse keeps a file of the bank aside, for a person.
func refuse(tx *db.Tx, id ids.ID, name string, why error) error {
	r := []rune(short(why))
	tx.ExecOne(`UPDATE bank_files SET state = 'refused', detail = $3 WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(id), string(r))
	return addTask(tx, TaskOperator, id, "", "The file "+firstRunes(name, 100)+" of the bank was not taken in: "+string(r)+". Have the bank send it again, or "+
		"read it again once the cause is repaired.")
}

// ReadAgain takes in a file of the bank that was refused, and closes its task. The caller needs ApprovePayments. It fails
// with fault.ErrNotFound for a file that was not refused, and with ErrUnreadable where it is refused again; the task then
// stays.
func (e *Engine) ReadAgain(ctx context.Context, who db.Caller, file ids.ID) error {
	var name, sealed string
	err := e.db.Read(ctx, who, func(tx *db.Tx) error {
		if err := tx.Require(org.ApprovePayments); err != nil {
			return err
		}
		err := tx.Row(`SELECT name, bytes FROM bank_files WHERE org_id = $1 AND id = $2 AND direction = 'in' AND state = 'refused'`, string(who.Org),
			string(file)).Scan(&name, &sealed)
		if errors.Is(err, sql.ErrNoRows) {
			err = fault.ErrNotFound.With(string(file))
		}
		return err
	})
	if err != nil {
		return err
	}
	content, err := e.vault.Open(sealed, string(who.Org), "bank_files", "bytes", string(file))
	if err != nil {
		return fmt.Errorf("open file %s: %w", file, err)
	}
	in := inbound{id: file}
	if err = e.understand(ctx, who.Org, name, content, &in); err == nil {
		bank := db.Caller{Org: who.Org, User: who.User, Perms: org.All, Channel: who.Channel} // it is the bank that says all this
		err = e.db.Write(ctx, bank, func(tx *db.Tx) error {
			n, err := tx.ExecNow(`UPDATE bank_files SET state = 'taken', detail = '', kind = $3, delivered = $4 WHERE org_id = $1 AND id = $2 AND state = 'refused'`,
				string(who.Org), string(file), in.kind, int64(clock.FromTime(tx.Now())))
			if err != nil || n == 0 {
				return err
			}
			tx.Audit("take in", "bankFile", file, "")
			finishTasks(tx, file, "The file is taken in.")
			return in.apply(tx)
		})
	}
	if why := refusal(err); why != nil {
		e.log.WarnContext(ctx, "file of the bank refused again", "org", who.Org, "file", file, "error", why)
		return ErrUnreadable
	}
	return err
}
