package payment

import (
	"fmt"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
)

// sameDayLimits are the most that one same-day entry carries, in cents, from that settlement day on, latest first (LIM-3).
//
// Source: Nacha Operating Rules, same-day ACH per-payment limit; the rule that raises it in 2027.
var sameDayLimits = []struct {
	from civil.Date
	most int64
}{
	{civil.MustDate("2027-09-17"), 10_000_000_00},
	{civil.MustDate("2022-03-18"), 1_000_000_00},
}

// SameDayLimit is the most that a same-day entry of that settlement day carries, in cents. Nothing is split to get under
// it. Rule LIM-3.
func SameDayLimit(settlement civil.Date) int64 {
	for _, l := range sameDayLimits {
		if !settlement.Before(l.from) {
			return l.most
		}
	}
	return 0
}

// limits says of a payment about to be made what a person should look at, as the payments to a vendor abroad on one
// process date exceed the limit of one together (LIM-1), and why it goes on hold, as it exceeds a ceiling of today (LIM-4).
// Either is empty where there is nothing to say.
func (p *Payment) limits(tx *db.Tx, domestic bool) (review, hold string, err error) {
	if !domestic {
		var others int64
		err := tx.Row(`SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM payments WHERE org_id = $1 AND vendor_id = $2 AND process_date = $3
			AND is_online = 1 AND state <> 'canceled'`, string(tx.Org()), string(p.VendorID), p.ProcessDate.String()).Scan(&others)
		if err != nil {
			return "", "", fmt.Errorf("add up the payments to vendor %s: %w", p.VendorID, err)
		}
		if others > 0 && others+p.Amount > maxInternational {
			review = "Payments to this vendor on " + p.ProcessDate.String() + " are " + figure(others+p.Amount) +
				" together, above the " + figure(maxInternational) + " that one may be."
		}
	}
	prefs, err := org.Prefs(tx)
	if err != nil || prefs.DailyCeiling|prefs.UserCeiling|prefs.VendorCeiling == 0 {
		return review, "", err
	}
	if err := tx.Lock("payment ceilings"); err != nil { // two at once do not both pass below
		return "", "", err
	}
	day := civil.Of(tx.Now(), civil.Pacific)
	var all, user, party int64
	err = tx.Row(`SELECT CAST(coalesce(sum(amount), 0) AS BIGINT), CAST(coalesce(sum(CASE WHEN created_by = $4 THEN amount ELSE 0 END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN vendor_id = $5 THEN amount ELSE 0 END), 0) AS BIGINT)
		FROM payments WHERE org_id = $1 AND scheduled_at >= $2 AND scheduled_at < $3 AND is_online = 1 AND state <> 'canceled'`,
		string(tx.Org()), int64(clock.FromTime(day.At(0, 0, civil.Pacific))), int64(clock.FromTime(day.AddDays(1).At(0, 0, civil.Pacific))),
		string(tx.Caller().User), string(p.VendorID)).Scan(&all, &user, &party)
	if err != nil {
		return "", "", fmt.Errorf("add up the payments made today: %w", err)
	}
	for _, c := range []struct {
		ceiling, others int64
		whose           string
	}{{prefs.VendorCeiling, party, "to this vendor"}, {prefs.UserCeiling, user, "of one user"}, {prefs.DailyCeiling, all, "of the organisation"}} {
		if c.ceiling > 0 && c.others+p.Amount > c.ceiling {
			return review, "Payments " + c.whose + " made today are " + figure(c.others+p.Amount) + ", above the ceiling of " + figure(c.ceiling) + ".", nil
		}
	}
	return review, "", nil
}

// figure is an amount of dollars in words of the timeline.
func figure(minor int64) string { return money.FormatMinor(minor, 2) }

// mayPay fails with approval.ErrApproverPays or approval.ErrOwnBank on billId where the caller may not pay the bills (APR-10).
func mayPay(tx *db.Tx, dues []*due) error {
	bills := make([]ids.ID, len(dues))
	for i, d := range dues {
		bills[i] = d.bill.ID
	}
	return onBill(bill.Approvals.MayPay(tx, bills, tx.Caller().User))
}

// onBill names the field that a refusal about separated duties is told on.
func onBill(err error) error {
	if f := fault.From(err); f != nil && len(f.Fields) == 0 {
		return f.On("billId")
	}
	return err
}
