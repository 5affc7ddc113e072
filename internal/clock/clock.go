// Package clock is the one place that reads the time (CNV-5): the system's clock, the same shifted for a sandbox,
// and one that tests set by hand. It also has Instant, the form in which records keep a time.
package clock

import (
	"database/sql/driver"
	"sync/atomic"
	"time"
)

// Clock tells the time: in UTC, cut to whole microseconds, without a monotonic reading, so that a value reads back
// equal from both databases. Implementations are safe for concurrent use.
type Clock interface {
	Now() time.Time
}

// System is the clock of the machine.
type System struct{}

// Now is the present.
func (System) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Offset is another clock moved by a fixed distance: the clock of a sandbox. It ticks as From ticks.
type Offset struct {
	From Clock
	By   time.Duration // positive: ahead of From; a part below a microsecond is cut
}

// Now is the time of From moved by By.
func (o Offset) Now() time.Time { return o.From.Now().Add(o.By).Truncate(time.Microsecond) }

// Manual stands still until it is set or advanced: the clock of tests. The zero value stands at 1970-01-01.
type Manual struct {
	micros atomic.Int64
}

// NewManual is a Manual that stands at t.
func NewManual(t time.Time) *Manual {
	m := new(Manual)
	m.Set(t)
	return m
}

// Now is the time last set.
func (m *Manual) Now() time.Time { return time.UnixMicro(m.micros.Load()).UTC() }

// Set moves the clock to t, forward or back.
func (m *Manual) Set(t time.Time) { m.micros.Store(t.UnixMicro()) }

// Advance moves the clock by d and returns the new time. Negative d moves it back.
func (m *Manual) Advance(d time.Duration) time.Time {
	return time.UnixMicro(m.micros.Add(d.Microseconds())).UTC()
}

// Instant is a point in time as records hold it: microseconds since 1970-01-01 UTC, stored as BIGINT. Zero is "no
// time", so the first microsecond of 1970 itself cannot be told. Instants compare with the operators of integers.
type Instant int64

// FromTime is the instant of t, cut (towards the past) to microseconds; the zero time gives the zero Instant.
func FromTime(t time.Time) Instant {
	if t.IsZero() {
		return 0
	}
	return Instant(t.UnixMicro())
}

// Time is i in UTC; for the zero Instant the zero time.
func (i Instant) Time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(i)).UTC()
}

// IsZero reports whether i is "no time".
func (i Instant) IsZero() bool { return i == 0 }

// Add is i moved by d, cut to microseconds; the zero Instant stays zero.
func (i Instant) Add(d time.Duration) Instant {
	if i == 0 {
		return 0
	}
	return i + Instant(d.Microseconds())
}

// Sub is the time from j to i. Both must be set.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i-j) * time.Microsecond }

// String is RFC 3339 in UTC with always six decimals, so that texts sort as the instants do; "" for zero.
func (i Instant) String() string {
	if i == 0 {
		return ""
	}
	return i.Time().Format("2006-01-02T15:04:05.000000Z")
}

// Value stores the number. It is spelt out because a driver that looks for String first would store the text.
func (i Instant) Value() (driver.Value, error) { return int64(i), nil }
