package view

// SanctionsPage is Settings > Sanctions: the lists that payees are screened against, and who resembles a name on them.
type SanctionsPage struct {
	Page
	Lists  []SanctionsList
	Hits   []SanctionsHit // that wait for a person, oldest first
	Done   []SanctionsHit // that a person has cleared
	Errors FieldErrors    // of the form of the hit Wrong
	Wrong  string
	Reason string // what was typed there
	Manage bool   // whether the user may manage the company
	Banks  bool   // whether the user may see Settings > Bank accounts
}

// SanctionsList is an imported list.
type SanctionsList struct {
	Name, Published, Note string
	Names                 int64
}

// SanctionsHit is a name of a vendor or customer that resembles a listed one.
type SanctionsHit struct {
	ID, Name, URL         string // URL of the vendor; empty for a customer
	Kind                  string // what is alike: name, address, bank; Name is that then
	List, Listed, Program string
	Score                 int64
	Published, Found      string
	Decided, By, Reason   string
}
