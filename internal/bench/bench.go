// Package bench measures the main calls through HTTP against the same rows written by raw SQL on the same database,
// in one run, so that the ratios hold on any machine. docs/benchmarks.md keeps a table of it.
package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/server"
)

// Options of a run.
type Options struct {
	Bills int           // stored before anything is measured
	Time  time.Duration // of each figure
	DB    string        // PostgreSQL URL of an empty database; empty for SQLite
	Dir   string        // an empty folder
	Lists bool          // the lists of generation 2 instead of everything else

	Payments int // of the pay run
}

// The organisation that is measured.
const (
	email    = "bench@duebook.example"
	password = "measure-twice-cut-once-77"
)

// run is one run.
type run struct {
	Options
	ctx     context.Context
	out     io.Writer
	app     *server.App
	base    string
	http    *http.Client
	org     ids.ID
	key     string
	session string
	vendor  string
	coding  string // of each line
	bill    string // one stored bill, the model of the raw rows
}

// Run measures and prints the table as Markdown.
func Run(ctx context.Context, out io.Writer, o Options) error {
	app, err := server.Open(ctx, server.Config{Dir: o.Dir, DB: o.DB, Sandbox: true, Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	srv, err := app.Start(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = srv.Stop() }()
	r := &run{Options: o, ctx: ctx, out: out, app: app, base: srv.URL(),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64}}}
	steps := []func() error{r.prepare, r.seed, r.creates, r.lists, r.logins, r.payRun, r.achFile}
	if o.Lists {
		steps = []func() error{r.prepare, r.seedLists, r.pages}
	}
	for _, f := range steps {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) printf(format string, args ...any) { fmt.Fprintf(r.out, format, args...) }

// post sends a request document and gives the answer.
func (r *run) post(inner string) (string, error) {
	doc := `<request version="1.0" applicationkey="` + r.key + `">` + inner + `</request>`
	resp, err := r.http.PostForm(r.base+"/crudApi", url.Values{"request": {doc}})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && bytes.Contains(body, []byte("<errorcode>BDCE")) {
		err = fmt.Errorf("refused: %.600s", body)
	}
	return string(body), err
}

func (r *run) op(operation string) (string, error) {
	return r.post(`<operation transactionId="b" sessionId="` + r.session + `">` + operation + `</operation>`)
}

func between(s, a, b string) string {
	_, s, _ = strings.Cut(s, a)
	s, _, _ = strings.Cut(s, b)
	return s
}

// made runs an operation and gives the new id.
func (r *run) made(operation string) (string, error) {
	s, err := r.op(operation)
	return between(s, "<id>", "</id>"), err
}

func (r *run) login() (string, error) {
	s, err := r.post(`<login><username>` + email + `</username><password>` + password + `</password><orgID>` + string(r.org) + `</orgID></login>`)
	return between(s, "<sessionId>", "</sessionId>"), err
}

// createBill is the operation measured: three splits, coded.
func (r *run) createBill(number string) string { return r.billOf(r.vendor, number) }

func (r *run) billOf(vendor, number string) string {
	line := func(amount string) string {
		return `<billLineItem><amount>` + amount + `</amount>` + r.coding + `<description>Rope, shackles and a day of crane</description></billLineItem>`
	}
	return `<create_bill><bill><vendorId>` + vendor + `</vendorId><invoiceNumber>` + number +
		`</invoiceNumber><invoiceDate>11/20/2026</invoiceDate><dueDate>12/20/2026</dueDate><amount>1250.00</amount>` +
		`<description>Pier 7, second week</description><billLineItems>` + line("1000.00") + line("200.00") + line("50.00") +
		`</billLineItems></bill></create_bill>`
}

func (r *run) prepare() error {
	var err error
	if r.org, _, err = r.app.CreateOrg(r.ctx, "Bench", email, password, true); err != nil {
		return err
	}
	err = r.app.DB.Write(r.ctx, db.Caller{Org: r.org, Perms: org.All, Channel: "command"}, func(tx *db.Tx) (err error) {
		r.key, _, err = org.IssueKey(tx, "bench", email, "exempt")
		return err
	})
	if err != nil {
		return err
	}
	if r.session, err = r.login(); err != nil {
		return err
	}
	var account, department, job string
	for _, x := range []struct {
		to *string
		op string
	}{
		{&r.vendor, `<create_vendor><vendor><name>Harbor Tool Rental</name><address1>14 Dock Street</address1><addressCity>Seattle</addressCity><addressState>WA</addressState><addressZip>98101</addressZip></vendor></create_vendor>`},
		{&account, `<create_chartofaccount><chartOfAccount><name>Tools</name><accountType>7</accountType></chartOfAccount></create_chartofaccount>`},
		{&department, `<create_department><department><name>Yard</name></department></create_department>`},
		{&job, `<create_job><job><name>Pier 7</name></job></create_job>`},
	} {
		if *x.to, err = r.made(x.op); err != nil {
			return err
		}
	}
	r.coding = `<chartOfAccountId>` + account + `</chartOfAccountId><departmentId>` + department + `</departmentId><jobId>` + job + `</jobId>`
	r.bill, err = r.made(r.createBill("MODEL"))
	return err
}

// loop runs f from clients goroutines for d and gives calls per second and the median time of a call.
func loop(clients int, d time.Duration, f func(client, n int) error) (perSecond float64, median time.Duration, err error) {
	var wg sync.WaitGroup
	var stop atomic.Bool
	times := make([][]time.Duration, clients)
	errs := make([]error, clients)
	begin := time.Now()
	time.AfterFunc(d, func() { stop.Store(true) })
	for c := range clients {
		wg.Go(func() {
			for n := 0; !stop.Load(); n++ {
				at := time.Now()
				if err := f(c, n); err != nil {
					errs[c] = err
					stop.Store(true)
					return
				}
				times[c] = append(times[c], time.Since(at))
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(begin)
	all := slices.Concat(times...)
	if err := errorsOf(errs); err != nil || len(all) == 0 {
		return 0, 0, fmt.Errorf("measured nothing: %w", err)
	}
	slices.Sort(all)
	return float64(len(all)) / elapsed.Seconds(), all[len(all)/2], nil
}

func errorsOf(errs []error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

// creates measures create_bill against the raw rows, with 1, 8 and 32 clients, alternating.
func (r *run) creates() error {
	rows, err := r.billRows()
	if err != nil {
		return err
	}
	raw, err := r.rawWriter(rows)
	if err != nil {
		return err
	}
	defer raw.close()
	r.printf("\n### create_bill: 3 splits, with posting, audit and change feed\n\n")
	r.printf("| clients | raw rows/s | create_bill/s over HTTP | ratio | median |\n|---:|---:|---:|---:|---:|\n")
	for _, clients := range []int{1, 8, 32} {
		var rawRate, apiRate float64
		var median time.Duration
		for range 2 { // alternate, so that a noisy moment hits both
			a, _, err := loop(clients, r.Time/2, func(int, int) error { return raw.write() })
			if err != nil {
				return err
			}
			b, m, err := loop(clients, r.Time/2, func(c, n int) error {
				_, err := r.op(r.createBill(fmt.Sprintf("C%d-%d-%d", clients, c, n)))
				return err
			})
			if err != nil {
				return err
			}
			rawRate, apiRate, median = rawRate+a/2, apiRate+b/2, median+m/2
		}
		r.printf("| %d | %.0f | %.0f | %.0f %% | %.2f ms |\n", clients, rawRate, apiRate, 100*apiRate/rawRate, float64(median.Microseconds())/1000)
	}
	return nil
}

// lists measures a page of 999 bills by updatedTime among all that are stored.
func (r *run) lists() error {
	at := time.Now().Add(-time.Minute).UTC()
	err := r.app.DB.Write(r.ctx, db.Caller{Org: r.org, Channel: "command"}, func(tx *db.Tx) error {
		// A quiet hour, long before everything that was just written, in which exactly 999 bills changed.
		at = at.Add(-24 * time.Hour).Truncate(time.Hour)
		_, err := tx.ExecNow(`UPDATE bills SET updated_time = $2 WHERE org_id = $1 AND id IN (SELECT id FROM bills WHERE org_id = $1 AND updated_time > $3
			ORDER BY updated_time LIMIT 999)`, string(r.org), at.UnixMicro(), at.UnixMicro())
		return err
	})
	if err != nil {
		return err
	}
	filter := func(op string, t time.Time) string {
		return `<expression><field>updatedTime</field><operator>` + op + `</operator><value>` + t.Format("2006-01-02T15:04:05Z") + `</value></expression>`
	}
	list := `<get_list object="bill"><filter>` + filter("&gt;=", at.Add(-time.Minute)) + filter("&lt;=", at.Add(time.Minute)) + `</filter></get_list>`
	answer, err := r.op(list)
	if err != nil {
		return err
	}
	if n := strings.Count(answer, "<bill>"); n != 999 {
		return fmt.Errorf("the list holds %d bills, not 999", n)
	}
	_, median, err := loop(1, r.Time, func(int, int) error {
		_, err := r.op(list)
		return err
	})
	if err != nil {
		return err
	}
	r.printf("\n### get_list: 999 bills with their lines by updatedTime, among %d\n\nmedian %.1f ms, %d kB\n", r.Bills,
		float64(median.Microseconds())/1000, len(answer)/1000)
	return nil
}

func (r *run) logins() error {
	rate, median, err := loop(2, r.Time, func(int, int) error {
		_, err := r.login()
		return err
	})
	if err != nil {
		return err
	}
	r.printf("\n### login\n\n%.1f a second by 2 clients, median %.0f ms: one password hash per core at a time\n", rate, float64(median.Milliseconds()))
	return nil
}
