package verify

import (
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/record"
)

// receivableTypes are the records of receivables whose references are checked.
var receivableTypes = []*record.Type{customer.Customers.Type, customer.Contacts.Type, customer.BankAccounts.Type, invoice.Invoices.Type,
	invoice.Lines.Type, invoice.CreditMemos.Type, invoice.MemoLines.Type, invoice.InvoiceCredits.Type, receipt.Receipts.Type,
	receipt.InvoicePays.Type, receipt.Fees.Type}

// openReceivables are the open items of customers: what is due on their invoices and, below zero, what they have to their
// credit.
const openReceivables = `SELECT customer_id AS customer, amount - credit_amount - paid_amount AS n FROM invoices WHERE org_id = $1 AND is_active = 1
	UNION ALL SELECT customer_id, applied_amount - amount FROM credit_memos WHERE org_id = $1 AND is_active = 1
	UNION ALL SELECT customer_id, -unapplied_amount FROM received_pays WHERE org_id = $1 AND status = 0`

// receivables proves AR-3, the derivation of the states, the sums kept beside customers and documents, and GL-4: what is
// open per customer is the customer's balance on the control account.
func (c *check) receivables() error {
	for _, x := range []struct{ rule, what, query string }{
		{"AR-3", "invoices that are not the sum of their lines and tax", `SELECT i.id FROM invoices i WHERE i.org_id = $1
			AND i.amount <> i.sales_tax_total + (SELECT coalesce(sum(l.amount), 0) FROM invoice_lines l WHERE l.org_id = i.org_id AND l.invoice_id = i.id)`},
		{"AR-3", "credit memos that are not the sum of their lines and tax", `SELECT m.id FROM credit_memos m WHERE m.org_id = $1
			AND m.amount <> m.sales_tax_total + (SELECT coalesce(sum(l.amount), 0) FROM credit_memo_lines l WHERE l.org_id = m.org_id AND l.credit_memo_id = m.id)`},
		{"AR-5", "invoices with more received or scheduled than due", `SELECT id FROM invoices WHERE org_id = $1
			AND (amount - credit_amount - paid_amount - scheduled_amount < 0 OR credit_amount < 0 OR paid_amount < 0 OR scheduled_amount < 0)`},
		{"4.3", "invoices with a wrong payment status", `SELECT id FROM invoices WHERE org_id = $1
			AND payment_status <> CASE WHEN amount - credit_amount - paid_amount = 0 THEN 0 WHEN scheduled_amount > 0 THEN 4
				WHEN paid_amount + credit_amount > 0 THEN 2 ELSE 1 END`},
		{"4.3", "credit memos with a wrong status", `SELECT id FROM credit_memos WHERE org_id = $1
			AND credit_status <> CASE WHEN amount = applied_amount THEN 0 WHEN applied_amount > 0 THEN 2 ELSE 1 END`},
		{"AR-11", "invoices whose credits are not those applied", `SELECT i.id FROM invoices i
			LEFT JOIN (SELECT invoice_id, sum(amount) AS n FROM invoice_credits WHERE org_id = $1 AND is_active = 1 GROUP BY invoice_id) a ON a.invoice_id = i.id
			WHERE i.org_id = $1 AND i.credit_amount <> coalesce(a.n, 0)`},
		{"AR-11", "credit memos that are not what was applied of them", `SELECT m.id FROM credit_memos m
			LEFT JOIN (SELECT credit_memo_id, sum(amount) AS n FROM invoice_credits WHERE org_id = $1 AND is_active = 1 GROUP BY credit_memo_id) a ON a.credit_memo_id = m.id
			WHERE m.org_id = $1 AND m.applied_amount <> coalesce(a.n, 0)`},
		{"AR-5", "customers whose balance is not that of their invoices", `SELECT c.id FROM customers c
			LEFT JOIN (SELECT customer_id, sum(amount - credit_amount - paid_amount) AS n FROM invoices WHERE org_id = $1 AND is_active = 1 GROUP BY customer_id) i
				ON i.customer_id = c.id
			WHERE c.org_id = $1 AND c.balance <> coalesce(i.n, 0)`},
		{"GL-4", "customers whose open items differ from balance less credit", `SELECT c.id FROM customers c
			LEFT JOIN (SELECT customer, sum(n) AS n FROM (` + openReceivables + `) x GROUP BY customer) o ON o.customer = c.id
			WHERE c.org_id = $1 AND c.balance - c.credit <> coalesce(o.n, 0)`},
		{"AR-9", "received payments that are not their parts and the rest", `SELECT r.id FROM received_pays r
			LEFT JOIN (SELECT received_pay_id, sum(amount) AS n FROM invoice_pays WHERE org_id = $1 GROUP BY received_pay_id) p ON p.received_pay_id = r.id
			WHERE r.org_id = $1 AND (r.unapplied_amount <> r.amount - coalesce(p.n, 0) OR r.unapplied_amount < 0)`},
		{"AR-9", "invoices whose amounts are not those received", `SELECT i.id FROM invoices i
			LEFT JOIN (SELECT p.invoice_id, sum(CASE WHEN r.status = 0 THEN p.amount ELSE 0 END) AS paid,
					sum(CASE WHEN r.status = 2 THEN p.amount ELSE 0 END) AS scheduled
				FROM invoice_pays p JOIN received_pays r ON r.org_id = p.org_id AND r.id = p.received_pay_id WHERE p.org_id = $1 GROUP BY p.invoice_id) a
				ON a.invoice_id = i.id
			WHERE i.org_id = $1 AND (i.paid_amount <> coalesce(a.paid, 0) OR i.scheduled_amount <> coalesce(a.scheduled, 0))`},
	} {
		if err := c.none(x.rule, x.what, x.query); err != nil {
			return err
		}
	}
	ar, err := ledger.Account(c.tx, ledger.AR)
	if err != nil {
		return err
	}
	return c.none("GL-4", "customers whose open items differ from accounts receivable", `SELECT x.customer FROM (`+openReceivables+`
			UNION ALL SELECT party_id, -amount FROM postings WHERE org_id = $1 AND account_id = $2) x
		GROUP BY x.customer HAVING sum(x.n) <> 0`, string(ar))
}
