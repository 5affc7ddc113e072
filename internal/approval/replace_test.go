package approval_test

import (
	"errors"
	"testing"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

func (o *office) replace(user, by string) error {
	return o.try(o.admin, func(tx *db.Tx) error { return approval.Replace(tx, o.as(user).User, o.as(by).User) })
}

func (o *office) leave(user string) {
	o.t.Helper()
	o.do(o.admin, func(tx *db.Tx) error { return org.SetMembership(tx, o.users[user].User, org.Approver, false) })
}

// Who was named takes over what waits, and stands in policies, steps and groups from then on.
func TestAPR_14_NamedReplacement(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		o.prefs(func(p *org.Preferences) { p.DefaultBillApprover = o.users["ben"].User })
		o.policy(approval.ForBills, 900_00, 0, "ben dan")
		both := o.policy(approval.ForBills, 5000_00, 0, "ben cleo")
		managers := approval.Groups.New().(*approval.Group)
		managers.Name = "Managers"
		managers.SetUsers(o.ids("anna ben"))
		steps := approval.Policies.New().(*approval.Policy)
		steps.AmountThreshold, steps.Priority = 7000_00, 1
		o.do(o.admin, func(tx *db.Tx) error {
			if err := approval.SaveGroup(tx, nil, managers); err != nil {
				return err
			}
			if err := steps.SetRules(approval.Conditions{}, []approval.Step{{Groups: []ids.ID{managers.ID}, Need: 1}}); err != nil {
				return err
			}
			return approval.CreatePolicy(tx, steps)
		})
		waiting, done, has := o.bill(100_00), o.bill(100_00), o.bill(100_00)
		if err := errors.Join(o.approve(done, "ben", ""), o.set(has, "anna ben cleo"), o.replace("ben", "cleo")); err != nil {
			t.Fatal(err)
		}
		if got := o.state(waiting); got != "1 ben?" {
			t.Errorf("ben is still there: %q", got)
		}
		o.leave("ben")
		for _, c := range []struct {
			name, got, want string
		}{
			{"what waits", o.state(waiting), "1 cleo?"},
			{"what was approved", o.state(done), "3 ben+"},
			{"where the replacement is asked already, an administrator", o.state(has), "1 anna? admin cleo"},
			{"the default approver", o.state(o.bill(100_00)), "1 cleo?"},
			{"a policy", o.state(o.bill(900_00)), "1 cleo? dan"},
			{"a policy that names both keeps two people", o.state(o.bill(6000_00)), "1 cleo? dan admin"},
		} {
			if c.got != c.want {
				t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
			}
		}
		o.do(o.admin, func(tx *db.Tx) error {
			g, err := approval.Groups.Load(tx, managers.ID)
			if err == nil && g.Members != string(o.users["anna"].User)+" "+string(o.users["cleo"].User) {
				t.Errorf("the group is %q", g.Members)
			}
			return err
		})
		if got := o.named(both.ID); got != "ben cleo" {
			t.Errorf("the policy that names both: %q", got)
		}
		if err := o.replace("dan", "anna"); err != nil {
			t.Fatal(err)
		}
		o.leave("anna")
		o.leave("dan")
		if got := o.state(o.bill(950_00)); got != "1 cleo? admin" {
			t.Errorf("the replacement has left too: %q", got)
		}
	})
}

// named are the approvers of a policy, in order.
func (o *office) named(policy ids.ID) (names string) {
	o.t.Helper()
	t := approval.PolicyApprovers
	var users []ids.ID
	o.do(o.admin, func(tx *db.Tx) error {
		users = nil
		return t.List(tx, record.Query{Filters: []record.Filter{{Field: t.Must("approvalPolicyId"), Op: record.Eq, Values: []any{string(policy)}}},
			Order: []record.Key{{Field: t.Must("sortOrder")}, {Field: t.Must("id")}}},
			func(a *approval.PolicyApprover) error { users = append(users, a.UserID); return nil })
	})
	for i, u := range users {
		if i > 0 {
			names += " "
		}
		names += o.name(u)
	}
	return names
}

// A replacement may approve, is somebody else, and is not asked about what it entered where that is enforced.
func TestAPR_14_NeverWhoMayNot(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		other := newOfficeNamed(t, s, "stranger@x.example")
		for _, c := range []struct {
			name     string
			who      db.Caller
			user, by ids.ID
			want     error
		}{
			{"a payer", o.admin, o.users["anna"].User, o.users["pam"].User, approval.ErrUnable},
			{"a stranger", o.admin, o.users["anna"].User, other.User, approval.ErrUnable},
			{"of a stranger", o.admin, other.User, o.users["anna"].User, fault.ErrReference},
			{"itself", o.admin, o.users["anna"].User, o.users["anna"].User, fault.ErrValue},
			{"by an approver", o.users["anna"], o.users["anna"].User, o.users["ben"].User, fault.ErrForbidden},
		} {
			if err := o.try(c.who, func(tx *db.Tx) error { return approval.Replace(tx, c.user, c.by) }); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
		o.user("second", org.Administrator, org.All)
		mine, others := o.asked("anna", 10_00), ids.ID("")
		o.do(o.as("second"), func(tx *db.Tx) (err error) {
			b := o.draft(20_00)
			if err = bill.Create(tx, b); err == nil {
				others = b.ID
				err = bill.Approvals.Set(tx, others, o.ids("anna"))
			}
			return err
		})
		o.prefs(func(p *org.Preferences) { p.SoDMode = "enforce" })
		if err := o.replace("anna", "second"); err != nil {
			t.Fatal(err)
		}
		o.leave("anna")
		if got := o.state(mine); got != "1 second?" {
			t.Errorf("the administrator's bill: %q", got)
		}
		if got := o.state(others); got != "1 admin?" {
			t.Errorf("the replacement's own bill: %q", got)
		}
	})
}
