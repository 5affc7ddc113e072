package view

import "strconv"

// BankTasksPage is what the bank has said that a person has to look at.
type BankTasksPage struct {
	Page
	Tasks  []BankTask
	CanAct bool
	Errors FieldErrors  // of the note that was sent
	Rates  []ReturnRate // of debits; empty where none has left
}

// ReturnRate is how many debits of the last 60 days came back for reasons of a kind.
type ReturnRate struct {
	Kind             string // "For any reason"
	Returned, Debits int64
	Rate, Limit      string // "0.40 %"
	State            Badge
}

// BankTask is one of them.
type BankTask struct {
	Number              int64
	Who                 string // "Operator", "Compliance", "Fraud", "Vendor contact"
	Code, Text, Created string
	Subject             Link // the zero Link if it has no page
	Said                string
	Acts                []TaskAct // what can be done beside saying that it is done
	Only                bool      // nothing else closes it
}

// TaskAct is a button; What is its path below the task.
type TaskAct struct{ What, Label string }

// Reversal is the reversal of a payment: one that may be asked for, or one that was.
type Reversal struct {
	State     string // for people; "" if none was asked for
	Reason    string
	CanAsk    bool
	CanDecide bool
	Reasons   []Option
}

// note is the field of a task.
func (t BankTask) note() string { return "note-" + strconv.FormatInt(t.Number, 10) }

func (t BankTask) title() string {
	if t.Code == "" {
		return t.Who
	}
	return t.Who + ", " + t.Code
}
