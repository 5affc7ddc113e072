package secret

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"unique"
)

// Masked is a bank account or tax number in the clear. Whoever prints, logs, marshals or stores it gets its last four
// characters at most; only Reveal gives it whole, for sealing it and for files to the bank (SEC-1). The zero value is
// no number. Equal numbers are ==.
//
// The number hides behind a pointer, for fmt and others that look at fields of foreign structs call no methods there.
type Masked struct {
	number unique.Handle[string]
}

// Mask wraps a number.
func Mask(number string) Masked {
	if number == "" {
		return Masked{}
	}
	return Masked{unique.Make(number)}
}

// ErrMasked is a number about to be stored in the clear, or a masked one about to be taken for a number.
var ErrMasked = errors.New("secret number: sealed is how to store it, masked is no number")

// IsZero reports whether there is no number.
func (m Masked) IsZero() bool { return m == Masked{} }

// Reveal returns the whole number.
func (m Masked) Reveal() string {
	if m.IsZero() {
		return ""
	}
	return m.number.Value()
}

const stars = "****"

// String returns "****" and the last four characters; of four or fewer nothing is shown, of none "".
func (m Masked) String() string {
	number := []rune(m.Reveal())
	switch n := len(number); {
	case n == 0:
		return ""
	case n <= 4:
		return stars
	default:
		return stars + string(number[n-4:])
	}
}

// Format keeps every verb of fmt, also %x and %#v, to the masked form.
func (m Masked) Format(f fmt.State, verb rune) {
	if verb == 'q' || f.Flag('#') {
		fmt.Fprintf(f, "%q", m.String())
		return
	}
	_, _ = f.Write([]byte(m.String()))
}

// LogValue masks in logs.
func (m Masked) LogValue() slog.Value { return slog.StringValue(m.String()) }

// MarshalText masks in JSON, XML and CSV.
func (m Masked) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText takes a number from JSON or XML. A masked one that was sent back is refused with ErrMasked.
func (m *Masked) UnmarshalText(text []byte) error {
	if strings.HasPrefix(string(text), stars) {
		return ErrMasked
	}
	*m = Mask(string(text))
	return nil
}

// Value refuses with ErrMasked: a number is sealed before it is stored.
func (m Masked) Value() (driver.Value, error) { return nil, ErrMasked }

// hidden are attribute names, lower case and without separators, whose values never reach a log (T-20 of api-v1-xml).
// A name that ends in one of the first group is hidden too: newPassword, refresh_token.
var (
	hiddenEndings = []string{"password", "token", "secret", "authorization", "cookie", "sessionid", "applicationkey",
		"appkey", "devkey", "taxid", "accountnumber"}
	hiddenNames = map[string]bool{"document": true, "tin": true, "ssn": true, "ein": true}
)

// longNumbers look like account or tax numbers: six digits and more, hyphens among them.
var longNumbers = regexp.MustCompile(`[0-9](?:-?[0-9]){5,}`)

// MaskAttr is the ReplaceAttr of the server's log handlers: the value of an attribute that is named password,
// sessionId, applicationKey, taxId, document, token, authorization or the like, in whatever case and with whatever
// separators, becomes "****"; so do all attributes in a group of such a name, and the long numbers in what somebody has
// panicked with. Everything else passes unchanged.
func MaskAttr(groups []string, a slog.Attr) slog.Attr {
	hide := hidesName(a.Key)
	for _, g := range groups {
		hide = hide || hidesName(g)
	}
	switch {
	case hide:
		a.Value = slog.StringValue(stars)
	case a.Key == "panic", a.Key == slog.MessageKey && strings.HasPrefix(a.Value.String(), "http: panic"):
		a.Value = slog.StringValue(longNumbers.ReplaceAllString(fmt.Sprint(a.Value.Any()), stars))
	}
	return a
}

func hidesName(name string) bool {
	name = strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(name))
	if hiddenNames[name] {
		return true
	}
	for _, end := range hiddenEndings {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// Stars shows the tail of a number of which hidden characters more are not told; at least four, so that a short number
// does not show itself whole.
func Stars(hidden int, tail string) string {
	return strings.Repeat("*", max(4, hidden)) + tail
}
