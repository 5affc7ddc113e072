package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

var turnaround = Report{Name: "approval-turnaround", Title: "Bill approval turnaround", Group: "Controls",
	About: "How long bills entered in a time took to their first approval, to their last and to being paid: median and nine out of ten.",
	Takes: []Parameter{from, until, by("vendor", "approver", "bill"), vendorID}, run: (*Table).turnaround}

var approvalQueue = Report{Name: "approval-queue", Title: "Bills waiting for approval", Group: "Controls",
	About: "Who is asked to approve which bill, since when, and whether that or the bill is overdue.",
	Takes: []Parameter{show("all", "overdue"), vendorID}, run: (*Table).approvalQueue}

var exceptionLog = Report{Name: "exceptions", Title: "Duplicates and exceptions", Group: "Controls",
	About: "Bills entered with a number the vendor had before, overrides of the separation of duties, and holds.",
	Takes: []Parameter{from, until, show("all", "duplicates", "separation", "holds")}, run: (*Table).exceptionLog}

var bankChanges = Report{Name: "vendor-bank-changes", Title: "Vendor bank changes", Group: "Controls",
	About: "Every change of a vendor's bank account in the twelve months before a day: who made it, who approved it, and how soon it was paid to.",
	Takes: []Parameter{asOf, vendorID}, run: (*Table).bankChanges}

// passage is the way of a bill through its approvals; zero where it has not come so far.
type passage struct {
	vendor, number       string
	id, vendorID         ids.ID
	entered, first, last clock.Instant
	approvalStatus       int64
	paid                 civil.Date
}

// hours are the whole hours between two instants, nil if the second has not come.
func hours(from, to clock.Instant) any {
	if to == 0 {
		return nil
	}
	return int64(to.Time().Sub(from.Time()) / time.Hour)
}

// quantile is the smallest value that a share of all is no greater than, nil of none (nearest rank).
func quantile(all []int64, percent int) any {
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	return all[(len(all)*percent+99)/100-1]
}

func (t *Table) turnaround(tx *db.Tx) error {
	if t.Params.By == "approver" {
		return t.byApprover(tx)
	}
	begin, end := t.Params.From.At(0, 0, t.zone), t.Params.To.AddDays(1).At(0, 0, t.zone)
	var all []passage
	err := t.query(tx, func(scan func(...any) error) error {
		var p passage
		err := scan((*string)(&p.id), &p.number, (*string)(&p.vendorID), &p.vendor, (*int64)(&p.entered), &p.approvalStatus, (*int64)(&p.first),
			(*int64)(&p.last), &p.paid)
		if all = append(all, p); len(all) > MaxRows {
			return ErrTooLong
		}
		return err
	}, `SELECT b.id, b.invoice_number, b.vendor_id, coalesce(v.name, ''), b.created_time, b.approval_status,
			coalesce((SELECT min(a.status_changed_time) FROM bill_approvers a WHERE a.org_id = b.org_id AND a.object_id = b.id AND a.status = 4), 0),
			coalesce((SELECT max(a.status_changed_time) FROM bill_approvers a WHERE a.org_id = b.org_id AND a.object_id = b.id AND a.status = 4), 0),
			coalesce((SELECT min(x.process_date) FROM bill_pays x WHERE x.org_id = b.org_id AND x.bill_id = b.id
				AND x.state IN ('in_file', 'sent', 'settled', 'cleared', 'void_requested', 'unclaimed', 'escheated')), '')
		FROM bills b LEFT JOIN vendors v ON v.org_id = b.org_id AND v.id = b.vendor_id
		WHERE b.org_id = $1 AND b.is_active = 1 AND b.created_time >= $2 AND b.created_time < $3 AND ($4 = '' OR b.vendor_id = $4)
		ORDER BY lower(v.name), b.vendor_id, b.created_time, b.id`, int64(clock.FromTime(begin)), int64(clock.FromTime(end)), string(t.Params.Vendor))
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].approvalStatus != approval.Approved {
			all[i].last = 0
		}
	}
	if t.Params.By == "bill" {
		t.Columns = []Column{{"vendor", "Vendor", Text, false}, {"number", "Bill", Text, false}, {"entered", "Entered", Date, false},
			{"firstHours", "Hours to first approval", Number, false}, {"approvedHours", "Hours to approved", Number, false}, {"paidDays", "Days to paid", Number, false}}
		for _, p := range all {
			t.add(Source{Record: p.id}, p.vendor, p.number, t.day(p.entered), hours(p.entered, p.first), hours(p.entered, p.last), t.paidDays(p))
		}
		return nil
	}
	t.Columns = []Column{{"vendor", "Vendor", Text, false}, {"bills", "Bills", Number, true}, {"approved", "Approved", Number, true},
		{"firstMedian", "Hours to first approval, median", Number, false}, {"first90", "90 %", Number, false},
		{"approvedMedian", "Hours to approved, median", Number, false}, {"approved90", "90 %", Number, false},
		{"paidMedian", "Days to paid, median", Number, false}, {"paid90", "90 %", Number, false}}
	line := func(of Source, name string, some []passage, sum bool) {
		var first, last, paid []int64
		for _, p := range some {
			for to, v := range map[*[]int64]any{&first: hours(p.entered, p.first), &last: hours(p.entered, p.last), &paid: t.paidDays(p)} {
				if n, ok := v.(int64); ok {
					*to = append(*to, n)
				}
			}
		}
		t.Rows = append(t.Rows, Row{Of: of, Sum: sum, Cells: []any{name, int64(len(some)), int64(len(last)), quantile(first, 50), quantile(first, 90),
			quantile(last, 50), quantile(last, 90), quantile(paid, 50), quantile(paid, 90)}})
	}
	for begin := 0; begin < len(all); {
		end := begin
		for end < len(all) && all[end].vendorID == all[begin].vendorID {
			end++
		}
		p := t.Params
		p.By, p.Vendor = "bill", all[begin].vendorID
		line(Source{Record: p.Vendor, Report: t.Report.Name, Params: p}, all[begin].vendor, all[begin:end], false)
		begin = end
	}
	if len(all) > 0 {
		line(Source{}, "All vendors", all, true)
	}
	return nil
}

func (t *Table) paidDays(p passage) any {
	if p.paid.IsZero() {
		return nil
	}
	return int64(max(0, p.paid.Sub(t.day(p.entered)))) // one recorded later than it was made took no time
}

// byApprover measures from when the turn came to an approver: when the bill came to it or the one before had approved.
func (t *Table) byApprover(tx *db.Tx) error {
	t.Columns = []Column{{"approver", "Approver", Text, false}, {"approved", "Approved", Number, true}, {"denied", "Denied", Number, true},
		{"waiting", "Waiting", Number, true}, {"median", "Hours to decide, median", Number, false}, {"most90", "90 %", Number, false}}
	type person struct {
		name                      string
		approved, denied, waiting int64
		took                      []int64
	}
	people := map[ids.ID]*person{}
	var bill ids.ID
	var turn clock.Instant
	begin, end := t.Params.From.At(0, 0, t.zone), t.Params.To.AddDays(1).At(0, 0, t.zone)
	err := t.query(tx, func(scan func(...any) error) error {
		var of, user ids.ID
		var name string
		var status int64
		var asked, decided clock.Instant
		if err := scan((*string)(&of), (*string)(&user), &name, &status, (*int64)(&asked), (*int64)(&decided)); err != nil {
			return err
		}
		if of != bill {
			bill, turn = of, 0
		}
		p := people[user]
		if p == nil {
			p = &person{name: name}
			people[user] = p
		}
		switch status {
		case approval.HasApproved:
			p.approved++
			p.took = append(p.took, hours(min(max(asked, turn), decided), decided).(int64))
			turn = max(turn, decided)
		case approval.HasDenied:
			p.denied++
			p.took = append(p.took, hours(min(max(asked, turn), decided), decided).(int64))
		case approval.Waiting, approval.Viewed:
			p.waiting++
		}
		return nil
	}, `SELECT a.object_id, a.user_id, CASE u.name WHEN '' THEN u.email ELSE u.name END, a.status, a.created_time, a.status_changed_time
		FROM bills b JOIN bill_approvers a ON a.org_id = b.org_id AND a.object_id = b.id JOIN users u ON u.id = a.user_id
		WHERE b.org_id = $1 AND b.is_active = 1 AND b.created_time >= $2 AND b.created_time < $3 AND ($4 = '' OR b.vendor_id = $4)
		ORDER BY a.object_id, a.sort_order, a.status_changed_time, a.id`,
		int64(clock.FromTime(begin)), int64(clock.FromTime(end)), string(t.Params.Vendor))
	if err != nil {
		return err
	}
	for id, p := range people {
		if p.approved+p.denied+p.waiting > 0 {
			t.add(Source{Record: id}, p.name, p.approved, p.denied, p.waiting, quantile(p.took, 50), quantile(p.took, 90))
		}
	}
	slices.SortFunc(t.Rows, func(a, b Row) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Cells[0].(string)), strings.ToLower(b.Cells[0].(string))), cmp.Compare(a.Of.Record, b.Of.Record))
	})
	return nil
}

// approvalQueue marks what has waited for as long as an administrator may decide it (APR-12), and bills past due.
func (t *Table) approvalQueue(tx *db.Tx) error {
	t.Columns = []Column{{"vendor", "Vendor", Text, false}, {"number", "Bill", Text, false}, {"due", "Due", Date, false}, {"approver", "Waits for", Text, false},
		{"since", "Since", Date, false}, {"days", "Days", Number, false}, {"overdue", "Overdue", Text, false}, {"amount", "Amount", Money, false}}
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	most := cmp.Or(o.Preferences.ApprovalEscalationDays, 5)
	today := civil.Of(tx.Now(), t.zone)
	return t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var name, number, approver string
		var due civil.Date
		var since clock.Instant
		var amount int64
		if err := scan((*string)(&id), &name, &number, &due, &approver, (*int64)(&since), &amount); err != nil {
			return err
		}
		days := int64(today.Sub(t.day(since)))
		var late []string
		if !today.Before(bank.Days.Add(t.day(since), most)) {
			late = append(late, "the approval")
		}
		if due.Before(today) {
			late = append(late, "the bill")
		}
		if len(late) > 0 || t.Params.Show == "all" {
			t.add(Source{Record: id}, name, number, due, approver, t.day(since), days, strings.Join(late, ", "), amount)
		}
		return nil
	}, `SELECT b.id, coalesce(v.name, ''), b.invoice_number, b.due_date, CASE u.name WHEN '' THEN u.email ELSE u.name END, a.status_changed_time, b.amount
		FROM bill_approvers a JOIN bills b ON b.org_id = a.org_id AND b.id = a.object_id AND b.is_active = 1 JOIN users u ON u.id = a.user_id
		LEFT JOIN vendors v ON v.org_id = b.org_id AND v.id = b.vendor_id
		WHERE a.org_id = $1 AND a.is_active = 1 AND a.status IN (0, 1) AND ($2 = '' OR b.vendor_id = $2) ORDER BY a.status_changed_time, a.id`,
		string(t.Params.Vendor))
}

// logged are the actions of the audit trail that the log has, by what they are.
var logged = map[string]string{"override separation": "separation", "act alone": "separation", "hold": "holds", "lift hold": "holds"}

// detail takes from the changes of an event of the audit trail why it was done.
func detail(changes string) string {
	fields := map[string]json.RawMessage{}
	_ = json.Unmarshal([]byte(changes), &fields) // "" of an event that changed nothing
	var said []string
	for _, name := range []string{"rule", "holdReason", "reason"} {
		var pair []any
		if json.Unmarshal(fields[name], &pair) == nil && len(pair) == 2 && pair[1] != "" && pair[1] != nil {
			said = append(said, spaced(fmt.Sprint(pair[1])))
		}
	}
	return strings.Join(said, ": ")
}

// exceptionLog tells what went past a rule and what a rule stopped (BIL-6, SEC-5, separation of duties).
func (t *Table) exceptionLog(tx *db.Tx) error {
	t.Columns = []Column{{"record", "What", Text, false}, {"date", "Date", Date, false}, {"exception", "Exception", Text, false}, {"by", "By", Text, false},
		{"detail", "Why", Text, false}}
	begin, end := int64(clock.FromTime(t.Params.From.At(0, 0, t.zone))), int64(clock.FromTime(t.Params.To.AddDays(1).At(0, 0, t.zone)))
	words := map[string]string{"override separation": "Separation of duties overridden", "act alone": "Acted alone: nobody else could",
		"hold": "Put on hold", "lift hold": "Hold lifted"}
	type event struct {
		at  clock.Instant
		row Row
	}
	var all []event
	err := t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var at clock.Instant
		var action, who, changes, name, number string
		if err := scan((*string)(&id), (*int64)(&at), &action, &who, &changes, &name, &number); err != nil {
			return err
		}
		if w := t.Params.Show; w != "all" && w != logged[action] {
			return nil
		}
		all = append(all, event{at, Row{Of: Source{Record: id}, Cells: []any{strings.TrimSpace(itemTypes[id.Prefix()] + " " + number + " " + name), t.day(at), words[action], who, detail(changes)}}})
		if len(all) > MaxRows {
			return ErrTooLong
		}
		return nil
	}, `SELECT a.record_id, a.stamp, a.action, coalesce(CASE u.name WHEN '' THEN u.email ELSE u.name END, 'Duebook'), a.changes,
			coalesce(v.name, bv.name, pv.name, cv.name, ''), coalesce(b.invoice_number, p.confirmation, c.ref_number, '')
		FROM audit_events a LEFT JOIN users u ON u.id = a.user_id LEFT JOIN vendors v ON v.org_id = a.org_id AND v.id = a.record_id
		LEFT JOIN bills b ON b.org_id = a.org_id AND b.id = a.record_id LEFT JOIN vendors bv ON bv.org_id = a.org_id AND bv.id = b.vendor_id
		LEFT JOIN payments p ON p.org_id = a.org_id AND p.id = a.record_id LEFT JOIN vendors pv ON pv.org_id = a.org_id AND pv.id = p.vendor_id
		LEFT JOIN vendor_credits c ON c.org_id = a.org_id AND c.id = a.record_id LEFT JOIN vendors cv ON cv.org_id = a.org_id AND cv.id = c.vendor_id
		WHERE a.org_id = $1 AND a.stamp >= $2 AND a.stamp < $3 AND a.action IN ('override separation', 'act alone', 'hold', 'lift hold')
		ORDER BY a.stamp, a.id`, begin, end)
	if err != nil {
		return err
	}
	if t.Params.Show == "all" || t.Params.Show == "duplicates" {
		err = t.query(tx, func(scan func(...any) error) error {
			var id ids.ID
			var at clock.Instant
			var who, name, number string
			if err := scan((*string)(&id), (*int64)(&at), &who, &name, &number); err != nil {
				return err
			}
			all = append(all, event{at, Row{Of: Source{Record: id}, Cells: []any{"Bill " + number + " " + name, t.day(at), "Number used before", who,
				"Another bill of the vendor has this number."}}})
			return nil
		}, `SELECT b.id, b.created_time, coalesce(CASE u.name WHEN '' THEN u.email ELSE u.name END, 'Duebook'), coalesce(v.name, ''), b.invoice_number
			FROM bills b LEFT JOIN vendors v ON v.org_id = b.org_id AND v.id = b.vendor_id LEFT JOIN users u ON u.id = b.created_by
			WHERE b.org_id = $1 AND b.duplicate = 1 AND b.created_time >= $2 AND b.created_time < $3 ORDER BY b.created_time, b.id`, begin, end)
		if err != nil {
			return err
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	for _, e := range all {
		t.Rows = append(t.Rows, e.row)
	}
	return nil
}

// bankActions are the actions of the audit trail on a vendor's bank account that change where money goes.
var bankActions = map[string]string{"create": "Entered", "delete": "Removed", "refuse": "Corrected by the bank, refused"}

// bankChanges joins the audit trail with who decided and with the first payment to the account after it (VEN-6, SEC-5).
func (t *Table) bankChanges(tx *db.Tx) error {
	t.Columns = []Column{{"vendor", "Vendor", Text, false}, {"date", "Date", Date, false}, {"change", "Change", Text, false}, {"account", "Account", Text, false},
		{"by", "By", Text, false}, {"second", "Second person", Text, false}, {"firstPayment", "First payment", Date, false}, {"days", "Days to it", Number, false}}
	day := t.Params.AsOf
	start := civil.Of(time.Date(day.Year()-1, day.Month(), day.Day(), 12, 0, 0, 0, time.UTC), time.UTC)
	begin, end := int64(clock.FromTime(start.At(0, 0, t.zone))), int64(clock.FromTime(day.AddDays(1).At(0, 0, t.zone)))
	type decision struct {
		at   clock.Instant
		said string
	}
	decided := map[ids.ID][]decision{}
	err := t.query(tx, func(scan func(...any) error) error {
		var of ids.ID
		var d decision
		var state, who string
		if err := scan((*string)(&of), (*int64)(&d.at), &state, &who); err != nil {
			return err
		}
		d.said = map[string]string{vendor.ChangeWaiting: "waits", vendor.ChangeApproved: "approved", vendor.ChangeRefused: "refused"}[state]
		switch {
		case who != "":
			d.said += " by " + who
		case state == vendor.ChangeApproved:
			d.said = "nobody else could"
		}
		decided[of] = append(decided[of], d)
		return nil
	}, `SELECT c.vendor_id, c.changed, c.state, coalesce(CASE u.name WHEN '' THEN u.email ELSE u.name END, '') FROM vendor_changes c
		LEFT JOIN users u ON u.id = c.decided_by WHERE c.org_id = $1 AND c.kind = 'bank' AND c.changed >= $2 AND c.changed < $3 AND ($4 = '' OR c.vendor_id = $4)
		ORDER BY c.changed`, begin, end, string(t.Params.Vendor))
	if err != nil {
		return err
	}
	return t.query(tx, func(scan func(...any) error) error {
		var of ids.ID
		var at clock.Instant
		var action, name, tail, who string
		var paid civil.Date
		if err := scan((*string)(&of), &name, (*int64)(&at), &action, &tail, &who, &paid); err != nil {
			return err
		}
		what := bankActions[action]
		if code, ok := strings.CutPrefix(action, "correct "); ok {
			what = "Corrected by the bank (" + code + ")"
		}
		if what == "" {
			return nil
		}
		second := ""
		for _, d := range decided[of] {
			if gap := d.at.Time().Sub(at.Time()).Abs(); gap < time.Minute {
				second = d.said
			}
		}
		date := t.day(at)
		var first, days any
		if !paid.IsZero() && action != "delete" {
			first, days = paid, int64(paid.Sub(date))
		}
		t.add(Source{Record: of}, name, date, what, "ends in "+tail, who, second, first, days)
		return nil
	}, `SELECT b.vendor_id, coalesce(v.name, ''), a.stamp, a.action, b.account_tail, coalesce(CASE u.name WHEN '' THEN u.email ELSE u.name END, 'Duebook'),
			coalesce((SELECT min(p.process_date) FROM disbursements d JOIN payments p ON p.org_id = d.org_id AND p.id = d.payment_id
				WHERE d.org_id = b.org_id AND d.bank_account = b.id AND p.scheduled_at >= a.stamp), '')
		FROM audit_events a JOIN vendor_bank_accounts b ON b.org_id = a.org_id AND b.id = a.record_id
		LEFT JOIN vendors v ON v.org_id = b.org_id AND v.id = b.vendor_id LEFT JOIN users u ON u.id = a.user_id
		WHERE a.org_id = $1 AND a.stamp >= $2 AND a.stamp < $3 AND ($4 = '' OR b.vendor_id = $4) ORDER BY a.stamp, a.id`,
		begin, end, string(t.Params.Vendor))
}
