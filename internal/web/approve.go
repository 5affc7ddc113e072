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

// proposal adds to a bill's page whom to ask, where nobody is asked or somebody has denied: those of the vendor's last bill
// (APR-1).
func (c *call) proposal(tx *db.Tx, page *view.BillPage, b *bill.Bill) error {
	page.CanAsk = c.may(org.SetApprovers) && b.Active == record.Active && b.Payable() > 0 &&
		(b.ApprovalStatus == approval.Unassigned || b.ApprovalStatus == approval.Denied)
	if !page.CanAsk {
		return nil
	}
	users, err := bill.Approvals.Learned(tx, b.ID)
	if err != nil || len(users) == 0 {
		return err
	}
	page.Learned = true
	page.Ask, err = emails(tx, users)
	return err
}

// ask sets the approvers of a bill.
func (h *handler) ask(c *call) error {
	id, err := c.id("id", ids.Bill)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	var unknown string
	err = c.write(func(tx *db.Tx) error {
		unknown = ""
		var users []ids.ID
		for _, email := range names(c.field("approvers")) {
			u, err := org.UserByEmail(tx, email)
			if errors.Is(err, org.ErrNoUser) {
				unknown = email
				return approval.ErrUnable
			}
			if err != nil {
				return err
			}
			users = append(users, u.ID)
		}
		return bill.Approvals.Set(tx, id, users)
	})
	text := ""
	switch {
	case err == nil:
		return c.done(view.BillURL(string(id)), "approvers")
	case unknown != "":
		text = "“" + unknown + "” is no user’s e-mail address."
	case errors.Is(err, approval.ErrUnable):
		text = "One of them may not approve bills."
	case errors.Is(err, fault.ErrMissing):
		text = "Name at least one person."
	case errors.Is(err, fault.ErrTooMany):
		text = "These are too many."
	default:
		return err
	}
	return c.showBill(id, http.StatusUnprocessableEntity, nil, view.FieldError{Field: "approvers", Message: text})
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
