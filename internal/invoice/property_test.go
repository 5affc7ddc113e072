package invoice_test

import (
	"flag"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
)

// TestMain bounds the properties to seconds; SOAK=1 lets rapid run as long as it likes to.
func TestMain(m *testing.M) {
	if os.Getenv("SOAK") == "" {
		_ = flag.Set("rapid.checks", "10")
	}
	os.Exit(m.Run())
}

// AR-3, GL-1, GL-4: whatever is entered, edited, voided, restored and credited, an invoice is the sum of its lines and
// its tax, the ledger balances, and accounts receivable are what the customers owe less what they have to their credit.
func TestProperties(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		rapid.Check(t, func(r *rapid.T) {
			who, c := newOrg(t, s)
			customers := []ids.ID{c, newCustomer(t, s, who, "Second").ID}
			var invoices, memos []ids.ID
			lines := func(r *rapid.T) []*invoice.Line {
				return rapid.SliceOfN(rapid.Custom(func(r *rapid.T) *invoice.Line {
					taxable := rapid.SampledFrom([]int64{invoice.Taxable, invoice.Untaxed}).Draw(r, "taxable")
					if rapid.IntRange(0, 3).Draw(r, "kind") == 0 {
						return line("", money.FormatMinor(rapid.Int64Range(-9_000, 9_000).Draw(r, "percent"), 2)+"%", taxable)
					}
					return line(money.FormatMinor(rapid.Int64Range(-100, 99_999).Draw(r, "quantity"), 3), money.FormatMinor(rapid.Int64Range(-500, 99_999_999).Draw(r, "price"), 4), taxable)
				}), 1, 6).Draw(r, "lines")
			}
			percent := func(r *rapid.T) money.Decimal {
				return money.MustDecimal(money.FormatMinor(rapid.Int64Range(0, 2_500).Draw(r, "tax"), 2))
			}
			payer := func(r *rapid.T) ids.ID { return rapid.SampledFrom(customers).Draw(r, "customer") }
			one := func(r *rapid.T, of []ids.ID) ids.ID {
				if len(of) == 0 {
					r.Skip()
				}
				return rapid.SampledFrom(of).Draw(r, "which")
			}
			// A refusal changes nothing; the check after the step sees to it.
			try := func(f func(*db.Tx) error) bool { return s.Write(ctx, who, f) == nil }
			r.Repeat(map[string]func(*rapid.T){
				"enter": func(r *rapid.T) {
					i := newInvoice(payer(r), "n", lines(r)...)
					i.SalesTaxPercentage = percent(r)
					if try(func(tx *db.Tx) error { return invoice.Create(tx, i) }) {
						invoices = append(invoices, i.ID)
					}
				},
				"edit": func(r *rapid.T) {
					id, more, to, rate := one(r, invoices), lines(r), payer(r), percent(r)
					try(func(tx *db.Tx) error {
						before, err := invoice.Invoices.LoadForUpdate(tx, id)
						if err != nil {
							return err
						}
						after := invoice.Invoices.Copy(before).(*invoice.Invoice)
						after.Lines, after.CustomerID, after.SalesTaxPercentage = append(after.Lines[:1], more...), to, rate
						return invoice.Update(tx, before, after)
					})
				},
				"void or restore": func(r *rapid.T) {
					id, do := one(r, invoices), rapid.SampledFrom([]func(*db.Tx, ids.ID) error{invoice.Delete, invoice.Restore}).Draw(r, "do")
					try(func(tx *db.Tx) error { return do(tx, id) })
				},
				"credit": func(r *rapid.T) {
					m := newMemo(payer(r), "n", lines(r)...)
					m.SalesTaxPercentage = percent(r)
					if try(func(tx *db.Tx) error { return invoice.CreateMemo(tx, m) }) {
						memos = append(memos, m.ID)
					}
				},
				"apply": func(r *rapid.T) {
					memo, id, n := one(r, memos), one(r, invoices), rapid.Int64Range(0, 500_000).Draw(r, "amount")
					try(func(tx *db.Tx) error {
						_, err := invoice.ApplyMemo(tx, memo, []invoice.Application{{InvoiceID: id, Amount: n}})
						return err
					})
				},
				"delete or restore a memo": func(r *rapid.T) {
					id, do := one(r, memos), rapid.SampledFrom([]func(*db.Tx, ids.ID) error{invoice.DeleteMemo, invoice.RestoreMemo}).Draw(r, "do")
					try(func(tx *db.Tx) error { return do(tx, id) })
				},
				"": func(r *rapid.T) {
					var owed, ready, due, left, ar, unbalanced, wrong int64
					if err := s.Read(ctx, who, func(tx *db.Tx) (err error) {
						for _, id := range customers {
							c, err := customer.Customers.Load(tx, id)
							if err != nil {
								return err
							}
							owed, ready = owed+c.Balance, ready+c.Credit
						}
						for _, q := range []struct {
							to    *int64
							query string
						}{
							{&due, `SELECT CAST(coalesce(sum(amount - credit_amount - paid_amount), 0) AS BIGINT) FROM invoices WHERE org_id = $1 AND is_active = 1`},
							{&left, `SELECT CAST(coalesce(sum(amount - applied_amount), 0) AS BIGINT) FROM credit_memos WHERE org_id = $1 AND is_active = 1`},
							{&unbalanced, `SELECT count(*) FROM (SELECT entry_id FROM postings WHERE org_id = $1 GROUP BY entry_id HAVING sum(amount) <> 0) x`},
							{&wrong, `SELECT count(*) FROM invoices i WHERE org_id = $1 AND (amount < 0 OR credit_amount > amount OR amount <> sales_tax_total
								+ (SELECT sum(l.amount) FROM invoice_lines l WHERE l.org_id = i.org_id AND l.invoice_id = i.id))`},
						} {
							if err := tx.Row(q.query, string(who.Org)).Scan(q.to); err != nil {
								return err
							}
						}
						ar, err = ledger.RoleBalance(tx, ledger.AR)
						return err
					}); err != nil {
						r.Fatal(err)
					}
					if owed != due || ready != left || ar != due-left || unbalanced != 0 || wrong != 0 {
						r.Fatalf("owed %d, due %d; ready %d, left %d; AR %d; %d entries unbalanced, %d invoices wrong", owed, due, ready, left, ar, unbalanced, wrong)
					}
				},
			})
		})
	})
}
