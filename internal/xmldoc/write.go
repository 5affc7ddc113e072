package xmldoc

import "unicode/utf8"

// Declaration is what a document written by us begins with (T-15).
const Declaration = `<?xml version="1.0" encoding="UTF-8"?>`

// Writer appends XML to a byte slice. What it appends is pure ASCII (T-16): a character above U+007E becomes a
// decimal reference, a character that XML does not allow, or a byte that is no UTF-8, is dropped (T-18). Names are
// the program's own and are written as they are; that elements end in order is the caller's duty, too.
//
// The zero Writer is ready. Bytes and Reset let a caller send a long answer in parts.
type Writer struct {
	b    []byte
	open bool // the last start tag lacks its '>'
}

// NewWriter appends to b, whose capacity is used.
func NewWriter(b []byte) *Writer { return &Writer{b: b} }

// Declaration appends the XML declaration.
func (w *Writer) Declaration() { w.b = append(w.b, Declaration...) }

// Start begins an element. Attr may follow.
func (w *Writer) Start(name string) {
	w.seal()
	w.b = append(append(w.b, '<'), name...)
	w.open = true
}

// Attr adds an attribute to the element just begun. Tabs and line ends survive the reader's normalisation.
func (w *Writer) Attr(name, value string) {
	w.b = append(append(append(w.b, ' '), name...), `="`...)
	w.escape(value, &attrPlain)
	w.b = append(w.b, '"')
}

// Chars adds text to the open element.
func (w *Writer) Chars(value string) {
	w.seal()
	w.escape(value, &textPlain)
}

// End ends an element.
func (w *Writer) End(name string) {
	w.seal()
	w.b = append(append(append(w.b, "</"...), name...), '>')
}

// Text writes a whole element around a value, and nothing at all if nothing of the value can be written: an empty
// element inside a record stops the oldest client (T-17).
func (w *Writer) Text(name, value string) {
	w.seal()
	from := len(w.b)
	w.b = append(append(append(w.b, '<'), name...), '>')
	inner := len(w.b)
	w.escape(value, &textPlain)
	if len(w.b) == inner {
		w.b = w.b[:from]
		return
	}
	w.End(name)
}

// Bytes gives what was written since the last Reset; it is valid until the next call. A start tag is complete in it,
// so no Attr may follow.
func (w *Writer) Bytes() []byte {
	w.seal()
	return w.b
}

// Reset forgets what was written and keeps the room.
func (w *Writer) Reset() { w.b, w.open = w.b[:0], false }

// seal ends an open start tag.
func (w *Writer) seal() {
	if w.open {
		w.b = append(w.b, '>')
		w.open = false
	}
}

func (w *Writer) escape(s string, plain *[256]bool) {
	for len(s) > 0 {
		n := 0
		for n < len(s) && plain[s[n]] {
			n++
		}
		w.b = append(w.b, s[:n]...)
		if n == len(s) {
			return
		}
		r, size := utf8.DecodeRuneInString(s[n:])
		s = s[n+size:]
		switch {
		case r == '<':
			w.b = append(w.b, "&lt;"...)
		case r == '>':
			w.b = append(w.b, "&gt;"...) // so that "]]>" cannot appear
		case r == '&':
			w.b = append(w.b, "&amp;"...)
		case r == '"':
			w.b = append(w.b, "&quot;"...)
		case r == utf8.RuneError && size == 1, !isChar(r):
		default:
			w.reference(r)
		}
	}
}

// reference appends &#r; in decimal.
func (w *Writer) reference(r rune) {
	var digits [8]byte
	i := len(digits)
	for ; r > 0; r /= 10 {
		i--
		digits[i] = byte('0' + r%10)
	}
	w.b = append(append(append(w.b, "&#"...), digits[i:]...), ';')
}

// The bytes that stand for themselves. A carriage return never does, or the reader would make a line feed of it.
var (
	textPlain = plain("\t\n", "<>&")
	attrPlain = plain("", `<>&"`)
)

func plain(with, without string) (t [256]bool) {
	for c := ' '; c <= '~'; c++ {
		t[c] = true
	}
	for _, c := range with {
		t[c] = true
	}
	for _, c := range without {
		t[c] = false
	}
	return t
}
