package codes

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/limit"
	"github.com/duebook/duebook/internal/org"
)

// step is a request with several faults, of which the first stage answers. The next step mends that one.
type step struct {
	code   string
	status int
	send   func() answer
}

func (h *house) climb(steps []step) {
	h.t.Helper()
	for i, s := range steps {
		o := *h
		o.code, o.status = s.code, s.status
		o.expect(fmt.Sprintf("step %d", i+1), s.send)
	}
}

// 3.3, domain 2.6: a request of generation 1 with a fault in every stage answers for the first of them.
func TestOrderOfChecksGeneration1(t *testing.T) {
	t.Parallel()
	h := open(t, "", limit.Settings{}).settle(t, "BDCE000")
	off, own := h.newKey("exempt"), h.key
	h.write(func(tx *db.Tx) error { return org.DeactivateKey(tx, off, "lost") })
	other := h.newKey("exempt")

	id := h.member("second@order.example", org.Administrator)
	second := *h
	second.email = "second@order.example"
	session := second.send1(second.login1()).text
	h.write(func(tx *db.Tx) error { return org.SetMembership(tx, id, org.Clerk, true) })
	h.set("apiAccess", "no", "state", "inactive")

	bad := "<frobnicate/>"
	request := func(version, key, inner string) func() answer {
		return func() answer {
			return h.document(fmt.Sprintf(`<request version="%s" applicationkey="%s">%s</request>`, version, key, inner))
		}
	}
	op := func(session, inner string) string {
		return `<operation sessionId="` + session + `">` + inner + `</operation>`
	}
	h.climb([]step{
		{"BDCE012", 200, request("9", "", "<logout><logout>")},
		{"BDCE047", 200, request("9", "", op("", bad)+op("", bad))},
		{"BDCE002", 200, request("1.0", "", op("", bad)+op("", bad))},
		{"BDCE003", 200, request("1.0", off, op("", bad)+op("", bad))},
		{"BDCE012", 200, request("1.0", other, op("", bad)+op("", bad))},
		{"BDCE008", 200, request("1.0", other, op("", bad))},
		{"BDCE015", 200, request("1.0", other, op("nonsense", bad))},
		{"BDCE017", 200, request("1.0", other, op(session, bad))},
		{"BDCE018", 200, request("1.0", own, op(session, bad))},
	})
	h.set("state", "active")
	h.climb([]step{{"BDCE001", 200, request("1.0", own, op(session, bad))}})
	h.set("apiAccess", "yes")
	h.climb([]step{{"BDCE006", 200, request("1.0", own, op(session, bad))}})
	h.write(func(tx *db.Tx) error { return org.SetMembership(tx, id, org.Administrator, true) })

	bill := func(pairs ...string) func() answer {
		return request("1.0", own, op(session, "<create_bill><bill>"+tags(pairs...)+"<billLineItems><billLineItem>"+tags("amount", "4")+"</billLineItem></billLineItems></bill></create_bill>"))
	}
	long, unknown, vendor := strings.Repeat("x", 5000), string(ids.New(ids.Vendor)), h.payee()
	h.climb([]step{
		{"BDCE011", 200, request("1.0", own, op(session, bad))},
		{"BDCE009", 200, bill("vendorId", "x", "invoiceDate", "soon", "dueDate", "10/31/12", "amount", "five", "description", long)},
		{"BDCE048", 200, bill("vendorId", "x", "invoiceNumber", "1", "invoiceDate", "soon", "dueDate", "10/31/12", "amount", "five", "description", long)},
		{"BDCE049", 200, bill("vendorId", "x", "invoiceNumber", "1", "invoiceDate", "soon", "dueDate", "10/31/12", "amount", "five")},
		{"BDCE040", 200, bill("vendorId", unknown, "invoiceNumber", "1", "invoiceDate", "10/01/12", "dueDate", "10/31/12", "amount", "five")},
		{"BDCE007", 200, bill("vendorId", unknown, "invoiceNumber", "1", "invoiceDate", "10/01/12", "dueDate", "10/31/12", "amount", "5")},
		{"BDCE051", 200, bill("vendorId", vendor, "invoiceNumber", "1", "invoiceDate", "10/01/12", "dueDate", "10/31/12", "amount", "5")},
	})
	if a := bill("vendorId", vendor, "invoiceNumber", "1", "invoiceDate", "10/01/12", "dueDate", "10/31/12", "amount", "4")(); a.code != "" {
		t.Errorf("all mended: %s", a.raw)
	}
}

// 3.4: a login answers for the first of its steps.
func TestOrderOfLoginGeneration1(t *testing.T) {
	t.Parallel()
	h := open(t, "", limit.Settings{}).settle(t, "BDCE000")
	clerk := *h
	clerk.email = "clerk@order.example"
	id := h.member(clerk.email, org.Clerk)
	h.set("apiAccess", "no", "overdue", "yes")
	login := func(user, password string) func() answer {
		return func() answer {
			return h.send1("<login>" + tags("username", user, "password", password, "orgID", string(h.org)) + "</login>")
		}
	}
	h.climb([]step{
		{"BDCE009", 200, login("nobody@x.example", "")},
		{"BDCE004", 200, login("nobody@x.example", "wrong")},
		{"BDCE005", 200, login(clerk.email, "wrong")},
		{"BDCE018", 200, login(clerk.email, password)},
	})
	h.set("overdue", "no")
	h.climb([]step{{"BDCE001", 200, login(clerk.email, password)}})
	h.set("apiAccess", "yes")
	h.climb([]step{{"BDCE006", 200, login(clerk.email, password)}})
	for range 5 {
		login(clerk.email, "wrong")()
	}
	h.climb([]step{{"BDCE016", 200, login(clerk.email, "wrong")}, {"BDCE016", 200, login(clerk.email, password)}})
	h.write(func(tx *db.Tx) error { return org.SetMembership(tx, id, org.Clerk, false) })
	h.climb([]step{{"BDCE004", 200, login(clerk.email, password)}})
}

// 6.3: a request of generation 2 with a fault in every stage answers for the first of them.
func TestOrderOfChecksGeneration2(t *testing.T) {
	t.Parallel()
	h := open(t, "", limit.Settings{CallsPerHour: 30, InFlight: 1}).settle(t, "BDC_0000")
	exhausted, protected := h.newKey("exempt"), h.newKey("required")
	for range 30 {
		h.form("CurrentTime", "devKey", exhausted, "sessionId", "x")
	}
	clerk := h.as(org.Auditor)
	untrusted := clerk.form("Login", clerk.login2("devKey", protected)...).at("sessionId")
	leave, err := h.app.Limiter.Enter(context.Background(), protected, h.org)
	if err != nil {
		t.Fatal(err)
	}
	send := func(method, path, key, session, data string) func() answer {
		return func() answer {
			v := url.Values{}
			for name, value := range map[string]string{"devKey": key, "sessionId": session, "data": data} {
				if value != "" {
					v.Set(name, value)
				}
			}
			a, err := h.request(method, "/api/v2/"+path, formType, v.Encode())
			if err != nil {
				t.Fatal(err)
			}
			return h.parse2(a)
		}
	}
	const path = "Crud/Create/VendorBankAccount.json"
	large := strings.Repeat("x", 2<<20)
	h.climb([]step{
		{"BDC_1121", 404, send("PUT", "Nope.json", "", "", large)},
		{"BDC_1114", 200, send("PUT", "Crud/Create/Nope.json", "", "", large)},
		{"BDC_1121", 405, send("PUT", path, "", "", large)},
		{"BDC_9056", 413, send("POST", path, "", "", large)},
		{"BDC_1178", 200, send("POST", path, "", "", "x")},
		{"BDC_1108", 200, send("POST", path, "nonsense", "", "x")},
		{"BDC_1102", 200, send("POST", path, "nonsense", "nonsense", "x")},
		{"BDC_1144", 200, send("POST", path, exhausted, "nonsense", "x")},
		{"BDC_1109", 200, send("POST", path, protected, "nonsense", "x")},
		{"BDC_1322", 200, send("POST", path, protected, untrusted, "x")},
	})
	leave()
	h.climb([]step{
		{"BDC_1361", 200, send("POST", path, protected, untrusted, "x")},
		{"BDC_9006", 200, send("POST", path, h.key, clerk.now, "x")},
		{"BDC_1122", 200, send("POST", path, h.key, h.now, "x")},
	})

	h = open(t, "", limit.Settings{}).settle(t, "BDC_0000")
	long := `"description":"` + strings.Repeat("x", 5000) + `"`
	unknown, vendor := string(ids.New(ids.Vendor)), h.payee()
	h.bill(vendor, "1", "5")
	create := func(more string) func() answer {
		return send("POST", "Crud/Create/Bill.json", h.key, h.now, `{"obj":{"dueDate":"2026-12-20","billLineItems":[{"amount":1}],`+more+`}}`)
	}
	h.climb([]step{
		{"BDC_1118", 200, create(`"entity":"Vendor","nmae":1,"vendorId":"x","invoiceDate":7,` + long)},
		{"BDC_1002", 200, create(`"nmae":1,"vendorId":"x","invoiceDate":7,` + long)},
		{"BDC_1117", 200, create(`"vendorId":"x","invoiceDate":7,` + long)},
		{"BDC_1124", 200, create(`"vendorId":"x","invoiceNumber":"1","invoiceDate":7,` + long)},
		{"BDC_1143", 200, create(`"vendorId":"x","invoiceNumber":"1","invoiceDate":"2026-11-20",` + long)},
		{"BDC_1119", 200, create(`"vendorId":"x","invoiceNumber":"1","invoiceDate":"2026-11-20"`)},
		{"BDC_1119", 200, create(`"vendorId":"` + unknown + `","invoiceNumber":"1","invoiceDate":"2026-11-20"`)},
		{"BDC_1171", 200, create(`"vendorId":"` + vendor + `","invoiceNumber":"1","invoiceDate":"2026-11-20"`)},
	})
	if a := create(`"vendorId":"` + vendor + `","invoiceNumber":"2","invoiceDate":"2026-11-20"`)(); a.code != "" {
		t.Errorf("all mended: %s", a.raw)
	}

	// Domain 2.7: the checks of a payment.
	b := h.bill(vendor, "3", "5")
	payment := func(bill, amount, day string) func() answer {
		return send("POST", "PayBills.json", h.key, h.now, pays(bill, amount, date(day)))
	}
	approver := h.as(org.Approver)
	h.ok("SetApprovers", `{"entity":"Bill","objectId":"`+b+`","approvers":["`+string(approver.user)+`"]}`)
	h.climb([]step{
		{"BDC_1119", 200, payment(unknown, "6", "2026-11-28")},
		{"BDC_9107", 200, payment(b, "6", "2026-11-28")},
	})
	approver.ok("Approve", `{"entity":"Bill","objectId":"`+b+`"}`)
	h.climb([]step{
		{"BDC_1159", 200, payment(b, "6", "2026-11-28")},
		{"BDC_1152", 200, payment(b, "5", "2026-11-28")},
		{"BDC_1152", 200, payment(b, "5", "2026-11-23")},
		{"BDC_9112", 200, payment(b, "5", "2027-11-26")},
		{"BDC_1151", 200, payment(b, "5", "2026-11-24")},
	})
	h.fund()
	h.ok("Crud/Delete/Vendor", idData(vendor))
	h.climb([]step{{"BDC_1143", 200, payment(b, "5", "2026-11-24")}})
	h.ok("Crud/Undelete/Vendor", idData(vendor))
	if a := payment(b, "5", "2026-11-24")(); a.code != "" {
		t.Errorf("all mended: %s", a.raw)
	}
}

// 2.1.3: a login of generation 2 answers for the first of its steps.
func TestOrderOfLoginGeneration2(t *testing.T) {
	t.Parallel()
	h := open(t, "", limit.Settings{}).settle(t, "BDC_0000")
	off := h.newKey("exempt")
	h.write(func(tx *db.Tx) error { return org.DeactivateKey(tx, off, "lost") })
	gone := h.member("gone@order.example", org.Clerk)
	h.write(func(tx *db.Tx) error { return org.SetMembership(tx, gone, org.Clerk, false) })
	h.set("apiAccess", "no", "state", "inactive")
	login := func(user, password, org, key string) func() answer {
		return func() answer {
			return h.form("Login", "userName", user, "password", password, "orgId", org, "devKey", key)
		}
	}
	h.climb([]step{
		{"BDC_1178", 200, login("", "wrong", "acme", "")},
		{"BDC_1108", 200, login("", "wrong", "acme", "nonsense")},
		{"BDC_1102", 200, login("nobody@x.example", "wrong", "acme", "nonsense")},
		{"BDC_1103", 200, login("nobody@x.example", "wrong", "acme", off)},
		{"BDC_1101", 200, login("nobody@x.example", "wrong", "acme", h.key)},
		{"BDC_1123", 200, login("gone@order.example", password, "acme", h.key)},
		{"BDC_1111", 200, login("gone@order.example", password, string(h.org), h.key)},
		{"BDC_1107", 200, login(h.email, password, string(h.org), h.key)},
	})
	h.set("state", "active")
	h.climb([]step{{"BDC_1105", 200, login(h.email, password, string(h.org), h.key)}})
	for range 5 {
		login(h.email, "wrong", "acme", h.key)()
	}
	h.climb([]step{{"BDC_1110", 200, login(h.email, "wrong", "acme", h.key)}, {"BDC_1103", 200, login(h.email, "wrong", "acme", off)}})
}
