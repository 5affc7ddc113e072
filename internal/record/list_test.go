package record_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/record"
)

func names(t testing.TB, s *dbtest.Store, q record.Query) (out []string) {
	t.Helper()
	err := s.Read(ctx, who, func(tx *db.Tx) error {
		return things.List(tx, q, func(x *thing) error { out = append(out, x.Name); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func at(second int) int64 {
	return int64(clock.FromTime(dbtest.Start.Add(time.Duration(second) * time.Second)))
}

// api-v1 7.2 G-7 to G-10: every operator on every kind, with records that have no value.
func TestFilters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		setUp(t, s)
		id := []ids.ID{"job01AAAAAAAAAA00000", "job01AAAAAAAAAA00001", "job01AAAAAAAAAA00002"}
		for i, n := range []string{"none", "a", "b", "c"} { // a, b and c have ascending values
			x := newThing(n)
			if i > 0 {
				x.Number, x.Colour, x.OtherID, x.Flag = n, int64(i), id[i-1], i > 1
				x.Day = civil.MustDate("2026-01-01").AddDays(i)
				x.At, x.LastSyncTime = clock.Instant(at(i)), clock.Instant(at(i))
				p := newPart(int64(i))
				p.OtherID = id[i-1]
				x.Parts = []*part{p}
				if n == "b" {
					q := newPart(1)
					q.OtherID = id[0]
					x.Parts = append(x.Parts, q)
				}
			}
			write(t, s, func(tx *db.Tx) error { things.Insert(tx, x); return nil })
			s.Clock.Advance(time.Second)
		}
		if err := s.Write(ctx, other, func(tx *db.Tx) error { x := newThing("foreign"); x.OtherID = id[1]; things.Insert(tx, x); return nil }); err != nil {
			t.Fatal(err)
		}
		one := func(field string, op record.Op, values ...any) []record.Filter {
			return []record.Filter{{Field: things.Must(field), Op: op, Values: values}}
		}
		cases := []struct {
			by     string
			filter []record.Filter
			want   string
		}{
			{"everything, G-22", nil, "none a b c"},
		}
		for _, k := range []struct {
			field string
			b     any
			null  bool
		}{
			{"otherId", string(id[1]), true},
			{"number", "b", true},
			{"day", "2026-01-03", true},
			{"colour", int64(2), false},
		} {
			none := "none "
			if k.null {
				none = ""
			}
			for op, want := range map[record.Op]string{record.Eq: "b", record.Ne: none + "a c", record.Lt: none + "a", record.Le: none + "a b",
				record.Gt: "c", record.Ge: "b c", record.In: "b"} {
				cases = append(cases, struct {
					by     string
					filter []record.Filter
					want   string
				}{"G-4, G-8: " + k.field + " " + string(op), one(k.field, op, k.b), want})
			}
		}
		cases = append(cases, []struct {
			by     string
			filter []record.Filter
			want   string
		}{
			{"G-7: a reference to nothing", one("otherId", record.Eq, ""), "none"},
			{"G-7: a reference to something", one("otherId", record.Ne, ""), "a b c"},
			{"G-7: no text", one("number", record.Eq, ""), "none"},
			{"G-7: a text", one("number", record.Ne, ""), "a b c"},
			{"G-6: IN", one("number", record.In, "a", "c", "x"), "a c"},
			{"G-6, G-8: IN passes over none", one("number", record.In, "", "c"), "c"},
			{"G-6: IN numbers", one("colour", record.In, int64(0), int64(3)), "none c"},
			{"G-3: a boolean", one("flag", record.Eq, int64(1)), "b c"},
			{"G-11: a number outside the table", one("colour", record.Eq, int64(77)), ""},
			{"G-12: an id of nothing", one("otherId", record.Eq, "job01ZZZZZZZZZZ00000"), ""},
			{"G-10: exact <", one("lastSyncTime", record.Lt, at(2)), "a"},
			{"G-10: exact <=", one("lastSyncTime", record.Le, at(2)), "a b"},
			{"G-10: exact >", one("lastSyncTime", record.Gt, at(2)), "c"},
			{"G-10: exact >=", one("lastSyncTime", record.Ge, at(2)), "b c"},
			{"G-10: = is the whole second", one("lastSyncTime", record.Eq, at(2), at(3)), "b"},
			{"G-10: != is its complement", one("lastSyncTime", record.Ne, at(2), at(3)), "a c"},
			{"G-10: IN", one("lastSyncTime", record.In, at(1), at(2), at(3), at(4)), "a c"},
			{"another instant", one("at", record.Le, at(2)), "a b"},
			{"createdTime", one("createdTime", record.Le, at(1)), "none a"},
			{"joined by AND", append(one("number", record.Ge, "b"), one("colour", record.Ne, int64(3))...), "b"},
			{"decision 16: by a line", []record.Filter{{Field: parts.Must("otherId"), Op: record.Eq, Values: []any{string(id[0])}, Line: true}}, "a b"},
			{"decision 16: by lines, IN", []record.Filter{{Field: parts.Must("otherId"), Op: record.In, Values: []any{string(id[0]), string(id[2])}, Line: true}}, "a b c"},
		}...)
		for _, c := range cases {
			if got := strings.Join(names(t, s, record.Query{Filters: c.filter}), " "); got != c.want {
				t.Errorf("%s: got %q, want %q", c.by, got, c.want)
			}
		}
		q := record.Query{Order: []record.Key{{Field: things.Must("number"), Descending: true}}, Limit: 2}
		if got := strings.Join(names(t, s, q), " "); got != "c b" {
			t.Errorf("order and limit: %q", got)
		}
		q = record.Query{Filters: one("colour", record.Ge, int64(1)), Search: "name = $1 OR name = $2", Args: []any{"a", "none"}}
		if got := strings.Join(names(t, s, q), " "); got != "a" {
			t.Errorf("search besides a filter: %q", got)
		}
	})
}

func TestListStops(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	setUp(t, s)
	const n = 1203 // more than two chunks
	write(t, s, func(tx *db.Tx) error {
		for i := range n {
			x := newThing(fmt.Sprint(i))
			x.Parts = []*part{newPart(int64(i))}
			things.Insert(tx, x)
		}
		return nil
	})
	enough := errors.New("enough")
	i := 0
	err := s.Read(ctx, who, func(tx *db.Tx) error {
		return things.List(tx, record.Query{}, func(x *thing) error {
			if x.Name != fmt.Sprint(i) || len(x.Parts) != 1 || x.Parts[0].Amount != int64(i) {
				t.Errorf("record %d is %s with %d lines", i, x.Name, len(x.Parts))
			}
			if i++; i == n-1 {
				return enough
			}
			return nil
		})
	})
	if !errors.Is(err, enough) || i != n-1 {
		t.Errorf("%v after %d", err, i)
	}
}

// SYN-6: a page of 999 by updatedTime out of 20,000 bills walks the index on both databases.
func TestPageOfManyBills(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		const n, size = 20_000, 999
		filler := "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000) "
		write(t, s, func(tx *db.Tx) error {
			var cols, vals []string
			for _, f := range bill.Bills.Fields {
				v := "''"
				switch {
				case f.Derived():
					continue
				case f.Name == "id":
					v = "'00n01AAAAAAAAAA' || substr(CAST(100000 + n AS ctext), 2)"
				case f.Name == "createdTime" || f.Name == "updatedTime":
					v = "n / 7" // several share an instant
				case f.Kind != record.Text && f.Kind != record.Ref && f.Kind != record.Date:
					v = "1"
				}
				cols, vals = append(cols, f.Column), append(vals, v)
			}
			tx.Exec(filler+"INSERT INTO bills (org_id, "+strings.Join(cols, ", ")+") SELECT $1, "+strings.Join(vals, ", ")+" FROM c", string(tx.Org()))
			_, err := tx.ExecNow("ANALYZE bills")
			return err
		})
		updated, key := bill.Bills.Must("updatedTime"), bill.Bills.Must("id")
		seen := map[ids.ID]bool{}
		from := int64(0)
		for pages := 0; ; pages++ {
			if pages > n/(size-7)+2 {
				t.Fatal("the pages do not end")
			}
			q := record.Query{Filters: []record.Filter{{Field: updated, Op: record.Ge, Values: []any{from}}},
				Order: []record.Key{{Field: updated}, {Field: key}}, Limit: size}
			count := 0
			err := s.Read(ctx, who, func(tx *db.Tx) error {
				return bill.Bills.List(tx, q, func(b *bill.Bill) error {
					count++
					seen[b.ID] = true
					from = int64(b.UpdatedTime)
					return nil
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			if count < size {
				break
			}
		}
		if len(seen) != n {
			t.Errorf("the pages hold %d of %d", len(seen), n)
		}
		var plan []string
		explain := "EXPLAIN QUERY PLAN "
		if s.Options.URL != "" {
			explain = "EXPLAIN "
		}
		err := s.Read(ctx, who, func(tx *db.Tx) error {
			rows, err := tx.Query(explain+"SELECT id FROM bills WHERE org_id = $1 AND updated_time >= $2 ORDER BY updated_time, id LIMIT 999",
				string(tx.Org()), int64(1000))
			if err != nil {
				return err
			}
			defer rows.Close()
			cols, err := rows.Columns()
			if err != nil {
				return err
			}
			for rows.Next() {
				dest := make([]any, len(cols))
				for i := range dest {
					dest[i] = new(any)
				}
				if err := rows.Scan(dest...); err != nil {
					return err
				}
				plan = append(plan, fmt.Sprint(*dest[len(dest)-1].(*any)))
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		sorts := func(l string) bool { return strings.Contains(l, "Sort") || strings.Contains(l, "TEMP B-TREE") }
		if !strings.Contains(strings.Join(plan, "\n"), "bills_updated") || slices.ContainsFunc(plan, sorts) {
			t.Errorf("the plan:\n%s", strings.Join(plan, "\n"))
		}
	})
}
