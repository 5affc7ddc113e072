package approval_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/record"
)

// mails runs what is due until then and gives the mails about approval that were written since the last call.
func (o *office) mails(until time.Time) (out []outbox.Mail) {
	o.t.Helper()
	o.s.Clock.Set(until)
	run := job.New(o.s.DB, map[string]job.Handler{approval.RemindKind: approval.Remind(o.s.DB, "https://books.example/")}, slog.New(slog.DiscardHandler))
	if err := run.Due(context.Background(), until); err != nil {
		o.t.Fatal(err)
	}
	o.do(o.admin, func(tx *db.Tx) error {
		rows, err := job.List(tx)
		for _, e := range rows {
			if e.Kind == approval.RemindKind && e.Error != "" {
				o.t.Fatal(e.Error)
			}
		}
		if err != nil {
			return err
		}
		all, err := outbox.List(tx)
		for _, m := range all {
			if m.Kind == "approval" && !o.seen[m.ID] {
				o.seen[m.ID] = true
				out = append(out, m)
			}
		}
		return err
	})
	return out
}

// tokens are those of the links in a mail.
func tokens(m outbox.Mail) (out []string) {
	for _, x := range regexp.MustCompile(`https://books\.example/approve/(\w+)`).FindAllStringSubmatch(m.Body, -1) {
		out = append(out, x[1])
	}
	return out
}

// A mail leaves when somebody is asked, again every second business day at 09:00, one for all that waits; delegates get it
// too, and after five business days the administrators, who may then decide.
func TestAPR_12_Reminders(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		at := func(day string, hour, minute int) time.Time {
			return civil.MustDate(day).At(hour, minute, civil.Pacific)
		}
		to := func(mails []outbox.Mail) string {
			var out []string
			for _, m := range mails {
				name := strings.SplitN(strings.TrimSuffix(m.To, "@acme.example"), "0", 2)[0]
				out = append(out, strings.TrimSuffix(name, string(o.admin.Org)))
			}
			slices.Sort(out)
			return strings.Join(out, " ")
		}
		first := o.asked("anna ben", 10_00)
		o.asked("anna", 20_00)
		got := o.mails(at("2026-11-23", 9, 5))
		if to(got) != "anna" || len(tokens(got[0])) != 2 || !strings.Contains(got[0].Body, "Harbor Tool Rental: 10.00 USD, due 2026-12-20") {
			t.Fatalf("on assignment: %q %+v", to(got), got)
		}
		if got := o.mails(at("2026-11-24", 9, 30)); len(got) != 0 {
			t.Errorf("a day later: %q", to(got))
		}
		if got := o.mails(at("2026-11-25", 8, 59)); len(got) != 0 {
			t.Errorf("before 09:00 of the second day: %q", to(got))
		}
		o.delegate("anna", "cleo", 15_00)
		got = o.mails(at("2026-11-25", 9, 1))
		if to(got) != "anna cleo" || len(tokens(got[0])) != 2 || len(tokens(got[1])) != 1 {
			t.Errorf("the second day: %q", to(got))
		}
		if err := o.approve(first, "anna", ""); err != nil {
			t.Fatal(err)
		}
		if got := o.mails(at("2026-11-25", 9, 30)); to(got) != "ben" {
			t.Errorf("the next one is asked: %q", to(got))
		}
		if err := o.approve(first, "admin", ""); !errors.Is(err, approval.ErrNotTurn) {
			t.Errorf("an administrator who is not asked: %v", err)
		}
		got = o.mails(at("2026-12-03", 9, 30)) // 26 November is a holiday: the fifth business day after the 25th is 3 December
		if !strings.Contains(to(got), "admin") {
			t.Errorf("after five business days: %q", to(got))
		}
		if err := o.approve(first, "admin", ""); err != nil || o.state(first) != "3 anna+ ben+" {
			t.Errorf("an administrator steps in: %v, %s", err, o.state(first))
		}
	})
}

// What is due within three business days is urgent.
func TestAPR_13_Urgent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for _, c := range []struct {
			due  string
			want bool
		}{{"2026-11-25", true}, {"2026-11-27", false}, {"2026-11-20", true}} { // from Monday the 23rd, with a holiday on the 26th
			o := newOffice(t, s)
			id := o.asked("anna", 10_00)
			o.edit(id, func(b *bill.Bill) { b.DueDate = civil.MustDate(c.due) })
			got := o.mails(dbtest.Start.Add(time.Minute))
			if len(got) != 1 || strings.HasPrefix(got[0].Subject, "Urgent") != c.want || strings.Contains(got[0].Body, "URGENT") != c.want {
				t.Errorf("due %s: %+v", c.due, got)
			}
		}
	})
}

// A link decides once, for its user, about the document as it was: nothing but a hash of it is kept.
func TestAPR_17_Link(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		link := func(id ids.ID, who string) (token string) {
			o.do(o.admin, func(tx *db.Tx) error {
				rec, err := bill.Bills.Load(tx, id)
				if err != nil {
					return err
				}
				f := bill.Approvals.Facts(rec)
				token = bill.Approvals.Link(tx, &f, o.ids(who)[0])
				return nil
			})
			return token
		}
		decide := func(token string, approve bool, comment string) error {
			var h approval.Held
			if err := s.Read(ctx, db.Caller{}, func(tx *db.Tx) (err error) { h, err = approval.Find(tx, token, "192.0.2.1"); return err }); err != nil {
				return err
			}
			return s.Write(ctx, h.Caller, func(tx *db.Tx) error { return h.Decide(tx, token, approve, comment) })
		}
		id := o.asked("anna ben cleo", 100_00)
		anna, again, ben := link(id, "anna"), link(id, "anna"), link(id, "ben")
		if err := decide(ben, true, ""); !errors.Is(err, approval.ErrNotTurn) {
			t.Errorf("before the turn: %v", err)
		}
		if err := decide(anna, false, " "); !errors.Is(err, fault.ErrMissing) {
			t.Errorf("a denial without a reason: %v", err)
		}
		if err := decide(anna, true, "fine"); err != nil || o.state(id) != "4 anna+ ben? cleo" {
			t.Fatal(err, o.state(id))
		}
		for name, token := range map[string]string{"used": anna, "made up": "x" + anna[1:]} {
			if err := decide(token, true, ""); !errors.Is(err, approval.ErrNoLink) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := decide(again, true, ""); !errors.Is(err, approval.ErrNotTurn) {
			t.Errorf("a second link of who has decided: %v", err)
		}
		if err := decide(ben, true, ""); err != nil { // another's approval voids no link
			t.Error(err)
		}
		cleo := link(id, "cleo")
		o.edit(id, func(b *bill.Bill) { b.Description = "x" })
		o.edit(id, func(b *bill.Bill) { b.Amount, b.Lines[0].Amount = 99_99, 99_99 })
		if err := decide(cleo, true, ""); !errors.Is(err, approval.ErrLinkChanged) {
			t.Errorf("a cent less: %v", err)
		}
		id = o.asked("dan", 100_00)
		dan := link(id, "dan")
		o.do(o.admin, func(tx *db.Tx) error {
			var n int64
			err := tx.Row(`SELECT count(*) FROM approval_links WHERE hash = $1 OR print = $1`, dan).Scan(&n)
			if n != 0 {
				t.Error("the token itself is stored")
			}
			return err
		})
		s.Clock.Advance(15 * 24 * time.Hour)
		if err := decide(dan, true, ""); !errors.Is(err, approval.ErrNoLink) {
			t.Errorf("after two weeks: %v", err)
		}
	})
}

// A replay tells which bills a policy would have claimed before it is switched on.
func TestAPR_2_Replay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		old := o.bill(700_00)
		s.Clock.Advance(40 * 24 * time.Hour)
		small, large, larger := o.bill(100_00), o.bill(500_00), o.bill(600_00)
		p := approval.Policies.New().(*approval.Policy)
		p.AmountThreshold, p.Active = 500_00, record.Inactive
		if err := p.SetRules(approval.Conditions{}, []approval.Step{{Users: o.ids("anna ben"), Need: 1}, {Users: o.ids("cleo")}}); err != nil {
			t.Fatal(err)
		}
		o.do(o.admin, func(tx *db.Tx) error {
			found, looked, err := approval.Replay(tx, p, 30)
			var got []ids.ID
			for _, f := range found {
				got = append(got, f.ID)
			}
			if !slices.Equal(got, []ids.ID{larger, large}) || looked != 3 || len(found[0].Steps) != 2 || found[0].Steps[0].Need != 1 || len(found[0].Steps[0].Users) != 2 {
				t.Errorf("%v of %d; old %s, small %s", found, looked, old, small)
			}
			return err
		})
		if o.state(large) != "0" {
			t.Error("a replay changed a bill")
		}
		if err := o.try(o.users["anna"], func(tx *db.Tx) error { _, _, err := approval.Replay(tx, p, 30); return err }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without the permission: %v", err)
		}
	})
}
