package org

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

// What only generations 2 and 3 tell apart.
var (
	ErrLoginField = fault.New(fault.Invalid, "parameter_missing", "Name, password and organisation are all needed to log in.")
	ErrOrgUnknown = fault.New(fault.Unknown, "org_unknown", "There is no such organisation, or you have never belonged to it.")
	ErrNotMember  = fault.New(fault.Forbidden, "membership_inactive", "You are no longer active in that organisation.")
)

// SignOn is what a program of generation 2 or 3 brings to log in: a user's e-mail address and password, or the name and
// value of an API token.
type SignOn struct {
	Name, Password string
	Org            ids.ID // not for Orgs
	Key            string
	MFA, Device    string // of a remembered device, optional
	Address        string
}

// Opened is a session just opened. ID is seen this once.
type Opened struct {
	ID        string
	Org, User ids.ID
	Trusted   bool
}

// Open opens a session for generations 2 and 3; older ones of the user stay. It fails, in this order, with ErrKeyMissing,
// ErrLoginField, ErrKeyUnknown, ErrKeyDeactivated, ErrThrottled, ErrLocked, ErrNoUser or ErrPassword, ErrOrgUnknown,
// ErrNotMember, ErrOrgInactive, ErrAPIAccess, ErrNotManager (api-v2 2.1.3). A remembered device that is unknown, expired or
// another user's leaves the session untrusted and is no error.
func (s *Sessions) Open(ctx context.Context, l SignOn) (o Opened, err error) {
	if err := s.checkSignOn(ctx, l, l.Org == ""); err != nil {
		return o, err
	}
	user, token, err := s.identify(ctx, l)
	if err != nil {
		return o, err
	}
	o = Opened{ID: secret.NewAPISessionID(), Org: l.Org, User: user}
	hash := secret.HashToken(o.ID)
	err = s.db.Write(ctx, db.Caller{Org: l.Org, User: user, Channel: KindJSON, Address: l.Address}, func(tx *db.Tx) error {
		key, err := lookUpKey(tx, l.Key)
		if err != nil {
			return err
		}
		if err := checkMember(tx, user); err != nil {
			return err
		}
		if token != "" {
			o.Trusted = false
		} else if o.Trusted, err = remembered(tx, user, l.MFA, l.Device); err != nil {
			return err
		}
		insertSession(tx, newSession{hash: hash, kind: KindJSON, org: l.Org, user: user, key: key.ID, token: token, trusted: o.Trusted,
			address: l.Address})
		_, err = find(tx, Credentials{Session: o.ID, Key: l.Key, Kind: KindJSON}) // organisation, access, permission
		return err
	})
	if err != nil {
		return Opened{}, err
	}
	return o, nil
}

// Orgs lists the organisations of who signs on, by name, without a session: of a token the one it is for. It fails as
// Open does, as far as an organisation plays no part.
func (s *Sessions) Orgs(ctx context.Context, l SignOn) (out []Membership, err error) {
	if err := s.checkSignOn(ctx, l, false); err != nil {
		return nil, err
	}
	l.Org = ""
	user, token, err := s.identify(ctx, l)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, db.Caller{User: user}, func(tx *db.Tx) error {
		if out, err = Memberships(tx, user); err != nil || token == "" {
			return err
		}
		var of string
		if err := tx.Row(`SELECT org_id FROM api_tokens WHERE id = $1`, string(token)).Scan(&of); err != nil {
			return err
		}
		all := out
		out = nil
		for _, m := range all {
			if m.Org == ids.ID(of) {
				out = append(out, m)
			}
		}
		return nil
	})
	return out, err
}

func (s *Sessions) checkSignOn(ctx context.Context, l SignOn, orgMissing bool) error {
	var missing []string
	for _, f := range []struct {
		name  string
		empty bool
	}{{"userName", l.Name == ""}, {"password", l.Password == ""}, {"orgId", orgMissing}} {
		if f.empty {
			missing = append(missing, f.name)
		}
	}
	switch {
	case l.Key == "":
		return ErrKeyMissing
	case missing != nil:
		return ErrLoginField.On(missing...)
	}
	return s.CheckKey(ctx, l.Key)
}

// identify finds whose name and password, or token, these are. A user's name is an e-mail address and a token's never is.
func (s *Sessions) identify(ctx context.Context, l SignOn) (user, token ids.ID, err error) {
	if strings.Contains(l.Name, "@") {
		u, err := s.authenticate(ctx, l.Name, l.Password, nil, l.Address)
		return u.ID, "", err
	}
	if err := s.throttle.enter(l.Address, s.db.RoughNow()); err != nil {
		return "", "", err
	}
	defer func() { s.throttle.leave(l.Address, errors.Is(err, ErrPassword)) }()
	err = s.db.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
		err := tx.Row(`SELECT t.id, t.user_id FROM api_tokens t JOIN users u ON u.id = t.user_id
			WHERE t.hash = $1 AND t.name_folded = $2 AND t.ended = 0 AND u.is_active = 1 AND (t.org_id = $3 OR CAST($3 AS ctext) = '')`,
			secret.HashToken(l.Password), strings.ToLower(strings.TrimSpace(l.Name)), string(l.Org)).Scan(&token, &user)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrPassword
		}
		return err
	})
	return user, token, err
}

// checkMember fails with ErrOrgUnknown when the user never belonged to the transaction's organisation, with ErrNotMember
// when no more.
func checkMember(tx *db.Tx, user ids.ID) error {
	var active int64
	err := tx.Row(`SELECT is_active FROM memberships WHERE org_id = $1 AND user_id = $2`, string(tx.Org()), string(user)).Scan(&active)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrOrgUnknown
	case err == nil && active == 0:
		return ErrNotMember
	}
	return err
}

// APIToken is a secret by which a program signs in as the user who made it, as that user sees it.
type APIToken struct {
	ID      ids.ID
	Name    string
	User    ids.ID
	Created clock.Instant
}

// NewAPIToken makes a token of the caller's user and organisation and returns its value, the only time it is seen. It
// fails with fault.ErrMissing or fault.ErrValue on the name, also when another token of the organisation has it.
func NewAPIToken(tx *db.Tx, name string) (value string, id ids.ID, err error) {
	if err := tx.Require(ManageCompany); err != nil {
		return "", "", err
	}
	name = strings.TrimSpace(name)
	if name == "" {
		return "", "", fault.ErrMissing.On("name")
	}
	if strings.Contains(name, "@") || len(name) > 100 {
		return "", "", fault.ErrValue.On("name").With("at most 100 characters, without @")
	}
	value, id = secret.NewToken(secret.Alphanumeric, 40), ids.New("tok")
	n, err := tx.ExecNow(`INSERT INTO api_tokens (id, org_id, user_id, name, name_folded, hash, created, ended)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (org_id, name_folded) DO NOTHING`, string(id), string(tx.Org()),
		string(tx.Caller().User), name, strings.ToLower(name), secret.HashToken(value), int64(clock.FromTime(tx.Now())))
	if err != nil {
		return "", "", err
	}
	if n == 0 {
		return "", "", fault.ErrValue.On("name").With("a name that no other token has or had")
	}
	tx.Audit("create token", "token", id, "")
	return value, id, nil
}

// EndAPIToken ends a token of the caller's organisation and the sessions it opened. It fails with fault.ErrNotFound.
func EndAPIToken(tx *db.Tx, id ids.ID) error {
	if err := tx.Require(ManageCompany); err != nil {
		return err
	}
	now := int64(clock.FromTime(tx.Now()))
	n, err := tx.ExecNow(`UPDATE api_tokens SET ended = $3 WHERE org_id = $1 AND id = $2 AND ended = 0`, string(tx.Org()), string(id), now)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.ErrNotFound.With(string(id))
	}
	tx.Exec(`UPDATE sessions SET ended = $2 WHERE token_id = $1 AND ended = 0`, string(id), now)
	tx.Audit("end token", "token", id, "")
	tx.Invalidate()
	return nil
}

// APITokens lists the good tokens of the caller's organisation by name.
func APITokens(tx *db.Tx) ([]APIToken, error) {
	rows, err := tx.Query(`SELECT id, name, user_id, created FROM api_tokens WHERE org_id = $1 AND ended = 0 ORDER BY name_folded`,
		string(tx.Org()))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []APIToken
	for rows.Next() {
		var t APIToken
		if err := rows.Scan(&t.ID, &t.Name, &t.User, &t.Created); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}
