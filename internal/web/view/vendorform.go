package view

// VendorFormPage is the form for a vendor, new or known. Its fields post as name, nameOnCheck, accountNumber, taxId,
// email, phone, address1, address2, city, state, zip, country, description, active (yes or no) and seen.
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
