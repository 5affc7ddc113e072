package approval

import (
	"fmt"
	"slices"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
)

// Facts are what of a document approval depends on. Amounts are minor units of Currency.
type Facts struct {
	ID       ids.ID
	Vendor   ids.ID
	Amount   int64
	Currency string
	Number   string
	Posted   civil.Date
	Channel  string
	Coding   Coding // of the document as a whole
	Lines    []Coding
}

// Coding is what a line is booked to.
type Coding struct {
	Amount int64
	Item   ids.ID
	dims   [dimensions]ids.ID
}

// What of a coding a policy's conditions can name.
const (
	byDepartment = iota
	byClass
	byLocation
	byJob
	byAccount
	dimensions
)

// dimensionFields are the fields of bills, credits and their lines by dimension.
var dimensionFields = [dimensions]string{byDepartment: "departmentId", byClass: "actgClassId", byLocation: "locationId",
	byJob: "jobId", byAccount: "chartOfAccountId"}

// Facts reads what counts of a document.
func (k Kind) Facts(rec record.Record) Facts {
	t := k.Documents
	f := Facts{ID: rec.Head().ID, Vendor: *t.Must("vendorId").At(rec).(*ids.ID), Amount: *t.Must("amount").At(rec).(*int64),
		Currency: *t.Must("currency").At(rec).(*string), Number: *t.Must(k.Number).At(rec).(*string),
		Posted: *t.Must("glPostingDate").At(rec).(*civil.Date), Channel: *t.Must("channel").At(rec).(*string), Coding: coding(t, rec)}
	for _, l := range t.Lines.All(rec) {
		c := coding(t.Lines.Type, l)
		c.Amount = *t.Lines.Must("amount").At(l).(*int64)
		c.Item = *t.Lines.Must("itemId").At(l).(*ids.ID)
		f.Lines = append(f.Lines, c)
	}
	return f
}

func coding(t *record.Type, rec record.Record) (c Coding) {
	for d, name := range dimensionFields {
		if f := t.Field(name); f != nil {
			c.dims[d] = *f.At(rec).(*ids.ID)
		}
	}
	return c
}

// Print is a fingerprint of all that table 4.4.1 lists: a link in a mail, or a page with a button, holds for what was shown
// only.
func (f *Facts) Print() string {
	return secret.HashToken(fmt.Sprintf("%q", []any{f.ID, f.Vendor, f.Amount, f.Currency, f.Number, f.Posted.String(), f.Lines}))
}

// change is what an edit means to those who have approved (table 4.4.1).
type change struct {
	field string           // the first field that takes back every approval, "" for none
	dims  [dimensions]bool // that differ: they take back the steps of policies that look at them
}

// compare applies table 4.4.1. A total lowered by no more than 1.00 and one percent takes nothing back, as long as no line
// is raised; a posting date counts by its month.
func compare(a, b *Facts) (c change) {
	less := a.Amount - b.Amount
	amounts := less <= 0 || less > 100 || less*100 > a.Amount // any that differs counts
	switch {
	case a.Vendor != b.Vendor:
		c.field = "vendorId"
	case a.Currency != b.Currency:
		c.field = "currency"
	case a.Number != b.Number:
		c.field = "number"
	case a.Posted.Year() != b.Posted.Year() || a.Posted.Month() != b.Posted.Month():
		c.field = "glPostingDate"
	case a.Amount != b.Amount && amounts:
		c.field = "amount"
	case len(a.Lines) != len(b.Lines):
		c.field = "lines"
	}
	for i := range min(len(a.Lines), len(b.Lines)) {
		x, y := &a.Lines[i], &b.Lines[i]
		switch {
		case c.field != "":
		case x.dims[byAccount] != y.dims[byAccount]:
			c.field = "chartOfAccountId"
		case x.Item != y.Item:
			c.field = "itemId"
		case x.Amount != y.Amount && (amounts || y.Amount > x.Amount):
			c.field = "amount"
		}
		c.differ(x, y)
	}
	c.differ(&a.Coding, &b.Coding)
	return c
}

func (c *change) differ(x, y *Coding) {
	for d := range dimensions {
		c.dims[d] = c.dims[d] || x.dims[d] != y.dims[d]
	}
}

// Resets reports whether a change from before to after takes back every approval (table 4.4.1).
func (k Kind) Resets(before, after record.Record) bool {
	a, b := k.Facts(before), k.Facts(after)
	return compare(&a, &b).field != ""
}

// Conditions say to which documents a policy applies, besides its threshold: all that are given have to hold. One about
// lines holds if any line, or the document's own coding, meets it. Rules APR-2, APR-4.
type Conditions struct {
	Most        int64    `json:"most,omitempty"` // minor units; documents of at most that amount, 0: any
	Vendors     []ids.ID `json:"vendors,omitempty"`
	Departments []ids.ID `json:"departments,omitempty"`
	Classes     []ids.ID `json:"classes,omitempty"`
	Locations   []ids.ID `json:"locations,omitempty"`
	Jobs        []ids.ID `json:"jobs,omitempty"`
	Accounts    []ids.ID `json:"accounts,omitempty"`
	Currencies  []string `json:"currencies,omitempty"`
	Channels    []string `json:"channels,omitempty"`
	BankDays    int64    `json:"bankDays,omitempty"` // the vendor's bank account was entered or changed in so many days, 0: whenever
}

// lists are the conditions about lines, by dimension.
func (c *Conditions) lists() [dimensions][]ids.ID {
	return [dimensions][]ids.ID{byDepartment: c.Departments, byClass: c.Classes, byLocation: c.Locations, byJob: c.Jobs, byAccount: c.Accounts}
}

// uses reports whether a condition looks at one of the dimensions.
func (c *Conditions) uses(dims [dimensions]bool) bool {
	for d, list := range c.lists() {
		if dims[d] && len(list) > 0 {
			return true
		}
	}
	return false
}

// hold reports whether the conditions hold for a document.
func (c *Conditions) hold(tx *db.Tx, f *Facts) (bool, error) {
	if c.Most > 0 && f.Amount > c.Most || len(c.Vendors) > 0 && !slices.Contains(c.Vendors, f.Vendor) ||
		len(c.Currencies) > 0 && !slices.Contains(c.Currencies, f.Currency) ||
		len(c.Channels) > 0 && !slices.Contains(c.Channels, f.Channel) {
		return false, nil
	}
	for d, list := range c.lists() {
		if len(list) == 0 {
			continue
		}
		meets := func(x Coding) bool { return slices.Contains(list, x.dims[d]) }
		if !meets(f.Coding) && !slices.ContainsFunc(f.Lines, meets) {
			return false, nil
		}
	}
	if c.BankDays > 0 {
		return bankChanged(tx, f.Vendor, int(c.BankDays), "")
	}
	return true, nil
}
