package recurring

import (
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
)

func TestBIL_10_Dates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		period, every int64
		start, want   string
	}{
		{"days", Days, 10, "2026-12-25", "2027-01-04 2027-01-14"},
		{"weeks", Weeks, 1, "2026-12-25", "2027-01-01 2027-01-08"},
		{"months", Months, 1, "2026-11-30", "2026-12-30 2027-01-30 2027-02-28 2027-03-30"},
		{"the last of the month", Months, 1, "2027-12-31", "2028-01-31 2028-02-29 2028-03-31 2028-04-30 2028-05-31"},
		{"quarters over the year's end", Months, 3, "2026-11-30", "2027-02-28 2027-05-30 2027-08-30 2027-11-30"},
		{"two years in months", Months, 24, "2026-12-31", "2028-12-31"},
		{"leap day", Years, 1, "2028-02-29", "2029-02-28 2030-02-28 2031-02-28 2032-02-29"},
		{"years", Years, 2, "2026-06-15", "2028-06-15"},
	} {
		s := Schedule{TimePeriod: c.period, Frequency: c.every, NextDueDate: civil.MustDate(c.start)}
		if err := s.check(nil, true); err != nil {
			t.Fatal(err)
		}
		var got []string
		for range strings.Fields(c.want) {
			s.advance()
			got = append(got, s.NextDueDate.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %s, want %s", c.name, strings.Join(got, " "), c.want)
		}
	}
}

// Work is due from six in the morning on, in the organisation's zone.
func TestDueDay(t *testing.T) {
	t.Parallel()
	day := civil.MustDate("2026-11-23")
	for _, c := range []struct {
		hour int
		want string
	}{{0, "2026-11-22"}, {5, "2026-11-22"}, {6, "2026-11-23"}, {23, "2026-11-23"}} {
		if got := dueDay(day.At(c.hour, 0, civil.Pacific), civil.Pacific); got.String() != c.want {
			t.Errorf("at %d o'clock: %s, want %s", c.hour, got, c.want)
		}
	}
}
