package xmlv1

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/ids"
)

// gmt is the zone of version 1.1; its name stands behind the server's time (api-v1 2.4).
var gmt = time.FixedZone("GMT", 0)

// parseDate reads a DATE: MM/dd/yy, MM/dd/yyyy, the same with dashes, or yyyy-MM-dd. A year of two digits lies
// within 80 years before and 20 after today. Nothing is rolled over (api-v1 2.2).
func parseDate(s string, today civil.Date) (civil.Date, bool) {
	sep := byte('/')
	if strings.IndexByte(s, '/') < 0 {
		sep = '-'
	}
	a, rest, ok1 := strings.Cut(s, string(sep))
	b, c, ok2 := strings.Cut(rest, string(sep))
	if !ok1 || !ok2 {
		return civil.Date{}, false
	}
	if len(a) == 4 && sep == '-' {
		y, m, d := digits(a, 4, 4), digits(b, 1, 2), digits(c, 1, 2)
		return civilDate(y, m, d)
	}
	m, d, y := digits(a, 1, 2), digits(b, 1, 2), digits(c, 2, 4)
	switch len(c) {
	case 2:
		y = fullYear(y, m, d, today)
	case 4:
	default:
		return civil.Date{}, false
	}
	return civilDate(y, m, d)
}

// fullYear finds the century of a two-digit year: the latest that is not more than 20 years after today.
func fullYear(yy, m, d int, today civil.Date) int {
	if yy < 0 {
		return -1
	}
	y := today.Year()/100*100 + 100 + yy
	for y > today.Year()+20 || y == today.Year()+20 && (m > int(today.Month()) || m == int(today.Month()) && d > today.Day()) {
		y -= 100
	}
	return y
}

func civilDate(y, m, d int) (civil.Date, bool) {
	if y < 1 || m < 1 || d < 1 {
		return civil.Date{}, false
	}
	date, err := civil.New(y, time.Month(m), d)
	return date, err == nil
}

// digits reads a number of that many digits, or gives -1.
func digits(s string, least, most int) int {
	if len(s) < least || len(s) > most {
		return -1
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// moment is a DATETIME as read: an instant, and how exactly it was given.
type moment struct {
	at   time.Time
	unit time.Duration // a second, or a minute where no seconds were given
	date civil.Date    // its date as written
}

// zones are the names a DATETIME may end with.
var zones = map[string]*time.Location{"GMT": gmt, "UTC": gmt, "Z": gmt,
	"PST": time.FixedZone("PST", -8*3600), "PDT": time.FixedZone("PDT", -7*3600)}

// parseMoment reads a DATETIME in zone (api-v1 2.3): either year width with either clock, with or without seconds,
// ISO 8601 with optional fraction and zone, or a bare DATE, which is midnight.
func parseMoment(s string, zone *time.Location, today civil.Date) (moment, bool) {
	day, rest, timed := strings.Cut(s, " ")
	if i := strings.IndexByte(s, 'T'); i == 10 && !timed || i == 10 && strings.IndexByte(s, ' ') > 10 {
		day, rest, timed = s[:10], s[11:], true
	}
	date, ok := parseDate(day, today)
	if !ok {
		return moment{}, false
	}
	if !timed {
		return moment{at: localTime(date, 0, 0, 0, zone), unit: time.Minute, date: date}, true
	}
	rest = strings.TrimSpace(rest)
	rest, zone, ok = cutZone(rest, zone)
	if !ok {
		return moment{}, false
	}
	half := ""
	if n := len(rest); n > 2 {
		if u := strings.ToUpper(rest[n-2:]); u == "AM" || u == "PM" {
			half, rest = u, strings.TrimSpace(rest[:n-2])
		}
	}
	clock, fraction, hasFraction := strings.Cut(rest, ".")
	parts := strings.Split(clock, ":")
	if len(parts) < 2 || len(parts) > 3 || hasFraction && len(parts) != 3 {
		return moment{}, false
	}
	h, min, sec := digits(parts[0], 1, 2), digits(parts[1], 2, 2), 0
	m := moment{unit: time.Minute, date: date}
	if len(parts) == 3 {
		sec, m.unit = digits(parts[2], 2, 2), time.Second
	}
	if half != "" {
		if h < 1 || h > 12 {
			return moment{}, false
		}
		h %= 12
		if half == "PM" {
			h += 12
		}
	}
	if h < 0 || h > 23 || min < 0 || min > 59 || sec < 0 || sec > 59 {
		return moment{}, false
	}
	m.at = localTime(date, h, min, sec, zone)
	if hasFraction {
		if digits(fraction, 1, 9) < 0 {
			return moment{}, false
		}
		nanos, _ := strconv.Atoi((fraction + "000000000")[:9])
		m.at, m.unit = m.at.Add(time.Duration(nanos)).Truncate(time.Microsecond), time.Microsecond
	}
	return m, true
}

// cutZone takes a zone off the end: a name, Z, or an offset.
func cutZone(s string, zone *time.Location) (string, *time.Location, bool) {
	for name, z := range zones {
		if t, ok := strings.CutSuffix(s, name); ok && t != "" {
			return strings.TrimSpace(t), z, true
		}
	}
	i := strings.LastIndexAny(s, "+-")
	if i <= 0 {
		return s, zone, true
	}
	h, m, ok := strings.Cut(s[i+1:], ":")
	hours, minutes := digits(h, 2, 2), digits(m, 2, 2)
	if !ok || hours < 0 || hours > 14 || minutes < 0 || minutes > 59 {
		return s, zone, false
	}
	offset := hours*3600 + minutes*60
	if s[i] == '-' {
		offset = -offset
	}
	return strings.TrimSpace(s[:i]), time.FixedZone("", offset), true
}

// localTime is the instant of a civil time: the earlier one of a repeated hour, one hour on from a skipped one
// (api-v1 2.3).
func localTime(d civil.Date, h, min, sec int, zone *time.Location) time.Time {
	t := time.Date(d.Year(), d.Month(), d.Day(), h, min, sec, 0, zone)
	if t.Hour() != h || t.Minute() != min { // skipped: Go gives an hour before or after it
		if t.Hour() < h {
			t = t.Add(time.Hour)
		}
		return t
	}
	if e := t.Add(-time.Hour); e.Hour() == h && e.Minute() == min {
		return e
	}
	return t
}

// appendDate writes MM/dd/yy.
func appendDate(b []byte, d civil.Date) []byte {
	b = append(two(b, int(d.Month())), '/')
	b = append(two(b, d.Day()), '/')
	return two(b, d.Year()%100)
}

// appendMoment writes MM/dd/yy hh:mm AM, seconds cut off.
func appendMoment(b []byte, t time.Time, zone *time.Location) []byte {
	t = t.In(zone)
	b = append(two(b, int(t.Month())), '/')
	b = append(two(b, t.Day()), '/')
	b = append(two(b, t.Year()%100), ' ')
	h := t.Hour() % 12
	if h == 0 {
		h = 12
	}
	b = append(two(b, h), ':')
	b = two(b, t.Minute())
	if t.Hour() < 12 {
		return append(b, " AM"...)
	}
	return append(b, " PM"...)
}

func two(b []byte, n int) []byte { return append(b, byte('0'+n/10%10), byte('0'+n%10)) }

// serverTime is the format of currentTime (api-v1 2.4).
func serverTime(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02T15:04:05MST")
}

// parseBool reads 0, 1, true or false in any case.
func parseBool(s string) (value, ok bool) {
	switch {
	case s == "1" || strings.EqualFold(s, "true"):
		return true, true
	case s == "0" || strings.EqualFold(s, "false"):
		return false, true
	}
	return false, false
}

// longer reports whether s has more than max characters.
func longer(s string, max int) bool {
	return max > 0 && len(s) > max && utf8.RuneCountInString(s) > max
}

// wellFormedID reports whether s can be an id.
func wellFormedID(s string) bool { return ids.Valid(s) }
