package clients

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
)

// object is a JSON object as a client holds it.
type object = map[string]any

// envelope takes an answer apart as all clients do. code is empty where response_status is 0.
func (h *house) envelope(status int, body string) (data any, code, message string) {
	h.t.Helper()
	h.want(status == 200, "HTTP status")
	var e struct {
		Status  *int   `json:"response_status"`
		Message string `json:"response_message"`
		Data    any    `json:"response_data"`
	}
	h.want(json.Unmarshal([]byte(body), &e) == nil && e.Status != nil, "no envelope")
	if *e.Status == 0 {
		return e.Data, "", ""
	}
	failure := e.Data.(object)
	return nil, failure["error_code"].(string), failure["error_message"].(string)
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// dict is the Python client after it went over to generation 2: credentials in the query, data in the body, dates as
// date-times whose offset is a number with two decimals, members that are false or empty left out.
type dict struct {
	*house
	session string
}

func (c *dict) call(path string, data object) (any, string, string) {
	c.t.Helper()
	query := url.Values{"devKey": {c.key}, "sessionId": {c.session}}.Encode()
	body := ""
	if len(data) > 0 {
		body = url.Values{"data": {text(data)}}.Encode()
	}
	status, _, answer := c.post("/api/v2/"+path+".json?"+query, body, "Content-Type", formType)
	return c.envelope(status, answer)
}

func (c *dict) must(path string, data object) any {
	c.t.Helper()
	out, code, message := c.call(path, data)
	c.want(code == "", message)
	return out
}

func (c *dict) create(entity string, o object) string {
	c.t.Helper()
	o["entity"] = entity
	return c.must("Crud/Create/"+entity, object{"obj": o}).(object)["id"].(string)
}

// save reads a record, changes one member and sends everything back that is neither empty nor false.
func (c *dict) save(entity, id, name, value string) object {
	c.t.Helper()
	o := c.must("Crud/Read/"+entity, object{"id": id}).(object)
	o[name] = value
	for k, v := range o {
		if v == nil || v == false || v == "" || v == 0.0 {
			delete(o, k)
		}
	}
	return c.must("Crud/Update/"+entity, object{"obj": o}).(object)
}

func TestV2_PythonDict(t *testing.T) {
	each(t, func(h *house) {
		c := &dict{house: h}
		status, _, body := h.post("/api/v2/Login.json", url.Values{"devKey": {h.key}, "userName": {email}, "password": {password}, "orgId": {h.org}}.Encode(), "Content-Type", formType)
		in, code, message := h.envelope(status, body)
		h.want(code == "", message)
		c.session = in.(object)["sessionId"].(string)

		vendor := c.create("Vendor", object{"name": "Harbor Müller"})
		customer := c.create("Customer", object{"name": "Lakeside", "email": "l@x.example"})
		item := c.create("Item", object{"name": "Mooring", "type": 1})
		account := c.create("ChartOfAccount", object{"name": "Tools", "accountType": 7})
		ids := map[string]string{"Vendor": vendor, "Customer": customer}
		ids["Bill"] = c.create("Bill", object{"vendorId": vendor, "invoiceNumber": "B1", "externalId": "q", "amount": 5.0,
			"invoiceDate": "2026-10-01T00:00:00+08.00", "dueDate": "2026-11-01T03:04:05+08.00", "billLineItems": []object{
				{"entity": "BillLineItem", "amount": 2.1, "description": "eggs", "chartOfAccountId": account}, {"entity": "BillLineItem", "amount": 2.9}}})
		ids["Invoice"] = c.create("Invoice", object{"customerId": customer, "invoiceNumber": "I1", "invoiceDate": "2026-10-01T00:00:00+08.00",
			"dueDate": "2026-11-01T00:00:00+08.00", "invoiceLineItems": []object{{"entity": "InvoiceLineItem", "quantity": 1, "itemId": item, "price": 2, "amount": 2}}})
		ids["VendorCredit"] = c.create("VendorCredit", object{"vendorId": vendor, "invoiceNumber": "C1", "invoiceDate": "2026-10-01T00:00:00+08.00",
			"dueDate": "2026-11-01T00:00:00+08.00", "vendorCreditLineItems": []object{{"entity": "VendorCreditLineItem", "amount": 2}}})

		for entity, id := range ids {
			if got := c.save(entity, id, "description", "changed"); got["description"] != "changed" || got["id"] != id {
				t.Errorf("%s: %v", entity, got)
			}
		}
		bill := c.must("Crud/Read/Bill", object{"id": ids["Bill"]}).(object)
		if bill["invoiceDate"] != "2026-10-01" || bill["dueDate"] != "2026-11-01" || bill["amount"] != 5.0 || len(bill["billLineItems"].([]any)) != 2 {
			t.Errorf("bill: %v", bill)
		}
		for _, l := range []struct {
			entity, field, op string
			value             any
			want              int
		}{
			{"Bill", "id", "in", []string{ids["Bill"]}, 1},
			{"Bill", "id", "nin", []string{ids["Bill"]}, 0},
			{"Bill", "invoiceDate", "<", "2026-10-02", 1},
			{"Vendor", "updatedTime", ">=", "2026-11-23T17:00:00.000+0000", 1},
			{"Vendor", "updatedTime", "<", "2026-11-23T17:00:00.000+0000", 0},
			{"Invoice", "customerId", "=", customer, 1},
			{"VendorCredit", "isActive", "!=", "2", 1},
		} {
			rows := c.must("List/"+l.entity, object{"start": 0, "max": 999, "sort": []object{{"field": "createdTime", "asc": false}},
				"filters": []object{{"field": l.field, "op": l.op, "value": l.value}}}).([]any)
			if len(rows) != l.want || l.want > 0 && rows[0].(object)["entity"] != l.entity {
				t.Errorf("%s %s %s %v: %d rows", l.entity, l.field, l.op, l.value, len(rows))
			}
		}
		if now := c.must("CurrentTime", nil).(object)["currentTime"].(string); !strings.HasPrefix(now, "2026-11-23T17:0") {
			t.Errorf("time %s", now)
		}
		if _, code, message := c.call("Crud/Read/Bill", object{"id": "00n01XXXXXXXXXX00000"}); code == "" || message == "" {
			t.Errorf("unknown bill: %q %q", code, message)
		}
		c.must("Crud/Delete/Bill", object{"id": ids["Bill"]})
		c.must("Logout", nil)
		if _, code, _ := c.call("CurrentTime", nil); code != "BDC_1109" {
			t.Errorf("after logout: %s", code)
		}
	})
}

// gem is the Ruby client of generation 2. It logs in again when a message says that the session is invalid, and sends all
// parameters in the body, or in the query as its first releases did.
type gem struct {
	*house
	session string
	query   bool
	logins  int
}

func (g *gem) send(path string, form url.Values) (any, string) {
	g.t.Helper()
	body, address := form.Encode(), "/api/v2/"+path+".json"
	if g.query {
		body, address = "", address+"?"+body
	}
	status, _, answer := g.post(address, body, "Content-Type", formType)
	data, _, message := g.envelope(status, answer)
	return data, message
}

func (g *gem) login() {
	g.t.Helper()
	data, message := g.send("Login", url.Values{"password": {password}, "userName": {email}, "devKey": {g.key}, "orgId": {g.org}})
	g.want(message == "", message)
	g.session, g.logins = data.(object)["sessionId"].(string), g.logins+1
}

func (g *gem) execute(path string, data object) (any, string) {
	g.t.Helper()
	for retries := 0; ; retries++ {
		out, message := g.send(path, url.Values{"sessionId": {g.session}, "devKey": {g.key}, "data": {text(data)}})
		if !strings.Contains(message, "Session is invalid") || retries == 3 {
			return out, message
		}
		g.login()
	}
}

func (g *gem) must(path string, data object) object {
	g.t.Helper()
	out, message := g.execute(path, data)
	g.want(message == "", message)
	return out.(object)
}

func (g *gem) create(entity string, o object) object {
	g.t.Helper()
	o["entity"] = entity
	return g.must("Crud/Create/"+entity, object{"obj": o})
}

// where reads pages of 999 until one is short.
func (g *gem) where(entity string, filters ...object) (out []any) {
	g.t.Helper()
	if filters == nil {
		filters = []object{}
	}
	for start := 0; ; start += 999 {
		data, message := g.execute("List/"+entity, object{"start": start, "max": 999, "filters": filters})
		g.want(message == "", message)
		page := data.([]any)
		out = append(out, page...)
		if len(page) < 999 {
			return out
		}
	}
}

func is(field, op, value string) object { return object{"field": field, "op": op, "value": value} }

func TestV2_RubyGem(t *testing.T) {
	each(t, func(h *house) {
		g := &gem{house: h}
		g.login()
		customer := g.create("Customer", object{"name": "Ruby & Co", "email": "r@x.example", "accNumber": "77"})
		customer["phone"] = "206 555 0100"
		if got := g.must("Crud/Update/Customer", object{"obj": customer}); got["phone"] != "206 555 0100" { // the whole record goes back
			t.Errorf("saved: %v", got)
		}
		id := customer["id"].(string)
		if rows := g.where("Customer", is("name", "=", "Ruby & Co")); len(rows) != 1 {
			t.Errorf("by name: %v", rows)
		}
		if rows := g.where("Customer", is("isActive", "=", "1")); len(rows) != 1 || rows[0].(object)["accNumber"] != "77" {
			t.Errorf("active: %v", rows)
		}
		g.create("CustomerContact", object{"customerId": id, "name": "Ada", "email": "ada@x.example"})
		if rows := g.where("CustomerContact", is("isActive", "=", "1"), is("customerId", "=", id)); len(rows) != 1 {
			t.Errorf("contacts: %v", rows)
		}
		item := g.create("Item", object{"name": "It", "type": "1", "price": 3.5})
		invoice := g.create("Invoice", object{"customerId": id, "invoiceNumber": "R1", "invoiceDate": "2026-11-01", "dueDate": "2026-12-01",
			"invoiceLineItems": []object{{"entity": "InvoiceLineItem", "quantity": 1, "itemId": item["id"], "price": 10.25, "description": "x"}}})
		if invoice["amount"].(float64)-invoice["amountDue"].(float64) != 0 { // it calculates what was paid
			t.Errorf("invoice: %v", invoice)
		}
		g.must("SendInvoice", object{"invoiceId": invoice["id"], "headers": object{}, "content": object{}})
		g.must("SendInvoice", object{"invoiceId": invoice["id"], "headers": object{"fromUserId": h.user, "toEmailAddresses": []string{"r@x.example"}, "subject": "Hi"},
			"content": object{"body": "Body"}})
		received := g.must("RecordARPayment", object{"customerId": id, "paymentDate": "2026-11-20", "paymentType": "3", "amount": 10.25,
			"invoicePays": []object{{"invoiceId": invoice["id"], "amount": 10.25}}})
		if rows := g.where("ReceivedPay", is("status", "!=", "1")); len(rows) != 1 {
			t.Errorf("received: %v", rows)
		}
		g.must("VoidARPayment", object{"id": received["id"]})
		if rows := g.where("ReceivedPay", is("status", "!=", "1")); len(rows) != 0 {
			t.Errorf("received after it was voided: %v", rows)
		}

		vendor := g.create("Vendor", object{"name": "Rv", "address1": "1 A", "addressCity": "Seattle", "addressState": "WA", "addressZip": "98101"})["id"].(string)
		bill := g.create("Bill", object{"vendorId": vendor, "invoiceNumber": "B1", "invoiceDate": "2026-11-01", "dueDate": "2026-12-01",
			"billLineItems": []object{{"entity": "BillLineItem", "amount": 20.0}}})["id"].(string)
		offline := g.must("RecordAPPayment", object{"vendorId": vendor, "processDate": "2026-11-20", "toPrintCheck": false, "billPays": []object{{"billId": bill, "amount": 5.0}}})
		g.must("VoidAPPayment", object{"sentPayId": offline["id"]})
		paid := g.must("PayBills", object{"vendorId": vendor, "processDate": "2026-11-30", "billPays": []object{{"billId": bill, "amount": 20.0}}})["sentPays"].([]any)
		if len(paid) != 1 {
			t.Fatalf("paid: %v", paid)
		}
		if rows := g.where("SentPay", is("status", "!=", "4")); len(rows) != 1 {
			t.Errorf("sent: %v", rows)
		}
		g.must("GetDisbursementData", object{"sentPayId": paid[0].(object)["id"]})
		g.must("SendVendorInvite", object{"vendorId": vendor, "email": "v@x.example"})
		for _, entity := range []string{"Location", "ActgClass"} {
			g.create(entity, object{"name": "N"})
		}

		// An attachment comes as a file and, in data, once more as it is.
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for _, f := range [][2]string{{"sessionId", g.session}, {"devKey", h.key}, {"data", text(object{"id": bill, "fileName": "note.txt", "document": "hello"})}} {
			_ = w.WriteField(f[0], f[1])
		}
		file, _ := w.CreateFormFile("file", "note.txt20261123-1-x")
		_, _ = file.Write([]byte("hello"))
		_ = w.WriteField("multipart", "true")
		_ = w.Close()
		status, _, answer := h.post("/api/v2/UploadAttachment.json", body.String(), "Content-Type", w.FormDataContentType())
		if _, _, message := h.envelope(status, answer); message != "" {
			t.Errorf("attachment: %s", message)
		}

		h.at("2026-11-23T17:36:00Z")
		if got := g.must("Crud/Read/Customer", object{"id": id}); got["id"] != id || g.logins != 2 {
			t.Errorf("after 36 minutes: %v, %d logins", got, g.logins)
		}

		early := &gem{house: h, query: true}
		early.login()
		if got := early.must("Crud/Read/Vendor", object{"id": vendor}); got["name"] != "Rv" {
			t.Errorf("in the query: %v", got)
		}
		if rows, message := early.execute("List/Vendor", object{"start": 999, "max": 999}); message != "" || len(rows.([]any)) != 0 {
			t.Errorf("a page behind the last: %v %s", rows, message) // it stops at an empty one
		}
	})
}

// cookies is the makers' library for Node: the session travels in the cookies of Login alone, data is text put together
// by hand, and every kind of record is asked for its metadata once.
type cookies struct {
	*house
	jar, devKey string
	known       map[string]bool
}

func (c *cookies) send(path, data string) (any, string) {
	c.t.Helper()
	form := url.Values{"client_library": {"NODEJS12_VERSION_0.0.1"}}
	header := "undefined"
	if c.jar != "" {
		form.Set("cookies", c.jar)
		form.Set("devKey", c.devKey)
		header = c.jar
	}
	body := "&" + form.Encode()
	if data != "" {
		body = url.Values{"data": {data}}.Encode() + body
	}
	status, _, answer := c.post("/api/v2/"+path+".json", body, "Content-Type", formType, "Cookie", header)
	out, _, message := c.envelope(status, answer)
	return out, message
}

func (c *cookies) must(path, data string) any {
	c.t.Helper()
	out, message := c.send(path, data)
	c.want(message == "", message)
	return out
}

func (c *cookies) create(entity, members string) object {
	c.t.Helper()
	out := c.must("Crud/Create/"+entity, `{"obj": { "entity": "`+entity+`",`+members+`}}`).(object)
	c.metadata(entity)
	return out
}

func (c *cookies) metadata(entity string) {
	c.t.Helper()
	if c.known[entity] {
		return
	}
	c.known[entity] = true
	data := c.must("GetEntityMetadata", "{\n                \"entity\": [\""+entity+"\"]\n            }").(object)
	c.want(data[entity] != nil, "no metadata")
}

func TestV2_NodeCookies(t *testing.T) {
	each(t, func(h *house) {
		c := &cookies{house: h, known: map[string]bool{}}
		form := url.Values{"userName": {email}, "password": {password}, "devKey": {h.key}, "client_library": {"NODEJS12_VERSION_0.0.1"}}
		status, _, body := h.post("/api/v2/ListOrgs.json", "&"+form.Encode(), "Content-Type", formType, "Cookie", "undefined")
		if orgs, _, _ := h.envelope(status, body); orgs.([]any)[0].(object)["orgId"] != h.org {
			t.Errorf("organisations: %v", orgs)
		}
		if _, message := c.send("GetSessionInfo", ""); message == "" {
			t.Error("a session before there is one")
		}
		form.Del("client_library")
		form.Set("orgId", h.org)
		status, header, body := h.post("/api/v2/Login.json", "&"+form.Encode(), "Content-Type", formType, "Cookie", "undefined")
		_, _, message := h.envelope(status, body)
		h.want(message == "", message)
		var jar []string
		for _, s := range header["Set-Cookie"] {
			pair, _, _ := strings.Cut(s, ";")
			jar = append(jar, pair)
		}
		c.jar, c.devKey = strings.Join(jar, ";"), h.key
		if info := c.must("GetSessionInfo", "").(object); info["organizationId"] != h.org || info["userId"] != h.user {
			t.Errorf("session: %v", info)
		}
		vendor := c.create("Vendor", `"name": "Nv","isActive": "1","shortName": "","nameOnCheck": "","companyName": "","taxId": "","track1099": "false",`+
			`"address1": "1 A","address2": "","addressCity": "Seattle","addressState": "WA","addressZip": "98101","addressCountry": "","email": "","accountType": ""`)["id"].(string)
		line := `{"entity": "BillLineItem","amount": %s,"chartOfAccountId": "","departmentId": "","locationId": "","jobId": "","customerId": "","jobBillable": true,` +
			`"description": "","itemId": "","quantity": null,"unitPrice": null,"employeeId": "","actgClassId": ""}`
		bill := c.create("Bill", `"vendorId": "`+vendor+`","invoiceNumber": "N1","invoiceDate": "2026-11-01","dueDate": "2026-12-01","billLineItems": [`+
			fmt.Sprintf(line, "12.5")+","+fmt.Sprintf(line, "7.5")+`],"isActive": "1","glPostingDate": "","description": "","poNumber": ""`)
		id := bill["id"].(string)
		read := c.must("Crud/Read/Bill", "{\n                \"id\": \""+id+"\"\n            }").(object)
		if got := text(read["billLineItems"]); strings.Count(got, `"jobBillable":true`) != 2 || read["amount"] != 20.0 {
			t.Errorf("read: %v", read)
		}
		if rows := c.must("List/Bill", `{"nested": true,"start": 0,"max": 99,"filters": [{"field": "vendorId","op": "=","value": "`+vendor+`"}],"sort": [{"field": "createdTime","asc": false}]}`).([]any); len(rows) != 1 {
			t.Errorf("bills: %v", rows)
		}
		if rows := c.must("List/Bill", `{"nested": true,"start": 0,"max": 99,"filters": [],"sort": []}`).([]any); len(rows) != 1 {
			t.Errorf("bills: %v", rows)
		}
		// An update has the members the library knows, in quotes, and the lines as they were read.
		obj := "{\n                \"obj\": {\n                    \"entity\": \"Bill\",\n"
		for _, k := range []string{"id", "isActive", "vendorId", "invoiceNumber", "invoiceDate", "dueDate", "glPostingDate", "description", "poNumber",
			"payFromBankAccountId", "payFromChartOfAccountId"} {
			v, there := read[k]
			if !there {
				t.Errorf("%s is not in the answer", k)
			}
			if v == nil {
				v = "null" // as that language prints it
			}
			obj += fmt.Sprintf("                    %q: \"%v\",\n", k, v)
		}
		updated := c.must("Crud/Update/Bill", obj+"                    \"billLineItems\": "+text(read["billLineItems"])+"\n                }\n            }").(object)
		if updated["amount"] != 20.0 || len(updated["billLineItems"].([]any)) != 2 {
			t.Errorf("updated: %v", updated)
		}
		pays := `"billPays": [{"billId": "` + id + `","amount": 5}]`
		if paid := c.must("PayBills", `{"vendorId": "`+vendor+`",`+pays+`,"processDate": "","billCredits": []}`).(object)["sentPays"].([]any); len(paid) != 1 ||
			len(paid[0].(object)["billPays"].([]any)) != 1 {
			t.Errorf("paid: %v", paid)
		}
		c.metadata("SentPay")
		recorded := c.must("RecordAPPayment", `{"vendorId": "`+vendor+`","processDate": "2026-11-20","toPrintCheck": false,`+pays+
			`,"chartOfAccountId": "","description": "","syncReference": "","billCredits": []}`).(object)
		if len(recorded["billPays"].([]any)) != 1 {
			t.Errorf("recorded: %v", recorded)
		}
		for _, summary := range []string{"GetAPSummary", "GetARSummary"} {
			c.must(summary, "")
		}
		for _, entity := range []string{"Customer", "CustomerBankAccount", "VendorBankAccount", "Invoice", "RecurringInvoice", "RecurringBill", "VendorCredit", "ReceivedPay"} {
			c.metadata(entity)
		}
		c.must("Logout", "")
		if _, message := c.send("GetSessionInfo", ""); !strings.HasPrefix(message, "Session is invalid") {
			t.Errorf("after logout: %q", message)
		}
	})
}

// java is the makers' library for Java: name, password and key with every call, the session in a cookie it writes itself,
// and data=null where a call takes nothing.
type java struct {
	*house
	session string
}

func (j *java) send(path, data string, more ...string) (any, string, string) {
	j.t.Helper()
	form := "userName=" + url.QueryEscape(email) + "&password=" + url.QueryEscape(password) + "&devKey=" + j.key + strings.Join(more, "")
	if data != "" {
		form += "&data=" + url.QueryEscape(data)
	}
	cookie := ""
	if j.session != "" {
		cookie = "sid=" + j.session + ";"
	}
	status, _, answer := j.post("/api/v2/"+path+".json", form, "Content-Type", formType, "Accept", "application/json", "Cookie", cookie)
	return j.envelope(status, answer)
}

func (j *java) must(path, data string) any {
	j.t.Helper()
	out, code, message := j.send(path, data)
	j.want(code == "", message)
	return out
}

func TestV2_JavaLibrary(t *testing.T) {
	each(t, func(h *house) {
		j := &java{house: h}
		if orgs := j.must("ListOrgs", "").([]any); len(orgs) != 1 {
			t.Errorf("organisations: %v", orgs)
		}
		in, code, message := j.send("Login", "", "&orgId="+h.org)
		h.want(code == "", message)
		j.session = in.(object)["sessionId"].(string)
		if info := j.must("GetSessionInfo", "null").(object); info["userId"] != h.user {
			t.Errorf("session: %v", info)
		}
		vendor := j.must("Crud/Create/Vendor", `{"obj":{"entity":"Vendor","name":"Jv \u0026 Söhne","track1099":true,"address1":"1 A","addressCity":"Seattle","addressState":"WA","addressZip":"98101"}}`).(object)["id"].(string)
		bill := j.must("Crud/Create/Bill", `{"obj":{"entity":"Bill","vendorId":"`+vendor+`","invoiceNumber":"J1","invoiceDate":"2026-11-01","dueDate":"2026-12-01",`+
			`"billLineItems":[{"entity":"BillLineItem","amount":0.01}]}}`).(object)["id"].(string)
		if got := j.must("Crud/Update/Vendor", `{"obj":{"entity":"Vendor","id":"`+vendor+`","phone":"206 555 0100"}}`).(object); got["track1099"] != true || got["name"] != "Jv & Söhne" {
			t.Errorf("updated: %v", got)
		}
		if paid := j.must("PayBills", `{"vendorId":"`+vendor+`","billPays":[{"billId":"`+bill+`","amount":0.01}]}`).(object)["sentPays"].([]any); len(paid) != 1 {
			t.Errorf("paid: %v", paid)
		}
		if paid := j.must("ListPayments", `{"disbursementStatus":"0","start":0,"max":100}`).(object); paid["payments"] == nil {
			t.Errorf("payments: %v", paid)
		}
		for _, summary := range []string{"GetAPSummary", "GetARSummary"} {
			j.must(summary, "null")
		}
		if _, code, message := j.send("PayBills", "{}"); code == "" || message == "" {
			t.Error("nothing to pay, and no failure")
		}
		j.must("Logout", "null")
		if _, code, _ := j.send("List/Vendor", `{"start":0,"max":1}`); code != "BDC_1109" {
			t.Errorf("after logout: %s", code)
		}
	})
}

// TestV2_Fetch is what small programs do: a form put together for each call, with a base that ends in a slash.
func TestV2_Fetch(t *testing.T) {
	each(t, func(h *house) {
		call := func(path string, form url.Values) any {
			t.Helper()
			status, _, answer := h.post("/api/v2//"+path+".json", form.Encode(), "Content-Type", formType, "Accept", "application/json")
			data, code, message := h.envelope(status, answer)
			h.want(code == "", message)
			return data
		}
		// One sends its name and password with every call beside the session.
		form := url.Values{"userName": {email}, "password": {password}, "orgId": {h.org}, "devKey": {h.key}}
		form.Set("sessionId", call("Login", form).(object)["sessionId"].(string))
		if orgs := call("ListOrgs", form).([]any); orgs[0].(object)["orgId"] != h.org {
			t.Errorf("organisations: %v", orgs)
		}
		form.Set("data", text(object{"start": 0, "max": 999}))
		if users := call("List/User", form).([]any); users[0].(object)["id"] != h.user {
			t.Errorf("users: %v", users)
		}
		form.Set("data", text(object{"obj": object{"name": "Lakeside", "email": "l@x.example", "entity": "Customer"}}))
		customer := call("Crud/Create/Customer", form).(object)["id"]
		form.Set("data", text(object{"start": 0, "max": 999}))
		if rows := call("List/Customer", form).([]any); len(rows) != 1 || rows[0].(object)["email"] != "l@x.example" { // it looks for the address itself
			t.Errorf("customers: %v", rows)
		}
		form.Set("data", text(object{"obj": object{"entity": "Invoice", "customerId": customer, "invoiceNumber": "P1", "invoiceDate": "2026-11-01", "dueDate": "2026-12-01",
			"invoiceLineItems": []object{{"entity": "InvoiceLineItem", "quantity": 2, "price": 3}}}}))
		invoice := call("Crud/Create/Invoice", form).(object)
		form.Set("data", text(object{"invoiceId": invoice["id"], "headers": object{"fromUserId": h.user, "toEmailAddresses": []string{"l@x.example"}, "subject": "S", "ccMe": true},
			"content": object{"body": "Body <b>x</b>"}}))
		call("SendInvoice", form)
		form.Set("data", "{}")
		call("Logout", form)
	})
}
