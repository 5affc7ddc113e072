package report_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/banksim"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/report"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// TestMain keeps the property short but in a soak.
func TestMain(m *testing.M) {
	if os.Getenv("SOAK") == "" {
		_ = flag.Set("rapid.checks", "4")
	}
	os.Exit(m.Run())
}

type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// office is an organisation with a funding account, its engine and its bank.
type office struct {
	t      tester
	s      *dbtest.Store
	who    db.Caller
	vault  *secret.Vault
	engine *payment.Engine
	sim    *banksim.Sim
	n      int
}

func vaultIn(t testing.TB) *secret.Vault {
	t.Helper()
	v, err := secret.CreateVault(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newOffice(t tester, s *dbtest.Store, vault *secret.Vault, dir string) *office {
	t.Helper()
	id, user, err := org.Create(context.Background(), s.DB, "command", org.NewOrganisation{Name: "Northwind LLC",
		AdminEmail: string(ids.New(ids.User)) + "@x.example", PasswordHash: "x", SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, s: s, vault: vault, who: db.Caller{Org: id, User: user, Perms: org.All, Channel: "test"}}
	sealed, err := bank.Seal(vault, id, "000117777")
	if err != nil {
		t.Fatal(err)
	}
	sealed.Name, sealed.BankName, sealed.Routing, sealed.Verified = "Operating", "Sandbox Bank", "990000013", true
	var companyID string
	o.write(func(tx *db.Tx) error {
		if _, err := bank.Add(tx, sealed); err != nil {
			return err
		}
		own, err := org.Load(tx)
		companyID = own.ACHID
		return err
	})
	o.engine = payment.NewEngine(s.DB, vault, dir, slog.New(slog.DiscardHandler))
	o.sim = banksim.New(filepath.Join(dir, string(id)), []banksim.Account{{CompanyID: companyID, Routing: "990000013", Number: "000117777",
		Opening: 5_000_000, Since: civil.MustDate("2026-11-01")}})
	return o
}

func (o *office) try(f func(tx *db.Tx) error) error { return o.s.Write(context.Background(), o.who, f) }

func (o *office) write(f func(tx *db.Tx) error) {
	o.t.Helper()
	if err := o.try(f); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) read(f func(tx *db.Tx) error) {
	o.t.Helper()
	if err := o.s.Read(context.Background(), o.who, f); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) number() string { o.n++; return fmt.Sprintf("N-%04d", o.n) }

func (o *office) today() civil.Date { return civil.Of(o.s.Clock.Now(), civil.Pacific) }

func (o *office) vendor(name string, change func(*vendor.Vendor)) ids.ID {
	o.t.Helper()
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name, v.Address1, v.City, v.Region, v.Zip = name, "1 Main Street", "Springfield", "IL", "62701"
	if change != nil {
		change(v)
	}
	o.write(func(tx *db.Tx) error { return vendor.Create(tx, v) })
	return v.ID
}

func (o *office) account(v ids.ID, number string) {
	o.t.Helper()
	n, err := vendor.SealBankAccount(o.vault, o.who.Org, number)
	if err != nil {
		o.t.Fatal(err)
	}
	n.VendorID, n.Routing, n.AccountType, n.HolderType = v, "990000026", vendor.Checking, vendor.Business
	o.write(func(tx *db.Tx) error { _, err := vendor.AddBankAccount(tx, n); return err })
}

func (o *office) bill(v ids.ID, amount int64, dated, due civil.Date) ids.ID {
	o.t.Helper()
	b := bill.Bills.New().(*bill.Bill)
	b.VendorID, b.InvoiceNumber, b.Amount, b.InvoiceDate, b.DueDate = v, o.number(), amount, dated, due
	o.write(func(tx *db.Tx) error { return bill.Create(tx, b) })
	return b.ID
}

func (o *office) credit(v ids.ID, amount int64, day civil.Date) ids.ID {
	o.t.Helper()
	c := credit.Credits.New().(*credit.Credit)
	c.VendorID, c.RefNumber, c.Amount, c.CreditDate = v, o.number(), amount, day
	o.write(func(tx *db.Tx) error { return credit.Create(tx, c, false) })
	return c.ID
}

func (o *office) customer(name string) ids.ID {
	o.t.Helper()
	c := customer.Customers.New().(*customer.Customer)
	c.Name = name
	o.write(func(tx *db.Tx) error { return customer.Create(tx, c) })
	return c.ID
}

func (o *office) invoice(c ids.ID, amount int64, dated, due civil.Date) ids.ID {
	o.t.Helper()
	l := invoice.Lines.New().(*invoice.Line)
	l.Price = money.MustDecimal(money.FormatMinor(amount, 2))
	i := invoice.Invoices.New().(*invoice.Invoice)
	i.CustomerID, i.InvoiceNumber, i.Lines, i.InvoiceDate, i.DueDate = c, o.number(), []*invoice.Line{l}, dated, due
	o.write(func(tx *db.Tx) error { return invoice.Create(tx, i) })
	return i.ID
}

// until goes from one due instant of engine and bank to the next, up to and including the last.
func (o *office) until(last time.Time) {
	o.t.Helper()
	ctx := context.Background()
	now := o.s.Clock.Now()
	for range 10_000 {
		due, ok := o.engine.Due(ctx, o.who.Org, now)
		if at, answers := o.sim.NextDue(now); answers && (!ok || at.Before(due)) {
			due, ok = at, true
		}
		if !ok || due.After(last) {
			o.s.Clock.Set(last)
			return
		}
		now = due
		o.s.Clock.Set(now)
		if _, err := o.sim.Run(now); err != nil {
			o.t.Fatal(err)
		}
		if err := o.engine.Step(ctx, o.who.Org, now); err != nil {
			o.t.Fatalf("step at %v: %v", now, err)
		}
	}
	o.t.Fatal("what is due does not come to an end")
}

// run makes a report; parameters are name and value in turn.
func (o *office) run(name string, params ...string) *report.Table {
	o.t.Helper()
	r, err := report.Find(name)
	if err != nil {
		o.t.Fatal(err)
	}
	p, err := r.Read(func(n string) string {
		for i := 0; i < len(params); i += 2 {
			if params[i] == n {
				return params[i+1]
			}
		}
		return ""
	}, o.today())
	if err != nil {
		o.t.Fatalf("%s: %v", name, err)
	}
	var t *report.Table
	o.read(func(tx *db.Tx) (err error) {
		t, err = r.Run(tx, p)
		return err
	})
	return t
}

// rows are the cells of a report as text, a line each.
func rows(t *report.Table) (out []string) {
	for _, r := range t.Rows {
		out = append(out, fmt.Sprint(r.Cells...))
	}
	return out
}

// balances are the parties' balances on a control account on a date, straight from the postings.
func (o *office) balances(role string, asOf civil.Date) map[ids.ID]int64 {
	out := map[ids.ID]int64{}
	o.read(func(tx *db.Tx) error {
		control, err := ledger.Account(tx, role)
		if err != nil {
			return err
		}
		rows, err := tx.Query(`SELECT p.party_id, CAST(sum(p.amount) AS BIGINT) FROM postings p JOIN journal_entries e ON e.org_id = p.org_id AND e.id = p.entry_id
			WHERE p.org_id = $1 AND p.account_id = $2 AND e.posting_date <= $3 GROUP BY p.party_id HAVING sum(p.amount) <> 0`,
			string(o.who.Org), string(control), asOf.String())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id ids.ID
			var n int64
			if err := rows.Scan((*string)(&id), &n); err != nil {
				return err
			}
			out[id] = n
		}
		return rows.Err()
	})
	return out
}
