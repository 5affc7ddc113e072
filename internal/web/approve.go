package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

// approvers adds to a bill's page who is asked about it, and whether that is the user's turn.
func (c *call) approvers(tx *db.Tx, page *view.BillPage, id ids.ID) error {
	rows, err := bill.Approvals.Of(tx, id)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Active != record.Active {
			continue
		}
		a := view.Approver{Status: int(r.Status)}
		if a.Name, err = read.UserName(tx, r.UserID); err != nil {
			return err
		}
		if r.Status == approval.HasApproved || r.Status == approval.HasDenied {
			a.When = view.Instant(r.StatusChangedTime.Time(), c.zone)
		}
		page.Approvers = append(page.Approvers, a)
		mine := r.UserID == tx.Caller().User && (r.Status == approval.Waiting || r.Status == approval.Viewed)
		page.CanDecide = page.CanDecide || mine && c.may(org.ApproveBills)
	}
	return nil
}

func (h *handler) approve(c *call) error {
	return c.decide("approved", func(tx *db.Tx, id ids.ID, comment string) error { return bill.Approvals.Approve(tx, id, comment) })
}

// deny asks for the reason, which the wire does not (spec/README 8).
func (h *handler) deny(c *call) error {
	return c.decide("denied", func(tx *db.Tx, id ids.ID, reason string) error {
		if reason == "" {
			return fault.ErrMissing.On("comment")
		}
		return bill.Approvals.Deny(tx, id, reason)
	})
}

func (c *call) decide(notice string, act func(*db.Tx, ids.ID, string) error) error {
	id, err := c.id("id", ids.Bill)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	comment := strings.TrimSpace(c.r.PostFormValue("comment"))
	err = c.write(func(tx *db.Tx) error { return act(tx, id, comment) })
	text := ""
	switch {
	case errors.Is(err, approval.ErrNotTurn):
		text = "It is not your turn to approve this bill, or it was decided meanwhile."
	case errors.Is(err, approval.ErrOwn):
		text = "You entered this bill: somebody else approves it."
	case errors.Is(err, fault.ErrMissing):
		text = "Say why you deny this bill."
	case errors.Is(err, fault.ErrTooLong):
		text = "The comment is too long: 4,000 characters at most."
	case err != nil:
		return err
	default:
		return c.done(view.BillURL(string(id)), notice)
	}
	return c.showBill(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: text}})
}
