package web

import (
	"errors"
	"net/http"
	"slices"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/sending"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

// approvable are the documents that are approved, as pages call them.
var approvable = []struct {
	name string
	approval.Kind
}{{"Bill", bill.Approvals}, {"Credit", credit.Approvals}}

// shownApprovals is how many tasks the page shows.
const shownApprovals = 200

func (h *handler) approvalQueue(c *call) error {
	return c.showApprovals(http.StatusOK, view.ApprovalsPage{})
}

// showApprovals renders what waits for the user; page carries what was typed and refused.
func (c *call) showApprovals(status int, page view.ApprovalsPage) error {
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ApproveBills); err != nil {
			return err
		}
		page.Rows, page.Delegations, page.People = nil, nil, nil
		for _, k := range approvable {
			tasks, err := k.Tasks(tx, tx.Caller().User)
			if err != nil {
				return err
			}
			for _, t := range tasks {
				row, err := c.approvalRow(tx, k.name, k.Kind, t)
				if err != nil {
					return err
				}
				page.Rows = append(page.Rows, row)
			}
		}
		page.Rows = page.Rows[:min(len(page.Rows), shownApprovals)]
		all, err := approval.Delegations(tx, tx.Caller().User)
		if err != nil {
			return err
		}
		for _, d := range all {
			row := view.DelegationRow{ID: string(d.ID), From: d.From, To: d.To}
			if d.Cap > 0 {
				row.Cap = view.Amount(d.Cap, c.org.Currency)
			}
			if row.Name, err = read.UserName(tx, d.Delegate); err != nil {
				return err
			}
			page.Delegations = append(page.Delegations, row)
		}
		page.People, err = read.Approvers(tx, tx.Caller().User)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Currency = c.page("Approvals", view.ApprovalsURL), c.org.Currency
	return c.render(status, view.Approvals(page))
}

func (c *call) approvalRow(tx *db.Tx, name string, k approval.Kind, t approval.Task) (row view.ApprovalRow, err error) {
	rec, err := k.Documents.LoadAny(tx, t.ObjectID)
	if err != nil {
		return row, err
	}
	f := k.Facts(rec)
	v, err := vendor.Vendors.Load(tx, f.Vendor)
	if err != nil {
		return row, err
	}
	row = view.ApprovalRow{ID: string(f.ID), Seen: f.Print(), Kind: name, Number: f.Number, Vendor: v.Name, Currency: f.Currency, Minor: f.Amount,
		Since: view.Instant(t.StatusChangedTime.Time(), c.zone)}
	if b, ok := rec.(*bill.Bill); ok {
		row.Due, row.URL = b.DueDate, view.BillURL(row.ID)
		row.Urgent = approval.Urgent(b.DueDate, c.today)
	}
	row.For, err = read.UserName(tx, t.For)
	return row, err
}

// decideMany approves or denies all that was chosen, each in a transaction of its own, so that one that is refused keeps no
// other from being decided.
func (h *handler) decideMany(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	comment, approve := c.field("comment"), c.field("act") == "approve"
	chosen := c.r.PostForm["item"]
	page := view.ApprovalsPage{Comment: comment}
	refuse := func(field, text string) {
		page.Errors = append(page.Errors, view.FieldError{Field: field, Message: text})
	}
	switch {
	case len(chosen) == 0 || len(chosen) > shownApprovals:
		refuse("", "Choose what you decide about.")
	case c.field("act") != "approve" && c.field("act") != "deny":
		refuse("", "Choose to approve or to deny.")
	case !approve && comment == "":
		refuse("comment", "Say why you deny.")
	}
	if len(page.Errors) > 0 {
		return c.showApprovals(http.StatusUnprocessableEntity, page)
	}
	for _, item := range chosen {
		id := ids.ID(item)
		at := slices.IndexFunc(approvable, func(k struct {
			name string
			approval.Kind
		}) bool {
			return id.Is(k.Documents.Prefix)
		})
		if at < 0 {
			return fault.ErrNotFound.With(item)
		}
		k := approvable[at]
		act := k.Deny
		if approve {
			act = k.Approve
		}
		number := ""
		err := c.write(func(tx *db.Tx) error {
			rec, err := k.Documents.LoadAny(tx, id)
			if err != nil {
				return err
			}
			number = k.Facts(rec).Number
			if err := act(tx, id, comment); err != nil || !approve {
				return err
			}
			return k.Same(tx, id, c.field("seen-"+item))
		})
		if err == nil {
			continue
		}
		text, known := decisionRefused(err)
		if !known {
			return err
		}
		refuse("", k.name+" "+number+": "+text)
	}
	if len(page.Errors) > 0 {
		page.Comment = ""
		return c.showApprovals(http.StatusConflict, page)
	}
	return c.done(view.ApprovalsURL, map[bool]string{true: "approveall", false: "denyall"}[approve])
}

// decisionRefused says why a decision was refused, in a sentence; false: err is none.
func decisionRefused(err error) (string, bool) {
	switch {
	case errors.Is(err, approval.ErrNotTurn):
		return "It is not your turn to approve this bill, or it was decided meanwhile.", true
	case errors.Is(err, approval.ErrChanged):
		return "It has changed since you opened it. Look at it again before you decide.", true
	case errors.Is(err, approval.ErrOwn):
		return "You entered this bill, or changed its amount or vendor: somebody else approves it.", true
	case errors.Is(err, approval.ErrOwnBank):
		return "You changed the vendor’s bank account in the last 30 days: somebody else approves it.", true
	case errors.Is(err, approval.ErrTwice):
		return "You decide about this once: for yourself, or for one other person.", true
	case errors.Is(err, fault.ErrMissing):
		return "Say why you deny this bill.", true
	case errors.Is(err, fault.ErrTooLong):
		return "The comment is too long: 4,000 characters at most.", true
	}
	return "", false
}

func (h *handler) delegate(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	f := view.DelegationForm{Delegate: c.field("delegate"), From: c.field("from"), To: c.field("to"), Cap: c.field("cap")}
	var wrong view.FieldErrors
	d := approval.Delegation{Delegate: ids.ID(f.Delegate)}
	var err error
	if d.From, err = civil.Parse(f.From); err != nil {
		wrong = append(wrong, view.FieldError{Field: "from", Message: "Enter the first day."})
	}
	if d.To, err = civil.Parse(f.To); err != nil {
		wrong = append(wrong, view.FieldError{Field: "to", Message: "Enter the last day."})
	}
	if f.Cap != "" {
		if d.Cap, err = money.ParseMinor(f.Cap, 2); err != nil || d.Cap <= 0 {
			wrong = append(wrong, view.FieldError{Field: "cap", Message: "Enter an amount such as 5000.00, or nothing."})
		}
	}
	if len(wrong) == 0 {
		err = c.write(func(tx *db.Tx) error { return approval.Delegate(tx, &d) })
		var ok bool
		wrong, ok = refusal(err, map[string]string{"delegateId": "delegate", "from": "from", "to": "to"},
			map[string]string{"field_missing": "Fill this in.", "approver_unable": "Choose somebody who may approve.", "value_invalid": "Look at this once more."})
		if err != nil && !ok {
			return err
		}
	}
	if len(wrong) > 0 {
		return c.showApprovals(http.StatusUnprocessableEntity, view.ApprovalsPage{Form: f, Errors: wrong})
	}
	return c.done(view.ApprovalsURL, "delegated")
}

func (h *handler) endDelegation(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	if err := c.write(func(tx *db.Tx) error { return approval.EndDelegation(tx, ids.ID(c.field("id"))) }); err != nil {
		return err
	}
	return c.done(view.ApprovalsURL, "saved")
}

// mailHolder gives what the token in the path opens. Wrong tokens are counted.
func (c *call) mailHolder() (held approval.Held, err error) {
	c.w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	address, now := c.address(), c.h.DB.RoughNow()
	if err := c.h.tries.Check(address, now); err != nil {
		return held, err
	}
	err = c.h.DB.Read(c.r.Context(), db.Caller{Channel: approval.LinkChannel, Address: address}, func(tx *db.Tx) (err error) {
		held, err = approval.Find(tx, c.r.PathValue("token"), address)
		return err
	})
	if errors.Is(err, approval.ErrNoLink) {
		c.h.tries.Wrong(address, now)
	}
	return held, err
}

// refuseMailLink answers whoever has no link that works.
func (c *call) refuseMailLink(err error) error {
	page := view.ErrorPage{Bare: c.bare("This link does not work"), Home: view.Link{Text: "Sign in to see what waits for you", URL: view.ApprovalsURL}}
	switch {
	case errors.Is(err, sending.ErrThrottled):
		page.Status, page.Detail = http.StatusTooManyRequests, "Too many wrong links came from your network. Try again in an hour."
		c.w.Header().Set("Retry-After", "3600")
	case errors.Is(err, approval.ErrNoLink):
		page.Status, page.Detail = http.StatusNotFound, approval.ErrNoLink.Message
	case errors.Is(err, approval.ErrLinkChanged):
		page.Status, page.Detail = http.StatusConflict, approval.ErrLinkChanged.Message
	case errors.Is(err, approval.ErrNotTurn), errors.Is(err, approval.ErrTwice):
		page.Status, page.Detail = http.StatusConflict, "This was decided meanwhile, or it is not your turn."
	default:
		return err
	}
	return c.render(page.Status, view.Error(page))
}

// mailLink shows what a mail's link opens and changes nothing: programs that look at mails follow links (APR-17).
func (h *handler) mailLink(c *call) error {
	return c.showMailLink(http.StatusOK, view.MailLinkPage{})
}

func (c *call) showMailLink(status int, page view.MailLinkPage) error {
	held, err := c.mailHolder()
	if err != nil {
		return c.refuseMailLink(err)
	}
	err = c.h.DB.Read(c.r.Context(), held.Caller, func(tx *db.Tx) error {
		if err := held.Check(tx, c.r.PathValue("token")); err != nil {
			return err
		}
		return c.fillMailLink(tx, held, &page)
	})
	if err != nil {
		return c.refuseMailLink(err)
	}
	page.Token = c.r.PathValue("token")
	return c.render(status, view.MailLink(page))
}

// fillMailLink adds to the page the document that the link is about.
func (c *call) fillMailLink(tx *db.Tx, held approval.Held, page *view.MailLinkPage) error {
	rec, err := held.Kind.Documents.LoadAny(tx, held.ID)
	if err != nil {
		return err
	}
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	f := held.Kind.Facts(rec)
	v, err := vendor.Vendors.Load(tx, f.Vendor)
	if err != nil {
		return err
	}
	if page.User, err = read.UserName(tx, held.Caller.User); err != nil {
		return err
	}
	page.Company, page.Number, page.Vendor, page.Minor, page.Currency = o.Name, f.Number, v.Name, f.Amount, f.Currency
	page.Lines = nil
	line := func(account ids.ID, text string, minor int64) error {
		l := view.BillLine{Description: text, Minor: minor}
		if !account.IsNull() {
			a, err := dimension.Accounts.Load(tx, account)
			if err != nil {
				return err
			}
			l.Account = a.Name
		}
		page.Lines = append(page.Lines, l)
		return nil
	}
	switch d := rec.(type) {
	case *bill.Bill:
		page.Kind, page.Date, page.Due, page.Description = "Bill", d.InvoiceDate, d.DueDate, d.Description
		for _, l := range d.Lines[:min(len(d.Lines), 100)] {
			if err := line(l.ChartOfAccountID, l.Description, l.Amount); err != nil {
				return err
			}
		}
	case *credit.Credit:
		page.Kind, page.Date, page.Description = "Vendor credit", d.CreditDate, d.Description
		for _, l := range d.Lines[:min(len(d.Lines), 100)] {
			if err := line(l.ChartOfAccountID, l.Description, l.Amount); err != nil {
				return err
			}
		}
	}
	page.Title = page.Kind + " " + f.Number
	return nil
}

func (h *handler) decideByMail(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	held, err := c.mailHolder()
	if err != nil {
		return c.refuseMailLink(err)
	}
	act, comment := c.field("act"), c.field("comment")
	page := view.MailLinkPage{Comment: comment}
	if act != "approve" && act != "deny" {
		page.Errors = view.FieldErrors{{Message: "Choose to approve or to deny."}}
		return c.showMailLink(http.StatusUnprocessableEntity, page)
	}
	err = h.DB.Write(c.r.Context(), held.Caller, func(tx *db.Tx) error {
		if err := held.Decide(tx, c.r.PathValue("token"), act == "approve", comment); err != nil {
			return err
		}
		return c.fillMailLink(tx, held, &page)
	})
	if text, known := decisionRefused(err); known && !errors.Is(err, approval.ErrNotTurn) && !errors.Is(err, approval.ErrTwice) {
		field := ""
		if errors.Is(err, fault.ErrMissing) || errors.Is(err, fault.ErrTooLong) {
			field = "comment"
		}
		page.Errors = view.FieldErrors{{Field: field, Message: text}}
		return c.showMailLink(http.StatusUnprocessableEntity, page)
	}
	if err != nil {
		return c.refuseMailLink(err)
	}
	page.Done = map[string]string{"approve": "You have approved this.", "deny": "You have denied this."}[act]
	return c.render(http.StatusOK, view.MailLink(page))
}

// waitsForUser counts what waits for the user's approval, for the rail.
func (c *call) waitsForUser(tx *db.Tx) (n int, err error) {
	for _, k := range approvable {
		rows, err := k.Queue(tx, tx.Caller().User, approval.Waiting, approval.Viewed)
		if err != nil {
			return 0, err
		}
		n += len(rows)
	}
	return n, nil
}
