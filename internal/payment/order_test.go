package payment_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// credit adds a vendor credit with one line.
func (o *office) credit(v ids.ID, amount int64) ids.ID {
	o.t.Helper()
	o.bills++
	c := credit.Credits.New().(*credit.Credit)
	c.VendorID, c.RefNumber, c.Amount, c.CreditDate = v, fmt.Sprintf("CR-%04d", 1000+o.bills), amount, civil.MustDate("2026-11-20")
	o.write(func(tx *db.Tx) error { return credit.Create(tx, c, false) })
	return c.ID
}

func (o *office) loadCredit(id ids.ID) (c *credit.Credit) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) {
		c, err = credit.Credits.Load(tx, id)
		return err
	})
	return c
}

// order pays bills and gives the payments made.
func (o *office) order(or payment.Order) (made []*payment.Payment, err error) {
	err = o.try(func(tx *db.Tx) (err error) {
		made, err = payment.PayBills(tx, or)
		return err
	})
	return made, err
}

func (o *office) mustOrder(or payment.Order) []*payment.Payment {
	o.t.Helper()
	made, err := o.order(or)
	if err != nil {
		o.t.Fatal(err)
	}
	return made
}

// wantBill compares what of a bill is scheduled, paid, reserved and applied, and its state.
func (o *office) wantBill(when string, id ids.ID, scheduled, paid, reserved, applied, status int64) {
	o.t.Helper()
	b := o.load(id)
	if b.ScheduledAmount != scheduled || b.PaidAmount != paid || b.ReservedCredit != reserved || b.CreditAmount != applied || b.PaymentStatus != status {
		o.t.Errorf("%s: bill has scheduled %d, paid %d, reserved %d, applied %d, status %d; want %d, %d, %d, %d, %d", when, b.ScheduledAmount,
			b.PaidAmount, b.ReservedCredit, b.CreditAmount, b.PaymentStatus, scheduled, paid, reserved, applied, status)
	}
}

func (o *office) wantCredit(when string, id ids.ID, reserved, applied, status int64) {
	o.t.Helper()
	c := o.loadCredit(id)
	if c.ReservedAmount != reserved || c.AppliedAmount != applied || c.CreditStatus != status {
		o.t.Errorf("%s: credit has reserved %d, applied %d, status %d; want %d, %d, %d", when, c.ReservedAmount, c.AppliedAmount, c.CreditStatus,
			reserved, applied, status)
	}
}

// PAY-1, PAY-2: a bill of 985.00 is paid with credits of 10.00 and 5.00, as in scenario A; the credits are reserved,
// applied at release, and nothing of them is posted (9.2, event 6).
func TestPayWithCredits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("V2 Supplies", nil)
		b := o.bill(v, 98_500)
		c1, c2 := o.credit(v, 1_000), o.credit(v, 700)
		o.wantBalances("entered", 0, -96_800, 5_000_000)
		made := o.mustOrder(payment.Order{Bills: []payment.Portion{{BillID: b, Amount: 97_000}},
			Credits: []payment.Offset{{BillID: b, CreditID: c1, Amount: 1_000}, {BillID: b, CreditID: c2, Amount: 500}}})
		if len(made) != 1 || made[0].Amount != 97_000 || made[0].CreditAmount != 1_500 || made[0].Status != 1 || made[0].DisbursementStatus != 0 ||
			len(made[0].Parts) != 1 || len(made[0].Uses) != 2 || made[0].Description != "Inv #"+o.load(b).InvoiceNumber || !made[0].Online {
			t.Fatalf("got %+v", made[0])
		}
		p := made[0].ID
		o.wantBill("scheduled", b, 97_000, 0, 1_500, 0, bill.Scheduled)
		if got := o.load(b).Payable(); got != 0 {
			t.Errorf("BIL-7: %d is payable", got)
		}
		o.wantCredit("scheduled", c1, 1_000, 0, credit.Used)
		o.wantCredit("scheduled", c2, 500, 0, credit.PartlyUsed)
		if err := o.try(func(tx *db.Tx) error { return bill.Delete(tx, b) }); !errors.Is(err, bill.ErrMoneyOn) {
			t.Errorf("BIL-9: got %v", err)
		}

		o.write(func(tx *db.Tx) error { return payment.Cancel(tx, p) })
		o.wantBill("cancelled", b, 0, 0, 0, 0, bill.Open)
		o.wantCredit("cancelled", c1, 0, 0, credit.Unused)

		made = o.mustOrder(payment.Order{Description: "November", Bills: []payment.Portion{{BillID: b, Amount: 97_000}},
			Credits: []payment.Offset{{BillID: b, CreditID: c1, Amount: 1_000}, {BillID: b, CreditID: c2, Amount: 500}}})
		if made[0].Description != "November" {
			t.Errorf("got description %q", made[0].Description)
		}
		o.until(civil.MustDate("2026-11-24").At(2, 0, civil.Pacific))
		o.wantBill("released", b, 0, 97_000, 0, 1_500, bill.PaidInFull)
		o.wantCredit("released", c1, 0, 1_000, credit.Used)
		o.wantCredit("released", c2, 0, 500, credit.PartlyUsed)
		o.wantBalances("released", -97_000, 200, 5_000_000)
		if got := o.payment(made[0].ID); got.Status != 2 || got.DisbursementStatus != 3 {
			t.Errorf("released: %+v", got)
		}
		o.until(civil.MustDate("2026-12-10").At(0, 0, civil.Pacific))
		o.wantState(made[0].ID, payment.Cleared)
		o.wantBalances("cleared", 0, 200, 4_903_000)
		o.verified()
	})
}

// verified proves the books of the organisation.
func (o *office) verified() {
	o.t.Helper()
	o.read(func(tx *db.Tx) error {
		bad, err := payment.Verify(tx, o.vault)
		for _, b := range bad {
			o.t.Errorf("%s: %s", b.Rule, b.Detail)
		}
		return err
	})
}

// PAY-9: what shares a payment.
func TestCombine(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.write(func(tx *db.Tx) error {
			own, err := org.Load(tx)
			if err != nil {
				return err
			}
			own.Preferences.InternationalPayments, own.Preferences.InternationalOn = true, true
			return org.Save(tx, own)
		})
		a, b := o.vendor("A", nil), o.vendor("B", nil)
		canada := o.vendor("C", func(v *vendor.Vendor) { v.City, v.Region, v.Zip, v.Country = "Toronto", "ON", "M5H 2N2", "Canada" })
		portions := func(v ids.ID, n int, amount int64) (all []payment.Portion) {
			for range n {
				all = append(all, payment.Portion{BillID: o.bill(v, amount), Amount: amount})
			}
			return all
		}
		sizes := func(made []*payment.Payment) string {
			var all []string
			for _, m := range made {
				all = append(all, fmt.Sprintf("%d of %d", len(m.Parts), m.Amount))
			}
			return strings.Join(all, ", ")
		}
		for _, c := range []struct {
			name string
			or   payment.Order
			want string
		}{
			{"one vendor", payment.Order{Bills: portions(a, 3, 100)}, "3 of 300"},
			{"CHK-8: 36 bills", payment.Order{Bills: portions(a, 36, 100)}, "35 of 3500, 1 of 100"},
			{"two vendors", payment.Order{Bills: append(portions(a, 2, 100), portions(b, 1, 50)...)}, "2 of 200, 1 of 50"},
			{"E7: above the limit", payment.Order{Bills: portions(canada, 2, 600_000)}, "1 of 600000, 1 of 600000"},
			{"E7: below it", payment.Order{Bills: portions(canada, 2, 500_000)}, "2 of 1000000"},
			{"the vendor named", payment.Order{VendorID: a, Bills: portions(a, 2, 100)}, "2 of 200"},
		} {
			if got := sizes(o.mustOrder(c.or)); got != c.want {
				t.Errorf("%s: got %s, want %s", c.name, got, c.want)
			}
		}
		o.write(func(tx *db.Tx) error {
			own, err := org.Load(tx)
			if err != nil {
				return err
			}
			own.Preferences.CombinePayments = "separate"
			return org.Save(tx, own)
		})
		if got := sizes(o.mustOrder(payment.Order{Bills: portions(a, 2, 100)})); got != "1 of 100, 1 of 100" {
			t.Errorf("separate: got %s", got)
		}
		o.until(civil.MustDate("2026-11-24").At(2, 0, civil.Pacific))
		o.verified()
		o.read(func(tx *db.Tx) error { // 3.17: one movement for account and process date
			var n, total int64
			err := tx.Row(`SELECT count(*), CAST(sum(amount) AS BIGINT) FROM money_movements WHERE org_id = $1`, string(o.who.Org)).Scan(&n, &total)
			if n != 1 || total != -2_204_550 {
				t.Errorf("FND-3: %d movements of %d", n, total)
			}
			return err
		})
	})
}

// PAY-2: credits that cover all bills are a payment that is done at once and leaves no trace at the bank.
func TestCreditsOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("V", func(v *vendor.Vendor) { v.Zip = "" }) // no cheque could be mailed
		b1, b2 := o.bill(v, 600), o.bill(v, 400)
		c := o.credit(v, 1_000)
		made := o.mustOrder(payment.Order{Bills: []payment.Portion{{BillID: b1}},
			Credits: []payment.Offset{{BillID: b1, CreditID: c, Amount: 600}, {BillID: b2, CreditID: c, Amount: 400}}})
		if len(made) != 1 || made[0].State != payment.Cleared || made[0].Status != 2 || made[0].Amount != 0 || made[0].Rail != payment.Credits ||
			made[0].BankAccountID != "" {
			t.Errorf("got %+v", made[0])
		}
		o.wantBill("5.1.9", b1, 0, 0, 0, 600, bill.PaidInFull)
		o.wantBill("5.1.9", b2, 0, 0, 0, 400, bill.PaidInFull)
		o.wantCredit("used", c, 0, 1_000, credit.Used)
		o.wantBalances("used", 0, 0, 5_000_000)
		o.verified()
		if got := o.attempts(b2)[0]; got.Outcome != "SUCCEEDED" || got.Amount != 0 {
			t.Errorf("4.6: got %+v", got)
		}
		o.write(func(tx *db.Tx) error {
			_, err := payment.Void(tx, payment.Voiding{PaymentID: made[0].ID})
			return err
		})
		o.wantBill("voided", b1, 0, 0, 0, 0, bill.Open)
		o.wantCredit("voided", c, 0, 0, credit.Unused)
		o.verified()
	})
}

// 5.1 of api-v2: what refuses an order, and that a refused one leaves nothing behind (5.1.13).
func TestOrderRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		a, b := o.vendor("A", nil), o.vendor("B", nil)
		b1, b2, b3 := o.bill(a, 10_000), o.bill(a, 5_000), o.bill(b, 5_000)
		ca, cb := o.credit(a, 1_000), o.credit(b, 1_000)
		pay := func(id ids.ID, amount int64) payment.Portion { return payment.Portion{BillID: id, Amount: amount} }
		use := func(id, c ids.ID, amount int64) payment.Offset {
			return payment.Offset{BillID: id, CreditID: c, Amount: amount}
		}
		for _, c := range []struct {
			name    string
			bills   []payment.Portion
			credits []payment.Offset
			vendor  ids.ID
			want    *fault.Error
			field   string
		}{
			{"5.1.2: no bills", nil, nil, "", fault.ErrTooMany, "billPays"},
			{"5.1.2: 201 bills", make([]payment.Portion, 201), nil, "", fault.ErrTooMany, "billPays"},
			{"5.1.3: another vendor's bill", []payment.Portion{pay(b1, 1), pay(b3, 1)}, nil, a, fault.ErrReference, "billId"},
			{"a bill twice", []payment.Portion{pay(b1, 1), pay(b1, 1)}, nil, "", fault.ErrValue, "billId"},
			{"5.1.8: nothing", []payment.Portion{pay(b1, 1), pay(b2, 0)}, nil, "", fault.ErrAmount, "amount"},
			{"5.1.8: less than nothing", []payment.Portion{pay(b1, 1), pay(b2, -1)}, nil, "", fault.ErrAmount, "amount"},
			{"5.1.8: more than is due", []payment.Portion{pay(b1, 1), pay(b2, 5_001)}, nil, "", bill.ErrOverpaid, "amount"},
			{"5.1.8: more with the credit", []payment.Portion{pay(b2, 4_500)}, []payment.Offset{use(b2, ca, 501)}, "", bill.ErrOverpaid, "amount"},
			{"5.1.9: another vendor's credit", []payment.Portion{pay(b1, 1)}, []payment.Offset{use(b1, cb, 1)}, "", fault.ErrReference, "vendorCreditId"},
			{"5.1.9: no such credit", []payment.Portion{pay(b1, 1)}, []payment.Offset{use(b1, ids.New(ids.VendorCredit), 1)}, "", fault.ErrReference, "vendorCreditId"},
			{"5.1.9: not enough left", []payment.Portion{pay(b1, 1), pay(b2, 1)}, []payment.Offset{use(b1, ca, 600), use(b2, ca, 401)}, "", credit.ErrLeft, "amount"},
			{"5.1.9: a credit of nothing", []payment.Portion{pay(b1, 1)}, []payment.Offset{use(b1, ca, 0)}, "", fault.ErrAmount, "amount"},
			{"5.1.9: a bill not covered", []payment.Portion{pay(b1, 1)}, []payment.Offset{use(b2, ca, 1_000)}, "", fault.ErrAmount, "amount"},
			{"an unknown bill", []payment.Portion{pay(b1, 1), pay(ids.New(ids.Bill), 1)}, nil, "", bill.ErrNoBill, "billId"},
		} {
			_, err := o.order(payment.Order{VendorID: c.vendor, Bills: c.bills, Credits: c.credits})
			if !errors.Is(err, c.want) || fault.From(err).Fields[0] != c.field {
				t.Errorf("%s: got %v, want %v on %s", c.name, err, c.want, c.field)
			}
		}
		o.wantBill("5.1.13", b1, 0, 0, 0, 0, bill.Open)
		o.wantCredit("5.1.13", ca, 0, 0, credit.Unused)
		o.read(func(tx *db.Tx) error {
			var n int64
			err := tx.Row(`SELECT count(*) FROM payments WHERE org_id = $1`, string(o.who.Org)).Scan(&n)
			if n != 0 {
				t.Errorf("5.1.13: %d payments", n)
			}
			return err
		})
	})
}

// OFF-1, 5.2 of api-v2: a payment made elsewhere for several bills of one vendor, with a credit, and its void (posting 14).
func TestRecordSeveral(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		a, b := o.vendor("A", nil), o.vendor("B", nil)
		b1, b2, b3 := o.bill(a, 10_000), o.bill(a, 5_000), o.bill(b, 5_000)
		c := o.credit(a, 1_000)
		record := func(r payment.OfflineOrder) (m *payment.Payment, err error) {
			r.Date = civil.MustDate("2026-11-21")
			err = o.try(func(tx *db.Tx) (err error) {
				m, err = payment.RecordPayment(tx, r)
				return err
			})
			return m, err
		}
		if _, err := record(payment.OfflineOrder{Bills: []payment.Portion{{BillID: b1, Amount: 1}, {BillID: b2, Amount: 1}}}); !errors.Is(err, fault.ErrMissing) {
			t.Errorf("several bills without their vendor: got %v", err)
		}
		if _, err := record(payment.OfflineOrder{VendorID: a, Bills: []payment.Portion{{BillID: b1, Amount: 1}, {BillID: b3, Amount: 1}}}); !errors.Is(err, fault.ErrReference) {
			t.Errorf("another vendor's bill: got %v", err)
		}
		m, err := record(payment.OfflineOrder{VendorID: a, Bills: []payment.Portion{{BillID: b1, Amount: 9_000}, {BillID: b2, Amount: 2_000}},
			Credits: []payment.Offset{{BillID: b1, CreditID: c, Amount: 1_000}}, SyncReference: "S-1", Description: "by card"})
		if err != nil {
			t.Fatal(err)
		}
		if m.Status != 2 || m.Online || m.PaymentType != 4 || m.Amount != 11_000 || m.DisbursementStatus != 0 || m.SyncReference != "S-1" {
			t.Errorf("OFF-2: got %+v", m)
		}
		o.wantBill("recorded", b1, 0, 9_000, 0, 1_000, bill.PaidInFull)
		o.wantBill("recorded", b2, 0, 2_000, 0, 0, bill.PartiallyPaid)
		o.wantCredit("recorded", c, 0, 1_000, credit.Used)
		o.wantBalances("recorded", 0, -8_000, 4_989_000)
		o.verified()
		void := func() error {
			return o.try(func(tx *db.Tx) error {
				_, err := payment.Void(tx, payment.Voiding{PaymentID: m.ID})
				return err
			})
		}
		if err := void(); err != nil {
			t.Fatal(err)
		}
		o.wantState(m.ID, payment.Voided)
		o.wantBill("VOI-1", b1, 0, 0, 0, 0, bill.Open)
		o.wantCredit("VOI-1", c, 0, 0, credit.Unused)
		o.wantBalances("VOI-1", 0, -19_000, 5_000_000)
		if err := void(); !errors.Is(err, payment.ErrNotVoidable) {
			t.Errorf("voided again: got %v", err)
		}
		o.verified()
	})
}

// VOI-3, posting 18, E20: a cheque is voided until it has cleared; the bank learns of it with positive pay and does not
// pay it. With a reissue the bill is paid by a new cheque, once.
func TestVoidCheque(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("V1, Inc.", nil)
		b := o.bill(v, 10_000)
		c := o.credit(v, 1_000)
		p := o.mustOrder(payment.Order{Bills: []payment.Portion{{BillID: b, Amount: 9_000}}, Credits: []payment.Offset{{BillID: b, CreditID: c, Amount: 1_000}}})[0].ID
		void := func(id ids.ID, kind int64, reason string) (got *payment.Payment, err error) {
			err = o.try(func(tx *db.Tx) (err error) {
				got, err = payment.Void(tx, payment.Voiding{PaymentID: id, Type: kind, Reason: reason})
				return err
			})
			return got, err
		}
		if _, err := void(p, payment.VoidAndCredit, "lost"); !errors.Is(err, payment.ErrNotVoidable) {
			t.Errorf("scheduled: got %v", err)
		}
		o.until(civil.MustDate("2026-11-25").At(9, 0, civil.Pacific))
		o.wantState(p, payment.Sent)
		if _, err := void(p, 0, ""); !errors.Is(err, fault.ErrMissing) || len(fault.From(err).Fields) != 2 {
			t.Errorf("VOI-8: got %v", err)
		}
		if _, err := void(p, 3, "lost"); !errors.Is(err, fault.ErrValue) {
			t.Errorf("type 3: got %v", err)
		}
		got, err := void(p, payment.VoidAndReissue, "lost")
		if err != nil {
			t.Fatal(err)
		}
		if got.State != payment.VoidRequested || got.Status != 2 || got.VoidStatus != "requested" {
			t.Fatalf("VOI-3: got %+v", got)
		}
		o.wantBill("requested", b, 0, 9_000, 0, 1_000, bill.PaidInFull)
		o.until(civil.MustDate("2026-11-25").At(9, 30, civil.Pacific)) // the bank has taken the stop
		if got = o.payment(p); got.Status != 4 || got.VoidStatus != "confirmed" || got.ReplacedBy.IsNull() {
			t.Fatalf("VOI-3: got %+v", got)
		}
		second := o.payment(got.ReplacedBy)
		if second.Replaces != p || second.First() != p || second.State != payment.Scheduled || second.ProcessDate.String() != "2026-11-27" ||
			second.Amount != 9_000 || second.CreditAmount != 1_000 {
			t.Errorf("VOI-3: the new payment is %+v", second)
		}
		o.wantBill("reissued", b, 9_000, 0, 1_000, 0, bill.Scheduled)
		o.wantBalances("reissued", 0, -9_000, 5_000_000)
		if _, err := void(p, payment.VoidAndCredit, "lost"); !errors.Is(err, payment.ErrNotVoidable) {
			t.Errorf("voided again: got %v", err)
		}
		o.until(civil.MustDate("2026-12-20").At(9, 0, civil.Pacific))
		if got, want := o.register(), "10001 voided, 10002 cleared"; got != want {
			t.Errorf("CHK-4: the register is %s, want %s", got, want)
		}
		var stops []string
		for _, n := range o.names("out") {
			if strings.HasSuffix(n, "-positivepay.csv") && strings.Contains(o.content("out", n), ",V\r\n") {
				stops = append(stops, o.content("out", n))
			}
		}
		if len(stops) != 1 || !strings.Contains(stops[0], "000117777,10001,2026-11-24,90.00,\"V1, Inc.\",V") {
			t.Errorf("CHK-6: void lines %q", stops)
		}
		o.wantState(p, payment.Voided)
		o.wantState(second.ID, payment.Cleared)
		o.wantBill("paid", b, 0, 9_000, 0, 1_000, bill.PaidInFull)
		o.wantCredit("paid", c, 0, 1_000, credit.Used)
		o.wantBalances("paid", 0, 0, 4_991_000)
		if _, err := void(second.ID, payment.VoidAndCredit, "lost"); !errors.Is(err, payment.ErrNotVoidable) {
			t.Errorf("cleared: got %v", err)
		}
		var outcomes []string
		for _, a := range o.attempts(b) {
			outcomes = append(outcomes, a.Outcome)
		}
		if strings.Join(outcomes, " ") != "VOIDED SUCCEEDED" {
			t.Errorf("4.6: got %v", outcomes)
		}
		o.verified()
	})
}

// VOI-2: the return of an entry is asked for; it is voided when it comes back (R06) and stands when it does not.
func TestVoidEntry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		back, stands := o.vendor("Back", nil), o.vendor("Stands", nil)
		o.account(back, "5551234")
		o.account(stands, "5550600")
		b1, b2, b3 := o.bill(back, 1_000), o.bill(stands, 2_000), o.bill(stands, 4_000)
		day := civil.MustDate("2026-11-30")
		var all []ids.ID
		for _, m := range o.mustOrder(payment.Order{ProcessDate: day, Bills: []payment.Portion{{BillID: b1, Amount: 1_000}, {BillID: b2, Amount: 2_000}}}) {
			all = append(all, m.ID)
		}
		late := o.mustPay(b3, 4_000, "2026-11-30")
		void := func(id ids.ID) error {
			return o.try(func(tx *db.Tx) error {
				_, err := payment.Void(tx, payment.Voiding{PaymentID: id, Type: payment.VoidAndCredit, Reason: "duplicate"})
				return err
			})
		}
		o.until(day.At(13, 0, civil.Pacific).Add(-time.Second))
		for _, p := range all {
			if err := void(p); err != nil {
				t.Fatal(err)
			}
			o.wantState(p, payment.VoidRequested)
			if got := o.payment(p); got.Status != 2 || got.DisbursementStatus != 3 || got.VoidStatus != "requested" {
				t.Errorf("5.5.1: got %+v", got)
			}
			if err := void(p); !errors.Is(err, payment.ErrNotVoidable) {
				t.Errorf("asked for again: got %v", err)
			}
		}
		o.wantBill("asked for", b1, 0, 1_000, 0, 0, bill.PaidInFull)
		o.verified()
		o.until(day.At(13, 0, civil.Pacific))
		if err := void(late); !errors.Is(err, payment.ErrNotVoidable) {
			t.Errorf("VOI-2: at 13:00 got %v", err)
		}
		recalls := 0
		for _, n := range o.names("out") {
			if strings.HasSuffix(n, "-recall.csv") {
				recalls++
				if got := strings.Count(o.content("out", n), "\n"); got != 3 {
					t.Errorf("recall: %q", o.content("out", n))
				}
			}
		}
		if recalls != 1 {
			t.Errorf("%d lists of entries to send back", recalls)
		}
		o.until(civil.MustDate("2026-12-02").At(9, 0, civil.NewYork))
		o.verified()
		o.until(civil.MustDate("2026-12-10").At(9, 0, civil.Pacific))
		o.wantState(all[0], payment.Voided)
		o.wantState(all[1], payment.Cleared)
		o.wantState(late, payment.Cleared)
		if got := o.payment(all[1]).VoidStatus; got != "refused" {
			t.Errorf("what was not sent back: %q", got)
		}
		o.wantBill("voided", b1, 0, 0, 0, 0, bill.Open)
		o.wantBill("stands", b2, 0, 2_000, 0, 0, bill.PaidInFull)
		o.wantBalances("at the end", 0, -1_000, 4_994_000)
		o.verified()
		o.read(func(tx *db.Tx) error { // the lump, and the money that came back
			rows, err := tx.Query(`SELECT amount, status, process_date FROM money_movements WHERE org_id = $1 ORDER BY amount`, string(o.who.Org))
			if err != nil {
				return err
			}
			defer rows.Close()
			var got []string
			for rows.Next() {
				var amount, status int64
				var day string
				if err := rows.Scan(&amount, &status, &day); err != nil {
					return err
				}
				got = append(got, fmt.Sprint(amount, " ", status, " ", day))
			}
			if strings.Join(got, ", ") != "-7000 1 2026-11-30, 1000 1 2026-12-03" {
				t.Errorf("3.17: movements %v", got)
			}
			return rows.Err()
		})
	})
}

// E12 with a credit: two orders at once over bills and credits in opposite orders use no more of a credit than there is.
func TestTwoOrdersAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("V", nil)
		b1, b2 := o.bill(v, 10_000), o.bill(v, 10_000)
		c1, c2 := o.credit(v, 1_000), o.credit(v, 1_000)
		order := func(bills, credits [2]ids.ID) payment.Order {
			var or payment.Order
			for i := range bills {
				or.Bills = append(or.Bills, payment.Portion{BillID: bills[i], Amount: 100})
				or.Credits = append(or.Credits, payment.Offset{BillID: bills[i], CreditID: credits[i], Amount: 600})
			}
			return or
		}
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i, or := range []payment.Order{order([2]ids.ID{b1, b2}, [2]ids.ID{c1, c2}), order([2]ids.ID{b2, b1}, [2]ids.ID{c2, c1})} {
			wg.Go(func() { _, errs[i] = o.order(or) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), credit.ErrLeft) {
			t.Errorf("got %v and %v, want one success and one %v", errs[0], errs[1], credit.ErrLeft)
		}
		o.wantCredit("afterwards", c1, 600, 0, credit.PartlyUsed)
		o.wantBill("afterwards", b1, 100, 0, 600, 0, bill.Scheduled)
		o.verified()
	})
}
