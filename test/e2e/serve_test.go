package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestServe(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := sandbox(t, url)
		n := s.serve()
		session := n.login()
		n.made(session, createVendor)
		for _, x := range []struct{ path, want string }{
			{"/healthz", "ok\n"},
			{"/readyz", "ready\n"},
			{"/metrics", `duebook_call_seconds_count{door="xml1",status="2xx"} 2`},
			{"/metrics", "go_goroutines "},
			{"/signin", "<form"},
			{"/sandbox/clock", `{"now":"20`},
			{"/sandbox/mail", "[]"},
		} {
			if status, body := n.get(x.path); status != http.StatusOK || !strings.Contains(body, x.want) {
				t.Errorf("%s: %d, want %q in\n%.2000s", x.path, status, x.want, body)
			}
		}
		if _, body := n.get("/metrics"); strings.Contains(body, s.org) {
			t.Error("/metrics names an organisation")
		}
		for _, secret := range []string{password, s.key, session} {
			if strings.Contains(n.logged(), secret) {
				t.Errorf("the log shows %s", secret)
			}
		}
		s.ok("org", "set", s.org, "overdue=true") // beside the running server, at once (ORG-1)
		if got := code(n.call(operation(session, `<get_list object="vendor"></get_list>`))); got != "BDCE018" {
			t.Errorf("an overdue organisation: %q, want BDCE018", got)
		}
		if url == "" {
			s.refused([]string{"serve", "--listen", "127.0.0.1:0"}, "another server runs on this data folder")
		}
		n.stop()
		again := s.serve() // the lock went with the process
		if status, _ := again.get("/readyz"); status != http.StatusOK {
			t.Error("the store is not served again")
		}
	})
}

// A live store stays one: no clock to move, no mailbox, no --sandbox.
func TestLiveStore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := &store{t: t, dir: t.TempDir(), url: url}
		var org struct{ OrgID string }
		s.json(&org, "org", "create", "--name", "Acme", "--admin-email", email, "--admin-password", password)
		for _, args := range [][]string{
			{"serve", "--listen", "127.0.0.1:0", "--sandbox"},
			{"org", "list", "--sandbox"},
			{"org", "create", "--sandbox", "--name", "B", "--admin-email", email, "--admin-password", password},
		} {
			s.refused(args, "this is a live store")
		}
		in := filepath.Join(s.dir, "bank", org.OrgID, "in") // nothing is due, and yet it is looked into
		if err := os.MkdirAll(in, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(in, "torn.bai"), []byte("01,"), 0o600); err != nil {
			t.Fatal(err)
		}
		n := s.serve()
		for _, path := range []string{"/sandbox/clock", "/sandbox/mail", "/sandbox/settle"} {
			if status, _ := n.get(path); status == http.StatusOK {
				t.Errorf("a live store serves %s", path)
			}
		}
		resp, err := http.Post(n.base+"/sandbox/clock", "application/json", strings.NewReader(`{"now":"2030-01-01T00:00:00Z"}`))
		if err != nil || resp.StatusCode == http.StatusOK {
			t.Errorf("a live store's clock was moved: %v", err)
		}
		_ = resp.Body.Close()
		for begin := time.Now(); !strings.Contains(n.logged(), "file of the bank refused"); time.Sleep(20 * time.Millisecond) {
			if time.Since(begin) > 10*time.Second {
				t.Fatalf("what the bank sent is not taken in\n%s", n.logged())
			}
		}
	})
}

// Told to stop, a server finishes the call it is in, takes no other, and exits with 0.
func TestStopDrains(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "")
	n := s.serve()
	body := url.Values{"request": {s.request(s.loginRequest())}}.Encode()
	addr := strings.TrimPrefix(n.base, "http://")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	// The server asks for the body once it is in the call: then it is told to stop.
	fmt.Fprintf(conn, "POST /crudApi HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", addr, len(body))
	r := bufio.NewReader(conn)
	if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := n.proc.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		_ = c.Close()
		if time.Since(begin) > 5*time.Second {
			t.Fatal("a stopping server takes new connections")
		}
	}
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(answer), "<sessionId>") {
		t.Errorf("the call under way: %s %v", answer, err)
	}
	n.stop()
	s.clean()
}

// The organisation whose files cannot be written rests; the others go on, and it catches up once that is mended.
func TestOneOrganisationFails(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "")
	var made struct{ OrgID string }
	s.json(&made, "org", "create", "--name", "Before Acme", "--admin-email", email, "--admin-password", password, "--api-access")
	other := *s
	other.org = made.OrgID
	n := s.serve()
	n.post("/sandbox/clock", `{"now":"2026-11-23T17:00:00Z"}`)
	for _, x := range []*store{s, &other} {
		session := (&node{store: x, base: n.base}).login()
		n.made(session, payBill(n.made(session, createBill(n.made(session, createVendor), "INV-1"))))
	}
	out := func(x *store) string { return filepath.Join(x.dir, "bank", x.org, "out") }
	if err := os.MkdirAll(filepath.Dir(out(&other)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out(&other), nil, 0o600); err != nil { // where the folder should be
		t.Fatal(err)
	}
	n.post("/sandbox/clock", `{"now":"2026-12-07T17:00:00Z"}`)
	resp, err := http.Post(n.base+"/sandbox/settle", "", nil)
	if err != nil || resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("settle with an organisation that cannot go on: %v", err)
	}
	_ = resp.Body.Close()
	log := n.forgive()
	for end := time.Now().Add(5 * time.Second); !strings.Contains(log, other.org) && time.Now().Before(end); log += n.forgive() {
		time.Sleep(10 * time.Millisecond) // the log comes through a pipe, behind the answer
	}
	if !strings.Contains(log, other.org) {
		t.Errorf("the log does not say whose work failed:\n%s", log)
	}
	left := func(x *store) string {
		node := &node{store: x, base: n.base}
		return between(node.call(operation(node.login(), `<get_list object="bill"></get_list>`)), "<paymentStatus>", "<")
	}
	if status := left(s); status != "0" {
		t.Errorf("the bill of the other organisation has status %s", status)
	}
	if err := os.Remove(out(&other)); err != nil {
		t.Fatal(err)
	}
	n.post("/sandbox/settle", "")
	for _, x := range []*store{s, &other} {
		files, err := os.ReadDir(out(x))
		if err != nil || len(files) != 1 || left(x) != "0" {
			t.Errorf("%s: %d files left (%v)", x.org, len(files), err)
		}
	}
	n.stop()
	s.clean()
}
