// Package jsondoc reads a JSON text into a small tree that keeps the order of members and numbers as they were written.
//
// Doors decide by shapes what a member means, so a tree without Go types, reflection or maps is all they need. Input is
// bounded: a text that nests deeper than MaxDepth is refused, and nothing panics or loops whatever the bytes are.
package jsondoc

import (
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep objects and lists may nest.
const MaxDepth = 64

// ErrSyntax is the refusal of a text that is no JSON value, or too deep.
var ErrSyntax = errors.New("not a JSON text")

// Kind is the kind of a value.
type Kind uint8

// The kinds.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Object
)

// Value is one value with what it contains.
type Value struct {
	Kind    Kind
	Text    string   // of a String its characters, of a Number its literal, of a Bool true or false
	Items   []Value  // of a List
	Members []Member // of an Object, as written; a name may stand there twice
}

// Member is a name with its value.
type Member struct {
	Name  string
	Value Value
}

// Get gives the value of the member of that name, the last one if it stands there twice; nil if v is no object or has no
// such member.
func (v *Value) Get(name string) *Value {
	if v == nil {
		return nil
	}
	for i := len(v.Members) - 1; i >= 0; i-- {
		if v.Members[i].Name == name {
			return &v.Members[i].Value
		}
	}
	return nil
}

// IsNone reports whether v stands for no value: absent, null or an empty text.
func (v *Value) IsNone() bool {
	return v == nil || v.Kind == Null || v.Kind == String && v.Text == ""
}

// Parse reads one value and nothing behind it but white space. Bytes that are no UTF-8, and escapes of half a character,
// become U+FFFD. It fails with ErrSyntax.
func Parse(text string) (Value, error) {
	p := parser{s: text}
	var v Value
	p.space()
	if !p.value(&v, 0) {
		return Value{}, ErrSyntax
	}
	p.space()
	if p.i != len(p.s) {
		return Value{}, ErrSyntax
	}
	return v, nil
}

type parser struct {
	s string
	i int
}

func (p *parser) space() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\n' || p.s[p.i] == '\t' || p.s[p.i] == '\r') {
		p.i++
	}
}

// take moves behind c if it is next.
func (p *parser) take(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *parser) word(w string) bool {
	if len(p.s)-p.i < len(w) || p.s[p.i:p.i+len(w)] != w {
		return false
	}
	p.i += len(w)
	return true
}

func (p *parser) value(v *Value, depth int) bool {
	if p.i == len(p.s) || depth > MaxDepth {
		return false
	}
	switch p.s[p.i] {
	case '{':
		v.Kind = Object
		return p.object(v, depth)
	case '[':
		v.Kind = List
		return p.list(v, depth)
	case '"':
		v.Kind = String
		return p.text(&v.Text)
	case 't':
		v.Kind, v.Text = Bool, "true"
		return p.word("true")
	case 'f':
		v.Kind, v.Text = Bool, "false"
		return p.word("false")
	case 'n':
		return p.word("null")
	}
	v.Kind = Number
	return p.number(&v.Text)
}

func (p *parser) object(v *Value, depth int) bool {
	p.i++
	p.space()
	if p.take('}') {
		return true
	}
	for {
		v.Members = append(v.Members, Member{})
		m := &v.Members[len(v.Members)-1]
		p.space()
		if p.i == len(p.s) || p.s[p.i] != '"' || !p.text(&m.Name) {
			return false
		}
		p.space()
		if !p.take(':') {
			return false
		}
		p.space()
		if !p.value(&m.Value, depth+1) {
			return false
		}
		p.space()
		if p.take('}') {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

func (p *parser) list(v *Value, depth int) bool {
	p.i++
	p.space()
	if p.take(']') {
		return true
	}
	for {
		v.Items = append(v.Items, Value{})
		p.space()
		if !p.value(&v.Items[len(v.Items)-1], depth+1) {
			return false
		}
		p.space()
		if p.take(']') {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

// digits moves behind a run of digits and reports whether there was one.
func (p *parser) digits() bool {
	from := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	return p.i > from
}

func (p *parser) number(to *string) bool {
	from := p.i
	p.take('-')
	if !p.take('0') && !p.digits() {
		return false
	}
	if p.take('.') && !p.digits() {
		return false
	}
	if p.take('e') || p.take('E') {
		if !p.take('-') {
			p.take('+')
		}
		if !p.digits() {
			return false
		}
	}
	*to = p.s[from:p.i]
	return true
}

// text reads a string. One without escapes is a part of the input and costs no memory.
func (p *parser) text(to *string) bool {
	p.i++
	from := p.i
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			*to = valid(p.s[from:p.i])
			p.i++
			return true
		case c == '\\':
			return p.escaped(to, append([]byte(nil), p.s[from:p.i]...))
		case c < ' ':
			return false
		}
		p.i++
	}
	return false
}

func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

func (p *parser) escaped(to *string, b []byte) bool {
	for p.i < len(p.s) {
		c := p.s[p.i]
		p.i++
		switch {
		case c == '"':
			*to = valid(string(b))
			return true
		case c < ' ':
			return false
		case c != '\\':
			b = append(b, c)
			continue
		}
		if p.i == len(p.s) {
			return false
		}
		c = p.s[p.i]
		p.i++
		switch c {
		case '"', '\\', '/':
			b = append(b, c)
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r, ok := p.hex()
			if !ok {
				return false
			}
			if utf16.IsSurrogate(r) {
				r = p.pair(r)
			}
			b = utf8.AppendRune(b, r)
		default:
			return false
		}
	}
	return false
}

func (p *parser) hex() (rune, bool) {
	if len(p.s)-p.i < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(p.s[p.i:p.i+4], 16, 16)
	if err != nil {
		return 0, false
	}
	p.i += 4
	return rune(n), true
}

// pair reads the second half of a character written as two escapes; U+FFFD if there is none.
func (p *parser) pair(first rune) rune {
	at := p.i
	if p.word(`\u`) {
		if second, ok := p.hex(); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return r
			}
		}
	}
	p.i = at
	return utf8.RuneError
}
