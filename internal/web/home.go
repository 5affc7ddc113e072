package web

import (
	"net/http"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) home(c *call) error {
	var o read.Overview
	err := c.read(func(tx *db.Tx) (err error) {
		if o, err = read.Home(tx, c.org.Currency, c.today); err != nil || !c.may(org.PrintChecks) {
			return err
		}
		if o.BankTasks, err = payment.OpenTasks(tx); err != nil {
			return err
		}
		o.UnconfirmedChecks, err = payment.Unconfirmed(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.render(http.StatusOK, view.Home(view.HomePage{
		Page: c.page("Home", view.HomeURL), Greeting: c.today.Weekday().String() + ", " + view.Date(c.today),
		Tasks: c.tasks(o), Cash: o.Cash, Ageing: o.Ageing, InFlight: o.InFlight,
	}))
}

// tasks are what waits for the user, the worst first.
func (c *call) tasks(o read.Overview) []view.Task {
	var all []view.Task
	act := "See"
	if c.may(org.PayApproved) || c.may(org.PayUnassigned) {
		act = "Pay"
	}
	if o.LateBills > 0 {
		all = append(all, view.Task{Tone: view.Bad, Text: view.Count(o.LateBills, "bill is", "bills are") + " past due",
			Detail: view.Amount(o.Late, c.org.Currency) + ", the oldest for " + view.Count(o.OldestDays, "day", "days"),
			Action: view.Link{Text: act, URL: view.BillQuery{Tab: "topay", Sort: "due"}.URL()}})
	}
	if n := int(o.UnconfirmedChecks); n > 0 {
		all = append(all, view.Task{Tone: view.Bad, Text: view.Count(n, "check is", "checks are") + " not confirmed as mailed",
			Detail: "for more than three business days", Action: view.Link{Text: "Confirm", URL: view.PrintChecksURL}})
	}
	if o.BankTasks > 0 {
		all = append(all, view.Task{Tone: view.Bad, Text: view.Count(int(o.BankTasks), "answer", "answers") + " of the bank to look at",
			Action: view.Link{Text: "See", URL: view.BankTasksURL}})
	}
	for _, t := range o.Troubles {
		text, why := "A payment to "+t.Payee+" came back", t.Why
		if t.State == "on_hold" {
			text = "A payment to " + t.Payee + " is on hold"
		}
		if why != "" {
			why += " · "
		}
		all = append(all, view.Task{Tone: view.Bad, Text: text, Detail: why + view.Amount(t.Minor, t.Currency),
			Action: view.Link{Text: "See why", URL: view.PaymentURL(t.ID)}})
	}
	if o.SoonBills > 0 {
		all = append(all, view.Task{Tone: view.Wait, Text: view.Count(o.SoonBills, "bill is", "bills are") + " due within a week",
			Detail: view.Amount(o.Soon, c.org.Currency) + "; " + c.cutoff(),
			Action: view.Link{Text: act, URL: view.BillQuery{Tab: "topay", Sort: "due"}.URL()}})
	}
	return all
}

// cutoff says until when a payment can still leave on the next banking day (PAY-3).
func (c *call) cutoff() string {
	var calendar civil.Calendar
	today := civil.Of(c.now, civil.Pacific)
	if c.now.Before(today.At(18, 0, civil.Pacific)) {
		return "what is scheduled by 18:00 Pacific today leaves on " + view.Date(calendar.EarliestProcessDate(c.now))
	}
	return "what is scheduled now leaves on " + view.Date(calendar.EarliestProcessDate(c.now))
}
