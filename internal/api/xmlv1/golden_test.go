package xmlv1_test

import (
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/org"
)

var rewrite = flag.Bool("update", false, "rewrite the golden files")

// step is one exchange of the story that the golden files tell. {name} stands for the id that the step of that name
// gave.
type step struct {
	name    string
	inner   string // inside of request, or the whole document if it begins with <request
	version string // 1.0 if empty
}

// op is a stand-alone operation of the session.
func op(inner string) string {
	return `<operation transactionId="t-1" sessionId="{session}">` + inner + `</operation>`
}

var golden = []step{
	{name: "version-error", inner: `<request version="2.0" applicationkey="{key}"><logout sessionId="x"/></request>`},
	{name: "key-unknown", inner: `<request version="1.0" applicationkey="01NOSUCHKEY000000001"><logout sessionId="x"/></request>`},
	{name: "key-deactivated", inner: `<request version="1.0" applicationkey="{deadkey}"><logout sessionId="x"/></request>`},
	{name: "malformed", inner: `<request version="1.0" applicationkey="{key}"><login></request>`},
	{name: "login", inner: "<login>" + tags("username", "ana@acme.example", "password", password, "orgID", "{org}") + "</login>"},
	{name: "login-no-user", inner: "<login>" + tags("username", "nobody@acme.example", "password", password, "orgID", "{org}") + "</login>"},
	{name: "login-wrong-password", inner: "<login>" + tags("username", "ana@acme.example", "password", "wrong", "orgID", "{org}") + "</login>"},
	{name: "login-missing", inner: "<login>" + tags("username", "ana@acme.example", "password", "") + "</login>"},
	{name: "getorglist", inner: "<getorglist>" + tags("username", "ana@acme.example", "password", password) + "</getorglist>"},
	{name: "getorglist-failed", inner: "<getorglist>" + tags("username", "nobody@acme.example", "password", password) + "</getorglist>"},
	{name: "getcurrenttime", inner: `<getcurrenttime sessionId="{session}"> </getcurrenttime>`},
	{name: "getcurrenttime-1.1", inner: `<getcurrenttime sessionId="{session}"/>`, version: "1.1"},
	{name: "getcurrenttime-session-invalid", inner: `<getcurrenttime sessionId="None"/>`},
	{name: "checksyncclientversion", inner: `<checksyncclientversion sessionId="{session}" year="2012">1.0.3</checksyncclientversion>`},
	{name: "checksyncclientversion-failed", inner: `<checksyncclientversion sessionId="{session}">new</checksyncclientversion>`},
	{name: "session-empty", inner: `<operation transactionId="t-1"><get_org_detail/></operation>`},
	{name: "session-invalid", inner: `<operation transactionId="t-1" sessionId="None"><get_org_detail/></operation>`},
	{name: "operation-unknown", inner: op("<frobnicate/>")},
	{name: "operation-none", inner: op("")},

	{name: "create_vendor", inner: op(create("vendor", "vendor_id", "H-1", "name", "Café & Tool <Rental>", "taxId", "12-3456789", "track1099", "1",
		"email", "due@harbor.example", "fax", "510 555 0101", "phone", "510 555 0100", "address1", "1 Pier Road", "address2", "", "address3", "Dock 3",
		"addressCity", "Oakland", "addressState", "CA", "addressZip", "94607", "addressCountry", "USA", "nameOnCheck", "Harbor Tool", "accNumber", "A-77",
		"description", "Łódź 株式会社", "integrationId", "i-1", "lastSyncTime", "09/18/2012 15:27:08", "externalId", "e-1", "allowExport", "1"))},
	{name: "create_vendor-name-only", inner: op(create("vendor", "name", "Smith Plumbing"))},
	{name: "create_vendor-missing", inner: op(create("vendor", "phone", "1"))},
	{name: "create_vendor-external-id-taken", inner: op(create("vendor", "name", "Again", "externalId", "e-1"))},
	{name: "create_vendor-too-long", inner: op(create("vendor", "name", strings.Repeat("x", 101), "phone", strings.Repeat("1", 41)))},
	{name: "create_vendor-value", inner: op(create("vendor", "name", "x", "track1099", "yes", "isActive", "3"))},
	{name: "update_vendor", inner: op(update("vendor", "id", "{create_vendor}", "phone", "510 555 0199", "fax", ""))},
	{name: "update_vendor-unknown", inner: op(update("vendor", "id", "00901ABCDEFGHIJ00000", "phone", "1"))},
	{name: "update_vendor-format", inner: op(update("vendor", "id", "{create_vendor}", "lastSyncTime", "yesterday"))},
	{name: "create_chartofaccount", inner: op(create("chartOfAccount", "name", "Fuel", "accountNumber", "6100", "accountType", "7", "description", "Diesel"))},
	{name: "update_chartofaccount", inner: op(update("chartOfAccount", "id", "{create_chartofaccount}", "isActive", "2"))},
	{name: "create_chartofaccount-2", inner: op(create("chartOfAccount", "name", "Repairs", "accountType", "7", "parentChartOfAccountId", "00000000000000000000"))},
	{name: "create_department", inner: op(create("department", "name", "Yard", "description", "North"))},
	{name: "create_department-child", inner: op(create("department", "name", "Crane", "parentDepartmentId", "{create_department}"))},
	{name: "update_department-ring", inner: op(update("department", "id", "{create_department}", "parentDepartmentId", "{create_department-child}"))},
	{name: "update_department", inner: op(update("department", "id", "{create_department}", "name", "Yard North"))},
	{name: "create_job", inner: op(create("job", "name", "Pier 7"))},
	{name: "update_job", inner: op(update("job", "id", "{create_job}", "description", "Rebuild"))},
	{name: "create_location", inner: op(create("location", "name", "Oakland", "shortName", "OAK"))},
	{name: "update_location", inner: op(update("location", "id", "{create_location}", "shortName", "OAK1"))},
	{name: "create_bill", inner: op(`<create_bill><bill>` + tags("vendorId", "{create_vendor}", "invoiceNumber", "INV-1", "invoiceDate", "10/01/2012", "dueDate", "10/31/12",
		"amount", "125.5", "description", "October") + `<billLineItems><billLineItem>` + tags("amount", "100", "chartOfAccountId", "{create_chartofaccount-2}",
		"departmentId", "{create_department}", "locationId", "{create_location}", "jobId", "{create_job}", "jobBillable", "1", "description", "Boom lift", "quantity", "2.50", "unitPrice", "40") +
		`</billLineItem><billLineItem>` + tags("amount", "25.50") + `</billLineItem></billLineItems></bill></create_bill>`)},
	{name: "create_bill-no-lines", inner: op(newBill("{create_vendor-name-only}", "S-9", "40"))},
	{name: "create_bill-missing", inner: op(create("bill", "description", "x"))},
	{name: "create_bill-splits", inner: op(newBill("{create_vendor}", "S-10", "5", "2", "2"))},
	{name: "create_bill-reference", inner: op(newBill("00901ABCDEFGHIJ00000", "S-10", "5"))},
	{name: "set_external_id", inner: op("<set_external_id>['<externalId>b-1</externalId>', '<id>{create_bill}</id>']</set_external_id>")},
	{name: "set_allow_export", inner: op("<set_allow_export>" + tags("id", "{create_bill}", "allowExport", "0") + "</set_allow_export>")},
	{name: "pay_bill", inner: op(pay("{create_bill}", "100.00", "11/24/2026"))},
	{name: "pay_bill-amount", inner: op(pay("{create_bill}", "25.51", "11/24/2026"))},
	{name: "pay_bill-date", inner: op(pay("{create_bill}", "25.50", "11/28/26"))},
	{name: "pay_bill-too-early", inner: op(pay("{create_bill}", "25.50", "11/23/26"))},
	{name: "pay_bill-unknown", inner: op(pay("00n01ABCDEFGHIJ00000", "1", "11/24/26"))},
	{name: "pay_bill-address", inner: op(pay("{create_bill-no-lines}", "1", "11/24/26"))},
	{name: "create_offlinepayment", inner: op(offline("{create_bill-no-lines}", "40", "11/22/26", "chartOfAccountId", "{create_chartofaccount-2}", "allowExport", "1",
		"toPrintCheck", "0", "syncReference", "ref-9", "description", "by hand"))},
	{name: "upload_document", inner: op("<upload_document>" + tags("filename", "scan.pdf", "document", pdfText) + "</upload_document>")},
	{name: "upload_document-bill", inner: op("<upload_document>" + tags("billId", "{create_bill}", "filename", "scan.pdf", "document", pdfText) + "</upload_document>")},
	{name: "upload_document-base64", inner: op("<upload_document>" + tags("filename", "scan.pdf", "document", "%%%") + "</upload_document>")},
	{name: "upload_document-name", inner: op("<upload_document>" + tags("filename", "a/b.pdf", "document", pdfText) + "</upload_document>")},
	{name: "upload_attachment", inner: op("<upload_attachment>" + tags("id", "{create_vendor}", "filename", "contract.pdf", "description", "2012", "document", pdfText) + "</upload_attachment>")},

	{name: "get_list-vendor", inner: op(`<get_list object="vendor"></get_list>`)},
	{name: "get_list-vendor-1.1", inner: op(getList("VENDOR", "id", "=", "{create_vendor}")), version: "1.1"},
	{name: "get_list-bill", inner: op(getList("bill", "updatedTime", ">=", "11/23/2026 09:00:00", "dueDate", "<=", "10/31/12"))},
	{name: "get_list-billpay", inner: op(getList("billpay"))},
	{name: "get_list-chartOfAccount", inner: op(getList("chartofaccount", "accountType", "=", "7"))},
	{name: "get_list-department", inner: op(getList("department"))},
	{name: "get_list-job", inner: op(getList("job"))},
	{name: "get_list-location", inner: op(getList("location"))},
	{name: "get_list-org_info", inner: op(`<get_list object="org_info"/>`)},
	{name: "get_list-orgDetail", inner: op(`<get_list object="orgdetail"/>`)},
	{name: "get_list-empty", inner: op(getList("vendor", "isActive", "=", "2"))},
	{name: "get_list-filter", inner: op(getList("vendor", "name", "=", "x"))},
	{name: "get_list-object", inner: op(`<get_list object="foo"/>`)},
	{name: "get_org_detail", inner: op("<get_org_detail/>")},

	{name: "batch", inner: `<operationbatch sessionId="{session}"><operation transactionId="a">` + create("department", "name", "B1") + `</operation><operation transactionId="b">` +
		create("department") + `</operation><operation>` + getList("job") + `</operation></operationbatch>`},
	{name: "batch-transaction", inner: `<operationbatch sessionId="{session}" transaction="true"><operation transactionId="a">` + create("department", "name", "B2") +
		`</operation><operation transactionId="b">` + create("department", "name", "B3") + `</operation></operationbatch>`},
	{name: "batch-rolled-back", inner: `<operationbatch sessionId="{session}" transaction="true"><operation transactionId="a">` + create("department", "name", "B4") +
		`</operation><operation transactionId="b">` + create("department") + `</operation></operationbatch>`},
	{name: "batch-session-invalid", inner: `<operationbatch sessionId="None"><operation transactionId="a"/></operationbatch>`},
	{name: "batch-empty", inner: `<operationbatch sessionId="{session}"/>`},
	{name: "logout", inner: `<logout sessionId="{session}"> </logout>`},
	{name: "logout-again", inner: `<logout sessionId="{session}"/>`},
}

var pdfText = base64.StdEncoding.EncodeToString([]byte("%PDF-1.4\n%%EOF\n"))

var (
	anyID      = regexp.MustCompile(`\b[0-9a-z]{3}01[A-Z]{10}[0-9a-z]{5}\b`)
	goldenName = regexp.MustCompile(`\b[0-9a-z]{3}01#[0-9]+`)
	txnNumber  = regexp.MustCompile(`<txnNumber>[A-Z]{20}<`)
	newSession = regexp.MustCompile(`<sessionId>[A-Za-z0-9]{40}<`)
)

// names replaces what differs between runs: keys, sessions, ids.
type names struct {
	known map[string]string // by the real text
	count map[string]int    // of ids, by their prefix
}

func (n *names) normal(s string) string {
	for real, name := range n.known {
		s = strings.ReplaceAll(s, real, name)
	}
	s = txnNumber.ReplaceAllString(s, "<txnNumber>TXNNUMBER<")
	s = newSession.ReplaceAllString(s, "<sessionId>ANOTHERSESSION<")
	return anyID.ReplaceAllStringFunc(s, func(id string) string {
		if strings.HasSuffix(id, "ABCDEFGHIJ00000") {
			return id // unknown on purpose
		}
		n.count[id[:3]]++
		n.known[id] = fmt.Sprintf("%s01#%d", id[:3], n.count[id[:3]])
		return n.known[id]
	})
}

// TestGolden tells a story of one exchange per operation and result, and compares it with testdata/golden. Line breaks
// between elements are the files' own: the wire has none.
func TestGolden(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("testdata", "golden")
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		h := newHouse(t, s)
		h.fund()
		dead := h.newKey()
		h.write(func(tx *db.Tx) error { return org.DeactivateKey(tx, dead, "test") })
		n := &names{known: map[string]string{h.key: "KEY", dead: "DEADKEY", h.session: "SESSION"}, count: map[string]int{}}
		tell(t, h, dir, golden, map[string]string{"key": h.key, "deadkey": dead, "session": h.session, "org": string(h.org)}, n)
	})
}

// tell goes through a story and compares it with the files of dir, or writes them. made are the texts that placeholders
// stand for.
func tell(t *testing.T, h *house, dir string, story []step, made map[string]string, n *names) {
	t.Helper()
	for i, st := range story {
		inner := placeholder.ReplaceAllStringFunc(st.inner, func(p string) string {
			if v := made[p[1:len(p)-1]]; v != "" {
				return v
			}
			t.Fatalf("%s: nothing is known of %s", st.name, p)
			return ""
		})
		if h.version = st.version; h.version == "" {
			h.version = "1.0"
		}
		doc := inner
		if !strings.HasPrefix(inner, "<request") {
			doc = fmt.Sprintf(`<request version="%s" applicationkey="%s">%s</request>`, h.version, h.key, inner)
		}
		raw := h.document(doc)
		e := h.parse(raw)
		made[st.name] = e.text("id")
		got := n.normal("-- request --\n" + broken(doc) + "\n-- answer --\n" + broken(raw) + "\n")
		file := filepath.Join(dir, fmt.Sprintf("%02d-%s.txt", i+1, st.name))
		if *rewrite && strings.HasSuffix(t.Name(), "sqlite") {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s:\n%s\nwant:\n%s", file, got, want)
		}
	}
}

var placeholder = regexp.MustCompile(`\{[a-z0-9_.-]+\}`)

// broken is a document with a line for each element that holds more than text.
func broken(doc string) string {
	return strings.ReplaceAll(strings.ReplaceAll(doc, "><", ">\n<"), "?>\n<response>", "?><response>")
}
