package web

import (
	"errors"
	"net/http"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) network(c *call) error {
	return c.showNetwork(http.StatusOK, view.NetworkPage{})
}

// showNetwork renders Settings > Network; page has what was typed and refused.
func (c *call) showNetwork(status int, page view.NetworkPage) error {
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageCompany); err != nil {
			return err
		}
		page.ID = network.ID(tx.Org())
		prefs, err := org.Prefs(tx)
		if err != nil {
			return err
		}
		page.Public = prefs.NetworkPublic
		invited, err := network.Incoming(tx)
		if err != nil {
			return err
		}
		for _, i := range invited {
			page.Invitations = append(page.Invitations, view.Invitation{ID: string(i.ID), Name: i.From.Name, City: i.From.City, NetworkID: i.From.NetworkID,
				Pays: i.AsPayee, Expires: view.Instant(i.Expires.Time(), c.zone)})
		}
		accounts, err := bank.List(tx)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if a.Usable() {
				page.Accounts = append(page.Accounts, view.Option{ID: string(a.ID), Name: a.Name + " …" + a.AccountTail})
			}
		}
		page.Vendors, page.Cut, err = read.UnlinkedVendors(tx)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Manage, page.Banks = c.page("Network", view.SettingsURL), c.may(org.ManageCompany), c.may(org.ViewBanks)
	return c.render(status, view.Network(page))
}

// answerInvitation accepts or declines the invitation with that id, or with the code of its mail.
func (h *handler) answerInvitation(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	err := c.read(func(tx *db.Tx) error { return tx.Require(org.ManageCompany) }) // and finds who it is
	if err != nil {
		return err
	}
	switch code := c.field("code"); c.field("answer") {
	case "accept":
		err = network.Accept(c.r.Context(), h.DB, c.caller, network.Answer{Code: code, RecordID: ids.ID(c.field("vendor")), Account: ids.ID(c.field("account"))})
	case "decline":
		err = network.Decline(c.r.Context(), h.DB, c.caller, code)
	default:
		err = fault.ErrValue.On("answer")
	}
	text := ""
	switch {
	case errors.Is(err, network.ErrOver):
		text = "This invitation is answered, withdrawn or too old, or the code is another one. Ask for a new one."
	case errors.Is(err, fault.ErrReference):
		text = "Choose which of your vendors this is; if it is not there yet, enter it first."
	case errors.Is(err, fault.ErrValue):
		text = "This vendor is linked to somebody else already. Choose another one."
	case err != nil:
		return err
	default:
		return c.done(view.NetworkURL, "saved")
	}
	return c.showNetwork(http.StatusUnprocessableEntity, view.NetworkPage{Wrong: c.field("code"), Error: text})
}
