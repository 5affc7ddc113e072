package dimension

import (
	"strconv"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
)

// Class is a free dimension of accounting.
type Class struct {
	record.Base
	Name        string
	ShortName   string
	Description string
	ParentID    ids.ID
}

// Classes describes classes.
var Classes = record.Describe[Class]("actgClass", ids.Class, "classes",
	record.String("name", 100, func(c *Class) *string { return &c.Name }),
	record.String("shortName", 40, func(c *Class) *string { return &c.ShortName }),
	record.String("description", 4000, func(c *Class) *string { return &c.Description }),
	record.Parent("parentId", maxDepartmentDepth, func(c *Class) *ids.ID { return &c.ParentID }),
)

// Employee is a person that costs are put down to.
type Employee struct {
	record.Base
	Name                string
	ShortName           string
	FirstName, LastName string
	AccountNumber       string
	Email, Phone        string
	Description         string
}

// Employees describes employees.
var Employees = record.Describe[Employee]("employee", ids.Employee, "employees",
	record.String("name", 100, func(e *Employee) *string { return &e.Name }),
	record.String("shortName", 40, func(e *Employee) *string { return &e.ShortName }),
	record.String("firstName", 100, func(e *Employee) *string { return &e.FirstName }),
	record.String("lastName", 100, func(e *Employee) *string { return &e.LastName }),
	record.String("accountNumber", 100, func(e *Employee) *string { return &e.AccountNumber }),
	record.String("email", 254, func(e *Employee) *string { return &e.Email }),
	record.String("phone", 40, func(e *Employee) *string { return &e.Phone }),
	record.String("description", 4000, func(e *Employee) *string { return &e.Description }),
)

// The types of payment terms.
const (
	StandardTerm   = 0
	DateDrivenTerm = 1
)

// Term says when what is billed is due, and what is saved by paying early.
type Term struct {
	record.Base
	Name                 string // generation 2's description
	Type                 int64
	DueDays              int64 // days after the invoice date; of a date-driven term the day of the month
	DiscountDays         int64
	DiscountPercent      money.Decimal
	AllowDefaultVendor   bool
	AllowDefaultCustomer bool
}

// Terms describes payment terms.
var Terms = record.Describe[Term]("paymentTerm", ids.PaymentTerm, "payment_terms",
	record.String("name", 100, func(t *Term) *string { return &t.Name }),
	record.Choice("type", map[int64]string{StandardTerm: "STANDARD", DateDrivenTerm: "DATE_DRIVEN"}, func(t *Term) *int64 { return &t.Type }),
	record.Number("dueDays", func(t *Term) *int64 { return &t.DueDays }),
	record.Number("discountDays", func(t *Term) *int64 { return &t.DiscountDays }),
	record.Decimal("discountPercent", func(t *Term) *money.Decimal { return &t.DiscountPercent }),
	record.Flag("allowDefaultVendor", func(t *Term) *bool { return &t.AllowDefaultVendor }),
	record.Flag("allowDefaultCustomer", func(t *Term) *bool { return &t.AllowDefaultCustomer }),
)

// maxTermDays is the longest time a term gives.
const maxTermDays = 3650

func (t *Term) check() error {
	var bad []string
	if t.DueDays < 0 || t.DueDays > maxTermDays || t.Type == DateDrivenTerm && (t.DueDays < 1 || t.DueDays > 31) {
		bad = append(bad, "dueDays")
	}
	if t.DiscountDays < 0 || t.DiscountDays > maxTermDays {
		bad = append(bad, "discountDays")
	}
	if t.DiscountPercent.Sign() < 0 || t.DiscountPercent.Cmp(money.MustDecimal("100")) > 0 {
		bad = append(bad, "discountPercent")
	}
	if bad != nil {
		return fault.ErrValue.On(bad...)
	}
	return nil
}

// lastDayForNextMonth is the last day of a month on which an invoice under a date-driven term is due in the next
// month; a later one is due a month later.
const lastDayForNextMonth = 25

// DueDate is the day on which an invoice of that date is due under t: DueDays later, or for a date-driven term on
// that day of the next month (of the one after for invoices late in their month), the last day of a shorter one
// (domain appendix B). No date stays no date.
func DueDate(t *Term, invoice civil.Date) civil.Date {
	if invoice.IsZero() || t.Type != DateDrivenTerm {
		return invoice.AddDays(int(t.DueDays))
	}
	months := 1
	if invoice.Day() > lastDayForNextMonth {
		months = 2
	}
	first := civil.Of(time.Date(invoice.Year(), invoice.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC), time.UTC)
	due := first.AddDays(int(t.DueDays) - 1)
	for due.Month() != first.Month() {
		due = due.AddDays(-1)
	}
	return due
}

// ItemTypes are the numbers of an item's type and their names in generation 3.
var ItemTypes = map[int64]string{
	0: "UNDEFINED", 1: "SERVICE", 2: "INVENTORY", 3: "NON_INVENTORY", 4: "PAYMENT", 5: "DISCOUNT", TypeSalesTax: "SALES_TAX",
	7: "SUBTOTAL", 8: "OTHER_CHARGE", 9: "INVENTORY_ASSEMBLY", 10: "GROUP", 11: "SALES_TAX_GROUP", 12: "FIXED_ASSET",
}

// TypeSalesTax is the type of an item that stands for a rate of sales tax.
const TypeSalesTax = 6

// Item is a product or service with its price, or a percentage of other lines: a discount, a sales tax.
type Item struct {
	record.Base
	Name             string
	ShortName        string
	Type             int64
	Description      string
	Price            money.Decimal // whole cents; not set where the item has none
	Percentage       money.Decimal // 5 is 5 %; not set where the item has none
	ChartOfAccountID ids.ID        // income
	ParentID         ids.ID
	HasPurInfo       bool   // the item has an expense account
	ExpenseAccountID ids.ID // of purchases
	PurDescription   string
	PurCost          money.Decimal // whole cents
	Taxable          bool
}

// Items describes items.
var Items = record.Describe[Item]("item", ids.Item, "items",
	record.String("name", 100, func(i *Item) *string { return &i.Name }),
	record.String("shortName", 40, func(i *Item) *string { return &i.ShortName }),
	record.Choice("type", ItemTypes, func(i *Item) *int64 { return &i.Type }),
	record.String("description", 4000, func(i *Item) *string { return &i.Description }),
	record.Decimal("price", func(i *Item) *money.Decimal { return &i.Price }),
	record.Decimal("percentage", func(i *Item) *money.Decimal { return &i.Percentage }),
	record.Reference("chartOfAccountId", func() *record.Type { return Accounts.Type }, func(i *Item) *ids.ID { return &i.ChartOfAccountID }),
	record.Parent("parentId", maxDepartmentDepth, func(i *Item) *ids.ID { return &i.ParentID }),
	record.Flag("hasPurInfo", func(i *Item) *bool { return &i.HasPurInfo }),
	record.Reference("expenseAccountId", func() *record.Type { return Accounts.Type }, func(i *Item) *ids.ID { return &i.ExpenseAccountID }),
	record.String("purDescription", 4000, func(i *Item) *string { return &i.PurDescription }),
	record.Decimal("purCost", func(i *Item) *money.Decimal { return &i.PurCost }),
	record.Flag("taxable", func(i *Item) *bool { return &i.Taxable }),
)

// check holds an item to api-v1 5.2 and 6.3: a type, a price or a percentage and not both, and of a sales tax the
// percentage alone.
func (i *Item) check() error {
	i.HasPurInfo = !i.ExpenseAccountID.IsNull()
	if i.Type == TypeSalesTax {
		if !i.Percentage.IsSet() {
			return fault.ErrMissing.On("percentage")
		}
		i.Price = money.Decimal{}
	}
	var large, bad []string
	if i.Type == 0 {
		bad = append(bad, "type")
	}
	for _, f := range []struct {
		name     string
		value    money.Decimal
		decimals int
		limit    int64
	}{{"price", i.Price, 2, maxPrice}, {"percentage", i.Percentage, 5, 100}, {"purCost", i.PurCost, 2, maxPrice}} {
		if !f.value.IsSet() {
			continue
		}
		limit := money.MustDecimal(strconv.FormatInt(f.limit, 10))
		minus := money.MustDecimal(strconv.FormatInt(-f.limit, 10))
		if f.value.Cmp(limit) > 0 || f.value.Cmp(minus) < 0 {
			large = append(large, f.name)
		} else if _, err := money.ParseMinor(f.value.String(), f.decimals); err != nil {
			bad = append(bad, f.name)
		}
	}
	if large != nil {
		return fault.ErrTooLong.On(large...)
	}
	if bad == nil && i.Price.IsSet() && i.Percentage.IsSet() {
		bad = []string{"price", "percentage"}
	}
	if bad != nil {
		return fault.ErrValue.On(bad...)
	}
	return nil
}

// maxPrice is the largest price of an item, above and below zero (api-v1 6.3).
const maxPrice = 9_999_999
