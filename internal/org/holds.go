package org

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
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

// OtherHolds reports whether somebody besides the user is active in the caller's organisation with a role that has p.
func OtherHolds(tx *db.Tx, user ids.ID, p db.Permission) (bool, error) {
	rows, err := tx.Query(`SELECT m.role, coalesce(r.permissions, 0) FROM memberships m JOIN users u ON u.id = m.user_id
		LEFT JOIN roles r ON r.org_id = m.org_id AND r.name = m.role
		WHERE m.org_id = $1 AND m.user_id <> $2 AND m.is_active = 1 AND u.is_active = 1`, string(tx.Org()), string(user))
	if err != nil {
		return false, fmt.Errorf("look for others besides %s: %w", user, err)
	}
	defer rows.Close()
	found := false
	for rows.Next() {
		var role string
		var custom int64
		if err := rows.Scan(&role, &custom); err != nil {
			return false, err
		}
		perms, fixed := roles[role]
		if !fixed {
			perms = db.Permissions(custom)
		}
		found = found || perms.Has(p)
	}
	return found, errors.Join(rows.Err(), rows.Close())
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
