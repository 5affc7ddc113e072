package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
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
