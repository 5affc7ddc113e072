package view

// SettingsPage is Settings > Overview.
type SettingsPage struct {
	Page
	Company   string
	APIAccess bool
	CanManage bool
	Accounts  []FundingAccount // those that payments draw on
}

// SecurityPage is Settings > Security: the programs that have logged in to the organisation through the API.
type SecurityPage struct {
	Page
	Applications []Application
	Banks        bool // whether the user may see Settings > Bank accounts
}

// Application is a program that acts for a user. Whoever manages the company confirms that it may pay (LOG-5).
type Application struct {
	UserID, KeyID  string
	App, KeyTail   string
	User, LastUsed string
	Active         bool   // false: the operator has deactivated its key
	Exempt         bool   // may pay without being confirmed
	Confirmed      string // the Instant; "" while it may not pay
	ByWhom         string
}

// ProfilePage is Settings > Overview > Your company > Profile.
type ProfilePage struct {
	Page
	Profile Profile
	CanEdit bool // whether the user may Manage Company Info
}

// Profile is the company as it is known outside, and its switch for API access (rule ORG-4).
type Profile struct {
	Name, DBA                 string
	Address1, Address2        string
	City, State, Zip, Country string
	Phone, Fax                string
	AllowAPIAccess            bool
	MayPayAbroad              bool   // the operator has agreed to payments to vendors outside the US (rule INT-1)
	PayAbroad                 bool   // and they are switched on
	APIAccessChanged, ByWhom  string // when the switch was last set, and by whom; "" if never
}

// address is the postal address in its usual lines.
func (p Profile) address() string {
	var lines string
	add := func(before, s string) {
		if s != "" {
			if lines != "" {
				lines += before
			}
			lines += s
		}
	}
	add("\n", p.Address1)
	add("\n", p.Address2)
	add("\n", p.City)
	if p.City != "" {
		add(", ", p.State)
	} else {
		add("\n", p.State)
	}
	add(" ", p.Zip)
	add("\n", p.Country)
	return lines
}

// EditProfilePage is the form behind Edit. Its fields post as name, address1, address2, city, state, zip, country,
// phone, fax and allowApiAccess (yes or no).
type EditProfilePage struct {
	Page
	Profile Profile
	Errors  FieldErrors
}

// PreferencesPage stands at the older path Setup > Company > Preferences and leads to the same switch.
type PreferencesPage struct {
	Page
	APIAccess bool
	CanEdit   bool
}

// yesNo is a switch as the pages and the forms say it.
func yesNo(on bool) string {
	if on {
		return "Yes"
	}
	return "No"
}
