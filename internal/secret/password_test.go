package secret

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestPassword(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const pw = "Zuñiga pays on 3rd Fridays"
	phc, err := HashPassword(ctx, pw)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=65536,t=1,p=1$") || strings.Contains(phc, "pays") {
		t.Errorf("HashPassword = %q", phc)
	}
	if NeedsRehash(phc) {
		t.Errorf("NeedsRehash of a fresh hash")
	}
	other, err := HashPassword(ctx, pw)
	if err != nil || other == phc {
		t.Errorf("second hash = %q, %v, want another salt", other, err)
	}
	tests := []struct {
		name, pw string
		want     bool
	}{
		{"LOG-6: the same", pw, true},
		{"the same typed as n and combining tilde", "Zun\u0303iga pays on 3rd Fridays", true},
		{"another case", strings.ToLower(pw), false},
		{"empty", "", false},
		{"with an ending", pw + " ", false},
		{"very long", strings.Repeat("x", 1<<16), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := Verify(ctx, phc, tt.pw); got != tt.want || err != nil {
				t.Errorf("Verify = %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

// An argon2id hash of "password" made by the reference implementation: argon2 somesalt -id -t 2 -k 65536 -p 1.
//
// Source: test.c of the reference implementation, github.com/P-H-C/phc-winner-argon2.
const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestVerifyReference(t *testing.T) {
	t.Parallel()
	if ok, err := Verify(t.Context(), reference, "password"); !ok || err != nil {
		t.Errorf("Verify = %v, %v, want true", ok, err)
	}
	if !NeedsRehash(reference) {
		t.Errorf("NeedsRehash = false for another cost")
	}
}

func TestVerifyRefusesWhatIsNoHash(t *testing.T) {
	t.Parallel()
	for _, phc := range []string{
		"", "secret", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv",
		strings.Replace(reference, "argon2id", "argon2i", 1),
		strings.Replace(reference, "v=19", "v=16", 1),
		strings.Replace(reference, "m=65536", "m=4194304", 1),
		strings.Replace(reference, "m=65536", "m=1", 1),
		strings.Replace(reference, "t=2", "t=0", 1),
		strings.Replace(reference, "t=2", "t=1000000", 1),
		strings.Replace(reference, "p=1", "p=0", 1),
		strings.Replace(reference, "p=1", "p=1,x=2", 1),
		strings.Replace(reference, "t=2", "t=+2", 1),
		strings.Replace(reference, "c29tZXNhbHQ", "c29t", 1),
		strings.Replace(reference, "c29tZXNhbHQ", "c29tZXNhbHQ==", 1),
		reference + "$", reference[:len(reference)-30], " " + reference,
	} {
		if ok, err := Verify(t.Context(), phc, "password"); ok || !errors.Is(err, ErrHash) {
			t.Errorf("Verify(%q) = %v, %v, want ErrHash", phc, ok, err)
		}
		if !NeedsRehash(phc) {
			t.Errorf("NeedsRehash(%q) = false", phc)
		}
	}
}

// Not parallel: it takes all cores and looks at who waits.
func TestHashesWaitForACore(t *testing.T) {
	for range cap(slots) {
		slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done atomic.Int32
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := HashPassword(ctx, "a password that waits"); errors.Is(err, context.Canceled) {
				done.Add(1)
			}
		})
	}
	if err := DummyVerify(deadline(t, 20*time.Millisecond), "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("DummyVerify with all cores taken = %v, want the deadline", err)
	}
	cancel()
	wg.Wait()
	if done.Load() != 3 {
		t.Errorf("%d of 3 waiting hashes ended with their context", done.Load())
	}
	for range cap(slots) {
		<-slots
	}
	if err := DummyVerify(t.Context(), "x"); err != nil {
		t.Errorf("DummyVerify with cores free = %v", err)
	}
	if len(slots) != 0 {
		t.Errorf("%d slots are still taken", len(slots))
	}
}

func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func FuzzParsePHC(f *testing.F) {
	f.Add(reference)
	f.Add("$argon2id$v=19$m=65536,t=1,p=1$AAAA$BBBB")
	f.Fuzz(func(t *testing.T, phc string) {
		c, salt, sum, err := parsePHC(phc)
		if err == nil && (c.memory > largest.memory || c.threads == 0 || c.passes == 0 || len(salt) < 8 || len(sum) < 16) {
			t.Errorf("parsePHC(%q) = %+v, %d, %d", phc, c, len(salt), len(sum))
		}
	})
}

func BenchmarkHashPassword(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := HashPassword(b.Context(), "a password of some length"); err != nil {
			b.Fatal(err)
		}
	}
}

func TestCheckPolicy(t *testing.T) {
	t.Parallel()
	known := []string{"ana.zuniga@northwind.example", "Ana Zúñiga", "Northwind Traders"}
	tests := []struct {
		pw   string
		want error
	}{
		{"", ErrPasswordShort},
		{"Tr0ub4dor&3", ErrPasswordShort},             // 11 characters
		{"ñññÑxÜöäßéá", ErrPasswordShort},             // 11 characters in 22 bytes
		{"n\u0303n\u0303kq7vzx2pw", ErrPasswordShort}, // 11 characters once composed
		{strings.Repeat("correct horse ", 80), ErrPasswordLong},
		{"not text \xff\xfe at all", ErrPasswordText},
		{"passwordpassword", ErrPasswordCommon},
		{"Password123456", ErrPasswordCommon},
		{"P@ssw0rd2026!", ErrPasswordCommon},
		{"Pa$$w0rd!!!!!", ErrPasswordCommon},
		{"1234567890123", ErrPasswordCommon},
		{"qwertyuiop[]", ErrPasswordCommon},
		{"poiuytrewqasdf", ErrPasswordCommon},
		{"1qaz2wsx3edc4rfv", ErrPasswordCommon},
		{"q1w2e3r4t5y6", ErrPasswordCommon},
		{"aaaaaaaaaaaaaaaa", ErrPasswordCommon},
		{"abababababababab", ErrPasswordCommon},
		{"xk7xk7xk7xk7xk7", ErrPasswordCommon},
		{"Summer2026Summer", ErrPasswordCommon},
		{"Welcome2Duebook!", ErrPasswordCommon},
		{"CorrectHorseBatteryStaple", ErrPasswordCommon},
		{"iloveyou31415926535", ErrPasswordCommon},
		{"19871988198919", ErrPasswordCommon},
		{"northwind-2026", ErrPasswordCommon},    // LOG-6: what is known of the account
		{"Traders Northwind", ErrPasswordCommon}, //
		{"ana.zuniga@northwind.example", ErrPasswordCommon},
		{"summertime blues in Ohio", nil},
		{"kV7#mq2Lx9!d", nil},
		{"802746193550271", nil},
		{"der Igel zahlt nie bar", nil},
		{"密码是一只会飞的乌龟先生", nil},
	}
	for _, tt := range tests {
		if err := CheckPolicy(tt.pw, known...); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("LOG-6: CheckPolicy(%q) = %v, want %v (%d pieces)", tt.pw, err, tt.want,
				pieces(period([]rune(strings.ToLower(tt.pw))), nil))
		}
	}
	if err := CheckPolicy("northwind gale 77", "northgale"); err != nil {
		t.Errorf("a word of another account is no reason: %v", err)
	}
	for i := range 200 {
		if pw := NewToken(Alphanumeric, 12); CheckPolicy(pw) != nil {
			t.Fatalf("a random password is refused: %q (number %d)", pw, i)
		}
	}
	seen := map[string]bool{}
	for _, w := range common {
		if w != strings.ToLower(w) || seen[w] {
			t.Errorf("common.txt: %q is upper case or there twice", w)
		}
		seen[w] = true
		for len(w) < minCharacters {
			w += w
		}
		if err := CheckPolicy(w); !errors.Is(err, ErrPasswordCommon) {
			t.Errorf("CheckPolicy(%q) = %v, want ErrPasswordCommon", w, err)
		}
	}
}

func FuzzCheckPolicy(f *testing.F) {
	f.Add("P@ssw0rd2026!", "ana@northwind.example")
	f.Fuzz(func(t *testing.T, pw, known string) {
		if err := CheckPolicy(pw, known); err == nil && (len(pw) < minCharacters || len(pw) > maxBytes) {
			t.Errorf("CheckPolicy(%q) accepts %d bytes", pw, len(pw))
		}
	})
}

func BenchmarkCheckPolicy(b *testing.B) {
	pw := strings.Repeat("correct horse7", 73)
	for b.Loop() {
		_ = CheckPolicy(pw, "ana@northwind.example")
	}
}
