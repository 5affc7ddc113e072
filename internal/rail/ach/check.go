package ach

import (
	"errors"
	"fmt"
	"strings"
)

// FieldError names the field that cannot stand in a file. It never shows the value, which may be an account number.
type FieldError struct {
	Batch int    // from 1; zero: the file itself
	Trace uint64 // of the entry; zero: the batch or the file itself
	Field string // as File, Batch or Entry spells it; "Offset.Name" inside an offset
	Err   error  // one of the conditions below
}

// What can be wrong with a field.
var (
	ErrMissing   = errors.New("is missing")
	ErrTooLong   = errors.New("is longer than its columns")
	ErrCharacter = errors.New("has a character or form that the field does not take")
	ErrRouting   = errors.New("is no routing number: nine digits with their check digit")
	ErrValue     = errors.New("is outside what the field allows")
	ErrOrder     = errors.New("does not ascend inside its batch")
	ErrOverflow  = errors.New("does not fit what a control record can count: make another batch or file")
)

// Error says where the field stands and what is wrong with it.
func (e *FieldError) Error() string {
	var where string
	if e.Batch != 0 {
		where = fmt.Sprintf(" batch %d", e.Batch)
	}
	if e.Trace != 0 {
		where += fmt.Sprintf(" entry %d", e.Trace)
	}
	return fmt.Sprintf("ACH file%s: %s %v", where, e.Field, e.Err)
}

// Unwrap gives the condition.
func (e *FieldError) Unwrap() error { return e.Err }

// at completes e with its place.
func (e *FieldError) at(batch int, trace uint64) *FieldError {
	e.Batch, e.Trace = batch, trace
	return e
}

// check finds what is wrong in f outside its entries: a *FieldError or nil.
func (f *File) check() error {
	fe := firstError(
		routing("Destination", f.Destination),
		text("DestinationName", f.DestinationName, 0, 23),
		f.checkOrigin(),
		text("OriginName", f.OriginName, 0, 23),
		text("Reference", f.Reference, 0, 8),
		within("Created", int64(f.Created.Year()), 2000, 2099), // two digits on the wire
		allowed("Modifier", 'A' <= f.Modifier && f.Modifier <= 'Z' || '0' <= f.Modifier && f.Modifier <= '9'),
		within("Batches", int64(len(f.Batches)), 1, 999_999),
	)
	if fe != nil {
		return fe
	}
	for i := range f.Batches {
		if fe := f.Batches[i].check(); fe != nil {
			return fe.at(i+1, 0)
		}
	}
	return nil
}

func (f *File) checkOrigin() *FieldError {
	switch {
	case f.Origin == "":
		return &FieldError{Field: "Origin", Err: ErrMissing}
	case len(f.Origin) == 9 && only(f.Origin, digit), len(f.Origin) == 10 && only(f.Origin, alphanumeric):
		return nil
	}
	return &FieldError{Field: "Origin", Err: ErrCharacter}
}

// check finds what is wrong in b outside its entries.
func (b *Batch) check() *FieldError {
	fe := firstError(
		text("CompanyName", b.CompanyName, 1, 16),
		text("CompanyID", b.CompanyID, 1, 10),
		text("Discretionary", b.Discretionary, 0, 20),
		allowed("SEC", b.SEC == CCD || b.SEC == CTX || b.SEC == PPD || b.SEC == WEB && b.Debits),
		text("Description", b.Description, 1, 10),
		allowed("Description", !strings.HasPrefix(strings.ToUpper(b.Description), "PAYROLL")), // ACH-3
		text("DescriptiveDate", b.DescriptiveDate, 0, 6),
		within("Effective", int64(b.Effective.Year()), 2000, 2099),
		exactDigits("ODFI", b.ODFI, 8),
	)
	switch o := b.Offset; {
	case fe != nil:
		return fe
	case b.Entries == nil:
		return &FieldError{Field: "Entries", Err: ErrMissing}
	case o == nil:
		return nil
	case b.Debits:
		return &FieldError{Field: "Offset", Err: ErrValue}
	default:
		fe = firstError(
			allowed("TransactionCode", o.TransactionCode == CheckingDebit || o.TransactionCode == SavingsDebit),
			allowed("Amount", o.Amount == 0),
			o.check(b.SEC),
		)
		if fe != nil {
			fe.Field = "Offset." + fe.Field
		}
		return fe
	}
}

// checkEntry finds what is wrong in e as the next entry of b after the one with trace last.
func (b *Batch) checkEntry(e *Entry, last uint64) *FieldError {
	debit := e.TransactionCode == CheckingDebit || e.TransactionCode == SavingsDebit
	switch e.TransactionCode {
	case CheckingCredit, SavingsCredit, CheckingDebit, SavingsDebit:
		if debit != b.Debits {
			return &FieldError{Field: "TransactionCode", Err: ErrValue}
		}
		if e.Amount < 1 || e.Amount > MaxAmount { // LIM-3
			return &FieldError{Field: "Amount", Err: ErrValue}
		}
	case CheckingPrenote, SavingsPrenote, CheckingDebitPrenote, SavingsDebitPrenote:
		debit = e.TransactionCode == CheckingDebitPrenote || e.TransactionCode == SavingsDebitPrenote
		if b.Offset != nil || b.Debits != debit { // a prenote has nothing to balance; VEN-5 sends it in a file of its own
			return &FieldError{Field: "TransactionCode", Err: ErrValue}
		}
		if e.Amount != 0 {
			return &FieldError{Field: "Amount", Err: ErrValue}
		}
	default:
		return &FieldError{Field: "TransactionCode", Err: ErrValue}
	}
	if fe := e.check(b.SEC); fe != nil {
		return fe
	}
	if web := e.PaymentType == Single || e.PaymentType == Recurring; web != (b.SEC == WEB) || !web && e.PaymentType != "" {
		return &FieldError{Field: "PaymentType", Err: ErrValue}
	}
	if e.Trace <= last { // ACH-7
		return &FieldError{Field: "Trace", Err: ErrOrder}
	}
	return nil
}

// check finds what is wrong in e wherever it stands in a batch of that class.
func (e *Entry) check(sec SEC) *FieldError {
	name, addenda := MaxName, 1 // ACH-2
	if sec == CTX {
		name, addenda = MaxNameCTX, MaxAddendaCTX
	}
	fe := firstError(
		routing("Routing", e.Routing),
		account("Account", e.Account),
		text("ID", e.ID, 0, MaxID),
		text("Name", e.Name, 1, name),
		within("Trace", int64(min(e.Trace, 1<<62)), 1, 9_999_999),
		allowed("Addenda", len(e.Addenda) <= addenda),
	)
	for i := 0; fe == nil && i < len(e.Addenda); i++ {
		fe = addendaText(e.Addenda[i], i == 0)
	}
	return fe
}

// checkRoom finds which control field could not count e. Room for what must still follow it (offset, controls) is
// kept. The file's count of records needs no check of its own: its blocks run out first.
func (b *Batch) checkRoom(e *Entry, sum, file Totals, lines int) *FieldError {
	const maxTotal = 999_999_999_999 // cents in twelve digits
	records := 1 + len(e.Addenda)
	maxSum := int64(maxTotal)
	batch, all := sum.Credits, file.Credits
	if b.Debits {
		batch, all = sum.Debits, file.Debits
	}
	if b.Offset != nil {
		records += 1 + len(b.Offset.Addenda)
		maxSum = MaxAmount // the offset is one entry
	}
	switch {
	case sum.Records+records > 999_999, lines+records+2 > 999_999*blocking:
		return &FieldError{Field: "Entries", Err: ErrOverflow}
	case batch+e.Amount > maxSum, all+batch+e.Amount > maxTotal:
		return &FieldError{Field: "Amount", Err: ErrOverflow}
	}
	return nil
}

func firstError(errs ...*FieldError) *FieldError {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

// addendaText wants 1 to MaxAddenda characters of printable ASCII. The first addenda begins with no blank; the others go on
// wherever the one before ended.
func addendaText(s string, first bool) *FieldError {
	if first {
		return text("Addenda", s, 1, MaxAddenda)
	}
	switch {
	case !only(s, printable):
		return &FieldError{Field: "Addenda", Err: ErrCharacter}
	case s == "":
		return &FieldError{Field: "Addenda", Err: ErrMissing}
	case len(s) > MaxAddenda:
		return &FieldError{Field: "Addenda", Err: ErrTooLong}
	}
	return nil
}

// text wants atLeast to atMost characters of printable ASCII. The first is no blank, as fields are left-aligned.
func text(field, s string, atLeast, atMost int) *FieldError {
	switch {
	case !only(s, printable):
		return &FieldError{Field: field, Err: ErrCharacter}
	case len(strings.TrimRight(s, " ")) < atLeast:
		return &FieldError{Field: field, Err: ErrMissing}
	case len(s) > atMost:
		return &FieldError{Field: field, Err: ErrTooLong}
	case s != "" && s[0] == ' ':
		return &FieldError{Field: field, Err: ErrCharacter}
	}
	return nil
}

// account wants 4 to 17 letters, digits and hyphens that are not all zero. Rule VEN-3.
func account(field, s string) *FieldError {
	switch {
	case s == "":
		return &FieldError{Field: field, Err: ErrMissing}
	case len(s) > 17:
		return &FieldError{Field: field, Err: ErrTooLong}
	case len(s) < 4, strings.Trim(s, "0-") == "":
		return &FieldError{Field: field, Err: ErrValue}
	case !only(s, func(c byte) bool { return alphanumeric(c) || c == '-' }):
		return &FieldError{Field: field, Err: ErrCharacter}
	}
	return nil
}

func routing(field, s string) *FieldError {
	switch {
	case s == "":
		return &FieldError{Field: field, Err: ErrMissing}
	case !ValidRouting(s):
		return &FieldError{Field: field, Err: ErrRouting}
	}
	return nil
}

func exactDigits(field, s string, n int) *FieldError {
	switch {
	case s == "":
		return &FieldError{Field: field, Err: ErrMissing}
	case len(s) != n || !only(s, digit):
		return &FieldError{Field: field, Err: ErrCharacter}
	}
	return nil
}

func within(field string, n, lowest, highest int64) *FieldError {
	return allowed(field, lowest <= n && n <= highest)
}

func allowed(field string, ok bool) *FieldError {
	if !ok {
		return &FieldError{Field: field, Err: ErrValue}
	}
	return nil
}

func only(s string, in func(byte) bool) bool {
	for i := range len(s) {
		if !in(s[i]) {
			return false
		}
	}
	return true
}

func printable(c byte) bool { return ' ' <= c && c <= '~' }
func digit(c byte) bool     { return '0' <= c && c <= '9' }
func alphanumeric(c byte) bool {
	return digit(c) || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
