package bill_test

import (
	"context"
	"errors"
	"testing"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// newOrg makes an organisation with its chart and a vendor.
func newOrg(t testing.TB, s *dbtest.Store) (db.Caller, ids.ID) {
	t.Helper()
	ctx := context.Background()
	orgID, userID, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "a@acme.example", PasswordHash: "x",
		SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	who := db.Caller{Org: orgID, User: userID, Perms: org.All, Channel: "xml1"}
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name = "Harbor Tool Rental"
	if err := s.Write(ctx, who, func(tx *db.Tx) error { return vendor.Create(tx, v) }); err != nil {
		t.Fatal(err)
	}
	return who, v.ID
}

func newBill(v ids.ID, number string, amount int64, lines ...int64) *bill.Bill {
	b := bill.Bills.New().(*bill.Bill)
	b.VendorID, b.InvoiceNumber, b.Amount = v, number, amount
	b.InvoiceDate, b.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
	for _, a := range lines {
		l := bill.Lines.New().(*bill.Line)
		l.Amount = a
		b.Lines = append(b.Lines, l)
	}
	return b
}

func TestCreate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		who, v := newOrg(t, s)
		cases := []struct {
			name string
			bill *bill.Bill
			want error
		}{
			{"BIL-1: no lines gives one", newBill(v, "1", 50000), nil},
			{"BIL-4: lines sum", newBill(v, "2", 10000, 3333, 3333, 3334), nil},
			{"E8: one cent off", newBill(v, "3", 10000, 3333, 3333, 3333), bill.ErrSplits},
			{"a bill of nothing", newBill(v, "4", 0), nil},
		}
		for _, c := range cases {
			err := s.Write(ctx, who, func(tx *db.Tx) error { return bill.Create(tx, c.bill) })
			if !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
		err := s.Read(ctx, who, func(tx *db.Tx) error {
			b, err := bill.Bills.Load(tx, cases[1].bill.ID)
			if err != nil {
				return err
			}
			if len(b.Lines) != 3 || b.Lines[2].Amount != 3334 || b.PaymentStatus != bill.Open {
				t.Errorf("read back: %+v", b)
			}
			ap, err := ledger.RoleBalance(tx, ledger.AP)
			if err != nil {
				return err
			}
			if ap != -60000 {
				t.Errorf("AP control: got %d, want -60000", ap)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
