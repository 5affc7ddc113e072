package jsonv2_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
)

// manyBills is a house with n bills of a hundred vendors, two lines each, most of them paid and long entered.
func manyBills(b *testing.B, n int) (h *house, vendor string) {
	s := dbtest.SQLite(b)
	if os.Getenv("BENCH_PG") != "" {
		s = dbtest.Postgres(b)
	}
	h = newHouse(b, s)
	vendor = h.made("Vendor", `{"name":"Harbor"}`)
	harbor := vendor
	for i := range 99 {
		vendor = h.made("Vendor", fmt.Sprintf(`{"name":"Vendor %d"}`, i))
	}
	one := h.made("Bill", bill(harbor, "seed", `{"amount":10,"description":"Rope and paint"}`, `{"quantity":2,"unitPrice":"3.5"}`))
	h.write(func(tx *db.Tx) error {
		columns := func(table string) (names []string) {
			rows, err := tx.Query(`SELECT * FROM ` + table + ` LIMIT 1`)
			if err != nil {
				b.Fatal(err)
			}
			defer rows.Close()
			if names, err = rows.Columns(); err != nil {
				b.Fatal(err)
			}
			return names
		}
		for _, t := range []struct {
			name, where string
			as          map[string]string
		}{
			{"bills", "x.id = $1", map[string]string{"id": "'00n01BBBBBBBBBB' || substr(CAST(100000 + n.i AS ctext), 2) ", "invoice_number": "'N' || n.i",
				"number_key": "'N' || n.i", "created_time": "x.created_time + n.i", "updated_time": "x.created_time + n.i",
				"payment_status": "CASE WHEN n.i % 50 = 0 THEN 1 ELSE 0 END", "is_active": "CASE WHEN n.i % 1000 = 0 THEN 2 ELSE 1 END",
				"vendor_id": "(SELECT v.id FROM vendors v WHERE v.org_id = x.org_id AND v.name = 'Vendor ' || (n.i % 99))"}},
			{"bill_lines", "x.bill_id = $1", map[string]string{"id": "'bli01BBBBBBBB' || x.position || '0' || substr(CAST(100000 + n.i AS ctext), 2)",
				"bill_id": "'00n01BBBBBBBBBB' || substr(CAST(100000 + n.i AS ctext), 2)"}},
		} {
			var from []string
			names := columns(t.name)
			for _, c := range names {
				if as, ok := t.as[c]; ok {
					c = as
				} else {
					c = "x." + c
				}
				from = append(from, c)
			}
			_, err := tx.ExecNow(fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
				INSERT INTO %s (%s) SELECT %s FROM %s x, n WHERE %s`, n, t.name, strings.Join(names, ", "), strings.Join(from, ", "), t.name, t.where), one)
			if err != nil {
				b.Fatal(err)
			}
		}
		return nil
	})
	return h, vendor
}

// cpuTime is how long the process has computed, in nanoseconds, with the collector's part.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkList reads pages of many bills in the ways that clients do.
func BenchmarkList(b *testing.B) {
	h, vendor := manyBills(b, 99_000)
	last := h.ok("List/Bill", `{"sort":[{"field":"updatedTime","asc":false}],"max":1}`).rows()[0].text("updatedTime")
	for _, q := range []struct{ name, data string }{
		{"first page", `{}`},
		{"page 90", `{"start":89000}`},
		{"of a vendor", `{"filters":[` + filters("vendorId", "=", `"`+vendor+`"`) + `]}`},
		{"open", `{"filters":[` + filters("paymentStatus", "=", `"1"`, "isActive", "=", `"1"`) + `]}`},
		{"active", `{"filters":[` + filters("isActive", "=", `"1"`) + `]}`},
		{"deleted", `{"filters":[` + filters("isActive", "=", `"2"`) + `]}`},
		{"number", `{"filters":[` + filters("invoiceNumber", "=", `"n5000"`) + `]}`},
		{"number begins", `{"filters":[` + filters("invoiceNumber", "sw", `"N500"`) + `]}`},
		{"changed lately", `{"filters":[` + filters("updatedTime", ">=", `"`+last+`"`) + `]}`},
		{"changed ever", `{"filters":[` + filters("updatedTime", ">=", `"2001-01-01T00:00:00.000+0000"`) + `]}`},
		{"by due date", `{"sort":[{"field":"dueDate","asc":false}]}`},
		{"by amount", `{"sort":[{"field":"amount","asc":false}]}`},
		{"vendors", ``},
	} {
		path := "List/Bill"
		if q.name == "vendors" {
			path = "List/Vendor"
		}
		b.Run(q.name, func(b *testing.B) {
			h.ok(path, q.data)
			body := h.credentials() + "&data=" + url.QueryEscape(q.data)
			var n int
			begin := cpuTime(b)
			for b.Loop() {
				w := httptest.NewRecorder()
				h.handler.ServeHTTP(w, httptest.NewRequest("POST", "/api/v2/"+path+".json", strings.NewReader(body)))
				n = w.Body.Len()
			}
			b.ReportMetric(float64(cpuTime(b)-begin)/1e6/float64(b.N), "cpu-ms/op") // what other programs on the machine do not change
			b.ReportMetric(float64(n)/1e6, "MB")
		})
	}
}
