// Package blob stores documents under the SHA-256 of their content, encrypted when there is a vault: in a folder, or in
// a bucket of a server that speaks S3.
//
// A blob lies at ab/cd/abcd..., or at ab/cd/abcd....sealed if it is encrypted; the address is always that of the plain
// content. It is there whole or not at all, whenever the power fails. Content never changes. Several processes may work
// on one store.
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

// Store is a folder or a bucket. It is safe for concurrent use, and for several Stores over one of them.
type Store struct {
	shelf shelf
	vault *secret.Vault
}

const sealedSuffix = ".sealed"

// shelf keeps files under names, in a folder or a bucket. A name that is not there is fs.ErrNotExist.
type shelf interface {
	// temp makes a file to write on, which ends with keep or drop.
	temp() (*os.File, error)
	drop(f *os.File) error
	// keep puts the content of f under name, whole or not at all. What lies there stays unless replace says otherwise; a
	// folder replaces always, its readers keep what they have opened.
	keep(ctx context.Context, f *os.File, name string, replace bool) error
	// settle makes sure that what lies under name outlasts a crash.
	settle(name string) error
	size(name string) (int64, error)
	// open reads a file of that size; it may notice only while reading that there is none.
	open(name string, size int64) (source, error)
	// walk calls fn for each file in order of names, none of them temporary.
	walk(ctx context.Context, fn func(name string, size int64) error) error
	remove(name string) error
	sweep(ctx context.Context) (int, error)
	check(ctx context.Context) error
	close() error
}

// New opens the store in the folder dir and makes the folder if need be. With a vault what is put from now on is
// encrypted; what lies there stays as it is and stays readable. The vault may be nil.
func New(dir string, vault *secret.Vault) (*Store, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("open the blob store: %w", err)
	}
	return &Store{f, vault}, nil
}

// NewBucket opens the store in a bucket, s3://BUCKET[/PREFIX][?endpoint=URL][&region=NAME]; without an endpoint it is
// Amazon's. The bucket exists already. getenv tells AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if need be,
// AWS_SESSION_TOKEN. The folder spool is for what is being put. Nothing is asked of the server yet, see Check. The vault
// as in New.
func NewBucket(address, spool string, getenv func(string) string, vault *secret.Vault) (*Store, error) {
	b, err := openBucket(address, spool, getenv)
	if err != nil {
		return nil, fmt.Errorf("open the blob store: %w", err)
	}
	return &Store{b, vault}, nil
}

// Check writes and removes something small, to find out at once whether the store can be used.
func (s *Store) Check(ctx context.Context) error {
	if err := s.shelf.check(ctx); err != nil {
		return fmt.Errorf("check the blob store: %w", err)
	}
	return nil
}

// Close lets go of the folder or the server. Blobs that are open in a folder stay readable.
func (s *Store) Close() error { return s.shelf.close() }

// Put stores what r gives until its end and returns where. When it returns without an error the content outlasts a
// crash. Content that is there already, whole and in either form, is not written again. ctx is looked at between reads;
// an error of r or ctx leaves nothing behind.
func (s *Store) Put(ctx context.Context, r io.Reader) (Info, error) {
	f, err := s.shelf.temp()
	if err != nil {
		return Info{}, fmt.Errorf("put a blob: %w", err)
	}
	info, err := s.put(ctx, r, f)
	if err != nil {
		_ = s.shelf.drop(f) // where it is closed or gone already this does nothing
		return Info{}, fmt.Errorf("put a blob: %w", err)
	}
	return info, nil
}

func (s *Store) put(ctx context.Context, r io.Reader, f *os.File) (Info, error) {
	h := sha256.New()
	n, wrap, err := s.write(ctx, r, f, h)
	if err != nil {
		return Info{}, err
	}
	info := Info{hex.EncodeToString(h.Sum(nil)), n}
	at, err := s.find(info.SHA256)
	if err == nil && at.size == n {
		if err := s.shelf.drop(f); err != nil {
			return Info{}, err
		}
		return info, s.shelf.settle(at.name) // whoever put it may not have got that far
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Info{}, err
	}
	name := nameOf(info.SHA256)
	if wrap != nil {
		if err := wrap(info.SHA256); err != nil {
			return Info{}, err
		}
		name += sealedSuffix
	}
	if err := s.shelf.keep(ctx, f, name, at.name == name); err != nil {
		return Info{}, err
	}
	if at.name != "" && at.name != name { // cut short, and of the other form
		_ = s.shelf.remove(at.name)
	}
	return info, nil
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
	f, err := s.shelf.open(at.name, at.bytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Info{}, ErrNotFound
	} else if err != nil {
		return nil, Info{}, fmt.Errorf("open blob %s: %w", sha, err)
	}
	info := Info{sha, at.size}
	if !at.sealed {
		return plainReader{io.NewSectionReader(f, 0, at.size), f}, info, nil
	}
	u, err := newUnsealer(f, s.vault, info)
	if err != nil {
		_ = f.Close()
		return nil, Info{}, fmt.Errorf("open blob %s: %w", sha, err)
	}
	return u, info, nil
}

// plainReader reads a plain file.
type plainReader struct {
	*io.SectionReader
	io.Closer
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
	var last Info // waits, for the sealed form comes behind the plain one and is the one that counts
	give := func() error {
		if last.SHA256 == "" {
			return nil
		}
		return fn(last)
	}
	err := s.files(ctx, func(p place) error {
		var err error
		if p.sha() != last.SHA256 {
			err = give()
		}
		last = Info{p.sha(), p.size}
		return err
	})
	if err != nil {
		return err
	}
	return give()
}

// files calls fn for each file that is a blob, in order of names.
func (s *Store) files(ctx context.Context, fn func(place) error) error {
	var own error
	err := s.shelf.walk(ctx, func(name string, size int64) error {
		p := newPlace(name, size)
		if !isAddress(p.sha()) || strings.TrimSuffix(name, sealedSuffix) != nameOf(p.sha()) {
			return nil
		}
		own = fn(p)
		return own
	})
	if err != nil && own == nil {
		return fmt.Errorf("walk the blobs: %w", err)
	}
	return err
}

// CopyTo puts every file of the store into another one as it lies, sealed files sealed, for a backup and for the way
// back; it returns how many it put. A file that lies there with the same size already stays. to belongs to the same
// master key, or to nobody yet.
func (s *Store) CopyTo(ctx context.Context, to *Store) (n int, err error) {
	err = s.files(ctx, func(p place) error {
		size, err := to.shelf.size(p.name)
		if err == nil && size == p.bytes {
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		replace := err == nil
		in, err := s.shelf.open(p.name, p.bytes)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted meanwhile
		} else if err != nil {
			return err
		}
		defer in.Close()
		f, err := to.shelf.temp()
		if err != nil {
			return err
		}
		if _, err = io.Copy(f, ctxReader{ctx, io.NewSectionReader(in, 0, p.bytes)}); err == nil {
			err = to.shelf.keep(ctx, f, p.name, replace)
		}
		if err != nil {
			_ = to.shelf.drop(f)
			return err
		}
		n++
		return nil
	})
	if err != nil {
		return n, fmt.Errorf("copy the blobs: %w", err)
	}
	return n, nil
}

// Delete removes the blob at sha. It fails with ErrNotFound. The caller knows that no record points to it and that no
// Put of the same content is under way: that one would count on the blob.
func (s *Store) Delete(sha string) error {
	if !isAddress(sha) {
		return ErrNotFound
	}
	gone := 0
	for _, name := range []string{nameOf(sha), nameOf(sha) + sealedSuffix} {
		err := s.shelf.remove(name)
		if errors.Is(err, fs.ErrNotExist) {
			gone++
		} else if err != nil {
			return fmt.Errorf("delete blob %s: %w", sha, err)
		}
	}
	if gone == 2 {
		return ErrNotFound
	}
	return nil
}

// Sweep removes what writers left that died, when it is a day old by the machine's clock: temporary files in a folder,
// uploads in parts in a bucket. It returns how many.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	n, err := s.shelf.sweep(ctx)
	if err != nil {
		return n, fmt.Errorf("sweep the blob store: %w", err)
	}
	return n, nil
}

// place is where a blob lies.
type place struct {
	name   string
	sealed bool
	bytes  int64 // of the file
	size   int64 // of the plain content; -1 if the file cannot be a sealed one
}

func newPlace(name string, bytes int64) place {
	p := place{name, strings.HasSuffix(name, sealedSuffix), bytes, bytes}
	if p.sealed {
		p.size = plainSize(bytes)
	}
	return p
}

func (p place) sha() string { return strings.TrimSuffix(path.Base(p.name), sealedSuffix) }

// find looks for either form. It fails with ErrNotFound.
func (s *Store) find(sha string) (place, error) {
	if !isAddress(sha) {
		return place{}, ErrNotFound
	}
	for _, name := range []string{nameOf(sha) + sealedSuffix, nameOf(sha)} {
		bytes, err := s.shelf.size(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return place{}, fmt.Errorf("look for blob %s: %w", sha, err)
		}
		return newPlace(name, bytes), nil
	}
	return place{}, ErrNotFound
}

// nameOf is where the plain form of a blob lies.
func nameOf(sha string) string { return sha[:2] + "/" + sha[2:4] + "/" + sha }

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
