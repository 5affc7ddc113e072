package org

import (
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/record"
)

// ErrOthersData refuses to change what belongs to a person and not to the organisation: the address of a user who has set
// a password, and anything of one who belongs to other organisations too.
var ErrOthersData = fault.New(fault.Forbidden, "user_own_data", "Only the user can change this.")

// Member is a user of an organisation as a record: the person, with the role held here. isActive is that of the
// membership; removing a user deactivates (ROL-6).
type Member struct {
	record.Base
	FirstName string
	LastName  string
	Email     string // where mails go
	LoginID   string // what the user signs in with, of the form of an e-mail address
	ProfileID ids.ID
	TimeZone  string
}

// Members are the users of an organisation. They are stored by the functions of this package alone.
var Members = record.Describe[Member]("user", ids.User, "member_records",
	record.String("firstName", 100, func(m *Member) *string { return &m.FirstName }),
	record.String("lastName", 100, func(m *Member) *string { return &m.LastName }),
	record.String("email", 254, func(m *Member) *string { return &m.Email }),
	record.String("loginId", 254, func(m *Member) *string { return &m.LoginID }),
	record.Reference("profileId", func() *record.Type { return Profiles.Type }, func(m *Member) *ids.ID { return &m.ProfileID }),
	record.String("timeZone", 50, func(m *Member) *string { return &m.TimeZone }),
)

// ProfileTypes are the kinds of profile (api-v2 3.18).
var ProfileTypes = map[int64]string{1: "ACCOUNTANT", 2: "ADMINISTRATOR", 3: "APPROVER", 4: "PAYER", 5: "CLERK", 6: "AUDITOR", 7: "CUSTOM"}

// Profile is a role as a record. The fixed ones are the same in every organisation.
type Profile struct {
	record.Base
	Name        string
	Type        int64
	Description string
}

// Profiles are the roles of an organisation, to be read only.
var Profiles = record.Describe[Profile]("profile", ids.Profile, "profile_records",
	record.String("name", 100, func(p *Profile) *string { return &p.Name }),
	record.Choice("type", ProfileTypes, func(p *Profile) *int64 { return &p.Type }),
	record.String("description", 4000, func(p *Profile) *string { return &p.Description }),
)

// Company is the organisation itself as a record.
type Company struct {
	record.Base
	Name                                   string
	Address1, Address2, Address3, Address4 string
	City, Region, Zip, Country             string
	Phone, Fax                             string
}

// Companies is the caller's organisation, a list of one.
var Companies = record.Describe[Company]("organisation", ids.Org, "organisation_records",
	record.String("name", 100, func(c *Company) *string { return &c.Name }),
	record.String("address1", 100, func(c *Company) *string { return &c.Address1 }),
	record.String("address2", 100, func(c *Company) *string { return &c.Address2 }),
	record.String("address3", 100, func(c *Company) *string { return &c.Address3 }),
	record.String("address4", 100, func(c *Company) *string { return &c.Address4 }),
	record.String("city", 50, func(c *Company) *string { return &c.City }),
	record.String("region", 50, func(c *Company) *string { return &c.Region }),
	record.String("zip", 20, func(c *Company) *string { return &c.Zip }),
	record.String("country", 50, func(c *Company) *string { return &c.Country }),
	record.String("phone", 30, func(c *Company) *string { return &c.Phone }),
	record.String("fax", 30, func(c *Company) *string { return &c.Fax }),
)

// SaveCompany stores the profile of the caller's organisation. It fails as Save does; whether it is active is the
// operator's to change.
func SaveCompany(tx *db.Tx, before, after *Company) error {
	if after.Active != before.Active {
		return fault.ErrForbidden
	}
	o, err := Load(tx)
	if err != nil {
		return err
	}
	o.Name, o.Address1, o.Address2, o.Address3, o.Address4 = after.Name, after.Address1, after.Address2, after.Address3, after.Address4
	o.City, o.Region, o.Zip, o.Country, o.Phone, o.Fax = after.City, after.Region, after.Zip, after.Country, after.Phone, after.Fax
	return Save(tx, o)
}

// invitationLife is for how long the link of an invitation is good.
const invitationLife = 7 * 24 * time.Hour

// Invitation tells a new member: u is the user, token sets the password through the page for it, or is empty when u has
// one already.
type Invitation func(tx *db.Tx, u User, token string) error

// AddMember makes a user of the caller's organisation and invites. Somebody who has that loginId already, in another
// organisation, is added as the person they are. It fails with fault.ErrValue, fault.ErrReference on profileId, or
// ErrEmailTaken on loginId when a member of the organisation has it, active or not.
func AddMember(tx *db.Tx, m *Member, invite Invitation) error {
	if err := tx.Require(ManageUsers); err != nil {
		return err
	}
	if err := checkMemberFields(m); err != nil {
		return err
	}
	role, err := roleOf(tx, m.ProfileID)
	if err != nil {
		return err
	}
	id, err := AddUser(tx, m.LoginID, m.name(), "")
	if err != nil {
		return err
	}
	var member bool
	if err := tx.Row(`SELECT EXISTS (SELECT 1 FROM memberships WHERE org_id = $1 AND user_id = $2)`, string(tx.Org()), string(id)).
		Scan(&member); err != nil {
		return err
	}
	if member {
		return ErrEmailTaken.On("loginId")
	}
	u, password, err := scanUser(tx.Row(`SELECT `+userColumns+` FROM users WHERE id = $1`+tx.ForUpdate(), string(id)))
	if err != nil {
		return err
	}
	elsewhere, err := belongsElsewhere(tx, id)
	if err != nil {
		return err
	}
	if password == "" && !elsewhere && !u.Operator {
		storePerson(tx, id, m)
		u.Email, u.Name = m.Email, m.name()
	}
	if err := SetMembership(tx, id, role, true); err != nil {
		return err
	}
	m.ID = id
	token := ""
	if password == "" {
		token = newReset(tx, id, invitationLife)
	}
	return invite(tx, u, token)
}

// SaveMember stores what differs: the role here, and of the person what is theirs to change or, while they belong to no
// other organisation, the administrator's. It fails as AddMember does, with ErrOthersData or ErrLastAdmin.
func SaveMember(tx *db.Tx, before, after *Member) error {
	if err := tx.Require(ManageUsers); err != nil {
		return err
	}
	if err := checkMemberFields(after); err != nil {
		return err
	}
	person := before.FirstName != after.FirstName || before.LastName != after.LastName || before.TimeZone != after.TimeZone
	address := before.Email != after.Email || before.LoginID != after.LoginID
	if person || address {
		if err := mayChange(tx, before.ID, address); err != nil {
			return err
		}
		if taken, err := loginTaken(tx, after); taken || err != nil {
			return cmpErr(err, ErrEmailTaken.On("loginId"))
		}
		storePerson(tx, before.ID, after)
		tx.Audit("update", "user", before.ID, Members.Changes(before, after))
	}
	if before.ProfileID == after.ProfileID && before.Active == after.Active {
		return nil
	}
	role, err := roleOf(tx, after.ProfileID)
	if err != nil {
		return err
	}
	return SetMembership(tx, before.ID, role, after.Active == record.Active)
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// mayChange fails with ErrOthersData unless the person's data is the caller's to change.
func mayChange(tx *db.Tx, user ids.ID, address bool) error {
	if tx.Caller().User == user {
		return nil
	}
	u, password, err := scanUser(tx.Row(`SELECT `+userColumns+` FROM users WHERE id = $1`, string(user)))
	if err != nil {
		return err
	}
	elsewhere, err := belongsElsewhere(tx, user)
	if err != nil {
		return err
	}
	if elsewhere || u.Operator || address && password != "" {
		return ErrOthersData
	}
	return nil
}

func belongsElsewhere(tx *db.Tx, user ids.ID) (yes bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM memberships WHERE user_id = $1 AND org_id <> $2)`, string(user), string(tx.Org())).Scan(&yes)
	return yes, err
}

func loginTaken(tx *db.Tx, m *Member) (yes bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM users WHERE email_folded = $1 AND id <> $2)`, strings.ToLower(m.LoginID), string(m.ID)).Scan(&yes)
	return yes, err
}

// storePerson stores what is a person's own; every organisation sees that it changed.
func storePerson(tx *db.Tx, id ids.ID, m *Member) {
	tx.ExecOne(`UPDATE users SET first_name = $2, last_name = $3, name = $4, email = $5, login_id = $6, email_folded = $7, zone = $8
		WHERE id = $1`, string(id), m.FirstName, m.LastName, m.name(), m.Email, m.LoginID, strings.ToLower(m.LoginID), m.TimeZone)
	tx.Exec(`UPDATE memberships SET updated_time = $2 WHERE user_id = $1`, string(id), db.Stamp)
	tx.Invalidate()
}

func (m *Member) name() string { return strings.TrimSpace(m.FirstName + " " + m.LastName) }

// checkMemberFields brings the texts into form. It fails with fault.ErrValue.
func checkMemberFields(m *Member) error {
	var bad []string
	for _, f := range []struct {
		name string
		at   *string
	}{{"email", &m.Email}, {"loginId", &m.LoginID}} {
		*f.at = strings.TrimSpace(*f.at)
		if local, domain, ok := strings.Cut(*f.at, "@"); !ok || local == "" || domain == "" || strings.ContainsAny(*f.at, " \t\r\n,;<>") {
			bad = append(bad, f.name)
		}
	}
	if m.TimeZone != "" {
		if _, err := time.LoadLocation(m.TimeZone); err != nil && strings.Contains(m.TimeZone, "/") {
			bad = append(bad, "timeZone")
		}
	}
	if bad != nil {
		return fault.ErrValue.On(bad...)
	}
	return nil
}

// profileOf is the id of the profile that a role is. It fails with fault.ErrValue on the role.
func profileOf(tx *db.Tx, role string) (id ids.ID, err error) {
	err = tx.Row(`SELECT id FROM fixed_roles WHERE name = $2 UNION ALL SELECT id FROM roles WHERE org_id = $1 AND name = $2`,
		string(tx.Org()), role).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.ErrValue.On("role").With("administrator, accountant, approver, payer, clerk, auditor, or a custom role of this organisation")
	}
	return id, err
}

// roleOf is the role of a profile of the caller's organisation. It fails with fault.ErrReference on profileId.
func roleOf(tx *db.Tx, profile ids.ID) (role string, err error) {
	err = tx.Row(`SELECT name FROM fixed_roles WHERE id = $2 UNION ALL SELECT name FROM roles WHERE org_id = $1 AND id = $2`,
		string(tx.Org()), string(profile)).Scan(&role)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.ErrReference.On("profileId").With(string(profile))
	}
	return role, err
}

// abilities are the rows of api-v2 2.7, each with the permissions it stands for.
var abilities = map[string]db.Permissions{
	"viewPayables":          db.Of(ViewVendors, ViewBills),
	"viewReceivables":       db.Of(ViewReceivables),
	"managePayables":        db.Of(ManageVendors, ManageBills),
	"manageReceivables":     db.Of(ManageReceivables),
	"manageLists":           db.Of(ManageLists),
	"approve":               db.Of(ApproveBills),
	"pay":                   db.Of(PayApproved),
	"payUnapproved":         db.Of(PayUnapproved),
	"recordOfflinePayments": db.Of(RecordOfflinePayments),
	"manageCompany":         db.Of(ManageCompany, ManageUsers, ManageSettings, ManageBanks),
}

// Abilities are what a profile of the caller's organisation may do, in the words of api-v2 2.7; signing in through the
// API is one that all have. It fails with fault.ErrReference on profileId.
func Abilities(tx *db.Tx, profile ids.ID) (map[string]bool, error) {
	role, err := roleOf(tx, profile)
	if err != nil {
		return nil, err
	}
	perms, fixed := roles[role]
	if !fixed {
		var custom int64
		if err := tx.Row(`SELECT permissions FROM roles WHERE org_id = $1 AND name = $2`, string(tx.Org()), role).Scan(&custom); err != nil {
			return nil, err
		}
		perms = db.Permissions(custom)
	}
	out := map[string]bool{"signIn": true}
	for _, name := range slices.Sorted(maps.Keys(abilities)) {
		out[name] = perms&abilities[name] == abilities[name]
	}
	return out, nil
}
