package clock

import (
	"sync"
	"testing"
	"time"
)

func TestSystemIsUTCMicroseconds(t *testing.T) {
	t.Parallel()
	before := time.Now()
	now := System{}.Now()
	if now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
		t.Errorf("Now() = %v, want UTC and whole microseconds", now)
	}
	if d := now.Sub(before); d < -time.Microsecond || d > time.Minute {
		t.Errorf("Now() is %v from the machine's time", d)
	}
	if back := FromTime(now).Time(); back != now {
		t.Errorf("through Instant: %#v, want the equal value %#v", back, now)
	}
}

func TestOffsetTicksWithItsBase(t *testing.T) {
	t.Parallel()
	base := NewManual(time.Date(2026, 11, 24, 17, 59, 59, 0, time.UTC))
	c := Clock(Offset{From: base, By: 24*time.Hour + time.Nanosecond})
	if got, want := c.Now(), time.Date(2026, 11, 25, 17, 59, 59, 0, time.UTC); got != want {
		t.Errorf("Now() = %v, want %v", got, want)
	}
	base.Advance(time.Second)
	if got, want := c.Now(), time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC); got != want {
		t.Errorf("after a second Now() = %v, want %v", got, want)
	}
}

func TestManual(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 8, 1, 59, 0, 123_456_789, time.FixedZone("PST", -8*3600))
	m := NewManual(start)
	if got, want := m.Now(), time.Date(2026, 3, 8, 9, 59, 0, 123_456_000, time.UTC); got != want {
		t.Errorf("Now() = %v, want %v", got, want)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				m.Advance(time.Millisecond)
			}
		})
	}
	wg.Wait()
	if got, want := m.Now(), time.Date(2026, 3, 8, 9, 59, 0, 923_456_000, time.UTC); got != want {
		t.Errorf("after 800 ms Now() = %v, want %v", got, want)
	}
	m.Set(start.Add(-time.Hour))
	if got := m.Now(); !got.Before(start) {
		t.Errorf("a test may set the clock back; Now() = %v", got)
	}
}

func TestInstant(t *testing.T) {
	t.Parallel()
	tests := []struct {
		at   time.Time
		want Instant
		text string
	}{
		{time.Time{}, 0, ""},
		{time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC), 1_795_543_200_000_000, "2026-11-24T18:00:00.000000Z"},
		{time.Date(2026, 11, 24, 10, 0, 0, 1_999, time.FixedZone("", -8*3600)), 1_795_543_200_000_001, "2026-11-24T18:00:00.000001Z"},
		{time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC), -1, "1969-12-31T23:59:59.999999Z"},
	}
	for _, tt := range tests {
		i := FromTime(tt.at)
		if i != tt.want || i.String() != tt.text || i.IsZero() != tt.at.IsZero() {
			t.Errorf("FromTime(%v) = %d %q, want %d %q", tt.at, i, i, tt.want, tt.text)
		}
		if got, want := i.Time(), tt.at.UTC().Truncate(time.Microsecond); got != want {
			t.Errorf("%d.Time() = %v, want %v", i, got, want)
		}
		if v, err := i.Value(); err != nil || v != int64(tt.want) {
			t.Errorf("%d.Value() = %v, %v", i, v, err)
		}
		if i.IsZero() {
			if i.Add(time.Hour) != 0 {
				t.Error("no time plus an hour is a time")
			}
		} else if got := i.Add(90 * time.Second).Sub(i); got != 90*time.Second {
			t.Errorf("%v + 90s - itself = %v", i, got)
		}
	}
}
