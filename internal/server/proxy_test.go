package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// SEC-10: failed logins are counted by the client's address, which only a trusted proxy can tell.
func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	ps, err := parseProxies([]string{"127.0.0.1", "10.0.0.0/8", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, peer string
		chain      []string
		want       string
		proto      string
	}{
		{"no proxy", "192.0.2.1:5", nil, "192.0.2.1:5", ""},
		{"a stranger's word", "192.0.2.1:5", []string{"198.51.100.7"}, "192.0.2.1:5", ""},
		{"a proxy's word", "127.0.0.1:5", []string{"198.51.100.7"}, "198.51.100.7:0", "https"},
		{"a proxy over IPv6", "[::1]:5", []string{"2001:db8::7"}, "[2001:db8::7]:0", "https"},
		{"mapped", "[::ffff:127.0.0.1]:5", []string{"198.51.100.7"}, "198.51.100.7:0", "https"},
		{"two proxies", "127.0.0.1:5", []string{"198.51.100.7, 10.1.1.1"}, "198.51.100.7:0", "https"},
		{"two headers", "127.0.0.1:5", []string{"198.51.100.7", "10.1.1.1"}, "198.51.100.7:0", "https"},
		{"made up by the client", "127.0.0.1:5", []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7:0", "https"},
		{"rubbish", "127.0.0.1:5", []string{"unknown"}, "127.0.0.1:0", "https"},
		{"silent proxy", "127.0.0.1:5", nil, "127.0.0.1:0", "https"},
		{"proxies alone", "127.0.0.1:5", []string{"10.1.1.1"}, "10.1.1.1:0", "https"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.chain
		r.Header.Set("X-Forwarded-Proto", "https")
		ps.before(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("X-Forwarded-Proto"); r.RemoteAddr != c.want || got != c.proto {
				t.Errorf("%s: %s %q, want %s %q", c.name, r.RemoteAddr, got, c.want, c.proto)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
	if _, err := parseProxies([]string{"proxy.example"}); err == nil {
		t.Error("a name is taken for a network")
	}
}
