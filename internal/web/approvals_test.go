package web_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

func (x *site) userID(email string) (id ids.ID) {
	x.t.Helper()
	x.write(x.a.who, func(tx *db.Tx) error {
		u, err := org.UserByEmail(tx, email)
		id = u.ID
		return err
	})
	return id
}

// The page Approvals shows what waits for the user, decides about several at once, and names a delegate.
func TestAPR_7_ApprovalsPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "vera@northwind.example", org.Approver)
		x.member(x.a, "walt@northwind.example", org.Approver)
		vera, walt := x.signedIn("vera@northwind.example"), x.signedIn("walt@northwind.example")
		veraID, waltID := x.userID("vera@northwind.example"), x.userID("walt@northwind.example")
		vera.get("/approvals").want(t, 200, "Nothing waits for you")
		var second, third ids.ID
		x.write(x.a.who, func(tx *db.Tx) (err error) {
			if second, err = newBill(tx, x.a.vendor, "INV-2", 500_00, "2026-11-24"); err != nil {
				return err
			}
			if _, err = newBill(tx, x.a.vendor, "INV-9", 9_00, "2026-12-24"); err != nil {
				return err
			}
			if third, err = newBill(tx, x.a.vendor, "INV-3", 70_00, "2026-12-24"); err != nil {
				return err
			}
			for _, id := range []ids.ID{x.a.bill, second, third} {
				if err := bill.Approvals.Set(tx, id, []ids.ID{veraID}); err != nil {
					return err
				}
			}
			return nil
		})
		vera.get("/approvals").want(t, 200, "INV-1", "INV-2", "Urgent", "1,250.00")
		if got := walt.get("/approvals"); strings.Contains(got.body, "INV-1") {
			t.Error("walt sees what waits for vera")
		}
		vera.post("/approvals", "act", "approve").want(t, 422, "Choose what you decide about.")
		vera.post("/approvals", "act", "deny", "item", string(second)).want(t, 422, "Say why you deny.")
		vera.post("/approvals/delegation", "delegate", "", "from", "x", "to", "2026-11-27").want(t, 422, "Enter the first day.")
		if r := vera.post("/approvals/delegation", "delegate", string(waltID), "from", "2026-11-23", "to", "2026-11-27", "cap", "100.00"); r.location() != "/approvals?notice=delegated" {
			t.Fatal(r.status, r.body)
		}
		vera.get("/approvals").want(t, 200, "up to $100.00")
		got := walt.get("/approvals")
		got.want(t, 200, "INV-3", "vera@northwind.example")
		if strings.Contains(got.body, "INV-2") {
			t.Error("walt sees what is above the delegation's cap")
		}
		if got := walt.get("/bills?q=INV"); strings.Contains(got.body, "INV-9") || !strings.Contains(got.body, "INV-3") {
			t.Error("walt, who stands in for vera, sees other bills than vera's")
		}
		walt.get("/bills/"+string(third)).want(t, 200, "/bills/"+string(third)+"/approve")
		if r := walt.post("/approvals", "act", "approve", "item", string(third), "seen-"+string(third), got.hidden(t, "seen-"+string(third))); r.location() != "/approvals?notice=approveall" {
			t.Fatal(r.status, r.body)
		}
		vera.get("/bills/"+string(third)).want(t, 200, "walt@northwind.example for vera@northwind.example")
		for _, id := range []ids.ID{x.a.bill, second} {
			shown := "seen-" + string(id)
			if r := vera.post("/approvals", "act", "approve", "item", string(id), shown, vera.get("/approvals").hidden(t, shown)); r.location() != "/approvals?notice=approveall" {
				t.Fatal(r.status, r.body)
			}
		}
		vera.get("/approvals").want(t, 200, "Nothing waits for you")
		vera.post("/approvals", "act", "approve", "item", string(second)).want(t, 409, "not your turn")
		x.member(x.a, "pam@northwind.example", org.Payer)
		x.signedIn("pam@northwind.example").get("/approvals").want(t, 403)
	})
}

// Settings > Approval policies: a new one is switched off, shows what it would have asked, and asks once it is on.
func TestAPR_2_PoliciesPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "vera@northwind.example", org.Approver)
		x.member(x.a, "walt@northwind.example", org.Approver)
		ana, vera := x.signedIn("ana@northwind.example"), x.signedIn("vera@northwind.example")
		vera.get("/settings/approval-policies").want(t, 403)
		ana.get("/settings/approval-policies").want(t, 200, "None yet.")
		ana.post("/settings/approval-policies/groups", "name", "Managers", "members", "vera@northwind.example\nnobody@x.example").want(t, 422, "nobody@x.example")
		if r := ana.post("/settings/approval-policies/groups", "name", "Managers", "members", "vera@northwind.example\r\nwalt@northwind.example"); r.status != 303 {
			t.Fatal(r.status, r.body)
		}
		fields := func(more ...string) []string {
			return append([]string{"name", "Large bills", "type", "0", "priority", "1", "threshold", "1000.00", "vendors", "Old Mill Bakery"}, more...)
		}
		ana.post("/settings/approval-policies/new", fields("people1", "nobody@x.example")...).want(t, 422, "no user’s e-mail address")
		ana.post("/settings/approval-policies/new", fields("people1", "Managers", "need1", "3")...).want(t, 422, "Look at this once more")
		r := ana.post("/settings/approval-policies/new", fields("people1", "Managers", "need1", "1", "people2", "ana@northwind.example")...)
		if r.status != 303 || !strings.HasSuffix(r.location(), "/replay?notice=saved") {
			t.Fatal(r.status, r.location(), r.body)
		}
		replay := strings.TrimSuffix(r.location(), "?notice=saved")
		ana.get(replay).want(t, 200, "1 of vera@northwind.example, walt@northwind.example, then ana@northwind.example", "INV-1")
		policy := strings.TrimSuffix(replay, "/replay")
		ana.get(policy).want(t, 200, "Switched off", "Large bills", "Old Mill Bakery")
		enter := func(number string) (b *bill.Bill) {
			x.write(x.a.who, func(tx *db.Tx) error {
				id, err := newBill(tx, x.a.vendor, number, 1000_00, "2026-12-24")
				if err != nil {
					return err
				}
				b, err = bill.Bills.Load(tx, id)
				return err
			})
			return b
		}
		if b := enter("INV-8"); b.ApprovalStatus != approval.Unassigned {
			t.Errorf("a policy that is off: %d", b.ApprovalStatus)
		}
		if r := ana.post(policy + "/switch"); r.status != 303 {
			t.Fatal(r.status, r.body)
		}
		if b := enter("INV-9"); b.ApprovalStatus != approval.Assigned {
			t.Errorf("a policy that is on: %d", b.ApprovalStatus)
		}
		vera.get("/approvals").want(t, 200, "INV-9")
		ana.get("/settings/approval-policies").want(t, 200, "Large bills", "Switch off", "1 of Managers, then ana@northwind.example")
		var pat, walt string
		x.member(x.a, "pat@northwind.example", org.Payer)
		x.write(x.a.who, func(tx *db.Tx) error {
			p, err := org.UserByEmail(tx, "pat@northwind.example")
			if err != nil {
				return err
			}
			w, err := org.UserByEmail(tx, "walt@northwind.example")
			pat, walt = string(p.ID), string(w.ID)
			return err
		})
		const follow = "/settings/approval-policies/replacements"
		ana.get("/settings/approval-policies").want(t, 200, "Who follows an approver", walt)
		vera.post(follow, "user", walt, "by", walt).want(t, 403)
		ana.post(follow, "user", walt, "by", walt).want(t, 422, "Nobody follows itself")
		ana.post(follow, "user", walt, "by", pat).want(t, 422, "That person may not approve.")
		ana.post(follow, "user", walt).want(t, 422, "Choose who follows.")
		if r := ana.post(follow, "user", walt, "by", string(x.a.who.User)); r.status != 303 {
			t.Fatal(r.status, r.body)
		}
		ana.get("/settings/approval-policies").want(t, 200, "in the place of walt")
		if r := ana.post(follow, "user", walt, "act", "end"); r.status != 303 {
			t.Fatal(r.status, r.body)
		}
		if r := ana.get("/settings/approval-policies"); strings.Contains(r.body, "in the place of walt") {
			t.Error("a replacement that was removed is still shown")
		}
		ana.post("/settings/approval-policies/separation", "act", "ask", "mode", "off").want(t, 422, "Choose another mode")
		if r := ana.post("/settings/approval-policies/separation", "act", "ask", "mode", "enforce"); r.location() != "/settings/approval-policies?notice=modeasked" {
			t.Fatal(r.status, r.body)
		}
		ana.get("/settings/approval-policies").want(t, 200, "has asked for “enforce”")
		ana.post("/settings/approval-policies/separation", "act", "confirm").want(t, 403)
	})
}

// The link in a mail shows the document to whoever holds it, changes nothing when it is opened, and decides once.
func TestAPR_17_MailLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "vera@northwind.example", org.Approver)
		veraID := x.userID("vera@northwind.example")
		link := func() (path string) {
			x.write(x.a.who, func(tx *db.Tx) error {
				if err := bill.Approvals.Set(tx, x.a.bill, []ids.ID{veraID}); err != nil {
					return err
				}
				b, err := bill.Bills.Load(tx, x.a.bill)
				if err != nil {
					return err
				}
				f := bill.Approvals.Facts(b)
				path = approval.LinkPath + bill.Approvals.Link(tx, &f, veraID)
				return nil
			})
			return path
		}
		status := func() (n int64) {
			if err := s.Read(context.Background(), x.a.who, func(tx *db.Tx) error {
				b, err := bill.Bills.Load(tx, x.a.bill)
				if err == nil {
					n = b.ApprovalStatus
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		nobody := x.browser()
		path := link()
		for range 2 {
			r := nobody.get(path)
			r.want(t, 200, "$1,250.00", "Old Mill Bakery", "Approve", "Deny", "vera@northwind.example")
			if n := len(regexp.MustCompile(`<button`).FindAllString(r.body, -1)); n != 2 {
				t.Errorf("%d buttons", n)
			}
		}
		if status() != approval.Assigned {
			t.Error("opening the link decided")
		}
		nobody.post(path, "act", "deny").want(t, 422, "Say why you deny this bill.")
		nobody.post(path, "act", "approve", "comment", "fine").want(t, 200, "You have approved this.")
		if status() != approval.Approved {
			t.Errorf("status %d", status())
		}
		nobody.get(path).want(t, 404)
		nobody.post(path, "act", "approve").want(t, 404)
		x.write(x.a.who, func(tx *db.Tx) error {
			before, err := bill.Bills.LoadForUpdate(tx, x.a.bill)
			if err != nil {
				return err
			}
			b := bill.Bills.Copy(before).(*bill.Bill)
			b.Amount, b.Lines[0].Amount = 1_300_00, 1_300_00
			return bill.Update(tx, before, b)
		})
		path = link()
		x.write(x.a.who, func(tx *db.Tx) error {
			before, err := bill.Bills.LoadForUpdate(tx, x.a.bill)
			if err != nil {
				return err
			}
			b := bill.Bills.Copy(before).(*bill.Bill)
			b.Amount, b.Lines[0].Amount = 1_299_99, 1_299_99
			return bill.Update(tx, before, b)
		})
		nobody.post(path, "act", "approve").want(t, 409, "changed since the mail")
		s.Clock.Advance(time.Minute)
		for range 10 {
			nobody.get(approval.LinkPath + "made-up")
		}
		nobody.get(path).want(t, 429)
	})
}
