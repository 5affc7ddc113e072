// Package sanction screens names against published sanctions lists and keeps the evidence (domain SEC-8).
//
// Lists are the server's; its operator imports them as they are published. Every party's names are screened when they are
// new or changed and when a list is, and again when a payment leaves. What resembles a listed name is a hit: nothing is
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
	Name    string // of ours
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
	return names, errors.Join(rows.Err(), rows.Close())
}

// Party is who is screened, with all its names.
type Party struct {
	ID    ids.ID
	Names []string
}

// distinct are the party's names, each once, without empty ones.
func (p Party) distinct() (names []string) {
	seen := map[string]bool{"": true}
	for _, n := range p.Names {
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
	for _, name := range p.distinct() {
		for _, h := range x.Match(name) {
			var state string
			id := ids.New("snh")
			err := tx.Row(`INSERT INTO sanction_hits (org_id, id, subject, name, list, uid, listed, program, score, published, state, found, decided,
				decided_by, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, 0, '', '')
				ON CONFLICT (org_id, subject, list, uid, name, listed) DO UPDATE SET published = excluded.published RETURNING state`,
				string(tx.Org()), string(id), string(p.ID), name, h.List, h.Listed.UID, h.Listed.Name, h.Listed.Program, h.Score,
				h.Published.String(), int64(clock.FromTime(tx.Now()))).Scan(&state)
			if err != nil {
				return 0, 0, fmt.Errorf("note a hit on %s: %w", p.ID, err)
			}
			if state == Cleared {
				cleared++
			} else {
				open++
			}
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
		result, hold = "hit", "The payee's name resembles one on a sanctions list; another person has to look at it."
	case wire && oldest > BlockDays:
		hold = fmt.Sprintf("A sanctions list is %d days old: import the newest before money goes abroad.", oldest)
	case wire && len(x.Lists) == 0 && !tx.Sandbox():
		hold = "No sanctions list has been imported: import one before money goes abroad."
	case cleared > 0:
		result = "cleared"
	}
	tx.Exec(`INSERT INTO screenings (org_id, payment_id, at, names, lists, result) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		string(tx.Org()), string(payment), int64(clock.FromTime(tx.Now())), strings.Join(p.distinct(), "\n"), strings.Join(lists, "\n"), result)
	return hold, nil
}

// Screening is the evidence that a payee was screened.
type Screening struct {
	At     clock.Instant
	Names  []string
	Lists  []string // name, date and SHA-256
	Result string
}

// Screenings are those of a payment, oldest first. The caller needs ViewBanks.
func Screenings(tx *db.Tx, payment ids.ID) ([]Screening, error) {
	if err := tx.Require(org.ViewBanks); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`SELECT at, names, lists, result FROM screenings WHERE org_id = $1 AND payment_id = $2 ORDER BY at`, string(tx.Org()), string(payment))
	if err != nil {
		return nil, fmt.Errorf("read the screenings of %s: %w", payment, err)
	}
	defer rows.Close()
	var all []Screening
	for rows.Next() {
		var s Screening
		var names, lists string
		if err := rows.Scan((*int64)(&s.At), &names, &lists, &s.Result); err != nil {
			return nil, err
		}
		s.Names = strings.Split(names, "\n")
		if lists != "" {
			s.Lists = strings.Split(lists, "\n")
		}
		all = append(all, s)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

const foundColumns = `id, subject, name, list, uid, listed, program, score, published, state, found, decided, decided_by, reason`

func scanFound(scan func(...any) error) (f Found, err error) {
	var published string
	err = scan((*string)(&f.ID), (*string)(&f.Subject), &f.Name, &f.List, &f.Listed.UID, &f.Listed.Name, &f.Listed.Program, &f.Score, &published,
		&f.State, (*int64)(&f.FoundAt), (*int64)(&f.Decided), (*string)(&f.DecidedBy), &f.Reason)
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

// parties are what is screened, by kind: the record's table and the columns with names.
var parties = []struct{ kind, table, names string }{
	{"vendor", "vendors", "name, name_on_check, company_name"},
	{"customer", "customers", "name, company_name, ''"},
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
				found, more, err = s.page(tx, kind.kind, kind.table, kind.names, again)
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
		var active int64
		if err := rows.Scan((*string)(&p.ID), &active, &last, &names[0], &names[1], &names[2]); err != nil {
			return nil, 0, 0, err
		}
		seen++
		if p.Names = names[:]; active == 1 {
			batch = append(batch, p)
		}
	}
	return batch, seen, last, errors.Join(rows.Err(), rows.Close())
}
