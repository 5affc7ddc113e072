package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Template says how a bank wants its positive-pay file: a header if it has columns, a line for each check, a trailer if it
// has columns. Rule CHK-6.
type Template struct {
	Form    string   `json:"form"`   // CSV, comma-separated, or Fixed, columns of a width each; lines end in CR LF
	Date    string   `json:"date"`   // one of the keys of dateStyles
	Amount  string   `json:"amount"` // Decimal or Cents
	Issue   string   `json:"issue"`  // the mark of a check that may be paid
	Void    string   `json:"void"`   // and of one that must not be
	Header  []Column `json:"header,omitempty"`
	Columns []Column `json:"columns"`
	Trailer []Column `json:"trailer,omitempty"`
}

// Column is a place in a line. In a fixed form numbers fill their width with zeros from the left, words with blanks at the
// right, and words are printable ASCII in capitals; in CSV a width only bounds the payee.
type Column struct {
	Field string `json:"field"` // account, serial, date, amount, payee, mark, text; count and total in a trailer
	Text  string `json:"text,omitempty"`
	Width int    `json:"width,omitempty"`
}

// The forms of a template and the styles of its amounts.
const (
	CSV     = "csv"
	Fixed   = "fixed"
	Decimal = "decimal" // 1250.00
	Cents   = "cents"   // 125000
)

// dateStyles are the ways to write a date, as Go writes them.
var dateStyles = map[string]string{"YYYY-MM-DD": "2006-01-02", "YYYYMMDD": "20060102", "MM/DD/YYYY": "01/02/2006", "MMDDYYYY": "01022006",
	"MMDDYY": "010206", "YYMMDD": "060102"}

// widths are how many characters the widest value of a field has: of the account without signs, 17 digits; amounts in cents.
// A template that leaves less room is refused, so that a file never fails for its width.
var widths = map[string]int{"account": 17, "serial": 10, "amount": 10, "count": 6, "total": 14}

// Generic is the template of a bank that asks for none.
func Generic() Template {
	return Template{Form: CSV, Date: "YYYY-MM-DD", Amount: Decimal, Issue: "I", Void: "V",
		Header: []Column{{Field: "text", Text: "account"}, {Field: "text", Text: "serial"}, {Field: "text", Text: "issue_date"},
			{Field: "text", Text: "amount"}, {Field: "text", Text: "payee"}, {Field: "text", Text: "mark"}},
		Columns: []Column{{Field: "account"}, {Field: "serial"}, {Field: "date"}, {Field: "amount"}, {Field: "payee"}, {Field: "mark"}}}
}

// Fixed100 is the shipped template of 100 columns: mark 1, account 2-18, serial 19-28, amount in cents 29-38, date as
// YYYYMMDD 39-46, payee 47-100; at the end T, the number of lines 2-11 and the sum of all amounts 12-25.
func Fixed100() Template {
	return Template{Form: Fixed, Date: "YYYYMMDD", Amount: Cents, Issue: "I", Void: "V",
		Columns: []Column{{Field: "mark", Width: 1}, {Field: "account", Width: 17}, {Field: "serial", Width: 10}, {Field: "amount", Width: 10},
			{Field: "date", Width: 8}, {Field: "payee", Width: 54}},
		Trailer: []Column{{Field: "text", Text: "T", Width: 1}, {Field: "count", Width: 10}, {Field: "total", Width: 14}, {Field: "text", Width: 75}}}
}

// ReadTemplate reads the setting of an account: empty is Generic, "fixed" is Fixed100, anything else a template as JSON. The
// error tells a person what is wrong with it.
func ReadTemplate(setting string) (Template, error) {
	switch strings.TrimSpace(setting) {
	case "":
		return Generic(), nil
	case Fixed:
		return Fixed100(), nil
	}
	var t Template
	d := json.NewDecoder(strings.NewReader(setting))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return t, fmt.Errorf("it is no template: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return t, errors.New("something follows the template")
	}
	return t, t.validate()
}

func (t Template) validate() error {
	switch {
	case t.Form != CSV && t.Form != Fixed:
		return errors.New(`form is neither "csv" nor "fixed"`)
	case dateStyles[t.Date] == "":
		return fmt.Errorf("date %q is no style of dates", t.Date)
	case t.Amount != Decimal && t.Amount != Cents:
		return errors.New(`amount is neither "decimal" nor "cents"`)
	case t.Issue == t.Void:
		return errors.New("issued and void checks have the same mark")
	}
	has := map[string]bool{}
	for _, part := range []struct {
		name    string
		fields  string
		columns []Column
	}{{"header", "text", t.Header}, {"columns", "account serial date amount payee mark text", t.Columns}, {"trailer", "count total text", t.Trailer}} {
		for i, c := range part.columns {
			if c.Field == "" || !strings.Contains(" "+part.fields+" ", " "+c.Field+" ") {
				return fmt.Errorf("%s %d: field %q is none of %s", part.name, i+1, c.Field, part.fields)
			}
			if least := t.least(c); c.Width < 0 || c.Width > 200 || t.Form == Fixed && c.Width < least {
				return fmt.Errorf("%s %d: the width of %s is not %d to 200", part.name, i+1, c.Field, least)
			}
			if strings.Trim(c.Text+t.Issue+t.Void, printable) != "" {
				return fmt.Errorf("%s %d: a text or mark is not printable ASCII", part.name, i+1)
			}
			has[c.Field] = true
		}
	}
	for _, must := range []string{"account", "serial", "amount", "mark"} {
		if !has[must] {
			return fmt.Errorf("no column is the %s", must)
		}
	}
	return nil
}

// printable are the characters of words in a template.
const printable = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// least is the width that any value of a column fits into.
func (t Template) least(c Column) int {
	switch c.Field {
	case "date":
		return len(t.Date)
	case "mark":
		return max(1, len(t.Issue), len(t.Void))
	case "amount", "total":
		if t.Amount == Decimal {
			return widths[c.Field] + 1
		}
	case "text":
		return max(1, len(c.Text))
	case "payee":
		return 1
	}
	return widths[c.Field]
}
