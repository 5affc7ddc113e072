package bill_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
)

// BenchmarkCreate measures bill.Create with three coded lines, 32 callers at once, against the same rows written by
// hand in the same kind of transaction: what the rules, the references and the record machinery cost.
func BenchmarkCreate(b *testing.B) {
	var perOp [2]float64
	b.Run("raw", func(b *testing.B) { perOp[0] = each(b, rawCreate) })
	b.Run("create", func(b *testing.B) {
		perOp[1] = each(b, createThree)
		if perOp[0] > 0 {
			b.ReportMetric(perOp[1]/perOp[0], "ratio")
		}
	})
}

type place struct {
	who     db.Caller
	vendor  ids.ID
	account ids.ID
	ap      ids.ID
}

// each runs one op per iteration from 32 callers and gives nanoseconds per op.
func each(b *testing.B, op func(tx *db.Tx, p place, n int64) error) float64 {
	ctx := context.Background()
	s := dbtest.SQLite(b)
	p := place{}
	p.who, p.vendor = newOrg(b, s)
	if err := s.Read(ctx, p.who, func(tx *db.Tx) (err error) {
		if p.ap, err = ledger.Account(tx, ledger.AP); err != nil {
			return err
		}
		p.account, err = ledger.Account(tx, ledger.Uncoded)
		return err
	}); err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	b.SetParallelism(16) // of two cores: 32 callers
	b.ReportAllocs()
	b.ResetTimer()
	start := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			if err := s.Write(ctx, p.who, func(tx *db.Tx) error { return op(tx, p, i) }); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	return float64(time.Since(start).Nanoseconds()) / float64(b.N)
}

func number(n int64) string { return "INV-" + string(ids.New(ids.Bill)) }

func createThree(tx *db.Tx, p place, n int64) error {
	x := newBill(p.vendor, number(n), 60000, 10000, 20000, 30000)
	for _, l := range x.Lines {
		l.ChartOfAccountID, l.Description = p.account, "work"
	}
	return bill.Create(tx, x)
}

var (
	billCols   = "org_id, id, is_active, created_time, updated_time, integration_id, external_id, last_sync_time, allow_export, vendor_id, invoice_number, number_key, approval_status, payment_status, amount, credit_amount, scheduled_amount, paid_amount, currency, invoice_date, due_date, gl_posting_date, description, po_number, duplicate, channel, created_by, posting_version"
	lineCols   = "org_id, id, is_active, created_time, updated_time, integration_id, external_id, last_sync_time, allow_export, bill_id, position, amount, chart_of_account_id, department_id, location_id, job_id, customer_id, item_id, job_billable, description, line_type, quantity, unit_price"
	postCols   = "org_id, entry_id, line, account_id, amount, party_id, department_id, location_id, job_id, customer_id"
	rawBill    = "INSERT INTO bills (" + billCols + ") VALUES " + marks(1, 28)
	rawLines   = "INSERT INTO bill_lines (" + lineCols + ") VALUES " + marks(3, 23)
	rawPosts   = "INSERT INTO postings (" + postCols + ") VALUES " + marks(4, 10)
	rawEntry   = "INSERT INTO journal_entries (org_id, id, posting_date, original_date, event, source_id, version, reverses, currency, memo, created) VALUES " + marks(1, 11)
	rawDate    = civil.MustDate("2026-11-20").String()
	rawChanges = strings.Repeat("x", 700)
)

func marks(rows, cols int) string {
	var b strings.Builder
	for r := range rows {
		if r > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + strings.Repeat("?, ", cols-1) + "?)")
	}
	return b.String()
}

// rawCreate writes the rows of createThree without looking at anything.
func rawCreate(tx *db.Tx, p place, n int64) error {
	o, id, num := string(tx.Org()), string(ids.New(ids.Bill)), number(n)
	tx.Exec(rawBill, o, id, 1, db.Stamp, db.Stamp, "", "", 0, 1, string(p.vendor), num, num, 0, 1, 60000, 0, 0, 0, "USD", rawDate, rawDate, rawDate,
		"", "", 0, "xml1", string(p.who.User), 1)
	var args []any
	for i := range 3 {
		args = append(args, o, string(ids.New(ids.BillLine)), 1, db.Stamp, db.Stamp, "", "", 0, 1, id, i+1, 10000*(i+1), string(p.account), "", "", "", "", "",
			0, "work", 1, "", "")
	}
	tx.Exec(rawLines, args...)
	tx.Audit("create", "bill", ids.ID(id), rawChanges)
	entry := string(ids.New(ids.JournalEntry))
	args = nil
	for i := range 4 {
		account, amount, party := string(p.account), 10000*(i+1), ""
		if i == 3 {
			account, amount, party = string(p.ap), -60000, string(p.vendor)
		}
		args = append(args, o, entry, i+1, account, amount, party, "", "", "", "")
	}
	tx.Exec(rawPosts, args...)
	tx.Exec(rawEntry, o, entry, rawDate, rawDate, 1, id, 1, "", "USD", "Bill "+num, int64(1))
	return nil
}
