package bill

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// What generations 2 and 3 refuse where generation 1 accepts, or says otherwise.
var (
	ErrNumberTaken    = fault.New(fault.Invalid, "number_taken", "Another active document of the same party has this number.")
	ErrVendorInactive = fault.New(fault.Invalid, "vendor_inactive", "The vendor is inactive.")
)

// Check fails with ErrVendorInactive when b comes to an inactive vendor and, unless repeat allows it, with ErrNumberTaken
// when it takes a number that another active bill of the vendor has (BIL-6). before is nil for a new bill. Two that ask at
// once about one number wait for each other, so that the answer holds until the commit.
func Check(tx *db.Tx, before, b *Bill, repeat bool) error {
	if before == nil || before.VendorID != b.VendorID {
		var active int64
		err := tx.Row(`SELECT is_active FROM vendors WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(b.VendorID)).Scan(&active)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil // said when references are checked
		case err != nil:
			return fmt.Errorf("look for the vendor: %w", err)
		case active != record.Active:
			return ErrVendorInactive.On("vendorId")
		}
	}
	key := NumberKey(b.InvoiceNumber)
	if repeat || b.Active != record.Active || before != nil && before.Active == b.Active && before.NumberKey == key && before.VendorID == b.VendorID {
		return nil
	}
	if err := tx.Lock("bill " + string(b.VendorID) + " " + key); err != nil {
		return err
	}
	asked := *b
	asked.NumberKey = key
	taken, err := duplicate(tx, &asked)
	if err == nil && taken {
		err = ErrNumberTaken.On("invoiceNumber")
	}
	return err
}

// Update stores the difference between before, as loaded and locked, and b. Lines with a known id change, others are new,
// those left out go. What is posted otherwise is reversed and posted anew; a change of table 4.4.1 asks the approvers
// again. isActive changes as by Delete and Undelete. It fails as Create, and with ErrMoneyOn where money forbids the
// change (BIL-8).
func Update(tx *db.Tx, before, b *Bill) error {
	if err := tx.Require(org.ManageBills); err != nil {
		return err
	}
	if err := check(b); err != nil {
		return err
	}
	b.NumberKey = NumberKey(b.InvoiceNumber)
	err := Bills.CheckReferences(tx, before, b)
	if err == nil {
		err = cmp.Or(splits(b), before.locked(b))
	}
	if err != nil {
		return err
	}
	if b.NumberKey != before.NumberKey || b.VendorID != before.VendorID || b.Active != before.Active {
		if b.Duplicate, err = duplicate(tx, b); err != nil {
			return err
		}
	}
	if b.GLPostingDate != before.GLPostingDate {
		if open, err := ledger.Open(tx, b.GLPostingDate); err != nil {
			return err
		} else if !open {
			return fault.ErrValue.On("glPostingDate")
		}
	}
	if b.ApprovalStatus, err = Approvals.Edited(tx, before, b); err != nil {
		return err
	}
	b.settle()
	was, is := before.Active == record.Active, b.Active == record.Active
	moved := posting(before) != posting(b)
	verb, version := "update", before.PostingVersion
	switch {
	case was && !is:
		verb = "delete"
	case is && !was:
		verb = "undelete"
	}
	if was && (!is || moved) {
		version++
		_, err := ledger.Reverse(tx, b.ID, ledger.BillEntered, before.PostingVersion, before.GLPostingDate, ledger.BillEntered, version,
			"Bill "+before.InvoiceNumber+" "+verb+"d")
		if err != nil {
			return err
		}
	}
	posts := is && (!was || moved)
	if posts {
		version++
	}
	b.PostingVersion = version
	Bills.SaveAs(tx, verb, before, b)
	if posts {
		return post(tx, b)
	}
	return nil
}

// locked fails with ErrMoneyOn where what is scheduled, paid or credited forbids the change to after (BIL-8, BIL-9).
func (b *Bill) locked(after *Bill) error {
	tied := b.CreditAmount + b.PaidAmount + b.ScheduledAmount + b.ReservedCredit
	if tied == 0 {
		return nil
	}
	switch {
	case after.Active != b.Active:
		return ErrMoneyOn.On("isActive")
	case after.VendorID != b.VendorID:
		return ErrMoneyOn.On("vendorId")
	case after.Amount < tied, b.Due() == 0 && after.Amount != b.Amount:
		return ErrMoneyOn.On("amount")
	}
	return nil
}

// posting is what of a bill its ledger entry says, to be compared.
func posting(b *Bill) string {
	s := fmt.Sprint(b.VendorID, b.GLPostingDate, b.Currency, b.Amount)
	for _, l := range b.Lines {
		s += fmt.Sprint("|", l.Amount, l.ChartOfAccountID, " ", l.DepartmentID, " ", l.LocationID, " ", l.JobID, " ", l.CustomerID)
	}
	return s
}

// SetActive deletes a bill, or takes a deleted one back and posts it again. It fails with ErrMoneyOn while money is
// attached (BIL-9). before is as loaded and locked; nothing changes if it is so already.
func SetActive(tx *db.Tx, before *Bill, active int64) error {
	b := Bills.Copy(before).(*Bill)
	b.Active = active
	if b.Active == before.Active {
		return tx.Require(org.ManageBills)
	}
	return Update(tx, before, b)
}

// Fill adds to bills about to be shown when they were last paid, and when in full, in one query.
func Fill(tx *db.Tx, bills []*Bill) error {
	byID := map[ids.ID]*Bill{}
	var list []ids.ID
	for _, b := range bills {
		b.LastPaid, b.FullyPaid = civil.Date{}, civil.Date{}
		if b.PaidAmount != 0 {
			byID[b.ID] = b
			list = append(list, b.ID)
		}
	}
	if len(list) == 0 {
		return nil
	}
	in, args := record.InIDs(2, list)
	rows, err := tx.Query(`SELECT bill_id, max(process_date) FROM bill_pays WHERE org_id = $1 AND payment_status = 2 AND bill_id`+in+
		` GROUP BY bill_id`, append([]any{string(tx.Org())}, args...)...)
	if err != nil {
		return fmt.Errorf("look for the last payments of bills: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id ids.ID
		var day civil.Date
		if err := rows.Scan(&id, &day); err != nil {
			return err
		}
		b := byID[id]
		b.LastPaid = day
		if b.PaymentStatus == PaidInFull {
			b.FullyPaid = day
		}
	}
	return rows.Err()
}
