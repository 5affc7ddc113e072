package approval

import (
	"slices"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// chain is the approvers of one document while they change: first those who are asked, in order, and anywhere between
// those who are not.
type chain struct {
	kind    Kind
	object  ids.ID
	rows    []*Approver
	stored  map[ids.ID]Approver // as they were
	cleared bool
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
	return c, nil
}

// asked reports whether r counts: it is active.
func asked(r *Approver) bool { return r.Active == record.Active }

// next is the approver whose turn it is, nil if there is none.
func (c *chain) next() *Approver {
	var first *Approver
	for _, r := range c.rows {
		switch {
		case !asked(r) || r.Status == HasApproved:
		case r.Status == HasDenied:
			return nil
		case first == nil:
			first = r
		}
	}
	return first
}

// drop asks nobody any more who has not approved, and reports whether that was anyone. Who denied keeps having done so.
func (c *chain) drop() (any bool) {
	for _, r := range c.rows {
		if asked(r) && r.Status != HasApproved {
			any = true
			r.Active = record.Inactive
			if r.Status != HasDenied {
				r.Status = Stale
			}
		}
	}
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
		c.ask(u, "")
	}
}

// ask puts the user at the end of those who are asked, unless it is among them or has approved (APR-4).
func (c *chain) ask(user, policy ids.ID) {
	at := slices.IndexFunc(c.rows, func(r *Approver) bool {
		return r.UserID == user && (asked(r) || r.Status == HasApproved || r.Status == Stale)
	})
	if at < 0 {
		r := c.kind.Approvers.New().(*Approver)
		r.ObjectID, r.UserID, r.Status, r.ApprovalPolicyID = c.object, user, Upcoming, policy
		c.rows = append(c.rows, r)
		return
	}
	r := c.rows[at]
	if asked(r) {
		return
	}
	r.Active = record.Active
	if r.Status == Stale {
		r.Status, r.ApprovalPolicyID = Upcoming, policy
		c.rows = append(slices.Delete(c.rows, at, at+1), r)
	}
}

// askAble is ask with an administrator in the place of a user who cannot approve. Without an administrator who is not
// asked already nobody is added.
func (c *chain) askAble(tx *db.Tx, user ids.ID) error {
	able, err := org.Holds(tx, user, org.ApproveBills)
	if err != nil {
		return err
	}
	if !able {
		if user, err = c.substitute(tx); err != nil || user.IsNull() {
			return err
		}
	}
	c.ask(user, "")
	return nil
}

// substitute is the administrator to ask in the place of another user: the one who acts, else the oldest, of those who
// are not asked already; none if there is none (APR-14).
func (c *chain) substitute(tx *db.Tx) (ids.ID, error) {
	all, err := org.Administrators(tx)
	if err != nil {
		return "", err
	}
	if at := slices.Index(all, tx.Caller().User); at > 0 {
		all[0], all[at] = all[at], all[0]
	}
	for _, a := range all {
		if !slices.ContainsFunc(c.rows, func(r *Approver) bool { return asked(r) && r.UserID == a }) {
			return a, nil
		}
	}
	return "", nil
}

// addPolicies asks whom the policies that claim the amount name, where they are not asked yet. One administrator stands
// in for all whom a policy names and who can no longer approve. Rules APR-4, APR-5, APR-14.
func (c *chain) addPolicies(tx *db.Tx, amount int64) error {
	claims, err := claiming(tx, c.kind.Policies, amount)
	if err != nil {
		return err
	}
	for _, p := range claims {
		stoodIn := slices.ContainsFunc(c.rows, func(r *Approver) bool {
			return asked(r) && r.ApprovalPolicyID == p.id && !slices.Contains(p.users, r.UserID)
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
				if u, err = c.substitute(tx); err != nil {
					return err
				}
				stoodIn = true
			}
			if !u.IsNull() {
				c.ask(u, p.id)
			}
		}
	}
	return nil
}

// store writes what changed and tells the status that follows for a document of that amount.
func (c *chain) store(tx *db.Tx, amount int64) (int64, error) {
	claims, err := claiming(tx, c.kind.Policies, amount)
	if err != nil {
		return 0, err
	}
	var need int64
	for _, p := range claims {
		need = max(need, p.least)
	}
	return status(c.rows, need), c.write(tx)
}

// status is the approvalStatus that follows from the approvers, of whom policies want need at least (domain 4.3).
func status(rows []*Approver, need int64) int64 {
	var all, approved int64
	for _, r := range rows {
		switch {
		case !asked(r):
			continue
		case r.Status == HasDenied:
			return Denied
		case r.Status == HasApproved:
			approved++
		}
		all++
	}
	switch {
	case all == 0 || all < need:
		return Unassigned
	case approved == all:
		return Approved
	case approved > 0:
		return Approving
	}
	return Assigned
}

// write numbers the approvers, asks the one whose turn it is, and stores what differs. Those no longer asked come first,
// so that a user who is asked anew is never there twice.
func (c *chain) write(tx *db.Tx) error {
	turn := c.next()
	now := clock.FromTime(tx.Now())
	n := int64(0)
	for _, r := range c.rows {
		if !asked(r) {
			continue
		}
		n++
		r.SortOrder = n
		switch {
		case r == turn && r.Status != Viewed:
			r.Status = Waiting
		case r != turn && r.Status != HasApproved && r.Status != HasDenied:
			r.Status = Upcoming
		}
	}
	for _, active := range []bool{false, true} {
		for _, r := range c.rows {
			if asked(r) != active {
				continue
			}
			was, known := c.stored[r.ID]
			if !known || was.Status != r.Status {
				r.StatusChangedTime = now
			}
			if known {
				c.kind.Approvers.Save(tx, &was, r)
			} else {
				c.kind.Approvers.Insert(tx, r)
			}
		}
	}
	return nil
}
