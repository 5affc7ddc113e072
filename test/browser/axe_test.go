package browser

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// axeSource is axe-core, as tools/npm/package-lock.json pins it.
func axeSource(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", "tools", "npm", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Skip("axe-core is not installed: npm ci --prefix tools/npm")
	}
	return string(source)
}

// What axe looks for in a page: everything, with what WCAG 2.2 adds (axe leaves the size of targets out unless it is told
// otherwise); in a narrow window all but the contrast of colours, which does not know the width; in the dark that alone, which
// alone knows of the dark. Contrast is what takes the time.
const (
	axeAll    = `{rules: {"target-size": {enabled: true}}, resultTypes: ["violations"]}`
	axeNarrow = `{rules: {"target-size": {enabled: true}, "color-contrast": {enabled: false}}, resultTypes: ["violations"]}`
	axeDark   = `{runOnly: ["color-contrast"], resultTypes: ["violations"]}`
)

// axeRun asks axe for what is wrong in the page.
func axeRun(options string) string {
	return `axe.run(document, ` + options + `).then(r =>
	r.violations.map(v => v.id + " (" + v.impact + "): " + v.help + v.nodes.map(n => "\n\t" + n.target.join(" ") + "\n\t\t" + n.failureSummary.replace(/\n/g, " ")).join("")))`
}

// looker opens pages and has axe look at each, in a wide and in a narrow window.
type looker struct {
	*screen
	h     *house
	axe   string
	mode  string
	seen  map[string]bool // patterns of the addresses that were looked at
	queue []string        // addresses found in pages
	keep  string          // a folder for a picture of everything that was looked at, or ""
	n     int
}

var idInPath = regexp.MustCompile(`[0-9a-z]{3}01[0-9A-Za-z]{15}`)

// open looks at the page at an address, and notes where it leads.
func (l *looker) open(path string) {
	l.t.Helper()
	at, _, _ := strings.Cut(path, "?")
	l.seen[idInPath.ReplaceAllString(at, "*")] = true
	l.do("open "+path, chromedp.Navigate(l.h.url+path), chromedp.WaitVisible(chromedp.CSS("h1")))
	if here, err := chromedp.Run(l.ctx, chromedp.Evaluate[string](`location.pathname`)); err != nil || here != at {
		l.t.Fatalf("%s leads to %s, %v", path, here, err)
	}
	l.look(path)
	links, err := chromedp.Run(l.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("a[href]:not([download])")].map(a => a.getAttribute("href"))`))
	if err != nil {
		l.t.Fatal(err)
	}
	l.queue = append(l.queue, links...)
}

// look has axe look at what the tab shows.
func (l *looker) look(what string) {
	l.t.Helper()
	l.n++
	if _, err := chromedp.Run(l.ctx, chromedp.Evaluate[chromedp.Void](l.axe)); err != nil {
		l.t.Fatal(err)
	}
	for width, options := range map[int64]string{1280: axeAll, 390: axeNarrow} {
		if l.mode == "dark" {
			options = axeDark
			if width != 1280 && l.keep == "" {
				continue
			}
		}
		l.do("resize", chromedp.EmulateViewport(width, 900))
		wrong, err := chromedp.Run(l.ctx, chromedp.Evaluate[[]string](axeRun(options), chromedp.EvalAwaitPromise))
		if err != nil {
			l.t.Fatalf("%s, %s, %d px: %v", what, l.mode, width, err)
		}
		for _, w := range wrong {
			l.t.Errorf("%s, %s, %d px: %s", what, l.mode, width, w)
		}
		wide, err := chromedp.Run(l.ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
		if err != nil || wide > width {
			l.t.Errorf("%s, %s: %d px wide in a window of %d px, %v", what, l.mode, wide, width, err)
		}
		if l.keep != "" {
			name := fmt.Sprintf("%02d-%s-%s-%d.png", l.n, strings.Trim(regexp.MustCompile(`\W+`).ReplaceAllString(idInPath.ReplaceAllString(what, ""), "-"), "-"), l.mode, width)
			png, err := chromedp.Run(l.ctx, chromedp.FullScreenshot(100))
			if err == nil {
				err = os.WriteFile(filepath.Join(l.keep, name), png, 0o600)
			}
			if err != nil {
				l.t.Fatal(err)
			}
		}
	}
	if l.keep != "" && l.mode == "light" {
		pdf, err := chromedp.Run(l.ctx, chromedp.PrintToPDF())
		if err == nil {
			err = os.WriteFile(filepath.Join(l.keep, fmt.Sprintf("%02d-print.pdf", l.n)), pdf, 0o600)
		}
		if err != nil {
			l.t.Fatal(err)
		}
	}
	l.do("resize", chromedp.EmulateViewport(1280, 900))
}

// TestAxe: no page of the product has anything that axe objects to (WCAG 2.2 AA and its best practices), in light and in
// dark (there in colours alone), in a wide and in a narrow window, and none is wider than its window. Pages are those named here and those that a
// page leads to. DUEBOOK_LOOK names a folder for a picture of each.
func TestAxe(t *testing.T) {
	t.Parallel()
	axe := axeSource(t)
	for mode, setting := range map[string]string{"light": "preferredColorScheme=1", "dark": "preferredColorScheme=0"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			h := open(t, time.Date(2026, 11, 16, 17, 0, 0, 0, time.UTC))
			l := &looker{screen: newScreen(t, chromedp.Flag("blink-settings", setting)), h: h, axe: axe, mode: mode, seen: map[string]bool{}, keep: os.Getenv("DUEBOOK_LOOK")}
			dark, err := chromedp.Run(l.ctx, chromedp.Evaluate[bool](`matchMedia("(prefers-color-scheme: dark)").matches`))
			if err != nil || dark != (mode == "dark") {
				t.Fatalf("the browser is dark: %t, %v", dark, err)
			}
			l.awake()
			l.outside()
			l.signIn(h, password)
			l.heading("Home")
			for _, path := range []string{"/", "/bills", "/payments", "/vendors", "/settings/security", "/reports", "/reports/ap-ageing"} { // an empty book
				l.open(path)
			}
			shown := h.month() // ends the session: the clock moves
			l.signIn(h, password)
			l.heading("Home")
			for _, path := range []string{
				"/", "/bills", "/bills?q=nothing+like+it", "/bills/" + string(shown.bill), "/bills/" + string(shown.open), "/bills/" + string(shown.open) + "/pay",
				"/payments", "/payments/" + string(shown.payment), "/payments/" + string(shown.check), "/payments/" + string(shown.failed),
				"/payments/" + string(shown.payment) + "/scheduled", "/vendors", "/vendors/" + string(shown.vendor), "/vendors/" + string(shown.other),
				"/vendors/" + string(shown.other) + "/bank-account", "/settings/security", "/settings/payments", "/settings/profile/edit", "/setup/company/preferences",
				"/bills/new", "/bills/new?vendor=" + string(shown.vendor), "/vendors/" + string(shown.vendor) + "/edit", "/settings/bank-accounts",
				"/nothing", "/bills?notice=saved",
				"/reports/payment-register?from=2026-11-01&to=2026-12-31", "/reports/funds-transfers?from=2026-11-01&to=2026-12-31", // wide and filled
				"/reports/cash-requirements?by=day", "/reports/approval-turnaround?by=vendor&from=2026-11-01&to=2026-12-31", "/reports/1099?year=2026",
			} {
				l.open(path)
			}
			for len(l.queue) > 0 {
				path, _, _ := strings.Cut(l.queue[0], "#")
				l.queue = l.queue[1:]
				at, _, _ := strings.Cut(path, "?")
				if !strings.HasPrefix(at, "/") || l.seen[idInPath.ReplaceAllString(at, "*")] || strings.HasSuffix(at, ".csv") || strings.HasSuffix(at, ".pdf") {
					continue
				}
				l.open(path)
			}
			l.refusals(shown)
			t.Logf("%d pages", l.n)
		})
	}
}

// awake makes sure that axe would say so if something were wrong.
func (l *looker) awake() {
	l.t.Helper()
	l.do("open", chromedp.Navigate(l.h.url+"/signin"), chromedp.Evaluate[chromedp.Void](l.axe+`;document.querySelector("main").append(new Image())`))
	wrong, err := chromedp.Run(l.ctx, chromedp.Evaluate[[]string](axeRun(axeAll), chromedp.EvalAwaitPromise))
	if err != nil || len(wrong) == 0 {
		l.t.Fatalf("axe finds nothing wrong with an image that has no text: %v", err)
	}
}

// outside looks at the pages for who is not signed in.
func (l *looker) outside() {
	l.t.Helper()
	for _, path := range []string{"/signin", "/forgot-password", "/reset-password?token=x", "/developers/errors"} {
		l.open(path)
	}
	l.signIn(l.h, "wrong")
	l.do("the refusal", chromedp.WaitVisible(chromedp.CSS(".problems")))
	l.look("a wrong password")
	r, err := http.PostForm(l.h.url+"/forgot-password", url.Values{"email": {email}})
	if err != nil {
		l.t.Fatal(err)
	}
	_ = r.Body.Close()
	l.open(strings.TrimPrefix(l.h.link(), l.h.url))
}

// refusals looks at forms that come back with what is wrong, and at what stands between a form and its act.
func (l *looker) refusals(shown shown) {
	l.t.Helper()
	l.do("pay", chromedp.Navigate(l.h.url+"/bills/"+string(shown.open)+"/pay"))
	l.click("Review the payment")
	l.heading("Confirm the payment")
	l.look("review")
	l.do("pay", chromedp.Navigate(l.h.url+"/bills/"+string(shown.open)+"/pay"))
	l.fill("amount", "nothing")
	l.click("Review the payment")
	l.do("the refusal", chromedp.WaitVisible(chromedp.CSS(".problems")))
	l.look("pay refused")
	l.do("bank account", chromedp.Navigate(l.h.url+"/vendors/"+string(shown.other)+"/bank-account"))
	l.fill("routingNumber", "123456789")
	l.fill("accountNumber", "1")
	l.click("Add the account")
	l.do("the refusal", chromedp.WaitVisible(chromedp.CSS(".problems")))
	l.look("bank account refused")
	l.do("bill", chromedp.Navigate(l.h.url+"/bills/new?vendor="+string(shown.vendor)))
	l.fill("invoiceNumber", "INV-20881") // there is one
	l.fill("amount", "100.00")
	l.fill("amount-1", "90")
	l.click("Add a line")
	l.do("the second line", chromedp.WaitVisible(chromedp.ID("amount-2")))
	l.look("bill with two lines")
	l.click("Save the bill")
	l.do("the refusal", chromedp.WaitVisible(chromedp.CSS(".problems")))
	l.look("bill refused")
	l.fill("amount-2", "10")
	l.click("Save the bill")
	l.do("the question", chromedp.WaitVisible(chromedp.CSS(".note.warn")))
	l.look("bill with a number that is taken")
	l.do("vendor", chromedp.Navigate(l.h.url+"/vendors/new"))
	l.fill("name", "Harbor")
	l.fill("zip", strings.Repeat("9", 21))
	l.click("Save")
	l.do("the refusal", chromedp.WaitVisible(chromedp.CSS(".problems")))
	l.look("vendor refused")
	l.do("account", chromedp.Navigate(l.h.url+"/settings/bank-accounts/new"))
	l.fill("name", "Payroll")
	l.fill("routingNumber", "123456789")
	l.fill("accountNumber", "1000004455")
	l.click("Add the account")
	l.do("the refusal", chromedp.WaitVisible(chromedp.CSS(".problems")))
	l.look("account refused")
	l.fill("routingNumber", "990000026")
	l.fill("accountNumber", "1000004455")
	l.click("Add the account")
	l.heading("Settings")
	l.look("account pending")
	l.do("home", chromedp.Navigate(l.h.url+"/"), chromedp.Click(chromedp.CSS("summary.switch")))
	l.look("account menu")
}
