package org_test

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/secret"
)

// signOn is what Ana's program brings.
func (o *office) signOn() org.SignOn {
	return org.SignOn{Name: ana, Password: password, Org: o.org, Key: o.key, Address: "192.0.2.1"}
}

func (o *office) open(t *testing.T, l org.SignOn) (org.Opened, org.Credentials) {
	t.Helper()
	s, err := o.sessions.Open(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	return s, org.Credentials{Session: s.ID, Key: l.Key, Kind: org.KindJSON, Address: l.Address}
}

// secondFactor gives the office a vault, and keeps the codes it sends.
func (o *office) secondFactor(t *testing.T) (codes *[]string) {
	t.Helper()
	v, err := secret.CreateVault(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	codes = new([]string)
	o.sessions.UseSecondFactor(v, func(_ *db.Tx, u org.User, code string) error {
		if u.ID != o.ana {
			t.Errorf("a code goes to %s", u.ID)
		}
		*codes = append(*codes, code)
		return nil
	})
	return codes
}

// V2-019 to V2-026, api-v2 2.1.3: the first check that fails answers.
func TestV2_019_V2_026_LoginOrderOfChecks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		clerk := addUser(t, s.DB, o.org, "clerk@acme.example", org.Clerk)
		gone := addUser(t, s.DB, o.org, "gone@acme.example", org.Administrator)
		locked := addUser(t, s.DB, o.org, "locked@acme.example", org.Clerk)
		write(t, s.DB, as(o.org), func(tx *db.Tx) error {
			tx.Exec(`UPDATE users SET failures = 5 WHERE id = $1`, string(locked))
			return org.SetMembership(tx, gone, org.Administrator, false)
		})
		elsewhere, _ := create(t, s, "Beta", "bea@beta.example")
		off, offID := issue(t, s.DB)
		write(t, s.DB, db.Caller{}, func(tx *db.Tx) error { return org.DeactivateKey(tx, string(offID), "lost") })
		for _, c := range []struct {
			name string
			set  []string // settings from here on
			edit func(*org.SignOn)
			want error
		}{
			{"V2-019: no key, before all else", nil, func(l *org.SignOn) { l.Key, l.Name = "", "" }, org.ErrKeyMissing},
			{"V2-020: no user name, before the key", nil, func(l *org.SignOn) { l.Name, l.Key = "", "01XXXXXXXXXXXXXXXXXX" }, org.ErrLoginField},
			{"no password", nil, func(l *org.SignOn) { l.Password = "" }, org.ErrLoginField},
			{"no organisation", nil, func(l *org.SignOn) { l.Org = "" }, org.ErrLoginField},
			{"V2-021: unknown key", nil, func(l *org.SignOn) { l.Key, l.Password = "01XXXXXXXXXXXXXXXXXX", "wrong" }, org.ErrKeyUnknown},
			{"V2-022: inactive key", nil, func(l *org.SignOn) { l.Key, l.Password = off, "wrong" }, org.ErrKeyDeactivated},
			{"locked before password", nil, func(l *org.SignOn) { l.Name, l.Password = "locked@acme.example", "wrong" }, org.ErrLocked},
			{"V2-023: wrong password", nil, func(l *org.SignOn) { l.Password, l.Org = "wrong", elsewhere }, org.ErrPassword},
			{"unknown user", nil, func(l *org.SignOn) { l.Name = "nobody@acme.example" }, org.ErrNoUser},
			{"unknown token", nil, func(l *org.SignOn) { l.Name = "nobody" }, org.ErrPassword},
			{"V2-024: foreign organisation", nil, func(l *org.SignOn) { l.Org = elsewhere }, org.ErrOrgUnknown},
			{"malformed organisation", nil, func(l *org.SignOn) { l.Org = "acme" }, org.ErrOrgUnknown},
			{"membership deactivated", nil, func(l *org.SignOn) { l.Name = "gone@acme.example" }, org.ErrNotMember},
			{"2.7: a clerk signs in", nil, func(l *org.SignOn) { l.Name = "CLERK@acme.example" }, nil},
			{"ROL-2: unless the organisation says no", []string{"apiNeedsManageCompanyInfo", "yes"}, func(l *org.SignOn) { l.Name = "clerk@acme.example" }, org.ErrNotManager},
			{"ROL-2: an administrator may", nil, func(*org.SignOn) {}, nil},
			{"V2-025: access off", []string{"apiAccess", "no"}, func(*org.SignOn) {}, org.ErrAPIAccess},
			{"V2-026: overdue, before access", []string{"state", "overdue"}, func(*org.SignOn) {}, org.ErrOrgInactive},
			{"V2-026: inactive", []string{"state", "inactive"}, func(*org.SignOn) {}, org.ErrOrgInactive},
			{"open again", []string{"state", "active", "apiAccess", "yes", "apiNeedsManageCompanyInfo", "no"}, func(*org.SignOn) {}, nil},
		} {
			if c.set != nil {
				setOrg(t, s.DB, o.org, c.set...)
			}
			l := o.signOn()
			c.edit(&l)
			got, err := o.sessions.Open(ctx, l)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || (got.ID != "") != (c.want == nil) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
			if l.Org = ""; errors.Is(c.want, org.ErrKeyUnknown) || errors.Is(c.want, org.ErrPassword) || errors.Is(c.want, org.ErrKeyMissing) {
				if _, err := o.sessions.Orgs(ctx, l); !errors.Is(err, c.want) {
					t.Errorf("%s: the list of organisations: %v", c.name, err)
				}
			}
		}
		// A member that leaves ends its sessions.
		l := o.signOn()
		l.Name = "clerk@acme.example"
		_, c := o.open(t, l)
		write(t, s.DB, as(o.org), func(tx *db.Tx) error { return org.SetMembership(tx, clerk, org.Clerk, false) })
		if err := call(o.sessions, c); !errors.Is(err, org.ErrSession) {
			t.Errorf("a session of one who left: %v", err)
		}
	})
}

// V2-028, V2-030 to V2-035: what a session is, whose it is, and how long it lives.
func TestV2_028_V2_035_Session(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		got, c := o.open(t, o.signOn())
		if !regexp.MustCompile(`^!b[A-Za-z0-9_-]{43}$`).MatchString(got.ID) || got.Org != o.org || got.User != o.ana || got.Trusted {
			t.Errorf("V2-028: opened %+v", got)
		}
		_, second := o.open(t, o.signOn())
		other, _ := issue(t, s.DB)
		for _, x := range []struct {
			name string
			c    org.Credentials
			want error
		}{
			{"good", c, nil},
			{"2.1.1: the newer one too", second, nil},
			{"2.6.11: no key", org.Credentials{Session: c.Session, Kind: org.KindJSON}, org.ErrKeyMissing},
			{"V2-031: no session", org.Credentials{Key: c.Key, Kind: org.KindJSON}, org.ErrNoSession},
			{"V2-032: garbage", org.Credentials{Key: c.Key, Session: "garbage", Kind: org.KindJSON}, org.ErrSession},
			{"V2-033: another good key", org.Credentials{Key: other, Session: c.Session, Kind: org.KindJSON}, org.ErrSessionKey},
			{"S-2: unknown to generation 1", org.Credentials{Key: c.Key, Session: c.Session, Kind: org.KindXML}, org.ErrSession},
		} {
			if err := call(o.sessions, x.c); !errors.Is(err, x.want) || (err == nil) != (x.want == nil) {
				t.Errorf("%s: %v, want %v", x.name, err, x.want)
			}
		}
		xml := o.login(t)
		xml.Kind = org.KindJSON
		if err := call(o.sessions, xml); err != nil {
			t.Errorf("2.6.12: a session of generation 1: %v", err)
		}
		write(t, s.DB, db.Caller{}, func(tx *db.Tx) error { org.LimitKey(tx, o.keyID, false); return nil })
		if err := call(o.sessions, xml); !errors.Is(err, org.ErrSession) {
			t.Errorf("2.6.12: a session of generation 1 with a key for it alone: %v", err)
		}
		orgs, err := o.sessions.Orgs(ctx, org.SignOn{Name: ana, Password: password, Key: o.key})
		if err != nil || len(orgs) != 1 || orgs[0].Org != o.org {
			t.Errorf("V2-030: %v, %v", orgs, err)
		}
		if _, err := o.sessions.Logout(ctx, second); err != nil {
			t.Fatal(err)
		}
		if err := call(o.sessions, second); !errors.Is(err, org.ErrSession) {
			t.Errorf("V2-034: after the logout: %v", err)
		}
		if _, err := o.sessions.Logout(ctx, second); !errors.Is(err, org.ErrSession) {
			t.Errorf("2.3: a second logout: %v", err)
		}
		for _, step := range []struct {
			idle time.Duration
			want error
		}{{34 * time.Minute, nil}, {34*time.Minute + 59*time.Second, nil}, {36 * time.Minute, org.ErrSession}} {
			s.Clock.Advance(step.idle)
			if err := call(o.sessions, c); !errors.Is(err, step.want) {
				t.Errorf("V2-035: after %s: %v", step.idle, err)
			}
		}
		_, c = o.open(t, o.signOn())
		for i := range 25 {
			s.Clock.Advance(30 * time.Minute)
			err := call(o.sessions, c)
			if alive := i < 23; alive != (err == nil) || !alive && !errors.Is(err, org.ErrSession) {
				t.Fatalf("2.6.3: after %d half hours: %v", i+1, err)
			}
		}
	})
}

// V2-027: the lock of five wrong passwords lasts until a new password is set.
func TestV2_027_Lock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		l := o.signOn()
		l.Password = "wrong"
		for range 5 {
			if _, err := o.sessions.Open(ctx, l); !errors.Is(err, org.ErrPassword) {
				t.Fatal(err)
			}
		}
		for range 2 {
			if _, err := o.sessions.Open(ctx, o.signOn()); !errors.Is(err, org.ErrLocked) {
				t.Errorf("locked: %v", err)
			}
			s.Clock.Advance(24 * time.Hour)
		}
		var token string
		err := o.sessions.StartReset(ctx, ana, "", func(_ *db.Tx, _ org.User, link string) error { token = link; return nil })
		if err != nil {
			t.Fatal(err)
		}
		l.Password = "wide violet harbour 9"
		if err := o.sessions.Reset(ctx, token, l.Password); err != nil {
			t.Fatal(err)
		}
		o.open(t, l)
	})
}

// Api-v2 2.1.7, LOG-4: an API token signs in, lives long, and does nothing that asks for a person. V2-041.
func TestV2_041_TokenSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		o.secondFactor(t)
		create(t, s, "Another", ana)
		who := db.Caller{Org: o.org, User: o.ana, Perms: org.All}
		var value string
		var id ids.ID
		write(t, s.DB, who, func(tx *db.Tx) (err error) { value, id, err = org.NewAPIToken(tx, "Night Run"); return err })
		for _, name := range []string{"night run ", "a@b", ""} {
			err := s.Write(ctx, who, func(tx *db.Tx) error { _, _, err := org.NewAPIToken(tx, name); return err })
			if !errors.Is(err, fault.ErrValue) && !errors.Is(err, fault.ErrMissing) {
				t.Errorf("a token called %q: %v", name, err)
			}
		}
		l := org.SignOn{Name: "NIGHT run", Password: value, Org: o.org, Key: o.key, Address: "192.0.2.9"}
		got, c := o.open(t, l)
		if got.User != o.ana || got.Trusted {
			t.Errorf("opened %+v", got)
		}
		orgs, err := o.sessions.Orgs(ctx, l)
		if err != nil || len(orgs) != 1 || orgs[0].Org != o.org {
			t.Errorf("a token's organisations: %v, %v", orgs, err)
		}
		err = o.sessions.Read(ctx, c, func(x *org.Session, _ *db.Tx) error {
			if err := x.RequireTrust(); !errors.Is(err, org.ErrTokenSession) {
				t.Errorf("what is protected: %v", err)
			}
			return x.RequirePerson()
		})
		if !errors.Is(err, org.ErrTokenSession) {
			t.Errorf("a payment: %v", err)
		}
		if _, err := o.sessions.Challenge(ctx, c, false); !errors.Is(err, org.ErrTokenSession) {
			t.Errorf("a challenge: %v", err)
		}
		s.Clock.Advance(47 * time.Hour)
		if err := call(o.sessions, c); err != nil {
			t.Errorf("after 47 hours: %v", err)
		}
		s.Clock.Advance(48 * time.Hour)
		if err := call(o.sessions, c); !errors.Is(err, org.ErrSession) {
			t.Errorf("after 48 idle hours: %v", err)
		}
		_, c = o.open(t, l)
		for i := range 16 {
			s.Clock.Advance(45 * time.Hour)
			if err := call(o.sessions, c); (err == nil) != (i < 15) {
				t.Fatalf("after %d times 45 hours: %v", i+1, err)
			}
		}
		_, c = o.open(t, l)
		write(t, s.DB, who, func(tx *db.Tx) error { return org.EndAPIToken(tx, id) })
		if err := call(o.sessions, c); !errors.Is(err, org.ErrSession) {
			t.Errorf("after the token's end: %v", err)
		}
		if _, err := o.sessions.Open(ctx, l); !errors.Is(err, org.ErrPassword) {
			t.Errorf("a token ended: %v", err)
		}
	})
}

// V2-038: challenge, code, trust, and a device that is remembered for thirty days.
func TestV2_038_Trust(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		write(t, s.DB, db.Caller{}, func(tx *db.Tx) error {
			tx.Exec(`UPDATE app_keys SET mfa = 'required'`)
			tx.Invalidate()
			return nil
		})
		_, c := o.open(t, o.signOn())
		if _, err := o.sessions.Challenge(ctx, c, false); !errors.Is(err, org.ErrNoDevice) {
			t.Errorf("without a sender: %v", err)
		}
		codes := o.secondFactor(t)
		trust := func(c org.Credentials) error {
			return o.sessions.Read(ctx, c, func(x *org.Session, _ *db.Tx) error { return x.RequireTrust() })
		}
		if err := trust(c); !errors.Is(err, org.ErrUntrusted) {
			t.Errorf("V2-040: before: %v", err)
		}
		if _, err := o.sessions.Challenge(ctx, c, true); !errors.Is(err, org.ErrNoDevice) {
			t.Errorf("2.5.8: a backup without second device: %v", err)
		}
		id, err := o.sessions.Challenge(ctx, c, false)
		if err != nil || len(*codes) != 1 || len((*codes)[0]) != 6 {
			t.Fatal(id, *codes, err)
		}
		_, other := o.open(t, o.signOn())
		answer := org.Answer{Challenge: id, Token: (*codes)[0], Device: "till 4", Machine: "Till", Remember: true}
		if _, err := o.sessions.Authenticate(ctx, other, answer); !errors.Is(err, org.ErrFactor) {
			t.Errorf("the challenge of another session: %v", err)
		}
		d, err := o.sessions.Authenticate(ctx, c, answer)
		if err != nil || d.MFA == "" || d.ID != "till 4" || d.Machine != "Till" {
			t.Fatal(d, err)
		}
		if err := trust(c); err != nil {
			t.Errorf("after: %v", err)
		}
		if err := trust(other); !errors.Is(err, org.ErrUntrusted) {
			t.Errorf("2.5.2: another session: %v", err)
		}
		if _, err := o.sessions.Authenticate(ctx, c, answer); !errors.Is(err, org.ErrFactor) {
			t.Errorf("2.5.3: a challenge used twice: %v", err)
		}
		l := o.signOn()
		l.MFA, l.Device = d.MFA, d.ID
		s.Clock.Advance(30*24*time.Hour - time.Second)
		if got, c := o.open(t, l); !got.Trusted || trust(c) != nil {
			t.Errorf("V2-038: a remembered device opens %+v", got)
		}
		for _, bad := range []org.SignOn{{MFA: d.MFA, Device: "till 5"}, {MFA: "x", Device: d.ID}} {
			l := o.signOn()
			l.MFA, l.Device = bad.MFA, bad.Device
			if got, _ := o.open(t, l); got.Trusted {
				t.Errorf("2.1.8: %+v is trusted", bad)
			}
		}
		s.Clock.Advance(time.Second)
		got, c := o.open(t, l)
		if got.Trusted {
			t.Error("2.1.8: a device is remembered for more than 30 days")
		}
		if _, err := o.sessions.Status(ctx, c, d.MFA, d.ID); !errors.Is(err, org.ErrDeviceExpired) {
			t.Errorf("the state of an expired device: %v", err)
		}
		if yes, err := o.sessions.Status(ctx, c, "", ""); yes || err != nil {
			t.Errorf("the state of an untrusted session: %t, %v", yes, err)
		}
		write(t, s.DB, db.Caller{}, func(tx *db.Tx) error {
			tx.Exec(`UPDATE app_keys SET mfa = 'exempt'`)
			tx.Invalidate()
			return nil
		})
		if err := trust(c); err != nil {
			t.Errorf("2.5.7: a key that is exempt: %v", err)
		}
	})
}

// V2-039: wrong tokens are counted over all challenges; after five comes a pause of a quarter of an hour.
func TestV2_039_WrongTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		codes := o.secondFactor(t)
		_, c := o.open(t, o.signOn())
		ask := func() string {
			t.Helper()
			id, err := o.sessions.Challenge(ctx, c, false)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		try := func(id, token string) error {
			_, err := o.sessions.Authenticate(ctx, c, org.Answer{Challenge: id, Token: token})
			return err
		}
		wrong := func() string { // than the last code
			if strings.HasPrefix((*codes)[len(*codes)-1], "1") {
				return "222222"
			}
			return "111111"
		}
		id := ask()
		for i := range 4 {
			if i == 2 {
				id = ask()
			}
			if err := try(id, wrong()); !errors.Is(err, org.ErrFactor) {
				t.Errorf("wrong token %d: %v", i+1, err)
			}
		}
		stale := ask()
		s.Clock.Advance(10 * time.Minute)
		if err := try(stale, (*codes)[len(*codes)-1]); !errors.Is(err, org.ErrFactor) {
			t.Errorf("a stale challenge: %v", err)
		}
		id = ask()
		if err := try(id, wrong()); !errors.Is(err, org.ErrFactor) {
			t.Errorf("the fifth wrong token: %v", err)
		}
		if err := try(id, (*codes)[len(*codes)-1]); !errors.Is(err, org.ErrFactorPaused) {
			t.Errorf("the sixth try: %v", err)
		}
		if _, err := o.sessions.Challenge(ctx, c, false); !errors.Is(err, org.ErrFactorPaused) {
			t.Errorf("a challenge in the pause: %v", err)
		}
		s.Clock.Advance(15 * time.Minute)
		if err := try(id, (*codes)[len(*codes)-1]); !errors.Is(err, org.ErrFactor) {
			t.Errorf("the old challenge after the pause: %v", err)
		}
		id = ask()
		if err := try(id, (*codes)[len(*codes)-1]); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
}

// Api-v2 2.5.4: an authenticator answers instead of a code, each token once.
func TestAuthenticator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		codes := o.secondFactor(t)
		_, c := o.open(t, o.signOn())
		address, typed, err := o.sessions.NewAuthenticator(ctx, c, "Duebook")
		if err != nil || !strings.HasPrefix(address, "otpauth://totp/Duebook:ana@acme.example?") {
			t.Fatal(address, err)
		}
		token := func(ahead time.Duration) string {
			code, err := totp.GenerateCode(typed, s.RoughNow().Add(ahead))
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		id, err := o.sessions.Challenge(ctx, c, false)
		if err != nil || len(*codes) != 1 {
			t.Fatalf("before the first token a code is sent: %v", err)
		}
		if err := o.sessions.ConfirmAuthenticator(ctx, c, "x"); !errors.Is(err, org.ErrFactor) {
			t.Errorf("a wrong first token: %v", err)
		}
		first := token(0)
		if err := o.sessions.ConfirmAuthenticator(ctx, c, first); err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.sessions.NewAuthenticator(ctx, c, "Duebook"); !errors.Is(err, org.ErrFactorSet) {
			t.Errorf("a second one: %v", err)
		}
		if id, err = o.sessions.Challenge(ctx, c, false); err != nil || len(*codes) != 1 {
			t.Fatalf("codes %v, %v", *codes, err)
		}
		try := func(token string) error {
			_, err := o.sessions.Authenticate(ctx, c, org.Answer{Challenge: id, Token: token})
			return err
		}
		if err := try(first); !errors.Is(err, org.ErrFactor) {
			t.Errorf("a token taken before: %v", err)
		}
		if err := try(token(-2 * time.Minute)); !errors.Is(err, org.ErrFactor) {
			t.Errorf("a token of two minutes ago: %v", err)
		}
		if err := try(token(30 * time.Second)); err != nil {
			t.Errorf("the token of a clock half a minute ahead: %v", err)
		}
		if id, err = o.sessions.Challenge(ctx, c, true); err != nil || len(*codes) != 2 {
			t.Fatalf("the backup sends a code: %v, %v", *codes, err)
		}
		if err := try((*codes)[1]); err != nil {
			t.Errorf("the backup's code: %v", err)
		}
		s.Clock.Advance(2 * time.Minute)
		if err := o.sessions.RemoveAuthenticator(ctx, c, token(0)); err != nil {
			t.Fatal(err)
		}
		if _, err = o.sessions.Challenge(ctx, c, false); err != nil || len(*codes) != 3 {
			t.Errorf("codes again: %v, %v", *codes, err)
		}
	})
}
