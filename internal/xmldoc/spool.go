package xmldoc

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// Spool is base-64 text decoded while it was read. Rule: api-v1 5.8. Line breaks and blanks between the characters
// are allowed, padding is required.
type Spool struct {
	Size   int64    // decoded bytes; beyond Options.MaxSpool they were counted, not kept; meaningless if Bad
	Empty  bool     // nothing but white space (V-6)
	Bad    bool     // not base-64, or decodes to nothing, so an empty one is bad too
	SHA256 [32]byte // of the decoded bytes; zero if they were not kept

	kept  bool
	mem   []byte // the bytes, or
	store *store // where they lie
	off   int64
}

// Open reads the decoded bytes from their start. It fails with ErrSpool if they were not kept (Bad, or larger than
// Options.MaxSpool) or the document is closed. Several readers at once are fine.
func (s *Spool) Open() (io.ReadSeekCloser, error) {
	if !s.kept || s.store.closed {
		return nil, fmt.Errorf("%w: not kept", ErrSpool)
	}
	if s.mem != nil {
		return nopCloser{bytes.NewReader(s.mem)}, nil
	}
	return nopCloser{s.store.section(s.off, s.Size)}, nil
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

// store is the room for what one document spools: some memory, then a temporary file. The file is unlinked as soon
// as it is open where the system allows it, so that no crash leaves it behind.
type store struct {
	dir    string
	room   int // bytes that may still stay in memory
	f      *os.File
	linked bool
	n      int64 // length of the file in use
	closed bool
}

func (s *store) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if s.f == nil {
		f, err := os.CreateTemp(s.dir, "duebook-spool-*")
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSpool, err)
		}
		s.f, s.linked = f, os.Remove(f.Name()) != nil
	}
	n, err := s.f.WriteAt(b, s.n)
	s.n += int64(n)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSpool, err)
	}
	return nil
}

func (s *store) section(off, size int64) *io.SectionReader {
	return io.NewSectionReader(s.f, off, size)
}

func (s *store) close() error {
	s.closed = true
	if s.f == nil {
		return nil
	}
	err := s.f.Close()
	if s.linked {
		err = errors.Join(err, os.Remove(s.f.Name()))
	}
	s.f = nil
	return err
}

// decoder fills one spool after another. in collects whole quanta of four characters.
type decoder struct {
	sp     *Spool
	store  *store
	max    int64
	sum    hash.Hash
	padded bool // nothing may follow
	err    error
	n      int
	in     [32 << 10]byte
	out    [24 << 10]byte
}

func newDecoder() *decoder { return &decoder{sum: sha256.New()} }

func (d *decoder) begin(sp *Spool, st *store, most int64) {
	sp.store, sp.kept, sp.off, sp.Empty = st, true, st.n, true
	d.sp, d.store, d.max, d.padded, d.err, d.n = sp, st, most, false, nil, 0
	d.sum.Reset()
}

// write takes text as it comes.
func (d *decoder) write(b []byte) {
	if d.sp.Bad {
		return
	}
	for _, c := range b {
		if isSpace(c) {
			continue
		}
		d.in[d.n] = c
		d.n++
		if d.n == len(d.in) {
			d.flush()
		}
	}
}

// flush decodes what is in d.in.
func (d *decoder) flush() {
	if d.n == 0 || d.sp.Bad {
		return
	}
	d.sp.Empty = false
	n, err := base64.StdEncoding.Decode(d.out[:], d.in[:d.n])
	if err != nil || d.padded {
		d.sp.Bad = true
		d.drop()
		return
	}
	d.padded, d.n = d.in[d.n-1] == '=', 0
	d.sp.Size += int64(n)
	if d.sp.Size > d.max {
		d.drop()
	}
	if !d.sp.kept {
		return
	}
	d.sum.Write(d.out[:n])
	d.keep(d.out[:n])
}

// keep stores decoded bytes: in memory as long as the document has room for all of the spool, else in the file.
func (d *decoder) keep(b []byte) {
	inFile := d.store.n > d.sp.off
	if !inFile && len(d.sp.mem)+len(b) <= d.store.room {
		d.sp.mem = append(d.sp.mem, b...)
		return
	}
	if d.err == nil {
		d.err = d.store.write(d.sp.mem)
		d.sp.mem = nil
	}
	if d.err == nil {
		d.err = d.store.write(b)
	}
}

// drop gives back what the spool took.
func (d *decoder) drop() {
	d.sp.kept, d.sp.mem, d.store.n = false, nil, d.sp.off
	d.n = 0
}

// finish ends the spool. It fails if the disk did.
func (d *decoder) finish() error {
	d.flush()
	if d.sp.Size == 0 && !d.sp.Bad {
		d.sp.Bad = true
		d.drop()
	}
	d.store.room -= len(d.sp.mem)
	if d.sp.kept {
		d.sum.Sum(d.sp.SHA256[:0])
	}
	d.sp, d.store = nil, nil // the pool keeps the decoder, not the document
	return d.err
}
