package org

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

// A session dies after so long without a call, and after so long in any case (LOG-4).
const (
	idleLife     = 35 * time.Minute
	absoluteLife = 12 * time.Hour
)

// An API token's session lives longer (LOG-4, api-v2 2.1.7).
const (
	tokenIdleLife     = 48 * time.Hour
	tokenAbsoluteLife = 30 * 24 * time.Hour
)

// The kinds of session. Generation 1 and the web know their own alone; KindJSON is one for the later generations, and
// there a session of generation 1 is good too if its key is for all generations (api-v2 2.6.12).
const (
	KindXML  = "xml1"
	KindJSON = "json2"
	KindWeb  = "web"
)

// Credentials are what a call brings: the session's id and, on the API, the application's key.
type Credentials struct {
	Session string
	Key     string
	Kind    string
	Address string
	OwnKey  bool // instead of a key: that of the session, for a file that is fetched by its address (api-v2 5.8)
}

// Session is what a live session stands for.
type Session struct {
	Caller   db.Caller
	Operator bool
	Email    string
	OrgName  string
	Trusted  bool // the second factor was shown in it, or its device is remembered (api-v2 2.5)
	Token    bool // an API token opened it
	exempt   bool // its key needs no second factor
	version  int64
	created  time.Time
	hash     string
	kind     string

	mu       sync.Mutex
	lastUsed time.Time
}

// Sessions opens, finds and ends sessions. What it has read it keeps until the store's version moves, so a call
// costs no query for its credentials; last use is written within a second, in one go for all sessions.
type Sessions struct {
	db   *db.DB
	mu   sync.Mutex
	kept map[string]*Session // by hash of session id and key
	used map[string]time.Time
	busy map[string]*sync.Mutex // users whose password is being checked

	throttle throttle // failed logins
	resets   throttle // requests for a new password

	flushing sync.Mutex

	vault    *secret.Vault // seals authenticators' secrets
	sendCode SendCode
}

// NewSessions makes the sessions of a store. Run Keep beside it.
func NewSessions(d *db.DB) *Sessions {
	return &Sessions{db: d, kept: map[string]*Session{}, used: map[string]time.Time{}, busy: map[string]*sync.Mutex{}}
}

// LimitFailures sets how many failed logins of a network address are looked at in a minute; 0 is any number. It is called
// before the sessions are used.
func (s *Sessions) LimitFailures(perMinute int) {
	if s.throttle.most = perMinute; perMinute == 0 {
		s.throttle.most = -1
	}
}

// Keep writes last use every second until ctx ends, and once more then.
func (s *Sessions) Keep(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			_ = s.Flush(ctx)
		case <-ctx.Done():
			_ = s.Flush(context.WithoutCancel(ctx))
			return
		}
	}
}

// Flush writes what sessions were last used at, and returns when all of it stands. It must run before a sandbox's
// clock moves.
func (s *Sessions) Flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.Lock()
	used := s.used
	s.used = map[string]time.Time{}
	if len(s.kept) > 50_000 {
		s.kept = map[string]*Session{}
	}
	s.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	err := s.db.Write(ctx, db.Caller{Channel: "server"}, func(tx *db.Tx) error {
		for _, hash := range slices.Sorted(maps.Keys(used)) { // in one order, so that two nodes do not wait for each other
			tx.Exec(`UPDATE sessions SET last_used = $2 WHERE hash = $1 AND last_used < $2`, hash, int64(clock.FromTime(used[hash])))
		}
		return nil
	})
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		for hash, at := range used { // for the next time
			if at.After(s.used[hash]) {
				s.used[hash] = at
			}
		}
	}
	return err
}

var errStale = errors.New("what is known of the session is out of date")

// Write runs fn in a writing transaction as the session's user. It fails as Find does.
func (s *Sessions) Write(ctx context.Context, c Credentials, fn func(*Session, *db.Tx) error) error {
	return s.with(ctx, c, s.db.Write, fn)
}

// Read runs fn on a snapshot as the session's user.
func (s *Sessions) Read(ctx context.Context, c Credentials, fn func(*Session, *db.Tx) error) error {
	return s.with(ctx, c, s.db.Read, fn)
}

// Poll is Read for answers that a client polls by (db.Poll).
func (s *Sessions) Poll(ctx context.Context, c Credentials, fn func(*Session, *db.Tx) error) error {
	return s.with(ctx, c, s.db.Poll, fn)
}

func (s *Sessions) with(ctx context.Context, c Credentials, open func(context.Context, db.Caller, func(*db.Tx) error) error,
	fn func(*Session, *db.Tx) error) error {
	for range 5 {
		known, err := s.Find(ctx, c)
		if err != nil {
			return err
		}
		who := known.Caller
		who.Address = c.Address
		x := known
		err = open(ctx, who, func(tx *db.Tx) (err error) {
			if tx.Version() != known.version {
				// Something moved that is cached, seldom this session: look again at what this transaction sees. The
				// transaction is bound to its caller; another one needs another transaction.
				if x, err = find(tx, c); err != nil || x.Caller != known.Caller {
					return errStale
				}
			}
			if !s.use(x, tx.Now()) {
				return errStale
			}
			return fn(x, tx)
		})
		if errors.Is(err, errStale) {
			s.forget(c)
			continue
		}
		if err == nil && x != known {
			s.keep(c, x)
		}
		return err
	}
	return fault.ErrBusy
}

func (s *Sessions) keep(c Credentials, x *Session) {
	s.mu.Lock()
	s.kept[c.cacheKey()] = x
	s.mu.Unlock()
}

// use notes that the session is used at now, and reports false when it has been idle too long for what this node
// knows.
func (s *Sessions) use(x *Session, now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over(now) {
		return false
	}
	if now.After(x.lastUsed) {
		x.lastUsed = now
		s.mu.Lock()
		s.used[x.hash] = now
		s.mu.Unlock()
	}
	return true
}

// over reports whether the session has outlived itself at now.
func (x *Session) over(now time.Time) bool {
	idle, life := idleLife, absoluteLife
	if x.Token {
		idle, life = tokenIdleLife, tokenAbsoluteLife
	}
	return now.Sub(x.lastUsed) >= idle || now.Sub(x.created) >= life
}

func (c Credentials) cacheKey() string {
	if c.OwnKey {
		return c.Kind + " " + c.Session + " own"
	}
	return c.Kind + " " + c.Session + " " + c.Key
}

func (s *Sessions) forget(c Credentials) {
	s.mu.Lock()
	delete(s.kept, c.cacheKey())
	s.mu.Unlock()
}

// Find gives the session of c as this node last knew it; only Write, Read and Poll make sure that it lives. The first
// check that fails is reported, in the order of api-v1 3.3 step 3 and 5 and api-v2 6.3: ErrKeyMissing (not in generation
// 1, where it is ErrKeyUnknown), ErrKeyUnknown, ErrKeyDeactivated, ErrNoSession, ErrSession, ErrSessionKey,
// ErrOrgInactive, ErrAPIAccess, ErrNotManager (ROL-1, ROL-2). A web session whose organisation is closed, or no longer
// its user's, lives on and stands in none.
func (s *Sessions) Find(ctx context.Context, c Credentials) (*Session, error) {
	s.mu.Lock()
	x := s.kept[c.cacheKey()]
	s.mu.Unlock()
	if x != nil {
		return x, nil
	}
	if err := s.Flush(ctx); err != nil { // another node may judge by what this one still holds back
		return nil, err
	}
	err := s.db.Read(ctx, db.Caller{}, func(tx *db.Tx) (err error) {
		x, err = find(tx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.keep(c, x)
	return x, nil
}

func find(tx *db.Tx, c Credentials) (*Session, error) {
	var key Key
	if c.Kind != KindWeb {
		var err error
		switch {
		case c.OwnKey && c.Session == "":
			return nil, ErrNoSession
		case c.OwnKey:
			key, err = ownKey(tx, c.Session)
		case c.Key == "" && c.Kind == KindJSON:
			return nil, ErrKeyMissing
		default:
			key, err = lookUpKey(tx, c.Key)
		}
		if err != nil {
			return nil, err
		}
	}
	if c.Session == "" {
		return nil, ErrNoSession
	}
	x := &Session{hash: secret.HashToken(c.Session), kind: c.Kind, version: tx.Version(), exempt: key.MFA == "exempt"}
	also := c.Kind // the other kind of session that is good here
	if c.Kind == KindJSON && key.AllGenerations {
		also = KindXML
	}
	var keyID, role, state, token, prefs string
	var created, last, ended, api, member, active, operator, custom, trusted int64
	err := tx.Row(`SELECT s.org_id, s.user_id, s.key_id, s.created, s.last_used, s.ended, s.trusted, s.token_id,
			u.email, u.operator, u.is_active, coalesce(o.state, ''), coalesce(o.api_access, 0), coalesce(o.name, ''),
			coalesce(o.preferences, '{}'), coalesce(m.role, ''), coalesce(m.is_active, 0), coalesce(r.permissions, 0)
		FROM sessions s JOIN users u ON u.id = s.user_id
		LEFT JOIN organisations o ON o.id = s.org_id
		LEFT JOIN memberships m ON m.org_id = s.org_id AND m.user_id = s.user_id
		LEFT JOIN roles r ON r.org_id = s.org_id AND r.name = m.role
		WHERE s.hash = $1 AND s.kind IN ($2, $3)`, x.hash, c.Kind, also).
		Scan((*string)(&x.Caller.Org), (*string)(&x.Caller.User), &keyID, &created, &last, &ended, &trusted, &token,
			&x.Email, &operator, &active, &state, &api, &x.OrgName, &prefs, &role, &member, &custom)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrSession
	}
	if err != nil {
		return nil, fmt.Errorf("find the session: %w", err)
	}
	x.created, x.lastUsed = clock.Instant(created).Time(), clock.Instant(last).Time()
	x.Trusted, x.Token = trusted != 0, token != ""
	onAPI := c.Kind != KindWeb
	dead := ended != 0 || active == 0 || x.over(tx.Now()) || c.Kind == KindJSON && member == 0
	switch {
	case dead && onAPI && keyID == string(key.ID) && ended == 0 && api == 0:
		return nil, ErrAPIAccess // S-3: it may come back with the switch
	case dead:
		return nil, ErrSession
	case onAPI && keyID != string(key.ID):
		return nil, ErrSessionKey
	case onAPI && State(state) != StateActive:
		return nil, ErrOrgInactive
	case onAPI && api == 0:
		return nil, ErrAPIAccess
	}
	if !onAPI && (State(state) == StateInactive || State(state) == StateSetup || member == 0) {
		x.Caller.Org, x.OrgName = "", "" // so that its user can choose another
	}
	x.Operator = operator != 0
	x.Caller.Key, x.Caller.Channel = key.ID, c.Kind
	if x.Caller.Org != "" && member != 0 {
		perms, fixed := roles[role]
		if !fixed {
			perms = db.Permissions(custom)
		}
		x.Caller.Perms = perms
		if State(state) == StateOverdue {
			x.Caller.Perms &= readOnly
		}
	}
	needsManager := c.Kind == KindXML // ROL-1
	if c.Kind == KindJSON {
		var p Preferences
		if err := json.Unmarshal([]byte(prefs), &p); err != nil {
			return nil, fmt.Errorf("read the preferences of %s: %w", x.Caller.Org, err)
		}
		needsManager = p.APINeedsManager // ROL-2
	}
	if needsManager && !x.Caller.Perms.Has(ManageCompany) {
		return nil, ErrNotManager
	}
	return x, nil
}

// readOnly is what the users of an overdue organisation keep on the web (ORG-1).
var readOnly = db.Of(ViewBanks, ViewVendors, ViewBills, ViewDocuments, ViewReceivables, ViewReports, ViewAudit)

// CheckKey fails with ErrKeyUnknown or ErrKeyDeactivated.
func (s *Sessions) CheckKey(ctx context.Context, key string) error {
	return s.db.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
		_, err := lookUpKey(tx, key)
		return err
	})
}

// authenticate checks the password of the user with that e-mail; org narrows it to a member. The order is that of
// api-v1 3.4: ErrNoUser, ErrLocked, ErrPassword. Failures are counted before the password is hashed, and one user's
// attempts wait for each other, so that parallel guesses are counted exactly (S-5). Before all that ErrThrottled refuses
// an address that has failed too often (SEC-10).
func (s *Sessions) authenticate(ctx context.Context, email, password string, org *ids.ID, address string) (u User, err error) {
	if err := s.throttle.enter(address, s.db.RoughNow()); err != nil {
		return u, err
	}
	defer func() {
		s.throttle.leave(address, errors.Is(err, ErrNoUser) || errors.Is(err, ErrLocked) || errors.Is(err, ErrPassword))
	}()
	var hash string
	err = s.db.Read(ctx, db.Caller{}, func(tx *db.Tx) (err error) {
		if u, hash, err = userByEmail(tx, email); err != nil {
			return err
		}
		if !u.Active {
			return ErrNoUser
		}
		if org != nil {
			var active int64
			err = tx.Row(`SELECT is_active FROM memberships WHERE org_id = $1 AND user_id = $2`, string(*org), string(u.ID)).Scan(&active)
			if errors.Is(err, sql.ErrNoRows) || err == nil && active == 0 {
				return ErrNoUser
			}
		}
		return err
	})
	if errors.Is(err, ErrNoUser) {
		_ = secret.DummyVerify(ctx, password)
	}
	if err != nil {
		return u, err
	}
	unlock := s.queueFor(string(u.ID))
	defer unlock()
	who := db.Caller{User: u.ID, Channel: "login", Address: address}
	if org != nil {
		who.Org = *org
	}
	err = s.db.Write(ctx, who, func(tx *db.Tx) error {
		n, err := tx.ExecNow(`UPDATE users SET failures = failures + 1 WHERE id = $1 AND failures < $2`, string(u.ID), int64(maxFailures))
		if err == nil && n == 0 {
			return ErrLocked
		}
		return err
	})
	if err != nil {
		return u, err
	}
	var ok bool
	var verifyErr error
	if hash == "" { // invited, and no password set yet
		verifyErr = secret.DummyVerify(ctx, password)
	} else {
		ok, verifyErr = secret.Verify(ctx, hash, password)
	}
	ctx = context.WithoutCancel(ctx) // who hangs up now has still been right or wrong
	err = s.db.Write(ctx, who, func(tx *db.Tx) error {
		if verifyErr != nil { // nobody looked at the password
			tx.Exec(`UPDATE users SET failures = failures - 1 WHERE id = $1 AND failures > 0`, string(u.ID))
			return nil
		}
		if !ok {
			tx.Audit("sign in refused", "user", u.ID, "")
			return nil
		}
		tx.Exec(`UPDATE users SET failures = 0 WHERE id = $1`, string(u.ID))
		return nil
	})
	switch {
	case verifyErr != nil:
		err = fmt.Errorf("check the password: %w", verifyErr)
	case err == nil && !ok:
		err = ErrPassword
	}
	return u, err
}

// queueFor lets one attempt of a user at a time through.
func (s *Sessions) queueFor(user string) (unlock func()) {
	s.mu.Lock()
	m := s.busy[user]
	if m == nil {
		if len(s.busy) > 10_000 {
			s.busy = map[string]*sync.Mutex{}
		}
		m = &sync.Mutex{}
		s.busy[user] = m
	}
	s.mu.Unlock()
	m.Lock()
	return m.Unlock
}

// Login opens a session of generation 1. key is known to be good. It fails, in this order, with ErrThrottled, ErrNoUser,
// ErrLocked, ErrPassword, ErrOrgInactive, ErrAPIAccess, ErrNotManager.
func (s *Sessions) Login(ctx context.Context, email, password string, org ids.ID, key, address string) (session string, err error) {
	u, err := s.authenticate(ctx, email, password, &org, address)
	if err != nil {
		return "", err
	}
	session = secret.NewSessionID()
	hash := secret.HashToken(session)
	err = s.db.Write(ctx, db.Caller{Org: org, User: u.ID, Channel: KindXML, Address: address}, func(tx *db.Tx) error {
		k, err := lookUpKey(tx, key)
		if err != nil {
			return err
		}
		insertSession(tx, newSession{hash: hash, kind: KindXML, org: org, user: u.ID, key: k.ID, address: address})
		_, err = find(tx, Credentials{Session: session, Key: key, Kind: KindXML}) // organisation, access, permission
		return err
	})
	if err != nil {
		return "", err
	}
	return session, nil
}

type newSession struct {
	hash, kind     string
	org, user, key ids.ID
	token          ids.ID
	trusted        bool
	address        string
}

func insertSession(tx *db.Tx, n newSession) {
	now := int64(clock.FromTime(tx.Now()))
	tx.Exec(`INSERT INTO sessions (hash, kind, org_id, user_id, key_id, created, last_used, ended, address, trusted, token_id)
		VALUES ($1, $2, $3, $4, $5, $6, $6, 0, $7, $8, $9)`, n.hash, n.kind, string(n.org), string(n.user), string(n.key), now,
		n.address, flag(n.trusted), string(n.token))
	tx.Audit("sign in", "user", n.user, "")
}

// ListOrgs authenticates without a session and lists the user's organisations. It fails with ErrThrottled, ErrNoUser,
// ErrLocked, ErrPassword.
func (s *Sessions) ListOrgs(ctx context.Context, email, password, address string) ([]Membership, error) {
	u, err := s.authenticate(ctx, email, password, nil, address)
	if err != nil {
		return nil, err
	}
	var out []Membership
	err = s.db.Read(ctx, db.Caller{User: u.ID}, func(tx *db.Tx) (err error) {
		out, err = Memberships(tx, u.ID)
		return err
	})
	return out, err
}

// SignIn opens a web session. It stands in the user's only organisation, or in none until Choose.
func (s *Sessions) SignIn(ctx context.Context, email, password, address string) (session string, orgs []Membership, err error) {
	u, err := s.authenticate(ctx, email, password, nil, address)
	if err != nil {
		return "", nil, err
	}
	session = secret.NewSessionID()
	err = s.db.Write(ctx, db.Caller{User: u.ID, Channel: KindWeb, Address: address}, func(tx *db.Tx) error {
		if orgs, err = Memberships(tx, u.ID); err != nil {
			return err
		}
		var in ids.ID
		if len(orgs) == 1 {
			in = orgs[0].Org
		}
		insertSession(tx, newSession{hash: secret.HashToken(session), kind: KindWeb, org: in, user: u.ID, address: address})
		return nil
	})
	return session, orgs, err
}

// Choose moves a web session into an organisation in which its user is active.
func (s *Sessions) Choose(ctx context.Context, c Credentials, org ids.ID) error {
	defer s.forget(c)
	return s.Write(ctx, c, func(x *Session, tx *db.Tx) error {
		orgs, err := Memberships(tx, x.Caller.User)
		if err != nil {
			return err
		}
		for _, m := range orgs {
			if m.Org == org {
				tx.ExecOne(`UPDATE sessions SET org_id = $2 WHERE hash = $1`, x.hash, string(org))
				tx.Invalidate()
				return nil
			}
		}
		return ErrNoUser
	})
}

// Logout ends a session. It fails with ErrNoSession, ErrSession, ErrSessionKey; organisation, access and permission
// do not matter (api-v1 3.6).
func (s *Sessions) Logout(ctx context.Context, c Credentials) (org ids.ID, err error) {
	if err := s.Flush(ctx); err != nil {
		return "", err
	}
	err = s.db.Write(ctx, db.Caller{Channel: c.Kind, Address: c.Address}, func(tx *db.Tx) error {
		_, err := find(tx, c)
		for _, pass := range []error{ErrOrgInactive, ErrAPIAccess, ErrNotManager} {
			if errors.Is(err, pass) {
				err = nil
			}
		}
		if err != nil {
			return err
		}
		now := int64(clock.FromTime(tx.Now()))
		if err := tx.Row(`UPDATE sessions SET ended = $2 WHERE hash = $1 AND ended = 0 RETURNING org_id`,
			secret.HashToken(c.Session), now).Scan((*string)(&org)); err != nil {
			return ErrSession
		}
		tx.Invalidate()
		return nil
	})
	s.forget(c)
	return org, err
}

// mostResets links to set a new password wait for one user at a time; each waits for an hour at most (SEC-10).
const mostResets = 5

// StartReset makes a single-use token with which the user with that e-mail can set a new password for an hour, and has
// send mail it. For an unknown e-mail, for a user for whom mostResets wait, and for a network address that asks too often,
// nothing happens and no error is returned: a page tells nobody who has an account.
func (s *Sessions) StartReset(ctx context.Context, email, address string, send func(*db.Tx, User, string) error) error {
	if s.resets.enter(address, s.db.RoughNow()) != nil {
		return nil
	}
	defer s.resets.leave(address, true)
	return s.db.Write(ctx, db.Caller{Channel: KindWeb, Address: address}, func(tx *db.Tx) error {
		u, err := UserByEmail(tx, email)
		if errors.Is(err, ErrNoUser) {
			return nil
		}
		if err != nil {
			return err
		}
		var one string // one request of a user at a time, so that they are counted exactly
		if err := tx.Row(`SELECT id FROM users WHERE id = $1`+tx.ForUpdate(), string(u.ID)).Scan(&one); err != nil {
			return err
		}
		tx.Exec(`DELETE FROM password_resets WHERE user_id = $1 AND expires <= $2`, string(u.ID), int64(clock.FromTime(tx.Now())))
		var waiting int64
		if err := tx.Row(`SELECT count(*) FROM password_resets WHERE user_id = $1 AND used = 0`, string(u.ID)).Scan(&waiting); err != nil {
			return err
		}
		if waiting >= mostResets {
			return nil
		}
		tx.Audit("ask for password reset", "user", u.ID, "")
		return send(tx, u, newReset(tx, u.ID, time.Hour))
	})
}

// newReset makes a token by which the user can set a password once, for as long as life.
func newReset(tx *db.Tx, user ids.ID, life time.Duration) string {
	token := secret.NewToken(secret.Alphanumeric, 40)
	tx.Exec(`INSERT INTO password_resets (hash, user_id, expires, used) VALUES ($1, $2, $3, 0)`,
		secret.HashToken(token), string(user), int64(clock.FromTime(tx.Now().Add(life))))
	return token
}

// Reset sets a new password by a token of StartReset and unlocks the login. It fails with ErrResetToken or with what
// secret.CheckPolicy finds.
func (s *Sessions) Reset(ctx context.Context, token, password string) error {
	if err := secret.CheckPolicy(password); err != nil {
		return err
	}
	hash, err := secret.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, db.Caller{Channel: KindWeb}, func(tx *db.Tx) error {
		var user string
		err := tx.Row(`UPDATE password_resets SET used = $2 WHERE hash = $1 AND used = 0 AND expires > $2 RETURNING user_id`,
			secret.HashToken(token), int64(clock.FromTime(tx.Now()))).Scan(&user)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrResetToken
		}
		if err != nil {
			return err
		}
		SetPassword(tx, ids.ID(user), hash)
		return nil
	})
}
