package payment

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/rail/ach/achread"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// testedOrDebited is the account of an entry of that trace that is no payment: one that small credits test, or a customer's
// that is debited or tested. Empty for none.
func testedOrDebited(tx *db.Tx, trace string) (ids.ID, error) {
	if id, err := testOfTrace(tx, trace); err != nil || id != "" {
		return id, err
	}
	var id string
	err := tx.Row(`SELECT payment_account_id FROM received_pays WHERE org_id = $1 AND trace = $2
		UNION SELECT id FROM customer_bank_accounts WHERE org_id = $1 AND prenote_trace = $2`, string(tx.Org()), trace).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for the account of entry %s: %w", trace, err)
	}
	return ids.ID(id), nil
}

// correctOther takes in a notification of change of an entry that is no payment: of a small credit to a vendor as of any
// other entry to it, of a debit or its test for the customer's account, of a test of our own for the operator (ACH-9).
func (e *Engine) correctOther(tx *db.Tx, b achread.Entry, original string, sealed map[sealKey]vendor.SealedNumber) error {
	id, err := testedOrDebited(tx, original)
	if err != nil || id == "" {
		return err
	}
	tx.Exec(`UPDATE bank_returns SET matched = $5 WHERE org_id = $1 AND trace = $2 AND original = $3 AND code = $4`,
		string(tx.Org()), b.Trace, original, b.NOC.Code, string(id))
	switch {
	case id.Is(ids.CustomerBankAccount):
		return correctCustomer(tx, id, b, sealed)
	case id.Is(ids.VendorBankAccount):
		a, err := vendor.BankAccounts.LoadForUpdate(tx, id)
		if err != nil {
			return err
		}
		return e.correct(tx, a, b, sealed)
	}
	return addTask(tx, TaskOperator, id, b.NOC.Code, "The bank of one of our own accounts corrects its data: compare it with the account.")
}

// correctCustomer corrects the account of a customer, while it has the number that is corrected (E19). Another routing number
// counts at once too, as no money leaves by it, and is looked at by who talks to the customer. What is for the operator or
// only logged is as of a vendor's account.
func correctCustomer(tx *db.Tx, id ids.ID, b achread.Entry, sealed map[sealKey]vendor.SealedNumber) error {
	code := b.NOC.Code
	tx.Audit("note correction", customer.BankAccounts.Name, id, `{"code":"`+code+`"}`)
	a, err := customer.BankAccounts.LoadForUpdate(tx, id)
	if err != nil {
		return err
	}
	if a.Active != record.Active || a.Status == vendor.AccountInvalid || sealed[sealKey{id, b.Account}].Hash != a.AccountHash {
		return nil
	}
	c, unread := b.NOC.Correction()
	number, numbered := sealed[sealKey{id, c.Account}]
	switch {
	case code == "C09", "C61" <= code && code <= "C69":
		return nil
	case "C10" <= code && code <= "C12":
		return addTask(tx, TaskOperator, id, code, "A bank corrects our company's name or id in the files of debits: compare it with the account that receives.")
	case unread != nil, c.Account != "" && !numbered, c.Routing != "" && strings.HasPrefix(c.Routing, "99") != tx.Sandbox():
		return addTask(tx, TaskOperator, id, code, "A bank's correction of the account of "+a.NameOnAccount+" cannot be read: ask the bank what it means.")
	}
	after := *a
	if numbered {
		after.Account, after.AccountTail, after.AccountHash, after.Length = number.Account, number.Tail, number.Hash, number.Length
	}
	if c.Name != "" {
		after.NameOnAccount = c.Name
	}
	switch c.Code / 10 {
	case 2:
		after.Savings = false
	case 3:
		after.Savings = true
	}
	if c.Routing != "" {
		after.Routing = c.Routing
	}
	customer.BankAccounts.SaveAs(tx, "correct "+code, a, &after)
	if after.Routing == a.Routing {
		return nil
	}
	return addTask(tx, TaskContact, id, code, "The bank of "+a.NameOnAccount+" reports another routing number for the account that is debited. It counts from now on: "+
		"confirm it with the customer.")
}
