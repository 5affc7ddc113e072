// Package e2e meets the program as its users do: the commands of the documentation and of the contract, a server that
// is started and stopped, a backup that is restored, a store that somebody has damaged.
package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// duebook is the program under test, built once.
var duebook string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "duebook-e2e-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		duebook = filepath.Join(dir, "duebook")
		if out, err := exec.Command("go", "build", "-o", duebook, "github.com/duebook/duebook/cmd/duebook").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

const (
	email    = "ana@acme.example"
	password = "orchard-lantern-42-quay"
)

// store is a store and the commands on it.
type store struct {
	t        *testing.T
	dir, url string // url is empty for SQLite
	org, key string
	env      []string // of the commands; nil for the test's own
	program  string   // empty: duebook
}

// each runs fn on SQLite and, where TEST_POSTGRES_URL names a server, on PostgreSQL.
func each(t *testing.T, fn func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, "")
	})
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			fn(t, database(t))
		})
	}
}

var databases atomic.Int64

// database makes an empty database.
func database(t *testing.T) string {
	t.Helper()
	base, ctx := os.Getenv("TEST_POSTGRES_URL"), context.Background()
	admin := func(statement string) error {
		c, err := pgx.Connect(ctx, base)
		if err != nil {
			return err
		}
		defer c.Close(ctx)
		_, err = c.Exec(ctx, statement)
		return err
	}
	name := fmt.Sprintf("e2e_%d_%d", os.Getpid(), databases.Add(1))
	if err := admin("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// sandbox makes a sandbox with an organisation that its administrator reaches by API, on Monday 23 November 2026, 09:00
// Pacific once it is served.
func sandbox(t *testing.T, url string) *store {
	t.Helper()
	s := &store{t: t, dir: t.TempDir(), url: url}
	s.found()
	return s
}

// found makes the organisation of a sandbox.
func (s *store) found() {
	s.t.Helper()
	var made struct{ OrgID, AppKey string }
	s.json(&made, "org", "create", "--sandbox", "--name", "Acme", "--admin-email", email, "--admin-password", password, "--api-access")
	s.json(&made, "appkey", "issue", "--app", "e2e", "--email", email)
	s.org, s.key = made.OrgID, made.AppKey
}

// command is one call of the program on the store.
func (s *store) command(args ...string) *exec.Cmd {
	args = append(args, "--data", s.dir)
	if s.url != "" {
		args = append(args, "--db", s.url)
	}
	cmd := exec.Command(cmp.Or(s.program, duebook), args...)
	cmd.Env = s.env
	return cmd
}

// run runs a command and gives what it printed on both outputs and its exit code.
func (s *store) run(args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	cmd := s.command(args...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if e := cmd.Run(); e != nil {
		var exit *exec.ExitError
		if !errors.As(e, &exit) {
			s.t.Fatalf("duebook %v: %v", args, e)
		}
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// ok runs a command that must succeed.
func (s *store) ok(args ...string) string {
	s.t.Helper()
	out, stderr, code := s.run(args...)
	if code != 0 {
		s.t.Fatalf("duebook %v: exit code %d\n%s%s", args, code, out, stderr)
	}
	return out
}

// json runs a command that must succeed with --json and reads what it prints: one JSON value.
func (s *store) json(into any, args ...string) {
	s.t.Helper()
	out := s.ok(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		s.t.Fatalf("duebook %v --json printed %q: %v", args, out, err)
	}
}

// refused runs a command that must fail with exit code 1 and say why in those words.
func (s *store) refused(args []string, words ...string) {
	s.t.Helper()
	out, stderr, code := s.run(args...)
	if code != 1 {
		s.t.Errorf("duebook %v: exit code %d\n%s%s", args, code, out, stderr)
	}
	for _, w := range words {
		if !strings.Contains(stderr, w) {
			s.t.Errorf("duebook %v says %q, want %q in it", args, stderr, w)
		}
	}
}

// clean wants a store without findings.
func (s *store) clean() {
	s.t.Helper()
	var r struct{ Findings []any }
	s.json(&r, "verify")
	if len(r.Findings) > 0 {
		s.t.Errorf("verify: %+v", r.Findings)
	}
}

// node is a server on a store.
type node struct {
	*store
	base string
	proc *exec.Cmd

	mu    sync.Mutex
	log   bytes.Buffer
	ended chan struct{} // the log is complete
}

// serve starts a server on a free port and waits until it serves. Unless the test stops it, it is stopped at the end.
func (s *store) serve(args ...string) *node {
	s.t.Helper()
	n := &node{store: s, proc: s.command(append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...), ended: make(chan struct{})}
	stderr, err := n.proc.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := n.proc.Start(); err != nil {
		s.t.Fatal(err)
	}
	address := make(chan string, 1)
	go func() {
		defer close(n.ended)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			n.mu.Lock()
			n.log.WriteString(lines.Text() + "\n")
			n.mu.Unlock()
			if strings.Contains(lines.Text(), "msg=serving") {
				address <- between(lines.Text(), "address=", " ")
			}
		}
	}()
	s.t.Cleanup(func() { n.stop() })
	select {
	case n.base = <-address:
	case <-n.ended:
		s.t.Fatalf("the server ended\n%s", n.logged())
	case <-time.After(30 * time.Second):
		s.t.Fatalf("the server does not come up\n%s", n.logged())
	}
	return n
}

func (n *node) logged() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.String()
}

// forgive empties the log and gives what stood there, errors the test has caused.
func (n *node) forgive() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	log := n.log.String()
	n.log.Reset()
	return log
}

// stop ends the server with SIGTERM: it exits with 0 and has logged no error.
func (n *node) stop() {
	n.t.Helper()
	if n.proc.ProcessState != nil {
		return
	}
	if err := n.proc.Process.Signal(syscall.SIGTERM); err != nil {
		n.t.Error(err)
	}
	<-n.ended
	if err := n.proc.Wait(); err != nil || strings.Contains(n.logged(), "level=ERROR") {
		n.t.Errorf("the server: %v\n%s", err, n.logged())
	}
}

// get fetches a page.
func (n *node) get(path string) (status int, body string) {
	n.t.Helper()
	resp, err := http.Get(n.base + path)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// post sends a body to one of the sandbox's own addresses.
func (n *node) post(path, body string) {
	n.t.Helper()
	resp, err := http.Post(n.base+path, "application/json", strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		n.t.Fatalf("POST %s: %s %s %v", path, resp.Status, answer, err)
	}
}

// at moves the clock and runs what is due.
func (n *node) at(instant string) {
	n.t.Helper()
	n.post("/sandbox/clock", `{"now":"`+instant+`"}`)
	n.post("/sandbox/settle", "")
}

// request is a request document of generation 1.
func (s *store) request(inner string) string {
	return `<request version="1.0" applicationkey="` + s.key + `">` + inner + `</request>`
}

// call posts a request document and gives the answer.
func (n *node) call(inner string) string {
	resp, err := http.PostForm(n.base+"/crudApi", url.Values{"request": {n.request(inner)}})
	if err != nil {
		n.t.Error(err)
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Error(err)
	}
	return string(body)
}

func (s *store) loginRequest() string {
	return `<login><username>` + email + `</username><password>` + password + `</password><orgID>` + s.org + `</orgID></login>`
}

func (n *node) login() string {
	n.t.Helper()
	answer := n.call(n.loginRequest())
	session := between(answer, "<sessionId>", "</sessionId>")
	if session == "" {
		n.t.Fatalf("login: %s", answer)
	}
	return session
}

func operation(session, inner string) string {
	return `<operation transactionId="x" sessionId="` + session + `">` + inner + `</operation>`
}

// made runs an operation that must succeed and gives the id of its result.
func (n *node) made(session, inner string) string {
	n.t.Helper()
	answer := n.call(operation(session, inner))
	id := between(answer, "<id>", "</id>")
	if id == "" || code(answer) != "" {
		n.t.Errorf("%.300s answers %s", inner, answer)
	}
	return id
}

// code is the error code of an answer, empty if it is none.
func code(answer string) string { return between(answer, "<errorcode>", "</errorcode>") }

func between(s, a, b string) string {
	_, s, found := strings.Cut(s, a)
	if !found {
		return ""
	}
	s, _, _ = strings.Cut(s, b)
	return s
}

const createVendor = `<create_vendor><vendor><name>Harbor Tool Rental</name><address1>14 Dock Street</address1><addressCity>Seattle</addressCity><addressState>WA</addressState><addressZip>98101</addressZip></vendor></create_vendor>`

func createBill(vendor, number string) string {
	return `<create_bill><bill><vendorId>` + vendor + `</vendorId><invoiceNumber>` + number +
		`</invoiceNumber><invoiceDate>11/20/2026</invoiceDate><dueDate>12/20/2026</dueDate><amount>500.00</amount></bill></create_bill>`
}

func payBill(bill string) string {
	return `<pay_bill><billId>` + bill + `</billId><amount>500.00</amount><processDate>11/24/2026</processDate></pay_bill>`
}
