package jsonv2

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/jsondoc"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
)

// reader reads an object of a client into a record (1.4, 4.1).
type reader struct {
	creating bool // else the fields present change a stored record
	strict   bool // an unknown member is refused (4.1.10)
	found    *findings
}

// silent are members that are never unknown: what other generations call their own, and all of 3.
func silent(name string) bool {
	switch name {
	case "entity", "externalId", "integrationId", "lastSyncTime", "allowExport", "audit":
		return true
	}
	return strings.HasPrefix(name, "cdFieldId")
}

// object reads obj, which is to be a record of shape s.
func (r *reader) object(s *shape.Shape, obj *jsondoc.Value, rec record.Record) {
	if v := obj.Get("entity"); !v.IsNone() && !sameEntity(v, s.Name) {
		r.found.mismatch = true
		return
	}
	var extras shape.Extras
	for i := range obj.Members {
		m := &obj.Members[i]
		if obj.Get(m.Name) != &m.Value {
			continue // the last of a name counts
		}
		c := s.Root.Find(m.Name)
		switch {
		case c == nil:
			if r.strict && !silent(m.Name) {
				add(&r.found.unknown, shorten(m.Name))
			}
		case c.Alias && obj.Get(c.Entry.Path) != nil: // an alias counts only where the field's own name is absent
		case c.Entry != nil && c.Entry.Extra != nil:
			r.extra(c.Entry, &m.Value, rec, &extras)
		case c.Entry != nil:
			if c.Entry.Use != shape.ReadOnly && c.Entry.Via == nil {
				r.field(s, c.Entry, &m.Value, rec)
			}
		case c.Lines != nil && c.Rows == nil:
			r.lines(s, c, &m.Value, rec)
		}
	}
	if r.creating {
		for _, e := range s.Entries {
			if e.Use == shape.Required && !given(&e, obj) {
				add(&r.found.missing, e.Path)
			}
		}
	}
}

// sameEntity compares an entity's name. In nested objects the case of the first letter does not matter (4.1.8); no
// entity is told from another by it, so it does not matter anywhere.
func sameEntity(v *jsondoc.Value, name string) bool {
	t := v.Text
	return v.Kind == jsondoc.String && t != "" && strings.ToUpper(t[:1])+t[1:] == name
}

// given reports whether obj brings a value for e, under its own name or another.
func given(e *shape.Entry, obj *jsondoc.Value) bool {
	if !isNone(e, obj.Get(e.Path)) {
		return true
	}
	for _, a := range e.Aliases {
		if !isNone(e, obj.Get(a)) {
			return true
		}
	}
	return false
}

// isNone reports whether v stands for no value: absent, null, "", and for an id twenty zeros.
func isNone(e *shape.Entry, v *jsondoc.Value) bool {
	return v.IsNone() || e.Field.Kind == record.Ref && v.Kind == jsondoc.String && ids.ID(v.Text).IsNull()
}

// lines reads the list of lines: on a change it is the complete new set, in which those with a known id are changed.
func (r *reader) lines(s *shape.Shape, c *shape.Member, v *jsondoc.Value, rec record.Record) {
	if v.Kind == jsondoc.Null || v.IsNone() {
		return
	}
	if v.Kind != jsondoc.List {
		add(&r.found.types, c.Name)
		add(&r.found.noLists, c.Name)
		return
	}
	lines := s.Type.Lines
	old := map[ids.ID]record.Record{}
	for _, l := range lines.All(rec) {
		old[l.Head().ID] = l
	}
	lines.Clear(rec)
	for i := range v.Items {
		item := &v.Items[i]
		if item.Kind != jsondoc.Object {
			add(&r.found.types, c.Name)
			add(&r.found.noLists, c.Name)
			return
		}
		in := reader{creating: true, found: r.found}
		line := c.Lines.Type.New()
		if id := item.Get("id"); !r.creating && id != nil && id.Kind == jsondoc.String && !ids.ID(id.Text).IsNull() {
			known := old[ids.ID(id.Text)]
			if known == nil {
				r.found.badID("id", shorten(id.Text))
				continue
			}
			delete(old, ids.ID(id.Text))
			in.creating, line = false, known
		}
		in.object(c.Lines, item, line)
		lines.Add(rec, line)
	}
}

// field reads one value into rec. Clearing a field gives it the value of a new record.
func (r *reader) field(s *shape.Shape, e *shape.Entry, v *jsondoc.Value, rec record.Record) {
	if isNone(e, v) {
		switch {
		case r.creating: // stays as new; what is required is named elsewhere
		case e.Use == shape.Required:
			add(&r.found.missing, e.Path)
		default:
			reset(e.Field, rec, s.Type.New())
		}
		return
	}
	wrong := func() { add(&r.found.types, e.Path) }
	switch p := e.Field.At(rec).(type) {
	case *string:
		switch {
		case v.Kind != jsondoc.String || hasNull(v.Text):
			wrong()
		case v.Text == *p: // a value read can be sent back, however long another generation made it
		case longer(v.Text, e.Max) || longer(v.Text, e.Field.Max):
			add(&r.found.tooLong, e.Path)
		default:
			*p = v.Text
		}
	case *ids.ID:
		switch {
		case v.Kind != jsondoc.String:
			wrong()
		case !ids.Valid(v.Text):
			r.found.badID(e.Path, shorten(v.Text))
		default:
			*p = ids.ID(v.Text)
		}
	case *bool:
		if b, ok := parseBool(v); ok {
			*p = b
		} else {
			wrong()
		}
	case *int64:
		r.number(e, v, p)
	case *money.Decimal:
		d, large, ok := parseDecimal(v)
		switch {
		case !ok:
			wrong()
		case large:
			add(&r.found.tooLong, e.Path)
		default:
			*p = d
		}
	case *civil.Date:
		if d, ok := parseDate(v.Text); ok && v.Kind == jsondoc.String {
			*p = d
		} else {
			wrong()
		}
	case *clock.Instant:
		if at, _, ok := parseInstant(v.Text); ok && v.Kind == jsondoc.String {
			*p = at
		} else {
			wrong()
		}
	}
}

func (r *reader) number(e *shape.Entry, v *jsondoc.Value, p *int64) {
	if e.IsTruth() {
		if b, ok := parseBool(v); !ok {
			add(&r.found.types, e.Path)
		} else if *p = e.Truth[0]; b {
			*p = e.Truth[1]
		}
		return
	}
	if e.Field.Kind == record.Money {
		m, large, ok := parseMoney(v)
		switch {
		case !ok:
			add(&r.found.types, e.Path)
		case large:
			add(&r.found.tooLong, e.Path)
		default:
			*p = m
		}
		return
	}
	n, ok := parseInt(v)
	if !ok {
		add(&r.found.types, e.Path)
		return
	}
	if e.Field.Kind == record.Enum {
		stored, known := storedEnum(e, n)
		if !known {
			r.found.choices, r.found.choiceTexts = append(r.found.choices, e.Path), append(r.found.choiceTexts, shorten(v.Text))
			return
		}
		n = stored
	} else if n > 1e9 || n < -1e9 {
		add(&r.found.tooLong, e.Path)
		return
	}
	*p = n
}

// storedEnum gives the number that is stored for one on the wire.
func storedEnum(e *shape.Entry, n int64) (int64, bool) {
	for stored, shown := range e.Show {
		if shown == n {
			return stored, true
		}
	}
	if _, known := e.Field.Words[n]; !known {
		return 0, false
	}
	_, hidden := e.Show[n] // that number is shown as another
	return n, !hidden
}

// extra keeps a member without behaviour, if it has the type it should have and differs from the default.
func (r *reader) extra(e *shape.Entry, v *jsondoc.Value, rec record.Record, all *shape.Extras) {
	at := e.Field.At(rec).(*string)
	if *all == nil {
		*all = shape.ReadExtras(*at)
	}
	var text string
	if isNone(e, v) {
		text = e.Extra.Default
	} else {
		var ok bool
		if text, ok = extraText(e.Extra.Kind, v); !ok {
			add(&r.found.types, e.Path)
			return
		}
		if len(text) > 4002 {
			add(&r.found.tooLong, e.Path)
			return
		}
	}
	if text == e.Extra.Default {
		delete(*all, e.Path)
	} else {
		if *all == nil {
			*all = shape.Extras{}
		}
		(*all)[e.Path] = json.RawMessage(text)
	}
	*at = all.Text()
}

// extraText gives a sent value as it is written back.
func extraText(k record.Kind, v *jsondoc.Value) (string, bool) {
	switch k {
	case record.Bool:
		b, ok := parseBool(v)
		return strconv.FormatBool(b), ok
	case record.Enum:
		n, ok := parseInt(v)
		return `"` + strconv.FormatInt(n, 10) + `"`, ok
	case record.Int:
		n, ok := parseInt(v)
		return strconv.FormatInt(n, 10), ok
	case record.Money:
		m, large, ok := parseMoney(v)
		return money.FormatMinor(m, 2), ok && !large
	case record.Quantity:
		d, large, ok := parseDecimal(v)
		return d.String(), ok && !large
	case record.Date:
		d, ok := parseDate(v.Text)
		return `"` + d.String() + `"`, ok && v.Kind == jsondoc.String
	case record.Instant:
		at, _, ok := parseInstant(v.Text)
		return `"` + at.Time().Format(instantLayout) + `"`, ok && v.Kind == jsondoc.String
	case record.Ref:
		return `"` + v.Text + `"`, v.Kind == jsondoc.String && ids.Valid(v.Text)
	}
	return string(record.AppendQuoted(nil, v.Text)), v.Kind == jsondoc.String && !hasNull(v.Text)
}

// reset gives f in rec the value it has in fresh.
func reset(f *record.Field, rec, fresh record.Record) {
	switch p := f.At(rec).(type) {
	case *string:
		*p = *f.At(fresh).(*string)
	case *ids.ID:
		*p = *f.At(fresh).(*ids.ID)
	case *bool:
		*p = *f.At(fresh).(*bool)
	case *int64:
		*p = *f.At(fresh).(*int64)
	case *money.Decimal:
		*p = *f.At(fresh).(*money.Decimal)
	case *civil.Date:
		*p = *f.At(fresh).(*civil.Date)
	case *clock.Instant:
		*p = *f.At(fresh).(*clock.Instant)
	}
}

// longer reports whether s has more than max characters.
func longer(s string, max int) bool {
	return max > 0 && len(s) > max && utf8.RuneCountInString(s) > max
}

// hasNull reports whether s holds the character that no database keeps in a text.
func hasNull(s string) bool { return strings.IndexByte(s, 0) >= 0 }

// onID names the field id in the refusal of a record that is not there, with what was sent.
func onID(id ids.ID, err error) error {
	if f := fault.From(err); f != nil && f.Kind == fault.NotFound {
		return fault.ErrNotFound.On("id").With(string(id))
	}
	return err
}
