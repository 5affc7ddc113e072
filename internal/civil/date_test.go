package civil

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNewRefusesWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	tests := []struct {
		y    int
		m    time.Month
		d    int
		want string
	}{
		{2026, 11, 25, "2026-11-25"}, {2028, 2, 29, "2028-02-29"}, {2000, 2, 29, "2000-02-29"},
		{1, 1, 1, "0001-01-01"}, {9999, 12, 31, "9999-12-31"},
		{2027, 2, 30, ""}, {2027, 2, 29, ""}, {1900, 2, 29, ""}, {2026, 4, 31, ""}, {2026, 13, 1, ""}, {2026, 0, 1, ""},
		{2026, 1, 0, ""}, {2026, 1, 32, ""}, {2026, 1, -1, ""}, {0, 1, 1, ""}, {10000, 1, 1, ""}, {-5, 1, 1, ""},
		{65536 + 2026, 1, 1, ""}, {2026, 256 + 1, 1, ""}, {2026, 1, 256 + 1, ""},
	}
	for _, tt := range tests {
		d, err := New(tt.y, tt.m, tt.d)
		if d.String() != tt.want || (err == nil) != (tt.want != "") || err != nil && !errors.Is(err, ErrDate) {
			t.Errorf("New(%d, %d, %d) = %v, %v, want %q", tt.y, tt.m, tt.d, d, err, tt.want)
		}
		if err == nil && (d.Year() != tt.y || d.Month() != tt.m || d.Day() != tt.d) {
			t.Errorf("%v is %d, %d, %d", d, d.Year(), d.Month(), d.Day())
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "2026-1-05", "2026-11-5", "26-11-05", "2026/11/05", "2026-11-05 ", " 2026-11-05", "2026-11-05Z",
		"+026-11-05", "2026-11--5", "2026-02-30", "0000-01-01", "2026-11-0x", "20261105", "２026-11-5"} {
		if d, err := Parse(bad); !errors.Is(err, ErrDate) || !d.IsZero() {
			t.Errorf("Parse(%q) = %v, %v", bad, d, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-11-25", "2027-02-30", "2028-02-29", "0001-01-01", "9999-12-31", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		want, wantErr := time.Parse(time.DateOnly, s)
		if ok := wantErr == nil && want.Year() > 0; ok != (err == nil) {
			t.Fatalf("Parse(%q) = %v, %v; package time says %v", s, d, err, wantErr)
		}
		if err == nil && (d.String() != s || d != ofTime(want)) {
			t.Fatalf("Parse(%q) = %v", s, d)
		}
	})
}

// Arithmetic agrees with package time, whatever the distance.
func TestDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(-800_000, 800_000)
		epoch := MustDate("2200-01-01")
		i, j := n.Draw(t, "i"), n.Draw(t, "j")
		a, b := epoch.AddDays(i), epoch.AddDays(j)
		if b.Sub(a) != j-i || a.AddDays(j-i) != b || a.IsZero() {
			t.Fatalf("%v to %v: Sub = %d, want %d", a, b, b.Sub(a), j-i)
		}
		if a.Before(b) != (i < j) || a.After(b) != (i > j) || a.Compare(b) != min(max(i-j, -1), 1) {
			t.Fatalf("%v and %v are out of order", a, b)
		}
		if a.Before(b) != (a.String() < b.String()) {
			t.Fatalf("texts of %v and %v sort otherwise", a, b)
		}
		if want := time.Weekday(((i % 7) + 7 + int(epoch.Weekday()))) % 7; a.Weekday() != want {
			t.Fatalf("%v is a %v, want %v", a, a.Weekday(), want)
		}
	})
}

func TestNoDate(t *testing.T) {
	t.Parallel()
	var none Date
	last := MustDate("9999-12-31")
	for name, ok := range map[string]bool{
		"is zero":         none.IsZero() && none.String() == "" && none == Date{},
		"comes first":     none.Before(MustDate("0001-01-01")) && none.Compare(none) == 0,
		"stays":           none.AddDays(5).IsZero() && none.At(1, 2, time.UTC).IsZero() && none.Sub(last) == 0 && last.Sub(none) == 0,
		"ends the future": last.AddDays(1).IsZero() && last.AddDays(1<<62).IsZero(),
		"ends the past":   MustDate("0001-01-01").AddDays(-1).IsZero() && last.AddDays(-1<<62).IsZero(),
		"of no time":      Of(time.Time{}, Pacific).IsZero(),
		"of year 10000":   Of(time.Date(10000, 1, 1, 12, 0, 0, 0, time.UTC), time.UTC).IsZero(),
	} {
		if !ok {
			t.Error(name)
		}
	}
}

func TestZones(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, 11, 25, 6, 30, 0, 0, time.UTC) // 22:30 on the 24th in Los Angeles, 01:30 on the 25th in New York
	if p, n := Of(late, Pacific), Of(late, NewYork); p != MustDate("2026-11-24") || n != MustDate("2026-11-25") {
		t.Errorf("Of(%v) = %v Pacific, %v New York", late, p, n)
	}
	tests := []struct{ date, hhmm, want string }{
		{"2026-11-24", "18:00", "2026-11-25T02:00:00Z"}, // PST
		{"2026-07-01", "18:00", "2026-07-02T01:00:00Z"}, // PDT
		{"2026-03-08", "18:00", "2026-03-09T01:00:00Z"}, // the day summer time starts
		{"2026-11-01", "18:00", "2026-11-02T02:00:00Z"}, // the day it ends
		{"2026-11-01", "01:30", "2026-11-01T08:30:00Z"}, // twice: the first
	}
	for _, tt := range tests {
		clock, err := time.Parse("15:04", tt.hhmm)
		if err != nil {
			t.Fatal(err)
		}
		if got := MustDate(tt.date).At(clock.Hour(), clock.Minute(), Pacific).UTC().Format(time.RFC3339); got != tt.want {
			t.Errorf("%s at %s Pacific = %s, want %s", tt.date, tt.hhmm, got, tt.want)
		}
	}
}

func TestStored(t *testing.T) {
	t.Parallel()
	day := MustDate("2026-11-25")
	tests := []struct {
		src  any
		want Date
		ok   bool
	}{
		{nil, Date{}, true}, {"", Date{}, true}, {[]byte{}, Date{}, true}, {"2026-11-25", day, true}, {[]byte("2026-11-25"), day, true},
		{time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC), day, true},
		{time.Date(2026, 11, 24, 16, 0, 0, 0, Pacific), day, true}, // midnight UTC, shown in a local zone
		{time.Date(2026, 11, 25, 0, 0, 0, 0, Pacific), Date{}, false},
		{time.Date(2026, 11, 25, 0, 0, 0, 1, time.UTC), Date{}, false},
		{"25.11.2026", Date{}, false}, {int64(20261125), Date{}, false},
	}
	for _, tt := range tests {
		d := MustDate("1999-09-09")
		err := d.Scan(tt.src)
		if (err == nil) != tt.ok || tt.ok && d != tt.want || err != nil && !errors.Is(err, ErrDate) {
			t.Errorf("Scan(%v) = %v, %v, want %v", tt.src, d, err, tt.want)
		}
		if v, err := d.Value(); err != nil || tt.ok && v != tt.want.String() {
			t.Errorf("Value() = %#v, %v", v, err)
		}
	}
	in := struct{ A, B Date }{A: day}
	text, err := json.Marshal(in)
	out := struct{ A, B Date }{B: day}
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil || string(text) != `{"A":"2026-11-25","B":""}` || out != in {
		t.Errorf("as JSON %s, %v, %v", text, out, err)
	}
}
