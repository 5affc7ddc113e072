package record

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
)

// bind gives the value of f in rec as both drivers take it.
func (f *Field) bind(rec any) any {
	switch p := f.at(rec).(type) {
	case *string:
		if strings.Contains(*p, separator) {
			return strings.ReplaceAll(*p, separator, "")
		}
		return *p
	case *ids.ID:
		if p.IsNull() {
			return ""
		}
		return string(*p)
	case *bool:
		if *p {
			return int64(1)
		}
		return int64(0)
	case *int64:
		return *p
	case *clock.Instant:
		return int64(*p)
	case *civil.Date:
		return p.String()
	case *money.Decimal:
		return p.String()
	}
	panic("record: field " + f.Name + " is of no known kind")
}

// equal reports whether a and b hold the same value of f.
func (f *Field) equal(a, b any) bool { return f.bind(a) == f.bind(b) }

// set reports whether rec holds a value of f other than none.
func (f *Field) set(rec any) bool {
	switch v := f.bind(rec).(type) {
	case string:
		return v != ""
	case int64:
		return v != 0
	}
	return true
}

// digits is the number of decimals of the record's money: its currency's, two where it has none.
func (t *Type) digits(rec any) int {
	if f := t.byName["currency"]; f != nil && f.Kind == Text {
		return money.Digits(*f.at(rec).(*string))
	}
	return 2
}

// appendJSON appends the value of f as JSON for the audit trail, money with that number of decimals.
func (f *Field) appendJSON(b []byte, rec any, digits int) []byte {
	switch v := f.bind(rec).(type) {
	case int64:
		if f.Kind == Money {
			b = append(b, '"')
			return append(money.AppendMinor(b, v, digits), '"')
		}
		return strconv.AppendInt(b, v, 10)
	case string:
		if f.Sensitive {
			v = Mask(v)
		}
		return AppendQuoted(b, v)
	}
	return append(b, "null"...)
}

// Mask shows the last four characters of a number that must not be seen.
func Mask(s string) string {
	if s == "" {
		return ""
	}
	r := []rune(s)
	if len(r) <= 4 {
		return "****"
	}
	return "****" + string(r[len(r)-4:])
}

// AppendQuoted appends s as a JSON string.
func AppendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			_, n := utf8.DecodeRuneInString(s[i:])
			i += n
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
