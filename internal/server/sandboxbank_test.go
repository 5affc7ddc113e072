package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// SIM-9: rules are set and shown by an administrator of the organisation and nobody else; with manual ones the bank answers one
// by one, when told to.
func TestSandboxBank(t *testing.T) {
	t.Parallel()
	ctx, at := context.Background(), clock.NewManual(time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC))
	a, err := Open(ctx, Config{Dir: t.TempDir(), Sandbox: true, Clock: at, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	const password = "a long passphrase"
	orgID, _, err := a.CreateOrg(ctx, "Acme", "ana@acme.example", password, true)
	if err != nil {
		t.Fatal(err)
	}
	var key string
	if err := a.DB.Write(ctx, db.Caller{Org: orgID, Perms: org.All, Channel: "command"}, func(tx *db.Tx) (err error) {
		key, _, err = org.IssueKey(tx, "Ledger Link", "dev@link.example", "exempt")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	session, err := a.Sessions.Open(ctx, org.SignOn{Name: "ana@acme.example", Password: password, Org: orgID, Key: key, Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	c := &conductor{app: a, behind: map[ids.ID]bool{}}
	r := &Running{app: a, conductor: c}
	call := func(session, method, path, body string) (int, string) {
		t.Helper()
		q := httptest.NewRequest(method, "/sandbox/bank"+path, strings.NewReader(body))
		q.Header.Set("sessionId", session)
		q.Header.Set("devKey", key)
		w := httptest.NewRecorder()
		map[string]http.HandlerFunc{http.MethodGet: r.showBank, http.MethodPut: r.setBank, http.MethodPost: r.stepBank}[method](w, q)
		return w.Code, w.Body.String()
	}
	for _, refused := range []struct {
		session, method, body string
		status                int
	}{
		{"", http.MethodGet, "", 401}, {"nobody's", http.MethodPut, `{"late": 100}`, 401}, {"nobody's", http.MethodPost, "", 401},
		{session.ID, http.MethodPut, `{"late": 101}`, 400}, {session.ID, http.MethodPut, `{"lat": 1}`, 400}, {session.ID, http.MethodPut, ``, 400},
	} {
		if status, body := call(refused.session, refused.method, "", refused.body); status != refused.status || !strings.Contains(body, `"error"`) {
			t.Errorf("%s %s: got %d %s, want %d", refused.method, refused.body, status, body, refused.status)
		}
	}
	out, in := filepath.Join(a.Dir, "bank", string(orgID), "out"), filepath.Join(a.Dir, "bank", string(orgID), "in")
	if status, body := call(session.ID, http.MethodPut, "", `{"seed": 4, "manual": true}`); status != 200 || !strings.Contains(body, `"manual":true`) {
		t.Fatal(status, body)
	}
	if err := os.WriteFile(filepath.Join(out, "20261123T170000Z-x-positivepay.csv"), []byte("not a list"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, body := call(session.ID, http.MethodGet, "", ""); !strings.Contains(body, `"nextDue":"2026-11-23T17:05:00Z"`) {
		t.Error(body)
	}
	at.Set(at.Now().Add(10 * time.Minute))
	if err := c.tick(ctx); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadDir(in); len(got) != 0 {
		t.Errorf("the bank answers by itself: %v", got)
	}
	for _, want := range []int{1, 0} {
		_, body := call(session.ID, http.MethodPost, "/step", "")
		var got bankBody
		if err := json.Unmarshal([]byte(body), &got); err != nil || len(got.Written) != want {
			t.Errorf("a step: %s, %v; want %d answers", body, err, want)
		}
	}
	if err := a.DB.Write(ctx, db.Caller{Org: orgID, Perms: org.All, Channel: "command"}, func(tx *db.Tx) error {
		other, err := org.AddUser(tx, "bo@acme.example", "Bo", "x")
		if err == nil {
			err = org.SetMembership(tx, other, org.Administrator, true)
		}
		if err == nil {
			err = org.SetMembership(tx, session.User, org.Clerk, true)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if status, body := call(session.ID, http.MethodPut, "", `{}`); status != 403 {
		t.Errorf("a clerk sets rules: %d %s", status, body)
	}
}
