package report_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/report"
)

// Random business: both ageings and their open items tie to the control accounts, in total and for each party, on every
// day past and present; the trial balance sums to zero; and what a day's ageing said in the evening it says for ever, as
// known on that day.
func TestGL4_GL6_GL9_EveryReportTiesOnEveryDay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		vault, dir := vaultIn(t), t.TempDir()
		rapid.Check(t, func(r *rapid.T) {
			s.Clock.Set(dbtest.Start)
			o := newOffice(r, s, vault, dir)
			vendors := []ids.ID{o.vendor("Cheque", nil)}
			for _, number := range []string{"5551234", "5550003", "5550101", "5550200"} {
				v := o.vendor("ACH "+number, nil)
				o.account(v, number)
				vendors = append(vendors, v)
			}
			customers := []ids.ID{o.customer("Hotel"), o.customer("Spa")}
			var bills, credits, payments, invoices, receipts, memos []ids.ID
			amount := func(most int64) int64 { return rapid.Int64Range(1, most).Draw(r, "amount") }
			day := func(least, most int) civil.Date { return o.today().AddDays(rapid.IntRange(least, most).Draw(r, "day")) }
			of := func(all []ids.ID) ids.ID { return rapid.SampledFrom(all).Draw(r, "of") }
			refused := func(err error) {
				if err != nil && fault.From(err) == nil {
					r.Fatal(err)
				}
			}
			evenings := map[civil.Date][2][]string{}
			for range rapid.IntRange(3, 9).Draw(r, "days") {
				for range rapid.IntRange(1, 8).Draw(r, "actions") {
					switch act := rapid.IntRange(0, 12).Draw(r, "action"); {
					case act <= 1 || len(bills) == 0:
						bills = append(bills, o.bill(of(vendors), amount(30_000), day(-40, 2), day(-100, 40)))
					case act == 2:
						credits = append(credits, o.credit(of(vendors), amount(9_000), day(-20, 0)))
					case act == 3:
						b := of(bills)
						refused(o.try(func(tx *db.Tx) error { return bill.Delete(tx, b) }))
					case act <= 5:
						or := payment.Order{Bills: []payment.Portion{{BillID: of(bills), Amount: amount(20_000)}}}
						if len(credits) > 0 && rapid.Bool().Draw(r, "use a credit") {
							or.Credits = []payment.Offset{{BillID: or.Bills[0].BillID, CreditID: of(credits), Amount: amount(5_000)}}
						}
						refused(o.try(func(tx *db.Tx) error {
							made, err := payment.PayBills(tx, or)
							for _, p := range made {
								payments = append(payments, p.ID)
							}
							return err
						}))
					case act == 6:
						b, n, d := of(bills), amount(9_000), day(-10, 0)
						refused(o.try(func(tx *db.Tx) error {
							p, err := payment.RecordOffline(tx, payment.Offline{BillID: b, Amount: n, Date: d})
							if err == nil {
								payments = append(payments, p.PaymentID)
							}
							return err
						}))
					case act == 7 && len(payments) > 0:
						p := of(payments)
						refused(o.try(func(tx *db.Tx) error {
							_, err := payment.Void(tx, payment.Voiding{PaymentID: p, Type: 1, Reason: "other"})
							return err
						}))
					case act == 8 || len(invoices) == 0:
						invoices = append(invoices, o.invoice(of(customers), amount(30_000), day(-40, 0), day(-100, 40)))
					case act == 9:
						rec := receipt.Receipts.New().(*receipt.Receipt)
						rec.CustomerID, rec.Amount, rec.PaymentDate = of(customers), amount(20_000), day(-20, 2)
						if rapid.Bool().Draw(r, "apply") {
							p := receipt.InvoicePays.New().(*receipt.InvoicePay)
							p.InvoiceID, p.Amount = of(invoices), amount(rec.Amount)
							rec.Pays = append(rec.Pays, p)
						}
						refused(o.try(func(tx *db.Tx) error {
							err := receipt.Record(tx, rec)
							if err == nil {
								receipts = append(receipts, rec.ID)
							}
							return err
						}))
					case act == 10 && len(receipts) > 0:
						id := of(receipts)
						refused(o.try(func(tx *db.Tx) error { _, err := receipt.Void(tx, id); return err }))
					case act == 11:
						m := invoice.CreditMemos.New().(*invoice.CreditMemo)
						l := invoice.MemoLines.New().(*invoice.MemoLine)
						l.Price = money.MustDecimal(money.FormatMinor(amount(5_000), 2))
						m.CustomerID, m.RefNumber, m.CreditDate, m.Lines = of(customers), o.number(), day(-20, 0), []*invoice.MemoLine{l}
						o.write(func(tx *db.Tx) error { return invoice.CreateMemo(tx, m) })
						memos = append(memos, m.ID)
					case act == 12 && len(memos) > 0:
						m, i, n := of(memos), of(invoices), amount(5_000)
						refused(o.try(func(tx *db.Tx) error {
							_, err := invoice.ApplyMemo(tx, m, []invoice.Application{{InvoiceID: i, Amount: n}})
							return err
						}))
					}
				}
				today := o.today()
				o.until(today.At(23, 50, civil.Pacific))
				evenings[today] = [2][]string{rows(o.run("ap-ageing")), totals(o.run("ar-ageing"))}
				o.until(today.AddDays(rapid.IntRange(1, 9).Draw(r, "days pass")).At(9, 0, civil.Pacific))
			}
			o.allTie()
			days := slices.SortedFunc(maps.Keys(evenings), civil.Date.Compare)
			for d := days[0].AddDays(-110); d.Before(o.today().AddDays(10)); d = d.AddDays(rapid.IntRange(3, 14).Draw(r, "step")) {
				o.ties("ap-ageing", "ap-open", ledger.AP, -1, d)
				o.ties("ar-ageing", "ar-open", ledger.AR, 1, d)
				if b := o.run("trial-balance", "as-of", d.String()); b.Off != 0 || fmt.Sprint(b.Total[2]) != fmt.Sprint(b.Total[3]) {
					r.Errorf("GL-6: on %s debits and credits are %v", d, b.Total)
				}
			}
			for _, d := range days {
				on := []string{"as-of", d.String(), "known", d.String()}
				if got := rows(o.run("ap-ageing", on...)); !slices.Equal(got, evenings[d][0]) {
					r.Errorf("GL-9: payables on %s were %q, and are %q as known then", d, evenings[d][0], got)
				}
				if got := totals(o.run("ar-ageing", on...)); !slices.Equal(got, evenings[d][1]) {
					r.Errorf("GL-9: receivables on %s were %q, and are %q as known then", d, evenings[d][1], got)
				}
			}
		})
	})
}

// totals are the parties of an ageing with their totals.
func totals(t *report.Table) (out []string) {
	for _, r := range t.Rows {
		if r.Cells[6] != int64(0) {
			out = append(out, fmt.Sprint(r.Cells[0], " ", r.Cells[6]))
		}
	}
	return out
}

// ties compares an ageing and its open items with the ledger.
func (o *office) ties(ageing, open, role string, sign int64, day civil.Date) {
	o.t.Helper()
	want := o.balances(role, day)
	got := map[ids.ID]int64{}
	a, b := o.run(ageing, "as-of", day.String()), o.run(open, "as-of", day.String())
	for _, r := range a.Rows {
		var sum int64
		for _, c := range r.Cells[1:6] {
			sum += c.(int64)
		}
		if sum != r.Cells[6] {
			o.t.Errorf("%s on %s: %v does not add up", ageing, day, r.Cells)
		}
		if sum != 0 {
			got[r.Of.Record] = sign * sum
		}
	}
	if !maps.Equal(got, want) {
		o.t.Errorf("GL-4: %s on %s says %v, the ledger %v", ageing, day, got, want)
	}
	if a.Off != 0 || b.Off != 0 {
		o.t.Errorf("GL-4: on %s %s is off by %d, %s by %d", day, ageing, a.Off, open, b.Off)
	}
}

// Items fall into their buckets by the days past due (AR-17), a part payment and a credit stand where they belong, and
// the reports agree with what is open one by one.
func TestAR17_Buckets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v, dated := o.vendor("V", nil), civil.MustDate("2026-07-01")
		asOf := civil.MustDate("2026-11-23")
		for i, days := range []int{-5, 0, 1, 30, 31, 60, 61, 90, 91, 144} {
			o.bill(v, 1<<i, dated, asOf.AddDays(-days))
		}
		o.credit(v, 1<<20, asOf.AddDays(-45))
		want := fmt.Sprint("V", 3, 4+8, 16+32-1<<20, 64+128, 256+512, 1023-1<<20)
		if got := o.run("ap-ageing"); fmt.Sprint(got.Rows[0].Cells...) != want || len(got.Rows) != 1 {
			t.Errorf("AR-17: %v, want %s", rows(got), want)
		}
		if got := rows(o.run("ap-open")); len(got) != 11 {
			t.Errorf("open items: %q", got)
		}
		c := o.customer("C")
		o.invoice(c, 100_00, dated, asOf.AddDays(-31))
		rec := receipt.Receipts.New().(*receipt.Receipt)
		rec.CustomerID, rec.Amount, rec.PaymentDate = c, 30_00, asOf
		o.write(func(tx *db.Tx) error { return receipt.Record(tx, rec) })
		if got, want := fmt.Sprint(o.run("ar-ageing").Rows[0].Cells...), fmt.Sprint("C", -30_00, 0, 100_00, 0, 0, 70_00); got != want {
			t.Errorf("AR-17: %s, want %s", got, want)
		}
		if got := rows(o.run("ar-ageing", "as-of", "2026-11-22")); len(got) != 1 || got[0] != fmt.Sprint("C", 0, 100_00, 0, 0, 0, 100_00) {
			t.Errorf("AR-17: a day before: %q", got)
		}
	})
}

// E30: November is closed when an entry dated 30 November comes back: it posts on the first open day with its own date
// kept, and the ageing of 30 November stays as it was.
func TestE30_PastAgeingStands(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		s.Clock.Set(civil.MustDate("2026-11-16").At(9, 0, civil.Pacific))
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Returned", nil)
		o.account(v, "5550003") // comes back as R03
		o.until(civil.MustDate("2026-11-20").At(9, 0, civil.Pacific))
		b := o.bill(v, 500_00, civil.MustDate("2026-11-20"), civil.MustDate("2026-11-28"))
		o.write(func(tx *db.Tx) error {
			_, err := payment.Pay(tx, payment.Request{BillID: b, Amount: 500_00, ProcessDate: civil.MustDate("2026-11-24")})
			return err
		})
		o.until(civil.MustDate("2026-11-30").At(0, 30, civil.Pacific))
		before := rows(o.run("ap-ageing", "as-of", "2026-11-30"))
		o.write(func(tx *db.Tx) error { ledger.ClosePeriod(tx, "2026-11"); return nil })
		o.until(civil.MustDate("2026-12-02").At(12, 0, civil.Pacific))
		var posted, original string
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT posting_date, original_date FROM journal_entries WHERE org_id = $1 AND event = $2`, string(o.who.Org),
				int64(ledger.PaymentReturned)).Scan(&posted, &original)
		})
		if posted != "2026-12-01" || original != "2026-11-30" {
			t.Errorf("E30: the return of %s is posted on %s", original, posted)
		}
		if got := rows(o.run("ap-ageing", "as-of", "2026-11-30")); len(before) != 0 || len(got) != 0 {
			t.Errorf("E30: the ageing of 30 November was %q and is %q", before, got)
		}
		if got := o.run("ap-ageing"); len(got.Rows) != 1 || got.Total[6] != int64(500_00) || got.Off != 0 {
			t.Errorf("E30: the bill is open again: %q", rows(got))
		}
	})
}

// The general ledger goes from opening to closing balances, which are those of the trial balance.
func TestGeneralLedger(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("V", nil)
		for _, d := range []string{"2026-10-05", "2026-11-05", "2026-11-20"} {
			o.bill(v, 100_00, civil.MustDate(d), civil.MustDate("2026-12-01"))
		}
		o.credit(v, 40_00, civil.MustDate("2026-11-06"))
		all := o.run("general-ledger", "from", "2026-11-01", "to", "2026-11-30")
		closing := map[any]any{}
		for _, r := range all.Rows {
			if r.Sum {
				closing[r.Cells[0]] = r.Cells[6]
			}
		}
		for _, r := range o.run("trial-balance", "as-of", "2026-11-30").Rows {
			n, ok := r.Cells[2].(int64)
			if !ok {
				n = -r.Cells[3].(int64)
			}
			if name := fmt.Sprint(r.Cells[0], " ", r.Cells[1]); closing[name] != n {
				t.Errorf("%s closes with %v in the ledger, %v in the trial balance", name, closing[name], n)
			}
		}
		if all.Total[4] != int64(240_00) || all.Total[5] != int64(240_00) {
			t.Errorf("the month moved %v", all.Total)
		}
	})
}

// A report needs its permission, and refuses what it does not understand.
func TestRefusals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.who.Perms = 0
		for _, r := range report.All() {
			p, err := r.Read(func(string) string { return "" }, o.today())
			if err != nil {
				t.Fatal(err)
			}
			if err := o.s.Read(t.Context(), o.who, func(tx *db.Tx) error { _, err := r.Run(tx, p); return err }); !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("%s without permission: %v", r.Name, err)
			}
			for _, x := range r.Takes {
				_, err := r.Read(func(n string) string {
					if n == x.Name {
						return "'; DROP"
					}
					return ""
				}, o.today())
				if f := fault.From(err); !errors.Is(err, fault.ErrValue) || !slices.Equal(f.Fields, []string{x.Name}) {
					t.Errorf("%s with a wrong %s: %v", r.Name, x.Name, err)
				}
			}
		}
		if _, err := report.Find("none"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("find: %v", err)
		}
	})
}
