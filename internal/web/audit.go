package web

import (
	"encoding/json"
	"net/http"

	"github.com/duebook/duebook/internal/audit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) auditTrail(c *call) error {
	page := view.AuditPage{Query: view.ParseAuditQuery(c.r.URL.Query())}
	err := c.read(func(tx *db.Tx) (err error) {
		if page.Events, page.Next, err = read.AuditTrail(tx, c.zone, page.Query); err != nil {
			return err
		}
		a, err := audit.LastAnchor(tx)
		if a.Place > 0 {
			page.Anchor = &view.AuditAnchor{Day: view.Date(a.Day), Hash: a.Hash, Events: a.Place}
		}
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Manage, page.Banks = c.page("Audit trail", view.SettingsURL), c.may(org.ManageCompany), c.may(org.ViewBanks)
	return c.render(http.StatusOK, view.AuditTrail(page))
}

// auditCheckpoint sends what duebook verify --checkpoint takes.
func (h *handler) auditCheckpoint(c *call) error {
	var who ids.ID
	err := c.read(func(tx *db.Tx) error {
		who = tx.Org()
		return tx.Require(org.ViewAudit)
	})
	if err != nil {
		return err
	}
	p, err := audit.TakeCheckpoint(c.r.Context(), h.DB, h.Vault, who)
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.Header().Set("Content-Disposition", `attachment; filename="audit-`+p.Taken.Format("2006-01-02")+`.json"`)
	_, err = c.w.Write(append(raw, '\n'))
	return err
}
