package main

import (
	"os"
	"time"

	"github.com/duebook/duebook/internal/bench"
)

type benchCmd struct {
	Bills    int           `help:"Bills stored before anything is measured." default:"100000"`
	Time     time.Duration `help:"Time for each figure." default:"6s"`
	Payments int           `help:"Bills that the pay run pays." default:"10000"`
	Lists    bool          `help:"Measure pages of lists, among as many bills, customers and invoices, and nothing else."`
}

// Run measures on a fresh store: SQLite in a temporary folder, or the empty PostgreSQL database of --db.
func (b *benchCmd) Run(c *call) error {
	dir, err := os.MkdirTemp("", "duebook-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return bench.Run(c.ctx, c.out, bench.Options{Bills: b.Bills, Time: b.Time, DB: c.DB, Dir: dir, Lists: b.Lists, Payments: b.Payments})
}
