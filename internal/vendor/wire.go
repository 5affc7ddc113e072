package vendor

import (
	"errors"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/iso20022"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
)

// Purposes are the ISO 20022 codes of what a wire pays for, where its country asks.
var Purposes = []string{"SUPP", "GDDS", "SCVE", "RENT", "ROYA", "LICF", "COMM", "INSU", "ADVA"}

// NewWireAccount is a bank account outside the US to be added. SealWireAccount makes ID, Sealed and IBAN.
type NewWireAccount struct {
	ID           ids.ID
	VendorID     ids.ID
	Country      string // of the bank, as people write it; empty: the vendor's
	BIC          string
	ClearingCode string // the bank's number, where the country's wires need it
	Purpose      string // one of Purposes, where the country's wires need it
	HolderName   string // empty: the vendor's payee name
	Sealed       SealedNumber
	IBAN         string // the country that the number is an IBAN of; empty: it is none
	IBANLength   int
}

// SealWireAccount prepares an account with that number, before the transaction that adds it: an IBAN, or 4 to 34 letters,
// digits and hyphens; blanks between them do not count. It fails with fault.ErrValue.
func SealWireAccount(v *secret.Vault, org ids.ID, number string) (NewWireAccount, error) {
	number = strings.ToUpper(strings.ReplaceAll(number, " ", ""))
	n := NewWireAccount{ID: ids.New(ids.VendorBankAccount)}
	if len(number) < 4 || len(number) > 34 || strings.Trim(number, "0-") == "" || strings.HasPrefix(number, "-") || strings.HasSuffix(number, "-") ||
		strings.Trim(number, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
		return n, fault.ErrValue.On("accountNumber")
	}
	if iso20022.ValidIBAN(number, number[:2], len(number)) {
		n.IBAN, n.IBANLength = number[:2], len(number)
	}
	sealed, err := v.Seal([]byte(number), accountPlace(org, string(n.ID))...)
	n.Sealed = SealedNumber{sealed, number[len(number)-4:], v.EqualityHash(number, accountPlace(org)...), int64(len(number))}
	return n, err
}

// AddWireAccount stores the account that a vendor outside the US is wired to. It can be paid to from the second banking
// day after today, Pacific. It fails as AddBankAccount; with fault.ErrReference for a vendor in the US, fault.ErrMissing
// for one without a town, for a BIC, clearing code or purpose that the bank's country needs, and fault.ErrValue for a
// country that no wire can go to, and a number, BIC or code that none there has. A sandbox takes only BICs for tests, a
// live store refuses those (SIM-1). Rules VEN-3, INT-4, INT-5, LIM-2.
func AddWireAccount(tx *db.Tx, n NewWireAccount) (ids.ID, error) {
	if err := tx.Require(org.ManageVendorBanks); err != nil {
		return "", err
	}
	v, err := Vendors.LoadForUpdate(tx, n.VendorID)
	if errors.Is(err, fault.ErrNotFound) || err == nil && (v.Active != record.Active || v.Domestic()) {
		return "", fault.ErrReference.On("vendorId")
	}
	if err != nil {
		return "", err
	}
	if n.HolderName == "" {
		n.HolderName = v.Payee()
	}
	if n.Country == "" {
		n.Country = v.Country
	}
	n.BIC, n.ClearingCode = strings.ToUpper(strings.TrimSpace(n.BIC)), strings.ToUpper(strings.TrimSpace(n.ClearingCode))
	c, ok := CountryOf(n.Country)
	switch {
	case !v.LinkedTo.IsNull():
		return "", ErrListed.On("accountNumber")
	case n.Sealed.Account == "":
		return "", fault.ErrMissing.On("accountNumber")
	case strings.TrimSpace(v.City) == "":
		return "", fault.ErrMissing.On("city")
	case !ok || !c.Wire:
		return "", fault.ErrValue.On("country")
	case c.IBAN > 0 && (n.IBAN != c.Code || n.IBANLength != c.IBAN):
		return "", fault.ErrValue.On("accountNumber")
	case n.BIC == "":
		return "", fault.ErrMissing.On("bic")
	case !iso20022.ValidBIC(n.BIC, c.Code) || iso20022.TestBIC(n.BIC) != tx.Sandbox():
		return "", fault.ErrValue.On("bic")
	case c.Clearing != "" && n.ClearingCode == "":
		return "", fault.ErrMissing.On("clearingCode")
	case c.Clearing != "" && (len(n.ClearingCode) != c.ClearingAt || strings.Trim(n.ClearingCode, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != ""):
		return "", fault.ErrValue.On("clearingCode")
	case c.Purpose && n.Purpose == "":
		return "", fault.ErrMissing.On("purpose")
	case n.Purpose != "" && !slices.Contains(Purposes, n.Purpose):
		return "", fault.ErrValue.On("purpose")
	case iso20022.Latin(n.HolderName) == "":
		return "", fault.ErrValue.On("holderName")
	}
	if c.Clearing == "" {
		n.ClearingCode = ""
	}
	if _, err := ActiveBankAccount(tx, v.ID); !errors.Is(err, fault.ErrNotFound) {
		if err == nil {
			err = ErrHasBankAccount.On("vendorId")
		}
		return "", err
	}
	BankAccounts.Insert(tx, &BankAccount{
		Base:     record.Base{ID: n.ID, Active: record.Active, AllowExport: true},
		VendorID: v.ID, Account: n.Sealed.Account, AccountTail: n.Sealed.Tail, AccountHash: n.Sealed.Hash, Length: n.Sealed.Length,
		AccountType: Checking, HolderType: Business, HolderName: n.HolderName, Status: AccountVerified,
		UsableFrom: banking.Add(civil.Of(tx.Now(), civil.Pacific), 2), EnteredBy: tx.Caller().User,
		Country: c.Code, BIC: n.BIC, ClearingCode: n.ClearingCode, Purpose: n.Purpose,
	})
	Vendors.Touch(tx, v.ID)
	return n.ID, nil
}

// Wired reports whether the account is one outside the US, paid to by wire.
func (a *BankAccount) Wired() bool { return a.Country != "" }
