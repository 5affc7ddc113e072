package months

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/payment/paytest"
	"github.com/duebook/duebook/internal/rail/ach/achread"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/verify"
)

var (
	seed  = flag.Uint64("seed", 0, "play this seed alone")
	steps = flag.Int("steps", 0, "how many acts a seed plays")
	every = flag.Int("every", 100, "prove the books after that many acts")
)

// TestMonths plays seeds on SQLite with one process that dies and starts again.
func TestMonths(t *testing.T) {
	t.Parallel()
	seeds, acts := 9, 1000
	if os.Getenv("SOAK") != "" {
		seeds, acts = 100, 3000
	}
	play(t, seeds, acts, func(t *testing.T, seed uint64) *world { return newWorld(t, dbtest.SQLite(t), seed, 1) }, "enter a bill", "pay a bill",
		"pay bills", "cancel a payment", "void a payment", "approve a payment", "charge a customer", "processes died", "people's processes died",
		"files late", "files twice", "files garbled")
}

// TestMonthsOfTwo plays seeds on PostgreSQL with two processes that race each other.
func TestMonthsOfTwo(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_POSTGRES_URL") == "" {
		t.Skip("no PostgreSQL")
	}
	seeds, acts := 2, 600
	if os.Getenv("SOAK") != "" {
		seeds, acts = 20, 3000
	}
	play(t, seeds, acts, func(t *testing.T, seed uint64) *world { return newWorld(t, dbtest.Postgres(t), seed, 2) }, "pay a bill", "raced",
		"processes died")
}

// play plays seeds; at the end each of the things named must have happened.
func play(t *testing.T, seeds, acts int, open func(*testing.T, uint64) *world, happens ...string) {
	first := uint64(1)
	if *seed != 0 {
		first, seeds = *seed, 1
	}
	if *steps != 0 {
		acts = *steps
	}
	var mu sync.Mutex
	tally := map[string]int{}
	for s := first; s < first+uint64(seeds); s++ {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			w := open(t, s)
			w.play(acts)
			mu.Lock()
			defer mu.Unlock()
			for what, n := range w.tally {
				tally[what] += n
			}
		})
	}
	if *seed == 0 && !t.Failed() { // what never happens proves nothing
		for _, what := range happens {
			if tally[what] == 0 {
				t.Errorf("it never came to this: %s", what)
			}
		}
	}
	for _, what := range slices.Sorted(maps.Keys(tally)) {
		t.Logf("%6d %s", tally[what], what)
	}
}

// play has people act at random for months, lets everything come to an end, and proves the books.
func (w *world) play(n int) {
	w.open(true)
	w.open(false)
	w.clock.Set(w.clock.Now().Add(72 * time.Hour)) // the first accounts may be paid to
	sum := 0
	for _, a := range acts {
		sum += a.often
	}
	for w.step = range n {
		h := pick(w, w.houses)
		switch r := w.rng.IntN(100); {
		case r < 22:
			d := time.Duration(w.rng.IntN(20*60)) * time.Minute
			w.note("%v pass", d)
			w.advance(w.clock.Now().Add(d), true)
		case r == 22:
			w.note("days pass")
			w.advance(w.clock.Now().Add(time.Duration(24+w.rng.IntN(96))*time.Hour), true)
		default:
			k := w.rng.IntN(sum)
			for _, a := range acts {
				if k -= a.often; k < 0 {
					a.do(h)
					break
				}
			}
		}
		if (w.step+1)%*every == 0 {
			w.prove()
		}
	}
	w.note("the play is over")
	w.advance(w.clock.Now().Add(15*24*time.Hour), true)
	w.prove()
	w.advance(w.clock.Now().Add(15*24*time.Hour), false)
	for _, h := range w.houses {
		h.acceptStatements()
	}
	w.advance(w.clock.Now().Add(120*24*time.Hour), false)
	w.prove()
	for _, h := range w.houses {
		h.ended()
	}
}

// due is the next instant at which the organisation's server, its bank or a late file has something to do.
func (h *house) due(after time.Time) (time.Time, bool) {
	at, ok := h.node().engine.Due(ctx, h.id, after)
	if t, has := h.bankLink.due(after); has && (!ok || t.Before(at)) {
		at, ok = t, true
	}
	return at, ok
}

// work does what is due: at one process, which may die at it and is then followed by another, or at all of them at once.
func (h *house) work(faults bool) {
	h.t.Helper()
	now := h.clock.Now()
	h.carry(h.world, now, faults)
	for faults && h.chance(30) {
		n := h.node()
		n.life(h.rng.IntN(40 + h.rng.IntN(80))) // a day with releases has some hundred points, others thirty
		err := n.engine.Step(ctx, h.id, now)
		if !n.dead {
			n.life(-1)
			h.stepped(err)
			break
		}
		h.tally["processes died"]++
		h.note("a process died at the work of %s: %v", h.id[13:], err)
		n.life(-1)
		h.start(n)
		if h.chance(50) { // the next one starts a while later
			now = now.Add(time.Duration(1+h.rng.IntN(900)) * time.Second)
			h.clock.Set(now)
		}
	}
	if len(h.nodes) > 1 && h.chance(30) {
		h.tally["raced"]++
		var all sync.WaitGroup
		errs := make([]error, len(h.nodes))
		for i, n := range h.nodes {
			all.Go(func() { errs[i] = n.engine.Step(ctx, h.id, now) })
		}
		all.Wait()
		for _, err := range errs {
			h.stepped(err)
		}
	}
	for range 5 {
		err := h.node().engine.Step(ctx, h.id, now)
		if !db.IsBusy(err) {
			h.stepped(err)
			break
		}
	}
	h.carry(h.world, now, faults)
	h.stepped(h.node().engine.Step(ctx, h.id, now))
}

func (h *house) stepped(err error) {
	h.t.Helper()
	if err != nil && !db.IsBusy(err) {
		h.fail("work: %v", err)
	}
}

// prove checks all invariants of the store and what the banks really did.
func (w *world) prove() {
	w.t.Helper()
	d := w.nodes[0].db
	got, err := verify.Store(ctx, d, nil, w.vault)
	if err != nil {
		w.fail("verify: %v", err)
	}
	if len(got.Findings) > 0 {
		w.fail("%d findings, first: %+v", len(got.Findings), got.Findings[:min(5, len(got.Findings))])
	}
	for _, h := range w.houses {
		if err := d.Read(ctx, h.people[0], paytest.Books); err != nil {
			w.fail("books of %s: %v", h.id, err)
		}
		h.once()
	}
}

// once reads every file the bank was sent: no entry and no cheque went to it twice, and each is a disbursement of that amount.
func (h *house) once() {
	h.t.Helper()
	out := filepath.Join(h.dir, string(h.id), "out")
	files, err := os.ReadDir(out)
	if err != nil && !os.IsNotExist(err) {
		h.fail("list out/: %v", err)
	}
	entries := map[string]int64{} // by trace
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".ach") {
			continue
		}
		r, err := os.Open(filepath.Join(out, f.Name()))
		if err != nil {
			h.fail("%v", err)
		}
		_, err = achread.Read(r, func(e achread.Entry) error {
			if _, twice := entries[e.Trace]; twice {
				return fmt.Errorf("trace %s went out twice", e.Trace)
			}
			entries[e.Trace] = e.Amount
			return nil
		})
		if err = errors.Join(err, r.Close()); err != nil {
			h.fail("%s: %v", f.Name(), err)
		}
	}
	type sent struct {
		trace, state string
		amount       int64
	}
	var all []sent
	err = h.nodes[0].db.Read(ctx, h.people[0], func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT d.trace, d.state, d.amount FROM disbursements d WHERE d.org_id = $1 AND d.rail = 'ach'`, string(h.id))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s sent
			if err := rows.Scan(&s.trace, &s.state, &s.amount); err != nil {
				return err
			}
			all = append(all, s)
		}
		return rows.Err()
	})
	if err != nil {
		h.fail("read disbursements: %v", err)
	}
	for _, s := range all {
		amount, out := entries[s.trace]
		if out && amount != s.amount || !out && s.state != "released" {
			h.fail("disbursement %s of %d, %s: the bank was sent %d (%v)", s.trace, s.amount, s.state, amount, out)
		}
	}
}

// ended checks, long after the last act, that nothing is under way but what waits for a person or for ever.
func (h *house) ended() {
	h.t.Helper()
	err := h.nodes[0].db.Read(ctx, h.people[0], func(tx *db.Tx) error {
		return payment.Payments.List(tx, record.Query{}, func(p *payment.Payment) error {
			switch p.State {
			case payment.Cleared, payment.Failed, payment.FundingFailed, payment.Canceled, payment.Voided, payment.AwaitingApproval, payment.Unclaimed:
				return nil
			case payment.InFile, payment.Sent, payment.VoidRequested: // sheets that nobody printed, cheques that nobody cashes
				if p.Rail == payment.Check {
					return nil
				}
			}
			return errors.Join(fmt.Errorf("payment %s of %s by %s is still %s (%s)", p.ID, p.ProcessDate, p.Rail, p.State, p.HoldReason), h.told(tx, p.ID))
		})
	})
	if err != nil {
		h.fail("at the end: %v", err)
	}
}

// told is what is known of a payment and of the bank's statements, for who has to find out.
func (h *house) told(tx *db.Tx, payment ids.ID) error {
	var out strings.Builder
	for _, q := range []string{
		`SELECT 'step ' || state || ' ' || note || ' ' || file_id FROM payment_steps WHERE org_id = $1 AND payment_id = $2 ORDER BY line`,
		`SELECT 'disbursement ' || state || ' ' || trace || ' ' || settled_on || ' ' || batch_id FROM disbursements WHERE org_id = $1 AND payment_id = $2`,
		`SELECT 'file ' || state || ' ' || name || ' ' || detail FROM bank_files WHERE org_id = $1 AND $2 <> '' AND (direction = 'in' AND state <> 'taken'
			OR batch_id IN (SELECT batch_id FROM disbursements WHERE org_id = $1 AND payment_id = $2))`,
	} {
		rows, err := tx.Query(q, string(h.id), string(payment))
		if err != nil {
			return err
		}
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				return errors.Join(err, rows.Close())
			}
			out.WriteString("\n  " + s)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return errors.New(out.String())
}
