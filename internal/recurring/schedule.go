// Package recurring makes bills and invoices that come again and again, each from its template, on the clock (BIL-10,
// AR-19).
//
// A template is a document without dates, and a schedule: every so many days, weeks, months or years something is due,
// and its document is made so many days before. What was missed is made as well, once for each due date. A document that
// a rule refuses stops its template, which keeps the reason; changing the template starts it again.
package recurring

import (
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// The units of Schedule.TimePeriod.
const (
	Days   int64 = 0
	Weeks  int64 = 1
	Months int64 = 2
	Years  int64 = 3
)

// Bounds of a schedule.
const (
	maxFrequency = 999
	maxAdvance   = 366
)

// Schedule is when something comes again.
type Schedule struct {
	TimePeriod    int64
	Frequency     int64 // every so many periods
	NextDueDate   civil.Date
	EndDate       civil.Date // the last day on which something may be due; zero: none
	DaysInAdvance int64
	AnchorDay     int64      // day of the month that was asked for, where months are shorter (BIL-10)
	CreateOn      civil.Date // when the next document is made, in the organisation's zone; zero: never
	Failure       string     // code of the refusal that stopped it
	CreatedBy     ids.ID
	Description   string
}

func scheduleFacts[T any](of func(*T) *Schedule) []record.Fact {
	return []record.Fact{
		record.Choice("timePeriod", map[int64]string{Days: "DAILY", Weeks: "WEEKLY", Months: "MONTHLY", Years: "YEARLY"},
			func(r *T) *int64 { return &of(r).TimePeriod }),
		record.Number("frequencyPerTimePeriod", func(r *T) *int64 { return &of(r).Frequency }),
		record.Day("nextDueDate", func(r *T) *civil.Date { return &of(r).NextDueDate }),
		record.Day("endDate", func(r *T) *civil.Date { return &of(r).EndDate }),
		record.Number("daysInAdvance", func(r *T) *int64 { return &of(r).DaysInAdvance }),
		record.Number("anchorDay", func(r *T) *int64 { return &of(r).AnchorDay }),
		record.Day("createOn", func(r *T) *civil.Date { return &of(r).CreateOn }),
		record.String("failure", 100, func(r *T) *string { return &of(r).Failure }),
		record.Reference("createdBy", func() *record.Type { return org.Members.Type }, func(r *T) *ids.ID { return &of(r).CreatedBy }),
		record.String("description", 4000, func(r *T) *string { return &of(r).Description }),
	}
}

// check judges the schedule of an active or inactive template and arms it. before is nil for a new one.
func (s *Schedule) check(before *Schedule, active bool) error {
	switch {
	case s.NextDueDate.IsZero():
		return fault.ErrMissing.On("nextDueDate")
	case s.TimePeriod < Days || s.TimePeriod > Years:
		return fault.ErrValue.On("timePeriod")
	case s.Frequency < 1 || s.Frequency > maxFrequency:
		return fault.ErrValue.On("frequencyPerTimePeriod")
	case s.DaysInAdvance < 0 || s.DaysInAdvance > maxAdvance:
		return fault.ErrValue.On("daysInAdvance")
	}
	if before == nil || before.NextDueDate != s.NextDueDate {
		s.AnchorDay = int64(s.NextDueDate.Day())
	}
	s.Failure = ""
	s.arm(active)
	return nil
}

// arm says when the next document is made.
func (s *Schedule) arm(active bool) {
	s.CreateOn = civil.Date{}
	if active && (s.EndDate.IsZero() || !s.NextDueDate.After(s.EndDate)) {
		s.CreateOn = s.made()
	}
}

// made is the day on which the document for the next due date is to be made, which becomes its own date.
func (s *Schedule) made() civil.Date { return s.NextDueDate.AddDays(-int(s.DaysInAdvance)) }

// advance moves on to the next due date.
func (s *Schedule) advance() {
	n := int(s.Frequency)
	switch s.TimePeriod {
	case Days:
		s.NextDueDate = s.NextDueDate.AddDays(n)
	case Weeks:
		s.NextDueDate = s.NextDueDate.AddDays(7 * n)
	case Months:
		s.NextDueDate = addMonths(s.NextDueDate, n, int(s.AnchorDay))
	case Years:
		s.NextDueDate = addMonths(s.NextDueDate, 12*n, int(s.AnchorDay))
	}
	s.arm(true)
}

// addMonths is the given day n months after the month of d, or the last day of that month if it is shorter.
func addMonths(d civil.Date, n, day int) civil.Date {
	month := int(d.Month()) - 1 + n
	first := civil.Of(time.Date(d.Year()+month/12, time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC), time.UTC)
	last := civil.Of(time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, time.UTC), time.UTC)
	return first.AddDays(min(day, last.Day()) - 1)
}

// hour is when documents are made on their day in the organisation's zone: no zone's clock leaves it out.
const hour = 6

// dueDay is the last day whose documents are due at the instant at.
func dueDay(at time.Time, zone *time.Location) civil.Date {
	day := civil.Of(at, zone)
	if at.Before(day.At(hour, 0, zone)) {
		return day.AddDays(-1)
	}
	return day
}
