package xmlv1_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
)

// newCredit makes a create_vendorcredit with a line for each amount.
func newCredit(vendor, number, amount string, lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString("<vendorCreditLineItem>" + tags("amount", l) + "</vendorCreditLineItem>")
	}
	list := b.String()
	if list != "" {
		list = "<vendorCreditLineItems>" + list + "</vendorCreditLineItems>"
	}
	return "<create_vendorcredit><vendorCredit>" + tags("vendorId", vendor, "refNumber", number, "creditDate", "11/20/2026", "amount", amount) + list +
		"</vendorCredit></create_vendorcredit>"
}

func TestCredits(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		v := h.made(create("vendor", "name", "Harbor Tool Rental"))
		h.run("V1-071 both spellings", func(h *house) {
			own := h.one("vendorCredit", h.made(create("vendorCredit", "vendorId", v, "refNumber", "CR-1", "creditDate", "11/19/2026", "amount", "12.5")))
			borrowed := h.one("vendorCredit", h.made(create("vendorCredit", "vendorId", v, "invoiceNumber", "CR-2", "invoiceDate", "11/18/26",
				"dueDate", "no date", "amount", "12.5")))
			for number, c := range map[string]element{"CR-1": own, "CR-2": borrowed} {
				if c.child("refNumber") != number || c.child("invoiceNumber") != "" || c.child("creditDate") == "" || c.child("dueDate") != "" ||
					c.child("amount") != "12.50" || c.child("creditStatus") != "1" || c.child("approvalStatus") != "0" ||
					c.child("glPostingDate") != c.child("creditDate") {
					h.t.Errorf("%s: %+v", number, c)
				}
			}
			both := h.one("vendorCredit", h.made(create("vendorCredit", "vendorId", v, "invoiceNumber", "no", "refNumber", "CR-3", "invoiceDate", "no date",
				"creditDate", "11/19/2026", "amount", "1")))
			if both.child("refNumber") != "CR-3" {
				h.t.Errorf("an alias counts only where the field is absent: %+v", both)
			}
		})
		h.run("5.4 what a credit takes", func(h *house) {
			before := len(h.list("vendorCredit"))
			h.refused(create("vendorCredit"), "BDCE009", "vendorId, refNumber, amount, creditDate")
			h.refused("<create_vendorcredit/>", "BDCE009", "vendorCredit")
			h.refused(newCredit(v, "1", "0"), "BDCE040", "amount")
			h.refused(newCredit(v, "1", "-5"), "BDCE040", "amount")
			h.refused(newCredit(v, "1", "5", "2", "2"), "BDCE051")
			h.refused(newCredit(v, "1", "5", "5", ""), "BDCE009", "amount")
			h.refused(newCredit(string(ids.New(ids.Vendor)), "1", "5"), "BDCE007", "vendorId")
			h.refused(newCredit(v, strings.Repeat("x", 101), "5"), "BDCE048", "refNumber")
			coded := strings.Replace(newCredit(v, "1", "5", "5"), "</vendorCreditLineItem>", tags("departmentId", string(ids.New(ids.Department)))+"</vendorCreditLineItem>", 1)
			h.refused(coded, "BDCE007", "departmentId")
			if after := len(h.list("vendorCredit")); after != before {
				h.t.Errorf("%d credits, before %d", after, before)
			}
			h.made(newCredit(v, "again", "5"))
			h.made(newCredit(v, "AGAIN", "5"))
			h.set("defaultBillApprover", string(h.user))
			if got := h.one("vendorCredit", h.made(newCredit(v, "approved", "5"))).child("approvalStatus"); got != "1" {
				h.t.Errorf("default approver: approvalStatus %s", got)
			}
			h.set("defaultBillApprover", "")
		})
		h.run("6.7, 6.8 the record", func(h *house) {
			account := h.made(create("chartOfAccount", "name", "Repairs", "accountType", "7"))
			department, job := h.made(create("department", "name", "Yard")), h.made(create("job", "name", "Pier 7"))
			location := h.made(create("location", "name", "Oakland"))
			doc := strings.Replace(newCredit(v, "CR-9", "7", "10", "-3"), "</vendorCreditLineItem>", tags("chartOfAccountId", account, "departmentId", department,
				"locationId", location, "jobId", job, "jobBillable", "1", "description", "returned boom lift", "externalId", "l-1")+"</vendorCreditLineItem>", 1)
			doc = strings.Replace(doc, "</vendorCredit>", tags("description", "October", "glPostingDate", "11/21/2026", "externalId", "c-1", "creditStatus", "0")+"</vendorCredit>", 1)
			c := h.one("vendorCredit", h.made(doc))
			want := []string{"id", "isActive", "vendorId", "refNumber", "approvalStatus", "creditStatus", "amount", "creditDate", "glPostingDate", "description",
				"createdTime", "updatedTime", "externalId", "allowExport", "vendorCreditLineItems"}
			if !slices.Equal(c.names(), want) {
				h.t.Errorf("elements %v\nwant     %v", c.names(), want)
			}
			lines := c.all("vendorCreditLineItem")
			if len(lines) != 2 || lines[0].child("vendorCreditId") != c.child("id") || lines[0].child("jobBillable") != "1" || lines[0].child("jobId") != job ||
				lines[1].child("amount") != "-3.00" || lines[1].child("jobBillable") != "0" || c.child("glPostingDate") == c.child("creditDate") {
				h.t.Errorf("%+v", c)
			}
			want = []string{"id", "vendorCreditId", "amount", "chartOfAccountId", "departmentId", "locationId", "jobId", "jobBillable", "description",
				"createdTime", "updatedTime", "externalId"}
			if !slices.Equal(lines[0].names(), want) {
				h.t.Errorf("elements of a line %v\nwant                %v", lines[0].names(), want)
			}
			updated := c.child("updatedTime")
			h.store.Clock.Advance(5 * 60e9)
			h.made("<set_external_id>" + tags("id", c.child("id"), "externalId", "c-2") + "</set_external_id>")
			h.made("<set_external_id>" + tags("id", lines[1].child("id"), "externalId", "l-2") + "</set_external_id>")
			h.made("<set_allow_export>" + tags("id", c.child("id"), "allowExport", "0") + "</set_allow_export>")
			c = h.one("vendorCredit", c.child("id"))
			if c.child("externalId") != "c-2" || c.child("updatedTime") != updated || c.child("allowExport") != "0" {
				h.t.Errorf("5.9: %+v", c)
			}
		})
		h.run("V1-084 names of the list", func(h *house) {
			want := len(h.list("vendorCredit"))
			for _, name := range []string{"vendorcredit", "VENDORCREDIT"} {
				if got := len(h.list(name)); got != want {
					h.t.Errorf("%s: %d credits, want %d", name, got, want)
				}
			}
		})
		h.run("7.2 filters", func(h *house) {
			other := h.made(create("vendor", "name", "Other"))
			id := h.made(newCredit(other, "F-1", "5"))
			for _, f := range [][]string{{"vendorId", "=", other}, {"vendorId", "=", other, "creditStatus", "=", "1"}, {"id", "=", id},
				{"vendorId", "=", other, "creditDate", ">=", "11/20/2026"}, {"vendorId", "=", other, "approvalStatus", "=", "0"}} {
				if got := h.list("vendorCredit", f...); len(got) != 1 || got[0].child("id") != id {
					h.t.Errorf("%v: %d credits", f, len(got))
				}
			}
			for _, f := range [][]string{{"vendorId", "=", other, "creditStatus", "=", "0"}, {"vendorId", "=", other, "creditDate", ">", "11/20/2026"}} {
				if got := h.list("vendorCredit", f...); len(got) != 0 {
					h.t.Errorf("%v: %d credits", f, len(got))
				}
			}
			h.refused(getList("vendorCredit", "refNumber", "=", "F-1"), "BDCE057")
		})
	})
}

// The story of credits: one exchange for each result.
var goldenCredits = []step{
	{name: "create_vendor", inner: op(create("vendor", "name", "Harbor Tool Rental"))},
	{name: "create_chartofaccount", inner: op(create("chartOfAccount", "name", "Repairs", "accountType", "7"))},
	{name: "create_vendorcredit", inner: op("<create_vendorcredit><vendorCredit>" + tags("vendorId", "{create_vendor}", "refNumber", "CR-1", "creditDate", "10/01/2012",
		"amount", "12.5", "description", "Boom lift came back", "externalId", "c-1") + "<vendorCreditLineItems><vendorCreditLineItem>" +
		tags("amount", "10", "chartOfAccountId", "{create_chartofaccount}", "jobBillable", "1", "description", "Two days") + "</vendorCreditLineItem><vendorCreditLineItem>" +
		tags("amount", "2.50") + "</vendorCreditLineItem></vendorCreditLineItems></vendorCredit></create_vendorcredit>")},
	{name: "create_vendorcredit-as-bill", inner: op(create("vendorCredit", "vendorId", "{create_vendor}", "invoiceNumber", "CR-2", "invoiceDate", "10/02/12",
		"dueDate", "10/31/12", "amount", "40"))},
	{name: "create_vendorcredit-missing", inner: op(create("vendorCredit", "description", "x"))},
	{name: "create_vendorcredit-splits", inner: op(newCredit("{create_vendor}", "CR-3", "5", "2", "2"))},
	{name: "create_vendorcredit-reference", inner: op(newCredit("00901ABCDEFGHIJ00000", "CR-3", "5"))},
	{name: "create_vendorcredit-amount", inner: op(newCredit("{create_vendor}", "CR-3", "0"))},
	{name: "get_list-vendorCredit", inner: op(getList("vendorcredit"))},
}

func TestGoldenCredits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		h := newHouse(t, s)
		n := &names{known: map[string]string{h.key: "KEY", h.session: "SESSION"}, count: map[string]int{}}
		tell(t, h, filepath.Join("testdata", "golden-credits"), goldenCredits, map[string]string{"key": h.key, "session": h.session}, n)
	})
}
