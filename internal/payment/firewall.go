package payment

import (
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/vendor"
)

// Payments that wait are held while a change of their vendor waits for a second person (SEC-6, E16).
var _ = vendor.OnChange(func(tx *db.Tx, vendorID ids.ID, reason string) error {
	waiting, err := texts(tx, `SELECT id FROM payments WHERE org_id = $1 AND vendor_id = $2 AND state = 'scheduled' ORDER BY id`,
		string(tx.Org()), string(vendorID))
	if err != nil {
		return err
	}
	for _, id := range waiting {
		p, err := lock(tx, id)
		if err != nil {
			return err
		}
		if p.State != Scheduled {
			continue
		}
		if err := p.move(tx, OnHold, change{note: reason}); err != nil {
			return err
		}
	}
	return nil
})
