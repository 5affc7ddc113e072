package sending

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/mail"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Message says how an invoice is sent. Subject and Body go together; without them the template of this package is used.
// In both, {:Customer.Name:}, {:Invoice.Number:}, {:Invoice.AmountDue:}, {:Invoice.DueDate:} and {:Link_Pay_Invoice:}
// are replaced; other tokens stay.
type Message struct {
	Invoice ids.ID
	From    ids.ID   // the user whom answers go to; empty: whoever sends
	To      []string // empty: the customer's address, or else those of its contacts
	CcMe    bool     // the user gets one too
	Subject string
	Body    string // plain text
}

// maxTo is how many addresses a message can go to.
const maxTo = 50

// The template.
const (
	defaultSubject = "Invoice {:Invoice.Number:} from {:Company.Name:}"
	defaultBody    = "Hello {:Customer.Name:},\n\nattached is invoice {:Invoice.Number:}. {:Invoice.AmountDue:} is due on {:Invoice.DueDate:}.\n\n" +
		"See the invoice and pay it online:\n\n{:Link_Pay_Invoice:}\n\nThank you,\n{:Company.Name:}\n"
)

// Send mails an invoice with its PDF and pay link and notes when (AR-6). Each address gets a mail of its own; one that the
// customer does not have yet becomes a contact of it. How many mails a user may send is the face's to count
// (limit.Limiter.Mail).
//
// It fails with fault.ErrForbidden, invoice.ErrNoInvoice, fault.ErrMissing for a subject without a body, a body without
// a subject and nobody to send to, fault.ErrValue for what is no address, fault.ErrTooMany, and fault.ErrReference for a
// user that is none of the organisation.
func (d Desk) Send(tx *db.Tx, m Message) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	subject, body, template := m.Subject, m.Body, false
	switch hasSubject, hasBody := strings.TrimSpace(subject) != "", strings.TrimSpace(body) != ""; {
	case hasSubject && !hasBody:
		return fault.ErrMissing.On("body")
	case hasBody && !hasSubject:
		return fault.ErrMissing.On("subject")
	case !hasSubject:
		subject, body, template = defaultSubject, defaultBody, true
	}
	i, err := invoice.ForPayment(tx, m.Invoice)
	if err != nil {
		return err
	}
	c, err := customer.Customers.Load(tx, i.CustomerID)
	if err != nil {
		return err
	}
	user, err := sender(tx, m.From)
	if err != nil {
		return err
	}
	to, err := recipients(tx, c, m.To)
	if err != nil {
		return err
	}
	if m.CcMe && user.Email != "" {
		to = distinct(append(to, user.Email))
	}
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	link, err := d.Link(tx, i.ID)
	if err != nil {
		return err
	}
	p, err := sheet(tx, i, c, link)
	if err != nil {
		return err
	}
	key, err := keep(tx, i.ID, p)
	if err != nil {
		return err
	}
	fill := []string{
		"{:Customer.Name:}", c.Name, "{:Invoice.Number:}", i.InvoiceNumber, "{:Invoice.AmountDue:}", figures(i.Due(), i.Currency),
		"{:Invoice.DueDate:}", american(i.DueDate), "{:Link_Pay_Invoice:}", link,
	}
	if template { // a token of ours, not of the protocol
		fill = append(fill, "{:Company.Name:}", o.Name)
	}
	tokens := strings.NewReplacer(fill...)
	text := tokens.Replace(strings.ReplaceAll(body, "\r\n", "\n"))
	for _, address := range to {
		outbox.Post(tx, outbox.Letter{
			Kind: "invoice", About: i.ID, To: address, FromName: oneLine(o.Name), ReplyTo: user.Email, Subject: oneLine(tokens.Replace(subject)),
			Text: text, HTML: page(text, link, o.Name), SecretLinks: true,
			Files: []outbox.File{{Name: FileName(i.InvoiceNumber), MediaType: "application/pdf", Maker: Maker, Source: key}},
		})
	}
	sent(tx, i, "send")
	return overNetwork(tx, i)
}

// NetworkKind is the kind of work that takes a sent invoice to the organisation that its customer is linked to; its key is
// the invoice (AR-20).
const NetworkKind = "networkInvoice"

// overNetwork queues that work for an invoice of a linked customer.
func overNetwork(tx *db.Tx, i *invoice.Invoice) error {
	var linked bool
	err := tx.Row(`SELECT EXISTS (SELECT 1 FROM network_requests WHERE state = 2 /* accepted */ AND
		(org_id = $1 AND customer_id = $2 OR peer_id = $1 AND peer_record_id = $2))`, string(tx.Org()), string(i.CustomerID)).Scan(&linked)
	if err != nil {
		return fmt.Errorf("look for the link of customer %s: %w", i.CustomerID, err)
	}
	if linked {
		job.Enqueue(tx, NetworkKind, string(i.ID), tx.Now())
	}
	return nil
}

// sent notes on an invoice that it was sent.
func sent(tx *db.Tx, i *invoice.Invoice, verb string) {
	after := *i
	after.LastSentTime = clock.FromTime(tx.Now())
	invoice.Invoices.SaveAs(tx, verb, i, &after)
}

// sender is the user whom answers go to; no user at all where the caller is none.
func sender(tx *db.Tx, id ids.ID) (org.User, error) {
	named := !id.IsNull()
	if !named {
		id = tx.Caller().User
	}
	if id.IsNull() {
		return org.User{}, nil
	}
	all, err := org.Memberships(tx, id)
	if err != nil {
		return org.User{}, err
	}
	for _, m := range all {
		if m.Org == tx.Org() {
			u, err := org.UserByID(tx, id)
			if mail.Address(u.Email) != nil {
				u.Email = "" // a token has no address
			}
			return u, err
		}
	}
	if named {
		return org.User{}, fault.ErrReference.On("fromUserId").With(string(id))
	}
	return org.User{}, nil
}

// recipients are the addresses a message goes to.
func recipients(tx *db.Tx, c *customer.Customer, to []string) ([]string, error) {
	to = distinct(to)
	if len(to) > maxTo {
		return nil, fault.ErrTooMany.On("toEmailAddresses")
	}
	for _, address := range to {
		if mail.Address(address) != nil {
			return nil, fault.ErrValue.On("toEmailAddresses").With(address)
		}
	}
	for _, address := range to {
		if strings.EqualFold(address, c.Email) {
			continue
		}
		if _, err := customer.AddContact(tx, c.ID, address); err != nil {
			return nil, err
		}
	}
	if len(to) > 0 {
		return to, nil
	}
	to, err := Addresses(tx, c)
	if err == nil && len(to) == 0 {
		err = fault.ErrMissing.On("toEmailAddresses")
	}
	return to, err
}

// Addresses are where a customer gets its mail: its own address, or else those of its contacts; it may have none.
func Addresses(tx *db.Tx, c *customer.Customer) (to []string, err error) {
	if mail.Address(c.Email) == nil {
		return []string{c.Email}, nil
	}
	q := record.Query{Limit: maxTo, Order: []record.Key{{Field: customer.Contacts.Must("createdTime")}, {Field: customer.Contacts.Must("id")}},
		Filters: []record.Filter{{Field: customer.Contacts.Must("customerId"), Op: record.Eq, Values: []any{string(c.ID)}},
			{Field: customer.Contacts.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}}}}
	err = customer.Contacts.List(tx, q, func(k *customer.Contact) error {
		if mail.Address(k.Email) == nil {
			to = append(to, k.Email)
		}
		return nil
	})
	return distinct(to), err
}

// distinct trims addresses and leaves out empty ones and repetitions, whatever their letter case.
func distinct(all []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range all {
		s = strings.TrimSpace(s)
		if k := strings.ToLower(s); s != "" && !seen[k] {
			seen[k] = true
			out = append(out, s)
		}
	}
	return out
}

// oneLine makes a text what a header can hold.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// page is the text as HTML: paragraphs, with the link to press.
func page(text, link, company string) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>` +
		`<body style="margin:0;background:#f4f6f9"><div style="max-width:560px;margin:0 auto;padding:28px 24px;background:#ffffff;` +
		`font:16px/1.5 -apple-system,Segoe UI,Helvetica,Arial,sans-serif;color:#181c24">` +
		`<p style="margin:0 0 20px;font-weight:600;color:#1f4475">` + html.EscapeString(company) + `</p>`)
	shown := html.EscapeString(link)
	for _, part := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if strings.TrimSpace(part) == link {
			b.WriteString(`<p style="margin:24px 0"><a href="` + shown + `" style="display:inline-block;padding:12px 22px;border-radius:6px;` +
				`background:#1f4475;color:#ffffff;text-decoration:none;font-weight:600">View and pay invoice</a></p>` +
				`<p style="margin:0 0 16px;font-size:13px;color:#626976;word-break:break-all">` + shown + `</p>`)
			continue
		}
		part = strings.ReplaceAll(html.EscapeString(strings.TrimSpace(part)), shown, `<a href="`+shown+`">`+shown+`</a>`)
		b.WriteString(`<p style="margin:0 0 16px">` + strings.ReplaceAll(part, "\n", "<br>") + `</p>`)
	}
	b.WriteString(`</div></body></html>`)
	return b.String()
}

// figures writes minor units for a sentence: "$1,250.00", "EUR 3.00".
func figures(minor int64, currency string) string {
	s := grouped(money.FormatMinor(minor, money.Digits(currency)))
	if currency != "USD" {
		return currency + " " + s
	}
	if rest, negative := strings.CutPrefix(s, "-"); negative {
		return "-$" + rest
	}
	return "$" + s
}

// grouped sets commas into the whole part of a number.
func grouped(s string) string {
	whole, fraction, cut := strings.Cut(s, ".")
	whole, negative := strings.CutPrefix(whole, "-")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if negative {
		whole = "-" + whole
	}
	if cut {
		whole += "." + fraction
	}
	return whole
}

// american is "Nov 25, 2026", "" for no date.
func american(d civil.Date) string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s %s, %d", d.Month().String()[:3], strconv.Itoa(d.Day()), d.Year())
}
