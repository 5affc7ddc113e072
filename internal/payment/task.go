package payment

import (
	"errors"
	"fmt"
	"slices"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// Who has to look at a task.
const (
	TaskOperator   = "operator"   // who runs the connection to the bank
	TaskCompliance = "compliance" // frozen accounts, sanctions
	TaskFraud      = "fraud"
	TaskContact    = "contact" // who talks to the vendor
)

// Task is something the bank has said that a person has to look at.
type Task struct {
	Number  int64
	Kind    string
	Subject ids.ID // the payment, vendor bank account or bank file
	Code    string // Rnn or Cnn; may be empty
	Text    string
	Created clock.Instant
	Done    clock.Instant // zero while it is open
	DoneBy  ids.ID
	Note    string // what was done
	Acts    []string
	Said    string // of a file in doubt: FileThere or FileMissing, where a person has said so
}

// What a person can do about a task, beside saying what was done.
const (
	ActFailed  = "failed"  // ConfirmReturn
	ActWrite   = "write"   // Engine.WriteAgain
	ActReplace = "replace" // Engine.Replace
	ActRead    = "read"    // Engine.ReadAgain
	ActDeliver = "deliver" // ResolveDelivery, and nothing else
)

// acts is what can be done about a task, of whose subject that is a file kind, state and what replaced it.
func (t *Task) acts(kind, state, replacedBy string) []string {
	switch {
	case t.Code == "R24":
		return []string{ActFailed}
	case state == "delivery_unknown":
		return []string{ActDeliver}
	case state == "refused":
		return []string{ActRead}
	case state == "rejected" && kind == "ach":
		return []string{ActWrite}
	case state == "rejected" && replacedBy == "" && slices.Contains(replaceable, kind):
		return []string{ActReplace}
	}
	return nil
}

// addTask leaves work to a person. One that is open about the same subject and code stays the only one.
func addTask(tx *db.Tx, kind string, subject ids.ID, code, text string) error {
	_, err := newTask(tx, kind, subject, code, text)
	return err
}

// newTask is addTask; it reports whether the task is a new one.
func newTask(tx *db.Tx, kind string, subject ids.ID, code, text string) (bool, error) {
	var open int64
	err := tx.Row(`SELECT count(*) FROM tasks WHERE org_id = $1 AND subject = $2 AND code = $3 AND kind = $4 AND done = 0`, string(tx.Org()),
		string(subject), code, kind).Scan(&open)
	if err != nil || open > 0 {
		return false, err
	}
	n, err := tx.Next("task", 1)
	if err != nil {
		return false, fmt.Errorf("number a task: %w", err)
	}
	tx.Exec(`INSERT INTO tasks (org_id, number, kind, subject, code, text, created) VALUES ($1, $2, $3, $4, $5, $6, $7)`, string(tx.Org()), n,
		kind, string(subject), code, text, int64(clock.FromTime(tx.Now())))
	return true, nil
}

// Tasks lists open tasks, oldest first: all of them, or those about a subject. The caller needs ViewBanks.
func Tasks(tx *db.Tx, subject ids.ID) ([]Task, error) {
	if err := tx.Require(org.ViewBanks); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT t.number, t.kind, t.subject, t.code, t.text, t.created, coalesce(f.kind, ''), coalesce(f.state, ''),
			coalesce(f.replaced_by, ''), coalesce(f.said, '') FROM tasks t LEFT JOIN bank_files f ON f.org_id = t.org_id AND f.id = t.subject
		WHERE t.org_id = $1 AND t.done = 0 AND ($2 = '' OR t.subject = $2) ORDER BY t.number LIMIT 1000`, string(tx.Org()), string(subject))
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	defer rows.Close()
	var all []Task
	for rows.Next() {
		var t Task
		var kind, state, replacedBy string
		if err := rows.Scan(&t.Number, &t.Kind, (*string)(&t.Subject), &t.Code, &t.Text, (*int64)(&t.Created), &kind, &state, &replacedBy,
			&t.Said); err != nil {
			return nil, err
		}
		t.Acts = t.acts(kind, state, replacedBy)
		all = append(all, t)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// FinishTask closes a task with what was done about it. The caller needs ApprovePayments. It fails with fault.ErrNotFound
// for a task that is not open, with fault.ErrMissing without a note, and with ErrDeliveryOpen for that of a file in doubt.
func FinishTask(tx *db.Tx, number int64, note string) error {
	if err := tx.Require(org.ApprovePayments); err != nil {
		return err
	}
	if note == "" {
		return fault.ErrMissing.On("note")
	}
	doubtful, err := texts(tx, `SELECT f.id FROM tasks t JOIN bank_files f ON f.org_id = t.org_id AND f.id = t.subject
		WHERE t.org_id = $1 AND t.number = $2 AND t.done = 0 AND f.state = 'delivery_unknown'`, string(tx.Org()), number)
	if err != nil {
		return err
	}
	if len(doubtful) > 0 {
		return ErrDeliveryOpen
	}
	n, err := tx.ExecNow(`UPDATE tasks SET done = $3, done_by = $4, note = $5 WHERE org_id = $1 AND number = $2 AND done = 0`, string(tx.Org()),
		number, int64(clock.FromTime(tx.Now())), string(tx.Caller().User), note)
	if err == nil && n == 0 {
		err = fault.ErrNotFound.With(fmt.Sprint(number))
	}
	return err
}

// finishTasks closes what is open about a subject by what the caller did.
func finishTasks(tx *db.Tx, subject ids.ID, note string) {
	tx.Exec(`UPDATE tasks SET done = $3, done_by = $4, note = $5 WHERE org_id = $1 AND subject = $2 AND done = 0`, string(tx.Org()), string(subject),
		int64(clock.FromTime(tx.Now())), string(tx.Caller().User), note)
}

// OpenTasks counts the open tasks.
func OpenTasks(tx *db.Tx) (n int64, err error) {
	err = tx.Row(`SELECT count(*) FROM tasks WHERE org_id = $1 AND done = 0`, string(tx.Org())).Scan(&n)
	return n, err
}
