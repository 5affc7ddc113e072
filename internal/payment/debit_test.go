package payment_test

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// debtor makes a customer that may be charged, with an invoice of 100.00.
func (o *office) debtor(name, number string, change func(*customer.BankAccount)) (c ids.ID, account *customer.BankAccount, inv ids.ID) {
	o.t.Helper()
	who := customer.Customers.New().(*customer.Customer)
	who.Name = name
	account = customer.BankAccounts.New().(*customer.BankAccount)
	account.NameOnAccount, account.Routing = name, "990000026"
	if change != nil {
		change(account)
	}
	if err := customer.SealBankAccount(o.vault, o.who.Org, account, number); err != nil {
		o.t.Fatal(err)
	}
	l := invoice.Lines.New().(*invoice.Line)
	l.Price = money.MustDecimal("100")
	i := invoice.Invoices.New().(*invoice.Invoice)
	i.InvoiceNumber, i.InvoiceDate, i.DueDate, i.Lines = name, civil.MustDate("2026-11-01"), civil.MustDate("2026-11-30"), []*invoice.Line{l}
	o.write(func(tx *db.Tx) error {
		if err := customer.Create(tx, who); err != nil {
			return err
		}
		account.CustomerID, i.CustomerID = who.ID, who.ID
		if err := customer.AddBankAccount(tx, account); err != nil {
			return err
		}
		if _, err := customer.SetAuthorization(tx, who.ID, true); err != nil {
			return err
		}
		return invoice.Create(tx, i)
	})
	return who.ID, account, i.ID
}

// charge schedules a debit of 40.00 for the invoice.
func (o *office) charge(c ids.ID, account *customer.BankAccount, inv ids.ID) ids.ID {
	o.t.Helper()
	r := receipt.Receipts.New().(*receipt.Receipt)
	r.CustomerID, r.PaymentAccountID = c, account.ID
	p := receipt.InvoicePays.New().(*receipt.InvoicePay)
	p.InvoiceID, p.Amount = inv, 40_00
	r.Pays = []*receipt.InvoicePay{p}
	o.write(func(tx *db.Tx) error { return receipt.Charge(tx, r) })
	return r.ID
}

// wantReceipt checks a receipt's state and its invoice's amount due, and that everything adds up.
func (o *office) wantReceipt(when string, id ids.ID, state string, due int64) *receipt.Receipt {
	o.t.Helper()
	var r *receipt.Receipt
	o.read(func(tx *db.Tx) (err error) {
		if r, err = receipt.Receipts.Load(tx, id); err != nil {
			return err
		}
		i, err := invoice.Invoices.Load(tx, r.Pays[0].InvoiceID)
		if err == nil && (r.State != state || i.Due() != due) {
			o.t.Errorf("%s: receipt %s, due %d; want %s, %d", when, r.State, i.Due(), state, due)
		}
		return err
	})
	o.verified()
	return r
}

func (o *office) wantRole(when, role string, want int64) {
	o.t.Helper()
	o.read(func(tx *db.Tx) error {
		got, err := ledger.RoleBalance(tx, role)
		if err == nil && got != want {
			o.t.Errorf("%s: %s is %d, want %d", when, role, got, want)
		}
		return err
	})
}

// A charge goes to the bank and comes back as money, or as a returned debit (AR-12 to AR-14).
func TestCharges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		business := o.charge(o.debtor("Hartwell Hotel", "5551234", nil))
		person := func(a *customer.BankAccount) { a.Person = true }
		closed, closedAccount, closedInvoice := o.debtor("Ana Ortiz", "5550002", person)
		returned := o.charge(closed, closedAccount, closedInvoice)
		paper := o.charge(o.debtor("Bo Lind", "5551235", func(a *customer.BankAccount) { a.Person, a.WrittenAuth, a.Savings = true, true, true }))
		revokedBy, account, inv := o.debtor("Cy Rao", "5551236", person)
		revoked := o.charge(revokedBy, account, inv)
		o.write(func(tx *db.Tx) error { _, err := customer.SetAuthorization(tx, revokedBy, false); return err })

		o.until(civil.MustDate("2026-11-24").At(0, 59, civil.Pacific))
		o.wantReceipt("before its date", business, receipt.Scheduled, 100_00)
		o.until(civil.MustDate("2026-11-24").At(1, 0, civil.Pacific))
		r := o.wantReceipt("AR-13: in the file", business, receipt.InFile, 100_00)
		if r.SettleDate.String() != "2026-11-25" || r.Status != receipt.StatusScheduled || len(r.Trace) != 15 {
			t.Errorf("AR-13: %+v", r)
		}
		if r := o.wantReceipt("AR-12: no longer authorised", revoked, receipt.Returned, 100_00); r.ReasonText == "" {
			t.Error("no reason")
		}
		if out := o.names("out"); len(out) != 1 {
			t.Fatalf("files %q", out)
		}
		file := o.content("out", o.names("out")[0])
		for _, want := range []string{"\n5225NORTHWIND LLC", "CCDINVOICE", "PPDINVOICE", "WEBINVOICE", "\n627990000026", "\n637990000026", "S 1",
			`705RMR*IV*Hartwell Hotel**40.00\`} {
			if !strings.Contains(file, want) {
				t.Errorf("the file lacks %q:\n%s", want, file)
			}
		}
		o.until(civil.MustDate("2026-11-25").At(8, 29, civil.NewYork))
		o.wantReceipt("under way", business, receipt.InFile, 100_00)
		o.until(civil.MustDate("2026-11-25").At(8, 30, civil.NewYork))
		if r := o.wantReceipt("AR-13: settled", business, receipt.Settled, 60_00); r.Status != receipt.StatusPaid {
			t.Errorf("AR-13: status %d", r.Status)
		}
		o.wantReceipt("AR-13: settled", paper, receipt.Settled, 60_00)
		o.wantRole("31", ledger.MoneyIn, 120_00)
		o.until(civil.MustDate("2026-11-27").At(6, 0, civil.NewYork))
		o.wantRole("33", ledger.MoneyIn, 0)
		o.wantRole("33", ledger.Bank, 5_000_000+120_00)
		o.read(func(tx *db.Tx) error {
			m, err := all(tx)
			if err == nil {
				err = payment.FillMovements(tx, m)
			}
			if err == nil && (len(m) != 1 || len(m[0].Receipts) != 3 || len(m[0].Payments) != 0) {
				t.Errorf("3.17: movements %+v", m)
			}
			return err
		})
		var movement int64
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*) FROM money_movements WHERE org_id = $1 AND type = 2 AND amount = 12000 AND status = 1`, string(tx.Org())).Scan(&movement)
		})
		if movement != 1 {
			t.Errorf("api-v2 3.17: %d confirmed movements of receivables", movement)
		}
		o.until(civil.MustDate("2026-11-30").At(8, 0, civil.NewYork))
		back := o.wantReceipt("AR-14", returned, receipt.Returned, 100_00)
		if back.Status != receipt.StatusVoid || back.ReasonCode != "R02" {
			t.Errorf("AR-14: %+v", back)
		}
		o.wantRole("34", ledger.MoneyIn, -40_00)
		o.read(func(tx *db.Tx) error {
			a, err := customer.BankAccounts.Load(tx, closedAccount.ID)
			if err == nil && a.Status != vendor.AccountInvalid {
				t.Errorf("AR-14: the closed account has status %d", a.Status)
			}
			return err
		})
		o.until(civil.MustDate("2026-12-01").At(6, 0, civil.NewYork))
		o.wantRole("34: the bank takes it", ledger.MoneyIn, 0)
		o.wantRole("34: the bank takes it", ledger.Bank, 5_000_000+80_00)
		o.wantReceipt("at last", business, receipt.Settled, 60_00)
		before := o.names("out")
		if err := o.engine.Step(context.Background(), o.who.Org, s.Clock.Now().Add(48*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := o.names("out"); len(got) != len(before) {
			t.Errorf("XO-1: another file: %q", got)
		}
	})
}

// GL-5: the statement on which the bank takes a returned debit back comes before the one that brought its money.
func TestGL_5_TakenBackFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.charge(o.debtor("Closed", "5550002", nil))
		late := civil.MustDate("2026-11-27").At(6, 0, civil.NewYork)
		o.until(late.Add(-time.Second))
		if _, err := o.sim.Run(late); err != nil {
			t.Fatal(err)
		}
		names := o.names("in")
		name := slices.MaxFunc(names, func(a, b string) int { // the last statement
			return cmp.Or(cmp.Compare(filepath.Ext(a), filepath.Ext(b)), cmp.Compare(a, b))
		})
		content := o.content("in", name)
		in := filepath.Join(o.dir, string(o.who.Org), "in")
		put(t, in, name, content[:40]) // garbled on the way
		o.until(civil.MustDate("2026-12-01").At(6, 0, civil.NewYork))
		o.wantRole("taken back", ledger.MoneyIn, 40_00)
		o.verified()
		put(t, in, "again.bai", content)
		if err := o.engine.TakeIn(context.Background(), o.who.Org, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		o.write(func(tx *db.Tx) error {
			parked, err := payment.ParkedStatements(tx)
			for _, p := range parked {
				err = errors.Join(err, payment.AcceptStatement(tx, p.ID))
			}
			return err
		})
		o.wantRole("brought", ledger.MoneyIn, 0)
		o.verified()
	})
}

func TestChargeRejected(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		id := o.charge(o.debtor("Hartwell Hotel", "5550500", nil))
		o.until(civil.MustDate("2026-11-24").At(2, 0, civil.Pacific))
		if r := o.wantReceipt("AR-14: the bank rejects the file", id, receipt.Returned, 100_00); !strings.Contains(r.ReasonText, "rejected") {
			t.Errorf("%+v", r)
		}
		o.until(civil.MustDate("2026-12-04").At(12, 0, civil.NewYork))
		o.wantRole("nothing moved", ledger.MoneyIn, 0)
		o.wantRole("nothing moved", ledger.Bank, 5_000_000)
		o.wantReceipt("later", id, receipt.Returned, 100_00)
	})
}

// all reads the bank movements of the organisation.
func all(tx *db.Tx) (out []*payment.Movement, err error) {
	err = payment.Movements.List(tx, record.Query{}, func(m *payment.Movement) error {
		out = append(out, m)
		return nil
	})
	return out, err
}
