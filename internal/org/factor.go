package org

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

// Refusals about the second factor (api-v2 2.5).
var (
	ErrUntrusted     = fault.New(fault.Forbidden, "session_untrusted", "This needs a session that has shown its second factor.")
	ErrTokenSession  = fault.New(fault.Forbidden, "session_of_token", "A session of an API token may not do this.")
	ErrNoDevice      = fault.New(fault.Invalid, "mfa_no_device", "No device for a second factor is on file.")
	ErrFactor        = fault.New(fault.Invalid, "mfa_token", "The token is wrong, or its challenge is too old or used.")
	ErrFactorPaused  = fault.New(fault.Limit, "mfa_tries", "Too many wrong tokens: wait fifteen minutes.")
	ErrDeviceExpired = fault.New(fault.Invalid, "mfa_expired", "The remembered device has expired: show the second factor again.")
)

// The numbers of api-v2 2.5.2 and 2.5.3.
const (
	challengeLife  = 10 * time.Minute
	mostWrong      = 5 // wrong tokens in a row, over all challenges of a user
	factorPause    = 15 * time.Minute
	rememberedLife = 30 * 24 * time.Hour
)

// SendCode takes a code of six digits to its user within the transaction that made it.
type SendCode func(tx *db.Tx, u User, code string) error

// UseSecondFactor says where authenticators' secrets are sealed and how a code leaves; without send there are only
// authenticators. It is called before the sessions are used.
func (s *Sessions) UseSecondFactor(v *secret.Vault, send SendCode) { s.vault, s.sendCode = v, send }

// RequireTrust fails unless the session may do what is protected (api-v2 2.5.5): with ErrTokenSession if an API token
// opened it, with ErrUntrusted if its second factor was not shown and its key is not exempt.
func (x *Session) RequireTrust() error {
	switch {
	case x.Token:
		return ErrTokenSession
	case !x.Trusted && !x.exempt:
		return ErrUntrusted
	}
	return nil
}

// RequirePerson fails with ErrTokenSession if an API token opened the session (api-v2 2.1.7).
func (x *Session) RequirePerson() error {
	if x.Token {
		return ErrTokenSession
	}
	return nil
}

// factor is a user's second factor as stored.
type factor struct {
	sealed, pending string // an authenticator's secret each, or empty
	lastStep, wrong int64
	pausedUntil     clock.Instant
}

func loadFactor(tx *db.Tx, user ids.ID) (factor, error) { return scanFactor(tx, user, "") }

// lockFactor makes sure that the user has a row and holds it, so that tokens are counted exactly. It fails with
// ErrFactorPaused.
func lockFactor(tx *db.Tx, user ids.ID) (factor, error) {
	tx.Exec(`INSERT INTO second_factors (user_id) VALUES ($1) ON CONFLICT (user_id) DO NOTHING`, string(user))
	f, err := scanFactor(tx, user, tx.ForUpdate())
	if err == nil && clock.FromTime(tx.Now()) < f.pausedUntil {
		err = ErrFactorPaused
	}
	return f, err
}

func scanFactor(tx *db.Tx, user ids.ID, suffix string) (f factor, err error) {
	err = tx.Row(`SELECT sealed, pending, last_step, wrong, paused_until FROM second_factors WHERE user_id = $1`+suffix, string(user)).
		Scan(&f.sealed, &f.pending, &f.lastStep, &f.wrong, &f.pausedUntil)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return f, err
}

// noteWrong counts a wrong token of the user; the last one begins the pause and ends what is asked.
func noteWrong(tx *db.Tx, user ids.ID, f factor) {
	wrong, pause := f.wrong+1, clock.Instant(0)
	if wrong >= mostWrong {
		wrong, pause = 0, clock.FromTime(tx.Now().Add(factorPause))
		tx.Exec(`UPDATE mfa_challenges SET used = 1 WHERE user_id = $1`, string(user))
	}
	tx.Exec(`UPDATE second_factors SET wrong = $2, paused_until = $3 WHERE user_id = $1`, string(user), wrong, int64(pause))
	tx.Audit("second factor refused", "user", user, "")
}

// Challenge asks the session's user for the second factor and returns the challenge's id. The authenticator answers, if
// there is one; else, or as its backup, a code of six digits is sent. It fails as Write does, or with ErrTokenSession,
// ErrNoDevice, ErrFactorPaused.
func (s *Sessions) Challenge(ctx context.Context, c Credentials, backup bool) (id string, err error) {
	id = secret.NewToken(secret.Alphanumeric, 32)
	code := newCode()
	err = s.Write(ctx, c, func(x *Session, tx *db.Tx) error {
		if err := x.RequirePerson(); err != nil {
			return err
		}
		user := x.Caller.User
		f, err := lockFactor(tx, user)
		if err != nil {
			return err
		}
		hasApp := f.sealed != ""
		byCode := !hasApp || backup
		if byCode && s.sendCode == nil || backup && !hasApp { // without authenticator the code is the only device
			return ErrNoDevice
		}
		hash := ""
		if byCode {
			hash = secret.HashToken(id + code)
		}
		tx.Exec(`DELETE FROM mfa_challenges WHERE user_id = $1 AND expires <= $2`, string(user), int64(clock.FromTime(tx.Now())))
		tx.Exec(`INSERT INTO mfa_challenges (hash, session, user_id, code, expires, used) VALUES ($1, $2, $3, $4, $5, 0)`,
			secret.HashToken(id), x.hash, string(user), hash, int64(clock.FromTime(tx.Now().Add(challengeLife))))
		tx.Audit("ask for second factor", "user", user, "")
		if !byCode {
			return nil
		}
		u, err := UserByID(tx, user)
		if err != nil {
			return err
		}
		return s.sendCode(tx, u, code)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// newCode is six digits, each value as likely as another.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // the system's randomness never fails
	}
	return fmt.Sprintf("%06d", n)
}

// Answer is a user's answer to a challenge.
type Answer struct {
	Challenge, Token string
	Device, Machine  string // the caller's name for the device, and what people call it
	Remember         bool
}

// Device is a device after a right answer. MFA and ID together open trusted sessions for 30 days if it is to be
// remembered.
type Device struct{ MFA, ID, Machine string }

// Authenticate makes the session trusted by a right answer, which is good once. It fails as Write does, or with
// ErrTokenSession, ErrFactorPaused, ErrFactor. The fifth wrong token in a row, over all challenges of the user, begins
// the pause.
func (s *Sessions) Authenticate(ctx context.Context, c Credentials, a Answer) (Device, error) {
	given, err := s.appToken(ctx, c, a.Token, false)
	if err != nil {
		return Device{}, err
	}
	d := Device{MFA: secret.NewToken(secret.Alphanumeric, 32), ID: a.Device, Machine: a.Machine}
	if d.ID == "" {
		d.ID = secret.NewToken(secret.Alphanumeric, 20)
	}
	if r := []rune(d.Machine); len(r) > 100 {
		d.Machine = string(r[:100])
	}
	var wrong bool
	err = s.Write(ctx, c, func(x *Session, tx *db.Tx) error {
		wrong = false
		if err := x.RequirePerson(); err != nil {
			return err
		}
		user := x.Caller.User
		f, err := lockFactor(tx, user)
		if err != nil {
			return err
		}
		now := clock.FromTime(tx.Now())
		var code string
		err = tx.Row(`SELECT code FROM mfa_challenges WHERE hash = $1 AND session = $2 AND used = 0 AND expires > $3`,
			secret.HashToken(a.Challenge), x.hash, int64(now)).Scan(&code)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrFactor
		}
		if err != nil {
			return err
		}
		right := given.fits(f.sealed, f.lastStep)
		if code != "" {
			right = secret.ConstantTimeEqual(code, secret.HashToken(a.Challenge+a.Token))
			given.step = f.lastStep
		}
		if !right {
			wrong = true
			noteWrong(tx, user, f)
			return nil
		}
		tx.Exec(`UPDATE mfa_challenges SET used = 1 WHERE hash = $1`, secret.HashToken(a.Challenge))
		tx.Exec(`UPDATE second_factors SET wrong = 0, last_step = $2 WHERE user_id = $1`, string(user), given.step)
		tx.ExecOne(`UPDATE sessions SET trusted = 1 WHERE hash = $1`, x.hash)
		expires := now // remembered no longer than the session trusts by itself
		if a.Remember {
			expires = clock.FromTime(tx.Now().Add(rememberedLife))
		}
		tx.Exec(`INSERT INTO mfa_devices (hash, user_id, machine, created, expires) VALUES ($1, $2, $3, $4, $5)`,
			deviceHash(d.MFA, d.ID), string(user), d.Machine, int64(now), int64(expires))
		tx.Audit("show second factor", "user", user, "")
		tx.Invalidate()
		return nil
	})
	switch {
	case err != nil:
		return Device{}, err
	case wrong:
		return Device{}, ErrFactor
	}
	s.forget(c)
	return d, nil
}

// Status tells whether the session is trusted. A session that is not fails with ErrDeviceExpired when it names a device
// of its user that was remembered and is no more.
func (s *Sessions) Status(ctx context.Context, c Credentials, mfa, device string) (trusted bool, err error) {
	err = s.Read(ctx, c, func(x *Session, tx *db.Tx) error {
		trusted = x.Trusted
		if x.Trusted || mfa == "" {
			return x.RequirePerson()
		}
		var expires clock.Instant
		err := tx.Row(`SELECT expires FROM mfa_devices WHERE hash = $1 AND user_id = $2`, deviceHash(mfa, device), string(x.Caller.User)).
			Scan(&expires)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err == nil && expires <= clock.FromTime(tx.Now()):
			return ErrDeviceExpired
		}
		return err
	})
	return trusted, err
}

func deviceHash(mfa, device string) string { return secret.HashToken(mfa + " " + device) }

// remembered reports whether the pair names a device of the user that is still remembered.
func remembered(tx *db.Tx, user ids.ID, mfa, device string) (bool, error) {
	if mfa == "" {
		return false, nil
	}
	var yes bool
	err := tx.Row(`SELECT EXISTS (SELECT 1 FROM mfa_devices WHERE hash = $1 AND user_id = $2 AND expires > $3)`,
		deviceHash(mfa, device), string(user), int64(clock.FromTime(tx.Now()))).Scan(&yes)
	return yes, err
}
