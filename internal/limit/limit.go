// Package limit says how much programs may ask of the server: calls and logins of a key in a clock hour, calls of a key
// and organisation at one time, mails that a user sends in a minute (SEC-10, api-v2 2.6).
//
// Every door asks it once for each request, after it knows the key and before it does anything. Calls in flight and mails
// are counted by each node for itself. Hours are counted in memory and told to the store once a second, from where each
// node learns what the others counted: decision 11.
package limit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

// What is over a limit. The argument of the first two says which: "200 logins an hour".
var (
	ErrHour  = fault.New(fault.Limit, "calls_per_hour", "The key has made all the calls that this clock hour allows.")
	ErrMails = fault.New(fault.Limit, "mails_per_minute", "You send too many messages: wait a minute.")
	ErrCalls = fault.New(fault.Limit, "too_many_calls", "Too many calls at once.")
)

// Settings are the limits; 0 switches one off.
type Settings struct {
	CallsPerHour      int // of a key
	LoginsPerHour     int // of a key, lists of organisations included; each is a call too
	InFlight          int // calls of a key and organisation at one time, per node
	MailsPerMinute    int // calls of a user that send a mail or a text, per node
	FailuresPerMinute int // failed logins of a network address, per node (org.Sessions counts them)
}

// The two profiles of SEC-10.
var (
	Default = Settings{CallsPerHour: 1_000_000, LoginsPerHour: 20_000, InFlight: 64, MailsPerMinute: 60, FailuresPerMinute: 60}
	Origin  = Settings{CallsPerHour: 20_000, LoginsPerHour: 200, InFlight: 3, MailsPerMinute: 5, FailuresPerMinute: 60}
)

// Patience is how long a call too many waits for another to end.
const Patience = 250 * time.Millisecond

// Limiter counts. A nil Limiter has no limits.
type Limiter struct {
	db  *db.DB
	set Settings

	mu     sync.Mutex
	hours  map[counter]*count
	inside map[place]*slots
	mails  map[ids.ID]*minute

	flushing sync.Mutex
}

type kind string

const (
	calls  kind = "call"
	logins kind = "login"
)

// counter is a key's hour.
type counter struct {
	key  string // its hash
	kind kind
	hour int64
}

// count is what is known of a counter: what the store had when it was last told, and what came since.
type count struct{ told, since int64 }

type place struct {
	key string
	org ids.ID
}

// slots are the places of a key and organisation; it is forgotten when nobody holds or waits for one.
type slots struct {
	taken chan struct{}
	users int
}

type minute struct {
	since time.Time
	n     int
}

// New makes the limiter of a node. Run Keep beside it.
func New(d *db.DB, s Settings) *Limiter {
	return &Limiter{db: d, set: s, hours: map[counter]*count{}, inside: map[place]*slots{}, mails: map[ids.ID]*minute{}}
}

// Call counts a call by the key, refused ones as well. It fails with ErrHour.
func (l *Limiter) Call(key string) error {
	if l == nil {
		return nil
	}
	return l.count(key, calls, l.set.CallsPerHour, "calls")
}

// Login counts a login by the key, or a list of organisations; Call counts it too. It fails with ErrHour.
func (l *Limiter) Login(key string) error {
	if l == nil {
		return nil
	}
	return l.count(key, logins, l.set.LoginsPerHour, "logins")
}

func (l *Limiter) count(key string, k kind, limit int, of string) error {
	if limit == 0 {
		return nil
	}
	at := counter{secret.HashToken(key), k, hour(l.db.RoughNow())}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.hours[at]
	if c == nil {
		c = &count{}
		l.hours[at] = c
	}
	c.since++
	if c.told+c.since > int64(limit) {
		return ErrHour.With(strconv.Itoa(limit) + " " + of + " an hour")
	}
	return nil
}

func hour(t time.Time) int64 { return t.Unix() / 3600 }

// Enter takes a place among the calls in flight of the key and organisation; leave gives it back. A call too many waits
// for Patience, then fails with ErrCalls.
func (l *Limiter) Enter(ctx context.Context, key string, org ids.ID) (leave func(), err error) {
	if l == nil || l.set.InFlight == 0 {
		return func() {}, nil
	}
	at := place{key, org}
	l.mu.Lock()
	s := l.inside[at]
	if s == nil {
		s = &slots{taken: make(chan struct{}, l.set.InFlight)}
		l.inside[at] = s
	}
	s.users++
	l.mu.Unlock()
	forget := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if s.users--; s.users == 0 {
			delete(l.inside, at)
		}
	}
	select {
	case s.taken <- struct{}{}:
	default:
		t := time.NewTimer(Patience)
		defer t.Stop()
		select {
		case s.taken <- struct{}{}:
		case <-t.C:
			forget()
			return nil, ErrCalls
		case <-ctx.Done():
			forget()
			return nil, ErrCalls.Because(ctx.Err())
		}
	}
	return func() { <-s.taken; forget() }, nil
}

// Mail counts a call by which the user sends a mail or text. It fails with ErrMails.
func (l *Limiter) Mail(user ids.ID) error {
	if l == nil || l.set.MailsPerMinute == 0 {
		return nil
	}
	now := l.db.RoughNow()
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.mails[user]
	if m == nil || now.Sub(m.since) >= time.Minute || now.Before(m.since) {
		if len(l.mails) > 10_000 {
			l.mails = map[ids.ID]*minute{}
		}
		m = &minute{since: now}
		l.mails[user] = m
	}
	if m.n++; m.n > l.set.MailsPerMinute {
		return ErrMails.With(strconv.Itoa(l.set.MailsPerMinute) + " messages a minute")
	}
	return nil
}

// RetryAfter is for how many seconds a call that failed with err need not be repeated; 0 if err is no refusal of this
// package.
func (l *Limiter) RetryAfter(err error) int {
	switch {
	case l == nil:
		return 0
	case errors.Is(err, ErrHour):
		return 3600 - int(l.db.RoughNow().Unix()%3600)
	case errors.Is(err, ErrMails):
		return 60
	case errors.Is(err, ErrCalls):
		return 1
	}
	return 0
}

// Keep tells the store every second until ctx ends, and once more then.
func (l *Limiter) Keep(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			_ = l.Flush(ctx) // what could not be told is told the next time
		case <-ctx.Done():
			_ = l.Flush(context.WithoutCancel(ctx))
			return
		}
	}
}

// kept is for how many hours the store keeps counts.
const kept = 48

// Flush tells the store what came since, and learns what other nodes counted.
func (l *Limiter) Flush(ctx context.Context) error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	now := hour(l.db.RoughNow())
	var news []counter
	var since []int64
	old := false
	l.mu.Lock()
	for at, c := range l.hours {
		switch {
		case c.since > 0:
			news, since = append(news, at), append(since, c.since)
		case at.hour != now:
			delete(l.hours, at)
			old = true
		}
	}
	l.mu.Unlock()
	if len(news) == 0 && !old {
		return nil
	}
	totals := make([]int64, len(news))
	err := l.db.Write(ctx, db.Caller{Channel: "server"}, func(tx *db.Tx) error {
		for i, at := range news {
			if err := tx.Row(`INSERT INTO call_counts (key_hash, kind, hour, n) VALUES ($1, $2, $3, $4)
				ON CONFLICT (key_hash, kind, hour) DO UPDATE SET n = call_counts.n + excluded.n RETURNING n`,
				at.key, string(at.kind), at.hour, since[i]).Scan(&totals[i]); err != nil {
				return err
			}
		}
		if old {
			tx.Exec(`DELETE FROM call_counts WHERE hour < $1`, now-kept)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("tell the store of %d counters: %w", len(news), err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, at := range news {
		if c := l.hours[at]; c != nil {
			c.told = totals[i]
			c.since -= since[i]
		}
	}
	return nil
}
