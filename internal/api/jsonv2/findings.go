package jsonv2

import (
	"slices"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/jsondoc"
)

// findings collects what is wrong with a form. The first stage of 6.3 in which anything is answers, with all its fields.
type findings struct {
	unknown, missing     []string // structure
	mismatch             bool
	types                []string // field types
	noLists              []string // those of them that should hold lines, and so are not missing
	tooLong              []string // lengths and values
	values               []string
	choices, choiceTexts []string // enums
	ids, idTexts         []string // malformed ids
	currency             string   // a member that asks for another currency
}

func add(list *[]string, name string) {
	if !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

// badID notes an id that none can be.
func (f *findings) badID(name, text string) {
	f.ids, f.idTexts = append(f.ids, name), append(f.idTexts, text)
}

func (f *findings) err() error {
	missing := slices.DeleteFunc(slices.Clone(f.missing), func(name string) bool { return slices.Contains(f.noLists, name) })
	switch {
	case f.mismatch:
		return problem.ErrMismatch
	case len(f.unknown) > 0:
		return problem.ErrMember.On(f.unknown...)
	case len(missing) > 0:
		return fault.ErrMissing.On(missing...)
	case len(f.types) > 0:
		return problem.ErrType.On(f.types...)
	case len(f.tooLong) > 0:
		return fault.ErrTooLong.On(f.tooLong...)
	case f.currency != "":
		return problem.ErrNotSupported.On(f.currency)
	case len(f.values) > 0:
		return fault.ErrValue.On(f.values...)
	case len(f.choices) > 0:
		return problem.ErrChoice.On(f.choices...).With(f.choiceTexts...)
	case len(f.ids) > 0:
		return fault.ErrReference.On(f.ids...).With(f.idTexts...)
	}
	return nil
}

// need says whether a member of a call may be left out.
type need bool

const (
	optional need = false
	required need = true
)

// args reads the members of a call's data, or of an object in it. What is wrong is collected; err tells it.
type args struct {
	value *jsondoc.Value
	found *findings
}

func (a *args) err() error { return a.found.err() }

// get gives a member that holds something, or nil.
func (a *args) get(name string, n need) *jsondoc.Value {
	v := a.value.Get(name)
	if !v.IsNone() {
		return v
	}
	if n == required {
		add(&a.found.missing, name)
	}
	return nil
}

// has reports whether the member was sent and holds something.
func (a *args) has(name string) bool { return !a.value.Get(name).IsNone() }

// ref reads an id; "" for none and for twenty zeros.
func (a *args) ref(name string, n need) ids.ID {
	v := a.get(name, n)
	switch {
	case v == nil:
		return ""
	case v.Kind != jsondoc.String:
		add(&a.found.types, name)
		return ""
	case ids.ID(v.Text).IsNull():
		if n == required {
			add(&a.found.missing, name)
		}
		return ""
	case !ids.Valid(v.Text):
		a.found.badID(name, shorten(v.Text))
		return ""
	}
	return ids.ID(v.Text)
}

// text reads a text; a number is taken as it is written.
func (a *args) text(name string, n need) string {
	v := a.get(name, n)
	if v == nil {
		return ""
	}
	if v.Kind != jsondoc.String && v.Kind != jsondoc.Number || hasNull(v.Text) {
		add(&a.found.types, name)
		return ""
	}
	return v.Text
}

// flag reads a boolean; otherwise stands for an absent one.
func (a *args) flag(name string, otherwise bool) bool {
	v := a.get(name, optional)
	if v == nil {
		return otherwise
	}
	b, ok := parseBool(v)
	if !ok {
		add(&a.found.types, name)
	}
	return b
}

// int reads a whole number; otherwise stands for an absent one.
func (a *args) int(name string, n need, otherwise int64) int64 {
	v := a.get(name, n)
	if v == nil {
		return otherwise
	}
	i, ok := parseInt(v)
	if !ok {
		add(&a.found.types, name)
	}
	return i
}

// money reads an amount in minor units.
func (a *args) money(name string, n need) int64 {
	v := a.get(name, n)
	if v == nil {
		return 0
	}
	m, large, ok := parseMoney(v)
	switch {
	case !ok:
		add(&a.found.types, name)
	case large:
		add(&a.found.tooLong, name)
	}
	return m
}

// date reads a day.
func (a *args) date(name string, n need) civil.Date {
	v := a.get(name, n)
	if v == nil {
		return civil.Date{}
	}
	d, ok := parseDate(v.Text)
	if !ok || v.Kind != jsondoc.String {
		add(&a.found.types, name)
	}
	return d
}

// list reads a list of objects. One that is required has at least one member.
func (a *args) list(name string, n need) []*args {
	v := a.get(name, n)
	if v == nil {
		return nil
	}
	if v.Kind != jsondoc.List {
		add(&a.found.types, name)
		return nil
	}
	if len(v.Items) == 0 && n == required {
		add(&a.found.missing, name)
	}
	out := make([]*args, len(v.Items))
	for i := range v.Items {
		if v.Items[i].Kind != jsondoc.Object {
			add(&a.found.types, name)
		}
		out[i] = &args{value: &v.Items[i], found: a.found}
	}
	return out
}

// texts reads a list of texts, or one text.
func (a *args) texts(name string, n need) []string {
	v := a.get(name, n)
	if v == nil {
		return nil
	}
	items := v.Items
	if v.Kind == jsondoc.String {
		items = []jsondoc.Value{*v}
	} else if v.Kind != jsondoc.List {
		add(&a.found.types, name)
	}
	var out []string
	for _, it := range items {
		if it.Kind != jsondoc.String || hasNull(it.Text) {
			add(&a.found.types, name)
			continue
		}
		out = append(out, it.Text)
	}
	return out
}

// object reads an object; an empty one for none.
func (a *args) object(name string, n need) *args {
	v := a.get(name, n)
	if v == nil {
		v = &jsondoc.Value{Kind: jsondoc.Object}
	} else if v.Kind != jsondoc.Object {
		add(&a.found.types, name)
	}
	return &args{value: v, found: a.found}
}

// shorten keeps what a message repeats of a client's text within bounds.
func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60])
	}
	return s
}
