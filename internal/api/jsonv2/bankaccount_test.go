package jsonv2_test

import (
	"testing"

	"github.com/duebook/duebook/internal/db"
)

func TestV2_113(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.made("Vendor", `{"name":"Harbor"}`)
		account := func(vendor, more string) string {
			return `{"vendorId":"` + vendor + `","accountNumber":"123456789","routingNumber":"990000026"` + more + `}`
		}
		a := h.create("VendorBankAccount", account(v, `,"isSavings":true,"nameOnAcct":"Harbor LLC","regulatory3":"r","entity":"VendorBankAccount"`))
		for path, want := range map[string]string{"status": "1", "accountNumber": "*****6789", "routingNumber": "*****0026", "isSavings": "true",
			"isPersonalAcct": "false", "nameOnAcct": "Harbor LLC", "regulatory3": "r", "bankAddSource": "1", "usersId": string(h.user), "intlEPaymentAcct": "false"} {
			if got := a.text(path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		if got := h.read("Vendor", v); got.text("payBy") != "1" || got.text("vendorBankAccountStatus") != "1" {
			t.Errorf("payBy %s, status %s", got.text("payBy"), got.text("vendorBankAccountStatus"))
		}
		var due int64
		h.write(func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*) FROM vendor_bank_accounts WHERE prenote_state = 'due'`).Scan(&due)
		})
		if due != 1 {
			t.Errorf("%d prenotes due", due)
		}
		h.refused("Crud/Create/VendorBankAccount", `{"obj":`+account(v, "")+`}`, "BDC_9104")
		h.refused("Crud/Update/VendorBankAccount", `{"obj":{"id":"`+a.text("id")+`"}}`, "BDC_1116")
		h.refused("Crud/Undelete/VendorBankAccount", `{"id":"`+a.text("id")+`"}`, "BDC_1116")
		if rows := h.list("VendorBankAccount", "vendorId", "=", `"`+v+`"`, "status", "=", "1"); len(rows) != 1 || rows[0].text("accountNumber") != "*****6789" {
			t.Errorf("%d accounts listed", len(rows))
		}
		if del := h.ok("Crud/Delete/VendorBankAccount", `{"id":"`+a.text("id")+`"}`); del.text("isActive") != "2" {
			t.Error(del.raw)
		}
		if got := h.read("Vendor", v).text("payBy"); got != "0" {
			t.Errorf("payBy %s", got)
		}
		h.create("VendorBankAccount", account(v, ""))
		other := h.made("Vendor", `{"name":"Quay"}`)
		h.refused("Crud/Create/VendorBankAccount", `{"obj":{"vendorId":"`+other+`"}}`, "BDC_1117", "accountNumber, routingNumber")
		h.refused("Crud/Create/VendorBankAccount", `{"obj":{"vendorId":"`+other+`","accountNumber":"1","routingNumber":"990000026"}}`, "BDC_1143", "accountNumber: ")
		h.refused("Crud/Create/VendorBankAccount", `{"obj":{"vendorId":"`+other+`","accountNumber":"12345","routingNumber":"990000027"}}`, "BDC_1143", "routingNumber: ")

		strict := *h
		strict.key = h.newKey("required")
		strict.session = strict.login(h.email)
		strict.refused("Crud/Create/VendorBankAccount", `{"obj":`+account(other, "")+`}`, "BDC_1361")
		strict.refused("Bulk/Crud/Create/VendorBankAccount", `{"bulk":[]}`, "BDC_1361")
		strict.refused("Crud/Delete/VendorBankAccount", `{}`, "BDC_1361")
		strict.read("VendorBankAccount", a.text("id"))
		if rows := strict.list("VendorBankAccount"); len(rows) != 2 {
			t.Errorf("%d accounts", len(rows))
		}
		clerk := h.as("clerk")
		clerk.refused("Crud/Create/VendorBankAccount", `{}`, "BDC_9006")
	})
}
