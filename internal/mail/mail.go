// Package mail sends messages through an SMTP server and says what kept one from going out: the message, the server
// for now, or the server for good.
package mail

import (
	"crypto/rand"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/clock"
)

// Message is one mail. Every recipient sees all of them; who must not know of the others gets a message of his own.
type Message struct {
	From    string   // an address, also with a name: "Northwind <ap@northwind.example>"
	To      []string // of the same form, at least one
	ReplyTo string   // of the same form; empty: answers go to From
	Subject string
	Text    string
	HTML    string // empty: the mail is text only

	Attachments []Attachment

	// MessageID is the part between the angle brackets, "x@y". Set it, and repeat it with each try: when a connection
	// breaks after the server took the message, this tells the copies are one. Empty: a random one.
	MessageID string
	Date      time.Time // zero: the machine's time
}

// Attachment is a file that goes with a message.
type Attachment struct {
	Name        string // a file name without folders
	ContentType string // empty: by the name's ending
	Content     []byte
}

// ErrAddress is a text that does not look like an e-mail address; errors.Is finds it, the text says why.
var ErrAddress = errors.New("not an e-mail address")

// ErrNoRecipient is a message to nobody.
var ErrNoRecipient = errors.New("mail has no recipient")

// HeaderError is a field of a message with a line break or another character that could end a header and begin
// another. The message was not sent.
type HeaderError struct {
	Field string // of Message: "Subject"
}

// Error names the field.
func (e *HeaderError) Error() string {
	return "mail: " + e.Field + " contains a line break or another character that no header has"
}

// Address says whether s looks like an e-mail address: local part, @, and a domain of two labels or more. It fails with
// ErrAddress. It does not accept names before the address, quoted local parts, numeric addresses of hosts, or more than
// 254 bytes; letters beyond ASCII are letters (RFC 6531). Whether mail arrives there is another matter.
//
// Source: RFC 5321, sections 4.1.2 and 4.5.3.1; the dot in the domain is ours.
func Address(s string) error {
	local, domain, found := strings.Cut(s, "@")
	labels := strings.Split(domain, ".")
	switch {
	case s == "":
		return fmt.Errorf("%w: empty", ErrAddress)
	case !utf8.ValidString(s):
		return fmt.Errorf("%w: not text", ErrAddress)
	case len(s) > 254:
		return fmt.Errorf("%w: longer than 254 bytes", ErrAddress)
	case !found:
		return fmt.Errorf("%w: no @", ErrAddress)
	case strings.Contains(domain, "@"):
		return fmt.Errorf("%w: more than one @", ErrAddress)
	case local == "" || len(local) > 64:
		return fmt.Errorf("%w: before the @ are %d bytes, want 1 to 64", ErrAddress, len(local))
	case strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, ".."):
		return fmt.Errorf("%w: a dot at the start or end, or two in a row", ErrAddress)
	case strings.ContainsFunc(local, func(r rune) bool { return !letterOrDigit(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r) }):
		return fmt.Errorf("%w: a character that cannot be before the @", ErrAddress)
	case len(labels) < 2:
		return fmt.Errorf("%w: no dot in the domain", ErrAddress)
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			strings.ContainsFunc(label, func(r rune) bool { return !letterOrDigit(r) && r != '-' }) {
			return fmt.Errorf("%w: the domain is malformed", ErrAddress)
		}
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return fmt.Errorf("%w: the domain ends in a number", ErrAddress)
	}
	return nil
}

func letterOrDigit(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) ||
		r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r))
}

// Check says whether m can be sent. It fails with a *HeaderError, ErrAddress or ErrNoRecipient, which another try does
// not mend.
func (m Message) Check() error {
	_, _, err := m.parties()
	if err != nil {
		return err
	}
	if m.ReplyTo != "" {
		if _, err := party("ReplyTo", m.ReplyTo); err != nil {
			return err
		}
	}
	headers := map[string]string{"Subject": m.Subject, "MessageID": m.MessageID}
	for _, a := range m.Attachments {
		headers["Attachments"] += a.Name + a.ContentType
	}
	for field, value := range headers {
		if unsafe(value) {
			return &HeaderError{field}
		}
	}
	if strings.ContainsAny(m.MessageID, "<> ") {
		return &HeaderError{"MessageID"}
	}
	return nil
}

// parties reads the sender and the recipients.
func (m Message) parties() (from *netmail.Address, to []*netmail.Address, err error) {
	if from, err = party("From", m.From); err != nil {
		return nil, nil, err
	}
	if len(m.To) == 0 {
		return nil, nil, ErrNoRecipient
	}
	for _, s := range m.To {
		a, err := party("To", s)
		if err != nil {
			return nil, nil, err
		}
		to = append(to, a)
	}
	return from, to, nil
}

func party(field, s string) (*netmail.Address, error) {
	if unsafe(s) {
		return nil, &HeaderError{field}
	}
	a, err := netmail.ParseAddress(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", field, ErrAddress, err)
	}
	if unsafe(a.Name) { // encoded words may hold what the text does not
		return nil, &HeaderError{field}
	}
	if err := Address(a.Address); err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return a, nil
}

// unsafe reports characters that have no business in a header: controls, line and paragraph separators, invalid text.
func unsafe(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// id is the message's id, or a random one in the sender's domain.
func (m Message) id(from *netmail.Address) string {
	if m.MessageID != "" {
		return m.MessageID
	}
	return rand.Text() + from.Address[strings.LastIndexByte(from.Address, '@'):]
}

func (m Message) date() time.Time {
	if m.Date.IsZero() {
		return clock.System{}.Now()
	}
	return m.Date
}
