package vendor

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// Hold keeps a vendor from being paid until a person lets it go; one that is held already stays so for its first reason
// (5.8: R14 to R17). The server places holds, so no permission is asked for.
func Hold(tx *db.Tx, id ids.ID, reason string) {
	tx.Exec(`INSERT INTO vendor_holds (org_id, vendor_id, reason, placed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		string(tx.Org()), string(id), reason, int64(clock.FromTime(tx.Now())))
	tx.Audit("hold", Vendors.Name, id, "")
	Vendors.Touch(tx, id)
}

// Held is why a vendor is not paid; empty for one that is.
func Held(tx *db.Tx, id ids.ID) (reason string, err error) {
	err = tx.Row(`SELECT reason FROM vendor_holds WHERE org_id = $1 AND vendor_id = $2`, string(tx.Org()), string(id)).Scan(&reason)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for a hold on %s: %w", id, err)
	}
	return reason, nil
}

// LiftHold lets a vendor be paid again. Its payments on hold stay there until each is let go. The caller needs
// ApprovePayments; the server found the cause, so that anyone is a second person (SEC-5).
func LiftHold(tx *db.Tx, id ids.ID) error {
	if err := tx.Require(org.ApprovePayments); err != nil {
		return err
	}
	if _, err := Vendors.LoadForUpdate(tx, id); err != nil {
		return err
	}
	n, err := tx.ExecNow(`DELETE FROM vendor_holds WHERE org_id = $1 AND vendor_id = $2`, string(tx.Org()), string(id))
	if err == nil && n > 0 {
		tx.Audit("lift hold", Vendors.Name, id, "")
		Vendors.Touch(tx, id)
	}
	return err
}
