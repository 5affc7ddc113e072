package reseal_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/reseal"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

var ctx = context.Background()

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// node is a process of a store: its own connections and its own reading of the key file.
type node struct {
	*db.DB
	vault *secret.Vault
	blobs *blob.Store
}

func open(t *testing.T, s *dbtest.Store, dir string) node {
	t.Helper()
	d, err := db.Open(ctx, s.Options)
	must(t, err)
	t.Cleanup(func() { _ = d.Close() })
	v, err := secret.CreateVault(filepath.Join(dir, "master.key"))
	must(t, err)
	d.UseVault(v)
	blobs, err := blob.New(filepath.Join(dir, "blobs"), v)
	must(t, err)
	t.Cleanup(func() { _ = blobs.Close() })
	return node{d, v, blobs}
}

// add makes a vendor with a tax id and a bank account.
func (n node) add(t *testing.T, who db.Caller, i int) (ids.ID, ids.ID) {
	t.Helper()
	account := ids.New(ids.VendorBankAccount)
	sealed, err := vendor.SealNumber(n.vault, who.Org, account, fmt.Sprintf("90000%06d", i))
	must(t, err)
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name, v.TaxID = fmt.Sprintf("Vendor %d", i), fmt.Sprintf("98-%07d", i)
	must(t, n.Write(ctx, who, func(tx *db.Tx) error {
		if err := vendor.Create(tx, v); err != nil {
			return err
		}
		a := vendor.BankAccounts.New().(*vendor.BankAccount)
		a.ID, a.VendorID, a.Routing, a.Account, a.AccountTail, a.AccountHash = account, v.ID, "990000013", sealed.Account, sealed.Tail, sealed.Hash
		vendor.BankAccounts.Insert(tx, a)
		return nil
	}))
	return v.ID, account
}

// check reads vendor i in clear.
func (n node) check(who db.Caller, v, account ids.ID, i int) error {
	var a *vendor.BankAccount
	err := n.Read(ctx, who, func(tx *db.Tx) (err error) {
		x, err := vendor.Vendors.Load(tx, v)
		if err != nil {
			return err
		}
		if want := fmt.Sprintf("98-%07d", i); x.TaxID != want {
			return fmt.Errorf("tax id %q, want %q", x.TaxID, want)
		}
		a, err = vendor.BankAccounts.Load(tx, account)
		return err
	})
	if err != nil {
		return err
	}
	number, err := a.Number(n.vault, who.Org)
	if err == nil && number != fmt.Sprintf("90000%06d", i) {
		err = errors.New("another number")
	}
	return err
}

// SEC-1: keys rotate while two nodes read and write; afterwards everything opens and nothing is under the old key, which
// is gone.
func TestSEC1_Rotate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		dir := t.TempDir()
		a, b := open(t, s, dir), open(t, s, dir)
		id, user, err := org.Create(ctx, a.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "a@acme.example", PasswordHash: "x",
			SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
		must(t, err)
		who := db.Caller{Org: id, User: user, Perms: org.All, Channel: "test"}
		const before = 120
		type pair struct{ v, account ids.ID }
		var made [before + 40]pair
		for i := range before {
			made[i].v, made[i].account = a.add(t, who, i)
		}
		c := customer.Customers.New().(*customer.Customer)
		c.Name, c.TaxID = "Hartwell", "77-7654321"
		must(t, a.Write(ctx, who, func(tx *db.Tx) error { return customer.Create(tx, c) }))
		content := strings.Repeat("a long document ", 20_000)
		var documents []blob.Info
		for i := range 3 {
			info, err := a.blobs.Put(ctx, strings.NewReader(content[i:]))
			must(t, err)
			documents = append(documents, info)
		}
		old := a.vault.KeyID()
		store := reseal.Store{DB: a.DB, Blobs: a.blobs, Vault: a.vault, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Rest: time.Millisecond}

		var stop atomic.Bool
		var work sync.WaitGroup
		work.Go(func() { // the other node goes on reading
			for i := 0; !stop.Load(); i = (i + 7) % before {
				if err := b.check(who, made[i].v, made[i].account, i); err != nil {
					t.Errorf("while keys rotate: %v", err)
					return
				}
				r, _, err := b.blobs.Open(documents[i%3].SHA256)
				if err == nil {
					_, err = io.Copy(io.Discard, r)
					err = errors.Join(err, r.Close())
				}
				if err != nil {
					t.Errorf("while keys rotate: %v", err)
					return
				}
			}
		})
		must(t, store.Rotate(ctx))
		if a.vault.KeyID() == old {
			t.Fatal("the key is the old one")
		}
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond) // a node that dies on the way
		_ = store.Run(short)
		cancel()
		time.Sleep(1100 * time.Millisecond) // the other node notices
		for i := before; i < len(made); i++ {
			made[i].v, made[i].account = b.add(t, who, i)
		}
		if b.vault.KeyID() == old {
			t.Error("the other node seals with the old key")
		}
		must(t, job.New(a.DB, map[string]job.Handler{reseal.Kind: store.Handle}, store.Log).Due(ctx, s.Clock.Now().Add(time.Minute)))
		stop.Store(true)
		work.Wait()

		uses, err := store.Uses(ctx)
		must(t, err)
		for _, u := range uses {
			if u.Key == old {
				t.Errorf("%d of %s are under the old key", u.Count, u.What)
			}
		}
		if len(uses) != 4 {
			t.Errorf("what is sealed: %v", uses)
		}
		if keys, _, err := b.vault.Keys(); err != nil || len(keys) != 1 || keys[0] == old {
			t.Errorf("keys %v, %v", keys, err)
		}
		n := open(t, s, dir)
		for i, p := range made {
			must(t, n.check(who, p.v, p.account, i))
		}
		must(t, n.Read(ctx, who, func(tx *db.Tx) error {
			got, err := customer.Customers.Load(tx, c.ID)
			if err == nil && got.TaxID != c.TaxID {
				err = fmt.Errorf("tax id %q", got.TaxID)
			}
			return err
		}))
		for _, d := range documents {
			must(t, n.blobs.Verify(ctx, d.SHA256))
		}
	})
}

// An old key stays while anything is sealed with it, or might be.
func TestSEC1_OldKeyInUse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		n := open(t, s, t.TempDir())
		who := db.Caller{Org: ids.New(ids.Org), Channel: "test", Perms: org.All}
		sealed, err := n.vault.Seal([]byte("x"), "elsewhere")
		must(t, err)
		must(t, n.Write(ctx, who, func(tx *db.Tx) error { // bound to another place: it does not open, and stays
			tx.Exec(`INSERT INTO bank_hosts (org_id, address, user_name, host_key, key, public_key, outbox, inbox, failure, retry_at, fetched)
				VALUES ($1, '', '', '', $2, '', '', '', '', 0, 0)`, string(who.Org), sealed)
			return nil
		}))
		var log strings.Builder
		store := reseal.Store{DB: n.DB, Blobs: n.blobs, Vault: n.vault, Log: slog.New(slog.NewTextHandler(&log, nil)), Rest: time.Millisecond}
		must(t, store.Rotate(ctx))
		time.Sleep(2 * time.Millisecond)
		must(t, store.Run(ctx))
		if gone, err := store.Prune(ctx); gone || err != nil {
			t.Errorf("%v, %v", gone, err)
		}
		if !strings.Contains(log.String(), "does not open") {
			t.Errorf("the log: %s", log.String())
		}
		must(t, n.Write(ctx, who, func(tx *db.Tx) error {
			tx.Exec(`DELETE FROM bank_hosts WHERE org_id = $1`, string(who.Org))
			return nil
		}))
		young := store
		young.Rest = time.Hour
		if gone, err := young.Prune(ctx); gone || err != nil {
			t.Errorf("right after the rotation: %v, %v", gone, err)
		}
		if gone, err := store.Prune(ctx); !gone || err != nil {
			t.Errorf("%v, %v", gone, err)
		}
	})
}
