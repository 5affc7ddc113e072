package civil

import (
	"slices"
	"time"
)

// cutOffHour ends the day of scheduling, Pacific time (PAY-3): 18:00:00 itself is after the cut-off.
const cutOffHour = 18

// Calendar tells banking days: Monday to Friday without the holidays of the Federal Reserve and without closures the
// operator added (CNV-6). The zero value has the holidays only. A Calendar does not change; copies are cheap.
//
// Source: domain specification 5.2, after the Federal Reserve's table of holidays (K.8). The rules of that table are
// applied to every year, also to years before a holiday existed.
type Calendar struct {
	closures []Date // sorted, no repeats, no zero
}

// WithClosures is c that is also closed on the given days.
func (c Calendar) WithClosures(days ...Date) Calendar {
	all := slices.Concat(c.closures, days)
	all = slices.DeleteFunc(all, Date.IsZero)
	slices.SortFunc(all, Date.Compare)
	return Calendar{slices.Compact(all)}
}

// Holidays are the closed weekdays of a year in order: the holidays that close one, and closures.
func (c Calendar) Holidays(year int) []Date {
	var closed []Date
	d, err := New(year, time.January, 1)
	for ; err == nil && d.Year() == year; d = d.AddDays(1) {
		if !weekend(d) && !c.IsBankingDay(d) {
			closed = append(closed, d)
		}
	}
	return closed
}

// IsBankingDay reports whether banks are open on d. No date is no banking day.
func (c Calendar) IsBankingDay(d Date) bool {
	if d.IsZero() || weekend(d) || fedHoliday(d) {
		return false
	}
	_, closed := slices.BinarySearchFunc(c.closures, d, Date.Compare)
	return !closed
}

// Next is the first banking day after d.
func (c Calendar) Next(d Date) Date { return c.seek(d, +1) }

// Prev is the last banking day before d.
func (c Calendar) Prev(d Date) Date { return c.seek(d, -1) }

// Add is the n-th banking day after d, for negative n before it; d itself, whatever day it is, for 0.
func (c Calendar) Add(d Date, n int) Date {
	for ; n > 0 && !d.IsZero(); n-- {
		d = c.Next(d)
	}
	for ; n < 0 && !d.IsZero(); n++ {
		d = c.Prev(d)
	}
	return d
}

// OnOrAfter is d if it is a banking day, else the next one.
func (c Calendar) OnOrAfter(d Date) Date {
	if c.IsBankingDay(d) {
		return d
	}
	return c.Next(d)
}

// seek walks at least one step. It ends: AddDays gives no date at the ends of the calendar and for no date.
func (c Calendar) seek(d Date, step int) Date {
	for d = d.AddDays(step); !d.IsZero() && !c.IsBankingDay(d); {
		d = d.AddDays(step)
	}
	return d
}

// EarliestProcessDate is the first day that a payment scheduled at now can be processed on: the first banking day
// after the Pacific calendar day of now, from 18:00 Pacific on the second. Weekends and holidays have the same
// cut-off. Rule PAY-3.
func (c Calendar) EarliestProcessDate(now time.Time) Date {
	z := now.In(Pacific)
	if z.Hour() < cutOffHour {
		return c.Next(ofTime(z))
	}
	return c.Add(ofTime(z), 2)
}

// CutOff is until when the earliest process date of now, or an earlier one, can be had: the first cut-off after now from
// which on it is later. Rule PAY-3.
func (c Calendar) CutOff(now time.Time) time.Time {
	earliest := c.EarliestProcessDate(now)
	for d := ofTime(now.In(Pacific)); ; d = d.AddDays(1) {
		end := d.At(cutOffHour, 0, Pacific)
		if end.After(now) && (c.EarliestProcessDate(end).After(earliest) || d.IsZero()) {
			return end
		}
	}
}

func weekend(d Date) bool {
	w := d.Weekday()
	return w == time.Saturday || w == time.Sunday
}

// fedHoliday reports whether a holiday closes d. One of fixed date that falls on a Sunday closes the Monday after it;
// one on a Saturday closes no weekday.
func fedHoliday(d Date) bool {
	if fixedHoliday(d) {
		return true
	}
	if d.Weekday() != time.Monday {
		return d.Month() == time.November && d.Weekday() == time.Thursday && nth(d) == 4
	}
	switch d.Month() {
	case time.January, time.February:
		if nth(d) == 3 {
			return true
		}
	case time.May:
		if d.Day() > 31-7 {
			return true
		}
	case time.September:
		if nth(d) == 1 {
			return true
		}
	case time.October:
		if nth(d) == 2 {
			return true
		}
	}
	return fixedHoliday(d.AddDays(-1))
}

func fixedHoliday(d Date) bool {
	switch d.Month() {
	case time.January:
		return d.day == 1
	case time.June:
		return d.day == 19
	case time.July:
		return d.day == 4
	case time.November:
		return d.day == 11
	case time.December:
		return d.day == 25
	}
	return false
}

// nth is 1 for the first of its weekday in the month, and so on.
func nth(d Date) int { return (d.Day() + 6) / 7 }
