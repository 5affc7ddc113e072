package verify_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/sending"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/verify"
)

// Each row about money that was changed behind the program's back is found, and by the rules that it breaks.
func TestMoneyDamage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		vault, err := secret.CreateVault(filepath.Join(t.TempDir(), "key"))
		if err != nil {
			t.Fatal(err)
		}
		blobs, err := blob.New(t.TempDir(), vault)
		if err != nil {
			t.Fatal(err)
		}
		id, user, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "a@acme.example", PasswordHash: "x",
			SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		who := db.Caller{Org: id, User: user, Perms: org.All, Channel: "test"}
		own, err := bank.Seal(vault, id, "000117777")
		if err != nil {
			t.Fatal(err)
		}
		own.Name, own.BankName, own.Routing, own.Verified = "Operating", "Sandbox Bank", "990000013", true
		account := customer.BankAccounts.New().(*customer.BankAccount)
		account.NameOnAccount, account.Routing = "Hotel", "990000026"
		if err := customer.SealBankAccount(vault, id, account, "5551234"); err != nil {
			t.Fatal(err)
		}
		if err := s.Write(ctx, who, func(tx *db.Tx) error {
			if _, err := bank.Add(tx, own); err != nil {
				return err
			}
			v := vendor.Vendors.New().(*vendor.Vendor)
			v.Name, v.Address1, v.City, v.Region, v.Zip = "Harbor", "1 Main Street", "Springfield", "IL", "62701"
			if err := vendor.Create(tx, v); err != nil {
				return err
			}
			b := bill.Bills.New().(*bill.Bill)
			b.VendorID, b.InvoiceNumber, b.Amount = v.ID, "1", 1000
			b.InvoiceDate, b.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
			if err := bill.Create(tx, b); err != nil {
				return err
			}
			vc := credit.Credits.New().(*credit.Credit)
			vc.VendorID, vc.RefNumber, vc.Amount, vc.CreditDate = v.ID, "1", 300, civil.MustDate("2026-11-20")
			if err := credit.Create(tx, vc, false); err != nil {
				return err
			}
			if _, err := payment.PayBills(tx, payment.Order{Bills: []payment.Portion{{BillID: b.ID, Amount: 800}},
				Credits: []payment.Offset{{BillID: b.ID, CreditID: vc.ID, Amount: 200}}}); err != nil {
				return err
			}
			c := customer.Customers.New().(*customer.Customer)
			c.Name = "Hotel"
			if err := customer.Create(tx, c); err != nil {
				return err
			}
			account.CustomerID = c.ID
			if err := customer.AddBankAccount(tx, account); err != nil {
				return err
			}
			i := invoice.Invoices.New().(*invoice.Invoice)
			i.CustomerID, i.InvoiceNumber, i.InvoiceDate, i.DueDate = c.ID, "1", civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
			l := invoice.Lines.New().(*invoice.Line)
			l.Price = money.MustDecimal("100")
			i.Lines = []*invoice.Line{l}
			if err := invoice.Create(tx, i); err != nil {
				return err
			}
			r := receipt.Receipts.New().(*receipt.Receipt)
			r.CustomerID, r.PaymentDate, r.Amount, r.ConvFeeAmount = c.ID, i.InvoiceDate, 600, 25
			if err := receipt.Record(tx, r); err != nil {
				return err
			}
			_, err := sending.Pay(tx, sending.Payment{Invoice: i.ID, Amount: 50_00, Name: "Jo", Form: "f"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		e := payment.NewEngine(s.DB, vault, t.TempDir(), slog.New(slog.DiscardHandler))
		if err := e.Step(ctx, id, civil.MustDate("2026-11-24").At(2, 0, civil.Pacific)); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct{ breaks, mends, rules string }{
			{"", "", ""},
			{`UPDATE payments SET amount = 801`, `UPDATE payments SET amount = 800`, "PAY-2 XO-1"},
			{`UPDATE payments SET credit_amount = 0`, `UPDATE payments SET credit_amount = 200`, "PAY-2"},
			{`UPDATE payments SET status = 1`, `UPDATE payments SET status = 2`, "5.5 5.5"},
			{`UPDATE bill_pays SET state = 'voided'`, `UPDATE bill_pays SET state = 'sent'`, "5.5"},
			{`UPDATE disbursements SET amount = 700`, `UPDATE disbursements SET amount = 800`, "XO-1 XO-1 GL-5 CHK-4"},
			{`UPDATE disbursement_batches SET total = 1 WHERE rail = 'debit'`, `UPDATE disbursement_batches SET total = 5000 WHERE rail = 'debit'`, "XO-1"},
			{`UPDATE disbursement_batches SET rail = 'ach' WHERE rail = 'debit'`, `UPDATE disbursement_batches SET rail = 'debit' WHERE rail = 'ach'`, "AR-13"},
			{`UPDATE received_pays SET state = 'settled' WHERE is_online = 1`, `UPDATE received_pays SET state = 'in_file' WHERE is_online = 1`, "AR-13 GL-5"},
			{`UPDATE convenience_fees SET amount = 24`, `UPDATE convenience_fees SET amount = 25`, "AR-15"},
			{`UPDATE debit_authorizations SET cap = 4999`, `UPDATE debit_authorizations SET cap = 5000`, "AR-12"},
			{`UPDATE vendor_credit_lines SET amount = 1`, `UPDATE vendor_credit_lines SET amount = 300`, "BIL-4"},
			{`UPDATE vendor_credits SET credit_status = 0`, `UPDATE vendor_credits SET credit_status = 2`, "4.3"},
			{`UPDATE bill_credits SET state = 'freed'`, `UPDATE bill_credits SET state = 'applied'`, "9.2 9.2"},
			{"", "", ""},
		} {
			run := func(sql string) {
				if sql == "" {
					return
				}
				if err := s.Write(ctx, who, func(tx *db.Tx) error { tx.Exec(sql); return nil }); err != nil {
					t.Fatal(err)
				}
			}
			run(x.breaks)
			got, err := verify.Store(ctx, s.DB, blobs, vault)
			if err != nil {
				t.Fatal(err)
			}
			var rules []string
			for _, f := range got.Findings {
				rules = append(rules, f.Rule)
			}
			if r := strings.Join(rules, " "); r != x.rules {
				t.Errorf("%s: %v", x.breaks, got.Findings)
			}
			run(x.mends)
		}
	})
}
