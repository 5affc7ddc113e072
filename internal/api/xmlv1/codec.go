package xmlv1

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/xmldoc"
)

// codec reads and writes values as one version of the wire has them.
type codec struct {
	zone  *time.Location
	today civil.Date // for years of two digits
}

// maxMoney is the largest amount the wire takes, in minor units (api-v1 2.5).
const maxMoney = 99_999_999_999

// findings collects what is wrong with a record's fields; the first kind that occurs is reported, with all fields
// (api-v1 3.3).
type findings struct {
	missing, tooLong, format, value []string
}

func add(list *[]string, name string) {
	if !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

func (f *findings) err() error {
	switch {
	case len(f.missing) > 0:
		return fault.ErrMissing.On(f.missing...)
	case len(f.tooLong) > 0:
		return fault.ErrTooLong.On(f.tooLong...)
	case len(f.format) > 0:
		return fault.ErrFormat.On(f.format...)
	case len(f.value) > 0:
		return fault.ErrValue.On(f.value...)
	}
	return nil
}

// create reads a new record of shape s from n.
func (c codec) create(s *shape.Shape, n *xmldoc.Node) (record.Record, error) {
	rec := s.Type.New()
	var f findings
	c.into(s, n, rec, true, &f)
	return rec, f.err()
}

// update reads the fields present in n into rec. A value equal to the one shown is left as stored, so that a record
// read can always be posted back.
func (c codec) update(s *shape.Shape, n *xmldoc.Node, rec record.Record) error {
	var f findings
	c.into(s, n, rec, false, &f)
	return f.err()
}

func (c codec) into(s *shape.Shape, n *xmldoc.Node, rec record.Record, creating bool, f *findings) {
	var seen, given [64]bool
	listed := false
	for child := range n.Children() {
		if s.Lines != nil && child.Name == s.List {
			if listed {
				add(&f.value, s.List)
			} else if creating {
				c.lines(s, child, rec, f)
			}
			listed = true
			continue
		}
		e := s.Entry(child.Name)
		if e == nil || e.Use == shape.ReadOnly || child.Name != e.Path && n.Child(e.Path) != nil {
			continue // an alias counts only where the field's own name is absent
		}
		i := slices.IndexFunc(s.Entries, func(x shape.Entry) bool { return x.Path == e.Path })
		given[i] = given[i] || !isNone(e, child.Text)
		if seen[i] {
			add(&f.value, e.Path) // V-7
			continue
		}
		seen[i] = true
		c.field(s, e, child.Text, rec, creating, f)
	}
	for i := range s.Entries {
		e := &s.Entries[i]
		if e.Use == shape.Required && creating && !given[i] {
			add(&f.missing, e.Path)
		}
	}
}

func (c codec) lines(s *shape.Shape, n *xmldoc.Node, rec record.Record, f *findings) {
	for child := range n.Children() {
		if child.Name != s.Lines.Name {
			continue
		}
		line := s.Lines.Type.New()
		c.into(s.Lines, child, line, true, f)
		s.Type.Lines.Add(rec, line)
	}
}

// isNone reports whether text stands for no value: nothing, or for an id twenty zeros (2.6).
func isNone(e *shape.Entry, text string) bool {
	return text == "" || e.Field.Kind == record.Ref && ids.ID(text).IsNull()
}

// field reads one value into rec. On an update an empty element clears the field, which for a flag or an enum means
// the value a new record has (V-6).
func (c codec) field(s *shape.Shape, e *shape.Entry, text string, rec record.Record, creating bool, f *findings) {
	switch {
	case text == "" && creating:
		return
	case isNone(e, text) && e.Use == shape.Required:
		add(&f.missing, e.Path)
		return
	case !creating && c.shows(e, rec, text):
		return
	}
	switch p := e.Field.At(rec).(type) {
	case *string:
		if longer(text, e.Max) || longer(text, e.Field.Max) {
			add(&f.tooLong, e.Path)
			return
		}
		*p = text
	case *ids.ID:
		if text == "" {
			*p = ""
			return
		}
		if !wellFormedID(text) {
			add(&f.format, e.Path)
			return
		}
		if *p = ids.ID(text); p.IsNull() {
			*p = ""
		}
	case *bool:
		if text == "" {
			*p = *e.Field.At(s.Type.New()).(*bool)
			return
		}
		v, ok := parseBool(text)
		if !ok {
			add(&f.value, e.Path)
			return
		}
		*p = v
	case *int64:
		if e.Field.Kind == record.Money {
			c.money(e, text, p, f)
			return
		}
		if text == "" {
			*p = *e.Field.At(s.Type.New()).(*int64)
			return
		}
		if e.IsTruth() {
			v, ok := parseBool(text)
			if !ok {
				add(&f.value, e.Path)
				return
			}
			*p = e.Truth[0]
			if v {
				*p = e.Truth[1]
			}
			return
		}
		v := int64(digits(text, 1, 4))
		if _, ok := e.Field.Words[v]; !ok {
			add(&f.value, e.Path)
			return
		}
		*p = v
	case *money.Decimal:
		if text == "" {
			*p = money.Decimal{}
			return
		}
		v, err := money.ParseDecimal(text, 6)
		if errors.Is(err, money.ErrOverflow) {
			add(&f.tooLong, e.Path)
			return
		}
		if err != nil {
			add(&f.value, e.Path)
			return
		}
		*p = v
	case *civil.Date:
		if text == "" {
			*p = civil.Date{}
			return
		}
		v, ok := parseDate(text, c.today)
		if !ok {
			add(&f.format, e.Path)
			return
		}
		*p = v
	case *clock.Instant:
		if text == "" {
			*p = 0
			return
		}
		v, ok := parseMoment(text, c.zone, c.today)
		if !ok {
			add(&f.format, e.Path)
			return
		}
		*p = clock.FromTime(v.at)
	}
}

// shows reports whether rec shows text as the value of e: as written, or as it reads back after characters that XML
// cannot carry and outer white space are gone.
func (c codec) shows(e *shape.Entry, rec record.Record, text string) bool {
	if p, ok := e.Field.At(rec).(*string); ok {
		return *p == text || readable(*p) == text
	}
	shown, _ := c.append(nil, e, rec)
	return string(shown) == text
}

// readable is a text as a client gets and may send it back (T-18, V-5).
func readable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Trim(s, " \t\r\n")
}

func (c codec) money(e *shape.Entry, text string, p *int64, f *findings) {
	if text == "" {
		*p = 0
		return
	}
	v, err := money.ParseMinor(text, 2)
	switch {
	case errors.Is(err, money.ErrOverflow), err == nil && (v > maxMoney || v < -maxMoney):
		add(&f.tooLong, e.Path)
	case err != nil:
		add(&f.value, e.Path)
	default:
		*p = v
	}
}

// append writes the value of e in rec as it is shown; shown is false when it is left out (api-v1 2.7).
func (c codec) append(b []byte, e *shape.Entry, rec any) (_ []byte, shown bool) {
	switch p := e.Field.At(rec).(type) {
	case *string:
		return append(b, *p...), *p != ""
	case *ids.ID:
		if p.IsNull() {
			return append(b, e.Null...), e.Null != ""
		}
		return append(b, *p...), true
	case *bool:
		if *p {
			return append(b, '1'), true
		}
		return append(b, '0'), true
	case *int64:
		if e.Field.Kind == record.Money {
			return money.AppendMinor(b, *p, 2), true
		}
		if e.IsTruth() {
			if *p == e.Truth[1] {
				return append(b, '1'), true
			}
			return append(b, '0'), true
		}
		v := *p
		if other, ok := e.Show[v]; ok {
			v = other
		}
		return strconv.AppendInt(b, v, 10), true
	case *money.Decimal:
		if !p.IsSet() {
			return b, false
		}
		return append(b, p.StringMin(e.Scale)...), true
	case *civil.Date:
		if p.IsZero() {
			return b, false
		}
		return appendDate(b, *p), true
	case *clock.Instant:
		if p.IsZero() {
			return b, false
		}
		return appendMoment(b, p.Time(), c.zone), true
	}
	return b, false
}

// write writes rec as an element of shape s.
func (c codec) write(w *xmldoc.Writer, s *shape.Shape, rec record.Record) {
	w.Start(s.Name)
	var scratch [64]byte
	for i := range s.Entries {
		e := &s.Entries[i]
		if e.Use == shape.Hidden {
			continue
		}
		if p, ok := e.Field.At(rec).(*string); ok {
			if *p != "" {
				w.Text(e.Path, *p)
			}
			continue
		}
		if v, shown := c.append(scratch[:0], e, rec); shown {
			w.Start(e.Path)
			w.Plain(v)
			w.End(e.Path)
		}
	}
	if s.Lines != nil {
		if lines := s.Type.Lines.All(rec); len(lines) > 0 {
			w.Start(s.List)
			for _, l := range lines {
				c.write(w, s.Lines, l)
			}
			w.End(s.List)
		}
	}
	w.End(s.Name)
}
