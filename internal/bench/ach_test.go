package bench

import (
	"bytes"
	"strings"
	"testing"
)

// TestACHFile: the file of 100,000 entries is written and read back, and the row says how long that took.
func TestACHFile(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := (&run{out: &out}).achFile(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "MB of memory") {
		t.Errorf("got %s", &out)
	}
	t.Log(out.String())
}
