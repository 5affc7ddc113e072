package recurring

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Engine makes what is due of all organisations. Its methods make nothing twice, however often they run and in however
// many processes.
type Engine struct {
	db   *db.DB
	mail Mailer
	log  *slog.Logger
}

// Mailer sends an invoice to its customer; answers go to the user from. It fails with fault.ErrMissing where there is
// nobody to send to.
type Mailer func(tx *db.Tx, invoice, from ids.ID) error

// NewEngine makes the engine of a store.
func NewEngine(d *db.DB, m Mailer, log *slog.Logger) *Engine { return &Engine{d, m, log} }

// template is a type of template.
type template struct {
	*record.Type
	make func(tx *db.Tx, id ids.ID, due func(*Schedule) bool, m Mailer) error
	stop func(tx *db.Tx, id ids.ID, code string) error
}

var templates = []template{
	{Bills.Type, makeBill, stop(Bills, func(b *Bill) *Schedule { return &b.Schedule })},
	{Invoices.Type, makeInvoice, stop(Invoices, func(i *Invoice) *Schedule { return &i.Schedule })},
}

// stop keeps the template from making anything until it is changed, and keeps the reason.
func stop[T any](of record.Of[T], schedule func(*T) *Schedule) func(*db.Tx, ids.ID, string) error {
	return func(tx *db.Tx, id ids.ID, code string) error {
		t, err := of.LoadForUpdate(tx, id)
		if err != nil {
			return err
		}
		after := *t
		s := schedule(&after)
		s.CreateOn, s.Failure = civil.Date{}, code
		of.SaveAs(tx, "stop generating", any(t).(record.Record), any(&after).(record.Record))
		return nil
	}
}

// Due is the first instant at or after the given one at which Step has work: the given one itself if work waits
// already. A store that cannot be read counts as work that waits, so that the next Step tells what is wrong.
func (e *Engine) Due(ctx context.Context, org ids.ID, after time.Time) (next time.Time, ok bool) {
	err := e.db.Read(ctx, caller(org, ""), func(tx *db.Tx) error {
		var first string
		err := tx.Row(`SELECT coalesce(min(create_on), '') FROM (
				SELECT create_on FROM recurring_bills WHERE org_id = $1 AND create_on <> ''
				UNION ALL SELECT create_on FROM recurring_invoices WHERE org_id = $1 AND create_on <> '') x`, string(org)).Scan(&first)
		if err != nil || first == "" {
			return err
		}
		day, err := civil.Parse(first)
		if err != nil {
			return fmt.Errorf("read the date %q: %w", first, err)
		}
		zone, err := zoneOf(tx)
		if next, ok = day.At(hour, 0, zone), true; next.Before(after) {
			next = after
		}
		return err
	})
	if err != nil {
		if ctx.Err() == nil {
			e.log.ErrorContext(ctx, "cannot tell what recurs", "org", org, "error", err)
		}
		return after, true
	}
	return next, ok
}

// Step makes every bill and invoice that is due at the instant at, those that were missed included, each in a
// transaction of its own and in the order of their days. What a rule refuses stops its template and no other; what fails
// otherwise is left for the next Step, and what waits beside it is made all the same.
func (e *Engine) Step(ctx context.Context, org ids.ID, at time.Time) error {
	failed := map[ids.ID]error{}
	for _, t := range templates {
		for more := true; more; {
			waiting, day, err := e.waiting(ctx, org, t.Table, at)
			if err != nil {
				return err
			}
			more = false
			for _, w := range waiting {
				if failed[w.id] != nil {
					continue
				}
				if err := e.one(ctx, t, caller(org, w.by), w.id, day, at); err != nil {
					failed[w.id] = fmt.Errorf("template %s: %w", w.id, err)
				}
				more = true
			}
		}
	}
	return errors.Join(slices.Collect(maps.Values(failed))...)
}

type waiter struct{ id, by ids.ID }

// waiting are the templates of a table with something to make at the instant at, and the day up to which it is due.
func (e *Engine) waiting(ctx context.Context, org ids.ID, table string, at time.Time) (out []waiter, day civil.Date, err error) {
	err = e.db.Read(ctx, caller(org, ""), func(tx *db.Tx) error {
		zone, err := zoneOf(tx)
		if err != nil {
			return err
		}
		day = dueDay(at, zone)
		rows, err := tx.Query(`SELECT id, created_by FROM `+table+` WHERE org_id = $1 AND create_on <> '' AND create_on <= $2
			ORDER BY create_on, id`, string(org), day.String())
		if err != nil {
			return fmt.Errorf("look for what recurs: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var w waiter
			if err := rows.Scan((*string)(&w.id), (*string)(&w.by)); err != nil {
				return err
			}
			out = append(out, w)
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	return out, day, err
}

// one makes the next document of a template, or stops the template.
func (e *Engine) one(ctx context.Context, t template, who db.Caller, id ids.ID, day civil.Date, at time.Time) error {
	due := func(s *Schedule) bool { return !s.CreateOn.IsZero() && !s.CreateOn.After(day) }
	err := e.db.WriteAt(ctx, who, at, func(tx *db.Tx) error { return t.make(tx, id, due, e.mail) })
	refusal := fault.From(err)
	if err == nil || refusal == nil || refusal.Kind == fault.Internal || refusal.Kind == fault.Busy || refusal.Kind == fault.Conflict {
		return err
	}
	e.log.WarnContext(ctx, "a recurring document is refused", "org", who.Org, "template", id, "reason", refusal)
	return e.db.WriteAt(ctx, who, at, func(tx *db.Tx) error { return t.stop(tx, id, refusal.Code) })
}

// once has f make the document of a template's due date unless there is one, and remembers it. f is given the document
// of the due date before.
func once(tx *db.Tx, template ids.ID, due civil.Date, f func(previous ids.ID) (ids.ID, error)) error {
	var last, document string
	err := tx.Row(`SELECT due_date, document_id FROM recurring_documents WHERE org_id = $1 AND template_id = $2 AND due_date <= $3
		ORDER BY due_date DESC LIMIT 1`, string(tx.Org()), string(template), due.String()).Scan(&last, &document)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("look for the document before: %w", err)
	}
	if last == due.String() {
		return nil
	}
	made, err := f(ids.ID(document))
	if err != nil {
		return err
	}
	tx.Exec(`INSERT INTO recurring_documents (org_id, template_id, due_date, document_id, created) VALUES ($1, $2, $3, $4, $5)`,
		string(tx.Org()), string(template), due.String(), string(made), int64(clock.FromTime(tx.Now())))
	return nil
}

// caller acts for whoever set up the template: what it makes is theirs, as approval sees it (APR-10).
func caller(o, user ids.ID) db.Caller {
	return db.Caller{Org: o, User: user, Perms: org.All, Channel: "recurring"}
}

func zoneOf(tx *db.Tx) (*time.Location, error) {
	o, err := org.Load(tx)
	return o.Location(), err
}
