package xmlv1

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/civil"
)

func TestFullYear(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, today, want string
	}{
		{"11/23/46", "2026-11-23", "2046-11-23"}, {"11/24/46", "2026-11-23", "1946-11-24"}, {"12/01/46", "2026-11-23", "1946-12-01"},
		{"01/01/05", "2085-06-01", "2105-01-01"}, {"06/02/05", "2085-06-01", "2005-06-02"}, {"01/01/06", "2085-06-01", "2006-01-01"},
		{"12/31/99", "2099-12-31", "2099-12-31"}, {"02/29/00", "2026-01-01", "2000-02-29"},
	} {
		if got, ok := parseDate(c.in, civil.MustDate(c.today)); !ok || got.String() != c.want {
			t.Errorf("%s on %s: %s, want %s", c.in, c.today, got, c.want)
		}
	}
}

// What is read as a date is emitted in the one form that is read as the same day again, as far as two digits go.
func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"10/01/12", "10/1/2012", "2012-10-01", "10-1-12", "02/29/2012", "13/01/12", "", "//", "--", "1/1/1", "9999-12-31"} {
		f.Add(s)
	}
	today := civil.MustDate("2026-11-23")
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := parseDate(s, today)
		if !ok {
			return
		}
		out := string(appendDate(nil, d))
		again, ok := parseDate(out, today)
		if !ok || again.Month() != d.Month() || again.Day() != d.Day() || again.Year()%100 != d.Year()%100 {
			if !(d.Month() == 2 && d.Day() == 29) { // 02/29/00 of another century
				t.Errorf("%q is %s, emitted as %s, read as %s", s, d, out, again)
			}
		}
		if inWindow := d.Sub(today) <= 20*365 && today.Sub(d) <= 79*365; inWindow && again != d {
			t.Errorf("%q is %s, emitted as %s, read as %s", s, d, out, again)
		}
	})
}

// What is read as a date-time is emitted as a minute that holds it and is read as that minute again. In the hour that
// comes twice it may be the earlier one.
func FuzzParseMoment(f *testing.F) {
	for _, s := range []string{"09/18/12 03:27 PM", "09/18/2012 15:27:08", "2012-09-18T15:27:08.123456789Z", "2012-09-18T15:27:08PDT", "2012-09-18T15:27:08+02:00",
		"11/04/2012 01:30:00", "03/11/2012 02:30:00", "10/01/12", "T", " ", "10/01/2012T10:00", "2012-09-18T15:27:08 GMT", "09/18/12 12:00 AM"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	today := civil.MustDate("2026-11-23")
	f.Fuzz(func(t *testing.T, s string, pacific bool) {
		zone := gmt
		if pacific {
			zone = civil.Pacific
		}
		m, ok := parseMoment(s, zone, today)
		if !ok {
			return
		}
		if m.unit <= 0 || m.at.IsZero() && m.date.Year() > 1 {
			t.Fatalf("%q: %+v", s, m)
		}
		if d := m.at.Sub(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)); d > 19*365*24*time.Hour || d < -79*365*24*time.Hour {
			return
		}
		out := string(appendMoment(nil, m.at, zone))
		again, ok := parseMoment(out, zone, today)
		late := m.at.Truncate(time.Minute).Sub(again.at)
		if !ok || late != 0 && late != time.Hour {
			t.Errorf("%q is %v, emitted as %s, read as %v", s, m.at, out, again.at)
		}
	})
}

// A filter is understood or refused with BDCE057, whatever it says.
func FuzzFilter(f *testing.F) {
	h := New(nil, nil, nil, "", nil)
	for _, s := range []string{"id\x1f=\x1f00901ABCDEFGHIJ00000", "updatedTime\x1f>=\x1f10/01/2012 10:00:00", "dueDate\x1fIN\x1f10/01/12,10/02/12", "paymentStatus\x1f!=\x1f4",
		"departmentId\x1f=\x1f", "externalId\x1f<\x1fx", "allowExport\x1f=\x1ftrue", "name\x1f=\x1fx", "\x1f\x1f"} {
		f.Add(s, "bill")
	}
	f.Fuzz(func(t *testing.T, s, object string) {
		shape := h.shapes[strings.ToLower(object)]
		if shape == nil {
			return
		}
		var xs []expression
		for line := range strings.Lines(s) {
			p := strings.SplitN(strings.TrimSuffix(line, "\n"), "\x1f", 3)
			if len(p) == 3 {
				xs = append(xs, expression{p[0], p[1], p[2]})
			}
		}
		c := codec{zone: civil.Pacific, today: civil.MustDate("2026-11-23")}
		fs, _, err := c.filters(shape, xs)
		if err != nil {
			if !errors.Is(err, problem.ErrFilter) {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		fs = widen(shape, fs)
		if len(fs) != len(xs) {
			t.Errorf("%d filters of %d expressions", len(fs), len(xs))
		}
		_ = checkAhead(fs, time.Now())
		for _, f := range fs {
			if len(f.Values) == 0 {
				t.Errorf("%q: no values", s)
			}
		}
	})
}
