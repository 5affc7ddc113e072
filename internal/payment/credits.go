package payment

import (
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/record"
)

// The states of a bill credit.
const (
	Reserved = "reserved" // its payment has not left
	Applied  = "applied"
	Freed    = "freed" // its payment was cancelled, came back or was voided
)

// BillCredit is what a payment uses of a vendor credit on one bill. It posts nothing (domain 9.2, event 6). Without a vendor
// credit it is the discount for paying early, or what is withheld from the vendor: they post when the payment leaves (events
// 9 and 10).
type BillCredit struct {
	record.Base
	BillID         ids.ID
	PaymentID      ids.ID
	VendorCreditID ids.ID
	Amount         int64
	State          string
	Withheld       bool
}

// BillCredits describes bill credits.
var BillCredits = record.Describe[BillCredit]("billCredit", ids.BillCredit, "bill_credits",
	record.Reference("billId", func() *record.Type { return bill.Bills.Type }, func(b *BillCredit) *ids.ID { return &b.BillID }),
	record.Reference("paymentId", func() *record.Type { return Payments.Type }, func(b *BillCredit) *ids.ID { return &b.PaymentID }),
	record.Reference("vendorCreditId", func() *record.Type { return credit.Credits.Type }, func(b *BillCredit) *ids.ID { return &b.VendorCreditID }),
	record.Amount("amount", func(b *BillCredit) *int64 { return &b.Amount }),
	record.String("state", 20, func(b *BillCredit) *string { return &b.State }),
	record.Flag("withheld", func(b *BillCredit) *bool { return &b.Withheld }),
)

// creditsOf reads the credits of a payment.
func creditsOf(tx *db.Tx, payment ids.ID) (all []*BillCredit, err error) {
	err = BillCredits.List(tx, record.Query{Filters: []record.Filter{
		{Field: BillCredits.Must("paymentId"), Op: record.Eq, Values: []any{string(payment)}},
	}}, func(b *BillCredit) error {
		all = append(all, b)
		return nil
	})
	return all, err
}

// setOff stores a credit of a new payment: reserved while the payment waits, applied at once where it is done.
func (p *Payment) setOff(tx *db.Tx, b *bill.Bill, u use) (*BillCredit, error) {
	if err := bill.ReserveCredit(tx, b, u.amount); err != nil {
		return nil, err
	}
	if err := credit.Reserve(tx, u.credit, u.amount); err != nil {
		return nil, err
	}
	c := &BillCredit{Base: record.Base{Active: record.Active, AllowExport: true}, BillID: b.ID, PaymentID: p.ID, VendorCreditID: u.credit.ID,
		Amount: u.amount, State: Reserved}
	if p.State == Cleared {
		c.State = Applied
		if err := bill.ApplyCredit(tx, b, u.amount); err != nil {
			return nil, err
		}
		if err := credit.Apply(tx, u.credit, u.amount); err != nil {
			return nil, err
		}
	}
	BillCredits.Insert(tx, c)
	return c, nil
}

// moveCredits does to bills and credits what a change of their payment means for them.
func (p *Payment) moveCredits(tx *db.Tx, to string) error {
	var (
		state    string
		onBill   func(*db.Tx, *bill.Bill, int64) error
		onCredit func(*db.Tx, *credit.Credit, int64) error
	)
	switch to {
	case Canceled:
		state, onBill, onCredit = Freed, bill.UnreserveCredit, credit.Unreserve
	case InFile:
		state, onBill, onCredit = Applied, bill.ApplyCredit, credit.Apply
	case Failed, FundingFailed, Voided:
		state, onBill, onCredit = Freed, bill.ReleaseCredit, credit.Free
	default:
		return nil
	}
	all, err := creditsOf(tx, p.ID)
	if err != nil {
		return err
	}
	for _, c := range all {
		b, err := bill.Bills.LoadForUpdate(tx, c.BillID)
		if err != nil {
			return err
		}
		if err := onBill(tx, b, c.Amount); err != nil {
			return err
		}
		if c.VendorCreditID.IsNull() {
			if err := p.postShare(tx, c, to); err != nil {
				return err
			}
			after := *c
			after.State = state
			BillCredits.SaveAs(tx, verbs[to], c, &after)
			continue
		}
		v, err := credit.Credits.LoadForUpdate(tx, c.VendorCreditID)
		if err != nil {
			return err
		}
		if err := onCredit(tx, v, c.Amount); err != nil {
			return err
		}
		after := *c
		after.State = state
		BillCredits.SaveAs(tx, verbs[to], c, &after)
	}
	return nil
}
