package ach

import (
	"fmt"
	"strings"
)

// InvoicePaid is one line of what a payment covers.
type InvoicePaid struct {
	Number string // the payee's invoice number, as on the bill
	Amount int64  // what this payment pays of it, cents
}

// Joined gives one RMR segment of X12 820 for each invoice, joined; false where that exceeds MaxAddenda characters or a
// number has nothing to print: then the payee reads it elsewhere. Separators inside a number become hyphens. Rule ACH-4.
func Joined(refs []InvoicePaid) (string, bool) {
	var b strings.Builder
	for _, r := range refs {
		no := element(r.Number)
		if no == "" {
			return "", false
		}
		b.WriteString(`RMR*IV*` + no + `**` + dollars(r.Amount) + `\`)
		if b.Len() > MaxAddenda {
			return "", false
		}
	}
	return b.String(), b.Len() > 0
}

// element is text in printable ASCII that can stand in a segment: without its separators.
func element(s string) string {
	return strings.NewReplacer("*", "-", `\`, "-").Replace(ASCII(s))
}

// Remittance gives the addenda text that tells the payee which invoices a payment covers: that of Joined, or a reference to
// the e-mail that lists them. The result is printable ASCII. Rule ACH-4.
func Remittance(refs []InvoicePaid, confirmation string) string {
	if s, ok := Joined(refs); ok {
		return s
	}
	s := strings.TrimRight("SEE EMAIL "+ASCII(confirmation), " ")
	return s[:min(len(s), MaxAddenda)]
}

// dollars prints cents with a decimal point.
func dollars(cents int64) string {
	sign, abs := "", uint64(cents)
	if cents < 0 {
		sign, abs = "-", -abs
	}
	return fmt.Sprintf("%s%d.%02d", sign, abs/100, abs%100)
}
