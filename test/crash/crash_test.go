// Package crash kills a running server at random moments and looks at what is left: nothing that was answered is
// lost, nothing is paid twice, every invariant holds.
package crash

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/ach/achread"
)

// rounds of killing in make test, and in make soak; KILLS sets another number.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("KILLS")); err == nil {
		return n
	}
	if os.Getenv("SOAK") != "" {
		return 1000
	}
	return 10
}

func TestKill(t *testing.T) {
	t.Parallel()
	bin := filepath.Join(t.TempDir(), "duebook")
	if out, err := exec.Command("go", "build", "-o", bin, "github.com/duebook/duebook/cmd/duebook").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		newVictim(t, bin, "").torment(rounds())
	})
	if base := os.Getenv("TEST_POSTGRES_URL"); base != "" {
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			newVictim(t, bin, database(t, base)).torment(rounds())
		})
	}
}

// database makes an empty database for the test.
func database(t *testing.T, base string) string {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, base)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	name := fmt.Sprintf("crash_%d", os.Getpid())
	if _, err := c.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c, err := pgx.Connect(ctx, base); err == nil {
			_, _ = c.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
			_ = c.Close(ctx)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

const (
	email    = "ana@acme.example"
	password = "orchard-lantern-42-quay"
)

// victim is a store whose server is killed.
type victim struct {
	t        *testing.T
	bin      string
	args     []string
	dir      string
	org, key string
	addr     string
	proc     *exec.Cmd
	log      bytes.Buffer
	seed     uint64
	rnd      *rand.Rand

	mu       sync.Mutex
	bills    map[string]bool // ids that were answered
	payments map[string]bool
	unsure   int // calls that were cut off
}

func newVictim(t *testing.T, bin, dbURL string) *victim {
	t.Helper()
	v := &victim{t: t, bin: bin, dir: t.TempDir(), bills: map[string]bool{}, payments: map[string]bool{}, seed: uint64(time.Now().UnixNano())}
	t.Logf("seed %d", v.seed)
	v.rnd = rand.New(rand.NewPCG(v.seed, 1))
	v.args = []string{"--data", v.dir, "--json"}
	if dbURL != "" {
		v.args = append(v.args, "--db", dbURL)
	}
	var made struct{ OrgID, AppKey string }
	v.command(&made, "org", "create", "--sandbox", "--name", "Acme", "--admin-email", email, "--admin-password", password, "--api-access")
	v.command(&made, "appkey", "issue", "--app", "crash", "--email", email)
	v.org, v.key = made.OrgID, made.AppKey
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v.addr = l.Addr().String()
	_ = l.Close()
	return v
}

// command runs the program and reads what it prints.
func (v *victim) command(into any, args ...string) {
	v.t.Helper()
	cmd := exec.Command(v.bin, append(args, v.args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		v.t.Fatalf("duebook %v: %v\n%s%s\nserver log:\n%s", args, err, out, stderr.String(), tail(v.log.String()))
	}
	if err := json.Unmarshal(out, into); err != nil {
		v.t.Fatalf("duebook %v printed %q: %v", args, out, err)
	}
}

func tail(s string) string {
	if len(s) > 4000 {
		return s[len(s)-4000:]
	}
	return s
}

func (v *victim) start() {
	v.t.Helper()
	v.log.Reset()
	v.proc = exec.Command(v.bin, append([]string{"serve", "--listen", v.addr}, v.args...)...)
	v.proc.Stderr = &v.log
	if err := v.proc.Start(); err != nil {
		v.t.Fatal(err)
	}
	for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		if resp, err := http.Get("http://" + v.addr + "/readyz"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
	}
	v.t.Fatalf("the server does not come up\n%s", v.log.String())
}

func (v *victim) kill() {
	_ = v.proc.Process.Signal(syscall.SIGKILL)
	_ = v.proc.Wait()
}

// call posts a request document; ok is false when the connection broke.
func (v *victim) call(inner string) (answer string, ok bool) {
	doc := `<request version="1.0" applicationkey="` + v.key + `">` + inner + `</request>`
	resp, err := http.PostForm("http://"+v.addr+"/crudApi", url.Values{"request": {doc}})
	if err != nil {
		return "", false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err == nil && strings.HasSuffix(string(body), "</response>")
}

func between(s, a, b string) string {
	_, s, _ = strings.Cut(s, a)
	s, _, _ = strings.Cut(s, b)
	return s
}

func (v *victim) login() string {
	s, _ := v.call(`<login><username>` + email + `</username><password>` + password + `</password><orgID>` + v.org + `</orgID></login>`)
	return between(s, "<sessionId>", "</sessionId>")
}

// torment kills the server n times while bills are created and paid and the clock moves on.
func (v *victim) torment(n int) {
	v.t.Helper()
	v.start()
	session := v.login()
	s, _ := v.call(op(session, `<create_vendor><vendor><name>Harbor Tool Rental</name><address1>14 Dock Street</address1><addressCity>Seattle</addressCity><addressState>WA</addressState><addressZip>98101</addressZip></vendor></create_vendor>`))
	vendor := between(s, "<id>", "</id>")
	if vendor == "" {
		v.t.Fatalf("no vendor: %s", s)
	}
	for round := range n {
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for w := range 3 {
			wg.Go(func() { v.work(stop, vendor, fmt.Sprintf("%d-%d", round, w)) })
		}
		wg.Go(func() { v.time(stop) })
		time.Sleep(time.Duration(150+v.rnd.IntN(600)) * time.Millisecond)
		v.kill()
		close(stop)
		wg.Wait()
		v.verify(round)
		v.start()
		v.nothingLost(round)
	}
	v.settleAll()
	v.kill()
	v.verify(n)
	v.onceOnly()
	v.t.Logf("%d kills, %d bills and %d payments answered, %d calls cut off", n, len(v.bills), len(v.payments), v.unsure)
	if len(v.payments) == 0 {
		v.t.Error("no payment was ever answered: the test proved nothing")
	}
}

func op(session, operation string) string {
	return `<operation transactionId="x" sessionId="` + session + `">` + operation + `</operation>`
}

// work creates bills and pays them until the server is gone.
func (v *victim) work(stop chan struct{}, vendor, name string) {
	session := v.login()
	for i := 0; session != ""; i++ {
		select {
		case <-stop:
			return
		default:
		}
		s, ok := v.call(op(session, `<create_bill><bill><vendorId>`+vendor+`</vendorId><invoiceNumber>`+fmt.Sprintf("%s-%d", name, i)+
			`</invoiceNumber><invoiceDate>11/20/2026</invoiceDate><dueDate>12/20/2026</dueDate><amount>12.50</amount></bill></create_bill>`))
		bill := between(s, "<id>", "</id>")
		if !ok || bill == "" {
			v.cutOff()
			return
		}
		v.answered(v.bills, bill)
		now, ok := v.now()
		if !ok {
			return
		}
		date := civil.Calendar{}.EarliestProcessDate(now)
		s, ok = v.call(op(session, `<pay_bill><billId>`+bill+`</billId><amount>12.50</amount><processDate>`+
			date.At(0, 0, time.UTC).Format("01/02/2006")+`</processDate></pay_bill>`))
		if !ok {
			v.cutOff()
			return
		}
		if id := between(s, "<id>", "</id>"); id != "" {
			v.answered(v.payments, id)
		}
	}
}

func (v *victim) answered(to map[string]bool, id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	to[id] = true
}

func (v *victim) cutOff() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.unsure++
}

func (v *victim) now() (time.Time, bool) {
	resp, err := http.Get("http://" + v.addr + "/sandbox/clock")
	if err != nil {
		return time.Time{}, false
	}
	defer resp.Body.Close()
	var b struct{ Now time.Time }
	err = json.NewDecoder(resp.Body).Decode(&b)
	return b.Now, err == nil
}

// forward moves the clock and runs what is due.
func (v *victim) forward(by time.Duration) bool {
	now, ok := v.now()
	if !ok {
		return false
	}
	body, _ := json.Marshal(map[string]time.Time{"now": now.Add(by)})
	for _, path := range []string{"/sandbox/clock", "/sandbox/settle"} {
		resp, err := http.Post("http://"+v.addr+path, "application/json", bytes.NewReader(body))
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
	}
	return true
}

// time lets days pass while others work. Sessions outlive a day only on the wall clock, so it takes small steps.
func (v *victim) time(stop chan struct{}) {
	for v.forward(7 * time.Hour) {
		select {
		case <-stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// settleAll lets everything that is scheduled leave and clear.
func (v *victim) settleAll() {
	for range 10 {
		if !v.forward(4 * 24 * time.Hour) {
			v.t.Fatal("the server is gone")
		}
	}
}

func (v *victim) verify(round int) {
	v.t.Helper()
	var r struct{ Findings []any }
	v.command(&r, "verify")
	if len(r.Findings) > 0 {
		v.t.Fatalf("after kill %d: %+v", round, r.Findings)
	}
}

// nothingLost wants every id that was answered.
func (v *victim) nothingLost(round int) {
	v.t.Helper()
	session := v.login()
	for object, want := range map[string]map[string]bool{"bill": v.bills, "billpay": v.payments} {
		s, ok := v.call(op(session, `<get_list object="`+object+`"></get_list>`))
		if !ok {
			v.t.Fatal("no list")
		}
		for id := range want {
			if !strings.Contains(s, "<id>"+id+"</id>") {
				v.t.Fatalf("after kill %d: %s %s was answered and is gone", round, object, id)
			}
		}
	}
}

// onceOnly reads every file that left and wants each payment in one of them, once.
func (v *victim) onceOnly() {
	v.t.Helper()
	seen := map[string]string{}
	once := func(what, file string) {
		if other, ok := seen[what]; ok {
			v.t.Errorf("%s left twice: in %s and %s", what, other, file)
		}
		seen[what] = file
	}
	out := filepath.Join(v.dir, "bank", v.org, "out")
	files, err := os.ReadDir(out)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, e := range files {
		f, err := os.Open(filepath.Join(out, e.Name()))
		if err != nil {
			v.t.Fatal(err)
		}
		if strings.HasSuffix(e.Name(), ".csv") {
			rows, err := csv.NewReader(f).ReadAll()
			if err != nil {
				v.t.Errorf("%s: %v", e.Name(), err)
			}
			for _, r := range rows[1:] {
				once("check "+r[1], e.Name())
			}
		} else if strings.HasSuffix(e.Name(), ".ach") {
			if _, err := achread.Read(f, func(x achread.Entry) error { once("entry "+x.ID, e.Name()); return nil }); err != nil {
				v.t.Errorf("%s: %v", e.Name(), err)
			}
		}
		_ = f.Close()
	}
	if len(seen) < len(v.payments) {
		v.t.Errorf("%d payments were answered, %d left", len(v.payments), len(seen))
	}
}
