package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) signInSettings(c *call) error {
	return c.showSignInSettings(http.StatusOK, view.SignInSettingsPage{})
}

func (c *call) showSignInSettings(status int, page view.SignInSettingsPage) error {
	err := c.read(func(tx *db.Tx) (err error) {
		page.Set, err = org.HasAuthenticator(tx)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Manage, page.Banks = c.page("Signing in", view.SettingsURL), c.may(org.ManageCompany), c.may(org.ViewBanks)
	return c.render(status, view.SignInSettings(page))
}

// newAuthenticator answers the form with a QR code at once: its secret stands in no address.
func (h *handler) newAuthenticator(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	address, typed, err := h.Sessions.NewAuthenticator(c.r.Context(), c.credentials(), "Duebook")
	if err != nil {
		return err
	}
	page := view.SignInSettingsPage{Pending: true, Secret: typed}
	if page.QR, page.QRSize, err = drawQR(address); err != nil {
		return err
	}
	return c.showSignInSettings(http.StatusOK, page)
}

// quiet is the margin of a QR code in squares that its standard asks for.
const quiet = 4

// drawQR draws a QR code as the path of a picture of size squares a side.
func drawQR(text string) (path, size string, err error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", "", fmt.Errorf("draw the QR code: %w", err)
	}
	n := code.Bounds().Dx()
	var b strings.Builder
	for y := range n {
		for x := range n {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return b.String(), strconv.Itoa(n + 2*quiet), nil
}

func (h *handler) confirmAuthenticator(c *call) error {
	return h.answerFactor(c, "factor", h.Sessions.ConfirmAuthenticator, view.SignInSettingsPage{Pending: true})
}

func (h *handler) removeAuthenticator(c *call) error {
	return h.answerFactor(c, "unfactored", h.Sessions.RemoveAuthenticator, view.SignInSettingsPage{})
}

// tokenTaker acts by a token of the session's user.
type tokenTaker func(ctx context.Context, c org.Credentials, token string) error

// answerFactor hands a typed token to act; a wrong one shows the form again.
func (h *handler) answerFactor(c *call, notice string, act tokenTaker, again view.SignInSettingsPage) error {
	if err := c.form(); err != nil {
		return err
	}
	err := act(c.r.Context(), c.credentials(), strings.ReplaceAll(c.field("token"), " ", ""))
	if errors.Is(err, org.ErrFactor) || errors.Is(err, org.ErrFactorPaused) {
		message := "The token is wrong, or was used before. Type the next one that the app shows."
		if errors.Is(err, org.ErrFactorPaused) {
			message = "Too many wrong tokens. Try again in a quarter of an hour."
		}
		again.Errors = view.FieldErrors{{Field: "token", Message: message}}
		return c.showSignInSettings(http.StatusUnprocessableEntity, again)
	}
	if err != nil {
		return err
	}
	return c.done(view.SignInSettingsURL, notice)
}

func (h *handler) tokens(c *call) error { return c.showTokens(http.StatusOK, view.TokensPage{}) }

func (c *call) showTokens(status int, page view.TokensPage) error {
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageCompany); err != nil {
			return err
		}
		all, err := org.APITokens(tx)
		if err != nil {
			return err
		}
		page.Tokens = nil
		for _, t := range all {
			u, err := org.UserByID(tx, t.User)
			if err != nil {
				return err
			}
			page.Tokens = append(page.Tokens, view.APIToken{ID: string(t.ID), Name: t.Name, User: u.Name, Created: view.Instant(t.Created.Time(), c.zone)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Page, page.Banks = c.page("API tokens", view.SettingsURL), c.may(org.ViewBanks)
	return c.render(status, view.Tokens(page))
}

func (h *handler) newToken(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	page := view.TokensPage{Name: c.field("name")}
	err := c.write(func(tx *db.Tx) (err error) {
		page.Value, _, err = org.NewAPIToken(tx, page.Name)
		return err
	})
	switch {
	case errors.Is(err, fault.ErrMissing), errors.Is(err, fault.ErrValue):
		page.Errors = view.FieldErrors{{Field: "name", Message: "Enter a name of at most 100 characters, without @, that no other token has or had."}}
		return c.showTokens(http.StatusUnprocessableEntity, page)
	case err != nil:
		return err
	}
	page.Name = ""
	return c.showTokens(http.StatusOK, page)
}

func (h *handler) endToken(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	if err := c.write(func(tx *db.Tx) error { return org.EndAPIToken(tx, ids.ID(c.field("id"))) }); err != nil {
		return err
	}
	return c.done(view.TokensURL, "ended")
}
