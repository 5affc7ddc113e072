package receipt_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank"
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
	"github.com/duebook/duebook/internal/receipt"
)

var ctx = context.Background()

// house is an organisation with a payer and a customer below it.
type house struct {
	t            testing.TB
	s            *dbtest.Store
	who          db.Caller
	payer, child ids.ID
}

func each(t *testing.T, fn func(h *house)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		id, user, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "ana@acme.example", PasswordHash: "x",
			SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		h := &house{t: t, s: s, who: db.Caller{Org: id, User: user, Perms: org.All, Channel: "test"}}
		h.payer = h.customer("Hartwell Hotel", "")
		h.child = h.customer("Hartwell Spa", h.payer)
		fn(h)
		h.proves()
	})
}

func (h *house) write(fn func(tx *db.Tx) error) error { return h.s.Write(ctx, h.who, fn) }

func (h *house) must(fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.write(fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) customer(name string, parent ids.ID) ids.ID {
	h.t.Helper()
	c := customer.Customers.New().(*customer.Customer)
	c.Name, c.ParentID = name, parent
	h.must(func(tx *db.Tx) error { return customer.Create(tx, c) })
	return c.ID
}

func (h *house) invoice(c ids.ID, number, due, amount string) ids.ID {
	h.t.Helper()
	l := invoice.Lines.New().(*invoice.Line)
	l.Price = money.MustDecimal(amount)
	i := invoice.Invoices.New().(*invoice.Invoice)
	i.CustomerID, i.InvoiceNumber, i.Lines = c, number, []*invoice.Line{l}
	i.InvoiceDate, i.DueDate = civil.MustDate("2026-11-01"), civil.MustDate(due)
	h.must(func(tx *db.Tx) error { return invoice.Create(tx, i) })
	return i.ID
}

// receipt is a payment of the payer with parts given as invoice and amount.
func (h *house) receipt(amount int64, parts ...any) *receipt.Receipt {
	r := receipt.Receipts.New().(*receipt.Receipt)
	r.CustomerID, r.PaymentDate, r.PaymentType, r.Amount = h.payer, civil.MustDate("2026-11-20"), 1, amount
	for n := 0; n < len(parts); n += 2 {
		p := receipt.InvoicePays.New().(*receipt.InvoicePay)
		p.InvoiceID, p.Amount = parts[n].(ids.ID), int64(parts[n+1].(int))
		r.Pays = append(r.Pays, p)
	}
	return r
}

func (h *house) record(r *receipt.Receipt) error {
	return h.write(func(tx *db.Tx) error { return receipt.Record(tx, r) })
}

func (h *house) load(id ids.ID) (r *receipt.Receipt) {
	h.t.Helper()
	h.must(func(tx *db.Tx) (err error) { r, err = receipt.Receipts.Load(tx, id); return err })
	return r
}

// open checks what is due on an invoice and its status.
func (h *house) open(what string, id ids.ID, due, status int64) {
	h.t.Helper()
	h.must(func(tx *db.Tx) error {
		i, err := invoice.Invoices.Load(tx, id)
		if err == nil && (i.Due() != due || i.PaymentStatus != status) {
			h.t.Errorf("%s: due %d, status %d; want %d, %d", what, i.Due(), i.PaymentStatus, due, status)
		}
		return err
	})
}

// balance checks the system account with that role.
func (h *house) balance(what, role string, want int64) {
	h.t.Helper()
	h.must(func(tx *db.Tx) error {
		got, err := ledger.RoleBalance(tx, role)
		if err == nil && got != want {
			h.t.Errorf("%s: %s is %d, want %d", what, role, got, want)
		}
		return err
	})
}

// proves GL-4 for each customer, and that customers know their balance and credit.
func (h *house) proves() {
	h.t.Helper()
	h.must(func(tx *db.Tx) error {
		ar, err := ledger.Account(tx, ledger.AR)
		if err != nil {
			return err
		}
		rows, err := tx.Query(`SELECT x.customer FROM (
				SELECT customer_id AS customer, amount - credit_amount - paid_amount AS n, amount - credit_amount - paid_amount AS b, 0 AS c
					FROM invoices WHERE org_id = $1 AND is_active = 1
				UNION ALL SELECT customer_id, -unapplied_amount, 0, unapplied_amount FROM received_pays WHERE org_id = $1 AND status = 0
				UNION ALL SELECT party_id, -amount, 0, 0 FROM postings WHERE org_id = $1 AND account_id = $2
				UNION ALL SELECT id, 0, -balance, -credit FROM customers WHERE org_id = $1) x
			GROUP BY x.customer HAVING sum(x.n) <> 0 OR sum(x.b) <> 0 OR sum(x.c) <> 0`, string(tx.Org()), string(ar))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c string
			if err := rows.Scan(&c); err != nil {
				return err
			}
			h.t.Errorf("GL-4: customer %s does not agree with accounts receivable", c)
		}
		return rows.Err()
	})
}

func TestRecord(t *testing.T) {
	each(t, func(h *house) {
		a := h.invoice(h.payer, "1", "2026-11-30", "100")
		b := h.invoice(h.child, "2", "2026-11-30", "50")
		stranger := h.invoice(h.customer("Other", ""), "3", "2026-11-30", "50")
		r := h.receipt(150_00, a, 60_00, a, 10_00, b, 50_00)
		r.RefNumber = "4711"
		if err := h.record(r); err != nil {
			t.Fatal(err)
		}
		got := h.load(r.ID)
		if got.Status != receipt.StatusPaid || got.UnappliedAmount != 30_00 || got.Online || len(got.Pays) != 3 || got.Currency != "USD" {
			t.Errorf("AR-9: %+v", got)
		}
		h.open("AR-9", a, 30_00, invoice.PartiallyPaid)
		h.open("AR-9: of a child", b, 0, invoice.PaidInFull)
		h.balance("29", ledger.Undeposited, 150_00)
		h.proves()

		none := func(r *receipt.Receipt) { r.Pays = nil }
		for _, c := range []struct {
			name  string
			r     *receipt.Receipt
			set   func(*receipt.Receipt)
			want  error
			field string
		}{
			{"no customer", h.receipt(1), func(r *receipt.Receipt) { r.CustomerID = ids.Null }, fault.ErrMissing, "customerId"},
			{"no date", h.receipt(1), func(r *receipt.Receipt) { r.PaymentDate = civil.Date{} }, fault.ErrMissing, "paymentDate"},
			{"unknown customer", h.receipt(1), func(r *receipt.Receipt) { r.CustomerID = ids.New(ids.Customer) }, fault.ErrReference, "customerId"},
			{"no amount", h.receipt(0), none, fault.ErrAmount, "amount"},
			{"parts above the amount", h.receipt(10, a, 5, b, 6), nil, fault.ErrAmount, "invoicePays"},
			{"a part of nothing", h.receipt(10, a, 0), nil, fault.ErrAmount, "invoicePays"},
			{"above what is due", h.receipt(99_00, a, 30_01), nil, invoice.ErrOverpaid, "amount"},
			{"AR-9: of a customer that is not below", h.receipt(10, stranger, 10), nil, fault.ErrReference, "invoiceId"},
			{"of the parent", h.receipt(10, a, 10), func(r *receipt.Receipt) { r.CustomerID = h.child }, fault.ErrReference, "invoiceId"},
			{"unknown invoice", h.receipt(10, ids.New(ids.Invoice), 10), nil, fault.ErrReference, "invoiceId"},
			{"too far ahead", h.receipt(10), func(r *receipt.Receipt) { r.PaymentDate = civil.MustDate("2027-11-26") }, bank.ErrTooLate, "paymentDate"},
		} {
			if c.set != nil {
				c.set(c.r)
			}
			err := h.record(c.r)
			if f := fault.From(err); !errors.Is(err, c.want) || !slices.Contains(f.Fields, c.field) {
				t.Errorf("%s: %v, want %v on %s", c.name, err, c.want, c.field)
			}
		}
		h.must(func(tx *db.Tx) error {
			control, err := ledger.Account(tx, ledger.AR)
			r := h.receipt(10)
			r.DepositToAccountID = control
			if e := receipt.Record(tx, r); !errors.Is(e, fault.ErrValue) {
				t.Errorf("a deposit to accounts receivable: %v", e)
			}
			ledger.ClosePeriod(tx, "2026-10")
			return err
		})
		closed := h.receipt(10)
		closed.PaymentDate = civil.MustDate("2026-10-31")
		if err := h.record(closed); !errors.Is(err, fault.ErrValue) {
			t.Errorf("GL-8: into a closed month: %v", err)
		}
		clerk := h.who
		clerk.Perms = db.Of(org.ViewReceivables)
		err := h.s.Write(ctx, clerk, func(tx *db.Tx) error { return receipt.Record(tx, h.receipt(10)) })
		if !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without Record received payments: %v", err)
		}
		h.open("what is refused changes nothing", a, 30_00, invoice.PartiallyPaid)
	})
}

func TestApplyAndVoid(t *testing.T) {
	each(t, func(h *house) {
		a := h.invoice(h.payer, "1", "2026-11-30", "100")
		b := h.invoice(h.child, "2", "2026-11-30", "50")
		r := h.receipt(120_00, a, 40_00)
		r.ConvFeeAmount = 3_00
		if err := h.record(r); err != nil {
			t.Fatal(err)
		}
		h.balance("AR-15", ledger.FeeIncome, -3_00)
		h.balance("AR-15", ledger.Undeposited, 123_00)
		apply := func(parts ...any) error {
			return h.write(func(tx *db.Tx) error { _, err := receipt.Apply(tx, r.ID, h.receipt(0, parts...).Pays); return err })
		}
		if err := apply(b, 50_00, a, 30_01); !errors.Is(err, fault.ErrAmount) {
			t.Errorf("AR-9: more than is left: %v", err)
		}
		if err := apply(b, 50_00, a, 10_00); err != nil {
			t.Fatal(err)
		}
		if got := h.load(r.ID); got.UnappliedAmount != 20_00 || len(got.Pays) != 3 {
			t.Errorf("AR-9: used later: %+v", got)
		}
		h.open("applied later", b, 0, invoice.PaidInFull)
		h.proves()
		void := func() error {
			return h.write(func(tx *db.Tx) error { _, err := receipt.Void(tx, r.ID); return err })
		}
		if err := void(); err != nil {
			t.Fatal(err)
		}
		got := h.load(r.ID)
		if got.Status != receipt.StatusVoid || len(got.Pays) != 3 {
			t.Errorf("AR-21: a voided one keeps its applications: %+v", got)
		}
		h.open("reopened", a, 100_00, invoice.Open)
		h.open("reopened", b, 50_00, invoice.Open)
		h.balance("reversed", ledger.Undeposited, 0)
		h.balance("reversed", ledger.FeeIncome, 0)
		h.balance("reversed", ledger.AR, 150_00)
		if err := void(); !errors.Is(err, receipt.ErrNotVoidable) {
			t.Errorf("void again: %v", err)
		}
		if err := apply(a, 1); !errors.Is(err, receipt.ErrNotVoidable) {
			t.Errorf("apply a voided one: %v", err)
		}
	})
}

func TestDistribute(t *testing.T) {
	each(t, func(h *house) {
		late := h.invoice(h.payer, "1", "2026-12-30", "100")
		second := h.invoice(h.payer, "B", "2026-11-30", "20")
		first := h.invoice(h.payer, "A", "2026-11-30", "30")
		h.invoice(h.child, "C", "2026-11-01", "30")
		plain := h.receipt(1)
		r := h.receipt(60_00)
		h.must(func(tx *db.Tx) error {
			if err := receipt.Record(tx, plain); err != nil || len(plain.Pays) != 0 {
				t.Errorf("AR-10: without the preference: %v, %v", plain.Pays, err)
			}
			o, err := org.Load(tx)
			if err == nil {
				err = o.Set("autoApplyReceipts", "yes")
			}
			if err != nil {
				return err
			}
			return org.Save(tx, o)
		})
		h.must(func(tx *db.Tx) error { return receipt.Record(tx, r) })
		if len(r.Pays) != 3 || r.Pays[0].InvoiceID != first || r.Pays[1].InvoiceID != second || r.Pays[2].InvoiceID != late || r.Pays[2].Amount != 10_00 {
			t.Errorf("AR-10: %+v", r.Pays)
		}
		more := h.receipt(500_00)
		h.must(func(tx *db.Tx) error { return receipt.Record(tx, more) })
		if len(more.Pays) != 1 || more.UnappliedAmount != 410_00 {
			t.Errorf("AR-10: %+v", more)
		}
	})
}

// fund gives the organisation a bank account, and the payer one that may be charged.
func (h *house) fund() (account ids.ID) {
	h.t.Helper()
	account = ids.New(ids.CustomerBankAccount)
	h.must(func(tx *db.Tx) error {
		_, err := bank.Add(tx, bank.NewAccount{ID: ids.New(ids.BankAccount), Name: "Operating", BankName: "First", Routing: "990000013",
			SealedAccount: "x", Tail: "0001", Hash: "h", Verified: true})
		if err != nil {
			return err
		}
		a := customer.BankAccounts.New().(*customer.BankAccount)
		a.ID, a.CustomerID, a.NameOnAccount, a.Routing, a.Account = account, h.payer, "Hartwell Hotel", "990000026", "sealed"
		return customer.AddBankAccount(tx, a)
	})
	return account
}

func TestCharge(t *testing.T) {
	each(t, func(h *house) {
		a := h.invoice(h.payer, "1", "2026-11-30", "100")
		account := h.fund()
		charge := func(set func(*receipt.Receipt)) (*receipt.Receipt, error) {
			r := h.receipt(0, a, 40_00)
			r.PaymentDate, r.PaymentAccountID = civil.Date{}, account
			if set != nil {
				set(r)
			}
			return r, h.write(func(tx *db.Tx) error { return receipt.Charge(tx, r) })
		}
		if _, err := charge(nil); !errors.Is(err, receipt.ErrNotAuthorized) {
			t.Errorf("AR-12: not authorised: %v", err)
		}
		h.must(func(tx *db.Tx) error { _, err := customer.SetAuthorization(tx, h.payer, true); return err })
		for _, c := range []struct {
			name string
			set  func(*receipt.Receipt)
			want error
		}{
			{"AR-12: another account", func(r *receipt.Receipt) { r.PaymentAccountID = ids.New(ids.CustomerBankAccount) }, receipt.ErrAccount},
			{"no account", func(r *receipt.Receipt) { r.PaymentAccountID = "" }, fault.ErrMissing},
			{"AR-13: today", func(r *receipt.Receipt) { r.PaymentDate = civil.MustDate("2026-11-23") }, bank.ErrTooEarly},
			{"AR-13: Thanksgiving", func(r *receipt.Receipt) { r.PaymentDate = civil.MustDate("2026-11-26") }, bank.ErrNotBusinessDay},
			{"nothing", func(r *receipt.Receipt) { r.Pays = nil }, fault.ErrAmount},
			{"parts above the amount", func(r *receipt.Receipt) { r.Amount = 39_99 }, fault.ErrAmount},
		} {
			if _, err := charge(c.set); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		r, err := charge(nil)
		if err != nil {
			t.Fatal(err)
		}
		got := h.load(r.ID)
		if got.Status != receipt.StatusScheduled || !got.Online || got.PaymentType != receipt.TypeACH || got.Amount != 40_00 ||
			got.PaymentDate != civil.MustDate("2026-11-24") {
			t.Errorf("AR-13: %+v", got)
		}
		h.open("scheduled", a, 100_00, invoice.Scheduled)
		h.balance("nothing is posted yet", ledger.AR, 100_00)
		void := func(id ids.ID) error {
			return h.write(func(tx *db.Tx) error { _, err := receipt.Void(tx, id); return err })
		}
		h.s.Clock.Advance(7*time.Hour - time.Second) // 15:59:59 Pacific
		if err := void(r.ID); err != nil {
			t.Errorf("AR-13: cancelled before 16:00: %v", err)
		}
		if got := h.load(r.ID); got.Status != receipt.StatusCanceled {
			t.Errorf("status %d", got.Status)
		}
		h.open("cancelled", a, 100_00, invoice.Open)
		r, err = charge(nil)
		if err != nil {
			t.Fatal(err)
		}
		h.s.Clock.Advance(time.Second)
		if err := void(r.ID); !errors.Is(err, receipt.ErrNotVoidable) {
			t.Errorf("AR-13: at 16:00: %v", err)
		}
		step := func(f func(*db.Tx, *receipt.Receipt) error) {
			h.t.Helper()
			h.must(func(tx *db.Tx) error {
				got, err := receipt.Receipts.LoadForUpdate(tx, r.ID)
				if err != nil {
					return err
				}
				return f(tx, got)
			})
		}
		step(func(tx *db.Tx, r *receipt.Receipt) error {
			r.Leave(tx, ids.New(ids.DisbursementBatch), "990000010000001", civil.MustDate("2026-11-25"))
			return nil
		})
		step(func(tx *db.Tx, r *receipt.Receipt) error { return r.Settle(tx) })
		h.open("AR-13: settled", a, 60_00, invoice.PartiallyPaid)
		h.balance("31", ledger.MoneyIn, 40_00)
		h.balance("31", ledger.AR, 60_00)
		if err := void(r.ID); !errors.Is(err, receipt.ErrNotVoidable) {
			t.Errorf("the money is here: %v", err)
		}
		step(func(tx *db.Tx, r *receipt.Receipt) error {
			return r.Return(tx, civil.MustDate("2026-11-27"), "R01", "Insufficient funds")
		})
		if got := h.load(r.ID); got.Status != receipt.StatusVoid || got.ReasonCode != "R01" {
			t.Errorf("AR-14: %+v", got)
		}
		h.open("AR-14", a, 100_00, invoice.Open)
		h.balance("34", ledger.MoneyIn, 0)
	})
}
