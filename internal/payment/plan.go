package payment

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/vendor"
)

// Plan is how a payment of a bill would go if it were asked for now.
type Plan struct {
	Rail             string
	AccountTail      string     // of the vendor's account; empty for a cheque
	Earliest, Latest civil.Date // process dates: PAY-3, PAY-4, VEN-4
	Domestic         bool
	Discount         int64      // for paying the whole bill early, minor units (BIL-11)
	DiscountUntil    civil.Date // the last process date that it is given for
	SameDay          civil.Date // the earliest process date that it can settle on from some account of ours; zero: on none (ACH-5)
}

// PlanFor looks ahead at a payment of b. Nothing is checked that Pay checks.
func PlanFor(tx *db.Tx, b *bill.Bill) (Plan, error) {
	v, err := vendor.Vendors.Load(tx, b.VendorID)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Rail: Check, Earliest: banking.EarliestProcessDate(tx.Now()), Domestic: v.Domestic(),
		Latest: civil.Of(tx.Now(), civil.Pacific).AddDays(maxAhead)}
	if p.Discount, p.DiscountUntil, err = Discount(tx, b, p.Earliest); err != nil {
		return p, err
	}
	to, err := payeeAccount(tx, v)
	if err != nil || to == nil {
		return p, err
	}
	p.Rail, p.AccountTail = ACH, to.AccountTail
	if to.Wired() {
		p.Rail = Wire
	}
	p.Earliest = latest(p.Earliest, banking.OnOrAfter(to.UsableFrom))
	if p.Earliest.After(p.DiscountUntil) {
		p.Discount = 0
	}
	if p.Rail != ACH || b.Payable() > SameDayLimit(p.Earliest) {
		return p, nil
	}
	ours, err := bank.List(tx)
	for _, a := range ours {
		if e := latest(earliestSameDay(a, tx.Now()), banking.OnOrAfter(to.UsableFrom)); a.Usable() && a.SameDay && (p.SameDay.IsZero() || e.Before(p.SameDay)) {
			p.SameDay = e
		}
	}
	return p, err
}

// Arrival is when the payee is expected to have the money that leaves on that process date (PAY-14).
func (p Plan) Arrival(process civil.Date) civil.Date { return arrival(p.Rail, process, p.Domestic) }

// PayOnce is Pay under a key that the caller made for the intention to pay: the same request with the same key gives the
// payment that the first one made. It fails with fault.ErrConflict when the key came with another request, else as Pay
// (XO-5).
func PayOnce(tx *db.Tx, key string, r Request) (*BillPay, error) {
	if key == "" {
		return nil, fault.ErrMissing.On("key")
	}
	if _, err := bill.ForPayment(tx, r.BillID); err != nil { // repetitions wait for each other here
		return nil, err
	}
	asked := fmt.Sprintf("%s %d %s %s %s", r.BillID, r.Amount, r.ProcessDate, r.BankAccountID, r.Description)
	if r.SameDay {
		asked += " same day"
	}
	if r.Discount != 0 {
		asked += fmt.Sprintf(" discount %d", r.Discount)
	}
	var before, made string
	err := tx.Row(`SELECT request, bill_pay_id FROM pay_keys WHERE org_id = $1 AND key = $2`, string(tx.Org()), key).Scan(&before, &made)
	switch {
	case err == nil && before != asked:
		return nil, fault.ErrConflict.On("key")
	case err == nil:
		return BillPays.Load(tx, ids.ID(made))
	case !errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("look for the key of a payment: %w", err)
	}
	part, err := Pay(tx, r)
	if err != nil {
		return nil, err
	}
	tx.Exec(`INSERT INTO pay_keys (org_id, key, request, bill_pay_id) VALUES ($1, $2, $3, $4)`, string(tx.Org()), key, asked, string(part.ID))
	return part, nil
}
