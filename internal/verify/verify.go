// Package verify proves the invariants of a whole store: that the ledger balances, that the sub-ledgers equal their
// control accounts, that every reference leads somewhere, that documents and bank files are what was stored, that nobody
// has altered the audit trail.
package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/audit"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/document"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// Finding is one broken invariant.
type Finding struct {
	Org    ids.ID `json:"org"`
	Rule   string `json:"rule"` // the rule's id in docs/spec/domain.md, or a word
	Detail string `json:"detail"`
}

// Result is what a run looked at and found.
type Result struct {
	Organisations int64     `json:"organisations"`
	Bills         int64     `json:"bills"`
	Payments      int64     `json:"payments"`
	Entries       int64     `json:"entries"`
	Documents     int64     `json:"documents"`
	Events        int64     `json:"events"` // of the audit trail
	Findings      []Finding `json:"findings"`
}

// types are the records whose references are checked.
var types = []*record.Type{vendor.Vendors.Type, bill.Bills.Type, bill.Lines.Type, dimension.Accounts.Type, dimension.Departments.Type,
	dimension.Jobs.Type, dimension.Locations.Type, credit.Credits.Type, credit.Lines.Type, payment.Payments.Type, payment.BillPays.Type,
	payment.BillCredits.Type, payment.Movements.Type}

// Store checks every organisation, each on one snapshot, and that the audit trails begin with what the checkpoints say.
func Store(ctx context.Context, d *db.DB, blobs *blob.Store, vault *secret.Vault, kept ...audit.Checkpoint) (Result, error) {
	r := Result{Findings: []Finding{}}
	var orgs []org.Organisation
	err := d.Read(ctx, db.Caller{}, func(tx *db.Tx) (err error) {
		orgs, err = org.List(tx)
		return err
	})
	if err != nil {
		return r, err
	}
	r.Organisations = int64(len(orgs))
	for _, o := range orgs {
		c := &check{r: &r, org: o.ID, vault: vault}
		if err := d.Read(ctx, db.Caller{Org: o.ID, Perms: org.All, Channel: "command"}, c.run); err != nil {
			return r, fmt.Errorf("verify %s: %w", o.ID, err)
		}
	}
	n, err := document.Verify(ctx, d, blobs, func(sha256 string, problem error) {
		r.Findings = append(r.Findings, Finding{"", "DOC-4", fmt.Sprintf("document content %s: %v", sha256, problem)})
	})
	if err != nil {
		return r, err
	}
	r.Documents = int64(n)
	err = trails(ctx, d, vault, kept, &r)
	return r, err
}

// trails proves AUD-2, after it has given the events that still wait their place.
func trails(ctx context.Context, d *db.DB, vault *secret.Vault, kept []audit.Checkpoint, r *Result) error {
	all, err := audit.Trails(ctx, d)
	if err != nil {
		return err
	}
	for _, c := range kept { // whose organisation may be gone
		for _, m := range c.Marks {
			if !slices.Contains(all, m.Org) {
				all = append(all, m.Org)
			}
		}
	}
	for _, o := range all {
		if err := audit.Sweep(ctx, d, o); err != nil {
			return err
		}
		var marks []audit.Mark
		for _, c := range kept {
			marks = append(marks, c.Of(o)...)
		}
		err := d.Read(ctx, db.Caller{Org: o, Channel: "command"}, func(tx *db.Tx) error {
			n, err := audit.Check(tx, vault.PublicKey(), marks, func(detail string) {
				r.Findings = append(r.Findings, Finding{o, "AUD-2", detail})
			})
			r.Events += n
			return err
		})
		if err != nil {
			return fmt.Errorf("verify the audit trail of %s: %w", o, err)
		}
	}
	return nil
}

type check struct {
	r     *Result
	org   ids.ID
	vault *secret.Vault
	tx    *db.Tx
}

func (c *check) found(rule, format string, args ...any) {
	c.r.Findings = append(c.r.Findings, Finding{c.org, rule, fmt.Sprintf(format, args...)})
}

func (c *check) run(tx *db.Tx) error {
	c.tx = tx
	for _, f := range []func() error{c.counts, c.entries, c.bills, c.payables, c.receivables, c.money, c.network, c.approvals, c.references, c.sealed, c.payments} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// number reads one number.
func (c *check) number(query string, args ...any) (n int64, err error) {
	err = c.tx.Row(query, append([]any{string(c.org)}, args...)...).Scan(&n)
	return n, err
}

func (c *check) counts() error {
	for _, x := range []struct {
		to    *int64
		table string
	}{{&c.r.Bills, "bills"}, {&c.r.Payments, "payments"}, {&c.r.Entries, "journal_entries"}} {
		n, err := c.number(`SELECT count(*) FROM ` + x.table + ` WHERE org_id = $1`)
		if err != nil {
			return err
		}
		*x.to += n
	}
	return nil
}

// none reports every row of a query as a finding: one text column.
func (c *check) none(rule, what, query string, args ...any) error {
	rows, err := c.tx.Query(query, append([]any{string(c.org)}, args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var bad []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return err
		}
		if len(bad) < 10 {
			bad = append(bad, s)
		}
	}
	if len(bad) > 0 {
		c.found(rule, "%s: %s", what, strings.Join(bad, ", "))
	}
	return rows.Err()
}

// entries proves GL-1 and GL-6 anew, beside the database's own triggers.
func (c *check) entries() error {
	if err := c.none("GL-1", "entries that do not balance", `SELECT entry_id FROM postings WHERE org_id = $1
		GROUP BY entry_id HAVING sum(amount) <> 0 OR count(*) < 2`); err != nil {
		return err
	}
	if err := c.none("GL-1", "postings without an entry", `SELECT DISTINCT p.entry_id FROM postings p WHERE p.org_id = $1
		AND NOT EXISTS (SELECT 1 FROM journal_entries e WHERE e.org_id = p.org_id AND e.id = p.entry_id)`); err != nil {
		return err
	}
	return c.none("GL-1", "postings to unknown accounts", `SELECT DISTINCT p.account_id FROM postings p WHERE p.org_id = $1
		AND NOT EXISTS (SELECT 1 FROM chart_of_accounts a WHERE a.org_id = p.org_id AND a.id = p.account_id)`)
}

// bills proves BIL-4, BIL-7 and the derivation of the payment status.
func (c *check) bills() error {
	if err := c.none("BIL-4", "bills that are not the sum of their lines", `SELECT b.id FROM bills b WHERE b.org_id = $1
		AND b.amount <> (SELECT coalesce(sum(l.amount), 0) FROM bill_lines l WHERE l.org_id = b.org_id AND l.bill_id = b.id)`); err != nil {
		return err
	}
	if err := c.none("BIL-7", "bills with more paid or scheduled than due", `SELECT id FROM bills WHERE org_id = $1
		AND (amount - credit_amount - paid_amount - scheduled_amount - reserved_credit < 0 OR paid_amount < 0 OR scheduled_amount < 0
			OR credit_amount < 0 OR reserved_credit < 0)`); err != nil {
		return err
	}
	if err := c.none("4.3", "bills with a wrong payment status", `SELECT id FROM bills WHERE org_id = $1
		AND payment_status <> CASE WHEN amount - credit_amount - paid_amount = 0 THEN 0 WHEN pending_payments > 0 THEN 5 WHEN scheduled_amount + reserved_credit > 0 THEN 4
			WHEN paid_amount + credit_amount > 0 THEN 2 ELSE 1 END`); err != nil {
		return err
	}
	return c.none("BIL-7", "bills whose amounts are not those of their payments", `SELECT b.id FROM bills b
		LEFT JOIN (SELECT bill_id,
				sum(CASE WHEN payment_status IN (0, 1) THEN amount ELSE 0 END) AS scheduled,
				sum(CASE WHEN payment_status = 0 THEN 1 ELSE 0 END) AS pending,
				sum(CASE WHEN payment_status IN (2, 5) THEN amount ELSE 0 END) AS paid
			FROM bill_pays WHERE org_id = $1 GROUP BY bill_id) p ON p.bill_id = b.id
		WHERE b.org_id = $1 AND (b.scheduled_amount <> coalesce(p.scheduled, 0) OR b.paid_amount <> coalesce(p.paid, 0)
			OR b.pending_payments <> coalesce(p.pending, 0))`)
}

// payables proves GL-4: what is open per vendor, less credits not applied, is the vendor's balance on the control account.
func (c *check) payables() error {
	ap, err := ledger.Account(c.tx, ledger.AP)
	if err != nil {
		return err
	}
	return c.none("GL-4", "vendors whose open bills and credits differ from accounts payable", `SELECT x.vendor FROM (
			SELECT vendor_id AS vendor, amount - credit_amount - paid_amount AS n FROM bills WHERE org_id = $1 AND is_active = 1
			UNION ALL SELECT vendor_id, applied_amount - amount FROM vendor_credits WHERE org_id = $1 AND is_active = 1
			UNION ALL SELECT party_id, amount FROM postings WHERE org_id = $1 AND account_id = $2) x
		GROUP BY x.vendor HAVING sum(x.n) <> 0`, string(ap))
}

// references proves that every reference of every record leads to a record of the right type, active or not.
func (c *check) references() error {
	for _, t := range slices.Concat(types, receivableTypes, approvalTypes) {
		for _, f := range t.Fields {
			if f.Kind != record.Ref || f.Target == nil || f.Target() == nil {
				continue
			}
			to := f.Target()
			err := c.none("SEC-12", t.Name+" with a lost "+f.Name, `SELECT t.id FROM `+t.Table+` t WHERE t.org_id = $1
				AND t.`+f.Column+` <> '' AND NOT EXISTS (SELECT 1 FROM `+to.Table+` r WHERE r.org_id = t.org_id AND r.id = t.`+f.Column+`)`)
			if err != nil {
				return err
			}
		}
	}
	return c.none("BIL-4", "lines without a bill", `SELECT l.id FROM bill_lines l WHERE l.org_id = $1
		AND NOT EXISTS (SELECT 1 FROM bills b WHERE b.org_id = l.org_id AND b.id = l.bill_id)`)
}

// sealed proves SEC-1 of what records hold sealed: nothing is in clear, and everything opens in its place.
func (c *check) sealed() error {
	for _, table := range []string{"vendors", "customers"} {
		if err := c.none("SEC-1", table+" with a tax id in clear", `SELECT id FROM `+table+` WHERE org_id = $1
			AND tax_id <> '' AND (tax_id_hash = '' OR length(tax_id) < 40)`); err != nil {
			return err
		}
		rows, err := c.tx.Query(`SELECT id, tax_id FROM `+table+` WHERE org_id = $1 AND tax_id <> ''`, string(c.org))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, sealed string
			if err := rows.Scan(&id, &sealed); err != nil {
				return err
			}
			if _, err := c.tx.Unseal(sealed, table, "tax_id", ids.ID(id)); err != nil {
				c.found("SEC-1", "%v", err)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// payments leaves to the engine what only it knows: one disbursement a payment, no gap in the cheque numbers, files
// that are what was stored, and Money Out Clearing item by item (GL-5, XO-3, XO-4).
func (c *check) payments() error {
	bad, err := payment.Verify(c.tx, c.vault)
	for _, b := range bad {
		c.found(b.Rule, "%s", b.Detail)
	}
	return err
}
