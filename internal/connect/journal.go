// Package connect is what goes to accounting systems (domain 10.4): so far the ledger as a plain-text journal.
package connect

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
)

// Formats are the programs that a journal can be written for.
var Formats = []string{"hledger", "ledger", "beancount"}

// Journal writes the whole ledger for one of Formats: the accounts that have postings, then a transaction for each entry,
// by date and id, with the entry's id. Equal books give equal bytes (CON-2). It needs RunSync and writes while it reads, so
// that the transaction lasts as long as w takes. It fails with fault.ErrValue for another format.
//
// Sources: the manuals of hledger 1.25, ledger 3.3 and beancount 2.3.5; all three are strict about accounts that are not
// declared.
func Journal(tx *db.Tx, format string, w io.Writer) error {
	if err := tx.Require(org.RunSync); err != nil {
		return err
	}
	if !slices.Contains(Formats, format) {
		return fault.ErrValue.On("format").With("one of " + strings.Join(Formats, ", "))
	}
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	names, err := accounts(tx, format, o.Currency, out)
	if err != nil {
		return err
	}
	rows, err := tx.Query(`SELECT e.id, e.posting_date, e.memo, e.currency, p.account_id, p.amount FROM journal_entries e
		JOIN postings p ON p.org_id = e.org_id AND p.entry_id = e.id WHERE e.org_id = $1 ORDER BY e.posting_date, e.id, p.line`, string(tx.Org()))
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	defer rows.Close()
	var last ids.ID
	for rows.Next() {
		var entry, account ids.ID
		var day civil.Date
		var memo, currency string
		var amount int64
		if err := rows.Scan((*string)(&entry), &day, &memo, &currency, (*string)(&account), &amount); err != nil {
			return err
		}
		if entry != last {
			last = entry
			if format == "beancount" {
				fmt.Fprintf(out, "\n%s * %q\n  entry: %q\n", day, line(memo), entry)
			} else {
				fmt.Fprintf(out, "\n%s * (%s) %s\n", day, entry, line(memo))
			}
		}
		fmt.Fprintf(out, "  %s  %s %s\n", names[account], money.FormatMinor(amount, money.Digits(currency)), currency)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return out.Flush()
}

// accounts declares the accounts that have postings and gives their names.
func accounts(tx *db.Tx, format, currency string, out io.Writer) (map[ids.ID]string, error) {
	rows, err := tx.Query(`SELECT a.id, a.account_number, a.name, a.account_type, m.day FROM (
			SELECT p.account_id, min(e.posting_date) AS day FROM postings p JOIN journal_entries e ON e.org_id = p.org_id AND e.id = p.entry_id
			WHERE p.org_id = $1 GROUP BY p.account_id) m
		JOIN chart_of_accounts a ON a.org_id = $1 AND a.id = m.account_id ORDER BY a.account_number, a.id`, string(tx.Org()))
	if err != nil {
		return nil, fmt.Errorf("read the accounts: %w", err)
	}
	defer rows.Close()
	if format != "beancount" {
		fmt.Fprintf(out, "commodity %s\n  format %s %s\n", currency, money.FormatMinor(100_000, money.Digits(currency)), currency)
	}
	names, taken := map[ids.ID]string{}, map[string]bool{}
	for rows.Next() {
		var id ids.ID
		var number, name string
		var kind int64
		var day civil.Date
		if err := rows.Scan((*string)(&id), &number, &name, &kind, &day); err != nil {
			return nil, err
		}
		n := root(kind) + ":" + component(format, strings.TrimSpace(number+" "+name))
		if taken[n] {
			n += component(format, " "+string(id))
		}
		names[id], taken[n] = n, true
		if format == "beancount" {
			fmt.Fprintf(out, "%s open %s\n", day, n)
		} else {
			fmt.Fprintf(out, "account %s\n", n)
		}
	}
	return names, rows.Err()
}

// root is the kind of an account as all three programs know it, by its accountType.
func root(kind int64) string {
	switch kind {
	case 1, 5, 10, 13: // payable, credit card, liabilities
		return "Liabilities"
	case 6:
		return "Equity"
	case 9, 15:
		return "Income"
	case 4, 7, 14: // cost of goods, expense, other expense
		return "Expenses"
	}
	return "Assets"
}

// component is the name of an account where a program reads colons and two blanks as ends: letters, digits and single
// blanks, for beancount dashes and a capital letter or digit to begin with.
func component(format, name string) string {
	blank := " "
	if format == "beancount" {
		blank = "-"
	}
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	s := strings.Join(words, blank)
	if strings.HasPrefix(name, " ") {
		return blank + s
	}
	if s == "" {
		return "Unnamed"
	}
	first := []rune(s)
	if first[0] = unicode.ToUpper(first[0]); format == "beancount" && !unicode.IsUpper(first[0]) && !unicode.IsDigit(first[0]) {
		return "X" + s
	}
	return string(first)
}

// line is a memo in one line, without what begins a comment.
func line(memo string) string {
	s := strings.Join(strings.FieldsFunc(memo, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if s = strings.ReplaceAll(s, ";", ","); s == "" {
		return "Entry"
	}
	return s
}
