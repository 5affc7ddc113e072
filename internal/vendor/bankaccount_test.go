package vendor_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// TestBankAccount: VEN-1, VEN-3, VEN-4, VEN-7.
func TestBankAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		vault, err := secret.CreateVault(filepath.Join(t.TempDir(), "key"))
		if err != nil {
			t.Fatal(err)
		}
		orgID, user, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "a@acme.example", PasswordHash: "x",
			SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		who := db.Caller{Org: orgID, User: user, Perms: org.All, Channel: "web"}
		write := func(f func(*db.Tx) error) error { return s.Write(ctx, who, f) }
		v := vendor.Vendors.New().(*vendor.Vendor)
		v.Name = "Müller & Söhne"
		if err := write(func(tx *db.Tx) error { return vendor.Create(tx, v) }); err != nil {
			t.Fatal(err)
		}
		add := func(at time.Time, change func(*vendor.NewBankAccount)) (*vendor.BankAccount, error) {
			n, err := vendor.SealBankAccount(vault, orgID, "5551234")
			if err != nil {
				t.Fatal(err)
			}
			n.VendorID, n.Routing, n.AccountType, n.HolderType = v.ID, "990000026", vendor.Savings, vendor.Person
			change(&n)
			s.Clock.Set(at)
			var a *vendor.BankAccount
			err = write(func(tx *db.Tx) error {
				if _, err := vendor.AddBankAccount(tx, n); err != nil {
					return err
				}
				a, err = vendor.ActiveBankAccount(tx, v.ID)
				return err
			})
			return a, err
		}
		for _, c := range []struct {
			name   string
			change func(*vendor.NewBankAccount)
			want   error
		}{
			{"unknown vendor", func(n *vendor.NewBankAccount) { n.VendorID = ids.New(ids.Vendor) }, fault.ErrReference},
			{"no number", func(n *vendor.NewBankAccount) { n.Sealed = vendor.SealedNumber{} }, fault.ErrMissing},
			{"SIM-1", func(n *vendor.NewBankAccount) { n.Routing = "021000021" }, fault.ErrValue},
			{"check digit", func(n *vendor.NewBankAccount) { n.Routing = "990000027" }, fault.ErrValue},
			{"type", func(n *vendor.NewBankAccount) { n.AccountType = 0 }, fault.ErrValue},
			{"holder", func(n *vendor.NewBankAccount) { n.HolderType = 3 }, fault.ErrValue},
			{"a name no entry can carry", func(n *vendor.NewBankAccount) { n.HolderName = "名前" }, fault.ErrValue},
		} {
			if _, err := add(dbtest.Start, c.change); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
		for _, c := range []struct{ day, usable string }{
			{"2026-11-23", "2026-11-25"}, // scenario A
			{"2026-12-03", "2026-12-07"}, // scenario C
			{"2026-11-25", "2026-11-30"}, // Thanksgiving
			{"2026-11-28", "2026-12-01"}, // Saturday
		} {
			a, err := add(civil.MustDate(c.day).At(23, 59, civil.Pacific), func(*vendor.NewBankAccount) {})
			if err != nil {
				t.Fatal(err)
			}
			if a.UsableFrom.String() != c.usable || a.Status != vendor.AccountVerified || a.AccountTail != "1234" || a.HolderName != v.Name ||
				a.PrenoteState != vendor.PrenoteDue {
				t.Errorf("VEN-4: added %s: got %+v, want usable from %s", c.day, a, c.usable)
			}
			if n, err := a.Number(vault, orgID); n != "5551234" || err != nil {
				t.Errorf("number: got %q, %v", n, err)
			}
			if _, err := add(s.Clock.Now(), func(*vendor.NewBankAccount) {}); !errors.Is(err, vendor.ErrHasBankAccount) {
				t.Errorf("VEN-3: a second one: got %v", err)
			}
			wantPayBy(t, s, who, v.ID, vendor.PayByACH)
			if err := write(func(tx *db.Tx) error { return vendor.RemoveBankAccount(tx, v.ID) }); err != nil {
				t.Fatal(err)
			}
			wantPayBy(t, s, who, v.ID, vendor.PayByCheck)
		}
	})
}

func wantPayBy(t *testing.T, s *dbtest.Store, who db.Caller, id ids.ID, want int64) {
	t.Helper()
	err := s.Read(context.Background(), who, func(tx *db.Tx) error {
		v, err := vendor.Vendors.Load(tx, id)
		if err == nil && v.PayBy != want {
			t.Errorf("VEN-1: payBy %d, want %d", v.PayBy, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
