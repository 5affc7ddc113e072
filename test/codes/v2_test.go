package codes

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/limit"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/org"
)

// Forms of one bill, of a payment, of a vendor.
func billOf(vendor, more string) string {
	return fmt.Sprintf(`{"obj":{"vendorId":%q,"invoiceNumber":"1","invoiceDate":"2026-11-20","dueDate":"2026-12-20","billLineItems":[{"amount":1}]%s}}`, vendor, more)
}

func invoiceOf(customer, more string) string {
	return fmt.Sprintf(`{"obj":{"customerId":%q,"invoiceNumber":"1","invoiceDate":"2026-11-20","dueDate":"2026-12-20","invoiceLineItems":[{"price":10}]%s}}`, customer, more)
}

func creditOf(vendor, more string) string {
	return fmt.Sprintf(`{"obj":{"vendorId":%q,"refNumber":"CR-1","creditDate":"2026-11-20","vendorCreditLineItems":[{"amount":10}]%s}}`, vendor, more)
}

func pays(bill, amount string, more ...string) string {
	return fmt.Sprintf(`{"billPays":[{"billId":%q,"amount":%s}]%s}`, bill, amount, strings.Join(more, ""))
}

func date(day string) string { return `,"processDate":"` + day + `"` }

func idData(id string) string { return `{"id":"` + id + `"}` }

// customer makes a customer.
func (h *house) customer() string {
	return h.made("Customer", `{"name":"Hartwell `+string(ids.New(ids.Customer))+`"}`)
}

// owing makes a customer with an invoice of 10.00.
func (h *house) owing() (customer, invoice string) {
	h.t.Helper()
	customer = h.customer()
	return customer, h.ok("Crud/Create/Invoice", strings.Replace(invoiceOf(customer, ""), `"1"`, `"`+customer[3:]+`"`, 1)).at("id")
}

func (h *house) credit(vendor string) string {
	h.t.Helper()
	return h.ok("Crud/Create/VendorCredit", creditOf(vendor, "")).at("id")
}

// codes of the second factor that were mailed to the user, newest last.
func (h *house) mailed(kind, pattern string) (found []string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		all, err := outbox.List(tx)
		for _, m := range all {
			if m.Kind == kind {
				found = append(found, regexp.MustCompile(pattern).FindString(m.Body))
			}
		}
		return err
	})
	return found
}

// challenge asks for the second factor and gives the challenge with the right token.
func (h *house) challenge() (id, token string) {
	h.t.Helper()
	id = h.ok("MFAChallenge", "{}").at("challengeId")
	h.settled()
	codes := h.mailed("secondFactor", `\b\d{6}\b`)
	return id, codes[len(codes)-1]
}

func answerTo(challenge, token string) string {
	return fmt.Sprintf(`{"challengeId":%q,"token":%q}`, challenge, token)
}

// generation2 are the conditions of domain 2.7 and api-v2 section 6. Those that move the clock stand at the end.
var generation2 = []provocation{
	{"BDC_1001", func(h *house) {
		h.broken("departments", func() {
			for path, data := range map[string]string{"Crud/Create/Department": `{"obj":{"name":"x"}}`, "List/Department": "", "Crud/Read/Department": idData(string(ids.New(ids.Department)))} {
				h.with(http.StatusInternalServerError).refused("a broken table", path, data)
			}
		})
		h.made("Department", `{"name":"x"}`)
	}},
	{"BDC_1002", func(h *house) {
		h.refused("of a record", "Crud/Create/Department", `{"obj":{"name":"x","nmae":1}}`, "nmae")
		h.refused("two", "Crud/Create/Bill", billOf(h.payee(), `,"a":1,"b":2`), "a, b")
	}},
	{"BDC_1003", func(h *house) {
		for _, p := range []string{"/api/v9/Login.json", "/api/v22/List/Vendor.json", "/api/", "/api/Login.json"} {
			h.with(404).expect(p, func() answer { return h.post(p, "") })
		}
	}},
	{"BDC_1005", func(h *house) {
		for _, p := range []string{"/api/v1/Login.json", "/api/v3/Login.json"} {
			h.with(404).expect(p, func() answer { return h.post(p, "") })
		}
	}},
	{"BDC_1101", func(h *house) {
		h.signOn("password", "password", "wrong")
		h.signOn("user", "userName", "nobody@x.example")
		h.expect("ListOrgs", func() answer { return h.form("ListOrgs", h.login2("password", "wrong")...) })
	}},
	{"BDC_1102", func(h *house) {
		h.signOn("login", "devKey", "01XXXXXXXXXXXXXXXXXX")
		h.signOn("in lower case", "devKey", strings.ToLower(h.key))
		h.expect("ListOrgs", func() answer { return h.form("ListOrgs", h.login2("devKey", "x")...) })
		for way, key := range map[string]string{"unknown": "x", "not the session's": h.newKey("exempt")} {
			o := *h
			o.key = key
			o.refused(way, "Crud/Create/Department", `{"obj":{"name":"x"}}`)
			o.refused(way, "Logout", "")
		}
	}},
	{"BDC_1103", func(h *house) {
		o := h.keyed("exempt")
		h.write(func(tx *db.Tx) error { return org.DeactivateKey(tx, o.key, "lost") })
		o.signOn("login")
		o.refused("a session of the key", "Crud/Create/Department", `{"obj":{"name":"x"}}`)
	}},
	{"BDC_1105", func(h *house) {
		h.set("apiAccess", "no")
		h.signOn("login")
		h.refused("a session that runs", "Crud/Create/Department", `{"obj":{"name":"x"}}`)
	}},
	{"BDC_1107", func(h *house) {
		for _, state := range []string{"overdue", "inactive"} {
			h.set("state", state)
			h.signOn(state)
			h.refused(state, "Crud/Create/Department", `{"obj":{"name":"x"}}`)
		}
	}},
	{"BDC_1108", func(h *house) {
		for _, name := range []string{"userName", "password", "orgId"} {
			h.expect(name, func() answer { return h.form("Login", h.login2(name, "")...) }, name)
		}
		h.expect("ListOrgs", func() answer { return h.form("ListOrgs", h.login2("password", "")...) }, "password")
		h.expect("sessionId", func() answer { return h.form("List/Vendor", "devKey", h.key) }, "sessionId")
		h.expect("sessionId empty", func() answer { return h.form("List/Vendor", "devKey", h.key, "sessionId", "") }, "sessionId")
	}},
	{"BDC_1109", func(h *house) {
		for _, session := range []string{"nonsense", "!b" + strings.Repeat("a", 43), "a'b", "\xff", strings.ToUpper(h.now)} {
			o := *h
			o.now = session
			o.refused(session, "Crud/Create/Department", `{"obj":{"name":"x"}}`)
			o.refused(session, "Logout", "")
		}
		h.ok("Logout", "")
		h.refused("logged out", "List/Vendor", "")
		h.refused("logged out", "Logout", "")
		h.again()
		h.write(func(tx *db.Tx) error { org.SetPassword(tx, h.user, dbtest.PasswordHash(password)); return nil })
		h.refused("password changed", "List/Vendor", "")
	}},
	{"BDC_1110", func(h *house) {
		for range 5 {
			h.form("Login", h.login2("password", "wrong")...)
		}
		h.signOn("the right password")
		h.signOn("a wrong password", "password", "wrong")
		h.expect("ListOrgs", func() answer { return h.form("ListOrgs", h.login2()...) })
	}},
	{"BDC_1111", func(h *house) {
		o := h.as(org.Clerk)
		h.write(func(tx *db.Tx) error { return org.SetMembership(tx, o.user, org.Clerk, false) })
		o.signOn("login")
	}},
	{"BDC_1114", func(h *house) {
		for _, p := range []string{"Crud/Create/Nope", "Crud/Read/vendor", "Bulk/Crud/Create/Nope", "Crud/Create/Estimate"} {
			h.refused(p, p, `{"obj":{}}`)
		}
		h.refused("GetEntityMetadata", "GetEntityMetadata", `{"entity":"Nope"}`)
	}},
	{"BDC_1115", func(h *house) {
		for _, p := range []string{"Crud/Frob/Vendor", "Crud/create/Vendor", "Bulk/Crud/Frob/Vendor", "Crud/List/Vendor"} {
			h.refused(p, p, `{"obj":{}}`)
		}
	}},
	{"BDC_1116", func(h *house) {
		for _, p := range []string{"Crud/Create/SentPay", "Crud/Create/BillLineItem", "Crud/Read/BillLineItem", "Crud/Update/VendorBankAccount", "Bulk/Crud/Create/BillPay",
			"Bulk/Crud/Update/Organization", "Crud/Delete/Profile"} {
			h.refused(p, p, `{"obj":{}}`)
		}
	}},
	{"BDC_1117", func(h *house) {
		h.refused("all", "Crud/Create/Bill", `{"obj":{}}`, "vendorId, invoiceNumber, invoiceDate, dueDate, billLineItems")
		for _, value := range []string{`null`, `""`} {
			h.refused(value, "Crud/Create/Department", `{"obj":{"name":`+value+`}}`, "name")
		}
		h.refused("twenty zeros", "Crud/Create/CustomerContact", `{"obj":{"customerId":"`+string(ids.Null)+`","name":"x"}}`, "customerId")
		h.refused("no obj", "Crud/Create/Department", `{}`, "obj")
		h.refused("no object", "Crud/Create/Department", `{"obj":[]}`, "obj")
		h.refused("id", "Crud/Read/Department", `{}`, "id")
		h.refused("id of an update", "Crud/Update/Department", `{"obj":{"name":"x"}}`, "id")
		h.refused("bulk", "Bulk/Crud/Create/Department", `{"bulk":[]}`, "bulk")
		h.refused("a call", "RecordARPayment", `{}`, "customerId", "paymentDate", "paymentType", "amount")
	}},
	{"BDC_1118", func(h *house) {
		h.refused("another entity", "Crud/Create/Department", `{"obj":{"entity":"Job","name":"x"}}`)
		d := h.made("Department", `{"name":"d"}`)
		h.refused("an update", "Crud/Update/Department", `{"obj":{"entity":"Job","id":"`+d+`","name":"x"}}`)
		h.refused("a line's", "Crud/Create/Bill", strings.Replace(billOf(h.payee(), ""), `"amount":1`, `"entity":"Bill","amount":1`, 1))
	}},
	{"BDC_1119", func(h *house) {
		stranger := h.other()
		v := h.payee()
		says := func(field, value string) string { return "Invalid field,value: " + field + ", " + value }
		for way, id := range map[string]string{"unknown": string(ids.New(ids.Vendor)), "malformed": "x", "another organisation's": stranger.payee(),
			"of another type": h.customer()} {
			for _, op := range []string{"Read", "Delete", "Undelete"} {
				h.refused(way+" id", "Crud/"+op+"/Vendor", idData(id), says("id", id))
			}
			h.refused(way+" id", "Crud/Update/Vendor", `{"obj":{"id":"`+id+`","name":"x"}}`, says("id", id))
			h.refused(way+" reference", "Crud/Create/Bill", billOf(id, ""), says("vendorId", id))
			h.refused(way+" reference of a line", "Crud/Create/Bill", strings.Replace(billOf(v, ""), `"amount":1`, `"amount":1,"departmentId":"`+id+`"`, 1), says("departmentId", id))
			h.refused(way+" bill", "PayBills", pays(id, "1"), says("billId", id))
			h.refused(way+" payment", "VoidAPPayment", `{"sentPayId":"`+id+`"}`, says("sentPayId", id))
		}
		for _, id := range []string{"x", string(ids.New(ids.Vendor)), stranger.payee(), string(h.user)} {
			h.refused("record of documents", "GetDocuments", idData(id), says("id", id))
		}
		for _, value := range []string{`"99"`, `99`} {
			h.refused("enumeration", "Crud/Create/ChartOfAccount", `{"obj":{"name":"x","accountType":`+value+`}}`, says("accountType", "99"))
		}
		h.refused("entity of an approval", "Approve", `{"entity":"Invoice","objectId":"`+v+`"}`, says("entity", "Invoice"))
		h.refused("bill of another vendor", "PayBills", pays(h.owed("5"), "1", `,"vendorId":"`+v+`"`), "billId")
		d := h.made("Department", `{"name":"d"}`)
		h.ok("Crud/Delete/Department", idData(d))
		h.refused("inactive reference", "Crud/Create/Department", `{"obj":{"name":"x","parentDepartmentId":"`+d+`"}}`, says("parentDepartmentId", d))
	}},
	{"BDC_1120", func(h *house) {
		p := h.ok("RecordAPPayment", pays(h.owed("5"), "5", date("2026-11-20"))).at("id")
		h.refused("the cheque of a recorded payment", "GetCheckImageData", `{"sentPayId":"`+p+`"}`)
		for _, path := range []string{"/HtmlServlet?id=" + string(ids.New(ids.Document)), "/is/BillImageServlet?entityId=" + h.owed("5")} {
			h.with(404).expect(path, func() answer {
				a, err := h.request("GET", path+"&"+url.Values{"sessionId": {h.now}, "devKey": {h.key}}.Encode(), "", "")
				if err != nil {
					h.t.Fatal(err)
				}
				return h.parse2(a)
			})
		}
	}},
	{"BDC_1121", func(h *house) {
		cred := url.Values{"devKey": {h.key}, "sessionId": {h.now}}.Encode()
		for _, p := range []string{"Nope.json", "", "login.json", "List/Vendor", "Crud/Create/Vendor/x.json", "crud/Create/Vendor.json", "Login"} {
			h.with(404).expect(p, func() answer { return h.post("/api/v2/"+p, cred) })
		}
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH"} {
			h.with(405).expect(method, func() answer {
				a, err := h.request(method, "/api/v2/Crud/Create/Vendor.json?"+cred, "", "")
				if err != nil {
					h.t.Fatal(err)
				}
				return h.parse2(a)
			})
		}
	}},
	{"BDC_1122", func(h *house) {
		for _, data := range []string{"not json", "[1]", "[object Object]", `{"obj":`, `{}{}`, "1", `"x"`, "true", strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)} {
			h.refused(data, "Crud/Create/Department", data)
		}
		for _, body := range []string{"[]", "{", `{"data":[]}`} {
			h.expect("body "+body, func() answer {
				a, err := h.request("POST", "/api/v2/List/Vendor.json?"+url.Values{"devKey": {h.key}, "sessionId": {h.now}}.Encode(), "application/json", body)
				if err != nil {
					h.t.Fatal(err)
				}
				return h.parse2(a)
			})
		}
	}},
	{"BDC_1123", func(h *house) {
		h.signOn("unknown", "orgId", string(ids.New(ids.Org)))
		h.signOn("malformed", "orgId", "acme")
		h.signOn("another's", "orgId", string(h.other().org))
	}},
	{"BDC_1124", func(h *house) {
		h.refused("text", "Crud/Create/Department", `{"obj":{"name":{}}}`, "name: ")
		h.refused("reference", "Crud/Create/Department", `{"obj":{"name":"x","parentDepartmentId":7}}`, "parentDepartmentId: ")
		v := h.payee()
		h.refused("dates", "Crud/Create/Bill", strings.NewReplacer("2026-11-20", "soon", "2026-12-20", "2026-02-30").Replace(billOf(v, "")), "invoiceDate: ", "dueDate: ")
		h.refused("amount", "Crud/Create/Bill", strings.Replace(billOf(v, ""), `"amount":1`, `"amount":"one"`, 1), "amount: ")
		h.refused("boolean", "Crud/Update/Vendor", `{"obj":{"id":"`+v+`","track1099":"maybe"}}`, "track1099: ")
		h.refused("list", "Crud/Create/Bill", strings.Replace(billOf(v, ""), `[{"amount":1}]`, `7`, 1), "billLineItems: ")
		h.refused("a call", "SetCustomerAuthorization", `{"customerId":"`+h.customer()+`","hasAuthorizedToCharge":"maybe"}`, "hasAuthorizedToCharge: ")
	}},
	{"BDC_1128", func(h *house) {
		for _, p := range []string{"List/Nope", "List/vendor", "List/BillLineItem"} {
			h.refused(p, p, "")
		}
	}},
	{"BDC_1129", func(h *house) {
		for data, field := range map[string]string{`{"start":-1}`: "start", `{"max":0}`: "max", `{"max":1001}`: "max", `{"start":"x"}`: "start", `{"filters":7}`: "filters",
			`{"filters":[{"field":"id","op":"=","value":"x"}]}`:                                         "id",
			`{"filters":[{"field":"createdTime","op":">","value":"soon"}]}`:                             "createdTime",
			`{"filters":[{"field":"updatedTime","op":">=","value":"2027-01-01T00:00:00.000+0000"}]}`:    "updatedTime",
			`{"filters":[{"field":"isActive","op":"in","value":[]}]}`:                                   "isActive",
			`{"sort":[{"field":"name","asc":"maybe"}]}`:                                                 "asc",
			`{"filters":[` + strings.Repeat(`{"field":"name","op":"=","value":"x"},`, 50) + `{}` + `]}`: "filters"} {
			h.refused(data, "List/Vendor", data, field)
		}
		h.refused("GetDocuments", "GetDocuments", `{"max":0}`)
	}},
	{"BDC_1130", func(h *house) {
		for _, field := range []string{"nope", "phone", "balance/x", ""} {
			h.refused(field, "List/Vendor", `{"filters":[{"field":"`+field+`","op":"=","value":"x"}]}`, field)
		}
	}},
	{"BDC_1131", func(h *house) {
		for _, op := range []string{"~", "<", "", "like"} {
			h.refused(op, "List/Vendor", `{"filters":[{"field":"name","op":"`+op+`","value":"x"}]}`, "name")
		}
		h.refused("sw of a date", "List/Bill", `{"filters":[{"field":"dueDate","op":"sw","value":"2026"}]}`, "dueDate")
	}},
	{"BDC_1143", func(h *house) {
		v := h.payee()
		h.refused("too long", "Crud/Create/Department", `{"obj":{"name":"`+strings.Repeat("x", 5000)+`"}}`, "name: ")
		h.refused("two too long", "Crud/Create/Vendor", `{"obj":{"name":"`+strings.Repeat("x", 5000)+`","phone":"`+strings.Repeat("1", 5000)+`"}}`, "name: ", "phone: ")
		h.refused("too large", "Crud/Create/Bill", strings.Replace(billOf(v, ""), `"amount":1`, `"amount":1e20`, 1), "amount: ")
		h.refused("e-mail", "Crud/Create/Vendor", `{"obj":{"name":"x","email":"nobody"}}`, "email: ")
		h.refused("currency", "Crud/Create/Bill", billOf(v, `,"exchangeRate":1.5`), "exchangeRate: ")
		d := h.made("Department", `{"name":"d"}`)
		h.refused("its own parent", "Crud/Update/Department", `{"obj":{"id":"`+d+`","parentDepartmentId":"`+d+`"}}`, "parentDepartmentId: ")
		h.ok("Crud/Delete/Vendor", idData(v))
		h.refused("inactive vendor", "Crud/Create/Bill", billOf(v, ""), "vendorId: ")
		c, bank := h.customer(), h.fund()
		account := h.made("ChartOfAccount", `{"name":"x","accountType":"3"}`)
		h.refused("money directed twice", "Crud/Create/Invoice", invoiceOf(c, `,"payToBankAccountId":"`+bank+`","payToChartOfAccountId":"`+account+`"`), ": ")
	}},
	{"BDC_1144", func(h *house) {
		strict := open(h.t, "", limit.Settings{CallsPerHour: 7, LoginsPerHour: 3, MailsPerMinute: 1, FailuresPerMinute: 2}).settle(h.t, h.code)
		strict.ok("MFAChallenge", "{}")
		strict.refused("mails", "MFAChallenge", "{}", "1 messages a minute")
		for range 2 {
			strict.form("ListOrgs", strict.login2()...)
		}
		strict.signOn("logins")
		strict.expect("lists of organisations", func() answer { return strict.form("ListOrgs", strict.login2()...) }, "3 logins an hour")
		strict.refused("calls", "CurrentTime", "", "7 calls an hour")
		strict.key = strict.newKey("exempt")
		strict.with(429).expect("failed logins of an address", func() answer {
			for range 2 {
				strict.form("Login", strict.login2("userName", "nobody@x.example")...)
			}
			return strict.form("Login", strict.login2("userName", "nobody@x.example")...)
		})
	}},
	{"BDC_1150", func(h *house) {
		h.fund()
		b, clerk := h.owed("5"), h.as(org.Clerk)
		clerk.refused("a clerk", "PayBills", pays(b, "1"))
		clerk.refused("a clerk", "PayBill", `{"billId":"`+b+`","amount":1}`)
	}},
	{"BDC_1151", func(h *house) {
		b := h.owed("5")
		h.refused("none", "PayBills", pays(b, "1"))
		h.fund()
		h.refused("unknown", "PayBills", pays(b, "1", `,"bankAccountId":"`+string(ids.New(ids.BankAccount))+`"`))
		h.refused("another organisation's", "PayBills", pays(b, "1", `,"bankAccountId":"`+h.other().fund()+`"`))
	}},
	{"BDC_1152", func(h *house) {
		h.fund()
		b := h.owed("5")
		for _, day := range []string{"2026-11-23", "2026-11-26", "2026-11-28", "2026-02-30", "soon"} {
			h.refused(day, "PayBills", pays(b, "1", date(day)))
			h.refused(day, "PayBill", `{"billId":"`+b+`","amount":1`+date(day)+`}`)
		}
		h.refused("recorded", "RecordAPPayment", pays(b, "1", date("soon")))
	}},
	{"BDC_1159", func(h *house) {
		h.fund()
		v := h.payee()
		b, c := h.bill(v, "1", "5"), h.credit(v)
		h.refused("bill", "PayBills", pays(b, "5.01"))
		h.refused("bill", "RecordAPPayment", pays(b, "5.01", date("2026-11-20")))
		b20 := h.bill(v, "20", "20")
		h.refused("credit", "PayBills", pays(b20, "1", fmt.Sprintf(`,"billCredits":[{"billId":%q,"vendorCreditId":%q,"amount":10.01}]`, b20, c)))
		customer, invoice := h.owing()
		h.refused("invoice", "RecordARPayment", fmt.Sprintf(`{"customerId":%q,"paymentDate":"2026-11-20","paymentType":"1","amount":20,"invoicePays":[{"invoiceId":%q,"amount":10.01}]}`, customer, invoice))
	}},
	{"BDC_1171", func(h *house) {
		v, c := h.payee(), h.customer()
		h.ok("Crud/Create/Bill", billOf(v, ""))
		h.refused("bill", "Crud/Create/Bill", billOf(v, ""), "uplicate", "already exists")
		h.ok("Crud/Create/Invoice", invoiceOf(c, ""))
		h.refused("invoice", "Crud/Create/Invoice", invoiceOf(c, ""))
		b := h.bill(v, "2", "5")
		h.refused("update", "Crud/Update/Bill", `{"obj":{"id":"`+b+`","invoiceNumber":"1"}}`)
	}},
	{"BDC_1178", func(h *house) {
		h.signOn("login", "devKey", "")
		h.expect("ListOrgs", func() answer { return h.form("ListOrgs", h.login2("devKey", "")...) })
		h.expect("call", func() answer { return h.form("List/Vendor", "sessionId", h.now) })
	}},
	{"BDC_1322", func(h *house) {
		strict := open(h.t, "", limit.Settings{InFlight: 1}).settle(h.t, h.code)
		leave, err := strict.app.Limiter.Enter(context.Background(), strict.key, strict.org)
		if err != nil {
			h.t.Fatal(err)
		}
		strict.refused("a second call", "Crud/Create/Department", `{"obj":{"name":"x"}}`)
		leave()
		strict.made("Department", `{"name":"x"}`)
	}},
	{"BDC_1354", func(h *house) { h.refused("no second device", "MFAChallenge", `{"useBackup":true}`) }},
	{"BDC_1358", func(h *house) {
		id, token := h.challenge()
		for range 5 {
			h.call("MFAAuthenticate", answerTo(id, "x"+token[1:]))
		}
		h.refused("the right token", "MFAAuthenticate", answerTo(id, token))
		h.refused("another challenge", "MFAChallenge", "{}")
	}},
	{"BDC_1361", func(h *house) {
		h.fund()
		b, v, o := h.owed("5"), h.payee(), h.keyed("required")
		account := `{"obj":{"vendorId":"` + v + `","accountNumber":"5551234","routingNumber":"990000026"},"isMarketingMaterialShown":true}`
		for path, data := range map[string]string{"PayBills": pays(b, "1"), "PayBill": `{"billId":"` + b + `","amount":1}`, "SendVendorInvite": `{"vendorId":"` + v + `","email":"a@b.example"}`,
			"SendInvite": `{"id":"` + v + `","networkId":"1234567890123456"}`, "Crud/Create/VendorBankAccount": account, "Crud/Delete/VendorBankAccount": idData(v),
			"Bulk/Crud/Create/VendorBankAccount": `{"bulk":[` + account + `]}`, "Bulk/Crud/Delete/VendorBankAccount": `{"bulk":[` + idData(v) + `]}`} {
			o.refused("untrusted", path, data)
		}
		var value string
		h.write(func(tx *db.Tx) (err error) { value, _, err = org.NewAPIToken(tx, "Night Run"); return err })
		h.now = h.form("Login", h.login2("userName", "Night Run", "password", value)...).at("sessionId")
		h.refused("a session of a token", "PayBills", pays(b, "1"))
		h.refused("a session of a token", "MFAChallenge", "{}")
	}},
	{"BDC_1402", func(h *house) {
		h.fund()
		v := h.payee()
		h.banked(v)
		h.refused("the next day", "PayBills", pays(h.bill(v, "1", "5"), "1", date("2026-11-24")))
	}},
	{"BDC_9006", func(h *house) {
		b, v, auditor, payer := h.owed("5"), h.payee(), h.as(org.Auditor), h.as(org.Payer)
		for path, data := range map[string]string{"Crud/Create/Bill": billOf(v, ""), "Crud/Update/Vendor": `{"obj":{"id":"` + v + `","phone":"1"}}`, "Crud/Delete/Bill": idData(b),
			"Crud/Create/Department": `{"obj":{"name":"x"}}`, "Crud/Create/User": `{"obj":{}}`, "Crud/Update/Organization": `{"obj":{"id":"` + string(h.org) + `","name":"x"}}`,
			"RecordAPPayment": pays(b, "1", date("2026-11-20")), "Approve": `{"entity":"Bill","objectId":"` + b + `"}`, "UploadAttachment": `{"fileName":"a.txt","document":"QUJD"}`,
			"SetApprovers": `{"entity":"Bill","objectId":"` + b + `","approvers":["` + string(h.user) + `"]}`} {
			auditor.refused("an auditor", path, data)
		}
		payer.refused("a payer", "RecordARPayment", `{}`)
		h.refused("the last administrator", "Crud/Delete/User", idData(string(h.user)))
		h.set("sodMode", "enforce")
		h.ok("SetApprovers", `{"entity":"Bill","objectId":"`+b+`","approvers":["`+string(h.user)+`"]}`)
		h.refused("what oneself has entered", "Approve", `{"entity":"Bill","objectId":"`+b+`"}`)
	}},
	{"BDC_9010", func(h *house) {
		other, v := h.other(), h.payee()
		other.set("networkPublic", "true")
		var name string
		other.write(func(tx *db.Tx) error { o, err := org.Load(tx); name = o.Name; return err })
		found := h.ok("SearchNetwork", `{"name":"`+name+`"}`).at("0.networkId")
		h.ok("SendInvite", `{"id":"`+v+`","networkId":"`+found+`"}`)
		h.settled()
		codes := h.mailed("networkInvitation", "[A-Za-z0-9]{40}")
		who := db.Caller{Org: other.org, User: other.user, Perms: org.All, Channel: "web"}
		if err := network.Accept(context.Background(), h.app.DB, who, network.Answer{Code: codes[0]}); err != nil {
			h.t.Fatal(err)
		}
		h.refused("a maintained field", "Crud/Update/Vendor", `{"obj":{"id":"`+v+`","address1":"elsewhere"}}`, "address1")
	}},
	{"BDC_9043", func(h *house) {
		for _, bad := range []string{"**", "QUJD%", "A"} {
			h.refused(bad, "UploadAttachment", `{"fileName":"a.txt","document":"`+bad+`"}`)
		}
		h.refused("of nothing", "UploadAttachment", `{"fileName":"a.txt","document":"="}`)
	}},
	{"BDC_9044", func(h *house) {
		for _, name := range []string{"a", "../a.txt", "a/b.txt", "a.exe", strings.Repeat("a", 252) + ".txt", "a.pdf"} {
			h.refused(name, "UploadAttachment", `{"fileName":"`+name+`","document":"QUJD"}`)
		}
	}},
	{"BDC_9045", func(h *house) {
		h.fund()
		v := h.payee()
		b := h.bill(v, "1", "5")
		for _, amount := range []string{"0", "-1", "0.001"} {
			h.refused(amount, "PayBills", pays(b, amount))
			h.refused(amount, "PayBill", `{"billId":"`+b+`","amount":`+amount+`}`)
			h.refused(amount, "RecordAPPayment", pays(b, amount, date("2026-11-20")))
		}
		h.refused("credit", "Crud/Create/VendorCredit", strings.Replace(creditOf(v, ""), "10", "-1", 1))
		c, i := h.owing()
		h.refused("invoice", "Crud/Create/Invoice", strings.Replace(invoiceOf(c, ""), `"price":10`, `"price":-10`, 1))
		h.refused("parts", "RecordARPayment", fmt.Sprintf(`{"customerId":%q,"paymentDate":"2026-11-20","paymentType":"1","amount":5,"invoicePays":[{"invoiceId":%q,"amount":6}]}`, c, i))
	}},
	{"BDC_9052", func(h *house) {
		h.fund()
		bare := h.made("Vendor", `{"name":"a","address1":"1 Pier","addressCity":"Oakland","addressState":"CA"}`)
		h.refused("cheque", "PayBills", pays(h.bill(bare, "1", "5"), "1"))
		h.refused("invitation", "SendVendorInvite", `{"vendorId":"`+bare+`","email":"a@b.example"}`)
	}},
	{"BDC_9053", func(h *house) {
		h.fund()
		h.refused("abroad", "PayBills", pays(h.bill(h.abroad("France"), "1", "5"), "1"))
	}},
	{"BDC_9054", func(h *house) {
		h.fund()
		h.set("internationalPayments", "yes", "internationalOn", "yes")
		h.refused("Atlantis", "PayBills", pays(h.bill(h.abroad("Atlantis"), "1", "5"), "1"))
	}},
	{"BDC_9055", func(h *house) {
		h.fund()
		h.set("internationalPayments", "yes", "internationalOn", "yes")
		h.refused("a cent too much", "PayBills", pays(h.bill(h.abroad("France"), "1", "20000"), "10000.01"))
	}},
	{"BDC_9056", func(h *house) {
		large := base64.StdEncoding.EncodeToString(make([]byte, 20<<20+1))
		h.expect("a file of 20 MiB and a byte", func() answer {
			a, err := h.request("POST", "/api/v2/UploadAttachment.json?"+url.Values{"devKey": {h.key}, "sessionId": {h.now}}.Encode(), "application/json",
				`{"data":{"fileName":"a.txt","document":"`+large+`"}}`)
			if err != nil {
				h.t.Fatal(err)
			}
			return h.parse2(a)
		})
		h.with(413).refused("a request of 2 MiB and more", "Crud/Create/Department", strings.Repeat(" ", 2<<20))
	}},
	{"BDC_9102", func(h *house) {
		v := h.payee()
		h.made("Department", `{"name":"Yard"}`)
		h.made("Vendor", `{"name":"Harbor"}`)
		h.refused("vendor", "Crud/Create/Vendor", `{"obj":{"name":"HARBOR"}}`, "name")
		h.refused("name", "Crud/Create/Department", `{"obj":{"name":"Yard"}}`, "name")
		h.credit(v)
		h.refused("credit", "Crud/Create/VendorCredit", creditOf(v, ""), "refNumber")
		c := h.customer()
		memo := fmt.Sprintf(`{"obj":{"customerId":%q,"refNumber":"1","creditDate":"2026-11-20","creditMemoLineItems":[{"price":1}]}}`, c)
		h.ok("Crud/Create/CreditMemo", memo)
		h.refused("credit memo", "Crud/Create/CreditMemo", memo, "refNumber")
		profile := h.ok("List/Profile", "").at("0.id")
		user := fmt.Sprintf(`{"obj":{"firstName":"Cleo","lastName":"Clark","email":%q,"loginId":%q,"profileId":%q}}`, h.email, h.email, profile)
		h.refused("login", "Crud/Create/User", user, "loginId")
	}},
	{"BDC_9103", func(h *house) {
		h.fund()
		v := h.payee()
		h.ok("PayBills", pays(h.bill(v, "1", "5"), "5", date("2026-12-10")))
		h.settled()
		h.refused("delete", "Crud/Delete/Vendor", idData(v))
		h.refused("update", "Crud/Update/Vendor", `{"obj":{"id":"`+v+`","isActive":"2"}}`)
	}},
	{"BDC_9104", func(h *house) {
		h.fund()
		v := h.payee()
		account := fmt.Sprintf(`{"obj":{"vendorId":%q,"accountNumber":"5551234","routingNumber":"990000026"}}`, v)
		a := h.ok("Crud/Create/VendorBankAccount", account).at("id")
		h.refused("a second account", "Crud/Create/VendorBankAccount", account)
		h.ok("PayBills", pays(h.bill(v, "1", "5"), "5", date("2026-12-10")))
		h.settled()
		h.refused("payments wait", "Crud/Delete/VendorBankAccount", idData(a))
		c, i := h.owing()
		h.ok("SetCustomerAuthorization", `{"customerId":"`+c+`"}`)
		h.refused("no account to charge", "ChargeCustomer", fmt.Sprintf(`{"customerId":%q,"paymentType":"3","paymentAccountId":%q,"invoicePays":[{"invoiceId":%q,"amount":4}]}`,
			c, ids.New(ids.CustomerBankAccount), i))
		theirs := fmt.Sprintf(`{"agreedWithTOS":true,"obj":{"customerId":%q,"nameOnAccount":"x","routingNumber":"990000026","accountNumber":"5551234"}}`, c)
		h.ok("Crud/Create/CustomerBankAccount", theirs)
		h.refused("a customer's second account", "Crud/Create/CustomerBankAccount", theirs)
	}},
	{"BDC_9105", func(h *house) {
		h.fund()
		v := h.payee()
		b, credit := h.bill(v, "1", "5"), h.credit(v)
		h.ok("RecordAPPayment", pays(b, "1", date("2026-11-20"), fmt.Sprintf(`,"vendorId":%q,"billCredits":[{"billId":%q,"vendorCreditId":%q,"amount":1}]`, v, b, credit)))
		h.refused("bill", "Crud/Delete/Bill", idData(b))
		h.refused("bill below what is paid", "Crud/Update/Bill", `{"obj":{"id":"`+b+`","billLineItems":[{"amount":1}]}}`)
		h.refused("credit", "Crud/Delete/VendorCredit", idData(credit))
		c, i := h.owing()
		h.refused("customer with open invoices", "Crud/Delete/Customer", idData(c))
		h.ok("RecordARPayment", fmt.Sprintf(`{"customerId":%q,"paymentDate":"2026-11-20","paymentType":"1","amount":5,"invoicePays":[{"invoiceId":%q,"amount":5}]}`, c, i))
		h.refused("invoice", "Crud/Delete/Invoice", idData(i))
		account := h.ok("Crud/Create/CustomerBankAccount", fmt.Sprintf(`{"agreedWithTOS":true,"obj":{"customerId":%q,"nameOnAccount":"x","routingNumber":"990000026","accountNumber":"5551234"}}`, c)).at("id")
		h.ok("SetCustomerAuthorization", `{"customerId":"`+c+`"}`)
		h.ok("ChargeCustomer", fmt.Sprintf(`{"customerId":%q,"paymentType":"3","paymentAccountId":%q,"invoicePays":[{"invoiceId":%q,"amount":4}]}`, c, account, i))
		h.settled()
		h.refused("a charge waits", "Crud/Delete/CustomerBankAccount", idData(account))
	}},
	{"BDC_9106", func(h *house) {
		b, payer := h.owed("5"), h.as(org.Payer)
		set := func(user string) string {
			return `{"entity":"Bill","objectId":"` + b + `","approvers":["` + user + `"]}`
		}
		h.refused("a payer", "SetApprovers", set(string(payer.user)))
		h.refused("unknown", "SetApprovers", set(string(ids.New(ids.User))))
		h.refused("another organisation's", "SetApprovers", set(string(h.other().user)))
		policy := h.made("ApprovalPolicy", `{"amountThreshold":5,"minNumApprovers":1}`)
		h.refused("of a policy", "Crud/Create/ApprovalPolicyApprover", `{"obj":{"approvalPolicyId":"`+policy+`","usersId":"`+string(payer.user)+`"}}`)
	}},
	{"BDC_9107", func(h *house) {
		h.fund()
		b, approver := h.owed("5"), h.as(org.Approver)
		h.ok("SetApprovers", `{"entity":"Bill","objectId":"`+b+`","approvers":["`+string(approver.user)+`"]}`)
		h.refused("under approval", "PayBills", pays(b, "1"))
		approver.ok("Deny", `{"entity":"Bill","objectId":"`+b+`"}`)
		h.refused("denied", "PayBills", pays(b, "1"))
		v := h.payee()
		c, due := h.credit(v), h.bill(v, "1", "5")
		h.ok("SetApprovers", `{"entity":"VendorCredit","objectId":"`+c+`","approvers":["`+string(approver.user)+`"]}`)
		approver.ok("Deny", `{"entity":"VendorCredit","objectId":"`+c+`"}`)
		h.refused("denied credit", "PayBills", pays(due, "1", fmt.Sprintf(`,"billCredits":[{"billId":%q,"vendorCreditId":%q,"amount":1}]`, due, c)))
	}},
	{"BDC_9108", func(h *house) {
		h.fund()
		p := h.ok("RecordAPPayment", pays(h.owed("5"), "5", date("2026-11-20"))).at("id")
		h.refused("a recorded payment", "CancelAPPayment", `{"sentPayId":"`+p+`"}`)
		h.ok("VoidAPPayment", `{"sentPayId":"`+p+`"}`)
		h.refused("void already", "VoidAPPayment", `{"sentPayId":"`+p+`"}`)
		p = h.ok("PayBills", pays(h.owed("5"), "5", date("2026-12-10"))).at("sentPays.0.id")
		h.settled()
		h.refused("not sent yet", "VoidAPPayment", `{"sentPayId":"`+p+`","voidRequestType":"1","reason":"lost"}`)
		h.ok("CancelAPPayment", `{"sentPayId":"`+p+`"}`)
		h.refused("cancelled already", "CancelAPPayment", `{"sentPayId":"`+p+`"}`)
		c, _ := h.owing()
		r := h.ok("RecordARPayment", `{"customerId":"`+c+`","paymentDate":"2026-11-20","paymentType":"1","amount":5}`).at("id")
		h.ok("VoidARPayment", idData(r))
		h.refused("received, void already", "VoidARPayment", idData(r))
	}},
	{"BDC_9109", func(h *house) {
		h.fund()
		c, i := h.owing()
		account := h.ok("Crud/Create/CustomerBankAccount", fmt.Sprintf(`{"agreedWithTOS":true,"obj":{"customerId":%q,"nameOnAccount":"x","routingNumber":"990000026","accountNumber":"5551234"}}`, c)).at("id")
		h.refused("charge", "ChargeCustomer", fmt.Sprintf(`{"customerId":%q,"paymentType":"3","paymentAccountId":%q,"invoicePays":[{"invoiceId":%q,"amount":4}]}`, c, account, i))
	}},
	{"BDC_9110", func(h *house) {
		b, first, second := h.owed("5"), h.as(org.Approver), h.as(org.Accountant)
		at := `{"entity":"Bill","objectId":"` + b + `"}`
		first.refused("no approver", "Approve", at)
		h.ok("SetApprovers", `{"entity":"Bill","objectId":"`+b+`","approvers":["`+string(first.user)+`","`+string(second.user)+`"]}`)
		second.refused("not yet", "Approve", at)
		second.refused("not yet", "Deny", at)
		first.ok("Approve", at)
		first.refused("no more", "Approve", at)
	}},
	{"BDC_9111", func(h *house) {
		v := h.payee()
		h.ok("SendVendorInvite", `{"vendorId":"`+v+`","email":"a@b.example"}`)
		h.settled()
		h.refused("again", "SendVendorInvite", `{"vendorId":"`+v+`","email":"a@b.example"}`)
	}},
	{"BDC_9112", func(h *house) {
		h.fund()
		h.refused("367 days ahead", "PayBills", pays(h.owed("5"), "1", date("2027-11-26")))
	}},
	{"BDC_9201", func(h *house) {
		h.refused("101 members", "Bulk/Crud/Create/Department", `{"bulk":[`+strings.Repeat(`{"obj":{"name":"x"}},`, 100)+`{"obj":{"name":"x"}}]}`)
		one := `{"billId":"` + string(ids.New(ids.Bill)) + `","amount":1}`
		h.refused("201 bills", "PayBills", `{"billPays":[`+strings.Repeat(one+",", 200)+one+`]}`)
		h.refused("no bill", "PayBills", `{"billPays":[]}`)
	}},
	{"BDC_9202", func(h *house) {
		for _, field := range []string{"nope", "", "phone"} {
			h.refused(field, "List/Vendor", `{"sort":[{"field":"`+field+`","asc":true}]}`, field)
		}
	}},
	{"BDC_1356", func(h *house) {
		id, token := h.challenge()
		h.refused("wrong", "MFAAuthenticate", answerTo(id, "x"+token[1:]))
		h.refused("unknown challenge", "MFAAuthenticate", answerTo("x", token))
		h.at(h.t, "2026-11-23T19:00:00Z")
		h.again()
		h.refused("too old", "MFAAuthenticate", answerTo(id, token))
	}},
	{"BDC_1374", func(h *house) {
		id, token := h.challenge()
		mfa := h.ok("MFAAuthenticate", strings.TrimSuffix(answerTo(id, token), "}")+`,"deviceId":"till 4","machineName":"Till","rememberMe":true}`).at("mfaId")
		h.at(h.t, "2026-12-28T17:00:00Z")
		h.again()
		h.refused("after 35 days", "MFAStatus", `{"mfaId":"`+mfa+`","deviceId":"till 4"}`)
	}},
}
