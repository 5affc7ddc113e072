package jsonv2

import (
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// access serves section 2: who calls.
func (h *Handler) access() area {
	return area{calls: map[string]call{
		"Login":          {open: true, run: h.login},
		"ListOrgs":       {open: true, get: true, run: h.listOrgs},
		"Logout":         {run: h.logout},
		"GetSessionInfo": {get: true, run: h.sessionInfo},
	}}
}

// signOn reads the form fields of a login.
func (q *request) signOn() org.SignOn {
	p := &q.params
	return org.SignOn{Name: p.get("userName"), Password: p.get("password"), Org: ids.ID(p.get("orgId")), Key: p.get("devKey"),
		MFA: p.get("mfaId"), Device: p.get("deviceId"), Address: q.creds.Address}
}

func (h *Handler) login(q *request, _ *args) (any, error) {
	o, err := h.Sessions.Open(q.ctx, q.signOn())
	if err != nil {
		return nil, err
	}
	return struct {
		SessionID   string `json:"sessionId"`
		OrgID       ids.ID `json:"orgId"`
		APIEndPoint string `json:"apiEndPoint"`
		UsersID     ids.ID `json:"usersId"`
	}{o.ID, o.Org, q.baseURL() + "/api/v2", o.User}, nil
}

func (h *Handler) listOrgs(q *request, _ *args) (any, error) {
	orgs, err := h.Sessions.Orgs(q.ctx, q.signOn())
	type row struct {
		ID   ids.ID `json:"orgId"`
		Name string `json:"orgName"`
	}
	out := make([]row, len(orgs))
	for i, o := range orgs {
		out[i] = row{o.Org, o.Name}
	}
	return out, err
}

func (h *Handler) logout(q *request, _ *args) (any, error) {
	_, err := h.Sessions.Logout(q.ctx, q.creds)
	q.checked = true
	return empty, err
}

func (h *Handler) sessionInfo(q *request, _ *args) (any, error) {
	err := q.read(func(*db.Tx) error { return nil })
	if err != nil {
		return nil, err
	}
	c := q.session.Caller
	return struct {
		OrganizationID ids.ID `json:"organizationId"`
		UserID         ids.ID `json:"userId"`
		OrgID          ids.ID `json:"orgId"`
		UsersID        ids.ID `json:"usersId"`
		APIEndPoint    string `json:"apiEndPoint"`
		IsTrusted      bool   `json:"isTrusted"`
	}{c.Org, c.User, c.Org, c.User, q.baseURL() + "/api/v2", q.session.Trusted}, nil
}
