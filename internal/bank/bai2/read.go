package bai2

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
)

const (
	maxBytes = 100 << 20
	maxLine  = 4000 // characters
)

// Read reads a statement to its end. It fails with an *Error at the first violation, or with the error of src; there
// is no File then. Lines may end with LF or CRLF, and blanks may follow the slash. Rule REC-1.
func Read(src io.Reader) (File, error) {
	r := reader{src: bufio.NewReaderSize(src, maxLine+96), limit: maxBytes}
	f := r.file()
	if r.err != nil {
		return File{}, r.err
	}
	return f, nil
}

// reader holds the first error and does nothing more once it has one.
type reader struct {
	src    *bufio.Reader
	limit  int // bytes left
	width  int // longest line that the file header allows; 0 for any
	ahead  string
	peeked bool // ahead is the next line
	lines  int  // taken, without ahead
	err    error

	// The record at hand with its continuations: the contents of the lines, without code and slash, joined by \n.
	code string
	rec  string
	at   int // next field starts here; len(rec)+1 behind the last
	line int // of the record
	last int // start of the field read last, for errors
}

// fail keeps the first error. It stands at the field read last.
func (r *reader) fail(err error, format string, args ...any) {
	before := r.rec[:min(r.last, len(r.rec))]
	skipped := strings.Count(before, "\n")
	column := len(before) - (strings.LastIndex(before, "\n") + 1) + len("16,") + 1
	r.failAt(r.line+skipped, column, err, fmt.Sprintf(format, args...))
}

func (r *reader) failAt(line, column int, err error, detail string) {
	if r.err == nil {
		r.err = &Error{Line: max(line, 1), Column: column, Err: err, Detail: detail}
	}
}

// peek has the next line in r.ahead. It is false at the end of the file and after an error.
func (r *reader) peek() bool {
	if r.err != nil || r.peeked {
		return r.err == nil
	}
	b, err := r.src.ReadSlice('\n')
	if len(b) == 0 && errors.Is(err, io.EOF) {
		return false
	}
	n := r.lines + 1
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		r.err = fmt.Errorf("read line %d: %w", n, err)
		return false
	}
	if r.limit -= len(b); r.limit < 0 {
		r.failAt(n, 0, ErrTooLarge, "")
		return false
	}
	s := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if i := unprintable(s); i >= 0 {
		r.failAt(n, i+1, ErrCharacter, fmt.Sprintf("byte %#02x", s[i]))
		return false
	}
	if len(s) > maxLine {
		r.failAt(n, maxLine+1, ErrLength, "")
		return false
	}
	if len(s) < 3 || s[2] != ',' {
		r.failAt(n, 1, ErrField, "want a record code and a comma")
		return false
	}
	r.ahead, r.peeked = s, true
	return true
}

// take moves the next line out of the way and gives its content. Only where slash is false may the slash be missing.
func (r *reader) take(slash bool) string {
	r.peeked = false
	r.lines++
	if r.width > 0 && len(r.ahead) > r.width {
		r.failAt(r.lines, r.width+1, ErrLength, fmt.Sprintf("got %d, want %d at most", len(r.ahead), r.width))
	}
	content, ended := strings.CutSuffix(strings.TrimRight(r.ahead[3:], " "), "/")
	if !ended {
		content = r.ahead[3:]
		if slash {
			r.failAt(r.lines, len(r.ahead), ErrEnd, "")
		}
	}
	return content
}

// next reads the next record with its continuations. It is false at the end of the file and after an error.
func (r *reader) next() bool {
	if !r.peek() {
		return false
	}
	r.code = r.ahead[:2]
	slash := r.code != "16"
	parts := []string{r.take(slash)}
	r.line = r.lines
	for r.peek() && r.ahead[:2] == "88" {
		parts = append(parts, r.take(slash))
	}
	r.rec, r.at, r.last = strings.Join(parts, "\n"), 0, 0
	return r.err == nil
}

// want reads the next record, which must be one of codes.
func (r *reader) want(codes ...string) bool {
	if !r.next() {
		r.failAt(r.lines, 0, ErrOrder, "statement ends before record "+strings.Join(codes, " or "))
		return false
	}
	for _, c := range codes {
		if r.code == c {
			return true
		}
	}
	r.failAt(r.line, 1, ErrOrder, fmt.Sprintf("record %q, want %s", r.code, strings.Join(codes, " or ")))
	return false
}

// more reports whether the record has another field.
func (r *reader) more() bool { return r.err == nil && r.at <= len(r.rec) }

// field is the next field, empty behind the last.
func (r *reader) field() string {
	if !r.more() {
		return ""
	}
	r.last = r.at
	s := r.rec[r.at:]
	if i := strings.IndexAny(s, ",\n"); i >= 0 {
		s = s[:i]
	}
	r.at += len(s) + 1
	if strings.Contains(s, "/") {
		r.fail(ErrField, "slash inside the record")
	}
	return s
}

// rest is all that is left.
func (r *reader) rest() string {
	if !r.more() {
		return ""
	}
	s := r.rec[r.at:]
	r.at = len(r.rec) + 1
	return s
}

// end checks that the record has no more fields.
func (r *reader) end() {
	if r.more() {
		r.last = r.at
		r.fail(ErrField, "one field too many")
	}
}

// amount reads minor units, with a sign only where signed.
func (r *reader) amount(signed bool, most int64) int64 {
	s := r.field()
	digits := s
	if signed {
		digits = strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-")
		if len(digits) < len(s)-1 {
			digits = ""
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || int64(n) > most {
		r.fail(ErrAmount, "%q", s)
		return 0
	}
	if s[0] == '-' {
		return -int64(n)
	}
	return int64(n)
}

// number reads a count or a code of at most nine digits; an empty field is 0 where optional.
func (r *reader) number(optional bool) int {
	s := r.field()
	if s == "" && optional {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || len(s) > 9 {
		r.fail(ErrField, "want a number, got %q", s)
	}
	return int(n)
}

func (r *reader) count(what string, want int) {
	if n := r.number(false); n != want {
		r.fail(ErrCount, "got %d, want %d %s", n, want, what)
	}
}

func (r *reader) total(want int64) {
	if n := r.amount(true, maxSum); n != want {
		r.fail(ErrTotal, "got %d, want %d", n, want)
	}
}

func (r *reader) add(a, b int64) int64 {
	sum := a + b // no overflow: b is a checked sum or an amount
	if sum < -maxSum || sum > maxSum {
		r.fail(ErrAmount, "sum")
		return 0
	}
	return sum
}

// date reads YYMMDD of this century.
func (r *reader) date() civil.Date {
	s := r.field()
	if n, err := strconv.ParseUint(s, 10, 32); err == nil && len(s) == 6 {
		d, err := civil.New(2000+int(n/10000), time.Month(n/100%100), int(n%100))
		if err == nil {
			return d
		}
	}
	r.fail(ErrField, "want a date YYMMDD, got %q", s)
	return civil.Date{}
}

// clock reads HHMM in minutes; 2400 and 9999 are the end of the day, an empty field is its start.
func (r *reader) clock() int {
	s := r.field()
	if s == "" {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 32)
	switch {
	case err != nil || len(s) != 4:
	case n == 2400 || n == 9999:
		return 24 * 60
	case n/100 < 24 && n%100 < 60:
		return int(n/100*60 + n%100)
	}
	r.fail(ErrField, "want a time HHMM, got %q", s)
	return 0
}

// funds reads a funds type with what belongs to it, and forgets it.
func (r *reader) funds() {
	switch s := r.field(); s {
	case "", "0", "1", "2", "Z":
	case "S":
		for range 3 {
			r.amount(true, maxAmount)
		}
	case "V":
		r.date()
		r.clock()
	case "D":
		for range r.number(false) {
			if !r.more() {
				r.fail(ErrField, "distribution is too short")
				return
			}
			r.number(false)
			r.amount(true, maxAmount)
		}
	default:
		r.fail(ErrField, "funds type %q", s)
	}
}

func (r *reader) file() (f File) {
	if !r.want("01") {
		return f
	}
	f.Sender, f.Receiver = r.field(), r.field()
	day := r.date()
	minute := r.clock()
	if minute == 24*60 {
		day, minute = day.AddDays(1), 0
		if day.Year() > 2099 {
			r.fail(ErrField, "time is past the century")
		}
	}
	f.Created = day.At(minute/60, minute%60, civil.NewYork).UTC()
	f.FileID = r.field()
	r.width = r.number(true)
	r.number(true) // block size
	if v := r.field(); v != "2" {
		r.fail(ErrField, "version %q, want 2", v)
	}
	r.end()

	var total int64
	for r.want("02", "99") && r.code == "02" {
		g, sum := r.group()
		f.Groups = append(f.Groups, g)
		total = r.add(total, sum)
	}
	r.total(total)
	r.count("groups", len(f.Groups))
	r.count("records", r.lines)
	r.end()
	if r.peek() {
		r.failAt(r.lines+1, 1, ErrOrder, "record after the file control")
	}
	return f
}

// group reads from the group header at hand to its control, whose total it returns; so does account.
func (r *reader) group() (g Group, total int64) {
	first := r.line
	r.field() // receiver
	g.Originator = r.field()
	if s := r.field(); s != "1" {
		r.fail(ErrStatus, "status %q", s)
	}
	g.AsOf = r.date()
	r.clock()
	unit := cmp.Or(r.field(), "USD")
	r.currency(unit)
	if m := r.field(); m != "" && (len(m) != 1 || m < "1" || m > "4") {
		r.fail(ErrField, "as-of-date modifier %q", m)
	}
	r.end()
	for r.want("03", "98") && r.code == "03" {
		a, sum := r.account(unit)
		g.Accounts = append(g.Accounts, a)
		total = r.add(total, sum)
	}
	r.total(total)
	r.count("accounts", len(g.Accounts))
	r.count("records", r.lines-first+1)
	r.end()
	return g, total
}

func (r *reader) currency(s string) {
	if !currency(s) {
		r.fail(ErrField, "currency %q", s)
	}
}

func (r *reader) account(unit string) (a Account, total int64) {
	first := r.line
	if a.Number = r.field(); a.Number == "" {
		r.fail(ErrField, "account number is empty")
	}
	a.Currency = cmp.Or(r.field(), unit)
	r.currency(a.Currency)
	var balances [2]int // how often opening and closing are given
	for r.more() {
		code := r.number(true)
		if code == 0 { // four empty fields stand for no statement
			for range 3 {
				if r.field() != "" {
					r.fail(ErrField, "want a type code before")
				}
			}
			continue
		}
		n := r.amount(true, maxAmount)
		total = r.add(total, n)
		switch code {
		case OpeningLedger:
			a.Opening = n
			balances[0]++
		case ClosingLedger:
			a.Closing = n
			balances[1]++
		}
		r.number(true) // item count
		r.funds()
	}
	if balances != [2]int{1, 1} {
		r.last = 0
		r.fail(ErrBalance, "")
	}
	for r.want("16", "49") && r.code == "16" {
		l := r.movement()
		a.Lines = append(a.Lines, l)
		total = r.add(total, l.Amount)
	}
	r.total(total)
	r.count("records", r.lines-first+1)
	r.end()
	return a, total
}

func (r *reader) movement() (l Line) {
	l.Type = r.number(false)
	if !validType(l.Type) {
		r.fail(ErrType, "%d", l.Type)
	}
	l.Amount = r.amount(false, maxAmount)
	r.funds()
	l.BankRef, l.CustomerRef = r.field(), r.field()
	l.Text = r.rest()
	return l
}
