package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/duebook/duebook/internal/api/jsonv2"
	"github.com/duebook/duebook/internal/api/xmlv1"
	"github.com/duebook/duebook/internal/audit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/web"
)

// Running is a server that answers.
type Running struct {
	app       *App
	http      *http.Server
	addr      net.Addr
	conductor *conductor
	settling  sync.Mutex
	stop      context.CancelFunc
	done      sync.WaitGroup
	failed    chan error
}

// Start claims the store, listens and begins to work on what is due. The caller ends it with Stop.
func (a *App) Start(ctx context.Context) (*Running, error) {
	if err := a.claim(); err != nil {
		return nil, err
	}
	if err := a.Blobs.Check(ctx); err != nil {
		return nil, err
	}
	trusted, err := parseProxies(a.TrustedProxies)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", a.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", a.Listen, err)
	}
	if a.PublicURL == "" {
		a.PublicURL = "http://" + l.Addr().String()
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &Running{app: a, addr: l.Addr(), stop: cancel, failed: make(chan error, 1),
		conductor: &conductor{app: a, behind: map[ids.ID]bool{}}}
	mux, err := r.routes()
	if err != nil {
		cancel()
		_ = l.Close()
		return nil, err
	}
	r.http = &http.Server{Handler: trusted.before(mux), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelWarn)}
	r.done.Go(func() { a.Sessions.Keep(ctx) })
	r.done.Go(func() { a.Limiter.Keep(ctx) })
	r.done.Go(func() { audit.NewKeeper(a.DB, a.Vault, a.Log).Run(ctx) })
	r.done.Go(func() { r.work(ctx) })
	r.done.Go(func() { r.fetch(ctx) })
	if !a.DB.Sandbox() {
		r.done.Go(func() { a.Work.Run(ctx) })
	}
	r.done.Go(func() {
		if err := r.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			r.failed <- err
		}
	})
	return r, nil
}

// URL is where the server answers.
func (r *Running) URL() string { return "http://" + r.addr.String() }

// Failed tells when the server stopped by itself.
func (r *Running) Failed() <-chan error { return r.failed }

// Stop lets the calls under way finish, for at most ten seconds, then stops the work and closes the store.
func (r *Running) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := r.http.Shutdown(ctx)
	r.stop()
	r.done.Wait()
	return errors.Join(err, r.app.Close())
}

// work runs what falls due every second, one pass at a time with the settle call.
func (r *Running) work(ctx context.Context) {
	t := time.NewTicker(pause)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		r.settling.Lock()
		err := r.conductor.tick(ctx)
		r.settling.Unlock()
		if err != nil && ctx.Err() == nil {
			r.app.Log.ErrorContext(ctx, "due work failed; it is tried again", "error", err)
		}
	}
}

// fetch brings what lies on the hosts of the banks and screens names, one node at a time.
func (r *Running) fetch(ctx context.Context) {
	t := time.NewTicker(fetchPause)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		_, err := r.app.DB.Alone(ctx, "fetching", func() error { return errors.Join(r.app.fetchAll(ctx), r.app.screen(ctx)) })
		if err != nil && ctx.Err() == nil {
			r.app.Log.ErrorContext(ctx, "fetching the banks' files or screening names failed; it is tried again", "error", err)
		}
	}
}

// routes is the index of everything the server answers.
func (r *Running) routes() (http.Handler, error) {
	a := r.app
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	calls := newCallMetrics(registry)
	spools := filepath.Join(a.Dir, "tmp")
	pages, err := web.New(web.Deps{DB: a.DB, Sessions: a.Sessions, Vault: a.Vault, Blobs: a.Blobs, Engine: a.Engine, Dir: a.Dir,
		PublicURL: a.PublicURL, Version: a.Version, Log: a.Log})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	xml := r.dated(calls.count("xml1", xmlv1.New(a.DB, a.Sessions, a.Blobs, spools, a.Log).WithLimits(a.Limiter)))
	mux.Handle("/crudApi", xml)
	mux.Handle("/crudApi/{$}", xml)
	forms := jsonv2.New(jsonv2.Deps{DB: a.DB, Sessions: a.Sessions, Vault: a.Vault, Blobs: a.Blobs, SpoolDir: spools,
		PublicURL: a.PublicURL, Log: a.Log, Limits: a.Limiter, Invite: a.invite})
	mux.Handle("/", calls.count("web", pages))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", r.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	if a.DB.Sandbox() {
		mux.HandleFunc("GET /sandbox/clock", r.showClock)
		mux.HandleFunc("POST /sandbox/clock", r.setClock)
		mux.HandleFunc("POST /sandbox/settle", r.settle)
		mux.HandleFunc("GET /sandbox/mail", r.mails)
		mux.HandleFunc("GET /sandbox/bank", r.showBank)
		mux.HandleFunc("PUT /sandbox/bank", r.setBank)
		mux.HandleFunc("POST /sandbox/bank", r.setBank)
		mux.HandleFunc("POST /sandbox/bank/step", r.stepBank)
	}
	return forms.Before(mux, func(h http.Handler) http.Handler { return r.dated(calls.count("json2", h)) }), nil
}

// dated has a sandbox date its answers by the clock that its records are stamped with, so that a program finds the changes
// since then (SYN-5). Elsewhere the Date of every answer is that already.
func (r *Running) dated(next http.Handler) http.Handler {
	if !r.app.DB.Sandbox() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Date", r.app.DB.RoughNow().UTC().Format(http.TimeFormat))
		next.ServeHTTP(w, q)
	})
}

func (r *Running) ready(w http.ResponseWriter, q *http.Request) {
	if err := r.app.DB.Ping(q.Context()); err != nil {
		http.Error(w, "the database cannot be reached", http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, "ready")
}

// callMetrics counts calls and their time per door and status class.
type callMetrics struct {
	seconds *prometheus.HistogramVec
}

func newCallMetrics(reg prometheus.Registerer) *callMetrics {
	m := &callMetrics{prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "duebook_call_seconds",
		Help: "Time to answer a call, by door and status class.", Buckets: prometheus.ExponentialBuckets(0.0005, 2.5, 12)},
		[]string{"door", "status"})}
	reg.MustRegister(m.seconds)
	return m
}

func (m *callMetrics) count(door string, h http.Handler) http.Handler {
	ok := m.seconds.WithLabelValues(door, "2xx")
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		begin := time.Now()
		sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(sw, q)
		if sw.status/100 == 2 {
			ok.Observe(time.Since(begin).Seconds())
			return
		}
		m.seconds.WithLabelValues(door, fmt.Sprintf("%dxx", sw.status/100)).Observe(time.Since(begin).Seconds())
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// The sandbox's own calls: the clock, the settling of due work, the mail that was caught.

type clockBody struct {
	Now time.Time `json:"now"`
}

func (r *Running) showClock(w http.ResponseWriter, q *http.Request) {
	now, err := r.app.DB.Now(q.Context())
	reply(w, clockBody{now}, err)
}

var errBackwards = errors.New("after the first payment the clock moves only forward")

func (r *Running) setClock(w http.ResponseWriter, q *http.Request) {
	var b clockBody
	if err := json.NewDecoder(http.MaxBytesReader(w, q.Body, 1<<10)).Decode(&b); err != nil || b.Now.IsZero() {
		http.Error(w, `{"error":"send {\"now\": \"2026-11-23T17:00:00Z\"}, an instant as RFC 3339"}`, http.StatusBadRequest)
		return
	}
	if y := b.Now.UTC().Year(); y < 2000 || y > 2090 {
		http.Error(w, `{"error":"the clock stands between the years 2000 and 2090"}`, http.StatusBadRequest)
		return
	}
	ctx := q.Context()
	err := r.app.Sessions.Flush(ctx)
	if err == nil {
		err = r.app.DB.Write(ctx, db.Caller{Channel: "sandbox"}, func(tx *db.Tx) error {
			var paid bool
			if err := tx.Row(`SELECT EXISTS (SELECT 1 FROM payments)`).Scan(&paid); err != nil {
				return err
			}
			if paid && b.Now.Before(tx.Now()) {
				return errBackwards
			}
			return db.SetClock(tx, b.Now)
		})
	}
	if errors.Is(err, errBackwards) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
		return
	}
	reply(w, b, err)
}

func (r *Running) settle(w http.ResponseWriter, q *http.Request) {
	r.settling.Lock()
	defer r.settling.Unlock()
	err := r.conductor.settle(q.Context())
	var now time.Time
	if err == nil {
		now, err = r.app.DB.Now(q.Context())
	}
	if err != nil {
		r.app.Log.ErrorContext(q.Context(), "settle", "error", err)
	}
	reply(w, clockBody{now}, err)
}

func reply(w http.ResponseWriter, body any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "the server failed; its log says why"})
		return
	}
	_ = json.NewEncoder(w).Encode(body)
}
