package sending_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/mail"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/sending"
)

var ctx = context.Background()

// house is an organisation with a customer that owes 1,250.00.
type house struct {
	t        *testing.T
	s        *dbtest.Store
	desk     sending.Desk
	who      db.Caller
	customer *customer.Customer
	invoice  ids.ID
}

func each(t *testing.T, fn func(h *house)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		v, err := secret.CreateVault(filepath.Join(t.TempDir(), "master.key"))
		if err != nil {
			t.Fatal(err)
		}
		id, user, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "ana@acme.example", PasswordHash: "x",
			SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		h := &house{t: t, s: s, who: db.Caller{Org: id, User: user, Perms: org.All, Channel: "test"},
			desk: sending.Desk{Vault: v, PublicURL: "https://books.example/"}}
		h.customer = customer.Customers.New().(*customer.Customer)
		h.customer.Name, h.customer.Email = "Hartwell <Hotel>", "ap@hartwell.example"
		h.must(func(tx *db.Tx) error { return customer.Create(tx, h.customer) })
		h.invoice = h.newInvoice("INV/7", "1250")
		fn(h)
	})
}

func (h *house) newInvoice(number, amount string) ids.ID {
	h.t.Helper()
	l := invoice.Lines.New().(*invoice.Line)
	l.Price, l.Description = money.MustDecimal(amount), "Rooms"
	i := invoice.Invoices.New().(*invoice.Invoice)
	i.CustomerID, i.InvoiceNumber, i.Lines = h.customer.ID, number, []*invoice.Line{l}
	i.InvoiceDate, i.DueDate = civil.MustDate("2026-11-01"), civil.MustDate("2026-12-01")
	h.must(func(tx *db.Tx) error { return invoice.Create(tx, i) })
	return i.ID
}

func (h *house) write(fn func(tx *db.Tx) error) error { return h.s.Write(ctx, h.who, fn) }

func (h *house) must(fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.write(fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) send(m sending.Message) error {
	m.Invoice = h.invoice
	return h.write(func(tx *db.Tx) error { return h.desk.Send(tx, m) })
}

func (h *house) mails() (out []outbox.Mail) {
	h.t.Helper()
	h.must(func(tx *db.Tx) (err error) { out, err = outbox.About(tx, h.invoice); return err })
	return out
}

// link is the pay link of the house's invoice.
func (h *house) link() (link string) {
	h.t.Helper()
	h.must(func(tx *db.Tx) (err error) { link, err = h.desk.Link(tx, h.invoice); return err })
	return link
}

// text is what stands on a PDF, without one where it cannot be read here.
func text(t *testing.T, pdf []byte) {
	t.Helper()
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf, []byte("%%EOF")) {
		t.Errorf("no PDF: %d bytes", len(pdf))
	}
}

func TestAR6_Send(t *testing.T) {
	each(t, func(h *house) {
		if err := h.send(sending.Message{CcMe: true}); err != nil {
			h.t.Fatal(err)
		}
		link := h.link()
		all := h.mails()
		if len(all) != 2 || all[0].To != "ap@hartwell.example" && all[1].To != "ap@hartwell.example" || all[0].State != outbox.Caught {
			h.t.Fatalf("%+v", all)
		}
		m := all[0]
		for _, want := range []string{"Hello Hartwell <Hotel>,", "invoice INV/7", "$1,250.00 is due on Dec 1, 2026", link, "Thank you,\nAcme"} {
			if !strings.Contains(m.Body, want) {
				h.t.Errorf("no %q in %s", want, m.Body)
			}
		}
		for _, want := range []string{"Hartwell &lt;Hotel&gt;", `href="` + link + `"`, "View and pay invoice"} {
			if !strings.Contains(m.HTML, want) {
				h.t.Errorf("no %q in %s", want, m.HTML)
			}
		}
		if m.Subject != "Invoice INV/7 from Acme" {
			h.t.Errorf("subject %q", m.Subject)
		}
		h.must(func(tx *db.Tx) error {
			files, err := outbox.Files(tx, m.ID)
			if err != nil || len(files) != 1 || files[0].Name != "Invoice-INV-7.pdf" {
				h.t.Fatalf("%v %v", files, err)
			}
			return nil
		})
		h.must(func(tx *db.Tx) error {
			i, err := invoice.Invoices.Load(tx, h.invoice)
			if err == nil && i.LastSentTime.Time() != dbtest.Start {
				h.t.Errorf("last sent %v", i.LastSentTime.Time())
			}
			return err
		})
		if err := h.send(sending.Message{}); err != nil {
			h.t.Fatal(err)
		}
		if all := h.mails(); !strings.Contains(all[len(all)-1].Body, link) {
			h.t.Error("sending again makes another link")
		}
		h.must(func(tx *db.Tx) error { return sending.Revoke(tx, h.invoice) })
		if h.link() == link {
			h.t.Error("a revoked link comes again")
		}
		h.find(link, sending.ErrNoLink)
		h.find(h.link(), nil)
		h.find("https://books.example/pay/"+strings.Repeat("0", 32), sending.ErrNoLink)
	})
}

// find looks a link up as a stranger does.
func (h *house) find(link string, want error) {
	h.t.Helper()
	token := link[strings.LastIndexByte(link, '/')+1:]
	if len(token) != 32 {
		h.t.Errorf("AR-7: %d digits", len(token))
	}
	err := h.s.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
		o, i, err := sending.Find(tx, token)
		if err == nil && (o != h.who.Org || i != h.invoice) {
			h.t.Errorf("found %s %s", o, i)
		}
		return err
	})
	if !errors.Is(err, want) {
		h.t.Errorf("%s: %v, want %v", link, err, want)
	}
}

func TestV2_125_Send(t *testing.T) {
	each(t, func(h *house) {
		for _, c := range []struct {
			name string
			m    sending.Message
			want error
		}{
			{"subject alone", sending.Message{Subject: "x"}, fault.ErrMissing},
			{"body alone", sending.Message{Body: "x"}, fault.ErrMissing},
			{"no address", sending.Message{To: []string{"nobody"}}, fault.ErrValue},
			{"no user of ours", sending.Message{From: ids.New(ids.User)}, fault.ErrReference},
			{"too many", sending.Message{To: strings.Split(strings.Repeat("a,", 1)+strings.Join(addresses(51), ","), ",")}, fault.ErrTooMany},
		} {
			if err := h.send(c.m); !errors.Is(err, c.want) {
				h.t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		if n := len(h.mails()); n != 0 {
			h.t.Fatalf("%d mails", n)
		}
		err := h.send(sending.Message{From: h.who.User, To: []string{"new@hartwell.example", "NEW@hartwell.example ", "AP@hartwell.example"},
			Subject: "{:Invoice.Number:} of\r\n{:Customer.Name:}", Body: "{:Invoice.AmountDue:} {:Invoice.DueDate:} {:Nobody.Knows:} {:Link_Pay_Invoice:}"})
		if err != nil {
			h.t.Fatal(err)
		}
		all := h.mails()
		if len(all) != 2 || all[0].Subject != "INV/7 of Hartwell <Hotel>" || all[0].Body != "$1,250.00 Dec 1, 2026 {:Nobody.Knows:} "+h.link() {
			h.t.Errorf("%+v", all)
		}
		var contacts []string
		h.must(func(tx *db.Tx) error {
			rows, err := tx.Query(`SELECT email FROM customer_contacts WHERE org_id = $1`, string(h.who.Org))
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var s string
				if err := rows.Scan(&s); err != nil {
					return err
				}
				contacts = append(contacts, s)
			}
			return rows.Err()
		})
		if len(contacts) != 1 || contacts[0] != "new@hartwell.example" {
			h.t.Errorf("contacts %v", contacts)
		}
		h.setEmail("")
		if err := h.send(sending.Message{}); err != nil || h.mails()[2].To != "new@hartwell.example" {
			h.t.Errorf("to the contacts: %v", err)
		}
		h.must(func(tx *db.Tx) error {
			tx.Exec(`UPDATE customer_contacts SET is_active = 2 WHERE org_id = $1`, string(h.who.Org))
			return nil
		})
		if err := h.send(sending.Message{}); !errors.Is(err, fault.ErrMissing) {
			h.t.Errorf("nobody to send to: %v", err)
		}
		h.who.Perms = db.Of(org.ViewReceivables)
		if err := h.send(sending.Message{}); !errors.Is(err, fault.ErrForbidden) {
			h.t.Errorf("without the permission: %v", err)
		}
	})
}

func addresses(n int) (out []string) {
	for i := range n {
		out = append(out, strings.Repeat("a", i+1)+"@x.example")
	}
	return out
}

func (h *house) setEmail(s string) {
	h.change(func(c *customer.Customer) { c.Email = s })
}

func (h *house) change(fn func(*customer.Customer)) {
	h.t.Helper()
	h.must(func(tx *db.Tx) error {
		before, err := customer.Customers.LoadForUpdate(tx, h.customer.ID)
		if err != nil {
			return err
		}
		after := *before
		fn(&after)
		return customer.Update(tx, before, &after)
	})
}

// server takes mails.
type server struct{ got []mail.Message }

func (s *server) Send(_ context.Context, m mail.Message) error {
	s.got = append(s.got, m)
	return m.Check()
}

// A live store's mail leaves with the PDF, under the company's name, and answers go to the user.
func TestAR6_Leaves(t *testing.T) {
	each(t, func(h *house) {
		h.must(func(tx *db.Tx) error { tx.Exec(`UPDATE store SET kind = 'live' WHERE id = 1`); return nil })
		o := h.s.Options
		o.Sandbox = false
		d, err := db.Open(ctx, o)
		if err != nil {
			h.t.Fatal(err)
		}
		defer d.Close()
		if err := d.Write(ctx, h.who, func(tx *db.Tx) error { return h.desk.Send(tx, sending.Message{Invoice: h.invoice}) }); err != nil {
			h.t.Fatal(err)
		}
		srv := &server{}
		box, err := outbox.New(d, srv, "Duebook <no-reply@books.example>")
		if err != nil {
			h.t.Fatal(err)
		}
		box.Makes(sending.Maker, sending.Make(d))
		r := job.New(d, map[string]job.Handler{outbox.Kind: box.Send}, slog.New(slog.DiscardHandler))
		if err := r.Due(ctx, h.s.Clock.Now()); err != nil {
			h.t.Fatal(err)
		}
		if len(srv.got) != 1 {
			h.t.Fatalf("%d mails", len(srv.got))
		}
		m := srv.got[0]
		if m.From != `"Acme" <no-reply@books.example>` || m.ReplyTo != "ana@acme.example" || m.HTML == "" || len(m.Attachments) != 1 {
			h.t.Fatalf("from %q, answers to %q, %d files", m.From, m.ReplyTo, len(m.Attachments))
		}
		text(h.t, m.Attachments[0].Content)
	})
}

func TestMailInvoice(t *testing.T) {
	each(t, func(h *house) {
		letter := func(tx *db.Tx) error { return h.desk.Letter(tx, h.invoice) }
		if err := h.write(letter); !errors.Is(err, sending.ErrAddress) {
			h.t.Fatalf("without an address: %v", err)
		}
		h.change(func(c *customer.Customer) {
			c.Bill = customer.Address{Line1: "1 Main", City: "Reno", Region: "NV", Zip: "89501"}
		})
		h.must(letter)
		dir := h.t.TempDir()
		r := job.New(h.s.DB, map[string]job.Handler{sending.PrintKind: sending.Printer(h.s.DB, dir)}, slog.New(slog.DiscardHandler))
		if err := r.Due(ctx, h.s.Clock.Now()); err != nil {
			h.t.Fatal(err)
		}
		found, err := filepath.Glob(filepath.Join(dir, string(h.who.Org), "2026-11-23", "Invoice-INV-7-*.pdf"))
		if err != nil || len(found) != 1 {
			h.t.Fatalf("%v %v", found, err)
		}
		pdf, err := os.ReadFile(found[0])
		if err != nil {
			h.t.Fatal(err)
		}
		text(h.t, pdf)
		h.must(func(tx *db.Tx) error {
			var state string
			if err := tx.Row(`SELECT state FROM letters WHERE org_id = $1`, string(h.who.Org)).Scan(&state); err != nil || state != "printed" {
				h.t.Errorf("%s, %v", state, err)
			}
			i, err := invoice.Invoices.Load(tx, h.invoice)
			if err == nil && i.LastSentTime == 0 {
				h.t.Error("lastSentTime is not set")
			}
			return err
		})
	})
}

// fund gives the organisation the verified account that charges come to.
func (h *house) fund() {
	h.t.Helper()
	n, err := bank.Seal(h.desk.Vault, h.who.Org, "1000007777")
	if err != nil {
		h.t.Fatal(err)
	}
	n.Name, n.BankName, n.Routing, n.Verified = "Operating", "First", "990000013", true
	h.must(func(tx *db.Tx) error { _, err := bank.Add(tx, n); return err })
}

func (h *house) account(number string) *customer.BankAccount {
	h.t.Helper()
	a := customer.BankAccounts.New().(*customer.BankAccount)
	a.Routing = "990000013"
	if err := customer.SealBankAccount(h.desk.Vault, h.who.Org, a, number); err != nil {
		h.t.Fatal(err)
	}
	return a
}

func TestAR7_Pay(t *testing.T) {
	each(t, func(h *house) {
		other := h.newInvoice("8", "10")
		holder := sending.Holder(h.who.Org, "192.0.2.7")
		page := func() (p sending.Page) {
			h.t.Helper()
			if err := h.s.Read(ctx, holder, func(tx *db.Tx) (err error) { p, err = h.desk.Page(tx, h.invoice); return err }); err != nil {
				h.t.Fatal(err)
			}
			return p
		}
		if p := page(); p.Online || len(p.Others) != 1 || p.Others[0].Number != "8" || p.Others[0].Amount != 10_00 || p.Others[0].Link != "" {
			h.t.Errorf("without an account of ours: %+v", p)
		}
		h.fund()
		h.must(func(tx *db.Tx) error { _, err := h.desk.Link(tx, other); return err })
		if p := page(); !p.Online || !p.Replace || p.Account != "" || p.Others[0].Link == "" || p.Sheet.AmountDue != 1250_00 {
			h.t.Errorf("%+v", p)
		}
		pay := func(p sending.Payment) (r *receipt.Receipt, err error) {
			p.Invoice = h.invoice
			err = h.s.Write(ctx, holder, func(tx *db.Tx) (err error) { r, err = sending.Pay(tx, p); return err })
			return r, err
		}
		for _, c := range []struct {
			name string
			p    sending.Payment
			want error
		}{
			{"nobody agrees", sending.Payment{Amount: 1, Form: "a", Account: h.account("12345678")}, fault.ErrMissing},
			{"no form", sending.Payment{Amount: 1, Name: "Jo", Account: h.account("12345678")}, fault.ErrMissing},
			{"no account", sending.Payment{Amount: 1, Name: "Jo", Form: "a"}, fault.ErrMissing},
			{"too much", sending.Payment{Amount: 1250_01, Name: "Jo", Form: "a", Account: h.account("12345678")}, invoice.ErrOverpaid},
			{"nothing", sending.Payment{Name: "Jo", Form: "a", Account: h.account("12345678")}, fault.ErrAmount},
		} {
			if _, err := pay(c.p); !errors.Is(err, c.want) {
				h.t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		first := sending.Payment{Amount: 250_00, Name: " Jo Hart ", Form: "f1", Account: h.account("12345678"), Day: civil.MustDate("2026-11-24")}
		r, err := pay(first)
		if err != nil {
			h.t.Fatal(err)
		}
		again := first
		again.Account = h.account("12345678")
		if s, err := pay(again); err != nil || s.ID != r.ID {
			h.t.Errorf("XO-5: the form pays again: %v", err)
		}
		again.Amount = 1
		if _, err := pay(again); !errors.Is(err, sending.ErrFormOther) {
			h.t.Errorf("XO-5: the form pays something else: %v", err)
		}
		var wording, name, address, sec, held string
		var amount int64
		h.must(func(tx *db.Tx) error {
			return tx.Row(`SELECT wording, name, address, sec, cap, received_pay_id FROM debit_authorizations WHERE org_id = $1`,
				string(h.who.Org)).Scan(&wording, &name, &address, &sec, &amount, &held)
		})
		if wording != sending.Wording("Acme", "INV/7", first.Day) || name != "Jo Hart" || address != "192.0.2.7" || sec != "CCD" || amount != 250_00 || ids.ID(held) != r.ID {
			h.t.Errorf("AR-12: %q %q %q %q %d %s", wording, name, address, sec, amount, held)
		}
		if r.PaymentDate.Before(first.Day) {
			h.t.Errorf("AR-12: debited on %v, before what was agreed to", r.PaymentDate)
		}
		p := page()
		if p.Account != "5678" || !p.Replace || p.Invoice.Payable() != 1000_00 || p.Invoice.PaymentStatus != invoice.Scheduled {
			h.t.Errorf("after paying: %+v", p)
		}
		if _, err := pay(sending.Payment{Amount: 1, Name: "Jo", Form: "f2", Account: h.account("87654321")}); !errors.Is(err, customer.ErrCharged) {
			h.t.Errorf("an account with a charge under way is replaced: %v", err)
		}
		if _, err := pay(sending.Payment{Amount: 1000_00, Name: "Jo", Form: "f3"}); err != nil {
			h.t.Errorf("with the account on file: %v", err)
		}
		if p := page(); p.Online {
			h.t.Error("nothing is left and it can be paid")
		}
	})
}

// The company's own entry for a customer cannot be changed by whoever holds a link.
func TestAR7_AccountKept(t *testing.T) {
	each(t, func(h *house) {
		h.fund()
		a := h.account("12345678")
		a.CustomerID, a.NameOnAccount = h.customer.ID, "Hartwell"
		h.must(func(tx *db.Tx) error { return customer.AddBankAccount(tx, a) })
		err := h.s.Write(ctx, sending.Holder(h.who.Org, ""), func(tx *db.Tx) error {
			p, err := h.desk.Page(tx, h.invoice)
			if err != nil || p.Replace || p.Account != "5678" {
				h.t.Errorf("%+v, %v", p, err)
			}
			_, err = sending.Pay(tx, sending.Payment{Invoice: h.invoice, Amount: 1, Name: "Jo", Form: "f", Account: h.account("87654321")})
			return err
		})
		if !errors.Is(err, sending.ErrAccountKept) {
			h.t.Errorf("%v", err)
		}
	})
}

func TestAR7_Tries(t *testing.T) {
	t.Parallel()
	var tries sending.Tries
	now := dbtest.Start
	for i := range 10 {
		if err := tries.Check("a", now); err != nil {
			t.Fatalf("after %d: %v", i, err)
		}
		tries.Wrong("a", now)
	}
	if err := tries.Check("a", now.Add(59*time.Minute)); !errors.Is(err, sending.ErrThrottled) {
		t.Errorf("after ten: %v", err)
	}
	if err := errors.Join(tries.Check("b", now), tries.Check("a", now.Add(time.Hour))); err != nil {
		t.Error(err)
	}
}
