package payment

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/rail/check"
	"github.com/duebook/duebook/internal/vendor"
)

// takeDownTime is when the payees of a process date are taken down: later edits touch neither cheque nor entry (PAY-12).
func takeDownTime(process civil.Date) time.Time { return process.At(0, 1, civil.Pacific) }

// takeDownDay is the last day whose payees are taken down at the instant at.
func takeDownDay(at time.Time) civil.Date {
	day := civil.Of(at, civil.Pacific)
	if at.Before(takeDownTime(day)) {
		return day.AddDays(-1)
	}
	return day
}

// takeDownAtOnce is how many payees one transaction takes down.
const takeDownAtOnce = 500

// takeDown stores the payees of payments whose process date has come. One that cannot be described is left to the release
// run, which looks at it anew and holds it.
func (e *Engine) takeDown(ctx context.Context, org ids.ID, at time.Time) error {
	due, err := e.find(ctx, org, `SELECT id FROM payments p WHERE org_id = $1 AND state = 'scheduled' AND process_date <= $2
		AND NOT EXISTS (SELECT 1 FROM payment_payees x WHERE x.org_id = p.org_id AND x.payment_id = p.id) ORDER BY id`,
		string(org), takeDownDay(at).String())
	if err != nil {
		return fmt.Errorf("look for payees to take down: %w", err)
	}
	for some := range slices.Chunk(due, takeDownAtOnce) {
		err = errors.Join(err, e.db.WriteAt(ctx, caller(org), at, func(tx *db.Tx) error {
			for _, id := range some {
				if err := takeDownOne(tx, id, takeDownDay(at)); err != nil {
					return fmt.Errorf("take down the payee of payment %s: %w", id, err)
				}
			}
			return nil
		}))
	}
	return err
}

func takeDownOne(tx *db.Tx, id string, day civil.Date) error {
	p, err := lock(tx, id)
	if err != nil || p.State != Scheduled || p.ProcessDate.After(day) {
		return err
	}
	v, err := vendor.Vendors.Load(tx, p.VendorID)
	if err != nil {
		return err
	}
	to, hold, err := describe(tx, p, v)
	if err != nil {
		return err
	}
	text := ""
	if hold == "" {
		if text, err = to.text(); err != nil {
			return err
		}
	}
	tx.Exec(`INSERT INTO payment_payees (org_id, payment_id, payee, account, taken) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (org_id, payment_id) DO NOTHING`, string(tx.Org()), id, text, to.kept(), int64(clock.FromTime(tx.Now())))
	return nil
}

// takenDown is the payee of a payment as it was taken down; taken is false if it was not.
func takenDown(tx *db.Tx, payment ids.ID) (to payee, taken bool, err error) {
	var text string
	err = tx.Row(`SELECT payee, account FROM payment_payees WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), string(payment)).
		Scan(&text, &to.account)
	if errors.Is(err, sql.ErrNoRows) || err == nil && text == "" {
		return payee{}, false, nil
	}
	if err != nil {
		return to, false, fmt.Errorf("read the payee of payment %s: %w", payment, err)
	}
	return to, true, json.Unmarshal([]byte(text), &to)
}

// describe takes down the payee of a payment. hold is the reason why it cannot be paid.
func describe(tx *db.Tx, p *Payment, v *vendor.Vendor) (to payee, hold string, err error) {
	to.Name, to.Memo = v.Payee(), firstRunes(p.Description, check.MaxMemo) // PAY-13
	if p.Rail == Check {
		if !v.AddressComplete() {
			return to, "The vendor's address is incomplete.", nil
		}
		to.Address = address(v.Address1, v.Address2, v.Address3, v.Address4, v.City, v.Region, v.Zip, v.Country, 5)
	} else {
		a, hold, err := receiving(tx, p)
		if hold != "" || err != nil {
			return to, hold, err
		}
		to.Name, to.BankAccount, to.Routing, to.Tail, to.account = a.HolderName, a.ID, a.Routing, a.AccountTail, a.Account
		if overNetwork(a.ID) {
			to.Peer = p.PeerID
		}
		if to.Peer.Is(ids.ListedVendor) {
			to.Customer = v.AccountNumber
		}
		to.Savings, to.Person, to.CTX = a.AccountType == vendor.Savings, a.HolderType == vendor.Person, a.CTX
		if p.Rail == Wire {
			if to.Wire = wireData(v, a); to.Wire.Address.Town == "" {
				return to, "The vendor's address has no town, which a wire needs.", nil
			}
		}
	}
	parts, err := billPaysOf(tx, p.ID)
	if err != nil {
		return to, "", err
	}
	discounts, err := p.discounts(tx)
	if err != nil {
		return to, "", err
	}
	for _, part := range parts {
		b, err := bill.Bills.Load(tx, part.BillID)
		if err != nil {
			return to, "", err
		}
		to.Bills = append(to.Bills, check.StubLine{Invoice: b.InvoiceNumber, Date: b.InvoiceDate, Amount: b.Amount, Paid: part.Amount,
			Discount: discounts[b.ID]})
	}
	return to, "", nil
}

// receiving is the account that an ACH payment or a wire goes to. hold is the reason why none can be used.
func receiving(tx *db.Tx, p *Payment) (a *vendor.BankAccount, hold string, err error) {
	if !p.PeerID.IsNull() {
		v, err := vendor.Vendors.Load(tx, p.VendorID)
		switch {
		case err != nil:
			return nil, "", err
		case !linked(v) || v.LinkedTo != p.PeerID:
			return nil, "The vendor is no longer linked.", nil
		}
		a, err := peerAccount(tx, v)
		if a == nil && err == nil {
			hold = "The organisation that is paid has no verified bank account."
		}
		return a, hold, err
	}
	a, err = vendor.ActiveBankAccount(tx, p.VendorID)
	switch {
	case errors.Is(err, fault.ErrNotFound) || err == nil && (!a.Usable() || a.Wired() != (p.Rail == Wire)):
		return nil, "The vendor has no verified bank account.", nil
	case err == nil && p.ProcessDate.Before(a.UsableFrom):
		return nil, "The vendor's bank account is too new.", nil
	}
	return a, "", err
}
