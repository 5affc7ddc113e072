package receipt

import (
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/record"
)

// event is the number under which the receipt stands in the ledger.
func (r *Receipt) event() ledger.Event {
	if r.collected() {
		return ledger.ReceiptSettled
	}
	return ledger.ReceiptRecorded
}

// collected reports whether the money is fetched by a debit of ours, and so comes by way of Money In Clearing.
func (r *Receipt) collected() bool { return r.Online && r.PeerID.IsNull() }

// posting is the line that takes an amount to where the money is.
func (r *Receipt) posting(amount int64) ledger.Posting {
	if r.collected() {
		return ledger.Posting{Role: ledger.MoneyIn, Amount: amount}
	}
	return ledger.Posting{Account: r.DepositToAccountID, Amount: amount}
}

// day is the date of the receipt's entries.
func (r *Receipt) day() civil.Date {
	if r.SettleDate.IsZero() {
		return r.PaymentDate
	}
	return r.SettleDate
}

// arrive posts the money, with what of it belongs to other customers, and gives the customer credit for the rest.
func (r *Receipt) arrive(tx *db.Tx, moved []ledger.Posting) error {
	customer.Move(tx, r.CustomerID, 0, r.UnappliedAmount)
	return r.post(tx, append([]ledger.Posting{r.posting(r.Amount), {Role: ledger.AR, Amount: -r.Amount, Party: r.CustomerID}}, moved...))
}

// post writes one more entry of the receipt; none without postings.
func (r *Receipt) post(tx *db.Tx, postings []ledger.Posting) error {
	if len(postings) == 0 {
		return nil
	}
	r.PostingVersion++
	_, err := ledger.Post(tx, ledger.Entry{Date: r.day(), Event: r.event(), Source: r.ID, Version: r.PostingVersion, Currency: r.Currency,
		Memo: r.memo(), Postings: postings})
	return err
}

func (r *Receipt) memo() string {
	if r.RefNumber == "" {
		return "Received payment"
	}
	return "Received payment " + r.RefNumber
}

// unpost reverses every entry of the receipt and takes the credit back.
func (r *Receipt) unpost(tx *db.Tx, day civil.Date) error {
	as := r.event()
	if r.collected() {
		as = ledger.DebitReturned
	}
	for n := range r.PostingVersion {
		if _, err := ledger.Reverse(tx, r.ID, r.event(), n+1, day, as, r.PostingVersion+n+1, r.memo()+" undone"); err != nil {
			return err
		}
	}
	if _, err := ledger.Reverse(tx, r.ID, ledger.ConvenienceFee, 1, day, ledger.ConvenienceFee, 2, "Convenience fee undone"); err != nil {
		return err
	}
	r.PostingVersion *= 2
	customer.Move(tx, r.CustomerID, 0, -r.UnappliedAmount)
	return nil
}

// chargeFee stores and posts what the customer paid on top (AR-15, event 32).
func (r *Receipt) chargeFee(tx *db.Tx) error {
	if r.ConvFeeAmount == 0 {
		return nil
	}
	if err := dimension.Ensure(tx, ledger.FeeIncome); err != nil {
		return err
	}
	income, err := ledger.Account(tx, ledger.FeeIncome)
	if err != nil {
		return err
	}
	f := &Fee{Base: record.Base{ID: ids.New(ids.ConvenienceFee), Active: record.Active, AllowExport: true}, ReceivedPayID: r.ID,
		RefNumber: r.RefNumber, Amount: r.ConvFeeAmount, PaymentDate: r.PaymentDate, ChartOfAccountID: income}
	Fees.Insert(tx, f)
	_, err = ledger.Post(tx, ledger.Entry{Date: r.day(), Event: ledger.ConvenienceFee, Source: r.ID, Version: 1, Currency: r.Currency,
		Memo: "Convenience fee", Postings: []ledger.Posting{r.posting(r.ConvFeeAmount), {Account: income, Amount: -r.ConvFeeAmount}}})
	return err
}
