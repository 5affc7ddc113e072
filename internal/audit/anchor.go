package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

// Mark says how far the trail of an organisation went: its last place, which is also the number of its events, and the
// hash there, which stands for all of them.
type Mark struct {
	Org   ids.ID    `json:"org"` // empty for the events of the server
	Place int64     `json:"events"`
	Hash  string    `json:"hash"`
	Taken time.Time `json:"taken"`
}

// parts is what is signed of m.
func (m Mark) parts() []string {
	return []string{string(m.Org), strconv.FormatInt(m.Place, 10), m.Hash, strconv.FormatInt(m.Taken.UnixMicro(), 10)}
}

func (m Mark) message() []byte {
	return []byte(hashOf(append([]string{"duebook audit anchor 1"}, m.parts()...)...))
}

// Anchor is the mark of a day, signed with the vault's key, so that a trail computed anew does not fit it.
type Anchor struct {
	Mark
	Day       civil.Date // of UTC, on which it was taken
	Signature string     // Ed25519, base64
}

// sound reports whether the signature is that of the key.
func (a Anchor) sound(key ed25519.PublicKey) bool {
	s, err := base64.StdEncoding.DecodeString(a.Signature)
	return err == nil && ed25519.Verify(key, a.message(), s)
}

// TakeAnchor signs how far the chain of an organisation goes, once a day and only if it grew since the last anchor.
func TakeAnchor(ctx context.Context, d *db.DB, vault *secret.Vault, org ids.ID) error {
	var a Anchor
	var due bool
	err := d.Read(ctx, caller(org), func(tx *db.Tx) error {
		h, err := lastLink(tx)
		if err != nil {
			return err
		}
		a = Anchor{Mark: Mark{Org: org, Place: h.place, Hash: h.hash, Taken: tx.Now()}, Day: civil.Of(tx.Now(), time.UTC)}
		old, err := LastAnchor(tx)
		due = h.place > old.Place && a.Day.String() > old.Day.String()
		return err
	})
	if err != nil || !due {
		return err
	}
	a.Signature = base64.StdEncoding.EncodeToString(vault.Sign(a.message()))
	return d.Write(ctx, caller(org), func(tx *db.Tx) error {
		tx.Exec(`INSERT INTO audit_anchors (org_id, day, place, hash, taken, signature) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (org_id, day) DO NOTHING`, string(org), a.Day.String(), a.Place, a.Hash, a.Taken.UnixMicro(), a.Signature)
		return nil
	})
}

// LastAnchor is the latest anchor of the transaction's organisation; its place is 0 if there is none.
func LastAnchor(tx *db.Tx) (Anchor, error) {
	all, err := anchors(tx, ` ORDER BY day DESC LIMIT 1`)
	if err != nil || len(all) == 0 {
		return Anchor{}, err
	}
	return all[0], nil
}

func anchors(tx *db.Tx, suffix string) ([]Anchor, error) {
	rows, err := tx.Query(`SELECT day, place, hash, taken, signature FROM audit_anchors WHERE org_id = $1`+suffix, string(tx.Org()))
	if err != nil {
		return nil, fmt.Errorf("read the anchors: %w", err)
	}
	defer rows.Close()
	var all []Anchor
	for rows.Next() {
		a := Anchor{Mark: Mark{Org: tx.Org()}}
		var day string
		var taken int64
		if err := rows.Scan(&day, &a.Place, &a.Hash, &taken, &a.Signature); err != nil {
			return nil, err
		}
		a.Day, _ = civil.Parse(day)
		a.Taken = clock.Instant(taken).Time()
		all = append(all, a)
	}
	return all, rows.Err()
}

// Checkpoint says how far the trails of organisations went, to be kept outside the store. The zero Checkpoint says
// nothing.
type Checkpoint struct {
	Format    int       `json:"duebookCheckpoint"`
	Taken     time.Time `json:"taken"`
	Marks     []Mark    `json:"trails"`
	PublicKey []byte    `json:"publicKey"` // Ed25519, of the vault that signed
	Signature []byte    `json:"signature"`
}

const checkpointFormat = 1

// ErrCheckpoint is a checkpoint that proves nothing: no checkpoint, altered, or signed with another key.
var ErrCheckpoint = errors.New("this checkpoint cannot be used")

func (c Checkpoint) message() []byte {
	parts := []string{"duebook audit checkpoint 1", strconv.FormatInt(c.Taken.UnixMicro(), 10), strconv.Itoa(len(c.Marks))}
	for _, m := range c.Marks {
		parts = append(parts, m.parts()...)
	}
	return []byte(hashOf(parts...))
}

// TakeCheckpoint links what is not linked yet and signs how far the trails of the organisations go.
func TakeCheckpoint(ctx context.Context, d *db.DB, vault *secret.Vault, orgs ...ids.ID) (Checkpoint, error) {
	c := Checkpoint{Format: checkpointFormat, PublicKey: vault.PublicKey()}
	for _, o := range orgs {
		if err := Sweep(ctx, d, o); err != nil {
			return c, err
		}
		err := d.Read(ctx, caller(o), func(tx *db.Tx) error {
			h, err := lastLink(tx)
			c.Taken = tx.Now()
			c.Marks = append(c.Marks, Mark{Org: o, Place: h.place, Hash: h.hash, Taken: tx.Now()})
			return err
		})
		if err != nil {
			return c, err
		}
	}
	c.Signature = vault.Sign(c.message())
	return c, nil
}

// ReadCheckpoint reads a checkpoint as json.Marshal wrote it and checks that key signed it. It fails with ErrCheckpoint.
func ReadCheckpoint(data []byte, key ed25519.PublicKey) (Checkpoint, error) {
	var c Checkpoint
	if err := json.Unmarshal(data, &c); err != nil || c.Format != checkpointFormat {
		return Checkpoint{}, fmt.Errorf("%w: it is no checkpoint of this version", ErrCheckpoint)
	}
	if !key.Equal(ed25519.PublicKey(c.PublicKey)) {
		return Checkpoint{}, fmt.Errorf("%w: it is of another store's key", ErrCheckpoint)
	}
	if !ed25519.Verify(key, c.message(), c.Signature) {
		return Checkpoint{}, fmt.Errorf("%w: it was altered", ErrCheckpoint)
	}
	return c, nil
}

// Of gives the marks that c holds of an organisation.
func (c Checkpoint) Of(org ids.ID) []Mark {
	for _, m := range c.Marks {
		if m.Org == org {
			return []Mark{m}
		}
	}
	return nil
}

// Trails are the organisations that have an audit trail, and the server itself, "".
func Trails(ctx context.Context, d *db.DB) ([]ids.ID, error) {
	all := []ids.ID{""}
	err := d.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT id FROM organisations ORDER BY id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var o string
			if err := rows.Scan(&o); err != nil {
				return err
			}
			all = append(all, ids.ID(o))
		}
		return rows.Err()
	})
	return all, err
}
