package invoice_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
)

// newList stores a record of one of the lists.
func newList(t testing.TB, s *dbtest.Store, who db.Caller, typ *record.Type, rec record.Record) ids.ID {
	t.Helper()
	h := rec.Head()
	h.Active, h.AllowExport = record.Active, true
	if err := s.Write(ctx, who, func(tx *db.Tx) error { return dimension.Create(tx, typ, rec) }); err != nil {
		t.Fatal(err)
	}
	return h.ID
}

func named(item ids.ID) *invoice.Line {
	l := invoice.Lines.New().(*invoice.Line)
	l.ItemID = item
	return l
}

// What a line leaves out is its item's, when it is entered (api-v2 3.9); later changes of the item change nothing.
func TestItems(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, c := newOrg(t, s)
		item := func(i dimension.Item) ids.ID { return newList(t, s, who, dimension.Items.Type, &i) }
		sales := newList(t, s, who, dimension.Accounts.Type, &dimension.Account{Name: "Sales", AccountType: dimension.TypeIncome})
		work := item(dimension.Item{Name: "Work", Type: 1, Description: "by the hour", Price: money.MustDecimal("50"), Taxable: true, ChartOfAccountID: sales})
		rebate := item(dimension.Item{Name: "Rebate", Type: 5, Percentage: money.MustDecimal("10")})
		bare := item(dimension.Item{Name: "Bare", Type: 1})
		tax := item(dimension.Item{Name: "NV", Type: dimension.TypeSalesTax, Percentage: money.MustDecimal("6")})
		utah := item(dimension.Item{Name: "UT", Type: dimension.TypeSalesTax, Percentage: money.MustDecimal("5")})

		i := newInvoice(c, "1", named(work), named(rebate))
		i.Lines[0].Quantity, i.ItemSalesTaxID = money.MustDecimal("2"), tax
		got := create(t, s, who, i)
		if got.Amount != 9600 || got.SalesTaxTotal != 600 || got.Lines[0].Description != "by the hour" || got.Lines[0].Taxable != invoice.Taxable ||
			got.Lines[1].RatePercent.String() != "-10" || got.SalesTaxPercentage.String() != "6" || !got.Lines[0].ChartOfAccountID.IsNull() {
			t.Errorf("V2-120: %+v, %+v, %+v", got.Document, got.Lines[0], got.Lines[1])
		}
		var onSales int64
		if err := s.Read(ctx, who, func(tx *db.Tx) error {
			return tx.Row(`SELECT CAST(sum(amount) AS BIGINT) FROM postings WHERE org_id = $1 AND account_id = $2`, string(who.Org), string(sales)).Scan(&onSales)
		}); err != nil || onSales != -10000 || balance(t, s, who, ledger.Income) != 1000 {
			t.Errorf("the item's account: %d, %v", onSales, err)
		}
		for _, x := range []struct {
			name    string
			f       func(*invoice.Invoice)
			percent string
			amount  int64
		}{
			{"another tax", func(i *invoice.Invoice) { i.ItemSalesTaxID = utah }, "5", 9500},
			{"a cleared text", func(i *invoice.Invoice) { i.Lines[0].Description = "" }, "5", 9500},
			{"its own percentage", func(i *invoice.Invoice) { i.SalesTaxPercentage, i.ItemSalesTaxID = money.MustDecimal("4"), tax }, "4", 9400},
			{"no tax any more", func(i *invoice.Invoice) { i.ItemSalesTaxID = "" }, "", 9000},
		} {
			if err := update(s, who, i.ID, x.f); err != nil {
				t.Fatal(err)
			}
			got := load(t, s, who, i.ID)
			if got.Amount != x.amount || got.SalesTaxPercentage.String() != x.percent || (got.Lines[0].Description == "") != (x.name != "another tax") {
				t.Errorf("%s: %+v", x.name, got.Document)
			}
		}

		for _, x := range []struct {
			name  string
			make  func() *invoice.Invoice
			want  error
			field string
		}{
			{"an item without a price", func() *invoice.Invoice { return newInvoice(c, "2", named(bare)) }, fault.ErrMissing, "price"},
			{"5.5: a sales tax that is none", func() *invoice.Invoice {
				i := newInvoice(c, "2", named(work))
				i.ItemSalesTaxID = work
				return i
			}, fault.ErrReference, "itemSalesTaxId"},
			{"an unknown item", func() *invoice.Invoice { return newInvoice(c, "2", named(ids.New(ids.Item))) }, fault.ErrReference, "itemId"},
			{"money to two places", func() *invoice.Invoice {
				i := newInvoice(c, "2", named(work))
				i.PayToBankAccountID, i.PayToAccountID = ids.New(ids.BankAccount), sales
				return i
			}, fault.ErrReference, "payToBankAccountId"},
		} {
			err := s.Write(ctx, who, func(tx *db.Tx) error { return invoice.Create(tx, x.make()) })
			if !errors.Is(err, x.want) || !slices.Equal(fault.From(err).Fields, []string{x.field}) {
				t.Errorf("%s: %v", x.name, err)
			}
		}
	})
}

// AR-4, AR-5: what the customer brings along.
func TestCustomersTermsAndTax(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, plain := newOrg(t, s)
		terms := newList(t, s, who, dimension.Terms.Type, &dimension.Term{Name: "Net 30", DueDays: 30})
		c := customer.Customers.New().(*customer.Customer)
		c.Name, c.PaymentTermID, c.TaxExempt = "School", terms, true
		if err := s.Write(ctx, who, func(tx *db.Tx) error { return customer.Create(tx, c) }); err != nil {
			t.Fatal(err)
		}
		i := newInvoice(c.ID, "1", line("1", "100", invoice.Taxable))
		i.DueDate, i.SalesTaxPercentage = civil.Date{}, money.MustDecimal("6")
		if got := create(t, s, who, i); got.DueDate.String() != "2026-12-20" || got.Amount != 10000 || got.SalesTaxTotal != 0 {
			t.Errorf("net 30, exempt: due %s, %+v", got.DueDate, got.Document)
		}
		i = newInvoice(plain, "2", line("1", "100", invoice.Taxable))
		i.DueDate = civil.Date{}
		if err := s.Write(ctx, who, func(tx *db.Tx) error { return invoice.Create(tx, i) }); !errors.Is(err, fault.ErrMissing) || !slices.Equal(fault.From(err).Fields, []string{"dueDate"}) {
			t.Errorf("no terms: %v", err)
		}
	})
}
