package mail

import (
	"errors"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	good := []string{
		"ap@northwind.example", "a@b.co", "ana.zuniga+bills@pay.northwind.example", "o'brien@x-y.example", "x_1@1and1.com",
		"kasse@müller.example", "用户@例え.jp", strings.Repeat("l", 64) + "@" + strings.Repeat("d", 63) + ".example",
		"a@xn--mller-kva.example", "user%relay@host.example",
	}
	for _, s := range good {
		if err := Address(s); err != nil {
			t.Errorf("Address(%q) = %v", s, err)
		}
	}
	bad := []string{
		"", "ana", "@", "ana@", "@northwind.example", "ana@northwind", "ana@@northwind.example", "a@b@c.example",
		"ana zuniga@northwind.example", "ana@north wind.example", " ana@northwind.example", "ana@northwind.example ",
		"ana@northwind.example\n", "ana@northwind.example\r\nBcc: x@y.example", "ana@northwind.example\x00",
		"Ana <ana@northwind.example>", "<ana@northwind.example>", "ana@northwind.example, bo@northwind.example",
		".ana@northwind.example", "ana.@northwind.example", "an..a@northwind.example", "ana@northwind..example",
		"ana@.example", "ana@northwind.", "ana@-northwind.example", "ana@northwind-.example", "ana@[192.0.2.1]",
		"ana@192.0.2.1", `"ana"@northwind.example`, "ana(comment)@northwind.example", "ana\xff@northwind.example",
		"a\u200bna@northwind.example", "mailto:ana@northwind.example", "http://northwind.example",
		strings.Repeat("l", 65) + "@northwind.example", "ana@" + strings.Repeat("d", 64) + ".example",
		"ana@" + strings.Repeat("dddd.", 50) + "example",
	}
	for _, s := range bad {
		if err := Address(s); !errors.Is(err, ErrAddress) {
			t.Errorf("Address(%q) = %v, want ErrAddress", s, err)
		}
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("ap@northwind.example")
	f.Add("ana@northwind.example\r\nBcc: x@y.example")
	f.Fuzz(func(t *testing.T, s string) {
		if Address(s) != nil {
			return
		}
		if unsafe(s) || strings.ContainsAny(s, " <>,;:\"()[]\\") || strings.Count(s, "@") != 1 {
			t.Errorf("Address(%q) = nil", s)
		}
		if err := (Message{From: s, To: []string{s}}).Check(); err != nil {
			t.Errorf("Check of an accepted address %q = %v", s, err)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	message := func(change func(*Message)) Message {
		m := Message{From: "Northwind <ap@northwind.example>", To: []string{"ana@vendor.example"}, Subject: "Paid"}
		change(&m)
		return m
	}
	tests := []struct {
		name  string
		m     Message
		field string // of a HeaderError
		want  error
	}{
		{"fine", message(func(*Message) {}), "", nil},
		{"name beyond ASCII", message(func(m *Message) { m.From = "Müller & Söhne <ap@northwind.example>" }), "", nil},
		{"the same quoted", message(func(m *Message) { m.From = `"Müller & Söhne" <ap@northwind.example>` }), "", nil},
		{"no recipient", message(func(m *Message) { m.To = nil }), "", ErrNoRecipient},
		{"no sender", message(func(m *Message) { m.From = "" }), "", ErrAddress},
		{"one bad recipient", message(func(m *Message) { m.To = append(m.To, "bo") }), "", ErrAddress},
		{"two in one", message(func(m *Message) { m.To = []string{"a@x.example, b@x.example"} }), "", ErrAddress},
		{"second header in Subject", message(func(m *Message) { m.Subject = "Paid\r\nBcc: all@x.example" }), "Subject", nil},
		{"bare line feed", message(func(m *Message) { m.Subject = "Paid\nBcc: all@x.example" }), "Subject", nil},
		{"bare carriage return", message(func(m *Message) { m.Subject = "Paid\rBcc: all@x.example" }), "Subject", nil},
		{"next line", message(func(m *Message) { m.Subject = "Paid\u0085x" }), "Subject", nil},
		{"NUL", message(func(m *Message) { m.Subject = "Paid\x00" }), "Subject", nil},
		{"no text", message(func(m *Message) { m.Subject = "\xff" }), "Subject", nil},
		{"in From", message(func(m *Message) { m.From += "\r\nBcc: all@x.example" }), "From", nil},
		{"in the name, encoded", message(func(m *Message) { m.From = "=?utf-8?q?a=0D=0ABcc?= <ap@northwind.example>" }), "From", nil},
		{"in To", message(func(m *Message) { m.To[0] += "\nBcc: all@x.example" }), "To", nil},
		{"in MessageID", message(func(m *Message) { m.MessageID = "a@b>\r\nBcc: all@x.example" }), "MessageID", nil},
		{"bracket in MessageID", message(func(m *Message) { m.MessageID = "<a@b>" }), "MessageID", nil},
		{"in a file name", message(func(m *Message) { m.Attachments = []Attachment{{Name: "a\r\nX: y"}} }), "Attachments", nil},
		{"in a content type", message(func(m *Message) {
			m.Attachments = []Attachment{{Name: "a", ContentType: "text/plain\r\nX: y"}}
		}), "Attachments", nil},
	}
	for _, tt := range tests {
		err := tt.m.Check()
		var header *HeaderError
		switch {
		case tt.want != nil:
			if !errors.Is(err, tt.want) {
				t.Errorf("%s: Check = %v, want %v", tt.name, err, tt.want)
			}
		case tt.field != "":
			if !errors.As(err, &header) || header.Field != tt.field {
				t.Errorf("%s: Check = %v, want a HeaderError in %s", tt.name, err, tt.field)
			}
		case err != nil:
			t.Errorf("%s: Check = %v", tt.name, err)
		}
		if Temporary(err) {
			t.Errorf("%s: a fault of the message is not temporary", tt.name)
		}
	}
}
