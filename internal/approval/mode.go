package approval

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/org"
)

// ModeKind is the kind of work that makes a change of sodMode hold when its day has come.
const ModeKind = "separation"

// modeDays is how many business days later a change of sodMode holds that nobody else has confirmed (SEC-5).
const modeDays = 2

// Faults of changing sodMode.
var (
	ErrModeAlone = fault.New(fault.Forbidden, "sod_mode_second", "Another person confirms a change of the separation of duties.")
	ErrNoMode    = fault.New(fault.NotFound, "sod_mode_none", "No change of the separation of duties waits.")
)

// business is the calendar by which days are counted.
var business civil.Calendar

// ModeChange is a change of sodMode that waits for a second person, or for its day.
type ModeChange struct {
	Mode    string
	AskedBy ids.ID
	Asked   clock.Instant
	Due     clock.Instant
}

// AskMode proposes a change of sodMode and tells every administrator. It holds once another person has confirmed it, or at
// 09:00 of the second business day after, in the organisation's zone; one that waits already is replaced. It needs
// ManageCompany and fails with fault.ErrValue. Rule SEC-5.
func AskMode(tx *db.Tx, mode string) error {
	if err := tx.Require(org.ManageCompany); err != nil {
		return err
	}
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	before := cmp.Or(o.Preferences.SoDMode, sodOff)
	if err := o.Set("sodMode", mode); err != nil {
		return err
	}
	if before == mode {
		return fault.ErrValue.On("sodMode")
	}
	due := morning(tx.Now(), o.Location(), modeDays)
	tx.Exec(`INSERT INTO approval_mode_changes (org_id, mode, asked_by, asked, due) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (org_id) DO UPDATE SET mode = excluded.mode, asked_by = excluded.asked_by, asked = excluded.asked, due = excluded.due`,
		string(tx.Org()), mode, string(tx.Caller().User), int64(clock.FromTime(tx.Now())), due.UnixMicro())
	auditMode(tx, "ask separation of duties", before, mode)
	job.Enqueue(tx, ModeKind, "", due)
	return tellMode(tx, fmt.Sprintf("A change of the separation of duties of %s to %q was asked for. Unless somebody cancels it, it holds from %s, or once another person confirms it.",
		o.Name, mode, due.In(o.Location()).Format("2 Jan 2006 15:04")))
}

// morning is 09:00 in the zone of the n-th business day after now.
func morning(now time.Time, zone *time.Location, n int) time.Time {
	return business.Add(civil.Of(now, zone), n).At(9, 0, zone)
}

func auditMode(tx *db.Tx, verb, before, after string) {
	raw, _ := json.Marshal(map[string][2]string{"sodMode": {before, after}})
	tx.Audit(verb, "organisation", tx.Org(), string(raw))
}

// tellMode mails every administrator.
func tellMode(tx *db.Tx, text string) error {
	all, err := org.Administrators(tx)
	if err != nil {
		return err
	}
	for _, id := range all {
		u, err := org.UserByID(tx, id)
		if err != nil {
			return err
		}
		outbox.Queue(tx, "separation", u.Email, "Separation of duties", text+"\n")
	}
	return nil
}

// PendingMode is the change of sodMode that waits. It fails with ErrNoMode.
func PendingMode(tx *db.Tx) (m ModeChange, err error) {
	err = tx.Row(`SELECT mode, asked_by, asked, due FROM approval_mode_changes WHERE org_id = $1`+tx.ForUpdate(), string(tx.Org())).
		Scan(&m.Mode, (*string)(&m.AskedBy), (*int64)(&m.Asked), (*int64)(&m.Due))
	if errors.Is(err, sql.ErrNoRows) {
		return m, ErrNoMode
	}
	if err != nil {
		return m, fmt.Errorf("read the change of sodMode: %w", err)
	}
	return m, nil
}

// ConfirmMode makes the change that waits hold now. It needs ManageCompany and fails with ErrNoMode, or ErrModeAlone for
// who asked for it.
func ConfirmMode(tx *db.Tx) error {
	m, err := waitingMode(tx)
	if err != nil {
		return err
	}
	if user := tx.Caller().User; user.IsNull() || user == m.AskedBy {
		return ErrModeAlone
	}
	return m.hold(tx, "confirm separation of duties")
}

// CancelMode gives up the change that waits. It needs ManageCompany and fails with ErrNoMode.
func CancelMode(tx *db.Tx) error {
	m, err := waitingMode(tx)
	if err != nil {
		return err
	}
	forgetMode(tx)
	auditMode(tx, "cancel separation of duties", m.Mode, "")
	return nil
}

func waitingMode(tx *db.Tx) (ModeChange, error) {
	if err := tx.Require(org.ManageCompany); err != nil {
		return ModeChange{}, err
	}
	return PendingMode(tx)
}

func (m ModeChange) hold(tx *db.Tx, verb string) error {
	before, err := sodMode(tx)
	if err != nil {
		return err
	}
	forgetMode(tx)
	auditMode(tx, verb, before, m.Mode)
	return org.SetSoDMode(tx, m.Mode)
}

func forgetMode(tx *db.Tx) {
	tx.Exec(`DELETE FROM approval_mode_changes WHERE org_id = $1`, string(tx.Org()))
}

// HoldMode is the job.Handler of ModeKind.
func HoldMode(d *db.DB) job.Handler {
	return func(ctx context.Context, it job.Item, at time.Time) error {
		return d.WriteAt(ctx, db.Caller{Org: it.Org, Perms: org.All, Channel: "job"}, at, func(tx *db.Tx) error {
			m, err := PendingMode(tx)
			switch {
			case errors.Is(err, ErrNoMode):
				return job.Done(tx, it)
			case err != nil:
				return err
			case m.Due.Time().After(at): // replaced by a later one
				job.Enqueue(tx, ModeKind, "", m.Due.Time())
				return job.Done(tx, it)
			}
			if err := m.hold(tx, "separation of duties"); err != nil {
				return err
			}
			return job.Done(tx, it)
		})
	}
}
