// Command generate writes the reference pages into the folder named by its argument.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/duebook/duebook/internal/api/reference"
)

func main() {
	for name, page := range reference.Pages() {
		path := filepath.Join(os.Args[1], name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			fail(err)
		}
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
