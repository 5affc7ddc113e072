package web

import (
	"net/http"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) settings(c *call) error {
	var accounts []view.FundingAccount
	err := c.read(func(tx *db.Tx) (err error) {
		if c.may(org.ViewBanks) {
			accounts, err = fundingAccounts(tx)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.render(http.StatusOK, view.Settings(view.SettingsPage{Page: c.page("Settings", view.SettingsURL), Company: c.org.Name,
		APIAccess: c.org.APIAccess, CanManage: c.may(org.ManageCompany), Accounts: accounts}))
}

func profileOf(o org.Organisation) view.Profile {
	return view.Profile{Name: o.Name, Address1: o.Address1, Address2: o.Address2, City: o.City, State: o.Region, Zip: o.Zip, Country: o.Country,
		Phone: o.Phone, Fax: o.Fax, AllowAPIAccess: o.APIAccess, MayPayAbroad: o.Preferences.InternationalPayments, PayAbroad: o.Preferences.International()}
}

func (h *handler) profile(c *call) error {
	var when, who string
	err := c.read(func(tx *db.Tx) (err error) {
		when, who, err = read.APIAccessSet(tx, c.zone)
		return err
	})
	if err != nil {
		return err
	}
	p := profileOf(c.org)
	p.APIAccessChanged, p.ByWhom = when, who
	return c.render(http.StatusOK, view.CompanyProfile(view.ProfilePage{Page: c.page("Profile", view.SettingsURL), Profile: p, CanEdit: c.may(org.ManageCompany)}))
}

func (h *handler) profileForm(c *call) error {
	return c.showProfileForm(http.StatusOK, nil, nil)
}

// showProfileForm renders the form with what is stored, or with what was typed.
func (c *call) showProfileForm(status int, typed *view.Profile, wrong view.FieldErrors) error {
	if err := c.read(func(tx *db.Tx) error { return tx.Require(org.ManageCompany) }); err != nil {
		return err
	}
	page := view.EditProfilePage{Page: c.page("Edit profile", view.SettingsURL), Profile: profileOf(c.org), Errors: wrong}
	if typed != nil {
		page.Profile = *typed
	}
	return c.render(status, view.EditProfile(page))
}

// profileLimits are the lengths of the profile's fields in characters.
var profileLimits = map[string]int{"name": 100, "address1": 500, "address2": 500, "city": 255, "state": 255, "zip": 20, "country": 255, "phone": 40, "fax": 40}

func (h *handler) saveProfile(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	p := view.Profile{Name: c.field("name"), Address1: c.field("address1"), Address2: c.field("address2"), City: c.field("city"), State: c.field("state"),
		Zip: c.field("zip"), Country: c.field("country"), Phone: c.field("phone"), Fax: c.field("fax"), AllowAPIAccess: c.field("allowApiAccess") == "yes",
		MayPayAbroad: c.org.Preferences.InternationalPayments, PayAbroad: c.field("payAbroad") == "yes"}
	var wrong view.FieldErrors
	if p.Name == "" {
		wrong = append(wrong, view.FieldError{Field: "name", Message: "Enter the company's name.", Code: "BDCE009"})
	}
	for _, name := range []string{"name", "address1", "address2", "city", "state", "zip", "country", "phone", "fax"} {
		if most := profileLimits[name]; len([]rune(c.field(name))) > most {
			wrong = append(wrong, view.FieldError{Field: name, Message: "Shorten the " + fieldWords[name] + " to " + view.Count(most, "character", "characters") + ".", Code: "BDCE048"})
		}
	}
	if a := c.field("allowApiAccess"); a != "yes" && a != "no" {
		wrong = append(wrong, view.FieldError{Field: "allowApiAccess", Message: "Choose Yes or No."})
	}
	if len(wrong) > 0 {
		return c.showProfileForm(http.StatusUnprocessableEntity, &p, wrong)
	}
	err := c.write(func(tx *db.Tx) error {
		o, err := org.Load(tx)
		if err != nil {
			return err
		}
		o.Name, o.Address1, o.Address2, o.City, o.Region, o.Zip, o.Country = p.Name, p.Address1, p.Address2, p.City, p.State, p.Zip, p.Country
		o.Phone, o.Fax, o.APIAccess = p.Phone, p.Fax, p.AllowAPIAccess
		if o.Preferences.InternationalPayments && c.field("payAbroad") != "" { // INT-1: the operator first
			o.Preferences.InternationalOn = p.PayAbroad
		}
		return org.Save(tx, o)
	})
	if err != nil {
		return err
	}
	return c.done(view.ProfileURL, "saved")
}

func (h *handler) preferences(c *call) error {
	if err := c.read(func(*db.Tx) error { return nil }); err != nil {
		return err
	}
	return c.render(http.StatusOK, view.Preferences(view.PreferencesPage{Page: c.page("Preferences", view.SettingsURL), APIAccess: c.org.APIAccess,
		CanEdit: c.may(org.ManageCompany)}))
}

func (h *handler) security(c *call) error {
	var page view.SecurityPage
	err := c.read(func(tx *db.Tx) (err error) {
		page.Applications, err = read.Applications(tx, c.zone)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Banks = c.page("Security", view.SettingsURL), c.may(org.ViewBanks)
	return c.render(http.StatusOK, view.Security(page))
}

func (h *handler) confirmApplication(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	user, key := c.field("user"), c.field("key")
	err := c.write(func(tx *db.Tx) error {
		known, err := read.Applications(tx, c.now.Location())
		if err != nil {
			return err
		}
		for _, a := range known { // only what has logged in here
			if a.UserID == user && a.KeyID == key {
				return org.ConfirmPayments(tx, ids.ID(user), ids.ID(key))
			}
		}
		return fault.ErrNotFound
	})
	if err != nil {
		return err
	}
	return c.done(view.SecurityURL, "confirmed")
}
