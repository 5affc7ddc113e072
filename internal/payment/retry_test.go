package payment_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/sending"
	"github.com/duebook/duebook/internal/vendor"
)

// invoiced makes a customer with an invoice of 100.00 and no bank account.
func (o *office) invoiced(name string) (inv ids.ID) {
	o.t.Helper()
	o.write(func(tx *db.Tx) error {
		c := customer.Customers.New().(*customer.Customer)
		c.Name, c.Email = name, strings.ToLower(strings.ReplaceAll(name, " ", "."))+"@customer.example"
		if err := customer.Create(tx, c); err != nil {
			return err
		}
		l := invoice.Lines.New().(*invoice.Line)
		l.Price = money.MustDecimal("100")
		i := invoice.Invoices.New().(*invoice.Invoice)
		i.CustomerID, i.InvoiceNumber, i.InvoiceDate, i.DueDate = c.ID, name, civil.MustDate("2026-11-01"), civil.MustDate("2026-11-30")
		i.Lines = []*invoice.Line{l}
		if err := invoice.Create(tx, i); err != nil {
			return err
		}
		inv = i.ID
		return nil
	})
	return inv
}

// payOnline pays an invoice at its link from an account that is typed there.
func (o *office) payOnline(inv ids.ID, number string, amount int64, person bool) *receipt.Receipt {
	o.t.Helper()
	a := customer.BankAccounts.New().(*customer.BankAccount)
	a.Routing, a.Person = "990000026", person
	if err := customer.SealBankAccount(o.vault, o.who.Org, a, number); err != nil {
		o.t.Fatal(err)
	}
	var r *receipt.Receipt
	who := o.who
	o.who = sending.Holder(o.who.Org, "192.0.2.7")
	o.write(func(tx *db.Tx) (err error) {
		r, err = sending.Pay(tx, sending.Payment{Invoice: inv, Amount: amount, Name: "Ana Ortiz", Account: a, Form: string(ids.New("frm"))})
		return err
	})
	o.who = who
	return r
}

// mailed are the subjects of the mails to an address, and their texts.
func (o *office) mailed(to string) (all string) {
	o.read(func(tx *db.Tx) error {
		mails, err := outbox.List(tx)
		for _, m := range mails {
			if m.To == to {
				all += m.Subject + "\n" + m.Body + "\n"
			}
		}
		return err
	})
	return all
}

// tries are the receipts that tried a charge again, the oldest first.
func (o *office) tries(first ids.ID) (all []*receipt.Receipt) {
	o.read(func(tx *db.Tx) error {
		t := receipt.Receipts
		return t.List(tx, record.Query{Filters: []record.Filter{{Field: t.Must("retryOf"), Op: record.Eq, Values: []any{string(first)}}},
			Order: []record.Key{{Field: t.Must("attempt")}}}, func(r *receipt.Receipt) error {
			all = append(all, r)
			return nil
		})
	})
	return all
}

// outWith are the contents of the files to the bank that hold a text.
func (o *office) outWith(text string) (all []string) {
	for _, name := range o.names("out") {
		if c := o.content("out", name); strings.Contains(c, text) {
			all = append(all, c)
		}
	}
	return all
}

func TestAR12_AccountOfPayLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		good := o.payOnline(o.invoiced("Ana Ortiz"), "5551234", 60_00, true)
		bad := o.payOnline(o.invoiced("Bo Lind"), "5550200", 40_00, false)
		if good.PaymentDate.String() != "2026-11-30" { // tested with the file of today, which settles on the 24th; the 26th is a holiday
			t.Errorf("AR-12: charged on %s", good.PaymentDate)
		}
		o.write(func(tx *db.Tx) error {
			r := receipt.Receipts.New().(*receipt.Receipt)
			r.CustomerID, r.PaymentAccountID, r.PaymentDate = good.CustomerID, good.PaymentAccountID, civil.MustDate("2026-11-27")
			p := receipt.InvoicePays.New().(*receipt.InvoicePay)
			p.InvoiceID, p.Amount = good.Pays[0].InvoiceID, 1_00
			r.Pays = []*receipt.InvoicePay{p}
			if err := receipt.ChargeOnce(tx, r); err == nil || !strings.Contains(err.Error(), "earlier than possible") {
				t.Errorf("AR-12: charged before the account is validated: %v", err)
			}
			return nil
		})
		o.until(civil.MustDate("2026-11-23").At(23, 0, civil.Pacific))
		tests := o.outWith("5225")
		if len(tests) != 1 || !strings.Contains(tests[0], "WEBINVOICE") || !strings.Contains(tests[0], "CCDINVOICE") ||
			strings.Count(tests[0], "\n6289900000265550200") != 1 || strings.Count(tests[0], "\n6289900000265551234") != 1 {
			t.Fatalf("AR-12, ACH-6: test entries %q", tests)
		}
		o.until(civil.MustDate("2026-11-27").At(7, 59, civil.NewYork))
		o.wantReceipt("before the test comes back", bad.ID, receipt.Scheduled, 100_00)
		o.until(civil.MustDate("2026-11-27").At(8, 0, civil.NewYork))
		if r := o.wantReceipt("AR-12: the test came back", bad.ID, receipt.Returned, 100_00); r.ReasonCode != "R03" {
			t.Errorf("AR-12: %+v", r)
		}
		if got := o.mailed("bo.lind@customer.example"); !strings.Contains(got, "Your payment of 40.00 USD came back") || !strings.Contains(got, "No account") ||
			!strings.Contains(got, "not tried again") {
			t.Errorf("AR-12: the customer is told %q", got)
		}
		o.read(func(tx *db.Tx) error {
			a, err := customer.BankAccounts.Load(tx, bad.PaymentAccountID)
			if err == nil && (a.Status != vendor.AccountInvalid || a.PrenoteState != vendor.PrenoteReturned) {
				t.Errorf("AR-12: the account is %d, %s", a.Status, a.PrenoteState)
			}
			return err
		})
		o.until(civil.MustDate("2026-11-30").At(0, 59, civil.Pacific))
		o.wantReceipt("AR-12: until the account is validated", good.ID, receipt.Scheduled, 100_00)
		o.until(civil.MustDate("2026-12-01").At(8, 30, civil.NewYork))
		o.wantReceipt("AR-12: validated and fetched", good.ID, receipt.Settled, 40_00)
		if second := o.payOnline(good.Pays[0].InvoiceID, "5551234", 40_00, true); second.PaymentAccountID != good.PaymentAccountID ||
			second.PaymentDate.String() != "2026-12-02" {
			t.Errorf("AR-12: a validated account is tested again: %+v", second)
		}
	})
}

func TestACH10_Retries(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		c, account, inv := o.debtor("Hartwell Hotel", "5550001", nil)
		first := o.charge(c, account, inv)
		paidLater := o.charge(o.debtor("Cy Rao", "5550009", nil))
		stopped := o.charge(o.debtor("Di Moss", "5550008", nil))
		revokedBy, revokedAccount, revokedInvoice := o.debtor("Ed Nash", "5550007", nil)
		revoked := o.charge(revokedBy, revokedAccount, revokedInvoice)

		o.until(civil.MustDate("2026-11-30").At(8, 0, civil.NewYork))
		r := o.wantReceipt("AR-14", first, receipt.Returned, 100_00)
		if r.RetryOn.String() != "2026-12-03" || r.ReasonCode != "R01" { // to settle on Friday
			t.Errorf("ACH-10: %+v", r)
		}
		for name, id := range map[string]ids.ID{"R08": stopped, "R07": revoked} {
			if r := o.wantReceipt(name, id, receipt.Returned, 100_00); !r.RetryOn.IsZero() || r.ReasonCode != name {
				t.Errorf("ACH-10: %s is tried again: %+v", name, r)
			}
		}
		o.read(func(tx *db.Tx) error {
			for id, want := range map[ids.ID]bool{c: true, revokedBy: false} {
				who, err := customer.Customers.Load(tx, id)
				if err != nil {
					return err
				}
				if who.Authorized != want {
					t.Errorf("5.8: %s is authorised: %v", who.Name, who.Authorized)
				}
			}
			return nil
		})
		var later *receipt.Receipt
		o.read(func(tx *db.Tx) (err error) { later, err = receipt.Receipts.Load(tx, paidLater); return err })
		o.write(func(tx *db.Tx) error { // the customer pays by cheque before the next try
			p := receipt.Receipts.New().(*receipt.Receipt)
			p.CustomerID, p.PaymentDate, p.Amount, p.PaymentType = later.CustomerID, civil.MustDate("2026-11-30"), 100_00, 1
			part := receipt.InvoicePays.New().(*receipt.InvoicePay)
			part.InvoiceID, part.Amount = later.Pays[0].InvoiceID, 100_00
			p.Pays = []*receipt.InvoicePay{part}
			return receipt.Record(tx, p)
		})
		o.until(civil.MustDate("2026-12-03").At(2, 0, civil.Pacific))
		tries := o.tries(first)
		if len(tries) != 1 || tries[0].State != receipt.InFile || tries[0].Attempt != 1 || tries[0].Amount != 40_00 || tries[0].SettleDate.String() != "2026-12-04" {
			t.Fatalf("ACH-10: first try %+v", tries)
		}
		if got := o.tries(paidLater); len(got) != 0 {
			t.Errorf("ACH-10: tried again although paid: %+v", got)
		}
		files := o.outWith("RETRY PYMT")
		if len(files) != 1 || !strings.Contains(files[0], "NORTHWIND LLC") || !strings.Contains(files[0], "0000004000"+string(first[5:])) {
			t.Errorf("ACH-10: files %q", files)
		}
		o.until(civil.MustDate("2026-12-08").At(8, 0, civil.NewYork))
		o.until(civil.MustDate("2026-12-15").At(8, 0, civil.NewYork))
		if tries = o.tries(first); len(tries) != 2 || tries[1].State != receipt.Returned || tries[1].Attempt != 2 || tries[1].SettleDate.String() != "2026-12-11" {
			t.Fatalf("ACH-10: second try %+v", tries)
		}
		o.wantReceipt("ACH-10: tried twice", tries[1].ID, receipt.Returned, 100_00)
		if got := o.tasks(c); got != "contact R01" {
			t.Errorf("ACH-10: a person decides: %q", got)
		}
		o.until(civil.MustDate("2027-01-10").At(8, 0, civil.NewYork))
		if got := o.tries(first); len(got) != 2 {
			t.Errorf("ACH-10: %d tries", len(got))
		}
		o.wantRole("34: the bank took all back", ledger.MoneyIn, 0)
		var rates []payment.ReturnRate
		o.read(func(tx *db.Tx) (err error) { rates, err = payment.ReturnRates(tx); return err })
		for i, want := range []payment.ReturnRate{{Kind: "unauthorised", Returned: 1, Debits: 6, Limit: 5}, {Kind: "administrative", Debits: 6, Limit: 30},
			{Kind: "all", Returned: 6, Debits: 6, Limit: 150}} {
			if rates[i] != want {
				t.Errorf("ACH-11: %+v, want %+v", rates[i], want)
			}
		}
		if got := o.tasks(o.who.Org); got != "operator unauthorised over,operator all over" {
			t.Errorf("ACH-11: tasks %q", got)
		}
		o.until(civil.MustDate("2027-02-20").At(8, 0, civil.NewYork))
		o.read(func(tx *db.Tx) (err error) { rates, err = payment.ReturnRates(tx); return err })
		if rates[2].Returned != 0 || rates[2].Debits != 0 {
			t.Errorf("ACH-11: after 60 days %+v", rates[2])
		}
	})
}

func TestACH11_Levels(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		returned, debits, limit int64
		near, over              bool
	}{
		{0, 0, 5, false, false}, {1, 1000, 5, false, false}, {3, 1000, 5, false, false}, {4, 1000, 5, true, false}, {5, 1000, 5, true, false},
		{6, 1000, 5, true, true}, {23, 1000, 30, false, false}, {24, 1000, 30, true, false}, {119, 1000, 150, false, false}, {120, 1000, 150, true, false},
		{151, 1000, 150, true, true}, {1, 0, 150, true, true},
	} {
		r := payment.ReturnRate{Returned: x.returned, Debits: x.debits, Limit: x.limit}
		if r.Near() != x.near || r.Over() != x.over {
			t.Errorf("%+v: near %v, over %v", x, r.Near(), r.Over())
		}
	}
}

// ACH-10: a next try comes to the default account where the one of the first is closed; where there is none left a person
// decides, and the server goes on. A planned try can be stopped.
func TestACH10_AccountClosed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		back := func(name string) ids.ID { return o.charge(o.debtor(name, "5550001", nil)) }
		stopped, moved := back("Stopped"), back("Moved")
		o.until(civil.MustDate("2026-11-30").At(12, 0, civil.NewYork))
		o.wantReceipt("for want of money", moved, receipt.Returned, 100_00)
		void := func() error { return o.try(func(tx *db.Tx) error { _, err := receipt.Void(tx, stopped); return err }) }
		if err := void(); err != nil {
			t.Errorf("a planned try is stopped: %v", err)
		}
		if err := void(); !errors.Is(err, receipt.ErrNotVoidable) {
			t.Errorf("stopped twice: %v", err)
		}
		second := o.second(t, "77001111")
		o.write(func(tx *db.Tx) error {
			if err := bank.Verify(tx, second); err != nil {
				return err
			}
			return bank.Deactivate(tx, o.bank)
		})
		o.until(civil.MustDate("2026-12-04").At(7, 0, civil.Pacific))
		if got := o.tries(stopped); len(got) != 0 {
			t.Errorf("stopped and tried: %+v", got)
		}
		tries := o.tries(moved)
		if len(tries) != 1 || tries[0].PayToBankAccountID != second {
			t.Fatalf("tries %+v", tries)
		}
		o.until(civil.MustDate("2026-12-08").At(12, 0, civil.NewYork)) // the second return
		o.wantReceipt("once more", tries[0].ID, receipt.Returned, 100_00)
		o.write(func(tx *db.Tx) error { return bank.Deactivate(tx, second) })
		o.until(civil.MustDate("2026-12-20").At(12, 0, civil.NewYork))
		if got := o.tries(moved); len(got) != 1 {
			t.Errorf("tries %+v", got)
		}
		if got := o.tasks(tries[0].CustomerID); !strings.Contains(got, "contact retry") {
			t.Errorf("a person decides: %q", got)
		}
		if due, ok := o.engine.Due(context.Background(), o.who.Org, s.Clock.Now()); ok && due.Equal(s.Clock.Now()) {
			t.Error("something is due for ever")
		}
	})
}
