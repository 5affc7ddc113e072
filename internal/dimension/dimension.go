// Package dimension holds what documents are coded to: the chart of accounts, departments, classes, jobs, locations,
// employees, items and payment terms.
//
// Each is a list of named records, most of them a tree. Names may repeat: generation 1 accepts and flags a repeat
// (domain 2.7); the other generations refuse it at their door, with NameTaken.
package dimension

import (
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
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
	ShortName   string // not shown by generation 1
	Description string
	ParentID    ids.ID
	CustomerID  ids.ID // whose work it is
}

// customers is what a reference needs of the records of package customer, which imports this one.
var customers = record.Describe[struct{ record.Base }]("customer", ids.Customer, "customers")

// Jobs describes jobs.
var Jobs = record.Describe[Job]("job", ids.Job, "jobs",
	record.String("name", 100, func(j *Job) *string { return &j.Name }),
	record.String("shortName", 40, func(j *Job) *string { return &j.ShortName }),
	record.String("description", 4000, func(j *Job) *string { return &j.Description }),
	record.Parent("parentId", maxDepartmentDepth, func(j *Job) *ids.ID { return &j.ParentID }),
	record.Reference("customerId", func() *record.Type { return customers.Type }, func(j *Job) *ids.ID { return &j.CustomerID }),
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

// Create stores a new record of one of the lists. It fails with fault.ErrMissing, fault.ErrReference for an unusable
// parent, account or customer, and fault.ErrValue for values the list does not take or a tree that is too deep.
func Create(tx *db.Tx, t *record.Type, rec record.Record) error {
	if err := tx.Require(org.ManageLists); err != nil {
		return err
	}
	if rec.Head().Active != record.Active {
		return fault.ErrValue.On("isActive")
	}
	if err := check(tx, t, nil, rec); err != nil {
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
	if err := check(tx, t, before, after); err != nil {
		return err
	}
	t.Save(tx, before, after)
	return nil
}

func check(tx *db.Tx, t *record.Type, before, rec record.Record) error {
	if strings.TrimSpace(*t.Must("name").At(rec).(*string)) == "" {
		return fault.ErrMissing.On("name")
	}
	var err error
	switch r := rec.(type) {
	case *Department:
		err = r.check(tx, before)
	case *Item:
		err = r.check()
	case *Term:
		err = r.check()
	}
	if err != nil {
		return err
	}
	if err := t.CheckReferences(tx, before, rec); err != nil || t.Parent == nil {
		return err
	}
	return t.CheckTree(tx, before, rec)
}

// check fails with fault.ErrValue for a new or changed code that does not match the organisation's pattern. A department
// may have no code: generation 1 knows none. Rule VRT-3.
func (d *Department) check(tx *db.Tx, before record.Record) error {
	if was, ok := before.(*Department); d.ShortName == "" || ok && was.ShortName == d.ShortName {
		return nil
	}
	prefs, err := org.Prefs(tx)
	if err != nil || prefs.DepartmentPattern == "" {
		return err
	}
	codes, err := regexp.Compile(prefs.DepartmentPattern)
	if err != nil {
		return fmt.Errorf("read the pattern of department codes: %w", err)
	}
	if !codes.MatchString(d.ShortName) {
		return fault.ErrValue.On("shortName").With("a code that matches " + prefs.DepartmentPattern)
	}
	return nil
}

// NameTaken reports whether another active record of the list, below the same parent where the list is a tree, has
// exactly rec's name. Two that ask at once about one name wait for each other, so that the answer holds until the
// commit. Generations 2 and 3 refuse such a record (BDC_9102).
func NameTaken(tx *db.Tx, t *record.Type, rec record.Record) (bool, error) {
	name := *t.Must("name").At(rec).(*string)
	if err := tx.Lock(t.Name + " " + name); err != nil {
		return false, err
	}
	query := "SELECT id FROM " + t.Table + " WHERE org_id = $1 AND name = $2 AND is_active = 1 AND id <> $3"
	args := []any{string(tx.Org()), name, string(rec.Head().ID)}
	if t.Parent != nil {
		parent := *t.Parent.At(rec).(*ids.ID)
		if parent.IsNull() {
			parent = ""
		}
		query += " AND " + t.Parent.Column + " = $4"
		args = append(args, string(parent))
	}
	var id string
	err := tx.Row(query+" LIMIT 1", args...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for a %s of that name: %w", t.Name, err)
	}
	return true, nil
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
	{Role: ledger.FeeIncome, AccountNumber: "4800", Name: "Convenience fee income", AccountType: TypeIncome},
	{Role: ledger.DiscountsTaken, AccountNumber: "4900", Name: "Discounts taken", AccountType: TypeIncome},
	{Role: ledger.Uncoded, AccountNumber: "6000", Name: "Uncoded expense", AccountType: TypeExpense},
	{Role: ledger.Fees, AccountNumber: "6900", Name: "Bank fees", AccountType: TypeExpense},
}

// standardTerms are the terms every organisation starts with (domain appendix B).
var standardTerms = []Term{
	{Name: "Due on receipt"},
	{Name: "Net 15", DueDays: 15},
	{Name: "Net 30", DueDays: 30},
	{Name: "2/10 Net 30", DueDays: 30, DiscountDays: 10, DiscountPercent: money.MustDecimal("2")},
	{Name: "Day 10 of next month", Type: DateDrivenTerm, DueDays: 10},
}

// SetUp gives a new organisation its standard chart and terms.
func SetUp(tx *db.Tx) {
	for i := range standard {
		a := standard[i]
		a.Active, a.AllowExport = record.Active, true
		Accounts.Insert(tx, &a)
	}
	for i := range standardTerms {
		t := standardTerms[i]
		t.Active, t.AllowExport = record.Active, true
		t.AllowDefaultVendor, t.AllowDefaultCustomer = true, true
		Terms.Insert(tx, &t)
	}
}

// Ensure gives an organisation that is older than the standard account with that role this account.
func Ensure(tx *db.Tx, role string) error {
	if _, err := ledger.Account(tx, role); !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err := tx.Lock("account " + role); err != nil {
		return err
	}
	if _, err := ledger.Account(tx, role); !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	for _, a := range standard {
		if a.Role == role {
			a.Active, a.AllowExport = record.Active, true
			Accounts.Insert(tx, &a)
			return nil
		}
	}
	return fmt.Errorf("no standard account has the role %s", role)
}

// NewBankAccount adds the ledger account of a funding account.
func NewBankAccount(tx *db.Tx, name, number string) *Account {
	a := &Account{Name: name, AccountNumber: number, AccountType: TypeBank, Role: ledger.Bank}
	a.Active, a.AllowExport = record.Active, true
	Accounts.Insert(tx, a)
	return a
}

// NeedWithheld makes the organisation's account for backup withholding, unless it is there (posting 10): few need one.
func NeedWithheld(tx *db.Tx) error {
	if err := tx.Lock("withheld account"); err != nil {
		return err
	}
	var n int64
	err := tx.Row(`SELECT count(*) FROM chart_of_accounts WHERE org_id = $1 AND role = $2`, string(tx.Org()), ledger.Withheld).Scan(&n)
	if err != nil || n > 0 {
		return err
	}
	a := &Account{Role: ledger.Withheld, AccountNumber: "2210", Name: "Backup withholding payable", AccountType: TypeCurrentLiab}
	a.Active, a.AllowExport = record.Active, true
	Accounts.Insert(tx, a)
	return nil
}
