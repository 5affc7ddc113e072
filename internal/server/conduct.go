package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/banksim"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// pause is the time between two looks at what is due.
const pause = time.Second

// conductor runs what falls due: what recurs and the payments of all organisations, the bank of the sandbox, the queue. It
// goes from one due instant to the next, so that a sandbox whose clock jumped sees the same events in the same order
// as one whose clock only ticked.
type conductor struct {
	app   *App
	last  time.Time // the instant up to which due work has been done
	saved time.Time // of that, what the store knows
	inbox time.Time // when the folders from the banks were last looked into
	// behind are the organisations whose last step failed: what the simulated bank had for them is not foretold again.
	behind map[ids.ID]bool
	sims   map[ids.ID]*banksim.Sim
	banks  int64 // funding accounts there were when sims were made
}

// conducting is what one node of a store does at a time. Two would do nothing twice, but not in due order.
const conducting = "conducting"

// tick does what has fallen due, unless another node is at it. In a sandbox whose clock was moved it rests until settle
// has run.
func (c *conductor) tick(ctx context.Context) error {
	_, err := c.app.DB.Alone(ctx, conducting, func() error {
		now, rests, err := c.look(ctx)
		if err != nil || rests {
			return err
		}
		return c.upTo(ctx, now)
	})
	return err
}

// look reads the store's time, whether work rests, and up to when it has been done.
func (c *conductor) look(ctx context.Context) (now time.Time, rests bool, err error) {
	err = c.app.DB.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
		var until, banks int64
		now = tx.Now()
		err := tx.Row(`SELECT clock_offset <> settled_offset, worked_until, (SELECT count(*) FROM bank_accounts) FROM store WHERE id = 1`).
			Scan(&rests, &until, &banks)
		if banks != c.banks || c.sims == nil {
			c.banks, c.sims = banks, map[ids.ID]*banksim.Sim{} // a bank learns of its new accounts
		}
		c.saved = clock.Instant(until).Time()
		if c.last.Before(c.saved) || c.last.After(now) {
			c.last = c.saved
		}
		return err
	})
	return now, rests, err
}

// settle runs everything that is due and lets the sandbox tick on from there. It waits for another node that is at it.
func (c *conductor) settle(ctx context.Context) error {
	for {
		ran, err := c.app.DB.Alone(ctx, conducting, func() error { return c.catchUp(ctx) })
		if ran || err != nil {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *conductor) catchUp(ctx context.Context) error {
	c.inbox = time.Time{}
	now, _, err := c.look(ctx)
	if err != nil {
		return err
	}
	if err := c.upTo(ctx, now); err != nil {
		return err
	}
	return c.app.DB.Write(ctx, db.Caller{Channel: "sandbox"}, func(tx *db.Tx) error {
		tx.Exec(`UPDATE store SET settled_offset = clock_offset WHERE id = 1`)
		return nil
	})
}

// sameInstant bounds how often one instant is worked on: an event may cause another at the same time, but not for
// ever.
const sameInstant = 8

// inboxPause is the time between two looks into the folders from the banks: nobody foretells what they send.
const inboxPause = 5 * time.Second

// upTo works through the due instants until none is left at or before now, then takes in what the banks sent of their
// own accord, and works through the queue. An organisation whose work fails rests until the next pass and keeps no other
// one waiting; the errors come joined.
func (c *conductor) upTo(ctx context.Context, now time.Time) error {
	orgs, err := c.orgs(ctx)
	if err != nil {
		return err
	}
	var failed error
	fails := func(o ids.ID, err error) {
		failed = errors.Join(failed, fmt.Errorf("organisation %s: %w", o, err))
		c.behind[o] = true
		orgs = slices.DeleteFunc(orgs, func(x ids.ID) bool { return x == o })
	}
	stepped := false
	for repeated := 0; ctx.Err() == nil; {
		at, due := c.next(ctx, orgs, fails)
		if len(due) == 0 || at.After(now) {
			break
		}
		if at.After(c.last) {
			c.last, repeated = at, 0
		} else {
			repeated++
		}
		for _, o := range due {
			if repeated > sameInstant {
				fails(o, fmt.Errorf("work due at %s does not come to an end", at.Format(time.RFC3339Nano)))
			} else if err := c.step(ctx, o, c.last); err != nil {
				fails(o, err)
			} else {
				delete(c.behind, o)
			}
		}
		if err := c.queue(ctx, c.last); err != nil {
			return errors.Join(failed, err)
		}
		stepped = true
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.last = now
	if now.Sub(c.inbox) >= inboxPause || now.Before(c.inbox) {
		c.inbox = now
		for _, o := range slices.Clone(orgs) {
			if err := c.app.Engine.TakeIn(ctx, o, now); err != nil {
				fails(o, err)
			}
		}
	}
	if err := c.queue(ctx, now); err != nil {
		return errors.Join(failed, err)
	}
	if failed != nil || !stepped && now.Sub(c.saved) < time.Minute {
		return failed
	}
	return c.app.DB.Write(ctx, db.Caller{Channel: "server"}, func(tx *db.Tx) error {
		tx.Exec(`UPDATE store SET worked_until = $1 WHERE id = 1 AND worked_until < $1`, int64(clock.FromTime(now)))
		return nil
	})
}

func (c *conductor) orgs(ctx context.Context) ([]ids.ID, error) {
	var out []ids.ID
	err := c.app.DB.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
		all, err := org.List(tx)
		for _, o := range all {
			out = append(out, o.ID)
		}
		return err
	})
	return out, err
}

// next is the earliest instant at which something is due anywhere, and for which organisations.
func (c *conductor) next(ctx context.Context, orgs []ids.ID, fails func(ids.ID, error)) (at time.Time, due []ids.ID) {
	for _, o := range slices.Clone(orgs) {
		t, ok := c.app.Engine.Due(ctx, o, c.last)
		if r, recurs := c.app.Recurs.Due(ctx, o, c.last); recurs && (!ok || r.Before(t)) {
			t, ok = r, true
		}
		if c.behind[o] {
			t, ok = c.last, true
		}
		if c.app.DB.Sandbox() {
			sim, err := c.sim(ctx, o)
			if err != nil {
				fails(o, err)
				continue
			}
			manual, err := byHand(sim, c.last)
			if err != nil {
				fails(o, err)
				continue
			}
			if s, banks := sim.NextDue(c.last); banks && !manual && (!ok || s.Before(t)) {
				t, ok = s, true
			}
		}
		switch {
		case !ok:
		case len(due) == 0 || t.Before(at):
			at, due = t, []ids.ID{o}
		case t.Equal(at):
			due = append(due, o)
		}
	}
	return at, due
}

// step does what is due for an organisation at that instant: what recurs, our side of payments, then the bank's, then
// ours with the bank's answers.
func (c *conductor) step(ctx context.Context, o ids.ID, at time.Time) error {
	err := errors.Join(c.app.Recurs.Step(ctx, o, at), c.app.Engine.Step(ctx, o, at))
	if err != nil || !c.app.DB.Sandbox() {
		return err
	}
	sim, err := c.sim(ctx, o)
	if err != nil {
		return err
	}
	if manual, err := byHand(sim, at); err != nil || manual {
		return err
	}
	written, err := sim.Run(at)
	if err != nil || len(written) == 0 {
		return err
	}
	return c.app.Engine.Step(ctx, o, at)
}

// queue works on the queue in due order; in a live store its own runners do.
func (c *conductor) queue(ctx context.Context, until time.Time) error {
	if !c.app.DB.Sandbox() {
		return nil
	}
	return c.app.Work.Due(ctx, until)
}

// sim is the simulated bank of an organisation, as it knows that organisation's accounts now.
func (c *conductor) sim(ctx context.Context, o ids.ID) (*banksim.Sim, error) {
	if s := c.sims[o]; s != nil {
		return s, nil
	}
	var known []banksim.Account
	err := c.app.DB.Read(ctx, db.Caller{Org: o, Perms: org.All, Channel: "sandbox"}, func(tx *db.Tx) error {
		owner, err := org.Load(tx)
		if err != nil {
			return err
		}
		all, err := bank.List(tx)
		if err != nil {
			return err
		}
		for _, a := range all {
			number, err := a.Number(c.app.Vault, o)
			if err != nil {
				return err
			}
			known = append(known, banksim.Account{CompanyID: cmp.Or(a.CompanyID, owner.ACHID), Routing: a.Routing, Number: number})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.sims[o] = banksim.New(filepath.Join(c.app.Dir, "bank", string(o)), known)
	return c.sims[o], nil
}
