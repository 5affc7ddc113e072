package months

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/banksim"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/secret"
)

var ctx = context.Background()

// errDied is what a process answers once it has died.
var errDied = errors.New("the process has died")

// node is a process of the server.
type node struct {
	db     *db.DB
	engine *payment.Engine

	mu   sync.Mutex
	left int // how many more points where it may die it passes; below zero: all
	dead bool
	seen int // points passed since it began to live
}

// interrupt is db.Options.Interrupt.
func (n *node) interrupt() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.dead:
		return errDied
	case n.left == 0:
		n.dead = true
		return errDied
	case n.left > 0:
		n.left--
	}
	n.seen++
	return nil
}

// life lets the node pass that many points before it dies; below zero it lives on.
func (n *node) life(points int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left, n.dead, n.seen = points, false, 0
}

// world is one run: a store, the processes over it, and organisations with their banks.
type world struct {
	t     *testing.T
	rng   *rand.Rand
	seed  uint64
	clock interface {
		Now() time.Time
		Set(time.Time)
	}
	nodes  []*node
	vault  *secret.Vault
	dir    string
	houses []*house
	step   int
	last   []string // what was done last
	tally  map[string]int
}

// newWorld opens processes over a fresh store.
func newWorld(t *testing.T, s *dbtest.Store, seed uint64, processes int) *world {
	t.Helper()
	vault, err := secret.CreateVault(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 20261123)), seed: seed, clock: s.Clock, vault: vault, dir: t.TempDir(), tally: map[string]int{}}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range processes {
		n := &node{left: -1}
		o := s.Options
		o.Interrupt = n.interrupt
		if n.db, err = db.Open(ctx, o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = n.db.Close() })
		n.db.UseVault(vault)
		w.start(n)
		w.nodes = append(w.nodes, n)
	}
	return w
}

// start gives the node what a new process has: nothing that the one before it knew.
func (w *world) start(n *node) {
	n.engine = payment.NewEngine(n.db, w.vault, w.dir, slog.New(slog.DiscardHandler))
}

func (w *world) node() *node { return w.nodes[w.rng.IntN(len(w.nodes))] }

// chance is true that often.
func (w *world) chance(percent int) bool { return w.rng.IntN(100) < percent }

// pick is one of many.
func pick[T any](w *world, all []T) T { return all[w.rng.IntN(len(all))] }

// note keeps what was done, for whoever looks for the reason of a failure.
func (w *world) note(format string, args ...any) {
	line := fmt.Sprintf("%d %s ", w.step, w.clock.Now().Format("2006-01-02 15:04:05")) + fmt.Sprintf(format, args...)
	w.last = append(w.last, line)
	if len(w.last) > 40 {
		w.last = w.last[1:]
	}
}

// fail ends the run and tells how to see it again.
func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("seed %d, step %d, %s: %s\nagain: go test ./test/months -run '%s' -seed %d -steps %d -every 1\nlast:\n  %s", w.seed, w.step,
		w.clock.Now().Format(time.RFC3339), fmt.Sprintf(format, args...), w.t.Name(), w.seed, w.step+1, strings.Join(w.last, "\n  "))
}

// advance goes from one due instant to the next, up to and including the last. At each the banks work, their files are
// carried over, and a process does what is due: now and then one that dies at it, or all of them at once.
func (w *world) advance(to time.Time, faults bool) {
	w.t.Helper()
	for range 20_000 {
		now := w.clock.Now()
		at, due := time.Time{}, []*house(nil)
		for _, h := range w.houses {
			t, ok := h.due(now)
			switch {
			case !ok || t.After(to):
			case due == nil || t.Before(at):
				at, due = t, []*house{h}
			case t.Equal(at):
				due = append(due, h)
			}
		}
		if due == nil {
			if now.Before(to) {
				w.clock.Set(to)
			}
			return
		}
		w.clock.Set(at)
		for _, h := range due {
			h.work(faults)
		}
	}
	w.fail("what is due does not come to an end")
}

// bankLink is the way between an organisation's folder and its bank's.
type bankLink struct {
	sim      *banksim.Sim
	from, to string               // the bank's in/ and ours
	carried  map[string]bool      // by name
	late     map[string]time.Time // held up until then
	again    int
}

// due is the next instant at which the link has something to carry.
func (l *bankLink) due(after time.Time) (at time.Time, ok bool) {
	at, ok = l.sim.NextDue(after)
	for _, t := range l.late {
		if t.Before(after) {
			t = after
		}
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	return at, ok
}

// carry brings what the bank has written to the organisation: late, twice or garbled first if faults are to be.
func (l *bankLink) carry(w *world, now time.Time, faults bool) {
	if _, err := l.sim.Run(now); err != nil {
		w.fail("the bank: %v", err)
	}
	files, err := os.ReadDir(l.from)
	if err != nil && !os.IsNotExist(err) {
		w.fail("the bank's folder: %v", err)
	}
	for _, f := range files {
		name := f.Name()
		if l.carried[name] {
			continue
		}
		if until, held := l.late[name]; held {
			if now.Before(until) {
				continue
			}
		} else if faults && w.chance(8) {
			l.late[name] = now.Add(time.Duration(1+w.rng.IntN(60)) * time.Hour)
			w.tally["files late"]++
			continue
		}
		content, err := os.ReadFile(filepath.Join(l.from, name))
		if err != nil {
			w.fail("the bank's file: %v", err)
		}
		write := func(name string, content []byte) {
			if err := os.MkdirAll(l.to, 0o750); err != nil {
				w.fail("our folder: %v", err)
			}
			if err := os.WriteFile(filepath.Join(l.to, name), content, 0o600); err != nil {
				w.fail("our folder: %v", err)
			}
		}
		if faults && w.chance(4) && len(content) > 10 {
			w.tally["files garbled"]++
			garbled := slices.Clone(content[:len(content)*(1+w.rng.IntN(8))/10])
			l.again++
			write(fmt.Sprintf("g%03d-%s", l.again, name), garbled)
		}
		write(name, content)
		if faults && w.chance(6) {
			w.tally["files twice"]++
			l.again++
			write(fmt.Sprintf("z%03d-%s", l.again, name), content)
		}
		delete(l.late, name)
		l.carried[name] = true
	}
}

// day is the business date of an instant.
func day(t time.Time) civil.Date { return civil.Of(t, civil.Pacific) }
