package web

import (
	"slices"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/web/view"
)

// stepNames say what has happened when a payment came into a state.
var stepNames = map[string]string{
	payment.AwaitingApproval: "Waiting for approval", payment.Scheduled: "Scheduled", payment.OnHold: "On hold", payment.InFile: "Released",
	payment.Sent: "Sent to the bank", payment.Settled: "Settled", payment.Cleared: "Cleared", payment.Failed: "Returned",
	payment.FundingFailed: "Refused by the bank", payment.VoidRequested: "Return asked for", payment.Voided: "Voided", payment.Canceled: "Cancelled",
	payment.Unclaimed: "Kept for the payee", payment.Escheated: "Paid to a state",
}

// ways are the states that a payment passes through if nothing goes wrong.
var ways = map[string][]string{
	payment.ACH:   {payment.Scheduled, payment.InFile, payment.Sent, payment.Settled, payment.Cleared},
	payment.Wire:  {payment.Scheduled, payment.InFile, payment.Sent, payment.Settled, payment.Cleared},
	payment.Check: {payment.Scheduled, payment.InFile, payment.Sent, payment.Cleared},
}

// timeline is what has happened to a payment and, while it is under way, what should happen next.
func timeline(rail, state string, steps []payment.Step, process, arrival civil.Date, zone *time.Location) []view.Step {
	name := func(state string) string {
		switch {
		case rail == payment.Check && state == payment.Sent:
			return "Check printed and mailed"
		case rail == payment.Booked && state == payment.Cleared:
			return "Recorded"
		case rail == payment.Credits && state == payment.Cleared:
			return "Set off"
		}
		return stepNames[state]
	}
	var all []view.Step
	for i, s := range steps {
		v := view.Step{Name: name(s.State), State: view.Done, When: view.Instant(s.At.Time(), zone), Note: s.Note}
		if s.FileName != "" && (i == 0 || steps[i-1].File != s.File) {
			if v.Note != "" {
				v.Note += " · "
			}
			v.Note += s.FileName
		}
		switch s.State {
		case payment.Failed, payment.FundingFailed, payment.Voided:
			v.State = view.Failed
		case payment.Cleared, payment.Canceled, payment.Escheated:
		default:
			if i == len(steps)-1 {
				v.State = view.Now
			}
		}
		all = append(all, v)
	}
	way := ways[rail]
	at := slices.Index(way, state)
	if state == payment.AwaitingApproval || state == payment.OnHold {
		at = 0
	}
	if at < 0 {
		return all
	}
	for _, next := range way[at+1:] {
		v := view.Step{Name: name(next), State: view.Todo}
		switch next {
		case payment.InFile:
			v.When = "on " + view.Date(process)
		case payment.Settled, payment.Cleared:
			if next == payment.Settled || rail == payment.Check {
				v.When = "expected " + view.Date(arrival)
			}
		}
		all = append(all, v)
	}
	return all
}
