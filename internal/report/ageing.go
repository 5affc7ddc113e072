package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
)

// A past ageing is today's open items less what the ledger says happened after its date: an item entered later falls out,
// a payment made later is taken back from the bills it went to. Its total is the control account's balance on that date,
// whatever is posted later (GL-4, GL-9, ADR 21).

var apAgeing = Report{Name: "ap-ageing", Title: "Payables ageing", Group: "Payables",
	About: "What is owed to each vendor, by how long it is past due, on any date.",
	Takes: []Parameter{asOf, known, vendorID},
	run:   func(t *Table, tx *db.Tx) error { return t.ageing(tx, payables, "ap-open") }}

var apOpen = Report{Name: "ap-open", Title: "Open bills and credits", Group: "Payables",
	About: "Each bill, credit and unmatched payment behind the payables ageing.",
	Takes: []Parameter{asOf, known, vendorID},
	run:   func(t *Table, tx *db.Tx) error { return t.openItems(tx, payables) }}

var arAgeing = Report{Name: "ar-ageing", Title: "Receivables ageing", Group: "Receivables",
	About: "What each customer owes, by how long it is past due, on any date.",
	Takes: []Parameter{asOf, known, customer},
	run:   func(t *Table, tx *db.Tx) error { return t.ageing(tx, receivables, "ar-open") }}

var arOpen = Report{Name: "ar-open", Title: "Open invoices and credits", Group: "Receivables",
	About: "Each invoice, credit memo and unapplied receipt behind the receivables ageing.",
	Takes: []Parameter{asOf, known, customer},
	run:   func(t *Table, tx *db.Tx) error { return t.openItems(tx, receivables) }}

// subledger is one side of the business: its open items and their control account.
type subledger struct {
	role    string
	sign    int64  // of what is open, in the ledger
	account string // what people call the control account
	party   string // table of the parties
	title   string // of their column
	items   string // SELECT party, item, number, day, n: what is open now, and what happened later taken back
}

// payables are the open bills, less credits. CROSS JOIN holds SQLite to the order that is written: what came later is little.
var payables = subledger{role: ledger.AP, sign: -1, account: "Accounts payable", party: "vendors", title: "Vendor", items: `
	SELECT vendor_id AS party, id AS item, due_date AS day, amount - credit_amount - paid_amount AS n FROM bills
		WHERE org_id = $1 AND is_active = 1 AND payment_status <> 0
	UNION ALL SELECT vendor_id, id, credit_date, applied_amount - amount FROM vendor_credits
		WHERE org_id = $1 AND is_active = 1 AND amount <> applied_amount
	UNION ALL SELECT l.party, b.id, b.due_date, l.n FROM later l CROSS JOIN bills b WHERE b.org_id = $1 AND b.id = l.source
	UNION ALL SELECT l.party, c.id, c.credit_date, l.n FROM later l CROSS JOIN vendor_credits c WHERE c.org_id = $1 AND c.id = l.source
	UNION ALL SELECT l.party, p.id, p.process_date, l.n FROM later l CROSS JOIN payments p
		WHERE p.org_id = $1 AND p.id = l.source AND l.n <> p.amount AND l.n <> -p.amount
	UNION ALL SELECT b.vendor_id, b.id, b.due_date, u.way * x.amount FROM undone u CROSS JOIN bill_pays x CROSS JOIN bills b
		WHERE x.org_id = $1 AND x.payment_id = u.id AND b.org_id = $1 AND b.id = x.bill_id
	UNION ALL SELECT b.vendor_id, b.id, b.due_date, u.way * x.amount FROM undone u CROSS JOIN bill_credits x CROSS JOIN bills b
		WHERE x.org_id = $1 AND x.payment_id = u.id AND b.org_id = $1 AND b.id = x.bill_id
	UNION ALL SELECT c.vendor_id, c.id, c.credit_date, -u.way * x.amount FROM undone u CROSS JOIN bill_credits x CROSS JOIN vendor_credits c
		WHERE x.org_id = $1 AND x.payment_id = u.id AND c.org_id = $1 AND c.id = x.vendor_credit_id`}

// undonePayments are the payments that left (1) or came back (-1) later. One that credits covered whole is in no ledger.
const undonePayments = `, undone AS (
	SELECT p.id, CASE WHEN l.n > 0 THEN 1 ELSE -1 END AS way FROM later l CROSS JOIN payments p
		WHERE p.org_id = $1 AND p.id = l.source AND (l.n = p.amount OR l.n = -p.amount)
	UNION ALL SELECT id, 1 FROM payments WHERE org_id = $1 AND process_date > $3 AND amount = 0 AND status = 2)`

// receivables are the open invoices, less credit memos and what has come in unapplied (AR-17).
var receivables = subledger{role: ledger.AR, sign: 1, account: "Accounts receivable", party: "customers", title: "Customer", items: `
	SELECT customer_id AS party, id AS item, due_date AS day, amount - credit_amount - paid_amount AS n FROM invoices
		WHERE org_id = $1 AND is_active = 1 AND payment_status <> 0
	UNION ALL SELECT customer_id, id, credit_date, applied_amount - amount FROM credit_memos
		WHERE org_id = $1 AND is_active = 1 AND amount <> applied_amount
	UNION ALL SELECT customer_id, id, payment_date, -unapplied_amount FROM received_pays
		WHERE org_id = $1 AND status = 0 AND unapplied_amount <> 0
	UNION ALL SELECT l.party, i.id, i.due_date, -l.n FROM later l CROSS JOIN invoices i WHERE i.org_id = $1 AND i.id = l.source
	UNION ALL SELECT l.party, c.id, c.credit_date, -l.n FROM later l CROSS JOIN credit_memos c WHERE c.org_id = $1 AND c.id = l.source
	UNION ALL SELECT l.party, r.id, r.payment_date, -l.n FROM later l CROSS JOIN received_pays r
		WHERE r.org_id = $1 AND r.id = l.source AND r.id NOT IN (SELECT id FROM undone)
	UNION ALL SELECT r.customer_id, r.id, r.payment_date, u.way * r.unapplied_amount FROM undone u CROSS JOIN received_pays r
		WHERE r.org_id = $1 AND r.id = u.id
	UNION ALL SELECT i.customer_id, i.id, i.due_date, u.way * x.amount FROM undone u CROSS JOIN invoice_pays x CROSS JOIN invoices i
		WHERE x.org_id = $1 AND x.received_pay_id = u.id AND i.org_id = $1 AND i.id = x.invoice_id`}

// undoneReceipts are the receipts that came in (1) or were undone (-1) later.
const undoneReceipts = `, undone AS (
	SELECT r.id, CASE WHEN s.n < 0 THEN 1 ELSE -1 END AS way FROM (SELECT source, sum(n) AS n FROM later GROUP BY source) s
		CROSS JOIN received_pays r WHERE r.org_id = $1 AND r.id = s.source AND (s.n = r.amount OR s.n = -r.amount))`

// with gives the beginning of a statement in which items are those of the date, and its arguments from $2 on: the control
// account, the date, the party if one is asked for.
func (s subledger) with(tx *db.Tx, t *Table) (text string, args []any, err error) {
	control, err := ledger.Account(tx, s.role)
	if err != nil {
		return "", nil, err
	}
	args = []any{string(control), t.Params.AsOf.String(), string(t.Params.Vendor + t.Params.Customer)}
	when := "e.posting_date > $3"
	if !t.Params.Known.IsZero() {
		args = append(args, t.knownUntil())
		when = "(e.posting_date > $3 OR e.created >= $5)"
	}
	undone := undonePayments
	if s.role == ledger.AR {
		undone = undoneReceipts
	}
	// The empty text keeps SQLite from reading all entries in the order of their sources.
	return `WITH later AS (SELECT e.source_id || '' AS source, p.party_id AS party, CAST(sum(p.amount) AS BIGINT) AS n
		FROM journal_entries e CROSS JOIN postings p
		WHERE p.org_id = e.org_id AND p.entry_id = e.id AND e.org_id = $1 AND ` + when + ` AND p.account_id = $2 GROUP BY e.source_id || '', p.party_id HAVING sum(p.amount) <> 0)` +
		undone + `, items AS (SELECT party, item, day, n FROM (` + s.items + `) y WHERE $4 = '' OR party = $4) `, args, nil
}

// knownUntil is the first instant after the day as known on which the report is asked for.
func (t *Table) knownUntil() int64 {
	if t.Params.Known.IsZero() {
		return math.MaxInt64
	}
	return int64(clock.FromTime(t.Params.Known.AddDays(1).At(0, 0, t.zone)))
}

// tie compares the total with the control account (GL-4).
func (s subledger) tie(tx *db.Tx, t *Table, with string, args []any, total int64) error {
	var balance int64
	err := tx.Row(with+`SELECT CAST(coalesce((SELECT sum(amount) FROM postings WHERE org_id = $1 AND account_id = $2 AND ($4 = '' OR party_id = $4)), 0)
		- coalesce((SELECT sum(n) FROM later WHERE $4 = '' OR party = $4), 0) AS BIGINT)`, append([]any{string(tx.Org())}, args...)...).Scan(&balance)
	if err != nil {
		return err
	}
	t.Off = total - s.sign*balance
	t.Facts = append(t.Facts, Fact{s.account + " in the ledger", t.amount(s.sign * balance)}, Fact{"Difference", t.amount(t.Off)})
	return nil
}

// bucket is a column of an ageing: items that are at least and at most so many days past due.
type bucket struct {
	name, title string
	least, most int
}

var buckets = []bucket{{"current", "Current", math.MinInt, 0}, {"days1to30", "1–30", 1, 30}, {"days31to60", "31–60", 31, 60},
	{"days61to90", "61–90", 61, 90}, {"over90", "Over 90", 91, math.MaxInt}}

// days are the first and the last due date of a bucket.
func (b bucket) days(asOf civil.Date) (from, to string) {
	from, to = first, last
	if b.most != math.MaxInt {
		from = asOf.AddDays(-b.most).String()
	}
	if b.least != math.MinInt {
		to = asOf.AddDays(-b.least).String()
	}
	return from, to
}

// ageing has a row for each party, with what it is made of behind it.
func (t *Table) ageing(tx *db.Tx, s subledger, behind string) error {
	with, args, err := s.with(tx, t)
	if err != nil {
		return err
	}
	t.Columns = []Column{{"party", s.title, Text, false}}
	all := append([]any{}, args...)
	var sums strings.Builder
	for _, b := range buckets {
		t.Columns = append(t.Columns, Column{b.name, b.title, Money, true})
		from, to := b.days(t.Params.AsOf)
		all = append(all, from, to)
		fmt.Fprintf(&sums, "CAST(sum(CASE WHEN day >= $%d AND day <= $%d THEN n ELSE 0 END) AS BIGINT), ", len(all), len(all)+1)
	}
	t.Columns = append(t.Columns, Column{"total", "Total", Money, true})
	var total int64
	err = t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var name string
		var n [6]int64
		if err := scan((*string)(&id), &name, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]); err != nil {
			return err
		}
		p := t.Params
		if s.role == ledger.AP {
			p.Vendor = id
		} else {
			p.Customer = id
		}
		t.add(Source{Record: id, Report: behind, Params: p}, name, n[0], n[1], n[2], n[3], n[4], n[5])
		total += n[5]
		return nil
	}, with+`SELECT x.party, coalesce(v.name, x.party), b0, b1, b2, b3, b4, n FROM (SELECT party, `+names(sums.String())+
		`CAST(sum(n) AS BIGINT) AS n FROM items GROUP BY party) x LEFT JOIN `+s.party+` v ON v.org_id = $1 AND v.id = x.party
		WHERE n <> 0 OR b0 <> 0 OR b1 <> 0 OR b2 <> 0 OR b3 <> 0 OR b4 <> 0 ORDER BY lower(v.name), x.party`, all...)
	if err != nil {
		return err
	}
	return s.tie(tx, t, with, args, total)
}

// names gives the sums the names b0, b1 and so on.
func names(sums string) string {
	for i := range buckets {
		sums = strings.Replace(sums, "AS BIGINT),", fmt.Sprintf("AS BIGINT) AS b%d,", i), 1)
	}
	return sums
}

// openItems has a row for each item.
func (t *Table) openItems(tx *db.Tx, s subledger) error {
	with, args, err := s.with(tx, t)
	if err != nil {
		return err
	}
	t.Columns = []Column{{"party", s.title, Text, false}, {"type", "Type", Text, false}, {"number", "Number", Text, false},
		{"due", "Due or dated", Date, false}, {"days", "Days past due", Number, false}, {"open", "Open", Money, true}}
	numbers := `CASE substr(x.item, 1, 3) WHEN '` + ids.Bill + `' THEN (SELECT invoice_number FROM bills WHERE org_id = $1 AND id = x.item)
		WHEN '` + ids.VendorCredit + `' THEN (SELECT ref_number FROM vendor_credits WHERE org_id = $1 AND id = x.item)
		WHEN '` + ids.SentPay + `' THEN (SELECT confirmation FROM payments WHERE org_id = $1 AND id = x.item)
		WHEN '` + ids.Invoice + `' THEN (SELECT invoice_number FROM invoices WHERE org_id = $1 AND id = x.item)
		WHEN '` + ids.CreditMemo + `' THEN (SELECT ref_number FROM credit_memos WHERE org_id = $1 AND id = x.item)
		WHEN '` + ids.ReceivedPay + `' THEN (SELECT ref_number FROM received_pays WHERE org_id = $1 AND id = x.item) END`
	var total int64
	err = t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var party, number string
		var day civil.Date
		var n int64
		if err := scan((*string)(&id), &party, &number, &day, &n); err != nil {
			return err
		}
		t.add(Source{Record: id}, party, itemTypes[id.Prefix()], number, day, int64(max(0, t.Params.AsOf.Sub(day))), n)
		total += n
		return nil
	}, with+`SELECT x.item, coalesce(v.name, x.party), coalesce(`+numbers+`, ''), x.day, x.n FROM (SELECT party, item, day, CAST(sum(n) AS BIGINT) AS n FROM items
		GROUP BY party, item, day HAVING sum(n) <> 0) x LEFT JOIN `+s.party+` v ON v.org_id = $1 AND v.id = x.party
		ORDER BY lower(v.name), x.party, x.day, x.item`, args...)
	if err != nil {
		return err
	}
	return s.tie(tx, t, with, args, total)
}

var itemTypes = map[string]string{ids.Bill: "Bill", ids.VendorCredit: "Vendor credit", ids.SentPay: "Payment", ids.Invoice: "Invoice",
	ids.CreditMemo: "Credit memo", ids.ReceivedPay: "Receipt"}
