package org_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

const (
	accountant ids.ID = "0po01FIXEDROLES00001"
	admin      ids.ID = "0po01FIXEDROLES00002"
)

func newMember(login string) *org.Member {
	m := org.Members.New().(*org.Member)
	m.FirstName, m.LastName, m.Email, m.LoginID, m.ProfileID = "Cleo", "Clark", login, login, accountant
	return m
}

// Api-v2 3.18: a user is invited, shown, changed and deactivated; ORG-6, ROL-6.
func TestMembers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		elsewhere, bea := create(t, s, "Beta", "bea@beta.example")
		who := db.Caller{Org: o.org, User: o.ana, Perms: org.All}
		var token string
		invite := func(_ *db.Tx, _ org.User, t string) error { token = t; return nil }
		add := func(m *org.Member) error {
			token = ""
			return s.Write(ctx, who, func(tx *db.Tx) error { return org.AddMember(tx, m, invite) })
		}
		read := func(id ids.ID) (m *org.Member) {
			t.Helper()
			if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { m, err = org.Members.Load(tx, id); return err }); err != nil {
				t.Fatal(err)
			}
			return m
		}
		change := func(id ids.ID, edit func(*org.Member)) error {
			return s.Write(ctx, who, func(tx *db.Tx) error {
				rec, err := org.Members.LoadAny(tx, id)
				if err != nil {
					return err
				}
				after := org.Members.Copy(rec).(*org.Member)
				edit(after)
				return org.SaveMember(tx, rec.(*org.Member), after)
			})
		}

		cleo := newMember("Cleo@Acme.example")
		if err := add(cleo); err != nil || token == "" {
			t.Fatal(token, err)
		}
		got := read(cleo.ID)
		if got.FirstName != "Cleo" || got.LoginID != "Cleo@Acme.example" || got.ProfileID != accountant || got.Active != record.Active ||
			got.CreatedTime == 0 || got.UpdatedTime != got.CreatedTime || !got.ID.Is(ids.User) {
			t.Errorf("stored as %+v", got)
		}
		l := o.signOn()
		l.Name = "cleo@acme.example"
		if _, err := o.sessions.Open(ctx, l); !errors.Is(err, org.ErrPassword) {
			t.Errorf("before a password is set: %v", err)
		}
		s.Clock.Advance(7*24*time.Hour - time.Second)
		if err := o.sessions.Reset(ctx, token, password); err != nil {
			t.Fatal(err)
		}
		o.open(t, l)

		for _, c := range []struct {
			name string
			edit func(*org.Member)
			want error
		}{
			{"a login without @", func(m *org.Member) { m.LoginID = "cleo" }, fault.ErrValue},
			{"a profile of nobody", func(m *org.Member) { m.ProfileID = "0po01ZZZZZZZZZZ00000" }, fault.ErrReference},
			{"a login that is taken here", func(m *org.Member) { m.LoginID = "CLEO@acme.example" }, org.ErrEmailTaken},
		} {
			m := newMember("dan@acme.example")
			c.edit(m)
			if err := add(m); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		known := newMember("bea@beta.example")
		if err := add(known); err != nil || token != "" || known.ID != bea {
			t.Errorf("somebody known elsewhere: %s, token %q, %v", known.ID, token, err)
		}
		if got := read(bea); got.FirstName == "Cleo" {
			t.Error("an invitation renames a person of another organisation")
		}
		if err := change(bea, func(m *org.Member) { m.FirstName = "X" }); !errors.Is(err, org.ErrOthersData) {
			t.Errorf("renaming somebody of two organisations: %v", err)
		}
		if err := change(cleo.ID, func(m *org.Member) { m.Email = "x@acme.example" }); !errors.Is(err, org.ErrOthersData) {
			t.Errorf("the address of somebody with a password: %v", err)
		}
		before := read(cleo.ID)
		s.Clock.Advance(time.Second)
		if err := change(cleo.ID, func(m *org.Member) { m.LastName, m.ProfileID = "Clarke", admin }); err != nil {
			t.Fatal(err)
		}
		if got := read(cleo.ID); got.LastName != "Clarke" || got.ProfileID != admin || got.UpdatedTime <= before.UpdatedTime || got.CreatedTime != before.CreatedTime {
			t.Errorf("changed to %+v", got)
		}
		off := func(m *org.Member) { m.Active = record.Inactive }
		if err := change(cleo.ID, off); err != nil || read(cleo.ID).Active != record.Inactive {
			t.Errorf("deactivated: %v", err)
		}
		if err := change(o.ana, off); !errors.Is(err, org.ErrLastAdmin) {
			t.Errorf("ORG-6: %v", err)
		}
		if err := add(newMember("cleo@acme.example")); !errors.Is(err, org.ErrEmailTaken) {
			t.Errorf("a member that left is invited again: %v", err)
		}
		if err := change(cleo.ID, func(m *org.Member) { m.Active = record.Active }); err != nil || read(cleo.ID).ProfileID != admin {
			t.Errorf("back again: %v", err)
		}
		err := s.Write(ctx, db.Caller{Org: o.org, User: cleo.ID}, func(tx *db.Tx) error { return org.AddMember(tx, newMember("e@x.example"), invite) })
		if !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without the permission: %v", err)
		}
		var names []string
		err = s.Read(ctx, who, func(tx *db.Tx) error {
			q := record.Query{Filters: []record.Filter{{Field: org.Members.Must("profileId"), Op: record.Eq, Values: []any{string(admin)}}}}
			return org.Members.List(tx, q, func(m *org.Member) error { names = append(names, m.LoginID); return nil })
		})
		if err != nil || !slices.Equal(names, []string{ana, "Cleo@Acme.example"}) {
			t.Errorf("the administrators: %q, %v", names, err)
		}
		err = s.Read(ctx, db.Caller{Org: elsewhere}, func(tx *db.Tx) error { _, err := org.Members.Load(tx, cleo.ID); return err })
		if !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("SEC-12: %v", err)
		}
	})
}

// Api-v2 3.18, 2.7: the profiles of an organisation, with what each may do; the organisation itself.
func TestProfilesAndCompany(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		who := as(o.org)
		write(t, s.DB, who, func(tx *db.Tx) error {
			return org.SetRole(tx, "integrator", db.Of(org.ManageCompany, org.ViewReceivables))
		})
		other, _ := create(t, s, "Beta", "bea@beta.example")
		var custom ids.ID
		types := map[int64]int{}
		read := func(caller db.Caller, fn func(tx *db.Tx) error) {
			t.Helper()
			if err := s.Read(ctx, caller, fn); err != nil {
				t.Fatal(err)
			}
		}
		read(who, func(tx *db.Tx) error {
			return org.Profiles.List(tx, record.Query{}, func(p *org.Profile) error {
				if types[p.Type]++; p.Type == 7 {
					custom = p.ID
				}
				return nil
			})
		})
		if len(types) != 7 || !custom.Is(ids.Profile) {
			t.Errorf("profiles %v, %s", types, custom)
		}
		abilities := func(id ids.ID) (a map[string]bool) {
			t.Helper()
			read(who, func(tx *db.Tx) (err error) { a, err = org.Abilities(tx, id); return err })
			return a
		}
		if a := abilities(admin); !a["pay"] || !a["manageCompany"] || !a["signIn"] || len(a) != 11 {
			t.Errorf("an administrator may %v", a)
		}
		if a := abilities(accountant); a["pay"] || !a["managePayables"] || a["manageCompany"] {
			t.Errorf("an accountant may %v", a)
		}
		if a := abilities(custom); a["pay"] || !a["viewReceivables"] {
			t.Errorf("an integrator may %v", a)
		}
		err := s.Read(ctx, as(other), func(tx *db.Tx) error { _, err := org.Abilities(tx, custom); return err })
		if !errors.Is(err, fault.ErrReference) {
			t.Errorf("SEC-12: %v", err)
		}
		var before *org.Company
		s.Clock.Advance(time.Second)
		err = s.Write(ctx, who, func(tx *db.Tx) error {
			rec, err := org.Companies.LoadAny(tx, o.org)
			if err != nil {
				return err
			}
			before = rec.(*org.Company)
			after := org.Companies.Copy(rec).(*org.Company)
			after.City, after.Zip = "Reno", "89501"
			return org.SaveCompany(tx, before, after)
		})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		read(who, func(tx *db.Tx) error {
			return org.Companies.List(tx, record.Query{}, func(c *org.Company) error {
				if n++; c.ID != o.org || c.City != "Reno" || c.Name != "Acme" || c.UpdatedTime <= before.UpdatedTime {
					t.Errorf("the organisation: %+v", c)
				}
				return nil
			})
		})
		if n != 1 {
			t.Errorf("%d organisations", n)
		}
	})
}
