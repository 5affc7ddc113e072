package read

import (
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/web/view"
)

// AuditTrail gives a page of the organisation's events, the latest first, and the cursor of the page after it, "" for
// none. It needs org.ViewAudit.
func AuditTrail(tx *db.Tx, zone *time.Location, q view.AuditQuery) (all []view.AuditEvent, next string, err error) {
	if err := tx.Require(org.ViewAudit); err != nil {
		return nil, "", err
	}
	where := "1 = 1"
	args := []any{string(tx.Org())}
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		where += " AND " + condition
	}
	if q.Record != "" {
		add("e.record_id = ?", q.Record)
	}
	if q.User != "" {
		add("e.user_id IN (SELECT x.id FROM users x WHERE lower(x.email) = ?)", strings.ToLower(q.User))
	}
	if d, err := civil.Parse(q.From); err == nil {
		add("e.stamp >= ?", int64(clock.FromTime(d.At(0, 0, zone))))
	}
	if d, err := civil.Parse(q.Until); err == nil {
		add("e.stamp < ?", int64(clock.FromTime(d.AddDays(1).At(0, 0, zone))))
	}
	if stamp, id, ok := strings.Cut(q.After, "."); ok {
		if n, err := strconv.ParseInt(stamp, 10, 64); err == nil {
			add("(e.stamp < ? OR e.stamp = ? AND e.id < ?) AND e.stamp <= ?", n, n, id, n)
		}
	}
	all, err = changes(tx, zone, where+" ORDER BY e.stamp DESC, e.id DESC LIMIT "+strconv.Itoa(PageSize+1), args...)
	if len(all) > PageSize {
		all = all[:PageSize]
		next = all[PageSize-1].Cursor
	}
	return all, next, err
}
