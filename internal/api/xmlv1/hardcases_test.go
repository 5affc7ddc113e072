package xmlv1_test

import (
	"fmt"
	"slices"
	"testing"
)

// The hard cases of domain 15.5 that generation 1 meets and no numbered item of the checklist already tests.
func TestHardCases(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.fund()
		bill := func(h *house, number, amount string) string { return h.made(newBill(h.checkVendor(), number, amount)) }

		h.run("E5 forms of a process date", func(h *house) {
			for i, date := range []string{"12/1/2026", "12/01/26", "2026-12-01"} {
				b := bill(h, fmt.Sprint("E5-", i), "5.00")
				p := h.one("billpay", h.made(pay(b, "5.00", date)))
				if got := p.child("billPayProcessDate"); got != "12/01/26" {
					h.t.Errorf("%s is %s", date, got)
				}
			}
			b := bill(h, "E5", "5.00")
			for _, date := range []string{"02/30/2027", "31/12/2026"} {
				h.refused(pay(b, "5.00", date), "BDCE013")
			}
		})

		h.run("E7 two payments to one foreign vendor on one day stay apart", func(h *house) {
			h.set("internationalPayments", "true", "internationalOn", "true")
			v := h.made(create("vendor", "name", "Harbour Rope Ltd", "address1", "1 Wharf", "addressCity", "Toronto", "addressCountry", "Canada"))
			a, b := h.made(newBill(v, "E7-1", "6000.00")), h.made(newBill(v, "E7-2", "6000.00"))
			first, second := h.made(pay(a, "6000.00", "11/24/2026")), h.made(pay(b, "6000.00", "11/24/2026"))
			if x, y := h.one("billpay", first), h.one("billpay", second); x.child("txnNumber") == y.child("txnNumber") {
				h.t.Error("both are one payment")
			}
		})

		h.run("E11 one of fifty fails", func(h *house) {
			before := len(h.list("department"))
			var operations, want []string
			for i := range 50 {
				operations = append(operations, create("department", "name", fmt.Sprint("E11-", i)))
				want = append(want, "failed BDCE041")
			}
			operations[36], want[36] = create("department", "description", "without a name"), "failed BDCE009"
			if got := h.batch(`transaction="true"`, operations...).codes(); !slices.Equal(got, want) {
				h.t.Errorf("results %v", got)
			}
			if n := len(h.list("department")); n != before {
				h.t.Errorf("%d departments were stored", n-before)
			}
		})

		h.run("E28 documents", func(h *house) {
			upload := func(name, content string) string {
				return "<upload_document>" + tags("filename", name) + "<document>" + content + "</document></upload_document>"
			}
			h.made(upload("x.pdf", "JVBERi0x\r\nLjQKJSVFT0Y="))
			h.refused(upload("x.pdf", "JVBERi0x!LjQKJSVFT0Y="), "BDCE043")
			h.refused(upload("../../x.pdf", "JVBERi0xLjQKJSVFT0Y="), "BDCE044")
		})
	})
}
