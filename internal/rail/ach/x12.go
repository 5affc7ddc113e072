package ach

import (
	"fmt"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
)

// Advice is what the addenda of a CTX entry tell the payee.
type Advice struct {
	Payer, Payee string
	CompanyID    string // of the payer, as in the batch
	Confirmation string // of the payment
	Amount       int64  // cents
	Effective    civil.Date
	Created      time.Time // printed in the zone it carries
	Control      int64     // of the interchange: the last seven digits of the trace
	Invoices     []InvoiceAdvised
}

// InvoiceAdvised is what an Advice says of an invoice.
type InvoiceAdvised struct {
	InvoicePaid
	Total int64      // what it comes to, cents; not told if zero
	Date  civil.Date // of the invoice; not told if zero
}

// Advise gives the addenda of a CTX entry: a payment order X12 820 (version 005010) in its envelope, cut into pieces of
// MaxAddenda characters without regard to its segments, as the Nacha rules want it. Each invoice is one RMR segment with
// what is paid and what it comes to, and its date. Texts are printable ASCII, separators inside them become hyphens. It fails
// with a *FieldError where that takes more than MaxAddendaCTX addenda. Rules ACH-2, ACH-4.
func Advise(a Advice) ([]string, error) {
	var s interchange
	day, clock := a.Created.Format("20060102"), a.Created.Format("1504")
	us, them := cutTo(plain(a.CompanyID), 15), cutTo(plain(a.Payee), 15)
	s.add("ISA", "00", strings.Repeat(" ", 10), "00", strings.Repeat(" ", 10), "ZZ", fmt.Sprintf("%-15s", us), "ZZ", fmt.Sprintf("%-15s", them),
		day[2:], clock, "^", "00501", fmt.Sprintf("%09d", a.Control), "0", "P", ":")
	s.add("GS", "RA", us, them, day, clock, "1", "X", "005010")
	s.segments = 0
	s.add("ST", "820", "0001")
	s.add("BPR", "C", dollars(a.Amount), "C", "ACH", "CTX", "", "", "", "", "", "", "", "", "", "", compact(a.Effective))
	s.add("TRN", "1", plain(a.Confirmation))
	s.add("N1", "PR", cutTo(plain(a.Payer), 60))
	s.add("N1", "PE", cutTo(plain(a.Payee), 60))
	s.add("ENT", "1")
	for _, i := range a.Invoices {
		rmr := []string{"RMR", "IV", cutTo(plain(i.Number), 50), "", dollars(i.Amount)}
		if i.Total != 0 {
			rmr = append(rmr, dollars(i.Total))
		}
		s.add(rmr...)
		if !i.Date.IsZero() {
			s.add("DTM", "003", compact(i.Date))
		}
	}
	s.add("SE", fmt.Sprint(s.segments+1), "0001")
	s.add("GE", "1", "1")
	s.add("IEA", "1", fmt.Sprintf("%09d", a.Control))
	whole := s.text.String()
	if len(whole) > MaxAddendaCTX*MaxAddenda {
		return nil, &FieldError{Field: "Addenda", Err: ErrTooLong}
	}
	var pieces []string
	for len(whole) > MaxAddenda {
		pieces, whole = append(pieces, whole[:MaxAddenda]), whole[MaxAddenda:]
	}
	return append(pieces, whole), nil
}

// interchange is X12 text with the number of segments since it was last set to zero.
type interchange struct {
	text     strings.Builder
	segments int
}

// add ends a segment; elements that are empty at its end are left out.
func (x *interchange) add(elements ...string) {
	x.text.WriteString(strings.TrimRight(strings.Join(elements, "*"), "*") + `\`)
	x.segments++
}

func compact(d civil.Date) string { return fmt.Sprintf("%04d%02d%02d", d.Year(), d.Month(), d.Day()) }

// plain is an element without the separators of components and repetitions.
func plain(s string) string { return strings.NewReplacer("^", "-", ":", "-").Replace(element(s)) }

// cutTo keeps the first n characters of ASCII.
func cutTo(s string, n int) string { return strings.TrimSpace(s[:min(len(s), n)]) }
