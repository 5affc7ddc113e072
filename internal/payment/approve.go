package payment

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// aloneDays is how many banking days later takes effect what only one person could do (SEC-5).
const aloneDays = 2

// Approve lets a payment leave that waits for a second person, and gives it as it is then: its process date moves forward
// to the earliest possible now if the cut-off for it has passed (PAY-8). It fails with fault.ErrNotFound, ErrNotWaiting,
// ErrSamePerson for who made it, or where duties are separated as Pay. Where nobody else could approve it, who made it may, and it leaves two banking days later
// at the earliest (SEC-5).
func Approve(tx *db.Tx, id ids.ID) (*Payment, error) {
	p, err := waiting(tx, id, AwaitingApproval)
	if err != nil {
		return nil, err
	}
	parts, err := billPaysOf(tx, p.ID)
	if err != nil {
		return nil, err
	}
	bills := make([]ids.ID, len(parts))
	for i, part := range parts {
		bills[i] = part.BillID
	}
	if err := onBill(bill.Approvals.MayPay(tx, bills, tx.Caller().User)); err != nil {
		return nil, err
	}
	return p, p.letGo(tx, change{verb: "approve", approved: tx.Caller().User})
}

// Deny cancels a payment that waits for a second person and mails it, with the reason, to whoever made it and to the holders
// of ManageBills, whose bills are payable again (PAY-8). It fails with fault.ErrNotFound, ErrNotWaiting or, without a
// reason, fault.ErrMissing.
func Deny(tx *db.Tx, id ids.ID, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return fault.ErrMissing.On("reason")
	}
	p, err := waiting(tx, id, AwaitingApproval)
	if err != nil {
		return err
	}
	if err := p.move(tx, Canceled, change{verb: "deny", note: firstRunes(reason, maxNote)}); err != nil {
		return err
	}
	v, err := vendor.Vendors.Load(tx, p.VendorID)
	if err != nil {
		return err
	}
	by, err := org.UserByID(tx, tx.Caller().User)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("Payment %s to %s: %s %s", p.Confirmation, v.Name, money.FormatMinor(p.Amount, money.Digits(p.Currency)), p.Currency)
	return org.Tell(tx, org.ManageBills, p.CreatedBy, outbox.Letter{Kind: "denied", About: p.ID, Subject: strings.Join(strings.Fields("Denied: "+what), " "),
		Text: fmt.Sprintf("%s has denied this:\n\n%s, for %s\n\nReason: %s\n\nIt is cancelled; its bills can be paid again.\n",
			cmp.Or(by.Name, by.Email), what, p.Description, reason)})
}

// waiting reads a payment that waits in that state for who may approve payments, and keeps it.
func waiting(tx *db.Tx, id ids.ID, state string) (*Payment, error) {
	if err := tx.Require(org.ApprovePayments); err != nil {
		return nil, err
	}
	p, err := Payments.LoadForUpdate(tx, id)
	if err == nil && p.State != state {
		err = ErrNotWaiting.With(string(id))
	}
	return p, err
}

// Decision is whether the caller may let a payment go that waits or is held, and when it leaves then.
type Decision struct {
	May      bool
	Alone    bool // nobody else could: it leaves two banking days later at the earliest (SEC-5)
	LeavesOn civil.Date
}

// Decide looks ahead at Approve or Lift.
func (p *Payment) Decide(tx *db.Tx) (Decision, error) {
	d := Decision{May: tx.Caller().Perms.Has(org.ApprovePayments), LeavesOn: latest(p.ProcessDate, banking.EarliestProcessDate(tx.Now()))}
	me := tx.Caller().User
	if !d.May || me != p.cause() {
		return d, nil
	}
	other, err := org.OtherHolds(tx, me, org.ApprovePayments)
	d.May, d.Alone = !other, !other
	if d.Alone {
		d.LeavesOn = latest(d.LeavesOn, banking.Add(civil.Of(tx.Now(), civil.Pacific), aloneDays))
	}
	return d, err
}

// letGo schedules a payment that waits or is held. It fails with ErrSamePerson (SEC-5).
func (p *Payment) letGo(tx *db.Tx, c change) error {
	d, err := p.Decide(tx)
	if err != nil {
		return err
	}
	if !d.May {
		return ErrSamePerson
	}
	if d.Alone {
		if err := org.ActAlone(tx, tx.Caller().User, Payments.Name, p.ID, "let payment "+p.Confirmation+" go"); err != nil {
			return err
		}
	}
	c.process = d.LeavesOn
	return p.move(tx, Scheduled, c)
}

// maxNote is how many characters of what a person says stand in the timeline.
const maxNote = 200

func firstRunes(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
