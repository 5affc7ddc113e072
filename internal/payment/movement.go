package payment

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/record"
)

// The kinds of a bank movement (api-v2 3.17).
const (
	MoneyOut = 1
	MoneyIn  = 2
)

// The states of a bank movement.
const (
	MovementSent      = 0
	MovementConfirmed = 1 // the statement shows it
	MovementVoid      = 2 // none of it moved
)

// Movement is what moves on one bank account on one day, in one lump (FND-3): the payments of a pickup, or the
// money of a voided payment that is asked back.
type Movement struct {
	record.Base
	Name          string // digits
	Type          int64
	Amount        int64 // what leaves the account is negative
	ProcessDate   civil.Date
	Status        int64
	BankAccountID ids.ID
	Description   string
	Pickup        int64  // of payments: 1 or 2 (PAY-10)
	Reverses      ids.ID // the voided payment whose money it asks back; empty: none

	Payments []ids.ID // filled in by FillMovements, as Receipts
	Receipts []ids.ID
}

// Movements describes bank movements.
var Movements = record.Describe[Movement]("moneyMovement", ids.MoneyMovement, "money_movements",
	record.String("name", 20, func(m *Movement) *string { return &m.Name }),
	record.Choice("type", map[int64]string{MoneyOut: "PAYABLES", MoneyIn: "RECEIVABLES"}, func(m *Movement) *int64 { return &m.Type }),
	record.Amount("amount", func(m *Movement) *int64 { return &m.Amount }),
	record.Day("processDate", func(m *Movement) *civil.Date { return &m.ProcessDate }),
	record.Choice("status", map[int64]string{MovementSent: "SENT", MovementConfirmed: "CONFIRMED", MovementVoid: "VOID"},
		func(m *Movement) *int64 { return &m.Status }),
	record.Reference("bankAccountId", func() *record.Type { return bank.Accounts.Type }, func(m *Movement) *ids.ID { return &m.BankAccountID }),
	record.String("description", 4000, func(m *Movement) *string { return &m.Description }),
	record.Number("pickup", func(m *Movement) *int64 { return &m.Pickup }),
	record.Reference("reverses", nil, func(m *Movement) *ids.ID { return &m.Reverses }),
)

// AddMovement adds to the movement of that account, type, process date and pickup, and makes it if there is none.
func AddMovement(tx *db.Tx, m Movement) (ids.ID, error) {
	if err := tx.Lock("money movement"); err != nil {
		return "", err
	}
	var id string
	err := tx.Row(`SELECT id FROM money_movements WHERE org_id = $1 AND bank_account_id = $2 AND type = $3 AND process_date = $4 AND reverses = $5 AND pickup = $6`,
		string(tx.Org()), string(m.BankAccountID), m.Type, m.ProcessDate.String(), string(m.Reverses), m.Pickup).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		n, err := tx.Next("money movement", 1)
		if err != nil {
			return "", fmt.Errorf("number the movement: %w", err)
		}
		m.Active, m.AllowExport = record.Active, true
		m.Name = fmt.Sprintf("%010d", n)
		Movements.Insert(tx, &m)
		return m.ID, nil
	}
	if err != nil {
		return "", fmt.Errorf("look for the movement of %s: %w", m.ProcessDate, err)
	}
	before, err := Movements.LoadForUpdate(tx, ids.ID(id))
	if err != nil {
		return "", err
	}
	after := *before
	after.Amount += m.Amount
	after.Status = MovementSent
	Movements.Save(tx, before, &after)
	return before.ID, nil
}

// settleMovements derives the state of movements from what became of their payments. It looks at all of them, so whoever
// moves many payments calls it once.
func settleMovements(tx *db.Tx, moved map[ids.ID]bool) error {
	for _, id := range sorted(moved) {
		if id.IsNull() {
			continue
		}
		if err := settleMovement(tx, id); err != nil {
			return err
		}
	}
	return nil
}

func settleMovement(tx *db.Tx, id ids.ID) error {
	var waiting, moved int64
	err := tx.Row(`SELECT CAST(coalesce(sum(CASE WHEN d.state IN ('released', 'sent') THEN 1 ELSE 0 END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN d.settled_on <> '' THEN 1 ELSE 0 END), 0) AS BIGINT)
		FROM payments p JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
		WHERE p.org_id = $1 AND p.money_movement_id = $2`, string(tx.Org()), string(id)).Scan(&waiting, &moved)
	if err != nil {
		return fmt.Errorf("look at the payments of movement %s: %w", id, err)
	}
	before, err := Movements.LoadForUpdate(tx, id)
	if err != nil {
		return err
	}
	after := *before
	switch {
	case waiting > 0:
		after.Status = MovementSent
	case moved > 0:
		after.Status = MovementConfirmed
	default:
		after.Status = MovementVoid
	}
	Movements.Save(tx, before, &after)
	return nil
}
