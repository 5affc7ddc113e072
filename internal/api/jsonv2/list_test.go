package jsonv2_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestListing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.made("Vendor", `{"name":"Harbor Tools","email":"a@b.example","companyName":"Été SA"}`)
		quay := h.made("Vendor", `{"name":"quay & sons"}`)
		var made []string
		for i := range 5 {
			h.store.Clock.Advance(time.Second)
			b := strings.Replace(bill(v, fmt.Sprintf("N-%d", i), fmt.Sprintf(`{"amount":%d}`, 10*i)), "2026-12-01", fmt.Sprintf("2026-12-%02d", 20-i), 1)
			made = append(made, h.made("Bill", b))
		}
		page := func(start, max int) []string {
			return column(h.ok("List/Bill", fmt.Sprintf(`{"start":%d,"max":%d}`, start, max)).rows(), "id")
		}
		is := func(h *house, entity string, want []string, conditions ...string) {
			h.t.Helper()
			got := column(h.list(entity, conditions...), "id")
			if !slices.Equal(got, want) {
				h.t.Errorf("%v: got %v, want %v", conditions, got, want)
			}
		}
		h.run("V2-081: pages", func(h *house) {
			if got := slices.Concat(page(0, 2), page(2, 2), page(4, 2)); !slices.Equal(got, made) || len(page(4, 2)) != 1 || len(page(6, 2)) != 0 {
				h.t.Errorf("got %v, want %v", got, made)
			}
			if a := h.ok("List/Bill", `{"start":6}`); !strings.HasSuffix(a.raw, `"response_data":[]}`) {
				h.t.Error(a.raw)
			}
		})
		h.run("V2-082: limits", func(h *house) {
			for _, bad := range []string{`{"max":1001}`, `{"max":0}`, `{"start":-1}`, `{"max":"many"}`, `{"max":-5}`, `{"start":1.5}`, `{"filters":7}`, `{"sort":["x"]}`} {
				h.refused("List/Bill", bad, "BDC_1129")
			}
			h.ok("List/Bill", `{"max":"50","start":"0"}`)
			h.ok("List/Bill", `{"max":1000}`)
		})
		h.run("V2-083: isActive", func(h *house) {
			h.ok("Crud/Delete/Vendor", `{"id":"`+quay+`"}`)
			is(h, "Vendor", []string{v, quay})
			is(h, "Vendor", []string{v}, "isActive", "=", `"1"`)
			is(h, "Vendor", []string{quay}, "isActive", "!=", `1`)
		})
		h.run("V2-084: names in other letters", func(h *house) {
			is(h, "Vendor", []string{v}, "name", "=", `"HARBOR tools"`)
			is(h, "Vendor", []string{v}, "name", "sw", `"hArB"`)
			is(h, "Vendor", []string{quay}, "name", "!=", `"harbor tools"`)
			is(h, "Vendor", []string{v}, "companyName", "=", `"Été sa"`)
			is(h, "Vendor", []string{quay}, "companyName", "=", `null`)
			is(h, "Vendor", []string{v}, "companyName", "!=", `null`)
			is(h, "Vendor", nil, "companyName", "sw", `"x"`)
			is(h, "Bill", made[1:2], "invoiceNumber", "in", `"n-1, x"`)
			is(h, "Bill", slices.Concat(made[:1], made[2:]), "invoiceNumber", "nin", `["n-1"]`)
		})
		h.run("V2-085: a field that is none to filter by", func(h *house) {
			for _, f := range []string{"email", "accNumber", "nmae", "billLineItems", "item/count", "balance", "eBillEligible", "taxId", ""} {
				h.refused("List/Vendor", `{"filters":[{"field":"`+f+`","op":"=","value":"x"}]}`, "BDC_1130")
			}
			h.refused("List/VendorBankAccount", `{"filters":[{"field":"accountNumber","op":"=","value":"1"}]}`, "BDC_1130")
		})
		h.run("V2-086: an operator that is none", func(h *house) {
			h.refused("List/Vendor", `{"filters":[{"field":"name","op":"like","value":"x"}]}`, "BDC_1131", "name")
			h.refused("List/Vendor", `{"filters":[{"field":"name","op":"<","value":"x"}]}`, "BDC_1131")
			h.refused("List/Bill", `{"filters":[{"field":"vendorId","op":">","value":"x"}]}`, "BDC_1131")
		})
		h.run("V2-087: sw on an enum", func(h *house) {
			h.refused("List/Vendor", `{"filters":[{"field":"isActive","op":"sw","value":"1"}]}`, "BDC_1131")
			h.refused("List/Bill", `{"filters":[{"field":"dueDate","op":"sw","value":"2026"}]}`, "BDC_1131")
		})
		h.run("V2-088: in by text and by list", func(h *house) {
			a := h.ok("List/Bill", `{"filters":[{"field":"paymentStatus","op":"in","value":"0, 1"}]}`)
			b := h.ok("List/Bill", `{"filters":[{"field":"paymentStatus","op":"in","value":["0","1"]}]}`)
			if a.raw != b.raw || len(a.rows()) != 5 {
				h.t.Errorf("%s\n%s", a.raw, b.raw)
			}
			is(h, "Bill", made[:1], "paymentStatus", "in", `0`)
			is(h, "Bill", made[1:], "paymentStatus", "nin", `"0"`)
			is(h, "Bill", nil, "paymentStatus", "=", `77`)
		})
		h.run("V2-089: instants", func(h *house) {
			at := h.read("Bill", made[2]).text("updatedTime") // 2026-11-23T17:00:03.000+0000
			plain := strings.TrimSuffix(at, "+0000")
			for _, form := range []string{at, plain + "Z", plain + " 0000", plain + "+00:00", strings.TrimSuffix(plain, ".000") + "Z", plain + "+00.00",
				strings.Replace(plain, "T17", "T09", 1) + "-0800"} {
				is(h, "Bill", made[2:], "updatedTime", ">=", `"`+form+`"`)
			}
			is(h, "Bill", made[3:], "updatedTime", ">", `"`+at+`"`)
			is(h, "Bill", made[:3], "updatedTime", "<=", `"`+at+`"`)
			is(h, "Bill", made[:2], "updatedTime", "<", `"`+at+`"`)
			is(h, "Bill", made[2:3], "createdTime", "=", `"`+at+`"`)
			is(h, "Bill", slices.Concat(made[:2], made[3:]), "createdTime", "!=", `"`+at+`"`)
			is(h, "Bill", slices.Concat(made[:2], made[3:]), "createdTime", "nin", `["`+at+`"]`)
			h.refused("List/Bill", `{"filters":[{"field":"updatedTime","op":">","value":"2027-01-01T00:00:00.000+0000"}]}`, "BDC_1129", "updatedTime")
			h.refused("List/Bill", `{"filters":[{"field":"updatedTime","op":">=","value":"yesterday"}]}`, "BDC_1129", "updatedTime")
			h.refused("List/Bill", `{"filters":[{"field":"updatedTime","op":">=","value":null}]}`, "BDC_1129")
		})
		h.run("dates, amounts, references", func(h *house) {
			is(h, "Bill", made[3:], "dueDate", "<=", `"2026-12-17"`)
			is(h, "Bill", made[3:4], "dueDate", "in", `"2026-12-17,2026-12-01"`)
			is(h, "Bill", made[3:], "amount", ">", `"20.00"`)
			is(h, "Bill", made[2:3], "dueAmount", "=", `20`)
			is(h, "Bill", made[:1], "paidAmount", "=", `null`, "dueAmount", "<", `0.01`)
			is(h, "Bill", made, "vendorId", "=", `"`+v+`"`)
			is(h, "Bill", nil, "vendorId", "!=", `"`+v+`"`)
			is(h, "Bill", made, "chartOfAccountId", "=", `"`+null+`"`)
			is(h, "Bill", nil, "chartOfAccountId", "!=", `null`)
			h.refused("List/Bill", `{"filters":[{"field":"vendorId","op":"=","value":"abc"}]}`, "BDC_1129", "vendorId")
			h.refused("List/Bill", `{"filters":[{"field":"vendorId","op":"in","value":""}]}`, "BDC_1129", "vendorId")
			h.refused("List/Bill", `{"filters":[{"field":"amount","op":"=","value":"much"}]}`, "BDC_1129", "amount")
		})
		h.run("spec 16: bills by what a line is coded to", func(h *house) {
			dept := h.made("Department", `{"name":"Yard"}`)
			job := h.made("Job", `{"name":"Roof"}`)
			onLine := h.made("Bill", bill(v, "D-1", `{"amount":1,"departmentId":"`+dept+`","jobId":"`+job+`"}`))
			onHead := h.made("Bill", strings.TrimSuffix(bill(v, "D-2", `{"amount":1}`), "}")+`,"departmentId":"`+dept+`"}`)
			is(h, "Bill", []string{onLine}, "jobId", "=", `"`+job+`"`)
			is(h, "Bill", []string{onLine, onHead}, "departmentId", "=", `"`+dept+`"`)
			is(h, "Bill", []string{onLine, onHead}, "departmentId", "in", `"`+dept+`"`)
			h.ok("Crud/Delete/Bill", `{"id":"`+onLine+`"}`)
			h.ok("Crud/Delete/Bill", `{"id":"`+onHead+`"}`)
		})
		h.run("V2-090: filters join", func(h *house) {
			is(h, "Bill", made[1:2], "vendorId", "=", `"`+v+`"`, "amount", ">=", "10", "invoiceNumber", "=", `"N-1"`)
			if got := h.ok("List/Bill", `{"filters":{"field":"invoiceNumber","op":"=","value":"N-1"}}`).rows(); len(got) != 1 {
				h.t.Error("one filter without a list")
			}
		})
		h.run("V2-091: descending", func(h *house) {
			want := slices.Clone(made)
			slices.Reverse(want)
			for _, asc := range []string{`"false"`, "0", "false", `"0"`} {
				got := column(h.ok("List/Bill", `{"filters":[`+filters("isActive", "=", "1")+`],"sort":[{"field":"createdTime","asc":`+asc+`}]}`).rows(), "id")
				if !slices.Equal(got, want) {
					h.t.Errorf("asc %s: %v", asc, got)
				}
			}
			byDue := column(h.ok("List/Bill", `{"filters":[`+filters("isActive", "=", "1")+`],"sort":[{"field":"dueDate"},{"field":"amount","asc":false}]}`).rows(), "id")
			if !slices.Equal(byDue, want) {
				h.t.Errorf("by due date %v", byDue)
			}
			h.refused("List/Bill", `{"sort":[{"field":"dueDate","asc":"up"}]}`, "BDC_1129")
		})
		h.run("V2-092: sort by a field that is none", func(h *house) {
			for _, f := range []string{"nope", "description", "jobId", "email"} {
				h.refused("List/Bill", `{"sort":[{"field":"`+f+`","asc":true}]}`, "BDC_9202")
			}
		})
		h.run("V2-093", func(h *house) { h.refused("List/Widget", `{}`, "BDC_1128") })
		h.run("V2-094: lines are always there", func(h *house) {
			for _, nested := range []string{`{}`, `{"nested":true}`, `{"nested":false}`} {
				for _, b := range h.ok("List/Bill", nested).rows() {
					if b.text("billLineItems.0.id") == "" {
						h.t.Errorf("%s: no lines", nested)
					}
				}
			}
		})
		h.run("4.3.17: showAudit", func(h *house) {
			b := h.ok("List/Bill", `{"max":1,"showAudit":true}`).rows()[0]
			if b.text("audit.createdBy") != string(h.user) || b.text("audit.updatedBy") != string(h.user) || b.text("audit.createdByName") == "" {
				h.t.Errorf("%v", b.data)
			}
		})
		h.run("a list is what reading each gives", func(h *house) {
			for _, row := range h.list("Bill") {
				if one := h.read("Bill", row.text("id")); fmt.Sprint(one.data) != fmt.Sprint(row.data) {
					h.t.Errorf("\n%v\n%v", one.data, row.data)
				}
			}
		})
		h.run("of another organisation nothing", func(h *house) {
			o := h.other()
			is(o, "Vendor", nil)
			is(o, "Bill", nil, "vendorId", "=", `"`+v+`"`)
		})
	})
}

func TestCodingLists(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, entity := range []string{"Department", "Location", "Job", "ChartOfAccount"} {
			more := ""
			if entity == "ChartOfAccount" {
				more = `,"accountType":"7"`
			}
			h.run("3.15: "+entity, func(h *house) {
				parent := "parent" + entity + "Id"
				top := h.made(entity, `{"name":"Top"`+more+`}`)
				h.refused("Crud/Create/"+entity, `{"obj":{"name":"Top"`+more+`}}`, "BDC_9102", "name")
				below := h.create(entity, `{"name":"Top","`+parent+`":"`+top+`"`+more+`}`)
				if below.text(parent) != top || below.text("mergedIntoId") != null || below.text("description") != "null" {
					h.t.Error(below.raw)
				}
				h.refused("Crud/Update/"+entity, `{"obj":{"id":"`+top+`","`+parent+`":"`+below.text("id")+`"}}`, "BDC_1143", parent+": ")
				h.refused("Crud/Update/"+entity, `{"obj":{"id":"`+below.text("id")+`","`+parent+`":null}}`, "BDC_9102")
				h.ok("Crud/Update/"+entity, `{"obj":{"id":"`+below.text("id")+`","name":"Below","description":"d"}}`)
				h.ok("Crud/Delete/"+entity, `{"id":"`+top+`"}`)
				h.made(entity, `{"name":"Top"`+more+`}`)
				h.refused("Crud/Undelete/"+entity, `{"id":"`+top+`"}`, "BDC_9102")
				h.refused("Crud/Create/"+entity, `{"obj":{}}`, "BDC_1117", "name")
			})
		}
		h.run("3.14: account types", func(h *house) {
			h.refused("Crud/Create/ChartOfAccount", `{"obj":{"name":"x"}}`, "BDC_1117", "accountType")
			h.refused("Crud/Create/ChartOfAccount", `{"obj":{"name":"x","accountType":17}}`, "BDC_1119", "accountType, 17")
			h.create("ChartOfAccount", `{"name":"Bare","accountType":0}`)
			ap := h.list("ChartOfAccount", "name", "=", `"accounts payable"`)[0].text("id")
			h.refused("Crud/Delete/ChartOfAccount", `{"id":"`+ap+`"}`, "BDC_1143", "isActive: ")
		})
	})
}
