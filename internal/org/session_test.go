package org_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// office is an organisation with an administrator, an application key and the sessions of one node.
type office struct {
	*dbtest.Store
	sessions *org.Sessions
	org, ana ids.ID
	key      string
	keyID    ids.ID
}

const ana = "ana@acme.example"

func newOffice(t *testing.T, s *dbtest.Store) *office {
	t.Helper()
	o := &office{Store: s, sessions: org.NewSessions(s.DB)}
	o.org, o.ana = create(t, s, "Acme", ana)
	o.key, o.keyID = issue(t, s.DB)
	return o
}

func issue(t *testing.T, d *db.DB) (key string, id ids.ID) {
	t.Helper()
	write(t, d, db.Caller{Channel: "command"}, func(tx *db.Tx) (err error) {
		key, id, err = org.IssueKey(tx, "Ledger Link", "dev@link.example", "exempt")
		return err
	})
	return key, id
}

func (o *office) login(t *testing.T) org.Credentials {
	t.Helper()
	session, err := o.sessions.Login(ctx, ana, password, o.org, o.key, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	return org.Credentials{Session: session, Key: o.key, Kind: org.KindXML, Address: "192.0.2.1"}
}

// call is one accepted or refused call of a client.
func call(s *org.Sessions, c org.Credentials) error {
	return s.Read(ctx, c, func(x *org.Session, tx *db.Tx) error {
		if tx.Caller().Org != x.Caller.Org || tx.Caller().User != x.Caller.User {
			return errors.New("the transaction has another caller than the session")
		}
		return nil
	})
}

func TestLoginOrderOfChecks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		addUser(t, s.DB, o.org, "clerk@acme.example", org.Clerk)
		gone := addUser(t, s.DB, o.org, "gone@acme.example", org.Administrator)
		write(t, s.DB, as(o.org), func(tx *db.Tx) error { return org.SetMembership(tx, gone, org.Administrator, false) })
		write(t, s.DB, as(o.org), func(tx *db.Tx) error {
			if err := org.SetRole(tx, "integrator", db.Of(org.ManageCompany, org.ManageBills)); err != nil {
				return err
			}
			return org.SetMembership(tx, gone, org.Administrator, false)
		})
		addUser(t, s.DB, o.org, "robot@acme.example", "integrator")
		elsewhere, _ := create(t, s, "Beta", "bea@beta.example")
		steps := []struct {
			name         string
			set          []string // settings from here on
			email, pass  string
			org          ids.ID
			want         error
			wantRightAll error // what a right login gives now
		}{
			{"unknown user", nil, "nobody@acme.example", password, o.org, org.ErrNoUser, nil},
			{"unknown organisation", nil, ana, password, "00801ZZZZZZZZZZ00000", org.ErrNoUser, nil},
			{"malformed organisation", nil, ana, password, "acme", org.ErrNoUser, nil},
			{"organisation by other letter case", nil, ana, password, ids.ID("008" + string(o.org[3:5]) + "a" + string(o.org[6:])), org.ErrNoUser, nil},
			{"of another organisation", nil, ana, password, elsewhere, org.ErrNoUser, nil},
			{"not active there", nil, "gone@acme.example", password, o.org, org.ErrNoUser, nil},
			{"wrong password", nil, ana, "wrong", o.org, org.ErrPassword, nil},
			{"user name without case", nil, "ANA@acme.EXAMPLE", password, o.org, nil, nil},
			{"ROL-1: a clerk", nil, "clerk@acme.example", password, o.org, org.ErrNotManager, nil},
			{"ROL-1: a custom role with Manage Company Info", nil, "robot@acme.example", password, o.org, nil, nil},
			{"access before permission", []string{"apiAccess", "no"}, "clerk@acme.example", password, o.org, org.ErrAPIAccess, nil},
			{"organisation before access", []string{"overdue", "yes"}, "clerk@acme.example", password, o.org, org.ErrOrgInactive, nil},
			{"password before organisation", nil, ana, "wrong", o.org, org.ErrPassword, nil},
			{"closed", []string{"state", "inactive"}, ana, password, o.org, org.ErrOrgInactive, nil},
			{"set up", []string{"state", "setup"}, ana, password, o.org, org.ErrOrgInactive, nil},
			{"open again", []string{"state", "active", "apiAccess", "yes"}, ana, password, o.org, nil, nil},
		}
		for _, c := range steps {
			if c.set != nil {
				setOrg(t, s.DB, o.org, c.set...)
			}
			session, err := o.sessions.Login(ctx, c.email, c.pass, c.org, o.key, "")
			if !errors.Is(err, c.want) || (session != "") != (c.want == nil) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		if _, err := o.sessions.Login(ctx, ana, password, o.org, "01XXXXXXXXXXXXXXXXXX", ""); !errors.Is(err, org.ErrKeyUnknown) {
			t.Errorf("unknown key: %v", err)
		}
	})
}

// V1-024, S-5: of fifty wrong passwords at once exactly five are looked at; then the right one is refused everywhere.
// E29: only a reset unlocks.
func TestLock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		second, err := db.Open(ctx, s.Options)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		nodes := []*org.Sessions{o.sessions, org.NewSessions(second)}
		beta, _ := create(t, s, "Beta", ana)
		var mu sync.Mutex
		wrong, locked := 0, 0
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				var err error
				switch i % 3 {
				case 0:
					_, err = nodes[i%2].Login(ctx, ana, "wrong", o.org, o.key, "")
				case 1:
					_, err = nodes[i%2].ListOrgs(ctx, ana, "wrong", "")
				default:
					_, _, err = nodes[i%2].SignIn(ctx, ana, "wrong", "")
				}
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, org.ErrPassword):
					wrong++
				case errors.Is(err, org.ErrLocked):
					locked++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if wrong != 5 || locked != 45 {
			t.Errorf("%d wrong, %d locked; want 5, 45", wrong, locked)
		}
		for _, id := range []ids.ID{o.org, beta} {
			if _, err := nodes[1].Login(ctx, ana, password, id, o.key, ""); !errors.Is(err, org.ErrLocked) {
				t.Errorf("the right password at a locked login: %v", err)
			}
		}
		if _, _, err := o.sessions.SignIn(ctx, ana, password, ""); !errors.Is(err, org.ErrLocked) {
			t.Errorf("E29: on the web: %v", err)
		}
		if _, err := o.sessions.Login(ctx, ana, "wrong", "00801ZZZZZZZZZZ00000", o.key, ""); !errors.Is(err, org.ErrNoUser) {
			t.Errorf("the user comes before the lock: %v", err)
		}

		var token string
		reset := func(email string) error {
			return o.sessions.StartReset(ctx, email, "", func(_ *db.Tx, _ org.User, tk string) error { token = tk; return nil })
		}
		if err := reset("nobody@acme.example"); err != nil || token != "" {
			t.Errorf("a reset for nobody tells: %v, %q", err, token)
		}
		if err := reset(ana); err != nil || token == "" {
			t.Fatal(err)
		}
		first := token
		if err := reset(ana); err != nil || token == first {
			t.Fatal(err)
		}
		const next = "silver harbour bicycle 9"
		if err := o.sessions.Reset(ctx, "guess", next); !errors.Is(err, org.ErrResetToken) {
			t.Errorf("a guessed token: %v", err)
		}
		if err := o.sessions.Reset(ctx, token, "short"); err == nil || errors.Is(err, org.ErrResetToken) {
			t.Errorf("LOG-6: a short password: %v", err)
		}
		if err := o.sessions.Reset(ctx, token, next); err != nil {
			t.Fatal(err)
		}
		for name, tk := range map[string]string{"used": token, "older": first} {
			if err := o.sessions.Reset(ctx, tk, next); !errors.Is(err, org.ErrResetToken) {
				t.Errorf("a %s token: %v", name, err)
			}
		}
		if _, err := o.sessions.Login(ctx, ana, next, o.org, o.key, ""); err != nil {
			t.Errorf("after the reset: %v", err)
		}
		if _, err := o.sessions.Login(ctx, ana, password, o.org, o.key, ""); !errors.Is(err, org.ErrPassword) {
			t.Errorf("the old password after the reset: %v", err)
		}
		if err := reset(ana); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(time.Hour)
		if err := o.sessions.Reset(ctx, token, next); !errors.Is(err, org.ErrResetToken) {
			t.Errorf("a token an hour old: %v", err)
		}
	})
}

// SEC-10: at most five links wait for a user, silently, however many ask at once; an hour later more are sent. A network
// address that asks all the time gets none either.
func TestResetLimits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		addUser(t, s.DB, o.org, "carl@acme.example", org.Clerk)
		var sent atomic.Int64
		ask := func(email, address string) {
			t.Helper()
			if err := o.sessions.StartReset(ctx, email, address, func(*db.Tx, org.User, string) error { sent.Add(1); return nil }); err != nil {
				t.Error(err)
			}
		}
		want := func(n int64, what string) {
			t.Helper()
			if got := sent.Swap(0); got != n {
				t.Errorf("%s: %d mails, want %d", what, got, n)
			}
		}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { ask(ana, "") })
		}
		wg.Wait()
		want(5, "twenty requests at once")
		s.Clock.Advance(59 * time.Minute)
		ask(ana, "")
		want(0, "before the hour is over")
		s.Clock.Advance(time.Minute)
		ask(ana, "")
		want(1, "an hour later")
		for range 60 {
			ask("nobody@acme.example", "192.0.2.7")
		}
		ask("carl@acme.example", "192.0.2.7")
		want(0, "from an address that asked sixty times")
		ask("carl@acme.example", "192.0.2.8")
		want(1, "from another address")
		s.Clock.Advance(time.Minute)
		ask("carl@acme.example", "192.0.2.7")
		want(1, "a minute later")
	})
}

// SEC-10, S-7: after sixty failed logins an address is refused even with the right password, through every door, until the
// minute is over. What is right does not count.
func TestThrottledLogins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		addUser(t, s.DB, o.org, "carl@acme.example", org.Clerk)
		const here = "127.0.0.1"
		for i := range 60 {
			var err error
			switch i % 3 {
			case 0:
				_, err = o.sessions.Login(ctx, "carl@acme.example", "wrong", o.org, o.key, here)
			case 1:
				_, err = o.sessions.ListOrgs(ctx, "carl@acme.example", "wrong", here)
			default:
				_, _, err = o.sessions.SignIn(ctx, "carl@acme.example", "wrong", here)
			}
			if !errors.Is(err, org.ErrPassword) && !errors.Is(err, org.ErrLocked) {
				t.Fatalf("%d. %v", i+1, err)
			}
		}
		if _, err := o.sessions.Login(ctx, ana, password, o.org, o.key, here); !errors.Is(err, org.ErrThrottled) {
			t.Errorf("Login: %v", err)
		}
		if _, err := o.sessions.ListOrgs(ctx, ana, password, here); !errors.Is(err, org.ErrThrottled) {
			t.Errorf("ListOrgs: %v", err)
		}
		if _, _, err := o.sessions.SignIn(ctx, ana, password, here); !errors.Is(err, org.ErrThrottled) {
			t.Errorf("SignIn: %v", err)
		}
		if _, err := o.sessions.ListOrgs(ctx, ana, password, "192.0.2.8"); err != nil {
			t.Errorf("another address: %v", err)
		}
		s.Clock.Advance(time.Minute)
		if _, err := o.sessions.ListOrgs(ctx, ana, password, here); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	})
}

// V1-023: four wrong and one right reset the counter.
func TestSuccessResetsTheCounter(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	o := newOffice(t, s)
	for round := range 2 {
		for range 4 {
			if _, err := o.sessions.Login(ctx, ana, "wrong", o.org, o.key, ""); !errors.Is(err, org.ErrPassword) {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		o.login(t)
	}
	for range 5 {
		_, _ = o.sessions.Login(ctx, ana, "wrong", o.org, o.key, "")
	}
	write(t, s.DB, as(o.org), func(tx *db.Tx) error { org.Unlock(tx, o.ana); return nil })
	o.login(t)
}

// V1-033, S-1, S-2: 35 minutes since the last call, failed ones included; 12 hours in any case.
func TestSessionLife(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		for _, c := range []struct {
			name  string
			waits []time.Duration
			want  error
		}{
			{"34:59", []time.Duration{35*time.Minute - time.Second}, nil},
			{"the last microsecond", []time.Duration{35*time.Minute - time.Microsecond}, nil},
			{"35:00", []time.Duration{35 * time.Minute}, org.ErrSession},
			{"34:59 twice: it slides", []time.Duration{35*time.Minute - time.Second, 35*time.Minute - time.Second}, nil},
			{"every 30 minutes for 3 hours", []time.Duration{30 * time.Minute, 30 * time.Minute, 30 * time.Minute, 30 * time.Minute, 30 * time.Minute, 30 * time.Minute}, nil},
		} {
			creds := o.login(t)
			var err error
			for _, w := range c.waits {
				s.Clock.Advance(w)
				err = call(o.sessions, creds)
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		creds := o.login(t)
		boom := errors.New("boom")
		for i := range 24 { // 12 hours of calls that fail
			s.Clock.Advance(30 * time.Minute)
			want := boom
			if i == 23 {
				want = org.ErrSession
			}
			if err := o.sessions.Write(ctx, creds, func(*org.Session, *db.Tx) error { return boom }); !errors.Is(err, want) {
				t.Errorf("after %d half hours: %v, want %v", i+1, err, want)
			}
		}
		if err := call(o.sessions, org.Credentials{Key: o.key, Kind: org.KindXML}); !errors.Is(err, org.ErrNoSession) {
			t.Errorf("LOG-4: empty id: %v", err)
		}
		if err := call(o.sessions, org.Credentials{Session: "unknown", Key: o.key, Kind: org.KindXML}); !errors.Is(err, org.ErrSession) {
			t.Errorf("LOG-4: unknown id: %v", err)
		}
		creds = o.login(t)
		creds.Kind = org.KindWeb
		if err := call(o.sessions, creds); !errors.Is(err, org.ErrSession) {
			t.Errorf("an API session on the web: %v", err)
		}
	})
}

// Last use on one node keeps the session alive on another, once it is written.
func TestLifeOnTwoNodes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		d, err := db.Open(ctx, s.Options)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		second := org.NewSessions(d)
		creds := o.login(t)
		for i := range 4 {
			nodes := []*org.Sessions{o.sessions, second}
			if err := call(nodes[i%2], creds); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
			s.Clock.Advance(30 * time.Minute)
			if err := call(nodes[0], creds); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
			if err := nodes[0].Flush(ctx); err != nil {
				t.Fatal(err)
			}
			s.Clock.Advance(30 * time.Minute)
			if err := call(nodes[1], creds); err != nil {
				t.Errorf("step %d: used 30 minutes ago on the other node: %v", i, err)
			}
			if err := nodes[1].Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What ends or suspends a session does so at once, also on a node that has it cached; several of it comes back.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		d, err := db.Open(ctx, s.Options)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		nodes := []*org.Sessions{o.sessions, org.NewSessions(d)}
		addUser(t, s.DB, o.org, "bo@acme.example", org.Administrator)
		creds := o.login(t)
		check := func(name string, want error) {
			t.Helper()
			for i, n := range nodes {
				if err := call(n, creds); !errors.Is(err, want) {
					t.Errorf("%s, node %d: %v, want %v", name, i, err, want)
				}
			}
		}
		command := func(fn func(*db.Tx) error) { t.Helper(); write(t, s.DB, as(o.org), fn) }
		check("opened", nil)
		other, _ := issue(t, s.DB)
		wrong := creds
		wrong.Key = other
		for _, n := range nodes {
			if err := call(n, wrong); !errors.Is(err, org.ErrSessionKey) {
				t.Errorf("KEY-6: with another key: %v", err)
			}
		}
		check("S-4: another key ends nothing", nil)
		setOrg(t, s.DB, o.org, "apiAccess", "no")
		check("ORG-5: access off", org.ErrAPIAccess)
		setOrg(t, s.DB, o.org, "apiAccess", "yes")
		check("ORG-5: access on again", nil)
		setOrg(t, s.DB, o.org, "overdue", "yes")
		check("ORG-1: overdue", org.ErrOrgInactive)
		setOrg(t, s.DB, o.org, "overdue", "no")
		check("paid", nil)
		command(func(tx *db.Tx) error { return org.SetMembership(tx, o.ana, org.Clerk, true) })
		check("ROL-1, ROL-4: made a clerk", org.ErrNotManager)
		command(func(tx *db.Tx) error { return org.SetMembership(tx, o.ana, org.Administrator, true) })
		check("administrator again", nil)
		command(func(tx *db.Tx) error { return org.SetMembership(tx, o.ana, org.Administrator, false) })
		check("membership ended", org.ErrNotManager)
		command(func(tx *db.Tx) error { return org.SetMembership(tx, o.ana, org.Administrator, true) })
		check("member again", nil)
		command(func(tx *db.Tx) error { return org.DeactivateKey(tx, o.key, "abuse") })
		check("KEY-5: key deactivated", org.ErrKeyDeactivated)
		command(func(tx *db.Tx) error { return org.ReactivateKey(tx, string(o.keyID)) })
		check("KEY-5: its sessions have ended", org.ErrSession)
		creds = o.login(t)
		check("a new one", nil)
		before := creds
		creds = o.login(t)
		check("a second beside it", nil)
		if id, err := nodes[1].Logout(ctx, creds); err != nil || id != o.org {
			t.Errorf("logout: %s, %v", id, err)
		}
		check("LOG-4: logged out", org.ErrSession)
		if _, err := nodes[0].Logout(ctx, creds); !errors.Is(err, org.ErrSession) {
			t.Errorf("logged out twice: %v", err)
		}
		creds = before
		check("the first lives on", nil)
		setOrg(t, s.DB, o.org, "apiAccess", "no")
		if _, err := nodes[0].Logout(ctx, creds); err != nil {
			t.Errorf("api-v1 3.6: logout with access off: %v", err)
		}
		setOrg(t, s.DB, o.org, "apiAccess", "yes")
		creds = o.login(t)
		check("again", nil)
		command(func(tx *db.Tx) error { org.SetPassword(tx, o.ana, dbtest.PasswordHash(password)); return nil })
		check("LOG-4: password changed", org.ErrSession)
		creds = o.login(t)
		s.Clock.Advance(35 * time.Minute)
		setOrg(t, s.DB, o.org, "apiAccess", "no")
		check("S-3: dead, while access is off", org.ErrAPIAccess)
		setOrg(t, s.DB, o.org, "apiAccess", "yes")
		check("S-3: dead", org.ErrSession)
	})
}

// A store whose version moves all the time, as logouts make it, still serves a live session.
func TestSessionsUnderInvalidation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		creds := o.login(t)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						_ = s.Write(ctx, as(o.org), func(tx *db.Tx) error { tx.Invalidate(); return nil })
					}
				}
			})
		}
		for range 60 {
			err := o.sessions.Write(ctx, creds, func(*org.Session, *db.Tx) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		close(stop)
		wg.Wait()
	})
}

func TestWeb(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		session, orgs, err := o.sessions.SignIn(ctx, ana, password, "")
		if err != nil || len(orgs) != 1 {
			t.Fatalf("%v, %v", orgs, err)
		}
		one := org.Credentials{Session: session, Kind: org.KindWeb}
		stands := func(c org.Credentials) (at ids.ID, perms db.Permissions) {
			err := o.sessions.Read(ctx, c, func(x *org.Session, tx *db.Tx) error {
				at, perms = tx.Org(), x.Caller.Perms
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			return at, perms
		}
		if at, perms := stands(one); at != o.org || perms != org.All {
			t.Errorf("the only organisation: %s %b", at, perms)
		}
		beta, _ := create(t, s, "Beta", ana)
		closed, _ := create(t, s, "Closed", "eve@closed.example")
		session, orgs, err = o.sessions.SignIn(ctx, ana, password, "")
		if err != nil || len(orgs) != 2 {
			t.Fatalf("%v, %v", orgs, err)
		}
		c := org.Credentials{Session: session, Kind: org.KindWeb}
		if at, perms := stands(c); at != "" || perms != 0 {
			t.Errorf("none chosen: %q %b", at, perms)
		}
		if err := o.sessions.Choose(ctx, c, closed); !errors.Is(err, org.ErrNoUser) {
			t.Errorf("chose somebody else's organisation: %v", err)
		}
		if err := o.sessions.Choose(ctx, c, beta); err != nil {
			t.Fatal(err)
		}
		if at, _ := stands(c); at != beta {
			t.Errorf("stands in %s", at)
		}
		if at, _ := stands(one); at != o.org {
			t.Errorf("the first session moved to %s", at)
		}
		setOrg(t, s.DB, beta, "apiAccess", "no")
		if at, _ := stands(c); at != beta {
			t.Error("ORG-5: the web is untouched by the switch")
		}
		setOrg(t, s.DB, beta, "overdue", "yes")
		if _, perms := stands(c); perms.Has(org.ManageBills) || !perms.Has(org.ViewBills) {
			t.Errorf("ORG-1: users of an overdue organisation read: %b", perms)
		}
		for _, state := range []string{"inactive", "setup"} {
			setOrg(t, s.DB, beta, "state", state)
			if at, perms := stands(c); at != "" || perms != 0 {
				t.Errorf("ORG-1: of an organisation that is %s: %q %b", state, at, perms)
			}
			if err := o.sessions.Choose(ctx, c, o.org); err != nil {
				t.Errorf("another organisation after one that is %s: %v", state, err)
			}
			if at, _ := stands(c); at != o.org {
				t.Errorf("stands in %q", at)
			}
			setOrg(t, s.DB, beta, "state", "active")
			if err := o.sessions.Choose(ctx, c, beta); err != nil {
				t.Error(err)
			}
		}
		eve := addUser(t, s.DB, beta, "eve@beta.example", org.Administrator)
		write(t, s.DB, as(beta), func(tx *db.Tx) error { return org.SetMembership(tx, o.ana, org.Clerk, false) })
		if at, perms := stands(c); at != "" || perms != 0 {
			t.Errorf("after the membership ended, with %s left: %q %b", eve, at, perms)
		}
		if _, err := o.sessions.Logout(ctx, c); err != nil {
			t.Error(err)
		}
		if err := call(o.sessions, c); !errors.Is(err, org.ErrSession) {
			t.Errorf("after sign-out: %v", err)
		}
	})
}

func TestConfirmedToPay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		var strict ids.ID
		write(t, s.DB, as(o.org), func(tx *db.Tx) (err error) {
			_, strict, err = org.IssueKey(tx, "Strict", "dev@link.example", "required")
			return err
		})
		confirmed := func(key ids.ID) (ok bool) {
			who := as(o.org)
			who.User, who.Key = o.ana, key
			if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { ok, err = org.ConfirmedToPay(tx); return err }); err != nil {
				t.Fatal(err)
			}
			return ok
		}
		if !confirmed("") || !confirmed(o.keyID) || confirmed(strict) {
			t.Error("LOG-5: the web and exempt keys need no confirmation, others do")
		}
		write(t, s.DB, as(o.org), func(tx *db.Tx) error { return org.ConfirmPayments(tx, o.ana, strict) })
		if !confirmed(strict) {
			t.Error("LOG-5: confirmed")
		}
	})
}
