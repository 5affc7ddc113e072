package jsonv2_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

// people are members of the house by name, each with a session.
func (h *house) people(roles ...string) map[string]*house {
	h.t.Helper()
	out := map[string]*house{}
	for _, r := range roles {
		name, role, _ := strings.Cut(r, ":")
		email := name + "@people.example"
		o := *h
		o.user = h.member(email, role)
		o.session = h.login(email)
		out[name] = &o
	}
	return out
}

func (h *house) simpleBill(vendor, number string, amount int) string {
	h.t.Helper()
	return h.made("Bill", fmt.Sprintf(`{"vendorId":%q,"invoiceNumber":%q,"invoiceDate":"2026-11-20","dueDate":"2026-12-20",
		"billLineItems":[{"amount":%d}]}`, vendor, number, amount))
}

func (h *house) simpleCredit(vendor, number string, amount int64) string {
	h.t.Helper()
	c := credit.Credits.New().(*credit.Credit)
	c.VendorID, c.RefNumber, c.CreditDate, c.Amount = ids.ID(vendor), number, civil.MustDate("2026-11-20"), amount
	h.write(func(tx *db.Tx) error { return credit.Create(tx, c, false) })
	return string(c.ID)
}

func (h *house) approvalStatus(entity, id string) (status string) {
	h.t.Helper()
	if entity == "Bill" {
		return h.read(entity, id).text("approvalStatus")
	}
	h.write(func(tx *db.Tx) error {
		c, err := credit.Credits.Load(tx, ids.ID(id))
		if err == nil {
			status = fmt.Sprint(c.ApprovalStatus)
		}
		return err
	})
	return status
}

func approvers(entity, object string, users ...*house) string {
	list := make([]string, len(users))
	for i, u := range users {
		list[i] = `"` + string(u.user) + `"`
	}
	return fmt.Sprintf(`{"entity":%q,"objectId":%q,"approvers":[%s]}`, entity, object, strings.Join(list, ","))
}

// The approvals of a bill and of a vendor credit go the same way.
func TestApprovals(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.people("anna:approver", "ben:approver", "cleo:accountant", "pam:payer")
		anna, ben, cleo, pam := p["anna"], p["ben"], p["cleo"], p["pam"]
		vendor := h.made("Vendor", `{"name":"Harbor Tool Rental"}`)
		n := 0
		for _, d := range []struct {
			entity string
			make   func() string
		}{
			{"Bill", func() string { n++; return h.simpleBill(vendor, fmt.Sprint("B", n), 100) }},
			{"VendorCredit", func() string {
				n++
				return h.simpleCredit(vendor, fmt.Sprint("C", n), 100)
			}},
		} {
			at := func(id string) string { return fmt.Sprintf(`{"entity":%q,"objectId":%q}`, d.entity, id) }
			status := func(id, want string) {
				t.Helper()
				if got := h.approvalStatus(d.entity, id); got != want {
					t.Errorf("%s: approvalStatus %q, want %q", d.entity, got, want)
				}
			}
			h.run(d.entity+" V2-114 in order", func(h *house) {
				id := d.make()
				status(id, "0")
				if a := h.ok("SetApprovers", approvers(d.entity, id, anna, ben)); len(a.data.(map[string]any)) != 0 {
					t.Errorf("data %s", a.raw)
				}
				status(id, "1")
				ben.refused("Approve", at(id), "BDC_9110")
				anna.ok("Approve", at(id))
				status(id, "4")
				anna.refused("Approve", at(id), "BDC_9110")
				ben.ok("Approve", fmt.Sprintf(`{"entity":%q,"objectId":%q,"comment":"as ordered"}`, d.entity, id))
				status(id, "3")
			})
			h.run(d.entity+" V2-115 a denial", func(h *house) {
				id := d.make()
				h.ok("SetApprovers", approvers(d.entity, id, anna, ben))
				anna.ok("Approve", at(id))
				ben.ok("Deny", at(id))
				status(id, "5")
				h.ok("SetApprovers", approvers(d.entity, id, anna, cleo, ben))
				status(id, "4")
				anna.refused("Approve", at(id), "BDC_9110")
				ben.refused("Approve", at(id), "BDC_9110")
				cleo.ok("Approve", at(id))
				ben.ok("Approve", at(id))
				status(id, "3")
			})
			h.run(d.entity+" V2-116 a payer", func(h *house) {
				id := d.make()
				h.refused("SetApprovers", approvers(d.entity, id, pam), "BDC_9106")
				h.refused("SetApprovers", approvers(d.entity, id, anna, pam), "BDC_9106")
				status(id, "0")
				pam.refused("SetApprovers", approvers(d.entity, id, anna), "BDC_9006")
				pam.refused("Approve", at(id), "BDC_9006")
			})
			h.run(d.entity+" V2-117 ListApprovers", func(h *house) {
				id := d.make()
				h.ok("SetApprovers", approvers(d.entity, id, cleo, anna, ben))
				cleo.ok("Approve", at(id))
				rows := h.ok("ListApprovers", at(id)).rows()
				got := fmt.Sprint(column(rows, "usersId"), column(rows, "status"), column(rows, "sortOrder"), column(rows, "objectType"))
				want := fmt.Sprintf("[%s %s %s] [4 0 5] [1 2 3] [%[4]s %[4]s %[4]s]", cleo.user, anna.user, ben.user, d.entity)
				if got != want {
					t.Errorf("%s\nwant %s", got, want)
				}
				if rows := h.list(d.entity+"Approver", "objectId", "=", `"`+id+`"`, "status", "=", `"0"`); len(rows) != 1 || rows[0].text("usersId") != string(anna.user) {
					t.Errorf("listed %v", rows)
				}
				one := rows[0].text("id")
				if got := h.read(d.entity+"Approver", one).text("usersId"); got != string(cleo.user) {
					t.Errorf("read %q", got)
				}
				h.refused("Crud/Create/"+d.entity+"Approver", `{"obj":{}}`, "BDC_1116")
			})
			h.run(d.entity+" ClearApprovers", func(h *house) {
				id := d.make()
				h.ok("SetApprovers", approvers(d.entity, id, anna, ben))
				anna.ok("Approve", at(id))
				h.ok("ClearApprovers", at(id))
				status(id, "0")
				if rows := h.ok("ListApprovers", at(id)).rows(); len(rows) != 1 || rows[0].text("usersId") != string(anna.user) {
					t.Errorf("after clear: %v", rows)
				}
			})
		}
	})
}

// What the calls refuse about their members.
func TestApprovalsRefuse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		vendor := h.made("Vendor", `{"name":"Harbor Tool Rental"}`)
		id := h.simpleBill(vendor, "1", 100)
		for _, call := range []string{"SetApprovers", "ClearApprovers", "ListApprovers", "Approve", "Deny"} {
			more := ""
			if call == "SetApprovers" {
				more = `,"approvers":["` + string(h.user) + `"]`
			}
			h.refused(call, `{}`, "BDC_1117", "entity", "objectId")
			h.refused(call, `{"entity":"Invoice","objectId":"`+id+`"`+more+`}`, "BDC_1119", "entity, Invoice")
			h.refused(call, `{"entity":"Bill","objectId":"x"`+more+`}`, "BDC_1119", "objectId, x")
			h.refused(call, `{"entity":"Bill","objectId":"`+vendor+`"`+more+`}`, "BDC_1119", "objectId, "+vendor)
			unknown := string(ids.New(ids.Bill))
			h.refused(call, `{"entity":"Bill","objectId":"`+unknown+`"`+more+`}`, "BDC_1119", "Invalid field,value: objectId, "+unknown)
		}
		h.refused("SetApprovers", `{"entity":"Bill","objectId":"`+id+`"}`, "BDC_1117", "approvers")
		h.refused("SetApprovers", `{"entity":"Bill","objectId":"`+id+`","approvers":[]}`, "BDC_1117", "approvers")
		h.refused("SetApprovers", `{"entity":"Bill","objectId":"`+id+`","approvers":["x"]}`, "BDC_1119", "approvers, x")
		h.refused("SetApprovers", `{"entity":"Bill","objectId":"`+id+`","approvers":["`+null+`"]}`, "BDC_9106")
		h.refused("ListUserApprovals", `{"approvalType":"Invoice"}`, "BDC_1119")
		h.refused("ListUserApprovals", `{"max":0}`, "BDC_1129")
	})
}

func TestListUserApprovals(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.people("anna:approver", "ben:approver")
		anna, ben := p["anna"], p["ben"]
		vendor := h.made("Vendor", `{"name":"Harbor Tool Rental"}`)
		one, two := h.simpleBill(vendor, "1", 100), h.simpleBill(vendor, "2", 100)
		credited := h.simpleCredit(vendor, "C", 100)
		h.ok("SetApprovers", approvers("Bill", one, anna, ben))
		h.ok("SetApprovers", approvers("VendorCredit", credited, ben))
		h.ok("SetApprovers", approvers("Bill", two, ben))
		objects := func(h *house, data string) string {
			a := h.ok("ListUserApprovals", data)
			var out []string
			for i := range a.at("approvals").([]any) {
				at := fmt.Sprintf("approvals.%d.", i)
				if a.text(at+"usersId") == "" || a.text(at+"sortOrder") == "" {
					t.Errorf("row %s", a.raw)
				}
				out = append(out, a.text(at+"entity")+" "+a.text(at+"objectId")+" "+a.text(at+"status"))
			}
			return strings.Join(out, ", ")
		}
		first, second, third := "Bill "+one+" 5", "VendorCredit "+credited+" 0", "Bill "+two+" 0"
		for _, c := range []struct {
			who        *house
			data, want string
		}{
			{h, `{}`, ""},
			{anna, ``, "Bill " + one + " 0"},
			{ben, `{}`, first + ", " + second + ", " + third},
			{h, `{"usersId":"` + string(ben.user) + `","approvalType":"Bill"}`, first + ", " + third},
			{ben, `{"approvalType":"VendorCredit"}`, second},
			{ben, `{"start":1,"max":1}`, second},
			{ben, `{"start":9}`, ""},
		} {
			if got := objects(c.who, c.data); got != c.want {
				t.Errorf("%s: %s, want %s", c.data, got, c.want)
			}
		}
		anna.ok("Approve", `{"entity":"Bill","objectId":"`+one+`"}`)
		if got := objects(anna, ""); got != "" {
			t.Errorf("what anna has approved is still hers: %s", got)
		}
	})
}

// Policies claim bills from an amount on; OrgBillPayNeedApproval tells whether there is one.
func TestApprovalPolicies(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.people("anna:approver", "pam:payer")
		anna, pam := p["anna"], p["pam"]
		vendor := h.made("Vendor", `{"name":"Harbor Tool Rental"}`)
		if got := h.ok("OrgBillPayNeedApproval", `{}`).text("needApproval"); got != "false" {
			t.Errorf("needApproval %s", got)
		}
		h.refused("Crud/Create/ApprovalPolicy", `{"obj":{"entity":"ApprovalPolicy"}}`, "BDC_1117", "amountThreshold", "minNumApprovers")
		pam.refused("Crud/Create/ApprovalPolicy", `{"obj":{"amountThreshold":500,"minNumApprovers":1}}`, "BDC_9006")
		policy := h.create("ApprovalPolicy", `{"entity":"ApprovalPolicy","isActive":"1","type":"0","amountThreshold":500,"minNumApprovers":1}`)
		if got := policy.text("amountThreshold") + policy.text("type") + policy.text("minNumApprovers"); got != "500.0001" || !strings.HasPrefix(policy.text("id"), "apo") {
			t.Errorf("made %s", policy.raw)
		}
		h.refused("Crud/Create/ApprovalPolicyApprover", `{"obj":{"approvalPolicyId":"`+policy.text("id")+`","usersId":"`+string(pam.user)+`"}}`, "BDC_9106")
		h.refused("Crud/Create/ApprovalPolicyApprover", `{"obj":{"approvalPolicyId":"`+string(ids.New(ids.ApprovalPolicy))+`","usersId":"`+string(anna.user)+`"}}`,
			"BDC_1119", "approvalPolicyId")
		named := h.create("ApprovalPolicyApprover", `{"approvalPolicyId":"`+policy.text("id")+`","usersId":"`+string(anna.user)+`","sortOrder":1}`)
		small, large := h.simpleBill(vendor, "1", 499), h.simpleBill(vendor, "2", 500)
		for id, want := range map[string]string{small: "0", large: "1"} {
			if got := h.read("Bill", id).text("approvalStatus"); got != want {
				t.Errorf("approvalStatus %s, want %s", got, want)
			}
		}
		if got := h.ok("OrgBillPayNeedApproval", `{}`).text("needApproval"); got != "true" {
			t.Errorf("needApproval %s", got)
		}
		h.ok("Crud/Delete/ApprovalPolicyApprover", `{"id":"`+named.text("id")+`"}`)
		if got := h.read("Bill", h.simpleBill(vendor, "3", 500)).text("approvalStatus"); got != "0" {
			t.Errorf("nobody named: approvalStatus %s", got)
		}
		if got := h.ok("Crud/Delete/ApprovalPolicy", `{"id":"`+policy.text("id")+`"}`).text("isActive"); got != "2" {
			t.Errorf("deleted: %s", got)
		}
		if got := h.ok("OrgBillPayNeedApproval", `{}`).text("needApproval"); got != "false" {
			t.Errorf("needApproval %s", got)
		}
	})
}

// Domain 2.3: an approver sees the bills and credits that it is or was asked about, and those of whom it stands in for.
func TestOwnQueue(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.people("anna:approver", "ben:approver", "pam:payer")
		anna, ben, pam := p["anna"], p["ben"], p["pam"]
		vendor := h.made("Vendor", `{"name":"Harbor Tool Rental"}`)
		for _, d := range []struct{ entity, mine, other string }{
			{"Bill", h.simpleBill(vendor, "B1", 100), h.simpleBill(vendor, "B2", 100)},
			{"VendorCredit", h.simpleCredit(vendor, "C1", 100), h.simpleCredit(vendor, "C2", 100)},
		} {
			at := func(id string) string { return fmt.Sprintf(`{"entity":%q,"objectId":%q}`, d.entity, id) }
			h.ok("SetApprovers", approvers(d.entity, d.mine, anna))
			h.ok("SetApprovers", approvers(d.entity, d.other, h))
			sees := func(o *house, want ...string) {
				t.Helper()
				var got []string
				for _, r := range o.list(d.entity) {
					got = append(got, r.text("id"))
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s: sees %v, want %v", d.entity, got, want)
				}
			}
			sees(anna, d.mine)
			sees(ben)
			sees(pam, d.mine, d.other)
			anna.ok("Crud/Read/"+d.entity, fmt.Sprintf(`{"id":%q}`, d.mine))
			anna.refused("Crud/Read/"+d.entity, fmt.Sprintf(`{"id":%q}`, d.other), "BDC_1119")
			if rows := anna.list(d.entity + "Approver"); len(rows) != 1 {
				t.Errorf("%s: sees %d approvers", d.entity, len(rows))
			}
			anna.refused("ListApprovers", at(d.other), "BDC_1119")
			anna.refused("SetApprovers", approvers(d.entity, d.other, anna), "BDC_1119")
			anna.ok("Approve", at(d.mine))
			sees(anna, d.mine)
		}
		h.write(func(tx *db.Tx) error {
			return approval.Delegate(tx, &approval.Delegation{User: anna.user, Delegate: ben.user, From: civil.MustDate("2026-01-01"), To: civil.MustDate("2027-12-31")})
		})
		if rows := ben.list("Bill"); len(rows) != 1 {
			t.Errorf("a delegate sees %d bills", len(rows))
		}
		next := h.simpleBill(vendor, "B3", 100)
		h.ok("SetApprovers", approvers("Bill", next, anna))
		if got := ben.ok("ListUserApprovals", `{}`).raw; !strings.Contains(string(got), next) {
			t.Errorf("APR-11: the queue of a delegate is %s", got)
		}
		ben.ok("Approve", fmt.Sprintf(`{"entity":"Bill","objectId":%q}`, next))
	})
}
