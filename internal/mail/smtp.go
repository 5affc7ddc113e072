package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/textproto"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// TLS is how the way to the server is protected. There is no "if the server offers it": who can listen can also take
// the offer away.
type TLS uint8

// The ways of protection.
const (
	StartTLS    TLS = iota // begin in the clear, then STARTTLS, or do not send; ports 587 and 25
	ImplicitTLS            // TLS from the first byte; port 465
	NoTLS                  // in the clear, only to this machine (SEC-2)
)

// ErrTLS is a set-up that would send in the clear to another machine (SEC-2).
var ErrTLS = errors.New("mail: without TLS only to a server on this machine")

// SMTP is a server that takes our mail. It keeps no connection; it may be copied and used concurrently.
type SMTP struct {
	Addr     string // host:port
	Username string // empty: no login
	Password string
	TLS      TLS
	Roots    *x509.CertPool // nil: those of the system
}

// Format prints the address only, whatever the verb: there is a password beside it.
func (s SMTP) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.Addr) }

// LogValue does the same for logs.
func (s SMTP) LogValue() slog.Value { return slog.StringValue(s.Addr) }

// SendError is a message that the server did not take.
type SendError struct {
	// Temporary: the same message may go out later. So it is after a 4xx reply, and whenever the connection, the
	// encryption or the login failed, for that is not the message's fault. The server may have taken the message if the
	// connection broke late.
	Temporary bool
	Code      int // the server's reply, 0 if there was none
	cause     error
}

// Error says what happened, with the server's words.
func (e *SendError) Error() string {
	kind := "refused"
	if e.Temporary {
		kind = "not sent for now"
	}
	if e.cause == nil { // made by a test or another sender
		return fmt.Sprintf("mail %s: reply %d", kind, e.Code)
	}
	return "mail " + kind + ": " + e.cause.Error()
}

// Unwrap gives the cause, which may be that of the context.
func (e *SendError) Unwrap() error { return e.cause }

// Temporary reports whether it makes sense to send again what failed with err.
func Temporary(err error) bool {
	var e *SendError
	return errors.As(err, &e) && e.Temporary
}

// stepTimeout bounds the wait for the connection and for each stage after it; the whole is bounded by ctx and
// sendTimeout.
const (
	stepTimeout = 2 * time.Minute
	sendTimeout = 10 * time.Minute
)

// Check says whether the set-up can work at all, without connecting. It fails with ErrTLS or for the form of Addr.
func (s SMTP) Check() error {
	_, _, err := s.hostPort()
	return err
}

func (s SMTP) hostPort() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return "", 0, fmt.Errorf("mail server: %w", err)
	}
	if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 || host == "" {
		return "", 0, fmt.Errorf("mail server: %q is not host:port", s.Addr)
	}
	if ip := net.ParseIP(host); s.TLS == NoTLS && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", 0, ErrTLS
	}
	return host, port, nil
}

// Send hands m to the server, for all recipients or for none, and waits until it has it. It fails with a *SendError,
// with what Check of the message or of the set-up says, and ends with ctx. Repeat only what is Temporary. Not inside a
// transaction.
func (s SMTP) Send(ctx context.Context, m Message) error {
	host, port, err := s.hostPort()
	if err != nil {
		return err
	}
	msg, err := compose(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	client, err := s.client(ctx, host, port)
	if err != nil {
		return err
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() { // what goes wrong after the server took it is no failure
		return nil
	}
	return sendError(ctx, err)
}

// client prepares a connection that is closed when ctx ends. The library looks at a context while it dials only, and
// leaves a connection open whose greeting or login fails.
func (s SMTP) client(ctx context.Context, host string, port int) (*gomail.Client, error) {
	config := &tls.Config{ServerName: host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
	dial := func(dialing context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(dialing, network, addr)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		if s.TLS != ImplicitTLS {
			return conn, nil
		}
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(dialing); err != nil {
			return nil, err
		}
		return secure, nil
	}
	opts := []gomail.Option{
		gomail.WithPort(port),
		gomail.WithTimeout(stepTimeout),
		gomail.WithTLSConfig(config),
		gomail.WithDialContextFunc(dial),
	}
	switch s.TLS {
	case StartTLS:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case ImplicitTLS:
		opts = append(opts, gomail.WithSSL())
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.Username != "" {
		opts = append(opts, gomail.WithUsername(s.Username), gomail.WithPassword(s.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	client, err := gomail.NewClient(host, opts...)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	return client, nil
}

// sendError sorts what the client reports.
func sendError(ctx context.Context, err error) error {
	e := &SendError{Temporary: true, cause: err}
	var reply *gomail.SendError
	var text *textproto.Error
	switch {
	case ctx.Err() != nil:
		e.cause = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case errors.As(err, &reply): // about the message
		e.Code = reply.ErrorCode()
		e.Temporary = e.Code < 500
	case errors.As(err, &text): // before it came to the message
		e.Code = text.Code
	}
	return e
}

// compose builds the mail.
func compose(m Message) (*gomail.Msg, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	from, to, err := m.parties()
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(to...)
	if m.ReplyTo != "" {
		if err := msg.ReplyTo(m.ReplyTo); err != nil {
			return nil, fmt.Errorf("ReplyTo: %w: %w", ErrAddress, err)
		}
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.id(from))
	msg.SetDateWithValue(m.date())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: keeps holiday notices away
	if m.Text != "" || m.HTML == "" {
		msg.SetBodyString(gomail.TypeTextPlain, m.Text)
		if m.HTML != "" {
			msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
		}
	} else {
		msg.SetBodyString(gomail.TypeTextHTML, m.HTML)
	}
	for _, a := range m.Attachments {
		var opts []gomail.FileOption
		if a.ContentType != "" {
			opts = append(opts, gomail.WithFileContentType(gomail.ContentType(a.ContentType)))
		}
		msg.AttachReadSeeker(a.Name, bytes.NewReader(a.Content), opts...)
	}
	return msg, nil
}
