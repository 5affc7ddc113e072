package payment

import (
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// Faults of this room.
var (
	ErrNotBusinessDay = fault.New(fault.Invalid, "process_date_invalid", "The process date is no date, no banking day, or for a recorded payment after today.")
	ErrTooEarly       = fault.New(fault.Invalid, "process_date_too_early", "The process date is earlier than possible; the earliest is")
	ErrAccountNew     = fault.New(fault.Invalid, "vendor_account_new", "The vendor's new bank account can be paid to from")
	ErrTooLate        = fault.New(fault.Invalid, "process_date_too_late", "The process date is more than 366 days ahead.")
	ErrVendorInactive = fault.ErrReference.On("vendorId")
	ErrInternational  = fault.New(fault.Forbidden, "international_off", "Payments to vendors outside the US are switched off.")
	ErrCountry        = fault.New(fault.Invalid, "country_unsupported", "Payments to the vendor's country are not possible.")
	ErrLimit          = fault.New(fault.Limit, "international_limit", "A payment to a vendor outside the US is at most 10,000.00.")
	ErrAddress        = fault.New(fault.Invalid, "vendor_address", "A cheque cannot be mailed: the vendor's address is incomplete.")
	ErrUnconfirmed    = fault.New(fault.Forbidden, "payments_unconfirmed", "An administrator has not yet confirmed that this program may pay.")
	ErrNotVoidable    = fault.New(fault.Conflict, "payment_not_voidable", "The payment cannot be voided, or no longer.")
	ErrNotCancelable  = fault.New(fault.Conflict, "payment_not_cancelable", "The payment can no longer be cancelled.")
)

const (
	maxAhead         = 366           // days to the latest process date (PAY-4)
	maxInternational = 10_000_00     // LIM-1
	maxAmount        = 99_999_999_99 // LIM-3, LIM-5
	upperLetters     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// banking is the calendar of process, effective and clearing dates (domain 5.2).
var banking civil.Calendar

// Request asks to pay one bill.
type Request struct {
	BillID        ids.ID
	Amount        int64      // minor units
	ProcessDate   civil.Date // zero: the earliest (PAY-5)
	BankAccountID ids.ID     // empty: the default account
	Description   string
}

// Pay schedules a payment for a bill and reserves its amount. The checks run in the order of api-v1 5.6, the first that
// fails is reported: bill.ErrNoBill, bill.ErrNotPayable, bill.ErrOverpaid, ErrNotBusinessDay, ErrTooEarly (with the
// earliest date as MM/DD/YYYY), ErrTooLate, bank.ErrNoAccount, ErrVendorInactive, ErrTooEarly again for a new bank
// account of the vendor (VEN-4), ErrInternational, ErrCountry, ErrLimit, ErrAddress, ErrUnconfirmed. Rules PAY-2 to
// PAY-7, LIM-1, LIM-3, LIM-5.
func Pay(tx *db.Tx, r Request) (*BillPay, error) {
	b, err := bill.ForPayment(tx, r.BillID)
	if err != nil {
		return nil, err
	}
	if err := b.CheckPayable(tx); err != nil {
		return nil, err
	}
	if b.Currency != "USD" { // INT-7 is not built
		return nil, bill.ErrNotPayable.On("billId")
	}
	if r.Amount <= 0 {
		return nil, fault.ErrAmount.On("amount")
	}
	if r.Amount > b.Payable() || r.Amount > maxAmount {
		return nil, bill.ErrOverpaid.On("amount")
	}
	if r.ProcessDate.IsZero() {
		r.ProcessDate = banking.EarliestProcessDate(tx.Now())
	}
	if err := checkDate(tx.Now(), r.ProcessDate); err != nil {
		return nil, err
	}
	from, err := fundingAccount(tx, r.BankAccountID)
	if err != nil {
		return nil, err
	}
	v, err := vendor.Vendors.Load(tx, b.VendorID)
	if err != nil {
		return nil, err
	}
	if v.Active != record.Active {
		return nil, ErrVendorInactive
	}
	to, err := payeeAccount(tx, v)
	if err != nil {
		return nil, err
	}
	if to != nil && r.ProcessDate.Before(to.UsableFrom) {
		return nil, ErrAccountNew.On("processDate").With(american(banking.OnOrAfter(to.UsableFrom)))
	}
	if err := checkPayee(tx, v, to != nil, r.Amount); err != nil {
		return nil, err
	}
	confirmed, err := org.ConfirmedToPay(tx)
	if err != nil {
		return nil, fmt.Errorf("look for the confirmation of payments: %w", err)
	}
	if !confirmed {
		return nil, ErrUnconfirmed
	}
	p := &Payment{VendorID: v.ID, BankAccountID: from.ID, Rail: Check, State: Scheduled, ProcessDate: r.ProcessDate,
		Amount: r.Amount, Currency: b.Currency, Description: r.Description}
	if to != nil {
		p.Rail = ACH
	}
	p.ArrivalDate = arrival(p.Rail, r.ProcessDate, v.Domestic())
	if err := bill.Schedule(tx, b, r.Amount); err != nil {
		return nil, err
	}
	return p.create(tx, &BillPay{BillID: b.ID, Amount: r.Amount, Description: r.Description, ToPrintCheck: p.Rail == Check})
}

// checkDate fails with ErrNotBusinessDay, ErrTooEarly or ErrTooLate. Rules PAY-3, PAY-4.
func checkDate(now time.Time, d civil.Date) error {
	if !banking.IsBankingDay(d) {
		return ErrNotBusinessDay.On("processDate")
	}
	if earliest := banking.EarliestProcessDate(now); d.Before(earliest) {
		return ErrTooEarly.On("processDate").With(american(earliest))
	}
	if d.After(civil.Of(now, civil.Pacific).AddDays(maxAhead)) {
		return ErrTooLate.On("processDate")
	}
	return nil
}

// american is a date as generation 1's message ends with it: MM/DD/YYYY.
func american(d civil.Date) string {
	return fmt.Sprintf("%02d/%02d/%04d", d.Month(), d.Day(), d.Year())
}

// fundingAccount is the account with that id, or the default one. It fails with bank.ErrNoAccount. Rule PAY-7.
func fundingAccount(tx *db.Tx, id ids.ID) (*bank.Account, error) {
	if id.IsNull() {
		return bank.Default(tx)
	}
	a, err := bank.Accounts.Load(tx, id)
	if errors.Is(err, fault.ErrNotFound) || err == nil && !a.Usable() {
		return nil, bank.ErrNoAccount
	}
	return a, err
}

// payeeAccount is the bank account the vendor is paid to, nil if it is paid by cheque (domain 5.3).
func payeeAccount(tx *db.Tx, v *vendor.Vendor) (*vendor.BankAccount, error) {
	if v.PayBy != vendor.PayByACH {
		return nil, nil
	}
	a, err := vendor.ActiveBankAccount(tx, v.ID)
	if errors.Is(err, fault.ErrNotFound) || err == nil && !a.Usable() {
		return nil, nil
	}
	return a, err
}

// checkPayee fails with ErrInternational, ErrCountry, ErrLimit or ErrAddress.
func checkPayee(tx *db.Tx, v *vendor.Vendor, toAccount bool, amount int64) error {
	if !v.Domestic() {
		o, err := org.Load(tx)
		switch {
		case err != nil:
			return err
		case !o.Preferences.InternationalPayments:
			return ErrInternational
		case !vendor.Supported(vendor.CountryCode(v.Country)):
			return ErrCountry
		case amount > maxInternational:
			return ErrLimit.On("amount")
		}
	}
	if !toAccount && !v.AddressComplete() {
		return ErrAddress
	}
	return nil
}

// arrival is when the payee is expected to have the money (PAY-14).
func arrival(rail string, process civil.Date, domestic bool) civil.Date {
	switch {
	case rail == ACH:
		return banking.Next(process)
	case domestic:
		return banking.Add(process, 5)
	}
	return banking.Add(process, 10)
}

// create stores a new payment with its one part.
func (p *Payment) create(tx *db.Tx, part *BillPay) (*BillPay, error) {
	n, err := tx.Next("confirmation", 1)
	if err != nil {
		return nil, fmt.Errorf("number the payment: %w", err)
	}
	p.ID, p.Active, p.AllowExport = ids.New(ids.SentPay), record.Active, true
	p.Confirmation = confirmation(civil.Of(tx.Now(), civil.Pacific), n)
	p.TxnNumber = secret.NewToken(upperLetters, 20)
	p.CreatedBy, p.ScheduledAt = tx.Caller().User, clock.FromTime(tx.Now())
	p.step(tx, p, change{})
	Payments.Insert(tx, p)
	part.Active = record.Active
	if p.Rail != Booked {
		part.AllowExport = true
	}
	part.PaymentID, part.VendorID, part.Name, part.TxnNumber = p.ID, p.VendorID, p.Confirmation, p.TxnNumber
	part.State, part.PaymentStatus, part.ProcessDate = p.State, numbers[p.State], p.ProcessDate
	BillPays.Insert(tx, part)
	return part, nil
}

// confirmation is the n-th number of an organisation: P, the day, and n in nine digits that stand apart (api-v1 6.9).
func confirmation(day civil.Date, n int64) string {
	return fmt.Sprintf("P%02d%02d%02d%02d - %07d", day.Year()%100, day.Month(), day.Day(), n/10_000_000%100, n%10_000_000)
}

// Offline is a payment made elsewhere, to be recorded.
type Offline struct {
	BillID           ids.ID
	Amount           int64 // minor units
	Date             civil.Date
	ChartOfAccountID ids.ID // what it was paid from; empty: see RecordOffline
	AllowExport      bool
	ToPrintCheck     bool
	SyncReference    string
	Description      string
	AllowFuture      bool // a date up to 366 days ahead, a post-dated cheque; generation 1 does not take it (spec/README 15)
}

// RecordOffline records a payment made elsewhere: the bill is paid at once. It is posted on its date from the named
// account, else from the ledger account of the default funding account; without one the owner is taken to have paid
// (opening equity), as no account of the organisation did. The checks run in the order of api-v1 5.7: bill.ErrNoBill,
// bill.ErrNotPayable unless the caller may pay unapproved bills, bill.ErrOverpaid, ErrNotBusinessDay for no date or one
// after today in the organisation's zone, ErrTooLate, fault.ErrReference for an account that cannot be paid from.
// Rules OFF-1, OFF-2.
func RecordOffline(tx *db.Tx, o Offline) (*BillPay, error) {
	if err := tx.Require(org.RecordOfflinePayments); err != nil {
		return nil, err
	}
	b, err := bill.ForPayment(tx, o.BillID)
	if err != nil {
		return nil, err
	}
	if b.ApprovalStatus != bill.Approved && b.ApprovalStatus != bill.Unassigned && !tx.Caller().Perms.Has(org.PayUnapproved) {
		return nil, bill.ErrNotPayable.On("billId")
	}
	if o.Amount <= 0 {
		return nil, fault.ErrAmount.On("amount")
	}
	if o.Amount > b.Payable() {
		return nil, bill.ErrOverpaid.On("amount")
	}
	if err := checkPast(tx, o); err != nil {
		return nil, err
	}
	from, err := paidFrom(tx, o.ChartOfAccountID)
	if err != nil {
		return nil, err
	}
	if err := bill.PayOffline(tx, b, o.Amount); err != nil {
		return nil, err
	}
	p := &Payment{VendorID: b.VendorID, Rail: Booked, State: Cleared, ProcessDate: o.Date, ArrivalDate: o.Date, Amount: o.Amount,
		Currency: b.Currency, Description: o.Description}
	part, err := p.create(tx, &BillPay{Base: record.Base{AllowExport: o.AllowExport}, BillID: b.ID, Amount: o.Amount, Description: o.Description,
		PaymentType: 1, SyncReference: o.SyncReference, ToPrintCheck: o.ToPrintCheck, ChartOfAccountID: o.ChartOfAccountID})
	if err != nil {
		return nil, err
	}
	from.Amount = -o.Amount
	_, err = ledger.Post(tx, ledger.Entry{Date: o.Date, Event: ledger.OfflinePayment, Source: p.ID, Version: 1, Currency: p.Currency,
		Memo:     "Recorded payment " + p.Confirmation,
		Postings: []ledger.Posting{{Role: ledger.AP, Amount: o.Amount, Party: b.VendorID}, from}})
	return part, err
}

// checkPast fails with ErrNotBusinessDay or ErrTooLate for a date that cannot be that of a recorded payment.
func checkPast(tx *db.Tx, o Offline) error {
	own, err := org.Load(tx)
	if err != nil {
		return err
	}
	today := civil.Of(tx.Now(), own.Location())
	switch {
	case o.Date.IsZero(), o.Date.After(today) && !o.AllowFuture:
		return ErrNotBusinessDay.On("processDate")
	case o.Date.After(today.AddDays(maxAhead)):
		return ErrTooLate.On("processDate")
	}
	return nil
}

// paidFrom is the account a recorded payment is credited to. Control and clearing accounts cannot be named: their
// balances are those of bills and of payments under way (GL-4, GL-5).
func paidFrom(tx *db.Tx, id ids.ID) (ledger.Posting, error) {
	if id.IsNull() {
		a, err := bank.Default(tx)
		if errors.Is(err, bank.ErrNoAccount) {
			return ledger.Posting{Role: ledger.Equity}, nil
		}
		if err != nil {
			return ledger.Posting{}, err
		}
		return ledger.Posting{Account: a.LedgerAccountID}, nil
	}
	a, err := dimension.Accounts.Load(tx, id)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return ledger.Posting{}, err
	}
	if err == nil && a.Active == record.Active && a.AccountType != dimension.TypePayable && a.AccountType != dimension.TypeReceivable {
		switch a.Role {
		case ledger.AP, ledger.AR, ledger.MoneyOut, ledger.MoneyIn, ledger.ReturnsSuspense:
		default:
			return ledger.Posting{Account: a.ID}, nil
		}
	}
	return ledger.Posting{}, fault.ErrReference.On("chartOfAccountId")
}

// Cancel takes back a payment that has not left. It fails with fault.ErrNotFound, or with ErrNotCancelable in another
// state or after the window of PAY-11. A payment on hold leaves with no run, so it has no window.
func Cancel(tx *db.Tx, payment ids.ID) error {
	if err := tx.Require(org.CancelPayments); err != nil {
		return err
	}
	p, err := Payments.LoadForUpdate(tx, payment)
	if err != nil {
		return err
	}
	switch p.State {
	case OnHold:
	case Scheduled, AwaitingApproval:
		if !tx.Now().Before(cancelUntil(p.ScheduledAt.Time(), p.ProcessDate)) {
			return ErrNotCancelable.With(string(p.ID))
		}
	default:
		return ErrNotCancelable.With(string(p.ID))
	}
	return p.move(tx, Canceled, change{})
}

// cancelUntil is the end of the window for cancelling: on the banking day before the process date at 16:00 Pacific for
// what was scheduled before 15:00 of that day (pickup 1), else at 18:00; for what was scheduled on a weekend or holiday
// after that day, 18:00 of the calendar day before the process date. Rules PAY-10, PAY-11.
func cancelUntil(scheduled time.Time, process civil.Date) time.Time {
	before := banking.Prev(process)
	switch {
	case scheduled.Before(before.At(15, 0, civil.Pacific)):
		return before.At(16, 0, civil.Pacific)
	case civil.Of(scheduled, civil.Pacific).After(before):
		return process.AddDays(-1).At(18, 0, civil.Pacific)
	}
	return before.At(18, 0, civil.Pacific)
}
