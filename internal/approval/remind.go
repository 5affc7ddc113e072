package approval

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// RemindKind is the kind of work that mails people what waits for them.
const RemindKind = "approvals"

// When people are reminded (APR-12, APR-13), in business days.
const (
	remindDays   = 2
	escalateDays = 5 // where the organisation names no other number
	urgentDays   = 3 // before the due date
	remindHour   = 9 // in the organisation's zone
)

// announce queues the mails to who is newly asked.
func announce(tx *db.Tx) { job.Enqueue(tx, RemindKind, "", tx.Now()) }

// escalated reports whether r has waited so long that an administrator may decide in its place (APR-12).
func escalated(tx *db.Tx, r *Approver) (bool, error) {
	o, err := org.Load(tx)
	if err != nil {
		return false, err
	}
	days := cmp.Or(o.Preferences.ApprovalEscalationDays, escalateDays)
	return passed(r.StatusChangedTime, days, tx.Now(), o.Location()), nil
}

// passed reports whether so many business days have gone by since an instant.
func passed(since clock.Instant, days int, now time.Time, zone *time.Location) bool {
	return !civil.Of(now, zone).Before(business.Add(civil.Of(since.Time(), zone), days))
}

// Remind is the job.Handler of RemindKind. Whoever is newly asked gets a mail at once, and again at 09:00 of every second
// business day while it is asked; one mail names all that waits for the person, what is nearly due marked as urgent, each
// with a link to decide by. Delegates get the same. What has waited for five business days, or what the organisation says,
// is told to the administrators too, who may then decide it. Rules APR-12, APR-13.
func Remind(d *db.DB, publicURL string) job.Handler {
	return func(ctx context.Context, it job.Item, at time.Time) error {
		return d.WriteAt(ctx, db.Caller{Org: it.Org, Perms: org.All, Channel: "job"}, at, func(tx *db.Tx) error {
			o, err := org.Load(tx)
			if err != nil {
				return err
			}
			m := &mailing{tx: tx, org: o, at: at, url: publicURL, today: civil.Of(at, o.Location()), lines: map[ids.ID][]string{}, urgent: map[ids.ID]bool{}}
			waits := false
			for _, k := range kinds {
				some, err := m.collect(k)
				if err != nil {
					return err
				}
				waits = waits || some
			}
			if err := m.send(); err != nil {
				return err
			}
			oldLinks(tx, at)
			if waits {
				job.Enqueue(tx, RemindKind, "", nextMorning(at, o.Location()))
			}
			return job.Done(tx, it)
		})
	}
}

// nextMorning is 09:00 in the zone of the first business day that is later than at.
func nextMorning(at time.Time, zone *time.Location) time.Time {
	day := business.OnOrAfter(civil.Of(at, zone))
	if t := day.At(remindHour, 0, zone); t.After(at) {
		return t
	}
	return business.Next(day).At(remindHour, 0, zone)
}

// mailing is what is said to whom.
type mailing struct {
	tx     *db.Tx
	org    org.Organisation
	at     time.Time
	today  civil.Date
	url    string
	people []ids.ID // in the order in which they turned up
	lines  map[ids.ID][]string
	urgent map[ids.ID]bool
}

// collect notes who is to be told about documents of a kind, and reports whether anything waits.
func (m *mailing) collect(k Kind) (waits bool, err error) {
	t := k.Approvers
	var rows []*Approver
	err = t.List(m.tx, record.Query{Filters: []record.Filter{
		{Field: t.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}},
		{Field: t.Must("status"), Op: record.In, Values: []any{Waiting, Viewed}}},
		Search: "object_id IN (SELECT d.id FROM " + k.Documents.Table + " d WHERE d.org_id = " + t.Table + ".org_id AND d.id = object_id AND d.is_active = 1)"},
		func(a *Approver) error { rows = append(rows, a); return nil })
	if err != nil {
		return false, err
	}
	zone := m.org.Location()
	morning := m.at.In(zone).Hour() >= remindHour && business.IsBankingDay(m.today)
	admins, err := org.Administrators(m.tx)
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		fresh := r.LastReminderTime < r.StatusChangedTime || r.LastReminderTime == 0
		if !fresh && !(morning && passed(r.LastReminderTime, remindDays, m.at, zone)) {
			continue
		}
		rec, err := k.Documents.LoadAny(m.tx, r.ObjectID)
		if err != nil {
			return false, err
		}
		f := k.Facts(rec)
		people := []ids.ID{r.UserID}
		given, err := standing(m.tx, "user_id", r.UserID)
		if err != nil {
			return false, err
		}
		for _, d := range given {
			if d.covers(f.Amount) {
				people = append(people, d.Delegate)
			}
		}
		if late, err := escalated(m.tx, r); err != nil {
			return false, err
		} else if late {
			people = append(people, admins...)
			m.tx.Audit("escalate approval", k.Documents.Name, f.ID, "")
		}
		if err := m.note(k, rec, &f, r, people); err != nil {
			return false, err
		}
		after := *r
		after.LastReminderTime = clock.FromTime(m.at)
		k.Approvers.SaveAs(m.tx, "remind", r, &after)
	}
	return len(rows) > 0, nil
}

// note writes a document's line for each of the people.
func (m *mailing) note(k Kind, rec record.Record, f *Facts, r *Approver, people []ids.ID) error {
	v, err := vendor.Vendors.Load(m.tx, f.Vendor)
	if err != nil {
		return err
	}
	what := k.title(f, v)
	urgent := false
	if field := k.Documents.Field("dueDate"); field != nil {
		due := *field.At(rec).(*civil.Date)
		what += ", due " + due.String()
		urgent = Urgent(due, m.today)
	}
	if urgent {
		what = "URGENT - " + what
	}
	seen := map[ids.ID]bool{}
	for _, p := range people {
		if seen[p] {
			continue
		}
		seen[p] = true
		place := ""
		if p != r.UserID {
			u, err := org.UserByID(m.tx, r.UserID)
			if err != nil {
				return err
			}
			place = " (for " + cmp.Or(u.Name, u.Email) + ")"
		}
		if !slices.Contains(m.people, p) {
			m.people = append(m.people, p)
		}
		m.lines[p] = append(m.lines[p], what+place+"\n  "+linkURL(m.url, k.Link(m.tx, f, p)))
		m.urgent[p] = m.urgent[p] || urgent
	}
	return nil
}

// title is a document in a line of a mail.
func (k Kind) title(f *Facts, v *vendor.Vendor) string {
	return fmt.Sprintf("%s %s of %s: %s %s", map[int64]string{ForBills: "Bill", ForCredits: "Credit"}[k.Policies], f.Number, v.Name,
		money.FormatMinor(f.Amount, money.Digits(f.Currency)), f.Currency)
}

// Urgent reports whether a document is due in less than three business days (APR-13).
func Urgent(due, today civil.Date) bool {
	return !due.IsZero() && due.Before(business.Add(today, urgentDays))
}

// send writes one mail to each of the people.
func (m *mailing) send() error {
	for _, p := range m.people {
		u, err := org.UserByID(m.tx, p)
		if err != nil {
			return err
		}
		n := len(m.lines[p])
		subject := fmt.Sprintf("%d to approve for %s", n, m.org.Name)
		if m.urgent[p] {
			subject = "Urgent: " + subject
		}
		outbox.QueueSecret(m.tx, "approval", u.Email, subject, "Hello "+cmp.Or(u.Name, u.Email)+",\n\nthis waits for your approval at "+m.org.Name+
			". Each link shows it and lets you approve or deny it once; keep the links to yourself.\n\n"+strings.Join(m.lines[p], "\n\n")+
			"\n\nAll that waits for you: "+strings.TrimRight(m.url, "/")+"/approvals\n")
	}
	return nil
}
