package org

import (
	"context"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

// ErrFactorSet refuses a second authenticator.
var ErrFactorSet = fault.New(fault.Conflict, "factor_set", "You have an authenticator already: remove it first.")

// stepSeconds is the life of an authenticator's token; the ones before and after the present one are taken too.
//
// Source: RFC 6238, sections 4.1 and 5.2.
const stepSeconds = 30

// appToken is a token compared with an authenticator's secret outside the transaction: the secret's sealed form it was
// compared with, and the time step it is of, 0 for none.
type appToken struct {
	sealed string
	step   int64
}

// fits reports whether the token is of the secret that is stored now, and of a later step than the last one taken.
func (t appToken) fits(sealed string, lastStep int64) bool {
	return t.sealed != "" && t.sealed == sealed && t.step > lastStep
}

// appToken compares a token with the authenticator of the session's user, or with the one being set up.
func (s *Sessions) appToken(ctx context.Context, c Credentials, token string, pending bool) (t appToken, err error) {
	var user ids.ID
	var now time.Time
	err = s.Read(ctx, c, func(x *Session, tx *db.Tx) error {
		user, now = x.Caller.User, tx.Now()
		f, err := loadFactor(tx, user)
		t.sealed = f.sealed
		if pending {
			t.sealed = f.pending
		}
		return err
	})
	if err != nil || t.sealed == "" {
		return t, err
	}
	plain, err := s.vault.Open(t.sealed, factorPlace(user)...)
	if err != nil {
		return t, fmt.Errorf("open the authenticator of %s: %w", user, err)
	}
	for step := now.Unix()/stepSeconds + 1; step >= now.Unix()/stepSeconds-1; step-- {
		code, err := hotp.GenerateCode(string(plain), uint64(step))
		if err != nil {
			return t, fmt.Errorf("make the token of %s: %w", user, err)
		}
		if secret.ConstantTimeEqual(code, token) {
			t.step = step
			break
		}
	}
	return t, nil
}

func factorPlace(user ids.ID) []string { return []string{"", "second_factors", "sealed", string(user)} }

// NewAuthenticator begins to set up an authenticator for the session's user and returns the address that an app reads
// from a QR code and the secret to type instead. Until ConfirmAuthenticator it answers nothing. It fails with
// ErrFactorSet, ErrTokenSession, or ErrNoDevice where secrets cannot be sealed.
func (s *Sessions) NewAuthenticator(ctx context.Context, c Credentials, issuer string) (address, typed string, err error) {
	if s.vault == nil {
		return "", "", ErrNoDevice
	}
	x, err := s.Find(ctx, c)
	if err != nil {
		return "", "", err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: x.Email, Period: stepSeconds, Digits: otp.DigitsSix})
	if err != nil {
		return "", "", fmt.Errorf("make an authenticator's secret: %w", err)
	}
	sealed, err := s.vault.Seal([]byte(key.Secret()), factorPlace(x.Caller.User)...)
	if err != nil {
		return "", "", err
	}
	err = s.Write(ctx, c, func(x *Session, tx *db.Tx) error {
		if err := x.RequirePerson(); err != nil {
			return err
		}
		f, err := lockFactor(tx, x.Caller.User)
		if err != nil {
			return err
		}
		if f.sealed != "" {
			return ErrFactorSet
		}
		tx.Exec(`UPDATE second_factors SET pending = $2 WHERE user_id = $1`, string(x.Caller.User), sealed)
		tx.Audit("begin authenticator", "user", x.Caller.User, "")
		return nil
	})
	if err != nil {
		return "", "", err
	}
	return key.URL(), key.Secret(), nil
}

// ConfirmAuthenticator puts the authenticator being set up to work by its first right token. It fails with ErrFactor or
// ErrFactorPaused.
func (s *Sessions) ConfirmAuthenticator(ctx context.Context, c Credentials, token string) error {
	return s.byToken(ctx, c, token, true, func(tx *db.Tx, user ids.ID, given appToken) {
		tx.Exec(`UPDATE second_factors SET sealed = pending, pending = '', last_step = $2, wrong = 0 WHERE user_id = $1`,
			string(user), given.step)
		tx.Audit("set authenticator", "user", user, "")
	})
}

// RemoveAuthenticator removes the authenticator by one more of its tokens. It fails with ErrFactor or ErrFactorPaused.
func (s *Sessions) RemoveAuthenticator(ctx context.Context, c Credentials, token string) error {
	return s.byToken(ctx, c, token, false, func(tx *db.Tx, user ids.ID, _ appToken) { RemoveFactor(tx, user) })
}

// RemoveFactor removes the authenticator and the remembered devices of a user who has lost them; for operators.
func RemoveFactor(tx *db.Tx, user ids.ID) {
	tx.Exec(`DELETE FROM second_factors WHERE user_id = $1`, string(user))
	tx.Exec(`DELETE FROM mfa_devices WHERE user_id = $1`, string(user))
	tx.Audit("remove authenticator", "user", user, "")
}

// byToken runs then in the session's transaction if the token is one of the authenticator, and counts it if not.
func (s *Sessions) byToken(ctx context.Context, c Credentials, token string, pending bool, then func(*db.Tx, ids.ID, appToken)) error {
	given, err := s.appToken(ctx, c, token, pending)
	if err != nil {
		return err
	}
	var wrong bool
	err = s.Write(ctx, c, func(x *Session, tx *db.Tx) error {
		f, err := lockFactor(tx, x.Caller.User)
		if err != nil {
			return err
		}
		stored := f.sealed
		if pending {
			stored = f.pending
		}
		if wrong = !given.fits(stored, f.lastStep); wrong {
			noteWrong(tx, x.Caller.User, f)
			return nil
		}
		then(tx, x.Caller.User, given)
		return nil
	})
	if err == nil && wrong {
		err = ErrFactor.On("token")
	}
	return err
}

// HasAuthenticator reports whether the caller has an authenticator.
func HasAuthenticator(tx *db.Tx) (bool, error) {
	f, err := loadFactor(tx, tx.Caller().User)
	return f.sealed != "", err
}
