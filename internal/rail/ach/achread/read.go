package achread

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
)

const (
	width    = 94
	blocking = 10
	maxBytes = 100 << 20
	hashBase = 10_000_000_000 // the entry hash keeps ten digits
)

// Read reads a file to its end and calls fn, which may be nil, for each entry in the order of the file. The controls
// that prove an entry follow after it: what fn was told counts only if Read returns no error.
//
// It fails with an *Error at the first violation, with the error of fn, or with the error of src. The File it returns
// then holds what had been read before. Rules ACH-1, ACH-2, ACH-6, ACH-7.
func Read(src io.Reader, fn func(Entry) error) (File, error) {
	return read(src, fn, maxBytes)
}

func read(src io.Reader, fn func(Entry) error, limit int) (File, error) {
	r := reader{src: bufio.NewReaderSize(src, 4096), fn: fn, limit: limit}
	r.run()
	return r.file, r.err
}

// reader holds the first error and does nothing more once it has one.
type reader struct {
	src   *bufio.Reader
	fn    func(Entry) error
	limit int // bytes left

	rec  string // the record at hand
	err  error
	file File

	lastBatch int
}

// run reads the whole file.
func (r *reader) run() {
	if !r.next() {
		r.fail(0, ErrOrder, "file is empty")
		return
	}
	r.fileHeader()
	for r.err == nil {
		switch {
		case !r.next():
			r.fail(0, ErrOrder, "file ends without a file control")
		case r.rec[0] == '5':
			r.batch()
		case r.rec[0] == '9':
			r.fileControl()
			return
		default:
			r.fail(1, ErrOrder, "want a batch header or the file control")
		}
	}
}

// next reads a record. It is false at the end of the file and after an error.
func (r *reader) next() bool {
	if r.err != nil {
		return false
	}
	line, err := r.src.ReadSlice('\n')
	if len(line) == 0 && errors.Is(err, io.EOF) {
		return false
	}
	r.file.Lines++
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		r.err = fmt.Errorf("read line %d: %w", r.file.Lines, err)
		return false
	}
	if r.limit -= len(line); r.limit < 0 {
		return r.fail(0, ErrTooLarge, "")
	}
	rec := strings.TrimSuffix(string(line), "\n")
	rec = strings.TrimSuffix(rec, "\r")
	for i := range min(len(rec), width) {
		if rec[i] < ' ' || rec[i] > '~' {
			return r.fail(i+1, ErrCharacter, fmt.Sprintf("byte %#02x", rec[i]))
		}
	}
	if len(rec) != width {
		return r.fail(min(len(rec), width)+1, ErrLength, fmt.Sprintf("got %d", len(rec)))
	}
	r.rec = rec
	return true
}

// fail keeps the first error and is always false.
func (r *reader) fail(column int, err error, detail string) bool {
	if r.err == nil {
		r.err = &Error{Line: max(r.file.Lines, 1), Column: column, Err: err, Detail: detail}
	}
	return false
}

func (r *reader) failf(column int, err error, format string, args ...any) {
	r.fail(column, err, fmt.Sprintf(format, args...))
}

// raw is the columns from-to, text the same without the blanks around.
func (r *reader) raw(from, to int) string  { return r.rec[from-1 : to] }
func (r *reader) text(from, to int) string { return strings.Trim(r.raw(from, to), " ") }

// number reads columns that hold digits only.
func (r *reader) number(from, to int) int64 {
	return int64(number(r.digits(from, to)))
}

func (r *reader) digits(from, to int) string {
	s := r.raw(from, to)
	if !digits(s) {
		r.fail(from, ErrField, "want digits")
		return ""
	}
	return s
}

// constant checks columns with only one right value.
func (r *reader) constant(from int, want string) {
	if got := r.raw(from, from+len(want)-1); got != want {
		r.failf(from, ErrField, "got %q, want %q", got, want)
	}
}

func (r *reader) blank(from, to int) { r.constant(from, strings.Repeat(" ", to-from+1)) }

// date reads YYMMDD of this century. Blanks are no date where optional allows it.
func (r *reader) date(from int, optional bool) civil.Date {
	s := r.raw(from, from+5)
	if optional && s == "      " {
		return civil.Date{}
	}
	if digits(s) {
		d, err := civil.New(2000+number(s[:2]), time.Month(number(s[2:4])), number(s[4:]))
		if err == nil {
			return d
		}
	}
	r.fail(from, ErrField, "want a date YYMMDD")
	return civil.Date{}
}

// routing reads nine digits and proves the last.
func (r *reader) routing(from int) string {
	s := r.digits(from, from+8)
	if s != "" && !validRouting(s) {
		r.failf(from+8, ErrCheckDigit, "%s", s)
	}
	return s
}

// parties reads destination and origin: one of them, or both, is a bank by its routing number behind a blank; the other
// may be an id, which can look like a routing number without being one.
func (r *reader) parties() (destination, origin string) {
	bank := func(from int) bool {
		s := r.raw(from, from+9)
		return s[0] == ' ' && digits(s[1:]) && validRouting(s[1:])
	}
	destination, origin = r.text(4, 13), r.text(14, 23)
	switch {
	case destination == "":
		r.fail(4, ErrField, "destination is blank")
	case origin == "":
		r.fail(14, ErrField, "origin is blank")
	case !bank(4) && !bank(14):
		r.fail(4, ErrCheckDigit, "neither destination nor origin is a bank")
	}
	return destination, origin
}

func (r *reader) fileHeader() {
	if r.rec[0] != '1' {
		r.fail(1, ErrOrder, "want the file header")
		return
	}
	f := &r.file
	r.constant(2, "01")
	f.Destination, f.Origin = r.parties()
	f.Created = r.date(24, false)
	if f.Time = r.text(30, 33); f.Time != "" {
		if t := r.number(30, 33); t/100 > 23 || t%100 > 59 {
			r.fail(30, ErrField, "want a time HHMM")
		}
	}
	f.Modifier = r.raw(34, 34)
	if c := f.Modifier[0]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
		r.fail(34, ErrField, "want A to Z or 0 to 9")
	}
	r.constant(35, "094101")
	f.DestinationName = r.text(41, 63)
	f.OriginName = r.text(64, 86)
	f.Reference = r.text(87, 94)
}

// sums is what the control of a batch, or of the file, must state.
type sums struct {
	count         int // entries and addenda
	hash          int64
	debit, credit int64
}

// controls compares count, hash and the two totals that stand one after another from the given column.
func (r *reader) controls(from, countWidth int, s sums) {
	check := func(width int, want int64, err error) {
		if got := r.number(from, from+width-1); got != want {
			r.failf(from, err, "got %d, want %d", got, want)
		}
		from += width
	}
	check(countWidth, int64(s.count), ErrCount)
	check(10, s.hash, ErrHash)
	check(12, s.debit, ErrTotal)
	check(12, s.credit, ErrTotal)
}

// batch reads from the batch header at hand to the batch control.
func (r *reader) batch() {
	b := r.batchHeader()
	header := r.rec
	var (
		s       sums
		e       Entry // the entry whose addenda are being read
		entries int
		trace   string // of the entry before
		back    bool   // the first entry came back: so must the others
	)
	for r.err == nil {
		if !r.next() {
			r.fail(0, ErrOrder, "file ends inside a batch")
			return
		}
		switch r.rec[0] {
		case '6':
			r.finish(e)
			e = r.entry(b)
			if entries == 0 {
				back = e.cameBack()
			} else if e.cameBack() != back {
				r.fail(2, ErrCode, "entries under way and entries that came back in one batch")
			}
			if e.Trace <= trace {
				r.failf(80, ErrTrace, "not above %s", trace)
			}
			trace = e.Trace
			entries++
			s.count++
			r.file.Entries++
			if len(e.Routing) == 9 {
				s.hash = (s.hash + int64(number(e.Routing[:8]))) % hashBase
			}
			if e.Credit() {
				s.credit += e.Amount
			} else {
				s.debit += e.Amount
			}
		case '7':
			if entries == 0 {
				r.fail(1, ErrOrder, "addenda before the first entry")
				return
			}
			r.addenda(&e)
			s.count++
			r.file.Addenda++
		case '8':
			r.finish(e)
			if entries == 0 {
				r.fail(1, ErrOrder, "batch has no entry")
			}
			r.batchControl(header, b, s)
			f := &r.file
			f.Batches++
			f.Hash = (f.Hash + s.hash) % hashBase
			f.Debit += s.debit
			f.Credit += s.credit
			return
		default:
			r.fail(1, ErrOrder, "want an entry, addenda or the batch control")
		}
	}
}

func (r *reader) batchHeader() *Batch {
	b := &Batch{
		Class:       int(r.number(2, 4)),
		Company:     r.text(5, 20),
		CompanyID:   r.text(41, 50),
		SEC:         r.raw(51, 53),
		Description: r.text(54, 63),
		Descriptive: r.text(64, 69),
		Effective:   r.date(70, true),
		ODFI:        r.digits(80, 87),
		Number:      int(r.number(88, 94)),
	}
	switch b.Class {
	case 200, 220, 225:
	default:
		r.fail(2, ErrField, "want service class 200, 220 or 225")
	}
	switch b.SEC {
	case "CCD", "CTX", "PPD", "WEB", "COR":
	default:
		r.failf(51, ErrField, "entry class %q", b.SEC)
	}
	switch {
	case b.Company == "":
		r.fail(5, ErrField, "company name is blank")
	case b.CompanyID == "":
		r.fail(41, ErrField, "company id is blank")
	case b.Description == "":
		r.fail(54, ErrField, "entry description is blank")
	}
	if s := r.raw(76, 78); s != "   " {
		if b.Settlement = int(r.number(76, 78)); b.Settlement < 1 || b.Settlement > 366 {
			r.fail(76, ErrField, "want a day of the year")
		}
	}
	r.constant(79, "1")
	if b.Number <= r.lastBatch {
		r.failf(88, ErrBatchNumber, "%d after %d", b.Number, r.lastBatch)
	}
	r.lastBatch = b.Number
	return b
}

func (r *reader) batchControl(header string, b *Batch, s sums) {
	same := func(from, to, inHeader int) {
		if r.raw(from, to) != header[inHeader-1:inHeader+to-from] {
			r.fail(from, ErrControl, "")
		}
	}
	same(2, 4, 2)
	r.controls(5, 6, s)
	same(45, 54, 41)
	r.blank(74, 79)
	same(80, 87, 80)
	if n := r.number(88, 94); int(n) != b.Number {
		r.failf(88, ErrBatchNumber, "got %d, want %d", n, b.Number)
	}
}

// entry reads the record at hand. What its addenda must be is for finish to say.
func (r *reader) entry(b *Batch) Entry {
	e := Entry{
		Batch:         b,
		Line:          r.file.Lines,
		Code:          int(r.number(2, 3)),
		Routing:       r.routing(4),
		Account:       strings.TrimRight(r.raw(13, 29), " "),
		Amount:        r.number(30, 39),
		ID:            r.text(40, 54),
		Name:          r.text(55, 76),
		Discretionary: r.text(77, 78),
		Trace:         r.digits(80, 94),
	}
	e.announced = r.rec[78] == '1'
	if b.SEC == "CTX" {
		e.stated = int(r.number(55, 58))
		e.Name = r.text(59, 74)
		r.blank(75, 76)
	}
	if c := r.rec[78]; c != '0' && c != '1' {
		r.fail(79, ErrField, "want 0 or 1")
	}
	switch {
	case !transactionCode(e.Code):
		r.failf(2, ErrCode, "%02d", e.Code)
	case b.SEC == "COR" && !e.cameBack():
		r.failf(2, ErrCode, "%02d in a notification of change", e.Code)
	case b.Class == 220 && !e.Credit(), b.Class == 225 && e.Credit():
		r.failf(2, ErrCode, "%02d in service class %d", e.Code, b.Class)
	}
	if e.Account == "" || e.Account[0] == ' ' {
		r.fail(13, ErrField, "account is blank or not at the left")
	}
	zero := e.Prenote() || b.SEC == "COR"
	switch {
	case zero && e.Amount != 0:
		r.fail(30, ErrField, "a test or a notification has no amount")
	case !zero && !e.cameBack() && e.Amount == 0:
		r.fail(30, ErrField, "amount is zero")
	}
	if !e.cameBack() {
		if e.Name == "" {
			r.fail(55, ErrField, "name is blank")
		}
		if b.Effective.IsZero() && r.err == nil {
			r.fail(0, ErrField, "batch of this entry has no effective date")
		}
	}
	if !strings.HasPrefix(e.Trace, b.ODFI) {
		r.failf(80, ErrTrace, "not of bank %s", b.ODFI)
	}
	return e
}

// addenda reads the record at hand into e.
func (r *reader) addenda(e *Entry) {
	if e.Return != nil || e.NOC != nil {
		r.fail(1, ErrAddenda, "more than one")
		return
	}
	want := "05"
	switch {
	case e.Batch.SEC == "COR":
		want = "98"
	case e.cameBack():
		want = "99"
	}
	if got := r.raw(2, 3); got != want {
		r.failf(2, ErrAddenda, "type %q, want %s", got, want)
		return
	}
	switch want {
	case "05":
		e.Texts = append(e.Texts, strings.TrimRight(r.raw(4, 83), " "))
		if n := r.number(84, 87); n != int64(len(e.Texts)) {
			r.failf(84, ErrAddenda, "sequence %d, want %d", n, len(e.Texts))
		}
		if r.raw(88, 94) != e.Trace[8:] {
			r.failf(88, ErrTrace, "want %s", e.Trace[8:])
		}
		return
	case "98":
		r.reason("C")
		e.NOC = &NOC{
			Code:      r.raw(4, 6),
			Trace:     r.digits(7, 21),
			RDFI:      r.digits(28, 35),
			Corrected: r.raw(36, 64),
		}
		r.blank(22, 27)
		r.blank(65, 79)
	case "99":
		r.reason("R")
		e.Return = &Return{
			Code:        r.raw(4, 6),
			Trace:       r.digits(7, 21),
			DateOfDeath: r.date(22, true),
			RDFI:        r.digits(28, 35),
			Information: strings.TrimRight(r.raw(36, 79), " "),
		}
	}
	if r.raw(80, 94) != e.Trace {
		r.failf(80, ErrTrace, "want %s", e.Trace)
	}
}

// reason checks the letter and the two digits of a return or change code.
func (r *reader) reason(letter string) {
	r.constant(4, letter)
	if r.digits(5, 6) == "00" {
		r.fail(5, ErrField, "no such code")
	}
}

// finish checks the number of addenda of an entry that is complete, and hands it to fn. The record at hand is the one
// after it. Without an entry it does nothing.
func (r *reader) finish(e Entry) {
	if e.Batch == nil || r.err != nil {
		return
	}
	bad := func(column int, format string, args ...any) {
		r.err = &Error{Line: e.Line, Column: column, Err: ErrAddenda, Detail: fmt.Sprintf(format, args...)}
	}
	n := len(e.Texts)
	if e.Return != nil || e.NOC != nil {
		n = 1
	}
	switch {
	case e.cameBack() && n != 1:
		bad(79, "the reason is missing")
	case e.announced != (n > 0):
		bad(79, "%d follow", n)
	case e.Batch.SEC == "CTX" && e.stated != n:
		bad(55, "%d follow, %d stated", n, e.stated)
	case e.Batch.SEC != "CTX" && n > 1:
		bad(79, "%d follow, at most one may", n)
	case r.fn != nil:
		r.err = r.fn(e)
	}
}

// fileControl reads the file control at hand and the filler behind it, to the end of the file.
func (r *reader) fileControl() {
	f := &r.file
	if n := r.number(2, 7); int(n) != f.Batches {
		r.failf(2, ErrCount, "got %d, want %d batches", n, f.Batches)
	}
	blocks := (f.Lines + blocking - 1) / blocking
	if n := r.number(8, 13); int(n) != blocks {
		r.failf(8, ErrCount, "got %d, want %d blocks", n, blocks)
	}
	r.controls(14, 8, sums{f.Entries + f.Addenda, f.Hash, f.Debit, f.Credit})
	r.blank(56, 94)
	filler := strings.Repeat("9", width)
	for r.next() {
		if r.rec != filler {
			r.fail(1, ErrOrder, "want filler")
			return
		}
		if f.Lines > blocks*blocking {
			r.fail(1, ErrBlocking, "a block too many")
		}
	}
	if f.Lines%blocking != 0 {
		r.failf(0, ErrBlocking, "%d lines", f.Lines)
	}
}
