package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/rail/ach/achread"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// Charges of customers (package receipt) travel as payments do: a run on their date puts them into a file of debits, a
// batch of disbursement_batches of rail debit. They count as received at settleTime of the day the bank was asked to
// settle them, and come back as returned entries do.

// collection is what is fetched together: one account of ours and one date, first tries or later ones.
type collection struct {
	account ids.ID
	date    civil.Date
	retry   bool // tries after the first, which a file of their own describes (ACH-10)
}

// kind is the kind of the file.
func (c collection) kind() string {
	if c.retry {
		return "retry"
	}
	return "debit"
}

// settleTime is when a debit of that settlement day counts as received.
func settleTime(day civil.Date) time.Time { return day.At(8, 30, civil.NewYork) }

// debitsDue is when the next charge leaves or settles; zero for none.
func debitsDue(tx *db.Tx) (leaves, settles time.Time, err error) {
	var date, again, settle string
	err = tx.Row(`SELECT (SELECT coalesce(min(payment_date), '') FROM received_pays WHERE org_id = $1 AND state = 'scheduled'),
			(SELECT coalesce(min(retry_on), '') FROM received_pays WHERE org_id = $1 AND retry_on <> ''),
			(SELECT coalesce(min(r.settle_date), '') FROM received_pays r JOIN disbursement_batches b ON b.org_id = r.org_id AND b.id = r.batch_id
				WHERE r.org_id = $1 AND r.state = 'in_file' AND b.state IN ('sent', 'settled'))`, string(tx.Org())).Scan(&date, &again, &settle)
	if err != nil {
		return leaves, settles, fmt.Errorf("look for due charges: %w", err)
	}
	if date == "" || again != "" && again < date {
		date = again
	}
	if d, err := civil.Parse(date); err == nil {
		leaves = releaseTime(d)
	}
	if d, err := civil.Parse(settle); err == nil {
		settles = settleTime(d)
	}
	return leaves, settles, nil
}

// Collect fetches every charge whose date has come, one transaction for each account and date. It checks them again:
// one that may not leave is returned with the reason.
func (e *Engine) Collect(ctx context.Context, orgID ids.ID, at time.Time) error {
	var runs []collection
	numbers := map[string]string{} // opened, by sealed number
	err := e.db.Read(ctx, caller(orgID), func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT DISTINCT r.pay_to_bank_account_id, r.payment_date, CASE WHEN r.attempt > 0 THEN 1 ELSE 0 END, r.payment_account_id FROM received_pays r
			WHERE r.org_id = $1 AND r.state = 'scheduled' AND r.payment_date <= $2 ORDER BY 2, 1, 3, 4`, string(orgID), releaseDay(at).String())
		if err != nil {
			return err
		}
		defer rows.Close()
		var from []ids.ID
		for rows.Next() {
			var c collection
			var account ids.ID
			var again int64
			if err := rows.Scan((*string)(&c.account), &c.date, &again, (*string)(&account)); err != nil {
				return err
			}
			c.retry = again == 1
			from = append(from, account)
			if len(runs) == 0 || runs[len(runs)-1] != c {
				runs = append(runs, c)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, id := range from {
			a, err := customer.BankAccounts.Load(tx, id)
			if err != nil {
				return err
			}
			if numbers[a.Account], err = a.Number(e.vault, orgID); err != nil {
				return fmt.Errorf("open the number of bank account %s: %w", id, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for charges: %w", err)
	}
	for _, c := range runs {
		err = errors.Join(err, e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error { return e.collect(tx, c, numbers) }))
	}
	return err
}

// debit is a charge that leaves in this run.
type debit struct {
	*receipt.Receipt
	from *customer.BankAccount
}

func (e *Engine) collect(tx *db.Tx, c collection, numbers map[string]string) error {
	if _, err := tx.Next("release run", 1); err != nil { // one run of the organisation at a time
		return err
	}
	found, err := texts(tx, `SELECT id FROM received_pays WHERE org_id = $1 AND state = 'scheduled' AND pay_to_bank_account_id = $2
		AND payment_date = $3 AND (attempt > 0) = (CAST($4 AS BIGINT) > 0) ORDER BY id`+tx.ForUpdate(), string(tx.Org()), string(c.account), c.date.String(),
		map[bool]int64{true: 1}[c.retry])
	if err != nil {
		return fmt.Errorf("claim charges: %w", err)
	}
	own, err := bank.Accounts.Load(tx, c.account)
	if err != nil {
		return err
	}
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	today := civil.Of(tx.Now(), civil.Pacific)
	var debits []debit
	for _, id := range found {
		r, err := receipt.Receipts.LoadForUpdate(tx, ids.ID(id))
		if err != nil {
			return err
		}
		a, why, err := chargeable(tx, o, own, r)
		if err != nil {
			return err
		}
		if why != "" {
			if err := r.Return(tx, today, "", why); err != nil {
				return err
			}
			if err := tellReturn(tx, r, civil.Date{}); err != nil {
				return err
			}
			continue
		}
		day, err := validated(tx, a)
		if err != nil {
			return err
		}
		if day.After(today) { // its test entry could not leave in time
			r.Postpone(tx, day)
			continue
		}
		if _, known := numbers[a.Account]; known { // else it has changed since: the next run takes it
			debits = append(debits, debit{r, a})
		}
	}
	if len(debits) == 0 {
		return nil
	}
	return e.ask(tx, c, o, own, debits, numbers)
}

// chargeable checks a charge again before it leaves. why says what keeps it.
func chargeable(tx *db.Tx, o org.Organisation, own *bank.Account, r *receipt.Receipt) (a *customer.BankAccount, why string, err error) {
	c, err := customer.Customers.Load(tx, r.CustomerID)
	if err != nil {
		return nil, "", err
	}
	if a, err = customer.BankAccounts.Load(tx, r.PaymentAccountID); err != nil {
		return nil, "", err
	}
	authorized, err := r.Authorized(tx, c)
	if err != nil {
		return nil, "", err
	}
	switch {
	case o.State != org.StateActive:
		why = "The organisation is not active."
	case !own.Usable():
		why = "The account the money would go to is not active and verified."
	case !authorized:
		why = "The customer no longer authorises charges."
	case !a.Usable():
		why = "The customer's bank account is not active and verified."
	}
	return a, why, nil
}

// validated is the first day on which an account can be charged: one whose test entry has not reached the bank counts from now
// (AR-12).
func validated(tx *db.Tx, a *customer.BankAccount) (civil.Date, error) {
	waits := a.PrenoteState == vendor.PrenoteDue
	if a.PrenoteState == vendor.PrenoteSent {
		err := tx.Row(`SELECT EXISTS (SELECT 1 FROM disbursement_batches WHERE org_id = $1 AND id = $2 AND state = 'in_file')`, string(tx.Org()),
			string(a.PrenoteBatch)).Scan(&waits)
		if err != nil {
			return civil.Date{}, fmt.Errorf("look for the test of account %s: %w", a.ID, err)
		}
	}
	if waits {
		return customer.ValidatedFrom(tx.Now()), nil
	}
	return a.UsableFrom, nil
}

// ask writes the file of the debits and stores it, ready to go.
func (e *Engine) ask(tx *db.Tx, c collection, o org.Organisation, own *bank.Account, debits []debit, numbers map[string]string) error {
	first, err := tx.NextN("trace "+own.Routing[:8], 1, int64(len(debits)))
	if err != nil {
		return err
	}
	batch := ids.New(ids.DisbursementBatch)
	effective := banking.Next(latest(c.date, civil.Of(tx.Now(), civil.Pacific))) // AR-13
	entries := map[ach.SEC][]ach.Entry{}
	var total int64
	for i, d := range debits {
		paid, err := invoicesPaid(tx, d.Receipt)
		if err != nil {
			return err
		}
		n := first + int64(i)
		entry := ach.Entry{TransactionCode: ach.CheckingDebit, Routing: d.from.Routing, Account: numbers[d.from.Account], Amount: d.Amount,
			ID: string(d.First()[5:]), Name: entryName(d.from.NameOnAccount), Trace: uint64(n), Addenda: []string{ach.Remittance(paid, string(d.ID))}}
		if d.from.Savings {
			entry.TransactionCode = ach.SavingsDebit
		}
		sec := debitClass(d.from, &entry)
		entries[sec] = append(entries[sec], entry)
		total += d.Amount
		d.Leave(tx, batch, fullTrace(own, n), effective)
	}
	if _, err := e.storeACH(tx, c.kind(), batch, o, own, entries, effective, ""); err != nil {
		return err
	}
	fileBatch{id: batch, account: own.ID, rail: "debit", process: c.date, effective: effective, members: len(debits), total: total}.insert(tx)
	tx.Audit("collect", "disbursementBatch", batch, fmt.Sprintf(`{"members":%d,"total":%d}`, len(debits), total))
	_, err = AddMovement(tx, Movement{Type: MoneyIn, Amount: total, ProcessDate: c.date, BankAccountID: own.ID, Description: "Receivables"})
	return err
}

// invoicesPaid is what the remittance text of a charge tells.
func invoicesPaid(tx *db.Tx, r *receipt.Receipt) ([]ach.InvoicePaid, error) {
	paid := make([]ach.InvoicePaid, len(r.Pays))
	for i, p := range r.Pays {
		inv, err := invoice.Invoices.Load(tx, p.InvoiceID)
		if err != nil {
			return nil, err
		}
		paid[i] = ach.InvoicePaid{Number: inv.InvoiceNumber, Amount: p.Amount}
	}
	return paid, nil
}

// SettleDebits counts as received what was to settle by then and has left (AR-13, event 31).
func (e *Engine) SettleDebits(ctx context.Context, orgID ids.ID, at time.Time) error {
	day := civil.Of(at, civil.NewYork)
	if at.Before(settleTime(day)) {
		day = day.AddDays(-1)
	}
	due, err := e.find(ctx, orgID, `SELECT r.id FROM received_pays r JOIN disbursement_batches b ON b.org_id = r.org_id AND b.id = r.batch_id
		WHERE r.org_id = $1 AND r.state = 'in_file' AND r.settle_date <= $2 AND b.state IN ('sent', 'settled') ORDER BY r.id`,
		string(orgID), day.String())
	if err != nil || len(due) == 0 {
		return err
	}
	return e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error {
		for _, id := range due {
			r, err := receipt.Receipts.LoadForUpdate(tx, ids.ID(id))
			if err != nil {
				return err
			}
			if r.State != receipt.InFile {
				continue
			}
			if err := r.Settle(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// rejectDebits takes back the charges of a file that the bank rejects.
func rejectDebits(tx *db.Tx, batch ids.ID, why string) error {
	found, err := texts(tx, `SELECT id FROM received_pays WHERE org_id = $1 AND batch_id = $2 ORDER BY id`, string(tx.Org()), string(batch))
	if err != nil {
		return err
	}
	for _, id := range found {
		if _, err := takeBackDebit(tx, id, civil.Of(tx.Now(), civil.Pacific), "", why); err != nil {
			return err
		}
	}
	return nil
}

// takeBackDebit returns a charge that is under way or settled; one that has come back before stays as it is. One that came
// back for want of money is tried again (ACH-10), and the customer is told (AR-14).
func takeBackDebit(tx *db.Tx, id string, day civil.Date, code, why string) (*receipt.Receipt, error) {
	r, err := receipt.Receipts.LoadForUpdate(tx, ids.ID(id))
	if err != nil || r.State != receipt.InFile && r.State != receipt.Settled {
		return r, err
	}
	if err := r.Return(tx, day, code, why); err != nil {
		return r, err
	}
	next, err := planRetry(tx, r, day)
	if err != nil {
		return r, err
	}
	return r, tellReturn(tx, r, next)
}

// notAuthorised are the codes by which a customer says that it did not agree, or no longer does (5.8).
var notAuthorised = map[string]bool{"R05": true, "R07": true, "R10": true, "R11": true, "R29": true, "R51": true}

// revoke takes back what a customer agreed to: nothing is charged until it agrees anew (5.8, AR-12).
func revoke(tx *db.Tx, c ids.ID) error {
	if _, err := customer.SetAuthorization(tx, c, false); err != nil {
		return err
	}
	tx.Exec(`UPDATE debit_authorizations SET revoked = $3 WHERE org_id = $1 AND customer_id = $2 AND revoked = 0`, string(tx.Org()), string(c),
		int64(clock.FromTime(tx.Now())))
	return nil
}

// debitBack takes in what the bank says of a debit of ours: a return takes the money back and ends an account that
// cannot be charged again, or the customer's authorisation (AR-14, 5.8). What is no debit of ours is passed over.
func debitBack(tx *db.Tx, day civil.Date, b achread.Entry, trace, returned, code string) error {
	var id string
	var amount int64
	err := tx.Row(`SELECT id, amount FROM received_pays WHERE org_id = $1 AND trace = $2`, string(tx.Org()), trace).Scan(&id, &amount)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the debit: %w", err)
	}
	if b.Amount != amount {
		return nil // ACH-8: not ours after all
	}
	tx.Exec(`UPDATE bank_returns SET matched = $5 WHERE org_id = $1 AND trace = $2 AND original = $3 AND code = $4`,
		string(tx.Org()), returned, trace, code, id)
	r, err := takeBackDebit(tx, id, day, code, reasonText(code))
	if err == nil && notAuthorised[code] {
		err = revoke(tx, r.CustomerID)
	}
	if err != nil || !effectOf(code).account {
		return err
	}
	a, err := customer.BankAccounts.LoadForUpdate(tx, r.PaymentAccountID)
	if errors.Is(err, fault.ErrNotFound) || err == nil && (a.Active != record.Active || a.Status == vendor.AccountInvalid) {
		return nil
	}
	if err != nil {
		return err
	}
	a.Refuse(tx, false)
	return nil
}

// collected matches the lump of a file of debits by the file's id and its total: event 33 is posted.
func (s statementLine) collected(tx *db.Tx) (ids.ID, error) {
	var batch, date string
	err := tx.Row(`SELECT b.id, b.process_date FROM bank_files f JOIN disbursement_batches b ON b.org_id = f.org_id AND b.id = f.batch_id
		WHERE f.org_id = $1 AND f.id = $2 AND f.kind IN ('debit', 'retry') AND b.bank_account_id = $3 AND b.total = $4 AND b.state = 'sent'`,
		string(tx.Org()), s.CustomerRef, string(s.own.ID), s.Amount).Scan(&batch, &date)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the collection: %w", err)
	}
	tx.ExecOne(`UPDATE disbursement_batches SET state = 'settled' WHERE org_id = $1 AND id = $2 AND state = 'sent'`, string(tx.Org()), batch)
	tx.Exec(`UPDATE money_movements SET status = $5, updated_time = $6 WHERE org_id = $1 AND bank_account_id = $2 AND type = $3 AND process_date = $4`,
		string(tx.Org()), string(s.own.ID), int64(MoneyIn), date, int64(MovementConfirmed), db.Stamp)
	return ids.ID(batch), s.moneyIn(tx, ids.ID(batch), "Collection of receivables", s.Amount)
}

// taken matches the money of a debit that came back, by its trace number and amount.
func (s statementLine) taken(tx *db.Tx) (ids.ID, error) {
	var id string
	err := tx.Row(`SELECT r.id FROM received_pays r WHERE r.org_id = $1 AND r.trace = $2 AND r.trace <> '' AND r.amount = $3 AND r.state = 'returned'
		AND NOT EXISTS (SELECT 1 FROM statement_lines l WHERE l.org_id = r.org_id AND l.matched = r.id)`,
		string(tx.Org()), s.CustomerRef, s.Amount).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the returned debit: %w", err)
	}
	return ids.ID(id), s.moneyIn(tx, ids.ID(id), "Returned debit", -s.Amount)
}

// moneyIn moves an amount between the account's ledger account, where a debit is positive, and Money In Clearing.
func (s statementLine) moneyIn(tx *db.Tx, source ids.ID, memo string, amount int64) error {
	entry, err := ledger.Post(tx, ledger.Entry{Date: s.asOf, Event: ledger.BankCollection, Source: source, Version: 1, Memo: memo,
		Postings: []ledger.Posting{{Account: s.own.LedgerAccountID, Amount: amount}, {Role: ledger.MoneyIn, Amount: -amount}}})
	s.note(tx, ItemCollection, source, entry, amount)
	return err
}

// verifyDebits proves Money In Clearing item by item (GL-5): what is received, less what statements show of it; what came back
// is no longer received, and its money leaves when a statement shows that, which may be before the one that brings it.
func verifyDebits(tx *db.Tx, note func(rule, format string, args ...any)) error {
	mic, err := ledger.RoleBalance(tx, ledger.MoneyIn)
	if err != nil {
		return err
	}
	var received, collected, takenBack int64
	err = tx.Row(`SELECT CAST(coalesce(sum(CASE WHEN r.state = 'settled' THEN r.amount ELSE 0 END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN b.state = 'settled' THEN r.amount ELSE 0 END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN EXISTS (SELECT 1 FROM statement_lines l WHERE l.org_id = r.org_id AND l.matched = r.id) THEN r.amount ELSE 0 END), 0) AS BIGINT)
		FROM received_pays r JOIN disbursement_batches b ON b.org_id = r.org_id AND b.id = r.batch_id WHERE r.org_id = $1`, string(tx.Org())).
		Scan(&received, &collected, &takenBack)
	if err != nil {
		return err
	}
	if mic != received-collected+takenBack {
		note("GL-5", "Money In Clearing is %d; received are %d, of which the bank shows %d, and %d that it took back", mic, received, collected, takenBack)
	}
	return nil
}
