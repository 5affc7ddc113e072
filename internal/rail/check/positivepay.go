package check

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/rail/ach"
)

// Issue is one line of the positive-pay file: a check that the bank may pay, or one it must not pay any more.
type Issue struct {
	Account string // digits, dashes and blanks as the bank knows it
	Serial  int64
	Date    civil.Date // of issue
	Amount  int64      // cents, 1 to MaxAmount
	Payee   string
	Void    bool
}

// WritePositivePay writes the issue file as a template says (CHK-6). In CSV (RFC 4180, UTF-8) an account and a payee stay as
// they are, also a payee that begins like a formula: the bank compares it with the check. In a fixed form the account is its
// digits, and a payee whose script has no ASCII leaves its place blank: the bank asks about that check.
//
// It fails with a *FieldError and writes nothing when a field is refused, among others for control characters.
func WritePositivePay(w io.Writer, t Template, issues []Issue) error {
	var out bytes.Buffer
	if len(t.Header) > 0 {
		t.line(&out, t.Header, func(Column) string { return "" })
	}
	var total int64
	for _, i := range issues {
		if err := i.validate(); err != nil {
			return err
		}
		total += i.Amount
		t.line(&out, t.Columns, func(c Column) string { return t.value(c, i) })
	}
	if len(t.Trailer) > 0 {
		t.line(&out, t.Trailer, func(c Column) string {
			if c.Field == "count" {
				return strconv.Itoa(len(issues))
			}
			return t.amount(total)
		})
	}
	_, err := w.Write(out.Bytes())
	if err != nil {
		return fmt.Errorf("write positive-pay file: %w", err)
	}
	return nil
}

// Ending is how the name of a file of this template ends.
func (t Template) Ending() string {
	if t.Form == Fixed {
		return ".txt"
	}
	return ".csv"
}

// value is what a column has to say of a check.
func (t Template) value(c Column, i Issue) string {
	switch c.Field {
	case "account":
		return i.Account
	case "serial":
		return strconv.FormatInt(i.Serial, 10)
	case "date":
		return i.Date.At(0, 0, time.UTC).Format(dateStyles[t.Date])
	case "amount":
		return t.amount(i.Amount)
	case "payee":
		return i.Payee
	}
	if i.Void {
		return t.Void
	}
	return t.Issue
}

func (t Template) amount(cents int64) string {
	if t.Amount == Cents {
		return strconv.FormatInt(cents, 10)
	}
	return money.FormatMinor(cents, 2)
}

// line writes the columns of a line with their values; a text is its own value.
func (t Template) line(out *bytes.Buffer, columns []Column, value func(Column) string) {
	record := make([]string, len(columns))
	for n, c := range columns {
		v := c.Text
		if c.Field != "text" {
			v = value(c)
		}
		switch {
		case t.Form == Fixed:
			v = c.fill(v)
		case c.Field == "payee" && c.Width > 0:
			v = strings.TrimSpace(string([]rune(v)[:min(len([]rune(v)), c.Width)]))
		}
		record[n] = v
	}
	if t.Form == Fixed {
		out.WriteString(strings.Join(record, "") + "\r\n")
		return
	}
	w := csv.NewWriter(out)
	w.UseCRLF = true
	_ = w.Write(record) // a buffer takes everything
	w.Flush()
}

// fill brings a value to the width of its column.
func (c Column) fill(v string) string {
	switch c.Field {
	case "account":
		v = strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, v)
		fallthrough
	case "serial", "amount", "count", "total":
		return strings.Repeat("0", max(0, c.Width-len(v))) + v
	case "payee":
		v = ach.Transliterate(v)
		v = v[:min(len(v), c.Width)]
	}
	return v + strings.Repeat(" ", max(0, c.Width-len(v)))
}

func (i Issue) validate() error {
	refused := func(field string, err error) error {
		return &FieldError{Serial: i.Serial, Field: field, Err: err}
	}
	switch {
	case i.Account == "":
		return refused("Account", ErrMissing)
	case strings.Trim(i.Account, "0123456789- ") != "":
		return refused("Account", ErrCharacter)
	case i.Serial <= 0:
		return refused("Serial", ErrValue)
	case i.Date.IsZero():
		return refused("Date", ErrMissing)
	case i.Amount < 1 || i.Amount > MaxAmount:
		return refused("Amount", ErrAmount)
	case strings.TrimSpace(i.Payee) == "":
		return refused("Payee", ErrMissing)
	case !utf8.ValidString(i.Payee) || strings.ContainsFunc(i.Payee, control):
		return refused("Payee", ErrCharacter)
	}
	return nil
}
