package report

import (
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

var trialBalance = Report{Name: "trial-balance", Title: "Trial balance", Group: "Books",
	About: "The balance of every account on any date; debits and credits are equal.",
	Takes: []Parameter{asOf, known}, run: (*Table).trialBalance}

var generalLedger = Report{Name: "general-ledger", Title: "General ledger", Group: "Books",
	About: "Every posting by account, between an opening and a closing balance.",
	Takes: []Parameter{from, until, known, account}, run: (*Table).generalLedger}

// trialBalance sums to zero (GL-6).
func (t *Table) trialBalance(tx *db.Tx) error {
	t.Columns = []Column{{"number", "Number", Text, false}, {"account", "Account", Text, false}, {"debit", "Debit", Money, true}, {"credit", "Credit", Money, true}}
	begin := t.Params.AsOf.AddDays(1 - t.Params.AsOf.Day())
	err := t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var number, name string
		var n int64
		if err := scan((*string)(&id), &number, &name, &n); err != nil {
			return err
		}
		t.Off += n
		of := Source{Record: id, Report: generalLedger.Name, Params: Params{From: begin, To: t.Params.AsOf, Known: t.Params.Known, Account: id}}
		t.add(of, number, name, debit(n), debit(-n))
		return nil
	}, `SELECT a.id, a.account_number, a.name, b.n FROM (
			SELECT p.account_id, CAST(sum(p.amount) AS BIGINT) AS n FROM postings p JOIN journal_entries e ON e.org_id = p.org_id AND e.id = p.entry_id
			WHERE p.org_id = $1 AND e.posting_date <= $2 AND e.created < $3 GROUP BY p.account_id) b
		JOIN chart_of_accounts a ON a.org_id = $1 AND a.id = b.account_id WHERE b.n <> 0 ORDER BY a.account_number, a.id`,
		t.Params.AsOf.String(), t.knownUntil())
	t.Facts = []Fact{{"Debits less credits", t.amount(t.Off)}}
	return err
}

// debit is an amount where it is positive.
func debit(n int64) any {
	if n > 0 {
		return n
	}
	return nil
}

// generalLedger begins each account with its balance before the first day and ends it with that of the last.
func (t *Table) generalLedger(tx *db.Tx) error {
	t.Columns = []Column{{"account", "Account", Text, false}, {"date", "Date", Date, false}, {"memo", "What", Text, false}, {"party", "Vendor or customer", Text, false},
		{"debit", "Debit", Money, true}, {"credit", "Credit", Money, true}, {"balance", "Balance", Money, false}}
	type opening struct {
		id   ids.ID
		name string
		n    int64
	}
	var accounts []opening
	args := []any{t.Params.From.String(), t.knownUntil(), string(t.Params.Account), t.Params.To.String()}
	err := t.query(tx, func(scan func(...any) error) error {
		var o opening
		if err := scan((*string)(&o.id), &o.name, &o.n); err != nil {
			return err
		}
		accounts = append(accounts, o)
		return nil
	}, `SELECT a.id, trim(a.account_number || ' ' || a.name), b.n FROM (
			SELECT p.account_id, CAST(sum(CASE WHEN e.posting_date < $2 THEN p.amount ELSE 0 END) AS BIGINT) AS n
			FROM postings p JOIN journal_entries e ON e.org_id = p.org_id AND e.id = p.entry_id
			WHERE p.org_id = $1 AND e.posting_date <= $5 AND e.created < $3 AND ($4 = '' OR p.account_id = $4) GROUP BY p.account_id) b
		JOIN chart_of_accounts a ON a.org_id = $1 AND a.id = b.account_id ORDER BY a.account_number, a.id`, args...)
	if err != nil {
		return err
	}
	lines := map[ids.ID][]Row{}
	moved := map[ids.ID]int64{}
	n := 0
	err = t.query(tx, func(scan func(...any) error) error {
		var a, source ids.ID
		var day civil.Date
		var memo, party string
		var amount int64
		if err := scan((*string)(&a), (*string)(&source), &day, &memo, &party, &amount); err != nil {
			return err
		}
		if n++; n > MaxRows {
			return ErrTooLong
		}
		moved[a] += amount
		lines[a] = append(lines[a], Row{Of: Source{Record: source}, Cells: []any{"", day, memo, party, debit(amount), debit(-amount), moved[a]}})
		return nil
	}, `SELECT p.account_id, e.source_id, e.posting_date, e.memo, coalesce(v.name, c.name, ''), p.amount
		FROM journal_entries e JOIN postings p ON p.org_id = e.org_id AND p.entry_id = e.id
		LEFT JOIN vendors v ON v.org_id = p.org_id AND v.id = p.party_id LEFT JOIN customers c ON c.org_id = p.org_id AND c.id = p.party_id
		WHERE e.org_id = $1 AND e.posting_date >= $2 AND e.posting_date <= $5 AND e.created < $3 AND ($4 = '' OR p.account_id = $4)
		ORDER BY e.posting_date, e.created, e.id, p.line`, args...)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.n == 0 && len(lines[a.id]) == 0 {
			continue
		}
		t.add(Source{}, a.name, t.Params.From, "Opening balance", "", nil, nil, a.n)
		for _, r := range lines[a.id] {
			r.Cells[0], r.Cells[6] = a.name, r.Cells[6].(int64)+a.n
			t.Rows = append(t.Rows, r)
		}
		t.Rows = append(t.Rows, Row{Sum: true, Cells: []any{a.name, t.Params.To, "Closing balance", "", nil, nil, a.n + moved[a.id]}})
	}
	return nil
}
