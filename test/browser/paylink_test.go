package browser

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/sending"
)

// payLink is the path of the pay link of an invoice, with another one beside it.
func (h *house) payLink() (path string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		c := customer.Customers.New().(*customer.Customer)
		c.Name = "Hartwell Hotel"
		if err := customer.Create(tx, c); err != nil {
			return err
		}
		for _, number := range []string{"R-8", "R-7"} {
			l := invoice.Lines.New().(*invoice.Line)
			l.Price, l.Description = money.MustDecimal("1250"), "Rooms in October, with breakfast for a party of twelve"
			i := invoice.Invoices.New().(*invoice.Invoice)
			i.CustomerID, i.InvoiceNumber, i.Lines = c.ID, number, []*invoice.Line{l}
			i.InvoiceDate, i.DueDate = civil.MustDate("2026-11-01"), civil.MustDate("2026-12-01")
			if err := invoice.Create(tx, i); err != nil {
				return err
			}
			link, err := sending.Desk{Vault: h.app.Vault, PublicURL: h.url}.Link(tx, i.ID)
			if err != nil {
				return err
			}
			path = strings.TrimPrefix(link, h.url)
		}
		return nil
	})
	return path
}

// TestAR7_PayLink: a customer without an account opens the link, pays a part from a bank account, and sees it under way;
// axe has nothing against the page in any of its states, nor is it wider than a telephone.
func TestAR7_PayLink(t *testing.T) {
	t.Parallel()
	axe := axeSource(t)
	for mode, setting := range map[string]string{"light": "preferredColorScheme=1", "dark": "preferredColorScheme=0"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			h := open(t, time.Date(2026, 11, 16, 17, 0, 0, 0, time.UTC))
			l := &looker{screen: newScreen(t, chromedp.Flag("blink-settings", setting)), h: h, axe: axe, mode: mode, seen: map[string]bool{}, keep: os.Getenv("DUEBOOK_LOOK")}
			path := h.payLink()
			l.open(path)
			l.fill("amount", "250.00")
			l.fill("name", "Jo Hart")
			l.fill("routingNumber", "123456789")
			l.fill("accountNumber", "12345678")
			l.do("agree", chromedp.Click(chromedp.CSS("#agree-yes")))
			l.click("Authorise the debit")
			l.do("the refusal", chromedp.WaitVisible(chromedp.CSS(".problems")))
			l.look("pay link refused")
			l.fill("routingNumber", "990000026")
			l.fill("accountNumber", "12345678")
			l.click("Authorise the debit")
			l.do("thanks", chromedp.WaitVisible(chromedp.CSS(".note.good")))
			l.look("pay link paid")
			l.open("/pay/" + strings.Repeat("0", 32))
		})
	}
}
