// Package blob stores documents in a folder under the SHA-256 of their content, encrypted when there is a vault.
//
// A blob lies at ab/cd/abcd..., or at ab/cd/abcd....sealed if it is encrypted; the address is always that of the plain
// content. It is written under tmp/, synced and then renamed, so that a blob is there whole or not at all, whenever the
// power fails. Content never changes. Several processes may work on one folder.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/secret"
)

// Errors of a Store.
var (
	// ErrNotFound is an address under which nothing lies; also a text that is no address.
	ErrNotFound = errors.New("no such blob")
	// ErrDamaged is a blob whose content is not what was put there.
	ErrDamaged = errors.New("blob is damaged")
	// ErrLocked is an encrypted blob in a store without a vault.
	ErrLocked = errors.New("blob is encrypted and the store has no key")
)

// Info is what is known of a blob.
type Info struct {
	SHA256 string // the address: SHA-256 of the plain content, 64 lower-case hexadecimal digits
	Size   int64  // bytes of plain content; -1 in Walk if an encrypted file has a length it cannot have
}

// Store is one folder. It is safe for concurrent use, and for several Stores over one folder.
type Store struct {
	root  *os.Root
	vault *secret.Vault
}

const (
	tempDir      = "tmp"
	sealedSuffix = ".sealed"

	// tempLife is the time after which a temporary file belongs to a writer that died.
	tempLife = 24 * time.Hour
)

// New opens the store in the folder dir and makes the folder if need be. With a vault what is put from now on is
// encrypted; what lies there stays as it is and stays readable. The vault may be nil.
func New(dir string, vault *secret.Vault) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the blob store: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the blob store: %w", err)
	}
	if err := root.MkdirAll(tempDir, 0o700); err != nil {
		_ = root.Close()
		return nil, fmt.Errorf("open the blob store: %w", err)
	}
	return &Store{root, vault}, nil
}

// Close lets go of the folder. Blobs that are open stay readable.
func (s *Store) Close() error { return s.root.Close() }

// Put stores what r gives until its end and returns where. When it returns without an error the content outlasts a
// crash. Content that is there already, whole and in either form, is not written again. ctx is looked at between reads;
// an error of r or ctx leaves nothing behind.
func (s *Store) Put(ctx context.Context, r io.Reader) (Info, error) {
	name := path.Join(tempDir, secret.NewToken(secret.Alphanumeric, 20))
	f, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return Info{}, fmt.Errorf("put a blob: %w", err)
	}
	info, err := s.put(ctx, r, f, name)
	if err != nil {
		_ = f.Close() // a second Close does nothing
		_ = s.root.Remove(name)
		return Info{}, fmt.Errorf("put a blob: %w", err)
	}
	return info, nil
}

func (s *Store) put(ctx context.Context, r io.Reader, f *os.File, temp string) (Info, error) {
	h := sha256.New()
	n, wrap, err := s.write(ctx, r, f, h)
	if err != nil {
		return Info{}, err
	}
	info := Info{hex.EncodeToString(h.Sum(nil)), n}
	dir := dirOf(info.SHA256)
	at, err := s.find(info.SHA256)
	if err == nil && at.size == n {
		if err := errors.Join(f.Close(), s.root.Remove(temp)); err != nil {
			return Info{}, err
		}
		return info, s.syncDirs(dir) // whoever put it may not have got that far
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Info{}, err
	}
	name := path.Join(dir, info.SHA256)
	if wrap != nil {
		if err := wrap(info.SHA256); err != nil {
			return Info{}, err
		}
		name += sealedSuffix
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return Info{}, err
	}
	if err := s.root.MkdirAll(dir, 0o700); err != nil {
		return Info{}, err
	}
	if err := s.root.Rename(temp, name); err != nil {
		return Info{}, err
	}
	if at.name != "" && at.name != name { // cut short, and of the other form
		_ = s.root.Remove(at.name)
	}
	return info, s.syncDirs(dir)
}

// write copies r to f and to h, encrypted and in the clear. Of an encrypted file wrap writes the header, which needs
// the address.
func (s *Store) write(ctx context.Context, r io.Reader, f *os.File, h hash.Hash) (n int64, wrap func(sha string) error, err error) {
	in := io.TeeReader(ctxReader{ctx, r}, h)
	if s.vault == nil {
		n, err = io.Copy(f, in)
		return n, nil, err
	}
	w, err := newSealer(f, s.vault)
	if err != nil {
		return 0, nil, err
	}
	if n, err = io.Copy(w, in); err != nil {
		return 0, nil, err
	}
	return n, w.writeHeader, w.finish()
}

// Open returns the content at sha for reading, with its size. An encrypted blob is checked piece by piece as it is read
// and fails with ErrDamaged there; a plain one is checked by Verify only. It fails with ErrNotFound, ErrLocked,
// ErrDamaged or secret.ErrKeyUnknown.
func (s *Store) Open(sha string) (io.ReadSeekCloser, Info, error) {
	at, err := s.find(sha)
	if err != nil {
		return nil, Info{}, err
	}
	if at.sealed && s.vault == nil {
		return nil, Info{}, fmt.Errorf("open blob %s: %w", sha, ErrLocked)
	}
	f, err := s.root.Open(at.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Info{}, ErrNotFound
	} else if err != nil {
		return nil, Info{}, fmt.Errorf("open blob %s: %w", sha, err)
	}
	info := Info{sha, at.size}
	if !at.sealed {
		return f, info, nil
	}
	u, err := newUnsealer(f, s.vault, info)
	if err != nil {
		_ = f.Close()
		return nil, Info{}, fmt.Errorf("open blob %s: %w", sha, err)
	}
	return u, info, nil
}

// Exists reports whether there is a blob at sha.
func (s *Store) Exists(sha string) (bool, error) {
	_, err := s.find(sha)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Verify reads the whole blob and compares it with its address. It fails as Open does, and with ErrDamaged if they
// differ.
func (s *Store) Verify(ctx context.Context, sha string) error {
	r, _, err := s.Open(sha)
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, ctxReader{ctx, r}); err != nil {
		return fmt.Errorf("verify blob %s: %w", sha, err)
	}
	if hex.EncodeToString(h.Sum(nil)) != sha {
		return fmt.Errorf("verify blob %s: %w", sha, ErrDamaged)
	}
	return nil
}

// Walk calls fn for each blob in order of addresses and stops at the first error. What is no blob is passed over. Blobs
// that come or go meanwhile may be seen or not.
func (s *Store) Walk(ctx context.Context, fn func(Info) error) error {
	last := ""
	return fs.WalkDir(s.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return fmt.Errorf("walk the blobs: %w", err)
		case ctx.Err() != nil:
			return ctx.Err()
		case name == tempDir:
			return fs.SkipDir
		}
		sha := strings.TrimSuffix(path.Base(name), sealedSuffix)
		if d.IsDir() || sha == last || !isAddress(sha) || path.Dir(name) != dirOf(sha) {
			return nil
		}
		at, err := s.find(sha)
		if errors.Is(err, ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		last = sha
		return fn(Info{sha, at.size})
	})
}

// Delete removes the blob at sha. It fails with ErrNotFound. The caller knows that no record points to it and that no
// Put of the same content is under way: that one would count on the blob.
func (s *Store) Delete(sha string) error {
	if !isAddress(sha) {
		return ErrNotFound
	}
	name := path.Join(dirOf(sha), sha)
	plain, sealed := s.root.Remove(name), s.root.Remove(name+sealedSuffix)
	gone := 0
	for _, err := range []error{plain, sealed} {
		if errors.Is(err, fs.ErrNotExist) {
			gone++
		} else if err != nil {
			return fmt.Errorf("delete blob %s: %w", sha, err)
		}
	}
	if gone == 2 {
		return ErrNotFound
	}
	return s.syncDirs(dirOf(sha))
}

// Sweep removes the temporary files of writers that died, those not written to for a day by the machine's clock, and
// returns how many.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	entries, err := fs.ReadDir(s.root.FS(), tempDir)
	if err != nil {
		return 0, fmt.Errorf("sweep the blob store: %w", err)
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
			return n, fmt.Errorf("sweep the blob store: %w", err)
		}
		if info.ModTime().After(before) {
			continue
		}
		if err := s.root.Remove(path.Join(tempDir, e.Name())); err == nil {
			n++
		} else if !errors.Is(err, fs.ErrNotExist) {
			return n, fmt.Errorf("sweep the blob store: %w", err)
		}
	}
	return n, nil
}

// place is where a blob lies.
type place struct {
	name   string
	sealed bool
	size   int64 // of the plain content; -1 if the file cannot be a sealed one
}

// find looks for either form. It fails with ErrNotFound.
func (s *Store) find(sha string) (place, error) {
	if !isAddress(sha) {
		return place{}, ErrNotFound
	}
	name := path.Join(dirOf(sha), sha)
	for _, p := range []place{{name: name + sealedSuffix, sealed: true}, {name: name}} {
		info, err := s.root.Stat(p.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return place{}, fmt.Errorf("look for blob %s: %w", sha, err)
		}
		p.size = info.Size()
		if p.sealed {
			p.size = plainSize(p.size)
		}
		return p, nil
	}
	return place{}, ErrNotFound
}

// syncDirs makes the names in dir, and the names of dir and its parent, outlast a crash.
func (s *Store) syncDirs(dir string) error {
	for _, name := range []string{dir, path.Dir(dir), "."} {
		d, err := s.root.Open(name)
		if err != nil {
			return fmt.Errorf("sync folder %s: %w", name, err)
		}
		if err := errors.Join(d.Sync(), d.Close()); err != nil {
			return fmt.Errorf("sync folder %s: %w", name, err)
		}
	}
	return nil
}

func dirOf(sha string) string { return sha[:2] + "/" + sha[2:4] }

func isAddress(sha string) bool {
	return len(sha) == 2*sha256.Size && strings.Trim(sha, "0123456789abcdef") == ""
}

// ctxReader stops with its context.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
