package xmlv1_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/org"
)

// call is an ordinary operation of the session; its code is "" when it works.
func (h *house) call() string {
	h.t.Helper()
	return h.op("<get_org_detail/>").text("errorcode")
}

func (h *house) expectCall(what, want string) {
	h.t.Helper()
	if got := h.call(); got != want {
		h.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestSessions(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		h.run("V1-030 no session id", func(h *house) {
			for _, attr := range []string{"", `sessionId=""`} {
				e := h.send(`<operation transactionId="x" ` + attr + `><create_vendor/></operation>`).Children[0]
				l := e.Children[0]
				if e.attr("transactionId") != "x" || l.XMLName.Local != "loginresult" || l.child("errorcode") != "BDCE008" || l.child("status") != "failed" ||
					e.child("errorcode") != "BDCE008" || e.child("status") != "failed" {
					h.t.Errorf("%s: %+v", attr, e)
				}
				for _, r := range []string{"logout", "getcurrenttime", "checksyncclientversion", "operationbatch"} {
					e := h.send("<" + r + " " + attr + "><operation/></" + r + ">")
					if e.text("errorcode") != "BDCE008" {
						h.t.Errorf("%s %s: %+v", r, attr, e)
					}
				}
			}
		})
		h.run("V1-031 unknown session", func(h *house) {
			for _, id := range []string{"None", strings.Repeat("a", 40), h.session + "x", strings.ToUpper(h.session), "a'b", strings.Repeat("é", 500)} {
				e := h.send(`<operation transactionId="again" sessionId="` + id + `"><create_vendor/></operation>`).Children[0]
				if !slices.Equal(e.names(), []string{"loginresult", "status", "errormessage", "errorcode"}) || e.attr("transactionId") != "again" ||
					e.Children[0].child("errorcode") != "BDCE015" || e.child("errorcode") != "BDCE015" || e.Children[0].child("errormessage") != "Invalid Session" {
					h.t.Errorf("R-5, %s: %+v", id, e)
				}
			}
		})
		h.run("V1-032 another key", func(h *house) {
			o := *h
			o.key = h.newKey()
			o.expectCall("another key", "BDCE017")
			if got := o.send(`<logout sessionId="` + h.session + `"/>`); got.text("errorcode") != "BDCE017" {
				h.t.Errorf("logout: %+v", got)
			}
			if got := o.send(`<getcurrenttime sessionId="` + h.session + `"/>`); got.text("errorcode") != "BDCE017" {
				h.t.Errorf("time: %+v", got)
			}
			h.expectCall("its own key", "")
		})
		h.run("V1-034 logout", func(h *house) {
			s := h.with(h.login().text("sessionId"))
			s.expectCall("before", "")
			e := s.send(`<logout sessionId="` + s.session + `"> text <x/> </logout>`).Children[0]
			if e.XMLName.Local != "logoutresult" || e.child("status") != "OK" || e.child("sessionId") != s.session || e.child("orgID") != string(h.org) {
				h.t.Errorf("%+v", e)
			}
			s.expectCall("after", "BDCE015")
			e = s.send(`<logout sessionId="` + s.session + `"/>`).Children[0]
			if e.XMLName.Local != "logoutresult" || e.child("status") != "failed" || e.child("errorcode") != "BDCE015" {
				h.t.Errorf("again: %+v", e)
			}
			h.expectCall("another session", "")
		})
		h.run("V1-035 what changes between calls", func(h *house) {
			b := h.other()
			b.set("apiAccess", "no")
			b.expectCall("access off", "BDCE001")
			if got := b.send(`<getcurrenttime sessionId="` + b.session + `"/>`).Children[0]; got.XMLName.Local != "loginresult" || got.child("errorcode") != "BDCE001" {
				h.t.Errorf("time: %+v", got)
			}
			b.set("apiAccess", "yes")
			b.expectCall("access on again", "")
			b.set("overdue", "yes")
			b.expectCall("overdue", "BDCE018")
			b.set("overdue", "no")
			b.expectCall("paid", "")
			clerk := b.member("second@bolt.example", org.Administrator)
			s := b.with(b.loginAs("second@bolt.example", password, string(b.org)).text("sessionId"))
			s.expectCall("second administrator", "")
			b.write(func(tx *db.Tx) error { return org.SetMembership(tx, clerk, org.Clerk, true) })
			s.expectCall("role changed", "BDCE006")
			b.write(func(tx *db.Tx) error { return org.SetMembership(tx, clerk, org.Administrator, true) })
			s.expectCall("role back", "")
			b.write(func(tx *db.Tx) error { org.SetPassword(tx, clerk, dbtest.PasswordHash(password)); return nil })
			s.expectCall("password changed", "BDCE015")
			b.key = h.newKey()
			b.session = b.login().text("sessionId")
			b.expectCall("own key", "")
			b.write(func(tx *db.Tx) error { return org.DeactivateKey(tx, b.key, "test") })
			if got := b.send(b.operation("<get_org_detail/>")).Children[0]; got.XMLName.Local != "applicationkeyerror" || got.child("errorcode") != "BDCE003" {
				h.t.Errorf("key deactivated: %+v", got)
			}
		})
		h.run("V1-037 getcurrenttime", func(h *house) {
			read := func(version string) time.Time {
				o := *h
				o.version = version
				e := o.send(`<getcurrenttime sessionId="` + h.session + `"/>`)
				v := e.text("currentTime")
				layout := "2006-01-02T15:04:05PST"
				loc := time.FixedZone("PST", -8*3600)
				if version == "1.1" {
					layout, loc = "2006-01-02T15:04:05GMT", time.UTC
				}
				at, err := time.ParseInLocation(layout, v, loc)
				if err != nil {
					h.t.Errorf("version %s: %q: %v", version, v, err)
				}
				return at
			}
			now := h.store.Clock.Now()
			if a, b := read("1.0"), read("1.1"); !a.Equal(now) || !b.Equal(now) {
				h.t.Errorf("1.0 %v, 1.1 %v, want %v", a, b, now)
			}
			if e := h.send(`<getcurrenttime sessionId="x"/>`).Children[0]; e.XMLName.Local != "loginresult" || e.child("errorcode") != "BDCE015" {
				h.t.Errorf("bad session: %+v", e)
			}
		})
		h.run("V1-038 checksyncclientversion", func(h *house) {
			e := h.send(`<checksyncclientversion sessionId="` + h.session + `" year="2012">1.0.3</checksyncclientversion>`).Children[0]
			if !slices.Equal(e.names(), []string{"status", "errormessage", "errorcode"}) || e.child("status") != "OK" || e.child("errorcode")+e.child("errormessage") != "" {
				h.t.Errorf("%+v", e)
			}
			for _, v := range []string{"", "one", "1..2", "1.-2"} {
				e := h.send(`<checksyncclientversion sessionId="` + h.session + `">` + v + `</checksyncclientversion>`).Children[0]
				if e.child("status") != "failed" || e.child("errorcode") != "BDCE040" || !strings.Contains(e.child("errormessage"), "version") {
					h.t.Errorf("%q: %+v", v, e)
				}
			}
		})
	})
}

func TestV1_033_SessionLife(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		for _, flush := range []bool{false, true} { // what this node keeps, and what another one would read
			h.run(fmt.Sprintf("flushed %t", flush), func(h *house) {
				pass := func(d time.Duration) {
					if flush {
						h.forget()
					}
					h.store.Clock.Advance(d)
				}
				h.session = h.login().text("sessionId")
				pass(35*time.Minute - time.Second)
				h.expectCall("34:59 idle", "")
				pass(35*time.Minute - time.Microsecond)
				h.expectCall("just before 35:00 idle", "")
				pass(35 * time.Minute)
				h.expectCall("35:00 idle", "BDCE015")
				h.expectCall("and again", "BDCE015")

				h.session = h.login().text("sessionId")
				for range 6 {
					pass(30 * time.Minute)
					h.expectCall("every 30 minutes for 3 hours", "")
				}
				for range 17 {
					pass(30 * time.Minute)
					h.expectCall("up to 11:30", "")
				}
				pass(30*time.Minute - time.Microsecond)
				h.expectCall("just before 12 hours", "")
				pass(time.Microsecond)
				h.expectCall("12 hours", "BDCE015")
			})
		}
		h.run("V1-036 a failing operation extends the session", func(h *house) {
			h.session = h.login().text("sessionId")
			for _, op := range []string{"<create_vendor/>", "<frobnicate/>", "<a/><b/>", update("vendor", "id", "00901ABCDEFGHIJ00000", "phone", "1"), create("vendor", "name", "x", "email", "y")} {
				h.store.Clock.Advance(30 * time.Minute)
				h.forget()
				if got := h.op(op).text("errorcode"); got == "" || got == "BDCE015" {
					h.t.Errorf("%s: %q", op, got)
				}
			}
			h.store.Clock.Advance(30 * time.Minute)
			h.expectCall("afterwards", "")
			for _, inner := range []string{`<getcurrenttime sessionId="%s"/>`, `<checksyncclientversion sessionId="%s">x</checksyncclientversion>`,
				`<operationbatch sessionId="%s"><operation/></operationbatch>`} {
				h.store.Clock.Advance(30 * time.Minute)
				h.send(fmt.Sprintf(inner, h.session))
			}
			h.store.Clock.Advance(30 * time.Minute)
			h.expectCall("after other requests", "")
		})
	})
}
