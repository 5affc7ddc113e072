package read

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/view"
)

// historyTypes are the records whose history is shown.
var historyTypes = map[string]*record.Type{
	bill.Bills.Name: bill.Bills.Type, vendor.Vendors.Name: vendor.Vendors.Type, vendor.BankAccounts.Name: vendor.BankAccounts.Type,
	payment.Payments.Name: payment.Payments.Type, customer.Customers.Name: customer.Customers.Type,
	customer.BankAccounts.Name: customer.BankAccounts.Type, invoice.Invoices.Name: invoice.Invoices.Type,
	invoice.CreditMemos.Name: invoice.CreditMemos.Type, credit.Credits.Name: credit.Credits.Type, receipt.Receipts.Name: receipt.Receipts.Type,
	dimension.Accounts.Name: dimension.Accounts.Type,
}

// inner are fields that the program keeps for itself.
var inner = []string{"numberKey", "nameFolded", "postingVersion", "accountHash", "account", "channel", "createdBy", "enteredBy", "billId", "paymentId",
	"steps", "clearDue", "txnNumber", "allowExport", "duplicate", "scheduledAt", "prenoteDue"}

// historyRows is how many changes a page shows.
const historyRows = 100

// History gives the latest changes of the records, newest first, with who made them. It needs org.ViewAudit.
func History(tx *db.Tx, zone *time.Location, records ...ids.ID) ([]view.Change, error) {
	if err := tx.Require(org.ViewAudit); err != nil {
		return nil, err
	}
	args := []any{string(tx.Org())}
	var in []string
	for _, r := range records {
		args = append(args, string(r))
		in = append(in, "$"+strconv.Itoa(len(args)))
	}
	all, err := changes(tx, zone, `e.record_id IN (`+strings.Join(in, ", ")+`) ORDER BY e.id DESC LIMIT `+strconv.Itoa(historyRows), args...)
	if err != nil {
		return nil, err
	}
	out := make([]view.Change, len(all))
	for i, e := range all {
		out[i] = e.Change
	}
	return out, nil
}

// changes reads events of the transaction's organisation, the first argument, as a person reads them.
func changes(tx *db.Tx, zone *time.Location, where string, args ...any) ([]view.AuditEvent, error) {
	rows, err := tx.Query(`SELECT e.id, e.stamp, e.action, e.record_type, e.record_id, e.changes, e.channel, e.address, coalesce(u.name, ''),
			coalesce(u.email, ''), coalesce(k.app, '')
		FROM audit_events e LEFT JOIN users u ON u.id = e.user_id LEFT JOIN app_keys k ON k.id = e.key_id WHERE e.org_id = $1 AND `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	defer rows.Close()
	all := []view.AuditEvent{}
	refs := references{zone: zone}
	for rows.Next() {
		var stamp int64
		var e view.AuditEvent
		var action, changes, channel, email, app string
		if err := rows.Scan(&e.ID, &stamp, &action, &e.Type, &e.Record, &changes, &channel, &e.Address, &e.Who, &email, &app); err != nil {
			return nil, err
		}
		e.Cursor = strconv.FormatInt(stamp, 10) + "." + e.ID
		e.When, e.What = view.Instant(clock.Instant(stamp).Time(), zone), what(action, e.Type)
		if e.Who == "" {
			e.Who = email
		}
		if e.Who == "" {
			e.Who = "Duebook"
		}
		switch channel {
		case org.KindXML:
			e.Via = strings.TrimSuffix("API, "+app, ", ")
		case "command":
			e.Via = "Command line"
		}
		e.Fields = refs.fields(historyTypes[e.Type], changes)
		e.Type = sentence(e.Type)
		all = append(all, e)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	return all, refs.resolve(tx, all)
}

// acts are the verbs of the audit trail as what has happened.
var acts = map[string]string{
	"create": "Created", "update": "Changed", "delete": "Deleted", "attach": "Document added",
	"schedule payment": "Payment scheduled", "cancel payment": "Payment cancelled", "release payment": "Payment released",
	"record payment": "Payment recorded", "reopen": "Reopened",
	"hold": "Put on hold", "cancel": "Cancelled", "release": "Released", "send": "Sent", "settle": "Settled", "clear": "Cleared",
	"return": "Returned", "reject": "Refused by the bank", "test": "Test entry", "refuse": "Refused by its bank", "correct": "Corrected by its bank",
}

// what names an act: "Created", "Bank account: created".
func what(action, kind string) string {
	act := acts[action]
	if act == "" {
		act = sentence(action)
	}
	if kind == vendor.BankAccounts.Name {
		return "Bank account: " + strings.ToLower(act)
	}
	return act
}

// references are ids that stand in a history, to be shown as names.
type references struct {
	zone   *time.Location
	byType map[*record.Type][]string
}

// fields reads the changes of an audit event: {"field": [old, new]}, at creation {"field": new}. What cannot be read is
// left out.
func (r *references) fields(t *record.Type, changes string) []view.FieldChange {
	var all []view.FieldChange
	d := json.NewDecoder(strings.NewReader(changes))
	if open, err := d.Token(); err != nil || open != json.Delim('{') || t == nil {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			break
		}
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			break
		}
		name, _ := key.(string)
		f := t.Field(name)
		if f == nil || slices.Contains(inner, name) {
			if t.Lines != nil && name == t.Lines.Name {
				all = append(all, view.FieldChange{Field: "Line items"})
			}
			continue
		}
		c := view.FieldChange{Field: sentence(name)}
		var pair []json.RawMessage
		if bytes.HasPrefix(raw, []byte("[")) && json.Unmarshal(raw, &pair) == nil && len(pair) == 2 {
			c.Before, c.After = r.value(f, pair[0]), r.value(f, pair[1])
		} else {
			c.After = r.value(f, raw)
		}
		all = append(all, c)
	}
	return all
}

// value writes a value of a field as a person reads it; references are noted and stay ids until resolve.
func (r *references) value(f *record.Field, raw json.RawMessage) string {
	text := strings.Trim(string(raw), `"`)
	var s string
	if json.Unmarshal(raw, &s) == nil {
		text = s
	}
	switch f.Kind {
	case record.Money:
		_, decimals, _ := strings.Cut(text, ".")
		like := map[int]string{0: "JPY", 2: "USD", 3: "KWD", 4: "CLF"}[len(decimals)] // a currency that is written so
		if minor, err := money.ParseMinor(text, len(decimals)); err == nil && like != "" {
			return view.Figures(minor, like)
		}
	case record.Enum:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && f.Words[n] != "" {
			if f.Words[n] == "ACH" {
				return "ACH"
			}
			return sentence(strings.ToLower(f.Words[n]))
		}
	case record.Instant:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return view.Instant(clock.Instant(n).Time(), r.zone)
		}
	case record.Text:
		if f.Name == "state" {
			return view.PaymentBadge(text).Label
		}
	case record.Bool:
		if text == "1" {
			return "Yes"
		}
		return "No"
	case record.Date:
		if d, err := civil.Parse(text); err == nil {
			return view.Date(d)
		}
	case record.Ref:
		if f.Target != nil && text != "" {
			if r.byType == nil {
				r.byType = map[*record.Type][]string{}
			}
			r.byType[f.Target()] = append(r.byType[f.Target()], text)
		}
	}
	return text
}

// resolve puts names in place of ids: one query for each type of record that occurs.
func (r *references) resolve(tx *db.Tx, all []view.AuditEvent) error {
	names := map[string]string{}
	for t, in := range r.byType {
		if t.Field("name") == nil {
			continue
		}
		slices.Sort(in)
		in = slices.Compact(in)
		args, places := []any{string(tx.Org())}, []string{}
		for _, id := range in {
			args = append(args, id)
			places = append(places, "$"+strconv.Itoa(len(args)))
		}
		rows, err := tx.Query(`SELECT id, name FROM `+t.Table+` WHERE org_id = $1 AND id IN (`+strings.Join(places, ", ")+`)`, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, name string
			if err := rows.Scan(&id, &name); err != nil {
				return err
			}
			names[id] = name
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	for _, c := range all {
		for i, f := range c.Fields {
			if n, ok := names[f.Before]; ok {
				c.Fields[i].Before = n
			}
			if n, ok := names[f.After]; ok {
				c.Fields[i].After = n
			}
		}
	}
	return nil
}

// sentence turns a name of the program into words: glPostingDate, PARTIALLY_PAID and "schedule payment" begin with a
// capital and have spaces.
func sentence(name string) string {
	name = strings.TrimSuffix(name, "Id")
	if rest, ok := strings.CutPrefix(name, "gl"); ok && rest != "" && unicode.IsUpper(rune(rest[0])) {
		return "GL " + strings.ToLower(sentence(rest))
	}
	var b strings.Builder
	for i, c := range name {
		switch {
		case c == '_':
			b.WriteByte(' ')
			continue
		case i == 0:
			c = unicode.ToUpper(c)
		case unicode.IsUpper(c) && !unicode.IsUpper(rune(name[i-1])):
			b.WriteByte(' ')
			c = unicode.ToLower(c)
		}
		b.WriteRune(c)
	}
	return b.String()
}
