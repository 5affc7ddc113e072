// Package clients acts on the wire as the published clients of both generations do: their transport, the order and form
// of what they send, and the way each finds its answer.
package clients

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/server"
)

const (
	email    = "ana@acme.example"
	password = "orchard-lantern-42-quay"
)

// house is a running sandbox with an organisation and a key for a program.
type house struct {
	t               *testing.T
	base            string
	org, user, key  string
	lastBody, where string // of the answer before, for messages
}

// each runs fn in a fresh house on each database.
func each(t *testing.T, fn func(h *house)) {
	t.Parallel()
	for _, store := range []string{"sqlite", "postgres"} {
		if store == "postgres" && os.Getenv("TEST_POSTGRES_URL") == "" {
			continue
		}
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			database := ""
			if store == "postgres" {
				database = dbtest.Postgres(t).Options.URL
			}
			fn(open(t, database))
		})
	}
}

func open(t *testing.T, database string) *house {
	t.Helper()
	ctx := context.Background()
	app, err := server.Open(ctx, server.Config{Dir: t.TempDir(), DB: database, Sandbox: true, Listen: "127.0.0.1:0",
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	var orgID, userID ids.ID
	if orgID, userID, err = app.CreateOrg(ctx, "Acme", email, password, true); err != nil {
		t.Fatal(err)
	}
	var key string
	if err := app.DB.Write(ctx, db.Caller{Org: orgID, Perms: org.All, Channel: "command"}, func(tx *db.Tx) error {
		key, _, err = org.IssueKey(tx, "clients", "dev@x.example", "exempt")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	running, err := app.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Stop() })
	h := &house{t: t, base: running.URL(), org: string(orgID), user: string(userID), key: key}
	h.at("2026-11-23T17:00:00Z")
	return h
}

// at sets the sandbox's clock.
func (h *house) at(now string) {
	h.t.Helper()
	if status, _, body := h.post("/sandbox/clock", `{"now":"`+now+`"}`, "Content-Type", "application/json"); status != http.StatusOK {
		h.t.Fatal(status, body)
	}
}

// post sends a body and gives the answer. headers are names and values in turn.
func (h *house) post(path, body string, headers ...string) (status int, header http.Header, answer string) {
	h.t.Helper()
	r, err := http.NewRequest(http.MethodPost, h.base+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	h.where, h.lastBody = path+" "+body, string(b)
	return resp.StatusCode, resp.Header, string(b)
}

// want fails the test unless ok, and shows the last exchange.
func (h *house) want(ok bool, what string) {
	h.t.Helper()
	if !ok {
		h.t.Fatalf("%s\nsent %s\nanswer %s", what, h.where, h.lastBody)
	}
}
