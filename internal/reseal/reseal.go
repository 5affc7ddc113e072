// Package reseal brings what is sealed under an old key of the vault under today's, while the store is in use, and drops
// keys that nothing is sealed with any more (SEC-1).
package reseal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/secret"
)

// column is a column that holds sealed values.
type column struct {
	table, name string
	org, id     string // expressions: whose row, and what names it
	sealedFor   string // what the value is bound to: table and column; with the id unless alone
	alone       bool
	rests       bool // rows go by themselves before long, and are left as they are
}

func (c column) String() string { return c.table + "." + c.name }

func (c column) place(org, id string) []string {
	table, name, _ := strings.Cut(c.sealedFor, ".")
	if c.alone {
		return []string{org, table, name}
	}
	return []string{org, table, name, id}
}

// columns is every column with sealed values. A test looks for others.
var columns = []column{
	{table: "vendor_bank_accounts", name: "account", org: "org_id", id: "id", sealedFor: "vendor_bank_accounts.account"},
	{table: "customer_bank_accounts", name: "account", org: "org_id", id: "id", sealedFor: "customer_bank_accounts.account"},
	{table: "bank_accounts", name: "account", org: "org_id", id: "id", sealedFor: "bank_accounts.account"},
	{table: "listed_vendors", name: "account", org: "id", id: "bank_account_id", sealedFor: "bank_accounts.account"},
	{table: "bank_corrections", name: "account", org: "org_id", id: "bank_account_id", sealedFor: "vendor_bank_accounts.account"},
	{table: "payment_payees", name: "account", org: "org_id", id: "payment_id", rests: true}, // copies, until the payment leaves
	{table: "vendors", name: "tax_id", org: "org_id", id: "id", sealedFor: "vendors.tax_id"},
	{table: "customers", name: "tax_id", org: "org_id", id: "id", sealedFor: "customers.tax_id"},
	{table: "bank_files", name: "bytes", org: "org_id", id: "id", sealedFor: "bank_files.bytes"},
	{table: "bank_hosts", name: "key", org: "org_id", id: "org_id", sealedFor: "bank_hosts.key", alone: true},
	{table: "second_factors", name: "sealed", org: "CAST('' AS ctext)", id: "user_id", sealedFor: "second_factors.sealed"},
	{table: "second_factors", name: "pending", org: "CAST('' AS ctext)", id: "user_id", sealedFor: "second_factors.sealed"},
}

// Kind is the work that Handler does, queued once for the whole store.
const Kind = "reseal"

const (
	batch    = 50
	spell    = 5 * time.Minute // of work before it makes room for other work
	rest     = time.Hour       // after a rotation, until what was sealed before it has been stored: longer than any transaction
	again    = time.Hour       // until it looks once more whether the old keys can go
	sealedIn = 40              // shorter values are none; see db.Tx.Unseal
)

// Store is what is sealed, and with what.
type Store struct {
	DB    *db.DB
	Blobs *blob.Store
	Vault *secret.Vault
	Log   *slog.Logger
	Rest  time.Duration // after a rotation, until the keys before may go; an hour if 0
}

// Rotate makes a new key the first and queues the work of bringing everything under it.
func (s Store) Rotate(ctx context.Context) error {
	if err := s.Vault.Rotate(); err != nil {
		return err
	}
	return s.DB.Write(ctx, db.Caller{Channel: "command"}, func(tx *db.Tx) error {
		tx.Audit("rotate keys", "vault", "", `{"key":"`+s.Vault.KeyID()+`"}`)
		job.Enqueue(tx, Kind, "all", tx.Now())
		return nil
	})
}

// Use is how many values of a column, or documents, are sealed with a key.
type Use struct {
	Key   string `json:"key"`
	What  string `json:"what"`
	Count int    `json:"count"`
}

// Uses gives what every key is used for.
func (s Store) Uses(ctx context.Context) ([]Use, error) {
	var all []Use
	err := s.DB.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
		for _, c := range columns {
			rows, err := tx.Query(fmt.Sprintf(`SELECT substr(%[1]s, 1, 8), count(*) FROM %[2]s WHERE length(%[1]s) >= %[3]d GROUP BY 1 ORDER BY 1`,
				c.name, c.table, sealedIn))
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				u := Use{What: c.String()}
				if err := rows.Scan(&u.Key, &u.Count); err != nil {
					return err
				}
				all = append(all, u)
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count what is sealed: %w", err)
	}
	documents, err := s.Blobs.Keys(ctx)
	for k, n := range documents {
		all = append(all, Use{k, "documents", n})
	}
	return all, err
}

// Handle is a job.Handler: it seals anew what is under old keys, and comes again until they are gone.
func (s Store) Handle(ctx context.Context, it job.Item, at time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, spell)
	defer cancel()
	err := s.Run(ctx)
	if err != nil && ctx.Err() == nil {
		return err
	}
	var next time.Time
	if err != nil { // the spell is over
		next = at
	} else {
		gone, err := s.Prune(ctx)
		if err != nil {
			return err
		}
		if !gone {
			if next = at.Add(again); s.young() {
				next = at.Add(s.resting())
			}
		}
	}
	return s.DB.WriteAt(context.WithoutCancel(ctx), db.Caller{Org: it.Org, Channel: "job"}, at, func(tx *db.Tx) error {
		if err := job.Done(tx, it); err != nil {
			return err
		}
		if !next.IsZero() {
			job.Enqueue(tx, Kind, it.Key, next)
		}
		return nil
	})
}

func (s Store) resting() time.Duration {
	if s.Rest > 0 {
		return s.Rest
	}
	return rest
}

// young reports whether the last rotation is so recent that old keys may still be sealed with.
func (s Store) young() bool {
	_, rotated, err := s.Vault.Keys()
	return err != nil || time.Since(rotated) < s.resting()
}

// Prune drops the keys that nothing is sealed with, unless the last rotation is too recent, and reports whether only the
// first key is left.
func (s Store) Prune(ctx context.Context) (bool, error) {
	all, _, err := s.Vault.Keys()
	if err != nil || len(all) == 1 {
		return err == nil, err
	}
	if s.young() {
		return false, nil
	}
	uses, err := s.Uses(ctx)
	if err != nil {
		return false, err
	}
	used := map[string]bool{}
	for _, u := range uses {
		used[u.Key] = true
	}
	if used["damaged"] { // of which key nobody knows
		return false, nil
	}
	dropped, err := s.Vault.Prune(used, s.resting())
	if len(dropped) > 0 {
		s.Log.InfoContext(ctx, "old keys are dropped", "keys", dropped)
	}
	return len(dropped) == len(all)-1, err
}

// Run seals anew everything that is under an old key. What does not open is logged and left.
func (s Store) Run(ctx context.Context) error {
	for _, c := range columns {
		if c.rests {
			continue
		}
		if err := s.column(ctx, c); err != nil {
			return fmt.Errorf("seal %s anew: %w", c, err)
		}
	}
	_, err := s.Blobs.ReKey(ctx)
	return err
}

type value struct{ org, id, sealed string }

// column goes through the rows of a column once.
func (s Store) column(ctx context.Context, c column) error {
	var last value
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		found, err := s.old(ctx, c, last)
		if err != nil || len(found) == 0 {
			return err
		}
		anew := make([]string, len(found))
		for i, v := range found {
			last = v
			if anew[i], err = s.Vault.ReKey(v.sealed, c.place(v.org, v.id)...); err != nil {
				s.Log.ErrorContext(ctx, "a sealed value does not open", "column", c.String(), "org", v.org, "id", v.id, "error", err)
				anew[i] = v.sealed
			}
		}
		err = s.DB.Write(ctx, db.Caller{Channel: "job"}, func(tx *db.Tx) error {
			for i, v := range found { // one that was changed meanwhile was sealed with the new key
				tx.Exec(fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %s = $2 AND %s = $3 AND %s = $4`, c.table, c.name, c.org, c.id, c.name),
					anew[i], v.org, v.id, v.sealed)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// old reads a batch of values under old keys behind one of them.
func (s Store) old(ctx context.Context, c column, after value) (all []value, err error) {
	err = s.DB.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
		rows, err := tx.Query(fmt.Sprintf(`SELECT %[1]s, %[2]s, %[3]s FROM %[4]s WHERE length(%[3]s) >= %[5]d AND substr(%[3]s, 1, 8) <> $1
			AND (%[1]s > $2 OR %[1]s = $2 AND (%[2]s > $3 OR %[2]s = $3 AND %[3]s > $4)) ORDER BY %[1]s, %[2]s, %[3]s LIMIT %[6]d`,
			c.org, c.id, c.name, c.table, sealedIn, batch), s.Vault.KeyID(), after.org, after.id, after.sealed)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v value
			if err := rows.Scan(&v.org, &v.id, &v.sealed); err != nil {
				return err
			}
			all = append(all, v)
		}
		return rows.Err()
	})
	return all, err
}
