package jsonv2_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/api/jsonv2"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/limit"
	"github.com/duebook/duebook/internal/mail/outbox"
)

// sentFor gives the mails of an invoice.
func sentFor(h *house, id ids.ID) (out []outbox.Mail) {
	h.t.Helper()
	h.write(func(tx *db.Tx) (err error) { out, err = outbox.About(tx, id); return err })
	return out
}

// reach gives a customer an address.
func reach(h *house, id ids.ID, email string, bill customer.Address) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		before, err := customer.Customers.LoadForUpdate(tx, id)
		if err != nil {
			return err
		}
		after := *before
		after.Email, after.Bill = email, bill
		return customer.Update(tx, before, &after)
	})
}

func TestV2_125(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c, i := owing(h)
		call := func(rest string) string { return `{"invoiceId":"` + string(i) + `"` + rest + `}` }
		h.refused("SendInvoice", call(`,"headers":{}`), "BDC_1117", "content")
		h.refused("SendInvoice", call(`,"content":{}`), "BDC_1117", "headers")
		h.refused("SendInvoice", `{"headers":{},"content":{}}`, "BDC_1117", "invoiceId")
		h.refused("SendInvoice", call(`,"headers":{},"content":{}`), "BDC_1117", "toEmailAddresses")
		reach(h, c, "ap@hartwell.example", customer.Address{})
		h.refused("SendInvoice", call(`,"headers":{"subject":"x"},"content":{}`), "BDC_1117", "body")
		h.refused("SendInvoice", call(`,"headers":{},"content":{"body":"x"}`), "BDC_1117", "subject")
		h.refused("SendInvoice", call(`,"headers":{"toEmailAddresses":["nobody"]},"content":{}`), "BDC_1143", "toEmailAddresses")
		h.refused("SendInvoice", `{"invoiceId":"`+string(ids.New(ids.Invoice))+`","headers":{},"content":{}}`, "BDC_1119")
		h.as("auditor").refused("SendInvoice", call(`,"headers":{},"content":{}`), "BDC_9006")
		if n := len(sentFor(h, i)); n != 0 {
			t.Fatalf("%d mails", n)
		}
		if a := h.ok("SendInvoice", call(`,"headers":{},"content":{}`)); !strings.Contains(a.raw, `"response_data":{}`) {
			t.Errorf("%s", a.raw)
		}
		if at := h.read("Invoice", string(i)).text("lastSentTime"); at == "null" || at == "" {
			t.Errorf("lastSentTime %q", at)
		}
		h.ok("SendInvoice", call(`,"headers":{"fromUserId":"`+string(h.user)+`","toEmailAddresses":"new@hartwell.example","ccMe":true,"subject":"{:Invoice.Number:}"},
			"content":{"body":"{:Customer.Name:} {:Invoice.AmountDue:} {:Link_Pay_Invoice:}"}`))
		all := sentFor(h, i)
		if len(all) != 3 || all[0].Subject != "Invoice 1 from Acme" {
			t.Fatalf("%+v", all)
		}
		for _, m := range all[1:] {
			if m.Subject != "1" || !strings.HasPrefix(m.Body, "Hartwell Hotel $100.00 http") {
				t.Errorf("%+v", m)
			}
		}
		if rows := h.list("CustomerContact", "customerId", "=", `"`+string(c)+`"`); len(rows) != 1 || rows[0].text("email") != "new@hartwell.example" {
			t.Errorf("%d contacts of the new address", len(rows))
		}
	})
}

func TestMailInvoice(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c, i := owing(h)
		body := `{"invoiceId":"` + string(i) + `"}`
		h.refused("MailInvoice", body, "BDC_9052")
		h.refused("MailInvoice", `{}`, "BDC_1117", "invoiceId")
		reach(h, c, "", customer.Address{Line1: "1 Main", City: "Reno", Region: "NV", Zip: "89501"})
		h.ok("MailInvoice", body)
		if at := h.read("Invoice", string(i)).text("lastSentTime"); at == "null" {
			t.Errorf("lastSentTime %q", at)
		}
	})
}

func TestInvoicePDF(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, i := owing(h)
		w := h.get("/Invoice2PdfServlet?Id=" + string(i) + "&PresentationType=PDF&sessionId=" + h.session)
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF-")) {
			t.Errorf("%d %v %.60s", w.Code, w.Header(), w.Body)
		}
		for target, want := range map[string]int{
			"Id=" + string(i) + "&sessionId=none":                               401,
			"Id=" + string(ids.New(ids.Invoice)) + "&sessionId=" + h.session:    404,
			"Id=" + string(ids.New(ids.Bill)) + "&sessionId=" + h.session:       404,
			"Id=" + string(i) + "&sessionId=" + h.other().session:               404,
			"Id=" + string(i) + "&PresentationType=HTML&sessionId=" + h.session: 400,
			"Id=" + string(i) + "&sessionId=" + h.as("approver").session:        403,
		} {
			if w := h.get("/Invoice2PdfServlet?" + target); w.Code != want {
				t.Errorf("%s: %d, want %d: %.200s", target, w.Code, want, w.Body)
			}
		}
	})
}

// SEC-10: five calls a minute that send mails, in the origin's profile.
func TestAR6_MailsPerMinute(t *testing.T) {
	t.Parallel()
	h := sqliteHouse(t)
	c, i := owing(h)
	reach(h, c, "ap@hartwell.example", customer.Address{})
	h.handler = jsonv2.New(jsonv2.Deps{DB: h.store.DB, Sessions: h.sessions, Vault: h.vault, SpoolDir: h.dir, Log: slog.New(slog.DiscardHandler),
		Limits: limit.New(h.store.DB, limit.Origin)})
	body := `{"invoiceId":"` + string(i) + `","headers":{},"content":{}}`
	for range 5 {
		h.ok("SendInvoice", body)
	}
	h.refused("SendInvoice", body, "BDC_1144")
}
