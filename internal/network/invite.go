package network

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/mail"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// life is how long an invitation waits for an answer (api-v2 5.9).
const life = 60 * 24 * time.Hour

// InviteVendor invites a vendor by e-mail; the mail leaves with the commit. It needs ManageVendors. It fails with
// fault.ErrReference for an unknown or inactive vendor, fault.ErrValue for an address that is none or for a vendor that
// is connected already, payment.ErrAddress without a complete postal address, and ErrInvited while an invitation is
// open.
func InviteVendor(tx *db.Tx, vendorID ids.ID, email string) (ids.ID, error) {
	r, err := inviteVendor(tx, vendorID, email, false)
	if err != nil {
		return "", err
	}
	return r.ID, nil
}

// InviteVendorAgain is InviteVendor as generation 1 knows it: the postal address does not matter, and an invitation that
// is open is sent again, with a new code (api-v1 5.9).
func InviteVendorAgain(tx *db.Tx, vendorID ids.ID, email string) (ids.ID, error) {
	r, err := inviteVendor(tx, vendorID, email, true)
	if err != nil {
		return "", err
	}
	return r.ID, nil
}

func inviteVendor(tx *db.Tx, vendorID ids.ID, email string, again bool) (*Request, error) {
	if err := tx.Require(org.ManageVendors); err != nil {
		return nil, err
	}
	email = strings.TrimSpace(email)
	if (mail.Message{From: email, To: []string{email}}).Check() != nil || !strings.Contains(email, "@") || len(email) > 254 {
		return nil, fault.ErrValue.On("email")
	}
	v, err := usableVendor(tx, vendorID)
	if err != nil {
		return nil, err
	}
	if !again && !v.AddressComplete() {
		return nil, payment.ErrAddress
	}
	r, err := open(tx, party{vendor: v.ID})
	switch {
	case err == nil && !again:
		return nil, ErrInvited.On("vendorId")
	case errors.Is(err, fault.ErrNotFound):
		r = &Request{VendorID: v.ID, Email: email}
	case err != nil:
		return nil, err
	}
	return r, send(tx, r, []string{email})
}

// usableVendor loads an active vendor that is not connected. It fails with fault.ErrReference or fault.ErrValue.
func usableVendor(tx *db.Tx, id ids.ID) (*vendor.Vendor, error) {
	v, err := vendor.Vendors.LoadForUpdate(tx, id)
	if errors.Is(err, fault.ErrNotFound) || err == nil && v.Active != record.Active {
		return nil, fault.ErrReference.On("vendorId").With(string(id))
	}
	if err == nil && (!v.LinkedTo.IsNull() || v.NetworkStatus == Connected || v.NetworkStatus == ConnectedRPPS) {
		err = fault.ErrValue.On("vendorId").With(string(id))
	}
	return v, err
}

// Invite invites the organisation with that network id to be connected as a vendor or customer of ours; its
// administrators get a mail. It needs ManageVendors or ManageReceivables. It fails with fault.ErrReference for an
// unknown id or network id, fault.ErrValue for a vendor or customer that is connected already, and ErrInvited while an
// invitation is open.
func Invite(tx *db.Tx, id ids.ID, networkID string) (ids.ID, error) {
	w, err := whom(tx, id)
	if err != nil {
		return "", err
	}
	if err := tx.Require(w.manage()); err != nil {
		return "", err
	}
	if w.vendor != "" {
		if _, err := usableVendor(tx, w.vendor); err != nil {
			return "", err
		}
	}
	to, err := peer(tx, func(o org.Organisation) bool { return ID(o.ID) == networkID })
	if errors.Is(err, fault.ErrNotFound) {
		return "", fault.ErrReference.On("networkId").With(networkID)
	}
	if err != nil {
		return "", err
	}
	r, err := invite(tx, w, to)
	if err != nil {
		return "", err
	}
	return r.ID, nil
}

func invite(tx *db.Tx, w party, to org.Organisation) (*Request, error) {
	if err := tx.Lock("network " + string(w.vendor+w.customer)); err != nil {
		return nil, err
	}
	last, err := latest(tx, w)
	switch {
	case errors.Is(err, fault.ErrNotFound):
	case err != nil:
		return nil, err
	case last.State == Accepted:
		return nil, fault.ErrValue.On("id")
	case last.State == Open && last.ExpiresTime > clock.FromTime(tx.Now()):
		return nil, ErrInvited.On("id")
	}
	admins, err := administrators(tx, to.ID)
	if err != nil {
		return nil, err
	}
	r := &Request{VendorID: w.vendor, CustomerID: w.customer, NetworkID: ID(to.ID)}
	return r, send(tx, r, admins)
}

// open is the open invitation of a party. It fails with fault.ErrNotFound.
func open(tx *db.Tx, w party) (*Request, error) {
	if err := tx.Lock("network " + string(w.vendor+w.customer)); err != nil {
		return nil, err
	}
	r, err := latest(tx, w)
	if err == nil && (r.State != Open || r.ExpiresTime <= clock.FromTime(tx.Now())) {
		return nil, fault.ErrNotFound
	}
	return r, err
}

// administrators are the addresses of another organisation's administrators: who may answer an invitation.
func administrators(tx *db.Tx, peer ids.ID) ([]string, error) {
	rows, err := tx.Query(`SELECT u.email FROM memberships m JOIN users u ON u.id = m.user_id
		WHERE m.org_id = $1 AND m.role = $2 AND m.is_active = 1 AND u.is_active = 1 ORDER BY u.email`, string(peer), org.Administrator)
	if err != nil {
		return nil, fmt.Errorf("look for who may answer: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var email string
		if err := rows.Scan(&email); err != nil {
			return nil, err
		}
		out = append(out, email)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// send stores r, new or sent before, with a new code, and writes a mail for each address.
func send(tx *db.Tx, r *Request, to []string) error {
	us, err := org.Load(tx)
	if err != nil {
		return err
	}
	before, isNew := *r, r.ID == ""
	token := secret.NewToken(secret.Alphanumeric, 40)
	expires := tx.Now().Add(life)
	r.TokenHash, r.State, r.Sent, r.ExpiresTime = secret.HashToken(token), Open, r.Sent+int64(len(to)), clock.FromTime(expires)
	if r.Email != "" {
		r.Email = to[0]
	}
	if isNew {
		r.Active, r.AllowExport = record.Active, true
		Requests.Insert(tx, r)
	} else {
		Requests.SaveAs(tx, "send again", &before, r)
	}
	if r.VendorID != "" {
		v, err := vendor.Vendors.LoadForUpdate(tx, r.VendorID)
		if err != nil {
			return err
		}
		after := *v
		after.NetworkStatus, after.InvitesSent = Pending, v.InvitesSent+1
		vendor.Vendors.SaveAs(tx, "invite", v, &after)
	}
	role := "pay you electronically and to send you what the payments are for"
	if r.CustomerID != "" {
		role = "send you invoices that become bills in your books"
	}
	for _, address := range to {
		outbox.QueueSecret(tx, "networkInvitation", address, us.Name+" wants to connect with you on Duebook",
			fmt.Sprintf("Hello,\n\n%s would like to connect with your organisation on this Duebook server, to %s.\n\n"+
				"To accept, an administrator enters this code in Duebook under Settings, Network:\n\n    %s\n\n"+
				"The network id of %s is %s. The code is good until %s. If you do not know the sender, do nothing.\n",
				us.Name, role, token, us.Name, ID(us.ID), expires.In(us.Location()).Format("2 January 2006")))
	}
	job.Enqueue(tx, ExpiryKind, string(r.ID), expires)
	return nil
}

// Cancel withdraws the open invitation of a vendor or customer, or the invitation with that id. It needs what inviting
// needs, and fails with fault.ErrReference for an unknown id and fault.ErrValue if no invitation is open.
func Cancel(tx *db.Tx, id ids.ID) error {
	w, err := whom(tx, id)
	if err != nil {
		return err
	}
	if err := tx.Require(w.manage()); err != nil {
		return err
	}
	r, err := open(tx, w)
	if err == nil && id.Is(ids.NetworkRequest) && r.ID != id {
		err = fault.ErrNotFound
	}
	if errors.Is(err, fault.ErrNotFound) {
		return fault.ErrValue.On("id").With(string(id))
	}
	if err != nil {
		return err
	}
	return end(tx, r, Cancelled, "cancel")
}

// end closes an open invitation without a connection; its vendor is as it was before.
func end(tx *db.Tx, r *Request, state int64, verb string) error {
	after := *r
	after.State, after.TokenHash = state, ""
	Requests.SaveAs(tx, verb, r, &after)
	if r.VendorID == "" {
		return nil
	}
	v, err := vendor.Vendors.LoadForUpdate(tx, r.VendorID)
	if err != nil {
		return err
	}
	if v.NetworkStatus == Pending {
		free := *v
		free.NetworkStatus, free.LinkedTo = NotConnected, ""
		vendor.Vendors.SaveAs(tx, "uninvite", v, &free)
	}
	return nil
}

// ExpiryKind is the kind of work that ends an invitation nobody has answered.
const ExpiryKind = "networkExpiry"

// Expire is the job.Handler of ExpiryKind.
func Expire(d *db.DB) job.Handler {
	return func(ctx context.Context, it job.Item, at time.Time) error {
		return d.WriteAt(ctx, db.Caller{Org: it.Org, Channel: "job"}, at, func(tx *db.Tx) error {
			r, err := Requests.LoadForUpdate(tx, ids.ID(it.Key))
			if err != nil {
				return err
			}
			switch {
			case r.State != Open:
			case r.ExpiresTime > clock.FromTime(tx.Now()): // sent again since
				if err := job.Done(tx, it); err != nil {
					return err
				}
				job.Enqueue(tx, ExpiryKind, it.Key, r.ExpiresTime.Time())
				return nil
			default:
				if err := end(tx, r, Expired, "expire"); err != nil {
					return err
				}
			}
			return job.Done(tx, it)
		})
	}
}

// Invitation is what an organisation sees of an invitation sent to it.
type Invitation struct {
	ID      ids.ID
	From    Peer
	AsPayee bool // the sender wants to pay us; else to send us invoices
	Expires clock.Instant
}

// Incoming lists the open invitations that name the caller's organisation, oldest first; those by e-mail are known to
// who has the code only. It needs ViewVendors.
func Incoming(tx *db.Tx) ([]Invitation, error) {
	if err := tx.Require(org.ViewVendors); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT n.id, n.vendor_id, n.expires_time, o.id, o.name, o.address1, o.city, o.region, o.zip
		FROM network_requests n JOIN organisations o ON o.id = n.org_id
		WHERE n.network_id = $1 AND n.state = $2 AND n.expires_time > $3 ORDER BY n.created_time, n.id`,
		ID(tx.Org()), Open, int64(clock.FromTime(tx.Now())))
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	defer rows.Close()
	var out []Invitation
	for rows.Next() {
		var i Invitation
		var vendorID string
		if err := rows.Scan(&i.ID, &vendorID, &i.Expires, &i.From.ID, &i.From.Name, &i.From.Address1, &i.From.City, &i.From.Region, &i.From.Zip); err != nil {
			return nil, err
		}
		i.From.NetworkID, i.AsPayee = ID(i.From.ID), vendorID != ""
		out = append(out, i)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// addressed finds the invitation that a code opens, or the one with that id if it names the caller's organisation. It
// fails with ErrOver.
func addressed(tx *db.Tx, code string) (from ids.ID, r *Request, err error) {
	where, args := `token_hash = $1 AND token_hash <> ''`, []any{secret.HashToken(strings.TrimSpace(code))}
	if ids.ID(code).Is(ids.NetworkRequest) {
		where, args = `id = $1 AND network_id = $2`, []any{code, ID(tx.Org())}
	}
	r = &Request{}
	err = tx.Row(`SELECT org_id, id, vendor_id, customer_id, network_id, state, expires_time, peer_id, peer_record_id FROM network_requests
		WHERE `+where, args...).Scan((*string)(&from), (*string)(&r.ID), (*string)(&r.VendorID), (*string)(&r.CustomerID), &r.NetworkID,
		&r.State, (*int64)(&r.ExpiresTime), (*string)(&r.PeerID), (*string)(&r.PeerRecordID))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil, ErrOver
	case err != nil:
		return "", nil, fmt.Errorf("look for an invitation: %w", err)
	case from == tx.Org(), r.NetworkID != "" && r.NetworkID != ID(tx.Org()):
		return "", nil, ErrOver
	case r.State == Accepted && r.PeerID == tx.Org(): // Accept goes on where it was cut off
	case r.State != Open, r.ExpiresTime <= clock.FromTime(tx.Now()):
		return "", nil, ErrOver
	}
	return from, r, nil
}
