package read

import (
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/web/view"
)

// Applications gives the programs that have logged in to the caller's organisation, each with the user it acts for and
// whether it may pay (LOG-5); the one used last stands first. It needs org.ManageCompany.
func Applications(tx *db.Tx, zone *time.Location) ([]view.Application, error) {
	if err := tx.Require(org.ManageCompany); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT s.user_id, s.key_id, u.name, k.app, k.tail, k.mfa, k.state, s.used, coalesce(p.confirmed, 0), coalesce(c.name, '')
		FROM (SELECT user_id, key_id, max(last_used) AS used FROM sessions WHERE org_id = $1 AND kind = 'xml1' GROUP BY user_id, key_id) s
		JOIN users u ON u.id = s.user_id JOIN app_keys k ON k.id = s.key_id
		LEFT JOIN payment_confirmations p ON p.org_id = $1 AND p.user_id = s.user_id AND p.key_id = s.key_id
		LEFT JOIN users c ON c.id = p.confirmed_by
		ORDER BY s.used DESC, s.key_id, s.user_id LIMIT 200`, string(tx.Org()))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []view.Application
	for rows.Next() {
		var a view.Application
		var mfa, state string
		var used, confirmed int64
		if err := rows.Scan(&a.UserID, &a.KeyID, &a.User, &a.App, &a.KeyTail, &mfa, &state, &used, &confirmed, &a.ByWhom); err != nil {
			return nil, err
		}
		a.Active, a.Exempt = state == "active", mfa == "exempt"
		a.LastUsed = view.Instant(clock.Instant(used).Time(), zone)
		a.Confirmed = view.Instant(clock.Instant(confirmed).Time(), zone)
		if confirmed == 0 {
			a.Confirmed = ""
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

// UserName is the name of the user with that id, "" if there is none.
func UserName(tx *db.Tx, id ids.ID) (string, error) {
	if id == "" {
		return "", nil
	}
	u, err := org.UserByID(tx, id)
	return u.Name, err
}

// APIAccessSet tells when the switch for API access was last set, and by whom; "" if never since the beginning.
func APIAccessSet(tx *db.Tx, zone *time.Location) (when, who string, err error) {
	rows, err := tx.Query(`SELECT e.stamp, coalesce(u.name, '') FROM audit_events e LEFT JOIN users u ON u.id = e.user_id
		WHERE e.org_id = $1 AND e.record_id = $2 AND e.action = 'update' AND e.changes LIKE '%"APIAccess"%' ORDER BY e.id DESC LIMIT 1`,
		string(tx.Org()), string(tx.Org()))
	if err != nil {
		return "", "", err
	}
	defer rows.Close()
	for rows.Next() {
		var stamp int64
		if err := rows.Scan(&stamp, &who); err != nil {
			return "", "", err
		}
		when = view.Instant(clock.Instant(stamp).Time(), zone)
	}
	if who == "" && when != "" {
		who = "the operator"
	}
	return when, who, rows.Err()
}
