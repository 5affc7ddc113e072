package report

import (
	"fmt"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
)

var cashRequirements = Report{Name: "cash-requirements", Title: "Cash requirements", Group: "Payables",
	About: "What each funding account will need: unpaid bills by due date and payments by process date, less expected receipts if wanted.",
	Takes: []Parameter{by("week", "day"), show("payments", "less-receipts"), funding},
	run:   (*Table).cashRequirements}

var cashItems = Report{Name: "cash-items", Title: "Cash requirements by item", Group: "Payables",
	About: "Each bill, payment and invoice behind the cash requirements.",
	Takes: []Parameter{show("payments", "less-receipts"), funding},
	run:   (*Table).cashItems}

// needed are the open sums that will move money: SELECT kind, id, day, party, number, bank, n. A bill without a funding
// account of its own is paid from the default one, where an invoice is paid in too.
const needed = `SELECT 1 AS kind, b.id, b.due_date AS day, b.vendor_id AS party, b.invoice_number AS number,
		CASE b.pay_from_bank_account_id WHEN '' THEN main.id ELSE b.pay_from_bank_account_id END AS bank,
		b.amount - b.credit_amount - b.paid_amount - b.scheduled_amount - b.reserved_credit AS n FROM bills b CROSS JOIN main
		WHERE b.org_id = $1 AND b.is_active = 1 AND b.payment_status <> 0 AND b.amount - b.credit_amount - b.paid_amount - b.scheduled_amount - b.reserved_credit <> 0
	UNION ALL SELECT 2, p.id, p.process_date, p.vendor_id, p.confirmation, p.bank_account_id, p.amount FROM payments p
		WHERE p.org_id = $1 AND p.state IN ('awaiting_approval', 'scheduled', 'on_hold')
	UNION ALL SELECT 3, i.id, i.due_date, i.customer_id, i.invoice_number,
		CASE i.pay_to_bank_account_id WHEN '' THEN main.id ELSE i.pay_to_bank_account_id END, i.credit_amount + i.paid_amount - i.amount
		FROM invoices i CROSS JOIN main WHERE i.org_id = $1 AND $2 = 'less-receipts' AND i.is_active = 1 AND i.payment_status <> 0
		AND i.amount <> i.credit_amount + i.paid_amount`

const withNeeded = `WITH main AS (SELECT coalesce(max(id), '') AS id FROM bank_accounts WHERE org_id = $1 AND is_default = 1 AND is_active = 1), needed AS (` + needed + `)
	`

var needs = map[int64]string{1: "Bills to pay", 2: "Payments scheduled", 3: "Expected receipts"}

// periods are how many columns of days or weeks there are.
const periods = 8

// cashRequirements ties to the open bills of the ledger: bills that wait, payments that will leave and credits set aside
// for them make up what is owed and what credits take off it.
func (t *Table) cashRequirements(tx *db.Tx) error {
	today := civil.Of(tx.Now(), t.zone)
	width, title := 7, "Week of "
	if t.Params.By == "day" {
		width, title = 1, ""
	}
	t.Columns = []Column{{"fundingAccount", "Funding account", Text, false}, {"what", "What", Text, false}, {"overdue", "Overdue", Money, true}}
	for i := range periods {
		first := today.AddDays(i * width)
		t.Columns = append(t.Columns, Column{fmt.Sprintf("from%s", first), title + first.String(), Money, true})
	}
	t.Columns = append(t.Columns, Column{"later", "Later", Money, true}, Column{"total", "Total", Money, true})
	var total int64
	err := t.query(tx, func(scan func(...any) error) error {
		var bank ids.ID
		var name string
		var kind, n int64
		var day civil.Date
		if err := scan((*string)(&bank), &name, &kind, &day, &n); err != nil {
			return err
		}
		if name == "" {
			name = "No funding account"
		}
		if last := len(t.Rows) - 1; last < 0 || t.Rows[last].Of.Params.Bank != bank || t.Rows[last].Cells[1] != needs[kind] {
			cells := make([]any, len(t.Columns))
			cells[0], cells[1] = name, needs[kind]
			for i := 2; i < len(cells); i++ {
				cells[i] = int64(0)
			}
			t.add(Source{Report: cashItems.Name, Params: Params{Bank: bank, Show: t.Params.Show}}, cells...)
		}
		cells := t.Rows[len(t.Rows)-1].Cells
		at := 2
		if ahead := day.Sub(today); ahead >= 0 {
			at = 3 + min(ahead/width, periods)
		}
		cells[at] = cells[at].(int64) + n
		cells[len(cells)-1] = cells[len(cells)-1].(int64) + n
		if kind != 3 {
			total += n
		}
		return nil
	}, withNeeded+`SELECT n.bank, coalesce(a.name, ''), n.kind, n.day, CAST(sum(n.n) AS BIGINT) FROM needed n
		LEFT JOIN bank_accounts a ON a.org_id = $1 AND a.id = n.bank WHERE $3 = '' OR n.bank = $3
		GROUP BY n.bank, a.name, n.kind, n.day ORDER BY a.name, n.bank, n.kind, n.day`, t.Params.Show, string(t.Params.Bank))
	if err != nil || t.Params.Bank != "" {
		return err
	}
	owed, err := ledger.RoleBalance(tx, ledger.AP)
	if err != nil {
		return err
	}
	var reserved, credits int64
	err = tx.Row(`SELECT (SELECT CAST(coalesce(sum(reserved_credit), 0) AS BIGINT) FROM bills WHERE org_id = $1 AND is_active = 1),
		(SELECT CAST(coalesce(sum(amount - applied_amount), 0) AS BIGINT) FROM vendor_credits WHERE org_id = $1 AND is_active = 1)`, string(tx.Org())).
		Scan(&reserved, &credits)
	t.Off = total + reserved - credits + owed
	t.Facts = []Fact{{"Accounts payable in the ledger", t.amount(-owed)}, {"Open vendor credits", t.amount(credits)},
		{"Credits set aside for payments", t.amount(reserved)}, {"Difference", t.amount(t.Off)}}
	return err
}

func (t *Table) cashItems(tx *db.Tx) error {
	t.Columns = []Column{{"party", "Vendor or customer", Text, false}, {"what", "What", Text, false}, {"number", "Number", Text, false},
		{"date", "Due or process date", Date, false}, {"fundingAccount", "Funding account", Text, false}, {"amount", "Amount", Money, true}}
	return t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var kind, n int64
		var party, number, account string
		var day civil.Date
		if err := scan((*string)(&id), &kind, &party, &number, &day, &account, &n); err != nil {
			return err
		}
		t.add(Source{Record: id}, party, needs[kind], number, day, account, n)
		return nil
	}, withNeeded+`SELECT n.id, n.kind, coalesce(v.name, c.name, ''), n.number, n.day, coalesce(a.name, ''), n.n FROM needed n
		LEFT JOIN bank_accounts a ON a.org_id = $1 AND a.id = n.bank LEFT JOIN vendors v ON v.org_id = $1 AND v.id = n.party
		LEFT JOIN customers c ON c.org_id = $1 AND c.id = n.party WHERE $3 = '' OR n.bank = $3 ORDER BY n.day, n.kind, n.id`,
		t.Params.Show, string(t.Params.Bank))
}
