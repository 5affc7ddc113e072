package view

import "github.com/duebook/duebook/internal/civil"

// BillsPage is the list of bills.
type BillsPage struct {
	Page
	Query    BillQuery
	Currency string // the organisation's: amounts in it stand without its name
	Rows     []BillRow
	Next     string // cursor of the last row when more follow, else ""
	Previous string // cursor of the first row when some come before, else ""
	CanEnter bool
	CanPay   bool
	Exists   bool // whether the organisation has any bill at all; tells an empty book from an empty search
}

// BillRow is one bill in the list, amounts in the minor unit of Currency.
type BillRow struct {
	ID, Vendor, Number string
	Date, Due          civil.Date
	DaysLate           int // past its due date with something to pay; 0 or less is not shown
	Currency           string
	Amount, Open       int64 // the bill's total and what is still to pay
	Approval, Payment  int   // the numbers of domain spec 4.3
}

// sort says how the list is ordered by a column, in the words of aria-sort; "" if it is not.
func (v BillsPage) sort(column string) string {
	switch {
	case v.Query.Sort != column:
		return ""
	case v.Query.Desc:
		return "descending"
	}
	return "ascending"
}

func (v BillsPage) previousURL() string {
	if v.Previous == "" {
		return ""
	}
	return v.Query.page("", v.Previous)
}

func (v BillsPage) nextURL() string {
	if v.Next == "" {
		return ""
	}
	return v.Query.page(v.Next, "")
}
