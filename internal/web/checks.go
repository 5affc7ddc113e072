package web

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) printRuns(c *call) error {
	var page view.PrintRunsPage
	err := c.read(func(tx *db.Tx) error {
		runs, err := payment.PrintRuns(tx, "")
		if err != nil {
			return err
		}
		page.Runs, page.ByHand = nil, payment.ByHand(c.org.Preferences, tx.Sandbox())
		for _, r := range runs {
			page.Runs = append(page.Runs, c.printRunRow(r))
		}
		late, err := payment.Unconfirmed(tx)
		page.Late = int(late)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Currency = c.page("Print checks", view.PaymentsURL), c.org.Currency
	return c.render(http.StatusOK, view.PrintRuns(page))
}

func (c *call) printRunRow(r payment.PrintRun) view.PrintRun {
	state := map[string]string{"unprinted": "drawing", "waiting": "waiting", "opened": "opened"}[r.State]
	if state == "" {
		state = "done" // it left by itself
	}
	return view.PrintRun{ID: string(r.ID), Account: r.Account, State: state, Issued: r.Issued, Created: view.Instant(r.Created.Time(), c.zone),
		First: r.First, Last: r.Last, Checks: r.Checks, Minor: r.Total, Unprinted: r.Allocated, Printed: r.Printed, Mailed: r.Mailed,
		Spoiled: r.Spoiled, Voided: r.Voided, Late: r.Late}
}

func checkRows(all []payment.Registered) []view.Check {
	var rows []view.Check
	for _, r := range all {
		rows = append(rows, view.Check{AccountID: string(r.AccountID), Account: r.Account, Serial: r.Serial, State: r.State, Reason: r.Reason,
			Minor: r.Amount, Payee: r.Payee, PaymentID: string(r.PaymentID), Issued: r.Issued, StopUntil: r.StopUntil, Replacement: r.Replacement,
			IssueTold: r.IssueTold, VoidTold: r.VoidTold})
	}
	return rows
}

func (h *handler) printRun(c *call) error {
	id, err := c.id("id", ids.BankFile)
	if err != nil {
		return err
	}
	return c.showPrintRun(id, http.StatusOK, nil)
}

// showPrintRun renders the page of a print run, with a message about an act that was refused, if there is one.
func (c *call) showPrintRun(id ids.ID, status int, flash []view.Flash) error {
	var page view.PrintRunPage
	err := c.read(func(tx *db.Tx) error {
		runs, err := payment.PrintRuns(tx, id)
		if err != nil {
			return err
		}
		if len(runs) == 0 {
			return fault.ErrNotFound
		}
		page.Run = c.printRunRow(runs[0])
		all, err := payment.Register(tx, payment.Listing{Run: id, Limit: 10_000})
		page.Checks = checkRows(all)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Currency, page.CanPrint = c.page("Print run", view.PaymentsURL), c.org.Currency, c.may(org.PrintChecks)
	page.Flash = append(page.Flash, flash...)
	page.Number, page.Reason = c.field("number"), c.field("reason")
	return c.render(status, view.PrintRunView(page))
}

func (h *handler) openRun(c *call) error {
	id, err := c.id("id", ids.BankFile)
	if err != nil {
		return err
	}
	if err := c.read(func(*db.Tx) error { return nil }); err != nil { // who asks
		return err
	}
	f, err := h.Engine.OpenRun(c.r.Context(), c.caller, id)
	if err != nil {
		return err
	}
	c.attachment("application/pdf", "checks-"+f.Created.Time().Format("2006-01-02")+".pdf")
	http.ServeContent(c.w, c.r, "", time.Time{}, bytes.NewReader(f.Content))
	return nil
}

// number is a number of a form; 0 if it is none, which no check has.
func (c *call) number(name string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(c.r.PostFormValue(name)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// onRun carries out an act on a print run and shows the run, with why the act was refused if it was.
func (c *call) onRun(notice string, do func(tx *db.Tx, run ids.ID) error) error {
	id, err := c.id("id", ids.BankFile)
	if err != nil {
		return err
	}
	err = c.write(func(tx *db.Tx) error { return do(tx, id) })
	switch {
	case err == nil:
		return c.done(view.PrintRunURL(string(id)), notice)
	case errors.Is(err, payment.ErrNotAnnounced):
		return c.showPrintRun(id, http.StatusConflict, []view.Flash{{Tone: view.Bad,
			Text: "The bank does not know these checks yet. Mail them once their file has left, within some minutes."}})
	case errors.Is(err, payment.ErrCheckState):
		return c.showPrintRun(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: "No check with such a number waits for this."}})
	case errors.Is(err, fault.ErrValue), errors.Is(err, fault.ErrMissing), errors.Is(err, errNoNumber):
		return c.showPrintRun(id, http.StatusUnprocessableEntity, []view.Flash{{Tone: view.Bad,
			Text: "Write the numbers as they stand on the checks, the smaller one first, and say what happened to a spoiled one."}})
	}
	return err
}

// errNoNumber is a number that no check of the run has.
var errNoNumber = errors.New("no check of this run has that number")

func (h *handler) confirmPrinted(c *call) error {
	return c.onRun("printed", func(tx *db.Tx, run ids.ID) error {
		return payment.ConfirmPrinted(tx, run, c.number("from"), c.number("to"))
	})
}

func (h *handler) confirmMailed(c *call) error {
	return c.onRun("mailed", func(tx *db.Tx, run ids.ID) error {
		return payment.ConfirmMailed(tx, run, c.number("from"), c.number("to"))
	})
}

func (h *handler) spoilCheck(c *call) error {
	return c.onRun("spoiled", func(tx *db.Tx, run ids.ID) error {
		n := c.number("number")
		found, err := payment.Register(tx, payment.Listing{Run: run, Before: n + 1, Limit: 1})
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].Serial != n {
			return errNoNumber
		}
		_, err = payment.Spoil(tx, found[0].AccountID, n, strings.TrimSpace(c.r.PostFormValue("reason")))
		return err
	})
}

// registerPage is how many numbers a page of the register shows.
const registerPage = 100

func (h *handler) checkRegister(c *call) error { return c.showRegister(http.StatusOK, nil) }

// showRegister renders the register, with a message about an act that was refused, if there is one.
func (c *call) showRegister(status int, flash []view.Flash) error {
	page := view.RegisterPage{Query: view.ParseRegisterQuery(c.r.URL.Query())}
	err := c.read(func(tx *db.Tx) error {
		all, err := payment.Register(tx, payment.Listing{State: page.Query.State, Before: page.Query.Before, Limit: registerPage + 1})
		if err != nil {
			return err
		}
		page.Next = 0
		if len(all) > registerPage {
			all = all[:registerPage]
			page.Next = all[registerPage-1].Serial
		}
		page.Checks = checkRows(all)
		expiring, err := payment.ExpiringStops(tx)
		page.Expiring = checkRows(expiring)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Currency = c.page("Check register", view.PaymentsURL), c.org.Currency
	page.CanPrint, page.CanStop = c.may(org.PrintChecks), c.may(org.CancelPayments)
	page.Flash = append(page.Flash, flash...)
	return c.render(status, view.CheckRegister(page))
}

// onRegister carries out an act on the register and shows it, with why the act was refused if it was.
func (c *call) onRegister(notice string, do func(tx *db.Tx) error) error {
	err := c.write(do)
	switch {
	case err == nil:
		return c.done(view.CheckRegisterURL, notice)
	case errors.Is(err, payment.ErrCheckState), errors.Is(err, errNoNumber):
		return c.showRegister(http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: "No check with such a number waits for this."}})
	}
	return err
}

func (h *handler) renewStop(c *call) error {
	return c.onRegister("renewed", func(tx *db.Tx) error {
		return payment.RenewStop(tx, ids.ID(c.r.PostFormValue("account")), c.number("number"))
	})
}

func (h *handler) returnedMail(c *call) error {
	back, from, notice := c.r.PostFormValue("back") == "yes", payment.CheckMailed, "back"
	if !back {
		from, notice = payment.CheckReturnedMail, "remailed"
	}
	return c.onRegister(notice, func(tx *db.Tx) error {
		n := c.number("number")
		found, err := payment.Register(tx, payment.Listing{State: from, Before: n + 1, Limit: 1})
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].Serial != n {
			return errNoNumber
		}
		return payment.ReturnMail(tx, found[0].AccountID, n, back)
	})
}

func (h *handler) stopAnswer(c *call) error {
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	stopped, notice := c.r.PostFormValue("stopped") == "yes", "stopped"
	if !stopped {
		notice = "unstopped"
	}
	return c.onRegister(notice, func(tx *db.Tx) error { return payment.ConfirmStop(tx, id, stopped) })
}

func (h *handler) checkExceptions(c *call) error { return c.showExceptions(http.StatusOK, nil) }

// showExceptions renders what the bank asks, with a message about an answer that was refused, if there is one.
func (c *call) showExceptions(status int, flash []view.Flash) error {
	var page view.ExceptionsPage
	err := c.read(func(tx *db.Tx) error {
		waiting, err := payment.Exceptions(tx, true)
		if err != nil {
			return err
		}
		all, err := payment.Exceptions(tx, false)
		if err != nil {
			return err
		}
		page.Waiting, page.Decided = nil, nil
		for _, x := range waiting {
			page.Waiting = append(page.Waiting, c.exception(x, ""))
		}
		for _, x := range all {
			if x.Decision == "" {
				continue
			}
			by := "nobody, at the deadline"
			if x.DecidedBy != "" {
				if by, err = read.UserName(tx, x.DecidedBy); err != nil {
					return err
				}
			}
			page.Decided = append(page.Decided, c.exception(x, by+", "+view.Instant(x.DecidedAt.Time(), c.zone)))
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Page, page.Currency, page.CanDecide = c.page("Exceptions of the bank", view.PaymentsURL), c.org.Currency, c.may(org.PayApproved)
	page.Flash = append(page.Flash, flash...)
	return c.render(status, view.CheckExceptions(page))
}

func (c *call) exception(x payment.Exception, decided string) view.CheckException {
	v := view.CheckException{ID: string(x.ID), Account: x.Account, Serial: x.Serial, Minor: x.Amount, Issued: x.Issued, Payee: x.Payee, Reason: x.Reason,
		State: x.State, PaymentID: string(x.PaymentID), Presented: x.Presented, Decision: x.Decision, Decided: decided}
	if x.Deadline != 0 {
		v.Deadline = view.Instant(x.Deadline.Time(), c.zone)
	}
	return v
}

func (h *handler) decideException(c *call) error {
	id, err := c.id("id", ids.BankFile)
	if err != nil {
		return err
	}
	err = c.write(func(tx *db.Tx) error { return payment.Decide(tx, id, c.r.PostFormValue("decision")) })
	if errors.Is(err, payment.ErrDecided) {
		return c.showExceptions(http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: "This has been decided, or the bank's deadline is over."}})
	}
	if err != nil {
		return err
	}
	return c.done(view.CheckExceptionsURL, "answered")
}

// voidable tells whether a payment is of those that can be void; when it is too late, the room says.
func voidable(d payment.Details) bool {
	if !d.Online || d.Rail == payment.Credits {
		return d.State == payment.Cleared
	}
	return (d.Rail == payment.Check || d.Rail == payment.ACH) && (d.State == payment.InFile || d.State == payment.Sent)
}

// otherReason is what people choose when none of the reasons fits (VOI-8).
const otherReason = "other"

func (h *handler) voidForm(c *call) error { return c.showVoid(http.StatusOK, nil) }

// showVoid renders the form, with what is wrong about what it was sent with.
func (c *call) showVoid(status int, wrong view.FieldErrors) error {
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	var page view.VoidPage
	err = c.read(func(tx *db.Tx) error {
		d, err := payment.Detail(tx, id)
		if err != nil {
			return err
		}
		if !c.may(org.CancelPayments) {
			return fault.ErrForbidden
		}
		if !voidable(d) {
			return payment.ErrNotVoidable
		}
		v, err := vendor.Vendors.Load(tx, d.VendorID)
		if err != nil {
			return err
		}
		page = view.VoidPage{ID: string(id), Payee: v.Name, Currency: d.Currency, Minor: d.Amount, Recorded: !d.Online || d.Rail == payment.Credits,
			Mailed: d.State == payment.Sent || d.Rail == payment.ACH}
		return nil
	})
	if err != nil {
		return err
	}
	page.Page, page.Errors = c.page("Void a payment", view.PaymentsURL), wrong
	page.Reasons = append(slices.Clone(payment.VoidReasons), otherReason)
	page.Reason, page.Other, page.Reissue = c.r.PostFormValue("reason"), c.r.PostFormValue("other"), c.r.PostFormValue("reissue") == "yes"
	return c.render(status, view.VoidPayment(page))
}

func (h *handler) voidPayment(c *call) error {
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	reason, other := c.r.PostFormValue("reason"), strings.TrimSpace(c.r.PostFormValue("other"))
	var wrong view.FieldErrors
	switch {
	case reason != otherReason && !slices.Contains(payment.VoidReasons, reason):
		wrong = append(wrong, view.FieldError{Field: "reason", Message: "Choose why the payment is to be void."})
	case reason == otherReason && other == "" || len([]rune(other)) > 180:
		wrong = append(wrong, view.FieldError{Field: "other", Message: "Say in up to 180 characters why the payment is to be void."})
	}
	if wrong != nil {
		return c.showVoid(http.StatusUnprocessableEntity, wrong)
	}
	if other != "" {
		reason += ": " + other
	}
	v := payment.Voiding{PaymentID: id, Type: payment.VoidAndCredit, Reason: reason}
	if c.r.PostFormValue("reissue") == "yes" {
		v.Type = payment.VoidAndReissue
	}
	err = c.write(func(tx *db.Tx) error { _, err := payment.Void(tx, v); return err })
	if f := fault.From(err); f != nil && f.Kind != fault.Internal && !errors.Is(err, payment.ErrNotVoidable) && !errors.Is(err, fault.ErrForbidden) &&
		!errors.Is(err, fault.ErrNotFound) { // the payment that replaces it cannot be made
		return c.showVoid(http.StatusUnprocessableEntity, view.FieldErrors{{Message: f.Message}})
	}
	if err != nil {
		return err
	}
	return c.done(view.PaymentURL(string(id)), "voided")
}
