package acceptance

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
)

// The hard cases of 15.5 about what may be entered: dates, amounts, records, approvals.

// dated wants payments with these process dates to be accepted ("") or refused with a code of generation 1, and the same
// by generation 2. A message of generation 1 ends with the earliest date where the code is BDCE046.
func (h *house) dated(pairs ...string) {
	h.t.Helper()
	vendor := h.ana.vendor("Dated "+h.clock.Now().Format(time.RFC3339Nano), "")
	later := map[string]string{"": "", "BDCE013": "BDC_1152", "BDCE046": "BDC_1152"}
	for i := 0; i < len(pairs); i += 2 {
		date, want := pairs[i], pairs[i+1]
		day := civil.MustDate(date)
		bills := []string{h.ana.bill(vendor, fmt.Sprint("O", i), "5.00", ""), h.ana.bill(vendor, fmt.Sprint("Y", i), "5.00", "")}
		code, text, _ := strings.Cut(want, " ")
		a := h.ana.try1(pay1(bills[0], "5.00", fmt.Sprintf("%02d/%02d/%04d", day.Month(), day.Day(), day.Year())))
		if a.code != code || !strings.Contains(a.message, text) {
			h.t.Errorf("%s for %s: %q %s, want %q", h.clock.Now().In(civil.Pacific).Format("2006-01-02 15:04:05.999 MST"), date, a.code, a.message, want)
		}
		wantCode(h, h.ana.try2("PayBills", order(bills[1], "5.00", date)), later[code])
	}
}

func TestE01_CutOff(t *testing.T) {
	each(t, func(h *house) {
		h.clock.Set(pacific("2026-11-24", "17:59:59.999"))
		h.dated("2026-11-25", "")
		h.clock.Set(pacific("2026-11-24", "18:00:00"))
		h.dated("2026-11-25", "BDCE046 11/27/2026", "2026-11-27", "")
	})
}

func TestE02_DaylightSaving(t *testing.T) {
	from(t, pacific("2026-03-08", "17:59:59.999"), func(h *house) {
		h.dated("2026-03-09", "")
		h.clock.Set(pacific("2026-03-08", "18:00:00"))
		h.dated("2026-03-09", "BDCE046 03/10/2026", "2026-03-10", "")
		h.at(pacific("2026-11-01", "17:59:59.999"))
		h.dated("2026-11-02", "")
		h.clock.Set(pacific("2026-11-01", "18:00:00"))
		h.dated("2026-11-02", "BDCE046 11/03/2026", "2026-11-03", "")
		if change := pacific("2026-11-01", "18:00:00").Sub(pacific("2026-10-31", "18:00:00")); change != 25*time.Hour {
			h.t.Errorf("the day has %s", change)
		}
	})
}

func TestE03_ClosedDays(t *testing.T) {
	each(t, func(h *house) {
		h.dated("2026-11-28", "BDCE013", "2026-11-29", "BDCE013", "2026-11-26", "BDCE013", "2027-07-05", "BDCE013", "2027-07-06", "")
	})
}

func TestE04_ChristmasOnSaturday(t *testing.T) {
	from(t, pacific("2027-12-20", "12:00:00"), func(h *house) { h.dated("2027-12-25", "BDCE013", "2027-12-24", "") })
}

func TestE05_FormsOfADate(t *testing.T) {
	each(t, func(h *house) {
		v := h.ana.vendor("Harbor Tool Rental", "")
		for _, date := range []string{"12/1/2026", "12/01/26", "2026-12-01"} {
			b := h.ana.bill(v, date, "5.00", "")
			pay := h.ana.do1(pay1(b, "5.00", date))
			h.fields("BillPay", pay, "processDate", "2026-12-01")
		}
		b := h.ana.bill(v, "5", "5.00", "")
		for _, date := range []string{"02/30/2027", "31/12/2026"} {
			h.ana.refused1(pay1(b, "5.00", date), "BDCE013", "")
		}
	})
}

func TestE06_Abroad(t *testing.T) {
	each(t, func(h *house) {
		h.set("internationalPayments", "true", "internationalOn", "true")
		gb := h.ana.vendor("Harbour Rope Ltd", "", record{"addressCity": "Hull", "addressState": "", "addressZip": "HU1 1AA", "addressCountry": "United Kingdom"})
		pr := h.ana.vendor("Cabo Rojo Supply", "", record{"addressCity": "San Juan", "addressState": "PR", "addressZip": "00901", "addressCountry": "Puerto Rico"})
		h.ana.pay(h.ana.bill(gb, "1", "10000.00", ""), "10000.00", "2026-11-24")
		b := h.ana.bill(gb, "2", "10000.01", "")
		h.ana.refused1(pay1(b, "10000.01", "11/24/2026"), "BDCE055", "")
		h.ana.refused2("PayBills", order(b, "10000.01", "2026-11-24"), "BDC_9055")
		h.ana.pay(h.ana.bill(pr, "1", "10000.01", ""), "10000.01", "2026-11-24")
	})
}

func TestE07_TwoPaymentsAbroad(t *testing.T) {
	each(t, func(h *house) {
		h.set("internationalPayments", "true", "internationalOn", "true", "combinePayments", "combine")
		v := h.ana.vendor("Maple Rope", "", record{"addressCity": "Toronto", "addressState": "ON", "addressZip": "M5H 2N2", "addressCountry": "Canada"})
		o := record{"processDate": "2026-11-24", "billPays": []record{{"billId": h.ana.bill(v, "1", "6000.00", ""), "amount": 6000},
			{"billId": h.ana.bill(v, "2", "6000.00", ""), "amount": 6000}}}
		made := h.ana.do2("PayBills", o).record().list("sentPays")
		if len(made) != 2 || made[0].str("amount") != "6000.00" || made[1].str("amount") != "6000.00" {
			h.t.Fatalf("payments %v", made)
		}
		if page := h.ana.get("/payments/" + made[1].str("id")); !strings.Contains(page, "12000.00 together") {
			h.t.Errorf("it is not flagged for review:\n%s", page)
		}
		h.at(pacific("2026-11-24", "02:00:00"))
		if pays := h.file("out", h.only("out", "-positivepay.csv")); strings.Count(pays, ",6000.00,") != 2 {
			h.t.Errorf("checks:\n%s", pays)
		}
	})
}

func TestE08_Splits(t *testing.T) {
	each(t, func(h *house) {
		v := h.ana.vendor("Harbor Tool Rental", "")
		h.ana.refused1(bill1(v, "1", "100.00", "33.33", "", "33.33", "", "33.33", ""), "BDCE051", "")
		if n := len(h.ana.all("Bill")); n != 0 {
			h.t.Errorf("%d bills are stored", n)
		}
		b := h.ana.do1(bill1(v, "1", "100.00", "33.33", "", "33.33", "", "33.34", ""))
		h.fields("Bill", b, "amount", "100.00")
		h.balances("2026-11-30", accPayable, "-100.00")
	})
}

func TestE09_Quantity(t *testing.T) {
	each(t, func(h *house) {
		b := newBill(h.ana.vendor("Harbor Tool Rental", ""), "1")
		b["billLineItems"] = []record{{"quantity": 3, "unitPrice": 0.333333}}
		r := h.ana.read("Bill", h.ana.make("Bill", b))
		if lines := r.list("billLineItems"); r.str("amount") != "1.00" || len(lines) != 1 || lines[0].str("amount") != "1.00" {
			h.t.Errorf("bill %v", r)
		}
	})
}

func TestE10_ListedVendor(t *testing.T) {
	each(t, func(h *house) {
		v := h.ana.vendor("Harbor Tool Rental", "")
		h.ana.do1("<link_vendor>" + tags("vendorId", v, "linkTo", string(h.other("Harbor Tool Rental").org)) + "</link_vendor>")
		terms := h.ana.all("PaymentTerm")
		update := func(term int, pairs ...string) record {
			r := record{"id": v, "paymentTermId": terms[term].str("id")}
			for i := 0; i < len(pairs); i += 2 {
				r[pairs[i]] = pairs[i+1]
			}
			return record{"obj": r}
		}
		h.ana.do2("Crud/Update/Vendor", update(0, "address1", " 1 PIER road ", "addressCity", "OAKLAND"))
		h.fields("Vendor", v, "address1", "1 Pier Road", "paymentTermId", terms[0].str("id"))
		h.ana.refused2("Crud/Update/Vendor", update(1, "addressZip", "94608"), "BDC_9010")
		h.ana.refused1("<update_vendor><vendor>"+tags("id", v, "description", "new", "addressZip", "94608")+"</vendor></update_vendor>", "BDCE010", "")
		h.fields("Vendor", v, "addressZip", "94607", "paymentTermId", terms[0].str("id"), "description", "")
	})
}

func TestE11_OneOfFifty(t *testing.T) {
	each(t, func(h *house) {
		var operations []string
		for i := range 50 {
			name := tags("name", fmt.Sprint("D", i))
			if i == 36 {
				name = tags("description", "without a name")
			}
			operations = append(operations, "<create_department><department>"+name+"</department></create_department>")
		}
		a := h.ana.batch(operations...)
		codes := regexp.MustCompile(`<errorcode>(\w+)</errorcode>`).FindAllStringSubmatch(a.xml, -1)
		if len(codes) != 50 {
			h.t.Fatalf("%d codes in %s", len(codes), a.xml)
		}
		for i, c := range codes {
			if want := map[bool]string{true: "BDCE009", false: "BDCE041"}[i == 36]; c[1] != want {
				h.t.Errorf("operation %d: %s, want %s", i+1, c[1], want)
			}
		}
		if n := len(h.ana.all("Department")); n != 0 {
			h.t.Errorf("%d departments are stored", n)
		}
	})
}

// batch runs operations as one transaction.
func (p *person) batch(operations ...string) answer {
	p.t.Helper()
	p.try1("<get_org_detail></get_org_detail>") // for a session
	var b strings.Builder
	for i, o := range operations {
		fmt.Fprintf(&b, `<operation transactionId="%d">%s</operation>`, i+1, o)
	}
	return p.send1(fmt.Sprintf(`<operationbatch transaction="true" sessionId=%q>%s</operationbatch>`, p.old, b.String()))
}

func TestE12_TwoPayers(t *testing.T) {
	each(t, func(h *house) {
		payers := []*person{h.ana, h.hire("ben", "administrator")}
		for i := range 4 {
			b := h.ana.bill(h.ana.vendor(fmt.Sprint("Harbor ", i), ""), "1", "500.00", "")
			for _, p := range payers {
				p.try1("<get_org_detail></get_org_detail>") // for a session
			}
			codes := make([]string, 2)
			var both sync.WaitGroup
			for i, p := range payers {
				both.Go(func() { codes[i] = p.try1(pay1(b, "500.00", "11/25/2026")).code })
			}
			both.Wait()
			slices.Sort(codes)
			if !slices.Equal(codes, []string{"", "BDCE045"}) {
				h.t.Errorf("codes %q", codes)
			}
			h.fields("Bill", b, "scheduledAmount", "500.00", "dueAmount", "0.00")
		}
	})
}

// E13 without the key, which only generation 3 has: a request that is sent again finds nothing left to pay (XO-5).
func TestE13_Repeated(t *testing.T) {
	each(t, func(h *house) {
		b := h.ana.bill(h.ana.vendor("Harbor Tool Rental", ""), "1", "500.00", "")
		h.ana.pay(b, "500.00", "2026-11-25")
		h.ana.refused2("PayBills", order(b, "500.00", "2026-11-25"), "BDC_1159")
		h.ana.refused1(pay1(b, "500.00", "11/25/2026"), "BDCE045", "")
		if n := len(h.ana.all("SentPay")); n != 1 {
			h.t.Errorf("%d payments", n)
		}
	})
}

// E14: on the web what is approved is what was shown. A program of generation 1 or 2 has no version to send: what it
// approves is the bill as it is, and an edit that comes after starts the approval anew.
func TestE14_ApprovedWhileEdited(t *testing.T) {
	each(t, func(h *house) {
		pia, cleo := h.hire("pia", "approver"), h.hire("cleo", "clerk")
		v := h.ana.vendor("Harbor Tool Rental", "")
		raise := func(b string) answer {
			return cleo.try2("Crud/Update/Bill", record{"obj": record{"id": b, "billLineItems": []record{{"amount": 900}}}})
		}
		waiting := func(number string) string {
			b := cleo.bill(v, number, "100.00", "")
			h.ana.do2("SetApprovers", record{"entity": "Bill", "objectId": b, "approvers": []string{string(pia.id)}})
			return b
		}
		b := waiting("SHOWN")
		seen := field(h.t, pia.get("/bills/"+b), "seen")
		wantCode(h, raise(b), "")
		if page := pia.denied("/bills/"+b+"/approve", http.StatusConflict, "seen", seen); !strings.Contains(page, "changed") {
			h.t.Errorf("the page does not say that the bill has changed:\n%s", page)
		}
		if page := pia.denied("/approvals", http.StatusConflict, "act", "approve", "item", b, "seen-"+b, seen); !strings.Contains(page, "changed") {
			h.t.Errorf("the queue does not say that the bill has changed:\n%s", page)
		}
		h.fields("Bill", b, "approvalStatus", "1", "amount", "900.00")
		pia.submit("/bills/"+b+"/approve", "seen", field(h.t, pia.get("/bills/"+b), "seen"))
		h.fields("Bill", b, "approvalStatus", "3")

		for i := range 4 { // at the same instant
			b := waiting(fmt.Sprint("R", i))
			seen := field(h.t, pia.get("/bills/"+b), "seen")
			var both sync.WaitGroup
			both.Go(func() { pia.denied("/bills/"+b+"/approve", 0, "seen", seen) })
			var edited answer
			both.Go(func() { edited = raise(b) })
			both.Wait()
			r := h.ana.read("Bill", b)
			if got := r.str("amount") + " " + r.str("approvalStatus"); edited.code == "" && got != "900.00 1" || edited.code != "" && got != "100.00 3" {
				h.t.Errorf("after an edit that answers %q the bill is %s", edited.code, got)
			}
		}
	})
}

func TestE15_DelegateIsTheCreator(t *testing.T) {
	each(t, func(h *house) {
		h.set("sodMode", "enforce")
		pia, al := h.hire("pia", "approver"), h.hire("al", "accountant")
		b := al.bill(al.vendor("Harbor Tool Rental", ""), "1", "100.00", "")
		h.ana.do2("SetApprovers", record{"entity": "Bill", "objectId": b, "approvers": []string{string(pia.id)}})
		pia.submit("/approvals/delegation", "delegate", string(al.id), "from", "2026-11-23", "to", "2026-12-11")
		al.refused2("Approve", record{"entity": "Bill", "objectId": b}, "BDC_9006")
		h.fields("Bill", b, "approvalStatus", "1")
		h.ana.refused2("Approve", record{"entity": "Bill", "objectId": b}, "BDC_9110")
		h.at(pacific("2026-12-02", "10:00:00")) // five business days later
		h.ana.do2("Approve", record{"entity": "Bill", "objectId": b})
		h.fields("Bill", b, "approvalStatus", "3")
	})
}
