package view

import "slices"

// NetworkPage is Settings > Network: how other organisations of the server find this one, and who wants to be connected.
type NetworkPage struct {
	Page
	ID            string // the organisation's network id
	Public        bool   // whether others find it by its name
	Invitations   []Invitation
	Accounts      []Option // of ours that others may pay into
	Vendors       []Option // that are not linked yet
	Cut           bool     // whether there are more of them
	Wrong, Error  string   // the code whose answer was refused, and why
	Manage, Banks bool
}

// Invitation waits for an answer.
type Invitation struct {
	ID, Name, City, NetworkID string
	Pays                      bool // the sender wants to pay us; else to send us invoices
	Expires                   string
}

// listed reports whether the invitation is one that the page shows.
func (v NetworkPage) listed(id string) bool {
	return slices.ContainsFunc(v.Invitations, func(i Invitation) bool { return i.ID == id })
}

// how tells how others find the organisation.
func (v NetworkPage) how() string {
	if v.Public {
		return "Others on this server invite you by your network id, " + v.ID + ", or find you by your name."
	}
	return "Others on this server invite you by your network id, " + v.ID + "; your name is not shown to them."
}

// from tells who the sender is, and until when it waits.
func (i Invitation) from() string {
	s := "Network id " + i.NetworkID
	if i.City != "" {
		s += ", in " + i.City
	}
	return s + ". Answer until " + i.Expires + "."
}
