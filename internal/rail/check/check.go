package check

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/check/micr"
)

// Limits of a check.
const (
	MaxAmount = 99_999_999_99 // LIM-5, in cents
	MaxMemo   = 70            // characters
	StubBills = 35            // CHK-8: more go to the enclosed list
	voidAfter = 90            // days, unless the account says otherwise
	maxText   = 200           // characters of any text: more fits no place, and measuring it would take long
)

// Place is where on the sheet the check stands; its two stubs take the rest (CHK-1).
type Place uint8

// The places. The check is 3.5 inches high in each.
const (
	Top Place = iota
	Middle
	Bottom
)

// Layout is what all checks of an account share.
type Layout struct {
	BankName       string
	Fractional     string // the fractional routing number as the bank gives it: "50-937/213"
	Routing        string // nine digits
	Account        string // as the bank wants it in the magnetic line, up to micr.MaxAccount digits, dashes and blanks
	CompanyName    string
	CompanyAddress []string // up to four lines
	VoidAfterDays  int      // 0 means 90
	SerialWidth    int      // digits of the serial in the magnetic line, zero-filled (CHK-2); 0 means as many as it has
	Place          Place
}

// Check is one check in US dollars.
type Check struct {
	Serial  int64
	Date    civil.Date
	Payee   string
	Address []string // of the payee, up to five lines, for a window envelope
	Amount  int64    // cents, 1 to MaxAmount
	Memo    string   // up to MaxMemo characters
	Bills   []StubLine
	Void    bool // its number is used up: the sheet says so and nothing that a bank could pay
}

// StubLine is one bill that a check pays. Amounts are cents; a credit is negative.
type StubLine struct {
	Invoice                string
	Date                   civil.Date
	Amount, Discount, Paid int64
}

// FieldError says which field of which check was refused, and why.
type FieldError struct {
	Serial int64  // 0: the layout or the whole run
	Field  string // in the words of this package's types: "Payee", "Bills[3].Invoice"
	Err    error  // one of the conditions below, or of package micr
}

// Conditions of refusal.
var (
	ErrMissing   = errors.New("is missing")
	ErrTooLong   = errors.New("does not fit its place")
	ErrCharacter = errors.New("has a character that cannot be printed")
	ErrAmount    = errors.New("is not between 0.01 and 99,999,999.99")
	ErrValue     = errors.New("is outside what the field allows")
	ErrSum       = errors.New("do not add up to the amount of the check")
	ErrTwice     = errors.New("is used twice in one run")
)

func (e *FieldError) Error() string {
	if e.Serial == 0 {
		return fmt.Sprintf("checks: %s %v", e.Field, e.Err)
	}
	return fmt.Sprintf("check %d: %s %v", e.Serial, e.Field, e.Err)
}

// Unwrap gives the condition.
func (e *FieldError) Unwrap() error { return e.Err }

// clean is the layout with its texts composed (NFC), or the first refusal.
func (l Layout) clean() (Layout, error) {
	t := texts{}
	l.BankName = t.required("BankName", l.BankName)
	l.Fractional = t.required("Fractional", l.Fractional)
	l.CompanyName = t.required("CompanyName", l.CompanyName)
	l.CompanyAddress = t.lines("CompanyAddress", l.CompanyAddress, 4)
	if l.VoidAfterDays == 0 {
		l.VoidAfterDays = voidAfter
	}
	if l.VoidAfterDays < 0 || l.VoidAfterDays > 999 {
		t.refuse("VoidAfterDays", ErrValue)
	}
	if l.SerialWidth < 0 || l.SerialWidth > micr.MaxSerial {
		t.refuse("SerialWidth", ErrValue)
	}
	if l.Place > Bottom {
		t.refuse("Place", ErrValue)
	}
	if _, err := micr.Line("1", l.Routing, l.Account); errors.Is(err, micr.ErrRouting) {
		t.refuse("Routing", err)
	} else if err != nil {
		t.refuse("Account", err)
	}
	return l, t.err()
}

// serial is the number as printed: zero-filled to the width of the account. Rule CHK-2.
func (l Layout) serial(n int64) string { return fmt.Sprintf("%0*d", l.SerialWidth, n) }

// clean is the check with its texts composed (NFC), or the first refusal. Rules CHK-1, LIM-5.
func (c Check) clean(l Layout) (Check, error) {
	t := texts{serial: c.Serial}
	if c.Serial <= 0 || l.SerialWidth > 0 && len(l.serial(c.Serial)) > l.SerialWidth {
		t.refuse("Serial", ErrValue)
	}
	if c.Date.IsZero() {
		t.refuse("Date", ErrMissing)
	}
	if c.Amount < 1 || c.Amount > MaxAmount {
		t.refuse("Amount", ErrAmount)
	}
	c.Payee = t.required("Payee", c.Payee)
	c.Address = t.lines("Address", c.Address, 5)
	c.Memo = t.optional("Memo", c.Memo)
	if utf8.RuneCountInString(c.Memo) > MaxMemo {
		t.refuse("Memo", ErrTooLong)
	}
	bills := make([]StubLine, len(c.Bills))
	left := c.Amount
	for i, b := range c.Bills {
		field := "Bills[" + strconv.Itoa(i) + "]."
		b.Invoice = t.optional(field+"Invoice", b.Invoice)
		for _, amount := range [...]int64{b.Amount, b.Discount, b.Paid} {
			if amount < -MaxAmount || amount > MaxAmount {
				t.refuse(field+"Amount", ErrAmount)
			}
		}
		left -= b.Paid
		bills[i] = b
	}
	if len(bills) > 0 && left != 0 {
		t.refuse("Bills", ErrSum)
	}
	c.Bills = bills
	return c, t.err()
}

// texts composes and examines the texts of one record and keeps the first refusal.
type texts struct {
	serial int64
	first  *FieldError
	buf    sfnt.Buffer
}

// letters is the font whose characters a check can print: Latin, Greek and Cyrillic.
var letters = mustParse(goregular.TTF)

// mustParse cannot fail: the font is part of the program.
func mustParse(ttf []byte) *sfnt.Font {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		panic(err)
	}
	return f
}

func (t *texts) refuse(field string, err error) {
	if t.first == nil {
		t.first = &FieldError{Serial: t.serial, Field: field, Err: err}
	}
}

func (t *texts) err() error {
	if t.first == nil {
		return nil
	}
	return t.first
}

// optional trims and composes s, and refuses control characters, what the font does not have, and more than maxText.
func (t *texts) optional(field, s string) string {
	if !utf8.ValidString(s) {
		t.refuse(field, ErrCharacter)
		return ""
	}
	if utf8.RuneCountInString(s) > maxText {
		t.refuse(field, ErrTooLong)
		return ""
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	for _, r := range s {
		if i, err := letters.GlyphIndex(&t.buf, r); err != nil || i == 0 || control(r) {
			t.refuse(field, ErrCharacter)
			return ""
		}
	}
	return s
}

func (t *texts) required(field, s string) string {
	s = t.optional(field, s)
	if s == "" {
		t.refuse(field, ErrMissing)
	}
	return s
}

// lines drops the empty ones.
func (t *texts) lines(field string, lines []string, most int) []string {
	var kept []string
	for i, s := range lines {
		if s = t.optional(field+"["+strconv.Itoa(i)+"]", s); s != "" {
			kept = append(kept, s)
		}
	}
	if len(kept) > most {
		t.refuse(field, ErrTooLong)
	}
	return kept
}

// control reports characters that break a line or change how others are read.
func control(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}
