package xmldoc

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// parser reads one document. It looks at the input through a window, buf[r:w], and copies what it keeps into frames
// (texts of open elements), then into chunk (strings of finished ones), so nothing points into the window.
type parser struct {
	o    Options
	src  io.Reader
	buf  []byte
	r, w int
	base int64 // place of buf[0] in the input
	done bool  // src has ended
	err  error // why it ended, if not regularly

	frames   []frame // the open elements; those behind keep their buffers for reuse
	elements int
	attrs    int

	gt          bool // the last comment has a '>' in it
	name, value []byte
	own         []Attr // attributes of the start tag being read

	nodes []Node // room for the next ones
	slab  []Attr
	chunk strings.Builder

	store *store
	dec   *decoder // of the open spool, if spooling
	in    bool     // inside a spooled element
}

// frame is an open element.
type frame struct {
	node, last *Node  // last is the youngest child
	name       []byte // with prefix, as the end tag must repeat it
	text       []byte
}

const window = 32 << 10

var parsers = sync.Pool{New: func() any { return &parser{buf: make([]byte, window)} }}

// Parse reads one document to the end of r. Rules T-7, T-8, T-9, T-10, T-18, V-4, V-5.
//
// The document is XML 1.0 in UTF-8, or in one of three older encodings if declared and not UTF-8 after all. White
// space and a byte-order mark before it are skipped. It fails with an *Error where the sender is to blame, ErrSpool
// where our disk is, and otherwise with what r said, wrapped. The caller closes the document.
func Parse(r io.Reader, o Options) (*Document, error) {
	o.MaxBytes = cmp.Or(o.MaxBytes, MaxBytes)
	o.MaxDepth = cmp.Or(o.MaxDepth, MaxDepth)
	o.MaxElements = cmp.Or(o.MaxElements, MaxElements)
	o.MaxAttr = cmp.Or(o.MaxAttr, MaxAttr)
	o.MaxText = cmp.Or(o.MaxText, MaxText)
	o.MaxSpool = cmp.Or(o.MaxSpool, MaxSpool)

	p := parsers.Get().(*parser)
	defer p.release()
	p.o, p.src = o, r
	p.store = &store{dir: o.SpoolDir, room: memSpool}
	root, err := p.document()
	if err != nil {
		_ = p.store.close()
		return nil, err
	}
	return &Document{Root: root, store: p.store}, nil
}

// release puts p back into the pool with its buffers, unless a hostile document made them large.
func (p *parser) release() {
	frames := p.frames[:cap(p.frames)]
	for i := range frames {
		f := &frames[i]
		*f = frame{name: small(f.name), text: small(f.text)}
	}
	clear(p.own[:cap(p.own)])
	*p = parser{buf: p.buf, frames: frames[:0], name: small(p.name), value: small(p.value), own: p.own[:0], dec: p.dec}
	parsers.Put(p)
}

func small(b []byte) []byte {
	if cap(b) > window {
		return nil
	}
	return b[:0]
}

// document reads prolog, root and epilog.
func (p *parser) document() (*Node, error) {
	if err := p.prolog(); err != nil {
		return nil, err
	}
	root, err := p.start()
	if err != nil {
		return nil, err
	}
	for len(p.frames) > 0 {
		if err := p.text(classText); err != nil {
			return nil, err
		}
		if !p.has(2) {
			return nil, p.bad("unexpected end in an element")
		}
		switch p.buf[p.r+1] { // behind a '<'
		case '/':
			err = p.end()
		case '!':
			switch {
			case p.at("<!--"):
				err = p.comment()
			case p.at("<![CDATA["):
				p.r += len("<![CDATA[")
				err = p.text(classCDATA)
			default:
				err = p.bad("declaration")
			}
		case '?':
			err = p.bad("processing instruction")
		default:
			_, err = p.start()
		}
		if err != nil {
			return nil, err
		}
	}
	return root, p.epilog()
}

// prolog reads up to the '<' of the root.
func (p *parser) prolog() error {
	p.space()
	if p.at("\ufeff") {
		p.r += len("\ufeff")
		p.space()
	}
	if p.at("<?xml") && p.has(6) && isSpace(p.buf[p.r+5]) {
		if err := p.declaration(); err != nil {
			return err
		}
	}
	if err := p.misc(); err != nil {
		return err
	}
	switch {
	case !p.has(1):
		return p.bad("no document")
	case p.buf[p.r] != '<':
		return p.bad("text before the root element")
	case p.at("<!"), p.at("<?"):
		return p.bad("declaration or processing instruction")
	}
	return nil
}

// misc skips white space and comments.
func (p *parser) misc() error {
	for {
		p.space()
		if !p.at("<!--") {
			return nil
		}
		if err := p.comment(); err != nil {
			return err
		}
	}
}

// epilog reads from the root's end to the end of the input: white space and comments. With DropTail the document ends
// at the last '>', so what cannot be read is dropped if no '>' is in it.
func (p *parser) epilog() error {
	err := p.misc()
	if p.o.DropTail && (err == nil || !p.gt) {
		err = nil
		for p.has(1) {
			i := bytes.IndexByte(p.buf[p.r:p.w], '>')
			if i >= 0 {
				p.r += i
				return p.bad("content after the root element")
			}
			p.r = p.w
		}
	}
	if err != nil {
		return err
	}
	if p.has(1) {
		return p.bad("content after the root element")
	}
	return p.err
}

// start reads a start tag, or an empty element, and opens the frame.
func (p *parser) start() (*Node, error) {
	p.r++ // '<'
	local, err := p.scanName()
	if err != nil {
		return nil, err
	}
	if len(p.frames) == p.o.MaxDepth {
		return nil, p.refuse(ErrTooDeep, "element")
	}
	if p.elements++; p.elements > p.o.MaxElements {
		return nil, p.refuse(ErrTooMany, "elements")
	}
	n := p.newNode()
	n.Name = p.keep(p.name[local:])
	f := p.open(n)

	for {
		blank := p.space()
		if !p.has(1) {
			return nil, p.bad("unexpected end in a tag")
		}
		switch c := p.buf[p.r]; {
		case c == '>':
			p.r++
			n.Attrs = p.keepAttrs()
			return n, nil
		case c == '/' && p.at("/>"):
			p.r += 2
			n.Attrs = p.keepAttrs()
			return n, p.close(f)
		case !blank:
			return nil, p.bad("character in a tag")
		}
		if err := p.attribute(); err != nil {
			return nil, err
		}
	}
}

// open links n to its parent and pushes its frame.
func (p *parser) open(n *Node) *frame {
	if d := len(p.frames); d > 0 {
		parent := &p.frames[d-1]
		if parent.last == nil {
			parent.node.first = n
		} else {
			parent.last.next = n
		}
		parent.last = n
	}
	if len(p.frames) < cap(p.frames) {
		p.frames = p.frames[:len(p.frames)+1]
	} else {
		p.frames = append(p.frames, frame{})
	}
	f := &p.frames[len(p.frames)-1]
	f.node, f.last, f.text = n, nil, f.text[:0]
	f.name = append(f.name[:0], p.name...)
	if n.Name == p.o.Spool && !p.in { // never "" and never inside another spool
		if p.dec == nil {
			p.dec = newDecoder()
		}
		n.Spool = new(Spool)
		p.dec.begin(n.Spool, p.store, p.o.MaxSpool)
		p.in = true
	}
	return f
}

// end reads an end tag and closes its element.
func (p *parser) end() error {
	f := &p.frames[len(p.frames)-1]
	p.r += len("</")
	if n := len(f.name); p.has(n+1) && p.buf[p.r+n] == '>' && bytes.Equal(f.name, p.buf[p.r:p.r+n]) {
		p.r += n + 1
		return p.close(f)
	}
	if _, err := p.scanName(); err != nil {
		return err
	}
	if !bytes.Equal(f.name, p.name) {
		return p.bad("end tag of another element")
	}
	p.space()
	if !p.has(1) {
		return p.bad("unexpected end in an end tag")
	}
	if p.buf[p.r] != '>' {
		return p.bad("character in an end tag")
	}
	p.r++
	return p.close(f)
}

// close gives the element its text and pops the frame.
func (p *parser) close(f *frame) error {
	p.frames = p.frames[:len(p.frames)-1]
	if f.node.Spool != nil {
		p.in = false
		return p.dec.finish()
	}
	f.node.Text = p.keep(trimRight(f.text))
	return nil
}

// attribute reads name="value" into p.own. Two of one local name are refused even under different prefixes: prefixes
// mean nothing here, so the reader could not tell them apart.
func (p *parser) attribute() error {
	local, err := p.scanName()
	if err != nil {
		return err
	}
	name := p.name[local:]
	if bytes.HasPrefix(p.name, []byte("xmlns:")) {
		name = p.name
	}
	for i := range p.own {
		if p.own[i].Name == string(name) {
			return p.bad("attribute twice")
		}
	}
	if p.attrs++; p.attrs > p.o.MaxElements || len(p.own) == maxOwnAttrs {
		return p.refuse(ErrTooMany, "attributes")
	}
	p.space()
	if !p.has(1) {
		return p.bad("unexpected end in a tag")
	}
	if p.buf[p.r] != '=' {
		return p.bad("attribute without value")
	}
	p.r++
	p.space()
	if err := p.attrValue(); err != nil {
		return err
	}
	p.own = append(p.own, Attr{Name: p.keep(name), Value: p.keep(p.value)})
	return nil
}

// attrValue reads a quoted value into p.value.
func (p *parser) attrValue() error {
	if !p.has(1) {
		return p.bad("unexpected end in a tag")
	}
	quote := p.buf[p.r]
	if quote != '"' && quote != '\'' {
		return p.bad("attribute value without quotes")
	}
	p.r++
	for v := p.value[:0]; ; {
		run := p.run(classAttr)
		v = append(v, run...)
		if len(v) > p.o.MaxAttr {
			return p.refuse(ErrTooLong, "attribute value")
		}
		if p.r == p.w {
			if !p.more() {
				return p.bad("unexpected end in an attribute value")
			}
			continue
		}
		switch c := p.buf[p.r]; {
		case c == quote:
			p.r++
			p.value = v
			return nil
		case c == '"', c == '\'':
			v = append(v, c)
			p.r++
		case c == '\t', c == '\n', c == '\r':
			p.newline()
			v = append(v, ' ')
		case c == '&':
			r, err := p.reference()
			if err != nil {
				return err
			}
			v = utf8.AppendRune(v, r)
		case c >= utf8.RuneSelf:
			n, err := p.wide()
			if err != nil {
				return err
			}
			v = append(v, p.buf[p.r:p.r+n]...)
			p.r += n
		case c == '<':
			return p.bad("'<' in an attribute value")
		default:
			return p.bad("character not allowed in XML")
		}
	}
}

// text reads character data into the open frame: up to a '<' (classText), or past the "]]>" of a CDATA section.
func (p *parser) text(class uint8) error {
	f := &p.frames[len(p.frames)-1]
	for {
		if run := p.run(class); len(run) > 0 {
			p.add(f, run)
		}
		if len(f.text) > p.o.MaxText {
			return p.refuse(ErrTooLong, "text")
		}
		if p.r == p.w {
			if !p.more() {
				return p.bad("unexpected end in an element")
			}
			continue
		}
		switch c := p.buf[p.r]; {
		case c == '<': // plain in CDATA
			return nil
		case c == '&':
			r, err := p.reference()
			if err != nil {
				return err
			}
			var b [utf8.UTFMax]byte
			p.add(f, b[:utf8.EncodeRune(b[:], r)])
		case c == '\r':
			p.newline()
			p.add(f, []byte{'\n'})
		case c == ']' && p.at("]]>"):
			if class != classCDATA {
				return p.bad("\"]]>\" in text")
			}
			p.r += len("]]>")
			return nil
		case c == ']':
			p.add(f, []byte{']'})
			p.r++
		case c >= utf8.RuneSelf:
			n, err := p.wide()
			if err != nil {
				return err
			}
			p.add(f, p.buf[p.r:p.r+n])
			p.r += n
		default:
			return p.bad("character not allowed in XML")
		}
	}
}

// add appends text to an element. Leading white space is dropped at once, so indentation costs nothing.
func (p *parser) add(f *frame, b []byte) {
	if f.node.Spool != nil {
		p.dec.write(b)
		return
	}
	if len(f.text) == 0 {
		for len(b) > 0 && isSpace(b[0]) {
			b = b[1:]
		}
	}
	f.text = append(f.text, b...)
}

// comment skips one, and notes for epilog whether it passed a '>' before it failed.
func (p *parser) comment() error {
	p.r += len("<!--")
	p.gt = false
	for {
		p.run(classComment)
		if p.r == p.w {
			if !p.more() {
				return p.bad("unexpected end in a comment")
			}
			continue
		}
		switch c := p.buf[p.r]; {
		case c == '>':
			p.gt = true
			p.r++
		case p.at("-->"):
			p.r += len("-->")
			return nil
		case p.at("--"):
			return p.bad("\"--\" in a comment")
		case c == '-':
			p.r++
		case c >= utf8.RuneSelf:
			n, err := p.wide()
			if err != nil {
				return err
			}
			p.r += n
		default:
			return p.bad("character not allowed in XML")
		}
	}
}

// declaration reads <?xml version="1.0" encoding="..." standalone="..."?> and goes on in the encoding it names.
func (p *parser) declaration() error {
	p.has(maxDeclaration)
	b := p.buf[p.r:min(p.w, p.r+maxDeclaration)]
	end := bytes.Index(b, []byte("?>"))
	if end < 0 {
		return p.bad("XML declaration without end")
	}
	d := pseudo{s: b[len("<?xml"):end], ok: true}
	version := d.next("version")
	encoding := d.next("encoding")
	standalone := d.next("standalone")
	d.space()
	switch {
	case !d.ok, len(d.s) > 0, version != "1.0", standalone != "" && standalone != "yes" && standalone != "no":
		return p.bad("XML declaration")
	}
	p.r += end + len("?>")
	return p.encoding(encoding)
}

const maxDeclaration = 256

// pseudo reads the pseudo-attributes of an XML declaration; ok turns false at the first mistake.
type pseudo struct {
	s  []byte
	ok bool
}

func (d *pseudo) space() (blank bool) {
	for len(d.s) > 0 && isSpace(d.s[0]) {
		d.s, blank = d.s[1:], true
	}
	return blank
}

// next gives the value of the named attribute, or "" if another or none comes next.
func (d *pseudo) next(name string) string {
	blank := d.space()
	if !bytes.HasPrefix(d.s, []byte(name)) {
		return ""
	}
	d.s = d.s[len(name):]
	d.space()
	rest, eq := bytes.CutPrefix(d.s, []byte("="))
	d.s = rest
	d.space()
	if !blank || !eq || len(d.s) < 3 || d.s[0] != '"' && d.s[0] != '\'' {
		d.ok = false
		return ""
	}
	value, rest, closed := bytes.Cut(d.s[1:], d.s[:1])
	d.s = rest
	d.ok = d.ok && closed && len(value) > 0
	return string(value)
}

// scanName reads a name into p.name; the local name begins at the returned index.
func (p *parser) scanName() (local int, err error) {
	p.name = p.name[:0]
	for first := true; ; {
		class := uint8(className)
		if first {
			class = classNameStart
		}
		if !p.has(1) {
			return 0, p.bad("unexpected end in a name")
		}
		switch c := p.buf[p.r]; {
		case classes[c]&class != 0:
			p.name = append(p.name, p.run(className)...)
			first = false
		case c == ':' && !first && local == 0:
			p.name = append(p.name, c)
			p.r++
			local, first = len(p.name), true
		case c >= utf8.RuneSelf:
			n, err := p.wide()
			if err != nil {
				return 0, err
			}
			r, _ := utf8.DecodeRune(p.buf[p.r:p.w])
			if !isNameStart(r) && (first || !isName(r)) {
				return 0, p.bad("character in a name")
			}
			p.name = append(p.name, p.buf[p.r:p.r+n]...)
			p.r += n
			first = false
		case first:
			return 0, p.bad("name expected")
		default:
			return local, nil
		}
		if len(p.name) > p.o.MaxAttr {
			return 0, p.refuse(ErrTooLong, "name")
		}
	}
}

// reference reads &name; or &#number; and gives its character. A number may have nine characters.
func (p *parser) reference() (rune, error) {
	const longest = len("&#123456789;")
	p.has(longest)
	s := p.buf[p.r+1 : min(p.w, p.r+longest)]
	n := bytes.IndexByte(s, ';')
	if n < 0 {
		return 0, p.bad("'&' without a reference")
	}
	var r rune
	switch s = s[:n]; {
	case string(s) == "lt":
		r = '<'
	case string(s) == "gt":
		r = '>'
	case string(s) == "amp":
		r = '&'
	case string(s) == "quot":
		r = '"'
	case string(s) == "apos":
		r = '\''
	case n > 0 && s[0] == '#':
		digits, base := s[1:], 10
		if len(digits) > 0 && digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		u, err := strconv.ParseUint(string(digits), base, 31)
		if err != nil || !isChar(rune(u)) {
			return 0, p.bad("character reference")
		}
		r = rune(u)
	default:
		return 0, p.bad("unknown entity")
	}
	p.r += 1 + n + 1
	return r, nil
}

// wide gives the length of the character at p.r, which is beyond ASCII.
func (p *parser) wide() (int, error) {
	if !utf8.FullRune(p.buf[p.r:p.w]) {
		p.has(utf8.UTFMax)
	}
	r, n := utf8.DecodeRune(p.buf[p.r:p.w])
	if n == 1 {
		return 0, p.bad("bytes that are not UTF-8")
	}
	if !isChar(r) {
		return 0, p.bad("character not allowed in XML")
	}
	return n, nil
}

// newline skips one character, or a carriage return and its line feed.
func (p *parser) newline() {
	if p.at("\r\n") {
		p.r++
	}
	p.r++
}

// space skips white space and says whether there was any.
func (p *parser) space() (blank bool) {
	for p.has(1) && isSpace(p.buf[p.r]) {
		p.r++
		blank = true
	}
	return blank
}

// run takes the bytes of a class that the window holds, perhaps none. They are valid until the window moves.
func (p *parser) run(class uint8) []byte {
	from := p.r
	b := p.buf[:p.w]
	i := from
	for i < len(b) && classes[b[i]]&class != 0 {
		i++
	}
	p.r = i
	return b[from:i]
}

// at reports whether s comes next.
func (p *parser) at(s string) bool {
	return p.has(1) && p.buf[p.r] == s[0] && p.has(len(s)) && string(p.buf[p.r:p.r+len(s)]) == s
}

// has reports whether n more bytes are in the window, reading on if need be. It fails only at the input's end.
func (p *parser) has(n int) bool {
	for p.w-p.r < n {
		if !p.more() {
			return false
		}
	}
	return true
}

// more moves the window on, keeping what is unread.
func (p *parser) more() bool {
	if p.done {
		return false
	}
	copy(p.buf, p.buf[p.r:p.w])
	p.base += int64(p.r)
	p.w -= p.r
	p.r = 0
	for range 100 {
		n, err := p.src.Read(p.buf[p.w:])
		p.w += n
		if p.base+int64(p.w) > p.o.MaxBytes {
			p.done, p.err = true, &Error{Err: ErrTooLarge, Offset: p.o.MaxBytes, Reason: "document"}
			return false
		}
		if err != nil {
			p.done = true
			if err != io.EOF {
				p.err = fmt.Errorf("read XML: %w", err)
			}
		}
		if n > 0 || p.done {
			return n > 0
		}
	}
	p.done, p.err = true, fmt.Errorf("read XML: %w", io.ErrNoProgress)
	return false
}

func (p *parser) bad(reason string) error { return p.refuse(ErrMalformed, reason) }

// refuse makes the error for the place reached, unless the input had ended irregularly: then that is the reason.
func (p *parser) refuse(kind error, reason string) error {
	if p.err != nil {
		return p.err
	}
	return &Error{Err: kind, Offset: p.base + int64(p.r), Reason: reason}
}

// newNode takes one from a block of nodes; blocks double up to 512.
func (p *parser) newNode() *Node {
	if len(p.nodes) == 0 {
		p.nodes = make([]Node, min(max(16, p.elements), 512))
	}
	n := &p.nodes[0]
	p.nodes = p.nodes[1:]
	return n
}

// keep makes a string. Small ones share a block, which lives as long as any of them.
func (p *parser) keep(b []byte) string {
	const smallest, largest = 1 << 10, 32 << 10
	if p.chunk.Cap()-p.chunk.Len() < len(b) {
		if len(b) >= smallest {
			return string(b)
		}
		size := min(max(smallest, 2*p.chunk.Cap()), largest)
		p.chunk.Reset()
		p.chunk.Grow(size)
	}
	from := p.chunk.Len()
	p.chunk.Write(b)
	return p.chunk.String()[from:]
}

// keepAttrs moves the start tag's attributes into a block.
func (p *parser) keepAttrs() []Attr {
	n := len(p.own)
	if n == 0 {
		return nil
	}
	if len(p.slab) < n {
		p.slab = make([]Attr, max(n, min(p.attrs, 256)))
	}
	kept := p.slab[:n:n]
	p.slab = p.slab[n:]
	copy(kept, p.own)
	p.own = p.own[:0]
	return kept
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
