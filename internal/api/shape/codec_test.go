package shape_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/xmldoc"
)

// generation is all by which the values of one wire differ from another's. Nothing here knows a type of record.
type generation struct {
	entity  bool              // objects begin with the name of their entity
	null    map[string]string // what stands for an empty reference ("ref") and an empty value ("other"); "" leaves it out
	words   bool              // enums are words, else numbers
	trims   bool              // outer blanks of texts go
	truth   [2]string         // false and true
	date    string            // layouts
	instant string
}

var (
	xmlWire = generation{trims: true, truth: [2]string{"0", "1"}, date: "01/02/06", instant: "01/02/06 03:04 PM"}
	// api-v2 1.4
	jsonWire = generation{entity: true, null: map[string]string{"ref": null, "other": "null"}, truth: [2]string{"false", "true"},
		date: time.DateOnly, instant: "2006-01-02T15:04:05.000+0000"}
	// api-v3 1.3 and 5.0
	restWire = generation{words: true, trims: true, truth: [2]string{"false", "true"}, date: time.DateOnly, instant: "2006-01-02T15:04:05.000+00:00"}
)

type lookup func(*record.Type, ids.ID) record.Record

// show gives the value of e in rec; ok is false where it is left out, quoted says how JSON has it.
func (g generation) show(e *shape.Entry, rec record.Record, look lookup) (text string, quoted, ok bool) {
	empty := func(rule string) (string, bool, bool) {
		text := cmp.Or(e.Null, g.null[rule])
		return text, text != "null", text != ""
	}
	if rec = e.Holder(rec, look); rec == nil {
		return empty("other")
	}
	switch p := e.Field.At(rec).(type) {
	case *string:
		if *p == "" {
			return empty("other")
		}
		return *p, true, true
	case *ids.ID:
		if p.IsNull() {
			return empty("ref")
		}
		return string(*p), true, true
	case *bool:
		return g.bool(*p), false, true
	case *int64:
		switch {
		case *p == 0 && e.Null != "":
			return empty("other")
		case e.Field.Kind == record.Money:
			return money.FormatMinor(*p, 2), false, true
		case e.IsTruth():
			return g.bool(*p == e.Truth[1]), false, true
		case e.Field.Kind == record.Enum && g.words:
			word := e.Field.Words[*p]
			return word, true, word != ""
		}
		n, ok := e.Show[*p]
		if !ok {
			n = *p
		}
		return strconv.FormatInt(n, 10), e.Field.Kind == record.Enum, true
	case *money.Decimal:
		if !p.IsSet() {
			return empty("other")
		}
		return p.StringMin(e.Scale), false, true
	case *civil.Date:
		if p.IsZero() {
			return empty("other")
		}
		return p.At(0, 0, time.UTC).Format(g.date), true, true
	case *clock.Instant:
		if p.IsZero() {
			return empty("other")
		}
		return p.Time().Format(g.instant), true, true
	}
	panic("unknown kind of " + e.Path)
}

func (g generation) bool(b bool) string {
	if b {
		return g.truth[1]
	}
	return g.truth[0]
}

var errValue = errors.New("is no value")

// take reads text into e of rec; "" is no value.
func (g generation) take(e *shape.Entry, text string, rec record.Record) (err error) {
	switch p := e.Field.At(rec).(type) {
	case *string:
		if g.trims && !e.Exact {
			text = strings.TrimSpace(text)
		}
		if n := utf8.RuneCountInString(text); n > e.Field.Max || e.Max > 0 && n > e.Max {
			return errValue
		}
		*p = text
	case *ids.ID:
		if text != "" && !ids.Valid(text) {
			return errValue
		}
		if *p = ids.ID(text); p.IsNull() {
			*p = ""
		}
	case *bool:
		*p, err = strconv.ParseBool(cmp.Or(text, "0"))
	case *int64:
		return g.number(e, text, p)
	case *money.Decimal:
		if *p = (money.Decimal{}); text != "" {
			*p, err = money.ParseDecimal(text, money.Fraction)
		}
	case *civil.Date:
		var t time.Time
		if *p = (civil.Date{}); text != "" {
			if t, err = time.Parse(g.date, text); err == nil {
				*p = civil.Of(t, time.UTC)
			}
		}
	case *clock.Instant:
		var t time.Time
		if *p = 0; text != "" {
			t, err = time.Parse(g.instant, text)
			*p = clock.FromTime(t)
		}
	}
	return err
}

func (g generation) number(e *shape.Entry, text string, p *int64) (err error) {
	switch {
	case text == "":
		*p = 0
	case e.Field.Kind == record.Money:
		*p, err = money.ParseMinor(text, 2)
	case e.IsTruth():
		i := slices.Index(g.truth[:], text)
		if i < 0 {
			return errValue
		}
		*p = e.Truth[i]
	case e.Field.Kind == record.Enum && g.words:
		for n, word := range e.Field.Words {
			if word == text {
				*p = n
				return nil
			}
		}
		return errValue
	default:
		*p, err = strconv.ParseInt(text, 10, 64)
		if _, known := e.Field.Words[*p]; !known && e.Field.Words != nil {
			return errValue
		}
	}
	return err
}

// object writes the members of m as a JSON object.
func (g generation) object(b []byte, s *shape.Shape, m *shape.Member, rec record.Record, look lookup) []byte {
	b = append(b, '{')
	if g.entity && m == &s.Root {
		b = append(record.AppendQuoted(append(b, `"entity":`...), s.Name), ',')
	}
	for _, c := range m.Members {
		start := len(b)
		b = append(record.AppendQuoted(b, c.Name), ':')
		shown := true
		switch {
		case c.Lines != nil:
			b = append(b, '[')
			for _, l := range s.Type.Lines.All(rec) {
				b = append(g.object(b, c.Lines, &c.Lines.Root, l, look), ',')
			}
			b = append(bytes.TrimSuffix(b, []byte{','}), ']')
		case c.Entry == nil:
			inner := len(b)
			b = g.object(b, s, c, rec, look)
			shown = string(b[inner:]) != "{}"
		default:
			var text string
			var quoted bool
			if text, quoted, shown = g.show(c.Entry, rec, look); quoted {
				b = record.AppendQuoted(b, text)
			} else {
				b = append(b, text...)
			}
		}
		if b = append(b, ','); !shown || c.Entry != nil && c.Entry.Use == shape.Hidden {
			b = b[:start]
		}
	}
	return append(bytes.TrimSuffix(b, []byte{','}), '}')
}

// element writes rec as XML.
func (g generation) element(w *xmldoc.Writer, s *shape.Shape, rec record.Record) {
	w.Start(s.Name)
	for _, m := range s.Root.Members {
		if m.Lines != nil {
			lines := s.Type.Lines.All(rec)
			if len(lines) == 0 {
				continue // api-v1 2.7
			}
			w.Start(m.Name)
			for _, l := range lines {
				g.element(w, m.Lines, l)
			}
			w.End(m.Name)
		} else if text, _, ok := g.show(m.Entry, rec, nil); ok && m.Entry.Use != shape.Hidden {
			w.Text(m.Name, text)
		}
	}
	w.End(s.Name)
}

// write gives rec on this wire, laid out for a reader.
func (g generation) write(s *shape.Shape, rec record.Record, look lookup) string {
	if g.date == xmlWire.date {
		w := xmldoc.NewWriter(nil)
		g.element(w, s, rec)
		return strings.ReplaceAll(string(w.Bytes()), "><", ">\n<") + "\n"
	}
	var b bytes.Buffer
	if err := json.Indent(&b, g.object(nil, s, &s.Root, rec, look), "", "  "); err != nil {
		panic(err)
	}
	return b.String() + "\n"
}

// reader reads one record; everything takes what is read-only too, as an import of one's own export would.
type reader struct {
	generation
	everything bool
	seen       map[*shape.Entry]bool
}

// read makes a new record of what stands in wire. Its error names the paths that are missing or hold no value.
func (g generation) read(s *shape.Shape, wire string, everything bool) (record.Record, error) {
	var tree map[string]any
	if g.date == xmlWire.date {
		doc, err := xmldoc.Parse(strings.NewReader(wire), xmldoc.Options{})
		if err != nil {
			return nil, err
		}
		tree = treeOf(s, doc.Root)
	} else {
		d := json.NewDecoder(strings.NewReader(wire))
		d.UseNumber()
		if err := d.Decode(&tree); err != nil {
			return nil, err
		}
	}
	rec := s.Type.New()
	return rec, g.record(s, tree, rec, everything)
}

// treeOf gives an element as JSON would have it.
func treeOf(s *shape.Shape, n *xmldoc.Node) map[string]any {
	tree := map[string]any{}
	for c := range n.Children() {
		if m := s.Root.Find(c.Name); m == nil || m.Lines == nil {
			tree[c.Name] = c.Text
			continue
		}
		list := []any{}
		for l := range c.Children() {
			list = append(list, treeOf(s.Lines, l))
		}
		tree[c.Name] = list
	}
	return tree
}

func (g generation) record(s *shape.Shape, tree map[string]any, rec record.Record, everything bool) error {
	r := reader{g, everything, map[*shape.Entry]bool{}}
	if err := errors.Join(r.members(s, &s.Root, tree, rec, false), r.members(s, &s.Root, tree, rec, true)); err != nil {
		return err
	}
	var missing error
	for i := range s.Entries {
		if e := &s.Entries[i]; e.Use == shape.Required && !r.seen[e] {
			missing = errors.Join(missing, errors.New(e.Path+" is missing"))
		}
	}
	return missing
}

// members reads what stands in tree, aliases alone or all but them.
func (r reader) members(s *shape.Shape, m *shape.Member, tree map[string]any, rec record.Record, aliases bool) error {
	var wrong error
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		c := m.Find(name)
		switch v := tree[name].(type) {
		case map[string]any:
			if c != nil && c.Entry == nil && c.Lines == nil {
				wrong = errors.Join(wrong, r.members(s, c, v, rec, aliases))
			}
		case []any:
			for _, row := range v {
				if c != nil && c.Lines != nil && !aliases {
					line := c.Lines.Type.New()
					wrong = errors.Join(wrong, r.record(c.Lines, row.(map[string]any), line, r.everything))
					s.Type.Lines.Add(rec, line)
				}
			}
		default:
			if c == nil || c.Entry == nil || c.Alias != aliases || r.seen[c.Entry] || c.Entry.Via != nil ||
				c.Entry.Use == shape.ReadOnly && !r.everything {
				continue
			}
			text := ""
			if v != nil {
				text = fmt.Sprint(v)
			}
			if err := r.take(c.Entry, text, rec); err != nil {
				wrong = errors.Join(wrong, fmt.Errorf("%s: %w", c.Entry.Path, err))
			}
			r.seen[c.Entry] = text != ""
		}
	}
	return wrong
}
