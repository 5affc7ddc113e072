package envelope

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
)

// form reads a form-encoded body field by field, without holding one. As a Reader it gives the decoded value of the
// current field: %XX is a byte, + a blank; & ends a field, and nothing else does.
//
// A source that fails looks like the end of the last field; whoever owns the source asks it how it ended.
type form struct {
	src  io.Reader
	buf  []byte
	r, w int
	err  error // what src ended with
	name []byte
	in   bool // in a value
	held bool // that value is one next has yet to announce
}

// maxName is how much of a field's name is looked at.
const maxName = 16

var forms = sync.Pool{New: func() any { return &form{buf: make([]byte, 32<<10)} }}

var errEscape = errors.New("'%' without two hexadecimal digits")

func newForm(src io.Reader) *form {
	f := forms.Get().(*form)
	*f = form{src: src, buf: f.buf, name: f.name[:0]}
	return f
}

func (f *form) release() {
	f.src = nil
	forms.Put(f)
}

// raw reports whether the body is "request=" and a document that is not encoded, and stands at its '<'. Rule T-4: a
// correctly encoded one begins with %3C. White space and the byte-order mark before it are skipped in either case,
// as the document's reader would do (T-7). Otherwise the form stands in the value of the field, if "request=" was
// there, or still at its beginning.
func (f *form) raw() bool {
	if !f.at(field + "=") {
		return false
	}
	f.r += len(field + "=")
	f.name, f.in, f.held = append(f.name, field...), true, true
	f.space()
	if f.at("\ufeff") {
		f.r += len("\ufeff")
		f.space()
	}
	return f.at("<")
}

func (f *form) space() {
	for f.has(1) && strings.IndexByte(" \t\r\n", f.buf[f.r]) >= 0 {
		f.r++
	}
}

// rest gives what is left of the body as it is.
func (f *form) rest() io.Reader {
	return io.MultiReader(bytes.NewReader(f.buf[f.r:f.w]), f.src)
}

// next goes to the next field's value. It gives false at the end of the body.
func (f *form) next() bool {
	if f.held {
		f.held = false
		return true
	}
	for f.in && f.has(1) { // skip the rest of the value
		if i := bytes.IndexByte(f.buf[f.r:f.w], '&'); i >= 0 {
			f.r += i + 1
			f.in = false
		} else {
			f.r = f.w
		}
	}
	f.name, f.in = f.name[:0], f.has(1)
	for f.has(1) && f.buf[f.r] != '&' { // which stays: the value is empty
		if f.buf[f.r] == '=' {
			f.r++
			break
		}
		c, ok := f.char()
		if !ok {
			c = 0 // no name of ours
		}
		if len(f.name) < maxName {
			f.name = append(f.name, c)
		}
	}
	return f.in
}

// named reports whether the current field is called s, which is shorter than maxName.
func (f *form) named(s string) bool { return string(f.name) == s }

// Read decodes the current value.
func (f *form) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if f.r == f.w && (n > 0 || !f.more()) {
			break // whatever there is goes out before we wait for more
		}
		run := plain(f.buf[f.r:min(f.w, f.r+len(p)-n)])
		if run > 0 {
			n += copy(p[n:], f.buf[f.r:f.r+run])
			f.r += run
			continue
		}
		if f.buf[f.r] == '&' {
			break
		}
		c, ok := f.char()
		if !ok {
			return n, errEscape
		}
		p[n] = c
		n++
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// plain counts the bytes that stand for themselves.
func plain(b []byte) int {
	for i, c := range b {
		if c == '%' || c == '+' || c == '&' {
			return i
		}
	}
	return len(b)
}

// char decodes one character; false, past the '%', if it is no escape.
func (f *form) char() (byte, bool) {
	c := f.buf[f.r]
	switch {
	case c == '+':
		c = ' '
	case c == '%' && f.has(3):
		hi, lo := unhex(f.buf[f.r+1]), unhex(f.buf[f.r+2])
		if hi > 15 || lo > 15 {
			f.r++
			return 0, false
		}
		c = hi<<4 | lo
		f.r += 2
	case c == '%':
		f.r++
		return 0, false
	}
	f.r++
	return c, true
}

// unhex gives a digit's value, or 255.
func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

func (f *form) at(s string) bool {
	return f.has(len(s)) && string(f.buf[f.r:f.r+len(s)]) == s
}

// has reports whether n more bytes are in the window, reading on if need be.
func (f *form) has(n int) bool {
	for f.w-f.r < n {
		if !f.more() {
			return false
		}
	}
	return true
}

// more moves the window on, keeping what is unread.
func (f *form) more() bool {
	if f.err != nil {
		return false
	}
	copy(f.buf, f.buf[f.r:f.w])
	f.w -= f.r
	f.r = 0
	n := 0
	for n == 0 && f.err == nil {
		n, f.err = f.src.Read(f.buf[f.w:])
	}
	f.w += n
	return n > 0
}
