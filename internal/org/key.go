package org

import (
	"database/sql"
	"errors"
	"strings"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

// Key is an application's key as the operator sees it: only its last characters, never the key.
type Key struct {
	ID      ids.ID
	App     string
	Email   string
	Tail    string
	MFA     string // required or exempt
	State   string // active or deactivated
	Reason  string
	Created clock.Instant

	AllGenerations bool // a session of generation 1 opened with it is good in the later ones
}

// IssueKey makes a key for an application and returns it, the only time it is seen (KEY-4).
func IssueKey(tx *db.Tx, app, email, mfa string) (key string, id ids.ID, err error) {
	if strings.TrimSpace(app) == "" {
		return "", "", fault.ErrMissing.On("app")
	}
	if !strings.Contains(email, "@") {
		return "", "", fault.ErrValue.On("email")
	}
	if mfa != "required" && mfa != "exempt" {
		return "", "", fault.ErrValue.On("mfa")
	}
	key, id = "01"+secret.NewAppKey()[2:], ids.New("key")
	tx.Exec(`INSERT INTO app_keys (id, hash, tail, app, email, mfa, state, reason, created) VALUES ($1, $2, $3, $4, $5, $6, 'active', '', $7)`,
		string(id), secret.HashToken(key), key[len(key)-4:], app, email, mfa, int64(clock.FromTime(tx.Now())))
	tx.Audit("issue key", "key", id, "")
	return key, id, nil
}

// DeactivateKey stops a key, named by itself or its id, with a reason, and ends its sessions (KEY-5).
func DeactivateKey(tx *db.Tx, key, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return fault.ErrMissing.On("reason")
	}
	id, err := setKeyState(tx, key, "deactivated", reason)
	if err != nil {
		return err
	}
	tx.Exec(`UPDATE sessions SET ended = $2 WHERE key_id = $1 AND ended = 0`, string(id), int64(clock.FromTime(tx.Now())))
	return nil
}

// ReactivateKey lets a deactivated key work again.
func ReactivateKey(tx *db.Tx, key string) error {
	_, err := setKeyState(tx, key, "active", "")
	return err
}

// LimitKey says whether sessions of generation 1 that the key opens are good in the later generations as well, as they
// are with a new key (api-v2 2.6.12).
func LimitKey(tx *db.Tx, id ids.ID, allGenerations bool) {
	tx.ExecOne(`UPDATE app_keys SET all_generations = $2 WHERE id = $1`, string(id), flag(allGenerations))
	tx.Audit("set key generations", "key", id, "")
	tx.Invalidate()
}

func setKeyState(tx *db.Tx, key, state, reason string) (ids.ID, error) {
	var id string
	err := tx.Row(`SELECT id FROM app_keys WHERE id = $1 OR hash = $2`, key, secret.HashToken(key)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrKeyUnknown
	}
	if err != nil {
		return "", err
	}
	tx.ExecOne(`UPDATE app_keys SET state = $2, reason = $3 WHERE id = $1`, id, state, reason)
	tx.Audit("set key "+state, "key", ids.ID(id), "")
	tx.Invalidate()
	return ids.ID(id), nil
}

// Keys lists the keys, newest first.
func Keys(tx *db.Tx) ([]Key, error) {
	rows, err := tx.Query(`SELECT id, app, email, tail, mfa, state, reason, created, all_generations FROM app_keys ORDER BY created DESC, id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Key
	for rows.Next() {
		var k Key
		var all int64
		if err := rows.Scan((*string)(&k.ID), &k.App, &k.Email, &k.Tail, &k.MFA, &k.State, &k.Reason, (*int64)(&k.Created), &all); err != nil {
			return nil, err
		}
		k.AllGenerations = all != 0
		out = append(out, k)
	}
	return out, rows.Err()
}

// lookUpKey finds a key by itself. It fails with ErrKeyUnknown or ErrKeyDeactivated.
func lookUpKey(tx *db.Tx, key string) (Key, error) {
	if key == "" {
		return Key{}, ErrKeyUnknown
	}
	return scanKey(tx.Row(`SELECT id, app, mfa, state, all_generations FROM app_keys WHERE hash = $1`, secret.HashToken(key)))
}

// ownKey finds the key that opened a session. It fails as lookUpKey does, with ErrSession where there is no such session.
func ownKey(tx *db.Tx, session string) (Key, error) {
	k, err := scanKey(tx.Row(`SELECT k.id, k.app, k.mfa, k.state, k.all_generations FROM sessions s JOIN app_keys k ON k.id = s.key_id
		WHERE s.hash = $1`, secret.HashToken(session)))
	if errors.Is(err, ErrKeyUnknown) {
		err = ErrSession
	}
	return k, err
}

func scanKey(row db.Row) (Key, error) {
	var k Key
	var all int64
	err := row.Scan((*string)(&k.ID), &k.App, &k.MFA, &k.State, &all)
	if errors.Is(err, sql.ErrNoRows) {
		return Key{}, ErrKeyUnknown
	}
	if err != nil {
		return Key{}, err
	}
	k.AllGenerations = all != 0
	if k.State != "active" {
		return k, ErrKeyDeactivated
	}
	return k, nil
}

// ConfirmedToPay tells whether an administrator has confirmed that this key may pay for this user and organisation
// (LOG-5). A key that is exempt from MFA needs no confirmation.
func ConfirmedToPay(tx *db.Tx) (bool, error) {
	c := tx.Caller()
	if c.Key == "" {
		return true, nil
	}
	var mfa string
	var confirmed int64
	err := tx.Row(`SELECT k.mfa, coalesce(p.confirmed, 0) FROM app_keys k
		LEFT JOIN payment_confirmations p ON p.org_id = $1 AND p.user_id = $2 AND p.key_id = k.id WHERE k.id = $3`,
		string(c.Org), string(c.User), string(c.Key)).Scan(&mfa, &confirmed)
	if err != nil {
		return false, err
	}
	return mfa == "exempt" || confirmed != 0, nil
}

// ConfirmPayments lets a user of the caller's organisation pay through an application from now on.
func ConfirmPayments(tx *db.Tx, user, key ids.ID) error {
	if err := tx.Require(ManageCompany); err != nil {
		return err
	}
	tx.Exec(`INSERT INTO payment_confirmations (org_id, user_id, key_id, confirmed, confirmed_by) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (org_id, user_id, key_id) DO UPDATE SET confirmed = excluded.confirmed, confirmed_by = excluded.confirmed_by`,
		string(tx.Org()), string(user), string(key), int64(clock.FromTime(tx.Now())), string(tx.Caller().User))
	tx.Audit("confirm payments", "key", key, `{"user":"`+string(user)+`"}`)
	return nil
}
