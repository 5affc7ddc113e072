// Package xmlv1 is the door of generation 1: XML over POST /crudApi, as docs/spec/api-v1-xml.md has it.
//
// A request is read into a small tree, its operation is decoded by the shapes of this generation, run by the rooms
// inside a transaction of the session's user, and its result written back. Whatever fails, HTTP answers 200 and the
// document says why (T-11).
package xmlv1

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/api/xmlv1/envelope"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/limit"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/xmldoc"
)

// Limits of one request (T-10, 3.2).
const (
	maxOperations    = 1000
	maxTransactionID = 256
)

// Handler serves /crudApi.
type Handler struct {
	db       *db.DB
	sessions *org.Sessions
	blobs    *blob.Store
	limits   *limit.Limiter // nil for none
	log      *slog.Logger
	spoolDir string

	shapes     map[string]*shape.Shape // by object name in lower case
	operations map[string]operation
}

// New makes the door. Spools for large documents and answers lie in spoolDir.
func New(d *db.DB, sessions *org.Sessions, blobs *blob.Store, spoolDir string, log *slog.Logger) *Handler {
	h := &Handler{db: d, sessions: sessions, blobs: blobs, log: log, spoolDir: spoolDir, shapes: map[string]*shape.Shape{}}
	for _, s := range records() {
		h.shapes[strings.ToLower(s.Name)] = s
	}
	h.operations = h.table()
	return h
}

// WithLimits makes the door ask l before each request.
func (h *Handler) WithLimits(l *limit.Limiter) *Handler {
	h.limits = l
	return h
}

// request is one request while it is served.
type request struct {
	ctx     context.Context
	root    *xmldoc.Node
	key     string
	address string
	codec   codec
	out     *xmldoc.Writer
	busy    bool // the store refused for a moment: the call can be repeated unchanged (T-12)
	tooMany bool // too many failed logins came from the address (T-12, S-7)
	wait    int  // seconds until a call over a limit can be repeated (T-12)
	leave   func()
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml; charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	q := &request{ctx: r.Context(), address: clientAddress(r), out: xmldoc.NewWriter(make([]byte, 0, 2048))}
	doc, err := envelope.Read(w, r, envelope.Options{SpoolDir: h.spoolDir})
	if err != nil {
		h.unreadable(w, q, err)
		return
	}
	defer doc.Close()
	q.root = doc.Root
	q.key, _ = doc.Root.Attr("applicationkey")
	defer func() { // also when the answer panics
		if q.leave != nil {
			q.leave()
		}
	}()
	body := h.answer(q)
	defer body.close()
	switch {
	case q.wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(q.wait))
	case q.tooMany:
		w.Header().Set("Retry-After", strconv.Itoa(int(org.ThrottleTime.Seconds())))
		w.WriteHeader(http.StatusTooManyRequests)
	case q.busy:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	body.send(w)
}

func clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// unreadable answers what could not be read as a document (T-2, T-10, T-12, T-14).
func (h *Handler) unreadable(w http.ResponseWriter, q *request, err error) {
	status := http.StatusOK
	switch {
	case errors.Is(err, envelope.ErrMethod):
		w.Header().Set("Allow", http.MethodPost)
		status = http.StatusMethodNotAllowed
	case errors.Is(err, envelope.ErrTooLarge):
		w.Header().Set("Connection", "close")
		status = http.StatusRequestEntityTooLarge
	case fault.From(err) == nil:
		h.log.ErrorContext(q.ctx, "request not read", "error", err)
	}
	b := h.malformed(q, err)
	w.Header().Set("Content-Length", strconv.Itoa(b.size()))
	w.WriteHeader(status)
	b.send(w)
}

// malformed is the body of T-14.
func (h *Handler) malformed(q *request, err error) *answer {
	a := q.begin()
	a.out.Start("operationresult")
	a.out.Attr("transactionId", "")
	h.failure(q, a.out, err, nil)
	a.out.End("operationresult")
	return a.end()
}

// answer serves the request in the order of checks of 3.3.
func (h *Handler) answer(q *request) *answer {
	switch version, _ := q.root.Attr("version"); version {
	case "1.0":
		q.codec.zone = civil.Pacific
	case "1.1":
		q.codec.zone = gmt
	default:
		return h.plain(q, "versionerror", problem.ErrVersion)
	}
	q.codec.today = civil.Of(h.db.RoughNow(), q.codec.zone)
	var child *xmldoc.Node
	n := 0
	for c := range q.root.Children() {
		child = c
		n++
	}
	if n == 1 {
		if err := h.admit(q, child); err != nil {
			q.wait = h.limits.RetryAfter(err)
			return h.malformed(q, err)
		}
	}
	if n == 1 && child.Name == "operation" { // the session's check finds out about the key, too
		return h.operation(q, child)
	}
	if err := h.sessions.CheckKey(q.ctx, q.key); err != nil {
		return h.keyError(q, err)
	}
	if n != 1 {
		return h.malformed(q, problem.ErrMalformed)
	}
	switch child.Name {
	case "login":
		return h.login(q, child)
	case "logout":
		return h.logout(q, child)
	case "getorglist":
		return h.orgList(q, child)
	case "getcurrenttime":
		return h.currentTime(q, child)
	case "checksyncclientversion":
		return h.clientVersion(q, child)
	case "operationbatch":
		return h.batch(q, child)
	}
	return h.malformed(q, problem.ErrMalformed)
}

// admit asks the limits about a request with a good key: for a login, a call, and a place among the calls in flight of the
// session's organisation. What else is wrong with key and session is said later.
func (h *Handler) admit(q *request, child *xmldoc.Node) error {
	if h.limits == nil {
		return nil
	}
	if child.Name == "login" || child.Name == "getorglist" {
		if h.sessions.CheckKey(q.ctx, q.key) != nil {
			return nil
		}
		return cmp.Or(h.limits.Call(q.key), h.limits.Login(q.key))
	}
	s, err := h.sessions.Find(q.ctx, q.credentials(child))
	if err != nil && isKeyError(err) {
		return nil
	}
	if over := h.limits.Call(q.key); over != nil || err != nil {
		return over
	}
	q.leave, err = h.limits.Enter(q.ctx, q.key, s.Caller.Org)
	return err
}

func (h *Handler) keyError(q *request, err error) *answer {
	if fault.From(err) == nil {
		return h.malformed(q, err)
	}
	return h.plain(q, "applicationkeyerror", err)
}

// isKeyError reports whether a session was not found because of the application's key itself.
func isKeyError(err error) bool {
	return errors.Is(err, org.ErrKeyUnknown) || errors.Is(err, org.ErrKeyDeactivated)
}

// plain is an element with message and code and no status.
func (h *Handler) plain(q *request, element string, err error) *answer {
	a := q.begin()
	a.out.Start(element)
	h.codes(q, a.out, err, nil)
	a.out.End(element)
	return a.end()
}

// failure writes status, message and code of a failed result.
func (h *Handler) failure(q *request, w *xmldoc.Writer, err error, wire func(string) string) {
	w.Text("status", "failed")
	h.codes(q, w, err, wire)
}

func (h *Handler) codes(q *request, w *xmldoc.Writer, err error, wire func(string) string) {
	code, message, known := problem.ForV1(err, wire)
	q.busy = q.busy || db.IsBusy(err)
	q.tooMany = q.tooMany || errors.Is(err, org.ErrThrottled)
	if !known {
		ref := string(ids.New("err"))
		h.log.ErrorContext(q.ctx, "operation failed", "reference", ref, "error", err)
	}
	w.Text("errormessage", message)
	w.Text("errorcode", code)
}

func (q *request) credentials(n *xmldoc.Node) org.Credentials {
	session, _ := n.Attr("sessionId")
	return org.Credentials{Session: session, Key: q.key, Kind: org.KindXML, Address: q.address}
}

// missing names the children of n that are absent or empty.
func missing(n *xmldoc.Node, names ...string) error {
	var out []string
	for _, name := range names {
		if text(n, name) == "" {
			out = append(out, name)
		}
	}
	if len(out) > 0 {
		return fault.ErrMissing.On(out...)
	}
	return nil
}

// text is the text of a child, "" if it is absent.
func text(n *xmldoc.Node, name string) string {
	if c := n.Child(name); c != nil {
		return c.Text
	}
	return ""
}

func (h *Handler) login(q *request, n *xmldoc.Node) *answer {
	a := q.begin()
	a.out.Start("loginresult")
	orgID := ids.ID(text(n, "orgID"))
	err := missing(n, "username", "password", "orgID")
	var session string
	if err == nil {
		session, err = h.sessions.Login(q.ctx, text(n, "username"), text(n, "password"), orgID, q.key, q.address)
	}
	if err != nil {
		h.failure(q, a.out, err, nil)
	} else {
		loggedIn(a.out, session, orgID)
	}
	a.out.End("loginresult")
	return a.end()
}

func loggedIn(w *xmldoc.Writer, session string, orgID ids.ID) {
	w.Text("status", "OK")
	w.Text("sessionId", session)
	w.Text("orgID", string(orgID))
}

func (h *Handler) orgList(q *request, n *xmldoc.Node) *answer {
	a := q.begin()
	a.out.Start("getorglistresult")
	err := missing(n, "username", "password")
	var orgs []org.Membership
	if err == nil {
		orgs, err = h.sessions.ListOrgs(q.ctx, text(n, "username"), text(n, "password"), q.address)
	}
	if err != nil {
		h.failure(q, a.out, err, nil)
	} else {
		a.out.Text("status", "OK")
		for _, o := range orgs {
			a.out.Start("org_info")
			a.out.Text("orgID", string(o.Org))
			a.out.Text("name", o.Name)
			a.out.End("org_info")
		}
	}
	a.out.End("getorglistresult")
	return a.end()
}

func (h *Handler) logout(q *request, n *xmldoc.Node) *answer {
	a := q.begin()
	c := q.credentials(n)
	orgID, err := h.sessions.Logout(q.ctx, c)
	a.out.Start("logoutresult")
	if err != nil {
		h.failure(q, a.out, err, nil)
	} else {
		loggedIn(a.out, c.Session, orgID)
	}
	a.out.End("logoutresult")
	return a.end()
}

func (h *Handler) currentTime(q *request, n *xmldoc.Node) *answer {
	a := q.begin()
	var now string
	err := h.sessions.Poll(q.ctx, q.credentials(n), func(_ *org.Session, tx *db.Tx) error {
		now = serverTime(tx.Now(), q.codec.zone)
		return nil
	})
	if err != nil {
		a.out.Start("loginresult")
		h.failure(q, a.out, err, nil)
		a.out.End("loginresult")
		return a.end()
	}
	a.out.Start("getcurrenttimeresult")
	a.out.Text("currentTime", now)
	a.out.End("getcurrenttimeresult")
	return a.end()
}

func (h *Handler) clientVersion(q *request, n *xmldoc.Node) *answer {
	a := q.begin()
	err := h.sessions.Read(q.ctx, q.credentials(n), func(*org.Session, *db.Tx) error {
		if !readableVersion(n.Text) {
			return fault.ErrValue.On("version")
		}
		return nil
	})
	a.out.Start("checksyncclientversionresult")
	if err != nil {
		h.failure(q, a.out, err, nil)
	} else {
		a.out.Text("status", "OK")
		for _, empty := range []string{"errormessage", "errorcode"} { // the only empty elements the wire has (4.1)
			a.out.Start(empty)
			a.out.End(empty)
		}
	}
	a.out.End("checksyncclientversionresult")
	return a.end()
}

// readableVersion reports whether s is numbers with points between them.
func readableVersion(s string) bool {
	parts := strings.Split(s, ".")
	for _, p := range parts {
		if digits(p, 1, 9) < 0 {
			return false
		}
	}
	return len(parts) <= 6
}

// answer is a response document: text with the data of lists between its parts.
type answer struct {
	out   *xmldoc.Writer
	parts []part
}

type part struct {
	text []byte
	data *spool
}

func (q *request) begin() *answer {
	a := &answer{out: q.out}
	a.out.Reset()
	a.out.Declaration()
	a.out.Start("response")
	return a
}

// insert puts the data of a list where the document stands.
func (a *answer) insert(s *spool) {
	a.parts = append(a.parts, part{text: append([]byte(nil), a.out.Bytes()...), data: s})
	a.out.Reset()
}

func (a *answer) end() *answer {
	a.out.End("response")
	return a
}

func (a *answer) size() int { return len(a.out.Bytes()) }

// send writes the document. A failure breaks the connection off: a list is never closed as if it were complete
// (G-24).
func (a *answer) send(w io.Writer) {
	for _, p := range a.parts {
		if _, err := w.Write(p.text); err != nil {
			panic(http.ErrAbortHandler)
		}
		if _, err := p.data.WriteTo(w); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	_, _ = w.Write(a.out.Bytes())
}

func (a *answer) close() {
	for _, p := range a.parts {
		_ = p.data.Close()
	}
}
