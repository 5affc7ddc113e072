package credit

import "github.com/duebook/duebook/internal/approval"

// Approvals is how vendor credits are approved (APR-15).
var Approvals = approval.Register(approval.Kind{Documents: Credits.Type, Approvers: approval.CreditApprovers, Policies: approval.ForCredits,
	Number: "refNumber"})
