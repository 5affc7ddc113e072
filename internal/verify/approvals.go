package verify

import (
	"fmt"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/recurring"
)

// approvalTypes are the records about approval and what recurs.
var approvalTypes = []*record.Type{approval.PolicyApprovers.Type, approval.BillApprovers.Type, approval.CreditApprovers.Type,
	recurring.Bills.Type, recurring.BillLines.Type, recurring.Invoices.Type, recurring.InvoiceLines.Type}

// approvals proves that nothing is approved without every approver who is asked.
func (c *check) approvals() error {
	for _, k := range approval.Kinds() {
		err := c.none("APR-7", "approved without all approvers: "+k.Documents.Name, fmt.Sprintf(`SELECT d.id FROM %s d
			WHERE d.org_id = $1 AND d.approval_status = %d
				AND (NOT EXISTS (SELECT 1 FROM %[3]s a WHERE a.org_id = d.org_id AND a.object_id = d.id AND a.is_active = 1)
					OR EXISTS (SELECT 1 FROM %[3]s a WHERE a.org_id = d.org_id AND a.object_id = d.id AND a.is_active = 1
						AND a.status <> %[4]d AND (a.status <> %[5]d OR a.alone = 1))
					OR EXISTS (SELECT 1 FROM approval_steps s WHERE s.org_id = d.org_id AND s.object_id = d.id AND s.need > (
						SELECT count(*) FROM %[3]s a WHERE a.org_id = d.org_id AND a.object_id = d.id AND a.is_active = 1 AND a.status = %[4]d
							AND s.members LIKE '%%' || a.user_id || '%%')))`,
			k.Documents.Table, approval.Approved, k.Approvers.Table, approval.HasApproved, approval.Stale))
		if err != nil {
			return err
		}
	}
	return nil
}
