package org

import "github.com/duebook/duebook/internal/db"

// The permissions of domain 2.3 that this program checks.
const (
	ManageCompany db.Permission = iota // Manage Company Info: edit the organisation; generation 1 demands it of every user
	ManageUsers
	ManageSettings // approval policies and settings
	ManageBanks    // funding bank accounts
	ViewBanks
	ViewVendors
	ManageVendors
	ManageVendorBanks
	ApproveVendorBankChange
	ViewBills
	ManageBills
	ApproveBills
	SetApprovers
	PayApproved
	PayUnassigned
	PayUnapproved // also needs the organisation's allowPayUnapproved
	ApprovePayments
	RecordOfflinePayments
	CancelPayments
	PrintChecks
	UseInbox
	ViewDocuments
	ManageDocuments
	ViewReceivables
	ManageReceivables
	ChargeCustomers
	RecordReceipts
	ManageLists // chart of accounts, dimensions, items, terms
	RunSync
	ClosePeriods
	SubmitExpenses
	ImportPayouts
	ReleasePayouts
	ViewReports
	ViewAudit
	ManageWebhooks
	permissions
)

// OwnQueue narrows ViewBills to the bills and credits that its holder is or was asked to approve (domain 2.3). It takes
// away and gives nothing, so that All is without it.
const OwnQueue db.Permission = 62

// All is every permission: what an administrator holds.
const All = db.Permissions(1<<permissions - 1)

// The fixed roles.
const (
	Administrator = "administrator"
	Accountant    = "accountant"
	Approver      = "approver"
	Payer         = "payer"
	Clerk         = "clerk"
	Auditor       = "auditor"
)

// roles is the matrix of domain 2.3.
var roles = map[string]db.Permissions{
	Administrator: All,
	Accountant: db.Of(ViewVendors, ManageVendors, ViewBills, ManageBills, ApproveBills, SetApprovers, RecordOfflinePayments, UseInbox,
		ViewDocuments, ManageDocuments, ViewReceivables, ManageReceivables, RecordReceipts, ManageLists, RunSync, ClosePeriods,
		SubmitExpenses, ImportPayouts, ViewReports, ViewAudit, ManageWebhooks),
	Approver: db.Of(ViewVendors, ViewBills, OwnQueue, ApproveBills, SetApprovers, ViewDocuments, SubmitExpenses),
	Payer: db.Of(ViewBanks, ViewVendors, ApproveVendorBankChange, ViewBills, PayApproved, PayUnassigned, ApprovePayments,
		RecordOfflinePayments, CancelPayments, PrintChecks, ViewDocuments, SubmitExpenses, ReleasePayouts, ViewReports),
	Clerk: db.Of(ViewBanks, ViewVendors, ManageVendors, ViewBills, ManageBills, SetApprovers, RecordOfflinePayments, UseInbox,
		ViewDocuments, ManageDocuments, ViewReceivables, ManageReceivables, RecordReceipts, SubmitExpenses, ImportPayouts, ViewReports),
	Auditor: db.Of(ViewBanks, ViewVendors, ViewBills, ViewDocuments, ViewReceivables, ViewReports, ViewAudit),
}

// Roles are the names of the fixed roles.
func Roles() []string {
	return []string{Administrator, Accountant, Approver, Payer, Clerk, Auditor}
}
