package payment

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/check"
	"github.com/duebook/duebook/internal/secret"
)

// ErrDecided is an exception of the bank that is answered, or too late to answer.
var ErrDecided = fault.New(fault.Conflict, "exception_decided", "This has been decided, or the bank's deadline is over.")

// The answers to an exception (CHK-7).
const (
	PayCheck    = "pay"
	ReturnCheck = "return" // also what the bank does with what nobody answers
	SeenCheck   = "seen"   // what the bank has paid already can only be taken note of
)

// Exception is a check that the bank asks about, or has paid though it is not what was issued.
type Exception struct {
	ID             ids.ID
	Account        string // name of the funding account
	Serial, Amount int64  // as presented
	Issued         int64  // the amount it was issued for; 0: no check of ours has the number
	Payee          string // as presented
	State          string // of the number in the register, "" if it is not there
	Presented      civil.Date
	Reason         string // AMOUNT, SERIAL, PAYEE, VOIDED, STALE, DUPLICATE or the bank's own word
	PaymentID      ids.ID
	Deadline       clock.Instant // 0: the bank has paid
	Decision       string        // empty while it waits
	DecidedBy      ids.ID
	DecidedAt      clock.Instant
}

var exceptionHeader = []string{"reference", "account", "serial", "amount", "payee", "presented", "reason", "deadline"}

// exceptionRow is a row of the bank's file; account is the fingerprint of its number.
type exceptionRow struct {
	reference, account, payee, reason string
	serial, amount                    int64
	presented                         civil.Date
	deadline                          clock.Instant
}

// readExceptions reads the bank's list of checks it asks about: CSV with the columns of exceptionHeader, amounts as
// 1250.00, days as YYYY-MM-DD, the deadline as RFC 3339, empty for a check that only came back by mail.
func readExceptions(vault *secret.Vault, org ids.ID, content []byte) ([]exceptionRow, error) {
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord = len(exceptionHeader)
	all, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 || !slices.Equal(all[0], exceptionHeader) {
		return nil, fmt.Errorf("the first line is not %s", strings.Join(exceptionHeader, ","))
	}
	var rows []exceptionRow
	for i, f := range all[1:] {
		bad := func(what string) error { return fmt.Errorf("line %d: %s", i+2, what) }
		x := exceptionRow{reference: f[0], payee: f[4], reason: f[6], account: bank.Hash(vault, org, f[1])}
		if x.reference == "" || x.reason == "" || len(x.reference)+len(x.reason)+len(x.payee) > 500 {
			return nil, bad("the reference or the reason")
		}
		if x.serial, err = strconv.ParseInt(strings.TrimLeft(f[2], "0"), 10, 64); err != nil || x.serial < 1 {
			return nil, bad("the serial")
		}
		if x.amount, err = money.ParseMinor(f[3], 2); err != nil || x.amount < 0 || x.amount > 100*check.MaxAmount {
			return nil, bad("the amount")
		}
		if x.presented, err = civil.Parse(f[5]); err != nil {
			return nil, bad("the day")
		}
		if f[7] != "" {
			t, err := time.Parse(time.RFC3339, f[7])
			if err != nil {
				return nil, bad("the deadline")
			}
			x.deadline = clock.FromTime(t)
		} else if x.reason != returnedMail {
			return nil, bad("the deadline is missing")
		}
		rows = append(rows, x)
	}
	return rows, nil
}

// returnedMail is the bank's word for a check that the post brought back.
const returnedMail = "RETURNED_MAIL"

// takeExceptions stores what the bank asks about, each once. A check of ours that came back by mail is only marked.
func takeExceptions(tx *db.Tx, file ids.ID, rows []exceptionRow) error {
	accounts, err := bank.List(tx)
	if err != nil {
		return err
	}
	for _, x := range rows {
		var own ids.ID
		for _, a := range accounts {
			if a.AccountHash == x.account {
				own = a.ID
			}
		}
		if x.reason == returnedMail {
			tx.Exec(`UPDATE checks SET state = 'returned_mail', changed = $4 WHERE org_id = $1 AND bank_account_id = $2 AND serial = $3 AND state = 'mailed'`,
				string(tx.Org()), string(own), x.serial, int64(clock.FromTime(tx.Now())))
			tx.Audit(CheckReturnedMail, "bankAccount", own, fmt.Sprintf(`{"number":%d}`, x.serial))
			continue
		}
		if err := addException(tx, own, file, x); err != nil {
			return err
		}
	}
	return nil
}

func addException(tx *db.Tx, account, file ids.ID, x exceptionRow) error {
	var whose string
	err := tx.Row(`SELECT d.payment_id FROM checks c JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
		WHERE c.org_id = $1 AND c.bank_account_id = $2 AND c.serial = $3`, string(tx.Org()), string(account), x.serial).Scan(&whose)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("look for check %d: %w", x.serial, err)
	}
	id := ids.New(ids.BankFile)
	now := int64(clock.FromTime(tx.Now()))
	tx.Exec(`INSERT INTO check_exceptions (org_id, id, is_active, created_time, updated_time, integration_id, external_id, last_sync_time, allow_export,
			bank_account_id, file_id, reference, serial, amount, payee, presented, reason, payment_id, deadline, decision, decided_by, decided_at, answer_file)
		VALUES ($1, $2, 1, $3, $4, '', '', 0, 0, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '', '', 0, '') ON CONFLICT DO NOTHING`,
		string(tx.Org()), string(id), now, db.Stamp, string(account), string(file), x.reference, x.serial, x.amount, x.payee, x.presented.String(),
		x.reason, whose, int64(x.deadline))
	tx.Audit("take in exception", "checkException", id, fmt.Sprintf(`{"number":%d,"amount":%d,"reason":%q}`, x.serial, x.amount, x.reason))
	return nil
}

// strange notes a check that stands on the statement and is none that was out for this amount: the bank has paid it, and
// nothing of it is matched by itself (REC-4, E22).
func (s statementLine) strange(tx *db.Tx) error {
	serial, err := strconv.ParseInt(strings.TrimLeft(s.CustomerRef, "0"), 10, 64)
	if err != nil {
		return nil
	}
	reason := "SERIAL"
	var state string
	var amount int64
	err = tx.Row(`SELECT state, amount FROM checks WHERE org_id = $1 AND bank_account_id = $2 AND serial = $3`, string(tx.Org()), string(s.own.ID), serial).
		Scan(&state, &amount)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return fmt.Errorf("look for check %d: %w", serial, err)
	case state == CheckCleared:
		reason = "DUPLICATE"
	case state == CheckStale || state == CheckVoided || state == CheckSpoiled || state == CheckReturned:
		reason = "VOIDED"
	case amount != s.Amount:
		reason = "AMOUNT"
	default:
		reason = "STATE"
	}
	return addException(tx, s.own.ID, s.file, exceptionRow{reference: string(s.id), serial: serial, amount: s.Amount, presented: s.asOf,
		reason: reason})
}

// Exceptions lists what the bank asked about checks: with waiting those that nobody has answered, the first deadline
// first; else all, latest first, at most 200. The caller needs ViewBanks.
func Exceptions(tx *db.Tx, waiting bool) ([]Exception, error) {
	if err := tx.Require(org.ViewBanks); err != nil {
		return nil, err
	}
	where := `ORDER BY x.created_time DESC, x.id DESC LIMIT 200`
	if waiting {
		where = `AND x.decision = '' ORDER BY x.deadline, x.id LIMIT 200`
	}
	rows, err := tx.Query(`SELECT `+exceptionColumns+` FROM check_exceptions x LEFT JOIN bank_accounts a ON a.org_id = x.org_id AND a.id = x.bank_account_id
		LEFT JOIN checks c ON c.org_id = x.org_id AND c.bank_account_id = x.bank_account_id AND c.serial = x.serial
		WHERE x.org_id = $1 `+where, string(tx.Org()))
	if err != nil {
		return nil, fmt.Errorf("read the bank's exceptions: %w", err)
	}
	defer rows.Close()
	var all []Exception
	for rows.Next() {
		var x Exception
		err := rows.Scan((*string)(&x.ID), &x.Account, &x.Serial, &x.Amount, &x.Issued, &x.State, &x.Payee, &x.Presented, &x.Reason, (*string)(&x.PaymentID),
			(*int64)(&x.Deadline), &x.Decision, (*string)(&x.DecidedBy), (*int64)(&x.DecidedAt))
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

const exceptionColumns = `x.id, coalesce(a.name, ''), x.serial, x.amount, coalesce(c.amount, 0), coalesce(c.state, ''), x.payee, x.presented, x.reason,
	x.payment_id, x.deadline, x.decision, x.decided_by, x.decided_at`

// Decide answers an exception with PayCheck or ReturnCheck, which the bank is told; what it has paid already is taken
// note of with SeenCheck. Nothing is posted: the ledger follows the statement (CHK-7, E20). The caller needs PayApproved.
// It fails with fault.ErrNotFound, ErrDecided, and fault.ErrValue for an answer that does not fit.
func Decide(tx *db.Tx, id ids.ID, decision string) error {
	if err := tx.Require(org.PayApproved); err != nil {
		return err
	}
	var deadline clock.Instant
	var was string
	err := tx.Row(`SELECT deadline, decision FROM check_exceptions WHERE org_id = $1 AND id = $2`+tx.ForUpdate(), string(tx.Org()), string(id)).
		Scan((*int64)(&deadline), &was)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fault.ErrNotFound
	case err != nil:
		return fmt.Errorf("look for the exception: %w", err)
	case was != "" || deadline != 0 && !tx.Now().Before(deadline.Time()):
		return ErrDecided
	case (deadline == 0) != (decision == SeenCheck) || decision != SeenCheck && decision != PayCheck && decision != ReturnCheck:
		return fault.ErrValue.On("decision")
	}
	answered(tx, id, decision)
	return nil
}

func answered(tx *db.Tx, id ids.ID, decision string) {
	tx.ExecOne(`UPDATE check_exceptions SET decision = $3, decided_by = $4, decided_at = $5, updated_time = $6 WHERE org_id = $1 AND id = $2`,
		string(tx.Org()), string(id), decision, string(tx.Caller().User), int64(clock.FromTime(tx.Now())), db.Stamp)
	tx.Audit("decide "+decision, "checkException", id, "")
}

// unanswered are the exceptions whose answer the bank has not been sent.
const unanswered = `decision <> '' AND deadline > 0 AND answer_file = ''`

// exceptionsDue is the next deadline of what nobody has answered, and how many answers wait to be sent.
func exceptionsDue(tx *db.Tx) (deadline clock.Instant, answers int64, err error) {
	err = tx.Row(`SELECT (SELECT CAST(coalesce(min(deadline), 0) AS BIGINT) FROM check_exceptions WHERE org_id = $1 AND decision = '' AND deadline > 0),
		(SELECT count(*) FROM check_exceptions WHERE org_id = $1 AND `+unanswered+`)`, string(tx.Org())).Scan((*int64)(&deadline), &answers)
	return deadline, answers, err
}

// Answer returns what nobody has answered until the bank's deadline, and writes the answers of people into a file for the
// bank (CHK-7).
func (e *Engine) Answer(ctx context.Context, orgID ids.ID, at time.Time) error {
	over, err := e.find(ctx, orgID, `SELECT id FROM check_exceptions WHERE org_id = $1 AND decision = '' AND deadline > 0 AND deadline <= $2 ORDER BY id`,
		string(orgID), int64(clock.FromTime(at)))
	if err != nil {
		return err
	}
	given, err := e.find(ctx, orgID, `SELECT id FROM check_exceptions WHERE org_id = $1 AND `+unanswered+` ORDER BY id`, string(orgID))
	if err != nil || len(over)+len(given) == 0 {
		return err
	}
	return e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error {
		for _, id := range over {
			n, err := tx.ExecNow(`UPDATE check_exceptions SET answer_file = 'none' WHERE org_id = $1 AND id = $2 AND decision = ''`, string(orgID), id)
			if err != nil {
				return err
			}
			if n > 0 { // the bank does it by itself
				answered(tx, ids.ID(id), ReturnCheck)
			}
		}
		rows, err := tx.Query(`SELECT id, reference, decision FROM check_exceptions WHERE org_id = $1 AND `+unanswered+` ORDER BY id`+tx.ForUpdate(), string(orgID))
		if err != nil {
			return err
		}
		defer rows.Close()
		list := [][]string{{"reference", "decision"}}
		var which []string
		for rows.Next() {
			var id, reference, decision string
			if err := rows.Scan(&id, &reference, &decision); err != nil {
				return err
			}
			which, list = append(which, id), append(list, []string{reference, decision})
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(which) == 0 {
			return err
		}
		file := ids.New(ids.BankFile)
		for _, id := range which {
			tx.ExecOne(`UPDATE check_exceptions SET answer_file = $3 WHERE org_id = $1 AND id = $2`, string(orgID), id, string(file))
		}
		var content bytes.Buffer
		out := csv.NewWriter(&content)
		out.UseCRLF = true
		if err := out.WriteAll(list); err != nil {
			return err
		}
		return e.store(tx, bankFile{id: file, kind: "decisions", state: "ready"}, content.Bytes())
	})
}
