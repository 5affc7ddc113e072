// Package outbox keeps the mails that leave: written by the transaction that causes them, sent by the queue, kept as
// evidence. A sandbox sends none; there a mail is caught in the transaction that writes it.
package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	netmail "net/mail"
	"regexp"
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
	HTML    string // the same for people's eyes; empty: text only
	State   string
	Error   string        // why the last try failed
	Created clock.Instant // when it was written
	Sent    clock.Instant // when it was sent or caught
}

// Letter is a mail with everything a mail can have.
type Letter struct {
	Kind     string
	About    ids.ID // the record it is sent for
	To       string
	FromName string // before the server's address; empty: the server's own
	ReplyTo  string // an address; empty: answers go to the server's
	Subject  string
	Text     string
	HTML     string
	Files    []File

	SecretLinks bool // who has a link of the mail has what it opens: once the mail is sent, ours keeps the links without their tokens
}

// How much of a mail is a secret, in the store.
const (
	open = iota
	secretBody
	secretLinks
)

// tokens are the last parts of links that are as long as no name: what makes such a link a secret (SEC-2).
var tokens = regexp.MustCompile(`(https?://[^\s"'<>]*/)[0-9A-Za-z_-]{20,}`)

// File goes with a mail. Its content is made when the mail leaves, from Source by the maker of that name (Outbox.Makes).
type File struct{ Name, MediaType, Maker, Source string }

// Queue writes a mail to one recipient. It leaves once the transaction has committed.
func Queue(tx *db.Tx, kind, to, subject, body string) ids.ID {
	return queue(tx, Letter{Kind: kind, To: to, Subject: subject, Text: body}, open)
}

// Post is Queue for a letter.
func Post(tx *db.Tx, l Letter) ids.ID {
	if l.SecretLinks {
		return queue(tx, l, secretLinks)
	}
	return queue(tx, l, open)
}

// QueueSecret is Queue for a body that is a secret, like a new key: it is emptied as soon as the mail server has it. A
// sandbox keeps it to be read.
func QueueSecret(tx *db.Tx, kind, to, subject, body string) ids.ID {
	return queue(tx, Letter{Kind: kind, To: to, Subject: subject, Text: body}, secretBody)
}

func queue(tx *db.Tx, l Letter, secret int64) ids.ID {
	id, now := ids.New(ids.Mail), int64(clock.FromTime(tx.Now()))
	state, sent := Waiting, int64(0)
	if tx.Sandbox() {
		state, sent = Caught, now
	}
	tx.Exec(`INSERT INTO mails (org_id, id, recipient, subject, body, kind, secret, created, sent, state, error, html, from_name, reply_to, about)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11, $12, $13, $14)`, string(tx.Org()), string(id), l.To, l.Subject, l.Text,
		l.Kind, secret, now, sent, state, l.HTML, l.FromName, l.ReplyTo, string(l.About))
	for i, f := range l.Files {
		tx.Exec(`INSERT INTO mail_files (org_id, mail_id, line, name, media_type, maker, source) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			string(tx.Org()), string(id), int64(i+1), f.Name, f.MediaType, f.Maker, f.Source)
	}
	if state == Waiting {
		job.Enqueue(tx, Kind, string(id), tx.Now())
	}
	return id
}

// List gives the mails of the transaction's organisation, oldest first; a transaction without organisation lists all.
// Who may read them is the caller's to check.
func List(tx *db.Tx) ([]Mail, error) {
	return list(tx, `(org_id = $1 OR CAST($1 AS ctext) = '')`, string(tx.Org()))
}

// About gives the mails that were sent for a record, oldest first. Who may read them is the caller's to check.
func About(tx *db.Tx, record ids.ID) ([]Mail, error) {
	return list(tx, `org_id = $1 AND about = $2 AND about <> ''`, string(tx.Org()), string(record))
}

func list(tx *db.Tx, where string, args ...any) ([]Mail, error) {
	rows, err := tx.Query(`SELECT org_id, id, kind, recipient, subject, body, html, state, error, created, sent FROM mails
		WHERE `+where+` ORDER BY created, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("list mails: %w", err)
	}
	defer rows.Close()
	var out []Mail
	for rows.Next() {
		var m Mail
		if err := rows.Scan(&m.Org, &m.ID, &m.Kind, &m.To, &m.Subject, &m.Body, &m.HTML, &m.State, &m.Error, &m.Created, &m.Sent); err != nil {
			return nil, fmt.Errorf("list mails: %w", err)
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

// Files gives what goes with a mail, in order.
func Files(tx *db.Tx, id ids.ID) ([]File, error) {
	rows, err := tx.Query(`SELECT name, media_type, maker, source FROM mail_files WHERE org_id = $1 AND mail_id = $2 ORDER BY line`,
		string(tx.Org()), string(id))
	if err != nil {
		return nil, fmt.Errorf("list the files of mail %s: %w", id, err)
	}
	defer rows.Close()
	var out []File
	for rows.Next() {
		var f File
		if err := rows.Scan(&f.Name, &f.MediaType, &f.Maker, &f.Source); err != nil {
			return nil, fmt.Errorf("list the files of mail %s: %w", id, err)
		}
		out = append(out, f)
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
	db     *db.DB
	to     sender
	from   string
	makers map[string]Maker
}

// Maker makes the content of a file. It may run again, and gives the same bytes then.
type Maker func(ctx context.Context, org ids.ID, source string) ([]byte, error)

// New makes the outbox of a store whose mails come from the address from. It fails if from is no address.
func New(d *db.DB, to sender, from string) (*Outbox, error) {
	if err := (mail.Message{From: from, To: []string{from}}).Check(); err != nil {
		return nil, fmt.Errorf("sender of mails: %w", err)
	}
	return &Outbox{d, to, from, map[string]Maker{}}, nil
}

// Makes names the maker of some files, before anything is sent.
func (o *Outbox) Makes(name string, m Maker) { o.makers[name] = m }

// Send is the job.Handler of Kind. A mail that cannot be sent for now is tried again by the queue; one that is refused,
// or whose last try fails, is Failed with the reason. After a crash between the mail server and our store a mail goes
// out twice under one Message-ID.
func (o *Outbox) Send(ctx context.Context, it job.Item, at time.Time) error {
	who := db.Caller{Org: it.Org, Channel: "job"}
	m := Mail{ID: ids.ID(it.Key)}
	var fromName, replyTo string
	var secret int64
	var files []File
	err := o.db.Read(ctx, who, func(tx *db.Tx) (err error) {
		err = tx.Row(`SELECT recipient, subject, body, html, from_name, reply_to, state, created, secret FROM mails WHERE org_id = $1 AND id = $2`,
			string(it.Org), it.Key).Scan(&m.To, &m.Subject, &m.Body, &m.HTML, &fromName, &replyTo, &m.State, &m.Created, &secret)
		if err == nil {
			files, err = Files(tx, m.ID)
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) || err == nil && m.State != Waiting {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read mail %s: %w", it.Key, err)
	}
	made, err := o.attachments(ctx, it.Org, files)
	if err != nil {
		return fmt.Errorf("make the files of mail %s: %w", it.Key, err)
	}
	failure := o.to.Send(ctx, mail.Message{
		From: o.sender(fromName), ReplyTo: replyTo, To: []string{m.To}, Subject: m.Subject, Text: m.Body, HTML: m.HTML, Attachments: made,
		Date: m.Created.Time(), MessageID: o.messageID(m.ID),
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
	if state == Sent {
		switch secret {
		case secretBody:
			m.Body, m.HTML = "", ""
		case secretLinks:
			m.Body, m.HTML = tokens.ReplaceAllString(m.Body, "$1..."), tokens.ReplaceAllString(m.HTML, "$1...")
		}
	}
	err = o.db.WriteAt(context.WithoutCancel(ctx), who, at, func(tx *db.Tx) error {
		tx.ExecOne(`UPDATE mails SET state = $3, error = $4, sent = $5, body = $6, html = $7 WHERE org_id = $1 AND id = $2`,
			string(it.Org), it.Key, state, text, sentAt(tx, state), m.Body, m.HTML)
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

// attachments makes the files of a mail.
func (o *Outbox) attachments(ctx context.Context, org ids.ID, files []File) ([]mail.Attachment, error) {
	var out []mail.Attachment
	for _, f := range files {
		m := o.makers[f.Maker]
		if m == nil {
			return nil, fmt.Errorf("nothing here makes files by %q", f.Maker)
		}
		content, err := m(ctx, org, f.Source)
		if err != nil {
			return nil, err
		}
		out = append(out, mail.Attachment{Name: f.Name, ContentType: f.MediaType, Content: content})
	}
	return out, nil
}

// sender is the server's address, with another name before it if one is given.
func (o *Outbox) sender(name string) string {
	a, err := netmail.ParseAddress(o.from)
	if name == "" || err != nil {
		return o.from
	}
	return (&netmail.Address{Name: name, Address: a.Address}).String()
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
