package approval

import (
	"errors"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Group is people who are asked together. Who is asked about a document follows from the group when it is asked.
type Group struct {
	record.Base
	Name    string
	Members string // ids of users, separated by spaces
}

// Groups describes approval groups.
var Groups = record.Describe[Group]("approvalGroup", ids.ApprovalGroup, "approval_groups",
	record.String("name", 100, func(g *Group) *string { return &g.Name }),
	record.String("members", 0, func(g *Group) *string { return &g.Members }),
)

// join writes a list of users as groups and steps keep it.
func join(users []ids.ID) string {
	parts := make([]string, len(users))
	for i, u := range users {
		parts[i] = string(u)
	}
	return strings.Join(parts, " ")
}

// split reads what join wrote.
func split(s string) (users []ids.ID) {
	for _, u := range strings.Fields(s) {
		users = append(users, ids.ID(u))
	}
	return users
}

// Users are the members of the group.
func (g *Group) Users() []ids.ID { return split(g.Members) }

// SetUsers replaces the members of the group.
func (g *Group) SetUsers(users []ids.ID) { g.Members = join(users) }

// SaveGroup stores a new group, or a changed one that was before. It needs ManageSettings and fails with fault.ErrMissing
// without name or members, fault.ErrTooLong, fault.ErrTooMany, or ErrUnable for a new member who may not approve.
func SaveGroup(tx *db.Tx, before, g *Group) error {
	if err := tx.Require(org.ManageSettings); err != nil {
		return err
	}
	users := g.Users()
	switch {
	case strings.TrimSpace(g.Name) == "":
		return fault.ErrMissing.On("name")
	case len([]rune(g.Name)) > int(Groups.Must("name").Max):
		return fault.ErrTooLong.On("name")
	case len(users) == 0:
		return fault.ErrMissing.On("members")
	case len(users) > maxApprovers:
		return fault.ErrTooMany.On("members")
	}
	for _, u := range users {
		if before != nil && slices.Contains(before.Users(), u) {
			continue
		}
		if able, err := org.Holds(tx, u, org.ApproveBills); err != nil {
			return err
		} else if !able {
			return ErrUnable.On("members").With(string(u))
		}
	}
	if before == nil {
		Groups.Insert(tx, g)
	} else {
		Groups.Save(tx, before, g)
	}
	return nil
}

// members are the people that a step asks: its users and those of its active groups, each once.
func (s *Step) members(tx *db.Tx) ([]ids.ID, error) {
	out := slices.Clone(s.Users)
	for _, id := range s.Groups {
		g, err := Groups.Load(tx, id)
		if errors.Is(err, fault.ErrNotFound) || err == nil && g.Active != record.Active {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, g.Users()...)
	}
	seen := map[ids.ID]bool{}
	return slices.DeleteFunc(out, func(u ids.ID) bool { was := seen[u]; seen[u] = true; return was }), nil
}
