package web_test

import (
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
