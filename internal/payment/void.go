package payment

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/check"
)

// What a void is asked for (api-v2 5.4).
const (
	VoidAndCredit  = 1 // the money back
	VoidAndReissue = 2 // a new cheque or deposit
)

// What became of the request to void a payment.
const (
	voidRequested = "requested"
	voidConfirmed = "confirmed"
	voidRefused   = "refused"
)

// Voiding asks to void a payment.
type Voiding struct {
	PaymentID ids.ID
	Type      int64  // VoidAndCredit or VoidAndReissue; nothing for a recorded payment
	Reason    string // VOI-8; may be left out for a recorded payment
}

// VoidReasons are the reasons for a void that people choose from; any other text is a reason of its own (VOI-8).
var VoidReasons = []string{"lost", "wrong address", "wrong amount", "duplicate", "vendor request", "fraud", "stale", "returned mail"}

// Void undoes a payment that has left, and gives it as it is then. A recorded one, or one of credits only, is voided at
// once, and so is a cheque that has not been mailed or came back by mail. One that is mailed may be presented: it is
// voided when the bank has taken the stop, and stands if the bank refuses it or has paid before (ConfirmStop).
// Of either the bank learns with the next file for positive pay. The return of an ACH entry is asked for until 13:00 Pacific of the banking day before its
// deposit; it is voided when it comes back, and stands when it does not. Rules VOI-1 to VOI-3; posting 14, 18, 19.
//
// It fails with fault.ErrNotFound, fault.ErrMissing (naming voidRequestType and reason), fault.ErrValue for another type,
// ErrNotVoidable, and where a new payment is wanted as Pay.
func Void(tx *db.Tx, v Voiding) (*Payment, error) {
	if err := tx.Require(org.CancelPayments); err != nil {
		return nil, err
	}
	p, err := Payments.LoadForUpdate(tx, v.PaymentID)
	if err != nil {
		return nil, err
	}
	if !p.Online || p.Rail == Credits {
		return p, p.voidRecorded(tx, v.Reason)
	}
	var missing []string
	if v.Type == 0 {
		missing = append(missing, "voidRequestType")
	}
	if v.Reason == "" {
		missing = append(missing, "reason")
	}
	switch {
	case missing != nil:
		return nil, fault.ErrMissing.On(missing...)
	case v.Type != VoidAndCredit && v.Type != VoidAndReissue:
		return nil, fault.ErrValue.On("voidRequestType")
	}
	asked := *p
	asked.VoidType, asked.VoidReason, asked.VoidStatus, asked.VoidRequestedAt = v.Type, v.Reason, voidRequested, clock.FromTime(tx.Now())
	switch {
	case p.Rail == Check && (p.State == InFile || p.State == Sent):
		c, err := liveCheck(tx, p.ID)
		if err != nil {
			return nil, err
		}
		Payments.SaveAs(tx, "request void", p, &asked)
		*p = asked
		if c.state == CheckMailed {
			c.stop(tx, v.Reason)
			return p, p.move(tx, VoidRequested, change{note: v.Reason})
		}
		if err := printAgain(tx, c.run); err != nil {
			return nil, err
		}
		return p, p.voidCheck(tx, c, v.Reason, true)
	case p.Rail == ACH && (p.State == InFile || p.State == Sent):
		d, err := disbursement(tx, p.ID)
		if err != nil {
			return nil, err
		}
		if d == nil || !tx.Now().Before(banking.Prev(d.Effective).At(13, 0, civil.Pacific)) {
			return nil, ErrNotVoidable.With(string(p.ID))
		}
		Payments.SaveAs(tx, "request void", p, &asked)
		*p = asked
		return p, p.move(tx, VoidRequested, change{note: v.Reason})
	}
	return nil, ErrNotVoidable.With(string(p.ID))
}

// voidRecorded voids a payment that no bank knows of: its posting is reversed on its date, or today if that month is
// closed (posting 14).
func (p *Payment) voidRecorded(tx *db.Tx, reason string) error {
	if p.State != Cleared {
		return ErrNotVoidable.With(string(p.ID))
	}
	day := p.ProcessDate
	open, err := ledger.Open(tx, day)
	if err != nil {
		return err
	}
	if !open {
		day = civil.Of(tx.Now(), civil.Pacific)
	}
	_, err = ledger.Reverse(tx, p.ID, ledger.OfflinePayment, 1, day, ledger.OfflinePaymentVoided, 1, "Recorded payment "+p.Confirmation+" voided")
	if err != nil {
		return err
	}
	return p.move(tx, Voided, change{note: reason, void: voidConfirmed})
}

// void opens the bills of a payment again whose money stays or comes back, posts event 18, asks a movement of the bank
// for the money, and makes the payment that replaces it where one is wanted. Where that cannot be made, strict fails with
// why; else the payment stays voided without.
func (p *Payment) void(tx *db.Tx, day civil.Date, c change, strict bool) error {
	return p.voidAs(tx, ledger.PaymentVoided, day, c, strict)
}

// voidAs is void, posted as the given event.
func (p *Payment) voidAs(tx *db.Tx, event ledger.Event, day civil.Date, c change, strict bool) error {
	_, err := ledger.Post(tx, ledger.Entry{Date: day, Event: event, Source: p.ID, Version: 1, Currency: p.Currency,
		Memo: "Payment " + p.Confirmation + " voided",
		Postings: []ledger.Posting{
			{Role: ledger.MoneyOut, Amount: p.Amount},
			{Role: ledger.AP, Amount: -p.Amount, Party: p.VendorID},
		}})
	if err != nil {
		return err
	}
	c.void = voidConfirmed
	if err := p.move(tx, Voided, c); err != nil {
		return err
	}
	if err := settleMovements(tx, map[ids.ID]bool{p.MoneyMovementID: true}); err != nil {
		return err
	}
	back := Movement{Type: MoneyOut, Amount: p.Amount, ProcessDate: day, Status: MovementConfirmed, BankAccountID: p.BankAccountID,
		Description: "Payment " + p.Confirmation + " voided", Reverses: p.ID}
	if c.reasonCode != "" { // the entry was sent back: the bank credits it
		back.Status = MovementSent
	}
	_, err = AddMovement(tx, back)
	if err != nil || p.VoidType != VoidAndReissue {
		return err
	}
	err = p.reissue(tx)
	if f := fault.From(err); f != nil && !strict {
		tx.Audit("refuse reissue", Payments.Name, p.ID, `{"code":"`+f.Code+`"}`)
		return nil
	}
	return err
}

// reissue makes the payment that replaces a voided one: the same bills and credits, the next date possible, the vendor's
// data of today.
func (p *Payment) reissue(tx *db.Tx) error {
	parts, err := billPaysOf(tx, p.ID)
	if err != nil {
		return err
	}
	portions := make([]Portion, len(parts))
	for i, part := range parts {
		portions[i] = Portion{part.BillID, part.Amount}
	}
	var offsets []Offset
	if p.CreditAmount > 0 {
		used, err := creditsOf(tx, p.ID)
		if err != nil {
			return err
		}
		for _, c := range used {
			offsets = append(offsets, Offset{BillID: c.BillID, CreditID: c.VendorCreditID, Amount: c.Amount, Discount: c.VendorCreditID.IsNull() && !c.Withheld,
				withheld: c.Withheld})
		}
	}
	dues, err := gather(tx, p.VendorID, portions, offsets, func(b *bill.Bill) error {
		if b.ApprovalStatus == bill.Denied {
			return bill.ErrNotPayable.On("billId")
		}
		return nil
	})
	if err != nil {
		return err
	}
	from, err := fundingAccount(tx, p.BankAccountID)
	if err != nil {
		return err
	}
	process := banking.EarliestProcessDate(tx.Now())
	to, err := addressee(tx, p.VendorID, process, dues)
	if errors.Is(err, ErrAccountNew) {
		process = latest(process, banking.OnOrAfter(to.account.UsableFrom))
		to, err = addressee(tx, p.VendorID, process, dues)
	}
	if err != nil {
		return err
	}
	made, err := plan{payee: to, from: from, dues: dues}.schedule(tx, process, p.Description, p.First())
	if err != nil {
		return err
	}
	after := *p
	after.ReplacedBy = made.ID
	Payments.SaveAs(tx, "reissue", p, &after)
	*p = after
	return nil
}

// voidCheck voids a payment whose cheque c cannot be presented, or must not be paid.
func (p *Payment) voidCheck(tx *db.Tx, c entry, reason string, strict bool) error {
	c.set(tx, CheckVoided, reason)
	setDisbursement(tx, p.ID, "voided")
	return p.void(tx, civil.Of(tx.Now(), civil.Pacific), change{note: reason}, strict)
}

// tell writes the files that stop cheques and ask for entries back, one of each kind and account, once for each payment.
func (e *Engine) tell(ctx context.Context, orgID ids.ID, at time.Time) error {
	accounts, err := e.find(ctx, orgID, `SELECT DISTINCT bank_account_id FROM checks WHERE org_id = $1 AND `+untold+` ORDER BY 1`, string(orgID))
	for _, id := range accounts {
		if e := e.stop(ctx, orgID, at, ids.ID(id)); e != nil {
			err = errors.Join(err, fmt.Errorf("stop cheques of account %s: %w", id, e))
		}
	}
	asked, findErr := e.find(ctx, orgID, `SELECT DISTINCT p.bank_account_id FROM payments p JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
		WHERE p.org_id = $1 AND p.state = 'void_requested' AND d.recalled = 0 AND d.rail <> 'check' ORDER BY 1`, string(orgID))
	err = errors.Join(err, findErr)
	for _, id := range asked {
		if e := e.recall(ctx, orgID, at, ids.ID(id)); e != nil {
			err = errors.Join(err, fmt.Errorf("recall entries of account %s: %w", id, e))
		}
	}
	return err
}

// stop writes for positive pay the void lines of cheques that must not be paid, and the issue lines of numbers that took
// the place of spoiled ones (CHK-6).
func (e *Engine) stop(ctx context.Context, orgID ids.ID, at time.Time, account ids.ID) error {
	var number string
	var template check.Template
	err := e.db.Read(ctx, caller(orgID), func(tx *db.Tx) error {
		a, err := bank.Accounts.Load(tx, account)
		if err != nil {
			return err
		}
		if template, err = a.Template(); err != nil {
			return err
		}
		number, err = a.Number(e.vault, orgID)
		return err
	})
	if err != nil {
		return err
	}
	return e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error {
		all, err := issueLines(tx, number, `bank_account_id = $2 AND `+untold, string(account))
		if err != nil || len(all) == 0 {
			return err
		}
		file := ids.New(ids.BankFile)
		for _, i := range all {
			told := "issue_file"
			if i.Void {
				told = "void_file"
			}
			tx.ExecOne(`UPDATE checks SET `+told+` = $4 WHERE org_id = $1 AND bank_account_id = $2 AND serial = $3`, string(orgID),
				string(account), i.Serial, string(file))
		}
		var content bytes.Buffer
		if err := check.WritePositivePay(&content, template, all); err != nil {
			return err
		}
		return e.store(tx, bankFile{id: file, kind: "stops", state: "ready", ending: endingOf(template)}, content.Bytes())
	})
}

// issueLines are the lines for positive pay of numbers in the register, which it keeps: void where the cheque must not be
// paid. $1 is the organisation; number is that of their account.
func issueLines(tx *db.Tx, number, where string, args ...any) (all []check.Issue, err error) {
	rows, err := tx.Query(`SELECT serial, issued, amount, payee, CASE WHEN state IN ('allocated', 'printed', 'mailed') THEN 0 ELSE 1 END FROM checks
		WHERE org_id = $1 AND `+where+` ORDER BY serial`+tx.ForUpdate(), append([]any{string(tx.Org())}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		i := check.Issue{Account: number}
		var void int64
		if err := rows.Scan(&i.Serial, &i.Date, &i.Amount, &i.Payee, &void); err != nil {
			return nil, err
		}
		i.Void = void == 1
		all = append(all, i)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// recall writes the list of entries that the bank is asked to have sent back (5.7, VOI-2).
func (e *Engine) recall(ctx context.Context, orgID ids.ID, at time.Time, account ids.ID) error {
	return e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error {
		all, err := askedBack(tx, `p.bank_account_id = $2 AND d.recalled = 0`, string(account))
		if err != nil || len(all) == 0 {
			return err
		}
		for _, a := range all {
			tx.ExecOne(`UPDATE disbursements SET recalled = 1 WHERE org_id = $1 AND id = $2 AND recalled = 0`, string(orgID), string(a.disbursement))
		}
		content, err := recallList(all)
		if err != nil {
			return err
		}
		return e.store(tx, bankFile{id: ids.New(ids.BankFile), kind: "recall", state: "ready"}, content)
	})
}

// asked is an entry that is to come back.
type asked struct {
	disbursement ids.ID
	trace        string
	line         []string // on the list
}

// askedBack are the entries of payments that are to be voided by their coming back; $1 is the organisation.
func askedBack(tx *db.Tx, where string, args ...any) (all []asked, err error) {
	rows, err := tx.Query(`SELECT d.id, d.trace, d.amount, b.effective_date, p.void_reason
		FROM payments p JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
		JOIN disbursement_batches b ON b.org_id = d.org_id AND b.id = d.batch_id
		WHERE p.org_id = $1 AND p.state = 'void_requested' AND d.rail <> 'check' AND `+where+` ORDER BY d.trace`, append([]any{string(tx.Org())}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var a asked
		var day, reason string
		var amount int64
		if err := rows.Scan((*string)(&a.disbursement), &a.trace, &amount, &day, &reason); err != nil {
			return nil, err
		}
		a.line = []string{a.trace, money.FormatMinor(amount, 2), day, reason}
		all = append(all, a)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// recallList is the file that asks for entries.
func recallList(all []asked) ([]byte, error) {
	var content bytes.Buffer
	out := csv.NewWriter(&content)
	out.UseCRLF = true
	err := out.Write([]string{"trace", "amount", "effective_date", "reason"})
	for _, a := range all {
		err = errors.Join(err, out.Write(a.line))
	}
	out.Flush()
	return content.Bytes(), errors.Join(err, out.Error())
}
