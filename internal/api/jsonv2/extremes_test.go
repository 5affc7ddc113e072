package jsonv2_test

import (
	"fmt"
	"strings"
	"testing"
)

// CNV-1, CNV-2, AR-2, AR-3 at the edges: amounts are exact, rounded half away from zero once a line, and what is beyond
// the limits is refused and never wraps round.
func TestExtremes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		vendor := h.made("Vendor", `{"name":"Harbor"}`)
		customer := h.made("Customer", `{"name":"Hotel"}`)
		n := 0
		bill := func(lines string) answer {
			n++
			return h.call("Crud/Create/Bill", fmt.Sprintf(`{"obj":{"vendorId":%q,"invoiceNumber":"E%d","invoiceDate":"2026-11-20","dueDate":"2026-12-20","billLineItems":[%s]}}`, vendor, n, lines))
		}
		credit := func(lines string) answer {
			n++
			return h.call("Crud/Create/VendorCredit", fmt.Sprintf(`{"obj":{"vendorId":%q,"refNumber":"E%d","creditDate":"2026-11-20","vendorCreditLineItems":[%s]}}`, vendor, n, lines))
		}
		invoice := func(lines string) answer {
			n++
			return h.call("Crud/Create/Invoice", fmt.Sprintf(`{"obj":{"customerId":%q,"invoiceNumber":"E%d","invoiceDate":"2026-11-20","dueDate":"2026-12-20","invoiceLineItems":[%s]}}`, customer, n, lines))
		}
		memo := func(lines string) answer {
			n++
			return h.call("Crud/Create/CreditMemo", fmt.Sprintf(`{"obj":{"customerId":%q,"refNumber":"E%d","creditDate":"2026-11-20","creditMemoLineItems":[%s]}}`, customer, n, lines))
		}
		for _, c := range []struct {
			name, lines string
			make        func(string) answer
			want        string // the amount, or a code
		}{
			{"half a cent", `{"quantity":1,"unitPrice":0.005}`, bill, "0.01"},
			{"half a cent less", `{"quantity":1,"unitPrice":0.004999}`, bill, "0.00"},
			{"half a cent off", `{"amount":1},{"quantity":1,"unitPrice":-0.005}`, bill, "0.99"},
			{"each line by itself", `{"quantity":1,"unitPrice":0.005},{"quantity":1,"unitPrice":0.005},{"quantity":1,"unitPrice":0.005}`, bill, "0.03"},
			{"three thirds", `{"quantity":3,"unitPrice":0.333333}`, bill, "1.00"},
			{"negative zero", `{"amount":-0},{"amount":"-0.00"}`, bill, "0.00"},
			{"exponents", `{"amount":1.25E2}`, bill, "125.00"},
			{"the most", `{"amount":999999999.99}`, bill, "999999999.99"},
			{"a cent more", `{"amount":999999999.99},{"amount":0.01}`, bill, "BDC_1143"},
			{"a line beyond", `{"amount":1000000000.00},{"amount":-1}`, bill, "BDC_1143"},
			{"the largest that is no number of ours", `{"amount":9223372036854775807},{"amount":9223372036854775807},{"amount":2}`, bill, "BDC_1143"},
			{"lines that wrap round to little", `{"amount":46116860184273879.04},{"amount":46116860184273879.04},{"amount":46116860184273879.04},{"amount":46116860184273879.04},{"amount":5}`, bill, "BDC_1143"},
			{"quantity times price", `{"quantity":9000000000000,"unitPrice":9000000000000}`, bill, "BDC_1143"},
			{"below zero", `{"amount":-0.01}`, bill, "BDC_9045"},
			{"infinity", `{"amount":1e999}`, bill, "BDC_1124"},
			{"a credit of nothing", `{"amount":0}`, credit, "BDC_9045"},
			{"a credit below zero", `{"amount":-1}`, credit, "BDC_9045"},
			{"the most of a credit", `{"amount":999999999.99},{"amount":0.01}`, credit, "BDC_1143"},
			{"an invoice, half a cent", `{"quantity":1,"price":0.005}`, invoice, "0.01"},
			{"an invoice, half a cent off", `{"quantity":1,"price":1},{"quantity":1,"price":-0.005}`, invoice, "0.99"},
			{"percent of others", `{"quantity":1,"price":100.10},{"ratePercent":-2.5}`, invoice, "97.60"},
			{"a hundred percent off", `{"quantity":1,"price":100.10},{"ratePercent":-100}`, invoice, "0.00"},
			{"more than all off", `{"quantity":1,"price":100},{"ratePercent":-100.01}`, invoice, "BDC_9045"},
			{"percent beyond", `{"quantity":1,"price":999999999.99},{"ratePercent":9000000000000}`, invoice, "BDC_1143"},
			{"the most of an invoice", `{"quantity":1,"price":999999999.99}`, invoice, "999999999.99"},
			{"a cent more of an invoice", `{"quantity":1,"price":999999999.99},{"quantity":1,"price":0.01}`, invoice, "BDC_1143"},
			{"lines of an invoice that wrap round", strings.Repeat(`{"quantity":9000000000000,"price":10000},`, 3) + `{"quantity":1,"price":1}`, invoice, "BDC_1143"},
			{"large lines that cancel out", `{"quantity":9000000000,"price":100},{"quantity":-9000000000,"price":100},{"quantity":1,"price":1}`, invoice, "BDC_1143"},
			{"a memo, percent of the lines above", `{"quantity":1,"price":10},{"ratePercent":10},{"ratePercent":10}`, memo, "12.10"},
			{"a memo below zero", `{"quantity":1,"price":-1}`, memo, "BDC_9045"},
		} {
			a := c.make(c.lines)
			if got := a.text("amount") + a.code; got != c.want {
				t.Errorf("%s: %s, want %s: %s", c.name, got, c.want, a.what)
			}
		}
		long := strings.TrimSuffix(strings.Repeat(`{"quantity":1,"price":0.01},`, 5000), ",")
		if a := invoice(long); a.text("amount") != "50.00" {
			t.Errorf("5,000 lines: %s %s", a.code, a.what)
		}
		if a := invoice(long + `,{"quantity":1,"price":0.01}`); !a.failed {
			t.Error("5,001 lines")
		}
	})
}
