package jsonv2

import (
	"testing"
	"time"

	"github.com/duebook/duebook/internal/clock"
)

// api-v2 1.4: an instant is written as its layout says, the milliseconds cut.
func TestAppendInstant(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 6_007_000, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(2000, 2, 29, 0, 0, 0, 99_000_000, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got, want := string(appendInstant(nil, clock.FromTime(at))), at.Format(instantLayout); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
