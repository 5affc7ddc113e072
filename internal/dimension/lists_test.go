package dimension_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
)

func TestItems(t *testing.T) {
	t.Parallel()
	dec := money.MustDecimal
	tests := []struct {
		name   string
		set    func(*dimension.Item)
		want   error
		fields []string
	}{
		{"a service", func(i *dimension.Item) { i.Price = dec("-9999999") }, nil, nil},
		{"neither price nor percentage", func(*dimension.Item) {}, nil, nil},
		{"6.3: type 0", func(i *dimension.Item) { i.Type = 0 }, fault.ErrValue, []string{"type"}},
		{"no name", func(i *dimension.Item) { i.Name = "  " }, fault.ErrMissing, []string{"name"}},
		{"5.2: a sales tax without a percentage", func(i *dimension.Item) { i.Type = 6; i.Price = dec("1") }, fault.ErrMissing, []string{"percentage"}},
		{"5.2: the percentage of a sales tax wins", func(i *dimension.Item) { i.Type = 6; i.Price, i.Percentage = dec("1"), dec("8.25") }, nil, nil},
		{"5.2: a price and a percentage", func(i *dimension.Item) { i.Price, i.Percentage = dec("1"), dec("5") }, fault.ErrValue, []string{"price", "percentage"}},
		{"6.3: a price of mills", func(i *dimension.Item) { i.Price, i.PurCost = dec("1.001"), dec("0.005") }, fault.ErrValue, []string{"price", "purCost"}},
		{"6.3: a price too high", func(i *dimension.Item) { i.Price = dec("9999999.01") }, fault.ErrTooLong, []string{"price"}},
		{"more than the whole", func(i *dimension.Item) { i.Percentage = dec("-100.1") }, fault.ErrTooLong, []string{"percentage"}},
		{"2.5: a sixth decimal", func(i *dimension.Item) { i.Percentage = dec("0.000001") }, fault.ErrValue, []string{"percentage"}},
		{"an unknown account", func(i *dimension.Item) {
			i.ChartOfAccountID, i.ExpenseAccountID = ids.New(ids.Account), ids.New(ids.Vendor)
		},
			fault.ErrReference, []string{"chartOfAccountId", "expenseAccountId"}},
	}
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for _, c := range tests {
			i := dimension.Items.New().(*dimension.Item)
			i.Name, i.Type = c.name, 1
			c.set(i)
			err := s.Write(ctx, who, func(tx *db.Tx) error { return dimension.Create(tx, dimension.Items.Type, i) })
			if f := fault.From(err); !errors.Is(err, c.want) || f != nil && !slices.Equal(f.Fields, c.fields) {
				t.Errorf("%s: %v, want %v %v", c.name, err, c.want, c.fields)
			}
			if err != nil {
				continue
			}
			var got *dimension.Item
			if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { got, err = dimension.Items.Load(tx, i.ID); return err }); err != nil {
				t.Fatal(err)
			}
			if got.Price != i.Price || got.Percentage != i.Percentage || i.Type == 6 && got.Price.IsSet() {
				t.Errorf("%s: stored %+v", c.name, got)
			}
		}
		account := dimension.Accounts.New().(*dimension.Account)
		account.Name = "Purchases"
		i := dimension.Items.New().(*dimension.Item)
		i.Name, i.Type = "Bolts", 2
		err := s.Write(ctx, who, func(tx *db.Tx) error {
			dimension.Accounts.Insert(tx, account)
			return dimension.Create(tx, dimension.Items.Type, i)
		})
		if err != nil || i.HasPurInfo {
			t.Fatalf("%v, hasPurInfo %v", err, i.HasPurInfo)
		}
		after := *i
		after.ExpenseAccountID = account.ID
		if err := s.Write(ctx, who, func(tx *db.Tx) error { return dimension.Update(tx, dimension.Items.Type, i, &after) }); err != nil || !after.HasPurInfo {
			t.Errorf("6.3: an expense account: %v, hasPurInfo %v", err, after.HasPurInfo)
		}
	})
}

func TestNameTaken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for _, ty := range []*record.Type{dimension.Accounts.Type, dimension.Departments.Type, dimension.Jobs.Type, dimension.Locations.Type,
			dimension.Classes.Type, dimension.Employees.Type, dimension.Items.Type, dimension.Terms.Type} {
			named := func(name string, parent ids.ID) record.Record {
				r := ty.New()
				*ty.Must("name").At(r).(*string) = name
				if ty.Parent != nil {
					*ty.Parent.At(r).(*ids.ID) = parent
				}
				if i, ok := r.(*dimension.Item); ok {
					i.Type = 1
				}
				return r
			}
			first, off := named("One", ids.Null), named("Off", "")
			err := s.Write(ctx, who, func(tx *db.Tx) error {
				if err := dimension.Create(tx, ty, first); err != nil {
					return err
				}
				if err := dimension.Create(tx, ty, off); err != nil {
					return err
				}
				after := ty.Copy(off)
				after.Head().Active = record.Inactive
				return dimension.Update(tx, ty, off, after)
			})
			if err != nil {
				t.Fatalf("%s: %v", ty.Name, err)
			}
			for _, c := range []struct {
				name string
				rec  record.Record
				want bool
			}{
				{"its own", first, false}, {"another's", named("One", ""), true}, {"in other letters", named("one", ""), false},
				{"below another parent", named("One", first.Head().ID), ty.Parent == nil}, {"of an inactive one", named("Off", ""), false},
			} {
				err := s.Write(ctx, who, func(tx *db.Tx) error {
					got, err := dimension.NameTaken(tx, ty, c.rec)
					if got != c.want {
						t.Errorf("%s: a name %s: taken %v", ty.Name, c.name, got)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestTerms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, days int64
		invoice    string
		want       string
	}{
		{0, 0, "2026-11-23", "2026-11-23"}, {0, 30, "2026-11-23", "2026-12-23"}, {0, 15, "2026-12-31", "2027-01-15"},
		{1, 10, "2026-11-25", "2026-12-10"}, {1, 10, "2026-11-26", "2027-01-10"}, {1, 31, "2027-01-05", "2027-02-28"},
		{1, 31, "2027-01-31", "2027-03-31"}, {1, 10, "2026-12-20", "2027-01-10"},
	} {
		term := dimension.Term{Type: c.kind, DueDays: c.days}
		if got := dimension.DueDate(&term, civil.MustDate(c.invoice)); got.String() != c.want {
			t.Errorf("appendix B: type %d, %d days, invoiced %s: due %s, want %s", c.kind, c.days, c.invoice, got, c.want)
		}
	}
	if got := dimension.DueDate(&dimension.Term{Type: 1, DueDays: 10}, civil.Date{}); !got.IsZero() {
		t.Errorf("no invoice date: due %s", got)
	}
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		err := s.Write(ctx, who, func(tx *db.Tx) error {
			dimension.SetUp(tx)
			n := 0
			if err := dimension.Terms.List(tx, record.Query{}, func(*dimension.Term) error { n++; return nil }); err != nil || n != 5 {
				t.Errorf("appendix B: %d standard terms, %v", n, err)
			}
			for _, c := range []struct {
				name  string
				set   func(*dimension.Term)
				field string
			}{
				{"days before the invoice", func(t *dimension.Term) { t.DueDays = -1 }, "dueDays"},
				{"no day of the month", func(t *dimension.Term) { t.Type, t.DueDays = 1, 32 }, "dueDays"},
				{"more than the whole", func(t *dimension.Term) { t.DiscountPercent = money.MustDecimal("100.01") }, "discountPercent"},
			} {
				term := dimension.Terms.New().(*dimension.Term)
				term.Name = c.name
				c.set(term)
				err := dimension.Create(tx, dimension.Terms.Type, term)
				if f := fault.From(err); !errors.Is(err, fault.ErrValue) || f.Fields[0] != c.field {
					t.Errorf("%s: %v", c.name, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestEnsure(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for range 2 { // missing, there
			err := s.Write(ctx, who, func(tx *db.Tx) error {
				if err := dimension.Ensure(tx, ledger.FeeIncome); err != nil {
					return err
				}
				_, err := ledger.Account(tx, ledger.FeeIncome)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Write(ctx, who, func(tx *db.Tx) error { return dimension.Ensure(tx, "NOBODY") }); err == nil {
			t.Error("an unknown role got an account")
		}
	})
}
