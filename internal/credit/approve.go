package credit

import "github.com/duebook/duebook/internal/approval"

// Approvals is how vendor credits are approved (APR-15).
var Approvals = approval.Register(approval.Kind{Documents: Credits.Type, Approvers: approval.CreditApprovers, Policies: approval.ForCredits})

// resets reports whether a change from c to after takes back the approvals c has, as for bills (table 4.4.1).
func (c *Credit) resets(after *Credit) bool {
	less := c.Amount - after.Amount
	amounts := less <= 0 || less > 100 || less*100 > c.Amount // any that differs counts
	if c.VendorID != after.VendorID || c.Currency != after.Currency || c.RefNumber != after.RefNumber ||
		c.GLPostingDate.Year() != after.GLPostingDate.Year() || c.GLPostingDate.Month() != after.GLPostingDate.Month() ||
		c.Amount != after.Amount && amounts || len(c.Lines) != len(after.Lines) {
		return true
	}
	for i, l := range after.Lines {
		old := c.Lines[i]
		if old.ChartOfAccountID != l.ChartOfAccountID || old.ItemID != l.ItemID || l.Amount != old.Amount && (amounts || l.Amount > old.Amount) {
			return true
		}
	}
	return false
}
