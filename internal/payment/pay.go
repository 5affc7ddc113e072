package payment

import (
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// Faults of this room.
var (
	ErrNotBusinessDay = bank.ErrNotBusinessDay
	ErrTooEarly       = bank.ErrTooEarly
	ErrAccountNew     = fault.New(fault.Invalid, "vendor_account_new", "The vendor's new bank account can be paid to from")
	ErrTooLate        = bank.ErrTooLate
	ErrVendorInactive = bill.ErrVendorInactive.On("vendorId")
	ErrInternational  = fault.New(fault.Forbidden, "international_off", "Payments to vendors outside the US are switched off.")
	ErrCountry        = fault.New(fault.Invalid, "country_unsupported", "Payments to the vendor's country are not possible.")
	ErrLimit          = fault.New(fault.Limit, "international_limit", "A payment to a vendor outside the US is at most 10,000.00.")
	ErrAddress        = fault.New(fault.Invalid, "vendor_address", "A cheque cannot be mailed: the vendor's address is incomplete.")
	ErrUnconfirmed    = fault.New(fault.Forbidden, "payments_unconfirmed", "An administrator has not yet confirmed that this program may pay.")
	ErrNotVoidable    = fault.New(fault.Conflict, "payment_not_voidable", "The payment cannot be voided, or no longer.")
	ErrNotCancelable  = fault.New(fault.Conflict, "payment_not_cancelable", "The payment can no longer be cancelled.")
	ErrNotWaiting     = fault.New(fault.Conflict, "payment_not_waiting", "The payment does not wait for approval or for its hold to be lifted.")
	ErrSamePerson     = fault.New(fault.Forbidden, "second_person", "Somebody other than who caused it has to do this.")
)

const (
	maxAhead         = bank.MaxAhead // days to the latest process date (PAY-4)
	maxInternational = 10_000_00     // LIM-1
	maxAmount        = 99_999_999_99 // LIM-3, LIM-5
	upperLetters     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// banking is the calendar of process, effective and clearing dates (domain 5.2).
var banking = bank.Days

// Request asks to pay one bill.
type Request struct {
	BillID        ids.ID
	Amount        int64      // minor units
	ProcessDate   civil.Date // zero: the earliest (PAY-5)
	BankAccountID ids.ID     // empty: the default account
	Description   string
	SameDay       bool  // it is to settle on its process date (ACH-5)
	Discount      int64 // for paying early, minor units, besides Amount (BIL-11)
}

// Pay schedules a payment for a bill and reserves its amount. The checks run in the order of api-v1 5.6, the first that
// fails is reported: bill.ErrNoBill, bill.ErrNotPayable, fault.ErrAmount, bill.ErrOverpaid, ErrNotBusinessDay, ErrTooEarly
// (with the earliest date as MM/DD/YYYY), ErrTooLate, bank.ErrNoAccount, ErrVendorInactive, ErrAccountNew (with that date,
// VEN-4), ErrInternational, ErrCountry, ErrLimit, ErrAddress, ErrSameDay, approval.ErrApproverPays or
// approval.ErrOwnBank (APR-10), ErrUnconfirmed. Rules PAY-2 to PAY-8, LIM-1, LIM-3 to LIM-5.
func Pay(tx *db.Tx, r Request) (*BillPay, error) {
	o := Order{BankAccountID: r.BankAccountID, ProcessDate: r.ProcessDate, Description: r.Description, SameDay: r.SameDay, Bills: []Portion{{r.BillID, r.Amount}}}
	if r.Discount != 0 {
		o.Credits = []Offset{{BillID: r.BillID, Amount: r.Discount, Discount: true}}
	}
	made, err := PayBills(tx, o)
	if err != nil {
		return nil, err
	}
	return made[0].Parts[0], nil
}

// checkDate fails with ErrNotBusinessDay, ErrTooEarly or ErrTooLate. Rules PAY-3, PAY-4.
func checkDate(now time.Time, d civil.Date) error {
	return bank.CheckProcessDate(now, d, "processDate")
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
	if linked(v) {
		if a, err := peerAccount(tx, v); a != nil || err != nil {
			return a, err
		}
	}
	if v.PayBy != vendor.PayByACH && v.Domestic() {
		return nil, nil
	}
	a, err := vendor.ActiveBankAccount(tx, v.ID)
	if errors.Is(err, fault.ErrNotFound) || err == nil && (!a.Usable() || a.Wired() == v.Domestic() || !a.Wired() && v.PayBy != vendor.PayByACH) {
		return nil, nil
	}
	return a, err
}

// checkPayee fails with ErrInternational, ErrCountry, ErrLimit or ErrAddress.
func checkPayee(tx *db.Tx, v *vendor.Vendor, toAccount bool, amount int64) error {
	if !v.Domestic() {
		prefs, err := org.Prefs(tx)
		country, supported := vendor.CountryOf(v.Country)
		switch {
		case err != nil:
			return err
		case !prefs.International():
			return ErrInternational
		case !supported, !toAccount && !country.Check:
			return ErrCountry
		case amount > maxInternational:
			return ErrLimit.On("amount")
		}
	}
	if !toAccount && !v.AddressComplete() || toAccount && !v.Domestic() && v.City == "" { // INT-4
		return ErrAddress
	}
	return nil
}

// arrival is when the payee is expected to have the money (PAY-14).
func arrival(rail string, process civil.Date, domestic bool) civil.Date {
	switch {
	case rail == ACH:
		return banking.Next(process)
	case rail == Wire:
		return banking.Add(process, 2)
	case domestic:
		return banking.Add(process, 5)
	}
	return banking.Add(process, 10)
}

// arrives is arrival for a payment that may be one of the same day.
func (p *Payment) arrives(process civil.Date, domestic bool) civil.Date {
	if p.SameDay {
		return process
	}
	return arrival(p.Rail, process, domestic)
}

// confirmation is the n-th number of an organisation: P, the day, and n in nine digits that stand apart (api-v1 6.9).
func confirmation(day civil.Date, n int64) string {
	return fmt.Sprintf("P%02d%02d%02d%02d - %07d", day.Year()%100, day.Month(), day.Day(), n/10_000_000%100, n%10_000_000)
}

// checkRecorded fails with ErrNotBusinessDay, ErrTooLate or, in a closed month (GL-8), fault.ErrValue for a date that cannot
// be that of a recorded payment.
func checkRecorded(tx *db.Tx, date civil.Date) error {
	own, err := org.Load(tx)
	if err != nil {
		return err
	}
	today := civil.Of(tx.Now(), own.Location())
	switch {
	case date.IsZero():
		return ErrNotBusinessDay.On("processDate")
	case date.After(today.AddDays(maxAhead)):
		return ErrTooLate.On("processDate")
	}
	open, err := ledger.Open(tx, date)
	if err == nil && !open {
		err = fault.ErrValue.On("processDate")
	}
	return err
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
// state or after the window of PAY-11. A payment that waits for approval or is on hold leaves with no run, so it has no
// window.
func Cancel(tx *db.Tx, payment ids.ID) error {
	if err := tx.Require(org.CancelPayments); err != nil {
		return err
	}
	p, err := Payments.LoadForUpdate(tx, payment)
	if err != nil {
		return err
	}
	switch p.State {
	case OnHold, AwaitingApproval:
	case Scheduled:
		if !tx.Now().Before(cancelUntil(p.ReadyAt.Time(), p.ProcessDate)) {
			return ErrNotCancelable.With(string(p.ID))
		}
	default:
		return ErrNotCancelable.With(string(p.ID))
	}
	return p.move(tx, Canceled, change{})
}
