package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// proxies are the networks of reverse proxies whose word about the client is taken.
type proxies []netip.Prefix

// parseProxies reads addresses and networks like 10.0.0.0/8.
func parseProxies(names []string) (proxies, error) {
	var ps proxies
	for _, n := range names {
		p, err := netip.ParsePrefix(n)
		if a, single := netip.ParseAddr(n); err != nil && single == nil {
			p, err = a.Unmap().Prefix(a.Unmap().BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q: want an address or a network like 10.0.0.0/8", n)
		}
		ps = append(ps, p.Masked())
	}
	return ps, nil
}

func (ps proxies) contain(a netip.Addr) bool {
	for _, p := range ps {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// before gives every door the client's own address as the request's RemoteAddr, and leaves X-Forwarded-Proto and
// X-Forwarded-For in it only where a trusted proxy wrote them. Of several addresses in X-Forwarded-For the last one that
// is no trusted proxy is the client: what stands before it the client may have made up.
func (ps proxies) before(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !ps.contain(peer.Addr()) {
			r.Header.Del("X-Forwarded-For")
			r.Header.Del("X-Forwarded-Proto")
			h.ServeHTTP(w, r)
			return
		}
		chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		client := peer.Addr()
		for i := len(chain) - 1; i >= 0 && ps.contain(client); i-- {
			a, err := netip.ParseAddr(strings.TrimSpace(chain[i]))
			if err != nil {
				break
			}
			client = a.Unmap()
		}
		r.RemoteAddr = net.JoinHostPort(client.String(), "0")
		h.ServeHTTP(w, r)
	})
}
