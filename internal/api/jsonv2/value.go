package jsonv2

import (
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/jsondoc"
	"github.com/duebook/duebook/internal/money"
)

// instantLayout is how instants are written: always UTC, the offset without a colon (1.4).
const instantLayout = "2006-01-02T15:04:05.000+0000"

// number gives the literal of a number, or of a text that holds one (1.4).
func number(v *jsondoc.Value) (string, bool) {
	switch v.Kind {
	case jsondoc.Number:
		return plainNumber(v.Text)
	case jsondoc.String:
		s := strings.TrimSpace(v.Text)
		if n, err := jsondoc.Parse(s); err != nil || n.Kind != jsondoc.Number {
			if strings.HasPrefix(s, "+") || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "-.") {
				return plainNumber(s)
			}
			return s, isPlain(s)
		}
		return plainNumber(s)
	}
	return "", false
}

// isPlain reports whether s is digits with perhaps a sign and a point: 007 is a number in a text.
func isPlain(s string) bool {
	s = strings.TrimLeft(s, "+-")
	whole, fraction, _ := strings.Cut(s, ".")
	return whole+fraction != "" && strings.Trim(whole+fraction, "0123456789") == ""
}

// plainNumber writes out an exponent, which some languages put into larger numbers: 1.25E4 is 12500.
func plainNumber(s string) (string, bool) {
	s = strings.TrimPrefix(s, "+")
	digits, exponent, has := strings.Cut(strings.ToLower(s), "e")
	if !has {
		return s, isPlain(s)
	}
	e, err := strconv.Atoi(exponent)
	if err != nil || e > 30 || e < -30 || !isPlain(digits) {
		return "", false
	}
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	point := len(whole) + e
	all := whole + fraction
	switch {
	case point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + all, true
	case point >= len(all):
		return sign + all + strings.Repeat("0", point-len(all)), true
	}
	return sign + all[:point] + "." + all[point:], true
}

// maxMoney is the largest amount the wire takes, in minor units.
const maxMoney = 99_999_999_999

// one is the factor that rounds an amount.
var one = money.MustDecimal("1")

// parseMoney reads an amount of at most six decimals and rounds it to the minor unit, half up (1.4). large reports that
// it is a number beyond what is taken.
func parseMoney(v *jsondoc.Value) (minor int64, large, ok bool) {
	d, large, ok := parseDecimal(v)
	if !ok || large {
		return 0, large, ok
	}
	minor, err := money.Multiply(d, one, 2)
	if err != nil || minor > maxMoney || minor < -maxMoney {
		return 0, true, true
	}
	return minor, false, true
}

func parseDecimal(v *jsondoc.Value) (d money.Decimal, large, ok bool) {
	s, ok := number(v)
	if !ok {
		return d, false, false
	}
	if whole, fraction, has := strings.Cut(s, "."); has && len(fraction) > money.Fraction {
		if strings.Trim(fraction[money.Fraction:], "0") != "" {
			return d, false, false
		}
		s = whole + "." + fraction[:money.Fraction]
	}
	d, err := money.ParseDecimal(s, money.Fraction)
	if err != nil {
		return d, true, true
	}
	return d, false, true
}

// parseInt reads a whole number, also as a text or with zeros behind a point.
func parseInt(v *jsondoc.Value) (int64, bool) {
	s, ok := number(v)
	if !ok {
		return 0, false
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if strings.Trim(fraction, "0") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	return n, err == nil
}

// parseBool reads true, false, "true", "false", 1, 0, "1", "0".
func parseBool(v *jsondoc.Value) (value, ok bool) {
	if v.Kind != jsondoc.Bool && v.Kind != jsondoc.String && v.Kind != jsondoc.Number {
		return false, false
	}
	switch {
	case v.Text == "1" || strings.EqualFold(v.Text, "true"):
		return true, true
	case v.Text == "0" || strings.EqualFold(v.Text, "false"):
		return false, true
	}
	return false, false
}

// parseDate reads YYYY-MM-DD, or the date part of a date-time.
func parseDate(s string) (civil.Date, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 10 {
		if _, _, ok := parseInstant(s); !ok {
			return civil.Date{}, false
		}
		s = s[:10]
	}
	d, err := civil.Parse(s)
	return d, err == nil
}

// parseInstant reads a date-time in one of the forms of 1.4. An offset whose plus sign has become a blank on the way is
// read as one (1.4.3). day reports that only a date stood there: its first instant, UTC, is given.
func parseInstant(s string) (at clock.Instant, day, ok bool) {
	s = strings.TrimSpace(s)
	if d, err := civil.Parse(s); err == nil {
		return clock.FromTime(d.At(0, 0, time.UTC)), true, true
	}
	if len(s) < 17 || s[10] != 'T' && s[10] != 't' && s[10] != ' ' {
		return 0, false, false
	}
	d, err := civil.Parse(s[:10])
	if err != nil {
		return 0, false, false
	}
	rest := s[11:]
	i := strings.IndexAny(rest, "Zz+- ")
	if i < 0 {
		i = len(rest) // no offset: UTC
	}
	of, zone := rest[:i], rest[i:]
	offset, ok := parseOffset(zone)
	if !ok {
		return 0, false, false
	}
	t, err := time.Parse("15:04:05.999999999", of)
	if err != nil {
		if t, err = time.Parse("15:04", of); err != nil {
			return 0, false, false
		}
	}
	whole := d.At(0, 0, time.UTC).Add(t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))).Add(-offset)
	return clock.FromTime(whole.Truncate(time.Microsecond)), false, true
}

// parseOffset reads Z, +hh:mm, +hhmm, +hh, and +hh.mm as one client writes it; nothing is UTC.
func parseOffset(s string) (time.Duration, bool) {
	if s == "" || strings.EqualFold(s, "z") {
		return 0, true
	}
	digits := strings.NewReplacer(":", "", ".", "").Replace(s[1:])
	if len(digits) == 2 {
		digits += "00"
	}
	if len(digits) != 4 || strings.Trim(digits, "0123456789") != "" || len(s) > 6 {
		return 0, false
	}
	h, m := int(digits[0]-'0')*10+int(digits[1]-'0'), int(digits[2]-'0')*10+int(digits[3]-'0')
	if h > 14 || m > 59 {
		return 0, false
	}
	d := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if s[0] == '-' {
		d = -d
	}
	return d, true
}
