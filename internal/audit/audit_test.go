package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/audit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

var ctx = context.Background()

func newVault(t *testing.T) *secret.Vault {
	t.Helper()
	v, err := secret.CreateVault(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// live writes n events of an organisation, each in a transaction of its own, a second apart.
func live(t *testing.T, s *dbtest.Store, org ids.ID, n int) {
	t.Helper()
	for range n {
		s.Clock.Advance(time.Second)
		must(t, s.Write(ctx, db.Caller{Org: org, User: "user", Channel: "test", Address: "192.0.2.7"}, func(tx *db.Tx) error {
			tx.Audit("update", "vendor", ids.New(ids.Vendor), `{"name":["Harbor","Harbour"]}`)
			return nil
		}))
	}
}

// check gives what is wrong with the trail of an organisation.
func check(t *testing.T, s *dbtest.Store, vault *secret.Vault, org ids.ID, kept ...audit.Mark) (links int64, found []string) {
	t.Helper()
	must(t, s.Read(ctx, db.Caller{Org: org}, func(tx *db.Tx) (err error) {
		links, err = audit.Check(tx, vault.PublicKey(), kept, func(detail string) { found = append(found, detail) })
		return err
	}))
	return links, found
}

// asOwner runs statements as somebody who may switch the guards off: a superuser, or whoever has the file.
func asOwner(t *testing.T, s *dbtest.Store, org ids.ID, statements ...string) {
	t.Helper()
	must(t, s.Write(ctx, db.Caller{Org: org}, func(tx *db.Tx) error {
		if s.Options.URL != "" {
			tx.Exec(`SET LOCAL session_replication_role = replica`)
		} else {
			for _, name := range []string{"audit_events_update", "audit_events_delete", "audit_links_update", "audit_links_delete",
				"audit_anchors_update", "audit_anchors_delete"} {
				tx.Exec(`DROP TRIGGER IF EXISTS ` + name)
			}
		}
		for _, q := range statements {
			if n, err := tx.ExecNow(q, string(org)); err != nil || n == 0 {
				t.Errorf("%s: %d rows, %v", q, n, err)
			}
		}
		return nil
	}))
}

// Every event gets one place, in the order of the stamps, whoever writes and links at once.
func TestAUD2_Chain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		vault, org, other := newVault(t), ids.New(ids.Org), ids.New(ids.Org)
		var work sync.WaitGroup
		for i := range 8 {
			work.Go(func() {
				for range 20 {
					err := s.Write(ctx, db.Caller{Org: org}, func(tx *db.Tx) error {
						tx.Audit("create", "bill", ids.New(ids.Bill), "")
						tx.Audit("create", "vendor", ids.New(ids.Vendor), "")
						return nil
					})
					if err == nil && i%3 == 0 {
						err = audit.Link(ctx, s.DB, org)
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
		live(t, s, other, 3)
		if got := s.Audited(); !slices.Contains(got, org) || !slices.Contains(got, other) {
			t.Errorf("organisations with new events: %v", got)
		}
		for _, o := range []ids.ID{org, other} {
			must(t, audit.Sweep(ctx, s.DB, o))
		}
		if n, found := check(t, s, vault, org); n != 320 || found != nil {
			t.Errorf("%d links, %v", n, found)
		}
		if n, found := check(t, s, vault, other); n != 3 || found != nil {
			t.Errorf("%d links, %v", n, found)
		}
		live(t, s, other, 2)
		must(t, audit.Link(ctx, s.DB, other))
		s.Clock.Advance(-time.Hour) // events before the last link
		live(t, s, other, 2)
		must(t, audit.Link(ctx, s.DB, other))
		s.Clock.Advance(2 * time.Hour)
		if n, found := check(t, s, vault, other); n != 7 || found != nil {
			t.Errorf("after the clock went back: %d links, %v", n, found)
		}
	})
}

// What the database itself refuses (AUD-3).
func TestAUD3_Guards(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		vault, org := newVault(t), ids.New(ids.Org)
		live(t, s, org, 2)
		must(t, audit.Link(ctx, s.DB, org))
		must(t, audit.TakeAnchor(ctx, s.DB, vault, org))
		refused := []string{`UPDATE audit_events SET action = 'x'`, `UPDATE audit_links SET hash = ''`, `UPDATE audit_anchors SET hash = ''`,
			`DELETE FROM audit_events`, `DELETE FROM audit_links`, `DELETE FROM audit_anchors`,
			`INSERT OR REPLACE INTO audit_links SELECT org_id, place, event_id, stamp, 'x' FROM audit_links`}
		if s.Options.URL != "" {
			refused = slices.Concat(refused[:6], []string{`TRUNCATE audit_events`, `TRUNCATE audit_links`, `TRUNCATE audit_anchors`})
			must(t, s.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
				var rights int
				err := tx.Row(`SELECT count(*) FROM information_schema.table_privileges WHERE privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')
					AND table_name IN ('audit_events', 'audit_links', 'audit_anchors', 'journal_entries', 'postings')`).Scan(&rights)
				if rights != 0 {
					t.Errorf("GL-2: %d rights to change what never changes", rights)
				}
				return err
			}))
		}
		for _, q := range refused {
			if err := s.Write(ctx, db.Caller{}, func(tx *db.Tx) error { tx.Exec(q); return nil }); err == nil {
				t.Errorf("%s was let through", q)
			}
		}
	})
}

// Whoever may switch the guards off is found out: by the hashes alone, by the anchors, or by the checkpoint. {..} in the
// statements are places of the organisation's twelve events; the checkpoint and the anchor are of ten.
func TestAUD2_Tampering(t *testing.T) {
	t.Parallel()
	event := func(place string) string {
		return `(SELECT event_id FROM audit_links WHERE org_id = $1 AND place = ` + place + `)`
	}
	forge := `DELETE FROM audit_links WHERE org_id = $1`
	noAnchors := `DELETE FROM audit_anchors WHERE org_id = $1`
	alter := `UPDATE audit_events SET changes = '{"name":["Harbor","Mallory"]}' WHERE org_id = $1 AND id = ` + event("4")
	cases := []struct {
		name       string
		statements []string
		anew       bool   // all hashes are computed anew
		plain      string // what is found without the checkpoint; empty: nothing
		kept       string // what with it
	}{
		{"nothing", nil, false, "", ""},
		{"a field altered", []string{alter}, false, "at place 4, or its place, was altered", "at place 4"},
		{"another user", []string{`UPDATE audit_events SET user_id = 'mallory' WHERE org_id = $1 AND id = ` + event("7")}, false, "at place 7", "at place 7"},
		{"another time", []string{`UPDATE audit_events SET stamp = stamp + 1 WHERE org_id = $1 AND id = ` + event("7")}, false, "at place 7", "at place 7"},
		{"the link's time", []string{`UPDATE audit_links SET stamp = stamp + 1 WHERE org_id = $1 AND place = 7`}, false, "shows another time", "shows another time"},
		{"a text moved to the next field", []string{`UPDATE audit_events SET channel = 'tes', address = 't192.0.2.7' WHERE org_id = $1 AND id = ` + event("2")}, false, "at place 2", "at place 2"},
		{"reordered", []string{`UPDATE audit_links SET place = -place WHERE org_id = $1 AND place IN (5, 6)`,
			`UPDATE audit_links SET place = 11 + place WHERE org_id = $1 AND place < 0`}, false, "at place 5", "at place 5"},
		{"a middle event deleted", []string{`DELETE FROM audit_events WHERE org_id = $1 AND id = ` + event("6")}, false, "at place 6 is missing", "at place 6 is missing"},
		{"a middle event deleted with its link", []string{`DELETE FROM audit_events WHERE org_id = $1 AND id = ` + event("6"),
			`DELETE FROM audit_links WHERE org_id = $1 AND place = 6`}, false, "places 6 to 6 are missing", "places 6 to 6"},
		{"the same, and the places closed up", []string{`DELETE FROM audit_events WHERE org_id = $1 AND id = ` + event("6"),
			`DELETE FROM audit_links WHERE org_id = $1 AND place = 6`, `UPDATE audit_links SET place = -place WHERE org_id = $1 AND place > 6`,
			`UPDATE audit_links SET place = -place - 1 WHERE org_id = $1 AND place < 0`}, false, "at place 6", "at place 6"},
		{"the tail cut after the checkpoint", []string{`DELETE FROM audit_events WHERE org_id = $1 AND id IN (SELECT event_id FROM audit_links WHERE org_id = $1 AND place > 10)`,
			`DELETE FROM audit_links WHERE org_id = $1 AND place > 10`}, false, "", ""}, // what nobody kept nobody can miss
		{"the tail cut before the checkpoint", []string{`DELETE FROM audit_events WHERE org_id = $1 AND id IN (SELECT event_id FROM audit_links WHERE org_id = $1 AND place > 8)`,
			`DELETE FROM audit_links WHERE org_id = $1 AND place > 8`}, false, "the trail had 10 events; the chain ends at 8", "ends at 8"},
		{"the same, and the anchors deleted", []string{`DELETE FROM audit_events WHERE org_id = $1 AND id IN (SELECT event_id FROM audit_links WHERE org_id = $1 AND place > 8)`,
			`DELETE FROM audit_links WHERE org_id = $1 AND place > 8`, noAnchors}, false, "", "the trail had 10 events; the chain ends at 8"},
		{"everything deleted", []string{`DELETE FROM audit_events WHERE org_id = $1`, forge, noAnchors}, false, "", "the trail had 10 events; the chain ends at 0"},
		{"the chain computed anew", []string{alter, forge}, true, "the first 10 events are not those of", "the first 10 events are not those of"},
		{"the same, and the anchors deleted", []string{alter, forge, noAnchors}, true, "", "the first 10 events are not those of"},
		{"the anchor fitted to it", []string{alter, forge, `UPDATE audit_anchors SET hash = 'x' WHERE org_id = $1`}, true, "not signed with this store's key", "first 10 events"},
		{"an event put between", []string{`INSERT INTO audit_events (org_id, id, stamp, user_id, key_id, channel, address, action, record_type, record_id, changes)
			SELECT org_id, id || 'x', stamp, user_id, key_id, channel, address, action, record_type, record_id, changes FROM audit_events WHERE org_id = $1 AND id = ` + event("3"), forge},
			true, "first 10 events", "first 10 events"},
		{"an event outside the chain", []string{`INSERT INTO audit_events (org_id, id, stamp, user_id, key_id, channel, address, action, record_type, record_id, changes)
			SELECT org_id, id || 'x', stamp, user_id, key_id, channel, address, action, record_type, record_id, changes FROM audit_events WHERE org_id = $1 AND id = ` + event("3")},
			false, "has no place in the chain", "has no place in the chain"},
	}
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		vault := newVault(t)
		for _, x := range cases {
			org := ids.New(ids.Org)
			live(t, s, org, 10)
			must(t, audit.Link(ctx, s.DB, org))
			must(t, audit.TakeAnchor(ctx, s.DB, vault, org))
			var mark audit.Mark
			must(t, s.Read(ctx, db.Caller{Org: org}, func(tx *db.Tx) error {
				a, err := audit.LastAnchor(tx)
				mark = a.Mark
				return err
			}))
			live(t, s, org, 2)
			must(t, audit.Link(ctx, s.DB, org))
			s.Clock.Advance(time.Hour)
			if x.statements != nil {
				asOwner(t, s, org, x.statements...)
			}
			if x.anew {
				must(t, audit.Sweep(ctx, s.DB, org))
			}
			for _, w := range []struct {
				want string
				kept []audit.Mark
			}{{x.plain, nil}, {x.kept, []audit.Mark{mark}}} {
				_, found := check(t, s, vault, org, w.kept...)
				if all := strings.Join(found, "\n"); !strings.Contains(all, w.want) || (w.want == "") != (found == nil) {
					t.Errorf("%s, with %d marks: found %q, want %q", x.name, len(w.kept), found, w.want)
				}
			}
		}
	})
}

// Events of two organisations changed places, with their links.
func TestAUD2_SwappedOrganisations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		vault, a, b := newVault(t), ids.New(ids.Org), ids.New(ids.Org)
		for _, o := range []ids.ID{a, b} {
			live(t, s, o, 5)
			must(t, audit.Link(ctx, s.DB, o))
		}
		for _, table := range []string{"audit_links", "audit_events"} {
			asOwner(t, s, a, `UPDATE `+table+` SET org_id = 'x' WHERE org_id = $1`)
			asOwner(t, s, b, `UPDATE `+table+` SET org_id = '`+string(a)+`' WHERE org_id = $1`)
			asOwner(t, s, "x", `UPDATE `+table+` SET org_id = '`+string(b)+`' WHERE org_id = $1`)
		}
		for _, o := range []ids.ID{a, b} {
			if _, found := check(t, s, vault, o); len(found) != 5 {
				t.Errorf("found %v", found)
			}
		}
	})
}

// A checkpoint says what it said, or is refused.
func TestAUD2_Checkpoint(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		vault := newVault(t)
		live(t, s, "", 3)
		c, err := audit.TakeCheckpoint(ctx, s.DB, vault, "")
		must(t, err)
		raw, err := json.Marshal(c)
		must(t, err)
		back, err := audit.ReadCheckpoint(raw, vault.PublicKey())
		if err != nil || len(back.Of("")) != 1 || back.Of("")[0].Place != 3 {
			t.Fatalf("%+v, %v", back, err)
		}
		if _, found := check(t, s, vault, "", back.Of("")...); found != nil {
			t.Errorf("found %v", found)
		}
		for name, bad := range map[string]string{
			"no checkpoint":  `{}`,
			"another number": strings.Replace(string(raw), `"events":3`, `"events":2`, 1),
			"a trail less":   `{"duebookCheckpoint":1,"taken":"2026-11-23T17:00:03Z","trails":[]` + string(raw[strings.Index(string(raw), `,"publicKey"`):]),
			"another time":   strings.Replace(string(raw), `"taken":"2026`, `"taken":"2025`, 1),
		} {
			if _, err := audit.ReadCheckpoint([]byte(bad), vault.PublicKey()); !errors.Is(err, audit.ErrCheckpoint) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := audit.ReadCheckpoint(raw, newVault(t).PublicKey()); !errors.Is(err, audit.ErrCheckpoint) {
			t.Errorf("another key: %v", err)
		}
	})
}

// BenchmarkLink measures what a link costs.
func BenchmarkLink(b *testing.B) {
	s, org := dbtest.SQLite(b), ids.New(ids.Org)
	changes := `{"invoiceNumber":"` + strings.Repeat("x", 700) + `"}`
	for i := 0; i < b.N; i += 100 {
		if err := s.Write(ctx, db.Caller{Org: org}, func(tx *db.Tx) error {
			for range min(100, b.N-i) {
				tx.Audit("create", "bill", ids.New(ids.Bill), changes)
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		s.Clock.Advance(time.Millisecond)
	}
	b.ResetTimer()
	if err := audit.Link(ctx, s.DB, org); err != nil {
		b.Fatal(err)
	}
}
