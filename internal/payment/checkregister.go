package payment

import (
	"fmt"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

// The states of a cheque's number in the register (CHK-4).
const (
	checkAllocated = "allocated"
	checkMailed    = "mailed"
	checkVoided    = "voided"
)

// untold are the numbers of the register that must not be paid and of which the bank has not been told.
const untold = `state = 'voided' AND void_file = ''`

// entry is a line of the register, locked.
type entry struct {
	account ids.ID
	serial  int64
	state   string
	run     ids.ID
}

// liveCheck locks the number under which a payment is out, or is to go out.
func liveCheck(tx *db.Tx, payment ids.ID) (entry, error) {
	var c entry
	err := tx.Row(`SELECT bank_account_id, serial, state, run_file FROM checks WHERE org_id = $1 AND state <> 'spoiled' AND disbursement_id IN
		(SELECT id FROM disbursements WHERE org_id = $1 AND payment_id = $2)`+tx.ForUpdate(), string(tx.Org()), string(payment)).
		Scan((*string)(&c.account), &c.serial, &c.state, (*string)(&c.run))
	if err != nil {
		return c, fmt.Errorf("look for the cheque of payment %s: %w", payment, err)
	}
	return c, nil
}

// set takes the number to a state, for a reason.
func (c entry) set(tx *db.Tx, state, reason string) {
	tx.ExecOne(`UPDATE checks SET state = $4, reason = $5, changed = $6 WHERE org_id = $1 AND bank_account_id = $2 AND serial = $3`,
		string(tx.Org()), string(c.account), c.serial, state, reason, int64(clock.FromTime(tx.Now())))
}
