package payment

import (
	"errors"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/org"
)

// rateDays is over how many days the returns of debits are compared with the debits (ACH-11).
const rateDays = 60

// ReturnRate is how many of the debits of the last 60 days came back for reasons of a kind, beside what the rules of Nacha
// allow (ACH-11).
type ReturnRate struct {
	Kind     string // "unauthorised", "administrative", "all"
	Returned int64  // in the last 60 days
	Debits   int64  // that were to settle in the last 60 days
	Limit    int64  // per thousand of the debits
}

// Over reports whether more came back than the rules allow.
func (r ReturnRate) Over() bool { return r.Returned*1000 > r.Limit*r.Debits }

// Near reports whether the warning level is reached: four fifths of what is allowed.
func (r ReturnRate) Near() bool { return r.Returned > 0 && r.Returned*1000*5 >= r.Limit*r.Debits*4 }

// Percent is the rate as people read it, with two digits, rounded down.
func (r ReturnRate) Percent() string { return percent(r.Returned, r.Debits) }

// LimitPercent is the limit in the same form.
func (r ReturnRate) LimitPercent() string { return percent(r.Limit, 1000) }

func percent(n, of int64) string {
	if of == 0 {
		return "0.00 %"
	}
	return fmt.Sprintf("%d.%02d %%", n*100/of, n*10_000/of%100)
}

// ReturnRates compares the debits of the last 60 days with those that came back in them (ACH-11). The caller needs
// ViewBanks.
func ReturnRates(tx *db.Tx) ([]ReturnRate, error) {
	if err := tx.Require(org.ViewBanks); err != nil {
		return nil, err
	}
	today := civil.Of(tx.Now(), civil.NewYork)
	since := today.AddDays(-rateDays)
	var debits int64
	err := tx.Row(`SELECT count(*) FROM received_pays WHERE org_id = $1 AND trace <> '' AND settle_date > $2 AND settle_date <= $3`, string(tx.Org()),
		since.String(), today.String()).Scan(&debits)
	if err != nil {
		return nil, fmt.Errorf("count debits: %w", err)
	}
	rates := []ReturnRate{{Kind: "unauthorised", Limit: 5}, {Kind: "administrative", Limit: 30}, {Kind: "all", Limit: 150}}
	for i := range rates {
		rates[i].Debits = debits
	}
	rows, err := tx.Query(`SELECT b.code, count(*) FROM bank_returns b JOIN received_pays r ON r.org_id = b.org_id AND r.id = b.matched
		WHERE b.org_id = $1 AND b.created >= $2 GROUP BY b.code`, string(tx.Org()), int64(clock.FromTime(since.AddDays(1).At(0, 0, civil.NewYork))))
	if err != nil {
		return nil, fmt.Errorf("count returned debits: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var code string
		var n int64
		if err := rows.Scan(&code, &n); err != nil {
			return nil, err
		}
		if !strings.HasPrefix(code, "R") {
			continue
		}
		if notAuthorised[code] {
			rates[0].Returned += n
		}
		if code == "R02" || code == "R03" || code == "R04" {
			rates[1].Returned += n
		}
		rates[2].Returned += n
	}
	return rates, errors.Join(rows.Err(), rows.Close())
}

// watchReturns warns the administrators of rates that come near to what the rules allow or above it: a task of the operator
// for each, and a mail with it (ACH-11).
func watchReturns(tx *db.Tx) error {
	rates, err := ReturnRates(tx)
	if err != nil {
		return err
	}
	for _, r := range rates {
		code, level := "", ""
		switch {
		case r.Over():
			code, level = r.Kind+" over", "more than the rules of Nacha allow"
		case r.Near():
			code, level = r.Kind+" near", "near to what the rules of Nacha allow"
		default:
			continue
		}
		text := fmt.Sprintf("Of %d debits in %d days %d came back (%s, %s): %s, which is %s.", r.Debits, rateDays, r.Returned, rateKinds[r.Kind], r.Percent(),
			level, r.LimitPercent())
		added, err := newTask(tx, TaskOperator, tx.Org(), code, text)
		if err != nil {
			return err
		}
		if !added {
			continue
		}
		to, err := administrators(tx)
		if err != nil {
			return err
		}
		for _, address := range to {
			outbox.Queue(tx, "return rate", address, "Too many debits come back", text+"\nLook at what is charged, and to whom, before more is.\n")
		}
	}
	return nil
}

// rateKinds are the kinds in words.
var rateKinds = map[string]string{"unauthorised": "not authorised", "administrative": "wrong or closed accounts", "all": "for any reason"}
