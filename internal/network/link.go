package network

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// Answer is how an invitation is accepted.
type Answer struct {
	Code     string // of the mail, or the id of an invitation that names the organisation
	RecordID ids.ID // what stands for the sender here: a customer, or none, if it wants to pay us; else a vendor
	Account  ids.ID // our bank account to be paid to; empty for the default one
}

// Accept connects the caller's organisation with the one that invited it (NET-2). The sender's vendor is then linked to
// us: it shows our name, address and telephone, which only we change (VEN-9), and is paid electronically (VEN-1); if we
// are the payer, our vendor is linked to the sender. Accepting twice is accepting once.
//
// It needs ManageCompany. It fails with ErrOver, fault.ErrReference for a record of ours that is not there or inactive,
// and fault.ErrValue for a vendor that is linked already.
func Accept(ctx context.Context, d *db.DB, who db.Caller, a Answer) error {
	var from ids.ID
	var r *Request
	var us org.Organisation
	err := d.Read(ctx, who, func(tx *db.Tx) (err error) {
		if err = tx.Require(org.ManageCompany); err != nil {
			return err
		}
		if from, r, err = addressed(tx, a.Code); err != nil {
			return err
		}
		if us, err = org.Load(tx); err != nil {
			return err
		}
		return a.check(tx, r, from)
	})
	if err != nil {
		return err
	}
	there := db.Caller{Org: from, User: who.User, Perms: org.All, Channel: who.Channel, Address: who.Address}
	if err := d.Write(ctx, there, func(tx *db.Tx) error { return accepted(tx, r.ID, us, a) }); err != nil {
		return err
	}
	if r.VendorID != "" {
		return nil
	}
	return d.Write(ctx, who, func(tx *db.Tx) error {
		v, err := vendor.Vendors.LoadForUpdate(tx, a.RecordID)
		if err != nil {
			return err
		}
		them, err := peer(tx, func(o org.Organisation) bool { return o.ID == from })
		if err != nil {
			return err
		}
		return connect(tx, v, them, who.User)
	})
}

// check checks what stands for the sender in the caller's organisation.
func (a Answer) check(tx *db.Tx, r *Request, from ids.ID) error {
	if r.State == Accepted && r.PeerRecordID != a.RecordID { // it is answered, with another record
		return ErrOver
	}
	var err error
	if r.VendorID != "" && a.RecordID != "" {
		var c *customer.Customer
		if c, err = customer.Customers.Load(tx, a.RecordID); err == nil && c.Active != record.Active {
			err = fault.ErrNotFound
		}
	}
	if r.CustomerID != "" {
		var v *vendor.Vendor
		if v, err = vendor.Vendors.Load(tx, a.RecordID); err == nil && v.Active != record.Active {
			err = fault.ErrNotFound
		}
		if err == nil && !v.LinkedTo.IsNull() && (v.LinkedTo != from || r.State != Accepted) {
			err = fault.ErrValue.On("id").With(string(a.RecordID))
		}
	}
	if err == nil && a.Account != "" {
		var b *bank.Account
		if b, err = bank.Accounts.Load(tx, a.Account); err == nil && !b.Usable() {
			err = fault.ErrNotFound
		}
	}
	if errors.Is(err, fault.ErrNotFound) {
		err = fault.ErrReference.On("id").With(string(a.RecordID))
	}
	return err
}

// accepted is the sender's side of Accept.
func accepted(tx *db.Tx, id ids.ID, them org.Organisation, a Answer) error {
	r, err := Requests.LoadForUpdate(tx, id)
	if err != nil {
		return err
	}
	if r.State == Accepted && r.PeerID == them.ID && r.PeerRecordID == a.RecordID {
		return nil
	}
	if r.State != Open || r.ExpiresTime.Time().Before(tx.Now()) {
		return ErrOver
	}
	after := *r
	after.State, after.PeerID, after.PeerRecordID, after.AccountID = Accepted, them.ID, a.RecordID, a.Account
	Requests.SaveAs(tx, "accept", r, &after)
	if r.VendorID == "" {
		return nil
	}
	v, err := vendor.Vendors.LoadForUpdate(tx, r.VendorID)
	if err != nil {
		return err
	}
	by, err := inviter(tx, r.ID)
	if err != nil {
		return err
	}
	return connect(tx, v, them, by)
}

// inviter is who sent an invitation of the caller's organisation last.
func inviter(tx *db.Tx, request ids.ID) (who ids.ID, err error) {
	err = tx.Row(`SELECT user_id FROM audit_events WHERE org_id = $1 AND record_id = $2 AND action IN ('create', 'send again')
		ORDER BY stamp DESC, id DESC LIMIT 1`, string(tx.Org()), string(request)).Scan((*string)(&who))
	if err != nil {
		return "", fmt.Errorf("look who sent invitation %s: %w", request, err)
	}
	return who, nil
}

// connect links a vendor to an organisation that has agreed to it, and shows what that maintains. by is the user of ours
// who wanted it: where the vendor was paid before, somebody else has to approve that its money goes elsewhere.
func connect(tx *db.Tx, v *vendor.Vendor, to org.Organisation, by ids.ID) error {
	after := *v
	after.LinkedTo, after.NetworkStatus, after.PayBy = to.ID, Connected, vendor.PayByACH
	after.NameOnCheck = to.Name
	if to.Address1 != "" {
		after.Address1, after.Address2, after.Address3, after.Address4 = to.Address1, to.Address2, to.Address3, to.Address4
		after.City, after.Region, after.Zip, after.Country = to.City, to.Region, to.Zip, to.Country
	}
	if to.Phone != "" {
		after.Phone = to.Phone
	}
	vendor.Vendors.SaveAs(tx, "connect", v, &after)
	return vendor.Relinked(tx, v, &after, by)
}

// Decline answers an invitation with no. Code as in Answer; it needs ManageCompany and fails with ErrOver.
func Decline(ctx context.Context, d *db.DB, who db.Caller, code string) error {
	var from ids.ID
	var r *Request
	err := d.Read(ctx, who, func(tx *db.Tx) (err error) {
		if err = tx.Require(org.ManageCompany); err != nil {
			return err
		}
		from, r, err = addressed(tx, code)
		return err
	})
	if err != nil {
		return err
	}
	there := db.Caller{Org: from, User: who.User, Perms: org.All, Channel: who.Channel, Address: who.Address}
	return d.Write(ctx, there, func(tx *db.Tx) error {
		r, err := Requests.LoadForUpdate(tx, r.ID)
		if err == nil && r.State != Open {
			err = ErrOver
		}
		if err != nil {
			return err
		}
		return end(tx, r, Declined, "decline")
	})
}

// Link ties a vendor to a listed vendor, which connects it, or to another organisation of this server, which is asked
// and connected when it accepts; until it declines or the invitation expires, the vendor is linked. What is maintained
// at the other end can be changed no more here (VEN-9). It needs ManageVendors.
//
// It fails with fault.ErrReference for a vendor or an end of the link that is not there or not active, and with
// fault.ErrValue for a vendor that is linked already or whose account number does not suit the listed vendor (NET-5).
func Link(tx *db.Tx, vendorID, to ids.ID) error {
	if err := tx.Require(org.ManageVendors); err != nil {
		return err
	}
	v, err := usableVendor(tx, vendorID)
	if err != nil {
		return err
	}
	if to.Is(ids.ListedVendor) {
		return linkListed(tx, v, to)
	}
	them, err := peer(tx, func(o org.Organisation) bool { return o.ID == to })
	if errors.Is(err, fault.ErrNotFound) {
		return fault.ErrReference.On("linkTo").With(string(to))
	}
	if err != nil {
		return err
	}
	if r, err := open(tx, party{vendor: v.ID}); err == nil { // of another kind, perhaps to somebody else
		if err := end(tx, r, Cancelled, "cancel"); err != nil {
			return err
		}
	} else if !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	if _, err := invite(tx, party{vendor: v.ID}, them); err != nil {
		return err
	}
	if v, err = vendor.Vendors.LoadForUpdate(tx, v.ID); err != nil {
		return err
	}
	after := *v
	after.LinkedTo = to
	vendor.Vendors.SaveAs(tx, "link", v, &after)
	return nil
}

// Unlink takes a vendor out of ePayments: what was maintained keeps its last values and can be changed again, and it is
// paid by check (VEN-10). It needs ManageVendors, and fails with fault.ErrReference for an unknown vendor and
// fault.ErrValue for one that is not linked.
func Unlink(tx *db.Tx, vendorID ids.ID) error {
	if err := tx.Require(org.ManageVendors); err != nil {
		return err
	}
	v, err := vendor.Vendors.LoadForUpdate(tx, vendorID)
	if errors.Is(err, fault.ErrNotFound) {
		return fault.ErrReference.On("vendorId").With(string(vendorID))
	}
	if err != nil {
		return err
	}
	if v.LinkedTo.IsNull() {
		return fault.ErrValue.On("vendorId").With(string(vendorID))
	}
	after := *v
	after.LinkedTo, after.NetworkStatus = "", NotConnected
	if v.NetworkStatus != Pending {
		after.PayBy = vendor.PayByCheck
	}
	vendor.Vendors.SaveAs(tx, "unlink", v, &after)
	r, err := latest(tx, party{vendor: v.ID})
	switch {
	case errors.Is(err, fault.ErrNotFound):
	case err != nil:
		return err
	case r.State == Open:
		ended := *r
		ended.State, ended.TokenHash = Cancelled, ""
		Requests.SaveAs(tx, "cancel", r, &ended)
	case r.State == Accepted:
		ended := *r
		ended.State = Ended
		Requests.SaveAs(tx, "end", r, &ended)
	}
	// The sender's invitation, if it was we who accepted: the one row of another organisation that is changed here.
	tx.Exec(`UPDATE network_requests SET state = $3 WHERE peer_id = $1 AND peer_record_id = $2 AND state = $4`,
		string(tx.Org()), string(v.ID), Ended, Accepted)
	return nil
}

// Listed is a large biller of the operator's directory.
type Listed struct {
	ID                                                    ids.ID
	Name                                                  string
	Address1, Address2, City, Region, Zip, Country, Phone string
	// AccountMask is the form of its account numbers without blanks and hyphens: # for a digit, @ for a letter, ? for
	// either, any other character for itself. Empty: any number.
	AccountMask string
	// Where it is paid by ACH; empty: it is paid by check. WithAccount fills them in.
	Routing     string
	BankAccount ids.ID
	Sealed      string // the account number
}

// WithAccount is the biller with the account that it is paid to. It fails with fault.ErrValue for a number that is none.
func (l Listed) WithAccount(v *secret.Vault, routing, number string) (Listed, error) {
	l.ID = ids.New(ids.ListedVendor)
	a, err := bank.Seal(v, l.ID, number)
	l.Routing, l.BankAccount, l.Sealed = routing, a.ID, a.SealedAccount
	return l, err
}

// AddListed puts a large biller into the directory. The caller is the operator. It fails with fault.ErrMissing without
// a name, and with fault.ErrValue for a name that is there already and for a routing number that is none.
func AddListed(tx *db.Tx, l Listed) (ids.ID, error) {
	if l.Name == "" {
		return "", fault.ErrMissing.On("name")
	}
	if l.BankAccount == "" {
		l.ID = ids.New(ids.ListedVendor)
	} else if err := bank.CheckRouting(tx, l.Routing); err != nil {
		return "", err
	}
	n, err := tx.ExecNow(`INSERT INTO listed_vendors (id, name, address1, address2, city, region, zip, country, phone, account_mask, is_active, created_time,
			bank_account_id, routing, account)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $12, $13, $14) ON CONFLICT (name) DO NOTHING`,
		string(l.ID), l.Name, l.Address1, l.Address2, l.City, l.Region, l.Zip, l.Country, l.Phone, l.AccountMask, tx.Now().UnixMicro(),
		string(l.BankAccount), l.Routing, l.Sealed)
	if err == nil && n == 0 {
		err = fault.ErrValue.On("name").With(l.Name)
	}
	return l.ID, err
}

// ListedVendors is the directory, by name, without the accounts' numbers.
func ListedVendors(tx *db.Tx) ([]Listed, error) {
	rows, err := tx.Query(`SELECT id, name, address1, address2, city, region, zip, country, phone, account_mask, bank_account_id FROM listed_vendors
		WHERE is_active = 1 ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list the directory: %w", err)
	}
	defer rows.Close()
	var out []Listed
	for rows.Next() {
		var l Listed
		if err := rows.Scan((*string)(&l.ID), &l.Name, &l.Address1, &l.Address2, &l.City, &l.Region, &l.Zip, &l.Country, &l.Phone, &l.AccountMask,
			(*string)(&l.BankAccount)); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

func linkListed(tx *db.Tx, v *vendor.Vendor, to ids.ID) error {
	var l Listed
	err := tx.Row(`SELECT name, address1, address2, city, region, zip, country, phone, account_mask FROM listed_vendors
		WHERE id = $1 AND is_active = 1`, string(to)).Scan(&l.Name, &l.Address1, &l.Address2, &l.City, &l.Region, &l.Zip, &l.Country,
		&l.Phone, &l.AccountMask)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.ErrReference.On("linkTo").With(string(to))
	}
	if err != nil {
		return fmt.Errorf("look for a listed vendor: %w", err)
	}
	if !suits(l.AccountMask, v.AccountNumber) {
		return fault.ErrValue.On("accountNumber")
	}
	after := *v
	after.LinkedTo, after.NetworkStatus, after.PayBy = to, ConnectedRPPS, payByRPPS
	after.NameOnCheck, after.Phone = l.Name, l.Phone
	after.Address1, after.Address2, after.Address3, after.Address4 = l.Address1, l.Address2, "", ""
	after.City, after.Region, after.Zip, after.Country = l.City, l.Region, l.Zip, l.Country
	vendor.Vendors.SaveAs(tx, "link", v, &after)
	return vendor.Relinked(tx, v, &after, tx.Caller().User)
}

const payByRPPS = 2

// suits reports whether an account number has the form of a mask (NET-5).
func suits(mask, number string) bool {
	if mask == "" {
		return true
	}
	i := 0
	for _, r := range number {
		if r == ' ' || r == '-' {
			continue
		}
		if i == len(mask) {
			return false
		}
		digit, letter := r >= '0' && r <= '9', r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		switch mask[i] {
		case '#':
			if !digit {
				return false
			}
		case '@':
			if !letter {
				return false
			}
		case '?':
			if !digit && !letter {
				return false
			}
		default:
			if rune(mask[i]) != r {
				return false
			}
		}
		i++
	}
	return i == len(mask)
}
