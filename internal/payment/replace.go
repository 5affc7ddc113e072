package payment

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/check"
)

// replaceable are the kinds of files that say what is so and move no money: once the bank has rejected one, a person may
// have it written anew.
var replaceable = []string{"positivepay", "stops", "recall"}

// Replace writes the lines of a rejected issue, stop or recall file anew, as far as they still hold, closes its task and
// gives the id of the new file. It is empty if nothing of it holds any more. A file is replaced once; the new one may be
// replaced in its turn. The caller needs ApprovePayments. It fails with fault.ErrNotFound for another file.
func (e *Engine) Replace(ctx context.Context, who db.Caller, file ids.ID) (made ids.ID, err error) {
	var number string
	var template check.Template
	var traces []string
	err = e.db.Read(ctx, who, func(tx *db.Tx) error {
		f, sealed, err := rejected(tx, file)
		if err != nil {
			return err
		}
		if f.kind == "recall" {
			traces, err = e.recalledTraces(who.Org, f.id, sealed)
			return err
		}
		accounts, err := texts(tx, `SELECT DISTINCT bank_account_id FROM checks WHERE org_id = $1 AND (issue_file = $2 OR void_file = $2)`,
			string(who.Org), string(file))
		if err != nil || len(accounts) != 1 { // its cheques stand in other files by now
			return err
		}
		a, err := bank.Accounts.Load(tx, ids.ID(accounts[0]))
		if err != nil {
			return err
		}
		if template, err = a.Template(); err != nil {
			return err
		}
		number, err = a.Number(e.vault, who.Org)
		return err
	})
	if err != nil {
		return "", err
	}
	err = e.db.Write(ctx, who, func(tx *db.Tx) error {
		f, _, err := rejected(tx, file)
		if err != nil {
			return err
		}
		made = ids.New(ids.BankFile)
		var content []byte
		ending := ""
		if f.kind == "recall" {
			content, err = recallAgain(tx, traces)
		} else {
			ending = endingOf(template)
			content, err = issueAgain(tx, file, made, number, template)
		}
		if err != nil {
			return fmt.Errorf("replace file %s: %w", file, err)
		}
		finishTasks(tx, file, "The file is written again.")
		if content == nil {
			made = ""
			tx.ExecOne(`UPDATE bank_files SET replaced_by = 'nothing' WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(file))
			return nil
		}
		tx.ExecOne(`UPDATE bank_files SET replaced_by = $3 WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(file), string(made))
		tx.Audit("write again", "bankFile", file, `{"made":"`+string(made)+`"}`)
		return e.store(tx, bankFile{id: made, batch: f.batch, kind: f.kind, state: "ready", ending: ending}, content)
	})
	return made, err
}

// rejected locks a file that may be replaced, for who approves payments.
func rejected(tx *db.Tx, file ids.ID) (f bankFile, sealed string, err error) {
	if err := tx.Require(org.ApprovePayments); err != nil {
		return f, "", err
	}
	found, err := texts(tx, `SELECT id FROM bank_files WHERE org_id = $1 AND id = $2 AND state = 'rejected' AND replaced_by = ''`+tx.ForUpdate(),
		string(tx.Org()), string(file))
	if err != nil {
		return f, "", err
	}
	if len(found) == 1 {
		f, sealed, err = lockFile(tx, file)
	}
	if err == nil && !slices.Contains(replaceable, f.kind) {
		err = fault.ErrNotFound.With(string(file))
	}
	return f, sealed, err
}

// recalledTraces are the traces on a list that asks for entries.
func (e *Engine) recalledTraces(org, file ids.ID, sealed string) (traces []string, err error) {
	content, err := e.vault.Open(sealed, string(org), "bank_files", "bytes", string(file))
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the list %s: %w", file, err)
	}
	for _, r := range rows[1:] {
		traces = append(traces, r[0])
	}
	return traces, nil
}

// recallAgain lists those of the entries that still are to come back; nil if there are none.
func recallAgain(tx *db.Tx, traces []string) ([]byte, error) {
	all, err := askedBack(tx, `d.recalled = 1`)
	all = slices.DeleteFunc(all, func(a asked) bool { return !slices.Contains(traces, a.trace) })
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return recallList(all)
}

// issueAgain writes the lines of a file for positive pay that still hold, and notes the new file at their numbers; nil if
// there are none. A cheque that was to be stopped and is not, as the file was rejected, is stopped by asking again (VOI-3).
func issueAgain(tx *db.Tx, old, made ids.ID, number string, template check.Template) ([]byte, error) {
	const issued, void = `(issue_file = $2 AND state IN ('allocated', 'printed', 'mailed'))`,
		`(void_file = $2 AND state IN ('voided', 'spoiled', 'stop_requested', 'stale'))`
	all, err := issueLines(tx, number, `(`+issued+` OR `+void+`)`, string(old))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	tx.Exec(`UPDATE checks SET issue_file = $3 WHERE org_id = $1 AND `+issued, string(tx.Org()), string(old), string(made))
	tx.Exec(`UPDATE checks SET void_file = $3 WHERE org_id = $1 AND `+void, string(tx.Org()), string(old), string(made))
	var content bytes.Buffer
	if err := check.WritePositivePay(&content, template, all); err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}
