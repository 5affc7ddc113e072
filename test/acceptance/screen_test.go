package acceptance

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/duebook/duebook/test/chromium"
)

// screen is a tab of a real browser, for the steps that a person does on the web.
type screen struct {
	t   *testing.T
	ctx context.Context
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	return &screen{t, chromium.Open(t)}
}

// do runs steps, which together have thirty seconds.
func (s *screen) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	chromium.Do(s.t, s.ctx, what, steps...)
}

// heading waits until the page with that heading is shown.
func (s *screen) heading(text string) {
	s.t.Helper()
	s.do("wait for the page "+text, chromedp.WaitVisible(fmt.Sprintf(`//h1[normalize-space()=%q]`, text)))
}

func (s *screen) open(address, heading string) {
	s.t.Helper()
	s.do("open "+address, chromedp.Navigate(address))
	s.heading(heading)
}

// see waits for a text in the page.
func (s *screen) see(text string) {
	s.t.Helper()
	s.do("see "+text, chromedp.WaitVisible(fmt.Sprintf(`(//main//*[text()[contains(., %q)]])[1]`, text)))
}

// click follows the link, or presses the button, that reads as text.
func (s *screen) click(text string) {
	s.t.Helper()
	s.do("click "+text, chromedp.Click(fmt.Sprintf(`(//main//a[normalize-space()=%[1]q] | //main//button[normalize-space()=%[1]q])[1]`, text), chromedp.NodeVisible))
}

// press clicks the element with that id.
func (s *screen) press(id string) {
	s.t.Helper()
	s.do("press "+id, chromedp.Click(chromedp.ID(id)))
}

// fill types into the field with that id, in place of what stands there.
func (s *screen) fill(id, text string) {
	s.t.Helper()
	s.do("fill "+id, chromedp.Clear(chromedp.ID(id)), chromedp.SendKeys(chromedp.ID(id), text))
}

func (s *screen) signIn(p *person) {
	s.t.Helper()
	s.open(p.base+"/signin", "Sign in")
	s.fill("email", p.email)
	s.fill("password", password)
	s.click("Sign in")
	s.do("signed in", chromedp.WaitVisible(`//nav//a[normalize-space()="Bills"]`))
}

var badge = regexp.MustCompile(`(?s)<p class="badges">\s*<span[^>]*>(.*?)</span>`)

// state is how the page of a payment calls its state.
func (p *person) state(payment string) string {
	p.t.Helper()
	page := p.get("/payments/" + payment)
	m := badge.FindStringSubmatch(page)
	if m == nil {
		p.t.Fatalf("no state in the page\n%s", page)
	}
	return strings.TrimSpace(regexp.MustCompile(`(?s)<.*?>`).ReplaceAllString(m[1], ""))
}

// set gives the field with that id a value: a date, or an entry of a list, reads otherwise for a person than for a form.
func (s *screen) set(id, value string) {
	s.t.Helper()
	s.do("set "+id, chromedp.WaitVisible(chromedp.ID(id)), chromedp.SetValue(chromedp.ID(id), value))
}
