package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) vendors(c *call) error {
	page := view.VendorsPage{Query: view.ParseVendorQuery(c.r.URL.Query())}
	err := c.read(func(tx *db.Tx) error {
		rows, at, err := read.Vendors(tx, page.Query, c.org.Currency)
		if err != nil {
			return err
		}
		page.Rows, page.Next, page.Previous = rows, at.Next, at.Previous
		page.Exists, err = read.HasVendors(tx)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Currency, page.CanAdd = c.page("Vendors", view.VendorsURL), c.org.Currency, c.may(org.ManageVendors)
	return c.render(http.StatusOK, view.Vendors(page))
}

func (h *handler) vendor(c *call) error {
	id, err := c.id("id", ids.Vendor)
	if err != nil {
		return err
	}
	return c.showVendor(id, http.StatusOK, nil)
}

func (c *call) showVendor(id ids.ID, status int, flash []view.Flash) error {
	var page view.VendorPage
	err := c.read(func(tx *db.Tx) (err error) {
		page, err = c.vendorPage(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Currency = c.page(page.Name, view.VendorsURL), c.org.Currency
	page.Flash = append(page.Flash, flash...)
	return c.render(status, view.Vendor(page))
}

// loadVendor reads a vendor for who may view vendors.
func loadVendor(tx *db.Tx, id ids.ID) (*vendor.Vendor, error) {
	if err := tx.Require(org.ViewVendors); err != nil {
		return nil, err
	}
	return vendor.Vendors.Load(tx, id)
}

// pageBills is how many bills the page of a vendor shows.
const pageBills = 10

func (c *call) vendorPage(tx *db.Tx, id ids.ID) (view.VendorPage, error) {
	v, err := loadVendor(tx, id)
	if err != nil {
		return view.VendorPage{}, err
	}
	page := view.VendorPage{
		ID: string(v.ID), Name: v.Name, Inactive: v.Active != record.Active, Email: v.Email, Phone: v.Phone, AccountNumber: v.AccountNumber,
		Description: v.Description, CanManageBank: c.may(org.ManageVendorBanks) && v.Active == record.Active,
		AllBills: view.BillQuery{Search: v.Name}.URL(),
		Address: lines(v.Address1, v.Address2, v.Address3, v.Address4,
			strings.Trim(strings.TrimSpace(strings.Trim(v.City+", "+v.Region, ", ")+" "+v.Zip), " "), v.Country),
	}
	if v.Payee() != v.Name {
		page.Payee = v.Payee()
	}
	page.TaxTail, page.CanEdit = taxTail(v), c.may(org.ManageVendors)
	page.CanEnter = c.may(org.ManageBills) && v.Active == record.Active
	history := []ids.ID{id}
	a, err := vendor.ActiveBankAccount(tx, id)
	switch {
	case err == nil:
		history = append(history, a.ID)
		page.Bank = bankOf(a)
		tail := ""
		if a.Usable() {
			tail = a.AccountTail
		}
		page.Method = read.PaidBy(v.PayBy, tail)
	case errors.Is(err, fault.ErrNotFound):
		page.Method = read.PaidBy(v.PayBy, "")
	default:
		return page, err
	}
	switch {
	case v.LinkedTo.IsNull():
	case v.NetworkStatus == network.Connected:
		page.Method = "Over the network, to the account that the vendor has chosen; it maintains its name, address and bank data itself"
	case v.NetworkStatus == network.ConnectedRPPS:
		page.Method = "As a listed large biller, which maintains its name, address and bank data itself"
	}
	if page.Method == "Check" && !v.AddressComplete() {
		page.Warning = "This vendor cannot be paid: a check needs a complete address."
	}
	if page.Held, err = vendor.Held(tx, id); err != nil {
		return page, err
	}
	page.CanLift = c.may(org.ApprovePayments)
	correction, err := payment.WaitingCorrection(tx, id)
	if err == nil {
		page.Correction = &view.VendorCorrection{Code: correction.Code, Routing: correction.Routing, Last4: correction.Tail,
			CanDecide: c.may(org.ApproveVendorBankChange)}
	} else if !errors.Is(err, fault.ErrNotFound) {
		return page, err
	}
	changes, err := vendor.Changes(tx, id)
	if err != nil {
		return page, err
	}
	for _, ch := range changes {
		shown := view.VendorChange{ID: string(ch.ID), Bank: ch.Kind == vendor.ChangeBank, When: view.Instant(ch.Changed.Time(), c.zone),
			CanDecide: c.may(org.ApproveVendorBankChange) && ch.ChangedBy != tx.Caller().User}
		if shown.Who, err = read.UserName(tx, ch.ChangedBy); err != nil {
			return page, err
		}
		page.Changes = append(page.Changes, shown)
	}
	if c.may(org.ViewBills) {
		if page.Bills, err = read.BillsOfVendor(tx, id, c.today, pageBills); err != nil {
			return page, err
		}
		if page.Credits, err = read.CreditsOfVendor(tx, id, pageBills); err != nil {
			return page, err
		}
	}
	if c.may(org.ViewAudit) {
		page.History, err = read.History(tx, c.zone, history...)
	}
	return page, err
}

// lines joins the lines of an address that are not empty.
func lines(all ...string) string {
	var out []string
	for _, l := range all {
		if l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

func bankOf(a *vendor.BankAccount) *view.VendorBank {
	b := &view.VendorBank{Holder: a.HolderName, Routing: a.Routing, Last4: a.AccountTail, UsableFrom: view.Date(a.UsableFrom), Kind: "Checking, company",
		Wired: a.Wired(), CTX: a.CTX}
	switch {
	case a.Wired():
		b.Kind, b.Routing = "Wire to "+a.Country, a.BIC
	case a.AccountType == vendor.Savings && a.HolderType == vendor.Person:
		b.Kind = "Savings, person"
	case a.AccountType == vendor.Savings:
		b.Kind = "Savings, company"
	case a.HolderType == vendor.Person:
		b.Kind = "Checking, person"
	}
	b.State = map[int64]view.Badge{
		vendor.AccountVerified: {Tone: view.Good, Label: "Verified"}, vendor.AccountUnverified: {Tone: view.Wait, Label: "Not verified"},
		vendor.AccountBlocked: {Tone: view.Bad, Label: "Blocked"}, vendor.AccountExpired: {Tone: view.Bad, Label: "Expired"},
		vendor.AccountInvalid: {Tone: view.Bad, Label: "Refused by the bank"},
	}[a.Status]
	b.Test = map[string]string{vendor.PrenoteDue: "leaves with the next run", vendor.PrenoteSent: "sent, not returned", vendor.PrenoteReturned: "returned",
		vendor.MicroDue: "two small credits leave with the next run", vendor.MicroSent: "two small credits sent, not confirmed", vendor.PrenoteConfirmed: "two small credits, confirmed",
		"": "none"}[a.PrenoteState]
	b.Tell = a.PrenoteState == vendor.MicroSent && a.Status == vendor.AccountUnverified
	return b
}

func (h *handler) vendorBankForm(c *call) error {
	id, err := c.id("id", ids.Vendor)
	if err != nil {
		return err
	}
	return c.showVendorBank(http.StatusOK, view.VendorBankPage{ID: string(id), AccountType: "1", HolderType: "1"})
}

func (c *call) showVendorBank(status int, page view.VendorBankPage) error {
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageVendorBanks); err != nil {
			return err
		}
		v, err := loadVendor(tx, ids.ID(page.ID))
		if err != nil {
			return err
		}
		page.Name, page.Sandbox, page.Abroad = v.Name, tx.Sandbox(), !v.Domestic()
		if !page.Abroad {
			return nil
		}
		if page.Country == "" {
			page.Country = vendor.CountryCode(v.Country)
		}
		for _, c := range vendor.Countries() {
			if c.Wire {
				page.Countries = append(page.Countries, view.Option{ID: c.Code, Name: c.Name})
			}
		}
		page.Purposes = wirePurposes
		return nil
	})
	if err != nil {
		return err
	}
	page.Page = c.page("Add a bank account", view.VendorsURL)
	return c.render(status, view.VendorBankForm(page))
}

var bankFields = map[string]string{"routingNumber": "routingNumber", "accountNumber": "accountNumber", "accountType": "accountType",
	"holderType": "holderType", "holderName": "holderName", "country": "country", "bic": "bic", "clearingCode": "clearingCode", "purpose": "purpose"}

// wirePurposes are vendor.Purposes in words.
var wirePurposes = []view.Option{{ID: "SUPP", Name: "Supplies"}, {ID: "GDDS", Name: "Goods"}, {ID: "SCVE", Name: "Services"},
	{ID: "RENT", Name: "Rent"}, {ID: "ROYA", Name: "Royalties"}, {ID: "LICF", Name: "Licence fees"}, {ID: "COMM", Name: "Commission"},
	{ID: "INSU", Name: "Insurance"}, {ID: "ADVA", Name: "Advance payment"}}

// wireWords say what is wrong with a field of the form for wires.
var wireWords = map[string]string{
	"country":       "No wire can go to that country.",
	"bic":           "That is no BIC of a bank in that country. It has 8 or 11 letters and digits.",
	"accountNumber": "That is no account number of that country. Copy it again.",
	"clearingCode":  "Wires to that country need the bank's code there. Copy it again.",
	"purpose":       "Wires to that country need to say what is paid for.",
	"holderName":    "Enter a name with letters that a wire can carry.",
}

// bankWords say what is wrong with a field of the form.
var bankWords = map[string]string{
	"routingNumber": "That is no routing number that can be used here. Copy its nine digits again.",
	"accountNumber": "Enter 4 to 17 letters, digits and hyphens.",
	"accountType":   "Choose one.", "holderType": "Choose one.",
	"holderName": "Enter a name with letters that a bank's file can carry.",
}

func (h *handler) addVendorBank(c *call) error {
	id, err := c.id("id", ids.Vendor)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	page := view.VendorBankPage{ID: string(id), Routing: c.field("routingNumber"), Holder: c.field("holderName"),
		AccountType: c.field("accountType"), HolderType: c.field("holderType"), Country: c.field("country"), BIC: c.field("bic"),
		ClearingCode: c.field("clearingCode"), Purpose: c.field("purpose")}
	abroad := false
	if err := c.read(func(tx *db.Tx) error { // for the organisation the number is sealed for
		if err := tx.Require(org.ManageVendorBanks); err != nil {
			return err
		}
		v, err := loadVendor(tx, id)
		abroad = err == nil && !v.Domestic()
		return err
	}); err != nil {
		return err
	}
	if abroad {
		return h.addVendorWire(c, page)
	}
	n, err := vendor.SealBankAccount(h.Vault, c.caller.Org, c.field("accountNumber"))
	if err == nil {
		n.VendorID, n.Routing, n.HolderName = id, page.Routing, page.Holder
		n.AccountType, _ = strconv.ParseInt(page.AccountType, 10, 64)
		n.HolderType, _ = strconv.ParseInt(page.HolderType, 10, 64)
		err = c.write(func(tx *db.Tx) error {
			_, err := vendor.AddBankAccount(tx, n)
			return err
		})
	}
	if err == nil {
		return c.done(view.VendorURL(string(id)), "bank")
	}
	wrong, ok := refusal(err, bankFields, nil)
	if !ok {
		return err
	}
	for i := range wrong {
		if w := bankWords[wrong[i].Field]; w != "" && errors.Is(err, fault.ErrValue) {
			wrong[i].Message = w
		}
	}
	page.Errors = wrong
	return c.showVendorBank(http.StatusUnprocessableEntity, page)
}

// addVendorWire adds the account that a vendor outside the US is wired to.
func (h *handler) addVendorWire(c *call, page view.VendorBankPage) error {
	n, err := vendor.SealWireAccount(h.Vault, c.caller.Org, c.field("accountNumber"))
	if err == nil {
		n.VendorID, n.Country, n.BIC, n.ClearingCode, n.Purpose, n.HolderName = ids.ID(page.ID), page.Country, page.BIC, page.ClearingCode, page.Purpose, page.Holder
		err = c.write(func(tx *db.Tx) error {
			_, err := vendor.AddWireAccount(tx, n)
			return err
		})
	}
	if err == nil {
		return c.done(view.VendorURL(page.ID), "bank")
	}
	if f := fault.From(err); f != nil && slices.Contains(f.Fields, "city") {
		err = fault.ErrMissing.On("country").With("town")
	}
	wrong, ok := refusal(err, bankFields, nil)
	if !ok {
		return err
	}
	for i := range wrong {
		if w := wireWords[wrong[i].Field]; w != "" {
			wrong[i].Message = w
		}
		if f := fault.From(err); len(f.Args) == 1 && f.Args[0] == "town" {
			wrong[i].Message = "The vendor's address has no town, which a wire needs. Edit the vendor first."
		}
	}
	page.Errors = wrong
	return c.showVendorBank(http.StatusUnprocessableEntity, page)
}

// confirmVendorBank takes what the vendor says about the two small credits to its account (VEN-5).
func (h *handler) confirmVendorBank(c *call) error {
	id, err := c.id("id", ids.Vendor)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	var amounts [2]int64
	for i, name := range []string{"first", "second"} {
		if amounts[i], err = money.ParseMinor(c.field(name), 2); err != nil || amounts[i] <= 0 {
			return c.showVendor(id, http.StatusUnprocessableEntity, []view.Flash{{Tone: view.Bad, Text: "Enter two amounts under a dollar, such as 0.37."}})
		}
	}
	var t bank.Test
	err = c.write(func(tx *db.Tx) (err error) { t, err = vendor.ConfirmMicro(tx, id, amounts[0], amounts[1]); return err })
	switch {
	case errors.Is(err, bank.ErrTestOver):
		return c.showVendor(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: bank.ErrTestOver.Message}})
	case err != nil:
		return err
	case t.State == bank.TestConfirmed:
		return c.done(view.VendorURL(string(id)), "told")
	case t.State == bank.TestFailed:
		return c.showVendor(id, http.StatusUnprocessableEntity, []view.Flash{{Tone: view.Bad, Text: "That was the third wrong answer: this account cannot be used. Remove it and add the right one."}})
	}
	return c.showVendor(id, http.StatusUnprocessableEntity, []view.Flash{{Tone: view.Bad,
		Text: fmt.Sprintf("Those are not the amounts. They can be told %d more times.", t.Left())}})
}

func (h *handler) removeVendorBank(c *call) error {
	id, err := c.id("id", ids.Vendor)
	if err != nil {
		return err
	}
	err = c.write(func(tx *db.Tx) error { return vendor.RemoveBankAccount(tx, id) })
	if errors.Is(err, vendor.ErrACHWaiting) {
		return c.showVendor(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: vendor.ErrACHWaiting.Message}})
	}
	if err != nil {
		return err
	}
	return c.done(view.VendorURL(string(id)), "unbanked")
}

// setRemittance says how much remittance goes with entries to a vendor (ACH-2).
func (h *handler) setRemittance(c *call) error {
	id, err := c.id("id", ids.Vendor)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	if err := c.write(func(tx *db.Tx) error { return vendor.SetCTX(tx, id, c.field("entry") == "ctx") }); err != nil {
		return err
	}
	return c.done(view.VendorURL(string(id)), "saved")
}

// decideCorrection applies or refuses bank data that the vendor's bank has told of (ACH-9).
func (h *handler) decideCorrection(c *call) error {
	id, err := c.id("id", ids.Vendor)
	if err != nil {
		return err
	}
	decide, said := payment.ApplyCorrection, "corrected"
	switch c.r.PathValue("what") {
	case "apply":
	case "refuse":
		decide, said = payment.RefuseCorrection, "refused"
	default:
		return fault.ErrNotFound.With(c.r.PathValue("what"))
	}
	err = c.write(func(tx *db.Tx) error { return decide(tx, id) })
	if errors.Is(err, payment.ErrSamePerson) {
		return c.showVendor(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: "You entered this account: another person decides."}})
	}
	if err != nil {
		return err
	}
	return c.done(view.VendorURL(string(id)), said)
}

// decideChange approves or refuses a change of payment data that waits for a second person (VEN-6).
func (h *handler) decideChange(c *call) error {
	id, err := c.id("id", ids.Vendor)
	if err != nil {
		return err
	}
	approve := c.r.PathValue("what") == "approve"
	if !approve && c.r.PathValue("what") != "refuse" {
		return fault.ErrNotFound.With(c.r.PathValue("what"))
	}
	err = c.write(func(tx *db.Tx) error { return vendor.DecideChange(tx, ids.ID(c.r.PathValue("change")), approve) })
	text := ""
	switch {
	case errors.Is(err, vendor.ErrChangeSamePerson):
		text = "You made this change: another person decides."
	case errors.Is(err, vendor.ErrChangeDecided):
		text = "This change was decided meanwhile."
	case err != nil:
		return err
	default:
		return c.done(view.VendorURL(string(id)), "saved")
	}
	return c.showVendor(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: text}})
}

// liftVendor lets a vendor on hold be paid again.
func (h *handler) liftVendor(c *call) error {
	id, err := c.id("id", ids.Vendor)
	if err != nil {
		return err
	}
	if err := c.write(func(tx *db.Tx) error { return vendor.LiftHold(tx, id) }); err != nil {
		return err
	}
	return c.done(view.VendorURL(string(id)), "lifted")
}
