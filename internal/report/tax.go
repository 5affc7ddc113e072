package report

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// Tax1099 is the name of the report of forms 1099.
const Tax1099 = "1099"

var tax1099 = Report{Name: Tax1099, Title: "Forms 1099", Group: "Taxes",
	About: "What vendors that get a form 1099 were paid in a calendar year, by process date; failed and voided payments, credits and payments by card are left out.",
	Takes: []Parameter{year, show("all", "reportable", "problems"), vendorID},
	run:   (*Table).tax1099}

//go:embed thresholds.csv
var thresholdData string

// threshold is from which amount a box is reported.
type threshold struct {
	first, last int64 // years
	box         string
	minor       int64 // US cents
	check       bool  // not certain
}

// thresholds reads the table. It panics on a mistake in it, which is one of the program.
func thresholds(data string) (all []threshold) {
	r := csv.NewReader(strings.NewReader(data))
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		panic(err)
	}
	for _, l := range lines {
		t := threshold{box: l[2], check: l[4] != ""}
		for i, to := range map[int]*int64{0: &t.first, 1: &t.last, 3: &t.minor} {
			if *to, err = strconv.ParseInt(l[i], 10, 64); err != nil {
				panic(err)
			}
		}
		all = append(all, t)
	}
	return all
}

// thresholdOf is the line of the table for a box and year: the last one where the year is after the table, then not certain
// (TAX-2: indexed from 2027).
func thresholdOf(box string, year int64) (found threshold) {
	for _, t := range thresholds(thresholdData) {
		if t.box == box && t.first <= year {
			found = t
		}
	}
	found.check = found.check || year > found.last
	return found
}

// recipient is a vendor that gets a form, with what it was paid in the year.
type recipient struct {
	v         *vendor.Vendor
	tin       string // its digits
	box       string
	paid      int64 // minor units
	limit     threshold
	withheld  int64 // of it kept back for the tax office (posting 10)
	unclaimed int64 // of it kept, as nobody presented the check
	problems  []string
	differs   int64 // from the ledger
}

// reportable reports whether the year's payments reach the threshold, or something was withheld from them.
//
// Source: IRS, General Instructions for Certain Information Returns, "Backup withholding": a form whatever the amount.
func (r recipient) reportable() bool {
	return r.paid > 0 && (r.paid >= r.limit.minor || r.withheld > 0)
}

// cashRails are the rails whose payments a form counts (TAX-1); credits move no money.
const cashRails = `p.rail IN ('ach', 'check', 'wire', 'offline')`

// byCard is a recorded payment from a credit card account: the card's processor reports it (TAX-1).
const byCard = `EXISTS (SELECT 1 FROM chart_of_accounts a WHERE a.org_id = p.org_id AND a.id = p.chart_of_account_id AND a.account_type = 5)`

// recipients are the flagged vendors, or the one asked for, by name. Amounts are cash paid by process date; what came back
// or was voided later is not in the year it was paid in any more (TAX-1).
func (t *Table) recipients(tx *db.Tx) ([]*recipient, error) {
	var all []*recipient
	by := map[ids.ID]*recipient{}
	err := vendor.Vendors.List(tx, record.Query{Filters: []record.Filter{{Field: vendor.Vendors.Must("track1099"), Op: record.Eq, Values: []any{int64(1)}}}}, func(v *vendor.Vendor) error {
		if t.Params.Vendor != "" && v.ID != t.Params.Vendor {
			return nil
		}
		r := &recipient{v: v, tin: digits(v.TaxID), box: vendor.Boxes[v.Box1099]}
		r.limit = thresholdOf(r.box, t.Params.Year)
		all, by[v.ID] = append(all, r), r
		if len(all) > MaxRows {
			return ErrTooLong
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	control, err := ledger.Account(tx, ledger.AP)
	if err != nil {
		return nil, err
	}
	err = t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var state string
		var amount, booked int64
		if err := scan((*string)(&id), &state, &amount, &booked); err != nil {
			return err
		}
		r := by[id]
		if r == nil {
			return nil
		}
		r.differs -= booked
		if stands(state) {
			r.paid += amount
			r.differs += amount
		}
		if state == "unclaimed" || state == "escheated" {
			r.unclaimed += amount
		}
		return nil
	}, `SELECT p.vendor_id, p.state, CAST(sum(p.amount) AS BIGINT), CAST(sum(`+inBooks+`) AS BIGINT) FROM payments p JOIN vendors v ON v.org_id = p.org_id AND v.id = p.vendor_id AND v.track1099 = 1
		WHERE p.org_id = $1 AND p.process_date >= $3 AND p.process_date <= $4 AND `+cashRails+` AND NOT `+byCard+` GROUP BY p.vendor_id, p.state`,
		string(control), fmt.Sprintf("%04d-01-01", t.Params.Year), fmt.Sprintf("%04d-12-31", t.Params.Year))
	if err != nil {
		return nil, err
	}
	err = t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var amount int64
		if err := scan((*string)(&id), &amount); err != nil {
			return err
		}
		if r := by[id]; r != nil {
			r.paid += amount
			r.withheld += amount
		}
		return nil
	}, `SELECT p.vendor_id, CAST(sum(c.amount) AS BIGINT) FROM bill_credits c JOIN payments p ON p.org_id = c.org_id AND p.id = c.payment_id
		WHERE c.org_id = $1 AND c.withheld = 1 AND c.state = 'applied' AND p.process_date >= $2 AND p.process_date <= $3 GROUP BY p.vendor_id`,
		fmt.Sprintf("%04d-01-01", t.Params.Year), fmt.Sprintf("%04d-12-31", t.Params.Year))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b *recipient) int {
		return strings.Compare(a.v.NameFolded+string(a.v.ID), b.v.NameFolded+string(b.v.ID))
	})
	judge(all)
	return all, nil
}

// judge notes what has to be put right before forms are made (TAX-3).
func judge(all []*recipient) {
	tins, names := map[string][]string{}, map[string]map[string]bool{}
	for _, r := range all {
		if r.tin != "" {
			tins[r.tin] = append(tins[r.tin], r.v.Name)
		}
		if names[r.v.NameFolded] == nil {
			names[r.v.NameFolded] = map[string]bool{}
		}
		names[r.v.NameFolded][r.tin] = true
	}
	for _, r := range all {
		note := func(wrong bool, format string, args ...any) {
			if wrong {
				r.problems = append(r.problems, fmt.Sprintf(format, args...))
			}
		}
		note(!r.v.Domestic(), "Not in the US: a form W-8 and form 1042-S may be due instead")
		note(r.v.TaxID == "", "No tax number")
		note(r.v.TaxID != "" && !formed(r.tin, r.tinType()), "The tax number cannot be one")
		note(r.v.W9Date.IsZero(), "No form W-9")
		note(r.v.Domestic() && !r.v.AddressComplete(), "The address is incomplete")
		note(len(tins[r.tin]) > 1, "The same tax number: %s", strings.Join(others(tins[r.tin], r.v.Name), ", "))
		note(len(names[r.v.NameFolded]) > 1, "Another vendor of this name has another tax number")
		note(r.unclaimed > 0, "Some of it was never presented")
	}
}

// others are the names but one occurrence of a name.
func others(names []string, but string) []string {
	out := slices.Clone(names)
	if i := slices.Index(out, but); i >= 0 {
		out = slices.Delete(out, i, i+1)
	}
	return out
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// The kinds of taxpayer identification numbers, as the IRS calls them.
const (
	tinEIN  = "EIN"
	tinSSN  = "SSN"
	tinITIN = "ITIN"
)

// tinType is what the vendor says its number is; where it does not, how the number is written or who the vendor is. A
// number of a person that begins with 9 is an ITIN.
func (r recipient) tinType() string {
	written := strings.IndexByte(r.v.TaxID, '-')
	person := r.v.TaxIDType == 2 || r.v.TaxIDType == 0 && (written == 3 || written != 2 && r.v.AccountType == 2)
	switch {
	case !person:
		return tinEIN
	case strings.HasPrefix(r.tin, "9"):
		return tinITIN
	}
	return tinSSN
}

// formed reports whether nine digits can be a number of that kind: parts of a person's number are never zero, an employer's
// does not begin with 00.
func formed(tin, kind string) bool {
	if len(tin) != 9 {
		return false
	}
	if kind == tinEIN {
		return tin[:2] != "00"
	}
	return tin[:3] != "000" && tin[:3] != "666" && tin[3:5] != "00" && tin[5:] != "0000"
}

// tax1099 lists all flagged vendors and marks those at or above the threshold of their box (TAX-2).
func (t *Table) tax1099(tx *db.Tx) error {
	t.Columns = []Column{{"vendor", "Vendor", Text, false}, {"box", "Box", Text, false}, {"tin", "Tax number", Text, false}, {"w9", "Form W-9", Date, false},
		{"paid", "Paid", Money, true}, {"threshold", "From", Money, false}, {"report", "Report", Text, false}, {"problems", "To put right", Text, false},
		{"withheld", "Of it withheld", Money, true}}
	all, err := t.recipients(tx)
	if err != nil {
		return err
	}
	begin, end := civil.MustDate(fmt.Sprintf("%04d-01-01", t.Params.Year)), civil.MustDate(fmt.Sprintf("%04d-12-31", t.Params.Year))
	forms := 0
	for _, r := range all {
		t.Off += r.differs
		said := "no"
		if r.reportable() {
			said = "yes"
			forms++
		}
		if r.limit.check {
			said += ": check the IRS instructions"
		}
		if t.Params.Show == "reportable" && !r.reportable() || t.Params.Show == "problems" && len(r.problems) == 0 {
			continue
		}
		tin := ""
		if n := len(r.v.TaxID); n > 4 {
			tin = "ends in " + r.v.TaxID[n-4:]
		}
		of := Source{Record: r.v.ID, Report: paymentRegister.Name, Params: Params{From: begin, To: end, Vendor: r.v.ID, Show: "all"}}
		t.add(of, r.v.Name, r.box, tin, r.v.W9Date, r.paid, r.limit.minor, said, strings.Join(r.problems, "; "), r.withheld)
	}
	t.Facts = []Fact{{"Forms to report", fmt.Sprint(forms)}, {"Difference from the ledger", t.amount(t.Off)}}
	return nil
}
