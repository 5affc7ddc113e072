package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
)

// Kind is what stands in a column.
type Kind string

// The kinds of columns, with the Go type of their cells.
const (
	Text   Kind = "text"   // string
	Money  Kind = "money"  // int64, minor units of the organisation's currency
	Date   Kind = "date"   // civil.Date
	Number Kind = "number" // int64
)

// Column describes one column. Name is what JSON calls it.
type Column struct {
	Name, Title string
	Kind        Kind
	Sum         bool // has a total
}

// Parameter is something that a report can be asked for.
type Parameter struct {
	Name, Title string
	Kind        Kind
	Choices     []string // of a text: one of these, the first one if nothing is said
	Record      string   // of a text: the prefix of the record it names
}

// The parameters. A report takes some of them.
var (
	asOf     = Parameter{Name: "as-of", Title: "As of", Kind: Date}
	from     = Parameter{Name: "from", Title: "From", Kind: Date}
	until    = Parameter{Name: "to", Title: "To", Kind: Date}
	known    = Parameter{Name: "known", Title: "As known on", Kind: Date} // what was posted later is left out (GL-9)
	vendorID = Parameter{Name: "vendor", Title: "Vendor", Kind: Text, Record: ids.Vendor}
	customer = Parameter{Name: "customer", Title: "Customer", Kind: Text, Record: ids.Customer}
	account  = Parameter{Name: "account", Title: "Account", Kind: Text, Record: ids.Account}
	year     = Parameter{Name: "year", Title: "Year", Kind: Number}
	funding  = Parameter{Name: "bank", Title: "Funding account", Kind: Text, Record: ids.BankAccount}
)

// by chooses what the rows or columns are, show which rows there are; the first choice is what is shown if nothing is said.
func by(choices ...string) Parameter {
	return Parameter{Name: "by", Title: "By", Kind: Text, Choices: choices}
}
func show(choices ...string) Parameter {
	return Parameter{Name: "show", Title: "Show", Kind: Text, Choices: choices}
}

// Params are the values a report runs with; those it does not take are zero.
type Params struct {
	AsOf, From, To, Known     civil.Date
	Vendor, Customer, Account ids.ID
	Bank                      ids.ID
	By, Show                  string
	Year                      int64
}

// Report describes one report: it is rendered as a page, CSV, JSON, PDF and text from the same Table.
type Report struct {
	Name  string // in addresses and on the command line
	Title string
	About string // one sentence
	Group string // Payables, Receivables, Payments, Controls, Books, Taxes
	Takes []Parameter
	run   func(t *Table, tx *db.Tx) error
}

// Row is one line. Sum marks a subtotal of the rows before it, which CSV and JSON leave out.
type Row struct {
	Cells []any
	Of    Source
	Sum   bool
}

// Source is where a row comes from, so that a face can lead there: a record, or another report.
type Source struct {
	Record ids.ID
	Report string
	Params Params
}

// Fact is a sentence's worth beside the rows: what the report ties to.
type Fact struct{ Title, Text string }

// Table is a report with its figures. A cell has the Go type of its column's kind, or is nil where nothing stands.
type Table struct {
	Report   *Report
	Params   Params
	Company  string
	Currency string
	Columns  []Column
	Rows     []Row
	Total    []any // one cell a column; nil if no column has a total
	Facts    []Fact
	Off      int64 // what it differs by from the ledger it ties to; anything but 0 is a mistake of the program

	zone *time.Location
}

// MaxRows is how many rows a report may have: one that is longer has to be asked for in parts.
const MaxRows = 100_000

// ErrTooLong refuses a report of more than MaxRows rows.
var ErrTooLong = fault.New(fault.Limit, "report_too_long", "The report has more than 100,000 rows: narrow it down by its dates or to one party.")

// All are the reports, in the order of their groups.
func All() []*Report { return slices.Clone(all) }

var all = []*Report{&apAgeing, &apOpen, &cashRequirements, &cashItems, &spend, &spendLines, &arAgeing, &arOpen, &salesTax,
	&paymentRegister, &checkRegister, &fundsTransfers, &unclaimedProperty, &turnaround, &approvalQueue, &exceptionLog, &bankChanges,
	&profitAndLoss, &balanceSheet, &trialBalance, &generalLedger, &tax1099}

// Find is the report of that name. It fails with fault.ErrNotFound.
func Find(name string) (*Report, error) {
	for _, r := range all {
		if r.Name == name {
			return r, nil
		}
	}
	return nil, fault.ErrNotFound.With(name)
}

// Read takes the parameters as they are written: dates as YYYY-MM-DD, ids, one of the choices. What is not said is as of
// today, from the first day of today's month to today, in today's year. It fails with fault.ErrValue on the name.
func (r *Report) Read(get func(name string) string, today civil.Date) (p Params, err error) {
	for _, x := range r.Takes {
		s := get(x.Name)
		bad := fault.ErrValue.On(x.Name)
		switch {
		case x.Kind == Date:
			d := today
			switch {
			case s != "":
				if d, err = civil.Parse(s); err != nil {
					return p, bad
				}
			case x.Name == from.Name:
				d = today.AddDays(1 - today.Day())
			case x.Name == known.Name:
				d = civil.Date{}
			}
			*map[string]*civil.Date{"as-of": &p.AsOf, "from": &p.From, "to": &p.To, "known": &p.Known}[x.Name] = d
		case x.Kind == Number:
			if p.Year = int64(today.Year()); s != "" {
				if _, err := fmt.Sscanf(s, "%4d", &p.Year); err != nil || p.Year < 2000 || fmt.Sprint(p.Year) != s {
					return p, bad
				}
			}
		case len(x.Choices) > 0:
			if s == "" {
				s = x.Choices[0]
			} else if !slices.Contains(x.Choices, s) {
				return p, bad
			}
			*map[string]*string{"by": &p.By, "show": &p.Show}[x.Name] = s
		case s != "":
			if !ids.ID(s).Is(x.Record) {
				return p, bad
			}
			*map[string]*ids.ID{"vendor": &p.Vendor, "customer": &p.Customer, "account": &p.Account, "bank": &p.Bank}[x.Name] = ids.ID(s)
		}
	}
	if !p.To.IsZero() && p.To.Before(p.From) {
		return p, fault.ErrValue.On(from.Name)
	}
	return p, nil
}

// Value is a parameter as Read takes it, "" if it is not set.
func (p Params) Value(name string) string {
	day := func(d civil.Date) string {
		if d.IsZero() {
			return ""
		}
		return d.String()
	}
	switch name {
	case asOf.Name:
		return day(p.AsOf)
	case from.Name:
		return day(p.From)
	case until.Name:
		return day(p.To)
	case known.Name:
		return day(p.Known)
	case vendorID.Name:
		return string(p.Vendor)
	case customer.Name:
		return string(p.Customer)
	case account.Name:
		return string(p.Account)
	case funding.Name:
		return string(p.Bank)
	case "show":
		return p.Show
	case year.Name:
		if p.Year != 0 {
			return fmt.Sprint(p.Year)
		}
		return ""
	}
	return p.By
}

// Run makes the report. It needs org.ViewReports, and fails with ErrTooLong.
func (r *Report) Run(tx *db.Tx, p Params) (*Table, error) {
	if err := tx.Require(org.ViewReports); err != nil {
		return nil, err
	}
	o, err := org.Load(tx)
	if err != nil {
		return nil, err
	}
	t := &Table{Report: r, Params: p, Company: o.Name, Currency: o.Currency, zone: o.Location()}
	if err := r.run(t, tx); err != nil {
		return nil, fmt.Errorf("report %s: %w", r.Name, err)
	}
	t.sum()
	return t, nil
}

// sum adds up the columns that have a total.
func (t *Table) sum() {
	if !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Sum }) {
		return
	}
	t.Total = make([]any, len(t.Columns))
	for i, c := range t.Columns {
		if !c.Sum {
			continue
		}
		var n int64
		for _, r := range t.Rows {
			if v, ok := r.Cells[i].(int64); ok && !r.Sum {
				n += v
			}
		}
		t.Total[i] = n
	}
}

func (t *Table) add(of Source, cells ...any) {
	t.Rows = append(t.Rows, Row{Cells: cells, Of: of})
}

// day is the date of an instant, by the organisation's calendar.
func (t *Table) day(at clock.Instant) civil.Date {
	if at == 0 {
		return civil.Date{}
	}
	return civil.Of(at.Time(), t.zone)
}

// query reads rows, each by scan, and refuses more than there may be.
func (t *Table) query(tx *db.Tx, scan func(row func(dest ...any) error) error, text string, args ...any) error {
	rows, err := tx.Query(text, append([]any{string(tx.Org())}, args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return err
		}
		if len(t.Rows) > MaxRows {
			return ErrTooLong
		}
	}
	return rows.Err()
}

// Subtitle says what the report was asked for.
func (t *Table) Subtitle() string {
	p := t.Params
	s := ""
	switch {
	case !p.AsOf.IsZero():
		s = "As of " + p.AsOf.String()
	case !p.From.IsZero():
		s = p.From.String() + " to " + p.To.String()
	case p.Year != 0:
		s = fmt.Sprint(p.Year)
	}
	if !p.Known.IsZero() {
		s += ", as known on " + p.Known.String()
	}
	if p.By != "" {
		s += ", by " + p.By
	}
	if p.Show != "" {
		s += ", " + p.Show
	}
	return strings.TrimPrefix(s, ", ")
}

// amount writes minor units of the organisation's currency: "1234.50".
func (t *Table) amount(minor int64) string { return money.FormatMinor(minor, money.Digits(t.Currency)) }
