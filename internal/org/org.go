// Package org keeps organisations, their users and roles, the applications' keys and the sessions that bind the
// three: who may act, where, and through which program.
package org

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
)

// State is what an organisation may do (ORG-1).
type State string

// The states of an organisation.
const (
	StateActive   State = "active"
	StateOverdue  State = "overdue"  // fees unpaid: no API, the web reads only
	StateInactive State = "inactive" // closed
	StateSetup    State = "setup"
)

// Organisation is a legal entity whose books are kept: the boundary that no query crosses.
type Organisation struct {
	ID                                     ids.ID
	Name                                   string
	Address1, Address2, Address3, Address4 string
	City, Region, Zip, Country             string
	Phone, Fax                             string
	Zone                                   string // IANA name, for due dates and reminders
	Currency                               string
	ACHID                                  string // company id in ACH files, ten characters
	State                                  State
	APIAccess                              bool
	Preferences                            Preferences
	UpdatedTime                            clock.Instant
}

// Preferences are the settings of domain 2.2 that the program uses so far.
type Preferences struct {
	AllowPayUnapproved    bool   `json:"allowPayUnapproved,omitempty"`
	InternationalPayments bool   `json:"internationalPayments,omitempty"`     // the operator's agreement; InternationalOn must follow (INT-1)
	InternationalOn       bool   `json:"internationalOn,omitempty"`           // the administrator's switch
	DefaultBillApprover   ids.ID `json:"defaultBillApprover,omitempty"`       // a bill then waits for this user (api-v1 5.3)
	CombinePayments       string `json:"combinePayments,omitempty"`           // combine (default) or separate
	DepartmentPattern     string `json:"departmentPattern,omitempty"`         // what every new or changed code of a department matches, RE2 (VRT-3)
	ExpireCheckDays       int    `json:"expireCheckDays,omitempty"`           // 90 if 0
	StaleChecks           string `json:"staleChecks,omitempty"`               // void (default) or unclaimed (VOI-7)
	CheckPrinting         string `json:"checkPrinting,omitempty"`             // people confirm what was printed and mailed (CHK-5), or automatic; empty: people, in a sandbox automatic
	SoDMode               string `json:"sodMode,omitempty"`                   // off, warn, enforce
	BillEditAfterApproval string `json:"billEditAfterApproval,omitempty"`     // never, untilComplete, always (default) (APR-9)
	APINeedsManager       bool   `json:"apiNeedsManageCompanyInfo,omitempty"` // in generations 2 and 3 too (ROL-2)
	AutoApplyReceipts     bool   `json:"autoApplyReceipts,omitempty"`         // received payments that name no invoices go to the oldest (AR-10)
	NetworkPublic         bool   `json:"networkPublic,omitempty"`             // others on this server find the organisation by name (NET-1)

	PaymentApprovalThreshold int64  `json:"paymentApprovalThreshold,omitempty"` // minor units from which a payment waits for a second person (PAY-8); 0: none
	EmployerID               string `json:"employerId,omitempty"`               // the organisation's EIN, as 12-3456789; forms 1099 name their payer by it (TAX-3)

	DailyCeiling  int64 `json:"dailyPaymentCeiling,omitempty"` // minor units of payments made in a day, above which one goes on hold (LIM-4); 0: none
	UserCeiling   int64 `json:"dailyUserCeiling,omitempty"`    // the same of one user
	VendorCeiling int64 `json:"dailyVendorCeiling,omitempty"`  // the same to one vendor

	OddPaymentHold int `json:"oddPaymentHold,omitempty"` // points from which an odd payment goes on hold (SEC-7); 0: never

	ACHPrenoteMode string `json:"achPrenoteMode,omitempty"` // how vendors' accounts are tested: prenote (default), PrenoteNone, PrenoteMicro (VEN-5)
	PrenoteWait    string `json:"prenoteWait,omitempty"`    // standard (default) or WaitNacha: from when a new account is paid to (VEN-5)

	ApprovalEscalationDays int `json:"approvalEscalationDays,omitempty"` // business days; 5 if 0 (APR-12)
}

// Values of the preferences about test entries.
const (
	PrenoteNone  = "none"
	PrenoteMicro = "micro"
	WaitNacha    = "nacha"
)

// International reports whether vendors outside the US can be paid: the operator has agreed and an administrator has
// switched it on. Rule INT-1.
func (p Preferences) International() bool { return p.InternationalPayments && p.InternationalOn }

// Faults of this room.
var (
	ErrNoUser         = fault.New(fault.Unknown, "no_user", "There is no such user, or it is not active in that organisation.")
	ErrPassword       = fault.New(fault.Unknown, "password_wrong", "The password is not right.")
	ErrLocked         = fault.New(fault.Unknown, "login_locked", "Too many wrong passwords: reset the password to unlock.")
	ErrOrgInactive    = fault.New(fault.Forbidden, "org_inactive", "The organisation is closed or its fees are overdue.")
	ErrAPIAccess      = fault.New(fault.Forbidden, "api_access_off", "Access by API is switched off for this organisation.")
	ErrNotManager     = fault.New(fault.Forbidden, "manage_company_missing", "This needs a user who may manage the company's profile.")
	ErrNoSession      = fault.New(fault.Unknown, "session_empty", "No session id was sent.")
	ErrSession        = fault.New(fault.Unknown, "session_invalid", "The session is unknown, expired or ended: log in again.")
	ErrSessionKey     = fault.New(fault.Unknown, "session_key", "The session was opened with another application key.")
	ErrKeyMissing     = fault.New(fault.Unknown, "key_missing", "No application key was sent.")
	ErrKeyUnknown     = fault.New(fault.Unknown, "key_unknown", "The application key is missing or unknown.")
	ErrKeyDeactivated = fault.New(fault.Forbidden, "key_deactivated", "The application key has been deactivated.")
	ErrEmailTaken     = fault.New(fault.Conflict, "email_taken", "Another user has this e-mail address.")
	ErrLastAdmin      = fault.New(fault.Invalid, "last_administrator", "An organisation keeps at least one active administrator.")
	ErrModeChange     = fault.New(fault.Forbidden, "sod_mode_change", "The separation of duties changes with a second person only.")
	ErrResetToken     = fault.New(fault.Unknown, "reset_invalid", "This link is used or too old: ask for a new one.")
)

// NewOrganisation is what a new organisation starts with.
type NewOrganisation struct {
	Name         string
	AdminEmail   string
	PasswordHash string // secret.HashPassword, made before the transaction
	APIAccess    bool
	SetUp        func(*db.Tx) error // what the other rooms prepare in it
}

// Create makes an organisation with its first administrator; an existing user with that e-mail keeps its password.
func Create(ctx context.Context, d *db.DB, channel string, n NewOrganisation) (orgID, userID ids.ID, err error) {
	orgID = ids.New(ids.Org)
	if strings.TrimSpace(n.Name) == "" {
		return "", "", fault.ErrMissing.On("name")
	}
	err = d.Write(ctx, db.Caller{Org: orgID, Perms: All, Channel: channel}, func(tx *db.Tx) error {
		now := int64(clock.FromTime(tx.Now()))
		tx.Exec(`INSERT INTO organisations (id, name, ach_id, state, api_access, created_time, updated_time)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, string(orgID), n.Name, achID(orgID), string(StateActive), flag(n.APIAccess), now, db.Stamp)
		tx.Audit("create", "organisation", orgID, "")
		var err error
		if userID, err = AddUser(tx, n.AdminEmail, n.AdminEmail, n.PasswordHash); err != nil {
			return err
		}
		if err := SetMembership(tx, userID, Administrator, true); err != nil {
			return err
		}
		if n.SetUp != nil {
			return n.SetUp(tx)
		}
		return nil
	})
	return orgID, userID, err
}

// achID makes an originator's company id of ten characters out of the organisation's id, until the bank gives one.
func achID(id ids.ID) string { return "9" + strings.ToUpper(string(id[11:])) }

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

const orgColumns = `id, name, address1, address2, address3, address4, city, region, zip, country, phone, fax, zone, currency, ach_id,
	state, api_access, preferences, updated_time`

func scanOrg(row interface{ Scan(...any) error }) (Organisation, error) {
	var o Organisation
	var api int64
	var prefs string
	err := row.Scan((*string)(&o.ID), &o.Name, &o.Address1, &o.Address2, &o.Address3, &o.Address4, &o.City, &o.Region, &o.Zip, &o.Country,
		&o.Phone, &o.Fax, &o.Zone, &o.Currency, &o.ACHID, (*string)(&o.State), &api, &prefs, (*int64)(&o.UpdatedTime))
	if err != nil {
		return o, err
	}
	o.APIAccess = api != 0
	return o, json.Unmarshal([]byte(prefs), &o.Preferences)
}

// Load reads the caller's organisation.
func Load(tx *db.Tx) (Organisation, error) { return load(tx, "") }

// Prefs are the preferences of the caller's organisation, without a query while nothing has changed.
func Prefs(tx *db.Tx) (Preferences, error) {
	return db.Cached(tx, "preferences", func(tx *db.Tx) (Preferences, error) {
		o, err := Load(tx)
		return o.Preferences, err
	})
}

func load(tx *db.Tx, suffix string) (Organisation, error) {
	o, err := scanOrg(tx.Row(`SELECT `+orgColumns+` FROM organisations WHERE id = $1`+suffix, string(tx.Org())))
	if errors.Is(err, sql.ErrNoRows) {
		return o, fault.ErrNotFound.With(string(tx.Org()))
	}
	return o, err
}

// List gives every organisation of the server by name, for the operator.
func List(tx *db.Tx) ([]Organisation, error) {
	rows, err := tx.Query(`SELECT ` + orgColumns + ` FROM organisations ORDER BY name, id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Organisation
	for rows.Next() {
		o, err := scanOrg(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

// Save stores the profile, state, access switch and preferences of o with an audit event of what changed. It needs
// ManageCompany, and takes effect at once on every node (ORG-4, ORG-5). It fails with fault.ErrConflict when the
// organisation was changed after o was read, and with ErrModeChange when a user changes a sodMode that is set.
func Save(tx *db.Tx, o Organisation) error { return save(tx, o, tx.Caller().User.IsNull()) }

// SetSoDMode changes sodMode once it is settled that it may change (SEC-5); approval.AskMode is the way there.
func SetSoDMode(tx *db.Tx, mode string) error {
	o, err := Load(tx)
	if err != nil {
		return err
	}
	o.Preferences.SoDMode = mode
	return save(tx, o, true)
}

func save(tx *db.Tx, o Organisation, mode bool) error {
	if err := tx.Require(ManageCompany); err != nil {
		return err
	}
	if strings.TrimSpace(o.Name) == "" {
		return fault.ErrMissing.On("name")
	}
	before, err := load(tx, tx.ForUpdate())
	if err != nil {
		return err
	}
	if o.ID != before.ID {
		return fault.ErrNotFound.With(string(o.ID))
	}
	if o.UpdatedTime != before.UpdatedTime {
		return fault.ErrConflict
	}
	if was := before.Preferences.SoDMode; was != "" && was != o.Preferences.SoDMode && !mode {
		return ErrModeChange.On("sodMode")
	}
	changes := differences(before, o)
	if changes == "" {
		return nil
	}
	prefs, err := json.Marshal(o.Preferences)
	if err != nil {
		return err
	}
	tx.ExecOne(`UPDATE organisations SET name = $2, address1 = $3, address2 = $4, address3 = $5, address4 = $6, city = $7, region = $8,
		zip = $9, country = $10, phone = $11, fax = $12, zone = $13, ach_id = $14, state = $15, api_access = $16, preferences = $17,
		updated_time = $18 WHERE id = $1`,
		string(o.ID), o.Name, o.Address1, o.Address2, o.Address3, o.Address4, o.City, o.Region, o.Zip, o.Country, o.Phone, o.Fax, o.Zone,
		o.ACHID, string(o.State), flag(o.APIAccess), string(prefs), db.Stamp)
	tx.Audit("update", "organisation", o.ID, changes)
	tx.Invalidate()
	return nil
}

// differences gives the fields that differ as JSON with old and new value, or "".
func differences(a, b Organisation) string {
	flat := func(o Organisation) map[string]any {
		raw, _ := json.Marshal(o)
		m := map[string]any{}
		_ = json.Unmarshal(raw, &m)
		return m
	}
	before, after, changed := flat(a), flat(b), map[string][2]any{}
	for k, v := range after {
		x, _ := json.Marshal(before[k])
		y, _ := json.Marshal(v)
		if string(x) != string(y) {
			changed[k] = [2]any{before[k], v}
		}
	}
	if len(changed) == 0 {
		return ""
	}
	raw, _ := json.Marshal(changed)
	return string(raw)
}

// Location is the organisation's zone, Pacific if it names none that is known.
func (o Organisation) Location() *time.Location {
	if l, err := time.LoadLocation(o.Zone); err == nil && o.Zone != "" {
		return l
	}
	return civil.Pacific
}

// User is a person who signs in.
type User struct {
	ID       ids.ID
	Email    string
	Name     string
	Operator bool
	Active   bool
	Failures int64
}

// maxFailures wrong passwords in a row lock the login (LOG-3).
const maxFailures = 5

// Locked reports whether the login is locked.
func (u User) Locked() bool { return u.Failures >= maxFailures }

// AddUser makes a user, or returns the one with that e-mail address unchanged.
func AddUser(tx *db.Tx, email, name, passwordHash string) (ids.ID, error) {
	email = strings.TrimSpace(email)
	if !strings.Contains(email, "@") || len(email) > 254 {
		return "", fault.ErrValue.On("email")
	}
	u, _, err := userByEmail(tx, email)
	if err == nil {
		return u.ID, nil
	}
	if !errors.Is(err, ErrNoUser) {
		return "", err
	}
	id := ids.New(ids.User)
	first, last := name, ""
	if i := strings.LastIndexByte(name, ' '); i > 0 {
		first, last = name[:i], name[i+1:]
	}
	n, err := tx.ExecNow(`INSERT INTO users (id, email, login_id, email_folded, name, first_name, last_name, password, created_time)
		VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (email_folded) DO NOTHING`,
		string(id), email, strings.ToLower(email), name, first, last, passwordHash, int64(clock.FromTime(tx.Now())))
	if err != nil {
		return "", err
	}
	if n == 0 { // made by another node meanwhile
		u, _, err = userByEmail(tx, email)
		return u.ID, err
	}
	tx.Audit("create", "user", id, "")
	return id, nil
}

// SetOperator makes the user one who runs the server, or no longer.
func SetOperator(tx *db.Tx, user ids.ID, operator bool) {
	tx.ExecOne(`UPDATE users SET operator = $2 WHERE id = $1`, string(user), flag(operator))
	tx.Audit("set operator", "user", user, fmt.Sprintf(`{"operator":%t}`, operator))
	tx.Invalidate()
}

// SetMembership gives the user a role in the caller's organisation, or ends the membership. The last administrator
// keeps both (ORG-6).
func SetMembership(tx *db.Tx, user ids.ID, role string, active bool) error {
	if err := tx.Require(ManageUsers); err != nil {
		return err
	}
	profile, err := profileOf(tx, role)
	if err != nil {
		return err
	}
	if role != Administrator || !active {
		other, err := otherAdministrator(tx, user)
		if err != nil {
			return err
		}
		if !other {
			return ErrLastAdmin.On("role")
		}
	}
	tx.Exec(`INSERT INTO memberships (org_id, user_id, role, is_active, profile_id, created_time, updated_time)
		VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (org_id, user_id) DO UPDATE SET role = excluded.role,
		is_active = excluded.is_active, profile_id = excluded.profile_id, updated_time = excluded.updated_time`,
		string(tx.Org()), string(user), role, flag(active), string(profile), db.Stamp)
	tx.Audit("set role", "user", user, fmt.Sprintf(`{"role":%q,"active":%t}`, role, active))
	tx.Invalidate()
	for _, f := range followers {
		if err := f(tx, user); err != nil {
			return err
		}
	}
	return nil
}

// otherAdministrator reports whether the organisation has an active administrator besides the user. All of them stay
// locked, so that two who demote each other at once do not both succeed.
func otherAdministrator(tx *db.Tx, user ids.ID) (bool, error) {
	rows, err := tx.Query(`SELECT user_id FROM memberships WHERE org_id = $1 AND role = $2 AND is_active = 1 ORDER BY user_id`+tx.ForUpdate(),
		string(tx.Org()), Administrator)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	other := false
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return false, err
		}
		other = other || id != string(user)
	}
	return other, errors.Join(rows.Err(), rows.Close())
}

// SetRole makes or changes a custom role.
func SetRole(tx *db.Tx, name string, perms db.Permissions) error {
	if err := tx.Require(ManageUsers); err != nil {
		return err
	}
	if _, ok := roles[name]; ok || strings.TrimSpace(name) == "" {
		return fault.ErrValue.On("name")
	}
	tx.Exec(`INSERT INTO roles (org_id, name, permissions, id, created_time, updated_time) VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT (org_id, name) DO UPDATE SET permissions = excluded.permissions, updated_time = excluded.updated_time`,
		string(tx.Org()), name, int64(perms), string(ids.New(ids.Profile)), db.Stamp)
	tx.Audit("set role permissions", "role", "", fmt.Sprintf(`{"name":%q,"permissions":%d}`, name, perms))
	tx.Invalidate()
	return nil
}

func userByEmail(tx *db.Tx, email string) (User, string, error) {
	return scanUser(tx.Row(`SELECT `+userColumns+` FROM users WHERE email_folded = $1`, strings.ToLower(strings.TrimSpace(email))))
}

// UserByEmail finds a user of the server.
func UserByEmail(tx *db.Tx, email string) (User, error) {
	u, _, err := userByEmail(tx, email)
	return u, err
}

// UserByID reads a user, for the name beside what they did.
func UserByID(tx *db.Tx, id ids.ID) (User, error) {
	u, _, err := scanUser(tx.Row(`SELECT `+userColumns+` FROM users WHERE id = $1`, string(id)))
	return u, err
}

const userColumns = `id, email, name, operator, is_active, failures, password`

func scanUser(row db.Row) (u User, password string, err error) {
	var operator, active int64
	err = row.Scan((*string)(&u.ID), &u.Email, &u.Name, &operator, &active, &u.Failures, &password)
	if errors.Is(err, sql.ErrNoRows) {
		return u, "", ErrNoUser
	}
	u.Operator, u.Active = operator != 0, active != 0
	return u, password, err
}

// Membership is an organisation as one of its users sees it.
type Membership struct {
	Org   ids.ID
	Name  string
	State State
	Role  string
}

// Memberships lists the organisations in which the user is active, by name (ORG-7).
func Memberships(tx *db.Tx, user ids.ID) ([]Membership, error) {
	rows, err := tx.Query(`SELECT o.id, o.name, o.state, m.role FROM memberships m JOIN organisations o ON o.id = m.org_id
		WHERE m.user_id = $1 AND m.is_active = 1 ORDER BY o.name, o.id`, string(user))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Membership
	for rows.Next() {
		var m Membership
		if err := rows.Scan((*string)(&m.Org), &m.Name, (*string)(&m.State), &m.Role); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

// SetPassword stores a new password's hash, unlocks the login, ends every session and every link to reset the password of
// the user, and forgets the devices remembered.
func SetPassword(tx *db.Tx, user ids.ID, hash string) {
	tx.ExecOne(`UPDATE users SET password = $2, failures = 0 WHERE id = $1`, string(user), hash)
	tx.Exec(`UPDATE sessions SET ended = $2 WHERE user_id = $1 AND ended = 0`, string(user), int64(clock.FromTime(tx.Now())))
	tx.Exec(`UPDATE password_resets SET used = $2 WHERE user_id = $1 AND used = 0`, string(user), int64(clock.FromTime(tx.Now())))
	tx.Exec(`DELETE FROM mfa_devices WHERE user_id = $1`, string(user))
	tx.Audit("set password", "user", user, "")
	tx.Invalidate()
}

// Unlock lets a locked user log in again; for operators.
func Unlock(tx *db.Tx, user ids.ID) {
	tx.ExecOne(`UPDATE users SET failures = 0 WHERE id = $1`, string(user))
	tx.Audit("unlock", "user", user, "")
}

// maxPattern is how long the pattern of department codes is at most, in bytes.
const maxPattern = 200

var employerID = regexp.MustCompile(`^[0-9]{2}-[0-9]{7}$`)

// Set changes one setting by the name the command line and the web know it by. It fails with fault.ErrValue.
func (o *Organisation) Set(key, value string) error {
	yes, isBool := map[string]bool{"true": true, "yes": true, "1": true, "on": true}[strings.ToLower(value)],
		slices.Contains([]string{"true", "yes", "1", "on", "false", "no", "0", "off"}, strings.ToLower(value))
	notBool := fault.ErrValue.On(key).With("true or false")
	flag := func(to *bool) error {
		if !isBool {
			return notBool
		}
		*to = yes
		return nil
	}
	choice := func(to *string, of ...string) error {
		if !slices.Contains(of, value) {
			return fault.ErrValue.On(key).With("one of " + strings.Join(of, ", "))
		}
		*to = value
		return nil
	}
	amount := func(to *int64) error {
		if value == "" {
			value = "0"
		}
		n, err := money.ParseMinor(value, money.Digits(o.Currency))
		if err != nil || n < 0 {
			return fault.ErrValue.On(key).With("an amount such as 10000.00, or 0 for none")
		}
		*to = n
		return nil
	}
	p := &o.Preferences
	switch key {
	case "name":
		o.Name = value
	case "state":
		return choice((*string)(&o.State), string(StateActive), string(StateOverdue), string(StateInactive), string(StateSetup))
	case "overdue":
		if !isBool {
			return notBool
		}
		if yes {
			o.State = StateOverdue
		} else if o.State == StateOverdue { // what is closed stays closed
			o.State = StateActive
		}
	case "zone":
		if _, err := time.LoadLocation(value); err != nil || value == "" || value == "Local" {
			return fault.ErrValue.On(key).With("the IANA name of a time zone, like America/New_York")
		}
		o.Zone = value
	case "achId":
		if len(value) != 10 {
			return fault.ErrValue.On(key).With("ten characters, as the bank has given them")
		}
		o.ACHID = value
	case "employerId":
		if value != "" && !employerID.MatchString(value) {
			return fault.ErrValue.On(key).With("the EIN of the organisation, like 12-3456789")
		}
		p.EmployerID = value
	case "apiAccess":
		return flag(&o.APIAccess)
	case "internationalPayments":
		return flag(&p.InternationalPayments)
	case "internationalOn":
		return flag(&p.InternationalOn)
	case "allowPayUnapproved":
		return flag(&p.AllowPayUnapproved)
	case "defaultBillApprover":
		if value != "" && !ids.ID(value).Is(ids.User) {
			return fault.ErrValue.On(key).With("the id of a user, or nothing")
		}
		p.DefaultBillApprover = ids.ID(value)
	case "apiNeedsManageCompanyInfo":
		return flag(&p.APINeedsManager)
	case "autoApplyReceipts":
		return flag(&p.AutoApplyReceipts)
	case "staleChecks":
		return choice(&p.StaleChecks, "void", "unclaimed")
	case "checkPrinting":
		return choice(&p.CheckPrinting, "people", "automatic")
	case "networkPublic":
		return flag(&p.NetworkPublic)
	case "achPrenoteMode":
		return choice(&p.ACHPrenoteMode, "prenote", PrenoteNone, PrenoteMicro)
	case "prenoteWait":
		return choice(&p.PrenoteWait, "standard", WaitNacha)
	case "combinePayments":
		return choice(&p.CombinePayments, "combine", "separate")
	case "departmentPattern":
		if _, err := regexp.Compile(value); err != nil || len(value) > maxPattern {
			return fault.ErrValue.On(key).With(fmt.Sprintf("a regular expression (RE2) of at most %d bytes, such as ^\\d{4}$, or nothing", maxPattern))
		}
		p.DepartmentPattern = value
	case "paymentApprovalThreshold":
		return amount(&p.PaymentApprovalThreshold)
	case "oddPaymentHold":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > 200 {
			return fault.ErrValue.On(key).With("0 for never, or up to 200 points")
		}
		p.OddPaymentHold = n
	case "dailyPaymentCeiling":
		return amount(&p.DailyCeiling)
	case "dailyUserCeiling":
		return amount(&p.UserCeiling)
	case "dailyVendorCeiling":
		return amount(&p.VendorCeiling)
	case "sodMode":
		return choice(&p.SoDMode, "off", "warn", "enforce")
	case "approvalEscalationDays":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > 60 {
			return fault.ErrValue.On(key).With("1 to 60 business days")
		}
		p.ApprovalEscalationDays = n
	case "billEditAfterApproval":
		return choice(&p.BillEditAfterApproval, "never", "untilComplete", "always")
	case "expireCheckDays":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > 366 {
			return fault.ErrValue.On(key).With("1 to 366 days")
		}
		p.ExpireCheckDays = n
	default:
		return fault.ErrValue.On(key).With("no such setting")
	}
	return nil
}
