package codes

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/api/jsonv2"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/limit"
	"github.com/duebook/duebook/internal/record"
)

// hostile are JSON values that hardly any member takes, and some that most take in odd ways. The last ones are too much
// for one request with every member.
var hostile = []string{`null`, `true`, `7`, `-1`, `1e400`, `1.005`, `99999999999999999999`, `"x"`, `""`, `{}`, `{"a":[1]}`, `[]`, `[1,{}]`, `[{}]`, `[[]]`, "\"a\\u0000b\"", "\"\x00\"",
	`"\ud800"`, "\"\xff\xfe\"", `"2026-02-30"`, `"9999-12-31"`, `"'; DROP TABLE bills; --"`, `"00000000000000000000"`, `"00901AAAAAAAAAA00000"`, "\"\u202e%s%n\"",
	`"` + strings.Repeat("9", 400) + `"`, strings.Repeat("[", 62) + strings.Repeat("]", 62), `"` + strings.Repeat("x", 100_000) + `"`}

// shapeless are texts for the parameter data as a whole.
var shapeless = []string{"", "{}", "null", "7", "[]", "\x00", "\xff", "{", `{"obj":{}}`, `{"obj":[]}`, `{"obj":null}`, `{"obj":"x"}`, `{"bulk":7}`, `{"bulk":[]}`, `{"bulk":[7,[],{},null]}`, `{"filters":7,"sort":{}}`,
	`{"id":null}`, `{"id":7}`, `{"id":{}}`, `{"id":"x"}`, "{\"id\":\"\x00\"}", "{\"id\":\"\xff\"}", `{"id":"a\u0000"}`, `{"id":"` + strings.Repeat("x", 1<<20) + `"}`,
	strings.Repeat(`{"obj":`, 63) + "1" + strings.Repeat("}", 63), strings.Repeat("[", 100_000), `{"obj":` + strings.Repeat(`{"a":`, 50_000)}

// soak sends everything to everything; without it, each endpoint gets its share.
var soak = os.Getenv("SOAK") != ""

// some gives of the texts every nth, each endpoint others.
func some(all []string, endpoint string) []string {
	if soak {
		return all
	}
	var out []string
	for i := len(endpoint) % 4; i < len(all); i += 4 {
		out = append(out, all[i])
	}
	return out
}

// stocked are records of an organisation, by entity, and the data that made them.
type stocked struct {
	ids  map[string]string
	objs map[string]string
}

// stock makes a record of every entity that can be created.
func (h *house) stock() stocked {
	h.t.Helper()
	s := stocked{map[string]string{}, map[string]string{}}
	profile := h.ok("List/Profile", "").at("0.id")
	s.ids["Profile"], s.ids["Organization"], s.ids["BankAccount"] = profile, string(h.org), h.fund()
	add := func(entity, obj string, references ...any) {
		h.t.Helper()
		obj = fmt.Sprintf(obj, references...)
		s.objs[entity] = obj
		s.ids[entity] = h.ok("Crud/Create/"+entity, `{"agreedWithTOS":true,"obj":`+obj+`}`).at("id")
	}
	add("User", `{"firstName":"Cleo","lastName":"Clark","email":"cleo@%[1]s.example","loginId":"cleo@%[1]s.example","profileId":%[2]q}`, strings.ToLower(string(h.org)), profile)
	for _, list := range []string{"Department", "Location", "Job", "ActgClass", "Employee"} {
		add(list, `{"name":"Yard"}`)
	}
	add("ChartOfAccount", `{"name":"Tools","accountType":"7"}`)
	add("PaymentTerm", `{"description":"Net 33","dueDays":33}`)
	add("Item", `{"name":"Berth","type":"1","price":5}`)
	add("Vendor", `{"name":"Harbor","address1":"1 Pier Road","addressCity":"Oakland","addressState":"CA","addressZip":"94607"}`)
	v := s.ids["Vendor"]
	add("VendorBankAccount", `{"vendorId":%q,"accountNumber":"5551234","routingNumber":"990000026"}`, v)
	add("Bill", `{"vendorId":%q,"invoiceNumber":"1","invoiceDate":"2026-11-20","dueDate":"2026-12-20","billLineItems":[{"amount":100}]}`, v)
	add("VendorCredit", `{"vendorId":%q,"refNumber":"1","creditDate":"2026-11-20","vendorCreditLineItems":[{"amount":10}]}`, v)
	add("RecurringBill", `{"vendorId":%q,"timePeriod":"2","frequencyPerTimePeriod":1,"nextDueDate":"2027-01-20","daysInAdvance":5,"recurringBillLineItems":[{"amount":5}]}`, v)
	add("Customer", `{"name":"Hartwell"}`)
	c := s.ids["Customer"]
	add("CustomerContact", `{"customerId":%q,"name":"Ida"}`, c)
	add("CustomerBankAccount", `{"customerId":%q,"nameOnAccount":"Hartwell","routingNumber":"990000026","accountNumber":"5551234"}`, c)
	add("Invoice", `{"customerId":%q,"invoiceNumber":"1","invoiceDate":"2026-11-20","dueDate":"2026-12-20","invoiceLineItems":[{"price":50}]}`, c)
	add("CreditMemo", `{"customerId":%q,"refNumber":"1","creditDate":"2026-11-20","creditMemoLineItems":[{"price":5}]}`, c)
	add("RecurringInvoice", `{"customerId":%q,"timePeriod":"2","frequencyPerTimePeriod":1,"nextDueDate":"2027-01-20","daysInAdvance":5,"recurringInvoiceLineItems":[{"price":5}]}`, c)
	add("ApprovalPolicy", `{"amountThreshold":500000,"minNumApprovers":1}`)
	add("ApprovalPolicyApprover", `{"approvalPolicyId":%q,"usersId":%q}`, s.ids["ApprovalPolicy"], h.user)
	p := h.ok("RecordAPPayment", pays(s.ids["Bill"], "5", date("2026-11-20")))
	s.ids["SentPay"], s.ids["BillPay"] = p.at("id"), p.at("billPays.0.id")
	r := h.ok("RecordARPayment", fmt.Sprintf(`{"customerId":%q,"paymentDate":"2026-11-20","paymentType":"1","amount":5,"invoicePays":[{"invoiceId":%q,"amount":5}]}`, c, s.ids["Invoice"]))
	s.ids["ReceivedPay"], s.ids["InvoicePay"] = r.at("id"), r.at("invoicePays.0.id")
	ticket := h.ok("UploadAttachment", `{"fileName":"a.txt","document":"QUJD","id":"`+s.ids["Bill"]+`"}`).at("documentUploadedId")
	s.ids["Document"] = "00h" + ticket[3:]
	return s
}

// calls gives for each call the data of one that could work, so that a hostile member is what is wrong with it. Ids stand
// there by the name of their entity.
func (s stocked) calls() map[string]string {
	list := `{"start":0,"max":9,"filters":[],"sort":[]}`
	approval := `{"entity":"Bill","objectId":"<Bill>","comment":"x"}`
	out := map[string]string{
		"ApplyCreditMemo": `{"creditMemoId":"<CreditMemo>","invoicePays":[{"invoiceId":"<Invoice>","amount":1}]}`, "Approve": approval, "Deny": approval, "ClearApprovers": approval,
		"ListApprovers": approval, "AssignDocument": `{"documentId":"<Document>","objectId":"<Vendor>"}`, "CancelAPPayment": `{"sentPayId":"<SentPay>"}`,
		"CancelInvite": `{"id":"<Vendor>"}`, "ChargeCustomer": `{"customerId":"<Customer>","paymentType":"3","paymentAccountId":"<CustomerBankAccount>","paymentDate":"2026-12-10","amount":1,"Memo":"x","invoicePays":[{"invoiceId":"<Invoice>","amount":1}]}`,
		"CurrentTime": "{}", "Enum": "{}", "Errors": "{}", "GetAPSummary": "{}", "GetARSummary": "{}", "GetBankBalance": `{"bankAccountId":"<BankAccount>"}`,
		"GetCheckImageData": `{"sentPayId":"<SentPay>"}`, "GetDisbursementData": `{"sentPayId":"<SentPay>"}`, "GetDocumentPages": `{"id":"<Document>"}`,
		"GetDocuments": `{"id":"<Bill>","start":0,"max":9}`, "RetrieveAttachment": `{"id":"<Bill>","start":0,"max":9}`, "GetEntityMetadata": `{"entity":"Vendor","entities":["Bill"]}`,
		"GetNetworkStatus": `{"id":"<Vendor>"}`, "GetProfilePermissions": `{"profileId":"<Profile>"}`, "GetSessionInfo": "{}", "ListOrgs": "{}", "Login": "{}", "Logout": "{}",
		"ListPayments": `{"disbursementStatus":1,"start":0,"max":9,"filters":[],"sort":[]}`, "ListUserApprovals": `{"usersId":"<User>","approvalType":"Bill","start":0,"max":9}`,
		"MFAAuthenticate": `{"challengeId":"x","token":"123456","deviceId":"d","machineName":"m","rememberMe":true}`, "MFAChallenge": `{"useBackup":false}`,
		"MFAStatus": `{"mfaId":"x","deviceId":"d"}`, "OrgBillPayNeedApproval": "{}", "PayBill": `{"billId":"<Bill>","amount":1,"processDate":"2026-12-10"}`,
		"MailInvoice": `{"invoiceId":"<Invoice>"}`, "SendInvoice": `{"invoiceId":"<Invoice>","headers":{"fromUserId":"<User>","toEmailAddresses":["a@b.example"],"ccMe":false,"subject":"x"},"content":{"body":"x"}}`,
		"PayBills":         `{"vendorId":"<Vendor>","bankAccountId":"<BankAccount>","processDate":"2026-12-10","billPays":[{"billId":"<Bill>","amount":1}],"billCredits":[{"billId":"<Bill>","vendorCreditId":"<VendorCredit>","amount":1}]}`,
		"RecordAPPayment":  `{"vendorId":"<Vendor>","processDate":"2026-11-20","chartOfAccountId":"<ChartOfAccount>","toPrintCheck":true,"syncReference":"x","description":"x","billPays":[{"billId":"<Bill>","amount":1}],"billCredits":[]}`,
		"RecordARPayment":  `{"customerId":"<Customer>","paymentDate":"2026-11-20","paymentType":"1","amount":1,"depositToAccountId":"<ChartOfAccount>","description":"x","refNumber":"x","invoicePays":[]}`,
		"RemoveAttachment": `{"id":"<Document>"}`, "SearchNetwork": `{"name":"x","zip":"94607"}`, "SendInvite": `{"id":"<Vendor>","networkId":"1234567890123456"}`,
		"SendVendorInvite": `{"vendorId":"<Vendor>","email":"a@b.example"}`, "SetApprovers": `{"entity":"Bill","objectId":"<Bill>","approvers":["<User>"]}`,
		"SetCustomerAuthorization": `{"customerId":"<Customer>","hasAuthorizedToCharge":true}`, "UploadAttachment": `{"id":"<Bill>","fileName":"a.txt","document":"QUJD"}`,
		"VoidAPPayment": `{"sentPayId":"<SentPay>","voidRequestType":1,"reason":"x"}`, "VoidARPayment": `{"id":"<ReceivedPay>"}`, "List": list,
	}
	for name, data := range out {
		out[name] = s.fill(data)
	}
	return out
}

func (s stocked) fill(data string) string {
	for entity, id := range s.ids {
		data = strings.ReplaceAll(data, "<"+entity+">", id)
	}
	return data
}

// spoiled gives data with one member after the other replaced by hostile values, some each: all of them with SOAK=1.
func spoiled(data string, more ...string) []string {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(data), &members); err != nil {
		panic(err)
	}
	write := func(change map[string]string) string {
		var b strings.Builder
		for name, value := range members {
			if _, other := change[name]; !other {
				fmt.Fprintf(&b, `,%q:%s`, name, value)
			}
		}
		for name, value := range change {
			fmt.Fprintf(&b, `,%q:%s`, name, value)
		}
		return "{" + strings.TrimPrefix(b.String(), ",") + "}"
	}
	names := slices.Sorted(maps.Keys(members))
	for _, m := range more {
		if !slices.Contains(names, m) {
			names = append(names, m)
		}
	}
	var out []string
	for i, name := range names {
		n := 2
		switch {
		case soak:
			n = len(hostile)
		case len(names) < 12:
			n = 6
		}
		for k := range n {
			out = append(out, write(map[string]string{name: hostile[(i*5+k*7)%len(hostile)]}))
		}
	}
	for i, value := range hostile[:len(hostile)-2] {
		if !soak && i%3 != len(names)%3 {
			continue
		}
		all := map[string]string{}
		for _, name := range names {
			all[name] = value
		}
		out = append(out, write(all))
	}
	return out
}

// onslaught sends all data to an endpoint: never a failure of ours, always the envelope, and what is refused changes no
// row. Where something was accepted, what was refused is sent once more to see that.
func (h *house) onslaught(path string, all []string, send func(data string) (answer, error)) {
	h.t.Helper()
	before := h.rows()
	accepted := false
	var refused []string
	for _, data := range all {
		a, err := send(data)
		if err == nil {
			a, err = parse2(a)
		}
		switch {
		case err != nil:
			h.t.Errorf("%s %.200q: %v: %.300s", path, data, err, a.raw)
		case a.status != 200 && (a.status != 413 || a.code != "BDC_9056") || a.code == "BDC_1001":
			h.t.Errorf("%s %.200q: HTTP %d %.300s", path, data, a.status, a.raw)
		case a.code == "":
			accepted = true
		default:
			refused = append(refused, data)
		}
	}
	if accepted {
		before = h.rows()
		for _, data := range some(refused, path) {
			if a, err := send(data); err == nil && success.MatchString(a.raw) {
				return // what was accepted has made it possible
			}
		}
	}
	h.same(path, before)
}

// TestHostileInput sends every endpoint of the catalogue of generation 2 what a hostile program would.
func TestHostileInput(t *testing.T) {
	stores(t, func(t *testing.T, database string) {
		if database == "" && os.Getenv("TEST_POSTGRES_URL") != "" && !soak {
			t.Skip("PostgreSQL takes fewer texts; both with SOAK=1")
		}
		s := open(t, database, limit.Settings{})
		h, stranger := s.settle(t, "BDC_1119"), s.settle(t, "BDC_1119")
		mine, theirs := h.stock(), stranger.stock()
		delete(theirs.ids, "Profile") // is everybody's
		h.settled()
		before := stranger.rows()
		entities, calls := jsonv2.Catalogue()
		send := func(path string) func(string) (answer, error) {
			return func(data string) (answer, error) {
				return h.request("POST", "/api/v2/"+path+".json", formType, url.Values{"devKey": {h.key}, "sessionId": {h.now}, "data": {data}}.Encode())
			}
		}
		form := func(path string, names ...string) {
			for i, name := range names {
				h.onslaught(path+" "+name, hostile, func(value string) (answer, error) {
					v := url.Values{"userName": {h.email}, "password": {password}, "orgId": {string(h.org)}, "devKey": {h.key}}
					if i < 2 { // a lock would be all there is to see
						v.Set("userName", "nobody@x.example")
					}
					v.Set(name, strings.Trim(value, `"`))
					return h.request("POST", "/api/v2/"+path+".json", formType, v.Encode())
				})
			}
		}
		foreign := mine.calls()
		for name, data := range theirs.calls() {
			var a, b map[string]json.RawMessage
			if json.Unmarshal([]byte(foreign[name]), &a) != nil || json.Unmarshal([]byte(data), &b) != nil {
				t.Fatal(name)
			}
			for member := range a {
				if string(a[member]) == string(b[member]) {
					continue
				}
				own := a[member]
				a[member] = b[member]
				text, err := json.Marshal(a)
				if err != nil {
					t.Fatal(err)
				}
				a[member] = own
				if answer := h.call(name, string(text)); answer.code == "" && !slices.Contains(blind, name+" "+member) {
					t.Errorf("%s takes another organisation's %s: %.300s", name, member, answer.raw)
				}
			}
		}
		data := mine.calls()
		for _, c := range calls {
			base, known := data[c.Name]
			switch {
			case !known:
				t.Errorf("what does %s take? Tell this test", c.Name)
				continue
			case c.Open:
				form(c.Name, "userName", "password", "orgId", "devKey", "mfaId")
				continue
			case c.Name == "Logout":
				continue // at the end
			}
			h.onslaught(c.Name, slices.Concat(shapeless, spoiled(base)), send(c.Name))
		}
		for _, e := range entities {
			h.entity(e, mine, theirs, data["List"], send)
		}
		h.t = t
		for _, data := range shapeless[1:] {
			if a, err := send("Logout")(data); err != nil || a.status != 200 {
				t.Errorf("Logout %.100q: %d %v", data, a.status, err)
			}
			h.again()
		}
		stranger.same("another organisation", before)
		after := h.rows()
		for entity, id := range theirs.ids {
			for table, rows := range after {
				if strings.Contains(rows, id) && table != "app_keys" {
					t.Errorf("%s holds the id of another organisation's %s", table, entity)
				}
			}
		}
	})
}

// blind are the members that a call does not look at, or that find nothing.
var blind = []string{"GetBankBalance bankAccountId", "ListUserApprovals usersId"}

// entity sends its share to the operations on one entity.
func (h *house) entity(e jsonv2.Entity, mine, theirs stocked, list string, send func(string) func(string) (answer, error)) {
	name := e.Shape.Name
	own := mine.ids[name]
	if own == "" {
		own = string(ids.New(e.Shape.Type.Prefix))
	}
	var names []string
	for _, x := range e.Shape.Entries {
		if !strings.Contains(x.Path, "/") {
			names = append(names, x.Path)
		}
	}
	obj := mine.objs[name]
	for _, op := range e.Operations {
		path := "Crud/" + op + "/" + name
		var all []string
		switch op {
		case "List":
			path, all = "List/"+name, filters(e, list)
		case "Bulk":
			for _, verb := range []string{"Create", "Read", "Update", "Delete"} {
				if slices.Contains(e.Operations, verb) {
					h.onslaught("Bulk/Crud/"+verb+"/"+name, some(shapeless, name), send("Bulk/Crud/"+verb+"/"+name))
				}
			}
			continue
		case "Create":
			for _, o := range spoiled(obj, names...) {
				all = append(all, `{"agreedWithTOS":true,"obj":`+o+`}`)
			}
			for _, x := range e.Shape.Entries {
				if x.Use == shape.ReadOnly || x.Field.Kind != record.Ref || strings.Contains(x.Path, "/") {
					continue
				}
				for entity, id := range theirs.ids { // a reference of the right type and of others
					if !soak && entity != "Vendor" && !strings.Contains(strings.ToLower(x.Path), strings.ToLower(entity)) {
						continue
					}
					if a := h.call(path, `{"agreedWithTOS":true,"obj":`+with(obj, x.Path, id)+`}`); a.code == "" && !slices.Contains(unchecked, x.Path) {
						h.t.Errorf("%s takes another organisation's %s as %s", path, entity, x.Path)
					}
				}
			}
		case "Update":
			for _, o := range spoiled(`{"id":"`+own+`"}`, names...) {
				all = append(all, `{"obj":`+o+`}`)
			}
		default:
			all = spoiled(`{"id":"` + own + `"}`)
		}
		if id := theirs.ids[name]; id != "" && op != "List" && op != "Create" {
			h.refused("another organisation's", path, `{"id":"`+id+`","obj":{"id":"`+id+`"}}`, "Invalid field,value: id, "+id)
		}
		h.onslaught(path, slices.Concat(some(shapeless, path), all), send(path))
	}
}

// unchecked are references that are only kept: they name nothing that this server has.
var unchecked = []string{"invoiceTemplateId", "cpUserId"}

// with is an object with another member.
func with(obj, name, id string) string {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(obj), &members); err != nil {
		panic(err)
	}
	members[name] = json.RawMessage(`"` + id + `"`)
	text, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// filters are conditions and orders on every field of lists and some that are none.
func filters(e jsonv2.Entity, list string) []string {
	out := spoiled(list)
	ops := []string{"=", "!=", "<", ">=", "in", "nin", "sw", "~", ""}
	for i, field := range append(slices.Sorted(maps.Keys(e.Lists)), "nope", "x'; --", `\u0000`, "") {
		for k := range 3 {
			out = append(out, fmt.Sprintf(`{"filters":[{"field":"%s","op":%q,"value":%s}]}`, field, ops[(i*3+k)%len(ops)], hostile[(i*7+k*5)%len(hostile)]))
		}
		out = append(out, fmt.Sprintf(`{"max":5,"sort":[{"field":"%s","asc":%s}]}`, field, hostile[i%len(hostile)]))
	}
	return out
}
