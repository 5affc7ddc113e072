package jsonv2

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/document"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/limit"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
)

// Deps is what the door needs of the house.
type Deps struct {
	DB        *db.DB
	Sessions  *org.Sessions
	Vault     *secret.Vault
	Blobs     *blob.Store
	SpoolDir  string // uploads lie here while they are read
	PublicURL string // how clients reach the server; empty: as the request did
	Log       *slog.Logger
	Limits    *limit.Limiter // nil for none
	Invite    org.Invitation // mails new users
}

// Handler serves /api/ and the addresses that documents are downloaded from.
type Handler struct {
	Deps
	entities map[string]*entity
	byPrefix map[string]*entity // by the prefix of their ids
	calls    map[string]call
	files    map[string]download
	names    []string // of the entities, in order
	pages    *document.Pages
}

// call is one operation. run acts outside of any transaction and opens its own through q; what it returns is written by
// encoding/json, or as it is if it is raw.
type call struct {
	get     bool           // GET is tolerated: it reads only (1.2.10)
	open    bool           // needs no session
	trusted bool           // needs a trusted session (2.5.5)
	needs   db.Permissions // of the caller, all of them, checked before the form
	upload  bool           // takes a file
	run     func(q *request, in *args) (any, error)
}

// raw is JSON text that is ready.
type raw []byte

// MarshalJSON gives the text itself.
func (r raw) MarshalJSON() ([]byte, error) {
	if len(r) == 0 {
		return []byte("null"), nil
	}
	return r, nil
}

// empty is the data of a call that has nothing to say.
var empty = raw("{}")

// New makes the door.
func New(d Deps) *Handler {
	h := &Handler{Deps: d, entities: map[string]*entity{}, byPrefix: map[string]*entity{}, calls: map[string]call{}, files: map[string]download{}}
	for _, a := range h.areas() {
		for i := range a.entities {
			e := &a.entities[i]
			e.prepare()
			h.entities[e.name] = e
			h.names = append(h.names, e.name)
			if h.byPrefix[e.shape.Type.Prefix] == nil {
				h.byPrefix[e.shape.Type.Prefix] = e
			}
		}
		maps.Copy(h.calls, a.calls)
		maps.Copy(h.files, a.files)
	}
	return h
}

// request is one request while it is served.
type request struct {
	h       *Handler
	ctx     context.Context
	http    *http.Request
	params  params
	creds   org.Credentials
	session *org.Session // nil where none is needed
	checked bool         // a transaction has found the session alive
	wire    func(string) string
	bulk    bool   // runs the members of a bulk call, each in its own transaction
	top     raw    // a member beside the three (1.3.8)
	opened  string // the session a login opened, for the cookie (1.2.9)
}

const base = "/api/"

// ServeHTTP answers every request under /api/, and downloads.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{h: h, ctx: r.Context(), http: r}
	defer q.crashed(w)
	path := collapse(r.URL.Path)
	if d, ok := h.files[strings.TrimPrefix(path, "/api/v2")]; ok {
		h.serveFile(w, q, d)
		return
	}
	e, err := h.find(path)
	if err != nil {
		status := http.StatusOK
		if f := fault.From(err); errors.Is(err, problem.ErrEndpoint) || errors.Is(err, problem.ErrVersion) || errors.Is(f, problem.ErrNotServed) {
			status = http.StatusNotFound
		}
		q.fail(w, status, err)
		return
	}
	if r.Method != http.MethodPost && (r.Method != http.MethodGet || !e.get) {
		w.Header().Set("Allow", http.MethodPost)
		if e.get {
			w.Header().Set("Allow", "GET, POST")
		}
		q.fail(w, http.StatusMethodNotAllowed, errMethod)
		return
	}
	p, err := readParams(w, r, h.SpoolDir, e.upload)
	if err != nil {
		status := http.StatusOK
		if errors.Is(err, errTooLarge) {
			w.Header().Set("Connection", "close")
			status = http.StatusRequestEntityTooLarge
		}
		q.fail(w, status, err)
		return
	}
	defer p.close()
	q.params = p
	data, err := q.serve(e)
	if err != nil {
		q.fail(w, http.StatusOK, err)
		return
	}
	q.succeed(w, data)
}

// crashed answers what nobody expected (1.3.6). net/http breaks connections off by a panic of its own.
func (q *request) crashed(w http.ResponseWriter) {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		panic(p)
	default:
		q.fail(w, http.StatusInternalServerError, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}
}

// Before gives a handler that leaves to next what is not this door's. A mux would redirect the addresses with doubled
// slashes that some clients post to (1.1.4). count wraps the door itself.
func (h *Handler) Before(next http.Handler, count func(http.Handler) http.Handler) http.Handler {
	door := count(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := collapse(r.URL.Path)
		if _, file := h.files[path]; file || strings.HasPrefix(path, base) {
			door.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// collapse makes one slash of several: some clients join a base and a path without looking (1.1.4).
func collapse(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// find gives what stands at the address. It fails with problem.ErrEndpoint, ErrVersion and ErrNotServed, and for
// addresses that are understood with ErrEntity, ErrListEntity, ErrVerb and ErrNotOffered.
func (h *Handler) find(path string) (call, error) {
	version, rest, _ := strings.Cut(strings.TrimPrefix(path, base), "/")
	switch {
	case version == "v1" || version == "v3":
		return call{}, problem.ErrNotServed
	case version != "v2":
		return call{}, problem.ErrVersion
	}
	parts := strings.Split(rest, "/")
	bulk := len(parts) == 4 && parts[0] == "Bulk" && parts[1] == "Crud"
	last, ok := strings.CutSuffix(parts[len(parts)-1], ".json")
	if !ok && !bulk { // 1.1.6
		return call{}, problem.ErrEndpoint
	}
	switch {
	case len(parts) == 1:
		if c, ok := h.calls[last]; ok {
			return c, nil
		}
	case len(parts) == 2 && parts[0] == "List":
		return h.listOf(last)
	case len(parts) == 3 && parts[0] == "Crud":
		return h.crudOf(parts[1], last, false)
	case bulk:
		return h.crudOf(parts[2], last, true)
	}
	return call{}, problem.ErrEndpoint
}

// serve runs the endpoint in the order of checks of 6.3.
func (q *request) serve(e call) (any, error) {
	q.creds = org.Credentials{Session: q.params.get("sessionId"), Key: q.params.get("devKey"), Kind: org.KindJSON, Address: clientAddress(q.http)}
	if !e.open {
		switch {
		case q.creds.Key == "":
			return nil, org.ErrKeyMissing
		case q.creds.Session == "":
			return nil, problem.ErrParameter.On("sessionId")
		}
		s, err := q.h.Sessions.Find(q.ctx, q.creds)
		if errors.Is(err, org.ErrKeyUnknown) || errors.Is(err, org.ErrKeyDeactivated) {
			return nil, err
		}
		if err := cmp.Or(q.h.Limits.Call(q.creds.Key), err); err != nil {
			return nil, err
		}
		q.session = s
		leave, err := q.h.Limits.Enter(q.ctx, q.creds.Key, s.Caller.Org)
		if err != nil {
			return nil, err
		}
		defer leave()
		if e.trusted && s.RequireTrust() != nil { // what this node knows of it may be old
			if err := q.alive(nil); err != nil {
				return nil, err
			}
			if err := q.session.RequireTrust(); err != nil {
				return nil, err
			}
		}
		if s.Caller.Perms&e.needs != e.needs {
			return nil, q.alive(fault.ErrForbidden)
		}
	}
	v, err := q.params.object()
	if err != nil {
		return nil, q.alive(err)
	}
	data, err := e.run(q, &args{value: v, found: &findings{}})
	if err != nil || !q.checked {
		return data, q.alive(err)
	}
	return data, nil
}

// alive gives err, or what is wrong with the session if no transaction has looked yet: that comes before everything
// said of the form. It renews the session as every accepted call does (2.6.1).
func (q *request) alive(err error) error {
	if q.session == nil || q.checked {
		return err
	}
	if dead := q.read(func(*db.Tx) error { return nil }); dead != nil {
		return dead
	}
	return err
}

// write runs fn in a writing transaction as the session's user.
func (q *request) write(fn func(*db.Tx) error) error {
	if q.bulk {
		return q.h.DB.Write(q.ctx, q.who(), fn)
	}
	return q.h.Sessions.Write(q.ctx, q.creds, q.inside(fn))
}

// read runs fn on a snapshot.
func (q *request) read(fn func(*db.Tx) error) error {
	if q.bulk {
		return q.h.DB.Read(q.ctx, q.who(), fn)
	}
	return q.h.Sessions.Read(q.ctx, q.creds, q.inside(fn))
}

// poll is read for answers that a client polls by: those filtered by updatedTime, or telling the server's time.
func (q *request) poll(fn func(*db.Tx) error) error {
	return q.h.Sessions.Poll(q.ctx, q.creds, q.inside(fn))
}

// who is the session's user as a caller.
func (q *request) who() db.Caller {
	who := q.session.Caller
	who.Address = q.creds.Address
	return who
}

func (q *request) inside(fn func(*db.Tx) error) func(*org.Session, *db.Tx) error {
	return func(s *org.Session, tx *db.Tx) error {
		q.checked, q.session = true, s
		return fn(tx)
	}
}

// show gives records as their entity's shape has them, with what fill adds.
func (q *request) show(tx *db.Tx, entity string, recs ...record.Record) (raw, error) {
	e := q.h.entities[entity]
	if err := e.fillAll(tx, recs); err != nil {
		return nil, err
	}
	var b raw
	for i, rec := range recs {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.plan.append(b, q.writer(), rec)
	}
	return b, nil
}

// list is show for any number of records, as a list.
func (q *request) list(tx *db.Tx, entity string, recs []record.Record) (raw, error) {
	b, err := q.show(tx, entity, recs...)
	return append(append(raw{'['}, b...), ']'), err
}

func (q *request) writer() writer {
	w := writer{}
	if q.session != nil {
		w.org, w.orgName = q.session.Caller.Org, q.session.OrgName
	}
	return w
}

func clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// baseURL is the address clients call this server by, without a slash at the end (1.1.3).
func (q *request) baseURL() string {
	if u := strings.TrimRight(q.h.PublicURL, "/"); u != "" {
		return u
	}
	scheme := "http"
	if q.http.TLS != nil || q.http.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + q.http.Host
}

func head(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
}

// succeed writes the envelope around data.
func (q *request) succeed(w http.ResponseWriter, data any) {
	body, ready := data.(raw) // a page has megabytes: it is not copied
	if !ready {
		b, err := appendAny(nil, data)
		if err != nil {
			q.fail(w, http.StatusOK, err)
			return
		}
		body = b
	}
	head(w)
	if q.opened != "" {
		http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: q.opened, Path: "/api/v2", HttpOnly: true,
			Secure: strings.HasPrefix(q.baseURL(), "https:"), SameSite: http.SameSiteStrictMode})
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(opening)+len(body)+len(q.top)+1))
	_, _ = io.WriteString(w, opening)
	_, _ = w.Write(body)
	_, _ = io.WriteString(w, string(q.top)+"}")
}

// opening is what stands before the data of an answer.
const opening = `{"response_status":0,"response_message":"Success","response_data":`

// fail writes the envelope of a refusal.
func (q *request) fail(w http.ResponseWriter, status int, err error) {
	head(w)
	if _, _, known := problem.ForV2(err, nil); !known && status == http.StatusOK {
		status = http.StatusInternalServerError // 1.3.6
	}
	switch wait := q.h.Limits.RetryAfter(err); {
	case db.IsBusy(err):
		w.Header().Set("Retry-After", "1")
	case wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(wait))
	case errors.Is(err, org.ErrThrottled): // as in every generation (SEC-10)
		w.Header().Set("Retry-After", strconv.Itoa(int(org.ThrottleTime.Seconds())))
		status = http.StatusTooManyRequests
	}
	b := q.appendFailure(nil, err)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// appendSuccess appends the envelope around data.
func appendSuccess(b []byte, data any) ([]byte, error) {
	b = append(b, opening...)
	b, err := appendAny(b, data)
	if err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

// appendFailure writes the members of a refusal, and logs a failure of ours with a reference.
func (q *request) appendFailure(b []byte, err error) []byte {
	code, message, known := problem.ForV2(err, q.wire)
	if !known {
		ref := string(ids.New("err"))
		q.h.Log.ErrorContext(q.ctx, "call failed", "reference", ref, "error", err)
	}
	b = append(b, `{"response_status":1,"response_message":"Error","response_data":{"error_code":"`...)
	b = append(append(b, code...), `","error_message":`...)
	return append(record.AppendQuoted(b, message), "}}"...)
}
