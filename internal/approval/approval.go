// Package approval keeps who must approve a bill or a vendor credit, in which order, and who has (domain 4.4).
//
// A document's approvers come from whoever sets them, from the policies whose conditions it meets, and from the
// organisation's default approver. They are asked step by step, one person or several at once in each. After every change
// the document's approvalStatus follows from its approvers and steps alone:
//
//	anyone denied -> denied; fewer than the policies ask for, or none -> unassigned
//	all steps satisfied -> approved; someone approved -> approving; nobody -> assigned
//
// An approval counts for what was approved: a change that table 4.4.1 marks takes it back. The room knows documents by
// their facts only, so that bill and credit build on it: each has a Kind, calls Submit when a document is created and
// Edited when it changes, and asks Blocked before money is tied to it.
package approval

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// The approvalStatus of a document (domain 4.3).
const (
	Unassigned int64 = 0
	Assigned   int64 = 1
	Approved   int64 = 3
	Approving  int64 = 4
	Denied     int64 = 5
)

// Where an approver stands (api-v2 3.19).
const (
	Waiting     int64 = 0 // asked now
	Viewed      int64 = 1
	Rerouted    int64 = 2 // another one is asked instead
	HasDenied   int64 = 3
	HasApproved int64 = 4
	Upcoming    int64 = 5 // asked when those before have approved
	Stale       int64 = 6 // no longer asked; on an active one: the step has enough approvals without it (SKIPPED)
)

// Approver is one person asked about one document. Active ones are asked now; an inactive one that has approved is
// remembered, so that it is not asked again about the same document.
type Approver struct {
	record.Base
	ObjectID          ids.ID
	UserID            ids.ID
	Status            int64
	SortOrder         int64 // from 1
	ApprovalPolicyID  ids.ID
	LastReminderTime  clock.Instant
	StatusChangedTime clock.Instant
	Alone             bool   // has to approve in any case, and not only as a member of steps
	ActedBy           ids.ID // the delegate who decided in the user's place
}

func describe(name, prefix, table string) record.Of[Approver] {
	return record.Describe[Approver](name, prefix, table,
		record.Reference("objectId", nil, func(a *Approver) *ids.ID { return &a.ObjectID }),
		record.Reference("userId", nil, func(a *Approver) *ids.ID { return &a.UserID }),
		record.Choice("status", map[int64]string{Waiting: "WAITING", Viewed: "VIEWED", Rerouted: "REROUTED", HasDenied: "DENIED",
			HasApproved: "APPROVED", Upcoming: "UPCOMING", Stale: "STALE"}, func(a *Approver) *int64 { return &a.Status }),
		record.Number("sortOrder", func(a *Approver) *int64 { return &a.SortOrder }),
		record.Reference("approvalPolicyId", func() *record.Type { return Policies.Type }, func(a *Approver) *ids.ID { return &a.ApprovalPolicyID }),
		record.Moment("lastReminderTime", func(a *Approver) *clock.Instant { return &a.LastReminderTime }),
		record.Moment("statusChangedTime", func(a *Approver) *clock.Instant { return &a.StatusChangedTime }),
		record.Flag("alone", func(a *Approver) *bool { return &a.Alone }),
		record.Reference("actedBy", nil, func(a *Approver) *ids.ID { return &a.ActedBy }),
	)
}

// The approvers of bills and of vendor credits.
var (
	BillApprovers   = describe("billApprover", ids.BillApprover, "bill_approvers")
	CreditApprovers = describe("vendorCreditApprover", ids.VendorCreditApprover, "vendor_credit_approvers")
)

// Kind is a type of document that is approved. Its records have the fields that Facts reads, approvalStatus and createdBy.
type Kind struct {
	Documents *record.Type
	Approvers record.Of[Approver]
	Policies  int64  // the type of its policies
	Number    string // the field that holds its number
}

// Note is what someone said about a record (APR-8).
type Note struct {
	record.Base
	ObjectID ids.ID
	UserID   ids.ID
	Text     string
}

// Notes describes notes.
var Notes = record.Describe[Note]("note", ids.Note, "notes",
	record.Reference("objectId", nil, func(n *Note) *ids.ID { return &n.ObjectID }),
	record.Reference("userId", nil, func(n *Note) *ids.ID { return &n.UserID }),
	record.String("text", 4000, func(n *Note) *string { return &n.Text }),
)

// Faults of this room.
var (
	ErrUnable  = fault.New(fault.Invalid, "approver_unable", "The user named is not active or may not approve.")
	ErrChanged = fault.New(fault.Conflict, "approval_changed", "This has changed since it was shown: look at it again.")
	ErrLocked  = fault.New(fault.Conflict, "approved_locked", "Somebody has approved this: it is not changed so any more.")
	ErrNotTurn = fault.New(fault.Forbidden, "not_approvers_turn", "You are not an approver of this, or it is not your turn.")
)

// maxApprovers is how many people may be asked about one document.
const maxApprovers = 100

// document is a record of a Kind as this room sees it.
type document struct {
	rec       record.Record
	id        ids.ID
	facts     Facts
	status    int64
	createdBy ids.ID
}

// load reads a document, keeps others from it until the transaction ends, and fails with fault.ErrNotFound, or with
// fault.ErrReference for an inactive one.
func (k Kind) load(tx *db.Tx, id ids.ID) (*document, error) {
	rec, err := k.Documents.LoadAny(tx, id)
	if err != nil {
		return nil, err
	}
	if rec.Head().Active != record.Active {
		return nil, fault.ErrReference.On("objectId").With(string(id))
	}
	return &document{rec: rec, id: id, facts: k.Facts(rec), status: *k.Documents.Must("approvalStatus").At(rec).(*int64),
		createdBy: *k.Documents.Must("createdBy").At(rec).(*ids.ID)}, nil
}

// save stores the document's status under that verb of the audit trail.
func (k Kind) save(tx *db.Tx, verb string, d *document, status int64) {
	after := k.Documents.Copy(d.rec)
	*k.Documents.Must("approvalStatus").At(after).(*int64) = status
	k.Documents.SaveAs(tx, verb, d.rec, after)
}

// Submit gives a new document, which has its id already, its approvers and tells its status: those of the policies that
// claim it, merged, or else the default approver. Who is no longer able to approve is replaced by an administrator
// (APR-14). Rules APR-1, APR-4, APR-5. The caller stores the status with the document.
func (k Kind) Submit(tx *db.Tx, rec record.Record) (int64, error) {
	prefs, err := org.Prefs(tx)
	if err != nil {
		return 0, err
	}
	f := k.Facts(rec)
	claims, err := claiming(tx, k.Policies, &f)
	if err != nil {
		return 0, err
	}
	c := &chain{kind: k, object: f.ID}
	if err := c.addPolicies(tx, claims); err != nil {
		return 0, err
	}
	if len(c.rows) == 0 && !prefs.DefaultBillApprover.IsNull() {
		if err := c.askAble(tx, prefs.DefaultBillApprover); err != nil {
			return 0, err
		}
	}
	return c.store(tx, claims)
}

// The values of billEditAfterApproval (domain 2.2).
const (
	editNever         = "never"
	editUntilComplete = "untilComplete"
)

// Edited tells the status of a document that is changing from before to after. A change that table 4.4.1 marks takes back
// what was approved, all of it or that of the policies that look at what changed; who denied still denies. Policies that
// claim the document now add their approvers. The caller has locked the document and stores the status with it. It fails
// with ErrLocked where the organisation does not let what is approved change so. Rules APR-5, APR-9.
func (k Kind) Edited(tx *db.Tx, before, after record.Record) (int64, error) {
	was, is := k.Facts(before), k.Facts(after)
	diff := compare(&was, &is)
	c, err := k.chain(tx, is.ID)
	if err != nil {
		return 0, err
	}
	if diff.field != "" {
		if err := c.locked(tx, *k.Documents.Must("approvalStatus").At(before).(*int64), diff.field); err != nil {
			return 0, err
		}
	}
	if was.Amount != is.Amount || was.Vendor != is.Vendor {
		k.noteEditor(tx, is.ID)
	}
	all, err := claims(tx)
	if err != nil {
		return 0, err
	}
	c.reset(func(policy ids.ID) bool {
		return diff.field != "" || slices.ContainsFunc(all, func(p claim) bool { return p.id == policy && p.when.uses(diff.dims) })
	})
	now, err := claiming(tx, k.Policies, &is)
	if err != nil {
		return 0, err
	}
	if err := c.addPolicies(tx, now); err != nil {
		return 0, err
	}
	return c.store(tx, now)
}

// locked fails with ErrLocked where a field that takes back approvals may not change any more.
func (c *chain) locked(tx *db.Tx, status int64, field string) error {
	prefs, err := org.Prefs(tx)
	if err != nil {
		return err
	}
	approved := slices.ContainsFunc(c.rows, func(r *Approver) bool { return asked(r) && r.Status == HasApproved })
	if prefs.BillEditAfterApproval == editNever && approved || prefs.BillEditAfterApproval == editUntilComplete && status == Approved {
		return ErrLocked.On(field)
	}
	return nil
}

// reset takes back what was approved alone for a policy, or as a member of a step of one, where it is of those.
func (c *chain) reset(of func(policy ids.ID) bool) {
	for _, r := range c.rows {
		if r.Status != HasApproved || !of(r.ApprovalPolicyID) && !slices.ContainsFunc(c.steps, func(g *group) bool {
			return slices.Contains(g.members, r.UserID) && of(g.policy)
		}) {
			continue
		}
		r.Status, r.ActedBy = Upcoming, ""
		if !asked(r) {
			r.Status = Stale
		}
	}
}

// Reset takes back every approval of a document of which a file was replaced or removed (table 4.4.1). A document that is
// not there, or that nobody has approved, stays as it is. It fails with ErrLocked as Edited does.
func (k Kind) Reset(tx *db.Tx, id ids.ID) error {
	d, err := k.load(tx, id)
	if err != nil {
		if f := fault.From(err); f != nil && (f.Kind == fault.NotFound || errors.Is(err, fault.ErrReference)) {
			return nil
		}
		return err
	}
	return k.change(tx, "reset approval", d, func(c *chain) error {
		if err := c.locked(tx, d.status, "documents"); err != nil {
			return err
		}
		c.reset(func(ids.ID) bool { return true })
		return nil
	})
}

// Blocked reports whether approval stands between a document and money: it is denied or waits for someone, or nobody was
// asked although a policy claims it (spec/README 7, APR-15).
func (k Kind) Blocked(tx *db.Tx, rec record.Record) (bool, error) {
	switch *k.Documents.Must("approvalStatus").At(rec).(*int64) {
	case Approved:
		return false, nil
	case Unassigned:
		f := k.Facts(rec)
		claims, err := claiming(tx, k.Policies, &f)
		return len(claims) > 0, err
	}
	return true, nil
}

// Set asks users, in that order, to approve the document, instead of those who were asked and have not approved; who has
// is not asked again, and whom a policy asks stays (APR-5). On a denied document it clears the denial as well (APR-7).
// It needs SetApprovers and fails with fault.ErrNotFound, fault.ErrReference, fault.ErrMissing for no users,
// fault.ErrTooMany, or ErrUnable with the user at fault.
func (k Kind) Set(tx *db.Tx, id ids.ID, users []ids.ID) error {
	if err := tx.Require(org.SetApprovers); err != nil {
		return err
	}
	if err := k.See(tx, id); err != nil {
		return err
	}
	d, err := k.load(tx, id)
	if err != nil {
		return err
	}
	switch {
	case len(users) == 0:
		return fault.ErrMissing.On("approvers")
	case len(users) > maxApprovers:
		return fault.ErrTooMany.On("approvers")
	}
	for _, u := range users {
		if ok, err := org.Holds(tx, u, org.ApproveBills); err != nil {
			return err
		} else if !ok {
			return ErrUnable.On("approvers").With(string(u))
		}
	}
	return k.change(tx, "set approvers", d, func(c *chain) error {
		c.set(users)
		return nil
	})
}

// Learned are the approvers to propose for a document: those that somebody set, in order, about the last document of the
// same vendor for which anybody did, as far as they may approve. Nobody is asked by that. Rule APR-1.
func (k Kind) Learned(tx *db.Tx, id ids.ID) ([]ids.ID, error) {
	set := `approval_policy_id = '' AND (is_active = 1 OR status = $3)`
	rows, err := tx.Query(`SELECT user_id FROM `+k.Approvers.Table+` WHERE org_id = $1 AND `+set+` AND object_id =
		(SELECT d.id FROM `+k.Documents.Table+` d JOIN `+k.Documents.Table+` own ON own.org_id = d.org_id AND own.vendor_id = d.vendor_id
			WHERE own.org_id = $1 AND own.id = $2 AND d.id <> $2 AND EXISTS (SELECT 1 FROM `+k.Approvers.Table+`
				WHERE org_id = $1 AND object_id = d.id AND `+set+`) ORDER BY d.created_time DESC, d.id DESC LIMIT 1)
		ORDER BY sort_order, id`, string(tx.Org()), string(id), HasApproved)
	if err != nil {
		return nil, fmt.Errorf("look who was asked about the last document: %w", err)
	}
	defer rows.Close()
	var users []ids.ID
	for rows.Next() {
		var u string
		if err := rows.Scan(&u); err != nil {
			return nil, err
		}
		if !slices.Contains(users, ids.ID(u)) {
			users = append(users, ids.ID(u))
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	var able []ids.ID
	for _, u := range users {
		ok, err := org.Holds(tx, u, org.ApproveBills)
		if err != nil {
			return nil, err
		}
		if ok {
			able = append(able, u)
		}
	}
	return able, nil
}

// Inherit asks, about a new document, those who were asked about another one: what recurs is approved by whom it was
// before (BIL-10). Who is no longer able to is replaced by an administrator. Without anyone nothing changes.
func (k Kind) Inherit(tx *db.Tx, id, from ids.ID) error {
	before, err := k.Of(tx, from)
	before = slices.DeleteFunc(before, func(a *Approver) bool { return !asked(a) })
	if err != nil || len(before) == 0 {
		return err
	}
	d, err := k.load(tx, id)
	if err != nil {
		return err
	}
	return k.change(tx, "set approvers", d, func(c *chain) error {
		c.set(nil)
		for _, a := range before {
			if err := c.askAble(tx, a.UserID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Clear ends the asking: who has approved is remembered, everyone else is no longer asked, and the document is
// unassigned again. Whom a policy asks is asked anew. Without anyone left to ask it changes nothing. It needs
// SetApprovers and fails with fault.ErrNotFound or fault.ErrReference.
func (k Kind) Clear(tx *db.Tx, id ids.ID) error {
	if err := tx.Require(org.SetApprovers); err != nil {
		return err
	}
	if err := k.See(tx, id); err != nil {
		return err
	}
	d, err := k.load(tx, id)
	if err != nil {
		return err
	}
	return k.change(tx, "clear approvers", d, func(c *chain) error {
		if !c.drop() {
			return nil
		}
		claims, err := claiming(tx, k.Policies, &d.facts)
		if err != nil {
			return err
		}
		if err := c.addPolicies(tx, claims); err != nil {
			return err
		}
		if len(c.turn()) == 0 {
			c.forget()
		}
		return nil
	})
}

// Approve records the caller's approval, which with the last one makes the document approved, and keeps a comment as a
// note. It needs ApproveBills and fails with fault.ErrNotFound, fault.ErrReference, ErrNotTurn, or ErrOwn where the
// organisation enforces that whoever entered a document does not approve it; ErrOwnBank likewise. A delegate decides in the
// place of whoever is asked, and fails with ErrTwice where it decides about the document otherwise. Rules APR-7, APR-8,
// APR-10, APR-11.
func (k Kind) Approve(tx *db.Tx, id ids.ID, comment string) error {
	return k.decide(tx, id, "approve", HasApproved, comment)
}

// Same fails with ErrChanged unless the document is what a print of its facts says: what was shown is approved and nothing
// else (15.5 E14). The document stays as it is until the transaction ends.
func (k Kind) Same(tx *db.Tx, id ids.ID, print string) error {
	d, err := k.load(tx, id)
	if err == nil && d.facts.Print() != print {
		err = ErrChanged.On("objectId").With(string(id))
	}
	return err
}

// Deny stops the chain and mails it, with the reason, to whoever entered the document and to the holders of ManageBills. It
// needs and fails as Approve does. Rule APR-7.
func (k Kind) Deny(tx *db.Tx, id ids.ID, comment string) error {
	return k.decide(tx, id, "deny", HasDenied, comment)
}

func (k Kind) decide(tx *db.Tx, id ids.ID, verb string, decision int64, comment string) error {
	if err := tx.Require(org.ApproveBills); err != nil {
		return err
	}
	d, err := k.load(tx, id)
	if err != nil {
		return err
	}
	user := tx.Caller().User
	return k.change(tx, verb, d, func(c *chain) error {
		if user.IsNull() {
			return ErrNotTurn.On("objectId").With(string(id))
		}
		r, err := c.acting(tx, user, d.facts.Amount)
		var refused *fault.Error
		if errors.As(err, &refused) {
			return refused.On("objectId").With(string(id))
		}
		if err != nil {
			return err
		}
		if decision == HasApproved {
			if err := k.mayApprove(tx, d, user, comment); err != nil {
				return err
			}
		}
		if r.UserID != user {
			r.ActedBy = user
			if decision == HasApproved { // APR-11: judged for both persons
				if err := k.mayApprove(tx, d, r.UserID, comment); err != nil {
					return err
				}
			}
		}
		r.Status = decision
		if decision == HasDenied {
			if err := k.tellDenied(tx, d, r, comment); err != nil {
				return err
			}
		}
		if comment == "" {
			return nil
		}
		if n := int(Notes.Must("text").Max); len([]rune(comment)) > n {
			return fault.ErrTooLong.On("comment")
		}
		n := Notes.New().(*Note)
		n.ObjectID, n.UserID, n.Text = id, user, comment
		Notes.Insert(tx, n)
		return nil
	})
}

// tellDenied mails that r has denied the document (APR-7).
func (k Kind) tellDenied(tx *db.Tx, d *document, r *Approver, reason string) error {
	v, err := vendor.Vendors.Load(tx, d.facts.Vendor)
	if err != nil {
		return err
	}
	by, err := org.UserByID(tx, tx.Caller().User)
	if err != nil {
		return err
	}
	who := cmp.Or(by.Name, by.Email)
	if r.UserID != by.ID {
		u, err := org.UserByID(tx, r.UserID)
		if err != nil {
			return err
		}
		who += ", for " + cmp.Or(u.Name, u.Email) + ","
	}
	return org.Tell(tx, org.ManageBills, d.createdBy, outbox.Letter{Kind: "denied", About: d.id,
		Subject: strings.Join(strings.Fields("Denied: "+k.title(&d.facts, v)), " "),
		Text: fmt.Sprintf("%s has denied this:\n\n%s\n\nReason: %s\n\nNothing is paid on it. To go on, mend it and set its approvers again, or delete it.\n",
			who, k.title(&d.facts, v), cmp.Or(strings.TrimSpace(reason), "none was given")),
	})
}

// change applies f to the document's approvers and stores them and the status that follows.
func (k Kind) change(tx *db.Tx, verb string, d *document, f func(*chain) error) error {
	c, err := k.chain(tx, d.id)
	if err != nil {
		return err
	}
	if err := f(c); err != nil {
		return err
	}
	if c.cleared { // what the policies ask was seen to
		k.save(tx, verb, d, Unassigned)
		return c.write(tx)
	}
	claims, err := claiming(tx, k.Policies, &d.facts)
	if err != nil {
		return err
	}
	if err := c.addPolicies(tx, claims); err != nil {
		return err
	}
	status, err := c.store(tx, claims)
	if err != nil {
		return err
	}
	k.save(tx, verb, d, status)
	return nil
}

// Of lists the approvers of a document in order: those asked, and those remembered for having approved.
func (k Kind) Of(tx *db.Tx, id ids.ID) ([]*Approver, error) {
	var out []*Approver
	t := k.Approvers
	err := t.List(tx, record.Query{Filters: []record.Filter{{Field: t.Must("objectId"), Op: record.Eq, Values: []any{string(id)}}},
		Search: fmt.Sprintf("is_active = %d OR status = %d", record.Active, HasApproved),
		Order:  []record.Key{{Field: t.Must("sortOrder")}, {Field: t.Must("id")}}},
		func(a *Approver) error { out = append(out, a); return nil })
	return out, err
}

// Queue lists where a user stands in one of those states on active documents, oldest first.
func (k Kind) Queue(tx *db.Tx, user ids.ID, states ...int64) ([]*Approver, error) {
	var out []*Approver
	t := k.Approvers
	in := make([]any, len(states))
	for i, s := range states {
		in[i] = s
	}
	err := t.List(tx, record.Query{Filters: []record.Filter{
		{Field: t.Must("userId"), Op: record.Eq, Values: []any{string(user)}},
		{Field: t.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}},
		{Field: t.Must("status"), Op: record.In, Values: in}},
		Search: "object_id IN (SELECT d.id FROM " + k.Documents.Table + " d WHERE d.org_id = " + t.Table + ".org_id AND d.id = object_id AND d.is_active = 1)"},
		func(a *Approver) error { out = append(out, a); return nil })
	return out, err
}
