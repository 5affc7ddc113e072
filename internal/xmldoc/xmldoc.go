// Package xmldoc reads XML from strangers into a small tree and writes XML that the oldest clients can read.
//
// Parse takes a stream and stops at the first byte that breaks a rule: not well-formed, a DOCTYPE, an entity of the
// sender's own, a character XML does not know, or more depth, elements or bytes than the caller allows. What it
// keeps is bounded by what was sent, and the base-64 text of the elements named in Options.Spool is decoded on the way
// into a temporary file, so a large upload costs no memory. Names lose their prefix; namespaces mean nothing here.
//
// Writer appends pure ASCII to a byte slice.
package xmldoc

import (
	"errors"
	"fmt"
	"iter"
)

// The limits of generation 1 (T-10), of its documents (BDCE056), and two of our own. They hold where an Options
// field is zero.
const (
	MaxBytes    = 64 << 20 // of one document
	MaxDepth    = 32       // the root has depth 1
	MaxElements = 200_000
	MaxAttr     = 4_096      // bytes of one attribute value, after references are resolved, and of one name
	MaxText     = 1 << 20    // bytes of one element's own text, spools aside; our longest field is far shorter
	MaxSpool    = 20_971_520 // decoded bytes of one spool
)

// maxOwnAttrs is how many attributes one element may carry; nothing we read has more than four.
const maxOwnAttrs = 64

// memSpool is how many spooled bytes of one document stay in memory before the temporary file begins.
const memSpool = 256 << 10

// Options limits what Parse takes. A zero limit means the package's constant of the same name.
type Options struct {
	MaxBytes    int64 // read from the reader, whatever they are
	MaxDepth    int
	MaxElements int // and as many attributes in all
	MaxAttr     int
	MaxText     int
	MaxSpool    int64 // decoded bytes kept of one spool; further ones are counted, not stored

	// Spool is the local name of the elements whose text is base-64 and belongs in a Spool; empty for none.
	Spool string
	// SpoolDir is where the temporary file is made; empty for the system's folder.
	SpoolDir string

	// DropTail drops what follows the last '>' of the input instead of refusing it (T-4).
	DropTail bool
}

// Document is a tree and the temporary file under its spools.
type Document struct {
	Root  *Node
	store *store
}

// Close removes what the document spooled; its spools cannot be opened afterwards. Closing twice is harmless, and
// so is closing nil.
func (d *Document) Close() error {
	if d == nil || d.store == nil {
		return nil
	}
	return d.store.close()
}

// Node is one element.
type Node struct {
	Name  string // local name: the prefix is dropped
	Text  string // its own text and CDATA put together, without white space at both ends (V-5); empty if spooled
	Attrs []Attr // in document order; namespace declarations keep their full name
	Spool *Spool // the decoded text, if Options.Spool named the element

	first, next *Node
}

// Attr is one attribute: its local name and its value, normalised as XML asks (tabs and line ends become blanks).
type Attr struct {
	Name, Value string
}

// Children gives the child elements in document order.
func (n *Node) Children() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for c := n.first; c != nil && yield(c); c = c.next {
		}
	}
}

// Child gives the first child of that name, or nil.
func (n *Node) Child(name string) *Node {
	for c := n.first; c != nil; c = c.next {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Attr gives the attribute of that local name and whether it is there.
func (n *Node) Attr(name string) (string, bool) {
	for i := range n.Attrs {
		if n.Attrs[i].Name == name {
			return n.Attrs[i].Value, true
		}
	}
	return "", false
}

// Why Parse refused. Each is found by errors.Is in an *Error, except ErrSpool, which wraps what the disk said.
var (
	ErrMalformed = errors.New("malformed XML")
	ErrTooLarge  = errors.New("XML too large")
	ErrTooDeep   = errors.New("XML nested too deep")
	ErrTooMany   = errors.New("too many XML elements or attributes")
	ErrTooLong   = errors.New("XML value or name too long")
	ErrSpool     = errors.New("spool")
)

// Error is a refusal: the sender is to blame, and Reason never quotes what was sent.
type Error struct {
	Err    error // one of the Err... above
	Offset int64 // bytes from the start of the input, about; counted after conversion if it was not UTF-8
	Reason string
}

// Error gives kind, place and reason.
func (e *Error) Error() string { return fmt.Sprintf("%v at byte %d: %s", e.Err, e.Offset, e.Reason) }

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Err }
