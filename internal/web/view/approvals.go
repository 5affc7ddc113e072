package view

import (
	"net/url"

	"github.com/duebook/duebook/internal/civil"
)

// The addresses of what is approved, and of the rules for it.
const (
	ApprovalsURL     = "/approvals"                // GET what waits for the user; POST item (several), act (approve, deny), comment
	DelegationURL    = "/approvals/delegation"     // POST delegate, from, to, cap
	EndDelegationURL = "/approvals/delegation/end" // POST id

	PoliciesURL     = "/settings/approval-policies"              // GET
	NewPolicyURL    = "/settings/approval-policies/new"          // GET form, POST the fields of PolicyForm
	GroupsURL       = "/settings/approval-policies/groups"       // POST id, name, members
	ReplacementsURL = "/settings/approval-policies/replacements" // POST user, by; act=end with user alone
	SeparationURL   = "/settings/approval-policies/separation"   // POST act (ask, confirm, cancel), mode
)

// PolicyURL is the form of a policy (GET, POST the fields of PolicyForm).
func PolicyURL(id string) string { return PoliciesURL + "/" + url.PathEscape(id) }

// SwitchPolicyURL switches a policy on or off (POST).
func SwitchPolicyURL(id string) string { return PolicyURL(id) + "/switch" }

// ReplayPolicyURL shows what a policy would have asked (GET days).
func ReplayPolicyURL(id string) string { return PolicyURL(id) + "/replay" }

// MailLinkURL is where the link of a mail leads (GET; POST act, comment).
func MailLinkURL(token string) string { return "/approve/" + url.PathEscape(token) }

// WithApprovals adds the entry of what waits for the user's approval, behind the bills.
func WithApprovals(rail []RailEntry, count int) []RailEntry {
	var out []RailEntry
	for _, e := range rail {
		out = append(out, e)
		if e.URL == BillsURL {
			out = append(out, RailEntry{"Approvals", ApprovalsURL, "tick", count})
		}
	}
	return out
}

// ApprovalsPage is what waits for the user, and who decides in the user's place.
type ApprovalsPage struct {
	Page
	Currency    string
	Rows        []ApprovalRow
	Comment     string // that was typed with a form that was refused
	Delegations []DelegationRow
	Form        DelegationForm
	People      []Option // who can be a delegate
	Errors      FieldErrors
}

// ApprovalRow is a document that waits; Minor in the minor unit of Currency.
type ApprovalRow struct {
	ID, Kind, Number, Vendor string // Kind is Bill or Credit
	Seen                     string // marks the document as it is shown
	URL                      string // "" without a page of its own
	For                      string // in whose place the user decides, "" for itself
	Due                      civil.Date
	Urgent                   bool
	Currency                 string
	Minor                    int64
	Since                    string // the Instant from which it waits
}

// DelegationRow is one who decides in the user's place.
type DelegationRow struct {
	ID, Name string
	From, To civil.Date
	Cap      string // "" for any amount
}

// DelegationForm is what was typed.
type DelegationForm struct{ Delegate, From, To, Cap string }

// MailLinkPage is a document as a mail's link shows it to who decides about it.
type MailLinkPage struct {
	Title, Token, Company, User string
	Kind, Number, Vendor        string
	For                         string
	Minor                       int64
	Currency                    string
	Date, Due                   civil.Date
	Description                 string
	Lines                       []BillLine
	Comment                     string
	Errors                      FieldErrors
	Done                        string // what was decided, in a sentence; "" before
}

// PoliciesPage is Settings > Approval policies.
type PoliciesPage struct {
	Page
	Banks    bool
	Policies []PolicyRow
	Groups   []GroupRow
	Mode     string // sodMode
	Waiting  string // a change of it that waits, in a sentence; "" for none
	Mine     bool   // the user asked for that change
	Errors   FieldErrors
	Name     string // of a new group, as it was typed
	Members  string

	Replacements []ReplacementRow // who takes whose place (APR-14)
	Leaving      []Option         // whom one can be named for
	Approvers    []Option
	User, By     string // of a new replacement, as they were chosen
	Users        bool   // whether the user may name replacements
}

// ReplacementRow is who takes an approver's place once that one has left.
type ReplacementRow struct{ User, Name, By string }

// PolicyRow is a policy in the list.
type PolicyRow struct {
	ID, Name, When, Asks string
	On                   bool
}

// GroupRow is a group of approvers, its members one e-mail address to a line.
type GroupRow struct{ ID, Name, Members string }

// PolicyForm is a policy as it is typed: its fields post as name, type (0 bills, 1 credits), priority, threshold, most, and
// as lists with one name to a line vendors, departments, classes, locations, jobs, accounts; bankDays; and for each step
// people1, need1 and so on.
type PolicyForm struct {
	Page
	ID                            string // "" for a new one
	Name, Type, Priority          string
	Threshold, Most, BankDays     string
	Vendors, Departments, Classes string
	Locations, Jobs, Accounts     string
	Steps                         []PolicyStep
	Others                        []string // approvers that programs have named, behind the steps
	Least                         string   // how many approvers programs ask for, "" for none
	On                            bool
	Errors                        FieldErrors
}

// PolicyStep is a step of the form: e-mail addresses of users and names of groups, one to a line.
type PolicyStep struct{ People, Need string }

// ReplayPage is what a policy would have asked.
type ReplayPage struct {
	Page
	ID, Name string
	Days     int
	Looked   int
	Rows     []ReplayRow
}

// ReplayRow is a document that the policy would have claimed.
type ReplayRow struct {
	ID, Number, Vendor string
	URL                string
	Minor              int64
	Currency           string
	Asks               string
}
