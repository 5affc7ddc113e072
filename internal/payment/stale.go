package payment

import (
	"context"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
)

// Stop orders of mailed cheques (VOI-3, VOI-5), and what becomes of those that nobody presents (VOI-6, VOI-7).

// stopMonths is how long a bank heeds a stop order in writing (VOI-5).
const stopMonths = 6

// months is the same day of a later month, or that month's last.
func months(d civil.Date, n int) civil.Date {
	first := time.Date(d.Year(), d.Month()+time.Month(n), 1, 12, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1)
	return civil.Of(first.AddDate(0, 0, min(d.Day(), last.Day())-1), time.UTC)
}

// stop asks the bank not to pay a cheque that may be presented any day.
func (c entry) stop(tx *db.Tx, reason string) {
	today := civil.Of(tx.Now(), civil.Pacific)
	c.set(tx, CheckStopRequested, reason)
	// void_file: the bank is told, also where a file before was rejected.
	tx.ExecOne(`UPDATE checks SET stopped_on = $4, stop_until = $5, void_file = '' WHERE org_id = $1 AND bank_account_id = $2 AND serial = $3`,
		string(tx.Org()), string(c.account), c.serial, today.String(), months(today, stopMonths).String())
}

// stopsTaken is the bank's answer to a file with void lines: what it takes is stopped, and payments that waited for that
// are voided; what it rejects stands. An answer to any other file does nothing.
func stopsTaken(tx *db.Tx, f bankFile, taken bool, why string) error {
	if f.kind != "stops" {
		return nil
	}
	waiting, err := texts(tx, `SELECT d.payment_id FROM checks c JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
		WHERE c.org_id = $1 AND c.void_file = $2 AND c.state = 'stop_requested' ORDER BY d.payment_id`, string(tx.Org()), string(f.id))
	if err != nil {
		return err
	}
	for _, id := range waiting {
		p, err := lock(tx, id)
		if err != nil {
			return err
		}
		if taken {
			err = p.stopped(tx)
		} else {
			err = p.notStopped(tx, why)
		}
		if err != nil {
			return err
		}
	}
	if !taken { // the lines of numbers that nobody waits for are not sent again by themselves
		return addTask(tx, TaskOperator, f.id, "", why+". Tell the bank of the void and issue lines in this file.")
	}
	tx.Exec(`UPDATE checks SET state = 'voided', changed = $3 WHERE org_id = $1 AND void_file = $2 AND state = 'stale'`, string(tx.Org()),
		string(f.id), int64(clock.FromTime(tx.Now())))
	return nil
}

// stopped voids a payment whose cheque the bank does not pay any more.
func (p *Payment) stopped(tx *db.Tx) error {
	c, err := liveCheck(tx, p.ID)
	if err != nil || p.State != VoidRequested || c.state != CheckStopRequested {
		return err
	}
	return p.voidCheck(tx, c, p.VoidReason, false)
}

// notStopped lets a payment stand whose cheque the bank does not stop.
func (p *Payment) notStopped(tx *db.Tx, why string) error {
	c, err := liveCheck(tx, p.ID)
	if err != nil || p.State != VoidRequested || c.state != CheckStopRequested {
		return err
	}
	c.set(tx, CheckMailed, why)
	return p.move(tx, Sent, change{note: why, void: voidRefused})
}

// ConfirmStop records the answer of a bank that gives it by other ways than a file: the cheque of the payment is stopped,
// or it is not. The caller needs CancelPayments. It fails with fault.ErrNotFound, and with ErrCheckState for a payment that
// waits for no stop.
func ConfirmStop(tx *db.Tx, payment ids.ID, stopped bool) error {
	if err := tx.Require(org.CancelPayments); err != nil {
		return err
	}
	p, err := Payments.LoadForUpdate(tx, payment)
	switch {
	case err != nil:
		return err
	case p.Rail != Check || p.State != VoidRequested:
		return ErrCheckState
	case stopped:
		return p.stopped(tx)
	}
	return p.notStopped(tx, "The bank did not stop the check.")
}

// RenewStop extends a stop order by six months from today (VOI-5). The caller needs CancelPayments. It fails with
// ErrCheckState for a number without one.
func RenewStop(tx *db.Tx, account ids.ID, serial int64) error {
	if err := tx.Require(org.CancelPayments); err != nil {
		return err
	}
	today := civil.Of(tx.Now(), civil.Pacific)
	n, err := tx.ExecNow(`UPDATE checks SET stopped_on = $4, stop_until = $5 WHERE org_id = $1 AND bank_account_id = $2 AND serial = $3
		AND stop_until <> '' AND state IN ('stop_requested', 'voided')`, string(tx.Org()), string(account), serial, today.String(),
		months(today, stopMonths).String())
	if err == nil && n == 0 {
		return ErrCheckState
	}
	tx.Audit("renew stop", "bankAccount", account, fmt.Sprintf(`{"number":%d}`, serial))
	return err
}

// ReturnMail records that the post brought a mailed check back, or with back false that it was mailed again (CHK-4). While it is
// back, a void needs no stop. The caller needs PrintChecks. It fails with ErrCheckState.
func ReturnMail(tx *db.Tx, account ids.ID, serial int64, back bool) error {
	if err := tx.Require(org.PrintChecks); err != nil {
		return err
	}
	from, to := CheckMailed, CheckReturnedMail
	if !back {
		from, to = to, from
	}
	n, err := tx.ExecNow(`UPDATE checks SET state = $5, changed = $6 WHERE org_id = $1 AND bank_account_id = $2 AND serial = $3 AND state = $4`,
		string(tx.Org()), string(account), serial, from, to, int64(clock.FromTime(tx.Now())))
	if err == nil && n == 0 {
		return ErrCheckState
	}
	tx.Audit(to, "bankAccount", account, fmt.Sprintf(`{"number":%d}`, serial))
	return err
}

// staleAfter is on how many days after its issue a cheque is good.
func staleAfter(p org.Preferences) int {
	if p.ExpireCheckDays == 0 {
		return 90
	}
	return p.ExpireCheckDays
}

// lapse are the mailed cheques of the organisation that may go stale.
const lapse = `FROM checks c JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
	JOIN payments p ON p.org_id = d.org_id AND p.id = d.payment_id
	WHERE c.org_id = $1 AND c.state IN ('mailed', 'returned_mail') AND p.state = 'sent'`

// lapses is the instant from which the oldest mailed cheque is stale; zero if none is out.
func lapses(tx *db.Tx) (time.Time, error) {
	var oldest civil.Date
	if err := tx.Row(`SELECT coalesce(min(c.issued), '') `+lapse, string(tx.Org())).Scan(&oldest); err != nil || oldest.IsZero() {
		return time.Time{}, err
	}
	prefs, err := org.Prefs(tx)
	return oldest.AddDays(staleAfter(prefs)+1).At(0, 0, civil.Pacific), err
}

// Lapse voids the cheques that nobody has presented in time: on the 91st day after issue their bills are open again, or
// the money is kept for the payee where the organisation says so (VOI-6, VOI-7; posting 20). The bank is told.
func (e *Engine) Lapse(ctx context.Context, orgID ids.ID, at time.Time) error {
	var due []string
	err := e.db.Read(ctx, caller(orgID), func(tx *db.Tx) error {
		from, err := lapses(tx)
		if err != nil || from.IsZero() || at.Before(from) {
			return err
		}
		prefs, err := org.Prefs(tx)
		if err != nil {
			return err
		}
		due, err = texts(tx, `SELECT p.id `+lapse+` AND c.issued < $2 ORDER BY p.id`, string(orgID),
			civil.Of(at, civil.Pacific).AddDays(-staleAfter(prefs)).String())
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	return e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error {
		prefs, err := org.Prefs(tx)
		if err != nil {
			return err
		}
		for _, id := range due {
			p, err := lock(tx, id)
			if err != nil {
				return err
			}
			if err := p.goStale(tx, prefs); err != nil {
				return fmt.Errorf("payment %s goes stale: %w", id, err)
			}
		}
		return nil
	})
}

func (p *Payment) goStale(tx *db.Tx, prefs org.Preferences) error {
	c, err := liveCheck(tx, p.ID)
	if err != nil || p.State != Sent || c.state != CheckMailed && c.state != CheckReturnedMail {
		return err
	}
	c.set(tx, CheckStale, "stale")
	setDisbursement(tx, p.ID, "voided")
	today := civil.Of(tx.Now(), civil.Pacific)
	note := change{note: fmt.Sprintf("The check was not presented within %d days.", staleAfter(prefs))}
	if prefs.StaleChecks != "unclaimed" {
		if p.VoidType != 0 { // of a stop that the bank refused: nobody asks for another payment now
			after := *p
			after.VoidType = 0
			Payments.SaveAs(tx, "forget void", p, &after)
			*p = after
		}
		return p.voidAs(tx, ledger.StaleCheck, today, note, false)
	}
	_, err = ledger.Post(tx, ledger.Entry{Date: today, Event: ledger.StaleCheck, Source: p.ID, Version: 1, Currency: p.Currency,
		Memo: "Check of payment " + p.Confirmation + " unclaimed", Postings: []ledger.Posting{
			{Role: ledger.MoneyOut, Amount: p.Amount},
			{Role: ledger.Unclaimed, Amount: -p.Amount, Party: p.VendorID},
		}})
	if err != nil {
		return err
	}
	if err := p.move(tx, Unclaimed, note); err != nil {
		return err
	}
	return settleMovements(tx, map[ids.ID]bool{p.MoneyMovementID: true})
}

// unclaimed locks a payment whose money is kept for the payee.
func unclaimed(tx *db.Tx, payment ids.ID) (*Payment, error) {
	if err := tx.Require(org.PayApproved); err != nil {
		return nil, err
	}
	p, err := Payments.LoadForUpdate(tx, payment)
	if err == nil && p.State != Unclaimed {
		return nil, ErrCheckState
	}
	return p, err
}

// PayState records that the money kept for the payee of a stale cheque was paid to a state from the payment's funding
// account (VOI-7; posting 21). The caller needs PayApproved. It fails with ErrCheckState for a payment that is not
// unclaimed.
func PayState(tx *db.Tx, payment ids.ID, day civil.Date) error {
	p, err := unclaimed(tx, payment)
	if err != nil {
		return err
	}
	if day.IsZero() || day.After(civil.Of(tx.Now(), civil.Pacific)) || day.Before(p.ProcessDate) {
		return fault.ErrValue.On("day")
	}
	from, err := bank.Accounts.Load(tx, p.BankAccountID)
	if err != nil {
		return err
	}
	_, err = ledger.Post(tx, ledger.Entry{Date: day, Event: ledger.Escheat, Source: p.ID, Version: 1, Currency: p.Currency,
		Memo: "Unclaimed money of payment " + p.Confirmation + " paid to a state", Postings: []ledger.Posting{
			{Role: ledger.Unclaimed, Amount: p.Amount, Party: p.VendorID},
			{Account: from.LedgerAccountID, Amount: -p.Amount},
		}})
	if err != nil {
		return err
	}
	return p.move(tx, Escheated, change{})
}

// Claim gives a payee who asks for it the money kept of a stale cheque: the payment is voided, its bills are open again,
// and with reissue a new payment is made for them (5.5; posting 20 turned around). It fails as PayState, and as Void where
// the new payment cannot be made.
func Claim(tx *db.Tx, payment ids.ID, reissue bool) error {
	p, err := unclaimed(tx, payment)
	if err != nil {
		return err
	}
	_, err = ledger.Post(tx, ledger.Entry{Date: civil.Of(tx.Now(), civil.Pacific), Event: ledger.StaleCheck, Source: p.ID, Version: 2,
		Currency: p.Currency, Memo: "Unclaimed money of payment " + p.Confirmation + " claimed", Postings: []ledger.Posting{
			{Role: ledger.Unclaimed, Amount: p.Amount, Party: p.VendorID},
			{Role: ledger.AP, Amount: -p.Amount, Party: p.VendorID},
		}})
	if err != nil {
		return err
	}
	if err := p.move(tx, Voided, change{note: "The payee has claimed the money."}); err != nil || !reissue {
		return err
	}
	return p.reissue(tx)
}

// stopsAhead is how many days before a stop order ends it is listed (VOI-5).
const stopsAhead = 10

// ExpiringStops lists the numbers whose stop order ends within ten days, the first to end first; those that ended stay
// until they are renewed. The caller needs ViewBanks.
func ExpiringStops(tx *db.Tx) ([]Registered, error) {
	return register(tx, `c.stop_until <> '' AND c.state IN ('stop_requested', 'voided') AND c.stop_until <= $2 ORDER BY c.stop_until, c.serial LIMIT 100`,
		civil.Of(tx.Now(), civil.Pacific).AddDays(stopsAhead).String())
}
