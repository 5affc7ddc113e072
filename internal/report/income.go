package report

import (
	"fmt"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
)

var profitAndLoss = Report{Name: "profit-and-loss", Title: "Profit and loss", Group: "Books",
	About: "Income and expenses of a time by account, and what is left.",
	Takes: []Parameter{from, until, known}, run: (*Table).profitAndLoss}

var balanceSheet = Report{Name: "balance-sheet", Title: "Balance sheet", Group: "Books",
	About: "What the organisation has, owes and is worth on any date.",
	Takes: []Parameter{asOf, known}, run: (*Table).balanceSheet}

var salesTax = Report{Name: "sales-tax", Title: "Sales tax liability", Group: "Receivables",
	About: "Sales tax charged, taken back and paid, document by document, and what is owed at the end.",
	Takes: []Parameter{from, until, known}, run: (*Table).salesTax}

var spend = Report{Name: "spend", Title: "Spend", Group: "Payables",
	About: "What bills less credits were entered for, by vendor, account, department or job.",
	Takes: []Parameter{from, until, by("vendor", "account", "department", "job"), vendorID, account}, run: (*Table).spend}

var spendLines = Report{Name: "spend-lines", Title: "Spend by line", Group: "Payables",
	About: "Each line of a bill or vendor credit behind the spend.",
	Takes: []Parameter{from, until, vendorID, account}, run: (*Table).spendLines}

// section is a part of a statement: the accounts of some types, whose figures turn the sign of the ledger's.
type section struct {
	title string
	sign  int64
	types []int64 // dimension.AccountTypes
}

// An account without a type counts as an expense, a non-posting one with a balance as an asset, so that nothing is lost.
var (
	earned = []section{{"Income", -1, []int64{9}}, {"Cost of goods sold", 1, []int64{4}}, {"Expenses", 1, []int64{7, 0}},
		{"Other income", -1, []int64{15}}, {"Other expenses", 1, []int64{14}}}
	owned = []section{{"Assets", 1, []int64{3, 2, 12, 11, 8, 16}}, {"Liabilities", -1, []int64{1, 5, 13, 10}}, {"Equity", -1, []int64{6}}}
)

// balance is what the ledger has on one account.
type balance struct {
	id           ids.ID
	number, name string
	kind, n      int64
}

// balances are the sums of the postings of a time by account.
func (t *Table) balances(tx *db.Tx, from, until string) (all []balance, err error) {
	err = t.query(tx, func(scan func(...any) error) error {
		var b balance
		err := scan((*string)(&b.id), &b.number, &b.name, &b.kind, &b.n)
		all = append(all, b)
		return err
	}, `SELECT a.id, a.account_number, a.name, a.account_type, b.n FROM (
			SELECT p.account_id, CAST(sum(p.amount) AS BIGINT) AS n FROM postings p JOIN journal_entries e ON e.org_id = p.org_id AND e.id = p.entry_id
			WHERE p.org_id = $1 AND e.posting_date >= $2 AND e.posting_date <= $3 AND e.created < $4 GROUP BY p.account_id) b
		JOIN chart_of_accounts a ON a.org_id = $1 AND a.id = b.account_id WHERE b.n <> 0 ORDER BY a.account_number, a.id`, from, until, t.knownUntil())
	return all, err
}

// in sums the balances of a section in the ledger's sign.
func (s section) in(all []balance) (n int64) {
	for _, b := range all {
		for _, k := range s.types {
			if b.kind == k {
				n += b.n
			}
		}
	}
	return n
}

// profit is what sections of income and expense leave.
func profit(all []balance) (n int64) {
	for _, s := range earned {
		n -= s.in(all)
	}
	return n
}

func (t *Table) statementColumns() {
	t.Columns = []Column{{"section", "Part", Text, false}, {"number", "Number", Text, false}, {"account", "Account", Text, false}, {"amount", "Amount", Money, false}}
}

// section adds the accounts of a section with their sum, and gives the sum.
func (t *Table) section(s section, all []balance, from civil.Date, extra ...Row) int64 {
	sum := s.sign * s.in(all)
	rows := len(t.Rows)
	for _, k := range s.types {
		for _, b := range all {
			if b.kind != k {
				continue
			}
			of := Source{Record: b.id, Report: generalLedger.Name, Params: Params{From: from, To: t.Params.To, Known: t.Params.Known, Account: b.id}}
			if !t.Params.AsOf.IsZero() {
				of.Params.To = t.Params.AsOf
			}
			t.add(of, s.title, b.number, b.name, s.sign*b.n)
		}
	}
	for _, r := range extra {
		if n := r.Cells[3].(int64); n != 0 {
			t.Rows = append(t.Rows, r)
			sum += n
		}
	}
	if len(t.Rows) > rows {
		t.Rows = append(t.Rows, Row{Sum: true, Cells: []any{s.title, "", "Total", sum}})
	}
	return sum
}

// profitAndLoss ties to what changed on the accounts of the balance sheet in the same time.
func (t *Table) profitAndLoss(tx *db.Tx) error {
	t.statementColumns()
	all, err := t.balances(tx, t.Params.From.String(), t.Params.To.String())
	if err != nil {
		return err
	}
	var moved int64
	for _, s := range earned {
		t.section(s, all, t.Params.From)
	}
	for _, s := range owned {
		moved += s.in(all)
	}
	net := profit(all)
	t.Off = net - moved
	if len(t.Rows) > 0 {
		t.Rows = append(t.Rows, Row{Sum: true, Cells: []any{"Net income", "", "", net}})
	}
	t.Facts = []Fact{{"Net income", t.amount(net)}, {"Difference from the balance sheet's accounts", t.amount(t.Off)}}
	return nil
}

// balanceSheet closes income and expenses into equity by report, not by entry (GL-6); a year is a calendar year.
func (t *Table) balanceSheet(tx *db.Tx) error {
	t.statementColumns()
	day := t.Params.AsOf
	begin := fmt.Sprintf("%04d-01-01", day.Year())
	all, err := t.balances(tx, first, day.String())
	if err != nil {
		return err
	}
	year, err := t.balances(tx, begin, day.String())
	if err != nil {
		return err
	}
	net := profit(year)
	month := day.AddDays(1 - day.Day())
	income := Source{Report: profitAndLoss.Name, Params: Params{From: civil.MustDate(begin), To: day, Known: t.Params.Known}}
	assets := t.section(owned[0], all, month)
	debts := t.section(owned[1], all, month)
	worth := t.section(owned[2], all, month,
		Row{Cells: []any{"Equity", "", "Net income of earlier years", profit(all) - net}},
		Row{Of: income, Cells: []any{"Equity", "", fmt.Sprintf("Net income of %d", day.Year()), net}})
	t.Off = assets - debts - worth
	t.Facts = []Fact{{"Assets", t.amount(assets)}, {"Liabilities and equity", t.amount(debts + worth)}, {"Difference", t.amount(t.Off)}}
	return nil
}

// salesTax shows every posting on the sales tax account between its balances. The balance at the end ties to the tax on
// the invoices and credit memos that stand; what was paid to a state is posted by hand.
func (t *Table) salesTax(tx *db.Tx) error {
	t.Columns = []Column{{"date", "Date", Date, false}, {"what", "What", Text, false}, {"customer", "Customer", Text, false},
		{"charged", "Charged", Money, true}, {"less", "Taken back or paid", Money, true}, {"balance", "Owed", Money, false}}
	control, err := ledger.Account(tx, ledger.SalesTax)
	if err != nil {
		return err
	}
	const from = ` FROM postings p JOIN journal_entries e ON e.org_id = p.org_id AND e.id = p.entry_id`
	var opening int64
	err = tx.Row(`SELECT CAST(-coalesce(sum(p.amount), 0) AS BIGINT)`+from+` WHERE p.org_id = $1 AND p.account_id = $2 AND e.posting_date < $3
		AND e.created < $4`, string(tx.Org()), string(control), t.Params.From.String(), t.knownUntil()).Scan(&opening)
	if err != nil {
		return err
	}
	owed := opening
	var lines []Row
	err = t.query(tx, func(scan func(...any) error) error {
		var source ids.ID
		var day civil.Date
		var memo, who string
		var n int64
		if err := scan((*string)(&source), &day, &memo, &who, &n); err != nil {
			return err
		}
		if len(lines) == MaxRows {
			return ErrTooLong
		}
		owed -= n
		lines = append(lines, Row{Of: Source{Record: source}, Cells: []any{day, memo, who, debit(-n), debit(n), owed}})
		return nil
	}, `SELECT e.source_id, e.posting_date, e.memo, coalesce(c.name, ''), p.amount`+from+`
		LEFT JOIN invoices i ON i.org_id = e.org_id AND i.id = e.source_id LEFT JOIN credit_memos m ON m.org_id = e.org_id AND m.id = e.source_id
		LEFT JOIN customers c ON c.org_id = e.org_id AND c.id = coalesce(i.customer_id, m.customer_id)
		WHERE p.org_id = $1 AND p.account_id = $2 AND e.posting_date >= $3 AND e.posting_date <= $4 AND e.created < $5
		ORDER BY e.posting_date, e.created, e.id, p.line`, string(control), t.Params.From.String(), t.Params.To.String(), t.knownUntil())
	if err != nil {
		return err
	}
	if len(lines) > 0 || owed != 0 {
		t.Rows = append(t.Rows, Row{Sum: true, Cells: []any{t.Params.From, "Owed before", "", nil, nil, opening}})
		t.Rows = append(t.Rows, lines...)
		t.Rows = append(t.Rows, Row{Sum: true, Cells: []any{t.Params.To, "Owed at the end", "", nil, nil, owed}})
	}
	t.Facts = []Fact{{"Sales tax payable in the ledger", t.amount(owed)}}
	if t.Params.To.Before(civil.Of(tx.Now(), t.zone)) || !t.Params.Known.IsZero() {
		return nil
	}
	var documents, standing int64 // whatever day they are posted to
	err = tx.Row(`SELECT CAST(-coalesce(sum(p.amount), 0) AS BIGINT)`+from+` WHERE p.org_id = $1 AND p.account_id = $2
		AND substr(e.source_id, 1, 3) IN ($3, $4)`, string(tx.Org()), string(control), string(ids.Invoice), string(ids.CreditMemo)).Scan(&documents)
	if err != nil {
		return err
	}
	err = tx.Row(`SELECT (SELECT CAST(coalesce(sum(sales_tax_total), 0) AS BIGINT) FROM invoices WHERE org_id = $1 AND is_active = 1)
		- (SELECT CAST(coalesce(sum(sales_tax_total), 0) AS BIGINT) FROM credit_memos WHERE org_id = $1 AND is_active = 1)`, string(tx.Org())).Scan(&standing)
	t.Off = documents - standing
	t.Facts = append(t.Facts, Fact{"Tax on invoices less credit memos", t.amount(standing)}, Fact{"Difference", t.amount(t.Off)})
	return err
}

// spent are the lines of bills and credits as they were posted, reversals included: what was entered in a time, whatever
// became of it later. $2 is accounts payable.
const spent = ` FROM journal_entries e JOIN postings p ON p.org_id = e.org_id AND p.entry_id = e.id AND p.account_id <> $2
	LEFT JOIN bills b ON b.org_id = e.org_id AND b.id = e.source_id LEFT JOIN vendor_credits c ON c.org_id = e.org_id AND c.id = e.source_id
	LEFT JOIN vendors v ON v.org_id = e.org_id AND v.id = coalesce(b.vendor_id, c.vendor_id)
	LEFT JOIN chart_of_accounts a ON a.org_id = e.org_id AND a.id = p.account_id LEFT JOIN departments d ON d.org_id = e.org_id AND d.id = p.department_id
	LEFT JOIN jobs j ON j.org_id = e.org_id AND j.id = p.job_id
	WHERE e.org_id = $1 AND e.event IN (1, 5) AND e.posting_date >= $3 AND e.posting_date <= $4
	AND ($5 = '' OR coalesce(b.vendor_id, c.vendor_id) = $5) AND ($6 = '' OR p.account_id = $6)`

// spentArgs are the parameters of spent.
func (t *Table) spentArgs(tx *db.Tx) ([]any, error) {
	control, err := ledger.Account(tx, ledger.AP)
	return []any{string(control), t.Params.From.String(), t.Params.To.String(), string(t.Params.Vendor), string(t.Params.Account)}, err
}

// spend ties to what the same bills and credits moved on accounts payable.
func (t *Table) spend(tx *db.Tx) error {
	key := map[string][3]string{"vendor": {"coalesce(b.vendor_id, c.vendor_id, '')", "coalesce(v.name, '')", "Vendor"},
		"account": {"p.account_id", "coalesce(a.name, '')", "Account"}, "department": {"p.department_id", "coalesce(d.name, '')", "Department"},
		"job": {"p.job_id", "coalesce(j.name, '')", "Job"}}[t.Params.By]
	t.Columns = []Column{{t.Params.By, key[2], Text, false}, {"lines", "Lines", Number, true}, {"spend", "Spend", Money, true}}
	args, err := t.spentArgs(tx)
	if err != nil {
		return err
	}
	var total int64
	err = t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var name string
		var lines, n int64
		if err := scan((*string)(&id), &name, &lines, &n); err != nil {
			return err
		}
		total += n
		p := t.Params
		p.By = ""
		of := Source{Record: id}
		switch t.Params.By {
		case "vendor":
			p.Vendor, of.Report = id, spendLines.Name
		case "account":
			p.Account, of.Report = id, spendLines.Name
		}
		of.Params = p
		if name == "" {
			name = "None"
		}
		t.add(of, name, lines, n)
		return nil
	}, `SELECT `+key[0]+`, `+key[1]+`, count(*), CAST(sum(p.amount) AS BIGINT)`+spent+` GROUP BY 1, 2 HAVING sum(p.amount) <> 0 ORDER BY 4 DESC, 2, 1`, args...)
	if err != nil || t.Params.Vendor != "" || t.Params.Account != "" {
		return err
	}
	var owed int64
	err = tx.Row(`SELECT CAST(coalesce(sum(p.amount), 0) AS BIGINT) FROM journal_entries e JOIN postings p ON p.org_id = e.org_id AND p.entry_id = e.id
		WHERE e.org_id = $1 AND p.account_id = $2 AND e.event IN (1, 5) AND e.posting_date >= $3 AND e.posting_date <= $4`,
		string(tx.Org()), args[0], args[1], args[2]).Scan(&owed)
	t.Off = total + owed
	t.Facts = []Fact{{"Bills less credits on accounts payable", t.amount(-owed)}, {"Difference", t.amount(t.Off)}}
	return err
}

func (t *Table) spendLines(tx *db.Tx) error {
	t.Columns = []Column{{"vendor", "Vendor", Text, false}, {"date", "Date", Date, false}, {"number", "Number", Text, false}, {"account", "Account", Text, false},
		{"department", "Department", Text, false}, {"job", "Job", Text, false}, {"amount", "Amount", Money, true}}
	args, err := t.spentArgs(tx)
	if err != nil {
		return err
	}
	return t.query(tx, func(scan func(...any) error) error {
		var source ids.ID
		var vendor, number, account, department, job string
		var day civil.Date
		var n int64
		if err := scan((*string)(&source), &vendor, &day, &number, &account, &department, &job, &n); err != nil {
			return err
		}
		t.add(Source{Record: source}, vendor, day, number, account, department, job, n)
		return nil
	}, `SELECT e.source_id, coalesce(v.name, ''), e.posting_date, coalesce(b.invoice_number, c.ref_number, ''), coalesce(a.name, ''), coalesce(d.name, ''),
		coalesce(j.name, ''), p.amount`+spent+` ORDER BY e.posting_date, e.created, e.id, p.line`, args...)
}
