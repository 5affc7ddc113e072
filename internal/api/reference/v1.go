package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/api/xmlv1"
)

// example is an operation told by a command that runs.
type example struct {
	name string // of the operation
	text string // what it does
	sh   string // a command for the shell of the page
}

// v1 is docs/reference/generation-1.md.
func v1() string {
	records, operations := xmlv1.Catalogue()
	var b strings.Builder
	b.WriteString("# Reference of generation 1 (XML)\n\n" + written + v1Intro)
	b.WriteString("\n## Operations\n\nIn an order in which they build on each other; each example runs behind the ones before it.\n")
	for _, e := range v1Examples {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", e.name, e.text)
		if i := slices.IndexFunc(operations, func(o xmlv1.Operation) bool { return o.Name == e.name }); i >= 0 {
			b.WriteString("\n" + v1Elements(operations[i]) + "\n")
		}
		fmt.Fprintf(&b, "\n```sh\n%s\n```\n", strings.TrimSpace(e.sh))
	}
	b.WriteString("\n## Records\n\nIn the order in which they are written. *R* must be sent on creation, *–* is shown and ignored when sent, *F* can be\n" +
		"filtered by. A length is what this generation takes.\n")
	shown := headings(records)
	for _, s := range records {
		recordTable(&b, s, s.Name, shown)
		if s.Lines != nil {
			recordTable(&b, s.Lines, s.Lines.Name+" in "+s.List, shown)
		}
	}
	return b.String()
}

// v1Elements says what an operation holds.
func v1Elements(o xmlv1.Operation) string {
	if o.Record != nil {
		return "Holds one [`" + o.Record.Name + "`](#" + anchor(o.Record.Name) + ")."
	}
	if len(o.Elements) == 0 {
		return "Holds nothing."
	}
	return "Holds `" + strings.Join(o.Elements, "`, `") + "`."
}

// recordTable writes the fields of a shape.
func recordTable(b *strings.Builder, s *shape.Shape, title string, shown map[string]string) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n", title, records[s.Type.Name])
	b.WriteString("| Field | Type | Length | | Meaning |\n|---|---|---|---|---|\n")
	for i := range s.Entries {
		e := &s.Entries[i]
		length := ""
		if n := most(e); n > 0 {
			length = fmt.Sprint(n)
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", e.Path, kind(e, shown), length, flags(e), cell(meaning(s, e)))
	}
}

const v1Intro = `A program posts one XML document as the form field ` + "`request`" + ` to ` + "`/crudApi`" + ` and reads one back. What each value looks like,
and what every client may rely on, stands in the [specification](../spec/api-v1-xml.md); error codes stand in
[errors.md](../errors.md). Below are all operations and records of this version, written from the program itself.

The examples are commands for ` + "`bash`" + `. They begin with a sandbox of their own, its clock on Monday 23 November 2026:

    duebook org create --sandbox --name "Acme" --admin-email you@example.org --admin-password 'a long passphrase' --api-access --json > org.json
    duebook appkey issue --app "My program" --email you@example.org --json > key.json
    duebook serve --sandbox

Then, in a second terminal of the same folder:

` + "```sh" + `
curl -sS -X POST http://127.0.0.1:8080/sandbox/clock -d '{"now": "2026-11-23T17:00:00Z"}'
ORG=$(sed 's/.*"orgId":"\([^"]*\)".*/\1/' org.json)
KEY=$(sed 's/.*"appKey":"\([^"]*\)".*/\1/' key.json)
# call posts what is in the request element, op one operation, value finds an element of the answer
call() {
  curl -sS http://127.0.0.1:8080/crudApi --data-urlencode \
    "request=<request version=\"1.0\" applicationkey=\"$KEY\">$1</request>" | tee answer.xml
  echo
}
op() { call "<operation transactionId=\"1\" sessionId=\"$SESSION\">$1</operation>"; }
value() { grep -o "<$1>[^<]*" answer.xml | head -n 1 | cut -d '>' -f 2; }
` + "```" + `

## Session

` + "`getorglist`" + ` shows the organisations of a user, ` + "`login`" + ` opens a session for one of them, ` + "`getcurrenttime`" + ` gives the time to ask for
changes from, ` + "`logout`" + ` ends the session.

` + "```sh" + `
call "<getorglist><username>you@example.org</username><password>a long passphrase</password></getorglist>"
call "<login><username>you@example.org</username><password>a long passphrase</password><orgID>$ORG</orgID></login>"
SESSION=$(value sessionId)
call "<getcurrenttime sessionId=\"$SESSION\"></getcurrenttime>"
call "<checksyncclientversion sessionId=\"$SESSION\">1.0</checksyncclientversion>"
` + "```" + `

An ` + "`operationbatch`" + ` holds up to 1,000 operations; with ` + "`transaction=\"true\"`" + ` all of them happen or none:

` + "```sh" + `
call "<operationbatch sessionId=\"$SESSION\" transaction=\"true\">
  <operation transactionId=\"a\"><create_department><department><name>North</name></department></create_department></operation>
  <operation transactionId=\"b\"><create_department><department><name>South</name></department></create_department></operation>
</operationbatch>"
` + "```" + `
`

// v1Examples tell every operation, in an order in which they can be run.
var v1Examples = []example{
	{"get_org_detail", "The organisation of the session: name, address, and which modules it uses.", `
op "<get_org_detail></get_org_detail>"`},
	{"create_chartofaccount", "An account to code bills to.", `
op "<create_chartofaccount><chartOfAccount>
  <name>Tool rental</name><accountNumber>6210</accountNumber><accountType>7</accountType>
</chartOfAccount></create_chartofaccount>"
ACCOUNT=$(value id)`},
	{"update_chartofaccount", "Changes the fields that are sent; all others stay.", `
op "<update_chartofaccount><chartOfAccount>
  <id>$ACCOUNT</id><description>Rent of tools and machines</description>
</chartOfAccount></update_chartofaccount>"`},
	{"create_department", "A department: free coding for an industry's own use.", `
op "<create_department><department><name>Service</name></department></create_department>"
DEPARTMENT=$(value id)`},
	{"update_department", "Changes the fields that are sent.", `
op "<update_department><department><id>$DEPARTMENT</id><name>Field service</name></department></update_department>"`},
	{"create_location", "A place that costs are collected on.", `
op "<create_location><location><name>Pier 9</name></location></create_location>"
LOCATION=$(value id)`},
	{"update_location", "Changes the fields that are sent.", `
op "<update_location><location><id>$LOCATION</id><shortName>P9</shortName></location></update_location>"`},
	{"create_customer", "Who owes the organisation money. Names may repeat.", `
op "<create_customer><customer>
  <name>Lakeside Marina</name><email>office@lakeside.example</email>
  <billAddress1>1 Shore Road</billAddress1><billAddressCity>Chelan</billAddressCity><billAddressState>WA</billAddressState><billAddressZip>98816</billAddressZip>
</customer></create_customer>"
CUSTOMER=$(value id)`},
	{"update_customer", "Changes the fields that are sent.", `
op "<update_customer><customer><id>$CUSTOMER</id><phone>509 555 0100</phone></customer></update_customer>"`},
	{"create_job", "A piece of work that costs are collected on.", `
op "<create_job><job><name>Dock 4</name></job></create_job>"
JOB=$(value id)`},
	{"update_job", "Changes the fields that are sent.", `
op "<update_job><job><id>$JOB</id><description>New planks</description></job></update_job>"`},
	{"create_item", "A product or service, or with type 6 a sales tax, which needs its percentage.", `
op "<create_item><item><type>1</type><name>Mooring, a day</name><price>40.00</price></item></create_item>"
ITEM=$(value id)
op "<create_item><item><type>6</type><name>Sales tax</name><percentage>8.1</percentage></item></create_item>"
TAX=$(value id)`},
	{"update_item", "Changes the fields that are sent.", `
op "<update_item><item><id>$ITEM</id><price>42.50</price></item></update_item>"`},
	{"create_vendor", "Who is paid. Only the name is required; a check needs a complete address.", `
op "<create_vendor><vendor>
  <name>Harbor Tool Rental</name><email>billing@harbortool.example</email>
  <address1>14 Dock Street</address1><addressCity>Seattle</addressCity><addressState>WA</addressState><addressZip>98101</addressZip>
</vendor></create_vendor>"
VENDOR=$(value id)`},
	{"update_vendor", "Changes the fields that are sent.", `
op "<update_vendor><vendor><id>$VENDOR</id><phone>206 555 0100</phone></vendor></update_vendor>"`},
	{"create_bill", "A bill with its lines, whose amounts add up to the bill's.", `
op "<create_bill><bill>
  <vendorId>$VENDOR</vendorId><invoiceNumber>INV-1001</invoiceNumber>
  <amount>1250.00</amount><invoiceDate>11/20/2026</invoiceDate><dueDate>12/20/2026</dueDate>
  <billLineItems>
    <billLineItem><amount>1000.00</amount><chartOfAccountId>$ACCOUNT</chartOfAccountId><jobId>$JOB</jobId></billLineItem>
    <billLineItem><amount>250.00</amount><departmentId>$DEPARTMENT</departmentId><description>Delivery</description></billLineItem>
  </billLineItems>
</bill></create_bill>"
BILL=$(value id)`},
	{"upload_document", "A document for a bill, in base 64; without a bill it goes to the inbox.", `
op "<upload_document><billId>$BILL</billId><filename>note.txt</filename><document>$(echo 'two days' | base64)</document></upload_document>"`},
	{"upload_attachment", "A document for any record that takes one.", `
op "<upload_attachment><id>$VENDOR</id><filename>terms.txt</filename><description>Terms</description><document>$(echo 'net 30' | base64)</document></upload_attachment>"`},
	{"pay_bill", "Schedules a payment through the platform, on a banking day from the next one on.", `
op "<pay_bill><billId>$BILL</billId><amount>1000.00</amount><processDate>11/25/2026</processDate></pay_bill>"`},
	{"create_offlinepayment", "Records a payment that was made elsewhere.", `
op "<create_offlinepayment><billId>$BILL</billId><amount>250.00</amount><processDate>11/20/2026</processDate></create_offlinepayment>"`},
	{"create_vendorcredit", "A credit of a vendor, to be used when its bills are paid.", `
op "<create_vendorcredit><vendorCredit>
  <vendorId>$VENDOR</vendorId><refNumber>CR-7</refNumber><creditDate>11/21/2026</creditDate><amount>75.00</amount>
</vendorCredit></create_vendorcredit>"`},
	{"create_invoice", "An invoice to a customer. Amounts, tax and totals are computed from its lines.", `
op "<create_invoice><invoice>
  <customerId>$CUSTOMER</customerId><invoiceNumber>2026-17</invoiceNumber>
  <invoiceDate>11/23/2026</invoiceDate><dueDate>12/23/2026</dueDate><itemSalesTax>$TAX</itemSalesTax>
  <invoiceLineItems>
    <invoiceLineItem><itemId>$ITEM</itemId><quantity>3</quantity><price>42.50</price><taxable>1</taxable></invoiceLineItem>
  </invoiceLineItems>
</invoice></create_invoice>"
INVOICE=$(value id)`},
	{"set_external_id", "A client's own id on a record. The record does not count as changed.", `
op "<set_external_id><id>$BILL</id><externalId>acct-4711</externalId></set_external_id>"`},
	{"set_allow_export", "A client's own mark that a record may be exported. The record does not count as changed.", `
op "<set_allow_export><id>$BILL</id><allowExport>0</allowExport></set_allow_export>"`},
	{"send_vendor_invite", "Invites a vendor by mail to connect.", `
op "<send_vendor_invite><vendorId>$VENDOR</vendorId><email>billing@harbortool.example</email></send_vendor_invite>"`},
	{"link_vendor", "Connects a vendor with an organisation of this server, which maintains its own data from then on.", `
OTHER=$(duebook org create --sandbox --name "Harbor Tool Rental" --admin-email owner@harbortool.example --admin-password 'another long passphrase' --json | sed 's/.*"orgId":"\([^"]*\)".*/\1/')
op "<link_vendor><vendorId>$VENDOR</vendorId><linkTo>$OTHER</linkTo></link_vendor>"`},
	{"delink_vendor", "Ends the connection. Fields keep their values.", `
op "<delink_vendor><vendorId>$VENDOR</vendorId></delink_vendor>"`},
	{"get_list", "All records of an object that match every expression, in the order of creation. Objects are the records below.", `
op "<get_list object=\"bill\"><filter>
  <expression><field>updatedTime</field><operator>&gt;=</operator><value>11/23/26 08:00 AM</value></expression>
  <expression><field>paymentStatus</field><operator>IN</operator><value>1,4</value></expression>
</filter></get_list>"
op "<get_list object=\"billpay\"></get_list>"
op "<get_list object=\"invoice\"></get_list>"
call "<logout sessionId=\"$SESSION\"></logout>"`},
}
