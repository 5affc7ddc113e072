package payment

import (
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Offline is a payment of one bill made elsewhere, to be recorded.
type Offline struct {
	BillID           ids.ID
	Amount           int64 // minor units
	Date             civil.Date
	ChartOfAccountID ids.ID // what it was paid from; empty: see RecordPayment
	AllowExport      bool
	ToPrintCheck     bool
	SyncReference    string
	Description      string
}

// RecordOffline is RecordPayment for one bill.
func RecordOffline(tx *db.Tx, o Offline) (*BillPay, error) {
	m, err := RecordPayment(tx, OfflineOrder{Bills: []Portion{{o.BillID, o.Amount}}, Date: o.Date, ChartOfAccountID: o.ChartOfAccountID,
		AllowExport: o.AllowExport, ToPrintCheck: o.ToPrintCheck, SyncReference: o.SyncReference, Description: o.Description})
	if err != nil {
		return nil, err
	}
	return m.Parts[0], nil
}

// OfflineOrder is a payment made elsewhere for bills of one vendor, to be recorded.
type OfflineOrder struct {
	VendorID         ids.ID // may be left out for one bill
	Bills            []Portion
	Credits          []Offset
	Date             civil.Date
	ChartOfAccountID ids.ID
	AllowExport      bool
	ToPrintCheck     bool
	SyncReference    string
	Description      string
}

// RecordPayment records a payment made elsewhere: its bills are paid at once. It is posted on its date from the named
// account, else from the ledger account of the default funding account; without one the owner is taken to have paid
// (opening equity), as no account of the organisation did. The checks run in the order of api-v1 5.7: bill.ErrNoBill,
// bill.ErrNotPayable unless the caller may pay unapproved bills, fault.ErrAmount, bill.ErrOverpaid, ErrNotBusinessDay for
// no date, ErrTooLate for one more than 366 days after today in the organisation's zone (a post-dated cheque is recorded
// when it is written, spec/README 15), fault.ErrReference for an account that cannot be paid from. Bills and credits are judged as by PayBills; fault.ErrMissing where several bills come without their vendor.
// Rules OFF-1, OFF-2.
func RecordPayment(tx *db.Tx, o OfflineOrder) (*Payment, error) {
	if err := tx.Require(org.RecordOfflinePayments); err != nil {
		return nil, err
	}
	if len(o.Bills) > 1 && o.VendorID.IsNull() {
		return nil, fault.ErrMissing.On("vendorId")
	}
	dues, err := gather(tx, o.VendorID, o.Bills, o.Credits, func(b *bill.Bill) error {
		blocked, err := bill.Approvals.Blocked(tx, b)
		if err == nil && blocked && !tx.Caller().Perms.Has(org.PayUnapproved) {
			return bill.ErrNotPayable.On("billId")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, d := range dues {
		if d.bill.VendorID != dues[0].bill.VendorID {
			return nil, fault.ErrReference.On("billId")
		}
	}
	if err := checkRecorded(tx, o.Date); err != nil {
		return nil, err
	}
	if err := mayPay(tx, dues); err != nil {
		return nil, err
	}
	from, err := paidFrom(tx, o.ChartOfAccountID)
	if err != nil {
		return nil, err
	}
	for _, d := range dues {
		if d.amount == 0 {
			continue
		}
		if err := bill.PayOfflineFrom(tx, d.bill, d.amount, o.ChartOfAccountID); err != nil {
			return nil, err
		}
	}
	p := &Payment{VendorID: dues[0].bill.VendorID, Rail: Booked, State: Cleared, ProcessDate: o.Date, ArrivalDate: o.Date, Amount: cash(dues),
		CreditAmount: credits(dues), Currency: dues[0].bill.Currency, Description: o.Description, ChartOfAccountID: o.ChartOfAccountID,
		SyncReference: o.SyncReference, ToPrintCheck: o.ToPrintCheck}
	_, err = p.create(tx, dues, BillPay{Base: record.Base{AllowExport: o.AllowExport}, Description: o.Description, PaymentType: 1,
		SyncReference: o.SyncReference, ToPrintCheck: o.ToPrintCheck, ChartOfAccountID: o.ChartOfAccountID})
	if err != nil {
		return p, err
	}
	from.Amount = -p.Amount
	_, err = ledger.Post(tx, ledger.Entry{Date: o.Date, Event: ledger.OfflinePayment, Source: p.ID, Version: 1, Currency: p.Currency,
		Memo:     "Recorded payment " + p.Confirmation,
		Postings: []ledger.Posting{{Role: ledger.AP, Amount: p.Amount, Party: p.VendorID}, from}})
	return p, err
}
