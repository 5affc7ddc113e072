package clients

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

const formType = "application/x-www-form-urlencoded"

// node is an element as a DOM has it.
type node struct {
	name string
	attr map[string]string
	text string
	kids []*node
}

// document reads an answer. It fails the test for what is not XML.
func (h *house) document(body string) *node {
	h.t.Helper()
	d := xml.NewDecoder(strings.NewReader(body))
	root := &node{}
	path := []*node{root}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return root
		}
		if err != nil {
			h.want(false, err.Error())
		}
		at := path[len(path)-1]
		switch x := tok.(type) {
		case xml.StartElement:
			n := &node{name: x.Name.Local, attr: map[string]string{}}
			for _, a := range x.Attr {
				n.attr[a.Name.Local] = a.Value
			}
			h.want(x.Name.Space == "", "a namespace")
			at.kids = append(at.kids, n)
			path = append(path, n)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			at.text += string(x)
		}
	}
}

// all gives the elements of a name beneath n in the order of the document.
func (n *node) all(name string) (out []*node) {
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
		out = append(out, k.all(name)...)
	}
	return out
}

// first is the text of the first element of a name beneath n; empty if there is none.
func (n *node) first(name string) string {
	if found := n.all(name); len(found) > 0 {
		return found[0].text
	}
	return ""
}

// kid is the text of a direct child.
func (n *node) kid(name string) string {
	for _, k := range n.kids {
		if k.name == name {
			return k.text
		}
	}
	return ""
}

// snake is the Python client: one form field, indented XML with a transaction id of its own, and a DOM for the answer.
type snake struct {
	*house
	session string
	serial  int
}

func (c *snake) send(inner string) *node {
	c.t.Helper()
	text := "\n        <request version=\"1.0\" applicationkey=\"" + c.key + "\">\n            " + inner + "\n        </request>\n        "
	status, _, body := c.post("/crudApi", url.Values{"request": {text}}.Encode(), "Content-Type", formType)
	c.want(status == 200, "HTTP status")
	for _, r := range body {
		c.want(r < 0x80, "more than ASCII")
	}
	return c.document(body)
}

func (c *snake) login() {
	c.t.Helper()
	c.session = c.send("<login>\n                <username>" + email + "</username>\n                <password>" + password +
		"</password>\n                <orgID>" + c.org + "</orgID>\n            </login>").first("sessionId")
	c.want(c.session != "", "no session")
}

// operation gives the result with the transaction id that was sent, and the failure as the client words it.
func (c *snake) operation(inner string) (result *node, failure string) {
	c.t.Helper()
	c.serial++
	id := fmt.Sprintf("1b9d6bcd-bbfd-4b2d-9b5d-%012d", c.serial)
	doc := c.send("<operation transactionId=\"" + id + "\" sessionId=\"" + c.session + "\">\n                " + inner +
		"\n            </operation>")
	for _, r := range doc.all("operationresult") {
		if r.attr["transactionId"] != id {
			continue
		}
		if status := r.kid("status"); status != "OK" {
			return nil, status + " " + r.first("errorcode") + " " + r.first("errormessage")
		}
		return r, ""
	}
	c.want(false, "no result of this transaction")
	return nil, ""
}

// create sends members in any order, as a dict of that language has them, and takes the first id.
func (c *snake) create(operation, element, members string) string {
	c.t.Helper()
	r, failure := c.operation("<" + operation + ">\n                    <" + element + ">\n\t" + members + "\n</" + element +
		">\n                </" + operation + ">")
	c.want(failure == "", failure)
	c.want(r.first("id") != "", "no id")
	return r.first("id")
}

// list takes elements by their name; one without text would be its end.
func (c *snake) list(object, element string, expressions ...string) []map[string]string {
	c.t.Helper()
	filter := ""
	for i := 0; i+2 < len(expressions); i += 3 {
		op := strings.NewReplacer(">", "&gt;", "<", "&lt;").Replace(expressions[i+1])
		filter += "\n                <expression>\n                    <field>" + expressions[i] + "</field>\n                    <operator>" +
			op + "</operator>\n                    <value>" + expressions[i+2] + "</value>\n                </expression>"
	}
	if filter != "" {
		filter = "\n                <filter>\n                    " + filter + "\n                </filter>"
	}
	r, failure := c.operation("<get_list object=\"" + object + "\">\n                    " + filter + "\n                </get_list>")
	c.want(failure == "", failure)
	var out []map[string]string
	for _, n := range r.all(element) {
		m := map[string]string{}
		for _, k := range n.kids {
			c.want(len(k.kids) > 0 || k.text != "", "an empty field "+k.name)
			m[k.name] = k.text
			if len(k.kids) > 0 {
				m[k.name] = fmt.Sprint(len(k.kids))
			}
		}
		out = append(out, m)
	}
	return out
}

func TestV1_099_PythonClient(t *testing.T) {
	each(t, func(h *house) {
		c := &snake{house: h}
		c.login()
		vendor := c.create("create_vendor", "vendor", "<name>Test &lt;Vendor&gt; Müller</name>\n\t<track1099>1</track1099>\n\t<email>tv@x.example</email>")
		if id := c.create("update_vendor", "vendor", "<name>Renamed Müller</name>\n\t<isActive>1</isActive>\n\t<id>"+vendor+"</id>"); id != vendor {
			t.Errorf("update answers %s", id)
		}
		account := c.create("create_chartofaccount", "chartOfAccount", "<accountType>7</accountType>\n\t<name>Tools</name>")
		customer := c.create("create_customer", "customer", "<name>John Doe</name>")
		item := c.create("create_item", "item", "<type>1</type>\n\t<name>Test Item</name>\n\t<price>5.0</price>")
		lines := func(list, line string) string {
			return "\n\t<" + list + ">\n\t\t<" + line + ">\n\t\t\t<amount>2</amount>\n\t\t\t<description>eggs</description>\n\t\t\t<chartOfAccountId>" + account +
				"</chartOfAccountId>\n\t\t</" + line + ">\n\t\t<" + line + ">\n\t\t\t<amount>3</amount>\n\t\t</" + line + ">\n\t</" + list + ">"
		}
		bill := c.create("create_bill", "bill", "<vendorId>"+vendor+"</vendorId>\n\t<invoiceDate>10/01/26</invoiceDate>\n\t<dueDate>11/01/26</dueDate>\n\t"+
			"<amount>5.0</amount>\n\t<externalId>123456</externalId>\n\t<invoiceNumber>BC1234</invoiceNumber>"+lines("billLineItems", "billLineItem"))
		// The client has the due date and the number of a bill for a credit too.
		credit := c.create("create_vendorcredit", "vendorCredit", "<vendorId>"+vendor+"</vendorId>\n\t<invoiceDate>10/01/26</invoiceDate>\n\t"+
			"<dueDate>11/01/26</dueDate>\n\t<amount>5.0</amount>\n\t<externalId>c1</externalId>\n\t<invoiceNumber>CR1</invoiceNumber>"+
			lines("vendorCreditLineItems", "vendorCreditLineItem"))
		invoice := c.create("create_invoice", "invoice", "<customerId>"+customer+"</customerId>\n\t<invoiceDate>10/01/26</invoiceDate>\n\t"+
			"<dueDate>11/01/26</dueDate>\n\t<externalId>i1</externalId>\n\t<invoiceNumber>1</invoiceNumber>\n\t<invoiceLineItems>\n\t\t<invoiceLineItem>\n\t\t\t"+
			"<amount>2</amount>\n\t\t\t<price>2</price>\n\t\t\t<itemId>"+item+"</itemId>\n\t\t</invoiceLineItem>\n\t\t<invoiceLineItem>\n\t\t\t"+
			"<amount>3</amount>\n\t\t</invoiceLineItem>\n\t</invoiceLineItems>")

		// A custom request sends the list of its elements as that language prints it.
		if r, failure := c.operation("<set_external_id>\n                    ['<externalId>ext-v</externalId>', '<id>" + vendor +
			"</id>']\n                </set_external_id>"); failure != "" || r == nil {
			t.Errorf("external id: %s", failure)
		}
		if _, failure := c.operation("<send_vendor_invite>\n                    ['<vendorId>" + vendor + "</vendorId>', '<email>tv@x.example</email>']\n" +
			"                </send_vendor_invite>"); failure != "" {
			t.Errorf("invite: %s", failure)
		}

		for _, l := range []struct {
			object, element, id string
			filter              []string
		}{
			{"bill", "bill", bill, nil},
			{"bill", "bill", bill, []string{"invoiceDate", "<", "11/20/26"}},
			{"bill", "bill", bill, []string{"id", "=", bill}},
			{"bill", "bill", bill, []string{"vendorId", "IN", vendor}},
			{"vendor", "vendor", vendor, []string{"externalId", "=", "ext-v"}},
			{"vendor", "vendor", vendor, []string{"updatedTime", ">=", "11/23/2026 08:00:00"}},
			{"chartofaccount", "chartOfAccount", account, []string{"id", "=", account}},
			{"customer", "customer", customer, nil},
			{"item", "item", item, nil},
			{"invoice", "invoice", invoice, nil},
			{"vendorcredit", "vendorCredit", credit, nil},
		} {
			got := c.list(l.object, l.element, l.filter...)
			if len(got) != 1 || got[0]["id"] != l.id {
				t.Errorf("%s %v: %v", l.object, l.filter, got)
			}
		}
		if got := c.list("vendor", "vendor", "updatedTime", "<", "11/23/2026 08:00:00"); len(got) != 0 {
			t.Errorf("vendors of before: %v", got)
		}
		if got := c.list("vendor", "vendor")[0]["name"]; got != "Renamed Müller" {
			t.Errorf("name %q", got)
		}
		now := c.send("<getcurrenttime sessionId=\"" + c.session + "\">\n            </getcurrenttime>").first("currentTime")
		if !regexp.MustCompile(`^2026-11-23T09:0\d:\d\d`).MatchString(now) {
			t.Errorf("time %q", now)
		}
		if _, failure := c.operation("<create_vendor><vendor><email>x</email></vendor></create_vendor>"); failure != "failed BDCE009 Missing required fields: name" {
			t.Errorf("no name: %q", failure)
		}
		if doc := c.send("<logout sessionId=\"" + c.session + "\">\n            </logout>"); doc.first("status") != "OK" {
			h.want(false, "logout")
		}
		if _, failure := c.operation("<get_list object=\"vendor\"></get_list>"); failure != "failed BDCE015 Invalid Session" {
			t.Errorf("after logout: %q", failure)
		}
	})
}

// gateway is the Ruby client of 2010: it finds the organisation and logs in when it is made, and logs in again and repeats
// when a loginresult holds BDCE015.
type gateway struct {
	*house
	orgID, session string
}

func (g *gateway) send(text string) *node {
	g.t.Helper()
	_, _, body := g.post("/crudApi", url.Values{"request": {text}}.Encode(), "Content-Type", formType)
	return g.document(body)
}

const head = "<?xml version=\"1.0\"?>\n"

func (g *gateway) login() {
	g.t.Helper()
	doc := g.send(head + "<request version=\"1.0\" applicationkey=\"" + g.key + "\">\n  <login>\n    <username>" + email + "</username>\n    <password>" +
		password + "</password>\n    <orgID>" + g.orgID + "</orgID>\n  </login>\n</request>\n")
	g.want(doc.first("status") == "OK", "status")
	g.session = doc.first("sessionId")
}

func (g *gateway) call(inner string) (doc *node, again bool) {
	g.t.Helper()
	text := head + "<request version=\"1.0\" applicationkey=\"" + g.key + "\">\n  <operation sessionId=\"" + g.session + "\">\n    " + inner +
		"\n  </operation>\n</request>\n"
	doc = g.send(text)
	for _, l := range doc.all("loginresult") {
		if l.kid("errorcode") == "BDCE015" {
			g.login()
			doc, again = g.send(regexp.MustCompile(`sessionId=".*"`).ReplaceAllString(text, `sessionId="`+g.session+`"`)), true
			break
		}
	}
	g.want(doc.first("status") == "OK" && len(doc.all("response")) == 1, "status")
	return doc, again
}

// made gives the id right beneath the operation's result.
func (g *gateway) made(inner string) string {
	g.t.Helper()
	doc, _ := g.call(inner)
	id := doc.all("operationresult")[0].kid("id")
	g.want(id != "", "no id")
	return id
}

func TestV1_100_RubyGateway(t *testing.T) {
	each(t, func(h *house) {
		g := &gateway{house: h}
		orgs := g.send(head + "<request version=\"1.0\" applicationkey=\"" + g.key + "\">\n  <getorglist>\n    <username>" + email +
			"</username>\n    <password>" + password + "</password>\n  </getorglist>\n</request>\n").all("orgID")
		if len(orgs) != 1 || orgs[0].text != h.org {
			t.Fatalf("organisations: %v", orgs)
		}
		g.orgID = orgs[0].text
		g.login()
		list := `<get_list object="vendor"/>`
		if doc, _ := g.call(list); len(doc.all("data")) != 1 || len(doc.all("data")[0].kids) != 0 {
			h.want(false, "no vendors yet: an empty list")
		}
		address := "<address1>1 Pier</address1>\n<address2/>\n<addressCity>Seattle</addressCity>\n<addressState>WA</addressState>\n<addressZip>98101</addressZip>\n" +
			"<addressCountry>USA</addressCountry>\n<nameOnCheck>Dock &amp; Sons</nameOnCheck>\n<accNumber>A-7</accNumber>"
		vendor := g.made("<create_vendor>\n<vendor>\n<name>Dock &amp; Sons</name>\n" + address + "\n</vendor>\n</create_vendor>")
		if id := g.made("<update_vendor>\n<vendor>\n<id>" + vendor + "</id>\n<isActive>1</isActive>\n<name>Dock and Sons</name>\n" +
			strings.Replace(address, "<address2/>", "<address2>Suite 5</address2>", 1) + "\n</vendor>\n</update_vendor>"); id != vendor {
			t.Errorf("update answers %s", id)
		}
		fetch := "<get_list object=\"vendor\">\n<filter>\n<expression>\n<field>id</field>\n<operator>=</operator>\n<value>%s</value>\n</expression>\n</filter>\n</get_list>"
		doc, _ := g.call(fmt.Sprintf(fetch, vendor))
		got := doc.all("data")[0].kids
		if len(got) != 1 || got[0].name != "vendor" {
			t.Fatalf("fetched %v", got)
		}
		for k, want := range map[string]string{"id": vendor, "name": "Dock and Sons", "address2": "Suite 5", "addressZip": "98101", "nameOnCheck": "Dock & Sons"} {
			if got[0].kid(k) != want {
				t.Errorf("%s is %q", k, got[0].kid(k))
			}
		}
		if doc, _ := g.call(fmt.Sprintf(fetch, "00901AAAAAAAAAA00000")); len(doc.all("data")[0].kids) != 0 {
			h.want(false, "a vendor that is not there")
		}
		bill := "<create_bill>\n<bill>\n<invoiceNumber>%s</invoiceNumber>\n<invoiceDate>11/20/2026</invoiceDate>\n<vendorId>" + vendor +
			"</vendorId>\n<amount>%s</amount>\n<dueDate>11/20/2026</dueDate>\n</bill>\n</create_bill>"
		first := g.made(fmt.Sprintf(bill, "X-1", "125.5")) // cents divided by 100.0
		second := g.made(fmt.Sprintf(bill, "X-2", "1000.0"))
		if first == second {
			t.Errorf("one bill twice")
		}
		old := g.session
		h.at("2026-11-23T17:36:00Z")
		doc, again := g.call(fmt.Sprintf(bill, "X-3", "0.07"))
		if !again || g.session == old || doc.all("operationresult")[0].kid("id") == "" {
			h.want(false, "logging in again, unseen")
		}
		if doc, _ := g.call(`<get_list object="bill"/>`); len(doc.all("data")[0].kids) != 3 {
			h.want(false, "three bills")
		}
	})
}

// builder is the Ruby client of 2013: XML in CDATA sections, pasted behind "request=" as it is.
type builder struct {
	*house
	session string
}

func (b *builder) send(inner string) *node {
	b.t.Helper()
	_, _, body := b.post("/crudApi", "request="+head+"<request version=\"1.0\" applicationkey=\""+b.key+"\">\n  "+inner+"\n</request>\n", "Content-Type", formType)
	doc := b.document(body)
	b.want(doc.first("status") == "OK", "the first status")
	return doc
}

// id is what the client takes for the id of what it did, or the message it shows.
func (b *builder) id(members string) (id, message string) {
	b.t.Helper()
	doc := b.send("<operation sessionId=\"" + b.session + "\">\n    " + members + "\n  </operation>")
	if id = doc.first("id"); id != "" {
		return id, ""
	}
	return "", doc.first("errormessage")
}

func (b *builder) must(members string) string {
	b.t.Helper()
	id, _ := b.id(members)
	b.want(id != "", "no id")
	return id
}

func cdata(pairs ...string) string {
	var s strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		s.WriteString("<" + pairs[i] + "><![CDATA[" + pairs[i+1] + "]]></" + pairs[i] + ">\n")
	}
	return s.String()
}

func TestV1_101_RubyBuilder(t *testing.T) {
	each(t, func(h *house) {
		b := &builder{house: h}
		b.session = b.send("<login>\n" + cdata("username", email, "password", password, "orgID", h.org) + "</login>").first("sessionId")
		vendor := "<create_vendor><vendor>" + cdata("name", "Müller & Söhne + Co = 100%", "track1099", "1", "taxId", "12-3456789", "address1", "123 Abbey Road",
			"address2", "Apt C", "addressCity", "San Francisco", "addressState", "CA", "addressCountry", "United States", "addressZip", "94608",
			"externalId", "ext-1", "email", "m@x.example") + "</vendor></create_vendor>"
		made := b.must(vendor)
		if id, message := b.id(vendor); id != "" || !strings.Contains(message, "CVUSER.UKVENDOREXTID") {
			t.Errorf("again: id %q, message %q", id, message)
		}
		doc := b.send("<operation sessionId=\"" + b.session + "\"><get_list object=\"vendor\"><filter><expression>" +
			cdata("field", "id", "operator", "=", "value", made) + "</expression></filter></get_list></operation>")
		if got := doc.first("name"); got != "Müller & Söhne + Co = 100%" {
			t.Errorf("name %q", got)
		}
		if id := b.must("<send_vendor_invite>" + cdata("vendorId", made, "email", "m@x.example") + "</send_vendor_invite>"); id != made {
			t.Errorf("invite answers %s", id)
		}
		account := b.must("<create_chartofaccount><chartOfAccount>" + cdata("name", "Cash", "accountType", "3") + "</chartOfAccount></create_chartofaccount>")
		bill := b.must("<create_bill><bill>" + cdata("invoiceNumber", "INV-1", "vendorId", made, "externalId", "b-1", "amount", "125.50", "invoiceDate", "11/20/2026",
			"dueDate", "12/20/2026") + "<billLineItems><billLineItem>" + cdata("amount", "125.50", "chartOfAccountId", account) + "</billLineItem></billLineItems></bill></create_bill>")
		offline := b.must("<create_offlinepayment>" + cdata("billId", bill, "amount", "25.50", "processDate", "11/20/2026", "chartOfAccountId", account,
			"toPrintCheck", "0", "allowExport", "1") + "</create_offlinepayment>")
		pay := b.must("<pay_bill>" + cdata("billId", bill, "amount", "100.00", "processDate", "11/30/2026") + "</pay_bill>")
		if offline == pay || offline[:3] != "blp" || pay[:3] != "blp" {
			t.Errorf("payments %s %s", offline, pay)
		}
	})
}
