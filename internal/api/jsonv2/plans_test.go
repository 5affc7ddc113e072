package jsonv2

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/jsondoc"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

var update = flag.Bool("plans", false, "write plans.txt")

// TestPlans holds, for every field that lists can be filtered and sorted by, the indexes that serve the filter in the
// default order and the sort in both directions. The table names those of SQLite, whose plans do not depend on what is
// stored. PostgreSQL has to serve each from the same indexes: it is shown no others of their tables, for it chooses by
// what is stored.
// api-v2 4.3.9, 4.3.13, 4.3.14.
func TestPlans(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		h := New(Deps{})
		sqlite := strings.HasSuffix(t.Name(), "/sqlite")
		var table strings.Builder
		want := plans()
		err := s.Write(context.Background(), db.Caller{Org: "0cu01AAAAAAAAAA00001", User: "00601AAAAAAAAAA00001", Perms: org.All}, func(tx *db.Tx) error {
			for _, name := range h.names {
				e := h.entities[name]
				if e.ops&opList == 0 {
					continue
				}
				for _, path := range slices.Sorted(maps.Keys(e.fields)) {
					w := want[name+"."+path]
					if !sqlite && strings.HasSuffix(e.shape.Type.Table, "_records") {
						w = Plan{} // a view, on indexes of another name
					}
					p, err := e.plans(tx, path, sqlite, w)
					if err != nil {
						return fmt.Errorf("%s.%s: %w", name, path, err)
					}
					fmt.Fprintf(&table, "%s.%s filter %s | sort %s\n", name, path, p.Filter, p.Sort)
					if !sqlite && (served(p.Filter) != w.Filter || served(p.Sort) != w.Sort) {
						t.Errorf("%s.%s: PostgreSQL has filter %s, sort %s, want as SQLite %+v", name, path, p.Filter, p.Sort, w)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !sqlite {
			return
		}
		if *update {
			if err := os.WriteFile("plans.txt", []byte(table.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
		if got := table.String(); got != plansText {
			is, was := strings.Split(got, "\n"), strings.Split(plansText, "\n")
			for _, l := range is {
				if !slices.Contains(was, l) {
					t.Errorf("now      %s", l)
				}
			}
			for _, l := range was {
				if !slices.Contains(is, l) {
					t.Errorf("plans.txt %s", l)
				}
			}
			t.Error("see whether that is meant, then run with -plans")
		}
	})
}

// plans asks the database about filters and sorts by the field. PostgreSQL is to do with the indexes that w names.
func (e *entity) plans(tx *db.Tx, path string, sqlite bool, w Plan) (Plan, error) {
	l := e.fields[path]
	explain := func(data string) (string, error) {
		v, err := jsondoc.Parse(data)
		if err != nil {
			return "", err
		}
		q, _, _, err := e.query(&args{value: &v, found: &findings{}})
		if err == nil && e.scope != nil {
			err = e.scope(tx, &q)
		}
		if err != nil {
			return "", err
		}
		use := strings.Split(w.Filter, ", ")
		if len(q.Order) > 0 {
			use = strings.Split(w.Sort, ", ")
		}
		if !sqlite {
			if use[0] == "" {
				return noIndex, nil
			}
			if err := only(tx, e.shape.Type.Table, use, len(q.Order) == 0); err != nil {
				return "", err
			}
		}
		lines, err := e.shape.Type.Explain(tx, q)
		all, alike := sorted(q, l)
		if sqlite {
			return sqlitePlan(lines, len(q.Order) == 0, all, alike), err
		}
		if !postgresPlan(lines, use, len(q.Order) == 0, all, alike) {
			return strings.Join(lines, "\n"), err
		}
		return strings.Join(use, ", "), err
	}
	value := map[record.Kind]string{record.Ref: "00n01AAAAAAAAAA00001", record.Text: "x", record.Date: "2026-11-23",
		record.Instant: "2026-11-23T00:00:00.000+0000"}[l.entry.Field.Kind]
	if value == "" {
		value = "1"
	}
	all := func(formats ...string) (string, error) {
		var found string
		for _, f := range formats {
			by, err := explain(fmt.Sprintf(f, path, value))
			if err != nil || by == noIndex {
				return by, err
			}
			if found == "" {
				found = by
			}
		}
		return found, nil
	}
	filters := []string{`{"filters":[{"field":%q,"op":"=","value":%q}]}`}
	switch l.entry.Field.Kind {
	case record.Date, record.Instant, record.Money:
		filters = append(filters, `{"filters":[{"field":%q,"op":">=","value":%q}]}`)
	case record.Text:
		filters = append(filters, `{"filters":[{"field":%q,"op":"sw","value":%q}]}`)
	}
	filter, err := all(filters...)
	if err != nil || l.line {
		return Plan{filter, noIndex}, err
	}
	value = "0"
	sort, err := all(`{"sort":[{"field":%q,"asc":true}],"start":%q}`, `{"sort":[{"field":%q,"asc":false}],"start":%q}`)
	return Plan{filter, sort}, err
}

// only hides from PostgreSQL all indexes of a table but some, reading it whole, and sorting if need be.
func only(tx *db.Tx, table string, indexes []string, sort bool) error {
	for _, set := range []string{"SET LOCAL enable_seqscan = off", fmt.Sprintf("SET LOCAL enable_sort = %v", sort)} {
		if _, err := tx.ExecNow(set); err != nil {
			return err
		}
	}
	_, err := tx.ExecNow(`UPDATE pg_index SET indisvalid = c.relname = ANY($1) OR indisprimary AND $2 FROM pg_class c, pg_class t
		WHERE c.oid = indexrelid AND t.oid = indrelid AND t.relname = $3`, indexes, slices.Contains(indexes, "id"), strings.TrimSuffix(table, "_records"))
	return err
}

// sorted reports whether the plan of a page may sort: the few records that a reference, a date or a text finds, or those that
// are alike in what the order asks for first, which are few except for enumerations.
func sorted(q record.Query, l listed) (all, alike bool) {
	if len(q.Order) == 0 {
		return l.line || l.also != nil || l.entry.Field.Kind != record.Enum && l.entry.Field.Kind != record.Bool, true
	}
	return false, l.entry.Field.Kind != record.Enum && l.entry.Field.Kind != record.Bool
}

var sqliteStep = regexp.MustCompile(`^(SEARCH|SCAN) \S+(?:.* INDEX (\S+) \((.*)\))?`)

// sqlitePlan names the indexes of a plan that reads no whole organisation and sorts no more than it may.
func sqlitePlan(lines []string, filter, all, alike bool) string {
	var names []string
	for _, l := range lines {
		switch {
		case strings.HasSuffix(l, "TEMP B-TREE FOR ORDER BY") && !all, strings.Contains(l, "PART OF ORDER BY") && !alike,
			strings.HasSuffix(l, "TERM OF ORDER BY") && !alike:
			return noIndex
		}
		m := sqliteStep.FindStringSubmatch(l)
		switch {
		case m == nil:
			continue
		case m[2] == "", filter && m[3] == "org_id=?":
			return noIndex
		}
		name := m[2]
		if strings.HasPrefix(name, "sqlite_autoindex") {
			name = "id"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// postgresPlan reports whether a plan of PostgreSQL uses each of the indexes and sorts no more than it may. It does not
// look at how the records of many ids are found: on an empty table, that is any way.
func postgresPlan(lines, indexes []string, filter, all, alike bool) bool {
	used := map[string]bool{}
	name := ""
	for _, l := range lines {
		if strings.Contains(l, "Sort  (") && !(strings.Contains(l, "Incremental") && alike) && !all {
			return false
		}
		if m := postgresIndex.FindStringSubmatch(l); m != nil {
			name = m[1]
			if strings.HasSuffix(name, "_pkey") {
				name = "id"
			}
			used[name] = !filter
		}
		if cond, ok := strings.CutPrefix(strings.TrimSpace(l), "Index Cond:"); ok && strings.Contains(cond, " AND ") {
			used[name] = true
		}
	}
	for _, x := range indexes {
		if !used[x] && (x != "id" || len(indexes) == 1) {
			return false
		}
	}
	return true
}

var postgresIndex = regexp.MustCompile(`(?:Scan|Backward) (?:using|on) (\S+)`)
