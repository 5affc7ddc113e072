package payment

import (
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// The states of a payment (domain 5.5).
const (
	AwaitingApproval = "awaiting_approval"
	Scheduled        = "scheduled"
	OnHold           = "on_hold"
	Canceled         = "canceled"
	Releasing        = "releasing" // within the release's transaction only: nobody sees it
	InFile           = "in_file"
	Sent             = "sent"
	Settled          = "settled"
	Cleared          = "cleared" // a recorded payment is born so
	Failed           = "failed"
	FundingFailed    = "funding_failed"
	Voided           = "voided"
)

// numbers are the states as generations 1 and 2 number them (domain 5.5, 5.5.1).
var numbers = map[string]int64{
	AwaitingApproval: 0, Scheduled: 1, OnHold: 1, Releasing: 2, InFile: 2, Sent: 2, Settled: 2, Cleared: 2, Canceled: 3,
	Failed: 4, FundingFailed: 4, Voided: 4,
}

// verbs name the change into a state in the audit trail.
var verbs = map[string]string{
	OnHold: "hold", Canceled: "cancel", InFile: "release", Sent: "send", Settled: "settle", Cleared: "clear", Failed: "return",
	FundingFailed: "reject",
}

// The rails built so far (domain 5.3).
const (
	ACH    = "ach"
	Check  = "check"
	Booked = "offline" // made elsewhere and recorded here
)

// Payment is an instruction to pay one vendor. Amount is minor units of Currency.
type Payment struct {
	record.Base
	VendorID      ids.ID
	BankAccountID ids.ID // the funding account; empty for a recorded payment
	Rail          string
	State         string
	ProcessDate   civil.Date
	ArrivalDate   civil.Date // expected (PAY-14)
	Amount        int64
	Currency      string
	Confirmation  string
	TxnNumber     string
	Description   string
	ScheduledAt   clock.Instant // when it was made
	ClearDue      clock.Instant // settled: from when it counts as cleared
	CreatedBy     ids.ID
	HoldReason    string
	Steps         int64 // changes of state so far
}

// Payments describes payments.
var Payments = record.Describe[Payment]("sentPay", ids.SentPay, "payments",
	record.Reference("vendorId", func() *record.Type { return vendor.Vendors.Type }, func(p *Payment) *ids.ID { return &p.VendorID }),
	record.Reference("bankAccountId", func() *record.Type { return bank.Accounts.Type }, func(p *Payment) *ids.ID { return &p.BankAccountID }),
	record.String("rail", 20, func(p *Payment) *string { return &p.Rail }),
	record.String("state", 20, func(p *Payment) *string { return &p.State }),
	record.Day("processDate", func(p *Payment) *civil.Date { return &p.ProcessDate }),
	record.Day("arrivalDate", func(p *Payment) *civil.Date { return &p.ArrivalDate }),
	record.Amount("amount", func(p *Payment) *int64 { return &p.Amount }),
	record.String("currency", 3, func(p *Payment) *string { return &p.Currency }),
	record.String("confirmation", 100, func(p *Payment) *string { return &p.Confirmation }),
	record.String("txnNumber", 50, func(p *Payment) *string { return &p.TxnNumber }),
	record.String("description", 4000, func(p *Payment) *string { return &p.Description }),
	record.Moment("scheduledAt", func(p *Payment) *clock.Instant { return &p.ScheduledAt }),
	record.Moment("clearDue", func(p *Payment) *clock.Instant { return &p.ClearDue }),
	record.Reference("createdBy", nil, func(p *Payment) *ids.ID { return &p.CreatedBy }),
	record.String("holdReason", 200, func(p *Payment) *string { return &p.HoldReason }),
	record.Number("steps", func(p *Payment) *int64 { return &p.Steps }),
)

// BillPay is the part of a payment that goes to one bill.
type BillPay struct {
	record.Base
	BillID           ids.ID
	PaymentID        ids.ID
	VendorID         ids.ID
	Name             string // the confirmation number
	Amount           int64
	PaymentStatus    int64  // numbers
	State            string // of the payment
	Description      string
	ProcessDate      civil.Date
	TxnNumber        string
	PaymentType      int64 // 0 through the platform, 1 recorded
	SyncReference    string
	ToPrintCheck     bool
	ChartOfAccountID ids.ID // of a recorded payment: what it was paid from, if it was named
	ReasonCode       string // of a failed payment: Rnn
	ReasonText       string
}

// BillPays describes bill pays.
var BillPays = record.Describe[BillPay]("billpay", ids.BillPay, "bill_pays",
	record.Reference("billId", func() *record.Type { return bill.Bills.Type }, func(b *BillPay) *ids.ID { return &b.BillID }),
	record.Reference("paymentId", func() *record.Type { return Payments.Type }, func(b *BillPay) *ids.ID { return &b.PaymentID }),
	record.Reference("vendorId", func() *record.Type { return vendor.Vendors.Type }, func(b *BillPay) *ids.ID { return &b.VendorID }),
	record.String("name", 100, func(b *BillPay) *string { return &b.Name }),
	record.Amount("amount", func(b *BillPay) *int64 { return &b.Amount }),
	record.Choice("paymentStatus", map[int64]string{0: "APPROVING", 1: "SCHEDULED", 2: "PAID", 3: "CANCELED", 4: "VOID", 5: "ESCHEATED"},
		func(b *BillPay) *int64 { return &b.PaymentStatus }),
	record.String("state", 20, func(b *BillPay) *string { return &b.State }),
	record.String("description", 4000, func(b *BillPay) *string { return &b.Description }),
	record.Day("processDate", func(b *BillPay) *civil.Date { return &b.ProcessDate }),
	record.String("txnNumber", 50, func(b *BillPay) *string { return &b.TxnNumber }),
	record.Choice("paymentType", map[int64]string{0: "ONLINE", 1: "OFFLINE"}, func(b *BillPay) *int64 { return &b.PaymentType }),
	record.String("syncReference", 100, func(b *BillPay) *string { return &b.SyncReference }),
	record.Flag("toPrintCheck", func(b *BillPay) *bool { return &b.ToPrintCheck }),
	record.Reference("chartOfAccountId", func() *record.Type { return dimension.Accounts.Type }, func(b *BillPay) *ids.ID { return &b.ChartOfAccountID }),
	record.String("reasonCode", 10, func(b *BillPay) *string { return &b.ReasonCode }),
	record.String("reasonText", 200, func(b *BillPay) *string { return &b.ReasonText }),
)

// billPaysOf reads the parts of a payment.
func billPaysOf(tx *db.Tx, payment ids.ID) ([]*BillPay, error) {
	var parts []*BillPay
	err := BillPays.List(tx, record.Query{Filters: []record.Filter{
		{Field: BillPays.Must("paymentId"), Op: record.Eq, Values: []any{string(payment)}},
	}}, func(b *BillPay) error {
		parts = append(parts, b)
		return nil
	})
	return parts, err
}

// change is what comes with a change of state.
type change struct {
	file       ids.ID // the bank file that did it
	reasonCode string // of a return
	note       string // shown in the timeline; also the reason of a hold or failure
	clearDue   clock.Instant
	arrival    civil.Date // expected from now on, if set
}

// move takes p, locked by the caller, to a state, with its bill pays, its bills and its timeline; updatedTime moves on
// all of them (SYN-3, domain 4.6). Whether the state may follow is the caller's to know.
func (p *Payment) move(tx *db.Tx, to string, c change) error {
	after := *p
	after.State, after.HoldReason, after.ClearDue = to, "", c.clearDue
	if to == OnHold {
		after.HoldReason = c.note
	}
	if !c.arrival.IsZero() {
		after.ArrivalDate = c.arrival
	}
	p.step(tx, &after, c)
	Payments.SaveAs(tx, verbs[to], p, &after)
	*p = after
	parts, err := billPaysOf(tx, p.ID)
	if err != nil {
		return err
	}
	for _, part := range parts {
		after := *part
		after.State, after.PaymentStatus = to, numbers[to]
		if to == Failed || to == FundingFailed {
			after.ReasonCode, after.ReasonText = c.reasonCode, c.note
		}
		BillPays.SaveAs(tx, verbs[to], part, &after)
		if err := moveBill(tx, part, to); err != nil {
			return fmt.Errorf("payment %s to %s: %w", p.ID, to, err)
		}
	}
	return nil
}

// step adds a row to the timeline and counts it in after.
func (p *Payment) step(tx *db.Tx, after *Payment, c change) {
	after.Steps++
	note := c.note
	if c.reasonCode != "" {
		note = c.reasonCode + " " + note
	}
	tx.Exec(`INSERT INTO payment_steps (org_id, payment_id, line, state, at, file_id, note) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		string(tx.Org()), string(p.ID), after.Steps, after.State, int64(clock.FromTime(tx.Now())), string(c.file), note)
}

// moveBill does to the bill what a change of the payment means for it.
func moveBill(tx *db.Tx, part *BillPay, to string) error {
	var do func(*db.Tx, *bill.Bill, int64) error
	switch to {
	case Canceled:
		do = bill.Unschedule
	case InFile:
		do = bill.Release
	case Failed, FundingFailed:
		do = bill.Reopen
	default:
		bill.Bills.Touch(tx, part.BillID)
		return nil
	}
	b, err := bill.Bills.LoadForUpdate(tx, part.BillID)
	if err != nil {
		return err
	}
	return do(tx, b, part.Amount)
}

// lock reads the payment with that id and keeps it until the transaction ends.
func lock(tx *db.Tx, id string) (*Payment, error) { return Payments.LoadForUpdate(tx, ids.ID(id)) }

// holdWaiting holds the vendor's ACH payments that have not left (VEN-4).
func holdWaiting(tx *db.Tx, vendorID ids.ID, reason string) error {
	waiting, err := texts(tx, `SELECT id FROM payments WHERE org_id = $1 AND vendor_id = $2 AND rail = 'ach' AND state = 'scheduled'
		ORDER BY id`+tx.ForUpdate(), string(tx.Org()), string(vendorID))
	if err != nil {
		return err
	}
	for _, id := range waiting {
		p, err := lock(tx, id)
		if err == nil && p.State == Scheduled {
			err = p.move(tx, OnHold, change{note: reason})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// texts reads a column of a query with one.
func texts(tx *db.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}
