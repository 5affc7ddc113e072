package payment

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// ErrDeliveryOpen keeps the task of a doubtful file open until it is known whether the bank has the file.
var ErrDeliveryOpen = fault.New(fault.Conflict, "delivery_open", "Say first whether the bank has the file.")

// What a person says of a file of which nobody knows whether the bank has it.
const (
	FileThere   = "there"
	FileMissing = "missing"
)

// doubt has a person look at a file of which nobody knows whether the bank has it (XO-2).
func doubt(tx *db.Tx, f bankFile, why string) error {
	n, err := tx.ExecNow(`UPDATE bank_files SET state = 'delivery_unknown', detail = $3, said = '', said_by = '', said_at = 0
		WHERE org_id = $1 AND id = $2 AND state = 'ready'`, string(tx.Org()), string(f.id), why)
	if err != nil || n == 0 {
		return err
	}
	tx.Audit("doubt delivery", "bankFile", f.id, "")
	return addTask(tx, TaskOperator, f.id, "", "Nobody knows whether the bank has the file "+f.name+". Ask the bank: if it has the file, nothing is sent "+
		"again; if it has not, the file leaves once more under a new name. Two people have to say the same.")
}

// ResolveDelivery records what a person says of a file whose arrival at the bank is unknown, and reports whether that
// counts. It does once a second person says the same; where nobody else may approve payments, once the same person says it
// again two banking days later. A file that the bank has counts as delivered; one that it has not leaves again under a new
// name with the next step. Rules XO-2, SEC-5.
//
// The caller needs ApprovePayments. It fails with fault.ErrNotFound for a file that is not in doubt, fault.ErrValue for
// another word than FileThere and FileMissing, and ErrSamePerson for who said it before.
func ResolveDelivery(tx *db.Tx, id ids.ID, word string) (counts bool, err error) {
	if err := tx.Require(org.ApprovePayments); err != nil {
		return false, err
	}
	if word != FileThere && word != FileMissing {
		return false, fault.ErrValue.On("word").With(FileThere + " or " + FileMissing)
	}
	f, _, err := lockFile(tx, id)
	if errors.Is(err, sql.ErrNoRows) || err == nil && f.state != "delivery_unknown" {
		return false, fault.ErrNotFound.With(string(id))
	}
	if err != nil {
		return false, fmt.Errorf("read file %s: %w", id, err)
	}
	var said string
	var by ids.ID
	var at clock.Instant
	err = tx.Row(`SELECT said, said_by, said_at FROM bank_files WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(id)).
		Scan(&said, (*string)(&by), (*int64)(&at))
	if err != nil {
		return false, err
	}
	me := cmp.Or(tx.Caller().User, "operator") // a command has no user: it is one person's word
	if said != word {
		tx.ExecOne(`UPDATE bank_files SET said = $3, said_by = $4, said_at = $5 WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(id), word,
			string(me), int64(clock.FromTime(tx.Now())))
		tx.Audit("say "+word, "bankFile", id, "")
		return false, nil
	}
	if by == me {
		other, err := org.OtherHolds(tx, me, org.ApprovePayments)
		if err != nil {
			return false, err
		}
		if other || civil.Of(tx.Now(), civil.Pacific).Before(banking.Add(civil.Of(at.Time(), civil.Pacific), aloneDays)) {
			return false, ErrSamePerson
		}
		if err := org.ActAlone(tx, tx.Caller().User, "bankFile", id, "say whether the bank has a file"); err != nil {
			return false, err
		}
	}
	tx.Audit("resolve delivery", "bankFile", id, `{"word":"`+word+`"}`)
	if word == FileThere {
		finishTasks(tx, id, "The bank has the file.")
		return true, delivered(tx, f, f.left())
	}
	finishTasks(tx, id, "The bank does not have the file: it leaves again.")
	tx.ExecOne(`UPDATE bank_files SET state = 'ready', name = '', placed = 0, detail = '' WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(id))
	return true, nil
}
