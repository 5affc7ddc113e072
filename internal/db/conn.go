package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	sqlitedriver "modernc.org/sqlite"

	"github.com/duebook/duebook/internal/fault"
)

// conn is one connection with its prepared statements.
type conn struct {
	sql     *sql.Conn
	dialect dialect
	stmts   map[string]*sql.Stmt
}

// maxStatements bounds the prepared statements kept per connection; dynamic filters could make many.
const maxStatements = 400

func (c *conn) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := c.stmts[query]; s != nil {
		return s, nil
	}
	if len(c.stmts) >= maxStatements {
		for _, s := range c.stmts {
			_ = s.Close()
		}
		clear(c.stmts)
	}
	s, err := c.sql.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	if c.stmts == nil {
		c.stmts = make(map[string]*sql.Stmt)
	}
	c.stmts[query] = s
	return s, nil
}

func (c *conn) exec(ctx context.Context, query string, args []any) (int64, error) {
	var res sql.Result
	var err error
	if c.dialect == sqlite {
		var s *sql.Stmt
		if s, err = c.prepare(ctx, query); err == nil {
			res, err = s.ExecContext(ctx, args...)
		}
	} else {
		res, err = c.sql.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, translate(err)
	}
	return res.RowsAffected()
}

func (c *conn) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	var rows *sql.Rows
	var err error
	if c.dialect == sqlite {
		var s *sql.Stmt
		if s, err = c.prepare(ctx, query); err == nil {
			rows, err = s.QueryContext(ctx, args...)
		}
	} else {
		rows, err = c.sql.QueryContext(ctx, query, args...)
	}
	if err != nil {
		return nil, translate(err)
	}
	return rows, nil
}

// batch runs the statements in order: one by one in process, as one pipeline over the network.
func (c *conn) batch(ctx context.Context, q []stmt) error {
	if c.dialect == sqlite {
		for _, s := range q {
			n, err := c.exec(ctx, s.query, s.args)
			if err != nil {
				return err
			}
			if s.want >= 0 && n != s.want {
				return fault.ErrConflict
			}
		}
		return nil
	}
	return c.sql.Raw(func(driver any) error {
		pc := driver.(*stdlib.Conn).Conn()
		b := &pgx.Batch{}
		for _, s := range q {
			b.Queue(s.query, s.args...)
		}
		res := pc.SendBatch(ctx, b)
		for _, s := range q {
			tag, err := res.Exec()
			if err == nil && s.want >= 0 && tag.RowsAffected() != s.want {
				err = fault.ErrConflict
			}
			if err != nil {
				_ = res.Close()
				return translate(err)
			}
		}
		return res.Close()
	})
}

// IsUnique reports whether err is the violation of a unique constraint or primary key.
func IsUnique(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code == "23505"
	}
	var se *sqlitedriver.Error
	if errors.As(err, &se) {
		return se.Code() == 2067 || se.Code() == 1555
	}
	return false
}

// translate names the failures that pass by themselves: lock time-outs, deadlocks, serialisation.
func translate(err error) error {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch pe.Code {
		case "40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03":
			return fault.ErrBusy.Because(err)
		}
		return err
	}
	var se *sqlitedriver.Error
	if errors.As(err, &se) && (se.Code()&0xff == 5 || se.Code()&0xff == 6) {
		return fault.ErrBusy.Because(err)
	}
	return err
}
