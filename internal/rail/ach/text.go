package ach

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Transliterate writes a payee's name in upper-case printable ASCII: letters lose their accents, some others get
// their usual spelling (ß SS, æ AE, ł L), whatever remains becomes a blank. Blanks are single and none stand at the
// ends, so a name in a wholly foreign script comes out empty, which Write refuses. The caller cuts the result; every
// character is one byte. Rule ACH-7.
func Transliterate(s string) string {
	return strings.ToUpper(ASCII(s))
}

// ASCII is Transliterate with the case kept.
func ASCII(s string) string {
	var b strings.Builder
	blank := false
	for _, r := range norm.NFKD.String(s) {
		out, known := spelling[r]
		switch {
		case known:
		case ' ' < r && r <= '~':
			out = string(r)
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r): // accents; soft hyphens and the like
			continue
		default:
			blank = true
			continue
		}
		if blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteString(out)
	}
	return b.String()
}

// spelling holds what compatibility decomposition leaves whole.
var spelling = map[rune]string{
	'ß': "ss", 'ẞ': "SS", 'æ': "ae", 'Æ': "AE", 'œ': "oe", 'Œ': "OE", 'ø': "o", 'Ø': "O", 'ł': "l", 'Ł': "L",
	'đ': "d", 'Đ': "D", 'ð': "d", 'Ð': "D", 'þ': "th", 'Þ': "TH", 'ħ': "h", 'Ħ': "H", 'ŧ': "t", 'Ŧ': "T",
	'ı': "i", 'ŋ': "ng", 'Ŋ': "NG", 'ĸ': "k",
	'‘': "'", '’': "'", 'ʼ': "'", '“': `"`, '”': `"`, '„': `"`, '‐': "-", '–': "-", '—': "-", '⁄': "/",
}
