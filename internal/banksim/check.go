package banksim

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
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

// cents reads decimal dollars with two places.
func cents(s string) (int64, error) {
	dollars, fraction, ok := strings.Cut(s, ".")
	n, err := strconv.ParseUint(dollars+fraction, 10, 63)
	if !ok || err != nil || dollars == "" || len(fraction) != 2 || n > maxCheck {
		return 0, fmt.Errorf("amount %q", s)
	}
	return int64(n), nil
}

// present books the checks of the accepted files on the days they are paid (SIM-7). Of two issues of one serial the
// first counts.
func (s *Sim) present(deliveries []delivery) []movement {
	type key struct{ account, serial string }
	voided := map[key]civil.Date{}
	for _, d := range deliveries {
		for _, c := range d.checks {
			k := key{c.account.Number, c.serial}
			if _, ok := voided[k]; c.void && !ok && d.reason == "" {
				voided[k] = civil.Of(d.at, civil.NewYork)
			}
		}
	}
	var moves []movement
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
			for range p.times {
				if day.Before(first) {
					day = first
				}
				day = s.calendar.OnOrAfter(day)
				if v, ok := voided[k]; ok && !day.Before(v) {
					break
				}
				moves = append(moves, movement{c.account, day, bai2.Line{
					Type: bai2.CheckPaid, Amount: c.amount * p.factor, CustomerRef: c.serial, Text: "CHECK PAID",
				}})
				day = s.calendar.Next(day)
			}
		}
	}
	return moves
}

// plan is when, how often and for how many times its amount a check is presented.
type plan struct {
	after  int // banking days after issue
	times  int
	factor int64
}

// presentation reads the tokens in a payee's name (SIM-7). They are words of it, in any letter case.
func presentation(payee string) plan {
	p := plan{after: 5, times: 1, factor: 1}
	never := false
	for _, word := range strings.Fields(strings.ToUpper(payee)) {
		switch word = strings.Trim(word, ".,;:()[]\"'"); word {
		case "SIM-NEVER", "SIM-RTS":
			never = true
		case "SIM-ALTERED":
			p.factor = 10
		case "SIM-DUP":
			p.times = 2
		default:
			if n, ok := strings.CutPrefix(word, "SIM-D"); ok {
				if days, err := strconv.ParseUint(n, 10, 10); err == nil {
					p.after = int(days)
				}
			}
		}
	}
	if never {
		p.times = 0
	}
	return p
}
