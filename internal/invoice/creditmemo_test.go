package invoice_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
)

func newMemo(c ids.ID, number string, lines ...*invoice.Line) *invoice.CreditMemo {
	m := invoice.CreditMemos.New().(*invoice.CreditMemo)
	m.CustomerID, m.RefNumber, m.CreditDate = c, number, civil.MustDate("2026-11-21")
	for _, l := range lines {
		x := invoice.MemoLines.New().(*invoice.MemoLine)
		x.Item = l.Item
		m.Lines = append(m.Lines, x)
	}
	return m
}

func loadMemo(t testing.TB, s *dbtest.Store, who db.Caller, id ids.ID) (m *invoice.CreditMemo) {
	t.Helper()
	if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { m, err = invoice.CreditMemos.Load(tx, id); return err }); err != nil {
		t.Fatal(err)
	}
	return m
}

// AR-11, 4.3, 9.2 event 28: a memo from its entry to its void, and what it leaves on invoices and customer.
func TestCreditMemos(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, c := newOrg(t, s)
		other := newCustomer(t, s, who, "Other").ID
		one := create(t, s, who, newInvoice(c, "1", line("1", "60", 0))).ID
		two := create(t, s, who, newInvoice(c, "2", line("1", "50", 0))).ID
		theirs := create(t, s, who, newInvoice(other, "3", line("1", "50", 0))).ID
		// A percentage counts the lines above it: 40, 10 % of 40, 60 taxed, 10 % of 104.
		m := newMemo(c, "CM-1", line("1", "40", 0), line("", "10%", 0), line("1", "60", invoice.Taxable), line("", "-10%", 0))
		m.SalesTaxPercentage = money.MustDecimal("5")
		if err := s.Write(ctx, who, func(tx *db.Tx) error { return invoice.CreateMemo(tx, m) }); err != nil {
			t.Fatal(err)
		}
		if got := loadMemo(t, s, who, m.ID); got.Amount != 9660 || got.SalesTaxTotal != 300 || got.CreditStatus != invoice.NotApplied || got.GLPostingDate != got.CreditDate {
			t.Errorf("3.11: %+v", got.Document)
		}
		apply := func(parts ...invoice.Application) func(*db.Tx) error {
			return func(tx *db.Tx) error { _, err := invoice.ApplyMemo(tx, m.ID, parts); return err }
		}
		for _, x := range []struct {
			name                                  string
			do                                    func(*db.Tx) error
			want                                  error
			left, status, due1, due2, owed, ready int64
		}{
			{"nothing", apply(), fault.ErrMissing, 9660, 1, 6000, 5000, 11000, 9660},
			{"more than is due", apply(invoice.Application{InvoiceID: one, Amount: 6001}), invoice.ErrOverpaid, 9660, 1, 6000, 5000, 11000, 9660},
			{"nothing of it", apply(invoice.Application{InvoiceID: one}), invoice.ErrOverpaid, 9660, 1, 6000, 5000, 11000, 9660},
			{"another's invoice", apply(invoice.Application{InvoiceID: theirs, Amount: 1}), fault.ErrReference, 9660, 1, 6000, 5000, 11000, 9660},
			{"unknown invoice", apply(invoice.Application{InvoiceID: ids.New(ids.Invoice), Amount: 1}), invoice.ErrNoInvoice, 9660, 1, 6000, 5000, 11000, 9660},
			{"one after a good one", apply(invoice.Application{InvoiceID: one, Amount: 1}, invoice.Application{InvoiceID: two, Amount: 9660}), invoice.ErrOverpaid, 9660, 1, 6000, 5000, 11000, 9660},
			{"to two", apply(invoice.Application{InvoiceID: one, Amount: 6000}, invoice.Application{InvoiceID: two, Amount: 1000}), nil, 2660, 2, 0, 4000, 4000, 2660},
			{"deleted when applied", func(tx *db.Tx) error { return invoice.DeleteMemo(tx, m.ID) }, invoice.ErrMoneyOn, 2660, 2, 0, 4000, 4000, 2660},
			{"an invoice with a credit voided", func(tx *db.Tx) error { return invoice.Delete(tx, one) }, invoice.ErrMoneyOn, 2660, 2, 0, 4000, 4000, 2660},
			{"more than is left", apply(invoice.Application{InvoiceID: two, Amount: 2661}), invoice.ErrOverpaid, 2660, 2, 0, 4000, 4000, 2660},
			{"the rest", apply(invoice.Application{InvoiceID: two, Amount: 2660}), nil, 0, 0, 0, 1340, 1340, 0},
		} {
			if err := s.Write(ctx, who, x.do); !errors.Is(err, x.want) {
				t.Errorf("%s: %v, want %v", x.name, err, x.want)
			}
			var owner *customer.Customer
			if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { owner, err = customer.Customers.Load(tx, c); return err }); err != nil {
				t.Fatal(err)
			}
			memo := loadMemo(t, s, who, m.ID)
			got := []int64{memo.Left(), memo.CreditStatus, load(t, s, who, one).Due(), load(t, s, who, two).Due(), owner.Balance, owner.Credit}
			if want := []int64{x.left, x.status, x.due1, x.due2, x.owed, x.ready}; !slices.Equal(got, want) {
				t.Errorf("%s: left, status, due, due, owed, ready %v, want %v", x.name, got, want)
			}
			if ar := balance(t, s, who, ledger.AR); ar != 11000+5000-9660 {
				t.Errorf("%s: AR %d", x.name, ar)
			}
		}
		var rows, sum int64
		if err := s.Read(ctx, who, func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*), CAST(sum(amount) AS BIGINT) FROM invoice_credits WHERE org_id = $1 AND credit_memo_id = $2`, string(who.Org), string(m.ID)).Scan(&rows, &sum)
		}); err != nil || rows != 3 || sum != 9660 {
			t.Errorf("%d applications of %d, %v", rows, sum, err)
		}

		free := newMemo(c, "CM-1", line("1", "5", 0))
		for name, do := range map[string]func(*db.Tx) error{"made": func(tx *db.Tx) error { return invoice.CreateMemo(tx, free) }} {
			if err := s.Write(ctx, who, do); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if !loadMemo(t, s, who, free.ID).Duplicate {
			t.Error("the same number is not flagged")
		}
		for _, do := range []func(*db.Tx, ids.ID) error{invoice.DeleteMemo, invoice.DeleteMemo, invoice.RestoreMemo, invoice.DeleteMemo} {
			if err := s.Write(ctx, who, func(tx *db.Tx) error { return do(tx, free.ID) }); err != nil {
				t.Fatal(err)
			}
		}
		if ar := balance(t, s, who, ledger.AR); ar != 11000+5000-9660 {
			t.Errorf("3.3: AR %d after the deletion", ar)
		}
		if err := s.Write(ctx, who, func(tx *db.Tx) error {
			_, err := invoice.ApplyMemo(tx, free.ID, []invoice.Application{{InvoiceID: two, Amount: 1}})
			return err
		}); !errors.Is(err, fault.ErrReference) {
			t.Errorf("a deleted memo applied: %v", err)
		}
	})
}

// E12 for receivables: two memos at the same instant for one invoice; the one that comes second finds too little due.
func TestTwoMemosAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, c := newOrg(t, s)
		id := create(t, s, who, newInvoice(c, "1", line("1", "50", 0))).ID
		done := make(chan error, 2)
		for _, number := range []string{"A", "B"} {
			m := newMemo(c, number, line("1", "50", 0))
			if err := s.Write(ctx, who, func(tx *db.Tx) error { return invoice.CreateMemo(tx, m) }); err != nil {
				t.Fatal(err)
			}
			go func() {
				done <- s.Write(ctx, who, func(tx *db.Tx) error {
					_, err := invoice.ApplyMemo(tx, m.ID, []invoice.Application{{InvoiceID: id, Amount: 5000}})
					return err
				})
			}()
		}
		a, b := <-done, <-done
		if (a == nil) == (b == nil) || !errors.Is(errors.Join(a, b), invoice.ErrOverpaid) {
			t.Errorf("%v, %v", a, b)
		}
		if got := load(t, s, who, id); got.CreditAmount != 5000 || got.PaymentStatus != invoice.PaidInFull {
			t.Errorf("credited %d, status %d", got.CreditAmount, got.PaymentStatus)
		}
	})
}
