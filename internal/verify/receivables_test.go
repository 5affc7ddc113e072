package verify_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/verify"
)

// Each broken sum of receivables is found, and nothing else.
func TestReceivables(t *testing.T) {
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
		if err := s.Write(ctx, who, func(tx *db.Tx) error {
			c := customer.Customers.New().(*customer.Customer)
			c.Name = "Hotel"
			if err := customer.Create(tx, c); err != nil {
				return err
			}
			i := invoice.Invoices.New().(*invoice.Invoice)
			i.CustomerID, i.InvoiceNumber, i.InvoiceDate, i.DueDate = c.ID, "1", civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
			m := invoice.CreditMemos.New().(*invoice.CreditMemo)
			m.CustomerID, m.RefNumber, m.CreditDate = c.ID, "1", i.InvoiceDate
			l, k := invoice.Lines.New().(*invoice.Line), invoice.MemoLines.New().(*invoice.MemoLine)
			l.Price, k.Price, l.Taxable, i.SalesTaxPercentage = money.MustDecimal("100"), money.MustDecimal("30"), invoice.Taxable, money.MustDecimal("6")
			i.Lines, m.Lines = []*invoice.Line{l}, []*invoice.MemoLine{k}
			if err := invoice.Create(tx, i); err != nil {
				return err
			}
			if err := invoice.CreateMemo(tx, m); err != nil {
				return err
			}
			if _, err := invoice.ApplyMemo(tx, m.ID, []invoice.Application{{InvoiceID: i.ID, Amount: 2000}}); err != nil {
				return err
			}
			r := receipt.Receipts.New().(*receipt.Receipt)
			r.CustomerID, r.PaymentDate, r.Amount = c.ID, i.InvoiceDate, 600
			p := receipt.InvoicePays.New().(*receipt.InvoicePay)
			p.InvoiceID, p.Amount = i.ID, 500
			r.Pays = []*receipt.InvoicePay{p}
			return receipt.Record(tx, r)
		}); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			breaks, mends string // SQL
			rules         string // of the findings
		}{
			{"", "", ""},
			{`UPDATE invoices SET sales_tax_total = 601`, `UPDATE invoices SET sales_tax_total = 600`, "AR-3"},
			{`UPDATE credit_memo_lines SET amount = 1`, `UPDATE credit_memo_lines SET amount = 3000`, "AR-3"},
			{`UPDATE invoices SET payment_status = 1`, `UPDATE invoices SET payment_status = 2`, "4.3"},
			{`UPDATE credit_memos SET credit_status = 0`, `UPDATE credit_memos SET credit_status = 2`, "4.3"},
			{`UPDATE invoice_credits SET amount = 1999`, `UPDATE invoice_credits SET amount = 2000`, "AR-11 AR-11"},
			{`UPDATE customers SET credit = 0`, `UPDATE customers SET credit = 1100`, "GL-4"},
			{`UPDATE customers SET balance = 8101, credit = 1101`, `UPDATE customers SET balance = 8100, credit = 1100`, "AR-5"},
			{`UPDATE invoices SET paid_amount = 100`, `UPDATE invoices SET paid_amount = 500`, "AR-5 GL-4 AR-9 GL-4"},
			{`UPDATE received_pays SET unapplied_amount = 101`, `UPDATE received_pays SET unapplied_amount = 100`, "GL-4 AR-9 GL-4"},
			{`UPDATE invoice_pays SET amount = 499`, `UPDATE invoice_pays SET amount = 500`, "AR-9 AR-9"},
			{`UPDATE invoices SET customer_id = '0cu01AAAAAAAAAA00000'`, `UPDATE invoices SET customer_id = (SELECT max(id) FROM customers)`, "AR-5 GL-4 GL-4 SEC-12"},
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
