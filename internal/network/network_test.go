package network_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/mail"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

var ctx = context.Background()

// house is one organisation of a store.
type house struct {
	t   *testing.T
	s   *dbtest.Store
	who db.Caller
}

// found makes an organisation with an address and an administrator.
func found(t *testing.T, s *dbtest.Store, name string, public bool) *house {
	t.Helper()
	id, user, err := org.Create(ctx, s.DB, "test", org.NewOrganisation{Name: name, AdminEmail: strings.ToLower(name) + "@x.example", PasswordHash: "-"})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t, s, db.Caller{Org: id, User: user, Perms: org.All, Channel: "test"}}
	h.do(func(tx *db.Tx) error {
		o, err := org.Load(tx)
		if err != nil {
			return err
		}
		o.Address1, o.City, o.Region, o.Zip, o.Country, o.Phone = "1 "+name+" Road", "Oakland", "CA", "94607", "US", "510 555 0100"
		o.Preferences.NetworkPublic = public
		return org.Save(tx, o)
	})
	return h
}

func (h *house) try(fn func(tx *db.Tx) error) error { return h.s.Write(ctx, h.who, fn) }

func (h *house) do(fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.try(fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) vendor(name string) ids.ID {
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name, v.Address1, v.City, v.Region, v.Zip, v.AccountNumber = name, "9 Old Street", "Reno", "NV", "89501", "12-345 AB"
	h.do(func(tx *db.Tx) error { return vendor.Create(tx, v) })
	return v.ID
}

func (h *house) customer(name string) ids.ID {
	c := customer.Customers.New().(*customer.Customer)
	c.Name = name
	h.do(func(tx *db.Tx) error { return customer.Create(tx, c) })
	return c.ID
}

func (h *house) load(id ids.ID) (v *vendor.Vendor) {
	h.t.Helper()
	h.do(func(tx *db.Tx) (err error) { v, err = vendor.Vendors.Load(tx, id); return err })
	return v
}

func (h *house) status(id ids.ID) (s network.Standing) {
	h.t.Helper()
	h.do(func(tx *db.Tx) (err error) { s, err = network.Status(tx, id); return err })
	return s
}

// mails are the recipients of the invitations sent, and code is what the last one carries.
func (h *house) mails() (to []string, code string) {
	h.do(func(tx *db.Tx) error {
		all, err := outbox.List(tx)
		for _, m := range all {
			to, code = append(to, m.To), regexp.MustCompile(`[A-Za-z0-9]{40}`).FindString(m.Body)
		}
		return err
	})
	return to, code
}

func (h *house) invite(v ids.ID) (id ids.ID, err error) {
	err = h.try(func(tx *db.Tx) (err error) { id, err = network.InviteVendor(tx, v, "due@harbor.example"); return err })
	return id, err
}

func wants(t *testing.T, what string, err, want error, fields ...string) {
	t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%s: %v, want %v", what, err, want)
	} else if want != nil && strings.Join(fault.From(err).Fields, ",") != strings.Join(fields, ",") {
		t.Errorf("%s: fields %v, want %v", what, fault.From(err).Fields, fields)
	}
}

func TestNET1_ID(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 2000 {
		id := network.ID(ids.New(ids.Org))
		sum := 0
		for i, d := range id {
			n := int(d - '0')
			if i%2 == 0 {
				n *= 2
			}
			sum += n/10 + n%10
		}
		if len(id) != 16 || id[0] == '0' || sum%10 != 0 || seen[id] {
			t.Fatalf("network id %s", id)
		}
		seen[id] = true
	}
}

func TestNET1_Search(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		a, b, c := found(t, s, "Acme", true), found(t, s, "Harbor", true), found(t, s, "Hidden", false)
		search := func(name, zip string) (names string) {
			a.do(func(tx *db.Tx) error {
				ps, err := network.Search(tx, name, zip)
				for _, p := range ps {
					names += p.Name + p.NetworkID[:0] + " "
				}
				return err
			})
			return strings.TrimSpace(names)
		}
		for _, x := range [][3]string{{"ha", "", "Harbor"}, {"HARB", "946", "Harbor"}, {"harbor", "10001", ""}, {"acme", "", ""}, {"hidden", "", ""},
			{network.ID(c.who.Org), "", "Hidden"}, {network.ID(b.who.Org), "", "Harbor"}, {"%", "", ""}} {
			if got := search(x[0], x[1]); got != x[2] {
				t.Errorf("search for %q in %q finds %q, want %q", x[0], x[1], got, x[2])
			}
		}
		wants(t, "no name", a.try(func(tx *db.Tx) error { _, err := network.Search(tx, " ", ""); return err }), fault.ErrMissing, "name")
	})
}

func TestV2_130_InviteCancelInvite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		a := found(t, s, "Acme", false)
		v := a.vendor("Harbor Tool")
		first, err := a.invite(v)
		if err != nil || !first.Is(ids.NetworkRequest) {
			t.Fatalf("invite = %s, %v", first, err)
		}
		if got := a.load(v); got.NetworkStatus != network.Pending || got.InvitesSent != 1 || got.PayBy != 0 {
			t.Errorf("invited: %+v", got)
		}
		_, err = a.invite(v)
		wants(t, "second invitation", err, network.ErrInvited, "vendorId")
		if got := a.status(v); got != (network.Standing{Status: network.Pending, RequestID: first}) || a.status(first) != got {
			t.Errorf("status %+v", got)
		}
		a.do(func(tx *db.Tx) error { return network.Cancel(tx, v) })
		if got := a.load(v); got.NetworkStatus != network.NotConnected {
			t.Errorf("cancelled: %+v", got)
		}
		wants(t, "cancel again", a.try(func(tx *db.Tx) error { return network.Cancel(tx, first) }), fault.ErrValue, "id")
		second, err := a.invite(v)
		if err != nil || second == first {
			t.Errorf("after cancel: %s, %v", second, err)
		}
		wants(t, "an old id", a.try(func(tx *db.Tx) error { return network.Cancel(tx, first) }), fault.ErrValue, "id")
		a.do(func(tx *db.Tx) error { return network.Cancel(tx, second) })
		if to, _ := a.mails(); strings.Join(to, " ") != "due@harbor.example due@harbor.example" {
			t.Errorf("mails to %v", to)
		}
	})
}

func TestInviteRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		a, b := found(t, s, "Acme", false), found(t, s, "Harbor", false)
		v, bare, theirs := a.vendor("Harbor Tool"), vendor.Vendors.New().(*vendor.Vendor), b.vendor("x")
		bare.Name = "Bare"
		a.do(func(tx *db.Tx) error { return vendor.Create(tx, bare) })
		invite := func(id ids.ID, email string) error {
			return a.try(func(tx *db.Tx) error { _, err := network.InviteVendor(tx, id, email); return err })
		}
		for _, e := range []string{"", "nobody", "a@b@c.example", "a@b.example, c@d.example", "a@b.example\nBcc: c@d.example"} {
			wants(t, e, invite(v, e), fault.ErrValue, "email")
		}
		wants(t, "no address", invite(bare.ID, "a@b.example"), payment.ErrAddress)
		wants(t, "another organisation's vendor", invite(theirs, "a@b.example"), fault.ErrReference, "vendorId")
		byID := func(id ids.ID, to string) error {
			return a.try(func(tx *db.Tx) error { _, err := network.Invite(tx, id, to); return err })
		}
		wants(t, "own network id", byID(v, network.ID(a.who.Org)), fault.ErrReference, "networkId")
		wants(t, "no such network id", byID(v, "1234567890123456"), fault.ErrReference, "networkId")
		wants(t, "another organisation's vendor", byID(theirs, network.ID(b.who.Org)), fault.ErrReference, "id")
		wants(t, "no party", byID("00n01AAAAAAAAAA00000", network.ID(b.who.Org)), fault.ErrReference, "id")
		a.who.Perms = db.Of(org.ViewVendors)
		wants(t, "without Manage vendors", invite(v, "a@b.example"), fault.ErrForbidden)
		wants(t, "without Manage vendors", byID(v, network.ID(b.who.Org)), fault.ErrForbidden)
		if to, _ := a.mails(); len(to) > 0 {
			t.Errorf("mails to %v", to)
		}
	})
}

// Generation 1 sends again, with a new code; the old one is void. No postal address is asked for.
func TestInviteVendorAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		a, b := found(t, s, "Acme", false), found(t, s, "Harbor", false)
		v := vendor.Vendors.New().(*vendor.Vendor)
		v.Name = "Bare"
		a.do(func(tx *db.Tx) error { return vendor.Create(tx, v) })
		var first, second ids.ID
		a.do(func(tx *db.Tx) (err error) {
			first, err = network.InviteVendorAgain(tx, v.ID, "a@b.example")
			return err
		})
		_, old := a.mails()
		a.do(func(tx *db.Tx) (err error) {
			second, err = network.InviteVendorAgain(tx, v.ID, "c@d.example")
			return err
		})
		to, code := a.mails()
		if first != second || strings.Join(to, " ") != "a@b.example c@d.example" || old == code || a.load(v.ID).InvitesSent != 2 {
			t.Errorf("%s, %s, mails to %v", first, second, to)
		}
		wants(t, "old code", network.Accept(ctx, s.DB, b.who, network.Answer{Code: old}), network.ErrOver)
		if err := network.Accept(ctx, s.DB, b.who, network.Answer{Code: code}); err != nil {
			t.Fatal(err)
		}
		wants(t, "connected", a.try(func(tx *db.Tx) error { _, err := network.InviteVendorAgain(tx, v.ID, "a@b.example"); return err }), fault.ErrValue, "vendorId")
	})
}

// NET-2, VEN-1, VEN-9, VEN-10: a vendor is invited by mail, its organisation accepts, its data are maintained there,
// until it is unlinked.
func TestNET2_PayeeAccepts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		a, b, c := found(t, s, "Acme", false), found(t, s, "Harbor", false), found(t, s, "Stranger", false)
		v, us := a.vendor("Harbor Tool"), b.customer("Acme Builders")
		if _, err := a.invite(v); err != nil {
			t.Fatal(err)
		}
		_, code := a.mails()
		accept := func(h *house, answer network.Answer) error { return network.Accept(ctx, s.DB, h.who, answer) }
		wants(t, "own invitation", accept(a, network.Answer{Code: code}), network.ErrOver)
		wants(t, "wrong code", accept(b, network.Answer{Code: "guess"}), network.ErrOver)
		wants(t, "another's customer", accept(c, network.Answer{Code: code, RecordID: us}), fault.ErrReference, "id")
		clerk := *b
		clerk.who.Perms = db.Of(org.ManageVendors, org.ManageReceivables)
		wants(t, "a clerk", accept(&clerk, network.Answer{Code: code}), fault.ErrForbidden)
		for range 2 {
			if err := accept(b, network.Answer{Code: code, RecordID: us}); err != nil {
				t.Fatal(err)
			}
		}
		wants(t, "somebody else later", accept(c, network.Answer{Code: code}), network.ErrOver)
		got := a.load(v)
		if got.NetworkStatus != network.Connected || got.LinkedTo != b.who.Org || got.PayBy != vendor.PayByACH || got.NameOnCheck != "Harbor" ||
			got.Address1 != "1 Harbor Road" || got.Name != "Harbor Tool" {
			t.Errorf("connected: %+v", got)
		}
		if st := a.status(v); st.Status != network.Connected || st.NetworkID != network.ID(b.who.Org) {
			t.Errorf("status %+v", st)
		}
		change := func() error {
			return a.try(func(tx *db.Tx) error {
				v, err := vendor.Vendors.LoadForUpdate(tx, v)
				if err != nil {
					return err
				}
				after := *v
				after.Address1 = "elsewhere"
				return vendor.Update(tx, v, &after)
			})
		}
		wants(t, "VEN-9", change(), vendor.ErrListed, "address1")
		_, err := a.invite(v)
		wants(t, "invite a connected one", err, fault.ErrValue, "vendorId")
		a.do(func(tx *db.Tx) error { return network.Unlink(tx, v) })
		if got := a.load(v); got.NetworkStatus != 0 || got.LinkedTo != "" || got.PayBy != 0 || got.Address1 != "1 Harbor Road" {
			t.Errorf("unlinked: %+v", got)
		}
		wants(t, "unlink again", a.try(func(tx *db.Tx) error { return network.Unlink(tx, v) }), fault.ErrValue, "vendorId")
		if err := change(); err != nil {
			t.Errorf("VEN-10: %v", err)
		}
		if st := a.status(v); st.Status != network.NotConnected {
			t.Errorf("status %+v", st)
		}
		if _, err := a.invite(v); err != nil {
			t.Errorf("invite anew: %v", err)
		}
	})
}

// A customer is invited by its network id; its administrators have the mail, it sees the invitation and accepts with the
// vendor that stands for the sender there.
func TestNET2_PayerAccepts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		a, b := found(t, s, "Acme", false), found(t, s, "Harbor", false)
		c, v := a.customer("Harbor Tool"), b.vendor("Acme")
		var id ids.ID
		a.do(func(tx *db.Tx) (err error) { id, err = network.Invite(tx, c, network.ID(b.who.Org)); return err })
		wants(t, "twice", a.try(func(tx *db.Tx) error { _, err := network.Invite(tx, c, network.ID(b.who.Org)); return err }), network.ErrInvited, "id")
		if to, _ := a.mails(); strings.Join(to, " ") != "harbor@x.example" {
			t.Errorf("mails to %v", to)
		}
		var in []network.Invitation
		b.do(func(tx *db.Tx) (err error) { in, err = network.Incoming(tx); return err })
		if len(in) != 1 || in[0].ID != id || in[0].From.Name != "Acme" || in[0].AsPayee {
			t.Fatalf("incoming %+v", in)
		}
		wants(t, "without a vendor", network.Accept(ctx, s.DB, b.who, network.Answer{Code: string(id)}), fault.ErrReference, "id")
		if err := network.Accept(ctx, s.DB, b.who, network.Answer{Code: string(id), RecordID: v}); err != nil {
			t.Fatal(err)
		}
		if got := b.load(v); got.LinkedTo != a.who.Org || got.NetworkStatus != network.Connected || got.NameOnCheck != "Acme" {
			t.Errorf("linked: %+v", got)
		}
		if st := a.status(c); st.Status != network.Connected || st.NetworkID != network.ID(b.who.Org) {
			t.Errorf("status %+v", st)
		}
		b.do(func(tx *db.Tx) error { return network.Unlink(tx, v) })
		if st := a.status(c); st.Status != network.NotConnected {
			t.Errorf("status after the other side has unlinked: %+v", st)
		}
	})
}

func TestInvitationEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		a, b := found(t, s, "Acme", false), found(t, s, "Harbor", false)
		v, w := a.vendor("Harbor Tool"), a.vendor("Harbor Two")
		if _, err := a.invite(v); err != nil {
			t.Fatal(err)
		}
		_, code := a.mails()
		run := job.New(s.DB, map[string]job.Handler{network.ExpiryKind: network.Expire(s.DB)}, nil)
		work := func(days int) {
			t.Helper()
			s.Clock.Advance(time.Duration(days) * 24 * time.Hour)
			if err := run.Due(ctx, s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
		work(59)
		if got := a.load(v); got.NetworkStatus != network.Pending {
			t.Errorf("after 59 days: %+v", got)
		}
		a.do(func(tx *db.Tx) error { return network.Link(tx, w, b.who.Org) })
		work(2)
		if got := a.load(v); got.NetworkStatus != network.NotConnected || a.status(v).Status != network.NotConnected {
			t.Errorf("after 61 days: %+v", got)
		}
		wants(t, "too late", network.Accept(ctx, s.DB, b.who, network.Answer{Code: code}), network.ErrOver)
		if _, err := a.invite(v); err != nil {
			t.Errorf("invite anew: %v", err)
		}
		var in []network.Invitation
		b.do(func(tx *db.Tx) (err error) { in, err = network.Incoming(tx); return err })
		if len(in) != 1 || !in[0].AsPayee {
			t.Fatalf("incoming %+v", in)
		}
		if err := network.Decline(ctx, s.DB, b.who, string(in[0].ID)); err != nil {
			t.Fatal(err)
		}
		if got := a.load(w); got.NetworkStatus != network.NotConnected || got.LinkedTo != "" {
			t.Errorf("declined: %+v", got)
		}
	})
}

func TestLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		a, b := found(t, s, "Acme", false), found(t, s, "Harbor", false)
		v, w := a.vendor("Harbor Tool"), a.vendor("Pacific Gas")
		link := func(v, to ids.ID) error { return a.try(func(tx *db.Tx) error { return network.Link(tx, v, to) }) }
		var listed, other ids.ID
		if err := s.Write(ctx, db.Caller{Channel: "command"}, func(tx *db.Tx) (err error) {
			if listed, err = network.AddListed(tx, network.Listed{Name: "Pacific Gas", Address1: "Box 1", City: "Sacramento", Region: "CA",
				Zip: "95899", AccountMask: "#####@@"}); err != nil {
				return err
			}
			other, err = network.AddListed(tx, network.Listed{Name: "Bay Water", AccountMask: "9########"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		a.do(func(tx *db.Tx) error {
			all, err := network.ListedVendors(tx)
			if len(all) != 2 || all[0].Name != "Bay Water" || all[1].ID != listed {
				t.Errorf("directory %+v", all)
			}
			return err
		})
		wants(t, "unknown organisation", link(v, "00801AAAAAAAAAA99999"), fault.ErrReference, "linkTo")
		wants(t, "ourselves", link(v, a.who.Org), fault.ErrReference, "linkTo")
		wants(t, "unknown biller", link(v, "0rv01AAAAAAAAAA99999"), fault.ErrReference, "linkTo")
		wants(t, "unknown vendor", link("00901AAAAAAAAAA99999", b.who.Org), fault.ErrReference, "vendorId")
		wants(t, "NET-5: mask", link(w, other), fault.ErrValue, "accountNumber")
		if _, err := a.invite(v); err != nil { // by mail first
			t.Fatal(err)
		}
		if err := link(v, b.who.Org); err != nil {
			t.Fatal(err)
		}
		if got := a.load(v); got.LinkedTo != b.who.Org || got.NetworkStatus != network.Pending || got.PayBy != 0 || got.Address1 != "9 Old Street" {
			t.Errorf("NET-2: linked and asked: %+v", got)
		}
		wants(t, "twice", link(v, b.who.Org), fault.ErrValue, "vendorId")
		if err := link(w, listed); err != nil {
			t.Fatal(err)
		}
		if got := a.load(w); got.LinkedTo != listed || got.NetworkStatus != network.ConnectedRPPS || got.PayBy != 2 || got.Address1 != "Box 1" {
			t.Errorf("NET-5: %+v", got)
		}
		for _, v := range []ids.ID{v, w} {
			a.do(func(tx *db.Tx) error { return network.Unlink(tx, v) })
			if got := a.load(v); got.LinkedTo != "" || got.NetworkStatus != 0 || got.PayBy != 0 {
				t.Errorf("VEN-10: %+v", got)
			}
		}
		var in []network.Invitation
		b.do(func(tx *db.Tx) (err error) { in, err = network.Incoming(tx); return err })
		if len(in) != 0 {
			t.Errorf("the question is withdrawn with the link: %+v", in)
		}
	})
}

// sender is a mail server that takes everything.
type sender struct{ got []mail.Message }

func (s *sender) Send(_ context.Context, m mail.Message) error {
	s.got = append(s.got, m)
	return nil
}

// In a live store the invitation leaves through the outbox, and the code that it carried is kept nowhere.
func TestInvitationLeaves(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	a := found(t, s, "Acme", false)
	v := a.vendor("Harbor Tool")
	if err := s.Write(ctx, db.Caller{}, func(tx *db.Tx) error {
		tx.Exec(`UPDATE store SET kind = 'live' WHERE id = 1`)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	o := s.Options
	o.Sandbox = false
	live, err := db.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { live.Close() })
	a.s = &dbtest.Store{DB: live, Clock: s.Clock, Options: o}
	if _, err := a.invite(v); err != nil {
		t.Fatal(err)
	}
	var server sender
	out, err := outbox.New(live, &server, "duebook@x.example")
	if err != nil {
		t.Fatal(err)
	}
	run := job.New(live, map[string]job.Handler{outbox.Kind: out.Send, network.ExpiryKind: network.Expire(live)}, nil)
	if err := run.Due(ctx, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if len(server.got) != 1 || server.got[0].To[0] != "due@harbor.example" || !strings.Contains(server.got[0].Text, network.ID(a.who.Org)) {
		t.Fatalf("left: %+v", server.got)
	}
	if _, code := a.mails(); code != "" {
		t.Error("the code stands in the outbox after the mail has left")
	}
}
