package org

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// SEC-10: sixty failures of an address in a minute are looked at, then it is refused until the minute is over; what is
// right does not count, other addresses do not notice.
func TestThrottle(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC)
	var x throttle
	try := func(address string, failed bool) error {
		err := x.enter(address, now)
		if err == nil {
			x.leave(address, failed)
		}
		return err
	}
	for i := range 200 {
		if err := try("192.0.2.1", false); err != nil {
			t.Fatalf("right for the %d. time: %v", i, err)
		}
		if err := try("", true); err != nil {
			t.Fatalf("without an address: %v", err)
		}
	}
	for i := range mostFailures {
		if err := try("127.0.0.1", true); err != nil {
			t.Fatalf("failure %d: %v", i, err)
		}
		now = now.Add(time.Second / 2)
	}
	if err := try("127.0.0.1", false); !errors.Is(err, ErrThrottled) {
		t.Errorf("after sixty failures: %v", err)
	}
	if err := try("192.0.2.1", true); err != nil {
		t.Errorf("another address: %v", err)
	}
	now = now.Add(ThrottleTime / 2)
	if err := try("127.0.0.1", true); err != nil {
		t.Errorf("after a minute: %v", err)
	}
	now = now.Add(-time.Hour)
	for range mostFailures {
		_ = try("127.0.0.1", true)
	}
	if err := try("127.0.0.1", false); !errors.Is(err, ErrThrottled) {
		t.Errorf("with the clock set back: %v", err)
	}
	now = now.Add(2 * ThrottleTime)
	for i := range 10_001 {
		_ = try(fmt.Sprint("address ", i), true)
	}
	if _, there := x.windows["127.0.0.1"]; there {
		t.Error("an old address is not forgotten")
	}
}

// Of five hundred guesses at once exactly sixty are looked at; five hundred right ones at once all pass.
func TestThrottleParallel(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		failed bool
		want   int64
	}{{true, mostFailures}, {false, 500}} {
		var x throttle
		var seen atomic.Int64
		var wg sync.WaitGroup
		for range 500 {
			wg.Go(func() {
				if x.enter("192.0.2.1", now) == nil {
					seen.Add(1)
					time.Sleep(time.Millisecond)
					x.leave("192.0.2.1", c.failed)
				}
			})
		}
		wg.Wait()
		if seen.Load() != c.want {
			t.Errorf("failed %t: %d were looked at, want %d", c.failed, seen.Load(), c.want)
		}
	}
}
