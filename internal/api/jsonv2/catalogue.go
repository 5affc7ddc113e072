package jsonv2

import (
	"cmp"
	"maps"
	"slices"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/record"
)

// Entity is a type of record as the reference shows it.
type Entity struct {
	Shape      *shape.Shape
	Operations []string                 // Create, Read, Update, Delete, Undelete, List, Bulk
	Trusted    []string                 // those of them that need a trusted session
	Lists      map[string]*record.Field // what lists can be filtered by, by name on the wire
	Lines      map[string]bool          // those of Lists that are fields of the lines: not for sorting
	Plans      map[string]Plan          // how lists by each of Lists are found
}

// Call is an endpoint beside Crud, Bulk and List.
type Call struct {
	Name    string
	Get     bool // GET is tolerated
	Open    bool // needs no session
	Trusted bool // needs a trusted session
	Upload  bool // takes a file
}

// Catalogue gives what this door serves, for the reference: its entities in the order of the areas, its calls by name.
func Catalogue() (entities []Entity, calls []Call) {
	h, found := New(Deps{}), plans()
	for _, name := range h.names {
		e := h.entities[name]
		x := Entity{Shape: e.shape, Lists: map[string]*record.Field{}, Lines: map[string]bool{}, Plans: map[string]Plan{}}
		for _, o := range []struct {
			name string
			op   ops
		}{{"Create", opCreate}, {"Read", opRead}, {"Update", opUpdate}, {"Delete", opDelete}, {"Undelete", opUndelete}, {"List", opList}, {"Bulk", opBulk}} {
			if e.ops&o.op != 0 {
				x.Operations = append(x.Operations, o.name)
			}
			if e.trusted&o.op != 0 {
				x.Trusted = append(x.Trusted, o.name)
			}
		}
		for path, l := range e.fields {
			x.Lists[path] = l.entry.Field
			x.Lines[path] = l.line
			x.Plans[path] = found[name+"."+path]
		}
		entities = append(entities, x)
	}
	for _, name := range slices.SortedFunc(maps.Keys(h.calls), cmp.Compare[string]) {
		c := h.calls[name]
		calls = append(calls, Call{Name: name, Get: c.get, Open: c.open, Trusted: c.trusted, Upload: c.upload})
	}
	return entities, calls
}
