// Package outbox keeps the mails that leave: written by the transaction that causes them, sent by the queue, kept as
// evidence. A sandbox sends none; there a mail is caught in the transaction that writes it.
package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/mail"
)

// Kind is the kind of work that sends a mail. A server without a mail server has no handler for it: its mails wait.
const Kind = "mail"

// States of a Mail.
const (
	Waiting = "waiting"
	Sent    = "sent"   // the mail server has it
	Caught  = "caught" // in a sandbox
	Failed  = "failed" // refused, or not sent for a day; Again tries anew
)

// Mail is one mail of the outbox.
type Mail struct {
	Org     ids.ID // empty for mails of the server itself
	ID      ids.ID
	Kind    string // what it is about, in the words of the room that wrote it: "applicationKey"
	To      string
	Subject string
	Body    string // plain text
	State   string
	Error   string        // why the last try failed
	Created clock.Instant // when it was written
	Sent    clock.Instant // when it was sent or caught
}

// Queue writes a mail to one recipient. It leaves once the transaction has committed.
func Queue(tx *db.Tx, kind, to, subject, body string) ids.ID {
	return queue(tx, kind, to, subject, body, 0)
}

// QueueSecret is Queue for a body that is a secret, like a new key: it is emptied as soon as the mail server has it. A
// sandbox keeps it to be read.
func QueueSecret(tx *db.Tx, kind, to, subject, body string) ids.ID {
	return queue(tx, kind, to, subject, body, 1)
}

func queue(tx *db.Tx, kind, to, subject, body string, secret int64) ids.ID {
	id, now := ids.New(ids.Mail), int64(clock.FromTime(tx.Now()))
	state, sent := Waiting, int64(0)
	if tx.Sandbox() {
		state, sent = Caught, now
	}
	tx.Exec(`INSERT INTO mails (org_id, id, recipient, subject, body, kind, secret, created, sent, state, error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '')`,
		string(tx.Org()), string(id), to, subject, body, kind, secret, now, sent, state)
	if state == Waiting {
		job.Enqueue(tx, Kind, string(id), tx.Now())
	}
	return id
}

// List gives the mails of the transaction's organisation, oldest first; a transaction without organisation lists all.
// Who may read them is the caller's to check.
func List(tx *db.Tx) ([]Mail, error) {
	rows, err := tx.Query(`SELECT org_id, id, kind, recipient, subject, body, state, error, created, sent FROM mails
		WHERE (org_id = $1 OR CAST($1 AS ctext) = '') ORDER BY created, id`, string(tx.Org()))
	if err != nil {
		return nil, fmt.Errorf("list mails: %w", err)
	}
	defer rows.Close()
	var out []Mail
	for rows.Next() {
		var m Mail
		if err := rows.Scan(&m.Org, &m.ID, &m.Kind, &m.To, &m.Subject, &m.Body, &m.State, &m.Error, &m.Created, &m.Sent); err != nil {
			return nil, fmt.Errorf("list mails: %w", err)
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

// Again sends a mail that failed once more. It fails with fault.ErrNotFound if no failed mail of the transaction's
// organisation has that id. Who may is the caller's to check.
func Again(tx *db.Tx, id ids.ID) error {
	n, err := tx.ExecNow(`UPDATE mails SET state = 'waiting' WHERE org_id = $1 AND id = $2 AND state = 'failed'`,
		string(tx.Org()), string(id))
	if err != nil {
		return fmt.Errorf("send mail %s again: %w", id, err)
	}
	if n == 0 {
		return fault.ErrNotFound.With(string(id))
	}
	job.Enqueue(tx, Kind, string(id), tx.Now())
	return nil
}

// sender is what takes a message from us; mail.SMTP is one. Its errors are told apart by package mail.
type sender interface {
	Send(ctx context.Context, m mail.Message) error
}

// Outbox sends what was queued.
type Outbox struct {
	db   *db.DB
	to   sender
	from string
}

// New makes the outbox of a store whose mails come from the address from. It fails if from is no address.
func New(d *db.DB, to sender, from string) (*Outbox, error) {
	if err := (mail.Message{From: from, To: []string{from}}).Check(); err != nil {
		return nil, fmt.Errorf("sender of mails: %w", err)
	}
	return &Outbox{d, to, from}, nil
}

// Send is the job.Handler of Kind. A mail that cannot be sent for now is tried again by the queue; one that is refused,
// or whose last try fails, is Failed with the reason. After a crash between the mail server and our store a mail goes
// out twice under one Message-ID.
func (o *Outbox) Send(ctx context.Context, it job.Item, at time.Time) error {
	who := db.Caller{Org: it.Org, Channel: "job"}
	m := Mail{ID: ids.ID(it.Key)}
	err := o.db.Read(ctx, who, func(tx *db.Tx) error {
		return tx.Row(`SELECT recipient, subject, body, state, created FROM mails WHERE org_id = $1 AND id = $2`,
			string(it.Org), it.Key).Scan(&m.To, &m.Subject, &m.Body, &m.State, &m.Created)
	})
	if errors.Is(err, sql.ErrNoRows) || err == nil && m.State != Waiting {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read mail %s: %w", it.Key, err)
	}
	failure := o.to.Send(ctx, mail.Message{
		From: o.from, To: []string{m.To}, Subject: m.Subject, Text: m.Body, Date: m.Created.Time(), MessageID: o.messageID(m.ID),
	})
	if failure != nil && ctx.Err() != nil {
		return failure // the process stops; nobody knows what the server did
	}
	state, text := Sent, ""
	switch {
	case failure == nil:
	case refused(failure) || it.Attempt >= job.MaxAttempts:
		state, text = Failed, failure.Error()
	default:
		state, text = Waiting, failure.Error()
	}
	err = o.db.WriteAt(context.WithoutCancel(ctx), who, at, func(tx *db.Tx) error {
		tx.ExecOne(`UPDATE mails SET state = $3, error = $4, sent = $5,
			body = CASE WHEN secret = 1 AND CAST($3 AS ctext) = 'sent' THEN '' ELSE body END
			WHERE org_id = $1 AND id = $2`, string(it.Org), it.Key, state, text, sentAt(tx, state))
		if state == Waiting {
			return nil
		}
		return job.Done(tx, it)
	})
	if err != nil {
		return fmt.Errorf("record mail %s as %s: %w", it.Key, state, err)
	}
	if state == Waiting {
		return failure
	}
	return nil
}

func sentAt(tx *db.Tx, state string) int64 {
	if state != Sent {
		return 0
	}
	return int64(clock.FromTime(tx.Now()))
}

// messageID is the same with each try.
func (o *Outbox) messageID(id ids.ID) string {
	domain := o.from[strings.LastIndexByte(o.from, '@')+1:]
	return string(id) + "@" + strings.TrimRight(domain, "> ")
}

// refused reports that another try mends nothing: the server said no, or the message is none.
func refused(err error) bool {
	var reply *mail.SendError
	if errors.As(err, &reply) {
		return !reply.Temporary
	}
	var header *mail.HeaderError
	return errors.As(err, &header) || errors.Is(err, mail.ErrAddress) || errors.Is(err, mail.ErrNoRecipient)
}
