// Package dimension holds what documents are coded to: the chart of accounts, departments, jobs and locations.
//
// Each is a tree of named records. Names may repeat: generation 1 accepts and flags a repeat (domain 2.7); the other
// generations refuse it at their door.
package dimension

import (
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Account is an account of the chart of accounts, and of the ledger.
type Account struct {
	record.Base
	Name          string
	AccountNumber string
	AccountType   int64 // AccountTypes
	Description   string
	ParentID      ids.ID
	Role          string // of a system account: its posting role (ledger.AP ...); such an account stays active
}

// AccountTypes are the numbers of accountType and their names in generation 3.
var AccountTypes = map[int64]string{
	0: "UNSPECIFIED", 1: "ACCOUNTS_PAYABLE", 2: "ACCOUNTS_RECEIVABLE", 3: "BANK", 4: "COST_OF_GOODS_SOLD",
	5: "CREDIT_CARD", 6: "EQUITY", 7: "EXPENSE", 8: "FIXED_ASSET", 9: "INCOME", 10: "LONG_TERM_LIABILITY",
	11: "OTHER_ASSET", 12: "OTHER_CURRENT_ASSET", 13: "OTHER_CURRENT_LIABILITY", 14: "OTHER_EXPENSE",
	15: "OTHER_INCOME", 16: "NON_POSTING",
}

// Account types that the program itself needs.
const (
	TypePayable        = 1
	TypeReceivable     = 2
	TypeBank           = 3
	TypeEquity         = 6
	TypeExpense        = 7
	TypeIncome         = 9
	TypeCurrentAsset   = 12
	TypeCurrentLiab    = 13
	maxAccountDepth    = 20
	maxDepartmentDepth = 20
)

// Accounts describes the chart of accounts.
var Accounts = record.Describe[Account]("chartOfAccount", ids.Account, "chart_of_accounts",
	record.String("name", 250, func(a *Account) *string { return &a.Name }),
	record.String("accountNumber", 50, func(a *Account) *string { return &a.AccountNumber }),
	record.Choice("accountType", AccountTypes, func(a *Account) *int64 { return &a.AccountType }),
	record.String("description", 4000, func(a *Account) *string { return &a.Description }),
	record.Parent("parentId", maxAccountDepth, func(a *Account) *ids.ID { return &a.ParentID }),
	record.String("role", 20, func(a *Account) *string { return &a.Role }),
)

// Department is free coding for an industry's own use (domain section 11).
type Department struct {
	record.Base
	Name        string
	ShortName   string // the code; not shown by generation 1
	Description string
	ParentID    ids.ID
}

// Departments describes departments.
var Departments = record.Describe[Department]("department", ids.Department, "departments",
	record.String("name", 100, func(d *Department) *string { return &d.Name }),
	record.String("shortName", 40, func(d *Department) *string { return &d.ShortName }),
	record.String("description", 4000, func(d *Department) *string { return &d.Description }),
	record.Parent("parentId", maxDepartmentDepth, func(d *Department) *ids.ID { return &d.ParentID }),
)

// Job is a piece of work that costs are collected on.
type Job struct {
	record.Base
	Name        string
	Description string
	ParentID    ids.ID
}

// Jobs describes jobs.
var Jobs = record.Describe[Job]("job", ids.Job, "jobs",
	record.String("name", 100, func(j *Job) *string { return &j.Name }),
	record.String("description", 4000, func(j *Job) *string { return &j.Description }),
	record.Parent("parentId", maxDepartmentDepth, func(j *Job) *ids.ID { return &j.ParentID }),
)

// Location is a place that costs are collected on.
type Location struct {
	record.Base
	Name        string
	ShortName   string
	Description string
	ParentID    ids.ID
}

// Locations describes locations.
var Locations = record.Describe[Location]("location", ids.Location, "locations",
	record.String("name", 100, func(l *Location) *string { return &l.Name }),
	record.String("shortName", 40, func(l *Location) *string { return &l.ShortName }),
	record.String("description", 4000, func(l *Location) *string { return &l.Description }),
	record.Parent("parentId", maxDepartmentDepth, func(l *Location) *ids.ID { return &l.ParentID }),
)

// ErrSystemAccount refuses to make an account inactive that the ledger posts to.
var ErrSystemAccount = fault.New(fault.Invalid, "system_account", "This account is used by the ledger itself and stays active.")

// Create stores a new record of one of the lists. It fails with fault.ErrReference for an unusable parent and
// fault.ErrValue for a tree that is too deep.
func Create(tx *db.Tx, t *record.Type, rec record.Record) error {
	if err := tx.Require(org.ManageLists); err != nil {
		return err
	}
	if rec.Head().Active != record.Active {
		return fault.ErrValue.On("isActive")
	}
	if err := t.CheckReferences(tx, nil, rec); err != nil {
		return err
	}
	if err := t.CheckTree(tx, nil, rec); err != nil {
		return err
	}
	t.Insert(tx, rec)
	return nil
}

// Update stores the difference between before, as loaded, and after. Errors as Create; ErrSystemAccount besides.
func Update(tx *db.Tx, t *record.Type, before, after record.Record) error {
	if err := tx.Require(org.ManageLists); err != nil {
		return err
	}
	if a, ok := after.(*Account); ok && a.Role != "" && a.Active != record.Active {
		return ErrSystemAccount.On("isActive")
	}
	if err := t.CheckReferences(tx, before, after); err != nil {
		return err
	}
	if err := t.CheckTree(tx, before, after); err != nil {
		return err
	}
	t.Save(tx, before, after)
	return nil
}

// standard is the chart every organisation starts with (domain 9.1). Names and numbers are the organisation's to
// change, the role is not.
var standard = []Account{
	{Role: ledger.Undeposited, AccountNumber: "1020", Name: "Undeposited funds", AccountType: TypeCurrentAsset},
	{Role: ledger.MoneyOut, AccountNumber: "1050", Name: "Money Out Clearing", AccountType: TypeCurrentAsset},
	{Role: ledger.MoneyIn, AccountNumber: "1060", Name: "Money In Clearing", AccountType: TypeCurrentAsset},
	{Role: ledger.ReturnsSuspense, AccountNumber: "1070", Name: "Returned items suspense", AccountType: TypeCurrentAsset},
	{Role: ledger.AR, AccountNumber: "1100", Name: "Accounts receivable", AccountType: TypeReceivable},
	{Role: ledger.AP, AccountNumber: "2000", Name: "Accounts payable", AccountType: TypePayable},
	{Role: ledger.SalesTax, AccountNumber: "2200", Name: "Sales tax payable", AccountType: TypeCurrentLiab},
	{Role: ledger.Unclaimed, AccountNumber: "2220", Name: "Unclaimed property payable", AccountType: TypeCurrentLiab},
	{Role: ledger.Equity, AccountNumber: "3000", Name: "Opening equity", AccountType: TypeEquity},
	{Role: ledger.Income, AccountNumber: "4000", Name: "Income", AccountType: TypeIncome},
	{Role: ledger.DiscountsTaken, AccountNumber: "4900", Name: "Discounts taken", AccountType: TypeIncome},
	{Role: ledger.Uncoded, AccountNumber: "6000", Name: "Uncoded expense", AccountType: TypeExpense},
	{Role: ledger.Fees, AccountNumber: "6900", Name: "Bank fees", AccountType: TypeExpense},
}

// SetUp gives a new organisation its standard chart.
func SetUp(tx *db.Tx) {
	for i := range standard {
		a := standard[i]
		a.Active, a.AllowExport = record.Active, true
		Accounts.Insert(tx, &a)
	}
}

// NewBankAccount adds the ledger account of a funding account.
func NewBankAccount(tx *db.Tx, name, number string) *Account {
	a := &Account{Name: name, AccountNumber: number, AccountType: TypeBank, Role: ledger.Bank}
	a.Active, a.AllowExport = record.Active, true
	Accounts.Insert(tx, a)
	return a
}
