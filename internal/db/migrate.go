package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// migrate brings the schema up to the newest migration. Files stand under common/ where both databases take the
// same text, and under sqlite/ or postgres/ where they part. A store newer than this program is refused.
func migrate(ctx context.Context, d dialect, db *sql.DB, files fs.FS) error {
	name, gd := "sqlite", goose.DialectSQLite3
	var opts []goose.ProviderOption
	if d == postgres {
		name, gd = "postgres", goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(gd, db, overlay{files, name}, append(opts, goose.WithVerbose(false))...)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if have > want {
		return fmt.Errorf("the store has schema version %d, this program knows only %d: run the newer program", have, want)
	}
	if have == want {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if d == sqlite {
		if err := estimate(ctx, db); err != nil {
			return fmt.Errorf("write the planner's estimates: %w", err)
		}
	}
	return nil
}

// overlay shows the files of common/ and of one dialect's folder as one flat folder.
type overlay struct {
	files fs.FS
	name  string
}

func (o overlay) Open(name string) (fs.File, error) {
	for _, dir := range []string{o.name, "common"} {
		f, err := o.files.Open(path.Join(dir, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// Glob merges both folders; goose finds its files with it.
func (o overlay) Glob(pattern string) ([]string, error) {
	var names []string
	for _, dir := range []string{o.name, "common"} {
		found, err := fs.Glob(o.files, path.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			names = append(names, path.Base(f))
		}
	}
	sort.Strings(names)
	return names, nil
}
