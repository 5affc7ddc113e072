package payment

import (
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
)

// ErrSameDay is a payment that cannot settle on its process date.
var ErrSameDay = fault.New(fault.Invalid, "same_day_unavailable",
	"Same-day payment is for ACH in the US, from an account whose bank takes it, up to the limit of the rules, and for today until the last window.")

// sameDayWindows are when the Fed closes its windows for entries of the same day, New York time, and what the header of a
// batch says about the settlement that follows (ACH-5).
//
// Source: FedACH processing schedule; Nacha Operating Rules, Company Descriptive Date.
var sameDayWindows = []struct {
	hour, minute int
	settles      string
}{{10, 30, "SD1300"}, {14, 45, "SD1700"}, {16, 45, "SD1800"}}

// sameDayWindow is the next window of today that a file can reach at now, in the words of a batch header; "" if there is none.
func sameDayWindow(a *bank.Account, now time.Time) string {
	day := civil.Of(now, civil.NewYork)
	if !a.SameDay || !banking.IsBankingDay(day) {
		return ""
	}
	for _, w := range sameDayWindows {
		if !now.After(day.At(w.hour, w.minute, civil.NewYork).Add(-time.Duration(a.SameDayLead) * time.Minute)) {
			return w.settles
		}
	}
	return ""
}

// earliestSameDay is the first process date of a payment that is to settle on it.
func earliestSameDay(a *bank.Account, now time.Time) civil.Date {
	if sameDayWindow(a, now) != "" {
		return civil.Of(now, civil.NewYork)
	}
	return banking.EarliestProcessDate(now)
}

// checkSameDay fails with ErrSameDay, ErrNotBusinessDay, ErrTooEarly or ErrTooLate for an order that is to settle on its
// process date. Rules ACH-5, LIM-3.
func checkSameDay(tx *db.Tx, from *bank.Account, process civil.Date) error {
	switch {
	case from == nil || !from.SameDay:
		return ErrSameDay.On("sameDay")
	case process == earliestSameDay(from, tx.Now()):
		return nil
	case process == civil.Of(tx.Now(), civil.NewYork) && banking.IsBankingDay(process):
		return ErrSameDay.On("sameDay")
	}
	return checkDate(tx.Now(), process)
}

// maySameDay reports whether a payment can settle on its process date: by ACH, within the limit of that day, which nothing is
// split to get under (LIM-3).
func (pl plan) maySameDay(process civil.Date) bool {
	a := pl.payee.account
	return a != nil && !a.Wired() && cash(pl.dues) > 0 && cash(pl.dues) <= SameDayLimit(process)
}
