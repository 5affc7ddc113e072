// Package civil has calendar dates without a zone (CNV-3: invoice, due, process and posting dates) and the calendar
// of banking days with the rule for the earliest process date.
package civil

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // a server without zone files must still know Pacific time
)

// ErrDate is the refusal of anything that is not a day of the calendar from 0001-01-01 to 9999-12-31.
var ErrDate = errors.New("not a calendar date")

// Zones of the rules (CNV-4): cut-offs are Pacific, events at the bank New York.
var (
	Pacific = mustLoad("America/Los_Angeles")
	NewYork = mustLoad("America/New_York")
)

// mustLoad cannot fail: the zone data is part of the program.
func mustLoad(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

// Date is a day of the Gregorian calendar in the years 1 to 9999. The zero value is no date. Dates compare with ==.
type Date struct {
	year       uint16
	month, day uint8
}

// New is the given day. It fails with ErrDate for a day that does not exist; nothing rolls over.
func New(year int, month time.Month, day int) (Date, error) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return Date{}, ErrDate
	}
	return Date{uint16(year), uint8(month), uint8(day)}, nil
}

func daysIn(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// Parse reads "2026-11-25": four, two and two digits and nothing else. It fails with ErrDate.
func Parse(s string) (Date, error) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return Date{}, ErrDate
	}
	var n [3]int
	for i, digits := range [3]string{s[:4], s[5:7], s[8:]} {
		for _, c := range []byte(digits) {
			if c < '0' || c > '9' {
				return Date{}, ErrDate
			}
			n[i] = n[i]*10 + int(c-'0')
		}
	}
	return New(n[0], time.Month(n[1]), n[2])
}

// MustDate is Parse for constants in code and tests; it panics where Parse fails.
func MustDate(s string) Date {
	d, err := Parse(s)
	if err != nil {
		panic(fmt.Sprintf("civil: %q: %v", s, err))
	}
	return d
}

// Of is the day that a calendar in loc shows at t; no date for the zero time.
func Of(t time.Time, loc *time.Location) Date {
	if t.IsZero() {
		return Date{}
	}
	return ofTime(t.In(loc))
}

func ofTime(t time.Time) Date {
	d, _ := New(t.Date()) // outside the years 1 to 9999: no date
	return d
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Year is the year, 0 for no date.
func (d Date) Year() int { return int(d.year) }

// Month is the month, 0 for no date.
func (d Date) Month() time.Month { return time.Month(d.month) }

// Day is the day of the month, 0 for no date.
func (d Date) Day() int { return int(d.day) }

// String is "2026-11-25"; "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	y, m, n := d.year, d.month, d.day
	return string([]byte{
		'0' + byte(y/1000), '0' + byte(y/100%10), '0' + byte(y/10%10), '0' + byte(y%10),
		'-', '0' + m/10, '0' + m%10, '-', '0' + n/10, '0' + n%10,
	})
}

// At is the instant when clocks in loc show hour:minute on d, in loc; the zero time for no date. Where summer time
// makes that minute occur twice it is the first one; a minute that is skipped is taken as package time does.
func (d Date) At(hour, minute int, loc *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(d.Year(), d.Month(), d.Day(), hour, minute, 0, 0, loc)
}

// AddDays is the day n days later, or earlier for negative n. No date stays no date, and so becomes a result outside
// the years 1 to 9999.
func (d Date) AddDays(n int) Date {
	const limit = 10_000 * 366
	if d.IsZero() || n > limit || n < -limit {
		return Date{}
	}
	return ofTime(time.Date(d.Year(), d.Month(), d.Day()+n, 0, 0, 0, 0, time.UTC))
}

// Sub is the number of days from o to d, negative if d is earlier. Both must be dates: with no date it is 0.
func (d Date) Sub(o Date) int {
	if d.IsZero() || o.IsZero() {
		return 0
	}
	return int((d.At(0, 0, time.UTC).Unix() - o.At(0, 0, time.UTC).Unix()) / (24 * 60 * 60))
}

// Compare is -1, 0 or +1 as d lies before, on or after o. No date comes before every date.
func (d Date) Compare(o Date) int { return cmp.Compare(d.order(), o.order()) }

// Before reports whether d lies before o.
func (d Date) Before(o Date) bool { return d.order() < o.order() }

// After reports whether d lies after o.
func (d Date) After(o Date) bool { return d.order() > o.order() }

func (d Date) order() uint32 { return uint32(d.year)<<16 | uint32(d.month)<<8 | uint32(d.day) }

// Weekday is the day of the week. It must not be asked of no date.
func (d Date) Weekday() time.Weekday { return d.At(0, 0, time.UTC).Weekday() }

// MarshalText is String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is Parse; empty text is no date.
func (d *Date) UnmarshalText(text []byte) error { return d.set(string(text)) }

func (d *Date) set(s string) (err error) {
	if s == "" {
		*d = Date{}
		return nil
	}
	*d, err = Parse(s)
	return err
}

// Value stores d as the text of String.
func (d Date) Value() (driver.Value, error) { return d.String(), nil }

// Scan reads what Value stored; NULL and empty text are no date. A driver that gives a time for the column must give
// midnight in UTC.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		return d.set("")
	case string:
		return d.set(v)
	case []byte:
		return d.set(string(v))
	case time.Time:
		v = v.UTC()
		if got := ofTime(v); got.At(0, 0, time.UTC).Equal(v) {
			*d = got
			return nil
		}
		return fmt.Errorf("%w: %v is not midnight UTC", ErrDate, v)
	}
	return fmt.Errorf("%w: scan of %T", ErrDate, src)
}
