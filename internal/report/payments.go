package report

import (
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
)

var paymentRegister = Report{Name: "payment-register", Title: "Payment register", Group: "Payments",
	About: "Payments by process date, with their number at the bank, what happened to them and what of them stands in the books.",
	Takes: []Parameter{from, until, show("all", "waiting", "underway", "paid", "failed", "voided", "canceled", "unclaimed"), vendorID, funding},
	run:   (*Table).paymentRegister}

var checkRegister = Report{Name: "check-register", Title: "Check register", Group: "Payments",
	About: "Every check number of a funding account, gaps included, and what is outstanding of it on any date.",
	Takes: []Parameter{asOf, show("all", "outstanding", "stale", "void", "spoiled"), funding},
	run:   (*Table).checkRegister}

var fundsTransfers = Report{Name: "funds-transfers", Title: "Funds transfer detail", Group: "Payments",
	About: "What moved on each funding account in one lump, and the payments and receipts inside.",
	Takes: []Parameter{from, until, funding},
	run:   (*Table).fundsTransfers}

var unclaimedProperty = Report{Name: "unclaimed-property", Title: "Unclaimed property", Group: "Payments",
	About: "Money of checks that nobody presented, kept for the payee: its age and the payee's last known state.",
	Takes: []Parameter{show("unclaimed", "all"), vendorID},
	run:   (*Table).unclaimedProperty}

// outcomes sort the states of payments by what became of them.
var outcomes = map[string]string{
	"awaiting_approval": "waiting", "scheduled": "waiting", "on_hold": "waiting",
	"releasing": "underway", "in_file": "underway", "sent": "underway", "settled": "underway", "void_requested": "underway",
	"cleared": "paid", "failed": "failed", "funding_failed": "failed", "voided": "voided", "canceled": "canceled",
	"unclaimed": "unclaimed", "escheated": "unclaimed",
}

// stands reports whether the bills of a payment in this state are paid by it.
func stands(state string) bool {
	switch outcomes[state] {
	case "underway", "paid", "unclaimed":
		return true
	}
	return false
}

// inBooks is what a payment p paid of what is owed, as the ledger has it: its release or recording less what took it back.
// $2 is accounts payable. A discount taken with it has another source.
const inBooks = `coalesce((SELECT CAST(sum(x.amount) AS BIGINT) FROM journal_entries e JOIN postings x ON x.org_id = e.org_id AND x.entry_id = e.id
	AND x.account_id = $2 WHERE e.org_id = p.org_id AND e.source_id = p.id), 0)`

// railWords are the rails as people say them.
var railWords = map[string]string{"ach": "ACH", "check": "Check", "wire": "Wire", "offline": "Recorded", "credit": "Credits only"}

func spaced(s string) string { return strings.ReplaceAll(s, "_", " ") }

// paymentRegister ties the payments that stand to accounts payable, payment by payment.
func (t *Table) paymentRegister(tx *db.Tx) error {
	t.Columns = []Column{{"payee", "Vendor", Text, false}, {"processDate", "Process date", Date, false}, {"rail", "Rail", Text, false},
		{"number", "Number", Text, false}, {"confirmation", "Confirmation", Text, false}, {"fundingAccount", "Funding account", Text, false},
		{"amount", "Amount", Money, true}, {"paid", "Of it paid", Money, true}, {"state", "State", Text, false}, {"outcomeDate", "Since", Date, false},
		{"history", "History", Text, false}}
	history, last, err := t.steps(tx)
	if err != nil {
		return err
	}
	control, err := ledger.Account(tx, ledger.AP)
	if err != nil {
		return err
	}
	var books int64
	err = t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var payee, rail, state, number, confirmation, account string
		var day civil.Date
		var amount, booked int64
		if err := scan((*string)(&id), &payee, &day, &rail, &number, &confirmation, &account, &amount, &state, &booked); err != nil {
			return err
		}
		if w := t.Params.Show; w != "all" && outcomes[state] != w {
			return nil
		}
		var paid int64
		if stands(state) {
			paid = amount
		}
		t.Off += paid - booked
		books += booked
		t.add(Source{Record: id}, payee, day, railWords[rail], number, confirmation, account, amount, paid, spaced(state), last[id],
			strings.Join(history[id], "; "))
		return nil
	}, `SELECT p.id, coalesce(v.name, ''), p.process_date, p.rail, coalesce(CASE WHEN d.serial > 0 THEN CAST(d.serial AS TEXT) WHEN d.trace <> '' THEN d.trace
			ELSE d.uetr END, ''), p.confirmation, coalesce(b.name, ''), p.amount, p.state, `+inBooks+`
		FROM payments p LEFT JOIN vendors v ON v.org_id = p.org_id AND v.id = p.vendor_id
		LEFT JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
		LEFT JOIN bank_accounts b ON b.org_id = p.org_id AND b.id = p.bank_account_id
		WHERE p.org_id = $1 AND p.process_date >= $3 AND p.process_date <= $4 AND ($5 = '' OR p.vendor_id = $5) AND ($6 = '' OR p.bank_account_id = $6)
		ORDER BY p.process_date, p.id`,
		string(control), t.Params.From.String(), t.Params.To.String(), string(t.Params.Vendor), string(t.Params.Bank))
	t.Facts = []Fact{{"Paid of accounts payable in the ledger", t.amount(books)}, {"Difference", t.amount(t.Off)}}
	return err
}

// steps are the histories of the payments of the time asked for, and the day of the last step of each.
func (t *Table) steps(tx *db.Tx) (history map[ids.ID][]string, last map[ids.ID]civil.Date, err error) {
	history, last = map[ids.ID][]string{}, map[ids.ID]civil.Date{}
	err = t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var state, note string
		var at clock.Instant
		if err := scan((*string)(&id), &state, (*int64)(&at), &note); err != nil {
			return err
		}
		day := t.day(at)
		said := day.String() + " " + spaced(state)
		if note != "" {
			said += " (" + note + ")"
		}
		history[id], last[id] = append(history[id], said), day
		if len(history) > MaxRows {
			return ErrTooLong
		}
		return nil
	}, `SELECT s.payment_id, s.state, s.at, s.note FROM payments p JOIN payment_steps s ON s.org_id = p.org_id AND s.payment_id = p.id
		WHERE p.org_id = $1 AND p.process_date >= $2 AND p.process_date <= $3 AND ($4 = '' OR p.vendor_id = $4) ORDER BY s.payment_id, s.line`,
		t.Params.From.String(), t.Params.To.String(), string(t.Params.Vendor))
	return history, last, err
}

// checkStates say which part of the register a number belongs to.
var checkStates = map[string]string{"allocated": "outstanding", "printed": "outstanding", "mailed": "outstanding", "returned_mail": "outstanding",
	"stop_requested": "outstanding", "cleared": "", "returned": "", "voided": "void", "stale": "stale", "spoiled": "spoiled"}

// checkRegister has a row for every number issued up to the day, and one for each run of numbers that no check has. What is
// outstanding of a check is what Money Out Clearing holds of its payment on that day; today that has to be what the states
// of the register say.
func (t *Table) checkRegister(tx *db.Tx) error {
	t.Columns = []Column{{"number", "Number", Text, false}, {"fundingAccount", "Funding account", Text, false}, {"payee", "Payee", Text, false},
		{"issued", "Issued", Date, false}, {"amount", "Amount", Money, false}, {"outstanding", "Outstanding", Money, true}, {"state", "State", Text, false},
		{"changed", "Since", Date, false}, {"reason", "Why", Text, false}}
	control, err := ledger.Account(tx, ledger.MoneyOut)
	if err != nil {
		return err
	}
	today := !t.Params.AsOf.Before(civil.Of(tx.Now(), t.zone))
	var account ids.ID
	var before int64
	return t.query(tx, func(scan func(...any) error) error {
		var own, payment ids.ID
		var serial, amount, open, replacement int64
		var changed clock.Instant
		var issued civil.Date
		var name, payee, state, reason string
		var stale bool
		err := scan((*string)(&own), &name, &serial, &payee, &issued, &amount, &state, (*int64)(&changed), &reason, &replacement, (*string)(&payment), &open, &stale)
		if err != nil {
			return err
		}
		if own == account && serial > before+1 && t.Params.Show == "all" {
			t.add(Source{}, fmt.Sprintf("%d to %d", before+1, serial-1), name, "", nil, nil, nil, "missing", nil, "No check has these numbers.")
		}
		account, before = own, serial
		part := checkStates[state]
		if state == "spoiled" {
			open, reason = 0, strings.TrimSpace(fmt.Sprintf("%s Replaced by %d.", sentence(reason), replacement))
		}
		if today && part == "outstanding" {
			t.Off += amount
		}
		t.Off -= openToday(today, open)
		if part == "void" && stale {
			part = "stale"
		}
		switch t.Params.Show {
		case "all", part:
		case "outstanding":
			if open == 0 {
				return nil
			}
		default:
			return nil
		}
		var shown any
		if open != 0 {
			shown = open
		}
		t.add(Source{Record: payment}, fmt.Sprint(serial), name, payee, issued, amount, shown, spaced(state), t.day(changed), reason)
		return nil
	}, `SELECT c.bank_account_id, b.name, c.serial, c.payee, c.issued, c.amount, c.state, c.changed, c.reason, c.replacement, d.payment_id,
			-coalesce((SELECT CAST(sum(x.amount) AS BIGINT) FROM journal_entries e JOIN postings x ON x.org_id = e.org_id AND x.entry_id = e.id
				AND x.account_id = $2 WHERE e.org_id = c.org_id AND e.source_id = d.payment_id AND e.posting_date <= $3), 0), c.reason = 'stale'
		FROM checks c JOIN disbursements d ON d.org_id = c.org_id AND d.id = c.disbursement_id
		JOIN bank_accounts b ON b.org_id = c.org_id AND b.id = c.bank_account_id
		WHERE c.org_id = $1 AND c.issued <= $3 AND ($4 = '' OR c.bank_account_id = $4) ORDER BY b.name, c.bank_account_id, c.serial`,
		string(control), t.Params.AsOf.String(), string(t.Params.Bank))
}

func openToday(today bool, open int64) int64 {
	if today {
		return open
	}
	return 0
}

// sentence ends a text with a full stop, if there is one.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

var movementStates = map[int64]string{0: "sent", 1: "confirmed", 2: "void"}

// fundsTransfers lists what is inside of each lump and then the lump, which is its sum.
func (t *Table) fundsTransfers(tx *db.Tx) error {
	t.Columns = []Column{{"movement", "Movement", Text, false}, {"date", "Date", Date, false}, {"fundingAccount", "Funding account", Text, false},
		{"what", "What", Text, false}, {"party", "Vendor or customer", Text, false}, {"number", "Number", Text, false}, {"state", "State", Text, false},
		{"amount", "Amount", Money, true}}
	type lump struct {
		name, account, state string
		day                  civil.Date
		amount               int64
	}
	var lumps []lump
	var order []ids.ID
	at := map[ids.ID]int{}
	if err := t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var l lump
		var status int64
		if err := scan((*string)(&id), &l.name, &l.day, &l.account, &status, &l.amount); err != nil {
			return err
		}
		l.state = movementStates[status]
		at[id] = len(lumps)
		lumps, order = append(lumps, l), append(order, id)
		return nil
	}, `SELECT m.id, m.name, m.process_date, coalesce(b.name, ''), m.status, m.amount FROM money_movements m
		LEFT JOIN bank_accounts b ON b.org_id = m.org_id AND b.id = m.bank_account_id
		WHERE m.org_id = $1 AND m.process_date >= $2 AND m.process_date <= $3 AND ($4 = '' OR m.bank_account_id = $4) ORDER BY m.process_date, m.name`,
		t.Params.From.String(), t.Params.To.String(), string(t.Params.Bank)); err != nil {
		return err
	}
	inside := make([][]Row, len(lumps))
	n := 0
	err := t.query(tx, func(scan func(...any) error) error {
		var movement, id ids.ID
		var what, party, number, state string
		var amount int64
		if err := scan((*string)(&movement), (*string)(&id), &what, &party, &number, &state, &amount); err != nil {
			return err
		}
		if n++; n > MaxRows {
			return ErrTooLong
		}
		i := at[movement]
		l := lumps[i]
		inside[i] = append(inside[i], Row{Of: Source{Record: id}, Cells: []any{l.name, l.day, l.account, what, party, number, spaced(state), amount}})
		return nil
	}, `SELECT m.id, p.id, CASE m.reverses WHEN '' THEN 'Payment' ELSE 'Asked back' END, coalesce(v.name, ''), p.confirmation, p.state,
			CASE m.reverses WHEN '' THEN -p.amount ELSE p.amount END
		FROM money_movements m JOIN payments p ON p.org_id = m.org_id AND (m.reverses = '' AND p.money_movement_id = m.id OR m.reverses <> '' AND p.id = m.reverses)
		LEFT JOIN vendors v ON v.org_id = p.org_id AND v.id = p.vendor_id
		WHERE m.org_id = $1 AND m.process_date >= $2 AND m.process_date <= $3 AND ($4 = '' OR m.bank_account_id = $4)
		UNION ALL SELECT m.id, r.id, 'Receipt', coalesce(c.name, ''), r.trace, r.state, r.amount + r.conv_fee_amount FROM money_movements m
		JOIN disbursement_batches b ON b.org_id = m.org_id AND b.rail = 'debit' AND b.bank_account_id = m.bank_account_id AND b.process_date = m.process_date
		JOIN received_pays r ON r.org_id = m.org_id AND r.batch_id = b.id AND r.batch_id <> ''
		LEFT JOIN customers c ON c.org_id = r.org_id AND c.id = r.customer_id
		WHERE m.org_id = $1 AND m.type = 2 AND m.reverses = '' AND m.process_date >= $2 AND m.process_date <= $3 AND ($4 = '' OR m.bank_account_id = $4)
		ORDER BY 5, 2`, t.Params.From.String(), t.Params.To.String(), string(t.Params.Bank))
	if err != nil {
		return err
	}
	for i, l := range lumps {
		sum := int64(0)
		for _, r := range inside[i] {
			sum += r.Cells[7].(int64)
			t.Rows = append(t.Rows, r)
		}
		t.Off += l.amount - sum
		t.Rows = append(t.Rows, Row{Of: Source{Record: order[i]}, Sum: true, Cells: []any{l.name, l.day, l.account, "Moved in one lump", "", "", l.state, l.amount}})
	}
	t.Facts = []Fact{{"Lumps less what is inside", t.amount(t.Off)}}
	return nil
}

// unclaimedProperty ties to the account that the money is kept on (VOI-7).
func (t *Table) unclaimedProperty(tx *db.Tx) error {
	t.Columns = []Column{{"payee", "Payee", Text, false}, {"lastState", "Last known state", Text, false}, {"number", "Check", Text, false},
		{"issued", "Issued", Date, false}, {"since", "Unclaimed since", Date, false}, {"days", "Days since issue", Number, false},
		{"state", "State", Text, false}, {"kept", "Kept", Money, true}}
	today := civil.Of(tx.Now(), t.zone)
	var kept int64
	err := t.query(tx, func(scan func(...any) error) error {
		var id ids.ID
		var payee, region, country, state string
		var serial, amount int64
		var issued civil.Date
		var since clock.Instant
		if err := scan((*string)(&id), &payee, &region, &country, &serial, &issued, (*int64)(&since), &state, &amount); err != nil {
			return err
		}
		if region == "" {
			region = country
		}
		var open any
		if state == "unclaimed" {
			open = amount
			kept += amount
		}
		t.add(Source{Record: id}, payee, region, fmt.Sprint(serial), issued, t.day(since), int64(today.Sub(issued)), spaced(state), open)
		return nil
	}, `SELECT p.id, coalesce(v.name, c.payee), coalesce(v.region, ''), coalesce(v.country, ''), c.serial, c.issued,
			coalesce((SELECT max(s.at) FROM payment_steps s WHERE s.org_id = p.org_id AND s.payment_id = p.id AND s.state = 'unclaimed'), 0), p.state, p.amount
		FROM payments p JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
		JOIN checks c ON c.org_id = d.org_id AND c.disbursement_id = d.id AND c.state <> 'spoiled'
		LEFT JOIN vendors v ON v.org_id = p.org_id AND v.id = p.vendor_id
		WHERE p.org_id = $1 AND ($2 = 'all' AND p.state = 'escheated' OR p.state = 'unclaimed') AND ($3 = '' OR p.vendor_id = $3) ORDER BY c.issued, c.serial, p.id`,
		t.Params.Show, string(t.Params.Vendor))
	if err != nil || t.Params.Vendor != "" {
		return err
	}
	booked, err := ledger.RoleBalance(tx, ledger.Unclaimed)
	t.Off = kept + booked
	t.Facts = []Fact{{"Unclaimed property payable in the ledger", t.amount(-booked)}, {"Difference", t.amount(t.Off)},
		{"Before it is paid to a state", "Duebook does not compute when a state's law asks for it: look that up by the payee's last known state."}}
	return err
}
