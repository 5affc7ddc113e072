// Package jsondoc reads a JSON text into a small tree that keeps the order of members and numbers as they were written.
//
// Doors decide by shapes what a member means, so a tree without Go types, reflection or maps is all they need. Input is
// bounded: a text that nests deeper than MaxDepth is refused, and nothing panics or loops whatever the bytes are.
package jsondoc

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
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
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v Value
	if err := v.read(d, 0); err != nil {
		return Value{}, ErrSyntax
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Value{}, ErrSyntax
	}
	return v, nil
}

// read reads the value that comes next into v.
func (v *Value) read(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	if depth > MaxDepth {
		return ErrSyntax
	}
	switch t := token.(type) {
	case string:
		v.Kind, v.Text = String, t
	case json.Number:
		v.Kind, v.Text = Number, t.String()
	case bool:
		v.Kind, v.Text = Bool, strconv.FormatBool(t)
	case json.Delim:
		if t == '[' {
			v.Kind = List
		} else {
			v.Kind = Object
		}
		for d.More() {
			if v.Kind == List {
				v.Items = append(v.Items, Value{})
				err = v.Items[len(v.Items)-1].read(d, depth+1)
			} else {
				v.Members = append(v.Members, Member{})
				err = v.Members[len(v.Members)-1].read(d, depth+1)
			}
			if err != nil {
				return err
			}
		}
		_, err = d.Token() // the end of the list or object
	}
	return err
}

// read reads the member that comes next.
func (m *Member) read(d *json.Decoder, depth int) error {
	name, err := d.Token()
	if err != nil {
		return err
	}
	m.Name = name.(string) // the decoder takes nothing else for a name
	return m.Value.read(d, depth)
}
