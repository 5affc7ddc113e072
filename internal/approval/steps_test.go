package approval_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// rule makes a policy for bills. A step is written "anna ben" for all of them, "any:anna ben", or "2:anna ben cleo"; a
// group goes by its id.
func (o *office) rule(threshold, priority int64, c approval.Conditions, steps ...string) *approval.Policy {
	o.t.Helper()
	p := approval.Policies.New().(*approval.Policy)
	p.AmountThreshold, p.Priority = threshold, priority
	var all []approval.Step
	for _, s := range steps {
		need, names, found := strings.Cut(s, ":")
		if !found {
			need, names = "", s
		}
		step := approval.Step{Need: map[string]int64{"": 0, "any": 1, "1": 1, "2": 2, "3": 3}[need]}
		for _, n := range strings.Fields(names) {
			if ids.ID(n).Is(ids.ApprovalGroup) {
				step.Groups = append(step.Groups, ids.ID(n))
			} else {
				step.Users = append(step.Users, o.ids(n)...)
			}
		}
		all = append(all, step)
	}
	if err := p.SetRules(c, all); err != nil {
		o.t.Fatal(err)
	}
	o.do(o.admin, func(tx *db.Tx) error { return approval.CreatePolicy(tx, p) })
	return p
}

func (o *office) department(name string) ids.ID {
	o.t.Helper()
	d := dimension.Departments.New().(*dimension.Department)
	d.Name = name
	o.do(o.admin, func(tx *db.Tx) error { return dimension.Create(tx, dimension.Departments.Type, d) })
	return d.ID
}

// Inside a step all are asked together, steps come one after the other, and a person appears once at the earliest place.
// In a state + has approved, - has denied, ? is asked now, ~ need not be asked any more.
func TestAPR_3_Steps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for _, c := range []struct {
			name  string
			rules []string // the steps of a policy, divided by /
			steps string
		}{
			{"ALL", []string{"anna ben/cleo"}, "=>1 anna? ben? cleo; approve:cleo=>not_approvers_turn; approve:ben=>4 anna? ben+ cleo; " +
				"approve:ben=>not_approvers_turn; approve:anna=>4 anna+ ben+ cleo?; approve:cleo=>3 anna+ ben+ cleo+"},
			{"ANY", []string{"any:anna ben/cleo"}, "=>1 anna? ben? cleo; approve:ben=>4 anna~ ben+ cleo?; approve:anna=>not_approvers_turn; " +
				"approve:cleo=>3 anna~ ben+ cleo+"},
			{"n of m", []string{"2:anna ben cleo"}, "=>1 anna? ben? cleo?; approve:cleo=>4 anna? ben? cleo+; approve:anna=>3 anna+ ben~ cleo+"},
			{"a denial in a step", []string{"any:anna ben/cleo"}, "=>1 anna? ben? cleo; deny:ben=>5 anna ben- cleo; approve:anna=>not_approvers_turn; " +
				"set:dan=>1 dan? anna ben cleo; approve:dan=>4 dan+ anna? ben? cleo; approve:anna=>4 dan+ anna+ ben~ cleo?; approve:cleo=>3 dan+ anna+ ben~ cleo+"},
			{"APR-4 two policies, one person in both", []string{"any:anna ben", "any:ben cleo"},
				"=>1 anna? ben? cleo; approve:anna=>4 anna+ ben? cleo?; approve:cleo=>3 anna+ ben~ cleo+"},
			{"APR-4 whose approval counts in both", []string{"any:anna ben", "any:ben cleo"},
				"=>1 anna? ben? cleo; approve:ben=>3 anna~ ben+ cleo~"},
			{"APR-4 passed over at first, needed later", []string{"any:anna ben", "ben cleo"},
				"=>1 anna? ben? cleo; approve:anna=>4 anna+ ben? cleo?; approve:cleo=>4 anna+ ben? cleo+; approve:ben=>3 anna+ ben+ cleo+"},
			{"APR-5 one more by hand", []string{"any:anna ben"}, "set:cleo=>1 cleo? anna ben; approve:cleo=>4 cleo+ anna? ben?; approve:ben=>3 cleo+ anna~ ben+"},
			{"APR-5 by hand who is asked in any case then", []string{"any:anna ben"}, "set:anna=>1 anna? ben; approve:anna=>3 anna+ ben~; " +
				"set:ben=>4 anna+ ben?; approve:ben=>3 anna+ ben+"},
			{"cleared: what the policy asks stays", []string{"2:anna ben cleo"}, "approve:anna=>4 anna+ ben? cleo?; clear:=>4 anna+ ben? cleo?; approve:ben=>3 anna+ ben+ cleo~; clear:=>3 anna+ ben+"},
			{"APR-9 a reset field", []string{"any:anna ben/cleo"}, "approve:ben=>4 anna~ ben+ cleo?; approve:cleo=>3 anna~ ben+ cleo+; edit:=>1 anna? ben? cleo"},
		} {
			o := newOffice(t, s)
			for i, r := range c.rules {
				o.rule(0, int64(i), approval.Conditions{}, strings.Split(r, "/")...)
			}
			o.walk(c.name, o.bill(100_00), c.steps)
		}
	})
}

// walk takes the steps of a story on a bill.
func (o *office) walk(name string, id ids.ID, story string) {
	o.t.Helper()
	t := o.t.(*testing.T)
	for _, step := range strings.Split(story, "; ") {
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
			t.Errorf("%s: %s gives %q, want %q", name, action, got, want)
		}
	}
}

// Groups are asked for their members of the day.
func TestAPR_2_Groups(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		g := approval.Groups.New().(*approval.Group)
		g.Name = "Managers"
		g.SetUsers(o.ids("anna ben"))
		o.do(o.admin, func(tx *db.Tx) error { return approval.SaveGroup(tx, nil, g) })
		o.rule(0, 0, approval.Conditions{}, "any:"+string(g.ID)+" cleo")
		id := o.bill(100)
		if got := o.state(id); got != "1 cleo? anna? ben?" {
			t.Errorf("%q", got)
		}
		after := *g
		after.SetUsers(o.ids("dan"))
		o.do(o.admin, func(tx *db.Tx) error { return approval.SaveGroup(tx, g, &after) })
		if got := o.state(o.bill(100)); got != "1 cleo? dan?" || o.state(id) != "1 cleo? anna? ben?" {
			t.Errorf("%q, and before %q", got, o.state(id))
		}
		for _, c := range []struct {
			name string
			who  db.Caller
			g    approval.Group
			want error
		}{
			{"no permission", o.users["anna"], approval.Group{Name: "x", Members: join(o.ids("anna"))}, fault.ErrForbidden},
			{"no name", o.admin, approval.Group{Members: join(o.ids("anna"))}, fault.ErrMissing},
			{"nobody", o.admin, approval.Group{Name: "x"}, fault.ErrMissing},
			{"a payer", o.admin, approval.Group{Name: "x", Members: join(o.ids("pam"))}, approval.ErrUnable},
		} {
			if err := o.try(c.who, func(tx *db.Tx) error { return approval.SaveGroup(tx, nil, &c.g) }); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	})
}

func join(users []ids.ID) (out string) {
	for _, u := range users {
		out += string(u) + " "
	}
	return out
}

// All conditions of a policy have to hold, and one about lines holds if any line meets it.
func TestAPR_2_Conditions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		sales, ops := o.department("Sales"), o.department("Operations")
		other := vendor.Vendors.New().(*vendor.Vendor)
		other.Name = "Other"
		o.do(o.admin, func(tx *db.Tx) error { return vendor.Create(tx, other) })
		for _, c := range []struct {
			name string
			when approval.Conditions
			edit func(*bill.Bill)
			want bool
		}{
			{"none", approval.Conditions{}, func(*bill.Bill) {}, true},
			{"at least: a cent less", approval.Conditions{}, func(b *bill.Bill) { b.Amount, b.Lines[0].Amount = 99_99, 99_99 }, false},
			{"between: the upper bound", approval.Conditions{Most: 150_00}, func(b *bill.Bill) { b.Amount, b.Lines[0].Amount = 150_00, 150_00 }, true},
			{"between: a cent more", approval.Conditions{Most: 150_00}, func(b *bill.Bill) { b.Amount, b.Lines[0].Amount = 150_01, 150_01 }, false},
			{"vendor", approval.Conditions{Vendors: []ids.ID{other.ID, o.vendor}}, func(*bill.Bill) {}, true},
			{"another vendor", approval.Conditions{Vendors: []ids.ID{other.ID}}, func(*bill.Bill) {}, false},
			{"department of a line", approval.Conditions{Departments: []ids.ID{sales}}, func(b *bill.Bill) { b.Lines[1].DepartmentID = sales }, true},
			{"department of the bill", approval.Conditions{Departments: []ids.ID{sales}}, func(b *bill.Bill) { b.DepartmentID = sales }, true},
			{"another department", approval.Conditions{Departments: []ids.ID{sales}}, func(b *bill.Bill) { b.Lines[1].DepartmentID = ops }, false},
			{"department and vendor, one of them", approval.Conditions{Departments: []ids.ID{sales}, Vendors: []ids.ID{other.ID}},
				func(b *bill.Bill) { b.Lines[0].DepartmentID = sales }, false},
			{"currency", approval.Conditions{Currencies: []string{"CAD"}}, func(*bill.Bill) {}, false},
			{"channel", approval.Conditions{Channels: []string{"json2"}}, func(*bill.Bill) {}, true},
			{"another channel", approval.Conditions{Channels: []string{"xml1"}}, func(*bill.Bill) {}, false},
			{"bank account not changed", approval.Conditions{BankDays: 30}, func(*bill.Bill) {}, false},
		} {
			p := o.rule(100_00, 0, c.when, "anna")
			o.serial++
			b := bill.Bills.New().(*bill.Bill)
			b.VendorID, b.InvoiceNumber, b.Amount = o.vendor, string(ids.New(ids.Bill)), 100_00
			b.InvoiceDate, b.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
			b.Lines = []*bill.Line{bill.Lines.New().(*bill.Line), bill.Lines.New().(*bill.Line)}
			b.Lines[0].Amount = 100_00
			c.edit(b)
			o.do(o.admin, func(tx *db.Tx) error { return bill.Create(tx, b) })
			if got := b.ApprovalStatus == approval.Assigned; got != c.want || o.payable(b.ID) == c.want {
				t.Errorf("%s: status %d, payable %t", c.name, b.ApprovalStatus, o.payable(b.ID))
			}
			after := *p
			after.Active = record.Inactive
			o.do(o.admin, func(tx *db.Tx) error { return approval.UpdatePolicy(tx, p, &after) })
		}
	})
}

func TestAPR_2_RulesRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		for _, c := range []struct {
			name string
			when approval.Conditions
			step approval.Step
			want error
		}{
			{"most below the threshold", approval.Conditions{Most: 1}, approval.Step{Users: o.ids("anna")}, fault.ErrValue},
			{"an unknown vendor", approval.Conditions{Vendors: []ids.ID{ids.New(ids.Vendor)}}, approval.Step{Users: o.ids("anna")}, fault.ErrReference},
			{"a step without people", approval.Conditions{}, approval.Step{}, fault.ErrValue},
			{"more than there are", approval.Conditions{}, approval.Step{Users: o.ids("anna ben"), Need: 3}, fault.ErrValue},
			{"one named twice counts once", approval.Conditions{}, approval.Step{Users: o.ids("anna anna"), Need: 2}, fault.ErrValue},
			{"a payer", approval.Conditions{}, approval.Step{Users: o.ids("pam")}, approval.ErrUnable},
			{"an unknown group", approval.Conditions{}, approval.Step{Groups: []ids.ID{ids.New(ids.ApprovalGroup)}}, fault.ErrReference},
		} {
			p := approval.Policies.New().(*approval.Policy)
			p.AmountThreshold = 100
			if err := p.SetRules(c.when, []approval.Step{c.step}); err != nil {
				t.Fatal(err)
			}
			if err := o.try(o.admin, func(tx *db.Tx) error { return approval.CreatePolicy(tx, p) }); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
	})
}

// Table 4.4.1: another department takes back only what was approved for a policy that looks at departments.
func TestAPR_9_DimensionResetsItsSteps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		sales, ops := o.department("Sales"), o.department("Operations")
		o.rule(0, 0, approval.Conditions{}, "anna")
		o.rule(0, 1, approval.Conditions{Departments: []ids.ID{sales, ops}}, "any:ben cleo")
		id := o.bill(100_00)
		o.edit(id, func(b *bill.Bill) { b.Lines[0].DepartmentID = sales })
		if err := errors.Join(o.approve(id, "anna", ""), o.approve(id, "ben", "")); err != nil || o.state(id) != "3 anna+ ben+ cleo~" {
			t.Fatal(err, o.state(id))
		}
		o.edit(id, func(b *bill.Bill) { b.Description = "x" })
		if got := o.state(id); got != "3 anna+ ben+ cleo~" {
			t.Errorf("a description: %q", got)
		}
		o.edit(id, func(b *bill.Bill) { b.Lines[0].DepartmentID = ops })
		if got := o.state(id); got != "4 anna+ ben? cleo?" {
			t.Errorf("another department: %q", got)
		}
	})
}

// billEditAfterApproval says from when on what resets is locked.
func TestAPR_9_EditAfterApproval(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		change := func(id ids.ID, f func(*bill.Bill)) error {
			return o.try(o.admin, func(tx *db.Tx) error {
				before, err := bill.Bills.LoadForUpdate(tx, id)
				if err != nil {
					return err
				}
				b := bill.Bills.Copy(before).(*bill.Bill)
				f(b)
				return bill.Update(tx, before, b)
			})
		}
		number := func(b *bill.Bill) { b.InvoiceNumber += "x" }
		for _, c := range []struct {
			mode            string
			none, some, all error
		}{
			{"", nil, nil, nil}, {"always", nil, nil, nil},
			{"untilComplete", nil, nil, approval.ErrLocked}, {"never", nil, approval.ErrLocked, approval.ErrLocked},
		} {
			o.prefs(func(p *org.Preferences) { p.BillEditAfterApproval = c.mode })
			for i, want := range []error{c.none, c.some, c.all} {
				id := o.bill(100_00)
				if err := o.set(id, "anna ben"); err != nil {
					t.Fatal(err)
				}
				for _, who := range []string{"anna", "ben"}[:i] {
					if err := o.approve(id, who, ""); err != nil {
						t.Fatal(err)
					}
				}
				if err := change(id, number); !errors.Is(err, want) {
					t.Errorf("%q, %d approved: %v, want %v", c.mode, i, err, want)
				}
				if err := change(id, func(b *bill.Bill) { b.Description = "x" }); err != nil {
					t.Errorf("%q, %d approved, a description: %v", c.mode, i, err)
				}
			}
		}
		o.prefs(func(p *org.Preferences) { p.BillEditAfterApproval = "" })
		id := o.bill(100_00)
		if err := errors.Join(o.set(id, "anna"), o.approve(id, "anna", "")); err != nil {
			t.Fatal(err)
		}
		o.do(o.admin, func(tx *db.Tx) error { return bill.Approvals.Reset(tx, id) })
		if got := o.state(id); got != "1 anna?" {
			t.Errorf("a replaced document: %q", got)
		}
	})
}
