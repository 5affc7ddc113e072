package bankhost_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bankhost"
	"github.com/duebook/duebook/internal/bankhost/hosttest"
)

var ctx = context.Background()

// XO-2: a file is staged and then placed, whole; the host tells at each step what it has.
func TestXO2_StageAndPlace(t *testing.T) {
	t.Parallel()
	b := hosttest.Start(t)
	h, err := bankhost.Dial(ctx, b.Settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	looks := func(placed, staged int64) {
		t.Helper()
		if s, err := h.Look("a.ach"); err != nil || s != (bankhost.State{Placed: placed, Staged: staged}) {
			t.Errorf("found %+v, %v", s, err)
		}
	}
	looks(-1, -1)
	content := bytes.Repeat([]byte("0123456789"), 100_000) // more than one packet
	for _, c := range [][]byte{append(content, "more"...), content} {
		if err := h.Stage("a.ach", c); err != nil {
			t.Fatal(err)
		}
		looks(-1, int64(len(c)))
	}
	if err := h.Place("a.ach"); err != nil {
		t.Fatal(err)
	}
	looks(int64(len(content)), -1)
	if there, err := os.ReadFile(filepath.Join(b.Out, "a.ach")); err != nil || !bytes.Equal(there, content) {
		t.Errorf("the bank has %d bytes, %v", len(there), err)
	}
	if err := h.Stage("a.ach", []byte("other")); err != nil {
		t.Fatal(err)
	}
	if err := h.Place("a.ach"); err == nil {
		t.Error("a file was replaced")
	}
	looks(int64(len(content)), 5)
}

func TestInbox(t *testing.T) {
	t.Parallel()
	b := hosttest.Start(t)
	for name, text := range map[string]string{"b.ach": "two", "a.bai": "one", ".hidden": "x"} {
		if err := os.WriteFile(filepath.Join(b.In, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(b.In, "old"), 0o700); err != nil {
		t.Fatal(err)
	}
	h, err := bankhost.Dial(ctx, b.Settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	all, err := h.List()
	if err != nil || len(all) != 2 || all[0].Name != "a.bai" || all[1].Name != "b.ach" {
		t.Fatalf("listed %+v, %v", all, err)
	}
	if got, err := h.Read(all[0]); err != nil || string(got) != "one" {
		t.Errorf("read %q, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(b.In, "a.bai"), []byte("one and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Read(all[0]); err == nil {
		t.Errorf("a file that grows was read: %q", got)
	}
	if err := os.Remove(filepath.Join(b.In, "b.ach")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Read(all[1]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
}

// A host with another key than the pinned one learns nothing, and neither does whoever holds another key of ours.
func TestRefused(t *testing.T) {
	t.Parallel()
	b := hosttest.Start(t)
	other, otherLine, err := bankhost.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		set  func(*bankhost.Settings)
		want string
	}{
		{"another host key", func(s *bankhost.Settings) { s.HostKey = otherLine }, "host key mismatch"},
		{"another key of ours", func(s *bankhost.Settings) { s.Key = other }, "unable to authenticate"},
		{"no key", func(s *bankhost.Settings) { s.Key = []byte("secret words") }, "our private key cannot be read"},
		{"no host", func(s *bankhost.Settings) { s.Address = "127.0.0.1:1" }, "reach the bank's host"},
		{"no port", func(s *bankhost.Settings) { s.Address = "bank.example" }, "not host:port"},
		{"no user", func(s *bankhost.Settings) { s.User = "" }, "user name is missing"},
		{"two host keys", func(s *bankhost.Settings) { s.HostKey += "\n" + otherLine }, "key of the host"},
		{"one folder", func(s *bankhost.Settings) { s.Inbox = s.Outbox + "/" }, "or the same"},
	} {
		s := b.Settings
		c.set(&s)
		h, err := bankhost.Dial(ctx, s)
		if err == nil {
			_ = h.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret words") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	h, err := bankhost.Dial(ctx, b.Settings)
	if err != nil {
		t.Fatal(err)
	}
	b.Shut()
	if err := h.Stage("a.ach", []byte("x")); err == nil {
		t.Error("a file was staged on a host that is gone")
	}
	_ = h.Close()
	b.Open()
	if h, err = bankhost.Dial(ctx, b.Settings); err != nil {
		t.Fatal(err)
	}
	_ = h.Close()
}
