package receipt

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Record stores a payment received elsewhere, counts its parts on their invoices and posts it on its date (events 29 and
// 32), to Undeposited funds where no account is named; what is not applied stays to the customer's credit. One without
// parts may get some by the organisation's preference (AR-10). The date may lie 366 days ahead, for a post-dated cheque
// (spec/README 15). It fails with fault.ErrMissing, bank.ErrTooLate, fault.ErrValue (also for a date in a closed period,
// GL-8, and for a deposit to a control account), fault.ErrReference (also for an invoice of a customer that is not the
// payer or below it, AR-9), fault.ErrAmount for an amount or part that is not positive or for parts above the amount,
// and invoice.ErrOverpaid for a part above what is due.
func Record(tx *db.Tx, r *Receipt) error {
	if err := tx.Require(org.RecordReceipts); err != nil {
		return err
	}
	if r.PaymentDate.IsZero() {
		return fault.ErrMissing.On("paymentDate")
	}
	if r.PaymentDate.After(civil.Of(tx.Now(), civil.Pacific).AddDays(bank.MaxAhead)) {
		return bank.ErrTooLate.On("paymentDate")
	}
	if open, err := ledger.Open(tx, r.PaymentDate); err != nil {
		return err
	} else if !open {
		return fault.ErrValue.On("paymentDate")
	}
	if r.DepositToAccountID.IsNull() {
		var err error
		if r.DepositToAccountID, err = ledger.Account(tx, ledger.Undeposited); err != nil {
			return err
		}
	}
	r.State, r.Online, r.PaymentAccountID, r.PayToBankAccountID = Recorded, false, "", ""
	if err := r.distribute(tx); err != nil {
		return err
	}
	moved, err := r.check(tx, invoice.Apply)
	if err != nil {
		return err
	}
	if err := r.arrive(tx, moved); err != nil {
		return err
	}
	Receipts.Insert(tx, r)
	return r.chargeFee(tx)
}

// check checks a new receipt and does that to each of its invoices. It gives what belongs to the accounts of other
// customers than the payer.
func (r *Receipt) check(tx *db.Tx, do onInvoice) ([]ledger.Posting, error) {
	if r.CustomerID.IsNull() {
		return nil, fault.ErrMissing.On("customerId")
	}
	if r.Amount <= 0 || r.Amount > bill.MaxAmount || r.ConvFeeAmount < 0 || r.ConvFeeAmount > bill.MaxAmount {
		return nil, fault.ErrAmount.On("amount")
	}
	r.ID, r.PostingVersion, r.BatchID, r.Trace, r.SettleDate, r.ReasonCode, r.ReasonText = ids.New(ids.ReceivedPay), 0, "", "", civil.Date{}, "", ""
	r.RetryOn = civil.Date{}
	r.Status, r.Channel, r.CreatedBy = statuses[r.State], tx.Caller().Channel, ""
	if r.Currency == "" {
		r.Currency = "USD"
	}
	if err := Receipts.CheckReferences(tx, nil, r); err != nil {
		return nil, err
	}
	r.CreatedBy = tx.Caller().User
	if err := checkDeposit(tx, r.DepositToAccountID); err != nil {
		return nil, err
	}
	if err := r.spread(); err != nil {
		return nil, err
	}
	return r.eachInvoice(tx, r.Pays, r.allowed(do))
}

// checkDeposit fails with fault.ErrValue for an account that only documents are posted to.
func checkDeposit(tx *db.Tx, id ids.ID) error {
	if id.IsNull() {
		return nil
	}
	a, err := dimension.Accounts.Load(tx, id)
	if err != nil {
		return err
	}
	if a.AccountType == dimension.TypePayable || a.AccountType == dimension.TypeReceivable {
		return fault.ErrValue.On("depositToAccountId")
	}
	return nil
}

// spread derives what is not applied. It fails with fault.ErrAmount (AR-9).
func (r *Receipt) spread() error {
	r.UnappliedAmount = r.Amount
	for _, p := range r.Pays {
		if p.Amount <= 0 || p.Amount > r.UnappliedAmount {
			return fault.ErrAmount.On("invoicePays")
		}
		r.UnappliedAmount -= p.Amount
	}
	return nil
}

// onInvoice is what is done to an invoice, which is locked, with the amount of a part.
type onInvoice func(tx *db.Tx, i *invoice.Invoice, amount int64) error

// eachInvoice does something with each part and its invoice, lowest id first. It gives what the parts move on the
// control account from the payer to other customers.
func (r *Receipt) eachInvoice(tx *db.Tx, pays []*InvoicePay, do onInvoice) (moved []ledger.Posting, err error) {
	sorted := slices.Clone(pays)
	slices.SortStableFunc(sorted, func(a, b *InvoicePay) int { return cmp.Compare(a.InvoiceID, b.InvoiceID) })
	var i *invoice.Invoice
	for _, p := range sorted {
		if i == nil || i.ID != p.InvoiceID {
			if i, err = invoice.Invoices.LoadForUpdate(tx, p.InvoiceID); err != nil {
				return nil, err
			}
		}
		if err := do(tx, i, p.Amount); err != nil {
			return nil, err
		}
		if i.CustomerID != r.CustomerID {
			moved = append(moved, ledger.Posting{Role: ledger.AR, Amount: p.Amount, Party: r.CustomerID},
				ledger.Posting{Role: ledger.AR, Amount: -p.Amount, Party: i.CustomerID})
		}
	}
	return moved, nil
}

// allowed is do for the invoices that the payer may pay: active ones in the receipt's currency, its own or of a customer
// below it (AR-9). For others it fails with fault.ErrReference.
func (r *Receipt) allowed(do onInvoice) onInvoice {
	return func(tx *db.Tx, i *invoice.Invoice, amount int64) error {
		below, err := r.mayPayFor(tx, i.CustomerID)
		if err != nil {
			return err
		}
		if !below || i.Active != record.Active || i.Currency != r.Currency {
			return fault.ErrReference.On("invoiceId").With(string(i.ID))
		}
		return do(tx, i, amount)
	}
}

// mayPayFor reports whether the customer is the payer, or below it (AR-9).
func (r *Receipt) mayPayFor(tx *db.Tx, id ids.ID) (bool, error) {
	for range 100 { // a tree is not that deep
		if id == r.CustomerID {
			return true, nil
		}
		if id.IsNull() {
			return false, nil
		}
		c, err := customer.Customers.Load(tx, id)
		if err != nil {
			return false, err
		}
		id = c.ParentID
	}
	return false, nil
}

// distribute gives a receipt that names no invoices parts for the open ones of its customer, where the organisation
// wants that: the one due first first, then by number, until its amount is used up (AR-10).
func (r *Receipt) distribute(tx *db.Tx) error {
	prefs, err := org.Prefs(tx)
	if err != nil || !prefs.AutoApplyReceipts || len(r.Pays) > 0 {
		return err
	}
	rows, err := tx.Query(`SELECT id, amount - credit_amount - paid_amount - scheduled_amount FROM invoices
		WHERE org_id = $1 AND customer_id = $2 AND is_active = 1 AND amount - credit_amount - paid_amount - scheduled_amount > 0
		ORDER BY due_date, invoice_number, id`, string(tx.Org()), string(r.CustomerID))
	if err != nil {
		return fmt.Errorf("look for open invoices: %w", err)
	}
	defer rows.Close()
	for left := r.Amount; left > 0 && rows.Next(); {
		p := InvoicePays.New().(*InvoicePay)
		if err := rows.Scan((*string)(&p.InvoiceID), &p.Amount); err != nil {
			return err
		}
		p.Amount = min(p.Amount, left)
		left -= p.Amount
		r.Pays = append(r.Pays, p)
	}
	return rows.Err()
}

// Apply uses what is left of a receipt for invoices. It fails with fault.ErrNotFound, ErrNotVoidable unless the receipt
// is paid, and as Record does for parts.
func Apply(tx *db.Tx, id ids.ID, pays []*InvoicePay) (*Receipt, error) {
	if err := tx.Require(org.RecordReceipts); err != nil {
		return nil, err
	}
	before, err := Receipts.LoadForUpdate(tx, id)
	if err != nil {
		return nil, err
	}
	if before.Status != StatusPaid {
		return nil, ErrNotVoidable.On("id")
	}
	after := Receipts.Copy(before).(*Receipt)
	after.Pays = append(after.Pays, pays...)
	if err := after.spread(); err != nil {
		return nil, err
	}
	if err := Receipts.CheckReferences(tx, before, after); err != nil {
		return nil, err
	}
	moved, err := after.eachInvoice(tx, pays, after.allowed(invoice.Apply))
	if err != nil {
		return nil, err
	}
	customer.Move(tx, after.CustomerID, 0, after.UnappliedAmount-before.UnappliedAmount)
	if err := after.post(tx, moved); err != nil {
		return nil, err
	}
	Receipts.SaveAs(tx, "apply", before, after)
	return after, nil
}

// Void undoes a receipt: a recorded payment is voided, a charge that has not left is cancelled while that is possible
// (AR-13). Its invoices are open again. Of a charge that came back it ends the next try (ACH-10). It fails with fault.ErrNotFound and ErrNotVoidable.
func Void(tx *db.Tx, id ids.ID) (*Receipt, error) {
	r, err := Receipts.LoadForUpdate(tx, id)
	if err != nil {
		return nil, err
	}
	switch r.State {
	case Recorded:
		if err := tx.Require(org.RecordReceipts); err != nil {
			return nil, err
		}
		return r, r.undo(tx, Voided, r.PaymentDate, "", "")
	case Scheduled:
		if err := tx.Require(org.ChargeCustomers); err != nil {
			return nil, err
		}
		if !tx.Now().Before(stopBy(r.PaymentDate)) {
			return nil, ErrNotVoidable.On("id")
		}
		return r, r.undo(tx, Canceled, r.PaymentDate, "", "")
	case Returned:
		if err := tx.Require(org.ChargeCustomers); err != nil {
			return nil, err
		}
		if !r.RetryOn.IsZero() {
			r.RetryLater(tx, civil.Date{})
			return r, nil
		}
	}
	return nil, ErrNotVoidable.On("id")
}

// stopBy is the last instant at which a charge of that date can be cancelled: 16:00 Pacific on the banking day before
// (AR-13).
func stopBy(process civil.Date) time.Time { return bank.Days.Prev(process).At(16, 0, civil.Pacific) }

// undo takes a receipt to a state in which it has no effect: its invoices are open again, and what it posted is posted the
// other way round, dated day.
func (r *Receipt) undo(tx *db.Tx, to string, day civil.Date, code, why string) error {
	do := invoice.Unapply
	if r.Status == StatusScheduled {
		do = invoice.Unschedule
	}
	if _, err := r.eachInvoice(tx, r.Pays, do); err != nil {
		return err
	}
	after := *r
	if r.Status == StatusPaid {
		if err := after.unpost(tx, day); err != nil {
			return err
		}
	}
	after.ReasonCode, after.ReasonText = code, why
	r.become(tx, to, &after)
	return nil
}

// verbs name the change into a state in the audit trail.
var verbs = map[string]string{Voided: "void", Canceled: "cancel", InFile: "release", Settled: "settle", Returned: "return",
	Credited: "settle"}

// become stores what a receipt has become in a new state.
func (r *Receipt) become(tx *db.Tx, to string, after *Receipt) {
	after.State, after.Status = to, statuses[to]
	Receipts.SaveAs(tx, verbs[to], r, after)
	*r = *after
}
