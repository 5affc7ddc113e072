package verify

import "fmt"

// money proves that the rows which say the same of one movement of money agree: a payment with its parts, credits and
// disbursement, a batch with its members, a receipt's state with the number that is shown of it, a vendor credit with its
// lines.
func (c *check) money() error {
	const paymentStatus = `CASE WHEN %[1]s.state = 'awaiting_approval' THEN 0 WHEN %[1]s.state IN ('scheduled', 'on_hold') THEN 1
		WHEN %[1]s.state = 'canceled' THEN 3 WHEN %[1]s.state IN ('failed', 'funding_failed', 'voided') THEN 4
		WHEN %[1]s.state = 'escheated' THEN 5 ELSE 2 END`
	for _, x := range []struct{ rule, what, query string }{
		{"PAY-2", "payments that are not the sum of their parts", `SELECT p.id FROM payments p WHERE p.org_id = $1
			AND p.amount <> (SELECT coalesce(sum(b.amount), 0) FROM bill_pays b WHERE b.org_id = p.org_id AND b.payment_id = p.id)`},
		{"PAY-2", "payments whose credits are not those set off", `SELECT p.id FROM payments p WHERE p.org_id = $1
			AND p.credit_amount <> (SELECT coalesce(sum(b.amount), 0) FROM bill_credits b WHERE b.org_id = p.org_id AND b.payment_id = p.id)`},
		{"5.5", "payments with a wrong status", `SELECT p.id FROM payments p WHERE p.org_id = $1 AND p.status <> ` + fmt.Sprintf(paymentStatus, "p")},
		{"5.5", "parts in another state than their payment", `SELECT b.id FROM bill_pays b JOIN payments p ON p.org_id = b.org_id AND p.id = b.payment_id
			WHERE b.org_id = $1 AND (b.state <> p.state OR b.payment_status <> p.status)`},
		{"XO-1", "disbursements of another amount than their payment", `SELECT d.id FROM disbursements d JOIN payments p ON p.org_id = d.org_id AND p.id = d.payment_id
			WHERE d.org_id = $1 AND d.amount <> p.amount`},
		{"XO-1", "batches that are not the sum of what leaves in them", `SELECT b.id FROM disbursement_batches b WHERE b.org_id = $1 AND b.total <>
			(SELECT coalesce(sum(d.amount), 0) FROM disbursements d WHERE d.org_id = b.org_id AND d.batch_id = b.id) +
			(SELECT coalesce(sum(r.amount), 0) FROM received_pays r WHERE r.org_id = b.org_id AND r.batch_id = b.id) +
			(SELECT coalesce(sum(v.amount), 0) FROM reversals v WHERE v.org_id = b.org_id AND v.batch_id = b.id) +
			(SELECT coalesce(sum(t.first + t.second), 0) FROM account_tests t WHERE t.org_id = b.org_id AND t.batch_id = b.id)`},
		{"AR-13", "charges under way or settled without a file", `SELECT r.id FROM received_pays r WHERE r.org_id = $1 AND r.state IN ('in_file', 'settled')
			AND (r.trace = '' OR NOT EXISTS (SELECT 1 FROM disbursement_batches b WHERE b.org_id = r.org_id AND b.id = r.batch_id AND b.rail = 'debit'))`},
		{"AR-13", "received payments with a wrong status", `SELECT id FROM received_pays WHERE org_id = $1 AND status <> CASE
			WHEN state IN ('recorded', 'settled', 'credited') THEN 0 WHEN state IN ('voided', 'returned') THEN 1 WHEN state = 'canceled' THEN 3 ELSE 2 END`},
		{"AR-15", "received payments whose fee is not the one stored", `SELECT r.id FROM received_pays r WHERE r.org_id = $1 AND r.conv_fee_amount <>
			(SELECT coalesce(sum(f.amount), 0) FROM convenience_fees f WHERE f.org_id = r.org_id AND f.received_pay_id = r.id)`},
		{"AR-12", "agreements to debits that are not there, or above what was agreed to", `SELECT a.id FROM debit_authorizations a WHERE a.org_id = $1
			AND NOT EXISTS (SELECT 1 FROM received_pays r WHERE r.org_id = a.org_id AND r.id = a.received_pay_id AND r.customer_id = a.customer_id AND r.amount <= a.cap)`},
		{"BIL-4", "vendor credits that are not the sum of their lines", `SELECT v.id FROM vendor_credits v WHERE v.org_id = $1
			AND v.amount <> (SELECT coalesce(sum(l.amount), 0) FROM vendor_credit_lines l WHERE l.org_id = v.org_id AND l.vendor_credit_id = v.id)`},
		{"4.3", "vendor credits with more set off than they have, or a wrong status", `SELECT id FROM vendor_credits WHERE org_id = $1
			AND (amount - applied_amount - reserved_amount < 0 OR credit_status <> CASE WHEN amount = applied_amount + reserved_amount THEN 0
				WHEN applied_amount + reserved_amount > 0 THEN 2 ELSE 1 END)`},
	} {
		if err := c.none(x.rule, x.what, x.query); err != nil {
			return err
		}
	}
	return nil
}
