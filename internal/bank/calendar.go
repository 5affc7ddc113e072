package bank

import (
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/fault"
)

// Faults of a day on which money is to leave or to be fetched.
var (
	ErrNotBusinessDay = fault.New(fault.Invalid, "process_date_invalid", "The process date is no date, no banking day, or for a recorded payment after today.")
	ErrTooEarly       = fault.New(fault.Invalid, "process_date_too_early", "The process date is earlier than possible; the earliest is")
	ErrTooLate        = fault.New(fault.Invalid, "process_date_too_late", "The process date is more than 366 days ahead.")
)

// MaxAhead is how many days after today the latest process date lies (PAY-4).
const MaxAhead = 366

// Days is the calendar of process, effective and clearing dates (domain 5.2).
var Days civil.Calendar

// CheckProcessDate fails with ErrNotBusinessDay, ErrTooEarly (with the earliest date as MM/DD/YYYY) or ErrTooLate, naming
// the field, when the organisation's bank cannot be told at now to move money on d. Rules PAY-3, PAY-4.
func CheckProcessDate(now time.Time, d civil.Date, field string) error {
	if !Days.IsBankingDay(d) {
		return ErrNotBusinessDay.On(field)
	}
	if e := Days.EarliestProcessDate(now); d.Before(e) {
		return ErrTooEarly.On(field).With(fmt.Sprintf("%02d/%02d/%04d", e.Month(), e.Day(), e.Year()))
	}
	if d.After(civil.Of(now, civil.Pacific).AddDays(MaxAhead)) {
		return ErrTooLate.On(field)
	}
	return nil
}
