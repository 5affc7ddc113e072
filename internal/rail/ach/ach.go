// Package ach writes the file a bank takes ACH entries from: NACHA records of 94 characters, batches of credits (CCD, CTX,
// PPD) and of debits (CCD, CTX, PPD, WEB), in one pass over the entries.
//
// A file is a header (1), batches (5, then entries 6 each with its addenda 7, then 8), a control record (9)
// and lines of nines up to a whole block of ten. The control records carry counts, sums and the entry hash, by which
// the bank proves that nothing was lost. What cannot stand in its columns is refused with a FieldError; nothing is
// cut, folded or padded into another meaning here. Callers prepare names with Transliterate and the remittance text
// with Remittance, allocate trace numbers and the file modifier (ACH-7, XO-6), and choose effective dates (ACH-5).
//
// Source of the layout: Nacha Operating Rules, Appendix Three; in docs/spec/domain.md ACH-1 to ACH-7 and appendix A.
package ach

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/duebook/duebook/internal/civil"
)

// SEC is the standard entry class of a batch. Rule ACH-2.
type SEC string

// The classes this package writes.
const (
	CCD SEC = "CCD" // to or from a business
	CTX SEC = "CTX" // to or from a business, with up to MaxAddendaCTX addenda
	PPD SEC = "PPD" // to or from a person; a debit is authorised on paper
	WEB SEC = "WEB" // from a person, authorised over the internet
)

// Transaction codes. Rule ACH-6.
const (
	CheckingCredit  = 22
	CheckingPrenote = 23
	CheckingDebit   = 27
	SavingsCredit   = 32
	SavingsPrenote  = 33
	SavingsDebit    = 37

	CheckingDebitPrenote = 28
	SavingsDebitPrenote  = 38
)

// The payment types of a WEB entry.
const (
	Single    = "S"
	Recurring = "R"
)

// Widths that callers cut to, in characters.
const (
	MaxID      = 15
	MaxName    = 22
	MaxNameCTX = 16 // where the number of addenda takes its room
	MaxAddenda = 80
)

// MaxAddendaCTX is how many addenda an entry of class CTX has at most; one of the other classes has one. Rule ACH-2.
const MaxAddendaCTX = 9_999

// MaxAmount is the largest amount of one entry, in cents: ten digits. Rule LIM-3.
const MaxAmount = 99_999_999_99

// File is one file from an originator to its bank. Texts are printable ASCII and do not begin with a blank.
type File struct {
	Destination     string    // routing number of the bank, 9 digits
	DestinationName string    // up to 23 characters
	Origin          string    // as the bank assigned it: 9 digits, or 10 letters and digits
	OriginName      string    // up to 23 characters
	Reference       string    // up to 8 characters
	Created         time.Time // printed to the minute in the zone it carries
	Modifier        byte      // of Modifier: tells apart the files of one origin, destination and day
	Batches         []Batch   // at least one; numbered from 1 in this order
}

// Batch is what shares one company, class, description and effective date. Rule ACH-2.
type Batch struct {
	CompanyName     string // 1 to 16 characters, as the payee reads it on the statement
	CompanyID       string // 1 to 10 characters
	Discretionary   string // up to 20 characters
	SEC             SEC
	Description     string     // 1 to 10 characters, never PAYROLL (ACH-3)
	DescriptiveDate string     // up to 6 characters
	Effective       civil.Date // the day settlement is asked for; a banking day is the caller's care
	ODFI            string     // the originating bank: the first 8 digits of its routing number
	Debits          bool       // the entries take money in (AR-12): class 225, no offset; prenotes are those of debits

	// Entries yields the entries by ascending trace; it is read once. An error it yields ends Write.
	Entries iter.Seq2[Entry, error]

	// Offset, in the balanced style (FND-4), is the debit of our own account that follows the entries and takes their
	// sum: code 27 or 37, Amount left zero, Trace above theirs. It makes the batch mixed (class 200 instead of 220)
	// and leaves no room for prenotes, nor for a sum above MaxAmount.
	Offset *Entry
}

// Entry is one credit, or a prenote of one; in a batch of debits one debit.
type Entry struct {
	TransactionCode int      // 22, 32; prenote 23, 33; debit 27, 37; prenote of a debit 28, 38
	Routing         string   // the receiving bank, 9 digits with their check digit
	Account         string   // 4 to 17 letters, digits and hyphens (VEN-3)
	Amount          int64    // cents: 1 to MaxAmount, zero in a prenote
	ID              string   // up to MaxID characters: the payment's confirmation number (ACH-7)
	Name            string   // 1 to MaxName characters, in CTX 1 to MaxNameCTX: the payee, or who pays
	PaymentType     string   // of a WEB entry: Single or Recurring
	Trace           uint64   // the originator's counter, 1 to 9,999,999; the ODFI is put before it
	Addenda         []string // none or one, in CTX up to MaxAddendaCTX, of 1 to MaxAddenda characters (ACH-4)
}

// Totals is what the file control record says, for the store and the duplicate guard (XO-1, XO-7).
type Totals struct {
	Batches int
	Blocks  int    // of ten lines, the lines of nines included
	Records int    // entries and addenda
	Hash    uint64 // sum of the first eight digits of the receiving routing numbers, modulo 10^10
	Debits  int64  // cents
	Credits int64  // cents
}

// Write streams f to w in ASCII, each record ended by one line feed, and returns the control totals. Memory does not
// grow with the number of entries.
//
// It fails with a *FieldError for what the format or our rules refuse, and otherwise with the wrapped error of an
// entry iterator or of w. Everything but the entries is checked before the first byte, and an entry before its own
// bytes; after an error w holds at most a file without its end, which no reader takes for one: throw it away.
func Write(w io.Writer, f File) (Totals, error) {
	if err := f.check(); err != nil {
		return Totals{}, err
	}
	p := &printer{w: bufio.NewWriterSize(w, 64<<10)}
	if err := p.fileHeader(&f); err != nil {
		return Totals{}, fmt.Errorf("write ACH file header: %w", err)
	}
	var file Totals
	for i := range f.Batches {
		if err := p.batch(&f.Batches[i], i+1, &file); err != nil {
			return Totals{}, err
		}
	}
	file.Blocks = (p.lines + 1 + blocking - 1) / blocking
	if err := p.fileControl(file); err != nil {
		return Totals{}, fmt.Errorf("write ACH file control: %w", err)
	}
	return file, nil
}

// Modifier gives the file modifier of the n-th file, counted from 0, of one origin, destination and day: A to Z, then
// 0 to 9. It is not ok beyond the 36th file, which has to wait for another day. Rule XO-6.
func Modifier(n int) (m byte, ok bool) {
	const order = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if n < 0 || n >= len(order) {
		return 0, false
	}
	return order[n], true
}

// batch writes one batch with its header and control and adds its sums to file.
func (p *printer) batch(b *Batch, number int, file *Totals) error {
	class := creditsOnly
	switch {
	case b.Debits:
		class = debitsOnly
	case b.Offset != nil:
		class = mixed
	}
	if err := p.batchHeader(b, class, number); err != nil {
		return fmt.Errorf("write ACH batch %d: %w", number, err)
	}
	var sum Totals
	var trace uint64
	for e, err := range b.Entries {
		if err != nil {
			return fmt.Errorf("read entries of ACH batch %d: %w", number, err)
		}
		if err := b.checkEntry(&e, trace); err != nil {
			return err.at(number, e.Trace)
		}
		if err := b.checkRoom(&e, sum, *file, p.lines); err != nil {
			return err.at(number, e.Trace)
		}
		if err := p.entry(&e, b.SEC, b.ODFI, &sum); err != nil {
			return fmt.Errorf("write ACH batch %d: %w", number, err)
		}
		trace = e.Trace
	}
	if sum.Records == 0 {
		return (&FieldError{Field: "Entries", Err: ErrMissing}).at(number, 0)
	}
	if b.Offset != nil {
		debit := *b.Offset
		debit.Amount = sum.Credits
		if debit.Trace <= trace {
			return (&FieldError{Field: "Offset.Trace", Err: ErrOrder}).at(number, debit.Trace)
		}
		if err := p.entry(&debit, b.SEC, b.ODFI, &sum); err != nil {
			return fmt.Errorf("write ACH batch %d: %w", number, err)
		}
	}
	if err := p.batchControl(b, class, number, sum); err != nil {
		return fmt.Errorf("write ACH batch %d: %w", number, err)
	}
	file.Batches++
	file.Records += sum.Records
	file.Hash = (file.Hash + sum.Hash) % hashModulus
	file.Debits += sum.Debits
	file.Credits += sum.Credits
	return nil
}

// add counts an entry with its addenda. Rule ACH-1; the overflow of the hash is dropped by the standard's design.
func (t *Totals) add(e *Entry) {
	t.Records += 1 + len(e.Addenda)
	t.Hash = (t.Hash + number(e.Routing[:8])) % hashModulus
	if e.TransactionCode == CheckingDebit || e.TransactionCode == SavingsDebit {
		t.Debits += e.Amount
	} else {
		t.Credits += e.Amount
	}
}
