package jsonv2_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/org"
)

const harbor = `{"entity":"Vendor","name":"Harbor Tool","address1":"1 Pier Road","addressCity":"Oakland","addressState":"CA","addressZip":"94607"}`

// invitations are the recipients of invitations so far, and the code in the last one.
func (h *house) invitations() (to []string, code string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		all, err := outbox.List(tx)
		for _, m := range all {
			if m.Kind == "networkInvitation" {
				to, code = append(to, m.To), regexp.MustCompile(`[A-Za-z0-9]{40}`).FindString(m.Body)
			}
		}
		return err
	})
	return to, code
}

func TestV2_130_SendVendorInvite(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.made("Vendor", harbor)
		invite := `{"vendorId":"` + v + `","email":"due@harbor.example"}`
		id := h.ok("SendVendorInvite", invite).text("requestId")
		if !strings.HasPrefix(id, "nrr01") {
			t.Errorf("requestId %q", id)
		}
		h.refused("SendVendorInvite", invite, "BDC_9111")
		if r := h.read("Vendor", v); r.text("networkStatus") != "1" || r.text("numberOfInvitesSent") != "1" {
			t.Errorf("vendor: status %s, invites %s", r.text("networkStatus"), r.text("numberOfInvitesSent"))
		}
		if a := h.ok("GetNetworkStatus", `{"id":"`+v+`"}`); a.text("status") != "1" || a.text("requestId") != id {
			t.Errorf("status: %s", a.raw)
		}
		if a := h.ok("CancelInvite", `{"id":"`+v+`"}`); !strings.HasSuffix(a.raw, `"response_data":{}}`) {
			t.Errorf("CancelInvite answers %s", a.raw)
		}
		if a := h.ok("GetNetworkStatus", `{"id":"`+v+`"}`); a.text("status") != "null" {
			t.Errorf("cancelled: %s", a.raw)
		}
		if again := h.ok("SendVendorInvite", invite).text("requestId"); again == id {
			t.Errorf("the new invitation is the old one")
		}
		if to, _ := h.invitations(); len(to) != 2 || to[0] != "due@harbor.example" {
			t.Errorf("mails to %v", to)
		}
	})
}

func TestInvitesRefused(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v, bare := h.made("Vendor", harbor), h.made("Vendor", `{"entity":"Vendor","name":"Bare"}`)
		h.refused("SendVendorInvite", `{}`, "BDC_1117", "vendorId", "email")
		h.refused("SendVendorInvite", `{"vendorId":"`+bare+`","email":"a@b.example"}`, "BDC_9052")
		h.refused("SendVendorInvite", `{"vendorId":"00901ABCDEFGHIJ00000","email":"a@b.example"}`, "BDC_1119", "vendorId")
		if a := h.call("SendVendorInvite", `{"vendorId":"`+v+`","email":"nobody"}`); !a.failed || !strings.Contains(a.what, "email") {
			t.Errorf("bad e-mail: %s", a.raw)
		}
		h.refused("SendInvite", `{"id":"`+v+`","networkId":"1234567890123456"}`, "BDC_1119", "networkId")
		h.refused("SendInvite", `{"networkId":"1234567890123456"}`, "BDC_1117", "id")
		h.refused("GetNetworkStatus", `{"id":"00901ABCDEFGHIJ00000"}`, "BDC_1119", "id")
		if a := h.call("CancelInvite", `{"id":"`+v+`"}`); !a.failed {
			t.Errorf("nothing to cancel: %s", a.raw)
		}
		h.as(org.Auditor).refused("SendVendorInvite", `{"vendorId":"`+v+`","email":"a@b.example"}`, "BDC_9006")
		h.as(org.Auditor).refused("SendInvite", `{"id":"`+v+`","networkId":"1234567890123456"}`, "BDC_9006")

		strict := *h // 2.5.5: without the second factor nobody is invited
		strict.key = h.newKey("required")
		strict.session = strict.login(h.email)
		strict.refused("SendVendorInvite", `{"vendorId":"`+v+`","email":"a@b.example"}`, "BDC_1361")
		strict.refused("SendInvite", `{"id":"`+v+`","networkId":"1234567890123456"}`, "BDC_1361")
		if to, _ := h.invitations(); len(to) > 0 {
			t.Errorf("mails to %v", to)
		}
	})
}

// 5.9: an organisation of this server is found, invited by its network id, accepts, and is paid electronically then.
func TestSendInviteAndConnect(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		other := h.other()
		if rows := h.ok("SearchNetwork", `{"name":"bol"}`).rows(); len(rows) != 0 {
			t.Errorf("who is not public is found by name: %d", len(rows))
		}
		other.set("networkPublic", "true")
		rows := h.ok("SearchNetwork", `{"name":"bol"}`).rows()
		if len(rows) != 1 || rows[0].text("name") != "Bolt" || len(rows[0].text("networkId")) != 16 {
			t.Fatalf("found %v", rows)
		}
		if none := h.ok("SearchNetwork", `{"name":"bol","zip":"10001"}`).rows(); len(none) != 0 {
			t.Errorf("found in another ZIP: %d", len(none))
		}
		h.refused("SearchNetwork", `{}`, "BDC_1117", "name")
		v := h.made("Vendor", harbor)
		a := h.ok("SendInvite", `{"id":"`+v+`","networkId":"`+rows[0].text("networkId")+`"}`)
		id := a.text("requestId")
		if id == "" || !strings.HasSuffix(a.raw, fmt.Sprintf(`"response_data":{"requestId":%q},"requestId":%q}`, id, id)) {
			t.Errorf("1.3.8: %s", a.raw)
		}
		h.refused("SendInvite", `{"id":"`+v+`","networkId":"`+rows[0].text("networkId")+`"}`, "BDC_9111")
		to, code := h.invitations()
		if len(to) != 1 || to[0] != "bo@bolt.example" {
			t.Errorf("mails to %v", to)
		}
		who := db.Caller{Org: other.org, User: other.user, Perms: org.All, Channel: "web"}
		if err := network.Accept(t.Context(), h.store.DB, who, network.Answer{Code: code}); err != nil {
			t.Fatal(err)
		}
		if r := h.read("Vendor", v); r.text("networkStatus") != "2" || r.text("payBy") != "1" || r.text("nameOnCheck") != "Bolt" {
			t.Errorf("connected: status %s, payBy %s, name on check %s", r.text("networkStatus"), r.text("payBy"), r.text("nameOnCheck"))
		}
		if a := h.ok("GetNetworkStatus", `{"id":"`+id+`"}`); a.text("status") != "2" || a.text("requestId") != id {
			t.Errorf("status: %s", a.raw)
		}
		h.refused("Crud/Update/Vendor", `{"obj":{"id":"`+v+`","address1":"elsewhere"}}`, "BDC_9010", "address1")
	})
}
