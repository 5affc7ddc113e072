package vendor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

var (
	ctx = context.Background()
	who = db.Caller{Org: "00801AAAAAAAAAA00000", Perms: org.All, Channel: "test"}
)

func newVendor(name string, change ...func(*vendor.Vendor)) *vendor.Vendor {
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name = name
	for _, c := range change {
		c(v)
	}
	return v
}

func create(s *dbtest.Store, v *vendor.Vendor) error {
	return s.Write(ctx, who, func(tx *db.Tx) error { return vendor.Create(tx, v) })
}

func update(s *dbtest.Store, id ids.ID, change func(*vendor.Vendor)) (got *vendor.Vendor, err error) {
	err = s.Write(ctx, who, func(tx *db.Tx) error {
		before, err := vendor.Vendors.LoadForUpdate(tx, id)
		if err != nil {
			return err
		}
		after := *before
		change(&after)
		return vendor.Update(tx, before, &after)
	})
	if e := s.Read(ctx, who, func(tx *db.Tx) (err error) { got, err = vendor.Vendors.Load(tx, id); return err }); e != nil {
		err = errors.Join(err, e)
	}
	return got, err
}

func TestCreate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for _, c := range []struct {
			name   string
			v      *vendor.Vendor
			want   error
			fields []string
			double bool
		}{
			{"a name is enough", newVendor("Harbor Tool Rental"), nil, nil, false},
			{"no name", newVendor(" "), fault.ErrMissing, []string{"name"}, false},
			{"5.2: the same name is flagged", newVendor("HARBOR tool rental"), nil, nil, true},
			{"inactive", newVendor("x", func(v *vendor.Vendor) { v.Active = record.Inactive }), fault.ErrValue, []string{"isActive"}, false},
			{"e-mail", newVendor("x", func(v *vendor.Vendor) { v.Email = "a@b.example" }), nil, nil, false},
			{"no e-mail", newVendor("x", func(v *vendor.Vendor) { v.Email = "a@b@c.example" }), fault.ErrValue, []string{"email"}, false},
			{"two e-mails", newVendor("x", func(v *vendor.Vendor) { v.Email = "a@b.example, c@d.example" }), fault.ErrValue, []string{"email"}, false},
			{"external id", newVendor("y", func(v *vendor.Vendor) { v.ExternalID = "E-1" }), nil, nil, false},
			{"5.2: external id taken", newVendor("z", func(v *vendor.Vendor) { v.ExternalID = "E-1" }), vendor.ErrExternalID, []string{"externalId"}, false},
			{"external id by other letter case", newVendor("z", func(v *vendor.Vendor) { v.ExternalID = "e-1" }), nil, nil, false},
		} {
			err := create(s, c.v)
			if !errors.Is(err, c.want) || c.want != nil && !slices.Equal(fault.From(err).Fields, c.fields) {
				t.Errorf("%s: %v, want %v on %v", c.name, err, c.want, c.fields)
			}
			if err == nil && c.v.Duplicate != c.double {
				t.Errorf("%s: duplicate %v", c.name, c.v.Duplicate)
			}
		}
		w := who
		w.Perms = db.Of(org.ViewVendors)
		if err := s.Write(ctx, w, func(tx *db.Tx) error { return vendor.Create(tx, newVendor("x")) }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without Manage vendors: %v", err)
		}
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		taken, v := newVendor("Taken", func(v *vendor.Vendor) { v.ExternalID = "E-1" }), newVendor("Vendor")
		for _, x := range []*vendor.Vendor{taken, v} {
			if err := create(s, x); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := update(s, taken.ID, func(v *vendor.Vendor) { v.Active = record.Inactive }); err != nil {
			t.Fatal(err)
		}
		if _, err := update(s, v.ID, func(v *vendor.Vendor) { v.ExternalID = "E-1" }); !errors.Is(err, vendor.ErrExternalID) {
			t.Errorf("5.2: the external id of an inactive vendor stays taken: %v", err)
		}
		if _, err := update(s, taken.ID, func(v *vendor.Vendor) { v.Active = record.Active; v.ExternalID = "E-1" }); err != nil {
			t.Errorf("its own external id: %v", err)
		}
		if got, err := update(s, v.ID, func(v *vendor.Vendor) { v.Name = "TAKEN" }); err != nil || !got.Duplicate {
			t.Errorf("renamed to a name there is: %+v, %v", got.Duplicate, err)
		}
		if got, err := update(s, v.ID, func(v *vendor.Vendor) { v.Name = "Alone" }); err != nil || got.Duplicate {
			t.Errorf("renamed back: %+v, %v", got.Duplicate, err)
		}
		if _, err := update(s, v.ID, func(v *vendor.Vendor) { v.Name = "" }); !errors.Is(err, fault.ErrMissing) {
			t.Errorf("no name: %v", err)
		}
	})
}

// VEN-9, E10: a listed vendor maintains its own payee data.
func TestListedVendor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		listed := newVendor("City Power", func(v *vendor.Vendor) {
			v.LinkedTo, v.Address1, v.City, v.Region, v.Zip, v.Phone, v.TaxID = "0rv01AAAAAAAAAA00000", "1 Dam Road", "Reno", "NV", "89501", "555-0100", "12-3456789"
		})
		if err := create(s, listed); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name   string
			change func(*vendor.Vendor)
			fields []string // refused on these
		}{
			{"E10: same address in other letter case", func(v *vendor.Vendor) { v.Address1, v.City, v.Description = " 1 DAM ROAD", "reno ", "new terms" }, nil},
			{"E10: new ZIP", func(v *vendor.Vendor) { v.Zip, v.Description = "89502", "other terms" }, []string{"zip"}},
			{"the name, without a name on check", func(v *vendor.Vendor) { v.Name = "Other" }, []string{"name"}},
			{"several, in order", func(v *vendor.Vendor) { v.TaxID, v.Phone, v.Address2, v.PayBy = "1", "2", "3", vendor.PayByACH }, []string{"address2", "phone", "taxId", "payBy"}},
			{"what is ours", func(v *vendor.Vendor) {
				v.AccountNumber, v.Email, v.Track1099, v.ShortName = "A-7", "ap@city.example", true, "CP"
			}, nil},
		} {
			var before *vendor.Vendor
			if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { before, err = vendor.Vendors.Load(tx, listed.ID); return err }); err != nil {
				t.Fatal(err)
			}
			got, err := update(s, listed.ID, c.change)
			if c.fields != nil {
				if !errors.Is(err, vendor.ErrListed) || !slices.Equal(fault.From(err).Fields, c.fields) || got.Description != before.Description {
					t.Errorf("%s: %v, description %q", c.name, err, got.Description)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		s.Clock.Advance(time.Second)
		got, err := update(s, listed.ID, func(v *vendor.Vendor) { v.Address1 = "1 DAM road" })
		if err != nil || got.Address1 != "1 Dam Road" || got.Description != "new terms" || got.AccountNumber != "A-7" || got.UpdatedTime != mustLoad(t, s, listed.ID).UpdatedTime {
			t.Errorf("5.2: other letters are no change: %+v, %v", got, err)
		}
		free := newVendor("Free", func(v *vendor.Vendor) { v.NameOnCheck = "Free Inc" })
		if err := create(s, free); err != nil {
			t.Fatal(err)
		}
		if got, err := update(s, free.ID, func(v *vendor.Vendor) { v.Zip, v.NameOnCheck = "1", "X" }); err != nil || got.Zip != "1" {
			t.Errorf("a vendor of ours: %v", err)
		}
	})
}

func mustLoad(t *testing.T, s *dbtest.Store, id ids.ID) (v *vendor.Vendor) {
	t.Helper()
	if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { v, err = vendor.Vendors.Load(tx, id); return err }); err != nil {
		t.Fatal(err)
	}
	return v
}

// 3.3: a vendor with payments that have not left stays active.
func TestDeactivate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		v := newVendor("Vendor")
		if err := create(s, v); err != nil {
			t.Fatal(err)
		}
		before := mustLoad(t, s, v.ID)
		s.Clock.Advance(time.Second)
		got, err := update(s, v.ID, func(v *vendor.Vendor) { v.Active = record.Inactive })
		if err != nil || got.Active != record.Inactive || got.UpdatedTime == before.UpdatedTime {
			t.Errorf("G-36: %+v, %v", got, err)
		}
	})
}

// VEN-11, E6: what counts as the US, and what payments can go to.
func TestCountries(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "US", "us": "US", " U.S.A. ": "US", "United States": "US", "Puerto Rico": "US", "PR": "US", "VI": "US", "GU": "US", "AS": "US",
		"MP": "US", "AA": "US", "AP": "US", "U.S. Virgin Islands": "US", "Northern Mariana Islands": "US",
		"AE": "AE", "United Arab Emirates": "AE", "GB": "GB", "UK": "GB", "Great Britain": "GB", "canada": "CA", "Holland": "NL", "Deutschland": "DE",
		"Cuba": "", "CU": "", "IR": "", "North Korea": "", "Atlantis": "",
	} {
		got := vendor.CountryCode(in)
		if got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
		if c, ok := vendor.CountryOf(in); ok != (want != "") || c.Code != want {
			t.Errorf("LIM-2: payments to %q: %v %v", in, c, ok)
		}
		if d := newVendor("x", func(v *vendor.Vendor) { v.Country = in }).Domestic(); d != (want == "US") {
			t.Errorf("VEN-11: %q domestic: %v", in, d)
		}
	}
	for _, c := range []struct {
		address1, city, region, zip, country string
		want                                 bool
	}{
		{"1 Main St", "Reno", "NV", "89501", "", true},
		{"1 Main St", "Reno", "NV", "", "US", false},
		{"1 Main St", "Reno", "", "89501", "Puerto Rico", false},
		{"1 High St", "Leeds", "", "", "GB", true},
		{"1 High St", "", "", "", "GB", false},
		{"", "Leeds", "", "", "GB", false},
	} {
		v := newVendor("x", func(v *vendor.Vendor) {
			v.Address1, v.City, v.Region, v.Zip, v.Country = c.address1, c.city, c.region, c.zip, c.country
		})
		if got := v.AddressComplete(); got != c.want {
			t.Errorf("BDCE052: %+v: %v", c, got)
		}
	}
}

// The look for a taken external id walks its index: vendors by the thousand stay cheap.
func TestExternalIDUsesItsIndex(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	err := s.Read(ctx, who, func(tx *db.Tx) error {
		var a, b, c int64
		var plan string
		if err := tx.Row(`EXPLAIN QUERY PLAN SELECT id FROM vendors WHERE org_id = $1 AND external_id = $2 AND external_id <> ''`, "o", "e").
			Scan(&a, &b, &c, &plan); err != nil {
			return err
		}
		if want := "vendors_external_unique"; !strings.Contains(plan, want) {
			return fmt.Errorf("plan %q, want %s", plan, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
