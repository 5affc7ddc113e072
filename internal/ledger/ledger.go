// Package ledger is the double-entry book: balanced entries that are never changed, only reversed.
//
// Every event with a money effect posts one entry in its own transaction (domain 9.2). An entry names its source
// record, the event's number and a version; the three are unique, so an event that happens again posts nothing
// twice (GL-3). Triggers in both databases refuse an entry that does not balance and any change of one that stands
// (GL-1, GL-2). Amounts are minor units of the organisation's base currency; debits are positive, credits negative.
package ledger

import (
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

// The roles of the system accounts (domain 9.1).
const (
	Bank            = "BANK"
	Undeposited     = "UNDEP"
	MoneyOut        = "MOC"
	MoneyIn         = "MIC"
	ReturnsSuspense = "RETSUSP"
	AR              = "AR"
	AP              = "AP"
	SalesTax        = "SALESTAX"
	Unclaimed       = "UNCL"
	Withheld        = "WHT" // made when it is needed
	Equity          = "EQUITY"
	Income          = "INCOME"
	FeeIncome       = "FEEINC"
	DiscountsTaken  = "DISCTAKEN"
	Uncoded         = "UNCODED" // expense of a line without an account (BIL-1)
	Fees            = "FEES"
)

// Event is the number of an event in the posting table of domain 9.2.
type Event int64

// The events built so far.
const (
	BillEntered          Event = 1
	VendorCreditEntered  Event = 5
	PaymentReleased      Event = 8
	EarlyDiscount        Event = 9  // version 2: its payment came to nothing
	BackupWithheld       Event = 10 // version 2 as of 9
	BankDebit            Event = 11
	CheckPaid            Event = 12
	OfflinePayment       Event = 13
	OfflinePaymentVoided Event = 14
	PaymentReturned      Event = 15
	BankCreditsReturn    Event = 16
	UnmatchedReturn      Event = 17
	PaymentVoided        Event = 18
	StaleCheck           Event = 20 // version 2: the payee has claimed what was kept
	Escheat              Event = 21
	BankFee              Event = 23
	InvoiceOpened        Event = 25
	CreditMemoEntered    Event = 28
	ReceiptRecorded      Event = 29
	ReceiptSettled       Event = 31 // a debit of a customer's account
	ConvenienceFee       Event = 32
	BankCollection       Event = 33
	DebitReturned        Event = 34
	ManualJournal        Event = 39
)

// Posting is one line of an entry. Exactly one of Account and Role names the account.
type Posting struct {
	Account    ids.ID
	Role       string
	Amount     int64 // debit positive, credit negative; zero lines are left out
	Party      ids.ID
	Department ids.ID
	Location   ids.ID
	Job        ids.ID
	Customer   ids.ID
}

// Entry is a balanced record of one event.
type Entry struct {
	Date     civil.Date
	Event    Event
	Source   ids.ID
	Version  int64
	Reverses ids.ID
	Currency string // USD if empty
	Memo     string
	Postings []Posting
}

// ErrUnbalanced is a mistake of the program: the postings do not sum to zero.
var ErrUnbalanced = errors.New("the postings of a journal entry do not balance")

// Post writes e. An entry without a money effect (all lines zero) is not written and returns the empty id. The date
// moves to the first open day when its period is closed; the original date is kept (GL-8). A second entry of the
// same source, event and version fails on the store's unique index.
func Post(tx *db.Tx, e Entry) (ids.ID, error) {
	var sum int64
	lines := e.Postings[:0:0]
	for _, p := range e.Postings {
		if p.Amount == 0 {
			continue
		}
		sum += p.Amount
		if p.Role != "" {
			id, err := Account(tx, p.Role)
			if err != nil {
				return "", err
			}
			p.Account = id
		}
		lines = append(lines, p)
	}
	if len(lines) == 0 {
		return "", nil
	}
	if sum != 0 {
		return "", fmt.Errorf("%w: event %d of %s is off by %d", ErrUnbalanced, e.Event, e.Source, sum)
	}
	date, err := OpenDay(tx, e.Date)
	if err != nil {
		return "", err
	}
	if e.Currency == "" {
		e.Currency = "USD"
	}
	id := ids.New(ids.JournalEntry)
	for from := 0; from < len(lines); from += maxRows {
		part := lines[from:min(from+maxRows, len(lines))]
		args := make([]any, 0, len(part)*10)
		for i, p := range part {
			args = append(args, string(tx.Org()), string(id), int64(from+i+1), string(p.Account), p.Amount,
				string(p.Party), string(p.Department), string(p.Location), string(p.Job), string(p.Customer))
		}
		tx.Exec(insertPostings(len(part)), args...)
	}
	tx.Exec(`INSERT INTO journal_entries (org_id, id, posting_date, original_date, event, source_id, version, reverses, currency, memo, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		string(tx.Org()), string(id), date.String(), e.Date.String(), int64(e.Event), string(e.Source), e.Version,
		string(e.Reverses), e.Currency, e.Memo, int64(clock.FromTime(tx.Now())))
	return id, nil
}

// maxRows is how many postings go into one statement.
const maxRows = 60

var insertTexts sync.Map

func insertPostings(n int) string {
	if s, ok := insertTexts.Load(n); ok {
		return s.(string)
	}
	s := `INSERT INTO postings (org_id, entry_id, line, account_id, amount, party_id, department_id, location_id, job_id, customer_id) VALUES `
	for r := range n {
		if r > 0 {
			s += ", "
		}
		s += "("
		for c := range 10 {
			if c > 0 {
				s += ", "
			}
			s += fmt.Sprintf("$%d", r*10+c+1)
		}
		s += ")"
	}
	insertTexts.Store(n, s)
	return s
}

// Reverse posts the opposite of the entry of that source, event and version, dated date, as the given event and
// version. Without such an entry nothing is posted: it had no money effect.
func Reverse(tx *db.Tx, source ids.ID, event Event, version int64, date civil.Date, as Event, asVersion int64, memo string) (ids.ID, error) {
	var entry, currency string
	err := tx.Row(`SELECT id, currency FROM journal_entries WHERE org_id = $1 AND source_id = $2 AND event = $3 AND version = $4`,
		string(tx.Org()), string(source), int64(event), version).Scan(&entry, &currency)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("find the entry to reverse: %w", err)
	}
	rows, err := tx.Query(`SELECT account_id, amount, party_id, department_id, location_id, job_id, customer_id
		FROM postings WHERE org_id = $1 AND entry_id = $2 ORDER BY line`, string(tx.Org()), entry)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	e := Entry{Date: date, Event: as, Source: source, Version: asVersion, Reverses: ids.ID(entry), Currency: currency, Memo: memo}
	for rows.Next() {
		var p Posting
		if err := rows.Scan((*string)(&p.Account), &p.Amount, (*string)(&p.Party), (*string)(&p.Department), (*string)(&p.Location),
			(*string)(&p.Job), (*string)(&p.Customer)); err != nil {
			return "", err
		}
		p.Amount = -p.Amount
		e.Postings = append(e.Postings, p)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return "", err
	}
	return Post(tx, e)
}

// Account is the system account with that role. A role keeps its account for ever.
func Account(tx *db.Tx, role string) (ids.ID, error) {
	return db.Cached(tx, "account "+role, func(tx *db.Tx) (ids.ID, error) {
		var id string
		err := tx.Row(`SELECT id FROM chart_of_accounts WHERE org_id = $1 AND role = $2 ORDER BY id LIMIT 1`, string(tx.Org()), role).Scan(&id)
		if err != nil {
			return "", fmt.Errorf("find the account with role %s: %w", role, err)
		}
		return ids.ID(id), nil
	})
}

// closedMonths are the months (YYYY-MM) that nothing is posted in any more.
func closedMonths(tx *db.Tx) (map[string]bool, error) {
	return db.Cached(tx, "closed months", func(tx *db.Tx) (map[string]bool, error) {
		rows, err := tx.Query(`SELECT month FROM periods WHERE org_id = $1 AND state = 'closed'`, string(tx.Org()))
		if err != nil {
			return nil, fmt.Errorf("read the periods: %w", err)
		}
		defer rows.Close()
		closed := map[string]bool{}
		for rows.Next() {
			var month string
			if err := rows.Scan(&month); err != nil {
				return nil, err
			}
			closed[month] = true
		}
		return closed, errors.Join(rows.Err(), rows.Close())
	})
}

func month(d civil.Date) string { return d.String()[:len("2026-11")] }

// Open reports whether something may be posted on that date as it is; what a user enters elsewhere is refused (GL-8).
func Open(tx *db.Tx, date civil.Date) (bool, error) {
	closed, err := closedMonths(tx)
	return err == nil && !closed[month(date)], err
}

// OpenDay is date, or the first day of the next month that is open.
func OpenDay(tx *db.Tx, date civil.Date) (civil.Date, error) {
	closed, err := closedMonths(tx)
	for err == nil && closed[month(date)] {
		date = firstOfNextMonth(date)
	}
	return date, err
}

func firstOfNextMonth(d civil.Date) civil.Date {
	d = d.AddDays(32 - d.Day())
	return d.AddDays(1 - d.Day())
}

// ClosePeriod closes a month (YYYY-MM) for every posting.
func ClosePeriod(tx *db.Tx, month string) {
	tx.Exec(`INSERT INTO periods (org_id, month, state) VALUES ($1, $2, 'closed')
		ON CONFLICT (org_id, month) DO UPDATE SET state = 'closed'`, string(tx.Org()), month)
	tx.Audit("close period", "period", "", `{"month":"`+month+`"}`)
	tx.Invalidate()
}

// Balance is one line of the trial balance.
type Balance struct {
	Account       ids.ID
	Number, Name  string
	Debit, Credit int64 // minor units; one of them is zero
}

// TrialBalance sums every account up to and including asOf (zero: all), by account number. Debits and credits sum
// to the same (GL-6).
func TrialBalance(tx *db.Tx, asOf civil.Date) ([]Balance, error) {
	until := "9999-12-31"
	if !asOf.IsZero() {
		until = asOf.String()
	}
	rows, err := tx.Query(`SELECT a.id, a.account_number, a.name, b.total FROM (
			SELECT p.account_id, CAST(sum(p.amount) AS BIGINT) AS total FROM postings p
			JOIN journal_entries e ON e.org_id = p.org_id AND e.id = p.entry_id
			WHERE p.org_id = $1 AND e.posting_date <= $2 GROUP BY p.account_id) b
		JOIN chart_of_accounts a ON a.org_id = $1 AND a.id = b.account_id
		WHERE b.total <> 0 ORDER BY a.account_number, a.id`, string(tx.Org()), until)
	if err != nil {
		return nil, fmt.Errorf("sum the accounts: %w", err)
	}
	defer rows.Close()
	var out []Balance
	for rows.Next() {
		var b Balance
		var total int64
		if err := rows.Scan((*string)(&b.Account), &b.Number, &b.Name, &total); err != nil {
			return nil, err
		}
		b.Debit, b.Credit = max(total, 0), max(-total, 0)
		out = append(out, b)
	}
	return out, rows.Err()
}

// RoleBalance is the balance of the system account with that role, debit positive.
func RoleBalance(tx *db.Tx, role string) (int64, error) {
	id, err := Account(tx, role)
	if err != nil {
		return 0, err
	}
	var total int64
	err = tx.Row(`SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM postings WHERE org_id = $1 AND account_id = $2`,
		string(tx.Org()), string(id)).Scan(&total)
	return total, err
}
