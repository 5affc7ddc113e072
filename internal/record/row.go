package record

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
)

// A record's row is read as one text, its values joined by a separator: with either driver every column of every row
// costs more than the value in it, and a page of a thousand bills has a hundred thousand of them. The id comes first
// and is never empty, or SQLite would leave out the separator behind it.
const (
	separator = "\x1f"
	// packed is the expression that joins columns. No text holds the separator: bind leaves it out, and XML cannot
	// carry it.
	packed = "concat_ws('" + separator + "', "
)

// pick gives the stored ones of the fields wanted, and those that must always be read, with the expression that reads
// them. The id is always among them.
func (t *Type) pick(only []*Field, always ...*Field) ([]*Field, string) {
	if only == nil || slices.ContainsFunc(only, func(f *Field) bool { return f.Derived() && !f.Constant }) { // what a derived field needs is not known here
		return t.stored, packed + t.columns + ")"
	}
	fields := make([]*Field, 0, len(t.stored))
	var b strings.Builder
	b.WriteString(packed)
	for i, f := range t.stored {
		if i > 0 && !slices.Contains(only, f) && !slices.Contains(always, f) {
			continue
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f.Column)
		fields = append(fields, f)
	}
	b.WriteByte(')')
	return fields, b.String()
}

// scanRow reads the row that rows stands at into rec.
func (t *Type) scanRow(tx *db.Tx, rows *sql.Rows, fields []*Field, rec Record) error {
	var row string
	if err := rows.Scan(&row); err != nil {
		return err
	}
	if err := unpack(fields, row, rec); err != nil {
		return err
	}
	return t.unseal(tx, fields, rec)
}

// unpack reads the values of fields out of a row into rec.
func unpack(fields []*Field, row string, rec Record) error {
	for i, f := range fields {
		value, rest, more := strings.Cut(row, separator)
		if more != (i < len(fields)-1) {
			return fmt.Errorf("a row of %d values does not have %d", i+1, len(fields))
		}
		if err := f.parse(rec, value); err != nil {
			return fmt.Errorf("read %s: %w", f.Name, err)
		}
		row = rest
	}
	return nil
}

// parse reads a stored value.
func (f *Field) parse(rec Record, s string) (err error) {
	switch p := f.at(rec).(type) {
	case *string:
		*p = s
	case *ids.ID:
		*p = ids.ID(s)
	case *bool:
		*p = s == "1"
	case *int64:
		*p, err = strconv.ParseInt(s, 10, 64)
	case *clock.Instant:
		var n int64
		n, err = strconv.ParseInt(s, 10, 64)
		*p = clock.Instant(n)
	case *civil.Date:
		if *p = (civil.Date{}); s != "" {
			*p, err = civil.Parse(s)
		}
	case *money.Decimal:
		if *p = (money.Decimal{}); s != "" {
			*p, err = money.ParseDecimal(s, 6)
		}
	}
	return err
}
