package bank

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Kinds of a Test.
const (
	Deposit = "deposit" // one credit to an account of ours (FND-6)
	Micro   = "micro"   // two credits to a vendor's account, and a debit of their sum (VEN-5)
)

// States of a Test.
const (
	TestDue       = "due"
	TestSent      = "sent"
	TestConfirmed = "confirmed"
	TestFailed    = "failed"
	TestReturned  = "returned"
)

// Test is money under a dollar that is sent to an account, so that who holds it can tell how much came.
type Test struct {
	Account       ids.ID
	Kind, State   string
	First, Second int64      // minor units, once it is sent
	Tries         int64      // wrong answers
	Until         civil.Date // the last day for an answer, once it is sent
	StartedBy     ids.ID
}

// maxTries is how often the amounts can be told.
const maxTries = 3

// TestDays is how many days there are to tell the amounts (FND-6, VEN-5).
var TestDays = map[string]int{Deposit: 14, Micro: 10}

// Faults of telling what came.
var (
	ErrTestOver   = fault.New(fault.Conflict, "account_test_over", "There is no test of this account that waits for its amounts: it has not left, is over, or was too long ago.")
	ErrTestOthers = fault.New(fault.Forbidden, "account_test_others", "Only who added the account tells the amount of its test deposit.")
)

// StartTest has a test sent to an account that was just added.
func StartTest(tx *db.Tx, account ids.ID, kind string) {
	tx.Exec(`INSERT INTO account_tests (org_id, account_id, kind, state, started, started_by) VALUES ($1, $2, $3, 'due', $4, $5)`, string(tx.Org()),
		string(account), kind, int64(clock.FromTime(tx.Now())), string(tx.Caller().User))
}

// TestOf reads the test of an account. It fails with fault.ErrNotFound if there is none.
func TestOf(tx *db.Tx, account ids.ID) (Test, error) {
	t := Test{Account: account}
	var until string
	err := tx.Row(`SELECT kind, state, first, second, tries, until, started_by FROM account_tests WHERE org_id = $1 AND account_id = $2`+tx.ForUpdate(),
		string(tx.Org()), string(account)).Scan(&t.Kind, &t.State, &t.First, &t.Second, &t.Tries, &until, (*string)(&t.StartedBy))
	if errors.Is(err, sql.ErrNoRows) {
		return t, fault.ErrNotFound.With(string(account))
	}
	if err == nil && until != "" {
		t.Until, err = civil.Parse(until)
	}
	return t, err
}

// Waits reports whether amounts can be told on that day.
func (t Test) Waits(today civil.Date) bool { return t.State == TestSent && !today.After(t.Until) }

// Left is how many answers are left.
func (t Test) Left() int64 { return maxTries - t.Tries }

// Answer judges the amounts that somebody tells, in any order; second is 0 for a deposit. The answer is stored either way: a
// wrong one counts, the third ends the test. It fails with fault.ErrNotFound and ErrTestOver.
func Answer(tx *db.Tx, account ids.ID, first, second int64) (Test, error) {
	t, err := TestOf(tx, account)
	if err != nil {
		return t, err
	}
	if !t.Waits(civil.Of(tx.Now(), civil.Pacific)) {
		return t, ErrTestOver.With(string(account))
	}
	switch {
	case first == t.First && second == t.Second || first == t.Second && second == t.First:
		t.State = TestConfirmed
	default:
		if t.Tries++; t.Tries >= maxTries {
			t.State = TestFailed
		}
	}
	tx.ExecOne(`UPDATE account_tests SET state = $3, tries = $4 WHERE org_id = $1 AND account_id = $2`, string(tx.Org()), string(account), t.State, t.Tries)
	return t, nil
}

// ConfirmDeposit makes an account usable if its holder tells what its test deposit was, and invalid at the third wrong
// amount; the test that comes back says which. It fails with fault.ErrNotFound, ErrTestOthers and ErrTestOver. Rule FND-6.
func ConfirmDeposit(tx *db.Tx, id ids.ID, amount int64) (t Test, err error) {
	if err := tx.Require(org.ManageBanks); err != nil {
		return t, err
	}
	a, err := Accounts.LoadForUpdate(tx, id)
	if err != nil {
		return t, err
	}
	if t, err = TestOf(tx, id); err != nil {
		return t, err
	}
	switch {
	case t.StartedBy != tx.Caller().User:
		return t, ErrTestOthers.On("amount")
	case a.Active != record.Active || a.Status != Pending:
		return t, ErrTestOver.With(string(id))
	}
	if t, err = Answer(tx, id, amount, 0); err != nil {
		return t, err
	}
	after := *a
	switch t.State {
	case TestConfirmed:
		after.Status = Verified
	case TestFailed:
		after.Status = Invalid
	}
	Accounts.SaveAs(tx, "confirm", a, &after)
	return t, nil
}

// Refuse marks an account whose test came back as invalid. It is the engine's to call.
func Refuse(tx *db.Tx, id ids.ID) error {
	return change(tx, "refuse", id, func(a *Account) {
		if a.Status == Pending {
			a.Status = Invalid
		}
	})
}

// pass ends the test of an account that is verified otherwise.
func pass(tx *db.Tx, id ids.ID) {
	tx.Exec(`UPDATE account_tests SET state = 'confirmed' WHERE org_id = $1 AND account_id = $2 AND state IN ('due', 'sent', 'failed')`, string(tx.Org()), string(id))
}

// SetTest notes that a test left. It is the engine's to call.
func SetTest(tx *db.Tx, account ids.ID, first, second int64, trace, lastTrace string, batch ids.ID, until civil.Date) error {
	n, err := tx.ExecNow(`UPDATE account_tests SET state = 'sent', first = $3, second = $4, trace = $5, last_trace = $6, batch_id = $7, until = $8
		WHERE org_id = $1 AND account_id = $2 AND state = 'due'`, string(tx.Org()), string(account), first, second, trace, lastTrace, string(batch),
		until.String())
	if err == nil && n != 1 {
		err = fmt.Errorf("the test of account %s is not due", account)
	}
	return err
}
