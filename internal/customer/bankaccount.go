package customer

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// BankAccount is what a customer lets us charge by ACH. Its states are those of a vendor's (vendor.AccountVerified ...).
type BankAccount struct {
	record.Base
	CustomerID    ids.ID
	NameOnAccount string
	Nickname      string
	Routing       string // nine digits
	Account       string // the number, sealed: Number opens it
	AccountTail   string
	AccountHash   string
	Length        int64 // of the number
	Locked        bool  // by us: isLockedByOrg
	Savings       bool
	Person        bool // the holder is a person, no company
	WrittenAuth   bool // the authorisation is on paper
	Private       bool
	Phone         string
	NetworkUserID ids.ID
	Status        int64
	EnteredBy     ids.ID // nobody of ours: it was typed at a pay link

	// The test entry to an account that was typed at a pay link, as a vendor's (AR-12, VEN-5): see Untested.
	UsableFrom   civil.Date // the first process date on which it may be charged; zero: at once
	PrenoteState string
	PrenoteTrace string // 15 digits, once it is sent
	PrenoteDue   clock.Instant
	PrenoteBatch ids.ID // of the file that it left in

	ShownAccount, ShownRouting string // as they are shown, or as they are given to be stored; see Mask
}

// BankAccounts describes customers' bank accounts.
var BankAccounts = record.Describe[BankAccount]("customerBankAccount", ids.CustomerBankAccount, "customer_bank_accounts",
	record.Reference("customerId", func() *record.Type { return Customers.Type }, func(a *BankAccount) *ids.ID { return &a.CustomerID }),
	record.String("nameOnAccount", 100, func(a *BankAccount) *string { return &a.NameOnAccount }),
	record.String("nickname", 100, func(a *BankAccount) *string { return &a.Nickname }),
	record.String("routing", 9, func(a *BankAccount) *string { return &a.Routing }),
	record.Secret("account", 0, func(a *BankAccount) *string { return &a.Account }),
	record.String("accountTail", 4, func(a *BankAccount) *string { return &a.AccountTail }),
	record.Secret("accountHash", 0, func(a *BankAccount) *string { return &a.AccountHash }),
	record.Number("accountLength", func(a *BankAccount) *int64 { return &a.Length }),
	record.Flag("locked", func(a *BankAccount) *bool { return &a.Locked }),
	record.Flag("savings", func(a *BankAccount) *bool { return &a.Savings }),
	record.Flag("person", func(a *BankAccount) *bool { return &a.Person }),
	record.Flag("writtenAuth", func(a *BankAccount) *bool { return &a.WrittenAuth }),
	record.Flag("private", func(a *BankAccount) *bool { return &a.Private }),
	record.String("phone", 40, func(a *BankAccount) *string { return &a.Phone }),
	record.Reference("networkUserId", nil, func(a *BankAccount) *ids.ID { return &a.NetworkUserID }),
	record.Choice("status", map[int64]string{vendor.AccountUnverified: "NOT_VERIFIED", vendor.AccountVerified: "VERIFIED",
		vendor.AccountBlocked: "BLOCKED", vendor.AccountExpired: "EXPIRED", vendor.AccountInvalid: "INVALID"},
		func(a *BankAccount) *int64 { return &a.Status }),
	record.Reference("enteredBy", func() *record.Type { return org.Members.Type }, func(a *BankAccount) *ids.ID { return &a.EnteredBy }),
	record.Day("usableFrom", func(a *BankAccount) *civil.Date { return &a.UsableFrom }),
	record.String("prenoteState", 20, func(a *BankAccount) *string { return &a.PrenoteState }),
	record.String("prenoteTrace", 15, func(a *BankAccount) *string { return &a.PrenoteTrace }),
	record.Moment("prenoteDue", func(a *BankAccount) *clock.Instant { return &a.PrenoteDue }),
	record.Reference("prenoteBatch", nil, func(a *BankAccount) *ids.ID { return &a.PrenoteBatch }),
)

// Faults of bank accounts.
var (
	ErrHasBankAccount = fault.New(fault.Conflict, "customer_bank_account_exists", "The customer has a bank account; delete it before adding another.")
	ErrCharged        = fault.New(fault.Conflict, "customer_charge_waiting", "A charge of this bank account is under way.")
)

// Usable reports whether the account can be charged.
func (a *BankAccount) Usable() bool {
	return a.Active == record.Active && a.Status == vendor.AccountVerified && !a.Locked
}

// validation is how many banking days after its settlement a test entry has not come back when the account counts as
// validated (AR-12).
const validation = 3

// banking is the calendar of validation.
var banking civil.Calendar

// ValidatedFrom is the first process date of an account whose test entry leaves at now, or with the run of the next banking
// day (AR-12).
func ValidatedFrom(now time.Time) civil.Date {
	return banking.Add(banking.Next(banking.OnOrAfter(civil.Of(now, civil.Pacific))), validation)
}

// Untested marks an account that a test entry has to go to before its first debit (AR-12).
func (a *BankAccount) Untested(now time.Time) {
	a.PrenoteState, a.PrenoteDue, a.UsableFrom = vendor.PrenoteDue, clock.FromTime(now), ValidatedFrom(now)
}

// Refuse marks an account that its bank sends entries back from as invalid (AR-14); its test entry, if that came back,
// has failed.
func (a *BankAccount) Refuse(tx *db.Tx, tested bool) {
	after := *a
	after.Status = vendor.AccountInvalid
	if tested || a.PrenoteState == vendor.PrenoteDue {
		after.PrenoteState = vendor.PrenoteReturned
	}
	BankAccounts.SaveAs(tx, "refuse", a, &after)
	*a = after
}

// Mask fills in both numbers as they are shown: all but the last four characters are stars.
func (a *BankAccount) Mask() {
	a.ShownAccount = secret.Stars(int(a.Length)-len(a.AccountTail), a.AccountTail)
	a.ShownRouting = secret.Stars(len(a.Routing)-4, a.Routing[max(0, len(a.Routing)-4):])
}

// Number opens the account's number.
func (a *BankAccount) Number(v *secret.Vault, org ids.ID) (string, error) {
	n, err := v.Open(a.Account, accountPlace(org, a.ID)...)
	return string(n), err
}

// accountPlace is where a number is sealed for.
func accountPlace(org, id ids.ID) []string {
	return []string{string(org), BankAccounts.Table, "account", string(id)}
}

// SealBankAccount gives a new account its id and its number, sealed, before the transaction that adds it. It fails with
// fault.ErrMissing for no number and fault.ErrValue for one that is none (VEN-3).
func SealBankAccount(v *secret.Vault, org ids.ID, a *BankAccount, number string) error {
	if number == "" {
		return fault.ErrMissing.On("accountNumber")
	}
	if !vendor.ValidNumber(number) {
		return fault.ErrValue.On("accountNumber")
	}
	a.ID = ids.New(ids.CustomerBankAccount)
	n, err := SealNumber(v, org, a.ID, number)
	a.Account, a.AccountTail, a.AccountHash, a.Length = n.Account, n.Tail, n.Hash, n.Length
	return err
}

// SealNumber seals a number for the account with that id. It fails with fault.ErrValue for one that is none (VEN-3).
func SealNumber(v *secret.Vault, org, id ids.ID, number string) (vendor.SealedNumber, error) {
	if !vendor.ValidNumber(number) {
		return vendor.SealedNumber{}, fault.ErrValue.On("accountNumber")
	}
	sealed, err := v.Seal([]byte(number), accountPlace(org, id)...)
	return vendor.SealedNumber{Account: sealed, Tail: number[len(number)-4:], Hash: v.EqualityHash(number, string(org), BankAccounts.Table, "account"),
		Length: int64(len(number))}, err
}

// AddBankAccount stores a customer's bank account, sealed before, as verified. It fails with fault.ErrMissing,
// fault.ErrReference for an unknown or inactive customer, fault.ErrValue for a routing number that is none or not of this
// kind of store (SIM-1), and ErrHasBankAccount.
func AddBankAccount(tx *db.Tx, a *BankAccount) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	var missing []string
	for _, f := range []struct {
		name  string
		empty bool
	}{{"customerId", a.CustomerID.IsNull()}, {"nameOnAccount", strings.TrimSpace(a.NameOnAccount) == ""}, {"routingNumber", a.Routing == ""},
		{"accountNumber", a.Account == ""}} {
		if f.empty {
			missing = append(missing, f.name)
		}
	}
	if missing != nil {
		return fault.ErrMissing.On(missing...)
	}
	if !ach.ValidRouting(a.Routing) || strings.HasPrefix(a.Routing, "99") != tx.Sandbox() {
		return fault.ErrValue.On("routingNumber")
	}
	c, err := Customers.LoadForUpdate(tx, a.CustomerID)
	if errors.Is(err, fault.ErrNotFound) || err == nil && c.Active != record.Active {
		return fault.ErrReference.On("customerId").With(string(a.CustomerID))
	}
	if err != nil {
		return err
	}
	if c.HasBankAccount {
		return ErrHasBankAccount.On("customerId")
	}
	a.Active, a.Status, a.NetworkUserID, a.EnteredBy = record.Active, vendor.AccountVerified, "", tx.Caller().User
	BankAccounts.Insert(tx, a)
	setHasBankAccount(tx, c, true)
	return nil
}

// RemoveBankAccount deletes an account for good. It fails with fault.ErrNotFound, and with ErrCharged while a charge of it
// is under way (domain 3.3); deleting a deleted one changes nothing.
func RemoveBankAccount(tx *db.Tx, id ids.ID) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	a, err := BankAccounts.LoadForUpdate(tx, id)
	if err != nil || a.Active != record.Active {
		return err
	}
	c, err := Customers.LoadForUpdate(tx, a.CustomerID)
	if err != nil {
		return err
	}
	var charges int64
	err = tx.Row(`SELECT count(*) FROM received_pays WHERE org_id = $1 AND customer_id = $2 AND payment_account_id = $3 AND state IN ('scheduled', 'in_file')`,
		string(tx.Org()), string(a.CustomerID), string(id)).Scan(&charges)
	if err != nil {
		return fmt.Errorf("look for charges of %s: %w", id, err)
	}
	if charges > 0 {
		return ErrCharged.On("id")
	}
	after := *a
	after.Active = record.Inactive
	BankAccounts.SaveAs(tx, "delete", a, &after)
	setHasBankAccount(tx, c, false)
	return nil
}

// ActiveBankAccount is the customer's bank account, whatever its status. It fails with fault.ErrNotFound.
func ActiveBankAccount(tx *db.Tx, customerID ids.ID) (*BankAccount, error) {
	var id string
	err := tx.Row(`SELECT id FROM customer_bank_accounts WHERE org_id = $1 AND customer_id = $2 AND is_active = 1`,
		string(tx.Org()), string(customerID)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.ErrNotFound.With(string(customerID))
	}
	if err != nil {
		return nil, fmt.Errorf("find the bank account of %s: %w", customerID, err)
	}
	return BankAccounts.Load(tx, ids.ID(id))
}

func setHasBankAccount(tx *db.Tx, c *Customer, has bool) {
	after := *c
	after.HasBankAccount = has
	Customers.Save(tx, c, &after)
}
