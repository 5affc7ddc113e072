package payment

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// The states of a cheque's number in the register (CHK-4).
const (
	CheckAllocated     = "allocated"
	CheckPrinted       = "printed"
	CheckMailed        = "mailed"
	CheckCleared       = "cleared"
	CheckSpoiled       = "spoiled" // its payment has another number
	CheckStopRequested = "stop_requested"
	CheckVoided        = "voided"
	CheckStale         = "stale" // until the bank has been told
	CheckReturnedMail  = "returned_mail"
	CheckReturned      = "returned" // paid, and given back: forged, or claimed twice
)

// Faults of the register.
var (
	ErrCheckState   = fault.New(fault.Conflict, "check_state", "The check is not, or no longer, in a state for this.")
	ErrNotAnnounced = fault.New(fault.Conflict, "check_not_announced", "The bank does not know these checks yet: its positive-pay file has not left.")
)

// untold are the numbers of which the bank has to be told: those that must not be paid, and those that took the place of
// spoiled ones.
const untold = `(state IN ('voided', 'spoiled', 'stop_requested', 'stale') AND void_file = '' OR state = 'allocated' AND issue_file = '')`

// entry is a line of the register, locked.
type entry struct {
	account, disbursement, run ids.ID
	serial, amount             int64
	state, payee               string
	issued                     civil.Date
}

const entryColumns = `bank_account_id, disbursement_id, run_file, serial, amount, state, payee, issued`

func (c *entry) dest() []any {
	return []any{(*string)(&c.account), (*string)(&c.disbursement), (*string)(&c.run), &c.serial, &c.amount, &c.state, &c.payee, &c.issued}
}

// liveCheck locks the number under which a payment is out, or is to go out. The caller has locked the payment.
func liveCheck(tx *db.Tx, payment ids.ID) (entry, error) {
	var c entry
	err := tx.Row(`SELECT `+entryColumns+` FROM checks WHERE org_id = $1 AND state <> 'spoiled' AND disbursement_id IN
		(SELECT id FROM disbursements WHERE org_id = $1 AND payment_id = $2)`+tx.ForUpdate(), string(tx.Org()), string(payment)).
		Scan(c.dest()...)
	if err != nil {
		return c, fmt.Errorf("look for the cheque of payment %s: %w", payment, err)
	}
	return c, nil
}

// set takes the number to a state, for a reason.
func (c entry) set(tx *db.Tx, state, reason string) {
	tx.ExecOne(`UPDATE checks SET state = $4, reason = $5, changed = $6 WHERE org_id = $1 AND bank_account_id = $2 AND serial = $3`,
		string(tx.Org()), string(c.account), c.serial, state, reason, int64(clock.FromTime(tx.Now())))
}

// ByHand reports whether people confirm what becomes of printed sheets. Without a setting they do, but in a sandbox.
func ByHand(p org.Preferences, sandbox bool) bool {
	if p.CheckPrinting == "" {
		return !sandbox
	}
	return p.CheckPrinting == "people"
}

// OpenRun gives the PDF of a print run to whoever prints it: the first time its sheets count as gone out, later ones are
// recorded too (CHK-5). The caller needs PrintChecks. It fails with fault.ErrNotFound, and with ErrCheckState while the
// run is not drawn.
func (e *Engine) OpenRun(ctx context.Context, who db.Caller, id ids.ID) (File, error) {
	var f bankFile
	var sealed string
	err := e.db.Write(ctx, who, func(tx *db.Tx) (err error) {
		if err := tx.Require(org.PrintChecks); err != nil {
			return err
		}
		f, sealed, err = lockFile(tx, id)
		switch {
		case errors.Is(err, sql.ErrNoRows) || err == nil && (f.kind != "checks" || f.state == "superseded"):
			return fault.ErrNotFound
		case err != nil:
			return err
		case sealed == "":
			return ErrCheckState
		case f.state != "waiting":
			tx.Audit("open again", "bankFile", id, "")
			return nil
		}
		f.name = tx.Now().UTC().Format("20060102T150405Z") + "-" + string(id) + cmp.Or(f.ending, endings[f.kind])
		tx.ExecOne(`UPDATE bank_files SET state = 'opened', name = $3, delivered = $4 WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(id),
			f.name, int64(clock.FromTime(tx.Now())))
		tx.Audit("open", "bankFile", id, "")
		return nil
	})
	if err != nil {
		return File{}, err
	}
	content, err := e.vault.Open(sealed, string(who.Org), "bank_files", "bytes", string(id))
	return File{ID: f.id, Kind: f.kind, Name: f.name, State: f.state, Created: f.created, Delivered: f.delivered, Content: content}, err
}

// ConfirmPrinted records that the sheets of a run with numbers from one to another were printed correctly (CHK-5). Those
// voided meanwhile stay as they are. It fails with ErrCheckState where the run is not open or no number is left to
// confirm, and with fault.ErrValue for a range that is none.
func ConfirmPrinted(tx *db.Tx, run ids.ID, from, to int64) error {
	if _, err := openRun(tx, run, from, to); err != nil {
		return err
	}
	n, err := tx.ExecNow(`UPDATE checks SET state = 'printed', changed = $5 WHERE org_id = $1 AND run_file = $2 AND state = 'allocated'
		AND serial BETWEEN $3 AND $4`, string(tx.Org()), string(run), from, to, int64(clock.FromTime(tx.Now())))
	if err == nil && n == 0 {
		return ErrCheckState
	}
	tx.Audit("confirm printed", "bankFile", run, fmt.Sprintf(`{"from":%d,"to":%d,"checks":%d}`, from, to, n))
	return err
}

// ConfirmMailed records that the printed sheets of a run with numbers from one to another were mailed: their payments are
// sent (CHK-5). It fails as ConfirmPrinted, and with ErrNotAnnounced while the bank does not know them (CHK-6).
func ConfirmMailed(tx *db.Tx, run ids.ID, from, to int64) error {
	f, err := openRun(tx, run, from, to)
	if err != nil {
		return err
	}
	var unknown int64
	err = tx.Row(`SELECT count(*) FROM checks c LEFT JOIN bank_files f ON f.org_id = c.org_id AND f.id = c.issue_file
		WHERE c.org_id = $1 AND c.run_file = $2 AND c.state = 'printed' AND c.serial BETWEEN $3 AND $4
		AND (f.id IS NULL OR f.state NOT IN ('delivered', 'accepted'))`, string(tx.Org()), string(run), from, to).Scan(&unknown)
	if err != nil {
		return fmt.Errorf("look for what the bank was told: %w", err)
	}
	if unknown > 0 {
		return ErrNotAnnounced
	}
	n, err := mail(tx, f, CheckPrinted, from, to)
	if err == nil && n == 0 {
		return ErrCheckState
	}
	tx.Audit("confirm mailed", "bankFile", run, fmt.Sprintf(`{"from":%d,"to":%d,"checks":%d}`, from, to, n))
	return err
}

// openRun locks a print run whose sheets are with people.
func openRun(tx *db.Tx, run ids.ID, from, to int64) (bankFile, error) {
	if err := tx.Require(org.PrintChecks); err != nil {
		return bankFile{}, err
	}
	f, _, err := lockFile(tx, run)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && f.kind != "checks":
		return f, fault.ErrNotFound
	case err != nil:
		return f, err
	case from < 1 || to < from:
		return f, fault.ErrValue.On("from", "to")
	case f.state != "opened":
		return f, ErrCheckState
	}
	return f, nil
}

// mail marks the sheets of a run that are in a state as mailed, and their payments as sent. It returns how many.
func mail(tx *db.Tx, f bankFile, was string, from, to int64) (int, error) {
	members, err := texts(tx, `SELECT d.payment_id FROM checks c JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
		WHERE c.org_id = $1 AND c.run_file = $2 AND c.state = $3 AND c.serial BETWEEN $4 AND $5 ORDER BY d.payment_id`,
		string(tx.Org()), string(f.id), was, from, to)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, id := range members { // payment before check, as in Void
		p, err := lock(tx, id)
		if err != nil {
			return n, err
		}
		if p.State != InFile {
			continue
		}
		n++
		if err := p.move(tx, Sent, change{file: f.id}); err != nil {
			return n, err
		}
	}
	tx.Exec(`UPDATE checks SET state = 'mailed', changed = $6 WHERE org_id = $1 AND run_file = $2 AND state = $3 AND serial BETWEEN $4 AND $5`,
		string(tx.Org()), string(f.id), was, from, to, int64(clock.FromTime(tx.Now())))
	tx.Exec(`UPDATE disbursements SET state = 'sent' WHERE org_id = $1 AND batch_id = $2 AND state = 'released' AND id IN
		(SELECT disbursement_id FROM checks WHERE org_id = $1 AND run_file = $3 AND state = 'mailed')`, string(tx.Org()), string(f.batch), string(f.id))
	tx.Exec(`UPDATE disbursement_batches SET state = 'sent' WHERE org_id = $1 AND id = $2 AND state = 'in_file' AND NOT EXISTS
		(SELECT 1 FROM disbursements WHERE org_id = $1 AND batch_id = $2 AND state = 'released')`, string(tx.Org()), string(f.batch))
	return n, nil
}

// Spoil records that a sheet came out wrong: its number is used up, the payment gets the next one and stands in a new
// print run, and the bank is told of both (CHK-4, XO-4). It gives the new number. It fails with ErrCheckState once the
// sheet is mailed or voided, with fault.ErrNotFound and, without a reason, with fault.ErrMissing.
func Spoil(tx *db.Tx, account ids.ID, serial int64, reason string) (int64, error) {
	if err := tx.Require(org.PrintChecks); err != nil {
		return 0, err
	}
	if reason == "" {
		return 0, fault.ErrMissing.On("reason")
	}
	var whose string
	err := tx.Row(`SELECT d.payment_id FROM checks c JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
		WHERE c.org_id = $1 AND c.bank_account_id = $2 AND c.serial = $3`, string(tx.Org()), string(account), serial).Scan(&whose)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fault.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("look for check %d: %w", serial, err)
	}
	p, err := lock(tx, whose)
	if err != nil {
		return 0, err
	}
	c, err := liveCheck(tx, p.ID)
	if err != nil {
		return 0, err
	}
	run, _, err := lockFile(tx, c.run)
	if err != nil {
		return 0, fmt.Errorf("look for the print run of check %d: %w", serial, err)
	}
	if c.serial != serial || p.State != InFile || run.state != "opened" || c.state != CheckAllocated && c.state != CheckPrinted {
		return 0, ErrCheckState
	}
	next, err := tx.Next("cheque "+string(account), 0) // it has begun with the first run
	if err != nil {
		return 0, fmt.Errorf("take a number: %w", err)
	}
	again, err := reprint(tx, run.batch)
	if err != nil {
		return 0, err
	}
	c.set(tx, CheckSpoiled, reason)
	tx.ExecOne(`UPDATE checks SET replacement = $4 WHERE org_id = $1 AND bank_account_id = $2 AND serial = $3`, string(tx.Org()), string(account),
		serial, next)
	allocate(tx, account, next, c.disbursement, c.amount, c.payee, c.issued, again, "")
	tx.ExecOne(`UPDATE disbursements SET serial = $3 WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(c.disbursement), next)
	tx.Audit("spoil check", Payments.Name, p.ID, fmt.Sprintf(`{"number":%d,"replacement":%d}`, serial, next))
	return next, nil
}

// reprint is the print run of a batch that is still to be drawn; it makes one where there is none.
func reprint(tx *db.Tx, batch ids.ID) (ids.ID, error) {
	found, err := texts(tx, `SELECT id FROM bank_files WHERE org_id = $1 AND batch_id = $2 AND kind = 'checks' AND state = 'unprinted'
		ORDER BY id`+tx.ForUpdate(), string(tx.Org()), string(batch))
	if err != nil || len(found) > 0 {
		return ids.ID(append(found, "")[0]), err
	}
	return newRun(tx, batch), nil
}

// newRun makes a place for a print run, which is drawn after the transaction.
func newRun(tx *db.Tx, batch ids.ID) ids.ID {
	id := ids.New(ids.BankFile)
	tx.Exec(`INSERT INTO bank_files (org_id, id, direction, kind, batch_id, name, sha256, size, state, detail, created, delivered, bytes)
		VALUES ($1, $2, 'out', 'checks', $3, '', '', 0, 'unprinted', '', $4, 0, '')`, string(tx.Org()), string(id), string(batch),
		int64(clock.FromTime(tx.Now())))
	return id
}

// PrintRun is a print run with what became of its sheets.
type PrintRun struct {
	ID                         ids.ID
	State                      string // unprinted, ready, waiting, opened, delivered, delivery_unknown
	Account                    string // the funding account's name
	Issued                     civil.Date
	Created, Opened            clock.Instant
	First, Last                int64
	Checks                     int
	Total                      int64 // minor units
	Allocated, Printed, Mailed int   // Mailed: also what came after
	Spoiled, Voided            int
	Late                       bool // more than three business days old and not confirmed (CHK-5)
}

// confirmWithin is how many business days sheets may wait for their confirmation (CHK-5).
const confirmWithin = 3

// PrintRuns reads the print runs of the organisation, newest first, at most 100; with an id only that one. The caller needs
// ViewBanks.
func PrintRuns(tx *db.Tx, id ids.ID) ([]PrintRun, error) {
	if err := tx.Require(org.ViewBanks); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT f.id, f.state, max(a.name), max(c.issued), f.created, f.delivered, min(c.serial), max(c.serial), count(*),
			CAST(sum(c.amount) AS BIGINT),
			CAST(sum(CASE WHEN c.state = 'allocated' THEN 1 ELSE 0 END) AS BIGINT), CAST(sum(CASE WHEN c.state = 'printed' THEN 1 ELSE 0 END) AS BIGINT),
			CAST(sum(CASE WHEN c.state = 'spoiled' THEN 1 ELSE 0 END) AS BIGINT), CAST(sum(CASE WHEN c.state = 'voided' THEN 1 ELSE 0 END) AS BIGINT)
		FROM bank_files f JOIN checks c ON c.org_id = f.org_id AND c.run_file = f.id
		JOIN bank_accounts a ON a.org_id = c.org_id AND a.id = c.bank_account_id
		WHERE f.org_id = $1 AND f.kind = 'checks' AND ($2 = '' OR f.id = $2) GROUP BY f.id, f.state, f.created, f.delivered
		ORDER BY f.created DESC, f.id DESC LIMIT 100`, string(tx.Org()), string(id))
	if err != nil {
		return nil, fmt.Errorf("read the print runs: %w", err)
	}
	defer rows.Close()
	today := civil.Of(tx.Now(), civil.Pacific)
	var all []PrintRun
	for rows.Next() {
		var r PrintRun
		err := rows.Scan((*string)(&r.ID), &r.State, &r.Account, &r.Issued, (*int64)(&r.Created), (*int64)(&r.Opened), &r.First, &r.Last, &r.Checks,
			&r.Total, &r.Allocated, &r.Printed, &r.Spoiled, &r.Voided)
		if err != nil {
			return nil, err
		}
		r.Mailed = r.Checks - r.Allocated - r.Printed - r.Spoiled - r.Voided
		r.Late = r.Allocated+r.Printed > 0 && late(r.Created, today)
		all = append(all, r)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

func late(since clock.Instant, today civil.Date) bool {
	return banking.Add(civil.Of(since.Time(), civil.Pacific), confirmWithin).Before(today)
}

// Unconfirmed counts the sheets that wait for more than three business days to be confirmed as mailed (CHK-5).
func Unconfirmed(tx *db.Tx) (int64, error) {
	today := civil.Of(tx.Now(), civil.Pacific)
	last := today
	for range confirmWithin + 1 { // a run of that day is late tomorrow, one of the day before is late today
		last = banking.Prev(last)
	}
	var n int64
	err := tx.Row(`SELECT count(*) FROM checks c JOIN bank_files f ON f.org_id = c.org_id AND f.id = c.run_file
		WHERE c.org_id = $1 AND c.state IN ('allocated', 'printed') AND f.created < $2`, string(tx.Org()),
		int64(clock.FromTime(last.AddDays(1).At(0, 0, civil.Pacific)))).Scan(&n)
	return n, err
}

// Registered is a line of the register.
type Registered struct {
	AccountID            ids.ID
	Account              string // name
	Serial               int64
	State, Reason        string
	Amount               int64 // minor units
	Payee                string
	Issued               civil.Date
	Run, PaymentID       ids.ID
	Replacement          int64      // of a spoiled one
	StoppedOn, StopUntil civil.Date // VOI-5
	Changed              clock.Instant
	IssueTold, VoidTold  bool // the bank
}

// Listing narrows the register.
type Listing struct {
	Run     ids.ID
	Account ids.ID
	State   string
	Before  int64 // only smaller numbers; 0: all
	Limit   int   // 0: 100
}

// Register lists numbers of the register, highest first. The caller needs ViewBanks.
func Register(tx *db.Tx, l Listing) ([]Registered, error) {
	before := l.Before
	if before == 0 {
		before = math.MaxInt64
	}
	return register(tx, `($2 = '' OR c.run_file = $2) AND ($3 = '' OR c.bank_account_id = $3) AND ($4 = '' OR c.state = $4) AND c.serial < $5
		ORDER BY c.serial DESC, c.bank_account_id LIMIT $6`, string(l.Run), string(l.Account), l.State, before, int64(cmp.Or(l.Limit, 100)))
}

// register reads the numbers for which a condition holds, whose parameters begin with $2.
func register(tx *db.Tx, where string, args ...any) ([]Registered, error) {
	if err := tx.Require(org.ViewBanks); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT c.bank_account_id, a.name, c.serial, c.state, c.reason, c.amount, c.payee, c.issued, c.run_file, d.payment_id,
			c.replacement, c.stopped_on, c.stop_until, c.changed,
			CASE WHEN i.state IN ('delivered', 'accepted') THEN 1 ELSE 0 END, CASE WHEN v.state IN ('delivered', 'accepted') THEN 1 ELSE 0 END
		FROM checks c JOIN bank_accounts a ON a.org_id = c.org_id AND a.id = c.bank_account_id
		JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
		LEFT JOIN bank_files i ON i.org_id = c.org_id AND i.id = c.issue_file LEFT JOIN bank_files v ON v.org_id = c.org_id AND v.id = c.void_file
		WHERE c.org_id = $1 AND `+where, append([]any{string(tx.Org())}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the register: %w", err)
	}
	defer rows.Close()
	var all []Registered
	for rows.Next() {
		var r Registered
		var issue, void int64
		err := rows.Scan((*string)(&r.AccountID), &r.Account, &r.Serial, &r.State, &r.Reason, &r.Amount, &r.Payee, &r.Issued, (*string)(&r.Run),
			(*string)(&r.PaymentID), &r.Replacement, &r.StoppedOn, &r.StopUntil, (*int64)(&r.Changed), &issue, &void)
		if err != nil {
			return nil, err
		}
		r.IssueTold, r.VoidTold = issue == 1, void == 1
		all = append(all, r)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}
