package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newVault(t testing.TB) *Vault {
	t.Helper()
	v, err := CreateVault(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func seal(t testing.TB, v *Vault, plain string, ad ...string) string {
	t.Helper()
	s, err := v.Seal([]byte(plain), ad...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVaultOpensOnlyInPlace(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	place := []string{"008org", "vendor", "account", "009row"}
	s := seal(t, v, "998877661234", place...)
	if strings.Contains(s, "9988") || s == seal(t, v, "998877661234", place...) {
		t.Errorf("Seal = %q, want another text each time", s)
	}
	if id, err := KeyID(s); err != nil || id != v.KeyID() || !strings.HasPrefix(s, id+".") {
		t.Errorf("KeyID = %q, %v, want %q", id, err, v.KeyID())
	}
	tests := []struct {
		name string
		s    string
		ad   []string
		want error
	}{
		{"SEC-1: in its place", s, place, nil},
		{"another row", s, []string{"008org", "vendor", "account", "009other"}, ErrSealed},
		{"another organisation", s, []string{"008foreign", "vendor", "account", "009row"}, ErrSealed},
		{"no place", s, nil, ErrSealed},
		{"parts run together", s, []string{"008org", "vendor", "account009row"}, ErrSealed},
		{"parts cut elsewhere", s, []string{"008or", "gvendor", "account", "009row"}, ErrSealed},
		{"an empty part more", s, append(place[:4:4], ""), ErrSealed},
		{"a bit changed", flip(s, len(s)-5), place, ErrSealed},
		{"cut", s[:len(s)-4], place, ErrSealed},
		{"with a line break", s[:40] + "\n" + s[40:], place, ErrSealed},
		{"a key of nobody", "00000000" + s[8:], place, ErrKeyUnknown},
		{"key id in capitals", strings.ToUpper(s[:8]) + "." + "A", place, ErrSealed},
		{"empty", "", place, ErrSealed},
		{"in the clear", "998877661234", place, ErrSealed},
	}
	for _, tt := range tests {
		plain, err := v.Open(tt.s, tt.ad...)
		if !errors.Is(err, tt.want) || (tt.want == nil) != (string(plain) == "998877661234") {
			t.Errorf("%s: Open = %q, %v, want %v", tt.name, plain, err, tt.want)
		}
	}
	if empty := seal(t, v, ""); len(empty) == 0 {
		t.Error("nothing sealed is nothing")
	} else if plain, err := v.Open(empty); err != nil || len(plain) != 0 {
		t.Errorf("Open of nothing = %q, %v", plain, err)
	}
}

func flip(s string, at int) string {
	c := byte('A')
	if s[at] == c {
		c = 'B'
	}
	return s[:at] + string(c) + s[at+1:]
}

func TestVaultFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := OpenVault(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("OpenVault without a file = %v, want ErrNotExist", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("OpenVault made a key file")
	}
	v, err := CreateVault(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v, want 0600", info.Mode(), err)
	}
	s := seal(t, v, "x")
	for _, open := range []func(string) (*Vault, error){OpenVault, CreateVault} {
		again, err := open(path)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := again.Open(s); err != nil || string(plain) != "x" {
			t.Errorf("opened again: %q, %v", plain, err)
		}
	}
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(names) != 1 {
		t.Errorf("files beside the key: %v", names)
	}
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(names) != 0 {
		t.Errorf("temporary files left: %v", names)
	}

	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenVault(path); !errors.Is(err, ErrKeyFile) {
		t.Errorf("a file open to everybody: %v, want ErrKeyFile", err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]string{
		"empty":      "",
		"cut":        string(good[:len(good)/2]),
		"no JSON":    "998877661234",
		"newer":      strings.Replace(string(good), `"format": 1`, `"format": 2`, 1),
		"no keyset":  `{"format":1,"equality":"AAAA"}`,
		"no hashing": strings.Replace(string(good), `"equality"`, `"unequal"`, 1),
	} {
		bad := filepath.Join(t.TempDir(), "bad.key")
		if err := os.WriteFile(bad, []byte(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, open := range []func(string) (*Vault, error){OpenVault, CreateVault} {
			if _, err := open(bad); !errors.Is(err, ErrKeyFile) || strings.Contains(err.Error(), "9988") {
				t.Errorf("%s: %v, want ErrKeyFile", name, err)
			}
		}
		if now, _ := os.ReadFile(bad); string(now) != raw {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestVaultCreatedByManyIsOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	const n = 8
	var sealed [n]string
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			v, err := CreateVault(path)
			if err != nil {
				t.Error(err)
				return
			}
			sealed[i] = seal(t, v, fmt.Sprint(i))
		})
	}
	wg.Wait()
	v, err := OpenVault(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range sealed {
		if plain, err := v.Open(s); err != nil || string(plain) != fmt.Sprint(i) {
			t.Errorf("creator %d: %q, %v", i, plain, err)
		}
	}
}

func TestVaultRotate(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	other, err := OpenVault(v.path) // another node
	if err != nil {
		t.Fatal(err)
	}
	old, oldID, hash := seal(t, v, "x", "p"), v.KeyID(), v.EqualityHash("x", "p")
	if same, err := v.ReKey(old, "p"); err != nil || same != old {
		t.Errorf("ReKey under today's key = %q, %v, want it unchanged", same, err)
	}
	if err := v.Rotate(); err != nil {
		t.Fatal(err)
	}
	if v.KeyID() == oldID {
		t.Error("the same key after Rotate")
	}
	if plain, err := v.Open(old, "p"); err != nil || string(plain) != "x" {
		t.Errorf("old value after Rotate = %q, %v", plain, err)
	}
	if v.EqualityHash("x", "p") != hash {
		t.Error("SEC-1: stored hashes are lost after Rotate")
	}
	fresh := seal(t, v, "y", "p")
	if plain, err := other.Open(fresh, "p"); err != nil || string(plain) != "y" {
		t.Errorf("another node, value under the new key = %q, %v", plain, err)
	}
	moved, err := other.ReKey(old, "p")
	if err != nil || moved == old {
		t.Errorf("ReKey = %q, %v", moved, err)
	}
	if id, _ := KeyID(moved); id != v.KeyID() {
		t.Errorf("ReKey left key %s, want %s", id, v.KeyID())
	}
	if _, err := v.ReKey(old, "q"); !errors.Is(err, ErrSealed) {
		t.Errorf("ReKey elsewhere = %v, want ErrSealed", err)
	}
	if info, err := os.Stat(v.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode after Rotate = %v, %v", info.Mode(), err)
	}
}

func TestVaultRotationsAtOnceLoseNoKey(t *testing.T) {
	t.Parallel()
	path := newVault(t).path
	const n = 6
	var sealed [n]string
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			v, err := OpenVault(path)
			if err != nil {
				t.Error(err)
				return
			}
			if err := v.Rotate(); err != nil {
				t.Error(err)
				return
			}
			sealed[i] = seal(t, v, fmt.Sprint(i))
		})
	}
	wg.Wait()
	v, err := OpenVault(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(v.keys.Load().ids); got != n+1 {
		t.Errorf("%d keys after %d rotations at once, want %d", got, n, n+1)
	}
	for i, s := range sealed {
		if plain, err := v.Open(s); err != nil || string(plain) != fmt.Sprint(i) {
			t.Errorf("value %d: %q, %v", i, plain, err)
		}
	}
}

func TestEqualityHash(t *testing.T) {
	t.Parallel()
	v, foreign := newVault(t), newVault(t)
	h := v.EqualityHash("123", "008org", "vendor", "account")
	if len(h) != 64 || h != v.EqualityHash("123", "008org", "vendor", "account") {
		t.Errorf("SEC-1: %q is not deterministic", h)
	}
	for name, other := range map[string]string{
		"value":        v.EqualityHash("124", "008org", "vendor", "account"),
		"organisation": v.EqualityHash("123", "008foreign", "vendor", "account"),
		"cut":          v.EqualityHash("account123", "008org", "vendor"),
		"key":          foreign.EqualityHash("123", "008org", "vendor", "account"),
	} {
		if other == h {
			t.Errorf("the same hash for another %s", name)
		}
	}
}

func TestVaultPrintsNoKey(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	var out bytes.Buffer
	fmt.Fprintf(&out, "%v %+v %#v %s %x %v", v, v, v, v, v, struct{ V *Vault }{v})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("v", "vault", v)
	slog.New(slog.NewTextHandler(&out, nil)).Info("v", "vault", v)
	k := v.keys.Load()
	for _, leak := range []string{fmt.Sprint(k.equality), fmt.Sprintf("%x", k.equality), b64.EncodeToString(k.equality)} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("key material printed: %s", out.String())
		}
	}
}

func FuzzVaultOpen(f *testing.F) {
	v := newVault(f)
	good := seal(f, v, "998877661234", "place")
	for _, s := range []string{"", ".", good, good[:9], good[:20], flip(good, 30), v.KeyID() + ".", "00000000.AAAA", good + "="} {
		f.Add(s, "place")
	}
	f.Fuzz(func(t *testing.T, s, ad string) {
		plain, err := v.Open(s, ad)
		if err == nil && (s != good || ad != "place" || string(plain) != "998877661234") {
			t.Errorf("Open(%q, %q) = %q", s, ad, plain)
		}
		if err != nil && !errors.Is(err, ErrSealed) && !errors.Is(err, ErrKeyUnknown) {
			t.Errorf("Open(%q) = %v", s, err)
		}
	})
}

func BenchmarkVault(b *testing.B) {
	v := newVault(b)
	for b.Loop() {
		if _, err := v.Open(seal(b, v, "998877661234", "o", "t", "c", "r"), "o", "t", "c", "r"); err != nil {
			b.Fatal(err)
		}
	}
}
