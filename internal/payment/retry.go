package payment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/sending"
)

// A charge that came back for want of money is tried again at most twice (ACH-10): its receipt notes the day, and on that
// day a receipt like it takes its place. Until then its invoices are open, so that the customer may pay them otherwise,
// which ends the tries. After the last one a person decides.

// The bounds of tries after the first (ACH-10).
const (
	retries     = 2
	retryWithin = 180 // days after the settlement of the first debit
)

// wantsMoney are the codes of debits that may be tried again (ACH-10).
var wantsMoney = map[string]bool{"R01": true, "R09": true}

// retrySettles is the day on which a debit that came back on that day is to settle the next time: the first Friday, 1st or
// 15th for which a file can still leave, or the banking day after it (ACH-10).
func retrySettles(back civil.Date) civil.Date {
	earliest := banking.Next(banking.Next(back)) // it leaves on the banking day after, and settles on the next
	for d := earliest; ; d = d.AddDays(1) {
		if d.Weekday() == time.Friday || d.Day() == 1 || d.Day() == 15 {
			return banking.OnOrAfter(d)
		}
	}
}

// planRetry notes when a charge that came back is tried again, or leaves it to a person. It gives the day on which the next
// try is to settle; zero if there is none.
func planRetry(tx *db.Tx, r *receipt.Receipt, day civil.Date) (civil.Date, error) {
	if !wantsMoney[r.ReasonCode] {
		return civil.Date{}, nil
	}
	first, err := receipt.Receipts.Load(tx, r.First())
	if err != nil {
		return civil.Date{}, err
	}
	settles := retrySettles(day)
	if r.Attempt < retries && !settles.After(first.SettleDate.AddDays(retryWithin)) {
		r.RetryLater(tx, banking.Prev(settles))
		return settles, nil
	}
	return civil.Date{}, addTask(tx, TaskContact, r.CustomerID, r.ReasonCode, fmt.Sprintf("A charge of %s came back %d times: %s. It is not tried again: ask the customer for another way to pay.",
		money.FormatMinor(r.Amount, money.Digits(r.Currency)), r.Attempt+1, reasonText(r.ReasonCode)))
}

// Retry makes the next charge of every one whose day has come; they leave with the run that follows (ACH-10). What has
// become pointless is dropped; what cannot be charged any more is left to a person.
func (e *Engine) Retry(ctx context.Context, orgID ids.ID, at time.Time) error {
	due, err := e.find(ctx, orgID, `SELECT id FROM received_pays WHERE org_id = $1 AND retry_on <> '' AND retry_on <= $2 ORDER BY id`,
		string(orgID), releaseDay(at).String())
	for _, id := range due {
		tried := e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error { return retry(tx, ids.ID(id)) })
		if refused := fault.From(tried); refused != nil && !db.IsBusy(tried) { // something it names has changed since
			tried = e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error { return giveUp(tx, ids.ID(id), refused.Message) })
		}
		err = errors.Join(err, tried)
	}
	return err
}

// giveUp ends the tries of a charge for a reason, and leaves it to a person (ACH-10).
func giveUp(tx *db.Tx, id ids.ID, why string) error {
	r, err := receipt.Receipts.LoadForUpdate(tx, id)
	if err != nil || r.RetryOn.IsZero() {
		return err
	}
	r.RetryLater(tx, civil.Date{})
	return addTask(tx, TaskContact, r.CustomerID, "retry", fmt.Sprintf("A charge of %s that came back is not tried again: %s Ask the customer for another way to pay.",
		money.FormatMinor(r.Amount, money.Digits(r.Currency)), why))
}

func retry(tx *db.Tx, id ids.ID) error {
	if _, err := tx.Next("release run", 1); err != nil { // one run of the organisation at a time
		return err
	}
	r, err := receipt.Receipts.LoadForUpdate(tx, id)
	if err != nil || r.RetryOn.IsZero() {
		return err
	}
	day := r.RetryOn
	again, why, err := r.Retry(tx, day)
	if err != nil {
		return fmt.Errorf("try %s again: %w", id, err)
	}
	if again == nil && why != "" {
		return giveUp(tx, id, why)
	}
	r.RetryLater(tx, civil.Date{})
	return nil
}

// tellReturn mails the customer, and the administrators, that a charge came back (AR-14). next is when the next try settles;
// zero for none.
func tellReturn(tx *db.Tx, r *receipt.Receipt, next civil.Date) error {
	c, err := customer.Customers.Load(tx, r.CustomerID)
	if err != nil {
		return err
	}
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	amount, numbers := money.FormatMinor(r.Amount, money.Digits(r.Currency))+" "+r.Currency, []string{}
	for _, p := range r.Pays {
		i, err := invoice.Invoices.Load(tx, p.InvoiceID)
		if err != nil {
			return err
		}
		numbers = append(numbers, i.InvoiceNumber)
	}
	why := strings.TrimSpace(r.ReasonCode + " " + strings.TrimSuffix(r.ReasonText, "."))
	then := "It is not tried again. Please pay in another way, or open the link of the invoice and enter another account."
	if !next.IsZero() {
		then = "It is tried again on " + next.String() + ", for the same amount from the same account, unless the invoice is paid before."
	}
	from := strings.Join(strings.Fields(o.Name), " ")
	letter := outbox.Letter{Kind: "returned debit", About: r.ID, FromName: from, Subject: "Your payment of " + amount + " came back",
		Text: "Your payment of " + amount + " to " + o.Name + " for invoice " + strings.Join(numbers, ", ") + " came back from your bank: " + why +
			".\n\n" + then + "\n"}
	to, err := sending.Addresses(tx, c)
	if err != nil {
		return err
	}
	for _, letter.To = range to {
		outbox.Post(tx, letter)
	}
	letter.Subject = "A payment of " + strings.Join(strings.Fields(c.Name), " ") + " came back"
	letter.Text = "The payment of " + amount + " by " + c.Name + " for invoice " + strings.Join(numbers, ", ") + " came back: " + why +
		".\nThe invoice is open again.\n\n" + strings.Replace(then, "Please pay in another way, or open the link of the invoice and enter another account.",
		"Ask the customer for another way to pay.", 1) + "\n"
	to, err = administrators(tx)
	if err != nil {
		return err
	}
	for _, letter.To = range to {
		outbox.Post(tx, letter)
	}
	return nil
}

// administrators are the addresses of the organisation's active administrators.
func administrators(tx *db.Tx) ([]string, error) {
	return texts(tx, `SELECT u.email FROM users u JOIN memberships m ON m.user_id = u.id WHERE m.org_id = $1 AND m.is_active = 1
		AND u.is_active = 1 AND m.role = $2 ORDER BY u.email`, string(tx.Org()), org.Administrator)
}
