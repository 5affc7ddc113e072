package payment

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
)

// The states of a statement (REC-1).
const (
	StatementTaken     = "taken"
	StatementParked    = "parked"    // it neither follows nor precedes what was taken: its movements wait
	StatementDuplicate = "duplicate" // the same day has come in another file
	StatementForeign   = "foreign"   // of an account that is not ours
	StatementRefused   = "refused"   // by a person
)

// takeStatement takes in a file of statements, of whatever format: each account's day that follows the one before is
// matched line by line (REC-3, 1), one that does not is parked (REC-1). hashes are the fingerprints of its account
// numbers.
func takeStatement(tx *db.Tx, file ids.ID, f bai2.File, hashes map[string]string) error {
	accounts, err := bank.List(tx)
	if err != nil {
		return err
	}
	n, moved := 0, map[ids.ID]bool{}
	for _, g := range f.Groups {
		for _, a := range g.Accounts {
			st := statement{id: ids.New(ids.BankFile), file: file, asOf: g.AsOf, Account: a}
			for _, b := range accounts {
				if (b.Routing == g.Originator || g.Originator == "") && b.AccountHash == hashes[a.Number] {
					st.own = b
				}
			}
			if err := st.take(tx, &n, moved); err != nil {
				return fmt.Errorf("statement of %s: %w", g.AsOf, err)
			}
		}
	}
	return settleMovements(tx, moved)
}

// statement is what a bank says about one account and day; own is nil if the account is not ours.
type statement struct {
	id, file ids.ID
	own      *bank.Account
	asOf     civil.Date
	bai2.Account
}

// take stores the statement. n counts the movements of the file.
func (st statement) take(tx *db.Tx, n *int, moved map[ids.ID]bool) error {
	state, reason, account := StatementForeign, "", ids.ID("")
	if st.own != nil {
		account = st.own.ID
		var err error
		if state, reason, err = st.judge(tx); err != nil {
			return err
		}
	}
	var place int64
	if state == StatementTaken {
		var err error
		if place, err = placeOf(tx, account, st.asOf, st.Opening, st.Closing); err != nil {
			return err
		}
	}
	tx.Exec(`INSERT INTO bank_statements (org_id, id, file_id, bank_account_id, as_of, currency, opening, closing, lines, state, reason, created, place)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, string(tx.Org()), string(st.id), string(st.file), string(account),
		st.asOf.String(), st.Currency, st.Opening, st.Closing, int64(len(st.Lines)), state, reason, int64(clock.FromTime(tx.Now())), place)
	if state == StatementDuplicate {
		return nil
	}
	for _, l := range st.Lines {
		*n++
		s := statementLine{moved: moved, own: st.own, id: ids.New(ids.BankFile), file: st.file, n: *n, asOf: st.asOf, Line: l}
		var matched ids.ID
		if state == StatementTaken {
			var err error
			if matched, err = s.match(tx); err != nil {
				return fmt.Errorf("movement %d: %w", *n, err)
			}
		}
		tx.Exec(`INSERT INTO statement_lines (org_id, id, file_id, line, bank_account_id, as_of, type_code, amount, bank_ref, customer_ref, text, matched,
			statement_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, string(tx.Org()), string(s.id), string(s.file), int64(*n),
			string(account), s.asOf.String(), int64(s.Type), s.signed(), s.BankRef, s.CustomerRef, s.Text, string(matched), string(st.id))
	}
	if state != StatementTaken {
		return nil
	}
	return unpark(tx, st.own, moved)
}

// judge says whether the statement adds up and follows the last one that was taken, in days and in money, or leads to the
// first one. Rule REC-1.
func (st statement) judge(tx *db.Tx) (state, reason string, err error) {
	sum := st.Opening
	for _, l := range st.Lines {
		if l.Credit() {
			sum += l.Amount
		} else {
			sum -= l.Amount
		}
	}
	var same int64
	err = tx.Row(`SELECT count(*) FROM bank_statements WHERE org_id = $1 AND bank_account_id = $2 AND as_of = $3 AND opening = $4 AND closing = $5
		AND lines = $6 AND state IN ('taken', 'parked')`, string(tx.Org()), string(st.own.ID), st.asOf.String(), st.Opening, st.Closing, int64(len(st.Lines))).Scan(&same)
	if err != nil {
		return "", "", fmt.Errorf("look for the same statement: %w", err)
	}
	first, last, err := takenEnds(tx, st.own.ID)
	switch {
	case err != nil:
		return "", "", err
	case same > 0:
		return StatementDuplicate, "The same day came in another file.", nil
	case sum != st.Closing:
		return StatementParked, "Its movements do not lead from the opening to the closing balance.", nil
	case last == nil, !first.AsOf.Before(st.asOf) && st.Closing == first.Opening:
	case st.asOf.Before(last.AsOf):
		return StatementParked, "It is older than the statement of " + last.AsOf.String() + ", which is taken.", nil
	case st.Opening != last.Closing:
		return StatementParked, "It opens with " + money.FormatMinor(st.Opening, 2) + "; the statement of " + last.AsOf.String() + " closed with " +
			money.FormatMinor(last.Closing, 2) + ".", nil
	}
	return StatementTaken, "", nil
}

// takenEnds are the first and the last statement that were taken of an account; nil if there are none. Within a day their
// place decides, not the order in which they came.
func takenEnds(tx *db.Tx, account ids.ID) (first, last *Statement, err error) {
	ends := [2]*Statement{}
	for i, order := range []string{"as_of, place, id", lastFirst} {
		found, err := statements(tx, `bank_account_id = $2 AND state = 'taken' ORDER BY `+order+` LIMIT 1`, string(account))
		if err != nil || len(found) == 0 {
			return nil, nil, err
		}
		ends[i] = &found[0]
	}
	return ends[0], ends[1], nil
}

// lastFirst orders statements with the last one first.
const lastFirst = `as_of DESC, place DESC, id DESC`

// placeOf is where a statement stands among those taken of its account and day: below them if it leads to the first, else
// above.
func placeOf(tx *db.Tx, account ids.ID, day civil.Date, opening, closing int64) (int64, error) {
	taken, err := statements(tx, `bank_account_id = $2 AND state = 'taken' AND as_of = $3 ORDER BY place, id`, string(account), day.String())
	if err != nil || len(taken) == 0 {
		return 0, err
	}
	first, last := taken[0], taken[len(taken)-1]
	if closing == first.Opening && opening != last.Closing {
		return first.place - 1, nil
	}
	return last.place + 1, nil
}

// unpark takes the parked statements that follow, or precede, what is taken now.
func unpark(tx *db.Tx, own *bank.Account, moved map[ids.ID]bool) error {
	for {
		first, last, err := takenEnds(tx, own.ID)
		if err != nil || last == nil {
			return err
		}
		next, err := statements(tx, `bank_account_id = $2 AND state = 'parked' AND (opening = $3 AND as_of >= $4 OR closing = $5 AND as_of <= $6)
			AND opening + (SELECT CAST(coalesce(sum(l.amount), 0) AS BIGINT) FROM statement_lines l WHERE l.org_id = $1 AND l.statement_id = bank_statements.id) = closing
			ORDER BY as_of, id LIMIT 1`, string(own.ID), last.Closing, last.AsOf.String(), first.Opening, first.AsOf.String())
		if err != nil || len(next) == 0 {
			return err
		}
		if err := takeParked(tx, own, next[0], moved); err != nil {
			return err
		}
	}
}

// takeParked matches the lines of a parked statement.
func takeParked(tx *db.Tx, own *bank.Account, st Statement, moved map[ids.ID]bool) error {
	place, err := placeOf(tx, own.ID, st.AsOf, st.Opening, st.Closing)
	if err != nil {
		return err
	}
	tx.ExecOne(`UPDATE bank_statements SET state = 'taken', reason = '', place = $3 WHERE org_id = $1 AND id = $2 AND state = 'parked'`, string(tx.Org()),
		string(st.ID), place)
	lines, err := statementLines(tx, `l.statement_id = $2 AND l.matched = '' ORDER BY l.line`, string(st.ID))
	if err != nil {
		return err
	}
	for _, l := range lines {
		s := l.line(own, moved)
		matched, err := s.match(tx)
		if err != nil {
			return err
		}
		tx.ExecOne(`UPDATE statement_lines SET matched = $3 WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(l.ID), string(matched))
	}
	return nil
}

// Statement is a bank's statement of an account of ours. Amounts are minor units of Currency.
type Statement struct {
	ID, File, BankAccount ids.ID
	AsOf                  civil.Date
	Currency              string
	Opening, Closing      int64
	Lines                 int64
	State, Reason         string

	place int64 // among those taken of its day
}

// statements reads statements; $1 is the organisation.
func statements(tx *db.Tx, where string, args ...any) ([]Statement, error) {
	rows, err := tx.Query(`SELECT id, file_id, bank_account_id, as_of, currency, opening, closing, lines, state, reason, place FROM bank_statements
		WHERE org_id = $1 AND `+where, append([]any{string(tx.Org())}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read statements: %w", err)
	}
	defer rows.Close()
	var all []Statement
	for rows.Next() {
		var s Statement
		if err := rows.Scan((*string)(&s.ID), (*string)(&s.File), (*string)(&s.BankAccount), &s.AsOf, &s.Currency, &s.Opening, &s.Closing, &s.Lines,
			&s.State, &s.Reason, &s.place); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// Line is one movement on a statement.
type Line struct {
	ID, File, BankAccount      ids.ID
	N                          int // in the file
	AsOf                       civil.Date
	Type                       int   // BAI2 type code
	Amount                     int64 // credits to the account positive
	BankRef, CustomerRef, Text string
}

// statementLines reads movements of table l; $1 is the organisation.
func statementLines(tx *db.Tx, where string, args ...any) ([]Line, error) {
	rows, err := tx.Query(`SELECT l.id, l.file_id, l.bank_account_id, l.line, l.as_of, l.type_code, l.amount, l.bank_ref, l.customer_ref, l.text
		FROM statement_lines l WHERE l.org_id = $1 AND `+where, append([]any{string(tx.Org())}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the lines of statements: %w", err)
	}
	defer rows.Close()
	var all []Line
	for rows.Next() {
		var l Line
		if err := rows.Scan((*string)(&l.ID), (*string)(&l.File), (*string)(&l.BankAccount), &l.N, &l.AsOf, &l.Type, &l.Amount, &l.BankRef, &l.CustomerRef,
			&l.Text); err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// line is the movement as it is matched.
func (l Line) line(own *bank.Account, moved map[ids.ID]bool) statementLine {
	return statementLine{moved: moved, own: own, id: l.ID, file: l.File, n: l.N, asOf: l.AsOf, Line: bai2.Line{Type: l.Type, Amount: max(l.Amount, -l.Amount),
		BankRef: l.BankRef, CustomerRef: l.CustomerRef, Text: l.Text}}
}

// What a line, or a part of it, can be.
const (
	ItemPayment    = "payment"    // a file of entries (its batch), a cheque or a wire that is paid
	ItemReturned   = "returned"   // the money of a payment that came back
	ItemCollection = "collection" // of a file of debits, or of one that came back
	ItemBook       = "book"       // a ledger entry that is there already
	ItemFee        = "fee"
	ItemError      = "error"    // posted to an account that a person names
	ItemSuspense   = "suspense" // a return of nobody knows what
)

// statementLine is one movement on an account of ours that is being matched.
type statementLine struct {
	moved  map[ids.ID]bool // bank movements of which something was matched
	own    *bank.Account
	id     ids.ID
	file   ids.ID
	n      int // in the file
	asOf   civil.Date
	person ids.ID // who matches it; empty: its exact key
	bai2.Line
}

// signed is the amount as the account sees it.
func (s statementLine) signed() int64 {
	if s.Credit() {
		return s.Amount
	}
	return -s.Amount
}

// match finds what the line is about by its exact key (REC-3, 1), and posts it. It gives what that is, empty where nothing
// has the key: that stays for a person. Which key a line has, its type code says (REC-2).
func (s statementLine) match(tx *db.Tx) (ids.ID, error) {
	switch s.Type {
	case bai2.ACHSettlementDebit, bai2.ACHDebit, 455:
		id, err := s.settle(tx)
		if err == nil && id.IsNull() {
			return s.tested(tx)
		}
		return id, err
	case bai2.CheckPaid:
		matched, err := s.pay(tx)
		if err == nil && matched == "" {
			err = s.strange(tx)
		}
		return matched, err
	case bai2.CheckReturned:
		return s.checkBack(tx)
	case bai2.WireOut:
		return s.wired(tx)
	case bai2.WireIn:
		return s.wireBack(tx)
	case bai2.ACHReturnCredit:
		id, err := s.credit(tx)
		if err == nil && id.IsNull() {
			return s.testMoney(tx)
		}
		return id, err
	case bai2.ACHSettlementCredit, bai2.ACHCredit, 165:
		for _, find := range []func(*db.Tx) (ids.ID, error){s.collected, s.reversed, s.tested, s.testMoney} {
			if id, err := find(tx); err != nil || !id.IsNull() {
				return id, err
			}
		}
		return "", nil
	case bai2.ACHReturnDebit:
		id, err := s.taken(tx)
		if err == nil && id.IsNull() {
			id, err = s.reversalTaken(tx)
		}
		if err == nil && id.IsNull() {
			return s.testMoney(tx)
		}
		return id, err
	}
	return "", nil
}

// note records what the line, or a part of it, turned out to be.
func (s statementLine) note(tx *db.Tx, kind string, target, entry ids.ID, amount int64) {
	tx.Exec(`INSERT INTO statement_matches (org_id, line_id, kind, target, entry_id, amount, person, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		string(tx.Org()), string(s.id), kind, string(target), string(entry), amount, string(s.person), int64(clock.FromTime(tx.Now())))
}

// settle matches the lump of an ACH file by the file's id and its total: its payments are settled, event 11 is posted,
// and they clear at 17:00 New York time of the second banking day after (5.5).
func (s statementLine) settle(tx *db.Tx) (ids.ID, error) {
	var batch string
	err := tx.Row(`SELECT b.id FROM bank_files f JOIN disbursement_batches b ON b.org_id = f.org_id AND b.id = f.batch_id
		WHERE f.org_id = $1 AND f.id = $2 AND f.kind = 'ach' AND b.bank_account_id = $3 AND b.total = $4 AND b.state = 'sent'`,
		string(tx.Org()), s.CustomerRef, string(s.own.ID), s.Amount).Scan(&batch)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the settlement: %w", err)
	}
	return ids.ID(batch), s.settleBatch(tx, batch)
}

// settleBatch settles the payments of a file of entries with the line.
func (s statementLine) settleBatch(tx *db.Tx, batch string) error {
	tx.ExecOne(`UPDATE disbursement_batches SET state = 'settled' WHERE org_id = $1 AND id = $2 AND state = 'sent'`, string(tx.Org()), batch)
	tx.Exec(`UPDATE disbursements SET settled_on = $3 WHERE org_id = $1 AND batch_id = $2`, string(tx.Org()), batch, s.asOf.String())
	tx.Exec(`UPDATE disbursements SET state = 'settled' WHERE org_id = $1 AND batch_id = $2 AND state = 'sent'`, string(tx.Org()), batch)
	if err := s.post(tx, ledger.BankDebit, ids.ID(batch), "ACH settlement", -s.Amount); err != nil {
		return err
	}
	due := change{file: s.file, clearDue: clearing(s.asOf)}
	if err := moveBatch(tx, ids.ID(batch), Settled, due, InFile, Sent); err != nil {
		return err
	}
	tx.Exec(`UPDATE payments SET clear_due = $3 WHERE org_id = $1 AND state = 'void_requested'
		AND id IN (SELECT payment_id FROM disbursements WHERE org_id = $1 AND batch_id = $2)`, string(tx.Org()), batch, int64(due.clearDue))
	movements, err := texts(tx, `SELECT DISTINCT p.money_movement_id FROM payments p JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
		WHERE d.org_id = $1 AND d.batch_id = $2`, string(tx.Org()), batch)
	for _, id := range movements {
		s.moved[ids.ID(id)] = true
	}
	return err
}

// pay matches a cheque by its number and amount: it has cleared at once, event 12 is posted (E22: one cent off matches
// nothing).
func (s statementLine) pay(tx *db.Tx) (ids.ID, error) {
	serial, err := strconv.ParseInt(strings.TrimLeft(s.CustomerRef, "0"), 10, 64)
	if err != nil {
		return "", nil
	}
	var id string
	err = tx.Row(`SELECT d.payment_id FROM checks c JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
		WHERE c.org_id = $1 AND c.bank_account_id = $2 AND c.serial = $3 AND c.amount = $4 AND c.state IN ('allocated', 'printed', 'mailed', 'stop_requested')`,
		string(tx.Org()), string(s.own.ID), serial, s.Amount).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the cheque: %w", err)
	}
	return s.payCheck(tx, id, serial)
}

// payCheck clears the cheque of a payment with the line; it gives nothing if the payment has no cheque to be paid.
func (s statementLine) payCheck(tx *db.Tx, id string, serial int64) (ids.ID, error) {
	p, err := lock(tx, id)
	c := change{file: s.file}
	switch {
	case err != nil:
		return "", err
	case p.State == VoidRequested: // paid before the bank took the stop
		c.void = voidRefused
	case p.State != InFile && p.State != Sent: // in file: nobody has confirmed that it was mailed
		return "", nil
	}
	tx.ExecOne(`UPDATE checks SET state = 'cleared', changed = $4 WHERE org_id = $1 AND bank_account_id = $2 AND serial = $3`,
		string(tx.Org()), string(s.own.ID), serial, int64(clock.FromTime(tx.Now())))
	tx.ExecOne(`UPDATE disbursements SET state = 'cleared', settled_on = $3 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), id,
		s.asOf.String())
	if err := s.post(tx, ledger.CheckPaid, p.ID, "Cheque "+strconv.FormatInt(serial, 10)+" paid", -s.Amount); err != nil {
		return "", err
	}
	s.moved[p.MoneyMovementID] = true
	return p.ID, p.move(tx, Cleared, c)
}

// checkBack matches a cheque that the bank gives back after it has paid it, by its number and amount (CHK-4).
func (s statementLine) checkBack(tx *db.Tx) (ids.ID, error) {
	var id string
	err := tx.Row(`SELECT d.payment_id FROM checks c JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
		WHERE c.org_id = $1 AND c.bank_account_id = $2 AND c.serial = $3 AND c.amount = $4 AND c.state = 'cleared'`,
		string(tx.Org()), string(s.own.ID), serialOf(s.CustomerRef), s.Amount).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the returned cheque: %w", err)
	}
	return ids.ID(id), s.returnCheck(tx, id)
}

// returnCheck takes the line for the money of a cheque that had cleared: it was forged, or claimed twice. Its payment fails,
// its bills are open again, and who talks to the vendor is to find out whether it has the money. Postings 15 and 16.
func (s statementLine) returnCheck(tx *db.Tx, id string) error {
	p, err := lock(tx, id)
	if err != nil {
		return err
	}
	if p.State != Cleared {
		return ErrNotOpen
	}
	c, err := liveCheck(tx, p.ID)
	if err != nil {
		return err
	}
	const why = "The bank gave the check back after it had paid it."
	c.set(tx, CheckReturned, why)
	tx.ExecOne(`UPDATE disbursements SET state = 'returned', reason_text = $3 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), id, why)
	if err := p.fail(tx, Failed, s.asOf, change{file: s.file, note: why}); err != nil {
		return err
	}
	err = addTask(tx, TaskFraud, p.ID, "CHECK", fmt.Sprintf("Check %d of payment %s was paid and then given back by the bank, as forged or claimed twice. "+
		"Its bills are open again: before you pay them, ask the vendor whether it has the money.", c.serial, p.Confirmation))
	if err != nil {
		return err
	}
	return s.creditReturn(tx, id)
}

// credit matches the money of a returned entry by its trace number and amount: event 16 is posted.
func (s statementLine) credit(tx *db.Tx) (ids.ID, error) {
	var id string
	err := tx.Row(`SELECT payment_id FROM disbursements WHERE org_id = $1 AND trace = $2 AND amount = $3 AND state = 'returned'`,
		string(tx.Org()), s.CustomerRef, s.Amount).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) || s.CustomerRef == "" {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the returned entry: %w", err)
	}
	return ids.ID(id), s.creditReturn(tx, id)
}

// creditReturn takes the line for the money of a payment that came back.
func (s statementLine) creditReturn(tx *db.Tx, id string) error {
	credited(tx, id)
	return s.post(tx, ledger.BankCreditsReturn, ids.ID(id), "Returned entry credited", s.Amount)
}

// matchReturns matches the movements of entries whose money was on a statement before their return was told of, by the
// entries' traces.
func matchReturns(tx *db.Tx, traces map[string]bool) error {
	if len(traces) == 0 {
		return nil
	}
	open, err := statementLines(tx, `l.matched = '' AND l.bank_account_id <> '' AND l.type_code IN (`+strconv.Itoa(bai2.ACHReturnCredit)+`, `+
		strconv.Itoa(bai2.ACHReturnDebit)+`) AND `+taken+` ORDER BY l.as_of, l.id`)
	if err != nil {
		return err
	}
	moved := map[ids.ID]bool{}
	for _, l := range open {
		if !traces[l.CustomerRef] {
			continue
		}
		own, err := bank.Accounts.LoadForUpdate(tx, l.BankAccount)
		if err != nil {
			return err
		}
		matched, err := l.line(own, moved).match(tx)
		if err != nil {
			return fmt.Errorf("match movement %s: %w", l.ID, err)
		}
		if matched != "" {
			tx.ExecOne(`UPDATE statement_lines SET matched = $3 WHERE org_id = $1 AND id = $2 AND matched = ''`, string(tx.Org()), string(l.ID), string(matched))
		}
	}
	return settleMovements(tx, moved)
}

// credited says that the bank has given back what a payment came to.
func credited(tx *db.Tx, payment string) {
	setDisbursement(tx, ids.ID(payment), "credited")
	tx.Exec(`UPDATE money_movements SET status = 1, updated_time = $3 WHERE org_id = $1 AND reverses = $2 AND status = 0`, string(tx.Org()), payment, db.Stamp)
}

// post moves an amount between the account's ledger account, where a debit is positive, and Money Out Clearing.
func (s statementLine) post(tx *db.Tx, event ledger.Event, source ids.ID, memo string, amount int64) error {
	entry, err := ledger.Post(tx, ledger.Entry{Date: s.asOf, Event: event, Source: source, Version: 1, Memo: memo,
		Postings: []ledger.Posting{{Account: s.own.LedgerAccountID, Amount: amount}, {Role: ledger.MoneyOut, Amount: -amount}}})
	kind := ItemPayment
	if amount > 0 {
		kind = ItemReturned
	}
	s.note(tx, kind, source, entry, amount)
	return err
}
