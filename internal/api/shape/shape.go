// Package shape says what a generation of the API shows of a record: which fields, under which names, in which
// order, and what it takes of them. Facts stay with the room (package record); codecs stay with the face.
package shape

import "github.com/duebook/duebook/internal/record"

// Use is what a client may do with a field.
type Use uint8

// The uses.
const (
	Optional Use = iota
	Required     // on creation
	ReadOnly     // shown; ignored when sent
	Hidden       // taken, not shown
)

// Entry is one field as a generation shows it.
type Entry struct {
	Path    string   // its name on the wire; parts of a nested path stand between slashes (generation 3)
	Aliases []string // other names it is read by
	Field   *record.Field
	Use     Use
	Max     int             // characters this generation takes, where fewer than are stored
	Null    string          // what stands for an empty reference; "" leaves it out
	Filter  bool            // a list can be filtered by it
	Show    map[int64]int64 // enum numbers shown as others
	Scale   int             // of quantities: least number of decimals shown
}

// Shape is a type of record as one generation shows it.
type Shape struct {
	Name    string // the element or entity name
	Type    *record.Type
	Entries []Entry
	List    string // the wrapper of the lines
	Lines   *Shape
	Also    []Entry // fields of the lines that lists can be filtered by

	byPath  map[string]*Entry
	byField map[string]*Entry
}

// New completes a shape. Field names are looked up in the type; a wrong one panics at start-up.
func New(name string, t *record.Type, entries ...Entry) *Shape {
	s := &Shape{Name: name, Type: t, Entries: entries, byPath: map[string]*Entry{}, byField: map[string]*Entry{}}
	for i := range s.Entries {
		e := &s.Entries[i]
		s.byPath[e.Path] = e
		for _, a := range e.Aliases {
			s.byPath[a] = e
		}
		s.byField[e.Field.Name] = e
	}
	return s
}

// WithLines adds the shape of the lines under their wrapper's name.
func (s *Shape) WithLines(list string, lines *Shape) *Shape {
	s.List, s.Lines = list, lines
	return s
}

// Entry finds a field by its name on the wire.
func (s *Shape) Entry(path string) *Entry { return s.byPath[path] }

// Wire gives the name on the wire of a domain field, of the record or of its lines.
func (s *Shape) Wire(field string) string {
	if e := s.byField[field]; e != nil {
		return e.Path
	}
	if s.Lines != nil {
		return s.Lines.Wire(field)
	}
	return field
}
