package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

const (
	keepPause = time.Second     // between two looks at what this process has written
	keepAll   = 5 * time.Minute // between two at what others have
)

// Keeper lengthens the chains while a server runs and anchors them every day.
type Keeper struct {
	db    *db.DB
	vault *secret.Vault
	log   *slog.Logger
	due   map[ids.ID]bool
	all   time.Time // when all trails were last looked at
	day   map[ids.ID]string
}

// NewKeeper gives the keeper of a store.
func NewKeeper(d *db.DB, vault *secret.Vault, log *slog.Logger) *Keeper {
	return &Keeper{db: d, vault: vault, log: log, due: map[ids.ID]bool{}, day: map[ids.ID]string{}}
}

// Run keeps the chains until ctx ends. Of several nodes one works at a time.
func (k *Keeper) Run(ctx context.Context) {
	t := time.NewTicker(keepPause)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		for _, o := range k.db.Audited() {
			k.due[o] = true
		}
		if len(k.due) == 0 && time.Since(k.all) < keepAll {
			continue
		}
		_, err := k.db.Alone(ctx, "audit chain", func() error { return k.pass(ctx) })
		if err != nil && ctx.Err() == nil {
			k.log.ErrorContext(ctx, "the audit chain waits; it is tried again", "error", err)
		}
	}
}

// pass links what is due. What fails stays due.
func (k *Keeper) pass(ctx context.Context) error {
	if time.Since(k.all) >= keepAll {
		trails, err := Trails(ctx, k.db)
		if err != nil {
			return err
		}
		for _, o := range trails {
			k.due[o] = true
		}
		k.all = time.Now()
	}
	var failed error
	for o := range k.due {
		if err := k.keep(ctx, o); err != nil {
			failed = errors.Join(failed, fmt.Errorf("organisation %s: %w", o, err))
			continue
		}
		delete(k.due, o)
	}
	return failed
}

// keep links what is new of an organisation, and once a day everything before it signs how far its trail goes.
func (k *Keeper) keep(ctx context.Context, org ids.ID) error {
	day := k.db.RoughNow().UTC().Format(time.DateOnly)
	if k.day[org] == day {
		return Link(ctx, k.db, org)
	}
	if err := Sweep(ctx, k.db, org); err != nil {
		return err
	}
	if err := TakeAnchor(ctx, k.db, k.vault, org); err != nil {
		return err
	}
	k.day[org] = day
	return nil
}
