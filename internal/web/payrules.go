package web

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/web/view"
)

// paymentRules are the amounts of the page by field, each with its place in the preferences.
func paymentRules(p *org.Preferences) map[string]*int64 {
	return map[string]*int64{"threshold": &p.PaymentApprovalThreshold, "vendor": &p.VendorCeiling, "user": &p.UserCeiling, "day": &p.DailyCeiling}
}

// testSettings are the fields of the page about tests of new accounts, with their settings (VEN-5).
var testSettings = [][2]string{{"test", "achPrenoteMode"}, {"wait", "prenoteWait"}}

func (h *handler) paymentRules(c *call) error {
	var page view.PaymentRulesPage
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageCompany); err != nil {
			return err
		}
		p, err := org.Prefs(tx)
		shown := map[string]string{}
		for name, minor := range paymentRules(&p) {
			if *minor > 0 {
				shown[name] = money.FormatMinor(*minor, money.Digits(c.org.Currency))
			}
		}
		page = view.PaymentRulesPage{Threshold: shown["threshold"], Vendor: shown["vendor"], User: shown["user"], Day: shown["day"],
			Combine: p.CombinePayments != "separate", Test: p.ACHPrenoteMode, Wait: p.PrenoteWait}
		if p.OddPaymentHold > 0 {
			page.Odd = strconv.Itoa(p.OddPaymentHold)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.showPaymentRules(http.StatusOK, page)
}

func (c *call) showPaymentRules(status int, page view.PaymentRulesPage) error {
	page.Page, page.Banks = c.page("Payment settings", view.SettingsURL), c.may(org.ViewBanks)
	return c.render(status, view.PaymentRules(page))
}

func (h *handler) savePaymentRules(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	page := view.PaymentRulesPage{Threshold: c.field("threshold"), Vendor: c.field("vendor"), User: c.field("user"), Day: c.field("day"),
		Odd: c.field("odd"), Combine: c.field("combine") == "yes", Test: c.field("test"), Wait: c.field("wait")}
	var read org.Preferences
	amounts := paymentRules(&read)
	for _, name := range []string{"threshold", "vendor", "user", "day"} {
		if c.field(name) == "" {
			continue
		}
		minor, err := money.ParseMinor(c.field(name), money.Digits(c.org.Currency))
		if err != nil || minor < 0 {
			page.Errors = append(page.Errors, view.FieldError{Field: name, Message: "Enter an amount such as 10000.00, or leave it empty."})
		}
		*amounts[name] = minor
	}
	if got := c.field("combine"); got != "yes" && got != "no" {
		page.Errors = append(page.Errors, view.FieldError{Field: "combine", Message: "Choose Yes or No."})
	}
	odd := cmp.Or(page.Odd, "0")
	if new(org.Organisation).Set("oddPaymentHold", odd) != nil {
		page.Errors = append(page.Errors, view.FieldError{Field: "odd", Message: "Enter points up to 200, or leave it empty."})
	}
	for _, s := range testSettings {
		if value := c.field(s[0]); value != "" && new(org.Organisation).Set(s[1], value) != nil {
			page.Errors = append(page.Errors, view.FieldError{Field: s[0], Message: "Choose one of the list."})
		}
	}
	if page.Errors != nil {
		if err := c.read(func(tx *db.Tx) error { return tx.Require(org.ManageCompany) }); err != nil {
			return err
		}
		return c.showPaymentRules(http.StatusUnprocessableEntity, page)
	}
	err := c.write(func(tx *db.Tx) error {
		own, err := org.Load(tx)
		if err != nil {
			return err
		}
		for name, to := range paymentRules(&own.Preferences) {
			*to = *amounts[name]
		}
		if err := own.Set("oddPaymentHold", odd); err != nil {
			return err
		}
		own.Preferences.CombinePayments = "combine"
		if !page.Combine {
			own.Preferences.CombinePayments = "separate"
		}
		for _, s := range testSettings {
			if value := c.field(s[0]); value != "" {
				if err := own.Set(s[1], value); err != nil {
					return err
				}
			}
		}
		return org.Save(tx, own)
	})
	if err != nil {
		return err
	}
	return c.done(view.PaymentRulesURL, "saved")
}
