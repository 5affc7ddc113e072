package secret

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Errors of a Vault. None carries plain text or key material.
var (
	// ErrSealed is a sealed value that does not open: damaged, or sealed for another place.
	ErrSealed = errors.New("sealed value does not open")
	// ErrKeyUnknown is a sealed value whose key is not in the key file, usually that of another installation.
	ErrKeyUnknown = errors.New("sealed with a key that is not in the key file")
	// ErrKeyFile is a key file that cannot be used: damaged, of a newer version, or readable by everybody.
	ErrKeyFile = errors.New("key file cannot be used")
)

// Vault seals bank and tax numbers, and the data keys of documents, with AES-256-GCM under a key that lies in a file
// outside the database (SEC-1). It is safe for concurrent use, also by several processes over one file: what one of
// them seals after a rotation the others open, for they read the file again when they meet a key they do not know.
//
// A sealed value is text: eight hexadecimal digits of the key's id, a full stop, and nonce, ciphertext and tag in
// base64url. The same value sealed twice differs.
type Vault struct {
	path   string
	keys   atomic.Pointer[keys]
	looked atomic.Int64 // when Seal last looked whether the file is another, Unix milliseconds
}

// keys is what one reading of the file gave. It does not change.
type keys struct {
	handle   *keyset.Handle
	rotated  time.Time   // when the first key became it; zero for the one the file was made with
	file     os.FileInfo // of the file when it was read
	aead     tink.AEAD
	primary  uint32
	ids      map[uint32]bool
	equality []byte             // 32 bytes; stays through rotations, or no stored hash would be found again
	signing  ed25519.PrivateKey // made from equality, so that every copy of the file signs alike, also one of before
}

// keyFile is the form on disk.
type keyFile struct {
	Format   int             `json:"format"`
	Seal     json.RawMessage `json:"seal"` // a Tink keyset in clear
	Equality []byte          `json:"equality"`
	Rotated  time.Time       `json:"rotated,omitzero"`
}

const keyFormat = 1

// OpenVault reads the key file at path. It never makes one: over a filled database a fresh key would only hide that
// the old one is lost. It fails with fs.ErrNotExist or ErrKeyFile.
func OpenVault(path string) (*Vault, error) {
	v := &Vault{path: path}
	if err := v.reload(); err != nil {
		return nil, err
	}
	return v, nil
}

// CreateVault makes the key file at path, mode 0600, and opens it; one that is there already is opened as it is. Of
// two processes that create at once both end with the same key. The folder must exist and know hard links.
func CreateVault(path string) (*Vault, error) {
	v, err := OpenVault(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return v, err
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	equality := make([]byte, 32)
	rand.Read(equality) // never fails, see crypto/rand
	temp, err := writeTemp(path, handle, equality, time.Time{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(temp) }()
	if err := os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) { // a link never replaces
		return nil, fmt.Errorf("put the key file in place: %w", err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return OpenVault(path)
}

// Seal encrypts plain for the place that ad names: organisation, table, column and row id. Only the same ad opens it,
// so a sealed value copied into another row or organisation is refused.
func (v *Vault) Seal(plain []byte, ad ...string) (string, error) {
	v.refresh()
	k := v.keys.Load()
	sealed, err := k.aead.Encrypt(plain, joined(ad))
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	if len(sealed) < tinkPrefix || sealed[0] != tinkVersion || binary.BigEndian.Uint32(sealed[1:]) != k.primary {
		return "", errors.New("seal: output without the id of its key")
	}
	return formatKeyID(k.primary) + "." + b64url.EncodeToString(sealed[tinkPrefix:]), nil
}

// Open returns what was sealed for the same ad. It fails with ErrSealed or ErrKeyUnknown.
func (v *Vault) Open(sealed string, ad ...string) ([]byte, error) {
	id, body, err := parseSealed(sealed)
	if err != nil {
		return nil, err
	}
	k := v.keys.Load()
	if !k.ids[id] { // perhaps another process rotated
		if err := v.reload(); err != nil {
			return nil, err
		}
		if k = v.keys.Load(); !k.ids[id] {
			return nil, fmt.Errorf("%w: %s", ErrKeyUnknown, formatKeyID(id))
		}
	}
	full := binary.BigEndian.AppendUint32([]byte{tinkVersion}, id)
	plain, err := k.aead.Decrypt(append(full, body...), joined(ad))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// KeyID returns the id of the key that sealed was made with, eight hexadecimal digits: the text before its full stop,
// so that SQL can look for what an old key holds. It fails with ErrSealed.
func KeyID(sealed string) (string, error) {
	id, _, err := parseSealed(sealed)
	if err != nil {
		return "", err
	}
	return formatKeyID(id), nil
}

// KeyID returns the id of the key that Seal uses now.
func (v *Vault) KeyID() string { return formatKeyID(v.keys.Load().primary) }

// ReKey seals a value again under today's key. One that is under it already comes back unchanged. It fails as Open
// does.
func (v *Vault) ReKey(sealed string, ad ...string) (string, error) {
	plain, err := v.Open(sealed, ad...) // first, for it may find that the file has a newer key
	if err != nil {
		return "", err
	}
	if id, _ := KeyID(sealed); id == v.KeyID() {
		return sealed, nil
	}
	return v.Seal(plain, ad...)
}

// refreshEvery is how long a process may go on sealing with a key after another process has rotated.
const refreshEvery = time.Second

// refresh reads the file again where it is another than the one that was read.
func (v *Vault) refresh() {
	now, last := time.Now().UnixMilli(), v.looked.Load()
	if now-last < refreshEvery.Milliseconds() || !v.looked.CompareAndSwap(last, now) {
		return
	}
	info, err := os.Stat(v.path)
	if err != nil {
		return
	}
	// A file system may give the number of the file before last to the next one: size and time tell them apart.
	if old := v.keys.Load().file; !os.SameFile(info, old) || info.Size() != old.Size() || !info.ModTime().Equal(old.ModTime()) {
		_ = v.reload() // what was read before still opens and seals
	}
}

// Hold keeps every process from rotating and pruning until release is called: for a copy that consists of the key file and
// what is sealed with it.
func (v *Vault) Hold() (release func(), err error) { return lock(v.path + ".lock") }

// Rotate adds a new key to the file and seals with it from now on; the old ones stay and open what they sealed. Other
// processes go over within refreshEvery.
func (v *Vault) Rotate() error {
	return v.change(func(m *keyset.Manager, k *keys) (time.Time, error) {
		id, err := m.Add(aead.AES256GCMKeyTemplate())
		if err != nil {
			return k.rotated, fmt.Errorf("make a key: %w", err)
		}
		if err := m.SetPrimary(id); err != nil {
			return k.rotated, fmt.Errorf("make key %s the first: %w", formatKeyID(id), err)
		}
		return time.Now().UTC(), nil
	})
}

// Prune drops the keys that are not among used and not the first one, and gives the ids of those. It drops none while the
// last rotation is younger than rest, or another process might just have sealed with the key before.
func (v *Vault) Prune(used map[string]bool, rest time.Duration) (dropped []string, err error) {
	if k := v.keys.Load(); len(k.ids) == 1 || time.Since(k.rotated) < rest {
		return nil, nil
	}
	err = v.change(func(m *keyset.Manager, k *keys) (time.Time, error) {
		if time.Since(k.rotated) < rest {
			return k.rotated, nil
		}
		for id := range k.ids {
			if id == k.primary || used[formatKeyID(id)] {
				continue
			}
			if err := m.Delete(id); err != nil {
				return k.rotated, fmt.Errorf("drop key %s: %w", formatKeyID(id), err)
			}
			dropped = append(dropped, formatKeyID(id))
		}
		return k.rotated, nil
	})
	return dropped, err
}

// Keys gives the ids of all keys in the file and when the last rotation was, zero for never.
func (v *Vault) Keys() (all []string, rotated time.Time, err error) {
	if err := v.reload(); err != nil {
		return nil, time.Time{}, err
	}
	k := v.keys.Load()
	for id := range k.ids {
		all = append(all, formatKeyID(id))
	}
	slices.Sort(all)
	return all, k.rotated, nil
}

// change writes the file anew with what edit makes of its keys. edit gives the time of the last rotation.
func (v *Vault) change(edit func(*keyset.Manager, *keys) (time.Time, error)) error {
	unlock, err := lock(v.path + ".lock") // two changes at once would lose one of the keys, and what it sealed
	if err != nil {
		return err
	}
	defer unlock()
	if err := v.reload(); err != nil {
		return err
	}
	k := v.keys.Load()
	m := keyset.NewManagerFromHandle(k.handle)
	rotated, err := edit(m, k)
	if err != nil {
		return err
	}
	handle, err := m.Handle()
	if err != nil {
		return fmt.Errorf("make the keys: %w", err)
	}
	temp, err := writeTemp(v.path, handle, k.equality, rotated)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, v.path); err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("put the key file in place: %w", err)
	}
	if err := syncDir(filepath.Dir(v.path)); err != nil {
		return err
	}
	return v.reload()
}

// EqualityHash is the keyed fingerprint by which a sealed value is found and compared: the same value in the same place
// gives the same 64 hexadecimal digits, also after a rotation, and without the key file nothing can be tried against it
// (SEC-1). The place is organisation, table and column, not the row. Bring the value to one spelling first.
func (v *Vault) EqualityHash(value string, ad ...string) string {
	mac := hmac.New(sha256.New, v.keys.Load().equality)
	mac.Write(joined(append(append([]string(nil), ad...), value)))
	return hex.EncodeToString(mac.Sum(nil))
}

// Sign signs a message with Ed25519 (AUD-2). The key stays through rotations.
func (v *Vault) Sign(message []byte) []byte { return ed25519.Sign(v.keys.Load().signing, message) }

// PublicKey is what Sign's signatures are checked with. It is no secret.
func (v *Vault) PublicKey() ed25519.PublicKey {
	return v.keys.Load().signing.Public().(ed25519.PublicKey)
}

// Format prints no key, whatever the verb.
func (v *Vault) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "secret.Vault") }

// reload reads the key file.
func (v *Vault) reload() error {
	k, err := readKeys(v.path)
	if err != nil {
		return err
	}
	v.keys.Store(k)
	return nil
}

func readKeys(path string) (*keys, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the key file: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("%w: %s is open to everybody (mode %o, want 600)", ErrKeyFile, path, info.Mode().Perm())
	}
	raw, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	var file keyFile
	if json.Unmarshal(raw, &file) != nil { // its error might quote what it read
		return nil, fmt.Errorf("%w: %s is damaged", ErrKeyFile, path)
	}
	if file.Format != keyFormat {
		return nil, fmt.Errorf("%w: %s has format %d, want %d", ErrKeyFile, path, file.Format, keyFormat)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(file.Seal)))
	if err != nil || len(file.Equality) != 32 {
		return nil, fmt.Errorf("%w: %s is damaged", ErrKeyFile, path)
	}
	seed, err := hkdf.Key(sha256.New, file.Equality, nil, "duebook signing key 1", ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("make the signing key: %w", err)
	}
	k := &keys{handle: handle, rotated: file.Rotated, file: info, ids: map[uint32]bool{}, equality: file.Equality,
		signing: ed25519.NewKeyFromSeed(seed)}
	if k.aead, err = aead.New(handle); err != nil {
		return nil, fmt.Errorf("%w: %s holds keys of another kind", ErrKeyFile, path)
	}
	info2 := handle.KeysetInfo()
	k.primary = info2.GetPrimaryKeyId()
	for _, key := range info2.GetKeyInfo() {
		k.ids[key.GetKeyId()] = true
	}
	return k, nil
}

// writeTemp writes a key file, synced, beside path and returns its name.
func writeTemp(path string, handle *keyset.Handle, equality []byte, rotated time.Time) (string, error) {
	var seal bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&seal)); err != nil {
		return "", fmt.Errorf("write the key file: %w", err)
	}
	raw, err := json.MarshalIndent(keyFile{Format: keyFormat, Seal: seal.Bytes(), Equality: equality, Rotated: rotated}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the key file: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("write the key file: %w", err)
	}
	_, err = f.Write(append(raw, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("write the key file: %w", err)
	}
	return f.Name(), nil
}

// lock holds an exclusive lock on the file at path until unlock is called or the process ends.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the key file: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the key file: %w", err)
	}
	return func() { _ = f.Close() }, nil
}

// syncDir makes new names in a folder outlast a crash.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}

// Tink puts a version byte and the key's id, big-endian, before each output.
//
// Source: Tink wire format, https://developers.google.com/tink/wire-format.
const (
	tinkVersion = 1
	tinkPrefix  = 5
)

var b64url = base64.RawURLEncoding.Strict()

func formatKeyID(id uint32) string { return fmt.Sprintf("%08x", id) }

// parseSealed takes a sealed value apart. It accepts one spelling only.
func parseSealed(sealed string) (id uint32, body []byte, err error) {
	if len(sealed) < 9 || sealed[8] != '.' {
		return 0, nil, ErrSealed
	}
	n, err := strconv.ParseUint(sealed[:8], 16, 32)
	if err != nil || formatKeyID(uint32(n)) != sealed[:8] {
		return 0, nil, ErrSealed
	}
	body, err = b64url.DecodeString(sealed[9:])
	if err != nil || b64url.EncodeToString(body) != sealed[9:] { // the decoder skips line breaks
		return 0, nil, ErrSealed
	}
	return uint32(n), body, nil
}

// joined writes the parts of a place one after the other, each with its length, so that no two places look alike.
func joined(parts []string) []byte {
	var b []byte
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}
