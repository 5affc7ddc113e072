package bill

import "github.com/duebook/duebook/internal/approval"

// Approvals is how bills are approved.
var Approvals = approval.Register(approval.Kind{Documents: Bills.Type, Approvers: approval.BillApprovers, Policies: approval.ForBills})

// Resets reports whether a change from b to after takes back the approvals b has (table 4.4.1). Amounts lowered by no
// more than 1.00 and one percent in all do not, as long as no line is raised; nor do coding to departments and the like,
// due date, description and purchase order.
func (b *Bill) Resets(after *Bill) bool {
	less := b.Amount - after.Amount
	amounts := less <= 0 || less > 100 || less*100 > b.Amount // any that differs counts
	if b.VendorID != after.VendorID || b.Currency != after.Currency || b.InvoiceNumber != after.InvoiceNumber ||
		b.GLPostingDate.Year() != after.GLPostingDate.Year() || b.GLPostingDate.Month() != after.GLPostingDate.Month() ||
		b.Amount != after.Amount && amounts || len(b.Lines) != len(after.Lines) {
		return true
	}
	for i, l := range after.Lines {
		old := b.Lines[i]
		if old.ChartOfAccountID != l.ChartOfAccountID || old.ItemID != l.ItemID || l.Amount != old.Amount && (amounts || l.Amount > old.Amount) {
			return true
		}
	}
	return false
}
