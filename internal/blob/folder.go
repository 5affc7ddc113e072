package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/secret"
)

// folder is a shelf on a file system. A file is written under tmp/, synced and then renamed; several processes may
// work on one folder.
type folder struct{ root *os.Root }

const (
	tempDir = "tmp"

	// tempLife is the time after which something unfinished belongs to a writer that died.
	tempLife = 24 * time.Hour
)

func openFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if err := root.MkdirAll(tempDir, 0o700); err != nil {
		_ = root.Close()
		return nil, err
	}
	return &folder{root}, nil
}

func (d *folder) temp() (*os.File, error) {
	name := path.Join(tempDir, secret.NewToken(secret.Alphanumeric, 20))
	return d.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
}

// tempName is where temp made f.
func tempName(f *os.File) string { return path.Join(tempDir, path.Base(f.Name())) }

func (d *folder) drop(f *os.File) error {
	return errors.Join(f.Close(), d.root.Remove(tempName(f)))
}

func (d *folder) keep(_ context.Context, f *os.File, name string, _ bool) error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := d.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	if err := d.root.Rename(tempName(f), name); err != nil {
		return err
	}
	return d.settle(name)
}

func (d *folder) size(name string) (int64, error) {
	info, err := d.root.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (d *folder) open(name string, _ int64) (source, error) { return d.root.Open(name) }

func (d *folder) walk(ctx context.Context, fn func(name string, size int64) error) error {
	return fs.WalkDir(d.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case name == tempDir:
			return fs.SkipDir
		case e.IsDir():
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		return fn(name, info.Size())
	})
}

func (d *folder) remove(name string) error {
	if err := d.root.Remove(name); err != nil {
		return err
	}
	return d.settle(name)
}

// sweep removes the temporary files not written to for a day by the machine's clock.
func (d *folder) sweep(ctx context.Context) (int, error) {
	entries, err := fs.ReadDir(d.root.FS(), tempDir)
	if err != nil {
		return 0, err
	}
	before, n := clock.System{}.Now().Add(-tempLife), 0
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return n, err
		}
		if info.ModTime().After(before) {
			continue
		}
		if err := d.root.Remove(path.Join(tempDir, e.Name())); err == nil {
			n++
		} else if !errors.Is(err, fs.ErrNotExist) {
			return n, err
		}
	}
	return n, nil
}

// check writes and removes a file.
func (d *folder) check(context.Context) error {
	f, err := d.temp()
	if err != nil {
		return err
	}
	_, err = f.WriteString("x")
	return errors.Join(err, f.Sync(), d.drop(f))
}

func (d *folder) close() error { return d.root.Close() }

// settle makes the names of the folder of name, and the names of the folders above it, outlast a crash.
func (d *folder) settle(name string) error {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		f, err := d.root.Open(dir)
		if err != nil {
			return fmt.Errorf("sync folder %s: %w", dir, err)
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("sync folder %s: %w", dir, err)
		}
		if dir == "." || strings.HasPrefix(dir, "/") {
			return nil
		}
	}
}
