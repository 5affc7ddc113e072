package web_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/sending"
)

// owing is an invoice of 1,250.00 to a customer of n, and the path of its pay link.
func (x *site) owing(n tenant) (id ids.ID, path string) {
	x.t.Helper()
	x.write(n.who, func(tx *db.Tx) error {
		c := customer.Customers.New().(*customer.Customer)
		c.Name, c.Email = "Hartwell Hotel", "ap@hartwell.example"
		if err := customer.Create(tx, c); err != nil {
			return err
		}
		l := invoice.Lines.New().(*invoice.Line)
		l.Price, l.Description = money.MustDecimal("1250"), "Rooms in October"
		i := invoice.Invoices.New().(*invoice.Invoice)
		i.CustomerID, i.InvoiceNumber, i.Lines = c.ID, "R-7", []*invoice.Line{l}
		i.InvoiceDate, i.DueDate = civil.MustDate("2026-11-01"), civil.MustDate("2026-12-01")
		if err := invoice.Create(tx, i); err != nil {
			return err
		}
		id = i.ID
		link, err := sending.Desk{Vault: x.vault, PublicURL: x.server.URL}.Link(tx, id)
		path = strings.TrimPrefix(link, x.server.URL)
		return err
	})
	return id, path
}

var hidden = regexp.MustCompile(`name="(form|day)" value="([^"]*)"`)

// fresh gives the hidden fields of a form.
func fresh(r reply) (out []string) {
	for _, m := range hidden.FindAllStringSubmatch(r.body, -1) {
		out = append(out, m[1], m[2])
	}
	return out
}

func TestAR7_PayLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		id, path := x.owing(x.a)
		b := x.browser()
		page := b.get(path)
		page.want(t, 200, "Invoice", "R-7", "$1,250.00", "Rooms in October", "Northwind Property Services", "Authorise the debit",
			"Check payable to", "I authorise Northwind Property Services to debit")
		if page.header.Get("X-Robots-Tag") == "" || page.header.Get("Cache-Control") != "no-store" || page.header.Get("Set-Cookie") != "" {
			t.Errorf("headers %v", page.header)
		}
		pdf := b.get(path + "/invoice.pdf")
		if pdf.status != 200 || !strings.HasPrefix(pdf.body, "%PDF-") || pdf.header.Get("Content-Type") != "application/pdf" {
			t.Errorf("PDF: %d %v", pdf.status, pdf.header)
		}

		form := fresh(page)
		if len(form) != 4 {
			t.Fatalf("hidden fields %q", form)
		}
		pay := func(pairs ...string) reply { return b.post(path, append(pairs, form...)...) }
		pay().want(t, 422, "Enter an amount such as", "Enter the name of who agrees", "Fill this in", "Without your agreement")
		whole := func(amount, routing string) []string {
			return []string{"amount", amount, "from", "new", "name", "Jo Hart", "routingNumber", routing, "accountNumber", "12345678", "accountType", "1",
				"holderType", "1", "agree", "yes"}
		}
		pay(whole("1250.01", "990000013")...).want(t, 422, "at most what is still due", "Jo Hart")
		pay(whole("1", "123")...).want(t, 422, "Look at the routing number once more")
		if r := b.postFrom("cross-site", path, append(whole("250", "990000013"), form...)...); r.status != 403 {
			t.Errorf("from another site: %d", r.status)
		}
		done := pay(whole("250", "990000013")...)
		done.want(t, 303)
		b.get(done.location()).want(t, 200, "Thank you", "$250.00 will be debited", "ending in 5678", "Payments under way")
		if again := pay(whole("250", "990000013")...); again.status != 303 || again.location() != done.location() {
			t.Errorf("XO-5: the same form again: %d %s", again.status, again.location())
		}
		form = fresh(b.get(path))
		pay("amount", "1000", "from", "file", "name", "Jo Hart", "agree", "yes").want(t, 303)
		x.write(x.a.who, func(tx *db.Tx) error {
			i, err := invoice.Invoices.Load(tx, id)
			if err == nil && (i.ScheduledAmount != 1250_00 || i.PaymentStatus != invoice.Scheduled) {
				t.Errorf("scheduled %d, status %d", i.ScheduledAmount, i.PaymentStatus)
			}
			return err
		})
		if r := b.get(path); strings.Contains(r.body, "Authorise the debit") {
			t.Error("nothing is left, and the form is there")
		}
		x.write(x.a.who, func(tx *db.Tx) error { return sending.Revoke(tx, id) })
		b.get(path).want(t, 404, "no longer works")
	})
}

func TestAR7_WrongTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		_, path := x.owing(x.a)
		b := x.browser()
		for range 10 {
			b.get("/pay/"+strings.Repeat("0", 32)).want(t, 404, "not known")
		}
		r := b.get(path)
		r.want(t, 429, "Too many tries", "Too many wrong links")
		if r.header.Get("Retry-After") == "" {
			t.Errorf("headers %v", r.header)
		}
		s.Clock.Advance(time.Hour)
		b.get(path).want(t, 200)
	})
}
