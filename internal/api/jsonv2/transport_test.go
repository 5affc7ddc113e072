package jsonv2_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/api/problem"
)

// send makes a request by hand: pairs of headers follow the body.
func (h *house) send(method, target, body string, headers ...string) answer {
	h.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return h.serve(r)
}

const formType = "application/x-www-form-urlencoded"

// credentials are the session's parameters, encoded.
func (h *house) credentials() string {
	return url.Values{"devKey": {h.key}, "sessionId": {h.session}}.Encode()
}

// parts is a multipart body of fields given as names and values, with its type.
func parts(t testing.TB, pairs ...string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := w.WriteField(pairs[i], pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestTransport(t *testing.T) {
	t.Parallel()
	h := sqliteHouse(t)
	cred := h.credentials()
	is := func(h *house, a answer, status int, code string) {
		h.t.Helper()
		if a.status != status || a.code != code {
			h.t.Errorf("got %d %q, want %d %q: %.200s", a.status, a.code, status, code, a.raw)
		}
	}
	h.run("V2-001: an unknown path", func(h *house) {
		for _, p := range []string{"/api/v2/Nope.json", "/api/v2/", "/api/v2", "/api/v2/Crud/Create/Vendor", "/api/v2/List/Vendor", "/api/v2/Login",
			"/api/v2/Crud/Create/Vendor/x.json", "/api/v2/Bulk/Crud/Create.json", "/api/v2/Bulk/List/Read/Vendor.json"} {
			is(h, h.send("POST", p, ""), 404, "BDC_1121")
		}
		is(h, h.send("POST", "/api/v9/Login.json", ""), 404, "BDC_1003")
		is(h, h.send("POST", "/api/v3/Login.json", ""), 404, "BDC_1005")
		is(h, h.send("POST", "/api/", ""), 404, "BDC_1003")
	})
	h.run("V2-002: lower case", func(h *house) {
		is(h, h.send("POST", "/api/v2/login.json", ""), 404, "BDC_1121")
		is(h, h.send("POST", "/api/v2/crud/Create/Vendor.json", ""), 404, "BDC_1121")
		is(h, h.send("POST", "/api/v2/Crud/create/Vendor.json", cred, "Content-Type", formType), 200, "BDC_1115")
	})
	h.run("V2-003: two slashes", func(h *house) {
		login := url.Values{"devKey": {h.key}, "userName": {h.email}, "password": {password}, "orgId": {string(h.org)}}.Encode()
		is(h, h.send("POST", "/api/v2//Login.json", login, "Content-Type", formType), 200, "")
		is(h, h.send("POST", "//api//v2///Crud//Read/Vendor.json", cred, "Content-Type", formType), 200, "BDC_1117")
	})
	h.run("V2-004: methods", func(h *house) {
		for _, m := range []string{"GET", "PUT", "DELETE", "HEAD", "PATCH"} {
			r := httptest.NewRequest(m, "/api/v2/Crud/Create/Vendor.json?"+cred, nil)
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, r)
			if w.Code != 405 || w.Header().Get("Allow") != "POST" {
				h.t.Errorf("%s: %d, Allow %q", m, w.Code, w.Header().Get("Allow"))
			}
			is(h, parse(h.t, w), 405, "BDC_1121")
		}
		for _, p := range []string{"List/Vendor.json", "CurrentTime.json", "GetSessionInfo.json", "Errors.json", "GetEntityMetadata.json"} {
			is(h, h.send("GET", "/api/v2/"+p+"?"+cred, ""), 200, "")
		}
		is(h, h.send("GET", "/api/v2/Login.json", ""), 405, "BDC_1121")
	})
	h.run("V2-005 V2-006 V2-007: the envelope", func(h *house) {
		ok, bad := h.ok("CurrentTime", ""), h.refused("Crud/Read/Vendor", "{}", "BDC_1117")
		if !strings.HasPrefix(ok.raw, `{"response_status":0,"response_message":"Success","response_data":`) ||
			!strings.HasPrefix(bad.raw, `{"response_status":1,"response_message":"Error","response_data":{"error_code":"BDC_1117","error_message":"`) ||
			ok.header.Get("Content-Type") != "application/json;charset=UTF-8" {
			h.t.Errorf("%s\n%s", ok.raw, bad.raw)
		}
	})
	h.run("V2-008: credentials in the query", func(h *house) {
		is(h, h.send("POST", "/api/v2/List/Vendor.json?"+cred, "data=%7B%7D", "Content-Type", formType), 200, "")
	})
	h.run("V2-009: everything in the query", func(h *house) {
		is(h, h.send("POST", "/api/v2/Crud/Read/Vendor.json?"+cred+"&data=%7B%22id%22:%22x%22%7D", ""), 200, "BDC_1119")
	})
	h.run("V2-010: multipart", func(h *house) {
		body, kind := parts(h.t, "devKey", h.key, "sessionId", h.session, "data", `{"obj":{"name":"Parts"}}`)
		is(h, h.send("POST", "/api/v2/Crud/Create/Vendor.json", body, "Content-Type", kind), 200, "")
	})
	h.run("V2-011: a JSON body", func(h *house) {
		is(h, h.send("POST", "/api/v2/Crud/Create/Vendor.json", fmt.Sprintf(`{"devKey":%q,"sessionId":%q,"data":{"obj":{"name":"Body"}}}`, h.key, h.session),
			"Content-Type", "application/json; charset=utf-8"), 200, "")
		is(h, h.send("POST", "/api/v2/Crud/Create/Vendor.json", fmt.Sprintf(`{"devKey":%q,"sessionId":%q,"data":"{\"obj\":{\"name\":\"Text\"}}"}`, h.key, h.session),
			"Content-Type", "application/json"), 200, "")
		is(h, h.send("POST", "/api/v2/Login.json", fmt.Sprintf(`{"devKey":%q,"userName":%q,"password":%q,"orgId":%q}`, h.key, h.email, password, h.org),
			"Content-Type", "application/json"), 200, "")
		is(h, h.send("POST", "/api/v2/List/Vendor.json", `[1`, "Content-Type", "application/json"), 200, "BDC_1122")
	})
	h.run("V2-012: the body wins", func(h *house) {
		is(h, h.send("POST", "/api/v2/List/Vendor.json?sessionId=nonsense", cred, "Content-Type", formType), 200, "")
		is(h, h.send("POST", "/api/v2/List/Vendor.json?"+cred, "sessionId=nonsense", "Content-Type", formType), 200, "BDC_1109")
		is(h, h.send("POST", "/api/v2/List/Vendor.json?", cred+"&sessionId=nonsense", "Content-Type", formType), 200, "")
	})
	h.run("1.2.9: headers", func(h *house) {
		is(h, h.send("POST", "/api/v2/List/Vendor.json", "", "devKey", h.key, "sessionId", h.session), 200, "")
	})
	h.run("1.2.9: a cookie", func(h *house) {
		in := h.form("Login.json", "devKey", h.key, "userName", h.email, "password", password, "orgId", string(h.org))
		is(h, in, 200, "")
		sid := in.text("sessionId")
		set := in.header.Get("Set-Cookie")
		if set != "sid="+sid+"; Path=/api/v2; HttpOnly; SameSite=Strict" {
			h.t.Errorf("Set-Cookie: %s", set)
		}
		key := "devKey=" + h.key
		is(h, h.send("POST", "/api/v2/List/Vendor.json", key, "Content-Type", formType, "Cookie", "sid="+sid), 200, "")
		is(h, h.send("POST", "/api/v2/List/Vendor.json", key, "Content-Type", formType, "Cookie", "sid="+sid+";"), 200, "")
		is(h, h.send("POST", "/api/v2/List/Vendor.json", "", "Content-Type", formType, "Cookie", "sid="+sid), 200, "BDC_1178")
		is(h, h.send("POST", "/api/v2/List/Vendor.json", key+"&sessionId=nonsense", "Content-Type", formType, "Cookie", "sid="+sid), 200, "BDC_1109")
		is(h, h.send("POST", "/api/v2/List/Vendor.json", key, "Content-Type", formType, "Cookie", "undefined"), 200, "BDC_1108")
	})
	h.run("V2-013: no JSON", func(h *house) { h.refused("List/Vendor", "not json", "BDC_1122") })
	h.run("V2-014: a list", func(h *house) { h.refused("List/Vendor", "[1]", "BDC_1122") })
	h.run("V2-015: a slip of clients", func(h *house) { h.refused("List/Vendor", "[object Object]", "BDC_1122") })
	h.run("V2-016: no data", func(h *house) {
		a := h.form("List/Vendor.json", "devKey", h.key, "sessionId", h.session)
		is(h, a, 200, "")
		_ = a.rows()
	})
	h.run("1.2.12: null for no data", func(h *house) {
		is(h, h.form("GetSessionInfo.json", "devKey", h.key, "sessionId", h.session, "data", "null"), 200, "")
		is(h, h.form("Crud/Read/Vendor.json", "devKey", h.key, "sessionId", h.session, "data", "null"), 200, "BDC_1117")
	})
	h.run("V2-017: no Content-Type", func(h *house) {
		is(h, h.send("POST", "/api/v2/List/Vendor.json", cred), 200, "")
		is(h, h.send("POST", "/api/v2/List/Vendor.json", cred, "Content-Type", "text/plain"), 200, "")
	})
	h.run("V2-018: an exclamation mark", func(h *house) {
		if !strings.Contains(h.session, "!") {
			h.t.Fatalf("session %q", h.session)
		}
		raw := "devKey=" + h.key + "&sessionId=" + h.session
		is(h, h.send("POST", "/api/v2/List/Vendor.json", raw, "Content-Type", formType), 200, "")
		is(h, h.send("POST", "/api/v2/List/Vendor.json", strings.ReplaceAll(raw, "!", "%21"), "Content-Type", formType), 200, "")
	})
	h.run("an escape that is none", func(h *house) {
		a := h.send("POST", "/api/v2/Crud/Create/Vendor.json", cred+`&data={"obj":{"name":"100% wool+silk"}}`, "Content-Type", formType)
		if a.text("name") != "100% wool silk" {
			h.t.Error(a.raw)
		}
	})
	h.run("1.2.14: too large", func(h *house) {
		a := h.send("POST", "/api/v2/List/Vendor.json", cred+"&data="+strings.Repeat(" ", 3<<20), "Content-Type", formType)
		is(h, a, 413, "BDC_9056")
		r := httptest.NewRequest("POST", "/api/v2/List/Vendor.json", &endless{n: 3 << 20})
		r.ContentLength = -1
		is(h, h.serve(r), 413, "BDC_9056")
	})
	h.run("6.3: the session comes before the form", func(h *house) {
		o := *h
		o.session = "nonsense"
		for _, data := range []string{"not json", "{}", `{"id":"x"}`, `{"obj":{}}`} {
			for _, p := range []string{"Crud/Create/Vendor", "Crud/Read/Vendor", "Crud/Update/Bill", "List/Vendor", "Bulk/Crud/Create/Vendor"} {
				o.refused(p, data, "BDC_1109", "Session is invalid")
			}
		}
		h.store.Clock.Advance(36 * 60e9)
		for _, p := range []string{"Crud/Create/Vendor", "Crud/Read/Vendor", "List/Vendor", "Bulk/Crud/Create/Vendor", "GetEntityMetadata", "Enum", "CurrentTime"} {
			h.refused(p, `{"max":0,"entity":"Nope"}`, "BDC_1109")
		}
	})
}

// endless is a body of n blanks whose length nobody knows.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	n := min(len(p), e.n)
	for i := range p[:n] {
		p[i] = 'a'
	}
	e.n -= n
	if n == 0 {
		return 0, http.ErrBodyReadAfterClose
	}
	return n, nil
}

func TestV2_131(t *testing.T) {
	t.Parallel()
	h := sqliteHouse(t)
	a := h.ok("GetEntityMetadata", `{}`)
	for path, want := range map[string]string{"Vendor.fields.name.required": "true", "Vendor.fields.name.maxLength": "100", "Vendor.fields.name.type": "string",
		"Vendor.fields.isActive.enumValues.2": "INACTIVE", "Vendor.fields.email.filterable": "", "Vendor.fields.createdTime.readOnly": "true",
		"Vendor.fields.eBillEligible.type": "boolean", "Bill.fields.billLineItems.type": "list", "Bill.fields.amount.type": "decimal",
		"Vendor.fields.networkStatus.enumValues.2": "CONNECTED"} {
		if got := a.text(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if one := h.ok("GetEntityMetadata", `{"entity":"Vendor"}`); len(one.data.(map[string]any)) != 1 {
		t.Error(one.raw)
	}
	if two := h.ok("GetEntityMetadata", `{"entities":["Vendor","Bill"]}`); len(two.data.(map[string]any)) != 2 {
		t.Error(two.raw)
	}
	if one := h.ok("GetEntityMetadata", `{"entity":["Bill"]}`); len(one.data.(map[string]any)) != 1 || one.at("Bill.fields") == nil {
		t.Errorf("%s", one.raw)
	}
	h.refused("GetEntityMetadata", `{"entity":"Widget"}`, "BDC_1114")
	h.refused("GetEntityMetadata", `{"entity":["Widget"]}`, "BDC_1114")
	if e := h.ok("Enum", ``); !strings.Contains(e.raw, `"BillLineItem.lineType":{"1":"EXPENSE","2":"ITEM"}`) {
		t.Error(e.raw)
	}
}

func TestV2_132(t *testing.T) {
	t.Parallel()
	h := sqliteHouse(t)
	a := h.send("POST", "/api/v2/Errors.json", "")
	codes := column(a.rows(), "error_code")
	if !slices.IsSorted(codes) {
		t.Errorf("not sorted: %v", codes)
	}
	for _, c := range problem.V2 {
		if !slices.Contains(codes, c.Code) {
			t.Errorf("%s is not listed", c.Code)
		}
	}
}

func TestV2_133(t *testing.T) {
	t.Parallel()
	h := sqliteHouse(t)
	if now := h.ok("CurrentTime", "").text("currentTime"); now != "2026-11-23T17:00:00.000+0000" {
		t.Error(now)
	}
}

func TestV2_134(t *testing.T) {
	t.Parallel()
	h := sqliteHouse(t)
	cred := h.credentials()
	for name, body := range map[string]string{
		"a null byte":            cred + "&data={\"obj\":{\"name\":\"a\x00b\"}}",
		"an escaped null byte":   cred + `&data={"obj":{"name":"a%00b"}}`,
		"a null character":       cred + `&data={"obj":{"name":"a\u0000b"}}`,
		"5,000 levels":           cred + "&data=" + strings.Repeat(`{"obj":`, 5000) + strings.Repeat("}", 5000),
		"5,000 lists":            cred + "&data={\"obj\":" + strings.Repeat("[", 5000),
		"3 MiB":                  cred + "&data=" + strings.Repeat("x", 3<<20),
		"half an escape":         cred + "&data=%7",
		"a null byte in the key": "devKey=%00&sessionId=%00&data={}",
		"bytes that are no text": "devKey=" + h.key + "&sessionId=%ff%fe&data=%ff",
	} {
		a := h.send("POST", "/api/v2/Crud/Create/Vendor.json", body, "Content-Type", formType)
		if !a.failed {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
	for _, value := range []string{`"a\u0000"`, `["\u0000"]`, `{}`, `[[]]`, `[{}]`, `1e400`, `-0`, `"` + strings.Repeat("9", 400) + `"`} {
		for _, f := range []string{"name", "vendorId", "createdTime", "dueDate", "amount", "isActive", "invoiceNumber"} {
			for _, op := range []string{"=", "in", "sw", ">=", "nin", "!="} {
				for _, e := range []string{"Vendor", "Bill"} {
					if a := h.call("List/"+e, `{"filters":[`+filters(f, op, value)+`]}`); a.status != 200 || a.code == "BDC_1001" {
						t.Errorf("%s %s %s %s: %s", e, f, op, value, a.raw)
					}
				}
			}
		}
	}
	login := url.Values{"devKey": {h.key}, "userName": {"a\x00@b\xff"}, "password": {"\x00\xff"}, "orgId": {"\x00"}}.Encode()
	if a := h.send("POST", "/api/v2/Login.json", login, "Content-Type", formType); !a.failed || a.code == "BDC_1001" {
		t.Error(a.raw)
	}
}
