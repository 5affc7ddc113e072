package web

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
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
