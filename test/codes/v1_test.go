package codes

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/limit"
	"github.com/duebook/duebook/internal/org"
)

// provocation is one code and how it is provoked, in an organisation of its own.
type provocation struct {
	code string
	run  func(h *house)
}

// detail is an operation that works.
const detail = "<get_org_detail/>"

// others are the requests of generation 1 beside operations that carry a session.
func others(session string) []string {
	return []string{`<logout sessionId="` + session + `"/>`, `<getcurrenttime sessionId="` + session + `"/>`,
		`<checksyncclientversion sessionId="` + session + `">1.0</checksyncclientversion>`,
		`<operationbatch sessionId="` + session + `"><operation>` + detail + `</operation></operationbatch>`}
}

// generation1 are the conditions of domain 2.7 and api-v1 section 9.
var generation1 = []provocation{
	{"BDCE001", func(h *house) {
		h.set("apiAccess", "no")
		h.sent("login", h.login1())
		h.op("a session that runs", detail)
		for _, r := range others(h.old)[1:] {
			h.sent(r, r)
		}
	}},
	{"BDCE002", func(h *house) {
		for way, key := range map[string]string{"none": "", "empty": `applicationkey=""`, "unknown": `applicationkey="01NOSUCHKEY000000001"`,
			"in lower case": `applicationkey="` + strings.ToLower(h.key) + `"`} {
			for _, inner := range append(others(h.old), h.login1(), h.operation(create("department", "name", "x"))) {
				h.expect(way, func() answer { return h.document(`<request version="1.0" ` + key + `>` + inner + `</request>`) })
			}
		}
	}},
	{"BDCE003", func(h *house) {
		o := h.keyed("exempt")
		h.write(func(tx *db.Tx) error { return org.DeactivateKey(tx, o.key, "lost") })
		o.sent("login", o.login1())
		o.op("a session of the key", detail)
	}},
	{"BDCE004", func(h *house) {
		stranger, gone := h.other(), *h
		gone.email = "gone" + h.email[3:]
		id := h.member(gone.email, org.Administrator)
		h.write(func(tx *db.Tx) error { return org.SetMembership(tx, id, org.Administrator, false) })
		for way, o := range map[string]house{"unknown user": {email: "nobody@x.example", org: h.org}, "unknown organisation": {email: h.email, org: ids.New(ids.Org)},
			"malformed organisation": {email: h.email, org: "acme"}, "another organisation": {email: h.email, org: stranger.org}, "a member no more": gone} {
			h.sent(way, o.login1())
		}
		h.sent("list of organisations", "<getorglist>"+tags("username", "nobody@x.example", "password", password)+"</getorglist>")
	}},
	{"BDCE005", func(h *house) {
		h.sent("login", strings.Replace(h.login1(), password, "wrong", 1))
		h.sent("list of organisations", "<getorglist>"+tags("username", h.email, "password", "wrong")+"</getorglist>")
	}},
	{"BDCE006", func(h *house) {
		id := h.member("clerk@six.example", org.Clerk)
		o := *h
		o.email = "clerk@six.example"
		h.sent("login", o.login1())
		h.write(func(tx *db.Tx) error { return org.SetMembership(tx, id, org.Administrator, true) })
		o.old = o.send1(o.login1()).text
		h.write(func(tx *db.Tx) error { return org.SetMembership(tx, id, org.Clerk, true) })
		o.op("a session that runs", detail)
		h.fund()
		b, strict := h.owed("10"), h.keyed("required")
		strict.op("payments not confirmed", pay(b, "1", "11/24/26"))
	}},
	{"BDCE007", func(h *house) {
		stranger := h.other()
		v, unknown := h.payee(), string(ids.New(ids.Vendor))
		for way, id := range map[string]string{"unknown": unknown, "another organisation's": stranger.payee(), "of another type": string(h.org)} {
			h.op(way+" vendor of a bill", newBill(id, "1", "5"), "vendorId")
			h.op(way+" vendor to update", update("vendor", "id", id, "phone", "1"), "id")
		}
		h.op("department of a line", strings.Replace(newBill(v, "1", "5", "5"), "</amount></billLineItem>", "</amount>"+tags("departmentId", string(ids.New(ids.Department)))+"</billLineItem>", 1), "departmentId")
		h.op("parent", create("department", "name", "x", "parentDepartmentId", string(ids.New(ids.Department))), "parentDepartmentId")
		h.op("upload to an unknown vendor", "<upload_attachment>"+tags("id", unknown, "filename", "a.txt", "document", "QUJD")+"</upload_attachment>", "id")
		h.fund()
		b := h.bill(v, "7", "5")
		h.ok("Crud/Delete/Vendor", `{"id":"`+v+`"}`)
		h.op("inactive vendor of a payment", pay(b, "1", "11/24/26"), "vendorId")
	}},
	{"BDCE008", func(h *house) {
		for _, attr := range []string{"", `sessionId=""`} {
			h.sent("operation", `<operation `+attr+`>`+create("department", "name", "x")+`</operation>`)
			for _, r := range others("") {
				h.sent(r, strings.Replace(r, `sessionId=""`, attr, 1))
			}
		}
	}},
	{"BDCE009", func(h *house) {
		h.op("vendor", create("vendor"), "name")
		h.op("empty", create("department", "name", ""), "name")
		h.op("no record", "<create_vendor/>", "vendor")
		h.op("bill", "<create_bill><bill><poNumber>1</poNumber></bill></create_bill>", "vendorId, invoiceNumber, amount, invoiceDate, dueDate")
		h.op("payment", "<pay_bill/>", "billId, amount, processDate")
		h.op("recorded payment", "<create_offlinepayment/>", "billId, amount, processDate")
		h.op("upload", "<upload_document/>", "filename, document")
		h.op("update without id", update("vendor", "phone", "1"), "id")
		h.sent("login", "<login/>", "username, password, orgID")
		h.sent("list of organisations", "<getorglist/>", "username, password")
	}},
	{"BDCE010", func(h *house) {
		v := h.payee()
		h.made1("<link_vendor>" + tags("vendorId", v, "linkTo", string(h.other().org)) + "</link_vendor>")
		h.op("a maintained field", update("vendor", "id", v, "address1", "2 Pier Road"))
	}},
	{"BDCE011", func(h *house) {
		h.op("operation", "<frobnicate/>")
		h.op("letter case", "<Create_vendor><vendor><name>x</name></vendor></Create_vendor>")
		h.op("object", getList("frob"))
		h.sent("in a batch", `<operationbatch sessionId="`+h.old+`"><operation><frobnicate/></operation></operationbatch>`)
	}},
	{"BDCE012", func(h *house) {
		for way, doc := range map[string]string{"nothing": "", "no XML": "{}", "another root": "<requests/>", "not well-formed": "<request", "two roots": "<request/><request/>",
			"a declaration of entities": `<!DOCTYPE x [<!ENTITY a "b">]><request/>`, "too deep": strings.Repeat("<request>", 40) + strings.Repeat("</request>", 40),
			"bytes that are no UTF-8": "<request>\xff</request>", "a null byte": "<request>\x00</request>"} {
			h.expect(way, func() answer { return h.document(doc) })
		}
		h.sent("no child", "")
		h.sent("two children", others(h.old)[1]+others(h.old)[1])
		h.sent("unknown child", "<frob/>")
		h.sent("two operations", h.operation(create("department", "name", "x")+create("department", "name", "y")))
		h.sent("no operation", h.operation(""))
		h.sent("a long transactionId", `<operation transactionId="`+strings.Repeat("x", 257)+`" sessionId="`+h.old+`">`+create("department", "name", "x")+`</operation>`)
		h.sent("an empty batch", `<operationbatch sessionId="`+h.old+`"/>`)
		h.with(405).expect("GET", func() answer {
			a, err := h.request("GET", "/crudApi", "", "")
			if err != nil {
				h.t.Fatal(err)
			}
			return h.parse1(a)
		})
		strict := open(h.t, "", limit.Settings{CallsPerHour: 3, FailuresPerMinute: 2}).settle(h.t, h.code)
		h.expect("calls in an hour", func() answer {
			strict.send1(others(strict.old)[1])
			return strict.send1(others(strict.old)[1])
		})
		wrong := strings.Replace(strict.login1(), password, "wrong", 1)
		strict.key = strict.newKey("exempt")
		h.with(429).expect("failed logins of an address", func() answer {
			strict.send1(wrong)
			strict.send1(wrong)
			return strict.send1(wrong)
		})
	}},
	{"BDCE013", func(h *house) {
		h.fund()
		b := h.owed("100")
		for _, day := range []string{"11/28/26", "11/26/2026", "31/12/2026", "02/30/2027", "tomorrow", "11/24"} {
			h.op("pay on "+day, pay(b, "1", day))
		}
		for _, day := range []string{"02/30/2012", "yesterday"} {
			h.op("paid on "+day, offline(b, "1", day))
		}
	}},
	{"BDCE014", func(h *house) {
		h.broken("departments", func() { h.op("a broken table", create("department", "name", "x")) })
		if a := h.send1(h.operation(create("department", "name", "x"))); a.code != "" {
			h.t.Errorf("mended: %s", a.raw)
		}
	}},
	{"BDCE015", func(h *house) {
		for way, session := range map[string]string{"unknown": strings.Repeat("a", 40), "malformed": "a'b", "of generation 2": h.now} {
			o := *h
			o.old = session
			o.op(way, create("department", "name", "x"))
			for _, r := range others(session) {
				o.sent(way+" "+r, r)
			}
		}
		h.send1(others(h.old)[0])
		h.op("logged out", detail)
		h.again()
		h.write(func(tx *db.Tx) error { org.SetPassword(tx, h.user, dbtest.PasswordHash(password)); return nil })
		h.op("password changed", detail)
	}},
	{"BDCE016", func(h *house) {
		for range 5 {
			h.send1(strings.Replace(h.login1(), password, "wrong", 1))
		}
		h.sent("the right password", h.login1())
		h.sent("a wrong password", strings.Replace(h.login1(), password, "wrong", 1))
		h.sent("list of organisations", "<getorglist>"+tags("username", h.email, "password", password)+"</getorglist>")
	}},
	{"BDCE017", func(h *house) {
		o := *h
		o.key = h.newKey("exempt")
		o.op("operation", create("department", "name", "x"))
		for _, r := range others(h.old) {
			o.sent(r, r)
		}
	}},
	{"BDCE018", func(h *house) {
		for _, set := range [][2]string{{"overdue", "yes"}, {"state", "inactive"}} {
			h.set(set[0], set[1])
			h.sent("login", h.login1())
			h.op("a session that runs", detail)
			for _, r := range others(h.old)[1:] {
				h.sent(r, r)
			}
		}
	}},
	{"BDCE040", func(h *house) {
		v := h.payee()
		h.op("enumeration", create("chartOfAccount", "name", "x", "accountType", "99"), "accountType")
		h.op("boolean", create("vendor", "name", "x", "track1099", "maybe"), "track1099")
		h.op("amount", newBill(v, "1", "five"), "amount")
		h.op("e-mail", create("vendor", "name", "x", "email", "nobody"), "email")
		h.op("a repeated element", create("vendor", "name", "x", "phone", "1", "phone", "2"), "phone")
		d := h.made1(create("department", "name", "d"))
		h.op("its own parent", update("department", "id", d, "parentDepartmentId", d), "parentDepartmentId")
		h.sent("version of the client", strings.Replace(others(h.old)[2], "1.0", "one", 1), "version")
		first := h.made1(create("vendor", "name", "first"))
		h.made1("<set_external_id>" + tags("id", first, "externalId", "e-1") + "</set_external_id>")
		h.op("an external id twice", "<set_external_id>"+tags("id", v, "externalId", "e-1")+"</set_external_id>", "externalId", "(CVUSER.UKVENDOREXTID)")
		h.fund()
		b := h.bill(v, "40", "10")
		h.op("process date too far ahead", pay(b, "1", "11/26/2027"), "processDate")
		h.set("defaultBillApprover", string(h.user))
		waiting := h.bill(v, "41", "10")
		h.op("bill under approval", pay(waiting, "1", "11/24/26"), "billId")
		h.made1(pay(b, "1", "11/24/26"))
		h.settled()
		h.op("vendor with a payment that waits", update("vendor", "id", v, "isActive", "2"), "isActive")
	}},
	{"BDCE041", func(h *house) {
		good, bad := "<operation>"+create("department", "name", "x")+"</operation>", "<operation>"+create("department")+"</operation>"
		for _, inside := range []string{good + bad, good + good + bad + good} {
			h.sent("a batch with a bad member", `<operationbatch transaction="true" sessionId="`+h.old+`">`+inside+`</operationbatch>`)
		}
	}},
	{"BDCE042", func(h *house) {
		h.fund()
		b, v := h.owed("5"), h.payee()
		h.ok("Crud/Delete/Bill", `{"id":"`+b+`"}`)
		for way, id := range map[string]string{"unknown": string(ids.New(ids.Bill)), "another organisation's": h.other().owed("5"), "of another type": v, "inactive": b} {
			h.op(way+", paid", pay(id, "1", "11/24/26"), id)
			h.op(way+", recorded", offline(id, "1", "11/20/26"), id)
			h.op(way+", uploaded to", "<upload_document>"+tags("billId", id, "filename", "a.txt", "document", "QUJD")+"</upload_document>", id)
		}
	}},
	{"BDCE043", func(h *house) {
		for _, bad := range []string{"%%%", "QQ", "Q===", "QUJD="} {
			h.op(bad, "<upload_document>"+tags("filename", "a.pdf", "document", bad)+"</upload_document>")
			h.op(bad, "<upload_attachment>"+tags("id", h.payee(), "filename", "a.pdf", "document", bad)+"</upload_attachment>")
		}
	}},
	{"BDCE044", func(h *house) {
		for _, name := range []string{"a", "../a.pdf", "a/b.pdf", `a\b.pdf`, strings.Repeat("a", 252) + ".pdf", "a.exe"} {
			h.op(name, "<upload_document>"+tags("filename", name, "document", "QUJD")+"</upload_document>")
		}
	}},
	{"BDCE045", func(h *house) {
		h.fund()
		b := h.owed("100")
		for _, amount := range []string{"0", "-1", "100.01", "1.005", "1e2", "$1", "999999999999"} {
			h.op("pay "+amount, pay(b, amount, "11/24/26"))
			h.op("paid "+amount, offline(b, amount, "11/20/26"))
		}
	}},
	{"BDCE046", func(h *house) {
		h.fund()
		h.op("today", pay(h.owed("100"), "1", "11/23/26"), "on or after 11/24/2026")
		v := h.payee()
		h.banked(v)
		h.op("a new bank account", pay(h.bill(v, "1", "10"), "1", "11/24/26"), "on or after 11/25/2026")
	}},
	{"BDCE047", func(h *house) {
		for _, version := range []string{"", `version=""`, `version="2.0"`, `version="1"`, `Version="1.0"`} {
			for _, inner := range append(others(h.old), h.login1(), h.operation(create("department", "name", "x"))) {
				h.expect(version, func() answer {
					return h.document(`<request ` + version + ` applicationkey="` + h.key + `">` + inner + `</request>`)
				})
			}
		}
	}},
	{"BDCE048", func(h *house) {
		h.op("text", create("department", "name", strings.Repeat("x", 5000)), "name")
		h.op("two texts", create("vendor", "name", strings.Repeat("x", 5000), "phone", strings.Repeat("1", 5000)), "name, phone")
		h.op("number", newBill(h.payee(), "1", "999999999999999"), "amount")
	}},
	{"BDCE049", func(h *house) {
		v := h.payee()
		h.op("id", update("vendor", "id", "x", "phone", "1"), "id")
		h.op("reference", newBill("x", "1", "5"), "vendorId")
		h.op("date", strings.Replace(newBill(v, "1", "5"), "10/01/12", "31/31/12", 1), "invoiceDate")
		h.op("two", strings.NewReplacer("10/01/12", "soon", "10/31/12", "later").Replace(newBill(v, "1", "5")), "invoiceDate, dueDate")
		h.op("bill of a payment", pay("x", "1", "11/24/26"), "billId")
	}},
	{"BDCE050", func(h *house) { h.op("no bank account", pay(h.owed("5"), "5", "11/24/26")) }},
	{"BDCE051", func(h *house) {
		v := h.payee()
		h.op("bill", newBill(v, "1", "5", "2", "2"))
		h.op("credit", "<create_vendorcredit><vendorCredit>"+tags("vendorId", v, "refNumber", "1", "creditDate", "10/01/12", "amount", "5")+
			"<vendorCreditLineItems><vendorCreditLineItem>"+tags("amount", "4")+"</vendorCreditLineItem></vendorCreditLineItems></vendorCredit></create_vendorcredit>")
	}},
	{"BDCE052", func(h *house) {
		h.fund()
		for _, vendor := range []string{`{"name":"a"}`, `{"name":"b","address1":"1 Pier","addressCity":"Oakland","addressState":"CA"}`,
			`{"name":"c","address1":"1 Pier","addressState":"CA","addressZip":"94607"}`} {
			h.op(vendor, pay(h.bill(h.made("Vendor", vendor), "1", "5"), "1", "11/24/26"))
		}
	}},
	{"BDCE053", func(h *house) {
		h.fund()
		h.op("abroad", pay(h.bill(h.abroad("France"), "1", "5"), "1", "11/24/26"))
	}},
	{"BDCE054", func(h *house) {
		h.fund()
		h.set("internationalPayments", "yes", "internationalOn", "yes")
		h.op("Atlantis", pay(h.bill(h.abroad("Atlantis"), "1", "5"), "1", "11/24/26"))
	}},
	{"BDCE055", func(h *house) {
		h.fund()
		h.set("internationalPayments", "yes", "internationalOn", "yes")
		h.op("a cent too much", pay(h.bill(h.abroad("France"), "1", "20000"), "10000.01", "11/24/26"))
	}},
	{"BDCE056", func(h *house) {
		large := base64.StdEncoding.EncodeToString(make([]byte, 20<<20+1))
		h.op("a file of 20 MiB and a byte", "<upload_document>"+tags("filename", "a.txt", "document", large)+"</upload_document>")
		h.with(413).sent("a request of 64 MiB and more", strings.Repeat(" ", 64<<20))
	}},
	{"BDCE057", func(h *house) {
		for _, x := range [][]string{{"frob", "=", "1"}, {"name", "~", "x"}, {"createdTime", ">", "soon"}, {"id", "=", "x"}, {"isActive", "=", "maybe"}, {"", "", ""}} {
			h.op(fmt.Sprint(x), getList("vendor", x...))
		}
	}},
}

// abroad is a vendor in another country.
func (h *house) abroad(country string) string {
	h.t.Helper()
	return h.made("Vendor", fmt.Sprintf(`{"name":"In %s","address1":"1 High Street","addressCity":"Paris","addressCountry":%q}`, country, country))
}

// broken takes a table away while fn runs.
func (h *house) broken(table string, fn func()) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error { tx.Exec("ALTER TABLE " + table + " RENAME TO gone"); return nil })
	h.gone = table
	fn()
	h.gone = ""
	h.write(func(tx *db.Tx) error { tx.Exec("ALTER TABLE gone RENAME TO " + table); return nil })
}
