// Package sanction screens names, addresses and banks against published sanctions lists and keeps the evidence (domain SEC-8).
//
// Lists are the server's; its operator imports them as they are published. Every party is screened when it is
// new or changed and when a list is, and again when a payment leaves. What resembles a listed one is a hit: nothing is
// paid to that party until a second person has looked and cleared it with a reason. A name that a person has cleared
// against an entry is not asked about again.
package sanction

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// A list that old is warned about, or keeps wires from leaving.
const (
	WarnDays  = 7
	BlockDays = 30
)

// List is an imported list.
type List struct {
	Name      string
	Published civil.Date
	SHA256    string // of its files
	Names     int64
	Imported  clock.Instant
}

// Age is how many days ago the list was published.
func (l List) Age(today civil.Date) int { return today.Sub(l.Published) }

// States of a found hit.
const (
	Open    = "open"
	Cleared = "cleared"
)

// Found is a hit on a party of the organisation.
type Found struct {
	ID      ids.ID
	Subject ids.ID // the vendor or customer
	Name    string // of ours; or the address, or the bank
	Hit
	State     string
	FoundAt   clock.Instant
	Decided   clock.Instant
	DecidedBy ids.ID
	Reason    string
}

// Faults of this room.
var (
	ErrSamePerson = fault.New(fault.Forbidden, "screening_same_person", "Whoever entered or changed this party does not clear it: another person has to look.")
	ErrDecided    = fault.New(fault.Conflict, "screening_decided", "This has been cleared already.")
)

// Digest is the fingerprint of the files of a list, in order.
func Digest(files ...[]byte) string {
	h := sha256.New()
	for _, f := range files {
		_, _ = h.Write(f)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Import puts a list in the place of the one of that name. Who may run the server's commands may do so.
func Import(tx *db.Tx, l List, names []Name) error {
	if l.Name == "" || l.Published.IsZero() || strings.ContainsAny(l.Name, "\n ") {
		return errors.New("a list needs a name of one word and the day it was published")
	}
	version, err := next(tx)
	if err != nil {
		return err
	}
	tx.Exec(`DELETE FROM sanction_names WHERE list = $1`, l.Name)
	tx.Exec(`DELETE FROM sanction_lists WHERE name = $1`, l.Name)
	for i, n := range names {
		tx.Exec(`INSERT INTO sanction_names (list, line, uid, name, kind, program, country) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			l.Name, int64(i), n.UID, n.Name, n.Kind, n.Program, n.Country)
	}
	tx.Exec(`DELETE FROM sanction_details WHERE list = $1`, l.Name)
	line := int64(0)
	for _, n := range names {
		for _, d := range []struct{ kind, lines string }{{"address", n.Addresses}, {"bic", n.Banks}} {
			for value := range strings.Lines(d.lines) {
				tx.Exec(`INSERT INTO sanction_details (list, line, uid, kind, value, country) VALUES ($1, $2, $3, $4, $5, $6)`,
					l.Name, line, n.UID, d.kind, strings.TrimSpace(value), n.Country)
				line++
			}
		}
	}
	tx.Exec(`INSERT INTO sanction_lists (name, published, sha256, names, version, imported) VALUES ($1, $2, $3, $4, $5, $6)`,
		l.Name, l.Published.String(), l.SHA256, int64(len(names)), version, int64(clock.FromTime(tx.Now())))
	return nil
}

// Remove forgets a list; what was found by it stays. It fails with fault.ErrNotFound.
func Remove(tx *db.Tx, name string) error {
	version, err := next(tx)
	if err != nil {
		return err
	}
	n, err := tx.ExecNow(`DELETE FROM sanction_lists WHERE name = $1`, name)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.ErrNotFound.With(name)
	}
	tx.Exec(`DELETE FROM sanction_names WHERE list = $1`, name)
	tx.Exec(`DELETE FROM sanction_details WHERE list = $1`, name)
	tx.Exec(`UPDATE sanction_lists SET version = $1`, version)
	return nil
}

// version tells whether an index is the newest.
func version(tx *db.Tx) (n int64, err error) {
	err = tx.Row(`SELECT CAST(coalesce(max(version), 0) AS BIGINT) FROM sanction_lists`).Scan(&n)
	return n, err
}

// next is the version of the lists after a change. It never comes again, also when the last list is removed.
func next(tx *db.Tx) (int64, error) {
	n, err := version(tx)
	return max(n+1, int64(clock.FromTime(tx.Now()))), err
}

// Lists are the imported lists, by name.
func Lists(tx *db.Tx) ([]List, error) {
	rows, err := tx.Query(`SELECT name, published, sha256, names, imported FROM sanction_lists ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read the sanctions lists: %w", err)
	}
	defer rows.Close()
	var all []List
	for rows.Next() {
		var l List
		var published string
		if err := rows.Scan(&l.Name, &published, &l.SHA256, &l.Names, (*int64)(&l.Imported)); err != nil {
			return nil, err
		}
		if l.Published, err = civil.Parse(published); err != nil {
			return nil, fmt.Errorf("read the date of %s: %w", l.Name, err)
		}
		all = append(all, l)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// Screener keeps the index of a store, which it makes anew when a list changes.
type Screener struct {
	mu    sync.Mutex
	index *Index
}

// Current is the newest index. Without lists it finds nothing.
func (s *Screener) Current(tx *db.Tx) (*Index, error) {
	newest, err := version(tx)
	if err != nil {
		return nil, fmt.Errorf("look for sanctions lists: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index != nil && s.index.Version == newest {
		return s.index, nil
	}
	lists, err := Lists(tx)
	if err != nil {
		return nil, err
	}
	names, err := read(tx)
	if err != nil {
		return nil, fmt.Errorf("read the sanctioned names: %w", err)
	}
	s.index = NewIndex(newest, lists, names)
	return s.index, nil
}

func read(tx *db.Tx) (map[string][]Name, error) {
	rows, err := tx.Query(`SELECT list, uid, name, kind, program, country FROM sanction_names ORDER BY list, line`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names := map[string][]Name{}
	for rows.Next() {
		var list string
		var n Name
		if err := rows.Scan(&list, &n.UID, &n.Name, &n.Kind, &n.Program, &n.Country); err != nil {
			return nil, err
		}
		names[list] = append(names[list], n)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	return names, readDetails(tx, names)
}

// readDetails adds addresses and banks to the first name of each entry.
func readDetails(tx *db.Tx, names map[string][]Name) error {
	first := map[string]*Name{}
	for list, all := range names {
		for i := range all {
			if key := list + "\n" + all[i].UID; first[key] == nil {
				first[key] = &all[i]
			}
		}
	}
	rows, err := tx.Query(`SELECT list, uid, kind, value FROM sanction_details ORDER BY list, line`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var list, uid, kind, value string
		if err := rows.Scan(&list, &uid, &kind, &value); err != nil {
			return err
		}
		if n := first[list+"\n"+uid]; n != nil && kind == "address" {
			n.Addresses = oneMore(n.Addresses, value)
		} else if n != nil {
			n.Banks = oneMore(n.Banks, value)
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// Party is who is screened: all its names, its addresses, each in one line, and its banks as BICs or routing numbers.
type Party struct {
	ID        ids.ID
	Names     []string
	Addresses []string
	Banks     []string
}

// distinct are texts without needless blanks, each once, without empty ones.
func distinct(texts []string) (names []string) {
	seen := map[string]bool{"": true}
	for _, n := range texts {
		n = strings.Join(strings.Fields(n), " ")
		if !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	return names
}

// Look screens a party and notes new hits. open is how many wait for a person, cleared how many a person has cleared.
func (x *Index) Look(tx *db.Tx, p Party) (open, cleared int, err error) {
	for _, look := range []struct {
		ours  []string
		match func(string) []Hit
	}{{p.Names, x.Match}, {p.Addresses, x.MatchAddress}, {p.Banks, x.MatchBank}} {
		for _, name := range distinct(look.ours) {
			o, c, err := note(tx, p, name, look.match(name))
			if err != nil {
				return 0, 0, err
			}
			open, cleared = open+o, cleared+c
		}
	}
	return open, cleared, nil
}

// note keeps the hits of a name, an address or a bank of the party that are not known yet.
func note(tx *db.Tx, p Party, name string, hits []Hit) (open, cleared int, err error) {
	for _, h := range hits {
		var state string
		id := ids.New("snh")
		err := tx.Row(`INSERT INTO sanction_hits (org_id, id, subject, name, list, uid, listed, program, score, published, state, found, decided,
				decided_by, reason, kind) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, 0, '', '', $12)
				ON CONFLICT (org_id, subject, list, uid, name, listed) DO UPDATE SET published = excluded.published RETURNING state`,
			string(tx.Org()), string(id), string(p.ID), name, h.List, h.Listed.UID, h.Listed.Name, h.Listed.Program, h.Score,
			h.Published.String(), int64(clock.FromTime(tx.Now())), h.Kind).Scan(&state)
		if err != nil {
			return 0, 0, fmt.Errorf("note a hit on %s: %w", p.ID, err)
		}
		if state == Cleared {
			cleared++
		} else {
			open++
		}
	}
	return open, cleared, nil
}

// Pay screens who is about to be paid and keeps the dated evidence. hold is why the payment may not leave: a hit that
// nobody has cleared, or, for a wire, lists that are too old (in a live store also none at all).
func (x *Index) Pay(tx *db.Tx, payment ids.ID, p Party, wire bool) (hold string, err error) {
	open, cleared, err := x.Look(tx, p)
	if err != nil {
		return "", err
	}
	result := "clear"
	today := civil.Of(tx.Now(), civil.Pacific)
	var lists []string
	oldest := 0
	for _, l := range x.Lists {
		lists = append(lists, l.Name+" "+l.Published.String()+" "+l.SHA256)
		oldest = max(oldest, l.Age(today))
	}
	switch {
	case open > 0:
		result, hold = "hit", "The payee's name, address or bank resembles one on a sanctions list; another person has to look at it."
	case wire && oldest > BlockDays:
		hold = fmt.Sprintf("A sanctions list is %d days old: import the newest before money goes abroad.", oldest)
	case wire && len(x.Lists) == 0 && !tx.Sandbox():
		hold = "No sanctions list has been imported: import one before money goes abroad."
	case cleared > 0:
		result = "cleared"
	}
	tx.Exec(`INSERT INTO screenings (org_id, payment_id, at, names, lists, result, addresses, banks) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		string(tx.Org()), string(payment), int64(clock.FromTime(tx.Now())), strings.Join(distinct(p.Names), "\n"), strings.Join(lists, "\n"), result,
		strings.Join(distinct(p.Addresses), "\n"), strings.Join(distinct(p.Banks), "\n"))
	return hold, nil
}

// Screening is the evidence that a payee was screened.
type Screening struct {
	At        clock.Instant
	Names     []string
	Addresses []string
	Banks     []string // BICs and routing numbers
	Lists     []string // name, date and SHA-256
	Result    string
}

// Screenings are those of a payment, oldest first. The caller needs ViewBanks.
func Screenings(tx *db.Tx, payment ids.ID) ([]Screening, error) {
	if err := tx.Require(org.ViewBanks); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT at, names, lists, result, addresses, banks FROM screenings WHERE org_id = $1 AND payment_id = $2 ORDER BY at`, string(tx.Org()), string(payment))
	if err != nil {
		return nil, fmt.Errorf("read the screenings of %s: %w", payment, err)
	}
	defer rows.Close()
	var all []Screening
	for rows.Next() {
		var s Screening
		var names, lists, addresses, banks string
		if err := rows.Scan((*int64)(&s.At), &names, &lists, &s.Result, &addresses, &banks); err != nil {
			return nil, err
		}
		s.Names, s.Lists, s.Addresses, s.Banks = lines(names), lines(lists), lines(addresses), lines(banks)
		all = append(all, s)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}

const foundColumns = `id, subject, name, list, uid, listed, program, score, published, state, found, decided, decided_by, reason, kind`

func scanFound(scan func(...any) error) (f Found, err error) {
	var published string
	err = scan((*string)(&f.ID), (*string)(&f.Subject), &f.Name, &f.List, &f.Listed.UID, &f.Listed.Name, &f.Listed.Program, &f.Score, &published,
		&f.State, (*int64)(&f.FoundAt), (*int64)(&f.Decided), (*string)(&f.DecidedBy), &f.Reason, &f.Kind)
	if err == nil {
		f.Published, err = civil.Parse(published)
	}
	return f, err
}

// Hits are the organisation's hits in that state, at most 1,000: open ones oldest first, cleared ones latest first. The caller
// needs ApproveVendorBankChange.
func Hits(tx *db.Tx, state string) ([]Found, error) {
	if err := tx.Require(org.ApproveVendorBankChange); err != nil {
		return nil, err
	}
	order := ` ORDER BY id LIMIT 1000`
	if state == Cleared {
		order = ` ORDER BY id DESC LIMIT 1000`
	}
	rows, err := tx.Query(`SELECT `+foundColumns+` FROM sanction_hits WHERE org_id = $1 AND state = $2`+order, string(tx.Org()), state)
	if err != nil {
		return nil, fmt.Errorf("read the hits: %w", err)
	}
	defer rows.Close()
	var all []Found
	for rows.Next() {
		f, err := scanFound(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// Clear says that a party is not the listed one, with the reason. It needs ApproveVendorBankChange and fails with
// fault.ErrNotFound, ErrDecided, fault.ErrMissing without a reason, and ErrSamePerson for who last entered or changed the
// party, unless nobody else could clear it (SEC-5).
func Clear(tx *db.Tx, id ids.ID, reason string) error {
	if err := tx.Require(org.ApproveVendorBankChange); err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return fault.ErrMissing.On("reason")
	}
	var subject, state string
	err := tx.Row(`SELECT subject, state FROM sanction_hits WHERE org_id = $1 AND id = $2`+tx.ForUpdate(), string(tx.Org()), string(id)).Scan(&subject, &state)
	if err != nil {
		return fault.ErrNotFound.With(string(id))
	}
	if state != Open {
		return ErrDecided.With(string(id))
	}
	me := tx.Caller().User
	var touched bool
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM audit_events WHERE org_id = $1 AND record_id = $2 AND user_id = $3 AND action IN ('create', 'update'))`,
		string(tx.Org()), subject, string(me)).Scan(&touched)
	if err != nil {
		return fmt.Errorf("look who entered %s: %w", subject, err)
	}
	if touched {
		other, err := org.OtherHolds(tx, me, org.ApproveVendorBankChange)
		if err != nil {
			return err
		}
		if other {
			return ErrSamePerson
		}
		if err := org.ActAlone(tx, tx.Caller().User, "sanctionHit", id, "clear a name that resembles one on a sanctions list"); err != nil {
			return err
		}
	}
	tx.ExecOne(`UPDATE sanction_hits SET state = 'cleared', decided = $3, decided_by = $4, reason = $5 WHERE org_id = $1 AND id = $2`,
		string(tx.Org()), string(id), int64(clock.FromTime(tx.Now())), string(me), firstRunes(reason, 1000))
	tx.Audit("clear", "sanctionHit", id, "")
	return nil
}

func firstRunes(s string, n int) string {
	r := []rune(strings.ToValidUTF8(s, "?"))
	return string(r[:min(len(r), n)])
}

// parties are what is screened, by kind: the record's table and the columns with three names, two addresses and the bank.
var parties = []struct{ kind, table, columns string }{
	{"vendor", "vendors", `name, name_on_check, company_name, address1 || ' ' || address2 || ' ' || address3 || ' ' || address4 || ' ' || city, '',
		coalesce((SELECT max(CASE WHEN a.bic <> '' THEN a.bic ELSE a.routing END) FROM vendor_bank_accounts a
			WHERE a.org_id = vendors.org_id AND a.vendor_id = vendors.id AND a.is_active = 1), '')`},
	{"customer", "customers", `name, company_name, '', bill_address1 || ' ' || bill_address2 || ' ' || bill_address3 || ' ' || bill_address4 || ' ' || bill_city,
		ship_address1 || ' ' || ship_address2 || ' ' || ship_address3 || ' ' || ship_address4 || ' ' || ship_city,
		coalesce((SELECT max(a.routing) FROM customer_bank_accounts a
			WHERE a.org_id = customers.org_id AND a.customer_id = customers.id AND a.is_active = 1), '')`},
}

// pageSize is how many parties are screened in a transaction.
const pageSize = 500

// Rescreen screens the organisation's parties that are new or changed, or all after a list changed, and gives how many
// hits wait that were not known before.
func (s *Screener) Rescreen(ctx context.Context, d *db.DB, o ids.ID, at time.Time) (fresh int, err error) {
	for _, kind := range parties {
		for again, more := true, true; more; again = false {
			var found int
			err := d.WriteAt(ctx, db.Caller{Org: o, Perms: org.All, Channel: "job"}, at, func(tx *db.Tx) (err error) {
				found, more, err = s.page(tx, kind.kind, kind.table, kind.columns, again)
				return err
			})
			if err != nil {
				return fresh, fmt.Errorf("screen %s: %w", kind.table, err)
			}
			fresh += found
		}
	}
	return fresh, nil
}

// page screens the next parties of a kind; with again also those of the mark's own instant, at which others may have
// changed since.
func (s *Screener) page(tx *db.Tx, kind, table, columns string, again bool) (fresh int, more bool, err error) {
	x, err := s.Current(tx)
	if err != nil {
		return 0, false, err
	}
	var known, until int64
	err = tx.Row(`INSERT INTO screening_marks (org_id, kind, version, until) VALUES ($1, $2, $3, 0)
		ON CONFLICT (org_id, kind) DO UPDATE SET kind = excluded.kind RETURNING version, until`, string(tx.Org()), kind, x.Version).Scan(&known, &until)
	if err != nil {
		return 0, false, err
	}
	if known != x.Version {
		until = 0
	}
	from := until + 1
	if again {
		from = until
	}
	batch, seen, last, err := changed(tx, table, columns, from)
	if err != nil {
		return 0, false, err
	}
	var before, after int64
	count := func(n *int64) error {
		return tx.Row(`SELECT count(*) FROM sanction_hits WHERE org_id = $1 AND state = 'open'`, string(tx.Org())).Scan(n)
	}
	if err := count(&before); err != nil {
		return 0, false, err
	}
	for _, p := range batch {
		if _, _, err := x.Look(tx, p); err != nil {
			return 0, false, err
		}
	}
	if err := count(&after); err != nil {
		return 0, false, err
	}
	if last > until || known != x.Version {
		tx.Exec(`UPDATE screening_marks SET version = $3, until = $4 WHERE org_id = $1 AND kind = $2`, string(tx.Org()), kind, x.Version, max(last, until))
	}
	return int(after - before), seen >= pageSize, nil
}

// changed are the active ones of the next parties that changed at an instant or later, oldest change first, whole instants
// only; seen counts the others too.
func changed(tx *db.Tx, table, columns string, from int64) (batch []Party, seen int, last int64, err error) {
	rows, err := tx.Query(`SELECT id, is_active, updated_time, `+columns+` FROM `+table+` WHERE org_id = $1 AND updated_time >= $2
		AND updated_time <= (SELECT coalesce(max(updated_time), 0) FROM (SELECT updated_time FROM `+table+` WHERE org_id = $1 AND updated_time >= $2
			ORDER BY updated_time LIMIT $3) x) ORDER BY updated_time`, string(tx.Org()), from, int64(pageSize))
	if err != nil {
		return nil, 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Party
		var names [3]string
		var addresses [2]string
		var bank string
		var active int64
		if err := rows.Scan((*string)(&p.ID), &active, &last, &names[0], &names[1], &names[2], &addresses[0], &addresses[1], &bank); err != nil {
			return nil, 0, 0, err
		}
		seen++
		if p.Names, p.Addresses, p.Banks = names[:], addresses[:], []string{bank}; active == 1 {
			batch = append(batch, p)
		}
	}
	return batch, seen, last, errors.Join(rows.Err(), rows.Close())
}
