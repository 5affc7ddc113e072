package read

import (
	"cmp"
	"database/sql"
	"errors"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/web/view"
)

// Approvers are the users who may approve, by name, besides one.
func Approvers(tx *db.Tx, but ids.ID) ([]view.Option, error) {
	rows, err := tx.Query(`SELECT u.id, u.name, u.email FROM memberships m JOIN users u ON u.id = m.user_id
		WHERE m.org_id = $1 AND m.is_active = 1 AND u.is_active = 1 ORDER BY lower(u.name), u.id LIMIT $2`, string(tx.Org()), maxOptions)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []view.Option
	for rows.Next() {
		var id, name, email string
		if err := rows.Scan(&id, &name, &email); err != nil {
			return nil, err
		}
		if id != string(but) {
			all = append(all, view.Option{ID: id, Name: cmp.Or(name, email)})
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	var out []view.Option
	for _, o := range all {
		able, err := org.Holds(tx, ids.ID(o.ID), org.ApproveBills)
		if err != nil {
			return nil, err
		}
		if able {
			out = append(out, o)
		}
	}
	return out, nil
}

// Named is the id of the oldest active record of a type with that name, "" for none.
func Named(tx *db.Tx, t *record.Type, name string) (id ids.ID, err error) {
	err = tx.Row(`SELECT id FROM `+t.Table+` WHERE org_id = $1 AND name = $2 AND is_active = 1 ORDER BY id LIMIT 1`, string(tx.Org()), name).Scan((*string)(&id))
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// Members are all who are or were users of the organisation, by name, those who have left marked.
func Members(tx *db.Tx) ([]view.Option, error) {
	rows, err := tx.Query(`SELECT u.id, u.name, u.email, m.is_active FROM memberships m JOIN users u ON u.id = m.user_id
		WHERE m.org_id = $1 ORDER BY m.is_active DESC, lower(u.name), u.id LIMIT $2`, string(tx.Org()), maxOptions)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []view.Option
	for rows.Next() {
		var id, name, email string
		var active int64
		if err := rows.Scan(&id, &name, &email, &active); err != nil {
			return nil, err
		}
		name = cmp.Or(name, email)
		if active == 0 {
			name += " (has left)"
		}
		all = append(all, view.Option{ID: id, Name: name})
	}
	return all, errors.Join(rows.Err(), rows.Close())
}
