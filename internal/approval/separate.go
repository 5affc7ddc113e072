package approval

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// What one person may not do after the other (APR-10).
var (
	ErrOwn          = fault.New(fault.Forbidden, "own_document", "Whoever entered this does not approve it.")
	ErrOwnBank      = fault.New(fault.Forbidden, "own_bank_data", "Whoever changed the vendor's bank account in the last 30 days neither approves nor pays.")
	ErrApproverPays = fault.New(fault.Forbidden, "approver_pays", "Whoever approved this does not schedule its payment.")
)

// bankDays is how long whoever changed a vendor's bank account neither approves nor pays (APR-10).
const bankDays = 30

// MayPay judges whether the user may schedule a payment of those documents: it approved none of them, also in the place of
// another, and changed no bank account of their vendors within 30 days (APR-10). Where the organisation enforces that, it
// fails with ErrApproverPays or ErrOwnBank, naming the document; where it only warns, the audit trail keeps the override.
// What no user does, as a job, passes.
func (k Kind) MayPay(tx *db.Tx, objects []ids.ID, user ids.ID) error {
	mode, err := sodMode(tx)
	if err != nil || mode == sodOff || user.IsNull() {
		return err
	}
	for _, id := range objects {
		approved, err := k.hasApproved(tx, id, user)
		if err != nil {
			return err
		}
		if approved {
			if err := k.separate(tx, mode, id, ErrApproverPays, user, ""); err != nil {
				return err
			}
		}
		party, err := k.vendor(tx, id)
		if err != nil {
			return err
		}
		changed, err := bankChanged(tx, party, bankDays, user)
		if err != nil {
			return err
		}
		if changed {
			if err := k.separate(tx, mode, id, ErrOwnBank, user, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// mayApprove judges whether the user may approve d: it neither entered it nor changed its amount or vendor last, and changed
// no bank account of its vendor within 30 days (APR-10). It fails, or keeps the override with its reason, as MayPay does.
func (k Kind) mayApprove(tx *db.Tx, d *document, user ids.ID, reason string) error {
	mode, err := sodMode(tx)
	if err != nil || mode == sodOff {
		return err
	}
	editor, err := k.editor(tx, d.id)
	if err != nil {
		return err
	}
	if user == d.createdBy || user == editor {
		if err := k.separate(tx, mode, d.id, ErrOwn, user, reason); err != nil {
			return err
		}
	}
	changed, err := bankChanged(tx, d.facts.Vendor, bankDays, user)
	if err != nil || !changed {
		return err
	}
	return k.separate(tx, mode, d.id, ErrOwnBank, user, reason)
}

// editor is who last changed the amount or the vendor of a document after it was entered, if anyone has.
func (k Kind) editor(tx *db.Tx, id ids.ID) (user ids.ID, err error) {
	err = tx.Row(`SELECT user_id FROM approval_editors WHERE org_id = $1 AND object_id = $2`, string(tx.Org()), string(id)).Scan((*string)(&user))
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look who changed %s: %w", id, err)
	}
	return user, nil
}

// noteEditor remembers that the caller changed the amount or the vendor of a document.
func (k Kind) noteEditor(tx *db.Tx, id ids.ID) {
	tx.Exec(`INSERT INTO approval_editors (org_id, object_id, user_id, time) VALUES ($1, $2, $3, $4)
		ON CONFLICT (org_id, object_id) DO UPDATE SET user_id = excluded.user_id, time = excluded.time`,
		string(tx.Org()), string(id), string(tx.Caller().User), int64(clock.FromTime(tx.Now())))
}

// The values of sodMode (domain 2.2).
const (
	sodOff     = "off"
	sodWarn    = "warn"
	sodEnforce = "enforce"
)

func sodMode(tx *db.Tx) (string, error) {
	prefs, err := org.Prefs(tx)
	if err != nil || prefs.SoDMode == "" {
		return sodOff, err
	}
	return prefs.SoDMode, nil
}

// separate refuses what the rule forbids the user, or keeps in the audit trail that it was done nevertheless and why.
func (k Kind) separate(tx *db.Tx, mode string, id ids.ID, rule *fault.Error, user ids.ID, reason string) error {
	if mode == sodEnforce {
		return rule.On(k.Documents.Name + "Id").With(string(id))
	}
	detail, err := json.Marshal(map[string][2]string{"rule": {"", rule.Code}, "userId": {"", string(user)}, "reason": {"", reason}})
	if err != nil {
		return fmt.Errorf("write why %s was overridden: %w", rule.Code, err)
	}
	tx.Audit("override separation", k.Documents.Name, id, string(detail))
	return nil
}

// hasApproved reports whether the user has approved the document, in its own place or another's, or another in the user's.
func (k Kind) hasApproved(tx *db.Tx, id, user ids.ID) (bool, error) {
	var n int64
	err := tx.Row(`SELECT count(*) FROM `+k.Approvers.Table+` WHERE org_id = $1 AND object_id = $2 AND (user_id = $3 OR acted_by = $3) AND status = $4`,
		string(tx.Org()), string(id), string(user), HasApproved).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look who approved %s: %w", id, err)
	}
	return n > 0, nil
}

// vendor is the vendor of a document.
func (k Kind) vendor(tx *db.Tx, id ids.ID) (party ids.ID, err error) {
	err = tx.Row(`SELECT vendor_id FROM `+k.Documents.Table+` WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(id)).Scan((*string)(&party))
	if err != nil {
		return "", fmt.Errorf("find the vendor of %s: %w", id, err)
	}
	return party, nil
}

// bankChanged reports whether the user, or with none named anyone, entered, changed or removed a bank account of the vendor
// within so many days.
func bankChanged(tx *db.Tx, party ids.ID, days int, user ids.ID) (bool, error) {
	var n int64
	since := clock.FromTime(tx.Now().AddDate(0, 0, -days))
	err := tx.Row(`SELECT count(*) FROM vendor_bank_accounts a JOIN audit_events e ON e.org_id = a.org_id AND e.record_id = a.id
		WHERE a.org_id = $1 AND a.vendor_id = $2 AND e.record_type = $3 AND e.stamp >= $4 AND e.user_id <> ''
			AND (e.user_id = $5 OR CAST($5 AS ctext) = '')`,
		string(tx.Org()), string(party), vendor.BankAccounts.Name, int64(since), string(user)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look who changed the bank account of %s: %w", party, err)
	}
	return n > 0, nil
}
