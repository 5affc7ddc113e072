package bank_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/secret"
)

func TestAccounts(t *testing.T) {
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
		noAccount := write(func(tx *db.Tx) error { _, err := bank.Default(tx); return err })
		if !errors.Is(noAccount, bank.ErrNoAccount) {
			t.Errorf("PAY-7: got %v, want no account", noAccount)
		}
		var added []ids.ID
		for _, c := range []struct {
			name, number, routing string
			verified              bool
			want                  error
		}{
			{"Pending", "11112222", "990000013", false, nil},
			{"Operating", "000117777", "990000013", true, nil},
			{"Payroll", "33334444", "990000026", true, nil},
			{"Same again", "000117777", "990000013", true, bank.ErrUsed},
			{"", "55556666", "990000013", true, fault.ErrMissing},
			{"VEN-3: wrong check digit", "55556666", "990000014", true, fault.ErrValue},
			{"SIM-1: a real bank", "55556666", "021000021", true, fault.ErrValue},
		} {
			n, err := bank.Seal(vault, orgID, c.number)
			if err != nil {
				t.Fatal(err)
			}
			n.Name, n.Routing, n.Verified = c.name, c.routing, c.verified
			var id ids.ID
			err = write(func(tx *db.Tx) (err error) { id, err = bank.Add(tx, n); return err })
			if !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
			if err == nil {
				added = append(added, id)
			}
		}
		wantDefault := func(when string, want ids.ID) {
			t.Helper()
			err := s.Read(ctx, who, func(tx *db.Tx) error {
				a, err := bank.Default(tx)
				if err != nil {
					return err
				}
				number, err := a.Number(vault, orgID)
				if a.ID != want || number[len(number)-4:] != a.AccountTail {
					t.Errorf("%s: got %s ending in %s, want %s", when, a.Name, a.AccountTail, want)
				}
				return err
			})
			if err != nil {
				t.Fatalf("%s: %v", when, err)
			}
		}
		wantDefault("the first is pending", added[1])
		if err := write(func(tx *db.Tx) error { return bank.Verify(tx, added[0]) }); err != nil {
			t.Fatal(err)
		}
		wantDefault("the first is verified", added[0])
		for range 2 {
			if err := write(func(tx *db.Tx) error { return bank.Deactivate(tx, added[0]) }); err != nil {
				t.Fatal(err)
			}
		}
		wantDefault("the first is closed", added[1])
		err = s.Read(ctx, who, func(tx *db.Tx) error {
			for i, want := range []string{"1000", "1000-2", "1000-3"} {
				a, err := bank.Accounts.Load(tx, added[i])
				if err != nil {
					return err
				}
				l, err := dimension.Accounts.Load(tx, a.LedgerAccountID)
				if err != nil {
					return err
				}
				if l.AccountNumber != want || l.Name != a.Name {
					t.Errorf("ledger account %d: got %s %s, want %s", i, l.AccountNumber, l.Name, want)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestSeal(t *testing.T) {
	t.Parallel()
	vault, err := secret.CreateVault(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	for number, good := range map[string]bool{"1234": true, "12-345-6": true, "12345678901234567": true, "123": false, "123456789012345678": false,
		"-1234": false, "1234-": false, "12A4": false, "0000": false, "": false, "12 34": false} {
		if _, err := bank.Seal(vault, "00801XXXXXXXXXXxxxxx", number); good != (err == nil) || err != nil && !errors.Is(err, fault.ErrValue) {
			t.Errorf("VEN-3: %q: got %v", number, err)
		}
	}
}
