package vendor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/org"
)

// Kinds of a Change.
const (
	ChangeBank  = "bank"
	ChangePayee = "payee" // name or address
)

// States of a Change.
const (
	ChangeWaiting  = "waiting"
	ChangeApproved = "approved"
	ChangeRefused  = "refused"
)

// changeDays is how many banking days after its approval a change is first paid with.
const changeDays = 2

// Change is new bank data, or another payee name or address, of a vendor that was paid before. It stands in the record at
// once, but nothing is paid with it before a second person has approved it and two banking days have passed (VEN-6, SEC-5).
type Change struct {
	ID        ids.ID
	VendorID  ids.ID
	Kind      string
	Fields    []string
	State     string
	Changed   clock.Instant
	ChangedBy ids.ID
	Decided   clock.Instant
	DecidedBy ids.ID     // empty for an approved one: nobody else could decide
	LiveFrom  civil.Date // approved: the first process date it is paid with
}

// Faults of changes.
var (
	ErrChangeDecided    = fault.New(fault.Conflict, "vendor_change_decided", "This change was decided already.")
	ErrChangeSamePerson = fault.New(fault.Forbidden, "vendor_change_same_person", "Whoever changed this does not decide it: another person has to.")
)

// payeeFields are what is written on a payment.
var payeeFields = []string{"name", "nameOnCheck", "address1", "address2", "address3", "address4", "city", "region", "zip", "country"}

// movedPayee names the payee fields in which a and b differ; the name counts only where it is the payee's.
func movedPayee(a, b *Vendor) (fields []string) {
	for _, name := range payeeFields {
		f := Vendors.Must(name)
		if name == "name" && a.NameOnCheck != "" && b.NameOnCheck == a.NameOnCheck {
			continue
		}
		if strings.TrimSpace(*f.At(a).(*string)) != strings.TrimSpace(*f.At(b).(*string)) {
			fields = append(fields, name)
		}
	}
	return fields
}

// onChange hears of changes that wait, in their transaction.
var onChange []func(tx *db.Tx, vendorID ids.ID, reason string) error

// OnChange has f called when a change begins to wait for a second person. A room names f once, in a package variable.
func OnChange(f func(tx *db.Tx, vendorID ids.ID, reason string) error) bool {
	onChange = append(onChange, f)
	return true
}

// waitReason is why nothing is paid.
var waitReason = map[string]string{
	ChangeBank:  "The vendor's bank account was changed; another person has to approve that first.",
	ChangePayee: "The vendor's name or address was changed; another person has to approve that first.",
}

// refusedReason is why nothing is paid after a refusal, until the data is changed again and that is approved.
var refusedReason = map[string]string{
	ChangeBank:  "A change of the vendor's bank account was refused: enter the right one.",
	ChangePayee: "A change of the vendor's name or address was refused: enter the right one.",
}

// Relinked puts under control that somebody else maintains where a vendor is paid from now on: the organisation or listed
// biller that after is linked to. by is the user who wanted it (VEN-6, SEC-5).
func Relinked(tx *db.Tx, before, after *Vendor, by ids.ID) error {
	return firewall(tx, before, by, ChangeBank, append([]string{"linkedTo"}, movedPayee(before, after)...))
}

// firewall puts a change of before under control, if the vendor was paid before or, for bank data, is about to be. The old
// address of the vendor and whoever made the vendor are told. What the server itself changes has controls of its own: by is
// nobody then.
func firewall(tx *db.Tx, before *Vendor, by ids.ID, kind string, fields []string) error {
	if by.IsNull() || len(fields) == 0 {
		return nil
	}
	var paid, waiting bool
	err := tx.Row(`SELECT EXISTS (SELECT 1 FROM payments WHERE org_id = $1 AND vendor_id = $2 AND is_online = 1
			AND state NOT IN ('awaiting_approval', 'scheduled', 'on_hold', 'canceled')),
		EXISTS (SELECT 1 FROM payments WHERE org_id = $1 AND vendor_id = $2 AND state IN ('awaiting_approval', 'scheduled', 'on_hold'))`,
		string(tx.Org()), string(before.ID)).Scan(&paid, &waiting)
	if err != nil {
		return fmt.Errorf("look whether %s was paid: %w", before.ID, err)
	}
	if !paid && (kind != ChangeBank || !waiting) {
		return nil
	}
	other, err := org.OtherHolds(tx, by, org.ApproveVendorBankChange)
	if err != nil {
		return err
	}
	c := Change{ID: ids.New("vch"), State: ChangeWaiting}
	if !other { // SEC-5: it takes effect after two business days, with notice
		c.State, c.Decided = ChangeApproved, clock.FromTime(tx.Now())
		c.LiveFrom = banking.Add(civil.Of(tx.Now(), civil.Pacific), changeDays)
		if err := org.ActAlone(tx, by, Vendors.Name, before.ID, "change the payment data of a vendor"); err != nil {
			return err
		}
	}
	tx.Exec(`INSERT INTO vendor_changes (org_id, id, vendor_id, kind, fields, state, changed, changed_by, decided, decided_by, live_from)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10)`, string(tx.Org()), string(c.ID), string(before.ID), kind, strings.Join(fields, "\n"),
		c.State, int64(clock.FromTime(tx.Now())), string(by), int64(c.Decided), c.LiveFrom.String())
	if err := tell(tx, before, kind); err != nil {
		return err
	}
	if c.State != ChangeWaiting {
		return nil
	}
	for _, f := range onChange {
		if err := f(tx, before.ID, waitReason[kind]); err != nil {
			return err
		}
	}
	return nil
}

// tell mails the vendor's address as it was, and whoever made the vendor or else the administrators.
func tell(tx *db.Tx, before *Vendor, kind string) error {
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	what := map[string]string{ChangeBank: "bank account", ChangePayee: "name or address for payments"}[kind]
	subject := "The " + what + " of " + strings.Join(strings.Fields(before.Name), " ") + " was changed"
	to := []string{}
	if LooksLikeEmail(before.Email) {
		to = append(to, before.Email)
	}
	rows, err := tx.Query(`SELECT DISTINCT u.email FROM users u JOIN memberships m ON m.user_id = u.id WHERE m.org_id = $1 AND m.is_active = 1
		AND u.is_active = 1 AND (m.role = $2 OR u.id IN (SELECT user_id FROM audit_events WHERE org_id = $1 AND record_id = $3 AND action = 'create'))
		ORDER BY u.email`, string(tx.Org()), org.Administrator, string(before.ID))
	if err != nil {
		return fmt.Errorf("look whom to tell: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var email string
		if err := rows.Scan(&email); err != nil {
			return err
		}
		to = append(to, email)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	slices.Sort(to)
	for _, address := range slices.Compact(to) {
		outbox.Post(tx, outbox.Letter{Kind: "vendor change", About: before.ID, To: address, FromName: strings.Join(strings.Fields(o.Name), " "), Subject: subject,
			Text: "At " + o.Name + ", the " + what + " of " + before.Name + " was changed.\n\nIf you did not ask for this, tell " + o.Name +
				" at once, by a way you have used before. Nothing is paid with it before two business days have passed and, where there is one, a second person has approved it.\n"})
	}
	return nil
}

const changeColumns = `id, vendor_id, kind, fields, state, changed, changed_by, decided, decided_by, live_from`

func scanChange(scan func(...any) error) (c Change, err error) {
	var fields, live string
	err = scan((*string)(&c.ID), (*string)(&c.VendorID), &c.Kind, &fields, &c.State, (*int64)(&c.Changed), (*string)(&c.ChangedBy), (*int64)(&c.Decided),
		(*string)(&c.DecidedBy), &live)
	if err != nil {
		return c, err
	}
	c.Fields = strings.Split(fields, "\n")
	if live != "" {
		c.LiveFrom, err = civil.Parse(live)
	}
	return c, err
}

// Changes are the waiting changes of a vendor, oldest first; of all vendors for the empty id, at most 1,000.
func Changes(tx *db.Tx, vendorID ids.ID) ([]Change, error) {
	if err := tx.Require(org.ViewVendors); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT `+changeColumns+` FROM vendor_changes WHERE org_id = $1 AND state = 'waiting' AND ($2 = '' OR vendor_id = $2)
		ORDER BY id LIMIT 1000`, string(tx.Org()), string(vendorID))
	if err != nil {
		return nil, fmt.Errorf("read the changes of vendors: %w", err)
	}
	defer rows.Close()
	var all []Change
	for rows.Next() {
		c, err := scanChange(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// Unsettled is why a vendor is not paid on a process date: a change waits, was approved too shortly before, or was refused
// and no other one came after it. Empty if none stands in the way.
func Unsettled(tx *db.Tx, vendorID ids.ID, process civil.Date) (reason string, err error) {
	var kind, live, refused string
	err = tx.Row(`SELECT coalesce(min(CASE WHEN state = 'waiting' THEN kind END), ''), coalesce(max(CASE WHEN state = 'approved' THEN live_from END), ''),
			coalesce(min(CASE WHEN state = 'refused' AND NOT EXISTS (SELECT 1 FROM vendor_changes later WHERE later.org_id = c.org_id
				AND later.vendor_id = c.vendor_id AND later.kind = c.kind AND later.id > c.id) THEN kind END), '')
		FROM vendor_changes c WHERE org_id = $1 AND vendor_id = $2`, string(tx.Org()), string(vendorID)).Scan(&kind, &live, &refused)
	switch {
	case err != nil:
		return "", fmt.Errorf("look for changes of %s: %w", vendorID, err)
	case kind != "":
		return waitReason[kind], nil
	case refused != "":
		return refusedReason[refused], nil
	case live > process.String(): // ISO dates sort
		return "The vendor's payment data was changed; it is paid again from " + live + " on.", nil
	}
	return "", nil
}

// DecideChange approves a change, which is paid with from the second banking day after, or refuses it, which puts the
// vendor on hold until its data is right. It needs ApproveVendorBankChange and fails with fault.ErrNotFound,
// ErrChangeDecided, and ErrChangeSamePerson for whoever made it.
func DecideChange(tx *db.Tx, id ids.ID, approve bool) error {
	if err := tx.Require(org.ApproveVendorBankChange); err != nil {
		return err
	}
	row := tx.Row(`SELECT `+changeColumns+` FROM vendor_changes WHERE org_id = $1 AND id = $2`+tx.ForUpdate(), string(tx.Org()), string(id))
	c, err := scanChange(row.Scan)
	if err != nil {
		return fault.ErrNotFound.With(string(id))
	}
	if c.State != ChangeWaiting {
		return ErrChangeDecided.With(string(id))
	}
	if c.ChangedBy == tx.Caller().User {
		return ErrChangeSamePerson
	}
	verb, state, live := "refuse change", ChangeRefused, ""
	if approve {
		verb, state = "approve change", ChangeApproved
		live = banking.Add(civil.Of(tx.Now(), civil.Pacific), changeDays).String()
	} else {
		Hold(tx, c.VendorID, "A change of its "+map[string]string{ChangeBank: "bank account", ChangePayee: "name or address"}[c.Kind]+" was refused.")
	}
	tx.ExecOne(`UPDATE vendor_changes SET state = $3, decided = $4, decided_by = $5, live_from = $6 WHERE org_id = $1 AND id = $2`,
		string(tx.Org()), string(id), state, int64(clock.FromTime(tx.Now())), string(tx.Caller().User), live)
	tx.Audit(verb, Vendors.Name, c.VendorID, "")
	Vendors.Touch(tx, c.VendorID)
	return nil
}
