package invoice

import "github.com/duebook/duebook/internal/db"

// Preview checks and computes a new invoice as Create does, and stores nothing: whoever keeps an invoice for later learns
// now what is wrong with it and what it comes to.
func Preview(tx *db.Tx, i *Invoice) error {
	_, err := check(tx, nil, i)
	return err
}
