package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/duebook/duebook/internal/blob/s3test"
	"github.com/duebook/duebook/internal/secret"
)

// each runs a test over a plain and an encrypted store, each in a folder and in a bucket. Its files lie in dir.
func each(t *testing.T, test func(t *testing.T, s *Store, dir string)) {
	t.Parallel()
	for name, vault := range map[string]*secret.Vault{"plain": nil, "sealed": newVault(t)} {
		t.Run("folder/"+name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "blobs")
			test(t, newStore(t, dir, vault), dir)
		})
		t.Run("bucket/"+name, func(t *testing.T) {
			t.Parallel()
			server := s3test.Start(t)
			test(t, newBucketStore(t, server, "blobs", vault), filepath.Join(server.Dir, "blobs"))
		})
	}
}

func inFolder(s *Store) bool { _, ok := s.shelf.(*folder); return ok }

func newVault(t testing.TB) *secret.Vault {
	t.Helper()
	v, err := secret.CreateVault(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newStore(t testing.TB, dir string, v *secret.Vault) *Store {
	t.Helper()
	s, err := New(dir, v)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(b)
	return b
}

func put(t testing.TB, s *Store, b []byte) Info {
	t.Helper()
	info, err := s.Put(t.Context(), bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func get(t testing.TB, s *Store, sha string) []byte {
	t.Helper()
	r, _, err := s.Open(sha)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// files lists what lies in the folder, temporary files too.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

func TestPutAndOpen(t *testing.T) {
	each(t, func(t *testing.T, s *Store, dir string) {
		for _, n := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 3 * chunkSize, 3*chunkSize + 77} {
			b := content(n)
			sum := sha256.Sum256(b)
			info, err := s.Put(t.Context(), iotest.HalfReader(bytes.NewReader(b)))
			if want := (Info{hex.EncodeToString(sum[:]), int64(n)}); err != nil || info != want {
				t.Fatalf("Put of %d bytes = %v, %v, want %v", n, info, err, want)
			}
			r, got, err := s.Open(info.SHA256)
			if err != nil || got != info {
				t.Fatalf("Open = %v, %v, want %v", got, err, info)
			}
			if err := iotest.TestReader(r, b); err != nil { // reads and seeks in many ways
				t.Errorf("%d bytes: %v", n, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if err := s.Verify(t.Context(), info.SHA256); err != nil {
				t.Errorf("Verify: %v", err)
			}
			if ok, err := s.Exists(info.SHA256); !ok || err != nil {
				t.Errorf("Exists = %v, %v", ok, err)
			}
			for _, name := range files(t, dir) {
				raw, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if stat, _ := os.Stat(name); inFolder(s) && stat.Mode().Perm() != 0o600 {
					t.Errorf("mode of %s = %v", name, stat.Mode())
				}
				if s.vault != nil && n > 100 && bytes.Contains(raw, b[:16]) {
					t.Error("the content lies in the clear")
				}
			}
		}
	})
}

func TestPutTwiceWritesOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store, dir string) {
		info := put(t, s, content(1000))
		before := files(t, dir)
		raw, _ := os.ReadFile(before[0])
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(before[0], old, old); err != nil {
			t.Fatal(err)
		}
		if again := put(t, s, content(1000)); again != info {
			t.Errorf("second Put = %v, want %v", again, info)
		}
		after := files(t, dir)
		same, _ := os.ReadFile(after[0])
		stat, _ := os.Stat(after[0])
		if !slices.Equal(before, after) || !bytes.Equal(raw, same) || time.Since(stat.ModTime()) < time.Minute {
			t.Errorf("written again: %v, then %v", before, after)
		}

		if err := os.Truncate(after[0], 10); err != nil { // a disk that lied
			t.Fatal(err)
		}
		put(t, s, content(1000))
		if got := get(t, s, info.SHA256); !bytes.Equal(got, content(1000)) {
			t.Errorf("a blob cut short is not put again")
		}
	})
}

func TestPutThatFailsLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *Store, dir string) {
		broken := errors.New("line cut")
		if _, err := s.Put(t.Context(), io.MultiReader(bytes.NewReader(content(100_000)), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Errorf("Put from a broken reader = %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		stop := readerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }) // endless
		if _, err := s.Put(ctx, stop); !errors.Is(err, context.Canceled) {
			t.Errorf("Put with its context cancelled = %v", err)
		}
		if left := files(t, dir); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestHalfWrittenIsInvisibleAndSwept(t *testing.T) {
	each(t, func(t *testing.T, s *Store, dir string) {
		pr, pw := io.Pipe()
		done := make(chan Info)
		go func() {
			info, err := s.Put(context.Background(), pr)
			if err != nil {
				t.Error(err)
			}
			done <- info
		}()
		b := content(200_000)
		_, _ = pw.Write(b[:100_000])
		sum := sha256.Sum256(b)
		if ok, err := s.Exists(hex.EncodeToString(sum[:])); ok || err != nil {
			t.Errorf("Exists half written = %v, %v", ok, err)
		}
		walked := 0
		if err := s.Walk(t.Context(), func(Info) error { walked++; return nil }); err != nil || walked != 0 {
			t.Errorf("Walk sees %d half written, %v", walked, err)
		}
		if !inFolder(s) {
			_, _ = pw.Write(b[100_000:])
			_ = pw.Close()
			<-done
			return
		}
		dead := filepath.Join(dir, tempDir, "dead")
		if err := os.WriteFile(dead, b[:10], 0o600); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(-25 * time.Hour)
		if err := os.Chtimes(dead, old, old); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Sweep(t.Context()); n != 1 || err != nil {
			t.Errorf("Sweep = %d, %v, want the one of a dead writer", n, err)
		}
		_, _ = pw.Write(b[100_000:])
		_ = pw.Close()
		if got := get(t, s, (<-done).SHA256); !bytes.Equal(got, b) {
			t.Error("the writer that lived lost its content")
		}
	})
}

func TestNotFound(t *testing.T) {
	each(t, func(t *testing.T, s *Store, dir string) {
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
		for _, sha := range []string{
			strings.Repeat("a", 64), "", "secret", "../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("a", 63) + "/",
			strings.Repeat("../", 21) + "a", "tmp/" + strings.Repeat("a", 60),
		} {
			if _, _, err := s.Open(sha); !errors.Is(err, ErrNotFound) {
				t.Errorf("Open(%q) = %v", sha, err)
			}
			if ok, err := s.Exists(sha); ok || err != nil {
				t.Errorf("Exists(%q) = %v, %v", sha, ok, err)
			}
			if err := s.Verify(t.Context(), sha); !errors.Is(err, ErrNotFound) {
				t.Errorf("Verify(%q) = %v", sha, err)
			}
			if err := s.Delete(sha); !errors.Is(err, ErrNotFound) {
				t.Errorf("Delete(%q) = %v", sha, err)
			}
		}
	})
}

func TestWalkAndDelete(t *testing.T) {
	each(t, func(t *testing.T, s *Store, dir string) {
		var want []Info
		for n := range 20 {
			want = append(want, put(t, s, content(n*1000)))
		}
		slices.SortFunc(want, func(a, b Info) int { return strings.Compare(a.SHA256, b.SHA256) })
		for _, stranger := range []string{"README", filepath.Dir(want[0].path()) + "/x", "tmp/" + strings.Repeat("a", 64)} {
			name := filepath.Join(dir, stranger)
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte("x"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		walk := func() (got []Info) {
			if err := s.Walk(t.Context(), func(i Info) error { got = append(got, i); return nil }); err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := walk(); !slices.Equal(got, want) {
			t.Errorf("Walk = %v, want %v", got, want)
		}
		stop := errors.New("enough")
		if err := s.Walk(t.Context(), func(Info) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("Walk = %v, want the error of the function", err)
		}
		if err := s.Delete(want[7].SHA256); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(want[7].SHA256); !errors.Is(err, ErrNotFound) {
			t.Errorf("second Delete = %v", err)
		}
		if got := walk(); !slices.Equal(got, slices.Delete(want, 7, 8)) {
			t.Errorf("Walk after Delete = %d blobs", len(got))
		}
	})
}

func (i Info) path() string { return nameOf(i.SHA256) }

// What changes, is missing or too much is found by Verify, wherever it is.
func TestVerifyFindsDamage(t *testing.T) {
	each(t, func(t *testing.T, s *Store, dir string) {
		for _, n := range []int{0, 50, chunkSize, chunkSize + 1} {
			info := put(t, s, content(n))
			name := filepath.Join(dir, info.path())
			if s.vault != nil {
				name += sealedSuffix
			}
			good, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			check := func(what string, raw []byte) {
				t.Helper()
				if err := os.WriteFile(name, raw, 0o600); err != nil {
					t.Fatal(err)
				}
				err := s.Verify(t.Context(), info.SHA256)
				// A change in the id of the data key makes the key unknown.
				if !errors.Is(err, ErrDamaged) && !errors.Is(err, secret.ErrKeyUnknown) {
					t.Errorf("%d bytes, %s: Verify = %v, want ErrDamaged", n, what, err)
				}
			}
			for at := 0; at < len(good); at += 1 + len(good)/16 {
				bad := slices.Clone(good)
				bad[at] ^= 1
				check("a bit changed", bad)
				check("cut", good[:at])
			}
			check("longer", append(slices.Clone(good), 'x'))
			if s.vault != nil && n > chunkSize {
				check("last chunk cut off", good[:headerSize+chunkSize+tagSize])
				other := put(t, s, content(n+1))
				foreign, err := os.ReadFile(filepath.Join(dir, other.path()+sealedSuffix))
				if err != nil {
					t.Fatal(err)
				}
				check("another blob's file", foreign)
			}
			if err := os.WriteFile(name, good, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := s.Verify(t.Context(), info.SHA256); err != nil {
				t.Errorf("%d bytes, as it was: %v", n, err)
			}
		}
	})
}

func TestEncryptionComesLater(t *testing.T) {
	t.Parallel()
	dir, v := t.TempDir(), newVault(t)
	plain, sealed, foreign := newStore(t, dir, nil), newStore(t, dir, v), newStore(t, dir, newVault(t))
	early, late := put(t, plain, content(10)), put(t, sealed, content(20))
	if got := get(t, sealed, early.SHA256); !bytes.Equal(got, content(10)) {
		t.Error("what was put before the key is unreadable")
	}
	if _, _, err := plain.Open(late.SHA256); !errors.Is(err, ErrLocked) {
		t.Errorf("Open without the key = %v, want ErrLocked", err)
	}
	if _, _, err := foreign.Open(late.SHA256); !errors.Is(err, secret.ErrKeyUnknown) {
		t.Errorf("Open with a foreign key = %v, want ErrKeyUnknown", err)
	}
	if err := v.Rotate(); err != nil {
		t.Fatal(err)
	}
	if got := get(t, sealed, late.SHA256); !bytes.Equal(got, content(20)) {
		t.Error("what was put before a rotation is unreadable")
	}
	put(t, sealed, content(10))
	put(t, plain, content(20))
	if n := len(files(t, dir)); n != 2 {
		t.Errorf("%d files for 2 contents", n)
	}

	// A sealed file cut short, then the content comes again without a key.
	if err := os.Truncate(filepath.Join(dir, late.path()+sealedSuffix), 5); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sealed.Open(late.SHA256); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open of a cut file = %v, want ErrDamaged", err)
	}
	put(t, plain, content(20))
	if got := get(t, plain, late.SHA256); !bytes.Equal(got, content(20)) {
		t.Error("the damaged form hides the good one")
	}
}

func TestTwoStoresOnOnePlace(t *testing.T) {
	each(t, func(t *testing.T, s *Store, dir string) {
		other := &Store{s.shelf, s.vault}
		if inFolder(s) {
			other = newStore(t, dir, s.vault)
		}
		var wg sync.WaitGroup
		for i := range 4 {
			store := []*Store{s, other}[i%2]
			wg.Go(func() {
				for n := range 8 {
					info, err := store.Put(t.Context(), bytes.NewReader(content(n*9000)))
					if err != nil {
						t.Error(err)
						return
					}
					if err := store.Verify(t.Context(), info.SHA256); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := len(files(t, dir)); n != 8 {
			t.Errorf("%d files for 8 contents", n)
		}
	})
}

// memory is a sealed file that is not on a disk.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

func FuzzSealed(f *testing.F) {
	dir, v := f.TempDir(), newVault(f)
	info := put(f, newStore(f, dir, v), []byte("an invoice"))
	good, err := os.ReadFile(filepath.Join(dir, info.path()+sealedSuffix))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{}, int64(0))
	f.Add(good[headerSize:], int64(10))
	f.Add([]byte("tail"), int64(chunkSize))
	f.Fuzz(func(t *testing.T, body []byte, size int64) {
		raw := slices.Concat(good[:headerSize], body) // under the right key, or nothing behind it is reached
		if size > 1<<40 {
			t.Skip()
		}
		r, err := newUnsealer(memory{bytes.NewReader(raw)}, v, Info{info.SHA256, size})
		if err != nil {
			return
		}
		got, err := io.ReadAll(r)
		if err == nil && size != 0 && (string(got) != "an invoice" || !bytes.Equal(raw, good)) {
			t.Errorf("%q of size %d reads as %q", body, size, got)
		}
		if n := plainSize(int64(len(raw))); n >= 0 && int64(len(raw)) != headerSize+n+max(1, (n+chunkSize-1)/chunkSize)*tagSize {
			t.Errorf("plainSize(%d) = %d", len(raw), n)
		}
	})
}

func BenchmarkPut(b *testing.B) {
	for name, v := range map[string]*secret.Vault{"plain": nil, "sealed": newVault(b)} {
		b.Run(name, func(b *testing.B) {
			s, doc, n := newStore(b, b.TempDir(), v), content(200_000), 0
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				n++
				doc[0], doc[1], doc[2] = byte(n), byte(n>>8), byte(n>>16)
				put(b, s, doc)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for name, v := range map[string]*secret.Vault{"plain": nil, "sealed": newVault(b)} {
		b.Run(name, func(b *testing.B) {
			s := newStore(b, b.TempDir(), v)
			info := put(b, s, content(200_000))
			b.SetBytes(info.Size)
			for b.Loop() {
				get(b, s, info.SHA256)
			}
		})
	}
}
