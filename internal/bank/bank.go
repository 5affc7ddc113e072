// Package bank keeps the organisation's own bank accounts: those that payments draw on (FND-6, PAY-7).
//
// Account numbers are sealed before they come here and are never shown but by their last four digits. Each account has
// a ledger account of its own (role BANK).
package bank

import (
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/rail/check"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
)

// States of a funding account (FND-6).
const (
	Verified = 1
	Pending  = 2
	Blocked  = 3
	Invalid  = 5
)

// Account is a funding account.
type Account struct {
	record.Base
	Name            string
	BankName        string
	Routing         string // nine digits
	Account         string // the number, sealed: Number opens it
	AccountTail     string // its last four digits
	AccountHash     string // finds equal numbers: Hash
	CompanyID       string // what this bank knows the originator by; empty: the organisation's own
	IsDefault       bool
	Status          int64
	LedgerAccountID ids.ID
	FirstCheck      int64 // number of its first cheque

	Balanced         bool   // its bank wants each batch of credits with the debit that pays for it (FND-4)
	SameDay          bool   // its bank takes entries that settle on the day of delivery (ACH-5)
	SameDayLead      int64  // minutes before each window of the Fed by which its bank wants the file
	PositivePay      string // how its bank wants lists for positive pay: Template reads it (CHK-6)
	EntryDescription string // of vendors' entries, up to 10 characters; empty: VENDOR PMT (ACH-3)
}

// Accounts describes funding accounts.
var Accounts = record.Describe[Account]("bankAccount", ids.BankAccount, "bank_accounts",
	record.String("name", 100, func(a *Account) *string { return &a.Name }),
	record.String("bankName", 100, func(a *Account) *string { return &a.BankName }),
	record.String("routing", 9, func(a *Account) *string { return &a.Routing }),
	record.Secret("account", 0, func(a *Account) *string { return &a.Account }),
	record.String("accountTail", 4, func(a *Account) *string { return &a.AccountTail }),
	record.Secret("accountHash", 0, func(a *Account) *string { return &a.AccountHash }),
	record.String("companyId", 10, func(a *Account) *string { return &a.CompanyID }),
	record.Flag("isDefault", func(a *Account) *bool { return &a.IsDefault }),
	record.Choice("status", map[int64]string{Verified: "VERIFIED", Pending: "PENDING", Blocked: "BLOCKED", Invalid: "INVALID"},
		func(a *Account) *int64 { return &a.Status }),
	record.Reference("ledgerAccountId", func() *record.Type { return dimension.Accounts.Type }, func(a *Account) *ids.ID { return &a.LedgerAccountID }),
	record.Number("firstCheck", func(a *Account) *int64 { return &a.FirstCheck }),
	record.Flag("balanced", func(a *Account) *bool { return &a.Balanced }),
	record.Flag("sameDay", func(a *Account) *bool { return &a.SameDay }),
	record.Number("sameDayLead", func(a *Account) *int64 { return &a.SameDayLead }),
	record.String("positivePay", 4000, func(a *Account) *string { return &a.PositivePay }),
	record.String("entryDescription", 10, func(a *Account) *string { return &a.EntryDescription }),
)

// Faults of this room.
var (
	ErrNoAccount = fault.New(fault.Invalid, "no_bank_account", "There is no active, verified bank account to pay from.")
	ErrUsed      = fault.New(fault.Conflict, "bank_account_used", "This bank account is there already.")
)

// Usable reports whether payments may draw on the account.
func (a *Account) Usable() bool { return a.Active == record.Active && a.Status == Verified }

// Number opens the account's number.
func (a *Account) Number(v *secret.Vault, org ids.ID) (string, error) {
	n, err := v.Open(a.Account, place(org, string(a.ID))...)
	return string(n), err
}

// Hash is the fingerprint by which an account of the organisation is found by its number.
func Hash(v *secret.Vault, org ids.ID, number string) string {
	return v.EqualityHash(number, place(org)...)
}

// CheckRouting fails with fault.ErrValue for a routing number that is none, or not of this kind of store (SIM-1).
func CheckRouting(tx *db.Tx, routing string) error {
	switch {
	case !ach.ValidRouting(routing):
		return fault.ErrValue.On("routingNumber").With("nine digits, the last of which checks the others")
	case strings.HasPrefix(routing, "99") != tx.Sandbox():
		return fault.ErrValue.On("routingNumber").With("in a sandbox it begins with 99, elsewhere it does not")
	}
	return nil
}

// place is where a number is sealed for; without a row, where its fingerprint counts.
func place(org ids.ID, row ...string) []string {
	return append([]string{string(org), Accounts.Table, "account"}, row...)
}

// NewAccount is an account to be added. Seal makes ID, SealedAccount, Tail and Hash.
type NewAccount struct {
	ID             ids.ID
	Name, BankName string
	Routing        string
	SealedAccount  string
	Tail, Hash     string
	Verified       bool // on paper evidence; otherwise it waits for its test deposit (FND-6)
}

// Seal prepares an account with that number, before the transaction that adds it. A number is 4 to 17 digits and
// hyphens with a digit at each end, as the magnetic line of a cheque can carry it; else fault.ErrValue (VEN-3, CHK-2).
func Seal(v *secret.Vault, org ids.ID, number string) (NewAccount, error) {
	if n := len(number); n < 4 || n > 17 || strings.Trim(number, "0123456789-") != "" || number[0] == '-' || number[n-1] == '-' ||
		strings.Trim(number, "0-") == "" {
		return NewAccount{}, fault.ErrValue.On("accountNumber").With("4 to 17 digits and hyphens, a digit at each end")
	}
	id := ids.New(ids.BankAccount)
	sealed, err := v.Seal([]byte(number), place(org, string(id))...)
	return NewAccount{ID: id, SealedAccount: sealed, Tail: number[len(number)-4:], Hash: Hash(v, org, number)}, err
}

// firstCheck is the number of an account's first cheque.
const firstCheck = 10001

// Add stores a sealed account and its ledger account; the first one becomes the default. A sandbox takes only routing
// numbers that start with 99, which are nobody's, and a live store refuses those (SIM-1). It fails with
// fault.ErrMissing, fault.ErrValue, ErrUsed. To one that a user adds and is not verified, a test deposit leaves at once.
func Add(tx *db.Tx, n NewAccount) (ids.ID, error) {
	if err := tx.Require(org.ManageBanks); err != nil {
		return "", err
	}
	switch {
	case strings.TrimSpace(n.Name) == "":
		return "", fault.ErrMissing.On("name")
	case n.SealedAccount == "":
		return "", fault.ErrMissing.On("accountNumber")
	}
	if err := CheckRouting(tx, n.Routing); err != nil {
		return "", err
	}
	place, err := tx.Next("bank account", 1) // also keeps two from being the first
	if err != nil {
		return "", fmt.Errorf("number the bank account: %w", err)
	}
	var same int64
	err = tx.Row(`SELECT count(*) FROM bank_accounts WHERE org_id = $1 AND routing = $2 AND account_hash = $3 AND is_active = 1`,
		string(tx.Org()), n.Routing, n.Hash).Scan(&same)
	if err != nil {
		return "", fmt.Errorf("look for the bank account: %w", err)
	}
	if same > 0 {
		return "", ErrUsed.On("accountNumber")
	}
	number := "1000"
	if place > 1 {
		number = fmt.Sprintf("1000-%d", place)
	}
	a := &Account{Base: record.Base{ID: n.ID, Active: record.Active, AllowExport: true}, Name: n.Name, BankName: n.BankName, Routing: n.Routing,
		Account: n.SealedAccount, AccountTail: n.Tail, AccountHash: n.Hash, IsDefault: place == 1, Status: Pending, FirstCheck: firstCheck,
		LedgerAccountID: dimension.NewBankAccount(tx, n.Name, number).ID}
	if n.Verified {
		a.Status = Verified
	}
	Accounts.Insert(tx, a)
	if !n.Verified && !tx.Caller().User.IsNull() { // nobody could tell the amount of one that the operator adds
		StartTest(tx, a.ID, Deposit)
	}
	return a.ID, nil
}

// Verify makes a pending account usable, on paper evidence (FND-6).
func Verify(tx *db.Tx, id ids.ID) error {
	pass(tx, id)
	return change(tx, "verify", id, func(a *Account) { a.Status = Verified })
}

// reserved are descriptions that only entries may carry which the rules demand them for; PAYROLL is for no entry of ours, as
// no compensation is paid here (ACH-3).
var reserved = []string{"PAYROLL", "REVERSAL", "RETRY PYMT", "RETRYPYMT", "ACCTVERIFY", "PURCHASE", "REDEPCHECK", "RETURN FEE"}

// SetFiles says how the account's bank wants the files with payments from it (FND-4, ACH-3). It fails with fault.ErrValue for
// a description that is longer than 10 characters, not of printable ASCII, or begins with a reserved one.
func SetFiles(tx *db.Tx, id ids.ID, balanced bool, description string) error {
	description = strings.ToUpper(strings.TrimSpace(description))
	if ach.Transliterate(description) != description || len(description) > 10 {
		return fault.ErrValue.On("entryDescription").With("up to 10 letters, digits and signs")
	}
	for _, r := range reserved {
		if strings.HasPrefix(description, r) {
			return fault.ErrValue.On("entryDescription").With("not " + r)
		}
	}
	return change(tx, "set files", id, func(a *Account) { a.Balanced, a.EntryDescription = balanced, description })
}

// SetPositivePay says how the account's bank wants lists of checks issued and voided: empty for the generic CSV, "fixed" for
// the shipped layout of 100 columns, else a template as JSON (CHK-6). It fails with fault.ErrValue for what is no template.
func SetPositivePay(tx *db.Tx, id ids.ID, template string) error {
	template = strings.TrimSpace(template)
	if len(template) > 4000 {
		return fault.ErrValue.On("positivePay").With("4000 characters at most")
	}
	if _, err := check.ReadTemplate(template); err != nil {
		return fault.ErrValue.On("positivePay").With(err.Error())
	}
	return change(tx, "set positive pay", id, func(a *Account) { a.PositivePay = template })
}

// Template is how the account's bank wants lists for positive pay.
func (a *Account) Template() (check.Template, error) {
	t, err := check.ReadTemplate(a.PositivePay)
	if err != nil {
		err = fmt.Errorf("the positive-pay template of bank account %s: %w", a.ID, err)
	}
	return t, err
}

// MaxLead is how many minutes before a window of the Fed a bank wants its files at most.
const MaxLead = 480

// SetSameDay says whether the account's bank takes entries that settle on the day of delivery, and how many minutes before
// each window of the Fed it wants them (ACH-5). It fails with fault.ErrValue for a number that is none of 0 to 480.
func SetSameDay(tx *db.Tx, id ids.ID, on bool, lead int64) error {
	if lead < 0 || lead > MaxLead {
		return fault.ErrValue.On("sameDayLead").With("0 to 480 minutes")
	}
	return change(tx, "set same day", id, func(a *Account) { a.SameDay, a.SameDayLead = on, lead })
}

// Deactivate closes an account for payments. Payments that wait on it are held at their release. Repeating it changes
// nothing.
func Deactivate(tx *db.Tx, id ids.ID) error {
	return change(tx, "deactivate", id, func(a *Account) { a.Active, a.IsDefault = record.Inactive, false })
}

func change(tx *db.Tx, verb string, id ids.ID, f func(*Account)) error {
	if err := tx.Require(org.ManageBanks); err != nil {
		return err
	}
	a, err := Accounts.LoadForUpdate(tx, id)
	if err != nil {
		return err
	}
	after := *a
	f(&after)
	Accounts.SaveAs(tx, verb, a, &after)
	return nil
}

// Default is the account that payments draw on unless they name one: the default account, else the oldest usable one.
// It fails with ErrNoAccount.
func Default(tx *db.Tx) (*Account, error) {
	all, err := List(tx)
	if err != nil {
		return nil, err
	}
	var first *Account
	for _, a := range all {
		if a.Usable() && (first == nil || a.IsDefault) {
			first = a
		}
	}
	if first == nil {
		return nil, ErrNoAccount
	}
	return first, nil
}

// List gives the organisation's accounts, also inactive ones, oldest first.
func List(tx *db.Tx) ([]*Account, error) {
	var all []*Account
	err := Accounts.List(tx, record.Query{}, func(a *Account) error {
		all = append(all, a)
		return nil
	})
	return all, err
}
