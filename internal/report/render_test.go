package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db/dbtest"
)

// The same table as CSV, JSON, text and PDF. A vendor's name that a spreadsheet would compute is text (SEC-11).
func TestSEC11_Formats(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.bill(o.vendor(`=cmd|' /C calc'!A0`, nil), 1234_50, civil.MustDate("2026-11-01"), civil.MustDate("2026-11-03"))
		o.bill(o.vendor("Zoë, Inc.", nil), 5, civil.MustDate("2026-11-01"), civil.MustDate("2026-12-03"))
		x := o.run("ap-ageing")
		var csv, js, text, pdf, again bytes.Buffer
		for _, err := range []error{x.CSV(&csv), x.JSON(&js), x.Text(&text), x.PDF(&pdf), x.PDF(&again)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if want := "Vendor,Current,1–30,31–60,61–90,Over 90,Total\r\n'=cmd|' /C calc'!A0,0.00,1234.50,0.00,0.00,0.00,1234.50\r\n" +
			"\"Zoë, Inc.\",0.05,0.00,0.00,0.00,0.00,0.05\r\n"; csv.String() != want {
			t.Errorf("CSV: %q, want %q", csv.String(), want)
		}
		var got struct {
			Report     string
			Parameters map[string]string
			Rows       []map[string]string
			Totals     map[string]string
			Facts      map[string]string
		}
		if err := json.Unmarshal(js.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.Report != "ap-ageing" || got.Parameters["as-of"] != "2026-11-23" || len(got.Rows) != 2 || got.Rows[0]["days1to30"] != "1234.50" ||
			got.Totals["total"] != "1234.55" || got.Facts["Accounts payable in the ledger"] != "1234.55" || got.Facts["Difference"] != "0.00" {
			t.Errorf("JSON: %s", js.String())
		}
		for _, want := range []string{"Payables ageing, Northwind LLC\nAs of 2026-11-23\n", "Zoë, Inc.              0.05     0.00", "Total                  0.05  1234.50", "Difference: 0.00\n"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("text without %q:\n%s", want, text.String())
			}
		}
		if !bytes.HasPrefix(pdf.Bytes(), []byte("%PDF-")) || !bytes.Equal(pdf.Bytes(), again.Bytes()) {
			t.Error("PDF: none, or not the same twice")
		}
	})
}
