package verify_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/verify"
)

// A bill that counts as approved without its approvers is found, and nothing else.
func TestApprovals(t *testing.T) {
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
			v := vendor.Vendors.New().(*vendor.Vendor)
			v.Name = "Harbor Tool Rental"
			if err := vendor.Create(tx, v); err != nil {
				return err
			}
			b := bill.Bills.New().(*bill.Bill)
			b.VendorID, b.InvoiceNumber, b.Amount = v.ID, "1", 100
			b.InvoiceDate, b.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
			if err := bill.Create(tx, b); err != nil {
				return err
			}
			if err := bill.Approvals.Set(tx, b.ID, []ids.ID{user}); err != nil {
				return err
			}
			return bill.Approvals.Approve(tx, b.ID, "")
		}); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct{ change, rule string }{
			{"", ""},
			{`UPDATE bill_approvers SET status = 0`, "APR-7"},
			{`UPDATE bill_approvers SET status = 4, is_active = 2`, "APR-7"},
			{`UPDATE bill_approvers SET is_active = 1`, ""},
		} {
			if x.change != "" {
				if err := s.Write(ctx, who, func(tx *db.Tx) error { tx.Exec(x.change); return nil }); err != nil {
					t.Fatal(err)
				}
			}
			r, err := verify.Store(ctx, s.DB, blobs, vault)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, f := range r.Findings {
				got += f.Rule
			}
			if got != x.rule {
				t.Errorf("%s: found %v, want %q", x.change, r.Findings, x.rule)
			}
		}
	})
}
