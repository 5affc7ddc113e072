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
//
// So is a large biller of the operator's directory with an account there (NET-5), but for the telling: it is no
// organisation, and finds the payer by its customer number in the entry.

// NetworkKind is the kind of work that tells a linked organisation what became of a payment; its key is the payment.
const NetworkKind = "networkPayment"

// tellPeer queues the work that carries p over to the organisation that it pays.
func (p *Payment) tellPeer(tx *db.Tx) {
	if p.PeerID.Is(ids.Org) {
		job.Enqueue(tx, NetworkKind, string(p.ID), tx.Now())
	}
}

// Values of vendor.Vendor.NetworkStatus.
const (
	connected = 1 // both sides have agreed to the link
	listed    = 3 // a large biller of the directory
)

// linked reports whether payments to the vendor go over the network.
func linked(v *vendor.Vendor) bool {
	return v.LinkedTo.Is(ids.Org) && v.NetworkStatus == connected || v.LinkedTo.Is(ids.ListedVendor) && v.NetworkStatus == listed
}

// overNetwork reports whether the account is that of a linked organisation.
func overNetwork(account ids.ID) bool { return account.Is(ids.BankAccount) }

// peerAccount is the account where the other end of a vendor's link wants to be paid: an organisation's is the one chosen
// with the link while it can be used, else its default one. It is nil where it has none. Only the entry of an ACH file
// carries its number: nothing of it is stored with the payer, so it has no tail (NET-4).
func peerAccount(tx *db.Tx, v *vendor.Vendor) (*vendor.BankAccount, error) {
	var b bank.Account
	var name string
	var err error
	if v.LinkedTo.Is(ids.ListedVendor) {
		err = tx.Row(`SELECT bank_account_id, routing, account, name FROM listed_vendors WHERE id = $1 AND is_active = 1 AND bank_account_id <> ''`,
			string(v.LinkedTo)).Scan((*string)(&b.ID), &b.Routing, &b.Account, &name)
	} else {
		err = chosenAccount(tx, v, &b, &name)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the account that vendor %s wants to be paid to: %w", v.ID, err)
	}
	return &vendor.BankAccount{Base: record.Base{ID: b.ID, Active: record.Active}, VendorID: v.ID, Status: vendor.AccountVerified,
		Routing: b.Routing, Account: b.Account, HolderName: name, HolderType: vendor.Business, AccountType: vendor.Checking}, nil
}

func chosenAccount(tx *db.Tx, v *vendor.Vendor, b *bank.Account, name *string) error {
	return tx.Row(`SELECT b.id, b.routing, b.account, o.name FROM bank_accounts b JOIN organisations o ON o.id = b.org_id
		WHERE b.org_id = $1 AND b.is_active = 1 AND b.status = $2
		ORDER BY CASE WHEN b.id IN (SELECT r.account_id FROM network_requests r
				WHERE r.org_id = $3 AND r.vendor_id = $4 AND r.peer_id = $1 AND r.state = 2 /* accepted */) THEN 0 ELSE 1 END,
			b.is_default DESC, b.id LIMIT 1`, string(v.LinkedTo), bank.Verified, string(tx.Org()), string(v.ID)).
		Scan((*string)(&b.ID), &b.Routing, &b.Account, name)
}
