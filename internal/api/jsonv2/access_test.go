package jsonv2_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/api/jsonv2"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/limit"
	"github.com/duebook/duebook/internal/org"
)

// mailed is what the door had mailed, newest last.
type mailed struct{ codes, invitations []string }

// guard puts a door with limits before the store that mails codes and invitations.
func (h *house) guard(set limit.Settings) (*limit.Limiter, *mailed) {
	h.t.Helper()
	m, l := &mailed{}, limit.New(h.store.DB, set)
	h.sessions.UseSecondFactor(h.vault, func(_ *db.Tx, _ org.User, code string) error { m.codes = append(m.codes, code); return nil })
	h.handler = jsonv2.New(jsonv2.Deps{DB: h.store.DB, Sessions: h.sessions, Vault: h.vault, SpoolDir: h.dir, Limits: l,
		Log: slog.New(failOnError{slog.NewTextHandler(io.Discard, nil), h.t}),
		Invite: func(_ *db.Tx, u org.User, token string) error {
			m.invitations = append(m.invitations, u.Email+" "+token)
			return nil
		}})
	return l, m
}

// signOn posts a login with what edit makes of the right one.
func (h *house) signOn(edit ...string) answer {
	h.t.Helper()
	v := map[string]string{"userName": h.email, "password": password, "orgId": string(h.org), "devKey": h.key}
	for i := 0; i+1 < len(edit); i += 2 {
		v[edit[i]] = edit[i+1]
	}
	var pairs []string
	for name, value := range v {
		pairs = append(pairs, name, value)
	}
	return h.form("Login.json", pairs...)
}

// V2-019 to V2-026: what a login that fails answers.
func TestV2_019_V2_026(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		gone := h.member("gone@acme.example", org.Administrator)
		off := h.newKey("exempt")
		h.write(func(tx *db.Tx) error {
			if err := org.DeactivateKey(tx, off, "lost"); err != nil {
				return err
			}
			return org.SetMembership(tx, gone, org.Administrator, false)
		})
		b := h.other()
		for _, c := range []struct {
			name string
			set  []string
			edit []string
			want string
		}{
			{"V2-019", nil, []string{"devKey", ""}, "BDC_1178"},
			{"V2-020", nil, []string{"userName", ""}, "BDC_1108"},
			{"V2-020: password", nil, []string{"password", ""}, "BDC_1108"},
			{"V2-020: orgId", nil, []string{"orgId", ""}, "BDC_1108"},
			{"V2-021", nil, []string{"devKey", "01XXXXXXXXXXXXXXXXXX"}, "BDC_1102"},
			{"V2-022", nil, []string{"devKey", off}, "BDC_1103"},
			{"V2-023", nil, []string{"password", "wrong"}, "BDC_1101"},
			{"V2-023: user", nil, []string{"userName", "nobody@acme.example"}, "BDC_1101"},
			{"V2-024", nil, []string{"orgId", string(b.org)}, "BDC_1123"},
			{"V2-024: malformed", nil, []string{"orgId", "acme"}, "BDC_1123"},
			{"2.1.4: a member no more", nil, []string{"userName", "gone@acme.example"}, "BDC_1111"},
			{"2.1.6: a name in other letter case", nil, []string{"userName", strings.ToUpper(h.email)}, ""},
			{"V2-025", []string{"apiAccess", "no"}, nil, "BDC_1105"},
			{"V2-026", []string{"state", "inactive"}, nil, "BDC_1107"},
			{"V2-026: overdue", []string{"state", "overdue"}, nil, "BDC_1107"},
		} {
			if c.set != nil {
				h.set(c.set...)
			}
			if a := h.signOn(c.edit...); a.code != c.want || a.status != http.StatusOK {
				t.Errorf("%s: %d %s %s, want %s", c.name, a.status, a.code, a.what, c.want)
			}
		}
		// ORG-5: the switch holds for sessions that run.
		h.refused("CurrentTime", "", "BDC_1107")
		h.set("state", "active")
		h.refused("CurrentTime", "", "BDC_1105")
		h.set("apiAccess", "yes")
		h.ok("CurrentTime", "")
		r := httptest.NewRequest("GET", "/api/v2/Login.json?userName=x", nil)
		if a := h.serve(r); a.status != http.StatusMethodNotAllowed || a.code != "BDC_1121" {
			t.Errorf("2.1.9: %d %s", a.status, a.code)
		}
	})
}

// V2-027: the lock outlasts a day and ends with a new password.
func TestV2_027(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for range 5 {
			if a := h.signOn("password", "wrong"); a.code != "BDC_1101" {
				t.Fatal(a.raw)
			}
		}
		for range 2 {
			if a := h.signOn(); a.code != "BDC_1110" {
				t.Errorf("locked: %s", a.raw)
			}
			h.store.Clock.Advance(24 * time.Hour)
		}
		h.write(func(tx *db.Tx) error { org.SetPassword(tx, h.user, dbtest.PasswordHash(password)); return nil })
		if a := h.signOn(); a.failed {
			t.Errorf("after a new password: %s", a.raw)
		}
	})
}

// V2-028 to V2-035: a session from login to its end.
func TestV2_028_V2_035(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.signOn()
		end := a.text("apiEndPoint")
		if !strings.HasPrefix(a.text("sessionId"), "!b") || a.text("orgId") != string(h.org) || a.text("usersId") != string(h.user) ||
			!strings.HasSuffix(end, "/api/v2") {
			t.Errorf("V2-028: %s", a.raw)
		}
		h.session = a.text("sessionId")
		u, err := url.Parse(end + "/CurrentTime.json")
		if err != nil {
			t.Fatal(err)
		}
		credentials := url.Values{"devKey": {h.key}, "sessionId": {h.session}}.Encode()
		if a := h.serve(httptest.NewRequest("POST", u.String()+"?"+credentials, nil)); a.failed {
			t.Errorf("V2-029: %s", a.raw)
		}
		q := url.Values{"userName": {h.email}, "password": {password}, "devKey": {h.key}}.Encode()
		if rows := h.serve(httptest.NewRequest("POST", "/api/v2/ListOrgs.json?"+q, nil)).rows(); len(rows) != 1 ||
			rows[0].text("orgId") != string(h.org) || rows[0].text("orgName") != "Acme" {
			t.Errorf("V2-030: %v", rows)
		}
		if a := h.form("CurrentTime.json", "devKey", h.key); a.code != "BDC_1108" {
			t.Errorf("V2-031: %s", a.raw)
		}
		if a := h.form("CurrentTime.json", "devKey", h.key, "sessionId", "garbage"); a.code != "BDC_1109" || !strings.HasPrefix(a.what, "Session is invalid") {
			t.Errorf("V2-032: %s", a.raw)
		}
		if a := h.form("CurrentTime.json", "devKey", h.newKey("exempt"), "sessionId", h.session); a.code != "BDC_1102" {
			t.Errorf("V2-033: %s", a.raw)
		}
		if a := h.form("CurrentTime.json", "sessionId", h.session); a.code != "BDC_1178" {
			t.Errorf("2.6.11: %s", a.raw)
		}
		info := h.ok("GetSessionInfo", "")
		if info.text("organizationId") != string(h.org) || info.text("orgId") != string(h.org) || info.text("userId") != string(h.user) ||
			info.text("usersId") != string(h.user) || info.text("isTrusted") != "false" || info.text("apiEndPoint") != end {
			t.Errorf("2.4: %s", info.raw)
		}
		if a := h.ok("Logout", ""); !strings.Contains(a.raw, `"response_data":{}`) {
			t.Errorf("V2-034: %s", a.raw)
		}
		h.refused("CurrentTime", "", "BDC_1109")
		h.refused("Logout", "", "BDC_1109")
		h.session = h.login(h.email)
		h.store.Clock.Advance(34 * time.Minute)
		h.ok("GetSessionInfo", "")
		h.store.Clock.Advance(36 * time.Minute)
		h.refused("GetSessionInfo", "", "BDC_1109", "Session is invalid") // V2-035
	})
}

// V2-036, V2-037: calls over a limit.
func TestV2_036_V2_037(t *testing.T) {
	t.Parallel()
	h := sqliteHouse(t)
	h.guard(limit.Origin)
	list := func() answer { return h.form("ListOrgs.json", "userName", h.email, "password", "", "devKey", h.key) }
	for i := range 200 {
		if a := list(); a.code != "BDC_1108" {
			t.Fatalf("list of organisations %d: %s", i+1, a.raw)
		}
	}
	if a := h.signOn(); a.code != "BDC_1144" || !strings.Contains(a.what, "200") || a.status != http.StatusOK || a.header.Get("Retry-After") == "" {
		t.Errorf("V2-036: %d %s", a.status, a.raw)
	}
	h.ok("GetSessionInfo", "")
	h.store.Clock.Advance(time.Hour)
	if a := h.signOn(); a.failed {
		t.Errorf("V2-036: the next hour: %s", a.raw)
	} else {
		h.session = a.text("sessionId")
	}
	l, _ := h.guard(limit.Settings{InFlight: 3})
	var leave []func()
	for range 3 {
		f, err := l.Enter(context.Background(), h.key, h.org)
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, f)
	}
	h.refused("GetSessionInfo", "", "BDC_1322") // V2-037
	time.AfterFunc(20*time.Millisecond, leave[0])
	for range 5 {
		h.ok("GetSessionInfo", "")
	}
	h.guard(limit.Settings{CallsPerHour: 1})
	if a := h.form("GetSessionInfo.json", "devKey", h.key, "sessionId", "garbage"); a.code != "BDC_1109" {
		t.Error(a.raw)
	}
	h.refused("GetSessionInfo", "", "BDC_1144", "1 calls an hour") // 2.6.6: failed calls count
}

// V2-038 to V2-041: the second factor.
func TestV2_038_V2_041(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, m := h.guard(limit.Settings{MailsPerMinute: 20})
		h.key = h.newKey("required")
		h.session = h.login(h.email)
		trusted := func() string { return h.ok("GetSessionInfo", "").text("isTrusted") }
		h.refused("MFAChallenge", `{"useBackup":true}`, "BDC_1354")
		ask := func() string { return h.ok("MFAChallenge", `{}`).text("challengeId") }
		code := func() string { return m.codes[len(m.codes)-1] }
		wrong := func() string {
			if code() == "000000" {
				return "111111"
			}
			return "000000"
		}
		id := ask()
		h.refused("MFAAuthenticate", `{"token":"1"}`, "BDC_1117", "challengeId")
		a := h.ok("MFAAuthenticate", `{"challengeId":"`+id+`","token":"`+code()+`","deviceId":"till 4","machineName":"Till","rememberMe":true}`)
		mfa := a.text("mfaId")
		if mfa == "" || a.text("machineName") != "Till" || a.text("deviceId") != "till 4" || trusted() != "true" ||
			h.ok("MFAStatus", `{}`).text("isTrusted") != "true" {
			t.Errorf("V2-038: %s", a.raw)
		}
		h.session = h.signOn("mfaId", mfa, "deviceId", "till 4").text("sessionId")
		if trusted() != "true" {
			t.Error("V2-038: a remembered device is not trusted")
		}
		h.session = h.signOn("mfaId", mfa, "deviceId", "till 5").text("sessionId")
		if trusted() != "false" || h.ok("MFAStatus", `{"mfaId":"`+mfa+`","deviceId":"till 4"}`).text("isTrusted") != "false" {
			t.Error("2.1.8: another device is trusted")
		}

		id = ask()
		h.store.Clock.Advance(11 * time.Minute)
		h.refused("MFAAuthenticate", `{"challengeId":"`+id+`","token":"`+code()+`"}`, "BDC_1356") // V2-039: stale
		id = ask()
		for range 5 {
			h.refused("MFAAuthenticate", `{"challengeId":"`+id+`","token":"`+wrong()+`"}`, "BDC_1356")
		}
		h.refused("MFAAuthenticate", `{"challengeId":"`+id+`","token":"`+code()+`"}`, "BDC_1358") // V2-039: the sixth
		h.refused("MFAChallenge", `{}`, "BDC_1358")
		h.store.Clock.Advance(31 * 24 * time.Hour)
		h.session = h.login(h.email)
		h.refused("MFAStatus", `{"mfaId":"`+mfa+`","deviceId":"till 4"}`, "BDC_1374")

		var value string
		h.write(func(tx *db.Tx) (err error) { value, _, err = org.NewAPIToken(tx, "Night Run"); return err })
		h.session = h.signOn("userName", "night run", "password", value).text("sessionId")
		h.refused("MFAChallenge", `{}`, "BDC_1361") // 2.1.7
		for range 2 {
			h.ok("GetSessionInfo", "")
			h.store.Clock.Advance(47 * time.Hour)
		}
	})
}

// 2.5: how many codes a user has sent in a minute is limited.
func TestCodesPerMinute(t *testing.T) {
	t.Parallel()
	h := sqliteHouse(t)
	h.guard(limit.Origin)
	for range 5 {
		h.ok("MFAChallenge", `{}`)
	}
	h.refused("MFAChallenge", `{}`, "BDC_1144", "5 messages a minute")
}

// 3.18: users, their profiles and the organisation.
func TestUsers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, m := h.guard(limit.Default)
		profiles := map[string]string{}
		for _, p := range h.list("Profile") {
			profiles[p.text("type")] = p.text("id")
		}
		if len(profiles) != 6 || !ids.ID(profiles["2"]).Is(ids.Profile) {
			t.Errorf("profiles %v", profiles)
		}
		if a := h.ok("GetProfilePermissions", `{"profileId":"`+profiles["4"]+`"}`); a.text("permissions.pay") != "true" || a.text("permissions.manageLists") != "false" {
			t.Errorf("a payer may %s", a.raw)
		}
		h.refused("GetProfilePermissions", `{"profileId":"0po01ZZZZZZZZZZ00000"}`, "BDC_1119", "profileId")
		h.refused("Crud/Create/Profile", `{"obj":{"name":"x"}}`, "BDC_1116")
		h.refused("Crud/Create/User", `{"obj":{"firstName":"Cleo"}}`, "BDC_1117", "lastName", "email", "loginId", "profileId")
		obj := `{"firstName":"Cleo","lastName":"Clark","email":"cleo@acme.example","loginId":"Cleo@acme.example","profileId":"` + profiles["5"] + `"}`
		u := h.create("User", obj)
		id := u.text("id")
		if !strings.HasPrefix(id, "006") || u.text("isActive") != "1" || u.text("orgId") != string(h.org) || u.text("organizationName") != "Acme" ||
			u.text("partnerUserGroupType") != "0" || u.text("isVeridVerified") != "false" || strings.Contains(u.raw, "assword") {
			t.Errorf("created %s", u.raw)
		}
		if len(m.invitations) != 1 || !strings.HasPrefix(m.invitations[0], "cleo@acme.example ") || len(m.invitations[0]) < 50 {
			t.Errorf("invitations %q", m.invitations)
		}
		h.refused("Crud/Create/User", `{"obj":`+obj+`}`, "BDC_9102", "loginId")
		h.refused("Crud/Update/User", `{"obj":{"id":"`+id+`","profileId":"0po01ZZZZZZZZZZ00000"}}`, "BDC_1119", "profileId")
		if a := h.ok("Crud/Update/User", `{"obj":{"id":"`+id+`","lastName":"Clarke","profileId":"`+profiles["6"]+`"}}`); a.text("lastName") != "Clarke" ||
			a.text("profileId") != profiles["6"] {
			t.Errorf("updated %s", a.raw)
		}
		before := h.read("User", id).raw
		h.ok("Crud/Update/User", `{"obj":{"id":"`+id+`","lastName":"Clarke"}}`)
		if after := h.read("User", id).raw; after != before {
			t.Errorf("an update that changes nothing: %s, was %s", after, before)
		}
		if a := h.ok("Crud/Delete/User", `{"id":"`+id+`"}`); a.text("isActive") != "2" {
			t.Errorf("deleted %s", a.raw)
		}
		if got := column(h.list("User", "isActive", "=", "1"), "id"); !slices.Equal(got, []string{string(h.user)}) {
			t.Errorf("active users %v", got)
		}
		if a := h.ok("Crud/Undelete/User", `{"id":"`+id+`"}`); a.text("isActive") != "1" || a.text("profileId") != profiles["6"] {
			t.Errorf("back again %s", a.raw)
		}
		h.refused("Crud/Delete/User", `{"id":"`+string(h.user)+`"}`, "BDC_9006") // ORG-6

		clerk := h.as(org.Clerk)
		clerk.refused("Crud/Update/User", `{"obj":{"id":"`+id+`","lastName":"X"}}`, "BDC_9006")
		clerk.refused("Crud/Update/Organization", `{"obj":{"id":"`+string(h.org)+`","name":"X"}}`, "BDC_9006")
		if len(clerk.list("User")) != 3 {
			t.Error("a clerk does not see the users")
		}

		o := h.ok("Crud/Update/Organization", `{"obj":{"id":"`+string(h.org)+`","addressCity":"Reno","phone":""}}`)
		if o.text("addressCity") != "Reno" || o.text("name") != "Acme" || o.text("hasAP") != "true" {
			t.Errorf("the organisation: %s", o.raw)
		}
		if rows := h.list("Organization"); len(rows) != 1 || rows[0].text("id") != string(h.org) {
			t.Errorf("organisations %v", rows)
		}
		b := h.other()
		b.refused("Crud/Read/User", `{"id":"`+id+`"}`, "BDC_1119") // SEC-12
		h.refused("Crud/Read/Organization", `{"id":"`+string(b.org)+`"}`, "BDC_1119")
		h.refused("Crud/Create/Organization", `{"obj":{"name":"x"}}`, "BDC_1116")
	})
}
