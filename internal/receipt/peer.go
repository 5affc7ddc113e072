package receipt

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/record"
)

// OfPeer is the receipt of a payment that a linked organisation makes to the caller's, locked. It fails with
// fault.ErrNotFound.
func OfPeer(tx *db.Tx, peer, payment ids.ID) (*Receipt, error) {
	var id string
	err := tx.Row(`SELECT id FROM received_pays WHERE org_id = $1 AND peer_id = $2 AND peer_payment_id = $3`, string(tx.Org()), string(peer),
		string(payment)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("look for the receipt of payment %s: %w", payment, err)
	}
	return Receipts.LoadForUpdate(tx, ids.ID(id))
}

// Portion is what of a payment is for the invoice of ours with that number.
type Portion struct {
	Number string
	Amount int64 // minor units
}

// Announce stores the receipt of a payment that a linked organisation has scheduled: r names it, the customer that stands
// for its payer, the account of ours that gets the money, the day and the amount (NET-3). Its parts are the active
// invoices of the customer with those numbers, as far as they are open; what is left stays to the customer's credit once
// it has come. Nothing is posted before that.
func Announce(tx *db.Tx, r *Receipt, portions []Portion) error {
	r.State, r.Online, r.PaymentType = Announced, true, TypeACH
	r.Pays = nil
	left := map[ids.ID]int64{}
	for _, p := range portions {
		var id string
		var open int64
		err := tx.Row(`SELECT id, amount - credit_amount - paid_amount - scheduled_amount FROM invoices
			WHERE org_id = $1 AND customer_id = $2 AND invoice_number = $3 AND is_active = 1 AND currency = $4 ORDER BY id LIMIT 1`,
			string(tx.Org()), string(r.CustomerID), p.Number, "USD").Scan(&id, &open)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look for invoice %s: %w", p.Number, err)
		}
		if _, seen := left[ids.ID(id)]; !seen {
			left[ids.ID(id)] = open
		}
		n := min(p.Amount, left[ids.ID(id)])
		if n <= 0 {
			continue
		}
		left[ids.ID(id)] -= n
		part := InvoicePays.New().(*InvoicePay)
		part.InvoiceID, part.Amount = ids.ID(id), n
		r.Pays = append(r.Pays, part)
	}
	peer, payment := r.PeerID, r.PeerPaymentID // of the other organisation, where ours has no reference to look for
	r.PeerID, r.PeerPaymentID = "", ""
	if _, err := r.check(tx, invoice.Schedule); err != nil {
		return err
	}
	r.PeerID, r.PeerPaymentID = peer, payment
	r.Active, r.AllowExport = record.Active, true
	Receipts.Insert(tx, r)
	return nil
}

// Follow takes the receipt of a linked organisation's payment on to a state: Credited on the day the money settled, which
// posts it (event 29), Canceled or Returned with what it posted reversed on that day (NET-3). A state that cannot follow
// the receipt's is one that it has passed, and does nothing.
func (r *Receipt) Follow(tx *db.Tx, to string, day civil.Date, code, why string) error {
	switch {
	case to == Credited && r.State == Announced:
		moved, err := r.eachInvoice(tx, r.Pays, invoice.Settle)
		if err != nil {
			return err
		}
		after := *r
		after.SettleDate = day
		if err := after.arrive(tx, moved); err != nil {
			return err
		}
		r.become(tx, Credited, &after)
	case to == Canceled && r.State == Announced, to == Returned && (r.State == Announced || r.State == Credited):
		return r.undo(tx, to, day, code, why)
	}
	return nil
}
