package bill

import "github.com/duebook/duebook/internal/db"

// Preview checks and completes a new bill as Create does, and stores nothing: whoever keeps a bill for later learns now
// what is wrong with it.
func Preview(tx *db.Tx, b *Bill) error {
	if err := check(b); err != nil {
		return err
	}
	if err := Bills.CheckReferences(tx, nil, b); err != nil {
		return err
	}
	return splits(b)
}
