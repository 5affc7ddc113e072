package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/sanction"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

// shownCleared is how many cleared names the page shows.
const shownCleared = 100

func (h *handler) sanctions(c *call) error {
	return c.showSanctions(http.StatusOK, view.SanctionsPage{})
}

// showSanctions renders the page; page has what was typed and refused.
func (c *call) showSanctions(status int, page view.SanctionsPage) error {
	err := c.read(func(tx *db.Tx) error {
		open, err := sanction.Hits(tx, sanction.Open)
		if err != nil {
			return err
		}
		cleared, err := sanction.Hits(tx, sanction.Cleared)
		if err != nil {
			return err
		}
		lists, err := sanction.Lists(tx)
		if err != nil {
			return err
		}
		for _, l := range lists {
			shown := view.SanctionsList{Name: l.Name, Published: view.Date(l.Published), Names: l.Names}
			switch age := l.Age(civil.Of(tx.Now(), civil.Pacific)); {
			case age > sanction.BlockDays:
				shown.Note = fmt.Sprintf("%d days old: no wire leaves until a newer one is imported.", age)
			case age > sanction.WarnDays:
				shown.Note = fmt.Sprintf("%d days old: a newer one should be imported.", age)
			}
			page.Lists = append(page.Lists, shown)
		}
		for _, f := range open {
			page.Hits = append(page.Hits, c.sanctionsHit(f))
		}
		for _, f := range cleared[:min(len(cleared), shownCleared)] {
			hit := c.sanctionsHit(f)
			hit.Decided = view.Instant(f.Decided.Time(), c.zone)
			if hit.By, err = read.UserName(tx, f.DecidedBy); err != nil {
				return err
			}
			page.Done = append(page.Done, hit)
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Page, page.Manage, page.Banks = c.page("Sanctions", view.SettingsURL), c.may(org.ManageCompany), c.may(org.ViewBanks)
	return c.render(status, view.Sanctions(page))
}

func (c *call) sanctionsHit(f sanction.Found) view.SanctionsHit {
	hit := view.SanctionsHit{ID: string(f.ID), Kind: f.Kind, Name: f.Name, List: f.List, Listed: f.Listed.Name, Program: f.Listed.Program, Score: f.Score,
		Published: view.Date(f.Published), Found: view.Instant(f.FoundAt.Time(), c.zone), Reason: f.Reason}
	if f.Subject.Is(ids.Vendor) {
		hit.URL = view.VendorURL(string(f.Subject))
	}
	return hit
}

func (h *handler) clearSanction(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	id := ids.ID(c.r.PathValue("id"))
	err := c.write(func(tx *db.Tx) error { return sanction.Clear(tx, id, c.field("reason")) })
	text := ""
	switch {
	case errors.Is(err, fault.ErrMissing):
		text = "Say why this is somebody else."
	case errors.Is(err, sanction.ErrSamePerson):
		text = "You entered or changed this party: somebody else has to look at it."
	case errors.Is(err, sanction.ErrDecided):
		return c.done(view.SanctionsURL, "saved")
	case err != nil:
		return err
	default:
		return c.done(view.SanctionsURL, "saved")
	}
	return c.showSanctions(http.StatusUnprocessableEntity, view.SanctionsPage{Wrong: string(id), Reason: c.field("reason"), Errors: view.FieldErrors{{Message: text}}})
}
