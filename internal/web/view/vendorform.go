package view

// VendorFormPage is the form for a vendor, new or known. Its fields post as name, nameOnCheck, accountNumber, taxId,
// email, phone, address1, address2, city, state, zip, country, track1099 (yes or no), box1099 (a number), w9Date (YYYY-MM-DD), withhold (yes),
// taxIdType (1 EIN, 2 SSN, 0 not said), description, active (yes or no) and seen.
type VendorFormPage struct {
	Page
	ID     string // "" for a new one
	Title  string // the name as stored
	Seen   string // which version the form shows
	Typed  VendorForm
	Errors FieldErrors
}

// VendorForm is what the form holds, as it was typed. The tax number is never shown again: an empty one stays as it is.
type VendorForm struct {
	Name, NameOnCheck, AccountNumber, TaxID        string
	Email, Phone                                   string
	Address1, Address2, City, Region, Zip, Country string
	Description                                    string
	Inactive                                       bool
	Track1099, Box1099, TaxIDType, W9Date          string
	Withhold                                       string // yes: of what it is paid a share is withheld
	TaxTail                                        string // the end of the stored tax number, "" if there is none
}

func (v VendorFormPage) action() string {
	if v.ID == "" {
		return NewVendorURL
	}
	return EditVendorURL(v.ID)
}

func (v VendorFormPage) back() string {
	if v.ID == "" {
		return VendorsURL
	}
	return VendorURL(v.ID)
}

func (v VendorFormPage) taxHint() string {
	if v.Typed.TaxTail != "" {
		return "Stored: ···· " + v.Typed.TaxTail + ". Empty: it stays."
	}
	return "Of a US vendor that gets a 1099. Once saved only its last four are shown."
}

// boxes are the boxes of forms 1099 that the program reports (TAX-1).
var boxes = []Option{{"0", "1099-NEC 1: services"}, {"1", "1099-MISC 1: rents"}, {"2", "1099-MISC 2: royalties"}, {"3", "1099-MISC 3: other income"},
	{"6", "1099-MISC 6: medical and health care"}, {"10", "1099-MISC 10: gross proceeds of an attorney"}}

var taxKinds = []Option{{"1", "EIN, of an employer"}, {"2", "SSN, of a person"}}
