package record

import (
	"fmt"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

// Op compares a field with the values of a filter.
type Op string

// The operators. Only Eq and Ne with a value of "" find and exclude records without one; every other comparison
// passes them over, for references and texts alike.
const (
	Eq Op = "="
	Ne Op = "<>"
	Lt Op = "<"
	Le Op = "<="
	Gt Op = ">"
	Ge Op = ">="
	In Op = "IN"

	Nin Op = "NOT IN"
	Sw  Op = "sw" // a text that begins with the value
)

// Filter is one condition. Values are as stored: string for texts, ids and dates, int64 for everything else. For
// instants, Eq, Ne, In and Nin compare with ranges: Values hold pairs of a first instant and the one after the last.
type Filter struct {
	Field  *Field
	Op     Op
	Values []any
	Line   bool // Field belongs to the lines: a record matches if one of its lines does
	Fold   bool // a text compares without regard to the case of ASCII letters; Values are in lower case

	Or *Filter // a condition that does as well
}

// Lower gives s as Fold compares it: only ASCII letters change, as lower() of both databases does.
func Lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// Query selects records. Filters are joined by AND. Order is createdTime, then id, ascending (G-22), or by another
// column, whose name comes from the catalogue.
type Query struct {
	Filters []Filter
	Search  string // SQL condition of a room's own with its arguments numbered by Arg, or empty
	Args    []any
	Order   []Key
	Limit   int // 0 for all
	Offset  int // with a limit: how many to pass over

	// Only names the fields to read, of the record and of its lines; nil reads all. Every column costs, and a long
	// list shows few of them.
	Only, OnlyLines []*Field

	walked []Filter // those of Filters that match too many records to be found by
}

// Key is one column of an order.
type Key struct {
	Field      *Field
	Descending bool
	Fold       bool // texts without regard to the case of ASCII letters
}

// chunk is how many records are read at a time, so that memory stays bounded.
const chunk = 500

// List calls yield with every record that matches, with its lines, in order. Memory holds the ids of the matches
// and one chunk of records.
func (o Of[T]) List(tx *db.Tx, q Query, yield func(*T) error) error {
	return o.Type.List(tx, q, func(r Record) error { return yield(any(r).(*T)) })
}

// List is the untyped List.
func (t *Type) List(tx *db.Tx, q Query, yield func(Record) error) error {
	found, err := t.find(tx, q)
	if err != nil {
		return err
	}
	for len(found) > 0 {
		n := min(chunk, len(found))
		recs, err := t.loadMany(tx, found[:n], q)
		if err != nil {
			return err
		}
		for _, r := range recs {
			if err := yield(r); err != nil {
				return err
			}
		}
		found = found[n:]
	}
	return nil
}

// key is an id as found: 20 bytes, no pointer.
type key [20]byte

// few is how many matches are found by their filters and then sorted; more are met soon enough on the way through all
// records in the order of the list. It is about the root of the size of a page times a million records, where both cost
// the same if the matches lie anywhere.
const few = 30_000

// find gives the ids of one page, or of all that match.
func (t *Type) find(tx *db.Tx, q Query) ([]key, error) {
	sorted := q.Limit == 0
	if narrow := q.narrow(); !sorted && narrow != nil {
		var b strings.Builder
		fmt.Fprintf(&b, "SELECT count(*) FROM (SELECT 1 FROM %s WHERE org_id = $1", t.Table)
		args := t.where(&b, Query{Filters: narrow}, true, []any{string(tx.Org())})
		fmt.Fprintf(&b, " LIMIT %d) n", few+1)
		var found int
		if err := tx.Row(b.String(), args...).Scan(&found); err != nil {
			return nil, fmt.Errorf("count %s: %w", t.Name, err)
		}
		if sorted = found <= few; !sorted {
			q.walked = narrow
		}
	}
	query, args := t.findSQL(tx, q, sorted)
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", t.Name, err)
	}
	defer rows.Close()
	var found []key
	var raw sqlRaw
	for rows.Next() {
		if err := rows.Scan(&raw); err != nil {
			return nil, fmt.Errorf("list %s: %w", t.Name, err)
		}
		found = append(found, key(raw))
	}
	return found, rows.Err()
}

// narrow gives the filters of q that an index may find a few records by, where it does not give the order, too. The
// numbers of an enumeration and references have indexes that do.
func (q Query) narrow() (out []Filter) {
	for _, f := range q.Filters {
		if len(q.Order) > 0 && f.Field == q.Order[0].Field && f.Or == nil {
			continue
		}
		var yes bool
		switch f.Field.Kind {
		case Text, Date:
			yes = true
		case Instant:
			yes = f.Field.Name != "createdTime" || len(q.Order) > 0
		case Ref:
			yes = f.Op == In || f.Op == Eq && (f.Line || f.Or != nil || f.Field.Name == "id" || len(q.Order) > 0)
		}
		if yes && f.Op != Ne && f.Op != Nin {
			out = append(out, f)
		}
	}
	return out
}

// Explain gives the database's plan for finding the records of q, as it is where the filters match few records.
func (t *Type) Explain(tx *db.Tx, q Query) ([]string, error) {
	query, args := t.findSQL(tx, q, q.Limit == 0 || q.narrow() != nil)
	return tx.Explain(query, args...)
}

// sqlRaw reads an id without making a string of it.
type sqlRaw key

// Scan implements sql.Scanner.
func (r *sqlRaw) Scan(src any) error {
	switch v := src.(type) {
	case string:
		copy(r[:], v)
	case []byte:
		copy(r[:], v)
	default:
		return fmt.Errorf("an id cannot be read from %T", src)
	}
	return nil
}

// findSQL gives the statement for the ids of q. If sorted, the database has to find the matches first and sort them.
func (t *Type) findSQL(tx *db.Tx, q Query, sorted bool) (string, []any) {
	var b strings.Builder
	b.WriteString("SELECT id FROM " + t.Table + " WHERE org_id = $1")
	args := t.where(&b, q, sorted, []any{string(tx.Org())})
	b.WriteString(" ORDER BY ")
	// An order by an expression is one that no index gives.
	sorted = sorted && (len(q.Filters) > 0 || q.Search != "")
	if len(q.Order) == 0 {
		if sorted {
			b.WriteByte('+')
		}
		b.WriteString("created_time, id")
	}
	for i, k := range q.Order {
		if i > 0 {
			b.WriteString(", ")
		}
		col := k.Field.sql()
		if k.Fold {
			col = "lower(" + col + ")"
		}
		switch text := k.Field.isText(); {
		case sorted && i == 0 && text:
			col += " || ''"
		case sorted && i == 0:
			col = "+" + col
		}
		b.WriteString(col)
		if k.Descending {
			b.WriteString(" DESC")
		}
	}
	if q.Limit > 0 {
		fmt.Fprintf(&b, " LIMIT %d", q.Limit)
		if q.Offset > 0 {
			fmt.Fprintf(&b, " OFFSET %d", q.Offset)
		}
	}
	return b.String(), args
}

// where appends the conditions of q and gives args with theirs. If sorted, the index of what is active stays out of it:
// it would find nearly everything.
func (t *Type) where(b *strings.Builder, q Query, sorted bool, args []any) []any {
	for _, f := range q.Filters {
		b.WriteString(" AND ")
		if sorted && len(q.Filters) > 1 && f.Field.Name == "isActive" && f.Or == nil {
			b.WriteByte('+')
		}
		if f.Or == nil && !f.Line {
			walked := slices.ContainsFunc(q.walked, func(w Filter) bool { return w.Field == f.Field })
			args = f.write(b, walked, args)
			continue
		}
		// Either of two conditions is asked for by ids: an OR would keep PostgreSQL from using the index of each.
		b.WriteString("id IN (")
		args = t.ids(b, f, args)
		if f.Or != nil {
			b.WriteString(" UNION ALL ")
			args = t.ids(b, *f.Or, args)
		}
		b.WriteByte(')')
	}
	if q.Search != "" {
		b.WriteString(" AND (" + renumber(q.Search, len(args)) + ")")
		args = append(args, q.Args...)
	}
	return args
}

// ids appends the query for the ids of the records that f asks for.
func (t *Type) ids(b *strings.Builder, f Filter, args []any) []any {
	id, table := "id", t.Table
	if f.Line {
		id, table = t.Lines.parent.Column, t.Lines.Table
	}
	b.WriteString("SELECT " + id + " FROM " + table + " WHERE org_id = $1 AND ")
	return f.write(b, false, args)
}

// write appends the condition of f and its arguments, as one that no index serves if walked. It says that a value is there even where the comparison alone
// would: that lets SQLite use the indexes that leave out rows without one.
func (f Filter) write(b *strings.Builder, walked bool, args []any) []any {
	col := f.Field.sql()
	if f.Field.Kind == Instant && (f.Op == Eq || f.Op == Ne || f.Op == In || f.Op == Nin) {
		return f.writeRanges(b, args)
	}
	compared := col
	if f.Fold {
		compared = "lower(" + col + ")"
	}
	switch {
	case walked && f.Field.isText():
		compared += " || ''"
	case walked:
		compared = "+" + compared
	}
	switch f.Op {
	case In, Nin:
		b.WriteString(compared + " " + string(f.Op) + " (")
		for i, v := range f.Values {
			args = append(args, v)
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(b, "$%d", len(args))
		}
		b.WriteByte(')')
	case Sw: // as a range, which an index serves
		args = append(args, f.Values[0], f.Values[0].(string)+"\U0010ffff")
		fmt.Fprintf(b, "%s >= $%d AND %s < $%d", compared, len(args)-1, compared, len(args))
	default:
		args = append(args, f.Values[0])
		fmt.Fprintf(b, "%s %s $%d", compared, f.Op, len(args))
	}
	switch f.Field.Kind {
	case Text, Ref, Date:
		if f.Values[0] != "" || f.Op != Eq && f.Op != Ne {
			b.WriteString(" AND " + compared + " <> ''")
		}
	case Instant:
		if f.Field.Name != "createdTime" && f.Field.Name != "updatedTime" { // these two are always there
			b.WriteString(" AND " + col + " <> 0")
		}
	}
	return args
}

// writeRanges appends the condition that an instant lies, or does not lie, in one of the ranges that Values hold in
// pairs: from the first on, before the second.
func (f Filter) writeRanges(b *strings.Builder, args []any) []any {
	col := f.Field.Column
	if f.Op == Ne || f.Op == Nin {
		b.WriteString(col + " <> 0 AND NOT ")
	}
	b.WriteByte('(')
	for i := 0; i+1 < len(f.Values); i += 2 {
		if i > 0 {
			b.WriteString(" OR ")
		}
		args = append(args, f.Values[i], f.Values[i+1])
		fmt.Fprintf(b, "%s >= $%d AND %s < $%d", col, len(args)-1, col, len(args))
	}
	b.WriteByte(')')
	return args
}

// renumber shifts the placeholders $1, $2 ... of a room's condition behind the arguments already there.
func renumber(s string, by int) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '$' {
			b.WriteByte(s[i])
			continue
		}
		n := 0
		for i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' {
			i++
			n = n*10 + int(s[i]-'0')
		}
		fmt.Fprintf(&b, "$%d", n+by)
	}
	return b.String()
}

func (t *Type) loadMany(tx *db.Tx, keys []key, q Query) ([]Record, error) {
	names := make([]string, len(keys))
	place := make(map[ids.ID]int, len(keys))
	for i, k := range keys {
		names[i] = string(k[:])
		place[ids.ID(names[i])] = i
	}
	in, args := inList(2, names)
	fields, columns := t.pick(q.Only)
	rows, err := tx.Query("SELECT "+columns+" FROM "+t.Table+" WHERE org_id = $1 AND id"+in,
		append([]any{string(tx.Org())}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("load %d of %s: %w", len(keys), t.Name, err)
	}
	defer rows.Close()
	recs := make([]Record, len(keys))
	for rows.Next() {
		rec := t.make()
		if err := t.scanRow(tx, rows, fields, rec); err != nil {
			return nil, fmt.Errorf("read %s: %w", t.Name, err)
		}
		recs[place[rec.Head().ID]] = rec
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	if t.Lines != nil {
		if err := t.Lines.loadInto(tx, recs, q.OnlyLines); err != nil {
			return nil, err
		}
	}
	return recs, nil
}
