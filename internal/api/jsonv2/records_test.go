package jsonv2_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestV2_042(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.create("Vendor", `{"entity":"Vendor","name":"Harbor Tool Rental"}`)
		for path, want := range map[string]string{"entity": "Vendor", "payBy": "0", "isActive": "1", "mergedIntoId": null, "address1": "null",
			"nameOnCheck": "Harbor Tool Rental", "balance": "0.00", "vendorBankAccountStatus": "-1", "billCurrency": "USD", "sendNotifications": "true",
			"networkStatus": "null", "eBillEligible": "false", "createdTime": v.text("updatedTime")} {
			if got := v.text(path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		if id := v.text("id"); !strings.HasPrefix(id, "009") || len(id) != 20 {
			t.Errorf("id %q", id)
		}
		if !strings.Contains(v.raw, `"response_data":{"entity":"Vendor","id":"009`) {
			t.Errorf("1.4.2: %.120s", v.raw)
		}
	})
}

func TestVendors(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.run("V2-043: without name", func(h *house) { h.refused("Crud/Create/Vendor", `{"obj":{}}`, "BDC_1117", "name") })
		h.run("V2-044: a name of 101 characters", func(h *house) {
			h.refused("Crud/Create/Vendor", `{"obj":{"name":"`+strings.Repeat("n", 101)+`"}}`, "BDC_1143", "name: ")
			h.create("Vendor", `{"name":"`+strings.Repeat("é", 100)+`"}`)
		})
		first := h.made("Vendor", `{"name":"Nadeln GmbH"}`)
		h.run("V2-045: a name twice", func(h *house) {
			h.refused("Crud/Create/Vendor", `{"obj":{"name":"nadeln GMBH"}}`, "BDC_9102", "name")
			other := h.made("Vendor", `{"name":"Other"}`)
			h.refused("Crud/Update/Vendor", `{"obj":{"id":"`+other+`","name":"Nadeln GmbH"}}`, "BDC_9102")
			h.ok("Crud/Delete/Vendor", `{"id":"`+first+`"}`)
			h.ok("Crud/Update/Vendor", `{"obj":{"id":"`+other+`","name":"Nadeln GmbH"}}`)
			h.refused("Crud/Undelete/Vendor", `{"id":"`+first+`"}`, "BDC_9102")
		})
		h.run("V2-046: another entity", func(h *house) {
			h.refused("Crud/Create/Vendor", `{"obj":{"entity":"Bill","name":"E"}}`, "BDC_1118")
		})
		h.run("V2-047: no entity", func(h *house) { h.create("Vendor", `{"name":"No entity"}`) })
		h.run("V2-048: isActive as a number", func(h *house) {
			if got := h.create("Vendor", `{"name":"Number","isActive":1}`); !strings.Contains(got.raw, `"isActive":"1"`) {
				h.t.Error(got.raw)
			}
		})
		h.run("V2-049: isActive 9", func(h *house) {
			h.refused("Crud/Create/Vendor", `{"obj":{"name":"Nine","isActive":"9"}}`, "BDC_1119", "isActive", "9")
		})
		h.run("V2-050: a flag that is none", func(h *house) {
			h.refused("Crud/Create/Vendor", `{"obj":{"name":"Yes","track1099":"yes"}}`, "BDC_1124", "track1099")
			for i, v := range []string{"true", `"true"`, "1", `"1"`} {
				if got := h.create("Vendor", fmt.Sprintf(`{"name":"Flag %d","track1099":%s}`, i, v)); got.text("track1099") != "true" {
					h.t.Errorf("%s: %s", v, got.text("track1099"))
				}
			}
		})
		h.run("V2-051: an unknown member", func(h *house) {
			h.refused("Crud/Create/Vendor", `{"obj":{"nmae":"Mistyped"}}`, "BDC_1002", "nmae")
			h.refused("Crud/Create/Vendor", `{"obj":{"name":"Mistyped","nmae":"Mistyped"}}`, "BDC_1002", "nmae")
			id := h.made("Vendor", `{"name":"Typed"}`)
			h.ok("Crud/Update/Vendor", `{"obj":{"id":"`+id+`","nmae":"x"}}`)
			h.ok("Bulk/Crud/Create/Vendor", `{"bulk":[{"obj":{"name":"In bulk","nmae":"x"}}]}`)
		})
		h.run("V2-052: members of other generations", func(h *house) {
			h.create("Vendor", `{"name":"Ext","externalId":"e-1","integrationId":"i","lastSyncTime":null,"allowExport":true,"cdFieldId7":"x","eBillEligible":true}`)
		})
		h.run("a currency that is not kept", func(h *house) {
			h.refused("Crud/Create/Vendor", `{"obj":{"name":"EUR","billCurrency":"EUR"}}`, "BDC_1143", "billCurrency: ")
			h.create("Vendor", `{"name":"USD","billCurrency":"USD"}`)
		})
		h.run("members that are kept", func(h *house) {
			v := h.create("Vendor", `{"name":"Kept","eBillEligible":true,"remitEmail":"a\"b","unmodifiedBillsCount":"3","since":2020,"largeBillerId":"`+first+
				`","acctBalance":"1.005","payDaysBefore":2,"taxIdType":2,"contactFirstName":"Zoë","paymentEmail":"z@x.example"}`)
			for path, want := range map[string]string{"eBillEligible": "true", "remitEmail": `a"b`, "unmodifiedBillsCount": "3", "since": "2020",
				"largeBillerId": first, "acctBalance": "1.01", "payDaysBefore": "2", "taxIdType": "2", "contactFirstName": "Zoë", "autoSave": "null"} {
				if got := v.text(path); got != want {
					h.t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
			v = h.ok("Crud/Update/Vendor", `{"obj":{"id":"`+v.text("id")+`","eBillEligible":false,"remitEmail":null,"since":""}}`)
			if v.text("eBillEligible") != "false" || v.text("remitEmail") != "null" || v.text("since") != "null" || v.text("acctBalance") != "1.01" {
				h.t.Error(v.raw)
			}
			h.refused("Crud/Update/Vendor", `{"obj":{"id":"`+v.text("id")+`","eBillEligible":"perhaps"}}`, "BDC_1124", "eBillEligible")
		})
		h.run("a payment term that is none", func(h *house) {
			h.refused("Crud/Create/Vendor", `{"obj":{"name":"Term","paymentTermId":"`+first+`"}}`, "BDC_1119", "Invalid field,value: paymentTermId")
		})
		h.run("an address that is none", func(h *house) {
			h.refused("Crud/Create/Vendor", `{"obj":{"name":"Mail","email":"nowhere"}}`, "BDC_1143", "email: ")
		})
	})
}

func TestAddressing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.made("Vendor", `{"name":"One"}`)
		unknown := "00901ABCDEFGHIJ0000z"
		h.run("V2-053: an unknown id", func(h *house) {
			h.refused("Crud/Read/Vendor", `{"id":"`+unknown+`"}`, "BDC_1119", "Invalid field,value: id", unknown)
		})
		h.run("V2-054: an id of 19 characters", func(h *house) {
			h.refused("Crud/Read/Vendor", `{"id":"`+unknown[:19]+`"}`, "BDC_1119", "Invalid field,value: id")
		})
		h.run("V2-055: an id of another entity", func(h *house) {
			h.refused("Crud/Read/Bill", `{"id":"`+v+`"}`, "BDC_1119", "Invalid field,value: id")
		})
		h.run("V2-056: an id of another organisation", func(h *house) {
			o := h.other()
			o.refused("Crud/Read/Vendor", `{"id":"`+v+`"}`, "BDC_1119", "Invalid field,value: id, "+v)
			o.refused("Crud/Update/Vendor", `{"obj":{"id":"`+v+`","name":"Mine"}}`, "BDC_1119", "Invalid field,value: id, "+v)
			o.refused("Crud/Delete/Vendor", `{"id":"`+v+`"}`, "BDC_1119")
			if rows := o.list("Vendor", "id", "=", `"`+v+`"`); len(rows) != 0 {
				h.t.Error("listed")
			}
		})
		h.run("V2-057: read without id", func(h *house) { h.refused("Crud/Read/Vendor", `{}`, "BDC_1117", "id") })
		h.run("V2-058: update without id", func(h *house) {
			h.refused("Crud/Update/Vendor", `{"obj":{"name":"x"}}`, "BDC_1117", "id")
			h.refused("Crud/Update/Vendor", `{"obj":{"name":"x","id":"`+null+`"}}`, "BDC_1117", "id")
			h.refused("Crud/Update/Vendor", `{"id":"`+v+`"}`, "BDC_1117", "obj")
			h.refused("Crud/Update/Vendor", `{"obj":[]}`, "BDC_1117", "obj")
		})
		h.run("V2-064", func(h *house) { h.refused("Crud/Create/Widget", `{}`, "BDC_1114") })
		h.run("V2-065", func(h *house) { h.refused("Crud/Burn/Vendor", `{}`, "BDC_1115") })
		h.run("V2-066", func(h *house) { h.refused("Crud/Create/SentPay", `{}`, "BDC_1116") })
		h.run("V2-067", func(h *house) { h.refused("Crud/Create/BillLineItem", `{}`, "BDC_1116") })
		h.run("6.3: types come before references", func(h *house) {
			h.refused("Crud/Update/Vendor", `{"obj":{"id":"`+unknown+`","track1099":"yes","mergedIntoId":7}}`, "BDC_1124", "track1099")
			h.refused("Crud/Create/Vendor", `{"obj":{"name":"a","track1099":"yes","phone":{},"shortName":"`+strings.Repeat("s", 41)+`"}}`, "BDC_1124", "track1099: ", "phone: ")
			h.refused("Crud/Create/Vendor", `{"obj":{"name":"a","isActive":"9","shortName":"`+strings.Repeat("s", 41)+`"}}`, "BDC_1143", "shortName: ")
		})
	})
}

func TestUpdates(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.create("Vendor", `{"name":"Whole","phone":"1","email":"a@b.example","track1099":true,"address1":"Pier 1"}`)
		id := v.text("id")
		h.store.Clock.Advance(time.Minute)
		h.run("V2-059: the whole record sent back changes nothing", func(h *house) {
			whole, _ := json.Marshal(h.read("Vendor", id).data)
			after := h.ok("Crud/Update/Vendor", `{"obj":`+string(whole)+`}`)
			if after.raw != h.read("Vendor", id).raw || after.text("updatedTime") != v.text("updatedTime") {
				h.t.Errorf("%s\n%s", v.raw, after.raw)
			}
		})
		h.run("V2-060: a field is cleared", func(h *house) {
			after := h.ok("Crud/Update/Vendor", `{"obj":{"id":"`+id+`","phone":""}}`)
			if after.text("phone") != "null" || after.text("email") != "a@b.example" || after.text("updatedTime") == v.text("updatedTime") {
				h.t.Error(after.raw)
			}
			h.refused("Crud/Update/Vendor", `{"obj":{"id":"`+id+`","name":null}}`, "BDC_1117", "name")
		})
		h.run("V2-061: createdTime is ignored", func(h *house) {
			after := h.ok("Crud/Update/Vendor", `{"obj":{"id":"`+id+`","createdTime":"2001-01-01T00:00:00.000+0000","balance":"x"}}`)
			if after.text("createdTime") != v.text("createdTime") {
				h.t.Error(after.raw)
			}
		})
		h.run("V2-062: delete and undelete", func(h *house) {
			del := h.ok("Crud/Delete/Vendor", `{"id":"`+id+`"}`)
			if del.text("isActive") != "2" || h.read("Vendor", id).text("isActive") != "2" {
				h.t.Error(del.raw)
			}
			h.store.Clock.Advance(time.Minute)
			h.run("V2-063: twice", func(h *house) {
				if again := h.ok("Crud/Delete/Vendor", `{"id":"`+id+`"}`); again.text("updatedTime") != del.text("updatedTime") {
					h.t.Error(again.raw)
				}
			})
			if un := h.ok("Crud/Undelete/Vendor", `{"id":"`+id+`"}`); un.text("isActive") != "1" {
				h.t.Error(un.raw)
			}
			if off := h.ok("Crud/Update/Vendor", `{"obj":{"id":"`+id+`","isActive":2}}`); off.text("isActive") != "2" {
				h.t.Error(off.raw)
			}
		})
	})
}

// bill is a bill of the vendor with that number and these lines.
func bill(vendor, number string, lines ...string) string {
	return `{"entity":"Bill","vendorId":"` + vendor + `","invoiceNumber":"` + number +
		`","invoiceDate":"2026-11-02","dueDate":"2026-12-01","billLineItems":[` + strings.Join(lines, ",") + `]}`
}

func TestBills(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.made("Vendor", `{"name":"Harbor"}`)
		h.run("V2-068: two lines", func(h *house) {
			b := h.create("Bill", bill(v, "A-1", `{"entity":"BillLineItem","amount":200}`, `{"entity":"billLineItem","amount":"400.00"}`))
			for path, want := range map[string]string{"amount": "600.00", "dueAmount": "600.00", "paidAmount": "null", "approvalStatus": "0", "paymentStatus": "1",
				"billLineItems.1.lineOrder": "1", "billLineItems.0.amount": "200.00", "multipleBillLineItems": "true", "expense.count": "2",
				"expense.totalAmount": "600.00", "item.count": "0", "orgId": string(h.org), "organizationName": "Acme", "createdBy": string(h.user),
				"billLineItems.0.billId": b.text("id"), "billLineItems.0.entity": "BillLineItem", "fullPaymentDate": "null"} {
				if got := b.text(path); got != want {
					h.t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
			h.run("V2-080: the posting date is the invoice's", func(h *house) {
				if b.text("glPostingDate") != "2026-11-02" {
					h.t.Error(b.text("glPostingDate"))
				}
			})
			if balance := h.read("Vendor", v).text("balance"); balance != "600.00" {
				h.t.Errorf("balance %s", balance)
			}
		})
		h.run("V2-069: quantity times price", func(h *house) {
			b := h.create("Bill", bill(v, "A-2", `{"quantity":2,"unitPrice":200}`, `{"quantity":"3","unitPrice":"0.333333","amount":0.5}`, `{"amount":1.5E2}`))
			if b.text("amount") != "550.50" || b.text("billLineItems.0.amount") != "400.00" || b.text("billLineItems.1.unitPrice") != "0.333333" {
				h.t.Error(b.raw)
			}
		})
		h.run("V2-070: a line without amount", func(h *house) {
			h.refused("Crud/Create/Bill", `{"obj":`+bill(v, "A-3", `{"description":"x"}`)+`}`, "BDC_1117", "amount")
		})
		h.run("V2-071: no lines", func(h *house) {
			h.refused("Crud/Create/Bill", `{"obj":`+bill(v, "A-3")+`}`, "BDC_1117", "billLineItems")
			h.refused("Crud/Create/Bill", `{"obj":{"billLineItems":[{"amount":1}]}}`, "BDC_1117", "vendorId, invoiceNumber, invoiceDate, dueDate")
		})
		h.run("V2-072: a number of 22 characters", func(h *house) {
			h.refused("Crud/Create/Bill", `{"obj":`+bill(v, strings.Repeat("9", 22), `{"amount":1}`)+`}`, "BDC_1143", "invoiceNumber: ")
		})
		h.run("V2-073: a number twice", func(h *house) {
			h.create("Bill", bill(v, "K-77", `{"amount":1}`))
			for _, n := range []string{"K-77", "k-77", "K 77", "00K-77"} {
				a := h.refused("Crud/Create/Bill", `{"obj":`+bill(v, n, `{"amount":1}`)+`}`, "BDC_1171")
				if !strings.Contains(strings.ToLower(a.what), "duplicate") && !strings.Contains(a.what, "already exists") {
					h.t.Error(a.what)
				}
			}
			h.run("V2-074: allowed", func(h *house) {
				id := h.ok("Crud/Create/Bill", `{"obj":`+bill(v, "K-77", `{"amount":1}`)+`,"allowDuplicateInvNum":true}`).text("id")
				h.ok("Crud/Update/Bill", `{"obj":{"id":"`+id+`","description":"x"}}`)
				h.ok("Crud/Update/Bill", `{"obj":{"id":"`+id+`","invoiceNumber":"K-78"}}`)
				h.refused("Crud/Update/Bill", `{"obj":{"id":"`+id+`","invoiceNumber":"K-77"}}`, "BDC_1171")
			})
			other := h.made("Vendor", `{"name":"Quay"}`)
			h.create("Bill", bill(other, "K-77", `{"amount":1}`))
		})
		h.run("V2-075: a day that is none", func(h *house) {
			b := strings.Replace(bill(v, "A-5", `{"amount":1}`), "2026-12-01", "2031-02-30", 1)
			h.refused("Crud/Create/Bill", `{"obj":`+b+`}`, "BDC_1124", "dueDate: ")
		})
		h.run("V2-076: a date with an odd offset", func(h *house) {
			b := strings.Replace(bill(v, "A-6", `{"amount":1}`), "2026-11-02", "2031-03-02T00:00:00+08.00", 1)
			if got := h.create("Bill", b); got.text("invoiceDate") != "2031-03-02" {
				h.t.Error(got.raw)
			}
		})
		h.run("V2-077: an inactive vendor", func(h *house) {
			gone := h.made("Vendor", `{"name":"Gone"}`)
			h.ok("Crud/Delete/Vendor", `{"id":"`+gone+`"}`)
			h.refused("Crud/Create/Bill", `{"obj":`+bill(gone, "A-7", `{"amount":1}`)+`}`, "BDC_1143", "vendorId: ")
		})
		h.run("V2-078: an unknown account", func(h *house) {
			h.refused("Crud/Create/Bill", `{"obj":`+bill(v, "A-8", `{"amount":1,"chartOfAccountId":"0ca01AAAAAAAAAA00000"}`)+`}`, "BDC_1119",
				"Invalid field,value: chartOfAccountId, 0ca01AAAAAAAAAA00000")
			h.refused("Crud/Create/Bill", `{"obj":`+bill(v, "A-8", `{"amount":1,"chartOfAccountId":"abc"}`)+`}`, "BDC_1119", "chartOfAccountId, abc")
		})
		h.run("a total below zero", func(h *house) {
			h.refused("Crud/Create/Bill", `{"obj":`+bill(v, "A-9", `{"amount":1}`, `{"amount":-1.01}`)+`}`, "BDC_9045")
			h.create("Bill", bill(v, "A-9", `{"amount":1}`, `{"amount":-1}`))
		})
		h.run("another currency", func(h *house) {
			b := strings.TrimSuffix(bill(v, "A-10", `{"amount":1}`), "}")
			h.refused("Crud/Create/Bill", `{"obj":`+b+`,"exchangeRate":1.1}}`, "BDC_1143", "exchangeRate: ")
			if got := h.create("Bill", b+`,"exchangeRate":"1.0"}`); got.text("exchangeRate") != "1" {
				h.t.Error(got.text("exchangeRate"))
			}
		})
		h.run("6.3: an entity of a line that is another", func(h *house) {
			h.refused("Crud/Create/Bill", `{"obj":`+bill(v, "A-11", `{"entity":"Bill","amount":1}`)+`}`, "BDC_1118")
		})
	})
}

func TestBillUpdates(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.made("Vendor", `{"name":"Harbor"}`)
		dept := h.made("Department", `{"name":"Yard"}`)
		b := h.create("Bill", bill(v, "B-1", `{"amount":200,"description":"first","departmentId":"`+dept+`","cdFieldId1":"c","startDate":"2026-01-01"}`, `{"amount":400}`))
		id, l0, l1 := b.text("id"), b.text("billLineItems.0.id"), b.text("billLineItems.1.id")
		h.store.Clock.Advance(time.Minute)
		h.run("V2-059: the whole bill sent back", func(h *house) {
			whole, _ := json.Marshal(b.data)
			after := h.ok("Crud/Update/Bill", `{"obj":`+string(whole)+`}`)
			if after.raw != b.raw {
				h.t.Errorf("\n%s\n%s", b.raw, after.raw)
			}
		})
		h.run("V2-079: lines", func(h *house) {
			after := h.ok("Crud/Update/Bill", `{"obj":{"id":"`+id+`","description":"header only"}}`)
			if after.text("billLineItems.0.id") != l0 || after.text("billLineItems.1.id") != l1 || after.text("amount") != "600.00" {
				h.t.Error(after.raw)
			}
			after = h.ok("Crud/Update/Bill", `{"obj":{"id":"`+id+`","billLineItems":[{"id":"`+l1+`","amount":50},{"amount":7.5}]}}`)
			if len(after.at("billLineItems").([]any)) != 2 || after.text("billLineItems.0.id") != l1 || after.text("amount") != "57.50" ||
				after.text("billLineItems.1.id") == l0 {
				h.t.Error(after.raw)
			}
			h.refused("Crud/Update/Bill", `{"obj":{"id":"`+id+`","billLineItems":[{"id":"`+l0+`","amount":50}]}}`, "BDC_1119", "Invalid field,value: id, "+l0)
			h.refused("Crud/Update/Bill", `{"obj":{"id":"`+id+`","billLineItems":[]}}`, "BDC_1117", "billLineItems")
			h.refused("Crud/Update/Bill", `{"obj":{"id":"`+id+`","billLineItems":[{"id":"`+l1+`","amount":null}]}}`, "BDC_1117", "amount")
		})
		h.run("the ledger follows", func(h *house) {
			if got := h.payable(); got != "-57.50" {
				h.t.Errorf("accounts payable %s", got)
			}
			h.ok("Crud/Delete/Bill", `{"id":"`+id+`"}`)
			if got := h.payable(); got != "0.00" {
				h.t.Errorf("accounts payable %s", got)
			}
			h.ok("Crud/Undelete/Bill", `{"id":"`+id+`"}`)
			if got := h.payable(); got != "-57.50" {
				h.t.Errorf("accounts payable %s", got)
			}
		})
	})
}

func TestBulk(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.run("V2-095: one of three is bad", func(h *house) {
			a := h.ok("Bulk/Crud/Create/Vendor", `{"bulk":[{"obj":{"name":"a"}},{"obj":{}},{"obj":{"name":"c"}}]}`)
			var got []string
			for i := range 3 {
				got = append(got, a.text(fmt.Sprintf("bulk.%d.response_status", i)))
			}
			if !slices.Equal(got, []string{"0", "1", "0"}) || a.text("bulk.1.response_data.error_code") != "BDC_1117" || a.text("bulk.2.response_data.name") != "c" {
				h.t.Error(a.raw)
			}
			if n := len(h.list("Vendor")); n != 2 {
				h.t.Errorf("%d vendors", n)
			}
		})
		h.run("4.2.3: later members see the effects of earlier ones", func(h *house) {
			a := h.ok("Bulk/Crud/Create/Vendor", `{"bulk":[{"obj":{"name":"twice"}},{"obj":{"name":"TWICE"}},7]}`)
			if a.text("bulk.1.response_data.error_code") != "BDC_9102" || a.text("bulk.2.response_data.error_code") != "BDC_1117" {
				h.t.Error(a.raw)
			}
		})
		h.run("V2-096: 101 members", func(h *house) {
			h.refused("Bulk/Crud/Read/Vendor", `{"bulk":[`+strings.Repeat("{},", 100)+`{}]}`, "BDC_9201")
			h.refused("Bulk/Crud/Read/Vendor", `{"bulk":[]}`, "BDC_1117", "bulk")
			h.refused("Bulk/Crud/Read/Vendor", `{}`, "BDC_1117", "bulk")
		})
		h.run("V2-097: without .json", func(h *house) {
			if a := h.form("Bulk/Crud/Create/Vendor", "devKey", h.key, "sessionId", h.session, "data", `{"bulk":[{"obj":{"name":"bare"}}]}`); a.failed {
				h.t.Error(a.raw)
			}
		})
	})
}
