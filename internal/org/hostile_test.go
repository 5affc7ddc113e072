package org_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/org"
)

// atOnce runs f that often at once, again where the store is busy, and counts those that succeed; any other must fail
// with want.
func atOnce(t *testing.T, times int, want error, f func() error) (succeeded int) {
	t.Helper()
	errs := make([]error, times)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for range 50 {
				if errs[i] = f(); !db.IsBusy(errs[i]) {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		switch {
		case err == nil:
			succeeded++
		case !errors.Is(err, want):
			t.Errorf("got %v, want %v", err, want)
		}
	}
	return succeeded
}

// Api-v2 2.5.2, 2.5.4: a right token that comes several times at once is taken once, be it a code or an authenticator's,
// also where each answers a challenge of its own.
func TestTokenAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		codes := o.secondFactor(t)
		_, c := o.open(t, o.signOn())
		id, err := o.sessions.Challenge(ctx, c, false)
		if err != nil {
			t.Fatal(err)
		}
		code := (*codes)[0]
		if n := atOnce(t, 4, org.ErrFactor, func() error {
			_, err := o.sessions.Authenticate(ctx, c, org.Answer{Challenge: id, Token: code})
			return err
		}); n != 1 {
			t.Errorf("a code was taken %d times", n)
		}
		_, typed, err := o.sessions.NewAuthenticator(ctx, c, "Duebook")
		if err != nil {
			t.Fatal(err)
		}
		token := func(ahead time.Duration) string {
			code, err := totp.GenerateCode(typed, s.RoughNow().Add(ahead))
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		if err := o.sessions.ConfirmAuthenticator(ctx, c, token(0)); err != nil {
			t.Fatal(err)
		}
		ids := make(chan string, 4)
		for range 4 {
			id, err := o.sessions.Challenge(ctx, c, false)
			if err != nil {
				t.Fatal(err)
			}
			ids <- id
		}
		next := token(30 * time.Second)
		if n := atOnce(t, 4, org.ErrFactor, func() error {
			id := <-ids
			defer func() { ids <- id }()
			_, err := o.sessions.Authenticate(ctx, c, org.Answer{Challenge: id, Token: next})
			return err
		}); n != 1 {
			t.Errorf("an authenticator's token was taken %d times", n)
		}
	})
}
