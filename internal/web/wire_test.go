package web_test

import (
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db/dbtest"
)

// TestWireAccountForm: the account of a vendor outside the US; INT-1: the switch shows once the operator has agreed.
func TestWireAccountForm(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		ana := x.signedIn("ana@northwind.example")
		made := ana.post("/vendors/new", "name", "Leeds Bicycle Works", "address1", "1 High Street", "city", "Leeds", "zip", "LS1 4AP", "country", "United Kingdom")
		made.want(t, 303)
		page, _, _ := strings.Cut(made.location(), "?")
		ana.get(page+"/bank-account").want(t, 200, "BIC (SWIFT code)", "IBAN or account number", `value="GB" selected`)
		f := form{"country", "GB", "bic", "NWBKGB20", "accountNumber", "GB29 NWBK 6016 1331 9268 19"}
		ana.post(page+"/bank-account", f.with("bic", "NWBKDE20")...).want(t, 422, "That is no BIC of a bank in that country", `href="#bic"`)
		bad := ana.post(page+"/bank-account", f.with("accountNumber", "GB28NWBK60161331926819")...)
		bad.want(t, 422, "That is no account number of that country", `value="NWBKGB20"`)
		if strings.Contains(bad.body, "60161331926819") {
			t.Error("the form shows the account number")
		}
		ana.post(page+"/bank-account", f...).want(t, 303)
		ana.get(page).want(t, 200, "Wire to GB", "···· 6819", "NWBKGB20")

		if strings.Contains(ana.get("/settings/profile/edit").body, "Pay vendors outside the US") {
			t.Error("INT-1: the switch shows without the operator's agreement")
		}
	})
}
