package web

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/view"
)

// vendorFields are the form's names for a vendor's fields.
var vendorFields = map[string]string{"name": "name", "nameOnCheck": "nameOnCheck", "accountNumber": "accountNumber", "taxId": "taxId",
	"email": "email", "phone": "phone", "address1": "address1", "address2": "address2", "city": "city", "region": "state", "zip": "zip",
	"country": "country", "description": "description"}

func (h *handler) newVendorForm(c *call) error {
	return c.showVendorForm(http.StatusOK, view.VendorFormPage{Typed: view.VendorForm{Country: "USA"}})
}

// showVendorForm renders the form with what was typed.
func (c *call) showVendorForm(status int, page view.VendorFormPage) error {
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageVendors); err != nil || page.ID == "" {
			return err
		}
		v, err := loadVendor(tx, ids.ID(page.ID))
		if err != nil {
			return err
		}
		page.Title, page.Seen, page.Typed.TaxTail = v.Name, version(v.Base), taxTail(v)
		return nil
	})
	if err != nil {
		return err
	}
	title := "Edit vendor"
	if page.ID == "" {
		title = "Add a vendor"
	}
	page.Page = c.page(title, view.VendorsURL)
	return c.render(status, view.EditVendor(page))
}

// version tells whether a record was changed after a form showed it.
func version(b record.Base) string { return strconv.FormatInt(int64(b.UpdatedTime), 36) }

func taxTail(v *vendor.Vendor) string {
	if len(v.TaxID) <= 4 {
		return ""
	}
	return v.TaxID[len(v.TaxID)-4:]
}

// typedVendor reads the form.
func (c *call) typedVendor() (view.VendorForm, error) {
	if err := c.form(); err != nil {
		return view.VendorForm{}, err
	}
	return view.VendorForm{Name: c.field("name"), NameOnCheck: c.field("nameOnCheck"), AccountNumber: c.field("accountNumber"), TaxID: c.field("taxId"),
		Email: c.field("email"), Phone: c.field("phone"), Address1: c.field("address1"), Address2: c.field("address2"), City: c.field("city"),
		Region: c.field("state"), Zip: c.field("zip"), Country: c.field("country"), Description: c.field("description"),
		Track1099: c.field("track1099"), Box1099: c.field("box1099"), TaxIDType: c.field("taxIdType"), W9Date: c.field("w9Date"), Withhold: c.field("withhold"),
		Inactive: c.field("active") == "no"}, nil
}

// fill sets what the form holds.
func fill(v *vendor.Vendor, f view.VendorForm) {
	v.Name, v.NameOnCheck, v.AccountNumber, v.Email, v.Phone = f.Name, f.NameOnCheck, f.AccountNumber, f.Email, f.Phone
	v.Address1, v.Address2, v.City, v.Region, v.Zip, v.Country = f.Address1, f.Address2, f.City, f.Region, f.Zip, f.Country
	v.Description = f.Description
	if f.TaxID != "" {
		v.TaxID = f.TaxID
	}
	v.Active = record.Active
	if f.Inactive {
		v.Active = record.Inactive
	}
	if f.Track1099 == "" { // not asked
		return
	}
	v.Track1099, v.BackupWithholding = f.Track1099 == "yes", f.Withhold == "yes"
	v.Box1099, _ = strconv.ParseInt(f.Box1099, 10, 64) // badTax has looked at all three
	v.TaxIDType, _ = strconv.ParseInt(f.TaxIDType, 10, 64)
	v.W9Date, _ = civil.Parse(f.W9Date)
}

// badTax is what is wrong with the part of the form that is about form 1099.
func badTax(f view.VendorForm) (wrong view.FieldErrors) {
	add := func(field, message string) {
		wrong = append(wrong, view.FieldError{Field: field, Message: message})
	}
	if n, err := strconv.ParseInt(cmp.Or(f.Box1099, "0"), 10, 64); err != nil || vendor.Boxes[n] == "" {
		add("box1099", "Choose a box of the form.")
	}
	if f.TaxIDType != "" && f.TaxIDType != "1" && f.TaxIDType != "2" {
		add("taxIdType", "Choose EIN, SSN or none.")
	}
	if _, err := civil.Parse(f.W9Date); err != nil && f.W9Date != "" {
		add("w9Date", "Enter the day as YYYY-MM-DD, or nothing.")
	}
	return wrong
}

// shownTax fills in what the form shows of that part.
func shownTax(v *vendor.Vendor, f *view.VendorForm) {
	f.Track1099, f.Box1099 = "no", strconv.FormatInt(v.Box1099, 10)
	if v.Track1099 {
		f.Track1099 = "yes"
	}
	if v.BackupWithholding {
		f.Withhold = "yes"
	}
	if v.TaxIDType != 0 {
		f.TaxIDType = strconv.FormatInt(v.TaxIDType, 10)
	}
	if !v.W9Date.IsZero() {
		f.W9Date = v.W9Date.String()
	}
}

func (h *handler) addVendor(c *call) error {
	typed, err := c.typedVendor()
	if err != nil {
		return err
	}
	typed.Inactive = false
	page := view.VendorFormPage{Typed: typed, Errors: append(c.tooLong(vendor.Vendors.Type, vendorFields), badTax(typed)...)}
	if page.Errors != nil {
		return c.showVendorForm(http.StatusUnprocessableEntity, page)
	}
	var made ids.ID
	err = c.write(func(tx *db.Tx) error {
		v := vendor.Vendors.New().(*vendor.Vendor)
		fill(v, typed)
		err := vendor.Create(tx, v)
		made = v.ID
		return err
	})
	if err != nil {
		return c.refuseVendor(page, err)
	}
	return c.done(view.VendorURL(string(made)), "vendor")
}

func (h *handler) editVendorForm(c *call) error {
	id, err := c.id("id", ids.Vendor)
	if err != nil {
		return err
	}
	page := view.VendorFormPage{ID: string(id)}
	err = c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageVendors); err != nil {
			return err
		}
		v, err := loadVendor(tx, id)
		if err != nil {
			return err
		}
		page.Typed = view.VendorForm{Name: v.Name, NameOnCheck: v.NameOnCheck, AccountNumber: v.AccountNumber, Email: v.Email, Phone: v.Phone,
			Address1: v.Address1, Address2: v.Address2, City: v.City, Region: v.Region, Zip: v.Zip, Country: v.Country,
			Description: v.Description, Inactive: v.Active != record.Active}
		shownTax(v, &page.Typed)
		return nil
	})
	if err != nil {
		return err
	}
	return c.showVendorForm(http.StatusOK, page)
}

func (h *handler) editVendor(c *call) error {
	id, err := c.id("id", ids.Vendor)
	if err != nil {
		return err
	}
	typed, err := c.typedVendor()
	if err != nil {
		return err
	}
	page := view.VendorFormPage{ID: string(id), Typed: typed}
	if err := c.read(func(tx *db.Tx) error { _, err := loadVendor(tx, id); return err }); err != nil {
		return err
	}
	if page.Errors = append(c.tooLong(vendor.Vendors.Type, vendorFields), badTax(typed)...); page.Errors != nil {
		return c.showVendorForm(http.StatusUnprocessableEntity, page)
	}
	seen := c.field("seen")
	err = c.write(func(tx *db.Tx) error {
		before, err := vendor.Vendors.LoadForUpdate(tx, id)
		if err != nil {
			return err
		}
		if version(before.Base) != seen {
			return fault.ErrConflict
		}
		after := *before
		fill(&after, typed)
		return vendor.Update(tx, before, &after)
	})
	if err != nil {
		return c.refuseVendor(page, err)
	}
	return c.done(view.VendorURL(string(id)), "saved")
}

var vendorWords = map[string]string{
	"field_missing":     "Enter the vendor's name.",
	"value_invalid":     "Enter an e-mail address such as name@company.com, or none.",
	"changed_meanwhile": "Somebody changed this vendor while you did. Look at it in another window, then save this again to put yours over it.",
}

// refuseVendor shows the form again with why the vendor was refused.
func (c *call) refuseVendor(page view.VendorFormPage, err error) error {
	names := map[string]string{"isActive": "active"}
	for of, name := range vendorFields {
		names[of] = name
	}
	wrong, ok := refusal(err, names, vendorWords)
	if !ok {
		return err
	}
	if errors.Is(err, vendor.ErrListed) {
		for i := range wrong {
			wrong[i].Message = "The vendor maintains this itself; it cannot be changed here."
		}
	}
	page.Errors = wrong
	return c.showVendorForm(http.StatusUnprocessableEntity, page)
}
