package xmlv1_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/secret"
)

func TestVersionAndKey(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		answer := func(h *house, attrs string) element {
			h.t.Helper()
			return h.parse(h.document("<request " + attrs + `><logout sessionId="x"/></request>`)).Children[0]
		}
		h.run("V1-016 version", func(h *house) {
			for _, version := range []string{"", `version=""`, `version="2.0"`, `version="1"`, `version="1.00"`, `version=" 1.0"`, `Version="1.0"`} {
				e := answer(h, version+` applicationkey="`+h.key+`"`)
				if e.XMLName.Local != "versionerror" || e.child("errorcode") != "BDCE047" || !slices.Equal(e.names(), []string{"errormessage", "errorcode"}) {
					h.t.Errorf("%s: %+v", version, e)
				}
			}
		})
		h.run("V1-017 version 1.1", func(h *house) {
			if got := answer(h, `version="1.1" applicationkey="`+h.key+`"`).child("errorcode"); got != "BDCE015" {
				h.t.Errorf("code %s", got)
			}
		})
		h.run("V1-018 application key", func(h *house) {
			dead := h.newKey()
			h.write(func(tx *db.Tx) error { return org.DeactivateKey(tx, dead, "test") })
			for key, want := range map[string]string{"": "BDCE002", `applicationkey=""`: "BDCE002", `applicationkey="01NOSUCHKEY000000001"`: "BDCE002",
				`applicationkey="` + strings.ToLower(h.key) + `"`: "BDCE002", `applicationkey="` + dead + `"`: "BDCE003"} {
				for _, inner := range []string{`<logout sessionId="x"/>`, `<operation sessionId="x"><create_vendor/></operation>`, `<operation/>`,
					`<operationbatch sessionId="x"><operation/></operationbatch>`, "<login/>", "<getorglist/>", `<getcurrenttime/>`, "<x/>", "<x/><y/>", ""} {
					e := h.parse(h.document(`<request version="1.0" ` + key + `>` + inner + `</request>`)).Children[0]
					if e.XMLName.Local != "applicationkeyerror" || e.child("errorcode") != want || !slices.Equal(e.names(), []string{"errormessage", "errorcode"}) {
						h.t.Errorf("%s %s: %+v", key, inner, e)
					}
				}
			}
		})
		h.run("V1-019 version before key", func(h *house) {
			if got := answer(h, `version="9" applicationkey="x"`).child("errorcode"); got != "BDCE047" {
				h.t.Errorf("code %s", got)
			}
		})
	})
}

func TestLogin(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		code := func(h *house, email, password, org string) string {
			h.t.Helper()
			e := h.loginAs(email, password, org).Children[0]
			if e.XMLName.Local != "loginresult" {
				h.t.Fatalf("result %s", e.XMLName.Local)
			}
			return e.child("status") + e.child("errorcode")
		}
		orgs := func(h *house, email, password string) string {
			h.t.Helper()
			e := h.send("<getorglist>" + tags("username", email, "password", password) + "</getorglist>").Children[0]
			if e.XMLName.Local != "getorglistresult" {
				h.t.Fatalf("result %s", e.XMLName.Local)
			}
			return e.child("status") + e.child("errorcode")
		}
		expect := func(h *house, what, got, want string) {
			h.t.Helper()
			if got != want {
				h.t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		acme := string(h.org)
		h.run("V1-020 good login", func(h *house) {
			e := h.loginAs(strings.ToUpper(h.email), password, acme).Children[0] // user names compare without case
			if !slices.Equal(e.names(), []string{"status", "sessionId", "orgID"}) || e.child("status") != "OK" || e.child("orgID") != acme {
				h.t.Errorf("%+v", e)
			}
		})
		h.run("V1-021 unknown user or organisation", func(h *house) {
			b := h.other()
			expect(h, "unknown user", code(h, "nobody@acme.example", password, acme), "failedBDCE004")
			expect(h, "unknown organisation", code(h, h.email, password, string(ids.New(ids.Org))), "failedBDCE004")
			expect(h, "malformed organisation", code(h, h.email, password, "Acme"), "failedBDCE004")
			expect(h, "organisation in another case", code(h, h.email, password, strings.ToLower(acme)), "failedBDCE004")
			expect(h, "id of another type", code(h, h.email, password, string(ids.New(ids.Vendor))), "failedBDCE004")
			expect(h, "not in that organisation", code(h, h.email, password, string(b.org)), "failedBDCE004")
			gone := h.member("gone@acme.example", org.Administrator)
			h.write(func(tx *db.Tx) error { return org.SetMembership(tx, gone, org.Administrator, false) })
			expect(h, "membership ended", code(h, "gone@acme.example", password, acme), "failedBDCE004")
			expect(h, "org list of an unknown user", orgs(h, "nobody@acme.example", password), "failedBDCE004")
		})
		h.run("V1-022 V1-025 five wrong passwords lock, a reset unlocks", func(h *house) {
			h.member("five@acme.example", org.Administrator)
			for i := range 5 {
				if i%2 == 0 { // counted across both
					expect(h, "wrong", code(h, "five@acme.example", "wrong", acme), "failedBDCE005")
				} else {
					expect(h, "wrong", orgs(h, "five@acme.example", "wrong"), "failedBDCE005")
				}
			}
			expect(h, "sixth, right", code(h, "five@acme.example", password, acme), "failedBDCE016")
			expect(h, "org list, right", orgs(h, "five@acme.example", password), "failedBDCE016")
			expect(h, "another user", code(h, h.email, password, acme), "OK")
			var token string
			if err := h.sessions.StartReset(context.Background(), "five@acme.example", "", func(_ *db.Tx, _ org.User, s string) error { token = s; return nil }); err != nil {
				h.t.Fatal(err)
			}
			expect(h, "a reset asked for", code(h, "five@acme.example", password, acme), "failedBDCE016")
			if err := h.sessions.Reset(context.Background(), token, "new-lantern-43-harbor"); err != nil {
				h.t.Fatal(err)
			}
			expect(h, "the old password", code(h, "five@acme.example", password, acme), "failedBDCE005")
			expect(h, "the new password", code(h, "five@acme.example", "new-lantern-43-harbor", acme), "OK")
		})
		h.run("V1-023 a right one between resets the count", func(h *house) {
			h.member("four@acme.example", org.Administrator)
			for range 2 {
				for range 4 {
					expect(h, "wrong", code(h, "four@acme.example", "wrong", acme), "failedBDCE005")
				}
				expect(h, "right", code(h, "four@acme.example", password, acme), "OK")
			}
		})
		h.run("V1-024 parallel guesses are counted exactly", func(h *house) {
			h.member("many@acme.example", org.Administrator)
			h.store.Clock.Advance(org.ThrottleTime) // the address starts afresh (SEC-10): fifty are below its limit
			defer h.store.Clock.Advance(org.ThrottleTime)
			var mu sync.Mutex
			got := map[string]int{}
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					var c string
					if i%3 == 0 {
						c = orgs(h, "many@acme.example", "wrong")
					} else {
						c = code(h, "many@acme.example", "wrong", acme)
					}
					mu.Lock()
					got[c]++
					mu.Unlock()
				})
			}
			wg.Wait()
			if got["failedBDCE005"] != 5 || got["failedBDCE016"] != 45 {
				h.t.Errorf("answers %v", got)
			}
		})
		h.run("V1-026 what is said only to the right password", func(h *house) {
			b := h.other()
			b.set("apiAccess", "no")
			expect(h, "access off, wrong", code(h, b.email, "wrong", string(b.org)), "failedBDCE005")
			expect(h, "access off", code(h, b.email, password, string(b.org)), "failedBDCE001")
			b.set("overdue", "yes")
			expect(h, "overdue before access", code(h, b.email, password, string(b.org)), "failedBDCE018")
			b.set("apiAccess", "yes")
			expect(h, "overdue", code(h, b.email, password, string(b.org)), "failedBDCE018")
			b.set("state", "inactive")
			expect(h, "inactive", code(h, b.email, password, string(b.org)), "failedBDCE018")
			b.set("state", "active")
			expect(h, "active again", code(h, b.email, password, string(b.org)), "OK")
			for _, role := range []string{org.Accountant, org.Approver, org.Payer, org.Clerk, org.Auditor} {
				h.member(role+"@acme.example", role)
				expect(h, role, code(h, role+"@acme.example", password, acme), "failedBDCE006")
			}
			h.write(func(tx *db.Tx) error { return org.SetRole(tx, "robot", db.Of(org.ManageCompany)) })
			h.member("robot@acme.example", "robot")
			expect(h, "custom role", code(h, "robot@acme.example", password, acme), "OK")
		})
		h.run("V1-027 missing elements are named", func(h *house) {
			for inner, want := range map[string]string{
				tags("username", h.email, "orgID", acme):                  "Missing required fields: password",
				tags("username", h.email, "password", " ", "orgID", acme): "Missing required fields: password",
				"": "Missing required fields: username, password, orgID",
			} {
				e := h.send("<login>" + inner + "</login>")
				if e.text("errorcode") != "BDCE009" || e.text("errormessage") != want {
					h.t.Errorf("%s: %s %s", inner, e.text("errorcode"), e.text("errormessage"))
				}
			}
			if e := h.send("<getorglist>" + tags("username", "x") + "</getorglist>"); e.text("errormessage") != "Missing required fields: password" {
				h.t.Errorf("org list: %+v", e)
			}
		})
		h.run("V1-028 getorglist", func(h *house) {
			b := h.other()
			b.set("apiAccess", "no")
			hash := dbtest.PasswordHash(password)
			var id ids.ID
			for _, in := range []*house{h, b} {
				in.write(func(tx *db.Tx) (err error) {
					if id, err = org.AddUser(tx, "two@both.example", "Two", hash); err != nil {
						return err
					}
					return org.SetMembership(tx, id, org.Clerk, true)
				})
			}
			e := h.send("<getorglist>" + tags("username", "two@both.example", "password", password) + "</getorglist>")
			infos := e.all("org_info")
			if e.text("status") != "OK" || len(infos) != 2 || infos[0].text("name") != "Acme" || infos[0].text("orgID") != acme ||
				infos[1].text("name") != "Bolt" || infos[1].text("orgID") != string(b.org) || e.find("sessionId") != nil {
				h.t.Errorf("%+v", e)
			}
			b.write(func(tx *db.Tx) error { return org.SetMembership(tx, id, org.Clerk, false) })
			e = h.send("<getorglist>" + tags("username", "two@both.example", "password", password) + "</getorglist>")
			if len(e.all("org_info")) != 1 {
				h.t.Errorf("membership ended: %+v", e)
			}
			h.write(func(tx *db.Tx) error { return org.SetMembership(tx, id, org.Clerk, false) })
			e = h.send("<getorglist>" + tags("username", "two@both.example", "password", password) + "</getorglist>")
			if e.text("status") != "OK" || len(e.all("org_info")) != 0 {
				h.t.Errorf("no organisation: %+v", e)
			}
		})
		h.run("V1-029 two logins, two sessions", func(h *house) {
			a, b := h.login().text("sessionId"), h.login().text("sessionId")
			if a == b || a == "" {
				h.t.Errorf("sessions %q and %q", a, b)
			}
			for _, s := range []string{a, b, h.session} {
				h.with(s).list("department")
			}
		})
	})
}

// The session is stored as a hash only (3.4).
func TestSessionIDIsNotStored(t *testing.T) {
	h := sqliteHouse(t)
	var n int64
	h.write(func(tx *db.Tx) error {
		return tx.Row(`SELECT count(*) FROM sessions WHERE hash = $1`, secret.HashToken(h.session)).Scan(&n)
	})
	if n != 1 {
		t.Errorf("%d sessions of that hash", n)
	}
}
