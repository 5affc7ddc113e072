package dbtest

import (
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// PasswordHash gives a hash of password that costs next to nothing to verify, for tests that log in often: a real one takes
// 64 MiB and a tenth of a second each time, and only one runs per core.
func PasswordHash(password string) string {
	salt := []byte("not very random!")
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version, b64(salt), b64(argon2.IDKey([]byte(password), salt, 1, 8, 1, 32)))
}
