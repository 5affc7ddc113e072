package payment

import (
	"time"

	"github.com/duebook/duebook/internal/civil"
)

// pickup is the run of the process date that a payment scheduled at that instant leaves with: the first if that is before
// 15:00 Pacific of the banking day before, else the second. Rule PAY-10.
func pickup(scheduled time.Time, process civil.Date) int64 {
	if scheduled.Before(banking.Prev(process).At(15, 0, civil.Pacific)) {
		return 1
	}
	return 2
}

// cancelUntil is the end of the window for cancelling: on the banking day before the process date at 16:00 Pacific for
// pickup 1, at 18:00 for pickup 2; for what was scheduled on a weekend or holiday after that day, 18:00 of the calendar
// day before the process date. Rule PAY-11.
func cancelUntil(scheduled time.Time, process civil.Date) time.Time {
	before := banking.Prev(process)
	switch {
	case pickup(scheduled, process) == 1:
		return before.At(16, 0, civil.Pacific)
	case civil.Of(scheduled, civil.Pacific).After(before):
		return process.AddDays(-1).At(18, 0, civil.Pacific)
	}
	return before.At(18, 0, civil.Pacific)
}
