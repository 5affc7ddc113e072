package db

import (
	"sync"

	"github.com/duebook/duebook/internal/ids"
)

// audited are the organisations whose audit trail has grown.
type audited struct {
	mu   sync.Mutex
	orgs map[ids.ID]struct{}
}

func (a *audited) add(org ids.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.orgs == nil {
		a.orgs = map[ids.ID]struct{}{}
	}
	a.orgs[org] = struct{}{}
}

// Audited gives the organisations whose audit trail this process has added to since the last call. Other processes
// may have written too.
func (d *DB) Audited() []ids.ID {
	d.audited.mu.Lock()
	defer d.audited.mu.Unlock()
	all := make([]ids.ID, 0, len(d.audited.orgs))
	for o := range d.audited.orgs {
		all = append(all, o)
	}
	clear(d.audited.orgs)
	return all
}

// Audit adds an event to the audit trail, which is also the change feed. action is a verb of the field (create,
// update, pay, release, sign in); changes is JSON, "" for none, and never holds a clear account or tax number.
func (tx *Tx) Audit(action, recordType string, record ids.ID, changes string) {
	w := tx.who
	tx.audited = true
	tx.Exec(`INSERT INTO audit_events (org_id, id, stamp, user_id, key_id, channel, address, action, record_type, record_id, changes)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		string(w.Org), string(ids.New(ids.AuditEvent)), Stamp, string(w.User), string(w.Key), w.Channel, w.Address,
		action, recordType, string(record), changes)
}

// Next gives the next number of a counter of the organisation, starting at first. Numbers of a transaction that
// rolls back are given again, so a counter has no gaps.
func (tx *Tx) Next(name string, first int64) (int64, error) { return tx.NextN(name, first, 1) }

// NextN takes n numbers of a counter at once and gives the lowest. The counter is the transaction's until it ends.
func (tx *Tx) NextN(name string, first, n int64) (int64, error) {
	var last int64
	err := tx.Row(`INSERT INTO counters (org_id, name, value) VALUES ($1, $2, $3)
		ON CONFLICT (org_id, name) DO UPDATE SET value = counters.value + $4 RETURNING value`,
		string(tx.who.Org), name, first+n-1, n).Scan(&last)
	return last - n + 1, err
}
