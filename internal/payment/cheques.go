package payment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
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

// tryOut draws the run with numbers of its own and notes which cheques are refused and why, before a number is spent
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
		err := check.Try(l, run)
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

// issueCheques enters the cheques of a run into the register, stores the positive-pay file (CHK-6) and a place for the
// print run, whose PDF is made after the transaction. It returns the print run's file.
func (e *Engine) issueCheques(tx *db.Tx, batch ids.ID, d draft, items []item, r run) (ids.ID, error) {
	issues := make([]check.Issue, len(items))
	told := ids.New(ids.BankFile)
	run := newRun(tx, batch)
	for i, it := range items {
		issues[i] = check.Issue{Account: d.number, Serial: it.number, Date: r.process, Amount: it.Amount, Payee: it.to.Name}
		allocate(tx, r.account, it.number, it.disbursement, it.Amount, it.to.Name, r.process, run, told)
	}
	var content bytes.Buffer
	if err := check.WritePositivePay(&content, d.template, issues); err != nil {
		return "", err
	}
	err := e.store(tx, bankFile{id: told, kind: "positivepay", batch: batch, state: "ready", ending: endingOf(d.template)}, content.Bytes())
	if err != nil {
		return "", err
	}
	return run, nil
}

// endingOf is how the name of a list for positive pay ends.
func endingOf(t check.Template) string { return "-positivepay" + t.Ending() }

// allocate enters a number into the register. told is the file that tells the bank of it; empty if none does yet.
func allocate(tx *db.Tx, account ids.ID, serial int64, disbursement ids.ID, amount int64, payee string, issued civil.Date, run, told ids.ID) {
	tx.Exec(`INSERT INTO checks (org_id, bank_account_id, serial, disbursement_id, state, amount, payee, issued, run_file, issue_file, changed)
		VALUES ($1, $2, $3, $4, 'allocated', $5, $6, $7, $8, $9, $10)`, string(tx.Org()), string(account), serial, string(disbursement),
		amount, payee, issued.String(), string(run), string(told), int64(clock.FromTime(tx.Now())))
}

// print makes the PDFs of print runs that have none yet, from what was taken down at their release, and stores each
// once (CHK-5). They leave with the other files, or wait for whoever prints them (ByHand).
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
		run, funding, err = printed(tx, file)
		return err
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
		if f, _, err := lockFile(tx, file); err != nil || f.state != "unprinted" {
			return err
		}
		now, _, err := printed(tx, file)
		if err != nil || !slices.EqualFunc(run, now, func(a, b check.Check) bool { return a.Void == b.Void }) {
			return err // a cheque was voided meanwhile: the next step prints the run as it is then
		}
		state := "ready"
		if ByHand(o.Preferences, tx.Sandbox()) {
			state = "waiting"
		}
		tx.ExecOne(`UPDATE bank_files SET state = $3, sha256 = $4, size = $5, bytes = $6 WHERE org_id = $1 AND id = $2 AND state = 'unprinted'`,
			string(orgID), string(file), state, digest(content.Bytes()), int64(content.Len()), sealed)
		return nil
	})
}

// printed reads the cheques of a print run, those that were voided meanwhile as void, and the account they draw on.
func printed(tx *db.Tx, file ids.ID) ([]check.Check, *bank.Account, error) {
	rows, err := tx.Query(`SELECT c.bank_account_id, c.serial, c.issued, c.state, c.amount, d.payee FROM checks c
		JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
		WHERE c.org_id = $1 AND c.run_file = $2 ORDER BY c.serial`, string(tx.Org()), string(file))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var run []check.Check
	var account ids.ID
	for rows.Next() {
		var serial, amount int64
		var issued civil.Date
		var state, text string
		var to payee
		if err := rows.Scan((*string)(&account), &serial, &issued, &state, &amount, &text); err != nil {
			return nil, nil, err
		}
		if err := json.Unmarshal([]byte(text), &to); err != nil {
			return nil, nil, fmt.Errorf("read the payee of cheque %d: %w", serial, err)
		}
		c := cheque(serial, issued, amount, to)
		c.Void = state != CheckAllocated
		run = append(run, c)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, nil, err
	}
	a, err := bank.Accounts.Load(tx, account)
	return run, a, err
}

// printAgain has the print run of a voided cheque made again without it, if its sheets have not left yet: the run's
// first bytes are kept as superseded, a file of their own takes the new ones.
func printAgain(tx *db.Tx, run ids.ID) error {
	f, _, err := lockFile(tx, run)
	if err != nil || f.state != "ready" && f.state != "waiting" || f.name != "" {
		return err
	}
	again := newRun(tx, f.batch)
	tx.ExecOne(`UPDATE bank_files SET state = 'superseded', detail = $3 WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(run),
		"A check in it was voided: "+string(again))
	tx.Exec(`UPDATE checks SET run_file = $3 WHERE org_id = $1 AND run_file = $2`, string(tx.Org()), string(run), string(again))
	return nil
}
