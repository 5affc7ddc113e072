// Package crash kills a running server at random moments and looks at what is left: nothing that was answered is
// lost, nothing is paid or fetched twice, every invariant holds.
package crash

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	charges  map[string]bool
	sent     []string // payments that trade made and has not voided
	voids    int      // answered
	unsure   int      // calls that were cut off
}

func newVictim(t *testing.T, bin, dbURL string) *victim {
	t.Helper()
	v := &victim{t: t, bin: bin, dir: t.TempDir(), bills: map[string]bool{}, payments: map[string]bool{}, charges: map[string]bool{}, seed: uint64(time.Now().UnixNano())}
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

// torment kills the server n times while bills are created, paid and voided, customers charged, and the clock moves on.
func (v *victim) torment(n int) {
	v.t.Helper()
	v.start()
	session := v.login()
	s, _ := v.call(op(session, `<create_vendor><vendor><name>Harbor Tool Rental</name><address1>14 Dock Street</address1><addressCity>Seattle</addressCity><addressState>WA</addressState><addressZip>98101</addressZip></vendor></create_vendor>`))
	vendor := between(s, "<id>", "</id>")
	if vendor == "" {
		v.t.Fatalf("no vendor: %s", s)
	}
	d := v.debtor()
	for round := range n {
		today := v.enter()
		v.trade(today, vendor, d, fmt.Sprintf("%d-t", round), 4) // all of it before the day goes on
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for w := range 3 {
			wg.Go(func() { v.work(stop, vendor, fmt.Sprintf("%d-%d", round, w)) })
		}
		wg.Go(func() { v.trade(today, vendor, d, fmt.Sprintf("%d-u", round), 1000) })
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
	v.charged(n, "0")
	v.kill()
	v.verify(n)
	v.onceOnly()
	v.t.Logf("%d kills, %d bills, %d payments, %d voids and %d charges answered, %d calls cut off", n, len(v.bills), len(v.payments), v.voids,
		len(v.charges), v.unsure)
	if len(v.payments) == 0 || len(v.charges) == 0 {
		v.t.Error("no payment or no charge was ever answered: the test proved nothing")
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

// post calls generation 2; ok is false when the connection broke or the session is over. What it answers
// is the data, nil for a refusal.
func (v *victim) post(session, path, data string) (answer map[string]any, ok bool) {
	resp, err := http.PostForm("http://"+v.addr+"/api/v2/"+path+".json", url.Values{"devKey": {v.key}, "sessionId": {session}, "data": {data},
		"userName": {email}, "password": {password}, "orgId": {v.org}})
	if err != nil {
		return nil, false
	}
	defer resp.Body.Close()
	var b struct {
		Status int            `json:"response_status"`
		Data   map[string]any `json:"response_data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&b); err != nil {
		return nil, false
	}
	if b.Status != 0 {
		return nil, b.Data["error_code"] != "BDC_1109" // the session is over
	}
	return b.Data, true
}

// enter logs in to generation 2.
func (v *victim) enter() string {
	a, _ := v.post("", "Login", "")
	id, _ := a["sessionId"].(string)
	return id
}

// debtor is a customer that may be charged, and its bank account.
type debtor struct{ id, account string }

func (v *victim) debtor() (d debtor) {
	v.t.Helper()
	session := v.enter()
	made := func(path, data string) string {
		a, _ := v.post(session, path, data)
		id, _ := a["id"].(string)
		if id == "" {
			v.t.Fatalf("%s: nothing made", path)
		}
		return id
	}
	d.id = made("Crud/Create/Customer", `{"obj":{"name":"Hartwell Hotel"}}`)
	d.account = made("Crud/Create/CustomerBankAccount", fmt.Sprintf(`{"agreedWithTOS":true,"obj":{"customerId":%q,"nameOnAccount":"Hartwell Hotel",
		"routingNumber":"990000026","accountNumber":"5551234"}}`, d.id))
	if a, _ := v.post(session, "SetCustomerAuthorization", fmt.Sprintf(`{"customerId":%q}`, d.id)); a == nil {
		v.t.Fatal("no authorisation")
	}
	return d
}

// trade pays bills with credits, voids what has left, and charges a customer n times, or until the server is gone or the
// day of the session is over.
func (v *victim) trade(session, vendor string, d debtor, name string, n int) {
	for i := range n {
		alive := true
		call := func(path, data string) map[string]any {
			if !alive {
				return nil
			}
			a, ok := v.post(session, path, data)
			if alive = ok; !ok {
				v.cutOff()
			}
			return a
		}
		made := func(entity, obj string) string {
			id, _ := call("Crud/Create/"+entity, `{"obj":`+obj+`}`)["id"].(string)
			return id
		}
		number := fmt.Sprintf("%s-%d", name, i)
		credit := made("VendorCredit", fmt.Sprintf(`{"vendorId":%q,"refNumber":%q,"creditDate":"2026-11-20","vendorCreditLineItems":[{"amount":3}]}`, vendor, number))
		bill := made("Bill", fmt.Sprintf(`{"vendorId":%q,"invoiceNumber":%q,"invoiceDate":"2026-11-20","dueDate":"2026-12-20","billLineItems":[{"amount":12.50}]}`,
			vendor, number))
		if bill != "" {
			v.answered(v.bills, bill)
		}
		a := call("PayBills", fmt.Sprintf(`{"billPays":[{"billId":%q,"amount":10}],"billCredits":[{"billId":%[1]q,"vendorCreditId":%q,"amount":2.50}]}`, bill, credit))
		if list, _ := a["sentPays"].([]any); len(list) == 1 {
			p := list[0].(map[string]any)
			v.answered(v.payments, p["billPays"].([]any)[0].(map[string]any)["id"].(string))
			v.sent = append(v.sent, p["id"].(string))
		}
		invoice := made("Invoice", fmt.Sprintf(`{"customerId":%q,"invoiceNumber":%q,"invoiceDate":"2026-11-20","dueDate":"2026-12-20",
			"invoiceLineItems":[{"price":20,"quantity":1}]}`, d.id, number))
		a = call("ChargeCustomer", fmt.Sprintf(`{"customerId":%q,"paymentType":"3","paymentAccountId":%q,"invoicePays":[{"invoiceId":%q,"amount":20}]}`,
			d.id, d.account, invoice))
		if c, _ := a["chargedReceivedPay"].(map[string]any); c != nil {
			v.answered(v.charges, c["id"].(string))
		}
		if len(v.sent) > n { // of the round before: it may have left by now; if not, that is refused
			if call("VoidAPPayment", fmt.Sprintf(`{"sentPayId":%q,"voidRequestType":%d,"reason":"lost"}`, v.sent[0], 1+i%2)) != nil {
				v.voids++
			}
			v.sent = v.sent[1:]
		}
		if !alive {
			return
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
	v.charged(round, "")
}

// charged wants every charge that was answered, in that status if one is named.
func (v *victim) charged(round int, status string) {
	v.t.Helper()
	session, found := v.enter(), map[string]string{}
	for start := 0; start == len(found); start += 500 {
		resp, err := http.PostForm("http://"+v.addr+"/api/v2/List/ReceivedPay.json", url.Values{"devKey": {v.key}, "sessionId": {session},
			"data": {fmt.Sprintf(`{"start":%d,"max":500}`, start)}})
		if err != nil {
			v.t.Fatal(err)
		}
		var b struct {
			Rows []struct{ ID, Status string } `json:"response_data"`
		}
		err = json.NewDecoder(resp.Body).Decode(&b)
		_ = resp.Body.Close()
		if err != nil {
			v.t.Fatal(err)
		}
		for _, r := range b.Rows {
			found[r.ID] = r.Status
		}
	}
	for id := range v.charges {
		if got, ok := found[id]; !ok || status != "" && got != status {
			v.t.Fatalf("after kill %d: charge %s has status %q", round, id, got)
		}
	}
}

// onceOnly reads every file that left and wants each payment in one of them, once.
func (v *victim) onceOnly() {
	v.t.Helper()
	seen, left := map[string]string{}, 0
	once := func(what, file string) {
		if other, ok := seen[what]; ok {
			v.t.Errorf("%s left twice: in %s and %s", what, other, file)
		}
		seen[what] = file
	}
	out := filepath.Join(v.dir, "bank", v.org, "out")
	files, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // killed before the first file
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
				if strings.HasSuffix(e.Name(), "-recall.csv") {
					once("recall "+r[0], e.Name())
					continue
				}
				once("check "+r[5]+r[1], e.Name()) // issued, voided
				if r[5] == "I" {
					left++
				}
			}
		} else if strings.HasSuffix(e.Name(), ".ach") {
			if _, err := achread.Read(f, func(x achread.Entry) error { left++; once("entry "+x.ID, e.Name()); return nil }); err != nil {
				v.t.Errorf("%s: %v", e.Name(), err)
			}
		}
		_ = f.Close()
	}
	if want := len(v.payments) + len(v.charges); left < want {
		v.t.Errorf("%d payments and charges were answered, %d left", want, left)
	}
}
