package jsonv2

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
)

// Members whose value is the organisation's own.
var (
	ownOrg  = record.Fixed("orgId", record.Ref, ids.Null)
	ownName = record.Fixed("organizationName", record.Text, "")
)

// plan is a shape made ready for writing: all text between the values stands in one piece, constants included.
type plan struct {
	shape *shape.Shape
	steps []step
	tail  []byte // behind the last value, without the bracket that ends the object

	size atomic.Int64 // bytes of a record in the last page
}

// step is a piece of text and the value behind it.
type step struct {
	text  []byte
	entry *shape.Entry
	rows  *plan // of a list
	of    func(record.Record) []record.Record
}

// writer is what an answer knows beside its records.
type writer struct {
	org     ids.ID
	orgName string
}

func newPlan(s *shape.Shape) *plan {
	p := &plan{shape: s}
	text := record.AppendQuoted([]byte(`{"entity":`), s.Name)
	text = p.members(s, s.Root.Members, append(text, ','))
	p.tail = trim(text)
	return p
}

// trim takes the comma off the end.
func trim(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == ',' {
		return b[:n-1]
	}
	return b
}

// members adds the steps of an object's members and gives the text that stands behind them.
func (p *plan) members(s *shape.Shape, ms []*shape.Member, text []byte) []byte {
	for _, m := range ms {
		e := m.Entry
		if e != nil && e.Use == shape.Hidden {
			continue
		}
		text = append(record.AppendQuoted(text, m.Name), ':')
		switch {
		case m.Lines != nil:
			of := m.Rows
			if of == nil {
				lines := s.Type.Lines
				of = func(r record.Record) []record.Record { return lines.All(r) }
			}
			p.steps = append(p.steps, step{text: text, rows: newPlan(m.Lines), of: of})
			text = nil
		case e == nil:
			text = append(trim(p.members(s, m.Members, append(text, '{'))), '}')
		case e.Field.Constant && e.Extra == nil && e.Field != ownOrg && e.Field != ownName:
			text = writer{}.value(text, e, nil, nil)
		default:
			p.steps = append(p.steps, step{text: text, entry: e})
			text = nil
		}
		text = append(text, ',')
	}
	return text
}

// append writes rec as an object.
func (p *plan) append(b []byte, w writer, rec record.Record) []byte {
	return append(p.open(b, w, rec), '}')
}

// open is append without the bracket at the end.
func (p *plan) open(b []byte, w writer, rec record.Record) []byte {
	var extras shape.Extras
	read := false
	for i := range p.steps {
		s := &p.steps[i]
		b = append(b, s.text...)
		if s.rows != nil {
			b = append(b, '[')
			for j, row := range s.of(rec) {
				if j > 0 {
					b = append(b, ',')
				}
				b = s.rows.append(b, w, row)
			}
			b = append(b, ']')
			continue
		}
		if s.entry.Extra != nil && !read {
			extras, read = shape.ReadExtras(*s.entry.Field.At(rec).(*string)), true
		}
		b = w.value(b, s.entry, rec, extras)
	}
	return append(b, p.tail...)
}

// value writes what e shows of rec. Entry.Null is the JSON text for an empty value, where it is not the rule's: null,
// or twenty zeros for a reference (1.4).
func (w writer) value(b []byte, e *shape.Entry, rec record.Record, extras shape.Extras) []byte {
	switch {
	case e.Extra != nil:
		if x, ok := extras[e.Path]; ok {
			return append(b, x...)
		}
		return append(b, e.Extra.Default...)
	case e.Field == ownOrg:
		return append(append(append(b, '"'), w.org...), '"')
	case e.Field == ownName:
		return record.AppendQuoted(b, w.orgName)
	}
	switch p := e.Field.At(rec).(type) {
	case *string:
		if *p == "" {
			return append(b, orNull(e)...)
		}
		return record.AppendQuoted(b, *p)
	case *ids.ID:
		if p.IsNull() {
			if e.Null != "" {
				return append(b, e.Null...)
			}
			return append(append(append(b, '"'), ids.Null...), '"')
		}
		return append(append(append(b, '"'), *p...), '"')
	case *bool:
		return strconv.AppendBool(b, *p)
	case *int64:
		switch {
		case *p == 0 && e.Null != "":
			return append(b, e.Null...)
		case e.Field.Kind == record.Money:
			return money.AppendMinor(b, *p, 2)
		case e.IsTruth():
			return strconv.AppendBool(b, *p == e.Truth[1])
		case e.Field.Kind == record.Int:
			return strconv.AppendInt(b, *p, 10)
		}
		v := *p
		if other, ok := e.Show[v]; ok {
			v = other
		}
		return append(strconv.AppendInt(append(b, '"'), v, 10), '"')
	case *money.Decimal:
		if !p.IsSet() {
			return append(b, orNull(e)...)
		}
		return append(b, p.StringMin(e.Scale)...)
	case *civil.Date:
		if p.IsZero() {
			return append(b, orNull(e)...)
		}
		return append(append(append(b, '"'), p.String()...), '"')
	case *json.RawMessage:
		return append(b, *p...)
	case *clock.Instant:
		if p.IsZero() {
			return append(b, orNull(e)...)
		}
		return append(appendInstant(append(b, '"'), *p), '"')
	}
	return append(b, "null"...)
}

func orNull(e *shape.Entry) string {
	if e.Null != "" {
		return e.Null
	}
	return "null"
}

// orNone is null for an empty text, as every one of this generation is (1.4).
func orNone(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func appendInstant(b []byte, at clock.Instant) []byte {
	t := at.Time()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if year < 0 || year > 9999 {
		return t.AppendFormat(b, instantLayout)
	}
	b = append(b, '0'+byte(year/1000), '0'+byte(year/100%10))
	b = append(append(two(b, year%100), '-'), '0'+byte(month/10), '0'+byte(month%10), '-')
	b = append(two(append(two(append(two(append(two(b, day), 'T'), hour), ':'), minute), ':'), second), '.')
	ms := t.Nanosecond() / 1e6
	return append(two(append(b, '0'+byte(ms/100)), ms%100), "+0000"...)
}

// two appends a number below 100 with two digits.
func two(b []byte, n int) []byte { return append(b, '0'+byte(n/10), '0'+byte(n%10)) }

// appendAny writes the data of an answer.
func appendAny(b []byte, data any) ([]byte, error) {
	switch d := data.(type) {
	case raw:
		return append(b, d...), nil
	case nil:
		return append(b, "{}"...), nil
	}
	text, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("write the answer: %w", err)
	}
	return append(b, text...), nil
}
