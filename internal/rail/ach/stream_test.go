package ach

import (
	"io"
	"runtime"
	"testing"

	"github.com/duebook/duebook/internal/rail/ach/achread"
)

// BenchmarkStream100000 writes a file of 100,000 entries with addenda while it is read back, and reports the most memory that
// this takes. The goal is 5 seconds and 100 MB.
func BenchmarkStream100000(b *testing.B) {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak uint64
	for b.Loop() {
		f := oneEntry()
		f.Batches[0].Entries = credits(1, 100_000, cents(500), `RMR*IV*R000000001**5.00\`)
		in, out := io.Pipe()
		go func() {
			_, err := Write(out, f)
			out.CloseWithError(err)
		}()
		n := 0
		if _, err := achread.Read(in, func(achread.Entry) error {
			if n++; n%10_000 == 0 {
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapInuse)
			}
			return nil
		}); err != nil || n != 100_000 {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(max(peak, before.HeapInuse)-before.HeapInuse)/1e6, "MB")
}
