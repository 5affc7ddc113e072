package payment

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// A vendor that is linked to an organisation of this server is paid by an ACH credit to the account which that one chose
// (domain 5.3, rail NETWORK). The entry travels in the file of the other ACH credits; that it is the network's, PeerID
// tells. What the payment means at the other end is told by work that commits with each change of its state
// (decision 28).

// NetworkKind is the kind of work that tells a linked organisation what became of a payment; its key is the payment.
const NetworkKind = "networkPayment"

// tellPeer queues the work that carries p over to the organisation that it pays.
func (p *Payment) tellPeer(tx *db.Tx) {
	if !p.PeerID.IsNull() {
		job.Enqueue(tx, NetworkKind, string(p.ID), tx.Now())
	}
}

// connected is vendor.Vendor.NetworkStatus of a link that both sides have agreed to.
const connected = 1

// linked reports whether payments to the vendor go over the network: both sides have agreed to its link.
func linked(v *vendor.Vendor) bool { return v.LinkedTo.Is(ids.Org) && v.NetworkStatus == connected }

// overNetwork reports whether the account is that of a linked organisation.
func overNetwork(account ids.ID) bool { return account.Is(ids.BankAccount) }

// peerAccount is the account where the organisation at the other end of a vendor's link wants to be paid: the one chosen
// with the link while it can be used, else its default one. It is nil where it has none. Only the entry of an ACH file
// carries its number: nothing of it is stored with the payer, so it has no tail (NET-4).
func peerAccount(tx *db.Tx, v *vendor.Vendor) (*vendor.BankAccount, error) {
	var b bank.Account
	var name string
	err := tx.Row(`SELECT b.id, b.routing, b.account, o.name FROM bank_accounts b JOIN organisations o ON o.id = b.org_id
		WHERE b.org_id = $1 AND b.is_active = 1 AND b.status = $2
		ORDER BY CASE WHEN b.id IN (SELECT r.account_id FROM network_requests r
				WHERE r.org_id = $3 AND r.vendor_id = $4 AND r.peer_id = $1 AND r.state = 2 /* accepted */) THEN 0 ELSE 1 END,
			b.is_default DESC, b.id LIMIT 1`, string(v.LinkedTo), bank.Verified, string(tx.Org()), string(v.ID)).
		Scan((*string)(&b.ID), &b.Routing, &b.Account, &name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the account of the organisation that vendor %s is linked to: %w", v.ID, err)
	}
	return &vendor.BankAccount{Base: record.Base{ID: b.ID, Active: record.Active}, VendorID: v.ID, Status: vendor.AccountVerified,
		Routing: b.Routing, Account: b.Account, HolderName: name, HolderType: vendor.Business, AccountType: vendor.Checking}, nil
}
