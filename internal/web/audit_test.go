package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/audit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
)

// The audit trail is readable per record, user and time, page by page, by those who may (AUD-2, AUD-3).
func TestAUD3_AuditTrail(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		record := ids.New(ids.Vendor)
		for i := range 60 {
			s.Clock.Advance(time.Second)
			if err := s.Write(context.Background(), x.a.who, func(tx *db.Tx) error {
				tx.Audit("update", "vendor", record, fmt.Sprintf(`{"name":["Before%02d","After%02d"]}`, i, i))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		b := x.signedIn("ana@northwind.example")
		first := b.get("/settings/audit?record=" + string(record))
		first.want(t, http.StatusOK, "After59", "signed once a day")
		if strings.Contains(first.body, "After05<") {
			t.Error("the first page shows everything")
		}
		next := strings.Index(first.body, "after=")
		if next < 0 {
			t.Fatal("no second page")
		}
		end := strings.IndexAny(first.body[next:], `"&`)
		b.get("/settings/audit?record="+string(record)+"&"+first.body[next:next+end]).want(t, http.StatusOK, "After05")
		b.get("/settings/audit?user=nobody@northwind.example").want(t, http.StatusOK, "No event matches")
		b.get("/settings/audit?until=2026-11-22").want(t, http.StatusOK, "No event matches")
		b.get("/settings/audit?from=2026-11-23&until=2026-11-23&record="+string(record)).want(t, http.StatusOK, "After59")
		b.get("/settings/audit?from=tomorrow&after=x.y&record='").want(t, http.StatusOK, "No event matches")
		if err := audit.Link(context.Background(), s.DB, x.a.who.Org); err != nil {
			t.Fatal(err)
		}
		if err := audit.TakeAnchor(context.Background(), s.DB, x.vault, x.a.who.Org); err != nil {
			t.Fatal(err)
		}
		b.get("/settings/audit").want(t, http.StatusOK, " the trail had ")
		r := b.get("/settings/audit/checkpoint")
		kept, err := audit.ReadCheckpoint([]byte(r.body), x.vault.PublicKey())
		if err != nil || len(kept.Marks) != 1 || kept.Marks[0].Org != x.a.who.Org || kept.Marks[0].Place < 60 {
			t.Errorf("the checkpoint: %+v, %v", kept, err)
		}
		x.member(x.a, "clerk@northwind.example", "clerk")
		clerk := x.signedIn("clerk@northwind.example")
		clerk.get("/settings/audit").want(t, http.StatusForbidden)
		clerk.get("/settings/audit/checkpoint").want(t, http.StatusForbidden)
		x.signedIn("otto@other.example").get("/settings/audit?record="+string(record)).want(t, http.StatusOK, "No event matches")
	})
}
