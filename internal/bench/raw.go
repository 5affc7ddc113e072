package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the driver behind the raw writer, too

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

// rowsOf are the rows of a table whose column is of that id.
type rowsOf struct{ table, column, id string }

// model is rows that a call leaves in one table, read back from the store, to be written again with other ids.
type model struct {
	table string
	cols  []string
	query string
	rows  [][]any
}

// billRows are those that one create_bill leaves: bill, lines, audit event, postings, entry; in the order they are written.
func (r *run) billRows() ([]rowsOf, error) {
	var entry string
	err := r.app.DB.Read(r.ctx, db.Caller{Org: r.org}, func(tx *db.Tx) error {
		return tx.Row(`SELECT id FROM journal_entries WHERE org_id = $1 AND source_id = $2`, string(r.org), r.bill).Scan(&entry)
	})
	return []rowsOf{{"bills", "id", r.bill}, {"bill_lines", "bill_id", r.bill}, {"audit_events", "record_id", r.bill},
		{"postings", "entry_id", entry}, {"journal_entries", "id", entry}}, err
}

// models reads rows back.
func (r *run) models(from []rowsOf) ([]model, error) {
	var out []model
	err := r.app.DB.Read(r.ctx, db.Caller{Org: r.org}, func(tx *db.Tx) error {
		for _, t := range from {
			rows, err := tx.Query(`SELECT * FROM `+t.table+` WHERE org_id = $1 AND `+t.column+` = $2`, string(r.org), t.id)
			if err != nil {
				return err
			}
			m, err := readModel(t.table, rows)
			if err != nil {
				return fmt.Errorf("read the model rows of %s: %w", t.table, err)
			}
			out = append(out, m)
		}
		return nil
	})
	return out, err
}

func readModel(table string, rows *sql.Rows) (model, error) {
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return model{}, err
	}
	m := model{table: table, cols: cols}
	for rows.Next() {
		vals, dest := make([]any, len(cols)), make([]any, len(cols))
		for i := range vals {
			dest[i] = &vals[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return m, err
		}
		for i, v := range vals {
			if b, ok := v.([]byte); ok {
				vals[i] = string(b)
			}
		}
		m.rows = append(m.rows, vals)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", table, strings.Join(cols, ", "))
	n := 0
	for i := range m.rows {
		if i > 0 {
			b.WriteString(", ")
		}
		for j := range cols {
			n++
			b.WriteString(map[bool]string{true: "(", false: ", "}[j == 0] + fmt.Sprintf("$%d", n))
		}
		b.WriteByte(')')
	}
	m.query = b.String()
	return m, rows.Err()
}

// renamed gives the arguments of the model's statement with a fresh id for each id of the model. fresh keeps what
// was given, so that rows go on naming each other.
func (m model) renamed(fresh map[string]string) []any {
	var args []any
	for _, row := range m.rows {
		for _, v := range row {
			if s, ok := v.(string); ok {
				if f, ok := fresh[s]; ok {
					v = f
				}
			}
			args = append(args, v)
		}
	}
	return args
}

// names lists the ids of the model that a copy needs new ones for.
func names(ms []model) []string {
	seen := map[string]bool{}
	var out []string
	for _, m := range ms {
		for _, row := range m.rows {
			for _, v := range row {
				s, _ := v.(string)
				if len(s) == 20 && !seen[s] {
					switch s[:3] {
					case ids.Bill, ids.BillLine, ids.JournalEntry, ids.AuditEvent, ids.SentPay, ids.BillPay, ids.Disbursement:
						seen[s] = true
						out = append(out, s)
					}
				}
			}
		}
	}
	return out
}

func freshNames(old []string) map[string]string {
	m := make(map[string]string, len(old))
	for _, s := range old {
		m[s] = string(ids.New(s[:3]))
	}
	return m
}

// rawWriter writes the model's rows as fast as the database takes them, without any rule: on SQLite with full
// synchronisation and group commit, on PostgreSQL one pipeline a bill.
type rawWriter struct {
	models []model
	names  []string
	write  func() error
	close  func()
}

func (r *run) rawWriter(from []rowsOf) (*rawWriter, error) {
	ms, err := r.models(from)
	if err != nil {
		return nil, err
	}
	w := &rawWriter{models: ms, names: names(ms)}
	if r.DB != "" {
		return w, w.onPostgres(r.ctx, r.DB)
	}
	return w, w.onSQLite(r.ctx, filepath.Join(r.Dir, "duebook.db"))
}

func (w *rawWriter) onPostgres(ctx context.Context, url string) error {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err
	}
	cfg.MaxConns = 32
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return err
	}
	w.close = pool.Close
	w.write = func() error {
		fresh := freshNames(w.names)
		b := &pgx.Batch{}
		b.Queue("BEGIN")
		for _, m := range w.models {
			b.Queue(m.query, m.renamed(fresh)...)
		}
		b.Queue("COMMIT")
		return pool.SendBatch(ctx, b).Close()
	}
	return nil
}

func (w *rawWriter) onSQLite(ctx context.Context, path string) error {
	d, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=mmap_size(1073741824)&_pragma=cache_size(-65536)")
	if err != nil {
		return err
	}
	d.SetMaxOpenConns(1)
	c, err := d.Conn(ctx)
	if err != nil {
		return err
	}
	var stmts []*sql.Stmt
	for _, m := range w.models {
		s, err := c.PrepareContext(ctx, m.query) //nolint:sqlclosecheck // lives as long as the connection, which close ends
		if err != nil {
			return err
		}
		stmts = append(stmts, s)
	}
	type request struct {
		fresh map[string]string
		done  chan error
	}
	queue := make(chan request, 256)
	group := func(first request) {
		members := []request{first}
		_, err := c.ExecContext(ctx, "BEGIN IMMEDIATE")
		for i := 0; i < len(members) && err == nil; i++ {
			for j, m := range w.models {
				if err == nil {
					_, err = stmts[j].ExecContext(ctx, m.renamed(members[i].fresh)...)
				}
			}
			select {
			case r := <-queue:
				members = append(members, r)
			default:
			}
		}
		if err == nil {
			_, err = c.ExecContext(ctx, "COMMIT")
		}
		for _, m := range members {
			m.done <- err
		}
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for r := range queue {
			group(r)
		}
	}()
	w.write = func() error {
		r := request{freshNames(w.names), make(chan error, 1)}
		queue <- r
		return <-r.done
	}
	w.close = func() {
		close(queue)
		<-stopped
		_ = errors.Join(c.Close(), d.Close())
	}
	return nil
}

// seed stores the bills that lie there before anything is measured: copies of the model, many to a transaction.
func (r *run) seed() error {
	from, err := r.billRows()
	if err != nil {
		return err
	}
	ms, err := r.models(from)
	if err != nil {
		return err
	}
	old := names(ms)
	begin := time.Now()
	for done := 1; done < r.Bills; {
		n := min(20_000, r.Bills-done)
		err := r.app.DB.Write(r.ctx, db.Caller{Org: r.org, Channel: "command"}, func(tx *db.Tx) error {
			for _, m := range ms {
				for _, row := range m.rows {
					query, args := m.copies(row, old, done, done+n-1, r.DB != "", nil)
					tx.Exec(query, args...)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		done += n
	}
	kind := "SQLite"
	if r.DB != "" {
		kind = "PostgreSQL"
		if err := analyze(r.ctx, r.DB); err != nil {
			return err
		}
	}
	r.printf("## %s, %d bills stored (seeded in %.0f s)\n", kind, r.Bills, time.Since(begin).Seconds())
	return nil
}

// copies is the statement that writes the numbered copies first to last of one row of the model, in the database.
// vary gives columns another value in each copy: an expression of its number, g.
func (m model) copies(row []any, old []string, first, last int, onPostgres bool, vary map[string]string) (string, []any) {
	series := fmt.Sprintf("(WITH RECURSIVE s(g) AS (SELECT %d UNION ALL SELECT g + 1 FROM s WHERE g < %d) SELECT g FROM s) n", first, last)
	number := "printf('%013d', g)"
	if onPostgres {
		series = fmt.Sprintf("generate_series(CAST(%d AS bigint), %d) AS g", first, last)
		number = "lpad(CAST(g AS text), 13, '0')"
	}
	var exprs []string
	var args []any
	for i, v := range row {
		if e, ok := vary[m.cols[i]]; ok {
			exprs = append(exprs, strings.ReplaceAll(e, "#", number))
			continue
		}
		s, _ := v.(string)
		if at := slices.Index(old, s); at >= 0 {
			exprs = append(exprs, fmt.Sprintf("'%s01%c' || '%c' || %s", s[:3], 'A', 'A'+at, number))
			continue
		}
		if c := m.cols[i]; c == "invoice_number" || c == "number_key" {
			exprs = append(exprs, "'S' || "+number)
			continue
		}
		args = append(args, v)
		kind := "BIGINT"
		if _, ok := v.(string); ok {
			kind = "ctext"
		}
		exprs = append(exprs, fmt.Sprintf("CAST($%d AS %s)", len(args), kind))
	}
	return "INSERT INTO " + m.table + " (" + strings.Join(m.cols, ", ") + ") SELECT " + strings.Join(exprs, ", ") + " FROM " + series, args
}

// analyze gives PostgreSQL the statistics that its own housekeeping would bring within minutes.
func analyze(ctx context.Context, url string) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, "ANALYZE")
	return errors.Join(err, c.Close(ctx))
}
