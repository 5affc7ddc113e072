package browser

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/sanction"
)

// waiting names what waits in a filled store.
type waiting struct {
	unclaimed, asked, check ids.ID // payments: of a stale check, one for a second person to approve, a check that was sent
	vendor                  ids.ID // one with credits
}

// fill makes half a year of business of which something waits on every page of money out: approvals, questions of the bank,
// its tasks, a likeness to a listed name, unclaimed money, a payment for a second person.
func (h *house) fill() (out waiting) {
	h.t.Helper()
	ctx := context.Background()
	walt := h.who
	vendors := map[string]ids.ID{}
	h.write(func(tx *db.Tx) error {
		own, err := org.Load(tx)
		if err != nil {
			return err
		}
		own.Preferences.StaleChecks, own.Preferences.CheckPrinting, own.Preferences.PaymentApprovalThreshold = "unclaimed", "automatic", 5_000_00
		if err := org.Save(tx, own); err != nil {
			return err
		}
		if walt.User, err = org.AddUser(tx, "walt@northwind.example", "Walt Price", ""); err != nil {
			return err
		}
		if err := org.SetMembership(tx, walt.User, org.Clerk, true); err != nil {
			return err
		}
		for _, name := range []string{"Cedar Print SIM-NEVER", "Alder Signs SIM-ALTERED", "Hartwell Supply Co.", "Zeltora Shipping"} {
			if vendors[name], err = h.vendor(tx, name, "48 Depot Street", "Portland", "OR", "97209"); err != nil {
				return err
			}
		}
		return nil
	})
	out.vendor = vendors["Hartwell Supply Co."]
	as := func(who db.Caller, fn func(*db.Tx) error) {
		h.t.Helper()
		if err := h.app.DB.Write(ctx, who, fn); err != nil {
			h.t.Fatal(err)
		}
	}
	pay := func(to, number string, minor int64, day string) (id ids.ID) {
		h.t.Helper()
		as(walt, func(tx *db.Tx) error {
			b, err := h.bill(tx, vendors[to], number, minor, "2026-05-20", "2026-12-20")
			if err != nil {
				return err
			}
			p, err := payment.Pay(tx, payment.Request{BillID: b, Amount: minor, ProcessDate: civil.MustDate(day)})
			if err == nil {
				id = p.PaymentID
			}
			return err
		})
		return id
	}
	out.unclaimed = pay("Cedar Print SIM-NEVER", "C-118", 240_00, "2026-06-02")
	h.settle(time.Date(2026, 6, 3, 17, 0, 0, 0, time.UTC))
	h.settle(time.Date(2026, 11, 16, 17, 0, 0, 0, time.UTC))
	pay("Alder Signs SIM-ALTERED", "A-77", 86_00, "2026-11-17")
	h.settle(time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC))
	out.check = pay("Hartwell Supply Co.", "88120", 2_400_00, "2026-11-23")
	h.settle(time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)) // the bank's question is there and its deadline is not over
	out.asked = pay("Hartwell Supply Co.", "88133", 7_250_00, "2026-11-27")
	as(walt, func(tx *db.Tx) error {
		for i := range 3 {
			b, err := h.bill(tx, out.vendor, fmt.Sprintf("88%d", 201+i), 640_00, "2026-11-12", "2026-11-26")
			if err != nil {
				return err
			}
			if err := bill.Approvals.Set(tx, b, []ids.ID{h.who.User}); err != nil {
				return err
			}
		}
		for i := range 2 {
			if _, err := h.bill(tx, out.vendor, fmt.Sprintf("88%d", 301+i), 99_00, "2026-11-12", "2026-12-12"); err != nil {
				return err
			}
		}
		c := credit.Credits.New().(*credit.Credit)
		l := credit.Lines.New().(*credit.Line)
		c.VendorID, c.RefNumber, c.CreditDate, c.Amount, c.Lines = out.vendor, "CR-7", civil.MustDate("2026-11-12"), 75_00, []*credit.Line{l}
		l.Amount = c.Amount
		if err := credit.Create(tx, c, false); err != nil {
			return err
		}
		tx.Exec(`INSERT INTO tasks (org_id, number, kind, subject, code, text, created) VALUES ($1, 101, 'operator', 'nothing', 'R17', 'The bank asks about an entry.', 1)`,
			string(tx.Org()))
		return sanction.Import(tx, sanction.List{Name: "PAGE", Published: civil.MustDate("2026-10-01"), SHA256: "ab"},
			[]sanction.Name{{UID: "7", Name: "ZELTORA SHIPPING CO", Program: "ZTR"}})
	})
	if _, err := h.app.Engine.Screen(ctx, h.who.Org, h.clock.Now()); err != nil {
		h.t.Fatal(err)
	}
	return out
}

// beyondKeyboard are the links, buttons and fields of the page that can be seen and that the keyboard does not reach.
const beyondKeyboard = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
	.filter(e => e.checkVisibility() && !e.disabled)
	.filter(e => { e.focus(); return e.tabIndex < 0 || document.activeElement !== e })
	.map(e => e.outerHTML.slice(0, 120))`

// filled looks at a page that has to show something, and whether the keyboard reaches all of it.
func (l *looker) filled(path string, texts ...string) {
	l.t.Helper()
	l.open(path)
	l.reached(path, texts...)
}

func (l *looker) reached(what string, texts ...string) {
	l.t.Helper()
	shown := l.text()
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			l.t.Errorf("%s does not show %q:\n%s", what, text, shown)
		}
	}
	lost, err := chromedp.Run(l.ctx, chromedp.Evaluate[[]string](beyondKeyboard))
	if err != nil || len(lost) > 0 {
		l.t.Errorf("%s: the keyboard does not reach %s, %v", what, strings.Join(lost, "\n\t"), err)
	}
}

// TestFilled looks with axe, in a wide and in a narrow window, at the pages of money out on which something waits, reaches all
// of them by keyboard, and pays many bills at once.
func TestFilled(t *testing.T) {
	t.Parallel()
	axe := axeSource(t)
	h := open(t, time.Date(2026, 6, 1, 17, 0, 0, 0, time.UTC))
	x := h.fill()
	l := &looker{screen: newScreen(t), h: h, axe: axe, mode: "light", seen: map[string]bool{}, keep: os.Getenv("DUEBOOK_LOOK")}
	l.signIn(h, password)
	l.heading("Home")
	of := func(id ids.ID) string { return "/payments/" + string(id) }

	l.filled("/", "3 bills")
	l.filled("/approvals", "88201", "88203", "Urgent")
	l.filled("/checks/exceptions", "Check 10002 over $860.00", "Pay it")
	l.filled("/bank-tasks", "R17", "The bank asks about an entry.")
	l.filled("/settings/sanctions", "ZELTORA SHIPPING CO")
	l.filled("/settings/audit", "Walt Price")
	l.filled("/payments?tab=waiting", "Hartwell Supply Co.")
	l.filled(of(x.asked), "Waits for a second person", "Reason, if you deny it")
	l.filled(of(x.asked)+"/cancel", "$7,250.00", "Keep it")
	l.filled(of(x.unclaimed), "Unclaimed money", "Kept for the payee")
	l.filled(of(x.check), "As it was printed", "Check 10003")
	l.filled("/checks", "10003")
	l.filled("/checks/register", "10001", "10003")
	l.filled("/vendors/"+string(x.vendor), "CR-7", "75.00")
	l.filled("/reports/unclaimed-property", "Cedar Print")
	l.filled("/reports/approval-queue", "88201")
	l.filled("/reports/check-register", "10003")
	l.filled("/reports/payment-register?from=2026-06-01&to=2026-12-31", "Alder Signs")

	l.do("unclaimed", chromedp.Navigate(h.url+of(x.unclaimed)))
	l.click("Give it to the payee")
	l.heading("Pay Cedar Print SIM-NEVER again?")
	l.look("a question before an act")
	l.reached("a question before an act", "$240.00", "Leave it as it is")
	l.do("deny", chromedp.Navigate(h.url+of(x.asked)))
	l.click("Deny")
	l.do("the refusal", chromedp.WaitVisible(chromedp.CSS(".problems")))
	l.look("denied without a reason")
	l.reached("denied without a reason", "Say why you deny this payment.")

	l.filled("/bills/pay", "88301", "88302", "left", "It leaves on")
	l.do("the time left is counted down", chromedp.WaitVisible(`//*[@data-countdown][starts-with(., "in 11 hours 59 minutes")]`))
	l.click("All on this page")
	l.do("the total", chromedp.WaitVisible(`//p[@data-total][contains(., "2 bills, $198.00")]`))
	l.click("Review the payments")
	l.heading("Confirm the payments")
	l.look("many bills, to be confirmed")
	l.reached("many bills, to be confirmed", "1 payment of 2 bills", "Left after this")
	l.click("Confirm: pay $198.00")
	l.heading("1 payment scheduled")
	l.look("many bills, paid")
	l.reached("many bills, paid", "Hartwell Supply Co.", "Scheduled")

	// By keyboard alone: from the top of the page to the first box, which is chosen, and on to the button.
	l.do("approvals", chromedp.Navigate(h.url+"/approvals"), chromedp.WaitVisible(chromedp.CSS("h1")))
	l.tab("input[name=item]")
	l.do("choose", chromedp.KeyEvent(" "))
	l.tab("button[value=approve]")
	l.do("approve", chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`//*[contains(text(), "You have approved what you chose.")]`))
	t.Logf("%d pages", l.n)
}

// tab presses the tabulator until what the selector names has the focus.
func (l *looker) tab(selector string) {
	l.t.Helper()
	for range 60 {
		l.do("tab", chromedp.KeyEvent(kb.Tab))
		at, err := chromedp.Run(l.ctx, chromedp.Evaluate[bool](fmt.Sprintf("document.activeElement.matches(%q)", selector)))
		if err != nil {
			l.t.Fatal(err)
		}
		if at {
			return
		}
	}
	l.t.Fatalf("sixty steps do not lead to %s", selector)
}
