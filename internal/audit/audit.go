// Package audit makes the audit trail evidence: it gives every event a place in its organisation's order and a hash over
// the event and all before it, signs how far the trail went, and proves later that nothing of it has changed (AUD-2).
//
// Rooms write events with db.Tx.Audit and wait for nothing here. Link follows within a second or so, in the order of the
// stamps, and what it has linked cannot be altered, reordered or removed without Check seeing it: at once by the hashes,
// and where somebody computes all of them anew, by the daily anchors that are signed with a key outside the database, or
// by a Checkpoint kept elsewhere. Events, links and anchors are only ever added.
package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

// Event is a row of the trail. Its organisation is the transaction's.
type Event struct {
	ID      ids.ID
	Stamp   clock.Instant
	User    ids.ID // empty: the program itself
	Key     ids.ID // application key, if any
	Channel string // the door
	Address string // network address
	Action  string
	Type    string // of the record
	Record  ids.ID
	Changes string // JSON, empty for none
}

const eventColumns = `e.id, e.stamp, e.user_id, e.key_id, e.channel, e.address, e.action, e.record_type, e.record_id, e.changes`

func (e *Event) dest() []any {
	return []any{&e.ID, &e.Stamp, &e.User, &e.Key, &e.Channel, &e.Address, &e.Action, &e.Type, &e.Record, &e.Changes}
}

// hash is the link at a place: of the organisation, the place, the hash before ("" at place 1) and the whole event.
func (e *Event) hash(org ids.ID, place int64, before string) string {
	var number [16]byte
	binary.BigEndian.PutUint64(number[:8], uint64(place))
	binary.BigEndian.PutUint64(number[8:], uint64(e.Stamp))
	return hashOf("duebook audit event 1", before, string(org), string(number[:]), string(e.ID), string(e.User), string(e.Key),
		e.Channel, e.Address, e.Action, e.Type, string(e.Record), e.Changes)
}

// hashOf hashes texts, each with its length before it, so that no two lists of texts look alike.
func hashOf(parts ...string) string {
	h := sha256.New()
	var length [binary.MaxVarintLen64]byte
	for _, p := range parts {
		h.Write(length[:binary.PutUvarint(length[:], uint64(len(p)))])
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// head is the last link of an organisation; the zero head is that of an empty chain.
type head struct {
	place int64
	event ids.ID
	stamp clock.Instant
	hash  string
}

func lastLink(tx *db.Tx) (h head, err error) {
	err = tx.Row(`SELECT place, event_id, stamp, hash FROM audit_links WHERE org_id = $1 ORDER BY place DESC LIMIT 1`, string(tx.Org())).
		Scan(&h.place, &h.event, &h.stamp, &h.hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return h, err
}

const (
	linkBatch = 1000 // events linked in one transaction
	linkRows  = 100  // of them in one statement
	linkTries = 100  // against other processes that link the same
)

// Link gives the events of an organisation ("" for those of the server) that have no place yet the next places, in the
// order of their stamps. It hashes outside any transaction and keeps no writer waiting but for its inserts; two
// processes may link at once. An event whose stamp is before that of the last link, because a clock was set back, is
// left to Sweep.
func Link(ctx context.Context, d *db.DB, org ids.ID) error { return link(ctx, d, org, false) }

// Sweep is Link that misses nothing.
func Sweep(ctx context.Context, d *db.DB, org ids.ID) error {
	if err := link(ctx, d, org, false); err != nil {
		return err
	}
	var events int64
	var last head
	err := d.Read(ctx, caller(org), func(tx *db.Tx) (err error) {
		if last, err = lastLink(tx); err != nil {
			return err
		}
		return tx.Row(`SELECT count(*) FROM audit_events WHERE org_id = $1`, string(org)).Scan(&events)
	})
	if err != nil || events == last.place {
		return err
	}
	return link(ctx, d, org, true)
}

func caller(org ids.ID) db.Caller { return db.Caller{Org: org, Channel: "audit"} }

func link(ctx context.Context, d *db.DB, org ids.ID, all bool) error {
	for tries := 0; ; {
		var last head
		var events []Event
		// Whatever commits after this has a later stamp, so that the order of the places is that of the stamps.
		err := d.Poll(ctx, caller(org), func(tx *db.Tx) (err error) {
			if last, err = lastLink(tx); err != nil {
				return err
			}
			if all || clock.FromTime(tx.Now()) < last.stamp { // a sandbox whose clock went back
				events, err = skipped(tx)
			} else {
				events, err = after(tx, last)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("read what the audit chain lacks: %w", err)
		}
		if len(events) == 0 {
			return nil
		}
		hashes := make([]string, len(events))
		before := last.hash
		for i := range events {
			hashes[i] = events[i].hash(org, last.place+int64(i)+1, before)
			before = hashes[i]
		}
		err = d.Write(ctx, caller(org), func(tx *db.Tx) error {
			for i := 0; i < len(events); i += linkRows {
				n := min(i+linkRows, len(events))
				insertLinks(tx, last.place+int64(i), events[i:n], hashes[i:n])
			}
			return nil
		})
		switch {
		case db.IsUnique(err) && tries < linkTries: // another process was first
			tries++
		case err != nil:
			return fmt.Errorf("lengthen the audit chain: %w", err)
		case len(events) < linkBatch:
			return nil
		}
	}
}

// after reads the events that follow a link, a batch.
func after(tx *db.Tx, h head) ([]Event, error) {
	return read(tx, `(e.stamp > $2 OR e.stamp = $2 AND e.id > $3) AND e.stamp >= $2`, int64(h.stamp), string(h.event))
}

// skipped reads the events that have no place, wherever they stand, a batch. It looks at the whole trail.
func skipped(tx *db.Tx) ([]Event, error) {
	return read(tx, `e.id NOT IN (SELECT l.event_id FROM audit_links l WHERE l.org_id = $1)`)
}

func read(tx *db.Tx, where string, args ...any) ([]Event, error) {
	rows, err := tx.Query(`SELECT `+eventColumns+` FROM audit_events e WHERE e.org_id = $1 AND `+where+
		` ORDER BY e.stamp, e.id LIMIT `+strconv.Itoa(linkBatch), append([]any{string(tx.Org())}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Event
	for rows.Next() {
		var e Event
		if err := rows.Scan(e.dest()...); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// insertLinks queues the links of events whose places follow after.
func insertLinks(tx *db.Tx, after int64, events []Event, hashes []string) {
	var q strings.Builder
	q.WriteString(`INSERT INTO audit_links (org_id, place, event_id, stamp, hash) VALUES `)
	args := make([]any, 0, 5*len(events))
	for i, e := range events {
		if i > 0 {
			q.WriteString(", ")
		}
		n := len(args)
		fmt.Fprintf(&q, "($%d, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4, n+5)
		args = append(args, string(tx.Org()), after+int64(i)+1, string(e.ID), int64(e.Stamp), hashes[i])
	}
	tx.Exec(q.String(), args...)
}
