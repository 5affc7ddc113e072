package report

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/paper"
)

// The forms of a year.
const (
	FormNEC  = "nec"
	FormMISC = "misc"
)

// Faults of tax forms.
var (
	ErrNoPayerID = fault.New(fault.Conflict, "employer_id_missing", "The organisation's EIN is not set; forms 1099 name their payer by it.")
	ErrNotReady  = fault.New(fault.Conflict, "tax_forms_not_ready", "A vendor to report has no valid tax number or address; the report of forms 1099 says which one.")
)

// TaxForms are the forms 1099 of a year, with whole tax numbers: for the IRS and for nobody else.
type TaxForms struct {
	year       int64
	payer      org.Organisation
	recipients []*recipient // at or above their threshold, by name
}

// LoadTaxForms gathers what the report of forms 1099 marks as to be reported. As tax numbers are shown, it needs
// org.ManageVendors beside org.ViewReports, and the audit trail says who took them (AUD-1). It fails with ErrNoPayerID and
// ErrNotReady.
func LoadTaxForms(tx *db.Tx, year int64) (*TaxForms, error) {
	for _, p := range []db.Permission{org.ViewReports, org.ManageVendors} {
		if err := tx.Require(p); err != nil {
			return nil, err
		}
	}
	o, err := org.Load(tx)
	if err != nil {
		return nil, err
	}
	if o.Preferences.EmployerID == "" {
		return nil, ErrNoPayerID
	}
	t := &Table{Params: Params{Year: year}, Currency: o.Currency, zone: o.Location()}
	all, err := t.recipients(tx)
	if err != nil {
		return nil, err
	}
	f := &TaxForms{year: year, payer: o}
	for _, r := range all {
		if r.reportable() && r.v.Domestic() {
			f.recipients = append(f.recipients, r)
			if !formed(r.tin, r.tinType()) || !r.v.AddressComplete() {
				return nil, ErrNotReady
			}
		}
	}
	tx.Audit("export tax numbers", "report", "", fmt.Sprintf(`{"report":["","1099"],"year":["","%d"],"vendors":["","%d"]}`, year, len(f.recipients)))
	return f, nil
}

// party are the columns of the IRS portal's files that a payer and a recipient share, in their order.
var party = []string{"TIN Type", "Taxpayer ID Number", "Name Type", "Business or Entity Name Line 1", "Business or Entity Name Line 2", "First Name",
	"Middle Name", "Last Name (Surname)", "Suffix", "Country", "Address Line 1", "Address Line 2", "City/Town", "State/Province/Territory", "ZIP/Postal Code"}

// boxes are the columns of the amounts of a form; the number before the first space of those that Duebook fills is the box.
var boxes = map[string][]string{
	FormNEC: {"Box 1 - Nonemployee compensation", "Box 2 - Payer made direct sales totaling $5,000 or more of consumer products to a recipient for resale",
		"Box 4 - Federal income tax withheld"},
	FormMISC: {"Box 1 - Rents", "Box 2 - Royalties", "Box 3 - Other income", "Box 4 - Federal income tax withheld", "Box 5 - Fishing boat proceeds",
		"Box 6 - Medical and health care payments", "Box 7 - Payer made direct sales totaling $5,000 or more of consumer products to a recipient for resale",
		"Box 8 - Substitute payments in lieu of dividends or interest", "Box 9 - Crop insurance proceeds", "Box 10 - Gross proceeds paid to an attorney",
		"Box 11 - Fish purchased for resale", "Box 12 - Section 409A deferrals", "Box 14 - Excess golden parachute payments", "Box 15 - Nonqualified deferred compensation"},
}

// states are the columns of state returns, which Duebook leaves empty.
var states = []string{"Combined Federal/State Filing", "State 1", "State 1 - State Tax Withheld", "State 1 - State/Payer state number", "State 1 - State income",
	"State 2", "State 2 - State Tax Withheld", "State 2 - State/Payer state number", "State 2 - State income"}

// CSV writes one form of all its recipients, nec or misc, in the column order of the IRS portal (TAX-3, ADR 30). It fails
// with fault.ErrNotFound for another form.
func (f *TaxForms) CSV(w io.Writer, form string) error {
	columns, ok := boxes[form]
	if !ok {
		return fault.ErrNotFound.With(form)
	}
	title := "1099-" + strings.ToUpper(form)
	head := []string{"Form Type", "Tax Year"}
	for _, c := range party {
		head = append(head, "Payer "+c)
	}
	head = append(head, "Payer Phone Type", "Payer Phone Number", "Payer Email Address")
	for _, c := range party {
		head = append(head, "Recipient "+c)
	}
	head = append(head, "Office Code", "Form Account Number", "FATCA Filing Requirements", "2nd TIN Notice")
	head = append(append(head, columns...), states...)
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write(head)
	o := f.payer
	for _, r := range f.recipients {
		number, is := strings.CutPrefix(r.box, strings.ToUpper(form)+" ")
		if !is {
			continue
		}
		v := r.v
		line := []string{title, fmt.Sprint(f.year), tinEIN, digits(o.Preferences.EmployerID), "B", o.Name, "", "", "", "", "", "US", o.Address1, o.Address2,
			o.City, o.Region, o.Zip, domesticPhone(o.Phone), digits(o.Phone), ""}
		line = append(append(line, r.tinType(), r.tin), recipientName(r)...)
		line = append(line, "US", v.Address1, v.Address2, v.City, v.Region, v.Zip, "", string(v.ID), "", "")
		for _, c := range columns {
			cell := ""
			if strings.HasPrefix(c, "Box "+number+" ") {
				cell = money.FormatMinor(r.paid, 2)
			} else if r.withheld > 0 && strings.HasPrefix(c, "Box 4 ") {
				cell = money.FormatMinor(r.withheld, 2)
			}
			line = append(line, cell)
		}
		line = append(line, make([]string, len(states))...)
		for i, s := range line {
			if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
				line[i] = "'" + s // SEC-11
			}
		}
		_ = out.Write(line)
	}
	out.Flush()
	return out.Error()
}

func domesticPhone(phone string) string {
	if digits(phone) == "" {
		return ""
	}
	return "D"
}

// recipientName gives the name type with the two lines of a business, or the four parts of a person's name.
func recipientName(r *recipient) []string {
	if r.tinType() == tinEIN {
		return []string{"B", r.v.Payee(), "", "", "", "", ""}
	}
	given, family := r.v.ContactFirstName, r.v.ContactLastName
	if family == "" {
		given, family = "", r.v.Payee()
		if i := strings.LastIndexByte(family, ' '); i > 0 {
			given, family = family[:i], family[i+1:]
		}
	}
	return []string{"I", "", "", given, "", family, ""}
}

// Copies writes a statement for each recipient on a sheet of its own. The recipient's number shows its last four digits
// only, which the law allows on what recipients get; the payer's stands in full.
//
// Source: 26 CFR 301.6109-4 (truncated numbers); IRS Publication 1179 part 4 (substitute statements).
func (f *TaxForms) Copies(w io.Writer) error {
	var all []paper.Statement
	for _, r := range f.recipients {
		form, number, _ := strings.Cut(r.box, " ")
		amount := ""
		for _, c := range boxes[strings.ToLower(form)] {
			if strings.HasPrefix(c, "Box "+number+" ") {
				amount = c
			}
		}
		masked := "***-**-" + r.tin[5:]
		if r.tinType() == tinEIN {
			masked = "**-***" + r.tin[5:]
		}
		o, v := f.payer, r.v
		all = append(all, paper.Statement{
			Title: "Form 1099-" + form, Year: fmt.Sprint(f.year), Copy: "Copy B, for recipient",
			From:    paper.Party{Name: o.Name, Lines: lines(o.Address1, o.Address2, place(o.City, o.Region, o.Zip), o.Phone)},
			FromTIN: o.Preferences.EmployerID, To: paper.Party{Name: v.Payee(), Lines: lines(v.Address1, v.Address2, place(v.City, v.Region, v.Zip))}, ToTIN: masked,
			Facts: []paper.Fact{{Label: "Account number", Value: cmp.Or(v.AccountNumber, string(v.ID))}, {Label: amount, Value: "$" + paper.Figures(r.paid, "USD")},
				{Label: "Box 4 - Federal income tax withheld", Value: "$" + paper.Figures(r.withheld, "USD")}},
			Legend: "This is important tax information and is being furnished to the IRS. If you are required to file a return, a negligence penalty or other " +
				"sanction may be imposed on you if this income is taxable and the IRS determines that it has not been reported.",
		})
	}
	return paper.WriteStatements(w, all)
}

func lines(all ...string) (out []string) {
	for _, s := range all {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func place(city, region, zip string) string {
	return strings.Trim(city+", "+strings.TrimSpace(region+" "+zip), ", ")
}
