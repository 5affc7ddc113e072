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
		if !r.ActedBy.IsNull() {
			by, err := read.UserName(tx, r.ActedBy)
			if err != nil {
				return err
			}
			a.Name = by + " for " + a.Name
		}
		page.Approvers = append(page.Approvers, a)
	}
	if c.may(org.ApproveBills) && len(page.Approvers) > 0 {
		if page.CanDecide, err = bill.Approvals.MayDecide(tx, id); err == nil && page.CanDecide {
			b, err := bill.Bills.Load(tx, id)
			if err != nil {
				return err
			}
			f := bill.Approvals.Facts(b)
			page.Seen = f.Print()
		}
	}
	return err
}

func (h *handler) approve(c *call) error {
	return c.decide("approved", func(tx *db.Tx, id ids.ID, comment string) error {
		if err := bill.Approvals.Approve(tx, id, comment); err != nil {
			return err
		}
		return bill.Approvals.Same(tx, id, c.field("seen"))
	})
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
	if err == nil {
		return c.done(view.BillURL(string(id)), notice)
	}
	text, known := decisionRefused(err)
	if !known {
		return err
	}
	if errors.Is(err, fault.ErrMissing) || errors.Is(err, fault.ErrTooLong) {
		return c.showBill(id, http.StatusUnprocessableEntity, nil, view.FieldError{Field: "comment", Message: text})
	}
	return c.showBill(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: text}})
}
