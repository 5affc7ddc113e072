package secret

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestMasked(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"": "", "7": "****", "1234": "****", "51234": "****1234", "021000021": "****0021",
		"DE89370400440532013000": "****3000", "Nº 1234ß": "****234ß",
	} {
		m := Mask(number)
		if got := m.String(); got != want || m.Reveal() != number || m.IsZero() != (number == "") {
			t.Errorf("Mask(%q) = %q, want %q", number, got, want)
		}
		if m != Mask(number) || m == Mask(number+"0") {
			t.Errorf("Mask(%q): == is not equality", number)
		}
	}
}

// SEC-1: however it is printed, marshalled or stored, six digits of the number are never there.
func TestMaskedNeverLeaks(t *testing.T) {
	t.Parallel()
	type vendor struct {
		Name    string
		Account Masked
		Other   *Masked
		ByNo    map[Masked]int `xml:"-"`
		inside  Masked
	}
	number := Mask("998877661234")
	v := vendor{"Ana", number, &number, map[Masked]int{number: 1}, number}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%20s", "%T"} {
		fmt.Fprintf(&out, verb+"\n", number)
		fmt.Fprintf(&out, verb+"\n", v)
		fmt.Fprintf(&out, verb+"\n", []Masked{number})
	}
	fmt.Fprintln(&out, fmt.Errorf("account %v: %w", number, errors.ErrUnsupported))
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		b, err := marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b, []byte("****1234")) {
			t.Errorf("marshalled: %s", b)
		}
		out.Write(b)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("text", "account", number, "vendor", v)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "account", number, "vendor", v)
	for _, leak := range []string{"998877", "877661", fmt.Sprintf("%x", "998877"), fmt.Sprintf("%X", "998877")} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%s is in the output:\n%s", leak, out.String())
		}
	}
	if _, err := number.Value(); !errors.Is(err, ErrMasked) {
		t.Errorf("Value() = %v, want ErrMasked", err)
	}
	var back Masked
	if err := json.Unmarshal([]byte(`"998877661234"`), &back); err != nil || back != number {
		t.Errorf("from JSON: %v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`"****1234"`), &back); !errors.Is(err, ErrMasked) || back != number {
		t.Errorf("masked from JSON: %v, %v, want ErrMasked", back, err)
	}
}

func TestMaskAttr(t *testing.T) {
	t.Parallel()
	hidden := []string{"password", "sessionId", "session_id", "applicationkey", "ApplicationKey", "application-key", "taxId",
		"document", "token", "authorization", "Proxy-Authorization", "newPassword", "refresh_token", "cookie", "tin"}
	shown := []string{"document_id", "token_count", "session", "key", "vendor", "tax", "martin"}
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler {
			return slog.NewJSONHandler(b, &slog.HandlerOptions{ReplaceAttr: MaskAttr})
		},
		func(b *bytes.Buffer) slog.Handler {
			return slog.NewTextHandler(b, &slog.HandlerOptions{ReplaceAttr: MaskAttr})
		},
	} {
		for _, name := range hidden {
			var b bytes.Buffer
			log := slog.New(handler(&b))
			log.Info("T-20", name, "s3same", slog.Group("request", name, "s3same", slog.Group(name, "deep", "s3same")))
			log.With(name, "s3same").WithGroup(name).Info("T-20", "deep", "s3same", "bytes", []byte("s3same"))
			if strings.Contains(b.String(), "s3same") || strings.Contains(b.String(), "czNzYW1l") {
				t.Errorf("%s shown: %s", name, b.String())
			}
		}
		for _, name := range shown {
			var b bytes.Buffer
			slog.New(handler(&b)).Info("shown", name, "s3same")
			if !strings.Contains(b.String(), "s3same") {
				t.Errorf("%s hidden: %s", name, b.String())
			}
		}
	}
}
