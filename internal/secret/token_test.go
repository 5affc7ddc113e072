package secret

import (
	"regexp"
	"testing"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		make func() string
		want string
	}{
		{"api-v1 3.4: session id", NewSessionID, `^[A-Za-z0-9]{40}$`},
		{"KEY-4: application key", NewAppKey, `^[A-Z0-9]{20}$`},
		{"none", func() string { return NewToken(Alphanumeric, 0) }, `^$`},
		{"longer than one draw", func() string { return NewToken("ab", 1000) }, `^[ab]{1000}$`},
	}
	for _, tt := range tests {
		got := tt.make()
		if !regexp.MustCompile(tt.want).MatchString(got) {
			t.Errorf("%s = %q, want %s", tt.name, got, tt.want)
		}
		if got != "" && got == tt.make() {
			t.Errorf("%s: twice %q", tt.name, got)
		}
	}
}

// Without the cut at 248 the first eight characters of 62 would come 25 % more often.
func TestTokensAreEven(t *testing.T) {
	t.Parallel()
	const each = 4000
	count := map[rune]int{}
	for _, r := range NewToken(Alphanumeric, each*len(Alphanumeric)) {
		count[r]++
	}
	for _, r := range Alphanumeric {
		if n := count[r]; n < each*9/10 || n > each*11/10 { // more than six standard deviations
			t.Errorf("%q came %d times, want about %d", r, n, each)
		}
	}
}

func TestNewTokenRefusesAlphabets(t *testing.T) {
	t.Parallel()
	for _, alphabet := range []string{"", "a", string(make([]byte, 257))} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("NewToken with an alphabet of %d did not panic", len(alphabet))
				}
			}()
			NewToken(alphabet, 10)
		}()
	}
}

func TestHashToken(t *testing.T) {
	t.Parallel()
	// FIPS 180-2, appendix B.1.
	if got, want := HashToken("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; got != want {
		t.Errorf("HashToken(abc) = %s, want %s", got, want)
	}
	if !ConstantTimeEqual("abc", "abc") || ConstantTimeEqual("abc", "abd") || ConstantTimeEqual("abc", "abcd") {
		t.Error("ConstantTimeEqual")
	}
}
