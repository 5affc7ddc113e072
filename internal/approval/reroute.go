package approval

import (
	"slices"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// open are the states of someone who is still to decide.
var open = []int64{Waiting, Viewed, Upcoming}

// kinds are the types of documents, for what concerns all of them.
var kinds []Kind

// Register makes k known to what concerns every type of document. A room names its Kind once, in a package variable.
func Register(k Kind) Kind {
	kinds = append(kinds, k)
	return k
}

// Kinds are the types of documents that are approved.
func Kinds() []Kind { return slices.Clone(kinds) }

var _ = org.OnMembership(reroute)

// reroute asks somebody else in the place of a user who can no longer approve, about every open document, and puts who was
// named to replace it into the policies. Rules APR-14, ROL-6.
func reroute(tx *db.Tx, user ids.ID) error {
	able, err := org.Holds(tx, user, org.ApproveBills)
	if err != nil || able {
		return err
	}
	for _, k := range kinds {
		waiting, err := k.Queue(tx, user, open...)
		if err != nil {
			return err
		}
		for _, w := range waiting {
			if err := k.replace(tx, w.ObjectID, user); err != nil {
				return err
			}
		}
	}
	by, err := replacement(tx, user)
	if err != nil || by.IsNull() {
		return err
	}
	return rename(tx, user, by)
}

// replace puts somebody else in the user's place on one document. Its status follows from who is asked then.
func (k Kind) replace(tx *db.Tx, id, user ids.ID) error {
	d, err := k.load(tx, id)
	if err != nil {
		return err
	}
	return k.change(tx, "reroute approval", d, func(c *chain) error {
		r := c.row(user)
		if r == nil || decided(r) {
			return nil
		}
		other, err := c.other(tx, d, user)
		if err != nil || other.IsNull() { // without another one it waits until someone sets approvers
			return err
		}
		c.hand(r, other)
		return nil
	})
}

// hand asks other in the place of r, who is not asked any more.
func (c *chain) hand(r *Approver, other ids.ID) {
	i := slices.Index(c.rows, r)
	r.Active, r.Status = record.Inactive, Rerouted
	c.ask(other, r.ApprovalPolicyID, r.Alone)
	last := len(c.rows) - 1
	if n := c.rows[last]; n.UserID == other {
		copy(c.rows[i+1:], c.rows[i:last])
		c.rows[i] = n
	}
	for _, g := range c.steps {
		if at := slices.Index(g.members, r.UserID); at >= 0 {
			g.members[at], g.changed = other, true
		}
	}
}
