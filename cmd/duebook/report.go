package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/report"
	"github.com/duebook/duebook/internal/server"
)

type reportCmd struct {
	Name     string `arg:"" optional:"" help:"Name of the report."`
	Org      string `help:"Organisation id." placeholder:"ID"`
	Format   string `help:"What to print: text, csv, json or pdf; of 1099 also irs-nec and irs-misc, the files for the IRS, and copies, the PDF for recipients." default:"text" enum:"text,csv,json,pdf,irs-nec,irs-misc,copies"`
	AsOf     string `help:"Day of a balance, YYYY-MM-DD (default: today)." placeholder:"DAY"`
	Known    string `help:"Leave out what was posted after this day." placeholder:"DAY"`
	From     string `help:"First day (default: of this month)." placeholder:"DAY"`
	To       string `help:"Last day (default: today)." placeholder:"DAY"`
	Year     string `help:"Calendar year of a tax report." placeholder:"YEAR"`
	By       string `help:"What the rows or columns are, of a report that has a choice." placeholder:"WORD"`
	Vendor   string `help:"Id of the only vendor." placeholder:"ID"`
	Customer string `help:"Id of the only customer." placeholder:"ID"`
	Account  string `help:"Id of the only account." placeholder:"ID"`
	Bank     string `help:"Id of the only funding account." placeholder:"ID"`
	Show     string `help:"Which rows there are, of a report that has a choice." placeholder:"WORD"`
}

// Run prints a report, or the list of reports.
func (r *reportCmd) Run(c *call) error {
	if r.Name == "" {
		type row struct {
			Name  string `json:"name"`
			About string `json:"about"`
		}
		var all []row
		for _, x := range report.All() {
			all = append(all, row{x.Name, x.About})
		}
		return c.print(all, func(w io.Writer) {
			for _, x := range all {
				fmt.Fprintf(w, "%-20s %s\n", x.Name, x.About)
			}
		})
	}
	x, err := report.Find(r.Name)
	if err != nil {
		return err
	}
	values := map[string]string{"as-of": r.AsOf, "known": r.Known, "from": r.From, "to": r.To, "year": r.Year, "by": r.By,
		"vendor": r.Vendor, "customer": r.Customer, "account": r.Account, "bank": r.Bank, "show": r.Show}
	return c.existing(func(app *server.App) error {
		if form, is := strings.CutPrefix(r.Format, "irs-"); is || r.Format == "copies" {
			return r.taxForms(c, app, x, form)
		}
		var t *report.Table
		err := app.DB.Read(c.ctx, command(ids.ID(r.Org)), func(tx *db.Tx) error {
			o, err := org.Load(tx)
			if err != nil {
				return err
			}
			p, err := x.Read(func(name string) string { return values[name] }, civil.Of(tx.Now(), o.Location()))
			if err == nil {
				t, err = x.Run(tx, p)
			}
			return err
		})
		if err != nil {
			return err
		}
		switch {
		case r.Format == "csv":
			return t.CSV(c.out)
		case r.Format == "pdf":
			return t.PDF(c.out)
		case r.Format == "json" || c.JSON:
			return t.JSON(c.out)
		}
		return t.Text(c.out)
	})
}

// taxForms prints forms 1099 of a year with whole tax numbers, which the audit trail notes.
func (r *reportCmd) taxForms(c *call, app *server.App, x *report.Report, form string) error {
	if x.Name != report.Tax1099 {
		return errors.New("only the report 1099 has forms")
	}
	var f *report.TaxForms
	err := app.DB.Write(c.ctx, command(ids.ID(r.Org)), func(tx *db.Tx) error {
		o, err := org.Load(tx)
		if err != nil {
			return err
		}
		p, err := x.Read(func(name string) string { return map[string]string{"year": r.Year}[name] }, civil.Of(tx.Now(), o.Location()))
		if err == nil {
			f, err = report.LoadTaxForms(tx, p.Year)
		}
		return err
	})
	if err != nil {
		return err
	}
	if form == "copies" {
		return f.Copies(c.out)
	}
	return f.CSV(c.out, form)
}
