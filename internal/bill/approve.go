package bill

import "github.com/duebook/duebook/internal/approval"

// Approvals is how bills are approved.
var Approvals = approval.Register(approval.Kind{Documents: Bills.Type, Approvers: approval.BillApprovers, Policies: approval.ForBills,
	Number: "invoiceNumber"})
