package record

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
)

// Insert stores a new record with its lines and its audit event. It gives ids to the record and its lines, sets
// createdTime and updatedTime to the transaction's stamp (G-31); the struct shows its time until it is read again.
// Rules and references are the room's to check before.
func (t *Type) Insert(tx *db.Tx, rec Record) {
	t.prepare(tx, rec)
	tx.Exec(t.insertSQL(1), t.args(nil, tx, rec)...)
	if t.Lines != nil {
		t.Lines.insert(tx, rec.Head().ID, t.Lines.All(rec))
	}
	tx.Audit("create", t.Name, rec.Head().ID, string(t.created(rec, t.digits(rec))))
}

func (t *Type) prepare(tx *db.Tx, rec Record) {
	h := rec.Head()
	if h.ID == "" {
		h.ID = ids.New(t.Prefix)
	}
	h.CreatedTime = clock.FromTime(tx.Now())
	h.UpdatedTime = h.CreatedTime
}

// lineChunk is how many lines go into one statement.
const lineChunk = 40

func (l *Lines) insert(tx *db.Tx, parent ids.ID, lines []Record) {
	for i, line := range lines {
		l.prepare(tx, line)
		*l.parent.at(line).(*ids.ID) = parent
		*l.order.at(line).(*int64) = int64(i + 1)
	}
	for len(lines) > 0 {
		n := min(lineChunk, len(lines))
		args := make([]any, 0, n*l.width())
		for _, line := range lines[:n] {
			args = l.args(args, tx, line)
		}
		tx.Exec(l.insertSQL(n), args...)
		lines = lines[n:]
	}
}

func (t *Type) args(args []any, tx *db.Tx, rec Record) []any {
	if args == nil {
		args = make([]any, 0, t.width())
	}
	args = append(args, string(tx.Org()))
	at := len(args)
	for _, f := range t.stored {
		if f.Name == "updatedTime" || f.Name == "createdTime" {
			args = append(args, db.Stamp)
			continue
		}
		args = append(args, f.bind(rec))
	}
	for _, f := range t.sealed {
		sealed, hash := t.seal(tx, f, rec)
		args[at+slices.Index(t.stored, f)] = sealed
		args = append(args, hash)
	}
	return args
}

// width is how many values an inserted row has.
func (t *Type) width() int { return 1 + len(t.stored) + len(t.sealed) }

func (t *Type) seal(tx *db.Tx, f *Field, rec Record) (sealed, hash string) {
	return tx.Seal(f.bind(rec).(string), t.Table, f.Column, rec.Head().ID)
}

// unseal opens the sealed ones of the fields that were read.
func (t *Type) unseal(tx *db.Tx, fields []*Field, rec Record) error {
	for _, f := range t.sealed {
		p := f.at(rec).(*string)
		if *p == "" || !slices.Contains(fields, f) {
			continue
		}
		plain, err := tx.Unseal(*p, t.Table, f.Column, rec.Head().ID)
		if err != nil {
			return err
		}
		*p = plain
	}
	return nil
}

var statements sync.Map // of "insert table n" and the like: text built once

func cached(key string, build func() string) string {
	if s, ok := statements.Load(key); ok {
		return s.(string)
	}
	s := build()
	statements.Store(key, s)
	return s
}

func (t *Type) insertSQL(rows int) string {
	return cached(fmt.Sprintf("insert %s %d", t.Table, rows), func() string {
		var b strings.Builder
		fmt.Fprintf(&b, "INSERT INTO %s (org_id, %s", t.Table, t.columns)
		for _, f := range t.sealed {
			b.WriteString(", " + f.Column + "_hash")
		}
		b.WriteString(") VALUES ")
		n := 0
		for r := range rows {
			if r > 0 {
				b.WriteString(", ")
			}
			b.WriteByte('(')
			for c := range t.width() {
				n++
				if c > 0 {
					b.WriteString(", ")
				}
				fmt.Fprintf(&b, "$%d", n)
			}
			b.WriteByte(')')
		}
		return b.String()
	})
}

// Load reads the record with that id and its lines. It fails with fault.ErrNotFound, also for a record of another
// organisation.
func (o Of[T]) Load(tx *db.Tx, id ids.ID) (*T, error) { return o.load(tx, id, "") }

// LoadForUpdate is Load that keeps other writers from the record until the transaction ends.
func (o Of[T]) LoadForUpdate(tx *db.Tx, id ids.ID) (*T, error) { return o.load(tx, id, tx.ForUpdate()) }

func (o Of[T]) load(tx *db.Tx, id ids.ID, suffix string) (*T, error) {
	rec, err := o.Type.load(tx, id, suffix)
	if err != nil {
		return nil, err
	}
	return any(rec).(*T), nil
}

func (t *Type) load(tx *db.Tx, id ids.ID, suffix string) (Record, error) {
	rec := t.make()
	fields, columns := t.pick(nil)
	var row string
	err := tx.Row("SELECT "+columns+" FROM "+t.Table+" WHERE org_id = $1 AND id = $2"+suffix, string(tx.Org()), string(id)).Scan(&row)
	if err == nil {
		err = unpack(fields, row, rec)
	}
	if err == nil {
		err = t.unseal(tx, fields, rec)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.ErrNotFound.With(string(id))
	}
	if err != nil {
		return nil, fmt.Errorf("load %s %s: %w", t.Name, id, err)
	}
	if t.Lines != nil {
		if err := t.Lines.loadInto(tx, []Record{rec}, nil); err != nil {
			return nil, err
		}
	}
	return rec, nil
}

// LoadAny reads a record when only the type is known at run time.
func (t *Type) LoadAny(tx *db.Tx, id ids.ID) (Record, error) { return t.load(tx, id, tx.ForUpdate()) }

// loadInto reads the lines of all the given records in one query and adds them in order.
func (l *Lines) loadInto(tx *db.Tx, recs []Record, only []*Field) error {
	if len(recs) == 0 {
		return nil
	}
	byID := make(map[ids.ID]Record, len(recs))
	keys := make([]string, len(recs))
	for i, r := range recs {
		byID[r.Head().ID] = r
		keys[i] = string(r.Head().ID)
	}
	in, args := inList(2, keys)
	fields, columns := l.pick(only, l.parent)
	q := "SELECT " + columns + " FROM " + l.Table + " WHERE org_id = $1 AND " + l.parent.Column + in +
		" ORDER BY " + l.parent.Column + ", position"
	rows, err := tx.Query(q, append([]any{string(tx.Org())}, args...)...)
	if err != nil {
		return fmt.Errorf("load lines of %d records: %w", len(recs), err)
	}
	defer rows.Close()
	for rows.Next() {
		line := l.make()
		if err := l.scanRow(tx, rows, fields, line); err != nil {
			return fmt.Errorf("read a line: %w", err)
		}
		if parent := byID[*l.parent.at(line).(*ids.ID)]; parent != nil {
			l.Add(parent, line)
		}
	}
	return rows.Err()
}

// InIDs gives " IN ($n, ...)" with its arguments for a room's own query about many records; n is first. At least one id.
func InIDs(first int, list []ids.ID) (string, []any) {
	keys := make([]string, len(list))
	for i, id := range list {
		keys[i] = string(id)
	}
	return inList(first, keys)
}

// inList builds " IN ($n, ...)", padded to a few lengths so that few statements are prepared.
func inList(first int, keys []string) (string, []any) {
	size := (len(keys) + 499) / 500 * 500
	for _, n := range []int{1, 4, 16, 64, 128} {
		if len(keys) <= n {
			size = n
			break
		}
	}
	args := make([]any, size)
	for i := range args {
		args[i] = keys[min(i, len(keys)-1)]
	}
	return cached(fmt.Sprintf("in %d %d", first, size), func() string {
		var b strings.Builder
		b.WriteString(" IN (")
		for i := range size {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "$%d", first+i)
		}
		b.WriteByte(')')
		return b.String()
	}), args
}

// Save stores what differs between before, as it was loaded, and after, with an audit event that names every field
// with its old and new value. updatedTime moves unless nothing but a client's own marks changed (SYN-3); nothing at
// all is written when nothing differs. It reports whether anything did. Lines are matched by id; one that before
// does not have, or names twice, is a new line with an id of its own.
func (t *Type) Save(tx *db.Tx, before, after Record) bool {
	return t.save(tx, "update", before, after)
}

// SaveAs is Save under another verb in the audit trail, for a change that has a name of its own.
func (t *Type) SaveAs(tx *db.Tx, verb string, before, after Record) bool {
	return t.save(tx, verb, before, after)
}

func (t *Type) save(tx *db.Tx, verb string, before, after Record) bool {
	id := after.Head().ID
	changed, moves := t.diff(before, after)
	var detail []byte
	if t.Lines != nil {
		var linesMove bool
		detail, linesMove = t.Lines.save(tx, id, t.Lines.All(before), t.Lines.All(after), t.digits(after))
		moves = moves || linesMove
	}
	if len(changed) == 0 && len(detail) == 0 {
		return false
	}
	if len(changed) > 0 || moves {
		t.update(tx, id, after, changed, moves)
	}
	tx.Audit(verb, t.Name, id, string(t.differences(changed, before, after, detail, t.digits(before), t.digits(after))))
	return true
}

// update stores the values of the changed fields, and the stamp where updatedTime moves.
func (t *Type) update(tx *db.Tx, id ids.ID, rec Record, changed []*Field, moves bool) {
	var set strings.Builder
	args := []any{string(tx.Org()), string(id)}
	assign := func(column string, value any) {
		if set.Len() > 0 {
			set.WriteString(", ")
		}
		args = append(args, value)
		fmt.Fprintf(&set, "%s = $%d", column, len(args))
	}
	if moves {
		assign("updated_time", db.Stamp)
	}
	for _, f := range changed {
		if f.Sealed {
			sealed, hash := t.seal(tx, f, rec)
			assign(f.Column, sealed)
			assign(f.Column+"_hash", hash)
			continue
		}
		assign(f.Column, f.bind(rec))
	}
	tx.ExecOne("UPDATE "+t.Table+" SET "+set.String()+" WHERE org_id = $1 AND id = $2", args...)
}

// Touch moves the record's updatedTime without another change: something it shows has changed elsewhere.
func (t *Type) Touch(tx *db.Tx, id ids.ID) {
	tx.ExecOne("UPDATE "+t.Table+" SET updated_time = $3 WHERE org_id = $1 AND id = $2", string(tx.Org()), string(id), db.Stamp)
}

// Changes gives the fields that differ as the audit trail holds them, "" if none does: for rooms that store records of a
// type by other means than Save.
func (t *Type) Changes(before, after Record) string {
	changed, _ := t.diff(before, after)
	if changed == nil {
		return ""
	}
	return string(t.differences(changed, before, after, nil, t.digits(before), t.digits(after)))
}

func (t *Type) diff(before, after Record) (changed []*Field, moves bool) {
	for _, f := range t.stored {
		if f.Name == "updatedTime" || f.Name == "createdTime" || f.equal(before, after) {
			continue
		}
		changed = append(changed, f)
		moves = moves || !f.Sync
	}
	return changed, moves
}

// save stores the differences of the lines, matched by id, and gives them as JSON, empty for none. moves reports
// whether more than a client's own marks changed.
func (l *Lines) save(tx *db.Tx, parent ids.ID, before, after []Record, digits int) (detail []byte, moves bool) {
	old := make(map[ids.ID]Record, len(before))
	for _, b := range before {
		old[b.Head().ID] = b
	}
	note := func(id ids.ID, what []byte) {
		if len(detail) > 0 {
			detail = append(detail, ',')
		}
		detail = append(AppendQuoted(detail, string(id)), ':')
		detail = append(detail, what...)
	}
	for i, line := range after {
		h := line.Head()
		*l.parent.at(line).(*ids.ID) = parent
		*l.order.at(line).(*int64) = int64(i + 1)
		b := old[h.ID]
		if b == nil {
			h.ID = ""
			l.prepare(tx, line)
			tx.Exec(l.insertSQL(1), l.args(nil, tx, line)...)
			note(h.ID, l.created(line, digits))
			moves = true
			continue
		}
		delete(old, h.ID)
		fields, move := l.diff(b, line)
		if len(fields) == 0 {
			continue
		}
		moves = moves || move
		l.update(tx, h.ID, line, fields, move)
		note(h.ID, l.differences(fields, b, line, nil, digits, digits))
	}
	for _, b := range before {
		if id := b.Head().ID; old[id] != nil {
			tx.ExecOne("DELETE FROM "+l.Table+" WHERE org_id = $1 AND id = $2", string(tx.Org()), string(id))
			note(id, []byte("null"))
			moves = true
		}
	}
	return detail, moves
}

// created is the audit entry of a new record: every value that is set, money with that number of decimals.
func (t *Type) created(rec Record, digits int) []byte {
	b := append(make([]byte, 0, 512), '{')
	for _, f := range t.stored {
		switch f.Name {
		case "id", "createdTime", "updatedTime", "isActive", "allowExport", "position":
			continue
		}
		if !f.set(rec) {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), f.Name...), '"', ':')
		b = f.appendJSON(b, rec, digits)
	}
	if t.Lines != nil {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), t.Lines.Name...), `":{`...)
		for i, line := range t.Lines.All(rec) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(AppendQuoted(b, string(line.Head().ID)), ':')
			b = append(b, t.Lines.created(line, digits)...)
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

// differences is the audit entry of a change: each field with its old and its new value. was and is are the decimals of
// money before and after.
func (t *Type) differences(changed []*Field, before, after Record, lines []byte, was, is int) []byte {
	b := append(make([]byte, 0, 256), '{')
	for _, f := range changed {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), f.Name...), `":[`...)
		b = f.appendJSON(b, before, was)
		b = append(b, ',')
		b = append(f.appendJSON(b, after, is), ']')
	}
	if len(lines) > 0 {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), t.Lines.Name...), `":{`...)
		b = append(append(b, lines...), '}')
	}
	return append(b, '}')
}
