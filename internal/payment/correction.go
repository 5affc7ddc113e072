package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach/achread"
	"github.com/duebook/duebook/internal/vendor"
)

// sealKey is a number of an account, as it was or as it is corrected.
type sealKey struct {
	account ids.ID
	number  string
}

// sealCorrections seals the account numbers of a file's corrections, before the transaction that compares and stores them.
func (e *Engine) sealCorrections(ctx context.Context, org ids.ID, back []achread.Entry) (map[sealKey]vendor.SealedNumber, error) {
	sealed := map[sealKey]vendor.SealedNumber{}
	for _, b := range back {
		if b.NOC == nil {
			continue
		}
		var account ids.ID
		err := e.db.Read(ctx, caller(org), func(tx *db.Tx) error {
			s, err := findEntry(tx, b.NOC.Trace)
			if s != nil {
				account = s.bankAccount
			} else if err == nil {
				account, err = testedOrDebited(tx, b.NOC.Trace)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		seal := vendor.SealNumber
		switch {
		case account == "":
			continue
		case account.Is(ids.CustomerBankAccount):
			seal = customer.SealNumber
		}
		numbers := []string{b.Account}
		if c, err := b.NOC.Correction(); err == nil {
			numbers = append(numbers, c.Account)
		}
		for _, number := range numbers {
			k := sealKey{account, number}
			if sealed[k], err = seal(e.vault, org, account, number); err != nil {
				delete(sealed, k)
			}
		}
	}
	return sealed, nil
}

// correct does what a notification of change of a vendor's account means (ACH-9). It counts only while the account has the
// number that is corrected (E19). Account, name and kind are corrected at once; another routing number waits for a second
// person, and with it the payments to the account. Corrections of our own company data, and those that cannot be read, are
// for the operator; what a listed vendor's bank says is for who talks to it; refused corrections are only logged.
func (e *Engine) correct(tx *db.Tx, a *vendor.BankAccount, b achread.Entry, sealed map[sealKey]vendor.SealedNumber) error {
	code := b.NOC.Code
	tx.Audit("note correction", vendor.BankAccounts.Name, a.ID, `{"code":"`+code+`"}`)
	if a.Active != 1 || a.Status == vendor.AccountInvalid || sealed[sealKey{a.ID, b.Account}].Hash != a.AccountHash {
		return nil
	}
	c, unread := b.NOC.Correction()
	number, numbered := sealed[sealKey{a.ID, c.Account}]
	v, err := vendor.Vendors.Load(tx, a.VendorID)
	switch {
	case err != nil:
		return err
	case code == "C09", "C61" <= code && code <= "C69":
		return nil
	case "C10" <= code && code <= "C12":
		return addTask(tx, TaskOperator, a.ID, code, "A receiving bank corrects our company's name or id in the files: compare it with the funding account.")
	case unread != nil, c.Account != "" && !numbered, c.Routing != "" && strings.HasPrefix(c.Routing, "99") != tx.Sandbox():
		return addTask(tx, TaskOperator, a.ID, code, "A bank's correction of the account of "+v.Name+" cannot be read: ask the bank what it means.")
	case !v.LinkedTo.IsNull():
		return addTask(tx, TaskContact, a.ID, code, "A bank corrects the account of "+v.Name+", which maintains it itself: tell it.")
	}
	after := *a
	if numbered {
		after.Account, after.AccountTail, after.AccountHash, after.Length = number.Account, number.Tail, number.Hash, number.Length
	}
	if c.Name != "" {
		after.HolderName = c.Name
	}
	switch c.Code / 10 {
	case 2:
		after.AccountType = vendor.Checking
	case 3:
		after.AccountType = vendor.Savings
	}
	if c.Routing != "" && c.Routing != a.Routing {
		after.Routing = c.Routing
		return holdCorrection(tx, a, after, code)
	}
	vendor.BankAccounts.SaveAs(tx, "correct "+code, a, &after)
	return nil
}

// heldFor begins the reason of payments that wait for a correction to be decided.
const heldFor = "The vendor's bank reports another routing number"

// holdCorrection keeps a correction until a second person decides; a newer one takes the place of one that waits.
func holdCorrection(tx *db.Tx, a *vendor.BankAccount, to vendor.BankAccount, code string) error {
	number, err := tx.Next("correction "+string(a.ID), 1)
	if err != nil {
		return err
	}
	tx.Exec(`UPDATE bank_corrections SET state = 'superseded' WHERE org_id = $1 AND bank_account_id = $2 AND state = 'waiting'`,
		string(tx.Org()), string(a.ID))
	tx.Exec(`INSERT INTO bank_corrections (org_id, bank_account_id, number, code, routing, account, account_tail, account_hash, account_length,
		account_type, was_hash, state, told) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', $12)`, string(tx.Org()), string(a.ID),
		number, code, to.Routing, to.Account, to.AccountTail, to.AccountHash, to.Length, to.AccountType, a.AccountHash,
		int64(clock.FromTime(tx.Now())))
	after := *a
	after.Status = vendor.AccountUnverified
	vendor.BankAccounts.SaveAs(tx, "hold correction "+code, a, &after)
	return holdWaiting(tx, a.VendorID, heldFor+" ("+code+").")
}

// Correction is a change of bank data that a bank has told us of and a second person decides.
type Correction struct {
	Code        string // C02, C03 or C07
	Routing     string // from now on
	Tail        string // of the number from now on
	Savings     bool
	Told        clock.Instant
	BankAccount *vendor.BankAccount // as it is

	number        int64
	account, hash string // sealed, and its fingerprint
	length, kind  int64  // of the account from now on
}

// WaitingCorrection is the correction of the vendor's bank account that waits for a decision. It fails with
// fault.ErrNotFound if there is none. The caller needs ViewVendors.
func WaitingCorrection(tx *db.Tx, vendorID ids.ID) (*Correction, error) {
	if err := tx.Require(org.ViewVendors); err != nil {
		return nil, err
	}
	a, err := vendor.ActiveBankAccount(tx, vendorID)
	if err != nil {
		return nil, err
	}
	c := Correction{BankAccount: a}
	err = tx.Row(`SELECT number, code, routing, account, account_tail, account_hash, account_length, account_type, told
		FROM bank_corrections WHERE org_id = $1 AND bank_account_id = $2 AND state = 'waiting' AND was_hash = $3`,
		string(tx.Org()), string(a.ID), a.AccountHash).
		Scan(&c.number, &c.Code, &c.Routing, &c.account, &c.Tail, &c.hash, &c.length, &c.kind, (*int64)(&c.Told))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.ErrNotFound.With(string(vendorID))
	}
	if err != nil {
		return nil, fmt.Errorf("look for a correction of %s: %w", a.ID, err)
	}
	c.Savings = c.kind == vendor.Savings
	return &c, nil
}

// ApplyCorrection puts a correction that waits into force: the account is verified again, and the payments that waited for
// it go on, on their process date or the earliest possible now. It fails with fault.ErrNotFound, and with ErrSamePerson for
// who entered the account; where nobody else could decide, the account is usable two banking days later. Rules ACH-9, SEC-5.
func ApplyCorrection(tx *db.Tx, vendorID ids.ID) error {
	c, err := decide(tx, vendorID, "applied")
	if err != nil {
		return err
	}
	earliest := banking.EarliestProcessDate(tx.Now())
	after := *c.BankAccount
	after.Routing, after.Account, after.AccountTail, after.AccountHash, after.Length = c.Routing, c.account, c.Tail, c.hash, c.length
	after.AccountType, after.Status = c.kind, vendor.AccountVerified
	if me := tx.Caller().User; me == c.BankAccount.EnteredBy {
		other, err := org.OtherHolds(tx, me, org.ApproveVendorBankChange)
		if err != nil {
			return err
		}
		if other {
			return ErrSamePerson
		}
		after.UsableFrom = latest(after.UsableFrom, banking.Add(civil.Of(tx.Now(), civil.Pacific), aloneDays))
		if err := org.ActAlone(tx, tx.Caller().User, vendor.BankAccounts.Name, after.ID, "take over the bank's correction of a vendor's account"); err != nil {
			return err
		}
	}
	vendor.BankAccounts.SaveAs(tx, "correct "+c.Code, c.BankAccount, &after)
	held, err := texts(tx, `SELECT id FROM payments WHERE org_id = $1 AND vendor_id = $2 AND rail = 'ach' AND state = 'on_hold' ORDER BY id`+
		tx.ForUpdate(), string(tx.Org()), string(vendorID))
	if err != nil {
		return err
	}
	for _, id := range held {
		p, err := lock(tx, id)
		if err != nil {
			return err
		}
		if p.State != OnHold || !strings.HasPrefix(p.HoldReason, heldFor) {
			continue
		}
		process := latest(latest(p.ProcessDate, earliest), banking.OnOrAfter(after.UsableFrom))
		if err := p.move(tx, Scheduled, change{verb: "lift hold", process: process}); err != nil {
			return err
		}
	}
	return nil
}

// RefuseCorrection throws a correction away that waits, and the account with it, as nobody knows then where it leads: it is
// invalid, the vendor is paid by cheque, its payments stay on hold. Errors as ApplyCorrection, for any person.
func RefuseCorrection(tx *db.Tx, vendorID ids.ID) error {
	c, err := decide(tx, vendorID, "refused")
	if err != nil {
		return err
	}
	return vendor.RefuseBankAccount(tx, c.BankAccount)
}

// decide takes the correction that waits, for a person who may decide it.
func decide(tx *db.Tx, vendorID ids.ID, state string) (*Correction, error) {
	if err := tx.Require(org.ApproveVendorBankChange); err != nil {
		return nil, err
	}
	if _, err := vendor.Vendors.LoadForUpdate(tx, vendorID); err != nil {
		return nil, err
	}
	c, err := WaitingCorrection(tx, vendorID)
	if err != nil {
		return nil, err
	}
	n, err := tx.ExecNow(`UPDATE bank_corrections SET state = $4, decided = $5, decided_by = $6
		WHERE org_id = $1 AND bank_account_id = $2 AND number = $3 AND state = 'waiting'`, string(tx.Org()), string(c.BankAccount.ID), c.number,
		state, int64(clock.FromTime(tx.Now())), string(tx.Caller().User))
	if err == nil && n == 0 {
		err = fault.ErrNotFound.With(string(vendorID)) // somebody else was quicker
	}
	return c, err
}
