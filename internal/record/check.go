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

// CheckReferences fails with fault.ErrReference, naming every field at fault in order with its value, when a reference of rec or
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

// named is a reference that has to name an active record.
type named struct {
	field  string
	target *Type // nil: its type of record does not exist yet
	id     ids.ID
}

type refCheck struct {
	tx    *db.Tx
	names []named
}

func (c *refCheck) collect(t *Type, before, rec Record) {
	for _, f := range t.refs {
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
	found := make(map[ids.ID]bool, len(c.names)) // false: asked for
	var b strings.Builder
	var args []any
	for i, n := range c.names {
		if n.target == nil || slices.ContainsFunc(c.names[:i], func(e named) bool { return e.target == n.target }) {
			continue
		}
		var keys []string // of this type
		for _, o := range c.names[i:] {
			if _, asked := found[o.id]; o.target == n.target && !asked && o.id.Is(n.target.Prefix) {
				found[o.id] = false
				keys = append(keys, string(o.id))
			}
		}
		if len(keys) == 0 {
			continue // no id of this type among them
		}
		if args == nil {
			args = append(args, string(c.tx.Org()))
		} else {
			b.WriteString(" UNION ALL ")
		}
		in, more := inList(len(args)+1, keys)
		args = append(args, more...)
		b.WriteString("SELECT id FROM " + n.target.Table + " WHERE org_id = $1 AND is_active = 1 AND id" + in)
	}
	if args != nil {
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
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	var bad, values []string
	for _, n := range c.names {
		if (n.target == nil || n.id.Prefix() != n.target.Prefix || !found[n.id]) && !slices.Contains(bad, n.field) {
			bad, values = append(bad, n.field), append(values, string(n.id))
		}
	}
	if len(bad) > 0 {
		return fault.ErrReference.On(bad...).With(values...)
	}
	return nil
}

// CheckTree fails with fault.ErrValue on the parent field when rec's new parent leads back to rec, or makes the
// tree, with what hangs below rec, deeper than it may be. The rows on the way up stay locked, so that two moves at
// once make no ring.
func (t *Type) CheckTree(tx *db.Tx, before, rec Record) error {
	f := t.Parent
	at := *f.at(rec).(*ids.ID)
	if at.IsNull() || (before != nil && *f.at(before).(*ids.ID) == at) {
		return nil
	}
	self := rec.Head().ID
	levels := 1 // rec itself
	for ; !at.IsNull(); levels++ {
		if at == self || levels >= f.Depth {
			return fault.ErrValue.On(f.Name)
		}
		var parent string
		err := tx.Row("SELECT "+f.Column+" FROM "+t.Table+" WHERE org_id = $1 AND id = $2"+tx.ForUpdate(),
			string(tx.Org()), string(at)).Scan(&parent)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("walk up the tree: %w", err)
		}
		at = ids.ID(parent)
	}
	if before == nil {
		return nil // nothing can hang below it yet
	}
	var below int64
	err := tx.Row("WITH RECURSIVE down (id, level) AS (SELECT id, 1 FROM "+t.Table+" WHERE org_id = $1 AND "+f.Column+` = $2
		UNION ALL SELECT x.id, down.level + 1 FROM `+t.Table+" x JOIN down ON x."+f.Column+` = down.id
		WHERE x.org_id = $1 AND down.level < $3)
		SELECT coalesce(max(level), 0) FROM down`, string(tx.Org()), string(self), int64(f.Depth)).Scan(&below)
	if err != nil {
		return fmt.Errorf("walk down the tree: %w", err)
	}
	if levels+int(below) > f.Depth {
		return fault.ErrValue.On(f.Name)
	}
	return nil
}
