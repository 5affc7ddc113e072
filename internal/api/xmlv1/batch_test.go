package xmlv1_test

import (
	"slices"
	"strings"
	"testing"
)

func (h *house) batch(attrs string, operations ...string) element {
	h.t.Helper()
	var b strings.Builder
	for i, o := range operations {
		b.WriteString(`<operation transactionId="` + string(rune('a'+i)) + `" sessionId="ignored">` + o + `</operation>`)
	}
	return h.send(`<operationbatch sessionId="` + h.session + `" ` + attrs + `>` + b.String() + `</operationbatch>`)
}

func TestBatches(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		names := func(h *house) (out []string) {
			for _, d := range h.list("department") {
				out = append(out, d.child("name"))
			}
			return out
		}
		good := func(name string) string { return create("department", "name", name) }
		bad := create("department", "description", "no name")
		h.run("V1-094 one by one", func(h *house) {
			e := h.batch("", good("94a"), bad, good("94b"))
			if got := e.codes(); !slices.Equal(got, []string{"OK", "failed BDCE009", "OK"}) {
				h.t.Errorf("results %v", got)
			}
			if got := names(h); !slices.Equal(got, []string{"94a", "94b"}) {
				h.t.Errorf("stored %v", got)
			}
			l := e.Children[0].Children[0]
			if l.XMLName.Local != "loginresult" || l.child("status") != "OK" || l.child("sessionId") != h.session {
				h.t.Errorf("loginresult %+v", l)
			}
			for i, r := range e.all("operationresult") {
				if r.attr("transactionId") != string(rune('a'+i)) {
					h.t.Errorf("result %d: %q", i, r.attr("transactionId"))
				}
			}
		})
		before := names(h)
		h.run("V1-095 all or nothing", func(h *house) {
			for _, c := range []struct {
				operations []string
				want       []string
			}{
				{[]string{good("95a"), bad, good("95b")}, []string{"failed BDCE041", "failed BDCE009", "failed BDCE041"}},
				{[]string{bad, good("95a"), good("95b")}, []string{"failed BDCE009", "failed BDCE041", "failed BDCE041"}},
				{[]string{good("95a"), good("95b"), "<frobnicate/>"}, []string{"failed BDCE041", "failed BDCE041", "failed BDCE011"}},
				{[]string{good("95a"), "", bad}, []string{"failed BDCE041", "failed BDCE012", "failed BDCE041"}},
				{[]string{getList("department"), good("95a"), update("department", "id", "00000000000000000000", "name", "x")}, []string{"failed BDCE041", "failed BDCE041", "failed BDCE009"}},
			} {
				if got := h.batch(`transaction="true"`, c.operations...).codes(); !slices.Equal(got, c.want) {
					h.t.Errorf("results %v, want %v", got, c.want)
				}
			}
			if got := names(h); !slices.Equal(got, before) {
				h.t.Errorf("stored %v", got)
			}
		})
		h.run("V1-096 all good", func(h *house) {
			for _, attr := range []string{"true", "TRUE", "1", "True"} {
				e := h.batch(`transaction="`+attr+`"`, good("96"), good("96"), good("96"))
				if got := len(e.all("id")); got != 3 {
					h.t.Errorf("%s: %d ids", attr, got)
				}
			}
			for _, attr := range []string{"no", "false", "0", "yes", ""} {
				if got := h.batch(`transaction="`+attr+`"`, good("96"), bad).codes(); !slices.Equal(got, []string{"OK", "failed BDCE009"}) {
					h.t.Errorf("%s: %v", attr, got)
				}
			}
			e := h.batch(`transaction="true"`, create("job", "name", "seen"), getList("job")) // B-6
			if n := len(e.all("job")); n != 1 {
				h.t.Errorf("a list inside sees %d jobs", n)
			}
		})
		h.run("V1-097 session", func(h *house) {
			for _, s := range []string{"", "None"} {
				e := h.send(`<operationbatch sessionId="` + s + `"><operation sessionId="` + h.session + `">` + good("97") + `</operation></operationbatch>`).Children[0]
				if e.XMLName.Local != "operationbatchresult" || !slices.Equal(e.names(), []string{"loginresult"}) || e.Children[0].child("status") != "failed" {
					h.t.Errorf("%q: %+v", s, e)
				}
			}
			if slices.Contains(names(h), "97") {
				h.t.Error("executed")
			}
			b := h.other()
			e := h.send(`<operationbatch sessionId="` + h.session + `"><operation sessionId="` + b.session + `">` + good("97b") + `</operation></operationbatch>`)
			if got := e.codes(); !slices.Equal(got, []string{"OK"}) || !slices.Contains(names(h), "97b") {
				h.t.Errorf("the operation's own session: %v", got)
			}
		})
		h.run("V1-098 empty batch", func(h *house) {
			for _, inner := range []string{"", "text", "<other/>"} {
				e := h.send(`<operationbatch sessionId="` + h.session + `">` + inner + `</operationbatch>`).Children[0]
				if e.XMLName.Local != "operationresult" || e.child("errorcode") != "BDCE012" {
					h.t.Errorf("%q: %+v", inner, e)
				}
			}
			e := h.send(`<operationbatch sessionId="` + h.session + `"><other/><operation>` + good("98") + `</operation></operationbatch>`)
			if got := e.codes(); !slices.Equal(got, []string{"OK"}) {
				h.t.Errorf("another child is ignored (B-8): %v", got)
			}
		})
	})
}
