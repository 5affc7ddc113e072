package xmlv1_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/network"
)

func link(vendor, to string) string {
	return "<link_vendor>" + tags("vendorId", vendor, "linkTo", to) + "</link_vendor>"
}

func delink(vendor string) string {
	return "<delink_vendor>" + tags("vendorId", vendor) + "</delink_vendor>"
}

func inviteVendor(vendor, email string) string {
	return "<send_vendor_invite>" + tags("vendorId", vendor, "email", email) + "</send_vendor_invite>"
}

// invited are the recipients of the invitations so far.
func (h *house) invited() (to []string) {
	h.write(func(tx *db.Tx) error {
		all, err := outbox.List(tx)
		for _, m := range all {
			if m.Kind == "networkInvitation" {
				to = append(to, m.To)
			}
		}
		return err
	})
	return to
}

func TestV1_061_LinkedVendor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		other := h.other()
		v := h.made(create("vendor", "name", "Harbor Tool", "address1", "1 Pier Road", "addressCity", "Oakland", "phone", "510 555 0100"))
		if got := h.made(link(v, string(other.org))); got != v {
			t.Errorf("link_vendor answers with %s, want %s", got, v)
		}
		h.refused(update("vendor", "id", v, "address1", "2 Pier Road"), "BDCE010")
		h.made(update("vendor", "id", v, "address1", " 1 PIER road ", "email", "due@harbor.example"))
		if got := h.one("vendor", v).text("address1"); got != "1 Pier Road" {
			t.Errorf("address1 = %q", got)
		}
		h.refused(link(v, string(other.org)), "BDCE040", "vendorId")
		h.made(delink(v))
		h.refused(delink(v), "BDCE040", "vendorId")
		h.made(update("vendor", "id", v, "address1", "2 Pier Road"))
	})
}

func TestLinkVendor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		other := h.other()
		v, theirs := h.made(create("vendor", "name", "Pacific Gas", "accNumber", "1234")), other.made(create("vendor", "name", "x"))
		var biller string
		h.write(func(tx *db.Tx) error {
			id, err := network.AddListed(tx, network.Listed{Name: "Pacific Gas", AccountMask: "#####"})
			biller = string(id)
			return err
		})
		h.refused("<link_vendor></link_vendor>", "BDCE009", "vendorId", "linkTo")
		h.refused(link(v, ""), "BDCE009", "linkTo")
		h.refused(link(v, "xyz"), "BDCE049", "linkTo")
		h.refused(link(v, "0rv01ABCDEFGHIJ00000"), "BDCE007", "linkTo")
		h.refused(link(v, "00801ABCDEFGHIJ00000"), "BDCE007", "linkTo")
		h.refused(link(v, string(h.org)), "BDCE007", "linkTo")
		h.refused(link("00901ABCDEFGHIJ00000", biller), "BDCE007", "vendorId")
		h.refused(link(theirs, biller), "BDCE007", "vendorId")
		h.refused(link(v, biller), "BDCE040", "accNumber")
		h.refused(link(v, biller)+link(v, biller), "BDCE012")
		h.refused("<link_vendor>"+tags("vendorId", v, "vendorId", v, "linkTo", biller)+"</link_vendor>", "BDCE040", "vendorId")
		h.made(update("vendor", "id", v, "accNumber", "12-345"))
		h.made(link(v, biller))
		h.refused(delink("00901ABCDEFGHIJ00000"), "BDCE007", "vendorId")
		h.refused(delink(theirs), "BDCE007", "vendorId")
		h.refused(delink(""), "BDCE009", "vendorId")
		h.made(delink(v))
	})
}

func TestV1_065_SendVendorInvite(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.made(create("vendor", "name", "Harbor Tool"))
		if got := h.made(inviteVendor(v, "due@harbor.example")); got != v {
			t.Errorf("send_vendor_invite answers with %s, want %s", got, v)
		}
		if to := h.invited(); !slices.Equal(to, []string{"due@harbor.example"}) {
			t.Errorf("mails to %v, want one", to)
		}
		for _, bad := range []string{"nobody", "a@b@c.example", "a@b.example, c@d.example"} {
			h.refused(inviteVendor(v, bad), "BDCE040", "email")
		}
		h.refused(inviteVendor(v, ""), "BDCE009", "email")
		h.refused(inviteVendor("00901ABCDEFGHIJ00000", "a@b.example"), "BDCE007", "vendorId")
		h.made(inviteVendor(v, "due@harbor.example")) // repeating sends again
		h.made(link(v, string(h.other().org)))
		h.refused(inviteVendor(v, "due@harbor.example"), "BDCE040", "vendorId")
		if to := h.invited(); len(to) != 3 || !strings.Contains(to[2], "bolt.example") {
			t.Errorf("mails to %v, want two to the vendor and one to whom it was linked", to)
		}
	})
}

func TestGoldenNetwork(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		h := newHouse(t, s)
		other := h.other()
		tell(t, h, filepath.Join("testdata", "golden-network"), []step{
			{name: "create_vendor", inner: op(create("vendor", "name", "Harbor Tool", "address1", "1 Pier Road"))},
			{name: "send_vendor_invite", inner: op(inviteVendor("{create_vendor}", "due@harbor.example"))},
			{name: "send_vendor_invite-email", inner: op(inviteVendor("{create_vendor}", "nobody"))},
			{name: "send_vendor_invite-missing", inner: op("<send_vendor_invite/>")},
			{name: "link_vendor-unknown", inner: op(link("{create_vendor}", "00801ABCDEFGHIJ00000"))},
			{name: "link_vendor", inner: op(link("{create_vendor}", "{other}"))},
			{name: "link_vendor-again", inner: op(link("{create_vendor}", "{other}"))},
			{name: "update_vendor-linked", inner: op(update("vendor", "id", "{create_vendor}", "address1", "2 Pier Road"))},
			{name: "delink_vendor", inner: op(delink("{create_vendor}"))},
			{name: "delink_vendor-again", inner: op(delink("{create_vendor}"))},
		}, map[string]string{"session": h.session, "other": string(other.org)},
			&names{known: map[string]string{h.key: "KEY", h.session: "SESSION"}, count: map[string]int{}})
	})
}
