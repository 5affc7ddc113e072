package xmlv1_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/api/xmlv1"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/limit"
)

// T-12, SEC-10: a call over a limit is answered as T-14 with HTTP 200 and Retry-After, whatever else it would be.
func TestCallLimits(t *testing.T) {
	t.Parallel()
	h := sqliteHouse(t)
	detail := `<operation sessionId="` + h.session + `"><get_org_detail/></operation>`
	ask := func(l *limit.Limiter, inner string) (code, wait string) {
		t.Helper()
		h.handler.(*xmlv1.Handler).WithLimits(l)
		w := h.serve("application/x-www-form-urlencoded", strings.NewReader(url.Values{"request": {`<request version="1.0" applicationkey="` +
			h.key + `">` + inner + `</request>`}}.Encode()))
		if w.Code != http.StatusOK {
			t.Errorf("status %d", w.Code)
		}
		e := h.parse(w.Body.String())
		if c := e.find("errorcode"); c != nil {
			code = c.Text
		}
		return code, w.Header().Get("Retry-After")
	}
	login := `<login><username>` + h.email + `</username><password>wrong</password><orgID>` + string(h.org) + `</orgID></login>`
	unknown := `<operation sessionId="unknown"><get_org_detail/></operation>`
	for _, c := range []struct {
		name  string
		set   limit.Settings
		inner string
		want  string // of the second call
	}{
		{"calls", limit.Settings{CallsPerHour: 1}, detail, "BDCE012"},
		{"calls of no session", limit.Settings{CallsPerHour: 1}, unknown, "BDCE012"},
		{"logins", limit.Settings{LoginsPerHour: 1}, login, "BDCE012"},
		{"other calls are no logins", limit.Settings{LoginsPerHour: 1}, unknown, "BDCE015"},
		{"none", limit.Settings{}, unknown, "BDCE015"},
	} {
		l := limit.New(h.store.DB, c.set)
		if first, _ := ask(l, c.inner); first == "BDCE012" {
			t.Errorf("%s: the first call is refused", c.name)
		}
		code, wait := ask(l, c.inner)
		if code != c.want || (wait != "") != (c.want == "BDCE012") {
			t.Errorf("%s: %s with Retry-After %q, want %s", c.name, code, wait, c.want)
		}
	}
	l := limit.New(h.store.DB, limit.Settings{InFlight: 1})
	leave, err := l.Enter(context.Background(), h.key, h.org)
	if err != nil {
		t.Fatal(err)
	}
	if code, wait := ask(l, detail); code != "BDCE012" || wait != "1" {
		t.Errorf("a call too many in flight: %s, Retry-After %q", code, wait)
	}
	time.AfterFunc(20*time.Millisecond, leave)
	for range 3 { // each gives its place back
		if code, _ := ask(l, detail); code != "" {
			t.Errorf("a call that waits for its place: %s", code)
		}
	}
	if other, err := l.Enter(context.Background(), h.key, ids.New(ids.Org)); err != nil {
		t.Error(err)
	} else {
		other()
	}
}
