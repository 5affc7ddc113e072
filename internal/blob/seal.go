package blob

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/duebook/duebook/internal/secret"
)

// The sealed form: one line of text with a data key, which the vault sealed for this address, then the content in
// chunks of 64 KiB, each with AES-256-GCM under the data key. The nonce of a chunk is its number and a last byte that is
// 1 in the last chunk, so that chunks can be neither swapped nor cut off. A chunk is empty only in an empty blob.
//
// Source: the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its
// Nonce-Reuse Misuse-Resistance" (2015), section 7.
const (
	magic      = "duebook blob 1 "
	keyBytes   = 32
	sealedKey  = 9 + (12+keyBytes+16)*4/3 // key id and full stop; nonce, key and tag in base64
	headerSize = int64(len(magic) + sealedKey + 1)

	chunkSize = 64 << 10
	tagSize   = 16
)

// plainSize is the size of the content in a sealed file of this size, -1 if there is no such file.
func plainSize(file int64) int64 {
	body := file - headerSize
	if body < tagSize {
		return -1
	}
	chunks := (body + chunkSize + tagSize - 1) / (chunkSize + tagSize)
	if last := body - (chunks-1)*(chunkSize+tagSize); last < tagSize || last == tagSize && chunks > 1 {
		return -1
	}
	return body - chunks*tagSize
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("data key: %w", err)
	}
	return cipher.NewGCM(block)
}

func nonce(chunk int64, last bool) []byte {
	n := make([]byte, 12)
	binary.BigEndian.PutUint64(n[3:], uint64(chunk))
	if last {
		n[11] = 1
	}
	return n
}

// sealer encrypts what is written to it into a file. finish writes the last chunk, writeHeader the header.
type sealer struct {
	file  *os.File
	vault *secret.Vault
	key   []byte
	gcm   cipher.AEAD
	buf   []byte // what is not yet written: a full chunk waits, for it may be the last
	out   []byte
	chunk int64
}

func newSealer(f *os.File, v *secret.Vault) (*sealer, error) {
	key := make([]byte, keyBytes)
	rand.Read(key) // never fails, see crypto/rand
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(headerSize, io.SeekStart); err != nil {
		return nil, err
	}
	return &sealer{file: f, vault: v, key: key, gcm: gcm, buf: make([]byte, 0, chunkSize)}, nil
}

func (w *sealer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if len(w.buf) == chunkSize {
			if err := w.flush(false); err != nil {
				return n - len(p), err
			}
		}
		take := min(len(p), chunkSize-len(w.buf))
		w.buf = append(w.buf, p[:take]...)
		p = p[take:]
	}
	return n, nil
}

func (w *sealer) finish() error { return w.flush(true) }

func (w *sealer) flush(last bool) error {
	w.out = w.gcm.Seal(w.out[:0], nonce(w.chunk, last), w.buf, nil)
	w.buf = w.buf[:0]
	w.chunk++
	_, err := w.file.Write(w.out)
	return err
}

func (w *sealer) writeHeader(sha string) error {
	sealed, err := w.vault.Seal(w.key, keyPlace(sha)...)
	if err != nil {
		return err
	}
	header := magic + sealed + "\n"
	if int64(len(header)) != headerSize {
		return fmt.Errorf("header of %d bytes, want %d", len(header), headerSize)
	}
	_, err = w.file.WriteAt([]byte(header), 0)
	return err
}

// keyPlace binds a data key to its address.
func keyPlace(sha string) []string { return []string{"blob", sha} }

// source is a file to read; the fuzz test has one in memory.
type source interface {
	io.ReaderAt
	io.Closer
}

// unsealer reads a sealed file.
type unsealer struct {
	file source
	gcm  cipher.AEAD
	size int64 // of the plain content
	pos  int64

	chunk int64 // the one in plain, -1 for none
	plain []byte
	buf   []byte
}

func newUnsealer(f source, v *secret.Vault, info Info) (*unsealer, error) {
	header := make([]byte, headerSize)
	if info.Size < 0 {
		return nil, ErrDamaged
	}
	if err := readAt(f, header, 0); err != nil {
		return nil, err
	}
	text := string(header)
	if !strings.HasPrefix(text, magic) || text[len(text)-1] != '\n' {
		return nil, ErrDamaged
	}
	key, err := v.Open(text[len(magic):len(text)-1], keyPlace(info.SHA256)...)
	if errors.Is(err, secret.ErrSealed) {
		return nil, ErrDamaged
	} else if err != nil {
		return nil, err
	}
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	u := &unsealer{file: f, gcm: gcm, size: info.Size, chunk: -1, buf: make([]byte, chunkSize+tagSize)}
	if u.size == 0 { // there will be no reading that would find it cut
		err = u.load(0)
	}
	return u, err
}

func (u *unsealer) Read(p []byte) (int, error) {
	if u.pos >= u.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if err := u.load(u.pos / chunkSize); err != nil {
		return 0, err
	}
	n := copy(p, u.plain[u.pos%chunkSize:])
	u.pos += int64(n)
	return n, nil
}

// load decrypts a chunk. It fails with ErrDamaged.
func (u *unsealer) load(chunk int64) error {
	if chunk == u.chunk {
		return nil
	}
	start := chunk * chunkSize
	length := min(chunkSize, u.size-start)
	last := start+length == u.size
	in := u.buf[:length+tagSize]
	u.chunk = -1 // its plain text shares the buffer
	if err := readAt(u.file, in, headerSize+chunk*(chunkSize+tagSize)); err != nil {
		return err
	}
	plain, err := u.gcm.Open(in[:0], nonce(chunk, last), in, nil)
	if err != nil {
		return ErrDamaged
	}
	u.plain, u.chunk = plain, chunk
	return nil
}

// readAt fills p. A file that ends too early is ErrDamaged: io.EOF would pass for the end of the content.
func readAt(f source, p []byte, at int64) error {
	n, err := f.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return ErrDamaged
	}
	return err
}

func (u *unsealer) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += u.pos
	case io.SeekEnd:
		offset += u.size
	case io.SeekStart:
	default:
		return 0, fmt.Errorf("seek in a blob: %w", os.ErrInvalid)
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek in a blob: %w", os.ErrInvalid)
	}
	u.pos = offset
	return offset, nil
}

func (u *unsealer) Close() error { return u.file.Close() }
