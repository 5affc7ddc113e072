package achread

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Advice is what an X12 820 in the addenda of a CTX entry says.
type Advice struct {
	Confirmation string
	Payer, Payee string
	Amount       string // decimal
	Effective    string // YYYYMMDD
	Invoices     []Invoice
}

// Invoice is an RMR segment with the date behind it.
type Invoice struct {
	Number, Paid, Total string // Paid and Total are decimal; Total may be empty
	Date                string // YYYYMMDD; may be empty
}

// ErrAdvice is an 820 that is not well formed.
var ErrAdvice = errors.New("payment order 820 is malformed")

// ReadAdvice puts the addenda of an entry together, each but the last 80 characters long, and reads the one 820 in them. It
// proves the envelope: the fixed length of ISA, control numbers, the count of segments. It fails with ErrAdvice.
func ReadAdvice(texts []string) (Advice, error) {
	var b strings.Builder
	for i, t := range texts {
		if i < len(texts)-1 {
			t = fmt.Sprintf("%-80s", t) // the reader of files leaves the blanks at the end away
		}
		b.WriteString(t)
	}
	whole := b.String()
	bad := func(format string, args ...any) (Advice, error) {
		return Advice{}, fmt.Errorf("%w: %s", ErrAdvice, fmt.Sprintf(format, args...))
	}
	if len(whole) < 106 || whole[:3] != "ISA" {
		return bad("no ISA")
	}
	separator, end := whole[3:4], whole[105:106]
	rest, ended := strings.CutSuffix(whole, end)
	if !ended {
		return bad("the last segment has no end")
	}
	var a Advice
	var open []string // segments that must be closed, with their control numbers
	counted := 0
	for n, text := range strings.Split(rest, end) {
		e := strings.Split(text, separator)
		at := func(i int) string {
			if i < len(e) {
				return e[i]
			}
			return ""
		}
		counted++
		closes := func(kind, control string) bool {
			if len(open) == 0 || open[len(open)-1] != kind+" "+control {
				return false
			}
			open = open[:len(open)-1]
			return true
		}
		ok := true
		switch at(0) {
		case "ISA":
			ok = n == 0 && len(text) == 105 && len(e) == 17
			open = append(open, "ISA "+at(13))
		case "GS":
			ok = len(open) == 1 && at(1) == "RA"
			open = append(open, "GS "+at(6))
		case "ST":
			ok = len(open) == 2 && at(1) == "820"
			open, counted = append(open, "ST "+at(2)), 1
		case "SE":
			ok = closes("ST", at(2)) && at(1) == strconv.Itoa(counted)
		case "GE":
			ok = closes("GS", at(2)) && at(1) == "1"
		case "IEA":
			ok = closes("ISA", at(2)) && at(1) == "1"
		case "BPR":
			a.Amount, a.Effective = at(2), at(16)
		case "TRN":
			a.Confirmation = at(2)
		case "N1":
			if at(1) == "PR" {
				a.Payer = at(2)
			} else {
				a.Payee = at(2)
			}
		case "ENT":
		case "RMR":
			ok = at(1) == "IV" && at(2) != ""
			a.Invoices = append(a.Invoices, Invoice{Number: at(2), Paid: at(4), Total: at(5)})
		case "DTM":
			if ok = at(1) == "003" && len(a.Invoices) > 0; ok {
				a.Invoices[len(a.Invoices)-1].Date = at(2)
			}
		default:
			ok = false
		}
		if !ok {
			return bad("segment %d, %q", n+1, at(0))
		}
	}
	if len(open) > 0 {
		return bad("%q is not closed", open[len(open)-1])
	}
	return a, nil
}
