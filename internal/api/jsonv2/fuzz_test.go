package jsonv2_test

import (
	"bytes"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzForm posts any bytes as a form: whatever they are, an envelope comes back and no session is opened by them.
func FuzzForm(f *testing.F) {
	h := sqliteHouse(f)
	for _, s := range []string{"", "a=b&c", "%", "%4", "%zz=%00", "data={}&data=[]", h.credentials(), h.credentials() + `&data={"obj":{"name":"x"}}`,
		"devKey=&devKey=x&&&=", "sessionId=%ff+%21"} {
		f.Add(s, "")
		f.Add("", s)
	}
	f.Fuzz(func(t *testing.T, body, query string) {
		o := *h
		o.t = t
		r := httptest.NewRequest("POST", "/api/v2/Crud/Read/Vendor.json", strings.NewReader(body))
		r.URL.RawQuery = query
		if a := o.serve(r); a.status != 200 || !a.failed || a.code == "BDC_1001" {
			t.Fatalf("%d %s", a.status, a.raw)
		}
	})
}

// FuzzData gives any text as data to the operations: an envelope, and never a failure of ours.
func FuzzData(f *testing.F) {
	h := sqliteHouse(f)
	v := h.made("Vendor", `{"name":"Harbor"}`)
	b := h.made("Bill", bill(v, "1", `{"amount":1}`))
	for _, s := range []string{`{"obj":{"name":"x"}}`, `{"obj":` + bill(v, "2", `{"quantity":2,"unitPrice":"1e3"}`) + `,"allowDuplicateInvNum":1}`,
		`{"obj":{"id":"` + b + `","billLineItems":[{"id":null,"amount":-0.005}],"isActive":2,"exchangeRate":null}}`, `{"bulk":[{},{"obj":{}},[]]}`,
		`{"id":"` + v + `"}`, `{"obj":{"track1099":"1","vcardEnrollDate":"2026-01-01T00:00:00.000+0000","acctBalance":1e20,"lastAcctBalanceUpdate":"x"}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		o := *h
		o.t = t
		for _, p := range []string{"Crud/Create/Vendor", "Crud/Update/Vendor", "Crud/Create/Bill", "Crud/Update/Bill", "Bulk/Crud/Update/Bill", "Crud/Create/Department",
			"GetEntityMetadata", "GetDocuments"} {
			if a := o.call(p, data); a.status != 200 || a.code == "BDC_1001" {
				t.Fatalf("%s: %d %s", p, a.status, a.raw)
			}
		}
	})
}

// FuzzFilter lists by any field, operator and value, which is given as JSON.
func FuzzFilter(f *testing.F) {
	h := sqliteHouse(f)
	v := h.made("Vendor", `{"name":"Harbor"}`)
	h.made("Bill", bill(v, "1", `{"amount":1}`))
	for _, x := range [][4]string{{"name", "=", `"x"`, "name"}, {"updatedTime", ">=", `"2026-01-01T00:00:00.000 0000"`, "createdTime"}, {"amount", "in", `"1,2"`, "amount"},
		{"isActive", "nin", `[1,"2"]`, "id"}, {"invoiceNumber", "sw", `"1"`, "dueDate"}, {"jobId", "=", `null`, ""}, {"departmentId", "in", `"` + v + `"`, "x"}} {
		f.Add(x[0], x[1], x[2], x[3])
	}
	f.Fuzz(func(t *testing.T, field, op, value, sort string) {
		o := *h
		o.t = t
		quote := func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
		data := `{"filters":[{"field":` + quote(field) + `,"op":` + quote(op) + `,"value":` + value + `}],"sort":[{"field":` + quote(sort) + `}]}`
		for _, p := range []string{"List/Bill", "List/Vendor"} {
			if a := o.call(p, data); a.status != 200 || a.code == "BDC_1001" {
				t.Fatalf("%s: %d %s", data, a.status, a.raw)
			}
		}
	})
}

// FuzzUpload posts any bytes as a multipart form.
func FuzzUpload(f *testing.F) {
	h := sqliteHouse(f)
	var b bytes.Buffer
	b.WriteString("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc\r\n--x\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n" +
		`{"fileName":"a.txt"}` + "\r\n--x--\r\n")
	f.Add(b.String(), "multipart/form-data; boundary=x")
	f.Add("--x\r\n\r\n", "multipart/form-data; boundary=x")
	f.Add("", "multipart/form-data")
	f.Add(`{"data":{"fileName":"a"}}`, "application/json")
	query := url.Values{"devKey": {h.key}, "sessionId": {h.session}}.Encode()
	f.Fuzz(func(t *testing.T, body, kind string) {
		o := *h
		o.t = t
		r := httptest.NewRequest("POST", "/api/v2/UploadAttachment.json?"+query, strings.NewReader(body))
		r.Header["Content-Type"] = []string{kind}
		if a := o.serve(r); a.status != 200 || a.code == "BDC_1001" {
			t.Fatalf("%d %s", a.status, a.raw)
		}
	})
}
