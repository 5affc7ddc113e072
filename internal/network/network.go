// Package network connects the organisations of one server: they find each other, invite and accept, and the vendor or
// customer that one keeps of the other is linked to it (domain 5.11).
//
// A link belongs to two organisations, and a transaction to one. What an organisation does alone (Invite, Cancel, Link,
// Unlink) is a function of its transaction; Accept runs one transaction on each side, the inviter's first, and can be
// repeated. No query here shows an organisation more of another than its name, its address if it wants to be found,
// and the invitations sent to it.
package network

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// Standings of a vendor or customer in the network (VEN-2), as vendor.Vendor.NetworkStatus has them.
const (
	NotConnected  = 0
	Connected     = 1
	Pending       = 2
	ConnectedRPPS = 3 // to a listed large biller
)

// States of a Request.
const (
	Open      = 1
	Accepted  = 2
	Cancelled = 3
	Declined  = 4
	Expired   = 5
	Ended     = 6 // accepted once, since then unlinked by either side
)

// Request is an invitation to connect.
type Request struct {
	record.Base
	VendorID, CustomerID ids.ID // one of them: whom we invite
	Email                string // where it went; empty if NetworkID says whom it is for
	NetworkID            string
	TokenHash            string // of what the mail carries
	State                int64
	Sent                 int64 // mails
	ExpiresTime          clock.Instant
	PeerID               ids.ID // the organisation that accepted
	PeerRecordID         ids.ID // what stands for us there
	AccountID            ids.ID // the peer's bank account to be paid to
}

// Requests describes invitations.
var Requests = record.Describe[Request]("networkRequest", ids.NetworkRequest, "network_requests",
	record.Reference("vendorId", func() *record.Type { return vendor.Vendors.Type }, func(r *Request) *ids.ID { return &r.VendorID }),
	record.Reference("customerId", func() *record.Type { return customer.Customers.Type }, func(r *Request) *ids.ID { return &r.CustomerID }),
	record.String("email", 254, func(r *Request) *string { return &r.Email }),
	record.String("networkId", 16, func(r *Request) *string { return &r.NetworkID }),
	record.Secret("tokenHash", 0, func(r *Request) *string { return &r.TokenHash }),
	record.Choice("state", map[int64]string{Open: "OPEN", Accepted: "ACCEPTED", Cancelled: "CANCELED", Declined: "DECLINED",
		Expired: "EXPIRED", Ended: "ENDED"}, func(r *Request) *int64 { return &r.State }),
	record.Number("sent", func(r *Request) *int64 { return &r.Sent }),
	record.Moment("expiresTime", func(r *Request) *clock.Instant { return &r.ExpiresTime }),
	record.Reference("peerId", nil, func(r *Request) *ids.ID { return &r.PeerID }),
	record.Reference("peerRecordId", nil, func(r *Request) *ids.ID { return &r.PeerRecordID }),
	record.Reference("accountId", nil, func(r *Request) *ids.ID { return &r.AccountID }),
)

// Faults of this room.
var (
	ErrInvited = fault.New(fault.Conflict, "invitation_open", "An invitation is already open.")
	ErrOver    = fault.New(fault.NotFound, "invitation_over", "The invitation is answered, withdrawn or too old: ask for a new one.")
)

// ID is the network id of an organisation: 16 digits, the last one a check digit (NET-1). It follows from the
// organisation's id, so that every organisation has one from the start.
//
// Source of the check digit: ISO/IEC 7812-1, annex B (Luhn).
func ID(o ids.ID) string {
	const least = 100_000_000_000_000 // fifteen digits
	sum := sha256.Sum256([]byte("network " + o))
	digits := strconv.FormatUint(least+binary.BigEndian.Uint64(sum[:8])%(9*least), 10)
	total := 0
	for i, d := range digits {
		n := int(d - '0')
		if i%2 == 0 { // counted from the check digit, every second one doubles
			n *= 2
		}
		total += n/10 + n%10
	}
	return digits + strconv.Itoa((10-total%10)%10)
}

// Peer is what one organisation may know of another before they are connected.
type Peer struct {
	ID                          ids.ID
	NetworkID                   string
	Name                        string
	Address1, City, Region, Zip string
}

func peerOf(o org.Organisation) Peer {
	return Peer{o.ID, ID(o.ID), o.Name, o.Address1, o.City, o.Region, o.Zip}
}

// maxFound is how many organisations a search answers with.
const maxFound = 50

// Search finds other active organisations of this server whose name contains name, in any case, and whose ZIP begins
// with zip, by name; or the one whose network id name is. Who is not public is found by that id only (NET-1). It needs
// ViewVendors and fails with fault.ErrMissing for an empty name.
func Search(tx *db.Tx, name, zip string) ([]Peer, error) {
	if err := tx.Require(org.ViewVendors); err != nil {
		return nil, err
	}
	name, zip = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(zip)
	if name == "" {
		return nil, fault.ErrMissing.On("name")
	}
	all, err := org.List(tx)
	if err != nil {
		return nil, fmt.Errorf("list the network: %w", err)
	}
	out := []Peer{}
	for _, o := range all {
		byName := o.Preferences.NetworkPublic && strings.Contains(strings.ToLower(o.Name), name) && strings.HasPrefix(o.Zip, zip)
		if o.ID != tx.Org() && o.State == org.StateActive && (byName || ID(o.ID) == name) && len(out) < maxFound {
			out = append(out, peerOf(o))
		}
	}
	return out, nil
}

// peer is the other active organisation for which is says yes. It fails with fault.ErrNotFound.
func peer(tx *db.Tx, is func(org.Organisation) bool) (org.Organisation, error) {
	all, err := org.List(tx)
	if err != nil {
		return org.Organisation{}, fmt.Errorf("look for an organisation: %w", err)
	}
	for _, o := range all {
		if o.ID != tx.Org() && o.State == org.StateActive && is(o) {
			return o, nil
		}
	}
	return org.Organisation{}, fault.ErrNotFound
}

// Standing is how a vendor or customer stands to the network.
type Standing struct {
	Status    int64  // NotConnected, Pending, Connected, ConnectedRPPS
	RequestID ids.ID // the latest invitation; empty if there was none
	NetworkID string // of the organisation at the other end; empty if there is none
}

// Status tells how a vendor, a customer, or who an invitation is for stands. It needs ViewVendors or, for a customer,
// ViewReceivables, and fails with fault.ErrReference naming id.
func Status(tx *db.Tx, id ids.ID) (Standing, error) {
	w, err := whom(tx, id)
	if err != nil {
		return Standing{}, err
	}
	if err := tx.Require(w.view()); err != nil {
		return Standing{}, err
	}
	var s Standing
	r, err := latest(tx, w)
	switch {
	case errors.Is(err, fault.ErrNotFound):
	case err != nil:
		return s, err
	default:
		s.RequestID, s.NetworkID = r.ID, r.NetworkID
		switch {
		case r.State == Open && r.ExpiresTime > clock.FromTime(tx.Now()):
			s.Status = Pending
		case r.State == Accepted:
			s.Status, s.NetworkID = Connected, ID(r.PeerID)
		}
	}
	if w.vendor == "" {
		return s, nil
	}
	v, err := vendor.Vendors.Load(tx, w.vendor)
	if err != nil {
		return s, err
	}
	if v.NetworkStatus != Pending { // of a pending one the invitation knows whether it is still open
		s.Status = v.NetworkStatus
	}
	if v.LinkedTo.Is(ids.Org) {
		s.NetworkID = ID(v.LinkedTo)
	}
	return s, nil
}

// party is a vendor or a customer.
type party struct{ vendor, customer ids.ID }

func (p party) manage() db.Permission {
	if p.vendor != "" {
		return org.ManageVendors
	}
	return org.ManageReceivables
}

func (p party) view() db.Permission {
	if p.vendor != "" {
		return org.ViewVendors
	}
	return org.ViewReceivables
}

// whom finds who is meant by the id of a vendor, a customer or an invitation. It fails with fault.ErrReference.
func whom(tx *db.Tx, id ids.ID) (party, error) {
	var p party
	var err error
	switch id.Prefix() {
	case ids.Vendor:
		_, err = vendor.Vendors.Load(tx, id)
		p.vendor = id
	case ids.Customer:
		_, err = customer.Customers.Load(tx, id)
		p.customer = id
	case ids.NetworkRequest:
		var r *Request
		if r, err = Requests.Load(tx, id); err == nil {
			p = party{r.VendorID, r.CustomerID}
		}
	default:
		err = fault.ErrNotFound
	}
	if errors.Is(err, fault.ErrNotFound) {
		err = fault.ErrReference.On("id").With(string(id))
	}
	return p, err
}

// latest is the latest invitation of a party. It fails with fault.ErrNotFound.
func latest(tx *db.Tx, p party) (*Request, error) {
	var id string
	err := tx.Row(`SELECT id FROM network_requests WHERE org_id = $1 AND vendor_id = $2 AND customer_id = $3
		ORDER BY created_time DESC, id DESC LIMIT 1`, string(tx.Org()), string(p.vendor), string(p.customer)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("look for an invitation: %w", err)
	}
	return Requests.LoadForUpdate(tx, ids.ID(id))
}
