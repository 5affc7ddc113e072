package payment_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/sending"
	"github.com/duebook/duebook/internal/vendor"
)

// together runs all of f at once until the store is not busy any more, and gives what each ended with.
func together(f ...func() error) []error {
	errs := make([]error, len(f))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range f {
		wg.Go(func() {
			<-start
			for range 50 { // a deadlock of PostgreSQL is answered as busy: the client tries again
				if errs[i] = f[i](); !db.IsBusy(errs[i]) {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// books is what must not change when nothing is due: how many rows the tables of money have, and when the last of them changed.
func (o *office) books() string {
	o.t.Helper()
	var out strings.Builder
	o.read(func(tx *db.Tx) error {
		for _, q := range []string{"count(*), 0 FROM journal_entries", "count(*), coalesce(sum(amount), 0) FROM postings", "count(*), 0 FROM payment_steps",
			"count(*), 0 FROM audit_events", "count(*), coalesce(sum(size), 0) FROM bank_files", "count(*), coalesce(max(updated_time), 0) FROM payments",
			"count(*), coalesce(max(updated_time), 0) FROM received_pays", "count(*), coalesce(max(updated_time), 0) FROM bills",
			"count(*), coalesce(max(updated_time), 0) FROM invoices", "count(*), coalesce(max(updated_time), 0) FROM money_movements",
			"count(*), 0 FROM statement_lines", "count(*), 0 FROM bank_returns", "count(*), 0 FROM disbursements", "count(*), 0 FROM checks"} {
			var n, last int64
			query := strings.Replace(q, ", ", ", CAST(", 1)
			query = strings.Replace(query, " FROM", " AS BIGINT) FROM", 1)
			if err := tx.Row("SELECT "+query+" WHERE org_id = $1", string(o.who.Org)).Scan(&n, &last); err != nil {
				return fmt.Errorf("%s: %w", query, err)
			}
			fmt.Fprintln(&out, q, n, last)
		}
		return nil
	})
	return out.String()
}

// still runs the engine's step for the instant again, twice in this process and once in another, and wants no change.
func (o *office) still(when string, at time.Time) {
	o.t.Helper()
	before := o.books()
	for _, e := range []*payment.Engine{o.engine, o.engine, payment.NewEngine(o.s.DB, o.vault, o.dir, discardLog())} {
		if err := e.Step(context.Background(), o.who.Org, at); err != nil {
			o.t.Fatal(err)
		}
	}
	if after := o.books(); after != before {
		o.t.Errorf("%s: the same step again changed\n%sto\n%s", when, before, after)
	}
}

// XO-1, XO-8: a step that has been done changes nothing when it is done again, here or in another process, while cheques,
// entries, credits, voids, charges and returns are under way.
func TestStepAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		paper, wire, closed := o.vendor("Paper", nil), o.vendor("Wire", nil), o.vendor("Closed", nil)
		o.account(wire, "5551234")
		o.account(closed, "5550002")
		b := o.bill(paper, 10_000)
		cheque := o.mustOrder(payment.Order{Bills: []payment.Portion{{BillID: b, Amount: 9_000}},
			Credits: []payment.Offset{{BillID: b, CreditID: o.credit(paper, 1_000), Amount: 1_000}}})[0].ID
		recalled := o.mustPay(o.bill(wire, 2_000), 2_000, "2026-11-30")
		o.mustPay(o.bill(closed, 3_000), 3_000, "2026-11-30")
		o.charge(o.debtor("Hartwell Hotel", "5551234", nil))
		o.charge(o.debtor("Returned", "5550002", nil))
		var now time.Time
		for _, step := range []struct {
			day  string
			hour int
			do   func()
		}{
			{"2026-11-23", 12, nil},
			{"2026-11-24", 2, func() {
				o.write(func(tx *db.Tx) error {
					_, err := payment.Void(tx, payment.Voiding{PaymentID: cheque, Type: payment.VoidAndReissue, Reason: "lost"})
					return err
				})
			}},
			{"2026-11-25", 6, nil}, {"2026-11-27", 9, nil},
			{"2026-11-30", 9, func() {
				o.write(func(tx *db.Tx) error {
					_, err := payment.Void(tx, payment.Voiding{PaymentID: recalled, Type: payment.VoidAndCredit, Reason: "duplicate"})
					return err
				})
			}},
			{"2026-12-01", 9, nil}, {"2026-12-03", 9, nil}, {"2026-12-08", 9, nil}, {"2026-12-20", 9, nil},
		} {
			now = civil.MustDate(step.day).At(step.hour, 0, civil.Pacific)
			o.until(now)
			if step.do != nil {
				step.do()
			}
			if err := o.engine.Step(context.Background(), o.who.Org, now); err != nil {
				t.Fatal(err)
			}
			o.still(step.day, now)
			o.verified()
		}
		o.wantState(recalled, payment.Voided)
	})
}

// AR-13: however many processes settle at once, the money of a charge comes once.
func TestSettleAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		var all []ids.ID
		for i := range 6 {
			all = append(all, o.charge(o.debtor(fmt.Sprint("Customer ", i), fmt.Sprint("555123", i), nil)))
		}
		engines := []*payment.Engine{o.engine, payment.NewEngine(s.DB, o.vault, o.dir, discardLog()), payment.NewEngine(s.DB, o.vault, o.dir, discardLog())}
		at := func(now time.Time) {
			o.s.Clock.Set(now)
			var f []func() error
			for _, e := range engines {
				f = append(f, func() error { return e.Step(context.Background(), o.who.Org, now) })
			}
			if err := errors.Join(together(f...)...); err != nil {
				t.Fatal(err)
			}
		}
		at(civil.MustDate("2026-11-24").At(1, 0, civil.Pacific))
		if out := o.names("out"); len(out) != 1 || strings.Count(o.content("out", out[0]), "\n627") != 6 {
			t.Errorf("XO-1: files %q", out)
		}
		at(civil.MustDate("2026-11-25").At(8, 30, civil.NewYork))
		for _, id := range all {
			o.wantReceipt("settled", id, receipt.Settled, 60_00)
		}
		o.wantRole("31", ledger.MoneyIn, 6*40_00)
		o.wantRole("31", ledger.AR, 6*60_00)
	})
}

// AR-5, AR-9: a charge and a payment recorded at once of all that is due: one of them.
func TestChargeAndRecordAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		c, account, inv := o.debtor("Hartwell Hotel", "5551234", nil)
		whole := func() *receipt.Receipt {
			r := receipt.Receipts.New().(*receipt.Receipt)
			r.CustomerID, r.Amount = c, 100_00
			p := receipt.InvoicePays.New().(*receipt.InvoicePay)
			p.InvoiceID, p.Amount = inv, 100_00
			r.Pays = []*receipt.InvoicePay{p}
			return r
		}
		charge := func() error {
			r := whole()
			r.PaymentAccountID = account.ID
			return o.try(func(tx *db.Tx) error { return receipt.Charge(tx, r) })
		}
		note := func() error {
			r := whole()
			r.PaymentDate = civil.MustDate("2026-11-23")
			return o.try(func(tx *db.Tx) error { return receipt.Record(tx, r) })
		}
		done := 0
		for _, err := range together(charge, note, charge, note, note) {
			switch {
			case err == nil:
				done++
			case !errors.Is(err, invoice.ErrOverpaid):
				t.Errorf("got %v, want %v", err, invoice.ErrOverpaid)
			}
		}
		if done != 1 {
			t.Errorf("%d of them took the whole amount", done)
		}
		o.verified()
	})
}

// VOI-3, PAY-11, XO-1: whoever cancels, voids or changes while the run goes on, each payment ends in one state that its
// bill, its file and the ledger agree on.
func TestVoidAndReleaseAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v, wire := o.vendor("Paper", nil), o.vendor("Wire", nil)
		o.account(wire, "5551234")
		var payments, bills []ids.ID
		for i := range 8 {
			to := v
			if i%2 == 1 {
				to = wire
			}
			b := o.bill(to, 1_000)
			bills = append(bills, b)
			payments = append(payments, o.mustPay(b, 1_000, "2026-11-27"))
		}
		now := o.at("2026-11-27", "01:00:00")
		second := payment.NewEngine(s.DB, o.vault, o.dir, discardLog())
		f := []func() error{
			func() error { return o.engine.Step(context.Background(), o.who.Org, now) },
			func() error { return second.Step(context.Background(), o.who.Org, now) },
		}
		for _, p := range payments {
			f = append(f, func() error {
				err := o.try(func(tx *db.Tx) error {
					_, err := payment.Void(tx, payment.Voiding{PaymentID: p, Type: payment.VoidAndCredit, Reason: "lost"})
					return err
				})
				if errors.Is(err, payment.ErrNotVoidable) {
					return nil
				}
				return err
			})
		}
		if err := errors.Join(together(f...)...); err != nil {
			t.Fatal(err)
		}
		if err := o.engine.Step(context.Background(), o.who.Org, now); err != nil {
			t.Fatal(err)
		}
		o.verified()
		for i, p := range payments {
			paid := o.load(bills[i]).PaidAmount
			switch state := o.payment(p).State; state {
			case payment.Sent, payment.VoidRequested:
				if paid != 1_000 {
					t.Errorf("payment is %s, its bill has %d paid", state, paid)
				}
			case payment.Voided:
				if paid != 0 {
					t.Errorf("payment is void, its bill has %d paid", paid)
				}
			default:
				t.Errorf("payment is %s", state)
			}
		}
	})
}

// Nothing cancelled leaves, nothing that left is cancelled: the states of payments and bills agree afterwards.
func TestCancelAndReleaseAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Paper", nil)
		var payments, bills []ids.ID
		for range 6 {
			b := o.bill(v, 1_000)
			c := o.credit(v, 400)
			bills = append(bills, b)
			payments = append(payments, o.mustOrder(payment.Order{Bills: []payment.Portion{{BillID: b, Amount: 600}},
				Credits: []payment.Offset{{BillID: b, CreditID: c, Amount: 400}}})[0].ID)
		}
		due := civil.MustDate("2026-11-24").At(1, 0, civil.Pacific)
		f := []func() error{func() error { return o.engine.Step(context.Background(), o.who.Org, due) }} // the clock of others is behind
		for _, p := range payments {
			f = append(f, func() error {
				err := o.try(func(tx *db.Tx) error { return payment.Cancel(tx, p) })
				if errors.Is(err, payment.ErrNotCancelable) {
					return nil
				}
				return err
			})
		}
		if err := errors.Join(together(f...)...); err != nil {
			t.Fatal(err)
		}
		o.verified()
		for i, p := range payments {
			b := o.load(bills[i])
			switch state := o.payment(p).State; {
			case state == payment.Sent && b.PaidAmount == 600 && b.CreditAmount == 400:
			case state == payment.Canceled && b.Payable() == 1_000:
			default:
				t.Errorf("payment is %s, its bill %+v", state, b)
			}
		}
	})
}

// AR-7, AR-12: what a customer agreed to at a pay link leaves and settles without a standing authorisation; a link's
// authorisation serves its own debit only, and not once it is revoked.
func TestAR12_SingleAuthorisationLeaves(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		link := func(name, number string) (made ids.ID) {
			c, account, inv := o.debtor(name, number, func(a *customer.BankAccount) { a.Person = true })
			o.write(func(tx *db.Tx) error { _, err := customer.SetAuthorization(tx, c, false); return err })
			holder := sending.Holder(o.who.Org, "192.0.2.7")
			if err := o.s.Write(context.Background(), holder, func(tx *db.Tx) error {
				r, err := sending.Pay(tx, sending.Payment{Invoice: inv, Amount: 40_00, Name: name, Form: name})
				if err == nil {
					made = r.ID
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			_ = account
			return made
		}
		agreed, revoked := link("Ana Ortiz", "5551234"), link("Bo Lind", "5551235")
		o.write(func(tx *db.Tx) error {
			tx.ExecOne(`UPDATE debit_authorizations SET revoked = 1 WHERE org_id = $1 AND received_pay_id = $2`, string(o.who.Org), string(revoked))
			return nil
		})
		o.until(civil.MustDate("2026-11-24").At(2, 0, civil.Pacific))
		o.wantReceipt("AR-7: agreed to at the link", agreed, receipt.InFile, 100_00)
		o.wantReceipt("AR-12: revoked", revoked, receipt.Returned, 100_00)
		o.until(civil.MustDate("2026-11-25").At(9, 0, civil.NewYork))
		o.wantReceipt("AR-7: settled", agreed, receipt.Settled, 60_00)
	})
}

// 5.5, APR-16: the release run looks at the approval again. A payment of a bill that a policy made later claims is held
// with the reason and not dropped; one of a bill that was approved before stays approved. ROL-4 is about the role of who
// scheduled it, which the run does not ask for.
func TestPolicyAddedLaterHolds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Paper", nil)
		free, small, approved := o.bill(v, 50_000), o.bill(v, 4_999), o.bill(v, 60_000)
		o.write(func(tx *db.Tx) error {
			if err := bill.Approvals.Set(tx, approved, []ids.ID{o.who.User}); err != nil {
				return err
			}
			return bill.Approvals.Approve(tx, approved, "")
		})
		held, under, stands := o.mustPay(free, 50_000, "2026-11-24"), o.mustPay(small, 4_999, "2026-11-24"), o.mustPay(approved, 60_000, "2026-11-24")
		o.write(func(tx *db.Tx) error {
			p := approval.Policies.New().(*approval.Policy)
			p.For, p.AmountThreshold, p.MinNumApprovers = approval.ForBills, 5_000, 1
			return approval.CreatePolicy(tx, p)
		})
		o.until(civil.MustDate("2026-11-24").At(2, 0, civil.Pacific))
		o.wantState(held, payment.OnHold)
		o.wantState(under, payment.Sent)
		o.wantState(stands, payment.Sent)
		if why := o.payment(held).HoldReason; why == "" {
			t.Error("5.5: held without a reason")
		}
		o.wantBill("5.5: held", free, 50_000, 0, 0, 0, bill.Scheduled)
		o.write(func(tx *db.Tx) error { return payment.Cancel(tx, held) })
		if err := o.try(func(tx *db.Tx) error {
			_, err := payment.Pay(tx, payment.Request{BillID: free, Amount: 50_000})
			return err
		}); !errors.Is(err, bill.ErrNotPayable) {
			t.Errorf("APR-16: got %v", err)
		}
		o.verified()
	})
}

// SEC-12: ids of another organisation name nothing here, in any call about money.
func TestOthersMoney(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		vault, dir := vaultIn(t), t.TempDir()
		o, x := newOffice(t, s, vault, dir), newOffice(t, s, vault, dir)
		o.at("2026-11-23", "09:00:00")
		own, theirs := o.vendor("Own", nil), x.vendor("Theirs", nil)
		b, xb := o.bill(own, 10_000), x.bill(theirs, 10_000)
		c, xc := o.credit(own, 1_000), x.credit(theirs, 1_000)
		xp := x.mustPay(xb, 100, "2026-11-27")
		customerID, account, inv := o.debtor("Own", "5551234", nil)
		xcustomer, xaccount, xinv := x.debtor("Theirs", "5551234", nil)
		xr := x.charge(xcustomer, xaccount, xinv)
		got := func(c, account, inv ids.ID) *receipt.Receipt {
			r := receipt.Receipts.New().(*receipt.Receipt)
			r.CustomerID, r.PaymentAccountID, r.PaymentDate, r.Amount = c, account, civil.MustDate("2026-11-24"), 100
			p := receipt.InvoicePays.New().(*receipt.InvoicePay)
			p.InvoiceID, p.Amount = inv, 100
			r.Pays = []*receipt.InvoicePay{p}
			return r
		}
		before := x.books()
		for name, f := range map[string]func(tx *db.Tx) error{
			"bill": func(tx *db.Tx) error {
				_, err := payment.PayBills(tx, payment.Order{Bills: []payment.Portion{{BillID: xb, Amount: 1}}})
				return err
			},
			"bank account": func(tx *db.Tx) error {
				_, err := payment.PayBills(tx, payment.Order{BankAccountID: x.bank, Bills: []payment.Portion{{BillID: b, Amount: 1}}})
				return err
			},
			"credit": func(tx *db.Tx) error {
				_, err := payment.PayBills(tx, payment.Order{Bills: []payment.Portion{{BillID: b, Amount: 1}}, Credits: []payment.Offset{{BillID: b, CreditID: xc, Amount: 1}}})
				return err
			},
			"bill of a credit": func(tx *db.Tx) error {
				_, err := payment.PayBills(tx, payment.Order{Bills: []payment.Portion{{BillID: b, Amount: 1}}, Credits: []payment.Offset{{BillID: xb, CreditID: c, Amount: 1}}})
				return err
			},
			"recorded": func(tx *db.Tx) error {
				_, err := payment.RecordPayment(tx, payment.OfflineOrder{Bills: []payment.Portion{{BillID: xb, Amount: 1}}, Date: civil.MustDate("2026-11-23")})
				return err
			},
			"recorded from an account": func(tx *db.Tx) error {
				_, err := payment.RecordPayment(tx, payment.OfflineOrder{Bills: []payment.Portion{{BillID: b, Amount: 1}}, Date: civil.MustDate("2026-11-23"),
					ChartOfAccountID: x.ledger})
				return err
			},
			"cancel": func(tx *db.Tx) error { return payment.Cancel(tx, xp) },
			"void": func(tx *db.Tx) error {
				_, err := payment.Void(tx, payment.Voiding{PaymentID: xp, Type: 1, Reason: "fraud"})
				return err
			},
			"charge":                func(tx *db.Tx) error { return receipt.Charge(tx, got(xcustomer, account.ID, inv)) },
			"charge an account":     func(tx *db.Tx) error { return receipt.Charge(tx, got(customerID, xaccount.ID, inv)) },
			"charge for an invoice": func(tx *db.Tx) error { return receipt.Charge(tx, got(customerID, account.ID, xinv)) },
			"record of a customer":  func(tx *db.Tx) error { return receipt.Record(tx, got(xcustomer, "", inv)) },
			"record for an invoice": func(tx *db.Tx) error { return receipt.Record(tx, got(customerID, "", xinv)) },
			"deposit": func(tx *db.Tx) error {
				r := got(customerID, "", inv)
				r.DepositToAccountID = x.ledger
				return receipt.Record(tx, r)
			},
			"void a receipt":        func(tx *db.Tx) error { _, err := receipt.Void(tx, xr); return err },
			"apply a receipt":       func(tx *db.Tx) error { _, err := receipt.Apply(tx, xr, nil); return err },
			"authorisation":         func(tx *db.Tx) error { _, err := customer.SetAuthorization(tx, xcustomer, false); return err },
			"remove a bank account": func(tx *db.Tx) error { return customer.RemoveBankAccount(tx, xaccount.ID) },
			"pay at a link": func(tx *db.Tx) error {
				_, err := sending.Pay(tx, sending.Payment{Invoice: xinv, Amount: 1, Name: "x", Form: "x"})
				return err
			},
			"revoke a link, no fault": func(tx *db.Tx) error { _ = sending.Revoke(tx, xinv); return fault.ErrNotFound },
			"vendor of an order": func(tx *db.Tx) error {
				_, err := payment.PayBills(tx, payment.Order{VendorID: theirs, Bills: []payment.Portion{{BillID: b, Amount: 1}}})
				return err
			},
			"a bank account of theirs": func(tx *db.Tx) error { return vendor.RemoveBankAccount(tx, theirs) },
		} {
			if err := o.try(f); fault.From(err) == nil {
				t.Errorf("%s: got %v, want a refusal", name, err)
			}
		}
		if after := x.books(); after != before {
			t.Errorf("their books changed\n%sto\n%s", before, after)
		}
	})
}

// GL-8: what a user dates in a closed month is refused; what the system or an undoing dates there posts on the first open
// day and keeps its own date; nothing that stands in the closed month changes.
func TestGL_8_ClosedMonth(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		v := o.vendor("Paper", nil)
		b := o.bill(v, 1_000)
		var recorded *payment.Payment
		record := func(day string) error {
			return o.try(func(tx *db.Tx) (err error) {
				recorded, err = payment.RecordPayment(tx, payment.OfflineOrder{Bills: []payment.Portion{{BillID: b, Amount: 100}}, Date: civil.MustDate(day)})
				return err
			})
		}
		if err := record("2026-11-20"); err != nil {
			t.Fatal(err)
		}
		cheque := o.mustPay(o.bill(v, 2_000), 2_000, "2026-11-24")
		c, account, inv := o.debtor("Hartwell Hotel", "5550002", nil)
		back := o.charge(c, account, inv)
		got := receipt.Receipts.New().(*receipt.Receipt)
		got.CustomerID, got.Amount, got.PaymentDate, got.ConvFeeAmount = c, 10_00, civil.MustDate("2026-11-20"), 50
		o.write(func(tx *db.Tx) error { return receipt.Record(tx, got) })
		o.until(civil.MustDate("2026-11-25").At(9, 0, civil.NewYork))
		o.wantReceipt("settled", back, receipt.Settled, 60_00)
		var closed string
		november := func() (out string) {
			o.read(func(tx *db.Tx) error {
				var entries, sum int64
				err := tx.Row(`SELECT count(*), CAST(coalesce(sum(abs(p.amount)), 0) AS BIGINT) FROM postings p JOIN journal_entries e ON e.org_id = p.org_id AND e.id = p.entry_id
					WHERE p.org_id = $1 AND e.posting_date < '2026-12-01'`, string(tx.Org())).Scan(&entries, &sum)
				out = fmt.Sprint(entries, " ", sum)
				return err
			})
			return out
		}
		o.write(func(tx *db.Tx) error { ledger.ClosePeriod(tx, "2026-11"); return nil })
		closed = november()
		made := recorded.ID
		if err := record("2026-11-21"); !errors.Is(err, fault.ErrValue) {
			t.Errorf("OFF-1: recorded in a closed month: %v", err)
		}
		for what, do := range map[string]func(tx *db.Tx) error{
			"a recorded payment": func(tx *db.Tx) error { _, err := payment.Void(tx, payment.Voiding{PaymentID: made}); return err },
			"a cheque": func(tx *db.Tx) error {
				_, err := payment.Void(tx, payment.Voiding{PaymentID: cheque, Type: payment.VoidAndCredit, Reason: "lost"})
				return err
			},
			"a received payment": func(tx *db.Tx) error { _, err := receipt.Void(tx, got.ID); return err },
		} {
			if err := o.try(do); err != nil {
				t.Errorf("void %s: %v", what, err)
			}
		}
		o.until(civil.MustDate("2026-12-02").At(9, 0, civil.NewYork))
		o.wantReceipt("AR-14: returned", back, receipt.Returned, 100_00)
		if after := november(); after != closed {
			t.Errorf("the closed month had %s and has %s", closed, after)
		}
		var moved, kept int64
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*), CAST(coalesce(sum(CASE WHEN original_date < '2026-12-01' THEN 1 ELSE 0 END), 0) AS BIGINT) FROM journal_entries
				WHERE org_id = $1 AND posting_date = '2026-12-01'`, string(tx.Org())).Scan(&moved, &kept)
		})
		if moved < 4 || kept != moved {
			t.Errorf("%d entries on the first open day, %d of them with their own date", moved, kept)
		}
		o.verified()
		o.wantRole("everything undone", ledger.AR, 100_00)
	})
}
