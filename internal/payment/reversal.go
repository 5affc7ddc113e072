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
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/rail/ach/achread"
)

// A reversal takes a settled credit back with a debit of the same amount (VOI-4). One person asks, another approves: then the
// payment is void_requested. The debit leaves in a file of its own, the bank's credit settles it, and two banking days later
// without a return the payment is voided. If the receiving bank sends the debit back, the payment stands as it did.

// ReversalReasons are the reasons that the rules allow (VOI-4).
var ReversalReasons = map[string]string{"duplicate": "Paid twice", "amount": "Wrong amount", "receiver": "Wrong receiver",
	"date": "Wrong date: earlier than intended"}

// ErrNotReversible is a payment that cannot be taken back by a reversal.
var ErrNotReversible = fault.New(fault.Conflict, "payment_not_reversible",
	"Only a settled ACH payment can be reversed, once, and so that the entry is there within five banking days after its settlement.")

// reversalDays is how many banking days after the settlement of a credit its reversal must be there.
const reversalDays = 5

// Reversal is a request to take a settled credit back.
type Reversal struct {
	PaymentID    ids.ID
	Reason, Note string
	State        string // asked, denied, approved, in_file, settled, confirmed, returned
	Amount       int64
	AskedBy      ids.ID
	ApprovedBy   ids.ID
	Latest       civil.Date // effective date at the latest
	Trace        string
}

// AskReversal asks to take a settled credit back. Another person approves it. It fails with fault.ErrNotFound, fault.ErrValue
// for a reason that is none of ReversalReasons, and ErrNotReversible. Rule VOI-4.
func AskReversal(tx *db.Tx, id ids.ID, reason, note string) error {
	if err := tx.Require(org.CancelPayments); err != nil {
		return err
	}
	p, err := Payments.LoadForUpdate(tx, id)
	if err != nil {
		return err
	}
	if ReversalReasons[reason] == "" {
		return fault.ErrValue.On("reason")
	}
	if p.Rail != ACH || p.State != Settled && p.State != Cleared {
		return ErrNotReversible.With(string(id))
	}
	var file, trace string
	var settled civil.Date
	err = tx.Row(`SELECT f.id, d.trace, d.settled_on FROM disbursements d JOIN bank_files f ON f.org_id = d.org_id AND f.batch_id = d.batch_id
		WHERE d.org_id = $1 AND d.payment_id = $2 AND f.kind = 'ach' AND f.state <> 'rejected'`, string(tx.Org()), string(id)).
		Scan(&file, &trace, &settled)
	if err != nil {
		return fmt.Errorf("find the entry of payment %s: %w", id, err)
	}
	until := banking.Add(settled, reversalDays)
	if banking.Next(civil.Of(tx.Now(), civil.Pacific)).After(until) {
		return ErrNotReversible.With(string(id))
	}
	n, err := tx.ExecNow(`INSERT INTO reversals (org_id, payment_id, reason, note, state, amount, bank_account_id, file_id, original, latest, asked_by, asked)
		VALUES ($1, $2, $3, $4, 'asked', $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (org_id, payment_id) DO UPDATE SET reason = $3, note = $4,
		state = 'asked', asked_by = $10, asked = $11, approved_by = '', leaves = '', batch_id = '', trace = '' WHERE reversals.state = 'denied'`,
		string(tx.Org()), string(id), reason, firstRunes(note, maxNote), p.Amount, string(p.BankAccountID), file, trace, until.String(),
		string(tx.Caller().User), int64(clock.FromTime(tx.Now())))
	if err == nil && n == 0 {
		err = ErrNotReversible.With(string(id))
	}
	tx.Audit("ask reversal", Payments.Name, id, `{"reason":"`+reason+`"}`)
	return err
}

// ReversalOf is the reversal of a payment. It fails with fault.ErrNotFound if none was ever asked for.
func ReversalOf(tx *db.Tx, id ids.ID) (Reversal, error) {
	r := Reversal{PaymentID: id}
	err := tx.Row(`SELECT reason, note, state, amount, asked_by, approved_by, latest, trace FROM reversals WHERE org_id = $1 AND payment_id = $2`+
		tx.ForUpdate(), string(tx.Org()), string(id)).
		Scan(&r.Reason, &r.Note, &r.State, &r.Amount, (*string)(&r.AskedBy), (*string)(&r.ApprovedBy), &r.Latest, &r.Trace)
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.ErrNotFound.With(string(id))
	}
	return r, err
}

// ApproveReversal lets a reversal leave that another person asked for; the payment is void_requested until it is known what
// comes of it. Where nobody else could approve it, who asked may, and it leaves two banking days later. It fails with
// fault.ErrNotFound, ErrNotWaiting, ErrSamePerson, and ErrNotReversible if it could not be there in time. Rules VOI-4, SEC-5.
func ApproveReversal(tx *db.Tx, id ids.ID) error {
	p, r, err := askedReversal(tx, id)
	if err != nil {
		return err
	}
	leaves, me := civil.Of(tx.Now(), civil.Pacific), tx.Caller().User
	if me == r.AskedBy {
		other, err := org.OtherHolds(tx, me, org.ApprovePayments)
		if err != nil {
			return err
		}
		if other {
			return ErrSamePerson
		}
		leaves = banking.Add(leaves, aloneDays)
		if err := org.ActAlone(tx, tx.Caller().User, Payments.Name, id, "approve the reversal of payment "+p.Confirmation); err != nil {
			return err
		}
	}
	if p.State != Settled && p.State != Cleared || banking.Next(leaves).After(r.Latest) {
		return ErrNotReversible.With(string(id))
	}
	tx.ExecOne(`UPDATE reversals SET state = 'approved', approved_by = $3, leaves = $4 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()),
		string(id), string(me), leaves.String())
	tx.ExecOne(`UPDATE disbursements SET recalled = 1 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), string(id)) // no list asks for it
	asked := *p
	asked.VoidType, asked.VoidReason, asked.VoidStatus, asked.VoidRequestedAt = VoidAndCredit, ReversalReasons[r.Reason], voidRequested, clock.FromTime(tx.Now())
	Payments.SaveAs(tx, "approve reversal", p, &asked)
	*p = asked
	if err := p.move(tx, VoidRequested, change{note: "A reversal takes it back: " + ReversalReasons[r.Reason]}); err != nil {
		return err
	}
	return addTask(tx, TaskContact, id, "", "Payment "+p.Confirmation+" is reversed: tell the vendor, as the rules demand, by the day the money is taken back.")
}

// DenyReversal throws a reversal away that waits for approval. It fails with fault.ErrNotFound and ErrNotWaiting.
func DenyReversal(tx *db.Tx, id ids.ID) error {
	if _, _, err := askedReversal(tx, id); err != nil {
		return err
	}
	tx.ExecOne(`UPDATE reversals SET state = 'denied' WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), string(id))
	tx.Audit("deny reversal", Payments.Name, id, "")
	return nil
}

func askedReversal(tx *db.Tx, id ids.ID) (*Payment, Reversal, error) {
	if err := tx.Require(org.ApprovePayments); err != nil {
		return nil, Reversal{}, err
	}
	p, err := Payments.LoadForUpdate(tx, id)
	if err != nil {
		return nil, Reversal{}, err
	}
	r, err := ReversalOf(tx, id)
	if err == nil && r.State != "asked" {
		err = ErrNotWaiting.With(string(id))
	}
	return p, r, err
}

// reversalsDue is when the next reversal leaves or is confirmed; zero for none.
func reversalsDue(tx *db.Tx) (time.Time, error) {
	var leaves string
	var due int64
	err := tx.Row(`SELECT (SELECT coalesce(min(leaves), '') FROM reversals WHERE org_id = $1 AND state = 'approved'),
			(SELECT CAST(coalesce(min(clear_due), 0) AS BIGINT) FROM reversals WHERE org_id = $1 AND state = 'settled')`, string(tx.Org())).
		Scan(&leaves, &due)
	if err != nil {
		return time.Time{}, fmt.Errorf("look for reversals: %w", err)
	}
	var next time.Time
	if due > 0 {
		next = clock.Instant(due).Time()
	}
	if d, err := civil.Parse(leaves); err == nil {
		if t := releaseTime(d); next.IsZero() || t.Before(next) {
			next = t
		}
	}
	return next, nil
}

// reverse writes the debits of approved reversals, one file for each funding account.
func (e *Engine) reverse(ctx context.Context, orgID ids.ID, at time.Time) error {
	accounts, err := e.find(ctx, orgID, `SELECT DISTINCT bank_account_id FROM reversals WHERE org_id = $1 AND state = 'approved' AND leaves <= $2 ORDER BY 1`,
		string(orgID), releaseDay(at).String())
	for _, account := range accounts {
		if e := e.reverseFrom(ctx, orgID, at, account); e != nil {
			err = errors.Join(err, fmt.Errorf("reverse entries of account %s: %w", account, e))
		}
	}
	return err
}

func (e *Engine) reverseFrom(ctx context.Context, orgID ids.ID, at time.Time, account string) error {
	const waiting = `SELECT %s FROM reversals WHERE org_id = $1 AND state = 'approved' AND leaves <= $2 AND bank_account_id = $3 ORDER BY 1`
	day := releaseDay(at).String()
	files, err := e.find(ctx, orgID, fmt.Sprintf(waiting, "DISTINCT file_id"), string(orgID), day, account)
	if err != nil {
		return err
	}
	entries := map[string]achread.Entry{} // as they left, by trace
	for _, f := range files {
		all, err := e.fileEntries(ctx, caller(orgID), ids.ID(f))
		if err != nil {
			return err
		}
		for trace, entry := range all {
			entries[trace] = entry
		}
	}
	return e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error {
		if _, err := tx.Next("release run", 1); err != nil { // one run of the organisation at a time
			return err
		}
		found, err := texts(tx, fmt.Sprintf(waiting, "payment_id")+tx.ForUpdate(), string(orgID), day, account)
		if err != nil || len(found) == 0 {
			return err
		}
		return e.writeReversals(tx, ids.ID(account), found, entries)
	})
}

func (e *Engine) writeReversals(tx *db.Tx, account ids.ID, found []string, entries map[string]achread.Entry) error {
	own, err := bank.Accounts.Load(tx, account)
	if err != nil {
		return err
	}
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	first, err := tx.NextN("trace "+own.Routing[:8], 1, int64(len(found)))
	if err != nil {
		return err
	}
	today := civil.Of(tx.Now(), civil.Pacific)
	effective := banking.Next(today)
	batch, debits, total := ids.New(ids.DisbursementBatch), map[ach.SEC][]ach.Entry{}, int64(0)
	for i, id := range found {
		var original string
		var until civil.Date
		err := tx.Row(`SELECT original, latest FROM reversals WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), id).Scan(&original, &until)
		if err != nil {
			return err
		}
		p, err := lock(tx, id)
		if err != nil {
			return err
		}
		was, there := entries[original]
		if p.State != VoidRequested || !there || effective.After(until) {
			if err := endReversal(tx, p, "denied", change{note: "The reversal could not be there in time."}); err != nil {
				return err
			}
			continue
		}
		n, sec := first+int64(i), ach.SEC(was.Batch.SEC)
		debits[sec] = append(debits[sec], ach.Entry{TransactionCode: was.Code + ach.CheckingDebit - ach.CheckingCredit, Routing: was.Routing,
			Account: was.Account, Amount: was.Amount, ID: was.ID, Name: was.Name, Trace: uint64(n)})
		total += was.Amount
		tx.ExecOne(`UPDATE reversals SET state = 'in_file', batch_id = $3, trace = $4 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), id,
			string(batch), fullTrace(own, n))
	}
	if total == 0 {
		return nil
	}
	if _, err := e.storeACH(tx, "reversal", batch, o, own, debits, effective, ""); err != nil {
		return err
	}
	fileBatch{id: batch, account: account, rail: "reversal", process: today, effective: effective, members: len(found), total: total}.insert(tx)
	return nil
}

// endReversal ends a reversal without money: the payment stands as it did.
func endReversal(tx *db.Tx, p *Payment, state string, c change) error {
	tx.ExecOne(`UPDATE reversals SET state = $3, clear_due = 0 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), string(p.ID), state)
	if p.State != VoidRequested {
		return nil
	}
	c.void = voidRefused
	if err := p.move(tx, Cleared, c); err != nil {
		return err
	}
	setDisbursement(tx, p.ID, "cleared")
	return addTask(tx, TaskOperator, p.ID, "reversal", "The reversal of payment "+p.Confirmation+" came to nothing: ask the vendor for the money.")
}

// rejectReversals ends the reversals of a file that the bank rejects.
func rejectReversals(tx *db.Tx, batch ids.ID, why string) error {
	tx.ExecOne(`UPDATE disbursement_batches SET state = 'rejected' WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(batch))
	found, err := texts(tx, `SELECT payment_id FROM reversals WHERE org_id = $1 AND batch_id = $2 AND state = 'in_file' ORDER BY 1`, string(tx.Org()),
		string(batch))
	for _, id := range found {
		p, e := lock(tx, id)
		if e == nil {
			e = endReversal(tx, p, "denied", change{note: why})
		}
		if e != nil {
			return e
		}
	}
	return err
}

// reversalBack takes in a reversal that the receiving bank returns (R11, R17 and others): the payment stands.
func reversalBack(tx *db.Tx, b achread.Entry, c change) error {
	var id string
	var amount int64
	err := tx.Row(`SELECT payment_id, amount FROM reversals WHERE org_id = $1 AND trace = $2 AND state IN ('in_file', 'settled', 'confirmed')`,
		string(tx.Org()), b.Return.Trace).Scan(&id, &amount)
	if errors.Is(err, sql.ErrNoRows) || err == nil && amount != b.Amount {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the reversal: %w", err)
	}
	tx.Exec(`UPDATE bank_returns SET matched = $5 WHERE org_id = $1 AND trace = $2 AND original = $3 AND code = $4`, string(tx.Org()), b.Trace,
		b.Return.Trace, b.Return.Code, id)
	p, err := lock(tx, id)
	if err != nil {
		return err
	}
	if p.State != VoidRequested { // confirmed, or the credit itself came back meanwhile
		return addTask(tx, TaskOperator, p.ID, b.Return.Code, "The reversal of payment "+p.Confirmation+" came back after the payment was over: settle it with the vendor.")
	}
	c.note = "The reversal came back: " + c.note
	return endReversal(tx, p, "returned", c)
}

// confirmReversals voids the payments whose reversal has settled and did not come back (5.5).
func (e *Engine) confirmReversals(ctx context.Context, orgID ids.ID, at time.Time) error {
	due, err := e.find(ctx, orgID, `SELECT payment_id FROM reversals WHERE org_id = $1 AND state = 'settled' AND clear_due <= $2 ORDER BY 1`,
		string(orgID), int64(clock.FromTime(at)))
	if err != nil || len(due) == 0 {
		return err
	}
	return e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error {
		for _, id := range due {
			p, err := lock(tx, id)
			if err != nil {
				return err
			}
			r, err := ReversalOf(tx, p.ID)
			if err != nil {
				return err
			}
			if r.State != "settled" {
				continue
			}
			if p.State != VoidRequested { // the credit itself came back meanwhile: we have the money twice
				tx.ExecOne(`UPDATE reversals SET clear_due = 0, state = 'both' WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), id)
				if err := addTask(tx, TaskOperator, p.ID, "reversal", "Payment "+p.Confirmation+" came back and was reversed as well: pay the vendor back."); err != nil {
					return err
				}
				continue
			}
			tx.ExecOne(`UPDATE reversals SET state = 'confirmed' WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), id)
			setDisbursement(tx, p.ID, "reversed")
			if err := p.void(tx, civil.Of(tx.Now(), civil.Pacific), change{}, false); err != nil {
				return err
			}
		}
		return nil
	})
}

// reversed matches the lump of a file of reversals by the file's id and its total: event 16 is posted for each, and they are
// confirmed at 17:00 New York time of the second banking day after.
func (s statementLine) reversed(tx *db.Tx) (ids.ID, error) {
	var batch string
	err := tx.Row(`SELECT b.id FROM bank_files f JOIN disbursement_batches b ON b.org_id = f.org_id AND b.id = f.batch_id
		WHERE f.org_id = $1 AND f.id = $2 AND f.kind = 'reversal' AND b.bank_account_id = $3 AND b.total = $4 AND b.state = 'sent'`,
		string(tx.Org()), s.CustomerRef, string(s.own.ID), s.Amount).Scan(&batch)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the reversals: %w", err)
	}
	tx.ExecOne(`UPDATE disbursement_batches SET state = 'settled' WHERE org_id = $1 AND id = $2 AND state = 'sent'`, string(tx.Org()), batch)
	tx.Exec(`UPDATE reversals SET state = 'settled', clear_due = $3 WHERE org_id = $1 AND batch_id = $2 AND state = 'in_file'`, string(tx.Org()), batch,
		int64(clock.FromTime(banking.Add(s.asOf, 2).At(17, 0, civil.NewYork))))
	return ids.ID(batch), s.post(tx, ledger.BankCreditsReturn, ids.ID(batch), "Reversals", s.Amount)
}

// reversalTaken matches the money of a reversal that came back, by its trace and amount: event 11 is posted.
func (s statementLine) reversalTaken(tx *db.Tx) (ids.ID, error) {
	var id string
	err := tx.Row(`SELECT payment_id FROM reversals WHERE org_id = $1 AND trace = $2 AND amount = $3 AND state = 'returned' AND taken_back = 0`,
		string(tx.Org()), s.CustomerRef, s.Amount).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) || s.CustomerRef == "" {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the returned reversal: %w", err)
	}
	tx.ExecOne(`UPDATE reversals SET taken_back = 1 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), id)
	return ids.ID(id), s.post(tx, ledger.BankDebit, ids.ID(id), "Returned reversal", -s.Amount)
}

// reversalsOpen is what reversals leave on Money Out Clearing, a debit positive: the bank has credited them and the payment
// is not voided yet, or will be debited for them again (GL-5).
func reversalsOpen(tx *db.Tx) (open int64, err error) {
	err = tx.Row(`SELECT CAST(coalesce(sum(CASE WHEN r.state = 'confirmed' THEN r.amount ELSE 0 END
			- CASE WHEN b.state = 'settled' THEN r.amount ELSE 0 END + r.taken_back * r.amount), 0) AS BIGINT)
		FROM reversals r JOIN disbursement_batches b ON b.org_id = r.org_id AND b.id = r.batch_id WHERE r.org_id = $1`, string(tx.Org())).Scan(&open)
	if err != nil {
		return 0, fmt.Errorf("add up reversals: %w", err)
	}
	return open, nil
}
