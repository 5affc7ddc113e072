package secret

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// ErrHash is a stored password hash that is not one of ours: damaged, or with a cost out of bounds.
var ErrHash = errors.New("not an argon2id hash")

// cost is what one hash takes. One lane, because the limit below is one hash per core.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// current is above the smallest choice of the OWASP Password Storage Cheat Sheet (46 MiB, one pass, one lane).
var current = cost{memory: 64 << 10, passes: 1, threads: 1}

// largest bounds what a stored string may ask for, so that a damaged row cannot take the server's memory.
var largest = cost{memory: 256 << 10, passes: 8, threads: 8}

const (
	saltBytes = 16
	hashBytes = 32
)

// slots holds one token for each hash that runs. It belongs to the process, as the memory and the cores do.
var slots = make(chan struct{}, runtime.GOMAXPROCS(0))

// HashPassword returns the PHC string of pw with a fresh salt. It takes 64 MiB and tens of milliseconds and waits for
// a free core; the only error is that of ctx while waiting. Do not call it inside a transaction.
//
// The password is brought to Unicode form NFC first, so that it may be typed on another system.
func HashPassword(ctx context.Context, pw string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails, see crypto/rand
	sum, err := derive(ctx, pw, salt, current, hashBytes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		current.memory, current.passes, current.threads, b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// Verify reports whether pw is the password behind the PHC string. It fails with ErrHash, or with the error of ctx
// while it waits for a core; in both cases nothing is known about the password. Do not call it inside a transaction.
func Verify(ctx context.Context, phc, pw string) (bool, error) {
	c, salt, want, err := parsePHC(phc)
	if err != nil {
		return false, err
	}
	got, err := derive(ctx, pw, salt, c, len(want))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// DummyVerify takes as long as Verify of a current hash and is called for unknown users, so that an answer's time does
// not tell who exists.
func DummyVerify(ctx context.Context, pw string) error {
	_, err := derive(ctx, pw, make([]byte, saltBytes), current, hashBytes)
	return err
}

// NeedsRehash reports whether phc was made with another cost than today's, or is no hash at all. The moment to hash
// again is a successful login.
func NeedsRehash(phc string) bool {
	c, salt, sum, err := parsePHC(phc)
	return err != nil || c != current || len(salt) != saltBytes || len(sum) != hashBytes
}

// derive waits for a free core. A hash that has begun runs to its end.
func derive(ctx context.Context, pw string, salt []byte, c cost, n int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("wait for a core to hash a password: %w", err)
	}
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a core to hash a password: %w", ctx.Err())
	}
	defer func() { <-slots }()
	return argon2.IDKey([]byte(norm.NFC.String(pw)), salt, c.passes, c.memory, c.threads, uint32(n)), nil
}

// b64 is the alphabet of PHC strings; Strict refuses a second spelling of the same bytes.
var b64 = base64.RawStdEncoding.Strict()

// parsePHC reads $argon2id$v=19$m=65536,t=1,p=1$salt$hash.
//
// Source: PHC string format, https://github.com/P-H-C/phc-string-format.
func parsePHC(phc string) (c cost, salt, sum []byte, err error) {
	part := strings.Split(phc, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return cost{}, nil, nil, ErrHash
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &c.memory, &c.passes, &c.threads); err != nil ||
		part[3] != fmt.Sprintf("m=%d,t=%d,p=%d", c.memory, c.passes, c.threads) {
		return cost{}, nil, nil, ErrHash
	}
	if c.passes < 1 || c.passes > largest.passes || c.threads < 1 || c.threads > largest.threads ||
		c.memory < 8*uint32(c.threads) || c.memory > largest.memory {
		return cost{}, nil, nil, ErrHash
	}
	salt, err1 := b64.DecodeString(part[4])
	sum, err2 := b64.DecodeString(part[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(salt) > 64 || len(sum) < 16 || len(sum) > 64 {
		return cost{}, nil, nil, ErrHash
	}
	return c, salt, sum, nil
}
