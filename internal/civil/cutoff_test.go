package civil

import (
	"testing"
	"time"
)

// PAY-3: the deadline of the earliest process date is the cut-off after which it is later, also over a weekend.
func TestCutOff(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ now, want string }{
		{"2026-11-23 09:00", "2026-11-23"}, // Monday
		{"2026-11-23 18:00", "2026-11-24"}, // Wednesday until Tuesday's cut-off
		{"2026-11-25 19:00", "2026-11-27"}, // the eve of Thanksgiving: Monday, until Friday's cut-off
		{"2026-11-20 19:00", "2026-11-23"}, // Friday evening: Tuesday, until Monday's cut-off
		{"2026-11-21 10:00", "2026-11-21"}, // Saturday: Monday, until its evening
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", x.now, Pacific)
		if err != nil {
			t.Fatal(err)
		}
		got := (Calendar{}).CutOff(now)
		if want := MustDate(x.want).At(18, 0, Pacific); !got.Equal(want) {
			t.Errorf("at %s: %s, want %s", x.now, got, want)
		}
	}
}
