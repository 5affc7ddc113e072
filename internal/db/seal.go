package db

import (
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

// UseVault names the vault that seals columns. It comes before the first transaction that seals or opens one.
func (d *DB) UseVault(v *secret.Vault) { d.vault.Store(v) }

var errNoVault = errors.New("the store has no vault to seal and open values with")

// sealedMin is shorter than any sealed value, and longer than what was stored before values were sealed.
const sealedMin = 40

// Seal gives a short text as the store holds it in a column of a row: sealed, and the hash by which equal ones in that
// column of the organisation are found (SEC-1). Both of "" are "". It takes a few microseconds, less than the
// statement it goes into. Where it fails the transaction does.
func (tx *Tx) Seal(plain, table, column string, row ids.ID) (sealed, hash string) {
	if plain == "" {
		return "", ""
	}
	v := tx.db.vault.Load()
	if v == nil {
		_ = tx.fail(errNoVault)
		return "", ""
	}
	sealed, err := v.Seal([]byte(plain), string(tx.who.Org), table, column, string(row))
	if err != nil {
		_ = tx.fail(fmt.Errorf("seal %s.%s: %w", table, column, err))
		return "", ""
	}
	return sealed, v.EqualityHash(plain, string(tx.who.Org), table, column)
}

// Unseal gives what Seal sealed. A value that was stored in clear, before its column was sealed, comes back as it is.
func (tx *Tx) Unseal(sealed, table, column string, row ids.ID) (string, error) {
	if len(sealed) < sealedMin {
		return sealed, nil
	}
	v := tx.db.vault.Load()
	if v == nil {
		return "", errNoVault
	}
	plain, err := v.Open(sealed, string(tx.who.Org), table, column, string(row))
	if err != nil {
		return "", fmt.Errorf("open %s.%s of %s: %w", table, column, row, err)
	}
	return string(plain), nil
}
