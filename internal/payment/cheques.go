package payment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/check"
)

// layout is how the cheques of an account look.
func layout(o org.Organisation, a *bank.Account, number string) check.Layout {
	l := check.Layout{BankName: a.BankName, Fractional: fractional(a.Routing), Routing: a.Routing, Account: number, CompanyName: o.Name,
		CompanyAddress: address(o.Address1, o.Address2, o.Address3, o.Address4, o.City, o.Region, o.Zip, o.Country, 4),
		VoidAfterDays:  o.Preferences.ExpireCheckDays}
	if l.BankName == "" {
		l.BankName = a.Name
	}
	return l
}

// fractional is the fractional form of a routing number without the prefix of the bank's city, which it does not tell:
// institution over Federal Reserve district and office.
func fractional(routing string) string {
	plain := func(s string) string {
		if s = strings.TrimLeft(s, "0"); s == "" {
			return "0"
		}
		return s
	}
	return plain(routing[4:8]) + "/" + plain(routing[:4])
}

// cheque is a payment on paper.
func cheque(serial int64, day civil.Date, amount int64, to payee) check.Check {
	return check.Check{Serial: serial, Date: day, Payee: to.Name, Address: to.Address, Amount: amount, Memo: to.Memo, Bills: to.Bills}
}

// tryOut prints the run with numbers of its own and notes which cheques are refused and why, before a number is spent
// on them and anything is posted. A layout that is refused concerns them all.
func (d *draft) tryOut(l check.Layout, payments []*Payment) {
	for {
		var run []check.Check
		var whose []ids.ID
		for _, p := range payments {
			if to, ok := d.payees[p.ID]; ok && d.refused[p.ID] == "" {
				whose = append(whose, p.ID)
				run = append(run, cheque(int64(len(whose)), p.ProcessDate, p.Amount, to))
			}
		}
		if len(run) == 0 {
			return
		}
		err := check.Write(discard{}, l, run)
		if err == nil {
			return
		}
		var refused *check.FieldError
		if errors.As(err, &refused) && refused.Serial > 0 {
			whose = whose[refused.Serial-1 : refused.Serial]
		}
		for _, id := range whose {
			d.refused[id] = "The cheque cannot be printed: " + err.Error()
		}
	}
}

// discard takes what is written and forgets it.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// issueCheques enters the cheques of a run into the register, stores the positive-pay file (CHK-6) and a place for the
// print run, whose PDF is made after the transaction. It returns the print run's file.
func (e *Engine) issueCheques(tx *db.Tx, batch ids.ID, d draft, items []item, r run) (ids.ID, error) {
	issues := make([]check.Issue, len(items))
	for i, it := range items {
		issues[i] = check.Issue{Account: d.number, Serial: it.number, Date: r.process, Amount: it.Amount, Payee: it.to.Name}
		tx.Exec(`INSERT INTO checks (org_id, bank_account_id, serial, disbursement_id, state, amount, payee, issued)
			VALUES ($1, $2, $3, $4, 'allocated', $5, $6, $7)`, string(tx.Org()), string(r.account), it.number, string(it.disbursement),
			it.Amount, it.to.Name, r.process.String())
	}
	var content bytes.Buffer
	if err := check.WritePositivePay(&content, issues); err != nil {
		return "", err
	}
	err := e.store(tx, bankFile{id: ids.New(ids.BankFile), kind: "positivepay", batch: batch, state: "ready"}, content.Bytes())
	if err != nil {
		return "", err
	}
	id := ids.New(ids.BankFile)
	return id, e.store(tx, bankFile{id: id, kind: "checks", batch: batch, state: "unprinted"}, nil)
}

// print makes the PDFs of print runs that have none yet, from what was taken down at their release, and stores each
// once (CHK-5).
func (e *Engine) print(ctx context.Context, org ids.ID, at time.Time) error {
	found, err := e.find(ctx, org, `SELECT id FROM bank_files WHERE org_id = $1 AND state = 'unprinted' ORDER BY id`, string(org))
	for _, id := range found {
		if e := e.printRun(ctx, org, at, ids.ID(id)); e != nil {
			err = errors.Join(err, fmt.Errorf("print the cheques of file %s: %w", id, e))
		}
	}
	return err
}

func (e *Engine) printRun(ctx context.Context, orgID ids.ID, at time.Time, file ids.ID) error {
	var (
		run     []check.Check
		funding *bank.Account
		o       org.Organisation
	)
	err := e.db.Read(ctx, caller(orgID), func(tx *db.Tx) (err error) {
		if o, err = org.Load(tx); err != nil {
			return err
		}
		if run, funding, err = printed(tx, file); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	number, err := funding.Number(e.vault, orgID)
	if err != nil {
		return err
	}
	var content bytes.Buffer
	if err := check.Write(&content, layout(o, funding, number), run); err != nil {
		return err
	}
	sealed, err := e.seal(orgID, file, content.Bytes())
	if err != nil {
		return err
	}
	return e.db.WriteAt(ctx, caller(orgID), at, func(tx *db.Tx) error {
		tx.Exec(`UPDATE bank_files SET state = 'ready', sha256 = $3, size = $4, bytes = $5 WHERE org_id = $1 AND id = $2 AND state = 'unprinted'`,
			string(orgID), string(file), digest(content.Bytes()), int64(content.Len()), sealed)
		return nil
	})
}

// printed reads the cheques of a print run and the account they draw on.
func printed(tx *db.Tx, file ids.ID) ([]check.Check, *bank.Account, error) {
	var account, day string
	err := tx.Row(`SELECT b.bank_account_id, b.process_date FROM bank_files f JOIN disbursement_batches b ON b.org_id = f.org_id AND b.id = f.batch_id
		WHERE f.org_id = $1 AND f.id = $2`, string(tx.Org()), string(file)).Scan(&account, &day)
	if err != nil {
		return nil, nil, err
	}
	issued, err := civil.Parse(day)
	if err != nil {
		return nil, nil, err
	}
	rows, err := tx.Query(`SELECT d.serial, d.amount, d.payee FROM bank_files f JOIN disbursements d ON d.org_id = f.org_id AND d.batch_id = f.batch_id
		WHERE f.org_id = $1 AND f.id = $2 ORDER BY d.serial`, string(tx.Org()), string(file))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var run []check.Check
	for rows.Next() {
		var serial, amount int64
		var text string
		var to payee
		if err := rows.Scan(&serial, &amount, &text); err != nil {
			return nil, nil, err
		}
		if err := json.Unmarshal([]byte(text), &to); err != nil {
			return nil, nil, fmt.Errorf("read the payee of cheque %d: %w", serial, err)
		}
		run = append(run, cheque(serial, issued, amount, to))
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, nil, err
	}
	a, err := bank.Accounts.Load(tx, ids.ID(account))
	return run, a, err
}
