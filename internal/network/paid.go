package network

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/record"
)

// Paid is the job.Handler of payment.NetworkKind: it makes what the organisation at the other end keeps of a payment
// follow what the payment has become (NET-3, decision 28). The payer's transaction queues it, so that a crash loses
// nothing; it reads the payment as it stands and writes the receipt in one transaction of the payee, so that it may run
// twice.
func Paid(d *db.DB) job.Handler {
	return func(ctx context.Context, it job.Item, at time.Time) error {
		var n news
		err := d.Read(ctx, db.Caller{Org: it.Org, Channel: "job"}, func(tx *db.Tx) (err error) {
			n, err = newsOf(tx, ids.ID(it.Key))
			return err
		})
		if err != nil {
			return err
		}
		there := db.Caller{Org: n.payment.PeerID, Perms: org.All, Channel: Channel}
		if err := d.WriteAt(ctx, there, at, func(tx *db.Tx) error { return n.arrive(tx) }); err != nil {
			return fmt.Errorf("tell %s of payment %s: %w", there.Org, it.Key, err)
		}
		return d.WriteAt(ctx, db.Caller{Org: it.Org, Channel: "job"}, at, func(tx *db.Tx) error { return job.Done(tx, it) })
	}
}

// news is what the payee learns of a payment over the network: no account of the payer, and no name but its own.
type news struct {
	payment  *payment.Payment
	from     ids.ID // the payer
	payer    string // its name
	portions []receipt.Portion
	request  ids.ID // the invitation that made the link
	inviter  ids.ID // the organisation that sent it
	customer ids.ID // what stands for the payer; empty: nothing yet
	account  ids.ID // of the payee's, that gets the money; empty: its default one
	code     string // why it failed
	why      string
}

// newsOf reads a payment of the caller's organisation as it is to be told.
func newsOf(tx *db.Tx, id ids.ID) (n news, err error) {
	if n.payment, err = payment.Payments.Load(tx, id); err != nil {
		return n, err
	}
	us, err := org.Load(tx)
	if err != nil {
		return n, err
	}
	n.from, n.payer = us.ID, us.Name
	rows, err := tx.Query(`SELECT b.invoice_number, x.amount, x.reason_code, x.reason_text FROM bill_pays x JOIN bills b ON b.org_id = x.org_id AND b.id = x.bill_id
		WHERE x.org_id = $1 AND x.payment_id = $2 ORDER BY x.id`, string(tx.Org()), string(id))
	if err != nil {
		return n, fmt.Errorf("read the bills of payment %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var p receipt.Portion
		if err := rows.Scan(&p.Number, &p.Amount, &n.code, &n.why); err != nil {
			return n, err
		}
		n.portions = append(n.portions, p)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return n, err
	}
	if n.code == "" { // words of the payer's people or of its bank
		n.why = ownWords[n.payment.State]
	}
	// Also of a link that has ended since: a payment under way is told of to its end.
	err = tx.Row(`SELECT org_id, id, CASE WHEN org_id = $1 THEN peer_record_id ELSE customer_id END, CASE WHEN org_id = $1 THEN account_id ELSE '' END
		FROM network_requests WHERE state IN ($4, $5) AND (org_id = $1 AND vendor_id = $2 AND peer_id = $3
			OR org_id = $3 AND customer_id <> '' AND peer_id = $1 AND peer_record_id = $2)
		ORDER BY state, created_time DESC LIMIT 1`, string(tx.Org()), string(n.payment.VendorID), string(n.payment.PeerID), Accepted, Ended).
		Scan((*string)(&n.inviter), (*string)(&n.request), (*string)(&n.customer), (*string)(&n.account))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return n, fmt.Errorf("look for the link of payment %s: %w", id, err)
	}
	var used string
	err = tx.Row(`SELECT bank_account FROM disbursements WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), string(id)).Scan(&used)
	if errors.Is(err, sql.ErrNoRows) {
		return n, nil
	}
	if used != "" {
		n.account = ids.ID(used)
	}
	return n, err
}

// ownWords say what became of a payment for which no bank gave a code.
var ownWords = map[string]string{payment.Canceled: "The payer cancelled the payment.", payment.Voided: "The payer took the payment back.",
	payment.Failed: "The payment could not be carried out.", payment.FundingFailed: "The payment could not be carried out."}

// follows is the state of the payee's receipt by the state of the payment; none where the receipt stays as it is.
var follows = map[string]string{
	payment.Settled: receipt.Credited, payment.Cleared: receipt.Credited,
	payment.Canceled: receipt.Canceled,
	payment.Failed:   receipt.Returned, payment.FundingFailed: receipt.Returned, payment.Voided: receipt.Returned,
}

// arrive is the payee's side: the receipt is made when the payment is scheduled, and follows it.
func (n news) arrive(tx *db.Tx) error {
	p := n.payment
	if err := tx.Lock("network payments of " + string(n.from)); err != nil { // two payments make one customer
		return err
	}
	to := follows[p.State]
	r, err := receipt.OfPeer(tx, n.from, p.ID)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	if r == nil {
		if p.State == payment.AwaitingApproval || to == receipt.Canceled || to == receipt.Returned {
			return nil // the payee has not heard of it
		}
		if r, err = n.announce(tx); err != nil {
			return err
		}
	}
	day := civil.Of(tx.Now(), civil.Pacific)
	if r.State == receipt.Announced && p.ProcessDate != r.PaymentDate {
		r.Postpone(tx, p.ProcessDate)
	}
	return r.Follow(tx, to, day, n.code, n.why)
}

// announce makes the receipt, and the customer that it comes from if nothing stands for the payer yet (NET-2).
func (n news) announce(tx *db.Tx) (*receipt.Receipt, error) {
	stands := "peer_record_id"
	if n.inviter == tx.Org() {
		stands = "customer_id"
	}
	// Another payment may have brought the customer since.
	err := tx.Row(`SELECT `+stands+` FROM network_requests WHERE org_id = $1 AND id = $2`, string(n.inviter), string(n.request)).
		Scan((*string)(&n.customer))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("look for the customer of the payer: %w", err)
	}
	c, err := customer.Customers.Load(tx, n.customer)
	if errors.Is(err, fault.ErrNotFound) || err == nil && c.Active != record.Active {
		c = customer.Customers.New().(*customer.Customer)
		c.Name = n.payer
		if err = customer.Create(tx, c); err == nil && n.request != "" {
			tx.Exec(`UPDATE network_requests SET `+stands+` = $3 WHERE org_id = $1 AND id = $2`, string(n.inviter), string(n.request), string(c.ID))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make a customer of the payer: %w", err)
	}
	a, err := bank.Accounts.Load(tx, n.account)
	if errors.Is(err, fault.ErrNotFound) {
		a, err = bank.Default(tx)
	}
	if err != nil {
		return nil, err
	}
	r := receipt.Receipts.New().(*receipt.Receipt)
	r.CustomerID, r.PeerID, r.PeerPaymentID = c.ID, n.from, n.payment.ID
	r.PaymentDate, r.Amount, r.Currency = n.payment.ProcessDate, n.payment.Amount, n.payment.Currency
	r.PayToBankAccountID, r.DepositToAccountID = a.ID, a.LedgerAccountID
	r.RefNumber, r.Description = n.payment.Confirmation, n.payment.Description
	return r, receipt.Announce(tx, r, n.portions)
}
