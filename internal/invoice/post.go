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

// posting is the line of an entry that takes amount to the income account of a document's line (GL-10).
func (d *Document) posting(l *Item, amount int64) ledger.Posting {
	p := ledger.Posting{Account: l.ChartOfAccountID, Amount: amount, Customer: d.CustomerID,
		Department: either(l.DepartmentID, d.DepartmentID), Location: either(l.LocationID, d.LocationID), Job: either(l.JobID, d.JobID)}
	if p.Account.IsNull() {
		p.Account, p.Role = "", ledger.Income
	}
	return p
}

// control are the lines of an entry for the total and the sales tax in it. sign is 1 for a document that the customer
// owes us, -1 for one that we owe.
func (d *Document) control(sign int64) []ledger.Posting {
	return []ledger.Posting{{Role: ledger.SalesTax, Amount: -sign * d.SalesTaxTotal}, {Role: ledger.AR, Amount: sign * d.Amount, Party: d.CustomerID}}
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

// repost takes the ledger from the entry of a document as it stood to the one it has now, and gives the version of its
// last entry. What had no entry because the document was inactive is not reversed, what has none now not posted. Both
// are dated as the documents are; a date that is new must be in an open period, an old one moves to the first open day.
func repost(tx *db.Tx, id ids.ID, version int64, old, now ledger.Entry, stood, stands bool) (int64, error) {
	same := old.Date == now.Date && slices.Equal(old.Postings, now.Postings)
	if stood == stands && (same || !stands) {
		return version, nil
	}
	if old.Date != now.Date {
		if err := refuseClosed(tx, now.Date); err != nil {
			return version, err
		}
	}
	if stood {
		version++
		if _, err := ledger.Reverse(tx, id, old.Event, version-1, old.Date, old.Event, version, old.Memo+" reversed"); err != nil {
			return version, err
		}
	}
	if stands {
		version++
		now.Source, now.Version = id, version
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
