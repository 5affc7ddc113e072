package payment

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

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
	AccountFrom      civil.Date // of a new account that decides Earliest (VEN-4); zero where the cut-off does
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
	if from := banking.OnOrAfter(to.UsableFrom); from.After(p.Earliest) {
		p.Earliest, p.AccountFrom = from, to.UsableFrom
	}
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
	before, err := paidUnder(tx, key, r)
	if before != nil || err != nil {
		return before, err
	}
	part, err := Pay(tx, r)
	if err != nil {
		return nil, err
	}
	r.keep(tx, key, part.ID)
	return part, nil
}

// PayBillsOnce is PayBills under a key, as PayOnce is for one bill: of an order that is repeated, a bill that was paid under
// the key is answered with the payment that covers it, and the others are paid. The discounts of the order come with it;
// credits do not, and fail with fault.ErrValue.
func PayBillsOnce(tx *db.Tx, key string, o Order) ([]*Payment, error) {
	if key == "" {
		return nil, fault.ErrMissing.On("key")
	}
	discounts := map[ids.ID]int64{}
	for _, c := range o.Credits {
		if !c.Discount {
			return nil, fault.ErrValue.On("vendorCreditId")
		}
		discounts[c.BillID] = c.Amount
	}
	var made []*Payment
	asked, rest := map[ids.ID]Request{}, o
	rest.Bills, rest.Credits = nil, nil
	for _, p := range o.Bills {
		asked[p.BillID] = Request{BillID: p.BillID, Amount: p.Amount, ProcessDate: o.ProcessDate, BankAccountID: o.BankAccountID, Description: o.Description,
			SameDay: o.SameDay, Discount: discounts[p.BillID]}
	}
	before := map[ids.ID]*BillPay{}
	for _, id := range sorted(asked) {
		part, err := paidUnder(tx, underBill(key, id), asked[id])
		if err != nil {
			return nil, err
		}
		before[id] = part
	}
	for _, p := range o.Bills {
		part := before[p.BillID]
		switch {
		case part == nil:
			rest.Bills = append(rest.Bills, p)
		case !slices.ContainsFunc(made, func(m *Payment) bool { return m.ID == part.PaymentID }):
			m, err := Payments.Load(tx, part.PaymentID)
			if err != nil {
				return nil, err
			}
			if m.Parts, err = billPaysOf(tx, m.ID); err != nil {
				return nil, err
			}
			made = append(made, m)
		}
	}
	for _, c := range o.Credits {
		if before[c.BillID] == nil {
			rest.Credits = append(rest.Credits, c)
		}
	}
	if len(rest.Bills) == 0 && len(made) > 0 {
		return made, nil
	}
	paid, err := PayBills(tx, rest)
	if err != nil {
		return nil, err
	}
	for _, m := range paid {
		for _, part := range m.Parts {
			asked[part.BillID].keep(tx, underBill(key, part.BillID), part.ID)
		}
	}
	return append(made, paid...), nil
}

// underBill is the key of one bill of an order.
func underBill(key string, id ids.ID) string { return key + " " + string(id) }

// asked is the request as it is kept with its key.
func (r Request) asked() string {
	asked := fmt.Sprintf("%s %d %s %s %s", r.BillID, r.Amount, r.ProcessDate, r.BankAccountID, r.Description)
	if r.SameDay {
		asked += " same day"
	}
	if r.Discount != 0 {
		asked += fmt.Sprintf(" discount %d", r.Discount)
	}
	return asked
}

// paidUnder is what the request made before under the key, nil for nothing. It locks the bill: repetitions wait for each
// other there.
func paidUnder(tx *db.Tx, key string, r Request) (*BillPay, error) {
	if _, err := bill.ForPayment(tx, r.BillID); err != nil {
		return nil, err
	}
	var before, made string
	err := tx.Row(`SELECT request, bill_pay_id FROM pay_keys WHERE org_id = $1 AND key = $2`, string(tx.Org()), key).Scan(&before, &made)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look for the key of a payment: %w", err)
	case before != r.asked():
		return nil, fault.ErrConflict.On("key")
	}
	return BillPays.Load(tx, ids.ID(made))
}

// keep notes what the request made under the key.
func (r Request) keep(tx *db.Tx, key string, made ids.ID) {
	tx.Exec(`INSERT INTO pay_keys (org_id, key, request, bill_pay_id) VALUES ($1, $2, $3, $4)`, string(tx.Org()), key, r.asked(), string(made))
}
