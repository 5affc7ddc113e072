package xmlv1

import (
	"errors"
	"slices"
	"strconv"
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
	var seen [64]bool
	for child := range n.Children() {
		if s.Lines != nil && child.Name == s.List {
			if creating {
				c.lines(s, child, rec, f)
			}
			continue
		}
		e := s.Entry(child.Name)
		if e == nil || e.Use == shape.ReadOnly {
			continue
		}
		i := slices.IndexFunc(s.Entries, func(x shape.Entry) bool { return x.Path == e.Path })
		if seen[i] {
			if e.Path == child.Name {
				add(&f.value, e.Path)
			}
			continue
		}
		seen[i] = child.Text != "" || !creating
		c.field(e, child.Text, rec, creating, f)
	}
	for i := range s.Entries {
		e := &s.Entries[i]
		if e.Use == shape.Required && (creating && !seen[i]) {
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

func (c codec) field(e *shape.Entry, text string, rec record.Record, creating bool, f *findings) {
	if !creating {
		if shown, _ := c.append(nil, e, rec); string(shown) == text {
			return
		}
		if text == "" && e.Use == shape.Required {
			add(&f.missing, e.Path)
			return
		}
	} else if text == "" {
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
		v, ok := parseBool(text)
		if !ok && text != "" {
			add(&f.value, e.Path)
			return
		}
		*p = v
	case *int64:
		if e.Field.Kind == record.Money {
			c.money(e, text, p, f)
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
