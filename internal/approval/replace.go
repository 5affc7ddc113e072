package approval

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Replacement is who takes the place of an approver once that one can no longer approve (APR-14).
type Replacement struct {
	User  ids.ID
	By    ids.ID
	Named clock.Instant
}

// Replace names who takes the user's place once it has left or may no longer approve; with nobody named, an administrator
// does. For a user who is gone already it holds at once. It needs ManageUsers and fails with fault.ErrReference for who
// never was a member, fault.ErrValue for the user itself, or ErrUnable for a replacement who may not approve. Rule APR-14.
func Replace(tx *db.Tx, user, by ids.ID) error {
	if err := tx.Require(org.ManageUsers); err != nil {
		return err
	}
	var member bool
	err := tx.Row(`SELECT EXISTS (SELECT 1 FROM memberships WHERE org_id = $1 AND user_id = $2)`, string(tx.Org()), string(user)).Scan(&member)
	switch {
	case err != nil:
		return fmt.Errorf("look for member %s: %w", user, err)
	case !member:
		return fault.ErrReference.On("userId").With(string(user))
	case user == by:
		return fault.ErrValue.On("replacementId")
	}
	if by.IsNull() {
		tx.Exec(`DELETE FROM approval_replacements WHERE org_id = $1 AND user_id = $2`, string(tx.Org()), string(user))
		tx.Audit("name replacement", "user", user, `{"replacementId":""}`)
		return nil
	}
	if able, err := org.Holds(tx, by, org.ApproveBills); err != nil {
		return err
	} else if !able {
		return ErrUnable.On("replacementId").With(string(by))
	}
	tx.Exec(`INSERT INTO approval_replacements (org_id, user_id, replacement_id, named_by, named) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (org_id, user_id) DO UPDATE SET replacement_id = excluded.replacement_id, named_by = excluded.named_by, named = excluded.named`,
		string(tx.Org()), string(user), string(by), string(tx.Caller().User), int64(clock.FromTime(tx.Now())))
	tx.Audit("name replacement", "user", user, fmt.Sprintf(`{"replacementId":%q}`, by))
	return reroute(tx, user)
}

// Replacements are those that are named, in the order in which they were. It needs ManageUsers.
func Replacements(tx *db.Tx) ([]Replacement, error) {
	if err := tx.Require(org.ManageUsers); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT user_id, replacement_id, named FROM approval_replacements WHERE org_id = $1 ORDER BY named, user_id`, string(tx.Org()))
	if err != nil {
		return nil, fmt.Errorf("read the replacements of approvers: %w", err)
	}
	defer rows.Close()
	var out []Replacement
	for rows.Next() {
		var r Replacement
		if err := rows.Scan((*string)(&r.User), (*string)(&r.By), (*int64)(&r.Named)); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// replacement is who is named to take the user's place; none if nobody is who may approve.
func replacement(tx *db.Tx, user ids.ID) (by ids.ID, err error) {
	err = tx.Row(`SELECT replacement_id FROM approval_replacements WHERE org_id = $1 AND user_id = $2`, string(tx.Org()), string(user)).Scan((*string)(&by))
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look who replaces %s: %w", user, err)
	}
	able, err := org.Holds(tx, by, org.ApproveBills)
	if err != nil || !able {
		return "", err
	}
	return by, nil
}

// barred reports whether duties are enforced to be separate and the user may therefore not approve the document (APR-10).
func (k Kind) barred(tx *db.Tx, d *document, user ids.ID) (bool, error) {
	mode, err := sodMode(tx)
	if err != nil || mode != sodEnforce {
		return false, err
	}
	editor, err := k.editor(tx, d.id)
	if err != nil || user == d.createdBy || user == editor {
		return err == nil, err
	}
	return bankChanged(tx, d.facts.Vendor, bankDays, user)
}

// other is who is asked about a document in the place of a user who can no longer approve: whom an administrator has named,
// else the delegate, else an administrator; none of them if it is asked already or may not approve this document (APR-14).
func (c *chain) other(tx *db.Tx, d *document, user ids.ID) (ids.ID, error) {
	named, err := replacement(tx, user)
	if err != nil {
		return "", err
	}
	delegate, err := c.stand(tx, user, d.facts.Amount)
	if err != nil {
		return "", err
	}
	for _, u := range []ids.ID{named, delegate} {
		if u.IsNull() || c.row(u) != nil {
			continue
		}
		if barred, err := c.kind.barred(tx, d, u); err != nil || !barred {
			return u, err
		}
	}
	admins, err := org.Administrators(tx)
	if err != nil {
		return "", err
	}
	var not []ids.ID
	for _, u := range admins {
		if barred, err := c.kind.barred(tx, d, u); err != nil {
			return "", err
		} else if barred {
			not = append(not, u)
		}
	}
	return c.substitute(tx, not)
}

// rename puts by in the user's place in every policy, also in its groups. A policy that names both keeps both, and a group
// that such a policy uses stays as it is: two people would become one (APR-4).
func rename(tx *db.Tx, user, by ids.ID) error {
	var policies []*Policy
	err := Policies.List(tx, record.Query{}, func(p *Policy) error { policies = append(policies, p); return nil })
	if err != nil {
		return err
	}
	keep := map[ids.ID]bool{} // groups
	for _, p := range policies {
		cond, steps, err := p.Rules()
		if err != nil {
			return err
		}
		own, both, err := p.names(tx, steps, by)
		if err != nil {
			return err
		}
		if both {
			for _, s := range steps {
				for _, g := range s.Groups {
					keep[g] = true
				}
			}
			continue
		}
		for _, a := range own {
			if a.UserID == user {
				after := *a
				after.UserID = by
				PolicyApprovers.SaveAs(tx, "replace approver", a, &after)
			}
		}
		for i := range steps {
			swap(steps[i].Users, user, by)
		}
		after := *p
		if err := after.SetRules(cond, steps); err != nil {
			return err
		}
		if after.Steps != p.Steps {
			Policies.SaveAs(tx, "replace approver", p, &after)
		}
	}
	var groups []*Group
	err = Groups.List(tx, record.Query{}, func(g *Group) error { groups = append(groups, g); return nil })
	if err != nil {
		return err
	}
	for _, g := range groups {
		users := g.Users()
		if keep[g.ID] || slices.Contains(users, by) || !swap(users, user, by) {
			continue
		}
		after := *g
		after.SetUsers(users)
		Groups.SaveAs(tx, "replace approver", g, &after)
	}
	tx.Invalidate()
	return nil
}

// names gives the policy's active approvers, and whether they, or its steps, name the user.
func (p *Policy) names(tx *db.Tx, steps []Step, user ids.ID) (own []*PolicyApprover, named bool, err error) {
	t := PolicyApprovers
	err = t.List(tx, record.Query{Filters: []record.Filter{
		{Field: t.Must("approvalPolicyId"), Op: record.Eq, Values: []any{string(p.ID)}},
		{Field: t.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}}}},
		func(a *PolicyApprover) error {
			own, named = append(own, a), named || a.UserID == user
			return nil
		})
	for _, s := range steps {
		people, e := s.members(tx)
		if err == nil {
			err = e
		}
		named = named || slices.Contains(people, user)
	}
	return own, named, err
}

// swap puts by in the user's place and reports whether it was there.
func swap(users []ids.ID, user, by ids.ID) bool {
	at := slices.Index(users, user)
	if at >= 0 {
		users[at] = by
	}
	return at >= 0
}
