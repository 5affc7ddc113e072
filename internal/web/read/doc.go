// Package read answers what the pages ask: lists joined with names, page by page along a key, and sums.
//
// Rules live in the rooms; nothing here changes anything. Every function demands the permission that the room demands
// for the same records, and runs a fixed number of queries however many rows it shows.
package read

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/db"
)

// PageSize is how many rows a page of a list shows.
const PageSize = 50

// Cursors of the rows around a page: of the last row when more follow, of the first when some come before.
type Cursors struct{ Next, Previous string }

// place is a row's place in an ordered list: the value it is ordered by, and its id.
type place struct{ value, id string }

func (p place) cursor() string {
	return base64.RawURLEncoding.EncodeToString([]byte(p.id + p.value))
}

// parseCursor reads a cursor; ok is false for one that no list has made.
func parseCursor(s string) (p place, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(raw) < 20 {
		return place{}, false
	}
	return place{value: string(raw[20:]), id: string(raw[:20])}, true
}

// list is a query for one page of rows in the order of a key and the id.
type list struct {
	columns, from string // the select list, without place; tables and their joins
	where         string
	args          []any
	key, id       string // columns that the list is ordered by
	number        bool   // key is a whole number, not a text
	desc          bool
	after, before string // cursors
	limit         int    // 0 for all
}

// run calls scan for every row; scan reads what columns names and then the two parts of place.
func (l list) run(tx *db.Tx, scan func(read func(dest ...any) error) error) (Cursors, error) {
	cursor, back := l.after, false
	if l.before != "" {
		cursor, back = l.before, true
	}
	from, paged := parseCursor(cursor)
	paged = paged && l.limit > 0
	back = back && paged
	var b strings.Builder
	args := slices.Clone(l.args)
	order := ""
	compare := ">"
	if l.desc != back {
		order, compare = " DESC", "<"
	}
	fmt.Fprintf(&b, "SELECT %s, CAST(%s AS ctext), %s FROM %s WHERE %s", l.columns, l.key, l.id, l.from, l.where)
	if paged {
		value := fmt.Sprintf("$%d", len(args)+1)
		if l.number {
			value = "CAST(" + value + " AS BIGINT)"
		}
		fmt.Fprintf(&b, " AND (%s, %s) %s (%s, $%d)", l.key, l.id, compare, value, len(args)+2)
		args = append(args, from.value, from.id)
	}
	fmt.Fprintf(&b, " ORDER BY %s%s, %s%s", l.key, order, l.id, order)
	if l.limit > 0 {
		fmt.Fprintf(&b, " LIMIT %d", l.limit+1)
	}
	rows, err := tx.Query(b.String(), args...)
	if err != nil {
		return Cursors{}, fmt.Errorf("list %s: %w", l.from, err)
	}
	defer rows.Close()
	var places []place
	for rows.Next() && (l.limit == 0 || len(places) <= l.limit) {
		var p place
		err := scan(func(dest ...any) error { return rows.Scan(append(dest, &p.value, &p.id)...) })
		if err != nil {
			return Cursors{}, fmt.Errorf("read a row of %s: %w", l.from, err)
		}
		if l.limit > 0 {
			places = append(places, p)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || l.limit == 0 || len(places) == 0 {
		return Cursors{}, err
	}
	more := len(places) > l.limit
	if more {
		places = places[:l.limit]
	}
	first, last := places[0], places[len(places)-1]
	var c Cursors
	switch {
	case back:
		c.Next = first.cursor()
		if more {
			c.Previous = last.cursor()
		}
	default:
		if more {
			c.Next = last.cursor()
		}
		if paged {
			c.Previous = first.cursor()
		}
	}
	return c, nil
}

// page cuts the one row too many, and turns rows read backwards round.
func page[T any](rows []T, before string, limit int) []T {
	if limit > 0 && len(rows) > limit {
		rows = rows[:limit]
	}
	if _, ok := parseCursor(before); ok {
		slices.Reverse(rows)
	}
	return rows
}

// contains is the pattern of LIKE ... ESCAPE '!' for texts that have s in them.
func contains(s string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s) + "%"
}
