package record

import (
	"context"
	"fmt"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

// sealBatch is how many rows are sealed in one transaction.
const sealBatch = 200

// SealStored seals what the sealed fields of a type hold in clear from before they were sealed, of all organisations,
// and gives the number of rows. updatedTime stays.
func (t *Type) SealStored(ctx context.Context, d *db.DB) (int, error) {
	total := 0
	for _, f := range t.sealed {
		for {
			n, err := t.sealSome(ctx, d, f)
			total += n
			if err != nil {
				return total, fmt.Errorf("seal %s of the %ss: %w", f.Name, t.Name, err)
			}
			if n == 0 {
				break
			}
		}
	}
	return total, nil
}

// sealSome seals a batch of one organisation.
func (t *Type) sealSome(ctx context.Context, d *db.DB, f *Field) (int, error) {
	type row struct{ org, id, clear string }
	var rows []row
	err := d.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
		found, err := tx.Query(fmt.Sprintf(`SELECT org_id, id, %[1]s FROM %[2]s WHERE %[1]s <> '' AND %[1]s_hash = '' ORDER BY org_id LIMIT %[3]d`,
			f.Column, t.Table, sealBatch))
		if err != nil {
			return err
		}
		defer found.Close()
		for found.Next() {
			var r row
			if err := found.Scan(&r.org, &r.id, &r.clear); err != nil {
				return err
			}
			if len(rows) == 0 || r.org == rows[0].org {
				rows = append(rows, r)
			}
		}
		return found.Err()
	})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	err = d.Write(ctx, db.Caller{Org: ids.ID(rows[0].org), Channel: "command"}, func(tx *db.Tx) error {
		for _, r := range rows {
			sealed, hash := tx.Seal(r.clear, t.Table, f.Column, ids.ID(r.id))
			tx.Exec(fmt.Sprintf(`UPDATE %[1]s SET %[2]s = $3, %[2]s_hash = $4 WHERE org_id = $1 AND id = $2 AND %[2]s = $5`, t.Table, f.Column),
				r.org, r.id, sealed, hash, r.clear)
		}
		return nil
	})
	return len(rows), err
}
