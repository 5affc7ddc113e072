// Package nodes runs two servers over one PostgreSQL and one data folder and wants them to behave as one.
package nodes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/duebook/duebook/internal/rail/ach/achread"
)

const (
	email    = "ana@acme.example"
	password = "orchard-lantern-42-quay"
)

// cluster is two nodes of one store.
type cluster struct {
	t        *testing.T
	bin, dir string
	db       string
	org, key string
	nodes    [2]string // base addresses
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	base := os.Getenv("TEST_POSTGRES_URL")
	if base == "" {
		t.Skip("several nodes share a PostgreSQL store: TEST_POSTGRES_URL names none")
	}
	c := &cluster{t: t, dir: t.TempDir(), bin: filepath.Join(t.TempDir(), "duebook")}
	if out, err := exec.Command("go", "build", "-o", c.bin, "github.com/duebook/duebook/cmd/duebook").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	c.db = database(t, base)
	var made struct{ OrgID, AppKey string }
	c.command(&made, "org", "create", "--sandbox", "--name", "Acme", "--admin-email", email, "--admin-password", password, "--api-access")
	c.command(&made, "appkey", "issue", "--app", "nodes", "--email", email)
	c.org, c.key = made.OrgID, made.AppKey
	for i := range c.nodes {
		c.nodes[i] = c.start()
	}
	return c
}

func database(t *testing.T, base string) string {
	t.Helper()
	ctx := context.Background()
	admin := func(statement string) error {
		conn, err := pgx.Connect(ctx, base)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, statement)
		return err
	}
	name := fmt.Sprintf("nodes_%d", os.Getpid())
	if err := admin("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func (c *cluster) args(a ...string) []string {
	return append(a, "--data", c.dir, "--db", c.db, "--json")
}

func (c *cluster) command(into any, a ...string) {
	c.t.Helper()
	cmd := exec.Command(c.bin, c.args(a...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("duebook %v: %v\n%s%s", a, err, out, stderr.String())
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(out, into); err != nil {
		c.t.Fatalf("duebook %v printed %q: %v", a, out, err)
	}
}

func (c *cluster) start() string {
	c.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	cmd := exec.Command(c.bin, c.args("serve", "--listen", addr)...)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			c.t.Errorf("node %s: %v\n%s", addr, err, log.String())
		}
		if strings.Contains(log.String(), "level=ERROR") {
			c.t.Errorf("node %s logged errors:\n%s", addr, log.String())
		}
	})
	for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		if resp, err := http.Get("http://" + addr + "/readyz"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return "http://" + addr
			}
		}
	}
	c.t.Fatalf("the node does not come up\n%s", log.String())
	return ""
}

// call posts a request document to a node.
func (c *cluster) call(node int, inner string) string {
	doc := `<request version="1.0" applicationkey="` + c.key + `">` + inner + `</request>`
	resp, err := http.PostForm(c.nodes[node]+"/crudApi", url.Values{"request": {doc}})
	if err != nil {
		c.t.Error(err)
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Error(err)
	}
	return string(body)
}

func between(s, a, b string) string {
	_, s, _ = strings.Cut(s, a)
	s, _, _ = strings.Cut(s, b)
	return s
}

func (c *cluster) login(node int) string {
	return between(c.call(node, `<login><username>`+email+`</username><password>`+password+`</password><orgID>`+c.org+`</orgID></login>`), "<sessionId>", "</sessionId>")
}

func op(session, operation string) string {
	return `<operation transactionId="x" sessionId="` + session + `">` + operation + `</operation>`
}

func (c *cluster) made(node int, session, operation string) string {
	c.t.Helper()
	s := c.call(node, op(session, operation))
	id := between(s, "<id>", "</id>")
	if id == "" {
		c.t.Fatalf("%s: %s", operation, s)
	}
	return id
}

func (c *cluster) post(node int, path, body string) {
	resp, err := http.Post(c.nodes[node]+path, "application/json", strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return
	}
	defer resp.Body.Close()
	if answer, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		c.t.Errorf("%s: %s %s", path, resp.Status, answer)
	}
}

func bill(vendor, number string) string {
	return `<create_bill><bill><vendorId>` + vendor + `</vendorId><invoiceNumber>` + number +
		`</invoiceNumber><invoiceDate>11/20/2026</invoiceDate><dueDate>12/20/2026</dueDate><amount>500.00</amount></bill></create_bill>`
}

func pay(billID string) string {
	return `<pay_bill><billId>` + billID + `</billId><amount>500.00</amount><processDate>11/24/2026</processDate></pay_bill>`
}

func TestTwoNodes(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.post(0, "/sandbox/clock", `{"now":"2026-11-23T17:00:00Z"}`)
	session := c.login(0)
	vendor := c.made(1, session, `<create_vendor><vendor><name>Harbor Tool Rental</name><address1>14 Dock Street</address1><addressCity>Seattle</addressCity><addressState>WA</addressState><addressZip>98101</addressZip></vendor></create_vendor>`)

	// A switch thrown by a command holds on both nodes at the next call, and comes back.
	for _, want := range []struct{ value, code string }{{"false", "BDCE001"}, {"true", ""}} {
		c.command(nil, "org", "set", c.org, "apiAccess="+want.value)
		for node := range c.nodes {
			s := c.call(node, op(session, `<get_org_detail></get_org_detail>`))
			if got := between(s, "<errorcode>", "</errorcode>"); got != want.code {
				t.Errorf("apiAccess=%s: node %d answers %q", want.value, node, got)
			}
		}
	}

	// So does the switch on the web of one node, for a session that the other has just served.
	browser := c.signIn(0)
	profile := url.Values{"name": {"Acme"}, "address1": {"1 Pier Road"}, "city": {"Oakland"}, "state": {"CA"}, "zip": {"94607"}, "country": {"US"}}
	for _, want := range []struct{ allow, code string }{{"no", "BDCE001"}, {"yes", ""}} {
		profile.Set("allowApiAccess", want.allow)
		c.page(browser, 0, "/settings/profile/edit", profile)
		if got := between(c.call(1, op(session, `<get_org_detail></get_org_detail>`)), "<errorcode>", "</errorcode>"); got != want.code {
			t.Errorf("Allow API Access %s on the web: the other node answers %q, want %q", want.allow, got, want.code)
		}
	}
	ending := c.login(0)
	if s := c.call(1, op(ending, `<get_org_detail></get_org_detail>`)); strings.Contains(s, "<errorcode>") {
		t.Errorf("a session of the other node: %s", s)
	}
	c.call(0, `<logout sessionId="`+ending+`"></logout>`)
	if got := between(c.call(1, op(ending, `<get_org_detail></get_org_detail>`)), "<errorcode>", "</errorcode>"); got != "BDCE015" {
		t.Errorf("a session that ended on the other node: %q, want BDCE015", got)
	}

	// E12 on two nodes: fifty users pay one bill at the same instant.
	contested := c.made(0, session, bill(vendor, "E12"))
	answers := map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			s := c.call(i%2, op(session, pay(contested)))
			mu.Lock()
			defer mu.Unlock()
			answers[between(s, "<errorcode>", "</errorcode>")]++
		})
	}
	wg.Wait()
	if answers[""] != 1 || answers["BDCE045"] != 49 {
		t.Errorf("E12: answers by code %v, want one success and 49 BDCE045", answers)
	}

	// Many payments; both nodes run what is due at once: each leaves once.
	const many = 30
	for i := range many {
		wg.Go(func() { c.made((i+1)%2, session, pay(c.made(i%2, session, bill(vendor, fmt.Sprint("N", i))))) })
	}
	wg.Wait()
	c.post(1, "/sandbox/clock", `{"now":"2026-12-03T17:00:00Z"}`)
	for node := range c.nodes {
		wg.Go(func() { c.post(node, "/sandbox/settle", "") })
	}
	wg.Wait()
	c.leftOnce(many + 1)

	// A poller on one node misses nothing that is written on the other.
	session = c.login(1)
	since := between(c.call(1, `<getcurrenttime sessionId="`+session+`"/>`), "<currentTime>", "</currentTime>")
	seen := map[string]bool{}
	stop := make(chan struct{})
	wg.Go(func() {
		for last := false; !last; {
			select {
			case <-stop:
				last = true // once more after the last write
			default:
			}
			now := between(c.call(1, `<getcurrenttime sessionId="`+session+`"/>`), "<currentTime>", "</currentTime>")
			s := c.call(1, op(session, `<get_list object="department"><filter><expression><field>updatedTime</field><operator>&gt;=</operator><value>`+
				since+`</value></expression></filter></get_list>`))
			for _, part := range strings.Split(s, "<department>")[1:] {
				seen[between(part, "<id>", "</id>")] = true
			}
			since = now
		}
	})
	var writers sync.WaitGroup
	written := make([][]string, 4)
	for w := range written {
		writers.Go(func() {
			for i := range 40 {
				written[w] = append(written[w], c.made(0, session, `<create_department><department><name>`+fmt.Sprint(w, "-", i)+`</name></department></create_department>`))
			}
		})
	}
	writers.Wait()
	close(stop)
	wg.Wait()
	for _, ids := range written {
		for _, id := range ids {
			if !seen[id] {
				t.Errorf("the poller missed %s", id)
			}
		}
	}

	var r struct{ Findings []any }
	c.command(&r, "verify")
	if len(r.Findings) > 0 {
		t.Errorf("verify: %+v", r.Findings)
	}
}

// signIn opens a browser's session on a node.
func (c *cluster) signIn(node int) *http.Client {
	c.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	c.page(browser, node, "/signin", url.Values{"email": {email}, "password": {password}})
	return browser
}

// page sends a form and wants to be sent on.
func (c *cluster) page(browser *http.Client, node int, path string, form url.Values) {
	c.t.Helper()
	resp, err := browser.PostForm(c.nodes[node]+path, form)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		c.t.Fatalf("POST %s: %s", path, resp.Status)
	}
}

// leftOnce wants that many checks announced to the bank, each once.
func (c *cluster) leftOnce(want int) {
	c.t.Helper()
	out := filepath.Join(c.dir, "bank", c.org, "out")
	files, err := os.ReadDir(out)
	if err != nil {
		c.t.Fatal(err)
	}
	seen, announced := map[string]bool{}, 0
	for _, e := range files {
		raw, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil {
			c.t.Fatal(err)
		}
		if strings.HasSuffix(e.Name(), ".ach") {
			if _, err := achread.Read(bytes.NewReader(raw), nil); err != nil {
				c.t.Errorf("%s: %v", e.Name(), err)
			}
			continue
		}
		announced++
		for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n")[1:] {
			serial := strings.Split(line, ",")[1]
			if seen[serial] {
				c.t.Errorf("check %s was announced twice", serial)
			}
			seen[serial] = true
		}
	}
	if len(seen) != want || announced != 1 {
		c.t.Errorf("%d checks left in %d runs, want %d in one", len(seen), announced, want)
	}
}
