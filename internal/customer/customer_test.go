package customer_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

var (
	ctx = context.Background()
	who = db.Caller{Org: "00801AAAAAAAAAA00000", Perms: org.All, Channel: "test"}
)

func newCustomer(name string, change ...func(*customer.Customer)) *customer.Customer {
	c := customer.Customers.New().(*customer.Customer)
	c.Name = name
	for _, f := range change {
		f(c)
	}
	return c
}

func create(t *testing.T, s *dbtest.Store, c *customer.Customer) *customer.Customer {
	t.Helper()
	if err := s.Write(ctx, who, func(tx *db.Tx) error { return customer.Create(tx, c) }); err != nil {
		t.Fatal(err)
	}
	return c
}

func load(t *testing.T, s *dbtest.Store, id ids.ID) (c *customer.Customer) {
	t.Helper()
	if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { c, err = customer.Customers.Load(tx, id); return err }); err != nil {
		t.Fatal(err)
	}
	return c
}

func update(s *dbtest.Store, id ids.ID, f func(*customer.Customer)) error {
	return s.Write(ctx, who, func(tx *db.Tx) error {
		before, err := customer.Customers.LoadForUpdate(tx, id)
		if err != nil {
			return err
		}
		after := *before
		f(&after)
		return customer.Update(tx, before, &after)
	})
}

func TestCreate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for _, x := range []struct {
			name   string
			c      *customer.Customer
			want   error
			fields []string
		}{
			{"a name is enough", newCustomer("Hartwell Hotel"), nil, nil},
			{"names may repeat", newCustomer("Hartwell Hotel"), nil, nil},
			{"no name", newCustomer("\t"), fault.ErrMissing, []string{"name"}},
			{"inactive", newCustomer("x", func(c *customer.Customer) { c.Active = record.Inactive }), fault.ErrValue, []string{"isActive"}},
			{"no e-mail", newCustomer("x", func(c *customer.Customer) { c.Email = "nobody" }), fault.ErrValue, []string{"email"}},
			{"unknown parent and terms", newCustomer("x", func(c *customer.Customer) {
				c.ParentID, c.PaymentTermID = ids.New(ids.Customer), ids.New(ids.PaymentTerm)
			}), fault.ErrReference, []string{"parentId", "paymentTermId"}},
		} {
			err := s.Write(ctx, who, func(tx *db.Tx) error { return customer.Create(tx, x.c) })
			if !errors.Is(err, x.want) || x.want != nil && !slices.Equal(fault.From(err).Fields, x.fields) {
				t.Errorf("%s: %v, want %v on %v", x.name, err, x.want, x.fields)
			}
		}
		given := create(t, s, newCustomer("Given", func(c *customer.Customer) {
			c.Authorized, c.HasBankAccount, c.Balance, c.Credit = true, true, 5, 5
			c.Bill.Line1, c.Ship.Line1, c.Email = "1 Main St", "2 Dock Rd", "ap@hotel.example"
		}))
		got := load(t, s, given.ID)
		if got.Authorized || got.HasBankAccount || got.Balance != 0 || got.Credit != 0 || got.Bill.Line1 != "1 Main St" || got.Ship.Line1 != "2 Dock Rd" {
			t.Errorf("what is ours to say, and the addresses: %+v", got)
		}
		var contacts int64
		if err := s.Read(ctx, who, func(tx *db.Tx) error { return tx.Row(`SELECT count(*) FROM customer_contacts`).Scan(&contacts) }); err != nil || contacts != 0 {
			t.Errorf("api-v2 3.7: %d contacts, %v", contacts, err)
		}
		w := who
		w.Perms = db.Of(org.ViewReceivables)
		if err := s.Write(ctx, w, func(tx *db.Tx) error { return customer.Create(tx, newCustomer("x")) }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without Manage customers: %v", err)
		}
	})
}

// V1-063: the tree of customers has no ring. Domain 3.3: who owes something stays.
func TestUpdate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		a := create(t, s, newCustomer("A"))
		b := create(t, s, newCustomer("B", func(c *customer.Customer) { c.ParentID = a.ID }))
		for name, parent := range map[string]ids.ID{"itself": a.ID, "its child": b.ID} {
			if err := update(s, a.ID, func(c *customer.Customer) { c.ParentID = parent }); !errors.Is(err, fault.ErrValue) {
				t.Errorf("below %s: %v", name, err)
			}
		}
		if err := s.Write(ctx, who, func(tx *db.Tx) error { customer.Move(tx, b.ID, 100, 7); return nil }); err != nil {
			t.Fatal(err)
		}
		if got := load(t, s, b.ID); got.Balance != 100 || got.Credit != 7 || got.UpdatedTime != load(t, s, b.ID).UpdatedTime {
			t.Errorf("moved: %+v", got)
		}
		if err := update(s, b.ID, func(c *customer.Customer) { c.Active = record.Inactive }); !errors.Is(err, customer.ErrOpenInvoices) {
			t.Errorf("inactive while something is due: %v", err)
		}
		if err := s.Write(ctx, who, func(tx *db.Tx) error { customer.Move(tx, b.ID, -100, 0); return nil }); err != nil {
			t.Fatal(err)
		}
		if err := update(s, b.ID, func(c *customer.Customer) { c.Active, c.Name = record.Inactive, "B & C" }); err != nil {
			t.Errorf("inactive: %v", err)
		}
		if got := load(t, s, b.ID); got.NameFolded != "b & c" || got.Credit != 7 {
			t.Errorf("as stored: %+v", got)
		}
		if err := s.Write(ctx, who, func(tx *db.Tx) error { _, err := customer.SetAuthorization(tx, a.ID, true); return err }); err != nil || !load(t, s, a.ID).Authorized {
			t.Errorf("AR-12: authorised: %v", err)
		}
	})
}

// spec/README 17: a customer is made a vendor once, and each finds the other.
func TestMakeVendor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		c := create(t, s, newCustomer("Rebate Club", func(c *customer.Customer) {
			c.PrintAs, c.TaxID, c.Bill.Line1, c.Bill.City, c.Bill.Region, c.Bill.Zip = "Rebate Club LLC", "12-3456789", "1 Main St", "Reno", "NV", "89501"
		}))
		var first, second, back ids.ID
		var v *vendor.Vendor
		for _, id := range []*ids.ID{&first, &second} {
			if err := s.Write(ctx, who, func(tx *db.Tx) (err error) { *id, err = customer.MakeVendor(tx, c.ID); return err }); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Read(ctx, who, func(tx *db.Tx) (err error) {
			if v, err = vendor.Vendors.Load(tx, first); err == nil {
				back, err = customer.OfVendor(tx, first)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if first != second || back != c.ID || load(t, s, c.ID).VendorID != first || v.Name != "Rebate Club" || v.Payee() != "Rebate Club LLC" ||
			v.TaxID != "12-3456789" || !v.AddressComplete() {
			t.Errorf("%s, then %s; back %s; %+v", first, second, back, v)
		}
	})
}

func TestContacts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		c := create(t, s, newCustomer("Hotel"))
		var one, two, other ids.ID
		if err := s.Write(ctx, who, func(tx *db.Tx) (err error) {
			if one, err = customer.AddContact(tx, c.ID, "Ana@hotel.example"); err != nil {
				return err
			}
			if two, err = customer.AddContact(tx, c.ID, "ana@Hotel.example"); err != nil {
				return err
			}
			other, err = customer.AddContact(tx, c.ID, "bo@hotel.example")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if one != two || one == other || one == "" {
			t.Errorf("contacts %q, %q, %q", one, two, other)
		}
		for name, want := range map[string]struct {
			c   customer.Contact
			err error
		}{
			"nothing":          {customer.Contact{}, fault.ErrMissing},
			"no e-mail":        {customer.Contact{CustomerID: c.ID, Name: "x", Email: "x"}, fault.ErrValue},
			"unknown customer": {customer.Contact{CustomerID: ids.New(ids.Customer), Name: "x"}, fault.ErrReference},
		} {
			want.c.Active = record.Active
			if err := s.Write(ctx, who, func(tx *db.Tx) error { return customer.CreateContact(tx, &want.c) }); !errors.Is(err, want.err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestBankAccounts(t *testing.T) {
	t.Parallel()
	vault, err := secret.CreateVault(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		c := create(t, s, newCustomer("Hotel"))
		account := func(change func(*customer.BankAccount)) (*customer.BankAccount, error) {
			a := customer.BankAccounts.New().(*customer.BankAccount)
			a.CustomerID, a.NameOnAccount, a.Routing = c.ID, "Hotel LLC", "990000026"
			if err := customer.SealBankAccount(vault, who.Org, a, "123-4567890"); err != nil {
				t.Fatal(err)
			}
			change(a)
			return a, s.Write(ctx, who, func(tx *db.Tx) error { return customer.AddBankAccount(tx, a) })
		}
		for _, x := range []struct {
			name   string
			change func(*customer.BankAccount)
			want   error
		}{
			{"no name", func(a *customer.BankAccount) { a.NameOnAccount = "" }, fault.ErrMissing},
			{"no routing number", func(a *customer.BankAccount) { a.Routing = "990000027" }, fault.ErrValue},
			{"SIM-1: a real bank in a sandbox", func(a *customer.BankAccount) { a.Routing = "021000021" }, fault.ErrValue},
			{"unknown customer", func(a *customer.BankAccount) { a.CustomerID = ids.New(ids.Customer) }, fault.ErrReference},
		} {
			if _, err := account(x.change); !errors.Is(err, x.want) {
				t.Errorf("%s: %v, want %v", x.name, err, x.want)
			}
		}
		a, err := account(func(*customer.BankAccount) {})
		if err != nil || !load(t, s, c.ID).HasBankAccount {
			t.Fatalf("added: %v", err)
		}
		if n, err := a.Number(vault, who.Org); n != "123-4567890" || err != nil || a.AccountTail != "7890" || strings.Contains(a.Account, "4567") || !a.Usable() {
			t.Errorf("number %q, %v: %+v", n, err, a)
		}
		if _, err := account(func(*customer.BankAccount) {}); !errors.Is(err, customer.ErrHasBankAccount) {
			t.Errorf("a second one: %v", err)
		}
		for range 2 {
			if err := s.Write(ctx, who, func(tx *db.Tx) error { return customer.RemoveBankAccount(tx, a.ID) }); err != nil {
				t.Errorf("removed: %v", err)
			}
		}
		if load(t, s, c.ID).HasBankAccount {
			t.Error("still there after its removal")
		}
		if err := s.Read(ctx, who, func(tx *db.Tx) error { _, err := customer.ActiveBankAccount(tx, c.ID); return err }); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("the active one: %v", err)
		}
	})
}
