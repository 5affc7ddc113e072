package xmlv1_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/org"
)

const formType = "application/x-www-form-urlencoded"

// request is a whole document around inner.
func (h *house) request(inner string) string {
	return `<request version="1.0" applicationkey="` + h.key + `">` + inner + `</request>`
}

func (h *house) loginRequest() string {
	return h.request(`<login><username>` + h.email + `</username><password>` + password + `</password><orgID>` + string(h.org) + `</orgID></login>`)
}

// operation is an operation of the session as it stands in a document.
func (h *house) operation(inner string) string {
	return `<operation transactionId="t" sessionId="` + h.session + `">` + inner + `</operation>`
}

func TestTransport(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		ok := func(h *house, raw string) {
			h.t.Helper()
			if got := h.parse(raw).text("status"); got != "OK" {
				h.t.Errorf("status %q: %s", got, raw)
			}
		}
		h.run("V1-001 login form-encoded", func(h *house) {
			w := h.serve(formType, strings.NewReader(url.Values{"request": {h.loginRequest()}, "other": {"x"}}.Encode()))
			if got := w.Header().Get("Content-Type"); w.Code != 200 || got != "text/xml; charset=UTF-8" {
				h.t.Errorf("status %d, type %q", w.Code, got)
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				h.t.Errorf("Cache-Control %q", got)
			}
			ok(h, w.Body.String())
		})
		h.run("V1-002 leading white space, no declaration", func(h *house) {
			ok(h, h.document("\n\n    \t"+h.loginRequest()))
		})
		h.run("V1-003 declaration, byte-order mark, trailing newline", func(h *house) {
			ok(h, h.document("\ufeff"+declaration+"\n"+h.loginRequest()+"\n"))
		})
		h.run("V1-004 raw body, CDATA, no Content-Type", func(h *house) {
			doc := declaration + "\n" + h.request(fmt.Sprintf("<login>\n<username><![CDATA[%s]]></username><password><![CDATA[%s]]></password><orgID><![CDATA[%s]]></orgID></login>",
				h.email, password, h.org))
			ok(h, h.post("", "request="+doc+"\n"))
		})
		h.run("V1-005 raw body is taken literally", func(h *house) {
			name := "a+b %41 &amp; ; c&d"
			raw := h.post("", "request="+declaration+h.request(h.operation("<create_vendor><vendor><name><![CDATA["+name+"]]></name></vendor></create_vendor>")))
			if got := h.one("vendor", h.parse(raw).text("id")).text("name"); got != name {
				h.t.Errorf("name %q, want %q", got, name)
			}
		})
		h.run("V1-006 percent-encoded plus and ampersand", func(h *house) {
			raw := h.document(h.request(h.operation(create("vendor", "name", "Nuts + Bolts & Co"))))
			if got := h.one("vendor", h.parse(raw).text("id")).text("name"); got != "Nuts + Bolts & Co" {
				h.t.Errorf("name %q", got)
			}
		})
		h.run("V1-007 only POST", func(h *house) {
			before := len(h.list("vendor"))
			query := url.Values{"request": {h.request(h.operation(create("vendor", "name", "Query")))}}.Encode()
			for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"} {
				w := httptest.NewRecorder()
				h.handler.ServeHTTP(w, httptest.NewRequest(method, "/crudApi?"+query, nil))
				if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
					h.t.Errorf("%s: status %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
				}
				if e := h.parse(w.Body.String()); e.text("errorcode") != "BDCE012" {
					h.t.Errorf("%s: %s", method, w.Body)
				}
			}
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, httptest.NewRequest("POST", "/crudApi?"+query, nil))
			if e := h.parse(w.Body.String()); e.text("errorcode") != "BDCE012" {
				h.t.Errorf("T-2, credentials in the query: %s", w.Body)
			}
			if after := len(h.list("vendor")); after != before {
				h.t.Errorf("%d vendors, before %d", after, before)
			}
		})
		malformed := func(h *house, raw string) {
			h.t.Helper()
			e := h.parse(raw)
			if e.Children[0].XMLName.Local != "operationresult" || e.Children[0].attr("transactionId") != "" ||
				e.text("status") != "failed" || e.text("errorcode") != "BDCE012" || e.text("errormessage") != "Unknown Error" {
				h.t.Errorf("T-14: %s", raw)
			}
		}
		h.run("V1-008 no document", func(h *house) {
			for _, body := range []string{"", "request=", "request=%20%0A", "other=1", "Request=%3Crequest/%3E", "request"} {
				malformed(h, h.post(formType, body))
			}
			malformed(h, h.post("text/xml", ""))
			malformed(h, h.post("application/json", h.loginRequest()))
			malformed(h, h.post("multipart/form-data", h.loginRequest()))
		})
		h.run("V1-009 unclosed tag, wrong root, two children", func(h *house) {
			login := h.loginRequest()
			for _, doc := range []string{
				strings.TrimSuffix(login, "</request>"), strings.Replace(login, "</login>", "", 1),
				strings.ReplaceAll(login, "request", "query"), strings.ReplaceAll(login, "request", "Request"),
				h.request(""), h.request("text"), h.request("<login/><logout/>"), h.request("<frobnicate/>"),
				login + login, login + "x", "x" + login, h.request("<login>\x01</login>"), h.request("<login>&nbsp;</login>"),
				h.request("<?php ?>"), `<?xml version="1.0" encoding="UTF-16"?>` + login, h.request("<login>\xff</login>"),
			} {
				malformed(h, h.document(doc))
			}
		})
		h.run("V1-010 DOCTYPE", func(h *house) {
			called := int32(0)
			outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { atomic.AddInt32(&called, 1) }))
			defer outside.Close()
			bomb := `<!DOCTYPE request [<!ENTITY a "` + strings.Repeat("ha", 50) + `">`
			for c := 'b'; c < 'k'; c++ {
				bomb += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat("&"+string(c-1)+";", 10))
			}
			bomb += "]>" + h.request("<login><username>&j;</username></login>")
			begin := time.Now()
			malformed(h, h.document(bomb))
			if d := time.Since(begin); d > time.Second { // 100 ms on a machine that does nothing else
				h.t.Errorf("the bomb took %v", d)
			}
			malformed(h, h.document(`<!DOCTYPE request SYSTEM "`+outside.URL+`/x.dtd">`+h.loginRequest()))
			malformed(h, h.document(`<!DOCTYPE request [<!ENTITY x SYSTEM "`+outside.URL+`">]>`+h.request("<login><username>&x;</username></login>")))
			malformed(h, h.document(`<!DOCTYPE request>`+h.loginRequest()))
			if called != 0 {
				h.t.Error("the reader went out")
			}
		})
		h.run("V1-011 depth and number of operations", func(h *house) {
			nest := func(depth int) string { // the document has that depth: request, operation and the operation's element count
				n := depth - 3
				return h.operation("<create_vendor>" + strings.Repeat("<x>", n) + strings.Repeat("</x>", n) + "</create_vendor>")
			}
			if got := h.send(nest(32)).text("errorcode"); got != "BDCE009" {
				h.t.Errorf("depth 32: %s", got)
			}
			malformed(h, h.raw(nest(33)))
			before := len(h.list("department"))
			batch := func(n int) string {
				return `<operationbatch sessionId="` + h.session + `" transaction="true">` +
					strings.Repeat("<operation>"+create("department", "name", "D")+"</operation>", n) + `</operationbatch>`
			}
			malformed(h, h.raw(batch(1001)))
			if after := len(h.list("department")); after != before {
				h.t.Errorf("%d departments, before %d", after, before)
			}
			if got := len(h.send(batch(1000)).all("id")); got != 1000 {
				h.t.Errorf("a batch of 1,000 gave %d ids", got)
			}
		})
		h.run("V1-013 characters beyond ASCII", func(h *house) {
			for _, name := range []string{"Café Łódź 株式会社", "🧾 emoji 𝕏", "tab\tand\u00a0space", "\u007f\u0085\u2028"} {
				id := h.made(create("vendor", "name", name))
				if got := h.one("vendor", id).text("name"); got != strings.TrimSpace(name) && got != name {
					h.t.Errorf("name %q, want %q", got, name)
				}
			}
		})
		h.run("V1-014 characters that need escaping", func(h *house) {
			name := `a < b > c & "d" 'e' ]]> <![CDATA[ &amp; &#65; <!-- -->`
			id := h.made(create("vendor", "name", name, "description", "line\nbreak"))
			v := h.one("vendor", id)
			if got := v.text("name"); got != name {
				h.t.Errorf("name %q, want %q", got, name)
			}
			if got := v.text("description"); got != "line\nbreak" {
				h.t.Errorf("description %q", got)
			}
		})
		h.run("V1-015 a failure is HTTP 200", func(h *house) {
			for _, inner := range []string{h.operation("<create_vendor/>"), `<operation sessionId="x"><create_vendor/></operation>`, "<login/>", "<x/>"} {
				if w := h.serve("text/xml", strings.NewReader(h.request(inner))); w.Code != 200 {
					h.t.Errorf("%s: status %d", inner, w.Code)
				}
			}
		})
		h.run("T-6 bare document and multipart form", func(h *house) {
			for _, ct := range []string{"text/xml", "application/xml; charset=utf-8"} {
				ok(h, h.post(ct, declaration+h.loginRequest()))
			}
			var b bytes.Buffer
			m := multipart.NewWriter(&b)
			_ = m.WriteField("other", "x")
			_ = m.WriteField("request", h.loginRequest())
			_ = m.Close()
			ok(h, h.post(m.FormDataContentType(), b.String()))
		})
		h.run("T-8 an older encoding", func(h *house) {
			doc := `<?xml version="1.0" encoding="ISO-8859-1"?>` + h.request(h.operation("<create_vendor><vendor><name>Caf\xe9</name></vendor></create_vendor>"))
			if got := h.one("vendor", h.parse(h.document(doc)).text("id")).text("name"); got != "Café" {
				h.t.Errorf("name %q", got)
			}
		})
		h.run("V-4 prefixes and namespaces are ignored", func(h *house) {
			doc := `<b:request xmlns:b="urn:x" version="1.0" applicationkey="` + h.key + `" extra="1"><b:operation sessionId='` + h.session +
				`'><create_vendor xmlns="urn:y"><b:vendor><b:name>Prefixed</b:name></b:vendor></create_vendor></b:operation></b:request>`
			if got := h.parse(h.document(doc)).text("id"); got == "" {
				h.t.Error("refused")
			}
			if got := h.parse(h.document(h.request(h.operation("<create_vendor><Vendor><name>x</name></Vendor></create_vendor>")))).text("errorcode"); got != "BDCE009" {
				h.t.Errorf("names are case-sensitive: %s", got)
			}
		})
	})
}

// repeating is an endless text that is cut off after left bytes, with what stands before it.
type repeating struct {
	head string
	left int64
}

func (r *repeating) Read(p []byte) (int, error) {
	if r.head != "" {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), r.left))
	for i := range p[:n] {
		p[i] = 'A'
	}
	r.left -= int64(n)
	return n, nil
}

// A body beyond the limit is refused while it comes in, in little memory, whether its length is announced or not.
func TestV1_012_BodyLimit(t *testing.T) {
	h := sqliteHouse(t)
	const limit = 64 << 20
	head := "request=" + h.request("x")
	head = strings.TrimSuffix(head, "x</request>") + `<operation sessionId="` + h.session + `"><upload_document><filename>a.pdf</filename><document>`
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	w := h.serve(formType, &repeating{head, limit + 1 - int64(len(head))})
	runtime.ReadMemStats(&after)
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 32<<20 {
		t.Errorf("%d bytes allocated for a body of %d", grown, limit+1)
	}
	check := func(w *httptest.ResponseRecorder) {
		t.Helper()
		if w.Code != http.StatusRequestEntityTooLarge || w.Header().Get("Connection") != "close" {
			t.Errorf("status %d, Connection %q", w.Code, w.Header().Get("Connection"))
		}
		if e := h.parse(w.Body.String()); e.text("errorcode") != "BDCE056" || e.text("status") != "failed" {
			t.Errorf("body %s", w.Body)
		}
	}
	check(w)
	r := httptest.NewRequest("POST", "/crudApi", strings.NewReader("request="))
	r.ContentLength = limit + 1
	w = httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	check(w)
}

// A store that stops answers 503, so that a client repeats the call later (T-12).
func TestBusyStore(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if err := h.store.Close(); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "/crudApi", strings.NewReader(`<request version="1.0" applicationkey="`+h.key+`"><getcurrenttime sessionId="`+h.session+`"/></request>`))
		r.Header.Set("Content-Type", "text/xml")
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, r)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "BDCE012") {
			t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
		}
	})
}

// T-12, S-7: after sixty failed logins within a minute the address gets 429, and the body of a failed login.
func TestThrottledLogin(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		call := func(name, password string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("POST", "/crudApi", strings.NewReader(`<request version="1.0" applicationkey="`+h.key+`"><`+name+
				`><username>carl@acme.example</username><password>`+password+`</password><orgID>`+string(h.org)+`</orgID></`+name+`></request>`))
			r.Header.Set("Content-Type", "text/xml")
			r.RemoteAddr = "127.0.0.1:40000"
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, r)
			return w
		}
		h.member("carl@acme.example", org.Administrator)
		for i := range 60 {
			if w := call("login", "wrong"); w.Code != http.StatusOK {
				t.Fatalf("%d. wrong password: %d %s", i+1, w.Code, w.Body)
			}
		}
		for _, name := range []string{"login", "getorglist"} {
			w := call(name, password)
			if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "60" || !strings.Contains(w.Body.String(), "BDCE012") {
				t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
			}
		}
	})
}
