package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/rail/ach/achread"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// An account that a customer typed at a pay link is tested by a debit of nothing before its first debit (AR-12), which is
// dated three banking days after the settlement of the test. A test that comes back ends the account and what waits for it.

// unvalidated reads the customers' accounts that wait for their test entry.
func unvalidated(tx *db.Tx) (accounts []*customer.BankAccount, err error) {
	t := customer.BankAccounts
	err = t.List(tx, record.Query{Filters: []record.Filter{{Field: t.Must("prenoteState"), Op: record.Eq, Values: []any{vendor.PrenoteDue}},
		{Field: t.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}}}}, func(a *customer.BankAccount) error {
		accounts = append(accounts, a)
		return nil
	})
	return accounts, err
}

// validate sends a test entry to each account that was typed at a pay link, in a file of their own.
func (e *Engine) validate(ctx context.Context, orgID ids.ID, at time.Time) error {
	if prenoteTime(at).After(at) {
		return nil
	}
	numbers := map[string]string{} // by sealed number
	var waiting []*customer.BankAccount
	err := e.db.Read(ctx, caller(orgID), func(tx *db.Tx) error {
		since, err := prenoteWaits(tx)
		if since > 0 {
			waiting, err = unvalidated(tx)
		}
		return err
	})
	if err != nil || len(waiting) == 0 {
		return err
	}
	for _, a := range waiting {
		if numbers[a.Account], err = a.Number(e.vault, orgID); err != nil {
			return fmt.Errorf("open the number of bank account %s: %w", a.ID, err)
		}
	}
	err = e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error { return e.sendValidations(tx, numbers) })
	if err != nil {
		return fmt.Errorf("write test debits: %w", err)
	}
	return nil
}

func (e *Engine) sendValidations(tx *db.Tx, numbers map[string]string) error {
	if _, err := tx.Next("release run", 1); err != nil { // one run of the organisation at a time
		return err
	}
	accounts, err := unvalidated(tx)
	if err != nil || len(accounts) == 0 {
		return err
	}
	own, err := bank.Default(tx)
	if err != nil {
		return err
	}
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	first, err := tx.NextN("trace "+own.Routing[:8], 1, int64(len(accounts)))
	if err != nil {
		return err
	}
	batch, entries, members := ids.New(ids.DisbursementBatch), map[ach.SEC][]ach.Entry{}, int64(0)
	for i, a := range accounts {
		number, known := numbers[a.Account]
		if !known {
			continue // new since they were opened: the next run takes it
		}
		n := first + int64(i)
		entry := ach.Entry{TransactionCode: ach.CheckingDebitPrenote, Routing: a.Routing, Account: number, ID: string(a.ID[5:]),
			Name: entryName(a.NameOnAccount), Trace: uint64(n)}
		if a.Savings {
			entry.TransactionCode = ach.SavingsDebitPrenote
		}
		sec := debitClass(a, &entry)
		entries[sec] = append(entries[sec], entry)
		members++
		after := *a
		after.PrenoteState, after.PrenoteTrace, after.PrenoteBatch = vendor.PrenoteSent, fullTrace(own, n), batch
		after.UsableFrom = customer.ValidatedFrom(tx.Now())
		customer.BankAccounts.SaveAs(tx, "test", a, &after)
	}
	if members == 0 {
		return nil
	}
	today := civil.Of(tx.Now(), civil.Pacific)
	effective := banking.Next(today)
	if _, err := e.storeACH(tx, "validation", batch, o, own, entries, effective, ""); err != nil {
		return err
	}
	tx.Exec(`INSERT INTO disbursement_batches (org_id, id, rail, bank_account_id, process_date, effective_date, members, total, state, created)
		VALUES ($1, $2, 'prenote', $3, $4, $5, $6, 0, 'in_file', $7)`, string(tx.Org()), string(batch), string(own.ID), today.String(),
		effective.String(), members, int64(clock.FromTime(tx.Now())))
	return nil
}

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
	if b.NOC != nil {
		tx.Audit("note correction", "customerBankAccount", ids.ID(id), `{"code":"`+code+`"}`)
		return nil
	}
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
