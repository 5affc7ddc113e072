package view

import "strconv"

// ChooseVendorPage asks whose bill is to be entered.
type ChooseVendorPage struct {
	Page
	Query          VendorQuery
	Vendors        []Link
	Next, Previous string // cursors as in BillsPage
	CanAdd         bool   // a vendor
}

// BillFormPage is the form for a new bill. Its fields post as id, vendor, invoiceNumber, invoiceDate, dueDate, amount,
// poNumber, description, accepted and file, those of line 1 as account-1, department-1, location-1, job-1, description-1
// and amount-1; act is what to do: "save", "line" for one more line, "sum" to add up. What was typed stays as it was typed.
type BillFormPage struct {
	Page
	ID, VendorID, Vendor    string // ID is the bill's to be, made once when the form is first shown
	Currency                string
	Number, Date, Due       string
	Amount, PO, Description string
	Lines                   []TypedLine
	Sum                     string // what the lines add up to against the amount, in words; "" if there is nothing to say
	Same                    Link   // another bill that has the number, to be accepted by saving again
	Accepted                string
	CanUpload               bool

	Accounts, Departments, Locations, Jobs []Option // empty: no such column
	Cut                                    bool     // there are more of them than a form can list
	Errors                                 FieldErrors
}

// TypedLine is one line of the form.
type TypedLine struct{ Account, Department, Location, Job, Description, Amount string }

// Option is one entry of a list to choose from.
type Option struct{ ID, Name string }

// dimensions are the lists that a line is coded to.
func (v BillFormPage) dimensions() []choices {
	var out []choices
	for _, d := range []choices{
		{"account", "Account", v.Accounts, func(l TypedLine) string { return l.Account }},
		{"department", "Department", v.Departments, func(l TypedLine) string { return l.Department }},
		{"location", "Location", v.Locations, func(l TypedLine) string { return l.Location }},
		{"job", "Job", v.Jobs, func(l TypedLine) string { return l.Job }},
	} {
		if len(d.options) > 0 {
			out = append(out, d)
		}
	}
	return out
}

type choices struct {
	name, label string
	options     []Option
	of          func(TypedLine) string
}

// nth is the form's name for a field of a line; the first is 1.
func nth(name string, i int) string { return name + "-" + strconv.Itoa(i+1) }

func (v ChooseVendorPage) previousURL() string { return v.page("", v.Previous) }

func (v ChooseVendorPage) nextURL() string { return v.page(v.Next, "") }

func (v ChooseVendorPage) page(after, before string) string {
	if after == "" && before == "" {
		return ""
	}
	return NewBillURL("") + parameters("q", v.Query.Search, "after", after, "before", before)
}
