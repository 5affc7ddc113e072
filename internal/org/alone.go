package org

import (
	"errors"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/mail/outbox"
)

// ActAlone notes that a user did what two people should have done, because nobody else may, and tells all administrators
// and the operators of the server. did completes "Ana Ruiz did alone: ...", like "approve payment P26112300 - 0000001".
// Rule SEC-5.
func ActAlone(tx *db.Tx, user ids.ID, record string, id ids.ID, did string) error {
	tx.Audit("act alone", record, id, "")
	o, err := Load(tx)
	if err != nil {
		return err
	}
	var who string
	if err := tx.Row(`SELECT name FROM users WHERE id = $1`, string(user)).Scan(&who); err != nil {
		return fmt.Errorf("look who acts alone: %w", err)
	}
	to, err := overseers(tx)
	if err != nil {
		return err
	}
	name := strings.Join(strings.Fields(o.Name), " ")
	for _, address := range to {
		outbox.Post(tx, outbox.Letter{Kind: "act alone", About: id, To: address, FromName: name, Subject: "One person acted alone at " + name,
			Text: "At " + o.Name + ", " + strings.Join(strings.Fields(who), " ") + " did alone what two people do where there are two: " + did +
				".\n\nIf that was not meant to be, undo it in Duebook or call your bank.\n"})
	}
	return nil
}

// overseers are the addresses of the active administrators of the organisation and of the operators of the server.
func overseers(tx *db.Tx) (to []string, err error) {
	rows, err := tx.Query(`SELECT u.email FROM users u WHERE u.is_active = 1 AND (u.operator = 1 OR EXISTS
		(SELECT 1 FROM memberships m WHERE m.org_id = $1 AND m.user_id = u.id AND m.is_active = 1 AND m.role = $2)) ORDER BY u.email`,
		string(tx.Org()), Administrator)
	if err != nil {
		return nil, fmt.Errorf("look whom to tell: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var email string
		if err := rows.Scan(&email); err != nil {
			return nil, err
		}
		to = append(to, email)
	}
	return to, errors.Join(rows.Err(), rows.Close())
}
