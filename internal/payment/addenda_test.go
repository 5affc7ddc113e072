package payment_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/rail/ach/achread"
	"github.com/duebook/duebook/internal/vendor"
)

// files reads what went to the bank as NACHA, in order: the entries, and the headers by file.
func (o *office) entries() (all []achread.Entry) {
	o.t.Helper()
	for _, name := range o.names("out") {
		if !strings.HasSuffix(name, ".ach") {
			continue
		}
		_, err := achread.Read(strings.NewReader(o.content("out", name)), func(e achread.Entry) error {
			all = append(all, e)
			return nil
		})
		if err != nil {
			o.t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}

// TestACH_2_Classes: CTX with an 820 for a business that opted in and whose remittance does not fit; CCD where it fits or the
// vendor did not opt in; PPD for a person. The balanced style pays for each batch with a debit of our account (FND-4), under
// the description of the account (ACH-3).
func TestACH_2_Classes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.write(func(tx *db.Tx) error { return bank.SetFiles(tx, o.bank, true, "rebate") })
		type payee struct {
			name, account string
			person, ctx   bool
			bills         int
			sec, first    string
		}
		payees := []payee{
			{"Opted and long", "5551001", false, true, 5, "CTX", "ISA*00*"},
			{"Opted and short", "5551002", false, true, 2, "CCD", `RMR*IV*`},
			{"Long only", "5551003", false, false, 5, "CCD", "SEE EMAIL P"},
			{"A person", "5551004", true, true, 5, "PPD", "SEE EMAIL P"},
		}
		for i, p := range payees {
			v := o.vendor(p.name, nil)
			n, err := vendor.SealBankAccount(o.vault, o.who.Org, p.account)
			if err != nil {
				t.Fatal(err)
			}
			n.VendorID, n.Routing, n.AccountType, n.HolderType = v, "990000026", vendor.Checking, vendor.Business
			if p.person {
				n.HolderType = vendor.Person
			}
			o.write(func(tx *db.Tx) error {
				if _, err := vendor.AddBankAccount(tx, n); err != nil {
					return err
				}
				return vendor.SetCTX(tx, v, p.ctx)
			})
			order := payment.Order{ProcessDate: civil.MustDate("2026-11-25")}
			for range p.bills {
				order.Bills = append(order.Bills, payment.Portion{BillID: o.bill(v, 1_000*int64(i+1)), Amount: 1_000 * int64(i+1)})
			}
			o.write(func(tx *db.Tx) error { _, err := payment.PayBills(tx, order); return err })
		}
		o.until(civil.MustDate("2026-11-25").At(3, 0, civil.Pacific))
		batches := map[int]string{}
		found := 0
		for _, e := range o.entries() {
			if e.Prenote() {
				continue
			}
			if !e.Credit() {
				if e.Account != number || e.Routing != "990000013" || e.Batch.Class != 200 {
					t.Errorf("FND-4: the batch is balanced by %+v", e)
				}
				batches[e.Batch.Number] = fmt.Sprint(e.Batch.SEC, " ", e.Amount)
				continue
			}
			for i, p := range payees {
				if e.Account != p.account {
					continue
				}
				found++
				if e.Batch.SEC != p.sec || len(e.Texts) == 0 || !strings.HasPrefix(e.Texts[0], p.first) || e.Batch.Description != "REBATE" {
					t.Errorf("%s: %s %s %q", p.name, e.Batch.SEC, e.Batch.Description, e.Texts)
				}
				if p.sec != "CTX" {
					continue
				}
				a, err := achread.ReadAdvice(e.Texts)
				if err != nil || a.Payer != "Northwind LLC" || a.Payee != p.name || len(a.Invoices) != p.bills || a.Amount != "50.00" ||
					a.Invoices[4] != (achread.Invoice{Number: "INV-1005", Paid: "10.00", Total: "10.00", Date: "20261120"}) {
					t.Errorf("%s %d: advice %+v, %v", p.name, i, a, err)
				}
			}
		}
		if want := "map[1:CCD 19000 2:CTX 5000 3:PPD 20000]"; found != 4 || fmt.Sprint(batches) != want {
			t.Errorf("%d entries; offsets %v, want %s", found, batches, want)
		}
		o.until(civil.MustDate("2026-12-02").At(6, 0, civil.NewYork))
		o.wantBalances("FND-4: settled once", 0, 0, 5_000_000-44_000)
		o.verified()

		for _, d := range []string{"PAYROLL", "payroll 1", "REVERSAL", "RETRY PYMT", "ACCTVERIFY", "ELEVEN CHARS", "GRÖẞE"} {
			err := o.try(func(tx *db.Tx) error { return bank.SetFiles(tx, o.bank, false, d) })
			if !errors.Is(err, fault.ErrValue) {
				t.Errorf("ACH-3: description %q: %v", d, err)
			}
		}
	})
}
