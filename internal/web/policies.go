package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

// policySteps is how many steps the form of a policy has.
const policySteps = 4

func (h *handler) policies(c *call) error {
	return c.showPolicies(http.StatusOK, view.PoliciesPage{})
}

// showPolicies renders the list; page carries what was typed and refused.
func (c *call) showPolicies(status int, page view.PoliciesPage) error {
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageSettings); err != nil {
			return err
		}
		page.Policies, page.Groups = nil, nil
		var all []*approval.Policy
		t := approval.Policies
		err := t.List(tx, record.Query{Order: []record.Key{{Field: t.Must("priority")}, {Field: t.Must("amountThreshold")}, {Field: t.Must("id")}}},
			func(p *approval.Policy) error { all = append(all, p); return nil })
		if err != nil {
			return err
		}
		for _, p := range all {
			f, err := c.readPolicy(tx, p)
			if err != nil {
				return err
			}
			page.Policies = append(page.Policies, view.PolicyRow{ID: f.ID, Name: cmp.Or(f.Name, "Policy without a name"), When: policyWhen(f, c.org.Currency), Asks: policyAsks(f), On: f.On})
		}
		groups, err := readGroups(tx)
		if err != nil {
			return err
		}
		for _, g := range groups {
			row := view.GroupRow{ID: string(g.ID), Name: g.Name}
			if row.Members, err = emails(tx, g.Users()); err != nil {
				return err
			}
			page.Groups = append(page.Groups, row)
		}
		if page.Users = c.may(org.ManageUsers); page.Users {
			if err := readReplacements(tx, &page); err != nil {
				return err
			}
		}
		page.Mode = cmp.Or(c.org.Preferences.SoDMode, "off")
		m, err := approval.PendingMode(tx)
		if errors.Is(err, approval.ErrNoMode) {
			return nil
		}
		if err != nil {
			return err
		}
		by, err := read.UserName(tx, m.AskedBy)
		page.Waiting = fmt.Sprintf("%s has asked for “%s”. It holds from %s unless it is cancelled.", by, m.Mode, view.Instant(m.Due.Time(), c.zone))
		page.Mine = m.AskedBy == tx.Caller().User
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Banks = c.page("Approval policies", view.SettingsURL), c.may(org.ViewBanks)
	return c.render(status, view.Policies(page))
}

// readReplacements fills in who takes whose place, and who can be named.
func readReplacements(tx *db.Tx, page *view.PoliciesPage) error {
	all, err := approval.Replacements(tx)
	if err != nil {
		return err
	}
	page.Replacements = nil
	for _, r := range all {
		row := view.ReplacementRow{User: string(r.User)}
		if row.Name, err = read.UserName(tx, r.User); err != nil {
			return err
		}
		if row.By, err = read.UserName(tx, r.By); err != nil {
			return err
		}
		page.Replacements = append(page.Replacements, row)
	}
	if page.Approvers, err = read.Approvers(tx, ""); err != nil {
		return err
	}
	page.Leaving, err = read.Members(tx)
	return err
}

// nameReplacement names who takes an approver's place, or nobody any more.
func (h *handler) nameReplacement(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	page := view.PoliciesPage{User: c.field("user"), By: c.field("by")}
	if c.field("act") == "end" {
		page.By = ""
	} else if page.By == "" {
		page.Errors = view.FieldErrors{{Field: "by", Message: "Choose who follows."}}
		return c.showPolicies(http.StatusUnprocessableEntity, page)
	}
	err := c.write(func(tx *db.Tx) error { return approval.Replace(tx, ids.ID(page.User), ids.ID(page.By)) })
	if err != nil {
		wrong, ok := refusal(err, map[string]string{"userId": "user", "replacementId": "by"}, map[string]string{
			"reference_invalid": "Choose a user of this organisation.", "value_invalid": "Nobody follows itself: choose another person.",
			"approver_unable": "That person may not approve."})
		if !ok {
			return err
		}
		page.Errors = wrong
		return c.showPolicies(http.StatusUnprocessableEntity, page)
	}
	return c.done(view.PoliciesURL, "saved")
}

func readGroups(tx *db.Tx) (out []*approval.Group, err error) {
	t := approval.Groups
	err = t.List(tx, record.Query{Filters: []record.Filter{{Field: t.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}}},
		Order: []record.Key{{Field: t.Must("name")}, {Field: t.Must("id")}}}, func(g *approval.Group) error { out = append(out, g); return nil })
	return out, err
}

func policyWhen(f view.PolicyForm, currency string) string {
	when := map[string]string{"0": "Bills", "1": "Vendor credits"}[f.Type] + " of at least " + f.Threshold + " " + currency
	if f.Most != "" {
		when += ", at most " + f.Most
	}
	for _, x := range []struct{ word, names string }{{"vendor", f.Vendors}, {"department", f.Departments}, {"class", f.Classes},
		{"location", f.Locations}, {"job", f.Jobs}, {"account", f.Accounts}} {
		if x.names != "" {
			when += ", " + x.word + " " + strings.ReplaceAll(x.names, "\n", " or ")
		}
	}
	if f.BankDays != "" {
		when += ", bank account new for " + f.BankDays + " days"
	}
	return when
}

func policyAsks(f view.PolicyForm) string {
	var steps []string
	for _, s := range f.Steps {
		if s.People != "" {
			steps = append(steps, asks(s.Need, strings.Split(s.People, "\n")))
		}
	}
	steps = append(steps, f.Others...)
	if f.Least != "" {
		steps = append(steps, "at least "+f.Least+" approvers")
	}
	if len(steps) == 0 {
		return "Asks nobody by name"
	}
	return "Asks " + strings.Join(steps, ", then ")
}

// asks says a step in words.
func asks(need string, people []string) string {
	switch {
	case len(people) == 1 && need == "":
		return people[0]
	case need == "":
		return "all of " + strings.Join(people, ", ")
	}
	return need + " of " + strings.Join(people, ", ")
}

// named are the fields of the form that take names, with what they name.
var named = []struct {
	field string
	of    *record.Type
	ids   func(*approval.Conditions) *[]ids.ID
	text  func(*view.PolicyForm) *string
}{
	{"vendors", vendor.Vendors.Type, func(c *approval.Conditions) *[]ids.ID { return &c.Vendors }, func(f *view.PolicyForm) *string { return &f.Vendors }},
	{"departments", dimension.Departments.Type, func(c *approval.Conditions) *[]ids.ID { return &c.Departments }, func(f *view.PolicyForm) *string { return &f.Departments }},
	{"classes", dimension.Classes.Type, func(c *approval.Conditions) *[]ids.ID { return &c.Classes }, func(f *view.PolicyForm) *string { return &f.Classes }},
	{"locations", dimension.Locations.Type, func(c *approval.Conditions) *[]ids.ID { return &c.Locations }, func(f *view.PolicyForm) *string { return &f.Locations }},
	{"jobs", dimension.Jobs.Type, func(c *approval.Conditions) *[]ids.ID { return &c.Jobs }, func(f *view.PolicyForm) *string { return &f.Jobs }},
	{"accounts", dimension.Accounts.Type, func(c *approval.Conditions) *[]ids.ID { return &c.Accounts }, func(f *view.PolicyForm) *string { return &f.Accounts }},
}

// readPolicy fills the form with a policy as it is stored.
func (c *call) readPolicy(tx *db.Tx, p *approval.Policy) (view.PolicyForm, error) {
	f := view.PolicyForm{ID: string(p.ID), Name: p.Name, Type: strconv.FormatInt(p.For, 10), Priority: strconv.FormatInt(p.Priority, 10),
		Threshold: money.FormatMinor(p.AmountThreshold, 2), On: p.Active == record.Active}
	when, steps, err := p.Rules()
	if err != nil {
		return f, err
	}
	if when.Most > 0 {
		f.Most = money.FormatMinor(when.Most, 2)
	}
	if when.BankDays > 0 {
		f.BankDays = strconv.FormatInt(when.BankDays, 10)
	}
	if p.MinNumApprovers > 0 {
		f.Least = strconv.FormatInt(p.MinNumApprovers, 10)
	}
	for _, n := range named {
		var names []string
		for _, id := range *n.ids(&when) {
			rec, err := n.of.LoadAny(tx, id)
			if errors.Is(err, fault.ErrNotFound) {
				continue
			}
			if err != nil {
				return f, err
			}
			names = append(names, *n.of.Must("name").At(rec).(*string))
		}
		*n.text(&f) = strings.Join(names, "\n")
	}
	for _, s := range steps {
		people, err := emails(tx, s.Users)
		if err != nil {
			return f, err
		}
		for _, g := range s.Groups {
			group, err := approval.Groups.Load(tx, g)
			if err != nil {
				return f, err
			}
			people = strings.TrimPrefix(people+"\n"+group.Name, "\n")
		}
		step := view.PolicyStep{People: people}
		if s.Need > 0 {
			step.Need = strconv.FormatInt(s.Need, 10)
		}
		f.Steps = append(f.Steps, step)
	}
	t := approval.PolicyApprovers
	var others []ids.ID
	err = t.List(tx, record.Query{Filters: []record.Filter{
		{Field: t.Must("approvalPolicyId"), Op: record.Eq, Values: []any{string(p.ID)}},
		{Field: t.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}}},
		Order: []record.Key{{Field: t.Must("sortOrder")}, {Field: t.Must("id")}}},
		func(a *approval.PolicyApprover) error { others = append(others, a.UserID); return nil })
	if err != nil {
		return f, err
	}
	people, err := emails(tx, others)
	f.Others = names(people)
	return f, err
}

// emails are the addresses of users, one to a line.
func emails(tx *db.Tx, users []ids.ID) (string, error) {
	var out []string
	for _, id := range users {
		u, err := org.UserByID(tx, id)
		if err != nil {
			return "", err
		}
		out = append(out, u.Email)
	}
	return strings.Join(out, "\n"), nil
}

func (h *handler) newPolicyForm(c *call) error {
	return c.showPolicyForm(http.StatusOK, &view.PolicyForm{Type: "0", Priority: "0", Threshold: "0.00", On: true})
}

func (h *handler) policyForm(c *call) error {
	return c.showPolicyForm(http.StatusOK, nil)
}

// showPolicyForm renders the form with what was typed, or with what is stored.
func (c *call) showPolicyForm(status int, f *view.PolicyForm) error {
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageSettings); err != nil {
			return err
		}
		if f != nil {
			return nil
		}
		id, err := c.id("id", ids.ApprovalPolicy)
		if err != nil {
			return err
		}
		p, err := approval.Policies.Load(tx, id)
		if err != nil {
			return err
		}
		stored, err := c.readPolicy(tx, p)
		if err != nil {
			return err
		}
		f = &stored
		return nil
	})
	if err != nil {
		return err
	}
	for len(f.Steps) < policySteps {
		f.Steps = append(f.Steps, view.PolicyStep{})
	}
	title := "Approval policy"
	if f.ID == "" {
		title = "New approval policy"
	}
	f.Page = c.page(title, view.SettingsURL)
	return c.render(status, view.EditPolicy(*f))
}

// typedPolicy reads the form as it was sent.
func (c *call) typedPolicy() *view.PolicyForm {
	f := &view.PolicyForm{Name: c.field("name"), Type: c.field("type"), Priority: c.field("priority"), Threshold: c.field("threshold"),
		Most: c.field("most"), BankDays: c.field("bankDays")}
	for _, n := range named {
		*n.text(f) = c.field(n.field)
	}
	for i := 1; i <= 20; i++ {
		s := view.PolicyStep{People: c.field("people" + strconv.Itoa(i)), Need: c.field("need" + strconv.Itoa(i))}
		if i <= policySteps || s.People != "" {
			f.Steps = append(f.Steps, s)
		}
	}
	return f
}

// names are the lines of a field.
func names(text string) (out []string) {
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// policy turns what was typed into p. What cannot be is added to the form's errors.
func (c *call) policy(tx *db.Tx, f *view.PolicyForm, p *approval.Policy) error {
	wrong := func(field, text string) {
		f.Errors = append(f.Errors, view.FieldError{Field: field, Message: text})
	}
	amount := func(field, text string) int64 {
		if text == "" {
			return 0
		}
		n, err := money.ParseMinor(text, 2)
		if err != nil || n < 0 {
			wrong(field, "Enter an amount such as 1250.00.")
		}
		return n
	}
	number := func(field, text string, most int64) int64 {
		if text == "" {
			return 0
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || n > most {
			wrong(field, fmt.Sprintf("Enter a number from 0 to %d.", most))
		}
		return n
	}
	if f.Name == "" {
		wrong("name", "Enter a name.")
	}
	p.Name, p.For = f.Name, number("type", f.Type, 1)
	p.Priority, p.AmountThreshold = number("priority", f.Priority, 1_000_000), amount("threshold", f.Threshold)
	when := approval.Conditions{Most: amount("most", f.Most), BankDays: number("bankDays", f.BankDays, 366)}
	old, _, err := p.Rules()
	if err != nil {
		return err
	}
	when.Currencies, when.Channels = old.Currencies, old.Channels // the form does not show them
	for _, n := range named {
		for _, name := range names(*n.text(f)) {
			id, err := read.Named(tx, n.of, name)
			if err != nil {
				return err
			}
			if id == "" {
				wrong(n.field, "Nothing here is called “"+name+"”.")
				continue
			}
			*n.ids(&when) = append(*n.ids(&when), id)
		}
	}
	groups, err := readGroups(tx)
	if err != nil {
		return err
	}
	var steps []approval.Step
	for i, typed := range f.Steps {
		if typed.People == "" {
			continue
		}
		field := "people" + strconv.Itoa(i+1)
		s := approval.Step{Need: number("need"+strconv.Itoa(i+1), typed.Need, 100)}
	people:
		for _, name := range names(typed.People) {
			for _, g := range groups {
				if g.Name == name {
					s.Groups = append(s.Groups, g.ID)
					continue people
				}
			}
			u, err := org.UserByEmail(tx, name)
			if errors.Is(err, org.ErrNoUser) {
				wrong(field, "“"+name+"” is no user’s e-mail address and no group’s name.")
				continue
			}
			if err != nil {
				return err
			}
			if able, err := org.Holds(tx, u.ID, org.ApproveBills); err != nil {
				return err
			} else if !able {
				wrong(field, "“"+name+"” may not approve.")
			}
			s.Users = append(s.Users, u.ID)
		}
		steps = append(steps, s)
	}
	return p.SetRules(when, steps)
}

// savePolicy stores a new policy, switched off until its replay was looked at, or a changed one.
func (h *handler) savePolicy(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	f := c.typedPolicy()
	f.ID = c.r.PathValue("id")
	to := ""
	err := c.write(func(tx *db.Tx) error {
		f.Errors = nil
		p, before := approval.Policies.New().(*approval.Policy), (*approval.Policy)(nil)
		p.Active = record.Inactive
		if f.ID != "" {
			id, err := c.id("id", ids.ApprovalPolicy)
			if err != nil {
				return err
			}
			if before, err = approval.Policies.LoadForUpdate(tx, id); err != nil {
				return err
			}
			p = approval.Policies.Copy(before).(*approval.Policy)
		}
		if err := tx.Require(org.ManageSettings); err != nil {
			return err
		}
		if err := c.policy(tx, f, p); err != nil || len(f.Errors) > 0 {
			return err
		}
		if before != nil {
			to = view.PoliciesURL
			return approval.UpdatePolicy(tx, before, p)
		}
		err := approval.CreatePolicy(tx, p)
		to = view.ReplayPolicyURL(string(p.ID))
		return err
	})
	if err != nil {
		wrong, ok := refusal(err, map[string]string{"conditions": "most", "steps": "people1", "name": "name"},
			map[string]string{"value_invalid": "Look at this once more: a step needs no more people than it names, and the amounts are in order."})
		if !ok {
			return err
		}
		f.Errors = append(f.Errors, wrong...)
	}
	if len(f.Errors) > 0 {
		return c.showPolicyForm(http.StatusUnprocessableEntity, f)
	}
	return c.done(to, "saved")
}

func (h *handler) switchPolicy(c *call) error {
	id, err := c.id("id", ids.ApprovalPolicy)
	if err != nil {
		return err
	}
	err = c.write(func(tx *db.Tx) error {
		before, err := approval.Policies.LoadForUpdate(tx, id)
		if err != nil {
			return err
		}
		p := approval.Policies.Copy(before).(*approval.Policy)
		p.Active = record.Active
		if before.Active == record.Active {
			p.Active = record.Inactive
		}
		return approval.UpdatePolicy(tx, before, p)
	})
	if err != nil {
		return err
	}
	return c.done(view.PoliciesURL, "saved")
}

func (h *handler) replayPolicy(c *call) error {
	id, err := c.id("id", ids.ApprovalPolicy)
	if err != nil {
		return err
	}
	page := view.ReplayPage{ID: string(id), Days: 90}
	if n, err := strconv.Atoi(c.r.URL.Query().Get("days")); err == nil && n > 0 && n <= 366 {
		page.Days = n
	}
	err = c.read(func(tx *db.Tx) error {
		page.Rows = nil
		p, err := approval.Policies.Load(tx, id)
		if err != nil {
			return err
		}
		page.Name = p.Name
		found, looked, err := approval.Replay(tx, p, page.Days)
		if err != nil {
			return err
		}
		page.Looked = looked
		said := ""
		if len(found) > 0 {
			var steps []string
			for _, s := range found[0].Steps {
				people, err := emails(tx, s.Users)
				if err != nil {
					return err
				}
				need := ""
				if s.Need < int64(len(s.Users)) {
					need = strconv.FormatInt(s.Need, 10)
				}
				steps = append(steps, asks(need, names(people)))
			}
			said = strings.Join(steps, ", then ")
		}
		vendors := map[ids.ID]string{}
		for _, f := range found {
			if _, known := vendors[f.Vendor]; !known {
				v, err := vendor.Vendors.Load(tx, f.Vendor)
				if err != nil {
					return err
				}
				vendors[f.Vendor] = v.Name
			}
			row := view.ReplayRow{ID: string(f.ID), Number: f.Number, Vendor: vendors[f.Vendor], Minor: f.Amount, Currency: f.Currency, Asks: said}
			if f.ID.Is(ids.Bill) {
				row.URL = view.BillURL(row.ID)
			}
			page.Rows = append(page.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Page = c.page("What it would have asked", view.SettingsURL)
	return c.render(http.StatusOK, view.Replay(page))
}

func (h *handler) saveGroup(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	id, field := c.field("id"), "members"
	if id != "" {
		field += "-" + id
	}
	page := view.PoliciesPage{Name: c.field("name"), Members: c.field("members")}
	err := c.write(func(tx *db.Tx) error {
		page.Errors = nil
		g, before := approval.Groups.New().(*approval.Group), (*approval.Group)(nil)
		g.Name = c.field("name")
		if id != "" {
			var err error
			if before, err = approval.Groups.LoadForUpdate(tx, ids.ID(id)); err != nil {
				return err
			}
			g = approval.Groups.Copy(before).(*approval.Group)
		}
		var users []ids.ID
		for _, email := range names(c.field(field)) {
			u, err := org.UserByEmail(tx, email)
			if errors.Is(err, org.ErrNoUser) {
				page.Errors = append(page.Errors, view.FieldError{Field: field, Message: "“" + email + "” is no user’s e-mail address."})
				continue
			}
			if err != nil {
				return err
			}
			users = append(users, u.ID)
		}
		if len(page.Errors) > 0 {
			return tx.Require(org.ManageSettings)
		}
		g.SetUsers(users)
		return approval.SaveGroup(tx, before, g)
	})
	if err != nil {
		wrong, ok := refusal(err, map[string]string{"members": field, "name": "name"},
			map[string]string{"field_missing": "Fill this in.", "approver_unable": "One of them may not approve."})
		if !ok {
			return err
		}
		page.Errors = append(page.Errors, wrong...)
	}
	if len(page.Errors) > 0 {
		if id != "" {
			page.Name, page.Members = "", ""
		}
		return c.showPolicies(http.StatusUnprocessableEntity, page)
	}
	return c.done(view.PoliciesURL, "saved")
}

func (h *handler) changeSeparation(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	notice := "saved"
	act := map[string]func(*db.Tx) error{
		"ask":     func(tx *db.Tx) error { notice = "modeasked"; return approval.AskMode(tx, c.field("mode")) },
		"confirm": approval.ConfirmMode, "cancel": approval.CancelMode,
	}[c.field("act")]
	if act == nil {
		return fault.ErrNotFound
	}
	err := c.write(act)
	if errors.Is(err, fault.ErrValue) {
		return c.showPolicies(http.StatusUnprocessableEntity, view.PoliciesPage{Errors: view.FieldErrors{{Field: "mode", Message: "Choose another mode than the present one."}}})
	}
	if err != nil {
		return err
	}
	return c.done(view.PoliciesURL, notice)
}
