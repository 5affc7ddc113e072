package bench

import (
	"fmt"
	"io"
	"iter"
	"runtime"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/rail/ach/achread"
)

// achEntries is the size of the file that is measured: scenario D's.
const achEntries = 100_000

// achFile measures a NACHA file of many entries with an addenda each: written while it is read back, entry by entry. The
// goal is 5 seconds and 100 MB.
func (r *run) achFile() error {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	in, out := io.Pipe()
	go func() {
		_, err := ach.Write(out, achOf(achEntries))
		out.CloseWithError(err)
	}()
	size, peak, n := counter{r: in}, uint64(0), 0
	_, err := achread.Read(&size, func(achread.Entry) error {
		if n++; n%5_000 == 0 {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapInuse)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the file of %d entries back: %w", achEntries, err)
	}
	if n != achEntries {
		return fmt.Errorf("%d entries came back, want %d", n, achEntries)
	}
	r.printf("\n### NACHA file: %d entries with addenda, written and read back in one stream\n\n%.2f s, %.1f MB of file, %.1f MB of memory more than before\n",
		n, time.Since(begin).Seconds(), float64(size.n)/1e6, float64(max(peak, before.HeapInuse)-before.HeapInuse)/1e6)
	return nil
}

// achOf is a file of n credits in batches of 10,000.
func achOf(n int) ach.File {
	f := ach.File{Destination: "990000013", DestinationName: "SANDBOX BANK", Origin: "1987654320", OriginName: "BENCH", Created: time.Now(), Modifier: 'A'}
	for first := 0; first < n; first += 10_000 {
		f.Batches = append(f.Batches, ach.Batch{CompanyName: "BENCH", CompanyID: "1987654320", SEC: ach.PPD, Description: "REBATE",
			Effective: civil.MustDate("2026-12-03"), ODFI: "99000001", Entries: credits(first, min(first+10_000, n))})
	}
	return f
}

func credits(first, end int) iter.Seq2[ach.Entry, error] {
	return func(yield func(ach.Entry, error) bool) {
		for i := first; i < end; i++ {
			id := fmt.Sprintf("261202%09d", i)
			e := ach.Entry{TransactionCode: ach.CheckingCredit, Routing: "990000026", Account: "000001234", Amount: 500 + 25*int64(i%200), ID: id,
				Name: "REBATE RECEIVER", Trace: uint64(i + 1), Addenda: []string{ach.Remittance([]ach.InvoicePaid{{Number: id, Amount: 500}}, id)}}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// counter counts what passes.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
