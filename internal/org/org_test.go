package org_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

var ctx = context.Background()

const password = "quiet amber lighthouse 7"

func create(t *testing.T, s *dbtest.Store, name, email string) (orgID, userID ids.ID) {
	t.Helper()
	orgID, userID, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: name, AdminEmail: email, PasswordHash: dbtest.PasswordHash(password), APIAccess: true})
	if err != nil {
		t.Fatal(err)
	}
	return orgID, userID
}

func as(orgID ids.ID) db.Caller { return db.Caller{Org: orgID, Perms: org.All, Channel: "command"} }

func write(t *testing.T, d *db.DB, who db.Caller, fn func(*db.Tx) error) {
	t.Helper()
	if err := d.Write(ctx, who, fn); err != nil {
		t.Fatal(err)
	}
}

// setOrg changes settings of the organisation as the command line does.
func setOrg(t *testing.T, d *db.DB, orgID ids.ID, keysValues ...string) {
	t.Helper()
	write(t, d, as(orgID), func(tx *db.Tx) error {
		o, err := org.Load(tx)
		if err != nil {
			return err
		}
		for i := 0; i < len(keysValues); i += 2 {
			if err := o.Set(keysValues[i], keysValues[i+1]); err != nil {
				return err
			}
		}
		return org.Save(tx, o)
	})
}

// addUser makes a user with the test's password and a role.
func addUser(t *testing.T, d *db.DB, orgID ids.ID, email, role string) (id ids.ID) {
	t.Helper()
	write(t, d, as(orgID), func(tx *db.Tx) (err error) {
		if id, err = org.AddUser(tx, email, email, dbtest.PasswordHash(password)); err != nil {
			return err
		}
		return org.SetMembership(tx, id, role, true)
	})
	return id
}

// The matrix of domain 2.3: A administrator, C accountant, V approver, P payer, K clerk, R auditor.
func TestPermissionMatrix(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	orgID, _ := create(t, s, "Acme", "ana@acme.example")
	letters := map[byte]string{'A': org.Administrator, 'C': org.Accountant, 'V': org.Approver, 'P': org.Payer, 'K': org.Clerk, 'R': org.Auditor}
	perms := map[byte]db.Permissions{}
	sessions := org.NewSessions(s.DB)
	for l, role := range letters {
		email := role + "@acme.example"
		addUser(t, s.DB, orgID, email, role)
		session, _, err := sessions.SignIn(ctx, email, password, "")
		if err != nil {
			t.Fatal(err)
		}
		x, err := sessions.Find(ctx, org.Credentials{Session: session, Kind: org.KindWeb})
		if err != nil {
			t.Fatal(err)
		}
		perms[l] = x.Caller.Perms
	}
	for _, row := range []struct {
		name string
		p    db.Permission
		who  string
	}{
		{"Manage Company Info", org.ManageCompany, "A"},
		{"Manage users and roles", org.ManageUsers, "A"},
		{"Manage approval policies and settings", org.ManageSettings, "A"},
		{"Manage funding bank accounts", org.ManageBanks, "A"},
		{"View bank account list", org.ViewBanks, "APKR"},
		{"View vendors", org.ViewVendors, "ACVPKR"},
		{"Manage vendors", org.ManageVendors, "ACK"},
		{"Manage vendor bank accounts", org.ManageVendorBanks, "A"},
		{"Approve vendor bank change", org.ApproveVendorBankChange, "AP"},
		{"View bills and credits", org.ViewBills, "ACVPKR"},
		{"Manage bills and credits", org.ManageBills, "ACK"},
		{"Approve / deny bills and credits", org.ApproveBills, "ACV"},
		{"Set or clear approvers on a bill", org.SetApprovers, "ACVK"},
		{"Pay approved bills", org.PayApproved, "AP"},
		{"Pay unassigned bills", org.PayUnassigned, "AP"},
		{"Pay unapproved bills", org.PayUnapproved, "A"},
		{"Approve payments above the payment threshold", org.ApprovePayments, "AP"},
		{"Record offline payments", org.RecordOfflinePayments, "ACPK"},
		{"Cancel / void payments", org.CancelPayments, "AP"},
		{"Print and mail checks", org.PrintChecks, "AP"},
		{"Use inbox", org.UseInbox, "ACK"},
		{"View documents", org.ViewDocuments, "ACVPKR"},
		{"Manage documents", org.ManageDocuments, "ACK"},
		{"View customers, invoices", org.ViewReceivables, "ACKR"},
		{"Manage customers, invoices", org.ManageReceivables, "ACK"},
		{"Charge customer", org.ChargeCustomers, "A"},
		{"Record received payments", org.RecordReceipts, "ACK"},
		{"Manage chart of accounts, dimensions, items, terms", org.ManageLists, "AC"},
		{"Run and configure sync / export", org.RunSync, "AC"},
		{"Close periods, post manual journals", org.ClosePeriods, "AC"},
		{"Submit expense reports", org.SubmitExpenses, "ACVPK"},
		{"Run mass payout import", org.ImportPayouts, "ACK"},
		{"Run mass payout release", org.ReleasePayouts, "AP"},
		{"View reports", org.ViewReports, "ACPKR"},
		{"View audit trail", org.ViewAudit, "ACR"},
		{"Manage webhooks and integrations", org.ManageWebhooks, "AC"},
	} {
		for l := range letters {
			if got, want := perms[l].Has(row.p), strings.IndexByte(row.who, l) >= 0; got != want {
				t.Errorf("%s: %s has it %v, want %v", row.name, letters[l], got, want)
			}
		}
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		orgID, userID := create(t, s, "Acme", "Ana@Acme.example")
		second, same := create(t, s, "Beta", "ana@acme.EXAMPLE")
		if same != userID || second == orgID {
			t.Errorf("ORG-7: one user, two organisations: %s %s, %s %s", userID, same, orgID, second)
		}
		err := s.Read(ctx, db.Caller{Org: orgID}, func(tx *db.Tx) error {
			o, err := org.Load(tx)
			if err != nil {
				return err
			}
			if o.State != org.StateActive || !o.APIAccess || o.Currency != "USD" || len(o.ACHID) != 10 || o.Location() != civil.Pacific && o.Location().String() != "America/Los_Angeles" {
				t.Errorf("a new organisation: %+v", o)
			}
			ms, err := org.Memberships(tx, userID)
			if err != nil {
				return err
			}
			if len(ms) != 2 || ms[0].Name != "Acme" || ms[1].Org != second || ms[0].Role != org.Administrator {
				t.Errorf("memberships: %+v", ms)
			}
			all, err := org.List(tx)
			if err != nil {
				return err
			}
			if len(all) != 2 || all[0].Name != "Acme" {
				t.Errorf("list: %+v", all)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: " ", AdminEmail: "a@b.example"})
		if !errors.Is(err, fault.ErrMissing) {
			t.Errorf("no name: %v", err)
		}
		_, _, err = org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Gamma", AdminEmail: "nobody"})
		if !errors.Is(err, fault.ErrValue) {
			t.Errorf("no e-mail: %v", err)
		}
		if o := (org.Organisation{Zone: "Nowhere/Town"}); o.Location() != civil.Pacific {
			t.Errorf("an unknown zone: %v", o.Location())
		}
	})
}

func TestSave(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		orgID, _ := create(t, s, "Acme", "ana@acme.example")
		var o, stale org.Organisation
		load := func() (o org.Organisation) {
			if err := s.Read(ctx, as(orgID), func(tx *db.Tx) (err error) { o, err = org.Load(tx); return err }); err != nil {
				t.Fatal(err)
			}
			return o
		}
		stale = load()
		s.Clock.Advance(1e9)
		setOrg(t, s.DB, orgID, "zone", "Europe/Berlin", "apiAccess", "no", "expireCheckDays", "120", "overdue", "yes")
		o = load()
		if o.Zone != "Europe/Berlin" || o.APIAccess || o.Preferences.ExpireCheckDays != 120 || o.State != org.StateOverdue {
			t.Errorf("saved: %+v", o)
		}
		var changes string
		err := s.Read(ctx, as(orgID), func(tx *db.Tx) error {
			return tx.Row(`SELECT changes FROM audit_events WHERE org_id = $1 AND record_type = 'organisation' AND action = 'update'`, string(orgID)).Scan(&changes)
		})
		for _, want := range []string{`"APIAccess":[true,false]`, `"State":["active","overdue"]`, `"Zone":["America/Los_Angeles","Europe/Berlin"]`} {
			if err != nil || !strings.Contains(changes, want) {
				t.Errorf("ORG-4: the audit event %s lacks %s (%v)", changes, want, err)
			}
		}
		stale.Name = "Other"
		if err := s.Write(ctx, as(orgID), func(tx *db.Tx) error { return org.Save(tx, stale) }); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("saved over another's change: %v", err)
		}
		accountant := as(orgID)
		accountant.Perms = db.Of(org.ManageLists)
		if err := s.Write(ctx, accountant, func(tx *db.Tx) error { return org.Save(tx, o) }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("ORG-4: without Manage Company Info: %v", err)
		}
		setOrg(t, s.DB, orgID, "overdue", "no")
		setOrg(t, s.DB, orgID, "state", "inactive")
		setOrg(t, s.DB, orgID, "overdue", "no")
		if o := load(); o.State != org.StateInactive {
			t.Errorf("what is closed stays closed: %s", o.State)
		}
		for _, kv := range [][2]string{{"state", "broken"}, {"zone", "Nowhere/Town"}, {"zone", "Local"}, {"achId", "1"}, {"apiAccess", "maybe"},
			{"sodMode", "x"}, {"expireCheckDays", "0"}, {"defaultBillApprover", "bo"}, {"colour", "red"}} {
			if err := o.Set(kv[0], kv[1]); !errors.Is(err, fault.ErrValue) || !slices.Equal(fault.From(err).Fields, []string{kv[0]}) {
				t.Errorf("%s=%s: %v", kv[0], kv[1], err)
			}
		}
	})
}

// What is cached is right for everybody at once: within the transaction that changes it, on this node and on another.
func TestPrefs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		orgID, userID := create(t, s, "Acme", "ana@acme.example")
		second, err := db.Open(ctx, s.Options)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		approver := func(d *db.DB) (id ids.ID) {
			write(t, d, as(orgID), func(tx *db.Tx) error {
				p, err := org.Prefs(tx)
				id = p.DefaultBillApprover
				return err
			})
			return id
		}
		for range 2 {
			for _, want := range []string{"", string(userID)} {
				setOrg(t, s.DB, orgID, "defaultBillApprover", want)
				for i, d := range []*db.DB{s.DB, second, s.DB, second} {
					if got := approver(d); string(got) != want {
						t.Errorf("node %d: %q, want %q", i%2, got, want)
					}
				}
			}
		}
		write(t, s.DB, as(orgID), func(tx *db.Tx) error {
			o, err := org.Load(tx)
			if err != nil {
				return err
			}
			o.Preferences.DefaultBillApprover = ""
			if err := org.Save(tx, o); err != nil {
				return err
			}
			if p, err := org.Prefs(tx); err != nil || p.DefaultBillApprover != "" {
				t.Errorf("inside the transaction that changed it: %q, %v", p.DefaultBillApprover, err)
			}
			return nil
		})
	})
}

// ORG-6: an organisation keeps an active administrator, also when two demote each other at once.
func TestLastAdministrator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		orgID, ana := create(t, s, "Acme", "ana@acme.example")
		set := func(user ids.ID, role string, active bool) error {
			return s.Write(ctx, as(orgID), func(tx *db.Tx) error { return org.SetMembership(tx, user, role, active) })
		}
		for _, c := range []struct {
			role   string
			active bool
			want   error
		}{{org.Clerk, true, org.ErrLastAdmin}, {org.Administrator, false, org.ErrLastAdmin}, {org.Administrator, true, nil}, {"poet", true, fault.ErrValue}} {
			if err := set(ana, c.role, c.active); !errors.Is(err, c.want) {
				t.Errorf("%s %v: %v, want %v", c.role, c.active, err, c.want)
			}
		}
		bo := addUser(t, s.DB, orgID, "bo@acme.example", org.Administrator)
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i, u := range []ids.ID{ana, bo} {
			wg.Go(func() { errs[i] = set(u, org.Clerk, true) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("two demoted each other: %v, %v", errs[0], errs[1])
		}
		who := as(orgID)
		who.Perms = db.Of(org.ManageBills)
		if err := s.Write(ctx, who, func(tx *db.Tx) error { return org.SetMembership(tx, bo, org.Clerk, true) }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without Manage users: %v", err)
		}
	})
}

func TestAddUserAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		got := make([]ids.ID, 6)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				err := s.Write(ctx, db.Caller{Channel: "command"}, func(tx *db.Tx) (err error) {
					got[i], err = org.AddUser(tx, "new@acme.example", "New", "x")
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(slices.Compact(slices.Clone(got))) != 1 || got[0] == "" {
			t.Errorf("one e-mail, users %v", got)
		}
	})
}
