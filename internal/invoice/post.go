package invoice

import (
	"slices"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/record"
)

// entry is what a document posts: each line's amount to its own account, its item's or else to income, the sales tax,
// and the total to accounts receivable (GL-10). sign is 1 for what the customer owes us, -1 for what we owe.
func (d *Document) entry(c catalogue, event ledger.Event, memo string, sign int64, lines []*Item) ledger.Entry {
	e := ledger.Entry{Date: d.GLPostingDate, Event: event, Currency: d.Currency, Memo: memo}
	for _, l := range lines {
		p := ledger.Posting{Account: l.ChartOfAccountID, Amount: -sign * l.Amount, Customer: d.CustomerID,
			Department: either(l.DepartmentID, d.DepartmentID), Location: either(l.LocationID, d.LocationID), Job: either(l.JobID, d.JobID)}
		if item := c[l.ItemID]; item != nil {
			p.Account = either(p.Account, item.ChartOfAccountID)
		}
		if p.Account.IsNull() {
			p.Account, p.Role = "", ledger.Income
		}
		e.Postings = append(e.Postings, p)
	}
	e.Postings = append(e.Postings, ledger.Posting{Role: ledger.SalesTax, Amount: -sign * d.SalesTaxTotal},
		ledger.Posting{Role: ledger.AR, Amount: sign * d.Amount, Party: d.CustomerID})
	return e
}

func either(a, b ids.ID) ids.ID {
	if a.IsNull() {
		return b
	}
	return a
}

// refuseClosed fails with fault.ErrValue when nothing may be posted on that date any more (GL-8).
func refuseClosed(tx *db.Tx, date civil.Date) error {
	open, err := ledger.Open(tx, date)
	if err == nil && !open {
		err = fault.ErrValue.On("glPostingDate")
	}
	return err
}

// repost takes the ledger from the entry a document had to the one it has now, and gives the version of its last entry.
// An inactive document has none. A new date must be in an open period; what is dated in a closed one moves to the first
// open day (GL-8).
func repost(tx *db.Tx, before, after *record.Base, version int64, old, now ledger.Entry) (int64, error) {
	stood, stands := before.Active == record.Active, after.Active == record.Active
	if stood == stands && (!stands || old.Date == now.Date && slices.Equal(old.Postings, now.Postings)) {
		return version, nil
	}
	if stands && old.Date != now.Date {
		if err := refuseClosed(tx, now.Date); err != nil {
			return version, err
		}
	}
	if stood {
		version++
		_, err := ledger.Reverse(tx, before.ID, old.Event, version-1, old.Date, old.Event, version, old.Memo+" reversed")
		if err != nil {
			return version, err
		}
	}
	if stands {
		version++
		now.Source, now.Version = before.ID, version
		if _, err := ledger.Post(tx, now); err != nil {
			return version, err
		}
	}
	return version, nil
}

// verb names a change of a document in the audit trail.
func verb(before, after int64) string {
	switch {
	case before == after:
		return "update"
	case after == record.Active:
		return "restore"
	}
	return "void"
}
