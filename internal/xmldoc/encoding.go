package xmldoc

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// encoding goes on in the declared encoding. Rule T-8: UTF-8 wins over a declaration of ISO-8859-1, US-ASCII or
// Windows-1252 if the bytes are UTF-8, because programs of the time wrote declarations they had copied. US-ASCII has
// no bytes that are not, so it needs no conversion.
func (p *parser) encoding(name string) error {
	switch strings.ToLower(name) {
	case "", "utf-8", "us-ascii":
		return nil
	case "iso-8859-1":
		return p.recode(nil)
	case "windows-1252":
		return p.recode(&windows1252)
	}
	return p.bad("encoding")
}

// recode reads the rest of the input into the document's store, to learn whether all of it is UTF-8, and goes on
// from there, converting if it is not.
func (p *parser) recode(table *[32]rune) error {
	var mem []byte
	start, valid := p.base+int64(p.r), true
	for {
		b := p.buf[p.r:p.w]
		if !p.done { // keep the beginning of a split character for the next round
			b = b[:len(b)-partial(b)]
		}
		valid = valid && utf8.Valid(b)
		if p.store.n == 0 && len(mem)+len(b) <= memSpool {
			mem = append(mem, b...)
		} else {
			if err := p.store.write(mem); err != nil {
				return err
			}
			if err := p.store.write(b); err != nil {
				return err
			}
			mem = mem[:0]
		}
		p.r += len(b)
		if !p.more() && p.r == p.w {
			break
		}
	}
	if p.err != nil {
		return p.err
	}
	p.src = bytes.NewReader(mem)
	if p.store.n > 0 {
		p.src = p.store.section(0, p.store.n)
	}
	if !valid {
		p.src = &widener{src: p.src, table: table}
	}
	p.o.MaxBytes = 3 * (p.base + int64(p.w)) // the limit held for the original; a byte becomes three at most
	p.base, p.r, p.w, p.done = start, 0, 0, false
	return nil
}

// partial gives how many bytes at the end of b begin a character that b does not complete.
func partial(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// widener turns a one-byte encoding into UTF-8. Without a table the bytes are the characters (ISO-8859-1).
type widener struct {
	src   io.Reader
	table *[32]rune // of 0x80 to 0x9F
	in    [4096]byte
}

func (d *widener) Read(b []byte) (int, error) {
	n, err := d.src.Read(d.in[:min(len(d.in), len(b)/utf8.UTFMax)])
	out := b[:0]
	for _, c := range d.in[:n] {
		r := rune(c)
		if d.table != nil && c >= 0x80 && c < 0xA0 {
			r = d.table[c-0x80]
		}
		out = utf8.AppendRune(out, r)
	}
	return len(out), err
}

// windows1252 is what the encoding has where ISO-8859-1 has control characters; 0, which XML refuses, for the five
// bytes it leaves undefined. Source: the mapping file CP1252 of the Unicode consortium.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}
