package payment

import (
	"fmt"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// What is odd about a payment counts in points, and is shown from oddShown points on (SEC-7): one strong sign, or several
// weak ones.
const (
	oddShown  = 40
	oddNew    = 30 * 24 * time.Hour // how long a vendor is new
	oddRound  = 1_000_00            // minor units: multiples of it are round
	oddBelow  = 5                   // percent below a threshold that count as just below it
	oddBigger = 3                   // times the most that a vendor was paid in a year
)

// odd says what is odd about a payment that is about to be made, in words for who approves it, and how odd it is in points;
// nothing below oddShown. to is the account that it goes to, nil for a check. Rule SEC-7.
func (p *Payment) odd(tx *db.Tx, v *vendor.Vendor, to *vendor.BankAccount) (score int, why string, err error) {
	prefs, err := org.Prefs(tx)
	if err != nil {
		return 0, "", err
	}
	now := tx.Now()
	var most, others int64
	err = tx.Row(`SELECT coalesce(max(amount), 0) FROM payments WHERE org_id = $1 AND vendor_id = $2 AND process_date >= $3
		AND state NOT IN ('canceled', 'failed', 'funding_failed', 'voided')`, string(tx.Org()), string(v.ID), p.ProcessDate.AddDays(-365).String()).Scan(&most)
	if err == nil && to != nil && to.AccountHash != "" {
		err = tx.Row(`SELECT count(*) FROM vendor_bank_accounts WHERE org_id = $1 AND account_hash = $2 AND routing = $3 AND vendor_id <> $4 AND is_active = 1`,
			string(tx.Org()), to.AccountHash, to.Routing, string(v.ID)).Scan(&others)
	}
	if err != nil {
		return 0, "", fmt.Errorf("look for what is odd about a payment to vendor %s: %w", v.ID, err)
	}
	fresh := now.Sub(v.CreatedTime.Time()) < oddNew && most == 0
	urgent := p.SameDay || !p.ProcessDate.After(banking.EarliestProcessDate(now))
	weekday := civil.Of(now, civil.Pacific).Weekday()
	t := prefs.PaymentApprovalThreshold
	var words []string
	for _, sign := range []struct {
		is     bool
		points int
		text   string
	}{
		{most > 0 && p.Amount > oddBigger*most, 40, "more than three times the most paid to this vendor in a year"},
		{others > 0, 40, "its bank account is another vendor's too"},
		{t > 0 && p.Amount < t && p.Amount >= t-t/100*oddBelow, 40, "just below the amount that needs approval"},
		{fresh && urgent, 20, "the first payment to a new vendor, and urgent"},
		{p.Amount >= oddRound && p.Amount%oddRound == 0, 10, "a round sum"},
		{weekday == time.Saturday || weekday == time.Sunday, 10, "made on a weekend"},
	} {
		if sign.is {
			score += sign.points
			words = append(words, sign.text)
		}
	}
	if score < oddShown {
		return 0, "", nil
	}
	return score, fmt.Sprintf("Odd (%d points): %s.", score, strings.Join(words, "; ")), nil
}
