package payment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/secret"
)

// Violation is an invariant of payments that does not hold.
type Violation struct{ Rule, Detail string }

// Verify proves, for the caller's organisation, that every payment that left has one disbursement (XO-3), that cheque
// numbers have no gap and each is explained (XO-4, CHK-4), that stored files are what they were when they were made (XO-1), that Money Out
// Clearing is what is under way, item by item (GL-5), and that credits are set off by payments.
func Verify(tx *db.Tx, vault *secret.Vault) (bad []Violation, err error) {
	note := func(rule, format string, args ...any) {
		bad = append(bad, Violation{rule, fmt.Sprintf(format, args...)})
	}
	org := string(tx.Org())
	without, err := texts(tx, `SELECT p.id FROM payments p WHERE p.org_id = $1 AND p.rail IN ('ach', 'check', 'wire')
		AND p.state IN ('releasing', 'in_file', 'sent', 'settled', 'cleared', 'void_requested')
		AND (SELECT count(*) FROM disbursements d WHERE d.org_id = p.org_id AND d.payment_id = p.id) <> 1`, org)
	if err != nil {
		return nil, err
	}
	for _, id := range without {
		note("XO-3", "payment %s left without exactly one disbursement", id)
	}
	gaps, err := texts(tx, `SELECT bank_account_id FROM checks WHERE org_id = $1 GROUP BY bank_account_id
		HAVING max(serial) - min(serial) + 1 <> count(*)`, org)
	if err != nil {
		return nil, err
	}
	for _, id := range gaps {
		note("XO-4", "the check numbers of bank account %s have a gap", id)
	}
	if err := verifyFiles(tx, vault, note); err != nil {
		return nil, err
	}
	moc, err := ledger.RoleBalance(tx, ledger.MoneyOut)
	if err != nil {
		return nil, err
	}
	var flying, failed int64
	err = tx.Row(`SELECT CAST(coalesce(sum(CASE WHEN state IN ('released', 'sent') THEN amount ELSE 0 END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN state = 'returned' AND settled_on <> '' THEN amount ELSE 0 END), 0) AS BIGINT)
		FROM disbursements WHERE org_id = $1`, org).Scan(&flying, &failed)
	if err != nil {
		return nil, err
	}
	reversed, err := reversalsOpen(tx)
	if err != nil {
		return nil, err
	}
	if moc != failed-flying+reversed {
		note("GL-5", "Money Out Clearing is %d; under way are %d, returned and not yet credited by the bank %d, of reversals %d", moc, flying, failed, reversed)
	}
	if err := verifyChecks(tx, note); err != nil {
		return nil, err
	}
	if err := verifyDebits(tx, note); err != nil {
		return nil, err
	}
	return bad, verifyCredits(tx, note)
}

// verifyChecks proves that every number of the register is explained: its state is that of its payment, a spoiled one names
// the number that took its place, and of one payment at most one number is not spoiled.
func verifyChecks(tx *db.Tx, note func(rule, format string, args ...any)) error {
	for _, x := range []struct{ what, query string }{
		{"is in a state that its payment does not explain", `SELECT CAST(c.serial AS TEXT) FROM checks c JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
			JOIN payments p ON p.org_id = d.org_id AND p.id = d.payment_id WHERE c.org_id = $1 AND NOT (c.state = 'spoiled'
			OR c.state IN ('allocated', 'printed') AND p.state = 'in_file' OR c.state IN ('mailed', 'returned_mail') AND p.state = 'sent'
			OR c.state = 'stop_requested' AND p.state = 'void_requested' OR c.state = 'cleared' AND p.state = 'cleared' OR c.state = 'returned' AND p.state = 'failed'
			OR c.state IN ('voided', 'stale') AND p.state IN ('voided', 'unclaimed', 'escheated'))`},
		{"is of no payment", `SELECT CAST(c.serial AS TEXT) FROM checks c WHERE c.org_id = $1 AND NOT EXISTS
			(SELECT 1 FROM disbursements d WHERE d.org_id = c.org_id AND d.id = c.disbursement_id AND d.amount = c.amount)`},
		{"is spoiled and nothing took its place", `SELECT CAST(c.serial AS TEXT) FROM checks c WHERE c.org_id = $1 AND c.state = 'spoiled' AND NOT EXISTS
			(SELECT 1 FROM checks n WHERE n.org_id = c.org_id AND n.bank_account_id = c.bank_account_id AND n.serial = c.replacement AND n.disbursement_id = c.disbursement_id)`},
		{"is not the number of its payment", `SELECT CAST(c.serial AS TEXT) FROM checks c JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
			WHERE c.org_id = $1 AND (c.state <> 'spoiled') <> (c.serial = d.serial)`},
	} {
		found, err := texts(tx, x.query, string(tx.Org()))
		if err != nil {
			return err
		}
		for _, serial := range found {
			note("CHK-4", "check %s %s", serial, x.what)
		}
	}
	return nil
}

// verifyCredits proves that what bills and vendor credits say is set off is what their payments set off.
func verifyCredits(tx *db.Tx, note func(rule, format string, args ...any)) error {
	for _, side := range []struct{ table, key, reserved, applied string }{
		{"bills", "bill_id", "reserved_credit", "credit_amount"},
		{"vendor_credits", "vendor_credit_id", "reserved_amount", "applied_amount"},
	} {
		wrong, err := texts(tx, `SELECT r.id FROM `+side.table+` r LEFT JOIN (SELECT `+side.key+` AS id,
				sum(CASE WHEN state = 'reserved' THEN amount ELSE 0 END) AS reserved, sum(CASE WHEN state = 'applied' THEN amount ELSE 0 END) AS applied
			FROM bill_credits WHERE org_id = $1 GROUP BY `+side.key+`) c ON c.id = r.id
			WHERE r.org_id = $1 AND (r.`+side.reserved+` <> coalesce(c.reserved, 0) OR r.`+side.applied+` <> coalesce(c.applied, 0))`, string(tx.Org()))
		if err != nil {
			return err
		}
		for _, id := range wrong {
			note("9.2", "the credits set off on %s are not those of its payments", id)
		}
	}
	control, err := ledger.Account(tx, ledger.AP)
	if err != nil {
		return err
	}
	wrong, err := texts(tx, `SELECT c.id FROM bill_credits c WHERE c.org_id = $1 AND c.vendor_credit_id = '' AND
		CASE c.state WHEN 'applied' THEN c.amount ELSE 0 END <> coalesce((SELECT CAST(sum(x.amount) AS BIGINT) FROM journal_entries e
			JOIN postings x ON x.org_id = e.org_id AND x.entry_id = e.id AND x.account_id = $2 WHERE e.org_id = c.org_id AND e.source_id = c.id), 0)`,
		string(tx.Org()), string(control))
	if err != nil {
		return err
	}
	for _, id := range wrong {
		note("9.2", "the discount or withheld share %s is not what is posted of it", id)
	}
	return nil
}

func verifyFiles(tx *db.Tx, vault *secret.Vault, note func(rule, format string, args ...any)) error {
	rows, err := tx.Query(`SELECT id, sha256, bytes FROM bank_files WHERE org_id = $1 AND bytes <> ''`, string(tx.Org()))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, want, sealed string
		if err := rows.Scan(&id, &want, &sealed); err != nil {
			return err
		}
		content, err := vault.Open(sealed, string(tx.Org()), "bank_files", "bytes", id)
		if err != nil {
			note("XO-1", "bank file %s cannot be opened: %v", id, err)
			continue
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want {
			note("XO-1", "bank file %s is not what was stored", id)
		}
	}
	return rows.Err()
}
