package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/report"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) reports(c *call) error {
	if err := c.read(func(tx *db.Tx) error { return tx.Require(org.ViewReports) }); err != nil {
		return err
	}
	page := view.ReportsPage{Page: c.page("Reports", view.ReportsURL)}
	for _, r := range report.All() {
		if n := len(page.Groups); n == 0 || page.Groups[n-1].Title != r.Group {
			page.Groups = append(page.Groups, view.ReportGroup{Title: r.Group})
		}
		g := &page.Groups[len(page.Groups)-1]
		g.Reports = append(g.Reports, view.ReportLink{Title: r.Title, URL: view.ReportURL(r.Name), About: r.About})
	}
	return c.render(http.StatusOK, view.Reports(page))
}

// shownRows is how many rows of a report a page shows; the files have all.
const shownRows = 1000

func (h *handler) report(c *call) error {
	r, err := report.Find(c.r.PathValue("name"))
	if err != nil {
		return err
	}
	var t *report.Table
	err = c.read(func(tx *db.Tx) error {
		p, err := r.Read(c.r.URL.Query().Get, c.today)
		if err == nil {
			t, err = r.Run(tx, p)
		}
		return err
	})
	if err != nil {
		return err
	}
	if f := c.r.URL.Query().Get("format"); f != "" {
		return c.reportFile(t, f)
	}
	return c.showReport(r, t, http.StatusOK, nil)
}

// showReport renders a report, with a message about what was refused, if there is one.
func (c *call) showReport(r *report.Report, t *report.Table, status int, flash []view.Flash) error {
	page := view.ReportPage{Page: c.page(r.Title, view.ReportsURL), Name: r.Name, About: r.About, Subtitle: t.Subtitle(), Currency: t.Currency, All: len(t.Rows)}
	page.Parameters = parameters(r, t.Params)
	for i, p := range r.Takes {
		f := view.ReportField{Name: p.Name, Title: p.Title, Kind: string(p.Kind), Value: page.Parameters[i][1], Choices: p.Choices}
		switch {
		case p.Record != "":
			f.Kind = "record"
		case len(p.Choices) > 0:
			f.Kind = "choice"
		}
		page.Fields = append(page.Fields, f)
	}
	for _, x := range t.Columns {
		page.Columns = append(page.Columns, view.ReportColumn{Title: x.Title, Right: x.Kind == report.Money || x.Kind == report.Number, Date: x.Kind == report.Date})
	}
	shown, at := t.Rows, 0
	if len(shown) > shownRows {
		at = min(pageNumber(c.r.URL.Query().Get("page")), (len(shown)-1)/shownRows+1) - 1
		shown = shown[at*shownRows : min(len(shown), (at+1)*shownRows)]
		page.First, page.PageNumber = at*shownRows+1, at+1
	}
	for _, row := range shown {
		page.Rows = append(page.Rows, view.ReportRow{Cells: reportCells(t, row.Cells), URL: source(row.Of), Sum: row.Sum})
	}
	for i := range page.Columns {
		page.Columns[i].Long = slices.ContainsFunc(page.Rows, func(r view.ReportRow) bool { return utf8.RuneCountInString(r.Cells[i]) > 24 })
	}
	if t.Total != nil {
		page.Total = reportCells(t, t.Total)
	}
	for _, f := range t.Facts {
		page.Facts = append(page.Facts, view.Fact{Label: f.Title, Value: f.Text})
	}
	if r.Name == report.Tax1099 && c.may(org.ManageVendors) && len(t.Rows) > 0 {
		page.TaxYear = t.Params.Value("year")
	}
	page.Flash = append(page.Flash, flash...)
	return c.render(status, view.Report(page))
}

// taxForms gives forms 1099 with whole tax numbers to who may see those, as a file for the IRS or on paper for recipients.
func (h *handler) taxForms(c *call) error {
	form, kind, _ := strings.Cut(c.r.PathValue("form"), ".")
	if kind != map[bool]string{true: "pdf", false: "csv"}[form == "copies"] {
		return fault.ErrNotFound.With(form)
	}
	r, err := report.Find(report.Tax1099)
	if err != nil {
		return err
	}
	p, err := r.Read(c.r.URL.Query().Get, c.today)
	if err != nil {
		return err
	}
	var f *report.TaxForms
	if err = c.write(func(tx *db.Tx) error { f, err = report.LoadTaxForms(tx, p.Year); return err }); err == nil {
		var b bytes.Buffer
		media, name := "text/csv; charset=utf-8", "1099-"+form+"-"+p.Value("year")+".csv"
		if form == "copies" {
			media, name = "application/pdf", "1099-copies-"+p.Value("year")+".pdf"
			err = f.Copies(&b)
		} else {
			err = f.CSV(&b, form)
		}
		if err == nil {
			c.attachment(media, name)
			_, _ = c.w.Write(b.Bytes()) // a browser that has gone is no error
			return nil
		}
	}
	if !errors.Is(err, report.ErrNotReady) && !errors.Is(err, report.ErrNoPayerID) {
		return err
	}
	why := fault.From(err).Message
	var t *report.Table
	if err := c.read(func(tx *db.Tx) (err error) { t, err = r.Run(tx, p); return err }); err != nil {
		return err
	}
	return c.showReport(r, t, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: why}})
}

// pageNumber is a page of a long report, from 1; what is no number is the first.
func pageNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// parameters are the values a report was run with, one for each it takes.
func parameters(r *report.Report, p report.Params) [][2]string {
	all := make([][2]string, len(r.Takes))
	for i, x := range r.Takes {
		all[i] = [2]string{x.Name, p.Value(x.Name)}
	}
	return all
}

// source leads to where a row comes from, if there is a page for it.
func source(s report.Source) string {
	if s.Report != "" {
		if r, err := report.Find(s.Report); err == nil {
			return view.ReportURL(r.Name, parameters(r, s.Params)...)
		}
	}
	switch s.Record.Prefix() {
	case ids.Bill:
		return view.BillURL(string(s.Record))
	case ids.SentPay:
		return view.PaymentURL(string(s.Record))
	case ids.Vendor:
		return view.VendorURL(string(s.Record))
	}
	return ""
}

func reportCells(t *report.Table, cells []any) []string {
	out := make([]string, len(cells))
	for i, v := range cells {
		switch v := v.(type) {
		case string:
			out[i] = v
		case civil.Date:
			if !v.IsZero() {
				out[i] = view.Date(v)
			}
		case int64:
			if t.Columns[i].Kind == report.Money {
				out[i] = view.Figures(v, t.Currency)
			} else {
				out[i] = view.Figures(v, "JPY")
			}
		}
	}
	return out
}

// reportFile sends a report as a file, and says so in the audit trail (AUD-1).
func (c *call) reportFile(t *report.Table, format string) error {
	var write func(io.Writer) error
	var media string
	switch format {
	case "csv":
		write, media = t.CSV, "text/csv; charset=utf-8"
	case "json":
		write, media = t.JSON, "application/json"
	case "pdf":
		write, media = t.PDF, "application/pdf"
	default:
		return fault.ErrNotFound.With(format)
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	fields := map[string][2]string{"report": {"", t.Report.Name}, "format": {"", format}}
	for _, p := range parameters(t.Report, t.Params) {
		if p[1] != "" {
			fields[p[0]] = [2]string{"", p[1]}
		}
	}
	said, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	if err := c.write(func(tx *db.Tx) error { tx.Audit("export", "report", "", string(said)); return nil }); err != nil {
		return err
	}
	c.attachment(media, t.Report.Name+"-"+c.today.String()+"."+format)
	_, _ = c.w.Write(b.Bytes()) // a browser that has gone is no error
	return nil
}
