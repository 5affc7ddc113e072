package payment

import (
	"errors"
	"fmt"
	"slices"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/record"
)

// Latest narrows a list of payments to those that generation 2 shows: of a chain of void and reissue the last, found by
// the id of any of them. Fill gives it the id of the first (api-v2 5.4).
func Latest(q *record.Query) {
	q.Search = "replaced_by = ''"
	q.Filters = slices.Clone(q.Filters)
	for i, f := range q.Filters {
		if f.Field.Name == "id" && (f.Op == record.Eq || f.Op == record.In) {
			q.Filters[i].Or = &record.Filter{Field: Payments.Must("replaces"), Op: f.Op, Values: f.Values}
		}
	}
}

// Find reads the payment that generation 2 shows under that id and keeps it until the transaction ends. It fails with
// fault.ErrNotFound.
func Find(tx *db.Tx, id ids.ID) (*Payment, error) {
	p, err := Payments.LoadForUpdate(tx, id)
	for err == nil && !p.ReplacedBy.IsNull() {
		p, err = Payments.LoadForUpdate(tx, p.ReplacedBy)
	}
	return p, err
}

// Fill adds to payments their parts and the credits they use, and gives one that replaces another the id and the time of
// creation of the first.
func Fill(tx *db.Tx, payments []*Payment) error {
	for part := range slices.Chunk(payments, 400) {
		keys := make([]any, len(part))
		by := make(map[ids.ID]*Payment, len(part))
		var firsts []any
		for i, p := range part {
			keys[i], by[p.ID] = string(p.ID), p
			p.Parts, p.Uses = nil, nil
			if !p.Replaces.IsNull() {
				firsts = append(firsts, string(p.Replaces))
			}
		}
		err := BillPays.List(tx, record.Query{Filters: []record.Filter{{Field: BillPays.Must("paymentId"), Op: record.In, Values: keys}}},
			func(b *BillPay) error {
				p := by[b.PaymentID]
				b.PaymentID = p.First()
				p.Parts = append(p.Parts, b)
				return nil
			})
		if err != nil {
			return err
		}
		err = BillCredits.List(tx, record.Query{Filters: []record.Filter{{Field: BillCredits.Must("paymentId"), Op: record.In, Values: keys}}},
			func(c *BillCredit) error {
				p := by[c.PaymentID]
				c.PaymentID = p.First()
				p.Uses = append(p.Uses, c)
				return nil
			})
		if err != nil {
			return err
		}
		if firsts == nil {
			continue
		}
		first := map[ids.ID]*Payment{}
		err = Payments.List(tx, record.Query{Filters: []record.Filter{{Field: Payments.Must("id"), Op: record.In, Values: firsts}}},
			func(p *Payment) error {
				first[p.ID] = p
				return nil
			})
		if err != nil {
			return err
		}
		for _, p := range part {
			if f := first[p.Replaces]; f != nil {
				p.ID, p.CreatedTime = f.ID, f.CreatedTime
			}
		}
	}
	return nil
}

// FillParts gives bill pays and bill credits the payment that generation 2 shows them under.
func FillParts(tx *db.Tx, payments []*ids.ID) error {
	for part := range slices.Chunk(payments, 400) {
		keys := make([]any, len(part))
		for i, id := range part {
			keys[i] = string(*id)
		}
		first := map[ids.ID]ids.ID{}
		err := Payments.List(tx, record.Query{Only: []*record.Field{Payments.Must("replaces")},
			Filters: []record.Filter{{Field: Payments.Must("id"), Op: record.In, Values: keys}}},
			func(p *Payment) error {
				first[p.ID] = p.First()
				return nil
			})
		if err != nil {
			return err
		}
		for _, id := range part {
			if f := first[*id]; f != "" {
				*id = f
			}
		}
	}
	return nil
}

// FillMovements adds to movements the payments and receipts they carry, as generation 2 shows them.
func FillMovements(tx *db.Tx, movements []*Movement) error {
	by := map[ids.ID]*Movement{}
	for _, m := range movements {
		m.Payments, m.Receipts, by[m.ID] = nil, nil, m
	}
	for part := range slices.Chunk(movements, 400) {
		list := make([]ids.ID, len(part))
		for i, m := range part {
			list[i] = m.ID
		}
		in, args := record.InIDs(2, list)
		args = append([]any{string(tx.Org())}, args...)
		err := pairs(tx, `SELECT money_movement_id, CASE replaces WHEN '' THEN id ELSE replaces END FROM payments
			WHERE org_id = $1 AND money_movement_id`+in+` ORDER BY id`, args,
			func(movement, payment ids.ID) { by[movement].Payments = append(by[movement].Payments, payment) })
		if err == nil {
			err = pairs(tx, `SELECT m.id, r.id FROM money_movements m
				JOIN disbursement_batches b ON b.org_id = m.org_id AND b.rail = 'debit' AND b.bank_account_id = m.bank_account_id AND b.process_date = m.process_date
				JOIN received_pays r ON r.org_id = m.org_id AND r.batch_id = b.id AND r.batch_id <> ''
				WHERE m.org_id = $1 AND m.type = 2 AND m.id`+in+` ORDER BY r.id`, args,
				func(movement, receipt ids.ID) { by[movement].Receipts = append(by[movement].Receipts, receipt) })
		}
		if err != nil {
			return fmt.Errorf("look for what movements carry: %w", err)
		}
	}
	for _, m := range movements {
		if !m.Reverses.IsNull() {
			m.Payments = append(m.Payments, m.Reverses)
		}
	}
	return nil
}

// pairs calls to with the two ids of every row of a query.
func pairs(tx *db.Tx, query string, args []any, to func(a, b ids.ID)) error {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var a, b string
		if err := rows.Scan(&a, &b); err != nil {
			return err
		}
		to(ids.ID(a), ids.ID(b))
	}
	return errors.Join(rows.Err(), rows.Close())
}
