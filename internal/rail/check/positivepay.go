package check

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/money"
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

// WritePositivePay writes the generic issue file as CSV (RFC 4180, UTF-8, lines end in CR LF): a header, then account,
// serial, issue date as YYYY-MM-DD, amount as 1250.00, payee and the mark I (issued) or V (void). Rule CHK-6.
//
// A payee that begins like a formula stays as it is: the bank compares it with the check. It fails with a *FieldError
// and writes nothing when a field is refused, among others for control characters.
func WritePositivePay(w io.Writer, issues []Issue) error {
	records := [][]string{{"account", "serial", "issue_date", "amount", "payee", "mark"}}
	for _, i := range issues {
		if err := i.validate(); err != nil {
			return err
		}
		mark := "I"
		if i.Void {
			mark = "V"
		}
		records = append(records, []string{
			i.Account, strconv.FormatInt(i.Serial, 10), i.Date.String(), money.FormatMinor(i.Amount, 2), i.Payee, mark,
		})
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.WriteAll(records); err != nil {
		return fmt.Errorf("write positive-pay file: %w", err)
	}
	return nil
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
