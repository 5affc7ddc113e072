package web_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/report"
)

// Every report has a page and its files; a row leads to what it is made of; the downloads stand in the audit trail
// (AUD-1), and who may not see reports sees none.
func TestAUD1_Reports(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.write(x.a.who, func(tx *db.Tx) error { _, err := newBill(tx, x.a.vendor, "INV-2", 77_00, "2026-11-10"); return err })
		b := x.signedIn("ana@northwind.example")
		list := b.get("/reports")
		for _, r := range report.All() {
			list.want(t, http.StatusOK, `href="/reports/`+r.Name+`"`)
			b.get("/reports/"+r.Name).want(t, http.StatusOK, "<h1>"+r.Title)
			for format, begins := range map[string]string{"csv": "", "json": "{", "pdf": "%PDF-"} {
				if got := b.get("/reports/" + r.Name + "?format=" + format); got.status != http.StatusOK || !strings.HasPrefix(got.body, begins) {
					t.Errorf("%s as %s: %d %.100q", r.Name, format, got.status, got.body)
				}
			}
		}
		b.get("/reports/ap-ageing").want(t, http.StatusOK, "/reports/ap-open?as-of=", "1,327.00", "Accounts payable in the ledger")
		b.get("/reports/ap-open").want(t, http.StatusOK, "INV-2", `href="/bills/00n`)
		b.get("/reports/ap-ageing?as-of=2020-01-01").want(t, http.StatusOK, "Nothing to report")
		b.get("/reports/ap-ageing?as-of=soon").want(t, http.StatusBadRequest)
		b.get("/reports/none").want(t, http.StatusNotFound)
		b.get("/reports/ap-ageing?format=exe").want(t, http.StatusNotFound)
		b.get("/settings/audit").want(t, http.StatusOK, "Export")
		x.member(x.a, "approver@northwind.example", "approver")
		no := x.signedIn("approver@northwind.example")
		no.get("/reports").want(t, http.StatusForbidden)
		no.get("/reports/ap-ageing").want(t, http.StatusForbidden)
		if got := x.signedIn("otto@other.example").get("/reports/ap-ageing"); strings.Contains(got.body, "1,327.00") {
			t.Error("another organisation's figures")
		}
	})
}

// TAX-3: the report of forms 1099 offers them to who keeps vendors, says what is missing, and notes who took them; the
// vendor's form takes its box and form W-9.
func TestTAX3_Forms1099(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "axel@northwind.example", "auditor")
		ana, axel := x.signedIn("ana@northwind.example"), x.signedIn("axel@northwind.example")
		edit := "/vendors/" + string(x.a.vendor) + "/edit"
		page := ana.get(edit)
		page.want(t, http.StatusOK, "Form W-9 received", `name="track1099" value="no" checked`)
		f := form{"name", "Old Mill Bakery", "address1", "1 Mill Road", "city", "Salem", "state", "OR", "zip", "97301", "active", "yes", "seen", page.hidden(t, "seen"),
			"track1099", "yes", "taxIdType", "1", "w9Date", "2025-01-31"}
		ana.post(edit, append(f, "box1099", "7")...).want(t, http.StatusUnprocessableEntity, "Choose a box of the form.", `href="#box1099"`)
		ana.post(edit, f.with("w9Date", "soon")...).want(t, http.StatusUnprocessableEntity, "Enter the day as YYYY-MM-DD")
		ana.post(edit, append(f, "box1099", "1", "withhold", "yes")...).want(t, http.StatusSeeOther)
		ana.get(edit).want(t, http.StatusOK, `value="2025-01-31"`, `name="withhold" value="yes" checked`, `<option value="1" selected>1099-MISC 1: rents`)
		x.write(x.a.who, func(tx *db.Tx) error {
			_, err := payment.RecordOffline(tx, payment.Offline{BillID: x.a.bill, Amount: 1_250_00, Date: civil.MustDate("2025-05-05")})
			return err
		})
		ana.get("/reports/1099?year=2025").want(t, http.StatusOK, "Old Mill Bakery", "MISC 1", "ends in 6789", "1,250.00", "Copies for recipients")
		if r := ana.get("/reports/1099?year=2025"); strings.Contains(r.body, "123456789") {
			t.Error("the report shows the tax number")
		}
		ana.get("/reports/1099/forms/misc.csv?year=2025").want(t, http.StatusConflict, "EIN is not set", "Old Mill Bakery")
		x.write(x.a.who, func(tx *db.Tx) error {
			own, err := org.Load(tx)
			if err == nil {
				err = errors.Join(own.Set("employerId", "98-7654321"), org.Save(tx, own))
			}
			return err
		})
		ana.get("/reports/1099/forms/misc.csv?year=2025").want(t, http.StatusOK, "123456789", "1250.00")
		if r := ana.get("/reports/1099/forms/copies.pdf?year=2025"); r.status != http.StatusOK || !strings.HasPrefix(r.body, "%PDF-") {
			t.Error("copies", r.status)
		}
		ana.get("/reports/1099/forms/none.csv?year=2025").want(t, http.StatusNotFound)
		ana.get("/reports/1099/forms/misc.pdf?year=2025").want(t, http.StatusNotFound)
		if r := axel.get("/reports/1099?year=2025"); r.status != http.StatusOK || strings.Contains(r.body, "Copies for recipients") {
			t.Error("an auditor is offered whole tax numbers", r.status)
		}
		axel.get("/reports/1099/forms/misc.csv?year=2025").want(t, http.StatusForbidden)
		ana.get("/settings/audit").want(t, http.StatusOK, "xport tax numbers")
	})
}
