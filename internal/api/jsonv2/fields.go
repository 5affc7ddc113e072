package jsonv2

import (
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/record"
)

// fields builds the entries of one type of record.
type fields struct{ t *record.Type }

func (x fields) entry(path, field string, use shape.Use, max int) shape.Entry {
	return shape.Entry{Path: path, Field: x.t.Must(field), Use: use, Max: max}
}

// opt is a value that may be left out; max is how many characters of a text this generation takes, 0 for as many as are
// stored.
func (x fields) opt(path, field string, max int) shape.Entry {
	return x.entry(path, field, shape.Optional, max)
}

// req is a value that a new record must bring.
func (x fields) req(path, field string, max int) shape.Entry {
	return x.entry(path, field, shape.Required, max)
}

// shown is a value that a client cannot set.
func (x fields) shown(path, field string) shape.Entry { return x.entry(path, field, shape.ReadOnly, 0) }

// kept is a member that is stored if sent and has no behaviour; def is the JSON text of its default. The record has a
// text field extras.
func (x fields) kept(path string, k record.Kind, def string) shape.Entry {
	return shape.Keep(x.t.Must("extras"), path, k, def)
}

// constant is a member with the same JSON text in every record.
func (x fields) constant(path string, k record.Kind, text string) shape.Entry {
	return shape.Entry{Path: path, Field: record.Fixed(path, k, ""), Null: text}
}

// head are the members every entity begins with.
func (x fields) head() []shape.Entry {
	return []shape.Entry{x.shown("id", "id"), x.opt("isActive", "isActive", 0), x.shown("createdTime", "createdTime"), x.shown("updatedTime", "updatedTime")}
}

// as shows an enum's stored numbers as others.
func as(e shape.Entry, show map[int64]int64) shape.Entry {
	e.Show = show
	return e
}

// null writes the JSON text null for 0.
func null(e shape.Entry) shape.Entry {
	e.Null = "null"
	return e
}
