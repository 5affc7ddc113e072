package invoice_test

import (
	"context"
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
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

var ctx = context.Background()

// newOrg makes an organisation with one customer.
func newOrg(t testing.TB, s *dbtest.Store) (db.Caller, ids.ID) {
	t.Helper()
	id, user, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: string(ids.New(ids.User)) + "@acme.example",
		PasswordHash: "x", SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	who := db.Caller{Org: id, User: user, Perms: org.All, Channel: "test"}
	return who, newCustomer(t, s, who, "Hartwell Hotel").ID
}

func newCustomer(t testing.TB, s *dbtest.Store, who db.Caller, name string) *customer.Customer {
	t.Helper()
	c := customer.Customers.New().(*customer.Customer)
	c.Name = name
	if err := s.Write(ctx, who, func(tx *db.Tx) error { return customer.Create(tx, c) }); err != nil {
		t.Fatal(err)
	}
	return c
}

// line makes a line of quantity times price; with "%" at its end, price is a percentage.
func line(quantity, price string, taxable int64) *invoice.Line {
	l := invoice.Lines.New().(*invoice.Line)
	l.Taxable = taxable
	if n := len(price) - 1; price[n] == '%' {
		l.RatePercent = money.MustDecimal(price[:n])
		return l
	}
	l.Price = money.MustDecimal(price)
	if quantity != "" {
		l.Quantity = money.MustDecimal(quantity)
	}
	return l
}

func newInvoice(c ids.ID, number string, lines ...*invoice.Line) *invoice.Invoice {
	i := invoice.Invoices.New().(*invoice.Invoice)
	i.CustomerID, i.InvoiceNumber, i.Lines = c, number, lines
	i.InvoiceDate, i.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
	return i
}

func create(t testing.TB, s *dbtest.Store, who db.Caller, i *invoice.Invoice) *invoice.Invoice {
	t.Helper()
	if err := s.Write(ctx, who, func(tx *db.Tx) error { return invoice.Create(tx, i) }); err != nil {
		t.Fatal(err)
	}
	return load(t, s, who, i.ID)
}

func load(t testing.TB, s *dbtest.Store, who db.Caller, id ids.ID) (i *invoice.Invoice) {
	t.Helper()
	if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { i, err = invoice.Invoices.Load(tx, id); return err }); err != nil {
		t.Fatal(err)
	}
	return i
}

func update(s *dbtest.Store, who db.Caller, id ids.ID, f func(*invoice.Invoice)) error {
	return s.Write(ctx, who, func(tx *db.Tx) error {
		before, err := invoice.Invoices.LoadForUpdate(tx, id)
		if err != nil {
			return err
		}
		after := invoice.Invoices.Copy(before).(*invoice.Invoice)
		f(after)
		return invoice.Update(tx, before, after)
	})
}

func balance(t testing.TB, s *dbtest.Store, who db.Caller, role string) (n int64) {
	t.Helper()
	if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { n, err = ledger.RoleBalance(tx, role); return err }); err != nil {
		t.Fatal(err)
	}
	return n
}

// The maths of an invoice: AR-2, AR-3, api-v2 3.9.
func TestTotals(t *testing.T) {
	t.Parallel()
	const yes, no = invoice.Taxable, invoice.Untaxed
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, c := newOrg(t, s)
		for _, x := range []struct {
			name        string
			lines       []*invoice.Line
			percent     string
			amount, tax int64
			want        error
			fields      []string
		}{
			{"V1-072: price 10 by quantity 3", []*invoice.Line{line("3", "10", no)}, "", 3000, 0, nil, nil},
			{"no quantity is one", []*invoice.Line{line("", "10", no)}, "", 1000, 0, nil, nil},
			{"V1-072: 20 % off 100", []*invoice.Line{line("1", "100", no), line("", "-20%", no)}, "", 8000, 0, nil, nil},
			{"V2-118: 50, 2 by 25, 20 % off", []*invoice.Line{line("1", "50", no), line("2", "25", no), line("", "-20%", no)}, "", 8000, 0, nil, nil},
			{"percentages do not count each other", []*invoice.Line{line("", "-10%", no), line("1", "100", no), line("", "-10%", no)}, "", 8000, 0, nil, nil},
			{"V2-120: the tax is rounded once, on the sum", []*invoice.Line{line("1", "0.09", yes), line("1", "0.09", yes), line("1", "5", no)}, "6", 519, 1, nil, nil},
			{"half a cent goes up", []*invoice.Line{line("1", "0.25", yes)}, "6", 27, 2, nil, nil},
			{"a taxable discount lowers the tax", []*invoice.Line{line("1", "100", yes), line("", "-50%", yes)}, "8.25", 5413, 413, nil, nil},
			{"scenario B: 8.25 %", []*invoice.Line{line("1", "3588.58", yes), line("1", "1955", yes), line("1", "8250", no), line("1", "112.47", no)}, "8.25", 1436340, 45735, nil, nil},
			{"nothing at all", []*invoice.Line{line("1", "0", yes)}, "6", 0, 0, nil, nil},
			{"a price of six decimals", []*invoice.Line{line("1000", "0.012345", no)}, "", 1235, 0, nil, nil},
			{"V2-119: price and percentage", []*invoice.Line{func() *invoice.Line {
				l := line("1", "5", no)
				l.RatePercent = money.MustDecimal("5")
				return l
			}()}, "", 0, 0, fault.ErrValue, []string{"price"}},
			{"neither", []*invoice.Line{invoice.Lines.New().(*invoice.Line)}, "", 0, 0, fault.ErrMissing, []string{"price"}},
			{"V1-072: no lines", nil, "", 0, 0, fault.ErrMissing, []string{"lines"}},
			{"below zero", []*invoice.Line{line("1", "-0.01", no)}, "", 0, 0, invoice.ErrNegative, []string{"amount"}},
			{"too large", []*invoice.Line{line("1000000", "1000", no)}, "", 0, 0, fault.ErrTooLong, []string{"amount"}},
			{"far too large", []*invoice.Line{line("9000000000000", "9000000000000", no)}, "", 0, 0, fault.ErrTooLong, []string{"amount"}},
		} {
			i := newInvoice(c, x.name, x.lines...)
			if x.percent != "" {
				i.SalesTaxPercentage = money.MustDecimal(x.percent)
			}
			before := balance(t, s, who, ledger.AR)
			err := s.Write(ctx, who, func(tx *db.Tx) error { return invoice.Create(tx, i) })
			if !errors.Is(err, x.want) || x.want != nil && !slices.Equal(fault.From(err).Fields, x.fields) {
				t.Errorf("%s: %v, want %v on %v", x.name, err, x.want, x.fields)
			}
			moved := balance(t, s, who, ledger.AR) - before
			if err != nil {
				if moved != 0 {
					t.Errorf("%s: refused, yet AR moved by %d", x.name, moved)
				}
				continue
			}
			if got := load(t, s, who, i.ID); got.Amount != x.amount || got.SalesTaxTotal != x.tax || moved != x.amount {
				t.Errorf("%s: amount %d, tax %d, AR %d", x.name, got.Amount, got.SalesTaxTotal, moved)
			}
		}
	})
}

// AR-18, 9.2 events 25 and 27: an edit posts anew, a void takes back, a restore posts again.
func TestUpdateAndVoid(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, c := newOrg(t, s)
		other := newCustomer(t, s, who, "Other").ID
		id := create(t, s, who, newInvoice(c, "1", line("1", "100", invoice.Taxable))).ID
		owed := func(id ids.ID) (n int64) {
			if err := s.Read(ctx, who, func(tx *db.Tx) error {
				c, err := customer.Customers.Load(tx, id)
				n = c.Balance
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		apply := func(n int64) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				i, err := invoice.ForPayment(tx, id)
				if err == nil && n > 0 {
					err = invoice.Apply(tx, i, n)
				} else if err == nil {
					err = invoice.Unapply(tx, i, -n)
				}
				return err
			}
		}
		edit := func(f func(*invoice.Invoice)) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				before, err := invoice.Invoices.LoadForUpdate(tx, id)
				if err != nil {
					return err
				}
				after := invoice.Invoices.Copy(before).(*invoice.Invoice)
				f(after)
				return invoice.Update(tx, before, after)
			}
		}
		for _, x := range []struct {
			name                                 string
			do                                   func(*db.Tx) error
			want                                 error
			ar, income, tax, owed, others, state int64
		}{
			{"as created", func(*db.Tx) error { return nil }, nil, 10000, -10000, 0, 10000, 0, invoice.Open},
			{"a tax", edit(func(i *invoice.Invoice) { i.SalesTaxPercentage = money.MustDecimal("6") }), nil, 10600, -10000, -600, 10600, 0, invoice.Open},
			{"a text posts nothing", edit(func(i *invoice.Invoice) { i.Description = "thanks" }), nil, 10600, -10000, -600, 10600, 0, invoice.Open},
			{"another customer", edit(func(i *invoice.Invoice) { i.CustomerID = other }), nil, 10600, -10000, -600, 0, 10600, invoice.Open},
			{"back", edit(func(i *invoice.Invoice) { i.CustomerID = c }), nil, 10600, -10000, -600, 10600, 0, invoice.Open},
			{"a part received", apply(600), nil, 10600, -10000, -600, 10000, 0, invoice.PartiallyPaid},
			{"more than is due", apply(10001), invoice.ErrOverpaid, 10600, -10000, -600, 10000, 0, invoice.PartiallyPaid},
			{"void with money on it", func(tx *db.Tx) error { return invoice.Delete(tx, id) }, invoice.ErrMoneyOn, 10600, -10000, -600, 10000, 0, invoice.PartiallyPaid},
			{"below what is received", edit(func(i *invoice.Invoice) { i.Lines[0].Price = money.MustDecimal("5") }), invoice.ErrMoneyOn, 10600, -10000, -600, 10000, 0, invoice.PartiallyPaid},
			{"down to what is received", edit(func(i *invoice.Invoice) {
				i.Lines[0].Price, i.SalesTaxPercentage = money.MustDecimal("6"), money.Decimal{}
			}), nil, 600, -600, 0, 0, 0, invoice.PaidInFull},
			{"another customer, with money on it", edit(func(i *invoice.Invoice) { i.CustomerID = other }), invoice.ErrMoneyOn, 600, -600, 0, 0, 0, invoice.PaidInFull},
			{"the receipt voided", apply(-600), nil, 600, -600, 0, 600, 0, invoice.Open},
			{"voided", func(tx *db.Tx) error { return invoice.Delete(tx, id) }, nil, 0, 0, 0, 0, 0, invoice.Open},
			{"voided again", func(tx *db.Tx) error { return invoice.Delete(tx, id) }, nil, 0, 0, 0, 0, 0, invoice.Open},
			{"received when void", apply(1), invoice.ErrNoInvoice, 0, 0, 0, 0, 0, invoice.Open},
			{"edited when void", edit(func(i *invoice.Invoice) { i.Lines[0].Price = money.MustDecimal("7") }), nil, 0, 0, 0, 0, 0, invoice.Open},
			{"restored", func(tx *db.Tx) error { return invoice.Restore(tx, id) }, nil, 700, -700, 0, 700, 0, invoice.Open},
		} {
			if err := s.Write(ctx, who, x.do); !errors.Is(err, x.want) {
				t.Errorf("%s: %v, want %v", x.name, err, x.want)
			}
			// What the receipts room would post is not there: what is applied stays on the control account.
			got := []int64{balance(t, s, who, ledger.AR), balance(t, s, who, ledger.Income), balance(t, s, who, ledger.SalesTax), owed(c), owed(other), load(t, s, who, id).PaymentStatus}
			if want := []int64{x.ar, x.income, x.tax, x.owed, x.others, x.state}; !slices.Equal(got, want) {
				t.Errorf("%s: AR, income, tax, owed, others, state %v, want %v", x.name, got, want)
			}
		}
	})
}

// AR-1: a number that is there, on an inactive invoice too, is flagged.
func TestNumbers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, c := newOrg(t, s)
		first := create(t, s, who, newInvoice(c, "INV-1", line("1", "1", 0)))
		if err := s.Write(ctx, who, func(tx *db.Tx) error { return invoice.Delete(tx, first.ID) }); err != nil {
			t.Fatal(err)
		}
		if i := create(t, s, who, newInvoice(c, "INV-1", line("1", "1", 0))); first.Duplicate || !i.Duplicate {
			t.Errorf("repeat: %v, %v", first.Duplicate, i.Duplicate)
		}
		if i := create(t, s, who, newInvoice(c, "INV-2", line("1", "1", 0))); i.Duplicate || i.Lines[0].Taxable != invoice.Untaxed || i.GLPostingDate != i.InvoiceDate || i.Currency != "USD" || i.CreatedBy != who.User {
			t.Errorf("as stored: %+v", i)
		}
	})
}

// GL-8: what is dated in a closed month is refused; what was posted there before moves to the first open day.
func TestClosedPeriod(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	who, c := newOrg(t, s)
	id := create(t, s, who, newInvoice(c, "1", line("1", "100", 0))).ID
	if err := s.Write(ctx, who, func(tx *db.Tx) error { ledger.ClosePeriod(tx, "2026-11"); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(ctx, who, func(tx *db.Tx) error { return invoice.Create(tx, newInvoice(c, "2", line("1", "1", 0))) }); !errors.Is(err, fault.ErrValue) || !slices.Equal(fault.From(err).Fields, []string{"glPostingDate"}) {
		t.Errorf("dated in a closed month: %v", err)
	}
	if err := update(s, who, id, func(i *invoice.Invoice) { i.Lines[0].Price = money.MustDecimal("90") }); err != nil {
		t.Errorf("edited after the close: %v", err)
	}
	if err := update(s, who, id, func(i *invoice.Invoice) { i.Active = record.Inactive }); err != nil {
		t.Errorf("voided after the close: %v", err)
	}
	if ar := balance(t, s, who, ledger.AR); ar != 0 {
		t.Errorf("AR %d", ar)
	}
}
