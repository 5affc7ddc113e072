package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// ACH-9, SEC-5: bank data that a bank has told of stands on the vendor's page; a second person puts it into force. A vendor
// on hold says why and is let go.
func TestACH_9_CorrectionPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "pay@northwind.example", org.Payer)
		x.member(x.a, "clerk@northwind.example", org.Clerk)
		payer, clerk := x.signedIn("pay@northwind.example"), x.signedIn("clerk@northwind.example")
		n, err := vendor.SealBankAccount(x.vault, x.a.who.Org, "5551111")
		if err != nil {
			t.Fatal(err)
		}
		n.VendorID, n.Routing, n.AccountType, n.HolderType = x.a.vendor, "990000026", vendor.Checking, vendor.Business
		page := "/vendors/" + string(x.a.vendor)
		x.write(x.a.who, func(tx *db.Tx) error {
			if _, err := vendor.ActiveBankAccount(tx, x.a.vendor); err == nil {
				if err := vendor.RemoveBankAccount(tx, x.a.vendor); err != nil {
					return err
				}
			}
			if _, err := vendor.AddBankAccount(tx, n); err != nil {
				return err
			}
			tx.Exec(`INSERT INTO bank_corrections (org_id, bank_account_id, number, code, routing, account, account_tail, account_hash, account_length,
				account_type, was_hash, state, told) VALUES ($1, $2, 1, 'C02', '990000039', $3, $4, $5, 7, 1, $5, 'waiting', 1)`,
				string(tx.Org()), string(n.ID), n.Sealed.Account, n.Sealed.Tail, n.Sealed.Hash)
			vendor.Hold(tx, x.a.vendor, "Its bank froze an account.")
			return nil
		})
		if got := clerk.get(page); strings.Contains(got.body, "/correction/apply") || strings.Contains(got.body, page+"/lift") {
			t.Error("a clerk is offered to decide")
		}
		clerk.post(page+"/bank-account/correction/apply").want(t, 403, "")
		clerk.post(page+"/lift").want(t, 403, "")
		payer.get(page).want(t, 200, "other bank data (C02)", "990000039", page+"/bank-account/correction/apply", "Its bank froze an account.", page+"/lift")
		payer.post(page+"/bank-account/correction/other").want(t, 404, "")
		if r := payer.post(page + "/bank-account/correction/apply"); r.location() != page+"?notice=corrected" {
			t.Fatal(r.status, r.location(), r.body)
		}
		payer.post(page+"/bank-account/correction/apply").want(t, 404, "")
		if r := payer.post(page + "/lift"); r.location() != page+"?notice=lifted" {
			t.Fatal(r.status, r.location(), r.body)
		}
		if got := payer.get(page); strings.Contains(got.body, "other bank data") || strings.Contains(got.body, "on hold") || !strings.Contains(got.body, "990000039") {
			t.Error("the page does not show what was decided")
		}
	})
}

// VEN-6: the vendor's page shows a change of payment data that waits, to whoever may decide it, and decides it.
func TestVEN6_ChangeOnPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "vera@northwind.example", org.Payer)
		ana, vera := x.signedIn("ana@northwind.example"), x.signedIn("vera@northwind.example")
		page := "/vendors/" + string(x.a.vendor)
		x.write(x.a.who, func(tx *db.Tx) error {
			tx.Exec(`INSERT INTO vendor_changes (org_id, id, vendor_id, kind, fields, state, changed, changed_by, decided, decided_by, live_from)
				VALUES ($1, 'vch1', $2, 'payee', 'city', 'waiting', 1, $3, 0, '', '')`, string(x.a.who.Org), string(x.a.vendor), string(x.a.who.User))
			return nil
		})
		if r := ana.get(page); !strings.Contains(r.body, "name or address for payments was changed") || strings.Contains(r.body, "Approve the change") {
			t.Error("who made the change may decide it, or it is not shown")
		}
		ana.post(page+"/changes/vch1/approve").want(t, http.StatusConflict, "another person decides")
		vera.get(page).want(t, http.StatusOK, "Approve the change")
		vera.post(page+"/changes/vch1/burn").want(t, http.StatusNotFound)
		vera.post(page+"/changes/vch1/approve").want(t, http.StatusSeeOther)
		vera.post(page+"/changes/vch1/refuse").want(t, http.StatusConflict, "decided meanwhile")
		if r := vera.get(page); strings.Contains(r.body, "Approve the change") {
			t.Error("the change still waits")
		}
	})
}
