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
	Until         civil.Date // the last day for an answer, once it is sent; of a further account, once it is proved, the day of that
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
	ErrSecond     = fault.New(fault.Forbidden, "bank_account_second_person", "Another person who manages bank accounts has to approve this account.")
)

// aloneDays is how many banking days after its proof who added an account may approve it where nobody else can (SEC-5).
const aloneDays = 2

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

// ConfirmDeposit takes what the holder of an account tells that its test deposit was. The right amount makes the first account
// of the organisation usable; a further one waits for Approve. The third wrong amount makes it invalid. The account and the
// test that come back say which. It fails with fault.ErrNotFound, ErrTestOthers and ErrTestOver. Rules FND-6, SEC-5.
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
		further, err := further(tx)
		if err != nil {
			return t, err
		}
		if !further {
			after.Status = Verified
			break
		}
		if err := proved(tx, a, t); err != nil {
			return t, err
		}
	case TestFailed:
		after.Status = Invalid
	}
	Accounts.SaveAs(tx, "confirm", a, &after)
	*a = after
	return t, nil
}

// further reports whether the organisation has had a usable account before: money may be led away from that one.
func further(tx *db.Tx) (yes bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM bank_accounts WHERE org_id = $1 AND status = $2)`, string(tx.Org()), int64(Verified)).Scan(&yes)
	return yes, err
}

// proved notes on which day a further account was proved, and tells it to those who watch if nobody else can approve it.
func proved(tx *db.Tx, a *Account, t Test) error {
	tx.ExecOne(`UPDATE account_tests SET until = $3 WHERE org_id = $1 AND account_id = $2`, string(tx.Org()), string(a.ID),
		civil.Of(tx.Now(), civil.Pacific).String())
	other, err := org.OtherHolds(tx, t.StartedBy, org.ManageBanks)
	if err != nil || other {
		return err
	}
	return org.ActAlone(tx, t.StartedBy, Accounts.Name, a.ID, "add the bank account "+a.Name+" ending in "+a.AccountTail)
}

// Approve makes a further account usable that was proved by its test deposit. It needs ManageBanks and another person than
// who added the account; where there is none, that one, from the second banking day after the proof. It fails with
// fault.ErrNotFound, ErrTestOver for an account that is not proved or decided, and ErrSecond. Rule SEC-5.
func Approve(tx *db.Tx, id ids.ID) error {
	if err := tx.Require(org.ManageBanks); err != nil {
		return err
	}
	a, err := Accounts.LoadForUpdate(tx, id)
	if err != nil {
		return err
	}
	t, err := TestOf(tx, id)
	if err != nil {
		return err
	}
	if t.State != TestConfirmed || a.Active != record.Active || a.Status != Pending {
		return ErrTestOver.With(string(id))
	}
	if me := tx.Caller().User; me == t.StartedBy {
		other, err := org.OtherHolds(tx, me, org.ManageBanks)
		if err != nil {
			return err
		}
		if other || civil.Of(tx.Now(), civil.Pacific).Before(Days.Add(t.Until, aloneDays)) {
			return ErrSecond
		}
	}
	after := *a
	after.Status = Verified
	Accounts.SaveAs(tx, "approve", a, &after)
	return nil
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
