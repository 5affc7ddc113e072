package xmldoc

// The classes of ASCII bytes that a run of the same kind consists of. Bytes above ASCII are in none.
const (
	classText uint8 = 1 << iota
	classCDATA
	classAttr
	classComment
	className
	classNameStart
)

var classes = func() (t [256]uint8) {
	for c := range 0x80 {
		if c < ' ' && c != '\t' && c != '\n' {
			continue // '\r' is no plain text: it may be half of a line end
		}
		t[c] = classText | classCDATA | classAttr | classComment
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
			t[c] |= className | classNameStart
		case c >= '0' && c <= '9', c == '-', c == '.':
			t[c] |= className
		}
	}
	for class, not := range map[uint8]string{
		classText:    "<&]",
		classCDATA:   "]",
		classAttr:    "<&\"'\t\n",
		classComment: "->",
	} {
		for i := range len(not) {
			t[not[i]] &^= class
		}
	}
	t['\r'] = classComment
	return t
}()

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// isChar reports whether XML 1.0 allows the character. Source: XML 1.0 fifth edition, production 2.
func isChar(r rune) bool {
	return r >= ' ' && r <= 0xD7FF || r == '\n' || r == '\t' || r == '\r' ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// isNameStart and isName are about characters beyond ASCII. Source: the same, productions 4 and 4a.
func isNameStart(r rune) bool {
	return r >= 0xC0 && r <= 0x2FF && r != 0xD7 && r != 0xF7 || r >= 0x370 && r <= 0x1FFF && r != 0x37E ||
		r == 0x200C || r == 0x200D || r >= 0x2070 && r <= 0x218F || r >= 0x2C00 && r <= 0x2FEF ||
		r >= 0x3001 && r <= 0xD7FF || r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0 && r <= 0xFFFD ||
		r >= 0x10000 && r <= 0xEFFFF
}

func isName(r rune) bool {
	return r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}
