package web_test

import (
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// APR-7: the page of a bill shows who is asked, and lets the one whose turn it is approve it, or deny it with a reason.
func TestApprove(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "vera@northwind.example", org.Approver)
		x.member(x.a, "walt@northwind.example", org.Approver)
		vera, walt := x.signedIn("vera@northwind.example"), x.signedIn("walt@northwind.example")
		ask := func() {
			x.write(x.a.who, func(tx *db.Tx) error {
				var users []ids.ID
				for _, email := range []string{"vera@northwind.example", "walt@northwind.example"} {
					u, err := org.UserByEmail(tx, email)
					if err != nil {
						return err
					}
					users = append(users, u.ID)
				}
				return bill.Approvals.Set(tx, x.a.bill, users)
			})
		}
		page := "/bills/" + string(x.a.bill)
		if got := vera.get(page); strings.Contains(got.body, `id="approval"`) {
			t.Error("a bill that nobody is asked about shows approvers")
		}
		ask()
		vera.get(page).want(t, 200, "Asked now", "Asked later", page+"/approve", page+"/deny")
		if got := walt.get(page); strings.Contains(got.body, page+"/approve") {
			t.Error("it is not walt's turn, and he is offered to approve")
		}
		walt.post(page+"/approve").want(t, 409, "not your turn")
		vera.post(page+"/approve", "seen", "what it was").want(t, 409, "changed since you opened it") // E14
		vera.get(page).want(t, 200, "Asked now")
		if r := vera.post(page+"/approve", "comment", "as ordered", "seen", vera.get(page).hidden(t, "seen")); r.location() != page+"?notice=approved" {
			t.Fatal(r.status, r.location(), r.body)
		}
		vera.get(page+"?notice=approved").want(t, 200, "You have approved this bill.", "Partly approved")
		walt.post(page+"/deny", "comment", " ").want(t, 422, "Say why you deny this bill.", `aria-invalid="true"`)
		walt.post(page+"/deny", "comment", strings.Repeat("x", 4001)).want(t, 422, "too long", "xxxx")
		if r := walt.post(page+"/deny", "comment", "not ours"); r.location() != page+"?notice=denied" {
			t.Fatal(r.status, r.location(), r.body)
		}
		walt.get(page).want(t, 200, "This bill was denied and cannot be paid.", page+"/approvers")
		ana := x.signedIn("ana@northwind.example")
		var next string // APR-1: those of the vendor's last bill are proposed
		x.write(x.a.who, func(tx *db.Tx) error {
			id, err := newBill(tx, x.a.vendor, "INV-77", 500_00, "2026-12-24")
			next = "/bills/" + string(id)
			return err
		})
		ana.get(next).want(t, 200, "vera@northwind.example\nwalt@northwind.example", "asked about the last bill of this vendor")
		ana.post(next+"/approvers", "approvers", "vera@northwind.example\nnobody@x.example").want(t, 422, "“nobody@x.example” is no user’s e-mail address.", "nobody@x.example</textarea>")
		ana.post(next+"/approvers", "approvers", "").want(t, 422, "Name at least one person.")
		if r := ana.post(next+"/approvers", "approvers", "walt@northwind.example"); r.location() != next+"?notice=approvers" {
			t.Fatal(r.status, r.location(), r.body)
		}
		if r := ana.get(next); strings.Contains(r.body, next+"/approvers") {
			t.Error("a bill that somebody is asked about offers to ask")
		}
		walt.get(next).want(t, 200, next+"/approve")
		ask()
		walt.get(page).want(t, 200, page+"/approve")
	})
}
