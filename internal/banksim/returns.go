package banksim

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/civil"
)

// returnsFile writes the NACHA file of the entries that come back on a day, due at 08:00 (SIM-5). Destination and origin
// are those of our file, exchanged. There is a batch for each batch of ours, receiving bank and kind, since a bank sends
// back in its own name.
func returnsFile(day civil.Date, list []back) answer {
	due := day.At(8, 0, civil.NewYork)
	from := list[0].origin.file
	var w nacha
	w.record("101%10s%10s%s0800A094101%-23.23s%-23.23s%8s",
		from.Origin, from.Destination, yymmdd(day), from.OriginName, from.DestinationName, "")

	type key struct {
		file  string
		batch int
		rdfi  string
		noc   bool
	}
	var order []key
	batches := map[key][]back{}
	for _, b := range list {
		k := key{b.origin.name, b.entry.Batch.Number, b.rdfi(), b.code[0] == 'C'}
		if batches[k] == nil {
			order = append(order, k)
		}
		batches[k] = append(batches[k], b)
	}
	for _, k := range order {
		w.batch(day, batches[k])
	}
	w.close()
	return answer{due, stamp(due) + "-returns.ach", w.out.Bytes()}
}

// sums is what a control record states.
type sums struct {
	count         int // entries and addenda
	hash          int64
	debit, credit int64
}

func (s *sums) add(o sums) {
	s.count += o.count
	s.hash = (s.hash + o.hash) % 10_000_000_000
	s.debit += o.debit
	s.credit += o.credit
}

// String is hash and totals as they stand in a control record, behind the count.
func (s sums) String() string { return fmt.Sprintf("%010d%012d%012d", s.hash, s.debit, s.credit) }

// nacha writes the records of a file of returns (appendix A).
type nacha struct {
	out     bytes.Buffer
	lines   int
	batches int
	total   sums
}

func (w *nacha) record(format string, args ...any) {
	fmt.Fprintf(&w.out, format, args...)
	w.out.WriteByte('\n')
	w.lines++
}

// batch writes the entries of one batch, which came from one bank.
func (w *nacha) batch(day civil.Date, list []back) {
	w.batches++
	var s sums
	for _, b := range list {
		odfi, _ := strconv.ParseInt(b.entry.Batch.ODFI, 10, 64) // digits: the reader saw to it
		o := sums{count: 2, hash: odfi}
		if b.entry.Credit() {
			o.credit = b.amount()
		} else {
			o.debit = b.amount()
		}
		s.add(o)
	}
	credits := slices.ContainsFunc(list, func(b back) bool { return b.entry.Credit() })
	debits := slices.ContainsFunc(list, func(b back) bool { return !b.entry.Credit() })
	class := 200
	switch {
	case !debits:
		class = 220
	case !credits:
		class = 225
	}
	first := list[0]
	from := first.entry.Batch
	sec := from.SEC
	if first.code[0] == 'C' {
		sec = "COR"
	}
	w.record("5%d%-16s%20s%-10s%s%-10s%-6s%s%03d1%s%07d", class, from.Company, "", from.CompanyID, sec, from.Description,
		from.Descriptive, yymmdd(from.Effective), day.At(0, 0, civil.NewYork).YearDay(), first.rdfi(), w.batches)
	for _, b := range list {
		w.entry(b, sec)
	}
	w.record("8%d%06d%s%-10s%25s%s%07d", class, s.count, s, from.CompanyID, "", first.rdfi(), w.batches)
	w.total.add(s)
}

// entry writes an entry on its way back with its addenda.
func (w *nacha) entry(b back, sec string) {
	e := b.entry
	code := e.Code/10*10 + 1
	if !e.Credit() {
		code = e.Code/10*10 + 6
	}
	name := fmt.Sprintf("%-22s", e.Name)
	if sec == "CTX" {
		name = fmt.Sprintf("0001%-16s  ", e.Name)
	}
	w.record("6%d%s%-17s%010d%-15s%s%-2s1%s", code, withCheckDigit(e.Batch.ODFI), e.Account, b.amount(), e.ID, name,
		e.Discretionary, b.trace())
	if sec == "COR" {
		data := corrected(e, b.code[1:])
		w.record("798%s%s%6s%s%-29s%15s%s", b.code, e.Trace, "", b.rdfi(), data, "", b.trace())
		return
	}
	died := ""
	if b.code == "R14" || b.code == "R15" {
		died = yymmdd(b.settled.AddDays(-10))
	}
	w.record("799%s%s%-6s%s%-44s%s", b.code, e.Trace, died, b.rdfi(), b.reason(), b.trace())
}

func (w *nacha) close() {
	blocks := (w.lines + 1 + 9) / 10
	w.record("9%06d%06d%08d%s%39s", w.batches, blocks, w.total.count, w.total, "")
	for w.lines%10 != 0 {
		w.record("%s", strings.Repeat("9", 94))
	}
}

// amount is what the entry on its way back states: nothing in a correction.
func (b back) amount() int64 {
	if b.code[0] == 'C' {
		return 0
	}
	return b.entry.Amount
}

func yymmdd(d civil.Date) string {
	return fmt.Sprintf("%02d%02d%02d", d.Year()%100, d.Month(), d.Day())
}

// withCheckDigit makes a routing number of an eight-digit id.
func withCheckDigit(id string) string {
	sum := 0
	for i := range 8 {
		sum += int(id[i]-'0') * [3]int{3, 7, 1}[i%3]
	}
	return id + string(rune('0'+(10-sum%10)%10))
}
