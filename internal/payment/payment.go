package payment

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
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
	VoidRequested    = "void_requested" // the bank has been asked to send the entry back, or to stop the cheque
	Voided           = "voided"
	Unclaimed        = "unclaimed" // a stale cheque whose money is kept for the payee (VOI-7)
	Escheated        = "escheated" // that money has gone to a state
)

// numbers are the states as generations 1 and 2 number them (domain 5.5, 5.5.1).
var numbers = map[string]int64{
	AwaitingApproval: 0, Scheduled: 1, OnHold: 1, Releasing: 2, InFile: 2, Sent: 2, Settled: 2, Cleared: 2, Canceled: 3,
	Failed: 4, FundingFailed: 4, VoidRequested: 2, Voided: 4, Unclaimed: 2, Escheated: 5,
}

// disbursed are the states in which generation 2 shows another disbursementStatus than before (domain 5.5.1).
var disbursed = map[string]int64{InFile: 1, Sent: 3, Settled: 3, Cleared: 3, Failed: 2, FundingFailed: 2,
	Unclaimed: 3, Escheated: 3}

// verbs name the change into a state in the audit trail.
var verbs = map[string]string{
	Scheduled: "schedule", OnHold: "hold", Canceled: "cancel", InFile: "release", Sent: "send", Settled: "settle", Cleared: "clear", Failed: "return",
	FundingFailed: "reject", VoidRequested: "request void", Voided: "void", Unclaimed: "keep unclaimed", Escheated: "escheat",
}

// The rails built so far (domain 5.3).
const (
	ACH     = "ach"
	Check   = "check"
	Wire    = "wire"    // to a bank outside the US
	Booked  = "offline" // made elsewhere and recorded here
	Credits = "credit"  // no money: vendor credits cover the bills (PAY-2)
)

// types are the rails as generation 2 numbers them (api-v2 5.3).
var types = map[string]int64{Check: 0, ACH: 2, Wire: 5, Booked: 4, Credits: 0}

// typeBiller is the type of an ACH payment to a listed large biller.
const typeBiller = 1

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
	Steps         int64         // changes of state so far
	ReadyAt       clock.Instant // when it was scheduled last: made, approved, or let go from a hold
	Pickup        int64         // 1 or 2: the run of its process date it leaves with (PAY-10)
	SameDay       bool          // it is to settle on its process date (ACH-5)
	ApprovedBy    ids.ID        // PAY-8
	HeldBy        ids.ID        // on hold: who caused it; empty: the server
	HoldUntil     clock.Instant // on hold: when it is cancelled
	Review        string        // what a person should look at; it keeps nothing from happening

	Status             int64 // the state as generation 2 numbers it
	PaymentType        int64 // the rail as generation 2 numbers it
	DisbursementStatus int64 // 0 until money has moved, 1 under way, 2 failed, 3 done
	Online             bool  // through the platform, not recorded
	CreditAmount       int64 // vendor credits set off by it
	ChartOfAccountID   ids.ID
	SyncReference      string
	ToPrintCheck       bool // of a recorded payment
	MoneyMovementID    ids.ID
	Replaces           ids.ID        // the first payment of a chain of void and reissue
	ReplacedBy         ids.ID        // the next one of the chain
	VoidType           int64         // 0 none asked for, VoidAndCredit, VoidAndReissue
	VoidReason         string        // VOI-8
	VoidStatus         string        // requested, confirmed, refused
	VoidRequestedAt    clock.Instant // when it was asked for
	PeerID             ids.ID        // the organisation of this server that is paid over the network (NET-3)

	Parts []*BillPay    // filled in by Fill
	Uses  []*BillCredit // filled in by Fill
}

// First is the payment that generation 2 shows this one as: the first of its chain of void and reissue (api-v2 5.4).
func (p *Payment) First() ids.ID {
	if !p.Replaces.IsNull() {
		return p.Replaces
	}
	return p.ID
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
	record.Reference("createdBy", func() *record.Type { return org.Members.Type }, func(p *Payment) *ids.ID { return &p.CreatedBy }),
	record.String("holdReason", 200, func(p *Payment) *string { return &p.HoldReason }),
	record.Number("steps", func(p *Payment) *int64 { return &p.Steps }),
	record.Moment("readyAt", func(p *Payment) *clock.Instant { return &p.ReadyAt }),
	record.Number("pickup", func(p *Payment) *int64 { return &p.Pickup }),
	record.Flag("sameDay", func(p *Payment) *bool { return &p.SameDay }),
	record.Reference("approvedBy", nil, func(p *Payment) *ids.ID { return &p.ApprovedBy }),
	record.Reference("heldBy", nil, func(p *Payment) *ids.ID { return &p.HeldBy }),
	record.Moment("holdUntil", func(p *Payment) *clock.Instant { return &p.HoldUntil }),
	record.String("review", 200, func(p *Payment) *string { return &p.Review }),
	record.Choice("status", statusWords, func(p *Payment) *int64 { return &p.Status }),
	record.Choice("paymentType", map[int64]string{0: "CHECK", 1: "RPPS", 2: "ACH", 4: "OFFLINE", 5: "INTERNATIONAL_E_PAYMENT"},
		func(p *Payment) *int64 { return &p.PaymentType }),
	record.Choice("disbursementStatus", map[int64]string{0: "UNDEFINED", 1: "IN_PROGRESS", 2: "FAILED", 3: "DONE"},
		func(p *Payment) *int64 { return &p.DisbursementStatus }),
	record.Flag("isOnline", func(p *Payment) *bool { return &p.Online }),
	record.Amount("creditAmount", func(p *Payment) *int64 { return &p.CreditAmount }),
	record.Reference("chartOfAccountId", func() *record.Type { return dimension.Accounts.Type }, func(p *Payment) *ids.ID { return &p.ChartOfAccountID }),
	record.String("syncReference", 100, func(p *Payment) *string { return &p.SyncReference }),
	record.Flag("toPrintCheck", func(p *Payment) *bool { return &p.ToPrintCheck }),
	record.Reference("moneyMovementId", func() *record.Type { return Movements.Type }, func(p *Payment) *ids.ID { return &p.MoneyMovementID }),
	record.Reference("replaces", nil, func(p *Payment) *ids.ID { return &p.Replaces }),
	record.Reference("replacedBy", nil, func(p *Payment) *ids.ID { return &p.ReplacedBy }),
	record.Choice("voidType", map[int64]string{0: "NONE", VoidAndCredit: "VOID_AND_CREDIT", VoidAndReissue: "VOID_AND_REISSUE"},
		func(p *Payment) *int64 { return &p.VoidType }),
	record.String("voidReason", 200, func(p *Payment) *string { return &p.VoidReason }),
	record.String("voidStatus", 20, func(p *Payment) *string { return &p.VoidStatus }),
	record.Moment("voidRequested", func(p *Payment) *clock.Instant { return &p.VoidRequestedAt }),
	record.Reference("peerId", nil, func(p *Payment) *ids.ID { return &p.PeerID }),
)

// statusWords are the numbers of payments and their parts (domain 4.3).
var statusWords = map[int64]string{0: "APPROVING", 1: "SCHEDULED", 2: "PAID", 3: "CANCELED", 4: "VOID", 5: "ESCHEATED"}

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
	record.Choice("paymentStatus", statusWords, func(b *BillPay) *int64 { return &b.PaymentStatus }),
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
	verb       string     // in the audit trail, if not the one of the state
	process    civil.Date // the process date from now on, if set
	file       ids.ID     // the bank file that did it
	reasonCode string     // of a return
	note       string     // shown in the timeline; also the reason of a hold or failure
	clearDue   clock.Instant
	arrival    civil.Date // expected from now on, if set
	movement   ids.ID     // the bank movement it is part of, if set
	approved   ids.ID     // who approved it, if that is the change
	void       string     // what became of the request to void it, if set
}

// move takes p, locked by the caller, to a state, with its bill pays, its bills and credits and its timeline; updatedTime
// moves on all of them (SYN-3, domain 4.6). Whether the state may follow is the caller's to know.
func (p *Payment) move(tx *db.Tx, to string, c change) error {
	after := *p
	after.State, after.HoldReason, after.ClearDue, after.Status = to, "", c.clearDue, numbers[to]
	after.HeldBy, after.HoldUntil = "", 0
	if n := disbursed[to]; n != 0 {
		after.DisbursementStatus = n
	}
	if !c.movement.IsNull() {
		after.MoneyMovementID = c.movement
	}
	if !c.approved.IsNull() {
		after.ApprovedBy = c.approved
	}
	if c.void != "" {
		after.VoidStatus = c.void
	}
	switch to {
	case OnHold:
		after.HoldReason, after.HeldBy = c.note, tx.Caller().User
		after.HoldUntil = clock.FromTime(holdUntil(tx.Now()))
	case Scheduled:
		if err := after.schedule(tx, c.process); err != nil {
			return err
		}
	}
	if !c.arrival.IsZero() {
		after.ArrivalDate = c.arrival
	}
	p.step(tx, &after, c)
	if p.State == Scheduled && to != InFile { // a run clears what it releases
		tx.Exec(`DELETE FROM payment_payees WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), string(p.ID))
	}
	was, verb := p.State, cmp.Or(c.verb, verbs[to])
	does := to // to bills and credits
	if was == Sent && to == InFile {
		does = Sent // its file was rejected and is written again: the bills stay paid (E25)
	}
	Payments.SaveAs(tx, verb, p, &after)
	*p = after
	p.tellPeer(tx)
	parts, err := billPaysOf(tx, p.ID)
	if err != nil {
		return err
	}
	for _, part := range parts {
		after := *part
		after.State, after.PaymentStatus, after.ProcessDate = to, numbers[to], p.ProcessDate
		if to == Failed || to == FundingFailed {
			after.ReasonCode, after.ReasonText = c.reasonCode, c.note
		}
		BillPays.SaveAs(tx, verb, part, &after)
		if was == AwaitingApproval {
			if err := await(tx, part.BillID, -1); err != nil {
				return err
			}
		}
		if err := moveBill(tx, part, does); err != nil {
			return fmt.Errorf("payment %s to %s: %w", p.ID, to, err)
		}
	}
	if p.CreditAmount == 0 {
		return nil
	}
	if err := p.moveCredits(tx, does); err != nil {
		return fmt.Errorf("credits of payment %s to %s: %w", p.ID, to, err)
	}
	return nil
}

// schedule lets a payment leave on that process date, or the one it has; when this happens says with which pickup.
func (p *Payment) schedule(tx *db.Tx, process civil.Date) error {
	if !process.IsZero() && process != p.ProcessDate {
		v, err := vendor.Vendors.Load(tx, p.VendorID)
		if err != nil {
			return err
		}
		p.ProcessDate, p.ArrivalDate = process, p.arrives(process, v.Domestic())
	}
	p.ReadyAt, p.Pickup = clock.FromTime(tx.Now()), pickup(tx.Now(), p.ProcessDate)
	return nil
}

// await counts n more payments of a bill that wait for approval.
func await(tx *db.Tx, billID ids.ID, n int64) error {
	b, err := bill.Bills.LoadForUpdate(tx, billID)
	if err != nil {
		return err
	}
	return bill.Await(tx, b, n)
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
	case Failed, FundingFailed, Voided:
		do = bill.Reopen
	}
	if do == nil || part.Amount == 0 {
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

// holdWaiting holds the vendor's ACH payments and wires that have not left (VEN-4).
func holdWaiting(tx *db.Tx, vendorID ids.ID, reason string) error {
	waiting, err := texts(tx, `SELECT id FROM payments WHERE org_id = $1 AND vendor_id = $2 AND rail IN ('ach', 'wire') AND state = 'scheduled'
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
