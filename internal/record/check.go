package record

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
)

// CheckReferences fails with fault.ErrReference, naming every field at fault in order, when a reference of rec or
// its lines that before did not hold names no active record of its type in this organisation. before is nil for a
// new record. All references are looked up in one query.
func (t *Type) CheckReferences(tx *db.Tx, before, rec Record) error {
	c := refCheck{tx: tx}
	c.collect(t, before, rec)
	if t.Lines != nil {
		old := map[ids.ID]Record{}
		if before != nil {
			for _, l := range t.Lines.All(before) {
				old[l.Head().ID] = l
			}
		}
		for _, l := range t.Lines.All(rec) {
			c.collect(t.Lines.Type, old[l.Head().ID], l)
		}
	}
	return c.run()
}

type named struct {
	field  string
	target *Type
	id     ids.ID
}

type refCheck struct {
	tx    *db.Tx
	names []named
}

func (c *refCheck) collect(t *Type, before, rec Record) {
	for _, f := range t.stored {
		if f.Kind != Ref || f.Name == "id" || f.Owner {
			continue
		}
		id := *f.at(rec).(*ids.ID)
		if id.IsNull() || (before != nil && *f.at(before).(*ids.ID) == id) {
			continue
		}
		n := named{field: f.Name, id: id}
		if f.Target != nil {
			n.target = f.Target()
		}
		c.names = append(c.names, n)
	}
}

func (c *refCheck) run() error {
	var b strings.Builder
	args := []any{string(c.tx.Org())}
	var targets []*Type
	for _, n := range c.names {
		if n.target != nil && !slices.Contains(targets, n.target) {
			targets = append(targets, n.target)
		}
	}
	for i, t := range targets {
		if i > 0 {
			b.WriteString(" UNION ALL ")
		}
		var keys []string
		for _, n := range c.names {
			if n.target == t && !slices.Contains(keys, string(n.id)) {
				keys = append(keys, string(n.id))
			}
		}
		if len(keys) > 500 {
			return fault.ErrTooMany
		}
		in, more := inList(len(args)+1, keys)
		args = append(args, more...)
		b.WriteString("SELECT id FROM " + t.Table + " WHERE org_id = $1 AND is_active = 1 AND id" + in)
	}
	found := map[ids.ID]bool{}
	if len(targets) > 0 {
		rows, err := c.tx.Query(b.String(), args...)
		if err != nil {
			return fmt.Errorf("check references: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			found[ids.ID(id)] = true
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	var bad []string
	for _, n := range c.names {
		if (n.target == nil || n.id.Prefix() != n.target.Prefix || !found[n.id]) && !slices.Contains(bad, n.field) {
			bad = append(bad, n.field)
		}
	}
	if len(bad) > 0 {
		return fault.ErrReference.On(bad...)
	}
	return nil
}

// CheckTree fails with fault.ErrValue on the parent field when rec's new parent leads back to rec, or makes the
// tree deeper than it may be.
func (t *Type) CheckTree(tx *db.Tx, before, rec Record) error {
	f := t.Parent
	at := *f.at(rec).(*ids.ID)
	if at.IsNull() || (before != nil && *f.at(before).(*ids.ID) == at) {
		return nil
	}
	self := rec.Head().ID
	for depth := 1; !at.IsNull(); depth++ {
		if at == self || depth >= f.Depth {
			return fault.ErrValue.On(f.Name)
		}
		var parent string
		err := tx.Row("SELECT "+f.Column+" FROM "+t.Table+" WHERE org_id = $1 AND id = $2", string(tx.Org()), string(at)).Scan(&parent)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("walk up the tree: %w", err)
		}
		at = ids.ID(parent)
	}
	return nil
}
