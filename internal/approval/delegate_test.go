package approval_test

import (
	"errors"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

func (o *office) delegate(from, to string, amount int64) {
	o.t.Helper()
	o.do(o.as(from), func(tx *db.Tx) error {
		return approval.Delegate(tx, &approval.Delegation{Delegate: o.ids(to)[0], From: civil.MustDate("2026-11-23"), To: civil.MustDate("2026-11-27"), Cap: amount})
	})
}

// A delegate decides in the place of who is asked, on the days and up to the amount of the delegation, once about a
// document, and never for whom its delegator stands in.
func TestAPR_11_Delegation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		o.delegate("anna", "ben", 100_00)
		o.delegate("ben", "dan", 0)
		o.walk("for anna", o.asked("anna cleo", 100_00), "approve:dan=>not_approvers_turn; approve:ben=>4 anna+ cleo?; approve:ben=>not_approvers_turn; approve:cleo=>3 anna+ cleo+")
		o.walk("above the cap", o.asked("anna", 100_01), "approve:ben=>not_approvers_turn; approve:anna=>3 anna+")
		o.walk("asked itself too", o.asked("anna ben", 100_00), "approve:ben=>acted_already; approve:anna=>4 anna+ ben?; approve:ben=>3 anna+ ben+")
		o.walk("denied for anna", o.asked("anna cleo", 100_00), "deny:ben=>5 anna- cleo")
		id := o.asked("anna", 100_00)
		o.walk("set for itself afterwards", id, "approve:ben=>3 anna+; set:ben=>4 anna+ ben?; approve:ben=>acted_already; set:dan=>4 anna+ dan?; approve:dan=>3 anna+ dan+")
		o.delegate("cleo", "ben", 0)
		o.walk("for two", o.asked("anna cleo", 100_00), "approve:ben=>4 anna+ cleo?; approve:ben=>acted_already; approve:cleo=>3 anna+ cleo+")

		id = o.asked("anna", 50_00)
		tasks := func(who string) (out []string) {
			o.do(o.admin, func(tx *db.Tx) error {
				all, err := bill.Approvals.Tasks(tx, o.ids(who)[0])
				for _, x := range all {
					if x.ObjectID == id {
						out = append(out, o.name(x.UserID)+" for "+o.name(x.For))
					}
				}
				return err
			})
			return out
		}
		if a, b, d := tasks("anna"), tasks("ben"), tasks("dan"); len(a) != 1 || a[0] != "anna for " || len(b) != 1 || b[0] != "anna for anna" || d != nil {
			t.Errorf("tasks: anna %v, ben %v, dan %v", a, b, d)
		}
		if err := o.approve(id, "ben", ""); err != nil {
			t.Fatal(err)
		}
		o.do(o.admin, func(tx *db.Tx) error {
			rows, err := bill.Approvals.Of(tx, id)
			if len(rows) != 1 || o.name(rows[0].UserID) != "anna" || o.name(rows[0].ActedBy) != "ben" {
				t.Errorf("recorded as %+v", rows)
			}
			return err
		})
		s.Clock.Advance(5 * 24 * time.Hour)
		o.walk("when the days are over", o.asked("anna", 100_00), "approve:ben=>not_approvers_turn")
	})
}

// asked is a new bill about which these are asked.
func (o *office) asked(names string, amount int64) ids.ID {
	o.t.Helper()
	id := o.bill(amount)
	if err := o.set(id, names); err != nil {
		o.t.Fatal(err)
	}
	return id
}

// Separation of duties is judged for both: who decides and for whom.
func TestAPR_11_SeparationOfBoth(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		o.prefs(func(p *org.Preferences) { p.SoDMode = "enforce" })
		o.delegate("admin", "ben", 0)
		id := o.bill(100_00) // by the administrator
		if err := o.set(id, "admin"); err != nil {
			t.Fatal(err)
		}
		if err := o.approve(id, "ben", ""); !errors.Is(err, approval.ErrOwn) {
			t.Errorf("for who entered it: %v", err)
		}
		o.delegate("anna", "admin", 0)
		if err := o.set(id, "anna"); err != nil {
			t.Fatal(err)
		}
		if err := o.approve(id, "admin", ""); !errors.Is(err, approval.ErrOwn) {
			t.Errorf("by who entered it: %v", err)
		}
		o.delegate("anna", "cleo", 0)
		if err := o.approve(id, "cleo", ""); err != nil {
			t.Fatal(err)
		}
		for _, who := range []string{"anna", "cleo"} {
			if err := o.try(o.admin, func(tx *db.Tx) error { return bill.Approvals.MayPay(tx, []ids.ID{id}, o.ids(who)[0]) }); !errors.Is(err, approval.ErrApproverPays) {
				t.Errorf("%s pays what cleo approved for anna: %v", who, err)
			}
		}
	})
}

// Who leaves is replaced by the delegate first.
func TestAPR_14_DelegateFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		o.delegate("anna", "ben", 100_00)
		small, large, both := o.asked("anna", 100_00), o.asked("anna", 200_00), o.asked("anna ben", 100_00)
		o.rule(0, 0, approval.Conditions{}, "2:anna cleo dan")
		step := o.bill(50_00)
		o.do(o.admin, func(tx *db.Tx) error { return org.SetMembership(tx, o.users["anna"].User, org.Approver, false) })
		for _, c := range []struct {
			id   ids.ID
			want string
		}{{small, "1 ben? cleo dan"}, {large, "1 admin? cleo dan"}, {both, "1 admin? ben cleo dan"}, {step, "1 ben? cleo? dan?"}} {
			if got := o.state(c.id); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		}
		o.walk("2 of 3 with the delegate", step, "approve:ben=>4 ben+ cleo? dan?; approve:dan=>3 ben+ cleo~ dan+")
	})
}

func TestAPR_11_Refused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		from, to := civil.MustDate("2026-11-23"), civil.MustDate("2026-11-27")
		for _, c := range []struct {
			name string
			who  string
			d    approval.Delegation
			want error
		}{
			{"nobody", "anna", approval.Delegation{From: from, To: to}, fault.ErrMissing},
			{"no day", "anna", approval.Delegation{Delegate: o.ids("ben")[0], To: to}, fault.ErrMissing},
			{"days in the wrong order", "anna", approval.Delegation{Delegate: o.ids("ben")[0], From: to, To: from}, fault.ErrValue},
			{"herself", "anna", approval.Delegation{Delegate: o.ids("anna")[0], From: from, To: to}, fault.ErrValue},
			{"a payer", "anna", approval.Delegation{Delegate: o.ids("pam")[0], From: from, To: to}, approval.ErrUnable},
			{"by a payer", "pam", approval.Delegation{Delegate: o.ids("anna")[0], From: from, To: to}, fault.ErrForbidden},
			{"for another", "anna", approval.Delegation{User: o.ids("ben")[0], Delegate: o.ids("anna")[0], From: from, To: to}, fault.ErrForbidden},
		} {
			if err := o.try(o.as(c.who), func(tx *db.Tx) error { return approval.Delegate(tx, &c.d) }); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		d := approval.Delegation{Delegate: o.ids("ben")[0], From: from, To: to}
		o.do(o.as("anna"), func(tx *db.Tx) error { return approval.Delegate(tx, &d) })
		id := o.asked("anna", 100)
		if err := o.try(o.as("ben"), func(tx *db.Tx) error { return approval.EndDelegation(tx, d.ID) }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("ended by the delegate: %v", err)
		}
		o.do(o.as("anna"), func(tx *db.Tx) error { return approval.EndDelegation(tx, d.ID) })
		if err := o.approve(id, "ben", ""); !errors.Is(err, approval.ErrNotTurn) {
			t.Errorf("after it was ended: %v", err)
		}
	})
}
