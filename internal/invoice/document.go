package invoice

import (
	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Document is what an invoice and a credit memo have in common. Amounts are minor units of Currency.
type Document struct {
	CustomerID         ids.ID
	GLPostingDate      civil.Date
	Description        string
	Currency           string
	Amount             int64 // lines and sales tax
	ItemSalesTaxID     ids.ID
	SalesTaxPercentage money.Decimal
	SalesTaxTotal      int64
	DepartmentID       ids.ID // what lines are coded to that name none themselves
	LocationID         ids.ID
	ClassID            ids.ID
	JobID              ids.ID
	PayToBankAccountID ids.ID
	PayToAccountID     ids.ID
	Duplicate          bool // another document of its kind has this number (AR-1)
	Channel            string
	CreatedBy          ids.ID
	PostingVersion     int64  // version of its last entry in the ledger
	Extras             string // members of generation 2 without behaviour
}

// documentFacts describes the fields of the document inside T.
func documentFacts[T any](of func(*T) *Document) []record.Fact {
	return []record.Fact{
		record.Reference("customerId", func() *record.Type { return customer.Customers.Type }, func(r *T) *ids.ID { return &of(r).CustomerID }),
		record.Day("glPostingDate", func(r *T) *civil.Date { return &of(r).GLPostingDate }),
		record.String("description", 4000, func(r *T) *string { return &of(r).Description }),
		record.String("currency", 3, func(r *T) *string { return &of(r).Currency }),
		record.Amount("amount", func(r *T) *int64 { return &of(r).Amount }),
		record.Reference("itemSalesTaxId", items, func(r *T) *ids.ID { return &of(r).ItemSalesTaxID }),
		record.Decimal("salesTaxPercentage", func(r *T) *money.Decimal { return &of(r).SalesTaxPercentage }),
		record.Amount("salesTaxTotal", func(r *T) *int64 { return &of(r).SalesTaxTotal }),
		record.Reference("departmentId", departments, func(r *T) *ids.ID { return &of(r).DepartmentID }),
		record.Reference("locationId", locations, func(r *T) *ids.ID { return &of(r).LocationID }),
		record.Reference("classId", classes, func(r *T) *ids.ID { return &of(r).ClassID }),
		record.Reference("jobId", jobs, func(r *T) *ids.ID { return &of(r).JobID }),
		record.Reference("payToBankAccountId", banks, func(r *T) *ids.ID { return &of(r).PayToBankAccountID }),
		record.Reference("payToAccountId", accounts, func(r *T) *ids.ID { return &of(r).PayToAccountID }),
		record.Flag("duplicate", func(r *T) *bool { return &of(r).Duplicate }),
		record.String("channel", 20, func(r *T) *string { return &of(r).Channel }),
		record.Reference("createdBy", func() *record.Type { return org.Members.Type }, func(r *T) *ids.ID { return &of(r).CreatedBy }),
		record.Number("postingVersion", func(r *T) *int64 { return &of(r).PostingVersion }),
		record.String("extras", 0, func(r *T) *string { return &of(r).Extras }),
	}
}

func banks() *record.Type       { return bank.Accounts.Type }
func accounts() *record.Type    { return dimension.Accounts.Type }
func departments() *record.Type { return dimension.Departments.Type }
func locations() *record.Type   { return dimension.Locations.Type }
func jobs() *record.Type        { return dimension.Jobs.Type }
func classes() *record.Type     { return dimension.Classes.Type }
func items() *record.Type       { return dimension.Items.Type }

// What a line says of its sales tax. Create and Update turn Unsaid into one of the others.
const (
	Unsaid  = 0 // as its item is
	Taxable = 1
	Untaxed = 2
)

// Item is the content of a line. A new line has a price or a percentage, its own or its item's (AR-2).
type Item struct {
	Position         int64
	ItemID           ids.ID
	Quantity         money.Decimal // 1 if not set
	Price            money.Decimal
	RatePercent      money.Decimal // of the other lines; negative for a discount
	Amount           int64         // computed
	ServiceDate      civil.Date
	ChartOfAccountID ids.ID
	DepartmentID     ids.ID
	LocationID       ids.ID
	ClassID          ids.ID
	JobID            ids.ID
	Description      string
	Taxable          int64 // Unsaid, Taxable, Untaxed
}

// itemFacts describes the fields of the line content inside T.
func itemFacts[T any](of func(*T) *Item) []record.Fact {
	return []record.Fact{
		record.Number("position", func(r *T) *int64 { return &of(r).Position }),
		record.Reference("itemId", items, func(r *T) *ids.ID { return &of(r).ItemID }),
		record.Decimal("quantity", func(r *T) *money.Decimal { return &of(r).Quantity }),
		record.Decimal("price", func(r *T) *money.Decimal { return &of(r).Price }),
		record.Decimal("ratePercent", func(r *T) *money.Decimal { return &of(r).RatePercent }),
		record.Amount("amount", func(r *T) *int64 { return &of(r).Amount }),
		record.Day("serviceDate", func(r *T) *civil.Date { return &of(r).ServiceDate }),
		record.Reference("chartOfAccountId", accounts, func(r *T) *ids.ID { return &of(r).ChartOfAccountID }),
		record.Reference("departmentId", departments, func(r *T) *ids.ID { return &of(r).DepartmentID }),
		record.Reference("locationId", locations, func(r *T) *ids.ID { return &of(r).LocationID }),
		record.Reference("classId", classes, func(r *T) *ids.ID { return &of(r).ClassID }),
		record.Reference("jobId", jobs, func(r *T) *ids.ID { return &of(r).JobID }),
		record.String("description", 4000, func(r *T) *string { return &of(r).Description }),
		record.Choice("taxable", map[int64]string{Unsaid: "UNSAID", Taxable: "TAXABLE", Untaxed: "NOT_TAXABLE"}, func(r *T) *int64 { return &of(r).Taxable }),
	}
}
