package payment

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
)

// takeStatement stores every line of a statement and matches it by its exact key (REC-3, 1): what matches posts and
// moves its payments, what does not stays for a person. A line matches once, a disbursement at most one line (REC-4).
// hashes are the fingerprints of its account numbers.
func takeStatement(tx *db.Tx, file ids.ID, f bai2.File, hashes map[string]string) error {
	accounts, err := bank.List(tx)
	if err != nil {
		return err
	}
	n, moved := 0, map[ids.ID]bool{}
	for _, g := range f.Groups {
		for _, a := range g.Accounts {
			var own *bank.Account
			for _, b := range accounts {
				if b.Routing == g.Originator && b.AccountHash == hashes[a.Number] {
					own = b
				}
			}
			for _, l := range a.Lines {
				n++
				s := statementLine{moved: moved, own: own, file: file, asOf: g.AsOf, Line: l}
				if err := s.take(tx, n); err != nil {
					return fmt.Errorf("movement %d: %w", n, err)
				}
			}
		}
	}
	return settleMovements(tx, moved)
}

// statementLine is one movement on an account; own is nil if the account is not ours.
type statementLine struct {
	moved map[ids.ID]bool // bank movements of which something was matched
	own   *bank.Account
	file  ids.ID
	asOf  civil.Date
	bai2.Line
}

func (s statementLine) take(tx *db.Tx, n int) error {
	var matched, account ids.ID
	if s.own != nil {
		account = s.own.ID
		var err error
		switch s.Type {
		case bai2.ACHSettlementDebit:
			matched, err = s.settle(tx)
		case bai2.CheckPaid:
			matched, err = s.pay(tx)
		case bai2.WireOut:
			matched, err = s.wired(tx)
		case bai2.WireIn:
			matched, err = s.wireBack(tx)
		case bai2.ACHReturnCredit:
			matched, err = s.credit(tx)
		case bai2.ACHSettlementCredit:
			matched, err = s.collected(tx)
		case bai2.ACHReturnDebit:
			matched, err = s.taken(tx)
		}
		if err != nil {
			return err
		}
	}
	amount := s.Amount
	if !s.Credit() {
		amount = -amount
	}
	tx.Exec(`INSERT INTO statement_lines (org_id, id, file_id, line, bank_account_id, as_of, type_code, amount, bank_ref, customer_ref, text, matched)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, string(tx.Org()), string(ids.New(ids.BankFile)), string(s.file), int64(n),
		string(account), s.asOf.String(), int64(s.Type), amount, s.BankRef, s.CustomerRef, s.Text, string(matched))
	return nil
}

// settle matches the lump of an ACH file by the file's id and its total: its payments are settled, event 11 is posted,
// and they clear at 17:00 New York time of the second banking day after (5.5).
func (s statementLine) settle(tx *db.Tx) (ids.ID, error) {
	var batch string
	err := tx.Row(`SELECT b.id FROM bank_files f JOIN disbursement_batches b ON b.org_id = f.org_id AND b.id = f.batch_id
		WHERE f.org_id = $1 AND f.id = $2 AND f.kind = 'ach' AND b.bank_account_id = $3 AND b.total = $4 AND b.state = 'sent'`,
		string(tx.Org()), s.CustomerRef, string(s.own.ID), s.Amount).Scan(&batch)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the settlement: %w", err)
	}
	tx.ExecOne(`UPDATE disbursement_batches SET state = 'settled' WHERE org_id = $1 AND id = $2 AND state = 'sent'`, string(tx.Org()), batch)
	tx.Exec(`UPDATE disbursements SET settled_on = $3 WHERE org_id = $1 AND batch_id = $2`, string(tx.Org()), batch, s.asOf.String())
	tx.Exec(`UPDATE disbursements SET state = 'settled' WHERE org_id = $1 AND batch_id = $2 AND state = 'sent'`, string(tx.Org()), batch)
	if err := s.post(tx, ledger.BankDebit, ids.ID(batch), "ACH settlement", -s.Amount); err != nil {
		return "", err
	}
	due := change{file: s.file, clearDue: clearing(s.asOf)}
	if err := moveBatch(tx, ids.ID(batch), Settled, due, InFile, Sent); err != nil {
		return "", err
	}
	tx.Exec(`UPDATE payments SET clear_due = $3 WHERE org_id = $1 AND state = 'void_requested'
		AND id IN (SELECT payment_id FROM disbursements WHERE org_id = $1 AND batch_id = $2)`, string(tx.Org()), batch, int64(due.clearDue))
	movements, err := texts(tx, `SELECT DISTINCT p.money_movement_id FROM payments p JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
		WHERE d.org_id = $1 AND d.batch_id = $2`, string(tx.Org()), batch)
	for _, id := range movements {
		s.moved[ids.ID(id)] = true
	}
	return ids.ID(batch), err
}

// pay matches a cheque by its number and amount: it has cleared at once, event 12 is posted (E22: one cent off matches
// nothing).
func (s statementLine) pay(tx *db.Tx) (ids.ID, error) {
	serial, err := strconv.ParseInt(strings.TrimLeft(s.CustomerRef, "0"), 10, 64)
	if err != nil {
		return "", nil
	}
	var id string
	err = tx.Row(`SELECT d.payment_id FROM checks c JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
		WHERE c.org_id = $1 AND c.bank_account_id = $2 AND c.serial = $3 AND c.amount = $4 AND c.state IN ('allocated', 'printed', 'mailed', 'stop_requested')`,
		string(tx.Org()), string(s.own.ID), serial, s.Amount).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the cheque: %w", err)
	}
	p, err := lock(tx, id)
	c := change{file: s.file}
	switch {
	case err != nil:
		return "", err
	case p.State == VoidRequested: // paid before the bank took the stop
		c.void = voidRefused
	case p.State != InFile && p.State != Sent: // in file: nobody has confirmed that it was mailed
		return "", nil
	}
	tx.ExecOne(`UPDATE checks SET state = 'cleared', changed = $4 WHERE org_id = $1 AND bank_account_id = $2 AND serial = $3`,
		string(tx.Org()), string(s.own.ID), serial, int64(clock.FromTime(tx.Now())))
	tx.ExecOne(`UPDATE disbursements SET state = 'cleared', settled_on = $3 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), id,
		s.asOf.String())
	if err := s.post(tx, ledger.CheckPaid, p.ID, "Cheque "+strconv.FormatInt(serial, 10)+" paid", -s.Amount); err != nil {
		return "", err
	}
	s.moved[p.MoneyMovementID] = true
	return p.ID, p.move(tx, Cleared, c)
}

// credit matches the money of a returned entry by its trace number and amount: event 16 is posted.
func (s statementLine) credit(tx *db.Tx) (ids.ID, error) {
	var id string
	err := tx.Row(`SELECT payment_id FROM disbursements WHERE org_id = $1 AND trace = $2 AND amount = $3 AND state = 'returned'`,
		string(tx.Org()), s.CustomerRef, s.Amount).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) || s.CustomerRef == "" {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("match the returned entry: %w", err)
	}
	setDisbursement(tx, ids.ID(id), "credited")
	tx.Exec(`UPDATE money_movements SET status = 1, updated_time = $3 WHERE org_id = $1 AND reverses = $2 AND status = 0`, string(tx.Org()), id, db.Stamp)
	return ids.ID(id), s.post(tx, ledger.BankCreditsReturn, ids.ID(id), "Returned entry credited", s.Amount)
}

// post moves an amount between the account's ledger account, where a debit is positive, and Money Out Clearing.
func (s statementLine) post(tx *db.Tx, event ledger.Event, source ids.ID, memo string, amount int64) error {
	_, err := ledger.Post(tx, ledger.Entry{Date: s.asOf, Event: event, Source: source, Version: 1, Memo: memo,
		Postings: []ledger.Posting{{Account: s.own.LedgerAccountID, Amount: amount}, {Role: ledger.MoneyOut, Amount: -amount}}})
	return err
}
