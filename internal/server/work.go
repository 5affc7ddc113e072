package server

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/mail"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/reseal"
	"github.com/duebook/duebook/internal/sending"
)

// handlers is the index of the work that waits in the queue.
func (a *App) handlers() (map[string]job.Handler, error) {
	all := map[string]job.Handler{
		network.ExpiryKind:  network.Expire(a.DB),
		payment.NetworkKind: network.Paid(a.DB),
		approval.ModeKind:   approval.HoldMode(a.DB),
		approval.RemindKind: approval.Remind(a.DB, a.PublicURL),
		sending.PrintKind:   sending.Printer(a.DB, filepath.Join(a.Dir, "post")),
		sending.NetworkKind: network.Bills(a.DB, sending.Desk{Vault: a.Vault, PublicURL: a.PublicURL}, a.Blobs),
		reseal.Kind:         a.Sealed().Handle,
	}
	if a.SMTP == "" {
		return all, nil // mails wait; a sandbox catches them when they are written
	}
	smtp, err := a.smtp()
	if err != nil {
		return nil, err
	}
	o, err := outbox.New(a.DB, smtp, a.MailFrom)
	if err != nil {
		return nil, err
	}
	o.Makes(sending.Maker, sending.Make(a.DB))
	all[outbox.Kind] = o.Send
	return all, nil
}

// Sealed is what the vault's keys are used for.
func (a *App) Sealed() reseal.Store {
	return reseal.Store{DB: a.DB, Blobs: a.Blobs, Vault: a.Vault, Log: a.Log}
}

// smtp reads the mail server's address: [user:password@]host:port.
func (a *App) smtp() (mail.SMTP, error) {
	u, err := url.Parse("smtp://" + a.SMTP)
	if err != nil || u.Port() == "" {
		return mail.SMTP{}, fmt.Errorf("the mail server is named as [user:password@]host:port")
	}
	password, _ := u.User.Password()
	return mail.SMTP{Addr: u.Host, Username: u.User.Username(), Password: password}, nil
}

type caught struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
	State   string `json:"state"`
	Kind    string `json:"kind"`
}

// mails shows what a sandbox caught, oldest first.
func (r *Running) mails(w http.ResponseWriter, q *http.Request) {
	out := []caught{}
	err := r.app.DB.Read(q.Context(), db.Caller{}, func(tx *db.Tx) error {
		all, err := outbox.List(tx)
		for _, m := range all {
			out = append(out, caught{m.To, m.Subject, m.Body, m.State, m.Kind})
		}
		return err
	})
	reply(w, out, err)
}
