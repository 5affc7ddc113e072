package payment

import (
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

// fileBatch is what leaves by one rail in one file, a row of disbursement_batches.
type fileBatch struct {
	id, account        ids.ID // account is ours
	rail               string
	pickup             int64
	process, effective civil.Date
	members            int
	total              int64 // cents
}

// insert stores a batch whose file has been written.
func (b fileBatch) insert(tx *db.Tx) {
	tx.Exec(`INSERT INTO disbursement_batches (org_id, id, rail, bank_account_id, process_date, effective_date, members, total, state, created, pickup)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'in_file', $9, $10)`, string(tx.Org()), string(b.id), b.rail, string(b.account), b.process.String(),
		b.effective.String(), int64(b.members), b.total, int64(clock.FromTime(tx.Now())), b.pickup)
}
