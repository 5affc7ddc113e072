package approval_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// TestMain keeps the property short but in a soak.
func TestMain(m *testing.M) {
	if os.Getenv("SOAK") == "" {
		_ = flag.Set("rapid.checks", "10") // before the command line is read, which may say otherwise
	}
	os.Exit(m.Run())
}

var ctx = context.Background()

type failer interface {
	Helper()
	Fatal(args ...any)
}

// office is an organisation with an administrator and users by name.
type office struct {
	t      failer
	s      *dbtest.Store
	admin  db.Caller
	vendor ids.ID
	users  map[string]db.Caller
	serial int
	seen   map[ids.ID]bool // mails
}

func newOffice(t failer, s *dbtest.Store) *office {
	t.Helper()
	orgID, userID, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "admin@acme.example", PasswordHash: "x",
		SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, s: s, admin: db.Caller{Org: orgID, User: userID, Perms: org.All, Channel: "json2"}, users: map[string]db.Caller{}, seen: map[ids.ID]bool{}}
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name = "Harbor Tool Rental"
	o.do(o.admin, func(tx *db.Tx) error { return vendor.Create(tx, v) })
	o.vendor = v.ID
	for _, name := range []string{"anna", "ben", "cleo", "dan"} {
		o.user(name, org.Approver, db.Of(org.ViewBills, org.ApproveBills, org.SetApprovers))
	}
	o.user("pam", org.Payer, db.Of(org.ViewBills, org.PayApproved, org.PayUnassigned))
	return o
}

func (o *office) user(name, role string, perms db.Permissions) {
	var id ids.ID
	o.do(o.admin, func(tx *db.Tx) (err error) {
		if id, err = org.AddUser(tx, name+string(o.admin.Org)+"@acme.example", name, "x"); err != nil {
			return err
		}
		return org.SetMembership(tx, id, role, true)
	})
	o.users[name] = db.Caller{Org: o.admin.Org, User: id, Perms: perms, Channel: "json2"}
}

func (o *office) try(who db.Caller, fn func(*db.Tx) error) error { return o.s.Write(ctx, who, fn) }

func (o *office) do(who db.Caller, fn func(*db.Tx) error) {
	o.t.Helper()
	if err := o.try(who, fn); err != nil {
		o.t.Fatal(err)
	}
}

// draft is a bill that is not stored yet.
func (o *office) draft(amount int64) *bill.Bill {
	o.serial++
	b := bill.Bills.New().(*bill.Bill)
	b.VendorID, b.InvoiceNumber, b.Amount = o.vendor, fmt.Sprintf("B%d", o.serial), amount
	b.InvoiceDate, b.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
	return b
}

func (o *office) bill(amount int64) ids.ID {
	o.t.Helper()
	b := o.draft(amount)
	o.do(o.admin, func(tx *db.Tx) error { return bill.Create(tx, b) })
	return b.ID
}

func (o *office) ids(names string) (out []ids.ID) {
	for _, n := range strings.Fields(names) {
		u, ok := o.users[n]
		if n == "admin" {
			u, ok = o.admin, true
		}
		if !ok {
			o.t.Fatal("no user " + n)
		}
		out = append(out, u.User)
	}
	return out
}

func (o *office) name(id ids.ID) string {
	if id == o.admin.User {
		return "admin"
	}
	for n, u := range o.users {
		if u.User == id {
			return n
		}
	}
	return string(id)
}

func (o *office) set(id ids.ID, names string) error {
	return o.try(o.admin, func(tx *db.Tx) error { return bill.Approvals.Set(tx, id, o.ids(names)) })
}

func (o *office) clear(id ids.ID) error {
	return o.try(o.admin, func(tx *db.Tx) error { return bill.Approvals.Clear(tx, id) })
}

func (o *office) approve(id ids.ID, name, comment string) error {
	return o.try(o.as(name), func(tx *db.Tx) error { return bill.Approvals.Approve(tx, id, comment) })
}

func (o *office) deny(id ids.ID, name string) error {
	return o.try(o.as(name), func(tx *db.Tx) error { return bill.Approvals.Deny(tx, id, "no") })
}

func (o *office) as(name string) db.Caller {
	if name == "admin" {
		return o.admin
	}
	return o.users[name]
}

// edit changes a bill as a room would that stores it.
func (o *office) edit(id ids.ID, f func(*bill.Bill)) {
	o.t.Helper()
	o.do(o.admin, func(tx *db.Tx) error {
		before, err := bill.Bills.LoadForUpdate(tx, id)
		if err != nil {
			return err
		}
		b := bill.Bills.Copy(before).(*bill.Bill)
		f(b)
		if b.ApprovalStatus, err = bill.Approvals.Edited(tx, before, b); err != nil {
			return err
		}
		bill.Bills.Save(tx, before, b)
		return nil
	})
}

var words = map[int64]string{approval.Waiting: "?", approval.Upcoming: "", approval.Stale: "~", approval.HasApproved: "+", approval.HasDenied: "-"}

// state is a bill's status with its approvers in order: + has approved, - has denied, ? is asked, in brackets whom only
// the memory holds.
func (o *office) state(id ids.ID) string {
	o.t.Helper()
	var out []string
	if err := o.s.Read(ctx, o.admin, func(tx *db.Tx) error {
		b, err := bill.Bills.Load(tx, id)
		if err != nil {
			return err
		}
		out = append(out, fmt.Sprint(b.ApprovalStatus))
		rows, err := bill.Approvals.Of(tx, id)
		for _, r := range rows {
			s := o.name(r.UserID) + words[r.Status]
			if r.Active != record.Active {
				s = "(" + s + ")"
			}
			out = append(out, s)
		}
		return err
	}); err != nil {
		o.t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func (o *office) policy(kind, threshold, least int64, names string) (p *approval.Policy) {
	o.t.Helper()
	o.do(o.admin, func(tx *db.Tx) error {
		p = approval.Policies.New().(*approval.Policy)
		p.For, p.AmountThreshold, p.MinNumApprovers = kind, threshold, least
		if err := approval.CreatePolicy(tx, p); err != nil {
			return err
		}
		for i, u := range o.ids(names) {
			a := approval.PolicyApprovers.New().(*approval.PolicyApprover)
			a.ApprovalPolicyID, a.UserID, a.SortOrder = p.ID, u, int64(i+1)
			if err := approval.CreatePolicyApprover(tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	return p
}

func (o *office) prefs(f func(*org.Preferences)) {
	o.do(db.Caller{Org: o.admin.Org, Perms: org.All, Channel: "command"}, func(tx *db.Tx) error {
		own, err := org.Load(tx)
		if err != nil {
			return err
		}
		f(&own.Preferences)
		return org.Save(tx, own)
	})
}

// The steps of api-v2 5.7 and what follows from each.
func TestAPR_5_7_TheChain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		for _, c := range []struct {
			name  string
			steps string // verb:names, and after => the state or the fault that it gives
		}{
			{"V2-114 in order", "set:anna ben=>1 anna? ben; approve:ben=>not_approvers_turn; approve:anna=>4 anna+ ben?; approve:ben=>3 anna+ ben+"},
			{"V2-115 a denial and those asked after it", "set:anna ben=>1 anna? ben; approve:anna=>4 anna+ ben?; deny:ben=>5 anna+ ben-; " +
				"approve:ben=>not_approvers_turn; set:anna cleo ben=>4 anna+ cleo? ben; approve:cleo=>4 anna+ cleo+ ben?; approve:ben=>3 anna+ cleo+ ben+"},
			{"V2-116 a payer", "set:pam=>approver_unable; set:anna pam=>approver_unable"},
			{"APR-7 cleared and set again", "set:anna ben=>1 anna? ben; approve:anna=>4 anna+ ben?; deny:ben=>5 anna+ ben-; clear:=>0 (anna+); " +
				"approve:ben=>not_approvers_turn; set:cleo anna=>4 anna+ cleo?; approve:cleo=>3 anna+ cleo+"},
			{"cleared before anyone acted", "set:anna=>1 anna?; clear:=>0; approve:anna=>not_approvers_turn; clear:=>0"},
			{"clear of what is approved", "set:anna=>1 anna?; approve:anna=>3 anna+; clear:=>3 anna+"},
			{"a person appears once", "set:anna ben anna=>1 anna? ben"},
			{"those who have not acted are replaced", "set:anna ben=>1 anna? ben; set:cleo ben=>1 cleo? ben; set:ben=>1 ben?"},
			{"one more after the last", "set:anna=>1 anna?; approve:anna=>3 anna+; set:ben=>4 anna+ ben?; approve:anna=>not_approvers_turn"},
			{"nobody", "set:=>field_missing"},
			{"APR-9 a reset field", "set:anna ben=>1 anna? ben; approve:anna=>4 anna+ ben?; approve:ben=>3 anna+ ben+; edit:=>1 anna? ben"},
			{"APR-9 what was remembered counts no more", "set:anna ben=>1 anna? ben; approve:anna=>4 anna+ ben?; clear:=>0 (anna+); edit:=>0; set:anna=>1 anna?"},
			{"APR-9 an edit undoes no denial", "set:anna ben=>1 anna? ben; approve:anna=>4 anna+ ben?; deny:ben=>5 anna+ ben-; edit:=>5 anna ben-; set:anna=>1 anna?"},
		} {
			id := o.bill(100_00)
			for _, step := range strings.Split(c.steps, "; ") {
				action, want, _ := strings.Cut(step, "=>")
				verb, names, _ := strings.Cut(action, ":")
				var err error
				switch verb {
				case "set":
					err = o.set(id, names)
				case "clear":
					err = o.clear(id)
				case "approve":
					err = o.approve(id, names, "")
				case "deny":
					err = o.deny(id, names)
				case "edit":
					o.edit(id, func(b *bill.Bill) { b.InvoiceNumber += "x" })
				}
				got := ""
				if f := fault.From(err); f != nil {
					got = f.Code
				} else if err != nil {
					t.Fatal(err)
				} else {
					got = o.state(id)
				}
				if got != want {
					t.Errorf("%s: %s gives %q, want %q", c.name, action, got, want)
				}
			}
		}
	})
}

// The permissions, and what cannot be approved.
func TestAPR_7_DenialIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		o.user("carl", org.Clerk, db.Of(org.ManageBills))
		o.user("gone", org.Clerk, db.Of(org.ManageBills))
		o.do(o.admin, func(tx *db.Tx) error { return org.SetMembership(tx, o.users["gone"].User, org.Clerk, false) })
		told := func(id ids.ID) (to string, all []outbox.Mail) {
			o.do(o.admin, func(tx *db.Tx) (err error) { all, err = outbox.About(tx, id); return err })
			var names []string
			for _, m := range all {
				names = append(names, strings.TrimSuffix(strings.Replace(m.To, string(o.admin.Org), "", 1), "@acme.example"))
			}
			slices.Sort(names)
			return strings.Join(names, " "), all
		}
		id := o.asked("anna ben", 10_00)
		if err := o.try(o.as("anna"), func(tx *db.Tx) error { return bill.Approvals.Deny(tx, id, "not what we ordered") }); err != nil {
			t.Fatal(err)
		}
		to, all := told(id)
		if to != "admin carl" {
			t.Errorf("told %q, want whoever manages bills", to)
		}
		for _, m := range all {
			if m.Kind != "denied" || !strings.Contains(m.Body, "anna has denied") || !strings.Contains(m.Body, "Harbor Tool Rental: 10.00 USD") ||
				!strings.Contains(m.Body, "Reason: not what we ordered") {
				t.Errorf("the mail: %q %q", m.Subject, m.Body)
			}
		}
		second := o.asked("anna", 20_00) // decided by a delegate
		o.delegate("anna", "ben", 0)
		if err := o.try(o.as("ben"), func(tx *db.Tx) error { return bill.Approvals.Deny(tx, second, "") }); err != nil {
			t.Fatal(err)
		}
		if _, all := told(second); len(all) != 2 || !strings.Contains(all[0].Body, "ben, for anna, has denied") || !strings.Contains(all[0].Body, "none was given") {
			t.Errorf("a delegate without a reason: %+v", all)
		}
		third := o.asked("anna", 30_00)
		if err := o.approve(third, "anna", "fine"); err != nil {
			t.Fatal(err)
		}
		if to, _ := told(third); to != "" {
			t.Errorf("an approval is told to %q", to)
		}
	})
}

func TestAPR_7_WhoMay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		id, gone := o.bill(100_00), o.bill(100_00)
		o.do(o.admin, func(tx *db.Tx) error { return bill.Delete(tx, gone) })
		other := newOfficeNamed(t, s, "other@x.example")
		for _, c := range []struct {
			name string
			who  db.Caller
			do   func(*db.Tx) error
			want error
		}{
			{"a payer sets", o.users["pam"], func(tx *db.Tx) error { return bill.Approvals.Set(tx, id, o.ids("anna")) }, fault.ErrForbidden},
			{"a payer clears", o.users["pam"], func(tx *db.Tx) error { return bill.Approvals.Clear(tx, id) }, fault.ErrForbidden},
			{"a payer approves", o.users["pam"], func(tx *db.Tx) error { return bill.Approvals.Approve(tx, id, "") }, fault.ErrForbidden},
			{"nobody was asked", o.users["anna"], func(tx *db.Tx) error { return bill.Approvals.Approve(tx, id, "") }, approval.ErrNotTurn},
			{"a bill that is gone", o.admin, func(tx *db.Tx) error { return bill.Approvals.Set(tx, gone, o.ids("anna")) }, fault.ErrReference},
			{"an unknown bill", o.admin, func(tx *db.Tx) error { return bill.Approvals.Set(tx, ids.New(ids.Bill), o.ids("anna")) }, fault.ErrNotFound},
			{"another organisation's bill", other, func(tx *db.Tx) error { return bill.Approvals.Set(tx, id, []ids.ID{other.User}) }, fault.ErrNotFound},
			{"another organisation's user", o.admin, func(tx *db.Tx) error { return bill.Approvals.Set(tx, id, []ids.ID{other.User}) }, approval.ErrUnable},
			{"APR-8 too long a comment", o.users["anna"], func(tx *db.Tx) error {
				if err := bill.Approvals.Set(tx, id, o.ids("anna")); err != nil {
					return err
				}
				return bill.Approvals.Approve(tx, id, strings.Repeat("x", 4001))
			}, fault.ErrTooLong},
		} {
			if err := o.try(c.who, c.do); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		if err := errors.Join(o.set(id, "anna ben"), o.approve(id, "anna", "as ordered")); err != nil {
			t.Fatal(err)
		}
		var notes []string
		o.do(o.admin, func(tx *db.Tx) error {
			return approval.Notes.List(tx, record.Query{}, func(n *approval.Note) error {
				notes = append(notes, string(n.ObjectID)+" "+o.name(n.UserID)+" "+n.Text)
				return nil
			})
		})
		if want := string(id) + " anna as ordered"; !slices.Equal(notes, []string{want}) {
			t.Errorf("APR-8: notes %q, want %q", notes, want)
		}
	})
}

func newOfficeNamed(t *testing.T, s *dbtest.Store, email string) db.Caller {
	orgID, userID, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Other", AdminEmail: email, PasswordHash: "x"})
	if err != nil {
		t.Fatal(err)
	}
	return db.Caller{Org: orgID, User: userID, Perms: org.All, Channel: "json2"}
}

// payable reports whether someone with every permission may schedule a payment of the bill.
func (o *office) payable(id ids.ID) bool {
	o.t.Helper()
	err := o.s.Read(ctx, o.admin, func(tx *db.Tx) error {
		b, err := bill.Bills.Load(tx, id)
		if err != nil {
			return err
		}
		return b.CheckPayable(tx)
	})
	if err != nil && !errors.Is(err, bill.ErrNotPayable) {
		o.t.Fatal(err)
	}
	return err == nil
}

// Policies are merged by threshold, a person is asked once, and what a policy claims is not payable until it has the
// approvers the policy wants (spec/README 7).
func TestAPR_4_Policies(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		old := o.bill(600_00)
		if !o.payable(old) {
			t.Error("a bill without policies is not payable")
		}
		o.policy(approval.ForBills, 500_00, 0, "cleo anna")
		o.policy(approval.ForBills, 100_00, 1, "anna ben")
		big := o.policy(approval.ForBills, 1000_00, 2, "")
		o.policy(approval.ForCredits, 0, 1, "dan")
		for _, c := range []struct {
			amount  int64
			want    string
			payable bool
		}{{99_99, "0", true}, {100_00, "1 anna? ben", false}, {500_00, "1 anna? ben cleo", false}, {1000_00, "1 anna? ben cleo", false}} {
			id := o.bill(c.amount)
			if got := o.state(id); got != c.want || o.payable(id) != c.payable {
				t.Errorf("%d: %q, payable %t", c.amount, got, o.payable(id))
			}
		}
		if o.payable(old) {
			t.Error("a bill that a later policy claims is payable")
		}
		id := o.bill(100_00)
		if err := errors.Join(o.set(id, "dan")); err != nil {
			t.Fatal(err)
		}
		if got := o.state(id); got != "1 dan? anna ben" {
			t.Errorf("APR-5: %q after another was set", got)
		}
		if err := errors.Join(o.approve(id, "dan", ""), o.clear(id)); err != nil {
			t.Fatal(err)
		}
		if got := o.state(id); got != "4 dan+ anna? ben" {
			t.Errorf("APR-5: %q after clear", got)
		}
		o.edit(id, func(b *bill.Bill) { b.Amount, b.Lines[0].Amount = 500_00, 500_00 })
		if got := o.state(id); got != "1 dan? anna ben cleo" {
			t.Errorf("APR-9, APR-5: %q after the amount reached another policy", got)
		}
		// Two are wanted, and none is named.
		o.do(o.admin, func(tx *db.Tx) error {
			return approval.Policies.List(tx, record.Query{}, func(p *approval.Policy) error {
				if p.ID == big.ID {
					return nil
				}
				after := *p
				after.Active = record.Inactive
				return approval.UpdatePolicy(tx, p, &after)
			})
		})
		id = o.bill(1000_00)
		for _, c := range []struct {
			do   func() error
			want string
		}{
			{func() error { return nil }, "0"},
			{func() error { return o.set(id, "anna") }, "0 anna?"},
			{func() error { return o.approve(id, "anna", "") }, "0 anna+"},
			{func() error { return o.set(id, "ben") }, "4 anna+ ben?"},
			{func() error { return o.approve(id, "ben", "") }, "3 anna+ ben+"},
		} {
			err := c.do()
			if got := o.state(id); err != nil || got != c.want || o.payable(id) != (c.want[0] == '3') {
				t.Errorf("minNumApprovers 2: %q, payable %t, %v; want %q", got, o.payable(id), err, c.want)
			}
		}
	})
}

func TestPoliciesRefuse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		p := o.policy(approval.ForBills, 0, 1, "")
		for _, c := range []struct {
			name string
			who  db.Caller
			do   func(*db.Tx) error
			want error
		}{
			{"no permission", o.users["anna"], func(tx *db.Tx) error { return approval.CreatePolicy(tx, &approval.Policy{}) }, fault.ErrForbidden},
			{"no such type", o.admin, func(tx *db.Tx) error { return approval.CreatePolicy(tx, &approval.Policy{For: 2}) }, fault.ErrValue},
			{"below zero", o.admin, func(tx *db.Tx) error { return approval.CreatePolicy(tx, &approval.Policy{AmountThreshold: -1}) }, fault.ErrValue},
			{"too many", o.admin, func(tx *db.Tx) error { return approval.CreatePolicy(tx, &approval.Policy{MinNumApprovers: 101}) }, fault.ErrValue},
			{"nothing named", o.admin, func(tx *db.Tx) error { return approval.CreatePolicyApprover(tx, &approval.PolicyApprover{}) }, fault.ErrMissing},
			{"an unknown policy", o.admin, func(tx *db.Tx) error {
				return approval.CreatePolicyApprover(tx, &approval.PolicyApprover{ApprovalPolicyID: ids.New(ids.ApprovalPolicy), UserID: o.users["anna"].User})
			}, fault.ErrReference},
			{"V2-116 a payer", o.admin, func(tx *db.Tx) error {
				return approval.CreatePolicyApprover(tx, &approval.PolicyApprover{ApprovalPolicyID: p.ID, UserID: o.users["pam"].User})
			}, approval.ErrUnable},
			{"a policy's approver, no permission", o.users["anna"], func(tx *db.Tx) error {
				return approval.CreatePolicyApprover(tx, &approval.PolicyApprover{ApprovalPolicyID: p.ID, UserID: o.users["anna"].User})
			}, fault.ErrForbidden},
		} {
			if err := o.try(c.who, c.do); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
	})
}

// The organisation's default approver is asked where no policy names anyone.
func TestAPR_1_DefaultApprover(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		o.prefs(func(p *org.Preferences) { p.DefaultBillApprover = o.users["ben"].User })
		id := o.bill(100_00)
		if got := o.state(id); got != "1 ben?" || o.payable(id) {
			t.Errorf("%q, payable %t", got, o.payable(id))
		}
		c := credit.Credits.New().(*credit.Credit)
		c.VendorID, c.RefNumber, c.CreditDate, c.Amount = o.vendor, "C1", civil.MustDate("2026-11-20"), 500
		o.do(o.admin, func(tx *db.Tx) error { return credit.Create(tx, c, false) })
		use := func() error {
			return o.try(o.admin, func(tx *db.Tx) error { _, err := credit.ForUse(tx, c.ID); return err })
		}
		if err := use(); !errors.Is(err, credit.ErrDenied) {
			t.Errorf("APR-15: a credit under approval may be set off: %v", err)
		}
		o.do(o.users["ben"], func(tx *db.Tx) error { return credit.Approvals.Approve(tx, c.ID, "") })
		if err := use(); err != nil {
			t.Errorf("APR-15: an approved credit: %v", err)
		}
		o.do(o.admin, func(tx *db.Tx) error {
			before, err := credit.Credits.LoadForUpdate(tx, c.ID)
			if err != nil {
				return err
			}
			after := credit.Credits.Copy(before).(*credit.Credit)
			after.RefNumber = "C2"
			return credit.Update(tx, before, after, false)
		})
		if err := use(); !errors.Is(err, credit.ErrDenied) {
			t.Errorf("APR-9: a credit with another number keeps its approval: %v", err)
		}
		o.policy(approval.ForBills, 0, 0, "anna")
		if got := o.state(o.bill(100_00)); got != "1 anna?" {
			t.Errorf("with a policy %q", got)
		}
	})
}

// Who leaves, or loses the permission, is replaced by an administrator; what that user decided stands (ROL-6).
func TestAPR_14_Reroute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		o.prefs(func(p *org.Preferences) { p.DefaultBillApprover = o.users["ben"].User })
		o.policy(approval.ForBills, 900_00, 2, "ben dan")
		decided, waiting, later, has := o.bill(100_00), o.bill(100_00), o.bill(100_00), o.bill(100_00)
		if err := errors.Join(o.approve(decided, "ben", ""), o.set(later, "anna ben cleo"), o.set(has, "anna admin ben")); err != nil {
			t.Fatal(err)
		}
		o.do(o.admin, func(tx *db.Tx) error { return org.SetMembership(tx, o.users["ben"].User, org.Approver, false) })
		for _, c := range []struct {
			id   ids.ID
			want string
		}{{decided, "3 ben+"}, {waiting, "1 admin?"}, {later, "1 anna? admin cleo"}, {has, "1 anna? admin ben"}} {
			if got := o.state(c.id); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		}
		if got := o.state(o.bill(100_00)); got != "1 admin?" {
			t.Errorf("the default approver has left: %q", got)
		}
		big := o.bill(900_00)
		o.edit(big, func(b *bill.Bill) { b.Description = "x" })
		if got := o.state(big); got != "1 admin? dan" {
			t.Errorf("a policy's approver has left: %q", got)
		}
		var rerouted int
		o.do(o.admin, func(tx *db.Tx) error {
			return approval.BillApprovers.List(tx, record.Query{}, func(a *approval.Approver) error {
				if a.Status == approval.Rerouted && a.Active == record.Inactive && a.UserID == o.users["ben"].User {
					rerouted++
				}
				return nil
			})
		})
		if rerouted != 2 {
			t.Errorf("%d records say that they were rerouted", rerouted)
		}
		o.do(o.admin, func(tx *db.Tx) error { return org.SetMembership(tx, o.users["anna"].User, org.Payer, true) })
		if got := o.state(later); got != "1 anna? admin cleo" { // no other administrator: it waits for whoever sets approvers
			t.Errorf("an approver who became a payer, the administrator asked already: %q", got)
		}
	})
}

// Proposed is whom somebody set for the last bill of the vendor: neither whom a policy asked nor who has left, and nobody is
// asked by it.
func TestAPR_1_Learned(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		learned := func(id ids.ID) (names string) {
			o.do(o.admin, func(tx *db.Tx) error {
				users, err := bill.Approvals.Learned(tx, id)
				for _, u := range users {
					names += o.name(u) + " "
				}
				return err
			})
			return strings.TrimSpace(names)
		}
		if got := learned(o.bill(10_00)); got != "" {
			t.Errorf("nobody was ever asked: %q", got)
		}
		first, second, third := o.bill(10_00), o.bill(10_00), o.bill(10_00)
		if err := errors.Join(o.set(first, "dan"), o.set(second, "ben anna cleo"), o.approve(second, "ben", "")); err != nil {
			t.Fatal(err)
		}
		if got := learned(third); got != "ben anna cleo" {
			t.Errorf("proposed %q", got)
		}
		if got := o.state(third); got != "0" {
			t.Errorf("a proposal asks: %q", got)
		}
		if got := learned(second); got != "dan" {
			t.Errorf("the document itself is not its own example: %q", got)
		}
		o.policy(approval.ForBills, 900_00, 0, "dan")
		o.bill(900_00)
		o.leave("anna")
		if got := learned(third); got != "ben admin cleo" { // an administrator is asked in her place
			t.Errorf("after a policy asked, and anna has left: %q", got)
		}
	})
}

// Whoever entered a bill does not approve it where the organisation enforces that.
func TestAPR_10_OwnBill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		id := o.bill(100_00)
		if err := o.set(id, "admin"); err != nil {
			t.Fatal(err)
		}
		o.prefs(func(p *org.Preferences) { p.SoDMode = "enforce" })
		if err := o.approve(id, "admin", ""); !errors.Is(err, approval.ErrOwn) {
			t.Errorf("enforce: %v", err)
		}
		o.prefs(func(p *org.Preferences) { p.SoDMode = "warn" })
		if err := o.approve(id, "admin", ""); err != nil || o.state(id) != "3 admin+" {
			t.Errorf("warn: %v, %s", err, o.state(id))
		}
	})
}

// Table 4.4.1: which changes of an approved bill take the approval back.
func TestAPR_9_ResetFields(t *testing.T) {
	t.Parallel()
	other := ids.New(ids.Account)
	bills := func() *bill.Bill {
		b := bill.Bills.New().(*bill.Bill)
		b.VendorID, b.InvoiceNumber, b.Amount, b.Currency = ids.New(ids.Vendor), "7", 500_00, "USD"
		b.GLPostingDate = civil.MustDate("2026-11-20")
		b.Lines = []*bill.Line{{Amount: 200_00}, {Amount: 300_00}}
		return b
	}
	amount := func(n int64) func(*bill.Bill) { return func(b *bill.Bill) { b.Amount += n; b.Lines[0].Amount += n } }
	for _, c := range []struct {
		name   string
		change func(*bill.Bill)
		want   bool
	}{
		{"nothing", func(*bill.Bill) {}, false},
		{"vendor", func(b *bill.Bill) { b.VendorID = ids.New(ids.Vendor) }, true},
		{"currency", func(b *bill.Bill) { b.Currency = "CAD" }, true},
		{"invoice number", func(b *bill.Bill) { b.InvoiceNumber = "8" }, true},
		{"a cent more", amount(1), true},
		{"1.00 less", amount(-100), false},
		{"1.01 less", amount(-101), true},
		{"two percent less", func(b *bill.Bill) { b.Amount, b.Lines = 49_00, []*bill.Line{{Amount: 49_00}, {}} }, true},
		{"moved between lines", func(b *bill.Bill) { b.Lines[0].Amount++; b.Lines[1].Amount-- }, true},
		{"a line more", func(b *bill.Bill) { b.Lines = append(b.Lines, &bill.Line{}) }, true},
		{"account", func(b *bill.Bill) { b.Lines[1].ChartOfAccountID = other }, true},
		{"item", func(b *bill.Bill) { b.Lines[1].ItemID = other }, true},
		{"department", func(b *bill.Bill) { b.Lines[1].DepartmentID = other }, false},
		{"due date", func(b *bill.Bill) { b.DueDate = civil.MustDate("2027-01-01") }, false},
		{"posted on another day", func(b *bill.Bill) { b.GLPostingDate = civil.MustDate("2026-11-30") }, false},
		{"posted in another month", func(b *bill.Bill) { b.GLPostingDate = civil.MustDate("2026-12-01") }, true},
		{"description", func(b *bill.Bill) { b.Description, b.PONumber = "x", "y" }, false},
	} {
		before := bills()
		after := bill.Bills.Copy(before).(*bill.Bill)
		c.change(after)
		if got := bill.Approvals.Resets(before, after); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

// What recurs is approved by whom it was before (BIL-10).
func TestBIL_10_Inherit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		first, second, third, bare := o.bill(100_00), o.bill(100_00), o.bill(100_00), o.bill(1)
		if err := errors.Join(o.set(first, "ben anna"), o.approve(first, "ben", "")); err != nil {
			t.Fatal(err)
		}
		o.do(o.admin, func(tx *db.Tx) error { return bill.Approvals.Inherit(tx, second, first) })
		if got := o.state(second); got != "1 ben? anna" {
			t.Errorf("%q", got)
		}
		o.do(o.admin, func(tx *db.Tx) error { return bill.Approvals.Inherit(tx, third, bare) })
		if got := o.state(third); got != "0" {
			t.Errorf("from none: %q", got)
		}
	})
}

func TestQueue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		a, b, c := o.bill(1), o.bill(2), o.bill(3)
		if err := errors.Join(o.set(a, "anna ben"), o.set(b, "ben"), o.set(c, "ben")); err != nil {
			t.Fatal(err)
		}
		o.do(o.admin, func(tx *db.Tx) error { return bill.Delete(tx, c) })
		queue := func(states ...int64) (out []ids.ID) {
			o.do(o.admin, func(tx *db.Tx) error {
				rows, err := bill.Approvals.Queue(tx, o.users["ben"].User, states...)
				for _, r := range rows {
					out = append(out, r.ObjectID)
				}
				return err
			})
			return out
		}
		if got := queue(approval.Waiting); !slices.Equal(got, []ids.ID{b}) {
			t.Errorf("ben is asked about %v", got)
		}
		if got := queue(approval.Waiting, approval.Upcoming); !slices.Equal(got, []ids.ID{a, b}) {
			t.Errorf("ben is or will be asked about %v", got)
		}
	})
}

// TestApprovals: whatever is set, cleared, approved, denied and edited, the status is what the approvers' states say,
// exactly one is asked unless all have approved or one has denied, and a bill becomes approved only by the approval, of
// what it is now, of everyone on it and of everyone a policy names.
func TestApprovals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		rapid.Check(t, func(r *rapid.T) {
			o := newOffice(r, s)
			named := ""
			if rapid.Bool().Draw(r, "policy") {
				named = rapid.SampledFrom([]string{"anna", "ben anna", "dan"}).Draw(r, "named")
				o.policy(approval.ForBills, 50_00, rapid.Int64Range(0, 3).Draw(r, "least"), named)
			}
			id := o.bill(rapid.Int64Range(1, 100_00).Draw(r, "amount"))
			said := map[string]bool{} // who has approved what the bill is now
			names := []string{"anna", "ben", "cleo", "dan"}
			for range rapid.IntRange(1, 25).Draw(r, "actions") {
				var err error
				who := rapid.SampledFrom(names).Draw(r, "who")
				switch rapid.IntRange(0, 6).Draw(r, "action") {
				case 0:
					err = o.set(id, strings.Join(rapid.SliceOfN(rapid.SampledFrom(names), 1, 4).Draw(r, "set"), " "))
				case 1:
					err = o.clear(id)
				case 2, 3, 4:
					if err = o.approve(id, who, ""); err == nil {
						said[who] = true
					}
				case 5:
					err = o.deny(id, who)
				case 6:
					amount := rapid.Int64Range(1, 100_00).Draw(r, "new amount")
					o.edit(id, func(b *bill.Bill) {
						before := *b
						b.Amount = amount
						if bill.Approvals.Resets(&before, b) {
							clear(said)
						}
					})
				}
				if err != nil && !errors.Is(err, approval.ErrNotTurn) {
					r.Fatal(err)
				}
				o.verify(r, id, said, named)
			}
		})
	})
}

func (o *office) verify(r *rapid.T, id ids.ID, said map[string]bool, named string) {
	r.Helper()
	state := strings.Fields(o.state(id))
	status, asked, approved, denied, live := state[0], 0, 0, 0, []string{}
	for _, a := range state[1:] {
		name := strings.TrimRight(a, "+-?")
		switch {
		case strings.HasPrefix(a, "("):
			continue
		case strings.HasSuffix(a, "?"):
			asked++
		case strings.HasSuffix(a, "-"):
			denied++
		case strings.HasSuffix(a, "+"):
			approved++
			if !said[name] {
				r.Fatalf("%v: %s has not approved this", state, name)
			}
		}
		live = append(live, name)
	}
	var least int64
	var amount int64
	o.do(o.admin, func(tx *db.Tx) error {
		b, err := bill.Bills.Load(tx, id)
		if err != nil {
			return err
		}
		amount = b.Amount
		return approval.Policies.List(tx, record.Query{}, func(p *approval.Policy) error { least = p.MinNumApprovers; return nil })
	})
	if named == "" || amount < 50_00 {
		least, named = 0, ""
	}
	want := "1"
	switch {
	case denied > 0:
		want = "5"
	case len(live) == 0 || int64(len(live)) < least:
		want = "0"
	case approved == len(live):
		want = "3"
	case approved > 0:
		want = "4"
	}
	if status != want || denied > 1 || (asked == 1) != (denied == 0 && approved < len(live)) {
		r.Fatalf("%v: status should be %s", state, want)
	}
	if status == "3" {
		for _, n := range strings.Fields(named) {
			if !said[n] {
				r.Fatalf("%v without %s, whom a policy names", state, n)
			}
		}
	}
	if o.payable(id) != (status == "3" || status == "0" && named == "") {
		r.Fatalf("%v of %d: payable %t", state, amount, o.payable(id))
	}
}
