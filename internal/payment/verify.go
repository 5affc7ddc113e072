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
// numbers have no gap (XO-4), that stored files are what they were when they were made (XO-1), and that Money Out
// Clearing is what is under way, item by item (GL-5).
func Verify(tx *db.Tx, vault *secret.Vault) (bad []Violation, err error) {
	note := func(rule, format string, args ...any) {
		bad = append(bad, Violation{rule, fmt.Sprintf(format, args...)})
	}
	org := string(tx.Org())
	without, err := texts(tx, `SELECT p.id FROM payments p WHERE p.org_id = $1 AND p.rail <> 'offline'
		AND p.state IN ('releasing', 'in_file', 'sent', 'settled', 'cleared')
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
	var flying, failed, credited int64
	err = tx.Row(`SELECT
			(SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM payments WHERE org_id = $1 AND state IN ('releasing', 'in_file', 'sent')),
			(SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM payments WHERE org_id = $1 AND state = 'failed'),
			(SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM statement_lines WHERE org_id = $1 AND type_code = 257 AND matched <> '')`, org).
		Scan(&flying, &failed, &credited)
	if err != nil {
		return nil, err
	}
	if moc != -flying+failed-credited {
		note("GL-5", "Money Out Clearing is %d; under way are %d, returned %d, credited by the bank %d", moc, flying, failed, credited)
	}
	return bad, nil
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
