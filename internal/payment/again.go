package payment

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/rail/ach/achread"
)

// unwrite takes the payments of a file back to where they wait for a new one, as the bank could not read it (E25). Those
// that were to be voided are: their money never left. A file of test entries has nothing to take back.
func unwrite(tx *db.Tx, f bankFile, in ids.ID, why string) error {
	err := addTask(tx, TaskOperator, f.id, "", why+". Repair what it names, then have the file written again.")
	if err != nil || f.kind != "ach" {
		return err
	}
	tx.ExecOne(`UPDATE disbursement_batches SET state = 'in_file' WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(f.batch))
	members, err := texts(tx, `SELECT payment_id FROM disbursements WHERE org_id = $1 AND batch_id = $2 ORDER BY payment_id`,
		string(tx.Org()), string(f.batch))
	if err != nil {
		return err
	}
	moved := map[ids.ID]bool{}
	for _, id := range members {
		p, err := lock(tx, id)
		if err != nil {
			return err
		}
		switch p.State {
		case Sent:
			setDisbursement(tx, p.ID, "released")
			err = p.move(tx, InFile, change{verb: "reject file", file: in, note: why})
		case VoidRequested:
			setDisbursement(tx, p.ID, "rejected")
			moved[p.MoneyMovementID] = true
			err = p.void(tx, civil.Of(tx.Now(), civil.Pacific), change{file: in, note: why}, false)
		}
		if err != nil {
			return err
		}
	}
	return settleMovements(tx, moved)
}

// WriteAgain writes a new file with the payments of one that the bank rejected for its form, and gives its id: the same
// entries, as they stand in the rejected file, with new trace numbers, under the settings of today and for the next date
// possible. The rejected file stays rejected (E25, XO-3); the id is empty if all of its payments are voided. The caller needs ApprovePayments. It fails with
// fault.ErrNotFound for a file that is none, or has been written again.
func (e *Engine) WriteAgain(ctx context.Context, who db.Caller, file ids.ID) (made ids.ID, err error) {
	old, err := e.rejectedEntries(ctx, who, file)
	if err != nil {
		return "", err
	}
	var number string
	var account ids.ID
	err = e.db.Read(ctx, who, func(tx *db.Tx) error {
		err := tx.Row(`SELECT b.bank_account_id FROM bank_files f JOIN disbursement_batches b ON b.org_id = f.org_id AND b.id = f.batch_id
			WHERE f.org_id = $1 AND f.id = $2`, string(who.Org), string(file)).Scan((*string)(&account))
		if err != nil {
			return err
		}
		a, err := bank.Accounts.Load(tx, account)
		if err != nil {
			return err
		}
		number, err = a.Number(e.vault, who.Org)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("open the account of file %s: %w", file, err)
	}
	err = e.db.Write(ctx, who, func(tx *db.Tx) error {
		made, err = e.writeAgain(tx, file, account, number, old)
		return err
	})
	return made, err
}

// rejectedEntries are the entries of a rejected file by their traces, for who approves payments.
func (e *Engine) rejectedEntries(ctx context.Context, who db.Caller, file ids.ID) (map[string]achread.Entry, error) {
	err := e.db.Read(ctx, who, func(tx *db.Tx) error {
		if err := tx.Require(org.ApprovePayments); err != nil {
			return err
		}
		found, err := texts(tx, `SELECT id FROM bank_files WHERE org_id = $1 AND id = $2 AND kind = 'ach' AND state = 'rejected'`,
			string(who.Org), string(file))
		if err == nil && len(found) == 0 {
			err = fault.ErrNotFound.With(string(file))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return e.fileEntries(ctx, who, file)
}

// fileEntries are the entries of a file of ours by their traces.
func (e *Engine) fileEntries(ctx context.Context, who db.Caller, file ids.ID) (map[string]achread.Entry, error) {
	var sealed string
	err := e.db.Read(ctx, who, func(tx *db.Tx) (err error) {
		_, sealed, err = lockFile(tx, file)
		return err
	})
	if err != nil {
		return nil, err
	}
	content, err := e.vault.Open(sealed, string(who.Org), "bank_files", "bytes", string(file))
	if err != nil {
		return nil, err
	}
	entries := map[string]achread.Entry{}
	_, err = achread.Read(bytes.NewReader(content), func(a achread.Entry) error {
		entries[a.Trace] = a
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the file %s: %w", file, err)
	}
	return entries, nil
}

func (e *Engine) writeAgain(tx *db.Tx, file, account ids.ID, number string, old map[string]achread.Entry) (ids.ID, error) {
	if err := tx.Require(org.ApprovePayments); err != nil {
		return "", err
	}
	if _, err := tx.Next("release run", 1); err != nil { // one run of the organisation at a time
		return "", err
	}
	f, _, err := lockFile(tx, file)
	if err != nil {
		return "", err
	}
	var process civil.Date
	var waits int64
	err = tx.Row(`SELECT process_date, (SELECT count(*) FROM bank_files x WHERE x.org_id = b.org_id AND x.batch_id = b.id AND x.kind = 'ach'
			AND x.state <> 'rejected') FROM disbursement_batches b WHERE b.org_id = $1 AND b.id = $2 AND b.state = 'in_file'`,
		string(tx.Org()), string(f.batch)).Scan(&process, &waits)
	members, listErr := texts(tx, `SELECT payment_id FROM disbursements WHERE org_id = $1 AND batch_id = $2 AND state = 'released' ORDER BY trace`,
		string(tx.Org()), string(f.batch))
	if err != nil || waits > 0 || len(members) == 0 || f.state != "rejected" {
		return "", errors.Join(fault.ErrNotFound.With(string(file)), listErr)
	}
	own, err := bank.Accounts.Load(tx, account)
	if err != nil {
		return "", err
	}
	o, err := org.Load(tx)
	if err != nil {
		return "", err
	}
	payments, err := stillToPay(tx, members)
	if err != nil {
		return "", err
	}
	done := func() { finishTasks(tx, file, "The file is written again.") }
	if len(payments) == 0 {
		tx.ExecOne(`UPDATE disbursement_batches SET state = 'rejected' WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(f.batch))
		done()
		return "", nil
	}
	first, err := tx.NextN("trace "+own.Routing[:8], 1, int64(len(payments)))
	if err != nil {
		return "", err
	}
	effective := banking.Next(latest(process, civil.Of(tx.Now(), civil.Pacific)))
	entries := map[ach.SEC][]ach.Entry{}
	var total int64
	for i, p := range payments {
		d, err := disbursement(tx, p.ID)
		if err != nil {
			return "", err
		}
		was, there := old[d.Trace]
		if !there || was.Amount != p.Amount {
			return "", fmt.Errorf("payment %s is not in the file %s", p.ID, file)
		}
		n := first + int64(i)
		sec := ach.SEC(was.Batch.SEC)
		entries[sec] = append(entries[sec], ach.Entry{TransactionCode: was.Code, Routing: was.Routing, Account: was.Account, Amount: was.Amount,
			ID: was.ID, Name: was.Name, Trace: uint64(n), Addenda: was.Texts})
		tx.ExecOne(`UPDATE disbursements SET trace = $3 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), string(p.ID), fullTrace(own, n))
		total += p.Amount
	}
	made, err := e.storeACH(tx, "ach", f.batch, o, own, entries, effective, number)
	if err != nil {
		return "", err
	}
	tx.ExecOne(`UPDATE disbursement_batches SET effective_date = $3, members = $4, total = $5 WHERE org_id = $1 AND id = $2`, string(tx.Org()),
		string(f.batch), effective.String(), int64(len(payments)), total)
	for _, p := range payments {
		after := *p
		after.ArrivalDate = effective
		p.step(tx, &after, change{file: made, note: "Written again"})
		Payments.SaveAs(tx, "write again", p, &after)
	}
	done()
	tx.Audit("write again", "bankFile", file, `{"made":"`+string(made)+`"}`)
	return made, nil
}

// stillToPay locks the payments of a rejected file that are to leave in a new one. What was to be voided meanwhile is: its
// money never left.
func stillToPay(tx *db.Tx, members []string) (payments []*Payment, err error) {
	moved := map[ids.ID]bool{}
	for _, id := range members {
		p, err := lock(tx, id)
		if err != nil {
			return nil, err
		}
		switch p.State {
		case InFile:
			payments = append(payments, p)
		case VoidRequested:
			setDisbursement(tx, p.ID, "rejected")
			moved[p.MoneyMovementID] = true
			if err := p.void(tx, civil.Of(tx.Now(), civil.Pacific), change{}, false); err != nil {
				return nil, err
			}
		}
	}
	return payments, settleMovements(tx, moved)
}
