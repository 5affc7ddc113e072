package banksim

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/ach/achread"
)

const maxRecallFile = 10 << 20

var recallHeader = []string{"trace", "amount", "effective_date", "reason"}

// takeRecall reads a list of entries that are to be sent back. The error is the reason for its rejection.
func takeRecall(src io.Reader, d *delivery) error {
	r := csv.NewReader(io.LimitReader(src, maxRecallFile))
	r.FieldsPerRecord = len(recallHeader)
	head, err := r.Read()
	if err != nil || !slices.Equal(head, recallHeader) {
		return errors.New("line 1: header is not " + strings.Join(recallHeader, ","))
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		d.recalled = append(d.recalled, strings.Clone(row[0]))
	}
}

// recalls are the traces that were asked for, with the first instant of that.
func recalls(deliveries []delivery) map[string]time.Time {
	asked := map[string]time.Time{}
	for _, d := range deliveries {
		for _, trace := range d.recalled {
			if _, ok := asked[trace]; !ok && d.reason == "" {
				asked[trace] = d.at
			}
		}
	}
	return asked
}

// recalled are the live credits of an accepted file that were asked for until 13:00 Pacific of the banking day before
// their effective date: the receiving bank sends them back as R06, unless the account ends in 0600.
func (s *Sim) recalled(d delivery, asked map[string]time.Time) (list []back, err error) {
	if len(asked) == 0 || !d.isACH() {
		return nil, nil
	}
	f, err := os.Open(filepath.Join(s.dir, "out", d.name))
	if err != nil {
		return nil, fmt.Errorf("look for what was asked for in %s: %w", d.name, err)
	}
	defer f.Close()
	_, err = achread.Read(f, func(e achread.Entry) error {
		at, ok := asked[e.Trace]
		ending, _ := d.rules.ending(e.Account)
		if !ok || !e.Credit() || e.Prenote() || ending == 600 || !at.Before(s.calendar.Prev(e.Batch.Effective).At(13, 0, civil.Pacific)) {
			return nil
		}
		account, _ := s.byCompany(e.Batch.CompanyID)
		b := back{entry: e, origin: d, account: account, code: "R06", settled: s.settlement(d, e.Batch.Effective)}
		b.day = s.calendar.Add(b.settled, 2)
		list = append(list, b)
		return nil
	})
	return list, err
}
