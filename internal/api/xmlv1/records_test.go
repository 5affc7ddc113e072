package xmlv1_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/duebook/duebook/internal/ids"
)

func TestOperationResults(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		h.run("V1-039 success", func(h *house) {
			raw := h.raw(h.operation(create("vendor", "name", "Harbor Tool Rental")))
			e := h.parse(raw)
			r := e.Children[0]
			if !slices.Equal(r.names(), []string{"loginresult", "status", "id"}) || r.Children[0].child("status") != "OK" || r.child("status") != "OK" {
				h.t.Errorf("%s", raw)
			}
			if l := r.Children[0]; l.child("sessionId") != h.session || l.child("orgID") != string(h.org) {
				h.t.Errorf("loginresult %+v", l)
			}
			if first := e.text("id"); first != r.child("id") || !strings.HasPrefix(first, "00901") {
				h.t.Errorf("first id %q", first)
			}
		})
		h.run("V1-040 failure", func(h *house) {
			e := h.op(create("vendor", "phone", "1"))
			r := e.Children[0]
			if e.text("status") != "OK" || r.child("status") != "failed" || r.child("errorcode") != "BDCE009" || r.child("errormessage") == "" {
				h.t.Errorf("%+v", e)
			}
		})
		h.run("V1-041 transactionId", func(h *house) {
			for attr, want := range map[string]string{
				"": "", `transactionId=""`: "", `transactionId="a&quot;b&amp;'c&lt;"`: `a"b&'c<`, "transactionId=\"a\tb\"": "a b",
				`transactionId="` + strings.Repeat("é", 256) + `"`: strings.Repeat("é", 256),
			} {
				r := h.send(`<operation ` + attr + ` sessionId="` + h.session + `"><get_org_detail/></operation>`).Children[0]
				if len(r.Attrs) != 1 || r.attr("transactionId") != want || r.child("status") != "OK" {
					h.t.Errorf("%.60s: %+v", attr, r.Attrs)
				}
			}
			r := h.send(`<operation transactionId="` + strings.Repeat("é", 257) + `" sessionId="` + h.session + `"><get_org_detail/></operation>`)
			if r.text("errorcode") != "BDCE012" {
				h.t.Errorf("257 characters: %+v", r)
			}
		})
		h.run("V1-042 unknown, none and two operations", func(h *house) {
			h.refused("<frobnicate/>", "BDCE011")
			h.refused("<Create_vendor/>", "BDCE011")
			h.refused("", "BDCE012")
			h.refused("text", "BDCE012")
			h.refused("<get_org_detail/><get_org_detail/>", "BDCE012")
		})
		vendor := h.made(create("vendor", "name", "Marked"))
		h.run("V1-043 stray text and order", func(h *house) {
			id := h.made("<set_external_id>['<externalId>a</externalId>', '<id>" + vendor + "</id>']</set_external_id>")
			if got := h.one("vendor", id).text("externalId"); got != "a" {
				h.t.Errorf("externalId %q", got)
			}
		})
		h.run("V1-044 unknown and repeated elements", func(h *house) {
			h.made("<create_vendor><vendor><name>x</name><colour>red</colour><colour>blue</colour><deep><name>y</name></deep></vendor></create_vendor>")
			h.refused(create("vendor", "name", "x", "name", "x"), "BDCE040", "name")
			h.refused(create("vendor", "name", "", "name", "x"), "BDCE040", "name")
			h.refused(create("vendor", "name", "x", "phone", "1", "fax", "1", "phone", "1", "fax", ""), "BDCE040", "phone, fax")
			h.refused("<create_vendor><vendor/><vendor><name>x</name></vendor></create_vendor>", "BDCE009", "name")
			h.refused("<create_vendor><vendor><name>x</name></vendor><vendor/></create_vendor>", "BDCE040", "vendor")
			h.refused(update("vendor", "id", vendor, "id", vendor), "BDCE040", "id")
			h.refused("<set_external_id>"+tags("id", vendor, "externalId", "b", "externalId", "c")+"</set_external_id>", "BDCE040", "externalId")
			h.refused(strings.Replace(newBill(vendor, "1", "1", "1"), "</bill>", "<billLineItems/></bill>", 1), "BDCE040", "billLineItems")
			if got := h.one("vendor", vendor).text("externalId"); got != "a" {
				h.t.Errorf("externalId %q", got)
			}
		})
		h.run("3.3 the order of checks", func(h *house) {
			long := strings.Repeat("x", 101)
			h.refused("<update_vendor><vendor>"+tags("email", long, "name", "", "lastSyncTime", "x", "track1099", "x")+"</vendor></update_vendor>", "BDCE009", "id, name")
			h.refused(update("vendor", "id", "x", "name", ""), "BDCE009", "name")
			h.refused(update("vendor", "id", "x", "email", long, "name", long, "lastSyncTime", "x"), "BDCE048", "email, name")
			h.refused(update("vendor", "id", "x", "lastSyncTime", "x", "track1099", "x"), "BDCE049", "id, lastSyncTime")
			h.refused(update("vendor", "id", vendor, "track1099", "x", "isActive", "7"), "BDCE040", "track1099, isActive")
			h.refused(update("vendor", "id", string(ids.New(ids.Vendor)), "email", long), "BDCE048", "email")
			h.refused(update("vendor", "id", string(ids.New(ids.Vendor)), "name", ""), "BDCE009", "name")
			h.refused(update("vendor", "id", string(ids.New(ids.Vendor)), "track1099", "x"), "BDCE040", "track1099")
			h.refused(update("vendor", "id", string(ids.New(ids.Vendor)), "email", "x"), "BDCE007", "id")
		})
	})
}

func TestVendors(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		h.run("V1-055 name alone", func(h *house) {
			id := h.made(create("vendor", "name", "Harbor Tool Rental"))
			if !wireID.MatchString(id) || len(id) != 20 || !strings.HasPrefix(id, "00901") {
				h.t.Errorf("id %q", id)
			}
			if got := h.one("vendor", id).names(); !slices.Equal(got, []string{"id", "isActive", "name", "track1099", "createdTime", "updatedTime", "allowExport"}) {
				h.t.Errorf("emitted %v", got)
			}
			if other := h.made(create("vendor", "id", id, "name", "Harbor Tool Rental", "createdTime", "x")); other == id {
				h.t.Error("the id sent along was used")
			}
		})
		h.run("V1-056 missing and blank name", func(h *house) {
			h.refused(create("vendor"), "BDCE009", "name")
			h.refused(create("vendor", "name", " \n "), "BDCE009", "name")
			h.refused("<create_vendor/>", "BDCE009", "vendor")
			h.refused(update("vendor", "name", "x"), "BDCE009", "id")
		})
		h.run("V1-057 external id is unique among vendors", func(h *house) {
			first := h.made(create("vendor", "name", "A", "externalId", "e-57"))
			h.refused(create("vendor", "name", "B", "externalId", "e-57"), "BDCE040", "externalId", "CVUSER.UKVENDOREXTID")
			b := h.made(create("vendor", "name", "B"))
			h.refused(update("vendor", "id", b, "externalId", "e-57"), "BDCE040", "CVUSER.UKVENDOREXTID")
			h.refused("<set_external_id>"+tags("id", b, "externalId", "e-57")+"</set_external_id>", "BDCE040", "CVUSER.UKVENDOREXTID")
			h.made(update("vendor", "id", first, "isActive", "2"))
			h.refused(create("vendor", "name", "B", "externalId", "e-57"), "BDCE040", "CVUSER.UKVENDOREXTID")
			h.made(create("vendor", "name", "B", "externalId", "E-57"))
			h.made(create("department", "name", "D", "externalId", "e-57"))
			h.made(create("department", "name", "D", "externalId", "e-57"))
			h.other().made(create("vendor", "name", "A", "externalId", "e-57"))

			var wg sync.WaitGroup
			codes := make([]string, 8)
			for i := range codes {
				wg.Go(func() { codes[i] = h.op(create("vendor", "name", "C", "externalId", "race")).text("errorcode") })
			}
			wg.Wait()
			slices.Sort(codes)
			if codes[0] != "" || codes[1] != "BDCE040" || codes[7] != "BDCE040" {
				h.t.Errorf("eight at once: %v", codes)
			}
		})
		h.run("V1-058 an update changes only what is sent", func(h *house) {
			fields := []string{"vendor_id", "S-1", "name", "Full", "taxId", "12-3456789", "track1099", "1", "email", "a@b.example", "fax", "2", "phone", "3",
				"address1", "4", "address2", "5", "addressCity", "6", "addressState", "7", "addressZip", "8", "addressCountry", "USA", "nameOnCheck", "9",
				"accNumber", "10", "description", "11", "integrationId", "12", "lastSyncTime", "09/18/12 03:27 PM", "externalId", "13", "allowExport", "0"}
			id := h.made(create("vendor", fields...))
			expect := map[string]string{"id": id, "isActive": "1"}
			for i := 0; i < len(fields); i += 2 {
				expect[fields[i]] = fields[i+1]
			}
			compare := func() {
				h.t.Helper()
				v := h.one("vendor", id)
				for _, c := range v.Children {
					if n := c.XMLName.Local; n != "createdTime" && n != "updatedTime" && c.Text != expect[n] {
						h.t.Errorf("%s: %q, want %q", n, c.Text, expect[n])
					}
				}
				for n, want := range expect {
					if want != "" && v.child(n) != want {
						h.t.Errorf("%s: %q, want %q", n, v.child(n), want)
					}
				}
			}
			compare()
			h.made(update("vendor", "id", id, "phone", "33"))
			expect["phone"] = "33"
			compare()
			h.made(update("vendor", "id", id, "address2", "", "taxId", "  ", "lastSyncTime", "", "allowExport", "", "track1099", "", "externalId", ""))
			expect["address2"], expect["taxId"], expect["lastSyncTime"], expect["allowExport"], expect["track1099"], expect["externalId"] = "", "", "", "1", "0", ""
			compare()
			h.refused(update("vendor", "id", id, "name", ""), "BDCE009", "name")
			h.made(update("vendor", "id", id, "isActive", ""))
			compare()
			if got := h.made(create("vendor", "name", "with more lines", "address3", "c", "address4", "d")); h.one("vendor", got).child("address3") != "" {
				h.t.Error("address3 is stored, not emitted")
			}
			h.refused(create("vendor", "name", "x", "email", "no address"), "BDCE040", "email")
			h.refused(update("vendor", "id", id, "email", "no address"), "BDCE040", "email")
		})
		h.run("V1-060 inactive and active again", func(h *house) {
			id := h.made(create("vendor", "name", "Sleeper"))
			h.refused(create("vendor", "name", "x", "isActive", "2"), "BDCE040", "isActive")
			for _, v := range []string{"2", "1"} {
				h.made(update("vendor", "id", id, "isActive", v))
				if got := h.one("vendor", id).child("isActive"); got != v {
					h.t.Errorf("isActive %s, want %s", got, v)
				}
			}
		})
	})
}

func TestLists(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		h.run("V1-062 account type", func(h *house) {
			h.refused(create("chartOfAccount", "name", "x"), "BDCE009", "accountType")
			h.refused(create("chartOfAccount"), "BDCE009", "name, accountType")
			for _, v := range []string{"17", "-1", "+1", "one", "1.0"} {
				h.refused(create("chartOfAccount", "name", "x", "accountType", v), "BDCE040", "accountType")
			}
			for _, v := range []string{"0", "16", "7"} {
				id := h.made(create("chartOfAccount", "name", "x", "accountType", v, "accountNumber", "77"))
				if got := h.one("chartOfAccount", id).child("accountType"); got != v {
					h.t.Errorf("accountType %s, want %s", got, v)
				}
			}
			parent := h.made(create("chartOfAccount", "name", "p", "accountType", "7"))
			h.made(create("chartOfAccount", "name", "c", "accountType", "9", "parentChartOfAccountId", parent))
		})
		for object, field := range map[string]string{"chartOfAccount": "parentChartOfAccountId", "department": "parentDepartmentId", "job": "parentJobId", "location": "parentLocationId"} {
			h.run("V1-063 rings "+object, func(h *house) {
				make := func(name, parent string) string {
					pairs := []string{"name", name, field, parent}
					if object == "chartOfAccount" {
						pairs = append(pairs, "accountType", "7")
					}
					return h.made(create(object, pairs...))
				}
				a := make("a", "")
				b := make("b", a)
				c := make("c", b)
				h.refused(update(object, "id", a, field, a), "BDCE040", field)
				h.refused(update(object, "id", a, field, b), "BDCE040", field)
				h.refused(update(object, "id", a, field, c), "BDCE040", field)
				h.refused(update(object, "id", a, field, h.made(create("vendor", "name", "v"))), "BDCE007", field)
				h.made(update(object, "id", c, field, a))
				h.made(update(object, "id", a, field, ""))
				if got := h.one(object, c).child(field); got != a {
					h.t.Errorf("parent %s, want %s", got, a)
				}
			})
		}
		h.run("5.2 the ledger's own accounts", func(h *house) {
			ap := h.list("chartOfAccount", "accountType", "=", "1")[0].child("id")
			h.refused(update("chartOfAccount", "id", ap, "isActive", "2"), "BDCE040", "isActive")
			h.made(update("chartOfAccount", "id", ap, "name", "Trade creditors"))
		})
		h.run("V1-090 the marks of a client do not move updatedTime", func(h *house) {
			v := h.made(create("vendor", "name", "Quiet"))
			bill := h.made(newBill(v, "90", "5", "5"))
			line := h.one("bill", bill).find("billLineItem").child("id")
			records := map[string]string{"vendor": v, "bill": bill, "department": h.made(create("department", "name", "d")), "job": h.made(create("job", "name", "j")),
				"location": h.made(create("location", "name", "l")), "chartOfAccount": h.made(create("chartOfAccount", "name", "c", "accountType", "7"))}
			before := map[string]string{}
			for object, id := range records {
				before[object] = h.one(object, id).child("updatedTime")
			}
			h.store.Clock.Advance(5 * 60e9)
			for object, id := range records {
				h.made("<set_external_id>" + tags("id", id, "externalId", "m-"+object) + "</set_external_id>")
				h.made("<set_allow_export>" + tags("id", id, "allowExport", "0") + "</set_allow_export>")
				if object != "bill" {
					h.made(update(object, "id", id, "integrationId", "i", "lastSyncTime", "09/18/2012 15:27:08"))
				}
				r := h.one(object, id)
				if r.child("updatedTime") != before[object] || r.child("externalId") != "m-"+object || r.child("allowExport") != "0" {
					h.t.Errorf("%s: %+v", object, r)
				}
			}
			h.made("<set_external_id>" + tags("id", line, "externalId", "line-mark") + "</set_external_id>")
			b := h.one("bill", bill)
			if b.child("updatedTime") != before["bill"] || b.find("billLineItem").child("externalId") != "line-mark" {
				h.t.Errorf("line: %+v", b)
			}
			h.made("<set_external_id>" + tags("id", v, "externalId", "") + "</set_external_id>")
			if h.one("vendor", v).child("externalId") != "" {
				h.t.Error("not cleared")
			}
			h.made(update("vendor", "id", v, "phone", "1"))
			if h.one("vendor", v).child("updatedTime") == before["vendor"] {
				h.t.Error("a change did not move updatedTime")
			}
			h.refused("<set_external_id>"+tags("externalId", "x")+"</set_external_id>", "BDCE009", "id")
			h.refused("<set_external_id>"+tags("id", v)+"</set_external_id>", "BDCE009", "externalId")
			h.refused("<set_external_id>"+tags("id", "x", "externalId", strings.Repeat("x", 101))+"</set_external_id>", "BDCE048", "externalId")
			h.refused("<set_external_id>"+tags("id", "x", "externalId", "x")+"</set_external_id>", "BDCE049", "id")
			h.refused("<set_external_id>"+tags("id", string(h.user), "externalId", "x")+"</set_external_id>", "BDCE007", "id")
			h.refused("<set_allow_export>"+tags("id", line, "allowExport", "1")+"</set_allow_export>", "BDCE007", "id")
			h.refused("<set_allow_export>"+tags("id", v, "allowExport", "yes")+"</set_allow_export>", "BDCE040", "allowExport")
			h.refused("<set_allow_export>"+tags("id", v)+"</set_allow_export>", "BDCE009", "allowExport")
		})
	})
}

func TestBills(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		v := h.made(create("vendor", "name", "Harbor Tool Rental"))
		amounts := func(h *house, id string) (out []string) {
			for _, l := range h.one("bill", id).all("billLineItem") {
				out = append(out, l.child("amount"))
			}
			return out
		}
		h.run("V1-066 lines", func(h *house) {
			if got := amounts(h, h.made(newBill(v, "1", "5.0"))); !slices.Equal(got, []string{"5.00"}) {
				h.t.Errorf("BIL-1, no lines: %v", got)
			}
			if got := amounts(h, h.made(newBill(v, "2", "5.0", "2", "3"))); !slices.Equal(got, []string{"2.00", "3.00"}) {
				h.t.Errorf("lines %v", got)
			}
			if got := amounts(h, h.made(newBill(v, "3", "5", "7", "-2"))); !slices.Equal(got, []string{"7.00", "-2.00"}) {
				h.t.Errorf("a negative line: %v", got)
			}
			before := len(h.list("bill"))
			h.refused(newBill(v, "4", "5", "2", "2"), "BDCE051")
			h.refused(newBill(v, "4", "-5", "-5"), "BDCE040", "amount")
			h.refused(newBill(v, "4", "5", "2", ""), "BDCE009", "amount")
			if after := len(h.list("bill")); after != before {
				h.t.Errorf("%d bills, before %d", after, before)
			}
			h.made(newBill(v, "1", "5.0"))
			h.made(newBill(v, "0", "0"))
		})
		h.run("V1-067 cents", func(h *house) {
			h.made(newBill(v, "c1", "0.30", "0.10", "0.20"))
			h.made(newBill(v, "c2", "1.10", "0.10", "0.20", "0.80"))
			h.refused(newBill(v, "c3", "0.30", "0.10", "0.19"), "BDCE051")
		})
		h.run("V1-068 states are not the client's", func(h *house) {
			sent := strings.Replace(newBill(v, "s", "5"), "</bill>", tags("approvalStatus", "3", "paymentStatus", "0", "id", "x", "updatedTime", "never")+"</bill>", 1)
			b := h.one("bill", h.made(sent))
			if b.child("approvalStatus") != "0" || b.child("paymentStatus") != "1" {
				h.t.Errorf("approval %s, payment %s", b.child("approvalStatus"), b.child("paymentStatus"))
			}
			h.set("defaultBillApprover", string(h.user))
			b = h.one("bill", h.made(sent))
			if b.child("approvalStatus") != "1" || b.child("paymentStatus") != "1" {
				h.t.Errorf("default approver: approval %s, payment %s", b.child("approvalStatus"), b.child("paymentStatus"))
			}
			h.set("defaultBillApprover", "")
		})
		h.run("V1-069 all that is missing", func(h *house) {
			h.refused(create("bill"), "BDCE009", "vendorId, invoiceNumber, amount, invoiceDate, dueDate")
			h.refused("<create_bill/>", "BDCE009", "bill")
		})
		h.run("V1-070 references", func(h *house) {
			h.refused(newBill(string(ids.New(ids.Vendor)), "1", "5"), "BDCE007", "vendorId")
			h.refused(newBill(h.made(create("department", "name", "d")), "1", "5"), "BDCE007", "vendorId")
			off := h.made(create("vendor", "name", "off"))
			h.made(update("vendor", "id", off, "isActive", "2"))
			h.refused(newBill(off, "1", "5"), "BDCE007", "vendorId")
			d := h.made(create("department", "name", "d"))
			coded := func(pairs ...string) string {
				return strings.Replace(newBill(v, "1", "5", "5"), "</billLineItem>", tags(pairs...)+"</billLineItem>", 1)
			}
			h.made(coded("departmentId", d))
			for _, f := range []string{"chartOfAccountId", "departmentId", "locationId", "jobId", "customerId", "itemId"} {
				h.refused(coded(f, string(ids.New(ids.Vendor))), "BDCE007", f)
				h.refused(coded(f, "x"), "BDCE049", f)
			}
			h.made(update("department", "id", d, "isActive", "2"))
			h.refused(coded("departmentId", d), "BDCE007", "departmentId")
			h.refused(coded("departmentId", string(ids.New(ids.Department)), "jobId", string(ids.New(ids.Job))), "BDCE007", "departmentId, jobId")
		})
		h.run("T-10 5,000 lines", func(h *house) {
			lines := slices.Repeat([]string{"0.01"}, 5000)
			if got := len(amounts(h, h.made(newBill(v, "many", "50", lines...)))); got != 5000 {
				h.t.Errorf("%d lines", got)
			}
			h.refused(newBill(v, "many", "50.01", append(lines, "0.01")...), "BDCE012")
		})
	})
}
