package iso20022

import (
	"strings"

	"github.com/duebook/duebook/internal/rail/ach"
)

// Latin reduces a text to the characters that SWIFT carries, its set x: letters without accents, digits, blank and
// / - ? : ( ) . , ' +. Others become a blank; blanks are single, and no slash stands at an end or beside another. What
// is in a foreign script comes out empty. Rule INT-5.
func Latin(s string) string {
	var b strings.Builder
	for _, r := range ach.ASCII(s) {
		if r == '/' && strings.HasSuffix(b.String(), "/") {
			continue
		}
		if !inSetX(r) {
			r = ' '
		}
		if r == ' ' && (b.Len() == 0 || strings.HasSuffix(b.String(), " ")) {
			continue
		}
		b.WriteRune(r)
	}
	return strings.Trim(b.String(), " /")
}

// Cut keeps the first n characters of a text that Latin has reduced.
func Cut(s string, n int) string { return strings.Trim(s[:min(len(s), n)], " /") }

func inSetX(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" /-?:().,'+", r)
}

// ValidIBAN reports whether s is an IBAN of that country and length: letters and digits whose rest by 97 is 1. Rule INT-5.
func ValidIBAN(s, country string, length int) bool {
	if len(s) != length || length < 5 || !strings.HasPrefix(s, country) {
		return false
	}
	rest := 0
	for _, c := range []byte(s[4:] + s[:4]) {
		switch {
		case c >= '0' && c <= '9':
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1 && s[2] >= '0' && s[2] <= '9' && s[3] >= '0' && s[3] <= '9'
}

// ValidBIC reports whether s has the form of a BIC, 8 or 11 characters, of a bank in that country. Rule INT-5.
func ValidBIC(s, country string) bool {
	if len(s) != 8 && len(s) != 11 {
		return false
	}
	for i, c := range []byte(s) {
		letter, digit := c >= 'A' && c <= 'Z', c >= '0' && c <= '9'
		if !letter && (!digit || i == 4 || i == 5) {
			return false
		}
	}
	return s[4:6] == country
}

// TestBIC reports whether a BIC is one for tests: no bank is reached by it. Its eighth character is 0.
func TestBIC(s string) bool { return len(s) >= 8 && s[7] == '0' }
