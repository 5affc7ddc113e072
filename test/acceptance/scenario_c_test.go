package acceptance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/duebook/duebook/internal/money"
)

// TestScenarioC is 15.3, a vertical application that puts its own codes on bill lines. Generation 3 is not built yet;
// docs/divergences.md has the list.
func TestScenarioC(t *testing.T) {
	each(t, func(h *house) {
		ana := h.ana
		lee := h.hire("lee", "approver")
		byCode, codes := map[string]string{}, map[string]string{}
		h.step("C-01 1,200 departments with codes of a pattern, kept as they are", func() {
			h.set("departmentPattern", `^\d{4}\|(CAM|TAX|INS)$`)
			var all []record
			for unit := 101; unit <= 500; unit++ {
				for _, fund := range []string{"CAM", "TAX", "INS"} {
					all = append(all, record{"obj": record{"name": fmt.Sprintf("Unit %04d %s", unit, fund), "shortName": fmt.Sprintf("%04d|%s", unit, fund)}})
				}
			}
			for part := range slices.Chunk(all, 100) {
				ana.do2("Bulk/Crud/Create/Department", record{"bulk": part})
			}
			for start := 0; start < len(all); start += 999 {
				page, _ := ana.do2("List/Department", record{"start": start, "max": 999}).data.([]any)
				for _, d := range records(page) {
					byCode[d.str("shortName")], codes[d.str("id")] = d.str("id"), d.str("shortName")
				}
			}
			if len(byCode) != 1200 || len(codes) != 1200 || byCode["0101|CAM"] == "" || byCode["0500|INS"] == "" {
				h.t.Errorf("%d departments with %d codes", len(codes), len(byCode))
			}
			for _, code := range []string{"01|CAM", " 0101|CAM"} { // nothing is trimmed, so the second is another code
				ana.refused2("Crud/Create/Department", record{"obj": record{"entity": "Department", "name": "Odd", "shortName": code}}, "BDC_1143")
			}
		})

		vendor := ana.vendor("CAM Services", "")
		lines := func(first, second string) []record {
			return []record{{"amount": first, "departmentId": byCode["0101|CAM"]}, {"amount": second, "departmentId": byCode["0102|CAM"]}}
		}
		var p1, p2 string
		h.step("C-02 a bill by API and one from the web wait for the manager of their departments", func() {
			page := ana.submit("/settings/approval-policies/new", "name", "Common areas", "type", "0", "priority", "0", "threshold", "0.00",
				"departments", "Unit 0101 CAM\nUnit 0102 CAM", "people1", lee.email)
			policy := regexp.MustCompile(`/settings/approval-policies/(apo\w+)`).FindStringSubmatch(page)
			if policy == nil {
				h.t.Fatalf("no policy to switch on after its replay:\n%s", page)
			}
			ana.submit(policy[0] + "/switch")
			b := newBill(vendor, "P-1")
			b["billLineItems"] = lines("1440.00", "960.00")
			p1 = ana.make("Bill", b)
			s := newScreen(h.t)
			s.signIn(ana)
			s.open(h.base+"/bills/new?vendor="+vendor, "Enter a bill")
			s.set("invoiceNumber", "P-2")
			s.set("invoiceDate", "2026-11-20")
			s.set("dueDate", "2026-12-20")
			s.set("amount-1", "350.00")
			s.set("department-1", byCode["0101|CAM"])
			s.click("Add a line")
			s.do("the second line", chromedp.WaitVisible(chromedp.ID("amount-2")))
			s.set("amount-2", "650.00")
			s.set("department-2", byCode["0102|CAM"])
			s.click("Save the bill")
			s.heading("CAM Services")
			s.see("P-2")
			for _, b := range ana.all("Bill") {
				if b.str("invoiceNumber") == "P-2" {
					p2 = b.str("id")
				}
			}
			for _, b := range []string{p1, p2} {
				h.fields("Bill", b, "approvalStatus", "1")
				list, _ := ana.do2("ListApprovers", record{"entity": "Bill", "objectId": b}).data.([]any)
				if who := records(list); len(who) != 1 || who[0].str("usersId") != string(lee.id) {
					h.t.Errorf("approvers: %v, want L", who)
				}
				ana.refused2("PayBills", order(b, "1000.00", "2026-12-07"), "BDC_9107")
			}
		})

		spent := func() map[string]string {
			sums := map[string]int64{}
			for _, b := range ana.all("Bill") {
				for _, l := range b.list("billLineItems") {
					sums[codes[l.str("departmentId")]] += minor(h.t, l.str("amount"))
				}
			}
			out := map[string]string{}
			for code, n := range sums {
				out[code] = money.FormatMinor(n, 2)
			}
			return out
		}
		want := map[string]string{"0101|CAM": "1790.00", "0102|CAM": "1610.00"}
		h.step("C-03 every line comes back with its department", func() {
			if got := spent(); fmt.Sprint(got) != fmt.Sprint(want) {
				h.t.Errorf("by department: %v, want %v", got, want)
			}
			rows := map[string]string{}
			for _, r := range ana.report("spend", "from", "2026-11-01", "to", "2026-12-31", "by", "department") {
				rows[r[0]] = r[len(r)-1]
			}
			if rows["Unit 0101 CAM"] != "1790.00" || rows["Unit 0102 CAM"] != "1610.00" {
				h.t.Errorf("spend by department: %v", rows)
			}
			old := ana.try1(`<get_list object="bill"></get_list>`)
			if n := strings.Count(old.xml, "<departmentId>"+byCode["0101|CAM"]+"</departmentId>"); n != 2 {
				h.t.Errorf("generation 1 shows the department on %d lines", n)
			}
			h.balances("2026-11-30", accPayable, "-3400.00")
		})

		var failed string
		h.step("C-04 P-1 is returned R03", func() {
			for _, b := range []string{p1, p2} {
				lee.do2("Approve", record{"entity": "Bill", "objectId": b})
				h.fields("Bill", b, "approvalStatus", "3")
			}
			h.at(pacific("2026-12-03", "09:00:00"))
			ana.account(vendor, "88880003")
			h.at(pacific("2026-12-04", "09:00:00"))
			ana.refused2("PayBills", order(p1, "2400.00", "2026-12-05"), "BDC_1152")
			failed = ana.pay(p1, "2400.00", "2026-12-07")
			h.at(pacific("2026-12-07", "01:30:00"))
			_, entries := h.nacha(h.file("out", h.files("out", ".ach")[1]))
			if len(entries) != 1 || entries[0].Amount != 240000 || entries[0].Batch.Effective.String() != "2026-12-08" {
				h.t.Errorf("entries %+v", entries)
			}
			h.at(newYork("2026-12-09", "06:00:00"))
			if st := h.statement("2026-12-08"); len(st.Lines) != 1 || st.Lines[0].Type != 466 || st.Lines[0].Amount != 240000 {
				h.t.Errorf("statement: %+v", st)
			}
			h.balances("2026-12-08", accBank, "47600.00", accMoneyOut, "0.00")
			h.at(newYork("2026-12-10", "07:59:59"))
			h.status(failed, "2")
			h.at(newYork("2026-12-10", "08:00:00"))
			h.status(failed, "4")
			if got := ana.state(failed); got != "Returned" {
				h.t.Errorf("the page says %q", got)
			}
			data := ana.do2("GetDisbursementData", record{"sentPayId": failed}).record()
			if ach := data["achData"].(map[string]any); ach["errorCode"] != "R03" || data.str("disbursementStatus") != "2" || ach["returnedDate"] != "2026-12-10" {
				h.t.Errorf("disbursement: %v", data)
			}
			h.fields("Bill", p1, "paymentStatus", "1", "dueAmount", "2400.00", "paidAmount", "")
			h.fields("Vendor", vendor, "vendorBankAccountStatus", "5", "payBy", "0", "balance", "3400.00")
			h.balances("2026-12-10", accMoneyOut, "2400.00", accPayable, "-3400.00")
		})

		h.step("C-05 paid again by check, once", func() {
			h.at(newYork("2026-12-10", "12:00:00"))
			again := ana.pay(p1, "2400.00", "2026-12-11")
			h.at(newYork("2026-12-11", "06:30:00"))
			h.balances("2026-12-10", accMoneyOut, "0.00", accBank, "50000.00")
			h.balances("2026-12-11", accMoneyOut, "-2400.00", accPayable, "-1000.00")
			h.at(newYork("2026-12-21", "06:00:00"))
			if st := h.statement("2026-12-18"); len(st.Lines) != 1 || st.Lines[0].Type != 475 || st.Lines[0].Amount != 240000 {
				h.t.Errorf("statement: %+v", st)
			}
			if a, b := ana.state(failed), ana.state(again); a != "Returned" || b != "Cleared" {
				h.t.Errorf("attempts: %q, %q", a, b)
			}
			h.fields("Bill", p1, "paidAmount", "2400.00", "paymentStatus", "0")
			h.balances("2026-12-21", accBank, "47600.00", accMoneyOut, "0.00", accPayable, "-1000.00")
			var out, back int64
			for _, day := range []string{"2026-12-08", "2026-12-10", "2026-12-18"} {
				for _, l := range h.statement(day).Lines {
					if l.Credit() {
						back += l.Amount
					} else {
						out += l.Amount
					}
				}
			}
			if out-back != 240000 || back != 240000 {
				h.t.Errorf("the bank shows %d out and %d back", out, back)
			}
		})

		h.step("C-06 another name changes neither id nor code nor the lines", func() {
			ana.do2("Crud/Update/Department", record{"obj": record{"id": byCode["0101|CAM"], "name": "Unit 0101, common areas"}})
			h.fields("Department", byCode["0101|CAM"], "shortName", "0101|CAM", "name", "Unit 0101, common areas")
			if got := spent(); fmt.Sprint(got) != fmt.Sprint(want) {
				h.t.Errorf("by department: %v, want %v", got, want)
			}
			before := ana.read("Bill", p2)
			ana.do2("Crud/Update/Bill", record{"obj": record{"id": p2, "billLineItems": lines("350.00", "650.00")}}) // what was read, written back
			after := ana.read("Bill", p2)
			for _, member := range []string{"amount", "approvalStatus", "dueAmount"} {
				if before.str(member) != after.str(member) {
					h.t.Errorf("%s was %q and is %q", member, before.str(member), after.str(member))
				}
			}
		})
	})
}
