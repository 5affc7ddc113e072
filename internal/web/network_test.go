package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// NET-2: Settings > Network shows who wants to be connected, and takes the answer: with the vendor that the sender is, if it
// sends invoices; with the account to be paid into, if it pays.
func TestNET2_Page(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.b, "clerk@other.example", org.Clerk)
		var ours *vendor.Vendor
		var theirs *customer.Customer
		x.write(x.b.who, func(tx *db.Tx) error { // Northwind, as Other LLC knows it
			ours = vendor.Vendors.New().(*vendor.Vendor)
			ours.Name = "Northwind"
			return vendor.Create(tx, ours)
		})
		x.write(x.a.who, func(tx *db.Tx) error {
			theirs = customer.Customers.New().(*customer.Customer)
			theirs.Name = "Other"
			if err := customer.Create(tx, theirs); err != nil {
				return err
			}
			_, err := network.Invite(tx, theirs.ID, network.ID(x.b.who.Org))
			return err
		})
		otto := x.signedIn("otto@other.example")
		otto.get("/settings/network").want(t, http.StatusOK, "Northwind Property Services", "send you its invoices", network.ID(x.b.who.Org))
		var invitation string
		x.write(x.b.who, func(tx *db.Tx) error {
			all, err := network.Incoming(tx)
			if err == nil {
				invitation = string(all[0].ID)
			}
			return err
		})
		answer := func(who *browser, pairs ...string) reply {
			return who.post("/settings/network", append(pairs, "code", invitation)...)
		}
		answer(otto, "answer", "accept", "vendor", "00901AAAAAAAAAA00000").want(t, http.StatusUnprocessableEntity, "Choose which of your vendors")
		answer(x.signedIn("clerk@other.example"), "answer", "accept", "vendor", string(ours.ID)).want(t, http.StatusForbidden)
		answer(x.signedIn("ana@northwind.example"), "answer", "accept").want(t, http.StatusUnprocessableEntity, "answered, withdrawn or too old")
		answer(otto, "answer", "accept", "vendor", string(ours.ID)).want(t, http.StatusSeeOther)
		otto.get("/settings/network").want(t, http.StatusOK, "Nobody waits for an answer")
		x.write(x.b.who, func(tx *db.Tx) error {
			v, err := vendor.Vendors.Load(tx, ours.ID)
			if err == nil && (v.LinkedTo != x.a.who.Org || !strings.Contains(v.NameOnCheck, "Northwind")) {
				t.Errorf("the vendor is linked to %s", v.LinkedTo)
			}
			return err
		})
		answer(otto, "answer", "perhaps").want(t, http.StatusUnprocessableEntity)
	})
}
