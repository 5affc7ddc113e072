package view

import "github.com/duebook/duebook/internal/civil"

// VendorsPage is the list of vendors.
type VendorsPage struct {
	Page
	Query          VendorQuery
	Currency       string
	Rows           []VendorRow
	Next, Previous string // cursors as in BillsPage
	Exists         bool
	CanAdd         bool
}

// VendorRow is one vendor in the list.
type VendorRow struct {
	ID, Name     string
	Place, Email string
	Method       string // "ACH ···· 1234", "Check"
	Open         int64  // still to pay in the organisation's currency
}

// VendorPage is everything about one vendor.
type VendorPage struct {
	Page
	ID, Name             string
	Inactive             bool
	Payee                string // name on cheques, if it differs
	Address              string // in its usual lines
	Email, Phone         string
	AccountNumber        string // ours with the vendor
	Description          string
	TaxTail              string // the end of the tax number, "" if there is none
	Method               string
	Bank                 *VendorBank // nil without an account
	CanManageBank        bool
	CanEdit, CanEnter    bool // the vendor; bills of it
	Bills                []BillRow
	Credits              []CreditRow
	AllBills             string // URL
	Currency             string
	History              []Change // newest first; nil for who may not see it
	CreatedWhen, Warning string
	Correction           *VendorCorrection // of the account, that waits for a decision; nil for none
	Changes              []VendorChange    // of payment data, that wait for a decision
	Held                 string            // why the vendor is not paid, "" if it is
	CanLift              bool
}

// CreditRow is one credit of a vendor, in minor units of Currency.
type CreditRow struct {
	ID, Number   string
	Date         civil.Date
	Currency     string
	Amount, Open int64
	Approval     int
	Uses         []CreditUse
}

// CreditUse is what of a credit is set off against a bill, or set aside for it.
type CreditUse struct {
	BillID, Number string
	Minor          int64
}

// VendorCorrection is bank data that the vendor's bank has told of.
type VendorCorrection struct {
	Code, Routing, Last4 string
	CanDecide            bool
}

// VendorChange is a change of payment data that waits for a second person.
type VendorChange struct {
	ID, Who, When string
	Bank          bool // of the bank account, not of name or address
	CanDecide     bool
}

// VendorBank is the account a vendor is paid to, its numbers masked.
type VendorBank struct {
	Holder, Kind, Routing, Last4 string
	State                        Badge
	UsableFrom, Test             string
	Wired, CTX                   bool
	Tell                         bool // the vendor's answer about two small credits is waited for
}

func remittance(ctx bool) string {
	if ctx {
		return "Full (CTX)"
	}
	return "One line"
}

// VendorBankPage is the form for a vendor's bank account. The account number is never shown again, not even with
// errors.
type VendorBankPage struct {
	Page
	ID, Name                string
	Routing, Holder         string
	AccountType, HolderType string // "1" or "2", see package vendor
	Sandbox                 bool
	Abroad                  bool // outside the US: the account is wired to
	Country, BIC            string
	ClearingCode, Purpose   string
	Countries               []Option // that wires can go to
	Purposes                []Option
	Errors                  FieldErrors
}

func (v VendorsPage) previousURL() string {
	if v.Previous == "" {
		return ""
	}
	return VendorQuery{Search: v.Query.Search, Before: v.Previous}.URL()
}

func (v VendorsPage) nextURL() string {
	if v.Next == "" {
		return ""
	}
	return VendorQuery{Search: v.Query.Search, After: v.Next}.URL()
}

func bicHint(sandbox bool) string {
	if sandbox {
		return "8 or 11 characters. In a sandbox the eighth is 0, for example NWBKGB20."
	}
	return "8 or 11 characters."
}
