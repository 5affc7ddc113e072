package read

import (
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/view"
)

// Vendors gives one page of the active vendors that q asks for, by name, with what is open to each in the
// organisation's currency.
func Vendors(tx *db.Tx, q view.VendorQuery, currency string) ([]view.VendorRow, Cursors, error) {
	if err := tx.Require(org.ViewVendors); err != nil {
		return nil, Cursors{}, err
	}
	l := list{
		columns: `v.id, v.name, v.city, v.region, v.email, v.pay_by, coalesce(a.account_tail, ''),
			(SELECT CAST(coalesce(sum(` + open + `), 0) AS BIGINT) FROM bills b
				WHERE b.org_id = v.org_id AND b.vendor_id = v.id AND b.is_active = 1 AND b.currency = $2)`,
		from: `vendors v LEFT JOIN vendor_bank_accounts a ON a.org_id = v.org_id AND a.vendor_id = v.id AND a.is_active = 1
			AND a.status = 1`,
		where: "v.org_id = $1 AND v.is_active = 1",
		args:  []any{string(tx.Org()), currency},
		key:   "v.name_folded", id: "v.id",
		after: q.After, before: q.Before, limit: PageSize,
	}
	if s := strings.TrimSpace(q.Search); s != "" {
		l.where += " AND v.name_folded LIKE $3 ESCAPE '!'"
		l.args = append(l.args, contains(strings.ToLower(s)))
	}
	var rows []view.VendorRow
	c, err := l.run(tx, func(read func(...any) error) error {
		var r view.VendorRow
		var city, region, tail string
		var by int64
		err := read(&r.ID, &r.Name, &city, &region, &r.Email, &by, &tail, &r.Open)
		r.Place = strings.Trim(city+", "+region, ", ")
		r.Method = PaidBy(by, tail)
		rows = append(rows, r)
		return err
	})
	return page(rows, q.Before, PageSize), c, err
}

// PaidBy says how a vendor is paid; tail is the end of its usable account's number, if there is one.
func PaidBy(by int64, tail string) string {
	if by == vendor.PayByACH && tail != "" {
		return "ACH ···· " + tail
	}
	return "Check"
}

// HasVendors tells an empty book from an empty search.
func HasVendors(tx *db.Tx) (yes bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM vendors WHERE org_id = $1)`, string(tx.Org())).Scan(&yes)
	return yes, err
}
