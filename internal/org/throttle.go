package org

import (
	"cmp"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/duebook/duebook/internal/fault"
)

// ErrThrottled refuses logins from a network address with too many failed ones (SEC-10). It is answered as HTTP 429
// with a Retry-After of ThrottleTime at the most.
var ErrThrottled = fault.New(fault.Limit, "login_throttled", "Too many failed logins came from your network. Wait a minute, then try again.")

// ThrottleTime is for how long after its first failed login an address stays refused.
const ThrottleTime = time.Minute

// mostFailures of a network address within ThrottleTime are looked at, unless a setting says otherwise; what follows is
// refused unseen (SEC-10, T-12).
const mostFailures = 60

// throttle counts failed logins per network address, in the memory of one node. Without an address, which is how the
// command line comes, nothing is counted. The zero value is ready and takes mostFailures.
type throttle struct {
	mu      sync.Mutex
	most    int // 0 for mostFailures; below 0 nothing is refused
	free    sync.Cond
	windows map[string]*window
}

// window is an address's minute.
type window struct {
	since          time.Time
	failed, inside int
}

// enter lets an attempt in that leave must follow, or fails with ErrThrottled. As an attempt inside may turn out to
// fail, one beyond the limit waits until it is known: parallel guesses are counted exactly, and nobody who is right is
// refused for the attempts beside it.
func (t *throttle) enter(address string, now time.Time) error {
	if address == "" {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	most := cmp.Or(t.most, mostFailures)
	if most < 0 {
		most = math.MaxInt
	}
	if t.windows == nil {
		t.windows, t.free.L = map[string]*window{}, &t.mu
	}
	for {
		w := t.windows[address]
		if w == nil {
			t.forget(now)
			w = &window{since: now}
			t.windows[address] = w
		}
		if w.over(now) {
			w.since, w.failed = now, 0
		}
		if w.failed >= most {
			return ErrThrottled.With(strconv.Itoa(most) + " failed logins a minute")
		}
		if w.failed+w.inside < most {
			w.inside++
			return nil
		}
		t.free.Wait()
	}
}

// leave ends an attempt.
func (t *throttle) leave(address string, failed bool) {
	if address == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.windows[address]
	w.inside--
	if failed {
		w.failed++
	}
	t.free.Broadcast()
}

// over reports whether the minute has passed, or the clock of a sandbox was set back.
func (w *window) over(now time.Time) bool {
	return now.Sub(w.since) >= ThrottleTime || now.Before(w.since)
}

// forget drops what has passed once many addresses are known.
func (t *throttle) forget(now time.Time) {
	if len(t.windows) < 10_000 {
		return
	}
	for address, w := range t.windows {
		if w.inside == 0 && w.over(now) {
			delete(t.windows, address)
		}
	}
}
