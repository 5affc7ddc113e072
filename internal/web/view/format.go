package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/money"
)

const (
	minus = "\u2212" // as wide as a figure, unlike the hyphen
	nbsp  = "\u00a0"
	none  = "–" // stands where there is no value
)

// Figures writes minor units of the currency with thousands separators and no sign of the currency: "1,250.00".
// It is what stands in a column whose head names the currency.
func Figures(minor int64, currency string) string {
	whole, fraction, hasFraction := strings.Cut(money.FormatMinor(minor, money.Digits(currency)), ".")
	whole, negative := strings.CutPrefix(whole, "-")
	var b strings.Builder
	if negative {
		b.WriteString(minus)
	}
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	if hasFraction {
		b.WriteByte('.')
		b.WriteString(fraction)
	}
	return b.String()
}

// Amount writes minor units of the currency for a heading or a sentence: "$1,250.00", "−$3.00", "EUR 1,250.00". Only
// the US dollar has its sign; any other currency is named by its code, so that no "$" is mistaken.
func Amount(minor int64, currency string) string {
	f := Figures(minor, currency)
	if currency != "USD" {
		return currency + nbsp + f
	}
	if rest, negative := strings.CutPrefix(f, minus); negative {
		return minus + "$" + rest
	}
	return "$" + f
}

// cell is an amount in a table whose amounts are in the home currency: another currency is named.
func cell(minor int64, currency, home string) string {
	if currency == home {
		return Figures(minor, currency)
	}
	return Amount(minor, currency)
}

// Date writes a date as "14 Nov 2026", and an en dash for no date.
func Date(d civil.Date) string {
	if d.IsZero() {
		return none
	}
	return strconv.Itoa(d.Day()) + nbsp + d.Month().String()[:3] + nbsp + strconv.Itoa(d.Year())
}

// DayMonth writes a date as "14 Nov", where the year is clear.
func DayMonth(d civil.Date) string {
	return strconv.Itoa(d.Day()) + nbsp + d.Month().String()[:3]
}

// Instant writes an instant as "14 Nov 2026, 18:04" in the zone of the organisation, and "" for the zero time.
func Instant(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(zone)
	return Date(civil.Of(t, zone)) + ", " + t.Format("15:04")
}

// Size writes a number of bytes as "412 KB", in thousands, rounded up: no file is shown smaller than it is.
func Size(bytes int64) string {
	switch {
	case bytes < 1000:
		return strconv.FormatInt(bytes, 10) + " bytes"
	case bytes < 1_000_000:
		return strconv.FormatInt((bytes+999)/1000, 10) + " KB"
	}
	tenths := (bytes + 99_999) / 100_000
	return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10) + " MB"
}

// Count writes a number with its noun: "1 bill", "2 bills", "1,200 bills".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Figures(int64(n), "JPY") + " " + many // JPY: a currency without decimals groups like any whole number
}
