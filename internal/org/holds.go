package org

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/mail/outbox"
)

// Holds reports whether the user is active in the caller's organisation with a role that has p.
func Holds(tx *db.Tx, user ids.ID, p db.Permission) (bool, error) {
	var role string
	var custom int64
	err := tx.Row(`SELECT m.role, coalesce(r.permissions, 0) FROM memberships m JOIN users u ON u.id = m.user_id
		LEFT JOIN roles r ON r.org_id = m.org_id AND r.name = m.role
		WHERE m.org_id = $1 AND m.user_id = $2 AND m.is_active = 1 AND u.is_active = 1`, string(tx.Org()), string(user)).Scan(&role, &custom)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the role of %s: %w", user, err)
	}
	if perms, fixed := roles[role]; fixed {
		return perms.Has(p), nil
	}
	return db.Permissions(custom).Has(p), nil
}

// member is an active user of an organisation with what its role may.
type member struct {
	id    ids.ID
	email string
	perms db.Permissions
}

// members are those of the caller's organisation, by address.
func members(tx *db.Tx) ([]member, error) {
	rows, err := tx.Query(`SELECT u.id, u.email, m.role, coalesce(r.permissions, 0) FROM memberships m JOIN users u ON u.id = m.user_id
		LEFT JOIN roles r ON r.org_id = m.org_id AND r.name = m.role
		WHERE m.org_id = $1 AND m.is_active = 1 AND u.is_active = 1 ORDER BY u.email, u.id`, string(tx.Org()))
	if err != nil {
		return nil, fmt.Errorf("look who may what: %w", err)
	}
	defer rows.Close()
	var out []member
	for rows.Next() {
		var m member
		var role string
		var custom int64
		if err := rows.Scan((*string)(&m.id), &m.email, &role, &custom); err != nil {
			return nil, err
		}
		perms, fixed := roles[role]
		if !fixed {
			perms = db.Permissions(custom)
		}
		m.perms = perms
		out = append(out, m)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// OtherHolds reports whether somebody besides the user is active in the caller's organisation with a role that has p.
func OtherHolds(tx *db.Tx, user ids.ID, p db.Permission) (bool, error) {
	all, err := members(tx)
	return slices.ContainsFunc(all, func(m member) bool { return m.id != user && m.perms.Has(p) }), err
}

// Tell writes the letter, in the name of the organisation, to each active member whose role has p and to the user also, if
// it is an active member; not to who acts, who knows, nor to a holder of p who sees nothing but its own queue. It leaves
// once the transaction has committed.
func Tell(tx *db.Tx, p db.Permission, also ids.ID, l outbox.Letter) error {
	o, err := Load(tx)
	if err != nil {
		return err
	}
	all, err := members(tx)
	if err != nil {
		return err
	}
	l.FromName = strings.Join(strings.Fields(o.Name), " ")
	for _, m := range all {
		if m.id != tx.Caller().User && (m.id == also || m.perms.Has(p) && !m.perms.Has(OwnQueue)) {
			l.To = m.email
			outbox.Post(tx, l)
		}
	}
	return nil
}

// Administrators are the users who administrate the caller's organisation, oldest first.
func Administrators(tx *db.Tx) ([]ids.ID, error) {
	rows, err := tx.Query(`SELECT m.user_id FROM memberships m JOIN users u ON u.id = m.user_id
		WHERE m.org_id = $1 AND m.role = $2 AND m.is_active = 1 AND u.is_active = 1 ORDER BY u.created_time, m.user_id`,
		string(tx.Org()), Administrator)
	if err != nil {
		return nil, fmt.Errorf("list the administrators: %w", err)
	}
	defer rows.Close()
	var out []ids.ID
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, ids.ID(id))
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// followers hear of changed memberships.
var followers []func(*db.Tx, ids.ID) error

// OnMembership has f called, in the same transaction, after the user's role changed or the membership ended. Rooms name
// f once, in a package variable, as org cannot import them.
func OnMembership(f func(tx *db.Tx, user ids.ID) error) bool {
	followers = append(followers, f)
	return true
}
