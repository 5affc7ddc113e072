package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/duebook/duebook/internal/db"
)

// Parts of the rows that lists are measured on, as expressions of a row's number g: a thousand vendors and customers,
// 2352 dates, entered a second apart and changed in another order.
const (
	dateOf = `'20' || CAST(20 + g % 7 AS ctext) || '-' || substr(CAST(101 + g / 7 % 12 AS ctext), 2) || '-' || substr(CAST(101 + g / 84 % 28 AS ctext), 2)`
)

// seedLists stores bills with three lines, customers, and invoices with one line: as many of each. They have no
// postings and no audit trail, which lists do not read.
func (r *run) seedLists() error {
	customer, err := r.made(`<create_customer><customer><name>Harbor Tool Rental</name></customer></create_customer>`)
	if err != nil {
		return err
	}
	item, err := r.made(`<create_item><item><name>Crane</name><type>2</type></item></create_item>`)
	if err != nil {
		return err
	}
	invoice, err := r.made(`<create_invoice><invoice><customerId>` + customer + `</customerId><invoiceNumber>MODEL</invoiceNumber><invoiceDate>11/20/2026</invoiceDate><dueDate>12/20/2026</dueDate><invoiceLineItems><invoiceLineItem><itemId>` +
		item + `</itemId><quantity>1</quantity><price>50.00</price></invoiceLineItem></invoiceLineItems></invoice></create_invoice>`)
	if err != nil {
		return err
	}
	base := time.Now().Add(-time.Duration(r.Bills) * time.Second).UnixMicro()
	vary := map[string]string{
		"created_time": fmt.Sprintf("%d + g * 1000000", base), "updated_time": fmt.Sprintf("%d + g * 1000000 + g * 7919 %% 1000003", base),
		"is_active": "CASE WHEN g % 1000 = 0 THEN 2 ELSE 1 END", "payment_status": "CASE WHEN g % 50 = 0 THEN 1 ELSE 0 END",
		"due_date": dateOf, "invoice_date": dateOf, "amount": "100 + g * 7919 % 1000003",
		"customer_id":    "'0cu01AA' || substr(CAST(10000000001000 + g % 1000 AS ctext), 2)",
		"invoice_number": "'S' || #", "name": "'Customer ' || #", "name_folded": "'customer ' || #",
	}
	lines := map[string]string{}
	bills := maps.Clone(vary)
	bills["vendor_id"] = "'00901AV' || substr(CAST(10000000001000 + g % 1000 AS ctext), 2)"
	begin := time.Now()
	for _, t := range []struct {
		parent, id string
		lines, of  string
	}{{"bills", r.bill, "bill_lines", "bill_id"}, {"customers", customer, "", ""}, {"invoices", invoice, "invoice_lines", "invoice_id"}} {
		from := []rowsOf{{t.parent, "id", t.id}}
		if t.lines != "" {
			from = append(from, rowsOf{t.lines, t.of, t.id})
		}
		ms, err := r.models(from)
		if err != nil {
			return err
		}
		// The ids that get numbers: those of the record and of its lines.
		var old []string
		for _, m := range ms {
			for _, row := range m.rows {
				for i, c := range m.cols {
					if c == "id" {
						old = append(old, row[i].(string))
					}
				}
			}
		}
		for done := 1; done < r.Bills; {
			n := min(20_000, r.Bills-done)
			err := r.app.DB.Write(r.ctx, db.Caller{Org: r.org, Channel: "command"}, func(tx *db.Tx) error {
				for i, m := range ms {
					by := vary
					switch {
					case i > 0:
						by = lines
					case t.parent == "bills":
						by = bills
					}
					for _, row := range m.rows {
						query, args := m.copies(row, old, done, done+n-1, r.DB != "", by)
						tx.Exec(query, args...)
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			done += n
		}
	}
	kind := "SQLite"
	if r.DB != "" {
		kind = "PostgreSQL"
		if err := analyze(r.ctx, r.DB); err != nil {
			return err
		}
	}
	r.printf("## %s, %d bills, customers and invoices each (seeded in %.0f s)\n", kind, r.Bills, time.Since(begin).Seconds())
	return nil
}

// pages measures pages of 999: the median until the last byte is there, which the client throws away, and the CPU time of
// a page, which other programs on the machine do not change. PostgreSQL's own is not in that.
func (r *run) pages() error {
	if err := r.login2(); err != nil {
		return err
	}
	at := func(ago time.Duration) string {
		return time.Now().Add(-ago).UTC().Format("2006-01-02T15:04:05.000+0000")
	}
	half := time.Duration(r.Bills) * time.Second / 2
	r.printf("\n| list | asked for | rows | kB | median | CPU |\n|---|---|---:|---:|---:|---:|\n")
	for _, q := range []struct{ entity, title, data string }{
		{"Bill", "the first page", `{}`},
		{"Bill", "start in the middle", fmt.Sprintf(`{"start":%d}`, r.Bills/2)},
		{"Bill", "start at nine tenths", fmt.Sprintf(`{"start":%d}`, r.Bills*9/10)},
		{"Bill", "updatedTime of the last 1,000", `{"filters":[{"field":"updatedTime","op":">=","value":"` + at(1000*time.Second) + `"}]}`},
		{"Bill", "updatedTime of the last 20,000", `{"filters":[{"field":"updatedTime","op":">=","value":"` + at(20000*time.Second) + `"}]}`},
		{"Bill", "isActive and updatedTime of the last 1,000", `{"filters":[{"field":"isActive","op":"=","value":"1"},{"field":"updatedTime","op":">=","value":"` + at(1000*time.Second) + `"}]}`},
		{"Bill", "updatedTime of the last half", `{"filters":[{"field":"updatedTime","op":">=","value":"` + at(half) + `"}]}`},
		{"Bill", "updatedTime of all", `{"filters":[{"field":"updatedTime","op":">=","value":"2001-01-01T00:00:00.000+0000"}]}`},
		{"Bill", "updatedTime of all, sorted by it", `{"filters":[{"field":"updatedTime","op":">=","value":"2001-01-01T00:00:00.000+0000"}],"sort":[{"field":"updatedTime","asc":true}]}`},
		{"Bill", "createdTime of the last half", `{"filters":[{"field":"createdTime","op":">=","value":"` + at(half) + `"}]}`},
		{"Bill", "vendorId (1,000 bills)", `{"filters":[{"field":"vendorId","op":"=","value":"00901AV0000000001007"}]}`},
		{"Bill", "vendorId sorted by dueDate", `{"filters":[{"field":"vendorId","op":"=","value":"00901AV0000000001007"}],"sort":[{"field":"dueDate","asc":false}]}`},
		{"Bill", "isActive = 1", `{"filters":[{"field":"isActive","op":"=","value":"1"}]}`},
		{"Bill", "isActive = 2", `{"filters":[{"field":"isActive","op":"=","value":"2"}]}`},
		{"Bill", "paymentStatus = 1 and isActive = 1", `{"filters":[{"field":"paymentStatus","op":"=","value":"1"},{"field":"isActive","op":"=","value":"1"}]}`},
		{"Bill", "dueDate = one day", `{"filters":[{"field":"dueDate","op":"=","value":"2026-11-23"}]}`},
		{"Bill", "dueDate of six years", `{"filters":[{"field":"dueDate","op":">=","value":"2021-01-01"}]}`},
		{"Bill", "dueDate of a month, sorted by it", `{"filters":[{"field":"dueDate","op":">=","value":"2026-11-01"},{"field":"dueDate","op":"<","value":"2026-12-01"}],"sort":[{"field":"dueDate","asc":false}]}`},
		{"Bill", "invoiceNumber =", `{"filters":[{"field":"invoiceNumber","op":"=","value":"s0000000005000"}]}`},
		{"Bill", "invoiceNumber sw (1,000)", `{"filters":[{"field":"invoiceNumber","op":"sw","value":"S0000000005"}]}`},
		{"Bill", "all, by dueDate descending", `{"sort":[{"field":"dueDate","asc":false}]}`},
		{"Bill", "all, by createdTime descending", `{"sort":[{"field":"createdTime","asc":false}]}`},
		{"Bill", "amount <, a half (not indexed)", `{"filters":[{"field":"amount","op":"<","value":5000}]}`},
		{"Bill", "amount =, one (not indexed)", `{"filters":[{"field":"amount","op":"=","value":1.07}]}`},
		{"Bill", "all, by amount (not indexed)", `{"sort":[{"field":"amount"}]}`},
		{"Customer", "name sw (1,000)", `{"filters":[{"field":"name","op":"sw","value":"customer 0000000005"}]}`},
		{"Customer", "name sw (all)", `{"filters":[{"field":"name","op":"sw","value":"customer"}]}`},
		{"Customer", "all, by name", `{"sort":[{"field":"name"}]}`},
		{"Customer", "isActive = 1", `{"filters":[{"field":"isActive","op":"=","value":"1"}]}`},
		{"Invoice", "customerId (1,000)", `{"filters":[{"field":"customerId","op":"=","value":"0cu01AA0000000001007"}]}`},
		{"Invoice", "paymentStatus = 1", `{"filters":[{"field":"paymentStatus","op":"=","value":"1"}]}`},
		{"Invoice", "updatedTime of the last 1,000", `{"filters":[{"field":"updatedTime","op":">=","value":"` + at(1000*time.Second) + `"}]}`},
		{"Invoice", "invoiceNumber =", `{"filters":[{"field":"invoiceNumber","op":"=","value":"s0000000005000"}]}`},
		{"Invoice", "dueDate of a month, sorted by it", `{"filters":[{"field":"dueDate","op":">=","value":"2026-11-01"},{"field":"dueDate","op":"<","value":"2026-12-01"}],"sort":[{"field":"dueDate"}]}`},
	} {
		rows, size, err := r.list2(q.entity, q.data)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", q.entity, q.title, err)
		}
		var n int64
		begin := cpuTime()
		_, median, err := loop(1, r.Time, func(int, int) error {
			n++
			return r.receive(q.entity, q.data)
		})
		if err != nil {
			return fmt.Errorf("%s, %s: %w", q.entity, q.title, err)
		}
		r.printf("| %s | %s | %d | %d | %.1f ms | %.1f ms |\n", q.entity, q.title, rows, size/1000,
			float64(median.Microseconds())/1000, float64((cpuTime()-begin)/n)/1e6)
	}
	return nil
}

func (r *run) login2() error {
	var a struct {
		SessionID string `json:"sessionId"`
	}
	_, err := r.call2("Login", url.Values{"userName": {email}, "password": {password}, "orgId": {string(r.org)}}, &a)
	r.session = a.SessionID
	return err
}

// list2 reads a page and gives its rows and bytes.
func (r *run) list2(entity, data string) (rows, size int, err error) {
	var a []json.RawMessage
	size, err = r.call2("List/"+entity, url.Values{"sessionId": {r.session}, "data": {data}}, &a)
	return len(a), size, err
}

// receive reads a page to its last byte.
func (r *run) receive(entity, data string) error {
	resp, err := r.post2("List/"+entity, url.Values{"sessionId": {r.session}, "data": {data}})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// cpuTime is how long this process has computed, in nanoseconds.
func cpuTime() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for oneself
	return u.Utime.Nano() + u.Stime.Nano()
}

func (r *run) post2(path string, form url.Values) (*http.Response, error) {
	form.Set("devKey", r.key)
	return r.http.PostForm(r.base+"/api/v2/"+path+".json", form)
}

// call2 makes a call of generation 2 and gives the bytes of the answer.
func (r *run) call2(path string, form url.Values, data any) (int, error) {
	resp, err := r.post2(path, form)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	answer := struct {
		Status int             `json:"response_status"`
		Data   json.RawMessage `json:"response_data"`
	}{Status: 1}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, err
	}
	if answer.Status != 0 {
		return 0, errors.New(string(answer.Data))
	}
	return len(body), json.Unmarshal(answer.Data, data)
}
