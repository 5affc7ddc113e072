package payment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// MaxBills is how many bills one order names at most (PAY-1).
const MaxBills = 200

// maxTogether is how many bills one payment covers at most: what a cheque's stub lists (CHK-8).
const maxTogether = 35

// Portion is the money of an order that goes to one bill, in minor units. It is zero where credits alone cover the bill.
type Portion struct {
	BillID ids.ID
	Amount int64
}

// Offset is what an order sets off against one bill, in minor units: of a vendor credit, or as the discount for paying early.
type Offset struct {
	BillID, CreditID ids.ID
	Amount           int64
	Discount         bool // of no credit (BIL-11)
	withheld         bool // of no credit either: what the payment that is made again kept back
}

// Order asks to pay bills of one or more vendors on one date.
type Order struct {
	VendorID      ids.ID     // every bill's; empty: each bill's own
	BankAccountID ids.ID     // empty: the default account
	ProcessDate   civil.Date // zero: the earliest (PAY-5)
	Description   string     // empty: the numbers of the bills
	SameDay       bool       // to settle on ProcessDate (ACH-5)
	Bills         []Portion
	Credits       []Offset // a bill that is in no portion is covered by credits in full
}

// PayBills schedules payments for all the bills of an order, or none. Bills of one vendor share a payment, at most 35 of
// them and never above a limit, where organisation and vendor allow combining (PAY-9); else each has its own. A payment
// without money, as credits cover its bills, is done at once (PAY-2). It fails as Pay, and with fault.ErrTooMany for no
// bills or more than MaxBills, fault.ErrValue for a bill named twice, fault.ErrReference for a bill or credit of another
// vendor or a credit that is not there, ErrSameDay, credit.ErrDenied, credit.ErrLeft, ErrDiscount.
func PayBills(tx *db.Tx, o Order) ([]*Payment, error) {
	dues, err := gather(tx, o.VendorID, o.Bills, o.Credits, func(b *bill.Bill) error {
		if err := b.CheckPayable(tx); err != nil {
			return err
		}
		if b.Currency != "USD" { // INT-7 is not built
			return bill.ErrNotPayable.On("billId")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if o.ProcessDate.IsZero() {
		o.ProcessDate = banking.EarliestProcessDate(tx.Now())
	}
	if !o.SameDay {
		if err := checkDate(tx.Now(), o.ProcessDate); err != nil {
			return nil, err
		}
	}
	for _, d := range dues {
		if err := d.checkDiscount(tx, o.ProcessDate); err != nil {
			return nil, err
		}
	}
	var from *bank.Account
	if err := withhold(tx, dues); err != nil {
		return nil, err
	}
	if cash(dues) > 0 {
		if from, err = fundingAccount(tx, o.BankAccountID); err != nil {
			return nil, err
		}
	}
	if o.SameDay {
		if err := checkSameDay(tx, from, o.ProcessDate); err != nil {
			return nil, err
		}
	}
	prefs, err := org.Prefs(tx)
	if err != nil {
		return nil, err
	}
	together, plans := slices.Clone(dues), []plan(nil)
	for len(dues) > 0 {
		var own []*due // of one vendor
		id := dues[0].bill.VendorID
		dues = slices.DeleteFunc(dues, func(d *due) bool {
			if d.bill.VendorID == id {
				own = append(own, d)
			}
			return d.bill.VendorID == id
		})
		to, err := addressee(tx, id, o.ProcessDate, own)
		if err != nil {
			return nil, err
		}
		for _, one := range to.combine(own, prefs.CombinePayments != "separate" && to.vendor.CombinePayments) {
			pl := plan{payee: to, from: from, dues: one, sameDay: o.SameDay}
			if o.SameDay && !pl.maySameDay(o.ProcessDate) {
				return nil, ErrSameDay.On("sameDay")
			}
			plans = append(plans, pl)
		}
	}
	if err := mayPay(tx, together); err != nil {
		return nil, err
	}
	confirmed, err := org.ConfirmedToPay(tx)
	if err != nil {
		return nil, fmt.Errorf("look for the confirmation of payments: %w", err)
	}
	if !confirmed {
		return nil, ErrUnconfirmed
	}
	made := make([]*Payment, 0, len(plans))
	for _, pl := range plans {
		description := o.Description
		if description == "" {
			description = invoices(pl.dues)
		}
		m, err := pl.schedule(tx, o.ProcessDate, description, "")
		if err != nil {
			return nil, err
		}
		made = append(made, m)
	}
	return made, nil
}

// due is a bill in an order, locked: what of it is paid and what is set off.
type due struct {
	bill     *bill.Bill
	amount   int64
	uses     []use
	discount int64 // for paying early
	withheld int64 // kept back for the tax office (posting 10)
}

// use is what is set off of a credit, locked, against one bill.
type use struct {
	credit *credit.Credit
	amount int64
}

func (d *due) credits() (sum int64) {
	for _, u := range d.uses {
		sum += u.amount
	}
	return sum + d.discount + d.withheld
}

func cash(dues []*due) (sum int64) {
	for _, d := range dues {
		sum += d.amount
	}
	return sum
}

func credits(dues []*due) (sum int64) {
	for _, d := range dues {
		sum += d.credits()
	}
	return sum
}

// invoices describes a payment by the numbers of its bills (api-v2 3.6).
func invoices(dues []*due) string {
	numbers := make([]string, len(dues))
	for i, d := range dues {
		numbers[i] = d.bill.InvoiceNumber
	}
	return "Inv #" + strings.Join(numbers, ", ")
}

// gather reads and locks the bills and credits of an order, in the order of their ids, so that two orders at once do not
// wait for each other in a ring, and judges them in the order named. payable says whether a bill may be paid at all.
func gather(tx *db.Tx, vendorID ids.ID, portions []Portion, offsets []Offset, payable func(*bill.Bill) error) ([]*due, error) {
	if len(portions) == 0 || len(portions) > MaxBills {
		return nil, fault.ErrTooMany.On("billPays")
	}
	dues := make([]*due, 0, len(portions))
	byBill := make(map[ids.ID]*due, len(portions))
	for _, p := range portions {
		if byBill[p.BillID] != nil {
			return nil, fault.ErrValue.On("billId")
		}
		d := &due{amount: p.Amount}
		byBill[p.BillID] = d
		dues = append(dues, d)
	}
	for _, o := range offsets {
		if byBill[o.BillID] == nil {
			d := &due{}
			byBill[o.BillID] = d
			dues = append(dues, d)
		}
	}
	var err error
	for _, id := range sorted(byBill) {
		if byBill[id].bill, err = bill.ForPayment(tx, id); err != nil {
			return nil, err
		}
	}
	if err := setOff(tx, byBill, offsets); err != nil {
		return nil, err
	}
	for _, d := range dues {
		if !vendorID.IsNull() && d.bill.VendorID != vendorID {
			return nil, fault.ErrReference.On("billId")
		}
		if err := payable(d.bill); err != nil {
			return nil, err
		}
		c, left := d.credits(), d.bill.Payable()
		switch {
		case d.amount < 0, d.amount == 0 && (c == 0 || c < left):
			return nil, fault.ErrAmount.On("amount")
		case d.amount > maxAmount, c > left, d.amount > left-c:
			return nil, bill.ErrOverpaid.On("amount")
		}
	}
	return dues, nil
}

// setOff adds the credits of an order to its bills.
func setOff(tx *db.Tx, byBill map[ids.ID]*due, offsets []Offset) (err error) {
	if len(offsets) == 0 {
		return nil
	}
	found := map[ids.ID]*credit.Credit{}
	for _, o := range offsets {
		if !o.Discount && !o.withheld {
			found[o.CreditID] = nil
		}
	}
	left := map[ids.ID]int64{}
	for _, id := range sorted(found) {
		if found[id], err = credit.ForUse(tx, id); err != nil {
			return err
		}
		left[id] = found[id].Left()
	}
	for _, o := range offsets {
		if o.withheld {
			byBill[o.BillID].withheld = o.Amount
			continue
		}
		if o.Discount {
			d := byBill[o.BillID]
			if o.Amount <= 0 || d.discount > 0 {
				return fault.ErrAmount.On("amount")
			}
			d.discount = o.Amount
			continue
		}
		d, c := byBill[o.BillID], found[o.CreditID]
		if c.VendorID != d.bill.VendorID || c.Currency != d.bill.Currency {
			return fault.ErrReference.On("vendorCreditId")
		}
		if o.Amount <= 0 {
			return fault.ErrAmount.On("amount")
		}
		if left[o.CreditID] -= o.Amount; left[o.CreditID] < 0 {
			return credit.ErrLeft.On("amount")
		}
		d.uses = append(d.uses, use{c, o.Amount})
	}
	return nil
}

func sorted[T any](m map[ids.ID]T) []ids.ID {
	keys := make([]ids.ID, 0, len(m))
	for id := range m {
		keys = append(keys, id)
	}
	slices.Sort(keys)
	return keys
}

// recipient is a vendor that is paid, and how.
type recipient struct {
	vendor  *vendor.Vendor
	account *vendor.BankAccount // nil for a cheque
}

// addressee checks whether the vendor can be paid what dues ask for, each at a time. It fails with ErrVendorInactive,
// ErrAccountNew, ErrInternational, ErrCountry, ErrLimit, ErrAddress; where no money is to go, only with the first.
func addressee(tx *db.Tx, id ids.ID, process civil.Date, dues []*due) (r recipient, err error) {
	if r.vendor, err = vendor.Vendors.Load(tx, id); err != nil {
		return r, err
	}
	if r.vendor.Active != record.Active {
		return r, ErrVendorInactive
	}
	if cash(dues) == 0 {
		return r, nil
	}
	if r.account, err = payeeAccount(tx, r.vendor); err != nil {
		return r, err
	}
	if r.account != nil && process.Before(r.account.UsableFrom) {
		return r, ErrAccountNew.On("processDate").With(american(banking.OnOrAfter(r.account.UsableFrom)))
	}
	var most int64
	for _, d := range dues {
		most = max(most, d.amount)
	}
	return r, checkPayee(tx, r.vendor, r.account != nil, most)
}

// combine parts the bills of a vendor into payments (PAY-9).
func (r recipient) combine(dues []*due, allowed bool) (payments [][]*due) {
	limit := int64(maxAmount)
	if !r.vendor.Domestic() {
		limit = maxInternational
	}
	for _, d := range dues {
		if n := len(payments) - 1; allowed && n >= 0 && len(payments[n]) < maxTogether && cash(payments[n])+d.amount <= limit {
			payments[n] = append(payments[n], d)
			continue
		}
		payments = append(payments, []*due{d})
	}
	return payments
}

// plan is a payment that has passed its checks.
type plan struct {
	payee   recipient
	from    *bank.Account // nil where no money moves
	dues    []*due
	sameDay bool // it is to settle on its process date
}

// schedule makes the payment and reserves its amounts; one without money is done at once. From the organisation's
// threshold on it waits for approval (PAY-8), above a ceiling of the day (LIM-4) or when it is too odd (SEC-7) it goes on hold. replaces is the first payment
// of the chain that it continues, if any.
func (pl plan) schedule(tx *db.Tx, process civil.Date, description string, replaces ids.ID) (*Payment, error) {
	p := &Payment{VendorID: pl.payee.vendor.ID, Rail: Check, State: Scheduled, ProcessDate: process, ArrivalDate: process, Amount: cash(pl.dues),
		CreditAmount: credits(pl.dues), Currency: pl.dues[0].bill.Currency, Description: description, Online: true, Replaces: replaces}
	var hold string
	switch {
	case p.Amount == 0:
		p.Rail, p.State = Credits, Cleared
	case pl.payee.account != nil && pl.payee.account.Wired():
		p.Rail = Wire
	case pl.payee.account != nil:
		p.Rail = ACH
		if overNetwork(pl.payee.account.ID) {
			p.PeerID = pl.payee.vendor.LinkedTo
		}
	}
	if p.Amount > 0 {
		p.BankAccountID, p.ChartOfAccountID = pl.from.ID, pl.from.LedgerAccountID
		p.SameDay = pl.sameDay
		p.ArrivalDate = p.arrives(process, pl.payee.vendor.Domestic())
		prefs, err := org.Prefs(tx)
		if err != nil {
			return nil, err
		}
		if p.Review, hold, err = p.limits(tx, pl.payee.vendor.Domestic()); err != nil {
			return nil, err
		}
		score, odd, err := p.odd(tx, pl.payee.vendor, pl.payee.account)
		if err != nil {
			return nil, err
		}
		p.Review = firstRunes(strings.TrimSpace(p.Review+" "+odd), maxNote)
		if limit := prefs.OddPaymentHold; limit > 0 && score >= limit && hold == "" {
			hold = odd
		}
		if t := prefs.PaymentApprovalThreshold; t > 0 && p.Amount >= t {
			p.State = AwaitingApproval
			if hold != "" { // a second person looks at it anyway
				if hold != odd {
					p.Review = firstRunes(strings.TrimSpace(p.Review+" "+hold), maxNote)
				}
				hold = ""
			}
		}
	}
	for _, d := range pl.dues {
		if d.amount > 0 {
			if err := bill.ScheduleFrom(tx, d.bill, d.amount, pl.from.ID); err != nil {
				return nil, err
			}
		}
		if p.State == AwaitingApproval {
			if err := bill.Await(tx, d.bill, 1); err != nil {
				return nil, err
			}
		}
	}
	_, err := p.create(tx, pl.dues, BillPay{Description: description, ToPrintCheck: p.Rail == Check})
	if err != nil || hold == "" {
		return p, err
	}
	for _, part := range p.Parts {
		part.State = OnHold
	}
	return p, p.move(tx, OnHold, change{note: hold})
}

// create stores a new payment with its parts, which are like the given one, and its credits. Its money is on the bills
// already.
func (p *Payment) create(tx *db.Tx, dues []*due, like BillPay) (*Payment, error) {
	n, err := tx.Next("confirmation", 1)
	if err != nil {
		return nil, fmt.Errorf("number the payment: %w", err)
	}
	p.ID, p.Active, p.AllowExport = ids.New(ids.SentPay), record.Active, true
	p.Confirmation = confirmation(civil.Of(tx.Now(), civil.Pacific), n)
	p.TxnNumber = secret.NewToken(upperLetters, 20)
	p.CreatedBy, p.ScheduledAt = tx.Caller().User, clock.FromTime(tx.Now())
	p.ReadyAt, p.Pickup = p.ScheduledAt, pickup(tx.Now(), p.ProcessDate)
	p.Status, p.PaymentType = numbers[p.State], types[p.Rail]
	if p.PeerID.Is(ids.ListedVendor) {
		p.PaymentType = typeBiller
	}
	p.step(tx, p, change{})
	Payments.Insert(tx, p)
	p.tellPeer(tx)
	for _, d := range dues {
		part := like
		part.Active = record.Active
		if p.Rail != Booked {
			part.AllowExport = true
		}
		part.BillID, part.Amount = d.bill.ID, d.amount
		part.PaymentID, part.VendorID, part.Name, part.TxnNumber = p.ID, p.VendorID, p.Confirmation, p.TxnNumber
		part.State, part.PaymentStatus, part.ProcessDate = p.State, numbers[p.State], p.ProcessDate
		BillPays.Insert(tx, &part)
		p.Parts = append(p.Parts, &part)
		for _, u := range d.uses {
			c, err := p.setOff(tx, d.bill, u)
			if err != nil {
				return p, err
			}
			p.Uses = append(p.Uses, c)
		}
		if d.discount > 0 {
			c, err := p.take(tx, d.bill, d.discount, false)
			if err != nil {
				return p, err
			}
			p.Uses = append(p.Uses, c)
		}
		if d.withheld > 0 {
			c, err := p.take(tx, d.bill, d.withheld, true)
			if err != nil {
				return p, err
			}
			p.Uses = append(p.Uses, c)
		}
	}
	return p, nil
}
