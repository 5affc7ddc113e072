package verify

import (
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
)

// network proves NET-3 from the payer's side: a payment over the network that has settled is a receipt of the same amount
// with the organisation that it pays, and one that did not stay is none there. What still waits to be told is left out.
func (c *check) network() error {
	return c.none("NET-3", "payments over the network that the payee's books do not show", `SELECT p.id FROM payments p
		LEFT JOIN received_pays r ON r.org_id = p.peer_id AND r.peer_id = p.org_id AND r.peer_payment_id = p.id
		WHERE p.org_id = $1 AND p.peer_id <> '' AND substr(p.peer_id, 1, 3) <> '`+ids.ListedVendor+`'
			AND NOT EXISTS (SELECT 1 FROM work w WHERE w.org_id = p.org_id AND w.kind = '`+payment.NetworkKind+`' AND w.key = p.id)
			AND (r.id IS NOT NULL AND r.amount <> p.amount
				OR coalesce(r.status, -1) <> 0 AND p.state IN ('settled', 'cleared')
				OR coalesce(r.status, 1) NOT IN (1, 3) AND p.state IN ('canceled', 'failed', 'funding_failed', 'voided'))`)
}
