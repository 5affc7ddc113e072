package receipt

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Charge schedules a debit of the customer's bank account and reserves the invoices it is for (AR-12, AR-13). r names the
// customer, the account, the day, the amount and the parts; without a day it is the earliest possible one, without an
// amount the sum of the parts. Nothing is posted before the money comes. It fails with fault.ErrMissing,
// fault.ErrReference, ErrNotAuthorized, ErrAccount, bank.ErrNotBusinessDay, bank.ErrTooEarly, bank.ErrTooLate,
// bank.ErrNoAccount for an organisation that money cannot come to, and as Record for amount and parts.
func Charge(tx *db.Tx, r *Receipt) error { return charge(tx, r, true) }

// ChargeOnce is Charge for a debit that the customer agreed to by itself, at the link of an invoice (AR-7): it needs no
// standing authorisation.
func ChargeOnce(tx *db.Tx, r *Receipt) error { return charge(tx, r, false) }

func charge(tx *db.Tx, r *Receipt, standing bool) error {
	if err := tx.Require(org.ChargeCustomers); err != nil {
		return err
	}
	if err := r.lockInvoices(tx); err != nil {
		return err
	}
	a, err := mayCharge(tx, r.CustomerID, r.PaymentAccountID, standing)
	if err != nil {
		return err
	}
	if r.PaymentDate.IsZero() {
		r.PaymentDate = Earliest(tx.Now(), a)
	}
	if err := bank.CheckProcessDate(tx.Now(), r.PaymentDate, "paymentDate"); err != nil {
		return err
	}
	if e := Earliest(tx.Now(), a); r.PaymentDate.Before(e) {
		return bank.ErrTooEarly.On("paymentDate").With(fmt.Sprintf("%02d/%02d/%04d", e.Month(), e.Day(), e.Year()))
	}
	r.RetryOf, r.Attempt = "", 0
	to, err := bank.Default(tx)
	if err != nil {
		return err
	}
	if r.Amount == 0 {
		for _, p := range r.Pays {
			r.Amount += p.Amount
		}
	}
	r.State, r.Online, r.PaymentType, r.ConvFeeAmount = Scheduled, true, TypeACH, 0
	r.PayToBankAccountID, r.DepositToAccountID = to.ID, to.LedgerAccountID
	if _, err := r.check(tx, invoice.Schedule); err != nil {
		return err
	}
	Receipts.Insert(tx, r)
	return nil
}

// Earliest is the first day on which a charge of the account can be dated: not before an account that was typed at a pay
// link is validated (AR-12, AR-13).
func Earliest(now time.Time, a *customer.BankAccount) civil.Date {
	d := bank.Days.EarliestProcessDate(now)
	if d.Before(a.UsableFrom) {
		d = a.UsableFrom
	}
	return d
}

// Postpone dates a charge anew that has not left.
func (r *Receipt) Postpone(tx *db.Tx, day civil.Date) {
	after := *r
	after.PaymentDate = day
	Receipts.SaveAs(tx, "postpone", r, &after)
	*r = after
}

// SettleLater dates the settlement of the charges of a batch anew that left too late for the day they had.
func SettleLater(tx *db.Tx, batch ids.ID, day civil.Date) error {
	q := record.Query{Filters: []record.Filter{{Field: Receipts.Must("batchId"), Op: record.Eq, Values: []any{string(batch)}}}}
	var late []*Receipt
	err := Receipts.List(tx, q, func(r *Receipt) error {
		late = append(late, r)
		return nil
	})
	for _, r := range late {
		if r.State == InFile {
			after := *r
			after.SettleDate = day
			Receipts.SaveAs(tx, "settle later", r, &after)
		}
	}
	return err
}

// RetryLater notes on a charge that came back on which process date it is tried again (ACH-10); zero: no more.
func (r *Receipt) RetryLater(tx *db.Tx, day civil.Date) {
	after := *r
	after.RetryOn = day
	Receipts.SaveAs(tx, "plan retry", r, &after)
	*r = after
}

// Retry makes the charge of the next try of one that came back: the same amount from the same account for the same parts,
// dated day (ACH-10), to the default account if the one it would have come to is closed. Its invoices are reserved again, as
// they would have been without the return. It gives nil where the customer has paid meanwhile, and also with the reason
// where the account or what was agreed to is gone. It fails as Charge does for what else has changed since.
func (r *Receipt) Retry(tx *db.Tx, day civil.Date) (again *Receipt, why string, err error) {
	if err := r.lockInvoices(tx); err != nil {
		return nil, "", err
	}
	c, err := customer.Customers.LoadForUpdate(tx, r.CustomerID)
	if err != nil {
		return nil, "", err
	}
	a, err := customer.BankAccounts.Load(tx, r.PaymentAccountID)
	if err != nil {
		return nil, "", err
	}
	authorized, err := r.Authorized(tx, c)
	if err != nil {
		return nil, "", err
	}
	payable, err := r.payable(tx)
	switch {
	case err != nil:
		return nil, "", err
	case !payable:
		return nil, "", nil
	case !authorized || c.Active != record.Active:
		return nil, "The customer no longer authorises charges.", nil
	case !a.Usable():
		return nil, "The customer's bank account is no longer used.", nil
	}
	again = Receipts.Copy(r).(*Receipt)
	again.Base = record.Base{Active: record.Active, AllowExport: true}
	again.State, again.PaymentDate, again.RetryOf = Scheduled, day, ""
	if to, err := bank.Accounts.Load(tx, again.PayToBankAccountID); err != nil {
		return nil, "", err
	} else if !to.Usable() {
		if to, err = bank.Default(tx); err != nil {
			return nil, "", err
		}
		again.PayToBankAccountID, again.DepositToAccountID = to.ID, to.LedgerAccountID
	}
	for i, p := range again.Pays {
		again.Pays[i] = InvoicePays.New().(*InvoicePay)
		again.Pays[i].InvoiceID, again.Pays[i].Amount, again.Pays[i].Description = p.InvoiceID, p.Amount, p.Description
	}
	if _, err := again.check(tx, invoice.Schedule); err != nil {
		return nil, "", err
	}
	again.RetryOf, again.Attempt = r.First(), r.Attempt+1
	Receipts.Insert(tx, again)
	return again, "", nil
}

// First is the charge that this one is a try of: itself, unless it is a later one.
func (r *Receipt) First() ids.ID {
	if r.RetryOf.IsNull() {
		return r.ID
	}
	return r.RetryOf
}

// payable reports whether the invoices of the parts still take them.
func (r *Receipt) payable(tx *db.Tx) (bool, error) {
	wanted := map[ids.ID]int64{}
	for _, p := range r.Pays {
		wanted[p.InvoiceID] += p.Amount
	}
	for id, amount := range wanted {
		i, err := invoice.Invoices.Load(tx, id)
		if err != nil {
			return false, err
		}
		if i.Active != record.Active || i.Payable() < amount {
			return false, nil
		}
	}
	return true, nil
}

// lockInvoices keeps others from the invoices of the parts, in the order of eachInvoice. Who takes money locks invoices
// before their customer, whose balance follows them; a charge that locked the customer first would wait for a receipt
// that waits for it.
func (r *Receipt) lockInvoices(tx *db.Tx) error {
	var all []ids.ID
	for _, p := range r.Pays {
		all = append(all, p.InvoiceID)
	}
	slices.Sort(all)
	for _, id := range slices.Compact(all) {
		if _, err := invoice.Invoices.LoadForUpdate(tx, id); err != nil && !errors.Is(err, fault.ErrNotFound) { // check tells what is unknown
			return err
		}
	}
	return nil
}

// mayCharge gives the account; it fails unless that is the customer's verified one and, if that is asked for, the customer
// has authorised charges.
func mayCharge(tx *db.Tx, customerID, account ids.ID, standing bool) (*customer.BankAccount, error) {
	var missing []string
	if customerID.IsNull() {
		missing = append(missing, "customerId")
	}
	if account.IsNull() {
		missing = append(missing, "paymentAccountId")
	}
	if missing != nil {
		return nil, fault.ErrMissing.On(missing...)
	}
	c, err := customer.Customers.LoadForUpdate(tx, customerID)
	if errors.Is(err, fault.ErrNotFound) || err == nil && c.Active != record.Active {
		return nil, fault.ErrReference.On("customerId").With(string(customerID))
	}
	if err != nil {
		return nil, err
	}
	if standing && !c.Authorized {
		return nil, ErrNotAuthorized.On("customerId")
	}
	a, err := customer.BankAccounts.Load(tx, account)
	if errors.Is(err, fault.ErrNotFound) || err == nil && (a.CustomerID != customerID || !a.Usable()) {
		return nil, ErrAccount.On("paymentAccountId")
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Authorized reports whether the customer still agrees to the charge: by its standing authorisation, or by one for this
// debit alone that is not revoked (AR-12).
func (r *Receipt) Authorized(tx *db.Tx, c *customer.Customer) (bool, error) {
	if c.Authorized {
		return true, nil
	}
	var single bool
	err := tx.Row(`SELECT EXISTS (SELECT 1 FROM debit_authorizations WHERE org_id = $1 AND received_pay_id = $2 AND revoked = 0)`,
		string(tx.Org()), string(r.First())).Scan(&single)
	if err != nil {
		return false, fmt.Errorf("look for the authorisation of %s: %w", r.ID, err)
	}
	return single, nil
}

// Leave marks a charge that goes out in a file: the bank is asked to settle it on that day.
func (r *Receipt) Leave(tx *db.Tx, batch ids.ID, trace string, settle civil.Date) {
	after := *r
	after.BatchID, after.Trace, after.SettleDate = batch, trace, settle
	r.become(tx, InFile, &after)
}

// Settle counts the money of a charge on its settlement date: the invoices are paid and the entry is posted (event 31).
func (r *Receipt) Settle(tx *db.Tx) error {
	moved, err := r.eachInvoice(tx, r.Pays, invoice.Settle)
	if err != nil {
		return err
	}
	after := *r
	if err := after.arrive(tx, moved); err != nil {
		return err
	}
	r.become(tx, Settled, &after)
	return nil
}

// Return takes back a charge that the customer's bank sent back, or that never came to it, dated day (AR-14, event 34).
func (r *Receipt) Return(tx *db.Tx, day civil.Date, code, why string) error {
	return r.undo(tx, Returned, day, code, why)
}
