package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
)

// Alphabets of tokens.
const (
	Alphanumeric      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	UpperAlphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// NewToken returns n characters of alphabet, each drawn evenly from the system's randomness. The alphabet is 2 to 256
// single-byte characters; another one is a mistake of the program and panics.
func NewToken(alphabet string, n int) string {
	k := len(alphabet)
	if k < 2 || k > 256 {
		panic(fmt.Sprintf("secret: an alphabet of %d characters", k))
	}
	even := 256 - 256%k // bytes from here on would favour the first characters
	token := make([]byte, 0, n)
	var draw [64]byte
	for {
		rand.Read(draw[:]) // never fails, see crypto/rand
		for _, b := range draw {
			if len(token) == n {
				return string(token)
			}
			if int(b) < even {
				token = append(token, alphabet[int(b)%k])
			}
		}
	}
}

// NewSessionID returns 40 characters of [0-9A-Za-z], 238 bits (api-v1 3.4 asks for 30 to 64 and at least 128 bits).
func NewSessionID() string { return NewToken(Alphanumeric, 40) }

// NewAPISessionID returns the id of a session of generations 2 and 3: !b and 43 characters of base64url, 256 bits (api-v2
// 1.5.5).
func NewAPISessionID() string {
	var b [32]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return "!b" + base64.RawURLEncoding.EncodeToString(b[:])
}

// NewAppKey returns an application key: 20 upper-case alphanumerics, 103 bits (KEY-4).
func NewAppKey() string { return NewToken(UpperAlphanumeric, 20) }

// HashToken is the form in which a token is stored and found again: SHA-256 in lower-case hexadecimal, 64 characters
// (SEC-2). It is for random tokens only; what people choose goes through HashPassword.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// ConstantTimeEqual compares without telling by its time where the two differ. It does tell whether they are of one
// length.
func ConstantTimeEqual(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
