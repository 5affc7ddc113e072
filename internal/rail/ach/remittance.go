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

// Remittance gives the addenda text that tells the payee which invoices a payment covers: one RMR segment of X12 820
// each, or, when they exceed MaxAddenda characters or a number has nothing to print, a reference to the e-mail that
// lists them. The result is printable ASCII; the separators * and \ inside a number become hyphens. Rule ACH-4.
func Remittance(refs []InvoicePaid, confirmation string) string {
	var b strings.Builder
	for _, r := range refs {
		no := strings.NewReplacer("*", "-", `\`, "-").Replace(ASCII(r.Number))
		if no == "" || b.Len() > MaxAddenda {
			b.Reset()
			break
		}
		b.WriteString(`RMR*IV*` + no + `**` + dollars(r.Amount) + `\`)
	}
	if b.Len() > 0 && b.Len() <= MaxAddenda {
		return b.String()
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
