package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/org"
)

// Api-v2 2.5.4: a user sets up an authenticator by a QR code, proves it by a token, and removes it by the next one.
func TestAuthenticatorPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		b := x.signedIn("ana@northwind.example")
		if r := b.get("/settings/sign-in"); r.status != http.StatusOK || !strings.Contains(r.body, "Set up an authenticator") {
			t.Fatalf("%d %s", r.status, r.body)
		}
		r := b.post("/settings/sign-in/new")
		found := regexp.MustCompile(`<code>([A-Z2-7]{32})</code>`).FindStringSubmatch(r.body)
		if r.status != http.StatusOK || found == nil || !strings.Contains(r.body, `<path d="M`) || r.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %s", r.status, r.body)
		}
		token := func(ahead time.Duration) string {
			code, err := totp.GenerateCode(found[1], s.RoughNow().Add(ahead))
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		if r := b.post("/settings/sign-in", "token", "nonsense"); r.status != http.StatusUnprocessableEntity || strings.Contains(r.body, found[1]) {
			t.Errorf("a wrong token: %d %s", r.status, r.body)
		}
		if r := b.post("/settings/sign-in", "token", token(0)); r.status != http.StatusSeeOther {
			t.Fatalf("the right token: %d %s", r.status, r.body)
		}
		if r := b.get("/settings/sign-in?notice=factor"); !strings.Contains(r.body, "Remove the authenticator") {
			t.Errorf("set up: %s", r.body)
		}
		if r := b.post("/settings/sign-in/new"); r.status != http.StatusConflict {
			t.Errorf("a second one: %d", r.status)
		}
		if r := b.post("/settings/sign-in/remove", "token", token(0)); r.status != http.StatusUnprocessableEntity {
			t.Errorf("a token used twice: %d", r.status)
		}
		if r := b.post("/settings/sign-in/remove", "token", token(30*time.Second)); r.status != http.StatusSeeOther {
			t.Errorf("the next token: %d %s", r.status, r.body)
		}
	})
}

// Api-v2 2.1.7: administrators make API tokens, see their value once, and end them.
func TestTokensPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		b := x.signedIn("ana@northwind.example")
		r := b.post("/settings/tokens", "name", "Night run")
		if r.status != http.StatusOK || !regexp.MustCompile(`<code>[0-9A-Za-z]{40}</code>`).MatchString(r.body) {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if r := b.post("/settings/tokens", "name", "night RUN"); r.status != http.StatusUnprocessableEntity {
			t.Errorf("the same name: %d", r.status)
		}
		r = b.get("/settings/tokens")
		id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(r.body)
		if id == nil || strings.Contains(r.body, "<code>") {
			t.Fatal(r.body)
		}
		x.member(x.a, "clerk@northwind.example", org.Clerk)
		if r := x.signedIn("clerk@northwind.example").post("/settings/tokens", "name", "x"); r.status != http.StatusForbidden {
			t.Errorf("a clerk: %d", r.status)
		}
		if r := x.signedIn("otto@other.example").post("/settings/tokens/end", "id", id[1]); r.status != http.StatusNotFound {
			t.Errorf("another organisation: %d", r.status)
		}
		if r := b.post("/settings/tokens/end", "id", id[1]); r.status != http.StatusSeeOther {
			t.Errorf("ended: %d", r.status)
		}
		if r := b.get("/settings/tokens"); strings.Contains(r.body, "Night run") {
			t.Error("an ended token is listed")
		}
	})
}
