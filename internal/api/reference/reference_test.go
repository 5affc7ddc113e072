package reference_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/duebook/duebook/internal/api/reference"
)

// What is committed is what the sources give.
func TestPagesAreFresh(t *testing.T) {
	t.Parallel()
	for name, page := range reference.Pages() {
		got, err := os.ReadFile(filepath.Join("../../../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != page {
			t.Errorf("docs/%s is out of date: go generate ./internal/api/reference", name)
		}
	}
}
