package xmlv1

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/xmldoc"
)

// Limits of a filter (G-6, G-11).
const (
	maxExpressions = 50
	maxMembers     = 1000
	maxAhead       = 10 * time.Minute
)

func badFilter(format string, args ...any) error {
	return problem.ErrFilter.With(fmt.Sprintf(format, args...))
}

// expression is one condition as sent.
type expression struct{ field, op, value string }

// readFilter reads the expressions of a filter; it does not yet know the object's fields.
func readFilter(n *xmldoc.Node) ([]expression, error) {
	var out []expression
	for f := range n.Children() {
		if f.Name != "filter" {
			continue
		}
		for e := range f.Children() {
			if e.Name != "expression" {
				continue
			}
			x := expression{}
			for _, part := range []struct {
				name string
				to   *string
			}{{"field", &x.field}, {"operator", &x.op}, {"value", &x.value}} {
				c := e.Child(part.name)
				if c == nil {
					return nil, badFilter("%s is missing", part.name)
				}
				*part.to = c.Text
			}
			if err := repeated(e, "field", "operator", "value"); err != nil {
				return nil, badFilter("%s is repeated", strings.Join(fault.From(err).Fields, ", "))
			}
			out = append(out, x)
		}
	}
	if len(out) > maxExpressions {
		return nil, badFilter("more than %d expressions", maxExpressions)
	}
	return out, nil
}

var operators = map[string]record.Op{"=": record.Eq, "!=": record.Ne, "<": record.Lt, "<=": record.Le, ">": record.Gt,
	">=": record.Ge, "IN": record.In}

// filters turns the expressions into conditions on s. now is the server's time. polls reports that the answer is
// one that a client polls by.
func (c codec) filters(s *shape.Shape, xs []expression) (out []record.Filter, polls bool, err error) {
	for _, x := range xs {
		e, line := s.Entry(x.field), false
		if e == nil || e.Path != x.field {
			e = nil
			for i := range s.Also {
				if s.Also[i].Path == x.field {
					e, line = &s.Also[i], true
				}
			}
		}
		switch {
		case x.field == "":
			return nil, false, badFilter("field is missing")
		case e == nil:
			return nil, false, badFilter("unknown field %s", x.field)
		case !e.Filter && !line:
			return nil, false, badFilter("%s cannot be filtered by", x.field)
		}
		op, ok := operators[strings.ToUpper(x.op)]
		if !ok {
			return nil, false, badFilter("unknown operator %s", x.op)
		}
		parts := []string{x.value}
		if op == record.In {
			parts = strings.Split(x.value, ",")
			if x.value == "" || len(parts) > maxMembers {
				return nil, false, badFilter("IN takes 1 to %d values", maxMembers)
			}
		}
		f := record.Filter{Field: e.Field, Op: op, Line: line}
		for _, p := range parts {
			if f.Values, err = c.value(e, op, strings.TrimSpace(p), f.Values); err != nil {
				return nil, false, err
			}
		}
		polls = polls || e.Field.Name == "updatedTime"
		out = append(out, f)
	}
	return out, polls, nil
}

// value adds what p means for a comparison with e: a reference or text as it is, a number, or for instants the
// range of the second or minute that p names where equality is asked for (G-10).
func (c codec) value(e *shape.Entry, op record.Op, p string, vs []any) ([]any, error) {
	bad := func() ([]any, error) { return nil, badFilter("%s is not a value for %s", strconv.Quote(p), e.Path) }
	switch e.Field.Kind {
	case record.Ref:
		if p == "" || ids.ID(p) == ids.Null {
			if op == record.Eq || op == record.Ne {
				return append(vs, ""), nil
			}
			return bad()
		}
		if !wellFormedID(p) {
			return bad()
		}
		return append(vs, p), nil
	case record.Text:
		if p == string(ids.Null) {
			p = "" // the same as none for the texts that serve as ids (G-7)
		}
		if p == "" && op != record.Eq && op != record.Ne {
			return bad()
		}
		return append(vs, p), nil
	case record.Bool:
		v, ok := parseBool(p)
		if !ok {
			return bad()
		}
		n := int64(0)
		if v {
			n = 1
		}
		return append(vs, n), nil
	case record.Enum, record.Int:
		n := digits(p, 1, 9)
		if n < 0 {
			return bad()
		}
		return append(vs, int64(n)), nil
	case record.Date:
		m, ok := parseMoment(p, c.zone, c.today)
		if !ok {
			return bad()
		}
		return append(vs, m.date.String()), nil
	case record.Instant:
		m, ok := parseMoment(p, c.zone, c.today)
		if !ok {
			return bad()
		}
		vs = append(vs, int64(clock.FromTime(m.at)))
		if op == record.Eq || op == record.Ne || op == record.In {
			vs = append(vs, int64(clock.FromTime(m.at.Add(m.unit))))
		}
		return vs, nil
	}
	return bad()
}

// checkAhead refuses a filter on updatedTime that lies so far ahead of the server that changes would be lost
// (SYN-5, G-11).
func checkAhead(fs []record.Filter, now time.Time) error {
	limit := int64(clock.FromTime(now.Add(maxAhead)))
	for _, f := range fs {
		if f.Field.Name == "updatedTime" && (f.Op == record.Gt || f.Op == record.Ge) && f.Values[0].(int64) > limit {
			return badFilter("updatedTime is in the future")
		}
	}
	return nil
}

// widen turns a filter on an enum that shows some of its numbers as others into one on the numbers stored.
func widen(s *shape.Shape, fs []record.Filter) []record.Filter {
	for i, f := range fs {
		var e *shape.Entry
		for j := range s.Entries {
			if s.Entries[j].Field == f.Field {
				e = &s.Entries[j]
			}
		}
		if f.Line || e == nil || len(e.Show) == 0 {
			continue
		}
		vs := []any{int64(-1)} // so that the list is never empty
		for stored := range f.Field.Words {
			shown := stored
			if other, ok := e.Show[stored]; ok {
				shown = other
			}
			if matches(f.Op, shown, f.Values) {
				vs = append(vs, stored)
			}
		}
		fs[i] = record.Filter{Field: f.Field, Op: record.In, Values: vs}
	}
	return fs
}

// matches reports whether n stands in the relation op to the values.
func matches(op record.Op, n int64, values []any) bool {
	v := values[0].(int64)
	switch op {
	case record.Eq:
		return n == v
	case record.Ne:
		return n != v
	case record.Lt:
		return n < v
	case record.Le:
		return n <= v
	case record.Gt:
		return n > v
	case record.Ge:
		return n >= v
	}
	return slices.Contains(values, any(n))
}

// list writes every record of s that matches into out.
func (c codec) list(tx *db.Tx, s *shape.Shape, fs []record.Filter, out *spool) error {
	if err := checkAhead(fs, tx.Now()); err != nil {
		return err
	}
	w := xmldoc.NewWriter(nil)
	err := s.Type.List(tx, record.Query{Filters: fs, Only: s.Fields(), OnlyLines: s.Lines.Fields()}, func(rec record.Record) error {
		c.write(w, s, rec)
		if len(w.Bytes()) > 64<<10 {
			if _, err := out.Write(w.Bytes()); err != nil {
				return err
			}
			w.Reset()
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = out.Write(w.Bytes())
	return err
}
