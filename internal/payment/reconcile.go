package payment

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
)

// Faults of reconciliation.
var (
	ErrParts         = fault.New(fault.Invalid, "statement_parts", "What the line is said to be does not come to its amount.")
	ErrNotOpen       = fault.New(fault.Conflict, "statement_item_closed", "That is settled already, or is of another amount or account.")
	ErrNotReconciled = fault.New(fault.Conflict, "statement_difference", "Books and statement differ, or a statement of the account is parked.")
)

// mayLook fails unless the caller sees bank accounts or keeps the books.
func mayLook(tx *db.Tx) error {
	if tx.Caller().Perms.Has(org.ClosePeriods) {
		return nil
	}
	return tx.Require(org.ViewBanks)
}

// ParkedStatements are the statements that wait for the one before them, or for a person, oldest first (REC-1).
func ParkedStatements(tx *db.Tx) ([]Statement, error) {
	if err := mayLook(tx); err != nil {
		return nil, err
	}
	return statements(tx, `state = 'parked' ORDER BY as_of, id`)
}

// AcceptStatement takes a parked statement although it does not follow the one before: what is missing between them shows
// as a difference when the account is reconciled. It fails with fault.ErrNotFound for one that is not parked.
func AcceptStatement(tx *db.Tx, id ids.ID) error {
	st, err := parked(tx, id)
	if err != nil {
		return err
	}
	own, err := bank.Accounts.LoadForUpdate(tx, st.BankAccount)
	if err != nil {
		return err
	}
	moved := map[ids.ID]bool{}
	if err := takeParked(tx, own, st, moved); err != nil {
		return err
	}
	tx.Audit("accept", "bankStatement", id, "")
	if err := unpark(tx, own, moved); err != nil {
		return err
	}
	return settleMovements(tx, moved)
}

// RefuseStatement puts a parked statement away: its movements have no effect. Errors as AcceptStatement.
func RefuseStatement(tx *db.Tx, id ids.ID) error {
	if _, err := parked(tx, id); err != nil {
		return err
	}
	tx.ExecOne(`UPDATE bank_statements SET state = 'refused' WHERE org_id = $1 AND id = $2 AND state = 'parked'`, string(tx.Org()), string(id))
	tx.Audit("refuse", "bankStatement", id, "")
	return nil
}

func parked(tx *db.Tx, id ids.ID) (Statement, error) {
	if err := tx.Require(org.ClosePeriods); err != nil {
		return Statement{}, err
	}
	found, err := statements(tx, `id = $2 AND state = 'parked'`+tx.ForUpdate(), string(id))
	if err != nil {
		return Statement{}, err
	}
	if len(found) == 0 {
		return Statement{}, fault.ErrNotFound.With(string(id))
	}
	return found[0], nil
}

// Statements are the last statements of an account, latest first, at most the given number.
func Statements(tx *db.Tx, account ids.ID, most int) ([]Statement, error) {
	if err := mayLook(tx); err != nil {
		return nil, err
	}
	return statements(tx, `bank_account_id = $2 AND state <> 'duplicate' ORDER BY `+lastFirst+` LIMIT `+strconv.Itoa(most), string(account))
}

// OpenLine is a movement that nothing matched by its exact key, with what it may be.
type OpenLine struct {
	Line
	Candidates []Candidate
	Proposal   *Candidate // the only one of that amount within three banking days (REC-3, 2); a person accepts it
}

// Candidate is something that a movement may be.
type Candidate struct {
	Item
	Date civil.Date
	Text string
}

// Item is what a line, or a part of it, is said to be. Target is a batch, payment, ledger entry or account, as Kind says;
// nothing for a fee or suspense. Amount is as on the line, in minor units.
type Item struct {
	Kind   string
	Target ids.ID
	Amount int64
}

// OpenLines are the movements of an account that wait for a person, oldest first, at most the given number. Rule REC-3.
func OpenLines(tx *db.Tx, account ids.ID, most int) ([]OpenLine, error) {
	if err := mayLook(tx); err != nil {
		return nil, err
	}
	own, err := bank.Accounts.Load(tx, account)
	if err != nil {
		return nil, err
	}
	lines, err := statementLines(tx, `l.bank_account_id = $2 AND l.matched = '' AND `+taken+` ORDER BY l.as_of, l.id LIMIT `+strconv.Itoa(most), string(account))
	if err != nil {
		return nil, err
	}
	all := make([]OpenLine, len(lines))
	for i, l := range lines {
		all[i].Line = l
		if all[i].Candidates, err = candidates(tx, own, l); err != nil {
			return nil, err
		}
		near := 0
		for j, c := range all[i].Candidates {
			if c.Amount == l.Amount && !c.Date.Before(banking.Add(l.AsOf, -3)) && !c.Date.After(banking.Add(l.AsOf, 3)) {
				near++
				all[i].Proposal = &all[i].Candidates[j]
			}
		}
		if near != 1 {
			all[i].Proposal = nil
		}
	}
	return all, nil
}

// taken keeps to lines of statements that count.
const taken = `NOT EXISTS (SELECT 1 FROM bank_statements t WHERE t.org_id = l.org_id AND t.id = l.statement_id AND t.state <> 'taken')`

// candidates are the payments and entries of the line's amount, and a cheque of its number.
func candidates(tx *db.Tx, own *bank.Account, l Line) ([]Candidate, error) {
	rows, err := tx.Query(`SELECT 'payment', b.id, -b.total, b.effective_date, 'ACH payments' FROM disbursement_batches b
			WHERE b.org_id = $1 AND b.bank_account_id = $2 AND b.rail = 'ach' AND b.state = 'sent' AND b.total = 0 - CAST($3 AS BIGINT)
		UNION ALL SELECT 'payment', p.id, -d.amount, p.process_date, CASE d.rail WHEN 'check' THEN 'Check ' ELSE 'Wire ' END ||
				CASE d.rail WHEN 'check' THEN CAST(d.serial AS TEXT) ELSE p.confirmation END FROM payments p
			JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
			WHERE p.org_id = $1 AND p.bank_account_id = $2 AND d.rail IN ('check', 'wire') AND p.state IN ('in_file', 'sent', 'void_requested')
				AND d.state IN ('released', 'sent') AND CAST($3 AS BIGINT) < 0 AND (d.amount = 0 - CAST($3 AS BIGINT) OR d.serial = CAST($4 AS BIGINT) AND d.serial > 0)
		UNION ALL SELECT 'returned', p.id, d.amount, p.process_date, 'Returned payment ' || p.confirmation FROM payments p
			JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
			WHERE p.org_id = $1 AND p.bank_account_id = $2 AND (d.state = 'returned' OR d.state = 'cleared' AND d.rail = 'check' AND CAST($4 AS BIGINT) = d.serial)
				AND d.amount = CAST($3 AS BIGINT)
		UNION ALL SELECT 'book', e.id, x.amount, e.posting_date, e.memo FROM postings x JOIN journal_entries e ON e.org_id = x.org_id AND e.id = x.entry_id
			WHERE x.org_id = $1 AND x.account_id = $5 AND x.amount = CAST($3 AS BIGINT) AND NOT EXISTS
				(SELECT 1 FROM statement_matches m WHERE m.org_id = e.org_id AND m.entry_id = e.id AND m.entry_id <> '')
		ORDER BY 4, 2 LIMIT 40`, string(tx.Org()), string(own.ID), l.Amount, serialOf(l.CustomerRef), string(own.LedgerAccountID))
	if err != nil {
		return nil, fmt.Errorf("look for what a line may be: %w", err)
	}
	defer rows.Close()
	var all []Candidate
	for rows.Next() {
		var c Candidate
		if err := rows.Scan(&c.Kind, (*string)(&c.Target), &c.Amount, &c.Date, &c.Text); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// serialOf is the cheque number that the reference of a line is, 0 if it is none.
func serialOf(ref string) int64 {
	n, err := strconv.ParseInt(strings.TrimLeft(ref, "0"), 10, 63)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// MatchLine says what a movement is: one thing, or several that come to its amount. Payments and returned payments move
// on and post as if their key had matched; a fee, an amount on another account and a return of nobody knows what post
// their own entry (events 23, 39, 17); what is in the books already posts nothing. Differences are never absorbed (REC-4).
//
// It fails with fault.ErrNotFound for a line that does not wait, ErrParts, ErrNotOpen, and fault.ErrReference for an
// account that is not posted to by hand.
func MatchLine(tx *db.Tx, line ids.ID, items []Item) error {
	if err := tx.Require(org.ClosePeriods); err != nil {
		return err
	}
	found, err := statementLines(tx, `l.id = $2 AND l.matched = '' AND l.bank_account_id <> '' AND `+taken+tx.ForUpdate(), string(line))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fault.ErrNotFound.With(string(line))
	}
	l := found[0]
	var sum int64
	for _, i := range items {
		if i.Amount == 0 || len(items) > 200 || i.Amount > maxAmount*100 || i.Amount < -maxAmount*100 {
			return ErrParts
		}
		sum += i.Amount
	}
	if sum != l.Amount {
		return ErrParts
	}
	own, err := bank.Accounts.LoadForUpdate(tx, l.BankAccount)
	if err != nil {
		return err
	}
	s := l.line(own, map[ids.ID]bool{})
	s.person = tx.Caller().User
	for n, i := range items {
		if err := s.matchItem(tx, i, int64(n+1)); err != nil {
			return err
		}
	}
	target := line // of a line of nothing
	if len(items) > 0 {
		target = cmp.Or(items[0].Target, line)
	}
	tx.ExecOne(`UPDATE statement_lines SET matched = $3 WHERE org_id = $1 AND id = $2 AND matched = ''`, string(tx.Org()), string(line), string(target))
	tx.Audit("match", "statementLine", line, "")
	return settleMovements(tx, s.moved)
}

// matchItem takes the line, or a part of it, for one thing.
func (s statementLine) matchItem(tx *db.Tx, i Item, n int64) error {
	s.Amount = max(i.Amount, -i.Amount)
	switch {
	case i.Kind == ItemPayment && i.Amount < 0:
		return s.matchPayment(tx, i.Target)
	case i.Kind == ItemReturned && i.Amount > 0:
		open, err := texts(tx, `SELECT d.state FROM disbursements d JOIN payments p ON p.org_id = d.org_id AND p.id = d.payment_id
			WHERE d.org_id = $1 AND d.payment_id = $2 AND (d.state = 'returned' OR d.state = 'cleared' AND d.rail = 'check')
				AND d.amount = $3 AND p.bank_account_id = $4`,
			string(tx.Org()), string(i.Target), s.Amount, string(s.own.ID))
		if err != nil || len(open) == 0 {
			return cmp.Or(err, error(ErrNotOpen))
		}
		if open[0] == "cleared" {
			return s.returnCheck(tx, string(i.Target))
		}
		return s.creditReturn(tx, string(i.Target))
	case i.Kind == ItemBook:
		open, err := texts(tx, `SELECT x.entry_id FROM postings x WHERE x.org_id = $1 AND x.entry_id = $2 AND x.account_id = $3 AND NOT EXISTS
			(SELECT 1 FROM statement_matches m WHERE m.org_id = x.org_id AND m.entry_id = x.entry_id AND m.entry_id <> '')
			GROUP BY x.entry_id HAVING sum(x.amount) = $4`, string(tx.Org()), string(i.Target), string(s.own.LedgerAccountID), i.Amount)
		if err != nil || len(open) == 0 {
			return cmp.Or(err, error(ErrNotOpen))
		}
		s.note(tx, ItemBook, i.Target, i.Target, i.Amount)
		return nil
	case i.Kind == ItemFee:
		return s.postTo(tx, i, n, ledger.BankFee, ledger.Posting{Role: ledger.Fees})
	case i.Kind == ItemSuspense && i.Amount > 0:
		return s.postTo(tx, i, n, ledger.UnmatchedReturn, ledger.Posting{Role: ledger.ReturnsSuspense})
	case i.Kind == ItemError && !i.Target.IsNull():
		to, err := paidFrom(tx, i.Target)
		if err != nil {
			return err
		}
		return s.postTo(tx, i, n, ledger.ManualJournal, to)
	}
	return ErrNotOpen
}

// matchPayment settles a file of entries, a cheque or a wire with the line.
func (s statementLine) matchPayment(tx *db.Tx, target ids.ID) error {
	batches, err := texts(tx, `SELECT id FROM disbursement_batches WHERE org_id = $1 AND id = $2 AND bank_account_id = $3 AND rail = 'ach' AND state = 'sent'
		AND total = $4`, string(tx.Org()), string(target), string(s.own.ID), s.Amount)
	if err != nil {
		return err
	}
	if len(batches) == 1 {
		return s.settleBatch(tx, batches[0])
	}
	open, err := texts(tx, `SELECT d.rail || ' ' || CAST(d.serial AS TEXT) || ' ' || d.batch_id FROM disbursements d
		JOIN payments p ON p.org_id = d.org_id AND p.id = d.payment_id
		WHERE d.org_id = $1 AND d.payment_id = $2 AND d.amount = $3 AND d.state IN ('released', 'sent') AND p.bank_account_id = $4`,
		string(tx.Org()), string(target), s.Amount, string(s.own.ID))
	if err != nil || len(open) == 0 {
		return cmp.Or(err, error(ErrNotOpen))
	}
	var rail, batch string
	var serial int64
	if _, err := fmt.Sscan(open[0], &rail, &serial, &batch); err != nil {
		return err
	}
	var matched ids.ID
	switch rail {
	case Check:
		matched, err = s.payCheck(tx, string(target), serial)
	case Wire:
		matched, err = s.settleWire(tx, string(target), batch)
	}
	if err == nil && matched == "" {
		err = ErrNotOpen
	}
	return err
}

// postTo posts a part of the line against an account that a person names by what it is.
func (s statementLine) postTo(tx *db.Tx, i Item, version int64, event ledger.Event, to ledger.Posting) error {
	to.Amount = -i.Amount
	entry, err := ledger.Post(tx, ledger.Entry{Date: s.asOf, Event: event, Source: s.id, Version: version, Memo: cmp.Or(firstRunes(s.Text, 200), "Bank statement"),
		Postings: []ledger.Posting{{Account: s.own.LedgerAccountID, Amount: i.Amount}, to}})
	target := i.Target
	if i.Kind == ItemSuspense {
		target = "" // until it is known what came back
	}
	s.note(tx, i.Kind, cmp.Or(target, ids.ID(strconv.FormatInt(version, 10))), entry, i.Amount)
	return err
}

// SuspendedLine is money that came back and nobody knows of what, on Returned items suspense: a movement, or a part of it,
// whose Amount it has.
type SuspendedLine struct {
	Line
	Payments []Candidate // that it may be of
}

// suspended are the parts m of movements l on Returned items suspense: their target is their number until a payment is found.
const suspended = `m.kind = 'suspense' AND m.target NOT LIKE '` + string(ids.SentPay) + `%'`

// SuspendedLines are the movements on Returned items suspense, part by part. Posting 17.
func SuspendedLines(tx *db.Tx, account ids.ID) ([]SuspendedLine, error) {
	if err := mayLook(tx); err != nil {
		return nil, err
	}
	lines, err := statementLines(tx, `l.bank_account_id = $2 AND EXISTS (SELECT 1 FROM statement_matches m WHERE m.org_id = l.org_id AND m.line_id = l.id
		AND `+suspended+`) ORDER BY l.as_of, l.id LIMIT 200`, string(account))
	if err != nil {
		return nil, err
	}
	own, err := bank.Accounts.Load(tx, account)
	if err != nil {
		return nil, err
	}
	var all []SuspendedLine
	for _, l := range lines {
		parts, err := suspendedParts(tx, l.ID)
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			l.Amount = part.amount
			found, err := candidates(tx, own, l)
			if err != nil {
				return nil, err
			}
			s := SuspendedLine{Line: l}
			for _, c := range found {
				if c.Kind == ItemReturned {
					s.Payments = append(s.Payments, c)
				}
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// suspendedPart is a part of a movement on Returned items suspense, by its number.
type suspendedPart struct{ number, amount int64 }

func suspendedParts(tx *db.Tx, line ids.ID) (all []suspendedPart, err error) {
	rows, err := tx.Query(`SELECT CAST(m.target AS BIGINT), m.amount FROM statement_matches m WHERE m.org_id = $1 AND m.line_id = $2 AND `+suspended+`
		ORDER BY 1`, string(tx.Org()), string(line))
	if err != nil {
		return nil, fmt.Errorf("read what is in suspense: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p suspendedPart
		if err := rows.Scan(&p.number, &p.amount); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// ClearSuspense says which payment it was that came back with a movement, or a part of it, on Returned items suspense: the
// money goes on to Money Out Clearing (posting 17). It fails with fault.ErrNotFound for another movement, and ErrNotOpen for
// a payment that has not come back, was not made from the movement's account, or has the amount of none of the parts.
func ClearSuspense(tx *db.Tx, line, payment ids.ID) error {
	if err := tx.Require(org.ClosePeriods); err != nil {
		return err
	}
	found, err := statementLines(tx, `l.id = $2`+tx.ForUpdate(), string(line))
	if err != nil {
		return err
	}
	parts, err := suspendedParts(tx, line)
	if err != nil {
		return err
	}
	if len(found) == 0 || len(parts) == 0 {
		return fault.ErrNotFound.With(string(line))
	}
	var amount int64
	err = tx.Row(`SELECT d.amount FROM disbursements d JOIN payments p ON p.org_id = d.org_id AND p.id = d.payment_id
		WHERE d.org_id = $1 AND d.payment_id = $2 AND d.state = 'returned' AND p.bank_account_id = $3`, string(tx.Org()), string(payment),
		string(found[0].BankAccount)).Scan(&amount)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("look for the returned payment: %w", err)
	}
	i := slices.IndexFunc(parts, func(p suspendedPart) bool { return p.amount == amount })
	if err != nil || i < 0 {
		return ErrNotOpen
	}
	_, err = ledger.Post(tx, ledger.Entry{Date: civil.Of(tx.Now(), civil.Pacific), Event: ledger.UnmatchedReturn, Source: line,
		Version: clearedVersion + parts[i].number, Memo: "Returned payment found",
		Postings: []ledger.Posting{{Role: ledger.ReturnsSuspense, Amount: amount}, {Role: ledger.MoneyOut, Amount: -amount}}})
	if err != nil {
		return err
	}
	credited(tx, string(payment))
	tx.ExecOne(`UPDATE statement_matches SET target = $3 WHERE org_id = $1 AND line_id = $2 AND kind = 'suspense' AND target = $4`, string(tx.Org()),
		string(line), string(payment), strconv.FormatInt(parts[i].number, 10))
	tx.Audit("clear suspense", "statementLine", line, "")
	return nil
}

// clearedVersion numbers the entries that take parts of a movement off suspense, above those that put them there.
const clearedVersion = 1000

// Reconciliation compares the books of a bank account with its statement of a day. Amounts are minor units. What is left
// of Statement after the books without InTransit and with Unrecorded is Difference: 0 where all is explained. Rule REC-5.
//
// Payments that are released and not yet on a statement stand on Money Out Clearing, not on the account: they are told
// beside.
type Reconciliation struct {
	Account    ids.ID
	Through    civil.Date // the day of the statement
	Statement  int64
	Book       int64 // balance of the ledger account
	InTransit  []BookItem
	Unrecorded []Line
	Difference int64

	Checks, Transfers int64 // released and not on a statement: cheques; entries and wires
	Done              bool  // marked as reconciled
}

// BookItem is an entry of the account that is on no statement yet.
type BookItem struct {
	Entry  ids.ID
	Date   civil.Date
	Amount int64
	Memo   string
}

// maxItems is how many items of each kind a reconciliation names; sums have all.
const maxItems = 500

// Reconcile compares an account with its statement of a day, or with its last if the day is zero. It fails with
// fault.ErrNotFound where no statement of that day was taken.
func Reconcile(tx *db.Tx, account ids.ID, through civil.Date) (r Reconciliation, err error) {
	if err := mayLook(tx); err != nil {
		return r, err
	}
	own, err := bank.Accounts.Load(tx, account)
	if err != nil {
		return r, err
	}
	found, err := statements(tx, `bank_account_id = $2 AND state = 'taken' AND (as_of = $3 OR $3 = '') ORDER BY `+lastFirst+` LIMIT 1`,
		string(account), through.String())
	if err != nil {
		return r, err
	}
	if len(found) == 0 {
		return r, fault.ErrNotFound.With(through.String())
	}
	r = Reconciliation{Account: account, Through: found[0].AsOf, Statement: found[0].Closing}
	org, day := string(tx.Org()), r.Through.String()
	var first string
	err = tx.Row(`SELECT (SELECT min(as_of) FROM bank_statements WHERE org_id = $1 AND bank_account_id = $2 AND state = 'taken'),
			(SELECT CAST(coalesce(sum(x.amount), 0) AS BIGINT) FROM postings x JOIN journal_entries e ON e.org_id = x.org_id AND e.id = x.entry_id
				WHERE x.org_id = $1 AND x.account_id = $3 AND e.posting_date <= $4),
			(SELECT count(*) FROM reconciliations WHERE org_id = $1 AND bank_account_id = $2 AND through >= $4)`,
		org, string(account), string(own.LedgerAccountID), day).Scan(&first, &r.Book, (*flagged)(&r.Done))
	if err != nil {
		return r, fmt.Errorf("sum the books of %s: %w", account, err)
	}
	transit, err := r.inTransit(tx, own, first)
	if err != nil {
		return r, err
	}
	unrecorded, err := r.unrecorded(tx)
	if err != nil {
		return r, err
	}
	r.Difference = r.Statement - (r.Book - transit + unrecorded)
	err = tx.Row(`SELECT CAST(coalesce(sum(CASE WHEN d.rail = 'check' THEN d.amount ELSE 0 END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN d.rail <> 'check' THEN d.amount ELSE 0 END), 0) AS BIGINT)
		FROM disbursements d JOIN payments p ON p.org_id = d.org_id AND p.id = d.payment_id
		WHERE d.org_id = $1 AND p.bank_account_id = $2 AND d.state IN ('released', 'sent')`, org, string(account)).Scan(&r.Checks, &r.Transfers)
	return r, err
}

// flagged reads a count as whether there is one.
type flagged bool

// Scan implements sql.Scanner.
func (f *flagged) Scan(v any) error {
	n, ok := v.(int64)
	*f = n > 0
	if !ok {
		return fmt.Errorf("a count is a %T", v)
	}
	return nil
}

// inTransit finds the entries that are on no statement up to the day. What is older than the first statement and was never
// matched is in that one's opening balance.
func (r *Reconciliation) inTransit(tx *db.Tx, own *bank.Account, first string) (sum int64, err error) {
	rows, err := tx.Query(`SELECT e.id, e.posting_date, e.memo, CAST(sum(x.amount) AS BIGINT) FROM postings x
		JOIN journal_entries e ON e.org_id = x.org_id AND e.id = x.entry_id
		LEFT JOIN statement_matches m ON m.org_id = e.org_id AND m.entry_id = e.id AND m.entry_id <> ''
		LEFT JOIN statement_lines l ON l.org_id = m.org_id AND l.id = m.line_id
		WHERE x.org_id = $1 AND x.account_id = $2 AND e.posting_date <= $3 AND (e.posting_date >= $4 AND l.id IS NULL OR l.as_of > $3)
		GROUP BY e.id, e.posting_date, e.memo ORDER BY e.posting_date, e.id`, string(tx.Org()), string(own.LedgerAccountID), r.Through.String(), first)
	if err != nil {
		return 0, fmt.Errorf("look for entries on no statement: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var b BookItem
		if err := rows.Scan((*string)(&b.Entry), &b.Date, &b.Memo, &b.Amount); err != nil {
			return 0, err
		}
		sum += b.Amount
		if len(r.InTransit) < maxItems && b.Amount != 0 {
			r.InTransit = append(r.InTransit, b)
		}
	}
	return sum, errors.Join(rows.Err(), rows.Close())
}

// unrecorded finds the movements up to the day whose entry is missing, or is dated later (GL-8).
func (r *Reconciliation) unrecorded(tx *db.Tx) (sum int64, err error) {
	const missing = `l.bank_account_id = $2 AND l.as_of <= $3 AND ` + taken + ` AND l.amount <> coalesce((SELECT sum(m.amount) FROM statement_matches m
		JOIN journal_entries e ON e.org_id = m.org_id AND e.id = m.entry_id WHERE m.org_id = l.org_id AND m.line_id = l.id AND e.posting_date <= $3), 0)
		AND l.statement_id <> ''`
	r.Unrecorded, err = statementLines(tx, missing+` ORDER BY l.as_of, l.id`, string(r.Account), r.Through.String())
	for _, l := range r.Unrecorded {
		sum += l.Amount
	}
	r.Unrecorded = slices.Clip(r.Unrecorded[:min(len(r.Unrecorded), maxItems)])
	return sum, err
}

// MarkReconciled says that an account is reconciled through the day of a statement. It fails as Reconcile, and with
// ErrNotReconciled where the difference is not 0.00 or a statement up to that day is parked. Rule REC-5.
func MarkReconciled(tx *db.Tx, account ids.ID, through civil.Date) error {
	if err := tx.Require(org.ClosePeriods); err != nil {
		return err
	}
	r, err := Reconcile(tx, account, through)
	if err != nil {
		return err
	}
	waiting, err := statements(tx, `bank_account_id = $2 AND state = 'parked' AND as_of <= $3`, string(account), r.Through.String())
	if err != nil {
		return err
	}
	if r.Difference != 0 || len(waiting) > 0 {
		return ErrNotReconciled
	}
	tx.Exec(`INSERT INTO reconciliations (org_id, bank_account_id, through, book, statement, person, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT DO NOTHING`, string(tx.Org()), string(account), r.Through.String(), r.Book, r.Statement, string(tx.Caller().User),
		int64(clock.FromTime(tx.Now())))
	tx.Audit("reconcile", "bankAccount", account, `{"through":"`+r.Through.String()+`"}`)
	return nil
}

// LineAmount is the amount of a movement of that account that waits for a person. It fails with fault.ErrNotFound.
func LineAmount(tx *db.Tx, account, line ids.ID) (int64, error) {
	if err := mayLook(tx); err != nil {
		return 0, err
	}
	found, err := statementLines(tx, `l.id = $2 AND l.bank_account_id = $3 AND l.matched = ''`, string(line), string(account))
	if err != nil {
		return 0, err
	}
	if len(found) == 0 {
		return 0, fault.ErrNotFound.With(string(line))
	}
	return found[0].Amount, nil
}
