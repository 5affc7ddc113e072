package audit

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
)

const (
	checkPage = 2000             // links read at once
	checkSome = 20               // findings told one by one
	grace     = 10 * time.Minute // in which an event has found its place
)

// Check proves that the trail of the transaction's organisation is what was written: every place taken, every event as
// it was linked, every anchor signed by key and fitting, and every kept mark too. It tells found what is wrong, and
// gives the number of links. Sweep comes before, or it tells of events that only wait.
func Check(tx *db.Tx, key ed25519.PublicKey, kept []Mark, found func(detail string)) (int64, error) {
	c := &checker{tx: tx, found: found, marks: map[int64][]Mark{}}
	signed, err := anchors(tx, ` ORDER BY day`)
	if err != nil {
		return 0, err
	}
	for _, a := range signed {
		if !a.sound(key) {
			c.tell("the anchor of %s was not signed with this store's key", a.Day)
			continue
		}
		c.marks[a.Place] = append(c.marks[a.Place], a.Mark)
	}
	for _, m := range kept {
		c.marks[m.Place] = append(c.marks[m.Place], m)
	}
	c.reach(head{}) // marks of an empty trail
	var last head
	for {
		n, err := c.page(&last)
		if err != nil {
			return 0, fmt.Errorf("walk the audit chain: %w", err)
		}
		if n < checkPage {
			break
		}
	}
	for _, waiting := range c.marks {
		for _, m := range waiting {
			c.tell("on %s the trail had %d events; the chain ends at %d", m.Taken.Format(time.DateTime), m.Place, last.place)
		}
	}
	if err := c.outside(); err != nil {
		return 0, err
	}
	if c.told > checkSome {
		found(fmt.Sprintf("and %d findings more", c.told-checkSome))
	}
	return last.place, nil
}

type checker struct {
	tx    *db.Tx
	found func(string)
	told  int
	marks map[int64][]Mark // not yet reached
}

func (c *checker) tell(format string, args ...any) {
	if c.told++; c.told <= checkSome {
		c.found(fmt.Sprintf(format, args...))
	}
}

// reach compares the marks of a place with the chain.
func (c *checker) reach(h head) {
	for _, m := range c.marks[h.place] {
		if m.Hash != h.hash {
			c.tell("the first %d events are not those of %s", h.place, m.Taken.Format(time.DateTime))
		}
	}
	delete(c.marks, h.place)
}

// page checks the links after last, and moves it.
func (c *checker) page(last *head) (int, error) {
	org := c.tx.Org()
	rows, err := c.tx.Query(`SELECT l.place, l.event_id, l.stamp, l.hash, coalesce(e.id, ''), coalesce(e.stamp, 0),
			coalesce(e.user_id, ''), coalesce(e.key_id, ''), coalesce(e.channel, ''), coalesce(e.address, ''), coalesce(e.action, ''),
			coalesce(e.record_type, ''), coalesce(e.record_id, ''), coalesce(e.changes, '')
		FROM audit_links l LEFT JOIN audit_events e ON e.org_id = l.org_id AND e.id = l.event_id
		WHERE l.org_id = $1 AND l.place > $2 ORDER BY l.place LIMIT $3`, string(org), last.place, checkPage)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var l head
		var e Event
		if err := rows.Scan(append([]any{&l.place, &l.event, &l.stamp, &l.hash}, e.dest()...)...); err != nil {
			return 0, err
		}
		switch {
		case l.place != last.place+1:
			c.tell("the events at places %d to %d are missing", last.place+1, l.place-1)
		case e.ID == "":
			c.tell("event %s at place %d is missing", l.event, l.place)
		case e.hash(org, l.place, last.hash) != l.hash:
			c.tell("event %s at place %d, or its place, was altered", l.event, l.place)
		case e.Stamp != l.stamp:
			c.tell("the link at place %d shows another time than its event", l.place)
		}
		*last = l
		c.reach(l)
	}
	return n, rows.Err()
}

// outside tells of old events that have no place.
func (c *checker) outside() error {
	rows, err := c.tx.Query(`SELECT e.id FROM audit_events e WHERE e.org_id = $1 AND e.stamp < $2
		AND e.id NOT IN (SELECT l.event_id FROM audit_links l WHERE l.org_id = $1) LIMIT 100`,
		string(c.tx.Org()), int64(clock.FromTime(c.tx.Now().Add(-grace))))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		c.tell("event %s has no place in the chain", id)
	}
	return rows.Err()
}
