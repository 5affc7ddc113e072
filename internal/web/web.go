// Package web is the face that people see: pages rendered on the server, over the rooms.
//
// A handler reads what a page shows in one transaction, or carries out one act and sends the browser on to a page
// (POST, redirect, GET). Who may do what is decided in the rooms; a page only leaves out what its user may not do.
// Pages work without scripts, are rendered into a buffer before the first byte leaves, and hold a policy that allows
// nothing but the server's own files.
package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/document"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/sending"
	"github.com/duebook/duebook/internal/web/assets"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

// Deps are what the pages work with.
type Deps struct {
	DB        *db.DB
	Sessions  *org.Sessions
	Vault     *secret.Vault
	Blobs     *blob.Store
	Engine    *payment.Engine
	Dir       string // data folder; uploads are spooled in its tmp
	PublicURL string // how people reach the server: in mails, and for the cookie
	Version   string
	Log       *slog.Logger
}

type handler struct {
	Deps
	secure bool // cookies travel by https only
	tries  sending.Tries
}

// What a request may weigh.
const (
	maxForm   = 64 << 10
	maxUpload = document.MaxSize + 64<<10
)

// New makes the pages, to be mounted at "/".
func New(d Deps) (http.Handler, error) {
	public, err := url.Parse(d.PublicURL)
	if err != nil || public.Host == "" {
		return nil, fmt.Errorf("the public URL must be absolute, not %q", d.PublicURL)
	}
	h := &handler{Deps: d, secure: public.Scheme == "https"}
	mux := http.NewServeMux()
	for _, r := range h.routes() {
		mux.Handle(r.pattern, h.serve(r.do))
	}
	mux.Handle(assets.Prefix, assets.Handler())
	sameOrigin := http.NewCrossOriginProtection()
	if err := sameOrigin.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
		return nil, fmt.Errorf("trust the public URL: %w", err)
	}
	sameOrigin.SetDenyHandler(h.serve(func(*call) error { return errCrossOrigin }))
	return headers(sameOrigin.Handler(mux)), nil
}

type route struct {
	pattern string
	do      func(*call) error
}

// routes is the index of all pages and acts.
func (h *handler) routes() []route {
	return []route{
		{"GET /signin", h.signInForm},
		{"POST /signin", h.signIn},
		{"POST /signout", h.signOut},
		{"GET /forgot-password", h.forgotForm},
		{"POST /forgot-password", h.forgot},
		{"GET /reset-password", h.resetForm},
		{"POST /reset-password", h.reset},
		{"GET /organisations", h.organisations},
		{"POST /organisations", h.choose},

		{"GET /pay/{token}", h.payLink},
		{"POST /pay/{token}", h.payAtLink},
		{"GET /pay/{token}/invoice.pdf", h.payLinkPDF},

		{"GET /{$}", h.home},
		{"GET /bills", h.bills},
		{"GET /bills.csv", h.billsCSV},
		{"GET /bills/new", h.newBillForm},
		{"POST /bills/new", h.enterBill},
		{"GET /bills/pay", h.payManyForm},
		{"POST /bills/pay/review", h.reviewMany},
		{"GET /bills/pay/review", h.backToMany},
		{"POST /bills/pay/confirm", h.confirmMany},
		{"GET /bills/pay/confirm", h.backToMany},
		{"GET /bills/{id}", h.bill},
		{"POST /bills/{id}/approve", h.approve},
		{"POST /bills/{id}/deny", h.deny},
		{"POST /bills/{id}/approvers", h.ask},
		{"GET /approvals", h.approvalQueue},
		{"POST /approvals", h.decideMany},
		{"POST /approvals/delegation", h.delegate},
		{"POST /approvals/delegation/end", h.endDelegation},
		{"GET /approve/{token}", h.mailLink},
		{"POST /approve/{token}", h.decideByMail},
		{"GET /settings/approval-policies", h.policies},
		{"GET /settings/approval-policies/new", h.newPolicyForm},
		{"POST /settings/approval-policies/new", h.savePolicy},
		{"GET /settings/approval-policies/{id}", h.policyForm},
		{"POST /settings/approval-policies/{id}", h.savePolicy},
		{"POST /settings/approval-policies/{id}/switch", h.switchPolicy},
		{"GET /settings/approval-policies/{id}/replay", h.replayPolicy},
		{"POST /settings/approval-policies/groups", h.saveGroup},
		{"POST /settings/approval-policies/separation", h.changeSeparation},
		{"POST /settings/approval-policies/replacements", h.nameReplacement},
		{"POST /bills/{id}/documents", h.attach},
		{"GET /bills/{id}/documents/{document}", h.download},
		{"GET /bills/{id}/pay", h.payForm},
		{"POST /bills/{id}/pay/review", h.reviewPayment},
		{"GET /bills/{id}/pay/review", h.backToForm},
		{"POST /bills/{id}/pay/confirm", h.confirmPayment},
		{"GET /bills/{id}/pay/confirm", h.backToForm},

		{"GET /payments", h.payments},
		{"GET /payments/{id}", h.payment},
		{"GET /payments/{id}/scheduled", h.scheduled},
		{"GET /payments/{id}/cancel", h.cancelForm},
		{"POST /payments/{id}/cancel", h.cancelPayment},
		{"POST /payments/{id}/approve", h.approvePayment},
		{"POST /payments/{id}/deny", h.denyPayment},
		{"POST /payments/{id}/lift-hold", h.liftHold},
		{"POST /payments/{id}/paid-to-state", h.paidToState},
		{"POST /payments/{id}/claim", h.claim},
		{"POST /payments/{id}/reversal/{what}", h.reversePayment},
		{"GET /bank-tasks", h.bankTasks},
		{"POST /bank-tasks/{number}/{what}", h.doBankTask},
		{"GET /payments/{id}/checks.pdf", h.checks},
		{"GET /payments/{id}/check.png", h.checkImage},

		{"GET /checks", h.printRuns},
		{"GET /checks/runs/{id}", h.printRun},
		{"POST /checks/runs/{id}/open", h.openRun},
		{"POST /checks/runs/{id}/printed", h.confirmPrinted},
		{"POST /checks/runs/{id}/mailed", h.confirmMailed},
		{"POST /checks/runs/{id}/spoiled", h.spoilCheck},
		{"GET /checks/register", h.checkRegister},
		{"POST /checks/renew-stop", h.renewStop},
		{"POST /checks/returned-mail", h.returnedMail},
		{"POST /checks/stops/{id}", h.stopAnswer},
		{"GET /checks/exceptions", h.checkExceptions},
		{"POST /checks/exceptions/{id}", h.decideException},
		{"GET /payments/{id}/void", h.voidForm},
		{"POST /payments/{id}/void", h.voidPayment},

		{"GET /vendors", h.vendors},
		{"GET /vendors/new", h.newVendorForm},
		{"POST /vendors/new", h.addVendor},
		{"GET /vendors/{id}", h.vendor},
		{"GET /vendors/{id}/edit", h.editVendorForm},
		{"POST /vendors/{id}/edit", h.editVendor},
		{"GET /vendors/{id}/bank-account", h.vendorBankForm},
		{"POST /vendors/{id}/bank-account", h.addVendorBank},
		{"POST /vendors/{id}/bank-account/remove", h.removeVendorBank},
		{"POST /vendors/{id}/bank-account/remittance", h.setRemittance},
		{"POST /vendors/{id}/bank-account/confirm", h.confirmVendorBank},
		{"POST /vendors/{id}/bank-account/correction/{what}", h.decideCorrection},
		{"POST /vendors/{id}/changes/{change}/{what}", h.decideChange},
		{"POST /vendors/{id}/lift", h.liftVendor},

		{"GET /reports", h.reports},
		{"GET /reports/{name}", h.report},
		{"GET /reports/1099/forms/{form}", h.taxForms},

		{"GET /settings", h.settings},
		{"GET /settings/profile", h.profile},
		{"GET /settings/profile/edit", h.profileForm},
		{"POST /settings/profile/edit", h.saveProfile},
		{"GET /settings/security", h.security},
		{"POST /settings/security", h.confirmApplication},
		{"GET /settings/sign-in", h.signInSettings},
		{"POST /settings/sign-in", h.confirmAuthenticator},
		{"POST /settings/sign-in/new", h.newAuthenticator},
		{"POST /settings/sign-in/remove", h.removeAuthenticator},
		{"GET /settings/tokens", h.tokens},
		{"POST /settings/tokens", h.newToken},
		{"POST /settings/tokens/end", h.endToken},
		{"GET /settings/network", h.network},
		{"POST /settings/network", h.answerInvitation},
		{"GET /settings/sanctions", h.sanctions},
		{"POST /settings/sanctions/{id}/clear", h.clearSanction},
		{"GET /settings/audit", h.auditTrail},
		{"GET /settings/audit/checkpoint", h.auditCheckpoint},
		{"GET /settings/payments", h.paymentRules},
		{"POST /settings/payments", h.savePaymentRules},
		{"GET /settings/bank-accounts", h.bankAccounts},
		{"GET /settings/bank-accounts/new", h.bankAccountForm},
		{"POST /settings/bank-accounts/new", h.addBankAccount},
		{"GET /settings/bank-accounts/{id}/files", h.bankFilesForm},
		{"POST /settings/bank-accounts/{id}/files", h.setBankFiles},
		{"GET /settings/bank-accounts/{id}/confirm", h.confirmBankAccountForm},
		{"POST /settings/bank-accounts/{id}/confirm", h.confirmBankAccount},
		{"POST /settings/bank-accounts/{id}/approve", h.approveBankAccount},
		{"GET /settings/bank-accounts/{id}/deactivate", h.closeBankAccountForm},
		{"POST /settings/bank-accounts/{id}/deactivate", h.closeBankAccount},
		{"GET /settings/bank-accounts/{id}/statements", h.statements},
		{"POST /settings/bank-accounts/{id}/statements/reconciled", h.markReconciled},
		{"POST /settings/bank-accounts/{id}/statements/{statement}/{what}", h.decideStatement},
		{"POST /settings/bank-accounts/{id}/statements/lines/{line}", h.matchLine},
		{"POST /settings/bank-accounts/{id}/statements/lines/{line}/suspense", h.clearSuspense},
		{"GET /setup/company/preferences", h.preferences},

		{"GET /developers/errors", h.apiErrors},
		{"/", func(*call) error { return fault.ErrNotFound }},
	}
}

// headers sets what every answer carries. The referrer stays within the site rather than away altogether: without it
// browsers send "Origin: null" with forms, by which a form of ours could not be told from a stranger's.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// call is one request, with what is known about who sends it.
type call struct {
	h      *handler
	w      http.ResponseWriter
	r      *http.Request
	caller db.Caller // once a transaction has found it
	user   string
	org    org.Organisation
	zone   *time.Location
	now    time.Time
	today  civil.Date // in the organisation's zone
	frame  view.Page
}

var (
	errNoOrganisation = errors.New("no organisation is chosen")
	errCrossOrigin    = errors.New("the form was sent from another site")
)

// serve runs a handler and turns its error into an answer.
func (h *handler) serve(do func(*call) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.MultipartForm == nil && r.Body != nil {
			most := int64(maxForm)
			if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
				most = maxUpload
			}
			r.Body = http.MaxBytesReader(w, r.Body, most)
		}
		c := &call{h: h, w: w, r: r}
		if err := do(c); err != nil {
			c.fail(err)
		}
	})
}

// fail answers an error: the way to sign in, to choose an organisation, or a page that says what was refused.
func (c *call) fail(err error) {
	var tooLarge *http.MaxBytesError
	f := fault.From(err)
	here := ""
	if c.r.Method == http.MethodGet && c.r.URL.Path != view.HomeURL {
		here = "?next=" + url.QueryEscape(c.r.URL.RequestURI())
	}
	page := view.ErrorPage{Bare: c.bare("Refused"), Status: http.StatusBadRequest}
	switch {
	case errors.Is(err, org.ErrNoSession), errors.Is(err, org.ErrSession):
		c.forgetCookie()
		c.redirect(view.SignInURL + here)
		return
	case errors.Is(err, errNoOrganisation):
		c.redirect(view.OrganisationsURL + here)
		return
	case errors.Is(err, errCrossOrigin):
		page.Status, page.Detail = http.StatusForbidden, "The form did not come from a page of this server. Open the page here and send it again."
	case errors.Is(err, org.ErrOrgInactive):
		page.Status, page.Detail, page.Home = http.StatusForbidden, f.Message, view.Link{Text: "Choose another organisation", URL: view.OrganisationsURL}
	case errors.As(err, &tooLarge):
		page.Status, page.Detail = http.StatusRequestEntityTooLarge, "That is more than this page takes."
	case errors.Is(err, context.Canceled) && c.r.Context().Err() != nil:
		return // the browser has gone
	case f == nil || f.Kind == fault.Internal:
		page.Status, page.Incident = http.StatusInternalServerError, string(ids.New(ids.AuditEvent))
		c.h.Log.ErrorContext(c.r.Context(), "page failed", "incident", page.Incident, "method", c.r.Method, "path", c.r.URL.Path, "error", err)
	case f.Kind == fault.NotFound, errors.Is(err, fault.ErrReference):
		page.Status = http.StatusNotFound
	case f.Kind == fault.Forbidden:
		page.Status = http.StatusForbidden
		if !errors.Is(err, fault.ErrForbidden) {
			page.Detail = f.Message
		}
	case f.Kind == fault.Busy:
		page.Status, page.Detail = http.StatusServiceUnavailable, f.Message
	case f.Kind == fault.Conflict:
		page.Status, page.Detail = http.StatusConflict, f.Message
	default:
		page.Detail = f.Message
	}
	if err := c.render(page.Status, view.Error(page)); err != nil {
		c.h.Log.ErrorContext(c.r.Context(), "error page failed", "error", err)
		http.Error(c.w, "The server failed.", http.StatusInternalServerError)
	}
}

// render sends a page, of which nothing leaves unless all of it could be made.
func (c *call) render(status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(c.r.Context(), &b); err != nil {
		return fmt.Errorf("render %s: %w", c.r.URL.Path, err)
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(b.Bytes()) // a browser that has gone is no error
	return nil
}

// redirect sends the browser on to a page.
func (c *call) redirect(to string) {
	c.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(c.w, c.r, to, http.StatusSeeOther)
}

// notices are what a page can say about the act that led to it, by the key that the address carries.
var notices = map[string]view.Flash{
	"saved":      {Tone: view.Good, Text: "Saved."},
	"canceled":   {Tone: view.Good, Text: "The payment is cancelled. Its amount can be paid again."},
	"letgo":      {Tone: view.Good, Text: "The payment is scheduled. Its process date stands below."},
	"paydenied":  {Tone: view.Good, Text: "The payment is denied. Its amount can be paid again."},
	"escheated":  {Tone: view.Good, Text: "The money is recorded as paid to a state."},
	"claimed":    {Tone: view.Good, Text: "The money is the payee's: this payment is void and its bills are paid by another one, or open again."},
	"printed":    {Tone: view.Good, Text: "The sheets are confirmed as printed."},
	"mailed":     {Tone: view.Good, Text: "The checks are confirmed as mailed. Their payments are sent."},
	"spoiled":    {Tone: view.Good, Text: "The number is recorded as spoiled. Its payment has a new one, in a print run of its own."},
	"stopped":    {Tone: view.Good, Text: "The check is stopped and its payment voided."},
	"unstopped":  {Tone: view.Good, Text: "The check is not stopped. Its payment stands."},
	"answered":   {Tone: view.Good, Text: "The answer is recorded. It goes to the bank within some minutes."},
	"voided":     {Tone: view.Good, Text: "The payment is void, or will be once the bank has answered. Its state stands below."},
	"renewed":    {Tone: view.Good, Text: "The stop order is renewed for six months."},
	"back":       {Tone: view.Good, Text: "The check is back. Void its payment, or mail it again."},
	"remailed":   {Tone: view.Good, Text: "The check is mailed again."},
	"entered":    {Tone: view.Good, Text: "The bill is entered."},
	"approvers":  {Tone: view.Good, Text: "They are asked to approve this bill."},
	"approved":   {Tone: view.Good, Text: "You have approved this bill."},
	"denied":     {Tone: view.Good, Text: "You have denied this bill."},
	"approveall": {Tone: view.Good, Text: "You have approved what you chose."},
	"denyall":    {Tone: view.Good, Text: "You have denied what you chose."},
	"delegated":  {Tone: view.Good, Text: "On those days that person can decide in your place."},
	"modeasked":  {Tone: view.Wait, Text: "The change is asked for. All administrators are told."},
	"attached":   {Tone: view.Good, Text: "The document is added."},
	"vendor":     {Tone: view.Good, Text: "The vendor is added."},
	"bank":       {Tone: view.Good, Text: "The bank account is added."},
	"asked":      {Tone: view.Good, Text: "The reversal waits for another person to approve it."},
	"reversing":  {Tone: view.Good, Text: "The reversal leaves with the next file. The payment is voided if it stands for two banking days."},
	"taskdone":   {Tone: view.Good, Text: "The task is done."},
	"tasksaid":   {Tone: view.Good, Text: "Noted. Another person has to say the same."},
	"corrected":  {Tone: view.Good, Text: "The new bank data is in force, and the payments that waited for it go on."},
	"refused":    {Tone: view.Good, Text: "Nothing is paid to this account any more."},
	"lifted":     {Tone: view.Good, Text: "The vendor can be paid again. Let its payments on hold go one by one."},
	"unbanked":   {Tone: view.Good, Text: "The bank account is removed."},
	"funding":    {Tone: view.Wait, Text: "The account is added. A test deposit goes to it: enter its amount here once it is on the statement."},
	"proved":     {Tone: view.Good, Text: "That is the amount. As this is not your first account, another person who manages bank accounts approves it now; where there is nobody, you do, two business days from now."},
	"second":     {Tone: view.Bad, Text: "You added this account: another person approves it. Where there is nobody else, you can two business days after you entered the amount."},
	"verified":   {Tone: view.Good, Text: "The account is verified. Payments can draw on it."},
	"untold":     {Tone: view.Bad, Text: "That was the third wrong amount: this account cannot be used. Deactivate it, and ask the operator of this server."},
	"told":       {Tone: view.Good, Text: "The amounts are right. The vendor is paid to this account."},
	"closed":     {Tone: view.Good, Text: "The account is deactivated. Nothing new is paid from it."},
	"matched":    {Tone: view.Good, Text: "The line is explained and posted."},
	"reconciled": {Tone: view.Good, Text: "The account is reconciled."},
	"confirmed":  {Tone: view.Good, Text: "The program may pay from now on."},
	"factor":     {Tone: view.Good, Text: "The authenticator is set up."},
	"unfactored": {Tone: view.Good, Text: "The authenticator is removed. Codes are mailed to you again."},
	"ended":      {Tone: view.Good, Text: "The token is ended, and with it what it opened."},
	"password":   {Tone: view.Good, Text: "Your new password is set."},
}

// done sends the browser on to a page that says so.
func (c *call) done(to, notice string) error {
	c.redirect(to + "?notice=" + notice)
	return nil
}

// cookie is the name of the session's cookie.
const cookie = "duebook"

func (c *call) credentials() org.Credentials {
	cred := org.Credentials{Kind: org.KindWeb, Address: c.address()}
	if k, err := c.r.Cookie(cookie); err == nil {
		cred.Session = k.Value
	}
	return cred
}

func (c *call) address() string {
	host, _, err := net.SplitHostPort(c.r.RemoteAddr)
	if err != nil {
		return c.r.RemoteAddr
	}
	return host
}

func (c *call) setCookie(session string) {
	http.SetCookie(c.w, &http.Cookie{Name: cookie, Value: session, Path: "/", HttpOnly: true, Secure: c.h.secure, SameSite: http.SameSiteLaxMode})
}

func (c *call) forgetCookie() {
	http.SetCookie(c.w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: c.h.secure, SameSite: http.SameSiteLaxMode})
}

// read runs fn on a snapshot as the user, with the page's frame read before. fn may run twice: it sets, and never
// adds to, what stands outside.
func (c *call) read(fn func(*db.Tx) error) error {
	return c.h.Sessions.Read(c.r.Context(), c.credentials(), func(x *org.Session, tx *db.Tx) error {
		if err := c.enter(x, tx); err != nil {
			return err
		}
		if err := c.readFrame(tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

// write runs fn in a transaction as the user.
func (c *call) write(fn func(*db.Tx) error) error {
	return c.h.Sessions.Write(c.r.Context(), c.credentials(), func(x *org.Session, tx *db.Tx) error {
		if err := c.enter(x, tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

func (c *call) enter(x *org.Session, tx *db.Tx) error {
	if x.Caller.Org == "" {
		return errNoOrganisation
	}
	c.caller, c.user, c.now = x.Caller, x.Email, tx.Now()
	return nil
}

// readFrame reads what every page carries around its content.
func (c *call) readFrame(tx *db.Tx) error {
	var err error
	if c.org, err = org.Load(tx); err != nil {
		return err
	}
	c.zone = c.org.Location()
	c.today = civil.Of(c.now, c.zone)
	all, err := org.Memberships(tx, c.caller.User)
	if err != nil {
		return err
	}
	bills, payments, err := read.Waiting(tx, c.today)
	if err != nil {
		return err
	}
	c.frame = view.Page{
		Rail: view.Rail(0, bills, payments), Org: view.Organisation{ID: string(c.org.ID), Name: c.org.Name},
		Orgs: organisationList(all), User: c.user, Version: c.h.Version, Help: view.ErrorsURL,
	}
	if c.may(org.ApproveBills) {
		n, err := c.waitsForUser(tx)
		if err != nil {
			return err
		}
		c.frame.Rail = view.WithApprovals(c.frame.Rail, n)
	}
	if c.may(org.ViewReports) {
		c.frame.Rail = append(c.frame.Rail, view.ReportsEntry)
	}
	if c.may(org.ManageBills) {
		c.frame.New = append(c.frame.New, view.Link{Text: "Bill", URL: view.NewBillURL("")})
	}
	if c.may(org.ManageVendors) {
		c.frame.New = append(c.frame.New, view.Link{Text: "Vendor", URL: view.NewVendorURL})
	}
	if tx.Sandbox() {
		c.frame.Sandbox = view.Instant(c.now, c.zone)
	}
	return nil
}

// page is the frame of a page; a notice named by the address is shown once, as the next page's address has none.
func (c *call) page(title, section string) view.Page {
	p := c.frame
	p.Title, p.Section = title, section
	if n, ok := notices[c.r.URL.Query().Get("notice")]; ok {
		p.Flash = []view.Flash{n}
	}
	return p
}

func (c *call) bare(title string) view.Bare { return view.Bare{Title: title, Version: c.h.Version} }

// may reports whether the user holds a permission, to leave out what a room would refuse.
func (c *call) may(p db.Permission) bool { return c.caller.Perms.Has(p) }

// id is the id in the path; one of another type, or none at all, names nothing.
func (c *call) id(name, prefix string) (ids.ID, error) {
	id := ids.ID(c.r.PathValue(name))
	if !id.Is(prefix) {
		return "", fault.ErrNotFound.With(string(id))
	}
	return id, nil
}

// form reads the fields of a posted form.
func (c *call) form() error {
	err := c.r.ParseForm()
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		return problem.ErrMalformed.Because(err)
	}
	return errors.Join(err, c.checkText())
}

// checkText refuses what is no text; no form of ours sends it, and not every database takes it.
func (c *call) checkText() error {
	for _, values := range c.r.PostForm {
		for _, s := range values {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				return problem.ErrMalformed
			}
		}
	}
	return nil
}

// tooLong gives the fields of the form that are longer than the record's field of that name allows; names gives the
// form's name for the record's.
func (c *call) tooLong(t *record.Type, names map[string]string) view.FieldErrors {
	var all view.FieldErrors
	for _, of := range slices.Sorted(maps.Keys(names)) {
		if most := t.Must(of).Max; utf8.RuneCountInString(c.field(names[of])) > most {
			all = append(all, view.FieldError{Field: names[of], Message: "Shorten the " + fieldWords[names[of]] + " to " + view.Count(most, "character", "characters") + ".", Code: "BDCE048"})
		}
	}
	return all
}

// fieldWords are the fields of forms as a sentence calls them.
var fieldWords = map[string]string{"name": "name", "nameOnCheck": "name on checks", "accountNumber": "account number", "taxId": "tax number",
	"email": "e-mail address", "phone": "phone number", "fax": "fax number", "address1": "address", "address2": "second line of the address",
	"city": "city", "state": "state", "zip": "ZIP code", "country": "country", "description": "description", "invoiceNumber": "invoice number",
	"poNumber": "purchase order"}

// field is a field of the form without the spaces around it.
func (c *call) field(name string) string { return strings.TrimSpace(c.r.PostFormValue(name)) }

// inWords writes the dates among the arguments of a fault as pages write them.
func inWords(args []string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		if day, err := time.Parse("01/02/2006", a); err == nil {
			out[i] = view.Date(civil.Of(day, time.UTC))
		}
	}
	return out
}

// refusal says whether err is a refusal that a form can be corrected after, and what to show at its fields. names
// gives the form's fields for the domain's; words replace the room's message for conditions that need more.
func refusal(err error, names map[string]string, words map[string]string) (view.FieldErrors, bool) {
	f := fault.From(err)
	if f == nil || f.Kind == fault.Internal || f.Kind == fault.Unknown || f.Kind == fault.Busy || errors.Is(err, fault.ErrForbidden) ||
		errors.Is(err, fault.ErrNotFound) {
		return nil, false
	}
	code, _, known := problem.ForV1(err, nil)
	if !known {
		code = ""
	}
	message := f.Message
	if w := words[f.Code]; w != "" {
		message = w
	}
	if len(f.Args) > 0 && !strings.HasSuffix(message, ".") {
		message += " " + strings.Join(inWords(f.Args), ", ") + "."
	}
	var all view.FieldErrors
	for _, name := range f.Fields {
		all = append(all, view.FieldError{Field: names[name], Message: message, Code: code})
	}
	if len(all) == 0 {
		all = view.FieldErrors{{Message: message, Code: code}}
	}
	return all, true
}
