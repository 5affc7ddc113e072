package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/db"
)

// The parts of a backup: one database, the key its secrets are sealed with, the documents, and the bank's files.
const (
	backupSQLite   = "duebook.db"
	backupPostgres = "duebook.pgdump"
	masterKey      = "master.key"
	backupBlobs    = "blobs"
	backupBank     = "bank"
)

// Backup copies the store into the folder to while it is in use. The database is copied first: whatever it refers
// to was stored before, so that every document of the copy is in the copy.
func (a *App) Backup(ctx context.Context, to string) error {
	if err := emptyDir(to); err != nil {
		return err
	}
	release, err := a.Vault.Hold() // the copy of the key file has every key that the other copies need
	if err != nil {
		return err
	}
	defer release()
	name := backupSQLite
	if a.onPostgres() {
		name = backupPostgres
	}
	if err := a.DB.Backup(ctx, filepath.Join(to, name)); err != nil {
		return err
	}
	if err := copyFile(filepath.Join(a.Dir, masterKey), filepath.Join(to, masterKey)); err != nil {
		return err
	}
	documents, err := blob.New(filepath.Join(to, backupBlobs), nil)
	if err != nil {
		return err
	}
	_, err = a.Blobs.CopyTo(ctx, documents)
	if err := errors.Join(err, documents.Close()); err != nil {
		return err
	}
	return copyBank(ctx, a.Dir, to)
}

func copyBank(ctx context.Context, from, to string) error {
	if err := copyTree(ctx, filepath.Join(from, backupBank), filepath.Join(to, backupBank)); err != nil {
		return fmt.Errorf("copy the bank's files: %w", err)
	}
	return nil
}

func (a *App) onPostgres() bool { return strings.HasPrefix(a.Config.DB, "postgres") }

// Restore fills an empty data folder, and an empty PostgreSQL database if one is named, from a backup. In a bucket
// what lies there already stays: it has the same address and so the same content.
func Restore(ctx context.Context, from string, c Config) error {
	if err := emptyDir(c.Dir); err != nil {
		return err
	}
	dump := filepath.Join(from, backupPostgres)
	if strings.HasPrefix(c.DB, "postgres") {
		err := db.PostgresTool(ctx, c.DB, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", dump)
		if err != nil {
			return err
		}
	} else if err := copyFile(filepath.Join(from, backupSQLite), filepath.Join(c.Dir, backupSQLite)); err != nil {
		return err
	}
	if err := copyFile(filepath.Join(from, masterKey), filepath.Join(c.Dir, masterKey)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(c.Dir, "tmp"), 0o700); err != nil {
		return err
	}
	documents, err := c.openBlobs(nil)
	if err != nil {
		return err
	}
	backup, err := blob.New(filepath.Join(from, backupBlobs), nil)
	if err != nil {
		return errors.Join(err, documents.Close())
	}
	_, err = backup.CopyTo(ctx, documents)
	if err := errors.Join(err, backup.Close(), documents.Close()); err != nil {
		return err
	}
	return copyBank(ctx, from, c.Dir)
}

func emptyDir(dir string) error {
	found, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("%s is not empty; name an empty folder", dir)
	}
	return os.MkdirAll(dir, 0o700)
}

func copyTree(ctx context.Context, from, to string) error {
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		err = copyFile(path, filepath.Join(to, rel))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a temporary file that became a final one meanwhile
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return errors.Join(err, out.Close())
	}
	return errors.Join(out.Sync(), out.Close())
}
