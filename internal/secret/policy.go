package secret

import (
	_ "embed"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What CheckPolicy refuses, in the order it looks.
var (
	ErrPasswordLong   = errors.New("password is longer than 1,024 bytes")
	ErrPasswordText   = errors.New("password is not text: invalid UTF-8")
	ErrPasswordShort  = errors.New("password is shorter than 12 characters")
	ErrPasswordCommon = errors.New("password is too easy to guess")
)

const (
	minCharacters = 12
	maxBytes      = 1024

	// minPieces is the fewest pieces of a password that is not refused as common; see pieces.
	minPieces = 6
)

// common.txt has what guessers try whole: words, names and well-known long passwords, one a line in lower case.
//
//go:embed common.txt
var commonText string

var common = readCommon(commonText)

func readCommon(text string) []string {
	var words []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			words = append(words, line)
		}
	}
	return words
}

// CheckPolicy says whether pw may become a password: at least 12 characters, at most 1,024 bytes, and not a common one
// (LOG-6). Known are words that a guesser has about the account: the e-mail address, the names of person and
// organisation; those below four characters are not looked for. There are no rules about kinds of characters.
//
// A password is common if it falls apart into fewer than six pieces, where a piece is a word of the list, also with
// digits for letters, a known word, a run along alphabet, digits or keyboard, one character repeated, a year, or else a
// single character: "P@ssw0rd2026!" has three.
func CheckPolicy(pw string, known ...string) error {
	if len(pw) > maxBytes {
		return ErrPasswordLong
	}
	if !utf8.ValidString(pw) {
		return ErrPasswordText
	}
	pw = norm.NFC.String(pw)
	if utf8.RuneCountInString(pw) < minCharacters {
		return ErrPasswordShort
	}
	var extra []string
	for _, k := range known {
		for _, w := range append(strings.FieldsFunc(k, func(r rune) bool { return strings.ContainsRune(" .@-_,+", r) }), k) {
			if utf8.RuneCountInString(w) >= 4 {
				extra = append(extra, strings.ToLower(norm.NFC.String(w)))
			}
		}
	}
	text := []rune(strings.ToLower(pw))
	if pieces(period(text), extra) < minPieces {
		return ErrPasswordCommon
	}
	return nil
}

// period returns the part that text repeats: "abc" for "abcabcabcab", text itself if it does not repeat.
func period(text []rune) []rune {
	for p := 1; p <= len(text)/2; p++ {
		repeats := true
		for i := p; i < len(text) && repeats; i++ {
			repeats = text[i] == text[i-p]
		}
		if repeats {
			return text[:p]
		}
	}
	return text
}

// pieces is the least number of pieces that text can be cut into.
func pieces(text []rune, extra []string) int {
	least := make([]int, len(text)+1) // by number of characters from the start
	for i := range text {
		least[i+1] = len(text)
	}
	reach := func(from, length int) {
		least[from+length] = min(least[from+length], least[from]+1)
	}
	for i := range text {
		rest := text[i:]
		reach(i, 1)
		for n := run(rest); n >= 3; n-- {
			reach(i, n)
		}
		if year(rest) {
			reach(i, 4)
		}
		for _, list := range [][]string{common, extra} {
			for _, w := range list {
				if n := spells(rest, w); n > 0 {
					reach(i, n)
				}
			}
		}
	}
	return least[len(text)]
}

// spells returns how many characters of text spell word, 0 if it begins otherwise.
func spells(text []rune, word string) int {
	n := 0
	for _, w := range word {
		if n == len(text) || text[n] != w && !standsFor(text[n], w) {
			return 0
		}
		n++
	}
	return n
}

// standsFor knows the digits and signs that people write for letters.
func standsFor(c, letter rune) bool {
	switch letter {
	case 'a':
		return c == '4' || c == '@'
	case 'b':
		return c == '8'
	case 'e':
		return c == '3'
	case 'g':
		return c == '9'
	case 'i':
		return c == '1' || c == '!'
	case 'l':
		return c == '1' || c == '|'
	case 'o':
		return c == '0'
	case 's':
		return c == '5' || c == '$'
	case 't':
		return c == '7' || c == '+'
	case 'z':
		return c == '2'
	}
	return false
}

// tracks are what fingers follow. They are read in both directions.
var tracks = []string{
	"abcdefghijklmnopqrstuvwxyz", "01234567890",
	"qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
	"!@#$%^&*()_+", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.", "qazwsxedcrfvtgbyhnujmik", "q1w2e3r4t5y6u7i8o9p0",
	"1q2w3e4r5t6y7u8i9o0p", "1a2s3d4f5g6h7j8k9l", "a1s2d3f4g5h6j7k8l9", "z1x2c3v4b5n6m7",
	"qawsedrftgyhujikolp", "qwaszxerdfcvtyghbn", "a1b2c3d4e5f6g7h8", "1a2b3c4d5e6f7g8h",
}

// run is the length of the longest run at the start of text: one character repeated or a stretch of a track.
func run(text []rune) int {
	longest := 1
	for longest < len(text) && text[longest] == text[0] {
		longest++
	}
	for _, t := range tracks {
		at := strings.IndexRune(t, text[0])
		if at < 0 {
			continue
		}
		for _, step := range []int{1, -1} {
			n := 1
			for j := at + step; n < len(text) && j >= 0 && j < len(t) && rune(t[j]) == text[n]; j += step {
				n++
			}
			longest = max(longest, n)
		}
	}
	return longest
}

// year reports whether text begins with a year from 1900 to 2099.
func year(text []rune) bool {
	return len(text) >= 4 && (text[0] == '1' && text[1] == '9' || text[0] == '2' && text[1] == '0') &&
		text[2] >= '0' && text[2] <= '9' && text[3] >= '0' && text[3] <= '9'
}
