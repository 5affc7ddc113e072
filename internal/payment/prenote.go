package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// prenoteTime is when test entries that wait at an instant leave: at once, or with the run of the next banking day.
func prenoteTime(at time.Time) time.Time {
	day := civil.Of(at, civil.Pacific)
	if banking.IsBankingDay(day) {
		return at
	}
	return releaseTime(banking.Next(day))
}

// prenoteWaits is since when a test entry can leave: an account waits for one, and there is an account to send from;
// zero if there is no such pair.
func prenoteWaits(tx *db.Tx) (clock.Instant, error) {
	var since int64
	err := tx.Row(`SELECT CAST(coalesce(min(prenote_due), 0) AS BIGINT) FROM (
			SELECT prenote_due FROM vendor_bank_accounts WHERE org_id = $1 AND prenote_state = 'due' AND is_active = 1
			UNION ALL SELECT prenote_due FROM customer_bank_accounts WHERE org_id = $1 AND prenote_state = 'due' AND is_active = 1) untested`,
		string(tx.Org())).Scan(&since)
	if err != nil || since == 0 {
		return 0, err
	}
	_, err = bank.Default(tx)
	if errors.Is(err, bank.ErrNoAccount) {
		return 0, nil
	}
	return clock.Instant(since), err
}

// prenote sends a test entry to each new bank account of a vendor, in a file of their own (VEN-5). It moves no money.
func (e *Engine) prenote(ctx context.Context, orgID ids.ID, at time.Time) error {
	if prenoteTime(at).After(at) {
		return nil
	}
	numbers := map[string]string{} // by sealed number
	var waiting []*vendor.BankAccount
	err := e.db.Read(ctx, caller(orgID), func(tx *db.Tx) (err error) {
		since, err := prenoteWaits(tx)
		if since > 0 {
			waiting, err = untested(tx)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look for test entries: %w", err)
	}
	if len(waiting) == 0 {
		return nil
	}
	for _, a := range waiting {
		if numbers[a.Account], err = a.Number(e.vault, orgID); err != nil {
			return fmt.Errorf("open the number of bank account %s: %w", a.ID, err)
		}
	}
	err = e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error { return e.sendPrenotes(tx, numbers) })
	if err != nil {
		return fmt.Errorf("write test entries: %w", err)
	}
	return nil
}

// untested reads the accounts that wait for their test entry.
func untested(tx *db.Tx) ([]*vendor.BankAccount, error) {
	var accounts []*vendor.BankAccount
	err := vendor.BankAccounts.List(tx, record.Query{Filters: []record.Filter{
		{Field: vendor.BankAccounts.Must("prenoteState"), Op: record.Eq, Values: []any{vendor.PrenoteDue}},
		{Field: vendor.BankAccounts.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}},
	}}, func(a *vendor.BankAccount) error {
		accounts = append(accounts, a)
		return nil
	})
	return accounts, err
}

func (e *Engine) sendPrenotes(tx *db.Tx, numbers map[string]string) error {
	if _, err := tx.Next("release run", 1); err != nil { // one run of the organisation at a time
		return err
	}
	accounts, err := untested(tx)
	if err != nil || len(accounts) == 0 {
		return err
	}
	funding, err := bank.Default(tx)
	if err != nil {
		return err
	}
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	first, err := tx.NextN("trace "+funding.Routing[:8], 1, int64(len(accounts)))
	if err != nil {
		return err
	}
	entries := map[ach.SEC][]ach.Entry{}
	var members int64
	for i, a := range accounts {
		number, known := numbers[a.Account]
		if !known {
			continue // new since they were opened: the next run takes it
		}
		trace := first + int64(i)
		code, sec := ach.CheckingPrenote, ach.CCD
		if a.AccountType == vendor.Savings {
			code = ach.SavingsPrenote
		}
		if a.HolderType == vendor.Person {
			sec = ach.PPD
		}
		entries[sec] = append(entries[sec], ach.Entry{TransactionCode: code, Routing: a.Routing, Account: number, ID: string(a.ID[5:]),
			Name: entryName(a.HolderName), Trace: uint64(trace)})
		members++
		after := *a
		after.PrenoteState, after.PrenoteTrace = vendor.PrenoteSent, fullTrace(funding, trace)
		vendor.BankAccounts.SaveAs(tx, "test", a, &after)
	}
	if members == 0 {
		return nil
	}
	today := civil.Of(tx.Now(), civil.Pacific)
	effective := banking.Next(today)
	batch := ids.New(ids.DisbursementBatch)
	if _, err := e.storeACH(tx, "prenote", batch, o, funding, entries, effective, ""); err != nil {
		return err
	}
	tx.Exec(`INSERT INTO disbursement_batches (org_id, id, rail, bank_account_id, process_date, effective_date, members, total, state, created)
		VALUES ($1, $2, 'prenote', $3, $4, $5, $6, 0, 'in_file', $7)`, string(tx.Org()), string(batch), string(funding.ID), today.String(),
		effective.String(), members, int64(clock.FromTime(tx.Now())))
	return nil
}
