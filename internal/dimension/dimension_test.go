package dimension_test

import (
	"context"
	"errors"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

var (
	ctx = context.Background()
	who = db.Caller{Org: "00801AAAAAAAAAA00000", Perms: org.All, Channel: "test"}
)

func TestStandardChart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		err := s.Write(ctx, who, func(tx *db.Tx) error {
			dimension.SetUp(tx)
			for _, role := range []string{ledger.Undeposited, ledger.MoneyOut, ledger.MoneyIn, ledger.ReturnsSuspense, ledger.AR, ledger.AP,
				ledger.SalesTax, ledger.Unclaimed, ledger.Equity, ledger.Income, ledger.FeeIncome, ledger.DiscountsTaken, ledger.Uncoded, ledger.Fees} {
				if _, err := ledger.Account(tx, role); err != nil {
					t.Errorf("9.1: %v", err)
				}
			}
			id, err := ledger.Account(tx, ledger.AP)
			if err != nil {
				return err
			}
			before, err := dimension.Accounts.LoadForUpdate(tx, id)
			if err != nil {
				return err
			}
			after := *before
			after.Active = record.Inactive
			if err := dimension.Update(tx, dimension.Accounts.Type, before, &after); !errors.Is(err, dimension.ErrSystemAccount) {
				t.Errorf("3.3: accounts payable became inactive: %v", err)
			}
			after.Active, after.Name = record.Active, "Trade payables"
			return dimension.Update(tx, dimension.Accounts.Type, before, &after)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestLists(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for _, ty := range []*record.Type{dimension.Accounts.Type, dimension.Departments.Type, dimension.Jobs.Type, dimension.Locations.Type,
			dimension.Classes.Type} {
			made := func(parent ids.ID, active int64) (record.Record, error) {
				r := ty.New()
				*ty.Must("name").At(r).(*string) = "Same name"
				*ty.Must("parentId").At(r).(*ids.ID) = parent
				r.Head().Active = active
				return r, s.Write(ctx, who, func(tx *db.Tx) error { return dimension.Create(tx, ty, r) })
			}
			first, err := made("", record.Active)
			if err != nil {
				t.Fatal(err)
			}
			child, err := made(first.Head().ID, record.Active)
			if err != nil {
				t.Errorf("%s: a repeated name and a parent: %v", ty.Name, err)
			}
			if _, err := made(ids.New(ty.Prefix), record.Active); !errors.Is(err, fault.ErrReference) {
				t.Errorf("%s: unknown parent: %v", ty.Name, err)
			}
			if _, err := made("", record.Inactive); !errors.Is(err, fault.ErrValue) {
				t.Errorf("%s: made inactive: %v", ty.Name, err)
			}
			err = s.Write(ctx, who, func(tx *db.Tx) error {
				before, err := ty.LoadAny(tx, first.Head().ID)
				if err != nil {
					return err
				}
				after := ty.Copy(before)
				*ty.Must("parentId").At(after).(*ids.ID) = child.Head().ID
				return dimension.Update(tx, ty, before, after)
			})
			if !errors.Is(err, fault.ErrValue) {
				t.Errorf("5.2: %s: a parent loop: %v", ty.Name, err)
			}
		}
		w := who
		w.Perms = db.Of(org.ViewBills)
		if err := s.Write(ctx, w, func(tx *db.Tx) error { return dimension.Create(tx, dimension.Jobs.Type, dimension.Jobs.New()) }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without Manage lists: %v", err)
		}
	})
}
