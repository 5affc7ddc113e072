package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) bankAccounts(c *call) error {
	var page view.BankAccountsPage
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ViewBanks); err != nil {
			return err
		}
		all, err := bank.List(tx)
		if err != nil {
			return err
		}
		slices.SortStableFunc(all, func(a, b *bank.Account) int { return cmp.Compare(a.Active, b.Active) })
		page.Accounts = nil
		today := civil.Of(tx.Now(), civil.Pacific)
		for _, a := range all {
			shown := bankAccount(a)
			if shown.Pending && c.may(org.ManageBanks) {
				t, err := bank.TestOf(tx, a.ID)
				if err != nil && !errors.Is(err, fault.ErrNotFound) {
					return err
				}
				shown.Confirm = t.Waits(today) && t.StartedBy == c.caller.User
				shown.Proved = t.State == bank.TestConfirmed
			}
			page.Accounts = append(page.Accounts, shown)
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Page, page.CanManage, page.Security = c.page("Bank accounts", view.SettingsURL), c.may(org.ManageBanks), c.may(org.ManageCompany)
	return c.render(http.StatusOK, view.BankAccounts(page))
}

func bankAccount(a *bank.Account) view.BankAccount {
	out := view.BankAccount{FundingAccount: view.FundingAccount{ID: string(a.ID), Name: a.Name, Last4: a.AccountTail}, Routing: a.Routing,
		Default: a.IsDefault, Active: a.Active == record.Active}
	out.Pending = out.Active && a.Status == bank.Pending
	out.State = map[int64]view.Badge{bank.Verified: {Tone: view.Good, Label: "Verified"}, bank.Pending: {Tone: view.Wait, Label: "Pending"},
		bank.Blocked: {Tone: view.Bad, Label: "Blocked"}, bank.Invalid: {Tone: view.Bad, Label: "Not verified"}}[a.Status]
	if !out.Active {
		out.State = view.Badge{Tone: view.Quiet, Label: "Inactive"}
	}
	return out
}

func (h *handler) bankAccountForm(c *call) error {
	return c.showBankAccountForm(http.StatusOK, view.NewBankAccountPage{})
}

func (c *call) showBankAccountForm(status int, page view.NewBankAccountPage) error {
	err := c.read(func(tx *db.Tx) error {
		page.Sandbox = tx.Sandbox()
		return tx.Require(org.ManageBanks)
	})
	if err != nil {
		return err
	}
	page.Page = c.page("Add a bank account", view.SettingsURL)
	return c.render(status, view.NewBankAccount(page))
}

// fundingWords say what is wrong with a field of the form.
var fundingWords = map[string]string{
	"name":          "Enter what you call the account.",
	"routingNumber": "That is no routing number that can be used here. Copy its nine digits again.",
	"accountNumber": "Enter 4 to 17 digits and hyphens.",
}

// addBankAccount adds an account that waits for its test deposit to be told, or for the operator, who has seen evidence
// (FND-6).
func (h *handler) addBankAccount(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	page := view.NewBankAccountPage{Name: c.field("name"), Routing: c.field("routingNumber")}
	if err := c.read(func(tx *db.Tx) error { return tx.Require(org.ManageBanks) }); err != nil { // for the organisation the number is sealed for
		return err
	}
	if page.Errors = c.tooLong(bank.Accounts.Type, map[string]string{"name": "name"}); page.Errors != nil {
		return c.showBankAccountForm(http.StatusUnprocessableEntity, page)
	}
	n, err := bank.Seal(h.Vault, c.caller.Org, c.field("accountNumber"))
	if err == nil {
		n.Name, n.BankName, n.Routing = page.Name, page.Name, page.Routing
		err = c.write(func(tx *db.Tx) error {
			_, err := bank.Add(tx, n)
			return err
		})
	}
	if err == nil {
		return c.done(view.BankAccountsURL, "funding")
	}
	wrong, ok := refusal(err, map[string]string{"name": "name", "routingNumber": "routingNumber", "accountNumber": "accountNumber"}, nil)
	if !ok {
		return err
	}
	for i := range wrong {
		if w := fundingWords[wrong[i].Field]; w != "" && !errors.Is(err, bank.ErrUsed) {
			wrong[i].Message = w
		}
	}
	page.Errors = wrong
	return c.showBankAccountForm(http.StatusUnprocessableEntity, page)
}

func (h *handler) bankFilesForm(c *call) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	return c.showBankFiles(id, http.StatusOK, nil)
}

// showBankFiles shows the form as it was posted where that was refused, else as it stands.
func (c *call) showBankFiles(id ids.ID, status int, refused *view.BankFilesPage) error {
	var page view.BankFilesPage
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageBanks); err != nil {
			return err
		}
		a, err := bank.Accounts.Load(tx, id)
		if err != nil {
			return err
		}
		page = view.BankFilesPage{Account: bankAccount(a), Balanced: a.Balanced, Description: a.EntryDescription,
			PositivePay: a.PositivePay, SameDay: a.SameDay, Lead: strconv.FormatInt(a.SameDayLead, 10)}
		return nil
	})
	if err != nil {
		return err
	}
	if refused != nil {
		page.Balanced, page.Description, page.Errors = refused.Balanced, refused.Description, refused.Errors
		page.SameDay, page.Lead, page.PositivePay = refused.SameDay, refused.Lead, refused.PositivePay
	}
	page.Page = c.page("Files to the bank", view.SettingsURL)
	return c.render(status, view.BankFiles(page))
}

// setBankFiles says how an account's bank wants our files (FND-4, ACH-3).
func (h *handler) setBankFiles(c *call) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	page := view.BankFilesPage{Balanced: c.field("style") == "balanced", Description: c.field("entryDescription"), PositivePay: c.field("positivePay"),
		SameDay: c.field("sameDay") == "yes", Lead: c.field("sameDayLead")}
	if !page.Balanced && c.field("style") != "unbalanced" {
		page.Errors = view.FieldErrors{{Field: "style", Message: "Choose one of the two."}}
		return c.showBankFiles(id, http.StatusUnprocessableEntity, &page)
	}
	lead, err := strconv.ParseInt(cmp.Or(page.Lead, "0"), 10, 32)
	if err != nil || lead < 0 || lead > bank.MaxLead {
		page.Errors = view.FieldErrors{{Field: "sameDayLead", Message: "Enter a number of minutes, up to 480."}}
		return c.showBankFiles(id, http.StatusUnprocessableEntity, &page)
	}
	err = c.write(func(tx *db.Tx) error {
		if err := bank.SetFiles(tx, id, page.Balanced, page.Description); err != nil {
			return err
		}
		if err := bank.SetPositivePay(tx, id, page.PositivePay); err != nil {
			return err
		}
		return bank.SetSameDay(tx, id, page.SameDay, lead)
	})
	if err == nil {
		return c.done(view.BankAccountsURL, "saved")
	}
	wrong, ok := refusal(err, map[string]string{"entryDescription": "entryDescription", "positivePay": "positivePay"}, nil)
	if !ok {
		return err
	}
	wrong[0].Message = "This is no template: " + strings.Join(fault.From(err).Args, ", ") + "."
	if wrong[0].Field == "entryDescription" {
		wrong[0].Message = "Use up to 10 letters, digits and signs, and no word that the ACH rules reserve, such as PAYROLL or REVERSAL."
	}
	page.Errors = wrong
	return c.showBankFiles(id, http.StatusUnprocessableEntity, &page)
}

func (h *handler) confirmBankAccountForm(c *call) error {
	return c.showConfirmBankAccount(http.StatusOK, nil)
}

// showConfirmBankAccount renders the form for the amount of a test deposit, to who can tell it.
func (c *call) showConfirmBankAccount(status int, wrong view.FieldErrors) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	page := view.ConfirmBankAccountPage{Errors: wrong}
	err = c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageBanks); err != nil {
			return err
		}
		a, err := bank.Accounts.Load(tx, id)
		if err != nil {
			return err
		}
		t, err := bank.TestOf(tx, id)
		if err != nil {
			return err
		}
		if !t.Waits(civil.Of(tx.Now(), civil.Pacific)) || t.StartedBy != c.caller.User {
			return fault.ErrNotFound.With(string(id))
		}
		page.Account, page.Until, page.Left = bankAccount(a), t.Until, t.Left()
		return nil
	})
	if err != nil {
		return err
	}
	page.Page = c.page("Enter the test amount", view.SettingsURL)
	return c.render(status, view.ConfirmBankAccount(page))
}

// confirmBankAccount takes the amount of a test deposit (FND-6).
func (h *handler) confirmBankAccount(c *call) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	minor, err := money.ParseMinor(c.field("amount"), 2)
	if err != nil || minor <= 0 || minor >= 100 {
		return c.showConfirmBankAccount(http.StatusUnprocessableEntity, view.FieldErrors{{Field: "amount", Message: "Enter an amount under a dollar, such as 0.37."}})
	}
	var t bank.Test
	usable := false
	err = c.write(func(tx *db.Tx) (err error) {
		if t, err = bank.ConfirmDeposit(tx, id, minor); err != nil {
			return err
		}
		a, err := bank.Accounts.Load(tx, id)
		usable = err == nil && a.Usable()
		return err
	})
	switch {
	case err != nil:
		return err
	case t.State == bank.TestConfirmed && usable:
		return c.done(view.BankAccountsURL, "verified")
	case t.State == bank.TestConfirmed:
		return c.done(view.BankAccountsURL, "proved")
	case t.State == bank.TestFailed:
		return c.done(view.BankAccountsURL, "untold")
	}
	return c.showConfirmBankAccount(http.StatusUnprocessableEntity, view.FieldErrors{{Field: "amount", Message: "That is not the amount of the deposit. Look at the statement once more."}})
}

func (h *handler) closeBankAccountForm(c *call) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	var page view.CloseBankAccountPage
	err = c.read(func(tx *db.Tx) error {
		n, minor, err := read.WaitingOn(tx, id)
		if err != nil {
			return err
		}
		a, err := bank.Accounts.Load(tx, id)
		if err != nil {
			return err
		}
		usable, err := fundingAccounts(tx)
		if err != nil {
			return err
		}
		page.Account, page.Waiting, page.Minor, page.In = bankAccount(a), n, minor, c.org.Currency
		page.Only = a.Usable() && len(usable) == 1
		if !page.Account.Active {
			return fault.ErrNotFound
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Page = c.page("Deactivate a bank account", view.SettingsURL)
	return c.render(http.StatusOK, view.CloseBankAccount(page))
}

func (h *handler) closeBankAccount(c *call) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	if err := c.write(func(tx *db.Tx) error { return bank.Deactivate(tx, id) }); err != nil {
		return err
	}
	return c.done(view.BankAccountsURL, "closed")
}

// approveBankAccount makes a further account usable that somebody else has added and proved (SEC-5).
func (h *handler) approveBankAccount(c *call) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	err = c.write(func(tx *db.Tx) error { return bank.Approve(tx, id) })
	switch {
	case errors.Is(err, bank.ErrSecond):
		return c.done(view.BankAccountsURL, "second")
	case err != nil:
		return err
	}
	return c.done(view.BankAccountsURL, "verified")
}
