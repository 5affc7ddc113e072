package outbox_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/mail"
	"github.com/duebook/duebook/internal/mail/outbox"
)

// server answers each message with the next of its answers and takes what it has none for.
type server struct {
	answers []error
	got     []mail.Message
}

func (s *server) Send(_ context.Context, m mail.Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	s.got = append(s.got, m)
	if len(s.answers) == 0 {
		return nil
	}
	err := s.answers[0]
	s.answers = s.answers[1:]
	return err
}

// live makes the test's sandbox a live store.
func live(t *testing.T, s *dbtest.Store) *db.DB {
	t.Helper()
	err := s.Write(context.Background(), db.Caller{}, func(tx *db.Tx) error {
		tx.Exec(`UPDATE store SET kind = 'live' WHERE id = 1`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o := s.Options
	o.Sandbox = false
	d, err := db.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func list(t *testing.T, d *db.DB, org ids.ID) (out []outbox.Mail) {
	t.Helper()
	err := d.Read(context.Background(), db.Caller{Org: org}, func(tx *db.Tx) (err error) {
		out, err = outbox.List(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// queue writes one mail and, if secret, one with a secret.
func queue(t *testing.T, d *db.DB, to string, secret bool) {
	t.Helper()
	err := d.Write(context.Background(), db.Caller{Org: "a"}, func(tx *db.Tx) error {
		if secret {
			outbox.QueueSecret(tx, "applicationKey", to, "Your key", "01KEY")
		} else {
			outbox.Queue(tx, "remittance", to, "Paid — 1.234,00", "We paid your bill.")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// due lets the queue work as if hours went by.
func due(t *testing.T, s *dbtest.Store, d *db.DB, srv *server, steps int) {
	t.Helper()
	o, err := outbox.New(d, srv, "Duebook <no-reply@books.example>")
	if err != nil {
		t.Fatal(err)
	}
	r := job.New(d, map[string]job.Handler{outbox.Kind: o.Send}, slog.New(slog.DiscardHandler))
	for range steps {
		if err := r.Due(context.Background(), s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(5 * time.Hour)
	}
}

func TestCaught(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		queue(t, s.DB, "ana@vendor.example", true)
		srv := &server{}
		due(t, s, s.DB, srv, 1)
		got := list(t, s.DB, "a")
		if len(got) != 1 || got[0].State != outbox.Caught || got[0].Body != "01KEY" || got[0].To != "ana@vendor.example" ||
			got[0].Sent.Time() != dbtest.Start || len(srv.got) != 0 {
			t.Errorf("in a sandbox: %+v, sent %d; want it caught and none sent", got, len(srv.got))
		}
		if n := len(list(t, s.DB, "b")); n != 0 {
			t.Errorf("another organisation sees %d mails", n)
		}
		if n := len(list(t, s.DB, "")); n != 1 {
			t.Errorf("the operator sees %d mails, want 1", n)
		}
	})
}

func TestSend(t *testing.T) {
	t.Parallel()
	later, never := &mail.SendError{Temporary: true, Code: 451}, &mail.SendError{Code: 550}
	tests := []struct {
		name    string
		to      string
		secret  bool
		answers []error
		state   string
		tries   int
		body    string
	}{
		{"taken", "ana@vendor.example", false, nil, outbox.Sent, 1, "We paid your bill."},
		{"a secret is gone once taken", "ana@vendor.example", true, nil, outbox.Sent, 1, ""},
		{"not now, not now, taken", "ana@vendor.example", true, []error{later, errors.New("no such host")}, outbox.Sent, 3, ""},
		{"refused", "ana@vendor.example", true, []error{never}, outbox.Failed, 1, "01KEY"},
		{"no address", "ana", false, nil, outbox.Failed, 0, "We paid your bill."},
		{"a header in the address", "ana@vendor.example\r\nBcc: x@y.example", false, nil, outbox.Failed, 0, "We paid your bill."},
		{"not for a day", "ana@vendor.example", false, slicesOf(later, job.MaxAttempts), outbox.Failed, job.MaxAttempts, "We paid your bill."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
				d := live(t, s)
				queue(t, d, tt.to, tt.secret)
				srv := &server{answers: tt.answers}
				due(t, s, d, srv, job.MaxAttempts+2)
				got := list(t, d, "a")
				if len(got) != 1 || got[0].State != tt.state || len(srv.got) != tt.tries || got[0].Body != tt.body ||
					(got[0].Error != "") != (tt.state == outbox.Failed) || got[0].Sent.IsZero() != (tt.state == outbox.Failed) {
					t.Fatalf("after %d tries: %+v\nwant %d tries, %s, body %q", len(srv.got), got, tt.tries, tt.state, tt.body)
				}
				for _, m := range srv.got {
					if m.MessageID != string(got[0].ID)+"@books.example" || m.Date != dbtest.Start || m.To[0] != tt.to {
						t.Errorf("sent %+v", m)
					}
				}
				var left []job.Entry
				if err := d.Read(context.Background(), db.Caller{}, func(tx *db.Tx) (err error) {
					left, err = job.List(tx)
					return err
				}); err != nil || len(left) != 0 {
					t.Errorf("work left: %+v, %v", left, err)
				}
				again := func() error {
					return d.Write(context.Background(), db.Caller{Org: "a"}, func(tx *db.Tx) error { return outbox.Again(tx, got[0].ID) })
				}
				if tt.state != outbox.Failed {
					if err := again(); !errors.Is(err, fault.ErrNotFound) {
						t.Errorf("Again of a sent mail = %v", err)
					}
				} else if err := again(); err != nil {
					t.Errorf("Again = %v", err)
				} else if due(t, s, d, srv, 1); tt.tries > 0 && list(t, d, "a")[0].State != outbox.Sent {
					t.Errorf("after Again: %+v", list(t, d, "a"))
				}
			})
		})
	}
}

func slicesOf(err error, n int) (out []error) {
	for range n {
		out = append(out, err)
	}
	return out
}

func TestNew(t *testing.T) {
	t.Parallel()
	for from, fine := range map[string]bool{"a@b.example": true, "Us <a@b.example>": true, "": false, "us": false, "a@b.example\nX: y": false} {
		if _, err := outbox.New(nil, &server{}, from); (err == nil) != fine {
			t.Errorf("New from %q = %v", strings.ToValidUTF8(from, "?"), err)
		}
	}
}

// SEC-2: what a link of a sent mail opens cannot be read from the store; the rest of the mail stays as evidence.
func TestSEC2_LinksLoseTheirTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		d, token := live(t, s), strings.Repeat("4ef0", 8)
		if err := d.Write(context.Background(), db.Caller{Org: "a", Channel: "test"}, func(tx *db.Tx) error {
			outbox.Post(tx, outbox.Letter{Kind: "invoice", To: "ana@customer.example", Subject: "Invoice 7", SecretLinks: true,
				Text: "Pay at https://books.example/pay/" + token + ".\nSee https://books.example/about",
				HTML: `<a href="https://books.example/pay/` + token + `">Pay</a>`})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		srv := &server{}
		due(t, s, d, srv, 2)
		if len(srv.got) != 1 || !strings.Contains(srv.got[0].Text, token) {
			t.Errorf("sent %+v", srv.got)
		}
		got := list(t, d, "a")[0]
		if got.Body != "Pay at https://books.example/pay/....\nSee https://books.example/about" || got.HTML != `<a href="https://books.example/pay/...">Pay</a>` {
			t.Errorf("kept %q and %q", got.Body, got.HTML)
		}
	})
}
