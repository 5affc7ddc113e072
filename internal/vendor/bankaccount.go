package vendor

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
)

// States of a vendor's bank account (VEN-4). Only a verified one is paid to.
const (
	AccountUnverified = 0
	AccountVerified   = 1
	AccountBlocked    = 3
	AccountExpired    = 4
	AccountInvalid    = 5
)

// Kinds of a vendor's bank account and of its holder.
const (
	Checking = 1
	Savings  = 2
	Business = 1
	Person   = 2
)

// States of the test entry to an account (VEN-5).
const (
	PrenoteDue      = "due"
	PrenoteSent     = "sent"
	PrenoteReturned = "returned"

	MicroDue         = "micro_due"  // two small credits instead (VEN-5)
	MicroSent        = "micro_sent" // the vendor tells what came
	PrenoteConfirmed = "confirmed"  // by telling it
)

// BankAccount is where a vendor is paid by ACH, or outside the US by wire.
type BankAccount struct {
	record.Base
	VendorID     ids.ID
	Routing      string // nine digits; empty for wires
	Account      string // the number, sealed: Number opens it
	AccountTail  string
	AccountHash  string
	AccountType  int64
	HolderType   int64
	HolderName   string // as the entry names the payee
	Status       int64
	UsableFrom   civil.Date // the first process date that may be paid to it
	PrenoteState string
	PrenoteTrace string // 15 digits, once it is sent
	PrenoteDue   clock.Instant
	EnteredBy    ids.ID
	Length       int64  // of the number; 0 where it was stored before lengths were
	Extras       string // api/shape.Extras
	CTX          bool   // the vendor reads remittance of any length in the entry (ACH-2)

	// For wires; see NewWireAccount. Country is ISO 3166, empty for ACH.
	Country, BIC, ClearingCode, Purpose string

	ShownAccount, ShownRouting string // as they are shown, or as they are given to be stored; see Mask
}

// BankAccounts describes vendors' bank accounts.
var BankAccounts = record.Describe[BankAccount]("vendorBankAccount", ids.VendorBankAccount, "vendor_bank_accounts",
	record.Reference("vendorId", func() *record.Type { return Vendors.Type }, func(a *BankAccount) *ids.ID { return &a.VendorID }),
	record.String("routing", 9, func(a *BankAccount) *string { return &a.Routing }),
	record.Secret("account", 0, func(a *BankAccount) *string { return &a.Account }),
	record.String("accountTail", 4, func(a *BankAccount) *string { return &a.AccountTail }),
	record.Secret("accountHash", 0, func(a *BankAccount) *string { return &a.AccountHash }),
	record.Choice("accountType", map[int64]string{Checking: "CHECKING", Savings: "SAVINGS"}, func(a *BankAccount) *int64 { return &a.AccountType }),
	record.Choice("holderType", map[int64]string{Business: "BUSINESS", Person: "PERSON"}, func(a *BankAccount) *int64 { return &a.HolderType }),
	record.String("holderName", 100, func(a *BankAccount) *string { return &a.HolderName }),
	record.Choice("status", map[int64]string{AccountUnverified: "NOT_VERIFIED", AccountVerified: "VERIFIED", AccountBlocked: "BLOCKED",
		AccountExpired: "EXPIRED", AccountInvalid: "INVALID"}, func(a *BankAccount) *int64 { return &a.Status }),
	record.Day("usableFrom", func(a *BankAccount) *civil.Date { return &a.UsableFrom }),
	record.String("prenoteState", 20, func(a *BankAccount) *string { return &a.PrenoteState }),
	record.String("prenoteTrace", 15, func(a *BankAccount) *string { return &a.PrenoteTrace }),
	record.Moment("prenoteDue", func(a *BankAccount) *clock.Instant { return &a.PrenoteDue }),
	record.Reference("enteredBy", func() *record.Type { return org.Members.Type }, func(a *BankAccount) *ids.ID { return &a.EnteredBy }),
	record.Number("accountLength", func(a *BankAccount) *int64 { return &a.Length }),
	record.String("extras", 0, func(a *BankAccount) *string { return &a.Extras }),
	record.Flag("ctx", func(a *BankAccount) *bool { return &a.CTX }),
	record.String("country", 2, func(a *BankAccount) *string { return &a.Country }),
	record.String("bic", 11, func(a *BankAccount) *string { return &a.BIC }),
	record.String("clearingCode", 35, func(a *BankAccount) *string { return &a.ClearingCode }),
	record.String("purpose", 4, func(a *BankAccount) *string { return &a.Purpose }),
)

// Mask fills in both numbers as they are shown: all but the last four characters are stars.
func (a *BankAccount) Mask() {
	a.ShownAccount = secret.Stars(int(a.Length)-len(a.AccountTail), a.AccountTail)
	a.ShownRouting = secret.Stars(len(a.Routing)-4, a.Routing[max(0, len(a.Routing)-4):])
}

// Faults about bank accounts.
var (
	ErrHasBankAccount = fault.New(fault.Conflict, "vendor_bank_account_exists", "The vendor has a bank account; delete it before adding another.")
	ErrACHWaiting     = fault.New(fault.Conflict, "vendor_ach_waiting", "Payments to this bank account have not left yet; cancel them first.")
)

// Usable reports whether the account is paid to.
func (a *BankAccount) Usable() bool { return a.Active == record.Active && a.Status == AccountVerified }

// Number opens the account's number.
func (a *BankAccount) Number(v *secret.Vault, org ids.ID) (string, error) {
	n, err := v.Open(a.Account, accountPlace(org, string(a.ID))...)
	return string(n), err
}

// ValidNumber reports whether an account can have that number: 4 to 17 letters, digits and hyphens, not all zero (VEN-3).
func ValidNumber(number string) bool {
	return len(number) >= 4 && len(number) <= 17 && strings.Trim(number, "0-") != "" && !strings.ContainsFunc(number, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-'
	})
}

// SealedNumber is an account number as it is stored.
type SealedNumber struct {
	Account, Tail, Hash string
	Length              int64
}

// SealNumber seals a number for the account with that id. It fails with fault.ErrValue unless the number is 4 to 17
// letters, digits and hyphens (VEN-3).
func SealNumber(v *secret.Vault, org, id ids.ID, number string) (SealedNumber, error) {
	if !ValidNumber(number) {
		return SealedNumber{}, fault.ErrValue.On("accountNumber")
	}
	sealed, err := v.Seal([]byte(number), accountPlace(org, string(id))...)
	return SealedNumber{sealed, number[len(number)-4:], v.EqualityHash(number, accountPlace(org)...), int64(len(number))}, err
}

// accountPlace is where a number is sealed for; without a row, where its fingerprint counts.
func accountPlace(org ids.ID, row ...string) []string {
	return append([]string{string(org), BankAccounts.Table, "account"}, row...)
}

// NewBankAccount is a bank account to be added. SealBankAccount makes ID and Sealed.
type NewBankAccount struct {
	ID          ids.ID
	VendorID    ids.ID
	Routing     string
	Sealed      SealedNumber
	AccountType int64  // Checking or Savings
	HolderType  int64  // Business or Person
	HolderName  string // empty: the vendor's payee name
	Extras      string
	CTX         bool // of a business: see BankAccount
}

// SealBankAccount prepares an account with that number, before the transaction that adds it. It fails as SealNumber.
func SealBankAccount(v *secret.Vault, org ids.ID, number string) (NewBankAccount, error) {
	n := NewBankAccount{ID: ids.New(ids.VendorBankAccount)}
	var err error
	n.Sealed, err = SealNumber(v, org, n.ID, number)
	return n, err
}

// banking is the calendar of VEN-4.
var banking civil.Calendar

// AddBankAccount stores a vendor's bank account and turns the vendor to ACH. The account is verified at once and may be
// paid to from the second banking day after today, Pacific, or as late as Nacha has it; a test entry leaves with the next
// run (VEN-4, VEN-5). Where the organisation wants two small credits instead, the vendor is paid by cheque until they are
// told (ConfirmMicro). It fails with fault.ErrReference for an unknown or inactive vendor, ErrListed, ErrHasBankAccount (VEN-3), and
// fault.ErrValue for a routing number that is none or not of this kind of store (SIM-1), for a type, or for a holder's
// name without a character that an ACH entry can carry.
func AddBankAccount(tx *db.Tx, n NewBankAccount) (ids.ID, error) {
	if err := tx.Require(org.ManageVendorBanks); err != nil {
		return "", err
	}
	v, err := Vendors.LoadForUpdate(tx, n.VendorID)
	if errors.Is(err, fault.ErrNotFound) || err == nil && v.Active != record.Active {
		return "", fault.ErrReference.On("vendorId")
	}
	if err != nil {
		return "", err
	}
	if n.HolderName == "" {
		n.HolderName = v.Payee()
	}
	switch {
	case !v.LinkedTo.IsNull():
		return "", ErrListed.On("accountNumber")
	case n.Sealed.Account == "":
		return "", fault.ErrMissing.On("accountNumber")
	case !ach.ValidRouting(n.Routing) || strings.HasPrefix(n.Routing, "99") != tx.Sandbox():
		return "", fault.ErrValue.On("routingNumber")
	case n.AccountType != Checking && n.AccountType != Savings:
		return "", fault.ErrValue.On("accountType")
	case n.HolderType != Business && n.HolderType != Person:
		return "", fault.ErrValue.On("holderType")
	case ach.Transliterate(n.HolderName) == "":
		return "", fault.ErrValue.On("holderName")
	}
	if _, err := ActiveBankAccount(tx, v.ID); !errors.Is(err, fault.ErrNotFound) {
		if err == nil {
			err = ErrHasBankAccount.On("vendorId")
		}
		return "", err
	}
	prefs, err := org.Prefs(tx)
	if err != nil {
		return "", err
	}
	status, test, today := int64(AccountVerified), PrenoteDue, civil.Of(tx.Now(), civil.Pacific)
	switch prefs.ACHPrenoteMode {
	case org.PrenoteNone:
		test = ""
	case org.PrenoteMicro:
		status, test = AccountUnverified, MicroDue
		bank.StartTest(tx, n.ID, bank.Micro)
	}
	usable := banking.Add(today, 2)
	if prefs.PrenoteWait == org.WaitNacha {
		usable = banking.Add(banking.Next(banking.OnOrAfter(today)), 3)
	}
	BankAccounts.Insert(tx, &BankAccount{
		Base:     record.Base{ID: n.ID, Active: record.Active, AllowExport: true},
		VendorID: v.ID, Routing: n.Routing, Account: n.Sealed.Account, AccountTail: n.Sealed.Tail, AccountHash: n.Sealed.Hash,
		AccountType: n.AccountType, HolderType: n.HolderType, HolderName: n.HolderName, Status: status,
		UsableFrom: usable, PrenoteState: test,
		PrenoteDue: clock.FromTime(tx.Now()), EnteredBy: tx.Caller().User, Length: n.Sealed.Length, Extras: n.Extras, CTX: n.CTX,
	})
	if status == AccountVerified {
		setPayBy(tx, v, PayByACH)
	}
	return n.ID, firewall(tx, v, tx.Caller().User, ChangeBank, []string{"accountNumber"})
}

// ConfirmMicro takes what a vendor tells of the two small credits to its account, in any order: if it is right, the account
// is verified and the vendor paid to it; at the third wrong answer the account is invalid. The test that comes back says
// which (VEN-5). It fails with fault.ErrNotFound and bank.ErrTestOver.
func ConfirmMicro(tx *db.Tx, vendorID ids.ID, first, second int64) (t bank.Test, err error) {
	if err := tx.Require(org.ManageVendorBanks); err != nil {
		return t, err
	}
	v, err := Vendors.LoadForUpdate(tx, vendorID)
	if err != nil {
		return t, err
	}
	a, err := ActiveBankAccount(tx, vendorID)
	if err != nil {
		return t, err
	}
	if a.PrenoteState != MicroSent {
		return t, bank.ErrTestOver.With(string(a.ID))
	}
	if t, err = bank.Answer(tx, a.ID, first, second); err != nil {
		return t, err
	}
	switch t.State {
	case bank.TestConfirmed:
		after := *a
		after.Status, after.PrenoteState = AccountVerified, PrenoteConfirmed
		BankAccounts.SaveAs(tx, "confirm", a, &after)
		setPayBy(tx, v, PayByACH)
	case bank.TestFailed:
		err = RefuseBankAccount(tx, a)
	}
	return t, err
}

// SetCTX says whether the vendor reads remittance of any length in the entry (ACH-2). It fails with fault.ErrNotFound for a
// vendor without a bank account.
func SetCTX(tx *db.Tx, vendorID ids.ID, on bool) error {
	if err := tx.Require(org.ManageVendorBanks); err != nil {
		return err
	}
	if _, err := Vendors.LoadForUpdate(tx, vendorID); err != nil {
		return err
	}
	a, err := ActiveBankAccount(tx, vendorID)
	if err != nil {
		return err
	}
	after := *a
	after.CTX = on
	BankAccounts.Save(tx, a, &after)
	return nil
}

// RemoveBankAccount deletes a vendor's active bank account for good; the vendor is paid by cheque from then on. It fails
// with fault.ErrNotFound, and with ErrACHWaiting while ACH payments wait (domain 3.3).
func RemoveBankAccount(tx *db.Tx, vendorID ids.ID) error {
	if err := tx.Require(org.ManageVendorBanks); err != nil {
		return err
	}
	v, err := Vendors.LoadForUpdate(tx, vendorID)
	if err != nil {
		return err
	}
	a, err := ActiveBankAccount(tx, vendorID)
	if err != nil {
		return err
	}
	var waiting int64
	err = tx.Row(`SELECT count(*) FROM payments WHERE org_id = $1 AND vendor_id = $2 AND rail IN ('ach', 'wire')
		AND state IN ('awaiting_approval', 'scheduled', 'on_hold')`, string(tx.Org()), string(vendorID)).Scan(&waiting)
	if err != nil {
		return fmt.Errorf("look for waiting payments: %w", err)
	}
	if waiting > 0 {
		return ErrACHWaiting.On("vendorId")
	}
	after := *a
	after.Active = record.Inactive
	BankAccounts.SaveAs(tx, "delete", a, &after)
	setPayBy(tx, v, PayByCheck)
	return nil
}

// ActiveBankAccount is the vendor's bank account, whatever its status. It fails with fault.ErrNotFound.
func ActiveBankAccount(tx *db.Tx, vendorID ids.ID) (*BankAccount, error) {
	var id string
	err := tx.Row(`SELECT id FROM vendor_bank_accounts WHERE org_id = $1 AND vendor_id = $2 AND is_active = 1`,
		string(tx.Org()), string(vendorID)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.ErrNotFound.With(string(vendorID))
	}
	if err != nil {
		return nil, fmt.Errorf("find the bank account of %s: %w", vendorID, err)
	}
	return BankAccounts.Load(tx, ids.ID(id))
}

// RefuseBankAccount marks an account that its bank sends entries back from as invalid; the vendor is paid by cheque from
// then on. Rules VEN-1, VEN-4, 5.8.
func RefuseBankAccount(tx *db.Tx, a *BankAccount) error {
	v, err := Vendors.LoadForUpdate(tx, a.VendorID)
	if err != nil {
		return err
	}
	after := *a
	after.Status = AccountInvalid
	if after.PrenoteState == PrenoteDue || after.PrenoteState == MicroDue {
		after.PrenoteState = PrenoteReturned // no test of an account that is known to be wrong
	}
	BankAccounts.SaveAs(tx, "refuse", a, &after)
	if a.Active == record.Active {
		setPayBy(tx, v, PayByCheck)
	}
	*a = after
	return nil
}

func setPayBy(tx *db.Tx, v *Vendor, by int64) {
	after := *v
	after.PayBy = by
	Vendors.Save(tx, v, &after)
}
