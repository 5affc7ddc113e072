package view

import "github.com/duebook/duebook/internal/civil"

// BankAccountsPage is Settings > Bank accounts: our own accounts, those that payments draw on first.
type BankAccountsPage struct {
	Page
	Accounts  []BankAccount
	CanManage bool // the accounts
	Security  bool // whether the user may see Settings > Security
}

// BankAccount is one of our bank accounts, its number masked to Last4.
type BankAccount struct {
	FundingAccount
	Routing string
	Default bool // payments draw on it unless they name another
	Active  bool
	Pending bool // waits for its test deposit to be told, or for the operator
	Confirm bool // the user can tell the amount of its test deposit now
	State   Badge
	Proved  bool // its test deposit was told; it waits for another person
}

// NewBankAccountPage is the form for a new account. Its fields post as name, routingNumber and accountNumber. The number
// is never shown again, not even with errors.
type NewBankAccountPage struct {
	Page
	Name, Routing string
	Sandbox       bool
	Errors        FieldErrors
}

// BankFilesPage says how an account's bank wants the files with payments from it. Its fields post as style, "balanced" or
// "unbalanced", entryDescription and positivePay.
type BankFilesPage struct {
	Page
	Account     BankAccount
	Balanced    bool
	Description string
	PositivePay string // empty, "fixed" or a template (CHK-6)
	SameDay     bool   // the bank takes entries that settle on the day of delivery
	Lead        string // as typed: minutes before the windows of the Fed by which it wants them
	Errors      FieldErrors
}

// CloseBankAccountPage says what happens when an account is closed for payments.
type CloseBankAccountPage struct {
	Page
	Account BankAccount
	Waiting int    // payments that wait on it
	Minor   int64  // what they come to
	In      string // currency of Minor
	Only    bool   // no other account can pay
}

func (v CloseBankAccountPage) wait() string {
	if v.Waiting == 1 {
		return "waits"
	}
	return "wait"
}

func routingHint(sandbox bool) string {
	if sandbox {
		return "Nine digits. In a sandbox it begins with 99, for example 990000026."
	}
	return "Nine digits, at the bottom left of a check."
}

// ConfirmBankAccountPage is the form for the amount of a test deposit. Its field posts as amount, which is not shown again.
type ConfirmBankAccountPage struct {
	Page
	Account BankAccount
	Until   civil.Date // the last day for it
	Left    int64      // how often it can be tried
	Errors  FieldErrors
}
