package server

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/recurring"
	"github.com/duebook/duebook/internal/vendor"
)

// BIL-10: the conductor makes what recurs at the instants at which it falls due, however far the clock jumps.
func TestBIL_10_Conductor(t *testing.T) {
	t.Parallel()
	ctx, at := context.Background(), clock.NewManual(time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC))
	a, err := Open(ctx, Config{Dir: t.TempDir(), Sandbox: true, Clock: at, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	orgID, user, err := org.Create(ctx, a.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "ana@acme.example", PasswordHash: "x",
		SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	who := db.Caller{Org: orgID, User: user, Perms: org.All, Channel: "web"}
	c := &conductor{app: a, behind: map[ids.ID]bool{}}
	tick := func() {
		t.Helper()
		if err := c.tick(ctx); err != nil {
			t.Fatal(err)
		}
	}
	tick()
	if err := a.DB.Write(ctx, who, func(tx *db.Tx) error {
		v := vendor.Vendors.New().(*vendor.Vendor)
		v.Name = "Harbor Tool Rental"
		if err := vendor.Create(tx, v); err != nil {
			return err
		}
		r := recurring.Bills.New().(*recurring.Bill)
		r.VendorID, r.Lines = v.ID, []*recurring.BillLine{{Base: record.Base{Active: record.Active}}}
		r.TimePeriod, r.Frequency, r.NextDueDate, r.DaysInAdvance = recurring.Months, 1, civil.MustDate("2026-12-05"), 10
		return recurring.CreateBill(tx, r)
	}); err != nil {
		t.Fatal(err)
	}
	at.Set(at.Now().AddDate(0, 2, 0))
	tick()
	var made []string
	if err := a.DB.Read(ctx, who, func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT due_date, created FROM recurring_documents WHERE org_id = $1 ORDER BY due_date`, string(orgID))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var due string
			var created int64
			if err := rows.Scan(&due, &created); err != nil {
				return err
			}
			made = append(made, due+" made "+clock.Instant(created).Time().In(civil.Pacific).Format("2006-01-02 15:04"))
		}
		return rows.Err()
	}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"2026-12-05 made 2026-11-25 06:00", "2027-01-05 made 2026-12-26 06:00"}; len(made) != 2 || made[0] != want[0] || made[1] != want[1] {
		t.Errorf("%q, want %q", made, want)
	}
}
