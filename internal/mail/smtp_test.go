package mail

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// server is a mail server in this process. refuse answers before each stage: "MAIL", "RCPT address", "DATA".
type server struct {
	addr   string
	roots  *x509.CertPool
	refuse func(stage string) error

	mu   sync.Mutex
	got  []delivered
	user string
}

type delivered struct {
	from string
	to   []string
	raw  []byte
}

func newServer(t *testing.T, implicit bool, refuse func(stage string) error) *server {
	t.Helper()
	s := &server{refuse: refuse, roots: x509.NewCertPool()}
	web := httptest.NewTLSServer(nil) // for its certificate of 127.0.0.1
	web.Close()
	s.roots.AddCert(web.Certificate())
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s: s}, nil }))
	srv.Domain = "mail.example"
	srv.TLSConfig = &tls.Config{Certificates: web.TLS.Certificates}
	srv.ReadTimeout, srv.WriteTimeout = 10*time.Second, 10*time.Second
	srv.EnableSMTPUTF8 = true
	srv.AllowInsecureAuth = false
	srv.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	if implicit {
		l = tls.NewListener(l, srv.TLSConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (s *server) inbox() []delivered {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

type session struct {
	s    *server
	mail delivered
}

func (c *session) Reset()        { c.mail = delivered{} }
func (c *session) Logout() error { return nil }

func (c *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "right" {
			return smtp.ErrAuthFailed
		}
		c.s.mu.Lock()
		defer c.s.mu.Unlock()
		c.s.user = user
		return nil
	}), nil
}

func (c *session) check(stage string) error {
	if c.s.refuse == nil {
		return nil
	}
	return c.s.refuse(stage)
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.mail.from = from
	return c.check("MAIL")
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.mail.to = append(c.mail.to, to)
	return c.check("RCPT " + to)
}

func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := c.check("DATA"); err != nil {
		return err
	}
	c.mail.raw = raw
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.got = append(c.s.got, c.mail)
	return nil
}

var remittance = Message{
	From:    `"Müller & Söhne" <ap@northwind.example>`,
	To:      []string{"ana@vendor.example", "Bo Ñandú <bo@vendor.example>"},
	ReplyTo: "bo@northwind.example",
	Subject: "Zahlung über 1.234,50 € für Rechnung № 7 – 支払い、とても長い件名なので折り返しが必要です",
	Text:    "Grüße\n.\nFrom here on: a line with a single dot was above.\n" + strings.Repeat("a long line ", 120),
	HTML:    "<p>Grüße</p>",
	Attachments: []Attachment{
		{Name: "Überweisung 7.pdf", ContentType: "application/pdf", Content: bytes.Repeat([]byte("%PDF\x00\xff\r\n.\r\n"), 5000)},
		{Name: "bills.csv", Content: []byte("id;amount\n")},
		{Name: "empty.txt"},
	},
	MessageID: "00p01ABCDEF@northwind.example",
	Date:      time.Date(2026, 11, 24, 17, 59, 59, 0, time.FixedZone("PST", -8*3600)),
}

func TestSend(t *testing.T) {
	t.Parallel()
	s := newServer(t, false, nil)
	if err := (SMTP{Addr: s.addr, Roots: s.roots, Username: "duebook", Password: "right"}).Send(t.Context(), remittance); err != nil {
		t.Fatal(err)
	}
	got := s.inbox()
	if len(got) != 1 || got[0].from != "ap@northwind.example" || s.user != "duebook" ||
		!reflect.DeepEqual(got[0].to, []string{"ana@vendor.example", "bo@vendor.example"}) {
		t.Fatalf("delivered %d, envelope %q %q, user %q", len(got), got[0].from, got[0].to, s.user)
	}
	for i, line := range strings.Split(string(got[0].raw), "\r\n") {
		if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r > '~' || r == '\n' || r == '\r' }) {
			t.Errorf("line %d is longer than 998 or not plain ASCII: %.80q", i, line)
		}
	}
	m, err := netmail.ReadMessage(bytes.NewReader(got[0].raw))
	if err != nil {
		t.Fatal(err)
	}
	var words mime.WordDecoder
	if subject, err := words.DecodeHeader(m.Header.Get("Subject")); err != nil || subject != remittance.Subject {
		t.Errorf("Subject = %q, %v", subject, err)
	}
	if from, err := m.Header.AddressList("From"); err != nil || from[0].Name != "Müller & Söhne" {
		t.Errorf("From = %v, %v", from, err)
	}
	if to, err := m.Header.AddressList("To"); err != nil || len(to) != 2 || to[1].Name != "Bo Ñandú" {
		t.Errorf("To = %v, %v", to, err)
	}
	if answer, err := m.Header.AddressList("Reply-To"); err != nil || len(answer) != 1 || answer[0].Address != remittance.ReplyTo {
		t.Errorf("Reply-To = %v, %v", answer, err)
	}
	if date, err := m.Header.Date(); err != nil || !date.Equal(remittance.Date) {
		t.Errorf("Date = %v, %v", date, err)
	}
	for header, want := range map[string]string{
		"Message-Id": "<00p01ABCDEF@northwind.example>", "Auto-Submitted": "auto-generated", "User-Agent": "", "X-Mailer": "",
	} {
		if value := m.Header.Get(header); value != want {
			t.Errorf("%s = %q, want %q", header, value, want)
		}
	}
	text := strings.ReplaceAll(remittance.Text, "\n", "\r\n")
	want := []part{
		{"text/plain", "", text},
		{"text/html", "", remittance.HTML},
		{"application/pdf", "Überweisung 7.pdf", string(remittance.Attachments[0].Content)},
		{"text/csv", "bills.csv", "id;amount\n"},
		{"text/plain", "empty.txt", ""},
	}
	if parts := partsOf(t, m.Header.Get("Content-Type"), "", m.Header.Get("Content-Transfer-Encoding"), m.Body); !reflect.DeepEqual(parts, want) {
		t.Errorf("parts = %.300q\nwant %.300q", parts, want)
	}
}

type part struct{ contentType, name, content string }

// partsOf takes a mail apart to its leaves, in order.
func partsOf(t *testing.T, contentType, name, encoding string, body io.Reader) (parts []part) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatalf("%q: %v", contentType, err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if errors.Is(err, io.EOF) {
				return parts
			} else if err != nil {
				t.Fatal(err)
			}
			var words mime.WordDecoder
			name, err := words.DecodeHeader(p.FileName())
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, partsOf(t, p.Header.Get("Content-Type"), name, p.Header.Get("Content-Transfer-Encoding"), p)...)
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return []part{{kind, name, string(b)}}
}

func TestSendForms(t *testing.T) {
	t.Parallel()
	s := newServer(t, false, nil)
	for _, m := range []Message{{Text: "only text"}, {HTML: "<b>only HTML</b>"}, {}, {Text: "x", Attachments: []Attachment{{Name: "a.bin", Content: []byte{0}}}}} {
		m.From, m.To = "ap@northwind.example", []string{"ana@vendor.example"}
		if err := (SMTP{Addr: s.addr, Roots: s.roots}).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		inbox := s.inbox()
		got, err := netmail.ReadMessage(bytes.NewReader(inbox[len(inbox)-1].raw))
		if err != nil {
			t.Fatal(err)
		}
		if id := got.Header.Get("Message-Id"); !strings.HasSuffix(id, "@northwind.example>") || len(id) < 40 {
			t.Errorf("Message-Id = %q, want a random one", id)
		}
		if date, err := got.Header.Date(); err != nil || time.Since(date) > time.Hour {
			t.Errorf("Date = %v, %v, want now", date, err)
		}
		parts := partsOf(t, got.Header.Get("Content-Type"), "", got.Header.Get("Content-Transfer-Encoding"), got.Body)
		if len(parts) != 1+len(m.Attachments) || strings.TrimSuffix(parts[0].content, "\r\n") != m.Text+m.HTML {
			t.Errorf("parts = %q", parts)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	reply := func(code int, text string) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: text}
	}
	tests := []struct {
		name      string
		stage     string
		reply     error
		code      int
		temporary bool
	}{
		{"sender refused", "MAIL", reply(550, "who are you"), 550, false},
		{"busy", "MAIL", reply(421, "too many"), 421, true},
		{"no such user", "RCPT bo@vendor.example", reply(550, "no such user"), 550, false},
		{"greylisted", "RCPT bo@vendor.example", reply(450, "come back"), 450, true},
		{"too big", "DATA", reply(552, "too big"), 552, false},
		{"disk full", "DATA", reply(452, "disk full"), 452, true},
		{"spam", "DATA", reply(554, "spam"), 554, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, false, func(stage string) error {
				if stage == tt.stage {
					return tt.reply
				}
				return nil
			})
			err := SMTP{Addr: s.addr, Roots: s.roots}.Send(t.Context(), remittance)
			var send *SendError
			if !errors.As(err, &send) || send.Code != tt.code || send.Temporary != tt.temporary || Temporary(err) != tt.temporary {
				t.Errorf("Send = %+v, want code %d, temporary %v", err, tt.code, tt.temporary)
			}
			if n := len(s.inbox()); n != 0 {
				t.Errorf("%d delivered: one recipient refused is none served", n)
			}
		})
	}
}

func TestConnectionFailuresAreTemporary(t *testing.T) {
	t.Parallel()
	s, implicit := newServer(t, false, nil), newServer(t, true, nil)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	tests := []struct {
		name string
		smtp SMTP
		code int
	}{
		{"nobody there", SMTP{Addr: closed.Addr().String()}, 0},
		{"wrong password", SMTP{Addr: s.addr, Roots: s.roots, Username: "duebook", Password: "wr0ng-pw"}, 535},
		{"certificate of a stranger", SMTP{Addr: s.addr}, 0},
		{"the same from the first byte", SMTP{Addr: implicit.addr, TLS: ImplicitTLS}, 0},
		{"greeting refused", SMTP{Addr: talker(t, "554 no service\r\n")}, 554},
		{"greeting for later", SMTP{Addr: talker(t, "421 later\r\n")}, 421},
		{"no mail server", SMTP{Addr: talker(t, "HTTP/1.1 200 OK\r\n")}, 0},
		{"hangs up", SMTP{Addr: talker(t, "")}, 0},
		{"SEC-2: no STARTTLS on offer", SMTP{Addr: talker(t, "220 hello\r\n", "250 mail.example\r\n")}, 0},
		{"no login in the clear", SMTP{Addr: s.addr, TLS: NoTLS, Username: "duebook", Password: "wr0ng-pw"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.smtp.Send(t.Context(), remittance)
			var send *SendError
			if !errors.As(err, &send) || !send.Temporary || send.Code != tt.code {
				t.Errorf("Send = %+v, want a temporary error with code %d", err, tt.code)
			}
			if err != nil && strings.Contains(err.Error(), "wr0ng-pw") {
				t.Errorf("the password is in %q", err)
			}
		})
	}
}

// talker accepts connections and says each line after it heard one, the first at once; then it hangs up.
func talker(t *testing.T, lines ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
				in := bufio.NewReader(conn)
				for i, line := range lines {
					for end := "\r\n"; i > 0; {
						heard, err := in.ReadString('\n')
						if err != nil {
							return
						}
						if strings.HasPrefix(lines[i-1], "354") {
							end = ".\r\n" // of the text, a line of its own
						}
						if end == "\r\n" || heard == end {
							break
						}
					}
					if _, err := io.WriteString(conn, line); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String()
}

func TestTLS(t *testing.T) {
	t.Parallel()
	plain, implicit := newServer(t, false, nil), newServer(t, true, nil)
	for _, s := range []SMTP{
		{Addr: implicit.addr, Roots: implicit.roots, TLS: ImplicitTLS},
		{Addr: implicit.addr, Roots: implicit.roots, TLS: ImplicitTLS, Username: "duebook", Password: "right"},
		{Addr: plain.addr, Roots: plain.roots},
		{Addr: plain.addr, TLS: NoTLS},
	} {
		if err := s.Send(t.Context(), remittance); err != nil {
			t.Errorf("Send over %d = %v", s.TLS, err)
		}
	}
	if len(implicit.inbox()) != 2 || len(plain.inbox()) != 2 {
		t.Errorf("delivered %d and %d, want 2 and 2", len(implicit.inbox()), len(plain.inbox()))
	}
	for _, s := range []SMTP{{Addr: "mail.example:25", TLS: NoTLS}, {Addr: "192.0.2.1:25", TLS: NoTLS}} {
		if err := s.Send(t.Context(), remittance); !errors.Is(err, ErrTLS) || Temporary(err) {
			t.Errorf("SEC-2: Send in the clear to %s = %v, want ErrTLS", s.Addr, err)
		}
	}
	for _, addr := range []string{"", "mail.example", "mail.example:smtp", ":25", "mail.example:0", "mail.example:70000"} {
		if err := (SMTP{Addr: addr}).Check(); err == nil {
			t.Errorf("Check(%q) = nil", addr)
		}
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{})
	release := make(chan struct{})
	s := newServer(t, false, func(stage string) error {
		if stage == "DATA" {
			close(reached)
			<-release
		}
		return nil
	})
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	err := SMTP{Addr: s.addr, Roots: s.roots}.Send(ctx, remittance)
	if !errors.Is(err, context.Canceled) || !Temporary(err) {
		t.Errorf("Send = %v, want a temporary error with the context's", err)
	}
}

// The server has the message; that it then hangs up must not lead to a second one.
func TestHangingUpAfterDeliveryIsSuccess(t *testing.T) {
	t.Parallel()
	ok := "250 ok\r\n"
	addr := talker(t, "220 hello\r\n", ok, ok, ok, ok, "354 go\r\n", "250 taken\r\n") // EHLO NOOP MAIL RCPT DATA text
	m := Message{From: "ap@northwind.example", To: []string{"ana@vendor.example"}, Text: "short"}
	if err := (SMTP{Addr: addr, TLS: NoTLS}).Send(t.Context(), m); err != nil {
		t.Errorf("Send = %v, want success", err)
	}
	early := talker(t, "220 hello\r\n", ok, ok, ok, ok, "354 go\r\n")
	if err := (SMTP{Addr: early, TLS: NoTLS}).Send(t.Context(), m); !Temporary(err) {
		t.Errorf("Send without the last reply = %v, want a temporary error", err)
	}
}

func TestPasswordIsNotPrinted(t *testing.T) {
	t.Parallel()
	s := SMTP{Addr: "mail.example:587", Username: "duebook", Password: "wr0ng-pw"}
	var b strings.Builder
	fmt.Fprintf(&b, "%v %+v %#v %s %q %x %v", s, s, s, s, s, s, &s)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("sender", "smtp", s)
	if out := b.String(); strings.Contains(out, "wr0ng") || !strings.Contains(out, "mail.example:587") {
		t.Errorf("printed: %s", out)
	}
}
