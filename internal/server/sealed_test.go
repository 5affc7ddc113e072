package server

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// SEC-1: tax ids that a store from before holds in clear are sealed when it is opened, and nothing of them stays in the
// database's files.
func TestSEC1_OldTaxIDsAreSealed(t *testing.T) {
	t.Parallel()
	const clear = "98-7654329"
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		open := func() *App {
			a, err := Open(ctx, Config{Dir: s.Options.Dir, DB: s.Options.URL, Clock: s.Clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		a := open()
		orgID, user, err := org.Create(ctx, a.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "a@acme.example", PasswordHash: "x",
			SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		who := db.Caller{Org: orgID, User: user, Perms: org.All, Channel: "test"}
		made := make([]ids.ID, 450)
		if err := a.DB.Write(ctx, who, func(tx *db.Tx) error {
			for i := range made {
				v := vendor.Vendors.New().(*vendor.Vendor)
				v.Name = "Vendor"
				if err := vendor.Create(tx, v); err != nil {
					return err
				}
				made[i] = v.ID
			}
			tx.Exec(`UPDATE vendors SET tax_id = $2, tax_id_hash = '' WHERE org_id = $1`, string(orgID), clear)
			tx.Exec(`DELETE FROM counters WHERE org_id = '' AND name = 'tax ids are sealed'`)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		before := load(t, a.DB, who, made[7])
		if before.TaxID != clear {
			t.Errorf("before: %q", before.TaxID)
		}
		for range 2 { // the second time there is nothing to do
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			a = open()
		}
		if v := load(t, a.DB, who, made[7]); v.TaxID != clear || v.UpdatedTime != before.UpdatedTime {
			t.Errorf("after: %q, updated %v, before %v", v.TaxID, v.UpdatedTime, before.UpdatedTime)
		}
		if err := a.DB.Read(ctx, who, func(tx *db.Tx) error {
			var rows, hashes int
			var shortest string
			err := tx.Row(`SELECT count(*), count(DISTINCT tax_id_hash), min(tax_id) FROM vendors WHERE org_id = $1`, string(orgID)).Scan(&rows, &hashes, &shortest)
			if rows != len(made) || hashes != 1 || !strings.HasPrefix(shortest, a.Vault.KeyID()+".") {
				t.Errorf("%d rows with %d hashes, the first %q", rows, hashes, shortest)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		files, _ := filepath.Glob(filepath.Join(s.Options.Dir, "duebook.db*"))
		for _, f := range files {
			if raw, err := os.ReadFile(f); err != nil || bytes.Contains(raw, []byte(clear)) {
				t.Errorf("%s still holds the clear number (%v)", filepath.Base(f), err)
			}
		}
	})
}

func load(t *testing.T, d *db.DB, who db.Caller, id ids.ID) (v *vendor.Vendor) {
	t.Helper()
	if err := d.Read(context.Background(), who, func(tx *db.Tx) (err error) { v, err = vendor.Vendors.Load(tx, id); return err }); err != nil {
		t.Fatal(err)
	}
	return v
}
