package banksim

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/money"
)

// check is a row of a positive-pay file.
type check struct {
	account Account
	serial  string
	issued  civil.Date
	amount  int64 // cents
	payee   string
	void    bool
}

const (
	maxCheckFile = 100 << 20
	maxCheck     = 9_999_999_999 // cents (LIM-5)
)

var checkHeader = []string{"account", "serial", "issue_date", "amount", "payee", "mark"}

// takeChecks reads a positive-pay file. The error is the reason for its rejection.
func (s *Sim) takeChecks(src io.Reader, d *delivery) error {
	limited := &io.LimitedReader{R: src, N: maxCheckFile + 1}
	r := csv.NewReader(limited)
	r.FieldsPerRecord = len(checkHeader)
	r.ReuseRecord = true
	if head, err := r.Read(); errors.Is(err, io.EOF) {
		return errors.New("file is empty")
	} else if err != nil {
		return err
	} else if !slices.Equal(head, checkHeader) {
		return errors.New("line 1: header is not " + strings.Join(checkHeader, ","))
	}
	var all []check
	var issued int64
	for {
		row, err := r.Read()
		if limited.N == 0 {
			return errors.New("file is larger than 100 MB")
		}
		if errors.Is(err, io.EOF) {
			d.checks, d.entries, d.debit = all, len(all), issued
			return nil
		}
		if err != nil {
			return err
		}
		c, err := s.check(d, row)
		if err != nil {
			line, _ := r.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
		if !c.void {
			issued += c.amount
		}
		all = append(all, c)
	}
}

func (s *Sim) check(d *delivery, row []string) (c check, err error) {
	i := slices.IndexFunc(s.accounts, func(a Account) bool { return a.Number == row[0] })
	if i < 0 {
		return c, errors.New("account is not known")
	}
	c.account = s.accounts[i]
	if c.serial = strings.Clone(row[1]); c.serial == "" || len(c.serial) > 15 || strings.Trim(c.serial, "0123456789") != "" {
		return c, fmt.Errorf("serial %q", row[1])
	}
	if c.issued, err = civil.Parse(row[2]); err != nil {
		return c, fmt.Errorf("issue date %q", row[2])
	}
	if farAhead(d, c.issued) {
		return c, fmt.Errorf("issue date %s is too far ahead", c.issued)
	}
	if c.amount, err = cents(row[3]); err != nil {
		return c, err
	}
	c.payee = strings.Clone(row[4])
	switch row[5] {
	case "I":
	case "V":
		c.void = true
	default:
		return c, fmt.Errorf("mark %q", row[5])
	}
	return c, nil
}

// takeFixedChecks reads a positive-pay file of lines of 100 columns and the line of its sums. The error is the reason for
// its rejection.
func (s *Sim) takeFixedChecks(src io.Reader, d *delivery) error {
	lines := bufio.NewScanner(io.LimitReader(src, maxCheckFile))
	var all []check
	var issued, sum int64
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if len(line) != 100 {
			return fmt.Errorf("line %d: it has %d columns, not 100", n, len(line))
		}
		if line[0] == 'T' {
			if want := fmt.Sprintf("T%010d%014d", len(all), sum); strings.TrimSpace(line) != want {
				return fmt.Errorf("line %d: the sums are not %s", n, want)
			}
			if lines.Scan() {
				return fmt.Errorf("line %d: it follows the sums", n+1)
			}
			d.checks, d.entries, d.debit = all, len(all), issued
			return lines.Err()
		}
		c, err := s.fixedCheck(d, line)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if sum += c.amount; !c.void {
			issued += c.amount
		}
		all = append(all, c)
	}
	return cmp.Or(lines.Err(), errors.New("the line of the sums is missing"))
}

// fixedCheck reads a line as a row of the list that has the account's own number and no zeros in front.
func (s *Sim) fixedCheck(d *delivery, line string) (check, error) {
	number := ""
	for _, a := range s.accounts {
		digits := strings.NewReplacer("-", "", " ", "").Replace(a.Number)
		if len(digits) <= 17 && strings.Repeat("0", 17-len(digits))+digits == line[1:18] {
			number = a.Number
		}
	}
	day := line[38:42] + "-" + line[42:44] + "-" + line[44:46]
	return s.check(d, []string{number, strings.TrimLeft(line[18:28], "0"), day, line[28:36] + "." + line[36:38], strings.TrimSpace(line[46:]), line[:1]})
}

// cents reads decimal dollars with two places.
func cents(s string) (int64, error) {
	dollars, fraction, ok := strings.Cut(s, ".")
	n, err := strconv.ParseUint(dollars+fraction, 10, 63)
	if !ok || err != nil || dollars == "" || len(fraction) != 2 || n > maxCheck {
		return 0, fmt.Errorf("amount %q", s)
	}
	return int64(n), nil
}

// exception is a check that the bank returns unless it is told to pay it (CHK-7), or, without a presentation, one that
// the post brought back.
type exception struct {
	check
	reference, reason string
	presented         int64 // cents
	day               civil.Date
}

const returnedMail = "RETURNED_MAIL"

// deadline is until when an exception may be answered: 14:00 in New York on the day of its presentation.
func (x exception) deadline() time.Time { return x.day.At(14, 0, civil.NewYork) }

// present books the checks of the accepted files on the days they are paid (SIM-7), and tells what it asks about: what
// differs from its issue, comes twice, or was voided. Of two issues of one serial the first counts. A void check is
// presented only where its payee's name has a token.
func (s *Sim) present(deliveries []delivery) ([]movement, []exception) {
	type key struct{ account, serial string }
	voided := map[key]civil.Date{}
	pay := map[string]time.Time{}
	for _, d := range deliveries {
		for _, c := range d.checks {
			k := key{c.account.Number, c.serial}
			if _, ok := voided[k]; c.void && !ok && d.reason == "" {
				voided[k] = civil.Of(d.at, civil.NewYork)
			}
		}
		for _, reference := range d.pay {
			if _, ok := pay[reference]; !ok && d.reason == "" {
				pay[reference] = d.at
			}
		}
	}
	var moves []movement
	var asked []exception
	issued := map[key]bool{}
	for _, d := range deliveries {
		if d.reason != "" {
			continue
		}
		first := s.calendar.Next(civil.Of(d.at, civil.NewYork))
		for _, c := range d.checks {
			k := key{c.account.Number, c.serial}
			if c.void || issued[k] {
				continue
			}
			issued[k] = true
			p := presentation(c.payee)
			day := s.calendar.Add(c.issued, p.after)
			for n := range p.times {
				if day.Before(first) {
					day = first
				}
				day = s.calendar.OnOrAfter(day)
				x := exception{check: c, presented: c.amount * p.factor, day: day, reference: fmt.Sprintf("%s-%s-%d", strings.ReplaceAll(day.String(), "-", ""), c.serial, n+1)}
				v, void := voided[k]
				switch {
				case p.back:
					if x.reason = returnedMail; void {
						x.reason = ""
					}
				case void && !day.Before(v) && !(p.token && v.Before(day)):
					x.presented = 0
				case void && v.Before(day):
					x.reason = "VOIDED"
				case n > 0:
					x.reason = "DUPLICATE"
				case p.factor != 1:
					x.reason = "AMOUNT"
				}
				if x.reason != "" {
					asked = append(asked, x)
				}
				at, told := pay[x.reference]
				if x.presented > 0 && !p.back && (x.reason == "" || told && at.Before(x.deadline())) {
					moves = append(moves, movement{c.account, day, bai2.Line{
						Type: bai2.CheckPaid, Amount: x.presented, CustomerRef: c.serial, Text: "CHECK PAID",
					}})
					if p.forged {
						moves = append(moves, movement{c.account, s.calendar.Add(day, 2), bai2.Line{
							Type: bai2.CheckReturned, Amount: x.presented, CustomerRef: c.serial, Text: "CHECK RETURNED",
						}})
					}
				}
				day = s.calendar.Next(day)
			}
		}
	}
	return moves, asked
}

// exceptions are the files that ask about checks, at 08:00 in New York on the day of their presentation.
func exceptions(asked []exception) []answer {
	days := map[civil.Date][][]string{}
	for _, x := range asked {
		deadline := x.deadline().UTC().Format(time.RFC3339)
		if x.reason == returnedMail {
			deadline = ""
		}
		days[x.day] = append(days[x.day], []string{x.reference, x.account.Number, x.serial, money.FormatMinor(x.presented, 2), x.payee, x.day.String(),
			x.reason, deadline})
	}
	var all []answer
	for day, rows := range days {
		var body bytes.Buffer
		w := csv.NewWriter(&body)
		_ = w.WriteAll(append([][]string{{"reference", "account", "serial", "amount", "payee", "presented", "reason", "deadline"}}, rows...)) // to memory
		due := day.At(8, 0, civil.NewYork)
		all = append(all, answer{due, stamp(due) + "-exceptions.csv", body.Bytes()})
	}
	return all
}

var decisionHeader = []string{"reference", "decision"}

// takeDecisions reads the answers to exceptions. The error is the reason for their rejection.
func takeDecisions(src io.Reader, d *delivery) error {
	r := csv.NewReader(io.LimitReader(src, maxRecallFile))
	r.FieldsPerRecord = len(decisionHeader)
	head, err := r.Read()
	if err != nil || !slices.Equal(head, decisionHeader) {
		return errors.New("line 1: header is not " + strings.Join(decisionHeader, ","))
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if row[1] == "pay" {
			d.pay = append(d.pay, strings.Clone(row[0]))
		}
	}
}

// plan is when, how often and for how many times its amount a check is presented.
type plan struct {
	after  int // banking days after issue
	times  int
	factor int64
	token  bool // something was asked for: it is presented even when void
	forged bool // the bank gives it back after it has paid it (CHK-4)
	back   bool // the post brings it back instead
}

// presentation reads the tokens in a payee's name (SIM-7). They are words of it, in any letter case.
func presentation(payee string) plan {
	p := plan{after: 5, times: 1, factor: 1}
	never := false
	for _, word := range strings.Fields(strings.ToUpper(payee)) {
		switch word = strings.Trim(word, ".,;:()[]\"'"); word {
		case "SIM-NEVER":
			never = true
		case "SIM-FORGED":
			p.forged = true
		case "SIM-RTS":
			p.back = true
		case "SIM-ALTERED":
			p.factor, p.token = 10, true
		case "SIM-DUP":
			p.times, p.token = 2, true
		default:
			if n, ok := strings.CutPrefix(word, "SIM-D"); ok {
				if days, err := strconv.ParseUint(n, 10, 10); err == nil {
					p.after, p.token = int(days), true
				}
			}
		}
	}
	if p.back {
		p.times = 1
	}
	if never {
		p.times = 0
	}
	return p
}
