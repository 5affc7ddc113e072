package web_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/sanction"
	"github.com/duebook/duebook/internal/vendor"
)

// SEC-8: Settings > Sanctions shows who resembles a listed name, and has a person who did not enter them clear it.
func TestSEC8_Page(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "vera@northwind.example", org.Payer)
		x.member(x.a, "clerk@northwind.example", org.Clerk)
		ana, vera := x.signedIn("ana@northwind.example"), x.signedIn("vera@northwind.example")
		ana.get("/settings/sanctions").want(t, http.StatusOK, "No list has been imported")
		x.write(x.a.who, func(tx *db.Tx) error {
			v := vendor.Vendors.New().(*vendor.Vendor)
			v.Name = "Zeltora Shipping"
			if err := vendor.Create(tx, v); err != nil {
				return err
			}
			return sanction.Import(tx, sanction.List{Name: "PAGE", Published: civil.MustDate("2026-10-01"), SHA256: "ab"},
				[]sanction.Name{{UID: "7", Name: "ZELTORA SHIPPING CO", Program: "ZTR"}})
		})
		var screener sanction.Screener
		if n, err := screener.Rescreen(context.Background(), s.DB, x.a.who.Org, s.Clock.Now()); err != nil || n != 1 {
			t.Fatalf("%d hits, %v", n, err)
		}
		ana.get("/settings/sanctions").want(t, http.StatusOK, "ZELTORA SHIPPING CO", "no wire leaves", "100 of 100")
		var id string
		x.write(x.a.who, func(tx *db.Tx) error {
			hits, err := sanction.Hits(tx, sanction.Open)
			if err == nil {
				id = string(hits[0].ID)
			}
			return err
		})
		clear := "/settings/sanctions/" + id + "/clear"
		ana.post(clear, "reason", "Another company").want(t, http.StatusUnprocessableEntity, "somebody else has to look at it", "Another company")
		vera.post(clear, "reason", " ").want(t, http.StatusUnprocessableEntity, "Say why this is somebody else")
		vera.post(clear, "reason", "A shipyard in Ohio").want(t, http.StatusSeeOther)
		vera.get("/settings/sanctions").want(t, http.StatusOK, "None waits", "A shipyard in Ohio")
		x.signedIn("clerk@northwind.example").get("/settings/sanctions").want(t, http.StatusForbidden)
		x.signedIn("otto@other.example").post(clear, "reason", "x").want(t, http.StatusNotFound)
	})
}
