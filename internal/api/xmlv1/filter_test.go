package xmlv1_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/vendor"
)

// ids of the records in a list.
func idsOf(rows []element) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.child("id")
	}
	return out
}

func TestLists_Filters(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		if rows := h.list("vendor"); len(rows) != 0 {
			t.Fatalf("%d vendors to begin with", len(rows))
		}
		h.run("V1-088 no hits", func(h *house) {
			raw := h.raw(h.operation(getList("vendor")))
			e := h.parse(raw)
			if r := e.Children[0]; r.child("status") != "OK" || !strings.Contains(raw, "<status>OK</status><data></data></operationresult>") {
				h.t.Errorf("%s", raw)
			}
		})
		// Three vendors a minute apart; the second is inactive, the third has no external id.
		v := make([]string, 3)
		for i, ext := range []string{"e1", "E2", ""} {
			v[i] = h.made(create("vendor", "name", fmt.Sprintf("Vendor %d", i), "externalId", ext, "lastSyncTime", fmt.Sprintf("01/0%d/2013 10:00:30", i+1)))
			h.store.Clock.Advance(time.Minute)
		}
		h.made(update("vendor", "id", v[1], "isActive", "2"))
		created := make([]string, 3) // 09:00, 09:01, 09:02 AM on 11/23/26
		for i, row := range h.list("vendor") {
			created[i] = row.child("createdTime")
		}
		b := make([]string, 3)
		for i, due := range []string{"10/30/12", "10/31/12", "11/01/12"} {
			b[i] = h.made(strings.Replace(newBill(v[0], fmt.Sprint(i), "5"), "10/31/12", due, 1))
		}
		expect := func(h *house, object string, want []string, expressions ...string) {
			h.t.Helper()
			if got := idsOf(h.list(object, expressions...)); !slices.Equal(got, want) {
				h.t.Errorf("%s %q: %v, want %v", object, expressions, got, want)
			}
		}
		h.run("V1-083 everything", func(h *house) {
			expect(h, "vendor", v)
			for _, filter := range []string{"", "<filter/>", "<filter>[', ']</filter>", "<filter><other/></filter>", "text"} {
				e := h.op(`<get_list object="vendor">` + filter + `</get_list>`)
				if got := idsOf(e.all("vendor")); !slices.Equal(got, v) {
					h.t.Errorf("%s: %v", filter, got)
				}
			}
			expect(h, "vendor", []string{v[1]}, "isActive", "=", "2")
		})
		h.run("V1-084 object", func(h *house) {
			for _, object := range []string{"chartofaccount", "CHARTOFACCOUNT", "chartOfAccount", " chartOfAccount "} {
				data := h.op(`<get_list object="` + object + `"/>`).find("data")
				if data == nil || len(data.Children) == 0 || data.Children[0].XMLName.Local != "chartOfAccount" {
					h.t.Errorf("%s: %+v", object, data)
				}
			}
			h.refused(`<get_list object="foo"/>`, "BDCE011")
			h.refused(`<get_list/>`, "BDCE009", "object")
			h.refused(`<get_list object=" "/>`, "BDCE009", "object")
			for _, object := range []string{"org_info", "orgDetail"} {
				data := h.op(`<get_list object="` + strings.ToUpper(object) + `"/>`).find("data")
				if len(data.Children) != 1 || data.Children[0].XMLName.Local != object || data.Children[0].child("name") != "Acme" {
					h.t.Errorf("%s: %+v", object, data)
				}
				h.refused(getList(object, "name", "=", "Acme"), "BDCE057")
			}
			if d := h.op("<get_org_detail/>").find("orgDetail"); d == nil || d.child("name") != "Acme" || d.child("hasAP") != "1" {
				h.t.Errorf("get_org_detail: %+v", d)
			}
		})
		h.run("V1-085 every operator", func(h *house) {
			sorted := slices.Clone(v)
			slices.Sort(sorted) // ids compare by bytes
			in := func(from []string, f func(string) bool) (out []string) {
				for _, id := range v {
					if slices.Contains(from, id) && f(id) {
						out = append(out, id)
					}
				}
				return out
			}
			mid := sorted[1]
			expect(h, "vendor", in(v, func(s string) bool { return s == mid }), "id", "=", mid)
			expect(h, "vendor", in(v, func(s string) bool { return s != mid }), "id", "!=", mid)
			expect(h, "vendor", in(v, func(s string) bool { return s < mid }), "id", "<", mid)
			expect(h, "vendor", in(v, func(s string) bool { return s <= mid }), "id", "<=", mid)
			expect(h, "vendor", in(v, func(s string) bool { return s > mid }), "id", ">", mid)
			expect(h, "vendor", in(v, func(s string) bool { return s >= mid }), "id", ">=", mid)
			expect(h, "vendor", in(v, func(s string) bool { return s != mid }), "id", "in", sorted[0]+" , "+sorted[2])
			expect(h, "bill", b[1:2], "dueDate", "=", "10/31/12")
			expect(h, "bill", []string{b[0], b[2]}, "dueDate", "!=", "10/31/2012")
			expect(h, "bill", b[:1], "dueDate", "<", "2012-10-31")
			expect(h, "bill", b[:2], "dueDate", "<=", "10/31/12")
			expect(h, "bill", b[2:], "dueDate", ">", "10/31/12 11:59 PM") // its date part
			expect(h, "bill", b[1:], "dueDate", ">=", "10/31/12")
			expect(h, "bill", []string{b[0], b[2]}, "dueDate", "IN", "10/30/12, 11/01/2012,12/31/12")
			expect(h, "vendor", []string{v[0], v[2]}, "isActive", "!=", "2")
			expect(h, "vendor", v[1:2], "isActive", ">", "1")
			expect(h, "vendor", v, "isActive", ">=", "1")
			expect(h, "vendor", nil, "isActive", "<", "1")
			expect(h, "vendor", []string{v[0], v[2]}, "isActive", "<=", "1")
			expect(h, "vendor", v, "isActive", "In", "1,2")
			expect(h, "vendor", nil, "isActive", "=", "77")
			expect(h, "vendor", v, "track1099", "=", "0")
			expect(h, "vendor", nil, "track1099", "=", "true")
			expect(h, "vendor", v[:1], "externalId", "=", "e1")
			expect(h, "vendor", v[1:2], "externalId", "!=", "e1")
			expect(h, "vendor", v[1:2], "externalId", "<", "e1") // by bytes, and none matches nothing else (G-8)
			expect(h, "vendor", v[:2], "externalId", "<=", "e1")
			expect(h, "vendor", nil, "externalId", ">", "e1")
			expect(h, "vendor", v[:2], "externalId", ">=", "E2")
			expect(h, "vendor", v[:2], "externalId", "IN", "E2,e1")
			cdata := `<get_list object="bill"><filter><expression><field>dueDate</field><operator><![CDATA[<=]]></operator><value><![CDATA[10/31/12]]></value></expression></filter></get_list>`
			if got := idsOf(h.op(cdata).all("bill")); !slices.Equal(got, b[:2]) {
				h.t.Errorf("CDATA: %v", got)
			}
			h.run("G-7 none", func(h *house) {
				for _, none := range []string{"", "00000000000000000000"} {
					expect(h, "vendor", v[2:], "externalId", "=", none)
					expect(h, "vendor", v[:2], "externalId", "!=", none)
					expect(h, "vendor", v, "integrationId", "=", none)
					h.refused(getList("vendor", "externalId", "<", none), "BDCE057")
					h.refused(getList("vendor", "isActive", "=", none), "BDCE057")
					h.refused(getList("vendor", "createdTime", "=", none), "BDCE057")
				}
			})
			h.run("G-10 instants", func(h *house) {
				expect(h, "vendor", v[1:2], "lastSyncTime", "=", "01/02/2013 10:00:30")
				expect(h, "vendor", nil, "lastSyncTime", "=", "01/02/2013 10:00:31")
				expect(h, "vendor", v[1:2], "lastSyncTime", "=", "01/02/13 10:00 AM")
				expect(h, "vendor", []string{v[0], v[2]}, "lastSyncTime", "!=", "01/02/13 10:00 AM")
				expect(h, "vendor", v[:1], "lastSyncTime", "<=", "01/02/13 10:00 AM")
				expect(h, "vendor", v[1:], "lastSyncTime", ">", "01/02/13 10:00 AM")
				expect(h, "vendor", v[1:], "lastSyncTime", ">=", "01/02/13")
				expect(h, "vendor", v[:2], "lastSyncTime", "IN", "01/01/13 10:00 AM, 01/02/2013 10:00:30")
				for i, c := range created {
					expect(h, "vendor", v[i:i+1], "createdTime", "=", c)
					expect(h, "vendor", v[i:], "createdTime", ">=", c)
				}
				never := h.made(create("vendor", "name", "never synced"))
				expect(h, "vendor", v, "lastSyncTime", ">", "01/01/1950")
				expect(h, "vendor", v, "lastSyncTime", "!=", "01/01/1950")
				expect(h, "vendor", nil, "lastSyncTime", "<", "01/01/13")
				h.write(func(tx *db.Tx) error {
					tx.Exec(`DELETE FROM vendors WHERE org_id = $1 AND id = $2`, string(h.org), never)
					return nil
				})
			})
		})
		h.run("V1-086 several expressions, IN", func(h *house) {
			expect(h, "vendor", v[:1], "externalId", "!=", "", "isActive", "=", "1")
			expect(h, "bill", b[1:2], "dueDate", ">", "10/30/12", "dueDate", "<", "11/01/12", "vendorId", "=", v[0])
			expect(h, "vendor", v, "id", "IN", strings.Join(v, ","))
			expect(h, "vendor", nil, "id", "=", string(ids.New(ids.Vendor))) // G-12
		})
		h.run("V1-087 what cannot be filtered", func(h *house) {
			for _, x := range [][]string{
				{"name", "=", "x"}, {"amount", "=", "5"}, {"nonsense", "=", "x"}, {"", "=", "x"}, {"Id", "=", v[0]}, {"invoiceNumber", "=", "1"},
				{"id", "LIKE", v[0]}, {"id", "==", v[0]}, {"id", "", v[0]}, {"dueDate", "=", "xx"}, {"dueDate", "=", "02/30/12"}, {"dueDate", "=", ""},
				{"paymentStatus", "=", "one"}, {"paymentStatus", "=", "-1"}, {"paymentStatus", "=", "+1"}, {"paymentStatus", "=", ""}, {"id", "=", "x"}, {"vendorId", "IN", ""}, {"vendorId", "IN", v[0] + ",,"},
				{"id", "IN", strings.Repeat(v[0]+",", 1000) + v[0]}, {"allowExport", "=", "maybe"}, {"updatedTime", ">", "never"},
				{"updatedTime", ">", "11/23/2026 09:30:00"}, {"updatedTime", ">=", "01/01/2027"}, {"billLineItems", "=", "x"}, {"description", "=", "x"},
			} {
				h.refused(getList("bill", x...), "BDCE057", "Invalid Filter:")
			}
			for _, inner := range []string{"", "<field>id</field>", "<field>id</field><operator>=</operator>", "<operator>=</operator><value>1</value>",
				"<field>id</field><operator>=</operator><value/><value/>"} {
				h.refused(`<get_list object="bill"><filter><expression>`+inner+`</expression></filter></get_list>`, "BDCE057")
			}
			h.refused(getList("vendor", slices.Repeat([]string{"id", "=", v[0]}, 51)...), "BDCE057")
			expect(h, "vendor", v[:1], slices.Repeat([]string{"id", "=", v[0]}, 50)...)
			expect(h, "vendor", nil, "updatedTime", "<=", "01/01/1950")
			expect(h, "bill", b, "updatedTime", "<", "01/01/2045")
			expect(h, "bill", nil, "updatedTime", ">", "11/23/2026 09:10:00") // less than ten minutes ahead
		})
		h.run("spec/README 16: bills by what a line is coded to", func(h *house) {
			d := h.made(create("department", "name", "Client"))
			id := h.made(strings.Replace(newBill(v[0], "coded", "5", "5"), "</billLineItem>", tag("departmentId", d)+"</billLineItem>", 1))
			expect(h, "bill", []string{id}, "departmentId", "=", d)
			expect(h, "bill", nil, "jobId", "=", d)
		})
		h.run("V1-089 an emitted minute finds the change of that minute", func(h *house) {
			h.store.Clock.Set(dbtest.Start.Add(time.Hour + 59*time.Second + 999*time.Millisecond))
			h.session = h.login().text("sessionId")
			h.made(update("vendor", "id", v[0], "phone", "89"))
			at := h.one("vendor", v[0]).child("updatedTime")
			if at != "11/23/26 10:00 AM" {
				h.t.Errorf("updatedTime %s", at)
			}
			expect(h, "vendor", v[:1], "updatedTime", ">=", at)
		})
		h.run("V1-092 5,000 in chunks", func(h *house) {
			h.session = h.login().text("sessionId")
			h.seed(5000)
			if n := len(h.list("vendor", "createdTime", ">=", "11/23/2026 10:00:00")); n != 5000 {
				h.t.Errorf("%d vendors", n)
			}
		})
	})
}

// seed stores n vendors.
func (h *house) seed(n int) {
	h.t.Helper()
	for n > 0 {
		k := min(n, 5000)
		h.write(func(tx *db.Tx) error {
			for i := range k {
				v := vendor.Vendors.New().(*vendor.Vendor)
				v.Name, v.NameFolded = fmt.Sprintf("Vendor %06d", n-i), fmt.Sprintf("vendor %06d", n-i)
				v.Address1, v.City, v.Description = "1 Harbor Road", "Oakland", strings.Repeat("a long description ", 5)
				vendor.Vendors.Insert(tx, v)
			}
			return nil
		})
		n -= k
	}
}

// counting counts what is written and keeps no more than the end.
type counting struct {
	n   int64
	end []byte
}

func (c *counting) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	c.end = append(c.end, p...)
	if len(c.end) > 200 {
		c.end = slices.Clone(c.end[len(c.end)-200:])
	}
	return len(p), nil
}

// TestV1_092_LongList lists 20,000 vendors (100,000 with SOAK=1), and the memory it takes does not grow with them.
// It runs alone, as others would disturb what it measures.
func TestV1_092_LongList(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds of seeding")
	}
	total := 20_000
	if os.Getenv("SOAK") != "" {
		total = 100_000
	}
	h := sqliteHouse(t)
	inUse := func() (int64, *counting) {
		var peak uint64
		c := &counting{}
		stop, done := make(chan struct{}), make(chan struct{})
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		base := m.HeapInuse
		go func() {
			defer close(done)
			for {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		}()
		h.stream(h.request(h.operation(`<get_list object="vendor"/>`)), c)
		close(stop)
		<-done
		return int64(peak) - int64(base), c
	}
	h.seed(total / 10)
	small, _ := inUse()
	h.seed(total - total/10)
	large, c := inUse()
	if !strings.HasSuffix(string(c.end), "</vendor></data></operationresult></response>") || c.n < int64(total)*300 {
		t.Errorf("%d bytes, end %s", c.n, c.end)
	}
	// An id takes 20 bytes, and the collector leaves some slack.
	if large > small+16<<20+40*int64(total) {
		t.Errorf("%d bytes of heap for %d vendors, %d for %d; the document has %d", large, total, small, total/10, c.n)
	}
	t.Logf("%d vendors, %d bytes, heap grew by %d (by %d for a tenth)", total, c.n, large, small)
}

// TestV1_089_IncrementalReader lets writers work while a client reads by updatedTime as 7.4 tells it to: it takes the
// server's time, lists what changed since the time before, and goes on from there. It sees the last state of
// everything.
func TestV1_089_IncrementalReader(t *testing.T) {
	t.Parallel()
	length := 2 * time.Second
	if os.Getenv("SOAK") != "" {
		length = time.Minute
	}
	run := func(t *testing.T, s *dbtest.Store) {
		o := s.Options
		o.Clock = clock.System{}
		d, err := db.Open(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		s.DB.Close()
		s.DB = d
		h := newHouse(t, s)
		h.version = "1.1"
		const writers, each = 6, 5
		state := make([]map[string]string, writers) // what each writer last wrote, by id
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for w := range writers {
			state[w] = map[string]string{}
			var own []string
			for range each {
				own = append(own, h.made(create("vendor", "name", "v")))
			}
			wg.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					id := own[rand.IntN(each)]
					phone := fmt.Sprintf("%d-%d", w, i)
					if e := h.op(update("vendor", "id", id, "phone", phone)); e.text("errorcode") != "" {
						t.Errorf("%s %s", e.text("errorcode"), e.text("errormessage"))
						return
					}
					state[w][id] = phone
				}
			})
		}
		seen := map[string]string{}
		since, polls, rows := "01/01/2020", 0, 0
		poll := func() {
			now := h.send(`<getcurrenttime sessionId="` + h.session + `"/>`).text("currentTime")
			for _, r := range h.list("vendor", "updatedTime", ">=", since) {
				seen[r.child("id")] = r.child("phone")
				rows++
			}
			since = now
			polls++
		}
		begin := time.Now()
		for time.Since(begin) < length {
			poll()
		}
		close(stop)
		wg.Wait()
		poll()
		n := 0
		for _, m := range state {
			for id, want := range m {
				n++
				if seen[id] != want {
					t.Errorf("%s: the reader has %q, the last write was %q", id, seen[id], want)
				}
			}
		}
		t.Logf("%d polls, %d rows, %d records", polls, rows, n)
	}
	dbtest.Each(t, run)
}

// TestV1_093_OrganisationsApart tries every operation that takes an id with the ids of another organisation.
func TestV1_093_OrganisationsApart(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		b := h.other()
		v := b.made(create("vendor", "name", "theirs", "externalId", "x1"))
		bill := b.made(newBill(v, "1", "5", "5"))
		line := b.one("bill", bill).find("billLineItem").child("id")
		records := map[string]string{"vendor": v, "department": b.made(create("department", "name", "theirs")), "job": b.made(create("job", "name", "theirs")),
			"location": b.made(create("location", "name", "theirs")), "chartOfAccount": b.made(create("chartOfAccount", "name", "theirs", "accountType", "7"))}
		snapshot := func() string {
			var out strings.Builder
			for _, object := range []string{"vendor", "bill", "billpay", "department", "job", "location", "chartofaccount"} {
				out.WriteString(fmt.Sprint(b.list(object)))
			}
			return out.String()
		}
		before := snapshot()
		h.store.Clock.Advance(time.Minute)
		for object, id := range records {
			h.refused(update(object, "id", id, "name", "mine"), "BDCE007", "id")
			h.refused("<set_external_id>"+tags("id", id, "externalId", "mine")+"</set_external_id>", "BDCE007", "id")
			h.refused("<set_allow_export>"+tags("id", id, "allowExport", "0")+"</set_allow_export>", "BDCE007", "id")
			if rows := h.list(object, "id", "=", id); len(rows) != 0 {
				h.t.Errorf("%s: %d rows", object, len(rows))
			}
			for _, row := range h.list(object) {
				if row.child("name") == "theirs" {
					h.t.Errorf("%s is listed", object)
				}
			}
		}
		for _, id := range []string{bill, line} {
			h.refused("<set_external_id>"+tags("id", id, "externalId", "mine")+"</set_external_id>", "BDCE007", "id")
		}
		h.refused("<set_allow_export>"+tags("id", bill, "allowExport", "0")+"</set_allow_export>", "BDCE007", "id")
		h.refused(newBill(v, "1", "5", "5"), "BDCE007", "vendorId")
		own := h.made(create("vendor", "name", "own", "externalId", "x1"))
		for field, object := range map[string]string{"departmentId": "department", "jobId": "job", "locationId": "location", "chartOfAccountId": "chartOfAccount"} {
			h.refused(strings.Replace(newBill(own, "1", "5", "5"), "</billLineItem>", tag(field, records[object])+"</billLineItem>", 1), "BDCE007", field)
		}
		for object, field := range map[string]string{"chartOfAccount": "parentChartOfAccountId", "department": "parentDepartmentId", "job": "parentJobId", "location": "parentLocationId"} {
			pairs := []string{"name", "c", field, records[object]}
			if object == "chartOfAccount" {
				pairs = append(pairs, "accountType", "7")
			}
			h.refused(create(object, pairs...), "BDCE007", field)
		}
		pay := tags("billId", bill, "amount", "5", "processDate", "11/24/26")
		h.refused("<pay_bill>"+pay+"</pay_bill>", "BDCE042", bill)
		h.refused("<create_offlinepayment>"+pay+"</create_offlinepayment>", "BDCE042", bill)
		file := tags("filename", "a.pdf") + "<document>JVBERi0xLjQKJSVFT0YK</document>"
		h.refused("<upload_document>"+tag("billId", bill)+file+"</upload_document>", "BDCE042", bill)
		for _, id := range []string{bill, v, records["job"]} {
			h.refused("<upload_attachment>"+tag("id", id)+file+"</upload_attachment>", "BDCE007", "id")
		}
		if after := snapshot(); after != before {
			h.t.Errorf("their records changed:\n%s\nwere\n%s", after, before)
		}
	})
}

// TestV1_059_RoundTrip posts what lists emit back into updates: nothing changes, updatedTime included.
func TestV1_059_RoundTrip(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		roundTrip(h)
	})
}
