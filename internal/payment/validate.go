package payment

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/rail/ach/achread"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/vendor"
)

// An account that a customer typed at a pay link is tested by a debit of nothing before its first debit (AR-12), which is
// dated three banking days after the settlement of the test. A test that comes back ends the account and what waits for it.

// debitClass is the class of debits of an account (AR-12), with the payment type of the entry that it demands.
func debitClass(a *customer.BankAccount, entry *ach.Entry) ach.SEC {
	switch {
	case a.Person && a.WrittenAuth:
		return ach.PPD
	case a.Person:
		entry.PaymentType = ach.Single
		return ach.WEB
	}
	return ach.CCD
}

// validationBack takes in what the bank says of a test of a customer's account: one that comes back ends the account and
// what waits for it, and the customer is told (AR-12). What is no such test is passed over.
func validationBack(tx *db.Tx, b achread.Entry, original, code string) error {
	var id string
	err := tx.Row(`SELECT id FROM customer_bank_accounts WHERE org_id = $1 AND prenote_trace = $2`, string(tx.Org()), original).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the test debit: %w", err)
	}
	if b.Amount != 0 {
		return nil // ACH-8: not ours after all
	}
	tx.Exec(`UPDATE bank_returns SET matched = $5 WHERE org_id = $1 AND trace = $2 AND original = $3 AND code = $4`, string(tx.Org()), b.Trace,
		original, code, id)
	return refuseValidation(tx, ids.ID(id), code, "The bank refused a test of the account: "+reasonText(code)+".")
}

// rejectValidation ends the tests of a file that the bank rejects: none of the accounts is validated.
func rejectValidation(tx *db.Tx, batch ids.ID, why string) error {
	tx.ExecOne(`UPDATE disbursement_batches SET state = 'rejected' WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(batch))
	found, err := texts(tx, `SELECT id FROM customer_bank_accounts WHERE org_id = $1 AND prenote_batch = $2 ORDER BY id`, string(tx.Org()), string(batch))
	for _, id := range found {
		err = errors.Join(err, refuseValidation(tx, ids.ID(id), "", why))
	}
	return err
}

// refuseValidation ends an account whose test has failed, with the charges that wait for it.
func refuseValidation(tx *db.Tx, id ids.ID, code, why string) error {
	waiting, err := texts(tx, `SELECT id FROM received_pays WHERE org_id = $1 AND payment_account_id = $2 AND state = 'scheduled' ORDER BY id`,
		string(tx.Org()), string(id))
	if err != nil {
		return err
	}
	for _, w := range waiting {
		r, err := receipt.Receipts.LoadForUpdate(tx, ids.ID(w))
		if err != nil {
			return err
		}
		if r.State != receipt.Scheduled {
			continue
		}
		if err := r.Return(tx, civil.Of(tx.Now(), civil.Pacific), code, why); err != nil {
			return err
		}
		if err := tellReturn(tx, r, civil.Date{}); err != nil {
			return err
		}
	}
	a, err := customer.BankAccounts.LoadForUpdate(tx, id)
	if errors.Is(err, fault.ErrNotFound) || err == nil && a.PrenoteState != vendor.PrenoteSent {
		return nil
	}
	if err != nil {
		return err
	}
	a.Refuse(tx, true)
	return nil
}
