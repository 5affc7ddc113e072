package jsonv2

import (
	"cmp"
	"slices"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// access serves section 2, who calls, and 3.18, who may.
func (h *Handler) access() area {
	return area{
		entities: []entity{{
			shape: userShape(), ops: crud, manage: db.Of(org.ManageUsers),
			create: func(tx *db.Tx, r record.Record, _ options) error {
				if err := h.Limits.Mail(tx.Caller().User); err != nil {
					return err
				}
				return org.AddMember(tx, r.(*org.Member), h.Invite)
			},
			update: func(tx *db.Tx, a, b record.Record, _ options) error {
				return org.SaveMember(tx, a.(*org.Member), b.(*org.Member))
			},
		}, {
			shape: profileShape(), ops: readOnly,
		}, {
			shape: companyShape(), ops: opRead | opUpdate | opList, manage: db.Of(org.ManageCompany, org.ManageUsers),
			update: func(tx *db.Tx, a, b record.Record, _ options) error {
				return org.SaveCompany(tx, a.(*org.Company), b.(*org.Company))
			},
		}},
		calls: map[string]call{
			"Login":                 {open: true, run: h.login},
			"ListOrgs":              {open: true, get: true, run: h.listOrgs},
			"Logout":                {run: h.logout},
			"GetSessionInfo":        {get: true, run: h.sessionInfo},
			"MFAChallenge":          {run: h.challenge},
			"MFAAuthenticate":       {run: h.authenticate},
			"MFAStatus":             {get: true, run: h.trustOf},
			"GetProfilePermissions": {run: h.abilities},
		},
	}
}

func userShape() *shape.Shape {
	x := fields{org.Members.Type}
	return shape.New("User", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("firstName", "firstName", 100),
		x.req("lastName", "lastName", 100),
		x.req("email", "email", 254),
		x.req("loginId", "loginId", 254),
		x.req("profileId", "profileId", 0),
		x.opt("timezoneId", "timeZone", 50),
		{Path: "orgId", Field: ownOrg},
		{Path: "organizationName", Field: ownName},
		x.constant("partnerUserGroupType", record.Enum, `"0"`),
		x.constant("isVeridVerified", record.Bool, "false"),
	})...)
}

func profileShape() *shape.Shape {
	x := fields{org.Profiles.Type}
	return shape.New("Profile", x.t, slices.Concat(x.head(), []shape.Entry{
		x.shown("name", "name"), x.shown("type", "type"), x.shown("description", "description"),
	})...)
}

func companyShape() *shape.Shape {
	x := fields{org.Companies.Type}
	return shape.New("Organization", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("name", "name", 100),
		x.opt("address1", "address1", 100), x.opt("address2", "address2", 100),
		x.opt("address3", "address3", 100), x.opt("address4", "address4", 100),
		x.opt("addressCity", "city", 50),
		x.opt("addressState", "region", 50),
		x.opt("addressZip", "zip", 20),
		x.opt("addressCountry", "country", 50),
		x.opt("phone", "phone", 30),
		x.opt("fax", "fax", 30),
		x.constant("hasAP", record.Bool, "true"),
		x.constant("hasAR", record.Bool, "true"),
	})...)
}

// signOn reads the form fields of a login.
func (q *request) signOn() org.SignOn {
	p := &q.params
	return org.SignOn{Name: p.get("userName"), Password: p.get("password"), Org: ids.ID(p.get("orgId")), Key: p.get("devKey"),
		MFA: p.get("mfaId"), Device: p.get("deviceId"), Address: q.creds.Address}
}

// admit asks the limits about a login, if its key is good (6.3).
func (q *request) admit() error {
	if q.h.Limits == nil || q.h.Sessions.CheckKey(q.ctx, q.creds.Key) != nil {
		return nil
	}
	return cmp.Or(q.h.Limits.Login(q.creds.Key), q.h.Limits.Call(q.creds.Key))
}

func (h *Handler) login(q *request, _ *args) (any, error) {
	if err := q.admit(); err != nil {
		return nil, err
	}
	o, err := h.Sessions.Open(q.ctx, q.signOn())
	if err != nil {
		return nil, err
	}
	q.opened = o.ID
	return struct {
		SessionID   string `json:"sessionId"`
		OrgID       ids.ID `json:"orgId"`
		APIEndPoint string `json:"apiEndPoint"`
		UsersID     ids.ID `json:"usersId"`
	}{o.ID, o.Org, q.baseURL() + "/api/v2", o.User}, nil
}

func (h *Handler) listOrgs(q *request, _ *args) (any, error) {
	if err := q.admit(); err != nil {
		return nil, err
	}
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

func (h *Handler) challenge(q *request, in *args) (any, error) {
	backup := in.flag("useBackup", false)
	if err := in.err(); err != nil {
		return nil, err
	}
	if err := h.Limits.Mail(q.session.Caller.User); err != nil {
		return nil, err
	}
	id, err := h.Sessions.Challenge(q.ctx, q.creds, backup)
	return map[string]string{"challengeId": id}, err
}

func (h *Handler) authenticate(q *request, in *args) (any, error) {
	a := org.Answer{Challenge: in.text("challengeId", required), Token: in.text("token", required), Device: in.text("deviceId", optional),
		Machine: in.text("machineName", optional), Remember: in.flag("rememberMe", false)}
	if err := in.err(); err != nil {
		return nil, err
	}
	d, err := h.Sessions.Authenticate(q.ctx, q.creds, a)
	return struct {
		MFA     string `json:"mfaId"`
		Machine string `json:"machineName"`
		Device  string `json:"deviceId"`
	}{d.MFA, d.Machine, d.ID}, err
}

func (h *Handler) trustOf(q *request, in *args) (any, error) {
	mfa, device := in.text("mfaId", optional), in.text("deviceId", optional)
	if err := in.err(); err != nil {
		return nil, err
	}
	trusted, err := h.Sessions.Status(q.ctx, q.creds, mfa, device)
	return map[string]bool{"isTrusted": trusted}, err
}

func (h *Handler) abilities(q *request, in *args) (any, error) {
	id := in.ref("profileId", required)
	if err := in.err(); err != nil {
		return nil, err
	}
	var out map[string]bool
	err := q.read(func(tx *db.Tx) (err error) {
		out, err = org.Abilities(tx, id)
		return err
	})
	return map[string]any{"permissions": out}, err
}
