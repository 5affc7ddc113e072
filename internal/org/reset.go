package org

import (
	"database/sql"
	"errors"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/secret"
)

// ResetUser is the user whose password the token of StartReset can set now. It fails with ErrResetToken.
func ResetUser(tx *db.Tx, token string) (User, error) {
	var user string
	err := tx.Row(`SELECT user_id FROM password_resets WHERE hash = $1 AND used = 0 AND expires > $2`,
		secret.HashToken(token), int64(clock.FromTime(tx.Now()))).Scan(&user)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrResetToken
	}
	if err != nil {
		return User{}, err
	}
	return UserByID(tx, ids.ID(user))
}
