// Package paytest lets tests count the books of payables by other means than the code they test.
package paytest

import (
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/record"
)

// Books fails unless every entry balances, AP is what the open bills have due less the credits not applied (GL-4), Money Out
// Clearing is what was released and is not yet matched (GL-5), no bill is paid and no credit used beyond its amount, and no
// payment has left twice.
func Books(tx *db.Tx) error {
	var due int64
	err := bill.Bills.List(tx, record.Query{}, func(b *bill.Bill) error {
		if b.Active == record.Active {
			due += b.Due()
		}
		if b.PaidAmount < 0 || b.ScheduledAmount < 0 || b.CreditAmount < 0 || b.ReservedCredit < 0 || b.Payable() < 0 {
			return fmt.Errorf("bill %s of %d: paid %d, scheduled %d, credited %d, reserved %d", b.ID, b.Amount, b.PaidAmount, b.ScheduledAmount,
				b.CreditAmount, b.ReservedCredit)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = credit.Credits.List(tx, record.Query{}, func(c *credit.Credit) error {
		if c.Active == record.Active {
			due -= c.Amount - c.AppliedAmount
		}
		if c.AppliedAmount < 0 || c.ReservedAmount < 0 || c.Left() < 0 {
			return fmt.Errorf("credit %s of %d: applied %d, reserved %d", c.ID, c.Amount, c.AppliedAmount, c.ReservedAmount)
		}
		return nil
	})
	if err != nil {
		return err
	}
	ap, err := ledger.RoleBalance(tx, ledger.AP)
	if err != nil {
		return err
	}
	moc, err := ledger.RoleBalance(tx, ledger.MoneyOut)
	if err != nil {
		return err
	}
	// A return not yet credited turns the sign of a disbursement once its settlement was matched.
	var released, unbalanced, twice int64
	err = errors.Join(
		tx.Row(`SELECT CAST(coalesce(sum(CASE WHEN d.state IN ('released', 'sent') THEN d.amount WHEN d.state = 'returned' AND d.settled_on <> '' THEN -d.amount
			ELSE 0 END), 0) AS BIGINT) FROM disbursements d WHERE d.org_id = $1`, string(tx.Org())).Scan(&released),
		tx.Row(`SELECT count(*) FROM (SELECT entry_id FROM postings WHERE org_id = $1 GROUP BY entry_id HAVING sum(amount) <> 0) x`, string(tx.Org())).
			Scan(&unbalanced),
		tx.Row(`SELECT count(*) FROM (SELECT payment_id FROM disbursements WHERE org_id = $1 GROUP BY payment_id HAVING count(*) > 1) x`, string(tx.Org())).
			Scan(&twice))
	if err != nil {
		return err
	}
	if unbalanced != 0 || twice != 0 || ap != -due || moc != -released {
		return fmt.Errorf("%d entries do not balance; AP is %d with %d due; MOC is %d with %d under way; %d payments left twice", unbalanced, ap, due,
			moc, released, twice)
	}
	return nil
}
