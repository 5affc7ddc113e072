package payment

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/rail/ach/achread"
	"github.com/duebook/duebook/internal/vendor"
)

// Small credits prove whose an account is (package bank, Test): one to a new account of ours (FND-6), two to a vendor's with
// a debit of their sum (VEN-5). They leave in a file of their own under ACCTVERIFY, and are bank fees in the books.

// What a sandbox sends (SIM-8), in cents.
const (
	sandboxDeposit = 50
	sandboxFirst   = 11
	sandboxSecond  = 23
)

// mostMicro is the largest small credit, in cents.
const mostMicro = 99

// dueTest is a test that is to leave, with all that its entries need.
type dueTest struct {
	account                 ids.ID
	kind                    string
	routing, number, sealed string
	name                    string
	savings, person         bool
	first, second           int64 // cents
}

// testsDue is since when a test waits that can leave; zero for none. Deposits need no other account of ours, small credits to
// vendors do.
func testsDue(tx *db.Tx) (clock.Instant, error) {
	var deposit, micro int64
	err := tx.Row(`SELECT CAST(coalesce(min(CASE WHEN kind = 'deposit' THEN started END), 0) AS BIGINT),
			CAST(coalesce(min(CASE WHEN kind = 'micro' THEN started END), 0) AS BIGINT)
		FROM account_tests WHERE org_id = $1 AND state = 'due'`, string(tx.Org())).Scan(&deposit, &micro)
	if err != nil || micro == 0 {
		return clock.Instant(deposit), err
	}
	switch _, err = bank.Default(tx); {
	case errors.Is(err, bank.ErrNoAccount):
		return clock.Instant(deposit), nil
	case err == nil && (deposit == 0 || micro < deposit):
		return clock.Instant(micro), nil
	}
	return clock.Instant(deposit), err
}

// dueTests reads the tests that are to leave, the oldest first, and the accounts whose tests are over before, as they were
// closed or decided.
func dueTests(tx *db.Tx) (all []dueTest, over []ids.ID, err error) {
	found, err := texts(tx, `SELECT account_id FROM account_tests WHERE org_id = $1 AND state = 'due' ORDER BY started, account_id LIMIT 500`+tx.ForUpdate(),
		string(tx.Org()))
	if err != nil {
		return nil, nil, err
	}
	for _, f := range found {
		t := dueTest{account: ids.ID(f)}
		var open bool
		if t.account.Is(ids.BankAccount) {
			a, err := bank.Accounts.Load(tx, t.account)
			if err != nil {
				return nil, nil, err
			}
			o, err := org.Load(tx)
			if err != nil {
				return nil, nil, err
			}
			open = a.Active == 1 && a.Status == bank.Pending
			t.kind, t.routing, t.sealed, t.name = bank.Deposit, a.Routing, a.Account, entryName(o.Name)
		} else {
			a, err := vendor.BankAccounts.Load(tx, t.account)
			if err != nil {
				return nil, nil, err
			}
			open = a.Active == 1 && a.PrenoteState == vendor.MicroDue
			t.kind, t.routing, t.sealed, t.name = bank.Micro, a.Routing, a.Account, entryName(a.HolderName)
			t.savings, t.person = a.AccountType == vendor.Savings, a.HolderType == vendor.Person
		}
		if open {
			all = append(all, t)
		} else {
			over = append(over, t.account)
		}
	}
	return all, over, nil
}

// sendTests sends the tests of new accounts, at the times of other test entries.
func (e *Engine) sendTests(ctx context.Context, orgID ids.ID, at time.Time) error {
	var waiting []dueTest
	var over []ids.ID
	sandbox := false
	err := e.db.Read(ctx, caller(orgID), func(tx *db.Tx) error {
		sandbox = tx.Sandbox()
		since, err := testsDue(tx)
		if err != nil || since == 0 {
			return err
		}
		leave, err := testTime(tx, at)
		if err != nil || leave.After(at) {
			return err
		}
		waiting, over, err = dueTests(tx)
		return err
	})
	if err != nil || len(waiting)+len(over) == 0 {
		return err
	}
	made := map[ids.ID]dueTest{}
	for _, t := range waiting {
		if t.number, err = e.opened(orgID, t); err != nil {
			return fmt.Errorf("open the number of account %s: %w", t.account, err)
		}
		if t.first, t.second, err = testAmounts(t.kind, sandbox); err != nil {
			return err
		}
		made[t.account] = t
	}
	if err := e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error { return e.writeTests(tx, made) }); err != nil {
		return fmt.Errorf("write the tests of accounts: %w", err)
	}
	return nil
}

func (e *Engine) opened(orgID ids.ID, t dueTest) (string, error) {
	if t.kind == bank.Deposit {
		a := bank.Account{Account: t.sealed}
		a.ID = t.account
		return a.Number(e.vault, orgID)
	}
	a := vendor.BankAccount{Account: t.sealed}
	a.ID = t.account
	return a.Number(e.vault, orgID)
}

// testAmounts are what a test sends: nobody can foresee it, but in a sandbox everybody (SIM-8).
func testAmounts(kind string, sandbox bool) (first, second int64, err error) {
	switch {
	case sandbox && kind == bank.Deposit:
		return sandboxDeposit, 0, nil
	case sandbox:
		return sandboxFirst, sandboxSecond, nil
	}
	for _, to := range []*int64{&first, &second} {
		n, err := rand.Int(rand.Reader, big.NewInt(mostMicro))
		if err != nil {
			return 0, 0, err
		}
		*to = n.Int64() + 1
	}
	if kind == bank.Deposit {
		second = 0
	}
	return first, second, nil
}

// writeTests writes the tests into a file for each account of ours that they draw on: the default one, or where none is
// verified yet the one that is tested itself.
func (e *Engine) writeTests(tx *db.Tx, made map[ids.ID]dueTest) error {
	if _, err := tx.Next("release run", 1); err != nil { // one run of the organisation at a time
		return err
	}
	due, over, err := dueTests(tx)
	if err != nil {
		return err
	}
	for _, account := range over {
		tx.ExecOne(`UPDATE account_tests SET state = 'failed' WHERE org_id = $1 AND account_id = $2 AND state = 'due'`, string(tx.Org()), string(account))
	}
	main, err := bank.Default(tx)
	if err != nil && !errors.Is(err, bank.ErrNoAccount) {
		return err
	}
	from := map[ids.ID][]dueTest{}
	for _, d := range due {
		t, known := made[d.account]
		switch {
		case !known || t.sealed != d.sealed: // new since they were opened: the next run takes it
		case main != nil:
			from[main.ID] = append(from[main.ID], t)
		case t.kind == bank.Deposit:
			from[t.account] = append(from[t.account], t)
		}
	}
	for _, id := range sorted(from) {
		own, err := bank.Accounts.Load(tx, id)
		if err != nil {
			return err
		}
		if err := e.testFile(tx, own, from[id]); err != nil {
			return err
		}
	}
	return nil
}

// testFile writes the tests that draw on an account of ours: a batch for each, as each is balanced for itself.
func (e *Engine) testFile(tx *db.Tx, own *bank.Account, tests []dueTest) error {
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	today := civil.Of(tx.Now(), civil.Pacific)
	id, effective, total := ids.New(ids.DisbursementBatch), banking.Next(today), int64(0)
	var parts []ach.Batch
	for _, t := range tests {
		n, err := tx.NextN("trace "+own.Routing[:8], 1, 3)
		if err != nil {
			return err
		}
		entry := ach.Entry{TransactionCode: ach.CheckingCredit, Routing: t.routing, Account: t.number, Amount: t.first, ID: string(t.account[5:]),
			Name: t.name, Trace: uint64(n)}
		b := ach.Batch{SEC: ach.CCD, Effective: effective}
		if t.savings {
			entry.TransactionCode = ach.SavingsCredit
		}
		if t.person {
			b.SEC = ach.PPD
		}
		entries, last := []ach.Entry{entry}, n
		if t.kind == bank.Micro {
			second, debit := entry, entry
			second.Amount, second.Trace = t.second, uint64(n+1)
			debit.Amount, debit.Trace, debit.TransactionCode = 0, uint64(n+2), entry.TransactionCode+ach.CheckingDebit-ach.CheckingCredit
			entries, b.Offset, last = append(entries, second), &debit, n+2
		}
		b.Entries = each(entries)
		parts = append(parts, b)
		total += t.first + t.second
		if err := bank.SetTest(tx, t.account, t.first, t.second, fullTrace(own, n), fullTrace(own, last), id, today.AddDays(bank.TestDays[t.kind])); err != nil {
			return err
		}
		if t.kind == bank.Micro {
			a, err := vendor.BankAccounts.LoadForUpdate(tx, t.account)
			if err != nil {
				return err
			}
			after := *a
			after.PrenoteState = vendor.MicroSent
			vendor.BankAccounts.SaveAs(tx, "test", a, &after)
		}
	}
	if _, err := e.storeBatches(tx, "accounttest", id, o, own, parts); err != nil {
		return err
	}
	fileBatch{id: id, account: own.ID, rail: "accounttest", process: today, effective: effective, members: len(tests), total: total}.insert(tx)
	return nil
}

// testBack takes in a test that comes back: the account is invalid. What is no test is passed over.
func testBack(tx *db.Tx, b achread.Entry, original, code string) error {
	id, err := testOfTrace(tx, original)
	if err != nil || id == "" {
		return err
	}
	tx.Exec(`UPDATE bank_returns SET matched = $5 WHERE org_id = $1 AND trace = $2 AND original = $3 AND code = $4`, string(tx.Org()), b.Trace,
		original, code, string(id))
	return refuseTested(tx, id, code+" "+reasonText(code))
}

// testOfTrace is the account whose test has an entry of that trace; empty for none.
func testOfTrace(tx *db.Tx, trace string) (ids.ID, error) {
	var id string
	err := tx.Row(`SELECT account_id FROM account_tests WHERE org_id = $1 AND trace <> '' AND trace <= $2 AND last_trace >= $2`, string(tx.Org()), trace).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return ids.ID(id), err
}

// refuseTested ends a test that did not arrive, and its account.
func refuseTested(tx *db.Tx, id ids.ID, why string) error {
	n, err := tx.ExecNow(`UPDATE account_tests SET state = 'returned' WHERE org_id = $1 AND account_id = $2 AND state = 'sent'`, string(tx.Org()), string(id))
	if err != nil || n == 0 {
		return err
	}
	if id.Is(ids.BankAccount) {
		return bank.Refuse(tx, id)
	}
	a, err := vendor.BankAccounts.LoadForUpdate(tx, id)
	if err != nil {
		return err
	}
	after := *a
	after.PrenoteState = vendor.PrenoteReturned
	vendor.BankAccounts.SaveAs(tx, "return test", a, &after)
	if after.Active != 1 {
		return nil
	}
	return refuseAccount(tx, &after, why)
}

// rejectTests ends the tests of a file that the bank rejects.
func rejectTests(tx *db.Tx, batch ids.ID, why string) error {
	tx.ExecOne(`UPDATE disbursement_batches SET state = 'rejected' WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(batch))
	found, err := texts(tx, `SELECT account_id FROM account_tests WHERE org_id = $1 AND batch_id = $2 ORDER BY 1`, string(tx.Org()), string(batch))
	for _, id := range found {
		err = errors.Join(err, refuseTested(tx, ids.ID(id), why))
	}
	return err
}

// tested matches the lump of a file of tests by the file's id: it is a bank fee, as is what of it comes back or is credited
// to another account of ours.
func (s statementLine) tested(tx *db.Tx) (ids.ID, error) {
	var batch string
	err := tx.Row(`SELECT b.id FROM bank_files f JOIN disbursement_batches b ON b.org_id = f.org_id AND b.id = f.batch_id
		WHERE f.org_id = $1 AND f.id = $2 AND f.kind = 'accounttest' AND b.bank_account_id = $3 AND b.total >= $4`,
		string(tx.Org()), s.CustomerRef, string(s.own.ID), s.Amount).Scan(&batch)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the tests of accounts: %w", err)
	}
	tx.Exec(`UPDATE disbursement_batches SET state = 'settled' WHERE org_id = $1 AND id = $2 AND state = 'sent'`, string(tx.Org()), batch)
	return ids.ID(batch), s.testFee(tx)
}

// testMoney matches an entry of a test that comes to an account of ours, or back to it, by its trace.
func (s statementLine) testMoney(tx *db.Tx) (ids.ID, error) {
	if len(s.CustomerRef) != 15 || s.Amount > 2*mostMicro {
		return "", nil
	}
	id, err := testOfTrace(tx, s.CustomerRef)
	if err != nil || id == "" {
		return "", err
	}
	return id, s.testFee(tx)
}

func (s statementLine) testFee(tx *db.Tx) error {
	return s.postTo(tx, Item{Kind: ItemFee, Amount: s.signed()}, 1, ledger.BankFee, ledger.Posting{Role: ledger.Fees})
}
