package bai2

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/civil"
)

const (
	maxAmount = 999_999_999_999_999 // fifteen digits
	maxSum    = 1_000_000_000_000_000_000
)

// Write writes f. Nothing is written if f has a value that the format cannot carry: then it fails with ErrField,
// ErrCharacter, ErrLength, ErrType or ErrAmount.
func Write(w io.Writer, f File) error {
	var p printer
	p.file(f)
	if p.err != nil {
		return p.err
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// printer holds the first error.
type printer struct {
	out   bytes.Buffer
	lines int // written so far
	err   error
}

func (p *printer) file(f File) {
	created := f.Created.In(civil.NewYork)
	p.record("01", p.field(f.Sender), p.field(f.Receiver), p.date(civil.Of(created, civil.NewYork)),
		created.Format("1504"), p.field(f.FileID), "", "", "2")
	var total int64
	for _, g := range f.Groups {
		total = p.add(total, p.group(f.Receiver, g))
	}
	p.record("99", itoa(total), strconv.Itoa(len(f.Groups)), strconv.Itoa(p.lines+1))
}

// group returns its control total; so does account.
func (p *printer) group(receiver string, g Group) (total int64) {
	first := p.lines
	p.record("02", p.field(receiver), p.field(g.Originator), "1", p.date(g.AsOf), "", "", "2")
	for _, a := range g.Accounts {
		total = p.add(total, p.account(a))
	}
	p.record("98", itoa(total), strconv.Itoa(len(g.Accounts)), strconv.Itoa(p.lines-first+1))
	return total
}

func (p *printer) account(a Account) (total int64) {
	first := p.lines
	if a.Number == "" || !currency(a.Currency) {
		p.fail(fmt.Errorf("%w: account without number or currency", ErrField))
	}
	p.record("03", p.field(a.Number), a.Currency,
		"010", p.amount(a.Opening), "", "", "015", p.amount(a.Closing), "", "")
	total = p.add(a.Opening, a.Closing)
	for _, l := range a.Lines {
		if !validType(l.Type) {
			p.fail(fmt.Errorf("%w: %d", ErrType, l.Type))
		}
		if l.Amount < 0 {
			p.fail(fmt.Errorf("%w: %d", ErrAmount, l.Amount))
		}
		total = p.add(total, l.Amount)
		text := strings.Split(l.Text, "\n")
		p.record("16", strconv.Itoa(l.Type), p.amount(l.Amount), "Z", p.field(l.BankRef), p.field(l.CustomerRef),
			p.text(text[0]))
		for _, s := range text[1:] {
			p.record("88", p.text(s))
		}
	}
	p.record("49", itoa(total), strconv.Itoa(p.lines-first+1))
	return total
}

func (p *printer) record(fields ...string) {
	line := strings.Join(fields, ",") + "/\n"
	if len(line) > maxLine {
		p.fail(fmt.Errorf("%w: record %s", ErrLength, fields[0]))
	}
	p.lines++
	p.out.WriteString(line)
}

func (p *printer) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *printer) field(s string) string {
	if strings.ContainsAny(s, ",/\n") {
		p.fail(fmt.Errorf("%w: %q", ErrField, s))
	}
	return p.text(s)
}

func (p *printer) text(s string) string {
	if unprintable(s) >= 0 {
		p.fail(fmt.Errorf("%w: %q", ErrCharacter, s))
	}
	return s
}

func (p *printer) date(d civil.Date) string {
	if d.Year() < 2000 || d.Year() > 2099 {
		p.fail(fmt.Errorf("%w: date %q", ErrField, d))
	}
	return fmt.Sprintf("%02d%02d%02d", d.Year()%100, d.Month(), d.Day())
}

func (p *printer) amount(n int64) string {
	if n < -maxAmount || n > maxAmount {
		p.fail(fmt.Errorf("%w: %d", ErrAmount, n))
	}
	return itoa(n)
}

func (p *printer) add(a, b int64) int64 {
	sum := a + b // no overflow: b is a checked sum or an amount
	if sum < -maxSum || sum > maxSum {
		p.fail(fmt.Errorf("%w: total %d", ErrAmount, sum))
		return 0
	}
	return sum
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// unprintable is the index of the first character that a statement cannot have, or -1.
func unprintable(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return i
		}
	}
	return -1
}

func currency(s string) bool {
	if len(s) != 3 {
		return false
	}
	for i := range 3 {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}
