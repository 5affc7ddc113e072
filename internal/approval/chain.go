package approval

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// chain is the approvers of one document while they change: those who are asked, in order, and anywhere between those who
// are not, with the steps that several of them make up.
type chain struct {
	kind    Kind
	object  ids.ID
	rows    []*Approver
	stored  map[ids.ID]Approver // as they were
	steps   []*group
	gone    []*group // steps that are no longer asked
	cleared bool
}

// group is a step of several people: need of them have to approve. It is the position-th step of its policy.
type group struct {
	policy   ids.ID
	position int64
	need     int64
	members  []ids.ID
	changed  bool
}

func (k Kind) chain(tx *db.Tx, id ids.ID) (*chain, error) {
	rows, err := k.Of(tx, id)
	if err != nil {
		return nil, err
	}
	c := &chain{kind: k, object: id, rows: rows, stored: make(map[ids.ID]Approver, len(rows))}
	for _, r := range rows {
		c.stored[r.ID] = *r
	}
	return c, c.readSteps(tx)
}

func (c *chain) readSteps(tx *db.Tx) error {
	if len(c.rows) == 0 {
		return nil
	}
	rows, err := tx.Query(`SELECT policy_id, position, need, members FROM approval_steps WHERE org_id = $1 AND object_id = $2
		ORDER BY policy_id, position`, string(tx.Org()), string(c.object))
	if err != nil {
		return fmt.Errorf("read the steps of %s: %w", c.object, err)
	}
	defer rows.Close()
	for rows.Next() {
		g, members := &group{}, ""
		if err := rows.Scan((*string)(&g.policy), &g.position, &g.need, &members); err != nil {
			return err
		}
		g.members = split(members)
		c.steps = append(c.steps, g)
	}
	return errors.Join(rows.Err(), rows.Close())
}

// asked reports whether r counts: it is active.
func asked(r *Approver) bool { return r.Active == record.Active }

// decided reports whether r has approved or denied.
func decided(r *Approver) bool { return r.Status == HasApproved || r.Status == HasDenied }

// row is what is asked of the user, or nil.
func (c *chain) row(user ids.ID) *Approver {
	for _, r := range c.rows {
		if asked(r) && r.UserID == user {
			return r
		}
	}
	return nil
}

// satisfied reports whether as many members have approved as the step needs.
func (c *chain) satisfied(g *group) bool {
	var n int64
	for _, m := range g.members {
		if r := c.row(m); r != nil && r.Status == HasApproved {
			n++
		}
	}
	return n >= g.need
}

// units are the steps of the chain in order: everyone who is asked alone, and each group at the place of its last member,
// so that a person who is in several is asked at the earliest (APR-4).
func (c *chain) units() []*group {
	type placed struct {
		at int
		*group
	}
	var all []placed
	at := map[ids.ID]int{}
	for i, r := range c.rows {
		if !asked(r) {
			continue
		}
		at[r.UserID] = i
		if r.Alone {
			all = append(all, placed{i, &group{need: 1, members: []ids.ID{r.UserID}}})
		}
	}
	for _, g := range c.steps {
		last, any := 0, false
		for _, m := range g.members {
			if i, ok := at[m]; ok {
				last, any = max(last, i), true
			}
		}
		switch {
		case any:
			all = append(all, placed{last, g})
		case len(g.members) == 0: // nobody can satisfy it: it stays open, behind all others
			all = append(all, placed{len(c.rows), g})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	out := make([]*group, len(all))
	for i, p := range all {
		out[i] = p.group
	}
	return out
}

// arrange tells every undecided approver where it stands: those of the first step that is not satisfied are asked now, those
// of later ones will be, and the rest need not any more. After a denial nobody is asked. It gives the steps that are not
// satisfied (APR-3, APR-6).
func (c *chain) arrange() []*group {
	open := slices.DeleteFunc(c.units(), c.satisfied)
	denied := slices.ContainsFunc(c.rows, func(r *Approver) bool { return asked(r) && r.Status == HasDenied })
	for _, r := range c.rows {
		if !asked(r) || decided(r) {
			continue
		}
		place := slices.IndexFunc(open, func(g *group) bool { return slices.Contains(g.members, r.UserID) })
		switch {
		case place < 0:
			r.Status = Stale
		case place > 0 || denied:
			r.Status = Upcoming
		case r.Status != Viewed:
			r.Status = Waiting
		}
	}
	return open
}

// turn are the approvers who are asked now.
func (c *chain) turn() (out []*Approver) {
	c.arrange()
	for _, r := range c.rows {
		if asked(r) && (r.Status == Waiting || r.Status == Viewed) {
			out = append(out, r)
		}
	}
	return out
}

// drop asks nobody any more who has not approved, and forgets the steps that wait for them. It reports whether that was
// anyone who counts. Who denied keeps having done so.
func (c *chain) drop() (any bool) {
	c.arrange()
	for _, r := range c.rows {
		if asked(r) && r.Status != HasApproved {
			any = any || r.Status != Stale
			r.Active = record.Inactive
			if r.Status != HasDenied {
				r.Status = Stale
			}
		}
	}
	c.steps = slices.DeleteFunc(c.steps, func(g *group) bool {
		if c.satisfied(g) {
			return false
		}
		c.gone = append(c.gone, g)
		return true
	})
	return any
}

// forget takes everyone off the document; who approved is remembered.
func (c *chain) forget() {
	c.cleared = true
	for _, r := range c.rows {
		r.Active = record.Inactive
	}
}

// set replaces those who have not approved by users, in order, behind those who have.
func (c *chain) set(users []ids.ID) {
	for _, r := range c.rows {
		if r.Status == HasApproved {
			r.Active = record.Active
		}
	}
	c.drop()
	for _, u := range users {
		c.ask(u, "", true)
	}
}

// ask puts the user at the end of those who are asked, unless it is among them or has approved (APR-4). alone says that it
// has to approve in any case, and not only as a member of steps.
func (c *chain) ask(user, policy ids.ID, alone bool) {
	at := slices.IndexFunc(c.rows, func(r *Approver) bool {
		return r.UserID == user && (asked(r) || r.Status == HasApproved || r.Status == Stale)
	})
	if at < 0 {
		r := c.kind.Approvers.New().(*Approver)
		r.ObjectID, r.UserID, r.Status, r.ApprovalPolicyID, r.Alone = c.object, user, Upcoming, policy, alone
		c.rows = append(c.rows, r)
		return
	}
	r := c.rows[at]
	if asked(r) {
		r.Alone = r.Alone || alone
		return
	}
	r.Active, r.Alone = record.Active, alone
	if r.Status == Stale {
		r.Status, r.ApprovalPolicyID = Upcoming, policy
		c.rows = append(slices.Delete(c.rows, at, at+1), r)
	}
}

// askAble is ask with who replaces a user who cannot approve, else an administrator, in its place. Without anyone who is
// not asked already nobody is added.
func (c *chain) askAble(tx *db.Tx, user ids.ID) error {
	able, err := org.Holds(tx, user, org.ApproveBills)
	if err != nil {
		return err
	}
	if !able {
		if user, err = replacement(tx, user); err == nil && (user.IsNull() || c.row(user) != nil) {
			user, err = c.substitute(tx, nil)
		}
		if err != nil || user.IsNull() {
			return err
		}
	}
	c.ask(user, "", true)
	return nil
}

// substitute is the administrator to ask in the place of another user: the one who acts, else the oldest, of those who
// are not asked already and none of the others; none if there is none (APR-14).
func (c *chain) substitute(tx *db.Tx, others []ids.ID) (ids.ID, error) {
	all, err := org.Administrators(tx)
	if err != nil {
		return "", err
	}
	if at := slices.Index(all, tx.Caller().User); at > 0 {
		all[0], all[at] = all[at], all[0]
	}
	for _, a := range all {
		if c.row(a) == nil && !slices.Contains(others, a) {
			return a, nil
		}
	}
	return "", nil
}

// addPolicies asks whom the policies that claim the document name, where they are not asked yet: first the steps of a
// policy, then its approvers. One administrator stands in for all approvers whom a policy names and who can no longer
// approve. Rules APR-4, APR-5, APR-14.
func (c *chain) addPolicies(tx *db.Tx, claims []claim) error {
	for _, p := range claims {
		for i, s := range p.steps {
			if err := c.addStep(tx, p.id, int64(i+1), s); err != nil {
				return err
			}
		}
		stoodIn := slices.ContainsFunc(c.rows, func(r *Approver) bool {
			return asked(r) && r.Alone && r.ApprovalPolicyID == p.id && !slices.Contains(p.users, r.UserID)
		})
		for _, u := range p.users {
			able, err := org.Holds(tx, u, org.ApproveBills)
			if err != nil {
				return err
			}
			if !able {
				if stoodIn {
					continue
				}
				if u, err = c.substitute(tx, nil); err != nil {
					return err
				}
				stoodIn = true
			}
			if !u.IsNull() {
				c.ask(u, p.id, true)
			}
		}
	}
	return nil
}

// addStep asks the members of a policy's step. Who of them can no longer approve is left out, and administrators fill up
// what is then missing to what the step needs.
func (c *chain) addStep(tx *db.Tx, policy ids.ID, position int64, s Step) error {
	at := slices.IndexFunc(c.steps, func(g *group) bool { return g.policy == policy && g.position == position })
	if at < 0 {
		people, err := s.members(tx)
		if err != nil {
			return err
		}
		g := &group{policy: policy, position: position, need: cmp.Or(s.Need, int64(len(people))), changed: true}
		for _, u := range people {
			if able, err := org.Holds(tx, u, org.ApproveBills); err != nil {
				return err
			} else if able {
				g.members = append(g.members, u)
			}
		}
		at, c.steps = len(c.steps), append(c.steps, g)
	}
	g := c.steps[at]
	for int64(len(g.members)) < g.need {
		other, err := c.substitute(tx, g.members)
		if err != nil {
			return err
		}
		if other.IsNull() {
			break // nobody can approve it until somebody may again
		}
		g.members, g.changed = append(g.members, other), true
	}
	for _, m := range g.members {
		if c.row(m) == nil && !c.satisfied(g) {
			c.ask(m, policy, false)
		}
	}
	return nil
}

// store writes what changed and tells the status that follows for a document under those policies.
func (c *chain) store(tx *db.Tx, claims []claim) (int64, error) {
	var need int64
	for _, p := range claims {
		need = max(need, p.least)
	}
	return c.status(need), c.write(tx)
}

// status is the approvalStatus that follows from the approvers, of whom policies want need at least (domain 4.3).
func (c *chain) status(need int64) int64 {
	open := c.arrange()
	var all, approved int64
	for _, r := range c.rows {
		switch {
		case !asked(r):
			continue
		case r.Status == HasDenied:
			return Denied
		case r.Status == HasApproved:
			approved++
		case r.Status == Stale:
			continue
		}
		all++
	}
	switch {
	case all == 0 || all < need:
		return Unassigned
	case len(open) == 0:
		return Approved
	case approved > 0:
		return Approving
	}
	return Assigned
}

// write numbers the approvers, asks those whose turn it is, and stores what differs. Those no longer asked come first, so
// that a user who is asked anew is never there twice.
func (c *chain) write(tx *db.Tx) error {
	c.arrange()
	now := clock.FromTime(tx.Now())
	n := int64(0)
	for _, r := range c.rows {
		if asked(r) {
			n++
			r.SortOrder = n
		}
	}
	tell := false
	for _, active := range []bool{false, true} {
		for _, r := range c.rows {
			if asked(r) != active {
				continue
			}
			was, known := c.stored[r.ID]
			if !known || was.Status != r.Status {
				r.StatusChangedTime = now
				tell = tell || active && r.Status == Waiting
			}
			if known {
				c.kind.Approvers.Save(tx, &was, r)
			} else {
				c.kind.Approvers.Insert(tx, r)
			}
		}
	}
	if tell {
		announce(tx)
	}
	for _, g := range c.gone {
		tx.Exec(`DELETE FROM approval_steps WHERE org_id = $1 AND object_id = $2 AND policy_id = $3 AND position = $4`,
			string(tx.Org()), string(c.object), string(g.policy), g.position)
	}
	c.gone = nil
	for _, g := range c.steps {
		if g.changed {
			tx.Exec(`INSERT INTO approval_steps (org_id, object_id, policy_id, position, need, members) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (org_id, object_id, policy_id, position) DO UPDATE SET need = excluded.need, members = excluded.members`,
				string(tx.Org()), string(c.object), string(g.policy), g.position, g.need, join(g.members))
			g.changed = false
		}
	}
	return nil
}
