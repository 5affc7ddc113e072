package view

import (
	"net/url"
	"strconv"
	"strings"
)

// ReportsURL lists the reports; ReportURL is one of them.
const ReportsURL = "/reports"

// ReportsEntry is the entry of the rail, for those who may see reports.
var ReportsEntry = RailEntry{"Reports", ReportsURL, "report", 0}

// ReportURL is the page of a report (GET, its parameters), or with format csv, json or pdf the file.
func ReportURL(name string, parameters ...[2]string) string {
	v := url.Values{}
	for _, p := range parameters {
		if p[1] != "" {
			v.Set(p[0], p[1])
		}
	}
	return strings.TrimSuffix(ReportsURL+"/"+url.PathEscape(name)+"?"+v.Encode(), "?")
}

// TaxFormsURL are the forms 1099 of a year (GET): nec.csv and misc.csv are for the IRS, copies.pdf is for recipients.
func TaxFormsURL(form, year string) string {
	return ReportURL("1099") + "/forms/" + form + "?" + url.Values{"year": {year}}.Encode()
}

// ReportsPage lists the reports by group.
type ReportsPage struct {
	Page
	Groups []ReportGroup
}

// ReportGroup are the reports of one part of the business.
type ReportGroup struct {
	Title   string
	Reports []ReportLink
}

func (g ReportGroup) id() string { return "group-" + strings.ToLower(g.Title) }

// ReportLink is a report with the sentence that says what it is.
type ReportLink struct{ Title, URL, About string }

// ReportPage is a report with its figures.
type ReportPage struct {
	Page
	Name, About, Subtitle string
	Currency              string
	Fields                []ReportField
	Columns               []ReportColumn
	Rows                  []ReportRow
	Total                 []string // nil: no total
	Facts                 []Fact
	All                   int // rows of the whole report; more than Rows where a page does not show all
	First, PageNumber     int // of a page that does not show all: its first row and its number, both from 1
	Parameters            [][2]string
	TaxYear               string // of forms 1099 that the user may take out; "" else
}

// ReportField is a parameter of the form. Kind is date, number, choice or record; a record is chosen by links only.
type ReportField struct {
	Name, Title, Kind, Value string
	Choices                  []string
}

// ReportColumn is the head of a column.
type ReportColumn struct {
	Title string
	Right bool // figures
	Date  bool // dates, which are not broken
	Long  bool // texts that take several lines
}

// ReportRow is one line; URL leads to where it comes from, or is "".
type ReportRow struct {
	Cells []string
	URL   string
	Sum   bool
}

func (v ReportPage) file(format string) string {
	return ReportURL(v.Name, append(append([][2]string{}, v.Parameters...), [2]string{"format", format})...)
}

// without is the page without one parameter.
func (v ReportPage) without(name string) string {
	var rest [][2]string
	for _, p := range v.Parameters {
		if p[0] != name {
			rest = append(rest, p)
		}
	}
	return ReportURL(v.Name, rest...)
}

// turn is the page so many pages on, "" if there is none.
func (v ReportPage) turn(pages int) string {
	n := v.PageNumber + pages
	if v.PageNumber == 0 || n < 1 || pages > 0 && v.First+len(v.Rows) > v.All {
		return ""
	}
	return ReportURL(v.Name, append(append([][2]string{}, v.Parameters...), [2]string{"page", strconv.Itoa(n)})...)
}
