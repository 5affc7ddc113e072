// Package record keeps what is true of a type of record whatever door it is seen through.
//
// A room describes its type once: its fields with kind, column, reference, length, enum and sensitivity, its lines,
// its parent, its derived fields. From that come storage, reference checks, audit entries and filters here, and in
// the faces codecs, metadata, documentation and list columns. What a generation of the API shows of a type, under
// which name and in which order, is that face's shape and not known here.
package record

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
)

// Kind is the kind of value a field holds, and so the Go type that At points to.
type Kind uint8

// The kinds, each with what At points to. The zero value means "none" for all but Bool, Enum, Int and Money.
const (
	Text     Kind = iota // *string
	Ref                  // *ids.ID
	Bool                 // *bool
	Enum                 // *int64, a number of the type's table
	Int                  // *int64
	Money                // *int64, minor units of the record's currency
	Quantity             // *money.Decimal
	Date                 // *civil.Date
	Instant              // *clock.Instant
)

// Value is what a field can hold.
type Value interface {
	string | ids.ID | bool | int64 | money.Decimal | civil.Date | clock.Instant
}

// Field is one fact about a type.
type Field struct {
	Name      string // the domain's name, as rules, audit trail and faces know it
	Column    string // empty for derived fields
	Kind      Kind
	Max       int              // stored length in characters, 0 for none (domain 3.2)
	Target    func() *Type     // of a Ref; nil while its record type does not exist
	Words     map[int64]string // of an Enum: number and name (api-v3 11.8)
	Sync      bool             // a client's own mark on the record: its change does not move updatedTime (SYN-3)
	Sensitive bool             // shown and logged by its last characters only
	Sealed    bool             // the store holds it sealed, with a hash in the column beside it
	Depth     int              // of a Parent: levels a tree may have
	Owner     bool             // of a line: the Ref to the record it belongs to
	Constant  bool             // the same in every record
	Passing   bool             // given by the caller or filled in for an answer, and not stored
	expr      string           // of a derived field: what SQL computes it by; empty if lists cannot ask for it
	at        func(rec any) any
}

// At points to the field's value inside rec, a pointer to the type's struct; the pointer's type follows Kind.
func (f *Field) At(rec any) any { return f.at(rec) }

// Derived reports whether the value is computed and not stored.
func (f *Field) Derived() bool { return f.Column == "" && !f.Passing }

// Listable reports whether lists can be filtered and sorted by the field.
func (f *Field) Listable() bool { return (f.Column != "" || f.expr != "") && !f.Sealed }

// isText reports whether the column holds texts.
func (f *Field) isText() bool {
	return f.Kind == Text || f.Kind == Ref || f.Kind == Date || f.Kind == Quantity
}

// sql is the field in a statement.
func (f *Field) sql() string {
	if f.Column != "" {
		return f.Column
	}
	return f.expr
}

// Base is what every record has. Every record struct embeds it.
type Base struct {
	ID            ids.ID
	Active        int64 // 1 active, 2 inactive (CNV-8)
	CreatedTime   clock.Instant
	UpdatedTime   clock.Instant
	IntegrationID string
	ExternalID    string
	LastSyncTime  clock.Instant
	AllowExport   bool
}

// Head gives the base of a record.
func (b *Base) Head() *Base { return b }

// The two values of Base.Active.
const (
	Active   = 1
	Inactive = 2
)

// Record is any record: a pointer to a struct that embeds Base.
type Record interface{ Head() *Base }

// Type is what is true of a type of record.
type Type struct {
	Name   string // "bill"; in the audit trail and the change feed
	Prefix string // of its ids
	Table  string
	Fields []*Field // base fields first, then the type's own
	Lines  *Lines   // nil if it has none
	Parent *Field   // the field that makes it a tree; nil if it is none

	byName  map[string]*Field
	stored  []*Field
	refs    []*Field // those of stored that name other records
	sealed  []*Field // those of stored that are sealed
	columns string
	make    func() Record
	clone   func(Record) Record
	begin   []func(Record) // what a new record has other than nothing
}

// Of is a Type that knows its Go struct.
type Of[T any] struct{ *Type }

// Lines are the rows that belong to a record and live and die with it.
type Lines struct {
	*Type
	Name   string // "lines"
	parent *Field
	order  *Field
	all    func(rec any) []Record
	add    func(rec any, line Record)
	clear  func(rec any)
}

// All gives the lines of rec in order.
func (l *Lines) All(rec any) []Record { return l.all(rec) }

// Clear takes all lines off rec.
func (l *Lines) Clear(rec any) { l.clear(rec) }

// Add appends a line to rec.
func (l *Lines) Add(rec any, line Record) { l.add(rec, line) }

// New makes an empty record of the type, active and exportable.
func (t *Type) New() Record {
	r := t.make()
	h := r.Head()
	h.Active, h.AllowExport = Active, true
	for _, set := range t.begin {
		set(r)
	}
	return r
}

// Copy makes a copy of a record and its lines, to be changed and compared with the original.
func (t *Type) Copy(rec Record) Record {
	c := t.clone(rec)
	if t.Lines != nil {
		t.Lines.clear(c)
		for _, l := range t.Lines.All(rec) {
			t.Lines.Add(c, t.Lines.clone(l))
		}
	}
	return c
}

// Field gives the field of that domain name, or nil.
func (t *Type) Field(name string) *Field { return t.byName[name] }

// Must gives the field of that domain name; a wrong name is a mistake in the program and panics at start-up.
func (t *Type) Must(name string) *Field {
	f := t.byName[name]
	if f == nil {
		panic(fmt.Sprintf("record %s has no field %q", t.Name, name))
	}
	return f
}

// Fact adds something to a type's description.
type Fact func(*Type)

// Describe declares a type of record. T embeds Base.
func Describe[T any, P interface {
	*T
	Record
}](name, prefix, table string, facts ...Fact) Of[T] {
	t := &Type{Name: name, Prefix: prefix, Table: table, byName: map[string]*Field{}, make: func() Record { return P(new(T)) },
		clone: func(r Record) Record { c := *(*T)(r.(P)); return P(&c) }}
	base := func(name string, k Kind, sync bool, at func(*Base) any) {
		t.add(&Field{Name: name, Column: snake(name), Kind: k, Sync: sync, at: func(r any) any { return at(r.(Record).Head()) }})
	}
	base("id", Ref, false, func(b *Base) any { return &b.ID })
	base("isActive", Enum, false, func(b *Base) any { return &b.Active })
	base("createdTime", Instant, false, func(b *Base) any { return &b.CreatedTime })
	base("updatedTime", Instant, false, func(b *Base) any { return &b.UpdatedTime })
	base("integrationId", Text, true, func(b *Base) any { return &b.IntegrationID })
	base("externalId", Text, true, func(b *Base) any { return &b.ExternalID })
	base("lastSyncTime", Instant, true, func(b *Base) any { return &b.LastSyncTime })
	base("allowExport", Bool, true, func(b *Base) any { return &b.AllowExport })
	t.byName["isActive"].Words = map[int64]string{Active: "ACTIVE", Inactive: "INACTIVE"}
	t.byName["integrationId"].Max, t.byName["externalId"].Max = 100, 100
	for _, f := range facts {
		f(t)
	}
	var cols []string
	for _, f := range t.Fields {
		if f.Column != "" {
			t.stored = append(t.stored, f)
			if f.Sealed {
				t.sealed = append(t.sealed, f)
			}
			cols = append(cols, f.Column)
			if f.Kind == Ref && f.Name != "id" && !f.Owner {
				t.refs = append(t.refs, f)
			}
		}
	}
	t.columns = strings.Join(cols, ", ")
	return Of[T]{t}
}

func (t *Type) add(f *Field) *Field {
	if t.byName[f.Name] != nil {
		panic("record " + t.Name + " describes " + f.Name + " twice")
	}
	t.byName[f.Name] = f
	t.Fields = append(t.Fields, f)
	return f
}

// field declares a stored field whose value is of type V inside T.
func field[T, V any](name string, k Kind, at func(*T) *V, refine ...func(*Field)) Fact {
	return func(t *Type) {
		f := t.add(&Field{Name: name, Column: snake(name), Kind: k, at: func(r any) any { return at(r.(*T)) }})
		for _, r := range refine {
			r(f)
		}
	}
}

// String declares a text of at most max characters.
func String[T any](name string, max int, at func(*T) *string) Fact {
	return field(name, Text, at, func(f *Field) { f.Max = max })
}

// Secret declares a text that is shown only by its last characters outside the wire it is meant for.
func Secret[T any](name string, max int, at func(*T) *string) Fact {
	return field(name, Text, at, func(f *Field) { f.Max, f.Sensitive = max, true })
}

// Sealed declares a Secret that the store holds sealed: the column has the sealed value, a second one whose name ends in
// _hash what equal values have in common (SEC-1). Rooms see the clear value; lists cannot ask for it.
func Sealed[T any](name string, max int, at func(*T) *string) Fact {
	return field(name, Text, at, func(f *Field) { f.Max, f.Sensitive, f.Sealed = max, true, true })
}

// Flag declares a boolean.
func Flag[T any](name string, at func(*T) *bool) Fact { return field(name, Bool, at) }

// FlagOn declares a boolean that is true in a new record.
func FlagOn[T any](name string, at func(*T) *bool) Fact {
	return func(t *Type) {
		Flag(name, at)(t)
		t.begin = append(t.begin, func(r Record) { *at(any(r).(*T)) = true })
	}
}

// Number declares a whole number.
func Number[T any](name string, at func(*T) *int64) Fact { return field(name, Int, at) }

// Choice declares an enumeration by its table of numbers and names.
func Choice[T any](name string, words map[int64]string, at func(*T) *int64) Fact {
	return field(name, Enum, at, func(f *Field) { f.Words = words })
}

// Amount declares money in minor units of the record's currency.
func Amount[T any](name string, at func(*T) *int64) Fact { return field(name, Money, at) }

// Decimal declares a quantity, unit price or rate.
func Decimal[T any](name string, at func(*T) *money.Decimal) Fact { return field(name, Quantity, at) }

// Day declares a civil date.
func Day[T any](name string, at func(*T) *civil.Date) Fact { return field(name, Date, at) }

// Moment declares an instant.
func Moment[T any](name string, at func(*T) *clock.Instant) Fact { return field(name, Instant, at) }

// Reference declares the id of a record of another type. target is a function, so that rooms need no order of
// initialisation; nil while that type does not exist, so that nothing can be named.
func Reference[T any](name string, target func() *Type, at func(*T) *ids.ID) Fact {
	return field(name, Ref, at, func(f *Field) { f.Target = target })
}

// Owner declares a line's reference to the record it belongs to.
func Owner[T any](name string, at func(*T) *ids.ID) Fact {
	return field(name, Ref, at, func(f *Field) { f.Owner = true })
}

// Parent declares the reference to a record of the same type that makes the type a tree of at most depth levels.
func Parent[T any](name string, depth int, at func(*T) *ids.ID) Fact {
	return func(t *Type) {
		field(name, Ref, at, func(f *Field) {
			f.Depth, f.Target = depth, func() *Type { return t }
			t.Parent = f
		})(t)
	}
}

// Computed declares a derived amount of money: shown, never stored.
func Computed[T any](name string, of func(*T) int64) Fact {
	return func(t *Type) { t.add(View(name, Money, of)) }
}

// ComputedBy is Computed for an amount that lists ask for, too: sql computes it from the columns.
func ComputedBy[T any](name, sql string, of func(*T) int64) Fact {
	return func(t *Type) { t.add(View(name, Money, of)).expr = "(" + sql + ")" }
}

// Pass makes a field that a caller gives or an answer is filled with and that is not stored: the number of a bank
// account on its way to be sealed, what other records add up to.
func Pass[T, V any](name string, k Kind, max int, at func(*T) *V) *Field {
	return &Field{Name: name, Kind: k, Max: max, Passing: true, at: func(r any) any { return at(r.(*T)) }}
}

// View makes a derived field that is no fact of the type: one generation shows it, computed from the record. V is the
// type that kind k stands for.
func View[T any, V Value](name string, k Kind, of func(*T) V) *Field {
	return &Field{Name: name, Kind: k, at: func(r any) any { v := of(r.(*T)); return &v }}
}

// Fixed makes a derived field that holds v in every record: a member that a generation's clients expect and that says
// nothing here. V is the type that kind k stands for.
func Fixed[V Value](name string, k Kind, v V) *Field {
	return &Field{Name: name, Kind: k, Constant: true, at: func(any) any { c := v; return &c }}
}

// From makes a derived field that shows a number of the record as another.
func From(name string, f *Field, of func(int64) int64) *Field {
	return &Field{Name: name, Kind: f.Kind, at: func(r any) any { v := of(*f.At(r).(*int64)); return &v }}
}

// WithLines declares the lines of a type. L has a reference field parent to its record and a number field position.
func WithLines[T, L any, P interface {
	*L
	Record
}](name string, lines Of[L], parent string, at func(*T) *[]*L) Fact {
	return func(t *Type) {
		t.Lines = &Lines{
			Type: lines.Type, Name: name, parent: lines.Must(parent), order: lines.Must("position"),
			all: func(rec any) []Record {
				rows := *at(rec.(*T))
				out := make([]Record, len(rows))
				for i, r := range rows {
					out[i] = P(r)
				}
				return out
			},
			add: func(rec any, line Record) {
				p := at(rec.(*T))
				*p = append(*p, (*L)(line.(P)))
			},
			clear: func(rec any) { *at(rec.(*T)) = nil },
		}
	}
}

// snake turns a domain name into its column: glPostingDate -> gl_posting_date.
func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		if unicode.IsUpper(r) {
			if i > 0 {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
