package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// A bank knows one day's files of an originator by 36 letters and digits (XO-6), and test entries come one by one, as
// accounts are entered: only so many files of them a day leave at once, later ones take together what has gathered.
const (
	testsAtOnce = 6
	testsGather = 4 * time.Hour
)

// testTime is when test entries that wait at an instant leave.
func testTime(tx *db.Tx, at time.Time) (time.Time, error) {
	day := civil.Of(at, civil.Pacific)
	if !banking.IsBankingDay(day) {
		return releaseTime(banking.Next(day)), nil
	}
	var n, last int64
	midnight := civil.Of(at, civil.NewYork).At(0, 0, civil.NewYork)
	err := tx.Row(`SELECT count(*), coalesce(max(created), 0) FROM bank_files WHERE org_id = $1 AND direction = 'out' AND created >= $2
		AND kind IN ('prenote', 'validation', 'accounttest')`, string(tx.Org()), int64(clock.FromTime(midnight))).Scan(&n, &last)
	if err != nil {
		return time.Time{}, fmt.Errorf("count the day's test files: %w", err)
	}
	if n < testsAtOnce {
		return at, nil
	}
	return latestTime(at, clock.Instant(last).Time().Add(testsGather)), nil
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

// probe is a test entry that waits: a credit of nothing to an account of a vendor (VEN-5), or a debit of nothing of an
// account that a customer typed at a pay link (AR-12). It moves no money.
type probe struct {
	kind   string // of its file
	sealed string
	number func(*secret.Vault, ids.ID) (string, error)
	class  ach.SEC
	entry  ach.Entry // but for the number and the trace
	sent   func(trace string, batch ids.ID)
}

// probes reads the test entries that wait.
func probes(tx *db.Tx) (all []probe, err error) {
	err = eachUntested(tx, vendor.BankAccounts, func(a *vendor.BankAccount) {
		p := probe{kind: "prenote", sealed: a.Account, number: a.Number, class: ach.CCD,
			entry: ach.Entry{TransactionCode: ach.CheckingPrenote, Routing: a.Routing, ID: string(a.ID[5:]), Name: entryName(a.HolderName)}}
		if a.AccountType == vendor.Savings {
			p.entry.TransactionCode = ach.SavingsPrenote
		}
		if a.HolderType == vendor.Person {
			p.class = ach.PPD
		}
		p.sent = func(trace string, _ ids.ID) {
			after := *a
			after.PrenoteState, after.PrenoteTrace = vendor.PrenoteSent, trace
			vendor.BankAccounts.SaveAs(tx, "test", a, &after)
		}
		all = append(all, p)
	})
	if err != nil {
		return nil, err
	}
	err = eachUntested(tx, customer.BankAccounts, func(a *customer.BankAccount) {
		p := probe{kind: "validation", sealed: a.Account, number: a.Number,
			entry: ach.Entry{TransactionCode: ach.CheckingDebitPrenote, Routing: a.Routing, ID: string(a.ID[5:]), Name: entryName(a.NameOnAccount)}}
		if a.Savings {
			p.entry.TransactionCode = ach.SavingsDebitPrenote
		}
		p.class = debitClass(a, &p.entry)
		p.sent = func(trace string, batch ids.ID) {
			after := *a
			after.PrenoteState, after.PrenoteTrace, after.PrenoteBatch = vendor.PrenoteSent, trace, batch
			after.UsableFrom = customer.ValidatedFrom(tx.Now())
			customer.BankAccounts.SaveAs(tx, "test", a, &after)
		}
		all = append(all, p)
	})
	return all, err
}

// eachUntested calls found for each account of a type that waits for its test entry.
func eachUntested[A any](tx *db.Tx, t record.Of[A], found func(*A)) error {
	return t.List(tx, record.Query{Filters: []record.Filter{
		{Field: t.Must("prenoteState"), Op: record.Eq, Values: []any{vendor.PrenoteDue}},
		{Field: t.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}},
	}}, func(a *A) error {
		found(a)
		return nil
	})
}

// prenote sends the test entries that wait, those of each kind in a file of their own.
func (e *Engine) prenote(ctx context.Context, orgID ids.ID, at time.Time) error {
	numbers := map[string]string{} // by sealed number
	var waiting []probe
	err := e.db.Read(ctx, caller(orgID), func(tx *db.Tx) error {
		since, err := prenoteWaits(tx)
		if err != nil || since == 0 {
			return err
		}
		leave, err := testTime(tx, at)
		if err != nil || leave.After(at) {
			return err
		}
		waiting, err = probes(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("look for test entries: %w", err)
	}
	if len(waiting) == 0 {
		return nil
	}
	for _, p := range waiting {
		if numbers[p.sealed], err = p.number(e.vault, orgID); err != nil {
			return fmt.Errorf("open the number of account %s: %w", p.entry.ID, err)
		}
	}
	if err := e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error { return e.sendPrenotes(tx, numbers) }); err != nil {
		return fmt.Errorf("write test entries: %w", err)
	}
	return nil
}

func (e *Engine) sendPrenotes(tx *db.Tx, numbers map[string]string) error {
	if _, err := tx.Next("release run", 1); err != nil { // one run of the organisation at a time
		return err
	}
	all, err := probes(tx)
	if err != nil || len(all) == 0 {
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
	first, err := tx.NextN("trace "+own.Routing[:8], 1, int64(len(all)))
	if err != nil {
		return err
	}
	today := civil.Of(tx.Now(), civil.Pacific)
	for _, kind := range []string{"prenote", "validation"} {
		b := fileBatch{id: ids.New(ids.DisbursementBatch), account: own.ID, rail: "prenote", process: today, effective: banking.Next(today)}
		entries := map[ach.SEC][]ach.Entry{}
		for i, p := range all {
			number, known := numbers[p.sealed]
			if p.kind != kind || !known { // new since they were opened: the next run takes it
				continue
			}
			n := first + int64(i)
			p.entry.Account, p.entry.Trace = number, uint64(n)
			entries[p.class] = append(entries[p.class], p.entry)
			p.sent(fullTrace(own, n), b.id)
			b.members++
		}
		if b.members == 0 {
			continue
		}
		if _, err := e.storeACH(tx, kind, b.id, o, own, entries, b.effective, ""); err != nil {
			return err
		}
		b.insert(tx)
	}
	return nil
}
