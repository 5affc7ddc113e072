package view

import (
	"strconv"

	"github.com/duebook/duebook/internal/civil"
)

// HomePage answers three questions: what needs me now, how much cash is needed and when, where is the money.
type HomePage struct {
	Page
	Greeting string // "Wednesday, 25 Nov 2026"
	Tasks    []Task
	Cash     CashRequired
	Ageing   Ageing
	InFlight []PaymentRow // newest first, a handful
}

// Task is one thing that waits for the user. Tone is Bad, Wait or Quiet.
type Task struct {
	Tone   Tone
	Text   string // "3 bills are past due"
	Detail string // "$4,120.00 · the oldest for 12 days"
	Action Link   // "Pay", where
}

// CashRequired is what is due per day from today on, all days present, in the minor unit of Currency. Late is what was
// due before.
type CashRequired struct {
	Currency string
	Late     int64
	Days     []CashDay
}

// CashDay is one day of CashRequired.
type CashDay struct {
	Date  civil.Date
	Minor int64
	Bills int
}

func (c CashRequired) total() int64 {
	sum := c.Late
	for _, d := range c.Days {
		sum += d.Minor
	}
	return sum
}

// Ageing is the open payables by how long they are past due.
type Ageing struct {
	Currency string
	Buckets  []AgeingBucket
}

// AgeingBucket is one span of days. Late says it is past due.
type AgeingBucket struct {
	Label string // "Not yet due", "1–30 days"
	Late  bool
	Bills int
	Minor int64
}

func (a Ageing) total() (bills int, minor int64) {
	for _, b := range a.Buckets {
		bills += b.Bills
		minor += b.Minor
	}
	return bills, minor
}

// share is the part of the total in whole percent, for a bar; the largest bucket need not fill it.
func (a Ageing) share(b AgeingBucket) int {
	_, total := a.total()
	if total <= 0 || b.Minor <= 0 {
		return 0
	}
	return max(int(float64(b.Minor)/float64(total)*100+0.5), 1) // a picture, not money
}

// The chart's measures, in units of its view box.
const (
	chartWidth, chartHeight = 620, 200
	chartLeft, chartRight   = 56, 4
	chartTop, chartBottom   = 10, 26
	chartBase               = chartHeight - chartBottom
)

// bar is one column of the chart. Late is the column of everything past due, which stands first.
type bar struct {
	late                bool
	title               string
	x, y, width, height string
	hitX, hitWidth      string
	label, labelX       string // under the axis; most bars have none
}

// tick is one horizontal line of the chart.
type tick struct{ y, textY, label string }

// bars lays out the columns: the late ones, if any, and one per day. Pictures may use floating point, sums may not.
func (c CashRequired) bars() []bar {
	var columns []CashDay
	if c.Late > 0 {
		columns = append(columns, CashDay{Minor: c.Late})
	}
	columns = append(columns, c.Days...)
	if len(columns) == 0 {
		return nil
	}
	slot := float64(chartWidth-chartLeft-chartRight) / float64(len(columns))
	step, lines := c.scale()
	top := float64(step) * float64(lines)
	all := make([]bar, len(columns))
	for i, d := range columns {
		height := float64(max(d.Minor, 0)) / top * (chartBase - chartTop)
		if d.Minor > 0 {
			height = max(height, 1.5) // a small sum is still seen
		}
		x := chartLeft + float64(i)*slot
		b := bar{
			late: d.Date.IsZero(),
			x:    coordinate(x + slot*0.16), width: coordinate(slot * 0.68),
			y: coordinate(chartBase - height), height: coordinate(height),
			hitX: coordinate(x), hitWidth: coordinate(slot),
			labelX: coordinate(x + slot/2),
		}
		when := Date(d.Date)
		switch first := len(columns) - len(c.Days); {
		case b.late:
			when, b.label = "Past due", "Late"
		case (i-first)%7 == 0 && (i-first > 0 || first == 0):
			b.label = DayMonth(d.Date)
		}
		b.title = when + ": " + Amount(d.Minor, c.Currency)
		all[i] = b
	}
	return all
}

// ticks are the lines above the base, from below.
func (c CashRequired) ticks() []tick {
	step, lines := c.scale()
	all := make([]tick, lines)
	for i := range all {
		y := chartBase - float64(i+1)/float64(lines)*(chartBase-chartTop)
		all[i] = tick{coordinate(y), coordinate(y + 4), short(step*int64(i+1), c.Currency)}
	}
	return all
}

// scale gives the distance of the lines, one of 1, 2, 5, 10, 20, 50 ... of the currency's minor unit, and how many of
// them, at most four, the tallest column needs.
func (c CashRequired) scale() (step int64, lines int) {
	most := c.Late
	for _, d := range c.Days {
		most = max(most, d.Minor)
	}
	step = 1
	for i := 0; (most-1)/step >= 4; i++ {
		if i%3 == 1 {
			step = step / 2 * 5
		} else {
			step *= 2
		}
	}
	return step, max(int((most-1)/step)+1, 1)
}

// short writes a round amount for an axis: "12k", "1.5m".
func short(minor int64, currency string) string {
	whole := minor
	for range len(Figures(0, currency)) - 2 { // digits after "0."
		whole /= 10
	}
	var unit int64
	var name string
	switch {
	case whole >= 1_000_000_000:
		unit, name = 1_000_000_000, "bn"
	case whole >= 1_000_000:
		unit, name = 1_000_000, "m"
	case whole >= 1_000:
		unit, name = 1_000, "k"
	default:
		return Figures(minor, currency)
	}
	s := Figures(whole/unit, "JPY")
	if tenth := whole % unit * 10 / unit; tenth > 0 {
		s += "." + strconv.FormatInt(tenth, 10)
	}
	return s + name
}

func coordinate(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
