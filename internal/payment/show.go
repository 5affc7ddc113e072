package payment

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// Step is one change of state in the timeline of a payment.
type Step struct {
	State    string
	At       clock.Instant
	File     ids.ID // the bank file that did it; empty if none
	FileName string
	Note     string // a reason
}

// Attempt is one payment of a bill as the bill shows it (domain 4.6).
type Attempt struct {
	PaymentID, BillPayID     ids.ID
	Amount                   int64
	Rail, State              string
	ProcessDate, ArrivalDate civil.Date
	Check                    int64  // its number; zero if it is none
	TraceTail                string // the last seven digits; empty if it is no ACH entry
	Outcome                  string // PENDING, SUCCEEDED, FAILED, CANCELED, VOIDED
	OutcomeAt                clock.Instant
	ReasonCode, ReasonText   string
	Steps                    []Step
}

// outcomes of states that are not pending (5.5).
var outcomes = map[string]string{Cleared: "SUCCEEDED", Failed: "FAILED", FundingFailed: "FAILED", Canceled: "CANCELED", Voided: "VOIDED",
	Escheated: "SUCCEEDED"}

// Attempts lists the payments of a bill, oldest first, recorded ones included.
func Attempts(tx *db.Tx, billID ids.ID) ([]Attempt, error) {
	if err := tx.Require(org.ViewBills); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT p.id, x.id, x.amount, p.rail, p.state, p.process_date, p.arrival_date, coalesce(d.serial, 0),
			coalesce(d.trace, ''), x.reason_code, x.reason_text
		FROM bill_pays x JOIN payments p ON p.org_id = x.org_id AND p.id = x.payment_id
		LEFT JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
		WHERE x.org_id = $1 AND x.bill_id = $2 ORDER BY p.scheduled_at, p.id`, string(tx.Org()), string(billID))
	if err != nil {
		return nil, fmt.Errorf("list the payments of bill %s: %w", billID, err)
	}
	defer rows.Close()
	var all []Attempt
	for rows.Next() {
		var a Attempt
		if err := rows.Scan((*string)(&a.PaymentID), (*string)(&a.BillPayID), &a.Amount, &a.Rail, &a.State, &a.ProcessDate, &a.ArrivalDate,
			&a.Check, &a.TraceTail, &a.ReasonCode, &a.ReasonText); err != nil {
			return nil, err
		}
		a.TraceTail = a.TraceTail[max(0, len(a.TraceTail)-7):]
		all = append(all, a)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for i := range all {
		a := &all[i]
		if a.Steps, err = steps(tx, a.PaymentID); err != nil {
			return nil, err
		}
		a.Outcome = "PENDING"
		if o, final := outcomes[a.State]; final {
			a.Outcome, a.OutcomeAt = o, a.Steps[len(a.Steps)-1].At
		}
	}
	return all, nil
}

// steps reads the timeline of a payment.
func steps(tx *db.Tx, payment ids.ID) ([]Step, error) {
	rows, err := tx.Query(`SELECT s.state, s.at, s.file_id, coalesce(f.name, ''), s.note FROM payment_steps s
		LEFT JOIN bank_files f ON f.org_id = s.org_id AND f.id = s.file_id
		WHERE s.org_id = $1 AND s.payment_id = $2 ORDER BY s.line`, string(tx.Org()), string(payment))
	if err != nil {
		return nil, fmt.Errorf("read the timeline of payment %s: %w", payment, err)
	}
	defer rows.Close()
	var all []Step
	for rows.Next() {
		var s Step
		if err := rows.Scan(&s.State, (*int64)(&s.At), (*string)(&s.File), &s.FileName, &s.Note); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// Details is everything about one payment.
type Details struct {
	*Payment
	Parts        []*BillPay
	Steps        []Step
	Disbursement *Disbursement // nil before release and for a recorded payment
}

// Disbursement is the movement of money behind a payment.
type Disbursement struct {
	ID, Batch              ids.ID
	State                  string
	Trace                  string     // ACH: 15 digits
	Check                  int64      // number of the cheque
	AccountTail            string     // of the vendor's account it went to
	Effective              civil.Date // ACH: asked for
	SettledOn              civil.Date
	ReasonCode, ReasonText string
	Files                  []File // of its batch, without their bytes: Engine.File has those
}

// Detail reads a payment. It fails with fault.ErrNotFound.
func Detail(tx *db.Tx, paymentID ids.ID) (Details, error) {
	if err := tx.Require(org.ViewBills); err != nil {
		return Details{}, err
	}
	p, err := Payments.Load(tx, paymentID)
	if err != nil {
		return Details{}, err
	}
	d := Details{Payment: p}
	if d.Parts, err = billPaysOf(tx, p.ID); err != nil {
		return d, err
	}
	if d.Steps, err = steps(tx, p.ID); err != nil {
		return d, err
	}
	d.Disbursement, err = disbursement(tx, p.ID)
	return d, err
}

func disbursement(tx *db.Tx, payment ids.ID) (*Disbursement, error) {
	var d Disbursement
	err := tx.Row(`SELECT d.id, d.batch_id, d.state, d.trace, d.serial, coalesce(a.account_tail, ''), b.effective_date, d.settled_on,
			d.reason_code, d.reason_text
		FROM disbursements d JOIN disbursement_batches b ON b.org_id = d.org_id AND b.id = d.batch_id
		LEFT JOIN vendor_bank_accounts a ON a.org_id = d.org_id AND a.id = d.bank_account
		WHERE d.org_id = $1 AND d.payment_id = $2`, string(tx.Org()), string(payment)).
		Scan((*string)(&d.ID), (*string)(&d.Batch), &d.State, &d.Trace, &d.Check, &d.AccountTail, &d.Effective, &d.SettledOn,
			&d.ReasonCode, &d.ReasonText)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the disbursement of payment %s: %w", payment, err)
	}
	rows, err := tx.Query(`SELECT id, kind, name, state, created, delivered FROM bank_files WHERE org_id = $1 AND batch_id = $2
		AND (kind <> 'checks' OR id IN (SELECT run_file FROM checks WHERE org_id = $1 AND disbursement_id = $3 AND serial = $4)) ORDER BY id`,
		string(tx.Org()), string(d.Batch), string(d.ID), d.Check)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f File
		if err := rows.Scan((*string)(&f.ID), &f.Kind, &f.Name, &f.State, (*int64)(&f.Created), (*int64)(&f.Delivered)); err != nil {
			return nil, err
		}
		d.Files = append(d.Files, f)
	}
	return &d, errors.Join(rows.Err(), rows.Close())
}
