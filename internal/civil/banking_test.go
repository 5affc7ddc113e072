package civil

import (
	"slices"
	"testing"
	"time"
)

// pacific reads "2026-11-24 17:59:59.999" as Pacific time.
func pacific(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05", s, Pacific)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestEarliestProcessDate(t *testing.T) {
	t.Parallel()
	tests := []struct{ rule, at, want string }{
		{"PAY-3: before the cut-off", "2026-11-24 17:59:59", "2026-11-25"},
		{"PAY-3: second day; the 26th is Thanksgiving", "2026-11-24 18:00:00", "2026-11-27"},
		{"PAY-3: holiday skipped", "2026-11-25 12:00:00", "2026-11-27"},
		{"PAY-3: on a holiday, before", "2026-11-26 10:00:00", "2026-11-27"},
		{"PAY-3: on a holiday, after", "2026-11-26 19:00:00", "2026-11-30"},
		{"PAY-3: Friday evening", "2026-11-27 19:00:00", "2026-12-01"},
		{"PAY-3: Saturday, before", "2026-11-28 10:00:00", "2026-11-30"},
		{"PAY-3: Saturday, after", "2026-11-28 19:00:00", "2026-12-01"},
		{"PAY-3: 1 January", "2026-12-31 18:30:00", "2027-01-05"},
		{"PAY-3: 4 July on a Sunday", "2027-07-02 12:00:00", "2027-07-06"},
		{"PAY-3: 25 December on a Saturday", "2027-12-23 12:00:00", "2027-12-24"},
		{"PAY-3: Juneteenth on a Saturday", "2027-06-18 12:00:00", "2027-06-21"},
		{"E1", "2026-12-01 17:59:59.999", "2026-12-02"},
		{"E1", "2026-12-01 18:00:00.000", "2026-12-03"},
		{"E2: summer time starts", "2026-03-08 17:59:59.999", "2026-03-09"},
		{"E2: summer time starts", "2026-03-08 18:00:00.000", "2026-03-10"},
		{"E2: summer time ends", "2026-11-01 17:59:59.999", "2026-11-02"},
		{"E2: summer time ends", "2026-11-01 18:00:00.000", "2026-11-03"},
		{"midnight belongs to the new day", "2026-12-01 00:00:00", "2026-12-02"},
	}
	for _, tt := range tests {
		at := pacific(t, tt.at)
		for _, zone := range []*time.Location{Pacific, time.UTC, NewYork} {
			if got := (Calendar{}).EarliestProcessDate(at.In(zone)); got != MustDate(tt.want) {
				t.Errorf("%s: at %s Pacific (as %v) got %v, want %s", tt.rule, tt.at, zone, got, tt.want)
			}
		}
	}
}

func TestHolidays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		year int
		want []string
	}{
		{2025, []string{"2025-01-01", "2025-01-20", "2025-02-17", "2025-05-26", "2025-06-19", "2025-07-04", "2025-09-01",
			"2025-10-13", "2025-11-11", "2025-11-27", "2025-12-25"}},
		{2026, []string{"2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-09-07",
			"2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25"}},
		{2027, []string{"2027-01-01", "2027-01-18", "2027-02-15", "2027-05-31", "2027-07-05", "2027-09-06",
			"2027-10-11", "2027-11-11", "2027-11-25"}},
		{2028, []string{"2028-01-17", "2028-02-21", "2028-05-29", "2028-06-19", "2028-07-04", "2028-09-04",
			"2028-10-09", "2028-11-23", "2028-12-25"}},
		{2023, []string{"2023-01-02", "2023-01-16", "2023-02-20", "2023-05-29", "2023-06-19", "2023-07-04", "2023-09-04",
			"2023-10-09", "2023-11-23", "2023-12-25"}}, // 1 January on a Sunday, 11 November on a Saturday
		{0, nil}, {10000, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, d := range (Calendar{}).Holidays(tt.year) {
			got = append(got, d.String())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("5.2: closed weekdays of %d:\n got %v\nwant %v", tt.year, got, tt.want)
		}
	}
}

func TestIsBankingDay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		rule, date string
		want       bool
	}{
		{"E3: Saturday", "2026-11-28", false}, {"E3: Sunday", "2026-11-29", false}, {"E3: Thanksgiving", "2026-11-26", false},
		{"E3: 4 July observed", "2027-07-05", false}, {"E4: Christmas on a Saturday", "2027-12-25", false},
		{"E4: the Friday before stays open", "2027-12-24", true}, {"the Monday after stays open", "2027-12-27", true},
		{"5.2: 3 July 2026, a Friday", "2026-07-03", true}, {"5.2: 18 June 2027, a Friday", "2027-06-18", true},
		{"an ordinary Tuesday", "2026-12-01", true},
	}
	for _, tt := range tests {
		if got := (Calendar{}).IsBankingDay(MustDate(tt.date)); got != tt.want {
			t.Errorf("%s: IsBankingDay(%s) = %v", tt.rule, tt.date, got)
		}
	}
	if (Calendar{}).IsBankingDay(Date{}) {
		t.Error("no date is a banking day")
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	var (
		c    Calendar
		wed  = MustDate("2026-11-25")
		fri  = MustDate("2026-11-27")
		sat  = MustDate("2026-11-28")
		mon  = MustDate("2026-11-30")
		last = MustDate("9999-12-31")
	)
	for name, tt := range map[string]struct{ got, want Date }{
		"next skips a holiday":    {c.Next(wed), fri},
		"next skips a weekend":    {c.Next(fri), mon},
		"prev skips both":         {c.Prev(sat), fri},
		"prev skips a holiday":    {c.Prev(fri), wed},
		"add 0":                   {c.Add(sat, 0), sat},
		"add 2":                   {c.Add(wed, 2), mon},
		"add 2 from a closed day": {c.Add(sat, 2), MustDate("2026-12-01")},
		"add -2":                  {c.Add(mon, -2), wed},
		"PAY-14: check":           {c.Add(MustDate("2026-12-02"), 5), MustDate("2026-12-09")},
		"on":                      {c.OnOrAfter(wed), wed},
		"or after":                {c.OnOrAfter(sat), mon},
		"no date":                 {c.Next(Date{}), Date{}},
		"on or after no date":     {c.OnOrAfter(Date{}), Date{}},
		"the end of time":         {c.Next(last), Date{}},
		"far beyond it":           {c.Add(last, 1<<62), Date{}},
		"the beginning of time":   {c.Prev(MustDate("0001-01-01")), Date{}},
		"far before it":           {c.Add(MustDate("0001-01-10"), -1<<62), Date{}},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %v, want %v", name, tt.got, tt.want)
		}
	}
}

func TestClosures(t *testing.T) {
	t.Parallel()
	fri, sat, mon, tue := MustDate("2026-11-27"), MustDate("2026-11-28"), MustDate("2026-11-30"), MustDate("2026-12-01")
	storm := Calendar{}.WithClosures(mon, Date{}, fri, mon, sat)
	more := storm.WithClosures(tue)
	if got := storm.Next(MustDate("2026-11-25")); got != tue {
		t.Errorf("CNV-6: next after the closures = %v, want %v", got, tue)
	}
	if !storm.IsBankingDay(tue) || more.IsBankingDay(tue) || !(Calendar{}).IsBankingDay(mon) {
		t.Error("a calendar changed when another was made of it")
	}
	if got := len(storm.Holidays(2026)); got != 12 {
		t.Errorf("closed weekdays of 2026 with two closures: %d, want 12", got)
	}
	if got := storm.EarliestProcessDate(pacific(t, "2026-11-25 19:00:00")); got != MustDate("2026-12-02") {
		t.Errorf("PAY-3 with closures: %v, want 2026-12-02", got)
	}
}

func BenchmarkEarliestProcessDate(b *testing.B) {
	now := time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		(Calendar{}).EarliestProcessDate(now)
	}
}
