package approval

import (
	"errors"
	"fmt"
	"slices"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// Delegation lets another person decide in the place of a user on the days From to To in the organisation's zone, about
// documents of at most Cap minor units, 0: any. Who decides for another decides in person: there are no chains. Rule APR-11.
type Delegation struct {
	ID       ids.ID
	User     ids.ID
	Delegate ids.ID
	From, To civil.Date
	Cap      int64
}

// ErrTwice keeps one person from deciding for two about one document, also for itself and another.
var ErrTwice = fault.New(fault.Forbidden, "acted_already", "You decide about this once: for yourself, or for one other person.")

// Delegate stores a delegation of the caller, or with ManageUsers of any user. It fails with fault.ErrForbidden,
// fault.ErrMissing, fault.ErrValue for days in the wrong order, a negative cap or the user itself, or ErrUnable for a
// delegate who may not approve.
func Delegate(tx *db.Tx, d *Delegation) error {
	if d.User.IsNull() {
		d.User = tx.Caller().User
	}
	if err := mayDelegate(tx, d.User); err != nil {
		return err
	}
	switch {
	case d.Delegate.IsNull():
		return fault.ErrMissing.On("delegateId")
	case d.From.IsZero():
		return fault.ErrMissing.On("from")
	case d.To.IsZero():
		return fault.ErrMissing.On("to")
	case d.To.Before(d.From):
		return fault.ErrValue.On("to")
	case d.Cap < 0:
		return fault.ErrValue.On("cap")
	case d.Delegate == d.User:
		return fault.ErrValue.On("delegateId")
	}
	if able, err := org.Holds(tx, d.Delegate, org.ApproveBills); err != nil {
		return err
	} else if !able {
		return ErrUnable.On("delegateId").With(string(d.Delegate))
	}
	d.ID = ids.New("adl")
	tx.Exec(`INSERT INTO approval_delegations (org_id, id, user_id, delegate_id, from_day, to_day, cap, created, ended)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`, string(tx.Org()), string(d.ID), string(d.User), string(d.Delegate), d.From.String(), d.To.String(),
		d.Cap, int64(clock.FromTime(tx.Now())))
	tx.Audit("delegate approval", "user", d.User, fmt.Sprintf(`{"delegateId":["",%q],"from":["",%q],"to":["",%q],"cap":[0,%d]}`, d.Delegate, d.From, d.To, d.Cap))
	return nil
}

// EndDelegation ends a delegation at once. It fails with fault.ErrNotFound or fault.ErrForbidden.
func EndDelegation(tx *db.Tx, id ids.ID) error {
	all, err := delegations(tx, `id = $2`, string(id))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fault.ErrNotFound.With(string(id))
	}
	if err := mayDelegate(tx, all[0].User); err != nil {
		return err
	}
	tx.ExecOne(`UPDATE approval_delegations SET ended = $3 WHERE org_id = $1 AND id = $2 AND ended = 0`, string(tx.Org()), string(id),
		int64(clock.FromTime(tx.Now())))
	tx.Audit("end delegation", "user", all[0].User, fmt.Sprintf(`{"delegateId":[%q,""]}`, all[0].Delegate))
	return nil
}

func mayDelegate(tx *db.Tx, user ids.ID) error {
	if user == tx.Caller().User {
		return tx.Require(org.ApproveBills)
	}
	return tx.Require(org.ManageUsers)
}

// Delegations are those of the user that stand, past ones left out.
func Delegations(tx *db.Tx, user ids.ID) ([]Delegation, error) {
	day, err := today(tx)
	if err != nil {
		return nil, err
	}
	return delegations(tx, `user_id = $2 AND ended = 0 AND to_day >= $3`, string(user), day.String())
}

// today is the day in the organisation's zone.
func today(tx *db.Tx) (civil.Date, error) {
	o, err := org.Load(tx)
	return civil.Of(tx.Now(), o.Location()), err
}

func delegations(tx *db.Tx, where string, args ...any) ([]Delegation, error) {
	rows, err := tx.Query(`SELECT id, user_id, delegate_id, from_day, to_day, cap FROM approval_delegations
		WHERE org_id = $1 AND `+where+` ORDER BY from_day, id`, append([]any{string(tx.Org())}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read delegations: %w", err)
	}
	defer rows.Close()
	var out []Delegation
	for rows.Next() {
		var d Delegation
		if err := rows.Scan((*string)(&d.ID), (*string)(&d.User), (*string)(&d.Delegate), &d.From, &d.To, &d.Cap); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// standing are the delegations of today to or from a user, as column says.
func standing(tx *db.Tx, column string, user ids.ID) ([]Delegation, error) {
	day, err := today(tx)
	if err != nil {
		return nil, err
	}
	return delegations(tx, column+` = $2 AND ended = 0 AND from_day <= $3 AND to_day >= $3`, string(user), day.String())
}

// covers reports whether the delegation is good for that amount.
func (d *Delegation) covers(amount int64) bool { return d.Cap == 0 || amount <= d.Cap }

// acting is the approver in whose place the user decides now: its own, or that of someone it stands in for, by delegation or
// because an administrator steps in for who does not answer. It fails with ErrNotTurn, or ErrTwice. Rules APR-7, APR-11,
// APR-12.
func (c *chain) acting(tx *db.Tx, user ids.ID, amount int64) (*Approver, error) {
	turn := c.turn()
	acted := slices.ContainsFunc(c.rows, func(r *Approver) bool { return asked(r) && r.Status == HasApproved && r.ActedBy == user })
	for _, r := range turn {
		if r.UserID == user && acted {
			return nil, ErrTwice
		} else if r.UserID == user {
			return r, nil
		}
	}
	for _, r := range turn {
		given, err := standing(tx, "user_id", r.UserID)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(given, func(d Delegation) bool { return d.Delegate == user && d.covers(amount) }) {
			if steps, err := stepsIn(tx, r, user); err != nil {
				return nil, err
			} else if !steps {
				continue
			}
		}
		if own := c.row(user); acted || own != nil && own.Status != Stale {
			return nil, ErrTwice
		}
		return r, nil
	}
	return nil, ErrNotTurn
}

// stepsIn reports whether the user, as an administrator, may decide in the place of r, who has waited too long (APR-12).
func stepsIn(tx *db.Tx, r *Approver, user ids.ID) (bool, error) {
	late, err := escalated(tx, r)
	if err != nil || !late {
		return false, err
	}
	admins, err := org.Administrators(tx)
	return slices.Contains(admins, user), err
}

// stand is the delegate of a user who is to be asked in its place about a document of that amount; none if there is none
// who may approve and is not asked already (APR-14).
func (c *chain) stand(tx *db.Tx, user ids.ID, amount int64) (ids.ID, error) {
	all, err := standing(tx, "user_id", user)
	if err != nil {
		return "", err
	}
	for _, d := range all {
		able, err := org.Holds(tx, d.Delegate, org.ApproveBills)
		if err != nil {
			return "", err
		}
		if able && d.covers(amount) && c.row(d.Delegate) == nil {
			return d.Delegate, nil
		}
	}
	return "", nil
}

// MayDecide reports whether the caller may decide about the document now, for itself or for somebody else.
func (k Kind) MayDecide(tx *db.Tx, id ids.ID) (bool, error) {
	c, err := k.chain(tx, id)
	if err != nil {
		return false, err
	}
	rec, err := k.Documents.LoadAny(tx, id)
	if err != nil {
		return false, err
	}
	_, err = c.acting(tx, tx.Caller().User, k.Facts(rec).Amount)
	if errors.Is(err, ErrNotTurn) || errors.Is(err, ErrTwice) {
		return false, nil
	}
	return err == nil, err
}

// Task is one document that waits for a user, in its own place or that of For.
type Task struct {
	*Approver
	For ids.ID // "" for itself
}

// Tasks are what waits for the user now, what it may decide for others included, oldest first.
func (k Kind) Tasks(tx *db.Tx, user ids.ID) ([]Task, error) {
	own, err := k.Queue(tx, user, Waiting, Viewed)
	if err != nil {
		return nil, err
	}
	var out []Task
	mine := map[ids.ID]bool{}
	for _, r := range own {
		out, mine[r.ObjectID] = append(out, Task{r, ""}), true
	}
	others, err := standing(tx, "delegate_id", user)
	if err != nil {
		return nil, err
	}
	for _, d := range others {
		rows, err := k.Queue(tx, d.User, Waiting, Viewed)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if mine[r.ObjectID] {
				continue
			}
			c, err := k.chain(tx, r.ObjectID)
			if err != nil {
				return nil, err
			}
			rec, err := k.Documents.LoadAny(tx, r.ObjectID)
			if err != nil {
				return nil, err
			}
			if at, err := c.acting(tx, user, k.Facts(rec).Amount); err == nil && at.UserID == d.User {
				out, mine[r.ObjectID] = append(out, Task{r, d.User}), true
			} else if err != nil && !errors.Is(err, ErrTwice) && !errors.Is(err, ErrNotTurn) {
				return nil, err
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Task) int { return int(a.StatusChangedTime - b.StatusChangedTime) })
	return out, nil
}
