package server

import (
	"net/http"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/job"
)

// handlers is the index of the work that waits in the queue.
func (a *App) handlers() map[string]job.Handler {
	return map[string]job.Handler{}
}

type mail struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
	State   string `json:"state"`
}

// mails shows what a sandbox caught, newest first.
func (r *Running) mails(w http.ResponseWriter, q *http.Request) {
	out := []mail{}
	err := r.app.DB.Read(q.Context(), db.Caller{}, func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT recipient, subject, body, state FROM mails ORDER BY created DESC, id DESC LIMIT 200`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m mail
			if err := rows.Scan(&m.To, &m.Subject, &m.Body, &m.State); err != nil {
				return err
			}
			out = append(out, m)
		}
		return rows.Err()
	})
	reply(w, out, err)
}
