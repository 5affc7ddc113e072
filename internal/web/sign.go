package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/web/view"
)

// local is where to go after signing in: a path of this server, nothing else.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsAny(next, "\\\r\n\t") {
		return view.HomeURL
	}
	return next
}

func (h *handler) signInForm(c *call) error {
	if x, err := h.Sessions.Find(c.r.Context(), c.credentials()); err == nil && x != nil {
		c.redirect(local(c.r.URL.Query().Get("next")))
		return nil
	}
	return c.render(http.StatusOK, view.SignIn(view.SignInPage{Bare: c.bare("Sign in"), Next: c.r.URL.Query().Get("next")}))
}

func (h *handler) signIn(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	next := c.field("next")
	page := view.SignInPage{Bare: c.bare("Sign in"), Next: next, Email: c.field("email")}
	session, orgs, err := h.Sessions.SignIn(c.r.Context(), page.Email, c.r.PostFormValue("password"), c.address())
	switch {
	case errors.Is(err, org.ErrLocked):
		page.Locked = true
		return c.render(http.StatusForbidden, view.SignIn(page))
	case errors.Is(err, org.ErrNoUser), errors.Is(err, org.ErrPassword): // one answer: nobody learns who has an account
		page.Errors = view.FieldErrors{{Field: "password", Message: "E-mail and password do not belong together."}}
		return c.render(http.StatusUnprocessableEntity, view.SignIn(page))
	case errors.Is(err, org.ErrThrottled):
		c.w.Header().Set("Retry-After", strconv.Itoa(int(org.ThrottleTime.Seconds())))
		page.Errors = view.FieldErrors{{Message: org.ErrThrottled.Message}}
		return c.render(http.StatusTooManyRequests, view.SignIn(page))
	case err != nil:
		return err
	}
	c.setCookie(session)
	if len(orgs) == 1 {
		c.redirect(local(next))
		return nil
	}
	c.redirect(view.OrganisationsURL + "?next=" + url.QueryEscape(local(next)))
	return nil
}

func (h *handler) signOut(c *call) error {
	_, err := h.Sessions.Logout(c.r.Context(), c.credentials())
	if err != nil && fault.From(err) == nil {
		return err
	}
	c.forgetCookie()
	c.redirect(view.SignInURL)
	return nil
}

func (h *handler) forgotForm(c *call) error {
	return c.render(http.StatusOK, view.ForgotPassword(view.ForgotPasswordPage{Bare: c.bare("Forgotten password")}))
}

func (h *handler) forgot(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	page := view.ForgotPasswordPage{Bare: c.bare("Forgotten password"), Email: c.field("email")}
	if !strings.Contains(page.Email, "@") {
		page.Errors = view.FieldErrors{{Field: "email", Message: "Enter an e-mail address such as name@company.com."}}
		return c.render(http.StatusUnprocessableEntity, view.ForgotPassword(page))
	}
	err := h.Sessions.StartReset(c.r.Context(), page.Email, c.address(), func(tx *db.Tx, u org.User, token string) error {
		link := strings.TrimSuffix(h.PublicURL, "/") + view.ResetPasswordURL + "?token=" + url.QueryEscape(token)
		outbox.QueueSecret(tx, "passwordReset", u.Email, "Set a new password for Duebook",
			"Somebody, probably you, asked for a new password for this address at Duebook.\n\nSet it here within one hour:\n"+link+
				"\n\nIt also unlocks a locked login. If it was not you, nothing has changed and you need do nothing.\n")
		return nil
	})
	if err != nil {
		return err
	}
	page.Title, page.Sent = "Look into your mail", true
	return c.render(http.StatusOK, view.ForgotPassword(page))
}

// passwordRule is secret.CheckPolicy in words.
const passwordRule = "At least 12 characters. Common passwords, repetitions and rows of keys are refused."

func (h *handler) resetForm(c *call) error {
	token := c.r.URL.Query().Get("token")
	page, err := h.resetPage(c, token)
	if err != nil {
		return err
	}
	return c.render(http.StatusOK, view.ResetPassword(page))
}

// resetPage is the form for a token, or the page that says that it no longer works.
func (h *handler) resetPage(c *call, token string) (view.ResetPasswordPage, error) {
	page := view.ResetPasswordPage{Bare: c.bare("Set a new password"), Token: token, Rule: passwordRule}
	err := h.DB.Read(c.r.Context(), db.Caller{Channel: org.KindWeb}, func(tx *db.Tx) error {
		u, err := org.ResetUser(tx, token)
		page.Email = u.Email
		return err
	})
	if errors.Is(err, org.ErrResetToken) {
		page.Title, page.Expired = "This link no longer works", true
		return page, nil
	}
	return page, err
}

func (h *handler) reset(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	page, err := h.resetPage(c, c.field("token"))
	if err != nil {
		return err
	}
	password := c.r.PostFormValue("password")
	if !page.Expired && password != c.r.PostFormValue("again") {
		page.Errors = view.FieldErrors{{Field: "again", Message: "This differs from the first."}}
		return c.render(http.StatusUnprocessableEntity, view.ResetPassword(page))
	}
	if !page.Expired {
		err = secret.CheckPolicy(password, page.Email)
	}
	if err == nil {
		err = h.Sessions.Reset(c.r.Context(), page.Token, password)
	}
	switch {
	case page.Expired, errors.Is(err, org.ErrResetToken):
		page.Title, page.Expired = "This link no longer works", true
		return c.render(http.StatusUnprocessableEntity, view.ResetPassword(page))
	case err != nil && weak(err) != "":
		page.Errors = view.FieldErrors{{Field: "password", Message: weak(err)}}
		return c.render(http.StatusUnprocessableEntity, view.ResetPassword(page))
	case err != nil:
		return err
	}
	session, orgs, err := h.Sessions.SignIn(c.r.Context(), page.Email, password, c.address())
	if err != nil {
		return err
	}
	c.setCookie(session)
	if len(orgs) == 1 {
		return c.done(view.HomeURL, "password")
	}
	c.redirect(view.OrganisationsURL)
	return nil
}

// weak says what is wrong with a new password, "" if err is about something else.
func weak(err error) string {
	for _, e := range []struct {
		is   error
		says string
	}{
		{secret.ErrPasswordShort, "Enter at least 12 characters."},
		{secret.ErrPasswordLong, "Enter at most 1,024 characters."},
		{secret.ErrPasswordCommon, "That is easy to guess. Take several words that have nothing to do with each other."},
		{secret.ErrPasswordText, "That contains characters that cannot be read."},
	} {
		if errors.Is(err, e.is) {
			return e.says
		}
	}
	return ""
}

func (h *handler) organisations(c *call) error {
	page := view.ChooseOrganisationPage{Bare: c.bare("Choose an organisation"), Next: c.r.URL.Query().Get("next")}
	err := h.Sessions.Read(c.r.Context(), c.credentials(), func(x *org.Session, tx *db.Tx) error {
		all, err := org.Memberships(tx, x.Caller.User)
		page.User, page.Orgs = x.Email, organisationList(all)
		return err
	})
	if err != nil {
		return err
	}
	return c.render(http.StatusOK, view.ChooseOrganisation(page))
}

func organisationList(all []org.Membership) []view.Organisation {
	out := make([]view.Organisation, len(all))
	for i, m := range all {
		out[i] = view.Organisation{ID: string(m.Org), Name: m.Name}
		switch m.State {
		case org.StateInactive:
			out[i].Note = "closed"
		case org.StateSetup:
			out[i].Note = "being set up"
		case org.StateOverdue:
			out[i].Note = "fees overdue: reading only"
		}
	}
	return out
}

func (h *handler) choose(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	chosen := ids.ID(c.field("org"))
	err := h.Sessions.Read(c.r.Context(), c.credentials(), func(x *org.Session, tx *db.Tx) error {
		all, err := org.Memberships(tx, x.Caller.User)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.Org != chosen {
				continue
			}
			if m.State == org.StateInactive || m.State == org.StateSetup {
				return org.ErrOrgInactive
			}
			return nil
		}
		return fault.ErrNotFound
	})
	if err == nil {
		err = h.Sessions.Choose(c.r.Context(), c.credentials(), chosen)
	}
	if err != nil {
		return err
	}
	c.redirect(local(c.field("next")))
	return nil
}
