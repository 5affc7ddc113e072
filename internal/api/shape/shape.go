// Package shape says what a generation of the API shows of a record: which fields, under which names, in which
// order, and what it takes of them. Facts stay with the room (package record); codecs stay with the face.
//
// A shape is a closed list: a fact that no entry names is not shown. An entry says only what its generation adds to
// the fact, so most are a field and nothing else.
package shape

import (
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/record"
)

// Use is what a client may do with a field.
type Use uint8

// The uses.
const (
	Optional Use = iota
	Required     // on creation
	ReadOnly     // shown; ignored when sent
	Hidden       // taken, not shown
)

// Entry is one field as a generation shows it. Derived fields and those of another record are read-only by nature.
type Entry struct {
	Path    string   // its name on the wire, the field's own if empty; parts of a nested path stand between slashes
	Aliases []string // other paths it is read by
	Field   *record.Field
	Via     *record.Field // the reference to the record whose field this is: a bill shows its vendor's name
	Use     Use
	Max     int             // characters this generation takes, where fewer than are stored
	Exact   bool            // a text kept as sent, where the generation trims others
	Null    string          // what stands for an empty value, where that is not the generation's rule
	Filter  bool            // a list can be filtered by it
	Show    map[int64]int64 // enum numbers shown as others
	Truth   [2]int64        // of an enum shown as a boolean: its numbers for false and true; else both zero
	Scale   int             // of quantities: least number of decimals shown
	Extra   *Extra          // a member of the record's extras, which Field keeps
}

// IsTruth reports whether e is an enum shown as a boolean.
func (e *Entry) IsTruth() bool { return e.Truth[0] != e.Truth[1] }

// Holder gives the record whose field e shows: rec, or the one its reference Via names, which look finds. It is nil
// where that reference is empty, look finds nothing or there is no look; the field is left out then.
func (e *Entry) Holder(rec record.Record, look func(*record.Type, ids.ID) record.Record) record.Record {
	if e.Via == nil {
		return rec
	}
	id := *e.Via.At(rec).(*ids.ID)
	if id.IsNull() || look == nil {
		return nil
	}
	return look(e.Via.Target(), id)
}

// Member is what stands under one name in an object on the wire: a field, a list of rows, or an object of members.
type Member struct {
	Name    string
	Entry   *Entry
	Lines   *Shape                              // of the rows
	Rows    func(record.Record) []record.Record // of a list that is only shown; nil for the record's own lines
	Members []*Member                           // in the order of writing, aliases left out
	Alias   bool                                // only read, and only where the entry's own path was not sent

	byName map[string]*Member
}

// Find gives the member of that name, aliases included, or nil.
func (m *Member) Find(name string) *Member { return m.byName[name] }

func (m *Member) add(c *Member) *Member {
	if m.Entry != nil || m.Lines != nil || m.byName[c.Name] != nil {
		panic("shape: two members share the path of " + c.Name)
	}
	if m.byName == nil {
		m.byName = map[string]*Member{}
	}
	m.byName[c.Name] = c
	if !c.Alias {
		m.Members = append(m.Members, c)
	}
	return c
}

// Shape is a type of record as one generation shows it.
type Shape struct {
	Name    string // the element or entity name
	Type    *record.Type
	Entries []Entry
	Root    Member // the entries and lines by the objects they stand in
	List    string // the wrapper of the lines
	Lines   *Shape
	Also    []Entry // fields of the lines that lists can be filtered by

	byPath  map[string]*Entry
	byField map[string]*Entry
}

// New completes a shape. Two entries of one path are a mistake in the program and panic at start-up. Where two show
// one field, the first gives it its name in errors.
func New(name string, t *record.Type, entries ...Entry) *Shape {
	s := &Shape{Name: name, Type: t, Entries: slices.Clone(entries), byPath: map[string]*Entry{}, byField: map[string]*Entry{}}
	for i := range s.Entries {
		e := &s.Entries[i]
		if e.Path == "" {
			e.Path = e.Field.Name
		}
		if e.Field.Derived() || e.Via != nil {
			e.Use = ReadOnly
		}
		s.place(e.Path, e, false)
		for _, a := range e.Aliases {
			s.place(a, e, true)
		}
		if e.Via == nil && e.Extra == nil && s.byField[e.Field.Name] == nil {
			s.byField[e.Field.Name] = e
		}
	}
	return s
}

// place puts e under path into the tree of members.
func (s *Shape) place(path string, e *Entry, alias bool) {
	at := &s.Root
	parts := strings.Split(path, "/")
	for _, p := range parts[:len(parts)-1] {
		next := at.byName[p]
		switch {
		case next == nil:
			next = at.add(&Member{Name: p, Alias: alias})
		case next.Alias && !alias: // known only by an alias until now
			next.Alias, at.Members = false, append(at.Members, next)
		}
		at = next
	}
	at.add(&Member{Name: parts[len(parts)-1], Entry: e, Alias: alias})
	s.byPath[path] = e
}

// WithLines adds the shape of the lines under their wrapper's name.
func (s *Shape) WithLines(list string, lines *Shape) *Shape {
	s.List, s.Lines = list, lines
	s.Root.add(&Member{Name: list, Lines: lines})
	return s
}

// WithList adds a list that is only shown: records of another type that rows finds in the record.
func (s *Shape) WithList(list string, of *Shape, rows func(record.Record) []record.Record) *Shape {
	s.Root.add(&Member{Name: list, Lines: of, Rows: rows})
	return s
}

// Entry finds a field by its path on the wire.
func (s *Shape) Entry(path string) *Entry { return s.byPath[path] }

// Wire gives the path on the wire of a domain field, of the record or of its lines, and of the lines themselves.
func (s *Shape) Wire(field string) string {
	if e := s.byField[field]; e != nil {
		return e.Path
	}
	if s.Lines != nil {
		if field == s.Type.Lines.Name {
			return s.List
		}
		return s.Lines.Wire(field)
	}
	return field
}
