package view

// Page is what every page inside an organisation carries around its content.
type Page struct {
	Title   string // "Bills"; the browser's title adds the product
	Section string // URL of the entry of the rail that is current: HomeURL, BillsURL, PaymentsURL, VendorsURL; or SettingsURL
	Rail    []RailEntry
	Org     Organisation
	Orgs    []Organisation // those the user may switch to, Org among them
	User    string
	New     []Link // the "+ New" menu; without entries it is not shown
	Help    string // URL of the help, or ""
	Search  string // what stands in the search box
	Sandbox string // the date and time of the sandbox's clock; "" outside a sandbox
	Flash   []Flash
	Version string
}

// Organisation is one the user works in.
type Organisation struct {
	ID, Name string
	Note     string // why it cannot be worked in at present, such as "overdue"; usually ""
}

// RailEntry is one entry of the left rail. Count is how many things wait there for this user; 0 is not shown.
type RailEntry struct {
	Label, URL, icon string
	Count            int
}

// Rail gives the entries for the parts of the application that exist, with the counts of what waits.
func Rail(home, bills, payments int) []RailEntry {
	return []RailEntry{
		{"Home", HomeURL, "home", home},
		{"Bills", BillsURL, "bill", bills},
		{"Payments", PaymentsURL, "payment", payments},
		{"Vendors", VendorsURL, "vendor", 0},
	}
}

// Link is a text and where it leads.
type Link struct{ Text, URL string }

// Flash is the result of the last act, shown once. Tone is Good, Wait or Bad.
type Flash struct {
	Tone Tone
	Text string
	Link Link // what to do next, or the zero Link
}

// Bare is a page outside any organisation: signing in, choosing, an error before that.
type Bare struct {
	Title   string
	Version string
	Flash   []Flash
}
