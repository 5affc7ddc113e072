package db

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// planRows is how many records an organisation has in what SQLite's planner is told.
const planRows = 1_000_000

// estimate tells SQLite's planner what a large organisation looks like. Left to itself it takes the rows of one
// org_id for ten, and then reads a whole organisation to save the sorting of three. The figures are made up from the
// kind of each indexed column and are the same in every store, so that plans are, too; PostgreSQL counts for itself.
func estimate(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	// ANALYZE of nothing makes the table sqlite_stat1.
	if _, err := tx.ExecContext(ctx, `ANALYZE sqlite_schema; DELETE FROM sqlite_stat1`); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT m.tbl_name, m.name, coalesce(i.name, ''), coalesce(t.type, '')
		FROM sqlite_schema m JOIN pragma_index_info(m.name) i LEFT JOIN pragma_table_info(m.tbl_name) t ON t.name = i.name
		WHERE m.type = 'index' ORDER BY m.name, i.seqno`)
	if err != nil {
		return err
	}
	defer rows.Close()
	type index struct {
		table, name string
		same        int // records that are alike in the columns so far
		stat        strings.Builder
	}
	var all []*index
	for rows.Next() {
		var table, name, column, kind string
		if err := rows.Scan(&table, &name, &column, &kind); err != nil {
			return err
		}
		if len(all) == 0 || all[len(all)-1].name != name {
			all = append(all, &index{table: table, name: name, same: planRows})
		}
		x := all[len(all)-1]
		if x.stat.Len() == 0 {
			fmt.Fprint(&x.stat, planRows)
		}
		x.same = max(1, x.same/values(column, kind))
		fmt.Fprintf(&x.stat, " %d", x.same)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, x := range all {
		if _, err := tx.ExecContext(ctx, `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)`, x.table, x.name, x.stat.String()); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `ANALYZE sqlite_schema`) // this connection reads them again
	return err
}

// values is how many different ones a column of a large organisation holds.
func values(column, kind string) int {
	switch {
	case column == "org_id":
		return 1
	case column == "is_active":
		return 2
	case column == "id" || strings.HasSuffix(column, "_time"):
		return planRows
	case strings.HasSuffix(column, "_date"):
		return 500
	case kind == "BIGINT": // the numbers of an enumeration
		return 4
	case column == "state" || column == "kind":
		return 4
	}
	return 50_000 // texts, references and expressions
}
